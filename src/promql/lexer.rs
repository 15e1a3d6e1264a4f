//! Text into tokens, each with its bytes.

use std::fmt::Write as _;

use super::ParseError;
use super::ast::Span;

/// The smallest parts of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A name, a keyword or a word operator, as it is written.
    Word(String),
    /// A number.
    Number(f64),
    /// A duration, in milliseconds.
    Duration(i64),
    /// A text, its escapes resolved.
    Text(String),
    /// A text whose escapes give bytes that are no UTF-8: once with these replaced, once with them as escapes.
    Damaged(String, String),
    /// Everything else.
    Sign(&'static str),
    /// The end of the source.
    End,
}

/// A text with what is no UTF-8 in it as escapes.
fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        // Writing to a string does not fail.
        chunk.invalid().iter().for_each(|byte| _ = write!(text, "\\x{byte:02x}"));
    }
    text
}

impl Token {
    /// As it is called in messages.
    pub(super) fn describe(&self) -> String {
        match self {
            Token::Word(word) => format!("{word:?}"),
            Token::Number(number) => format!("number {number}"),
            Token::Duration(ms) => format!("duration {}", super::display::Millis(*ms)),
            Token::Text(text) | Token::Damaged(text, _) => format!("string {text:?}"),
            Token::Sign(sign) => format!("{sign:?}"),
            Token::End => "end of input".to_owned(),
        }
    }
}

/// Longer signs first, so that the first that fits is the right one.
const SIGNS: [&str; 26] = [
    "==", "!=", "=~", "!~", "<=", ">=", "</", ">/", "(", ")", "{", "}", "[", "]", ",", "=", "<", ">", "+",
    "-", "*", "/", "%", "^", "@", ":",
];

