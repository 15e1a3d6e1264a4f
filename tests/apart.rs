//! Commands in parts: any cut, any tree of merges and any order give the bytes of the whole; what makes no whole is refused.

use std::fs;
use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use obs::correlate::{self, Asked};
use obs::filter::Filter;
use obs::format::log::reader::ReadOptions;
use obs::model::{Needs, Role, TimeRange};
use obs::outcome::SuccessRule;
use obs::scan::apart::{self, Apart, Left, Next, Span, Task, Unit};
use obs::scan::{self, Inputs, ScanOptions, Selection, SurveyOptions, survey};
use obs::stats::{self, Question};
use obs::timeline::template::{self, Phrases};
use obs::timeline::{Observed, Wants, fault};
use proptest::prelude::*;

use crate::program::{Ran, program};

// ------------------------------------------------------------------------------------------------- states

/// What is asked, and the answer with everything in it.
type Ask = fn(&Inputs, &ScanOptions) -> String;

fn grouped(inputs: &Inputs, options: &ScanOptions) -> String {
    let question = Question {
        by: vec!["level".into(), "user".into()],
        every: Some(60_000_000_000),
        value: "took".into(),
        value_asked: true,
        percentiles: vec![50.0, 99.0],
        apdex: Some(100.0),
        most: 1_000,
    };
    let everything = (&Filter::everything(), TimeRange::default());
    let answer = stats::answer(inputs, &question, SuccessRule::Usual, Needs::none(), everything, options);
    let groups = serde_json::to_string(&answer.groups).unwrap();
    format!("{groups} {:?} {:?}", answer.scanned.account(), answer.scanned.diagnostics)
}

fn said(inputs: &Inputs, options: &ScanOptions) -> String {
    let mut needs = Needs::none();
    for role in [Role::Ts, Role::Level, Role::Message] {
        needs.role(role);
    }
    let errors = fault::Fields::of(scan::field_names(&inputs.logs), &mut needs);
    let new = || Phrases::new(None, errors.clone(), 1_000);
    let (phrases, scanned) = scan::fold(&inputs.logs, &Selection::everything(needs), options, new);
    let told = template::templates(phrases).into_iter().map(|template| {
        let lines: Vec<u64> = template.examples.iter().map(|(at, _)| scanned.line_of(*at)).collect();
        let texts: Vec<_> = template.examples.iter().map(|(_, text)| text).collect();
        format!("{} {} {:?} {lines:?} {texts:?}\n", template.text, template.count, template.first)
    });
    told.collect::<Vec<_>>().concat() + &format!("{:?}", scanned.account())
}

fn observed(inputs: &Inputs, options: &ScanOptions) -> String {
    let mut needs = Needs::none();
    let wants = Wants::new(&inputs.logs, &mut needs);
    let new = || Observed::new(&wants);
    let (observed, scanned) = scan::fold(&inputs.logs, &Selection::everything(needs), options, new);
    let told = observed.into_sorted().into_iter().map(|(kind, signal)| {
        let bins =
            signal.bins.rows().iter().map(|bin| (bin.index, bin.count, scanned.line_of(bin.first.location)));
        let example = (scanned.line_of(signal.example.location), &signal.example.text);
        format!("{kind:?} {} {:?} {example:?}\n", signal.count, bins.collect::<Vec<_>>())
    });
    told.collect::<Vec<_>>().concat()
}

/// The requests that are asked for, by a field that stands in some entries.
fn requested(inputs: &Inputs, options: &ScanOptions, asked: Asked) -> String {
    let everything = (&Filter::everything(), TimeRange::default());
    let by = ("user", &SuccessRule::Usual, Some(asked));
    let (requests, scanned) = correlate::requests(inputs, by, Needs::none(), everything, options);
    let told = requests.chosen(&asked).into_iter().map(|(id, request, outcome)| {
        let (start, took) = (request.start(), request.duration_ms());
        format!("{} {} {start:?} {took} {outcome:?}\n", id.escape_ascii(), request.entries)
    });
    told.collect::<Vec<_>>().concat() + &format!("{:?} {:?}", requests.totals(), scanned.account())
}

