//! Spans put together: traces as trees, the time that was each span's own, the path that a trace waited on, who calls
//! whom. What spans say of themselves is read by `format/log/span.rs`; here they are rows of numbers.

mod bottlenecks;
mod calls;
mod collect;
mod traits;
mod tree;

pub use bottlenecks::{Alike, Compared, Operation, Part, Slow, compare};
pub use calls::{Call, calls};
pub use collect::{
    Collector, Row, SpanName, Told, Traces, collect, collect_all, has_spans, hash_of_id, told, wanted,
};
pub use traits::{Common, Side, Trait, Words};
pub use tree::Tree;