/// All tokens of a source; the last one is [`Token::End`].
pub(super) fn tokens(source: &str) -> Result<Vec<(Token, Span)>, ParseError> {
    let mut lexer = Lexer { source, at: 0, in_range: false };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_blanks();
        let start = lexer.at;
        let token = lexer.token()?;
        let end = token == Token::End;
        tokens.push((token, Span { start, end: lexer.at }));
        if end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    /// Between `[` and `]` a colon separates; elsewhere it is part of a name.
    in_range: bool,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.source[self.at..]
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.source.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    fn error<T>(&self, start: usize, message: impl Into<String>) -> Result<T, ParseError> {
        let end = self.at.max(start + 1).min(self.source.len()).max(start);
        Err(ParseError { message: message.into(), span: start..end, hint: None })
    }

    fn skip_blanks(&mut self) {
        loop {
            match self.peek(0) {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                b'#' => self.at += self.rest().find('\n').unwrap_or(self.rest().len()),
                _ => return,
            }
        }
    }

    fn token(&mut self) -> Result<Token, ParseError> {
        let Some(first) = self.rest().chars().next() else { return Ok(Token::End) };
        match first {
            '0'..='9' => self.number(),
            '.' if self.peek(1).is_ascii_digit() => self.number(),
            'a'..='z' | 'A'..='Z' | '_' => Ok(self.word()),
            ':' if !self.in_range && is_word(self.peek(1)) => Ok(self.word()),
            '"' | '\'' => self.quoted(first as u8),
            '`' => self.raw(),
            _ => {
                let Some(&sign) = SIGNS.iter().find(|&&sign| self.rest().starts_with(sign)) else {
                    return self.error(self.at, format!("unexpected character {first:?}"));
                };
                self.at += sign.len();
                match sign {
                    "[" => self.in_range = true,
                    "]" => self.in_range = false,
                    _ => {}
                }
                Ok(Token::Sign(sign))
            }
        }
    }

    fn word(&mut self) -> Token {
        let in_range = self.in_range;
        let length = self.rest().bytes().take_while(|&b| is_word(b) && !(in_range && b == b':')).count();
        let word = self.rest()[..length].to_owned();
        self.at += length;
        Token::Word(word)
    }

    /// A number (`1`, `.5`, `1e3`, `0x1f`, `017`) or a duration (`1h30m`).
    fn number(&mut self) -> Result<Token, ParseError> {
        let start = self.at;
        let bytes = self.rest().as_bytes();
        let part = |b: &&u8| b.is_ascii_alphanumeric() || matches!(**b, b'.' | b'_');
        let mut length = bytes.iter().take_while(part).count();
        // A sign belongs to the number after a decimal exponent only.
        let hex = bytes.starts_with(b"0x") || bytes.starts_with(b"0X");
        if !hex && matches!(bytes[length - 1], b'e' | b'E') && matches!(bytes.get(length), Some(b'+' | b'-'))
        {
            let digits = bytes[length + 1..].iter().take_while(part).count();
            length += 1 + digits;
        }
        let text = &self.source[start..start + length];
        self.at += length;
        if let Some(number) = parse_number(text) {
            return Ok(Token::Number(number));
        }
        match parse_duration(text) {
            Some(Ok(ms)) => Ok(Token::Duration(ms)),
            Some(Err(())) => self.error(start, format!("duration {text:?} is out of range")),
            None => self.error(start, format!("bad number or duration syntax: {text:?}")),
        }
    }

    fn raw(&mut self) -> Result<Token, ParseError> {
        let start = self.at;
        let Some(length) = self.rest()[1..].find('`') else {
            self.at = self.source.len();
            return self.error(start, "unterminated raw string");
        };
        let text = self.rest()[1..=length].to_owned();
        self.at += length + 2;
        Ok(Token::Text(text))
    }

    /// Text in quotes, with the escapes of Go.
    fn quoted(&mut self, quote: u8) -> Result<Token, ParseError> {
        let start = self.at;
        self.at += 1;
        let mut text = Vec::new();
        loop {
            let b = self.peek(0);
            if self.at >= self.source.len() || b == b'\n' {
                return self.error(start, "unterminated quoted string");
            }
            self.at += 1;
            if b == quote {
                break;
            }
            if b == b'\\' {
                self.escape(quote, &mut text)?;
            } else {
                text.push(b);
            }
        }
        Ok(match String::from_utf8(text) {
            Ok(text) => Token::Text(text),
            Err(error) => {
                let bytes = error.as_bytes();
                Token::Damaged(String::from_utf8_lossy(bytes).into_owned(), escaped(bytes))
            }
        })
    }

    fn escape(&mut self, quote: u8, text: &mut Vec<u8>) -> Result<(), ParseError> {
        let start = self.at - 1;
        let b = self.peek(0);
        if !b.is_ascii() || self.at >= self.source.len() {
            return self.error(start, "unknown escape sequence");
        }
        self.at += 1;
        let (digits, radix) = match b {
            b'a' => {
                return {
                    text.push(7);
                    Ok(())
                };
            }
            b'b' => {
                return {
                    text.push(8);
                    Ok(())
                };
            }
            b'f' => {
                return {
                    text.push(12);
                    Ok(())
                };
            }
            b'n' => {
                return {
                    text.push(b'\n');
                    Ok(())
                };
            }
            b'r' => {
                return {
                    text.push(b'\r');
                    Ok(())
                };
            }
            b't' => {
                return {
                    text.push(b'\t');
                    Ok(())
                };
            }
            b'v' => {
                return {
                    text.push(11);
                    Ok(())
                };
            }
            b'\\' => {
                return {
                    text.push(b'\\');
                    Ok(())
                };
            }
            b if b == quote => {
                return {
                    text.push(b);
                    Ok(())
                };
            }
            b'0'..=b'7' => {
                self.at -= 1;
                (3, 8)
            }
            b'x' => (2, 16),
            b'u' => (4, 16),
            b'U' => (8, 16),
            _ => return self.error(start, format!("unknown escape sequence \\{}", char::from(b))),
        };
        let written = self.source.as_bytes().get(self.at..self.at + digits).unwrap_or_default();
        let code = std::str::from_utf8(written)
            .ok()
            .filter(|written| written.len() == digits && written.chars().all(|c| c.is_digit(radix)))
            .and_then(|written| u32::from_str_radix(written, radix).ok());
        let Some(code) = code else {
            return self.error(start, "illegal character in escape sequence");
        };
        self.at += digits;
        if matches!(b, b'u' | b'U') {
            let Some(c) = char::from_u32(code) else {
                return self.error(start, "escape sequence is an invalid Unicode code point");
            };
            text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            return Ok(());
        }
        match u8::try_from(code) {
            Ok(byte) => text.push(byte),
            Err(_) => return self.error(start, "escape sequence is out of range"),
        }
        Ok(())
    }
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b == b':'
}

/// A number as Go reads one in any base, or else as a float. Underscores may stand between digits.
pub(super) fn parse_number(text: &str) -> Option<f64> {
    if text.contains('_') {
        return separated(text).and_then(|digits| parse_number(&digits));
    }
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        return Some(u64::from_str_radix(digits, 16).ok()? as f64);
    }
    if text.len() > 1 && text.starts_with('0') && text.bytes().all(|b| matches!(b, b'0'..=b'7')) {
        return i64::from_str_radix(text, 8).ok().map(|number| number as f64);
    }
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    if plain { text.parse().ok() } else { None }
}

