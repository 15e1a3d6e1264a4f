//! Files of `/proc` as `cat` prints them, one state of a machine or several in a row: `meminfo`, `loadavg`, `stat`,
//! `vmstat`, `diskstats`, `pressure/*`, `net/snmp`, `net/netstat`.
//!
//! A line that is only a time begins a state. What the kernel counts becomes a rate between two states of a file, under the
//! names that `sar`, `vmstat` and `iostat` have for it; in a file with one state it stays a counter whose name ends in
//! `_total`. The meaning of the numbers is that of the kernel's own documentation (`filesystems/proc`, `iostats`, `psi`).

use std::collections::BTreeMap;

use super::{Row, reading, refused};
use crate::format::metric::exposition::{head_lines, lines};
use crate::format::metric::{Each, Known, MetricError, MetricFormat, Read, ReadOptions, Sink};
use crate::format::time::{self, Clock};
use crate::model::{Labels, Sample, Timestamp};

/// States of a machine as the kernel tells them.
pub(in crate::format::metric) struct Proc;

impl MetricFormat for Proc {
    fn name(&self) -> &'static str {
        "proc"
    }

    fn doc(&self) -> &'static str {
        "What cat prints of /proc/meminfo, loadavg, stat, vmstat, diskstats, pressure/* and net/snmp, perhaps below times."
    }

    fn recognises(&self, head: &[u8]) -> bool {
        let lines = head_lines(head).map(String::from_utf8_lossy);
        let first = lines
            .filter(|line| !line.trim().is_empty() && named(line).is_none() && stamp(line).is_none())
            .find(|line| !line.starts_with('#'));
        first.is_some_and(|line| begins(&line))
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
        let mut untimed = false;
        let mut read =
            reading(options, sink, |each, refuse| walk(bytes, options, each, refuse, &mut untimed))?;
        if untimed {
            read.note(
                "has several states without times between them: only the first one of each kind counts",
            );
        }
        Ok(read)
    }

    fn rows(&self, bytes: &[u8], options: ReadOptions, each: &mut Each<'_>) -> bool {
        // What cannot be read was said when the file was loaded.
        let _ = walk(bytes, options, each, &mut |_| Ok(()), &mut false);
        true
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            "MemTotal:        7900000 kB\nMemFree:         3700000 kB\nMemAvailable:    5500000 kB\nSwapTotal:             0 kB\nHugePages_Total:       0\n",
            "Fri Nov 28 09:00:00 UTC 2025\n0.15 0.20 0.18 1/312 6001\nFri Nov 28 09:00:10 UTC 2025\n0.25 0.21 0.18 2/313 6012\n",
            "cpu  100200 300 50100 90000000 4000 0 1200 0 0 0\ncpu0 100200 300 50100 90000000 4000 0 1200 0 0 0\nintr 12345678 9 0 0\nctxt 99887766\nbtime 1763618400\nprocesses 61234\nprocs_running 1\nprocs_blocked 0\nsoftirq 777 0 1 2 3\n",
            "nr_free_pages 925000\npgpgin 1234567\npswpout 0\n",
            "1764320400\n   8       0 sda 1000 10 80000 900 2000 20 160000 1800 0 2500 2700\n1764320410\n   8       0 sda 1100 10 81000 950 2100 20 161000 1900 0 2600 2850\n",
            "==> /proc/pressure/io <==\nsome avg10=1.50 avg60=0.50 avg300=0.10 total=123456\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=23456\n",
            "Ip: Forwarding DefaultTTL InReceives\nIp: 1 64 1200\nTcp: ActiveOpens CurrEstab RetransSegs\nTcp: 10 2 3\n",
        ]
    }
}

