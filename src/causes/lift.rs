//! What the failing have in common: the values of requests, and those that stand out among the failed.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::fold::Table;

/// How long a value may be that is compared.
pub const LONGEST: usize = 40;

/// How many different values a field may have.
const MOST_VALUES: usize = 40;

/// How many values a request may have: a field that changes within a request says where, not who.
const MOST_PAIRS: usize = 64;

/// A value that is more frequent among the requests that failed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Common {
    /// The field.
    pub field: String,
    /// The value.
    pub value: String,
    /// Its share among the failed that have the field.
    pub failed_share: f64,
    /// Its share among the others that have it.
    pub succeeded_share: f64,
    /// The ratio of these.
    pub lift: f64,
    /// How many failed requests have it.
    pub support: u64,
}

/// The names and values of all requests, each kept once.
#[derive(Clone, Debug, Default)]
pub struct Pairs {
    /// `name`, a zero byte, `value`.
    texts: Table<()>,
    text: Vec<u8>,
}

/// The values of one request, as numbers of [`Pairs`].
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Values(Vec<u32>);

impl Common {
    /// Is it a sibling that differs: nearly all that failed have it, and few of the others?
    pub fn stands_out(&self) -> bool {
        const LIFT: f64 = 3.0;
        const NEARLY_ALL: f64 = 0.7;
        self.lift >= LIFT && self.failed_share >= NEARLY_ALL && self.value.len() >= 3
    }
}

impl Pairs {
    /// Gives a request a value, unless it is one that says nothing about who it is.
    pub fn give(&mut self, values: &mut Values, name: &[u8], value: &[u8]) {
        let fraction = value.contains(&b'.') && value.iter().all(|b| b.is_ascii_digit() || *b == b'.');
        // A code says how it ended, and that is known.
        let code =
            value.len() == 3 && matches!(value[0], b'4' | b'5') && value.iter().all(u8::is_ascii_digit);
        if value.is_empty() || value.len() > LONGEST || fraction || code {
            return;
        }
        self.text.clear();
        self.text.extend_from_slice(name);
        self.text.push(0);
        self.text.extend_from_slice(value);
        let number = self.texts.number(&self.text, || ());
        self.add(values, number);
    }

    /// The least stay where there are too many: whatever the order, the same.
    fn add(&self, values: &mut Values, number: u32) {
        if values.0.contains(&number) {
            return;
        }
        values.0.push(number);
        if values.0.len() > MOST_PAIRS {
            let text = |at: &usize| self.texts.key_of(values.0[*at]);
            if let Some(greatest) = (0..values.0.len()).max_by_key(text) {
                values.0.swap_remove(greatest);
            }
        }
    }

    /// Takes in the texts of another thread; their numbers here, by their numbers there.
    pub fn merge(&mut self, other: &Pairs) -> Vec<u32> {
        (0..other.texts.len() as u32)
            .map(|number| self.texts.number(other.texts.key_of(number), || ()))
            .collect()
    }

    /// Gives a request the values that another thread knows of it.
    pub fn join(&self, mine: &mut Values, theirs: &Values) {
        theirs.0.iter().for_each(|number| self.add(mine, *number));
    }

    fn split(&self, number: u32) -> (&[u8], &[u8]) {
        let text = self.texts.key_of(number);
        let end = memchr::memchr(0, text).unwrap_or(text.len());
        (&text[..end], text.get(end + 1..).unwrap_or_default())
    }
}

impl Values {
    /// Changes every number into the one that stands at it.
    pub fn renumber(&mut self, numbers: &[u32]) {
        for number in &mut self.0 {
            *number = numbers[*number as usize];
        }
    }
}

/// How often something occurs among the failed, and among the others.
type Sides = [u64; 2];

/// Requests with a field, the values they have of it, and each of its values.
#[derive(Clone, Debug, Default)]
struct Counts {
    having: Sides,
    pairs: Sides,
    values: Vec<(u32, Sides)>,
}

/// Counts every field and value in one go: numbers are places in lists.
fn count<'p>(pairs: &'p Pairs, failed: &[&Values], others: &[&Values]) -> BTreeMap<&'p [u8], Counts> {
    let mut places: BTreeMap<&[u8], usize> = BTreeMap::new();
    let place_of: Vec<usize> = (0..pairs.texts.len() as u32)
        .map(|number| {
            let next = places.len();
            *places.entry(pairs.split(number).0).or_insert(next)
        })
        .collect();
    let mut of_value: Vec<Sides> = vec![[0; 2]; place_of.len()];
    let mut of_field: Vec<Counts> = vec![Counts::default(); places.len()];
    // The last request that had the field.
    let mut last = vec![0; places.len()];
    let sides = failed.iter().map(|values| (0, values)).chain(others.iter().map(|values| (1, values)));
    for (request, (side, values)) in (1..).zip(sides) {
        for number in &values.0 {
            let place = place_of[*number as usize];
            of_value[*number as usize][side] += 1;
            of_field[place].pairs[side] += 1;
            of_field[place].having[side] += u64::from(last[place] != request);
            last[place] = request;
        }
    }
    for (number, (sides, place)) in (0..).zip(of_value.into_iter().zip(&place_of)) {
        if sides != [0; 2] {
            of_field[*place].values.push((number, sides));
        }
    }
    places.into_iter().map(|(name, place)| (name, std::mem::take(&mut of_field[place]))).collect()
}

