//! Logs of the JVM's garbage collection, JDK 8 to 21: each pause, the heap after it, and threads that had to wait for
//! memory.

use super::exposition::{head_lines, lines};
use super::{Each, Known, MetricError, MetricFormat, Read, ReadOptions, Sink};
use crate::format::time::{self, Clock};
use crate::model::{Labels, Sample, Timestamp};

/// What a collector logs.
pub(super) struct GcLog;

/// How many lines tell what a file is.
const LOOKED_AT: usize = 60;

impl MetricFormat for GcLog {
    fn name(&self) -> &'static str {
        "jvm-gc"
    }

    fn doc(&self) -> &'static str {
        "Logs of the JVM's garbage collection (-Xlog:gc, -verbose:gc): pauses, heap, stalls."
    }

    fn recognises(&self, head: &[u8]) -> bool {
        let (mut known, mut all, mut sure) = (0, 0, false);
        for line in head_lines(head).filter(|line| !line.trim_ascii().is_empty()).take(LOOKED_AT) {
            let text = String::from_utf8_lossy(line);
            let line = Line::of(&text);
            sure |= line.is_collector() || event(line.text).is_some();
            known += usize::from(line.is_collector() || event(line.text).is_some() || is_detail(line.text));
            all += 1;
        }
        sure && known * 10 >= all * 8
    }

    fn is_text(&self) -> bool {
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
        let mut samples = 0;
        let relative = walk(bytes, options, &mut |_, labels, sample| {
            samples += 1;
            sink(labels, sample);
        });
        read.samples = samples;
        if relative {
            read.note(
                "its times count from the start of the process: they are laid up to when it was written",
            );
        }
        Ok(read)
    }

    fn rows(&self, bytes: &[u8], options: ReadOptions, each: &mut Each<'_>) -> bool {
        walk(bytes, options, each);
        true
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            "[2026-11-29T07:38:53.801+0000][0.022s][info][gc] Using G1\n[2026-11-29T07:38:54.801+0000][1.022s][info][gc] GC(0) Pause Young (Normal) (G1 Evacuation Pause) 6M->5M(64M) 5.108ms\n",
            "[0.503s][info][gc] GC(0) Garbage Collection (Warmup) 20M(31%)->24M(38%)\n[0.653s][info][gc] Allocation Stall (main) 5.554ms\n",
            "2026-11-29T07:38:54.801+0000: 1.234: [GC (Allocation Failure) [PSYoungGen: 65536K->10720K(76288K)] 65536K->20720K(251392K), 0.0123456 secs] [Times: user=0.02 sys=0.00, real=0.01 secs]\n",
            "2026-11-29T07:38:54.801+0000: 1.234: [GC pause (G1 Evacuation Pause) (young), 0.0123 secs]\n   [Eden: 24.0M(24.0M)->0.0B(13.0M) Survivors: 0.0B->3072.0K Heap: 24.0M(256.0M)->21.0M(256.0M)]\n",
        ]
    }
}

/// A line without what the machine writes before what it says.
#[derive(Default)]
struct Line<'t> {
    wall: Option<&'t str>,
    /// Seconds since the process was started.
    uptime: Option<f64>,
    /// Are its words about collection, as its tags say?
    tagged: bool,
    text: &'t str,
}

