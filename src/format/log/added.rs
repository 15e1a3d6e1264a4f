//! What servers add at the end of an access log's lines, behind the agent: times, lengths, upstreams, ids, told by their
//! order and by their look, as nothing names them.

use super::logfmt::is_number;
use super::words::{bare, unit_after};
use crate::model::{Unit, Value};

/// A word of the line, in quotes or not.
#[derive(Clone, Copy, Debug)]
pub(super) enum Token<'a> {
    Bare(&'a [u8]),
    Quoted(&'a [u8]),
}

impl<'a> Token<'a> {
    pub(super) fn bytes(self) -> &'a [u8] {
        match self {
            Token::Bare(bytes) | Token::Quoted(bytes) => bytes,
        }
    }

    pub(super) fn is_quoted(self) -> bool {
        matches!(self, Token::Quoted(_))
    }

    /// Is this a whole number outside of quotes?
    fn is_whole(self) -> bool {
        whole(self.bytes()).is_some() && !self.is_quoted()
    }

    /// Is this a time as nginx writes it: seconds with a fraction of three digits?
    fn is_seconds(self) -> bool {
        let bytes = self.bytes();
        fraction(bytes) == Some(3) && is_number(bytes)
    }
}

/// The words of a line from `at` on; `\"` does not close a quote.
#[derive(Clone, Debug)]
pub(super) struct Tokens<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Tokens<'a> {
    /// Behind the quote that `at` is the first byte behind of.
    fn quote_end(&self, at: usize) -> usize {
        let mut end = at;
        loop {
            let rest = self.bytes.get(end..).unwrap_or_default();
            match memchr::memchr2(b'"', b'\\', rest) {
                None => return self.bytes.len(),
                Some(found) if rest[found] == b'"' => return end + found,
                // What comes next is taken as it is.
                Some(found) => end += found + 2,
            }
        }
    }

    /// Is there a number with its unit?
    fn any_with_unit(&self) -> bool {
        let mut tokens = self.clone();
        tokens.any(|token| !token.is_quoted() && with_unit(token.bytes()))
    }

    /// The next value, which may be a list of what several upstreams said: `0.001, 0.003`, `0.001 : 0.003`.
    fn list(&mut self) -> Option<&'a [u8]> {
        let first = self.next()?.bytes();
        let (from, mut last) = (self.at - first.len(), first);
        loop {
            let mut ahead = self.clone();
            match ahead.next() {
                Some(Token::Bare(b":")) => {
                    *self = ahead;
                    last = self.next()?.bytes();
                }
                Some(Token::Bare(next)) if last.ends_with(b",") => {
                    *self = ahead;
                    last = next;
                }
                _ => return self.bytes.get(from..self.at),
            }
        }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\r')) {
            self.at += 1;
        }
        let start = self.at;
        if *self.bytes.get(start)? == b'"' {
            let end = self.quote_end(start + 1);
            self.at = end + 1;
            return Some(Token::Quoted(&self.bytes[start + 1..end]));
        }
        let rest = &self.bytes[start..];
        let mut end = memchr::memchr2(b' ', b'\r', rest).unwrap_or(rest.len());
        // `urt="0.001, 0.003"`: the quote may hold blanks.
        if let Some(quote) = memchr::memmem::find(&rest[..end], b"=\"") {
            end = (self.quote_end(start + quote + 2) + 1).min(self.bytes.len()) - start;
        }
        self.at = start + end;
        Some(Token::Bare(&rest[..end]))
    }
}

/// How many words at the end are looked at together.
const MOST: usize = 24;

