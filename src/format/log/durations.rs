//! How long things took where neither a name nor a notation says the unit: durations as objects, and the units of bare
//! numbers, told by what stands beside them and by what is possible.

use std::collections::{BTreeMap, HashMap};

use super::json::{each_field, each_item};
use super::names;
use crate::model::unit::parse_span;
use crate::model::{Timestamp, Unit, Value, stable_hash};

/// The unit of a field's numbers, and how it is known.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Told {
    /// The field (a path with dots).
    pub field: String,
    /// The unit.
    pub unit: Unit,
    /// How it is known.
    pub by: By,
}

/// `took, in ns`, and how that is known.
impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let how = match self.by {
            By::Neighbour => "a field beside it says the same with its unit",
            By::Requests => "as long as their requests, by the times of the entries",
            By::Plausible => "by what is possible",
        };
        write!(f, "{} counts {}: {how}", self.field, self.unit.symbol())
    }
}

/// How a unit is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum By {
    /// Another field of the same entries says the same with its unit.
    Neighbour,
    /// The time between the first and the last entry of the same requests is as long.
    Requests,
    /// In the usual unit it could not be: longer than the log, or than anything takes.
    Plausible,
}

/// What the samples of a file say about durations without a unit.
#[derive(Clone, Debug, Default)]
pub(super) struct Durations {
    fields: BTreeMap<String, Seen>,
    /// The bare numbers of the entry, and what it says with a unit, in nanoseconds.
    numbers: Vec<(String, f64)>,
    spans: Vec<(String, f64)>,
    /// The id of the entry's request.
    id: Option<u64>,
    /// When each request was first seen.
    begun: HashMap<u64, Timestamp>,
    /// The first and the last time of the samples, and how many entries have one.
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    entries: usize,
}

/// A field's numbers.
#[derive(Clone, Debug, Default)]
struct Seen {
    /// What numbers of this name usually count.
    usual: Option<Unit>,
    /// Each with the time since the first entry, in nanoseconds.
    values: Vec<(f64, f64)>,
    /// How many of them are no whole numbers.
    fractions: usize,
    /// How many others are nought.
    noughts: usize,
    /// How many neighbours say the same in each unit; of those with a name of the same stem; and how many requests were
    /// as long.
    neighbours: [usize; UNITS.len()],
    related: [usize; UNITS.len()],
    requests: [usize; UNITS.len()],
    /// How many requests could be compared.
    compared: usize,
}

const UNITS: [Unit; 4] = [Unit::Nanos, Unit::Micros, Unit::Millis, Unit::Seconds];

/// How many numbers of a field are kept.
const KEPT: usize = 2_000;

/// Nanoseconds in a millisecond, and in a second.
const MILLI: f64 = 1e6;
const SECOND: f64 = 1e9;

/// What a request takes at most, mostly: nobody waits longer.
const PATIENCE: f64 = 60.0 * SECOND;
/// The same of what is seen once or twice, which may well be something large.
const RARE: f64 = 600.0 * SECOND;

/// The least that a request takes, in microseconds.
const QUICKEST: f64 = 20.0;

/// What a request usually takes.
const USUAL: f64 = 50.0 * MILLI;

/// How many entries a file must have so that their times say something.
const MANY: usize = 20;

impl Durations {
    /// Takes in a number of the entry that has no unit by its name.
    pub(super) fn number(&mut self, name: &str, usual: Option<Unit>, value: Value<'_>) {
        let Some(number) = value.number() else { return self.span(name, value) };
        if number >= 0.0 && self.numbers.len() < 8 {
            let seen = self.fields.entry(name.to_owned()).or_default();
            seen.usual = usual;
            if number > 0.0 {
                self.numbers.push((name.to_owned(), number));
            } else {
                seen.noughts += 1;
            }
        }
    }

    /// Takes in what the entry says with a unit, if it is that.
    pub(super) fn span(&mut self, name: &str, value: Value<'_>) {
        let Value::Text(text) = value else { return };
        let looks = text.raw.first().is_some_and(|b| b.is_ascii_digit() || *b == b'P')
            && text.raw.len() <= 24
            && (text.raw.last().is_some_and(u8::is_ascii_alphabetic) || text.raw.contains(&b':'));
        if looks
            && self.spans.len() < 8
            && let Some(nanos) = parse_span(&text.text())
        {
            self.spans.push((name.to_owned(), nanos));
        }
    }

