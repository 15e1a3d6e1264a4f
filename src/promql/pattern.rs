//! Regular expressions as Go reads them, on top of the `regex` crate.
//!
//! Both read RE2's language, with differences that change what matches: in Go, `\d \w \s \b` are ASCII only, an
//! unpaired `{` and a `[` inside a class stand for themselves, and `\Q…\E` quotes.

use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Class, Hir, HirKind};

/// A regular expression in Go's language.
///
/// It is checked when it is made. A small one is compiled only when it is first asked for: a rule file may have ten
/// thousand of them, and compiling takes longer than all the rest of reading it.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// In the notation of the `regex` crate.
    source: String,
    /// `None` in it cannot be: what was not compiled at once was found to be small.
    compiled: OnceLock<Option<Regex>>,
}

/// Compiled, a pattern may take this many bytes; larger ones are refused.
const SIZE_LIMIT: usize = 4 << 20;
/// Longer patterns are refused unread.
const LENGTH_LIMIT: usize = 64 << 10;
/// Patterns may be nested this deep.
const NEST_LIMIT: u32 = 200;
/// Patterns of so many parts, at some hundred bytes each, are far from the limit of size.
const SMALL: usize = 4_000;

impl Pattern {
    /// A pattern that has to match the whole text; `.` matches line ends too. As matchers and `label_replace`
    /// use it.
    pub fn anchored(pattern: &str) -> Result<Self, String> {
        let translated = translate(pattern)?;
        // The pattern alone first, so that an unpaired bracket cannot close the group around it.
        let parts = check(&translated)?;
        Pattern::new(format!("^(?s:{translated})$"), parts)
    }

    /// A pattern that may match anywhere in the text, as templates use it.
    pub fn anywhere(pattern: &str) -> Result<Self, String> {
        let translated = translate(pattern)?;
        let parts = check(&translated)?;
        Pattern::new(translated, parts)
    }

    fn new(source: String, parts: usize) -> Result<Self, String> {
        let compiled = match parts {
            0..=SMALL => OnceLock::new(),
            _ => OnceLock::from(Some(compile(&source)?)),
        };
        Ok(Pattern { source, compiled })
    }

    /// Does it match?
    pub fn matches(&self, text: &str) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(text))
    }

    /// The compiled expression.
    pub fn regex(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| compile(&self.source).ok()).as_ref()
    }
}

/// Is it a pattern at all? If so, of how many parts is it made, repetitions written out?
fn check(pattern: &str) -> Result<usize, String> {
    let parsed = regex_syntax::ParserBuilder::new().nest_limit(NEST_LIMIT).build().parse(pattern);
    parsed.map(|hir| parts(&hir)).map_err(|error| cause(&error.to_string()))
}

fn parts(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(Class::Unicode(class)) => class.ranges().len().saturating_mul(4),
        HirKind::Class(Class::Bytes(class)) => class.ranges().len(),
        HirKind::Repetition(repeated) => {
            let times = repeated.max.unwrap_or(repeated.min).max(1) as usize;
            parts(&repeated.sub).saturating_add(1).saturating_mul(times)
        }
        HirKind::Capture(capture) => parts(&capture.sub).saturating_add(2),
        HirKind::Concat(inner) | HirKind::Alternation(inner) => {
            inner.iter().map(parts).fold(inner.len(), usize::saturating_add)
        }
    }
}

fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern)
        .size_limit(SIZE_LIMIT)
        .dfa_size_limit(SIZE_LIMIT)
        .nest_limit(NEST_LIMIT)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(limit) => {
                format!("the regular expression needs more than {limit} bytes when compiled")
            }
            error => cause(&error.to_string()),
        })
}

/// The last line of the crate's message names the cause; the lines before draw it.
fn cause(message: &str) -> String {
    let cause = message.lines().last().unwrap_or_default();
    cause.strip_prefix("error: ").unwrap_or(cause).to_owned()
}