/// Values that are more frequent among the failed, and fields that tell nothing.
pub fn compare(pairs: &Pairs, failed: &[&Values], others: &[&Values]) -> (Vec<Common>, Vec<String>) {
    let (mut common, mut alike) = (Vec::new(), Vec::new());
    for (name, mut counts) in count(pairs, failed, others) {
        let [bad, good] = counts.having;
        let single = counts.pairs[0] * 10 <= bad * 13 && counts.pairs[1] * 10 <= good * 13;
        let known = bad * 2 >= failed.len() as u64 && good * 10 >= others.len() as u64 && bad > 0 && good > 0;
        if !single || !known || !(2..=MOST_VALUES).contains(&counts.values.len()) {
            continue;
        }
        counts.values.sort_by_key(|(number, _)| pairs.split(*number).1);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let before = common.len();
        for (number, [f, o]) in &counts.values {
            let (failed_share, succeeded_share) = (*f as f64 / bad as f64, *o as f64 / good as f64);
            // Half a request more, so that a value that never succeeds has a finite lift.
            let lift = failed_share / ((*o as f64 + 0.5) / (good as f64 + 0.5));
            if *f >= 5 && lift >= 1.4 && surprise(*f, bad, *o, good) >= 8.0 {
                common.push(Common {
                    field: text(name),
                    value: text(pairs.split(*number).1),
                    failed_share: round(failed_share),
                    succeeded_share: round(succeeded_share),
                    lift: round(lift),
                    support: *f,
                });
            }
        }
        if common.len() == before && bad >= 10 {
            alike.push(text(name));
        }
    }
    common.sort_by(|a, b| {
        let worth = |common: &Common| common.lift.log2() * common.failed_share;
        worth(b).total_cmp(&worth(a)).then_with(|| (&a.field, &a.value).cmp(&(&b.field, &b.value)))
    });
    common.truncate(8);
    (common, alike)
}

/// The logarithm of how much likelier two different shares are than one.
fn surprise(f: u64, failed: u64, o: u64, others: u64) -> f64 {
    let part = |k: u64, n: u64, p: f64| {
        let term = |k: f64, p: f64| if k == 0.0 { 0.0 } else { k * p.max(1e-12).ln() };
        term(k as f64, p) + term((n - k) as f64, 1.0 - p)
    };
    let share = |k: u64, n: u64| k as f64 / n as f64;
    let both = share(f + o, failed + others);
    part(f, failed, share(f, failed)) + part(o, others, share(o, others))
        - part(f, failed, both)
        - part(o, others, both)
}

fn round(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_values_stay_whatever_their_order() {
        let names: Vec<String> = (0..MOST_PAIRS + 9).map(|i| format!("n{i:03}")).collect();
        let left = |order: &mut dyn Iterator<Item = &String>| {
            let (mut pairs, mut values) = (Pairs::default(), Values::default());
            for name in order {
                pairs.give(&mut values, name.as_bytes(), b"x");
                pairs.give(&mut values, name.as_bytes(), b"x");
            }
            let mut left: Vec<Vec<u8>> =
                values.0.iter().map(|number| pairs.split(*number).0.to_vec()).collect();
            left.sort();
            left
        };
        let left_in_order = left(&mut names.iter());
        assert_eq!(left_in_order.len(), MOST_PAIRS);
        assert_eq!(left_in_order.last().unwrap(), names[MOST_PAIRS - 1].as_bytes());
        assert_eq!(left(&mut names.iter().rev()), left_in_order);
    }

    #[test]
    fn what_two_threads_know_is_joined() {
        let (mut mine, mut theirs) = (Pairs::default(), Pairs::default());
        let (mut one, mut other) = (Values::default(), Values::default());
        mine.give(&mut one, b"tier", b"gold");
        theirs.give(&mut other, b"zone", b"b");
        theirs.give(&mut other, b"tier", b"gold");
        let numbers = mine.merge(&theirs);
        other.renumber(&numbers);
        mine.join(&mut one, &other);
        let found: Vec<_> = one.0.iter().map(|number| mine.split(*number)).collect();
        assert_eq!(found, [(&b"tier"[..], &b"gold"[..]), (b"zone", b"b")]);
    }

    #[test]
    fn codes_and_fractions_are_no_values() {
        let (mut pairs, mut values) = (Pairs::default(), Values::default());
        for value in ["503", "1.25", "", &"x".repeat(LONGEST + 1)] {
            pairs.give(&mut values, b"name", value.as_bytes());
        }
        assert_eq!(values, Values::default());
    }
}
