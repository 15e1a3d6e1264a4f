//! Metrics derived from logs on disk, read out as series.
#![expect(clippy::disallowed_methods, reason = "these tests write logs to read")]

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::promql::{self, Options};
use crate::scan::{SurveyOptions, survey};

fn options(threads: usize, chunk: usize) -> ScanOptions {
    ScanOptions {
        threads,
        chunk,
        map: true,
        read: crate::format::log::reader::ReadOptions::default(),
        cancel: Arc::default(),
        progress: Arc::default(),
        apart: None,
    }
}

fn derived(dir: &Path, source: &str, declared: &str, options: &ScanOptions) -> (Store, Derivation) {
    let inputs = survey(&[dir.to_owned()], &SurveyOptions::default(), options);
    assert_eq!(inputs.diagnostics, vec![]);
    let expr = promql::parse(source, &Options::promtool()).expect(source);
    let declared = parse("obs.yaml", declared).expect("metrics");
    let Loaded { mut store, diagnostics, .. } = load_files(&inputs, Timestamp(0), &[&expr], None, options);
    assert_eq!(diagnostics, vec![]);
    let question = Question {
        exprs: &[&expr],
        declared: &declared,
        success: &SuccessRule::Usual,
        every_ms: None,
        filter: &Filter::everything(),
        range: TimeRange::default(),
        needs: Needs::none(),
    };
    let derivation = derive(&inputs, question, options, &mut store).expect("series");
    (store, derivation)
}

/// `name{labels}: v v v`, without the folder of the test.
fn lines(store: &Store, dir: &Path) -> Vec<String> {
    let mut lines: Vec<String> = store
        .series()
        .map(|series| {
            let values: Vec<String> = series.samples.iter().map(|s| s.value.to_string()).collect();
            let labels = series.labels.to_string().replace(&format!("{}/", dir.display()), "");
            format!("{labels}: {}", values.join(" "))
        })
        .collect();
    lines.sort();
    lines
}

fn story() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    };
    write(
        "orders/api.log",
        concat!(
            "{\"time\":\"2023-12-24T03:00:01Z\",\"level\":\"info\",\"msg\":\"done\",\"status\":200,\"durationMs\":20,\"shop\":\"a\"}\n",
            "{\"time\":\"2023-12-24T03:00:16Z\",\"level\":\"info\",\"msg\":\"done\",\"status\":200,\"durationMs\":700,\"shop\":\"b\"}\n",
            "{\"time\":\"2023-12-24T03:00:20Z\",\"level\":\"warn\",\"msg\":\"pool\",\"active\":18}\n",
            "{\"time\":\"2023-12-24T03:00:30Z\",\"level\":\"error\",\"msg\":\"done\",\"status\":503,\"durationMs\":20000,\"shop\":\"a\"}\n",
            "{\"time\":\"2023-12-24T03:00:44Z\",\"level\":\"warn\",\"msg\":\"pool\",\"active\":20}\n",
        ),
    );
    write(
        "pay/pay.log",
        concat!(
            "{\"time\":\"2023-12-24T03:00:02Z\",\"level\":\"INFO\",\"msg\":\"start\",\"request_id\":\"r-1\"}\n",
            "{\"time\":\"2023-12-24T03:00:03Z\",\"level\":\"INFO\",\"msg\":\"start\",\"request_id\":\"r-2\"}\n",
            "{\"time\":\"2023-12-24T03:00:17Z\",\"level\":\"ERROR\",\"msg\":\"refused\",\"request_id\":\"r-2\"}\n",
            "{\"time\":\"2023-12-24T03:00:33Z\",\"level\":\"INFO\",\"msg\":\"end\",\"request_id\":\"r-1\"}\n",
        ),
    );
    dir
}

