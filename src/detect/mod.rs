//! Known failures, spikes, onsets: every detector is one file and one line in `DETECTORS`.
//!
//! One pass over the entries counts each kind of entry over time ([`observe`]); a [`Scene`] lays the counts out on
//! one axis; the detectors judge kinds by their words, and by when they became more frequent.

pub mod affected;
pub mod asked;
pub mod beside;
pub mod bins;
pub mod burst;
pub mod cause;
pub mod change;
pub mod clock;
pub mod course;
pub mod crash;
pub mod deploy;
pub mod doubt;
pub mod drawn;
pub mod evidence;
pub mod family;
pub mod finding;
pub mod gauge;
pub mod latency;
pub mod lift;
pub mod limit;
pub mod lock;
pub mod mask;
pub mod memory;
pub mod meter;
pub mod narrow;
pub mod network;
pub mod number;
pub mod observe;
pub mod own;
pub mod owner;
pub mod phrase;
pub mod pool;
pub mod quote;
pub mod reach;
pub mod recent;
pub mod recorded;
pub mod scene;
pub mod share;
pub mod sign;
pub mod silence;
pub mod stall;
pub mod storage;
pub mod storm;
pub mod success;
pub mod template;
pub mod timeout;
pub mod track;
pub mod traffic;
pub mod trust;
pub mod volume;

pub use family::Family;
pub use finding::{Evidence, Finding, Nature, Severity, Subject};
pub use observe::{Observed, Wants};
pub use scene::Scene;

/// Finds one kind of failure in what was observed.
pub trait Detector: Sync {
    /// The name in output and for `--only`.
    fn name(&self) -> &'static str;

    /// What it finds, in the words of a summary: `deadlocks`.
    fn what(&self) -> &'static str;

    /// One sentence for the list of detectors.
    fn about(&self) -> &'static str;

