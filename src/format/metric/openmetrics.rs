//! OpenMetrics text: strict as the standard wants it, or lenient; with times it is a history.

use super::exposition::{
    Fault, Parsed, braces, fault, fault_hinted, head_lines, lines, nanos_to_millis, number, plain_series,
    seconds, series, series_end, skip_blanks,
};
use super::native;
use super::strict::{Metadata, Rules, Seen};
use super::{Family, Known, MetricError, MetricFormat, Read, ReadOptions, Sink};
use crate::model::{Labels, Sample};

/// OpenMetrics text.
pub(super) struct OpenMetrics;

/// A series, and what the rules know about it.
pub(super) struct KnownSeries {
    pub(super) labels: Labels,
    /// The family it was read in, if that changed its labels or would have.
    family: Option<Family>,
    seen: Seen,
}

impl KnownSeries {
    pub(super) fn new(mut labels: Labels, family: Family) -> Self {
        let has_number = ["le", "quantile"].iter().any(|name| labels.shared(name).is_some());
        family.normalise(&mut labels);
        KnownSeries { labels, family: has_number.then_some(family), seen: Seen::default() }
    }

    /// Does it read the same in this family?
    pub(super) fn is_of(&self, family: Family) -> bool {
        self.family.is_none_or(|known| known == family)
    }
}

/// What follows the series in a line.
pub(super) struct Tail {
    pub(super) value: f64,
    /// Nanoseconds since the epoch.
    pub(super) at: Option<i128>,
    pub(super) exemplar: bool,
}

impl MetricFormat for OpenMetrics {
    fn name(&self) -> &'static str {
        "openmetrics"
    }

    fn doc(&self) -> &'static str {
        "OpenMetrics text, times in seconds; several times for a series are its history."
    }

    fn recognises(&self, head: &[u8]) -> bool {
        evidence(head) == Some(Dialect::OpenMetrics)
    }

    fn has_free_lines(&self) -> bool {
        true
    }

    fn is_exposition(&self) -> bool {
        true
    }

    fn may_hold_markers(&self) -> bool {
        true
    }

    fn read(
        &self,
        bytes: &[u8],
        mut options: ReadOptions,
        known: &mut Known,
        sink: &mut Sink<'_>,
    ) -> Result<Read, MetricError> {
        let mut read = Read::default();
        let mut rules = options.strict.then(Rules::new);
        let mut ended = false;
        let mut last = 0;
        for (number, line) in lines(bytes) {
            last = number;
            let outcome = if ended && options.strict {
                fault(0, "there is text after # EOF")
            } else if line.first() == Some(&b'#') {
                options.family = Family::of_line(line).unwrap_or(options.family);
                comment(line, &mut rules).map(|is_end| ended |= is_end)
            } else {
                sample(line, options, known, &mut rules, &mut read, sink)
                    .or_else(|fault| read.histogram(line.trim_ascii(), 1.0, options, fault))
            };
            if let Err(fault) = outcome {
                read.refuse(fault.in_line(number), options)?;
            }
        }
        if let Some(rules) = &mut rules {
            rules.finish().map_err(|fault| fault.in_line(last))?;
            if !ended {
                let hint = Some("the file may be cut, or be in the format of Prometheus".to_owned());
                let message = "the file does not end with # EOF".to_owned();
                return Err(MetricError { line: last + 1, column: 1, message, hint });
            }
        }
        Ok(read)
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            "# HELP payment_requests Payment requests.\n# TYPE payment_requests counter\n\
             payment_requests_total{status=\"success\"} 0 1703385000.000\n\
             payment_requests_total{status=\"success\"} 29 1703385015.000\n# EOF\n",
            "# TYPE a histogram\na_bucket{le=\"1.0\"} 1 # {trace=\"x\"} 0.5\na_bucket{le=\"+Inf\"} 2\na_count 2\n\
             a_sum 3.5\n# TYPE version info\nversion_info{v=\"1\"} 1\n# EOF\n",
            "up{instance=\"a\"} 1 1703385000.000\nup{instance=\"a\"} 1 1703385015.500\n\
             up{instance=\"b\"} 0 1703385015.500\n# EOF\n",
        ]
    }
}

