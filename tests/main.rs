//! The one test binary: every file beside this one is a module here (tidy sees to it).

#![expect(clippy::disallowed_methods, reason = "tests make their own inputs and read the sources")]
#![expect(clippy::print_stderr, reason = "suites print their scores, and what they leave out")]

mod alerts;
mod apart;
mod bottlenecks;
mod bundles;
mod completions;
mod corpus;
mod daily;
mod dashboards;
mod dashboards_hostile;
mod everyday;
mod exports;
mod fixtures;
mod flow;
mod follow;
mod fuzzed;
mod golden;
mod hazards;
mod hostile;
mod hosts;
mod ids;
mod inputs;
mod journals;
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
mod results;
mod runtimes;
mod scripting;
mod segments;
mod software;
mod source;
mod spanmetrics;
mod supply;
mod tables;
mod tidy;
mod traces;
mod unfinished;
mod windows;
mod wrapped;
