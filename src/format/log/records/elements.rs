//! Events as elements of XML that stand side by side in a line, as Event Viewer saves them and log4j 2 writes compact ones.

use memchr::memmem::find;

/// How much may stand before the first event: a declaration, a document type, the elements around.
const HEAD: usize = 4 << 10;

/// A tag at the start of some bytes.
struct Tag<'b> {
    /// Its name with its prefix; empty for a declaration.
    name: &'b [u8],
    /// Its bytes, with both brackets.
    length: usize,
}

impl Tag<'_> {
    /// Does an event open with it? `Event` of Windows and log4j 2, `log4j:event` and its like, `record` of java.util.logging.
    fn opens(&self) -> bool {
        matches!(self.name, b"Event" | b"record") || self.name.ends_with(b":event")
    }
}

/// The tag that opens or closes here; `None` if there is none, or if it does not end.
fn tag(rest: &[u8]) -> Option<Tag<'_>> {
    let inside = rest.strip_prefix(b"<")?;
    let close = inside.iter().position(|b| !matches!(b, b'/' | b'?' | b'!'))?;
    let name = &inside[close..];
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'_' | b'-' | b'.');
    let name = &name[..name.iter().take_while(|b| is_name(b)).count()];
    let length = find_end(inside)? + 2;
    (!name.is_empty()).then_some(Tag { name: if close == 0 { name } else { b"" }, length })
}

/// Where a tag ends: at the first `>` that stands in no quotes.
fn find_end(inside: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr3(b'>', b'"', b'\'', &inside[at..])?;
        if inside[at] == b'>' {
            return Some(at);
        }
        at += memchr::memchr(inside[at], &inside[at + 1..])? + 2;
    }
}

/// Are there two events in a line of what begins like this, or one behind the elements that are around all?
pub(super) fn are_beside(head: &[u8]) -> bool {
    let mut at = 0;
    let mut line_start = true;
    while at < HEAD {
        let blanks = head[at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
        line_start |= head[at..at + blanks].contains(&b'\n');
        at += blanks;
        let Some(tag) = tag(&head[at..]) else { return false };
        if tag.opens() {
            let Some(end) = event(&head[at..]) else { return false };
            let next = head[at + end..].trim_ascii_start();
            let blanks = &head[at + end..head.len() - next.len()];
            let beside = !blanks.contains(&b'\n') && self::tag(next).is_some_and(|tag| tag.opens());
            return !line_start || beside;
        }
        line_start = false;
        at += tag.length;
    }
    false
}

/// What stands at the start of some bytes.
pub(super) enum Found {
    /// An event of so many bytes.
    Event(usize),
    /// A tag of so many bytes, around events.
    Around(usize),
    /// What ends farther on.
    Open,
    /// Text.
    Text,
}

/// What opens here.
pub(super) fn at(rest: &[u8]) -> Found {
    if rest.first() != Some(&b'<') {
        return Found::Text;
    }
    match tag(rest) {
        None => Found::Open,
        Some(tag) if tag.opens() => event(rest).map_or(Found::Open, Found::Event),
        Some(tag) => Found::Around(tag.length),
    }
}

/// How long the event is that opens here; character data in it may say anything.
fn event(rest: &[u8]) -> Option<usize> {
    let opening = tag(rest)?;
    let closing = [b"</", opening.name, b">"].concat();
    let mut at = opening.length;
    if rest[..at].ends_with(b"/>") {
        return Some(at);
    }
    let mut close = at + find(&rest[at..], &closing)?;
    while let Some(data) = find(&rest[at..close], DATA) {
        at += data;
        at += find(&rest[at..], b"]]>")? + 3;
        if at > close {
            close = at + find(&rest[at..], &closing)?;
        }
    }
    Some(close + closing.len())
}

const DATA: &[u8] = b"<![CDATA[";

/// Where in an element one is.
#[derive(Clone, Copy)]
enum Inside {
    Text,
    Tag,
    Data,
}

impl Inside {
    /// Where one is behind these bytes.
    fn after(mut self, mut bytes: &[u8]) -> Inside {
        loop {
            let (ends, next, skip) = match self {
                Inside::Text => match memchr::memchr(b'<', bytes) {
                    Some(at) if bytes[at..].starts_with(DATA) => (Some(at), Inside::Data, DATA.len()),
                    at => (at, Inside::Tag, 1),
                },
                Inside::Tag => (memchr::memchr(b'>', bytes), Inside::Text, 1),
                Inside::Data => (find(bytes, b"]]>"), Inside::Text, 3),
            };
            let Some(at) = ends else { return self };
            (self, bytes) = (next, &bytes[at + skip..]);
        }
    }
}

/// Writes an event as a line: line ends in its text become entities, which mean the same.
pub(super) fn write_line(event: &[u8], out: &mut Vec<u8>) {
    let mut inside = Inside::Text;
    let mut rest = event;
    while let Some(end) = memchr::memchr(b'\n', rest) {
        inside = inside.after(&rest[..end]);
        out.extend_from_slice(rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]));
        out.extend_from_slice(match inside {
            Inside::Data => b"]]>&#10;<![CDATA[",
            Inside::Tag => b" ",
            Inside::Text => b"&#10;",
        });
        rest = &rest[end + 1..];
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_beside_each_other_are_told_from_those_of_a_line_each() {
        for (head, beside) in [
            ("<Events><Event a='1'>x</Event><Event>y</Event></Events>", true),
            ("<Event>x</Event><Event>y</Event>", true),
            ("<Event>x</Event>\n<Event>y</Event>", false),
            ("<?xml version=\"1.0\"?>\n<Events>\n<Event>x</Event>\n<Event>y</Event>", false),
            ("<?xml version=\"1.0\"?>\n<Events a='>'><Event>x</Event>\n<Event>y</Event>", true),
            ("<log4j:event logger=\"a\"><log4j:message>x</log4j:message></log4j:event><log4j:event>", true),
            ("<html><body>", false),
            ("<34>Oct 11 22:14:15 su: failed", false),
            ("", false),
        ] {
            assert_eq!(are_beside(head.as_bytes()), beside, "{head}");
        }
    }

    #[test]
    fn an_event_ends_outside_of_its_character_data() {
        let text = b"<Event><Message><![CDATA[a </Event> b]]></Message></Event><Event>";
        assert!(matches!(at(text), Found::Event(58)));
        assert!(matches!(at(b"<Event><Message>"), Found::Open));
        assert!(matches!(at(b"</Events>\n"), Found::Around(9)));
        assert!(matches!(at(b"text"), Found::Text));
    }

    #[test]
    fn line_ends_are_written_as_entities() {
        let mut line = Vec::new();
        write_line(b"<e a='1'\n b='2'>x\ny<![CDATA[p\r\nq]]></e>", &mut line);
        assert_eq!(line, b"<e a='1'  b='2'>x&#10;y<![CDATA[p]]>&#10;<![CDATA[q]]></e>");
    }
}
