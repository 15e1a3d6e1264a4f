//! JSON lines of any vocabulary, walked by hand: only wanted values are looked at, nothing is copied.

use super::wanted::{Key, Node, Target};
use super::{LogFormat, Plan, Sample, request};
use crate::model::{Level, RecentKeys, Role, Slots, Text, Value};

/// One JSON object a line.
#[derive(Debug)]
pub struct Json;

/// How deep objects may nest in each other before their inside is left alone.
const MAX_DEPTH: usize = 128;

impl LogFormat for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn about(&self) -> &'static str {
        "one JSON object a line, in any logger's vocabulary"
    }

    #[inline]
    fn starts(&self, rest: &[u8], _plan: &Plan) -> bool {
        // `{"`, or `{}`, with blanks allowed. `{` alone may be text, unless a quote comes on the next line.
        let mut bytes = rest.iter().copied().skip_while(|b| matches!(b, b' ' | b'\t'));
        bytes.next() == Some(b'{')
            && match bytes.find(|b| !matches!(b, b' ' | b'\t')) {
                Some(b'"' | b'}') => true,
                Some(b'\r' | b'\n') => is_printed_over_lines(rest),
                _ => false,
            }
    }

    fn extract<'a>(&self, entry: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) -> bool {
        let line = if slots.one_line { entry } else { object_text(entry) };
        let Some(open) = line.iter().position(|b| *b == b'{') else { return false };
        let mut walk = Walk { bytes: line, plan, slots, left: plan.wanted() };
        if walk.left > 0 {
            walk.entry(open);
        }
        if plan.carries() {
            extract_carried(line, plan, slots);
        }
        if plan.speaks() {
            request::offer_of_message(plan, slots);
        }
        if slots.level.is_none() && plan.needs().has(Role::Level) {
            slots.level = plan.unwritten_level(slots);
        }
        is_whole(line)
    }

    fn fields(&self, entry: &[u8], _plan: &Plan, visit: &mut dyn FnMut(&str, Value<'_>)) -> Option<usize> {
        let line = object_text(entry);
        let end = each_field(line, |key, value| visit(&key.text(), value));
        match end {
            Ok(end) if line[end..].trim_ascii().is_empty() => None,
            Ok(stopped) | Err(stopped) => Some(stopped),
        }
    }

    fn names_in_text(&self) -> bool {
        true
    }

    fn gathers(&self) -> bool {
        false
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                header: "",
                text: r#"{"timestamp": "2023-12-24T03:29:28.348098", "level": "INFO", "logger": "payment_service", "message": "said \"no\" 다시", "line": 84, "request_id": "58852803"}"#,
                ts: Some("2023-12-24T03:29:28.348098Z"),
                level: Some(Level::Info),
                roles: &[
                    (Role::Message, "said \"no\" 다시"),
                    (Role::RequestId, "58852803"),
                    (Role::Logger, "payment_service"),
                ],
            },
            Sample {
                header: "",
                text: r#"{"level":50,"time":1703388568311,"pid":41,"hostname":"order-7f9c","reqId":"5885","msg":"order failed","durationMs":20005,"statusCode":504,"err":{"type":"X","stack":"X\n    at pay (order.js:12:9)"}}"#,
                ts: Some("2023-12-24T03:29:28.311Z"),
                level: Some(Level::Error),
                roles: &[
                    (Role::Host, "order-7f9c"),
                    (Role::RequestId, "5885"),
                    (Role::Status, "504"),
                    (Role::Duration, "20005"),
                ],
            },
            Sample {
                header: "",
                text: r#"{"@timestamp":"2024-02-05T09:00:00.500Z","log.level":"error","message":"x","service":{"name":"fares"},"trace":{"id":"abc"},"http":{"response":{"status_code":502}}}"#,
                ts: Some("2024-02-05T09:00:00.500Z"),
                level: Some(Level::Error),
                roles: &[(Role::Service, "fares"), (Role::TraceId, "abc"), (Role::Status, "502")],
            },
        ]
    }
}

/// Is this text an object of JSON, as it stands or within quotes?
pub(super) fn is_object(text: &[u8]) -> bool {
    let end = text.strip_suffix(b"\\n").unwrap_or(text).trim_ascii_end();
    matches!(text, [b'{', b'"' | b' ' | b'\\', ..]) && end.ends_with(b"}")
}

