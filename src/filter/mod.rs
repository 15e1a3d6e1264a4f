//! The condition language and patterns: parsed once, run often.
