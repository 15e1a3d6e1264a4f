//! What a panel does with its answers before it shows them: Grafana's transformations, in their order.

mod calculate;
mod columns;
mod config;
mod fit;
mod rows;
mod shape;

use serde_json::Value;

use super::frame::Frame;

/// More transformations of a panel are left out.
const MOST: usize = 100;
/// What has more cells is not transformed further.
const MOST_CELLS: usize = 4_000_000;
/// A column is as large as so many cells.
const COLUMN: usize = 20;

/// The frames after all transformations, and which of them are not known, and were left out.
pub fn apply(mut frames: Vec<Frame>, transformations: &[Value]) -> (Vec<Frame>, Vec<String>) {
    let mut unknown = Vec::new();
    let enabled = transformations.iter().filter(|given| given.get("disabled") != Some(&Value::Bool(true)));
    for (at, given) in enabled.enumerate() {
        let cells = frames.iter().flat_map(|frame| &frame.fields).map(|field| field.cells.len() + COLUMN);
        if at == MOST || cells.sum::<usize>() > MOST_CELLS {
            unknown.push(format!("number {} and those after it, for they would take too long", at + 1));
            break;
        }
        let id = given.get("id").and_then(Value::as_str).unwrap_or_default();
        let options = given.get("options").unwrap_or(&Value::Null);
        // Some are about the frames of one query only.
        let of = given.get("filter").and_then(|filter| filter.get("options")).and_then(Value::as_str);
        let (about, others): (Vec<Frame>, Vec<Frame>) =
            frames.into_iter().partition(|frame| of.is_none_or(|of| is_of(of, &frame.reference)));
        let done = match id {
            "organize" => columns::organize(about, options),
            "filterFieldsByName" => columns::filter(about, options),
            "renameByRegex" => columns::rename(about, options),
            "labelsToFields" => columns::labels_to_fields(about, options),
            "calculateField" => calculate::calculate(about, options).unwrap_or_else(|about| {
                unknown.push(format!("calculateField by {}", word(options, "mode").unwrap_or_default()));
                about
            }),
            "configFromData" => config::from_data(about, options),
            "regression" => fit::regression(about, options),
            "concatenate" => columns::concatenate(about),
            "convertFieldType" => columns::convert(about, options),
            "merge" => rows::merge(about),
            "joinByField" | "seriesToColumns" => rows::join(about, options),
            "seriesToRows" => rows::series_to_rows(&about),
            "reduce" => rows::reduce(about, options),
            "groupBy" | "groupToNestedTable" => rows::group(about, options),
            "groupingToMatrix" => shape::matrix(about, options),
            "rowsToFields" => shape::rows_to_fields(about, options),
            "transpose" => shape::transpose(about, options),
            "partitionByValues" => shape::partition(about, options),
            "joinByLabels" => shape::join_by_labels(about, options),
            "timeSeriesTable" => shape::series_table(&about, options),
            "histogram" => shape::histogram(&about, options),
            "extractFields" => shape::extract(about, options),
            "sortBy" => rows::sort(about, options),
            "limit" => rows::limit(about, options),
            "filterByValue" => rows::filter(about, options),
            "filterByRefId" | "filterFramesByRefId" => {
                let wanted = options.get("include").and_then(Value::as_str).unwrap_or_default();
                about.into_iter().filter(|frame| is_of(wanted, &frame.reference)).collect()
            }
            "formatString" => columns::format(about, options).unwrap_or_else(|about| {
                unknown
                    .push(format!("formatString as {}", word(options, "outputFormat").unwrap_or_default()));
                about
            }),
            // These only prepare for panels that obs draws from any form.
            "prepareTimeSeries" | "convertFrameType" | "ensureColumns" | "heatmap" | "formatTime"
            | "noop" => about,
            "spatial" if !matches!(word(options, "action"), Some("calculate" | "modify")) => about,
            "fieldLookup" => {
                unknown.push("fieldLookup, whose places are a list of Grafana's own".to_owned());
                about
            }
            "spatial" => {
                unknown.push(format!("spatial ({})", word(options, "action").unwrap_or_default()));
                about
            }
            _ => {
                unknown.push(if id.is_empty() { "one without an id".to_owned() } else { id.to_owned() });
                about
            }
        };
        frames = others.into_iter().chain(done).collect();
    }
    (frames, unknown)
}

/// Does a frame come from a query that is named, as a word or as a pattern?
fn is_of(wanted: &str, reference: &str) -> bool {
    wanted == reference
        || super::fields::compiled(&format!("^({})$", wanted.trim_matches('/')))
            .is_some_and(|pattern| pattern.matches(reference))
}