#[test]
fn entries_and_requests_are_counters_that_start_at_zero() {
    let dir = story();
    let (store, derivation) = derived(dir.path(), "log_requests_total", "", &options(1, 1 << 20));
    assert_eq!(
        lines(&store, dir.path()),
        [
            "log_requests_total{outcome=\"failed\", service=\"orders\"}: 0 0 1 1",
            "log_requests_total{outcome=\"failed\", service=\"pay\"}: 0 0 1 1",
            "log_requests_total{outcome=\"success\", service=\"orders\"}: 0 1 2 2",
            "log_requests_total{outcome=\"success\", service=\"pay\"}: 0 0 0 1",
        ]
    );
    let clock = derivation.clock.expect("a clock");
    assert_eq!(clock.at_ms(clock.first), 1_703_386_800_000);
    let (store, _) = derived(dir.path(), "log_entries_total{service='pay'}", "", &options(1, 1 << 20));
    assert_eq!(
        lines(&store, dir.path())[3..],
        [
            "log_entries_total{file=\"pay/pay.log\", level=\"error\", service=\"pay\"}: 0 0 1 1",
            "log_entries_total{file=\"pay/pay.log\", level=\"info\", service=\"pay\"}: 0 2 2 3",
        ]
    );
}

#[test]
fn durations_are_a_histogram() {
    let dir = story();
    let source = "log_request_duration_seconds_bucket";
    let (store, _) = derived(dir.path(), source, "", &options(1, 1 << 20));
    let lines = lines(&store, dir.path());
    let found: Vec<&String> = lines
        .iter()
        .filter(|line| {
            ["_sum", "_count", "\"0.025\"", "\"1.0\"", "+Inf"].iter().any(|part| line.contains(part))
        })
        .collect();
    assert_eq!(
        found,
        [
            "log_request_duration_seconds_bucket{le=\"+Inf\", service=\"orders\"}: 0 1 3 3",
            "log_request_duration_seconds_bucket{le=\"0.025\", service=\"orders\"}: 0 1 1 1",
            "log_request_duration_seconds_bucket{le=\"1.0\", service=\"orders\"}: 0 1 2 2",
            "log_request_duration_seconds_count{service=\"orders\"}: 0 1 3 3",
            "log_request_duration_seconds_sum{service=\"orders\"}: 0 0.02 20.72 20.72",
        ]
    );
}

#[test]
fn declared_metrics_are_derived() {
    let dir = story();
    let declared = r#"
metrics:
  - {name: orders_total, type: counter, where: 'msg == "done"', labels: {shop: shop}}
  - {name: pool_active, type: gauge, value: active, labels: {from: service}}
  - {name: order_seconds, type: histogram, value: durationMs, buckets: [0.5]}
  - {name: order_seconds_total, type: counter, value: durationMs}
"#;
    let (store, _) = derived(
        dir.path(),
        "{__name__=~'orders_total|pool.*|order_seconds.*'}",
        declared,
        &options(1, 1 << 20),
    );
    assert_eq!(
        lines(&store, dir.path()),
        [
            "order_seconds_bucket{le=\"+Inf\"}: 0 1 3 3",
            "order_seconds_bucket{le=\"0.5\"}: 0 1 1 1",
            "order_seconds_count: 0 1 3 3",
            "order_seconds_sum: 0 0.02 20.72 20.72",
            "order_seconds_total: 0 0.02 20.72 20.72",
            "orders_total{shop=\"a\"}: 0 1 2 2",
            "orders_total{shop=\"b\"}: 0 0 1 1",
            "pool_active{from=\"orders\"}: 18 20",
        ]
    );
}

#[test]
fn nothing_is_derived_that_nobody_mentions() {
    let dir = story();
    let (store, derivation) = derived(dir.path(), "up", "", &options(1, 1 << 20));
    assert!(store.is_empty() && derivation.scanned.is_none());
}

#[test]
fn threads_and_chunks_do_not_matter() {
    let dir = story();
    let source = "{__name__=~'log_.*|active'}";
    let declared = "metrics: [{name: active, type: gauge, value: active}]";
    let (one, _) = derived(dir.path(), source, declared, &options(1, 1 << 20));
    for (threads, chunk) in [(1, 1), (3, 70), (7, 150)] {
        let (other, _) = derived(dir.path(), source, declared, &options(threads, chunk));
        assert_eq!(lines(&one, dir.path()), lines(&other, dir.path()), "{threads} {chunk}");
    }
}

