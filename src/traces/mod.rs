//! Spans put together: traces as trees, the time that was each span's own, the path that a trace waited on, who calls
//! whom. What spans say of themselves is read by `format/log/span.rs`; here they are rows of numbers.

mod calls;
mod collect;
mod tree;

pub use calls::{Call, calls};
pub use collect::{Row, SpanName, Told, Traces, collect, hash_of_id, told};
pub use tree::Tree;
