//! Events that loggers write as XML: log4j's, log4net's and NLog's layouts, log4j 2's, java.util.logging's `XMLFormatter`.

use std::borrow::Cow;

use memchr::memmem::find;

use super::{LogFormat, Plan, Sample, positional};
use crate::model::{Level, Role, Slots, Value};

/// Loggers' events as XML, one on a line or on several.
#[derive(Debug)]
pub struct XmlEvent;

/// Whose events they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// `<log4j:event …>` and its like under other prefixes.
    Log4j,
    /// `<Event … loggerName="…">`.
    Log4j2,
    /// `<record>`.
    Jul,
}

/// How much of an entry tells that it is one.
const HEAD: usize = 600;

impl Kind {
    fn of(rest: &[u8]) -> Option<Kind> {
        let text = rest[..rest.len().min(HEAD)].trim_ascii_start();
        let inside = text.strip_prefix(b"<")?;
        let tag = &inside[..memchr::memchr(b'>', inside)?];
        let name = &tag[..tag.iter().position(u8::is_ascii_whitespace).unwrap_or(tag.len())];
        let has = |attribute: &[u8]| find(tag, attribute).is_some();
        match name {
            b"Event" => (has(b"loggerName=") && has(b"level=")).then_some(Kind::Log4j2),
            b"record" => {
                let next = inside[name.len() + 1..].trim_ascii_start();
                next.starts_with(b"<date>").then_some(Kind::Jul)
            }
            _ => (name.ends_with(b":event") && has(b"logger=") && has(b"timestamp=")).then_some(Kind::Log4j),
        }
    }

    /// What ends an event.
    fn closing(self) -> &'static [u8] {
        match self {
            Kind::Log4j => b":event>",
            Kind::Log4j2 => b"</Event>",
            Kind::Jul => b"</record>",
        }
    }
}

/// The text between an element's tags; the first that has this name, whatever its prefix.
fn element<'a>(entry: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut at = 0;
    loop {
        let found = at + find(&entry[at..], name)?;
        at = found + name.len();
        let opens = match found.checked_sub(1).map(|before| entry[before]) {
            Some(b'<') => true,
            Some(b':') => memchr::memrchr(b'<', &entry[..found])
                .is_some_and(|open| entry[open + 1..found - 1].iter().all(u8::is_ascii_alphanumeric)),
            _ => false,
        };
        if !opens || !matches!(entry.get(at), Some(b'>' | b' ')) {
            continue;
        }
        let from = at + memchr::memchr(b'>', &entry[at..])? + 1;
        if entry[from - 2] == b'/' {
            return Some(&[]);
        }
        let mut end = from;
        loop {
            // In character data a closing tag is text.
            let data = find(&entry[end..], b"<![CDATA[").map(|data| end + data);
            let close = end + find(&entry[end..], b"</")?;
            match data.filter(|data| *data < close) {
                Some(data) => end = data + find(&entry[data..], b"]]>")? + 3,
                None => {
                    let tag = &entry[close + 2..];
                    let tag = &tag[..memchr::memchr(b'>', tag)?];
                    if tag == name || tag.strip_suffix(name).is_some_and(|prefix| prefix.ends_with(b":")) {
                        return Some(&entry[from..close]);
                    }
                    end = close + 2;
                }
            }
        }
    }
}

/// The value of an attribute of the first tag in `tag`.
fn attribute<'a>(tag: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let tag = &tag[..memchr::memchr(b'>', tag).unwrap_or(tag.len())];
    let mut at = 0;
    loop {
        let found = at + find(&tag[at..], name)?;
        at = found + name.len();
        let quote = *tag.get(at + 1)?;
        if tag[at] == b'='
            && found > 0
            && tag[found - 1].is_ascii_whitespace()
            && matches!(quote, b'"' | b'\'')
        {
            let value = tag.get(at + 2..)?;
            return Some(&value[..memchr::memchr(quote, value)?]);
        }
    }
}

