//! Lines of styled text: the form in which every picture and paragraph is laid out before it is written.

use unicode_width::UnicodeWidthChar;

use super::escape::Untrusted;
pub use super::palette::Style;
use super::palette::{self, Palette};

/// What a renderer may know of where its bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Columns.
    pub width: usize,
    /// May it use colours?
    pub color: bool,
    /// Only ASCII in pictures and rules?
    pub ascii: bool,
    /// Its colours.
    pub palette: Palette,
    /// Where relative paths begin, if the names of files are to be links.
    pub link: Option<&'static str>,
}

impl Page {
    /// Eighty columns without colours.
    pub const PLAIN: Page =
        Page { width: 80, color: false, ascii: false, palette: palette::DARK, link: None };

    /// The name of a file, shown as `shown`, as a link to it where that is wanted; `place` may end in `:LINE`.
    pub fn linked(self, place: &str, shown: String) -> String {
        let Some(here) = self.link else { return shown };
        let (path, line) = match place.rsplit_once(':') {
            Some((path, line)) if !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit()) => {
                (path, Some(line))
            }
            _ => (place, None),
        };
        let mut target = String::from("file://");
        let rooted = if path.starts_with('/') { path.to_owned() } else { format!("{here}/{path}") };
        for byte in rooted.bytes() {
            match byte {
                b'/' | b'-' | b'.' | b'_' | b'~' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                    target.push(byte as char);
                }
                _ => target.push_str(&format!("%{byte:02X}")),
            }
        }
        if let Some(line) = line {
            target.push_str(&format!("#L{line}"));
        }
        format!("\u{1b}]8;;{target}\u{1b}\\{shown}\u{1b}]8;;\u{1b}\\")
    }

    /// A short stroke.
    pub const fn rule(self) -> &'static str {
        if self.ascii { "--" } else { "──" }
    }

    /// Appends a text that is known to be harmless, in a style.
    pub fn paint(self, style: Style, text: &str, out: &mut Vec<u8>) {
        let sgr = self.palette.sgr(style);
        let colored = self.color && !sgr.is_empty() && !text.is_empty();
        if colored {
            out.extend_from_slice(format!("\u{1b}[{sgr}m").as_bytes());
        }
        out.extend_from_slice(text.as_bytes());
        if colored {
            out.extend_from_slice(b"\x1b[0m");
        }
    }

    /// `…`, or what stands for it.
    pub(super) const fn ellipsis(self) -> &'static str {
        if self.ascii { "~" } else { "…" }
    }
}

/// Text in several styles, as it was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phrase(pub Vec<(Style, Untrusted)>);

impl<T: Into<Untrusted>> From<T> for Phrase {
    fn from(text: T) -> Self {
        Phrase(vec![(Style::Plain, text.into())])
    }
}

impl Phrase {
    /// Nothing yet.
    pub fn new() -> Phrase {
        Phrase::default()
    }

    /// With more text behind it.
    #[must_use]
    pub fn and(mut self, style: Style, text: impl Into<Untrusted>) -> Phrase {
        self.0.push((style, text.into()));
        self
    }

    /// The text with its `spans` (byte ranges, ascending) as matches.
    pub fn marked(text: &[u8], spans: impl IntoIterator<Item = std::ops::Range<usize>>) -> Phrase {
        let mut phrase = Phrase::new();
        let mut at = 0;
        for span in spans {
            let (start, end) = (span.start.clamp(at, text.len()), span.end.min(text.len()));
            if start < end {
                phrase.0.push((Style::Plain, (&text[at..start]).into()));
                phrase.0.push((Style::Match, (&text[start..end]).into()));
                at = end;
            }
        }
        phrase.0.push((Style::Plain, (&text[at..]).into()));
        phrase.0.retain(|(_, text)| !text.is_empty());
        phrase
    }

    /// Neutralised, on one line, in the page's colours.
    pub fn line(&self, page: Page) -> String {
        let mut out = Vec::new();
        for (style, text) in &self.0 {
            page.paint(*style, &text.line(), &mut out);
        }
        String::from_utf8(out).unwrap_or_default()
    }

    /// Neutralised and broken into lines of at most `width` columns, between words where there is a blank.
    pub(super) fn wrapped(&self, width: usize) -> Vec<Line> {
        let width = width.max(1);
        let chars: Vec<(Style, char)> = self
            .0
            .iter()
            .flat_map(|(style, text)| {
                let text = text.block().replace('\t', "    ");
                text.chars().map(|c| (*style, c)).collect::<Vec<_>>()
            })
            .collect();
        let mut lines = Vec::new();
        for paragraph in chars.split(|(_, c)| *c == '\n') {
            let mut rest = paragraph;
            loop {
                let (line, after) = rest.split_at(break_at(rest, width));
                let kept = line.iter().rposition(|(_, c)| *c != ' ').map_or(0, |last| last + 1);
                lines.push(Line::of_chars(&line[..kept]));
                rest = after;
                if rest.is_empty() {
                    break;
                }
            }
        }
        lines
    }
}

/// How many characters go on the first line of at most `width` columns, the blanks behind it included.
fn break_at(chars: &[(Style, char)], width: usize) -> usize {
    let mut used = 0;
    let mut blank = None;
    for (at, (_, c)) in chars.iter().enumerate() {
        used += char_width(*c);
        if *c == ' ' {
            blank = Some(at + 1);
        } else if used > width {
            // A word that does not fit on any line is broken; a wide character takes a line of its own.
            return blank.or_else(|| joint(chars, at)).unwrap_or(at.max(1));
        }
    }
    chars.len()
}

