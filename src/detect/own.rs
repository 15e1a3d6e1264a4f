//! Detectors that `obs.yaml` declares: conditions, numbers of entries within a time, sequences and their absence
//! by id, and what has to come and does not.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::family::summary;
use super::finding::Finding;
use crate::config::{self, Part};
use crate::filter::Filter;
use crate::fold::{Damaged, Fold, Loaded, Saved, Travel};
use crate::model::time::NANOS;
use crate::model::unit::parse_duration;
use crate::model::{Diagnostic, Entry, Needs, Role, Slot, Timestamp};
use crate::series::bins::{Bins, Moment};
use crate::signatures::{Nature, Severity};
use crate::timeline::observe::Wants;
use crate::timeline::scene::Scene;
use crate::timeline::{Evidence, Subject};

/// The file as a whole; what is read elsewhere is left alone.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigFile {
    #[serde(default)]
    detectors: Vec<Spanned<DetectorEntry>>,
}

impl Part for ConfigFile {
    const NAMES: &'static [&'static str] = &["detectors"];
}

/// A detector as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DetectorEntry {
    name: String,
    #[serde(rename = "where")]
    condition: String,
    #[serde(default)]
    what: Option<String>,
    #[serde(default)]
    severity: Option<String>,
    #[serde(default)]
    then: Option<String>,
    #[serde(default)]
    without: Option<String>,
    #[serde(default)]
    by: Option<String>,
    #[serde(default)]
    within: Option<String>,
    #[serde(default)]
    at_least: Option<u64>,
    #[serde(default)]
    absent_for: Option<String>,
}

/// A declared detector.
#[derive(Clone, Debug)]
pub struct Own {
    /// Its name; lives as long as the program, as those of the others do.
    pub name: &'static str,
    what: String,
    severity: Severity,
    condition: Filter,
    /// What has to follow, or (if `missing`) must not fail to.
    then: Option<Filter>,
    missing: bool,
    by: Option<Slot>,
    within: i64,
    at_least: u64,
    absent_for: Option<i64>,
}

