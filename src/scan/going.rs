//! How far the passes over the files have come, for who looks on.

use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};

/// What has been read in all, and how much of the present pass is done.
#[derive(Debug, Default)]
pub struct Going {
    /// Bytes that were read, unpacked.
    read: AtomicU64,
    /// Bytes of this pass, as they are stored; of all of the files 0, where that is not known.
    passed: AtomicU64,
    all: AtomicU64,
    /// The number of this pass, from 1 on.
    pass: AtomicU64,
}

impl Going {
    /// A pass begins over so many bytes, as they are stored.
    pub(super) fn begin(&self, all: Option<u64>) {
        self.passed.store(0, Ordering::Relaxed);
        self.all.store(all.unwrap_or(0), Ordering::Relaxed);
        self.pass.fetch_add(1, Ordering::Relaxed);
    }

    /// Bytes were read; so many of those that are stored are behind us.
    pub(super) fn tell(&self, read: u64, stored: u64) {
        self.read.fetch_add(read, Ordering::Relaxed);
        self.passed.fetch_add(stored, Ordering::Relaxed);
    }

    /// Bytes that were read in all.
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// The number of the present pass, from 1 on.
    pub fn pass(&self) -> u64 {
        self.pass.load(Ordering::Relaxed)
    }

    /// Which part of the present pass is done, where its end is known.
    pub fn share(&self) -> Option<f64> {
        let all = self.all.load(Ordering::Relaxed);
        let passed = self.passed.load(Ordering::Relaxed);
        (all > 0).then(|| (passed as f64 / all as f64).min(1.0))
    }
}

/// Whoever only counts what is read needs to know no more.
impl Deref for Going {
    type Target = AtomicU64;

    fn deref(&self) -> &AtomicU64 {
        &self.read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_is_told_by_what_is_stored() {
        let going = Going::default();
        assert_eq!(going.share(), None);
        going.begin(Some(100));
        going.tell(800, 25);
        assert_eq!((going.read(), going.share(), going.pass()), (800, Some(0.25), 1));
        going.tell(9_000, 90);
        assert_eq!(going.share(), Some(1.0), "files may have grown");
        going.begin(None);
        assert_eq!((going.read(), going.share(), going.pass()), (9_800, None, 2));
    }
}
