//! `obs dashboard` from end to end, on the fixtures and on small dashboards of its own.
#![expect(clippy::disallowed_methods, reason = "these tests run obs, and write files")]

use serde_json::{Value as Json, json};
use std::path::Path;

use crate::program::{in_fixtures as obs, json_in_fixtures};

const DATA: &str = "outage/metrics";

/// Exit code, stdout and stderr.
fn said(arguments: &[&str]) -> (i32, String, String) {
    let output = obs(arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("an exit code"), text(output.stdout), text(output.stderr))
}

fn answer(code: i32, dashboard: &str, more: &[&str]) -> Json {
    json_in_fixtures(code, &[&["dashboard", dashboard, DATA][..], more].concat())
}

fn panels(answer: &Json) -> &Vec<Json> {
    answer["panels"].as_array().expect("panels")
}

fn panel<'a>(answer: &'a Json, id: i64) -> &'a Json {
    panels(answer).iter().find(|panel| panel["id"] == id).expect("a panel of this id")
}

fn written(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file");
    path.display().to_string()
}

/// A dashboard of one panel that asks this, beside these keys of the dashboard.
fn asking(expr: &str, variables: &Json) -> String {
    json!({"title": "t", "schemaVersion": 39, "templating": {"list": variables}, "panels": [
        {"id": 1, "type": "timeseries", "title": "p", "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8},
         "targets": [{"refId": "A", "expr": expr}]}]})
    .to_string()
}

#[test]
fn every_panel_is_judged_with_its_reason() {
    let answer = answer(0, "dashboards/payments.json", &[]);
    assert_eq!(answer["dashboard"], "Payments by All");
    let summary = json!({"panels": 12, "ok": 6, "empty": 3, "error": 1, "unsupported": 2});
    assert_eq!(answer["summary"], summary);
    for (id, status, reason) in [
        (1, "ok", ""),
        (6, "empty", "there is no series payment_request_total; did you mean payment_requests_total?"),
        (7, "empty", "no series payment_requests_total has gateway=\"strip\"; did you mean stripe?"),
        (
            8,
            "empty",
            "$nobody has no value: label_values(payment_requests_total{gateway=\"stripes\"}, gateway) finds nothing",
        ),
        (9, "error", "1:10: unexpected end of the expression"),
        (10, "unsupported", "is LogQL, not PromQL"),
        (11, "ok", ""),
        (12, "unsupported", "is the library panel \"Errors of all\", which this file does not hold"),
    ] {
        let panel = panel(&answer, id);
        assert_eq!(panel["status"], status, "{panel}");
        let said = panel["reason"].as_str().unwrap_or_default();
        assert!(said.starts_with(reason) || id == 9, "{said}");
    }
}

#[test]
fn variables_come_from_the_data_in_their_order_and_are_chained() {
    let answer = answer(0, "dashboards/payments.json", &[]);
    let expected = json!({
        "source": "prometheus", "gateway": ["toss", "stripe", "paypal"], "tier": "p", "core": "cpu0",
        "window": "2m", "nobody": []
    });
    assert_eq!(answer["variables"], expected);
    let chosen =
        self::answer(0, "dashboards/payments.json", &["--var", "gateway=stripe,toss", "--var", "window=10m"]);
    assert_eq!(chosen["variables"]["gateway"], json!(["stripe", "toss"]));
    let requests = &panel(&chosen, 2)["queries"];
    assert!(
        requests[0]["expr"].as_str().is_some_and(|expr| expr.contains("gateway=~\"(stripe|toss)\"")),
        "{requests}"
    );
    assert_eq!(requests[1]["expr"], "sum(rate(payment_requests_total[10m]))");
    assert_eq!((requests[1]["hidden"].as_bool(), requests[0]["hidden"].as_bool()), (Some(true), None));
    assert_eq!(panel(&chosen, 2)["title"], "Requests of stripe + toss, a second");
    let (code, _, stderr) = said(&["dashboard", "dashboards/payments.json", DATA, "--var", "gatway=x"]);
    assert_eq!((code, stderr.contains("did you mean gateway?")), (2, true), "{stderr}");
}