/// What an object within a message says where the entry around it says nothing: its text, its level.
fn extract_carried<'a>(line: &[u8], plan: &Plan, slots: &mut Slots<'a>) {
    let Value::Text(said) = slots.role(Role::Message) else { return };
    if !is_object(said.raw) {
        return;
    }
    let inner = if said.escaped { slots.keep(said.bytes().into_owned()) } else { Some(said.raw) };
    let Some(inner) = inner else { return };
    // journald gives all that a service prints the same priority.
    let around = slots.level;
    if memchr::memmem::find(line, b"\"PRIORITY\"").is_some() {
        slots.level = None;
    }
    let mut message = None;
    // Damage inside: what was read of it counts.
    let _ = each_field(inner, |key: Text<'a>, value| {
        if MESSAGES.contains(&key.raw) && message.is_none() {
            message = Some(value);
        } else {
            plan.offer_missing(slots, key.raw, value);
        }
    });
    if let Some(message) = message {
        slots.set(Role::Message.slot(), message);
    }
    slots.level = slots.level.or(around);
}

/// Names by which an object within a message says what happened.
pub(super) const MESSAGES: [&[u8]; 5] = [b"message", b"msg", b"@m", b"body", b"text"];

/// Does the object end where its line does? One that was cut, or run into by another, does not.
#[inline]
pub(super) fn is_whole(line: &[u8]) -> bool {
    line.ends_with(b"}") || line.trim_ascii_end().ends_with(b"}")
}

/// The entry's own line; lines after it are text that somebody printed in between. An object that is printed
/// over several lines opens with a brace alone.
fn object_text(entry: &[u8]) -> &[u8] {
    match memchr::memchr(b'\n', entry) {
        None => entry,
        Some(end) if entry[..end].trim_ascii() == b"{" => entry,
        Some(end) => &entry[..end],
    }
}

/// Does a brace stand alone at the very start, with an indented key on the next line?
fn is_printed_over_lines(rest: &[u8]) -> bool {
    let next = rest.strip_prefix(b"{").map(|rest| rest.strip_prefix(b"\r").unwrap_or(rest));
    let Some(next) = next.and_then(|rest| rest.strip_prefix(b"\n")) else { return false };
    let blanks = next.iter().take(64).take_while(|b| matches!(b, b' ' | b'\t')).count();
    blanks > 0 && next.get(blanks) == Some(&b'"')
}

/// What comes behind a value.
enum Next<'a> {
    /// A key, and where its value begins.
    Key(&'a [u8], usize),
    /// The end of the object.
    End(usize),
}

/// A walk over one object for the values that a plan wants.
struct Walk<'a, 'p> {
    bytes: &'a [u8],
    plan: &'p Plan,
    slots: &'p mut Slots<'a>,
    /// Slots that are still to be filled for good.
    left: usize,
}

