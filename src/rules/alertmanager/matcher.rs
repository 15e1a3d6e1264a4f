//! Matchers of Alertmanager: the classic notation (`severity=~"a|b"`) and the one with UTF-8 names.

use regex::Regex;

use crate::model::Labels;

/// A condition on a label.
#[derive(Clone, Debug)]
pub struct Matcher {
    /// The label; a missing one has the value "".
    pub name: String,
    /// The text or pattern.
    pub value: String,
    /// Does the label have to match, or must it not?
    pub equal: bool,
    /// The pattern, if it is one, for the whole value.
    pattern: Option<Regex>,
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.value == other.value
            && self.equal == other.equal
            && self.pattern.is_some() == other.pattern.is_some()
    }
}

impl Matcher {
    /// A condition.
    ///
    /// # Errors
    /// `value` has to be a regular expression and is none.
    pub fn new(name: &str, value: &str, equal: bool, is_pattern: bool) -> Result<Self, String> {
        let pattern = if is_pattern {
            let compiled = Regex::new(&format!("^(?:{value})$"));
            Some(compiled.map_err(|_| format!("{value:?} is no regular expression"))?)
        } else {
            None
        };
        Ok(Matcher { name: name.to_owned(), value: value.to_owned(), equal, pattern })
    }

    /// Does the condition hold?
    pub fn matches(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.name);
        let same = self.pattern.as_ref().map_or(self.value == value, |pattern| pattern.is_match(value));
        same == self.equal
    }
}

/// `name=~"value"`.
impl std::fmt::Display for Matcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = match (self.equal, self.pattern.is_some()) {
            (true, false) => "=",
            (false, false) => "!=",
            (true, true) => "=~",
            (false, true) => "!~",
        };
        write!(f, "{}{sign}{:?}", self.name, self.value)
    }
}

/// Do all conditions hold?
pub fn all_match(matchers: &[Matcher], labels: &Labels) -> bool {
    matchers.iter().all(|matcher| matcher.matches(labels))
}

/// Reads matchers as Alertmanager does by default: in the notation with UTF-8 names, unless only the classic one
/// understands them or both do and disagree.
///
/// # Errors
/// What is wrong in the newer notation.
pub fn parse(text: &str) -> Result<Vec<Matcher>, String> {
    match (parse_utf8(text), parse_classic(text)) {
        (Ok(new), Ok(classic)) if new == classic => Ok(new),
        (_, Ok(classic)) => Ok(classic),
        (new, Err(_)) => new,
    }
}

const OPERATORS: [(&str, bool, bool); 4] =
    [("=~", true, true), ("!~", false, true), ("!=", false, false), ("=", true, false)];

/// The classic notation: names of letters, values with or without double quotes.
pub fn parse_classic(text: &str) -> Result<Vec<Matcher>, String> {
    let inner = text.strip_prefix('{').unwrap_or(text);
    let inner = inner.strip_suffix('}').unwrap_or(inner);
    let mut matchers = Vec::new();
    let (mut start, mut quoted, mut escaped) = (0, false, false);
    let mut parts = Vec::new();
    for (at, c) in inner.char_indices() {
        match c {
            ',' if !quoted => {
                parts.push(&inner[start..at]);
                start = at + 1;
            }
            '"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    parts.push(&inner[start..]);
    // A comma may end the list.
    if parts.len() > 1 && parts.last().is_some_and(|part| part.trim().is_empty()) {
        parts.pop();
    }
    for part in parts {
        matchers.push(classic_one(part)?);
    }
    Ok(matchers)
}

fn classic_one(text: &str) -> Result<Matcher, String> {
    let bad = || format!("bad matcher format: {text}");
    let trimmed = text.trim();
    let end =
        trimmed.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | ':'))).ok_or_else(bad)?;
    let (name, rest) = (&trimmed[..end], trimmed[end..].trim_start());
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(bad());
    }
    let (sign, equal, is_pattern) =
        OPERATORS.into_iter().find(|(sign, ..)| rest.starts_with(sign)).ok_or_else(bad)?;
    let value = rest[sign.len()..].trim();
    let (mut meant, mut escaped) = (String::new(), false);
    let (body, closing) = match value.strip_prefix('"') {
        Some(body) => (body, true),
        None => (value, false),
    };
    let mut closed = false;
    for (at, c) in body.char_indices() {
        if escaped {
            escaped = false;
            match c {
                'n' => meant.push('\n'),
                '"' | '\\' => meant.push(c),
                other => {
                    // An unknown escape stands for itself, backslash included.
                    meant.push('\\');
                    meant.push(other);
                }
            }
        } else if c == '\\' {
            escaped = true;
        } else if c == '"' {
            if !closing || at + 1 != body.len() {
                return Err(format!("matcher value contains unescaped double quote: {value}"));
            }
            closed = true;
        } else {
            meant.push(c);
        }
    }
    if escaped {
        meant.push('\\');
    }
    if closing && !closed {
        return Err(format!("matcher value contains unescaped double quote: {value}"));
    }
    Matcher::new(name, &meant, equal, is_pattern)
}

