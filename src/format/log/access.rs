//! Access logs of nginx, Apache and their like: common and combined, with whatever is added at the end.

use super::Sample;
use super::added::{Token, Tokens, put_added};
use super::positional::positional;
use super::syslog;
use super::words::bare;
use crate::format::time;
use crate::model::{Level, Role, Value};

/// `host ident user [time] "request" status bytes "referer" "agent" …`.
#[derive(Debug)]
pub struct Access;

/// How far into a line the time's bracket may be.
const TIME_WITHIN: usize = 512;

positional!(
    Access,
    "access",
    "common or combined access log (nginx, Apache), with request time, ids and more at the end",
    starts,
    split,
    &[
        Sample {
            header: "",
            text: r#"10.1.124.202 - user_2617 [24/Dec/2023:12:29:28 +0900] "POST /orders/32344/pay HTTP/1.1" 504 414 "-" "shop-app/3.1 \"x\"" 20.172 d93bcb42-42af-494a-bdd1-f07d2e68ed97"#,
            ts: Some("2023-12-24T03:29:28Z"),
            level: Some(Level::Error),
            roles: &[
                (Role::User, "user_2617"),
                (Role::Status, "504"),
                (Role::Duration, "20.172"),
                (Role::RequestId, "d93bcb42-42af-494a-bdd1-f07d2e68ed97"),
            ],
        },
        Sample {
            header: "",
            text: r#"::1 - - [24/Dec/2023:03:29:28 +0000] "GET / HTTP/1.0" 200 -"#,
            ts: Some("2023-12-24T03:29:28Z"),
            level: None,
            roles: &[(Role::Status, "200")],
        },
        Sample {
            header: "",
            text: r#"shop.example:443 10.0.0.1 - bob [24/Dec/2023:03:29:28 +0000] "GET /a b HTTP/1.1" 404 9 "-" "-" rt=0.004 rid=ab12 "0.003""#,
            ts: Some("2023-12-24T03:29:28Z"),
            level: None,
            roles: &[(Role::User, "bob"), (Role::Duration, "0.004"), (Role::RequestId, "ab12")],
        },
        Sample {
            header: "",
            text: r#"10.3.4.5 - - [24/Dec/2023:03:29:28 +0000] "GET /en HTTP/2.0" 504 1000 "-" "UA (x)" 1749 5.001 [shop-cart-80] [] 10.0.0.4:80, 10.0.0.5:80 0, 39 0.001, 5.000 502, 504 0c1d2e3f40516273849506a7b8c9d0e1"#,
            ts: Some("2023-12-24T03:29:28Z"),
            level: Some(Level::Error),
            roles: &[
                (Role::Duration, "5.001"),
                (Role::Status, "504"),
                (Role::RequestId, "0c1d2e3f40516273849506a7b8c9d0e1"),
            ],
        },
        Sample {
            header: "",
            text: r#"10.3.4.5 - [10.3.4.5] - anna [24/Dec/2023:03:29:28 +0000] "GET /en HTTP/2.0" 200 1000 "-" "UA (x)" 1749 0.012 [shop-cart-80] 10.0.0.4:80 39 0.012 200"#,
            ts: Some("2023-12-24T03:29:28Z"),
            level: None,
            roles: &[(Role::Duration, "0.012"), (Role::User, "anna")],
        },
        Sample {
            header: "",
            text: r#"10.3.4.5 - - [24/Dec/2023:03:29:28 +0000] "GET /en HTTP/1.1" 503 212 "" "" 10976 656 "web" "shop" "s1" 0 0 1 20 21 "----" 0 0 0 0 0 0 0"#,
            ts: Some("2023-12-24T03:29:28Z"),
            level: Some(Level::Error),
            roles: &[(Role::Duration, "21"), (Role::Status, "503")],
        },
        Sample {
            header: "",
            text: r#"10.3.4.5 - - [24/Dec/2023:03:29:28 +0000] "GET /en HTTP/1.1" 200 212 "-" "UA" 12 "shop@docker" "http://10.0.0.2:80" 5ms"#,
            ts: Some("2023-12-24T03:29:28Z"),
            level: None,
            roles: &[(Role::Duration, "5ms")],
        },
    ]
);

fn starts(rest: &[u8]) -> bool {
    time_bracket(rest).is_some_and(|(open, _)| Client::of(rest[..open].trim_ascii_end()).is_some())
}

