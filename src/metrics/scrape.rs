//! What scrapes tell beyond their samples: which series are no longer there, which target was not up; and series of
//! several files in one store.

use std::collections::BTreeMap;

use super::files::{FileRead, PIECE, pieces};
use super::tables;
use super::targets::{self, Target};
use crate::format::log::own::PathPattern;
use crate::format::metric::{
    self, Family, Known, MetricError, MetricFormat, Read, ReadOptions, UNTIMED, collectd,
};
use crate::model::{Diagnostic, HistogramSample, Labels, Sample, Series, Timestamp};
use crate::promql::{Conflicts, Store};
use crate::scan::{self, Input};

/// What was read of some files of a target, one after the other.
#[derive(Default)]
pub(super) struct Part {
    /// Samples of the scrapes, which have no time of their own.
    scraped: Store,
    /// For each series of `scraped`: the last scrape that it was in, counted from 1.
    seen: Vec<usize>,
    scrapes: usize,
    /// Samples with a time: of a dump, in which the end of a series is NaN, and of others.
    timed: [Store; 2],
    conflicts: Conflicts,
    /// The first series whose samples are in conflict, and when.
    in_conflict: Option<(Labels, i64)>,
    files: Vec<FileRead>,
}

/// So many pieces for each thread are read before they are put together.
const PIECES_AT_ONCE: usize = 4;

/// So many lines that cannot be read are told one by one.
const ERRORS_TOLD: usize = 10;

impl Part {
    /// Reads the bytes of the next file.
    pub(super) fn read(
        &mut self,
        format: &'static dyn MetricFormat,
        bytes: &[u8],
        (at, zone): (Timestamp, chrono_tz::Tz),
        threads: usize,
        known: &mut Known,
    ) -> Result<Read, Diagnostic> {
        self.scrapes += 1;
        let (lines_before, body) = metric::body(bytes);
        // What people read as text may count its times back from when it was written.
        let untimed = if format.is_text() { at.millis() } else { UNTIMED };
        let options = ReadOptions::of_file(untimed, zone);
        let pieces = if format.has_free_lines() { pieces(body, PIECE) } else { vec![body] };
        let failed = |error: MetricError, lines: u64| {
            let message = format!("column {}: {} (read as {})", error.column, error.message, format.name());
            let diagnostic = Diagnostic::error("", message).at_line(error.line + lines);
            error.hint.map_or(diagnostic.clone(), |hint| diagnostic.hinted(hint))
        };
        if pieces.len() < 2 {
            let mut read =
                self.sink(format, body, options, at, known).map_err(|error| failed(error, lines_before))?;
            for error in &mut read.errors {
                error.line += lines_before;
            }
            return Ok(read);
        }
        let scrapes = self.scrapes;
        let read = |index: usize| {
            let mut part = Part { scrapes, ..Part::default() };
            let start = pieces[..index].iter().map(|piece| piece.len()).sum();
            let options = ReadOptions { family: Family::after(&body[..start]), ..options };
            let read = part.sink(format, pieces[index], options, at, &mut Known::new());
            (part, read)
        };
        // Lines of the pieces before, which are counted only if somebody is told of one.
        let lines_before = |index: usize| {
            let lines = pieces[..index].iter().map(|piece| memchr::memchr_iter(b'\n', piece).count() as u64);
            lines.sum::<u64>() + lines_before
        };
        let mut total = Read::default();
        // Some at a time: pieces that wait for those before them need as much memory as all that was read.
        let at_once = threads.max(1) * PIECES_AT_ONCE;
        for first in (0..pieces.len()).step_by(at_once) {
            let count = at_once.min(pieces.len() - first);
            let found = scan::parallel(threads, count, |place| read(first + place));
            for (index, (part, read)) in (first..).zip(found) {
                let read = read.map_err(|error| failed(error, lines_before(index)))?;
                // Their own pieces' order is the file's.
                self.absorb(part);
                total.samples += read.samples;
                total.refused += read.refused;
                for note in read.notes {
                    if !total.notes.contains(&note) {
                        total.notes.push(note);
                    }
                }
                if total.errors.len() < ERRORS_TOLD {
                    let in_file =
                        |error: MetricError| MetricError { line: error.line + lines_before(index), ..error };
                    total.errors.extend(read.errors.into_iter().map(in_file));
                }
            }
        }
        total.errors.truncate(ERRORS_TOLD);
        Ok(total)
    }

