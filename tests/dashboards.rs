//! `obs dashboard` from end to end, on the fixtures and on small dashboards of its own.
#![expect(clippy::disallowed_methods, reason = "these tests run obs, and write files")]

use serde_json::{Value as Json, json};
use std::path::Path;

use crate::program::{in_fixtures as obs, json_in_fixtures};

pub(crate) const DATA: &str = "outage/metrics";

/// Exit code, stdout and stderr.
pub(crate) fn said(arguments: &[&str]) -> (i32, String, String) {
    let output = obs(arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("an exit code"), text(output.stdout), text(output.stderr))
}

pub(crate) fn answer(code: i32, dashboard: &str, more: &[&str]) -> Json {
    json_in_fixtures(code, &[&["dashboard", dashboard, DATA][..], more].concat())
}

pub(crate) fn panels(answer: &Json) -> &Vec<Json> {
    answer["panels"].as_array().expect("panels")
}

pub(crate) fn panel(answer: &Json, id: i64) -> &Json {
    panels(answer).iter().find(|panel| panel["id"] == id).expect("a panel of this id")
}

pub(crate) fn written(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file");
    path.display().to_string()
}

/// A dashboard of one panel that asks this, beside these keys of the dashboard.
pub(crate) fn asking(expr: &str, variables: &Json) -> String {
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
        (12, "unsupported", "is the library panel \"Errors of all\", whose model is in none of these files"),
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
fn the_page_shows_every_panel_with_a_table_behind_each_chart_and_nothing_acts() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = folder.path().join("page.html").display().to_string();
    let arguments =
        ["dashboard", "dashboards/payments.json", DATA, "--html", &page, "--onset", "03:06", "--quiet"];
    assert_eq!(said(&arguments).0, 0);
    let html = std::fs::read_to_string(&page).expect("the page");
    assert!(html.contains("default-src 'none'; style-src 'sha256-") && !html.contains("<script"), "{html}");
    for part in [
        "<h1>Payments by All</h1>",
        "6 panels without data: which, and why",
        "<h3><strong>Requests of All, a second</strong></h3>",
        "<div class=\"board\">",
        "<title>onset 03:06:00</title>",
        "did you mean payment_requests_total?",
        "<h2>toss</h2>",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert_eq!(html.matches("<polyline").count().min(1), 1);
    assert_eq!(html.matches("<summary>Numbers</summary>").count(), html.matches("role=\"img\"").count());

    let evil = "</title><script>alert(1)</script><img src=x onerror=y>";
    let hostile = json!({"title": evil, "schemaVersion": 39, "panels": [
        {"id": 1, "type": "text", "title": evil, "description": evil, "gridPos": {}, "options": {"mode": "html", "content": evil}},
        {"id": 2, "type": "timeseries", "title": evil, "gridPos": {}, "targets": [{"refId": "A", "expr": "cpu_usage_percent", "legendFormat": evil}]},
        {"id": 3, "type": "stat", "title": "s", "gridPos": {}, "fieldConfig": {"defaults": {"unit": evil, "displayName": evil}},
         "targets": [{"refId": "A", "expr": "cpu_usage_percent", "instant": true}]}]});
    let hostile = written(folder.path(), "hostile.json", &hostile.to_string());
    let (code, html, _) = said(&["dashboard", &hostile, DATA, "--output", "html"]);
    assert_eq!(code, 0);
    assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
}

#[test]
fn answers_are_transformed_and_shown_in_their_units() {
    let folder = tempfile::tempdir().expect("a folder");
    let target =
        |id: &str, expr: &str| json!({"refId": id, "expr": expr, "instant": true, "format": "table"});
    let dashboard = json!({"title": "t", "schemaVersion": 39, "panels": [
        {"id": 1, "type": "table", "title": "Gateways", "gridPos": {"w": 24}, "targets": [
            target("A", "sum by (gateway) (payment_duration_seconds_count)"), target("B", "sum by (gateway) (payment_duration_seconds_sum)")],
         "fieldConfig": {"defaults": {}, "overrides": [{"matcher": {"id": "byName", "options": "spent"}, "properties": [{"id": "unit", "value": "s"}]}]},
         "transformations": [{"id": "merge"}, {"id": "organize", "options": {"excludeByName": {"Time": true}, "renameByName": {"Value #B": "spent", "Value #A": "requests"}}},
            {"id": "sortBy", "options": {"sort": [{"field": "requests", "desc": true}]}}, {"id": "limit", "options": {"limitField": 2}}]},
        {"id": 2, "type": "stat", "title": "Memory", "gridPos": {"w": 6}, "fieldConfig": {"defaults": {"unit": "bytes"}},
         "targets": [{"refId": "A", "expr": "memory_usage_bytes{type=\"total\"}", "instant": true}]},
        {"id": 3, "type": "timeseries", "title": "Odd", "gridPos": {"w": 6}, "transformations": [{"id": "nothingLikeIt"}],
         "targets": [{"refId": "A", "expr": "cpu_usage_percent"}]}]});
    let file = written(folder.path(), "t.json", &dashboard.to_string());
    let (code, markdown, _) = said(&["dashboard", &file, DATA, "--output", "markdown"]);
    assert_eq!(code, 0);
    assert!(markdown.contains("| gateway | requests | spent |"), "{markdown}");
    let rows: Vec<&str> = markdown.lines().filter(|line| line.ends_with("mins |")).collect();
    assert_eq!(rows, ["| stripe | 384 | 28.7 mins |", "| paypal | 152 | 10.4 mins |"]);
    assert!(markdown.contains("16 GiB"), "{markdown}");
    assert!(markdown.contains("left out: the transformation nothingLikeIt"), "{markdown}");
}

#[test]
fn bars_states_and_marks_say_what_they_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let dashboard = json!({"title": "t", "schemaVersion": 39, "panels": [
        {"id": 1, "type": "barchart", "title": "Gateways", "gridPos": {}, "targets": [{"refId": "A", "instant": true, "format": "table",
            "expr": "sum by (gateway) (payment_duration_seconds_count)"}]},
        {"id": 2, "type": "state-timeline", "title": "States", "gridPos": {}, "targets": [{"refId": "A", "legendFormat": "pool",
            "expr": "database_connections_active > bool 18"}], "fieldConfig": {"defaults": {"mappings": [
                {"type": "value", "options": {"0": {"text": "free"}, "1": {"text": "full", "color": "red"}}}]}, "overrides": []}},
        {"id": 3, "type": "text", "title": "T", "gridPos": {}, "options": {"content": "**how** to [read](http://x)"}}]});
    let file = written(folder.path(), "t.json", &dashboard.to_string());
    let (code, text, _) = said(&["dashboard", &file, DATA, "--onset", "03:06"]);
    assert_eq!(code, 0);
    for part in ["marked: onset 03:06:00", "paypal", "stripe", "free → full", "how to read (http://x)"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains(": states over time") || text.contains("one state over time"), "{text}");
    // Each panel begins behind an empty line.
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    for title in ["Gateways", "States", "T"] {
        let at = lines.iter().position(|line| *line == title).expect(title);
        assert!(lines[at - 1].is_empty() && !lines[at - 2].is_empty(), "{text}");
    }
}

