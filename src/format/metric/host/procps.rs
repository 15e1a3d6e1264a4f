//! What `vmstat`, `top -b`, `free`, `df` and `ss -s` print: one state of a machine, or several in a row.

use super::{Row, clock, number, reading, refused};
use crate::format::metric::exposition::{head_lines, lines};
use crate::format::metric::{Each, Known, MetricError, MetricFormat, Read, ReadOptions, Sink};
use crate::format::time::{self, Clock};
use crate::model::{Labels, Sample, Timestamp};

/// The output of procps' and other programs that look at a machine.
pub(in crate::format::metric) struct Procps;

/// Rows of `vmstat` that have no times are taken to be so far apart, in milliseconds.
const APART: i64 = 1_000;

const DAY: i64 = 86_400_000;

impl MetricFormat for Procps {
    fn name(&self) -> &'static str {
        "procps"
    }

    fn doc(&self) -> &'static str {
        "What vmstat, top -b, free, df and ss -s print."
    }

    fn recognises(&self, head: &[u8]) -> bool {
        let mut first = head_lines(head).filter(|line| !line.trim_ascii().is_empty());
        let first = first.next().map(String::from_utf8_lossy).unwrap_or_default();
        Kind::of(&first).is_some()
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
        let mut read = reading(options, sink, |each, refuse| walk(bytes, options, each, refuse))?;
        if untimed(bytes) > 1 {
            read.note(
                "its rows have no times: they are taken to be a second apart, up to when it was written",
            );
        }
        Ok(read)
    }

    fn rows(&self, bytes: &[u8], options: ReadOptions, each: &mut Each<'_>) -> bool {
        // What cannot be read was said when the file was loaded.
        let _ = walk(bytes, options, each, &mut |_| Ok(()));
        true
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            "procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu----- -----timestamp-----\n r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st                 UTC\n 6  0      0 4940096  56076 16888336    0    0  1208  9678  361  552 76 11 12  0  1 2026-11-29 08:08:06\n",
            "top - 08:08:14 up 44 min,  0 user,  load average: 4.71, 6.74, 6.60\nTasks: 111 total,   2 running, 109 sleeping,   0 stopped,   0 zombie\n%Cpu(s): 50.0 us,  0.0 sy, 50.0 ni,  0.0 id,  0.0 wa,  0.0 hi,  0.0 si,  0.0 st \nMiB Mem :  24105.6 total,   4491.4 free,   3424.2 used,  16590.5 buff/cache     \nMiB Swap:      0.0 total,      0.0 free,      0.0 used.  20681.4 avail Mem \n",
            "               total        used        free      shared  buff/cache   available\nMem:           24105        3424        4490           8       16591       20681\nSwap:              0           0           0\n",
            "Filesystem     1K-blocks     Used Available Use% Mounted on\n/dev/vda       264212084 49682236  45603652  53% /\n",
            "Total: 26\nTCP:   291 (estab 2, closed 287, orphaned 0, timewait 287)\n\nTransport Total     IP        IPv6\n",
        ]
    }
}

/// Whose output it is, by its first line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Vmstat,
    Top,
    Free,
    Df,
    Sockets,
}

impl Kind {
    fn of(line: &str) -> Option<Kind> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["procs", ..] if line.contains("memory") && line.contains("cpu") => Some(Kind::Vmstat),
            ["r", "b", "swpd", "free", ..] => Some(Kind::Vmstat),
            ["top", "-", ..] if line.contains("load average:") => Some(Kind::Top),
            ["total", "used", "free", "shared", ..] => Some(Kind::Free),
            ["Filesystem", ..] if line.contains("Use%") && line.contains("Mounted on") => Some(Kind::Df),
            ["Total:", ..] if words.len() <= 4 => Some(Kind::Sockets),
            _ => None,
        }
    }
}

/// Rows of `vmstat` without times.
fn untimed(bytes: &[u8]) -> usize {
    let mut names: Vec<String> = Vec::new();
    let mut count = 0;
    for (_, line) in lines(bytes) {
        let text = String::from_utf8_lossy(line);
        let words: Vec<&str> = text.split_whitespace().collect();
        if words.first() == Some(&"r") {
            names = words.iter().map(|word| (*word).to_owned()).collect();
        } else if !names.is_empty()
            && words.iter().all(|word| word.parse::<u64>().is_ok())
            && !words.is_empty()
        {
            count += 1;
        }
    }
    count
}

