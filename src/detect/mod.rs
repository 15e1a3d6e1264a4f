//! Known failures, spikes, onsets: every detector is one file and one line in `DETECTORS`.
