//! Verdicts as SARIF 2.1.0, which code scanning services read.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::json;
use super::verdict::{Outcome, Verdict};

/// One run with a result for each check that failed (an error) or was not judged (a note).
pub fn render(verdicts: &[Verdict], version: &str) -> serde_json::Result<Vec<u8>> {
    let found = || verdicts.iter().filter(|verdict| verdict.outcome != Outcome::Ok);
    let mut names: Vec<&str> = found().map(|verdict| verdict.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let first = |name: &&str| found().find(|verdict| verdict.name == **name);
    let rules: Vec<Value> = names.iter().filter_map(first).map(rule).collect();
    let results: Vec<Value> = found().map(|verdict| result(verdict, &names)).collect();
    json::pretty(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "obs", "version": version, "rules": rules}},
            "results": results,
        }],
    }))
}

/// What is told of a check, whatever came of it.
fn rule(verdict: &Verdict) -> Value {
    let first = verdict.help.lines().next().filter(|line| !line.is_empty()).unwrap_or(&verdict.name);
    let mut rule = json!({
        "id": verdict.name,
        "name": verdict.name,
        "shortDescription": {"text": first},
        "defaultConfiguration": {"level": level(verdict.severity.as_deref())},
    });
    if !verdict.help.is_empty() {
        rule["fullDescription"] = json!({"text": verdict.help});
        rule["help"] = json!({"text": verdict.help});
    }
    if let Some(link) = verdict.link.as_ref().filter(|link| link.contains("://")) {
        rule["helpUri"] = json!(link);
    }
    if let Some(severity) = &verdict.severity {
        rule["properties"] = json!({"severity": severity});
    }
    rule
}

/// How bad a result is, in the three words that SARIF has.
fn level(severity: Option<&str>) -> &'static str {
    match severity.unwrap_or_default().to_ascii_lowercase().as_str() {
        "medium" | "warning" | "warn" | "minor" | "p3" => "warning",
        "low" | "info" | "none" | "notice" | "p4" | "p5" => "note",
        _ => "error",
    }
}

fn result(verdict: &Verdict, names: &[&str]) -> Value {
    let message = if verdict.message.is_empty() { &verdict.name } else { &verdict.message };
    let mut result = json!({
        "ruleId": verdict.name,
        "ruleIndex": names.binary_search(&verdict.name.as_str()).unwrap_or_default(),
        "level": if verdict.outcome == Outcome::Failed { level(verdict.severity.as_deref()) } else { "note" },
        "message": {"text": message},
    });
    if let Some(file) = &verdict.file {
        let mut place = json!({"artifactLocation": {"uri": uri(file)}});
        if let Some(line) = verdict.line.filter(|line| *line > 0) {
            place["region"] = json!({"startLine": line});
        }
        result["locations"] = json!([{"physicalLocation": place}]);
    }
    result
}

/// A path as a URI reference: what RFC 3986 does not allow in a path is encoded.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_point_at_their_lines() {
        let verdict = Verdict {
            name: "HighErrors".to_owned(),
            group: "payment".to_owned(),
            outcome: Outcome::Failed,
            message: "fired for 5 min".to_owned(),
            file: Some("my rules/p#1.yml".to_owned()),
            line: Some(3),
            severity: Some("warning".to_owned()),
            help: "Too many errors.\n\nFires when: x > 1".to_owned(),
            link: Some("https://example.org/run".to_owned()),
        };
        let skipped = Verdict {
            name: "Absent".to_owned(),
            message: "no data".to_owned(),
            outcome: Outcome::Skipped,
            ..Verdict::default()
        };
        let fine = Verdict { outcome: Outcome::Ok, ..verdict.clone() };
        let written = render(&[verdict, fine, skipped], "1.2.3").unwrap();
        let sarif: Value = serde_json::from_slice(&written).unwrap();
        let run = &sarif["runs"][0];
        assert_eq!(
            run["tool"]["driver"]["rules"],
            json!([
                {
                    "id": "Absent", "name": "Absent", "shortDescription": {"text": "Absent"},
                    "defaultConfiguration": {"level": "error"}
                },
                {
                    "id": "HighErrors", "name": "HighErrors", "shortDescription": {"text": "Too many errors."},
                    "defaultConfiguration": {"level": "warning"},
                    "fullDescription": {"text": "Too many errors.\n\nFires when: x > 1"},
                    "help": {"text": "Too many errors.\n\nFires when: x > 1"},
                    "helpUri": "https://example.org/run", "properties": {"severity": "warning"}
                }
            ])
        );
        assert_eq!(
            run["results"],
            json!([
                {
                    "ruleId": "HighErrors", "ruleIndex": 1, "level": "warning",
                    "message": {"text": "fired for 5 min"},
                    "locations": [{"physicalLocation": {
                        "artifactLocation": {"uri": "my%20rules/p%231.yml"}, "region": {"startLine": 3}
                    }}]
                },
                {"ruleId": "Absent", "ruleIndex": 0, "level": "note", "message": {"text": "no data"}}
            ])
        );
    }
}