#[test]
fn snapshots_become_a_history() {
    let dir = tempfile::tempdir().expect("a folder");
    for (at, value) in [(1_703_385_000, 1), (1_703_385_015, 2), (1_703_385_030, 5)] {
        let text = format!("# TYPE requests_total counter\nrequests_total{{job=\"a\"}} {value}\n");
        std::fs::write(dir.path().join(format!("metrics-{at}.prom")), text).expect("a file");
    }
    let (store, _) = derived(dir.path(), "up", "", &options(2, 1 << 20));
    assert_eq!(lines(&store, dir.path()), ["requests_total{job=\"a\"}: 1 2 5", "up: 1 1 1"]);
    assert_eq!(store.span(), Some((1_703_385_000_000, 1_703_385_030_000)));
    assert_eq!(interval(&store), Some(15_000));
    let range = TimeRange { from: Timestamp::new(1_703_385_010, 0), until: Timestamp::new(1_703_385_030, 0) };
    assert_eq!(lines(&clip(store, range), dir.path()), ["requests_total{job=\"a\"}: 2", "up: 1"]);
}

#[test]
fn a_large_file_is_read_in_pieces_as_in_one() {
    let dir = tempfile::tempdir().expect("a folder");
    // Scrape by scrape, so that every series is in every piece; longer than two of them.
    let mut text = String::from("# TYPE a counter\n");
    for at in 0..2_000 {
        for series in 0..200 {
            let _ = writeln!(text, "a_total{{series=\"{series}\",padding=\"{:>30}\"}} {at} {at}.000", "");
        }
    }
    text.push_str("b 1 x\n# EOF\n");
    std::fs::write(dir.path().join("a.om"), &text).expect("a file");
    let load = |threads: usize| {
        let options = options(threads, 1 << 20);
        let inputs = survey(&[dir.path().to_owned()], &SurveyOptions::default(), &options);
        load_files(&inputs, Timestamp(0), &[], None, &options)
    };
    let Loaded { store: one, read, diagnostics, .. } = load(1);
    assert_eq!((one.len(), read.samples, read.refused), (200, 400_000, 1));
    assert!(diagnostics[0].to_string().contains("a.om:400002: column 5:"), "{diagnostics:?}");
    let Loaded { store: many, read: again, diagnostics: told, .. } = load(4);
    assert!(one.series().eq(many.series()) && read == again && diagnostics == told);
    assert!(one.series().all(|series| series.samples.len() == 2_000));
}

#[test]
fn events_found_elsewhere_are_counted() {
    let clock = Clock::new(15_000, Timestamp(1_000_000_000), Timestamp(31_000_000_000));
    let series = counted(
        promql::notation::labels("log_findings_total{detector=\"x\"}").expect("labels").0,
        &[Timestamp(1_000_000_000), Timestamp(15_000_000_000), Timestamp(31_000_000_000)],
        clock,
    );
    let samples: Vec<_> = series.samples.iter().map(|s| (s.at, s.value)).collect();
    assert_eq!(samples, [(0, 0.0), (15_000, 2.0), (30_000, 2.0), (45_000, 3.0)]);
}

/// Writes files and loads them; `exprs` is what may be asked for.
fn loaded(files: &[(&str, &str)], source: &str) -> (Vec<String>, Vec<String>) {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    let options = options(2, 1 << 20);
    let inputs = survey(&[dir.path().to_owned()], &SurveyOptions::default(), &options);
    let expr = promql::parse(source, &Options::promtool()).expect(source);
    let Loaded { store, diagnostics, .. } = load_files(&inputs, Timestamp(0), &[&expr], None, &options);
    let told = diagnostics.iter().map(ToString::to_string).collect();
    (lines(&store, dir.path()), told)
}

