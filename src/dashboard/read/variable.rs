//! Variables of both schemas.

use serde_json::Value;

use super::json::{list, some, text, truth, whole, words};
use super::query::{language_of, prometheus};
use crate::dashboard::board::{AdHoc, Sort, SortBy, Variable, VariableKind};

/// A variable of the classic schema.
pub(super) fn classic(value: &Value) -> Variable {
    variable(text(value, "type").unwrap_or("query"), value)
}

/// A variable of the second schema: its kind beside what it is.
pub(super) fn v2(value: &Value) -> Variable {
    let kind = text(value, "kind").unwrap_or_default().trim_end_matches("Variable").to_lowercase();
    variable(&kind, value.get("spec").unwrap_or(value))
}

fn variable(kind: &str, value: &Value) -> Variable {
    let query = || match value.get("query") {
        Some(Value::String(text)) => text.clone(),
        _ => String::new(),
    };
    let current = current(value);
    let first = || current.first().cloned();
    let kind = match kind {
        "query" => of_query(value),
        "custom" => VariableKind::Custom(some(value, "query").unwrap_or_else(|| options(value))),
        "constant" => VariableKind::Constant(some(value, "query").or_else(first).unwrap_or_default()),
        "interval" => VariableKind::Interval {
            values: some(value, "query").unwrap_or_else(|| options(value)),
            auto: truth(value, "auto").then(|| {
                let least = some(value, "auto_min").unwrap_or_else(|| "10s".to_owned());
                (whole(value, "auto_count").unwrap_or(30).clamp(1, 10_000), least)
            }),
        },
        "datasource" => VariableKind::Source(some(value, "pluginId").unwrap_or_else(query)),
        "textbox" | "text" => VariableKind::Text(first().unwrap_or_else(query)),
        "switch" => VariableKind::Constant(first().unwrap_or_default()),
        "adhoc" => VariableKind::Filters(filters(value)),
        "groupby" => VariableKind::Groups(current.clone()),
        other => VariableKind::Other(other.to_owned()),
    };
    Variable {
        name: words(value, "name"),
        kind,
        regex: words(value, "regex"),
        sort: sort(value.get("sort")),
        multi: truth(value, "multi"),
        include_all: truth(value, "includeAll"),
        all_value: some(value, "allValue"),
        current,
    }
}

/// The question of a query variable: a text, or an object in which each editor put it elsewhere.
fn of_query(value: &Value) -> VariableKind {
    let query = value.get("query");
    // In the second schema the data source is named beside the question.
    let group = query.and_then(|query| some(query, "group"));
    let source = value.get("datasource").and_then(|source| some(source, "type")).or(group);
    if let Some(language) = source.as_deref().and_then(language_of) {
        return VariableKind::Foreign(language);
    }
    let known = source.as_deref().is_some_and(prometheus);
    let spec = query.and_then(|query| query.get("spec")).or(query);
    let asked = match spec {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Object(_)) => {
            let spec = spec.unwrap_or(&Value::Null);
            let asked = ["query", "__legacyStringValue", "expr"].iter().find_map(|key| some(spec, key));
            match asked.or_else(|| built(spec)) {
                Some(asked) => asked,
                None => some(value, "definition").unwrap_or_default(),
            }
        }
        _ => some(value, "definition").unwrap_or_default(),
    };
    // Questions of other stores have keys of their own.
    let foreign =
        !known && spec.is_some_and(|spec| spec.get("type").is_some() && spec.get("field").is_some());
    if foreign {
        VariableKind::Foreign("a query of another store".to_owned())
    } else {
        VariableKind::Query(asked)
    }
}

/// The question that the query editor keeps in parts.
fn built(spec: &Value) -> Option<String> {
    let metric = words(spec, "metric");
    match (whole(spec, "qryType")?, some(spec, "label")) {
        (0, _) => Some(format!("label_names({metric})")),
        (1, Some(label)) if metric.is_empty() => Some(format!("label_values({label})")),
        (1, Some(label)) => Some(format!("label_values({metric}, {label})")),
        (2, _) => Some(format!("metrics({})", words(spec, "metricRegex"))),
        (3, _) => Some(format!("query_result({})", words(spec, "varQuery"))),
        (4, _) => some(spec, "seriesQuery"),
        _ => None,
    }
}

/// The values that an editor listed, where the list as it was typed is not there.
fn options(value: &Value) -> String {
    let values = list(value, "options").iter().filter_map(|option| some(option, "value"));
    let values = values.filter(|value| !value.starts_with("$__"));
    values.map(|value| value.replace(',', "\\,")).collect::<Vec<_>>().join(",")
}

fn current(value: &Value) -> Vec<String> {
    let Some(current) = value.get("current") else { return Vec::new() };
    let as_text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    };
    let chosen: Vec<String> = match current.get("value") {
        Some(Value::Array(values)) => values.iter().filter_map(as_text).collect(),
        Some(value) => as_text(value).into_iter().collect(),
        // A switch keeps its value bare.
        None => as_text(current).into_iter().collect(),
    };
    let chosen: Vec<String> = chosen.into_iter().filter(|value| !value.is_empty()).collect();
    // Old dashboards name only what people read.
    let read = match current.get("text") {
        Some(Value::Array(texts)) => texts.iter().filter_map(as_text).collect(),
        text => text.and_then(as_text).into_iter().collect::<Vec<_>>(),
    };
    if chosen.is_empty() { read.into_iter().filter(|text| !text.is_empty()).collect() } else { chosen }
}

fn filters(value: &Value) -> Vec<AdHoc> {
    let given = ["baseFilters", "filters"].iter().flat_map(|key| list(value, key));
    let filter = |filter: &Value| {
        let several: Vec<&str> = list(filter, "values").iter().filter_map(Value::as_str).collect();
        let value = if several.len() > 1 { several.join("|") } else { words(filter, "value") };
        AdHoc { key: words(filter, "key"), operator: words(filter, "operator"), value }
    };
    given.map(filter).filter(|filter| !filter.key.is_empty()).collect()
}

/// The order, as a number or in words.
fn sort(value: Option<&Value>) -> Sort {
    let of = |by, descending| Sort { by, descending };
    match value {
        Some(Value::Number(number)) => match number.as_i64() {
            Some(1) => of(SortBy::Letters, false),
            Some(2) => of(SortBy::Letters, true),
            Some(3) => of(SortBy::Number, false),
            Some(4) => of(SortBy::Number, true),
            Some(5) => of(SortBy::AnyCase, false),
            Some(6) => of(SortBy::AnyCase, true),
            Some(7) => of(SortBy::Natural, false),
            Some(8) => of(SortBy::Natural, true),
            _ => Sort::default(),
        },
        Some(Value::String(word)) => {
            let descending = word.ends_with("Desc");
            match word.trim_end_matches("Desc").trim_end_matches("Asc") {
                "alphabetical" => of(SortBy::Letters, descending),
                "numerical" => of(SortBy::Number, descending),
                "alphabeticalCaseInsensitive" => of(SortBy::AnyCase, descending),
                "natural" => of(SortBy::Natural, descending),
                _ => Sort::default(),
            }
        }
        _ => Sort::default(),
    }
}
