//! Finds where the records of a file are, by what is in its first values: a record has a time.

use super::{Records, Step, Within, console, elements};
use crate::format::log::contents::instant;
use crate::format::log::json::{blanks, string, value};
use crate::format::log::span::SpanFields;
use crate::format::log::{json, names};
use crate::model::value::unescape;
use crate::model::{Role, Value};

/// How many lines are looked at for a value whose records are inside.
const LINES: usize = 20;

/// How many lines that are records themselves tell that those after them are, too.
const ENOUGH: usize = 4;

/// How much text may stand before such a value in its line.
pub(super) const PREFIX: usize = 256;

/// How deep lists of records are looked for.
const DEEP: usize = 8;

/// How deep inside a record its time may be.
const DEEP_IN_RECORD: usize = 3;

/// The byte before each record of a JSON text sequence (RFC 7464).
pub(super) const SEPARATOR: u8 = 0x1E;

/// Where the records of a file with this head are.
pub(super) fn find(head: &[u8]) -> Option<Records> {
    let mut at = blanks(head, 0);
    let first = *head.get(at)?;
    if first == SEPARATOR || event(&head[at..]).is_some() {
        return Some(Records::default());
    }
    if first == b'[' {
        return way(head, at);
    }
    if first == b'<' {
        let beside = elements::are_beside(&head[at..]);
        return beside.then(|| Records { within: Within::Elements, ..Records::default() });
    }
    let mut plain = 0;
    for _ in 0..LINES {
        let line_end = memchr::memchr(b'\n', &head[at..]).map_or(head.len(), |end| at + end);
        let line = &head[at..line_end];
        let opens = line.first() == Some(&b'{');
        if opens && console::opens(head, at) {
            return console_spans(head, at);
        }
        let open = if opens { Some(at) } else { object_within(line).map(|open| at + open) };
        if let Some(open) = open {
            let end = json::skip(head, open);
            let way = way(head, open);
            if let Some(way) = way.as_ref().filter(|way| !way.steps.is_empty() || way.spans) {
                return Some(way.clone());
            }
            if opens && end.is_some_and(|end| is_followed(head, end)) {
                return Some(Records::default());
            }
            plain += usize::from(way.is_some());
            if plain == ENOUGH {
                return None;
            }
        }
        at = blanks(head, line_end);
        if at >= head.len() {
            break;
        }
    }
    None
}

/// `data: {`: the payload of an event that a server sends.
pub(super) fn event(rest: &[u8]) -> Option<usize> {
    let after = rest.strip_prefix(b"data:")?;
    let open = blanks(after, 0);
    (after.get(open) == Some(&b'{')).then_some(5 + open)
}

/// Where an object opens behind the text of a line.
pub(super) fn object_within(line: &[u8]) -> Option<usize> {
    memchr::memmem::find(&line[..line.len().min(PREFIX)], b"{\"")
}

/// Does another value follow on the line, or a comma that parts it from the next line's?
fn is_followed(head: &[u8], end: usize) -> bool {
    let rest = &head[end..];
    let blank = rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    match rest.get(blank) {
        Some(b'{') => rest.get(blank + 1) == Some(&b'"'),
        Some(b',') => matches!(rest[blank + 1..].trim_ascii_start(), [] | [b'{', ..]),
        _ => false,
    }
}

/// The way from the value at `at` to its records, if there are any. The value may be cut.
fn way(bytes: &[u8], at: usize) -> Option<Records> {
    let mut steps = Vec::new();
    let is = search(bytes, at, &mut steps)?;
    let within = if let Is::Spans(within) = is { within } else { Within::Lists };
    Some(Records { steps, spans: is != Is::Entries, within })
}

/// What records are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Is {
    Entries,
    Spans(Within),
}

/// The spans of a file that prints such an object at `at`.
fn console_spans(head: &[u8], at: usize) -> Option<Records> {
    let (json, _) = console::object(head, at).ok()?;
    let is_span = Signs::of(&json, 0).is_span();
    is_span.then(|| Records { steps: Vec::new(), spans: true, within: Within::Console })
}

