//! How much of a dashboard is answered: what would be too much is refused before it is asked, and what an answer has too
//! much of is left out with its count.

use std::collections::{BTreeMap, HashMap};
use std::ops::Add;

use super::board::{Dashboard, Language, Panel, Query, Row};
use super::choice::Choice;
use super::interpolate::clipped;
use crate::model::Error;
use crate::promql::Value;
use crate::report::account::counted;

/// More panels than this are refused, repeated ones counted.
const MOST_PANELS: usize = 10_000;
/// More queries of all panels are refused.
const MOST_QUERIES: usize = 20_000;
/// More bytes of repeated panels are refused.
const MOST_BYTES: usize = 128 << 20;
/// More queries of one panel are not asked: nobody sees them in a picture.
const MOST_OF_PANEL: usize = 200;
/// More points of one panel's series are left out.
const POINTS_OF_PANEL: usize = 1_000_000;
/// More points of all panels' series are left out.
const POINTS: usize = 10_000_000;
/// Longer queries of a panel are not asked, in bytes of all of them together, with the values of their variables.
pub(super) const TEXTS_OF_PANEL: usize = 512 << 10;
/// Where those of a dashboard are longer, later panels are not asked.
const TEXTS: usize = 16 << 20;

/// What is not in an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Queries that were not asked.
    pub queries: usize,
    /// Series that were found, and are not in the answer.
    pub series: usize,
}

impl Add for LeftOut {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        LeftOut { queries: self.queries + other.queries, series: self.series + other.series }
    }
}

impl LeftOut {
    /// Is everything there?
    pub fn is_nothing(self) -> bool {
        self == LeftOut::default()
    }

    /// For people.
    pub fn sentence(self) -> String {
        let queries = (self.queries > 0).then(|| {
            let count = counted(self.queries as u64, "query", "queries");
            format!("{count} (a panel asks at most {MOST_OF_PANEL}, a dashboard {} MB of them)", TEXTS >> 20)
        });
        let series = (self.series > 0).then(|| {
            let count = counted(self.series as u64, "series", "series");
            let most = |points: usize| counted(points as u64, "point", "points");
            format!("{count} (a panel has at most {}, a dashboard {})", most(POINTS_OF_PANEL), most(POINTS))
        });
        queries.into_iter().chain(series).collect::<Vec<_>>().join(", and ")
    }
}

/// What panels ask, with what they take from other panels.
pub(super) struct Questions<'d>(HashMap<i64, &'d Panel>);

impl<'d> Questions<'d> {
    pub(super) fn new(dashboard: &'d Dashboard) -> Self {
        let mut panels = HashMap::new();
        for panel in dashboard.panels() {
            panels.entry(panel.id).or_insert(panel);
        }
        Questions(panels)
    }

    /// The queries of all panels that are asked.
    pub(super) fn all(&self, dashboard: &'d Dashboard) -> impl Iterator<Item = &'d Query> {
        dashboard.panels().flat_map(|panel| self.of(panel).0)
    }

    /// The queries of a panel that are asked, and how many more there are.
    pub(super) fn of(&self, panel: &'d Panel) -> (Vec<&'d Query>, usize) {
        let mut asked = Vec::new();
        let mut more = 0_usize;
        let mut take = |query: &'d Query| {
            if asked.len() < MOST_OF_PANEL { asked.push(query) } else { more += 1 }
        };
        for query in &panel.queries {
            match query.language {
                // What another panel asks is asked here again.
                Language::Panel(id) => {
                    let other = self.0.get(&id).map_or(&[][..], |other| &other.queries);
                    other
                        .iter()
                        .filter(|query| !matches!(query.language, Language::Panel(_)))
                        .for_each(&mut take);
                }
                _ => take(query),
            }
        }
        (asked, more)
    }
}

/// For how many values something is repeated. What has no value is shown once.
pub(super) fn repetitions(name: Option<&String>, choices: &BTreeMap<String, Choice>) -> usize {
    name.and_then(|name| choices.get(name)).map_or(1, |choice| choice.values.len().max(1))
}

/// What grows with each repetition of a panel.
#[derive(Clone, Copy)]
struct Size {
    panels: usize,
    queries: usize,
    bytes: usize,
}

