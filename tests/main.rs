//! The one test binary.

mod promql;
