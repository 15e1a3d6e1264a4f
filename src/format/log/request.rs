//! Requests in the words of web frameworks: what a message says of method, path, status and duration, whoever wrote it.
//!
//! `Completed 500 Internal Server Error in 2250ms`, `HTTP GET /cart responded 200 in 12 ms`, `GET /cart 200 12.3 ms - 15`,
//! `"GET /cart HTTP/1.1" from 10.0.0.1 - 500 5B in 1.5s`, `500 GET /pay (10.0.0.1) 2.3ms`. The survey of a file finds out
//! whether its messages speak so; only then they are looked at like this.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::body::{status_code, with_unit};
use super::logfmt::is_number;
use super::{Plan, json};
use crate::model::{Role, Slots, Value};

/// What a message says of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Request<'a> {
    pub(super) method: Option<&'a [u8]>,
    pub(super) path: Option<&'a [u8]>,
    pub(super) status: Option<&'a [u8]>,
    /// How long it took, with its unit; a bare number is of seconds.
    pub(super) took: Option<&'a [u8]>,
}

/// Words before the code of a call of gRPC.
const CALLED: [&[u8]; 2] = [b" call with code ", b"gRPC status code: '"];

/// How much of a message is looked at.
const WITHIN: usize = 4 << 10;

const METHODS: [&str; 8] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT"];

/// Methods as hapi writes them, with the path behind them.
const SMALL: [&str; 6] = ["get /", "post /", "put /", "patch /", "delete /", "head /"];

/// Words before a status that only an answer has.
const ANSWERED: [&[u8]; 10] = [
    b"responded ",
    b"responded with ",
    b"Sent ",
    b"Chunked ",
    b"Completed ",
    b"dispatch, status ",
    b"Success(",
    b"Failure(",
    b"Error(",
    b"StatusCode: ",
];

/// Words before a status that mean an answer where the message names a request, too.
const WITH_REQUEST: [&[u8]; 12] = [
    b"status ",
    b"status: ",
    b"Status: ",
    b"status code ",
    b"status code: ",
    b"returned ",
    b"HTTP/1.1 ",
    b"HTTP/1.0 ",
    b"HTTP/2.0 ",
    b"HTTP/2 ",
    "→ ".as_bytes(),
    b"> ",
];

/// One of these is in every message that speaks of a request: most messages have none, which one look tells.
static MARKS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let words =
        ANSWERED.iter().chain(&CALLED).copied().chain([&b" finished in "[..], b"HTTP/1.1 ", b"HTTP/2 "]);
    let words = words.chain(SMALL.iter().map(|words| words.as_bytes()));
    AhoCorasick::new(METHODS.iter().map(|method| method.as_bytes()).chain(words)).ok()
});

impl<'a> Request<'a> {
    /// What `message` says.
    pub(super) fn of(message: &'a [u8]) -> Self {
        let message = &message[..message.len().min(WITHIN)];
        if MARKS.as_ref().is_none_or(|marks| !marks.is_match(message)) {
            return Request::default();
        }
        let line = Line::of(message);
        let (method, path) = line.map_or((None, None), |line| (Some(line.method), Some(line.path)));
        let request = Request { method, path, ..Request::default() };
        if let Some(code) = code_of_call(message) {
            return Request { status: Some(code), ..request };
        }
        let Some((from, took)) = places(message).find_map(|at| is_answer(message, at, line.as_ref())) else {
            return request;
        };
        let after = &message[from + 3..];
        let took = took.or_else(|| first_duration(after)).or_else(|| seconds_at_end(after));
        Request { status: Some(&message[from..from + 3]), took, ..request }
    }

    /// Offers it to what wants it and has nothing yet.
    pub(super) fn offer(&self, plan: &Plan, slots: &mut Slots<'a>) {
        self.visit(&mut |name, value| plan.offer_missing(slots, name.as_bytes(), value));
    }

    /// Hands what it says to `visit`.
    pub(super) fn visit(&self, visit: &mut dyn FnMut(&str, Value<'a>)) {
        let status = |status: &'a [u8]| match status_code(status) {
            Some(_) => Value::Number(status),
            None => Value::plain(status),
        };
        if let Some(method) = self.method {
            visit("method", Value::plain(method));
        }
        if let Some(path) = self.path {
            visit("path", Value::plain(path));
        }
        if let Some(code) = self.status {
            visit("status", status(code));
        }
        match self.took {
            Some(took) if is_number(took) => visit("request_time", Value::Number(took)),
            Some(took) => visit("duration", Value::plain(took)),
            None => {}
        }
    }
}

