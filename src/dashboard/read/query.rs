//! What a panel asks, and in which language: as its data source says, else by the keys of the question.

use std::collections::BTreeMap;

use serde_json::Value;

use super::json::{list, number, some, text, truth, whole, words};
use crate::dashboard::board::{Language, Query, Variable, VariableKind};
use crate::dashboard::expression;

/// What names of data sources stand for: those that were left open in an export (`${DS_PROMETHEUS}`), and variables.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources(BTreeMap<String, String>);

impl Sources {
    /// As the dashboard declares them.
    pub(super) fn new(dashboard: &Value, variables: &[Variable]) -> Self {
        let inputs = list(dashboard, "__inputs").iter();
        let inputs = inputs.filter_map(|input| Some((some(input, "name")?, some(input, "pluginId")?)));
        let of_variable = |variable: &Variable| match &variable.kind {
            VariableKind::Source(kind) => Some((variable.name.clone(), kind.clone())),
            _ => None,
        };
        Sources(inputs.chain(variables.iter().filter_map(of_variable)).collect())
    }

    /// What a reference to a data source says of its type: the type, or a name in which it often stands.
    fn of(&self, source: &Value) -> Option<String> {
        let named = |name: &str| {
            let bare = name.trim_start_matches(['$', '{', '[']).trim_end_matches(['}', ']']);
            let bare = bare.split([':', '.']).next().unwrap_or(bare);
            if bare.len() < name.len() { self.0.get(bare).cloned() } else { Some(name.to_owned()) }
        };
        match source {
            Value::String(name) => named(name),
            Value::Object(_) => some(source, "type")
                .filter(|kind| kind != "datasource")
                .or_else(|| named(text(source, "uid").or_else(|| text(source, "name"))?)),
            _ => None,
        }
    }
}

/// Words in the types and names of data sources that speak PromQL.
const PROMETHEUS: [&str; 6] =
    ["prometheus", "victoriametrics", "mimir", "cortex", "thanos", "amp-datasource"];

/// Words in the types and names of other data sources, and the language that they speak.
const LANGUAGES: [(&str, &str); 53] = [
    ("alertmanager", "a query of Alertmanager"),
    ("victoriatraces", "a query of traces"),
    ("victoriametrics-logs", "LogsQL"),
    ("victorialogs", "LogsQL"),
    ("loki", "LogQL"),
    ("tempo", "TraceQL"),
    ("jaeger", "a query of Jaeger"),
    ("zipkin", "a query of Zipkin"),
    ("pyroscope", "a query of profiles"),
    ("parca", "a query of profiles"),
    ("elasticsearch", "a query of Elasticsearch"),
    ("opensearch", "a query of OpenSearch"),
    ("influx", "InfluxQL or Flux"),
    ("graphite", "a query of Graphite"),
    ("opentsdb", "a query of OpenTSDB"),
    ("postgres", "SQL"),
    ("mysql", "SQL"),
    ("mssql", "SQL"),
    ("sqlite", "SQL"),
    ("clickhouse", "SQL"),
    ("bigquery", "SQL"),
    ("snowflake", "SQL"),
    ("athena", "SQL"),
    ("redshift", "SQL"),
    ("timestream", "SQL"),
    ("oracle", "SQL"),
    ("databricks", "SQL"),
    ("cloudwatch", "a query of CloudWatch"),
    ("stackdriver", "a query of Google Cloud Monitoring"),
    ("cloud-monitoring", "a query of Google Cloud Monitoring"),
    ("azure", "a query of Azure Monitor"),
    ("zabbix", "a query of Zabbix"),
    ("datadog", "a query of Datadog"),
    ("newrelic", "NRQL"),
    ("mongodb", "a query of MongoDB"),
    ("infinity", "a query of Infinity"),
    ("splunk", "SPL"),
    ("sumologic", "a query of Sumo Logic"),
    ("dynatrace", "a query of Dynatrace"),
    ("wavefront", "a query of Wavefront"),
    ("honeycomb", "a query of Honeycomb"),
    ("druid", "SQL"),
    ("trino", "SQL"),
    ("presto", "SQL"),
    ("questdb", "SQL"),
    ("cassandra", "CQL"),
    ("redis", "a query of Redis"),
    ("json-datasource", "a query of JSON"),
    ("simplejson", "a query of JSON"),
    ("simpod-json", "a query of JSON"),
    ("quickwit", "a query of Quickwit"),
    ("testdata", "Grafana's test data"),
    ("-- grafana --", "Grafana's own data"),
];

