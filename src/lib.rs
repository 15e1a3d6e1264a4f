#![doc = include_str!("README.md")]

pub mod cli;
pub mod correlate;
pub mod detect;
pub mod filter;
pub mod fold;
pub mod format;
pub mod metrics;
pub mod model;
pub mod promql;
pub mod report;
pub mod rules;
pub mod scan;
pub mod source;
pub mod stats;
