//! Runs scripts in the notation of promqltest: load series, evaluate, compare.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use obs::model::histogram::{CUSTOM_SCHEMA, Histogram, HistogramSample, ResetHint};
use obs::model::{Labels, Sample, Series};
use obs::promql::notation::{self, Given};
use obs::promql::{self, AnnotationLevel, Answer, Options, Store, Value, VectorSample};
use regex::Regex;

/// What became of an eval.
#[derive(Debug)]
pub(super) enum Verdict {
    /// As expected.
    Right,
    /// Not as expected, and why.
    Wrong(String),
}

/// An eval and what became of it.
#[derive(Debug)]
pub(super) struct Eval {
    /// The 1-based line of the script.
    pub(super) line: usize,
    /// The line itself.
    pub(super) text: String,
    /// Does it use anything that is off by default in Prometheus?
    pub(super) experimental: bool,
    /// Does it meet native histograms?
    pub(super) native: bool,
    /// What became of it.
    pub(super) verdict: Verdict,
}

/// How many evals of which kind.
#[derive(Default)]
pub(super) struct Tally {
    core: (usize, usize),
    experimental: (usize, usize),
    native: (usize, usize),
}

impl Tally {
    pub(super) fn add(&mut self, eval: &Eval) {
        let right = usize::from(matches!(eval.verdict, Verdict::Right));
        let (passed, total) = match (eval.native, eval.experimental) {
            (true, _) => &mut self.native,
            (false, true) => &mut self.experimental,
            (false, false) => &mut self.core,
        };
        *passed += right;
        *total += 1;
    }

    pub(super) fn merge(&mut self, other: &Tally) {
        for (ours, theirs) in [
            (&mut self.core, other.core),
            (&mut self.experimental, other.experimental),
            (&mut self.native, other.native),
        ] {
            ours.0 += theirs.0;
            ours.1 += theirs.1;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((core, cores), (more, mores), (native, natives)) = (self.core, self.experimental, self.native);
        write!(f, "passed {}/{}", core + more + native, cores + mores + natives)?;
        write!(f, " (core {core}/{cores}, experimental {more}/{mores}, native histograms {native}/{natives})")
    }
}

/// The lines of a script as its commands see them: comments are blank, and a blank line ends a block.
fn lines(text: &str) -> Vec<String> {
    text.lines()
        .map(str::trim)
        .map(|line| if line.starts_with('#') { String::new() } else { line.to_owned() })
        .collect()
}

fn duration(text: &str) -> Result<i64, String> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return if seconds == 0.0 { Ok(0) } else { Err(format!("{text:?} has no unit")) };
    }
    match notation::values(text).as_deref() {
        Ok([Given::Float(seconds)]) => Ok((seconds * 1000.0).round() as i64),
        other => Err(format!("{text:?} is no duration: {other:?}")),
    }
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a valid pattern")
}

/// The expressions of all evals of a script.
pub(super) fn expressions(text: &str) -> Vec<String> {
    let eval = pattern(r"^eval\S*\s+(?:instant(?:\s+at\s+\S+)?|range\s+from.+?step\s+\S+)\s+(.+)$");
    lines(text).iter().filter_map(|line| Some(eval.captures(line)?[1].to_owned())).collect()
}

struct Runner {
    store: Store,
    options: Options,
    uses_starts: bool,
    has_histograms: bool,
}

/// Runs a script; an error is a mistake in the script.
pub(super) fn run(text: &str) -> Result<Vec<Eval>, String> {
    let lines = lines(text);
    let mut runner = Runner {
        store: Store::new(),
        options: Options::promqltest(),
        uses_starts: false,
        has_histograms: false,
    };
    let mut evals = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let line = &lines[at];
        let word = line.split([' ', '\t']).next().unwrap_or_default().to_ascii_lowercase();
        if line.is_empty() {
            at += 1;
            continue;
        }
        let block: Vec<&str> =
            lines[at + 1..].iter().map(String::as_str).take_while(|line| !line.is_empty()).collect();
        let number = at + 1;
        if word == "clear" {
            runner.store = Store::new();
            runner.uses_starts = false;
            runner.has_histograms = false;
            at += 1;
            continue;
        }
        at += 1 + block.len();
        if word.starts_with("load") {
            runner.load(line, &block).map_err(|error| format!("line {number}: {error}"))?;
        } else if word.starts_with("eval") {
            let (eval, used) =
                runner.eval(number, line, &block).map_err(|error| format!("line {number}: {error}"))?;
            // A scalar ends its block.
            at = number + used;
            evals.push(eval);
        } else {
            return Err(format!("line {number}: {line:?} is no command"));
        }
    }
    Ok(evals)
}

