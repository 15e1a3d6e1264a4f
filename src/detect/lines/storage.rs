//! Lines by which the signatures of this family (storage) are known, and lines that look like it.

use crate::detect::tests::check;

#[test]
fn what_ran_out_is_known_by_its_words() {
    check(
        "disk",
        &[
            "ERROR 1114 (HY000): The table 'orders' is full",
            "Disk error while writing to log dir: Input/output error",
            "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist on disk",
            "java.io.IOException: No space left on device",
            "PANIC:  could not write to file \"pg_wal/xlogtemp.42\": No space left on device",
            "warn: flood stage disk watermark [95%] exceeded on [x]",
        ],
        &["order failed", "info: disk check passed"],
    );
    check(
        "mount",
        &["warn: nfs: server nas-2 not responding, still trying", "read /mnt/x: Stale file handle"],
        &["info: nfs: server nas-2 OK", "partner not responding"],
    );
    check(
        "data-loss",
        &[
            "ERROR:  could not open file \"base/16384/16422\": No such file or directory",
            "could not read block 8812 in file \"base/16384/16422\": Input/output error",
            "InnoDB: Database page corruption on disk or a failed file read of page 4",
        ],
        &["could not open file: permission denied", "info: no corruption found"],
    );
    check(
        "file-descriptors",
        &[
            "socket() failed (24: Too many open files) while connecting to upstream",
            "accept tcp [::]:8080: accept4: too many open files",
            "Error: EMFILE, open 'x'",
        ],
        &["order failed"],
    );
    check(
        "network-tables",
        &[
            "connect() to 10.0.0.4:80 failed (99: Cannot assign requested address) while connecting to upstream",
            "warn: TCP: too many orphaned sockets",
            "warn: nf_conntrack: table full, dropping packet",
            "connect: cannot assign requested address",
        ],
        &["order failed"],
    );
}
