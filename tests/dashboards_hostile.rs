//! Dashboards that mean harm, or are larger than anybody draws: refused with a place, or cut with a count.
#![expect(clippy::disallowed_methods, reason = "these tests run obs, and read what it wrote")]

use serde_json::{Value as Json, json};

use crate::dashboards::{DATA, answer, asking, panel, panels, said, written};

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
    let huge = written(folder.path(), "huge.json", &format!("{{\"title\": \"{}\"}}", "x".repeat(65 << 20)));
    let panel = |id: usize| format!("{{\"id\": {id}, \"type\": \"text\", \"gridPos\": {{}}}}");
    let many: Vec<String> = (1..=5_001).map(panel).collect();
    let many = format!("{{\"schemaVersion\": 39, \"title\": \"m\", \"panels\": [\n{}]}}", many.join(",\n"));
    let many = written(folder.path(), "many.json", &many);
    let is_data = "the dashboard stands before the data: obs dashboard FILE.json PATH...";
    for (file, text, hint) in [
        (&broken, "broken.json:2:13: is no JSON", ""),
        (&deep, "deep.json:1:128: is no JSON: recursion limit exceeded", ""),
        (&large, "large.json: is longer than 16 MB, the most that is read of a dashboard", is_data),
        (&huge, "huge.json: is longer than 16 MB, the most that is read of a dashboard", is_data),
        (
            &many,
            "many.json:5002: the dashboard \"m\" has 5,001 panels; at most 5,000 are drawn",
            "part the dashboard, or take panels out",
        ),
    ] {
        let (code, _, stderr) = said(&["dashboard", file, DATA]);
        assert_eq!((code, stderr.contains(text), stderr.contains(hint)), (2, true, true), "{stderr}");
    }
    let markup =
        written(folder.path(), "markup.json", &asking("cpu_usage_percent{core=\"\u{1b}[2J\"}", &json!([])));
    let (_, stdout, _) = said(&["dashboard", &markup, DATA]);
    assert!(!stdout.contains('\u{1b}'), "{stdout}");
}

#[test]
fn too_many_repetitions_are_refused_before_anything_is_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let values: Vec<String> = (0..10_000).map(|value| value.to_string()).collect();
    let all = json!({"value": ["$__all"]});
    let variables = json!([{"name": "n", "type": "custom", "query": values.join(","), "multi": true, "includeAll": true, "current": all}]);
    let panel = |id: usize| {
        json!({"id": id, "type": "stat", "title": format!("p{id}"), "gridPos": {}, "repeat": "n",
            "targets": [{"refId": "A", "expr": "cpu_usage_percent > $n"}]})
    };
    let panels: Vec<Json> = (0..100).map(panel).collect();
    let dashboard =
        json!({"title": "t", "schemaVersion": 39, "templating": {"list": variables}, "panels": panels});
    let text = serde_json::to_string_pretty(&dashboard).expect("JSON");
    let lines = text.lines().enumerate().filter(|(_, line)| *line == "    {").map(|(at, _)| at + 1);
    let lines: Vec<usize> = lines.collect();
    let file = written(folder.path(), "t.json", &text);
    let start = std::time::Instant::now();
    let (code, _, stderr) = said(&["dashboard", &file, DATA]);
    assert_eq!(code, 2);
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    assert!(lines.iter().any(|line| stderr.contains(&format!("t.json:{line}: "))), "{stderr}");
    assert!(stderr.contains("would have 1,000,000 panels, and at most 10000 are drawn"), "{stderr}");
    assert!(stderr.contains("--var n=VALUE"), "{stderr}");
    assert_eq!(said(&["dashboard", &file, DATA, "--var", "n=1,2", "--output", "json"]).0, 0);
}

