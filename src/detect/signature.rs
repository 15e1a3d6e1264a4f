//! Signatures from files: lines that meet their conditions are noted during the pass, and put together after it.

use std::collections::BTreeMap;

use super::family::summary;
use super::finding::{Advice, Finding};
use crate::fold::{Damaged, Fold, Loaded, Saved, Travel};
use crate::model::{Entry, Location, Needs, Role, Slot, Timestamp};
use crate::series::bins::{Bins, Moment};
use crate::signatures::cre::{Body, Negate, Rule, Signatures, Wanted};
use crate::signatures::{Nature, Severity};
use crate::timeline::scene::Scene;
use crate::timeline::{Evidence, Subject, Wants};

/// Entries that are shown of a match.
const SHOWN: usize = 6;

/// A line that meets a condition: of which entry, which of its lines, when, and whose.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
struct Hit {
    location: Location,
    line: u32,
    pattern: u32,
    ts: Option<Timestamp>,
    whose: Box<[u8]>,
}

/// The state of the pass.
#[derive(Debug)]
pub struct Sightings<'s> {
    signatures: &'s Signatures,
    alike: Vec<Slot>,
    hits: Vec<Hit>,
    services: BTreeMap<u32, String>,
}

impl<'s> Sightings<'s> {
    /// Nothing yet.
    pub fn new(signatures: &'s Signatures, alike: &[Slot]) -> Sightings<'s> {
        Sightings { signatures, alike: alike.to_vec(), hits: Vec::new(), services: BTreeMap::new() }
    }
}

/// Asks for the fields by which the rules tell matches apart.
pub fn ask(signatures: &Signatures, needs: &mut Needs) -> Vec<Slot> {
    signatures
        .fields()
        .into_iter()
        .map(|name| match Role::from_name(name) {
            Some(role) => {
                needs.role(role);
                role.slot()
            }
            None => needs.field(name),
        })
        .collect()
}

impl Fold for Sightings<'_> {
    fn add(&mut self, entry: &Entry<'_, '_>) {
        if self.signatures.is_empty() {
            return;
        }
        let before = self.hits.len();
        self.note(entry, entry.raw);
        // A condition may reach over the lines of one entry.
        if before == self.hits.len() && entry.raw.contains(&b'\n') {
            let joined: Vec<u8> = entry.raw.iter().map(|b| if *b == b'\n' { b' ' } else { *b }).collect();
            self.note(entry, &joined);
        }
        // What is wrapped or escaped reads otherwise than it stands.
        if before == self.hits.len()
            && let Some(std::borrow::Cow::Owned(message)) = entry.slots.role(Role::Message).key()
        {
            self.note(entry, &message);
        }
        if before < self.hits.len()
            && let Some(service) = entry.slots.role(Role::Service).key()
        {
            let service = String::from_utf8_lossy(&service).into_owned();
            keep_least(&mut self.services, entry.location.file, service);
        }
    }

    fn merge(&mut self, other: Self) {
        self.hits.extend(other.hits);
        for (file, service) in other.services {
            keep_least(&mut self.services, file, service);
        }
    }
}

impl Travel for Sightings<'_> {
    fn save(mut self, to: &mut Saved) {
        self.hits.sort_unstable();
        to.put(&(&self.hits, &self.services));
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        (self.hits, self.services) = from.take()?;
        Ok(())
    }
}

/// Keeps the first of the names of a file in their order: it does not matter who saw which.
fn keep_least(services: &mut BTreeMap<u32, String>, file: u32, service: String) {
    let kept = services.entry(file).or_insert_with(|| service.clone());
    if service < *kept {
        *kept = service;
    }
}

impl Sightings<'_> {
    fn note(&mut self, entry: &Entry<'_, '_>, text: &[u8]) {
        for (line, text) in (0..).zip(text.split(|b| *b == b'\n')) {
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            for pattern in self.signatures.seen(text) {
                let mut whose = Vec::new();
                for slot in &self.alike {
                    whose.extend_from_slice(&entry.slots.get(*slot).key().unwrap_or_default());
                    whose.push(0);
                }
                let (location, ts) = (entry.location, entry.slots.ts);
                self.hits.push(Hit { location, line, pattern: pattern as u32, ts, whose: whose.into() });
            }
        }
    }
}

/// Something that meets a condition: a line, or all lines of a nested set or sequence.
#[derive(Clone, Copy, Debug)]
struct Met {
    /// The times of its first and last line.
    from: i64,
    to: i64,
    /// The numbers of these lines in their order.
    first: usize,
    last: usize,
    moment: Moment,
}

