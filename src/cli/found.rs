//! What `obs grep` found: entries on their way from chunks to the output, in order, with their context.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};
use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::fast::FixedState;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::args::Form;
use super::grep::Pick;
use super::out::Out;
use super::redaction;
use crate::model::unit::HumanMillis;
use crate::model::{Error, Timestamp};
use crate::report::{Page, Phrase, Style, Untrusted, json};
use crate::scan::{Delivered, Inputs};

/// How entries are printed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Print {
    pub form: Form,
    pub page: Page,
    pub terminal: bool,
    pub raw: bool,
    /// Are entries laid out for reading?
    pub pretty: bool,
    /// The nanoseconds without an entry that are worth a line.
    pub gaps: Option<i64>,
    /// So many entries are shown, spread over all that were found.
    pub sample: Option<usize>,
    pub count: bool,
    pub names: bool,
    pub names_without: bool,
    pub quiet: bool,
    pub numbers: bool,
    pub only_matching: bool,
    pub with_name: bool,
    /// Is everything written as soon as it is found?
    pub at_once: bool,
}

impl Print {
    /// Is it enough to know how many entries there are?
    pub(super) fn counts_only(&self) -> bool {
        self.count || self.names || self.names_without || self.quiet
    }

    /// Are values of the entry printed, rather than its bytes?
    pub(super) fn needs_slots(&self) -> bool {
        self.form != Form::Table && !self.counts_only()
    }

    /// Is it shown what matched, rather than only where?
    pub(super) fn needs_spans(&self) -> bool {
        self.only_matching || (self.page.color && !self.raw && !self.pretty)
    }

    /// Are the times of entries needed, so that they have to be looked at?
    pub(super) fn needs_time(&self) -> bool {
        (self.pretty || self.gaps.is_some()) && !self.counts_only()
    }

    /// Are entries printed with the bytes that the file has?
    pub(super) fn as_written(&self) -> bool {
        self.form == Form::Table
            && !self.only_matching
            && !self.pretty
            && !self.counts_only()
            && self.is_plain()
    }

    /// Are bytes printed as they are?
    fn is_plain(&self) -> bool {
        !self.terminal && (self.raw || !self.page.color)
    }

    /// Are line numbers printed?
    pub(super) fn needs_lines(&self) -> bool {
        (self.numbers || self.form != Form::Table) && !self.counts_only()
    }
}

/// An entry that is printed, or stands near one.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Item {
    /// Where it starts in its file.
    pub offset: u64,
    /// How much of it was there before, without the lines that have come since.
    pub again: usize,
    /// These lines as an entry of their own, for forms in which nothing can be added to an entry.
    #[serde(with = "as_text")]
    pub rest: Option<Json>,
    pub raw: Vec<u8>,
    /// Lines of the chunk before it; for the rest of an entry that was cut in its line, one less than none.
    pub line: u64,
    pub ts: Option<Timestamp>,
    pub matched: bool,
    /// Its place among the chunk's entries.
    pub ordinal: u64,
    #[serde(with = "as_text")]
    pub json: Option<Json>,
    /// The entry laid out for reading, harmless and coloured.
    pub laid_out: Option<String>,
    pub spans: Vec<Range<usize>>,
}

/// Values of JSON travel as text: only that tells by itself what it is.
mod as_text {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Json;

    #[expect(clippy::ref_option, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(value: &Option<Json>, serializer: S) -> Result<S::Ok, S::Error> {
        value.as_ref().map(ToString::to_string).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| serde_json::from_str(&text).map_err(D::Error::custom)).transpose()
    }
}

impl Item {
    /// Puts its time back to what it is on a clock that this one is ahead of by so many nanoseconds.
    pub(super) fn put_back(&mut self, ahead: i64) {
        self.ts = self.ts.map(|ts| Timestamp(ts.0.saturating_sub(ahead)));
        if let (Some(object), Some(ts)) = (&mut self.json, self.ts)
            && object["timestamp"].is_string()
        {
            object["timestamp"] = ts.rfc3339_nanos().into();
        }
    }
}

/// What was found in one chunk.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Printed {
    pub matches: u64,
    pub items: Vec<Item>,
    /// The last time of an entry so far, where entries without one follow it.
    pub last_time: Option<Timestamp>,
    /// Is the first entry one that was the last before, and goes on?
    pub again: bool,
    entries: u64,
}