/// Looks for records in the value at `at`, which `steps` lead to; the outermost that have a time and say something, else
/// the innermost that have a time.
fn search(bytes: &[u8], at: usize, steps: &mut Vec<Step>) -> Option<Is> {
    if steps.len() > DEEP {
        return None;
    }
    match bytes.get(at) {
        Some(b'{') => {
            let own = Signs::of(bytes, at);
            if is_segment(&own.names) {
                return Some(Is::Spans(Within::Each));
            }
            if own.is_span() {
                let numbered = own.names.iter().any(|name| name == "segmentId");
                return Some(Is::Spans(if numbered { Within::Segment } else { Within::Lists }));
            }
            if document(bytes, at).is_some_and(|text| is_segment(&Signs::of(&text, 0).names)) {
                return Some(Is::Spans(Within::Document));
            }
            if let Some(key) = list_of_spans(bytes, at, &own) {
                steps.extend([Step::Key(key.into()), Step::Each]);
                return Some(Is::Spans(Within::Segment));
            }
            if own.is_record() {
                return Some(Is::Entries);
            }
            let before = steps.len();
            let mut found = None;
            members(bytes, at, |key, at| {
                if matches!(bytes.get(at), Some(b'{' | b'[')) {
                    steps.push(Step::Key(key.into()));
                    // Keys alone lead to one record at most: that is the entry, not a list of them.
                    found = search(bytes, at, steps).filter(|_| steps[before..].contains(&Step::Each));
                    if found.is_none() {
                        steps.truncate(before);
                    }
                }
                found.is_none()
            });
            found.or((own.named && steps.last() == Some(&Step::Each)).then_some(Is::Entries))
        }
        Some(b'[') => {
            steps.push(Step::Each);
            let first = blanks(bytes, at + 1);
            let found = match bytes.get(first) {
                Some(b'[') if is_row(bytes, first) || is_pairs(bytes, first) => Some(Is::Entries),
                Some(b'{' | b'[') => search(bytes, first, steps),
                _ => None,
            };
            if found.is_none() {
                steps.pop();
            }
            found
        }
        _ => None,
    }
}

/// Is the object at `at` a segment, by the names of what it says? Whether it has parts or has ended may be behind the end of
/// what is known.
fn is_segment(names: &[String]) -> bool {
    let has = |name: &str| names.iter().any(|known| known == name);
    has("id")
        && has("name")
        && has("start_time")
        && has("trace_id")
        && (has("end_time") || has("in_progress") || has("subsegments"))
}

/// The key of a list in the object at `at` whose items are spans together with what the object says.
fn list_of_spans<'b>(bytes: &'b [u8], at: usize, own: &Signs) -> Option<&'b [u8]> {
    let mut found = None;
    members(bytes, at, |key, at| {
        let first = blanks(bytes, at + 1);
        if bytes.get(at) == Some(&b'[') && bytes.get(first) == Some(&b'{') {
            let mut item = Signs::of(bytes, first);
            let is_whole = item.is_span();
            item.names.extend_from_slice(&own.names);
            found = (!is_whole && item.is_span()).then_some(key);
        }
        found.is_none()
    });
    found
}

/// The key of a document that is a text.
const DOCUMENT: &[u8] = b"Document";

/// The document of the record at `at`; a text may be cut off.
pub(super) fn document(bytes: &[u8], at: usize) -> Option<Vec<u8>> {
    let mut found = None;
    members(bytes, at, |key, at| {
        if key == DOCUMENT && bytes.get(at) == Some(&b'"') {
            let raw = string(bytes, at).map_or(&bytes[at + 1..], |(raw, ..)| raw);
            found = Some(unescape(raw));
        }
        found.is_none()
    });
    found.filter(|document| document.first() == Some(&b'{'))
}

/// Does the object in this text say something, with a time or a level?
pub(in crate::format::log) fn is_record(text: &[u8]) -> bool {
    Signs::of(text, blanks(text, 0)).is_record()
}

