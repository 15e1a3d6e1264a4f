//! Panels of old schemas in today's words: `graph`, `singlestat` and `table-old` kept their options beside the panel's
//! title, where today there is `fieldConfig`. As Grafana's own migrations do it.

use serde_json::{Map, Value, json};

use super::json::{list, number, some, text, truth, whole};
use crate::dashboard::kinds;

/// Today's type of a panel.
pub(super) fn kind(value: &Value) -> String {
    let written = text(value, "type").unwrap_or_default();
    match written {
        "graph" => match value.get("xaxis").and_then(|axis| text(axis, "mode")) {
            Some("series") => "bargauge",
            Some("histogram") => "histogram",
            _ => "timeseries",
        },
        "singlestat" | "grafana-singlestat-panel" => {
            if value.get("gauge").is_some_and(|gauge| truth(gauge, "show")) { "gauge" } else { "stat" }
        }
        other => kinds::today(other),
    }
    .to_owned()
}

/// `defaults` and `overrides` of a panel.
pub(super) fn fields(value: &Value) -> Value {
    let today = value.get("fieldConfig").filter(|fields| fields.is_object());
    let options = value.get("options").unwrap_or(&Value::Null);
    if today.is_none_or(|fields| fields.get("defaults").is_none_or(is_bare)) {
        // For a year these panels kept all of it among their options.
        if let Some(kept) = options.get("fieldOptions").filter(|kept| kept.is_object()) {
            return of_field_options(kept, options);
        }
        if let Some(kept) = options.get("valueOptions").filter(|kept| kept.is_object()) {
            return of_value_options(kept, options);
        }
    }
    match text(value, "type") {
        Some("graph")
            if today.is_none_or(|fields| fields.pointer("/defaults/custom").is_none_or(is_bare)) =>
        {
            graph(value)
        }
        Some("singlestat" | "grafana-singlestat-panel" | "grafana-piechart-panel")
            if value.get("format").is_some() =>
        {
            single(value)
        }
        Some("table" | "table-old") if !list(value, "styles").is_empty() && today.is_none() => table(value),
        _ => today.cloned().unwrap_or_default(),
    }
}

/// `fieldOptions` of the sixth version, whose thresholds may stand beside the defaults.
fn of_field_options(kept: &Value, options: &Value) -> Value {
    let mut defaults = kept.get("defaults").and_then(Value::as_object).cloned().unwrap_or_default();
    let beside = [("thresholds", kept), ("mappings", kept), ("thresholds", options)];
    for (key, holder) in beside {
        if let Some(given) = holder.get(key).and_then(Value::as_array) {
            let given =
                if key == "thresholds" { json!({"mode": "absolute", "steps": given}) } else { json!(given) };
            defaults.entry(key).or_insert(given);
        }
    }
    if let Some(title) =
        defaults.remove("title").filter(|title| title.as_str().is_some_and(|title| !title.is_empty()))
    {
        defaults.entry("displayName").or_insert(title);
    }
    json!({"defaults": defaults, "overrides": kept.get("overrides").cloned().unwrap_or_else(|| json!([]))})
}

/// `valueOptions` of the first gauges.
fn of_value_options(kept: &Value, options: &Value) -> Value {
    let mut defaults = Map::new();
    defaults.extend(some(kept, "unit").map(|unit| ("unit".to_owned(), json!(unit))));
    defaults.extend(whole(kept, "decimals").map(|decimals| ("decimals".to_owned(), json!(decimals))));
    for (old, new) in [("minValue", "min"), ("maxValue", "max")] {
        defaults.extend(number(options, old).map(|number| (new.to_owned(), json!(number))));
    }
    if let Some(mappings) = options.get("valueMappings").filter(|mappings| mappings.is_array()) {
        defaults.insert("mappings".to_owned(), mappings.clone());
    }
    let mut steps: Vec<(f64, &str)> = list(options, "thresholds")
        .iter()
        .filter_map(|step| Some((number(step, "value").unwrap_or(f64::NEG_INFINITY), text(step, "color")?)))
        .collect();
    steps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let steps: Vec<Value> = steps
        .iter()
        .map(|(at, color)| json!({"color": color, "value": if at.is_finite() { json!(at) } else { Value::Null }}))
        .collect();
    defaults.insert("thresholds".to_owned(), json!({"mode": "absolute", "steps": steps}));
    json!({"defaults": defaults, "overrides": []})
}

