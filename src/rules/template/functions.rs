//! The functions of templates: Go's own, Prometheus', and Alertmanager's.

use std::fmt::Write as _;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

use regex::Regex;

use super::eval::Run;
use super::time::{self, Moment};
use super::value::{Sample, Value};
use super::{format, human};
use crate::rules::duration;

/// Whose templates they are: which functions they know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Labels and annotations of Prometheus' alerts.
    Alerts,
    /// Alertmanager's notifications.
    Notifications,
}

/// What a function does with its arguments.
type Call = fn(&mut Run<'_>, &[Value]) -> Result<Value, String>;

/// A function: name, least and most arguments, and what it does.
pub(super) struct Function {
    pub name: &'static str,
    pub least: usize,
    pub most: usize,
    pub call: Call,
}

const ANY: usize = usize::MAX;

/// Go's functions. `and` and `or` are here for their names; they are evaluated where their arguments are, since they
/// stop early.
const BUILT_IN: &[Function] = &[
    function("and", 1, ANY, |_, args| Ok(args[0].clone())),
    function("or", 1, ANY, |_, args| Ok(args[0].clone())),
    function("not", 1, 1, |_, args| Ok(Value::Bool(!args[0].truth()))),
    function("len", 1, 1, |_, args| len(&args[0])),
    function("index", 1, ANY, |_, args| index(args)),
    function("slice", 1, 4, |_, args| slice(args)),
    function("print", 0, ANY, |_, args| Ok(Value::text(format::sprint(args)))),
    function("println", 0, ANY, |_, args| Ok(Value::text(format::sprintln(args)))),
    function("printf", 1, ANY, |_, args| Ok(Value::text(format::sprintf(&text(args, 0)?, &args[1..])))),
    function("html", 0, ANY, |_, args| Ok(Value::text(html(&joined(args))))),
    function("js", 0, ANY, |_, args| Ok(Value::text(js(&joined(args))))),
    function("urlquery", 0, ANY, |_, args| Ok(Value::text(query_escape(&joined(args))))),
    function("call", 1, ANY, |_, args| Err(format!("non-function of type {}", args[0].type_name()))),
    function("eq", 2, ANY, |_, args| equal_any(args)),
    function("ne", 2, 2, |_, args| Ok(Value::Bool(!equal(&args[0], &args[1])?))),
    function("lt", 2, 2, |_, args| compared(args, Ordering::is_lt)),
    function("le", 2, 2, |_, args| compared(args, Ordering::is_le)),
    function("gt", 2, 2, |_, args| compared(args, Ordering::is_gt)),
    function("ge", 2, 2, |_, args| compared(args, Ordering::is_ge)),
];

/// Prometheus' functions.
const PROMETHEUS: &[Function] = &[
    function("query", 1, 1, |run, args| run.query(&text(args, 0)?)),
    function("first", 1, 1, |_, args| {
        list(args, 0)?.first().cloned().ok_or_else(|| "first() called on vector with no elements".to_owned())
    }),
    function("label", 2, 2, |_, args| {
        let name = text(args, 0)?;
        Ok(Value::text(sample(args, 1)?.labels.get(&*name).map_or("", String::as_str)))
    }),
    function("value", 1, 1, |_, args| Ok(Value::Float(sample(args, 0)?.value))),
    function("strvalue", 1, 1, |_, args| {
        Ok(Value::text(sample(args, 0)?.labels.get("__value__").map_or("", String::as_str)))
    }),
    function("sortByLabel", 2, 2, |_, args| sort_by_label(args)),
    function("args", 0, ANY, |_, args| {
        flat(args)?;
        let named = args.iter().enumerate().map(|(i, arg)| (format!("arg{i}"), arg.clone()));
        Ok(Value::Map(Rc::new(named.collect::<BTreeMap<_, _>>())))
    }),
    function("reReplaceAll", 3, 3, |run, args| {
        let pattern = run.pattern(&text(args, 0)?)?;
        replace_all(&pattern, &text(args, 1)?, &text(args, 2)?).map(Value::text)
    }),
    function("safeHtml", 1, 1, |_, args| Ok(Value::Text(text(args, 0)?))),
    function("match", 2, 2, |run, args| {
        Ok(Value::Bool(run.pattern(&text(args, 0)?)?.is_match(&text(args, 1)?)))
    }),
    function("title", 1, 1, |_, args| Ok(Value::text(title(&text(args, 0)?)))),
    function("toUpper", 1, 1, |_, args| Ok(Value::text(text(args, 0)?.to_uppercase()))),
    function("toLower", 1, 1, |_, args| Ok(Value::text(text(args, 0)?.to_lowercase()))),
    function("graphLink", 1, 1, |_, args| {
        Ok(Value::text(format!("/graph?g0.expr={}&g0.tab=0", query_escape(&text(args, 0)?))))
    }),
    function("tableLink", 1, 1, |_, args| {
        Ok(Value::text(format!("/graph?g0.expr={}&g0.tab=1", query_escape(&text(args, 0)?))))
    }),
    function("stripPort", 1, 1, |_, args| {
        let address = text(args, 0)?;
        Ok(Value::text(split_port(&address).map_or(&*address, |(host, _)| host)))
    }),
    function("stripDomain", 1, 1, |_, args| Ok(Value::text(strip_domain(&text(args, 0)?)))),
    function("humanize", 1, 1, |_, args| Ok(Value::text(human::humanize(number(args, 0)?)))),
    function("humanize1024", 1, 1, |_, args| Ok(Value::text(human::humanize_1024(number(args, 0)?)))),
    function("humanizeDuration", 1, 1, |_, args| Ok(Value::text(human::humanize_duration(number(args, 0)?)))),
    function("humanizePercentage", 1, 1, |_, args| {
        Ok(Value::text(human::humanize_percentage(number(args, 0)?)))
    }),
    function("humanizeTimestamp", 1, 1, |_, args| {
        human::humanize_timestamp(number(args, 0)?).map(Value::text)
    }),
    function("toTime", 1, 1, |_, args| {
        human::nanos(number(args, 0)?).map(|nanos| Value::Time(Moment::utc(nanos)))
    }),
    function("toDuration", 1, 1, |_, args| human::nanos(number(args, 0)?).map(Value::Duration)),
    function("now", 0, 0, |run, _| Ok(Value::Float(run.at() as f64 / 1000.0))),
    function("pathPrefix", 0, 0, |run, _| Ok(Value::text(url_path(run.external_url())))),
    function("externalURL", 0, 0, |run, _| Ok(Value::text(run.external_url()))),
    function("parseDuration", 1, 1, |_, args| {
        Ok(Value::Float(duration::parse(&text(args, 0)?)? as f64 / 1000.0))
    }),
    function("urlQueryEscape", 1, 1, |_, args| Ok(Value::text(query_escape(&text(args, 0)?)))),
];

/// Alertmanager's functions that Prometheus has not, or has others of that name.
const ALERTMANAGER: &[Function] = &[
    function("title", 1, 1, |_, args| Ok(Value::text(title(&text(args, 0)?.to_lowercase())))),
    function("trimSpace", 1, 1, |_, args| Ok(Value::text(text(args, 0)?.trim()))),
    function("join", 2, 2, |_, args| {
        Ok(Value::text(format::joined(list(args, 1)?.iter().map(Value::print), &text(args, 0)?)))
    }),
    function("safeUrl", 1, 1, |_, args| Ok(Value::Text(text(args, 0)?))),
    function("urlUnescape", 1, 1, |_, args| query_unescape(&text(args, 0)?).map(Value::text)),
    function("stringSlice", 0, ANY, |_, args| {
        (0..args.len()).try_for_each(|at| text(args, at).map(drop))?;
        Ok(Value::List(Rc::new(args.to_vec())))
    }),
    function("date", 2, 2, |_, args| Ok(Value::text(time::layout(moment(args, 1)?, &text(args, 0)?)))),
    function("tz", 2, 2, |_, args| {
        let name = text(args, 0)?;
        let zone = name.parse().map_err(|_| format!("unknown time zone {name}"))?;
        Ok(Value::Time(moment(args, 1)?.in_zone(zone)))
    }),
    function("since", 1, 1, |run, args| {
        let now = run.at().saturating_mul(1_000_000);
        Ok(Value::Duration(now.saturating_sub(moment(args, 0)?.nanos())))
    }),
    function("now", 0, 0, |run, _| Ok(Value::Time(Moment::utc(run.at().saturating_mul(1_000_000))))),
    function("list", 0, ANY, |_, args| flat(args).map(|()| Value::List(Rc::new(args.to_vec())))),
    function("append", 1, ANY, |_, args| {
        flat(&args[1..])?;
        Ok(Value::List(Rc::new([list(args, 0)?, &args[1..]].concat())))
    }),
    function("dict", 0, ANY, |_, args| {
        flat(args)?;
        let mut map = BTreeMap::new();
        for pair in args.chunks(2) {
            let [Value::Text(name), value] = pair else {
                return Err("dict wants names, each with a value".to_owned());
            };
            map.insert(name.to_string(), value.clone());
        }
        Ok(Value::Map(Rc::new(map)))
    }),
    function("toJson", 1, 1, |_, args| Ok(Value::text(json(&args[0]).to_string()))),
];

/// What Alertmanager has in common with Prometheus.
const SHARED: [&str; 7] =
    ["toUpper", "toLower", "match", "safeHtml", "reReplaceAll", "humanizeDuration", "toTime"];

const fn function(name: &'static str, least: usize, most: usize, call: Call) -> Function {
    Function { name, least, most, call }
}

/// The function of that name.
pub(super) fn find(dialect: Dialect, name: &str) -> Option<&'static Function> {
    let in_table = |table: &'static [Function]| table.iter().find(|function| function.name == name);
    let built_in = in_table(BUILT_IN);
    built_in.or_else(|| match dialect {
        Dialect::Alerts => in_table(PROMETHEUS),
        Dialect::Notifications => {
            in_table(ALERTMANAGER).or_else(|| in_table(PROMETHEUS).filter(|_| SHARED.contains(&name)))
        }
    })
}

