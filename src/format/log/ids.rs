//! What ids look like and what they are called: which names and words are of one request, which of many.

use std::borrow::Cow;

use super::body::traceparent;
use super::names;
use super::words::is_uuid;
use crate::model::Role;

/// Names whose last part says that it is an id, but not of what many requests share.
pub fn is_id_name(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let role = |wanted: Role| names::roles_of(name).iter().any(|(role, ..)| *role == wanted);
    let ends = ["_id", "Id", "ID", "-id", "_ID", "-Id", "uuid", "Uuid", "UUID"]
        .iter()
        .any(|end| last.ends_with(end))
        || (last.eq_ignore_ascii_case("id") && last.len() < name.len());
    (ends || role(Role::RequestId) || role(Role::TraceId) || last.eq_ignore_ascii_case("traceparent"))
        && !role(Role::SpanId)
        && !is_shared_name(name)
}

/// Names of what many requests have to do with.
pub fn is_shared_name(name: &str) -> bool {
    const SHARED: [&str; 44] = [
        "tenant",
        "user",
        "customer",
        "account",
        "client",
        "device",
        "session",
        "host",
        "node",
        "instance",
        "pod",
        "container",
        "process",
        "thread",
        "worker",
        "project",
        "org",
        "organization",
        "organisation",
        "region",
        "app",
        "application",
        "service",
        "build",
        "version",
        "product",
        "sku",
        "item",
        "store",
        "shop",
        "merchant",
        "group",
        "team",
        "role",
        "connection",
        "conn",
        "subject",
        "owner",
        "member",
        "site",
        "cluster",
        "parentspan",
        "span",
        "machine",
    ];
    let plain = names::normal(name);
    let mut parts = plain.split('.').rev();
    let last = parts.next().unwrap_or_default();
    let stem = ["uuid", "id"].iter().find_map(|end| last.strip_suffix(end)).unwrap_or(last);
    let stem = if stem.is_empty() { parts.next().unwrap_or_default() } else { stem };
    SHARED.contains(&stem) || matches!(last, "pid" | "tid" | "uid" | "gid" | "ppid" | "sid")
}

/// Does a word of a text look like the id of something that happens once: a UUID, a ULID, hexadecimal digits, or a
/// number behind the name of what it counts?
pub fn looks_like_id(word: &[u8]) -> bool {
    const NAMES: [&str; 25] = [
        "req", "request", "order", "ord", "inv", "invoice", "pay", "payment", "txn", "tx", "trx", "cart",
        "ship", "shipment", "msg", "corr", "trace", "ticket", "case", "booking", "basket", "checkout",
        "charge", "refund", "quote",
    ];
    let mixed = word.iter().any(u8::is_ascii_digit) && word.iter().any(u8::is_ascii_alphabetic);
    match word.len() {
        36 if is_uuid(word) => true,
        26 if word.iter().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()) => mixed,
        16 | 24 | 32 if word.iter().all(u8::is_ascii_hexdigit) => mixed,
        55 => traceparent(word).is_some(),
        5..=64 => {
            let sign = word.iter().position(|b| matches!(b, b'-' | b'_')).unwrap_or(0);
            let name = word[..sign].to_ascii_lowercase();
            NAMES.iter().any(|known| known.as_bytes() == name)
                && word.len() - sign > 3
                && word[sign..].iter().any(u8::is_ascii_digit)
        }
        _ => false,
    }
}

/// The trace in W3C's `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`, and in the headers of others.
pub fn trace_in(text: &str) -> Option<&str> {
    trace_of(text.as_bytes()).and_then(|id| std::str::from_utf8(id).ok())
}

