//! Recorded metrics beside each other: what one says of another, and whose they are by their names.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::Finding;
use crate::model::Timestamp;
use crate::signatures::{Nature, Severity};

/// Weighs changes by what changed at the same time.
pub(super) fn weigh(found: &mut [Finding]) {
    strengthen(found);
    soften_doors(found);
}

/// Processors that are several times as busy while answers take longer are why they do; and when those of two who
/// have nothing to do with each other take twice as long at once, that is no accident.
fn strengthen(found: &mut [Finding]) {
    const NEAR: i64 = 120_000_000_000;
    let starts: Vec<(usize, Timestamp)> = found
        .iter()
        .enumerate()
        .filter(|(_, finding)| matches!(finding.detector, "latency" | "errors" | "error-share"))
        .filter_map(|(at, finding)| Some((at, finding.from?)))
        .collect();
    for (at, finding) in found.iter_mut().enumerate() {
        let Some(from) = finding.from.filter(|_| finding.severity == Severity::Medium) else { continue };
        let felt = starts.iter().any(|(other, start)| *other != at && (*start - from).abs() <= NEAR);
        match finding.detector {
            "cpu" if felt && finding.times >= 3.0 => {
                (finding.severity, finding.nature) = (Severity::High, Nature::Resource);
            }
            "latency" if felt && finding.times >= 2.0 => finding.severity = Severity::High,
            _ => {}
        }
    }
}

/// Names of those where requests enter; they feel what happens behind them.
const DOORS: &[&str] = &[
    "front", "frontend", "gateway", "edge", "ingress", "proxy", "web", "www", "ui", "bff", "lb", "nginx",
    "portal",
];

fn is_door(finding: &Finding) -> bool {
    let service = finding.subject.service.as_deref().unwrap_or_default().to_ascii_lowercase();
    service.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| DOORS.contains(&part))
}

/// What the door feels while somebody behind it feels the same says less of why.
fn soften_doors(found: &mut [Finding]) {
    const NEAR: i64 = 60_000_000_000;
    let behind: Vec<(&'static str, Timestamp)> = found
        .iter()
        .filter(|finding| {
            finding.severity == Severity::High && finding.subject.service.is_some() && !is_door(finding)
        })
        .filter_map(|finding| Some((finding.detector, finding.from?)))
        .collect();
    for finding in found.iter_mut().filter(|finding| finding.nature == Nature::Symptom && is_door(finding)) {
        let Some(from) = finding.from else { continue };
        let felt_behind = |(detector, start): &(&str, Timestamp)| {
            *detector == finding.detector && (*start - from).abs() <= NEAR
        };
        if finding.severity == Severity::High && behind.iter().any(felt_behind) {
            finding.severity = Severity::Medium;
        }
    }
}

/// Who it is about where names of metrics are put together of an owner and what is measured, `cart_cpu`, `cart_mem`,
/// `web_cpu`, `web_mem`, and labels say nothing: the owner by the name.
pub(super) fn owners_by_name<'n>(names: impl Iterator<Item = &'n str>) -> BTreeMap<String, String> {
    let parts: Vec<(&str, &str)> = names.filter_map(|name| name.rsplit_once('_')).collect();
    let mut owners: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut measures: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (owner, measure) in &parts {
        owners.entry(owner).or_default().insert(measure);
        measures.entry(measure).or_default().insert(owner);
    }
    // Two of each at least: `heap_used` and `disk_used` alone have no owners.
    let shared = |measure: &str| measures[measure].len() >= 2;
    let is_owner = |owner: &str| owners[owner].iter().filter(|measure| shared(measure)).count() >= 2;
    let several = owners.keys().filter(|owner| is_owner(owner)).count() >= 2;
    let owned = parts.into_iter().filter(|(owner, measure)| several && is_owner(owner) && shared(measure));
    owned.map(|(owner, measure)| (format!("{owner}_{measure}"), owner.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_stand_in_names_where_several_have_the_same_measures() {
        let owners = |names: &[&str]| {
            let owners = owners_by_name(names.iter().copied());
            owners.into_iter().map(|(name, owner)| format!("{name}: {owner}")).collect::<Vec<_>>()
        };
        assert_eq!(
            owners(&["cart_cpu", "cart_mem", "front-end_cpu", "front-end_mem", "uptime_seconds"]),
            ["cart_cpu: cart", "cart_mem: cart", "front-end_cpu: front-end", "front-end_mem: front-end"]
        );
        assert!(owners(&["heap_used", "disk_used", "disk_free", "cpu"]).is_empty());
        assert!(owners(&["db_pool_active", "db_pool_idle"]).is_empty());
    }
}
