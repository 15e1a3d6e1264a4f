//! What an entry says apart from its values, as people write it down: `Block <*> of size <*> received`.
//!
//! A pure function of the text. Numbers, ids, addresses, paths and the values of `name=value` are values; words
//! stay as they are written.

use super::recent::RecentTexts;

/// What stands for a value.
pub const VALUE: &str = "<*>";

/// How much of a text is looked at.
const LOOKED_AT: usize = 1_024;

/// How many words a phrase may have.
const LONGEST: usize = 120;

/// Words that stand beside numbers and say no more than they do.
const UNITS: &[&str] =
    &["b", "kb", "mb", "gb", "tb", "kib", "mib", "gib", "sec", "secs", "s", "ms", "us", "ns"];

/// Parts of dates.
const DATES: &[&str] = &[
    "mon", "tue", "wed", "thu", "fri", "sat", "sun", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug",
    "sep", "oct", "nov", "dec", "pdt", "pst", "est", "edt", "utc", "gmt", "cst", "cet", "cest",
];

/// Ends of names of hosts.
const DOMAINS: &[&str] = &["com", "org", "net", "edu", "gov", "io", "local", "internal", "dev", "cloud"];

/// Appends the phrase of a text to `key`: words with one blank between them.
pub fn phrase(text: &[u8], key: &mut Vec<u8>) {
    let line = &text[..memchr::memchr(b'\n', text).unwrap_or(text.len()).min(LOOKED_AT)];
    let start = key.len();
    let mut words = Words { key, start, ends: [0; LONGEST], count: 0, opened: None, dated: false };
    let mut tokens = line.split(|b| is(*b, BLANK)).filter(|token| !token.is_empty()).peekable();
    while let Some(token) = tokens.next() {
        if words.count + 8 >= LONGEST {
            break;
        }
        words.token(token, tokens.peek().copied().unwrap_or_default());
    }
}

/// Appends the phrase of an entry: of its message, or of all of it where that says nothing.
pub fn of_entry(message: Option<&[u8]>, raw: &[u8], recent: &mut RecentTexts, key: &mut Vec<u8>) {
    let start = key.len();
    if let Some(message) = message {
        recent.append(message, key);
    }
    if key.len() == start {
        phrase(raw, key);
    }
}

/// The words of a phrase that is being made.
struct Words<'k> {
    key: &'k mut Vec<u8>,
    /// Where the phrase begins.
    start: usize,
    /// Where each word ends, from the start of the phrase.
    ends: [u16; LONGEST],
    count: usize,
    /// The word that is a bracket after a blank.
    opened: Option<usize>,
    /// Was the last word a part of a date that became a value?
    dated: bool,
}

