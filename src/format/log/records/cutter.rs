//! Goes through a file whose records are not one a line, and writes each as one. Remembers how it got to where it is, so
//! that the file may come in pieces; holds no more of it than one record, or the beginning of a batch.

use super::found::{SEPARATOR, document, event, members, object_within};
use super::line::{Fields, copy, items};
use super::{Records, Shape, Step, Within, console, elements, segment};
use crate::format::log::json::{self, string};
use crate::model::{Text, Value};

/// How far ahead is looked for what an element of a batch says behind its records.
const WINDOW: usize = 1 << 20;

/// The same for a trace: Jaeger says behind its spans whose they are.
const WINDOW_OF_TRACE: usize = 48 << 20;

/// Lines that were written of records.
#[derive(Debug, Default)]
pub struct Cut {
    /// The lines.
    pub text: Vec<u8>,
    /// Where each is from.
    pub places: Vec<Place>,
}

/// Where a record stands in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where its line starts in the text.
    pub at: usize,
    /// Its bytes in the file: where they start,
    pub from: u64,
    /// and where they end.
    pub to: u64,
    /// How many lines of the file stand before the one it starts in.
    pub line: u64,
}

/// Where the cutting of a file has come to.
#[derive(Debug)]
pub struct Cutter {
    records: Records,
    /// How their parts are written.
    shape: Shape,
    /// Finds the lines that begin documents.
    begin: Option<memchr::memmem::Finder<'static>>,
    /// Does a line begin at the bytes at hand?
    at_line_start: bool,
    /// The lists and objects that are open.
    frames: Vec<Frame>,
    /// What stands before the value at hand in its line.
    prefix: Vec<u8>,
    /// Bytes of the file before those at hand, and lines before `counted` of them.
    offset: u64,
    line: u64,
    counted: usize,
}

/// A list or an object that is open.
#[derive(Debug)]
struct Frame {
    /// The step that leads on from it.
    step: usize,
    /// What it says of its records: fields, as they are written.
    context: Vec<u8>,
    /// The names of the columns of its rows.
    columns: Vec<Vec<u8>>,
    /// What it says of some of its records: the name under which they ask for it, and fields. Jaeger's processes.
    processes: Vec<(Vec<u8>, Vec<u8>)>,
    /// The id of the segment that it is, within which its records are numbered.
    segment: Vec<u8>,
    /// Was all of it looked at when it was entered?
    settled: bool,
}

/// What comes next.
enum Next {
    /// A value ends here.
    End(usize),
    /// More bytes have to be seen.
    More,
    /// No JSON.
    Damaged,
}

/// Keys of a document whose values are of all records in it.
const LABELS: [&[u8]; 20] = [
    b"logGroup",
    b"logStream",
    b"logGroupName",
    b"logStreamName",
    b"service",
    b"app",
    b"application",
    b"host",
    b"hostname",
    b"namespace",
    b"pod",
    b"container",
    b"cluster",
    b"stream",
    b"labels",
    b"resource",
    b"source",
    b"sourcetype",
    b"index",
    b"subscriptionId",
];

/// Keys of the names of columns.
const COLUMNS: [&[u8]; 4] = [b"columns", b"fields", b"columnNames", b"schema"];

impl Cutter {
    /// At the start of a file.
    pub fn new(records: Records) -> Self {
        Cutter::within(records, 0)
    }

    /// At the start of a document, so many bytes behind the start of the file; lines are counted from there.
    pub fn within(records: Records, offset: u64) -> Self {
        let shape = records.shape();
        let begin = records.finder();
        let (frames, prefix) = (Vec::new(), Vec::new());
        Cutter { records, shape, begin, at_line_start: true, frames, prefix, offset, line: 0, counted: 0 }
    }

    /// Bytes of the file that have been cut.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Lines of the file that have been cut.
    pub fn lines(&self) -> u64 {
        self.line
    }

