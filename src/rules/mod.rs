//! Alert rules: files, lint, replay, routing, templates.

pub mod duration;
mod fields;
pub mod file;
pub mod short;
pub mod template;
pub mod yaml;