#[test]
fn targets_are_told_apart_and_ends_of_series_are_known() {
    let (series, told) = loaded(
        &[
            ("n1-1703385000.prom", "# TYPE a gauge\na{x=\"1\"} 1\na{x=\"2\"} 2\n"),
            ("n1-1703385015.prom", "# TYPE a gauge\na{x=\"1\"} 3\n"),
            ("n1-1703385030.prom", ""),
            ("n2-1703385000.prom", "# TYPE a gauge\na{x=\"1\",instance=\"own\"} 7\n"),
        ],
        "up + a + scrape_samples_scraped",
    );
    assert_eq!(
        series,
        [
            "a{instance=\"n1\", x=\"1\"}: 1 3 NaN",
            "a{instance=\"n1\", x=\"2\"}: 2 NaN",
            "a{instance=\"own\", x=\"1\"}: 7",
            "scrape_samples_scraped{instance=\"n1\"}: 2 1 0",
            "scrape_samples_scraped{instance=\"n2\"}: 1",
            "up{instance=\"n1\"}: 1 1 0",
            "up{instance=\"n2\"}: 1",
        ]
    );
    assert_eq!(told, Vec::<String>::new());
}

#[test]
fn a_series_of_two_files_is_told_and_the_first_value_stays() {
    let (series, told) = loaded(
        &[
            ("b.prom", "# TYPE a gauge\na{instance=\"x\"} 1 1000\n# TYPE c gauge\nc{instance=\"x\"} 5\n"),
            ("c.prom", "# TYPE a gauge\na{instance=\"x\"} 2 1000\n# TYPE c gauge\nc{instance=\"x\"} 5\n"),
        ],
        "a",
    );
    assert_eq!(series[0], "a{instance=\"x\"}: 1");
    assert!(told.iter().any(|told| told.contains("the first is kept")), "{told:?}");
}

#[test]
fn a_bad_line_costs_that_line_and_headers_are_none() {
    let (series, told) = loaded(
        &[(
            "n-1703385000.prom",
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n# TYPE a gauge\na{x=\"1\"} 1\ncurl: (28) timed out\na{x=\"2\"} 2\n\
             # TYPE h histogram\nh_bucket{le=\"1\"} 3\nh_bucket{le=\"+Inf\"} 4\n",
        )],
        "a",
    );
    assert_eq!(
        series,
        ["a{x=\"1\"}: 1", "a{x=\"2\"}: 2", "h_bucket{le=\"+Inf\"}: 4", "h_bucket{le=\"1.0\"}: 3"]
    );
    assert!(told.len() == 1 && told[0].contains(".prom:6: column"), "{told:?}");
}

/// The series of a folder or file of the fixtures, as lines with times, and what was said.
fn of_path(path: &Path) -> (Vec<String>, Vec<String>) {
    let options = options(2, 1 << 20);
    let inputs = survey(&[path.to_owned()], &SurveyOptions::default(), &options);
    let Loaded { store, diagnostics, .. } = load_files(&inputs, Timestamp(0), &[], None, &options);
    let mut lines: Vec<String> = store
        .series()
        .flat_map(|series| {
            let samples = series.samples.iter().map(|sample| (sample.value, sample.at));
            let histograms = series.histograms.iter().map(|sample| (sample.histogram.sum, sample.at));
            samples.chain(histograms).map(|(value, at)| format!("{} {value} {at}", series.labels))
        })
        .collect();
    lines.sort();
    (lines, diagnostics.iter().map(ToString::to_string).collect())
}

/// A data folder as a server leaves it that was stopped hard: a block of which something was deleted, and a log.
#[test]
fn a_data_folder_is_read_as_promtool_dumps_it() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tsdb");
    let (found, told) = of_path(&fixtures.join("data"));
    assert_eq!(told, Vec::<String>::new());
    let (expected, _) = of_path(&fixtures.join("dump.txt"));
    assert!(expected.len() > 900, "{}", expected.len());
    assert_eq!(found, expected);
}

