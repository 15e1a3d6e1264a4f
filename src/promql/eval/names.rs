//! What becomes of metric names: dropped by most functions, at once or at the end.

use std::hash::BuildHasher;

use hashbrown::HashTable;

use super::{Column, Evaluator, Outcome, Steps, fail, present};
use crate::model::Labels;
use crate::model::Series;
use crate::promql::ast::{Node, Span};
use crate::promql::value::Value;

/// The labels that say what a metric is; they go where the name goes.
const RESERVED: [&str; 3] = [Labels::NAME, "__type__", "__unit__"];

/// The labels without the metric's name, type and unit.
pub(in crate::promql) fn without_name(labels: &Labels) -> Labels {
    let mut labels = labels.clone();
    labels.retain(|name| !RESERVED.contains(&name));
    labels
}

/// Is this one of the labels that go where the name goes?
pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// Makes one column of all with the same labels, unless two have a value at the same time.
pub(in crate::promql) fn merge(columns: Vec<Column>, span: Span) -> Outcome<Vec<Column>> {
    let hasher = foldhash::fast::RandomState::default();
    let mut known: HashTable<usize> = HashTable::with_capacity(columns.len());
    let mut merged: Vec<Column> = Vec::with_capacity(columns.len());
    for column in columns {
        let hashed = hasher.hash_one(&column.labels);
        let place = known.find(hashed, |&place| merged[place].labels == column.labels).copied();
        let Some(place) = place else {
            known.insert_unique(hashed, merged.len(), |&place| hasher.hash_one(&merged[place].labels));
            merged.push(column);
            continue;
        };
        let merged = &mut merged[place];
        for i in 0..column.cells.len() {
            if !present(column.cells[i]) {
                continue;
            }
            if present(merged.cells[i]) {
                return fail(span, "vector cannot contain metrics with the same labelset");
            }
            merged.set(i, column.held(i));
        }
    }
    Ok(merged)
}

/// Drops the names that are still to be dropped.
pub(super) fn cleaned(mut columns: Vec<Column>, span: Span) -> Outcome<Vec<Column>> {
    let mut changed = false;
    for column in columns.iter_mut().filter(|column| column.drop_name) {
        column.labels = without_name(&column.labels);
        changed = true;
    }
    if changed { merge(columns, span) } else { Ok(columns) }
}

impl<'a> Evaluator<'a> {
    /// Drops the names of all columns: at once, or at the end if that is the option.
    pub(in crate::promql) fn unnamed(
        &mut self,
        mut columns: Vec<Column>,
        span: Span,
    ) -> Outcome<Vec<Column>> {
        if self.options.delayed_name_removal {
            for column in &mut columns {
                column.drop_name = true;
            }
            return Ok(columns);
        }
        for column in &mut columns {
            column.labels = without_name(&column.labels);
        }
        merge(columns, span)
    }

    /// The value of a range vector at one time.
    pub(super) fn matrix(&mut self, node: &'a Node, steps: Steps) -> Outcome<Value> {
        let ranges = self.ranges(node, steps)?;
        let mut matrix = Vec::new();
        for series in &ranges.series {
            let labels = if series.drop_name { without_name(&series.labels) } else { series.labels.clone() };
            ranges.windows(series, steps, |_, window| {
                let samples = window.extended();
                if !samples.is_empty() || !window.histograms.is_empty() {
                    matrix.push(Series {
                        labels: labels.clone(),
                        samples: samples.into_owned(),
                        histograms: window.histograms.to_vec(),
                    });
                }
            });
        }
        matrix.sort_by(|a, b| a.labels.cmp(&b.labels));
        if matrix.windows(2).any(|pair| pair[0].labels == pair[1].labels) {
            return fail(node.span, "vector cannot contain metrics with the same labelset");
        }
        Ok(Value::Matrix(matrix))
    }
}
