//! Answers for programs: JSON by its schemas, one table a CSV file, and what CI services read.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value as Json;

use crate::program::{Ran, have, obs, shell, temporary};

const OUTAGE: &str = "fixtures/outage";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema")
}

/// The same schema, but keys that it does not name are wrong: what obs prints is described whole.
fn closed(schema: &Json) -> Json {
    match schema {
        Json::Object(map) => {
            let mut map: serde_json::Map<_, _> =
                map.iter().map(|(key, value)| (key.clone(), closed(value))).collect();
            if map.get("properties").is_some_and(Json::is_object) && !map.contains_key("additionalProperties")
            {
                map.insert("additionalProperties".to_owned(), false.into());
            }
            Json::Object(map)
        }
        Json::Array(list) => list.iter().map(closed).collect(),
        other => other.clone(),
    }
}

fn validators() -> &'static HashMap<String, jsonschema::Validator> {
    static ALL: OnceLock<HashMap<String, jsonschema::Validator>> = OnceLock::new();
    ALL.get_or_init(|| {
        let files = std::fs::read_dir(folder()).expect("the schemas").map(|entry| entry.expect("one").path());
        let read = |path: PathBuf| {
            let text = std::fs::read_to_string(&path).expect("a schema");
            let schema: Json = serde_json::from_str(&text).expect("JSON");
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, jsonschema::validator_for(&closed(&schema)).expect("a schema"))
        };
        files.map(read).collect()
    })
}

/// Panics if a value is not what the schema of this name describes.
fn is_of(name: &str, value: &Json) {
    let validator = validators().get(name).unwrap_or_else(|| panic!("there is no schema {name}"));
    let wrong: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{name}: {}", wrong.join("\n"));
}

/// Holds an answer against the schema that it names. Every JSON answer that a test looks at goes through here.
pub(crate) fn judge(answer: &Json) {
    let Some(named) = answer.get("schema").and_then(Json::as_str) else { return };
    let name = named.strip_prefix("obs.").and_then(|name| name.split('/').next());
    is_of(name.unwrap_or_else(|| panic!("{named} is no name of a schema")), answer);
}

#[test]
fn every_command_tells_the_schema_of_its_answer() {
    let id = "613a2307-21f7-4a66-9943-fa1c7d451ac4";
    let cases: &[(&str, &[&str])] = &[
        ("stats", &["stats", OUTAGE, "--slo", "99", "--by", "service", "--apdex", "1s", "--verbose"]),
        ("stats", &["stats", OUTAGE, "--diff", "03:06.."]),
        ("stats", &["stats", OUTAGE, "--every", "20m", "--heat-map"]),
        ("stats", &["stats", OUTAGE, "--why", "max"]),
        ("correlate", &["correlate", OUTAGE]),
        ("correlate", &["correlate", OUTAGE, "--id", id]),
        ("correlate-graph", &["correlate", OUTAGE, "--graph"]),
        ("templates", &["templates", OUTAGE, "--new-since", "03:06"]),
        ("detect", &["detect", OUTAGE]),
        ("investigate", &["investigate", OUTAGE, "--verbose"]),
        ("investigate", &["investigate", "fixtures/calm"]),
        ("fields", &["fields", OUTAGE]),
        ("formats-explain", &["formats", "explain", OUTAGE]),
        ("formats-test", &["formats", "test", "fixtures/own/obs.yaml"]),
        ("query", &["query", "database_connections_active[5m]", OUTAGE]),
        ("query", &["query", "1", OUTAGE, "--at", "end"]),
    ];
    for (name, arguments) in cases {
        let answer = obs(&[arguments, &["--output", "json"][..]].concat()).json();
        assert_eq!(answer["schema"], format!("obs.{name}/1"), "{arguments:?}");
        is_of(name, &answer);
    }
    for (name, arguments) in [
        ("detect-list", &["detect", "--list"][..]),
        ("formats-list", &["formats", "list"]),
        ("check-rules-checks", &["check-rules", "--checks"]),
        ("grep", &["grep", "exhausted", OUTAGE, "-C1", "-m3"]),
    ] {
        let answer = obs(&[arguments, &["--output", "json"]].concat()).json();
        let items = answer.as_array().expect("a list");
        assert!(!items.is_empty(), "{arguments:?}");
        if name == "grep" {
            for item in items {
                is_of(name, item);
            }
        } else {
            is_of(name, &answer);
        }
    }
}

