//! Machines whose processors or disks stand still: what only the kernel tells, and who waits for a disk.

use super::{About, Family, says};
use crate::model::Level;
use crate::signatures::{Nature, Severity};

/// A machine stalls.
pub static STALL: Family = Family {
    name: "stall",
    about: "a machine whose processors lock up or whose tasks hang, as its kernel tells",
    what: "the machine stalls",
    severity: Severity::Critical,
    nature: Nature::Resource,
    object: About::Machine,
    least: Level::Info,
    rises: false,
    rows: &[
        says(3, &["soft lockup"], "watchdog: BUG: soft lockup - CPU#3 stuck for 23s! [kworker/3:1:411]"),
        says(3, &["hard lockup"], "hard lockup"),
        says(
            3,
            &["task", "blocked for more than", "seconds"],
            "INFO: task jbd2/dm-0-8:912 blocked for more than 122 seconds.",
        ),
        says(3, &["detected stall"], "rcu: INFO: rcu_sched self-detected stall on CPU"),
        says(3, &["rcu_sched kthread starved"], "rcu_sched kthread starved"),
        says(3, &["machine check", "hardware error"], "machine check hardware error"),
        says(3, &["kernel panic"], "kernel panic"),
        says(2, &["cpu clock throttled"], "cpu clock throttled"),
        says(2, &["nvme", "timeout", "aborting"], "nvme timeout aborting"),
        says(2, &["nvme", "timeout, reset"], "nvme timeout, reset"),
    ],
    unless: &[],
    most: None,
    gauge: None,
};

/// A disk is slow.
pub static SLOW_DISK: Family = Family {
    name: "slow-disk",
    about: "disks that take long to write, as databases and brokers tell, more often than usual",
    what: "the disk is slow",
    severity: Severity::High,
    nature: Nature::Resource,
    object: About::Disk,
    least: Level::Info,
    rises: true,
    rows: &[
        says(2, &["fdatasync", "slow"], "slow fdatasync took=2.1s expected-duration=1s"),
        says(2, &["fsync", "slow"], "fsync slow"),
        says(
            2,
            &["fsync", "too long"],
            "Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer anyway",
        ),
        says(2, &["fsync", "took"], "fsync took"),
        says(2, &["sync duration"], "sync duration"),
        says(2, &["slow disk"], "slow disk"),
        says(2, &["disk is slow"], "disk is slow"),
        says(2, &["disk is busy"], "disk is busy"),
        says(2, &["slow write", "disk"], "slow write disk"),
        says(2, &["commitlog", "sync", "took"], "commitlog sync took"),
        says(2, &["intended loop took"], "intended loop took"),
        says(2, &["write stall"], "write stall"),
        says(2, &["high disk latency"], "high disk latency"),
    ],
    unless: &[],
    most: None,
    gauge: None,
};