impl Words<'_> {
    fn last(&self) -> &[u8] {
        self.word(self.count.wrapping_sub(1))
    }

    fn word(&self, at: usize) -> &[u8] {
        if at >= self.count {
            return b"";
        }
        let from = if at == 0 { self.start } else { self.end(at - 1) + 1 };
        &self.key[from..self.end(at)]
    }

    fn end(&self, at: usize) -> usize {
        self.start + usize::from(self.ends[at])
    }

    fn push(&mut self, word: &[u8]) {
        if self.count + 1 >= LONGEST || self.key.len() - self.start + word.len() >= usize::from(u16::MAX) {
            return;
        }
        if word == VALUE.as_bytes() {
            // Values that follow each other are one, also with a mark between them.
            if self.last() == word {
                return;
            }
            if self.count > 1
                && matches!(self.last(), b"," | b":" | b"-" | b"/")
                && self.word(self.count - 2) == word
            {
                self.pop();
                return;
            }
        }
        if self.count > 0 {
            self.key.push(b' ');
        }
        self.key.extend_from_slice(word);
        self.ends[self.count] = (self.key.len() - self.start) as u16;
        self.count += 1;
    }

    fn pop(&mut self) {
        self.count -= 1;
        let end = if self.count == 0 { self.start } else { self.end(self.count - 1) };
        self.key.truncate(end);
    }

    fn token(&mut self, token: &[u8], next: &[u8]) {
        let lead = token.iter().take_while(|b| is(**b, OPENING)).count();
        let rest = &token[lead..];
        let trail = rest.iter().rev().take_while(|b| is(**b, CLOSING)).count();
        let (mut core, mut closing) = rest.split_at(rest.len() - trail);
        // What is behind a comparison is a value as well.
        let opening = match token[..lead].strip_suffix(b"<") {
            Some(opening) if core.iter().any(u8::is_ascii_digit) => opening,
            _ => &token[..lead],
        };
        for (at, byte) in opening.iter().enumerate() {
            if *byte == b'(' && at == 0 {
                self.opened = Some(self.count);
            }
            self.push(&[*byte]);
        }
        let mut whole = false;
        if closing.first() == Some(&b')')
            && let Some(open) = memchr::memchr(b'(', core)
            && open > 0
            && core[open + 1..].iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',' | b'-'))
        {
            (core, closing, whole) = (&core[..open], &closing[1..], true);
        }
        if !core.is_empty() {
            self.core(core, whole, next);
        }
        for byte in closing {
            // A full stop ends a sentence and says nothing.
            if *byte != b'.' {
                self.push(&[*byte]);
            }
            self.forget_remark(*byte);
        }
    }

    /// A remark in brackets that is only a value may as well be missing.
    fn forget_remark(&mut self, byte: u8) {
        if byte == b')'
            && let Some(opened) = self.opened
            && opened > 0
            && opened + 3 == self.count
            && self.word(opened + 1) == VALUE.as_bytes()
        {
            self.pop();
            self.pop();
            self.pop();
        }
    }

    fn core(&mut self, core: &[u8], whole: bool, next: &[u8]) {
        let before = self.last() == VALUE.as_bytes();
        if before && core.len() <= 4 && is_one_of(core, UNITS) {
            return;
        }
        let next_is_number = || next.iter().any(u8::is_ascii_digit) || is_date(next);
        let dated = core.len() <= 4 && is_date(core) && (before && self.dated || next_is_number());
        let shape = Shape::of(core);
        self.dated = dated || shape.digits() > 0;
        if whole || dated || shape.is_value(core) {
            self.push(VALUE.as_bytes());
            return;
        }
        if shape.has(NAMING)
            && let Some(equals) = named(core)
        {
            let mut word = core[..=equals].to_vec();
            if equals + 1 < core.len() {
                word.extend_from_slice(VALUE.as_bytes());
            }
            self.push(&word);
            return;
        }
        if !shape.has(PARTING) {
            return self.push_masked(core, shape);
        }
        // Marks within a word are words.
        for (at, part) in core.split_inclusive(|b| is(*b, PARTING)).enumerate() {
            let (part, mark) = match part.split_last() {
                Some((mark, part)) if is(*mark, PARTING) => (part, Some(*mark)),
                _ => (part, None),
            };
            if !part.is_empty() {
                let shape = Shape::of(part);
                if at > 0 && shape.is_value(part) {
                    self.push(VALUE.as_bytes());
                } else {
                    self.push_masked(part, shape);
                }
            }
            if let Some(mark) = mark {
                self.push(&[mark]);
            }
        }
    }
}

impl Words<'_> {
    /// A word with its values masked; only digits can be values.
    fn push_masked(&mut self, word: &[u8], shape: Shape) {
        if shape.digits() == 0 { self.push(word) } else { self.push(&masked(word)) }
    }
}

fn is_one_of(word: &[u8], list: &[&str]) -> bool {
    list.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}

fn is_date(word: &[u8]) -> bool {
    let word = word.strip_suffix(b",").unwrap_or(word);
    (3..=4).contains(&word.len()) && is_one_of(word, DATES)
}

/// What a byte can be in a word.
const OPENING: u8 = 1;
const CLOSING: u8 = 2;
const PARTING: u8 = 4;
const NAMING: u8 = 8;
const BLANK: u8 = 16;

