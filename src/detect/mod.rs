//! Known failures, spikes, onsets: what is known by its words is a row of a family, every other detector one file and one line.
//!
//! One pass over the entries counts each kind of entry over time ([`observe`]); a [`Scene`] lays the counts out on
//! one axis; the detectors judge kinds by their words, and by when they became more frequent.

pub mod asked;
pub mod beside;
pub mod book;
pub mod burst;
pub mod collection;
pub mod failure;
pub mod family;
pub mod finding;
pub mod flow;
pub mod latency;
mod limits;
#[cfg(test)]
mod lines;
pub mod number;
pub mod own;
pub mod platform;
pub mod recorded;
mod rollout;
mod sampled;
pub mod share;
pub mod signature;
pub mod silence;
mod states;
pub mod storm;
pub mod success;
pub mod traced;
pub mod traffic;
pub mod volume;

use crate::signatures::known::FAMILIES;
pub use crate::signatures::{Nature, Severity};
pub use crate::timeline::{Evidence, Observed, Scene, Subject, Wants};
pub use family::Family;
pub use finding::Finding;

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

/// The detectors that go by more than words, in the order in which findings of one severity and time are shown.
static DETECTORS: &[&dyn Detector] = &[
    &failure::FAILURE,
    &burst::BURST,
    &share::ERROR_SHARE,
    &latency::LATENCY,
    &storm::STORM,
    &traffic::TRAFFIC,
    &volume::VOLUME,
    &silence::SILENCE,
];

/// Every detector: the families of what is known by its words, and then the others.
pub fn detectors() -> impl Iterator<Item = &'static dyn Detector> {
    let families = FAMILIES.iter().map(|family| *family as &dyn Detector);
    families.chain(DETECTORS.iter().copied())
}

/// What is found in spans: the names and, in one sentence each, what it is.
pub fn of_spans() -> [(&'static str, &'static str); 3] {
    [
        (
            traced::SLOW,
            "in spans: a service whose own work, or the way to and from it, takes longer than usual",
        ),
        (traced::FAILED, "in spans: a service in which errors begin more often than usual, or all the time"),
        (flow::CHANGED, "in spans: operations that no longer say or call what they usually do on their way"),
    ]
}

/// The same, with what was declared beside them.
fn with_declared(wants: &Wants) -> impl Iterator<Item = &'static dyn Detector> {
    detectors().chain(wants.declared.iter().map(|family| *family as &dyn Detector))
}

/// The detector of that name.
pub fn by_name(name: &str) -> Option<&'static dyn Detector> {
    detectors().find(|detector| detector.name() == name)
}

/// The detector of that name, of those that are known and those that were declared.
pub fn named(scene: &Scene<'_>, name: &str) -> Option<&'static dyn Detector> {
    with_declared(scene.wants).find(|detector| detector.name() == name)
}

/// The words of all detectors, sorted, and of what was declared.
pub fn vocabulary(wants: &Wants) -> Vec<&'static str> {
    let mut words: Vec<&'static str> = with_declared(wants).flat_map(Detector::words).collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// What all detectors, or those of these names, find: the most severe first, then by time.
pub fn findings(scene: &Scene<'_>, only: &[String]) -> Vec<Finding> {
    let wanted =
        |detector: &&dyn Detector| only.is_empty() || only.iter().any(|name| name == detector.name());
    // The long tail is what all others leave.
    let told = failure::FAILURE.name();
    let asked = only.is_empty() || only.iter().any(|name| name == told);
    let is_rest = |detector: &dyn Detector| detector.name() == told;
    let mut findings: Vec<Finding> = with_declared(scene.wants)
        .filter(|detector| (asked || wanted(detector)) && !is_rest(*detector))
        .flat_map(|detector| detector.find(scene))
        .collect();
    if asked {
        findings.extend(failure::rest(scene, &findings));
    }
    let wanted = |finding: &Finding| only.is_empty() || only.iter().any(|name| name == finding.detector);
    findings.extend(number::findings(scene));
    findings.retain(wanted);
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
        findings(&Scene::new(&wants, observed, &vocabulary(&wants)), &[])
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
        let mut names: Vec<&str> = detectors().map(Detector::name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), detectors().count());
        let mut needs = Needs::none();
        for word in vocabulary(&Wants::new(&[], &mut needs)) {
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
}