/// The trace in a header that says more: W3C's `00-TRACE-SPAN-01`, B3's `TRACE-SPAN-1`, which Spring Boot writes without
/// the flag, Jaeger's `TRACE:SPAN:PARENT:FLAGS`, Google's `TRACE/SPAN;o=1`.
pub(super) fn trace_of(text: &[u8]) -> Option<&[u8]> {
    // The shortest is B3's of 64 bits.
    if text.len() < 33 {
        return None;
    }
    let hexadecimal = |part: &[u8], lengths: &[usize]| {
        lengths.contains(&part.len()) && part.iter().all(u8::is_ascii_hexdigit)
    };
    let sign = text.iter().position(|b| !b.is_ascii_hexdigit())?;
    let (trace, rest) = (&text[..sign], &text[sign + 1..]);
    if !hexadecimal(trace, &[16, 32]) {
        return traceparent(text).filter(|_| text.len() == 55);
    }
    let mut parts = rest.split(|b| *b == text[sign]);
    let span = parts.next()?;
    let known = match text[sign] {
        b'-' => hexadecimal(span, &[16]) && parts.all(|part| hexadecimal(part, &[1, 16])),
        b':' => hexadecimal(span, &[16]) && parts.count() == 2,
        b'/' => {
            trace.len() == 32
                && span.first().is_some_and(u8::is_ascii_digit)
                && memchr::memmem::find(span, b";o=").is_some()
        }
        _ => false,
    };
    known.then_some(trace)
}

/// An id as all write it: of a header the trace, of a UUID in capitals the same in small letters, as they are compared
/// (RFC 9562). `None` if it is written so.
pub fn plain_id(id: &[u8]) -> Option<Cow<'_, [u8]>> {
    let capitals = |id: &[u8]| id.iter().any(u8::is_ascii_uppercase);
    match id.len() {
        36 if capitals(id) && is_uuid(id) => Some(Cow::Owned(id.to_ascii_lowercase())),
        32 if capitals(id) && id.iter().all(u8::is_ascii_hexdigit) => {
            Some(Cow::Owned(id.to_ascii_lowercase()))
        }
        33.. => trace_of(id).map(Cow::Borrowed),
        _ => None,
    }
}

/// Numbers behind the name of what they count, `[req:100007]`, `order #100007`: the name with the sign, and the number.
pub(super) fn labelled(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    memchr::memchr2_iter(b':', b'#', text).filter_map(|sign| {
        let digits = text[sign + 1..].iter().take(20).take_while(|b| b.is_ascii_digit()).count();
        let after = text.get(sign + 1 + digits);
        if !LABELLED.contains(&digits)
            || after.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b':' | b'-' | b'_'))
        {
            return None;
        }
        let label = &text[label_start(text, sign)?..=sign];
        Some((label, &text[sign + 1..sign + 1 + digits]))
    })
}

/// How many digits such a number has.
const LABELLED: std::ops::RangeInclusive<usize> = 3..=19;

/// Where the name before a sign begins: letters, at the start of a word; a blank may stand before `#`.
fn label_start(text: &[u8], sign: usize) -> Option<usize> {
    let end = match text[..sign].last() {
        Some(b' ') if text[sign] == b'#' => sign - 1,
        _ => sign,
    };
    let length = text[..end].iter().rev().take_while(|b| b.is_ascii_alphabetic() || **b == b'_').count();
    let from = end - length;
    let apart = from
        .checked_sub(1)
        .is_none_or(|before| matches!(text[before], b' ' | b'[' | b'(' | b'<' | b'|' | b'\t'));
    let name = std::str::from_utf8(&text[from..end]).ok()?;
    (apart && (1..=LONGEST_PREFIX).contains(&length) && !is_shared_name(name)).then_some(from)
}

/// How the ids of one kind are written: `ord-` and digits, eight letters and digits, `1rWxyz-0001Ab-2C`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Shape {
    /// The letters before the first `-` or `_`, with it; empty if there are digits in front of it.
    prefix: Box<[u8]>,
    /// What comes then: the sign in front of each run of letters and digits (0 for none), and how long it is. One
    /// run of digits behind a prefix may be of any length, and has 0.
    runs: Box<[(u8, u8)]>,
    /// Are all of its letters and digits hexadecimal?
    hexadecimal: bool,
}

/// How many runs an id has at most.
const MOST_RUNS: usize = 6;

/// How long ids are.
const LENGTHS: std::ops::RangeInclusive<usize> = 6..=64;

/// How long what is before the first sign may be.
const LONGEST_PREFIX: usize = 12;

impl Shape {
    /// The shape of numbers behind this name and its sign.
    pub(super) fn labelled(label: &[u8]) -> Shape {
        Shape { prefix: label.into(), runs: [(0, 0)].into(), hexadecimal: false }
    }

    /// Do numbers of this shape stand behind a name and a sign that are no part of them?
    fn is_labelled(&self) -> bool {
        matches!(self.prefix.last(), Some(b':' | b'#'))
    }

