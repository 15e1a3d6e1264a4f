//! Numbers as spreadsheets and dashboards write them: with units, separators of thousands, a decimal comma.

use std::borrow::Cow;

use super::super::exposition;

/// What a unit makes of the number before it: seconds and bytes are meant where there are several units of one kind.
const UNITS: &[(&str, f64)] = &[
    ("%", 1.0),
    ("ns", 1e-9),
    ("us", 1e-6),
    ("µs", 1e-6),
    ("μs", 1e-6),
    ("ms", 1e-3),
    ("s", 1.0),
    ("sec", 1.0),
    ("min", 60.0),
    ("mins", 60.0),
    ("h", 3_600.0),
    ("hour", 3_600.0),
    ("hours", 3_600.0),
    ("day", 86_400.0),
    ("days", 86_400.0),
    ("week", 604_800.0),
    ("weeks", 604_800.0),
    ("B", 1.0),
    ("kB", 1e3),
    ("KB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("TB", 1e12),
    ("PB", 1e15),
    ("KiB", 1_024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
    ("TiB", 1_099_511_627_776.0),
    ("PiB", 1_125_899_906_842_624.0),
    ("b", 1.0),
    ("kb", 1e3),
    ("Mb", 1e6),
    ("Gb", 1e9),
    ("K", 1e3),
    ("k", 1e3),
    ("Mil", 1e6),
    ("Bil", 1e9),
    ("Tri", 1e12),
    ("°C", 1.0),
    ("°F", 1.0),
    ("°", 1.0),
    ("V", 1.0),
    ("A", 1.0),
    ("W", 1.0),
    ("kW", 1e3),
    ("Hz", 1.0),
    ("rpm", 1.0),
    ("cores", 1.0),
];

/// Units that are counted each second: `reqps`, `ops/s`, `c/s`.
const EACH_SECOND: [&str; 3] = ["/s", "/sec", "ps"];

/// Units in names of columns, with the one that values are told in and what they are multiplied by. `m` is not among
/// them: minutes, metres and thousandths are all written so.
const IN_NAMES: &[(&str, &str, f64)] = &[
    ("%", "percent", 1.0),
    ("percent", "percent", 1.0),
    ("pct", "percent", 1.0),
    ("ns", "seconds", 1e-9),
    ("us", "seconds", 1e-6),
    ("µs", "seconds", 1e-6),
    ("μs", "seconds", 1e-6),
    ("ms", "seconds", 1e-3),
    ("s", "seconds", 1.0),
    ("sec", "seconds", 1.0),
    ("seconds", "seconds", 1.0),
    ("min", "seconds", 60.0),
    ("h", "seconds", 3_600.0),
    ("B", "bytes", 1.0),
    ("bytes", "bytes", 1.0),
    ("kB", "bytes", 1e3),
    ("KB", "bytes", 1e3),
    ("MB", "bytes", 1e6),
    ("GB", "bytes", 1e9),
    ("TB", "bytes", 1e12),
    ("Ki", "bytes", 1_024.0),
    ("KiB", "bytes", 1_024.0),
    ("Mi", "bytes", 1_048_576.0),
    ("MiB", "bytes", 1_048_576.0),
    ("Gi", "bytes", 1_073_741_824.0),
    ("GiB", "bytes", 1_073_741_824.0),
    ("cores", "cores", 1.0),
    ("mCPU", "cores", 1e-3),
    ("millicores", "cores", 1e-3),
];

/// The unit at the end of a column's name, in parentheses or brackets: where the name before it ends, the base unit,
/// and what values are multiplied by. `CPU (m)` are thousandths of cores, as Kubernetes writes them.
pub(super) fn unit_in_name(name: &str) -> Option<(usize, &'static str, f64)> {
    let inner =
        name.strip_suffix(')').map(|rest| (rest, '(')).or(name.strip_suffix(']').map(|rest| (rest, '[')));
    let (rest, open) = inner?;
    let at = rest.rfind(open).filter(|at| *at > 0)?;
    let unit = rest[at + 1..].trim();
    let (_, base, factor) = IN_NAMES.iter().find(|(known, ..)| *known == unit).copied().or_else(|| {
        let is_cpu = name[..at].to_ascii_lowercase().contains("cpu");
        (unit == "m" && is_cpu).then_some(("m", "cores", 1e-3))
    })?;
    Some((at, base, factor))
}

/// A number and its unit. `decimal_comma` says that a comma is the decimal point where only one is there.
pub(super) fn read(text: &str, decimal_comma: bool) -> Option<f64> {
    if let Some(number) = exposition::number(text.as_bytes()) {
        return Some(number);
    }
    let text = text.trim();
    let is_digit =
        |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '+' | '\'' | '\u{a0}' | '\u{202f}');
    let end = text.find(|c| !is_digit(c)).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let number = exposition::number(
        plain(digits.trim_end_matches(['\u{a0}', '\u{202f}']), decimal_comma)?.as_bytes(),
    )?;
    Some(number * factor(unit.trim())?)
}

fn factor(unit: &str) -> Option<f64> {
    let of = |unit: &str| UNITS.iter().find(|(known, _)| *known == unit).map(|(_, factor)| *factor);
    if unit.is_empty() {
        return Some(1.0);
    }
    of(unit).or_else(|| {
        let counted = EACH_SECOND.iter().find_map(|ending| unit.strip_suffix(ending))?.trim();
        let is_word = counted.len() <= 12 && counted.chars().all(|c| c.is_alphabetic() || c == ' ');
        of(counted).or(is_word.then_some(1.0))
    })
}

/// The digits without separators of thousands and with a decimal point.
fn plain(digits: &str, decimal_comma: bool) -> Option<Cow<'_, str>> {
    let commas = digits.matches(',').count();
    let points = digits.matches('.').count();
    let spaced = digits.contains(['\'', '\u{a0}', '\u{202f}']);
    if commas == 0 && points < 2 && !spaced {
        return Some(Cow::Borrowed(digits));
    }
    let last_comma = digits.rfind(',');
    let is_decimal = match (last_comma, digits.rfind('.')) {
        (Some(comma), Some(point)) => comma > point,
        (Some(_), None) => commas == 1 && (decimal_comma || !is_grouped(digits, ',')),
        _ => false,
    };
    let (decimal, thousands) = if is_decimal { (',', '.') } else { ('.', ',') };
    let (whole, fraction) = match digits.rsplit_once(decimal) {
        Some((whole, fraction)) if is_decimal || digits.matches(decimal).count() == 1 => {
            (whole, Some(fraction))
        }
        _ => (digits, None),
    };
    // 1.234.567 has points between its thousands.
    let thousands = if points > 1 && commas == 0 { '.' } else { thousands };
    for separator in [thousands, '\'', '\u{a0}', '\u{202f}'] {
        if whole.contains(separator) && !is_grouped(whole, separator) {
            return None;
        }
    }
    let whole: String = whole.chars().filter(|c| c.is_ascii_digit() || matches!(c, '-' | '+')).collect();
    Some(Cow::Owned(fraction.map_or(whole.clone(), |fraction| format!("{whole}.{fraction}"))))
}

