//! Runs of tests and of load: tests that failed, requests that failed, limits that were not kept.

use super::{Fault, View};
use crate::platform::object::{Place, When};
use crate::platform::results::Run;
use crate::platform::{Kind, Object};
use crate::signatures::{Nature, Severity};

/// From which part of requests that fail on a run is failing; users notice fewer.
const MANY: f64 = 0.05;

/// How many failures are told by name.
const NAMED: usize = 3;

/// What went wrong in runs.
pub(super) fn faults(view: &View<'_>, files: &[String]) -> Vec<Fault> {
    view.cluster.runs.iter().flat_map(|run| faults_of(run, files)).collect()
}

fn faults_of(run: &Run, files: &[String]) -> Vec<Fault> {
    let file = files.get(run.place.file as usize).map_or("", String::as_str);
    let name = if run.name.is_empty() { file.rsplit('/').next().unwrap_or(file) } else { &run.name };
    let about = Object::new(Kind::Run, "", name);
    let at = run.at.map(When::At);
    let mut faults = Vec::new();
    if let Some(first) = run.failures.first() {
        let (family, what, severity) = if run.tests {
            let what = match (run.failed, run.all) {
                (1, 0) => "1 test failed".to_owned(),
                (failed, 0) => format!("{failed} tests failed"),
                (failed, all) => format!("{failed} of {all} tests failed"),
            };
            ("test-failure", what, Severity::High)
        } else {
            let many = run.failed as f64 >= MANY * run.all as f64;
            let severity = if many { Severity::Critical } else { Severity::High };
            ("load-failure", format!("{} of {} requests failed", run.failed, run.all), severity)
        };
        let mut worst: Vec<_> = run.failures.iter().collect();
        worst.sort_by_key(|failure| std::cmp::Reverse(failure.count));
        let told: Vec<String> =
            worst.iter().take(NAMED).map(|failure| said(&failure.name, &failure.said, run)).collect();
        let left = worst.len().saturating_sub(NAMED);
        let rest = if left > 0 { format!("; and {left} more") } else { String::new() };
        let fault = Fault::new(
            family,
            about.clone(),
            format!("{what}: {}{rest}", told.join("; ")),
            first.place.clone(),
        );
        let places: Vec<Place> = worst.iter().skip(1).map(|failure| failure.place.clone()).collect();
        faults
            .push(fault.severity(severity).nature(Nature::Symptom).since(at).times(run.failed).shown(places));
    }
    if let Some((_, place)) = run.missed.first() {
        let told: Vec<&str> = run.missed.iter().map(|(what, _)| what.as_str()).collect();
        let what = format!("limits of the run were not kept: {}", told.join("; "));
        let fault = Fault::new("load-limit", about, what, place.clone());
        faults.push(fault.severity(Severity::High).nature(Nature::Symptom).since(at));
    }
    faults
}

/// The name of what failed, and what was said of it.
fn said(name: &str, said: &str, run: &Run) -> String {
    match (name.is_empty() || name == run.name, said.is_empty()) {
        (true, _) => said.to_owned(),
        (false, true) => name.to_owned(),
        (false, false) => format!("{name}: {said}"),
    }
}
