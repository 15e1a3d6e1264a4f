//! What somebody meets who has just got obs: names that are mistyped, letters of other tools, completions, links, units
//! and pages that can be read.
#![expect(clippy::disallowed_methods, reason = "these tests write files and run obs")]

use std::path::Path;

use crate::program::{Ran, have, in_fixtures, obs, program, shell, temporary};

const LOG: &str = "\
2023-12-24T03:06:00.000Z INFO  service=gateway GET /orders/17 request_id=req-aaa111 user=u1 status=200 duration=12ms
2023-12-24T03:06:01.000Z ERROR service=payment pool exhausted request_id=req-aab222 user=u2 status=500 duration=900ms
2023-12-24T03:09:02.000Z INFO  service=gateway GET /orders/18 request_id=req-aab333 user=u1 status=200 duration=15ms
";

const RULES: &str = "groups: [{name: g, rules: [
    {alert: Failing, expr: 'sum by (gateway) (rate(payment_requests_total{status=\"failed\"}[5m])) > 0.01'},
    {alert: PoolIsNearlyFull, expr: database_connections_active / 20 > 0.9, for: 1m}]}]";

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(&path, text).expect("a file");
    path.display().to_string()
}

/// Runs obs in a folder.
fn within(folder: &Path, args: &[&str]) -> Ran {
    Ran::of(&program().current_dir(folder).args(args).output().expect("the program runs"))
}

#[test]
fn a_mistyped_name_is_told_by_every_command() {
    let folder = temporary();
    let log = write(folder.path(), "app.log", LOG);
    for command in [
        &["grep", ""][..],
        &["stats"],
        &["templates"],
        &["fields"],
        &["correlate"],
        &["detect"],
        &["investigate"],
        &["query", "sum(log_requests_total)"],
    ] {
        let ran = obs(&[command, &[&log, "--where", "servce == \"x\""]].concat());
        assert!(ran.stderr.contains("did you mean service?"), "{command:?} {ran:?}");
    }
    let ran = obs(&["correlate", &log, "--by", "reqest_idd"]);
    assert!(ran.stderr.contains("--by: no entry has a value of reqest_idd"), "{ran:?}");
}

#[test]
fn tips_name_no_hidden_or_unrelated_option() {
    for (typed, tip) in [
        ("--stats", "--verbose tells what was read of each file"),
        ("--heading", "-p prints entries below the names"),
        ("-y", "-i takes large and small letters for alike"),
        ("--null", "--output jsonl"),
        ("--form", "did you mean --format"),
        ("--colour", "did you mean --color?"),
        ("--partal", "`obs grep --help` tells all options"),
    ] {
        let ran = obs(&["grep", typed, "x", "."]);
        assert!(ran.code == 2 && ran.stderr.contains(tip), "{typed}: {ran:?}");
        assert!(!ran.stderr.contains("--state") && !ran.stderr.contains("--paging"), "{typed}: {ran:?}");
    }
}

#[test]
fn a_letter_means_one_thing() {
    assert_eq!(obs(&["grep", "-vc", "x", "fixtures/outage/auth-service/auth.log"]).code, 0);
    let ran = obs(&["stats", "-v", "fixtures/outage"]);
    assert!(ran.code == 2 && ran.stderr.contains("--verbose tells what was read"), "{ran:?}");
}

