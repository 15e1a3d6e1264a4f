//! Templates: the few things that many entries say, how often, since when, and what changed between two windows.
//!
//! Every entry is counted under its phrase (see [`super::phrase`]), a pure function of its text, so that it does not
//! matter who counts which. Then, in the order of the phrases, those that differ in one word only become one where
//! that word has many values.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

use foldhash::fast::RandomState;

use super::fault;
use super::observe::shown;
use super::phrase::{self, VALUE};
use super::recent::RecentTexts;
use crate::fold::{Bounded, Damaged, Fold, Loaded, Saved, Travel};
use crate::model::{Entry, Level, Location, Role, TimeRange, Timestamp};

/// From how many values on a word is one.
const VALUES: u32 = 8;

/// Examples that are kept of each template.
const EXAMPLES: usize = 3;

/// Rounds of putting phrases together; each can make one more word a value.
const ROUNDS: usize = 4;

/// The state of the pass.
#[derive(Clone, Debug)]
pub struct Phrases {
    windows: Option<[TimeRange; 2]>,
    table: Bounded<Tally>,
    key: Vec<u8>,
    recent: RecentTexts,
    /// Fields that tell of errors.
    errors: fault::Fields,
}

/// What is known of a phrase.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
struct Tally {
    count: u64,
    /// Entries in each of the two windows.
    inside: [u64; 2],
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    level: Option<Level>,
    /// The earliest by place.
    examples: Vec<(Location, Box<[u8]>)>,
}

/// What many entries say.
#[derive(Clone, Debug)]
pub struct Template {
    /// In words, with `<*>` for values.
    pub text: String,
    /// Is it all that lies beyond the limit?
    pub rest: bool,
    /// Entries.
    pub count: u64,
    /// Entries in each of the two windows, if there are windows.
    pub inside: [u64; 2],
    /// The time of the earliest.
    pub first: Option<Timestamp>,
    /// The time of the latest.
    pub last: Option<Timestamp>,
    /// The worst level.
    pub level: Option<Level>,
    /// Some entries: the first by their places.
    pub examples: Vec<(Location, Box<[u8]>)>,
}

impl Phrases {
    /// Nothing yet; entries in two windows are counted apart. What `errors` say belongs to what an entry says. At most
    /// `most` phrases are told apart.
    pub fn new(windows: Option<[TimeRange; 2]>, errors: fault::Fields, most: usize) -> Phrases {
        Phrases {
            windows,
            table: Bounded::new(most, Tally::merge),
            key: Vec::with_capacity(512),
            recent: RecentTexts::new(phrase::phrase),
            errors,
        }
    }
}

impl Fold for Phrases {
    fn add(&mut self, entry: &Entry<'_, '_>) {
        let slots = entry.slots;
        self.key.clear();
        let message = slots.role(Role::Message).key();
        phrase::of_entry(message.as_deref(), entry.raw, &mut self.recent, &mut self.key);
        if message.is_some() {
            self.errors.phrase(slots, &mut self.key);
        }
        let tally = self.table.entry(&self.key);
        tally.count += 1;
        if let Some(ts) = slots.ts {
            tally.first = Some(tally.first.map_or(ts, |first| first.min(ts)));
            tally.last = tally.last.max(Some(ts));
            if let Some(windows) = &self.windows {
                for (inside, window) in tally.inside.iter_mut().zip(windows) {
                    *inside += u64::from(window.contains(ts));
                }
            }
        }
        tally.level = tally.level.max(slots.level);
        let place = entry.location;
        if tally.examples.len() < EXAMPLES || tally.examples.last().is_some_and(|(last, _)| place < *last) {
            tally.show(place, shown(entry.raw));
        }
    }

    fn merge(&mut self, other: Self) {
        self.table.merge(other.table);
    }
}

impl Travel for Phrases {
    fn save(self, to: &mut Saved) {
        self.table.save(to);
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        self.table.load(from)
    }
}

impl Tally {
    fn show(&mut self, place: Location, text: Box<[u8]>) {
        self.examples.push((place, text));
        self.examples.sort();
        self.examples.truncate(EXAMPLES);
    }