/// Reads the detectors that a configuration declares, or everything that is wrong with them. `path` is for messages.
pub fn parse(path: &str, text: &str, needs: &mut Needs) -> Result<Vec<Own>, Vec<Diagnostic>> {
    let file: ConfigFile = config::read(path, text)?;
    let (mut found, mut problems): (Vec<Own>, Vec<Diagnostic>) = (Vec::new(), Vec::new());
    for entry in &file.detectors {
        let place = (entry.referenced.line(), entry.referenced.column());
        let mut wrong = |message: String| {
            problems.push(config::wrong(path, place, format!("detector {:?}: {message}", entry.value.name)));
        };
        match own(&entry.value, needs) {
            Ok(own)
                if found.iter().any(|known| known.name == own.name) || super::by_name(own.name).is_some() =>
            {
                wrong("there is another one of this name".to_owned());
            }
            Ok(own) => found.push(own),
            Err(message) => wrong(message),
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

fn own(entry: &DetectorEntry, needs: &mut Needs) -> Result<Own, String> {
    let mut filter = |source: &str, what: &str| {
        Filter::parse(source, needs).map_err(|error| format!("{what}: {}", error.to_string().trim()))
    };
    let condition = filter(&entry.condition, "where")?;
    let then = match (&entry.then, &entry.without) {
        (Some(_), Some(_)) => return Err("`then` and `without` exclude each other".to_owned()),
        (Some(then), None) => Some(filter(then, "then")?),
        (None, Some(without)) => Some(filter(without, "without")?),
        (None, None) => None,
    };
    let duration = |text: &Option<String>, what: &str| match text {
        None => Ok(None),
        Some(text) => parse_duration(text)
            .filter(|nanos| *nanos > 0.0 && *nanos < 1e18)
            .map(|nanos| Some(nanos as i64))
            .ok_or_else(|| format!("{what}: {text:?} is no duration such as 90s")),
    };
    let (within, absent_for) =
        (duration(&entry.within, "within")?, duration(&entry.absent_for, "absent_for")?);
    if within.is_none() && (then.is_some() || entry.at_least.is_some_and(|n| n > 1)) {
        return Err("`within` is missing: in how much time?".to_owned());
    }
    if absent_for.is_some() && (then.is_some() || entry.at_least.is_some()) {
        return Err("`absent_for` stands alone".to_owned());
    }
    if entry.name.is_empty() || !entry.name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    {
        return Err("a name has letters, digits, - _ and . only".to_owned());
    }
    let severity = match entry.severity.as_deref() {
        None => Severity::Medium,
        Some(name) => Severity::from_name(name).ok_or("severities are low, medium, high and critical")?,
    };
    Ok(Own {
        name: Box::leak(entry.name.clone().into_boxed_str()),
        what: entry.what.clone().unwrap_or_else(|| entry.name.clone()),
        severity,
        condition,
        then,
        missing: entry.without.is_some(),
        by: entry.by.as_ref().map(|name| match Role::from_name(name) {
            Some(role) => {
                needs.role(role);
                role.slot()
            }
            None => needs.field(name),
        }),
        within: within.unwrap_or(60 * NANOS),
        at_least: entry.at_least.unwrap_or(1),
        absent_for,
    })
}

/// An entry that meets a condition: when, where, whose, and whether it is the one that follows.
type Hit = (Moment, Box<[u8]>, bool);

/// The state of the pass.
#[derive(Debug)]
pub struct Watch<'o> {
    own: &'o [Own],
    hits: Vec<Vec<Hit>>,
    services: BTreeMap<u32, String>,
}

impl<'o> Watch<'o> {
    /// Nothing yet.
    pub fn new(own: &'o [Own]) -> Watch<'o> {
        Watch { own, hits: vec![Vec::new(); own.len()], services: BTreeMap::new() }
    }
}

impl Fold for Watch<'_> {
    fn add(&mut self, entry: &Entry<'_, '_>) {
        let Some(ts) = entry.slots.ts else { return };
        for (own, hits) in self.own.iter().zip(&mut self.hits) {
            let first = own.condition.matches(entry.slots);
            let follows = own.then.as_ref().is_some_and(|then| then.matches(entry.slots));
            if !first && !follows {
                continue;
            }
            let whose: Box<[u8]> = own.by.and_then(|by| entry.slots.get(by).key()).unwrap_or_default().into();
            if own.by.is_some() && whose.is_empty() {
                continue;
            }
            let moment = Moment { ts, location: entry.location };
            if first {
                hits.push((moment, whose.clone(), false));
            }
            if follows {
                hits.push((moment, whose, true));
            }
            if let Some(service) = entry.slots.role(Role::Service).key() {
                let service = String::from_utf8_lossy(&service).into_owned();
                let kept = self.services.entry(entry.location.file).or_insert_with(|| service.clone());
                if service < *kept {
                    *kept = service;
                }
            }
        }
    }

    fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.hits.iter_mut().zip(other.hits) {
            mine.extend(theirs);
        }
        for (file, service) in other.services {
            let kept = self.services.entry(file).or_insert_with(|| service.clone());
            if service < *kept {
                *kept = service;
            }
        }
    }
}

impl Travel for Watch<'_> {
    fn save(mut self, to: &mut Saved) {
        self.hits.iter_mut().for_each(|hits| hits.sort());
        to.put(&(&self.hits, &self.services));
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        (self.hits, self.services) = from.take()?;
        if self.hits.len() == self.own.len() { Ok(()) } else { Err(Damaged) }
    }
}

/// What the declared detectors find.
pub fn findings(watch: Watch<'_>, scene: &Scene<'_>) -> Vec<Finding> {
    let services = watch.services;
    let mut found: Vec<Finding> = watch
        .own
        .iter()
        .zip(watch.hits)
        .filter_map(|(own, mut hits)| {
            hits.sort();
            let (fired, gaps) = own.fired(&hits, scene.last);
            own.finding(&fired, &gaps, scene, &services)
        })
        .collect();
    found.sort_by_cached_key(Finding::order);
    found
}

