//! The tables that `sar`, `mpstat`, `iostat` and `pidstat` print: a line about the machine, then columns under names,
//! each row behind its time of day.

use chrono::{NaiveDate, TimeZone};

use super::{NUMBERED, Row, clock, is_clock, label, metric, number, reading, refused, subject};
use crate::format::metric::exposition::{head_lines, lines};
use crate::format::metric::{Each, Known, MetricError, MetricFormat, Read, ReadOptions, Sink};

/// Tables of sysstat.
pub(in crate::format::metric) struct Sysstat;

impl MetricFormat for Sysstat {
    fn name(&self) -> &'static str {
        "sysstat"
    }

    fn doc(&self) -> &'static str {
        "Tables of sar, mpstat, iostat and pidstat."
    }

    fn recognises(&self, head: &[u8]) -> bool {
        let first = head_lines(head).find(|line| !line.trim_ascii().is_empty());
        first.and_then(|line| std::str::from_utf8(line).ok()).and_then(Machine::of).is_some()
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
        reading(options, sink, |each, refuse| walk(bytes, options, each, refuse))
    }

    fn rows(&self, bytes: &[u8], options: ReadOptions, each: &mut Each<'_>) -> bool {
        // What cannot be read was said when the file was loaded.
        let _ = walk(bytes, options, each, &mut |_| Ok(()));
        true
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            "Linux 6.1.0 (quay1) \t2026-11-29 \t_x86_64_\t(2 CPU)\n\n08:07:54        CPU     %user     %idle\n08:07:55        all     38.00      0.50\n",
            "Linux 6.1.0 (quay1) \t11/29/26 \t_x86_64_\t(2 CPU)\n\n11/29/26 08:08:05\navg-cpu:  %user   %idle\n          46.78   11.61\n\nDevice            r/s  %util\nvda             44.79   3.26\n",
        ]
    }
}

/// What the first line says: `Linux 6.1.0 (quay1) 11/29/26 _x86_64_ (2 CPU)`, with tabs between.
struct Machine {
    host: String,
    date: NaiveDate,
}

impl Machine {
    fn of(line: &str) -> Option<Machine> {
        let (system, rest) = line.split_once(" (")?;
        let (host, rest) = rest.split_once(") ")?;
        let known = ["Linux ", "AIX ", "SunOS ", "FreeBSD "].iter().any(|name| system.starts_with(name));
        let date = rest.split_whitespace().next()?;
        rest.rsplit_once('(')?.1.split_once(" CPU")?.0.parse::<u32>().ok()?;
        known.then_some(Machine { host: host.to_owned(), date: day(date)? })
    }
}

/// A date as the locale has it: `2026-11-29`, `11/29/26`, `29.11.2026`. Where month and day could be either, it is that of
/// the C locale: the month first with slashes, the day first with dots.
fn day(text: &str) -> Option<NaiveDate> {
    let mark = text.chars().find(|c| !c.is_ascii_digit())?;
    let parts: Vec<u32> =
        text.trim_end_matches(mark).split(mark).map(str::parse).collect::<Result<_, _>>().ok()?;
    let [a, b, c] = parts[..] else { return None };
    let year = |year: u32| if year < 100 { 2_000 + year as i32 } else { year as i32 };
    if a > 31 {
        return NaiveDate::from_ymd_opt(year(a), b, c);
    }
    let month_first = mark == '/' && a <= 12 || b > 12;
    let (month, day) = if month_first { (a, b) } else { (b, a) };
    NaiveDate::from_ymd_opt(year(c), month, day)
}

/// A table that is read.
struct Table {
    columns: Vec<String>,
    /// Are times in front of its rows?
    timed: bool,
    of: &'static str,
}

impl Table {
    fn of(cells: &[&str], timed: bool) -> Table {
        let columns: Vec<String> = cells.iter().map(|cell| (*cell).to_owned()).collect();
        let of = if cells[0] == "avg-cpu:" { "cpu" } else { subject(cells.iter().copied()) };
        Table { columns, timed, of }
    }