/// What each byte can be: looked up, because every byte of a message is asked.
static CLASS: [u8; 256] = {
    const CLASSES: [(u8, &[u8]); 5] = [
        (OPENING, b"[](){}<>\"',;:="),
        (CLOSING, b"[](){}<>\"',;:."),
        (PARTING, b"[](){},;\""),
        (NAMING, b"="),
        (BLANK, b" \t\n\r\x0C"),
    ];
    let mut table = [0; 256];
    let mut class = 0;
    while class < CLASSES.len() {
        let (bit, bytes) = CLASSES[class];
        let mut at = 0;
        while at < bytes.len() {
            table[bytes[at] as usize] |= bit;
            at += 1;
        }
        class += 1;
    }
    table
};

/// What each byte counts as in a [`Shape`]: digits, slashes, dots, colons, and letters with what is not ASCII.
static COUNTS: [u64; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        table[byte] = match b {
            b'0'..=b'9' => 1,
            b'/' => 1 << COUNT_BITS,
            b'.' => 1 << (2 * COUNT_BITS),
            b':' => 1 << (3 * COUNT_BITS),
            _ if b.is_ascii_punctuation() => 0,
            _ => 1 << (4 * COUNT_BITS),
        };
        byte += 1;
    }
    table
};

/// A word has no more than [`LOOKED_AT`] of each.
const COUNT_BITS: u32 = 12;

#[inline]
fn is(byte: u8, class: u8) -> bool {
    CLASS[usize::from(byte)] & class != 0
}

/// Where the `=` of `name=value` stands.
fn named(core: &[u8]) -> Option<usize> {
    let equals = memchr::memchr(b'=', core)?;
    let name = &core[..equals];
    let is_name = name.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
        && name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    is_name.then_some(equals)
}

/// Which bytes a word is made of: how many of each kind, and which classes. Five counts side by side, so that a byte
/// costs one addition.
#[derive(Clone, Copy, Debug, Default)]
struct Shape {
    counts: u64,
    classes: u8,
}

impl Shape {
    fn of(word: &[u8]) -> Shape {
        let mut shape = Shape::default();
        for byte in word {
            shape.counts += COUNTS[usize::from(*byte)];
            shape.classes |= CLASS[usize::from(*byte)];
        }
        shape
    }

    fn count(self, kind: u32) -> u64 {
        (self.counts >> (kind * COUNT_BITS)) & ((1 << COUNT_BITS) - 1)
    }

    fn digits(self) -> u64 {
        self.count(0)
    }

    fn has(self, class: u8) -> bool {
        self.classes & class != 0
    }

    /// Is a word of this shape a value as a whole: a path, an address, a name of a host, a number with or without
    /// signs?
    fn is_value(self, core: &[u8]) -> bool {
        if (core[0] == b'/' && core.len() > 1) || core.starts_with(b"./") || self.count(1) >= 2 {
            return true;
        }
        if core.len() == 36 && self.digits() > 0 && is_uuid(core) {
            return true;
        }
        // Which program it was is no part of what is said.
        if core.len() > 4
            && matches!(core.last(), Some(b'e' | b'E'))
            && core[core.len() - 4..].eq_ignore_ascii_case(b".exe")
        {
            return true;
        }
        if self.count(4) == 0 {
            return self.digits() > 0;
        }
        (self.count(3) > 0 || self.count(2) >= 2) && is_host(core)
    }
}

fn is_uuid(word: &[u8]) -> bool {
    const DASHES: [usize; 4] = [8, 13, 18, 23];
    let of = |b: &u8| b.is_ascii_hexdigit() || *b == b'-';
    DASHES.iter().all(|at| word.get(*at) == Some(&b'-'))
        && word.iter().all(of)
        && word.iter().filter(|b| **b == b'-').count() == DASHES.len()
}

/// `host:port`, and names with enough dots in them.
fn is_host(core: &[u8]) -> bool {
    let (name, port) = match memchr::memrchr(b':', core) {
        Some(colon) if core[colon + 1..].iter().all(u8::is_ascii_digit) && core.len() - colon > 2 => {
            (&core[..colon], true)
        }
        _ => (core, false),
    };
    let plain = name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
    let dots = memchr::memchr_iter(b'.', name).count();
    let end = name.rsplit(|b| *b == b'.').next().unwrap_or_default();
    plain
        && !name.is_empty()
        && name[0].is_ascii_alphanumeric()
        && (port || (dots >= 2 && (is_one_of(end, DOMAINS) || end.len() == 2)))
}

