//! Which files are parts of one log, and the service that its path names.
//!
//! Where names leave it open ([`source::part_of`]), the times of the entries decide: parts of a log follow one
//! another, replicas write at the same time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::inputs::{Input, samples, whole_lines};
use super::{ScanOptions, parallel};
use crate::format::log::Reader;
use crate::format::log::reader::of_pod;
use crate::model::time::NANOS;
use crate::model::{Needs, Slots, Timestamp};
use crate::source::{self, Age, Content, Part};

/// How much two parts may overlap: entries of several threads are not written in the order of their times.
const SLACK: i64 = 5 * NANOS;

/// How much of a stream's head is read for times.
const HEAD: usize = 16 << 10;

/// The first and the last time of a file, or of as much of it as was read.
type Span = (Timestamp, Timestamp);

/// Settles which log every file is a part of, and names the services.
pub(super) fn settle(logs: &mut [Input], roots: &[PathBuf], scan: &ScanOptions) {
    let parts: Vec<Part> = logs.iter().map(|log| source::part_of(log.shown.as_bytes())).collect();
    let mut book = Book::new(&parts);
    let asked: Vec<usize> = book.asked().into_iter().filter(|file| !logs[*file].is_pipe()).collect();
    let read = parallel(scan.threads, asked.len(), |at| span(&logs[asked[at]], scan));
    book.spans = asked.into_iter().zip(read).collect();
    book.join();
    for (file, log) in logs.iter_mut().enumerate() {
        log.log = String::from_utf8_lossy(&book.of[file]).into_owned();
        log.age.clone_from(&book.ages[file]);
        log.service = service_of(log, roots);
    }
}

/// The files, by the logs that they are parts of.
struct Book<'p> {
    parts: &'p [Part],
    /// The log of each file, as far as that is settled.
    of: Vec<Vec<u8>>,
    ages: Vec<Age>,
    files: BTreeMap<Vec<u8>, Vec<usize>>,
    /// Logs that files may be parts of, the longest path first.
    claims: BTreeMap<(Reverse<usize>, &'p [u8]), BTreeSet<usize>>,
    /// The times of files that are asked for theirs; none where they have no times.
    spans: BTreeMap<usize, Option<Span>>,
}

/// A log that may be one of several parts of another.
struct Track {
    log: Vec<u8>,
    span: Option<Span>,
    number: Option<u32>,
    said: bool,
}

impl<'p> Book<'p> {
    fn new(parts: &'p [Part]) -> Self {
        let mut files: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
        let mut claims: BTreeMap<(Reverse<usize>, &[u8]), BTreeSet<usize>> = BTreeMap::new();
        for (file, part) in parts.iter().enumerate() {
            files.entry(part.log.clone()).or_default().push(file);
            for perhaps in &part.perhaps {
                claims.entry((Reverse(perhaps.log.len()), &perhaps.log)).or_default().insert(file);
            }
        }
        let of = parts.iter().map(|part| part.log.clone()).collect();
        let ages = parts.iter().map(|part| part.age.clone()).collect();
        Book { parts, of, ages, files, claims, spans: BTreeMap::new() }
    }

    /// The logs that claim to be this one, and itself.
    fn claimants(&self, log: &[u8], claims: &BTreeSet<usize>) -> BTreeSet<Vec<u8>> {
        let own = self.files.get(log).map(|_| log.to_vec());
        claims.iter().map(|file| self.of[*file].clone()).chain(own).collect()
    }

    /// The files whose times have to be known.
    fn asked(&self) -> BTreeSet<usize> {
        let several = |((_, log), claims): (&(_, &[u8]), _)| {
            let logs = self.claimants(log, claims);
            if logs.len() > 1 { logs } else { BTreeSet::new() }
        };
        let logs = self.claims.iter().flat_map(several);
        logs.flat_map(|log| self.files.get(&log).cloned().unwrap_or_default()).collect()
    }

    /// Joins the parts.
    fn join(&mut self) {
        for ((_, log), claims) in self.claims.clone() {
            let tracks: Vec<Track> =
                self.claimants(log, &claims).into_iter().map(|track| self.track(track, log)).collect();
            let Some(order) = in_a_row(&tracks) else { continue };
            for (at, track) in order.iter().enumerate() {
                for file in self.files.remove(&track.log).unwrap_or_default() {
                    self.of[file] = log.to_vec();
                    if at + 1 < order.len() && self.ages[file] == Age::Current {
                        self.ages[file] = Age::Previous;
                    }
                    self.files.entry(log.to_vec()).or_default().push(file);
                }
            }
        }
    }

