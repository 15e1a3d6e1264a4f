//! Alertmanager, offline: who is told of an alert, when, and why not.

pub mod config;
mod credentials;
pub mod matcher;
pub mod notify;
pub mod preview;
pub mod silence;
pub mod times;
