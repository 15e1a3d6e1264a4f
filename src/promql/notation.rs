//! The notation of series in unit tests: `metric{label="value"} 0+10x5 _ stale {{schema:0 count:2 buckets:[1 1]}}`.

use std::fmt::Write;
use std::sync::Arc;

use super::lexer::{Token, parse_duration, parse_number, tokens};
use super::native::{add, subtract};
use crate::model::Labels;
use crate::model::histogram::{Histogram, ResetHint};
use crate::model::series::STALE;

/// More values than this in one line are refused.
const VALUES_LIMIT: usize = 10_000_000;

/// A value of a series in the notation.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// `_`: no sample.
    Missing,
    /// A number, or the marker of the series' end.
    Float(f64),
    /// `{{…}}`: a native histogram.
    Histogram(Arc<Histogram>),
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
            let Some(Token::Text(value) | Token::Damaged(value, _)) = tokens.next() else {
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
        let count = match (&item.first, item.repeats) {
            (_, None) => 1,
            (Given::Missing, Some(repeats)) => repeats,
            (_, Some(repeats)) => repeats.saturating_add(1),
        };
        if values.len().saturating_add(count) > VALUES_LIMIT {
            return Err(format!("the series has more than {VALUES_LIMIT} values"));
        }
        let mut value = item.first;
        for _ in 0..count {
            values.push(value.clone());
            change(&mut value, &item.change)?;
        }
        let after = &rest[used..];
        rest = after.trim_start();
        if !rest.is_empty() && rest.len() == after.len() {
            return Err(format!("a blank is missing before {rest:?}"));
        }
    }
    Ok(values)
}

/// A value, what becomes of it, and how often.
struct Item {
    first: Given,
    change: Change,
    repeats: Option<usize>,
}

/// What is done to a value from one time to the next.
enum Change {
    Nothing,
    /// A number is added.
    By(f64),
    /// A histogram is added, or subtracted.
    Add(Histogram),
    Subtract(Histogram),
}

fn change(value: &mut Given, change: &Change) -> Result<(), String> {
    match (value, change) {
        (Given::Float(number), Change::By(by)) => *number += by,
        (Given::Histogram(histogram), Change::Add(by) | Change::Subtract(by)) => {
            let histogram = Arc::make_mut(histogram);
            let result =
                if matches!(change, Change::Add(_)) { add(histogram, by) } else { subtract(histogram, by) };
            result
                .map_err(|_| "histograms of custom and of exponential buckets cannot be added".to_owned())?;
        }
        _ => {}
    }
    Ok(())
}