    /// Cuts as many of `bytes` as can be; says how many. They go on where it stopped the last time; `ended` says that
    /// nothing follows, or that no more can be waited for. Where a line begins a document, what was before it has ended.
    pub fn cut(&mut self, bytes: &[u8], ended: bool, cut: &mut Cut) -> usize {
        let mut at = 0;
        let begin = self.begin.take();
        if let Some(begin) = begin.as_ref().filter(|_| self.at_line_start && !self.frames.is_empty()) {
            let begin = &begin.needle()[1..];
            if bytes.starts_with(begin) {
                self.frames.clear();
            } else if !ended && begin.starts_with(bytes) {
                // Whether it is one, the next bytes tell.
                self.begin = self.records.finder();
                return 0;
            }
        }
        while let Some(next) = begin.as_ref().and_then(|begin| begin.find(&bytes[at..])) {
            // The line end is of what was before it.
            let next = at + next + 1;
            at = self.cut_until(&bytes[..next], at, true, cut);
            self.frames.clear();
        }
        self.begin = begin;
        at = self.cut_until(bytes, at, ended, cut);
        self.count_lines(bytes, at);
        self.offset += at as u64;
        self.counted = 0;
        if at > 0 {
            self.at_line_start = bytes[at - 1] == b'\n';
        }
        at
    }

    fn cut_until(&mut self, bytes: &[u8], mut at: usize, ended: bool, cut: &mut Cut) -> usize {
        while at < bytes.len() {
            let before = (at, self.frames.len());
            match self.next(bytes, at, ended, cut) {
                Next::End(end) => at = end,
                Next::More if !ended => break,
                // Text is kept line by line.
                Next::Damaged if !ended && memchr::memchr(b'\n', &bytes[at..]).is_none() => break,
                Next::More | Next::Damaged => at = self.text_line(bytes, at, cut),
            }
            debug_assert!((at, self.frames.len()) != before, "no way on");
        }
        at
    }

    /// Goes one value, key or line on.
    fn next(&mut self, bytes: &[u8], at: usize, ended: bool, cut: &mut Cut) -> Next {
        let Some(frame) = self.frames.last() else { return self.outside(bytes, at, ended, cut) };
        let step = frame.step;
        let at = apart(bytes, at);
        let Some(first) = bytes.get(at) else { return Next::End(at) };
        match (first, &self.records.steps[step]) {
            (b'}' | b']', _) => {
                self.frames.pop();
                Next::End(at + 1)
            }
            (b'"', Step::Key(_)) => self.member(bytes, at, ended),
            (_, Step::Key(_)) => Next::Damaged,
            (_, Step::Each) => self.element(bytes, at, step + 1, ended, cut),
        }
    }

    /// A value of the file, or text.
    fn outside(&mut self, bytes: &[u8], at: usize, ended: bool, cut: &mut Cut) -> Next {
        let mut open = apart(bytes, at);
        let Some(first) = bytes.get(open) else { return Next::End(open) };
        self.prefix.clear();
        match self.records.within {
            Within::Console => return self.printed(bytes, open, ended, cut),
            Within::Elements => return self.marked_up(bytes, open, ended, cut),
            _ => {}
        }
        if let Some(payload) = event(&bytes[open..]) {
            open += payload;
        } else if *first == b'[' && self.records.steps.first() == Some(&Step::Each) {
            self.enter(0, None);
            return Next::End(open + 1);
        } else if *first != b'{' {
            let Some(length) = memchr::memchr(b'\n', &bytes[open..]).or(ended.then_some(bytes.len() - open))
            else {
                return Next::More;
            };
            let line = &bytes[open..open + length];
            let Some(within) = object_within(line).filter(|at| self.leads_on(bytes, open + at)) else {
                return Next::Damaged;
            };
            if !(self.records.spans && is_mark(&line[..within])) {
                self.prefix.extend_from_slice(&line[..within]);
            }
            open += within;
        }
        self.element(bytes, open, 0, ended, cut)
    }

