//! Files of metrics into a store: recorded series, and snapshots that become history by their time.

use crate::format::metric::{MetricError, MetricFormat, Read, ReadOptions};
use crate::model::time::{days_from_civil, days_in_month};
use crate::model::{Diagnostic, Timestamp};
use crate::promql::Store;
use crate::scan::{self, Input, ScanOptions};

/// What was read of files of metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FilesRead {
    /// Files.
    pub files: u64,
    /// Bytes of them, after decompression.
    pub bytes: u64,
    /// Samples.
    pub samples: u64,
    /// Lines that could not be read.
    pub refused: u64,
}

/// Reads all files into the store. Samples without a time get that of their file: the one in its name, else when
/// it was last written, else `now`.
pub(super) fn load(
    inputs: &[Input],
    now: Timestamp,
    options: &ScanOptions,
    store: &mut Store,
) -> (FilesRead, Vec<Diagnostic>) {
    let mut total = FilesRead::default();
    let mut diagnostics = Vec::new();
    for input in inputs {
        let Some(format) = input.metric_format() else { continue };
        let at = snapshot_time(input, now);
        let (read, troubles) = input.with_bytes(options, |bytes| {
            (bytes.len() as u64, read(format, bytes, at, options.threads, store))
        });
        diagnostics.extend(troubles);
        let Some((bytes, read)) = read else { continue };
        total.files += 1;
        total.bytes += bytes;
        match read {
            Ok(read) => {
                total.samples += read.samples;
                total.refused += read.refused;
                diagnostics.extend(refused(&input.shown, &read));
            }
            Err(diagnostic) => diagnostics.push(Diagnostic { path: input.shown.clone(), ..diagnostic }),
        }
    }
    (total, diagnostics)
}

/// The time of samples that have none: that in the file's name, else when it was last written, else `now`.
pub(super) fn snapshot_time(input: &Input, now: Timestamp) -> Timestamp {
    time_in(&input.shown).or(input.modified).unwrap_or(now)
}

/// Bytes of a piece of a file whose lines stand for themselves; what comes out does not depend on it.
const PIECE: usize = 8 << 20;

fn read(
    format: &'static dyn MetricFormat,
    bytes: &[u8],
    at: Timestamp,
    threads: usize,
    store: &mut Store,
) -> Result<Read, Diagnostic> {
    let options = ReadOptions { at_ms: at.millis(), strict: false };
    let failed = |error: MetricError| {
        let message = format!("column {}: {} (read as {})", error.column, error.message, format.name());
        let diagnostic = Diagnostic::error("", message).at_line(error.line);
        error.hint.map_or(diagnostic.clone(), |hint| diagnostic.hinted(hint))
    };
    let pieces = if format.has_free_lines() { pieces(bytes, PIECE) } else { vec![bytes] };
    if pieces.len() < 2 {
        return format
            .read(bytes, options, &mut |labels, sample| store.append(labels, sample))
            .map_err(failed);
    }
    let read = scan::parallel(threads, pieces.len(), |index| {
        let mut part = Store::new();
        let read = format.read(pieces[index], options, &mut |labels, sample| part.append(labels, sample));
        (part, read)
    });
    let mut total = Read::default();
    for (index, (part, read)) in read.into_iter().enumerate() {
        // Lines of the pieces before, which are counted only if somebody is told of one.
        let before = || pieces[..index].iter().map(|piece| memchr::memchr_iter(b'\n', piece).count() as u64);
        let in_file = |error: MetricError| MetricError { line: error.line + before().sum::<u64>(), ..error };
        let read = read.map_err(|error| failed(in_file(error)))?;
        // Their own pieces' order is the file's.
        store.absorb(part);
        total.samples += read.samples;
        total.refused += read.refused;
        if total.errors.len() < ERRORS_TOLD {
            total.errors.extend(read.errors.into_iter().map(in_file));
        }
    }
    total.errors.truncate(ERRORS_TOLD);
    Ok(total)
}

/// So many lines that cannot be read are told one by one.
const ERRORS_TOLD: usize = 10;

/// The bytes in pieces of whole lines.
fn pieces(bytes: &[u8], size: usize) -> Vec<&[u8]> {
    let mut pieces = Vec::with_capacity(bytes.len() / size + 1);
    let mut rest = bytes;
    while rest.len() > size {
        let end = memchr::memchr(b'\n', &rest[size..]).map_or(rest.len(), |end| size + end + 1);
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(rest);
    }
    pieces
}

