//! The second look: the lines of files that recorded samples and derived counts come from.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use aho_corasick::AhoCorasick;

use super::declared::MetricKind;
use super::files::{snapshots, zone};
use super::plan::{LabelSource, Metric, PARTS, Plan, What, bounds, label_of};
use super::targets;
use super::{Question, TimeRange};
use crate::fold::{Damaged, Loaded, Saved, Travel};
use crate::format::metric::{self, Family, Known, MetricFormat, ReadOptions};
use crate::model::{Entry, Labels, Location, Timestamp};
use crate::outcome::Outcome;
use crate::scan::{self, Gather, Input, Inputs, ScanOptions, Selection};

/// A series whose value is to be shown where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// The series.
    pub labels: Labels,
    /// The time of the sample that counts, in milliseconds; if it was derived from a log, the last time that counts.
    pub at: i64,
    /// Entries of logs count after this time.
    pub after: i64,
}

/// A line of a file that shows something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Witness {
    /// When.
    pub at: Timestamp,
    /// The file.
    pub file: String,
    /// The 1-based line; `None` in files that are not read line by line.
    pub line: Option<u64>,
    /// What stands there.
    pub text: String,
}

/// So many entries of logs are shown for each series: the last ones.
const ENTRIES_SHOWN: usize = 2;
/// Bytes of an entry that are shown.
const TEXT: usize = 300;

/// Finds the lines for each of `wanted`: samples in files of metrics, else entries of logs from which the series were
/// derived. What is not found, or can not be read twice, has no lines.
pub fn witnesses(
    inputs: &Inputs,
    wanted: &[Wanted],
    question: Question<'_>,
    now: Timestamp,
    options: &ScanOptions,
) -> Vec<Vec<Witness>> {
    let mut found = vec![Vec::new(); wanted.len()];
    if wanted.is_empty() {
        return found;
    }
    for (input, (at, mut labels)) in inputs.metrics.iter().zip(snapshots(&inputs.metrics, now, options)) {
        let Some(format) = input.metric_format() else { continue };
        for (name, value, files) in &options.read.labels {
            if files.as_ref().is_none_or(|files| files.matches(&input.shown)) {
                labels.set(name.as_str(), value.as_str());
            }
        }
        let read = ReadOptions::of_file(at.millis(), zone(input, options));
        let _ = input.with_bytes(options, |bytes| {
            in_file(input, format, bytes, (read, &labels), wanted, &mut found);
        });
    }
    let open: Vec<usize> = (0..wanted.len()).filter(|&place| found[place].is_empty()).collect();
    if !open.is_empty() && !inputs.logs.is_empty() {
        in_logs(inputs, wanted, &open, question, options, &mut found);
    }
    found
}

