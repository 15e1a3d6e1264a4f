//! Tables of numbers that name their series alike: the names of their files say what each is of.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::targets::{self, Target};
use crate::entities::owners::keeper_by_name;
use crate::format::metric::pairs::pairs;
use crate::model::{Labels, Series};
use crate::platform::Kind;
use crate::promql::Store;

/// For each target the labels that its series get: none, unless another one has the same series at the same times with
/// other values. Two exports that overlap agree, and two halves of a recording do not overlap.
pub(super) fn labels(stores: &[&Store], all: &[Target]) -> Vec<Labels> {
    let mut labels = vec![Labels::default(); all.len()];
    let mut holders: BTreeMap<Cow<'_, Labels>, Vec<(usize, &Series)>> = BTreeMap::new();
    for (target, store) in stores.iter().enumerate() {
        for series in store.series().filter(|series| !series.samples.is_empty()) {
            let labels = match series.labels.metric() {
                "" => Cow::Owned(named(series.labels.clone(), &all[target])),
                _ => Cow::Borrowed(&series.labels),
            };
            holders.entry(labels).or_default().push((target, series));
        }
    }
    let mut differ = vec![false; all.len()];
    for holders in holders.values().filter(|holders| holders.len() > 1) {
        for (at, (one, series)) in holders.iter().enumerate() {
            if let Some((other, _)) = holders[..at].iter().find(|(_, other)| are_different(series, other)) {
                (differ[*one], differ[*other]) = (true, true);
            }
        }
    }
    // Who has a series in common with them is one of them.
    let with_them = |holders: &&Vec<(usize, &Series)>| holders.iter().any(|(target, _)| differ[*target]);
    let common: Vec<usize> =
        holders.values().filter(with_them).flatten().map(|(target, _)| *target).collect();
    for target in common {
        differ[target] = true;
    }
    let apart: Vec<usize> = (0..all.len()).filter(|target| differ[*target]).collect();
    let known: Vec<&Target> = apart.iter().map(|target| &all[*target]).collect();
    let told = told(&known).unwrap_or_else(|| targets::labels(&known));
    for (target, told) in apart.into_iter().zip(told) {
        labels[target] = told;
    }
    labels
}

/// Were two series measured at the same times, and are they not the same?
fn are_different(one: &Series, other: &Series) -> bool {
    let span = |series: &Series| Some((series.samples.first()?.at, series.samples.last()?.at));
    let (Some(one_span), Some(other_span)) = (span(one), span(other)) else { return false };
    let (from, to) = (one_span.0.max(other_span.0), one_span.1.min(other_span.1));
    let mut rest = other.samples.iter().filter(|sample| (from..=to).contains(&sample.at)).peekable();
    let (mut same, mut apart) = (0, 0);
    for sample in one.samples.iter().filter(|sample| (from..=to).contains(&sample.at)) {
        while rest.next_if(|other| other.at < sample.at).is_some() {
            apart += 1;
        }
        match rest.peek() {
            Some(other) if other.at == sample.at && other.value == sample.value => same += 1,
            _ => apart += 1,
        }
    }
    apart > same
}

/// What names of files that are put together alike say: `shop-7d5c8-x2k4z_web_shop` is of a pod, and of what one calls
/// another for. `None` if they are not, or one of them leaves it open.
fn told(all: &[&Target]) -> Option<Vec<Labels>> {
    let parts: Vec<Vec<&str>> = all.iter().map(|target| target.name.split('_').collect()).collect();
    let count = parts.first()?.len();
    if parts.iter().any(|parts| parts.len() != count) {
        return None;
    }
    let is_pod = |part: &&str| matches!(keeper_by_name(part), Some((Kind::Deployment, _)));
    let pod = (0..count).find(|at| parts.iter().all(|parts| is_pod(&parts[*at])))?;
    let rest: Vec<String> =
        parts.iter().map(|parts| [&parts[..pod], &parts[pod + 1..]].concat().join("_")).collect();
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    let pod_of = |at: usize| Labels::new([("pod", parts[at][pod])]);
    if rest.iter().all(|other| *other == rest[0]) {
        return distinct((0..all.len()).map(pod_of).collect());
    }
    let mut told: Vec<Labels> = (0..all.len()).map(pod_of).collect();
    for (labels, (client, server)) in told.iter_mut().zip(pairs(&rest)?) {
        labels.set("client", client);
        labels.set("server", server);
    }
    distinct(told)
}

/// They, if no two are alike.
fn distinct(labels: Vec<Labels>) -> Option<Vec<Labels>> {
    let known: std::collections::BTreeSet<&Labels> = labels.iter().collect();
    (known.len() == labels.len()).then_some(labels)
}

/// The name of a series of calls without one, as the columns of a table have: that of its file.
pub(super) fn named(mut series: Labels, target: &Target) -> Labels {
    if series.metric().is_empty() && !series.get("client").is_empty() && !series.get("server").is_empty() {
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' };
        let name: String = target.name.chars().map(plain).collect();
        let digit = name.starts_with(|c: char| c.is_ascii_digit());
        series.set(Labels::NAME, if digit || name.is_empty() { format!("_{name}") } else { name });
    }
    series
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sample;

    fn target(name: &str) -> Target {
        Target::of_name(name)
    }

    fn store(values: &[(i64, f64)]) -> Store {
        let mut store = Store::new();
        for (at, value) in values {
            store.offer(&Labels::new([(Labels::NAME, "latency")]), Sample { at: *at, value: *value });
        }
        store
    }

    #[test]
    fn names_of_files_tell_only_what_the_series_leave_open() {
        let (one, other) = (store(&[(0, 1.0), (60, 1.0)]), store(&[(0, 2.0), (60, 3.0)]));
        let later = store(&[(120, 1.0)]);
        let names = [
            "web-6b8786b6db-x2k4z_web_shop",
            "shop-6b8786b6db-x2k4z_web_shop",
            "db-6b8786b6db-x2k4z_shop_db",
        ];
        let targets = names.map(target);
        let shown = |stores: &[&Store]| -> Vec<String> {
            labels(stores, &targets).iter().map(Labels::to_string).collect()
        };
        assert_eq!(
            shown(&[&one, &other, &later]),
            [
                r#"{client="web", pod="web-6b8786b6db-x2k4z", server="shop"}"#,
                r#"{client="web", pod="shop-6b8786b6db-x2k4z", server="shop"}"#,
                r#"{client="shop", pod="db-6b8786b6db-x2k4z", server="db"}"#,
            ]
        );
        // Two exports of the same, and two halves of it.
        assert_eq!(shown(&[&one, &one, &later]), ["{}", "{}", "{}"]);
    }

    #[test]
    fn columns_of_calls_are_named_by_their_file() {
        let calls = Labels::new([("client", "a"), ("server", "b")]);
        assert_eq!(named(calls, &target("source-50")).metric(), "source_50");
        let other = Labels::new([("le", "1")]);
        assert_eq!(named(other, &target("x")).metric(), "");
    }
}