impl<'a> Walk<'a, '_> {
    /// Walks the object of an entry, which opens at `at`. What stands between two values is first taken for what
    /// stood there in the entries before: then nothing is read byte by byte but the values.
    fn entry(&mut self, at: usize) -> Option<usize> {
        let node = self.plan.root();
        self.slots.recent_keys.belong_to(std::ptr::from_ref(node).addr());
        let mut link = RecentKeys::START;
        let mut at = at + 1;
        loop {
            let key;
            match self.slots.recent_keys.follow(link, &self.bytes[at..]) {
                // A blank more than before belongs to what stands between.
                Some((next, index, length)) if self.bytes.get(at + length).is_some_and(|b| *b > b' ') => {
                    (link, key) = (next, index);
                    at += length;
                }
                _ => {
                    let (name, value) = match self.key(at)? {
                        Next::Key(name, value) => (name, value),
                        Next::End(end) => return Some(end),
                    };
                    key = node.find(name).unwrap_or(u16::MAX);
                    link = self.slots.recent_keys.learn(link, &self.bytes[at..value], key);
                    at = value;
                }
            }
            at = self.value(at, node.key(key), 0)?;
        }
    }

    /// Walks the object that opens at `at`. `None` when reading has to stop: all is found, or damage.
    fn object(&mut self, at: usize, node: &Node, depth: usize) -> Option<usize> {
        let mut at = at + 1;
        loop {
            match self.key(at)? {
                Next::Key(name, value) => at = self.value(value, node.get(name), depth)?,
                Next::End(end) => return Some(end),
            }
        }
    }

    /// The next key at or after `at`, which is behind a value or a brace.
    #[inline]
    fn key(&self, mut at: usize) -> Option<Next<'a>> {
        loop {
            at = blanks(self.bytes, at);
            match self.bytes.get(at)? {
                b'"' => break,
                b'}' => return Some(Next::End(at + 1)),
                b',' => at += 1,
                _ => return None,
            }
        }
        let (key, _, after) = string(self.bytes, at)?;
        at = blanks(self.bytes, after);
        (*self.bytes.get(at)? == b':').then(|| Next::Key(key, blanks(self.bytes, at + 1)))
    }

    /// Offers the value at `at` to whatever wants its key. Where it ends.
    #[inline]
    fn value(&mut self, at: usize, key: Option<&Key>, depth: usize) -> Option<usize> {
        let Some(key) = key else { return skip(self.bytes, at) };
        if let (Some(inside), Some(b'{')) = (key.inside, self.bytes.get(at))
            && depth < MAX_DEPTH
        {
            let node = self.plan.node(inside);
            let end = self.object(at, node, depth + 1)?;
            self.offer(&key.targets, Value::Nested(&self.bytes[at..end]))?;
            return Some(end);
        }
        let (value, end) = value(self.bytes, at)?;
        self.offer(&key.targets, value)?;
        Some(end)
    }

    /// Offers a value to its slots; `None` when nothing is left to be found.
    fn offer(&mut self, targets: &[Target], value: Value<'a>) -> Option<()> {
        for target in targets {
            if self.plan.offer(self.slots, *target, value) {
                self.left -= 1;
            }
        }
        (self.left > 0).then_some(())
    }
}

/// Visits the fields of the object in `line`. Where it ends, or else where reading stopped.
pub fn each_field<'a>(line: &'a [u8], mut visit: impl FnMut(Text<'a>, Value<'a>)) -> Result<usize, usize> {
    let mut at = blanks(line, 0);
    if line.get(at) != Some(&b'{') {
        return Err(at);
    }
    at += 1;
    let mut first = true;
    loop {
        at = blanks(line, at);
        match line.get(at) {
            Some(b'}') if first => return Ok(at + 1),
            Some(b'"') => {}
            _ => return Err(at),
        }
        first = false;
        let (key, escaped, after) = string(line, at).ok_or(at)?;
        at = blanks(line, after);
        if line.get(at) != Some(&b':') {
            return Err(at);
        }
        at = blanks(line, at + 1);
        let (value, end) = value(line, at).ok_or(at)?;
        visit(Text { raw: key, escaped }, value);
        at = blanks(line, end);
        match line.get(at) {
            Some(b',') => at += 1,
            Some(b'}') => return Ok(at + 1),
            _ => return Err(at),
        }
    }
}

/// Visits the items of the list in `raw`, until `visit` says no.
pub(super) fn each_item<'a>(raw: &'a [u8], mut visit: impl FnMut(Value<'a>) -> bool) {
    let mut at = blanks(raw, 0);
    if raw.get(at) != Some(&b'[') {
        return;
    }
    at += 1;
    loop {
        at = blanks(raw, at);
        let Some((item, end)) = value(raw, at) else { return };
        if !visit(item) {
            return;
        }
        at = blanks(raw, end);
        if raw.get(at) != Some(&b',') {
            return;
        }
        at += 1;
    }
}

/// The first byte at or after `at` that is no blank.
#[inline]
pub(super) fn blanks(bytes: &[u8], mut at: usize) -> usize {
    // One blank or none is usual; everything above a blank is none.
    if bytes.get(at) == Some(&b' ') {
        at += 1;
    }
    while bytes.get(at).is_some_and(|b| *b <= b' ' && matches!(b, b' ' | b'\t' | b'\r' | b'\n')) {
        at += 1;
    }
    at
}