/// Does a state begin with this line?
fn begins(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[..] {
        ["MemTotal:", _, "kB"] | ["nr_free_pages", _] => words[1].parse::<u64>().is_ok(),
        ["cpu", _, _, _, _, _, ..] => words[1..].iter().all(|word| word.parse::<u64>().is_ok()),
        ["some" | "full", avg, ..] => avg.starts_with("avg10="),
        ["Ip:", "Forwarding", ..] | ["TcpExt:", "SyncookiesSent", ..] => true,
        _ => load(&words).is_some() || is_disk(&words),
    }
}

/// The file that a line names, as `tail -n +1`, `grep .` and shells that say what they do name it.
fn named(line: &str) -> Option<&str> {
    let from = line.find("/proc/")?;
    let rest = &line[from + "/proc/".len()..];
    let is_name = |c: char| c.is_ascii_alphanumeric() || "/_.-".contains(c);
    let end = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
    (end > 0).then_some(&rest[..end])
}

/// A line that is only a time.
fn stamp(line: &str) -> Option<time::Stamp> {
    let line = line.trim();
    let (stamp, used) = time::read(line.as_bytes()).or_else(|| time::epoch(line.as_bytes()))?;
    (used == line.len() && !matches!(stamp, time::Stamp::Bare(_))).then_some(stamp)
}

/// The three averages, how many tasks run and of how many.
fn load(words: &[&str]) -> Option<[f64; 5]> {
    let [one, five, fifteen, tasks, last] = *words else { return None };
    let (running, all) = tasks.split_once('/')?;
    last.parse::<u64>().ok()?;
    let is_average = |word: &str| word.contains('.') && word.parse::<f64>().is_ok();
    [one, five, fifteen].into_iter().all(is_average).then_some(())?;
    let number = |word: &str| word.parse::<f64>().ok();
    Some([number(one)?, number(five)?, number(fifteen)?, number(running)?, number(all)?])
}

/// A row of `diskstats`: major, minor, name, and at least eleven counters.
fn is_disk(words: &[&str]) -> bool {
    words.len() >= 14
        && words[2].starts_with(|c: char| c.is_ascii_alphabetic())
        && words.iter().enumerate().all(|(at, word)| at == 2 || word.parse::<u64>().is_ok())
}

/// What is counted, and how rates of it are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// Ticks of a processor by what it did.
    Cpu,
    /// A disk's eleven counters.
    Disk,
    /// Microseconds for which tasks waited.
    Pressure,
    /// One number.
    Plain,
}

/// Counters of a thing at a time.
struct Count {
    at: i64,
    line: u64,
    values: Vec<f64>,
}

/// What a processor did, in the order in which the kernel counts it; what guests did is in the first two as well.
const MODES: [&str; 8] = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];

/// Ticks in a second, as programs are told them (`USER_HZ`).
const TICKS: f64 = 100.0;

/// Bytes of a sector of `diskstats`, whatever the disk's are.
const SECTOR: f64 = 512.0;

/// Numbers of `net/snmp` that are no counters (RFC 1213, RFC 4022).
const LEVELS: [&str; 7] =
    ["Forwarding", "DefaultTTL", "RtoAlgorithm", "RtoMin", "RtoMax", "MaxConn", "CurrEstab"];

/// Numbers of `vmstat` with the name of a level that are counters.
const COUNTED: [&str; 4] = ["nr_dirtied", "nr_written", "nr_vmscan_write", "nr_vmscan_immediate_reclaim"];

type Key = (What, String, String);

/// What was read so far.
struct Walk<'e> {
    at: i64,
    line: u64,
    each: &'e mut Each<'e>,
    counts: BTreeMap<Key, Vec<Count>>,
    /// When levels were told last.
    seen: BTreeMap<(String, String), i64>,
    /// The resource whose pressure comes next, and how many came in this state.
    resource: Option<String>,
    resources: usize,
    /// The names of the columns of `net/snmp`.
    columns: Vec<String>,
    memory: [Option<f64>; 4],
    repeats: bool,
}