fn wrong(expected: &str, got: &Value) -> String {
    format!("wrong type for value; expected {expected}; got {}", got.type_name())
}

fn text(args: &[Value], at: usize) -> Result<Rc<str>, String> {
    match &args[at] {
        Value::Text(text) => Ok(Rc::clone(text)),
        other => Err(wrong("string", other)),
    }
}

fn list(args: &[Value], at: usize) -> Result<&[Value], String> {
    match &args[at] {
        Value::List(items) | Value::Alerts(items) => Ok(items),
        other => Err(wrong("template.queryResult", other)),
    }
}

fn moment(args: &[Value], at: usize) -> Result<Moment, String> {
    match &args[at] {
        Value::Time(moment) => Ok(*moment),
        other => Err(wrong("time.Time", other)),
    }
}

fn sample(args: &[Value], at: usize) -> Result<&Sample, String> {
    match &args[at] {
        Value::Sample(sample) => Ok(sample),
        other => Err(wrong("*template.sample", other)),
    }
}

/// Numbers, text that is one, and durations in seconds.
fn number(args: &[Value], at: usize) -> Result<f64, String> {
    match &args[at] {
        Value::Float(number) => Ok(*number),
        Value::Int(number) => Ok(*number as f64),
        Value::Duration(nanos) => Ok(*nanos as f64 / 1e9),
        Value::Text(text) => parse_float(text)
            .ok_or_else(|| format!("strconv.ParseFloat: parsing {}: invalid syntax", format::quote(text))),
        other => Err(format!("can't convert {} to float", other.type_name())),
    }
}