/// Looks for samples in a file of metrics.
fn in_file(
    input: &Input,
    format: &'static dyn MetricFormat,
    bytes: &[u8],
    (options, own): (ReadOptions, &Labels),
    wanted: &[Wanted],
    found: &mut [Vec<Witness>],
) {
    let (lines_before, bytes) = metric::body(bytes);
    let at_ms = options.at_ms;
    let mut keep = |place: usize, line: Option<u64>, text: String| {
        let Some(at) = Timestamp::from_millis(wanted[place].at) else { return };
        if found[place].is_empty() {
            found[place].push(Witness { at, file: input.shown.clone(), line, text });
        }
    };
    let same = |wanted: &Wanted, labels: &Labels, at: i64| {
        wanted.at == at && (wanted.labels == *labels || wanted.labels == targets::with(labels.clone(), own))
    };
    if !format.has_free_lines() {
        let mut seen = Vec::new();
        let _ = format.read(bytes, options, &mut Known::new(), &mut |labels, sample| {
            let places = (0..wanted.len()).filter(|&place| same(&wanted[place], labels, sample.at));
            seen.extend(places.map(|place| (place, sample.value)));
        });
        for (place, value) in seen {
            keep(place, None, format!("{} {value}", wanted[place].labels));
        }
        return;
    }
    // A line has the seconds of its time, or no time at all: then the name tells.
    let needle = |wanted: &Wanted| {
        if wanted.at == at_ms {
            wanted.labels.metric().to_owned()
        } else {
            wanted.at.div_euclid(1000).to_string()
        }
    };
    let mut needles: Vec<String> = wanted.iter().map(needle).filter(|needle| !needle.is_empty()).collect();
    needles.sort_unstable();
    needles.dedup();
    let Ok(searcher) = AhoCorasick::new(&needles) else { return };
    let (mut line, mut counted, mut passed) = (1, 0, 0);
    for hit in searcher.find_iter(bytes) {
        if hit.start() < passed {
            continue;
        }
        let start = memchr::memrchr(b'\n', &bytes[..hit.start()]).map_or(0, |at| at + 1);
        let end = memchr::memchr(b'\n', &bytes[hit.end()..]).map_or(bytes.len(), |at| hit.end() + at);
        passed = end;
        let text = &bytes[start..end];
        let mut places = Vec::new();
        let options = ReadOptions { family: Family::after(&bytes[..start]), ..options };
        let _ = format.read(text, options, &mut Known::new(), &mut |labels, sample| {
            places.extend((0..wanted.len()).filter(|&place| same(&wanted[place], labels, sample.at)));
        });
        if places.is_empty() {
            continue;
        }
        line += memchr::memchr_iter(b'\n', &bytes[counted..start]).count() as u64;
        counted = start;
        for place in places {
            keep(place, Some(line + lines_before), shown(text));
        }
    }
}

/// The first line of an entry, not too long.
fn shown(raw: &[u8]) -> String {
    let end = memchr::memchr(b'\n', raw).unwrap_or(raw.len()).min(TEXT);
    String::from_utf8_lossy(raw[..end].trim_ascii_end()).into_owned()
}

/// A series that is looked for in logs.
struct Sought<'w> {
    place: usize,
    metric: usize,
    wanted: &'w Wanted,
    after: Timestamp,
    until: Timestamp,
}

/// The last entries of each series that was looked for, by time and place.
type Last = Vec<BTreeMap<(Timestamp, Location), String>>;

/// What a pass finds of them.
struct Lasts(Last);

impl Travel for Lasts {
    fn save(self, to: &mut Saved) {
        to.put(&self.0);
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        let sought = self.0.len();
        self.0 = from.take()?;
        if self.0.len() == sought { Ok(()) } else { Err(Damaged) }
    }
}

impl Gather for Lasts {
    fn join(&mut self, other: Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            mine.extend(theirs);
            while mine.len() > ENTRIES_SHOWN {
                mine.pop_first();
            }
        }
    }
}

fn in_logs(
    inputs: &Inputs,
    wanted: &[Wanted],
    open: &[usize],
    question: Question<'_>,
    options: &ScanOptions,
    found: &mut [Vec<Witness>],
) {
    let Question { exprs, declared, success, filter, range, needs, .. } = question;
    let Ok(Some(plan)) = Plan::new(exprs, declared, inputs, success, needs) else { return };
    let sought: Vec<Sought<'_>> =
        open.iter().filter_map(|&place| seek(place, &wanted[place], &plan)).collect();
    let (Some(from), Some(until)) =
        (sought.iter().map(|sought| sought.after).min(), sought.iter().map(|sought| sought.until).max())
    else {
        return;
    };
    // One more millisecond: the end of a range is outside.
    let narrowed = TimeRange {
        from: Some(range.from.map_or(from, |since| since.max(from))),
        until: Timestamp::from_millis(until.millis() + 1)
            .map(|until| range.until.map_or(until, |end| end.min(until))),
    };
    let selection = Selection::new(plan.needs.clone(), filter, narrowed);
    let (lasts, scanned) = scan::gather(
        &inputs.logs,
        &plan.needs,
        options,
        || Lasts(vec![BTreeMap::new(); sought.len()]),
        |Lasts(last), chunk| {
            let _ = chunk.entries(&selection, |entry| {
                look(inputs, &plan, &sought, entry, last);
                ControlFlow::Continue(())
            });
        },
    );
    for (sought, last) in sought.iter().zip(lasts.0) {
        let newest = last.into_iter().rev().take(ENTRIES_SHOWN);
        let mut lines: Vec<Witness> = newest
            .filter_map(|((at, location), text)| {
                let file = inputs.logs.get(location.file as usize)?.shown.clone();
                Some(Witness { at, file, line: Some(scanned.line_of(location)), text })
            })
            .collect();
        lines.reverse();
        found[sought.place] = lines;
    }
}

