//! Ids told by what they do: fields and words whose values are many, each in a few entries, and the same in several
//! files. Only where no name tells them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::ids::{self, Shape};
use super::names;
use crate::model::{Role, Timestamp, Unit, Value, stable_hash};

/// Where the ids of requests stand in a file whose names do not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RequestIds {
    /// Fields (paths with dots), the best first.
    pub fields: Vec<String>,
    /// How words of its text are written that are ids, the best first.
    pub words: Vec<Shape>,
    /// How ids are in it whose names tell that they are.
    pub named: Ids,
}

/// How the ids of requests are in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Ids {
    /// There are none.
    #[default]
    None,
    /// Each is in one entry, as far as was seen.
    Once,
    /// Several entries have the same.
    Shared,
}

impl RequestIds {
    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.words.is_empty()
    }

    /// How ids are in the file, whatever tells that they are.
    pub fn ids(&self) -> Ids {
        // What tells of ids by what they do is that several entries have them.
        if self.is_empty() { self.named } else { Ids::Shared }
    }
}

/// `zorp, words of 8 hexadecimal digits`.
impl std::fmt::Display for RequestIds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let fields = self.fields.iter().cloned();
        let words = self.words.iter().map(|shape| format!("words of {shape}"));
        f.write_str(&fields.chain(words).collect::<Vec<_>>().join(", "))
    }
}

/// What the samples of a file say about its ids.
#[derive(Clone, Debug, Default)]
pub struct Candidates {
    /// Values whose names say that they are requests'.
    known: Values,
    fields: BTreeMap<String, Values>,
    words: BTreeMap<Shape, Values>,
    /// Fields whose names say that they are requests' ids, by what they count.
    counting: BTreeMap<String, Counting>,
    /// The numbers of the entry, each with its field.
    numbers: Vec<(String, u64)>,
    /// Lines whose words were looked at.
    lines: u32,
}

/// Values that may count requests, 1, 2, 3 …, `req-1`, `req-2` …
#[derive(Clone, Debug, Default)]
struct Counting {
    /// When each was first seen.
    first: BTreeMap<u64, Timestamp>,
    /// Values that are no numbers.
    others: u32,
}

impl Counting {
    /// Are these numbers next to each other?
    fn counts(&self) -> bool {
        let range = self.first.first_key_value().zip(self.first.last_key_value());
        let Some(((from, _), (to, _))) = range else { return false };
        let distinct = self.first.len() as u64;
        self.others == 0 && distinct >= 3 && to - from < 3 * distinct && *to < MOST_COUNTED
    }

    /// Are the same numbers in both, mostly at other times?
    fn is_at_other_times(&self, other: &Counting) -> bool {
        let both = self.first.iter().filter_map(|(number, ts)| Some((ts, other.first.get(number)?)));
        let (near, far): (Vec<_>, Vec<_>) = both.partition(|(a, b)| (**a - **b).abs() < SAME_TIME);
        far.len() >= 2 && far.len() > near.len()
    }
}

/// Numbers from here on are no counters of a process that began a while ago.
const MOST_COUNTED: u64 = 10_000_000;

/// What two files say of one request is said within this, in nanoseconds.
const SAME_TIME: i64 = 30 * crate::model::time::NANOS;

/// The number of a value that may count: `17`, `req-17`, and in fastify's notation `req-1f`.
fn counted(text: &[u8]) -> Option<u64> {
    let digits = text.strip_prefix(b"req-").unwrap_or(text);
    let base = if digits.len() < text.len() { 36 } else { 10 };
    let text = std::str::from_utf8(digits).ok().filter(|_| (1..=7).contains(&digits.len()))?;
    (!text.starts_with('+')).then(|| u64::from_str_radix(text, base).ok()).flatten()
}

/// How often each value of a field occurs. Of very many those with the least hashes are kept: two files keep the same.
#[derive(Clone, Debug, Default)]
struct Values {
    entries: u32,
    counts: BTreeMap<u64, u32>,
    /// Are they plain numbers, which may be of anything?
    numbers: u32,
}

/// What a field's name says about whether its values are ids of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// They are.
    Request,
    /// They are ids.
    Id,
    /// Nothing.
    Unusual,
    /// They are not.
    Other,
}

/// How many values of a field are kept.
const KEPT: usize = 1024;

/// How many fields of a file, and how many shapes of words, are looked at.
const MOST_FIELDS: usize = 64;
const MOST_SHAPES: usize = 256;

/// How many shapes of words of one file are taken for ids.
const TAKEN: usize = 4;

