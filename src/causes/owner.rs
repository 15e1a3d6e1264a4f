//! Where resources live, and who speaks of whom: databases, brokers, machines, and those who name them.

use std::collections::BTreeSet;

use super::hypothesis::Candidate;
use crate::timeline::scene::Scene;

/// Parts of names of where resources live, with what those who work with them call them.
const OWNERS: &[(&str, &[&str])] = &[
    ("pg", &["postgres", "psycopg", "pgx"]),
    ("postgres", &["postgres", "psycopg", "pgx"]),
    ("postgresql", &["postgres", "psycopg", "pgx"]),
    ("mysql", &["mysql"]),
    ("mysqld", &["mysql"]),
    ("mariadb", &["mariadb", "mysql"]),
    ("mongo", &["mongo"]),
    ("mongod", &["mongo"]),
    ("redis", &["redis", "jedis", "lettuce"]),
    ("kafka", &["kafka"]),
    ("rabbitmq", &["rabbit", "amqp"]),
    ("rabbit", &["rabbit", "amqp"]),
    ("etcd", &["etcd"]),
    ("consul", &["consul"]),
    ("zookeeper", &["zookeeper"]),
    ("vault", &["vault"]),
    ("cassandra", &["cassandra"]),
    ("elasticsearch", &["elastic"]),
    ("elastic", &["elastic"]),
    ("es", &["elastic"]),
    ("opensearch", &["opensearch"]),
    ("oracle", &["ora-"]),
    ("nats", &["nats:"]),
    ("minio", &["minio"]),
    ("ceph", &["ceph"]),
    ("memcached", &["memcache"]),
    ("orchestrator", &[]),
    ("patroni", &["patroni"]),
    ("db", &[]),
    ("database", &[]),
    ("sql", &[]),
    ("node", &[]),
    ("nodes", &[]),
    ("kernel", &[]),
    ("syslog", &[]),
    ("systemd", &[]),
    ("cron", &[]),
    ("init", &[]),
    ("supervisord", &[]),
    ("kubelet", &[]),
    ("kube", &[]),
    ("events", &[]),
    ("dockerd", &[]),
    ("containerd", &[]),
    ("bird", &[]),
    ("frr", &[]),
    ("bgpd", &[]),
];

/// The owners in the name of a candidate.
fn owners(candidate: &Candidate) -> impl Iterator<Item = &'static (&'static str, &'static [&'static str])> {
    let subject = &candidate.signs[0].subject;
    let names = subject.service.iter().map(String::as_str).chain([subject.file.as_str()]);
    let parts: Vec<String> =
        names.flat_map(|name| name.split(['-', '_', '.', '/'])).map(str::to_lowercase).collect();
    OWNERS.iter().filter(move |(owner, _)| parts.iter().any(|part| part == owner))
}

/// Is this where resources live: a database, a broker, a machine?
pub(super) fn owns(candidate: &Candidate) -> bool {
    owners(candidate).next().is_some()
}

/// Machines and supervisors tell of others: of whom, if it is only one.
pub(super) fn whose(scene: &Scene<'_>, candidate: &Candidate) -> String {
    if !owns(candidate) {
        return String::new();
    }
    let known = scene.names();
    let told: BTreeSet<String> = named(scene, candidate, &known).collect();
    match &told.iter().collect::<Vec<_>>()[..] {
        [one] => format!(" (of {one})"),
        _ => String::new(),
    }
}

/// The other services that the leading sign of a candidate names, of those that are known.
pub(super) fn named<'k>(
    scene: &Scene<'_>,
    candidate: &Candidate,
    known: &'k [String],
) -> impl Iterator<Item = String> + 'k {
    let texts: Vec<String> = candidate
        .lead()
        .kinds
        .iter()
        .map(|kind| String::from_utf8_lossy(&scene.kinds[*kind].1.example.text).to_lowercase())
        .collect();
    let own = candidate.name().to_owned();
    let is_named = move |name: &&String| {
        **name != own && texts.iter().any(|text| names_word(text, &name.to_lowercase()))
    };
    known.iter().filter(is_named).cloned()
}

/// The other candidates whose names, or whose software's, occur in what a candidate's entries say.
pub(super) fn mentioned(scene: &Scene<'_>, candidates: &[Candidate], by: usize) -> Vec<usize> {
    let kinds = candidates[by].signs.iter().flat_map(|sign| &sign.kinds);
    let texts: Vec<String> = kinds
        .map(|kind| String::from_utf8_lossy(&scene.kinds[*kind].1.example.text).to_lowercase())
        .collect();
    let own: Vec<&str> = owners(&candidates[by]).flat_map(|(_, software)| *software).copied().collect();
    let named = |other: &Candidate| {
        let name = other.name().to_lowercase();
        let software =
            || owners(other).flat_map(|(_, software)| *software).filter(|word| !own.contains(word));
        (name.len() >= 3 && texts.iter().any(|text| names_word(text, &name)))
            || software().any(|word| texts.iter().any(|text| text.contains(word)))
    };
    (0..candidates.len())
        .filter(|other| candidates[*other].name() != candidates[by].name() && named(&candidates[*other]))
        .collect()
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