/// What a rule's conditions were met by, all of them.
#[derive(Clone, Debug)]
struct Match {
    whole: Met,
    parts: Vec<Met>,
}

/// What the signatures find.
pub fn findings(sightings: Sightings<'_>, scene: &Scene<'_>) -> Vec<Finding> {
    let Sightings { signatures, mut hits, services, .. } = sightings;
    hits.sort_unstable();
    let of_pattern = place(&hits, scene.wants);
    let mut found: Vec<Finding> =
        signatures.rules.iter().filter_map(|rule| judge(rule, &of_pattern, scene, &services)).collect();
    found.sort_by_cached_key(Finding::order);
    found
}

/// Lines that one condition can be met by: of which log and whose.
type Lines = BTreeMap<u32, Vec<Met>>;

/// The lines of each log (and of each of those that have to be told apart), by the numbers of their patterns. A line
/// without a time has that of the one before it.
fn place(hits: &[Hit], wants: &Wants) -> BTreeMap<(u32, Box<[u8]>), Lines> {
    let mut logs: BTreeMap<(u32, Box<[u8]>), Lines> = BTreeMap::new();
    let mut times: BTreeMap<u32, i64> = BTreeMap::new();
    for hit in hits {
        if let Some(ts) = hit.ts {
            times.entry(hit.location.file).or_insert(ts.0);
        }
    }
    let mut order = 0;
    let mut last: Option<(Location, u32)> = None;
    for hit in hits {
        let here = (hit.location, hit.line);
        order += usize::from(last != Some(here));
        last = Some(here);
        let time = times.entry(hit.location.file).or_default();
        *time = hit.ts.map_or(*time, |ts| ts.0);
        let moment = Moment { ts: Timestamp(*time), location: hit.location };
        let met = Met { from: *time, to: *time, first: order, last: order, moment };
        let log = logs.entry((wants.group(hit.location.file), hit.whose.clone())).or_default();
        log.entry(hit.pattern).or_default().push(met);
    }
    logs
}

fn judge(
    rule: &Rule,
    logs: &BTreeMap<(u32, Box<[u8]>), Lines>,
    scene: &Scene<'_>,
    services: &BTreeMap<u32, String>,
) -> Option<Finding> {
    let mut matches: Vec<Match> = logs
        .values()
        .flat_map(|lines| rule.bodies.iter().flat_map(|body| matches(body, lines)))
        .filter(|found| scene.given.is_none_or(|given| given.is_judged(found.whole.moment.ts)))
        .collect();
    matches.sort_by_key(|found| (found.whole.from, found.whole.first));
    let (first, last) = (matches.first()?, matches.last()?);
    let mut bins = Bins::default();
    for found in &matches {
        bins.add(found.whole.moment);
    }
    let mut evidence: Vec<Evidence> = Vec::new();
    for part in first.parts.iter().chain(&last.parts) {
        let Moment { ts, location } = part.moment;
        if evidence.len() < SHOWN && evidence.iter().all(|known| known.location != location) {
            let timestamp = (ts.0 != 0).then_some(ts);
            let (file, text) = (String::new(), String::new());
            evidence.push(Evidence { file, line: 0, timestamp, text, span: None, location });
        }
    }
    let file = first.whole.moment.location.file;
    let subject = Subject {
        file: scene.wants.file(scene.wants.group(file)).to_owned(),
        service: services.get(&file).cloned(),
    };
    let nature = if rule.severity >= Severity::High { Nature::Fault } else { Nature::Symptom };
    let timed = |time: i64| (time != 0).then_some(Timestamp(time));
    let mut finding = Finding {
        from: timed(first.whole.from),
        to: timed(matches.iter().map(|found| found.whole.to).max()?),
        count: matches.len() as u64,
        windows: bins.runs(60 * crate::model::time::NANOS),
        evidence,
        gain: 16.0 + 2.0 * (matches.len() as f64).ln(),
        what: Some(rule.title.clone()),
        advice: Some(Advice { title: rule.title.clone(), mitigation: rule.mitigation.clone() }),
        ..Finding::new(rule.id, rule.severity, nature, subject)
    };
    finding.summary = summary(&rule.title, &finding);
    Some(finding)
}

/// All that meets a condition, in order.
fn met(wanted: &Wanted, lines: &Lines) -> Vec<Met> {
    match wanted {
        Wanted::Line(pattern) => lines.get(&(*pattern as u32)).cloned().unwrap_or_default(),
        Wanted::Nested(body) => matches(body, lines).into_iter().map(|found| found.whole).collect(),
    }
}