/// Hands what a message says of a request to `visit`, where the file's messages speak of them.
pub(super) fn visit(message: &[u8], plan: &Plan, visit: &mut dyn FnMut(&str, Value<'_>)) {
    if plan.speaks() {
        Request::of(message).visit(&mut |name, value| visit(name, value));
    }
}

/// Offers what the message of a JSON object says of a request, where its fields do not.
pub(super) fn offer_of_message(plan: &Plan, slots: &mut Slots<'_>) {
    if let Value::Text(said) = slots.role(Role::Message)
        && !said.escaped
        && !json::is_object(said.raw)
    {
        Request::of(said.raw).offer(plan, slots);
    }
}

/// Where a message names a request: `GET /cart`, `GET "/cart"`, `GET | /cart`, `GET - /cart`.
#[derive(Clone, Copy, Debug)]
struct Line<'a> {
    from: usize,
    method: &'a [u8],
    path: &'a [u8],
    to: usize,
}

impl<'a> Line<'a> {
    fn of(message: &'a [u8]) -> Option<Self> {
        let mut at = 0;
        loop {
            let from = at + message[at..].iter().position(u8::is_ascii_alphabetic)?;
            let length =
                message[from..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
            at = from + length;
            let word = &message[from..at];
            let apart = from.checked_sub(1).is_none_or(|before| !message[before].is_ascii_alphanumeric());
            if apart
                && is_method(word, &message[at..])
                && let Some((start, end)) = path_after(message, at)
            {
                return Some(Line { from, method: word, path: &message[start..end], to: end });
            }
        }
    }
}

/// Is this a method, with what comes behind it? In small letters only right before a path.
fn is_method(word: &[u8], behind: &[u8]) -> bool {
    METHODS.iter().any(|method| method.as_bytes() == word)
        || (behind.starts_with(b" /")
            && SMALL.iter().any(|small| small.as_bytes().strip_suffix(b" /") == Some(word)))
}

/// The path that comes at `at`, behind blanks and the signs that part columns.
fn path_after(message: &[u8], at: usize) -> Option<(usize, usize)> {
    let signs =
        message[at..].iter().take(16).take_while(|b| matches!(b, b' ' | b'\t' | b'|' | b'-' | b'"')).count();
    let start = at + signs;
    let rest = &message[start..];
    if signs == 0
        || !(rest.starts_with(b"/") || rest.starts_with(b"http://") || rest.starts_with(b"https://"))
    {
        return None;
    }
    let quoted = message[start - 1] == b'"';
    let ends = |b: &u8| {
        if quoted {
            matches!(b, b'"' | b'\n')
        } else {
            matches!(b, b' ' | b'\t' | b'"' | b'\n' | b',' | b'\r')
        }
    };
    let end = start + rest.iter().position(ends).unwrap_or(rest.len());
    Some((start, end))
}

/// Where words of three digits stand that could be a status.
fn places(message: &[u8]) -> impl Iterator<Item = usize> {
    memchr::memchr3_iter(b' ', b'(', b'[', message)
        .map(|before| before + 1)
        .chain((!message.is_empty()).then_some(0))
        .filter(|at| status_code(&message[*at..]).is_some())
}

/// Is the word of three digits at `at` the status of an answer? Then also the duration, if that stands before it.
fn is_answer<'a>(message: &'a [u8], at: usize, line: Option<&Line<'a>>) -> Option<(usize, Option<&'a [u8]>)> {
    let (before, after) = (&message[..at], &message[at + 3..]);
    if let Some(words) = ANSWERED.iter().find(|words| before.ends_with(words)) {
        // `Completed 200 records` and `Sent 200 bytes` are no answers.
        let fits = match *words {
            b"Completed " => {
                after.is_empty()
                    || after.get(1).is_some_and(u8::is_ascii_uppercase)
                    || after.starts_with(b" in ")
            }
            b"Sent " | b"Chunked " => after.starts_with(b" in "),
            _ => true,
        };
        return fits.then_some((at, None));
    }
    // Logbook writes the answer as it goes over the wire.
    let on_its_own = |version: &&[u8]| {
        before.strip_suffix(*version).is_some_and(|above| above.is_empty() || above.ends_with(b"\n"))
    };
    if [&b"HTTP/1.1 "[..], b"HTTP/1.0 ", b"HTTP/2 ", b"HTTP/2.0 "].iter().any(on_its_own) {
        return Some((at, None));
    }
    // ASP.NET: `Request finished in 12.3ms 200`.
    if let Some(found) = memchr::memmem::rfind(before, b" finished in ") {
        let took = with_unit(&before[found + 13..])
            .filter(|took| before[found + 13 + took.len()..].trim_ascii().is_empty());
        if took.is_some() {
            return Some((at, took));
        }
    }
    let line = line?;
    let named = || at > line.to && WITH_REQUEST.iter().any(|words| before.ends_with(words));
    let opens = || before.is_empty() || before.trim_ascii_end().ends_with(b"|");
    let piped = || opens() && after.trim_ascii_start().starts_with(b"|");
    (is_behind(message, at, line) || is_before(after, at, line) || named() || piped()).then_some((at, None))
}

