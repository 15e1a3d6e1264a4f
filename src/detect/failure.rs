//! Failures that no other detector knows: what the grammar of failure reads in the words of entries.
//!
//! Where the words are decisive, or the level says the same, once is enough and no calm part is needed: what fails
//! from the first line on fails, too.

use std::collections::{BTreeMap, BTreeSet};

use super::Detector;
use super::family::{self, evidence, identity, is_constant, subject, summary};
use super::finding::Finding;
use crate::model::Level;
use crate::model::time::NANOS;
use crate::series::bins::Bins;
use crate::signatures::grammar::{self, Told};
use crate::signatures::known::{FAMILIES, Family};
use crate::signatures::{Decisive, Nature, Severity};
use crate::timeline::Subject;
use crate::timeline::observe::{Kind, Signal, What};
use crate::timeline::scene::Scene;

/// What the words of entries tell of, and no other detector knows.
#[derive(Debug)]
pub struct Failure;

/// The detector of the long tail.
pub static FAILURE: Failure = Failure;

/// What is told, in words of its own: it outlives the text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sign {
    nature: Nature,
    decisive: Decisive,
    /// The detector under whose name it is told.
    name: &'static str,
    words: String,
    object: Option<String>,
    kind: usize,
    /// Does its level, or that it is no more frequent than usual, speak against it?
    quiet: bool,
}

impl Detector for Failure {
    fn name(&self) -> &'static str {
        "failure"
    }

    fn what(&self) -> &'static str {
        "failures told"
    }

    fn about(&self) -> &'static str {
        "entries whose words tell of a failure that no other detector knows (cannot, denied, not found, unavailable, … in nine languages): once is enough where words or level say so"
    }

    fn find(&self, scene: &Scene<'_>) -> Vec<Finding> {
        rest(scene, &[])
    }
}

/// What is told in the entries that the others have found nothing in.
pub fn rest(scene: &Scene<'_>, known: &[Finding]) -> Vec<Finding> {
    // A burst is made of errors of every kind; those that were always there are not told by it.
    let told_by = |finding: &Finding, kind: usize| {
        finding.nature != Nature::Context
            && (finding.detector != "error-burst" || scene.change(kind).is_some())
    };
    let known: BTreeSet<usize> = known
        .iter()
        .flat_map(|finding| finding.kinds.iter().copied().filter(|kind| told_by(finding, *kind)))
        .collect();
    // What is so all the time is another thing than what became more frequent.
    let mut signs: BTreeMap<(Subject, Nature, &str, bool), Vec<Sign>> = BTreeMap::new();
    for (at, (kind, signal)) in scene.kinds.iter().enumerate() {
        let says_nothing = kind.text.is_empty() && kind.level < Some(Level::Fatal);
        if kind.what != What::Template || known.contains(&at) || says_nothing {
            continue;
        }
        let is_excused = |family: &&Family| {
            family.nature != Nature::Context && family.excuses(|word| scene.has_word(at, word))
        };
        if FAMILIES.iter().any(is_excused) {
            continue;
        }
        // In a log of which a good part says that it fails, that is no talk.
        let holds = |sign: &Sign| !sign.quiet || is_much(scene, kind.group, signal.count);
        let sign = named(sign(kind, signal, at), by_family(scene, at)).filter(holds);
        if let Some(sign) = sign {
            let changes = scene.change(at).is_some();
            signs.entry((identity(scene, kind), sign.nature, sign.name, changes)).or_default().push(sign);
        }
    }
    signs.into_values().filter_map(|signs| conclude(scene, signs)).collect()
}

/// Is so much of a log said by so many entries that it is no small part of it?
fn is_much(scene: &Scene<'_>, group: u32, count: u64) -> bool {
    count * 5 >= scene.said(group)
}

/// What a family knows by its words that has not become more frequent: it is none of its findings, and no talk either.
fn by_family(scene: &Scene<'_>, at: usize) -> Option<Sign> {
    let (kind, _) = &scene.kinds[at];
    let family =
        family::told_by(scene, at).filter(|_| kind.level.is_none_or(|level| level >= Level::Warn))?;
    let (name, nature, words) = (family.name, family.nature, family.what.to_owned());
    Some(Sign { nature, decisive: Decisive::Repeated, name, words, object: None, kind: at, quiet: true })
}

/// What the words tell, under the name of the family that knows them, if one does.
fn named(told: Option<Sign>, known: Option<Sign>) -> Option<Sign> {
    match (told, known) {
        (Some(told), Some(Sign { nature, name, words, .. })) => Some(Sign { nature, name, words, ..told }),
        (told, known) => told.or(known),
    }
}