    fn sink(
        &mut self,
        format: &'static dyn MetricFormat,
        bytes: &[u8],
        options: ReadOptions,
        at: Timestamp,
        known: &mut Known,
    ) -> Result<Read, MetricError> {
        let Part { scraped, seen, scrapes, timed, conflicts, in_conflict, .. } = self;
        let timed = &mut timed[usize::from(!format.may_hold_markers())];
        let mut read = format.read(bytes, options, known, &mut |labels, sample| {
            let (offered, sample) = if sample.at == UNTIMED {
                let sample = Sample { at: at.millis(), ..sample };
                let offered = scraped.offer(labels, sample);
                if offered.series >= seen.len() {
                    seen.resize(offered.series + 1, 0);
                }
                seen[offered.series] = *scrapes;
                (offered, sample)
            } else {
                (timed.offer(labels, sample), sample)
            };
            if offered.in_conflict {
                conflicts.add(offered.series, sample.at);
                in_conflict.get_or_insert_with(|| (labels.clone(), sample.at));
            }
        })?;
        for (labels, histogram) in std::mem::take(&mut read.histograms) {
            if histogram.at != UNTIMED {
                timed.append_histogram(&labels, histogram);
                continue;
            }
            let series = scraped.number_of(&labels);
            scraped.append_histogram(&labels, HistogramSample { at: at.millis(), ..histogram });
            if series >= seen.len() {
                seen.resize(series + 1, 0);
            }
            seen[series] = *scrapes;
        }
        Ok(read)
    }

    /// Adds what was read of a later piece of the same file.
    fn absorb(&mut self, other: Part) {
        let series: Vec<Labels> = other.scraped.series().map(|series| series.labels.clone()).collect();
        let found = self.scraped.take_in(other.scraped);
        self.conflict(&found, |part| &part.scraped);
        for labels in series {
            let number = self.scraped.number_of(&labels);
            if number >= self.seen.len() {
                self.seen.resize(number + 1, 0);
            }
            self.seen[number] = self.scrapes;
        }
        for (which, timed) in other.timed.into_iter().enumerate() {
            let found = self.timed[which].take_in(timed);
            self.conflict(&found, |part| &part.timed[which]);
        }
        self.conflicts.count += other.conflicts.count;
        self.in_conflict = self.in_conflict.take().or(other.in_conflict);
    }

    fn conflict(&mut self, found: &Conflicts, store: impl Fn(&Part) -> &Store) {
        let first = found.first.and_then(|(series, at)| Some((store(self).nth(series)?.labels.clone(), at)));
        self.conflicts.count += found.count;
        self.in_conflict = self.in_conflict.take().or(first);
    }

    /// After a file: what the scrape before had and this one has not is stale from now on.
    pub(super) fn finish(&mut self, mut file: FileRead) {
        let scrape = self.scrapes;
        let has_scraped = self.seen.contains(&scrape);
        let is_empty = file.read.as_ref().is_ok_and(|read| read.samples == 0);
        file.is_scrape &= has_scraped || is_empty;
        if file.is_scrape {
            let at = file.at.millis();
            for (series, seen) in self.seen.iter().enumerate() {
                if seen + 1 == scrape {
                    self.scraped.end(series, at);
                }
            }
        }
        let is_new = |series: usize| {
            let samples = self.scraped.nth(series).map_or(&[][..], |series| &series.samples);
            let before = samples.iter().rev().find(|sample| sample.at < file.at.millis());
            self.seen[series] == scrape && before.is_none_or(Sample::is_stale)
        };
        file.added = (0..self.seen.len()).filter(|&series| is_new(series)).count() as u64;
        self.files.push(file);
    }
}

/// What was read of all targets.
pub(super) struct Gathered<'g> {
    inputs: &'g [Input],
    targets: &'g [Target],
    given: &'g [FileLabel],
    scraped: Vec<Store>,
    /// For each target the series that its last scrape had.
    live: Vec<Vec<Labels>>,
    timed: Vec<[Store; 2]>,
    files: Vec<Vec<FileRead>>,
    conflicts: u64,
    in_conflict: Option<(usize, Labels, i64)>,
}

/// A label that a person gives the series of some files: its name, its value, and which files.
pub(super) type FileLabel = (String, String, Option<PathPattern>);

impl<'g> Gathered<'g> {
    pub(super) fn new(inputs: &'g [Input], targets: &'g [Target], given: &'g [FileLabel]) -> Self {
        let mut empty = Gathered {
            inputs,
            targets,
            given,
            scraped: Vec::new(),
            live: Vec::new(),
            timed: Vec::new(),
            files: Vec::new(),
            conflicts: 0,
            in_conflict: None,
        };
        for _ in targets {
            empty.scraped.push(Store::new());
            empty.live.push(Vec::new());
            empty.timed.push([Store::new(), Store::new()]);
            empty.files.push(Vec::new());
        }
        empty
    }