/// Hands what stands behind the agent to `put`. `blank` says that referer and agent are empty, in quotes, as HAProxy
/// writes them.
pub(super) fn put_added<'a>(mut tokens: Tokens<'a>, blank: bool, put: &mut dyn FnMut(&str, Value<'a>)) {
    let mut ahead = tokens.clone();
    let mut all = [Token::Bare(b""); MOST];
    let mut count = 0;
    for (place, token) in all.iter_mut().zip(&mut ahead) {
        *place = token;
        count += 1;
    }
    let known = &all[..count];
    if put_ingress(&mut tokens, known, put) || (blank && put_haproxy(&mut tokens, known, put)) {
        return;
    }
    if let [first, second, ..] = known
        && second.is_seconds()
    {
        if first.is_whole() {
            // nginx: `$request_length $request_time`.
            put("request_length", bare(first.bytes()));
            tokens.next();
        } else if first.is_seconds() && millis(second.bytes()) > millis(first.bytes()) + 1.0 {
            // A request takes as long as what is behind takes, or longer.
            put("upstream_response_time", bare(first.bytes()));
            tokens.next();
        }
    }
    put_by_look(tokens, put);
}

fn millis(seconds: &[u8]) -> f64 {
    Value::Number(seconds).millis(Unit::Seconds).unwrap_or(0.0)
}

/// The default of ingress-nginx: `$request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name]
/// $upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id`; the second bracket came
/// later.
fn put_ingress<'a>(
    tokens: &mut Tokens<'a>,
    known: &[Token<'a>],
    put: &mut dyn FnMut(&str, Value<'a>),
) -> bool {
    const UPSTREAM: [&str; 4] =
        ["upstream_addr", "upstream_response_length", "upstream_response_time", "upstream_status"];
    let in_brackets = |token: &Token<'a>| match token {
        Token::Bare(bytes) => bytes.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")),
        Token::Quoted(_) => None,
    };
    let [length, time, upstream, ..] = known else { return false };
    let Some(upstream) = in_brackets(upstream).filter(|_| length.is_whole() && time.is_seconds()) else {
        return false;
    };
    put("request_length", bare(length.bytes()));
    put("request_time", bare(time.bytes()));
    put("upstream", bare(upstream));
    tokens.nth(2);
    if let Some(other) = known.get(3).and_then(in_brackets) {
        put("alternative_upstream", bare(other));
        tokens.next();
    }
    for name in UPSTREAM {
        let Some(list) = tokens.list() else { return true };
        put(name, bare(list));
    }
    put_by_look(tokens.clone(), put);
    true
}

/// HAProxy's `option httplog clf`: port and milliseconds of the client, `"frontend" "backend" "server"`, five timers.
fn put_haproxy<'a>(
    tokens: &mut Tokens<'a>,
    known: &[Token<'a>],
    put: &mut dyn FnMut(&str, Value<'a>),
) -> bool {
    const NAMES: [&str; 10] = [
        "client_port",
        "",
        "frontend",
        "backend",
        "server",
        "time_request",
        "time_queue",
        "time_connect",
        "time_response",
        "duration_ms",
    ];
    let Some(head) = known.get(..NAMES.len()) else { return false };
    let timers = head[5..].iter().all(|token| is_number(token.bytes()) && !token.is_quoted());
    let names = head[2..5].iter().all(|token| token.is_quoted());
    if !(timers && names && head[0].is_whole() && head[1].is_whole()) {
        return false;
    }
    for (name, token) in NAMES.iter().zip(head).filter(|(name, _)| !name.is_empty()) {
        put(name, bare(token.bytes()));
    }
    tokens.nth(NAMES.len() - 1);
    put_by_look(tokens.clone(), put);
    true
}

/// What stands in no order that is known: numbers are times, what has a name is that, what looks like an id is one.
fn put_by_look<'a>(mut tokens: Tokens<'a>, put: &mut dyn FnMut(&str, Value<'a>)) {
    let (mut timed, mut upstream, mut extra) = (false, false, 0);
    // Traefik counts requests before it says how long this one took.
    let worded = tokens.any_with_unit();
    while let Some(token) = tokens.next() {
        let bytes = token.bytes();
        if let Some(equals) =
            memchr::memchr(b'=', bytes).filter(|at| !token.is_quoted() && is_name(&bytes[..*at]))
        {
            put_named(&bytes[..equals], &bytes[equals + 1..], put);
        } else if !timed && (!worded || with_unit(bytes)) && put_time(token, &mut tokens, put) {
            timed = true;
        } else if timed && !upstream && fraction(bytes).is_some() && is_number(bytes) {
            put("upstream_response_time", bare(bytes));
            upstream = true;
        } else if is_id(bytes) {
            put("request_id", Value::plain(bytes));
        } else {
            extra += 1;
            put(&format!("extra_{extra}"), bare(bytes));
        }
    }
}

/// `rt=0.102`, `urt="0.003"`.
fn put_named<'a>(name: &[u8], value: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) {
    let value = value.strip_prefix(b"\"").unwrap_or(value);
    let value = value.strip_suffix(b"\"").unwrap_or(value);
    match name {
        b"rt" => put("request_time", bare(value)),
        _ => put(&String::from_utf8_lossy(name), bare(value)),
    }
}

