//! Answers of the HTTP API of Prometheus: query and query_range, whole or their result alone.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::exposition::{lines, number};
use super::native::Answered;
use super::{Known, MetricError, MetricFormat, Read, ReadOptions, Sink};
use crate::model::{HistogramSample, Labels, Sample};

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
    histogram: Option<(f64, Answered)>,
    #[serde(default)]
    histograms: Vec<(f64, Answered)>,
}

impl MetricFormat for ApiJson {
    fn name(&self) -> &'static str {
        "prometheus-api"
    }

    fn doc(&self) -> &'static str {
        "JSON as the HTTP API of Prometheus answers query and query_range, or promtool query -o json prints it."
    }

    fn recognises(&self, head: &[u8]) -> bool {
        let head = head.trim_ascii_start();
        let mut start = Keys::of(head);
        match start.next() {
            // The result alone: a list of series, or the series one a line.
            Some(b"metric") => {
                let has = |word: &[u8]| memchr::memmem::find(head, word).is_some();
                !has(b"\"timestamps\"") && (has(b"\"value\"") || has(b"\"values\"") || has(b"\"histogram"))
            }
            // Whichever key comes first, and however long the result before `resultType` is. Loki answers in the same
            // words with lines of logs.
            Some(b"status" | b"data") => {
                let keys: Vec<&[u8]> = start.take(3).collect();
                let streams = memchr::memmem::find(&head[..head.len().min(4096)], b"\"streams\"").is_some();
                !streams && keys.iter().any(|key| matches!(*key, b"resultType" | b"result"))
            }
            _ => false,
        }
    }

    fn read(
        &self,
        bytes: &[u8],
        options: ReadOptions,
        _: &mut Known,
        sink: &mut Sink<'_>,
    ) -> Result<Read, MetricError> {
        let bytes = bytes.trim_ascii_start();
        let mut read = Read::default();
        if Keys::of(bytes).next() == Some(b"metric") {
            if bytes.starts_with(b"[") {
                let parts: Vec<Part> = serde_json::from_slice(bytes).map_err(|error| located(&error))?;
                for part in parts {
                    part.read(1, options, &mut read, sink)?;
                }
                return Ok(read);
            }
            for (number, line) in lines(bytes).filter(|(_, line)| !line.trim_ascii().is_empty()) {
                match serde_json::from_slice::<Part>(line) {
                    Ok(part) => part.read(number, options, &mut read, sink)?,
                    Err(error) => {
                        read.refuse(MetricError { line: number, ..located(&error) }, options)?;
                    }
                }
            }
            return Ok(read);
        }
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
        for part in parts {
            part.read(1, options, &mut read, sink)?;
        }
        Ok(read)
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up","job":"x"},"values":[[1703385000,"1"],[1703385015.5,"NaN"]]}]}}"#,
            r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up"},"value":[1703385000.781,"+Inf"]}]}}"#,
            r#"{"data":{"result":[{"metric":{"__name__":"up"},"value":[1703385000,"1"]}],"resultType":"vector"},"status":"success"}"#,
            r#"[{"metric":{"__name__":"up"},"value":[1703385000,"1"]}]"#,
        ]
    }
}

impl Part {
    fn read(
        self,
        line: u64,
        options: ReadOptions,
        read: &mut Read,
        sink: &mut Sink<'_>,
    ) -> Result<(), MetricError> {
        let labels = Labels::new(self.metric);
        let fault = |what: String| MetricError {
            line,
            column: 1,
            message: format!("{what} of {labels}"),
            hint: None,
        };
        for (seconds, answered) in self.histogram.iter().chain(&self.histograms) {
            let millis = (seconds * 1000.0).round();
            let Some(histogram) = answered.histogram().filter(|_| millis.abs() < i64::MAX as f64) else {
                read.refuse(fault(format!("what is at {seconds} is no native histogram: one")), options)?;
                continue;
            };
            read.samples += 1;
            let histogram = Arc::new(histogram);
            let sample = HistogramSample { at: millis as i64, start: 0, histogram };
            read.histograms.push((labels.clone(), sample));
        }
        for (seconds, text) in self.value.iter().chain(&self.values) {
            let millis = (seconds * 1000.0).round();
            match number(text.as_bytes()) {
                Some(value) if millis.abs() < i64::MAX as f64 => {
                    read.samples += 1;
                    sink(&labels, Sample { at: millis as i64, value });
                }
                _ => {
                    let what = format!("{text:?} at {seconds} is no sample");
                    read.refuse(fault(what), options)?;
                }
            }
        }
        Ok(())
    }
}

/// The keys of a JSON text in the order in which they stand there, of objects within objects, too.
pub(super) struct Keys<'t>(&'t [u8]);

impl<'t> Keys<'t> {
    /// Of a text that is an object, or a list of objects.
    pub(super) fn of(text: &'t [u8]) -> Self {
        let list = text.strip_prefix(b"[").map_or(text, <[u8]>::trim_ascii_start);
        Keys(if list.starts_with(b"{") { list } else { b"" })
    }
}

impl<'t> Iterator for Keys<'t> {
    type Item = &'t [u8];

    fn next(&mut self) -> Option<&'t [u8]> {
        loop {
            let start = memchr::memchr(b'"', self.0)? + 1;
            let mut end = start;
            while *self.0.get(end)? != b'"' {
                end += if self.0[end] == b'\\' { 2 } else { 1 };
            }
            let text = &self.0[start..end];
            self.0 = &self.0[end + 1..];
            if self.0.trim_ascii_start().starts_with(b":") {
                return Some(text);
            }
        }
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
