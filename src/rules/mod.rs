//! Alert rules: files, lint, replay, routing, templates.