    /// Takes in a number of the entry whose name says its unit.
    pub(super) fn measured(&mut self, name: &str, unit: Unit, value: Value<'_>) {
        if self.spans.len() < 8
            && let Some(number) = value.number()
        {
            self.spans.push((name.to_owned(), nanos(number, unit)));
        }
    }

    /// Takes in the id of the entry's request.
    pub(super) fn request(&mut self, id: Value<'_>) {
        if let Some(id) = id.key() {
            self.id.get_or_insert(stable_hash(id.iter().copied()));
        }
    }

    /// Are there durations without a unit, so that it is worth looking for what says it?
    pub(super) fn any(&self) -> bool {
        !self.fields.is_empty()
    }

    /// Ends an entry, which has this time.
    pub(super) fn entry(&mut self, ts: Option<Timestamp>) {
        let (numbers, spans) = (std::mem::take(&mut self.numbers), std::mem::take(&mut self.spans));
        let id = self.id.take();
        if let Some(ts) = ts {
            self.entries += 1;
            self.from = Some(self.from.map_or(ts, |from| from.min(ts)));
            self.to = Some(self.to.map_or(ts, |to| to.max(ts)));
        }
        let begun = id.zip(ts).map(|(id, ts)| *self.begun.entry(id).or_insert(ts));
        let since = |from: Option<Timestamp>| from.zip(ts).map_or(0.0, |(from, ts)| (ts - from) as f64);
        let (elapsed, took) = (since(self.from), since(begun));
        for (name, number) in numbers {
            let Some(seen) = self.fields.get_mut(&name) else { continue };
            seen.saw(&name, number, elapsed, &spans);
            if took > MILLI {
                seen.compare(number, took);
            }
        }
    }

    /// The units that are not the usual ones. `known` says that the file's program is known, and with it its unit.
    pub(super) fn settle(&self, known: bool) -> Vec<Told> {
        let log = self.from.zip(self.to).map_or(0.0, |(from, to)| (to - from) as f64);
        let told = |(field, seen): (&String, &Seen)| {
            let (unit, by) = seen.unit(log, self.entries, known)?;
            Some(Told { field: field.clone(), unit, by })
        };
        self.fields.iter().filter_map(told).collect()
    }
}

impl Seen {
    fn saw(&mut self, name: &str, number: f64, elapsed: f64, spans: &[(String, f64)]) {
        if self.values.len() < KEPT {
            self.values.push((number, elapsed));
            self.fractions += usize::from(number.fract() != 0.0);
        }
        let stem = names::normal(name);
        for (at, unit) in UNITS.into_iter().enumerate() {
            // What is rounded to a few digits still says the same.
            let same = |(_, span): &&(String, f64)| (nanos(number, unit) / span - 1.0).abs() < 0.01;
            self.neighbours[at] += usize::from(spans.iter().any(|span| same(&span)));
            let related = |(other, _): &&(String, f64)| names::normal(other).starts_with(&stem);
            self.related[at] += usize::from(spans.iter().filter(same).any(|span| related(&span)));
        }
    }

    /// Compares a number to how long its request took.
    fn compare(&mut self, number: f64, took: f64) {
        self.compared += 1;
        for (at, unit) in UNITS.into_iter().enumerate() {
            let ratio = nanos(number, unit) / took;
            self.requests[at] += usize::from((0.5..2.0).contains(&ratio));
        }
    }

    /// The unit of its numbers and how it is known, where they are not of the usual one.
    fn unit(&self, log: f64, entries: usize, known: bool) -> Option<(Unit, By)> {
        let usual = self.usual.unwrap_or(Unit::Millis);
        let unusual = |unit: Unit, by| (unit != usual).then_some((unit, by));
        if let Some(unit) =
            most(&self.related, 1).or_else(|| most(&self.neighbours, 3.max(self.values.len() / 2)))
        {
            return unusual(unit, By::Neighbour);
        }
        if known {
            return None;
        }
        if let Some(unit) = most(&self.requests, 3.max(self.compared * 3 / 5)) {
            return unusual(unit, By::Requests);
        }
        let mut sorted: Vec<f64> = self.values.iter().map(|(number, _)| *number).collect();
        sorted.sort_by(f64::total_cmp);
        let (median, longest) = (*sorted.get(sorted.len() / 2)?, *sorted.last()?);
        if usual == Unit::Micros && (self.noughts > 0 || sorted[0] < QUICKEST) {
            // No request is answered so soon: Tomcat and Jetty count milliseconds, Apache's `%T` seconds.
            let seconds = self.noughts >= self.values.len() && nanos(longest, Unit::Seconds) <= RARE;
            return Some((if seconds { Unit::Seconds } else { Unit::Millis }, By::Plausible));
        }
        let mostly_fractions = self.fractions * 5 > self.values.len() * 3;
        if mostly_fractions {
            // What takes half a millisecond at most, with decimals, is counted in seconds.
            let seconds =
                usual == Unit::Millis && median < 0.5 && nanos(longest, Unit::Seconds) <= log.max(PATIENCE);
            return seconds.then_some((Unit::Seconds, By::Plausible));
        }
        if self.is_possible(usual, (median, longest), (log, entries)) {
            return None;
        }
        // Of the smaller units the one in which things take about as long as they usually do.
        let distance = |unit: &Unit| (nanos(median, *unit) / USUAL).ln().abs();
        let smaller = UNITS.into_iter().filter(|unit| nanos(1.0, *unit) < nanos(1.0, usual));
        let unit = smaller.min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
        Some((unit, By::Plausible))
    }

