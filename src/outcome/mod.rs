//! What counts as a request, and which of them succeeded: said once, for every command.
//!
//! A request is one id, in however many entries and files it stands; where an entry that tells how something ended has
//! no id, the entry is one. A [`Judge`] reads what one entry says of that, an [`Ending`] sums up what all entries of a
//! request say. Probes of load balancers and monitors are no requests, unless a condition was given: then that alone
//! says what counts.

pub mod asked;
mod ending;
mod judge;
pub mod probe;
mod rule;

pub use ending::{Alone, Ending, Outcome, Told};
pub use judge::{Judge, key};
pub use rule::{SuccessRule, declared};