/// `# HELP`, `# TYPE`, `# UNIT`, `# EOF`; says whether it is the end.
fn comment(line: &[u8], rules: &mut Option<Rules>) -> Parsed<bool> {
    if line == b"# EOF" || rules.is_none() && line.trim_ascii() == b"# EOF" {
        return Ok(true);
    }
    let Some(rules) = rules else { return Ok(false) };
    let mut parts = line.splitn(4, |b| *b == b' ');
    let (Some(b"#"), Some(word), Some(name), Some(rest)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return fault_hinted(
            0,
            "a comment is incomplete",
            "OpenMetrics knows # HELP, # TYPE, # UNIT and # EOF",
        );
    };
    let metadata = match word {
        b"HELP" => Metadata::Help,
        b"TYPE" => Metadata::Type(rest),
        b"UNIT" => Metadata::Unit(rest),
        _ => return fault_hinted(2, "this comment is not allowed", "OpenMetrics has no free comments"),
    };
    rules.metadata(name, metadata).map(|()| false)
}

fn sample(
    line: &[u8],
    options: ReadOptions,
    Known { series: known, texts }: &mut Known,
    rules: &mut Option<Rules>,
    read: &mut Read,
    sink: &mut Sink<'_>,
) -> Parsed<()> {
    let strict = options.strict;
    // The standard has its own rules for numbers in labels.
    let family = if strict { Family::Other } else { options.family };
    let line = if strict { line } else { line.trim_ascii() };
    if line.is_empty() {
        return if strict { fault(0, "there is a blank line") } else { Ok(()) };
    }
    let expected = known.expected(line).filter(|(place, _)| known.get(*place).is_of(family));
    let (labels, end) = if let Some((place, end)) = expected {
        (Ok(place), end)
    } else {
        let end = series_end(line);
        let place = known.place(&line[..end], || {
            let (mut labels, used) = series(line, strict)?;
            // A blank before the brace makes the quick look stop early; then the text is no key.
            if used != end {
                return fault(used.min(end), "a blank stands before the labels");
            }
            texts.share(&mut labels);
            Ok(KnownSeries::new(labels, family))
        });
        match place {
            Ok(place) if strict || known.get(place).is_of(family) => (Ok(place), end),
            Err(fault) if strict => return Err(fault),
            _ => {
                let (mut labels, end) = series(line, false)?;
                family.normalise(&mut labels);
                (Err(labels), end)
            }
        }
    };
    let tail = tail(line, end, strict)?;
    let at = match tail.at {
        Some(nanos) if !strict && nanos.abs() >= FAR => {
            // A thousand times as far as is meant: milliseconds instead of seconds.
            read.note(IN_MILLIS);
            i64::try_from(nanos / 1_000_000_000).ok()
        }
        Some(nanos) => nanos_to_millis(nanos),
        None => Some(options.at_ms),
    };
    let Some(at) = at else { return fault(end, "the time is out of range") };
    let labels = match labels {
        Ok(place) => {
            if let Some(rules) = rules {
                let KnownSeries { labels, seen, .. } = known.get_mut(place);
                rules.sample(labels, seen, &tail)?;
            }
            &known.get(place).labels
        }
        Err(ref labels) => labels,
    };
    sink(labels, Sample { at, value: tail.value });
    read.samples += 1;
    Ok(())
}

/// From the year 5138 on, seconds are milliseconds that somebody took for seconds.
const FAR: i128 = 100_000_000_000 * 1_000_000_000;
const IN_MILLIS: &str =
    "its times are milliseconds where OpenMetrics has seconds; they are read as milliseconds";

/// ` value`, ` value time`, and ` # {…} value time` for an exemplar.
pub(super) fn tail(line: &[u8], end: usize, strict: bool) -> Parsed<Tail> {
    if let Some(tail) = quick(line.get(end..).unwrap_or_default()) {
        return Ok(tail);
    }
    let (value, at) = token(line, end, strict)?;
    let Some(value) = number(value) else {
        return fault_hinted(end + 1, "the value is no number", hint(value));
    };
    let mut tail = Tail { value, at: None, exemplar: false };
    if at == line.len() {
        return Ok(tail);
    }
    let (mut next, mut after) = token(line, at, strict)?;
    if next != b"#" {
        tail.at = Some(time(next, at)?);
        if after == line.len() {
            return Ok(tail);
        }
        (next, after) = token(line, after, strict)?;
    }
    if next != b"#" {
        return fault(after - next.len(), "there is something after the time");
    }
    tail.exemplar = true;
    if strict {
        exemplar(line, after)?;
    }
    Ok(tail)
}