#[test]
fn verdicts_for_ci_name_the_panel_and_its_line() {
    let ask = |form: &str| {
        said(&["dashboard", "dashboards/payments.json", DATA, "--fail-on", "empty", "--output", form])
    };
    let (code, junit, _) = ask("junit");
    assert_eq!(code, 1);
    assert!(
        junit.contains(
            "<testsuite name=\"Payments by All\" tests=\"12\" failures=\"4\" errors=\"0\" skipped=\"2\">"
        ),
        "{junit}"
    );
    assert!(junit.contains("name=\"A name with a slip #6\" classname=\"Payments by All\" file=\"dashboards/payments.json\" line=\"21\""), "{junit}");
    let (_, github, _) = ask("github");
    assert!(github.contains("file=dashboards/payments.json,line=21"), "{github}");
    let sarif: Json = serde_json::from_str(&ask("sarif").1).expect("JSON");
    assert_eq!(sarif["runs"][0]["results"].as_array().map(Vec::len), Some(6));
}

#[test]
fn metrics_that_nothing_asks_for_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let rules = written(
        folder.path(),
        "rules.yml",
        "{groups: [{name: g, rules: [{alert: Pool, expr: database_connections_active > 18}]}]}",
    );
    let answer = answer(0, "dashboards/payments.json", &["--unused", "-r", &rules]);
    let unused: Vec<&str> =
        answer["unused"].as_array().expect("names").iter().filter_map(Json::as_str).collect();
    assert!(unused.contains(&"memory_usage_bytes"), "{unused:?}");
    for asked in ["payment_requests_total", "cpu_usage_percent", "database_connections_active", "ALERTS"] {
        assert!(!unused.contains(&asked), "{asked} in {unused:?}");
    }
}

