//! Knowledge of failures as data: what names of metrics and fields mean, how bad a kind of failure is, what part it
//! plays, and the grammar by which lines tell of one.

pub mod cre;
pub mod cues;
pub mod declared;
mod denial;
pub mod grammar;
pub mod known;
pub mod limits;
pub mod meter;
pub mod nature;
mod object;
pub mod platform;
pub mod quantity;
pub mod tongues;

pub use denial::is_undone;
pub use nature::{Decisive, Nature, Severity};
