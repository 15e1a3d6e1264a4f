//! What one entry says of a request: what has to be looked at is decided before the scan.

use std::borrow::Cow;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;

use super::ending::{Ending, Said};
use super::{SuccessRule, asked, probe};
use crate::filter::Filter;
use crate::format::log::behaviour::Ids;
use crate::format::log::survey::{StatusKind, outcome};
use crate::model::{Entry, Level, Needs, Role, Slot, Slots, Timestamp};
use crate::scan::{self, Input};

/// Reads of entries which request they are about, and how that ended.
#[derive(Clone, Debug)]
pub struct Judge {
    rule: SuccessRule,
    /// The name whose value is the id.
    id: Slot,
    /// Fields that tell what was asked for: probes are known by it.
    asked: Vec<Slot>,
    joined: bool,
    statuses: bool,
    ids: bool,
}

/// The key of a request in tables that hold many: a hash of its id.
pub fn key(id: &[u8]) -> u64 {
    FixedState::with_seed(0x6f62_7365).hash_one(id)
}

impl Judge {
    /// Asks for what the rule looks at in these logs.
    pub fn new(rule: SuccessRule, logs: &[Input], needs: &mut Needs) -> Judge {
        let names = scan::field_names(logs);
        let profiles = || logs.iter().filter_map(Input::profile);
        let statuses = profiles().any(|profile| profile.status != StatusKind::None);
        let mut judge = Judge {
            id: needs.role(Role::RequestId),
            asked: Vec::new(),
            joined: joins(logs),
            statuses,
            ids: profiles().any(|profile| profile.request_ids.ids() != Ids::None),
            rule,
        };
        if matches!(judge.rule, SuccessRule::Usual) {
            needs.role(Role::Level);
            if statuses {
                needs.role(Role::Status);
                needs.role(Role::Message);
                judge.asked = asked::paths(&names).map(|name| needs.field(name)).collect();
                judge.asked.extend(asked::operations(&names).map(|name| needs.field(name)));
            }
        }
        judge
    }

    /// Takes the value of this name for the id, whatever it is called; entries of one id are joined then.
    #[must_use]
    pub fn by(mut self, name: &str, needs: &mut Needs) -> Judge {
        self.id = needs.name(name);
        self.joined = true;
        self
    }

    /// The rule.
    pub fn rule(&self) -> &SuccessRule {
        &self.rule
    }

    /// Are there several entries of one request, so that they have to be put together by its id?
    pub fn joins(&self) -> bool {
        self.joined
    }

    /// Can any entry tell of a request?
    pub fn may_tell(&self) -> bool {
        self.ids || self.statuses || matches!(self.rule, SuccessRule::Condition(..))
    }

    /// The id of the request that an entry belongs to.
    pub fn id<'a>(&self, slots: &Slots<'a>) -> Option<Cow<'a, [u8]>> {
        slots.get(self.id).key().filter(|id| !id.is_empty())
    }

    /// What an entry says of the end of the request that it belongs to; of an entry without an id, of the request
    /// that it stands for.
    pub fn ending(&self, entry: &Entry<'_, '_>) -> Ending {
        let slots = entry.slots;
        let said = self.said(slots);
        let spoken = said.map(|(said, code)| (spoken_at(slots), said, code));
        let mut ending = Ending::of((slots.ts, entry.location), spoken);
        ending.error = slots.level >= Some(Level::Error);
        ending.levelled = slots.level.is_some();
        ending.probe = said.is_some() && self.is_probe(slots);
        ending
    }

    /// Does an entry stand for a request, or for a part of one?
    pub fn tells(&self, slots: &Slots<'_>) -> bool {
        self.said(slots).is_some() || (matches!(self.rule, SuccessRule::Usual) && self.id(slots).is_some())
    }

    /// Does this entry by itself say that a request failed?
    pub fn says_failed(&self, slots: &Slots<'_>) -> bool {
        let error = slots.level >= Some(Level::Error);
        match (&self.rule, self.said(slots)) {
            (_, Some((said, _))) => said == Said::Failed || (said == Said::Refused && error),
            (SuccessRule::Condition(..), None) => false,
            (SuccessRule::Usual, None) => error && self.id(slots).is_some(),
        }
    }

    fn said(&self, slots: &Slots<'_>) -> Option<(Said, u16)> {
        let status = slots.role(Role::Status);
        match &self.rule {
            SuccessRule::Condition(filter, _) => {
                let holds = holds(filter, slots)?;
                let code = status.number().filter(|code| (100.0..600.0).contains(code));
                Some((if holds { Said::Success } else { Said::Failed }, code.map_or(0, |code| code as u16)))
            }
            SuccessRule::Usual => match status.number() {
                Some(code) if (100.0..600.0).contains(&code) => {
                    let code = code as u16;
                    let said = match code {
                        ..400 => Said::Success,
                        400..500 => Said::Refused,
                        500.. => Said::Failed,
                    };
                    Some((said, code))
                }
                Some(_) => None,
                None => {
                    let of_span = || slots.span.is_some_and(|span| span.tells).then_some(true);
                    let told = outcome(status).or_else(of_span);
                    told.map(|ok| (if ok { Said::Success } else { Said::Failed }, 0))
                }
            },
        }
    }

    fn is_probe(&self, slots: &Slots<'_>) -> bool {
        if matches!(self.rule, SuccessRule::Condition(..)) {
            return false;
        }
        let asked = self.asked.iter().find_map(|slot| slots.get(*slot).key());
        let asked = asked.or_else(|| slots.role(Role::Message).key());
        asked.is_some_and(|asked| probe::is_probe(&asked))
    }
}

/// When an entry says how its request ended: a span at its end. What the root of a trace says counts most.
fn spoken_at(slots: &Slots<'_>) -> Option<Timestamp> {
    let Some(span) = slots.span else { return slots.ts };
    if span.parent.is_some() { slots.span_end() } else { Some(Timestamp(i64::MAX)) }
}

/// Whether a condition holds; `None` where a name in it has no value.
fn holds(filter: &Filter, slots: &Slots<'_>) -> Option<bool> {
    filter.decidable(slots).then(|| filter.matches(slots))
}

/// Do several entries share ids? Not where only one kind of log has any, and each of its entries another one.
fn joins(logs: &[Input]) -> bool {
    let mut first: Option<(Vec<&str>, &Option<String>)> = None;
    for log in logs {
        let Some(profile) = log.profile().filter(|profile| profile.request_ids.ids() != Ids::None) else {
            continue;
        };
        let mut keys: Vec<&str> = profile.keys.iter().map(String::as_str).collect();
        keys.sort_unstable();
        let kind = (keys, &log.service);
        if profile.request_ids.ids() == Ids::Shared || first.as_ref().is_some_and(|first| *first != kind) {
            return true;
        }
        first = Some(kind);
    }
    false
}