/// Does a data source of this type or name speak PromQL?
pub(super) fn prometheus(source: &str) -> bool {
    let source = source.to_lowercase();
    language_of(&source).is_none() && PROMETHEUS.iter().any(|word| source.contains(word))
}

/// The language of a data source that speaks another one.
pub(super) fn language_of(source: &str) -> Option<String> {
    let source = source.to_lowercase();
    if source == "grafana" {
        return Some("Grafana's own data".to_owned());
    }
    LANGUAGES.iter().find(|(word, _)| source.contains(word)).map(|(_, language)| (*language).to_owned())
}

/// Keys in which other languages' questions stand, and the language, if it is not known otherwise.
const FOREIGN: [(&str, &str); 7] = [
    ("rawSql", "SQL"),
    ("rawQuery", "a query of another store"),
    ("query", "a query of another store"),
    ("target", "a query of Graphite"),
    ("queryText", "a query of another store"),
    ("metricName", "a query of CloudWatch"),
    ("metricQuery", "a query of Google Cloud Monitoring"),
];

/// What a panel asks with this target; `None` if it asks nothing yet.
pub(super) fn query(target: &Value, of_panel: Option<&Value>, sources: &Sources) -> Option<Query> {
    let own = target.get("datasource").filter(|source| !source.is_null());
    let source = own.or(of_panel).and_then(|source| sources.of(source));
    let source = source.as_deref().filter(|source| *source != "-- Mixed --");
    // Google's cloud takes PromQL beside its own language.
    let expr = some(target, "expr").or_else(|| some(target.get("promQLQuery")?, "expr"));
    let is_promql = target.get("promQLQuery").is_some() && text(target, "queryType") == Some("promQL");
    let language = match source {
        Some("-- Dashboard --") => Language::Panel(whole(target, "panelId")?),
        Some("__expr__" | "-100") => Language::Expression(target.clone()),
        Some(_) if is_promql && expr.is_some() => Language::PromQl,
        Some(source) if language_of(source).is_some() => {
            Language::Other(language_of(source).unwrap_or_default())
        }
        Some(source) if expr.is_none() && !prometheus(source) => {
            Language::Other(format!("a query of {source}"))
        }
        _ if expr.is_some() => Language::PromQl,
        None if some(target, "expression").is_some() && text(target, "type").is_some() => {
            Language::Expression(target.clone())
        }
        _ => {
            let (_, language) = FOREIGN.iter().find(|(key, _)| some(target, key).is_some())?;
            Language::Other((*language).to_owned())
        }
    };
    let text = match &language {
        Language::Expression(target) => Some(expression::text(target)),
        _ => expr.or_else(|| FOREIGN.iter().find_map(|(key, _)| some(target, key))),
    };
    let instant = truth(target, "instant");
    Some(Query {
        reference: words(target, "refId"),
        text: text.unwrap_or_default(),
        language,
        legend: words(target, "legendFormat"),
        // Both may be asked for at once: a table shows the one, a graph the other.
        instant: instant && !truth(target, "range"),
        both: instant && truth(target, "range"),
        format: some(target, "format").unwrap_or_else(|| "time_series".to_owned()),
        interval: some(target, "interval"),
        factor: number(target, "intervalFactor").filter(|factor| *factor >= 1.0).unwrap_or(1.0),
        hidden: truth(target, "hide"),
    })
}
