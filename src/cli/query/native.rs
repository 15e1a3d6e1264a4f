//! How tables show native histograms.

use crate::model::histogram::Histogram;
use crate::report::table::Cell;

/// As a value in a table.
pub(super) fn cell(histogram: &Histogram) -> Cell {
    Cell::text(histogram.to_string())
}