    fn track(&self, track: Vec<u8>, within: &[u8]) -> Track {
        let files = self.files.get(&track).map_or(&[][..], Vec::as_slice);
        let spans = files.iter().filter_map(|file| self.spans.get(file).copied().flatten());
        let span = spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let told = files.iter().flat_map(|file| &self.parts[*file].perhaps);
        let told: Vec<_> = told.filter(|perhaps| perhaps.log == within).collect();
        Track {
            log: track,
            span,
            number: told.iter().find_map(|perhaps| perhaps.number),
            said: !told.is_empty() && told.iter().all(|perhaps| perhaps.said),
        }
    }
}

/// The tracks in the order of time, if they follow one another as parts of one log do.
fn in_a_row(tracks: &[Track]) -> Option<Vec<&Track>> {
    let mut timed: Vec<(Span, &Track)> =
        tracks.iter().filter_map(|track| Some((track.span?, track))).collect();
    timed.sort_by_key(|(span, _)| *span);
    let untimed = || tracks.iter().filter(|track| track.span.is_none());
    let told = untimed().all(|track| track.said) || tracks.iter().filter(|track| !track.said).count() == 1;
    if tracks.len() < 2 || (untimed().next().is_some() && !told) {
        return None;
    }
    let follows = |pair: &[(Span, &Track)]| {
        let ((before, _), (after, _)) = (pair[0], pair[1]);
        let shorter = (before.1.0 - before.0.0).min(after.1.0 - after.0.0);
        after.0 > before.0 && after.0.0 >= before.1.0 - SLACK.min(shorter / 10)
    };
    let numbers: Vec<u32> = timed.iter().filter_map(|(_, track)| track.number).collect();
    let counted = numbers.is_sorted_by(|a, b| a < b) || numbers.is_sorted_by(|a, b| a > b);
    (timed.windows(2).all(follows) && counted)
        .then(|| untimed().chain(timed.into_iter().map(|(_, track)| track)).collect())
}

/// The first and the last time of a file: of a compressed one, of its head.
pub(super) fn span(input: &Input, scan: &ScanOptions) -> Option<Span> {
    let profile = input.profile()?;
    let reader = Reader::new(profile, &Needs::none(), &scan.read, input.latest.or(input.modified), None);
    match input.open(scan).ok()?.0 {
        Content::Mapped(map) => {
            let samples = samples(&map);
            times(&reader, samples.iter().copied())
        }
        Content::Stream(mut stream) => {
            let head = super::inputs::read_start(&mut stream, HEAD);
            let sample = if head.len() < HEAD { &head[..] } else { whole_lines(&head) };
            times(&reader, std::iter::once(sample))
        }
    }
}

fn times<'s>(reader: &Reader, samples: impl Iterator<Item = &'s [u8]>) -> Option<Span> {
    let mut found: Option<Span> = None;
    for sample in samples {
        let mut slots = Slots::new(reader.needs());
        for line in sample.split(|b| *b == b'\n').filter(|line| reader.starts(line, 0)) {
            reader.frame(line, &mut slots);
            if let Some(ts) = slots.ts {
                found = Some(found.map_or((ts, ts), |(from, to)| (from.min(ts), to.max(ts))));
            }
        }
    }
    found
}

/// Folders that say nothing of a service.
const PLACES: &[&str] = &[
    "",
    ".",
    "..",
    "/",
    "log",
    "logs",
    "var",
    "tmp",
    "data",
    "metrics",
    "nodes",
    "containers",
    "pods",
    "namespaces",
];

/// Folders with one for each of those who write.
const ROOMS: &[&str] = &["pods", "containers", "nodes", "namespaces", "log", "var"];

/// Names of files that say nothing of one.
const NAMES: &[&str] =
    &["", "access", "error", "current", "app", "syslog", "messages", "stdout", "stderr", "u_ex"];

/// The service that the path of a log suggests: the name of its folder, of the file where the folder's says nothing,
/// or of the nearest folder above that says something.
fn service_of(input: &Input, roots: &[PathBuf]) -> Option<String> {
    if input.shown == "-" {
        return None;
    }
    let log = PathBuf::from(if input.is_member() { unpacked(&input.log) } else { input.log.clone() });
    let below =
        roots.iter().filter_map(|root| log.strip_prefix(root).ok()).min_by_key(|p| p.as_os_str().len());
    service_named(below.filter(|_| !input.is_named()).unwrap_or(&log))
}

