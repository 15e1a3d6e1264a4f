//! Knowledge of failures as data: what names of metrics and fields mean, how bad a kind of failure is, and what part it
//! plays.

pub mod meter;
pub mod nature;
pub mod quantity;

pub use nature::{Nature, Severity};