/// The item at the start of a text, and its length.
fn item(text: &str) -> Result<(usize, Item), String> {
    let wrong = || format!("{:?} is no value", text.split(' ').next().unwrap_or_default());
    let mut item = Item { first: Given::Missing, change: Change::Nothing, repeats: None };
    let mut at;
    if text.starts_with('_') {
        at = 1;
    } else if text.starts_with("stale") {
        at = 5;
        item.first = Given::Float(f64::from_bits(STALE));
    } else if let Some(end) = histogram_end(text) {
        item.first = Given::Histogram(Arc::new(histogram(&text[..end])?));
        at = end;
        if text[at..].starts_with(['+', '-']) {
            let from = at + 1;
            let end = from + histogram_end(&text[from..]).ok_or_else(wrong)?;
            let by = histogram(&text[from..end])?;
            item.change = if text[at..].starts_with('+') { Change::Add(by) } else { Change::Subtract(by) };
            at = end;
            if !text[at..].starts_with('x') {
                return Err(wrong());
            }
        }
    } else {
        let (number, used) = number(text).ok_or_else(wrong)?;
        at = used;
        item.first = Given::Float(number);
        if text[at..].starts_with(['+', '-']) {
            let (by, used) = self::number(&text[at..]).ok_or_else(wrong)?;
            // Adding nothing would make a plain NaN of the marker of a series' end, and 0 of -0.
            if by != 0.0 {
                item.change = Change::By(by);
            }
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

fn histogram_end(text: &str) -> Option<usize> {
    text.starts_with("{{").then(|| text.find("}}").map(|end| end + 2)).flatten()
}

/// A histogram: `{{schema:1 count:3 sum:2.5 buckets:[1 0 2] offset:-3}}`. What is not said is 0.
pub fn histogram(text: &str) -> Result<Histogram, String> {
    let inside = text.trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
    let mut rest = inside.ok_or_else(|| format!("{text:?} is no histogram"))?.trim_start();
    let mut histogram = Histogram::default();
    let (mut offset, mut negative_offset) = (0, 0);
    let (mut positive, mut negative) = (Vec::new(), Vec::new());
    let mut seen: Vec<&str> = Vec::new();
    while !rest.is_empty() {
        let wrong =
            || format!("{:?} is not understood in a histogram", rest.split(' ').next().unwrap_or(rest));
        let (key, value) = rest.split_once(':').ok_or_else(wrong)?;
        if seen.contains(&key) {
            return Err(format!("{key} is said twice in a histogram"));
        }
        seen.push(key);
        let length = if value.starts_with('[') {
            value.find(']').map(|end| end + 1).ok_or_else(wrong)?
        } else {
            value.find([' ', '\t']).unwrap_or(value.len())
        };
        let (value, after) = value.split_at(length);
        let single = || whole_number(value).ok_or_else(wrong);
        let place = || value.parse::<i32>().map_err(|_| wrong());
        match key {
            "schema" => histogram.schema = place()?,
            "sum" => histogram.sum = single()?,
            "count" => histogram.count = single()?,
            "z_bucket" => histogram.zero_count = single()?,
            "z_bucket_w" => histogram.zero_threshold = single()?,
            "custom_values" => histogram.bounds = list(value).ok_or_else(wrong)?.into(),
            "buckets" => positive = list(value).ok_or_else(wrong)?,
            "n_buckets" => negative = list(value).ok_or_else(wrong)?,
            "offset" => offset = place()?,
            "n_offset" => negative_offset = place()?,
            "counter_reset_hint" => {
                histogram.hint =
                    HINTS.iter().find(|(name, _)| *name == value).map(|(_, hint)| *hint).ok_or_else(wrong)?;
            }
            _ => return Err(wrong()),
        }
        if !after.is_empty() && !after.starts_with([' ', '\t']) {
            return Err(format!("a blank is missing before {after:?}"));
        }
        rest = after.trim_start();
    }
    histogram.positive = placed(offset, &positive)?;
    histogram.negative = placed(negative_offset, &negative)?;
    match histogram.flaw() {
        Some(flaw) => Err(format!("{flaw}: {text}")),
        None => Ok(histogram),
    }
}

const HINTS: [(&str, ResetHint); 4] = [
    ("unknown", ResetHint::Unknown),
    ("reset", ResetHint::Reset),
    ("not_reset", ResetHint::NotReset),
    ("gauge", ResetHint::Gauge),
];

/// Counts at places one after the other. Those of nothing are kept: where there are buckets at all, Prometheus takes
/// the zero bucket for one of that side.
fn placed(offset: i32, counts: &[f64]) -> Result<Vec<(i32, f64)>, String> {
    counts
        .iter()
        .enumerate()
        .map(|(at, &count)| {
            let place = i32::try_from(at).ok().and_then(|at| offset.checked_add(at));
            place.map(|place| (place, count)).ok_or_else(|| "a bucket is out of range".to_owned())
        })
        .collect()
}

fn list(text: &str) -> Option<Vec<f64>> {
    let inside = text.strip_prefix('[')?.strip_suffix(']')?;
    inside.split_whitespace().map(whole_number).collect()
}

/// A text that is one number.
fn whole_number(text: &str) -> Option<f64> {
    number(text).filter(|(_, used)| *used == text.len()).map(|(number, _)| number)
}

/// A histogram in the notation, which reads back as the same one.
pub fn histogram_text(histogram: &Histogram) -> String {
    let mut parts = Vec::new();
    if histogram.schema != 0 {
        parts.push(format!("schema:{}", histogram.schema));
    }
    for (key, value) in [
        ("count", histogram.count),
        ("sum", histogram.sum),
        ("z_bucket", histogram.zero_count),
        ("z_bucket_w", histogram.zero_threshold),
    ] {
        if value != 0.0 {
            parts.push(format!("{key}:{}", super::display::Float(value)));
        }
    }
    let numbers = |numbers: &mut dyn Iterator<Item = f64>| {
        let numbers: Vec<String> = numbers.map(|number| super::display::Float(number).to_string()).collect();
        numbers.join(" ")
    };
    if !histogram.bounds.is_empty() {
        parts.push(format!("custom_values:[{}]", numbers(&mut histogram.bounds.iter().copied())));
    }
    if let Some((name, _)) =
        HINTS.iter().find(|(_, hint)| *hint == histogram.hint && *hint != ResetHint::Unknown)
    {
        parts.push(format!("counter_reset_hint:{name}"));
    }
    for (offset, key, side) in
        [("offset", "buckets", &histogram.positive), ("n_offset", "n_buckets", &histogram.negative)]
    {
        let filled = || side.iter().filter(|(_, count)| *count != 0.0).map(|(place, _)| *place);
        let (Some(first), Some(last)) = (filled().min(), filled().max()) else { continue };
        if first != 0 {
            parts.push(format!("{offset}:{first}"));
        }
        let mut text = String::new();
        let mut next = side.iter().filter(|(place, _)| (first..=last).contains(place)).peekable();
        for place in first..=last {
            let count = next.next_if(|bucket| bucket.0 == place).map_or(0.0, |bucket| bucket.1);
            let _ = write!(text, " {}", super::display::Float(count));
        }
        parts.push(format!("{key}:[{}]", text.trim_start()));
    }
    format!("{{{{{}}}}}", parts.join(" "))
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
    let digits = |text: &str| text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'_').count();
    let mut length = digits(body);
    // An item that stands for no sample begins with the same sign.
    if body.starts_with('_') {
        return None;
    }
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
    Some((factor * parse_number(&body[..length])?, sign + length))
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
            ("Inf -inf", vec![float(f64::INFINITY), float(f64::NEG_INFINITY)]),
        ] {
            assert_eq!(values(text), Ok(expected), "{text}");
        }
        for text in [
            "{{x}}",
            "{{sum:a}}",
            "{{buckets:[1}}",
            "{{sum:1 sum:1}}",
            "{{sum:1}}+{{sum:1}}",
            "{{schema:77}}",
        ] {
            assert!(values(text).is_err(), "{text}");
        }
        for text in ["a", "1+2", "1x", "_1", "1x99999999999", "{{", "1 2x3y", "0+0x10000000000000000000000"] {
            assert!(values(text).is_err(), "{text}");
        }
        for text in ["up{", "up{a}x", "up{a=}", "1", "up{a=\"b\" c=\"d\"}"] {
            assert!(labels(text).is_err(), "{text}");
        }
    }

    #[test]
    fn histograms_are_read_and_written() {
        for (text, written) in [
            ("{{}}", "{{}}"),
            ("{{ schema:0 count:2  buckets:[1 1 ] }}", "{{count:2 buckets:[1 1]}}"),
            (
                "{{schema:-1 sum:-Inf z_bucket:2 z_bucket_w:1e-3 n_offset:2 n_buckets:[0 0 3.5]}}",
                "{{schema:-1 sum:-Inf z_bucket:2 z_bucket_w:0.001 n_offset:4 n_buckets:[3.5]}}",
            ),
            (
                "{{schema:-53 custom_values:[-1 2.5] buckets:[1 0 2] counter_reset_hint:gauge}}",
                "{{schema:-53 custom_values:[-1 2.5] counter_reset_hint:gauge buckets:[1 0 2]}}",
            ),
        ] {
            let mut read = histogram(text).expect(text);
            read.compact();
            assert_eq!(histogram_text(&read), written);
            let mut again = histogram(written).expect(written);
            again.compact();
            assert_eq!(again, read);
        }
        let texts: Vec<String> =
            values("{{schema:1 count:1 buckets:[1]}}+{{count:2 buckets:[1 1]}}x2 {{count:3}}-{{count:1}}x1")
                .expect("values")
                .into_iter()
                .map(|given| match given {
                    Given::Histogram(histogram) => histogram_text(&histogram),
                    other => format!("{other:?}"),
                })
                .collect();
        assert_eq!(
            texts,
            [
                "{{schema:1 count:1 buckets:[1]}}",
                "{{count:3 buckets:[2 1]}}",
                "{{count:5 buckets:[3 2]}}",
                "{{count:3}}",
                "{{count:2}}"
            ]
        );
    }
}
