//! The account as a sentence and as JSON: what was read, and that every line of it has its place.
//!
//! The date always stands before the times, once if both are on the same day: a report is read after the
//! night it was made in.

use serde::Serialize;

use crate::model::unit::{HumanBytes, HumanCount};
use crate::model::{Account, Timestamp, time};

/// `read 3 files, 145,046 lines, 29.1 MB: 138,201 entries + 6,845 continuation lines + 0 unparsed;
/// 2023-12-24 02:30:00–03:30:20 UTC; 2 files skipped`.
pub fn sentence(account: &Account) -> String {
    let mut text = format!(
        "read {}, {}, {}: {} + {} + {} unparsed",
        counted(account.files, "file", "files"),
        counted(account.lines, "line", "lines"),
        HumanBytes(account.bytes),
        counted(account.entries, "entry", "entries"),
        counted(account.continuation, "continuation line", "continuation lines"),
        HumanCount(account.unparsed),
    );
    if let (Some(from), Some(to)) = (account.from, account.to) {
        text.push_str("; ");
        text.push_str(&span(from, to));
    }
    if let Some((from, to)) = account.window {
        text.push_str("; explained: ");
        text.push_str(&span(from, to));
    }
    if account.skipped > 0 {
        text.push_str("; ");
        text.push_str(&counted(account.skipped, "file", "files"));
        text.push_str(" skipped");
    }
    text
}

/// `2023-12-24 02:30:00–03:30:20 UTC`, or with both dates if there are two.
pub fn span(from: Timestamp, to: Timestamp) -> String {
    let (start, end) = (from.date_clock(), to.date_clock());
    let zone = time::shown_zone();
    if start == end {
        format!("{start} {zone}")
    } else if start[..10] == end[..10] {
        format!("{start}–{} {zone}", to.clock())
    } else {
        format!("{start} – {end} {zone}")
    }
}

/// `1 file`, `145,046 lines`.
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", HumanCount(count), if count == 1 { one } else { many })
}

/// The account under `"input"` in JSON. Times are RFC 3339 in UTC with nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountJson {
    /// Files read as logs.
    pub files: u64,
    /// Bytes of them, after decompression.
    pub bytes: u64,
    /// Physical lines: `entries + continuation + unparsed`.
    pub lines: u64,
    /// Entries that a format understood.
    pub entries: u64,
    /// Lines that continue an entry.
    pub continuation: u64,
    /// Lines that no format understood.
    pub unparsed: u64,
    /// Files that are no logs, or could not be read.
    pub skipped: u64,
    /// The earliest time.
    pub from: Option<String>,
    /// The latest time.
    pub to: Option<String>,
    /// What was to be explained, where that is not all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowJson>,
}

/// A range of time, both ends included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WindowJson {
    /// The first instant.
    pub from: String,
    /// The last one.
    pub to: String,
}

impl From<&Account> for AccountJson {
    fn from(account: &Account) -> Self {
        AccountJson {
            files: account.files,
            bytes: account.bytes,
            lines: account.lines,
            entries: account.entries,
            continuation: account.continuation,
            unparsed: account.unparsed,
            skipped: account.skipped,
            from: account.from.map(Timestamp::rfc3339_nanos),
            to: account.to.map(Timestamp::rfc3339_nanos),
            window: account
                .window
                .map(|(from, to)| WindowJson { from: from.rfc3339_nanos(), to: to.rfc3339_nanos() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Account {
        Account {
            files: 3,
            bytes: 29_100_000,
            lines: 145_046,
            entries: 138_201,
            continuation: 6_845,
            unparsed: 0,
            skipped: 0,
            from: Some(Timestamp(1_703_385_000_000_000_000)),
            to: Some(Timestamp(1_703_388_620_000_000_000)),
            window: None,
        }
    }

    #[test]
    fn the_sentence_accounts_for_every_line() {
        assert_eq!(
            sentence(&account()),
            "read 3 files, 145,046 lines, 29.1 MB: 138,201 entries + 6,845 continuation lines + 0 unparsed; \
             2023-12-24 02:30:00–03:30:20 UTC"
        );
        let one = Account { files: 1, lines: 1, entries: 1, bytes: 20, skipped: 2, ..Account::default() };
        assert_eq!(
            sentence(&one),
            "read 1 file, 1 line, 20 B: 1 entry + 0 continuation lines + 0 unparsed; 2 files skipped"
        );
        let days = Account { to: Some(Timestamp(1_703_475_020_000_000_000)), ..account() };
        assert!(sentence(&days).ends_with("; 2023-12-24 02:30:00 – 2023-12-25 03:30:20 UTC"));
    }

    #[test]
    fn json_has_the_same_numbers() {
        let json = serde_json::to_string(&AccountJson::from(&account())).unwrap();
        assert_eq!(
            json,
            "{\"files\":3,\"bytes\":29100000,\"lines\":145046,\"entries\":138201,\"continuation\":6845,\
             \"unparsed\":0,\"skipped\":0,\"from\":\"2023-12-24T02:30:00.000000000Z\",\
             \"to\":\"2023-12-24T03:30:20.000000000Z\"}"
        );
    }
}