/// The metric that a series belongs to.
fn seek<'w>(place: usize, wanted: &'w Wanted, plan: &Plan) -> Option<Sought<'w>> {
    let name = wanted.labels.metric();
    let is_histogram = |metric: &Metric| !bounds(&metric.what).is_empty();
    let is_named = |metric: &Metric| {
        if is_histogram(metric) {
            PARTS.iter().any(|part| name.strip_suffix(part) == Some(metric.name.as_str()))
        } else {
            metric.name == name
        }
    };
    let metric = plan.metrics.iter().position(is_named)?;
    // A gauge holds its value, however long ago the entry was.
    let holds = matches!(plan.metrics[metric].what, What::Declared { kind: MetricKind::Gauge, .. });
    let after = if holds { Timestamp(i64::MIN) } else { Timestamp::from_millis(wanted.after)? };
    Some(Sought { place, metric, wanted, after, until: Timestamp::from_millis(wanted.at)? })
}

/// Keeps the entry where it counts for a series.
fn look(inputs: &Inputs, plan: &Plan, sought: &[Sought<'_>], entry: &Entry<'_, '_>, last: &mut Last) {
    let Some(ts) = entry.slots.ts else { return };
    for (sought, last) in sought.iter().zip(last) {
        if ts <= sought.after || ts > sought.until {
            continue;
        }
        let metric = &plan.metrics[sought.metric];
        let labels = &sought.wanted.labels;
        if !counts(plan, metric, labels, entry) || !has_labels(inputs, metric, labels, entry) {
            continue;
        }
        last.insert((ts, entry.location), shown(entry.raw));
        if last.len() > ENTRIES_SHOWN {
            last.pop_first();
        }
    }
}

/// Does an entry count for a series of a metric, as far as that does not depend on labels other than the outcome?
fn counts(plan: &Plan, metric: &Metric, labels: &Labels, entry: &Entry<'_, '_>) -> bool {
    match &metric.what {
        What::Entries => true,
        What::Requests => plan.judge.as_ref().is_some_and(|judge| {
            let outcome = if judge.says_failed(entry.slots) { Outcome::Failed } else { Outcome::Success };
            plan.tells(entry) && labels.get("outcome") == outcome.name()
        }),
        What::Durations => entry.slots.duration.is_some() && plan.tells(entry),
        // A call is of two spans, neither of which is it.
        What::Spans(what) => entry.slots.span.is_some() && what.of_span(entry.slots.duration).is_some(),
        What::Declared { filter, measure, .. } => {
            measure.is_none_or(|measure| measure.of(entry.slots).is_some()) && filter.matches(entry.slots)
        }
    }
}

fn has_labels(inputs: &Inputs, metric: &Metric, labels: &Labels, entry: &Entry<'_, '_>) -> bool {
    let file = inputs.logs.get(entry.location.file as usize).map(|log| log.shown.as_bytes());
    metric.labels.iter().all(|(name, source)| {
        // How a request ended has been looked at.
        *source == LabelSource::Outcome || {
            let wanted = labels.get(name);
            let mut same = false;
            label_of(*source, entry.slots, file, &mut |value| {
                same = value.unwrap_or_default() == wanted.as_bytes();
            });
            same
        }
    })
}
