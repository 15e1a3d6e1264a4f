//! Heat maps of series that are no buckets: how many values lie where, column by column.

use super::Drawing;
use crate::dashboard::fields::Look;
use crate::dashboard::frame::{Cell, Kind};
use crate::model::Timestamp;
use crate::report::heat::HeatMap;
use crate::report::{Report, Section};

/// Columns and rows of a map.
const COLUMNS: i64 = 60;
const ROWS: usize = 12;

/// Counts the values of all series.
pub(super) fn counted(drawing: &Drawing<'_>, report: &mut Report) {
    let mut points: Vec<(i64, f64)> = Vec::new();
    let mut shown: Option<Look> = None;
    for frame in &drawing.frames {
        let Some(times) = frame.times() else { continue };
        for field in frame.fields.iter().filter(|field| field.kind == Kind::Number) {
            shown.get_or_insert_with(|| drawing.look(field));
            points.extend(times.cells.iter().zip(&field.cells).filter_map(|(at, cell)| {
                match (at, cell.number()) {
                    (Cell::Time(at), Some(value)) if value.is_finite() => Some((*at, value)),
                    _ => None,
                }
            }));
        }
    }
    let bounds = points.iter().fold(None, |bounds, (_, value)| match bounds {
        None => Some((*value, *value)),
        Some((low, high)) => Some((f64::min(low, *value), f64::max(high, *value))),
    });
    let (Some((low, high)), Some(look)) = (bounds, shown) else { return };
    let timing = &drawing.asked.timing;
    let every = ((timing.to - timing.from) / COLUMNS).max(1);
    let height = if high > low { (high - low) / ROWS as f64 } else { 1.0 };
    let mut rows = vec![vec![0_u64; COLUMNS as usize + 1]; ROWS];
    for (at, value) in points {
        let row = (((value - low) / height) as usize).min(ROWS - 1);
        if let Some(count) = rows[row].get_mut(((at - timing.from) / every).max(0) as usize) {
            *count += 1;
        }
    }
    let from = Timestamp::from_millis(timing.from).unwrap_or_default();
    let label = |row: usize| look.number(low + height * (row + 1) as f64).into();
    let rows = rows.into_iter().enumerate().map(|(row, counts)| (label(row), counts));
    report.push(Section::HeatMap(HeatMap { rows: rows.collect(), from, every: every * 1_000_000 }));
}
