//! What in a bundle of a machine is no evidence: settings, states of the kernel, lists, what commands printed, and what
//! the program that made the bundle tells of its own work.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use super::ScanOptions;
use crate::format::log::Profile;
use crate::format::log::reader::of_pod;
use crate::format::time::{self, Clock};
use crate::model::Timestamp;
use crate::source::{self, Content, Found, OpenOptions};

/// Folders of a machine, as `sos report` and others copy them, and what their files are. Those of `sos` are its own names
/// (sos(1)); the others are those of the file hierarchy.
const FOLDERS: &[(&str, What)] = &[
    ("etc", What { is: "configuration", logs: true }),
    ("proc", What { is: "a state of the kernel", logs: true }),
    ("sys", What { is: "a state of the kernel", logs: true }),
    ("sos_commands", What { is: "what a command printed, and no log", logs: true }),
    ("scc_commands", What { is: "what a command printed, and no log", logs: true }),
    ("sos_logs", What { is: MAKER, logs: false }),
    ("sos_reports", What { is: MAKER, logs: false }),
    ("sos_strings", What { is: "texts within files, and no log", logs: true }),
];

/// Files beside them.
const FILES: &[(&str, What)] = &[
    ("installed-rpms", What { is: "a list of packages", logs: false }),
    ("installed-debs", What { is: "a list of packages", logs: false }),
    ("package-data", What { is: "a list of packages", logs: false }),
    ("must-gather.logs", What { is: MAKER, logs: false }),
    ("must-gather.log", What { is: MAKER, logs: false }),
    ("gather-debug.log", What { is: MAKER, logs: false }),
    ("timestamp", What { is: MAKER, logs: false }),
    ("supportconfig.txt", What { is: MAKER, logs: false }),
];

const MAKER: &str = "what the maker of the bundle tells of its own work";

/// What a file is, and whether logs are among such files.
#[derive(Clone, Copy)]
struct What {
    is: &'static str,
    logs: bool,
}

/// Why a file that was found in a folder or an archive is no evidence, if it is none.
pub(super) fn is_none(profile: &Profile, found: &Found, roots: &[PathBuf]) -> Option<String> {
    if found.named {
        return None;
    }
    let what = what(below(found, roots))?;
    // Settings may well hold a time or two, comments above all; of a log most lines do.
    let entries: usize = profile.survey.understood.iter().map(|(_, count)| count).sum();
    let is_called = found.shown.rsplit(['/', '!']).next().is_some_and(|name| name.contains(".log"));
    let is_log = what.logs && (is_called || entries > 1 && entries * 2 >= profile.survey.lines);
    (!is_log).then(|| what.is.to_owned())
}

/// The path of a file below what was given.
fn below<'f>(found: &'f Found, roots: &[PathBuf]) -> &'f Path {
    if let Some(member) = &found.member {
        return Path::new(member.name());
    }
    let below = roots.iter().filter_map(|root| found.path.strip_prefix(root).ok());
    below.min_by_key(|path| path.as_os_str().len()).unwrap_or(&found.path)
}

/// Where a bundle keeps what `date` said: below its own folder.
const DATES: &[&str] =
    &["sos_commands/date/date", "sos_commands/general/date", "basic-environment.txt!scc_commands/date"];

/// Where it keeps the name of its machine, and the word that is it.
const HOSTS: &[(&str, usize)] = &[
    ("sos_commands/host/hostname", 0),
    ("sos_commands/general/hostname", 0),
    ("basic-environment.txt!scc_commands/uname_-a", 1),
];

/// What a bundle tells of itself.
#[derive(Debug, Default)]
struct Bundle {
    made: Option<Timestamp>,
    host: Option<String>,
}

/// The bundles among files, by how the paths of their files begin.
#[derive(Debug, Default)]
pub(super) struct Bundles(BTreeMap<String, Bundle>);

