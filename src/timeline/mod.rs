//! What was observed over time: how often each kind of entry occurred, the numbers that entries tell, on one axis.
//!
//! One pass over the entries counts each kind of entry over time ([`observe`]); a [`Scene`] lays the counts out.

pub mod course;
pub mod dumps;
pub mod evidence;
pub mod fault;
pub mod gauge;
pub mod levels;
pub mod observe;
pub mod phrase;
pub mod recent;
pub mod requests;
pub mod scene;
pub mod template;
pub mod tops;
pub mod usual;
pub mod within;

pub use evidence::{Evidence, SpanOf, Subject};
pub use observe::{Observed, Wants};
pub use scene::Scene;