/// The columns of `vmstat`, and what they are called here.
const VMSTAT: &[(&str, &str)] = &[
    ("r", "host_runq_sz"),
    ("b", "host_blocked"),
    ("swpd", "host_swpused_kilobytes"),
    ("free", "host_memfree_kilobytes"),
    ("buff", "host_buffers_kilobytes"),
    ("cache", "host_cached_kilobytes"),
    ("inact", "host_inact_kilobytes"),
    ("active", "host_active_kilobytes"),
    ("si", "host_swap_in_kilobytes"),
    ("so", "host_swap_out_kilobytes"),
    ("bi", "host_blocks_in"),
    ("bo", "host_blocks_out"),
    ("in", "host_interrupts"),
    ("cs", "host_context_switches"),
    ("us", "host_cpu_user_percent"),
    ("sy", "host_cpu_system_percent"),
    ("ni", "host_cpu_nice_percent"),
    ("id", "host_cpu_idle_percent"),
    ("wa", "host_cpu_iowait_percent"),
    ("hi", "host_cpu_irq_percent"),
    ("st", "host_cpu_steal_percent"),
    ("gu", "host_cpu_guest_percent"),
];

/// The metric of a column of `vmstat` or of a word of `top`'s line of processors.
fn known(column: &str) -> Option<&'static str> {
    VMSTAT.iter().find(|(name, _)| *name == column).map(|(_, metric)| *metric)
}

/// What is told while a file is read.
struct Teller<'e> {
    line: u64,
    at: i64,
    each: &'e mut Each<'e>,
}

impl Teller<'_> {
    fn put(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let mut labels: Vec<(String, String)> =
            labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        if name.starts_with("host_cpu_") {
            labels.push((String::from("cpu"), String::from("all")));
        }
        Row { labels, at: self.at, line: self.line }.put(name, value, self.each);
    }
}

fn walk(
    bytes: &[u8],
    options: ReadOptions,
    each: &mut Each<'_>,
    refuse: &mut dyn FnMut(MetricError) -> Result<(), MetricError>,
) -> Result<(), MetricError> {
    let mut kind = None;
    let mut columns: Vec<String> = Vec::new();
    let rows = untimed(bytes) as i64;
    let mut row = 0;
    let (mut day, mut before) = (options.at_ms.div_euclid(DAY) * DAY, None);
    let mut forward = |line: u64, labels: &Labels, sample: Sample| each(line, labels, sample);
    let mut teller = Teller { line: 0, at: options.at_ms, each: &mut forward };
    for (number, line) in lines(bytes) {
        let text = String::from_utf8_lossy(line);
        let words: Vec<&str> = text.split_whitespace().collect();
        teller.line = number;
        if words.is_empty() {
            continue;
        }
        if let Some(found) = Kind::of(&text) {
            kind = Some(found);
            columns = words.iter().map(|word| (*word).to_owned()).collect();
            if found == Kind::Sockets {
                columns.clear();
            }
        }
        match kind {
            Some(Kind::Vmstat) if words[0] == "r" || words[0] == "procs" => {
                columns = words.iter().map(|word| (*word).to_owned()).collect();
            }
            Some(Kind::Vmstat) => {
                row += 1;
                let timed = timed_row(&words, &columns, options.zone);
                // The first row is of the time since the machine was started, where more follow.
                let is_past = row == 1 && (rows > 1 || (timed.is_some() && lines(bytes).count() > 3));
                teller.at = timed.unwrap_or(options.at_ms - (rows - row).max(0) * APART);
                if !is_past && !vmstat(&words, &columns, &mut teller) {
                    refuse(refused(
                        number,
                        format!("has {} cells below {} columns", words.len(), columns.len()),
                    ))?;
                }
            }
            Some(Kind::Top) => {
                if words[0] == "top" {
                    let now = words.get(2).and_then(|cell| clock(cell, None)).unwrap_or(0) * 1_000;
                    if before.is_some_and(|before| now < before) {
                        day += DAY;
                    }
                    before = Some(now);
                    // What was looked at last was not looked at later than it was written.
                    teller.at = if day + now > options.at_ms { day + now - DAY } else { day + now };
                }
                top(&text, &words, &mut teller);
            }
            Some(Kind::Free) => free(&words, &columns, &mut teller),
            Some(Kind::Df) if words[0] != "Filesystem" && !df(&words, &columns, &mut teller) => {
                refuse(refused(number, "is no row of df"))?;
            }
            Some(Kind::Sockets) => sockets(&text, &mut teller),
            _ => {}
        }
    }
    Ok(())
}