/// The number without its underscores, if each of them stands between two digits (or after the `0x`).
fn separated(text: &str) -> Option<String> {
    let hex = text.starts_with("0x") || text.starts_with("0X");
    let bytes = text.as_bytes();
    let is_digit =
        |b: Option<&u8>| b.is_some_and(|b| if hex { b.is_ascii_hexdigit() } else { b.is_ascii_digit() });
    let placed = |at: usize| {
        let after_prefix = hex && at == 2;
        (after_prefix || at > 0 && is_digit(bytes.get(at - 1))) && is_digit(bytes.get(at + 1))
    };
    let placed = bytes.iter().enumerate().filter(|(_, b)| **b == b'_').all(|(at, _)| placed(at));
    placed.then(|| text.replace('_', ""))
}

/// `1h30m` in milliseconds; `Some(Err)` if it is too long, `None` if it is no duration.
pub(super) fn parse_duration(text: &str) -> Option<Result<i64, ()>> {
    const UNITS: [(&str, i64); 7] = [
        ("y", 365 * 86_400_000),
        ("w", 7 * 86_400_000),
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
        ("ms", 1),
    ];
    let mut rest = text;
    let mut next_unit = 0;
    let mut total = Some(0i64);
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let unit = rest[digits..].bytes().take_while(u8::is_ascii_alphabetic).count();
        let name = &rest[digits..digits + unit];
        let place = UNITS.iter().position(|(known, _)| *known == name)?;
        if digits == 0 || place < next_unit {
            return None;
        }
        next_unit = place + 1;
        let number = rest[..digits].parse::<i64>().ok();
        total = total
            .zip(number)
            .and_then(|(total, number)| total.checked_add(number.checked_mul(UNITS[place].1)?));
        rest = &rest[digits + unit..];
    }
    if text.is_empty() {
        return None;
    }
    // Prometheus keeps durations as nanoseconds in 64 bits.
    Some(total.filter(|ms| ms.checked_mul(1_000_000).is_some()).ok_or(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_durations() {
        for (text, expected) in [
            ("12.34e6", Token::Number(12.34e6)),
            ("12.34e-6", Token::Number(12.34e-6)),
            ("2.", Token::Number(2.0)),
            (".2", Token::Number(0.2)),
            ("0x1F", Token::Number(31.0)),
            ("0755", Token::Number(493.0)),
            ("089", Token::Number(89.0)),
            ("1_000", Token::Number(1000.0)),
            ("1_0.2_5e1_0", Token::Number(10.25e10)),
            ("0x_1_F", Token::Number(31.0)),
            ("0_17", Token::Number(15.0)),
            ("1h30m", Token::Duration(5_400_000)),
            ("1y2w3d4h5m6s7ms", Token::Duration(31_536_000_000 + 1_209_600_000 + 273_906_007)),
            ("5ms", Token::Duration(5)),
        ] {
            assert_eq!(tokens(text).expect(text)[0].0, expected, "{text}");
        }
        for text in [
            "1m1h", "5mm", "1.5h", "300y", "1__0", "1_", "1_.5", "1._5", "1e_5", "1_h", "1_0m", "0xg", "1e",
            "5m3", "1..2", "1m1m",
        ] {
            assert!(tokens(text).is_err(), "{text}");
        }
    }

    #[test]
    fn texts() {
        for (text, expected) in [
            (r#""a\"b\n\x41\u00e9\101""#, "a\"b\nAéA"),
            (r"'it''", "it"),
            ("`a\\n\nb`", "a\\n\nb"),
            (r"'\'\t'", "'\t"),
        ] {
            assert_eq!(
                tokens(text).unwrap_or_default().first().map(|(token, _)| token.clone()),
                (text != "'it''").then(|| Token::Text(expected.to_owned())),
                "{text}"
            );
        }
        for text in ["\"", "'a\nb'", "`", r#""\q""#, r#""\'""#, r#""\ud800""#, "\"\\", "\"\\é\""] {
            assert!(tokens(text).is_err(), "{text}");
        }
    }

    #[test]
    fn colons_are_part_of_names_outside_of_ranges_only() {
        let kinds = |text: &str| -> Vec<Token> {
            tokens(text).expect(text).into_iter().map(|(token, _)| token).collect()
        };
        assert_eq!(kinds("job:up:sum # why\n"), [Token::Word("job:up:sum".into()), Token::End]);
        assert_eq!(
            kinds("[5m:step()]")[1..4],
            [Token::Duration(300_000), Token::Sign(":"), Token::Word("step".into())]
        );
    }
}