    /// An object as JavaScript prints it, or text.
    fn printed(&mut self, bytes: &[u8], at: usize, ended: bool, cut: &mut Cut) -> Next {
        if !console::opens(bytes, at) {
            let cut_name = bytes[at] == b'{' && bytes[at..].trim_ascii().len() < 64;
            return if cut_name && !ended { Next::More } else { Next::Damaged };
        }
        match console::object(bytes, at) {
            Ok((json, end)) => {
                self.place(bytes, at, end, cut);
                cut.text.push(b'{');
                Fields::new(&mut cut.text, self.shape).record(&json, 0, &[]);
                cut.text.extend_from_slice(b"}\n");
                Next::End(end)
            }
            Err(console::Not::Whole) if !ended && bytes.len() - at < WINDOW => Next::More,
            Err(_) => Next::Damaged,
        }
    }

    /// An event as an element of XML, a tag around events, or text.
    fn marked_up(&mut self, bytes: &[u8], at: usize, ended: bool, cut: &mut Cut) -> Next {
        match elements::at(&bytes[at..]) {
            elements::Found::Event(length) => {
                self.place(bytes, at, at + length, cut);
                elements::write_line(&bytes[at..at + length], &mut cut.text);
                cut.text.push(b'\n');
                Next::End(at + length)
            }
            elements::Found::Around(length) => Next::End(at + length),
            elements::Found::Open if !ended && bytes.len() - at < WINDOW => Next::More,
            elements::Found::Open | elements::Found::Text => Next::Damaged,
        }
    }

    /// A value of the file or of a list, from which `step` leads on.
    fn element(&mut self, bytes: &[u8], at: usize, step: usize, ended: bool, cut: &mut Cut) -> Next {
        if step == self.records.steps.len() {
            let end = end_of(bytes, at, ended);
            if let Next::End(end) = end {
                self.record(bytes, at, end, cut);
            }
            return end;
        }
        if self.records.steps[step] == Step::Each && bytes.get(at) == Some(&b'[') {
            self.enter(step, None);
            return Next::End(at + 1);
        }
        if self.tells_first(bytes, at, step) {
            self.enter(step, None);
            return Next::End(at + 1);
        }
        let window = if self.records.spans { WINDOW_OF_TRACE } else { WINDOW };
        let seen = &bytes[..bytes.len().min(at.saturating_add(window))];
        match end_of(seen, at, ended) {
            Next::End(end) if !self.leads(bytes, at, step) => {
                self.record(bytes, at, end, cut);
                Next::End(end)
            }
            Next::End(_) => {
                self.enter(step, Some((bytes, at)));
                Next::End(at + 1)
            }
            Next::More if seen.len() < at.saturating_add(window) && !ended => Next::More,
            _ if bytes[at] == b'{' => {
                self.enter(step, None);
                Next::End(at + 1)
            }
            other => other,
        }
    }

    /// Does the object at `at`, of a batch of OpenTelemetry's, say what it says of its records before these? Then nothing
    /// behind them has to be looked for.
    fn tells_first(&self, bytes: &[u8], at: usize, step: usize) -> bool {
        let Some(Step::Key(wanted)) = self.records.steps.get(step).filter(|_| self.shape.typed) else {
            return false;
        };
        // Of all batches nothing is said.
        let (mut told, mut leads) = (step == 0, false);
        members(bytes, at, |key, at| {
            told |= matches!(key, b"resource" | b"scope" | b"instrumentationLibrary");
            leads = *key == **wanted && self.opens(bytes, at, step + 1);
            !leads && *key != **wanted
        });
        told && leads
    }

    /// Does `step` lead on from the object at `at`?
    fn leads(&self, bytes: &[u8], at: usize, step: usize) -> bool {
        let Some(Step::Key(wanted)) = self.records.steps.get(step) else { return false };
        let mut leads = false;
        members(bytes, at, |key, at| {
            leads |= *key == **wanted && self.opens(bytes, at, step + 1);
            !leads
        });
        leads
    }

    /// Does the first key of the object at `at` lead to records?
    fn leads_on(&self, bytes: &[u8], at: usize) -> bool {
        !self.records.steps.is_empty() && self.leads(bytes, at, 0)
    }

    /// Is what opens at `at` what this step leads on from?
    fn opens(&self, bytes: &[u8], at: usize, step: usize) -> bool {
        match self.records.steps.get(step) {
            Some(Step::Key(_)) => bytes.get(at) == Some(&b'{'),
            Some(Step::Each) => bytes.get(at) == Some(&b'['),
            None => false,
        }
    }

