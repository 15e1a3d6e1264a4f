//! What is wrong in a platform's objects: states that are failures, each blamed on the object that is at fault.
//!
//! What a broken node, a full quota or a missing scheduler does to others is told of these, not of the others.

mod alerts;
mod containers;
mod nodes;
mod pods;
mod results;
mod runtime;
mod services;
#[cfg(test)]
mod tests;
mod workloads;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::book::NOWHERE;
use super::finding::Finding;
use crate::entities::owners::Owners;
use crate::model::{Location, Timestamp};
use crate::platform::cluster::Event;
use crate::platform::object::Spell;
use crate::platform::{Cluster, Kind, Object, Place, When};
use crate::series::bins::Run;
use crate::signatures::platform::FAMILIES;
use crate::signatures::{Nature, Severity};
use crate::timeline::{Evidence, Subject};

/// Where states stand: in no log.
const STATE: Location = Location { file: NOWHERE, chunk: 1, line: 0 };

/// How clear a state is: it needs no change to tell of it.
const CLEAR: f64 = 1_000.0;

/// How many objects with faults are told.
const MOST: usize = 60;

/// How much evidence a finding shows.
const SHOWN: usize = 6;

/// Is this evidence a state of a platform's object?
pub fn is_state(evidence: &[Evidence]) -> bool {
    evidence.first().is_some_and(|evidence| evidence.location == STATE)
}

/// Something that is wrong with an object.
#[derive(Clone, Debug)]
struct Fault {
    family: &'static str,
    about: Object,
    what: String,
    severity: Severity,
    nature: Nature,
    from: Option<When>,
    /// When it was so, where it was not so all the time since.
    spells: Vec<Spell>,
    count: u64,
    places: Vec<Place>,
}

impl Fault {
    fn new(family: &'static str, about: Object, what: impl Into<String>, place: Place) -> Fault {
        Fault {
            family,
            about,
            what: what.into(),
            severity: Severity::Critical,
            nature: Nature::Fault,
            from: None,
            spells: Vec::new(),
            count: 1,
            places: vec![place],
        }
    }

    fn since(mut self, from: Option<When>) -> Fault {
        self.from = from;
        self
    }

    /// It was so at these times.
    fn at_times(mut self, spells: &[Spell]) -> Fault {
        self.from = spells.first().map(|spell| spell.from);
        self.count = (spells.len() as u64).max(1);
        self.spells = spells.to_vec();
        self
    }

    fn times(mut self, count: u64) -> Fault {
        self.count = count;
        self
    }

    fn severity(mut self, severity: Severity) -> Fault {
        self.severity = severity;
        self
    }

    fn nature(mut self, nature: Nature) -> Fault {
        self.nature = nature;
        self
    }

    /// Takes in another one of the same kind; the worse of the two is told.
    fn join(&mut self, other: Fault) {
        self.count = self.count.max(other.count);
        self.spells.extend(other.spells);
        if self.severity < other.severity {
            (self.severity, self.what) = (other.severity, other.what);
        }
        if self.places.len() < SHOWN {
            self.places.extend(other.places);
        }
    }

    fn shown(mut self, places: impl IntoIterator<Item = Place>) -> Fault {
        self.places.extend(places);
        self
    }
}

