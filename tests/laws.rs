//! What holds for every input, over generated ones: the answer does not depend on how the bytes are reached or
//! cut, no line is lost, and shortcuts find what looking at every entry finds.

use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use obs::correlate::{self, Asked};
use obs::filter::{Case, Filter, Pattern, PatternOptions};
use obs::format::log::reader::ReadOptions;
use obs::model::{Account, Needs, Role, TimeRange, Timestamp};
use obs::outcome::SuccessRule;
use obs::scan::{self, Inputs, ScanOptions, Selection, SurveyOptions};
use obs::stats::{self, Question};
use proptest::prelude::*;
use proptest::sample::select;

use crate::program::{obs, temporary};

// ---------------------------------------------------------------------------------------- generated logs

/// What a line of a generated log is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Json,
    Logfmt,
    Access,
    Text,
    Trace,
    Plain,
    Indented,
    Blank,
    Nul,
    Garbage,
    Long,
}

const WORDS: [&str; 10] =
    ["started", "timeout", "stripe", "paypal", "pool", "café", "a\"b", "x=y", "[main]", "error"];

/// One entry (or what looks like one), without the end of its last line.
fn piece(kind: Kind, n: u32, word: &'static str) -> Vec<u8> {
    let clock = format!("2023-12-24 03:{:02}:{:02}", n / 60 % 60, n % 60);
    let (id, ms, status) = (n % 7, n * 37 % 1000, [200, 201, 404, 500][n as usize % 4]);
    let level = ["debug", "info", "warn", "error"][n as usize % 4];
    let text = match kind {
        Kind::Json => {
            let message = serde_json::to_string(&format!("{word}\nthen {n}")).expect("text");
            let gateway = if n.is_multiple_of(3) { "stripe" } else { "paypal" };
            let ok = n.is_multiple_of(2);
            format!(
                "{{\"timestamp\":\"{}Z\",\"level\":\"{level}\",\"message\":{message},\"request_id\":\"r{id}\",\"durationMs\":{ms}.5,\"status\":{status},\"gateway\":\"{gateway}\",\"ok\":{ok},\"pool\":{{\"active\":{}}}}}",
                clock.replace(' ', "T"),
                n % 21,
            )
        }
        Kind::Logfmt => format!(
            "ts={}Z level={level} msg=\"{} {n}\" request_id=r{id} duration={ms}ms status={status} gateway=stripe cached",
            clock.replace(' ', "T"),
            word.replace('"', "\\\""),
        ),
        Kind::Access => format!(
            "10.0.0.{} - user_{id} [24/Dec/2023:03:{:02}:{:02} +0000] \"GET /{} HTTP/1.1\" {status} {n} \"-\" \"curl\" 0.{ms:03} r{id}",
            n % 256,
            n / 60 % 60,
            n % 60,
            word.replace('"', ""),
        ),
        Kind::Text => format!("{clock} {} c.acme.Pay - {word} {n}", level.to_uppercase()),
        Kind::Trace => format!(
            "{clock} ERROR java.sql.SQLException: {word}\n\tat a.B(C.java:{n})\n\tat a.D(E.java:2)\nCaused by: {word}"
        ),
        Kind::Plain => format!("{word} without a time {n}"),
        Kind::Indented => format!("    {word} goes on"),
        Kind::Blank => String::new(),
        Kind::Nul => return [&vec![0; n as usize % 40][..], word.as_bytes()].concat(),
        Kind::Garbage => {
            return (0..n % 60).map(|i| (i * n * 97 + 31) as u8).filter(|b| *b != b'\n').collect();
        }
        Kind::Long => format!("{clock} INFO {} {word}", "0123456789abcdef".repeat(n as usize % 200)),
    };
    text.into_bytes()
}