/// As Go reads a float: decimal, `Inf`, `NaN`. (What has hexadecimal digits has to have a binary exponent there.)
fn parse_float(text: &str) -> Option<f64> {
    text.parse().ok()
}

/// Lists and maps of what is no list of lists; they could nest without end.
fn flat(args: &[Value]) -> Result<(), String> {
    if args.iter().any(Value::is_nested) {
        return Err("lists and maps nest at most three deep".to_owned());
    }
    Ok(())
}

/// As `Regex::replace_all`, with an end.
fn replace_all(pattern: &Regex, replacement: &str, text: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut copied = 0;
    for groups in pattern.captures_iter(text) {
        let Some(found) = groups.get(0) else { continue };
        out.push_str(&text[copied..found.start()]);
        groups.expand(replacement, &mut out);
        copied = found.end();
        if out.len() > format::LONGEST {
            return Err(format!("the text gets longer than {} bytes", format::LONGEST));
        }
    }
    out.push_str(&text[copied..]);
    Ok(out)
}

fn joined(args: &[Value]) -> String {
    format::sprint(args)
}

fn len(value: &Value) -> Result<Value, String> {
    let length = match value {
        Value::Text(text) => text.len(),
        Value::List(items) | Value::Alerts(items) => items.len(),
        Value::Labels(labels) | Value::Pairs(labels) => labels.len(),
        Value::Sorted(pairs) => pairs.len(),
        Value::Map(map) => map.len(),
        Value::Nil => return Err("len of nil pointer".to_owned()),
        other => return Err(format!("len of type {}", other.type_name())),
    };
    Ok(Value::Int(length as i64))
}

