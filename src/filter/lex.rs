//! Splits a condition into tokens, each with its place, and says what to write instead of what is no token.

use std::ops::Range;

use super::expr::{Literal, Name};
use crate::model::value::parse_number;
use crate::model::{Error, Unit, Value, unit};

/// A token and its bytes in the source.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A name, a keyword or a bare word; only unquoted and without a leading dot can it be a keyword.
    Word(Name, bool),
    /// A number, string, duration or size.
    Literal(Literal),
    /// `==`, `(`, `,` and the like.
    Sign(&'static str),
    /// After the last token.
    End,
}

impl Kind {
    /// Is it this keyword?
    pub(super) fn is_keyword(&self, keyword: &str) -> bool {
        matches!(self, Kind::Word(name, false) if !name.raw && name.path == keyword)
    }
}

/// Signs of the language, longer ones before their beginnings.
const SIGNS: [&str; 13] = ["==", "!=", "<=", ">=", "=~", "!~", "<", ">", "(", ")", "[", "]", ","];

/// What people write in other languages, and what it is called here.
const FOREIGN: [(&str, &str); 14] = [
    ("===", "write `==`"),
    ("<>", "write `!=`"),
    ("~=", "write `=~`"),
    ("&&", "write `and`"),
    ("||", "write `or`"),
    ("&", "write `and`"),
    ("|", "write `or`"),
    ("=", "write `==` to compare"),
    ("~", "write `=~` to match a regular expression"),
    ("!", "write `not`"),
    ("“", "use straight quotes: \"…\""),
    ("”", "use straight quotes: \"…\""),
    ("’", "use straight quotes: '…'"),
    ("{", "a list is written in square brackets: [\"a\", \"b\"]"),
];

/// The tokens of `source`, the last of them [`Kind::End`].
pub(super) fn tokens(source: &str) -> Result<Vec<Token>, Error> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        at += source[at..].len() - source[at..].trim_start().len();
        let Some(first) = source[at..].chars().next() else { break };
        let (kind, end) = match first {
            '"' | '\'' => string(source, at, first)?,
            '`' => name(source, at)?,
            '.' if source[at + 1..].starts_with(|c: char| starts_name(c) || c == '`') => name(source, at)?,
            c if starts_name(c) => name(source, at)?,
            '0'..='9' | '-' | '+' | '.' => number(source, at)?,
            _ => sign(source, at, first)?,
        };
        tokens.push(Token { kind, span: at..end });
        at = end;
    }
    tokens.push(Token { kind: Kind::End, span: source.len()..source.len() });
    Ok(tokens)
}

/// Can a name start with this?
pub(super) fn starts_name(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '_' | '@' | '$')
}

/// Can a name go on with this?
pub(super) fn continues_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '@' | '$' | '-' | '/')
}

fn sign(source: &str, at: usize, first: char) -> Result<(Kind, usize), Error> {
    let rest = &source[at..];
    let known = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
    let foreign = FOREIGN.into_iter().find(|(sign, _)| rest.starts_with(sign));
    match (known, foreign) {
        // `===` and `<>` begin like a sign of the language.
        (Some(sign), None) => Ok((Kind::Sign(sign), at + sign.len())),
        (Some(sign), Some((wrong, _))) if sign.len() >= wrong.len() => {
            Ok((Kind::Sign(sign), at + sign.len()))
        }
        (_, Some((wrong, hint))) => {
            let error = Error::usage(format!("`{wrong}` is not part of a condition"));
            Err(error.at(source, at..at + wrong.len()).hinted(hint))
        }
        (None, None) => Err(Error::usage(format!("`{}` is not part of a condition", first.escape_debug()))
            .at(source, at..at + first.len_utf8())
            .hinted("a name with odd characters is written in backticks: `odd name`")),
    }
}

