//! The one test binary: every file beside this one is a module here (tidy sees to it).

mod fixtures;
mod openmetrics;
mod promql;
mod tidy;
