//! The one test binary: every file beside this one is a module here (tidy sees to it).

mod corpus;
mod fixtures;
mod tidy;