/// What a text of XML means: character data as it is, entities elsewhere replaced.
fn text(raw: &[u8]) -> Cow<'_, [u8]> {
    const OPEN: &[u8] = b"<![CDATA[";
    if memchr::memchr2(b'<', b'&', raw).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr2(b'<', b'&', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        if let Some(data) = rest.strip_prefix(OPEN) {
            let end = find(data, b"]]>").unwrap_or(data.len());
            out.extend_from_slice(&data[..end]);
            rest = data.get(end + 3..).unwrap_or_default();
        } else if let Some((meant, length)) = entity(rest) {
            out.extend(meant.encode_utf8(&mut [0; 4]).bytes());
            rest = &rest[length..];
        } else {
            out.push(rest[0]);
            rest = &rest[1..];
        }
    }
    out.extend_from_slice(rest);
    Cow::Owned(out)
}

/// The character that an entity at the start of `rest` stands for, and how long it is.
fn entity(rest: &[u8]) -> Option<(char, usize)> {
    let inside = rest.strip_prefix(b"&")?;
    let end = memchr::memchr(b';', &inside[..inside.len().min(10)])?;
    let name = std::str::from_utf8(&inside[..end]).ok()?;
    let meant = match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((meant, end + 2))
}

/// What an event says, and below it the exception that it names.
fn message(kind: Kind, entry: &[u8]) -> Cow<'_, [u8]> {
    let (said, thrown) = match kind {
        Kind::Log4j => {
            let thrown = element(entry, b"throwable").or_else(|| element(entry, b"exception"));
            (element(entry, b"message"), thrown.map(text))
        }
        Kind::Log4j2 => (element(entry, b"Message"), thrown(entry)),
        Kind::Jul => (said_by_jul(entry), element(entry, b"exception").map(|inside| frames(inside).into())),
    };
    let said = text(said.unwrap_or_default().trim_ascii());
    match thrown {
        Some(thrown) if !thrown.trim_ascii().is_empty() => {
            let mut whole = said.into_owned();
            if !whole.is_empty() {
                whole.push(b'\n');
            }
            whole.extend_from_slice(thrown.trim_ascii());
            Cow::Owned(whole)
        }
        _ => said,
    }
}

/// The message of a record, which stands before its exception; that has one, too.
fn said_by_jul(entry: &[u8]) -> Option<&[u8]> {
    let before = find(entry, b"<exception>").unwrap_or(entry.len());
    element(&entry[..before], b"message")
}

/// log4j 2 names class and message of an exception in attributes, and writes its frames as elements or as text.
fn thrown(entry: &[u8]) -> Option<Cow<'_, [u8]>> {
    let tag = &entry[find(entry, b"<Thrown ")?..];
    let mut whole = text(attribute(tag, b"name")?).into_owned();
    if let Some(said) = attribute(tag, b"message") {
        whole.extend_from_slice(b": ");
        whole.extend_from_slice(&text(said));
    }
    let trace = element(tag, b"ExtendedStackTrace").map(<[u8]>::trim_ascii);
    if let Some(trace) = trace.filter(|trace| !trace.starts_with(b"<ExtendedStackTraceItem")) {
        return Some(Cow::Owned(text(trace).into_owned()));
    }
    let mut rest = tag;
    while let Some(at) = find(rest, b"<ExtendedStackTraceItem ") {
        rest = &rest[at + 1..];
        let get = |name: &[u8]| attribute(rest, name).unwrap_or_default();
        let parts: [&[u8]; 8] =
            [b"\n\tat ", get(b"class"), b".", get(b"method"), b"(", get(b"file"), b":", get(b"line")];
        whole.extend(parts.concat());
        whole.push(b')');
    }
    Some(Cow::Owned(whole))
}

/// java.util.logging's exception: what it says, and its frames.
fn frames(exception: &[u8]) -> Vec<u8> {
    let mut whole = text(element(exception, b"message").unwrap_or_default()).into_owned();
    let mut rest = exception;
    while let Some(at) = find(rest, b"<frame>") {
        rest = &rest[at + 7..];
        let frame = &rest[..find(rest, b"</frame>").unwrap_or(rest.len())];
        let get = |name| text(element(frame, name).unwrap_or_default());
        whole.extend([b"\n\tat ", &*get(b"class"), b".", &*get(b"method"), b"("].concat());
        whole.extend_from_slice(&get(b"line"));
        whole.push(b')');
    }
    whole
}