/// What a kind of entry tells.
fn sign(kind: &Kind, signal: &Signal, at: usize) -> Option<Sign> {
    let example = String::from_utf8_lossy(&signal.example.text);
    let said = said(&kind.text, &example);
    let masked = grammar::read(&kind.text);
    let plain = said.and_then(grammar::read);
    // What depends on a value, and names of errors in mixed letters, stand in the entry only.
    let told = match (&masked, &plain) {
        (Some(told), _) => Some((told, kind.text.as_str())),
        (None, Some(told)) => Some((told, said.unwrap_or_default())),
        (None, None) => None,
    };
    let least = match kind.level {
        Some(level) if level >= Level::Error => Decisive::Context,
        Some(Level::Warn) | None => Decisive::Repeated,
        Some(_) => Decisive::Once,
    };
    let Some((told, text)) = told else { return by_level(kind, at) };
    let quiet = told.decisive < least;
    if quiet && told.decisive == Decisive::Context {
        return None;
    }
    let object = |told: &Told<'_>| told.object.map(str::to_owned);
    Some(Sign {
        nature: told.nature,
        decisive: told.decisive,
        name: FAILURE.name(),
        words: text[told.words.clone()].to_lowercase(),
        object: plain.as_ref().and_then(object).or_else(|| masked.as_ref().and_then(object)),
        kind: at,
        quiet,
    })
}

/// What part a failure plays by the grammar of its words, if they tell of one.
pub fn nature(scene: &Scene<'_>, kind: usize) -> Option<Nature> {
    let (of, signal) = &scene.kinds[kind];
    Some(sign(of, signal, kind)?.nature)
}

/// What only its level says.
fn by_level(kind: &Kind, at: usize) -> Option<Sign> {
    let level = kind.level.filter(|level| *level >= Level::Error)?;
    let words = match level {
        Level::Error => "an error",
        _ => "a fatal error",
    };
    let decisive = if level == Level::Error { Decisive::Context } else { Decisive::Once };
    Some(Sign {
        nature: Nature::Symptom,
        decisive,
        name: FAILURE.name(),
        words: words.to_owned(),
        object: None,
        kind: at,
        quiet: false,
    })
}

/// The part of an entry that its masked text was made of, where it can be found by its beginning.
fn said<'e>(masked: &str, example: &'e str) -> Option<&'e str> {
    const ENOUGH: usize = 40;
    let head = masked.split(['#', '=', '|']).next()?.trim_end();
    let head = &head.as_bytes()[..head.len().min(ENOUGH)];
    let at = example.char_indices().map(|(at, _)| at).find(|at| {
        let rest = &example.as_bytes()[*at..];
        rest.len() >= head.len() && rest[..head.len()].eq_ignore_ascii_case(head)
    })?;
    (!head.is_empty()).then(|| &example[at..])
}

/// Is it a small part of a log in which the rest goes on, and no more frequent than it was? That is nothing new.
fn is_usual(scene: &Scene<'_>, signs: &[Sign]) -> bool {
    const FEW: u64 = 100;
    let groups: BTreeSet<u32> = signs.iter().map(|sign| scene.kinds[sign.kind].0.group).collect();
    let all: u64 = groups.into_iter().map(|group| scene.said(group)).sum();
    let told: u64 = signs.iter().map(|sign| scene.kinds[sign.kind].1.count).sum();
    let rises = signs.iter().any(|sign| scene.change(sign.kind).is_some());
    let decides = signs.iter().any(|sign| sign.decisive == Decisive::Once);
    !rises && !decides && all - told > FEW && told * 5 < all
}