impl Printed {
    /// The place of the next entry among the chunk's.
    pub(super) fn next_ordinal(&mut self) -> u64 {
        self.entries += 1;
        self.entries - 1
    }

    /// Drops what is no context of any match: not in this chunk, and not possibly of one in the next or the
    /// one before.
    pub(super) fn keep_near_matches(&mut self, before: usize, after: usize) {
        let count = self.items.len();
        let mut near = vec![false; count];
        for at in 0..count {
            if self.items[at].matched {
                near[at.saturating_sub(before)..(at + after + 1).min(count)].fill(true);
            }
        }
        near[..after.min(count)].fill(true);
        near[count.saturating_sub(before)..].fill(true);
        near[..usize::from(self.again).min(count)].fill(true);
        let mut near = near.into_iter();
        self.items.retain(|_| near.next() == Some(true));
    }
}

/// An entry on its way: its place among its neighbours, its file, and the lines before its chunk.
#[derive(Debug)]
struct Held {
    place: (u32, u64),
    file: u32,
    lines: u64,
    item: Item,
}

/// Is the second place right behind the first?
fn follows(first: (u32, u64), second: (u32, u64)) -> bool {
    first.0 == second.0 && first.1 + 1 == second.1
}

/// An entry that may be one of a sample: those of the smallest lots are.
#[derive(Debug)]
struct Sampled {
    lot: u64,
    turn: u64,
    held: Held,
}

impl PartialEq for Sampled {
    fn eq(&self, other: &Self) -> bool {
        (self.lot, self.turn) == (other.lot, other.turn)
    }
}

impl Eq for Sampled {}

impl PartialOrd for Sampled {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Sampled {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.lot, self.turn).cmp(&(other.lot, other.turn))
    }
}

/// Puts the chunks' finds together.
pub(super) struct Stitch<'p> {
    print: &'p Print,
    pick: &'p Pick,
    names: Vec<String>,
    most: Option<u64>,
    before: usize,
    after: usize,
    counts: Vec<u64>,
    /// Entries before the chunk at hand, of the file at hand.
    entries_before: u64,
    file: Option<u32>,
    /// Entries that may turn out to be context of a match that follows.
    held: VecDeque<Held>,
    /// How many entries a merge has seen.
    seen: u64,
    /// What is kept of a sample: by its lot, and its turn.
    sampled: BinaryHeap<Sampled>,
    /// The time of the last entry that was shown, and the file whose name stands above it.
    last_time: Option<Timestamp>,
    headed: Option<u32>,
    after_left: usize,
    last_printed: Option<(u32, u64)>,
    /// The file and the offset of the entry that was printed last, and whether it matched.
    last_entry: Option<(u32, u64, bool)>,
    buffer: Vec<u8>,
    first_json: bool,
}

impl<'p> Stitch<'p> {
    pub(super) fn new(
        print: &'p Print,
        pick: &'p Pick,
        inputs: &Inputs,
        most: Option<u64>,
        (before, after): (usize, usize),
    ) -> Self {
        Stitch {
            print,
            pick,
            names: inputs.logs.iter().map(|input| input.shown.clone()).collect(),
            most,
            before,
            after,
            counts: vec![0; inputs.logs.len()],
            entries_before: 0,
            file: None,
            held: VecDeque::new(),
            seen: 0,
            sampled: BinaryHeap::new(),
            last_time: None,
            headed: None,
            after_left: 0,
            last_printed: None,
            last_entry: None,
            buffer: Vec::new(),
            first_json: true,
        }
    }

    /// A file that is read from now on, behind those that are known.
    pub(super) fn file(&mut self, shown: &str) {
        self.names.push(shown.to_owned());
        self.counts.push(0);
    }

    /// Was anything found?
    pub(super) fn found(&self) -> bool {
        self.counts.iter().any(|count| *count > 0)
    }

    /// Prints one find, whichever file it is of.
    pub(super) fn one(&mut self, out: &mut Out, file: u32, lines: u64, item: Item) -> Result<(), Error> {
        self.counts[file as usize] += 1;
        let ordinal = item.ordinal;
        self.found_item(Held { place: (file, ordinal), file, lines, item });
        self.flush(out, 1 << 16)
    }

