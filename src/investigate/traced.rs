//! Spans beside the logs, as `detect` and `investigate` look at them.

use crate::detect::{self, Finding, Scene};
use crate::entities::calls::Calls;
use crate::filter::Filter;
use crate::model::{Needs, TimeRange};
use crate::scan::{Input, Inputs, ScanOptions};
use crate::timeline::within::{self, Within};
use crate::traces::{self, Traces};

/// How many spans and other entries of traces are kept, about: beyond that only some of the traces.
const MOST: u64 = 2_000_000;

/// The bytes that one takes in a file, about.
const BYTES: u64 = 300;

/// The spans of the inputs.
#[derive(Debug, Default)]
pub struct Traced {
    traces: Traces,
    within: Within,
}

impl Traced {
    /// Reads the spans among the selected entries.
    pub fn load(inputs: &Inputs, selected: (Needs, &Filter, TimeRange), options: &ScanOptions) -> Traced {
        let has_spans = |log: &&Input| log.profile().is_some_and(|profile| profile.spans.is_some());
        if !inputs.logs.iter().any(|log| has_spans(&log)) {
            return Traced::default();
        }
        let bytes: u64 = inputs.logs.iter().filter(has_spans).filter_map(|log| log.size).sum();
        let beside: u64 = inputs.logs.iter().filter(|log| !has_spans(log)).filter_map(|log| log.size).sum();
        let share = (bytes.max(beside) / BYTES / MOST).max(1).next_power_of_two();
        let (needs, filter, range) = selected;
        let traces = traces::collect(inputs, (needs.clone(), filter, range), share, options);
        Traced { traces, within: within::collect(inputs, (needs, filter, range), share, options) }
    }

    /// What they show.
    pub fn findings(&self, scene: &Scene<'_>, calls: &Calls) -> Vec<Finding> {
        let mut findings = detect::traced::findings(scene, &self.traces, calls);
        findings.extend(detect::flow::findings(scene, &self.traces, &self.within, calls));
        findings
    }

    /// Who calls whom, as they say.
    pub fn calls(&self) -> Calls {
        detect::traced::calls(&self.traces)
    }
}
