//! What VictoriaMetrics exports: a series a line, as JSON with a list of values and one of times.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::api_json::Keys;
use super::exposition::{lines, number};
use super::{Known, MetricError, MetricFormat, Read, ReadOptions, Sink};
use crate::model::{Labels, Sample};

/// The output of /api/v1/export of VictoriaMetrics.
pub(super) struct Export;

#[derive(Deserialize)]
struct Line {
    metric: BTreeMap<String, String>,
    values: Vec<Number>,
    /// Milliseconds since the epoch.
    timestamps: Vec<i64>,
}

/// JSON has no word for what is no number: it is null, or a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Finite(f64),
    Word(String),
    Missing(()),
}

impl Number {
    fn value(&self) -> Option<f64> {
        match self {
            Number::Finite(value) => Some(*value),
            Number::Word(word) => number(word.as_bytes()),
            Number::Missing(()) => Some(f64::NAN),
        }
    }
}

impl MetricFormat for Export {
    fn name(&self) -> &'static str {
        "victoriametrics"
    }

    fn doc(&self) -> &'static str {
        "JSON lines of VictoriaMetrics' /api/v1/export: metric, values, timestamps."
    }

    fn recognises(&self, head: &[u8]) -> bool {
        let Some((_, first)) = lines(head).find(|(_, line)| !line.trim_ascii().is_empty()) else {
            return false;
        };
        if Keys::of(first).next() != Some(b"metric") {
            return false;
        }
        // A series may be longer than what was looked at.
        let has = |word: &[u8]| memchr::memmem::find(first, word).is_some();
        has(b"\"timestamps\"") || has(b"\"values\":[") && !has(b"\"values\":[[")
    }

    fn has_free_lines(&self) -> bool {
        true
    }

    fn may_hold_markers(&self) -> bool {
        true
    }

    fn read(
        &self,
        bytes: &[u8],
        options: ReadOptions,
        _: &mut Known,
        sink: &mut Sink<'_>,
    ) -> Result<Read, MetricError> {
        let mut read = Read::default();
        for (number, line) in lines(bytes).filter(|(_, line)| !line.trim_ascii().is_empty()) {
            if let Err((column, message)) = series(line, &mut read, sink) {
                read.refuse(MetricError { line: number, column, message, hint: None }, options)?;
            }
        }
        Ok(read)
    }

    fn examples(&self) -> &'static [&'static str] {
        &["{\"metric\":{\"__name__\":\"up\",\"job\":\"x\"},\"values\":[1,null,\"Infinity\",0.5],\
           \"timestamps\":[1703385000000,1703385015000,1703385030000,1703385045000]}\n"]
    }
}

fn series(line: &[u8], read: &mut Read, sink: &mut Sink<'_>) -> Result<(), (usize, String)> {
    let line: Line = serde_json::from_slice(line).map_err(|error| {
        let text = error.to_string();
        (error.column().max(1), text.split(" at line").next().unwrap_or_default().to_owned())
    })?;
    if line.values.len() != line.timestamps.len() {
        let (values, times) = (line.values.len(), line.timestamps.len());
        return Err((1, format!("there are {values} values and {times} times")));
    }
    let labels = Labels::new(line.metric);
    let values: Option<Vec<f64>> = line.values.iter().map(Number::value).collect();
    let values = values.ok_or((1, format!("a value of {labels} is no number")))?;
    for (at, value) in line.timestamps.into_iter().zip(values) {
        read.samples += 1;
        sink(&labels, Sample { at, value });
    }
    Ok(())
}