#[test]
fn rows_are_repeated_for_each_value() {
    let answer = answer(0, "dashboards/payments.json", &[]);
    let repeated: Vec<(&str, &str)> = panels(&answer)
        .iter()
        .filter(|panel| panel["id"] == 4)
        .map(|panel| {
            (panel["row"].as_str().unwrap_or(""), panel["repeated"]["gateway"].as_str().unwrap_or(""))
        })
        .collect();
    assert_eq!(repeated, [("toss", "toss"), ("stripe", "stripe"), ("paypal", "paypal")]);
}

#[test]
fn values_are_those_of_a_query_with_the_same_times() {
    let answer = answer(0, "dashboards/payments.json", &["--start", "03:00", "--end", "03:20"]);
    let query = &panel(&answer, 2)["queries"][0];
    let time = |key: &str| query[key].as_f64().expect("a time").to_string();
    let step = format!("{}s", query["step"].as_f64().expect("a step"));
    let expr = query["expr"].as_str().expect("an expression");
    let asked = json_in_fixtures(
        0,
        &[
            "query",
            expr,
            DATA,
            "--start",
            &format!("@{}", time("start")),
            "--end",
            &format!("@{}", time("end")),
            "--step",
            &step,
        ],
    );
    assert_eq!(asked["data"], query["data"]);
    assert_eq!(query["series"], 2);
    let now = &panel(&answer, 1)["queries"][0];
    let at = format!("@{}", now["time"].as_f64().expect("a time"));
    assert_eq!(
        json_in_fixtures(0, &["query", "max(database_connections_active)", DATA, "--at", &at])["data"],
        now["data"]
    );
}

#[test]
fn old_and_new_schemas_and_objects_of_kubernetes() {
    let old = answer(0, "dashboards/old.json", &[]);
    assert_eq!(panels(&old).len(), 2);
    assert_eq!((&old["panels"][0]["type"], &old["panels"][0]["unit"]), (&json!("stat"), &json!("bytes")));
    assert_eq!((&old["panels"][0]["row"], &old["panels"][1]["row"]), (&json!("Now"), &Json::Null));
    assert_eq!(
        (&old["panels"][1]["type"], &old["panels"][1]["unit"]),
        (&json!("timeseries"), &json!("percent"))
    );
    assert_eq!(old["panels"][1]["queries"][0]["step"], 120.0);
    assert_eq!(old["summary"]["ok"], 2);

    let second = answer(0, "dashboards/second.json", &[]);
    assert_eq!(second["variables"], json!({"status": "success", "by": "user_tier"}));
    assert_eq!(second["panels"][0]["row"], "First");
    assert_eq!(
        second["panels"][0]["queries"][0]["expr"],
        "sum by (user_tier) (payment_requests_total{status=\"success\"})"
    );
    assert_eq!(
        (&second["panels"][0]["status"], &second["panels"][1]["reason"]),
        (&json!("ok"), &json!("is SQL, not PromQL"))
    );

    let cores = answer(0, "dashboards/configmap.yaml", &[]);
    assert_eq!(cores["dashboard"], "Cores");
    assert_eq!(cores["panels"][1]["queries"][0]["expr"], "cpu_usage_percent");
    assert_eq!(cores["panels"][1]["status"], "ok");
}

