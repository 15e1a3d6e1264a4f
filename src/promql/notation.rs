//! The notation of series in unit tests: `metric{label="value"} 0+10x5 _ stale`.

use super::lexer::{Token, parse_duration, tokens};
use crate::model::Labels;
use crate::model::series::STALE;

/// More values than this in one line are refused.
const VALUES_LIMIT: usize = 10_000_000;

/// A value of a series in the notation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Given {
    /// `_`: no sample.
    Missing,
    /// A number, or the marker of the series' end.
    Float(f64),
    /// `{{…}}`: a native histogram, whose value is not read.
    Histogram,
}

/// `metric{label="value"}` at the start of a text, and what follows it.
pub fn labels(text: &str) -> Result<(Labels, &str), String> {
    let end = labels_end(text);
    let tokens = tokens(&text[..end]).map_err(|error| error.message)?;
    let mut tokens = tokens.into_iter().map(|(token, _)| token).peekable();
    let mut labels = Labels::default();
    if let Some(Token::Word(name)) = tokens.peek() {
        labels.set(Labels::NAME, name.as_str());
        tokens.next();
    }
    if tokens.peek() == Some(&Token::Sign("{")) {
        tokens.next();
        while tokens.peek() != Some(&Token::Sign("}")) {
            let name = match (tokens.next(), tokens.peek()) {
                (Some(Token::Word(name) | Token::Text(name)), Some(Token::Sign("="))) => name,
                (Some(Token::Text(name)), _) => {
                    labels.set(Labels::NAME, name);
                    tokens.next_if_eq(&Token::Sign(","));
                    continue;
                }
                _ => return Err(format!("a label name or \"=\" is missing in {:?}", &text[..end])),
            };
            tokens.next();
            let Some(Token::Text(value)) = tokens.next() else {
                return Err(format!("the value of label {name:?} is missing in {:?}", &text[..end]));
            };
            labels.set(name, value);
            match tokens.peek() {
                Some(Token::Sign(",")) => drop(tokens.next()),
                Some(Token::Sign("}")) => {}
                _ => return Err(format!("\",\" or \"}}\" is missing in {:?}", &text[..end])),
            }
        }
        tokens.next();
    }
    match tokens.next() {
        Some(Token::End) => Ok((labels, &text[end..])),
        _ => Err(format!("{:?} is no series", &text[..end])),
    }
}

/// Where the labels end: at the closing brace, or at the first blank if there are no braces.
fn labels_end(text: &str) -> usize {
    let mut quote = None;
    let mut braces = false;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(open), '\\') if open != '`' => escaped = true,
            (Some(open), c) if open == c => quote = None,
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None, '{') => braces = true,
            (None, '}') => return at + 1,
            (None, ' ' | '\t' | '@') if !braces => return at,
            (_, _) => {}
        }
    }
    text.len()
}

/// The values after the labels: `1 2 _x3 0+10x5 stale`.
pub fn values(text: &str) -> Result<Vec<Given>, String> {
    let mut values = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (used, item) = item(rest)?;
        let Item { first, change, repeats } = item;
        let count = match (first, repeats) {
            (_, None) => 1,
            (Given::Missing, Some(repeats)) => repeats,
            (_, Some(repeats)) => repeats.saturating_add(1),
        };
        if values.len().saturating_add(count) > VALUES_LIMIT {
            return Err(format!("the series has more than {VALUES_LIMIT} values"));
        }
        let mut value = first;
        for _ in 0..count {
            values.push(value);
            // Adding nothing would make a plain NaN of the marker of a series' end, and 0 of -0.
            if let Given::Float(number) = &mut value
                && change != 0.0
            {
                *number += change;
            }
        }
        let after = &rest[used..];
        rest = after.trim_start();
        if !rest.is_empty() && rest.len() == after.len() {
            return Err(format!("a blank is missing before {rest:?}"));
        }
    }
    Ok(values)
}

/// A value, what is added to it, and how often.
struct Item {
    first: Given,
    change: f64,
    repeats: Option<usize>,
}