    /// Puts the cells of a row under the columns.
    fn put(&self, cells: &[&str], mut row: Row, each: &mut Each<'_>) -> bool {
        let columns: &[String] = if self.columns[0] == "avg-cpu:" {
            row.labels.push((String::from("cpu"), String::from("all")));
            &self.columns[1..]
        } else {
            &self.columns
        };
        let spoken = columns.last().is_some_and(|last| last == "Command");
        if cells.len() < columns.len() || (cells.len() > columns.len() && !spoken) {
            return false;
        }
        let mut values = Vec::new();
        for (column, cell) in columns.iter().zip(cells) {
            let lower = column.trim_start_matches('#').to_ascii_lowercase();
            // Which processor a process ran on last tells nothing of it.
            if self.of == "process" && lower == "cpu" {
                continue;
            }
            match number(cell).filter(|_| !NUMBERED.contains(&lower.as_str())) {
                Some(value) => values.push((metric(self.of, column), value)),
                None => row.labels.push((label(column), (*cell).to_owned())),
            }
        }
        for (name, value) in values {
            row.put(&name, value, each);
        }
        true
    }
}

/// The day and the time of the rows.
struct Now {
    date: NaiveDate,
    /// Seconds of the day.
    clock: i64,
    zone: chrono_tz::Tz,
}

impl Now {
    /// Goes on to a time of day; what is earlier is the next day's.
    fn go(&mut self, clock: i64) {
        if clock < self.clock
            && let Some(next) = self.date.succ_opt()
        {
            self.date = next;
        }
        self.clock = clock;
    }

    fn millis(&self) -> Option<i64> {
        let time = chrono::NaiveTime::from_num_seconds_from_midnight_opt(self.clock as u32, 0)?;
        let local = self.zone.from_local_datetime(&self.date.and_time(time)).earliest()?;
        Some(local.timestamp_millis())
    }
}

/// Hands on all samples.
fn walk(
    bytes: &[u8],
    options: ReadOptions,
    each: &mut Each<'_>,
    refuse: &mut dyn FnMut(MetricError) -> Result<(), MetricError>,
) -> Result<(), MetricError> {
    let (mut machine, mut table): (Option<Machine>, Option<Table>) = (None, None);
    let mut now = Now { date: NaiveDate::default(), clock: 0, zone: options.zone };
    let reports = Reports::of(bytes);
    let mut report = 0;
    for (line_number, line) in lines(bytes) {
        let text = String::from_utf8_lossy(line);
        if let Some(found) = Machine::of(&text) {
            (now.date, now.clock) = (found.date, 0);
            (machine, table) = (Some(found), None);
            continue;
        }
        let cells: Vec<&str> = text.split_whitespace().collect();
        let (Some(machine), Some(first)) = (&machine, cells.first()) else { continue };
        if *first == "Average:" || cells.len() < 2 || cells.contains(&"RESTART") {
            // Means of what stands above are no samples; what is cut is no row.
            continue;
        }
        // `iostat -t` writes the date and the time above each report.
        if let (2 | 3, Some(date)) = (cells.len(), day(first))
            && let Some(clock) = clock(cells[1], cells.get(2).copied())
        {
            (now.date, now.clock) = (date, clock);
            continue;
        }
        let half = cells.get(1).copied().filter(|cell| matches!(*cell, "AM" | "PM"));
        let timed = is_clock(first) || (*first == "#" && cells[1] == "Time");
        let skip = if *first == "#" || half.is_some() { 2 } else { usize::from(timed) };
        let rest = &cells[skip.min(cells.len())..];
        if rest.is_empty() {
            continue;
        }
        let names = rest.iter().all(|cell| number(cell).is_none());
        if names && (timed || rest.len() > 2) {
            report += usize::from(!timed && reports.begins(rest[0]));
            table = Some(Table::of(rest, timed));
            continue;
        }
        let Some(table) = table.as_ref().filter(|table| table.timed == timed) else { continue };
        if !timed && report <= reports.skipped() {
            // The first report of several is of the time since the machine was started.
            continue;
        }
        if let Some(clock) = clock(first, half) {
            now.go(clock);
        }
        let at = if timed || now.clock > 0 { now.millis() } else { Some(options.at_ms) };
        let row = Row {
            labels: vec![(String::from("instance"), machine.host.clone())],
            at: at.unwrap_or(options.at_ms),
            line: line_number,
        };
        if !table.put(rest, row, each) {
            refuse(refused(
                line_number,
                format!("has {} cells below {} columns", rest.len(), table.columns.len()),
            ))?;
        }
    }
    Ok(())
}

