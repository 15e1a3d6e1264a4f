//! Templates as tokens: text outside, and inside `{{ }}` the words of Go's template language.

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// Text outside of actions.
    Text(String),
    /// `{{`.
    Open,
    /// `}}`.
    Close,
    /// White space inside an action; it separates operands.
    Space,
    /// `.`.
    Dot,
    /// `.name`.
    Field(String),
    /// `$` or `$name`.
    Variable(String),
    /// A function or a keyword.
    Word(String),
    /// A number as it was written.
    Number(String),
    /// The text of a string.
    Quoted(String),
    /// The code point of `'c'`.
    Char(i64),
    /// `|`.
    Pipe,
    /// `:=`.
    Declare,
    /// `=`.
    Assign,
    /// `,`.
    Comma,
    /// `(`.
    LeftParen,
    /// `)`.
    RightParen,
}

/// A token and the byte of the template where it starts.
pub(super) type Located = (Token, usize);

/// What is wrong, and at which byte.
pub(super) type LexError = (String, usize);

/// Cuts a template into tokens.
pub(super) fn lex(source: &str) -> Result<Vec<Located>, LexError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    let mut trim = false;
    while at < source.len() {
        let open = source[at..].find("{{").map_or(source.len(), |found| at + found);
        let mut text = &source[at..open];
        if trim {
            text = text.trim_start_matches(WHITE);
        }
        let trimmed_left = source[open..].starts_with("{{-") && starts_white(&source[open + 3..]);
        if trimmed_left {
            text = text.trim_end_matches(WHITE);
        }
        if !text.is_empty() {
            tokens.push((Token::Text(text.to_owned()), at));
        }
        if open == source.len() {
            break;
        }
        let inside = open + if trimmed_left { 3 } else { 2 };
        let body = source[inside..].trim_start_matches(if trimmed_left { &WHITE[..] } else { &[][..] });
        if body.starts_with("/*") {
            (at, trim) = comment(source, source.len() - body.len())?;
        } else {
            tokens.push((Token::Open, open));
            (at, trim) = action(source, inside, &mut tokens)?;
        }
    }
    Ok(tokens)
}

const WHITE: [char; 4] = [' ', '\t', '\r', '\n'];

fn starts_white(text: &str) -> bool {
    text.starts_with(WHITE)
}

/// Skips a comment that starts at `at`; gives where the text goes on, and whether white space is to be trimmed.
fn comment(source: &str, at: usize) -> Result<(usize, bool), LexError> {
    let end = source[at..].find("*/").ok_or_else(|| ("unclosed comment".to_owned(), at))? + at + 2;
    let rest = &source[end..];
    if rest.starts_with("}}") {
        Ok((end + 2, false))
    } else if starts_white(rest) && rest.trim_start_matches(WHITE).starts_with("-}}") {
        let spaces = rest.len() - rest.trim_start_matches(WHITE).len();
        Ok((end + spaces + 3, true))
    } else {
        Err(("comment ends before closing delimiter".to_owned(), at))
    }
}

/// The tokens of an action up to and including its `}}`.
fn action(source: &str, mut at: usize, tokens: &mut Vec<Located>) -> Result<(usize, bool), LexError> {
    let open = at;
    let mut parens = 0_usize;
    loop {
        let rest = &source[at..];
        let Some(first) = rest.chars().next() else {
            return Err(("unclosed action".to_owned(), open));
        };
        let closing = if starts_white(rest) && rest.trim_start_matches(WHITE).starts_with("-}}") {
            Some((rest.len() - rest.trim_start_matches(WHITE).len() + 3, true))
        } else if rest.starts_with("}}") {
            Some((2, false))
        } else {
            None
        };
        if let Some((length, trim)) = closing {
            if parens > 0 {
                return Err(("unclosed left paren".to_owned(), at));
            }
            tokens.push((Token::Close, at));
            return Ok((at + length, trim));
        }
        let (token, length) = match first {
            c if WHITE.contains(&c) => (Token::Space, rest.len() - rest.trim_start_matches(WHITE).len()),
            '|' => (Token::Pipe, 1),
            ',' => (Token::Comma, 1),
            '=' => (Token::Assign, 1),
            ':' if rest.starts_with(":=") => (Token::Declare, 2),
            ':' => return Err(("expected :=".to_owned(), at)),
            '(' => {
                parens += 1;
                (Token::LeftParen, 1)
            }
            ')' => {
                parens = parens.checked_sub(1).ok_or_else(|| ("unexpected right paren".to_owned(), at))?;
                (Token::RightParen, 1)
            }
            '"' => quoted(rest).map_err(|message| (message, at))?,
            '`' => {
                let end =
                    rest[1..].find('`').ok_or_else(|| ("unterminated raw quoted string".to_owned(), at))?;
                (Token::Quoted(rest[1..=end].to_owned()), end + 2)
            }
            '\'' => character(rest).map_err(|message| (message, at))?,
            '.' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => number(rest, at)?,
            '.' => match word_length(&rest[1..]) {
                0 => (Token::Dot, 1),
                length => (Token::Field(rest[1..=length].to_owned()), length + 1),
            },
            '$' => {
                let length = word_length(&rest[1..]) + 1;
                (Token::Variable(rest[..length].to_owned()), length)
            }
            '0'..='9' | '+' | '-' => number(rest, at)?,
            c if c.is_alphabetic() || c == '_' => {
                let length = word_length(rest);
                (Token::Word(rest[..length].to_owned()), length)
            }
            c => return Err((format!("unexpected {c:?} in action"), at)),
        };
        let ends = matches!(token, Token::Field(_) | Token::Variable(_) | Token::Word(_));
        tokens.push((token, at));
        at += length;
        if ends && !ends_word(&source[at..]) {
            let next = source[at..].chars().next().unwrap_or(' ');
            return Err((format!("bad character {next:?} in action"), at));
        }
    }
}