    /// Enters a list or an object; one that is known to its end is asked at once what it says of its records.
    fn enter(&mut self, step: usize, whole: Option<(&[u8], usize)>) {
        let frame = Frame {
            step,
            context: Vec::new(),
            columns: Vec::new(),
            processes: Vec::new(),
            segment: Vec::new(),
            settled: whole.is_some(),
        };
        self.frames.push(frame);
        if let Some((bytes, at)) = whole {
            members(bytes, at, |key, at| {
                self.beside(bytes, key, at);
                true
            });
        }
    }

    /// A key and its value, of the object that was entered last.
    fn member(&mut self, bytes: &[u8], at: usize, ended: bool) -> Next {
        let Some((key, _, after)) = string(bytes, at) else { return Next::More };
        let colon = json::blanks(bytes, after);
        let value = json::blanks(bytes, colon + 1);
        match bytes.get(colon) {
            Some(b':') if value < bytes.len() => {}
            None | Some(b':') => return Next::More,
            Some(_) => return Next::Damaged,
        }
        let Some(frame) = self.frames.last() else { return Next::Damaged };
        let (step, settled) = (frame.step, frame.settled);
        let is_way = matches!(self.records.steps.get(step), Some(Step::Key(wanted)) if **wanted == *key);
        if is_way && self.opens(bytes, value, step + 1) {
            self.enter(step + 1, None);
            return Next::End(value + 1);
        }
        let end = end_of(bytes, value, ended);
        if let (Next::End(_), false) = (&end, settled) {
            self.beside(bytes, key, value);
        }
        end
    }

    /// Keeps what stands beside the way to the records: names of columns, and what is said of all records. Of an element
    /// of a batch that is everything, of a document only what labels are.
    fn beside(&mut self, bytes: &[u8], key: &[u8], at: usize) {
        let shape = self.shape;
        let Some(frame) = self.frames.last_mut() else { return };
        let steps = &self.records.steps;
        if matches!(steps.get(frame.step), Some(Step::Key(wanted)) if **wanted == *key) {
            return;
        }
        if COLUMNS.contains(&key) && bytes.get(at) == Some(&b'[') {
            frame.columns = column_names(bytes, at);
            return;
        }
        if shape.span && key == b"processes" {
            members(bytes, at, |name, at| {
                let mut said = Vec::new();
                Fields::new(&mut said, shape).process(bytes, at);
                frame.processes.push((name.to_vec(), said));
                true
            });
            return;
        }
        if shape.numbered && key == b"traceSegmentId" {
            frame.segment = string(bytes, at).map_or_else(Vec::new, |(id, ..)| id.to_vec());
        }
        let is_element = frame.step > 0 && steps[frame.step - 1] == Step::Each;
        if is_element || (shape.numbered && bytes.get(at) != Some(&b'{')) || LABELS.contains(&key) {
            let mut fields = Fields::resume(&mut frame.context, shape);
            fields.context(bytes, key, at);
        }
    }

    /// Writes the record at `at` as a line.
    fn record(&mut self, bytes: &[u8], at: usize, end: usize, cut: &mut Cut) {
        if self.segments(bytes, at, end, cut) {
            return;
        }
        self.place(bytes, at, end, cut);
        cut.text.extend_from_slice(&self.prefix);
        let contexts =
            || self.frames.iter().rev().map(|frame| &frame.context).filter(|context| !context.is_empty());
        let shape = if self.frames.is_empty() { Shape { typed: false, ..self.shape } } else { self.shape };
        let plain = shape == Shape::default() && contexts().next().is_none() && bytes[at] != b'[';
        if plain || !matches!(bytes[at], b'{' | b'[') {
            copy(&bytes[at..end], &mut cut.text);
        } else {
            cut.text.push(b'{');
            let columns = self.frames.iter().rev().find(|frame| !frame.columns.is_empty());
            let start = cut.text.len();
            let segment = self.frames.iter().rev().find(|frame| !frame.segment.is_empty());
            Fields::new(&mut cut.text, shape).of_segment(segment.map(|frame| &frame.segment[..])).record(
                bytes,
                at,
                columns.map_or(&[][..], |frame| &frame.columns),
            );
            for context in contexts().chain(self.process_of(bytes, at)) {
                if cut.text.len() > start {
                    cut.text.push(b',');
                }
                cut.text.extend_from_slice(context);
            }
            cut.text.push(b'}');
        }
        cut.text.push(b'\n');
    }