/// What stands before the time: `[vhost] host ident user`. A user may hold blanks.
struct Client<'a> {
    vhost: Option<&'a [u8]>,
    host: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Client<'a> {
    /// `None` if something else stands before the client, as a shipper's head does: then this is an access line in
    /// a line of another format.
    fn of(before: &'a [u8]) -> Option<Self> {
        let (first, rest) = split_word(before);
        if is_address(first) {
            let length = addresses(before);
            let (host, rest) = before.split_at(length);
            return Some(Client { vhost: None, host, rest: rest.trim_ascii_start() });
        }
        // Containers put the time at which they got the line before it.
        if let Some((_, used)) = time::read(before)
            && let behind = before[used..].trim_ascii_start()
            && is_address(split_word(behind).0)
        {
            return Client::of(behind);
        }
        let (second, behind) = split_word(rest);
        if is_address(second) {
            let vhost = Some(first).filter(|first| is_vhost(first))?;
            return Some(Client { vhost: Some(vhost), host: second, rest: behind });
        }
        // A client goes by its name where the server looked that up.
        let wrapped = rest.split(|b| *b == b' ').any(is_address) || syslog::has_head(before);
        if wrapped || matches!(first.first(), Some(b'[' | b'<' | b'{')) {
            return None;
        }
        let (third, _) = split_word(behind);
        if third == b"-" && second != b"-" {
            return Some(Client { vhost: Some(first), host: second, rest: behind });
        }
        Some(Client { vhost: None, host: first, rest })
    }

    fn put(&self, put: &mut dyn FnMut(&str, Value<'a>)) {
        if let Some(vhost) = self.vhost {
            put("vhost", Value::plain(vhost));
        }
        put("remote_addr", bare(self.host));
        let (ident, mut user) = split_word(self.rest);
        put("ident", bare(ident));
        // Older ingress-nginx: `10.0.0.1 - [10.0.0.1] - user`.
        if let Some(inside) = user.strip_prefix(b"[")
            && let Some(close) = memchr::memchr(b']', inside)
        {
            put("forwarded_for", bare(&inside[..close]));
            user = inside[close + 1..].trim_ascii_start();
            user = user.strip_prefix(b"- ").unwrap_or(user);
        }
        put("user", bare(user));
    }
}

/// The first word, and what stands behind the blank after it.
fn split_word(text: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b' ', text) {
        Some(blank) => (&text[..blank], &text[blank + 1..]),
        None => (text, b""),
    }
}

/// How long the addresses are that the text begins with: a proxy lists those before it, `10.0.0.1, 10.0.0.2`.
fn addresses(text: &[u8]) -> usize {
    let mut end = 0;
    loop {
        let (word, _) = split_word(&text[end..]);
        end += word.len();
        if !word.ends_with(b",") || end + 1 >= text.len() {
            return end;
        }
        end += 1;
    }
}

/// Is this the address of a client: IPv4 or IPv6, with or without a port?
fn is_address(word: &[u8]) -> bool {
    let word = word.strip_suffix(b",").unwrap_or(word);
    let plain = match word.split(|b| *b == b':').next() {
        Some(before) if before.len() < word.len() && memchr::memchr(b'.', before).is_some() => before,
        _ => word,
    };
    if is_ipv4(plain) {
        return true;
    }
    if memchr::memchr(b':', word).is_none() {
        return word == b"unix:";
    }
    let inside = word.strip_prefix(b"[").and_then(|rest| rest.split(|b| *b == b']').next()).unwrap_or(word);
    word == b"unix:" || is_ipv6(inside)
}

/// Eight groups of hexadecimal digits, or fewer around `::`.
fn is_ipv6(word: &[u8]) -> bool {
    let word = word.split(|b| *b == b'%').next().unwrap_or(word);
    // IPv4 may stand at the end.
    let group = |part: &[u8]| part.len() <= 4 && part.iter().all(u8::is_ascii_hexdigit);
    let shortened = memchr::memmem::find(word, b"::").is_some();
    let mut groups = 0;
    for part in word.split(|b| *b == b':') {
        if !group(part) && !is_ipv4(part) {
            return false;
        }
        groups += 1;
    }
    if shortened { (3..=9).contains(&groups) } else { groups == 8 && !word.ends_with(b":") }
}