/// How long the request took: seconds with a fraction (nginx), a number with its unit (Traefik), whole microseconds or
/// seconds or both (Apache's `%D`, `%T`, `%T/%D`). `tokens` stand behind `token`.
fn put_time<'a>(token: Token<'a>, tokens: &mut Tokens<'a>, put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let bytes = token.bytes();
    let plain = bytes.strip_prefix(b"**").and_then(|rest| rest.strip_suffix(b"**")).unwrap_or(bytes);
    if let Some(slash) = memchr::memchr(b'/', plain) {
        let both = (whole(&plain[..slash]), whole(&plain[slash + 1..]));
        return match both {
            (Some(seconds), Some(micros)) if micros / 1_000_000 == seconds => {
                put("request_time_us", Value::Number(&plain[slash + 1..]));
                true
            }
            _ => false,
        };
    }
    if !is_number(plain) {
        if with_unit(plain) {
            put("duration", Value::plain(plain));
        }
        return with_unit(plain);
    }
    match (fraction(plain), whole(plain)) {
        // An instant, and what gzip made smaller, are no durations.
        (Some(digits), _) if digits != 2 && plain.len() - digits < 10 => {
            put("request_time", Value::Number(plain));
            true
        }
        (None, Some(first)) if first < 1_000_000_000 => {
            let mut ahead = tokens.clone();
            let second = ahead.next().filter(|next| next.is_whole());
            match second.and_then(|second| Some((second.bytes(), whole(second.bytes())?))) {
                Some((_, second)) if first / 1_000_000 == second => {
                    put("request_time_us", Value::Number(plain));
                    *tokens = ahead;
                }
                Some((raw, second)) if second / 1_000_000 == first => {
                    put("request_time_us", Value::Number(raw));
                    *tokens = ahead;
                }
                _ => put("service_time", Value::Number(plain)),
            }
            true
        }
        _ => false,
    }
}

/// Is this a number with its unit?
fn with_unit(bytes: &[u8]) -> bool {
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count();
    digits > 0 && unit_after(&bytes[digits..]) == Some(bytes.len() - digits)
}

