//! What is fuzzed: each target takes any bytes, and states what must hold of them.
//!
//! `cargo fuzz` runs them one by one (`fuzz/run.sh`); `cargo test` runs all of them over what was found, over seeds, and
//! over seeds that are damaged at random (`tests/fuzzed.rs`), so that a finding stays mended without a fuzzer.

use std::cell::Cell;
use std::io::Write;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use obs::correlate;
use obs::detect::own;
use obs::filter::{Filter, Pattern, PatternOptions, When, when};
use obs::format::log::own::describe;
use obs::format::log::reader::ReadOptions;
use obs::format::metric::{self, METRIC_FORMATS};
use obs::model::{Labels, Needs, Sample, TimeRange, Timestamp};
use obs::outcome::{self, SuccessRule};
use obs::promql::{self, Store};
use obs::report::Untrusted;
use obs::rules::alertmanager;
use obs::rules::file::{self, FileOptions};
use obs::rules::template;
use obs::scan::{self, ScanOptions, Selection, SurveyOptions};
use obs::signatures;
use obs::stats::{self, Question};

/// A target: its name, what it is given, and seeds that show what it is about.
pub struct Target {
    /// The name of the binary, and of the folder of findings.
    pub name: &'static str,
    /// Must not panic.
    pub run: fn(&[u8]),
    /// Where to begin.
    pub seeds: &'static [&'static [u8]],
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "entries", run: entries, seeds: ENTRIES },
    Target { name: "requests", run: requests, seeds: ENTRIES },
    Target { name: "times", run: times, seeds: &[b"2024-05-01T10:00:00Z", b"03:06", b"yesterday", b"start+10m", b"@1714557600", b"-2h"] },
    Target { name: "conditions", run: conditions, seeds: &[b"status >= 500 and duration > 1s", b"not (level = error or path ~ '^/a')", b"a.b.c in (1, 2)"] },
    Target { name: "patterns", run: patterns, seeds: &[b"timed? out", b"(?i)a|b+$", b"\\w{3,}\\b", b".*[^A-Z]|[A-Z]"] },
    Target { name: "promql", run: promql_text, seeds: &[b"sum by (job) (rate(up[5m]))", b"up == 0 or on(job) absent(x)", b"histogram_quantile(0.9, sum(rate(a_bucket[1m])) by (le))", b"max_over_time(up[1h:1m] @ end() offset -5m)"] },
    Target { name: "metrics", run: metrics, seeds: &[b"# TYPE up gauge\nup{job=\"a\"} 1 1714557600000\n", b"# TYPE a histogram\na_bucket{le=\"1\"} 1\na_count 1\na_sum 1\n# EOF\n", b"time,service,latency(ms)\n2024-05-01 10:00:00,a,3\n", b"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[]}}"] },
    Target { name: "rules", run: rules, seeds: &[b"groups:\n- name: a\n  rules:\n  - alert: A\n    expr: up == 0\n    for: 5m\n    annotations: {summary: '{{ $value }}'}\n", b"a: &a [*a]\n"] },
    Target { name: "alertmanager", run: alertmanager_yaml, seeds: &[b"route: {receiver: a, routes: [{matchers: ['severity=\"page\"'], receiver: a}]}\nreceivers: [{name: a}]\n"] },
    Target { name: "templates", run: templates, seeds: &[b"{{ range query \"up\" }}{{ .Labels.job | toUpper }}{{ end }}", b"{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ $value | humanize }}", b"{{ printf \"%05.2f\" $value }}"] },
    Target { name: "configuration", run: configuration, seeds: &[b"formats:\n- name: a\n  pattern: '(?P<ts>\\S+) (?P<message>.*)'\nzones: {'*': Asia/Seoul}\n", b"detectors:\n- name: a\n  where: level = error\n  within: 1m\n  count: 3\nsuccess: status < 400\n"] },
    Target { name: "escapes", run: escapes, seeds: &[b"\x1b[2J", "\u{202e}abc".as_bytes(), b"=cmd|' /C calc'!A0", b"<script>", b"\xff\xfe"] },
];

