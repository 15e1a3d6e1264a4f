//! Values of the template language, with Go's idea of truth, types and printing.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::format;
use super::time::{self, Moment};

/// A value. Clones are cheap.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// No value: printed as `<no value>`.
    Nil,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Text.
    Text(Rc<str>),
    /// A list of anything.
    List(Rc<Vec<Value>>),
    /// Labels: a missing one is empty text.
    Labels(Rc<BTreeMap<String, String>>),
    /// The arguments of `args`: a missing one is no value.
    Map(Rc<BTreeMap<String, Value>>),
    /// An element of a query's result.
    Sample(Rc<Sample>),
    /// What a template starts with as `.`: fields by name.
    Data(Rc<BTreeMap<&'static str, Value>>),
    /// A point in time.
    Time(Moment),
    /// A duration in nanoseconds.
    Duration(i64),
    /// Labels or annotations of a notification: as [`Value::Labels`], with methods.
    Pairs(Rc<BTreeMap<String, String>>),
    /// The same as a list.
    Sorted(Rc<Vec<(String, String)>>),
    /// An element of that list.
    Pair(Rc<(String, String)>),
    /// The alerts of a notification, each of them data.
    Alerts(Rc<Vec<Value>>),
}

/// The fields of data in the order of the structs of Prometheus and Alertmanager.
const FIELDS: [&str; 15] = [
    "Receiver",
    "Status",
    "Alerts",
    "GroupLabels",
    "CommonLabels",
    "CommonAnnotations",
    "Labels",
    "Annotations",
    "StartsAt",
    "EndsAt",
    "GeneratorURL",
    "Fingerprint",
    "ExternalLabels",
    "ExternalURL",
    "Value",
];

/// An element of a query's result.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    /// All labels, the metric's name included.
    pub labels: Rc<BTreeMap<String, String>>,
    /// The value.
    pub value: f64,
}

impl Value {
    /// Text.
    pub(super) fn text(text: impl AsRef<str>) -> Value {
        Value::Text(Rc::from(text.as_ref()))
    }

    /// What `if`, `with`, `and`, `or` and `not` make of it.
    pub(super) fn truth(&self) -> bool {
        match self {
            Value::Nil => false,
            Value::Bool(truth) => *truth,
            Value::Int(number) => *number != 0,
            Value::Float(number) => *number != 0.0,
            Value::Text(text) => !text.is_empty(),
            Value::List(items) => !items.is_empty(),
            Value::Labels(labels) | Value::Pairs(labels) => !labels.is_empty(),
            Value::Sorted(pairs) => !pairs.is_empty(),
            Value::Alerts(alerts) => !alerts.is_empty(),
            Value::Map(map) => !map.is_empty(),
            Value::Duration(nanos) => *nanos != 0,
            Value::Sample(_) | Value::Data(_) | Value::Time(_) | Value::Pair(_) => true,
        }
    }

    /// How much there is to look at, roughly in pieces of 64 bytes.
    pub(super) fn weight(&self) -> u64 {
        match self {
            Value::Text(text) => text.len() as u64 / 64,
            Value::List(items) | Value::Alerts(items) => items.len() as u64 / 4,
            Value::Map(map) => map.len() as u64,
            _ => 0,
        }
    }

    /// Is it a list or a map that holds lists or maps? What nests deeper has no end in sight.
    pub(super) fn is_nested(&self) -> bool {
        let holds = |value: &Value| matches!(value, Value::List(_) | Value::Map(_));
        match self {
            Value::List(items) => items.iter().any(holds),
            Value::Map(map) => map.values().any(holds),
            _ => false,
        }
    }

    /// The name of the Go type, for messages.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Value::Nil => "<nil>",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Float(_) => "float64",
            Value::Text(_) => "string",
            Value::List(_) => "template.queryResult",
            Value::Labels(_) => "map[string]string",
            Value::Map(_) => "map[string]interface {}",
            Value::Sample(_) => "*template.sample",
            Value::Data(fields) if fields.contains_key("Receiver") => "*template.Data",
            Value::Data(fields) if fields.contains_key("StartsAt") => "template.Alert",
            Value::Data(_) => {
                "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }"
            }
            Value::Time(_) => "*time.Time",
            Value::Duration(_) => "*time.Duration",
            Value::Pairs(_) => "template.KV",
            Value::Sorted(_) => "template.Pairs",
            Value::Pair(_) => "template.Pair",
            Value::Alerts(_) => "template.Alerts",
        }
    }

    /// As `{{ }}` prints it, and `%v`.
    pub(super) fn print(&self) -> String {
        match self {
            Value::Nil => "<no value>".to_owned(),
            other => other.print_nested(),
        }
    }

    /// As it is printed inside of lists and maps.
    pub(super) fn print_nested(&self) -> String {
        match self {
            Value::Nil => "<nil>".to_owned(),
            Value::Bool(truth) => truth.to_string(),
            Value::Int(number) => number.to_string(),
            Value::Float(number) => format::float_v(*number),
            Value::Text(text) => text.to_string(),
            Value::List(items) => {
                format!("[{}]", format::joined(items.iter().map(Value::print_nested), " "))
            }
            Value::Labels(labels) => {
                let pairs: Vec<_> = labels.iter().map(|(name, value)| format!("{name}:{value}")).collect();
                format!("map[{}]", pairs.join(" "))
            }
            // Alertmanager's labels know how to write themselves: by name, the alert's first.
            Value::Pairs(labels) => {
                let (mut first, rest): (Vec<_>, Vec<_>) =
                    labels.iter().partition(|(name, _)| *name == "alertname");
                first.extend(rest);
                format::joined(first.iter().map(|(name, value)| format!("{name}={value}")), ", ")
            }
            Value::Map(map) => {
                let pairs = map.iter().map(|(name, value)| format!("{name}:{}", value.print_nested()));
                format!("map[{}]", format::joined(pairs, " "))
            }
            Value::Sample(sample) => {
                let labels = Value::Labels(Rc::clone(&sample.labels)).print_nested();
                format!("{{{labels} {}}}", format::float_v(sample.value))
            }
            Value::Sorted(pairs) => {
                let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
                pairs.join(", ")
            }
            Value::Pair(pair) => format!("{{{} {}}}", pair.0, pair.1),
            Value::Alerts(alerts) => {
                format!("[{}]", format::joined(alerts.iter().map(Value::print_nested), " "))
            }
            Value::Data(fields) => {
                let parts: Vec<_> =
                    FIELDS.iter().filter_map(|name| fields.get(name)).map(Value::print_nested).collect();
                format!("{{{}}}", parts.join(" "))
            }
            Value::Time(nanos) => time::print(*nanos),
            Value::Duration(nanos) => time::duration(*nanos),
        }
    }
}