/// What most lines end with, in one pass: a blank and a whole number, a blank and a time of seconds, perhaps with a
/// fraction. `None` for everything else.
fn quick(rest: &[u8]) -> Option<Tail> {
    let (b' ', rest) = rest.split_first()? else { return None };
    let (value, rest) = decimal(rest, 15)?;
    let value = value as f64;
    let (b' ', rest) = (match rest.split_first() {
        None => return Some(Tail { value, at: None, exemplar: false }),
        Some((first, rest)) => (*first, rest),
    }) else {
        return None;
    };
    let (seconds, rest) = decimal(rest, 10)?;
    let nanos = match rest.split_first() {
        None => seconds * 1_000_000_000,
        Some((b'.', fraction)) => {
            let (parts, rest) = decimal(fraction, 9)?;
            if !rest.is_empty() {
                return None;
            }
            seconds * 1_000_000_000 + parts * 10_u64.pow(9 - fraction.len() as u32)
        }
        Some(_) => return None,
    };
    Some(Tail { value, at: Some(i128::from(nanos)), exemplar: false })
}

/// The whole number at the start, of one to `most` digits, and what follows it.
fn decimal(bytes: &[u8], most: usize) -> Option<(u64, &[u8])> {
    let mut number = 0;
    let mut length = 0;
    while let Some(digit) = bytes.get(length).map(|b| b.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
        number = number * 10 + u64::from(digit);
        length += 1;
        if length > most {
            return None;
        }
    }
    (length > 0).then(|| (number, &bytes[length..]))
}

fn hint(value: &[u8]) -> &'static str {
    match value.first() {
        Some(b'{') => "histograms as values are of OpenMetrics 2",
        _ => "numbers are decimal, +Inf, -Inf or NaN",
    }
}

fn time(token: &[u8], at: usize) -> Parsed<i128> {
    seconds(token).ok_or(Fault { at: at + 1, message: "the time is no number".to_owned(), hint: None })
}

/// The word after a single blank (or several, if not strict), and the place after it.
fn token(line: &[u8], at: usize, strict: bool) -> Parsed<(&[u8], usize)> {
    let start = if strict { at + 1 } else { skip_blanks(line, at) };
    if line.get(at) != Some(&b' ') && (strict || start == at) {
        return fault(at, "a blank is missing");
    }
    let rest = line.get(start..).unwrap_or_default();
    let length = memchr::memchr(b' ', rest).unwrap_or(rest.len());
    if length == 0 {
        return fault(start, "a value is missing");
    }
    let end = start + length;
    Ok((&line[start..end], if strict { end } else { end_of_blanks(line, end) }))
}

/// Blanks at the end of a line are no token.
fn end_of_blanks(line: &[u8], at: usize) -> usize {
    if skip_blanks(line, at) == line.len() { line.len() } else { at }
}

/// ` {labels} value time` after the sign of an exemplar.
fn exemplar(line: &[u8], at: usize) -> Parsed<()> {
    if line.get(at) != Some(&b' ') || line.get(at + 1) != Some(&b'{') {
        return fault(at, "the labels of the exemplar are missing");
    }
    let mut labels = Labels::default();
    let end = braces(line, at + 1, true, &mut labels)?;
    let length: usize = labels.iter().map(|(name, value)| name.chars().count() + value.chars().count()).sum();
    if length > 128 {
        return fault(at + 1, "the labels of the exemplar are longer than 128 characters");
    }
    let (value, at) = token(line, end, true)?;
    if number(value).is_none() {
        return fault(end + 1, "the value of the exemplar is no number");
    }
    if at == line.len() {
        return Ok(());
    }
    let (when, after) = token(line, at, true)?;
    time(when, at)?;
    if after == line.len() { Ok(()) } else { fault(after, "there is something after the exemplar") }
}

/// The two text formats differ in little; this tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    OpenMetrics,
    Prometheus,
}

/// So many samples at the start of a file tell which format it is in.
const SAMPLES_LOOKED_AT: usize = 64;

/// Which text format a file starts in; `None` if it might be something else. Some lines may be in no format: what
/// the program that scraped had to say, or a line that two programs wrote at once.
pub(super) fn evidence(head: &[u8]) -> Option<Dialect> {
    let mut found = Evidence::default();
    for line in head_lines(head) {
        if line.trim_ascii().is_empty() {
            found.prometheus |= !line.is_empty() || found.metadata + found.labelled > 0;
        } else if line.starts_with(b"#") {
            found.comment(line);
        } else if found.labelled + found.plain + found.odd < SAMPLES_LOOKED_AT
            && (opens_object(line) || found.sample(line).is_none())
        {
            let is_histogram =
                !opens_object(line) && native::line(line, 1.0, 0).is_some_and(|found| found.is_ok());
            *(if is_histogram { &mut found.labelled } else { &mut found.odd }) += 1;
        }
    }
    found.dialect()
}