/// The time at the end of a row of `vmstat -t`.
fn timed_row(words: &[&str], columns: &[String], zone: chrono_tz::Tz) -> Option<i64> {
    let numbers = columns.iter().filter(|column| known(column).is_some()).count();
    let text = words.get(numbers..).filter(|rest| rest.len() == 2)?.join(" ");
    let (stamp, _) = time::read(text.as_bytes())?;
    Clock { zone, ..Clock::default() }.resolve(stamp).map(Timestamp::millis)
}

fn vmstat(words: &[&str], columns: &[String], teller: &mut Teller<'_>) -> bool {
    if words.len() < columns.iter().filter(|column| known(column).is_some()).count() {
        return false;
    }
    for (column, word) in columns.iter().zip(words) {
        if let (Some(name), Some(value)) = (known(column), number(word)) {
            teller.put(name, &[], value);
        }
    }
    true
}

fn top(text: &str, words: &[&str], teller: &mut Teller<'_>) {
    if let Some((_, loads)) = text.split_once("load average: ") {
        for (name, load) in ["host_ldavg_1", "host_ldavg_5", "host_ldavg_15"].iter().zip(loads.split(", ")) {
            if let Some(load) = number(load.trim()) {
                teller.put(name, &[], load);
            }
        }
    } else if text.starts_with("Tasks:") || text.starts_with("Threads:") {
        for (value, word) in counted(text) {
            teller.put(&format!("host_tasks_{word}"), &[], value);
        }
    } else if text.starts_with("%Cpu") {
        for (value, word) in counted(text.split_once(':').map_or(text, |(_, rest)| rest)) {
            if let Some(name) = known(word) {
                // Here `si` are soft interrupts.
                teller.put(if word == "si" { "host_cpu_softirq_percent" } else { name }, &[], value);
            }
        }
    } else if text.contains(" Mem :") || text.contains(" Swap:") {
        memory(text, teller);
    } else if words.len() >= 12 && words[0].parse::<u32>().is_ok() {
        let command = words[11..].join(" ");
        let labels = [("pid", words[0]), ("command", command.as_str())];
        for (at, name) in [(8, "host_process_cpu_percent"), (9, "host_process_mem_percent")] {
            if let Some(value) = number(words[at]) {
                teller.put(name, &labels, value);
            }
        }
    }
}

/// `111 total, 2 running`: numbers and the words behind them.
fn counted(text: &str) -> Vec<(f64, &str)> {
    let text = text.split_once(": ").map_or(text, |(_, rest)| rest);
    let pair = |part: &'_ str| {
        let (value, word) = part.trim().split_once(' ')?;
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        let length = word.trim_end_matches([' ', '.']).len();
        Some((number(value)?, start, length))
    };
    let found = text.split([',', ';']).filter_map(pair);
    found.map(|(value, start, length)| (value, &text[start..start + length])).collect()
}

/// `MiB Mem : 24105.6 total, 4491.4 free, …` and `MiB Swap: … 20681.4 avail Mem`.
fn memory(text: &str, teller: &mut Teller<'_>) {
    let swap = text.contains("Swap:");
    let rest = text.split_once(':').map_or("", |(_, rest)| rest).replace(". ", ", ");
    let numbers = counted(&rest);
    let find = |name: &str| numbers.iter().find(|(_, word)| *word == name).map(|(value, _)| *value);
    let (Some(total), free, used) = (find("total"), find("free"), find("used")) else { return };
    if let Some(free) = free.filter(|_| !swap && total > 0.0) {
        teller.put("host_memfree_percent", &[], 100.0 * free / total);
    }
    if let Some(used) = used.filter(|_| swap && total > 0.0) {
        teller.put("host_swpused_percent", &[], 100.0 * used / total);
    }
}

/// The rows of `free`: what it counts in is not told, so shares are taken.
fn free(words: &[&str], columns: &[String], teller: &mut Teller<'_>) {
    let value = |name: &str| {
        let at = columns.iter().position(|column| column == name)? + 1;
        size(words.get(at)?)
    };
    let Some(total) = value("total").filter(|total| *total > 0.0) else { return };
    match words[0] {
        "Mem:" => {
            for (column, name) in
                [("available", "host_memavailable_percent"), ("free", "host_memfree_percent")]
            {
                if let Some(value) = value(column) {
                    teller.put(name, &[], 100.0 * value / total);
                }
            }
        }
        "Swap:" => {
            if let Some(used) = value("used") {
                teller.put("host_swpused_percent", &[], 100.0 * used / total);
            }
        }
        _ => {}
    }
}

