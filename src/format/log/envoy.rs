//! Envoy's access log in its own default and in Istio's, which says more: `[TIME] "request" code flags …`.

use super::Sample;
use super::access::put_request;
use super::added::{Token, Tokens};
use super::positional::positional;
use super::words::{bare, first_line};
use crate::format::time;
use crate::model::{Level, Role, Value};

/// Envoy and Istio's sidecars.
#[derive(Debug)]
pub struct Envoy;

positional!(
    Envoy,
    "envoy",
    "access log of Envoy and of Istio's sidecars, in their default formats",
    starts,
    split,
    &[
        Sample {
            header: "",
            text: r#"[2024-03-05T10:10:11.123Z] "GET /x HTTP/1.1" 200 - 0 91 12 11 "192.0.2.1" "curl/8.4.0" "7b1c2d3e-4f50-4162-8374-95a6b7c8d9ea" "shop.example" "10.0.0.2:8080""#,
            ts: Some("2024-03-05T10:10:11.123Z"),
            level: None,
            roles: &[
                (Role::Status, "200"),
                (Role::Duration, "12"),
                (Role::RequestId, "7b1c2d3e-4f50-4162-8374-95a6b7c8d9ea"),
            ],
        },
        Sample {
            header: "",
            text: r#"[2024-03-05T10:10:12.123Z] "POST /pay HTTP/2" 503 UF,URX upstream_reset_before_response_started{connection_failure} - "delayed connect error: 111" 10 91 5003 - "-" "curl/8.4.0" "844e239b-e669-4576-90bb-c2d1b7e0a002" "pay:8000" "10.44.1.27:80" outbound|8000||pay.shop.svc.cluster.local - 10.0.45.184:8000 10.44.1.23:46520 - default"#,
            ts: Some("2024-03-05T10:10:12.123Z"),
            level: Some(Level::Error),
            roles: &[
                (Role::Status, "503"),
                (Role::Duration, "5003"),
                (Role::RequestId, "844e239b-e669-4576-90bb-c2d1b7e0a002"),
            ],
        },
        Sample {
            header: "",
            text: r#"[2024-03-05T10:10:13.123Z] "- - -" 0 UF,URX - - "-" 0 0 10001 - "-" "-" "-" "-" "10.44.1.27:3306" outbound|3306||db.shop.svc.cluster.local - 10.0.45.184:3306 10.44.1.23:46521 - -"#,
            ts: Some("2024-03-05T10:10:13.123Z"),
            level: Some(Level::Error),
            roles: &[(Role::Duration, "10001")],
        },
    ]
);

/// `[2024-03-05T10:10:11.123Z] "`: milliseconds and UTC, always. Where the bracket closes.
fn frame(rest: &[u8]) -> Option<usize> {
    let time = rest.get(..28)?;
    let fits = time[0] == b'['
        && time[5] == b'-'
        && time[11] == b'T'
        && time[20] == b'.'
        && time.ends_with(b"Z] \"");
    fits.then_some(25)
}

fn starts(rest: &[u8]) -> bool {
    // The code and its flags come behind the request: those of others may begin alike.
    frame(rest).is_some_and(|close| {
        let line = first_line(rest);
        let mut tokens = Tokens { bytes: line, at: close + 1 };
        let request = tokens.next().filter(|token| token.is_quoted());
        let (code, flags) = (tokens.next(), tokens.next());
        request.is_some()
            && code.is_some_and(|code| code.bytes().len() <= 3 && code.bytes().iter().all(u8::is_ascii_digit))
            && flags.is_some_and(|flags| !flags.is_quoted() && are_flags(flags.bytes()))
    })
}

/// `-`, `UF,URX`: why the answer is not the upstream's own.
fn are_flags(word: &[u8]) -> bool {
    word == b"-" || word.iter().all(|b| b.is_ascii_uppercase() || *b == b',')
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    const FIRST: [&str; 4] = ["bytes_received", "bytes", "duration_ms", "upstream_service_time"];
    const LAST: [&str; 5] = ["forwarded_for", "user_agent", "request_id", "host", "upstream"];
    const ISTIO: [&str; 6] = [
        "upstream_cluster",
        "upstream_local",
        "downstream_local",
        "downstream_remote",
        "requested_server",
        "route",
    ];
    let line = first_line(entry);
    let Some(close) = frame(line) else { return false };
    put("timestamp", Value::plain(&line[1..close]));
    put("message", Value::plain(line[close + 2..].trim_ascii_end()));
    let mut tokens = Tokens { bytes: line, at: close + 1 };
    if let Some(Token::Quoted(request)) = tokens.next()
        && request != b"- - -"
    {
        put("request", Value::plain(request));
        put_request(request, put);
    }
    let code = tokens.next().map_or(&b""[..], Token::bytes);
    put("status", if code == b"0" { Value::Null } else { bare(code) });
    let flags = tokens.next().map_or(&b""[..], Token::bytes);
    put("flags", bare(flags));
    if code == b"0" && flags != b"-" {
        // A connection has no status: it failed where flags say why.
        put("level", Value::plain(b"error"));
    }
    // Istio says why in words, before the numbers.
    let mut ahead = tokens.clone();
    if ahead.next().is_some_and(|token| !token.bytes().iter().all(u8::is_ascii_digit)) {
        for name in ["details", "termination", "failure"] {
            put(name, tokens.next().map_or(Value::Null, |token| bare(token.bytes())));
        }
    }
    for name in FIRST.into_iter().chain(LAST).chain(ISTIO) {
        let Some(token) = tokens.next() else { break };
        put(name, bare(token.bytes()));
    }
    time::read(&line[1..]).is_some()
}
