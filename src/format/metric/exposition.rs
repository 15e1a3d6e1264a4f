//! What the text formats of Prometheus share: series, numbers and times, read byte by byte.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::HashTable;

use super::MetricError;
use crate::model::Labels;

/// What is wrong in a line, and at which byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) message: String,
    pub(super) hint: Option<&'static str>,
}

pub(super) type Parsed<T> = Result<T, Fault>;

pub(super) fn fault<T>(at: usize, message: impl Into<String>) -> Parsed<T> {
    Err(Fault { at, message: message.into(), hint: None })
}

pub(super) fn fault_hinted<T>(at: usize, message: impl Into<String>, hint: &'static str) -> Parsed<T> {
    Err(Fault { at, message: message.into(), hint: Some(hint) })
}

impl Fault {
    pub(super) fn in_line(self, line: u64) -> MetricError {
        MetricError { line, column: self.at + 1, message: self.message, hint: self.hint.map(str::to_owned) }
    }
}

/// The lines of a file, each with its 1-based number, without line ends; the last one may lack its end.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let mut rest = Some(bytes).filter(|bytes| !bytes.is_empty());
    let mut number = 0;
    std::iter::from_fn(move || {
        let bytes = rest?;
        number += 1;
        let (line, after) = match memchr::memchr(b'\n', bytes) {
            Some(end) => (&bytes[..end], &bytes[end + 1..]),
            None => (bytes, &[][..]),
        };
        rest = Some(after).filter(|after| !after.is_empty());
        Some((number, line))
    })
}

/// The complete lines at the start of a file, for detection.
pub(super) fn head_lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let end = memchr::memrchr(b'\n', head).map_or(0, |end| end + 1);
    lines(&head[..end]).map(|(_, line)| line.strip_suffix(b"\r").unwrap_or(line))
}

fn is_blank(b: u8) -> bool {
    b == b' ' || b == b'\t'
}

/// The place of the first byte that is no blank.
pub(super) fn skip_blanks(line: &[u8], mut at: usize) -> usize {
    while line.get(at).copied().is_some_and(is_blank) {
        at += 1;
    }
    at
}

/// Where a name ends.
fn name_end(line: &[u8], start: usize, colons: bool) -> usize {
    let part = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || colons && *b == b':';
    let length = line[start..].iter().take_while(|b| part(b)).count();
    if length > 0 && line[start].is_ascii_digit() { start } else { start + length }
}

/// Where the series at the start of a line ends, without looking closely: the name, and braces if there are some.
pub(super) fn series_end(line: &[u8]) -> usize {
    let Some(open) = memchr::memchr2(b'{', b' ', line) else { return line.len() };
    if line[open] == b' ' {
        return open;
    }
    let mut at = open + 1;
    while let Some(next) = memchr::memchr2(b'"', b'}', &line[at..]) {
        at += next + 1;
        if line[at - 1] == b'}' {
            return at;
        }
        // To the end of the quoted text.
        while let Some(next) = memchr::memchr2(b'"', b'\\', &line[at..]) {
            at += next + 1;
            if line[at - 1] == b'"' {
                break;
            }
            at = (at + 1).min(line.len());
        }
    }
    line.len()
}

/// Text as it is meant by bytes that are usually UTF-8.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A quoted text from its opening quote on: what it means, and the place after its closing quote.
fn quoted(line: &[u8], open: usize) -> Parsed<(String, usize)> {
    let mut value = Vec::new();
    let mut at = open + 1;
    loop {
        let Some(next) = memchr::memchr2(b'"', b'\\', &line[at..]) else {
            return fault(open, "the quote is not closed");
        };
        value.extend_from_slice(&line[at..at + next]);
        at += next + 1;
        if line[at - 1] == b'"' {
            return Ok((text(&value), at));
        }
        match line.get(at) {
            Some(b'n') => value.push(b'\n'),
            Some(&b @ (b'"' | b'\\')) => value.push(b),
            Some(&b) => value.extend_from_slice(&[b'\\', b]),
            None => return fault(open, "the quote is not closed"),
        }
        at += 1;
    }
}

/// The labels between braces, from the opening one on, and the place after the closing one. With `strict` there are
/// no blanks and no comma at the end.
pub(super) fn braces(line: &[u8], open: usize, strict: bool, labels: &mut Labels) -> Parsed<usize> {
    let blanks = |at: usize| if strict { at } else { skip_blanks(line, at) };
    let mut at = blanks(open + 1);
    let mut first = true;
    loop {
        if line.get(at) == Some(&b'}') && (first || !strict) {
            return Ok(at + 1);
        }
        at = label(line, at, strict, labels)?;
        first = false;
        at = blanks(at);
        match line.get(at) {
            Some(b',') => at = blanks(at + 1),
            Some(b'}') => return Ok(at + 1),
            _ => return fault(at, "\",\" or \"}\" is missing after a label"),
        }
    }
}