fn position(value: &Value, length: usize) -> Result<usize, String> {
    match value {
        Value::Int(at) => usize::try_from(*at)
            .ok()
            .filter(|at| *at <= length)
            .ok_or_else(|| format!("index out of range: {at}")),
        Value::Nil => Err("cannot index slice/array with nil".to_owned()),
        other => Err(format!("cannot index slice/array with type {}", other.type_name())),
    }
}

fn index(args: &[Value]) -> Result<Value, String> {
    let mut value = args[0].clone();
    for at in &args[1..] {
        value = match (&value, at) {
            (Value::Labels(labels) | Value::Pairs(labels), Value::Text(name)) => {
                Value::text(labels.get(&**name).map_or("", String::as_str))
            }
            (Value::Map(map), Value::Text(name)) => map.get(&**name).cloned().unwrap_or(Value::Nil),
            (Value::Labels(_) | Value::Pairs(_) | Value::Map(_), other) => {
                return Err(format!("value has type {}; should be string", other.type_name()));
            }
            (Value::List(items) | Value::Alerts(items), at) => {
                let place = position(at, items.len())?;
                items.get(place).cloned().ok_or_else(|| format!("index out of range: {place}"))?
            }
            (Value::Sorted(pairs), at) => {
                let place = position(at, pairs.len())?;
                let pair = pairs.get(place).ok_or_else(|| format!("index out of range: {place}"))?;
                Value::Pair(Rc::new(pair.clone()))
            }
            (Value::Text(text), at) => {
                let place = position(at, text.len())?;
                let byte =
                    text.as_bytes().get(place).ok_or_else(|| format!("index out of range: {place}"))?;
                Value::Int(i64::from(*byte))
            }
            (Value::Nil, _) => return Err("index of untyped nil".to_owned()),
            (other, _) => return Err(format!("can't index item of type {}", other.type_name())),
        };
    }
    Ok(value)
}

fn slice(args: &[Value]) -> Result<Value, String> {
    let length = match &args[0] {
        Value::Text(text) => text.len(),
        Value::List(items) | Value::Alerts(items) => items.len(),
        other => return Err(format!("can't slice item of type {}", other.type_name())),
    };
    let from = args.get(1).map_or(Ok(0), |at| position(at, length))?;
    let to = args.get(2).map_or(Ok(length), |at| position(at, length))?;
    if from > to {
        return Err(format!("invalid slice index: {from} > {to}"));
    }
    match &args[0] {
        Value::Text(_) if args.len() > 3 => Err("cannot 3-index slice a string".to_owned()),
        Value::Text(text) => Ok(Value::text(String::from_utf8_lossy(&text.as_bytes()[from..to]))),
        _ => Ok(Value::List(Rc::new(list(args, 0)?[from..to].to_vec()))),
    }
}

fn equal_any(args: &[Value]) -> Result<Value, String> {
    for other in &args[1..] {
        if equal(&args[0], other)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

const INCOMPATIBLE: &str = "incompatible types for comparison";

fn equal(a: &Value, b: &Value) -> Result<bool, String> {
    Ok(match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(a) | Value::Duration(a), Value::Int(b) | Value::Duration(b)) => a == b,
        (Value::Float(a), Value::Float(b)) => a == b,
        (Value::Text(a), Value::Text(b)) => a == b,
        (Value::Time(a), Value::Time(b)) => a == b,
        (Value::Nil, Value::Nil) => true,
        (Value::Nil, _) | (_, Value::Nil) => false,
        (Value::Labels(_) | Value::Map(_) | Value::List(_), _) => {
            return Err(format!("non-comparable type {}: {}", a.print(), a.type_name()));
        }
        _ => return Err(INCOMPATIBLE.to_owned()),
    })
}

