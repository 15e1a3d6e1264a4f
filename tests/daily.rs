//! Reading and asking day by day: order and number of rows, grep's letters, times and ids as people type them, and
//! what a terminal is shown that a pipe is not.
#![expect(clippy::disallowed_methods, reason = "these tests write files and run obs")]

use std::path::Path;

use crate::program::{Ran, have, in_fixtures, obs, program, shell, temporary};

const LOG: &str = "\
2023-12-24T03:06:00.000Z INFO  service=gateway GET /orders/17 request_id=req-aaa111 user=u1 status=200 duration=12ms
2023-12-24T03:06:01.000Z ERROR service=payment pool exhausted request_id=req-aab222 user=u2 status=500 duration=900ms
java.lang.IllegalStateException: no connection
\tat a.b.C.d(C.java:1)
2023-12-24T03:09:02.000Z INFO  service=gateway GET /orders/18 request_id=req-aab333 user=u1 status=200 duration=15ms
";

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(&path, text).expect("a file");
    path.display().to_string()
}

/// Runs obs over the log, which stands for `LOG` among the arguments.
fn over_log(args: &[&str]) -> Ran {
    let folder = temporary();
    let log = write(folder.path(), "app.log", LOG);
    obs(&args.iter().map(|arg| if *arg == "LOG" { log.as_str() } else { arg }).collect::<Vec<_>>())
}

/// The users of groups in the order in which they are told.
fn users(args: &[&str]) -> Vec<String> {
    let ran = over_log(&[&["stats", "LOG", "--by", "user", "--output", "json"][..], args].concat());
    let json = ran.json();
    let groups = json["groups"].as_array().expect("groups");
    groups.iter().map(|group| group["by"]["user"].as_str().expect("a user").to_owned()).collect()
}

#[test]
fn rows_are_sorted_and_limited() {
    assert_eq!(users(&["--top", "1"]), ["u1"]);
    assert_eq!(users(&["--sort", "max"]), ["u2", "u1"]);
    assert_eq!(users(&["--sort", "max:asc"]), ["u1", "u2"]);
    assert_eq!(users(&["--sort", "user:desc", "--limit", "1"]), ["u2"]);
    let ran = over_log(&["stats", "LOG", "--by", "user", "--sort", "cuont"]);
    assert!(ran.code == 2 && ran.stderr.contains("did you mean count?"), "{ran:?}");
    let ran = over_log(&["stats", "LOG", "--by", "user", "--top", "1"]);
    assert!(ran.text().contains("1 of 2 groups are shown."), "{ran:?}");
    let json =
        over_log(&["fields", "LOG", "--sort", "field:desc", "--limit", "2", "--output", "json"]).json();
    let names: Vec<_> =
        json["fields"].as_array().expect("fields").iter().map(|field| &field["name"]).collect();
    assert_eq!(names, ["user", "status"]);
}

#[test]
fn paths_of_one_endpoint_are_one_group() {
    let folder = temporary();
    let entry = |n: usize| {
        format!("{{\"time\":\"2023-12-24T03:06:0{n}Z\",\"path\":\"/orders/{n}\",\"status\":200}}\n")
    };
    let log = write(folder.path(), "api.log", &(0..5).map(entry).collect::<String>());
    let json = obs(&["stats", &log, "--by", "endpoint", "--output", "json"]).json();
    assert_eq!(json["groups"].as_array().map(Vec::len), Some(1), "{json}");
    assert_eq!(json["groups"][0]["entries"], 5);
}

#[test]
fn files_are_picked_as_ripgrep_picks_them() {
    let folder = temporary();
    for name in ["a.log", "b.txt", ".hidden/c.log", "left.log"] {
        write(folder.path(), name, "2023-12-24T03:06:00Z INFO fine\n");
    }
    write(folder.path(), ".ignore", "left.log\n");
    let at = folder.path().display().to_string();
    for (args, wanted) in [
        (&[][..], "a.log b.txt"),
        (&["-g", "*.log"], "a.log left.log"),
        (&["-g", "!*.log"], "b.txt"),
        (&["-t", "log"], "a.log"),
        (&["-T", "log"], "b.txt"),
        (&["--no-ignore"], "a.log b.txt left.log"),
        (&["--hidden"], ".hidden/c.log a.log b.txt"),
        (&["-uu"], ".hidden/c.log a.log b.txt left.log"),
    ] {
        let ran = obs(&[&["grep", "-l", "-rEa", "fine", &at][..], args].concat());
        let mut names: Vec<_> = ran.text().lines().map(|line| line[at.len() + 1..].to_owned()).collect();
        names.sort();
        assert_eq!(names.join(" "), wanted, "{args:?} {ran:?}");
    }
    let ran = obs(&["grep", "fine", &at, "-t", "lgo"]);
    assert!(ran.code == 2 && ran.stderr.contains("no type of files `lgo`"), "{ran:?}");
}