/// Tables of `iostat` without times in their rows: how many reports there are.
struct Reports {
    first: Vec<u8>,
    count: usize,
}

impl Reports {
    fn of(bytes: &[u8]) -> Reports {
        let mut starts =
            lines(bytes).filter(|(_, line)| line.starts_with(b"avg-cpu:") || line.starts_with(b"Device"));
        let first =
            starts.next().map_or(&b""[..], |(_, line)| line.split(|b| *b == b' ').next().unwrap_or_default());
        let again = starts.filter(|(_, line)| line.starts_with(first)).count();
        Reports { first: first.to_vec(), count: usize::from(!first.is_empty()) + again }
    }

    fn begins(&self, cell: &str) -> bool {
        !self.first.is_empty() && cell.as_bytes() == self.first
    }

    fn skipped(&self) -> usize {
        usize::from(self.count > 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        let options = ReadOptions::of_file(7_000, chrono_tz::UTC);
        Sysstat.rows(text.as_bytes(), options, &mut |line, labels, sample| {
            found.push(format!("{line} {labels} {} @{}", sample.value, sample.at / 1_000));
        });
        found
    }

    const HEAD: &str = "Linux 6.1.0 (quay1) \t2026-11-29 \t_x86_64_\t(2 CPU)\n\n";

    #[test]
    fn rows_have_the_time_in_front_of_them_and_the_next_day_after_midnight() {
        let text = format!(
            "{HEAD}11:59:59 PM     CPU     %user     %idle\n11:59:59 PM     all      2.00     98.00\n12:00:01 AM     all      3,50     96.00\nAverage:        all      2.00     98.00\n"
        );
        assert_eq!(
            samples(&text),
            [
                "4 host_cpu_user_percent{cpu=\"all\", instance=\"quay1\"} 2 @1795996799",
                "4 host_cpu_idle_percent{cpu=\"all\", instance=\"quay1\"} 98 @1795996799",
                "5 host_cpu_user_percent{cpu=\"all\", instance=\"quay1\"} 3.5 @1795996801",
                "5 host_cpu_idle_percent{cpu=\"all\", instance=\"quay1\"} 96 @1795996801",
            ]
        );
    }

    #[test]
    fn the_first_of_several_reports_is_of_the_time_before() {
        let report = |idle: &str| {
            format!(
                "avg-cpu:  %user   %idle\n          46.78   {idle}\n\nDevice            r/s  %util\nvda              9.00   3.00\n\n"
            )
        };
        let found = samples(&format!("{HEAD}{}{}", report("11.00"), report("12.00")));
        assert_eq!(found.len(), 4, "{found:#?}");
        assert!(found.iter().any(|sample| sample.contains("idle_percent") && sample.contains("} 12 ")));
        assert_eq!(samples(&format!("{HEAD}{}", report("11.00"))).len(), 4);
    }

    #[test]
    fn processes_are_told_apart_by_their_numbers_and_names() {
        let text = format!(
            "{HEAD}08:08:10      UID       PID    %usr    %CPU   CPU  Command\n08:08:11        0     10224   89.11   97.03     1  rustc\n"
        );
        assert!(samples(&text)[0].contains(
            "host_process_usr_percent{command=\"rustc\", instance=\"quay1\", pid=\"10224\", uid=\"0\"} 89.11"
        ));
    }

    #[test]
    fn dates_are_those_of_the_locale() {
        for (text, expected) in [
            ("2026-11-29", Some((2026, 11, 29))),
            ("11/29/26", Some((2026, 11, 29))),
            ("29/11/26", Some((2026, 11, 29))),
            ("29.11.2026", Some((2026, 11, 29))),
            ("03.04.2026", Some((2026, 4, 3))),
            ("03/04/26", Some((2026, 3, 4))),
            ("13/13/26", None),
        ] {
            assert_eq!(day(text), expected.and_then(|(y, m, d)| NaiveDate::from_ymd_opt(y, m, d)), "{text}");
        }
    }
}