#[test]
fn alerts_of_rules_are_marked_and_listed() {
    let folder = tempfile::tempdir().expect("a folder");
    let rules = written(
        folder.path(),
        "rules.yml",
        "{groups: [{name: g, rules: [{alert: PoolFull, expr: database_connections_active > 18, for: 1m}]}]}",
    );
    let dashboard = json!({"title": "t", "schemaVersion": 39, "panels": [
        {"id": 1, "type": "alertlist", "title": "Alerts", "gridPos": {}},
        {"id": 2, "type": "timeseries", "title": "p", "gridPos": {}, "targets": [{"refId": "A", "expr": "database_connections_active"}]}]});
    let file = written(folder.path(), "t.json", &dashboard.to_string());
    let (_, alone, _) = said(&["dashboard", &file, DATA]);
    assert!(alone.contains("no rules were given: -r FILE lists alerts"), "{alone}");
    let (code, html, _) = said(&["dashboard", &file, DATA, "-r", &rules, "--output", "html"]);
    assert_eq!(code, 0);
    assert!(html.contains("<title>PoolFull fires 03:") && html.contains("<td>PoolFull</td>"), "{html}");
}

#[test]
fn templates_of_dashboards_are_read_as_far_as_they_go() {
    let folder = tempfile::tempdir().expect("a folder");
    let template = json!({"dashboard": {"class": "dashboard", "spec/title": "Cores", "rows": [{"title": "$core", "repeat": "core", "rows": [
        {"class": "row", "panels": [
            {"class": "graph_panel", "spec/title": "Use", "spec/data/spec/queries/0/spec/query/spec/expr": "cpu_usage_percent{core=\"[[core]]\"}"},
            {"class": "device_table"}]}]}],
        "spec/variables": [{"kind": "QueryVariable", "spec": {"name": "core", "multi": true, "includeAll": true, "regex": "/.*core=\"([^\"]*)\".*/",
            "query": {"kind": "DataQuery", "group": "prometheus", "spec": {"__legacyStringValue": "cpu_usage_percent"}}}}]}});
    let file = written(folder.path(), "t.json", &template.to_string());
    let answer = answer(0, &file, &[]);
    assert_eq!(answer["dashboard"], "Cores");
    assert_eq!(answer["variables"]["core"], json!(["cpu0", "cpu1", "cpu2", "cpu3"]));
    assert_eq!(
        (panels(&answer).len(), &answer["summary"]["ok"], &answer["summary"]["empty"]),
        (8, &json!(4), &json!(4))
    );
    assert!(
        answer["panels"][1]["reason"].as_str().is_some_and(|reason| reason.contains("device_table")),
        "{answer}"
    );
}

