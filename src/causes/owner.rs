//! Where resources live, and who speaks of whom: databases, brokers, machines, and those who name them.

use std::collections::BTreeSet;

use aho_corasick::AhoCorasick;

use super::hypothesis::Candidate;
use crate::timeline::Subject;
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
    owners_of(&candidate.signs[0].subject)
}

/// Do resources live where this is: a database, a broker, a machine?
pub(super) fn is_owner(subject: &Subject) -> bool {
    owners_of(subject).next().is_some()
}

fn owners_of(subject: &Subject) -> impl Iterator<Item = &'static Owner> {
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

/// Names that are looked for in texts, all of them at once: there may be one for each of ten thousand files.
#[derive(Debug)]
struct Names {
    /// Those that may occur, and what each of them is the name of.
    names: Vec<(String, usize)>,
    search: Option<AhoCorasick>,
}

impl Names {
    /// Shorter names are words of every text.
    const SHORTEST: usize = 3;

    fn of(called: &[Called]) -> Names {
        let names: Vec<(String, usize)> = called
            .iter()
            .enumerate()
            .filter(|(_, called)| called.spoken.len() >= Names::SHORTEST)
            .map(|(at, called)| (called.spoken.clone(), at))
            .collect();
        // Names of files and services are by far too few and too short for this to fail.
        let search = AhoCorasick::new(names.iter().map(|(name, _)| name)).ok();
        Names { names, search }
    }

    /// Who is named in a text, in words of their own.
    fn within<'n>(&'n self, text: &'n str) -> impl Iterator<Item = usize> + 'n {
        let found = self.search.iter().flat_map(move |search| search.find_overlapping_iter(text));
        let whole = found.filter(move |found| is_word(text, found.start(), found.end()));
        whole.map(|found| self.names[found.pattern().as_usize()].1)
    }
}

/// All who write, as others call them.
#[derive(Debug)]
pub(super) struct Writers {
    called: Vec<Called>,
    names: Names,
}

impl Writers {
    /// Those of a scene.
    pub(super) fn of(scene: &Scene<'_>) -> Writers {
        let called =
            |name: String| Called { spoken: name.to_lowercase(), owners: owners_in(&name).collect(), name };
        let called: Vec<Called> = scene.names().into_iter().map(called).collect();
        Writers { names: Names::of(&called), called }
    }
}

/// Machines and supervisors tell of those in their charge, and who calls somebody tells of the one that was called: of whom,
/// if it is only one.
pub(super) fn whose(scene: &Scene<'_>, candidate: &Candidate, writers: &Writers) -> String {
    let told = named(scene, candidate, writers);
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

/// The names of software that occur in texts.
fn software_in(texts: &[String]) -> BTreeSet<&'static str> {
    let words = OWNERS.iter().flat_map(|owner| owner.software).copied();
    words.filter(|word| texts.iter().any(|text| text.contains(word))).collect()
}

/// The words for work with owners that occur in texts.
fn work_in(texts: &[String]) -> BTreeSet<&'static str> {
    let words = OWNERS.iter().flat_map(|owner| owner.work).copied();
    words.filter(|word| texts.iter().any(|text| names_word(text, word))).collect()
}

/// The other services that the leading sign of a candidate names, of those who write.
pub(super) fn named(scene: &Scene<'_>, candidate: &Candidate, writers: &Writers) -> BTreeSet<String> {
    let texts = texts(scene, candidate.lead().kinds.iter());
    let software = if owns(candidate) { BTreeSet::new() } else { software_in(&texts) };
    let called: BTreeSet<usize> = texts.iter().flat_map(|text| writers.names.within(text)).collect();
    let is_named = |(at, other): &(usize, &Called)| {
        let by_software = || other.software().any(|word| software.contains(word));
        other.name != candidate.name() && (called.contains(at) || by_software())
    };
    writers.called.iter().enumerate().filter(is_named).map(|(_, other)| other.name.clone()).collect()
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
    let names = Names::of(&all);
    let mentioned = |(candidate, by): (&Candidate, &Called)| {
        let said = texts(scene, candidate.signs.iter().flat_map(|sign| &sign.kinds));
        let called: BTreeSet<usize> = said.iter().flat_map(|text| names.within(text)).collect();
        let own: Vec<&str> = by.software().collect();
        let mut software = software_in(&said);
        software.retain(|word| !own.contains(word));
        let work = if by.owners.is_empty() {
            work_in(&texts(scene, candidate.lead().kinds.iter()))
        } else {
            BTreeSet::new()
        };
        let named = |(at, other): &(usize, &Called)| {
            let works = || other.owners.iter().flat_map(|owner| owner.work).any(|word| work.contains(word));
            other.name != by.name
                && (called.contains(at) || other.software().any(|word| software.contains(word)) || works())
        };
        all.iter().enumerate().filter(named).map(|(at, _)| at).collect()
    };
    candidates.iter().zip(&all).map(mentioned).collect()
}

/// Words by which one says that another one failed, and not which: those of proxies (nginx, Envoy, HAProxy), and of the
/// statuses with which a gateway answers for others (RFC 9110, 15.6).
const ELSEWHERE: &[&str] = &["upstream", "backend", "bad gateway", "gateway timeout"];

/// Behind these words stands a status with which another one answered.
const ANSWERED: &[&str] =
    &["answered ", "returned ", "responded ", "replied ", "responded with ", "replied with "];

/// Does a candidate say that another one failed, about as often as it says anything?
pub(super) fn blames_another(scene: &Scene<'_>, candidate: &Candidate) -> bool {
    let often = candidate.signs.iter().filter(|sign| sign.count * 2 >= candidate.lead().count);
    !owns(candidate)
        && texts(scene, often.flat_map(|sign| &sign.kinds)).iter().any(|text| tells_of_another(text))
}

/// Does a text in small letters say that another one failed?
fn tells_of_another(text: &str) -> bool {
    let begins =
        |at: usize| !text[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    // The name of a field says nothing.
    let is_field = |rest: &str| rest.starts_with(['_', '=', ':', '"', '.', '-']);
    let spoken = |word: &str| {
        text.match_indices(word).any(|(at, _)| begins(at) && !is_field(&text[at + word.len()..]))
    };
    let status = |rest: &str| {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        digits == 3 && rest.starts_with('5')
    };
    let answered = |word: &str| text.match_indices(word).any(|(at, _)| status(&text[at + word.len()..]));
    ELSEWHERE.iter().any(|word| spoken(word)) || ANSWERED.iter().any(|word| answered(word))
}

/// Does a name occur in a text as a word of its own, and not within a longer name or a path?
pub(super) fn names_word(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| is_word(text, at, at + name.len()))
}

/// Is what stands at these bytes of a text a word of its own?
fn is_word(text: &str, from: usize, to: usize) -> bool {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let before = &text[..from];
    !before.chars().next_back().is_some_and(part)
        && !text[to..].chars().next().is_some_and(part)
        && !is_path(before)
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
    fn who_speaks_of_another_one_that_failed_is_told_by_words_and_not_by_fields() {
        for (text, tells) in [
            ("upstreamerror: no answer", true),
            ("upstream prematurely closed connection", true),
            ("call failed: pay answered 503", true),
            ("a circular dependency", false),
            ("upstream=10.0.0.1:80 upstream_status=502 get /", false),
            (r#"{"msg":"no rows","upstream":"db","backend":"a"}"#, false),
            ("returned 5 rows, answered 200, returned 5012 bytes", false),
            ("could not load rows: ioerror", false),
        ] {
            assert_eq!(tells_of_another(text), tells, "{text}");
        }
    }

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