/// `name="value"`, or a metric's name in quotes; gives the place after it.
fn label(line: &[u8], start: usize, strict: bool, labels: &mut Labels) -> Parsed<usize> {
    let blanks = |at: usize| if strict { at } else { skip_blanks(line, at) };
    let (name, mut at) = if line.get(start) == Some(&b'"') {
        quoted(line, start)?
    } else {
        let end = name_end(line, start, false);
        if end == start {
            return fault(start, "a label name is missing");
        }
        (text(&line[start..end]), end)
    };
    at = blanks(at);
    if line.get(at) != Some(&b'=') {
        if line.get(start) != Some(&b'"') {
            return fault(at, "\"=\" is missing after a label name");
        }
        if !labels.metric().is_empty() || name.is_empty() {
            return fault(start, "the metric has a second name");
        }
        labels.set(Labels::NAME, name);
        return Ok(at);
    }
    at = blanks(at + 1);
    if line.get(at) != Some(&b'"') {
        return fault(at, "the value of a label stands in double quotes");
    }
    let (value, end) = quoted(line, at)?;
    if labels.shared(&name).is_some() {
        return fault(start, format!("label {name:?} stands there twice"));
    }
    labels.set(name, value);
    Ok(end)
}

/// The series at the start of a line, and the place after it.
pub(super) fn series(line: &[u8], strict: bool) -> Parsed<(Labels, usize)> {
    let mut labels = Labels::default();
    let mut at = name_end(line, 0, true);
    if at > 0 {
        labels.set(Labels::NAME, text(&line[..at]));
    } else if line.first() != Some(&b'{') {
        return fault(0, "a metric name is missing");
    }
    let open = if strict { at } else { skip_blanks(line, at) };
    if line.get(open) == Some(&b'{') {
        at = braces(line, open, strict, &mut labels)?;
    }
    if labels.metric().is_empty() {
        return fault(0, "a metric name is missing");
    }
    Ok((labels, at))
}

/// What `series` would find at the start of a line, without making labels of it: the metric's name, and the place after
/// the series. `None` for what is not written plainly (blanks, escapes, names in quotes), or is no series.
pub(super) fn plain_series(line: &[u8]) -> Option<(&[u8], usize)> {
    let open = name_end(line, 0, true);
    let name = line.get(..open).filter(|name| !name.is_empty())?;
    match line.get(open)? {
        b'{' => {}
        // A brace may follow the blanks.
        _ => return (line.get(skip_blanks(line, open)) != Some(&b'{')).then_some((name, open)),
    }
    let mut names = [&line[..0]; LABELS_COMPARED];
    let mut at = open + 1;
    for count in 0.. {
        let end = name_end(line, at, false);
        let label =
            line.get(at..end).filter(|label| !label.is_empty() && *label != Labels::NAME.as_bytes())?;
        if names.get(..count)?.contains(&label) {
            return None;
        }
        *names.get_mut(count)? = label;
        let value = line.get(end..)?.strip_prefix(b"=\"")?;
        let length = memchr::memchr2(b'"', b'\\', value).filter(|length| value[*length] == b'"')?;
        at = end + 2 + length + 2;
        match line.get(at - 1)? {
            b',' => {}
            b'}' => return Some((name, at)),
            _ => return None,
        }
    }
    None
}

/// A quick look compares the names of so many labels.
const LABELS_COMPARED: usize = 16;

/// A number: decimal, `Inf`, `Infinity` or `NaN` in any case.
pub(super) fn number(bytes: &[u8]) -> Option<f64> {
    let whole = bytes.strip_prefix(b"-").or(bytes.strip_prefix(b"+")).unwrap_or(bytes);
    if whole.len() <= 15 && !whole.is_empty() && whole.iter().all(u8::is_ascii_digit) {
        // Exact in a float, and most values of counters are like this.
        let number = whole.iter().fold(0u64, |number, b| number * 10 + u64::from(b - b'0')) as f64;
        return Some(if bytes[0] == b'-' { -number } else { number });
    }
    let text = std::str::from_utf8(bytes).ok()?;
    match whole.first()? {
        b'0'..=b'9' | b'.' => text.parse().ok(),
        _ if whole.eq_ignore_ascii_case(b"nan") => Some(f64::NAN),
        _ if whole.eq_ignore_ascii_case(b"inf") || whole.eq_ignore_ascii_case(b"infinity") => {
            text.parse().ok()
        }
        _ => None,
    }
}