/// A log of some kinds of lines.
fn log() -> impl Strategy<Value = Vec<u8>> {
    const HEADS: [&[Kind]; 6] = [
        &[Kind::Json],
        &[Kind::Logfmt],
        &[Kind::Access],
        &[Kind::Text, Kind::Trace],
        &[Kind::Plain, Kind::Blank],
        &[Kind::Json, Kind::Logfmt, Kind::Access, Kind::Text, Kind::Trace],
    ];
    const REST: [Kind; 11] = [
        Kind::Json,
        Kind::Logfmt,
        Kind::Access,
        Kind::Text,
        Kind::Trace,
        Kind::Plain,
        Kind::Indented,
        Kind::Blank,
        Kind::Nul,
        Kind::Garbage,
        Kind::Long,
    ];
    let lead = prop_oneof![4 => Just(0_usize), 1 => 1..4_usize];
    (select(&HEADS[..]), lead, any::<bool>()).prop_flat_map(|(heads, lead, last_end)| {
        let kind = prop_oneof![3 => select(heads), 1 => select(&REST[..])];
        let end = prop_oneof![5 => Just(&b"\n"[..]), 1 => Just(&b"\r\n"[..])];
        let line = (kind, 0..5_000_u32, select(&WORDS[..]), end);
        prop::collection::vec(line, 0..30).prop_map(move |lines| {
            let mut bytes = b"    the end of something\n".repeat(lead);
            for (kind, n, word, end) in lines {
                bytes.extend(piece(kind, n, word));
                bytes.extend(end);
            }
            if !last_end && bytes.ends_with(b"\n") {
                bytes.pop();
            }
            // The first byte of what is compressed would make it something else than a log.
            if bytes.first() == Some(&0x1f) {
                bytes[0] = b'x';
            }
            bytes
        })
    })
}

// -------------------------------------------------------------------------------------- ways of reading

