//! Mathematics over time: counts in bins, and where a rate or a value is not what it used to be. Knows no entries.

pub mod bins;
pub mod change;
pub mod shift;
pub mod step;
pub mod track;