/// Powers of ten.
const POWERS: [u64; 10] =
    [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];

/// Seconds since the epoch as nanoseconds, exact where they are written as a decimal; what is finer is cut.
pub(super) fn seconds(bytes: &[u8]) -> Option<i128> {
    let (negative, digits) = match bytes.first()? {
        b'-' => (true, &bytes[1..]),
        b'+' => (false, &bytes[1..]),
        _ => (false, bytes),
    };
    let point = memchr::memchr(b'.', digits).unwrap_or(digits.len());
    let (whole, fraction) = (&digits[..point], digits.get(point + 1..).unwrap_or_default());
    let decimal = |digits: &[u8]| digits.iter().all(u8::is_ascii_digit);
    let is_decimal = decimal(whole) && decimal(fraction) && !(whole.is_empty() && fraction.is_empty());
    if is_decimal && whole.len() <= 10 {
        // Ten digits and nine more fit into 64 bits.
        let mut nanos = whole.iter().fold(0u64, |n, b| n * 10 + u64::from(b - b'0'));
        let used = fraction.len().min(9);
        nanos = fraction[..used].iter().fold(nanos, |n, b| n * 10 + u64::from(b - b'0'));
        let nanos = i128::from(nanos * POWERS[9 - used]);
        return Some(if negative { -nanos } else { nanos });
    }
    let seconds = number(bytes).filter(|seconds| seconds.is_finite())?;
    Some((seconds * 1e9) as i128)
}

/// Nanoseconds in milliseconds, where these fit.
pub(super) fn nanos_to_millis(nanos: i128) -> Option<i64> {
    match i64::try_from(nanos) {
        Ok(nanos) => Some(nanos.div_euclid(1_000_000)),
        // The division of 128 bits is slow, and only times far away need it.
        Err(_) => i64::try_from(nanos.div_euclid(1_000_000)).ok(),
    }
}

/// Texts of labels that many series have, each kept once: the names, and the first values of each.
#[derive(Default)]
pub(super) struct Pool(HashMap<Arc<str>, HashSet<Arc<str>>>);

/// So many values of a name are kept; a name with more has a value of its own for each series.
const VALUES_KEPT: usize = 256;

impl Pool {
    /// Makes labels of texts that are known already.
    pub(super) fn share(&mut self, labels: &mut Labels) {
        labels.share(|name, value| {
            match self.0.get_key_value(&**name) {
                Some((known, _)) => *name = known.clone(),
                None => {
                    self.0.insert(name.clone(), HashSet::new());
                }
            }
            let Some(values) = self.0.get_mut(&**name) else { return };
            match values.get(&**value) {
                Some(known) => *value = known.clone(),
                None if values.len() < VALUES_KEPT => {
                    values.insert(value.clone());
                }
                None => {}
            }
        });
    }
}

/// Series by their text, so that each is parsed once.
pub(super) struct SeriesTexts<T> {
    hasher: foldhash::fast::RandomState,
    places: HashTable<usize>,
    series: Vec<(Arc<[u8]>, T)>,
    last: usize,
}

impl<T> SeriesTexts<T> {
    pub(super) fn new() -> Self {
        SeriesTexts {
            hasher: foldhash::fast::RandomState::default(),
            places: HashTable::new(),
            series: Vec::new(),
            last: 0,
        }
    }

    /// Does a line start with the series of the line before, or with the one that followed that before? History
    /// comes series by series, scrapes in the order of the scrape before. Gives its place and where it ends.
    pub(super) fn expected(&mut self, line: &[u8]) -> Option<(usize, usize)> {
        for place in [self.last, self.last + 1, 0] {
            if let Some((known, _)) = self.series.get(place)
                && line.starts_with(known)
                && line.get(known.len()) == Some(&b' ')
            {
                self.last = place;
                return Some((place, known.len()));
            }
        }
        None
    }

    /// The place of a text, which is parsed if it is new.
    pub(super) fn place(&mut self, text: &[u8], parse: impl FnOnce() -> Parsed<T>) -> Parsed<usize> {
        let hashed = self.hasher.hash_one(text);
        if let Some(&place) = self.places.find(hashed, |&place| *self.series[place].0 == *text) {
            self.last = place;
            return Ok(place);
        }
        let parsed = parse()?;
        let (series, hasher) = (&self.series, &self.hasher);
        self.last = series.len();
        self.places.insert_unique(hashed, series.len(), |&place| hasher.hash_one(&*series[place].0));
        self.series.push((text.into(), parsed));
        Ok(self.last)
    }

    pub(super) fn get(&self, place: usize) -> &T {
        &self.series[place].1
    }

