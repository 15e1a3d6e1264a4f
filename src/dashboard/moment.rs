//! Moments in the notation of moment.js, which Grafana takes for times in texts: `YYYY-MM-DD HH:mm`.

use crate::model::Timestamp;

/// What the marks stand for, the longer ones first.
const MARKS: [&str; 21] = [
    "YYYY", "YY", "MM", "M", "DD", "D", "HH", "H", "hh", "h", "mm", "m", "ss", "s", "SSS", "A", "a", "ZZ",
    "Z", "X", "x",
];

/// A moment in this notation, in UTC; what stands in brackets, and what is no mark, stays.
pub fn written(at: Timestamp, notation: &str) -> String {
    let mut out = String::new();
    let mut rest = notation;
    while let Some(first) = rest.chars().next() {
        if let Some((kept, after)) = rest.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            out.push_str(kept);
            rest = after;
        } else if let Some(mark) = MARKS.iter().find(|mark| rest.starts_with(**mark)) {
            out.push_str(&part(at, mark));
            rest = &rest[mark.len()..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// A part of a moment.
fn part(at: Timestamp, mark: &str) -> String {
    // `2023-12-24 02:30:00`
    let text = at.date_clock();
    let slice = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let short = |text: &str| text.strip_prefix('0').unwrap_or(text).to_owned();
    let hour: u32 = slice(11, 13).parse().unwrap_or(0);
    let of_half_day = (hour + 11) % 12 + 1;
    match mark {
        "YYYY" => slice(0, 4).to_owned(),
        "YY" => slice(2, 4).to_owned(),
        "MM" => slice(5, 7).to_owned(),
        "M" => short(slice(5, 7)),
        "DD" => slice(8, 10).to_owned(),
        "D" => short(slice(8, 10)),
        "HH" => slice(11, 13).to_owned(),
        "H" => short(slice(11, 13)),
        "hh" => format!("{of_half_day:02}"),
        "h" => of_half_day.to_string(),
        "mm" => slice(14, 16).to_owned(),
        "m" => short(slice(14, 16)),
        "ss" => slice(17, 19).to_owned(),
        "s" => short(slice(17, 19)),
        "SSS" => format!("{:03}", at.millis().rem_euclid(1_000)),
        "A" => (if hour < 12 { "AM" } else { "PM" }).to_owned(),
        "a" => (if hour < 12 { "am" } else { "pm" }).to_owned(),
        "ZZ" => "+0000".to_owned(),
        "Z" => "+00:00".to_owned(),
        "X" => at.millis().div_euclid(1_000).to_string(),
        _ => at.millis().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark() {
        let at = Timestamp::from_millis(1_703_384_885_007).expect("a time");
        for (notation, text) in [
            ("YYYY-MM-DD HH:mm:ss.SSS", "2023-12-24 02:28:05.007"),
            ("D.M.YY h:m:s a", "24.12.23 2:28:5 am"),
            ("[at] hh A Z ZZ", "at 02 AM +00:00 +0000"),
            ("X x H ü[", "1703384885 1703384885007 2 ü["),
        ] {
            assert_eq!(written(at, notation), text, "{notation}");
        }
    }
}