/// The fields of an event but for its message.
fn split<'a>(kind: Kind, entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) {
    let mut from = |name: &str, value: Option<&'a [u8]>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            put(name, Value::plain(value));
        }
    };
    let tag = entry.trim_ascii_start();
    match kind {
        Kind::Log4j => {
            for (name, of) in [
                ("timestamp", &b"timestamp"[..]),
                ("level", b"level"),
                ("logger", b"logger"),
                ("thread", b"thread"),
            ] {
                from(name, attribute(tag, of));
            }
        }
        Kind::Log4j2 => {
            from("level", attribute(tag, b"level"));
            from("logger", attribute(tag, b"loggerName"));
            from("thread", attribute(tag, b"thread"));
            from("timestamp", attribute(tag, b"timeMillis"));
        }
        Kind::Jul => {
            for name in ["level", "logger", "thread", "class", "method"] {
                from(name, element(entry, name.as_bytes()));
            }
            // Before Java 9 the date has no zone; the number is an instant.
            let date = element(entry, b"date").filter(|date| date.ends_with(b"Z"));
            from("timestamp", date.or_else(|| element(entry, b"millis")));
        }
    }
    each_pair(entry, &mut |name, value| from(name, Some(value)));
}

/// What the thread knew when it wrote: `<log4j:data name="…" value="…"/>`, `<item key="…" value="…"/>`.
fn each_pair<'a>(entry: &'a [u8], visit: &mut dyn FnMut(&str, &'a [u8])) {
    for (opening, key) in [(&b":data "[..], &b"name"[..]), (b"<item ", b"key")] {
        let mut rest = entry;
        while let Some(at) = find(rest, opening) {
            rest = &rest[at + 1..];
            if let (Some(name), Some(value)) = (attribute(rest, key), attribute(rest, b"value"))
                && let Ok(name) = std::str::from_utf8(name)
            {
                visit(name, value);
            }
        }
    }
}

/// `<Instant epochSecond="…" nanoOfSecond="…"/>` as an object that means the same.
fn instant(entry: &[u8]) -> Option<Vec<u8>> {
    let tag = &entry[find(entry, b"<Instant ")?..];
    let (seconds, nanos) = (attribute(tag, b"epochSecond")?, attribute(tag, b"nanoOfSecond")?);
    let digits = [seconds, nanos].iter().all(|text| text.iter().all(u8::is_ascii_digit));
    digits.then(|| [b"{\"epochSecond\":", seconds, b",\"nanoOfSecond\":", nanos, b"}"].concat())
}

impl LogFormat for XmlEvent {
    fn name(&self) -> &'static str {
        "xml-event"
    }

    fn about(&self) -> &'static str {
        "loggers' events as XML (log4j, log4net, NLog, log4j 2, java.util.logging)"
    }

    fn starts(&self, rest: &[u8], _plan: &Plan) -> bool {
        matches!(rest.first(), Some(b'<' | b' ' | b'\t')) && Kind::of(rest).is_some()
    }

    fn length(&self, rest: &[u8]) -> Option<usize> {
        let closing = Kind::of(rest)?.closing();
        find(rest, closing).map(|at| at + closing.len())
    }

    fn extract<'a>(&self, entry: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) -> bool {
        let Some(kind) = Kind::of(entry) else { return false };
        let mut timed = false;
        split(kind, entry, &mut |name, value| {
            timed |= name == "timestamp";
            plan.offer_named(slots, name.as_bytes(), value);
        });
        if let Some(instant) = instant(entry).filter(|_| kind == Kind::Log4j2) {
            timed = true;
            if let Some(ts) = super::plan::instant(&instant).filter(|_| plan.needs().has(Role::Ts)) {
                slots.ts = Some(ts);
            }
        }
        let said = match message(kind, entry) {
            Cow::Borrowed(said) => Some(said),
            Cow::Owned(made) => slots.keep(made),
        };
        if let Some(said) = said {
            plan.offer_named(slots, b"message", Value::plain(said));
            positional::offer_message(said, plan, slots);
        }
        timed
    }

    fn fields(&self, entry: &[u8], plan: &Plan, visit: &mut dyn FnMut(&str, Value<'_>)) -> Option<usize> {
        let kind = Kind::of(entry)?;
        split(kind, entry, &mut |name, value| {
            if !matches!(name, "timestamp" | "level") {
                visit(name, value);
            }
        });
        let said = message(kind, entry);
        positional::fields(
            |said, put| {
                put("message", Value::plain(said));
                true
            },
            &said,
            plan,
            visit,
        );
        None
    }

    fn samples(&self) -> &'static [Sample] {
        SAMPLES
    }
}