/// What may follow a name.
fn ends_word(rest: &str) -> bool {
    rest.is_empty()
        || rest.starts_with("}}")
        || rest.starts_with([' ', '\t', '\r', '\n', '.', ',', '|', ':', ')', '(', '='])
}

fn word_length(text: &str) -> usize {
    text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len())
}

fn number(rest: &str, at: usize) -> Result<(Token, usize), LexError> {
    let mut length = rest.len() - rest.trim_start_matches(['+', '-']).len();
    let bytes = rest.as_bytes();
    while let Some(&byte) = bytes.get(length) {
        let exponent_sign = matches!(byte, b'+' | b'-')
            && length > 0
            && matches!(bytes[length - 1], b'e' | b'E' | b'p' | b'P')
            && !rest.trim_start_matches(['+', '-']).starts_with("0x");
        if !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_') || exponent_sign) {
            break;
        }
        length += 1;
    }
    let text = &rest[..length];
    if length > 1 + usize::from(text.starts_with(['+', '-'])) || text.ends_with(|c: char| c.is_ascii_digit())
    {
        Ok((Token::Number(text.to_owned()), length))
    } else {
        Err((format!("bad number syntax: {text:?}"), at))
    }
}

/// A string in double quotes at the start of `rest`, and its length.
fn quoted(rest: &str) -> Result<(Token, usize), String> {
    let mut text = String::new();
    let mut bytes: Vec<u8> = Vec::new();
    let mut at = 1;
    loop {
        let c = rest[at..].chars().next().ok_or("unterminated quoted string")?;
        match c {
            '"' => break,
            '\n' => return Err("unterminated quoted string".to_owned()),
            '\\' => {
                let (unescaped, length) = escape(&rest[at..])?;
                match unescaped {
                    Escaped::Char(c) => bytes.extend(c.encode_utf8(&mut [0; 4]).bytes()),
                    Escaped::Byte(b) => bytes.push(b),
                }
                at += length;
            }
            c => {
                bytes.extend(c.encode_utf8(&mut [0; 4]).bytes());
                at += c.len_utf8();
            }
        }
    }
    text.push_str(&String::from_utf8_lossy(&bytes));
    Ok((Token::Quoted(text), at + 1))
}

fn character(rest: &str) -> Result<(Token, usize), String> {
    let bad = || "unterminated character constant".to_owned();
    let (value, length) = match rest[1..].chars().next().ok_or_else(bad)? {
        '\\' => match escape(&rest[1..])? {
            (Escaped::Char(c), length) => (i64::from(u32::from(c)), length),
            (Escaped::Byte(b), length) => (i64::from(b), length),
        },
        '\'' | '\n' => return Err(bad()),
        c => (i64::from(u32::from(c)), c.len_utf8()),
    };
    if rest[1 + length..].starts_with('\'') { Ok((Token::Char(value), length + 2)) } else { Err(bad()) }
}

enum Escaped {
    Char(char),
    Byte(u8),
}

/// Go's escape at the start of `rest`, and its length.
fn escape(rest: &str) -> Result<(Escaped, usize), String> {
    let bad = || "invalid escape in string".to_owned();
    let kind = rest[1..].chars().next().ok_or_else(bad)?;
    let code = |from: usize, length: usize, radix: u32| -> Result<u32, String> {
        rest.get(from..from + length).and_then(|d| u32::from_str_radix(d, radix).ok()).ok_or_else(bad)
    };
    let simple = |c: char| Ok((Escaped::Char(c), 2));
    match kind {
        'n' => simple('\n'),
        't' => simple('\t'),
        'r' => simple('\r'),
        'a' => simple('\u{7}'),
        'b' => simple('\u{8}'),
        'f' => simple('\u{c}'),
        'v' => simple('\u{b}'),
        '\\' | '"' | '\'' => simple(kind),
        'x' => Ok((Escaped::Byte(code(2, 2, 16)? as u8), 4)),
        '0'..='7' => Ok((Escaped::Byte(u8::try_from(code(1, 3, 8)?).map_err(|_| bad())?), 4)),
        'u' => Ok((Escaped::Char(char::from_u32(code(2, 4, 16)?).ok_or_else(bad)?), 6)),
        'U' => Ok((Escaped::Char(char::from_u32(code(2, 8, 16)?).ok_or_else(bad)?), 10)),
        _ => Err(bad()),
    }
}
