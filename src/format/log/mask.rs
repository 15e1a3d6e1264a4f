//! What an entry says apart from its values: a pure function of its text, so that like entries have like keys.

/// How long a key may get; what is beyond says nothing new.
const LONGEST: usize = 240;

/// How much of a text is looked at.
const LOOKED_AT: usize = 2_048;

/// How long a line of a text may be in the key.
const LONGEST_LINE: usize = 160;

/// What stands for a value.
const MASK: u8 = b'#';

/// Words with digits that are words.
const WORDS: &[&[u8]] = &[
    b"x509", b"ipv4", b"ipv6", b"utf8", b"http2", b"h2", b"sha256", b"c3p0", b"log4j", b"s3", b"ec2", b"k8s",
];

/// Appends the key of `text` to `key`: lower case, numbers and identifiers replaced by `#`, the values of
/// `name=value` and `(name: value` too. Of a text of several lines the first two, and what it was caused by.
pub fn mask(text: &[u8], key: &mut Vec<u8>) {
    let end = key.len() + LONGEST;
    let whole = text;
    let text = &text[..text.len().min(LOOKED_AT)];
    for (at, line) in text.split(|b| *b == b'\n').enumerate() {
        let line = line.trim_ascii();
        if at > 1 && !line.starts_with(b"Caused by:") {
            continue;
        }
        if at > 0 && (line.starts_with(b"at ") || line.is_empty()) {
            continue;
        }
        if at > 0 {
            key.push(b'|');
        }
        mask_line(line, key);
        if key.len() >= end {
            key.truncate(end);
            return;
        }
    }
    if let Some(line) = thrown_last(whole) {
        key.push(b'|');
        mask_line(line, key);
        key.truncate(end);
    }
}

/// What was thrown, where it stands at the end of a trace and not at its head: the last line, if the one before is
/// indented and it is not.
fn thrown_last(text: &[u8]) -> Option<&[u8]> {
    // Most texts are of one line.
    memchr::memchr(b'\n', text)?;
    let text = text.trim_ascii_end();
    let start = memchr::memrchr(b'\n', text)?;
    let before = memchr::memrchr(b'\n', &text[..start])?;
    let (line, above) = (&text[start + 1..], &text[before + 1..start]);
    let is_said = line.first().is_some_and(u8::is_ascii_alphabetic) && !line.starts_with(b"Caused by:");
    (is_said && above.first().is_some_and(u8::is_ascii_whitespace))
        .then_some(&line[..line.len().min(LOOKED_AT)])
}

fn mask_line(line: &[u8], key: &mut Vec<u8>) {
    let end = key.len() + LONGEST_LINE;
    let mut at = 0;
    let mut depth = 0_u8;
    // Was the last thing an opening bracket or a comma inside of one, so that a name may follow?
    let mut name_may_follow = false;
    while at < line.len() && key.len() < end {
        let byte = line[at];
        if is_word(byte) {
            let word = word_end(line, at);
            mask_word(&line[at..word], key);
            let named = match line.get(word) {
                Some(b'=') if line.get(word + 1) != Some(&b'=') => Some(word + 1),
                Some(b':') if name_may_follow && is_named(&line[at..word], &line[word + 1..]) => {
                    Some(word + 2)
                }
                _ => None,
            };
            at = word;
            if let Some(value) = named {
                key.extend_from_slice(b"=");
                at = mask_value(line, value, key);
            }
            name_may_follow = false;
            continue;
        }
        match byte {
            b'(' | b'[' | b'{' => {
                depth = depth.saturating_add(1);
                name_may_follow = true;
            }
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => name_may_follow = depth > 0,
            b' ' => {}
            _ => name_may_follow = false,
        }
        push_other(byte, key);
        at += 1;
    }
}