impl<'t> Line<'t> {
    fn of(text: &'t str) -> Line<'t> {
        let mut line = Line { text: text.trim_end(), ..Line::default() };
        // JDK 9 and later: decorations in brackets.
        while let Some((decoration, rest)) = line.text.strip_prefix('[').and_then(|rest| rest.split_once(']'))
        {
            if decoration.starts_with("GC")
                || decoration.starts_with("Full GC")
                || line.text.starts_with("[ ")
            {
                break;
            }
            let word = decoration.trim();
            if time::read(word.as_bytes()).is_some_and(|(_, used)| used == word.len()) {
                line.wall = Some(word);
            } else if let Some(uptime) = seconds(word) {
                line.uptime = Some(uptime);
            }
            line.tagged |= word == "gc" || word.starts_with("gc,") || word.starts_with("safepoint");
            line.text = rest;
        }
        line.text = line.text.trim_start_matches(' ');
        // JDK 8: a date, the uptime, and what was done in brackets.
        while let Some((stamp, rest)) = line.text.split_once(": ") {
            if let Ok(uptime) = stamp.parse::<f64>() {
                line.uptime = Some(uptime);
            } else if stamp.len() > 20
                && time::read(stamp.as_bytes()).is_some_and(|(_, used)| used == stamp.len())
            {
                line.wall = Some(stamp);
            } else {
                break;
            }
            line.text = rest;
        }
        line
    }

    fn is_collector(&self) -> bool {
        self.tagged && (self.uptime.is_some() || self.wall.is_some())
    }

    /// When it was written, in milliseconds; `start` is when the process was started, where only that tells.
    fn at(&self, start: Option<i64>, zone: chrono_tz::Tz) -> Option<i64> {
        let wall = self.wall.and_then(|wall| {
            let (stamp, _) = time::read(wall.as_bytes())?;
            Clock { zone, ..Clock::default() }.resolve(stamp).map(Timestamp::millis)
        });
        wall.or_else(|| Some(start? + (self.uptime? * 1e3).round() as i64))
    }
}

/// `0.163s`, `163ms`.
fn seconds(word: &str) -> Option<f64> {
    let units = [("ms", 1e-3), ("ns", 1e-9), ("s", 1.0)];
    let (number, factor) =
        units.iter().find_map(|(unit, factor)| Some((word.strip_suffix(unit)?, factor)))?;
    number.trim().parse::<f64>().ok().map(|number| number * factor)
}

/// What a line tells.
#[derive(Clone, Debug, Default, PartialEq)]
struct Event<'t> {
    /// The kind of the pause, why it was made, and how long it took in seconds.
    pause: Option<(&'t str, &'t str, f64)>,
    /// The thread that waited for memory, and how long, in seconds.
    stall: Option<(&'t str, f64)>,
    /// The heap before and after, and its size, in bytes.
    heap: Option<(f64, f64, Option<f64>)>,
}

/// Lines that tell more of a collection.
fn is_detail(text: &str) -> bool {
    const STARTS: &[&str] = &[
        "[Eden:",
        "[Parallel Time:",
        "[GC Worker",
        "[Ext Root",
        "[Update RS",
        "[Scan RS",
        "[Code Root",
        "[Object Copy",
        "[Termination",
        "[Processed",
        "[Clear CT",
        "[Other:",
        "[Choose CSet",
        "[Ref ",
        "[Redirty",
        "[Humongous",
        "[Free CSet",
        "[Times:",
        "[Evacuation",
        "{Heap",
        "Heap",
        "}",
        "Memory:",
        "CommandLine flags:",
        "OpenJDK",
        "Java HotSpot",
    ];
    STARTS.iter().any(|start| text.starts_with(start))
}

fn event(text: &str) -> Option<Event<'_>> {
    if text.starts_with("[GC") || text.starts_with("[Full GC") {
        return old(text);
    }
    if let Some(heap) = text.strip_prefix("[Eden:").and_then(|rest| rest.split_once("Heap:")) {
        return Some(Event { heap: heap_of(heap.1.trim().trim_end_matches(']')), ..Event::default() });
    }
    let text = match text.strip_prefix("GC(") {
        Some(rest) => rest.split_once(") ")?.1.trim_start(),
        None => text,
    };
    if let Some(rest) = text.strip_prefix("Allocation Stall (") {
        let (thread, took) = rest.rsplit_once(") ")?;
        return Some(Event { stall: Some((thread, seconds(took)?)), ..Event::default() });
    }
    // A generation's collections begin with its letter.
    let text =
        text.strip_prefix("Y: ").or(text.strip_prefix("O: ")).or(text.strip_prefix("y: ")).unwrap_or(text);
    let collection = ["Garbage Collection (", "Minor Collection (", "Major Collection ("];
    if collection.iter().any(|start| text.starts_with(start)) {
        let (_, heap) = text.split_once(") ")?;
        let heap = heap.split_whitespace().next()?;
        return Some(Event { heap: heap_of(heap), ..Event::default() });
    }
    let rest = text.strip_prefix("Pause ")?;
    let (said, took) = rest.rsplit_once(' ')?;
    let took = seconds(took)?;
    let (said, heap) = match said.rsplit_once(' ').filter(|(_, last)| last.contains("->")) {
        Some((said, heap)) => (said, heap_of(heap)),
        None => (said, None),
    };
    let kind = said.split(" (").next().unwrap_or(said);
    Some(Event { pause: Some((kind, cause(said), took)), heap, ..Event::default() })
}