#[test]
fn files_without_a_match_samples_and_tables_of_entries() {
    let folder = temporary();
    let log = write(folder.path(), "app.log", LOG);
    let calm = write(folder.path(), "calm.log", "2023-12-24T03:06:00Z INFO fine\n");
    assert_eq!(obs(&["grep", "-L", "pool", &log, &calm]).text(), format!("{calm}\n"));
    let sample = |n: &str| over_log(&["grep", "", "LOG", "--sample", n]).text();
    assert_eq!(sample("1").matches("2023-12-24T").count(), 1);
    assert_eq!(sample("1"), sample("1"));
    assert_eq!(sample("9"), LOG);
    let csv = over_log(&["grep", "/orders", "LOG", "--output", "csv", "--fields", "user,status"]).text();
    assert!(
        csv.starts_with("file,line,offset,format,timestamp,level,message,request_id,user,status\n"),
        "{csv}"
    );
    assert!(csv.lines().nth(1).is_some_and(|row| row.ends_with(",req-aaa111,u1,200")), "{csv}");
    let json = over_log(&["grep", "pool", "LOG", "--json"]);
    let same = over_log(&["grep", "pool", "LOG", "--output", "jsonl"]);
    let without_name = |ran: &Ran| {
        let mut json = ran.json();
        json["file"].take();
        json
    };
    assert_eq!(without_name(&json), without_name(&same));
}

#[test]
fn options_of_other_tools_are_answered() {
    for (args, hint) in [
        (&["grep", "--include", "x", "."][..], "-g 'GLOB'"),
        (&["grep", "-z", "x", "."], "compressed files are always read"),
        (&["grep", "x", ".", "--form", "x"], "did you mean --format"),
        (&["grp"], "did you mean grep?"),
        (&["stats", ".", "--top", "1", "--limit", "1"], "--help` tells all options"),
    ] {
        let ran = obs(args);
        assert!(ran.code == 2 && ran.said("error") == 1 && ran.stderr.contains(hint), "{args:?} {ran:?}");
    }
}

#[test]
fn an_expression_may_begin_with_a_minus_and_a_letter_of_an_option() {
    let folder = temporary();
    let metrics = write(folder.path(), "m.prom", "up 1 1703387160000\nqueue 2 1703387160000\n");
    for (expression, value) in [("-up", "-1"), ("-queue", "-2"), ("-up{}", "-1")] {
        let json = obs(&["query", expression, &metrics, "--at", "end", "--output", "json"]).json();
        assert_eq!(json["data"]["result"][0]["value"][1], value, "{expression}: {json}");
    }
    for options in ["-u", "-qu", "-j1", "-uj1"] {
        let ran = obs(&["query", options, "up", &metrics, "--at", "end"]);
        assert!(ran.code == 0 && ran.text().contains("up"), "{options}: {ran:?}");
    }
}

#[test]
fn a_time_that_counts_from_now_and_finds_nothing_says_what_there_is() {
    for (since, instead) in [("yesterday", "end-2d"), ("-30m", "end-30m")] {
        let ran = over_log(&["grep", "", "LOG", "--since", since]);
        assert!(ran.code == 1 && ran.stdout.is_empty(), "{ran:?}");
        assert!(ran.stderr.contains(&format!("--since {instead} counts from the end")), "{ran:?}");
    }
    assert_eq!(over_log(&["grep", "", "LOG", "--since", "epoch"]).text(), LOG);
    assert_eq!(over_log(&["grep", "-c", "", "LOG", "--since", "@1703387161"]).text(), "2\n");
    assert_eq!(over_log(&["stats", "LOG", "--since", "yesterday"]).code, 1);
}

#[test]
fn the_beginning_of_an_id_is_enough() {
    let ran = over_log(&["correlate", "LOG", "--id", "req-aaa"]);
    assert!(ran.code == 0 && ran.text().starts_with("request req-aaa111\n"), "{ran:?}");
    let ran = over_log(&["correlate", "LOG", "--id", "req-aab"]);
    assert!(ran.code == 2 && ran.stderr.contains("say which: req-aab222, req-aab333"), "{ran:?}");
    assert_eq!(over_log(&["correlate", "LOG", "--id", "nothing"]).code, 1);
}