/// The notation with UTF-8 names: names and values in quotes, or bare without reserved characters.
pub fn parse_utf8(text: &str) -> Result<Vec<Matcher>, String> {
    let mut rest = text.trim();
    let braces = rest.starts_with('{');
    if braces {
        rest = rest[1..].strip_suffix('}').ok_or("expected close brace")?.trim();
    } else if rest.ends_with('}') {
        return Err("expected opening brace".to_owned());
    }
    let mut matchers = Vec::new();
    while !rest.is_empty() {
        let (name, after) = word(rest)?;
        let after = after.trim_start();
        let (sign, equal, is_pattern) = OPERATORS
            .into_iter()
            .find(|(sign, ..)| after.starts_with(sign))
            .ok_or_else(|| format!("expected an operator such as '=', '!=', '=~' or '!~' in {text:?}"))?;
        let (value, after) = word(after[sign.len()..].trim_start())?;
        if name.is_empty() {
            return Err("expected a label name".to_owned());
        }
        matchers.push(Matcher::new(&name, &value, equal, is_pattern)?);
        rest = after.trim_start();
        if let Some(after) = rest.strip_prefix(',') {
            rest = after.trim_start();
        } else if !rest.is_empty() {
            return Err(format!("expected a comma in {text:?}"));
        }
    }
    if matchers.is_empty() && !braces {
        return Err("no matchers".to_owned());
    }
    Ok(matchers)
}

/// A quoted or bare word, and what follows it.
fn word(text: &str) -> Result<(String, &str), String> {
    if let Some(body) = text.strip_prefix('"') {
        let mut escaped = false;
        for (at, c) in body.char_indices() {
            match c {
                '"' if !escaped => {
                    // Escapes are those of JSON and Go where they agree.
                    let meant = crate::model::value::unescape(&body.as_bytes()[..at]);
                    return Ok((String::from_utf8_lossy(&meant).into_owned(), &body[at + 1..]));
                }
                _ => escaped = c == '\\' && !escaped,
            }
        }
        return Err(format!("missing end \" in {text:?}"));
    }
    let end = text
        .find(|c: char| {
            c.is_whitespace() || matches!(c, '{' | '}' | '!' | '=' | '~' | ',' | '\\' | '"' | '\'' | '`')
        })
        .unwrap_or(text.len());
    if end == 0 {
        return Err(format!("expected a label name or value at {text:?}"));
    }
    Ok((text[..end].to_owned(), &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_notations() {
        for (text, expected) in [
            ("foo=bar", r#"foo="bar""#),
            (r#"{foo="bar"}"#, r#"foo="bar""#),
            (r#"foo=~"a|b", b!="c" ,"#, r#"foo=~"a|b" b!="c""#),
            (r"foo !~ x.*", r#"foo!~"x.*""#),
            (r#"{"föö"="bär"}"#, r#"föö="bär""#),
            ("🙂=x", r#"🙂="x""#),
            (r#"foo="a,b""#, r#"foo="a,b""#),
            (r#"foo="a\"b\n""#, r#"foo="a\"b\n""#),
            ("foo=", r#"foo="""#),
            ("foo=a b", r#"foo="a b""#),
            (r#"a="",b=c"#, r#"a="" b="c""#),
            ("{}", ""),
        ] {
            let matchers = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let shown: Vec<_> = matchers.iter().map(ToString::to_string).collect();
            assert_eq!(shown.join(" "), expected, "{text}");
        }
        for text in ["foo", "=x", r#"foo="x"#, "foo=~[", "1a", "{foo=bar", r#""foo"=x y"#] {
            // The classic notation takes an opening brace without its end.
            if text != "{foo=bar" {
                assert!(parse(text).is_err(), "{text}");
            }
        }
    }

    #[test]
    fn patterns_are_for_the_whole_value() {
        let labels = Labels::new([("a", "xyz")]);
        for (text, holds) in [
            ("a=~y", false),
            ("a=~x.*", true),
            ("a=~\"xyz|b\"", true),
            ("a!~x.*", false),
            ("a!=b", true),
            ("none=\"\"", true),
            ("none=~\".+\"", false),
        ] {
            assert_eq!(all_match(&parse(text).unwrap(), &labels), holds, "{text}");
        }
    }
}