/// Does the status come right behind the request, `GET /cart 200`, `"GET /cart HTTP/1.1" 200`, or behind a dash there,
/// `GET http://shop/cart - 200`, `"GET /cart HTTP/1.1" from 10.0.0.1 - 200`?
fn is_behind(message: &[u8], at: usize, line: &Line<'_>) -> bool {
    let Some(between) = message.get(line.to..at) else { return false };
    let plain = |b: &u8| matches!(b, b' ' | b'\t' | b'"' | b'|' | b'-');
    let rest = &between[between.iter().take_while(|b| plain(b)).count()..];
    let rest = match rest.strip_prefix(b"HTTP/") {
        Some(version) => &version[version.iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count()..],
        None => rest,
    };
    // hapi writes the query as an object.
    let rest = rest.strip_prefix(b"{}").unwrap_or(rest);
    rest.iter().all(plain) || (rest.ends_with(b" - ") && rest.len() < 200 && !rest.contains(&b'\n'))
}

/// Does the request come right behind the status, `200 GET /cart`, `[200]: GET /cart`, `200 OK: GET - /cart`?
fn is_before(after: &[u8], at: usize, line: &Line<'_>) -> bool {
    let Some(between) = line.from.checked_sub(at + 3).and_then(|length| after.get(..length)) else {
        return false;
    };
    between.len() < 32
        && between
            .iter()
            .all(|b| b.is_ascii_alphabetic() || matches!(b, b' ' | b'\t' | b':' | b']' | b')' | b'|'))
        && between.iter().filter(|b| b.is_ascii_alphabetic()).count() * 2 <= between.len() + 20
}

/// `finished unary call with code Unavailable`, `Finished gRPC call. gRPC status code: 'OK'`: how a call of gRPC ended.
fn code_of_call(message: &[u8]) -> Option<&[u8]> {
    let found =
        CALLED.iter().find_map(|words| memchr::memmem::find(message, words).map(|at| at + words.len()))?;
    let length = message[found..].iter().take_while(|b| b.is_ascii_alphabetic()).count();
    (length > 1).then(|| &message[found..found + length])
}

/// The first number with a unit of time.
fn first_duration(text: &[u8]) -> Option<&[u8]> {
    let line = text.split(|b| *b == b'\n').next().unwrap_or_default();
    let starts = memchr::memchr3_iter(b' ', b'(', b'|', line).map(|before| before + 1);
    starts.filter(|at| line.get(*at).is_some_and(u8::is_ascii_digit)).find_map(|at| with_unit(&line[at..]))
}

