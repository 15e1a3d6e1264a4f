//! Hypotheses: a service or log with what was seen of it, and the reasons for and against it.

use super::contrast::{Contrast, Share};
use super::factor::Factor;
use crate::detect::book::NOWHERE;
use crate::detect::finding::Around;
use crate::model::Timestamp;
use crate::model::time::NANOS;
use crate::signatures::Nature;
use crate::signatures::known::FAMILIES;
use crate::signatures::known::lock::SLOW_QUERY;
use crate::timeline::scene::Scene;
use crate::timeline::{Evidence, Subject};

/// The name of what is shown where nothing is known.
pub(super) const LAST_WORDS: &str = "unclassified";

/// Gains from which a change without known words is a candidate.
pub(super) const CLEAR: f64 = 16.0;

/// How long before the first change a deploy may be its reason.
pub(super) const LOOK_BACK: i64 = 6 * 60 * NANOS;

/// One thing that changed in a service.
#[derive(Clone, Debug)]
pub(super) struct Sign {
    pub detector: &'static str,
    pub what: String,
    pub nature: Nature,
    /// How much a sign of this kind explains, 0 to 1.
    pub weight: f64,
    pub gain: f64,
    pub from: Timestamp,
    pub to: Timestamp,
    pub count: u64,
    /// Is it a quantity that entries tell, rather than events?
    pub level: bool,
    /// Is it only some of what the subject does that is missing?
    pub part: bool,
    /// Is it so all the time, so that no change tells of it?
    pub standing: bool,
    /// Do its entries have times?
    pub timed: bool,
    /// How it belongs to the requests that failed, where that is known.
    pub share: Option<Share>,
    pub subject: Subject,
    pub kinds: Vec<usize>,
    pub evidence: Vec<Evidence>,
    /// Who feels the same beside it, where metrics of all of them tell.
    pub around: Option<Around>,
}

impl Sign {
    /// Is it trouble by itself, whatever becomes of requests? A quantity that grew is not: it may be used well.
    pub(super) fn is_sure(&self) -> bool {
        self.standing || (self.weight >= 0.5 && self.gain >= CLEAR && !self.level)
    }

    /// Does it say more of what is wrong than that requests fail: something changed clearly, or began, or those that failed
    /// know of it?
    pub(super) fn tells_why(&self, scene: &Scene<'_>) -> bool {
        let changed = !self.standing && self.gain >= CLEAR;
        let known = self.standing && (self.share.is_some_and(|share| share.tells()) || self.begins(scene));
        self.weight >= 0.45 && (changed || known)
    }

    /// Was it found in a recorded metric?
    pub(super) fn is_recorded(&self) -> bool {
        self.evidence.first().is_some_and(|evidence| evidence.location.file == NOWHERE)
    }

    /// Do other requests fail by it than by another one?
    pub(super) fn is_apart(&self, other: &Sign, contrast: &Contrast) -> bool {
        let tells = |sign: &Sign| sign.standing && sign.share.is_some_and(|share| share.tells());
        tells(self) && tells(other) && contrast.are_apart(&self.kinds, &other.kinds)
    }

    /// Is it a state that lasts until somebody ends it, told once where it begins?
    pub(super) fn lasts(&self) -> bool {
        const LAST: &[&str] = &["disk", "mount", "data-loss", "certificate", "link", "network-tables"];
        self.weight >= 0.9 && LAST.contains(&self.detector)
    }

    /// Did something of which no change tells begin within the data? If it had been as frequent before its first entry as
    /// after it, there would have been some; and what is told once where it begins was not so before. That requests fail is
    /// no such thing: it is what is to be explained.
    pub(super) fn begins(&self, scene: &Scene<'_>) -> bool {
        /// So many that there are none by chance once in twenty times.
        const EXPECTED: f64 = 3.0;
        /// Seconds in which nothing was said, before what is told once.
        const SILENT: f64 = 60.0;
        let told = self.standing && self.timed && self.detector != "error-share";
        let Some(kind) = self.kinds.first().filter(|_| told) else { return false };
        let presence = scene.presence(scene.kinds[*kind].0.group);
        let bin = scene.axis.bin(self.from).unwrap_or(0);
        let before = presence[..bin].iter().sum::<f64>();
        let lasted = ((self.to - self.from) as f64 / NANOS as f64).max(1.0);
        if self.lasts() || self.ended() {
            // What is told now and then may have been told as long before.
            let every = if self.count > 1 { lasted / (self.count - 1) as f64 } else { 0.0 };
            return before >= every.max(SILENT);
        }
        self.count > 1 && before * (self.count - 1) as f64 / lasted >= EXPECTED
    }