/// Native histograms in a scrape as OpenMetrics 2 writes them, and in an answer of the API.
#[test]
fn native_histograms_in_texts_are_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let value = |count: u32| {
        format!(
            "{{count:{count},sum:3,schema:0,zero_threshold:0.1,zero_count:1,positive_spans:[0:1],positive_buckets:[{}]}}",
            count - 1
        )
    };
    let om =
        format!("# TYPE a histogram\na{{x=\"y\"}} {} 10\na{{x=\"y\"}} {} 20\n# EOF\n", value(3), value(5));
    std::fs::write(dir.path().join("a.om"), om).expect("a file");
    for (name, count) in [("b-1700000000.prom", 3), ("b-1700000015.prom", 5)] {
        let text = format!("# TYPE b histogram\nb {}\nup_seconds 1\n", value(count));
        std::fs::write(dir.path().join(name), text).expect("a file");
    }
    let json = r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"c"},"histograms":[[30,{"count":"4","sum":"3","buckets":[[0,"1","2","4"]]}]]}]}}"#;
    std::fs::write(dir.path().join("c.json"), json).expect("a file");
    let options = options(2, 1 << 20);
    let inputs = survey(&[dir.path().to_owned()], &SurveyOptions::default(), &options);
    let Loaded { store, read, diagnostics: told, .. } =
        load_files(&inputs, Timestamp(0), &[], None, &options);
    assert_eq!((told, read.samples), (vec![], 7));
    let found = |name: &str| -> Vec<(i64, f64)> {
        let series = store.series().find(|series| series.labels.metric() == name).expect(name);
        series.histograms.iter().map(|sample| (sample.at, sample.histogram.count)).collect()
    };
    assert_eq!(found("a"), [(10_000, 3.0), (20_000, 5.0)]);
    assert_eq!(found("b"), [(1_700_000_000_000, 3.0), (1_700_000_015_000, 5.0)]);
    assert_eq!(found("c"), [(30_000, 4.0)]);
}

/// Native histograms in a block and in the log, of whole and of float counts, of counters and gauges, with resets and
/// ends: what a server says of them, every ninth of them in full.
#[test]
fn native_histograms_of_a_data_folder_are_as_a_server_tells_them() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tsdb");
    let options = options(2, 1 << 20);
    let inputs = survey(&[fixtures.join("native")], &SurveyOptions::default(), &options);
    let Loaded { store, diagnostics: told, .. } = load_files(&inputs, Timestamp(0), &[], None, &options);
    assert_eq!(told, vec![]);
    let of = |name: &str| {
        let series = store.series().find(|series| series.labels.metric() == name).expect(name);
        series.histograms.iter().filter(|sample| !sample.histogram.is_stale())
    };
    let expected = std::fs::read_to_string(fixtures.join("native.txt")).expect("the answers");
    let number = |text: &str| text.parse::<f64>().expect("a number");
    let mut checked = 0;
    for line in expected.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        if let ["#", name, count] = fields[..] {
            assert_eq!(of(name).count(), count.parse::<usize>().expect("a count"), "{name}");
            continue;
        }
        let [name, at, count, sum, buckets @ ..] = &fields[..] else { panic!("{line}") };
        let at: i64 = at.parse().expect("a time");
        let sample = of(name).find(|sample| sample.at == at).expect(line);
        let histogram = &sample.histogram;
        assert_eq!((histogram.count, histogram.sum), (number(count), number(sum)), "{line}");
        let found: Vec<[f64; 3]> =
            histogram.buckets().map(|bucket| [bucket.lower, bucket.upper, bucket.count]).collect();
        let buckets: Vec<Vec<f64>> =
            buckets.iter().map(|bucket| bucket.split(':').map(number).collect()).collect();
        assert_eq!(found.len(), buckets.len(), "{line}");
        for (found, bucket) in found.iter().zip(&buckets) {
            let near = |(one, other): (&f64, &f64)| (one - other).abs() <= 1e-12 * other.abs();
            assert!(found.iter().zip(bucket).all(near), "{found:?} {bucket:?} {line}");
        }
        checked += 1;
    }
    assert!(checked > 50, "{checked}");
}