/// Four numbers.
fn is_ipv4(word: &[u8]) -> bool {
    let digits = |part: &[u8]| (1..=3).contains(&part.len()) && part.iter().all(u8::is_ascii_digit);
    let mut parts = word.split(|b| *b == b'.');
    (0..4).all(|_| parts.next().is_some_and(digits)) && parts.next().is_none()
}

/// Is this the name of a server, with or without a port?
fn is_vhost(word: &[u8]) -> bool {
    word.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'*'))
        && !word.ends_with(b":")
        && time::read(word).is_none()
}

/// Where the bracket of `[24/Dec/2023:12:29:28 +0900] "` opens and what follows it.
fn time_bracket(rest: &[u8]) -> Option<(usize, usize)> {
    let head = &rest[..rest.len().min(TIME_WITHIN)];
    let mut from = 0;
    while let Some(found) = memchr::memchr2(b'[', b'\n', &head[from..]) {
        let at = from + found;
        if head[at] == b'\n' {
            return None;
        }
        // 24/Dec/2023: and the closing bracket, then the quote of the request.
        let inside = &rest[at + 1..];
        if matches!(inside.get(..4), Some([b'0'..=b'9', b'0'..=b'9', b'/', b'A'..=b'Z'])) && at > 0 {
            let close = memchr::memchr(b']', &inside[..inside.len().min(40)])?;
            let after = at + close + 2;
            return matches!(rest.get(after..after + 2), Some(b" \"")).then_some((at, after));
        }
        from = at + 1;
    }
    None
}

/// Hands every field to `put`; whether the line was understood.
fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let line = memchr::memchr(b'\n', entry).map_or(entry, |end| &entry[..end]);
    let Some((open, after)) = time_bracket(line) else { return false };
    let Some(client) = Client::of(line[..open].trim_ascii_end()) else { return false };
    client.put(put);
    put(
        "time_local",
        Value::plain(line[open + 1..after].trim_ascii_end().strip_suffix(b"]").unwrap_or_default()),
    );
    let mut tokens = Tokens { bytes: line, at: after };
    if let Some(Token::Quoted(request)) = tokens.next() {
        put("request", Value::plain(request));
        put_request(request, put);
    }
    put_response(tokens, put);
    is_usual_time(&line[open + 1..]) || time::read(&line[open + 1..]).is_some()
}

/// `24/Dec/2023:12:29:28 +0900`: a time that needs no second reading to be believed.
fn is_usual_time(text: &[u8]) -> bool {
    const MONTHS: [&[u8; 3]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    let Some([d, e, b'/', month @ .., b'/', y0, y1, y2, y3, b':', h, i, b':', m, n, b':', s, t, b' ']) =
        text.first_chunk::<21>()
    else {
        return false;
    };
    [e, y1, y2, y3, i, n, t].into_iter().all(u8::is_ascii_digit)
        && *y0 == b'2'
        && matches!((d, e), (b'0', b'1'..) | (b'1', _) | (b'2', ..=b'8'))
        && matches!((h, i), (b'0' | b'1', _) | (b'2', ..=b'3'))
        && matches!((m, s), (b'0'..=b'5', b'0'..=b'5'))
        && MONTHS.contains(&month)
}

/// `POST /path HTTP/1.1` in its parts; a path may hold blanks.
pub(super) fn put_request<'a>(request: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) {
    let Some(space) = memchr::memchr(b' ', request) else { return };
    let (method, rest) = (&request[..space], &request[space + 1..]);
    let (path, protocol) = match memchr::memrchr(b' ', rest) {
        Some(last) if rest[last + 1..].starts_with(b"HTTP/") => (&rest[..last], Some(&rest[last + 1..])),
        _ => (rest, None),
    };
    put("method", Value::plain(method));
    put("path", Value::plain(path));
    if let Some(protocol) = protocol {
        put("protocol", Value::plain(protocol));
    }
}