impl Runner {
    fn load(&mut self, line: &str, block: &[&str]) -> Result<(), String> {
        let parts = pattern(r"^load(?:_(with_nhcb))?\s+(.+?)$").captures(line).ok_or("no step")?;
        let step = duration(&parts[2])?;
        let mut starts: Option<Vec<Given>> = None;
        let mut converted = Classic::default();
        for line in block {
            let (labels, rest) = notation::labels(line)?;
            if let Some(rest) = rest.strip_prefix("@st") {
                starts = Some(notation::values(rest)?);
                self.uses_starts = true;
                continue;
            }
            let starts = starts.take().unwrap_or_default();
            for (i, given) in notation::values(rest)?.into_iter().enumerate() {
                let at = step * i as i64;
                let start = match starts.get(i) {
                    Some(Given::Float(seconds)) => at + (seconds * 1000.0).round() as i64,
                    _ => 0,
                };
                match given {
                    Given::Missing => {}
                    Given::Histogram(histogram) => {
                        self.has_histograms = true;
                        self.store.append_histogram(&labels, HistogramSample { at, start, histogram });
                    }
                    Given::Float(value) => {
                        self.store.append_started(&labels, Sample { at, value }, start);
                        if parts.get(1).is_some() {
                            converted.add(&labels, at, value);
                        }
                    }
                }
            }
        }
        self.has_histograms |= parts.get(1).is_some();
        converted.into_store(&mut self.store)
    }

    fn eval(&self, line: usize, text: &str, block: &[&str]) -> Result<(Eval, usize), String> {
        let instant = pattern(r"^eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(.+?))?\s+(.+)$")
            .captures(text);
        let range =
            pattern(r"^eval(?:_(fail|warn|info))?\s+range\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+?)\s+(.+)$")
                .captures(text);
        let (legacy, query, expression) = match (&range, &instant) {
            (Some(parts), _) => {
                let query = Query::Range(duration(&parts[2])?, duration(&parts[3])?, duration(&parts[4])?);
                (parts.get(1), query, parts[5].to_owned())
            }
            (None, Some(parts)) => {
                let at = parts.get(2).map_or(Ok(0), |at| duration(at.as_str()))?;
                (parts.get(1), Query::Instant(at), parts[3].to_owned())
            }
            (None, None) => return Err("neither instant nor range".to_owned()),
        };
        let (expected, used) = Expected::read(legacy.map(|part| part.as_str()), &query, block)?;
        let verdict = match self.verdict(&query, &expression, &expected) {
            Ok(()) => Verdict::Right,
            Err(why) => Verdict::Wrong(why),
        };
        let experimental = self.uses_starts || uses_experiments(&expression);
        let native = self.has_histograms;
        Ok((Eval { line, text: text.to_owned(), experimental, native, verdict }, used))
    }

    fn answer(&self, query: &Query, expression: &str) -> Result<Answer, String> {
        let expr = promql::parse(expression, &self.options).map_err(|error| error.message)?;
        match *query {
            Query::Instant(at) => promql::instant(&expr, &self.store, at, &self.options),
            Query::Range(from, to, step) => promql::range(&expr, &self.store, from, to, step, &self.options),
        }
        .map_err(|error| error.message)
    }

    fn verdict(&self, query: &Query, expression: &str, expected: &Expected) -> Result<(), String> {
        let answer = self.answer(query, expression);
        let answer = match (answer, &expected.failure) {
            (Ok(answer), None) => answer,
            (Ok(answer), Some(_)) => return Err(format!("should have failed, got {:?}", answer.value)),
            (Err(error), None) => return Err(format!("failed: {error}")),
            (Err(error), Some(text)) => {
                return if text.holds(&error) {
                    Ok(())
                } else {
                    Err(format!("failed with another message: {error}"))
                };
            }
        };
        expected.check_annotations(&answer, expression)?;
        expected.check_value(&answer.value)?;
        if let Query::Instant(at) = *query {
            self.check_as_range(at, expression, expected, &answer.value)?;
        }
        Ok(())
    }

