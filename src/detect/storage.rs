//! Disks, inodes, quotas, file descriptors and ports that ran out; file systems that do not answer, data that is gone.

use super::family::{Family, says, says_but};
use crate::model::Level;
use crate::signatures::{Nature, Severity};

/// A disk is full, or cannot be written or read.
pub static DISK: Family = Family {
    name: "disk",
    about: "a disk that is full, read-only or broken; inodes and quotas too",
    what: "disk full or failing",
    severity: Severity::Critical,
    nature: Nature::Resource,
    least: Level::Info,
    rises: false,
    phrases: &[
        says(3, &["no space left on device"]),
        says(3, &["enospc"]),
        says(3, &["disk full"]),
        says(3, &["disk is full"]),
        says(3, &["disk quota exceeded"]),
        says(3, &["edquot"]),
        says(3, &["no free inodes"]),
        says(3, &["out of inodes"]),
        says(3, &["read-only file system"]),
        says(3, &["not enough space"]),
        says(3, &["insufficient disk space"]),
        says(3, &["out of disk space"]),
        says(3, &["flood stage disk watermark"]),
        says(3, &["could not extend file"]),
        says(3, &["there is not enough space on the disk"]),
        says(2, &["low disk space"]),
        says(2, &["disk watermark"]),
        says(2, &["disk usage", "critical"]),
        says(2, &["disk", "almost full"]),
        says(2, &["filesystem", "nearly full"]),
        says_but(2, &["i/o error", "dev"], &["network"]),
        says(2, &["buffer i/o error"]),
        says(3, &["disk resource limit alarm"]),
        says(2, &["free disk space is insufficient"]),
        says(3, &["unable to persist on disk"]),
        says(3, &["inodes", "exhausted"]),
        says(3, &["inode", "exhausted"]),
        says(3, &["ran out of disk"]),
        says(3, &["disk space exhausted"]),
        says(3, &["volume is full"]),
        says(3, &["read only file system"]),
        says(3, &["erofs"]),
        says(3, &["no space left"]),
        says(3, &["filesystem is full"]),
        says(3, &["file system is full"]),
        says(3, &["the table", "is full"]),
        says(3, &["disk error"]),
        says(3, &["input/output error"]),
    ],
    unless: &["recovered", "cleared"],
    most: None,
    gauge: None,
};

/// A file system or its server does not answer.
pub static MOUNT: Family = Family {
    name: "mount",
    about: "network storage (NFS, SMB, iSCSI, Ceph) that does not answer, and mounts that are stale",
    what: "network storage does not answer",
    severity: Severity::Critical,
    nature: Nature::Fault,
    least: Level::Info,
    rises: false,
    phrases: &[
        says(3, &["nfs", "not responding"]),
        says(3, &["nfs", "still trying"]),
        says(3, &["cifs", "not responding"]),
        says(3, &["cifs", "has not responded"]),
        says(3, &["stale file handle"]),
        says(3, &["stale nfs"]),
        says(3, &["estale"]),
        says(3, &["transport endpoint is not connected"]),
        says(3, &["iscsi", "connection", "error"]),
        says(3, &["ping timeout of", "iscsi"]),
        says(3, &["multipath", "failing path"]),
        says(3, &["libceph", "socket closed"]),
        says(3, &["mount", "timed out"]),
    ],
    unless: &["recovered", "is ok"],
    most: None,
    gauge: None,
};

/// Files or data are gone or wrong.
pub static DATA: Family = Family {
    name: "data-loss",
    about: "files of a database that are missing, and data that is corrupt",
    what: "data missing or corrupt",
    severity: Severity::Critical,
    nature: Nature::Fault,
    least: Level::Warn,
    rises: true,
    phrases: &[
        says(2, &["could not open file", "no such file"]),
        says(2, &["could not read block"]),
        says(2, &["could not access file"]),
        says(2, &["invalid page"]),
        says(2, &["page verification failed"]),
        says(2, &["checksum mismatch"]),
        says(2, &["checksum error"]),
        says(2, &["checksum does not match"]),
        says(2, &["corrupted"]),
        says(2, &["corruption"]),
        says(2, &["is corrupt"]),
        says(2, &["corruptindex"]),
        says(2, &["tablespace is missing"]),
        says(2, &["unexpected end of file", "wal"]),
        says(2, &["data directory", "does not exist"]),
    ],
    unless: &["no corruption", "not corrupt"],
    most: None,
    gauge: None,
};

/// File descriptors ran out.
pub static DESCRIPTORS: Family = Family {
    name: "file-descriptors",
    about: "a process or a machine that can open no more files or sockets",
    what: "no file descriptors left",
    severity: Severity::Critical,
    nature: Nature::Resource,
    least: Level::Info,
    rises: false,
    phrases: &[
        says(3, &["too many open files"]),
        says(3, &["emfile"]),
        says(3, &["enfile"]),
        says(3, &["file table overflow"]),
        says(3, &["file-max limit"]),
        says(3, &["no file descriptors available"]),
        says(2, &["open file descriptors", "limit"]),
        says(2, &["file descriptor", "near"]),
    ],
    unless: &["limits set"],
    most: None,
    gauge: None,
};

/// Ports or connection tracking ran out.
pub static PORTS: Family = Family {
    name: "network-tables",
    about: "ephemeral ports, connection tracking or socket tables that are full",
    what: "ports or connection tracking exhausted",
    severity: Severity::Critical,
    nature: Nature::Resource,
    least: Level::Info,
    rises: false,
    phrases: &[
        says(3, &["cannot assign requested address"]),
        says(3, &["eaddrnotavail"]),
        says(3, &["table full, dropping packet"]),
        says(3, &["nf_conntrack", "full"]),
        says(3, &["tcp: out of memory"]),
        says(3, &["possible syn flooding"]),
        says(3, &["time wait bucket table overflow"]),
        says(3, &["neighbour table overflow"]),
        says(3, &["neighbor table overflow"]),
        says(3, &["listen queue overflow"]),
        says(3, &["orphaned sockets"]),
        says(3, &["ephemeral ports", "exhausted"]),
        says(3, &["no ephemeral ports"]),
        says(3, &["port exhaustion"]),
        says(3, &["address not available"]),
        says(3, &["ephemeral port", "exhausted"]),
        says(3, &["port range exhausted"]),
    ],
    unless: &[],
    most: None,
    gauge: None,
};

#[cfg(test)]
mod tests {
    use super::super::tests::check;

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
}