/// Matches of a set or a sequence that do not overlap, in order.
fn matches(body: &Body, lines: &Lines) -> Vec<Match> {
    let terms: Vec<Vec<Met>> = body.terms.iter().map(|term| met(&term.what, lines)).collect();
    if terms.iter().zip(&body.terms).any(|(found, term)| found.len() < term.count) {
        return Vec::new();
    }
    let negated: Vec<Vec<Met>> = body.negate.iter().map(|negate| met(&negate.what, lines)).collect();
    let holds = |found: &Match| {
        !body.negate.iter().zip(&negated).any(|(negate, met)| is_negated(body, negate, met, found))
    };
    if body.ordered { sequences(body, &terms, holds) } else { sets(body, &terms, holds) }
}

/// What was met as a whole: from the first line to the last.
fn whole(parts: &[Met]) -> Option<Met> {
    let earliest = parts.iter().min_by_key(|part| part.first)?;
    let latest = parts.iter().max_by_key(|part| part.last)?;
    let from = parts.iter().map(|part| part.from).min()?;
    let to = parts.iter().map(|part| part.to).max()?;
    Some(Met { from, to, first: earliest.first, last: latest.last, moment: earliest.moment })
}

fn sequences(body: &Body, terms: &[Vec<Met>], holds: impl Fn(&Match) -> bool) -> Vec<Match> {
    let mut found = Vec::new();
    let mut free = 0;
    for start in &terms[0] {
        if start.first < free {
            continue;
        }
        let mut parts: Vec<Met> = Vec::new();
        let mut after = start.first;
        let complete = body.terms.iter().zip(terms).all(|(term, all)| {
            let next = all.partition_point(|met| met.first < after);
            let Some(taken) = all.get(next..next + term.count) else { return false };
            after = taken[term.count - 1].last + 1;
            parts.push(taken[term.count - 1]);
            true
        });
        if !complete {
            break;
        }
        let mut all = parts.clone();
        all.push(*start);
        let Some(whole) = whole(&all) else { continue };
        if body.window.is_some_and(|window| whole.to - whole.from > window) {
            continue;
        }
        let one = Match { whole, parts };
        if holds(&one) {
            free = one.whole.last + 1;
            found.push(one);
        }
    }
    found
}

fn sets(body: &Body, terms: &[Vec<Met>], holds: impl Fn(&Match) -> bool) -> Vec<Match> {
    let single = terms.len() == 1;
    // Without a window one line, or what comes at the same time, has to meet all conditions.
    let window = body.window.or((!single).then_some(0));
    let mut events: Vec<(usize, usize)> = Vec::new();
    for (term, met) in terms.iter().enumerate() {
        events.extend(met.iter().enumerate().map(|(at, _)| (term, at)));
    }
    events.sort_by_key(|(term, at)| (terms[*term][*at].last, *term));
    let mut found = Vec::new();
    // From which of its lines on a condition can still be met, and how many of them were seen.
    let mut free = vec![0; terms.len()];
    let mut seen = vec![0; terms.len()];
    for (term, at) in events {
        seen[term] = at + 1;
        let last = |term: usize| -> Option<&[Met]> {
            let from = seen[term].checked_sub(body.terms[term].count)?;
            (from >= free[term]).then(|| &terms[term][from..seen[term]])
        };
        let Some(taken) = (0..terms.len()).map(last).collect::<Option<Vec<&[Met]>>>() else { continue };
        let all: Vec<Met> = taken.iter().flat_map(|met| met.iter().copied()).collect();
        let Some(whole) = whole(&all) else { continue };
        if window.is_some_and(|window| whole.to - whole.from > window) {
            continue;
        }
        let parts = taken.iter().filter_map(|met| met.last().copied()).collect();
        let one = Match { whole, parts };
        if holds(&one) {
            // A line may meet several conditions, but of one match only.
            for (term, free) in free.iter_mut().enumerate() {
                *free = terms[term].partition_point(|met| met.first <= one.whole.last);
            }
            found.push(one);
        }
    }
    found
}