    /// The same query over three times has the same value in the middle.
    fn check_as_range(
        &self,
        at: i64,
        expression: &str,
        expected: &Expected,
        value: &Value,
    ) -> Result<(), String> {
        let words: Vec<&str> = expression.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        let depends = ["start", "end", "range", "step"].iter().any(|word| words.contains(word));
        if expected.ordered || depends || matches!(value, Value::Matrix(_) | Value::Text(_)) {
            return Ok(());
        }
        let answer = self.answer(&Query::Range(at - 60_000, at + 60_000, 60_000), expression)?;
        let Value::Matrix(matrix) = answer.value else { return Err("a range query gave no matrix".into()) };
        let middle: Vec<(Labels, Point)> = matrix
            .into_iter()
            .filter_map(|series| {
                let point = points(&series).into_iter().find(|(when, _)| *when == at)?.1;
                Some((series.labels, point))
            })
            .collect();
        let instant: Vec<(Labels, Point)> = match value {
            Value::Scalar(number) => vec![(Labels::default(), Point::Float(*number))],
            Value::Vector(samples) => samples.iter().map(Point::of).collect(),
            _ => return Ok(()),
        };
        let agrees = middle.len() == instant.len()
            && instant.iter().all(|(labels, value)| {
                middle.iter().any(|(known, other)| known == labels && value.agrees(other))
            });
        if agrees { Ok(()) } else { Err(format!("as a range query it gave {middle:?}")) }
    }
}

enum Query {
    Instant(i64),
    Range(i64, i64, i64),
}

/// A text or a pattern that a message has to be; nothing is any message.
enum Message {
    Any,
    Text(String),
    Pattern(Regex),
}

impl Message {
    fn read(kind: Option<&str>, text: Option<&str>) -> Self {
        match (kind, text.map(str::trim)) {
            (Some("msg"), Some(text)) => Message::Text(text.to_owned()),
            (Some("regex"), Some(text)) => Message::Pattern(pattern(text)),
            _ => Message::Any,
        }
    }

    fn holds(&self, message: &str) -> bool {
        match self {
            Message::Any => true,
            Message::Text(text) => text == message,
            Message::Pattern(pattern) => pattern.is_match(message),
        }
    }
}

#[derive(Default)]
struct Expected {
    failure: Option<Message>,
    ordered: bool,
    warnings: Vec<Message>,
    infos: Vec<Message>,
    no_warnings: bool,
    no_infos: bool,
    text: Option<String>,
    scalar: Option<f64>,
    range_vector: Option<(i64, i64)>,
    /// The series and their samples by time; for a vector, the time is 0.
    series: Vec<(Labels, Vec<(i64, Point)>)>,
}

impl Expected {
    /// Reads what a block expects, and how many of its lines that took.
    fn read(legacy: Option<&str>, query: &Query, block: &[&str]) -> Result<(Self, usize), String> {
        let mut expected = Expected::default();
        match legacy {
            Some("fail") => expected.failure = Some(Message::Any),
            Some("ordered") => expected.ordered = true,
            Some("warn") => expected.warnings.push(Message::Any),
            Some("info") => expected.infos.push(Message::Any),
            _ => {}
        }
        for (i, line) in block.iter().enumerate() {
            if line.split(' ').next() == Some("expect") {
                expected.expect(line)?;
            } else if let Some((kind, text)) = ["expected_fail_message", "expected_fail_regexp"]
                .iter()
                .find_map(|word| Some((*word, line.strip_prefix(word)?)))
            {
                let kind = if kind.ends_with("message") { "msg" } else { "regex" };
                expected.failure = Some(Message::read(Some(kind), Some(text)));
            } else if let Some(number) = number(line) {
                expected.scalar = Some(number);
                return Ok((expected, i + 1));
            } else {
                expected.series_line(query, line)?;
            }
        }
        Ok((expected, block.len()))
    }

    fn expect(&mut self, line: &str) -> Result<(), String> {
        let vector = pattern(r"^expect\s+range\s+vector\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+)$");
        if let Some(parts) = vector.captures(line) {
            self.range_vector = Some((duration(&parts[1])?, duration(&parts[3])?));
            return Ok(());
        }
        if let Some(text) = pattern(r"^expect\s+string\s+(.+)$").captures(line) {
            let expr = promql::parse(&text[1], &Options::promqltest()).map_err(|error| error.message)?;
            let answer = promql::instant(&expr, &Store::new(), 0, &Options::promqltest());
            match answer.map(|answer| answer.value) {
                Ok(Value::Text(text)) => self.text = Some(text),
                other => return Err(format!("{line:?} has no string: {other:?}")),
            }
            return Ok(());
        }
        let parts = pattern(r"^expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?$")
            .captures(line)
            .ok_or_else(|| format!("{line:?} is no expectation"))?;
        let message =
            Message::read(parts.get(2).map(|part| part.as_str()), parts.get(3).map(|part| part.as_str()));
        match &parts[1] {
            "ordered" => self.ordered = true,
            "fail" => self.failure = Some(message),
            "warn" => self.warnings.push(message),
            "info" => self.infos.push(message),
            "no_warn" => self.no_warnings = true,
            _ => self.no_infos = true,
        }
        Ok(())
    }