impl Walk<'_> {
    /// A level. What has been told of this time already is not told again.
    fn level(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let of = labels.first().map_or("", |(_, value)| *value).to_owned();
        if self.seen.insert((name.to_owned(), of), self.at) == Some(self.at) {
            self.repeats = true;
            return;
        }
        put(name, labels, (self.at, self.line), value, self.each);
    }

    fn count(&mut self, what: What, name: &str, of: &str, values: Vec<f64>) {
        let counts = self.counts.entry((what, name.to_owned(), of.to_owned())).or_default();
        let count = Count { at: self.at, line: self.line, values };
        if counts.last().is_some_and(|last| last.at >= count.at) {
            self.repeats = true;
            return;
        }
        counts.push(count);
    }

    /// A new state begins.
    fn begin(&mut self, at: i64) {
        self.at = at;
        (self.resource, self.resources) = (None, 0);
        self.memory = [None; 4];
    }

    /// Takes a line in; says whether it is known.
    fn take(&mut self, line: &str) -> bool {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |word: &str| word.parse::<u64>().ok().map(|value| value as f64);
        let numbers = |words: &[&str]| words.iter().map(|word| number(word)).collect::<Option<Vec<f64>>>();
        if let Some([one, five, fifteen, running, all]) = load(&words) {
            for (name, value) in [
                ("host_ldavg_1", one),
                ("host_ldavg_5", five),
                ("host_ldavg_15", fifteen),
                ("host_runq_sz", running),
                ("host_plist_sz", all),
            ] {
                self.level(name, &[], value);
            }
            return true;
        }
        match words[..] {
            [key, value, "kB"] if key.ends_with(':') => {
                number(value).map(|value| self.memory(key, value)).is_some()
            }
            [key, value] if key.starts_with("HugePages_") => {
                let name = format!("host_{}", plain(key));
                number(value).map(|value| self.level(&name, &[], value)).is_some()
            }
            [cpu, ref rest @ ..] if cpu.starts_with("cpu") && rest.len() >= 4 => {
                let of = if cpu == "cpu" { "all" } else { &cpu["cpu".len()..] };
                let values = numbers(&rest[..rest.len().min(MODES.len())]);
                values.map(|values| self.count(What::Cpu, "", of, values)).is_some()
            }
            ["btime" | "softirq", ..] => true,
            ["intr", all, ..] => self.plain("host_interrupts", all),
            ["ctxt", all] => self.plain("host_context_switches", all),
            ["processes", all] => self.plain("host_proc", all),
            ["procs_running", _] => true,
            ["procs_blocked", value] => {
                number(value).map(|value| self.level("host_blocked", &[], value)).is_some()
            }
            ["some" | "full", ..] => self.pressure(&words),
            [protocol, ref rest @ ..] if protocol.ends_with(':') && rest.len() > 1 => {
                self.protocol(protocol.trim_end_matches(':'), rest)
            }
            [name, value]
                if name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') =>
            {
                let metric = format!("host_{name}");
                if name.starts_with("nr_") && !COUNTED.contains(&name) || name.ends_with("_threshold") {
                    number(value).map(|value| self.level(&metric, &[], value)).is_some()
                } else {
                    self.plain(&metric, value)
                }
            }
            _ if is_disk(&words) => {
                let values = numbers(&words[3..14]);
                values.map(|values| self.count(What::Disk, "", words[2], values)).is_some()
            }
            _ => false,
        }
    }

    fn plain(&mut self, name: &str, value: &str) -> bool {
        let value = value.parse::<u64>().ok();
        value.map(|value| self.count(What::Plain, name, "", vec![value as f64])).is_some()
    }

    /// A line of `meminfo`; shares are told as soon as both numbers are known.
    fn memory(&mut self, key: &str, kilobytes: f64) {
        const PARTS: [&str; 4] = ["MemTotal:", "MemAvailable:", "SwapTotal:", "SwapFree:"];
        let key_name = plain(key.trim_end_matches(':'));
        self.level(&format!("host_{}_kilobytes", key_name.trim_end_matches('_')), &[], kilobytes);
        let Some(part) = PARTS.iter().position(|part| *part == key) else { return };
        self.memory[part] = Some(kilobytes);
        let share = |of: Option<f64>, part: Option<f64>| {
            of.zip(part).filter(|(of, _)| *of > 0.0).map(|(of, part)| 100.0 * part / of)
        };
        let [total, available, swap, free] = self.memory;
        match part {
            1 => {
                if let Some(share) = share(total, available) {
                    self.level("host_memavailable_percent", &[], share);
                }
            }
            3 => {
                if let Some(share) = share(swap, free) {
                    self.level("host_swpused_percent", &[], 100.0 - share);
                }
            }
            _ => {}
        }
    }

    /// `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`. Without a name before it, the files come in the order in which a
    /// shell's `*` names them: cpu, io, irq (which has no `some`), memory.
    fn pressure(&mut self, words: &[&str]) -> bool {
        let value = |name: &str| words.iter().find_map(|word| word.strip_prefix(name)?.parse::<f64>().ok());
        let (Some(average), Some(total)) = (value("avg10="), value("total=")) else { return false };
        if words[0] == "some" {
            self.resources += 1;
        }
        let order = ["cpu", "io", "memory"].get(self.resources.wrapping_sub(1)).copied();
        let Some(resource) = self.resource.clone().or(order.map(str::to_owned)) else { return false };
        let name = format!("host_pressure_{resource}_{}", words[0]);
        self.level(&format!("{name}_avg10_percent"), &[], average);
        self.count(What::Pressure, &name, "", vec![total]);
        true
    }

    /// Two lines of a protocol: names, and numbers.
    fn protocol(&mut self, protocol: &str, rest: &[&str]) -> bool {
        if rest.iter().all(|word| word.starts_with(|c: char| c.is_ascii_alphabetic())) {
            self.columns = rest.iter().map(|word| (*word).to_owned()).collect();
            return true;
        }
        let columns = std::mem::take(&mut self.columns);
        if columns.len() != rest.len() {
            return false;
        }
        for (column, word) in columns.iter().zip(rest) {
            let Ok(value) = word.parse::<f64>() else { continue };
            let name = format!("host_{}_{}", plain(protocol), plain(column));
            if LEVELS.contains(&column.as_str()) {
                self.level(&name, &[], value);
            } else {
                self.count(What::Plain, &name, "", vec![value]);
            }
        }
        true
    }

    /// Rates between the states, and counters of which there is only one state.
    fn end(self) -> bool {
        let several = self.counts.values().any(|counts| counts.len() > 1);
        for ((what, name, of), counts) in &self.counts {
            if !several && let [only] = &counts[..] {
                for (name, label, value) in totals(*what, name, &only.values) {
                    put(&name, &labels(*what, of, label), (only.at, only.line), value, self.each);
                }
            }
            for pair in counts.windows(2) {
                let (before, after) = (&pair[0], &pair[1]);
                // What is less than it was began anew.
                if before.values.len() != after.values.len()
                    || before.values.iter().zip(&after.values).any(|(before, after)| after < before)
                {
                    continue;
                }
                let grown: Vec<f64> =
                    before.values.iter().zip(&after.values).map(|(before, after)| after - before).collect();
                let seconds = (after.at - before.at) as f64 / 1e3;
                for (name, value) in rates(*what, name, &grown, seconds) {
                    put(&name, &labels(*what, of, ""), (after.at, after.line), value, self.each);
                }
            }
        }
        self.repeats
    }
}