/// Refuses what would be too much, before anything is asked; without choices what is too much in any case.
///
/// # Errors
/// There are too many panels, queries, or bytes of them, repeated ones counted.
pub(super) fn check(
    dashboard: &Dashboard,
    choices: &BTreeMap<String, Choice>,
    questions: &Questions<'_>,
) -> Result<(), Error> {
    let size = |row: &Row, panel: &Panel| {
        let times = repetitions(row.repeat.as_ref(), choices) * repetitions(panel.repeat.as_ref(), choices);
        let values = [&row.repeat, &panel.repeat].into_iter().flatten().map(|name| longest(name, choices));
        let bytes = if times > 1 { weight(panel) + values.sum::<usize>() } else { 0 };
        let of = |each: usize| each.saturating_mul(times);
        Size { panels: times, queries: of(questions.of(panel).0.len()), bytes: of(bytes) }
    };
    let sizes: Vec<(&Row, &Panel, Size)> = dashboard
        .rows
        .iter()
        .flat_map(|row| row.panels.iter().map(move |panel| (row, panel)))
        .map(|(row, panel)| (row, panel, size(row, panel)))
        .collect();
    for (of, most, what) in [
        ((|size: &Size| size.panels) as fn(&Size) -> usize, MOST_PANELS, "panels"),
        (|size| size.queries, MOST_QUERIES, "queries"),
        (|size| size.bytes, MOST_BYTES, "bytes of repeated panels"),
    ] {
        let sum = sizes.iter().fold(0_usize, |sum, (.., size)| sum.saturating_add(of(size)));
        let largest = sizes.iter().max_by_key(|(.., size)| of(size));
        if let Some((row, panel, size)) = largest.filter(|_| sum > most) {
            let place = panel.line.map_or_else(String::new, |line| format!(":{line}"));
            let error = Error::input(format!(
                "{}{place}: \"{}\" would have {}, and at most {most} are drawn; of them {} come from the panel \"{}\"",
                dashboard.file,
                clipped(&dashboard.title),
                counted(sum as u64, what, what),
                counted(of(size) as u64, what, what),
                clipped(&panel.title),
            ));
            let variable = [&row.repeat, &panel.repeat]
                .into_iter()
                .flatten()
                .max_by_key(|name| repetitions(Some(*name), choices));
            return Err(error.hinted(match variable {
                Some(name) => format!("choose fewer values: --var {name}=VALUE"),
                None => "take some of them out, or part the dashboard".to_owned(),
            }));
        }
    }
    Ok(())
}

/// How long the longest value of a variable is.
fn longest(name: &str, choices: &BTreeMap<String, Choice>) -> usize {
    let values = choices.get(name).map_or(&[][..], |choice| &choice.values);
    values.iter().map(String::len).max().unwrap_or(0)
}

/// How large a panel is, about, in bytes.
fn weight(panel: &Panel) -> usize {
    let queries =
        panel.queries.iter().map(|query| query.text.len() + query.legend.len() + 200).sum::<usize>();
    let texts = queries + panel.title.len() + panel.description.len();
    let values = [&panel.fields, &panel.options].into_iter().chain(&panel.transformations);
    texts + values.map(|value| value.to_string().len()).sum::<usize>() + 500
}

/// Room for what answers hold.
pub(super) struct Room {
    points: usize,
    texts: usize,
}

impl Room {
    /// For one panel.
    pub(super) fn of_panel() -> Self {
        Room { points: POINTS_OF_PANEL, texts: usize::MAX }
    }

    /// For all panels of a dashboard.
    pub(super) fn of_dashboard() -> Self {
        Room { points: POINTS, texts: TEXTS }
    }

    /// Is there room for more queries?
    pub(super) fn is_full(&self) -> bool {
        self.texts == 0
    }

    /// Takes the room of a text of so many bytes.
    pub(super) fn take_text(&mut self, bytes: usize) {
        self.texts = self.texts.saturating_sub(bytes);
    }

    /// Keeps the first series of a value, as far as there is room for them; how many there are more?
    pub(super) fn keep(&mut self, value: &mut Value) -> usize {
        match value {
            Value::Matrix(series) => {
                let points = series.iter().map(|one| one.samples.len() + one.histograms.len());
                let kept = self.take(points);
                let more = series.len() - kept;
                series.truncate(kept);
                more
            }
            Value::Vector(samples) => {
                let kept = self.take(samples.iter().map(|_| 1));
                let more = samples.len() - kept;
                samples.truncate(kept);
                more
            }
            Value::Scalar(_) | Value::Text(_) => 0,
        }
    }

    /// How many of these there is room for.
    fn take(&mut self, points: impl Iterator<Item = usize>) -> usize {
        let mut kept = 0;
        for count in points {
            let Some(left) = self.points.checked_sub(count) else {
                // What comes later is not there, either: an answer ends somewhere, it has no holes.
                self.points = 0;
                break;
            };
            self.points = left;
            kept += 1;
        }
        kept
    }
}