impl Own {
    /// The entries for which it fires, and the times in which something was missing.
    fn fired(&self, hits: &[Hit], end: Timestamp) -> (Vec<Moment>, Vec<(Moment, Timestamp)>) {
        if let Some(longest) = self.absent_for {
            let moments = hits.iter().map(|(moment, ..)| *moment);
            let next = hits.iter().skip(1).map(|(moment, ..)| moment.ts).chain([end]);
            let gaps = moments.zip(next).filter(|(moment, next)| next - moment.ts > longest).collect();
            return (Vec::new(), gaps);
        }
        let mut fired: Vec<Moment> = match &self.then {
            None => hits.iter().map(|(moment, ..)| *moment).collect(),
            Some(_) => self.sequences(hits, end),
        };
        if self.at_least > 1 {
            // Every entry of every window with enough of them.
            let enough = self.at_least as usize;
            let mut dense = vec![false; fired.len()];
            for start in 0..(fired.len() + 1).saturating_sub(enough) {
                let end = start + enough;
                if fired[end - 1].ts - fired[start].ts <= self.within {
                    dense[start..end].fill(true);
                }
            }
            let mut dense = dense.into_iter();
            fired.retain(|_| dense.next() == Some(true));
        }
        (fired, Vec::new())
    }

    /// The first entries of pairs, or those that stayed alone.
    fn sequences(&self, hits: &[Hit], end: Timestamp) -> Vec<Moment> {
        let mut following: BTreeMap<&[u8], Vec<i64>> = BTreeMap::new();
        for (moment, whose, follows) in hits {
            if *follows {
                following.entry(whose).or_default().push(moment.ts.0);
            }
        }
        let is_followed = |moment: &Moment, whose: &[u8]| {
            following.get(whose).is_some_and(|times| {
                let next = times.partition_point(|t| *t < moment.ts.0);
                times.get(next).is_some_and(|t| t.saturating_sub(moment.ts.0) <= self.within)
            })
        };
        hits.iter()
            .filter(|(_, _, follows)| !follows)
            // Near the end nobody knows what would have followed.
            .filter(|(moment, ..)| !self.missing || moment.ts.0.saturating_add(self.within) <= end.0)
            .filter(|(moment, whose, _)| is_followed(moment, whose) != self.missing)
            .map(|(moment, ..)| *moment)
            .collect()
    }

    fn finding(
        &self,
        fired: &[Moment],
        gaps: &[(Moment, Timestamp)],
        scene: &Scene<'_>,
        services: &BTreeMap<u32, String>,
    ) -> Option<Finding> {
        let mut bins = Bins::default();
        for moment in fired {
            bins.add(*moment);
        }
        let first = fired.first().copied().or_else(|| gaps.first().map(|(moment, _)| *moment))?;
        let wants: &Wants = scene.wants;
        let shown: Vec<Moment> = match gaps {
            [] => bins.telling(first.ts, bins.last()?),
            gaps => gaps.iter().take(3).map(|(moment, _)| *moment).collect(),
        };
        let subject = Subject {
            file: wants.file(wants.group(first.location.file)).to_owned(),
            service: services.get(&first.location.file).cloned(),
        };
        let nature = if self.severity >= Severity::High { Nature::Fault } else { Nature::Symptom };
        let mut finding = Finding {
            from: Some(first.ts),
            to: gaps.last().map(|(_, next)| *next).or_else(|| bins.last()),
            count: (fired.len() + gaps.len()) as u64,
            windows: bins.runs(self.within.max(60 * NANOS)),
            evidence: shown.into_iter().map(evidence).collect(),
            gain: 16.0 + 2.0 * (fired.len().max(1) as f64).ln(),
            what: Some(self.what.clone()),
            ..Finding::new(self.name, self.severity, nature, subject)
        };
        finding.summary = summary(&self.what, &finding);
        Some(finding)
    }
}

