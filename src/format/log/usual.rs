//! Headers as most lines have them, read without asking for everything that a header may be.

use super::header::{Header, name_length};
use super::layout::Found;
use crate::model::Level;

impl Header {
    /// `TIME LEVEL message` and `TIME LEVEL name - message`, as most lines are; `None` if a line may be anything else.
    pub(super) fn usual(line: &[u8], stamp: Found) -> Option<Header> {
        let (_, 0, to) = stamp else { return None };
        let from = to + blanks(&line[to..])?;
        let (level, length) = LEVELS.iter().find_map(|(word, level)| {
            (line[from..].starts_with(word) && line.get(from + word.len()) == Some(&b' '))
                .then_some((*level, word.len()))
        })?;
        let end = from + length;
        let mut at = end + blanks(&line[end..])?;
        let mut logger = None;
        if !begins_message(&line[at..]) {
            return None;
        }
        let name = name_length(&line[at..]);
        let behind = at + name;
        let next = line[behind..].trim_ascii_start();
        if next.starts_with(b"- ") {
            logger = Some((at, behind));
            at = behind + blanks(&line[behind..])? + 2;
            at += line[at..].iter().take_while(|b| **b == b' ').count();
            if !begins_message(&line[at..]) {
                return None;
            }
        } else if matches!(next.first(), Some(b':' | b'[' | b'-') | None)
            || matches!(line[behind], b':' | b'/' | b']')
        {
            return None;
        }
        let level = Some((level, from, end));
        Some(Header { stamp: Some(stamp), level, logger, message: at, ..Header::default() })
    }
}

/// Levels as most lines write them.
const LEVELS: [(&[u8], Level); 5] = [
    (b"INFO", Level::Info),
    (b"DEBUG", Level::Debug),
    (b"WARN", Level::Warn),
    (b"ERROR", Level::Error),
    (b"TRACE", Level::Trace),
];

/// How many blanks there are, if there are any.
fn blanks(text: &[u8]) -> Option<usize> {
    let blanks = text.iter().take_while(|b| **b == b' ').count();
    (blanks > 0).then_some(blanks)
}

/// Is the word at the start of a text surely none of a header: no number, and nothing in brackets?
fn begins_message(text: &[u8]) -> bool {
    let word = text.iter().take_while(|b| b.is_ascii_alphanumeric());
    text.first().is_some_and(u8::is_ascii_alphabetic) && word.into_iter().any(|b| !b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::log::layout::Layout;

    fn both(line: &str) -> (Option<Header>, Header) {
        let stamp = Layout::default().find(line.as_bytes());
        let usual = stamp.and_then(|stamp| Header::usual(line.as_bytes(), stamp));
        (usual, Header::any(line.as_bytes(), stamp))
    }

    #[test]
    fn most_lines_are_usual() {
        for line in [
            "2023-12-24 03:14:23 INFO  PaymentController - Processing payment for order 1",
            "2023-12-24 03:14:25,120 DEBUG Connection pool: 20/20 active connections",
        ] {
            let (usual, any) = both(line);
            assert_eq!(usual.as_ref(), Some(&any), "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_usual_line_is_read_as_any_is(
            words in proptest::collection::vec(
                "INFO|DEBUG|WARN|ERROR|  |[a-f0-9]{1,9}|a\\.b\\.C|[A-Z][a-z]{1,3}|-|:|: |\\[x\\]|\\||/|;|pool: 1/2|E/x|x::y", 0..7
            ),
            signs in proptest::collection::vec(" | |  | - |: |", 7)
        ) {
            let words: Vec<&str> = words.iter().zip(&signs).flat_map(|(word, sign)| [sign.as_str(), word]).collect();
            let words = words.concat();
            let (usual, any) = both(&format!("2023-12-24 03:14:23{words}"));
            if let Some(usual) = usual {
                proptest::prop_assert_eq!(usual, any, "{}", words);
            }
        }
    }
}