fn compared(args: &[Value], holds: fn(Ordering) -> bool) -> Result<Value, String> {
    let ordering = match (&args[0], &args[1]) {
        (Value::Int(a) | Value::Duration(a), Value::Int(b) | Value::Duration(b)) => Some(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (
            Value::Int(_) | Value::Float(_) | Value::Text(_),
            Value::Int(_) | Value::Float(_) | Value::Text(_),
        ) => {
            return Err(INCOMPATIBLE.to_owned());
        }
        _ => return Err("invalid type for comparison".to_owned()),
    };
    Ok(Value::Bool(ordering.is_some_and(holds)))
}

fn sort_by_label(args: &[Value]) -> Result<Value, String> {
    let name = text(args, 0)?;
    let mut items = list(args, 1)?.to_vec();
    let key = |item: &Value| match item {
        Value::Sample(sample) => sample.labels.get(&*name).cloned().unwrap_or_default(),
        _ => String::new(),
    };
    items.sort_by_cached_key(key);
    Ok(Value::List(Rc::new(items)))
}

/// Upper-cases the first letter of each word.
fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_alphanumeric() || c == '_' {
            if inside {
                out.push(c);
            } else {
                out.extend(c.to_uppercase());
            }
            // Digits do not begin a word.
            inside |= c.is_alphabetic();
        } else {
            // An apostrophe or a dot between letters does not end a word.
            let joins =
                matches!(c, '\'' | '’' | '.') && chars.peek().is_some_and(|next| next.is_alphabetic());
            inside &= joins;
            out.push(c);
        }
    }
    out
}

/// `host:port` and `[host]:port`, as Go's `net.SplitHostPort` cuts them.
fn split_port(address: &str) -> Option<(&str, &str)> {
    let colon = address.rfind(':')?;
    let (host, port) = (&address[..colon], &address[colon + 1..]);
    if let Some(bracketed) = host.strip_prefix('[') {
        let inner = bracketed.strip_suffix(']')?;
        return (!inner.contains(['[', ']']) && !port.contains(['[', ']'])).then_some((inner, port));
    }
    (!host.contains([':', '[', ']']) && !port.contains(['[', ']'])).then_some((host, port))
}

fn strip_domain(address: &str) -> String {
    let (host, port) = split_port(address).unwrap_or((address, ""));
    if host.parse::<core::net::IpAddr>().is_ok() {
        return address.to_owned();
    }
    let host = host.split('.').next().unwrap_or("");
    match (port, host.contains(':')) {
        ("", _) => host.to_owned(),
        (port, true) => format!("[{host}]:{port}"),
        (port, false) => format!("{host}:{port}"),
    }
}

/// The path of a URL.
fn url_path(url: &str) -> &str {
    let after = url.find("://").map_or(url, |at| &url[at + 3..]);
    let path = after.find('/').map_or("", |at| &after[at..]);
    &path[..path.find(['?', '#']).unwrap_or(path.len())]
}

/// Text as it stands in the query of a URL, as Go writes it.
pub fn query_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// The text that a query string stands for.
fn query_unescape(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
                let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
                bytes.push(byte.ok_or_else(|| "invalid URL escape".to_owned())?);
                rest = &after[2..];
            }
            byte => bytes.push(byte),
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The value in JSON.
fn json(value: &Value) -> serde_json::Value {
    let map = |pairs: &BTreeMap<String, String>| {
        pairs.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect()
    };
    match value {
        Value::Nil => serde_json::Value::Null,
        Value::Bool(truth) => (*truth).into(),
        Value::Int(number) | Value::Duration(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Text(text) => (**text).into(),
        Value::List(items) | Value::Alerts(items) => items.iter().map(json).collect(),
        Value::Labels(pairs) | Value::Pairs(pairs) => serde_json::Value::Object(map(pairs)),
        Value::Map(items) => {
            serde_json::Value::Object(items.iter().map(|(name, value)| (name.clone(), json(value))).collect())
        }
        Value::Data(fields) => serde_json::Value::Object(
            fields.iter().map(|(name, value)| (lower_first(name), json(value))).collect(),
        ),
        Value::Sorted(pairs) => {
            pairs.iter().map(|(name, value)| serde_json::json!({"Name": name, "Value": value})).collect()
        }
        Value::Pair(pair) => serde_json::json!({"Name": pair.0, "Value": pair.1}),
        Value::Time(moment) => time::layout(*moment, "2006-01-02T15:04:05.999999999Z07:00").into(),
        Value::Sample(_) => value.print().into(),
    }
}

/// `StartsAt` as JSON has it: `startsAt`.
fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

pub(super) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0' => out.push('\u{fffd}'),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    out
}

fn js(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '"' => out.push_str("\\\""),
            '<' | '>' | '&' | '=' => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c if u32::from(c) < 0x20 || c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}