#[test]
fn alerts_do_what_is_expected_of_them() {
    let folder = temporary();
    let rules =
        "groups: [{name: g, rules: [{alert: Pool, expr: database_connections_active / 20 > 0.9, for: 1m},
        {alert: Calm, expr: database_connections_active < 0}]}]";
    let rules = write(folder.path(), "rules.yml", rules);
    let ran = |expected: &[&str]| {
        let mut arguments = vec!["check-rules", "-r", &rules, "outage/metrics"];
        for expected in expected {
            arguments.extend(["--expect", expected].iter().skip(usize::from(expected.starts_with("--"))));
        }
        Ran::of(&in_fixtures(&arguments))
    };
    assert_eq!(ran(&["Pool", "Calm=never", "Pool=firing@03:10..03:15", "Pool=never@02:30..02:40"]).code, 0);
    for (expected, instead) in
        [("Calm", "it was never pending"), ("Pool=never", "it fired from"), ("Pool=pending", "it fired from")]
    {
        let ran = ran(&[expected, "--output=json"]);
        let told = ran.json()["expectations"][0]["instead"].to_string();
        assert!(ran.code == 1 && told.contains(instead), "{expected}: {told}");
    }
    let misspelt = ran(&["Poool"]);
    assert!(misspelt.code == 2 && misspelt.stderr.contains("did you mean Pool?"), "{misspelt:?}");
    let file = write(folder.path(), "expected.txt", "# what has to be\nPool\nCalm=firing\n");
    let arguments =
        ["check-rules", "-r", &rules, "outage/metrics", "--expect-file", &file, "--output", "json"];
    let json = Ran::of(&in_fixtures(&arguments)).json();
    assert_eq!(
        (&json["expectations"][0]["met"], &json["expectations"][1]["met"]),
        (&true.into(), &false.into())
    );
}

