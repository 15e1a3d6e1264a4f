//! Metric formats: one file each, one line in `METRIC_FORMATS`.