/// How the bytes of a log are reached and cut.
#[derive(Clone, Copy, Debug)]
struct Way {
    reach: Reach,
    chunk: usize,
    threads: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Reach {
    /// A file, mapped or held.
    Mapped,
    /// A pipe, read as it comes.
    Pipe,
    /// A pipe, kept so that it can be read again.
    Held,
    /// Compressed in several members.
    Gzip,
}

/// More than any of these logs has.
const WHOLE_CHUNK: usize = 1 << 30;

const WHOLE: Way = Way { reach: Reach::Mapped, chunk: WHOLE_CHUNK, threads: 1 };

fn way() -> impl Strategy<Value = Way> {
    let chunk = prop_oneof![Just(1_usize), Just(2), Just(WHOLE_CHUNK), 3..100_usize, 100..5_000_usize,];
    let reach = select(vec![Reach::Mapped, Reach::Mapped, Reach::Pipe, Reach::Held, Reach::Gzip]);
    (reach, chunk, select(vec![1_usize, 2, 3, 7])).prop_map(|(reach, chunk, threads)| Way {
        reach,
        chunk,
        threads,
    })
}

/// A log on disk, in each of the ways in which it is reached.
struct Stored {
    folder: tempfile::TempDir,
    bytes: Vec<u8>,
}

impl Stored {
    fn new(bytes: &[u8]) -> Stored {
        let folder = temporary();
        fs::write(folder.path().join("app-1.log"), bytes).expect("a file");
        let mut gzip = Vec::new();
        for part in bytes.chunks(bytes.len() / 2 + 1) {
            let mut member = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            member.write_all(part).expect("memory");
            gzip.extend(member.finish().expect("memory"));
        }
        fs::write(folder.path().join("app-1.log.gz"), gzip).expect("a file");
        Stored { folder, bytes: bytes.to_vec() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("app-1.log")
    }

    /// Scans the log in a way.
    fn scanned<T>(&self, way: Way, work: impl FnOnce(&Inputs, &ScanOptions) -> T) -> T {
        // So small a chunk of so large a file proves nothing more, and takes long.
        let chunk = way.chunk.max(self.bytes.len() / 1_000);
        let options = options(chunk, way.threads);
        let survey = |path: &Path| {
            let inputs = scan::survey(&[path.to_owned()], &SurveyOptions::default(), &options);
            assert_eq!((inputs.logs.len(), &inputs.diagnostics), (1, &Vec::new()), "{:?}", inputs.skipped);
            inputs
        };
        match way.reach {
            Reach::Mapped => work(&survey(&self.path()), &options),
            Reach::Gzip => work(&survey(&self.folder.path().join("app-1.log.gz")), &options),
            Reach::Pipe | Reach::Held => {
                let path = self.folder.path().join("app-1.pipe");
                // Left by a way before, perhaps.
                let _ = fs::remove_file(&path);
                let made = std::process::Command::new("mkfifo").arg(&path).status();
                assert!(made.expect("mkfifo").success());
                std::thread::scope(|scope| {
                    scope.spawn(|| fs::write(&path, &self.bytes).expect("the other side reads"));
                    let inputs = survey(&path);
                    if way.reach == Reach::Held {
                        assert_eq!(inputs.logs[0].hold(&options.progress), []);
                    }
                    work(&inputs, &options)
                })
            }
        }
    }
}

fn options(chunk: usize, threads: usize) -> ScanOptions {
    ScanOptions {
        threads,
        chunk,
        map: true,
        read: ReadOptions::default(),
        cancel: Arc::new(AtomicBool::new(false)),
        progress: Arc::default(),
        apart: None,
    }
}

/// An entry as a scan sees it.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    line: u64,
    offset: u64,
    raw: Vec<u8>,
    understood: bool,
    ts: Option<Timestamp>,
    level: Option<obs::model::Level>,
    duration: Option<f64>,
    values: Vec<Option<String>>,
}

/// The needs of everything that [`Seen`] holds.
fn needs() -> Needs {
    let mut needs = Needs::none();
    for role in Role::ALL {
        needs.role(role);
    }
    for field in ["gateway", "pool.active", "cached"] {
        needs.field(field);
    }
    needs
}

/// The selected entries, and the account.
fn entries(inputs: &Inputs, selection: &Selection, options: &ScanOptions) -> (Vec<Seen>, Account) {
    let mut all = Vec::new();
    let mut numbers = Vec::new();
    let (_, scanned) = scan::run(
        &inputs.logs,
        &selection.needs,
        options,
        || (),
        |(), chunk| {
            let mut seen = Vec::new();
            let flow = chunk.entries(selection, |entry| {
                let slots = entry.slots;
                let values = selection.needs.wanted().map(|slot| slots.get(slot).text().map(Into::into));
                seen.push((
                    entry.location,
                    Seen {
                        line: u64::from(entry.location.line) + 1,
                        offset: entry.offset,
                        raw: entry.raw.to_vec(),
                        understood: entry.understood,
                        ts: slots.ts,
                        level: slots.level,
                        duration: slots.duration,
                        values: values.collect(),
                    },
                ));
                ControlFlow::Continue(())
            });
            assert_eq!(flow, ControlFlow::Continue(()));
            seen
        },
        |delivered| {
            for (location, mut seen) in delivered.output {
                seen.line += delivered.lines_before;
                numbers.push((location, seen.line));
                all.push(seen);
            }
            ControlFlow::Continue(())
        },
    );
    assert_eq!(scanned.diagnostics, []);
    assert!(numbers.is_sorted(), "results come in order");
    for (location, line) in numbers {
        assert_eq!(scanned.line_of(location), line);
    }
    (all, scanned.account())
}

/// Puts entries back together; what is between them can only be line ends.
fn together(entries: &[Seen], bytes: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        assert_eq!(entry.offset as usize, whole.len(), "entry {at} follows the one before");
        whole.extend(&entry.raw);
        let rest = &bytes[whole.len()..];
        let end = [&b"\r\n"[..], b"\n", b"\r"].into_iter().find(|end| rest.starts_with(end));
        whole.extend(end.unwrap_or_default());
    }
    whole
}

// ----------------------------------------------------------------------------------------------- the laws

