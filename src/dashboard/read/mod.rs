//! From a file to dashboards: what is around them is taken off, and their schema is told by what is in them.

mod classic;
mod json;
mod legacy;
mod library;
mod places;
mod query;
mod template;
mod v2;
mod variable;

use std::collections::BTreeMap;

use serde_json::Value;

pub use library::Library;

use super::board::Dashboard;
use super::bounds;
use super::interpolate::clipped;
use crate::model::Error;
use crate::model::unit::HumanCount;
use crate::report::account::counted;

/// Larger texts are refused: the largest dashboards that people share have five megabytes.
pub const LARGEST: usize = 16 << 20;

/// More panels than this are refused.
pub const MOST_PANELS: usize = 5_000;

/// Dashboards in dashboards, texts in texts: no deeper than this.
const DEEPEST: usize = 6;

/// The dashboards of a text, which may be none.
///
/// # Errors
/// The text is too large, neither JSON nor YAML, or a dashboard in it has too many panels.
pub fn read(file: &str, text: &str, library: &Library) -> Result<Vec<Dashboard>, Error> {
    let mut found = Vec::new();
    // What a file brings along comes before what others have.
    let mut own = None;
    for document in documents(file, text)? {
        if may_hold_library_panels(text) {
            own.get_or_insert_with(Library::default).take(&document);
        }
        unwrap(document, DEEPEST, &mut found);
    }
    let libraries: Vec<&Library> = own.iter().chain([library]).collect();
    // Ids tell panels apart only within one dashboard, and places are those of JSON.
    let lines = match found.len() {
        1 if text.trim_start().starts_with('{') => places::lines(text),
        _ => BTreeMap::new(),
    };
    let mut dashboards = Vec::new();
    for (value, schema) in &found {
        let mut dashboard = match schema {
            Schema::Classic => classic::dashboard(value, &libraries),
            Schema::Two => v2::dashboard(value, &libraries),
            Schema::Template => template::dashboard(value),
        };
        file.clone_into(&mut dashboard.file);
        for panel in dashboard.rows.iter_mut().flat_map(|row| &mut row.panels) {
            panel.line = lines.get(&panel.id).copied();
        }
        too_many(&dashboard)?;
        bounds::check(&dashboard, &BTreeMap::new(), &bounds::Questions::new(&dashboard))?;
        dashboards.push(dashboard);
    }
    Ok(dashboards)
}

/// Refuses more panels than are drawn, at the place of the first that is too much.
fn too_many(dashboard: &Dashboard) -> Result<(), Error> {
    let Some(first) = dashboard.panels().nth(MOST_PANELS) else { return Ok(()) };
    let place = first.line.map_or_else(String::new, |line| format!(":{line}"));
    let error = Error::input(format!(
        "{}{place}: the dashboard \"{}\" has {}; at most {} are drawn",
        dashboard.file,
        clipped(&dashboard.title),
        counted(dashboard.panels().count() as u64, "panel", "panels"),
        HumanCount(MOST_PANELS as u64)
    ));
    Err(error.hinted("part the dashboard, or take panels out"))
}

/// Takes the library panels of a text; are there some?
///
/// # Errors
/// The text is too large, or neither JSON nor YAML.
pub fn library(file: &str, text: &str, library: &mut Library) -> Result<bool, Error> {
    let before = library.len();
    if may_hold_library_panels(text) {
        documents(file, text)?.iter().for_each(|document| library.take(document));
    }
    Ok(library.len() > before)
}

/// Only texts with such words are read for library panels.
fn may_hold_library_panels(text: &str) -> bool {
    text.contains("\"model\"") || text.contains("LibraryPanel")
}

/// The values of a text: one of JSON, or the documents of YAML.
fn documents(file: &str, text: &str) -> Result<Vec<Value>, Error> {
    if text.len() > LARGEST {
        return Err(Error::input(format!(
            "{file}: is longer than {} MB, the most that is read of a dashboard",
            LARGEST >> 20
        )));
    }
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with(['{', '[']) {
        return match serde_json::from_str(text) {
            Ok(value) => Ok(vec![value]),
            Err(error) => Err(Error::input(format!(
                "{file}:{}:{}: is no JSON: {}",
                error.line(),
                error.column(),
                cause(&error)
            ))),
        };
    }
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_multiple_with_options(text, options)
        .map_err(|error| Error::input(format!("{file}: is neither JSON nor YAML: {error}")))
}

/// What is wrong, without the place, which stands before it.
fn cause(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Schema {
    Classic,
    Two,
    Template,
}

/// Takes off what is around dashboards: the answer of Grafana's API, objects of Kubernetes, lists.
fn unwrap(value: Value, depth: usize, found: &mut Vec<(Value, Schema)>) {
    if let Some(schema) = schema(&value) {
        found.push((value, schema));
        return;
    }
    if depth == 0 {
        return;
    }
    match value {
        Value::Array(items) => {
            for item in items {
                unwrap(item, depth - 1, found);
            }
        }
        Value::Object(mut map) => {
            let kind = map.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
            let name = map.get("metadata").and_then(|meta| json::some(meta, "name"));
            let mut inner: Vec<Value> = Vec::new();
            match kind.as_str() {
                // Its files are texts.
                "ConfigMap" | "Secret" => inner.extend(map.remove("data").into_iter().flat_map(texts)),
                "GrafanaDashboard" => inner.extend(map.remove("spec").and_then(|spec| texts(spec).next())),
                _ => {
                    for key in ["dashboard", "spec", "items", "resource"] {
                        inner.extend(map.remove(key).filter(|value| value.is_object() || value.is_array()));
                    }
                }
            }
            let before = found.len();
            for value in inner {
                unwrap(value, depth - 1, found);
            }
            if let [(Value::Object(one), _)] = &mut found[before..]
                && !one.contains_key("title")
            {
                one.extend(name.map(|name| ("title".to_owned(), Value::from(name))));
            }
        }
        _ => {}
    }
}

/// The values of an object that are written as texts of JSON.
fn texts(value: Value) -> impl Iterator<Item = Value> {
    let map = if let Value::Object(map) = value { map } else { serde_json::Map::new() };
    map.into_iter().filter_map(|(_, value)| serde_json::from_str(value.as_str()?).ok())
}

/// What schema a value has, if it is a dashboard: by the keys that only dashboards have. Panels alone do not make one;
/// other tools have such, too.
fn schema(value: &Value) -> Option<Schema> {
    let is_list = |key: &str| value.get(key).is_some_and(Value::is_array);
    if value.get("elements").is_some_and(Value::is_object)
        && value.get("layout").is_some_and(Value::is_object)
    {
        return Some(Schema::Two);
    }
    if template::is_one(value) {
        return Some(Schema::Template);
    }
    let of_grafana = |panel: &Value| {
        ["gridPos", "targets", "span", "fieldConfig", "libraryPanel"]
            .iter()
            .any(|key| panel.get(key).is_some())
    };
    let panels = || json::list(value, "panels").iter();
    let rows = || json::list(value, "rows").iter().flat_map(|row| json::list(row, "panels"));
    let known = value.get("schemaVersion").is_some_and(Value::is_number)
        || value.get("templating").is_some_and(Value::is_object)
        || panels().chain(rows()).any(of_grafana);
    (known && (is_list("panels") || is_list("rows") || value.get("schemaVersion").is_some()))
        .then_some(Schema::Classic)
}
