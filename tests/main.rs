//! The one test binary: every file beside this one is a module here (tidy sees to it).

mod completions;
mod fixtures;
mod promql;
mod source;
mod tidy;