/// Of a query whose times are known, the answer from what it needs is that from everything.
#[test]
fn of_a_data_folder_only_what_a_query_needs_is_read() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tsdb/data");
    let scan = options(2, 1 << 20);
    let inputs = survey(&[fixtures], &SurveyOptions::default(), &scan);
    let language = Options::promqltest();
    let Loaded { store: all, read: everything, .. } = load_files(&inputs, Timestamp(0), &[], None, &scan);
    let (first, last) = all.span().expect("samples");
    let mut least = everything.samples;
    for source in
        ["{__name__=~\".+\"}", "last_over_time({__name__=~\".+\"}[10m:1m] offset 3m)", "up @ 1703386000"]
    {
        let expr = promql::parse(source, &language).expect(source);
        for start in [first, first + 1_000_000, first + 3_000_000, last - 5_000] {
            let times = Times { start, end: start + 60_000, step: 15_000 };
            let known = |_: &dyn Fn() -> _| Some(times);
            let asked = Asked { times: &known, language: &language };
            let Loaded { store: some, read, diagnostics: told, .. } =
                load_files(&inputs, Timestamp(0), &[&expr], Some(&asked), &scan);
            assert_eq!(told, vec![], "{source}");
            let answer = |store: &Store| {
                promql::range(&expr, store, times.start, times.end, times.step, &language)
                    .expect(source)
                    .value
            };
            assert_eq!(format!("{:?}", answer(&some)), format!("{:?}", answer(&all)), "{source} {start}");
            least = least.min(read.samples);
        }
    }
    assert!(least < everything.samples / 3, "{least} of {}", everything.samples);
    let expr = promql::parse("up", &language).expect("up");
    let late = Times { start: last + 1_000_000, end: last + 1_000_000, step: 0 };
    let known = |_: &dyn Fn() -> _| Some(late);
    let asked = Asked { times: &known, language: &language };
    let Loaded { read, .. } = load_files(&inputs, Timestamp(0), &[&expr], Some(&asked), &scan);
    assert_eq!(read.passed, 1);
}

/// The end of the data is told by the indexes, so that a query then reads no more than any other.
#[test]
fn where_the_data_of_a_folder_ends_is_told_without_reading_it() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tsdb/data");
    let dir = tempfile::tempdir().expect("a folder");
    // The block alone, in which nothing is deleted.
    let block = "01M8HTNKWHKZJH7BNMSZ9N71RK";
    std::fs::create_dir_all(dir.path().join(block).join("chunks")).expect("a folder");
    for file in ["index", "meta.json", "chunks/000001"] {
        let (from, to) = (fixtures.join(block).join(file), dir.path().join(block).join(file));
        std::fs::copy(from, to).expect("a copy");
    }
    let language = Options::promtool();
    let scan = options(2, 1 << 20);
    for (folder, is_known) in [(dir.path(), true), (&fixtures, false)] {
        let inputs = survey(&[folder.to_owned()], &SurveyOptions::default(), &scan);
        let Loaded { store: all, read: everything, .. } = load_files(&inputs, Timestamp(0), &[], None, &scan);
        for source in ["orders_total", "max_over_time(orders_total[2m] offset 1m)", "info(orders_total)"] {
            let expr = promql::parse(source, &Options::promqltest()).expect(source);
            let last = all.series().filter(|series| series.labels.metric() == "orders_total");
            let last = last.filter_map(Series::span).map(|(_, last)| last).max().expect("samples");
            let at_the_end = |span: &dyn Fn() -> Option<(i64, i64)>| {
                let (_, end) = span()?;
                Some(Times { start: end, end, step: 0 })
            };
            let asked = Asked { times: &at_the_end, language: &language };
            let found = load_files(&inputs, Timestamp(0), &[&expr], Some(&asked), &scan);
            assert_eq!(found.times.map(|times| times.end), is_known.then_some(last), "{source}");
            let answer = |store: &Store| promql::instant(&expr, store, last, &language).expect(source).value;
            assert_eq!(format!("{:?}", answer(&found.store)), format!("{:?}", answer(&all)), "{source}");
            assert!(!is_known || found.read.samples * 2 < everything.samples, "{source}");
        }
    }
}

/// A snapshot that lies within the folder that it is of is a copy, which may have what was deleted since.
#[test]
fn snapshots_within_a_data_folder_are_left_alone() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tsdb/data");
    let dir = tempfile::tempdir().expect("a folder");
    let block = "01M8HTNKWHKZJH7BNMSZ9N71RK";
    for root in ["db", "db/snapshots/20231224T033000Z-1"] {
        let to = dir.path().join(root).join(block);
        std::fs::create_dir_all(to.join("chunks")).expect("a folder");
        for file in ["index", "meta.json", "chunks/000001"] {
            std::fs::copy(fixtures.join(block).join(file), to.join(file)).expect("a copy");
        }
    }
    let scan = options(1, 1 << 20);
    for (path, databases, skipped) in [("db", 1, 1), ("db/snapshots", 1, 0)] {
        let inputs = survey(&[dir.path().join(path)], &SurveyOptions::default(), &scan);
        assert_eq!((inputs.databases.len(), inputs.skipped.len()), (databases, skipped), "{path}");
    }
}