/// Hands the pairs in a text to `visit`: `name=value`, and `name: value` within brackets.
pub fn pairs<'t>(text: &'t [u8], visit: &mut dyn FnMut(&'t [u8], &'t [u8])) {
    const MOST: usize = 32;
    let line = &text[..memchr::memchr(b'\n', text).unwrap_or(text.len()).min(LOOKED_AT)];
    let (mut at, mut found, mut may_follow) = (0, 0, false);
    while at < line.len() && found < MOST {
        if !is_word(line[at]) {
            may_follow = match line[at] {
                b'(' | b'[' | b'{' | b',' => true,
                b' ' => may_follow,
                _ => false,
            };
            at += 1;
            continue;
        }
        let end = word_end(line, at);
        let value = match line.get(end) {
            Some(b'=') => Some(end + 1),
            Some(b':') if may_follow && is_named(&line[at..end], &line[end + 1..]) => Some(end + 2),
            _ => None,
        };
        if let Some(value) = value {
            let quoted = line.get(value) == Some(&b'"');
            let rest = &line[(value + usize::from(quoted)).min(line.len())..];
            let ends = |b: &u8| {
                if quoted { *b == b'"' } else { matches!(b, b' ' | b',' | b')' | b']' | b'}' | b';') }
            };
            let length = rest.iter().position(ends).unwrap_or(rest.len());
            visit(&line[at..end], &rest[..length]);
            found += 1;
            at = value + usize::from(quoted) + length;
        } else {
            at = end;
        }
        may_follow = false;
    }
}

/// Is what stands before a colon and a blank a name? A number is none: `(104: Connection reset by peer)` has no value.
fn is_named(name: &[u8], after: &[u8]) -> bool {
    after.first() == Some(&b' ') && !name.iter().all(u8::is_ascii_digit)
}

/// Masks the value of `name=value` at `at`; where it ends. A sentence in quotes is masked as text is.
fn mask_value(line: &[u8], at: usize, key: &mut Vec<u8>) -> usize {
    if let Some(quote @ (b'"' | b'\'')) = line.get(at) {
        let inside = &line[at + 1..];
        let length = memchr::memchr(*quote, inside).unwrap_or(inside.len());
        let inside = &inside[..length];
        if inside.contains(&b' ') {
            mask_line(inside, key);
        } else {
            push_mask(key);
        }
        return (at + length + 2).min(line.len());
    }
    let length =
        line[at..].iter().position(|b| matches!(b, b' ' | b',' | b')' | b']' | b'}' | b';' | b'|' | b'&'));
    push_mask(key);
    length.map_or(line.len(), |length| at + length)
}

/// Is a byte a part of words? Looked up, because every byte of a message is asked.
static IS_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        table[byte] = b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$') || b >= 0x80;
        byte += 1;
    }
    table
};

#[inline]
fn is_word(byte: u8) -> bool {
    IS_WORD[usize::from(byte)]
}

fn word_end(line: &[u8], at: usize) -> usize {
    // Words that are joined by - and . are one: an identifier has to be seen whole.
    let mut end = at;
    while end < line.len() {
        let joined = || {
            matches!(line[end], b'-' | b'.' | b'*')
                && line.get(end + 1).is_some_and(u8::is_ascii_alphanumeric)
        };
        if !is_word(line[end]) && !joined() {
            break;
        }
        end += 1;
    }
    end
}

fn mask_word(word: &[u8], key: &mut Vec<u8>) {
    let digits = word.iter().filter(|b| b.is_ascii_digit()).count();
    if digits == 0 {
        if word.len() > 40 && !word.contains(&b'.') && !word.contains(&b'_') {
            push_mask(key);
        } else {
            key.extend(word.iter().map(u8::to_ascii_lowercase));
        }
        return;
    }
    let lower = word.to_ascii_lowercase();
    if WORDS.contains(&&lower[..]) {
        key.extend_from_slice(&lower);
        return;
    }
    // Ids and hashes; a dotted name with a digit in it is none.
    if (word.len() >= 16 && digits >= 4 && !word.contains(&b'.')) || word.contains(&b'*') {
        push_mask(key);
        return;
    }
    for part in lower.split_inclusive(|b| matches!(b, b'-' | b'.' | b'_' | b'*')) {
        let (part, end) = match part.split_last() {
            Some((end @ (b'-' | b'.' | b'_' | b'*'), part)) => (part, Some(*end)),
            _ => (part, None),
        };
        if part.iter().any(u8::is_ascii_digit) {
            let letters = part.iter().take_while(|b| !b.is_ascii_digit()).count();
            let numbered = letters >= 3 && part[letters..].iter().all(u8::is_ascii_digit);
            if numbered {
                key.extend_from_slice(&part[..letters]);
            }
            push_mask(key);
        } else if part.len() >= 3 {
            key.extend_from_slice(part);
        } else if !part.is_empty() {
            push_mask(key);
        }
        if let Some(end) = end {
            push_other(end, key);
        }
    }
}