/// What measures, and what a place is called by, has many values that are no ids.
const MEASURES: [&str; 40] = [
    "bytes", "size", "len", "length", "count", "total", "port", "line", "offset", "seq", "sequence", "time",
    "ts", "date", "version", "code", "amount", "price", "rate", "load", "usage", "memory", "mem", "heap",
    "cpu", "free", "used", "active", "depth", "lag", "age", "ttl", "hash", "checksum", "digest", "etag",
    "sha", "commit", "address", "ip",
];

impl Named {
    /// What this name says; a path of nested fields has dots.
    pub(super) fn of(name: &str) -> Named {
        let roles = names::roles_of(name);
        let is = |wanted: Role| roles.iter().any(|(role, ..)| *role == wanted);
        if is(Role::RequestId) || is(Role::TraceId) {
            return Named::Request;
        }
        if !roles.is_empty() || ids::is_shared_name(name) {
            return Named::Other;
        }
        if ids::is_id_name(name) {
            return Named::Id;
        }
        let last = name.rsplit('.').next().unwrap_or(name);
        let mut parts = last.split(|c: char| !c.is_ascii_alphanumeric());
        let measures = Unit::of_name(name).is_some()
            || parts.any(|part| MEASURES.contains(&part.to_ascii_lowercase().as_str()));
        if measures { Named::Other } else { Named::Unusual }
    }
}

impl Values {
    fn add(&mut self, value: &[u8], number: bool) {
        self.entries += 1;
        self.numbers += u32::from(number);
        *self.counts.entry(hash(value)).or_default() += 1;
        if self.counts.len() > KEPT {
            self.counts.pop_last();
        }
    }

    fn are_numbers(&self) -> bool {
        self.numbers * 2 > self.entries
    }

    /// How many of its values are among these.
    fn shared(&self, others: &HashSet<u64>) -> usize {
        self.counts.keys().filter(|value| others.contains(value)).count()
    }
}

