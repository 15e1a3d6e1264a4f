//! Amazon's access logs whose fields have fixed places: load balancers (ALB and classic) and S3.

use super::Sample;
use super::positional::positional;
use super::words::{Words, bare, first_line};
use crate::format::time;
use crate::model::{Level, Role, Value};

/// An application load balancer's access log.
#[derive(Debug)]
pub struct Alb;

positional!(
    Alb,
    "alb",
    "access log of an AWS load balancer (application or classic)",
    starts_alb,
    split_alb,
    &[
        Sample {
            header: "",
            text: r#"https 2018-07-02T22:23:00.186641Z app/my-lb/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 "GET https://www.example.com:443/ HTTP/1.1" "curl/7.46.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:x "Root=1-58337281-1d84f3d73c47ec4e58577259" "www.example.com""#,
            ts: Some("2018-07-02T22:23:00.186641Z"),
            level: None,
            roles: &[
                (Role::Status, "200"),
                (Role::Duration, "0.048"),
                (Role::TraceId, "Root=1-58337281-1d84f3d73c47ec4e58577259"),
            ],
        },
        Sample {
            header: "",
            text: r#"2015-05-13T23:39:43.945958Z my-lb 192.168.131.39:2817 10.0.0.1:80 0.000073 0.001048 0.000057 503 200 0 29 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.38.0" - -"#,
            ts: Some("2015-05-13T23:39:43.945958Z"),
            level: Some(Level::Error),
            roles: &[(Role::Status, "503"), (Role::Duration, "0.001048")],
        },
    ]
);

/// The type that opens an application load balancer's line, and whether there is one.
fn alb(rest: &[u8]) -> Option<bool> {
    let kind = rest.iter().take(6).take_while(|b| b.is_ascii_lowercase() || b.is_ascii_digit()).count();
    let typed = matches!(&rest[..kind], b"http" | b"https" | b"h2" | b"ws" | b"wss" | b"grpcs")
        && rest.get(kind) == Some(&b' ');
    let at = if typed { kind + 1 } else { 0 };
    // 2018-07-02T22:23:00.186641Z and a blank: six digits and UTC, always.
    let time = rest.get(at..at + 28)?;
    (time[4] == b'-' && time[10] == b'T' && time[19] == b'.' && time.ends_with(b"Z ")).then_some(typed)
}

fn starts_alb(rest: &[u8]) -> bool {
    let line = first_line(&rest[..rest.len().min(600)]);
    match alb(line) {
        None => false,
        Some(true) => true,
        // Nine words before the quoted request, of which the numbers are where they belong.
        Some(false) => {
            let words: Vec<&[u8]> = line.split(|b| *b == b' ').take(12).collect();
            words.len() == 12
                && words[11].starts_with(b"\"")
                && words[4..11]
                    .iter()
                    .all(|word| word.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-')))
        }
    }
}

fn split_alb<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    const NAMES: [&str; 19] = [
        "timestamp",
        "elb",
        "client",
        "target",
        "request_processing_time_s",
        "duration_s",
        "response_processing_time_s",
        "status",
        "target_status_code",
        "received_bytes",
        "sent_bytes",
        "request",
        "user_agent",
        "ssl_cipher",
        "ssl_protocol",
        "target_group_arn",
        "trace_id",
        "domain_name",
        "chosen_cert_arn",
    ];
    let line = first_line(entry);
    let Some(typed) = alb(line) else { return false };
    let mut words = Words::of(line);
    if typed && let Some(kind) = words.word() {
        put("type", Value::plain(kind));
    }
    for name in NAMES {
        let Some((word, quoted)) = words.token() else { break };
        if name == "request" {
            put("message", Value::plain(word));
        }
        put(name, if quoted && word != b"-" { Value::plain(word) } else { bare(word) });
    }
    true
}

/// S3's server access log.
#[derive(Debug)]
pub struct S3;

positional!(
    S3,
    "s3",
    "server access log of Amazon S3",
    starts_s3,
    split_s3,
    &[Sample {
        header: "",
        text: r#"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be bucket1 [06/Feb/2019:00:00:38 +0000] 192.0.2.3 79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be 3E57427F3EXAMPLE REST.GET.VERSIONING - "GET /bucket1?versioning HTTP/1.1" 200 - 113 - 7 - "-" "S3Console/0.4" -"#,
        ts: Some("2019-02-06T00:00:38Z"),
        level: None,
        roles: &[(Role::Status, "200"), (Role::Duration, "7"), (Role::RequestId, "3E57427F3EXAMPLE")],
    }]
);

fn starts_s3(rest: &[u8]) -> bool {
    let Some(owner) = rest.get(..65) else { return false };
    owner[64] == b' '
        && owner[..64].iter().all(u8::is_ascii_hexdigit)
        && memchr::memmem::find(&rest[..rest.len().min(160)], b" [").is_some()
}

fn split_s3<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let line = first_line(entry);
    let mut words = Words::of(line);
    for name in ["bucket_owner", "bucket"] {
        put(name, words.word().map_or(Value::Null, bare));
    }
    let Some(stamp) = words.bracket(b'[', 64) else { return false };
    put("timestamp", Value::plain(stamp));
    for name in [
        "remote_addr",
        "requester",
        "request_id",
        "operation",
        "key",
        "message",
        "status",
        "error_code",
        "bytes",
        "object_size",
        "total_time_ms",
        "turn_around_time_ms",
        "referer",
        "user_agent",
    ] {
        let Some((word, quoted)) = words.token() else { break };
        put(name, if quoted { Value::plain(word) } else { bare(word) });
    }
    time::read(stamp).is_some()
}