    /// The shape of a word that may be an id by its look: digits and letters in no order that a name has.
    pub fn of(word: &[u8]) -> Option<Shape> {
        if !LENGTHS.contains(&word.len()) || word.starts_with(b"0x") || is_date(word) {
            return None;
        }
        let (prefix, rest) = split_prefix(word);
        if !prefix.is_empty() && std::str::from_utf8(&prefix[..prefix.len() - 1]).is_ok_and(is_shared_name) {
            return None;
        }
        let mut runs = Vec::new();
        let mut sign = 0;
        for (at, run) in rest.split(|b| is_sign(*b)).enumerate() {
            let usual = !run.is_empty() && run.iter().all(u8::is_ascii_alphanumeric);
            if at == MOST_RUNS || !usual || is_word(run) {
                return None;
            }
            runs.push((sign, u8::try_from(run.len()).ok()?));
            sign = rest.get(runs_length(&runs)).copied().unwrap_or(0);
        }
        let number = rest.iter().all(u8::is_ascii_digit);
        if number && !prefix.is_empty() {
            runs = vec![(0, 0)];
        }
        let random = if prefix.is_empty() { is_random(rest) } else { has_number(rest) };
        let hexadecimal = rest.iter().all(|b| b.is_ascii_hexdigit() || is_sign(*b));
        random.then(|| Shape { prefix: prefix.into(), runs: runs.into(), hexadecimal })
    }

    /// The first word of a text that is written like this.
    pub fn find<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        if self.is_labelled() {
            return labelled(text).find(|(label, _)| *label == &*self.prefix).map(|(_, number)| number);
        }
        let found =
            words(text).find(|(from, to)| self.fits(&text[*from..*to], stands_apart(text, *from, *to)));
        found.map(|(from, to)| &text[from..to])
    }

    /// Is the word written like this? Once the shape is known, what stands apart needs no other sign of being an id.
    fn fits(&self, word: &[u8], apart: bool) -> bool {
        let Some(rest) = word.strip_prefix(&*self.prefix) else { return false };
        if let [(0, 0)] = *self.runs {
            return rest.len() >= 3 && LENGTHS.contains(&word.len()) && rest.iter().all(u8::is_ascii_digit);
        }
        if rest.len() != runs_length(&self.runs) || word.starts_with(b"0x") {
            return false;
        }
        let mut at = 0;
        for (sign, length) in &self.runs {
            if *sign != 0 {
                if rest[at] != *sign {
                    return false;
                }
                at += 1;
            }
            let run = &rest[at..at + usize::from(*length)];
            let usual =
                |b: &u8| if self.hexadecimal { b.is_ascii_hexdigit() } else { b.is_ascii_alphanumeric() };
            if !run.iter().all(usual) || (!self.hexadecimal && is_word(run)) {
                return false;
            }
            at += run.len();
        }
        match (self.hexadecimal, self.prefix.is_empty()) {
            (true, true) => {
                apart || (rest.iter().any(u8::is_ascii_digit) && rest.iter().any(u8::is_ascii_alphabetic))
            }
            (false, true) => is_random(rest),
            (_, false) => has_number(rest),
        }
    }
}

/// `8 hexadecimal digits`, `ord- and digits`.
impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = if self.hexadecimal { "hexadecimal digits" } else { "letters and digits" };
        if !self.prefix.is_empty() {
            write!(f, "{} and ", String::from_utf8_lossy(&self.prefix))?;
        }
        if let [(0, 0)] = *self.runs {
            return f.write_str("digits");
        }
        for (sign, length) in &self.runs {
            if *sign != 0 {
                write!(f, "{}", char::from(*sign))?;
            }
            write!(f, "{length}")?;
        }
        write!(f, " {kind}")
    }
}

fn is_sign(b: u8) -> bool {
    matches!(b, b'-' | b'_')
}

fn runs_length(runs: &[(u8, u8)]) -> usize {
    runs.iter().map(|(sign, length)| usize::from(*sign != 0) + usize::from(*length)).sum()
}

/// The letters before the first sign, with it.
fn split_prefix(word: &[u8]) -> (&[u8], &[u8]) {
    let letters = word.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let signed = word.get(letters).is_some_and(|b| is_sign(*b));
    if (1..=LONGEST_PREFIX).contains(&letters) && signed { word.split_at(letters + 1) } else { (b"", word) }
}

