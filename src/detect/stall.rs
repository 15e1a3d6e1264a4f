//! Machines whose processors or disks stand still: what only the kernel tells, and who waits for a disk.

use super::family::{Family, says};
use crate::model::Level;
use crate::signatures::{Nature, Severity};

/// A machine stalls.
pub static STALL: Family = Family {
    name: "stall",
    about: "a machine whose processors lock up or whose tasks hang, as its kernel tells",
    what: "the machine stalls",
    severity: Severity::Critical,
    nature: Nature::Resource,
    least: Level::Info,
    rises: false,
    phrases: &[
        says(3, &["soft lockup"]),
        says(3, &["hard lockup"]),
        says(3, &["task", "blocked for more than", "seconds"]),
        says(3, &["detected stall"]),
        says(3, &["self-detected stall"]),
        says(3, &["detected stalls on cpus"]),
        says(3, &["rcu_sched kthread starved"]),
        says(3, &["machine check", "hardware error"]),
        says(3, &["kernel panic"]),
        says(2, &["cpu clock throttled"]),
        says(2, &["nvme", "timeout", "aborting"]),
        says(2, &["nvme", "timeout, reset"]),
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
    least: Level::Info,
    rises: true,
    phrases: &[
        says(2, &["fdatasync", "slow"]),
        says(2, &["fsync", "slow"]),
        says(2, &["fsync", "too long"]),
        says(2, &["fsync", "took"]),
        says(2, &["sync duration"]),
        says(2, &["slow disk"]),
        says(2, &["disk is slow"]),
        says(2, &["disk is busy"]),
        says(2, &["slow write", "disk"]),
        says(2, &["commitlog", "sync", "took"]),
        says(2, &["intended loop took"]),
        says(2, &["write stall"]),
        says(2, &["high disk latency"]),
    ],
    unless: &[],
    most: None,
    gauge: None,
};

#[cfg(test)]
mod tests {
    use super::super::tests::check;

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
}