/// What an object has of what makes a record.
#[derive(Default)]
struct Signs {
    timed: bool,
    /// Is the time called one?
    named: bool,
    says: bool,
    levelled: bool,
    /// The names of its fields.
    names: Vec<String>,
}

impl Signs {
    fn of(bytes: &[u8], at: usize) -> Self {
        let mut signs = Signs::default();
        signs.look(bytes, at, 0, &mut String::new());
        signs
    }

    /// A time and words, or both without a time: some logs have none.
    fn is_record(&self) -> bool {
        self.says && (self.timed || self.levelled)
    }

    /// A span of a trace.
    fn is_span(&self) -> bool {
        SpanFields::of(&self.names).is_some()
    }

    fn look(&mut self, bytes: &[u8], at: usize, depth: usize, path: &mut String) {
        members(bytes, at, |key, at| {
            let key = String::from_utf8_lossy(key);
            let outside = path.len();
            path.push_str(&key);
            if bytes.get(at) == Some(&b'{') && depth < DEEP_IN_RECORD {
                path.push('.');
                self.look(bytes, at, depth + 1, path);
            } else if let Some((value, _)) = value(bytes, at) {
                self.names.push(path.clone());
                self.field(&key, value);
            }
            path.truncate(outside);
            true
        });
    }

    fn field(&mut self, name: &str, value: Value<'_>) {
        let value = match value {
            Value::Nested([b'[', inner @ .., b']']) => json::value(inner, 0).map_or(value, |(item, _)| item),
            value => value,
        };
        let roles = names::roles_of(name);
        let has = |role: Role| roles.iter().any(|(of, ..)| *of == role);
        let plain = name.rsplit('.').next().unwrap_or(name).trim_start_matches('_');
        let named = has(Role::Ts) || plain == "time";
        let timed = instant(value, named).is_some();
        self.timed |= timed;
        self.named |= timed && named;
        self.says |= has(Role::Message) && matches!(value, Value::Text(_));
        self.levelled |= has(Role::Level) && matches!(value, Value::Text(_));
    }
}

/// `["1709633411000000000","a line"]`: a time and text, with more behind it or not.
fn is_row(bytes: &[u8], at: usize) -> bool {
    let (mut timed, mut said) = (false, false);
    let mut at = at + 1;
    while let Some((item, end)) = value(bytes, blanks(bytes, at)) {
        match item {
            Value::Text(text) if instant(item, false).is_none() => {
                let number =
                    item.number().is_some() || matches!(text.raw, b"NaN" | b"+Inf" | b"-Inf" | b"Inf");
                said |= !text.raw.is_empty() && !number;
            }
            item => timed |= instant(item, true).is_some(),
        }
        at = blanks(bytes, end) + 1;
        if bytes.get(at - 1) != Some(&b',') {
            break;
        }
    }
    timed && said
}

/// `[{"field":"@timestamp","value":"…"},…]`: a row of CloudWatch Insights.
pub(super) fn is_pairs(bytes: &[u8], at: usize) -> bool {
    let first = blanks(bytes, at + 1);
    let mut names = 0;
    members(bytes, first, |key, _| {
        names += usize::from(matches!(key, b"field" | b"value"));
        true
    });
    names == 2
}

/// Hands every key of the object at `at` to `visit`, with the place of its value, until `visit` says no or the object is
/// cut.
pub(super) fn members<'b>(bytes: &'b [u8], at: usize, mut visit: impl FnMut(&'b [u8], usize) -> bool) {
    let mut inside = at + 1;
    while let Some((key, at)) = member(bytes, inside).filter(|_| bytes[at] == b'{') {
        if !visit(key, at) {
            return;
        }
        let Some(end) = json::skip(bytes, at) else { return };
        inside = end;
    }
}