    /// Writes a segment of X-Ray's and what is part of it, each as a line; says whether it is one.
    fn segments(&mut self, bytes: &[u8], at: usize, end: usize, cut: &mut Cut) -> bool {
        let mut lines = Vec::new();
        let is_one = match self.records.within {
            Within::Document => {
                let document = document(bytes, at);
                document
                    .is_some_and(|text| segment::each(&text, 0, &mut |line, _| lines.push((line, at, end))))
            }
            Within::Each => segment::each(bytes, at, &mut |line, from| {
                lines.push((line, from, segment::end_of(bytes, from)));
            }),
            _ => false,
        };
        for (line, from, to) in lines {
            self.place(bytes, from, to, cut);
            cut.text.extend_from_slice(&self.prefix);
            copy(&line, &mut cut.text);
            cut.text.push(b'\n');
        }
        is_one
    }

    /// What the process says that the span at `at` is of.
    fn process_of(&self, bytes: &[u8], at: usize) -> Option<&Vec<u8>> {
        let processes = &self.frames.iter().rev().find(|frame| !frame.processes.is_empty())?.processes;
        let mut of = None;
        members(bytes, at, |key, at| {
            if key == b"processID" {
                of = string(bytes, at).map(|(name, ..)| name);
            }
            of.is_none()
        });
        let of = of?;
        processes.iter().find(|(name, _)| name == of).map(|(_, said)| said).filter(|said| !said.is_empty())
    }

    /// Keeps the rest of a line as it is; where the next begins.
    fn text_line(&mut self, bytes: &[u8], at: usize, cut: &mut Cut) -> usize {
        let at = if self.frames.is_empty() { at } else { apart(bytes, at) };
        let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |length| at + length);
        if !bytes[at..end].trim_ascii().is_empty() {
            self.place(bytes, at, end, cut);
            cut.text.extend_from_slice(&bytes[at..end]);
            cut.text.push(b'\n');
        }
        (end + 1).min(bytes.len())
    }

    fn place(&mut self, bytes: &[u8], from: usize, to: usize, cut: &mut Cut) {
        self.count_lines(bytes, from);
        let (from, to) = (self.offset + from as u64, self.offset + to as u64);
        cut.places.push(Place { at: cut.text.len(), from, to, line: self.line });
    }

    fn count_lines(&mut self, bytes: &[u8], to: usize) {
        if to > self.counted {
            self.line += memchr::memchr_iter(b'\n', &bytes[self.counted..to]).count() as u64;
            self.counted = to;
        }
    }
}

/// The first byte at or after `at` that is no blank and parts no records. Text keeps the blanks before it.
fn apart(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    let blanks =
        rest.iter().take_while(|b| b.is_ascii_whitespace() || matches!(**b, b',' | SEPARATOR)).count();
    at + blanks
}

/// `INFO: `: one word that a logger puts before what it was given; of a span it tells nothing.
fn is_mark(prefix: &[u8]) -> bool {
    let word = prefix.trim_ascii();
    word.strip_suffix(b":").is_some_and(|word| word.iter().all(u8::is_ascii_alphabetic))
}

/// Where the value at `at` ends.
fn end_of(bytes: &[u8], at: usize, ended: bool) -> Next {
    let closes = |end: usize| matches!(bytes[end - 1], b'}' | b']' | b'"');
    match json::skip(bytes, at) {
        Some(end) if end > at && (end < bytes.len() || ended || closes(end)) => Next::End(end),
        Some(end) if end > at => Next::More,
        None if matches!(bytes[at], b'{' | b'[' | b'"') || bytes.len() - at < 16 => Next::More,
        _ => Next::Damaged,
    }
}