    fn series_line(&mut self, query: &Query, line: &str) -> Result<(), String> {
        let (labels, rest) = notation::labels(line)?;
        let (from, step) = match (query, self.range_vector) {
            (Query::Range(from, _, step), _) => (*from, *step),
            (Query::Instant(_), Some((from, step))) => (from, step),
            (Query::Instant(_), None) => (0, 0),
        };
        let mut samples = Vec::new();
        for (i, given) in notation::values(rest)?.into_iter().enumerate() {
            match given {
                Given::Missing => {}
                Given::Histogram(histogram) => {
                    samples.push((from + step * i as i64, Point::Histogram(histogram)));
                }
                Given::Float(value) => samples.push((from + step * i as i64, Point::Float(value))),
            }
        }
        self.series.push((labels, samples));
        Ok(())
    }

    fn check_annotations(&self, answer: &Answer, source: &str) -> Result<(), String> {
        for (level, wanted, none) in [
            (AnnotationLevel::Warning, &self.warnings, self.no_warnings),
            (AnnotationLevel::Info, &self.infos, self.no_infos),
        ] {
            let found: Vec<String> = answer
                .annotations
                .iter()
                .filter(|annotation| annotation.level == level)
                .map(|annotation| annotation.render(source))
                .collect();
            let missing = wanted.iter().any(|wanted| !found.iter().any(|found| wanted.holds(found)));
            let unwanted = none && !found.is_empty();
            let other = !wanted.is_empty()
                && found.iter().any(|found| !wanted.iter().any(|wanted| wanted.holds(found)));
            if missing || unwanted || other {
                return Err(format!("annotations are {found:?}"));
            }
        }
        Ok(())
    }

    fn check_value(&self, value: &Value) -> Result<(), String> {
        let differs = || Err(format!("got {value:?}"));
        match value {
            Value::Text(text) => match self.text.as_ref() {
                Some(expected) if expected == text => Ok(()),
                _ => differs(),
            },
            Value::Scalar(number) => match self.scalar {
                Some(expected) if almost_equal(expected, *number) => Ok(()),
                _ => differs(),
            },
            Value::Vector(samples) => {
                let found: Vec<(Labels, Vec<(i64, Point)>)> = samples
                    .iter()
                    .map(|sample| {
                        let (labels, point) = Point::of(sample);
                        (labels, vec![(0, point)])
                    })
                    .collect();
                if self.same(&found) { Ok(()) } else { differs() }
            }
            Value::Matrix(matrix) => {
                if !matrix.windows(2).all(|pair| pair[0].labels < pair[1].labels) {
                    return Err("the matrix is not sorted".to_owned());
                }
                let found: Vec<(Labels, Vec<(i64, Point)>)> =
                    matrix.iter().map(|series| (series.labels.clone(), points(series))).collect();
                if self.same(&found) { Ok(()) } else { differs() }
            }
        }
    }

    fn same(&self, found: &[(Labels, Vec<(i64, Point)>)]) -> bool {
        let samples_agree = |a: &[(i64, Point)], b: &[(i64, Point)]| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && a.1.agrees(&b.1))
        };
        if self.scalar.is_some() || self.text.is_some() {
            return false;
        }
        let expected: Vec<_> = self.series.iter().filter(|(_, samples)| !samples.is_empty()).collect();
        expected.len() == found.len()
            && expected.iter().enumerate().all(|(i, (labels, samples))| {
                let at = found.iter().position(|(known, _)| known == labels);
                at.is_some_and(|at| (!self.ordered || at == i) && samples_agree(samples, &found[at].1))
            })
    }
}

/// A value at a time.
#[derive(Clone, Debug)]
enum Point {
    Float(f64),
    Histogram(Arc<Histogram>),
}

impl Point {
    fn of(sample: &VectorSample) -> (Labels, Point) {
        let point = match &sample.histogram {
            Some(histogram) => Point::Histogram(histogram.clone()),
            None => Point::Float(sample.sample.value),
        };
        (sample.labels.clone(), point)
    }

