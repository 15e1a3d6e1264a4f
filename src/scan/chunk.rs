//! A chunk of a file: the entries that start in it, and those of them that are selected.

use std::ops::{ControlFlow, Range};

use super::block::{Begin, Origin};
use super::inputs::Input;
use crate::filter::{Filter, Literals, TEXT_PARTS};
use crate::format::log::Reader;
use crate::model::{Account, Desk, Entry, Location, Needs, Slots, TimeRange, Timestamp};

/// Which entries are wanted, and what of them.
#[derive(Clone, Debug)]
pub struct Selection {
    /// What is extracted.
    pub needs: Needs,
    filter: Option<Filter>,
    time: TimeRange,
    /// Byte strings of which one must occur in an entry that matters; the others are only counted. The first
    /// for files of positional formats, the second for files in which the names of fields are written.
    literals: [Option<Literals>; 2],
}

impl Selection {
    /// Every entry.
    pub fn everything(needs: Needs) -> Self {
        Selection { needs, filter: None, time: TimeRange::default(), literals: [None, None] }
    }

    /// The entries of a range of time that pass a filter. Entries without a time are outside of every range
    /// but the open one.
    pub fn new(needs: Needs, filter: &Filter, time: TimeRange) -> Self {
        Selection {
            needs,
            filter: (!filter.is_everything()).then(|| filter.clone()),
            time,
            literals: [filter.literals(false), filter.literals(true)],
        }
    }

    /// Looks only at entries that have one of these fields, where that can be told from their bytes. For selections
    /// of everything: those left out have none of them.
    pub fn only_with_fields(&mut self, fields: &[&str]) {
        // The last part of a path is written whether the object is nested or its names have dots.
        let keys = fields.iter().filter_map(|field| field.rsplit('.').next());
        // Lines of text between others have parts whose names are nowhere written.
        if keys.clone().any(|key| TEXT_PARTS.contains(&key)) {
            return;
        }
        self.literals[1] = Some(Literals::any_of(keys.map(|key| key.as_bytes().into()).collect()));
    }

    /// Looks only at entries in which one of these byte strings occurs.
    pub fn only_with_bytes(&mut self, strings: Vec<Box<[u8]>>) {
        let literals = Literals::any_of(strings);
        self.literals = [Some(literals.clone()), Some(literals)];
    }

    /// Is every entry selected?
    pub fn is_everything(&self) -> bool {
        self.filter.is_none() && self.time.is_everything()
    }

    /// What must occur in an entry of a file that matters.
    fn literals(&self, reader: &Reader) -> Option<&Literals> {
        // What is put together from pieces need not stand in the text.
        self.literals[usize::from(reader.names_in_text())].as_ref().filter(|_| reader.is_as_written())
    }

    /// Is an entry with these values selected?
    pub fn holds(&self, slots: &Slots<'_>) -> bool {
        self.in_time(slots) && self.filter.as_ref().is_none_or(|filter| filter.matches(slots))
    }

    fn in_time(&self, slots: &Slots<'_>) -> bool {
        self.time.is_everything() || slots.ts.is_some_and(|ts| self.time.contains(ts))
    }
}

/// A piece of a file: owns the entries that start in it, and reads past its end to finish the last one.
#[derive(Debug)]
pub struct Chunk<'a> {
    /// The file.
    pub input: &'a Input,
    /// How its entries are read.
    pub reader: &'a Reader,
    /// The file's index in the scan.
    pub file: u32,
    /// The chunk's index in the file.
    pub index: u32,
    pub(super) bytes: &'a [u8],
    /// Entries that start here are the chunk's.
    pub(super) owned: Range<usize>,
    /// Where the last of them ends at the latest.
    pub(super) until: usize,
    /// Bytes of the file before `bytes`.
    pub(super) offset: u64,
    pub(super) begin: Begin,
    /// How many bytes at the start are of an entry that was in the chunk before, and goes on in this one.
    pub(super) again: usize,
    /// Lines of the file before the chunk, where the order of lines is the time of entries.
    pub(super) lines_before: Option<u64>,
    /// Where its lines are from, if they were written of records.
    pub(super) origin: Option<&'a Origin>,
    pub(super) account: &'a std::cell::RefCell<Account>,
    /// Keeps what reading has to make.
    pub(super) desk: Desk,
}