#[test]
fn a_map_reaches_the_named_groups_of_an_expression() {
    let folder = temporary();
    let format = "formats:\n  - name: acme\n    regex: '^(?P<ts>\\S+ \\S+) (?P<level>\\w+) c=(?P<customer>\\w+) (?P<message>.*)$'\n";
    write(
        folder.path(),
        "a.txt",
        "2023-12-24 03:06:00 ERROR c=u17 boom\n2023-12-24 03:06:01 INFO c=u18 fine\n",
    );
    write(folder.path(), "obs.yaml", format);
    let users = |args: &[&str]| {
        let json = within(
            folder.path(),
            &[&["stats", "a.txt", "--by", "user", "--output", "json"][..], args].concat(),
        )
        .json();
        json["groups"]
            .as_array()
            .expect("groups")
            .iter()
            .map(|group| group["by"]["user"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(users(&["--map", "user=customer"]), ["u17", "u18"]);
    write(folder.path(), "obs.yaml", &format!("{format}map: {{user: [customer]}}\n"));
    assert_eq!(users(&[]), ["u17", "u18"]);
}

#[test]
fn a_fault_of_the_configuration_is_told_where_it_is_and_stops_only_what_needs_it() {
    let folder = temporary();
    write(folder.path(), "app.log", LOG);
    let with = |text: &str, args: &[&str]| {
        write(folder.path(), "obs.yaml", text);
        within(folder.path(), args)
    };
    let ran = with(
        "formats:\n  - name: acme\n    regex: '^(?P<ts>\\S+) [) (?P<message>.*)$'\n",
        &["stats", "app.log"],
    );
    assert!(
        ran.code == 2 && ran.stderr.contains("obs.yaml:3:26: the pattern is no regular expression"),
        "{ran:?}"
    );
    let ran =
        with("# mine\nformts: []\ndefaults: {time-zone: Asia/Seoul}\n", &["grep", "-p", "pool", "app.log"]);
    assert!(ran.code == 0 && ran.text().contains("12:06:01"), "{ran:?}");
    assert!(ran.stderr.contains("obs.yaml:2:1: there is no part `formts`"), "{ran:?}");
    assert!(ran.stderr.contains("did you mean formats?"), "{ran:?}");
}

#[test]
fn shells_are_offered_what_stands_in_the_files() {
    let folder = temporary();
    let log = write(folder.path(), "app.log", LOG);
    let rules = write(folder.path(), "rules.yml", RULES);
    let offered = |option: &str, words: &[&str]| {
        obs(&[&["completions", "--offer", option, "--"][..], words].concat()).text()
    };
    let fields = offered("--by", &["stats", &log, "--by", ""]);
    for name in ["endpoint", "service", "user", "status"] {
        assert!(fields.lines().any(|line| line == name), "{name} in {fields}");
    }
    assert_eq!(offered("--expect", &["check-rules", "-r", &rules]), "Failing\nPoolIsNearlyFull\n");
    assert!(offered("--time-zone", &["grep"]).contains("Asia/Seoul\n"));
    assert_eq!(
        offered("--by", &["stats", "/no/such/file"]).lines().filter(|line| line.contains(' ')).count(),
        0
    );
    if have("fish") {
        let script = "source completions/obs.fish; complete -C \"obs check-rules -r RULES --expect Po\"; \
                      complete -C \"obs stats LOG --by service,endp\"";
        let script = script.replace("RULES", &rules).replace("LOG", &log);
        let ran = shell(&format!("PATH=\"$(dirname \"$OBS\"):$PATH\" fish --no-config -c '{script}'"));
        let words: Vec<_> =
            ran.text().lines().map(|line| line.split('\t').next().unwrap_or(line).to_owned()).collect();
        assert_eq!(words, ["PoolIsNearlyFull", "service,endpoint"], "{ran:?}");
    }
    if have("bash") {
        let script = format!(
            "cd {} && source <(\"$OBS\" completions bash) && COMP_WORDS=(obs check-rules -r rules.yml --expect Po) \
             COMP_CWORD=5 && COMPREPLY=() && PATH=\"$(dirname \"$OBS\"):$PATH\" && _obs_offered obs Po --expect && echo \"${{COMPREPLY[*]}}\"",
            folder.path().display()
        );
        let ran = shell(&format!("bash -c '{}'", script.replace('\'', "'\\''")));
        assert_eq!(ran.text(), "PoolIsNearlyFull\n", "{ran:?}");
    }
}

#[test]
fn alike_files_of_many_folders_are_summed_up() {
    let folder = temporary();
    for pod in 0..60 {
        write(folder.path(), &format!("pods/p{pod}/app.log"), LOG);
    }
    let at = folder.path().display().to_string();
    for args in [&["fields", &at][..], &["formats", "explain", &at]] {
        let ran = obs(args);
        assert!(ran.code == 0 && ran.text().lines().count() < 30, "{args:?}: {}", ran.text());
        assert!(
            ran.text().contains("60 files") || ran.text().contains("59 others"),
            "{args:?}: {}",
            ran.text()
        );
    }
}

#[test]
fn parts_of_an_expression_are_told_apart_by_their_labels() {
    let folder = temporary();
    let rules = write(folder.path(), "rules.yml", RULES);
    let ran = Ran::of(&in_fixtures(&["check-rules", "-r", &rules, "outage/metrics", "--explain", "Failing"]));
    let text = ran.text();
    assert!(!text.contains("{gatewa…"), "{text}");
    assert!(text.contains("{gateway=\"toss\"}") || text.contains("\"toss\"}"), "{text}");
}

#[test]
fn zones_may_be_whole_hours() {
    let folder = temporary();
    let log = write(folder.path(), "app.log", LOG);
    for (zone, shown) in
        [("+09:00", "12:06:01"), ("-5", "22:06:01"), ("+0100", "04:06:01"), ("Asia/Seoul", "12:06:01")]
    {
        let ran = obs(&["grep", "-p", "pool", &log, "--time-zone", zone]);
        assert!(ran.text().contains(shown), "{zone}: {ran:?}");
    }
    assert_eq!(obs(&["grep", "-p", "pool", &log, "--time-zone", "+25:00"]).code, 2);
}

#[test]
fn line_numbers_are_links_to_their_lines() {
    let folder = temporary();
    let log = write(folder.path(), "app.log", LOG);
    for args in [&["-n"][..], &["-n", "-p"], &["-nH"]] {
        let ran = obs(&[&["grep", "pool", &log, "--hyperlink", "always"][..], args].concat());
        assert!(ran.text().contains(&format!("\u{1b}]8;;file://{log}#L2\u{1b}\\2")), "{args:?}: {ran:?}");
    }
    assert!(!obs(&["grep", "-n", "pool", &log]).text().contains('\u{1b}'));
}

#[test]
fn help_names_only_forms_that_a_command_has() {
    let help = obs(&["formats", "explain", "--help"]).text();
    assert!(!help.contains("- csv:"), "{help}");
    let ran = obs(&["formats", "explain", ".", "--output", "csv"]);
    assert!(ran.code == 2 && ran.stderr.contains("it can be table, json, jsonl, markdown, html"), "{ran:?}");
}

#[test]
fn the_page_is_drawn_for_narrow_screens_and_names_its_colours() {
    let folder = temporary();
    let rules = write(folder.path(), "rules.yml", RULES);
    let ran = Ran::of(&in_fixtures(&["investigate", "outage", "-r", &rules, "--output", "html"]));
    let page = ran.text();
    let pictures = page.matches("<svg class=\"page\"").count();
    assert!(pictures > 4 && page.matches("<svg class=\"phone\"").count() == pictures, "{pictures}");
    for part in [
        "Most requests",
        "Endpoints",
        "Statuses",
        "--by endpoint --top 8",
        "<i class=\"warn fill\"></i>",
        "firing</span>",
        "the highest bar of all is",
        "The dashed line is the onset. Shaded is the time in which requests failed.",
        "Failing {gateway=&quot;toss&quot;}<title>",
        "Failing <wbr>{gateway=&quot;toss&quot;}",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for figure in page.split("<figure>").skip(1).filter(|figure| figure.contains("<figcaption>")) {
        assert!(figure.contains("class=\"legend\""), "{}", &figure[..figure.len().min(400)]);
    }
}