    /// Is the other one as expected? A hint is compared if one is written.
    fn agrees(&self, other: &Point) -> bool {
        match (self, other) {
            (Point::Float(a), Point::Float(b)) => almost_equal(*a, *b),
            (Point::Histogram(a), Point::Histogram(b)) => {
                let (mut a, mut b) = ((**a).clone(), (**b).clone());
                a.compact();
                b.compact();
                let numbers = |h: &Histogram| [h.count, h.sum, h.zero_count];
                let near = |a: &[(i32, f64)], b: &[(i32, f64)]| {
                    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && almost_equal(a.1, b.1))
                };
                (a.schema, a.zero_threshold, &a.bounds) == (b.schema, b.zero_threshold, &b.bounds)
                    && numbers(&a).iter().zip(numbers(&b)).all(|(a, b)| almost_equal(*a, b))
                    && near(&a.positive, &b.positive)
                    && near(&a.negative, &b.negative)
                    && (a.hint == ResetHint::Unknown || a.hint == b.hint)
            }
            _ => false,
        }
    }
}

/// All values of a series, in order of time.
fn points(series: &Series) -> Vec<(i64, Point)> {
    let floats = series.samples.iter().map(|sample| (sample.at, Point::Float(sample.value)));
    let histograms =
        series.histograms.iter().map(|sample| (sample.at, Point::Histogram(sample.histogram.clone())));
    let mut points: Vec<(i64, Point)> = floats.chain(histograms).collect();
    points.sort_by_key(|(at, _)| *at);
    points
}

/// The parts of classic histograms by the labels of the native ones that `load_with_nhcb` makes of them, and by time.
#[derive(Default)]
struct Classic {
    parts: BTreeMap<(Labels, i64), Parts>,
}

#[derive(Default)]
struct Parts {
    buckets: Vec<(f64, f64)>,
    count: Option<f64>,
    sum: f64,
}

impl Classic {
    fn add(&mut self, labels: &Labels, at: i64, value: f64) {
        let name = labels.metric();
        let mut suffixes = ["_bucket", "_count", "_sum"].into_iter();
        let Some((suffix, base)) = suffixes.find_map(|suffix| Some((suffix, name.strip_suffix(suffix)?)))
        else {
            return;
        };
        let mut converted = labels.clone();
        converted.set(Labels::NAME, base);
        converted.set("le", "");
        let parts = self.parts.entry((converted, at)).or_default();
        match (suffix, labels.get("le").parse::<f64>()) {
            ("_bucket", Ok(limit)) => parts.buckets.push((limit, value)),
            ("_count", _) => parts.count = Some(value),
            ("_sum", _) => parts.sum = value,
            _ => {}
        }
    }

    fn into_store(self, store: &mut Store) -> Result<(), String> {
        for ((labels, at), mut parts) in self.parts {
            parts.buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
            parts.buckets.dedup_by_key(|bucket| bucket.0);
            let limits = parts.buckets.iter().map(|bucket| bucket.0);
            let bounds: Arc<[f64]> = limits.filter(|limit| limit.is_finite()).collect();
            let total = parts.count.or(parts.buckets.last().map(|bucket| bucket.1)).unwrap_or(0.0);
            let mut before = 0.0;
            let mut positive = Vec::new();
            for place in 0..=bounds.len() {
                let up_to = parts.buckets.get(place).map_or(total, |bucket| bucket.1);
                positive.push((place as i32, up_to - before));
                before = up_to;
            }
            let mut histogram = Histogram {
                schema: CUSTOM_SCHEMA,
                bounds,
                positive,
                count: total,
                sum: parts.sum,
                ..Histogram::default()
            };
            histogram.compact();
            if let Some(flaw) = histogram.flaw() {
                return Err(format!("{labels}: {flaw}"));
            }
            let histogram = Arc::new(histogram);
            store.append_histogram(&labels, HistogramSample { at, start: 0, histogram });
        }
        Ok(())
    }
}

/// A line that is one number.
fn number(line: &str) -> Option<f64> {
    let plain = line.trim_start_matches(['+', '-']);
    let sign = if line.starts_with('-') { -1.0 } else { 1.0 };
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = plain.strip_prefix(prefix) {
            return i64::from_str_radix(digits, radix).ok().map(|number| sign * number as f64);
        }
    }
    line.parse().ok()
}

/// Equal up to 1e-6 of their sizes; every NaN is equal to every other.
fn almost_equal(a: f64, b: f64) -> bool {
    if a == b || a.is_nan() && b.is_nan() {
        return true;
    }
    let (sum, difference) = (a.abs() + b.abs(), (a - b).abs());
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        difference < 1e-6 * f64::MIN_POSITIVE
    } else {
        difference / sum.min(f64::MAX) < 1e-6
    }
}

/// Does an expression need what is off by default?
fn uses_experiments(expression: &str) -> bool {
    let plain = Options { duration_expressions: false, ..Options::promtool() };
    let parses = |options: &Options| promql::parse(expression, options).is_ok();
    !parses(&plain) && parses(&Options::promqltest())
}