/// Why: what stands in the last parentheses.
fn cause(said: &str) -> &str {
    said.rsplit_once('(').map_or("", |(_, cause)| cause.trim_end().trim_end_matches(')'))
}

/// A line of JDK 8: `[GC (Allocation Failure) [PSYoungGen: …] 65536K->20720K(251392K), 0.0123456 secs] [Times: …]`.
fn old(text: &str) -> Option<Event<'_>> {
    let text = text.split(" [Times:").next().unwrap_or(text);
    let body = text.strip_suffix(" secs]")?;
    let (said, took) = body.rsplit_once(", ")?;
    let took: f64 = took.replace(',', ".").trim().parse().ok()?;
    let full = said.starts_with("[Full GC");
    let kind = if full {
        "Full"
    } else if said.contains("CMS Initial Mark") {
        "Initial Mark"
    } else if said.contains("CMS Final Remark") || said.contains("[GC remark") {
        "Remark"
    } else if said.contains("[GC cleanup") {
        "Cleanup"
    } else {
        "Young"
    };
    let cause = said.split_once('(').map_or("", |(_, rest)| rest.split(')').next().unwrap_or_default());
    // That of the heap stands outside of the brackets of the generations.
    let mut depth = 0;
    let outside: String = said[1..]
        .chars()
        .filter(|c| {
            match c {
                '[' => depth += 1,
                ']' => depth -= 1,
                _ => {}
            }
            depth == 0 && *c != ']'
        })
        .collect();
    let heap = outside.split([' ', ',']).rev().find(|word| word.contains("->")).and_then(heap_of);
    Some(Event { pause: Some((kind, cause, took)), heap, ..Event::default() })
}

/// `6M->5M(64M)`, `24.0M(256.0M)->21.0M(256.0M)`, `20M(31%)->24M(38%)`: before, after, and the whole.
fn heap_of(text: &str) -> Option<(f64, f64, Option<f64>)> {
    let (before, after) = text.split_once("->")?;
    let before = bytes_of(before.split('(').next()?)?;
    let (after, whole) = after.split_once('(').unwrap_or((after, ""));
    let after = bytes_of(after)?;
    let whole = whole.split(')').next().unwrap_or_default();
    let whole = match whole.strip_suffix('%') {
        // A share of the most that there may be.
        Some(share) => {
            share.parse::<f64>().ok().filter(|share| *share > 0.0).map(|share| after * 100.0 / share)
        }
        None => bytes_of(whole),
    };
    Some((before, after, whole))
}

/// `64M`, `21.0M`, `3072.0K`, `0.0B`.
fn bytes_of(text: &str) -> Option<f64> {
    let text = text.trim();
    let unit = text.chars().last()?;
    let factor = match unit {
        'B' => 1.0,
        'K' => 1_024.0,
        'M' => 1_048_576.0,
        'G' => 1_073_741_824.0,
        'T' => 1_099_511_627_776.0,
        _ => return None,
    };
    text.trim_end_matches(unit).replace(',', ".").parse::<f64>().ok().map(|number| number * factor)
}

/// Hands on all samples; says whether times count from the start of the process only.
fn walk(bytes: &[u8], options: ReadOptions, each: &mut Each<'_>) -> bool {
    let (start, relative) = start(bytes, options);
    let mut last = None;
    for (number, line) in lines(bytes) {
        let text = String::from_utf8_lossy(line);
        let line = Line::of(&text);
        let at = line.at(start, options.zone).or(last);
        last = at;
        let (Some(at), Some(event)) = (at, event(line.text)) else { continue };
        let mut put = |name: &str, labels: &[(&str, &str)], value: f64| {
            let labels = labels.iter().copied().filter(|(_, value)| !value.is_empty());
            each(number, &Labels::new(labels.chain([(Labels::NAME, name)])), Sample { at, value });
        };
        if let Some((kind, cause, took)) = event.pause {
            put("jvm_gc_pause_seconds", &[("pause", kind), ("cause", cause)], took);
        }
        if let Some((thread, took)) = event.stall {
            put("jvm_gc_allocation_stall_seconds", &[("thread", thread)], took);
        }
        if let Some((before, after, whole)) = event.heap {
            let full =
                [("pause", if event.pause.is_some_and(|(kind, ..)| kind == "Full") { "Full" } else { "" })];
            put("jvm_gc_heap_before_bytes", &full, before);
            put("jvm_gc_heap_after_bytes", &full, after);
            if let Some(whole) = whole {
                put("jvm_gc_heap_committed_bytes", &full, whole);
            }
        }
    }
    relative
}

