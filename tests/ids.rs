//! Ids that no name tells: read as requests by what their values do, and by nothing else.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use crate::program::obs;

const REQUESTS: u64 = 120;

/// Values without a pattern, the same in every run.
fn random(n: u64) -> u64 {
    let mixed = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

fn at(n: u64, millis: u64) -> String {
    format!("2024-03-05T10:{:02}:{:02}.{millis:03}Z", n / 60, n % 60)
}

/// A directory of logs; each has one line for a request, made of the request's number.
fn logs(folder: &Path, files: &[(&str, &dyn Fn(u64) -> String)]) {
    for (name, line) in files {
        let mut text = String::new();
        for n in 0..REQUESTS {
            let _ = writeln!(text, "{}", line(n));
        }
        fs::write(folder.join(name), text).expect("a file");
    }
}

fn correlate(files: &[(&str, &dyn Fn(u64) -> String)]) -> Json {
    let folder = tempfile::tempdir().expect("a folder");
    logs(folder.path(), files);
    let folder = folder.path().to_string_lossy().into_owned();
    let answer = obs(&["correlate", &folder, "--output", "json"]).json();
    for threads in ["1", "2"] {
        assert_eq!(obs(&["correlate", &folder, "--output", "json", "-j", threads]).json(), answer);
    }
    answer
}

/// Requests, entries with an id, and how the ids were told.
fn found(files: &[(&str, &dyn Fn(u64) -> String)]) -> (u64, u64, String) {
    let answer = correlate(files);
    let count = |name: &str| answer["totals"][name].as_u64().expect("a count");
    let told = answer["ids_by_value"].as_str().unwrap_or_default().to_owned();
    (count("requests"), count("entries_with_id"), told)
}

#[test]
fn a_field_of_any_name_names_requests_if_its_values_do() {
    let zorp = |n: u64| format!("{:012x}", random(n) >> 16);
    let gateway = |n| {
        format!(
            r#"{{"time":"{}","level":"info","msg":"in","bytes":{},"zorp":"{}"}}"#,
            at(n, 0),
            random(n) % 90_000 + 10_000,
            zorp(n)
        )
    };
    let app = |n| format!("{} INFO handled zorp={} user=u-{} took=5ms", at(n, 50), zorp(n), 1000 + n % 40);
    assert_eq!(
        found(&[("gw.log", &gateway), ("app.log", &app)]),
        (REQUESTS, 2 * REQUESTS, "zorp".to_owned())
    );
    // Another name in the other file, and none at all in the third.
    let other = |n| format!("{} INFO handled kludge={}", at(n, 50), zorp(n));
    let text = |n| format!("{} INFO row of [{}] stored", at(n, 70), zorp(n));
    assert_eq!(
        found(&[("gw.log", &gateway), ("app.log", &other), ("db.log", &text)]),
        (REQUESTS, 3 * REQUESTS, "kludge, zorp, words of 12 hexadecimal digits".to_owned())
    );
}

#[test]
fn words_of_a_text_are_ids_if_another_file_knows_them() {
    let id = |n: u64| format!("{:08x}", random(n) >> 32);
    let gateway =
        |n| format!(r#"{{"time":"{}","level":"info","msg":"in","request_id":"{}"}}"#, at(n, 0), id(n));
    let app = |n| {
        format!(
            "2024-03-05 10:{:02}:{:02},050 INFO [{}] c.acme.Pay - charged, build 7f3a9c2e",
            n / 60,
            n % 60,
            id(n)
        )
    };
    assert_eq!(
        found(&[("gw.log", &gateway), ("app.log", &app)]),
        (REQUESTS, 2 * REQUESTS, "words of 8 hexadecimal digits".to_owned())
    );
}

#[test]
fn words_with_a_prefix_of_their_own_are_ids() {
    let one = |n| format!("{} INFO accepted zk-{} from worker-{}", at(n, 0), 100 + 7 * n, n % 4);
    let two = |n| format!("{} INFO done with zk-{}", at(n, 30), 100 + 7 * n);
    assert_eq!(
        found(&[("one.log", &one), ("two.log", &two)]),
        (REQUESTS, 2 * REQUESTS, "words of zk- and digits".to_owned())
    );
}

#[test]
fn a_mail_is_followed_by_the_id_of_the_queue() {
    let mail = |n: u64| {
        let (second, id) = (n / 3, format!("{:010X}", random(n / 3) >> 24));
        let said = [
            "client=a.example.org[192.0.2.7]",
            "from=<a@example.org>, size=1234",
            "to=<b@example.org>, status=sent",
        ];
        format!("Mar  5 10:00:{:02} mx postfix/smtp[77]: {id}: {}", second, said[n as usize % 3])
    };
    let (requests, entries, _) = found(&[("mail.log", &mail)]);
    assert_eq!((requests, entries), (REQUESTS / 3, REQUESTS));
}

#[test]
fn what_orders_have_in_common_is_their_number() {
    let shop = |n| {
        format!(
            r#"{{"ts":"{}","severity":"INFO","message":"placed","order_id":{},"tenant_id":"acme-01"}}"#,
            at(n, 0),
            48_000 + n
        )
    };
    let ship = |n| format!("ts={} level=info msg=packed orderId={} host=h{}", at(n, 300), 48_000 + n, n % 3);
    assert_eq!(
        found(&[("shop.log", &shop), ("ship.log", &ship)]),
        (REQUESTS, 2 * REQUESTS, "orderId, order_id".to_owned())
    );
}

#[test]
fn what_many_requests_share_and_what_is_measured_is_no_id() {
    let json = |n| {
        format!(
            r#"{{"ts":"{}","level":"info","msg":"x","session_id":"{:012x}","bytes":{},"etag":"{:012x}","build":"7f3a9c2e11","client_ip":"10.0.0.{}"}}"#,
            at(n, 0),
            random(n / 2) >> 16,
            random(n) % 90_000 + 10_000,
            random(n + 1000) >> 16,
            n % 200
        )
    };
    let text = |n| {
        format!(
            "{} INFO fetched /a/b.js bytes={} user=u-{} version=1.2.{} digest {:032x}",
            at(n, 30),
            random(n) % 90_000 + 10_000,
            1000 + n % 20,
            n % 5,
            random(n + 5000)
        )
    };
    assert_eq!(found(&[("x.log", &json), ("y.log", &text)]), (0, 0, String::new()));
}

#[test]
fn what_a_person_says_counts_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let one = |n| format!("{} INFO accepted zk-{} lane=L{}", at(n, 0), 100 + 7 * n, n % 4);
    let two = |n| format!("{} INFO done with zk-{}", at(n, 30), 100 + 7 * n);
    logs(folder.path(), &[("one.log", &one), ("two.log", &two)]);
    let folder = folder.path().to_string_lossy().into_owned();
    let args = ["correlate", &folder, "--map", "request_id=lane", "--output", "json"];
    let answer = obs(&args).json();
    assert_eq!(answer["totals"]["requests"], 4);
    let explained = obs(&["formats", "explain", &folder]).text();
    assert!(explained.contains("words of zk- and digits, told by their values"), "{explained}");
}