/// The text of an option.
fn word<'v>(options: &'v Value, key: &str) -> Option<&'v str> {
    options.get(key)?.as_str().filter(|word| !word.is_empty())
}

/// The texts of an option that is a list.
fn words<'v>(options: &'v Value, key: &str) -> Vec<&'v str> {
    options.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::dashboard::frame::{Cell, Field, Kind};
    use crate::model::Labels;

    /// A series: its name is its label.
    fn series(reference: &str, host: &str, values: &[(i64, f64)]) -> Frame {
        let mut time = Field::new("Time", Kind::Time, reference);
        let mut value = Field::new("Value", Kind::Number, reference);
        value.labels = Labels::new([("host", host)]);
        value.title = Some(host.to_owned());
        for (at, number) in values {
            time.cells.push(Cell::Time(*at));
            value.cells.push(Cell::Number(*number));
        }
        Frame { reference: reference.to_owned(), fields: vec![time, value] }
    }

    fn table(reference: &str, value: &str, rows: &[(&str, f64)]) -> Frame {
        let mut host = Field::new("host", Kind::Text, reference);
        let mut number = Field::new(value, Kind::Number, reference);
        for (name, of_row) in rows {
            host.cells.push(Cell::Text((*name).to_owned()));
            number.cells.push(Cell::Number(*of_row));
        }
        Frame { reference: reference.to_owned(), fields: vec![host, number] }
    }

    /// Frames as text: `host,Value|a,1|b,2`.
    fn text(frames: &[Frame]) -> Vec<String> {
        let of = |frame: &Frame| {
            let names: Vec<&str> = frame.fields.iter().map(Field::shown).collect();
            let rows = (0..frame.rows()).map(|row| {
                let cells: Vec<String> = frame
                    .fields
                    .iter()
                    .map(|field| field.cells.get(row).map_or_else(String::new, Cell::key))
                    .collect();
                cells.join(",")
            });
            std::iter::once(names.join(",")).chain(rows).collect::<Vec<_>>().join("|")
        };
        frames.iter().map(of).collect()
    }

    #[test]
    fn every_transformation() {
        let two = || {
            vec![
                table("A", "Value #A", &[("a", 1.0), ("b", 2.0)]),
                table("B", "Value #B", &[("b", 4.0), ("c", 6.0)]),
            ]
        };
        let lines = || vec![series("A", "a", &[(0, 1.0), (60, 3.0)]), series("B", "b", &[(60, 5.0)])];
        let one = || vec![table("A", "v", &[("a", 1.0), ("b", 5.0), ("a", 3.0)])];
        let cases: Vec<(Vec<Frame>, &str, Value, &[&str])> = vec![
            (two(), "merge", json!({}), &["host,Value #A,Value #B|a,1,|b,2,4|c,,6"]),
            (
                two(),
                "joinByField",
                json!({"byField": "host", "mode": "outer"}),
                &["host,Value #A,Value #B|a,1,|b,2,4|c,,6"],
            ),
            (
                two(),
                "joinByField",
                json!({"byField": "host", "mode": "inner"}),
                &["host,Value #A,Value #B|b,2,4"],
            ),
            (lines(), "joinByField", json!({}), &["Time,a,b|0,1,|60,3,5"]),
            (lines(), "seriesToRows", json!({}), &["Time,Metric,Value|0,a,1|60,a,3|60,b,5"]),
            (lines(), "labelsToFields", json!({}), &["Time,host,Value|0,a,1|60,a,3|60,b,5"]),
            (lines(), "labelsToFields", json!({"valueLabel": "host"}), &["Time,a,b|0,1,|60,3,5"]),
            (lines(), "reduce", json!({"reducers": ["max", "mean"]}), &["Field,Max,Mean|a,3,2|b,5,5"]),
            (
                lines(),
                "reduce",
                json!({"reducers": ["max"], "labelsToFields": true}),
                &["Field,host,Max|a,a,3|b,b,5"],
            ),
            (one(), "reduce", json!({"reducers": ["sum"], "mode": "reduceFields"}), &["v|9"]),
            (two(), "filterByRefId", json!({"include": "B"}), &["host,Value #B|b,4|c,6"]),
            (one(), "limit", json!({"limitField": 2}), &["host,v|a,1|b,5"]),
            (one(), "sortBy", json!({"sort": [{"field": "v", "desc": true}]}), &["host,v|b,5|a,3|a,1"]),
            (
                one(),
                "groupBy",
                json!({"fields": {"host": {"operation": "groupby"}, "v": {"operation": "aggregate", "aggregations": ["sum", "max"]}}}),
                &["host,v (sum),v (max)|a,4,3|b,5,5"],
            ),
            (
                one(),
                "organize",
                json!({"renameByName": {"v": "value"}, "indexByName": {"v": 0, "host": 1}}),
                &["value,host|1,a|5,b|3,a"],
            ),
            (one(), "organize", json!({"excludeByName": {"host": true}}), &["v|1|5|3"]),
            (one(), "filterFieldsByName", json!({"include": {"names": ["host"]}}), &["host|a|b|a"]),
            (one(), "filterFieldsByName", json!({"exclude": {"pattern": "^h"}}), &["v|1|5|3"]),
            (
                one(),
                "renameByRegex",
                json!({"regex": "(h)ost", "renamePattern": "$1ome"}),
                &["home,v|a,1|b,5|a,3"],
            ),
            (
                one(),
                "filterByValue",
                json!({"type": "include", "match": "any", "filters": [{"fieldName": "v", "config": {"id": "greater", "options": {"value": 2}}}]}),
                &["host,v|b,5|a,3"],
            ),
            (
                one(),
                "filterByValue",
                json!({"type": "exclude", "match": "all", "filters": [{"fieldName": "host", "config": {"id": "equal", "options": {"value": "a"}}}]}),
                &["host,v|b,5"],
            ),
            (
                one(),
                "calculateField",
                json!({"mode": "binary", "alias": "w", "binary": {"left": "v", "operator": "*", "right": "2"}}),
                &["host,v,w|a,1,2|b,5,10|a,3,6"],
            ),
            (
                lines(),
                "calculateField",
                json!({"mode": "reduceRow", "reduce": {"reducer": "sum"}, "replaceFields": true}),
                &["Time,Total|0,1|60,8"],
            ),
            (two(), "concatenate", json!({}), &["host,Value #A,host,Value #B|a,1,b,4|b,2,c,6"]),
            (
                one(),
                "groupingToMatrix",
                json!({"columnField": "host", "rowField": "v", "valueField": "v", "emptyValue": "zero"}),
                &["v\\host,a,b|1,1,0|5,0,5|3,3,0"],
            ),
            (two(), "rowsToFields", json!({}), &["a,b|1,2", "b,c|4,6"]),
            (one(), "transpose", json!({}), &["Field,a,b,a|v,1,5,3"]),
            (one(), "partitionByValues", json!({"fields": ["host"]}), &["a|1|3", "b|5"]),
            (lines(), "joinByLabels", json!({"value": "host"}), &["a,b|3,5"]),
            (lines(), "timeSeriesTable", json!({}), &["host,Trend #A|a,3", "host,Trend #B|b,5"]),
            (
                one(),
                "histogram",
                json!({"bucketSize": "2", "combine": true}),
                &["xMin,xMax,count|0,2,1|2,4,1|4,6,1"],
            ),
            (
                vec![table("A", "n", &[("{\"a\": 1, \"b\": \"x\"}", 1.0), ("a=2, c=\"y\"", 2.0)])],
                "extractFields",
                json!({"source": "host", "replace": true}),
                &["a,b,c|1,x,|2,,y"],
            ),
            (
                two(),
                "calculateField",
                json!({"mode": "binary", "binary": {"left": {"matcher": {"id": "byType", "options": "number"}}, "operator": "/", "right": {"fixed": "2"}}}),
                &["host,Value #A,Value #A / 2|a,1,0.5|b,2,1", "host,Value #B,Value #B / 2|b,4,2|c,6,3"],
            ),
            (
                one(),
                "calculateField",
                json!({"mode": "unary", "unary": {"operator": "exp", "fieldName": "none"}}),
                &["host,v|a,1|b,5|a,3"],
            ),
            (
                one(),
                "calculateField",
                json!({"mode": "windowFunctions", "alias": "w", "window": {"field": "v", "reducer": "mean", "windowSize": 2, "windowSizeMode": "fixed", "windowAlignment": "trailing"}}),
                &["host,v,w|a,1,1|b,5,3|a,3,4"],
            ),
            (
                one(),
                "calculateField",
                json!({"mode": "index", "index": {"asPercentile": true}, "replaceFields": true, "alias": "n"}),
                &["n|0.3333333333333333|0.6666666666666666|1"],
            ),
            (
                one(),
                "formatString",
                json!({"stringField": "host", "outputFormat": "Upper Case"}),
                &["host,v|A,1|B,5|A,3"],
            ),
            (
                one(),
                "regression",
                json!({"xFieldName": "v", "yFieldName": "v", "predictionCount": 3}),
                &["host,v|a,1|b,5|a,3", "v,Linear regression|1,1|3,3|5,5"],
            ),
            (one(), "spatial", json!({"action": "prepare"}), &["host,v|a,1|b,5|a,3"]),
            (one(), "nothingLikeIt", json!({}), &["host,v|a,1|b,5|a,3"]),
        ];
        for (frames, id, options, expected) in cases {
            let (done, unknown) = apply(frames, &[json!({"id": id, "options": options})]);
            assert_eq!(text(&done), expected, "{id} {options}");
            assert_eq!(!unknown.is_empty(), id == "nothingLikeIt", "{id}");
        }
    }

    #[test]
    fn what_is_left_out_is_named() {
        for (id, options, name) in [
            ("fieldLookup", json!({}), "fieldLookup, whose places are a list of Grafana's own"),
            ("spatial", json!({"action": "calculate"}), "spatial (calculate)"),
            ("calculateField", json!({"mode": "odd"}), "calculateField by odd"),
            ("", json!(null), "one without an id"),
        ] {
            let (done, unknown) =
                apply(vec![table("A", "v", &[("a", 1.0)])], &[json!({"id": id, "options": options})]);
            assert_eq!((text(&done), unknown), (vec!["host,v|a,1".to_owned()], vec![name.to_owned()]));
        }
    }

    #[test]
    fn one_answer_says_how_another_is_shown() {
        let mut limits = table("config", "max", &[("a", 10.0), ("b", 20.0)]);
        limits
            .fields
            .push(Field { cells: vec![Cell::Number(7.0)], ..Field::new("warn", Kind::Number, "config") });
        limits.fields.push(Field {
            cells: vec![Cell::Text("bytes".to_owned())],
            ..Field::new("Unit", Kind::Text, "config")
        });
        let options = json!({"configRefId": "config", "mappings": [
            {"fieldName": "max", "handlerKey": "max", "reducerId": "max"},
            {"fieldName": "warn", "handlerKey": "threshold1", "handlerArguments": {"threshold": {"color": "orange"}}},
            {"fieldName": "host", "handlerKey": "__ignore"}]});
        let given = vec![limits, table("A", "v", &[("a", 1.0)])];
        let (done, _) = apply(given, &[json!({"id": "configFromData", "options": options})]);
        assert_eq!(text(&done), ["host,v|a,1"]);
        let look =
            crate::dashboard::fields::look(&json!({"defaults": {"max": 5, "unit": "s"}}), &done[0].fields[1]);
        assert_eq!((look.bounds().1, look.unit(), look.steps().len()), (Some(20.0), "bytes", 2));
        // Rows that become columns bring their own.
        let rows = table("A", "v", &[("a", 1.0), ("b", 2.0)]);
        let mut rows = vec![rows];
        rows[0].fields.push(Field {
            cells: vec![Cell::Number(3.0), Cell::Number(4.0)],
            ..Field::new("max", Kind::Number, "A")
        });
        let (done, _) = apply(rows, &[json!({"id": "rowsToFields", "options": {}})]);
        assert_eq!(text(&done), ["a,b|1,2"]);
        assert_eq!(done[0].fields[1].config.get("max"), Some(&json!(4.0)));
    }

    #[test]
    fn columns_that_double_again_and_again_come_to_an_end() {
        let doubles = json!({"id": "calculateField", "options": {"mode": "binary", "binary": {
            "left": {"matcher": {"id": "byType", "options": "number"}}, "operator": "+", "right": "1"}}});
        let (done, unknown) = apply(vec![table("A", "v", &[("a", 1.0)])], &vec![doubles; 60]);
        assert!(done[0].fields.len() < 2 * MOST_CELLS / COLUMN && unknown.len() == 1, "{unknown:?}");
        assert!(unknown[0].starts_with("number 1"), "{unknown:?}");
        let (_, unknown) = apply(vec![table("A", "v", &[])], &vec![json!({"id": "noop"}); 20_000]);
        assert_eq!(unknown, ["number 101 and those after it, for they would take too long"]);
    }

    #[test]
    fn names_that_double_again_and_again_stay_small() {
        let doubles = json!({"id": "renameByRegex", "options": {"regex": "(.*)", "renamePattern": "$1$1"}});
        let (done, _) = apply(vec![table("A", "v", &[("a", 1.0)])], &vec![doubles; 60]);
        assert!(done[0].fields.iter().all(|field| field.shown().len() < 1 << 20));
    }
}