/// The path that an archive's member would have had the archive been unpacked where it lies.
fn unpacked(shown: &str) -> String {
    let mut path = shown.to_owned();
    while let Some(mark) = path.find('!') {
        let folder = path[..mark].rfind('/').map_or(0, |slash| slash + 1);
        path.replace_range(folder..=mark, "");
    }
    path
}

fn service_named(path: &Path) -> Option<String> {
    let (folders, name) = path.to_str().map(|path| path.rsplit_once('/').unwrap_or(("", path)))?;
    let mut within_date = false;
    let telling = folders.split('/').map(|folder| {
        within_date = source::is_folder_of_parts(folder.as_bytes(), within_date);
        (folder, within_date)
    });
    let mut telling: Vec<&str> =
        telling.filter(|(_, of_parts)| !of_parts).map(|(folder, _)| folder).collect();
    let nearest = telling.pop().unwrap_or_default();
    let of_folder = |folder: &str| {
        let pod = of_pod(folder.as_bytes()).and_then(|name| std::str::from_utf8(name).ok());
        let name = pod.unwrap_or(without_instance(folder));
        (!PLACES.contains(&folder) && !PLACES.contains(&name)).then(|| name.to_owned())
    };
    // Containers of a pod work for whom the pod is of.
    let pod =
        telling.windows(2).rev().find(|pair| pair[0] == "pods").and_then(|pair| of_pod(pair[1].as_bytes()));
    let pod = pod.and_then(|name| std::str::from_utf8(name).ok()).filter(|name| !PLACES.contains(name));
    if let Some(pod) = pod {
        return Some(pod.to_owned());
    }
    // Above the folder of all pods there are those of nobody.
    let above = telling.iter().rev().take_while(|folder| !ROOMS.contains(*folder));
    of_folder(nearest).or_else(|| of_name(name)).or_else(|| above.copied().find_map(of_folder))
}

fn of_name(name: &str) -> Option<String> {
    let stem = name.split('.').next().unwrap_or(name);
    let stem = ["-access", "-error", "_access", "_error", "-json"]
        .iter()
        .find_map(|end| stem.strip_suffix(end))
        .unwrap_or(stem);
    let counts = stem.bytes().all(|b| b.is_ascii_digit());
    (!counts && !NAMES.contains(&stem)).then(|| stem.to_owned())
}