/// Logs, and what logs are packed in.
const ENTRIES: &[&[u8]] = &[
    b"2024-05-01 10:00:00 ERROR [main] c.a.Pool - exhausted request_id=abcdef12\n\tat c.a.Pool.get(Pool.java:7)\n",
    b"{\"ts\":\"2024-05-01T10:00:00Z\",\"level\":\"error\",\"request_id\":\"abcdef12\",\"msg\":\"timeout\",\"status\":500}\n",
    b"ts=2024-05-01T10:00:00Z level=info msg=\"ok\" duration=3ms\n",
    b"10.0.0.1 - u [01/May/2024:10:00:00 +0000] \"GET /a HTTP/1.1\" 500 7 \"-\" \"curl\" 0.1\n",
    b"2024-05-01T10:00:00.000000000Z stdout P a part\n2024-05-01T10:00:00.000000000Z stdout F of it\n",
    b"{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"timeUnixNano\":\"1714557600000000000\",\"body\":{\"stringValue\":\"x\"}}]}]}]}",
    b"Traceback (most recent call last):\n  File \"a.py\", line 3, in f\n    f()\nValueError: no\n",
    b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\x03\0\0\0\x03\0\0\0\x05\0\0\0a.logabc",
    b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
    b"\x28\xb5\x2f\xfd\x04\0\x09\0\0a\n",
];

/// Options that read in pieces of this many bytes.
fn options(chunk: usize, map: bool) -> ScanOptions {
    ScanOptions {
        threads: 1,
        chunk,
        map,
        read: ReadOptions { zone: Some(chrono_tz::UTC), ..ReadOptions::default() },
        cancel: Arc::new(AtomicBool::new(false)),
        progress: Arc::default(),
        apart: None,
    }
}

/// A file with these bytes.
fn file_of(data: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".log").tempfile().expect("a file");
    file.write_all(data).expect("room for it");
    file
}

/// Every line has its place in the account, and the answer does not depend on where a file is cut. What the bytes are
/// packed in is undone.
pub fn entries(data: &[u8]) {
    let file = file_of(data);
    let read = |chunk: usize, map: bool| {
        let options = options(chunk, map);
        let inputs = scan::survey(&[file.path().to_owned()], &SurveyOptions::default(), &options);
        let selection = Selection::everything(Needs::none());
        let mut starts = Vec::new();
        let (_, scanned) = scan::run(
            &inputs.logs,
            &selection.needs,
            &options,
            || (),
            |(), chunk| {
                let mut found = Vec::new();
                let _ = chunk.entries(&selection, |entry| {
                    found.push((entry.offset, entry.raw.len()));
                    ControlFlow::Continue(())
                });
                found
            },
            |delivered| {
                starts.extend(delivered.output);
                ControlFlow::Continue(())
            },
        );
        let account = scanned.account();
        assert!(account.balances(), "{account:?}");
        (account.lines, account.entries, account.continuation, account.unparsed, starts)
    };
    let whole = read(scan::CHUNK, true);
    assert_eq!(whole, read(7, true), "mapped, in pieces");
    assert_eq!(whole, read(7, false), "as a stream, in pieces");
}

/// Counting and joining survive any entries, and take no length of time for negative.
pub fn requests(data: &[u8]) {
    let file = file_of(data);
    let options = options(64, true);
    let inputs = scan::survey(&[file.path().to_owned()], &SurveyOptions::default(), &options);
    let question = Question {
        by: vec!["level".to_owned(), "request_id".to_owned()],
        every: Some(60_000_000_000),
        value: "duration".to_owned(),
        value_asked: false,
        percentiles: vec![50.0, 99.0],
        apdex: Some(100.0),
        most: 8,
    };
    let (filter, range) = (Filter::everything(), TimeRange::default());
    let answer =
        stats::answer(&inputs, &question, SuccessRule::Usual, Needs::none(), (&filter, range), &options);
    let counted: u64 = answer.groups.iter().map(|group| group.entries).sum();
    let account = answer.scanned.account();
    assert_eq!(counted, account.entries + account.unparsed, "every entry is in a group");
    let by = "request_id";
    let (all, _) = correlate::requests(
        &inputs,
        (by, &SuccessRule::Usual, None),
        Needs::none(),
        (&filter, range),
        &options,
    );
    let found = all.chosen(&correlate::Asked::EVERY);
    assert!(found.iter().all(|(_, request, _)| request.duration_ms() >= 0.0));
    let ids: Vec<Vec<u8>> = found.into_iter().map(|(id, ..)| id).take(16).collect();
    let (stories, _) = correlate::stories(&inputs, by, &ids, &options);
    for story in &stories {
        assert!(correlate::lanes(story).iter().all(|lane| lane.own_ms >= 0.0));
    }
}

fn text(data: &[u8]) -> &str {
    std::str::from_utf8(data).unwrap_or_default()
}