/// The last place at or before `end` where the parts of a name meet, `_` or `/` or a capital: if it leaves no line half
/// empty, or keeps the part behind it whole.
fn joint(chars: &[(Style, char)], end: usize) -> Option<usize> {
    let meets = |at: &usize| meet(chars[*at - 1].1, chars[*at].1);
    let at = (1..=end).rev().find(meets)?;
    let next = (at + 1..chars.len()).find(|next| chars[*next].1 == ' ' || meets(next)).unwrap_or(chars.len());
    (at * 2 >= end || next - at <= end).then_some(at)
}

/// Do parts of a name meet between these two letters?
pub(super) fn meet(before: char, after: char) -> bool {
    matches!(before, '_' | '-' | '.' | '/' | ':' | ',' | ';' | '&')
        || after == '{'
        || before.is_lowercase() && after.is_uppercase()
}

/// How wide the widest part of a name in a text is: what cannot be broken without breaking a word.
pub(super) fn longest_part(text: &str) -> usize {
    let (mut longest, mut part, mut before) = (0, 0, ' ');
    for c in text.chars() {
        if c == ' ' || meet(before, c) {
            part = 0;
        }
        part += if c == ' ' { 0 } else { char_width(c) };
        longest = longest.max(part);
        before = c;
    }
    longest
}

pub(super) fn char_width(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// Columns that a neutralised text takes. By character, so that the parts of a text add up to the whole:
/// what joins or varies its neighbours was made visible before, or has no width.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// At most `limit` columns of a neutralised text, with an ellipsis if something was cut.
pub(super) fn truncated(text: &str, limit: usize, ellipsis: &str) -> String {
    if width(text) <= limit {
        return text.to_owned();
    }
    let room = limit.saturating_sub(width(ellipsis));
    let mut used = 0;
    let mut out = String::with_capacity(text.len().min(limit * 4));
    for c in text.chars() {
        used += char_width(c);
        if used > room {
            break;
        }
        out.push(c);
    }
    out.truncate(out.trim_end().len());
    if limit > 0 {
        out.push_str(ellipsis);
    }
    out
}

/// One line of neutralised text in styles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line(pub(super) Vec<(Style, String)>);

impl Line {
    pub(super) fn new() -> Line {
        Line::default()
    }

    fn of_chars(chars: &[(Style, char)]) -> Line {
        let mut line = Line::new();
        for (style, c) in chars {
            match line.0.last_mut() {
                Some((last, text)) if last == style => text.push(*c),
                _ => line.0.push((*style, c.to_string())),
            }
        }
        line
    }

    /// Adds text that is known to be harmless: obs's own words, numbers, or neutralised text.
    pub(super) fn push(&mut self, style: Style, text: impl Into<String>) {
        let text = text.into();
        match self.0.last_mut() {
            Some((last, known)) if *last == style => known.push_str(&text),
            _ => self.0.push((style, text)),
        }
    }

    pub(super) fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| width(text)).sum()
    }

    /// The text alone.
    pub(super) fn text(&self) -> String {
        self.0.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// Writes it with the page's colours, without blanks and a line end behind it.
    pub(super) fn write(&self, page: Page, out: &mut String) {
        let end = self.0.iter().rposition(|(_, text)| !text.trim_end().is_empty()).map_or(0, |at| at + 1);
        for (i, (style, text)) in self.0[..end].iter().enumerate() {
            let text = if i + 1 == end { text.trim_end() } else { text };
            let sgr = page.palette.sgr(*style);
            if page.color && !sgr.is_empty() && !text.is_empty() {
                out.push_str("\u{1b}[");
                out.push_str(sgr);
                out.push('m');
                out.push_str(text);
                out.push_str("\u{1b}[0m");
            } else {
                out.push_str(text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(lines: &[Line]) -> Vec<String> {
        lines.iter().map(Line::text).collect()
    }

    #[test]
    fn text_is_broken_between_words() {
        for (text, width, expected) in [
            ("one two three", 8, &["one two", "three"][..]),
            ("one two", 7, &["one two"]),
            ("abcdefghij", 4, &["abcd", "efgh", "ij"]),
            ("PaymentSuccessRateLow", 11, &["Payment", "SuccessRate", "Low"]),
            ("payment-service/db.log", 18, &["payment-service/", "db.log"]),
            ("a-bcdefghijkl", 8, &["a-bcdefg", "hijkl"]),
            ("a\nb", 9, &["a", "b"]),
            ("日本語", 4, &["日本", "語"]),
            ("", 5, &[""]),
            ("  indented", 20, &["  indented"]),
        ] {
            assert_eq!(texts(&Phrase::from(text).wrapped(width)), expected, "{text:?}");
        }
    }

    #[test]
    fn cut_text_says_so() {
        for (text, limit, expected) in [
            ("abcdef", 6, "abcdef"),
            ("abcdefg", 6, "abcde…"),
            ("日本語", 5, "日本…"),
            ("abc", 1, "…"),
            ("abc", 0, ""),
        ] {
            assert_eq!(truncated(text, limit, "…"), expected);
        }
    }

    #[test]
    fn matches_are_marked_and_styled() {
        let phrase = Phrase::marked(b"a pool b", std::iter::once(2..6));
        let mut out = String::new();
        phrase.wrapped(80)[0].write(Page { color: true, ..Page::PLAIN }, &mut out);
        assert_eq!(out, "a \u{1b}[1;31mpool\u{1b}[0m b");
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_no_word_is_lost(text in "[a-z é日\n]{0,60}", width in 2..20_usize) {
            let lines = Phrase::from(text.as_str()).wrapped(width);
            let words = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert!(lines.iter().all(|line| line.width() <= width), "{lines:?}");
            prop_assert_eq!(words(&texts(&lines).join("\n")), words(&text));
        }
    }
}
