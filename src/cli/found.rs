//! What `obs grep` found: entries on their way from chunks to the output, in order, with their context.

use std::collections::VecDeque;
use std::ops::Range;

use serde_json::Value as Json;

use super::args::Form;
use super::out::Out;
use super::redaction;
use crate::model::{Error, Timestamp};
use crate::report::{Page, Style, Untrusted, json};
use crate::scan::{Delivered, Inputs};

/// How entries are printed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Print {
    pub form: Form,
    pub page: Page,
    pub terminal: bool,
    pub raw: bool,
    pub count: bool,
    pub names: bool,
    pub quiet: bool,
    pub numbers: bool,
    pub only_matching: bool,
    pub with_name: bool,
}

impl Print {
    /// Is it enough to know how many entries there are?
    pub(super) fn counts_only(&self) -> bool {
        self.count || self.names || self.quiet
    }

    /// Are values of the entry printed, rather than its bytes?
    pub(super) fn needs_slots(&self) -> bool {
        self.form != Form::Table && !self.counts_only()
    }

    /// Is it shown what matched, rather than only where?
    pub(super) fn needs_spans(&self) -> bool {
        self.only_matching || (self.page.color && !self.raw)
    }

    /// Are entries printed with the bytes that the file has?
    pub(super) fn as_written(&self) -> bool {
        self.form == Form::Table && !self.only_matching && !self.counts_only() && self.is_plain()
    }

    /// Are bytes printed as they are?
    fn is_plain(&self) -> bool {
        self.raw || (!self.terminal && !self.page.color)
    }

    /// Are line numbers printed?
    pub(super) fn needs_lines(&self) -> bool {
        (self.numbers || self.form != Form::Table) && !self.counts_only()
    }
}

/// An entry that is printed, or stands near one.
#[derive(Debug)]
pub(super) struct Item {
    pub raw: Vec<u8>,
    /// Lines of the chunk before it; for the rest of an entry that was cut in its line, one less than none.
    pub line: u64,
    pub ts: Option<Timestamp>,
    pub matched: bool,
    /// Its place among the chunk's entries.
    pub ordinal: u64,
    pub json: Option<Json>,
    pub spans: Vec<Range<usize>>,
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
#[derive(Debug, Default)]
pub(super) struct Printed {
    pub matches: u64,
    pub items: Vec<Item>,
    /// The last time of an entry so far, where entries without one follow it.
    pub last_time: Option<Timestamp>,
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
        let mut near = near.into_iter();
        self.items.retain(|_| near.next() == Some(true));
    }
}

/// Puts the chunks' finds together.
pub(super) struct Stitch<'p> {
    print: &'p Print,
    names: Vec<&'p str>,
    most: Option<u64>,
    before: usize,
    after: usize,
    counts: Vec<u64>,
    /// Entries before the chunk at hand, of the file at hand.
    entries_before: u64,
    file: Option<u32>,
    /// Entries that may turn out to be context of a match that follows.
    held: VecDeque<(u64, u64, Item)>,
    after_left: usize,
    last_printed: Option<(u32, u64)>,
    buffer: Vec<u8>,
    first_json: bool,
}

impl<'p> Stitch<'p> {
    pub(super) fn new(
        print: &'p Print,
        inputs: &'p Inputs,
        most: Option<u64>,
        (before, after): (usize, usize),
    ) -> Self {
        Stitch {
            print,
            names: inputs.logs.iter().map(|input| input.shown.as_str()).collect(),
            most,
            before,
            after,
            counts: vec![0; inputs.logs.len()],
            entries_before: 0,
            file: None,
            held: VecDeque::new(),
            after_left: 0,
            last_printed: None,
            buffer: Vec::new(),
            first_json: true,
        }
    }

    /// Was anything found?
    pub(super) fn found(&self) -> bool {
        self.counts.iter().any(|count| *count > 0)
    }

