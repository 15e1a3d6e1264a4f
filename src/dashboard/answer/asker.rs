//! What all panels of a dashboard are asked with.

use std::collections::BTreeMap;

use super::{Reasons, Typed};
use crate::dashboard::board::Dashboard;
use crate::dashboard::bounds::Questions;
use crate::dashboard::choice::Choice;
use crate::dashboard::variables::Data;

/// What panels are asked with.
pub(super) struct Asker<'a> {
    pub(super) dashboard: &'a Dashboard,
    pub(super) questions: Questions<'a>,
    pub(super) choices: &'a BTreeMap<String, Choice>,
    pub(super) typed: &'a Typed,
    pub(super) data: &'a Data<'a>,
    pub(super) reasons: Reasons<'a>,
}