    /// Takes the next entry of a merge: a find, or what may stand before or after one.
    pub(super) fn merged(&mut self, out: &mut Out, file: u32, lines: u64, item: Item) -> Result<(), Error> {
        self.seen += 1;
        let held = Held { place: (0, self.seen), file, lines, item };
        self.counts[file as usize] += u64::from(held.item.matched);
        self.in_context(held);
        self.flush(out, 1 << 16)
    }

    /// Prints a find with what stands before it, and what stands after the last one.
    fn in_context(&mut self, held: Held) {
        if held.item.matched {
            while let Some(before) = self.held.pop_front() {
                self.item(before);
            }
            self.item(held);
            self.after_left = self.after;
        } else if self.after_left > 0 && self.is_next(held.place) {
            self.after_left -= 1;
            self.item(held);
        } else if self.before > 0 {
            self.after_left = 0;
            if self.held.back().is_some_and(|last| !follows(last.place, held.place)) {
                self.held.clear();
            }
            if self.held.len() == self.before {
                self.held.pop_front();
            }
            self.held.push_back(held);
        }
    }

    fn flush(&mut self, out: &mut Out, least: usize) -> Result<(), Error> {
        if self.buffer.len() >= least || self.print.at_once {
            out.write(&self.buffer)?;
            self.buffer.clear();
        }
        if self.print.at_once && !self.print.counts_only() { out.flush() } else { Ok(()) }
    }

    /// Prints a chunk's finds. Says whether more could be of use.
    pub(super) fn write(&mut self, out: &mut Out, delivered: Delivered<Printed>) -> Result<bool, Error> {
        let Delivered { file, lines_before, output } = delivered;
        if self.file != Some(file) {
            self.file = Some(file);
            self.entries_before = 0;
            self.held.clear();
            self.after_left = 0;
        }
        let limit = self.most.unwrap_or(u64::MAX);
        // Where there is context, every entry has its place.
        self.entries_before -=
            u64::from(output.again && self.before + self.after > 0).min(self.entries_before);
        if self.print.counts_only() {
            let count = &mut self.counts[file as usize];
            *count = (*count + output.matches).min(limit);
            let enough = self.print.quiet && *count > 0;
            return Ok(!enough);
        }
        for mut item in output.items {
            let place = (file, self.entries_before + item.ordinal);
            if item.again > 0 && self.goes_on(file, &item) {
                let lines = lines_before;
                self.rest(Held { place, file, lines, item });
                continue;
            }
            let full = self.counts[file as usize] >= limit;
            if item.matched && full {
                // As in grep, the context of the last one that is wanted ends at the next.
                self.after_left = 0;
                continue;
            }
            if full && (self.after_left == 0 || !self.is_next(place)) {
                continue;
            }
            self.counts[file as usize] += u64::from(item.matched);
            item.ordinal = place.1;
            let held = Held { place, file, lines: lines_before, item };
            if self.before + self.after == 0 { self.found_item(held) } else { self.in_context(held) }
        }
        self.entries_before += output.entries;
        self.flush(out, 0)?;
        let done = self.counts[file as usize] >= limit && self.after_left == 0;
        Ok(!(done && file as usize + 1 == self.names.len()))
    }

    /// Was an entry printed last, of which more has come? One that waits to be context is forgotten: here it is whole.
    fn goes_on(&mut self, file: u32, item: &Item) -> bool {
        if self.held.back().is_some_and(|held| held.file == file && held.item.offset == item.offset) {
            self.held.pop_back();
        }
        let Some((last, offset, matched)) = self.last_entry else { return false };
        if (last, offset) != (file, item.offset) {
            return false;
        }
        if item.matched && !matched {
            self.counts[file as usize] += 1;
            self.after_left = self.after;
            self.last_entry = Some((file, offset, true));
        }
        true
    }