    /// Prints one find, whichever file it is of.
    pub(super) fn one(&mut self, out: &mut Out, file: u32, lines: u64, item: &Item) -> Result<(), Error> {
        self.counts[file as usize] += 1;
        self.item(file, lines, item.ordinal, item);
        if self.buffer.len() > 1 << 16 {
            out.write(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
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
        if self.print.counts_only() {
            let count = &mut self.counts[file as usize];
            *count = (*count + output.matches).min(limit);
            let enough = self.print.quiet && *count > 0;
            return Ok(!enough);
        }
        let mut items = output.items;
        for item in items.drain(..) {
            let ordinal = self.entries_before + item.ordinal;
            if item.matched && self.counts[file as usize] < limit {
                self.counts[file as usize] += 1;
                while let Some((lines, ordinal, held)) = self.held.pop_front() {
                    self.item(file, lines, ordinal, &held);
                }
                self.item(file, lines_before, ordinal, &item);
                self.after_left = self.after;
            } else if item.matched && self.counts[file as usize] >= limit {
                // As in grep, the context of the last one that is wanted ends at the next.
                self.after_left = 0;
            } else if self.after_left > 0 && self.is_next(file, ordinal) {
                self.after_left -= 1;
                self.item(file, lines_before, ordinal, &item);
            } else if self.before > 0 && self.counts[file as usize] < limit {
                self.after_left = 0;
                if self.held.back().is_some_and(|(_, last, _)| last + 1 != ordinal) {
                    self.held.clear();
                }
                if self.held.len() == self.before {
                    self.held.pop_front();
                }
                self.held.push_back((lines_before, ordinal, item));
            }
        }
        self.entries_before += output.entries;
        out.write(&self.buffer)?;
        self.buffer.clear();
        let done = self.counts[file as usize] >= limit && self.after_left == 0;
        Ok(!(done && file as usize + 1 == self.names.len()))
    }

    fn is_next(&self, file: u32, ordinal: u64) -> bool {
        self.last_printed.is_some_and(|(last, before)| last == file && before + 1 == ordinal)
    }

    /// Prints what is left: counts, names.
    pub(super) fn finish(&mut self, out: &mut Out) -> Result<(), Error> {
        if self.print.quiet {
            return Ok(());
        }
        if self.print.count || self.print.names {
            for (name, count) in self.names.iter().zip(&self.counts) {
                let name = shown(name, self.print.terminal);
                if self.print.names && *count > 0 {
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
    fn item(&mut self, file: u32, lines_before: u64, ordinal: u64, item: &Item) {
        let context = self.before + self.after > 0;
        if context
            && self.print.form == Form::Table
            && self.last_printed.is_some()
            && !self.is_next(file, ordinal)
        {
            self.buffer.extend_from_slice(b"--\n");
        }
        self.last_printed = Some((file, ordinal));
        let line = lines_before.wrapping_add(item.line).wrapping_add(1);
        if let Some(object) = &item.json {
            self.object(object.clone(), line);
        } else if self.print.only_matching && item.matched && !item.spans.is_empty() {
            for span in &item.spans {
                self.prefix(file, line, item.matched);
                self.text(&item.raw[span.clone()], &[]);
            }
        } else if !self.print.only_matching {
            self.prefix(file, line, item.matched);
            self.text(&item.raw, &item.spans);
        }
    }

    fn object(&mut self, mut object: Json, line: u64) {
        redaction::json(&mut object);
        object["line"] = line.into();
        if self.print.form == Form::Json {
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
        let color = |code: &str, text: String| {
            if self.print.page.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text }
        };
        let mut prefix = String::new();
        if self.print.with_name {
            prefix.push_str(&color("35", shown(self.names[file as usize], self.print.terminal)));
            prefix.push(mark);
        }
        if self.print.numbers {
            prefix.push_str(&color("32", line.to_string()));
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
                self.piece(&raw[span.clone()], Style::Strong);
                at = span.end;
            }
            self.piece(&raw[at..], Style::Plain);
        }
        self.buffer.push(b'\n');
    }

    fn piece(&mut self, raw: &[u8], style: Style) {
        let text = Untrusted::from(raw).block();
        let marked = self.print.page.color && style != Style::Plain && !text.is_empty();
        let text = if marked { format!("\x1b[1;31m{text}\x1b[0m") } else { text };
        self.buffer.extend_from_slice(text.as_bytes());
    }
}

/// A file's name: as it is into a pipe, made harmless on a terminal.
fn shown(name: &str, terminal: bool) -> String {
    if terminal { Untrusted::from(name).line() } else { name.to_owned() }
}
