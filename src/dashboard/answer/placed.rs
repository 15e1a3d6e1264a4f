//! Panels at their places: each for every value that it, or its row, is repeated for.

use std::collections::BTreeMap;

use crate::dashboard::board::{Dashboard, Panel};
use crate::dashboard::choice::Choice;

/// A panel at its place, with what it is repeated for.
pub(super) struct Placed<'d> {
    pub(super) panel: &'d Panel,
    /// Its columns, which it may share with its repetitions.
    pub(super) width: u32,
    pub(super) row: Option<&'d str>,
    pub(super) local: BTreeMap<String, Choice>,
}

/// All panels: rows and panels for each value that they are repeated for.
pub(super) fn repeated<'d>(dashboard: &'d Dashboard, choices: &BTreeMap<String, Choice>) -> Vec<Placed<'d>> {
    // One without a value is shown once.
    let values = |name: Option<&String>| -> Vec<Option<(String, Choice)>> {
        let found = name.and_then(|name| Some((name, choices.get(name)?)));
        match found.filter(|(_, choice)| !choice.values.is_empty()) {
            Some((name, choice)) => {
                (0..choice.values.len()).map(|i| Some((name.clone(), choice.only(i)))).collect()
            }
            None => vec![None],
        }
    };
    let mut placed = Vec::new();
    for row in &dashboard.rows {
        for of_row in values(row.repeat.as_ref()) {
            for panel in &row.panels {
                let repetitions = values(panel.repeat.as_ref());
                let width = match panel.beside.filter(|_| repetitions.len() > 1) {
                    Some(most) => 24 / (repetitions.len() as u32).min(most).max(1),
                    None => panel.grid.width,
                };
                for of_panel in repetitions {
                    let local = of_row.clone().into_iter().chain(of_panel).collect();
                    placed.push(Placed { panel, width, row: row.title.as_deref(), local });
                }
            }
        }
    }
    placed
}