const SAMPLES: &[Sample] = &[
    Sample {
        header: "",
        text: "<log4j:event logger=\"acme.Till\" timestamp=\"1709633411123\" level=\"ERROR\" thread=\"main\">\n<log4j:message><![CDATA[no <b> & c]]></log4j:message>\n<log4j:throwable><![CDATA[a.X: y\n\tat a.B.c(B.java:1)\n]]></log4j:throwable>\n<log4j:properties>\n<log4j:data name=\"request_id\" value=\"ab12\"/>\n</log4j:properties>\n</log4j:event>",
        ts: Some("2024-03-05T10:10:11.123Z"),
        level: Some(Level::Error),
        roles: &[
            (Role::Logger, "acme.Till"),
            (Role::Thread, "main"),
            (Role::RequestId, "ab12"),
            (Role::Message, "no <b> & c\na.X: y\n\tat a.B.c(B.java:1)"),
        ],
    },
    Sample {
        header: "",
        text: "<log4net:event logger=\"Acme.Till\" timestamp=\"2024-03-05T11:10:11.1230000+01:00\" level=\"WARN\" thread=\"1\" domain=\"till.exe\" username=\"x\"><log4net:message>a &lt; b &amp; c</log4net:message></log4net:event>",
        ts: Some("2024-03-05T10:10:11.123Z"),
        level: Some(Level::Warn),
        roles: &[(Role::Message, "a < b & c")],
    },
    Sample {
        header: "",
        text: "<Event xmlns=\"http://logging.apache.org/log4j/2.0/events\" thread=\"main\" level=\"FATAL\" loggerName=\"acme.Till\" endOfBatch=\"false\" loggerFqcn=\"x\" threadId=\"1\" threadPriority=\"5\">\n  <Instant epochSecond=\"1709633411\" nanoOfSecond=\"123456000\"/>\n  <Message>gone</Message>\n  <ContextMap>\n    <item key=\"request_id\" value=\"ab12\"/>\n  </ContextMap>\n  <Thrown commonElementCount=\"0\" message=\"y\" name=\"a.X\">\n    <ExtendedStackTrace>\n      <ExtendedStackTraceItem class=\"a.B\" method=\"c\" file=\"B.java\" line=\"1\" exact=\"true\"/>\n    </ExtendedStackTrace>\n  </Thrown>\n</Event>",
        ts: Some("2024-03-05T10:10:11.123456Z"),
        level: Some(Level::Fatal),
        roles: &[
            (Role::Logger, "acme.Till"),
            (Role::RequestId, "ab12"),
            (Role::Message, "gone\na.X: y\n\tat a.B.c(B.java:1)"),
        ],
    },
    Sample {
        header: "",
        text: "<record>\n  <date>2024-03-05T10:10:11.123456Z</date>\n  <millis>1709633411123</millis>\n  <nanos>456000</nanos>\n  <sequence>0</sequence>\n  <logger>acme.Till</logger>\n  <level>SEVERE</level>\n  <class>acme.Till</class>\n  <method>pay</method>\n  <thread>1</thread>\n  <message>no &quot;x&quot;</message>\n  <exception>\n    <message>a.X: y</message>\n    <frame>\n      <class>a.B</class>\n      <method>c</method>\n      <line>1</line>\n    </frame>\n  </exception>\n</record>",
        ts: Some("2024-03-05T10:10:11.123456Z"),
        level: Some(Level::Error),
        roles: &[(Role::Logger, "acme.Till"), (Role::Message, "no \"x\"\na.X: y\n\tat a.B.c(1)")],
    },
];
