//! The second schema: elements by name, and a layout that says where they stand.

use serde_json::{Value, json};

use super::classic;
use super::json::{list, some, text, truth, whole, words};
use super::library::Library;
use super::query::{Sources, query};
use super::variable;
use crate::dashboard::board::{Absent, Dashboard, Grid, Panel, Query, Row, Variable};
use crate::dashboard::kinds;

/// The dashboard.
pub(super) fn dashboard(value: &Value, libraries: &[&Library]) -> Dashboard {
    let reader = Reader::new(value, libraries);
    let mut rows = Vec::new();
    reader.layout(value.get("layout").unwrap_or(&Value::Null), &Row::default(), &mut rows);
    Dashboard {
        file: String::new(),
        title: words(value, "title"),
        uid: words(value, "uid"),
        variables: reader.variables,
        rows,
    }
}

/// What panels are read with.
pub(super) struct Reader<'v> {
    elements: &'v Value,
    sources: Sources,
    libraries: &'v [&'v Library],
    pub(super) variables: Vec<Variable>,
}

fn spec(value: &Value) -> &Value {
    value.get("spec").unwrap_or(&Value::Null)
}

/// The variable for whose values something is repeated.
fn repeat(value: &Value) -> Option<String> {
    let given = value.get("repeat")?;
    some(given, "value")
}

impl<'v> Reader<'v> {
    /// Of a dashboard's `spec`.
    pub(super) fn new(value: &'v Value, libraries: &'v [&'v Library]) -> Self {
        let variables: Vec<Variable> = list(value, "variables").iter().map(variable::v2).collect();
        let sources = Sources::new(value, &variables);
        Reader { elements: value.get("elements").unwrap_or(&Value::Null), sources, libraries, variables }
    }

    /// A panel of a template, as far as it says itself what it is.
    pub(super) fn of_class(&self, value: &Value) -> Panel {
        let panel = self.panel(value);
        let class = words(value, "class");
        if panel.options.get("content").is_some() {
            return Panel { kind: "text".to_owned(), ..panel };
        }
        let absent = panel.queries.is_empty().then(|| Absent::Class(class.clone()));
        let kind = if panel.kind.is_empty() { class } else { panel.kind };
        Panel { kind, absent, ..panel }
    }

    /// A layout within a row, which may hold rows, tabs and more layouts.
    fn layout(&self, layout: &Value, within: &Row, rows: &mut Vec<Row>) {
        let spec_of = spec(layout);
        let titled = |value: &Value| {
            let own = some(value, "title");
            let title = match (&within.title, own) {
                (Some(outer), Some(own)) => Some(format!("{outer} / {own}")),
                (outer, own) => own.or_else(|| outer.clone()),
            };
            let collapsed = truth(value, "collapse") || truth(value, "collapsed");
            Row {
                title,
                repeat: repeat(value).or_else(|| within.repeat.clone()),
                collapsed,
                panels: Vec::new(),
            }
        };
        for inner in list(spec_of, "rows").iter().chain(list(spec_of, "tabs")).map(spec) {
            self.layout(inner.get("layout").unwrap_or(&Value::Null), &titled(inner), rows);
        }
        let mut row = within.clone();
        for (at, item) in list(spec_of, "items").iter().enumerate() {
            let inner = spec(item);
            if text(item, "kind") == Some("GridLayoutRow") {
                let mut titled = titled(inner);
                titled.panels = list(inner, "elements")
                    .iter()
                    .enumerate()
                    .filter_map(|(at, item)| self.item(spec(item), at))
                    .collect();
                rows.push(titled);
            } else {
                row.panels.extend(self.item(inner, at));
            }
        }
        if !row.panels.is_empty() {
            // Panels outside of rows come first.
            let place = if within.title.is_none() { 0 } else { rows.len() };
            rows.insert(place, row);
        }
    }

    /// The panel that stands in a place of the layout.
    fn item(&self, item: &Value, at: usize) -> Option<Panel> {
        let element = self.elements.get(text(item.get("element")?, "name")?)?;
        let number = |key: &str| whole(item, key).map(|number| number.clamp(0, 1_000_000) as u32);
        // Without a place panels stand three in a row.
        let (column, line) = (at as u32 % 3, at as u32 / 3);
        let grid = Grid {
            x: number("x").unwrap_or(column * 8).min(23),
            y: number("y").unwrap_or(line * 8),
            width: number("width").filter(|width| *width > 0).unwrap_or(8).min(24),
            height: number("height").filter(|height| *height > 0).unwrap_or(8),
        };
        let panel = self.panel(element);
        let given = item.get("repeat").unwrap_or(&Value::Null);
        Some(Panel { grid, repeat: repeat(item), beside: classic::beside(given, "direction"), ..panel })
    }

    fn panel(&self, element: &Value) -> Panel {
        let value = spec(element);
        let panel = Panel {
            id: whole(value, "id").unwrap_or(0),
            title: words(value, "title"),
            description: words(value, "description"),
            ..Panel::default()
        };
        if text(element, "kind") == Some("LibraryPanel") {
            let library = value.get("libraryPanel").unwrap_or(&Value::Null);
            let classic = classic::Reader::new(self.sources.clone(), self.libraries);
            return classic.of_library(library, panel);
        }
        let drawn = value.get("vizConfig").unwrap_or(&Value::Null);
        // The type is the kind at first, later the group.
        let kind = some(drawn, "group").or_else(|| some(drawn, "kind")).unwrap_or_default();
        let kind = kinds::today(&kind).to_owned();
        let data = value.get("data").map_or(&Value::Null, spec);
        let queries = list(data, "queries").iter().filter(|_| !kinds::never_asks(&kind));
        let asked = data.get("queryOptions").unwrap_or(&Value::Null);
        Panel {
            queries: queries.filter_map(|query| self.query(spec(query))).collect(),
            kind,
            transformations: list(data, "transformations").iter().map(transformation).collect(),
            fields: spec(drawn).get("fieldConfig").cloned().unwrap_or_default(),
            options: spec(drawn).get("options").cloned().unwrap_or_default(),
            max_points: whole(asked, "maxDataPoints").filter(|points| *points > 0),
            interval: some(asked, "interval"),
            time_from: some(asked, "timeFrom"),
            time_shift: some(asked, "timeShift"),
            ..panel
        }
    }

    fn query(&self, value: &Value) -> Option<Query> {
        let asked = value.get("query").unwrap_or(&Value::Null);
        // The type of the data source stands beside the question: as its kind, its group, or a reference.
        let kind = some(asked, "group").or_else(|| some(asked, "kind").filter(|kind| kind != "DataQuery"));
        let named =
            value.get("datasource").or_else(|| asked.get("datasource")).filter(|named| !named.is_null());
        let source = match kind {
            // Grafana's own is told apart by its name.
            Some(kind) => Some(
                json!({"type": kind, "uid": named.and_then(|named| some(named, "uid").or_else(|| some(named, "name")))}),
            ),
            None => named.cloned(),
        };
        let found = query(spec(asked), source.as_ref(), &self.sources)?;
        let reference = some(value, "refId").unwrap_or(found.reference);
        Some(Query { reference, hidden: truth(value, "hidden"), ..found })
    }
}

/// A transformation as the classic schema writes it.
fn transformation(value: &Value) -> Value {
    let inner = spec(value);
    let id = some(inner, "id").or_else(|| some(value, "group")).or_else(|| some(value, "kind"));
    json!({
        "id": id,
        "options": inner.get("options"),
        "disabled": truth(inner, "disabled"),
        "filter": inner.get("filter"),
    })
}
