//! Where resources live, and who speaks of whom: databases, brokers, machines, and those who name them.

use std::collections::BTreeSet;

use super::hypothesis::Candidate;
use crate::timeline::scene::Scene;

/// What lives somewhere that others work with.
#[derive(Debug)]
struct Owner {
    /// A part of its name.
    part: &'static str,
    /// What those who work with it call it: programs, drivers, protocols.
    software: &'static [&'static str],
    /// Words for what they do with it.
    work: &'static [&'static str],
}

const fn owner(
    part: &'static str,
    software: &'static [&'static str],
    work: &'static [&'static str],
) -> Owner {
    Owner { part, software, work }
}

const DATABASE: &[&str] = &["database", "query", "statement", "sql"];
const BROKER: &[&str] = &["publish", "enqueue", "broker", "producer", "consumer"];
const SEARCH: &[&str] = &["indexing", "search"];
const CACHE: &[&str] = &["cache"];
const REGISTRY: &[&str] = &["service discovery", "service registry"];
const OBJECTS: &[&str] = &["bucket", "object store"];

/// Parts of names of where resources live.
const OWNERS: &[Owner] = &[
    owner("pg", &["postgres", "psycopg", "pgx"], DATABASE),
    owner("postgres", &["postgres", "psycopg", "pgx"], DATABASE),
    owner("postgresql", &["postgres", "psycopg", "pgx"], DATABASE),
    owner("mysql", &["mysql"], DATABASE),
    owner("mysqld", &["mysql"], DATABASE),
    owner("mariadb", &["mariadb", "mysql"], DATABASE),
    owner("mongo", &["mongo"], DATABASE),
    owner("mongod", &["mongo"], DATABASE),
    owner("redis", &["redis", "jedis", "lettuce"], CACHE),
    owner("kafka", &["kafka"], BROKER),
    owner("rabbitmq", &["rabbit", "amqp"], BROKER),
    owner("rabbit", &["rabbit", "amqp"], BROKER),
    owner("etcd", &["etcd"], &[]),
    owner("consul", &["consul"], REGISTRY),
    owner("zookeeper", &["zookeeper"], REGISTRY),
    owner("vault", &["vault"], &[]),
    owner("cassandra", &["cassandra"], DATABASE),
    owner("elasticsearch", &["elastic"], SEARCH),
    owner("elastic", &["elastic"], SEARCH),
    owner("es", &["elastic"], SEARCH),
    owner("opensearch", &["opensearch"], SEARCH),
    owner("oracle", &["ora-"], DATABASE),
    owner("nats", &["nats:"], BROKER),
    owner("minio", &["minio"], OBJECTS),
    owner("ceph", &["ceph"], OBJECTS),
    owner("memcached", &["memcache"], CACHE),
    owner("orchestrator", &[], &[]),
    owner("patroni", &["patroni"], &[]),
    owner("db", &[], DATABASE),
    owner("database", &[], DATABASE),
    owner("sql", &[], DATABASE),
    owner("node", &[], &[]),
    owner("nodes", &[], &[]),
    owner("kernel", &[], &[]),
    owner("syslog", &[], &[]),
    owner("systemd", &[], &[]),
    owner("cron", &[], &[]),
    owner("init", &[], &[]),
    owner("supervisord", &[], &[]),
    owner("kubelet", &[], &[]),
    owner("kube", &[], &[]),
    owner("events", &[], &[]),
    owner("dockerd", &[], &[]),
    owner("containerd", &[], &[]),
    owner("bird", &[], &[]),
    owner("frr", &[], &[]),
    owner("bgpd", &[], &[]),
];

/// The owners in the name of a candidate.
fn owners(candidate: &Candidate) -> impl Iterator<Item = &'static Owner> {
    let subject = &candidate.signs[0].subject;
    let names = subject.service.iter().map(String::as_str).chain([subject.file.as_str()]);
    names.flat_map(owners_in).collect::<Vec<_>>().into_iter()
}

/// The owners in a name.
fn owners_in(name: &str) -> impl Iterator<Item = &'static Owner> {
    let parts: Vec<String> = name.split(['-', '_', '.', '/']).map(str::to_lowercase).collect();
    OWNERS.iter().filter(move |owner| parts.iter().any(|part| part == owner.part))
}

/// Is this where resources live: a database, a broker, a machine?
pub(super) fn owns(candidate: &Candidate) -> bool {
    owners(candidate).next().is_some()
}

/// Somebody, and what others call them.
#[derive(Debug)]
pub(super) struct Called {
    name: String,
    /// What stands in entries, in small letters.
    spoken: String,
    owners: Vec<&'static Owner>,
}