/// When the process was started: what a line with both times says, else so that the last line is as old as the file.
fn start(bytes: &[u8], options: ReadOptions) -> (Option<i64>, bool) {
    let mut last = None;
    for (_, line) in lines(bytes) {
        let text = String::from_utf8_lossy(line);
        let line = Line::of(&text);
        if let (Some(uptime), Some(at)) = (line.uptime, line.at(None, options.zone)) {
            return (Some(at - (uptime * 1e3).round() as i64), false);
        }
        if line.wall.is_some() {
            return (None, false);
        }
        last = line.uptime.or(last);
    }
    (last.map(|last| options.at_ms - (last * 1e3).round() as i64), last.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_of_all_versions_are_read() {
        let mib = 1_048_576.0;
        for (text, pause, heap) in [
            (
                "GC(906) Pause Remark 58M->31M(64M) 4.142ms",
                Some(("Remark", "", 0.004_142)),
                Some((58.0, 31.0, Some(64.0))),
            ),
            (
                "GC(3) Pause Full (Ergonomics) 57M->19M(61M) 37.331ms",
                Some(("Full", "Ergonomics", 0.037_331)),
                Some((57.0, 19.0, Some(61.0))),
            ),
            ("GC(19) Pause Final Roots 0.002ms", Some(("Final Roots", "", 0.000_002)), None),
            ("GC(0) Pause Young (Normal) (G1 Evacuation Pause)", None, None),
            ("GC(906) Concurrent Mark Cycle 422.865ms", None, None),
            (
                "[Full GC (Ergonomics) [PSYoungGen: 10240K->0K(76288K)] [ParOldGen: 1K->2K(3K)] 2048K->1024K(4096K), [Metaspace: 3K->3K(5K)], 0.0500 secs] [Times: user=0.02 sys=0.00, real=0.01 secs]",
                Some(("Full", "Ergonomics", 0.05)),
                Some((2.0, 1.0, Some(4.0))),
            ),
            (
                "[GC (CMS Initial Mark) [1 CMS-initial-mark: 10K(20K)] 12K(30K), 0.001 secs]",
                Some(("Initial Mark", "CMS Initial Mark", 0.001)),
                None,
            ),
            (
                "[GC pause (G1 Evacuation Pause) (young), 0.0123 secs]",
                Some(("Young", "G1 Evacuation Pause", 0.0123)),
                None,
            ),
        ] {
            let found = event(text).unwrap_or_default();
            let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
            assert_eq!(
                found.pause.map(|(kind, cause, _)| (kind, cause)),
                pause.map(|(kind, cause, _)| (kind, cause)),
                "{text}"
            );
            assert!(found.pause.zip(pause).is_none_or(|(a, b)| near(a.2, b.2)), "{text}");
            assert_eq!(found.heap.map(|(a, b, c)| (a / mib, b / mib, c.map(|c| c / mib))), heap, "{text}");
        }
        assert_eq!(event("Allocation Stall (main) 5.554ms").unwrap().stall.unwrap().0, "main");
    }

    #[test]
    fn times_count_from_the_start_of_the_process() {
        let mut found = Vec::new();
        let text = b"[0.500s][info][gc] GC(0) Pause Full (x) 2M->1M(4M) 1.0ms\n[2.000s][info][gc] GC(1) Pause Full (x) 2M->1M(4M) 1.0ms\n";
        let relative =
            walk(text, ReadOptions::of_file(10_000, chrono_tz::UTC), &mut |line, labels, sample| {
                if labels.metric() == "jvm_gc_pause_seconds" {
                    found.push((line, sample.at));
                }
            });
        assert!(relative);
        assert_eq!(found, [(1, 8_500), (2, 10_000)]);
    }
}