    /// The words it looks for, in lower case: they are looked up for all detectors at once. Those that go by numbers
    /// look for none.
    fn words(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// What it finds.
    fn find(&self, scene: &Scene<'_>) -> Vec<Finding>;
}

/// Every detector, in the order in which findings of one severity and time are shown.
pub static DETECTORS: &[&dyn Detector] = &[
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
    &burst::BURST,
    &share::ERROR_SHARE,
    &latency::LATENCY,
    &storm::STORM,
    &traffic::TRAFFIC,
    &volume::VOLUME,
    &silence::SILENCE,
    &deploy::DEPLOY,
    &deploy::CONFIGURATION,
    &deploy::JOB,
];

/// The detector of that name.
pub fn by_name(name: &str) -> Option<&'static dyn Detector> {
    DETECTORS.iter().copied().find(|detector| detector.name() == name)
}

/// The words of all detectors, sorted.
pub fn vocabulary() -> Vec<&'static str> {
    let mut words: Vec<&'static str> = DETECTORS.iter().flat_map(|detector| detector.words()).collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// What all detectors, or those of these names, find: the most severe first, then by time.
pub fn findings(scene: &Scene<'_>, only: &[String]) -> Vec<Finding> {
    let wanted =
        |detector: &&&dyn Detector| only.is_empty() || only.iter().any(|name| name == detector.name());
    let mut findings: Vec<Finding> =
        DETECTORS.iter().filter(wanted).flat_map(|detector| detector.find(scene)).collect();
    let wanted = |finding: &Finding| only.is_empty() || only.iter().any(|name| name == finding.detector);
    findings.extend(number::findings(scene).into_iter().filter(wanted));
    findings.sort_by_cached_key(Finding::order);
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::Fold;
    use crate::model::{Entry, Level, Location, Needs, Role, Slots, Timestamp, Value};

    /// What the detectors find in entries: second, level, message. The entries are of one service and one file.
    pub(super) fn found(entries: &[(i64, Option<Level>, &str)]) -> Vec<Finding> {
        let mut needs = Needs::none();
        let wants = Wants::new(&[], &mut needs);
        let mut observed = Observed::new(&wants);
        for (line, (second, level, message)) in entries.iter().enumerate() {
            let mut slots = Slots::new(&needs);
            slots.ts = Timestamp::new(1_700_000_000 + second, 0);
            slots.level = *level;
            slots.set(Role::Message.slot(), Value::plain(message.as_bytes()));
            slots.set(Role::Service.slot(), Value::plain(b"shop"));
            let location = Location { file: 0, chunk: 0, line: line as u32 };
            observed.add(&Entry {
                location,
                offset: 0,
                raw: message.as_bytes(),
                understood: true,
                slots: &slots,
            });
        }
        findings(&Scene::new(&wants, observed, &vocabulary()), &[])
    }

    /// An hour of normal work, and in the 31st minute twelve times these messages.
    pub(super) fn outage(level: Option<Level>, messages: &[&str]) -> Vec<Finding> {
        let mut entries: Vec<(i64, Option<Level>, &str)> =
            (0..1200).map(|i| (i * 3, Some(Level::Info), "order received")).collect();
        entries.extend(
            (0..12).flat_map(|i| messages.iter().map(move |message| (1800 + i * 5, level, *message))),
        );
        found(&entries)
    }

    /// An hour in which this message comes every 20 s, from the beginning to the end.
    pub(super) fn noise(level: Option<Level>, message: &str) -> Vec<Finding> {
        let mut entries: Vec<(i64, Option<Level>, &str)> =
            (0..1200).map(|i| (i * 3, Some(Level::Info), "order received")).collect();
        entries.extend((0..180).map(|i| (i * 20, level, message)));
        found(&entries)
    }

    /// Each message is found by this detector (errors, unless they begin with `info: ` or `warn: `), and none of the
    /// others is.
    pub(super) fn check(detector: &str, fires: &[&str], quiet: &[&str]) {
        let level = |text: &str| match text.split_once(": ").map(|(level, _)| level) {
            Some("info") => Some(Level::Info),
            Some("warn") => Some(Level::Warn),
            _ => Some(Level::Error),
        };
        let body = |text: &str| -> String {
            text.strip_prefix("info: ").or_else(|| text.strip_prefix("warn: ")).unwrap_or(text).to_owned()
        };
        for text in fires {
            let findings = outage(level(text), &[&body(text)]);
            assert!(
                findings.iter().any(|finding| finding.detector == detector),
                "{detector} misses: {text}\n{findings:#?}"
            );
        }
        for text in quiet {
            let findings = outage(level(text), &[&body(text)]);
            assert!(findings.iter().all(|finding| finding.detector != detector), "{detector} takes: {text}");
        }
    }

    #[test]
    fn names_are_unique_and_words_are_lower_case() {
        let mut names: Vec<&str> = DETECTORS.iter().map(|detector| detector.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), DETECTORS.len());
        for word in vocabulary() {
            assert!(!word.is_empty() && word == word.to_ascii_lowercase(), "{word}");
        }
    }

    #[test]
    fn nothing_is_found_in_nothing_and_in_normal_work() {
        assert_eq!(found(&[]), []);
        assert_eq!(noise(Some(Level::Info), "order paid"), []);
    }

    #[test]
    fn constant_noise_is_at_most_low() {
        for message in [
            "Read timed out",
            "connection refused",
            "Payment gateway error: 502 from upstream",
            "token rejected: signature expired",
            "unhandled exception",
            "deadlock detected",
            "HTTP 429 too many requests",
        ] {
            let findings = noise(Some(Level::Error), message);
            assert!(
                findings.iter().all(|finding| finding.severity == Severity::Low),
                "{message}: {findings:#?}"
            );
        }
    }

