//! Alert rules: files, lint, replay, routing, templates.

pub mod duration;
pub mod template;
pub mod yaml;