#[test]
fn a_dashboard_stands_behind_the_story_of_an_incident() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = folder.path().join("page.html").display().to_string();
    let arguments =
        ["investigate", "outage", "--quiet", "--html", &page, "--dashboard", "dashboards/payments.json"];
    let (code, _, stderr) = said(&arguments);
    assert_eq!(code, 0, "{stderr}");
    let html = std::fs::read_to_string(&page).expect("the page");
    let (story, dashboard) = html.split_once("Payments by All").expect("the dashboard in the page");
    assert!(story.contains("<h2>Over time</h2>") && dashboard.contains("<title>onset 03:0"), "{dashboard}");
    assert!(dashboard.contains("<footer>"), "the account ends the page");
    // What is not on the page is not in the answer.
    let targets: Vec<Json> =
        (0..201).map(|id| json!({"refId": format!("A{id}"), "expr": "cpu_usage_percent"})).collect();
    let many = json!({"title": "Many", "schemaVersion": 39, "panels": [{"id": 1, "type": "timeseries", "gridPos": {}, "targets": targets}]});
    written(folder.path(), "many.json", &many.to_string());
    written(folder.path(), "broken.json", "{");
    let boards = folder.path().display().to_string();
    let (code, _, stderr) = said(&["investigate", "outage", "--html", &page, "--dashboard", &boards]);
    assert_eq!(code, 2, "{stderr}");
    for text in ["\"Many\" is not answered in full: 1 query", "broken.json:1:1: is no JSON"] {
        assert!(stderr.contains(text), "{text} in {stderr}");
    }
    let (code, _, stderr) = said(&["investigate", "outage", "--dashboard", "dashboards/payments.json"]);
    assert_eq!((code, stderr.contains("--dashboard is for the page")), (2, true), "{stderr}");
}

#[test]
fn filters_of_the_dashboard_are_put_into_every_query() {
    let folder = tempfile::tempdir().expect("a folder");
    let filters = json!([{"name": "adhoc", "type": "adhoc", "filters": [{"key": "core", "operator": "=~", "value": "cpu[01]"}]}]);
    let file = written(folder.path(), "t.json", &asking("max(cpu_usage_percent) by (core)", &filters));
    let saved = answer(0, &file, &[]);
    let query = &saved["panels"][0]["queries"][0];
    assert_eq!(query["expr"], "max(cpu_usage_percent{core=~\"cpu[01]\"}) by (core)");
    assert_eq!(query["series"], 2);
    let typed = answer(0, &file, &["--var", "adhoc=core=cpu3"]);
    assert_eq!(typed["panels"][0]["queries"][0]["expr"], "max(cpu_usage_percent{core=\"cpu3\"}) by (core)");
    assert_eq!(typed["variables"]["adhoc"], "core=\"cpu3\"");
}

#[test]
fn library_panels_come_from_the_files_of_the_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let dashboard = json!({"title": "t", "schemaVersion": 39, "panels": [
        {"id": 1, "gridPos": {"w": 6, "h": 4}, "libraryPanel": {"uid": "a", "name": "Of a file"}},
        {"id": 2, "gridPos": {}, "libraryPanel": {"uid": "b", "name": "Of an answer"}},
        {"id": 3, "gridPos": {}, "libraryPanel": {"uid": "c", "name": "Of nobody"}},
        {"id": 4, "gridPos": {}, "libraryPanel": {"uid": "d", "name": "Of the export"}}],
        "__elements": {"d": {"uid": "d", "name": "Of the export", "kind": 1, "model": {"type": "stat", "title": "D",
            "targets": [{"refId": "A", "expr": "nothing_like_it"}]}}}});
    let model = |title: &str| json!({"type": "timeseries", "title": title, "targets": [{"refId": "A", "expr": "cpu_usage_percent"}]});
    written(folder.path(), "board.json", &dashboard.to_string());
    written(folder.path(), "a.json", &json!({"kind": 1, "uid": "a", "model": model("A")}).to_string());
    let api = json!({"result": {"elements": [{"uid": "b", "name": "Of an answer", "kind": 1, "model": model("B")}]}});
    written(folder.path(), "elements.json", &api.to_string());
    let path = folder.path().display().to_string();
    let (code, stdout, stderr) = said(&["dashboard", &path, DATA, "--output", "json"]);
    assert_eq!((code, stderr.contains("is no dashboard")), (0, false), "{stderr}");
    let answer: Json = serde_json::from_str(&stdout).expect("JSON");
    let panels: Vec<(i64, &str, &str)> = panels(&answer)
        .iter()
        .map(|panel| {
            let word = |key: &str| panel[key].as_str().expect("a text");
            (panel["id"].as_i64().expect("an id"), word("title"), word("status"))
        })
        .collect();
    assert_eq!(panels, [(1, "A", "ok"), (2, "B", "ok"), (3, "", "unsupported"), (4, "D", "empty")]);
    assert_eq!(
        panel(&answer, 3)["reason"],
        "is the library panel \"Of nobody\", whose model is in none of these files"
    );
}