/// A value's hash, stirred once more: low hashes are a fair choice of all.
fn hash(value: &[u8]) -> u64 {
    let plain = ids::plain_id(value);
    let value = plain.as_deref().unwrap_or(value);
    stable_hash(value.iter().copied()).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Candidates {
    /// Takes in a field's value.
    pub(super) fn field(&mut self, name: &str, named: Named, value: Value<'_>) {
        if named == Named::Other {
            return;
        }
        let (text, number) = match value {
            Value::Text(text) if !text.escaped => (text.raw, text.raw.iter().all(u8::is_ascii_digit)),
            Value::Number(raw) => (raw, true),
            _ => return,
        };
        if named == Named::Request {
            if !text.is_empty() {
                self.known.add(text, false);
                self.count(name, text);
            }
            return;
        }
        if !may_be_id(text, number, named) {
            return;
        }
        if let Some(values) = self.fields.get_mut(name) {
            values.add(text, number);
        } else if self.fields.len() < MOST_FIELDS {
            self.fields.entry(name.to_owned()).or_default().add(text, number);
        }
    }

    fn count(&mut self, name: &str, text: &[u8]) {
        match counted(text) {
            Some(number) => self.numbers.push((name.to_owned(), number)),
            None if self.counting.len() < MOST_FIELDS => {
                self.counting.entry(name.to_owned()).or_default().others += 1;
            }
            None => {}
        }
    }

    /// Ends an entry, which has this time.
    pub(super) fn entry(&mut self, ts: Option<Timestamp>) {
        for (name, number) in self.numbers.drain(..) {
            if let Some(ts) = ts
                && self.counting.len() < MOST_FIELDS
            {
                let counting = self.counting.entry(name).or_default();
                if counting.first.len() < KEPT {
                    counting.first.entry(number).or_insert(ts);
                }
            }
        }
    }

    /// The fields that count.
    pub(super) fn counters(&self) -> Vec<String> {
        self.counting.iter().filter(|(_, counting)| counting.counts()).map(|(name, _)| name.clone()).collect()
    }

    /// Takes in a line of text; `known` is what is read as its id without this.
    pub(super) fn line(&mut self, line: &[u8], known: Option<&[u8]>) {
        self.lines += 1;
        if let Some(known) = known {
            self.known.add(known, false);
        }
        let mut seen: Vec<Shape> = Vec::new();
        for (from, to) in ids::words(line) {
            let word = &line[from..to];
            let Some(shape) = Shape::of(word).filter(|shape| !seen.contains(shape)) else { continue };
            if self.words.contains_key(&shape) || self.words.len() < MOST_SHAPES {
                self.words.entry(shape.clone()).or_default().add(word, false);
            }
            seen.push(shape);
        }
        for (label, number) in ids::labelled(line) {
            let shape = Shape::labelled(label);
            if self.words.contains_key(&shape) || self.words.len() < MOST_SHAPES {
                let name = std::str::from_utf8(&label[..label.len() - 1]).unwrap_or_default().trim();
                // A number is anything's, but not behind the name of a request.
                self.words.entry(shape).or_default().add(number, !is_request(name));
            }
        }
    }

    /// How the ids are that names tell of.
    pub fn ids(&self) -> Ids {
        match self.known.counts.values().max() {
            None => Ids::None,
            Some(1) => Ids::Once,
            Some(_) => Ids::Shared,
        }
    }

    /// Forgets what has one value only, and keeps so many values of what is left.
    pub fn trim(&mut self, kept: usize) {
        self.fields.retain(|_, values| values.counts.len() > 1);
        self.words.retain(|_, values| values.counts.len() > 1);
        for counting in self.counting.values_mut() {
            while counting.first.len() > kept {
                counting.first.pop_last();
            }
        }
        let all = self.fields.values_mut().chain(self.words.values_mut());
        for values in all.chain([&mut self.known]) {
            while values.counts.len() > kept {
                values.counts.pop_last();
            }
        }
    }

    /// What may hold ids, each with its values.
    fn places(&self) -> impl Iterator<Item = (Place<'_>, &Values)> {
        let fields = self.fields.iter().map(|(name, values)| (Place::Field(names::normal(name)), values));
        fields.chain(self.words.iter().map(|(shape, values)| (Place::Word(shape), values)))
    }
}

/// Can this be an id, by its look and its field's name?
fn may_be_id(text: &[u8], number: bool, named: Named) -> bool {
    let usual = text.iter().all(|b| b.is_ascii_alphanumeric() || b"_.:-/=+".contains(b));
    if !usual || !(4..=128).contains(&text.len()) {
        return false;
    }
    match named {
        Named::Id => text.iter().any(|b| b.is_ascii_digit() && *b != b'0'),
        // Ten or thirteen digits are a time of the epoch.
        _ if number => (5..=19).contains(&text.len()) && !matches!(text.len(), 10 | 13) && text[0] != b'0',
        _ => ids::looks_like_id(text) || Shape::of(text).is_some(),
    }
}

/// Where ids may stand in files of one kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place<'a> {
    /// In a field of this name, in its normal form.
    Field(String),
    /// In words of this shape.
    Word(&'a Shape),
}

/// What all files together say about one place.
#[derive(Default)]
struct Sum {
    files: u32,
    entries: u64,
    lines: u64,
    numbers: bool,
    /// For each value, in how many entries and files it is.
    values: HashMap<u64, (u32, u32)>,
}

impl Sum {
    fn add(&mut self, values: &Values, lines: u32) {
        self.files += 1;
        self.entries += u64::from(values.entries);
        self.lines += u64::from(lines);
        self.numbers |= values.are_numbers();
        for (value, count) in &values.counts {
            let (entries, files) = self.values.entry(*value).or_default();
            *entries += count;
            *files += 1;
        }
    }

    /// Are these ids, by what they do: many, each in a few entries, and in several files or entries? `everywhere` has
    /// of each value in how many files it is, wherever it stands.
    fn are_ids(&self, place: &Place<'_>, everywhere: &HashMap<u64, (usize, u32)>) -> bool {
        let distinct = self.values.len() as u64;
        let most = self.values.values().map(|(entries, _)| u64::from(*entries)).max().unwrap_or(0);
        let seen: u64 = self.values.values().map(|(entries, _)| u64::from(*entries)).sum();
        if distinct < 2 || seen > 50 * distinct || most > (seen / 4).max(25) {
            return false;
        }
        let again = self.values.values().filter(|(entries, _)| *entries > 1).count() as u64;
        if self.numbers {
            // Sizes and counts are numbers, too, but not the same ones in several files.
            let in_files = self.values.values().filter(|(_, files)| *files > 1).count() as u64;
            return distinct >= 5 && in_files * 5 >= distinct * 3;
        }
        let in_several = |value: &&u64| everywhere.get(value).is_some_and(|(_, files)| *files > 1);
        let in_files = self.values.keys().filter(in_several).count() as u64;
        let across = in_files >= 2 && in_files * 5 >= distinct;
        match place {
            Place::Field(_) => across || (distinct >= 3 && again * 2 >= distinct),
            // Names of packages and files are words, too, but not in many lines of a log.
            Place::Word(_) => {
                let within = distinct >= 8 && again * 5 >= distinct * 3;
                self.entries * 10 >= self.lines && (across || within)
            }
        }
    }
}

/// Is this the name of what happens once?
fn is_request(name: &str) -> bool {
    matches!(Named::of(name), Named::Request) || ids::looks_like_id(format!("{name}-1000").as_bytes())
}

/// Which of these files count requests anew, while others have the same numbers at other times.
pub fn counts_anew(files: &[&Candidates]) -> Vec<bool> {
    let mut anew = vec![false; files.len()];
    let counting: Vec<(usize, &Counting)> = files
        .iter()
        .enumerate()
        .flat_map(|(at, file)| {
            file.counting.values().filter(|counting| counting.counts()).map(move |c| (at, c))
        })
        .take(MOST_COUNTING)
        .collect();
    for (index, (at, one)) in counting.iter().enumerate() {
        for (other_at, other) in &counting[index + 1..] {
            if at != other_at && one.is_at_other_times(other) {
                (anew[*at], anew[*other_at]) = (true, true);
            }
        }
    }
    anew
}

/// How many files that count are compared with each other.
const MOST_COUNTING: usize = 200;

/// Where in each file the ids of requests stand, told by all of them together. What a name tells counts first: then
/// only what has the same values is an id, too.
pub fn settle(files: &[&Candidates]) -> Vec<RequestIds> {
    let mut known: HashSet<u64> = HashSet::new();
    let (mut named, mut sums): (u64, BTreeMap<Place<'_>, Sum>) = (0, BTreeMap::new());
    // For each value the last file that it was seen in, and in how many it is.
    let mut everywhere: HashMap<u64, (usize, u32)> = HashMap::new();
    for (index, file) in files.iter().enumerate() {
        known.extend(file.known.counts.keys());
        named += u64::from(file.known.entries);
        if file.known.entries == 0 {
            for (place, values) in file.places() {
                let lines = if matches!(place, Place::Word(_)) { file.lines } else { 0 };
                for value in values.counts.keys().filter(|_| !values.are_numbers()) {
                    let (last, files) = everywhere.entry(*value).or_insert((usize::MAX, 0));
                    *files += u32::from(std::mem::replace(last, index) != index);
                }
                sums.entry(place).or_default().add(values, lines);
            }
        }
    }
    let mut taken: BTreeSet<Place<'_>> = BTreeSet::new();
    // A stray id in a text is no reason to look no further.
    let ids = sums.iter().filter(|(place, sum)| sum.entries > 10 * named && sum.are_ids(place, &everywhere));
    let best = ids.max_by_key(|(place, sum)| {
        let across =
            sum.values.keys().any(|value| everywhere.get(value).is_some_and(|(_, files)| *files > 1));
        let id = matches!(place, Place::Field(name) if ids::is_id_name(name));
        (across, sum.files, sum.entries, id, std::cmp::Reverse(*place))
    });
    if let Some((place, sum)) = best {
        known.extend(sum.values.keys());
        taken.insert(place.clone());
    }
    if known.is_empty() {
        return vec![RequestIds::default(); files.len()];
    }
    for file in files.iter().filter(|file| file.known.entries == 0) {
        taken.extend(file.places().filter(|(_, values)| are_known(values, &known)).map(|(place, _)| place));
    }
    files.iter().map(|file| of_file(file, &known, &taken)).collect()
}

/// Are the values of a place those of requests that are known?
fn are_known(values: &Values, known: &HashSet<u64>) -> bool {
    let (shared, distinct) = (values.shared(known), values.counts.len());
    if values.are_numbers() {
        shared >= 5 && shared * 5 >= distinct * 3
    } else {
        shared >= 2 && shared * 8 >= distinct
    }
}

/// The ids of a file whose own names tell none.
fn of_file(file: &Candidates, known: &HashSet<u64>, taken: &BTreeSet<Place<'_>>) -> RequestIds {
    if file.known.entries > 0 {
        return RequestIds::default();
    }
    let mut fields: Vec<(usize, &String)> = file
        .fields
        .iter()
        .filter(|(name, _)| taken.contains(&Place::Field(names::normal(name))))
        .map(|(name, values)| (values.shared(known), name))
        .collect();
    fields.sort_by_key(|(shared, name)| (std::cmp::Reverse(*shared), *name));
    let mut words: Vec<(usize, &Shape)> = file
        .words
        .iter()
        .filter(|(shape, _)| taken.contains(&Place::Word(shape)))
        .map(|(shape, values)| (values.shared(known), shape))
        .collect();
    words.sort_by_key(|(shared, shape)| (std::cmp::Reverse(*shared), *shape));
    RequestIds {
        fields: fields.into_iter().map(|(_, name)| name.clone()).collect(),
        words: words.into_iter().take(TAKEN).map(|(_, shape)| shape.clone()).collect(),
        named: Ids::None,
    }
}
