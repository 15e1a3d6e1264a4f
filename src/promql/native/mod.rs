//! What can be computed of native histograms: sums and differences, resets, shares, and parts of them.

mod add;
#[cfg(test)]
mod laws;
mod resets;
mod shares;
mod total;
mod trim;

pub(super) use add::{Incompatible, add, divide, same, scale, subtract, to_schema};
pub(super) use resets::{is_reset, settled_hint};
pub(super) use shares::{Seen, fraction, quantile, variance};
pub(super) use total::Adding;

/// What is said where histograms of both kinds meet.
pub(super) fn mixed_buckets(metric: &str) -> String {
    format!(
        "vector contains a mix of histograms with exponential and custom buckets schemas for metric name {metric:?}"
    )
}
pub(super) use trim::{trim_lower, trim_upper};
