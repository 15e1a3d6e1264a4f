//! The classic schema, from rows of panels with a span (below 16) to panels on a grid.

use serde_json::Value;

use super::json::{list, number, some, text, truth, whole, words};
use super::legacy;
use super::library::Library;
use super::query::{Sources, query};
use super::variable;
use crate::dashboard::board::{Absent, Dashboard, Grid, Panel, Row, Variable};
use crate::dashboard::kinds;

/// The dashboard.
pub(super) fn dashboard(value: &Value, libraries: &[&Library]) -> Dashboard {
    let variables: Vec<Variable> = value
        .get("templating")
        .map_or(&[][..], |templating| list(templating, "list"))
        .iter()
        .map(variable::classic)
        .collect();
    let reader = Reader::new(Sources::new(value, &variables), libraries);
    let mut rows = reader.rows(list(value, "panels"));
    rows.extend(list(value, "rows").iter().map(|row| reader.old_row(row)));
    rows.retain(|row| !row.panels.is_empty() || row.title.is_some());
    Dashboard { file: String::new(), title: words(value, "title"), uid: words(value, "uid"), variables, rows }
}

/// What panels are read with.
pub(super) struct Reader<'v> {
    sources: Sources,
    libraries: &'v [&'v Library],
}

impl<'v> Reader<'v> {
    /// Of what the dashboard calls its data sources.
    pub(super) fn new(sources: Sources, libraries: &'v [&'v Library]) -> Self {
        Reader { sources, libraries }
    }

    /// Panels on a grid, in which rows are panels, too: what follows one is in it.
    fn rows(&self, panels: &[Value]) -> Vec<Row> {
        let mut rows = vec![Row::default()];
        let mut ordered: Vec<&Value> = panels.iter().collect();
        if ordered.iter().all(|panel| panel.get("gridPos").is_some()) {
            ordered.sort_by_key(|panel| {
                let grid = grid(panel);
                (grid.y, grid.x)
            });
        }
        for value in ordered {
            if text(value, "type") == Some("row") {
                rows.push(Row {
                    title: Some(words(value, "title")),
                    repeat: some(value, "repeat"),
                    collapsed: truth(value, "collapsed"),
                    panels: list(value, "panels").iter().map(|panel| self.panel(panel)).collect(),
                });
            } else if let Some(row) = rows.last_mut() {
                row.panels.push(self.panel(value));
            }
        }
        rows
    }

    /// A row as it was before there was a grid: twelve columns, which panels fill from the left.
    fn old_row(&self, value: &Value) -> Row {
        let height = match value.get("height") {
            Some(Value::String(text)) => text.trim_end_matches("px").trim().parse().unwrap_or(250.0),
            Some(Value::Number(pixels)) => pixels.as_f64().unwrap_or(250.0),
            _ => 250.0,
        };
        let height = ((height / 38.0).ceil() as u32).clamp(2, 60);
        let (mut x, mut y) = (0, 0);
        let mut panels = Vec::new();
        for value in list(value, "panels") {
            let mut panel = self.panel(value);
            let width = (number(value, "span").unwrap_or(4.0) * 2.0).clamp(1.0, 24.0) as u32;
            if x + width > 24 {
                (x, y) = (0, y + height);
            }
            panel.grid = Grid { x, y, width, height };
            x += width;
            panels.push(panel);
        }
        let shown = value.get("showTitle").and_then(Value::as_bool).unwrap_or(true);
        Row {
            title: some(value, "title").filter(|_| shown),
            repeat: some(value, "repeat"),
            collapsed: truth(value, "collapse"),
            panels,
        }
    }

    fn panel(&self, value: &Value) -> Panel {
        let library = value.get("libraryPanel");
        let bare = value.get("type").is_none() || text(value, "type") == Some("library-panel-ref");
        if let Some(library) = library.filter(|_| bare) {
            return self.of_library(library, self.plain(value));
        }
        self.plain(value)
    }

    /// A panel of a library, at the place of this one.
    pub(super) fn of_library(&self, reference: &Value, at: Panel) -> Panel {
        let Some(model) = self.libraries.iter().find_map(|library| library.model(reference)) else {
            let name = some(reference, "name").or_else(|| some(reference, "uid"));
            return Panel { absent: Some(Absent::Library(name.unwrap_or_default())), ..at };
        };
        let found = self.plain(model);
        let title = if found.title.is_empty() { at.title } else { found.title };
        let repeat = at.repeat.or(found.repeat);
        Panel { id: at.id, grid: at.grid, repeat, beside: at.beside, title, ..found }
    }

    fn plain(&self, value: &Value) -> Panel {
        let source = value.get("datasource").filter(|source| !source.is_null());
        let kind = legacy::kind(value);
        let targets = list(value, "targets").iter().filter(|_| !kinds::never_asks(&kind));
        Panel {
            id: whole(value, "id").unwrap_or(0),
            line: None,
            title: words(value, "title"),
            description: words(value, "description"),
            grid: grid(value),
            repeat: some(value, "repeat"),
            beside: beside(value, "repeatDirection"),
            queries: targets.filter_map(|target| query(target, source, &self.sources)).collect(),
            kind,
            transformations: list(value, "transformations").to_vec(),
            fields: legacy::fields(value),
            options: legacy::options(value),
            max_points: whole(value, "maxDataPoints").filter(|points| *points > 0),
            interval: some(value, "interval"),
            time_from: some(value, "timeFrom"),
            time_shift: some(value, "timeShift"),
            absent: None,
        }
    }
}

/// How many repetitions of a panel stand beside each other, which was once said as the least width of each.
pub(super) fn beside(value: &Value, direction: &str) -> Option<u32> {
    if text(value, direction) == Some("v") {
        return None;
    }
    let of_span = whole(value, "minSpan").filter(|span| (1..=24).contains(span)).map(|span| 24 / span);
    Some(whole(value, "maxPerRow").or(of_span).unwrap_or(4).clamp(1, 24) as u32)
}

/// Where a panel stands.
fn grid(value: &Value) -> Grid {
    let place = value.get("gridPos").unwrap_or(&Value::Null);
    let at = |key: &str, most: i64| whole(place, key).map(|number| number.clamp(0, most) as u32);
    Grid {
        x: at("x", 23).unwrap_or(0),
        y: at("y", 1_000_000).unwrap_or(0),
        width: at("w", 24).filter(|width| *width > 0).unwrap_or(12),
        height: at("h", 1_000).filter(|height| *height > 0).unwrap_or(8),
    }
}
