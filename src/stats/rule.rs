//! What counts as a request, and which of them succeeded.

use crate::filter::Filter;
use crate::format::log::names;
use crate::format::log::survey::{StatusKind, outcome};
use crate::model::{Error, Level, Needs, Role, Slots, Value};
use crate::scan::Inputs;

/// The rule by which requests and successes are counted.
#[derive(Clone, Debug)]
pub enum SuccessRule {
    /// An entry is a request when every name in the condition has a value; a success when it holds.
    Condition(Box<Filter>, String),
    /// An entry is a request when it has a status: below 500, or a word that says so, is a success.
    Status,
    /// The entries of an id are one request: a success when none of them is of level error or worse.
    Levels,
}

impl SuccessRule {
    /// The rule of a condition that was given.
    pub fn parse(source: &str, needs: &mut Needs) -> Result<Self, Error> {
        Filter::parse(source, needs).map(|filter| SuccessRule::Condition(Box::new(filter), source.to_owned()))
    }

    /// The rule that fits the files: by status where there is one, else by the levels of a request's entries.
    pub fn fitting(inputs: &Inputs) -> Self {
        let statuses = inputs.logs.iter().filter_map(|input| input.profile());
        if statuses.map(|profile| profile.status).any(|status| status != StatusKind::None) {
            SuccessRule::Status
        } else {
            SuccessRule::Levels
        }
    }

    /// Asks for what the rule looks at.
    pub fn ask(&self, needs: &mut Needs) {
        match self {
            // Its names were asked for when it was parsed.
            SuccessRule::Condition(..) => {}
            SuccessRule::Status => {
                needs.role(Role::Status);
            }
            SuccessRule::Levels => {
                needs.role(Role::Level);
                needs.role(Role::RequestId);
            }
        }
    }

    /// Did the request that this entry stands for succeed? `None` if it stands for none.
    pub fn of_entry(&self, slots: &Slots<'_>) -> Option<bool> {
        match self {
            SuccessRule::Condition(filter, _) => filter.decidable(slots).then(|| filter.matches(slots)),
            SuccessRule::Status => of_status(slots.role(Role::Status)),
            SuccessRule::Levels => None,
        }
    }

    /// The request that this entry belongs to and whether the entry speaks for its failure, where a request
    /// is several entries.
    pub fn of_request<'a>(&self, slots: &Slots<'a>) -> Option<(Value<'a>, bool)> {
        match self {
            SuccessRule::Levels => {
                let id = slots.role(Role::RequestId);
                id.is_some().then(|| (id, slots.level >= Some(Level::Error)))
            }
            _ => None,
        }
    }

    /// Does this entry by itself say that a request failed?
    pub fn says_failed(&self, slots: &Slots<'_>) -> bool {
        self.of_entry(slots) == Some(false) || self.of_request(slots).is_some_and(|(_, failed)| failed)
    }

    /// Do entries outside of every group matter to no group's requests?
    pub(super) fn is_within_groups(&self) -> bool {
        matches!(self, SuccessRule::Levels)
    }

    /// The rule in words.
    pub fn describe(&self) -> String {
        match self {
            SuccessRule::Condition(_, source) => source.clone(),
            SuccessRule::Status => "status < 500, or a word of success".to_owned(),
            SuccessRule::Levels => "no entry of level error or worse in the request".to_owned(),
        }
    }
}

/// Whether a status says that a request succeeded: an HTTP code below 500, or a word.
pub fn of_status(status: Value<'_>) -> Option<bool> {
    match status.number() {
        Some(code) if (100.0..600.0).contains(&code) => Some(code < 500.0),
        Some(_) => None,
        None => outcome(status),
    }
}

/// Does any file have a field that names requests?
pub fn has_request_ids(inputs: &Inputs) -> bool {
    inputs.logs.iter().filter_map(|input| input.profile()).any(|profile| {
        !profile.request_ids.is_empty()
            || profile
                .keys
                .iter()
                .any(|key| names::roles_of(key).iter().any(|(role, ..)| *role == Role::RequestId))
    })
}