/// The same with the places where values end; one that is cut is left out.
pub(super) fn whole_members<'b>(bytes: &'b [u8], at: usize, mut visit: impl FnMut(&'b [u8], usize, usize)) {
    let mut inside = at + 1;
    while let Some((key, at)) = member(bytes, inside).filter(|_| bytes[at] == b'{') {
        let Some(end) = json::skip(bytes, at) else { return };
        visit(key, at, end);
        inside = end;
    }
}

/// The next key at or after `at`, inside of an object, and the place of its value.
#[inline]
fn member(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let mut at = blanks(bytes, at);
    if bytes.get(at) == Some(&b',') {
        at = blanks(bytes, at + 1);
    }
    if bytes.get(at) != Some(&b'"') {
        return None;
    }
    let (key, _, after) = string(bytes, at)?;
    let colon = blanks(bytes, after);
    (bytes.get(colon) == Some(&b':')).then(|| (key, blanks(bytes, colon + 1)))
}

#[cfg(test)]
mod tests {
    use crate::format::log::records::Records;

    #[test]
    fn records_are_found_by_their_times() {
        for (head, path) in [
            (
                r#"{"resourceLogs":[{"resource":{},"scopeLogs":[{"logRecords":[{"timeUnixNano":"1709633410000000000","body":{"stringValue":"x"}}]}]}]}"#,
                Some("resourceLogs[].scopeLogs[].logRecords[]"),
            ),
            (
                r#"{"status":"success","data":{"resultType":"streams","result":[{"stream":{"app":"x"},"values":[["1709633410000000000","a line"]]}]}}"#,
                Some("data.result[].values[]"),
            ),
            (
                r#"{"took":3,"hits":{"total":{"value":1},"hits":[{"_index":"a","_source":{"@timestamp":"2024-03-05T10:10:10Z","message":"x"}}]}}"#,
                Some("hits.hits[]"),
            ),
            ("[\n  {\n    \"time\": \"2024-03-05T10:10:10Z\",\n    \"msg\": \"x\"\n  }\n]", Some("[]")),
            (
                r#"{"results":[[{"field":"@timestamp","value":"2024-03-05 10:10:10.000"},{"field":"@message","value":"x"}]]}"#,
                Some("results[]"),
            ),
            (
                r#"{"tables":[{"name":"PrimaryResult","columns":[{"name":"TimeGenerated"},{"name":"Message"}],"rows":[["2024-03-05T10:10:10Z","x"]]}]}"#,
                Some("tables[].rows[]"),
            ),
            (
                r#"{"time":"2024-03-05T10:10:10Z","msg":"x"}{"time":"2024-03-05T10:10:10Z","msg":"y"}"#,
                Some(""),
            ),
            ("{\"time\":\"2024-03-05T10:10:10Z\"},\n{\"time\":\"2024-03-05T10:10:11Z\"},\n", Some("")),
            ("\u{1e}{\"MESSAGE\":\"x\"}\n", Some("")),
            ("data: {\"MESSAGE\":\"x\"}\n\n", Some("")),
            ("web-1 {\"events\":[{\"timestamp\":1709633410000,\"message\":\"x\"}]}\n", Some("events[]")),
            // A record with a list of events in it is one record.
            (
                r#"{"time":"2024-03-05T10:10:10Z","msg":"x","events":[{"time":"2024-03-05T10:10:10Z","msg":"y"}]}"#,
                None,
            ),
            (
                "{\"time\":\"2024-03-05T10:10:10Z\",\"msg\":\"x\"}\n{\"time\":\"2024-03-05T10:10:10Z\"}\n",
                None,
            ),
            ("{\n \"seed\": 1,\n \"list\": [{\"a\": 1}]\n}\n", None),
            (
                "{\n \"list\": [{\"from\": \"2024-03-05T10:10:10Z\", \"to\": \"2024-03-05T10:10:11Z\"}]\n}\n",
                None,
            ),
            ("[2024-03-05] x", None),
            ("plain\n", None),
            ("", None),
        ] {
            assert_eq!(Records::of(head.as_bytes()).map(|found| found.path()).as_deref(), path, "{head}");
        }
    }
}