/// The string whose opening quote is at `at`: what is between the quotes, whether it holds escapes, and what
/// comes after the closing quote.
#[inline]
pub(super) fn string(bytes: &[u8], at: usize) -> Option<(&[u8], bool, usize)> {
    let start = at + 1;
    let mut escaped = false;
    let mut from = start;
    loop {
        let end = quote_or_backslash(bytes, from)?;
        if bytes[end] == b'"' {
            return Some((&bytes[start..end], escaped, end + 1));
        }
        escaped = true;
        from = end + 2;
    }
}

/// What comes after the string whose opening quote is at `at`: [`string`] where nothing else is wanted, which is
/// most of the time.
#[inline]
fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut from = at + 1;
    loop {
        let end = quote_or_backslash(bytes, from)?;
        if bytes[end] == b'"' {
            return Some(end + 1);
        }
        from = end + 2;
    }
}

/// The next `"` or `\` at or after `at`. Most strings of a log are short, so the first bytes are looked at
/// eight at a time before a search with wider registers is worth its start.
#[inline]
fn quote_or_backslash(bytes: &[u8], mut at: usize) -> Option<usize> {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // A byte is zero where subtracting one borrows into its high bit (Mycroft's test).
    let marks = |eight: &[u8; 8]| {
        let word = u64::from_le_bytes(*eight);
        let (quote, backslash) = (word ^ (LOW * u64::from(b'"')), word ^ (LOW * u64::from(b'\\')));
        ((quote.wrapping_sub(LOW) & !quote) | (backslash.wrapping_sub(LOW) & !backslash)) & HIGH
    };
    for _ in 0..3 {
        let Some((first, rest)) = bytes.get(at..).and_then(|rest| rest.split_first_chunk::<8>()) else {
            break;
        };
        let found = marks(first);
        if found != 0 {
            return Some(at + (found.trailing_zeros() / 8) as usize);
        }
        at += 8;
        let Some(second) = rest.first_chunk::<8>() else { break };
        let found = marks(second);
        if found != 0 {
            return Some(at + (found.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    memchr::memchr2(b'"', b'\\', bytes.get(at..)?).map(|found| at + found)
}

/// The value at `at`, and where it ends.
pub(super) fn value(bytes: &[u8], at: usize) -> Option<(Value<'_>, usize)> {
    match bytes.get(at)? {
        b'"' => {
            let (raw, escaped, end) = string(bytes, at)?;
            Some((Value::Text(Text { raw, escaped }), end))
        }
        b'{' | b'[' => {
            let end = skip(bytes, at)?;
            Some((Value::Nested(&bytes[at..end]), end))
        }
        b'-' | b'0'..=b'9' => {
            let end = number_end(bytes, at);
            Some((Value::Number(&bytes[at..end]), end))
        }
        b't' if bytes[at..].starts_with(b"true") => Some((Value::Bool(true), at + 4)),
        b'f' if bytes[at..].starts_with(b"false") => Some((Value::Bool(false), at + 5)),
        b'n' if bytes[at..].starts_with(b"null") => Some((Value::Null, at + 4)),
        // Python's json writes these, though JSON has no such numbers.
        b'N' if bytes[at..].starts_with(b"NaN") => Some((Value::Null, at + 3)),
        b'I' if bytes[at..].starts_with(b"Infinity") => Some((Value::Null, at + 8)),
        _ => None,
    }
}

/// Where the number at `at` ends.
#[inline]
fn number_end(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E')) {
        at += 1;
    }
    // -Infinity
    if bytes[at..].starts_with(b"Infinity") { at + 8 } else { at }
}

/// Where the value at `at` ends.
#[inline]
pub(super) fn skip(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'"' => string_end(bytes, at),
        b'{' | b'[' => skip_nested(bytes, at),
        b'-' | b'0'..=b'9' => Some(number_end(bytes, at)),
        _ => value(bytes, at).map(|(_, end)| end),
    }
}

/// Where the object or array at `at` ends: counts brackets outside strings, so no depth is too deep.
fn skip_nested(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        match bytes.get(at)? {
            b'"' => {
                at = string_end(bytes, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::time::Clock;
    use crate::model::Needs;

    #[test]
    fn fields_are_found_at_any_depth_and_stop_at_damage() {
        let mut needs = Needs::none();
        let active = needs.field("pool.active");
        let list = needs.field("list");
        let last = needs.field("last");
        let plan = Plan::new(&needs, Clock::default(), &[]);
        let mut slots = Slots::new(&needs);
        let line =
            br#"{"a\"b":[1,{"x":"]}"}], "pool" : {"size":20,"active": 18 },"list":[1,[2]],"last":true}"#;
        assert!(Json.extract(line, &plan, &mut slots));
        assert_eq!(slots.get(active), Value::Number(b"18"));
        assert_eq!(slots.get(list), Value::Nested(b"[1,[2]]"));
        assert_eq!(slots.get(last), Value::Bool(true));
        slots.clear();
        assert!(!Json.extract(&line[..60], &plan, &mut slots));
        assert_eq!(slots.get(active), Value::Number(b"18"));
        assert_eq!(slots.get(last), Value::Absent);
    }

    fn plan() -> Plan {
        Plan::new(&Needs::none(), Clock::default(), &[])
    }

    #[test]
    fn every_field_is_visited_in_order() {
        let mut seen = Vec::new();
        let line = br#"{"b": 1.5, "a": null, "t": "x\ny", "n": {"k": []}} "#;
        assert_eq!(
            Json.fields(line, &plan(), &mut |key, value| seen.push(format!("{key}={:?}", value.text()))),
            None
        );
        assert_eq!(seen, ["b=Some(\"1.5\")", "a=None", "t=Some(\"x\\ny\")", "n=Some(\"{\\\"k\\\": []}\")"]);
        assert_eq!(Json.fields(br#"{"a":1,,"b":2}"#, &plan(), &mut |_, _| {}), Some(7));
        assert_eq!(Json.fields(br#"{"a":1}x"#, &plan(), &mut |_, _| {}), Some(7));
    }

    #[test]
    fn depth_is_no_danger() {
        let mut line = b"{\"a\":".repeat(100_000);
        assert!(!Json.extract(
            &line,
            &Plan::new(&Needs::none(), Clock::default(), &[]),
            &mut Slots::new(&Needs::none())
        ));
        line.extend(b"}".repeat(100_000));
        let mut needs = Needs::none();
        needs.field("a.a.a");
        Json.extract(&line, &Plan::new(&needs, Clock::default(), &[]), &mut Slots::new(&needs));
    }

    proptest::proptest! {
        #[test]
        fn what_was_read_before_changes_nothing(
            entries in proptest::collection::vec(proptest::collection::vec(0..20_usize, 0..12), 1..8),
        ) {
            const PIECES: [&str; 20] = [
                "{", "}", "\"a\":", "\"b\": ", "\"time\": ", "\"level\":", "\"pool\":", "1", " ", ",", ", ", "\"x\"", "\"y\\\"\"",
                "{\"active\": 3}", "null", "\"2023-12-24T03:14:23.5Z\"", "\"2023-12-24T03:14:23Z\"", "\"error\"", "\n", "\"",
            ];
            let mut needs = Needs::none();
            for field in ["a", "b", "pool.active"] {
                needs.field(field);
            }
            needs.role(Role::Ts);
            needs.role(Role::Level);
            let plan = Plan::new(&needs, Clock::default(), &[]);
            let lines: Vec<String> =
                entries.iter().map(|entry| entry.iter().fold("{".to_owned(), |line, at| line + PIECES[*at])).collect();
            let mut used = Slots::new(&needs);
            for line in &lines {
                let mut fresh = Slots::new(&needs);
                used.clear();
                used.one_line = !line.contains('\n');
                proptest::prop_assert_eq!(
                    Json.extract(line.as_bytes(), &plan, &mut used),
                    Json.extract(line.as_bytes(), &plan, &mut fresh)
                );
                proptest::prop_assert_eq!((used.ts, used.level), (fresh.ts, fresh.level));
                for slot in needs.wanted() {
                    proptest::prop_assert_eq!(used.get(slot), fresh.get(slot), "{}", line);
                }
            }
        }

        #[test]
        fn quotes_and_backslashes_are_found_where_they_are(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..90), at in 0..20_usize) {
            let expected = bytes.get(at..).and_then(|rest| rest.iter().position(|b| matches!(b, b'"' | b'\\'))).map(|found| at + found);
            proptest::prop_assert_eq!(quote_or_backslash(&bytes, at), expected);
        }
    }
}
