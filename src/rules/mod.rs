//! Alert rules: files, lint, replay, routing, templates.

pub mod acknowledgement;
pub mod alert;
pub mod alertmanager;
mod comment;
pub mod dialect;
pub mod duration;
mod evaluation;
pub mod explain;
mod fields;
pub mod file;
pub mod lint;
pub mod replay;
pub mod short;
mod starved;
mod state;
pub mod template;
pub mod trail;
pub mod unit;
pub mod whatif;
pub mod yaml;

pub use evaluation::Setting;