impl Called {
    /// The software of those where resources live, as those who work with it name it.
    fn software(&self) -> impl Iterator<Item = &'static str> {
        self.owners.iter().flat_map(|owner| owner.software).copied()
    }
}

/// All who write, as others call them.
pub(super) fn known(scene: &Scene<'_>) -> Vec<Called> {
    let called =
        |name: String| Called { spoken: name.to_lowercase(), owners: owners_in(&name).collect(), name };
    scene.names().into_iter().map(called).collect()
}

/// Machines and supervisors tell of those in their charge, and who calls somebody tells of the one that was called: of whom,
/// if it is only one.
pub(super) fn whose(scene: &Scene<'_>, candidate: &Candidate, known: &[Called]) -> String {
    let told = named(scene, candidate, known);
    match &told.iter().collect::<Vec<_>>()[..] {
        [one] if owns(candidate) => format!(" (of {one})"),
        [one] => format!(" (about {one})"),
        _ => String::new(),
    }
}

/// What entries of some kinds say, in small letters.
fn texts<'k>(scene: &Scene<'_>, kinds: impl Iterator<Item = &'k usize>) -> Vec<String> {
    kinds.map(|kind| String::from_utf8_lossy(&scene.kinds[*kind].1.example.text).to_lowercase()).collect()
}

/// The other services that the leading sign of a candidate names, of those that are known.
pub(super) fn named(scene: &Scene<'_>, candidate: &Candidate, known: &[Called]) -> BTreeSet<String> {
    let texts = texts(scene, candidate.lead().kinds.iter());
    let works = !owns(candidate);
    let is_named = |other: &&Called| {
        let is_called = texts.iter().any(|text| names_word(text, &other.spoken));
        let by_software =
            || works && other.software().any(|word| texts.iter().any(|text| text.contains(word)));
        other.name != candidate.name() && (is_called || by_software())
    };
    known.iter().filter(is_named).map(|other| other.name.clone()).collect()
}

/// What others call a candidate: a workload without its namespace.
fn called(candidate: &Candidate) -> Called {
    let name = candidate.name();
    let spoken = match candidate.signs[0].subject.service {
        Some(_) => name.rsplit('/').next().unwrap_or(name),
        None => name,
    };
    Called { name: name.to_owned(), spoken: spoken.to_lowercase(), owners: owners(candidate).collect() }
}

/// For each candidate the others whose names, or whose software's, occur in what its entries say, or with which what it
/// says first of all is done.
pub(super) fn mentions(scene: &Scene<'_>, candidates: &[Candidate]) -> Vec<Vec<usize>> {
    let all: Vec<Called> = candidates.iter().map(called).collect();
    let mentioned = |(candidate, by): (&Candidate, &Called)| {
        let said = texts(scene, candidate.signs.iter().flat_map(|sign| &sign.kinds));
        let first = texts(scene, candidate.lead().kinds.iter());
        let own: Vec<&str> = by.software().collect();
        let named = |other: &Called| {
            let mut software = other.software().filter(|word| !own.contains(word));
            let mut work = other.owners.iter().flat_map(|owner| owner.work).filter(|_| by.owners.is_empty());
            (other.spoken.len() >= 3 && said.iter().any(|text| names_word(text, &other.spoken)))
                || software.any(|word| said.iter().any(|text| text.contains(word)))
                || work.any(|word| first.iter().any(|text| names_word(text, word)))
        };
        let others = all.iter().enumerate().filter(|(_, other)| other.name != by.name && named(other));
        others.map(|(at, _)| at).collect()
    };
    candidates.iter().zip(&all).map(mentioned).collect()
}

/// Does a name occur in a text as a word of its own, and not within a longer name or a path?
pub(super) fn names_word(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    text.match_indices(name).any(|(at, _)| {
        let before = &text[..at];
        !before.chars().next_back().is_some_and(part)
            && !text[at + name.len()..].chars().next().is_some_and(part)
            && !is_path(before)
    })
}

/// Does a text end within a path: `GET /shop/`, and not `http://` or `prod/`?
fn is_path(text: &str) -> bool {
    let word = text.rsplit([' ', '"', '\'', '=', '(', ',']).next().unwrap_or_default();
    word.starts_with('/') && !word.starts_with("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_as_words() {
        for (text, name, found) in [
            ("stock: insert failed", "stock", true),
            ("pg-stock gone", "stock", false),
            ("call to catalog failed", "catalog", true),
            ("catalogue", "catalog", false),
            ("", "x", false),
        ] {
            assert_eq!(names_word(text, name), found, "{text}");
        }
    }
}