    /// Can the numbers be of this unit?
    fn is_possible(&self, unit: Unit, (median, longest): (f64, f64), (log, entries): (f64, usize)) -> bool {
        let (median, longest) = (nanos(median, unit), nanos(longest, unit));
        let patience = if self.values.len() < 3 { RARE } else { PATIENCE };
        if median > patience && longest > log {
            return false;
        }
        if self.values.len() < MANY || entries < MANY || log <= 0.0 {
            return true;
        }
        // What takes longer than the log has run by then began before it: some of it may, most of it does not.
        let before = self.values.iter().filter(|(number, elapsed)| nanos(*number, unit) > *elapsed).count();
        // So many at the same time as the gaps between them tell.
        let at_once = median / (log / self.values.len() as f64);
        let crowded = median > PATIENCE && at_once > 50.0;
        !(before * 2 > self.values.len() && median > SECOND || crowded)
    }
}

/// The unit that has the most votes, if they are enough and no other has as many.
fn most(votes: &[usize; UNITS.len()], least: usize) -> Option<Unit> {
    let best = (0..UNITS.len()).max_by_key(|at| votes[*at])?;
    let alone = votes.iter().filter(|count| **count == votes[best]).count() == 1;
    (votes[best] >= least && alone).then_some(UNITS[best])
}

fn nanos(number: f64, unit: Unit) -> f64 {
    unit.to_millis(number) * MILLI
}

/// A duration as an object or a list, in milliseconds: `{"secs":1,"nanos":500000000}` as Rust writes it,
/// `{"seconds":1,"nanos":5}` as protocol buffers do, `[1,500000000]` as Node's clock does.
pub(super) fn of_object(raw: &[u8]) -> Option<f64> {
    let (mut seconds, mut nanos) = (None, None);
    if raw.starts_with(b"[") {
        let mut items = Vec::new();
        each_item(raw, |item| {
            items.push(item.number());
            items.len() <= 2
        });
        let [Some(first), Some(second)] = items[..] else { return None };
        (seconds, nanos) = (Some(first), Some(second));
    } else {
        // Damage inside: what was read of it counts.
        let _ = each_field(raw, |key, value| match part(key.raw) {
            Some(Part::Seconds) => seconds = value.number(),
            Some(Part::Nanos) => nanos = value.number(),
            None => {}
        });
    }
    let nanos = nanos.or(seconds.map(|_| 0.0)).filter(|nanos| nanos.abs() < SECOND)?;
    Some(seconds.unwrap_or(0.0) * 1e3 + nanos / MILLI)
}

/// The parts of a duration that is an object.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Seconds,
    Nanos,
}

fn part(name: &[u8]) -> Option<Part> {
    match name {
        b"secs" | b"seconds" | b"sec" | b"tv_sec" => Some(Part::Seconds),
        b"nanos" | b"nano" | b"nanoseconds" | b"nsecs" | b"tv_nsec" => Some(Part::Nanos),
        _ => None,
    }
}

