//! Memory that ran out: heaps, containers, the machine's; and collectors that stop the world.

use super::family::{Family, says};
use crate::model::Level;
use crate::signatures::{Nature, Severity};

/// Memory ran out.
pub static MEMORY: Family = Family {
    name: "out-of-memory",
    about: "a heap, a container or a machine is out of memory",
    what: "out of memory",
    severity: Severity::Critical,
    nature: Nature::Resource,
    least: Level::Info,
    rises: false,
    phrases: &[
        says(3, &["outofmemory"]),
        says(3, &["out of memory"]),
        says(3, &["killed process"]),
        says(3, &["oom-kill"]),
        says(3, &["oomkill"]),
        says(3, &["oom killer"]),
        says(3, &["oom_kill"]),
        says(3, &["invoked oom"]),
        says(3, &["gc overhead limit"]),
        says(3, &["cannot allocate memory"]),
        says(3, &["can't allocate memory"]),
        says(3, &["memory allocation", "failed"]),
        says(3, &["memoryerror"]),
        says(3, &["std::bad_alloc"]),
        says(3, &["enomem"]),
        says(3, &["heap limit"]),
        says(3, &["java heap space"]),
        says(3, &["memory cgroup"]),
        says(2, &["memory limit", "exceed"]),
        says(2, &["oom command not allowed"]),
        says(2, &["heap usage", "critical"]),
        says(3, &["memory resource limit alarm"]),
        says(3, &["memory_high_watermark set"]),
        says(3, &["allowed memory size", "exhausted"]),
        says(3, &["unable to allocate", "array"]),
        says(3, &["cannot reserve enough space", "heap"]),
        says(3, &["failed to allocate memory"]),
    ],
    unless: &["heapdumponoutofmemory", "exitonoutofmemory", "recovered", "cleared"],
    most: None,
    gauge: None,
};

/// Pods leave a node that has too little.
pub static EVICTION: Family = Family {
    name: "eviction",
    about: "pods that are evicted from a node that is short of memory or disk",
    what: "a node is short of memory or disk and evicts pods",
    severity: Severity::High,
    nature: Nature::Resource,
    least: Level::Info,
    rises: false,
    phrases: &[
        says(3, &["eviction manager"]),
        says(3, &["evicted", "pod"]),
        says(3, &["evicting", "pod"]),
        says(3, &["the node was low on resource"]),
        says(3, &["node", "memorypressure"]),
        says(3, &["node", "diskpressure"]),
        says(3, &["node", "under memory pressure"]),
        says(3, &["node", "under disk pressure"]),
    ],
    unless: &[
        "drain",
        "hasnomemorypressure",
        "hasnodiskpressure",
        "hassufficient",
        "starting eviction manager",
    ],
    most: None,
    gauge: None,
};

/// The collector stops the world.
pub static PAUSES: Family = Family {
    name: "gc-pause",
    about: "garbage collections that stop a program, more often than usual",
    what: "long garbage collections",
    severity: Severity::High,
    nature: Nature::Resource,
    least: Level::Info,
    rises: true,
    phrases: &[
        says(2, &["pause full"]),
        says(2, &["full gc"]),
        says(2, &["gc pause"]),
        says(2, &["long gc"]),
        says(2, &["garbage collection", "long"]),
        says(2, &["garbage collection", "slow"]),
        says(2, &["stop-the-world"]),
        says(2, &["stopped for"]),
        says(2, &["gc took"]),
        says(2, &["to-space exhausted"]),
        says(2, &["detected a pause in host machine"]),
        says(1, &["heap", "after gc"]),
        says(1, &["heap usage", "high"]),
        says(1, &["heap", "nearly full"]),
        says(2, &["pause", "eg gc"]),
        says(2, &["gc", "overhead, spent"]),
        says(2, &["gc", "collecting in the last"]),
        says(2, &["detected jvm", "pause"]),
        says(2, &["gc pressure"]),
        says(2, &["application threads were stopped"]),
    ],
    unless: &[],
    most: None,
    gauge: None,
};

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn memory_is_known_by_its_words() {
        check(
            "out-of-memory",
            &[
                "Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes)",
                "java.lang.OutOfMemoryError: Java heap space",
                "info: Out of memory: Killed process 4242 (java) total-vm:8123456kB",
                "FATAL ERROR: Ineffective mark-compacts near heap limit Allocation failed - JavaScript heap out of memory",
                "warn: Memory cgroup out of memory: Killed process 12",
            ],
            &["info: -XX:+HeapDumpOnOutOfMemoryError", "order failed"],
        );
        check(
            "eviction",
            &[
                "warn: \"Eviction manager: attempting to reclaim\" resourceName=\"memory\"",
                "The node was low on resource: memory. Threshold quantity: 100Mi",
            ],
            &["info: evicting pod prod/web-1 (drain of node-7)", "order failed"],
        );
        check(
            "gc-pause",
            &[
                "warn: Total time for which application threads were stopped: 9.1234567 seconds",
                "warn: Detected JVM or host machine pause (eg GC): pause of approximately 12034ms",
                "warn: [gc][young][1234][56] duration [4.2s], collections [1]/[4.9s], overhead, spent [4.2s] collecting in the last [4.9s]",
                "info: GC(42) Pause Full (Allocation Failure) 3891M->3880M(4096M) 4213.1ms",
            ],
            &["info: order paid"],
        );
    }
}
