//! Windows events as XML: `<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"> … </Event>`.

use memchr::memmem::find;

use super::words::{bare, quoted};
use super::{LogFormat, Plan, Sample, positional};
use crate::format::time;
use crate::model::{Level, Role, Slots, Value};

/// An event of Windows' event log, on one line or on several.
#[derive(Debug)]
pub struct WindowsEvent;

impl LogFormat for WindowsEvent {
    fn name(&self) -> &'static str {
        "windows-event"
    }

    fn about(&self) -> &'static str {
        "events of Windows as XML"
    }

    fn starts(&self, rest: &[u8], _plan: &Plan) -> bool {
        starts(rest)
    }

    fn extract<'a>(&self, entry: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) -> bool {
        let understood = positional::extract(split, entry, plan, slots);
        // An event that hands on a line of another log (IIS') has that line's date and time among its data.
        if plan.needs().has(Role::Ts)
            && let (Some(date), Some(time)) = (data(entry, b"date"), data(entry, b"time"))
            && let Some(ts) = plan.clock().value(Value::plain(&[date, b"T", time].concat()))
        {
            slots.ts = Some(ts);
        }
        understood
    }

    fn fields(&self, entry: &[u8], plan: &Plan, visit: &mut dyn FnMut(&str, Value<'_>)) -> Option<usize> {
        positional::fields(split, entry, plan, visit);
        None
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                header: "",
                text: "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Service Control Manager'/><EventID>7036</EventID><Level>2</Level><TimeCreated SystemTime='2022-04-28T16:09:28.9443547Z'/><Computer>web1</Computer></System><EventData><Data Name='param1'>x</Data></EventData></Event>",
                ts: Some("2022-04-28T16:09:28.944354700Z"),
                level: Some(Level::Error),
                roles: &[(Role::Host, "web1"), (Role::Logger, "Service Control Manager")],
            },
            Sample {
                header: "",
                text: "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Service Control Manager'/><EventID>7036</EventID><Level>4</Level><TimeCreated SystemTime='2022-04-28T16:09:28.9443547Z'/><Computer>web1</Computer></System><EventData><Data Name='param1'>x</Data></EventData><RenderingInfo Culture='en-US'><Message>The x service entered the stopped state.</Message><Level>Information</Level></RenderingInfo></Event>",
                ts: Some("2022-04-28T16:09:28.944354700Z"),
                level: Some(Level::Info),
                roles: &[(Role::Message, "The x service entered the stopped state.")],
            },
        ]
    }
}

/// The text of `<Data Name="…">`.
fn data<'a>(entry: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let opening = [b"<Data Name=\"", name, b"\">"].concat();
    let at = find(entry, &opening)? + opening.len();
    Some(&entry[at..at + memchr::memchr(b'<', &entry[at..])?])
}

fn starts(rest: &[u8]) -> bool {
    let rest = rest.strip_prefix(b"- ").unwrap_or(rest);
    rest.starts_with(b"<Event xmlns=") || rest.starts_with(b"<Event>")
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let attribute = |name: &[u8]| {
        let at = find(entry, name)? + name.len();
        matches!(entry.get(at), Some(b'"' | b'\'')).then(|| quoted(entry, at).0)
    };
    let element = |open: &[u8]| {
        let at = find(entry, open)? + open.len();
        let at = at + memchr::memchr(b'>', &entry[at..])? + 1;
        Some(&entry[at..at + memchr::memchr(b'<', &entry[at..])?])
    };
    let Some(stamp) = attribute(b"SystemTime=") else { return false };
    put("timestamp", Value::plain(stamp));
    if let Some(name) = attribute(b"<Provider Name=") {
        put("logger", Value::plain(name));
    }
    if let Some(level) = element(b"<Level") {
        let level: &'static [u8] = match level.trim_ascii() {
            b"1" => b"critical",
            b"2" => b"error",
            b"3" => b"warning",
            b"5" => b"verbose",
            _ => b"info",
        };
        put("level", Value::plain(level));
    }
    for (name, open) in
        [("EventID", &b"<EventID"[..]), ("Task", b"<Task"), ("Channel", b"<Channel"), ("host", b"<Computer")]
    {
        if let Some(text) = element(open) {
            put(name, bare(text.trim_ascii()));
        }
    }
    let mut at = 0;
    while let Some(found) = find(&entry[at..], b"<Data Name=") {
        let from = at + found + 11;
        at = from;
        if !matches!(entry.get(from), Some(b'"' | b'\'')) {
            continue;
        }
        let (name, _, end) = quoted(entry, from);
        if entry.get(end) == Some(&b'>')
            && let Some(close) = memchr::memchr(b'<', &entry[end..])
            && let Ok(name) = std::str::from_utf8(name)
        {
            put(name, bare(&entry[end + 1..end + close]));
        }
        at = end;
    }
    // What Windows made of it in words, if it was saved so.
    let said = element(b"<Message").map(|said| bare(said.trim_ascii()));
    put("message", said.unwrap_or(Value::plain(entry.trim_ascii_end())));
    time::read(stamp).is_some()
}
