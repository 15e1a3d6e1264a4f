//! Log formats: one file each, one line in `LOG_FORMATS`.