    /// Is it a state, which a few entries tell of and which holds for everybody who needs what is in it: something that
    /// lasts, or that ended and has to come back?
    pub(super) fn is_state(&self) -> bool {
        const HELD: &[&str] = &["stall", "cluster", "backends"];
        let recorded = self.level && self.nature == Nature::Resource;
        recorded || self.lasts() || self.ended() || (self.weight >= 0.9 && HELD.contains(&self.detector))
    }

    /// Did a program end that was not meant to?
    pub(super) fn ended(&self) -> bool {
        const ENDED: &[&str] = &["crash", "out-of-memory", "eviction"];
        self.weight >= 0.9 && ENDED.contains(&self.detector)
    }

    /// Is something broken or used up, or a store so slow that those who work with it may give up?
    pub(super) fn holds_up(&self) -> bool {
        let broke = matches!(self.nature, Nature::Fault | Nature::Resource) && self.weight >= 0.7;
        (broke && !self.tells_of_each()) || self.detector == SLOW_QUERY.name
    }

    /// Does it tell of one call or one input each time that it is said, as far as anybody knows? Other failures are
    /// states, which last until somebody ends them.
    pub(super) fn tells_of_each(&self) -> bool {
        self.is_by_words()
            || FAMILIES.iter().any(|family| family.name == self.detector && family.tells_of_each())
    }

    /// Is nothing known of it but its words, or that it is an error?
    pub(super) fn is_by_words(&self) -> bool {
        ["failure", "error", "novelty"].contains(&self.detector)
    }

    /// What lies no farther apart may be at the same time: clocks differ, and samples are taken now and then.
    pub(super) fn slack(&self) -> i64 {
        self.every().max(60 * NANOS)
    }

    /// How long before its first sample it may have begun.
    pub(super) fn every(&self) -> i64 {
        self.around.as_ref().map_or(0, |around| around.every)
    }

    /// When it had surely begun: the first of few entries may as well be a stray.
    pub(super) fn surely(&self) -> Timestamp {
        const MOST: i64 = 120 * NANOS;
        // What one entry is enough for, the first entry tells.
        if self.count < 3 || self.weight >= 1.0 || self.lasts() {
            return self.from;
        }
        let gap = self.to.0.saturating_sub(self.from.0) / self.count as i64;
        self.from + gap.clamp(0, MOST)
    }
}

/// What changed in one service.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub signs: Vec<Sign>,
    /// The sum of its factors, in log odds.
    pub score: f64,
    pub factors: Vec<Factor>,
}

impl Candidate {
    /// The sign that says best what it is: what explains most, of those that came early. What is merely new leads
    /// nothing.
    pub(super) fn lead(&self) -> &Sign {
        let of_substance = || self.signs.iter().filter(|sign| sign.weight >= 0.4);
        let first = of_substance().next().map_or(self.signs[0].from, |sign| sign.from);
        let worth = |sign: &Sign| {
            // A state that nobody saw begin is as old as anything, and clear however seldom it is told.
            let state = sign.standing && sign.lasts();
            let late = if state { 0.0 } else { (sign.from - first) as f64 / 1e9 };
            let gain = sign.gain.max(if state { CLEAR } else { 1.0 });
            // Of two that are worth the same, what is understood tells more.
            let known = if sign.is_by_words() { 0.0 } else { 0.05 };
            sign.weight * 3.0 + gain.log10() * 0.5 + known - (late / 300.0).min(2.0)
        };
        let best = of_substance().rev().max_by(|a, b| worth(a).total_cmp(&worth(b)));
        best.unwrap_or(&self.signs[0])
    }

    /// The group of files in which it shows, if it shows in any log.
    pub(super) fn group(&self, scene: &Scene<'_>) -> Option<u32> {
        let kinds = || self.lead().kinds.iter().chain(self.signs.iter().flat_map(|sign| &sign.kinds));
        let of_kind = kinds().next().map(|kind| scene.kinds[*kind].0.group);
        of_kind.or_else(|| scene.group_of(&self.lead().subject.file))
    }

    pub(super) fn name(&self) -> &str {
        let subject = &self.signs[0].subject;
        subject.service.as_deref().unwrap_or(&subject.file)
    }

    /// When it began: its first clear sign of the kind that leads it, or an earlier one of substance.
    pub(super) fn from(&self) -> Timestamp {
        let lead = self.lead();
        // What ran out was used before: how much of it is no sign by itself.
        let substance = |sign: &&Sign| {
            sign.weight >= 0.4
                && (sign.gain >= CLEAR || sign.nature == lead.nature)
                && (sign.weight > 0.4 || lead.weight <= 0.55 || sign.nature == lead.nature)
        };
        self.signs.iter().filter(substance).map(|sign| sign.from).min().unwrap_or(lead.from)
    }

    pub(super) fn to(&self) -> Timestamp {
        self.signs.iter().map(|sign| sign.to).max().unwrap_or(self.lead().to)
    }
}