/// How much of an entry is parsed; what is beyond is still searched and shown.
const PARSED: usize = 1 << 20;

impl<'a> Chunk<'a> {
    /// The chunk's entries, whole: from the first that starts in it to the end of the last.
    fn extent(&self) -> Range<usize> {
        let first = match self.begin {
            Begin::File | Begin::Entry => self.owned.start,
            Begin::Line | Begin::Rest => {
                self.start_within(line_start(self.bytes, self.owned.start), self.owned.end)
            }
            Begin::InLine => {
                let line = memchr::memchr(b'\n', &self.bytes[..self.until]).map_or(self.until, |end| end + 1);
                self.start_within(line, self.owned.end)
            }
        };
        if first >= self.owned.end {
            return first..first;
        }
        let end = self.start_within(line_start(&self.bytes[..self.until], self.owned.end), self.until);
        first..end
    }

    /// The first line at or after the line start `at` that starts an entry; a place at or after `before` if
    /// there is none before it.
    fn start_within(&self, mut at: usize, before: usize) -> usize {
        while at < before && !self.reader.starts(self.bytes, at) {
            at = memchr::memchr(b'\n', &self.bytes[at..]).map_or(self.bytes.len(), |end| at + end + 1);
        }
        at
    }

    /// Where the entry at `at` ends, and how many lines it has.
    #[inline]
    fn entry_end(&self, at: usize) -> (usize, u64) {
        let mut end = at;
        let mut lines = 0;
        loop {
            lines += 1;
            match memchr::memchr(b'\n', &self.bytes[end..self.until]) {
                None => return (self.until, lines),
                Some(length) => end += length + 1,
            }
            if end >= self.until || self.reader.starts(self.bytes, end) {
                return (end, lines);
            }
        }
    }

