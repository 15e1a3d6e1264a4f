//! What the data says to each panel of a dashboard.

mod ask;
mod asker;
mod compute;
mod placed;
mod wanted;
mod why;

use std::collections::BTreeMap;

use rayon::prelude::*;

pub use self::wanted::wanted;

use self::asker::Asker;
use self::placed::repeated;
use super::board::{Dashboard, Panel, Query};
use super::bounds::{self, LeftOut, Questions, Room};
use super::choice::Choice;
use super::interpolate::{self, Scope};
use super::timing::Timing;
use super::variables::{self, Data};
use crate::model::{Error, Labels};
use crate::promql::{Annotation, Expr, Value};

/// A dashboard, and what the data says to it.
#[derive(Clone, Debug, Default)]
pub struct Answered {
    /// The file that it was read from.
    pub file: String,
    /// Its title, variables replaced.
    pub title: String,
    /// What was chosen of each variable, in the dashboard's order.
    pub variables: Vec<(String, Choice)>,
    /// Its panels, repeated ones for each value.
    pub panels: Vec<AskedPanel>,
    /// The times that it shows.
    pub timing: Timing,
}

/// A panel, and what the data says to it.
#[derive(Clone, Debug, Default)]
pub struct AskedPanel {
    /// The panel, variables in its texts replaced.
    pub panel: Panel,
    /// The title of its row.
    pub row: Option<String>,
    /// The values that it is repeated for, by the names of the variables.
    pub repeated: Vec<(String, String)>,
    /// Is there something to see in it?
    pub status: Status,
    /// Why not; empty where there is nothing to say.
    pub reason: String,
    /// Its queries.
    pub asked: Vec<Asked>,
    /// What of it is not here.
    pub left_out: LeftOut,
    /// The times that it shows.
    pub timing: Timing,
}

/// A query, and what the data says to it.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The query as it is written.
    pub query: Query,
    /// The expression that was evaluated, or what was asked in another language.
    pub expr: String,
    /// How it went.
    pub status: Status,
    /// Why there is nothing.
    pub message: String,
    /// The answer.
    pub value: Option<Value>,
    /// Series of it that are not here.
    pub left_out: usize,
    /// How long it is with the values of its variables, in bytes; `expr` may be only the beginning.
    pub length: usize,
    /// What should be known about it.
    pub annotations: Vec<Annotation>,
    /// The times of evaluation.
    pub timing: Timing,
    /// Was it evaluated at the end only?
    pub instant: bool,
}

/// How a question went, from good to bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// There is a sample.
    #[default]
    Ok,
    /// It asks something that is no metrics source.
    Unsupported,
    /// There is none.
    Empty,
    /// It cannot be evaluated.
    Error,
}

impl Status {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Unsupported => "unsupported",
            Status::Empty => "empty",
            Status::Error => "error",
        }
    }
}

/// Why an expression gives nothing, in sentences; none where every selector finds series.
pub type Reasons<'r> = &'r (dyn Fn(&Expr) -> Vec<String> + Sync);

/// What was typed beside the dashboard.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// Values of variables.
    pub variables: Vec<(String, String)>,
    /// The step of every range query, in milliseconds.
    pub step: Option<i64>,
}

/// Panels that are asked before what they hold is counted.
const TOGETHER: usize = 32;

/// Answers a dashboard.
///
/// # Errors
/// Its variables refer to each other in a circle, or there are too many panels.
pub fn answer(
    dashboard: &Dashboard,
    typed: &Typed,
    data: &Data<'_>,
    reasons: Reasons<'_>,
) -> Result<Answered, Error> {
    let mut choices = variables::resolve(dashboard, &typed.variables, data)?;
    choices
        .entry("__dashboard".to_owned())
        .or_insert_with(|| Choice::one(interpolate::clipped(&dashboard.title)));
    let questions = Questions::new(dashboard);
    bounds::check(dashboard, &choices, &questions)?;
    let none = BTreeMap::new();
    let scope = Scope { choices: &choices, local: &none, timing: &data.timing };
    let asker = Asker { dashboard, questions, choices: &choices, typed, data, reasons };
    let mut panels: Vec<AskedPanel> = Vec::new();
    let mut room = Room::of_dashboard();
    // What there is no room for goes before more is asked.
    for placed in repeated(dashboard, &choices).chunks(TOGETHER) {
        let ask = |placed| if room.is_full() { asker.unasked(placed) } else { asker.panel(placed) };
        let mut answered: Vec<AskedPanel> = placed.par_iter().map(ask).collect();
        for panel in &mut answered {
            fit(&mut room, panel);
        }
        panels.append(&mut answered);
    }
    let named = dashboard.variables.iter().filter_map(|variable| {
        choices.get(&variable.name).map(|choice| (variable.name.clone(), choice.clone()))
    });
    Ok(Answered {
        file: dashboard.file.clone(),
        title: scope.heading(&dashboard.title),
        variables: named.collect(),
        panels,
        timing: data.timing,
    })
}

/// How many series a value has.
pub fn count(value: &Value) -> usize {
    match value {
        Value::Scalar(_) | Value::Text(_) => 1,
        Value::Vector(samples) => samples.len(),
        Value::Matrix(series) => series.len(),
    }
}

/// The labels of a value's series, in order.
pub fn labels(value: &Value) -> Vec<&Labels> {
    match value {
        Value::Scalar(_) | Value::Text(_) => Vec::new(),
        Value::Vector(samples) => samples.iter().map(|sample| &sample.labels).collect(),
        Value::Matrix(series) => series.iter().map(|series| &series.labels).collect(),
    }
}

/// Keeps of a panel's answers what there is room for, the first ones first.
fn fit(room: &mut Room, panel: &mut AskedPanel) {
    for asked in &mut panel.asked {
        let more = asked.value.as_mut().map_or(0, |value| room.keep(value));
        asked.left_out += more;
        panel.left_out.series += more;
        room.take_text(asked.length);
    }
}
