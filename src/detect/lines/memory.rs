//! Lines by which the signatures of this family (memory) are known, and lines that look like it.

use crate::detect::tests::check;

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