/// A name: components with dots between them, each plain or in backticks, after a dot if it is raw.
fn name(source: &str, start: usize) -> Result<(Kind, usize), Error> {
    let mut at = start;
    let raw = source[at..].starts_with('.');
    if raw {
        at += 1;
    }
    let (mut path, mut quoted) = (String::new(), false);
    loop {
        if source[at..].starts_with('`') {
            quoted = true;
            at = backticks(source, at, &mut path)?;
        } else {
            let rest = &source[at..];
            let len = rest.find(|c| !continues_name(c)).unwrap_or(rest.len());
            path.push_str(&rest[..len]);
            at += len;
        }
        let more = source[at..]
            .strip_prefix('.')
            .is_some_and(|rest| rest.starts_with(|c: char| continues_name(c) || c == '`'));
        if !more {
            break;
        }
        path.push('.');
        at += 1;
    }
    if path.is_empty() {
        let error = Error::usage("this name is empty").at(source, start..at);
        return Err(error.hinted("write a field's name between the backticks"));
    }
    Ok((Kind::Word(Name::new(raw, path), quoted), at))
}

/// Reads from a backtick to its partner into `path`; a doubled backtick stands for one.
fn backticks(source: &str, start: usize, path: &mut String) -> Result<usize, Error> {
    let mut at = start + 1;
    while let Some(len) = source[at..].find('`') {
        path.push_str(&source[at..at + len]);
        at += len + 1;
        if !source[at..].starts_with('`') {
            return Ok(at);
        }
        path.push('`');
        at += 1;
    }
    Err(Error::usage("this backtick has no partner")
        .at(source, start..source.len())
        .hinted("close the name with a second backtick"))
}

/// A string in `quote`s. Unknown escapes stay as they are, so that a regular expression needs no doubled
/// backslashes: `"\d+"`.
fn string(source: &str, start: usize, quote: char) -> Result<(Kind, usize), Error> {
    let mut text = String::new();
    let mut chars = source[start + 1..].char_indices();
    while let Some((offset, c)) = chars.next() {
        let at = start + 1 + offset;
        if c == quote {
            return Ok((Kind::Literal(Literal::text(text)), at + 1));
        }
        if c != '\\' {
            text.push(c);
            continue;
        }
        let (meant, used) = escape(&source[at..]);
        match meant {
            Some(meant) => text.push(meant),
            None => text.push_str(&source[at..at + used]),
        }
        while chars.offset() + start + 1 < at + used && chars.next().is_some() {}
    }
    Err(Error::usage("this string does not end")
        .at(source, start..source.len())
        .hinted(format!("close it with {quote}; a quote inside is written \\{quote}")))
}

/// The character that the escape at the start of `text` means, if it is one, and the bytes it takes.
fn escape(text: &str) -> (Option<char>, usize) {
    let Some(next) = text[1..].chars().next() else { return (None, 1) };
    let meant = match next {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        '\\' | '"' | '\'' => next,
        'u' => {
            let hex = text[2..].strip_prefix('{').and_then(|rest| rest.split_once('}'));
            let meant = hex
                .filter(|(digits, _)| digits.len() <= 6)
                .and_then(|(digits, _)| u32::from_str_radix(digits, 16).ok().and_then(char::from_u32));
            return match (meant, hex) {
                (Some(c), Some((digits, _))) => (Some(c), digits.len() + 4),
                _ => (None, 2),
            };
        }
        _ => return (None, 1 + next.len_utf8()),
    };
    (Some(meant), 2)
}

/// A number, or a number with a unit.
fn number(source: &str, start: usize) -> Result<(Kind, usize), Error> {
    let rest = &source[start..];
    let mut end = 1;
    let mut before = rest.chars().next().unwrap_or('0');
    for c in rest[1..].chars() {
        let exponent_sign = matches!(c, '+' | '-') && matches!(before, 'e' | 'E');
        if !(c.is_alphanumeric() || c == '.' || c == '_' || exponent_sign) {
            break;
        }
        end += c.len_utf8();
        before = c;
    }
    let word = &rest[..end];
    let literal = if parse_number(word.as_bytes()).is_some_and(f64::is_finite) {
        Literal::number(word)
    } else if let Some(ms) = Value::plain(word.as_bytes()).millis(Unit::Millis) {
        Literal::duration(word, ms)
    } else if let Some(bytes) = unit::parse_size(word) {
        Literal::size(word, bytes)
    } else {
        return Err(Error::usage(format!("`{word}` is neither a number nor a duration nor a size"))
            .at(source, start..start + end)
            .hinted("write 250, 0.5, 500ms, 2s, 1h30m or 10KiB; anything else goes in quotes"));
    };
    Ok((Kind::Literal(literal), start + end))
}