fn evidence(moment: Moment) -> Evidence {
    Evidence {
        file: String::new(),
        line: 0,
        timestamp: Some(moment.ts),
        text: String::new(),
        span: None,
        location: moment.location,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Observed, vocabulary};
    use super::*;
    use crate::model::{Location, Slots, Value};

    /// How often a declared detector fires over entries: second, request, message.
    fn counts(yaml: &str, entries: &[(i64, &str, &str)]) -> Vec<u64> {
        let mut needs = Needs::none();
        let own = parse("obs.yaml", yaml, &mut needs).unwrap();
        let wants = Wants::new(&[], &mut needs);
        needs.role(Role::RequestId);
        let (mut observed, mut watch) = (Observed::new(&wants), Watch::new(&own));
        for (line, (second, id, message)) in entries.iter().enumerate() {
            let mut slots = Slots::new(&needs);
            slots.ts = Timestamp::new(1_700_000_000 + second, 0);
            slots.set(Role::Message.slot(), Value::plain(message.as_bytes()));
            slots.set(Role::RequestId.slot(), Value::plain(id.as_bytes()));
            let location = Location { file: 0, chunk: 0, line: line as u32 };
            let entry =
                Entry { location, offset: 0, raw: message.as_bytes(), understood: true, slots: &slots };
            observed.add(&entry);
            watch.add(&entry);
        }
        let scene = Scene::new(&wants, observed, &vocabulary(&wants));
        findings(watch, &scene).iter().map(|finding| finding.count).collect()
    }

    #[test]
    fn declared_detectors_fire_and_stay_quiet() {
        let entries = [
            (0, "a", "order received"),
            (5, "a", "order paid"),
            (10, "b", "order received"),
            (11, "c", "order received"),
            (400, "c", "order paid"),
            (401, "c", "beat"),
            (900, "c", "beat"),
        ];
        for (rule, expected) in [
            ("where: message contains \"order\"", vec![5]),
            ("where: message contains \"refund\"", vec![]),
            ("where: message contains \"received\", at_least: 3, within: 20s", vec![3]),
            ("where: message contains \"received\", at_least: 4, within: 20s", vec![]),
            (
                "where: message contains \"received\", then: message contains \"paid\", by: request_id, within: 60s",
                vec![1],
            ),
            (
                "where: message contains \"received\", without: message contains \"paid\", by: request_id, within: 60s",
                vec![2],
            ),
            ("where: message contains \"beat\", absent_for: 5m", vec![1]),
            ("where: message contains \"beat\", absent_for: 10m", vec![]),
        ] {
            let pairs = rule.split(", ").map(|pair| pair.split_once(": ").unwrap());
            let rule: String = pairs
                .map(|(name, value)| {
                    format!("    {name}: '{value}'\n")
                        .replace("at_least: '3'", "at_least: 3")
                        .replace("at_least: '4'", "at_least: 4")
                })
                .collect();
            assert_eq!(counts(&format!("detectors:\n  - name: mine\n{rule}"), &entries), expected, "{rule}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, said) in [
            ("detectors: [{name: x, where: 'level >='}]", "where"),
            ("detectors: [{name: x, where: 'level == error', then: 'level == info'}]", "within"),
            ("detectors: [{name: x, where: 'level == error', severity: awful}]", "severities"),
            ("detectors: [{name: timeout, where: 'level == error'}]", "another one"),
            ("detectors: [{name: x, where: 'level == error', colour: red}]", "colour"),
            ("detectors: [{name: x, where: 'level == error', absent_for: soon}]", "duration"),
        ] {
            let problems = parse("obs.yaml", text, &mut Needs::none()).unwrap_err();
            assert!(problems[0].message.contains(said), "{text}: {problems:?}");
        }
    }
}
