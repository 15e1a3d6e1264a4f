//! What is known by its words: families of failures, one file a family, each row with a line that it is known by.

pub mod clock;
pub mod crash;
pub mod deploy;
pub mod limit;
pub mod lock;
pub mod memory;
pub mod network;
pub mod pool;
pub mod stall;
pub mod storage;
pub mod timeout;
pub mod trust;

use super::nature::{Decisive, Nature, Severity};
use super::object;
use crate::model::Level;

/// A family of failures that have their words.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// The detector's name.
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// What happened, in the words of the summary.
    pub what: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What part it plays.
    pub nature: Nature,
    /// What its lines are about.
    pub object: About,
    /// Entries below this level are talk, not trouble; entries without a level count.
    pub least: Level,
    /// Must it have become more frequent than it was, unless one occurrence is decisive? Else a single entry is enough,
    /// and what is constant is low.
    pub rises: bool,
    /// The signs.
    pub rows: &'static [Row],
    /// Words with which no row counts.
    pub unless: &'static [&'static str],
    /// What happens more often than this is routine and no sign.
    pub most: Option<u64>,
    /// Numbers that are a sign, too.
    pub gauge: Option<Gauge>,
}

/// Words that make up a sign of a failure.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// How telling it is: of several signs in one service, the most telling are counted.
    pub telling: u8,
    /// All of these occur,
    pub all: &'static [&'static str],
    /// and none of these.
    pub none: &'static [&'static str],
    /// How much one occurrence says, where that differs from the family.
    own: Option<Decisive>,
    /// A line that it is known by.
    pub example: &'static str,
}

/// What a line of a family is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Of connections, sessions or threads.
    Pool,
    /// Of a heap, a container or a machine.
    Memory,
    /// With its processors and its kernel.
    Machine,
    /// A disk, a volume, a mount.
    Disk,
    /// A file, an index, a segment.
    File,
    /// A table, a row, a query.
    Table,
    /// A copy of a database.
    Replica,
    /// Members that work as one.
    Cluster,
    /// A certificate.
    Certificate,
    /// A user, a token, a key.
    Credential,
    /// A host, a name, an address that is called.
    Host,
    /// A rate or an amount that may be used.
    Quota,
    /// A queue or a topic.
    Queue,
    /// A program.
    Process,
    /// A clock.
    Clock,
    /// A version that went out.
    Version,
    /// A setting or a flag.
    Setting,
    /// Work that is done at its time.
    Job,
}

/// Numbers that tell the same as words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gauge {
    /// All members of a pool are in use.
    Full,
    /// Nearly all are.
    Near,
}

/// A row of words that all occur.
pub(super) const fn says(telling: u8, all: &'static [&'static str], example: &'static str) -> Row {
    Row { telling, all, none: &[], own: None, example }
}

/// A row of words that all occur, unless one of the others does.
pub(super) const fn says_but(
    telling: u8,
    all: &'static [&'static str],
    none: &'static [&'static str],
    example: &'static str,
) -> Row {
    Row { telling, all, none, own: None, example }
}

impl Row {
    /// A row that somebody declares; the words in lower case.
    pub(super) fn declared(
        all: &'static [&'static str],
        none: &'static [&'static str],
        once: bool,
        example: &'static str,
    ) -> Row {
        Row { telling: 3, all, none, own: once.then_some(Decisive::Once), example }
    }

    /// Nobody writes it unless it is so.
    const fn once(self) -> Row {
        Row { own: Some(Decisive::Once), ..self }
    }
}

impl Family {
    /// How much one occurrence of a row says.
    pub fn decisive(&self, row: &Row) -> Decisive {
        let usual = match (self.nature, self.rises) {
            (Nature::Context, _) => Decisive::Context,
            (_, true) => Decisive::Repeated,
            (_, false) => Decisive::Once,
        };
        row.own.unwrap_or(usual)
    }