/// A mask; numbers that follow each other are one.
fn push_mask(key: &mut Vec<u8>) {
    let joined = match &key[..] {
        [.., MASK] => true,
        [.., MASK, b'.' | b':' | b'-' | b'_' | b'*'] => {
            key.pop();
            true
        }
        _ => false,
    };
    if !joined {
        key.push(MASK);
    }
}

/// A byte that belongs to no word; blanks that follow each other are one.
fn push_other(byte: u8, key: &mut Vec<u8>) {
    let byte = if byte.is_ascii_whitespace() { b' ' } else { byte };
    if byte != b' ' || key.last() != Some(&b' ') {
        key.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> String {
        let mut key = Vec::new();
        mask(text.as_bytes(), &mut key);
        String::from_utf8_lossy(&key).into_owned()
    }

    #[test]
    fn values_are_masked_and_words_stay() {
        for (text, expected) in [
            ("Connection pool: 20/20 active connections", "connection pool: #/# active connections"),
            ("Payment failed for order 123: Timeout", "payment failed for order #: timeout"),
            ("HikariPool-1 - Connection is not available", "hikaripool-# - connection is not available"),
            ("user=alice took=12.5 ms", "user=# took=# ms"),
            (
                "query executed (table: charge_sessions, rows: 7, took: 5.7 ms)",
                "query executed (table=#, rows=#, took=# ms)",
            ),
            (
                "process 3000 still waiting for ShareLock on transaction 925086 after 1000.363 ms",
                "process # still waiting for sharelock on transaction # after # ms",
            ),
            ("id 1eccc9e7-cadd-4e9d-a0d4-54a71af2dc0b gone", "id # gone"),
            (
                "dial tcp 10.0.0.7:5432: connect: connection refused",
                "dial tcp #: connect: connection refused",
            ),
            ("x509: certificate has expired", "x509: certificate has expired"),
            ("msg=\"pool is full\" id=7", "msg=pool is full id=#"),
            (
                "boom\njava.sql.SQLException: no 5\n\tat a.B\nCaused by: java.net.X: y\n\tat c",
                "boom|java.sql.sqlexception: no #|caused by: java.net.x: y",
            ),
            (
                "boom\nTraceback (most recent call last):\n  File \"a.py\", line 7, in f\n    g()\nOSError: [Errno 24] no more",
                "boom|traceback (most recent call last):|oserror: [errno #] no more",
            ),
            ("evse NL*VLT*E1521 is busy", "evse # is busy"),
            (
                "recv() failed (104: Connection reset by peer) while reading (upstream: \"u\")",
                "recv() failed (#: connection reset by peer) while reading (upstream=#)",
            ),
            ("다시 시도", "다시 시도"),
            ("", ""),
        ] {
            assert_eq!(key(text), expected, "{text}");
        }
    }

    #[test]
    fn pairs_are_read_from_text() {
        let mut found = Vec::new();
        let text = b"slow answer (partner: gridlane, took: 2416.1 ms) user=alice q=\"a b\" x";
        pairs(text, &mut |name, value| {
            found.push(format!("{}={}", String::from_utf8_lossy(name), String::from_utf8_lossy(value)));
        });
        assert_eq!(found, ["partner=gridlane", "took=2416.1", "user=alice", "q=a b"]);
    }

    #[test]
    fn keys_are_short() {
        assert!(key(&"word ".repeat(1000)).len() <= LONGEST);
        assert!(key(&"(a: [".repeat(1000)).len() <= LONGEST);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            mask(&bytes, &mut Vec::new());
            pairs(&bytes, &mut |_, _| {});
        }
    }
}