fn cases(of: u32) -> ProptestConfig {
    ProptestConfig {
        cases: of,
        max_shrink_iters: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases(40))]

    #[test]
    fn entries_do_not_depend_on_how_they_are_read_and_no_byte_is_lost(
        bytes in log(), ways in prop::collection::vec(way(), 4),
    ) {
        let stored = Stored::new(&bytes);
        let selection = Selection::everything(needs());
        let (expected, account) = stored.scanned(WHOLE, |inputs, options| entries(inputs, &selection, options));
        prop_assert!(together(&expected, &bytes) == bytes, "entries and line ends make up the file");
        let ends = memchr::memchr_iter(b'\n', &bytes).count() as u64;
        prop_assert_eq!(account.lines, ends + u64::from(!bytes.is_empty() && !bytes.ends_with(b"\n")));
        prop_assert!(account.balances(), "{account:?}");
        prop_assert_eq!(account.entries + account.unparsed, expected.len() as u64);
        prop_assert_eq!(account.bytes, bytes.len() as u64);
        for (entry, next) in expected.iter().zip(expected.iter().skip(1)) {
            let between = &bytes[entry.offset as usize..next.offset as usize];
            let lines = memchr::memchr_iter(b'\n', between).count() as u64;
            prop_assert_eq!(entry.line + lines, next.line);
        }
        for way in ways {
            let (found, again) = stored.scanned(way, |inputs, options| entries(inputs, &selection, options));
            prop_assert_eq!(&found, &expected, "{:?}", way);
            prop_assert_eq!(again, account, "{:?}", way);
        }
    }

    #[test]
    fn statistics_and_requests_do_not_depend_on_how_the_log_is_read(
        bytes in log(), ways in prop::collection::vec(way(), 2), condition in select(&SUCCESS[..]),
    ) {
        let stored = Stored::new(&bytes);
        let answers = |inputs: &Inputs, options: &ScanOptions| {
            [statistics(inputs, options, condition), requests(inputs, options, condition)]
        };
        let expected = stored.scanned(WHOLE, answers);
        for way in ways.into_iter().filter(|way| way.reach != Reach::Pipe) {
            prop_assert_eq!(&stored.scanned(way, answers), &expected, "{:?}", way);
        }
    }

    #[test]
    fn a_condition_finds_what_looking_at_every_entry_finds(
        bytes in log(), condition in select(&CONDITIONS[..]), way in way(),
    ) {
        let stored = Stored::new(&bytes);
        let mut needs = needs();
        let filter = Filter::parse(condition, &mut needs).expect(condition);
        let by_hand = |inputs: &Inputs, options: &ScanOptions| {
            let selection = Selection::everything(needs.clone());
            let mut kept = Vec::new();
            let (_, _) = scan::run(&inputs.logs, &needs, options, || (), |(), chunk| {
                let mut held = Vec::new();
                let _ = chunk.entries(&selection, |entry| {
                    held.push(filter.matches(entry.slots));
                    ControlFlow::Continue(())
                });
                held
            }, |delivered| {
                kept.extend(delivered.output);
                ControlFlow::Continue(())
            });
            let (all, account) = entries(inputs, &selection, options);
            let kept: Vec<Seen> = all.into_iter().zip(kept).filter(|(_, kept)| *kept).map(|(seen, _)| seen).collect();
            (kept, account)
        };
        let expected = stored.scanned(WHOLE, by_hand);
        let selection = Selection::new(needs.clone(), &filter, TimeRange::default());
        let found = stored.scanned(way, |inputs, options| entries(inputs, &selection, options));
        prop_assert_eq!(found, expected, "{}", condition);
    }

    #[test]
    fn ranges_of_time_add_up(bytes in log(), way in way(), mut cuts in prop::array::uniform3(0..5_000_i64)) {
        cuts.sort_unstable();
        let stored = Stored::new(&bytes);
        let start = 1_703_386_800; // 2023-12-24T03:00:00Z
        let [a, b, c] = cuts.map(|seconds| Timestamp::new(start + seconds, 0).expect("a time"));
        let within = |from: Timestamp, to: Timestamp| {
            let range = TimeRange { from: Some(from), until: Some(to) };
            let selection = Selection::new(needs(), &Filter::everything(), range);
            let way = if way.reach == Reach::Pipe { WHOLE } else { way };
            stored.scanned(way, |inputs, options| entries(inputs, &selection, options))
        };
        let (whole, account) = within(a, c);
        let (mut parts, first) = within(a, b);
        let (second, _) = within(b, c);
        parts.extend(second);
        parts.sort_by_key(|entry| entry.offset);
        prop_assert_eq!(parts, whole);
        prop_assert_eq!(first, account, "the account is of all that was read");
    }

    #[test]
    fn sums_do_not_depend_on_the_order_of_the_files(one in log(), two in log(), condition in select(&SUCCESS[..])) {
        let (one, two) = (Stored::new(&one), Stored::new(&two));
        let sums = |paths: [PathBuf; 2]| {
            let options = options(777, 2);
            let inputs = scan::survey(&paths, &SurveyOptions::default(), &options);
            statistics(&inputs, &options, condition)
        };
        prop_assert_eq!(sums([one.path(), two.path()]), sums([two.path(), one.path()]));
    }
}