fn slowest(inputs: &Inputs, options: &ScanOptions) -> String {
    let asked = Asked { slower_than: f64::NEG_INFINITY, slowest_first: true, limit: 2, ..Asked::SUMS };
    requested(inputs, options, asked)
}

fn incomplete(inputs: &Inputs, options: &ScanOptions) -> String {
    let asked = Asked { incomplete: true, slower_than: -1.0, limit: usize::MAX, ..Asked::SUMS };
    requested(inputs, options, asked)
}

const ASKS: [Ask; 5] = [grouped, said, observed, slowest, incomplete];

fn options(chunk: usize, apart: Option<Apart>) -> ScanOptions {
    ScanOptions {
        threads: 1,
        chunk,
        map: true,
        read: ReadOptions::default(),
        cancel: Arc::new(AtomicBool::new(false)),
        progress: Arc::default(),
        apart: apart.map(Arc::new),
    }
}

/// What a question is left for when only this is done of it.
fn left(ask: Ask, inputs: &Inputs, chunk: usize, task: Task) -> Left {
    let options = options(chunk, Some(Apart::new(task, Vec::new())));
    let thrown =
        catch_unwind(AssertUnwindSafe(|| ask(inputs, &options))).expect_err("it is left before its end");
    apart::why_left(thrown).unwrap_or_else(|thrown| std::panic::resume_unwind(thrown))
}

fn states(ask: Ask, inputs: &Inputs, chunk: usize, task: Task) -> Vec<Vec<u8>> {
    match left(ask, inputs, chunk, task) {
        Left::States(0, states) => states,
        other => panic!("no state: {other:?}"),
    }
}

/// The only state there is.
fn one(mut states: Vec<Vec<u8>>) -> Vec<u8> {
    assert_eq!(states.len(), 1);
    states.remove(0)
}

/// A unit that is all there is, or is handed on in so many buckets.
fn unit(ask: Ask, inputs: &Inputs, chunk: usize, unit: Unit, buckets: Option<u32>) -> Vec<Vec<u8>> {
    let all = buckets.is_none();
    let buckets = NonZeroU32::new(buckets.unwrap_or(7)).unwrap();
    states(ask, inputs, chunk, Task::Unit(unit, buckets, all))
}

/// States of the same keys become one; whether that is all of them has to be said.
fn merged(ask: Ask, inputs: &Inputs, chunk: usize, parts: Vec<Vec<u8>>, all: bool) -> Vec<u8> {
    let mut parts = parts.into_iter().map(Next::State).chain([Next::End(all)]);
    one(states(ask, inputs, chunk, Task::Merge(Mutex::new(Box::new(move || Ok(parts.next()))))))
}

/// All states of each bucket become one.
fn merged_buckets(ask: Ask, inputs: &Inputs, chunk: usize, buckets: Vec<Vec<Vec<u8>>>) -> Vec<u8> {
    let of = |bucket: Vec<Vec<u8>>| bucket.into_iter().map(Next::State).chain([Next::End(true)]);
    let mut parts = buckets.into_iter().flat_map(of);
    one(states(ask, inputs, chunk, Task::Merge(Mutex::new(Box::new(move || Ok(parts.next()))))))
}

fn answer(ask: Ask, inputs: &Inputs, chunk: usize, states: Vec<Vec<u8>>) -> String {
    ask(inputs, &options(chunk, Some(Apart::new(Task::Answer, vec![states]))))
}

fn whole(file: u32) -> Span {
    Span { file, from: 0, until: u32::MAX, bytes: 0 }
}

/// Line ends of all kinds, bytes that are no text, entries over lines, a head without its entry, no end of the last line.
const NASTY: &[u8] = b"\tat com.example.Orphan.run(Orphan.java:1)\n\
2023-12-24 03:14:25,100 INFO order ord-1 placed user=ann took=120ms\r\n\
2023-12-24 03:14:26,200 ERROR Connection pool exhausted! 20/20 active\n\
java.lang.IllegalStateException: no connection\n\
\tat com.example.Pool.take(Pool.java:42)\r\n\
\tat com.example.Order.place(Order.java:7)\n\
Caused by: java.net.SocketTimeoutException: timed out\n\
\n\
2023-12-24 03:14:27,300 WARN a bare\rreturn, a \xff\xfe byte and a \0 user=bob took=80ms\n\
2023-12-24 03:15:28,400 INFO order ord-2 placed user=ann took=-0ms\n\
{\"ts\":\"2023-12-24T03:15:29Z\",\"level\":\"info\",\"message\":\"nested\",\"user\":{\"a\":1},\"took\":\"3s\"}\n\
2023-12-24 03:16:30,500 INFO order ord-3 placed user=eve took=7ms";

