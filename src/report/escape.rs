//! Every neutralisation: what came from a file leaves only in a form that its reader cannot take for a command.
//!
//! [`Untrusted`] has no `Display` and gives its text to nobody but through one of these forms, so a renderer
//! cannot forget. What is invisible is made visible: `\x1b`, `\u{202e}`; it is not meant to be read back.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Text from an input, or one that may hold text from an input.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Untrusted(String);

impl From<&str> for Untrusted {
    fn from(text: &str) -> Self {
        Untrusted(text.to_owned())
    }
}

impl From<String> for Untrusted {
    fn from(text: String) -> Self {
        Untrusted(text)
    }
}

impl From<Cow<'_, str>> for Untrusted {
    fn from(text: Cow<'_, str>) -> Self {
        Untrusted(text.into_owned())
    }
}

/// Bytes that are no UTF-8 become `\xff`, as a file name or a line may have them.
impl From<&[u8]> for Untrusted {
    fn from(bytes: &[u8]) -> Self {
        let mut text = String::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            for byte in chunk.invalid() {
                push_byte(&mut text, *byte);
            }
        }
        Untrusted(text)
    }
}

impl Untrusted {
    /// Is there nothing in it?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// For a terminal, line ends and tabs kept.
    pub fn block(&self) -> String {
        visible(&self.0, |c| matches!(c, '\n' | '\t'))
    }

    /// For a terminal, on one line: a line end becomes a visible `\n`, a tab a blank.
    pub fn line(&self) -> String {
        let mut out = String::with_capacity(self.0.len());
        for c in self.0.chars() {
            match c {
                '\n' => out.push_str("\\n"),
                '\t' => out.push(' '),
                c => push_visible(&mut out, c),
            }
        }
        out
    }

    /// A CSV cell that holds text: quoted where needed, and with a `'` before what a spreadsheet would take
    /// for a formula (OWASP ASVS 1.2.10).
    pub fn csv(&self) -> String {
        let formula = self.0.starts_with(['=', '+', '-', '@', '\t', '\r', '\0']);
        let text = visible(&self.0, |c| matches!(c, '\n' | '\t'));
        let text = if formula { format!("'{text}") } else { text };
        if text.contains([',', '"', '\n', '\t']) || text.starts_with(' ') || text.ends_with(' ') {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text
        }
    }

    /// Markdown text on one line that shows as it is: no emphasis, link, HTML, or end of a table's cell.
    pub fn markdown(&self) -> String {
        let text = self.line();
        let mut out = String::with_capacity(text.len() + 8);
        let mut before = ' ';
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let inner = before.is_alphanumeric() && chars.peek().is_some_and(|next| next.is_alphanumeric());
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                // Between letters an underscore is no emphasis: request_id.
                '_' if inner => out.push('_'),
                '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => {
                    out.push('\\');
                    out.push(c);
                }
                c => out.push(c),
            }
            before = c;
        }
        if let Some(at) = block_marker(&out) {
            out.insert(at, '\\');
        }
        out
    }

    /// Markdown code that shows as it is, on one line.
    pub fn markdown_code(&self) -> String {
        let text = self.line();
        let fence = "`".repeat(longest_run(&text, '`') + 1);
        let pad = if text.starts_with('`') || text.ends_with('`') || text.is_empty() { " " } else { "" };
        format!("{fence}{pad}{}{pad}{fence}", text.replace('|', "\\|"))
    }

    /// The text of an HTML element or of an attribute in quotes.
    pub fn html(&self) -> String {
        let text = self.block();
        let mut out = String::with_capacity(text.len() + 8);
        for c in text.chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                c => out.push(c),
            }
        }
        out
    }

    /// The text of an XML element or of an attribute: as HTML, which leaves only what XML 1.0 allows.
    pub fn xml(&self) -> String {
        self.html().replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
    }

    /// The value for a JSON writer, which escapes by itself (see [`super::json`]).
    pub fn json(&self) -> &str {
        &self.0
    }
}

/// Where a backslash is needed, because Markdown would take the line for a list, a heading, a rule or an
/// underline.
fn block_marker(line: &str) -> Option<usize> {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = line.len() - rest.len();
    let marker = rest.chars().next()?;
    let after = &rest[marker.len_utf8()..];
    let ends = after.is_empty() || after.starts_with([' ', marker]);
    match marker {
        '.' | ')' if digits > 0 && ends => Some(digits),
        '-' | '+' | '=' if digits == 0 && ends => Some(0),
        '#' if digits == 0 => Some(0),
        _ => None,
    }
}