/// `16Gi`, `3.4G`, `512`.
fn size(cell: &str) -> Option<f64> {
    let end = cell.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',').unwrap_or(cell.len());
    let factor = match cell[end..].chars().next() {
        None | Some('B') => 1.0,
        Some('K' | 'k') => 1_024.0,
        Some('M') => 1_048_576.0,
        Some('G') => 1_073_741_824.0,
        Some('T') => 1_099_511_627_776.0,
        Some(_) => return None,
    };
    Some(number(&cell[..end])? * factor)
}

/// A row of `df`; a long name stands in a line of its own.
fn df(words: &[&str], columns: &[String], teller: &mut Teller<'_>) -> bool {
    let Some(share) = words.iter().position(|word| word.len() > 1 && word.ends_with('%')) else {
        return words.len() == 1 || words.contains(&"-");
    };
    let inodes = columns.iter().any(|column| column == "IUse%");
    let name = if inodes { "host_filesystem_inodes_used_percent" } else { "host_filesystem_used_percent" };
    let Some(value) = number(words[share]) else { return false };
    let mount = words[share + 1..].join(" ");
    let filesystem = if share > 1 && number(words[0]).is_none() { words[0] } else { "" };
    teller.put(name, &[("filesystem", filesystem), ("mountpoint", mount.as_str())], value);
    true
}

/// `TCP:   291 (estab 2, closed 287, orphaned 0, timewait 287)`.
fn sockets(text: &str, teller: &mut Teller<'_>) {
    let Some((_, states)) = text.strip_prefix("TCP:").and_then(|rest| rest.split_once('(')) else { return };
    for state in states.trim_end().trim_end_matches(')').split(", ") {
        if let Some((name, value)) = state.split_once(' ')
            && let Some(value) = number(value.split('/').next().unwrap_or(value))
        {
            teller.put(&format!("host_tcp_{name}"), &[], value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(text: &str, at_ms: i64) -> Vec<String> {
        let mut found = Vec::new();
        Procps.rows(
            text.as_bytes(),
            ReadOptions::of_file(at_ms, chrono_tz::UTC),
            &mut |line, labels, sample| {
                found.push(format!("{line} {labels} {} @{}", sample.value, sample.at / 1_000));
            },
        );
        found
    }

    #[test]
    fn rows_of_vmstat_are_a_second_apart_and_the_first_is_the_past() {
        let row = " 6  0      0 5083516  56072 16882776    0    0  1209  9689  361  553 76 11 1  0  1\n";
        let head = "procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----\n r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st\n";
        let found = samples(&format!("{head}{row}{row}{row}"), 10_000);
        let idle: Vec<&String> = found.iter().filter(|sample| sample.contains("idle")).collect();
        assert_eq!(
            idle,
            ["4 host_cpu_idle_percent{cpu=\"all\"} 1 @9", "5 host_cpu_idle_percent{cpu=\"all\"} 1 @10"]
        );
    }

    #[test]
    fn shares_are_taken_of_what_is_there() {
        let free = "               total        used        free      shared  buff/cache   available\nMem:            1000         900          20           8          80          50\nSwap:            200         150          50\n";
        assert_eq!(
            samples(free, 0),
            [
                "2 host_memavailable_percent 5 @0",
                "2 host_memfree_percent 2 @0",
                "3 host_swpused_percent 75 @0"
            ]
        );
        let df = "Filesystem      Size  Used Avail Use% Mounted on\n/dev/sda1        40G   40G  100M 100% /var/log files\n";
        assert_eq!(
            samples(df, 0),
            [
                "2 host_filesystem_used_percent{filesystem=\"/dev/sda1\", mountpoint=\"/var/log files\"} 100 @0"
            ]
        );
    }

    #[test]
    fn top_tells_the_machine_and_its_processes() {
        let text = "top - 00:00:05 up 44 min,  0 user,  load average: 4.71, 6.74, 6.60\nTasks: 111 total,   2 running, 109 sleeping,   0 stopped,   3 zombie\n%Cpu(s): 50.0 us,  1.0 sy, 48.0 ni,  1.0 id,  0.0 wa,  0.0 hi,  0.0 si,  0.0 st \n\n    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND\n10224 root      25   5 3735808   2.4g 320932 S 100.0  10.1   0:49.85 rustc x\n";
        let found = samples(text, 86_406_000);
        for expected in [
            "1 host_ldavg_1 4.71 @86405",
            "2 host_tasks_zombie 3 @86405",
            "3 host_cpu_idle_percent{cpu=\"all\"} 1 @86405",
            "6 host_process_cpu_percent{command=\"rustc x\", pid=\"10224\"} 100 @86405",
        ] {
            assert!(found.iter().any(|sample| sample == expected), "{expected}: {found:#?}");
        }
    }
}