    /// Hands every selected entry to `each`, in order, and accounts for every line of the chunk.
    pub fn entries<'c>(
        &'c self,
        selection: &Selection,
        mut each: impl FnMut(&Entry<'_, 'c>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let extent = self.extent();
        let mut account = self.account.borrow_mut();
        self.account_for_rest_of_cut_entry(&extent, &mut account);
        let literals = selection.literals(self.reader);
        let owned = &self.bytes[..extent.end];
        let mut hits = literals.map(|literals| literals.occurrences(owned, extent.start));
        let mut slots = Slots::new(self.reader.needs());
        slots.use_desk(&self.desk);
        let mut at = extent.start;
        let mut line = account.lines;
        let mut stopped = false;
        while at < extent.end {
            let (end, lines) = self.entry_end(at);
            let raw = trim_end(&self.bytes[at..end]);
            let parsed = &raw[..raw.len().min(PARSED)];
            slots.one_line = lines == 1;
            let candidate = !stopped && hits.as_mut().is_none_or(|hits| hits.any_within(at, end));
            let understood = if candidate {
                self.reader.extract(parsed, &mut slots)
            } else {
                self.reader.frame(parsed, &mut slots)
            };
            account.lines += lines;
            account.continuation += lines - 1;
            let count = if understood { &mut account.entries } else { &mut account.unparsed };
            *count += 1;
            if let Some(ts) = slots.ts {
                account.saw(ts);
            }
            self.place_in_order(at, line, &mut slots);
            if candidate && selection.holds(&slots) {
                let location =
                    Location { file: self.file, chunk: self.index, line: self.line_at(at, line) as u32 };
                let entry = Entry { location, offset: self.offset_at(at), raw, understood, slots: &slots };
                stopped = each(&entry).is_break();
            }
            line += lines;
            at = end;
        }
        self.discount_known(&mut account);
        if stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Takes off what the chunk before has counted of the entry that goes on in this one.
    fn discount_known(&self, account: &mut Account) {
        if self.again == 0 {
            return;
        }
        let mut slots = Slots::new(self.reader.needs());
        slots.use_desk(&self.desk);
        let understood = self.reader.frame(trim_end(&self.bytes[..self.again]), &mut slots);
        let lines = self.lines_known();
        account.lines = account.lines.saturating_sub(lines);
        account.continuation = account.continuation.saturating_sub(lines.saturating_sub(1));
        // What was not understood before may be now: it stays counted as it was.
        let count = match (understood && account.entries > 0, account.unparsed > 0) {
            (true, _) => &mut account.entries,
            (false, true) => &mut account.unparsed,
            (false, false) if account.entries > 0 => &mut account.entries,
            // Told anew, the formats have it that the line before was no start.
            (false, false) => &mut account.continuation,
        };
        *count = count.saturating_sub(1);
    }

    /// As [`Chunk::entries`], but accounts for lines alone: where byte strings are known of which a selected entry
    /// has one, entries are looked at only around them.
    pub fn selected<'c>(
        &'c self,
        selection: &Selection,
        mut each: impl FnMut(&Entry<'_, 'c>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let Some(literals) = selection.literals(self.reader) else { return self.entries(selection, each) };
        let (bytes, extent) = self.text();
        let mut slots = Slots::new(self.reader.needs());
        let mut lines = LineCount::new(bytes, extent.start);
        let mut hits = literals.occurrences(&bytes[..extent.end], extent.start);
        let mut at = extent.start;
        let mut flow = ControlFlow::Continue(());
        while flow.is_continue() {
            let hit = hits.next_at(at);
            if hit >= extent.end {
                break;
            }
            let range = self.entry_around(hit, &extent);
            at = range.end;
            let (raw, understood) = self.extract(&range, &mut slots);
            let counted = self.first_line().wrapping_add(lines.up_to(range.start));
            self.place_in_order(range.start, counted, &mut slots);
            if selection.holds(&slots) {
                let line = self.line_at(range.start, counted) as u32;
                let location = Location { file: self.file, chunk: self.index, line };
                let offset = self.offset_at(range.start);
                flow = each(&Entry { location, offset, raw, understood, slots: &slots });
            }
        }
        self.count_lines(&extent);
        flow
    }

    /// Byte strings of which every entry that `selection` may select has one; `None` where they are not known.
    pub fn literals<'s>(&self, selection: &'s Selection) -> Option<&'s Literals> {
        selection.literals(self.reader)
    }

    /// The owned bytes with every entry whole, for searching without looking at entries first.
    /// The rest of an entry that was cut for its length counts as an entry of its own here.
    pub fn text(&self) -> (&'a [u8], Range<usize>) {
        let mut extent = self.extent();
        if matches!(self.begin, Begin::Rest | Begin::InLine) {
            extent.start = self.owned.start;
        }
        (self.bytes, extent)
    }

    /// How many bytes at the start of [`Chunk::text`] are of an entry that was in the chunk before, and goes on in this
    /// one: it stands here once more, whole.
    pub fn again(&self) -> usize {
        self.again
    }

    /// Lines that were in the chunk before.
    fn lines_known(&self) -> u64 {
        memchr::memchr_iter(b'\n', &self.bytes[..self.again]).count() as u64
    }

    /// What to add to the lines counted from the start of [`Chunk::text`]: a line that was cut has been counted
    /// where it began, so that what follows comes one less than none after it.
    pub fn first_line(&self) -> u64 {
        let cut = if self.begin == Begin::InLine { u64::MAX } else { 0 };
        cut.wrapping_sub(self.lines_known())
    }

    /// The entry around the byte at `at`, which lies in `extent`: where it starts and ends, and its bytes.
    pub fn entry_around(&self, at: usize, extent: &Range<usize>) -> Range<usize> {
        let mut start = at;
        loop {
            start = memchr::memrchr(b'\n', &self.bytes[extent.start..start])
                .map_or(extent.start, |end| extent.start + end + 1);
            if start == extent.start || self.reader.starts(self.bytes, start) {
                break;
            }
            start -= 1;
        }
        start..self.entry_end(start).0
    }

    /// Takes what the chunk's reader wants of the entry at `range` of [`Chunk::text`].
    pub fn extract<'s>(&'s self, range: &Range<usize>, slots: &mut Slots<'s>) -> (&'a [u8], bool) {
        slots.use_desk(&self.desk);
        slots.one_line = false;
        let raw = trim_end(&self.bytes[range.clone()]);
        let understood = self.reader.extract(&raw[..raw.len().min(PARSED)], slots);
        if self.lines_before.is_some() {
            let before =
                memchr::memchr_iter(b'\n', &self.bytes[self.owned.start..range.start]).count() as u64;
            self.place_in_order(range.start, self.first_line().wrapping_add(before), slots);
        }
        (raw, understood)
    }

    /// Takes the place of the entry at `at` among the file's lines for its time, where no entry tells one. `counted`
    /// lines end before it in the chunk.
    fn place_in_order(&self, at: usize, counted: u64, slots: &mut Slots<'_>) {
        if let Some(before) = self.lines_before {
            slots.ts = Some(Timestamp::of_line(before + self.line_at(at, counted) + 1));
        }
    }

    /// Where in the file the entry at `at` of [`Chunk::text`] starts.
    pub fn offset_at(&self, at: usize) -> u64 {
        self.origin.map_or(self.offset + at as u64, |origin| origin.start(at).0)
    }

    /// Lines between the chunk's start and the entry at `at` of [`Chunk::text`], before which `counted` lines end.
    pub fn line_at(&self, at: usize, counted: u64) -> u64 {
        self.origin.map_or(counted, |origin| origin.start(at).1)
    }

    /// The entry at `range` of [`Chunk::text`] as the file has it.
    pub fn written(&self, range: &Range<usize>) -> &'a [u8] {
        self.origin.map_or(&self.bytes[range.clone()], |origin| origin.written(range.clone()))
    }

    /// How many lines of the file the chunk has, of which `counted` lines were read.
    pub(super) fn lines(&self, counted: u64) -> u64 {
        self.origin.map_or(counted, |origin| origin.lines)
    }

    /// Counts the chunk's lines without looking at its entries. For searches that need no account.
    pub fn count_lines(&self, extent: &Range<usize>) {
        let owned = &self.bytes[extent.clone()];
        let mut account = self.account.borrow_mut();
        account.lines += memchr::memchr_iter(b'\n', owned).count() as u64;
        account.lines += u64::from(owned.last().is_some_and(|last| *last != b'\n'));
        account.lines -= u64::from(self.begin == Begin::InLine && account.lines > 0);
        account.lines = account.lines.saturating_sub(self.lines_known());
    }

    /// Lines before the first start continue an entry that was cut in the block before.
    fn account_for_rest_of_cut_entry(&self, extent: &Range<usize>, account: &mut Account) {
        // Chunks of a mapped file share its bytes: what lies before is another chunk's.
        if !matches!(self.begin, Begin::Rest | Begin::InLine) {
            return;
        }
        let rest = &self.bytes[self.owned.start..extent.start];
        let mut lines = memchr::memchr_iter(b'\n', rest).count() as u64;
        lines += u64::from(rest.last().is_some_and(|last| *last != b'\n'));
        lines -= u64::from(self.begin == Begin::InLine);
        account.lines += lines;
        account.continuation += lines;
    }
}

/// Counts lines up to rising places.
#[derive(Debug)]
pub struct LineCount<'b> {
    bytes: &'b [u8],
    at: usize,
    lines: u64,
}

impl<'b> LineCount<'b> {
    /// Counts from `at` on.
    pub fn new(bytes: &'b [u8], at: usize) -> Self {
        LineCount { bytes, at, lines: 0 }
    }

    /// Lines that end before `place`.
    pub fn up_to(&mut self, place: usize) -> u64 {
        self.lines += memchr::memchr_iter(b'\n', &self.bytes[self.at..place.max(self.at)]).count() as u64;
        self.at = place.max(self.at);
        self.lines
    }
}

/// The first line start at or after `at`.
fn line_start(bytes: &[u8], at: usize) -> usize {
    match at {
        0 => 0,
        at if at >= bytes.len() => bytes.len(),
        at if bytes[at - 1] == b'\n' => at,
        at => memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end + 1),
    }
}

/// Without the last line's end.
fn trim_end(raw: &[u8]) -> &[u8] {
    let raw = raw.strip_suffix(b"\n").unwrap_or(raw);
    raw.strip_suffix(b"\r").unwrap_or(raw)
}
