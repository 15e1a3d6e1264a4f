//! What `promtool tsdb dump` prints: the name is a label like all others, and times are milliseconds.

use super::exposition::{head_lines, series};
use super::prometheus::read_millis;
use super::{Family, Known, MetricError, MetricFormat, Read, ReadOptions, Sink};

/// The output of `promtool tsdb dump`.
pub(super) struct TsdbDump;

impl MetricFormat for TsdbDump {
    fn name(&self) -> &'static str {
        "tsdb-dump"
    }

    fn doc(&self) -> &'static str {
        "The output of promtool tsdb dump; that of dump-openmetrics is openmetrics."
    }

    fn recognises(&self, head: &[u8]) -> bool {
        let mut lines = head_lines(head).filter(|line| !line.is_empty()).peekable();
        lines.peek().is_some()
            && lines.all(|line| {
                line.starts_with(b"{")
                    && memchr::memmem::find(line, b"__name__=\"").is_some()
                    && series(line, false).is_ok()
            })
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
        known: &mut Known,
        sink: &mut Sink<'_>,
    ) -> Result<Read, MetricError> {
        read_millis(bytes, ReadOptions { family: Family::Other, ..options }, known, sink)
    }

    fn examples(&self) -> &'static [&'static str] {
        &["{__name__=\"up\", instance=\"a:9090\", job=\"x\"} 1 1703385000000\n\
           {__name__=\"up\", instance=\"a:9090\", job=\"x\"} 0 1703385015000\n"]
    }
}