/// Status, bytes, referer, agent, and what was added after them.
fn put_response<'a>(mut tokens: Tokens<'a>, put: &mut dyn FnMut(&str, Value<'a>)) {
    let mut blank = true;
    for name in ["status", "bytes", "referer", "user_agent"] {
        let mut ahead = tokens.clone();
        let Some(token) = ahead.next() else { return };
        let quoted = matches!(name, "referer" | "user_agent");
        // The common format has no referer and agent: what is added comes right after the bytes.
        if token.is_quoted() != quoted {
            blank = false;
            break;
        }
        blank &= !quoted || token.bytes().is_empty();
        put(name, bare(token.bytes()));
        tokens = ahead;
    }
    put_added(tokens, blank, put);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_by_position_and_by_look() {
        let mut seen = Vec::new();
        let line = br#"1.2.3.4 - a b [24/Dec/2023:03:29:28 +0000] "GET /x?q=1 HTTP/2.0" 200 12 "http://r/" "UA \"q\" 1" 0.004 0.003 - req-77af21"#;
        assert!(
            split(line, &mut |name, value| seen.push(format!("{name}={}", value.text().unwrap_or_default())))
        );
        assert_eq!(
            seen[2..],
            [
                "user=a b",
                "time_local=24/Dec/2023:03:29:28 +0000",
                "request=GET /x?q=1 HTTP/2.0",
                "method=GET",
                "path=/x?q=1",
                "protocol=HTTP/2.0",
                "status=200",
                "bytes=12",
                "referer=http://r/",
                "user_agent=UA \\\"q\\\" 1",
                "request_time=0.004",
                "upstream_response_time=0.003",
                "extra_1=",
                "request_id=req-77af21"
            ]
        );
    }

    proptest::proptest! {
        #[test]
        fn the_usual_time_is_a_time(
            text in "[0-3][0-9]/(Jan|Feb|Mai|Dec|Dez)/[12][09][0-9]{2}:[0-2][0-9]:[0-6][0-9]:[0-6][0-9][ .]([+-][0-9]{4}|Z|UTC)?"
        ) {
            if is_usual_time(text.as_bytes()) {
                proptest::prop_assert!(time::read(text.as_bytes()).is_some(), "{}", text);
            }
        }
    }

    #[test]
    fn what_stands_before_the_client_is_of_another_format() {
        const TIME: &str = r#"[24/Dec/2023:03:29:28 +0000] "GET / HTTP/1.1" 200 1"#;
        for (before, vhost, client, user) in [
            ("10.0.0.1 - -", "", "10.0.0.1", ""),
            ("10.0.0.1:5432 - bob", "", "10.0.0.1:5432", "bob"),
            ("10.0.0.1, 10.0.0.2 - bob", "", "10.0.0.1, 10.0.0.2", "bob"),
            ("::1 - -", "", "::1", ""),
            ("2001:db8::17 - a b", "", "2001:db8::17", "a b"),
            ("shop.example:443 10.0.0.1 - -", "shop.example:443", "10.0.0.1", ""),
            ("shop.example pc7.example - bob", "shop.example", "pc7.example", "bob"),
            ("pc7.example - bob", "", "pc7.example", "bob"),
            ("- - -", "", "", ""),
            ("unix: - -", "", "unix:", ""),
            ("10.0.0.1 - [10.0.0.1] - bob", "", "10.0.0.1", "bob"),
            ("192.0.2.10 shop.example -", "", "192.0.2.10", ""),
            ("2024-03-05T10:10:11.123456789Z 10.1.1.1 - bob", "", "10.1.1.1", "bob"),
        ] {
            let line = format!("{before} {TIME}");
            assert!(starts(line.as_bytes()), "{before}");
            let mut found = [String::new(), String::new(), String::new()];
            assert!(split(line.as_bytes(), &mut |name, value| {
                let at = ["vhost", "remote_addr", "user"].iter().position(|known| *known == name);
                if let Some(at) = at {
                    found[at] = value.text().unwrap_or_default().into_owned();
                }
            }));
            assert_eq!(found, [vhost, client, user], "{before}");
        }
        for before in [
            "Mar  5 10:10:11 web1 nginx: 10.1.1.1 - alice",
            "<190>Mar  5 10:10:11 web1 nginx: 10.1.1.1 - -",
            "2024-03-05T10:10:11+00:00 web1 nginx: 10.1.1.1 - -",
            "Mar  5 10:10:11 web1 nginx: pc7.example - -",
            "[pod/shop-1/nginx] 10.1.1.1 - -",
            "shop-1 nginx 10.1.1.1 - -",
            "nginx: 10.1.1.1 - -",
        ] {
            assert!(!starts(format!("{before} {TIME}").as_bytes()), "{before}");
        }
    }

    #[test]
    fn other_brackets_are_no_access_log() {
        for text in ["[24/Dec/2023:03:29:28 +0000] x", "a [info] b", "x [24/Dec/2023:03:29:28", ""] {
            assert!(!starts(text.as_bytes()), "{text}");
        }
    }
}