/// `2024-03-05…`, `20240305T…`.
fn is_date(word: &[u8]) -> bool {
    let digits = |range: std::ops::Range<usize>| {
        word.get(range).is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    let dashed = word.get(4) == Some(&b'-') && word.get(7) == Some(&b'-') && digits(0..4) && digits(5..7);
    dashed || (word.get(8) == Some(&b'T') && digits(0..8))
}

/// Letters alone, as a name has them.
fn is_word(run: &[u8]) -> bool {
    run.len() >= 3 && run.iter().all(u8::is_ascii_alphabetic)
}

/// Behind a name: enough of it, and digits.
fn has_number(rest: &[u8]) -> bool {
    rest.len() >= 3 && rest.iter().any(u8::is_ascii_digit)
}

/// Without a name: letters and digits that take turns, as in no word with a number at its end.
fn is_random(rest: &[u8]) -> bool {
    let plain = || rest.iter().filter(|b| !is_sign(**b));
    let kinds: Vec<bool> = plain().map(u8::is_ascii_digit).collect();
    let turns = kinds.windows(2).filter(|pair| pair[0] != pair[1]).count();
    kinds.len() >= 8 && turns >= 2
}

/// Is this word in brackets, or the first of a sentence that a colon opens?
fn stands_apart(text: &[u8], from: usize, to: usize) -> bool {
    let before = from.checked_sub(1).map_or(b' ', |before| text[before]);
    let after = text.get(to).copied().unwrap_or(b' ');
    matches!(
        (before, after),
        (b'[', b']') | (b'(', b')') | (b'<', b'>') | (b'{', b'}') | (b'"', b'"') | (b' ', b':')
    )
}

/// Where the words of a text are that could be ids: not parts of a name with dots, of an address, or the value of a
/// field.
pub fn words(text: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let inside = |b: u8| b.is_ascii_alphanumeric() || is_sign(b);
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let from = at + text[at..].iter().position(|b| inside(*b))?;
            let to = text[from..].iter().position(|b| !inside(*b)).map_or(text.len(), |end| from + end);
            at = to;
            let before = from.checked_sub(1).map_or(b' ', |before| text[before]);
            let after = text.get(to).copied().unwrap_or(b' ');
            let goes_on = matches!(after, b'.' | b'@' | b'=')
                && text.get(to + 1).is_some_and(u8::is_ascii_alphanumeric);
            if !matches!(before, b'.' | b'@' | b'=' | b'$' | b'%' | b'\\' | 0x80..) && !goes_on {
                return Some((from, to));
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_whether_an_id_is_of_one_request() {
        for (name, expected) in [
            ("order_id", true),
            ("orderId", true),
            ("order.id", true),
            ("paymentUuid", true),
            ("x-request-id", true),
            ("traceparent", true),
            ("trace_id", true),
            ("tenant_id", false),
            ("tenant.id", false),
            ("userId", false),
            ("span_id", false),
            ("pid", false),
            ("paid", false),
            ("valid", false),
            ("id", false),
            ("message", false),
        ] {
            assert_eq!(is_id_name(name), expected, "{name}");
        }
    }

    #[test]
    fn traces_are_found_in_headers() {
        const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
        for (text, expected) in [
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Some(TRACE)),
            ("4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", Some(TRACE)),
            ("4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1", Some(TRACE)),
            ("4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1-05e3ac9a4f6e3b90", Some(TRACE)),
            ("a3ce929d0e0e4736-00f067aa0ba902b7", Some("a3ce929d0e0e4736")),
            ("4bf92f3577b34da6a3ce929d0e0e4736:00f067aa0ba902b7:0:1", Some(TRACE)),
            ("4bf92f3577b34da6a3ce929d0e0e4736/2450;o=1", Some(TRACE)),
            ("4bf92f3577b34da6a3ce929d0e0e4736", None),
            ("8f5c7e0a-1b2c-4d3e-9f00-a1b2c3d4e5f0", None),
            ("4bf92f3577b34da6a3ce929d0e0e4736-checkout-of-a-cart", None),
        ] {
            assert_eq!(trace_in(text), expected, "{text}");
        }
    }

    #[test]
    fn the_case_of_a_uuid_says_nothing() {
        let plain = |id: &str| plain_id(id.as_bytes()).map(|id| String::from_utf8_lossy(&id).into_owned());
        assert_eq!(
            plain("8F5C7E0A-1B2C-4D3E-9F00-A1B2C3D4E5F0").as_deref(),
            Some("8f5c7e0a-1b2c-4d3e-9f00-a1b2c3d4e5f0")
        );
        for id in ["8f5c7e0a-1b2c-4d3e-9f00-a1b2c3d4e5f0", "01J2VEW8X8643XNXKT62PRM36S", "req-ABC", ""] {
            assert_eq!(plain(id), None, "{id}");
        }
    }

    #[test]
    fn numbers_have_names_before_them() {
        let found = |text: &'static str| {
            let found = labelled(text.as_bytes());
            found
                .map(|(label, number)| String::from_utf8_lossy(&[label, b"|", number].concat()).into_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(found("[req:100007] paid order #4711 of user:17"), ["req:|100007", "order #|4711"]);
        for text in [
            "10:10:11.123",
            "shop.example:8080",
            "Cart.java:123)",
            "user:1700",
            "a:1",
            "x:12345.6",
            "at 2024:05",
        ] {
            assert_eq!(found(text), Vec::<String>::new(), "{text}");
        }
        assert_eq!(Shape::labelled(b"req:").find(b"[req:100007] x"), Some(&b"100007"[..]));
        assert_eq!(
            Shape::labelled(b"order #").find(b"[req:100007] order #12 order #4711"),
            Some(&b"4711"[..])
        );
    }

    #[test]
    fn words_look_like_ids() {
        for (word, expected) in [
            ("ord-4711", true),
            ("order_4711", true),
            ("req-38101a0b", true),
            ("d93bcb42-42af-494a-bdd1-f07d2e68ed97", true),
            ("01J2VEW8X8643XNXKT62PRM36S", true),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true),
            ("worker-4711", false),
            ("order-received", false),
            ("UTF-8", false),
            ("4711", false),
        ] {
            assert_eq!(looks_like_id(word.as_bytes()), expected, "{word}");
        }
    }

    #[test]
    fn ids_have_shapes_and_words_have_none() {
        for (word, expected) in [
            ("a8f3c2d1", "8 hexadecimal digits"),
            ("4F2D81A0B3", "10 hexadecimal digits"),
            ("zk-48213", "zk- and digits"),
            ("ab_93kf02", "ab_ and 6 letters and digits"),
            ("1rWxyz-0001Ab-2C", "6-6-2 letters and digits"),
            ("payment01", ""),
            ("connection", ""),
            ("20240305", ""),
            ("20240305T101112Z", ""),
            ("2024-03-05T10", ""),
            ("10.20.30.40", ""),
            ("0x7f3a2b1c", ""),
            ("worker-4711", ""),
            ("node-4711", ""),
            ("http-nio-8080-exec-10", ""),
            ("UTF-8", ""),
            ("x86_64", ""),
            ("read-only", ""),
            ("-", ""),
        ] {
            let shape = Shape::of(word.as_bytes());
            assert_eq!(shape.as_ref().map(ToString::to_string).unwrap_or_default(), expected, "{word}");
            if let Some(shape) = shape {
                assert!(shape.fits(word.as_bytes(), false), "{word}");
            }
        }
        let shape = Shape::of(b"zk-48213").unwrap();
        assert_eq!(shape.find(b"at 10.zk-1 order zk-9 of zk-100 zk-20"), Some(&b"zk-100"[..]));
        let shape = Shape::of(b"a8f3c2d1").unwrap();
        for (text, expected) in [
            ("20240305 accepted [12345678]", Some("12345678")),
            ("20240305 accepted 1234567a", Some("1234567a")),
            ("20240305 accepted payment1", None),
        ] {
            assert_eq!(shape.find(text.as_bytes()), expected.map(str::as_bytes), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_word_fits_its_own_shape(word in "[a-fzA-F0-9_-]{0,20}") {
            if let Some(shape) = Shape::of(word.as_bytes()) {
                proptest::prop_assert!(shape.fits(word.as_bytes(), false));
            }
        }
    }
}