#[test]
fn labels_of_group_by_variables_are_put_into_every_grouping() {
    let folder = tempfile::tempdir().expect("a folder");
    let by = json!([{"name": "by", "type": "groupby", "current": {"value": ["core"]}}]);
    let file = written(folder.path(), "t.json", &asking("max(cpu_usage_percent)", &by));
    let saved = answer(0, &file, &[]);
    assert_eq!(saved["panels"][0]["queries"][0]["expr"], "max by (core) (cpu_usage_percent)");
    assert_eq!(
        (&saved["panels"][0]["queries"][0]["series"], &saved["variables"]["by"]),
        (&json!(4), &json!("core"))
    );
    let typed = answer(0, &file, &["--var", "by=core,host"]);
    assert_eq!(typed["panels"][0]["queries"][0]["expr"], "max by (core, host) (cpu_usage_percent)");
}

#[test]
fn expressions_of_the_server_are_computed_from_the_other_queries() {
    let folder = tempfile::tempdir().expect("a folder");
    let own = |id: &str, more: Json| {
        let mut target = json!({"refId": id, "datasource": {"type": "__expr__", "uid": "__expr__"}});
        target.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        target
    };
    let dashboard = json!({"title": "t", "schemaVersion": 39, "panels": [
        {"id": 1, "type": "timeseries", "title": "p", "gridPos": {}, "targets": [
            // In this order: what is needed may stand behind.
            own("D", json!({"type": "threshold", "expression": "C", "conditions": [{"evaluator": {"type": "gt", "params": [0]}}]})),
            own("C", json!({"type": "reduce", "expression": "B", "reducer": "max", "hide": true})),
            own("B", json!({"type": "math", "expression": "$A / 100", "hide": true})),
            {"refId": "A", "expr": "cpu_usage_percent", "hide": true},
            own("E", json!({"type": "math", "expression": "$E + 1"})),
            own("F", json!({"type": "math", "expression": "$X + 1"})),
            own("G", json!({"type": "sql", "expression": "SELECT 1"})),
            own("H", json!({"type": "math", "expression": "$A +"})),
            own("I", json!({"type": "math", "expression": "$G"}))]},
        {"id": 2, "type": "stat", "title": "q", "gridPos": {}, "targets": [
            {"refId": "A", "expr": "nothing_like_it"}, own("B", json!({"type": "reduce", "expression": "A", "reducer": "last"}))]}]});
    let file = written(folder.path(), "t.json", &dashboard.to_string());
    let answer = answer(0, &file, &[]);
    let queries = answer["panels"][0]["queries"].as_array().expect("queries");
    let query = |name: &str| queries.iter().find(|query| query["ref"] == name).expect("a query");
    assert_eq!(answer["panels"][0]["status"], "ok");
    assert_eq!((&query("D")["expr"], &query("D")["series"]), (&json!("${C} > 0"), &json!(4)));
    assert_eq!(query("D")["data"]["result"][0]["value"][1], "1");
    assert_eq!((&query("B")["hidden"], &query("B")["data"]["resultType"]), (&json!(true), &json!("matrix")));
    for (name, status, message) in [
        ("E", "error", "needs its own answer, by way of others or at once"),
        ("F", "error", "needs X, and the panel has no such query"),
        ("G", "unsupported", "is SQL over other answers, not PromQL"),
        ("H", "error", "1:5: the expression ends too early"),
        ("I", "unsupported", "needs G: is SQL over other answers, not PromQL"),
    ] {
        assert_eq!(
            (&query(name)["status"], &query(name)["message"]),
            (&json!(status), &json!(message)),
            "{name}"
        );
    }
    assert_eq!(answer["panels"][1]["status"], "empty");
    let reason = answer["panels"][1]["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("needs A: there is no series nothing_like_it"), "{reason}");
}

#[test]
fn forms_that_real_dashboards_use_are_known() {
    let folder = tempfile::tempdir().expect("a folder");
    let expr = "cpu_usage_percent{core=~\"$core\"}";
    let variables = json!([
        {"name": "ds", "type": "datasource", "query": "prometheus", "current": {"text": "default", "value": "default"}},
        {"name": "core", "type": "custom", "query": "", "options": [{"text": "All", "value": "$__all"}, {"text": "cpu0", "value": "cpu0"}, {"text": "cpu1", "value": "cpu1"}],
            "current": {"text": "cpu1", "value": ""}},
        {"name": "unit", "type": "constant", "query": "percent"}]);
    let made = |id: i64, more: Json| {
        let mut panel = json!({"id": id, "type": "timeseries", "title": "$unit of ${__dashboard}", "gridPos": {},
            "targets": [{"refId": "A", "expr": expr, "legendFormat": "[[unit]] {{core}}"}]});
        panel.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        panel
    };
    let dashboard = json!({"title": "Cores", "schemaVersion": 36, "templating": {"list": variables}, "panels": [
        made(1, json!({"datasource": {"type": "prometheus", "uid": "${ds}"}})),
        made(2, json!({"datasource": "${DS_PROMETHEUS}"})),
        made(3, json!({"datasource": {"type": "datasource", "uid": "-- Mixed --"}})),
        made(4, json!({"datasource": {"type": "datasource", "uid": "-- Dashboard --"}, "targets": [{"refId": "A", "panelId": 1}]})),
        made(5, json!({"datasource": {"type": "datasource", "uid": "-- Grafana --"}, "targets": [{"refId": "A", "queryType": "randomWalk", "query": "x"}]})),
        made(6, json!({"datasource": {"type": "stackdriver", "uid": "x"}, "targets": [{"refId": "A", "queryType": "promQL", "promQLQuery": {"expr": expr, "step": "10s"}}]})),
        made(7, json!({"datasource": {"type": "camptocamp-prometheus-alertmanager-datasource", "uid": "x"}, "targets": [{"refId": "A", "filters": "x", "query": "y"}]})),
        made(8, json!({"fieldConfig": {"defaults": {"displayName": "${__field.labels.core}!"}}})),
        made(9, json!({"transformations": [{"id": "filterFieldsByName", "options": {"include": {"pattern": "/$unit/"}}}]})),
        made(10, json!({"title": null, "gridPos": null, "fieldConfig": null, "options": null, "transformations": null, "description": 5})),
        made(11, json!({"gridPos": {"x": "0", "y": 1e300, "w": -3, "h": "x"}, "maxDataPoints": "100", "interval": "", "timeFrom": "soon"}))]});
    let file = written(folder.path(), "t.json", &dashboard.to_string());
    let answer = answer(0, &file, &[]);
    for (id, status, reason) in [
        (1, "ok", ""),
        (2, "ok", ""),
        (3, "ok", ""),
        (4, "ok", ""),
        (5, "unsupported", "is Grafana's own data, not PromQL"),
        (6, "ok", ""),
        (7, "unsupported", "is a query of Alertmanager, not PromQL"),
        (8, "ok", ""),
        (9, "ok", ""),
        (10, "ok", ""),
        (11, "ok", ""),
    ] {
        let panel = panel(&answer, id);
        assert_eq!(
            (&panel["status"], panel["reason"].as_str().unwrap_or_default()),
            (&json!(status), reason)
        );
    }
    assert_eq!(answer["variables"]["core"], "cpu1");
    assert_eq!(panel(&answer, 1)["title"], "percent of Cores");
    let (_, text, _) = said(&["dashboard", &file, DATA]);
    assert!(text.contains("percent cpu1") && text.contains("cpu1!"), "{text}");
    assert!(!text.contains("[[unit]]"), "{text}");
}

#[test]
fn the_second_schema_has_tabs_grids_and_panels_that_take_from_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let element = |id: i64, group: &str, source: &str, spec: Json| {
        json!({"kind": "Panel", "spec": {"id": id, "title": format!("p{id}"), "data": {"kind": "QueryGroup", "spec": {"queries": [
            {"kind": "PanelQuery", "spec": {"refId": "A", "hidden": false, "query": {"kind": "DataQuery", "version": "v0", "group": group, "datasource": {"name": source}, "spec": spec}}}],
            "transformations": [], "queryOptions": {}}}, "vizConfig": {"kind": "VizConfig", "group": "timeseries", "spec": {"options": {}, "fieldConfig": {}}}}})
    };
    let item = |kind: &str, name: &str| json!({"kind": kind, "spec": {"element": {"kind": "ElementReference", "name": name}}});
    let tab = |title: &str, layout: Json| json!({"kind": "TabsLayoutTab", "spec": {"title": title, "layout": layout}});
    let dashboard = json!({"apiVersion": "dashboard.grafana.app/v2beta1", "kind": "Dashboard", "metadata": {"name": "x"}, "spec": {
        "title": "Two", "variables": [], "elements": {
            "a": element(1, "prometheus", "${ds}", json!({"expr": "cpu_usage_percent"})),
            "b": element(2, "datasource", "-- Dashboard --", json!({"panelId": 1})),
            "c": element(3, "loki", "logs", json!({"expr": "{a=\"b\"}"}))},
        "layout": {"kind": "TabsLayout", "spec": {"tabs": [
            tab("One", json!({"kind": "AutoGridLayout", "spec": {"maxColumnCount": 3, "items": [item("AutoGridLayoutItem", "a"), item("AutoGridLayoutItem", "b")]}})),
            tab("Two", json!({"kind": "RowsLayout", "spec": {"rows": [{"kind": "RowsLayoutRow", "spec": {"title": "Logs", "collapse": true,
                "layout": {"kind": "GridLayout", "spec": {"items": [item("GridLayoutItem", "c")]}}}}]}}))]}}}});
    let file = written(folder.path(), "t.json", &dashboard.to_string());
    let answer = answer(0, &file, &[]);
    let found: Vec<(&str, &str)> = panels(&answer)
        .iter()
        .map(|panel| (panel["row"].as_str().unwrap_or(""), panel["status"].as_str().unwrap_or("")))
        .collect();
    assert_eq!(found, [("One", "ok"), ("One", "ok"), ("Two / Logs", "unsupported")]);
}