    /// Prints what has come of an entry since it was printed.
    fn rest(&mut self, held: Held) {
        let Held { file, lines, item, .. } = held;
        let known = memchr::memchr_iter(b'\n', &item.raw[..item.again.min(item.raw.len())]).count() as u64;
        let line = lines.wrapping_add(item.line).wrapping_add(known).wrapping_add(1);
        let after = item.spans.iter().filter(|span| span.start >= item.again);
        if let Some(mut object) = item.rest {
            if self.before + self.after > 0 {
                object["context"] = (!item.matched).into();
            }
            self.object(object, line);
        } else if self.print.only_matching {
            for span in after {
                self.prefix(file, line, item.matched);
                self.text(&item.raw[span.clone()], &[]);
            }
        } else if let Some(rest) = item.raw.get(item.again..) {
            let spans: Vec<_> = after.map(|span| span.start - item.again..span.end - item.again).collect();
            self.text(rest, &spans);
        }
    }

    /// Prints a find, or keeps it for a sample.
    fn found_item(&mut self, held: Held) {
        let Some(most) = self.print.sample else { return self.item(held) };
        self.seen += 1;
        let lot = FixedState::with_seed(1).hash_one(held.place);
        self.sampled.push(Sampled { lot, turn: self.seen, held });
        if self.sampled.len() > most {
            self.sampled.pop();
        }
    }

    fn is_next(&self, place: (u32, u64)) -> bool {
        self.last_printed.is_some_and(|last| follows(last, place))
    }