/// A word with its values masked: `node-12` is `node-<*>`, `rdd_3_7` is `rdd_<*>`.
fn masked(core: &[u8]) -> Vec<u8> {
    let mut word: Vec<u8> = Vec::with_capacity(core.len());
    let mut at = 0;
    // Is the last thing in `word` a value?
    let mut valued = false;
    while at < core.len() {
        let alphanumeric = core[at].is_ascii_alphanumeric();
        let length = core[at..].iter().position(|b| b.is_ascii_alphanumeric() != alphanumeric);
        let end = length.map_or(core.len(), |length| at + length);
        let part = &core[at..end];
        at = end;
        let joint = part.len() == 1 && b".:-_/,*@+%x".contains(&part[0]);
        if !alphanumeric {
            if joint && valued {
                // Kept only if a word follows.
                let next = &core[end..];
                let next =
                    &next[..next.iter().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(next.len())];
                let hexadecimal =
                    next.len() <= 8 && !next.is_empty() && next.iter().all(u8::is_ascii_hexdigit);
                if next.is_empty() || is_number(next) || hexadecimal {
                    at = end + next.len();
                    continue;
                }
            }
            word.extend_from_slice(part);
            valued = false;
        } else if is_number(part) {
            let letters = part.iter().take_while(|b| b.is_ascii_alphabetic()).count();
            let numbered = (letters >= 3 || (letters == 2 && part.len() == 3))
                && part[letters..].iter().all(u8::is_ascii_digit)
                && (part.len() == 3 || !part.iter().all(u8::is_ascii_hexdigit));
            if numbered {
                word.extend_from_slice(&part[..letters]);
            }
            // A hexadecimal group before it belongs to it, and so do signs.
            if !numbered {
                while word.last().is_some_and(|b| b"+-*%".contains(b)) && word.len() == 1 {
                    word.pop();
                }
            }
            word.extend_from_slice(VALUE.as_bytes());
            valued = true;
        } else {
            word.extend_from_slice(part);
            valued = false;
        }
    }
    word
}

fn is_number(part: &[u8]) -> bool {
    part.iter().any(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        let mut key = Vec::new();
        phrase(text.as_bytes(), &mut key);
        String::from_utf8(key).unwrap()
    }

    #[test]
    fn values_are_told_from_words() {
        for (text, expected) in [
            (
                "Received block blk_-160 of size 91178 from /10.250.10.6",
                "Received block blk_-<*> of size <*> from <*>",
            ),
            ("node node-121 has detected", "node node-<*> has detected"),
            ("rdd_2_13 stored", "rdd_<*> stored"),
            ("synchronized to LOCAL(0), stratum 10", "synchronized to <*> , stratum <*>"),
            (
                "proxy.cse.cuhk.edu.hk:5070 close, 451 bytes sent, 18846 bytes (18.4 KB) received, lifetime <1 sec",
                "<*> close , <*> bytes sent , <*> bytes received , lifetime <*>",
            ),
            ("took 12.5 ms", "took <*>"),
            ("user=alice took=3", "user=<*> took=<*>"),
            ("status changed Thu Aug 11 15:00:00 PDT 2005 ok", "status changed <*> ok"),
            ("id 1eccc9e7-cadd-4e9d-a0d4-54a71af2dc0b gone", "id <*> gone"),
            ("id abcdefab-cadd-4e9d-a0d4-fedcbafedcba gone", "id <*> gone"),
            ("interface alt0 and ee0", "interface alt<*> and ee<*>"),
            ("10.0.0.1, 10.0.0.2 are down", "<*> are down"),
            ("GET /a/b?x=1 200", "GET <*>"),
            ("", ""),
        ] {
            assert_eq!(said(text), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            phrase(&bytes, &mut Vec::new());
        }

        #[test]
        fn numbers_do_not_matter(a in 0..100_000_u32, b in 0..100_000_u32) {
            proptest::prop_assert_eq!(said(&format!("job {a} took {b} ms")), said("job 1 took 2 ms"));
        }
    }
}