#[test]
fn one_thread_and_many_say_the_same() {
    let ask = |threads: &str| {
        said(&["dashboard", "dashboards/payments.json", DATA, "--output", "json", "-j", threads]).1
    };
    let alone = ask("1");
    assert!(alone.len() > 10_000);
    assert_eq!(alone, ask("2"));
    assert_eq!(alone, ask("7"));
}

#[test]
fn times_that_count_from_nothing_are_refused_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = written(folder.path(), "t.json", &asking("up", &json!([])));
    let data = folder.path().join("data");
    std::fs::create_dir(&data).expect("a folder");
    let data = data.display().to_string();
    for (time, text) in [
        ("end-2m", "nothing in the data has a time, so its end is not known"),
        ("start+2m", "nothing in the data has a time, so its start is not known"),
        ("03:00", "nothing in the data has a time, so the day is not known"),
    ] {
        let (code, _, stderr) = said(&["dashboard", &file, &data, "--end", time]);
        assert_eq!((code, stderr.contains(text)), (2, true), "{stderr}");
    }
    let (code, _, stderr) = said(&["dashboard", &file, DATA, "--end", "start-2m"]);
    let text =
        "would end at 2023-12-24T02:28:00Z, before it starts at 2023-12-24T02:30:00Z, where the data starts";
    assert_eq!((code, stderr.contains(text)), (2, true), "{stderr}");
}