#[test]
fn entries_are_laid_out_for_reading() {
    let pretty = |args: &[&str]| over_log(&[&["grep", "-p", "", "LOG"][..], args].concat()).text();
    assert!(pretty(&[]).contains(
        "2023-12-24 03:06:01.000 ERROR payment service=payment pool exhausted request_id=req-aab222 user=u2 \
         status=500 duration=900ms\n    java.lang.IllegalStateException: no connection\n    at a.b.C.d(C.java:1)\n"
    ));
    assert!(pretty(&["--gaps", "30s"]).contains("── 3 min 01 s ──"));
    let seoul = pretty(&["--time-zone", "Asia/Seoul", "--time-format", "%H:%M"]);
    assert!(seoul.starts_with("12:06 INFO  gateway "), "{seoul}");
    let wrong = over_log(&["grep", "-p", "", "LOG", "--time-format", "%Q"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("--time-format"), "{wrong:?}");
}

/// What a terminal gets; the program reads nothing from it.
fn on_terminal(line: &str) -> String {
    shell(&format!("TERM=xterm script -qec '{line}' /dev/null </dev/null")).text().replace('\r', "")
}

#[test]
fn a_terminal_gets_readable_entries_and_a_pipe_the_bytes() {
    if !have("script") {
        return;
    }
    let folder = temporary();
    let log = write(folder.path(), "app.log", LOG);
    assert_eq!(obs(&["grep", "", &log]).text(), LOG);
    let shown = on_terminal(&format!("\"$OBS\" grep pool {log} --paging never --progress never"));
    assert!(
        shown.contains("\u{1b}[31mERROR\u{1b}[0m") && shown.contains("\u{1b}[1;31mpool\u{1b}[0m"),
        "{shown:?}"
    );
    let raw = on_terminal(&format!("\"$OBS\" grep pool {log} --raw --paging never --progress never"));
    assert!(raw.contains("2023-12-24T03:06:01.000Z ERROR") && raw.contains("\tat a.b.C.d"), "{raw:?}");
    let calm = on_terminal(&format!("NO_COLOR=1 \"$OBS\" grep pool {log} --paging never --progress never"));
    assert!(calm.contains("ERROR") && !calm.contains('\u{1b}'), "{calm:?}");
    let paged = on_terminal(&format!("OBS_PAGER=\"sed s/^/P:/\" \"$OBS\" grep pool {log} --paging always"));
    assert!(paged.contains("P:"), "{paged:?}");
}

/// Runs obs in a folder, with these variables.
fn within(folder: &Path, variables: &[(&str, &str)], args: &[&str]) -> Ran {
    let mut command = program();
    command.current_dir(folder).envs(variables.iter().copied()).args(args);
    Ran::of(&command.output().expect("the program runs"))
}

#[test]
fn options_that_nobody_types_come_from_the_environment_and_from_the_configuration() {
    let folder = temporary();
    write(folder.path(), "logs/app.log", LOG);
    let config = "defaults:\n  time-zone: Asia/Seoul\n  stats: {percentiles: [50], by: user}\n";
    write(folder.path(), "obs.yaml", config);
    let inner = folder.path().join("logs");
    let pretty = |variables: &[(&str, &str)], more: &[&str]| {
        within(&inner, variables, &[&["grep", "-p", "pool", "app.log"][..], more].concat()).text()
    };
    assert!(pretty(&[], &[]).contains("12:06:01"), "the file of a directory above");
    assert!(pretty(&[("OBS_TIME_ZONE", "Europe/Berlin")], &[]).contains("04:06:01"), "the environment first");
    let typed = pretty(&[("OBS_TIME_ZONE", "Europe/Berlin")], &["--time-zone", "utc"]);
    assert!(typed.contains("03:06:01"), "what is typed before all: {typed}");
    assert!(pretty(&[], &["--no-defaults"]).contains("03:06:01"));
    let json = within(&inner, &[], &["stats", "app.log", "--output", "json"]).json();
    assert!(
        json["groups"][0]["by"]["user"] == "u1" && json["groups"][0]["values"]["p50"].is_number(),
        "{json}"
    );
    assert!(json["groups"][0]["values"]["p90"].is_null(), "{json}");
}

#[test]
fn a_default_that_is_wrong_is_told_with_its_place() {
    let folder = temporary();
    write(folder.path(), "app.log", LOG);
    let ran = |config: &str, variables: &[(&str, &str)], args: &[&str]| {
        write(folder.path(), "obs.yaml", config);
        within(folder.path(), variables, args)
    };
    let grep: &[&str] = &["grep", "-c", "pool", "app.log"];
    let unknown = ran("defaults:\n  tzz: UTC\n", &[], grep);
    assert!(
        unknown.code == 0 && unknown.stderr.contains("obs.yaml:2:8: no command has an option --tzz"),
        "{unknown:?}"
    );
    assert!(unknown.stderr.contains("did you mean"), "{unknown:?}");
    let value = ran("defaults:\n  color: allways\n", &[], grep);
    assert!(
        value.code == 2 && value.stderr.contains("obs.yaml:2:10: --color cannot be `allways`"),
        "{value:?}"
    );
    let value = ran("", &[("OBS_COLOR", "allways")], grep);
    assert!(value.code == 2 && value.stderr.contains("OBS_COLOR: --color cannot be `allways`"), "{value:?}");
    // Another part of the file is the business of those who need it.
    let other = ran("detectors:\n  - name: x\n    wheree: 'a'\n", &[], grep);
    assert!(other.code == 0, "{other:?}");
    let needed = within(folder.path(), &[], &["detect", "app.log"]);
    assert!(needed.code == 2 && needed.stderr.contains("obs.yaml:"), "{needed:?}");
}

#[test]
fn a_fault_within_a_pattern_is_told_with_its_place() {
    let folder = temporary();
    write(folder.path(), "app.log", LOG);
    write(folder.path(), "obs.yaml", "formats:\n  - name: mine\n    regex: '^(?P<ts>x) (?P<le vel>y)'\n");
    let ran = within(folder.path(), &[], &["grep", "x", "app.log"]);
    assert!(ran.code == 2 && ran.stderr.contains("at character 18: "), "{ran:?}");
}

#[test]
fn manual_pages_say_what_no_option_says() {
    let page = obs(&["man"]).text();
    for title in ["EXIT STATUS", "ENVIRONMENT", "FILES", "CONDITIONS", "CONFIGURATION", "SEE ALSO"] {
        assert!(page.contains(&format!(".SH \"{title}\"")), "{title}");
    }
    for part in ["formats", "metrics", "defaults", "success", "detectors", "signatures", "zones", "map"] {
        assert!(page.contains(&format!("\\fB{part}\\fR")), "{part}");
    }
    let explain = obs(&["man", "formats", "explain"]).text();
    assert!(
        explain.contains("obs\\-formats\\-explain")
            && page.contains("obs\\-investigate")
            && obs(&["man", "grep"]).text().contains(".SH EXAMPLES"),
        "{explain}"
    );
    assert!(!page.contains(".SH EXTRA") && !explain.contains(".SH EXTRA"));
    let wrong = obs(&["man", "gerp"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("did you mean grep?"), "{wrong:?}");
    if have("man") {
        let read = shell(
            "for page in '' grep 'formats explain' check-rules; do \"$OBS\" man $page | man --warnings -E UTF-8 -l - 2>&1 >/dev/null; done",
        );
        assert_eq!(read.text(), "", "groff has nothing to say against the pages");
    }
}

#[test]
fn short_help_fits_a_screen_and_names_the_long_one() {
    for command in
        ["grep", "stats", "correlate", "detect", "investigate", "query", "check-rules", "formats explain"]
    {
        let words = |help| command.split(' ').chain([help]).collect::<Vec<_>>();
        let (short, long) = (obs(&words("-h")).text(), obs(&words("--help")).text());
        assert!(short.lines().count() < 24, "{command}: {} lines", short.lines().count());
        assert!(short.lines().all(|line| line.chars().count() <= 80), "{short}");
        assert!(
            short.contains(&format!("`obs {command} --help`")) && long.contains("--no-mmap"),
            "{command}: {short}"
        );
    }
    assert!(obs(&["-h"]).text().lines().count() < 24);
}

#[test]
fn shells_offer_what_an_option_may_be() {
    let bash = obs(&["completions", "bash"]).text();
    for words in [
        "trace debug info warn error fatal",
        "low medium high critical",
        "failing trouble",
        "pool-exhaustion",
    ] {
        assert!(bash.contains(words), "{words}");
    }
    assert_eq!(
        over_log(&["grep", "-c", "", "LOG", "--level", "WARNING"]).text(),
        "1\n",
        "other words are fine, too"
    );
}

#[test]
fn the_first_screen_of_investigate_says_what_when_for_whom_and_what_next() {
    let text = obs(&["investigate", "fixtures/outage"]).text();
    let screen: String = text.lines().take(14).collect::<Vec<_>>().join("\n");
    for part in [
        "Something broke at 2023-12-24 03:04:56 UTC",
        "way    connection pool exhausted in payment-service → ",
        "first sign 02:58:00, it broke 03:04:56, users felt it 03:06:29",
        "requests that failed, all alike",
        "$ obs correlate fixtures/outage --id ",
        "Likely cause",
    ] {
        assert!(screen.contains(part), "{part}: {screen}");
    }
    let calm = obs(&["investigate", "fixtures/calm"]).text();
    assert!(!calm.contains("  way ") && !calm.contains("$ obs correlate"), "{calm}");
}

#[test]
fn many_alike_files_are_summed_up_for_people_and_listed_for_programs() {
    let folder = temporary();
    for n in 0..40 {
        write(folder.path(), &format!("pods/{n}.log"), LOG);
    }
    write(
        folder.path(),
        "other/a.log",
        "{\"time\":\"2023-12-24T03:06:00Z\",\"level\":\"info\",\"msg\":\"x\"}\n",
    );
    let at = folder.path().display().to_string();
    let text = obs(&["fields", &at]).text();
    assert!(text.contains("(40 files)") && text.contains("a.log") && !text.contains("17.log"), "{text}");
    assert!(
        text.lines().any(|line| line.contains("(40 files)") && line.contains("120")),
        "entries add up: {text}"
    );
    let csv = obs(&["fields", &at, "--output", "csv"]).text();
    assert_eq!(csv.lines().count(), 42);
    let explained = obs(&["formats", "explain", &at]).text();
    assert!(explained.contains("pods/0.log and 39 others like it"), "{explained}");
    assert_eq!(explained.matches("understood as").count(), 2);
    let few = obs(&["fields", &format!("{at}/other")]).text();
    assert!(few.contains("a.log"), "{few}");
}

#[test]
fn the_year_that_is_asked_for_is_that_of_dates_without_one() {
    let folder = temporary();
    let text = "Mar  5 10:00:01 n1 kernel: one\nMar  5 10:07:01 n1 kernel: two\n";
    let log = write(folder.path(), "syslog", text);
    let of = |args: &[&str]| obs(&[&["grep", "", &log][..], args].concat()).text();
    let two = "Mar  5 10:07:01 n1 kernel: two\n";
    assert_eq!(of(&["--since", "2019-03-05T10:05:00Z"]), two);
    assert_eq!(of(&["--since", "2019-03-05T10:05:00Z", "--until", "2019-03-05T10:10:00Z"]), two);
    assert_eq!(of(&["--until", "2019-03-05T10:05:00Z"]), "Mar  5 10:00:01 n1 kernel: one\n");
    // What a file beside it says counts more than the question.
    write(folder.path(), "app.log", "2021-03-05T10:00:00Z INFO up\n");
    let both = obs(&["grep", "two", &folder.path().display().to_string(), "--since", "2019-03-05T10:05:00Z"]);
    assert!(both.text().contains("two"), "{}", both.text());
    assert_eq!(of(&["--since", "2019-03-05T10:05:00Z", "--level", "error"]), "");
}