/// The labels of a counter.
fn labels<'l>(what: What, of: &'l str, mode: &'l str) -> Vec<(&'l str, &'l str)> {
    let own = match what {
        What::Cpu => Some(("cpu", of)),
        What::Disk => Some(("device", of)),
        What::Pressure | What::Plain => None,
    };
    own.into_iter().chain((!mode.is_empty()).then_some(("mode", mode))).collect()
}

/// What has grown by so much in so many seconds, as tables of machines tell it.
fn rates(what: What, name: &str, grown: &[f64], seconds: f64) -> Vec<(String, f64)> {
    match what {
        What::Cpu => {
            let all: f64 = grown.iter().sum();
            let share =
                |(mode, ticks): (&str, &f64)| (format!("host_cpu_{mode}_percent"), 100.0 * ticks / all);
            if all > 0.0 { MODES.into_iter().zip(grown).map(share).collect() } else { Vec::new() }
        }
        What::Disk => {
            let (operations, waited) = (grown[0] + grown[4], grown[3] + grown[7]);
            let mut told = vec![
                ("tps", operations / seconds),
                ("rkb", grown[2] * SECTOR / 1_024.0 / seconds),
                ("wkb", grown[6] * SECTOR / 1_024.0 / seconds),
                ("util_percent", (grown[9] / seconds / 10.0).min(100.0)),
                ("aqu_sz", grown[10] / seconds / 1e3),
            ];
            if operations > 0.0 {
                told.push(("await", waited / operations));
            }
            told.into_iter().map(|(name, value)| (format!("host_device_{name}"), value)).collect()
        }
        What::Pressure => vec![(format!("{name}_percent"), grown[0] / seconds / 1e4)],
        What::Plain => vec![(name.to_owned(), grown[0] / seconds)],
    }
}