    /// Adds the next files of a target.
    pub(super) fn add(&mut self, target: usize, part: Part) {
        let Part { scraped, seen, scrapes, timed, conflicts, in_conflict, files } = part;
        let scraped_before = self.files[target].iter().any(|file| file.is_scrape);
        if let Some(first) = files.iter().find(|file| file.is_scrape).filter(|_| scraped_before) {
            let at = first.at.millis();
            for labels in &self.live[target] {
                let known = scraped.find(labels).and_then(|number| scraped.nth(number));
                if !known.is_some_and(|series| series.samples.first().is_some_and(|first| first.at == at)) {
                    let number = self.scraped[target].number_of(labels);
                    self.scraped[target].end(number, at);
                }
            }
        }
        let of_last = |(series, seen): (usize, &usize)| {
            (*seen == scrapes).then(|| scraped.nth(series).map(|series| series.labels.clone())).flatten()
        };
        if files.last().is_some_and(|file| file.is_scrape) {
            self.live[target] = seen.iter().enumerate().filter_map(of_last).collect();
        }
        self.conflicts += conflicts.count;
        if let (None, Some((labels, at))) = (&self.in_conflict, in_conflict) {
            self.in_conflict = Some((target, labels, at));
        }
        self.conflicts += self.scraped[target].take_in(scraped).count;
        for (all, timed) in self.timed[target].iter_mut().zip(timed) {
            self.conflicts += all.take_in(timed).count;
        }
        self.files[target].extend(files);
    }

    /// Puts everything into the store, told apart by the labels of the targets; gives the files, in the order in which
    /// they were given, and what is to be said of them.
    pub(super) fn into_store(
        mut self,
        asks_for: &dyn Fn(&str) -> bool,
        store: &mut Store,
    ) -> (Vec<FileRead>, Vec<Diagnostic>) {
        let is_scraped = |target: &usize| self.files[*target].iter().any(|file| file.is_scrape);
        let scraped: Vec<usize> = (0..self.targets.len()).filter(is_scraped).collect();
        let known: Vec<&Target> = scraped.iter().map(|target| &self.targets[*target]).collect();
        let mut told: BTreeMap<usize, Labels> =
            scraped.iter().copied().zip(targets::labels(&known)).collect();
        let mut owners = Owners::default();
        let mut dumps = Store::new();
        // Where paths name series themselves, nothing has to be told apart.
        let nothing = Store::new();
        let named: Vec<BTreeMap<Labels, Labels>> =
            (0..self.targets.len()).map(|target| self.named_by_path(target)).collect();
        let timed = self.timed.iter().zip(&named);
        let of_tables: Vec<&Store> =
            timed.map(|([_, timed], named)| if named.is_empty() { timed } else { &nothing }).collect();
        let of_tables = tables::labels(&of_tables, self.targets);
        for (target, of_table) in of_tables.iter().enumerate() {
            let given = self.given(target);
            let told = told.remove(&target).unwrap_or_default();
            let own = targets::with(given.clone(), &told);
            let scraped = std::mem::take(&mut self.scraped[target]);
            let has_up = scraped.series().any(|series| series.labels.metric() == UP);
            let [dump, timed] = std::mem::take(&mut self.timed[target]);
            let of_table = targets::with(given.clone(), of_table);
            for (from, labels, is_scraped) in [(scraped, &own, true), (timed, &of_table, false)] {
                let relabel = |series: Labels| {
                    let by_path = named[target].get(&series).cloned();
                    let own = by_path.unwrap_or_else(|| tables::named(series, &self.targets[target]));
                    targets::with(own, labels)
                };
                let seen = |known: &Series, number, new: &Series| {
                    owners.meet(known, number, new, target, is_scraped);
                };
                let found = store.gather(from, relabel, seen);
                owners.own(store.len(), target);
                self.conflict(target, store, &found);
            }
            // The end of a series is known when all of its files have been read.
            let found = if given.is_empty() {
                dumps.take_in(dump)
            } else {
                dumps.gather(dump, |series| targets::with(series, &given), |_, _, _| ())
            };
            self.conflict(target, &dumps, &found);
            if !has_up {
                self.tell_of_scrapes(target, &own, asks_for, store);
            }
        }
        dumps.mark_ends(super::interval(&dumps));
        let found = store.take_in(dumps);
        self.conflict(0, store, &found);
        let mut said: Vec<Diagnostic> = self.said().into_iter().collect();
        said.extend(owners.said(|target| self.shown(target)));
        let mut files: Vec<FileRead> = self.files.into_iter().flatten().collect();
        files.sort_by_key(|file| file.input);
        (files, said)
    }

    fn shown(&self, target: usize) -> String {
        let first = self.targets.get(target).and_then(|target| target.snapshots.first());
        first.map_or(String::new(), |(input, _)| self.inputs[*input].shown.clone())
    }