    fn merge(&mut self, other: Tally) {
        self.count += other.count;
        for (mine, theirs) in self.inside.iter_mut().zip(other.inside) {
            *mine += theirs;
        }
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.last = self.last.max(other.last);
        self.level = self.level.max(other.level);
        self.examples.extend(other.examples);
        self.examples.sort();
        self.examples.truncate(EXAMPLES);
    }
}

/// The templates of all entries, the most frequent first; behind them what there is beyond the limit.
pub fn templates(phrases: Phrases) -> Vec<Template> {
    let (table, rest) = phrases.table.settle();
    let rows = table.into_sorted();
    let keys: Vec<&[u8]> = rows.iter().map(|(key, _)| &key[..]).collect();
    let groups = group(&keys);
    let mut merged: BTreeMap<Vec<u8>, Tally> = BTreeMap::new();
    for ((_, tally), group) in rows.into_iter().zip(groups) {
        merged.entry(group).or_default().merge(tally);
    }
    let template = |text: String, tally: Tally, rest: bool| Template {
        text,
        rest,
        count: tally.count,
        inside: tally.inside,
        first: tally.first,
        last: tally.last,
        level: tally.level,
        examples: tally.examples,
    };
    let mut templates: Vec<Template> = merged
        .into_iter()
        .map(|(key, tally)| template(readable(&String::from_utf8_lossy(&key)), tally, false))
        .collect();
    templates.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.text.cmp(&b.text)));
    templates.extend(rest.map(|rest| template("other".to_owned(), rest, true)));
    templates
}

/// Words with the marks where people put them.
pub(super) fn readable(key: &str) -> String {
    let mut text = String::with_capacity(key.len());
    let (mut quoted, mut opened) = (false, true);
    for word in key.split(' ') {
        let quote = matches!(word, "\"" | "'");
        let closes = matches!(word, ")" | "]" | "}" | "," | ";" | ":") || (quote && quoted);
        if !opened && !closes {
            text.push(' ');
        }
        text.push_str(word);
        opened = matches!(word, "(" | "[" | "{") || (quote && !quoted);
        quoted ^= quote;
    }
    text
}

/// For every phrase, in sorted order, the phrase that stands for it: words that have many values where all other
/// words are the same, or one value beside a masked one, are masked, too.
pub fn group(keys: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut current: Vec<Vec<u8>> = keys.iter().map(|key| key.to_vec()).collect();
    for _ in 0..ROUNDS {
        let mut distinct: Vec<&[u8]> = current.iter().map(Vec::as_slice).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let wilder = widened(&distinct);
        if wilder.is_empty() {
            break;
        }
        current =
            current.iter().map(|key| wilder.get(&key[..]).cloned().unwrap_or_else(|| key.clone())).collect();
    }
    current
}

/// The phrases that become wider, with what they become.
fn widened(distinct: &[&[u8]]) -> BTreeMap<Vec<u8>, Vec<u8>> {
    // What differs only in the masked word has the same key here: how many, and is one of them masked already?
    // Told by a hash alone: phrases have many words, and each is masked in turn.
    let hasher = RandomState::default();
    let mut alike: HashMap<u64, (u32, bool)> = HashMap::new();
    for key in distinct {
        each_masked(key, |masked, word| {
            let (count, valued) = alike.entry(hasher.hash_one(masked)).or_default();
            *count += 1;
            *valued |= word == VALUE.as_bytes();
        });
    }
    let mut wider = BTreeMap::new();
    for key in distinct {
        let mut best: Option<(u32, Vec<u8>)> = None;
        each_masked(key, |masked, word| {
            let (count, valued) = alike.get(&hasher.hash_one(masked)).copied().unwrap_or_default();
            let wide = word != VALUE.as_bytes() && ((valued && count >= 2) || count >= VALUES);
            if wide && has_words(masked) && best.as_ref().is_none_or(|(most, _)| count > *most) {
                best = Some((count, masked.to_vec()));
            }
        });
        if let Some((_, masked)) = best {
            wider.insert(key.to_vec(), masked);
        }
    }
    wider
}

