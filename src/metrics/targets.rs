//! Which files are of the same target, and what tells targets apart.
//!
//! A file, or the set of snapshots whose names differ only in their time, is a target, as a server that scrapes
//! knows it. Where there are several, their series get the labels `instance` and `job` from the names of files and
//! folders, unless the exposition has them.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{self, Written};
use crate::model::{Labels, Timestamp};

/// What is known of a file before it is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct File<'f> {
    /// Its path as it is shown.
    pub shown: &'f str,
    /// When it was last written.
    pub modified: Option<Timestamp>,
    /// The zone of times in its name.
    pub zone: chrono_tz::Tz,
}

/// Snapshots of one thing, in the order of their times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// The folders it lies in, without a time.
    folder: String,
    /// The name of its files without the time.
    pub name: String,
    /// The files by their numbers, and their times.
    pub snapshots: Vec<(usize, Timestamp)>,
    /// Do the names tell the times?
    pub is_timed: bool,
}

#[cfg(test)]
impl Target {
    /// A target without files.
    pub(super) fn of_name(name: &str) -> Target {
        Target { folder: String::new(), name: name.to_owned(), snapshots: Vec::new(), is_timed: false }
    }
}

/// Names that do not tell what they are of.
const SAY_NOTHING: [&str; 17] = [
    "",
    ".",
    "..",
    "metrics",
    "metric",
    "scrape",
    "scrapes",
    "snapshot",
    "snapshots",
    "prom",
    "prometheus",
    "data",
    "dump",
    "export",
    "exposition",
    "out",
    "output",
];

/// The targets of the files, in the order of their first files. A file whose name tells no time has that of its
/// folder, else when it was last written, else `now`.
pub(super) fn targets(files: &[File<'_>], now: Timestamp) -> Vec<Target> {
    let named: Vec<Named<'_>> = files.iter().map(Named::of).collect();
    let varying = varying(&named);
    let mut targets: Vec<Target> = Vec::new();
    let mut known: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (index, (file, named)) in files.iter().zip(&named).enumerate() {
        let (folder, name, at) = named.told(varying.get(&named.mask()).copied());
        let place = *known.entry((folder.clone(), name.clone())).or_insert_with(|| {
            targets.push(Target { folder, name, snapshots: Vec::new(), is_timed: at.is_some() });
            targets.len() - 1
        });
        targets[place].snapshots.push((index, at.or(file.modified).unwrap_or(now)));
    }
    for target in &mut targets {
        target.snapshots.sort_by_key(|&(index, at)| (at, index));
    }
    targets
}

/// A file's name and the times in it.
struct Named<'f> {
    folder: &'f str,
    stem: &'f str,
    /// The times in its own name, else in the folders' names.
    times: Vec<Written>,
    in_folder: bool,
}

impl<'f> Named<'f> {
    fn of(file: &File<'f>) -> Self {
        let (folder, name) = names::split(file.shown);
        let stem = names::stem(name);
        let times = names::times(stem, file.zone);
        if !times.is_empty() {
            return Named { folder, stem, times, in_folder: false };
        }
        Named { folder, stem, times: names::times(folder, file.zone), in_folder: true }
    }

    /// The name with a sign for each time.
    fn mask(&self) -> (String, String) {
        if self.in_folder {
            return (names::masked(self.folder, &self.times), self.stem.to_owned());
        }
        (self.folder.to_owned(), names::masked(self.stem, &self.times))
    }

    /// Folder and name without the time, and the time. Of several it is the one that varies, else the last.
    fn told(&self, varying: Option<usize>) -> (String, String, Option<Timestamp>) {
        let Some(time) = varying.and_then(|place| self.times.get(place)).or(self.times.last()) else {
            return (self.folder.to_owned(), self.stem.to_owned(), None);
        };
        if self.in_folder {
            // The part of the path that is only a time goes.
            let folder = names::without(self.folder, &time.place).replace("/-", "/").replace("-/", "/");
            let parts: Vec<&str> = folder.split('/').collect();
            let kept: Vec<&str> = parts
                .iter()
                .enumerate()
                .filter(|(i, part)| *i == 0 || !part.is_empty())
                .map(|(_, part)| *part)
                .collect();
            return (kept.join("/"), self.stem.to_owned(), Some(time.at));
        }
        (self.folder.to_owned(), names::without(self.stem, &time.place), Some(time.at))
    }
}

