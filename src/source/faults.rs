//! Failures on purpose: the first, second, third … time that a thread asks the system for something it gets an error,
//! until a run succeeds. What holds then holds for a disk that fails.

use std::cell::Cell;
use std::io;

thread_local! {
    /// How many requests are left until one fails; none does where this is `None`.
    static LEFT: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Lets the `nth` request of this thread fail, counted from 1: an open, a read, a map. For tests.
pub fn fail_at(nth: u64) {
    LEFT.set(Some(nth));
}

/// Lets none fail any more. Did one?
pub fn end() -> bool {
    LEFT.take() == Some(0)
}

/// Stands before every request.
#[inline]
pub(super) fn pass() -> io::Result<()> {
    match LEFT.get() {
        None | Some(0) => Ok(()),
        Some(left) => {
            LEFT.set(Some(left - 1));
            if left == 1 { Err(io::Error::from_raw_os_error(libc::EIO)) } else { Ok(()) }
        }
    }
}