#[test]
fn a_folder_is_all_dashboards_in_it() {
    let folder = tempfile::tempdir().expect("a folder");
    written(folder.path(), "a.json", &asking("cpu_usage_percent", &json!([])));
    written(folder.path(), "b.json", &asking("nothing_like_it", &json!([])));
    written(
        folder.path(),
        "c.json",
        "{\"dashboard\": \"x\", \"panels\": [{\"id\": 1, \"title\": \"p\", \"type\": \"stat\"}]}",
    );
    let path = folder.path().display().to_string();
    let answer = answer(0, &path, &[]);
    assert_eq!(answer["dashboards"].as_array().expect("dashboards").len(), 2);
    assert_eq!((&answer["summary"]["ok"], &answer["summary"]["empty"]), (&json!(1), &json!(1)));
    // What obs itself says of a dashboard is none.
    let own = written(folder.path(), "own.json", &answer["dashboards"][0].to_string());
    let (code, _, stderr) = said(&["dashboard", &own, DATA]);
    assert_eq!((code, stderr.contains("is no Grafana dashboard")), (2, true), "{stderr}");
}

#[test]
fn the_exit_code_tells_of_empty_panels_and_of_errors() {
    let folder = tempfile::tempdir().expect("a folder");
    let ok = written(folder.path(), "ok.json", &asking("cpu_usage_percent", &json!([])));
    let empty = written(folder.path(), "empty.json", &asking("nothing", &json!([])));
    let wrong = written(folder.path(), "wrong.json", &asking("sum(", &json!([])));
    for (file, of_empty, of_error) in [(&ok, 0, 0), (&empty, 1, 0), (&wrong, 1, 1)] {
        for (fail_on, expected) in [("never", 0), ("empty", of_empty), ("error", of_error)] {
            let (code, _, stderr) = said(&["dashboard", file, DATA, "--fail-on", fail_on]);
            assert_eq!(code, expected, "{file} {fail_on}: {stderr}");
        }
    }
}

#[test]
fn variables_in_a_circle_are_refused_by_name() {
    let (code, _, stderr) = said(&["dashboard", "dashboards/circle.json", DATA]);
    assert_eq!(code, 2);
    assert!(stderr.contains("refer to each other: $a → $c → $b → $a"), "{stderr}");
}

#[test]
fn hostile_dashboards_are_refused_with_a_place_or_survived() {
    let folder = tempfile::tempdir().expect("a folder");
    let variable = |regex: &str| json!([{"name": "v", "type": "query", "query": "label_values(cpu_usage_percent, core)", "regex": regex}]);
    let long = variable(&format!("/({})/", "a|".repeat(500_000)));
    let long = written(folder.path(), "long.json", &asking("cpu_usage_percent{core=\"$v\"}", &long));
    let answer = answer(0, &long, &[]);
    assert!(
        answer["panels"][0]["reason"].as_str().is_some_and(|text| text.contains("longer than 65536 bytes")),
        "{answer}"
    );

    let broken = written(folder.path(), "broken.json", "{\"title\": \"t\",\n \"panels\": [}");
    let deep = written(folder.path(), "deep.json", &"[".repeat(1_000_000));
    let large = written(folder.path(), "large.json", &format!("{{\"title\": \"{}\"}}", "x".repeat(17 << 20)));
    let panel = "{\"id\": 1, \"type\": \"text\", \"gridPos\": {}},".repeat(5_001);
    let many =
        format!("{{\"schemaVersion\": 39, \"title\": \"m\", \"panels\": [{}]}}", panel.trim_end_matches(','));
    let many = written(folder.path(), "many.json", &many);
    for (file, text) in [
        (&broken, "broken.json:2:13: is no JSON"),
        (&deep, "deep.json:1:128: is no JSON: recursion limit exceeded"),
        (&large, "17 MB are too much for a dashboard; at most 16 are read"),
        (&many, "has 5001 panels; at most 5000 are drawn"),
    ] {
        let (code, _, stderr) = said(&["dashboard", file, DATA]);
        assert_eq!((code, stderr.contains(text)), (2, true), "{stderr}");
    }
    let markup =
        written(folder.path(), "markup.json", &asking("cpu_usage_percent{core=\"\u{1b}[2J\"}", &json!([])));
    let (_, stdout, _) = said(&["dashboard", &markup, DATA]);
    assert!(!stdout.contains('\u{1b}'), "{stdout}");
}