/// `roaming-hub-1`, a container's name, without the instance.
fn without_instance(folder: &str) -> &str {
    match folder.rsplit_once('-') {
        Some((name, number))
            if number.len() <= 2 && number.bytes().all(|b| b.is_ascii_digit()) && !number.is_empty() =>
        {
            name
        }
        _ => folder,
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the tests make files")]
mod tests {
    use super::*;
    use crate::scan::{SurveyOptions, survey};

    /// The name of a file, and the minutes of its entries.
    type File = (&'static str, std::ops::Range<u32>);

    /// The logs and services that the survey of these files tells.
    fn surveyed(files: &[File]) -> Vec<(String, Option<String>)> {
        let dir = tempfile::tempdir().unwrap();
        for (name, minutes) in files {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let lines = minutes.clone().map(|m| {
                format!("2024-03-05 {:02}:{:02}:07.125 INFO request {m} was served\n", m / 60, m % 60)
            });
            std::fs::write(path, lines.collect::<String>()).unwrap();
        }
        let options = ScanOptions {
            threads: 1,
            chunk: 1 << 20,
            map: true,
            read: crate::format::log::reader::ReadOptions::default(),
            cancel: std::sync::Arc::default(),
            progress: std::sync::Arc::default(),
            apart: None,
        };
        let inputs = survey(&[dir.path().to_owned()], &SurveyOptions::default(), &options);
        let root = format!("{}/", dir.path().display());
        files
            .iter()
            .map(|(name, _)| {
                let log = inputs.logs.iter().find(|log| log.shown == format!("{root}{name}")).unwrap();
                (log.log.replace(&root, ""), log.service.clone())
            })
            .collect()
    }

    /// Files that are one log.
    #[test]
    fn parts_follow_one_another() {
        for (files, service) in [
            (&[("app-2024-03-04.log", 0..9), ("app-2024-03-05.log", 9..20)][..], None),
            (&[("till.log.1", 0..9), ("till.log", 9..20)], Some("till")),
            (&[("till.log.old", 0..9), ("till.log", 9..20)], Some("till")),
            (&[("till.2.log", 0..9), ("till.1.log", 9..20), ("till.log", 20..30)], Some("till")),
            (&[("till-1.log", 0..9), ("till-2.log", 9..20)], Some("till")),
            (&[("p/cart/0.log", 0..9), ("p/cart/1.log", 14..20)], Some("cart")),
            (
                &[
                    ("p/cart-6c8d9bcbb4-x7k2p/logs/previous.log", 0..9),
                    ("p/cart-6c8d9bcbb4-x7k2p/logs/current.log", 9..20),
                ],
                Some("cart"),
            ),
            (&[("pod-a.previous.log", 0..9), ("pod-a.log", 9..20)], Some("pod-a")),
            (&[("till-old.log", 0..9), ("till.log", 9..20)], Some("till")),
            (&[("till/2024-03-04/app.log", 0..9), ("till/2024-03-05/app.log", 9..20)], Some("till")),
            (&[("till/2024/03/04/23/x.log", 0..9), ("till/2024/03/05/00/x.log", 9..20)], Some("till")),
            (&[("archive/till.1.log", 0..9), ("till.log", 9..20)], Some("till")),
            (&[("E2K2.2024-03-05-00.a103fd5a", 0..9), ("E2K2.2024-03-05-01.b203fd5b", 60..70)], Some("E2K2")),
            (&[("W3SVC1/u_ex240304.log", 0..9), ("W3SVC1/u_ex240305.log", 9..20)], Some("W3SVC1")),
        ] {
            let told = surveyed(files);
            assert!(told.windows(2).all(|pair| pair[0].0 == pair[1].0), "{told:?}");
            assert!(told.iter().all(|(_, of)| of.as_deref() == service), "{told:?}");
        }
    }

    /// Files that are logs of their own.
    #[test]
    fn instances_write_at_the_same_time() {
        for files in [
            &[("node-1.log", 0..20), ("node-2.log", 0..20)][..],
            &[("node-1.log", 0..20), ("node-2.log", 5..30)],
            &[("node.1.log", 0..20), ("node.2.log", 0..20), ("node.3.log", 20..30)],
            &[("worker.0", 0..20), ("worker.1", 1..20)],
            &[("web1.log", 0..9), ("web2.log", 9..20)],
            &[("shard-1.log", 0..9), ("shard-2.log", 20..30), ("shard-3.log", 9..20)],
            &[("a/0.log", 0..9), ("b/0.log", 9..20)],
            &[("ip-10-0-3-1.log", 0..9), ("ip-10-0-3-2.log", 9..20)],
            &[("till-old.log", 0..20), ("till.log", 0..20)],
            &[("app-2024-03-05-web1.log", 0..9), ("app-2024-03-05-web2.log", 9..20)],
        ] {
            let told = surveyed(files);
            let logs: BTreeSet<_> = told.iter().map(|(log, _)| log).collect();
            assert_eq!(logs.len(), files.len(), "{told:?}");
        }
    }

    #[test]
    fn services_are_named_by_folders_and_files() {
        for (path, expected) in [
            ("payment-service/db.log", Some("payment-service")),
            ("logs/session-manager.log", Some("session-manager")),
            ("logs/front-door-access.log", Some("front-door")),
            ("docker/roaming-hub-1/cbf3869ec9a6-json.log", Some("roaming-hub")),
            ("order.json.log", Some("order")),
            ("access.log", None),
            ("var/log/tariff-store/.log", Some("tariff-store")),
            ("pods/prod_x_1f/cart/.log", Some("cart")),
            ("pods/cart-579f59597d-wc2lz/logs/.log", Some("cart")),
            ("namespaces/prod/pods/cart-579f59597d-wc2lz/engine/engine/logs/.log", Some("cart")),
            ("namespaces/prod/pods/etcd-quay-1/etcd/etcd/logs/.log", Some("etcd")),
            ("state/prod/cart-579f59597d-wc2lz/engine.log", Some("cart")),
            ("namespaces/prod/pods/logs-579f59597d-wc2lz/logs/logs/.log", None),
            ("till/2024-03-05/app.log", Some("till")),
            ("2024-03-05/app.log", None),
        ] {
            assert_eq!(service_named(Path::new(path)).as_deref(), expected, "{path}");
        }
        assert_eq!(unpacked("d/x.tar.gz!a/y.zip!b/c.log"), "d/a/b/c.log");
    }
}
