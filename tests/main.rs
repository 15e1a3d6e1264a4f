//! The one test binary: every file beside this one is a module here (tidy sees to it).

#![expect(clippy::disallowed_methods, reason = "tests make their own inputs and read the sources")]
#![expect(clippy::print_stderr, reason = "suites print their scores, and what they leave out")]

mod alerts;
mod completions;
mod corpus;
mod daily;
mod fixtures;
mod golden;
mod hostile;
mod ids;
mod inputs;
mod judgement;
mod laws;
mod linked;
mod manners;
mod openmetrics;
mod packaging;
mod page;
mod platform;
mod program;
mod promql;
mod queries;
mod refusals;
mod reported;
mod scripting;
mod software;
mod source;
mod tables;
mod tidy;
mod traces;
mod unfinished;
mod windows;
mod wrapped;