/// What could not be read, line by line as far as the causes were kept.
fn refused(path: &str, read: &Read) -> Vec<Diagnostic> {
    let mut told: Vec<Diagnostic> = Vec::new();
    for error in &read.errors {
        let message = format!("column {}: {}", error.column, error.message);
        let diagnostic = Diagnostic::warning(path, message).at_line(error.line);
        told.push(match &error.hint {
            Some(hint) => diagnostic.hinted(hint.as_str()),
            None => diagnostic,
        });
    }
    let untold = read.refused.saturating_sub(told.len() as u64);
    if untold > 0 {
        told.push(Diagnostic::warning(path, format!("{untold} more lines could not be read")));
    }
    told
}

/// The time that a file's name tells: epoch seconds or milliseconds, or a date with a time (UTC), as in
/// `metrics-1703385000.prom`, `2023-12-24T03-06-00Z.prom`, `metrics_20231224_030600.txt`.
fn time_in(shown: &str) -> Option<Timestamp> {
    let name = shown.rsplit('/').next().unwrap_or(shown);
    let groups: Vec<&str> =
        name.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    let epoch = groups.iter().find_map(|group| {
        let number: i64 = group.parse().ok()?;
        match group.len() {
            10 => Timestamp::new(number, 0),
            13 => Timestamp::from_millis(number),
            _ => None,
        }
    });
    epoch.or_else(|| (0..groups.len()).find_map(|start| civil_in(&groups[start..])))
}

/// The date and time of day at the start of these groups of digits.
fn civil_in(groups: &[&str]) -> Option<Timestamp> {
    // Year, month, day, hour, minute, second by their digits, however they are grouped.
    let mut digits = String::with_capacity(14);
    for group in groups {
        let fits = match digits.len() {
            0 => matches!(group.len(), 4 | 8 | 12 | 14),
            8 => matches!(group.len(), 2 | 4 | 6),
            12 | 4 | 6 | 10 => matches!(group.len(), 2),
            _ => false,
        };
        if !fits {
            break;
        }
        digits.push_str(group);
    }
    let part = |range: std::ops::Range<usize>| digits.get(range)?.parse::<u32>().ok();
    let year = part(0..4).filter(|year| (1970..2262).contains(year))?;
    let (month, day) = (part(4..6)?, part(6..8)?);
    // A date alone is no time of a snapshot; minutes are enough.
    let (hour, minute, second) = (part(8..10)?, part(10..12)?, part(12..14).unwrap_or(0));
    let year = year as i32;
    if !(1..=days_in_month(year, month)).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = days_from_civil(year, month, day) * 86_400 + i64::from(hour * 3600 + minute * 60 + second);
    Timestamp::new(seconds, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_whole_lines_and_nothing_is_lost() {
        let text = b"a 1\nbb 22\n\nccc 333\nd";
        for size in 1..text.len() + 2 {
            let found = pieces(text, size);
            assert_eq!(found.concat(), text, "{size}");
            assert!(found[..found.len() - 1].iter().all(|piece| piece.ends_with(b"\n")), "{size}");
        }
    }

    #[test]
    fn names_tell_the_time_of_a_snapshot() {
        for (name, expected) in [
            ("metrics-1703385000.prom", Some("2023-12-24T02:30:00Z")),
            ("d/2022/metrics-1703385000123.prom", Some("2023-12-24T02:30:00.123Z")),
            ("metrics_20231224_023000.txt", Some("2023-12-24T02:30:00Z")),
            ("2023-12-24T02-30-15Z.prom", Some("2023-12-24T02:30:15Z")),
            ("node1-20231224T0230.prom.gz", Some("2023-12-24T02:30:00Z")),
            ("20231224023000.prom", Some("2023-12-24T02:30:00Z")),
            ("metrics-2023-12-24.prom", None),
            ("metrics-20231299_990000.prom", None),
            ("node-12.prom", None),
            ("metrics.prom", None),
        ] {
            let found = time_in(name).map(|at| at.to_string());
            assert_eq!(found.as_deref(), expected, "{name}");
        }
    }
}