const SUCCESS: [&str; 4] = ["status < 400", "level < error", "gateway == 'stripe' or ok == true", ""];

const CONDITIONS: [&str; 26] = [
    "level >= error",
    "gateway == 'stripe'",
    "gateway in ['paypal', 'stripe']",
    "gateway != 'stripe' and status >= 500",
    "message contains 'timeout'",
    "message =~ 'time(d )?out|pool'",
    "message == \"café\\nthen 7\" or message contains 'a\"b'",
    "message =~ '^(started|stripe) '",
    "has(pool.active)",
    "pool.active > 10",
    "not has(gateway)",
    "request_id == 'r3'",
    "request_id in ['r1', 'r2'] and level == info",
    "user == 'user_4'",
    "duration > 500ms",
    "duration < 100ms or status == 404",
    ".status == 200",
    "status == '200'",
    "ok == true",
    "cached == true",
    "has(cached)",
    "has(.level)",
    ".level == 'error'",
    "logger == 'c.acme.Pay'",
    ".message contains 'o'",
    "has(timestamp) and not (gateway == 'stripe')",
];

fn rule(condition: &str, needs: &mut Needs) -> SuccessRule {
    match condition {
        "" => SuccessRule::Usual,
        _ => SuccessRule::parse(condition, needs).expect(condition),
    }
}

/// Everything that stats says, as JSON.
fn statistics(inputs: &Inputs, options: &ScanOptions, condition: &str) -> String {
    let mut said = String::new();
    for (by, every) in
        [(&[][..], None), (&["gateway"][..], None), (&["level", "service"][..], Some(60_000_000_000))]
    {
        let question = Question {
            by: by.iter().map(|name| (*name).to_owned()).collect(),
            every,
            value: "duration".to_owned(),
            value_asked: false,
            percentiles: vec![0.0, 50.0, 99.9],
            apdex: Some(100.0),
            most: 1_000,
        };
        let mut needs = Needs::none();
        let rule = rule(condition, &mut needs);
        let everything = (&Filter::everything(), TimeRange::default());
        let answer = stats::answer(inputs, &question, rule, needs, everything, options);
        let account = answer.scanned.account();
        assert_eq!(
            answer.groups.iter().map(|group| group.entries).sum::<u64>(),
            account.entries + account.unparsed,
            "every entry is in one group"
        );
        said += &serde_json::to_string_pretty(&answer.groups).expect("JSON");
        let _ = writeln!(said, "{} {account:?}", answer.success_rule);
    }
    said
}

/// Everything that correlate says.
fn requests(inputs: &Inputs, options: &ScanOptions, condition: &str) -> String {
    let mut needs = Needs::none();
    let rule = rule(condition, &mut needs);
    let everything = (&Filter::everything(), TimeRange::default());
    let (all, scanned) = correlate::requests(inputs, ("request_id", &rule, None), needs, everything, options);
    let chosen = all.chosen(&Asked::EVERY);
    let ids: Vec<Vec<u8>> = chosen.iter().map(|(id, ..)| id.clone()).collect();
    let (stories, again) = correlate::stories(inputs, "request_id", &ids, options);
    let totals = all.totals();
    assert_eq!(totals.requests, totals.success + totals.failed + totals.unknown);
    let account = scanned.account();
    assert_eq!(totals.entries_with_id + totals.entries_without_id, account.entries + account.unparsed);
    assert_eq!(again.account().lines, account.lines);
    let mut said = format!("{totals:?} {account:?}\n");
    for ((id, request, outcome), story) in chosen.iter().zip(&stories) {
        assert!(story.moments.len() >= request.entries as usize, "every entry of a request is in its story");
        let _ = writeln!(
            said,
            "{} {} {:?} {:?} {outcome:?}",
            id.escape_ascii(),
            request.entries,
            request.start(),
            request.end()
        );
        for moment in &story.moments {
            let _ = writeln!(
                said,
                "  {:?} {} {:?} {:?} {:?}",
                moment.at,
                again.line_of(moment.location),
                moment.level,
                moment.status,
                moment.message
            );
        }
    }
    said
}

// -------------------------------------------------------------------------------------------- obs grep

