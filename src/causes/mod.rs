//! Why: what changed is put in order, and what explains the rest comes first; for whom; and what speaks against it.

pub mod affected;
pub mod cause;
mod context;
pub mod contrast;
pub mod doubt;
pub mod factors;
pub mod lift;
mod owner;
pub mod path;
mod quote;
mod sign;
pub mod standing;
mod tell;
mod view;
mod weights;