#[test]
fn panels_of_every_age_and_plugin_are_answered() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = json!([{"refId": "A", "expr": "cpu_usage_percent"}]);
    let kinds = [
        "timeseries",
        "trend",
        "xychart",
        "candlestick",
        "geomap",
        "nodeGraph",
        "canvas",
        "news",
        "dashlist",
        "alertlist",
        "logs",
        "traces",
        "flamegraph",
        "annolist",
        "histogram",
        "heatmap",
        "barchart",
        "debug",
        "grafana-piechart-panel",
        "grafana-worldmap-panel",
        "grafana-polystat-panel",
        "vonage-status-panel",
        "natel-discrete-panel",
        "grafana-clock-panel",
        "jdbranham-diagram-panel",
        "flant-statusmap-panel",
        "nobody-knows-panel",
    ];
    let mut panels: Vec<Json> = kinds
        .iter()
        .enumerate()
        .map(
            |(at, kind)| json!({"id": at + 1, "type": kind, "title": kind, "gridPos": {}, "targets": target}),
        )
        .collect();
    // What an editor left in a text panel is not asked.
    panels.push(json!({"id": 90, "type": "text", "gridPos": {}, "datasource": {"type": "datasource", "uid": "grafana"},
        "options": {"content": "of $who"}, "targets": [{"refId": "A", "queryType": "randomWalk"}]}));
    // The sixth version kept everything among the options.
    panels.push(json!({"id": 91, "type": "gauge", "title": "g", "gridPos": {}, "targets": target, "options": {
        "fieldOptions": {"calcs": ["max"], "defaults": {"unit": "percent", "max": 100, "decimals": 1}, "overrides": []}}}));
    panels.push(json!({"id": 92, "type": "singlestat", "title": "s", "gridPos": {}, "targets": target, "format": "none",
        "valueName": "max", "postfix": " of 100"}));
    // The shortest step is a variable.
    panels.push(json!({"id": 93, "type": "timeseries", "title": "i", "gridPos": {}, "interval": "$every", "targets": target}));
    let variables = json!([{"name": "who", "type": "constant", "query": "all"}, {"name": "every", "type": "custom", "query": "7m"}]);
    let dashboard =
        json!({"title": "t", "schemaVersion": 18, "templating": {"list": variables}, "panels": panels});
    let file = written(folder.path(), "t.json", &dashboard.to_string());
    let answer = answer(0, &file, &[]);
    assert_eq!(answer["summary"]["ok"], answer["summary"]["panels"], "{}", answer["summary"]);
    assert_eq!(panel(&answer, 91)["unit"], "percent");
    assert_eq!(panel(&answer, 93)["queries"][0]["step"], 420.0);
    let (_, text, _) = said(&["dashboard", &file, DATA]);
    assert!(text.contains("of all") && text.contains(" of 100") && text.contains('%'), "{text}");
    let (code, html, _) = said(&["dashboard", &file, DATA, "--output", "html"]);
    assert_eq!((code, html.matches("left out").count()), (0, 0));
}