/// Does a line begin an object of JSON? Braces before a metric's name in quotes are followed by something else than a colon.
fn opens_object(line: &[u8]) -> bool {
    let Some(key) = line.strip_prefix(b"{\"") else { return false };
    let end = memchr::memchr(b'"', key).map_or(key.len(), |end| end + 1);
    key[end..].trim_ascii_start().first() == Some(&b':')
}

/// What the lines looked at so far tell.
#[derive(Default)]
struct Evidence<'h> {
    metadata: usize,
    labelled: usize,
    plain: usize,
    /// Lines that are in neither format.
    odd: usize,
    open_metrics: bool,
    prometheus: bool,
    in_seconds: bool,
    counters: Vec<&'h [u8]>,
}

impl<'h> Evidence<'h> {
    fn comment(&mut self, line: &'h [u8]) {
        let mut parts = line.splitn(4, |b| *b == b' ');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(b"#"), Some(b"EOF"), None, None) | (Some(b"#"), Some(b"UNIT"), Some(_), Some(_)) => {
                self.open_metrics = true;
            }
            (Some(b"#"), Some(b"HELP"), Some(_), _) => self.metadata += 1,
            (Some(b"#"), Some(b"TYPE"), Some(name), Some(kind)) => {
                self.metadata += 1;
                match kind.trim_ascii() {
                    // In OpenMetrics the suffix is no part of the family's name.
                    b"counter" if name.ends_with(b"_total") => self.prometheus = true,
                    b"counter" => self.counters.push(name),
                    b"gauge" | b"summary" | b"histogram" => {}
                    b"untyped" => self.prometheus = true,
                    b"unknown" | b"info" | b"stateset" | b"gaugehistogram" => self.open_metrics = true,
                    _ => {
                        self.metadata -= 1;
                        self.odd += 1;
                    }
                }
            }
            _ => self.prometheus = true,
        }
    }

    fn sample(&mut self, line: &[u8]) -> Option<()> {
        let labels;
        let (name, end) = match plain_series(line) {
            Some(found) => found,
            None => {
                let (found, end) = series(line, false).ok()?;
                labels = found;
                (labels.metric().as_bytes(), end)
            }
        };
        let tail = tail(line, end, false).ok()?;
        if line[..end].contains(&b'{') {
            self.labelled += 1;
        } else {
            self.plain += 1;
        }
        self.open_metrics |= tail.exemplar;
        // The family of a counter has no suffix in OpenMetrics, but its sample has.
        let family = name.strip_suffix(b"_total").unwrap_or_default();
        self.open_metrics |= self.counters.contains(&family);
        let time = line[end..].split(|b| *b == b' ').filter(|part| !part.is_empty()).nth(1);
        if let Some(time) = time.filter(|_| tail.at.is_some()) {
            // Seconds have a fraction, or up to eleven digits; milliseconds have more.
            self.in_seconds |= time.contains(&b'.') || time.len() <= 11;
        }
        Some(())
    }

    fn dialect(&self) -> Option<Dialect> {
        let (labelled, plain) = (self.labelled, self.plain);
        // Words and numbers alone could be anything.
        if self.metadata == 0 && (labelled < 1 || plain > labelled)
            || labelled + plain == 0 && self.metadata < 2
        {
            return None;
        }
        if self.odd > 0 && self.odd * 4 > self.metadata + labelled {
            return None;
        }
        if self.open_metrics || !self.prometheus && self.in_seconds {
            return Some(Dialect::OpenMetrics);
        }
        Some(Dialect::Prometheus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_look_sees_the_same() {
        for rest in [
            " 1",
            " 12 1703385000",
            " 0 1703385000.5",
            " 7 1703385000.123456789",
            " 999999999999999 1",
            " 1 9999999999.9",
            " 1.5 2",
            " 1 2 ",
            "  1",
            " 1  2",
            " -1 2",
            " 1 2.",
            " 1 2.1234567891",
            " 1 12345678901",
            " 1 2 # {} 1",
            "",
            " ",
            " 1e3",
            " 1234567890123456",
            " 1 x",
            " 1 2x",
            "1 2",
        ] {
            let Some(quick) = quick(rest.as_bytes()) else { continue };
            let (value, at) =
                rest[1..].split_once(' ').map_or((&rest[1..], None), |(value, at)| (value, Some(at)));
            assert_eq!(Some(quick.value), number(value.as_bytes()), "{rest:?}");
            assert_eq!(quick.at, at.map(|at| seconds(at.as_bytes()).expect(rest)), "{rest:?}");
        }
        assert!(
            quick(b" 12 1703385000.250").is_some() && quick(b" 12").is_some() && quick(b" 1.5 2").is_none()
        );
    }
}