/// Is there something that must not be?
fn is_negated(body: &Body, negate: &Negate, met: &[Met], found: &Match) -> bool {
    let anchor = found.parts.get(negate.anchor).map_or(found.whole.from, |part| part.from);
    let from = anchor.saturating_add(negate.slide);
    let length = match (negate.window, body.window) {
        (Some(window), _) => window,
        (None, Some(window)) if negate.absolute => window,
        _ => found.whole.to - found.whole.from,
    };
    let to = from.saturating_add(length);
    met.iter().any(|met| met.from >= from && met.from <= to)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many matches the rule has in lines, given as seconds and texts.
    fn count(rule: &str, lines: &[(i64, &str)]) -> usize {
        let mut signatures = Signatures::default();
        let said = signatures.add("own.yaml", &format!("rules: [{{cre: {{id: OWN-1}}, rule: {rule}}}]"));
        assert!(said.is_empty(), "{said:?}");
        signatures.complete().expect("small patterns");
        let mut of_pattern = Lines::new();
        for (order, (second, text)) in lines.iter().enumerate() {
            let time = second * 1_000_000_000;
            let location = Location { file: 0, chunk: 0, line: order as u32 };
            let moment = Moment { ts: Timestamp(time), location };
            for pattern in signatures.seen(text.as_bytes()) {
                let met = Met { from: time, to: time, first: order, last: order, moment };
                of_pattern.entry(pattern as u32).or_default().push(met);
            }
        }
        signatures.rules[0].bodies.iter().map(|body| matches(body, &of_pattern).len()).sum()
    }

    #[test]
    fn sequences_keep_their_order_and_their_window() {
        let rule = "{sequence: {window: 10s, order: [one, {value: two, count: 2}]}}";
        for (lines, expected) in [
            (&[(0, "one"), (1, "two"), (2, "two")][..], 1),
            (&[(0, "one"), (1, "two")], 0),
            (&[(0, "two"), (1, "two"), (2, "one")], 0),
            (&[(0, "one"), (1, "two"), (12, "two")], 0),
            (&[(0, "one"), (8, "one"), (9, "two"), (12, "two")], 1),
            (&[(0, "one two"), (1, "two"), (2, "two")], 1),
            (&[(0, "one"), (1, "two"), (2, "two"), (3, "one"), (4, "two"), (5, "two")], 2),
        ] {
            assert_eq!(count(rule, lines), expected, "{lines:?}");
        }
        let twice = "{sequence: {window: 10s, order: [same, same]}}";
        assert_eq!(count(twice, &[(0, "same")]), 0, "one line is not two");
        assert_eq!(count(twice, &[(0, "same"), (1, "same")]), 1);
    }

    #[test]
    fn sets_come_in_any_order() {
        let rule = "{set: {window: 10s, match: [one, {regex: 'tw[o]', count: 2}]}}";
        for (lines, expected) in [
            (&[(0, "two"), (1, "one"), (2, "two")][..], 1),
            (&[(0, "two"), (1, "one"), (12, "two")], 0),
            (&[(0, "two"), (1, "one")], 0),
            (&[(0, "two one"), (1, "two")], 1),
            (&[(0, "two one"), (1, "two"), (2, "one"), (3, "two"), (4, "two")], 2),
        ] {
            assert_eq!(count(rule, lines), expected, "{lines:?}");
        }
        assert_eq!(count("{set: {match: [one]}}", &[(0, "one"), (900, "one")]), 2);
        assert_eq!(count("{set: {match: [one, two]}}", &[(0, "one"), (900, "two")]), 0);
        assert_eq!(count("{set: {match: [one, two]}}", &[(0, "one and two")]), 1);
    }

    #[test]
    fn what_must_not_be_there_takes_a_match_back() {
        let lines = &[(0, "one"), (5, "two"), (9, "stop")][..];
        for (negate, expected) in [
            ("[]", 1),
            ("[never]", 1),
            ("[stop]", 1),
            ("[two]", 0),
            ("[{value: stop, absolute: true}]", 0),
            ("[{value: stop, window: 9s}]", 0),
            ("[{value: stop, window: 8s}]", 1),
            ("[{value: stop, anchor: 1, window: 4s}]", 0),
            ("[{value: stop, anchor: 1, window: 3s}]", 1),
            ("[{value: one, anchor: 1, slide: -5s, window: 1s}]", 0),
            ("[{value: one, anchor: 1, slide: -4s, window: 1s}]", 1),
        ] {
            let rule = format!("{{sequence: {{window: 20s, order: [one, two], negate: {negate}}}}}");
            assert_eq!(count(&rule, lines), expected, "{negate}");
        }
    }

    #[test]
    fn sets_and_sequences_lie_in_each_other() {
        let rule = "{sequence: {window: 60s, order: [{set: {window: 5s, match: [one, two]}}, three]}}";
        assert_eq!(count(rule, &[(0, "two"), (1, "one"), (20, "three")]), 1);
        assert_eq!(count(rule, &[(0, "two"), (9, "one"), (20, "three")]), 0);
        assert_eq!(count(rule, &[(0, "three"), (1, "two"), (2, "one")]), 0);
    }
}