#[test]
fn what_a_panel_has_too_much_of_is_left_out_with_its_count() {
    let folder = tempfile::tempdir().expect("a folder");
    let targets: Vec<Json> =
        (0..20_000).map(|id| json!({"refId": format!("A{id}"), "expr": "cpu_usage_percent"})).collect();
    let dashboard = json!({"title": "t", "schemaVersion": 39, "panels": [
        {"id": 1, "type": "timeseries", "title": "p", "gridPos": {}, "targets": targets}]});
    let file = written(folder.path(), "t.json", &dashboard.to_string());
    let answer = answer(2, &file, &[]);
    let queries = answer["panels"][0]["queries"].as_array().expect("queries");
    assert_eq!((queries.len(), &answer["panels"][0]["left_out"]), (200, &json!(19_800)));
    assert_eq!(answer["panels"][0]["status"], "ok");
    // All series are counted, those that are not in the answer, too.
    let of = |key: &str| queries.iter().filter_map(|query| query[key].as_u64()).sum::<u64>();
    let given: usize =
        queries.iter().filter_map(|query| query["data"]["result"].as_array()).map(Vec::len).sum();
    assert_eq!((of("series"), of("series") - of("left_out")), (800, given as u64));
    for form in ["table", "markdown", "html"] {
        let (code, stdout, stderr) = said(&["dashboard", &file, DATA, "--output", form]);
        assert_eq!(code, 2, "{stderr}");
        assert!(stdout.contains("19,800 queries") && stdout.len() < 10_000_000, "{form} {}", stdout.len());
        assert!(stderr.contains("t.json:1: \"t\" is not answered in full: 19,800 queries"), "{stderr}");
    }
    assert_eq!(said(&["dashboard", &file, DATA, "--output", "junit"]).0, 2);
}

#[test]
fn queries_that_grow_too_long_are_written_out_only_as_far_as_there_is_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let values: Vec<String> = (0..7_000).map(|value| format!("value-{value}")).collect();
    let variables = json!([{"name": "v", "type": "custom", "query": values.join(","), "multi": true, "includeAll": true, "current": {"value": ["$__all"]}}]);
    let targets: Vec<Json> = (0..200)
        .map(|id| json!({"refId": format!("A{id}"), "expr": "cpu_usage_percent{core=~\"$v\"}"}))
        .collect();
    let panels: Vec<Json> = (0..100)
        .map(|id| json!({"id": id, "type": "timeseries", "title": format!("p{id}"), "gridPos": {}, "targets": targets}))
        .collect();
    let dashboard =
        json!({"title": "t", "schemaVersion": 39, "templating": {"list": variables}, "panels": panels});
    let file = written(folder.path(), "t.json", &dashboard.to_string());
    let start = std::time::Instant::now();
    let answer = answer(2, &file, &[]);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    let queries = answer["panels"][0]["queries"].as_array().expect("queries");
    assert_eq!(
        queries[199]["message"],
        "is, with those before it in the panel, longer than 512 KB with the values of its variables"
    );
    assert_eq!(queries[199]["expr"], "cpu_usage_percent{core=~\"$v\"}");
    assert_eq!(
        (&answer["panels"][99]["left_out"], &answer["panels"][99]["status"]),
        (&json!(200), &json!("error"))
    );
}

#[test]
fn repeated_panels_share_the_width_and_variables_do_not_blow_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let many: Vec<String> = (0..3_000).map(|i| format!("value-number-{i}")).collect();
    let all = json!({"value": ["$__all"]});
    let variables = json!([
        {"name": "core", "type": "query", "query": "label_values(cpu_usage_percent, core)", "multi": true, "includeAll": true, "current": all},
        {"name": "many", "type": "custom", "query": many.join(","), "multi": true, "includeAll": true, "current": all}]);
    let dashboard = json!({"title": "t", "schemaVersion": 39, "templating": {"list": variables}, "panels": [
        {"id": 1, "type": "timeseries", "title": "$core", "gridPos": {"w": 24}, "repeat": "core", "maxPerRow": 3, "targets": [{"refId": "A", "expr": "cpu_usage_percent{core=\"$core\"}"}]},
        {"id": 2, "type": "timeseries", "title": "b", "gridPos": {"w": 12}, "targets": [{"refId": "A", "expr": format!("up{{a=~\"{}\"}}", "$many".repeat(100_000))}]},
        {"id": 3, "type": "timeseries", "title": "p", "gridPos": {"w": 12}, "targets": [{"refId": "A", "expr": "topk_max(3, rate(up))"}]}]});
    let file = written(folder.path(), "t.json", &dashboard.to_string());
    let answer = answer(0, &file, &[]);
    assert_eq!(panels(&answer).len(), 6);
    // 8 of 24 columns have fewer points than all of them.
    let steps: Vec<&Json> =
        panels(&answer).iter().take(2).map(|panel| &panel["queries"][0]["step"]).collect();
    assert_eq!(steps, [&json!(15.0), &json!(15.0)]);
    assert_eq!(panel(&answer, 2)["reason"], "is longer than 96 KB with the values of its variables");
    assert_eq!(panel(&answer, 3)["reason"], "is MetricsQL, not PromQL");
    let (_, html, _) = said(&["dashboard", &file, DATA, "--output", "html"]);
    assert_eq!(html.matches("<section class=\"w8\"").count(), 4, "{html}");
}
