//! Answers of the HTTP API of Prometheus: query and query_range.

use serde::Deserialize;
use std::collections::BTreeMap;

use super::exposition::number;
use super::{MetricError, MetricFormat, Read, ReadOptions, Sink};
use crate::model::{Labels, Sample};

/// An answer of the HTTP API of Prometheus.
pub(super) struct ApiJson;

#[derive(Deserialize)]
struct Response {
    status: String,
    #[serde(default)]
    error: String,
    data: Option<Data>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    result_type: String,
    result: serde_json::Value,
}

/// A series of a vector or a matrix.
#[derive(Deserialize)]
struct Part {
    metric: BTreeMap<String, String>,
    value: Option<(f64, String)>,
    #[serde(default)]
    values: Vec<(f64, String)>,
    /// Native histograms are counted, not read.
    histogram: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    histograms: Vec<serde::de::IgnoredAny>,
}

impl MetricFormat for ApiJson {
    fn name(&self) -> &'static str {
        "prometheus-api"
    }

    fn doc(&self) -> &'static str {
        "JSON as the HTTP API of Prometheus answers query and query_range."
    }

    fn recognises(&self, head: &[u8]) -> bool {
        let head = head.trim_ascii_start();
        let has = |word: &[u8]| memchr::memmem::find(&head[..head.len().min(4096)], word).is_some();
        head.starts_with(b"{")
            && has(b"\"status\"")
            && has(b"\"data\"")
            && has(b"\"resultType\"")
            && has(b"\"result\"")
            // Loki answers in the same words with lines of logs.
            && !has(b"\"streams\"")
    }

    fn read(&self, bytes: &[u8], options: ReadOptions, sink: &mut Sink<'_>) -> Result<Read, MetricError> {
        let response: Response = serde_json::from_slice(bytes).map_err(|error| located(&error))?;
        let whole = |message: String, hint: Option<&str>| MetricError {
            line: 1,
            column: 1,
            message,
            hint: hint.map(str::to_owned),
        };
        let Some(data) = response.data.filter(|_| response.status == "success") else {
            let message = format!("the answer is no success but {:?}: {}", response.status, response.error);
            return Err(whole(message, None));
        };
        if !matches!(data.result_type.as_str(), "vector" | "matrix") {
            let message = format!("the answer is a {}, not series", data.result_type);
            return Err(whole(message, Some("ask for a vector or a range")));
        }
        let parts: Vec<Part> =
            serde_json::from_value(data.result).map_err(|error| whole(error.to_string(), None))?;
        let mut read = Read::default();
        for part in parts {
            let labels = Labels::new(part.metric);
            let mut refuse = |what: String| {
                let message = format!("{what} of {labels}");
                read.refuse(whole(message, None), options)
            };
            for _ in part.histogram.iter().chain(&part.histograms) {
                refuse("native histograms are not read: one".to_owned())?;
            }
            for (seconds, text) in part.value.iter().chain(&part.values) {
                let millis = (seconds * 1000.0).round();
                match number(text.as_bytes()) {
                    Some(value) if millis.abs() < i64::MAX as f64 => {
                        read.samples += 1;
                        sink(&labels, Sample { at: millis as i64, value });
                    }
                    _ => {
                        let message = format!("{text:?} at {seconds} is no sample of {labels}");
                        read.refuse(whole(message, None), options)?;
                    }
                }
            }
        }
        Ok(read)
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up","job":"x"},"values":[[1703385000,"1"],[1703385015.5,"NaN"]]}]}}"#,
            r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up"},"value":[1703385000.781,"+Inf"]}]}}"#,
        ]
    }
}

fn located(error: &serde_json::Error) -> MetricError {
    let text = error.to_string();
    MetricError {
        line: error.line().max(1) as u64,
        column: error.column().max(1),
        message: text.split(" at line").next().unwrap_or_default().to_owned(),
        hint: None,
    }
}