/// Go's notation into that of the `regex` crate.
fn translate(pattern: &str) -> Result<String, String> {
    if pattern.len() > LENGTH_LIMIT {
        return Err(format!("the regular expression is longer than {LENGTH_LIMIT} bytes"));
    }
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    let mut repeated = Repeated::No;
    while let Some(c) = rest.chars().next() {
        repeated = repeated.after(rest)?;
        let used = match c {
            '\\' => escape(rest, &mut out, false)?,
            '[' => class(rest, &mut out)?,
            '(' if rest.starts_with("(?") => {
                check_flags(&rest[2..])?;
                out.push('(');
                1
            }
            '{' if !is_repetition(rest) => {
                out.push_str("\\{");
                1
            }
            '}' if !out.ends_with(|c: char| c.is_ascii_digit() || c == ',') => {
                out.push_str("\\}");
                1
            }
            c => {
                out.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[used..];
    }
    Ok(out)
}

/// Was what stands before repeated? Go refuses to repeat a repetition.
#[derive(Clone, Copy, PartialEq)]
enum Repeated {
    No,
    Once,
    Lazily,
}

impl Repeated {
    fn after(self, text: &str) -> Result<Self, String> {
        let is_operator = text.starts_with(['*', '+', '?']) || text.starts_with('{') && is_repetition(text);
        let repeated = match (self, is_operator) {
            (_, false) => Ok(Repeated::No),
            (Repeated::No, true) => Ok(Repeated::Once),
            (Repeated::Once, true) if text.starts_with('?') => Ok(Repeated::Lazily),
            _ => Err("invalid nested repetition operator".to_owned()),
        }?;
        if text.starts_with('{') {
            within_limit(text)?;
        }
        Ok(repeated)
    }
}

/// `{2}`, `{2,}` or `{2,3}` at the start.
fn is_repetition(text: &str) -> bool {
    let Some(end) = text.find('}') else { return false };
    let (low, high) = text[1..end].split_once(',').unwrap_or((&text[1..end], ""));
    !low.is_empty() && low.bytes().chain(high.bytes()).all(|b| b.is_ascii_digit())
}

/// Go repeats nothing more often than a thousand times.
const REPEATED: u32 = 1_000;

fn within_limit(text: &str) -> Result<(), String> {
    if !is_repetition(text) {
        return Ok(());
    }
    let inside = &text[1..text.find('}').unwrap_or(text.len())];
    let too_often =
        |count: &str| !count.is_empty() && count.parse::<u32>().map_or(true, |count| count > REPEATED);
    if inside.split(',').any(too_often) {
        return Err(format!("invalid repeat count: {{{inside}}}"));
    }
    Ok(())
}

/// What follows `(?`: the start of a name, or flags that Go knows.
fn check_flags(text: &str) -> Result<(), String> {
    if text.starts_with("P<") || text.starts_with('<') && !text.starts_with("<=") && !text.starts_with("<!") {
        return Ok(());
    }
    let end = text.find([':', ')']).unwrap_or(text.len());
    let flags = &text[..end];
    if flags.chars().all(|c| matches!(c, 'i' | 'm' | 's' | 'U' | '-')) && flags.matches('-').count() < 2 {
        return Ok(());
    }
    Err(format!("invalid or unsupported Perl syntax: `(?{}`", flags.chars().take(8).collect::<String>()))
}

/// A class of Unicode, `\pL`, `\p{Greek}` or `\p{^L}`; gives the bytes used.
fn unicode_class(text: &str, out: &mut String) -> Result<usize, String> {
    let negated = text.starts_with("\\P");
    let Some(rest) = text[2..].strip_prefix('{') else {
        let c = text[2..].chars().next().ok_or_else(|| "invalid character class range: `\\p`".to_owned())?;
        out.push_str(if negated { "\\P" } else { "\\p" });
        out.push(c);
        return Ok(2 + c.len_utf8());
    };
    let end = rest.find('}').ok_or_else(|| format!("invalid character class range: `{text}`"))?;
    let (name, inverted) = match rest[..end].strip_prefix('^') {
        Some(name) => (name, true),
        None => (&rest[..end], false),
    };
    out.push_str(if negated == inverted { "\\p{" } else { "\\P{" });
    // Go has the category of everything under this name.
    out.push_str(name);
    out.push('}');
    Ok(3 + end + 1)
}

/// A character by its number, `\x41`, `\x{1F600}` or `\101`; gives the bytes used, `None` if it is none.
fn numbered(text: &str, out: &mut String) -> Option<usize> {
    let rest = &text[1..];
    let (digits, radix, used) = if let Some(braced) = rest.strip_prefix("x{") {
        let end = braced.find('}')?;
        (&braced[..end], 16, 1 + 2 + end + 1)
    } else if let Some(hex) = rest.strip_prefix('x') {
        (hex.get(..2)?, 16, 4)
    } else {
        let length = rest.bytes().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
        // A digit alone refers back to a group, which RE2 does not do.
        if length == 0 || length == 1 && !rest.starts_with('0') {
            return None;
        }
        (&rest[..length], 8, 1 + length)
    };
    let number =
        u32::from_str_radix(digits, radix).ok().filter(|number| char::from_u32(*number).is_some())?;
    out.push_str(&format!("\\x{{{number:x}}}"));
    Some(used)
}

/// A backslash and what follows; gives the bytes used.
fn escape(text: &str, out: &mut String, in_class: bool) -> Result<usize, String> {
    let Some(c) = text[1..].chars().next() else {
        return Err("trailing backslash at end of expression".to_owned());
    };
    let used = 1 + c.len_utf8();
    match (c, in_class) {
        ('d', false) => out.push_str("[0-9]"),
        ('d', true) => out.push_str("0-9"),
        ('D', _) => out.push_str("[^0-9]"),
        ('w', false) => out.push_str("[0-9A-Za-z_]"),
        ('w', true) => out.push_str("0-9A-Za-z_"),
        ('W', _) => out.push_str("[^0-9A-Za-z_]"),
        ('s', false) => out.push_str(r"[\t\n\x0c\r ]"),
        ('s', true) => out.push_str(r"\t\n\x0c\r "),
        ('S', _) => out.push_str(r"[^\t\n\x0c\r ]"),
        ('b', false) => out.push_str(r"(?-u:\b)"),
        // Where not both sides are ASCII letters; the crate wants to know that no character is split.
        ('B', false) => out.push_str(r"\B"),
        ('Q', false) => {
            let quoted = &text[2..];
            let end = quoted.find(r"\E").unwrap_or(quoted.len());
            out.push_str(&regex::escape(&quoted[..end]));
            return Ok((2 + end + 2).min(text.len()));
        }
        ('p' | 'P', _) => return unicode_class(text, out),
        ('x' | '0'..='9', _) => {
            return numbered(text, out).ok_or_else(|| format!("invalid escape sequence: `\\{c}`"));
        }
        (c, _) if c.is_ascii_punctuation() => {
            // Not a backslash, which makes `\<` the start of a word.
            out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
        }
        ('a' | 'f' | 'n' | 'r' | 't' | 'v', _) | ('A' | 'z', false) => {
            out.push('\\');
            out.push(c);
        }
        (c, _) => return Err(format!("invalid escape sequence: `\\{c}`")),
    }
    Ok(used)
}

/// A class and its brackets; gives the bytes used.
fn class(text: &str, out: &mut String) -> Result<usize, String> {
    let mut at = 1;
    out.push('[');
    if text[at..].starts_with('^') {
        out.push('^');
        at += 1;
    }
    // The first bracket stands for itself.
    if text[at..].starts_with(']') {
        out.push_str("\\]");
        at += 1;
    }
    while let Some(c) = text[at..].chars().next() {
        match c {
            ']' => {
                out.push(']');
                return Ok(at + 1);
            }
            '\\' => at += escape(&text[at..], out, true)?,
            '[' if text[at..].starts_with("[:") && text[at..].contains(":]") => {
                let end = text[at..].find(":]").map_or(text.len(), |end| at + end + 2);
                out.push_str(&text[at..end]);
                at = end;
            }
            '[' | '&' | '~' => {
                out.push('\\');
                out.push(c);
                at += 1;
            }
            // A doubled hyphen would be a difference of sets.
            '-' if text[at..].starts_with("--") => {
                out.push_str("\\-");
                at += 1;
            }
            c => {
                out.push(c);
                at += c.len_utf8();
            }
        }
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_go() {
        for (pattern, text, expected) in [
            ("a.b", "a\nb", true),
            (r"\p{L}+", "Kö", true),
            (r"\p{Greek}", "λ", true),
            (r"\p{^L}", "1", true),
            (r"\P{^L}", "a", true),
            (r"\pN", "7", true),
            (r"[\p{L}_]+", "é_", true),
            (r"\x{4b}", "K", true),
            (r"\x4b", "K", true),
            (r"\141", "a", true),
            (r"(?i:k)(?P<x>b)", "Kb", true),
            (r"a{1000}", "a", false),
            ("a|b", "ab", false),
            ("", "", true),
            (r"\d+", "٣", false),
            (r"\d+", "3", true),
            (r"[\d]", "7", true),
            ("(?i:PRO).*", "production", true),
            ("{", "{", true),
            ("a{,2}", "a{,2}", true),
            ("a{2}", "aa", true),
            ("[[]", "[", true),
            ("[a&&b]", "&", true),
            ("[[:alpha:]]+", "ab", true),
            (r"\Qa.b\E+", "a.bb", true),
            (r"a\-b\_c", "a-b_c", true),
            (r"\<x\>", "<x>", true),
            ("}", "}", true),
            (r"a\{b", "a{b", true),
            (r"\w+\b.*", "é", false),
            ("[]a]", "]", true),
        ] {
            let compiled = Pattern::anchored(pattern).expect(pattern);
            assert_eq!(compiled.matches(text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn what_is_no_pattern_or_too_large_is_refused() {
        for pattern in [
            "(",
            ")",
            ")(",
            "*",
            "a**",
            "[",
            r"\",
            "(?P<",
            "((a{1000}){1000}){1000}",
            r"\p{Nope}",
            "K{1001}",
            "a{2,1001}",
            "(?x) a",
            "(?=a)",
            r"\u0061",
            r"\1",
            r"\x{110000}",
            r"\C",
        ] {
            assert!(Pattern::anchored(pattern).is_err(), "{pattern}");
        }
        assert!(Pattern::anchored(&"a".repeat(100_000)).is_err());
        assert!(Pattern::anchored(&"(".repeat(10_000)).is_err());
    }

    #[test]
    fn what_is_compiled_later_can_be_compiled() {
        for pattern in
            ["a", "", "x{1000}", r"(\pL|é){3}", "(?i)abc|def", "[^a-z]{40}", "(((a?)?)?)?", r"\pL{30}"]
        {
            let pattern = Pattern::anchored(pattern).expect(pattern);
            assert!(pattern.regex().is_some(), "{pattern:?}");
        }
        let whole = |text: &str| check(&translate(text).expect(text)).expect(text);
        for (pattern, least) in [("a{1000}", 1000), ("(a{100}){100}", 10_000), ("((a{99}){99}){99}", 970_299)]
        {
            assert!(whole(pattern) >= least, "{pattern}: {}", whole(pattern));
        }
    }
}