fn conclude(scene: &Scene<'_>, mut signs: Vec<Sign>) -> Option<Finding> {
    let count = |sign: &Sign| scene.kinds[sign.kind].1.count;
    if is_usual(scene, &signs) {
        return None;
    }
    // What decides comes first, then what is said most often.
    let decides = |sign: &Sign| sign.decisive == Decisive::Once;
    signs.sort_by_key(|sign| (std::cmp::Reverse((decides(sign), count(sign), sign.decisive)), sign.kind));
    let mut bins = Bins::default();
    let mut untimed = 0;
    for sign in &signs {
        let signal = &scene.kinds[sign.kind].1;
        bins.merge(scene.judged(&signal.bins));
        untimed += signal.count - signal.bins.count();
    }
    if scene.given.is_some() && bins.count() == 0 {
        return None;
    }
    let first = signs.first()?;
    let kinds: Vec<usize> = signs.iter().map(|sign| sign.kind).collect();
    let (kind, _) = &scene.kinds[first.kind];
    let rises = kinds.iter().any(|kind| scene.change(*kind).is_some());
    let constant =
        !rises && (is_constant(scene, kind.group, &bins) || kinds.iter().any(|kind| scene.was_usual(*kind)));
    // What only a level says, and says all the time, is noise.
    if constant && signs.iter().all(|sign| sign.decisive == Decisive::Context) {
        return None;
    }
    let is_error = kinds.iter().any(|kind| scene.kinds[*kind].0.is_error());
    let most = signs.iter().map(|sign| sign.decisive).max().unwrap_or(first.decisive);
    let severity = match most {
        _ if constant => Severity::Low,
        Decisive::Once => Severity::High,
        _ if is_error || kind.level.is_none() => Severity::Medium,
        _ => Severity::Low,
    };
    let mut finding = Finding {
        from: bins.first().map(|first| first.ts),
        to: bins.last(),
        count: bins.count() + untimed,
        windows: bins.runs(60 * NANOS),
        constant,
        kinds,
        ..Finding::new(first.name, severity, first.nature, subject(scene, kind))
    };
    let what = match &first.object {
        _ if first.name != FAILURE.name() => first.words.clone(),
        Some(object) => format!("failure ({}: {object})", first.words),
        None => format!("failure ({})", first.words),
    };
    finding.summary = summary(&what, &finding);
    finding.what = Some(what);
    finding.evidence = evidence(scene, &bins, &finding.kinds);
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, found, noise};
    use super::*;

    fn failures(entries: &[(i64, Option<Level>, &str)]) -> Vec<Finding> {
        found(entries).into_iter().filter(|finding| finding.detector == "failure").collect()
    }

    #[test]
    fn the_long_tail_is_told_by_its_words() {
        check(
            "failure",
            &["warn: ledger cannot be sealed", "warn: plugin geoip not found", "info: shard 3 is corrupt"],
            &["info: plugin geoip not found", "order received", "warn: no errors found"],
        );
    }

    #[test]
    fn once_is_enough_and_no_calm_part_is_needed() {
        let error = Some(Level::Error);
        let told = failures(&[(0, error, "cannot seal ledger-7: journal is missing")]);
        assert_eq!(told.len(), 1, "{told:#?}");
        assert_eq!((told[0].severity, told[0].nature), (Severity::Medium, Nature::Fault));
        let told = failures(&[(0, None, "volume data-3 exhausted")]);
        assert_eq!(told[0].severity, Severity::High);
        assert!(told[0].summary.starts_with("failure (exhausted: data-3)"), "{}", told[0].summary);
        let info = Some(Level::Info);
        let mut talk: Vec<_> = (0..5).map(|at| (at, info, "ledger-7 is sealed")).collect();
        talk.push((5, info, "cannot seal ledger-7"));
        assert_eq!(failures(&talk), []);
        // Unless a good part of the log says so.
        assert_eq!(failures(&talk[4..])[0].severity, Severity::Low);
    }

    #[test]
    fn what_always_fails_is_quiet_where_the_rest_goes_on_unless_it_decides() {
        assert_eq!(noise(Some(Level::Error), "cannot seal the ledger"), []);
        let told = noise(Some(Level::Error), "the ledger is corrupt, unhandled");
        assert!(told.iter().all(|finding| finding.severity == Severity::Low), "{told:#?}");
    }

    #[test]
    fn an_error_without_words_for_it_is_told_unless_it_is_noise() {
        let error = Some(Level::Error);
        assert_eq!(failures(&[(0, error, "sealing the ledger")]).len(), 1);
        assert_eq!(failures(&[(0, Some(Level::Warn), "sealing the ledger")]), []);
        assert_eq!(noise(error, "sealing the ledger"), []);
    }

    #[test]
    fn values_count_where_the_words_alone_do_not_tell() {
        assert_eq!(failures(&[(0, None, "hook finished, exit code 0")]), []);
        assert_eq!(failures(&[(0, None, "hook finished, exit code 3")]).len(), 1);
        assert_eq!(failures(&[(0, None, "sync done: 0 errors")]), []);
        assert_eq!(failures(&[(0, None, "put: InvalidLedgerBatch")]).len(), 1);
    }
}