/// Blocks of two clusters, as Thanos keeps them side by side, whose series have the same labels.
#[test]
fn series_of_a_block_have_the_labels_around_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tsdb/data");
    let block = fixtures.join("01M8HTNKWHKZJH7BNMSZ9N71RK");
    for (name, labels) in [
        ("01M8HTNKWHKZJH7BNMSZ9N71RK", r#"{"cluster":"a","__org_id__":"7"}"#),
        ("01M8HTNKWHKZJH7BNMSZ9N71RM", r#"{"cluster":"b"}"#),
    ] {
        let to = dir.path().join(name);
        std::fs::create_dir_all(to.join("chunks")).expect("a folder");
        for file in ["index", "chunks/000001"] {
            std::fs::copy(block.join(file), to.join(file)).expect("a copy");
        }
        let meta = std::fs::read_to_string(block.join("meta.json")).expect("what it says of itself");
        let meta = meta.trim_end().strip_suffix('}').expect("an object");
        std::fs::write(to.join("meta.json"), format!("{meta}, \"thanos\": {{\"labels\": {labels}}}}}"))
            .expect("a file");
    }
    let options = options(2, 1 << 20);
    let inputs = survey(&[dir.path().to_owned()], &SurveyOptions::default(), &options);
    let series_of = |source: &str| {
        let expr = promql::parse(source, &Options::promtool()).expect(source);
        let Loaded { store, diagnostics: told, .. } =
            load_files(&inputs, Timestamp(0), &[&expr], None, &options);
        assert_eq!(told, vec![], "{source}");
        let labels = store.series().map(|series| series.labels.clone());
        labels
            .map(|labels| (labels.get("cluster").to_owned(), labels.get("__org_id__").to_owned()))
            .collect::<Vec<_>>()
    };
    let all = series_of("{__name__=~\".+\"}");
    let one = series_of("{__name__=~\".+\", cluster=\"b\"}");
    assert!(!one.is_empty() && all.len() == 2 * one.len(), "{all:?} {one:?}");
    assert!(one.iter().all(|(cluster, _)| cluster == "b"));
    assert!(all.iter().all(|(_, tenant)| tenant.is_empty()));
}

#[test]
fn a_data_folder_that_is_cut_gives_what_is_before() {
    for name in ["data", "native"] {
        cut(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tsdb").join(name));
    }
}

fn cut(fixture: &Path) {
    let fixture = fixture.to_owned();
    let (whole, _) = of_path(&fixture);
    let mut files = Vec::new();
    let mut folders = vec![fixture.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    for cut in &files {
        let bytes = std::fs::read(cut).expect("a file");
        // At every 4 KiB, and near the ends of small files, too.
        let small = [bytes.len() / 3, bytes.len() / 2, bytes.len() - 1];
        for end in (0..bytes.len()).step_by(4096).chain(small) {
            let dir = tempfile::tempdir().expect("a folder");
            for file in &files {
                let to = dir.path().join(file.strip_prefix(&fixture).expect("inside"));
                std::fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
                let bytes = std::fs::read(file).expect("a file");
                let kept = if file == cut { &bytes[..end] } else { &bytes[..] };
                std::fs::write(to, kept).expect("a file");
            }
            let (found, told) = of_path(dir.path());
            // What was deleted is there again where the tombstones are gone: a file of their own, and records of the log.
            let in_log = cut.parent().is_some_and(|folder| folder.ends_with("wal"));
            let has_tombstones = !cut.ends_with("tombstones") && !in_log;
            let other: Vec<_> = found.iter().filter(|line| !whole.contains(line)).take(3).collect();
            assert!(other.is_empty() || !has_tombstones, "{} at {end}: {other:?} {told:?}", cut.display());
            // Nothing tells of a log that ends between two records.
            assert!(found == whole || !told.is_empty() || end == 0, "{} at {end}", cut.display());
        }
    }
}