    /// Where a fixture is.
    fn fixture(path: &str) -> std::path::PathBuf {
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path)
    }

    /// What is in a folder, in the order of the names.
    #[expect(clippy::disallowed_methods, reason = "which fixtures there are")]
    fn within(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    }

    /// The story of fixtures, read with so many threads and chunks of so many bytes, as JSON.
    fn story(path: &str, threads: usize, chunk: usize) -> (Vec<Finding>, String) {
        let path = fixture(path);
        let options = crate::scan::ScanOptions {
            threads,
            chunk,
            map: true,
            read: crate::format::log::reader::ReadOptions::default(),
            cancel: std::sync::Arc::default(),
            progress: std::sync::Arc::default(),
        };
        let inputs = crate::scan::survey(&[path], crate::scan::SurveyOptions::default(), &options);
        let mut needs = Needs::none();
        let wants = Wants::new(&inputs.logs, &mut needs);
        let selection = crate::scan::Selection::everything(needs);
        let (observed, scanned) =
            crate::scan::fold(&inputs.logs, &selection, &options, || Observed::new(&wants));
        let scene = Scene::new(&wants, observed, &vocabulary());
        let mut findings = findings(&scene, &[]);
        let mut story = cause::story(&scene, &findings, None, None);
        evidence::fill(&mut findings, &inputs.logs, &scanned, &options);
        let shown = story.causes.iter_mut().flat_map(|cause| cause.evidence.iter_mut());
        evidence::fill_all(shown.collect(), &inputs.logs, &scanned, &options);
        let json = serde_json::json!({"findings": findings, "causes": story.causes, "onset": story.onset.map(|at| at.to_string())});
        (findings, json.to_string())
    }

    #[test]
    fn the_story_does_not_depend_on_threads_and_chunks() {
        let (_, one) = story("outage", 1, 1 << 20);
        for (threads, chunk) in [(7, 1 << 20), (3, 4_096), (2, 999)] {
            assert!(story("outage", threads, chunk).1 == one, "{threads} threads, chunks of {chunk}");
        }
    }

    #[test]
    fn the_outage_is_found_and_the_calm_is_quiet() {
        let (findings, json) = story("outage", 2, 1 << 20);
        assert_eq!(findings[0].detector, "pool-exhaustion");
        assert!(findings[0].subject.file.ends_with("payment-service/db.log"));
        assert!(findings[0].evidence.iter().all(|evidence| evidence.line > 0 && !evidence.text.is_empty()));
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["causes"][0]["detector"], "pool-exhaustion");
        assert!(json["onset"].is_string());
        let (findings, json) = story("calm", 2, 1 << 20);
        assert_eq!(findings, []);
        assert!(json.contains("\"causes\":[]"), "{json}");
    }

    /// What the words of some libraries say beside: who waits for a pool in vain tells of a timeout, and errors that
    /// are more frequent than usual are so in any words.
    const BESIDE: &[(&str, &[&str])] = &[("pool-exhaustion", &["timeout"])];

    /// Every family has a folder with logs in which it, and nothing else, is found. In the calm logs of all folders
    /// nothing is found at all.
    #[test]
    fn every_family_fires_in_its_folder_and_is_quiet_in_the_calm_ones() {
        let root = fixture("detect");
        let mut wrong = Vec::new();
        for detector in DETECTORS {
            let name = detector.name();
            let logs = within(&root.join(name)).into_iter().filter(|path| !path.ends_with("calm"));
            let mut logs = logs.peekable();
            assert!(logs.peek().is_some(), "{name} has no fixture");
            for log in logs {
                let path = format!("detect/{name}/{}", log.file_name().unwrap().to_string_lossy());
                let (findings, _) = story(&path, 1, 1 << 20);
                let mut found: Vec<&str> = findings.iter().map(|finding| finding.detector).collect();
                let beside = BESIDE.iter().find(|(of, _)| *of == name).map_or(&[][..], |(_, beside)| beside);
                found.retain(|found| *found == name || (*found != "error-burst" && !beside.contains(found)));
                if found != [name] {
                    wrong.push(format!("{path}: {found:?}"));
                }
            }
            let calm = format!("detect/{name}/calm");
            let (findings, story) = story(&calm, 1, 1 << 20);
            if !findings.is_empty() || !story.contains("\"causes\":[]") {
                let said: Vec<&str> = findings.iter().map(|finding| finding.summary.as_str()).collect();
                wrong.push(format!("{calm}: {said:?}"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
