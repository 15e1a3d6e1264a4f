//! Why: what changed is put in order, and what explains the rest comes first; for whom; and what speaks against it.

pub mod affected;
pub mod cause;
mod coincidence;
mod context;
pub mod contrast;
pub mod doubt;
pub mod factor;
pub mod factors;
mod gather;
pub mod health;
mod hypothesis;
pub mod lift;
mod owner;
pub mod path;
mod quote;
pub mod standing;
pub mod story;
mod tell;
mod view;
mod weights;
