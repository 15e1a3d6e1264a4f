//! Lines by which the signatures of this family (stall) are known, and lines that look like it.

use crate::detect::tests::check;

#[test]
fn kernels_tell_of_stalls() {
    check(
        "stall",
        &[
            "watchdog: BUG: soft lockup - CPU#3 stuck for 23s! [kworker/3:1:411]",
            "INFO: task jbd2/dm-0-8:912 blocked for more than 122 seconds.",
            "info: rcu: INFO: rcu_sched self-detected stall on CPU",
        ],
        &["info: perf: interrupt took too long (2510 > 2500)", "task finished in 122 seconds"],
    );
    check(
        "slow-disk",
        &[
            "warn: slow fdatasync took=2.1s expected-duration=1s",
            "info: Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer anyway",
        ],
        &["info: fsync policy set to always", "order failed"],
    );
}
