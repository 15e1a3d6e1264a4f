//! The reasons for and against a hypothesis, each in log odds and with its words: one file and one line in [`FACTORS`].

mod below;
mod downstream;
mod naming;
mod nature;
mod precedence;
mod relay;
mod specific;
mod starved;
mod strength;

use serde::Serialize;

use super::sign::{CLEAR, Candidate, Sign};
use super::view::View;
pub(super) use specific::trust;

/// A reason for or against a cause.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Factor {
    /// Its name.
    pub factor: &'static str,
    /// In log odds: above zero it speaks for the cause.
    pub weight: f64,
    /// In words.
    pub why: String,
}

/// What judges a candidate: nothing, if it says nothing of it.
type Judge = fn(&View<'_>, usize) -> Option<Factor>;

/// Every factor.
const FACTORS: &[Judge] = &[
    nature::of_the_best,
    nature::of_the_lead,
    precedence::first,
    strength::clear,
    naming::named,
    naming::names,
    below::first_below,
    relay::relayed,
    downstream::felt,
    downstream::entry,
    starved::starved,
    specific::specific,
];

/// What speaks for and against a candidate.
pub(super) fn of(view: &View<'_>, at: usize) -> Vec<Factor> {
    FACTORS.iter().filter_map(|judge| judge(view, at)).collect()
}

/// The sign by which a candidate is early or explains much: an early one that explains little does not make a late one
/// that explains much an early one.
fn best<'c>(view: &View<'_>, candidate: &'c Candidate) -> &'c Sign {
    let worth = |sign: &Sign| nature::worth(sign) + precedence::worth(view, candidate, sign);
    let of_substance = candidate.signs.iter().filter(|sign| sign.weight >= 0.4);
    of_substance.max_by(|a, b| worth(a).total_cmp(&worth(b))).unwrap_or_else(|| candidate.lead())
}

/// Is it as clear as the leading sign has to be?
fn is_clear(sign: &Sign, lead: &Sign) -> bool {
    sign.gain >= CLEAR || sign.nature == lead.nature
}