fn is_bare(value: &Value) -> bool {
    value.as_object().is_none_or(Map::is_empty)
}

/// Options of a panel in today's words.
pub(super) fn options(value: &Value) -> Value {
    match text(value, "type") {
        Some("graph") => {
            let legend = value.get("legend").unwrap_or(&Value::Null);
            let calcs: Vec<&str> =
                [("min", "min"), ("max", "max"), ("avg", "mean"), ("current", "last"), ("total", "sum")]
                    .iter()
                    .filter(|(old, _)| truth(legend, old))
                    .map(|(_, new)| *new)
                    .collect();
            json!({"legend": {"showLegend": legend.get("show").and_then(Value::as_bool).unwrap_or(true), "calcs": calcs}})
        }
        Some("singlestat" | "grafana-singlestat-panel") => {
            let name = some(value, "valueName").unwrap_or_else(|| "avg".to_owned());
            json!({"reduceOptions": {"calcs": [calculation(&name)], "values": false}, "textMode": if name == "name" { "name" } else { "auto" },
                "graphMode": if value.get("sparkline").is_some_and(|spark| truth(spark, "show")) { "area" } else { "none" }})
        }
        Some("grafana-piechart-panel") => {
            json!({"reduceOptions": {"calcs": [calculation(text(value, "valueName").unwrap_or("current"))]}})
        }
        // Text panels kept their text beside the title.
        Some("text") if value.get("options").is_none() => {
            json!({"mode": some(value, "mode").unwrap_or_else(|| "markdown".to_owned()), "content": some(value, "content")})
        }
        _ => {
            let mut options = value.get("options").cloned().unwrap_or_default();
            // The sixth version's place of what numbers are shown.
            let calcs = options.pointer("/fieldOptions/calcs").cloned();
            let calcs = calcs.or_else(|| {
                let stat = options.pointer("/valueOptions/stat").and_then(Value::as_str)?;
                Some(json!([calculation(stat)]))
            });
            if let (Some(calcs), Some(map)) = (calcs, options.as_object_mut())
                && !map.contains_key("reduceOptions")
            {
                let values = map.get("fieldOptions").and_then(|kept| kept.get("values")).cloned();
                map.insert("reduceOptions".to_owned(), json!({"calcs": calcs, "values": values}));
            }
            options
        }
    }
}

/// Today's name of a calculation.
fn calculation(old: &str) -> &str {
    match old {
        "avg" => "mean",
        "current" => "lastNotNull",
        "total" => "sum",
        "name" => "lastNotNull",
        "delta" | "diff" | "min" | "max" | "range" | "first" => old,
        _ => "lastNotNull",
    }
}

/// An axis as properties of the fields on it.
fn axis(value: &Value) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut custom = Map::new();
    for (old, new) in [("min", "min"), ("max", "max")] {
        fields.extend(number(value, old).map(|number| (new.to_owned(), json!(number))));
    }
    if let Some(unit) = some(value, "format") {
        fields.insert("unit".to_owned(), unit.into());
    }
    fields.extend(whole(value, "decimals").map(|decimals| ("decimals".to_owned(), json!(decimals))));
    custom.extend(some(value, "label").map(|label| ("axisLabel".to_owned(), json!(label))));
    if let Some(base) = whole(value, "logBase").filter(|base| *base > 1) {
        custom.insert("scaleDistribution".to_owned(), json!({"type": "log", "log": base}));
    }
    if value.get("show") == Some(&Value::Bool(false)) {
        custom.insert("axisPlacement".to_owned(), "hidden".into());
    }
    fields.insert("custom".to_owned(), Value::Object(custom));
    fields
}