/// Hands on the phrase with each of its words masked in turn, and the word. The first word of a short phrase says
/// what it is about, and stays.
fn each_masked(key: &[u8], mut each: impl FnMut(&[u8], &[u8])) {
    let words = key.split(|b| *b == b' ').count();
    let mut masked = Vec::with_capacity(key.len() + VALUE.len());
    let mut at = 0;
    for (index, word) in key.split(|b| *b == b' ').enumerate() {
        let is_mark = word.len() == 1 && !word[0].is_ascii_alphanumeric();
        if !(is_mark || index == 0 && words < 4) {
            masked.clear();
            masked.extend_from_slice(&key[..at]);
            masked.extend_from_slice(VALUE.as_bytes());
            masked.extend_from_slice(&key[at + word.len()..]);
            each(&masked, word);
        }
        at += word.len() + 1;
    }
}

/// Is there still a word in it?
fn has_words(key: &[u8]) -> bool {
    key.split(|b| *b == b' ').any(|word| {
        memchr::memmem::find(word, VALUE.as_bytes()).is_none() && word.iter().any(u8::is_ascii_alphabetic)
    })
}

/// How a template changed from one window to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Turn {
    /// It was not there before.
    New,
    /// It is there no more.
    Gone,
    /// It comes more often.
    More,
    /// It comes less often.
    Less,
    /// It comes as often.
    Same,
}

/// How a template's rate changed, given the lengths of the windows, and how sure that is: the logarithm of how much
/// likelier two rates are than one.
pub fn turn(inside: [u64; 2], seconds: [f64; 2]) -> (Turn, f64) {
    let term = |k: u64, s: f64| if k == 0 || s <= 0.0 { 0.0 } else { k as f64 * (k as f64 / s).ln() };
    let [before, after] = inside;
    let sure =
        term(before, seconds[0]) + term(after, seconds[1]) - term(before + after, seconds[0] + seconds[1]);
    let rates = [before as f64 / seconds[0].max(1e-9), after as f64 / seconds[1].max(1e-9)];
    let turn = match (before, after) {
        (0, 0) => Turn::Same,
        (0, _) => Turn::New,
        (_, 0) if sure >= 3.0 => Turn::Gone,
        _ if sure < 6.0 => Turn::Same,
        _ if rates[1] >= 1.5 * rates[0] => Turn::More,
        _ if rates[0] >= 1.5 * rates[1] => Turn::Less,
        _ => Turn::Same,
    };
    (turn, sure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_with_many_values_is_a_value() {
        let names: Vec<String> = (0..10)
            .map(|i| {
                format!(
                    "user {} logged in",
                    ["ann", "bob", "cid", "dee", "eve", "fay", "gus", "hal", "ida", "jon"][i]
                )
            })
            .collect();
        let mut keys: Vec<&[u8]> = names.iter().map(String::as_bytes).collect();
        keys.push(b"user logged out");
        keys.sort_unstable();
        let groups = group(&keys);
        assert_eq!(groups.iter().filter(|g| &g[..] == b"user <*> logged in").count(), 10);
        assert!(groups.contains(&b"user logged out".to_vec()));
        let few: Vec<&[u8]> = vec![b"job started well", b"job stopped well"];
        assert_eq!(group(&few), few);
        let masked: Vec<&[u8]> = vec![b"sent to <*> today", b"sent to nobody today"];
        assert_eq!(group(&masked), [b"sent to <*> today", b"sent to <*> today"]);
    }

    #[test]
    fn turns_are_told_by_rates() {
        for (inside, seconds, expected) in [
            ([0, 9], [600.0, 600.0], Turn::New),
            ([90, 0], [600.0, 600.0], Turn::Gone),
            ([2, 0], [600.0, 60.0], Turn::Same),
            ([100, 900], [600.0, 600.0], Turn::More),
            ([900, 100], [600.0, 600.0], Turn::Less),
            ([900, 90], [6000.0, 600.0], Turn::Same),
            ([0, 0], [1.0, 1.0], Turn::Same),
        ] {
            assert_eq!(turn(inside, seconds).0, expected, "{inside:?}");
        }
    }

    #[test]
    fn marks_stand_where_people_put_them() {
        assert_eq!(readable("host ' <*> ' said \" GET <*> \" twice"), "host '<*>' said \"GET <*>\" twice");
        assert_eq!(readable("took <*> ( of <*> ) , done"), "took <*> (of <*>), done");
    }
}