    /// The most telling of the rows that a text meets, asked word by word.
    pub fn row(&self, has: impl Fn(&'static str) -> bool) -> Option<&'static Row> {
        if self.unless.iter().any(|word| has(word)) {
            return None;
        }
        let meets =
            |row: &&Row| row.all.iter().all(|word| has(word)) && !row.none.iter().any(|word| has(word));
        self.rows.iter().filter(meets).max_by_key(|row| (row.telling, self.decisive(row)))
    }

    /// Is it a sign but for words that excuse it? Then it is known to be harmless.
    pub fn excuses(&self, has: impl Fn(&'static str) -> bool) -> bool {
        self.unless.iter().any(|word| has(word))
            && self.rows.iter().any(|row| row.all.iter().all(|word| has(word)))
    }

    /// Does each entry tell of one thing that was refused, rather than of a state that lasts until somebody ends it?
    pub fn tells_of_each(&self) -> bool {
        self.object == About::Credential
    }

    /// What a line is about, by name, where it says so.
    pub fn named<'t>(&self, line: &'t str) -> Option<&'t str> {
        object::addressed(line)
    }
}

/// All families.
pub static FAMILIES: &[&Family] = &[
    &pool::EXHAUSTION,
    &pool::NEAR_EXHAUSTION,
    &pool::THREADS,
    &memory::MEMORY,
    &memory::PAUSES,
    &memory::EVICTION,
    &stall::STALL,
    &stall::SLOW_DISK,
    &storage::DISK,
    &storage::MOUNT,
    &storage::DATA,
    &storage::DESCRIPTORS,
    &storage::PORTS,
    &lock::DEADLOCK,
    &lock::LOCK_WAIT,
    &lock::SLOW_QUERY,
    &lock::REPLICATION,
    &trust::CERTIFICATE,
    &trust::CREDENTIAL,
    &trust::PERMISSION,
    &network::LINK,
    &network::DNS,
    &network::CLUSTER,
    &network::CONNECTION,
    &network::BACKENDS,
    &timeout::TIMEOUT,
    &limit::RATE,
    &limit::BREAKER,
    &limit::QUEUE,
    &crash::CRASH,
    &crash::EXCEPTION,
    &crash::RESTART,
    &clock::CLOCK,
    &deploy::DEPLOY,
    &deploy::CONFIGURATION,
    &deploy::JOB,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// A line as the rows see it: small letters, numbers as `#`.
    fn masked(line: &str) -> String {
        let mut masked = String::new();
        for c in line.to_lowercase().chars() {
            let digit = c.is_ascii_digit() || c == '.' && masked.ends_with('#');
            match digit {
                true if masked.ends_with('#') => {}
                true => masked.push('#'),
                false => masked.push(c),
            }
        }
        masked
    }

    #[test]
    fn every_row_is_known_by_its_example_and_none_is_shadowed() {
        for family in FAMILIES {
            for (at, row) in family.rows.iter().enumerate() {
                let line = masked(row.example);
                let meets = |row: &Row| {
                    row.all.iter().all(|word| line.contains(word))
                        && !row.none.iter().any(|word| line.contains(word))
                };
                assert!(meets(row), "{}: {:?} is not in: {line}", family.name, row.all);
                let unless = family.unless.iter().find(|word| line.contains(*word));
                assert_eq!(unless, None, "{}: {line}", family.name);
                let before =
                    family.rows[..at].iter().find(|other| other.telling >= row.telling && meets(other));
                assert!(before.is_none(), "{}: {:?} is shadowed by {before:?}", family.name, row.all);
            }
        }
    }

    #[test]
    fn families_are_known_by_one_name_each_and_say_what_decides() {
        let mut names: Vec<&str> = FAMILIES.iter().map(|family| family.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FAMILIES.len());
        let decisive = |family: &Family, line: &str| {
            family.row(|word| line.contains(word)).map(|row| family.decisive(row))
        };
        assert_eq!(decisive(&trust::CERTIFICATE, "certificate has expired"), Some(Decisive::Once));
        assert_eq!(decisive(&trust::CERTIFICATE, "tls error"), Some(Decisive::Repeated));
        assert_eq!(decisive(&pool::EXHAUSTION, "pool exhausted"), Some(Decisive::Once));
        assert_eq!(decisive(&deploy::DEPLOY, "deployed"), Some(Decisive::Context));
        assert_eq!(decisive(&pool::EXHAUSTION, "pool not exhausted"), None);
        assert_eq!(network::DNS.named("lookup mail.internal: no such host"), Some("mail.internal"));
    }
}