fn graph(value: &Value) -> Value {
    let axes = list(value, "yaxes");
    let mut defaults = axes.first().map(axis).unwrap_or_default();
    let right = axes.get(1).map(axis).unwrap_or_default();
    let custom = defaults.entry("custom").or_insert_with(|| json!({}));
    if let Some(custom) = custom.as_object_mut() {
        let bars = truth(value, "bars");
        let points = truth(value, "points") && value.get("lines") == Some(&Value::Bool(false));
        let style = if bars {
            "bars"
        } else if points {
            "points"
        } else {
            "line"
        };
        custom.insert("drawStyle".to_owned(), style.into());
        let fill = number(value, "fill").unwrap_or(1.0);
        custom.insert("fillOpacity".to_owned(), json!(if bars { 100.0 } else { fill * 10.0 }));
        custom.insert("lineWidth".to_owned(), json!(number(value, "linewidth").unwrap_or(1.0)));
        if truth(value, "stack") {
            let mode = if truth(value, "percentage") { "percent" } else { "normal" };
            custom.insert("stacking".to_owned(), json!({"mode": mode, "group": "A"}));
        }
        match text(value, "nullPointMode") {
            Some("connected") => {
                custom.insert("spanNulls".to_owned(), true.into());
            }
            Some("null as zero") => {
                defaults.insert("noValue".to_owned(), "0".into());
            }
            _ => {}
        }
    }
    let steps = thresholds(list(value, "thresholds"));
    defaults.extend(steps.map(|steps| ("thresholds".to_owned(), steps)));
    let overrides: Vec<Value> =
        list(value, "seriesOverrides").iter().filter_map(|given| series_override(given, &right)).collect();
    let colors = value.get("aliasColors").and_then(Value::as_object).into_iter().flatten();
    let colors = colors.map(|(name, color)| {
        let color = json!({"mode": "fixed", "fixedColor": color});
        json!({"matcher": {"id": "byName", "options": name}, "properties": [{"id": "color", "value": color}]})
    });
    json!({"defaults": defaults, "overrides": overrides.into_iter().chain(colors).collect::<Vec<_>>()})
}

/// Lines across a graph.
fn thresholds(given: &[Value]) -> Option<Value> {
    let mut steps: Vec<(f64, &str)> = given
        .iter()
        .filter(|threshold| text(threshold, "op") != Some("lt"))
        .filter_map(|threshold| {
            let color = match text(threshold, "colorMode") {
                Some("warning") => "orange",
                Some("ok") => "green",
                _ => "red",
            };
            Some((number(threshold, "value")?, color))
        })
        .collect();
    steps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let base = std::iter::once(json!({"color": "green", "value": null}));
    let steps: Vec<Value> =
        base.chain(steps.iter().map(|(value, color)| json!({"color": color, "value": value}))).collect();
    (steps.len() > 1).then(|| json!({"mode": "absolute", "steps": steps}))
}

/// What is said of some series, with what the right axis says of those that are on it.
fn series_override(given: &Value, right: &Map<String, Value>) -> Option<Value> {
    let alias = some(given, "alias")?;
    let matcher = if alias.len() > 1 && alias.starts_with('/') { "byRegexp" } else { "byName" };
    let mut properties = Vec::new();
    let mut push = |id: &str, value: Value| properties.push(json!({"id": id, "value": value}));
    if whole(given, "yaxis") == Some(2) {
        push("custom.axisPlacement", "right".into());
        for key in ["unit", "min", "max", "decimals"] {
            if let Some(value) = right.get(key) {
                push(key, value.clone());
            }
        }
    }
    if truth(given, "bars") {
        push("custom.drawStyle", "bars".into());
    }
    if let Some(fill) = number(given, "fill") {
        push("custom.fillOpacity", json!(fill * 10.0));
    }
    if let Some(stack) = given.get("stack") {
        let mode = if *stack == Value::Bool(false) { "none" } else { "normal" };
        push("custom.stacking", json!({"mode": mode, "group": text(given, "stack").unwrap_or("A")}));
    }
    if text(given, "transform") == Some("negative-Y") {
        push("custom.transform", "negative-Y".into());
    }
    if let Some(color) = some(given, "color") {
        push("color", json!({"mode": "fixed", "fixedColor": color}));
    }
    if text(given, "nullPointMode") == Some("connected") {
        push("custom.spanNulls", true.into());
    }
    Some(json!({"matcher": {"id": matcher, "options": alias}, "properties": properties}))
}