/// Counters as they are, in their names' units, with a label where there are several of a kind.
fn totals(what: What, name: &str, values: &[f64]) -> Vec<(String, &'static str, f64)> {
    let several = |told: Vec<(&str, f64)>| {
        told.into_iter().map(|(name, value)| (format!("host_device_{name}_total"), "", value)).collect()
    };
    match what {
        What::Cpu => {
            let modes = MODES.into_iter().zip(values);
            modes.map(|(mode, ticks)| ("host_cpu_seconds_total".to_owned(), mode, ticks / TICKS)).collect()
        }
        What::Disk => several(vec![
            ("reads", values[0]),
            ("read_bytes", values[2] * SECTOR),
            ("writes", values[4]),
            ("written_bytes", values[6] * SECTOR),
            ("busy_seconds", values[9] / 1e3),
        ]),
        What::Pressure => vec![(format!("{name}_seconds_total"), "", values[0] / 1e6)],
        What::Plain => vec![(format!("{name}_total"), "", values[0])],
    }
}

/// A name as metrics have them.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}

fn put(name: &str, labels: &[(&str, &str)], (at, line): (i64, u64), value: f64, each: &mut Each<'_>) {
    let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Row { labels, at, line }.put(name, value, each);
}

fn walk(
    bytes: &[u8],
    options: ReadOptions,
    each: &mut Each<'_>,
    refuse: &mut dyn FnMut(MetricError) -> Result<(), MetricError>,
    untimed: &mut bool,
) -> Result<(), MetricError> {
    let clock = Clock { zone: options.zone, ..Clock::default() };
    let mut forward = |line: u64, labels: &Labels, sample: Sample| each(line, labels, sample);
    let mut walk = Walk {
        at: options.at_ms,
        line: 0,
        each: &mut forward,
        counts: BTreeMap::new(),
        seen: BTreeMap::new(),
        resource: None,
        resources: 0,
        columns: Vec::new(),
        memory: [None; 4],
        repeats: false,
    };
    for (number, line) in lines(bytes) {
        let text = String::from_utf8_lossy(line);
        walk.line = number;
        if text.trim().is_empty() {
            continue;
        }
        if let Some(at) = stamp(&text).and_then(|stamp| clock.resolve(stamp)) {
            walk.begin(Timestamp::millis(at));
        } else if let Some(name) = named(&text) {
            walk.resource = name.strip_prefix("pressure/").map(plain);
        } else if !text.starts_with('#') && !walk.take(&text) {
            refuse(refused(number, "is no line of a file of /proc that is known"))?;
        }
    }
    *untimed = walk.end();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        let options = ReadOptions::of_file(7_000, chrono_tz::UTC);
        Proc.rows(text.as_bytes(), options, &mut |line, labels, sample| {
            found.push(format!("{line} {labels} {} @{}", sample.value, sample.at / 1_000));
        });
        found
    }

    fn has(found: &[String], expected: &[&str]) {
        for line in expected {
            assert!(found.iter().any(|sample| sample == line), "{line}: {found:#?}");
        }
    }

    #[test]
    fn counters_are_rates_between_states() {
        let state = |time: &str, idle: u32, ctxt: u32, busy: u32| {
            format!(
                "{time}\ncpu  100 0 50 {idle} 0 0 0 0 0 0\nctxt {ctxt}\n   8 0 sda 10 0 800 90 20 0 1600 180 0 {busy} 270\nsome avg10=1.50 avg60=0.50 avg300=0.10 total={busy}000\n"
            )
        };
        let text = state("Fri Nov 28 09:00:00 UTC 2025", 900, 1_000, 500)
            + &state("Fri Nov 28 09:00:10 UTC 2025", 1_900, 1_500, 10_500)
            // The machine was started anew.
            + &state("Fri Nov 28 09:00:20 UTC 2025", 10, 5, 1);
        let found = samples(&text);
        has(
            &found,
            &[
                "7 host_cpu_idle_percent{cpu=\"all\"} 100 @1764320410",
                "8 host_context_switches 50 @1764320410",
                "9 host_device_util_percent{device=\"sda\"} 100 @1764320410",
                "10 host_pressure_cpu_some_percent 100 @1764320410",
                "5 host_pressure_cpu_some_avg10_percent 1.5 @1764320400",
            ],
        );
        assert!(!found.iter().any(|sample| sample.starts_with("12 host_cpu") || sample.starts_with("13 ")));
    }

    #[test]
    fn one_state_has_levels_and_counters() {
        let text = "MemTotal: 1000 kB\nMemAvailable: 50 kB\nActive(anon): 7 kB\nSwapTotal: 200 kB\nSwapFree: 50 kB\n0.15 0.20 0.18 1/312 6001\ncpu  100 0 50 900 0 0 0 0\nnr_free_pages 12\npswpout 5\nTcp: CurrEstab RetransSegs\nTcp: 2 3\n";
        has(
            &samples(text),
            &[
                "2 host_memavailable_percent 5 @7",
                "3 host_active_anon_kilobytes 7 @7",
                "5 host_swpused_percent 75 @7",
                "6 host_ldavg_1 0.15 @7",
                "7 host_cpu_seconds_total{cpu=\"all\", mode=\"idle\"} 9 @7",
                "8 host_nr_free_pages 12 @7",
                "9 host_pswpout_total 5 @7",
                "11 host_tcp_currestab 2 @7",
                "11 host_tcp_retranssegs_total 3 @7",
            ],
        );
    }

    #[test]
    fn files_of_pressure_come_by_name_or_in_order() {
        let some = "some avg10=1.00 avg60=0.50 avg300=0.10 total=5\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=5\n";
        let found = samples(&format!("{some}{some}{some}"));
        has(&found, &["5 host_pressure_memory_some_avg10_percent 1 @7"]);
        let found = samples(&format!("==> /proc/pressure/memory <==\n{some}\n==> /proc/loadavg <==\n"));
        has(&found, &["2 host_pressure_memory_some_avg10_percent 1 @7"]);
    }

    #[test]
    fn states_without_times_are_one() {
        let mut read = Vec::new();
        let options = ReadOptions::of_file(0, chrono_tz::UTC);
        let text = "0.15 0.20 0.18 1/312 6001\n0.25 0.20 0.18 1/312 6001\nMemTotal: 1 kB\nwhat is this\n";
        let told = Proc.read(text.as_bytes(), options, &mut Known::new(), &mut |labels, _| {
            read.push(labels.to_string());
        });
        let told = told.unwrap();
        assert_eq!((told.refused, told.notes.len(), read.len()), (1, 1, 6));
    }
}