/// A cluster that is looked at.
struct View<'c> {
    cluster: &'c Cluster,
    owners: Owners<'c>,
    /// When it was read.
    taken: Option<Timestamp>,
    /// Events by the kind and name of their object.
    events: BTreeMap<(Kind, &'c str), Vec<&'c Event>>,
    /// The kinds of workloads that were read of each namespace.
    read: BTreeSet<(Kind, &'c str)>,
    /// Nodes that are not ready.
    down: BTreeSet<&'c str>,
    /// Nodes that are cordoned without being a control plane's.
    cordoned: Vec<&'c str>,
    /// How many nodes are usually not for everybody: those of the control plane.
    control: u32,
}

impl<'c> View<'c> {
    fn of(cluster: &'c Cluster, taken: Option<Timestamp>) -> View<'c> {
        let mut events: BTreeMap<(Kind, &'c str), Vec<&'c Event>> = BTreeMap::new();
        for event in &cluster.events {
            events.entry((event.object.kind, &event.object.name)).or_default().push(event);
        }
        let mut view = View {
            cluster,
            owners: Owners::of(cluster),
            taken,
            events,
            read: cluster.workloads.keys().map(|other| (other.kind, other.namespace.as_str())).collect(),
            down: BTreeSet::new(),
            cordoned: Vec::new(),
            control: 0,
        };
        for (object, node) in &cluster.nodes {
            let control = nodes::is_control(node);
            view.control += u32::from(control);
            if nodes::is_down(node) {
                view.down.insert(&object.name);
            }
            if node.status.contains("SchedulingDisabled") && !control {
                view.cordoned.push(&object.name);
            }
        }
        view
    }

    /// What happened to an object.
    fn events_of(&self, object: &Object) -> impl Iterator<Item = &'c Event> + use<'c> {
        let found = self.events.get(&(object.kind, object.name.as_str())).into_iter().flatten().copied();
        let near = |a: &str, b: &str| a.is_empty() || b.is_empty() || a == b;
        let found = found.filter(|event| near(&event.object.namespace, &object.namespace));
        found.collect::<Vec<_>>().into_iter()
    }

    /// Seconds ago; what has no time is now.
    fn ago(&self, when: Option<When>) -> f64 {
        when.and_then(|when| when.ago(self.taken)).unwrap_or(0.0)
    }
}

/// What is wrong, as findings, and how many more there are; `files` are their names, `taken` is when the objects were
/// read.
pub fn findings(cluster: &Cluster, files: &[String], taken: Option<Timestamp>) -> (Vec<Finding>, usize) {
    let view = View::of(cluster, taken);
    let mut faults = nodes::faults(&view);
    faults.extend(pods::faults(&view));
    faults.extend(workloads::faults(&view, &faults));
    faults.extend(services::faults(&view, &faults));
    faults.extend(alerts::faults(&view));
    faults.extend(containers::faults(&view));
    faults.extend(runtime::faults(&view, files));
    faults.extend(results::faults(&view, files));
    let mut faults = joined(faults);
    // Where everything is broken, more of the same says nothing; the worst and oldest do.
    faults.sort_by(|a, b| b.severity.cmp(&a.severity).then(view.ago(b.from).total_cmp(&view.ago(a.from))));
    let left = faults.len().saturating_sub(MOST);
    faults.truncate(MOST);
    (faults.into_iter().map(|fault| finding(fault, files, taken)).collect(), left)
}

/// Faults of one family in one object are one.
fn joined(faults: Vec<Fault>) -> Vec<Fault> {
    let mut kept: BTreeMap<(Object, &'static str), Fault> = BTreeMap::new();
    for fault in faults {
        match kept.entry((fault.about.clone(), fault.family)) {
            Entry::Occupied(mut known) => known.get_mut().join(fault),
            Entry::Vacant(free) => drop(free.insert(fault)),
        }
    }
    kept.into_values().collect()
}

fn finding(fault: Fault, files: &[String], taken: Option<Timestamp>) -> Finding {
    let file = |place: &Place| files.get(place.file as usize).cloned().unwrap_or_default();
    let from = fault.from.and_then(|from| from.at(taken)).or(taken);
    let spell = |spell: &Spell| {
        let from = spell.from.at(taken)?;
        Some((from, spell.to.map_or(taken, |to| to.at(taken))?.max(from)))
    };
    let mut spells: Vec<_> = fault.spells.iter().filter_map(spell).collect();
    spells.sort_unstable();
    let from = spells.first().map(|spell| spell.0).or(from);
    let to = spells.iter().map(|spell| spell.1).max().or(taken.max(from));
    let shown = fault.places.iter().filter(|place| place.line > 0).take(SHOWN).map(|place| Evidence {
        file: file(place),
        line: place.line,
        timestamp: None,
        text: place.text.clone(),
        span: None,
        location: STATE,
    });
    let evidence: Vec<Evidence> = shown.collect();
    let about = &fault.about;
    let named = if about.kind == Kind::Namespace || about.namespace.is_empty() {
        format!("{} {}", about.kind.name(), about.name)
    } else {
        format!("{} {}/{}", about.kind.name(), about.namespace, about.name)
    };
    let subject = Subject {
        file: fault.places.first().map(file).unwrap_or_default(),
        service: Some(about.name.clone()),
    };
    if spells.is_empty() {
        spells.extend(from.zip(to));
    }
    let each = (fault.count / spells.len().max(1) as u64).max(1);
    let runs = spells.iter().map(|&(from, to)| Run { from, to, count: each });
    Finding {
        from,
        to,
        count: fault.count,
        windows: runs.collect(),
        summary: format!("{named}: {}", fault.what),
        evidence,
        // What is over explains less than what goes on.
        gain: if to < taken { CLEAR / 2.0 } else { CLEAR },
        what: Some(fault.what),
        ..Finding::new(name(fault.family), fault.severity, fault.nature, subject)
    }
}

/// The name of a family, as the table has it; those of logs have theirs.
fn name(family: &'static str) -> &'static str {
    FAMILIES.iter().find(|(name, ..)| *name == family).map_or(family, |(name, ..)| *name)
}

/// The families that are found in objects alone, with a sentence each.
pub fn families() -> impl Iterator<Item = (&'static str, &'static str)> {
    FAMILIES.iter().map(|(name, _, about)| (*name, *about))
}