/// The item at the start of a text, and its length.
fn item(text: &str) -> Result<(usize, Item), String> {
    let wrong = || format!("{:?} is no value", text.split(' ').next().unwrap_or_default());
    let mut item = Item { first: Given::Missing, change: 0.0, repeats: None };
    let mut at;
    if text.starts_with('_') {
        at = 1;
    } else if text.starts_with("stale") {
        at = 5;
        item.first = Given::Float(f64::from_bits(STALE));
    } else if let Some(end) = histogram(text) {
        at = end;
        item.first = Given::Histogram;
        if text[at..].starts_with(['+', '-']) {
            at += 1;
            at += histogram(&text[at..]).ok_or_else(wrong)?;
        }
    } else {
        let (number, used) = number(text).ok_or_else(wrong)?;
        at = used;
        item.first = Given::Float(number);
        if text[at..].starts_with(['+', '-']) {
            let (change, used) = self::number(&text[at..]).ok_or_else(wrong)?;
            item.change = change;
            at += used;
            if !text[at..].starts_with('x') {
                return Err(wrong());
            }
        }
    }
    if text[at..].starts_with('x') {
        let digits = text[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
        item.repeats = Some(text[at + 1..at + 1 + digits].parse().map_err(|_| wrong())?);
        at += 1 + digits;
    }
    Ok((at, item))
}

fn histogram(text: &str) -> Option<usize> {
    text.starts_with("{{").then(|| text.find("}}").map(|end| end + 2)).flatten()
}

/// A number or a duration in seconds, perhaps with a sign, and its length. There are no hexadecimal numbers, for
/// `0x5` is a repetition.
fn number(text: &str) -> Option<(f64, usize)> {
    let sign = usize::from(text.starts_with(['+', '-']));
    let factor = if text.starts_with('-') { -1.0 } else { 1.0 };
    let body = &text[sign..];
    for (word, value) in [("inf", f64::INFINITY), ("nan", f64::NAN)] {
        if body.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(word)) {
            return Some((factor * value, sign + 3));
        }
    }
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut length = digits(body);
    if body[length..].starts_with('.') {
        length += 1 + digits(&body[length + 1..]);
    }
    if body[length..].starts_with(['e', 'E']) {
        let signed = 1 + usize::from(body[length + 1..].starts_with(['+', '-']));
        let exponent = digits(body.get(length + signed..)?);
        length += if exponent == 0 { 0 } else { signed + exponent };
    }
    let units = body.bytes().take_while(|b| b.is_ascii_digit() || b"ywdhms".contains(b)).count();
    if units > length {
        let ms = parse_duration(&body[..units])?.ok()?;
        return Some((factor * (ms as f64 / 1000.0), sign + units));
    }
    let number: f64 = body[..length].parse().ok()?;
    Some((factor * number, sign + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_and_values_are_read() {
        let (found, rest) = labels(r#"up{job="a}b", x='y'} 1 2"#).expect("a series");
        assert_eq!(found.to_string(), r#"up{job="a}b", x="y"}"#);
        let float = Given::Float;
        assert_eq!(values(rest), Ok(vec![float(1.0), float(2.0)]));
        assert_eq!(labels("up 1").map(|(found, rest)| (found.to_string(), rest)), Ok(("up".into(), " 1")));
        assert_eq!(labels("{} 1").map(|(found, rest)| (found.len(), rest)), Ok((0, " 1")));
        for (text, expected) in [
            ("_ _x2 5", vec![Given::Missing, Given::Missing, Given::Missing, float(5.0)]),
            ("1+2x2", vec![float(1.0), float(3.0), float(5.0)]),
            ("-2-4x1 3x1", vec![float(-2.0), float(-6.0), float(3.0), float(3.0)]),
            ("1e-3 2.5E+2", vec![float(0.001), float(250.0)]),
            ("0x2", vec![float(0.0); 3]),
            ("-30s-1mx1 1ms", vec![float(-30.0), float(-90.0), float(0.001)]),
            ("{{schema:0 sum:1}}+{{sum:1}}x1", vec![Given::Histogram; 2]),
            ("Inf -inf", vec![float(f64::INFINITY), float(f64::NEG_INFINITY)]),
        ] {
            assert_eq!(values(text), Ok(expected), "{text}");
        }
        for text in ["a", "1+2", "1x", "_1", "1x99999999999", "{{", "1 2x3y", "0+0x10000000000000000000000"] {
            assert!(values(text).is_err(), "{text}");
        }
        for text in ["up{", "up{a}x", "up{a=}", "1", "up{a=\"b\" c=\"d\"}"] {
            assert!(labels(text).is_err(), "{text}");
        }
    }
}