/// The length of the longest run of `c`.
pub(super) fn longest_run(text: &str, c: char) -> usize {
    text.split(|other| other != c).map(str::len).max().unwrap_or(0)
}

/// The text with what is invisible made visible, but for what `keep` says.
fn visible(text: &str, keep: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if keep(c) { out.push(c) } else { push_visible(&mut out, c) }
    }
    out
}

fn push_visible(out: &mut String, c: char) {
    if !is_hidden(c) {
        out.push(c);
    } else if c.is_ascii() {
        push_byte(out, c as u8);
    } else {
        // Writing to a string does not fail.
        let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
    }
}

fn push_byte(out: &mut String, byte: u8) {
    let _ = write!(out, "\\x{byte:02x}");
}

/// Does this character act, hide or reorder instead of showing itself? Controls (C0, DEL, C1), marks of
/// direction, characters without width, separators of lines, fillers, tags.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{17b4}'
                | '\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_acts_is_shown() {
        for (text, line) in [
            ("plain é 日本 😀", "plain é 日本 😀"),
            ("\u{1b}[2J", r"\x1b[2J"),
            ("\u{1b}]52;c;aGk=\u{7}", r"\x1b]52;c;aGk=\x07"),
            ("a\tb\nc\r", r"a b\nc\x0d"),
            ("\u{7f}\u{9b}31m", r"\x7f\u{9b}31m"),
            ("user\u{202e}gpj.exe", r"user\u{202e}gpj.exe"),
            ("a\u{200b}b\u{feff}", r"a\u{200b}b\u{feff}"),
            ("\u{e0041}", r"\u{e0041}"),
        ] {
            assert_eq!(Untrusted::from(text).line(), line);
        }
        assert_eq!(Untrusted::from("a\tb\n\u{1b}").block(), "a\tb\n\\x1b");
        assert_eq!(Untrusted::from(&b"n\xff\xfe.log"[..]).line(), r"n\xff\xfe.log");
    }

    #[test]
    fn no_cell_is_a_formula() {
        for (text, cell) in [
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "\"'\t=1\""),
            ("\r=1", r"'\x0d=1"),
            ("\0", r"'\x00"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("plain", "plain"),
            ("", ""),
        ] {
            assert_eq!(Untrusted::from(text).csv(), cell);
        }
    }

    #[test]
    fn markdown_and_html_show_what_was_written() {
        for (text, markdown) in [
            ("request_id a|b", r"request_id a\|b"),
            ("_x_ *y* `z`", r"\_x\_ \*y\* \`z\`"),
            ("<script>&", "&lt;script&gt;&amp;"),
            ("[a](http://x)", r"\[a\](http://x)"),
            ("# no heading", r"\# no heading"),
            ("- no list", r"\- no list"),
            ("1. no list", r"1\. no list"),
            ("-5", "-5"),
            ("1.5", "1.5"),
            ("---", r"\---"),
            ("two\nlines", r"two\\nlines"),
        ] {
            assert_eq!(Untrusted::from(text).markdown(), markdown);
        }
        assert_eq!(Untrusted::from("a`b").markdown_code(), "``a`b``");
        assert_eq!(Untrusted::from("`a|").markdown_code(), "`` `a\\| ``");
        assert_eq!(Untrusted::from("<b a='\"'>").html(), "&lt;b a=&#39;&quot;&#39;&gt;");
    }

    proptest! {
        #[test]
        fn no_hidden_character_leaves(bytes in prop::collection::vec(any::<u8>(), 0..60), text in any::<String>()) {
            for untrusted in [Untrusted::from(&*bytes), Untrusted::from(&*text)] {
                prop_assert!(!untrusted.line().contains(is_hidden));
                prop_assert!(!untrusted.markdown().contains(is_hidden));
                prop_assert!(!untrusted.markdown_code().contains(is_hidden));
                let kept = |c: char| is_hidden(c) && c != '\n' && c != '\t';
                for form in [untrusted.block(), untrusted.csv(), untrusted.html(), untrusted.xml()] {
                    prop_assert!(!form.contains(kept), "{form:?}");
                }
                prop_assert!(!untrusted.html().contains(['<', '>', '"', '\'']));
                let cell = untrusted.csv();
                // The quote that opens a cell is none of its text.
                let content = cell.strip_prefix('"').unwrap_or(&cell);
                prop_assert!(!content.starts_with(['=', '+', '-', '@', '\t']), "{cell:?}");
            }
        }
    }
}
