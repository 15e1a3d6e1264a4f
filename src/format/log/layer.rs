//! How far outside the formats stand that carry lines of others: what a format carries stands further inside.

/// Records of an export: Loki, Elasticsearch, Splunk, and everything that is not a container's.
pub(super) const ENVELOPE: u8 = 7;
/// A container's log on its disk.
pub(super) const CONTAINER: u8 = 6;
/// Names before a line: of a container, of a process.
pub(super) const PREFIX: u8 = 5;
/// A time before a line, which is not the program's.
pub(super) const STAMP: u8 = 4;
/// Syslog, which is carried by containers and carries lines.
pub(super) const SYSLOG: u8 = 3;
/// Records in what another format carries.
pub(super) const INNER_ENVELOPE: u8 = 1;