/// Patterns, and whether they are text.
const PATTERNS: [(&str, bool); 16] = [
    ("timeout", true),
    ("stripe", true),
    ("r3", true),
    ("at a.", true),
    ("café", true),
    ("[main]", true),
    ("time(d )?out", false),
    ("^2023.*error", false),
    ("[0-9]$", false),
    ("^$", false),
    (r"\bpool\b.*\d", false),
    (r"SQLException: \w+\s+at", false),
    (r"(?s)SQL.*Caused", false),
    (r"\A\{", false),
    (r"\}\z", false),
    ("", false),
];

proptest! {
    #![proptest_config(cases(40))]

    #[test]
    fn grep_finds_the_entries_in_which_the_pattern_is(
        bytes in log(), (pattern, fixed) in select(&PATTERNS[..]), invert in any::<bool>(),
        word in any::<bool>(), ignore_case in any::<bool>(), chunk in select(vec![1_usize, 13, 400, 1 << 20]),
        threads in 1..4_usize, context in prop::option::of(0..3_usize), most in prop::option::of(1..5_usize),
    ) {
        let stored = Stored::new(&bytes);
        let everything = Selection::everything(Needs::none());
        let (all, _) = stored.scanned(WHOLE, |inputs, options| entries(inputs, &everything, options));
        let case = if ignore_case { Case::Insensitive } else { Case::Sensitive };
        let matcher = Pattern::new(&[pattern], PatternOptions { fixed, case, word, line: false }).expect(pattern);
        let matched = |entry: &Seen| match (fixed, word, ignore_case) {
            (true, false, false) => String::from_utf8_lossy(&entry.raw).contains(pattern),
            _ => pattern.is_empty() && !word || matcher.is_match(&entry.raw),
        };
        let marks: Vec<bool> = all.iter().map(|entry| matched(entry) != invert).collect();
        let expected = lines_of_grep(&bytes, &all, &marks, context.unwrap_or(0), most);

        let mut args: Vec<String> = ["grep", "-n", "-j"].map(str::to_owned).to_vec();
        args.extend([threads.to_string(), "--chunk".into(), chunk.max(bytes.len() / 1_000).to_string()]);
        for (flag, on) in [("-F", fixed), ("-v", invert), ("-w", word), ("-i", ignore_case)] {
            args.extend(on.then(|| flag.to_owned()));
        }
        args.extend(context.map(|n| format!("-C{n}")));
        args.extend(most.map(|n| format!("-m{n}")));
        args.extend(["-e".into(), pattern.into(), stored.path().to_str().expect("UTF-8").into()]);
        let found = obs(&args);
        prop_assert_eq!(
            String::from_utf8_lossy(&found.stdout), String::from_utf8_lossy(&expected), "{:?}", args
        );
        prop_assert_eq!(found.code, i32::from(!marks.contains(&true)));

        args.insert(1, "-c".into());
        let count = marks.iter().filter(|marked| **marked).count().min(most.unwrap_or(usize::MAX));
        let counted = obs(&args);
        prop_assert_eq!(counted.stdout, format!("{count}\n").into_bytes(), "{:?}", args);
    }
}

/// What grep prints for the marked entries, with their context. After the last one that is wanted, its context
/// ends where the next match begins.
fn lines_of_grep(bytes: &[u8], all: &[Seen], marks: &[bool], context: usize, most: Option<usize>) -> Vec<u8> {
    let found: Vec<usize> = (0..all.len()).filter(|at| marks[*at]).take(most.unwrap_or(usize::MAX)).collect();
    let enough = (0..all.len()).filter(|at| marks[*at]).nth(found.len()).unwrap_or(all.len());
    let mut out = Vec::new();
    let mut last = None;
    for at in (0..enough).filter(|at| found.iter().any(|of| at.abs_diff(*of) <= context)) {
        if context > 0 && last.is_some_and(|last| last + 1 != at) {
            out.extend(b"--\n");
        }
        last = Some(at);
        let mark = if marks[at] { ':' } else { '-' };
        let end = all.get(at + 1).map_or(bytes.len(), |next| next.offset as usize);
        let raw = &bytes[all[at].offset as usize..end];
        out.extend(format!("{}{mark}", all[at].line).bytes());
        out.extend(raw.strip_suffix(b"\n").unwrap_or(raw));
        out.push(b'\n');
    }
    out
}
