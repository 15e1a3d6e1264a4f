//! What the factors look at: all candidates beside each other, and what is known of those who speak.

use std::collections::BTreeSet;

use super::coincidence::Coincidence;
use super::contrast::Contrast;
use super::hypothesis::{Candidate, Sign};
use super::owner::{Writers, blames_another, mentions, named, owns};
use crate::detect::success::Success;
use crate::entities::calls::Calls;
use crate::entities::reach::Reach;
use crate::model::Timestamp;
use crate::model::time::NANOS;
use crate::series::bins::Bins;
use crate::signatures::Nature;
use crate::timeline::scene::Scene;

/// So many times clearer is what a faint sign does not come before.
const FAINT: f64 = 4.0;

/// Candidates and what is around them.
pub(super) struct View<'v> {
    pub scene: &'v Scene<'v>,
    pub candidates: &'v [Candidate],
    pub success: Option<&'v Success>,
    pub reach: Option<&'v Reach>,
    /// Who calls whom, as spans say.
    pub calls: &'v Calls,
    pub contrast: Option<&'v Contrast>,
    /// The first sign of substance of all.
    pub first: Timestamp,
    /// When requests failed.
    pub impact: Option<(Timestamp, Timestamp)>,
    /// Did anything change at all?
    pub changed: bool,
    /// For every candidate, those that it names.
    pub mentions: Vec<Vec<usize>>,
    /// Does a candidate say that another one failed, and not which?
    pub elsewhere: Vec<bool>,
    /// For every candidate, whether resources live there: a database, a broker, a machine.
    owns: Vec<bool>,
    /// For every candidate, the services that its leading sign names, whether they are candidates or not.
    names: Vec<BTreeSet<String>>,
    /// For every candidate, how its leading sign goes with the requests that failed.
    coincidences: Vec<Option<Coincidence>>,
    /// Where requests enter.
    place: Option<&'v str>,
    /// Services and groups of files where requests enter, or that tell how they ended.
    entries: (BTreeSet<String>, BTreeSet<u32>),
}

