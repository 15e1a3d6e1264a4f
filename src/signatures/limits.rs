//! Limits that are known without a past: from where on a machine or a heap has nothing left.

use super::nature::Severity;

/// Which side of a limit is bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What is as great or greater.
    Above,
    /// What is as small or smaller.
    Below,
}

/// How long it must be so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// At the end.
    Last,
    /// Most of the time.
    Most,
}

/// A limit of a metric.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Its name, as tables of machines become metrics.
    pub metric: &'static str,
    /// Which side is bad,
    pub side: Side,
    /// of which value,
    pub at: f64,
    /// for how long.
    pub hold: Hold,
    /// The detector under whose name it is told.
    pub detector: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is said of it.
    pub what: &'static str,
}

const fn limit(
    metric: &'static str,
    (side, at, hold): (Side, f64, Hold),
    (detector, severity): (&'static str, Severity),
    what: &'static str,
) -> Limit {
    Limit { metric, side, at, hold, detector, severity, what }
}

use Hold::{Last, Most};
use Side::{Above, Below};

/// The limits of machines. Those of processors and disks are where queues begin to grow without end (sysstat's manual
/// for `%util`, Gregg's method of utilisation, saturation and errors); those of space where programs begin to fail.
pub static HOSTS: &[Limit] = &[
    limit(
        "host_cpu_idle_percent",
        (Below, 3.0, Most),
        ("cpu", Severity::High),
        "the processors have nothing left",
    ),
    limit(
        "host_cpu_iowait_percent",
        (Above, 30.0, Most),
        ("slow-disk", Severity::High),
        "the processors wait for disks",
    ),
    limit(
        "host_cpu_steal_percent",
        (Above, 15.0, Most),
        ("cpu", Severity::High),
        "other machines take the processors",
    ),
    limit(
        "host_memavailable_percent",
        (Below, 4.0, Last),
        ("out-of-memory", Severity::High),
        "no memory is left",
    ),
    limit(
        "host_swpused_percent",
        (Above, 90.0, Last),
        ("out-of-memory", Severity::High),
        "the swap space is full",
    ),
    limit(
        "host_swap_out_kilobytes",
        (Above, 1_000.0, Most),
        ("out-of-memory", Severity::High),
        "memory is swapped out all the time",
    ),
    limit(
        "host_pswpout",
        (Above, 250.0, Most),
        ("out-of-memory", Severity::High),
        "memory is swapped out all the time",
    ),
    limit(
        "host_device_util_percent",
        (Above, 95.0, Most),
        ("slow-disk", Severity::High),
        "the disk is busy all the time",
    ),
    limit(
        "host_filesystem_used_percent",
        (Above, 97.0, Last),
        ("disk", Severity::Critical),
        "the disk is full",
    ),
    limit(
        "host_filesystem_fsused_percent",
        (Above, 97.0, Last),
        ("disk", Severity::Critical),
        "the disk is full",
    ),
    limit(
        "host_filesystem_inodes_used_percent",
        (Above, 97.0, Last),
        ("disk", Severity::Critical),
        "the disk has no inodes left",
    ),
    limit(
        "host_filesystem_iused_percent",
        (Above, 97.0, Last),
        ("disk", Severity::Critical),
        "the disk has no inodes left",
    ),
    limit(
        "host_tcp_timewait",
        (Above, 28_000.0, Last),
        ("network-tables", Severity::High),
        "the ports for connections are used up",
    ),
];

/// From where on a collector of garbage harms the program.
#[derive(Clone, Copy, Debug)]
pub struct Collector {
    /// The part of the time in pauses,
    pub share: f64,
    /// in a log of at least so many seconds.
    pub span: f64,
    /// A pause, or all waiting for memory, of so many seconds.
    pub pause: f64,
    /// So many full collections in a row
    pub full: usize,
    /// that leave at least this part of the heap in use.
    pub filled: f64,
}

/// A JVM that spends a fifth of its time in pauses answers as if it had lost a fifth of its machine.
pub const GC: Collector = Collector { share: 0.2, span: 2.0, pause: 1.0, full: 3, filled: 0.9 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_metric_has_one_limit() {
        for (at, limit) in HOSTS.iter().enumerate() {
            assert!(HOSTS[..at].iter().all(|other| other.metric != limit.metric), "{}", limit.metric);
        }
    }
}