    /// Prints what is left: counts, names.
    pub(super) fn finish(&mut self, out: &mut Out) -> Result<(), Error> {
        if self.print.quiet {
            return Ok(());
        }
        let mut sampled = std::mem::take(&mut self.sampled).into_vec();
        sampled.sort_by_key(|sampled| sampled.turn);
        for sampled in sampled {
            self.item(sampled.held);
        }
        if self.print.count || self.print.names || self.print.names_without {
            for (name, count) in self.names.iter().zip(&self.counts) {
                let name = shown(name, self.print.terminal);
                if self.print.names && *count > 0 || self.print.names_without && *count == 0 {
                    self.buffer.extend_from_slice(format!("{name}\n").as_bytes());
                } else if self.print.count && self.print.with_name {
                    self.buffer.extend_from_slice(format!("{name}:{count}\n").as_bytes());
                } else if self.print.count {
                    self.buffer.extend_from_slice(format!("{count}\n").as_bytes());
                }
            }
        }
        if self.print.form == Form::Json && !self.print.counts_only() {
            self.buffer.extend_from_slice(if self.first_json { b"[]\n" } else { b"\n]\n" });
        }
        out.write(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    /// Prints one entry.
    fn item(&mut self, held: Held) {
        let Held { place, file, lines, mut item } = held;
        let context = self.before + self.after > 0;
        if context && self.print.form == Form::Table && self.last_printed.is_some() && !self.is_next(place) {
            self.buffer.extend_from_slice(b"--\n");
        }
        self.last_printed = Some(place);
        self.last_entry = Some((file, item.offset, item.matched));
        if self.print.form == Form::Table {
            self.gap(item.ts);
        }
        let line = lines.wrapping_add(item.line).wrapping_add(1);
        if let Some(mut object) = item.json.take() {
            if context {
                object["context"] = (!item.matched).into();
            }
            self.object(object, line);
        } else if self.print.only_matching && item.matched && !item.spans.is_empty() {
            for span in &item.spans {
                self.prefix(file, line, item.matched);
                self.text(&item.raw[span.clone()], &[]);
            }
        } else if let Some(text) = item.laid_out.filter(|_| !self.print.only_matching) {
            self.head(file);
            if self.print.numbers {
                self.number(file, line, item.matched);
            }
            self.buffer.extend_from_slice(text.as_bytes());
        } else if !self.print.only_matching {
            self.prefix(file, line, item.matched);
            self.text(&item.raw, &item.spans);
        }
    }

    /// Says that nothing was found for long before this time.
    fn gap(&mut self, ts: Option<Timestamp>) {
        let (Some(least), Some(ts)) = (self.print.gaps, ts) else { return };
        if let Some(last) = self.last_time.replace(ts)
            && ts.0.saturating_sub(last.0) >= least
        {
            let wait = HumanMillis((ts - last) as f64 / 1e6);
            let line = format!("{} {wait} {}", self.print.page.rule(), self.print.page.rule());
            let line = Phrase::new().and(Style::Dim, line);
            self.buffer.extend_from_slice(line.line(self.print.page).as_bytes());
            self.buffer.push(b'\n');
        }
    }

    /// The file's name as a heading, where the entry before was of another.
    fn head(&mut self, file: u32) {
        if !self.print.with_name || self.headed.replace(file) == Some(file) {
            return;
        }
        if self.buffer.len() + self.seen as usize > 0 || self.last_time.is_some() {
            self.buffer.push(b'\n');
        }
        let name = self.names[file as usize].as_str();
        let shown = Phrase::new().and(Style::File, name).line(self.print.page);
        self.buffer.extend_from_slice(self.print.page.linked(name, shown).as_bytes());
        self.buffer.push(b'\n');
    }

    fn number(&mut self, file: u32, line: u64, matched: bool) {
        let mark = if matched { ':' } else { '-' };
        let number = Phrase::new().and(Style::Line, line.to_string()).line(self.print.page);
        let number = self.linked(file, Some(line), number);
        self.buffer.extend_from_slice(number.as_bytes());
        self.buffer.push(mark as u8);
    }

    /// What is shown of a place as a link to it, where links are wanted.
    fn linked(&self, file: u32, line: Option<u64>, shown: String) -> String {
        let page = self.print.page;
        if page.link.is_none() {
            return shown;
        }
        let name = &self.names[file as usize];
        page.linked(&line.map_or_else(|| name.clone(), |line| format!("{name}:{line}")), shown)
    }

    fn object(&mut self, mut object: Json, line: u64) {
        redaction::json(&mut object);
        object["line"] = line.into();
        if self.print.form == Form::Csv {
            if std::mem::take(&mut self.first_json) {
                self.buffer.extend_from_slice(self.pick.csv_head(self.before + self.after > 0).as_bytes());
            }
            self.buffer.extend_from_slice(self.pick.csv_row(&object).as_bytes());
        } else if self.print.form == Form::Json {
            self.buffer.extend_from_slice(if self.first_json { b"[\n" } else { b",\n" });
            self.first_json = false;
            self.buffer.extend(json::compact(&object).unwrap_or_default());
        } else {
            self.buffer.extend(json::compact(&object).unwrap_or_default());
            self.buffer.push(b'\n');
        }
    }

    fn prefix(&mut self, file: u32, line: u64, matched: bool) {
        let mark = if matched { ':' } else { '-' };
        let page = self.print.page;
        let colored = |style: Style, text: &str| {
            if page.color {
                Phrase::new().and(style, text).line(page)
            } else {
                shown(text, self.print.terminal)
            }
        };
        let mut prefix = String::new();
        if self.print.with_name {
            let name = colored(Style::File, &self.names[file as usize]);
            prefix.push_str(&self.linked(file, None, name));
            prefix.push(mark);
        }
        if self.print.numbers {
            prefix.push_str(&self.linked(file, Some(line), colored(Style::Line, &line.to_string())));
            prefix.push(mark);
        }
        self.buffer.extend_from_slice(prefix.as_bytes());
    }

    /// The bytes as they are into a pipe, made harmless on a terminal.
    fn text(&mut self, raw: &[u8], spans: &[Range<usize>]) {
        if redaction::is_on() {
            // What was found may have got another name, so nothing is marked.
            return self.written(&redaction::bytes(raw), &[]);
        }
        self.written(raw, spans);
    }

    fn written(&mut self, raw: &[u8], spans: &[Range<usize>]) {
        if self.print.is_plain() {
            self.buffer.extend_from_slice(raw);
        } else {
            let mut at = 0;
            for span in spans {
                self.piece(&raw[at..span.start], Style::Plain);
                self.piece(&raw[span.clone()], Style::Match);
                at = span.end;
            }
            self.piece(&raw[at..], Style::Plain);
        }
        self.buffer.push(b'\n');
    }

    fn piece(&mut self, raw: &[u8], style: Style) {
        let text = Untrusted::from(raw).block();
        self.print.page.paint(style, &text, &mut self.buffer);
    }
}

/// A file's name: as it is into a pipe, made harmless on a terminal.
fn shown(name: &str, terminal: bool) -> String {
    if terminal { Untrusted::from(name).line() } else { name.to_owned() }
}
