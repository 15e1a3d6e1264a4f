//! The nouns that every room speaks in. No I/O, no clock, no regex, no serialisation format.

pub mod account;
pub mod desk;
pub mod diagnostic;
pub mod entry;
pub mod error;
pub mod hash;
pub mod histogram;
pub mod level;
pub mod limits;
pub mod recent;
pub mod series;
mod span;
pub mod time;
pub mod unit;
pub mod value;

pub use account::Account;
pub use desk::Desk;
pub use diagnostic::{Diagnostic, Severity};
pub use entry::{Entry, Location, Needs, Role, Slot, Slots};
pub use error::{Error, ErrorKind};
pub use hash::stable_hash;
pub use histogram::{Histogram, HistogramSample};
pub use level::Level;
pub use recent::{RecentFrame, RecentKeys, RecentSecond};
pub use series::{Labels, Sample, Series};
pub use span::{SPAN_NAMES, Span, SpanKind, SpanStatus};
pub use time::{TimeRange, Timestamp};
pub use unit::Unit;
pub use value::{Text, Value};