fn single(value: &Value) -> Value {
    let mut defaults = Map::new();
    defaults.extend(some(value, "format").map(|unit| ("unit".to_owned(), json!(unit))));
    defaults.extend(whole(value, "decimals").map(|decimals| ("decimals".to_owned(), json!(decimals))));
    for key in ["prefix", "postfix"] {
        let words = text(value, key).filter(|words| !words.is_empty());
        defaults.extend(words.map(|words| (key.to_owned(), json!(words))));
    }
    defaults.extend(some(value, "nullText").map(|text| ("noValue".to_owned(), json!(text))));
    if let Some(gauge) = value.get("gauge") {
        defaults.insert("min".to_owned(), json!(number(gauge, "minValue").unwrap_or(0.0)));
        defaults.insert("max".to_owned(), json!(number(gauge, "maxValue").unwrap_or(100.0)));
    }
    let limits: Vec<f64> = text(value, "thresholds")
        .into_iter()
        .flat_map(|text| text.split(','))
        .filter_map(|limit| limit.trim().parse().ok())
        .collect();
    let colors = list(value, "colors");
    if !limits.is_empty()
        && truth(value, "colorValue")
            | truth(value, "colorBackground")
            | value.get("gauge").is_some_and(|gauge| truth(gauge, "show"))
    {
        let at = |i: usize| colors.get(i).and_then(Value::as_str).unwrap_or("green");
        let base = std::iter::once(json!({"color": at(0), "value": null}));
        let steps: Vec<Value> = base
            .chain(limits.iter().enumerate().map(|(i, limit)| json!({"color": at(i + 1), "value": limit})))
            .collect();
        defaults.insert("thresholds".to_owned(), json!({"mode": "absolute", "steps": steps}));
    }
    let mut mappings = Vec::new();
    for map in list(value, "valueMaps") {
        if let (Some(from), Some(text)) = (some(map, "value"), text(map, "text")) {
            mappings.push(if from == "null" {
                json!({"type": "special", "options": {"match": "null", "result": {"text": text}}})
            } else {
                json!({"type": "value", "options": {from: {"text": text}}})
            });
        }
    }
    for map in list(value, "rangeMaps") {
        if let (Some(from), Some(to), Some(text)) =
            (number(map, "from"), number(map, "to"), text(map, "text"))
        {
            mappings.push(
                json!({"type": "range", "options": {"from": from, "to": to, "result": {"text": text}}}),
            );
        }
    }
    defaults.insert("mappings".to_owned(), mappings.into());
    json!({"defaults": defaults, "overrides": []})
}

/// Styles of columns by patterns of their names.
fn table(value: &Value) -> Value {
    let overrides: Vec<Value> = list(value, "styles")
        .iter()
        .filter_map(|style| {
            let pattern = some(style, "pattern")?;
            let matcher = if pattern.starts_with('/') { "byRegexp" } else { "byName" };
            let mut properties = Vec::new();
            let mut push = |id: &str, value: Value| properties.push(json!({"id": id, "value": value}));
            match text(style, "type") {
                Some("hidden") => push("custom.hidden", true.into()),
                Some("date") => push("unit", "dateTimeAsIso".into()),
                _ => {
                    if let Some(unit) = some(style, "unit") {
                        push("unit", unit.into());
                    }
                    if let Some(decimals) = whole(style, "decimals") {
                        push("decimals", decimals.into());
                    }
                }
            }
            if let Some(alias) = some(style, "alias") {
                push("displayName", alias.into());
            }
            Some(json!({"matcher": {"id": matcher, "options": pattern}, "properties": properties}))
        })
        .collect();
    json!({"defaults": {}, "overrides": overrides})
}
