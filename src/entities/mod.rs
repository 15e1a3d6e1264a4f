//! Who is who, and who works within whom.

pub mod calls;
pub mod measured;
pub mod owners;
pub mod reach;