/// A time as typed means an instant or is refused.
pub fn times(data: &[u8]) {
    if let Ok(typed) = When::parse(text(data)) {
        let data = Some((Timestamp(0), Timestamp(1_714_557_600_000_000_000)));
        let _ = typed.resolve(when::Reference { now: Timestamp(i64::MAX), zone: &|_| 0, data });
    }
}

/// A condition is read or refused.
pub fn conditions(data: &[u8]) {
    let _ = Filter::parse(text(data), &mut Needs::none());
    let _ = SuccessRule::parse(text(data), &mut Needs::none());
}

/// What a pattern finds lies in what it was searched in, in order.
pub fn patterns(data: &[u8]) {
    let (pattern, haystack) = data.split_at(data.len() / 2);
    for fixed in [false, true] {
        let options = PatternOptions { fixed, ..PatternOptions::default() };
        let Ok(pattern) = Pattern::new(&[text(pattern)], options) else { continue };
        let mut last = 0;
        for span in pattern.spans(haystack) {
            assert!(span.start >= last && span.end <= haystack.len(), "{span:?} after {last}");
            last = span.end;
        }
    }
}

/// Some series.
fn store() -> Store {
    let mut store = Store::new();
    for (name, job) in [("up", "a"), ("up", "b"), ("a_bucket", "a")] {
        let labels = Labels::new([("__name__", name), ("job", job), ("le", "1")]);
        for at in 0..20 {
            store.append(&labels, Sample { at: at * 15_000, value: (at % 7) as f64 });
        }
    }
    store
}

/// An expression written out is the same expression, and has a value or an error, soon.
pub fn promql_text(data: &[u8]) {
    let options = promql::Options { max_samples: 10_000, max_work: 200_000, ..promql::Options::promqltest() };
    let Ok(expr) = promql::parse(text(data), &options) else { return };
    let written = expr.to_string();
    let again = promql::parse(&written, &options).unwrap_or_else(|error| panic!("{written}: {error}"));
    assert_eq!(again.to_string(), written);
    let _ = promql::instant(&expr, &store(), 150_000, &options);
    let _ = promql::range(&expr, &store(), 0, 300_000, 60_000, &options);
}

/// Every format reads any bytes or refuses them.
pub fn metrics(data: &[u8]) {
    let _ = metric::detect(data);
    for format in METRIC_FORMATS {
        let options = metric::ReadOptions::of_file(0, chrono_tz::UTC);
        let mut seen = 0_u64;
        let _ = format.read(data, options, &mut metric::Known::new(), &mut |_, _| seen += 1);
    }
}

/// Rule files are read or refused.
pub fn rules(data: &[u8]) {
    let _ = file::parse("rules.yml", text(data), &FileOptions::strict());
}

/// Alertmanager's configuration is read or refused; what is read routes any alert.
pub fn alertmanager_yaml(data: &[u8]) {
    let _ = alertmanager::config::parse(text(data));
    let _ = alertmanager::matcher::parse(text(data));
    let _ = alertmanager::silence::parse(text(data));
}

/// A template ends, whatever it says.
pub fn templates(data: &[u8]) {
    let labels = Labels::new([("job", "a")]);
    let steps = Cell::new(100_000);
    let query = |_: &str| Ok(vec![(Labels::new([("job", "a")]), 1.0)]);
    let context = template::Context {
        labels: &labels,
        external_labels: &labels,
        external_url: "http://a",
        value: 1.5,
        at: 0,
        query: &query,
        steps: &steps,
    };
    let _ = template::expand("a", text(data), &context);
}

/// A configuration is read or refused, by every room that is interested.
pub fn configuration(data: &[u8]) {
    let _ = describe::read("obs.yaml", text(data));
    let _ = own::parse("obs.yaml", text(data), &mut Needs::none());
    let _ = signatures::declared::parse("obs.yaml", text(data));
    let _ = outcome::declared(text(data));
}

/// Nothing leaves as a command to a terminal, a page or a spreadsheet.
pub fn escapes(data: &[u8]) {
    let untrusted = Untrusted::from(data);
    let line = untrusted.line();
    assert!(!line.chars().any(char::is_control), "{line:?}");
    let block = untrusted.block();
    assert!(!block.chars().any(|c| c.is_control() && c != '\n' && c != '\t'), "{block:?}");
    let html = untrusted.html();
    assert!(!html.contains(['<', '>', '"']), "{html:?}");
    let cell = untrusted.csv();
    assert!(!cell.trim_start_matches('"').starts_with(['=', '+', '-', '@']), "{cell:?}");
    assert!(!untrusted.markdown().contains(['<', '\n']));
}