impl<'v> View<'v> {
    /// Looks at candidates; `None` if none of them has a sign of substance.
    pub(super) fn of(
        scene: &'v Scene<'v>,
        candidates: &'v [Candidate],
        success: Option<&'v Success>,
        requests: Option<(&'v Reach, &'v Contrast)>,
        calls: &'v Calls,
    ) -> Option<View<'v>> {
        let of_substance =
            |candidate: &'v Candidate| candidate.signs.iter().filter(|sign| sign.weight >= 0.4);
        // Among series of many services chance shows something faint before whatever is clear.
        let clearest = candidates.iter().flat_map(of_substance).filter(|sign| sign.around.is_some());
        let clearest = clearest.map(|sign| sign.gain).fold(0.0, f64::max);
        let is_faint = |sign: &&Sign| sign.around.is_some() && sign.gain * FAINT < clearest;
        let signs = || candidates.iter().flat_map(of_substance).filter(|sign| !is_faint(sign));
        let first_change = signs().filter(|sign| !sign.standing).map(Sign::surely).min();
        let first = first_change.or_else(|| signs().map(Sign::surely).min())?;
        let mentions = mentions(scene, candidates);
        let writers = Writers::of(scene);
        let names = candidates.iter().map(|candidate| named(scene, candidate, &writers)).collect();
        let coincidences =
            candidates.iter().map(|candidate| coincidence(scene, success?, candidate.lead())).collect();
        let entries = success.map_or_else(Default::default, |success| success.places(scene));
        let reach = requests.map(|(reach, _)| reach);
        let contrast = requests.map(|(_, contrast)| contrast);
        Some(View {
            contrast,
            impact: None,
            scene,
            candidates,
            success,
            reach,
            calls,
            first,
            changed: first_change.is_some(),
            mentions,
            owns: candidates.iter().map(owns).collect(),
            elsewhere: candidates.iter().map(|candidate| blames_another(scene, candidate)).collect(),
            names,
            coincidences,
            place: success.map(|success| success.place(scene)),
            entries,
        })
    }

    /// The share of the failed requests that a sign of a candidate explains: those that know of it; or where it knows no
    /// requests, as of something that they work with, at most one for each time that it happened, and all of them by a
    /// state of somebody of whom those speak who know them.
    pub(super) fn explains(&self, at: usize, sign: &Sign) -> f64 {
        let counted = || self.success.map_or(0, |success| success.failed.count());
        let failed = self.contrast.map(Contrast::failed).filter(|failed| *failed > 0).unwrap_or_else(counted);
        let broke =
            matches!(sign.nature, Nature::Fault | Nature::Resource) || sign.holds_up() || self.owns(at);
        match sign.share {
            Some(share) => share.of_failed,
            None if failed == 0 || !broke => 0.0,
            None if sign.is_state() && (sign.is_recorded() || self.is_spoken_of(at, sign)) => 1.0,
            None => (sign.count as f64 / failed as f64).min(1.0),
        }
    }

    /// Do those who know the failed requests speak of a candidate, or of the one that it speaks of? Who reaches somebody no
    /// more, and does not say whom, speaks of everybody that ended; whoever it is, of the network between them.
    pub(super) fn is_spoken_of(&self, at: usize, sign: &Sign) -> bool {
        const UNREACHED: &[&str] = &["connection-failure", "backends"];
        const NETWORK: &[&str] = &["link", "network-tables"];
        const CUT_OFF: &[&str] = &["connection-failure", "backends", "timeout", "dns"];
        let network = NETWORK.contains(&sign.detector);
        let failed = self.success.map_or(0, |success| success.failed.count());
        let tells = |other: &usize| {
            let lead = self.candidates[*other].lead();
            let as_often = failed > 0 && lead.count * 3 >= failed;
            *other != at && (lead.share.is_some_and(|share| share.tells()) || as_often || self.enters(*other))
        };
        let speaks = |other: usize| {
            self.mentions[other].contains(&at)
                || self.mentions[at].contains(&other)
                || self.names[other].intersection(&self.names[at]).next().is_some()
                || (network && CUT_OFF.contains(&self.candidates[other].lead().detector))
                || (UNREACHED.contains(&self.candidates[other].lead().detector)
                    && sign.ended()
                    && self.names[other].is_empty())
        };
        (0..self.candidates.len()).filter(tells).any(speaks)
    }

    /// How the leading sign of a candidate goes with the requests that failed, where it knows none of them, and no past
    /// tells when it began.
    pub(super) fn coincidence(&self, at: usize) -> Option<Coincidence> {
        self.coincidences[at]
    }

    /// Does the leading sign of a candidate happen just when requests fail, and for most of them?
    pub(super) fn coincides(&self, at: usize) -> bool {
        self.coincidence(at).is_some_and(|found| found.strength() * found.part >= 0.5)
    }

    /// Do resources live where a candidate is?
    pub(super) fn owns(&self, at: usize) -> bool {
        self.owns[at]
    }

    /// Those who name a candidate.
    pub(super) fn named_by(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        self.mentions
            .iter()
            .enumerate()
            .filter(move |(by, named)| *by != at && named.contains(&at))
            .map(|(by, _)| by)
    }

    /// Do requests enter here, or is told here how they ended?
    pub(super) fn enters(&self, at: usize) -> bool {
        let candidate = &self.candidates[at];
        self.entries.0.contains(candidate.name())
            && candidate.group(self.scene).is_none_or(|group| self.entries.1.contains(&group))
    }

    /// Is a candidate where requests enter?
    pub(super) fn is_outermost(&self, at: usize) -> bool {
        self.place == Some(self.candidates[at].name())
    }

    /// Is trouble only felt where requests enter?
    pub(super) fn feels(&self, at: usize) -> bool {
        self.enters(at) && self.candidates[at].lead().nature == Nature::Symptom
    }

    /// Has another one trouble when a candidate has? Who is below may tell of it a little later, by its clock or because it
    /// seldom speaks.
    pub(super) fn is_beside(&self, other: usize, at: usize) -> bool {
        const LATER: i64 = 30 * NANOS;
        let (theirs, own) = (self.candidates[other].lead(), self.candidates[at].lead());
        other != at && theirs.from.0 <= own.from.0.saturating_add(LATER) && theirs.weight > 0.4
    }

    /// Has somebody trouble at the same time whose work is a part of a candidate's?
    pub(super) fn has_it_from_below(&self, at: usize) -> bool {
        let one = &self.candidates[at];
        self.candidates.iter().enumerate().filter(|(other, _)| *other != at).any(|(index, other)| {
            let near = self.is_beside(index, at);
            let known = one.group(self.scene).zip(other.group(self.scene));
            let told = self.reach.zip(known).filter(|(reach, (a, b))| reach.knows(*a) && reach.knows(*b));
            let spans = self.calls.knows(one.name()) && self.calls.knows(other.name());
            near && match told {
                _ if spans => self.calls.reaches(one.name(), other.name()),
                Some((reach, (one, other))) => {
                    reach.calls(one, other) && !reach.calls(other, one) && reach.feels(one, other)
                }
                // Who names another is above it, whatever their clocks say.
                None => {
                    let above = self.mentions[index].contains(&at) && !self.mentions[at].contains(&index);
                    !above && self.follows(one, other)
                }
            }
        })
    }

    /// Does the trouble of one come right after that of another, again and again?
    fn follows(&self, one: &Candidate, other: &Candidate) -> bool {
        const NEAR: i64 = 5 * NANOS;
        const FEWEST: usize = 8;
        let firsts = |candidate: &Candidate| {
            let mut bins = Bins::default();
            for at in candidate.lead().kinds.iter().filter(|_| candidate.lead().nature != Nature::Context) {
                bins.merge(self.scene.kinds[*at].1.bins.clone());
            }
            bins
        };
        let (ours, theirs) = (firsts(one), firsts(other));
        if ours.width() != theirs.width() {
            return false;
        }
        let mut after = (0, 0);
        let mut rest = theirs.rows().iter().peekable();
        for bin in ours.rows() {
            while rest.next_if(|other| other.index < bin.index).is_some() {}
            if let Some(other) = rest.peek().filter(|other| other.index == bin.index) {
                let gap = bin.first.ts - other.first.ts;
                if gap != 0 && gap.abs() <= NEAR {
                    after = (after.0 + usize::from(gap > 0), after.1 + 1);
                }
            }
        }
        after.1 >= FEWEST && after.0 * 10 >= after.1 * 8
    }
}

/// How a sign goes with the requests that failed, where it knows none of them, and no past tells when it began.
fn coincidence(scene: &Scene<'_>, success: &Success, lead: &Sign) -> Option<Coincidence> {
    let is_asked = lead.standing && lead.share.is_none() && !lead.kinds.is_empty() && !lead.begins(scene);
    Coincidence::of(scene, success, &lead.kinds).filter(|_| is_asked)
}