impl Bundles {
    /// Looks for files in which bundles tell of themselves.
    pub(super) fn of(all: &[Found], scan: &ScanOptions) -> Bundles {
        let mut bundles = Bundles::default();
        for found in all {
            let shown = &found.shown;
            if let Some(folder) = DATES.iter().find_map(|date| shown.strip_suffix(date)) {
                let zone = scan.read.zone.unwrap_or(chrono_tz::UTC);
                let stamp = first_line(found, scan).and_then(|line| Some(time::read(line.as_bytes())?.0));
                let made = stamp.and_then(|stamp| Clock { zone, ..Clock::default() }.resolve(stamp));
                bundles.0.entry(folder.to_owned()).or_default().made = made;
            }
            let host = HOSTS.iter().find_map(|(host, word)| Some((shown.strip_suffix(host)?, *word)));
            if let Some((folder, word)) = host {
                let line = first_line(found, scan).unwrap_or_default();
                let host = line.split_whitespace().nth(word).map(str::to_owned);
                bundles.0.entry(folder.to_owned()).or_default().host = host;
            }
        }
        bundles
    }

    fn with(&self, shown: &str) -> Option<&Bundle> {
        self.0.iter().find(|(folder, _)| shown.starts_with(*folder)).map(|(_, bundle)| bundle)
    }

    /// When a file was last written: no file of a bundle was written after that was made, whatever the disk says that it
    /// was copied to.
    pub(super) fn written(&self, shown: &str, modified: Option<Timestamp>) -> Option<Timestamp> {
        let made = self.with(shown).and_then(|bundle| bundle.made);
        made.map(|made| modified.map_or(made, |modified| modified.min(made))).or(modified)
    }

    /// The machine, or the pod, that a file is of.
    pub(super) fn host(&self, shown: &str) -> Option<String> {
        let machine = self.with(shown).and_then(|bundle| bundle.host.clone());
        let mut folders = shown.split(['/', '!']);
        machine.or_else(|| {
            folders.find(|folder| *folder == "pods")?;
            let pod = folders.next().filter(|pod| of_pod(pod.as_bytes()).is_some())?;
            Some(pod.to_owned())
        })
    }
}

fn first_line(found: &Found, scan: &ScanOptions) -> Option<String> {
    let opened = source::open(found, &OpenOptions { map: scan.map }, &scan.cancel).ok()?;
    let mut head = Vec::new();
    match opened.content {
        Content::Mapped(map) => head.extend_from_slice(&map[..map.len().min(LONGEST)]),
        // Less than that is enough.
        Content::Stream(stream) => drop(stream.take(LONGEST as u64).read_to_end(&mut head)),
    }
    let text = String::from_utf8_lossy(&head);
    text.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
}

/// An answer of `date`, `hostname` or `uname` is no longer.
const LONGEST: usize = 256;

/// What a path is of; of several folders that tell, the innermost.
fn what(path: &Path) -> Option<What> {
    let known = |table: &'static [(&str, What)], name: &str| table.iter().find(|(known, _)| *known == name);
    let folder = path.parent()?.components().rev().find_map(|part| match part {
        Component::Normal(part) => known(FOLDERS, part.to_str()?),
        _ => None,
    });
    known(FILES, path.file_name()?.to_str()?).or(folder).map(|(_, what)| *what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_are_named_by_their_folders() {
        let bundles = Bundles::default();
        for (path, host) in [
            ("a/namespaces/x/pods/cart-579f59597d-wc2lz/c/c/logs/current.log", Some("cart-579f59597d-wc2lz")),
            ("a/pods/cart/current.log", None),
            ("cart-579f59597d-wc2lz/current.log", None),
        ] {
            assert_eq!(bundles.host(path).as_deref(), host, "{path}");
        }
    }

    #[test]
    fn folders_of_machines_are_known() {
        for (path, is) in [
            ("etc/berthd/berthd.conf", Some("configuration")),
            ("sosreport-a/etc/hosts", Some("configuration")),
            ("sosreport-a/sos_commands/networking/netstat_-s", Some("what a command printed, and no log")),
            ("sosreport-a/sos_commands/logs/etc/x", Some("configuration")),
            ("sosreport-a/installed-rpms", Some("a list of packages")),
            ("sosreport-a/var/log/messages", None),
            ("var/log/etc.log", None),
        ] {
            assert_eq!(what(Path::new(path)).map(|what| what.is), is, "{path}");
        }
    }
}
