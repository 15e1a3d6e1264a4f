//! Bytes into entries and samples: one file per format, one table per kind.

pub mod edges;
pub mod log;
pub mod metric;
pub mod time;