/// Is this field one of the two parts of an object that is a duration as a whole? `all` are the file's fields.
pub(super) fn is_part(path: &str, all: &[String]) -> bool {
    let of = |path: &str| {
        let (object, name) = path.rsplit_once('.')?;
        part(name.as_bytes()).map(|part| (object.to_owned(), part))
    };
    let Some((object, this)) = of(path) else { return false };
    all.iter().filter_map(|other| of(other)).any(|(of, other)| of == object && other != this)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The unit that the entries, one a second, tell of their field `took`.
    fn told(entries: &[&[(&str, &str)]]) -> Option<(Unit, By)> {
        let mut durations = Durations::default();
        for (at, entry) in entries.iter().enumerate() {
            for (name, text) in *entry {
                let value = match text.strip_prefix('\'') {
                    Some(text) => Value::plain(text.as_bytes()),
                    None => Value::Number(text.as_bytes()),
                };
                match *name {
                    "took" => durations.number(name, None, value),
                    "id" => durations.request(value),
                    _ => durations.span(name, value),
                }
            }
            durations.entry(Timestamp::new(1_700_000_000 + at as i64, 0));
        }
        durations.settle(false).pop().map(|told| (told.unit, told.by))
    }

    #[test]
    fn a_neighbour_says_the_unit() {
        let entries: [&[_]; 1] = [&[("took", "1002727500"), ("took_human", "'1.0027275s")]];
        assert_eq!(told(&entries), Some((Unit::Nanos, By::Neighbour)));
        let entries: [&[_]; 3] = [
            &[("took", "325"), ("spent", "'325µs")],
            &[("spent", "'1.2ms"), ("took", "1200")],
            &[("took", "88"), ("spent", "'0.088ms"), ("limit", "'30s")],
        ];
        assert_eq!(told(&entries), Some((Unit::Micros, By::Neighbour)));
        // What is the same once is so by chance.
        assert_eq!(told(&[&[("took", "30"), ("limit", "'30s")], &[("took", "12"), ("limit", "'30s")]]), None);
        assert_eq!(told(&[&[("took", "30"), ("took_text", "'30ms")]]), None);
    }

    #[test]
    fn requests_say_the_unit() {
        let mut entries: Vec<Vec<(&str, &str)>> = Vec::new();
        for id in ["1", "2", "3", "4"] {
            entries.push(vec![("id", id)]);
            entries.push(vec![("id", id), ("took", "0.98")]);
        }
        let entries: Vec<&[_]> = entries.iter().map(Vec::as_slice).collect();
        assert_eq!(told(&entries), Some((Unit::Seconds, By::Requests)));
    }

    #[test]
    fn what_cannot_be_is_of_another_unit() {
        let of = |numbers: &[&'static str]| {
            let entries: Vec<Vec<(&str, &str)>> =
                numbers.iter().map(|number| vec![("took", *number)]).collect();
            told(&entries.iter().map(Vec::as_slice).collect::<Vec<_>>())
        };
        let plausible = |unit| Some((unit, By::Plausible));
        assert_eq!(of(&["295165694"]), plausible(Unit::Nanos));
        assert_eq!(of(&["295165694", "1205004", "88120500"]), plausible(Unit::Nanos));
        assert_eq!(of(&["325000", "81200", "410022"]), plausible(Unit::Micros));
        assert_eq!(of(&["0.0125"]), plausible(Unit::Seconds));
        assert_eq!(of(&["0.0125", "0.2", "3.25"]), plausible(Unit::Seconds));
        for usual in [
            &["12", "250", "20005"][..],
            &["12.5", "3.25", "0.8"],
            &["0", "1", "0"],
            &["30005", "30004"],
            &["120000"],
        ] {
            assert_eq!(of(usual), None, "{usual:?}");
        }
        // Each began before the log did, if these are milliseconds.
        assert_eq!(of(&["45012"; 40]), plausible(Unit::Micros));
        assert_eq!(of(&["450"; 40]), None);
    }

    #[test]
    fn objects_are_durations() {
        for (raw, millis) in [
            (r#"{"secs":1,"nanos":500000000}"#, Some(1_500.0)),
            (r#"{"nanos":250000000,"seconds":"0"}"#, Some(250.0)),
            (r#"{"seconds":12}"#, Some(12_000.0)),
            (r#"{"seconds":1,"nano":5000000,"zero":false}"#, Some(1_005.0)),
            ("[1, 500000000]", Some(1_500.0)),
            ("[1, 2, 3]", None),
            (r#"{"total":12}"#, None),
            ("{", None),
        ] {
            assert_eq!(of_object(raw.as_bytes()), millis, "{raw}");
        }
        let all = ["elapsed.secs".to_owned(), "elapsed.nanos".to_owned(), "time.nanos".to_owned()];
        assert_eq!(all.each_ref().map(|path| is_part(path, &all)), [true, true, false]);
    }
}