fn nasty() -> (tempfile::TempDir, Inputs) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.log"), NASTY).unwrap();
    fs::write(folder.path().join("b.log"), b"").unwrap();
    fs::write(folder.path().join("c.log"), &NASTY[NASTY.len() / 2..]).unwrap();
    let inputs = survey(&[folder.path().to_owned()], &SurveyOptions::default(), &options(1 << 20, None));
    (folder, inputs)
}

#[test]
fn every_cut_of_a_nasty_file_gives_the_same_state_and_the_same_answer() {
    let (_folder, inputs) = nasty();
    let files = inputs.logs.len() as u32;
    for ask in ASKS {
        let plain = ask(&inputs, &options(1 << 20, None));
        for cut in 1..NASTY.len() {
            let others = (1..files).map(whole);
            let all = Unit { spans: (0..files).map(whole).collect() };
            let first = Unit { spans: vec![Span { until: 1, ..whole(0) }] };
            let rest = Unit { spans: std::iter::once(Span { from: 1, ..whole(0) }).chain(others).collect() };
            let all = one(unit(ask, &inputs, cut, all, None));
            let of = |part: Unit| one(unit(ask, &inputs, cut, part, Some(1)));
            let (first, rest) = (of(first), of(rest));
            let forth = merged(ask, &inputs, cut, vec![first.clone(), rest.clone()], true);
            assert!(forth == all, "cut at {cut}");
            let back = merged(ask, &inputs, cut, vec![rest, first], true);
            assert!(back == all, "cut at {cut}, the other way round");
            assert_eq!(answer(ask, &inputs, cut, vec![forth]), plain, "cut at {cut}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_cuts_any_tree_of_merges_and_any_buckets_give_the_same_state(
        chunk in 1..400_usize,
        cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..12),
        order in proptest::collection::vec(any::<proptest::sample::Index>(), 64),
        at_once in 2..5_usize,
        which in 0..ASKS.len(),
        buckets in 1..9_u32,
    ) {
        let (_folder, inputs) = nasty();
        let ask = ASKS[which];
        let chunks = NASTY.len().div_ceil(chunk) as u32;
        let mut starts: Vec<u32> = cuts.iter().map(|cut| cut.index(chunks as usize) as u32).chain([0]).collect();
        starts.sort_unstable();
        starts.dedup();
        let ends = starts.iter().skip(1).copied().chain([u32::MAX]);
        let mut units: Vec<Unit> = starts
            .iter()
            .zip(ends)
            .map(|(from, until)| Unit { spans: vec![Span { file: 0, from: *from, until, bytes: 0 }] })
            .collect();
        units.extend((1..inputs.logs.len() as u32).map(|file| Unit { spans: vec![whole(file)] }));
        let all = Unit { spans: (0..inputs.logs.len() as u32).map(whole).collect() };
        let all = one(unit(ask, &inputs, chunk, all, None));
        let mut of_bucket: Vec<Vec<Vec<u8>>> = Vec::new();
        for part in units {
            let states = unit(ask, &inputs, chunk, part, Some(buckets));
            of_bucket.resize(states.len(), Vec::new());
            of_bucket.iter_mut().zip(states).for_each(|(bucket, state)| bucket.push(state));
        }
        let at_once_all = merged_buckets(ask, &inputs, chunk, of_bucket.clone());
        prop_assert!(at_once_all == all);
        let mut order = order.into_iter().cycle();
        let mut whole = Vec::new();
        for mut states in of_bucket {
            loop {
                let some: Vec<_> = (0..at_once.min(states.len()))
                    .map(|_| states.swap_remove(order.next().unwrap().index(states.len())))
                    .collect();
                let last = states.is_empty();
                states.push(merged(ask, &inputs, chunk, some, last));
                if last {
                    break;
                }
            }
            whole.append(&mut states);
        }
        let plain = ask(&inputs, &options(1 << 20, None));
        prop_assert_eq!(&answer(ask, &inputs, chunk, whole.clone()), &plain);
        let each = whole.into_iter().map(|state| vec![state]).collect();
        prop_assert!(merged_buckets(ask, &inputs, chunk, each) == all);
        prop_assert_eq!(answer(ask, &inputs, chunk, vec![all]), plain);
    }
}

// ------------------------------------------------------------------------------------------------ commands

/// A folder in which plans and states are kept.
struct Parts {
    folder: tempfile::TempDir,
}

/// A rule over metrics that are derived from logs.
const RULES: &str = "groups:
- name: payments
  rules:
  - alert: RequestsFail
    expr: sum(rate(log_requests_total{outcome=\"failed\"}[5m])) > 0
    for: 1m
";

impl Parts {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("rules.yml"), RULES).unwrap();
        Parts { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn obs(&self, words: &[&str]) -> Ran {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
        let named = words.iter().map(|word| match word.strip_prefix('@') {
            Some(name) => self.path(name).into_os_string(),
            None => (*word).into(),
        });
        Ran::of(&program().current_dir(root).args(named).output().expect("obs runs"))
    }

    fn must(&self, words: &[&str]) -> Ran {
        let ran = self.obs(words);
        assert_eq!(ran.code, 0, "{words:?}: {}", ran.stderr);
        ran
    }

    /// Plans a command; how many units it has.
    fn plan(&self, bytes: &str, command: &[&str]) -> usize {
        let ran = self.must(&[&["plan", "-o", "@plan", "--unit-bytes", bytes, "--"], command].concat());
        ran.text().lines().count()
    }
}

const COMMANDS: &[&[&str]] = &[
    &["stats", "outage", "--by", "service", "--every", "10m"],
    &["stats", "outage", "--output", "json", "--since", "start+10m", "--slo", "99"],
    &["grep", "-n", "exhausted", "outage"],
    &["grep", "-c", "", "outage"],
    &["grep", "pool", "outage", "--output", "jsonl", "-C2", "-m40"],
    &["templates", "outage"],
    &["detect", "outage", "--output", "json"],
    &["correlate", "outage", "--failed", "--limit", "5"],
    &["correlate", "outage", "--graph"],
    &["query", "sum by (service, outcome) (log_requests_total)", "outage"],
    &["check-rules", "-r", "@rules.yml", "outage", "--fail-on", "never"],
    &["investigate", "outage"],
    &["investigate", "outage", "--output", "json"],
];

/// Does all passes of a plan, and gives the answer.
fn in_parts(parts: &Parts, units: usize) -> Ran {
    let mut after: Vec<String> = Vec::new();
    loop {
        let known: Vec<&str> = after.iter().flat_map(|state| ["--after", state]).collect();
        let mut states: Vec<String> = Vec::new();
        for unit in (0..units).rev() {
            let (number, state) = (unit.to_string(), format!("@{}-{unit}", after.len()));
            parts.must(&[&["partial", "@plan", "--unit", &number, "-o", &state], &known[..]].concat());
            states.push(state);
        }
        // In two steps, the second from the states of the first and those that are left.
        let half = states.len() / 2;
        let first: Vec<&str> = states[..half].iter().map(String::as_str).collect();
        let some = format!("@{}-some", after.len());
        parts.must(&[&["merge", "@plan", "-o", &some], &first[..], &known].concat());
        let rest: Vec<&str> = states[half..].iter().map(String::as_str).chain([&some[..]]).collect();
        let all = format!("@{}-all", after.len());
        parts.must(&[&["merge", "@plan", "-o", &all], &rest[..], &known].concat());
        after.push(all);
        let known: Vec<&str> = after.iter().map(String::as_str).collect();
        let ran = parts.obs(&[&["report", "@plan"], &known[..]].concat());
        if ran.code != 5 {
            return ran;
        }
        assert!(after.len() < 6, "it comes to no end: {}", ran.stderr);
    }
}

#[test]
fn every_command_gives_the_same_bytes_in_parts() {
    for command in COMMANDS {
        let parts = Parts::new();
        let chunked = [command, &["--chunk", "16384", "--now", "2023-12-25T00:00:00Z"][..]].concat();
        let plain = parts.obs(&chunked);
        let units = parts.plan("120kB", &chunked);
        assert!(units > 6, "{units} units");
        let ran = in_parts(&parts, units);
        assert_eq!((ran.code, &ran.stderr), (plain.code, &plain.stderr), "{command:?}");
        assert!(ran.stdout == plain.stdout, "{command:?}:\n{}", ran.text());
        assert!(!plain.stdout.is_empty(), "{command:?}: {}", plain.stderr);
    }
}

/// What `obs correlate` is asked for where ids end in many processes.
const BY_BUCKETS: &[&[&str]] = &[
    &["--slowest", "7"],
    &["--failed", "--limit", "5"],
    &["--incomplete"],
    &["--slower-than", "1s", "--output", "json", "--limit", "30"],
    &["--limit", "0", "--output", "csv"],
    &["--graph"],
];

#[test]
fn ids_end_in_many_processes_and_give_the_same_bytes() {
    for (at, asked) in BY_BUCKETS.iter().enumerate() {
        let parts = Parts::new();
        let command = [&["correlate", "outage", "--chunk", "16384"], *asked].concat();
        let plain = parts.obs(&command);
        let buckets = ["5", "1", "16"][at % 3];
        let words = ["plan", "-o", "@plan", "--unit-bytes", "400kB", "--buckets", buckets, "--"];
        let units = parts.must(&[&words, &command[..]].concat()).text().lines().count();
        let mut after: Vec<String> = Vec::new();
        let ran = loop {
            let pass = after.len();
            let known: Vec<&str> = after.iter().flat_map(|state| ["--after", state]).collect();
            fs::create_dir(parts.path(&format!("{pass}"))).unwrap();
            for unit in 0..units {
                let (number, state) = (unit.to_string(), format!("@{pass}/{unit}.obsp"));
                parts.must(&[&["partial", "@plan", "--unit", &number, "-o", &state], &known[..]].concat());
            }
            let (all, folder) = (format!("@all{pass}"), format!("@{pass}"));
            parts.must(&[&["merge", "@plan", &folder, "-o", &all], &known[..]].concat());
            // Bucket by bucket it is the same.
            if pass == 0 && buckets != "1" {
                let mut of: Vec<String> = Vec::new();
                for bucket in 0..buckets.parse::<usize>().unwrap() {
                    let (number, state) = (bucket.to_string(), format!("@bucket{bucket}"));
                    parts.must(&["merge", "@plan", &folder, "--bucket", &number, "-o", &state]);
                    of.push(state);
                }
                let of: Vec<&str> = of.iter().map(String::as_str).collect();
                let report = parts.obs(&[&["report", "@plan"], &of[..]].concat());
                assert_eq!(report.code, if command.contains(&"--graph") { report.code } else { 5 });
                parts.must(&[&["merge", "@plan", "-o", "@again"], &of[..]].concat());
                assert!(fs::read(parts.path("again")).unwrap() == fs::read(parts.path("all0")).unwrap());
                let ran = parts.obs(&[&["merge", "@plan", "-o", "@again"], &of[1..]].concat());
                assert!(ran.code == 3 && ran.stderr.contains("buckets are missing"), "{ran:?}");
                let ran = parts.obs(&[&["report", "@plan"], &of[1..]].concat());
                assert!(ran.code == 3 && ran.stderr.contains("buckets are missing"), "{ran:?}");
            }
            after.push(all);
            let known: Vec<&str> = after.iter().map(String::as_str).collect();
            let ran = parts.obs(&[&["report", "@plan"], &known[..]].concat());
            if ran.code != 5 {
                break ran;
            }
            assert!(after.len() < 6, "it comes to no end: {}", ran.stderr);
        };
        assert_eq!((ran.code, &ran.stderr), (plain.code, &plain.stderr), "{command:?}");
        assert!(ran.stdout == plain.stdout, "{command:?}:\n{}", ran.text());
    }
}

#[test]
fn a_command_does_a_unit_of_its_own_plan_only() {
    let parts = Parts::new();
    let command = ["stats", "outage", "--by", "service", "--now", "2023-12-25T00:00:00Z"];
    parts.plan("1MB", &command);
    parts.must(&["partial", "@plan", "--unit", "1", "-o", "@1"]);
    let part = ["--partial", "@plan", "--unit", "1", "--state", "@same"];
    parts.must(&[&command[..], &part].concat());
    assert!(fs::read(parts.path("1")).unwrap() == fs::read(parts.path("same")).unwrap());
    let ran = parts.obs(&[&command[..4], &part].concat());
    assert!(
        ran.code == 2 && ran.stderr.contains("is the plan of obs stats outage --by service --now"),
        "{ran:?}"
    );
    let ran = parts.obs(&[&["plan", "-o", "@other", "--"][..], &command, &part].concat());
    assert!(ran.code == 2 && ran.stderr.contains("not a unit of it"), "{ran:?}");
}

#[test]
fn states_are_named_by_a_list_or_a_directory() {
    let parts = Parts::new();
    let units = parts.plan("300kB", &["grep", "-c", "exhausted", "outage", "--chunk", "16384"]);
    fs::create_dir(parts.path("states")).unwrap();
    let mut list = String::new();
    for unit in 0..units {
        let (number, state) = (unit.to_string(), format!("@states/{unit}.obsp"));
        parts.must(&["partial", "@plan", "--unit", &number, "-o", &state]);
        list += &format!("{}\n", parts.path(&format!("states/{unit}.obsp")).display());
    }
    fs::write(parts.path("list"), list).unwrap();
    parts.must(&["merge", "@plan", "@states", "-o", "@a"]);
    let named = format!("@{}", parts.path("list").display());
    let ran = Command::new(env!("CARGO_BIN_EXE_obs"))
        .args(["merge", parts.path("plan").to_str().unwrap(), &named, "-o"])
        .arg(parts.path("b"))
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert!(fs::read(parts.path("a")).unwrap() == fs::read(parts.path("b")).unwrap());
    fs::create_dir(parts.path("none")).unwrap();
    let ran = parts.obs(&["merge", "@plan", "@none", "-o", "@c"]);
    assert!(ran.code == 2 && ran.stderr.contains("there is no *.obsp in it"), "{ran:?}");
}

#[test]
fn what_makes_no_whole_is_refused() {
    let parts = Parts::new();
    let command = ["stats", "outage", "--by", "service", "--chunk", "16384", "--now", "2023-12-25T00:00:00Z"];
    let units = parts.plan("300kB", &command);
    let mut all = Vec::new();
    for unit in 0..units {
        let (number, state) = (unit.to_string(), format!("@{unit}"));
        parts.must(&["partial", "@plan", "--unit", &number, "-o", &state]);
        all.push(state);
    }
    let names: Vec<&str> = all.iter().map(String::as_str).collect();
    let merge = |names: &[&str], to: &str| parts.obs(&[&["merge", "@plan", "-o", to], names].concat());
    let refused = |ran: Ran, code: i32, words: &str| {
        assert!(ran.code == code && ran.stderr.contains(words) && ran.stdout.is_empty(), "{words}: {ran:?}");
    };
    refused(merge(&[&names[..], &names[..1]].concat(), "@m"), 3, "is in another state, too");
    assert!(!parts.path("m").exists(), "what was refused leaves nothing");
    assert_eq!(merge(&names[1..], "@gap").code, 0);
    refused(parts.obs(&["report", "@plan", "@gap"]), 3, "is missing");
    refused(merge(&["@gap", names[1]], "@m"), 3, "is in another state, too");
    refused(parts.obs(&["report", "@plan", "@plan"]), 4, "no state of `obs partial`");
    refused(parts.obs(&["report", "@0", "@gap"]), 4, "no plan of `obs plan`");
    let bytes = fs::read(parts.path("0")).unwrap();
    for (name, change) in [("flipped", 3), ("version", 2), ("cut", 0)] {
        let mut bad = bytes.clone();
        match change {
            0 => bad.truncate(bytes.len() - 5),
            2 => bad[4] ^= 1,
            _ => bad[bytes.len() / 2] ^= 4,
        }
        fs::write(parts.path(name), bad).unwrap();
        let ran = merge(&[&format!("@{name}")], "@m");
        refused(
            ran,
            4,
            if change == 2 {
                "is of version"
            } else if change == 0 {
                "its end is missing"
            } else {
                "is damaged"
            },
        );
    }
    refused(parts.obs(&["partial", "@plan", "--unit", "999"]), 2, "there is no unit 999");
    // The same units of another question.
    parts.must(&["plan", "-o", "@other", "--unit-bytes", "300kB", "--", "stats", "outage", "--by", "level"]);
    refused(parts.obs(&["merge", "@other", "@0"]), 3, "is of another plan");
    // Other cuts of the same question go together.
    assert_eq!(merge(&names, "@all").code, 0);
    parts.must(&[&["plan", "-o", "@plan", "--unit-bytes", "90kB", "--"][..], &command].concat());
    let plain = parts.obs(&command);
    assert_eq!(parts.obs(&["report", "@plan", "@all"]).stdout, plain.stdout);
}

#[test]
fn files_that_change_are_seen() {
    let parts = Parts::new();
    let log = parts.path("app.log");
    let text = "2023-12-24 03:14:25 INFO one\n".repeat(50);
    fs::write(&log, &text).unwrap();
    let name = log.to_str().unwrap().to_owned();
    parts.plan("1MB", &["stats", &name]);
    parts.must(&["partial", "@plan", "--unit", "0", "-o", "@0"]);
    fs::write(&log, text + "2023-12-24 03:14:26 INFO two\n").unwrap();
    for words in [&["partial", "@plan", "--unit", "0"][..], &["report", "@plan", "@0"]] {
        let ran = parts.obs(words);
        assert!(ran.code == 3 && ran.stderr.contains("has grown since the plan was made"), "{ran:?}");
    }
    fs::remove_file(&log).unwrap();
    assert_eq!(parts.obs(&["partial", "@plan", "--unit", "0"]).code, 3);
}

#[test]
fn what_cannot_be_planned_says_so() {
    let parts = Parts::new();
    for (command, words) in [
        (&["formats", "list"][..], "not one that is done in parts"),
        (&["stats", "-"], "pipe"),
        (&["query", "vector(1)", "outage"], "reads no logs"),
        (&["grep", "x", "outage", "--sort", "time"], "cannot be done in parts"),
        (&["stats", "outage", "--bye"], "--bye"),
    ] {
        let ran = parts.obs(&[&["plan", "-o", "@plan", "--"], command].concat());
        assert!(
            ran.code == 2 && ran.stderr.contains(words) && !parts.path("plan").exists(),
            "{command:?}: {ran:?}"
        );
    }
}

/// The recipes of docs/cluster.md. `.ci/run` installs GNU parallel; elsewhere it may be missing, and that is said.
#[test]
fn the_recipes_of_the_shell_give_the_same_bytes() {
    const OUTAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/outage");
    let page = include_str!("../docs/cluster.md");
    let recipes = page.split("```sh recipe\n").skip(1).filter_map(|rest| rest.split("```").next());
    let recipes: Vec<&str> = recipes.collect();
    assert_eq!(recipes.len(), 2);
    for recipe in recipes {
        if recipe.contains("parallel") && !Path::new("/usr/bin/parallel").exists() {
            eprintln!("SKIPPED: GNU parallel is not installed");
            continue;
        }
        let parts = Parts::new();
        let bin = Path::new(env!("CARGO_BIN_EXE_obs")).parent().unwrap();
        let script = recipe.replace("/mnt/logs", OUTAGE);
        let ran = Command::new("bash")
            .args(["-ec", &script])
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
            .env("HOME", parts.folder.path())
            .current_dir(parts.folder.path())
            .stdin(Stdio::null())
            .output()
            .expect("bash runs");
        let command =
            recipe.split(" -- ").nth(1).and_then(|rest| rest.split(" > ").next()).expect("a command");
        let words: Vec<String> = command.split(' ').map(|word| word.replace("/mnt/logs", OUTAGE)).collect();
        let plain = parts.obs(&words.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(ran.stdout == plain.stdout, "{recipe}{}", String::from_utf8_lossy(&ran.stderr));
        assert_eq!(ran.status.code(), Some(plain.code), "{recipe}");
    }
}