    /// What the path of a target's file calls its series, if it does.
    fn named_by_path(&self, target: usize) -> BTreeMap<Labels, Labels> {
        let [_, timed] = &self.timed[target];
        let first = self.targets[target].snapshots.first().map(|(input, _)| &self.inputs[*input]);
        let is_its =
            |input: &&Input| input.metric_format().is_some_and(|format| format.name() == collectd::NAME);
        let Some(input) = first.filter(is_its) else { return BTreeMap::new() };
        let name = |series: &Series| Some((series.labels.clone(), collectd::named(&input.shown, series)?));
        timed.series().filter_map(name).collect()
    }

    /// The labels that a person gave a target.
    fn given(&self, target: usize) -> Labels {
        let shown = self.shown(target);
        let meant = |(_, _, files): &&FileLabel| files.as_ref().is_none_or(|files| files.matches(&shown));
        Labels::new(self.given.iter().filter(meant).map(|(name, value, _)| (name.as_str(), value.as_str())))
    }

    fn conflict(&mut self, target: usize, store: &Store, found: &Conflicts) {
        self.conflicts += found.count;
        if let (None, Some((series, at))) = (&self.in_conflict, found.first) {
            self.in_conflict = store.nth(series).map(|series| (target, series.labels.clone(), at));
        }
    }

    fn said(&self) -> Option<Diagnostic> {
        let (target, labels, at) = self.in_conflict.as_ref()?;
        let at = Timestamp::from_millis(*at).map_or_else(String::new, |at| format!(" at {at}"));
        let what = match self.conflicts {
            1 => "a sample has the time of another one of its series, and another value".to_owned(),
            n => format!("{n} samples have the time of another one of their series, and another value"),
        };
        Some(Diagnostic::warning(self.shown(*target), format!("{what}; the first is kept: {labels}{at}")))
    }

    /// The metrics that a server writes for each scrape.
    fn tell_of_scrapes(
        &self,
        target: usize,
        own: &Labels,
        asks_for: &dyn Fn(&str) -> bool,
        store: &mut Store,
    ) {
        let failed = |file: &FileRead| !file.read.as_ref().is_ok_and(|read| read.samples > 0);
        let scrapes = || self.files[target].iter().filter(|file| file.is_scrape);
        type Measure = fn(&FileRead) -> u64;
        let samples: Measure = |file| file.read.as_ref().map_or(0, |read| read.samples);
        let told: [(&str, Measure); 4] = [
            (UP, |file| u64::from(file.read.as_ref().is_ok_and(|read| read.samples > 0))),
            ("scrape_samples_scraped", samples),
            ("scrape_samples_post_metric_relabeling", samples),
            ("scrape_series_added", |file| file.added),
        ];
        for (name, measure) in told {
            if !asks_for(name) && !(name == UP && scrapes().any(failed)) {
                continue;
            }
            let mut labels = own.clone();
            labels.set(Labels::NAME, name);
            for file in scrapes() {
                store.offer(&labels, Sample { at: file.at.millis(), value: measure(file) as f64 });
            }
        }
    }
}

/// Was a target there when it was scraped?
const UP: &str = "up";

/// Which target a series came from first, and which series are in several.
#[derive(Default)]
struct Owners {
    of: Vec<usize>,
    shared: u64,
    first: Option<(Labels, usize, usize)>,
}

impl Owners {
    fn own(&mut self, series: usize, target: usize) {
        self.of.resize(series, target);
    }

    fn meet(&mut self, known: &Series, number: usize, new: &Series, target: usize, is_scraped: bool) {
        let span = |series: &Series| Some((series.samples.first()?.at, series.samples.last()?.at));
        let (Some(known_span), Some(new_span)) = (span(known), span(new)) else { return };
        let (from, to) = (known_span.0.max(new_span.0), known_span.1.min(new_span.1));
        let owner = self.of.get(number).copied().unwrap_or(target);
        if owner != target && (from < to || is_scraped && from == to) {
            self.shared += 1;
            self.first.get_or_insert_with(|| (new.labels.clone(), owner, target));
        }
    }

    fn said(&self, shown: impl Fn(usize) -> String) -> Option<Diagnostic> {
        let (labels, owner, other) = self.first.as_ref()?;
        let series = match self.shared {
            1 => "a series of it is",
            n => &format!("{n} series of it are"),
        };
        let message = format!(
            "{series} in other files, too, at the same times: {labels} in {}; of two samples at one time the first is kept",
            shown(*owner)
        );
        Some(
            Diagnostic::warning(shown(*other), message)
                .hinted("--label instance=NAME:GLOB tells files apart"),
        )
    }
}