/// For names that differ only in their times: which of these it is, if it is one.
fn varying(named: &[Named<'_>]) -> BTreeMap<(String, String), usize> {
    let mut sets: BTreeMap<(String, String), Vec<BTreeSet<Timestamp>>> = BTreeMap::new();
    for named in named.iter().filter(|named| named.times.len() > 1) {
        let sets = sets.entry(named.mask()).or_insert_with(|| vec![BTreeSet::new(); named.times.len()]);
        for (set, time) in sets.iter_mut().zip(&named.times) {
            set.insert(time.at);
        }
    }
    let one = |sets: &Vec<BTreeSet<Timestamp>>| {
        let mut varying = (0..sets.len()).filter(|&place| sets[place].len() > 1);
        varying.next().filter(|_| varying.next().is_none())
    };
    sets.iter().filter_map(|(mask, sets)| Some((mask.clone(), one(sets)?))).collect()
}

/// What tells these targets apart, for each of them.
pub(super) fn labels(targets: &[&Target]) -> Vec<Labels> {
    if targets.len() < 2 {
        return vec![Labels::default(); targets.len()];
    }
    let same_name = targets.iter().all(|target| target.name == targets[0].name);
    let says = |name: &str| !SAY_NOTHING.contains(&name.to_ascii_lowercase().as_str());
    let named: Vec<(&str, &str)> = targets
        .iter()
        .map(|target| {
            let mut folders = target.folder.rsplit('/');
            if says(&target.name) && !same_name {
                (target.name.as_str(), folders.next().unwrap_or_default())
            } else {
                (folders.next().unwrap_or_default(), folders.next().unwrap_or_default())
            }
        })
        .collect();
    let jobs: BTreeSet<&str> = named.iter().map(|(_, job)| *job).collect();
    let distinct: BTreeSet<&(&str, &str)> = named.iter().collect();
    let of = |(target, (instance, job)): (&&Target, &(&str, &str))| {
        let whole = || {
            let (folder, name) = (&target.folder, &target.name);
            if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") }
        };
        let instance = if distinct.len() < targets.len() || instance.is_empty() {
            whole()
        } else {
            (*instance).to_owned()
        };
        let mut labels = Labels::new([("instance", instance)]);
        if jobs.len() > 1 && says(job) {
            labels.set("job", *job);
        }
        labels
    };
    targets.iter().zip(&named).map(of).collect()
}

/// Adds labels where a series has none of that name.
pub(super) fn with(mut series: Labels, labels: &Labels) -> Labels {
    for (name, value) in labels.iter_shared() {
        if series.shared(name).is_none() {
            series.set(name.clone(), value.clone());
        }
    }
    series
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(shown: &[&str]) -> Vec<(String, Vec<i64>)> {
        let file = |shown| File { shown, modified: None, zone: chrono_tz::UTC };
        let files: Vec<File<'_>> = shown.iter().copied().map(file).collect();
        let targets = targets(&files, Timestamp(0));
        let all: Vec<&Target> = targets.iter().collect();
        let labels = labels(&all);
        let times = |target: &Target| target.snapshots.iter().map(|(_, at)| at.millis() / 1000).collect();
        targets.iter().zip(labels).map(|(target, labels)| (labels.to_string(), times(target))).collect()
    }

    #[test]
    fn names_that_differ_only_in_their_time_are_one_target() {
        for (shown, expected) in [
            (
                vec!["d/a-1703385015.prom", "d/a-1703385000.prom"],
                vec![("{}", vec![1_703_385_000, 1_703_385_015])],
            ),
            (
                vec!["d/api-1.prom", "d/api-2.prom"],
                vec![(r#"{instance="api-1"}"#, vec![0]), (r#"{instance="api-2"}"#, vec![0])],
            ),
            (
                vec!["d/api-1-1703385000.prom", "d/api-2-1703385000.prom", "d/api-1-1703385015.prom.gz"],
                vec![
                    (r#"{instance="api-1"}"#, vec![1_703_385_000, 1_703_385_015]),
                    (r#"{instance="api-2"}"#, vec![1_703_385_000]),
                ],
            ),
            (
                vec!["d/api/pod1/metrics-1703385000.prom", "d/web/pod2/metrics-1703385000.prom"],
                vec![
                    (r#"{instance="pod1", job="api"}"#, vec![1_703_385_000]),
                    (r#"{instance="pod2", job="web"}"#, vec![1_703_385_000]),
                ],
            ),
            (
                vec!["d/node/n1.prom", "d/api/a1.prom"],
                vec![(r#"{instance="n1", job="node"}"#, vec![0]), (r#"{instance="a1", job="api"}"#, vec![0])],
            ),
            (
                vec!["d/1703385000/n1.prom", "d/1703385015/n1.prom", "d/1703385000/n2.prom"],
                vec![
                    (r#"{instance="n1"}"#, vec![1_703_385_000, 1_703_385_015]),
                    (r#"{instance="n2"}"#, vec![1_703_385_000]),
                ],
            ),
            (
                vec!["build-1234567890-1703385000.prom", "build-1234567890-1703385015.prom"],
                vec![("{}", vec![1_703_385_000, 1_703_385_015])],
            ),
            (
                vec!["1703385000-build-1234567890.prom", "1703385015-build-1234567890.prom"],
                vec![("{}", vec![1_703_385_000, 1_703_385_015])],
            ),
        ] {
            let expected: Vec<(String, Vec<i64>)> =
                expected.into_iter().map(|(labels, times)| (labels.to_owned(), times)).collect();
            assert_eq!(told(&shown), expected, "{shown:?}");
        }
    }
}