/// A whole number.
fn whole(bytes: &[u8]) -> Option<u64> {
    let digits = !bytes.is_empty() && bytes.len() < 16 && bytes.iter().all(u8::is_ascii_digit);
    digits.then(|| bytes.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

/// How many digits a number has behind its point.
fn fraction(bytes: &[u8]) -> Option<usize> {
    memchr::memchr(b'.', bytes).map(|point| bytes.len() - point - 1)
}

/// Could this be the name of a `name=value` pair?
fn is_name(word: &[u8]) -> bool {
    word.first().is_some_and(u8::is_ascii_alphabetic)
        && word.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

/// Does this look like an id: long, of letters and digits, with at least one digit?
fn is_id(word: &[u8]) -> bool {
    word.len() >= 8
        && word
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':' | b'.' | b'+' | b'='))
        && word.iter().any(u8::is_ascii_digit)
        && word.iter().any(u8::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> String {
        let mut seen = Vec::new();
        put_added(Tokens { bytes: text.as_bytes(), at: 0 }, true, &mut |name, value| {
            seen.push(format!("{name}={}", value.text().unwrap_or_default()));
        });
        seen.join("|")
    }

    #[test]
    fn times_and_lengths_are_told_apart() {
        for (text, expected) in [
            ("0.102", "request_time=0.102"),
            ("0.102 0.100", "request_time=0.102|upstream_response_time=0.100"),
            ("1749 0.102", "request_length=1749|request_time=0.102"),
            ("0.102 1749", "request_time=0.102|extra_1=1749"),
            ("rt=0.102 uct=\"0.000\" urt=\"0.001, 0.003\"", "request_time=0.102|uct=0.000|urt=0.001, 0.003"),
            ("\"4.981\"", "request_time=4.981"),
            ("1250000", "service_time=1250000"),
            ("1/1250000", "request_time_us=1250000"),
            ("**0/8123**", "request_time_us=8123"),
            ("1250000 1", "request_time_us=1250000"),
            ("1 1250000", "request_time_us=1250000"),
            ("1709633411.123 0.004", "extra_1=1709633411.123|request_time=0.004"),
            ("\"2.57\" 0.004", "extra_1=2.57|request_time=0.004"),
            ("0.0123", "request_time=0.0123"),
            (
                "12 \"web@docker\" \"http://10.0.0.2:80\" 5ms",
                "extra_1=12|extra_2=web@docker|extra_3=http://10.0.0.2:80|duration=5ms",
            ),
            ("0.001 0.102", "upstream_response_time=0.001|request_time=0.102"),
            ("-", "extra_1="),
            ("0.004 req-77af21", "request_time=0.004|request_id=req-77af21"),
        ] {
            assert_eq!(seen(text), expected, "{text}");
        }
    }

    #[test]
    fn upstreams_are_lists() {
        assert_eq!(
            seen(
                "568 0.003 [shop-cart-80] [] 10.0.0.4:80, 10.0.0.5:80 : 10.0.0.6:80 0, - : 39 0.001, - : 0.002 502, 502 : 200 0c1d2e3f40516273"
            ),
            "request_length=568|request_time=0.003|upstream=shop-cart-80|alternative_upstream=|upstream_addr=10.0.0.4:80, 10.0.0.5:80 : 10.0.0.6:80|\
             upstream_response_length=0, - : 39|upstream_response_time=0.001, - : 0.002|upstream_status=502, 502 : 200|request_id=0c1d2e3f40516273"
        );
        assert_eq!(
            seen("410 30.001 [shop-cart-80] 10.0.0.4:80 0 30.001 504"),
            "request_length=410|request_time=30.001|upstream=shop-cart-80|upstream_addr=10.0.0.4:80|upstream_response_length=0|\
             upstream_response_time=30.001|upstream_status=504"
        );
        assert_eq!(seen("410 0.001 [] [] - - - -").split('|').count(), 8);
    }

    #[test]
    fn haproxy_counts_in_milliseconds() {
        let line = r#"33317 656 "fnt" "bck" "srv1" 0 0 1 2 -1 "----" 0 0 0 0 0 0 0"#;
        assert!(
            seen(line).contains("client_port=33317|frontend=fnt|backend=bck|server=srv1|time_request=0"),
            "{}",
            seen(line)
        );
        assert!(seen(line).contains("time_response=2|duration_ms=-1"));
    }

    #[test]
    fn quotes_end_where_they_are_not_escaped() {
        for (text, quoted) in [
            (r#""a b" c"#, "a b"),
            (r#""a \\" \" c"#, r"a \\"),
            (r#""a \" c"#, r#"a \" c"#),
            (r#""a \"#, r"a \"),
            ("\"a", "a"),
        ] {
            let token = Tokens { bytes: text.as_bytes(), at: 0 }.next();
            assert_eq!(
                token.map(|token| String::from_utf8_lossy(token.bytes()).into_owned()),
                Some(quoted.into())
            );
        }
    }
}