#[test]
fn schemas_are_printed_as_they_stand() {
    let names = obs(&["schema"]).text();
    let mut files: Vec<String> = validators().keys().cloned().collect();
    files.sort();
    assert_eq!(names.lines().collect::<Vec<_>>(), files, "every schema is in the program");
    for name in &files {
        let text = std::fs::read_to_string(folder().join(format!("{name}.json"))).expect("a schema");
        assert_eq!(obs(&["schema", name]).text(), text);
    }
    assert_eq!(obs(&["schema", "formats", "test"]).text(), obs(&["schema", "formats-test"]).text());
    let wrong = obs(&["schema", "stat"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("did you mean stats "), "{wrong:?}");
}

fn csv(arguments: &[&str]) -> Ran {
    obs(&[arguments, &["--output", "csv"]].concat())
}

#[test]
fn a_csv_file_is_one_table() {
    let files = csv(&["fields", OUTAGE]);
    assert!(files.text().starts_with("file,format,entries,"), "{files:?}");
    assert!(!files.text().contains("\n\n") && !files.text().contains('\r'), "{files:?}");
    assert!(files.stderr.contains("--table has others: fields"), "{files:?}");
    let fields = csv(&["fields", OUTAGE, "--table", "fields"]);
    assert!(
        fields.text().starts_with("field,role,type,") && !fields.stderr.contains("--table"),
        "{fields:?}"
    );
    let wrong = csv(&["fields", OUTAGE, "--table", "field"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("there are files, fields"), "{wrong:?}");
    let wrong = obs(&["fields", OUTAGE, "--table", "fields"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("--output csv"), "{wrong:?}");
    let found = csv(&["detect", OUTAGE, "--only", "pool-exhaustion"]).text();
    assert!(found.starts_with("severity,detector,service,file,from,to,count,summary\n"), "{found}");
    assert!(found.lines().count() > 1, "{found}");
}

#[test]
fn numbers_of_a_csv_file_have_their_units_and_no_noise() {
    let text = csv(&["stats", "fixtures/outage/order-service", "--every", "10m"]).text();
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().expect("a head").split(',').collect();
    assert!(head.contains(&"p50_ms") && head.contains(&"max_ms"), "{head:?}");
    for cell in lines.flat_map(|line| line.split(',')).filter(|cell| cell.parse::<f64>().is_ok()) {
        assert!(cell.replace(['.', '-'], "").trim_start_matches('0').len() <= 14, "{cell} in {text}");
    }
}

#[test]
fn findings_are_told_to_the_services_that_check_code() {
    let sarif = obs(&["detect", OUTAGE, "--output", "sarif"]).json();
    let run = &sarif["runs"][0];
    let results = run["results"].as_array().expect("results");
    let pool = results.iter().find(|result| result["ruleId"] == "pool-exhaustion").expect("the pool");
    let place = &pool["locations"][0]["physicalLocation"];
    assert!(place["artifactLocation"]["uri"].as_str().is_some_and(|uri| uri.ends_with("/db.log")), "{place}");
    assert!(place["region"]["startLine"].as_u64().is_some_and(|line| line > 1), "{place}");
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    assert!(
        rules.iter().all(|rule| rule["help"]["text"].as_str().is_some_and(|help| !help.is_empty())),
        "{rules:?}"
    );
    let junit = obs(&["detect", OUTAGE, "--output", "junit", "--fail-on", "critical"]);
    let findings = obs(&["detect", OUTAGE, "--output", "json"]).json();
    let findings = findings["findings"].as_array().expect("findings");
    let critical = findings.iter().filter(|finding| finding["severity"] == "critical").count();
    assert_eq!(junit.text().matches("<failure ").count(), critical, "{junit:?}");
    assert_eq!(junit.text().matches("<skipped ").count(), findings.len() - critical);
    assert!(
        junit.text().contains("<testcase name=\"certificate\" classname=\"found nothing\"/>"),
        "{junit:?}"
    );
    let github = obs(&["detect", OUTAGE, "--output", "github", "--only", "pool-exhaustion"]);
    assert!(
        github.text().starts_with("::error file=fixtures/outage/payment-service/db.log,line="),
        "{github:?}"
    );
}

#[test]
fn help_names_the_forms_that_a_command_has() {
    for (command, has, has_not) in [
        ("grep", "jsonl", "markdown"),
        ("stats", "html", "sarif"),
        ("detect", "sarif", "dot"),
        ("query", "html", "jsonl"),
    ] {
        let help = obs(&[command, "--help"]).text();
        let at = help.find("--output <FORM>").expect("the option");
        let end = help[at..].find("--color").expect("the next");
        let forms = &help[at..at + end];
        let named = |form: &str| forms.contains(&format!("- {form}:"));
        assert!(named(has) && !named(has_not), "{command}: {forms}");
        let ran = obs(&[command, "x", "--output", has_not]);
        assert!(ran.code == 2 && ran.stderr.contains(&format!("--output cannot be `{has_not}`")), "{ran:?}");
    }
}

#[test]
fn python_reads_a_table_with_its_own_reader() {
    if !have("python3") {
        return;
    }
    let folder = temporary();
    let path = folder.path().join("t.csv");
    let text = csv(&["correlate", OUTAGE, "--limit", "5"]).text();
    std::fs::write(&path, &text).expect("a file");
    let program = "import csv,sys; rows=list(csv.DictReader(open(sys.argv[1], newline=\"\"))); \
                   print(len(rows), all(float(row[\"took_ms\"]) >= 0 for row in rows))";
    let ran = shell(&format!("python3 -c '{program}' '{}'", path.display()));
    assert_eq!(ran.text(), "5 True\n", "{ran:?}");
}

#[test]
fn a_page_has_a_title_and_the_command_that_makes_it() {
    let page =
        obs(&["stats", OUTAGE, "--by", "service", "--where", "status >= 500", "--output", "html"]).text();
    assert_eq!(page.matches("<h1>").count(), 1);
    assert!(page.contains("<h1>Count"), "{}", &page[page.find("<body").unwrap_or(0)..][..400]);
    let typed =
        "obs stats fixtures/outage --by service --where 'status &gt;= 500' --output html</code></pre>";
    assert!(page.contains(typed) || page.contains(&typed.replace('\'', "&#39;")), "{page}");
    let page = obs(&["investigate", OUTAGE, "--output", "html"]).text();
    assert_eq!(page.matches("<h1>").count(), 1);
}