    pub(super) fn get_mut(&mut self, place: usize) -> &mut T {
        &mut self.series[place].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_read_with_their_escapes() {
        for (line, strict, expected) in [
            (r"up 1", true, Some("up")),
            (r#"a{b="c \" } \\ \n \x"} 1"#, true, Some(r#"a{b="c \" } \\ \n \\x"}"#)),
            (r#"a { b = "c" , } 1"#, false, Some(r#"a{b="c"}"#)),
            (r#"a{b="c",} 1"#, true, None),
            (r#"{"my.metric","a b"="c"} 1"#, true, Some(r#"{"my.metric", "a b"="c"}"#)),
            (r#"{__name__="up",job="x"} 1"#, false, Some(r#"up{job="x"}"#)),
            (r#"a{b="c",b="d"} 1"#, false, None),
            (r#"a{b="c} 1"#, false, None),
            (r"a{,} 1", false, None),
            (r"1a 1", false, None),
            (r"{} 1", false, None),
        ] {
            let found = series(line.as_bytes(), strict).ok();
            assert_eq!(found.as_ref().map(|(labels, _)| labels.to_string()).as_deref(), expected, "{line}");
            if let (Some((_, end)), true) = (found, strict) {
                assert_eq!(series_end(line.as_bytes()), end, "{line}");
            }
        }
    }

    #[test]
    fn the_quick_look_at_a_series_sees_the_same() {
        for (line, is_plain) in [
            (r"up 1", true),
            (r"job:up:sum\t1", true),
            (r#"a{b="c"} 1"#, true),
            (r#"a{b="",c="x y, }"} 1"#, true),
            (r#"a{b="c",} 1"#, false),
            (r#"a{b="c",b="d"} 1"#, false),
            (r#"a{b="c \" d"} 1"#, false),
            (r#"a {b="c"} 1"#, false),
            (r#"a{b = "c"} 1"#, false),
            (r#"a{"b"="c"} 1"#, false),
            (r#"{"a",b="c"} 1"#, false),
            (r#"a{__name__="b"} 1"#, false),
            (r#"a{b="c"x="d"} 1"#, false),
            (r#"a{b="c" 1"#, false),
            (r"a{} 1", false),
            (r"1a 1", false),
            (r"a", false),
            (r"", false),
        ] {
            let found = plain_series(line.as_bytes());
            assert_eq!(found.is_some(), is_plain, "{line}");
            if let Some((name, end)) = found {
                let (labels, used) = series(line.as_bytes(), false).expect(line);
                assert_eq!((labels.metric().as_bytes(), used), (name, end), "{line}");
            }
        }
    }

    #[test]
    fn texts_that_many_series_have_are_kept_once() {
        let mut pool = Pool::default();
        let mut read = |line: &str| {
            let (mut labels, _) = series(line.as_bytes(), false).expect(line);
            let before = labels.clone();
            pool.share(&mut labels);
            assert_eq!(labels, before);
            labels
        };
        let (one, other) = (read(r#"a{b="c",d="e"} 1"#), read(r#"a{b="c",d="f"} 1"#));
        let same = |name: &str| {
            let value = |labels: &Labels| labels.shared(name).expect(name).clone();
            Arc::ptr_eq(&value(&one), &value(&other))
        };
        assert!(same("b") && same(Labels::NAME) && !same("d"));
        assert!(one.iter_shared().zip(other.iter_shared()).all(|(a, b)| Arc::ptr_eq(&a.0, &b.0)));
    }

    #[test]
    fn numbers_and_times() {
        for (text, expected) in [
            ("1", Some(1.0)),
            ("-12", Some(-12.0)),
            ("1e3", Some(1000.0)),
            ("+Inf", Some(f64::INFINITY)),
            ("-infinity", Some(f64::NEG_INFINITY)),
            (".5", Some(0.5)),
            ("123456789012345678", Some(123_456_789_012_345_680.0)),
            ("", None),
            ("-", None),
            ("1_0", None),
            ("0x1", None),
            ("1 ", None),
            ("infx", None),
            ("1e", None),
        ] {
            assert_eq!(number(text.as_bytes()), expected, "{text}");
        }
        for (text, expected) in [
            ("1703385000.123", Some(1_703_385_000_123)),
            ("1703385000.1239", Some(1_703_385_000_123)),
            ("-1.5", Some(-1500)),
            ("1e3", Some(1_000_000)),
            ("NaN", None),
            (".", None),
            ("1e300", None),
        ] {
            assert_eq!(seconds(text.as_bytes()).and_then(nanos_to_millis), expected, "{text}");
        }
    }
}