/// The names in a list of names, or of objects with names.
fn column_names(bytes: &[u8], at: usize) -> Vec<Vec<u8>> {
    let mut names = Vec::new();
    items(bytes, at, |at| {
        let mut name = string_at(bytes, at);
        members(bytes, at, |key, at| {
            if matches!(key, b"name" | b"ColumnName" | b"text") {
                name = string_at(bytes, at);
            }
            true
        });
        names.push(name.unwrap_or_default().to_vec());
    });
    names
}

fn string_at(bytes: &[u8], at: usize) -> Option<&[u8]> {
    match json::value(bytes, at)? {
        (Value::Text(Text { raw, .. }), _) => Some(raw),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a file that comes in pieces of so many bytes, with the line that each record starts in.
    fn lines(text: &str, piece: usize) -> Vec<String> {
        let records = Records::of(text.as_bytes()).expect(text);
        let mut cutter = Cutter::new(records);
        let mut cut = Cut::default();
        let (mut from, mut to) = (0, 0);
        while from < text.len() {
            to = (to + piece).min(text.len());
            from += cutter.cut(&text.as_bytes()[from..to], to == text.len(), &mut cut);
        }
        let mut out = Vec::new();
        for (index, place) in cut.places.iter().enumerate() {
            let end = cut.places.get(index + 1).map_or(cut.text.len(), |next| next.at);
            let line = String::from_utf8_lossy(&cut.text[place.at..end - 1]);
            let written = &text[place.from as usize..place.to as usize];
            let counted = text[..place.from as usize].matches('\n').count() as u64;
            assert_eq!((place.line, written.trim()), (counted, written), "{text}");
            out.push(format!("{} {line}", place.line + 1));
        }
        out
    }

    #[test]
    fn every_record_becomes_a_line() {
        let time = "2024-03-05T10:10:10Z";
        for (text, expected) in [
            (
                format!("[\n  {{\n    \"time\": \"{time}\",\n    \"msg\": \"a\"\n  }},\n  {{\"time\":\"{time}\"}}, 7\n]\n"),
                vec![
                    format!("2 {{ \"time\": \"{time}\", \"msg\": \"a\" }}"),
                    format!("6 {{\"time\":\"{time}\"}}"),
                    "6 7".to_owned(),
                ],
            ),
            (
                format!("{{\"time\":\"{time}\",\"msg\":\"}}{{\\\"\"}}{{\"b\":[{{}}]}}\nplain\n\n{{\"c\":1}},"),
                vec![
                    format!("1 {{\"time\":\"{time}\",\"msg\":\"}}{{\\\"\"}}"),
                    "1 {\"b\":[{}]}".to_owned(),
                    "2 plain".to_owned(),
                    "4 {\"c\":1}".to_owned(),
                ],
            ),
            (
                format!("{{\"owner\":\"1\",\"logGroup\":\"g\",\"logEvents\":[{{\"timestamp\":1709633410000,\"message\":\"x {time}\"}}],\"z\":1}}\n{{\"logEvents\":[]}}\n{{\"a\":\"b\"}}\n"),
                vec![
                    format!("1 {{\"timestamp\":1709633410000,\"message\":\"x {time}\",\"logGroup\":\"g\"}}"),
                    "3 {\"a\":\"b\"}".to_owned(),
                ],
            ),
            (
                r#"{"status":"success","data":{"result":[{"values":[["1709633410000000000","a"],["1709633411000000000","b",{"x":"y"}]],"stream":{"app":"p"}},{"stream":{},"values":[]}],"stats":{}}}"#.to_owned(),
                vec![
                    r#"1 {"timestamp":"1709633410000000000","line":"a","stream":{"app":"p"}}"#.to_owned(),
                    r#"1 {"timestamp":"1709633411000000000","line":"b","metadata":{"x":"y"},"stream":{"app":"p"}}"#.to_owned(),
                ],
            ),
            (
                r#"{"tables":[{"columns":[{"name":"TimeGenerated"},{"name":"Message"}],"rows":[["2024-03-05T10:10:10Z","x"]]}]}"#.to_owned(),
                vec![r#"1 {"TimeGenerated":"2024-03-05T10:10:10Z","Message":"x"}"#.to_owned()],
            ),
            (
                r#"{"results":[[{"field":"@timestamp","value":"2024-03-05 10:10:10.000"},{"field":"@message","value":"x"}]]}"#.to_owned(),
                vec![r#"1 {"@timestamp":"2024-03-05 10:10:10.000","@message":"x"}"#.to_owned()],
            ),
            (
                r#"web-1 {"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"p"}}]},"scopeLogs":[{"scope":{"name":"s"},"logRecords":[{"timeUnixNano":"1709633410000000000","body":{"stringValue":"x"},"attributes":[{"key":"n","value":{"intValue":"5"}},{"key":"l","value":{"arrayValue":{"values":[{"stringValue":"a"},{"boolValue":true}]}}}]},{"timeUnixNano":"1709633411000000000","body":{"kvlistValue":{"values":[{"key":"msg","value":{"stringValue":"y"}}]}}}]}],"schemaUrl":"u"}]}"#.to_owned(),
                vec![
                    r#"1 web-1 {"timeUnixNano":"1709633410000000000","body":"x","n":5,"l":["a",true],"scope":{"name":"s"},"service.name":"p"}"#.to_owned(),
                    r#"1 web-1 {"timeUnixNano":"1709633411000000000","msg":"y","scope":{"name":"s"},"service.name":"p"}"#.to_owned(),
                ],
            ),
            (
                "\u{1e}{\"MESSAGE\":\"x\"}\n\u{1e}{\"MESSAGE\":\"y\"}\n".to_owned(),
                vec!["1 {\"MESSAGE\":\"x\"}".to_owned(), "2 {\"MESSAGE\":\"y\"}".to_owned()],
            ),
            (
                format!("{{\"events\":[{{\"timestamp\":\"{time}\",\"message\":\"x\"}},{{\"timestamp\":\"cut"),
                vec![format!("1 {{\"timestamp\":\"{time}\",\"message\":\"x\"}}"), "1 {\"timestamp\":\"cut".to_owned()],
            ),
        ] {
            assert_eq!(lines(&text, text.len()), expected, "{text}");
            for piece in [1, 7, 64] {
                assert_eq!(lines(&text, piece), expected, "{piece} {text}");
            }
        }
    }

    #[test]
    fn a_document_that_is_cut_off_ends_where_the_next_begins() {
        let time = "2024-03-05T10:10:10Z";
        let record = |at: u32| format!("{{\"timestamp\":\"{time}\",\"message\":\"{at}\"}}");
        let document = |at: u32| format!("{{\"events\":[{},{}]}}", record(at), record(at + 1));
        for cut in 12..document(3).len() - 1 {
            let text = format!("{}\n{}\n{}\n", document(1), &document(3)[..cut], document(5));
            let whole = lines(&text, text.len());
            let last = [format!("3 {}", record(5)), format!("3 {}", record(6))];
            assert!(whole.ends_with(&last), "{text} {whole:?}");
            for piece in [1, 5, 64] {
                assert_eq!(lines(&text, piece), whole, "{piece} {text}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn damage_is_survived_and_the_rest_is_kept(
            tail in proptest::collection::vec(proptest::num::u8::ANY, 0..60),
            at in 0..90_usize,
            piece in 1..90_usize,
        ) {
            let whole = br#"{"events":[{"timestamp":1709633410000,"message":"x"},{"timestamp":1709633411000,"message":"y"}]}"#;
            let records = Records::of(whole).expect("records");
            let at = at.min(whole.len());
            let bytes = [&whole[..at], &tail, &whole[at..]].concat();
            let mut all = Cut::default();
            Cutter::new(records.clone()).cut(&bytes, true, &mut all);
            let mut cutter = Cutter::new(records);
            let mut cut = Cut::default();
            let (mut from, mut to) = (0, 0);
            while from < bytes.len() {
                to = (to + piece).min(bytes.len());
                from += cutter.cut(&bytes[from..to], to == bytes.len(), &mut cut);
            }
            proptest::prop_assert_eq!(cut.text, all.text);
            proptest::prop_assert_eq!(cut.places, all.places);
        }
    }
}
