//! The one test binary.

mod openmetrics;
mod promql;