/// Are there one to three digits and then always three?
fn is_grouped(digits: &str, separator: char) -> bool {
    let digits = digits.trim_start_matches(['-', '+']);
    let mut groups = digits.split(separator);
    let first = groups.next().unwrap_or_default();
    (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_stand_at_the_end_of_names() {
        for (name, expected) in [
            ("Latency(ms)", Some((7, "seconds", 1e-3))),
            ("Memory [MiB]", Some((7, "bytes", 1_048_576.0))),
            ("CPU usage (%)", Some((10, "percent", 1.0))),
            ("cpu(m)", Some((3, "cores", 1e-3))),
            ("height(m)", None),
            ("(s)", None),
            ("rate(foo)", None),
            ("ms", None),
        ] {
            assert_eq!(unit_in_name(name), expected, "{name}");
        }
    }

    #[test]
    fn numbers_of_people() {
        for (text, comma, expected) in [
            ("12.5", false, Some(12.5)),
            ("12.5%", false, Some(12.5)),
            ("12.5 %", false, Some(12.5)),
            ("1.5 s", false, Some(1.5)),
            ("250 ms", false, Some(0.25)),
            ("1.5 min", false, Some(90.0)),
            ("2 GiB", false, Some(2_147_483_648.0)),
            ("1.5 K", false, Some(1_500.0)),
            ("12 req/s", false, Some(12.0)),
            ("3 MB/s", false, Some(3e6)),
            ("-7,5", true, Some(-7.5)),
            ("1.234,5", true, Some(1_234.5)),
            ("1,234.5", false, Some(1_234.5)),
            ("1,234", false, Some(1_234.0)),
            ("1,234", true, Some(1.234)),
            ("1,23", false, Some(1.23)),
            ("1'234'567", false, Some(1_234_567.0)),
            ("1.234.567", true, Some(1_234_567.0)),
            ("1\u{a0}234,5", true, Some(1_234.5)),
            ("10.0.0.1", false, None),
            ("node-1", false, None),
            ("5xx", false, None),
            ("1.2.3-rc1", false, None),
            ("", false, None),
            ("%", false, None),
        ] {
            assert_eq!(read(text, comma), expected, "{text}");
        }
    }
}
