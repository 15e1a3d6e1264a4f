//! Colours and cursor movements that terminals understand, taken out of lines so that they can be recognised.

use std::borrow::Cow;

/// How colours are written where something has escaped the escape byte: by Docker, syslog, editors.
const ESCAPED: [&[u8]; 4] = [b"\\x1b[", b"\\u001b[", b"#033[", b"^[["];

/// How much of a line is looked at for escaped colours.
const HEAD: usize = 64;

/// The text without escape sequences (ECMA-48: `ESC [ … letter`, `ESC ] … BEL`, `ESC` and one more byte), and
/// without colours at its head that are written in letters.
pub(super) fn strip(text: &[u8]) -> Cow<'_, [u8]> {
    match strip_bytes(text) {
        Cow::Borrowed(text) => strip_letters(text),
        Cow::Owned(text) => Cow::Owned(strip_letters(&text).into_owned()),
    }
}

/// Takes out `\x1b[33m` in letters, if a line starts with it.
fn strip_letters(text: &[u8]) -> Cow<'_, [u8]> {
    // What all of them begin with.
    if !matches!(text.first(), Some(b'\\' | b'#' | b'^' | b'[')) {
        return Cow::Borrowed(text);
    }
    let bare = sequence_of_letters(text, b"[").is_some();
    if !bare && !ESCAPED.iter().any(|escape| text.starts_with(escape)) {
        return Cow::Borrowed(text);
    }
    let line = memchr::memchr(b'\n', text).unwrap_or(text.len());
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    'line: while at < line {
        for escape in ESCAPED.into_iter().chain(bare.then_some(&b"["[..])) {
            if let Some(length) = sequence_of_letters(&text[at..line], escape) {
                at += length;
                continue 'line;
            }
        }
        out.push(text[at]);
        at += 1;
    }
    out.extend_from_slice(&text[at..]);
    Cow::Owned(out)
}

/// How long the colour is that begins `text`, after this escape: `[31m`, `[1;31m`, `[m`.
fn sequence_of_letters(text: &[u8], escape: &[u8]) -> Option<usize> {
    let rest = text.strip_prefix(escape)?;
    let digits = rest.iter().take(HEAD).take_while(|b| b.is_ascii_digit() || **b == b';').count();
    (rest.get(digits) == Some(&b'm') && (digits > 0 || escape.len() > 1)).then_some(escape.len() + digits + 1)
}

fn strip_bytes(text: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr::memchr(0x1B, text) else { return Cow::Borrowed(text) };
    let mut out = Vec::with_capacity(text.len());
    let mut at = first;
    out.extend_from_slice(&text[..first]);
    while at < text.len() {
        if text[at] != 0x1B {
            let next = memchr::memchr(0x1B, &text[at..]).map_or(text.len(), |found| at + found);
            out.extend_from_slice(&text[at..next]);
            at = next;
            continue;
        }
        at = sequence_end(text, at);
    }
    Cow::Owned(out)
}

/// Where the escape sequence at `at` ends; a line end ends every one.
fn sequence_end(text: &[u8], at: usize) -> usize {
    let rest = &text[at + 1..];
    let length = match rest.first() {
        Some(b'[') => rest[1..].iter().position(|b| (0x40..=0x7E).contains(b) || *b == b'\n').map(|n| n + 1),
        // Commands to programs of a terminal; runners of CI put the time of a line into one.
        Some(b']' | b'_' | b'^' | b'P') => {
            rest[1..].iter().position(|b| matches!(b, 0x07 | b'\n')).map(|n| n + 1)
        }
        Some(_) => Some(0),
        None => return text.len(),
    };
    match length {
        Some(n) if rest[n] == b'\n' => at + 1 + n,
        Some(n) => at + 2 + n,
        None => text.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_go_and_text_stays() {
        for (text, expected) in [
            ("plain", "plain"),
            ("\x1b[0m\x1b[32mSep 19\x1b[0m x", "Sep 19 x"),
            ("\x1b[2Kweb-1 | \x1b[31m\x1b[1mWARN", "web-1 | WARN"),
            ("a\x1b]0;title\x07b", "ab"),
            ("\x1b_bk;t=1709633412123\x07b", "b"),
            ("cut\x1b[3", "cut"),
            ("cut\x1b", "cut"),
            ("a\x1b[31\nb", "a\nb"),
            ("\\x1b[33m[Nest] 6\\x1b[0m x\ny\\x1b[0m", "[Nest] 6 x\ny\\x1b[0m"),
            ("say \\x1b[33m", "say \\x1b[33m"),
            ("[31m2024 ERROR[0m x [1] y", "2024 ERROR x [1] y"),
            ("[3] x [31m", "[3] x [31m"),
        ] {
            assert_eq!(String::from_utf8_lossy(&strip(text.as_bytes())), expected, "{text:?}");
        }
    }
}
