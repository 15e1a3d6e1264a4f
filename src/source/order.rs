//! The order in which files are read: by path, but the parts of a log together, the oldest first.

use std::cmp::Reverse;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::part::{Age, numbered, part_of};

/// What files are sorted by: the path of the log a file is a part of, the part's age, and the file's own path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Order {
    log: Vec<u8>,
    age: Age,
    path: Vec<u8>,
}

impl Order {
    /// The place of the file with this path.
    pub(super) fn of(path: &Path) -> Self {
        Order::of_bytes(path.as_os_str().as_bytes())
    }

    /// The place of the archive's member with this name.
    pub(super) fn of_bytes(path: &[u8]) -> Self {
        let part = part_of(path);
        // `syslog.1` stands beside `syslog`, whether it is a part of it or not.
        let beside =
            numbered(&part.log).filter(|(base, _)| part.age == Age::Current && !base.ends_with(b"/"));
        let (log, age) = match beside {
            Some((base, number)) => (base.to_owned(), Age::Numbered(Reverse(number))),
            None => (part.log.clone(), part.age),
        };
        Order { log, age, path: path.to_owned() }
    }
}

/// The name of the log that the file with this path is a part of: `app.log` for `x/app.log.2.gz`.
pub(super) fn log_name(path: &Path) -> Vec<u8> {
    path.file_name().map_or_else(Vec::new, |name| part_of(name.as_bytes()).log)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_log_stand_together_with_the_oldest_first() {
        for sorted in [
            &["app.log.10.gz", "app.log.2.gz", "app.log.1", "app.log", "app.log2"][..],
            &["app.log-20231223.gz", "app.log-20231224", "app.log"],
            &["app.log.2023-12-23", "app.log.2023-12-24", "app.log"],
            &["app.log.2023-12-24_03", "app.log.2023-12-24_04", "app.log"],
            &["app-2023-12-23.log", "app-2023-12-24.1.log", "app-2023-12-24.2.log.gz", "app.log"],
            &["app-2023-12-23-2.log", "app-2023-12-23-10.log", "app.log"],
            &["app.log-1703300000", "app.log-1703390400.gz", "app.log"],
            &["app.log.old", "app.log", "app.log.d/x.log"],
            &["app.log.1", "app.log.gz", "app.log"],
            &["a/syslog.1", "a/syslog", "b/syslog.1", "b/syslog"],
            &["access.log.1", "access.log", "error.log.1", "error.log"],
            &["localhost_access_log.2023-12-23.txt", "localhost_access_log.2023-12-24.txt"],
            &["server-1.log", "server-10.log", "server-2.log"],
            &[".1", ".gz", "-20231224"][1..2],
        ] {
            let mut shuffled: Vec<&str> = sorted.iter().rev().copied().collect();
            shuffled.sort_by_key(|name| Order::of(Path::new(name)));
            assert_eq!(shuffled, sorted);
        }
    }
}