/// The number with a fraction that ends the line behind what is quoted: actix counts seconds.
fn seconds_at_end(text: &[u8]) -> Option<&[u8]> {
    let line = text.split(|b| *b == b'\n').next().unwrap_or_default().trim_ascii_end();
    let last = line.rsplit(|b| *b == b' ').next()?;
    let behind = line[..line.len() - last.len()].trim_ascii_end().ends_with(b"\"");
    (behind && is_number(last) && last.contains(&b'.')).then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(message: &str) -> String {
        let mut said = Vec::new();
        Request::of(message.as_bytes()).visit(&mut |_, value| {
            said.push(value.text().unwrap_or_default().into_owned());
        });
        said.join(" ")
    }

    #[test]
    fn frameworks_say_how_requests_ended() {
        for (message, expected) in [
            // Rails, Martini; Spring; WebFlux.
            (
                "Completed 500 Internal Server Error in 2250ms (Views: 1.1ms | ActiveRecord: 1.2ms)",
                "500 2250ms",
            ),
            ("[8f5c7e0a] Completed 302 Found in 8ms", "302 8ms"),
            ("Started GET \"/cart?q=a b\" for 10.0.0.1 at 2024-03-05 10:10:10 +0000", "GET /cart?q=a b"),
            ("Completed 404 NOT_FOUND", "404"),
            ("Exiting from \"ERROR\" dispatch, status 500", "500"),
            ("[1a2b3c-1] Completed 200 OK", "200"),
            // Serilog, ASP.NET 2 to 8.
            ("HTTP GET /cart responded 200 in 100.4567 ms", "GET /cart 200 100.4567 ms"),
            ("Request finished in 12.3456ms 500 application/json; charset=utf-8", "500 12.3456ms"),
            (
                "Request finished HTTP/2 POST https://shop:5001/pay application/json 150 - 503 12 text/plain 35.3271ms",
                "POST https://shop:5001/pay 503 35.3271ms",
            ),
            (
                "Request finished HTTP/1.1 GET http://shop:5000/cart - 200 - application/json;+charset=utf-8 12.3ms",
                "GET http://shop:5000/cart 200 12.3ms",
            ),
            (
                "Request finished HTTP/1.1 GET http://shop/x - - - 404 0 - 1.2ms",
                "GET http://shop/x 404 1.2ms",
            ),
            ("Request starting HTTP/1.1 GET http://shop:5000/cart - -", "GET http://shop:5000/cart"),
            // Phoenix.
            ("Sent 500 in 500µs", "500 500µs"),
            ("Chunked 200 in 1ms", "200 1ms"),
            ("GET /cart", "GET /cart"),
            // Go: chi, fiber, negroni.
            (
                "[web1/AbC-000001] \"POST http://shop:3333/pay HTTP/1.1\" from 10.0.0.1:55555 - 500 5B in 1.5s",
                "POST http://shop:3333/pay 500 1.5s",
            ),
            ("| 503 |     1m3.2s |       10.0.0.1 | GET     | /cart           | -", "GET /cart 503 1m3.2s"),
            ("500 |     1.5s |       10.0.0.1 | GET     | /cart         | no", "GET /cart 500 1.5s"),
            ("| 200 | \t 12.5µs | shop:8080 | POST /pay", "POST /pay 200 12.5µs"),
            // Node: morgan's dev, tiny and short, koa, Next.js, hapi.
            ("GET /cart 500 12.345 ms - 15", "GET /cart 500 12.345 ms"),
            ("POST /pay 201 15 - 3.210 ms", "POST /pay 201 3.210 ms"),
            ("::1 - GET /cart HTTP/1.1 404 15 - 12.345 ms", "GET /cart 404 12.345 ms"),
            ("--> GET /cart 500 12ms 5b", "GET /cart 500 12ms"),
            ("[response,api] http://shop:3000: get /cart {} 200 (12ms)", "get /cart 200 12ms"),
            ("GET /cart 200 in 1.2s", "GET /cart 200 1.2s"),
            // Python: uvicorn, Django, Tornado, Sanic.
            ("10.0.0.1:5432 - \"GET /cart HTTP/1.1\" 500 Internal Server Error", "GET /cart 500"),
            ("\"GET /pay HTTP/1.1\" 500 145", "GET /pay 500"),
            ("500 GET /pay (10.0.0.1) 2.34ms", "GET /pay 500 2.34ms"),
            ("GET http://shop/cart  200 12", "GET http://shop/cart 200"),
            // Rust: actix, warp, Rocket.
            ("10.0.0.1 \"GET /cart HTTP/1.1\" 500 0 \"-\" \"curl/8\" 0.002345", "GET /cart 500 0.002345"),
            (
                "10.0.0.1:5432 \"GET /cart HTTP/1.1\" 200 \"-\" \"curl/8\" 123.456µs",
                "GET /cart 200 123.456µs",
            ),
            ("   >> Outcome: Failure(503 Service Unavailable)", "503"),
            // Ktor, PHP.
            ("500 Internal Server Error: GET - /cart in 12ms", "GET /cart 500 12ms"),
            ("10.0.0.1:5432 [500]: GET /pay - Uncaught Error: no", "GET /pay 500"),
            ("Outgoing Response: 2d66e4bc\nDuration: 25 ms\nHTTP/1.1 503 Service Unavailable\nX: y", "503"),
            // gRPC.
            ("finished unary call with code Unavailable", "Unavailable"),
            ("Finished gRPC call. gRPC status code: 'OK'", "OK"),
            // In own words.
            ("POST /pay returned 502 after 3 s", "POST /pay 502 3 s"),
            ("PUT /cart/7 -> 409 (8 ms)", "PUT /cart/7 409 8 ms"),
            ("DELETE /cart/7 status: 204", "DELETE /cart/7 204"),
        ] {
            assert_eq!(said(message), expected, "{message}");
        }
    }

    #[test]
    fn other_numbers_are_no_statuses() {
        for message in [
            "Completed 200 records in 5s",
            "Sent 200 bytes",
            "sent 500 in 3 ms",
            "pool has 200 of 300",
            "GET the 200 best",
            "get /cart from 200 shops",
            "order 500 paid",
            "GETTING 200",
            "",
            "upstream returned 503",
        ] {
            assert_eq!(Request::of(message.as_bytes()).status, None, "{message}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_message_is_survived(message in "(GET|POST|Sent|Completed| |/|\"|-|[0-9]{3}|\\||HTTP/|in|ms|é|\n){0,12}") {
            let said = Request::of(message.as_bytes());
            proptest::prop_assert!(said.status.is_none_or(|status| status.len() >= 2));
        }
    }
}
