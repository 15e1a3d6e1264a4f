//! `obs stats --heat-map`: how values spread over time.

use serde::Serialize;

use super::super::session::Session;
use super::in_unit;
use crate::filter::Filter;
use crate::model::{Account, Needs, TimeRange, Unit};
use crate::report::{HeatMap, Report, Section};
use crate::stats::heat::{self, Spread};
use crate::stats::{Measure, Question};

/// Counts by moment and by size.
#[derive(Debug, Serialize)]
pub(super) struct HeatJson {
    from: String,
    every_seconds: f64,
    /// What each row holds at most.
    bounds: Vec<f64>,
    /// By moment, then by row.
    counts: Vec<Vec<u64>>,
}

impl From<Spread> for HeatJson {
    fn from(spread: Spread) -> Self {
        HeatJson {
            from: spread.from.to_string(),
            every_seconds: spread.every as f64 / 1e9,
            bounds: spread.bounds,
            counts: spread.counts,
        }
    }
}

/// The spread in steps as asked for, or else in round ones over the `whole` input.
pub(super) fn map(
    session: &Session,
    question: &Question,
    needs: &Needs,
    (filter, range): (&Filter, TimeRange),
    whole: &Account,
) -> Option<Spread> {
    let from = range.from.or(whole.from)?.max(whole.from?);
    let until = range.until.or(whole.to)?.min(whole.to?);
    let every = question.every.unwrap_or_else(|| heat::round_step(until.0.saturating_sub(from.0)));
    let (value, needs) = (question.value.as_str(), needs.clone());
    heat::spread(&session.inputs, value, every, needs, (filter, range), &session.config.scan)
}

/// The spread as a picture.
pub(super) fn tell(report: &mut Report, spread: Option<&Spread>, value: &str) {
    report.heading(format!("How {value} spread over time"));
    let Some(spread) = spread else {
        report.paragraph(format!("No entry has both a time and a {value}."));
        return;
    };
    let unit = Measure::of(value, &mut Needs::none()).unit().map(Unit::symbol);
    let row = |(at, bound): (usize, &f64)| {
        let counts = spread.counts.iter().map(|column| column[at]).collect();
        (format!("≤ {}", in_unit(*bound, unit).shown().json()).into(), counts)
    };
    let rows = spread.bounds.iter().enumerate().map(row).collect();
    report.push(Section::HeatMap(HeatMap { rows, from: spread.from, every: spread.every }));
}
