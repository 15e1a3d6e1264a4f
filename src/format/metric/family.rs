//! What `# TYPE` says of the lines after it, as far as that changes how they are read.

use std::borrow::Cow;

use super::exposition::number;
use crate::model::Labels;

/// What kind of family the lines belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    /// Its buckets are told apart by `le`.
    Histogram,
    /// Its quantiles are told apart by `quantile`.
    Summary,
    /// All others.
    #[default]
    Other,
}

/// So many bytes before a piece of a file are searched for the type of its first line.
const REACH: usize = 4 << 20;

impl Family {
    /// What a line says, if it is a `# TYPE`.
    pub(super) fn of_line(line: &[u8]) -> Option<Family> {
        let rest = line.strip_prefix(b"#")?.trim_ascii_start().strip_prefix(b"TYPE")?;
        if !rest.first().is_some_and(u8::is_ascii_whitespace) {
            return None;
        }
        let kind = rest.trim_ascii().rsplit(u8::is_ascii_whitespace).next()?;
        Some(match kind {
            b"histogram" => Family::Histogram,
            b"summary" => Family::Summary,
            _ => Family::Other,
        })
    }

    /// What the last `# TYPE` of these lines says.
    pub fn after(lines: &[u8]) -> Family {
        let mut rest = &lines[lines.len().saturating_sub(REACH)..];
        while let Some(at) = memchr::memmem::rfind(rest, b"TYPE") {
            let start = memchr::memrchr(b'\n', &rest[..at]).map_or(0, |at| at + 1);
            let end = memchr::memchr(b'\n', &rest[at..]).map_or(rest.len(), |end| at + end);
            if let Some(family) = Family::of_line(&rest[start..end]) {
                return family;
            }
            rest = &rest[..at];
        }
        Family::Other
    }

    /// The label whose values are numbers in this family.
    fn number_label(self) -> Option<&'static str> {
        match self {
            Family::Histogram => Some("le"),
            Family::Summary => Some("quantile"),
            Family::Other => None,
        }
    }

    /// Writes the number in the family's label as Prometheus 3 writes it: `le="1"` is `le="1.0"`.
    pub(super) fn normalise(self, labels: &mut Labels) {
        let Some(name) = self.number_label() else { return };
        let value = labels.get(name);
        let Some(number) = (!value.is_empty()).then(|| number(value.as_bytes())).flatten() else { return };
        if let Cow::Owned(written) = float_label(value, number) {
            labels.set(name, written);
        }
    }
}

/// A float as OpenMetrics writes it in a label: as short as it can be told, with a point or an exponent.
fn float_label(value: &str, number: f64) -> Cow<'_, str> {
    let written = if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        (if number > 0.0 { "+Inf" } else { "-Inf" }).to_owned()
    } else {
        shortest(number)
    };
    if written == value { Cow::Borrowed(value) } else { Cow::Owned(written) }
}

/// As Go's `%g` with the least digits: an exponent below 1e-4 and from a million on.
fn shortest(number: f64) -> String {
    let exponential = format!("{number:e}");
    let (digits, exponent) = exponential.split_once('e').unwrap_or((&exponential, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if number != 0.0 && !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let plain = number.to_string();
    if plain.contains('.') { plain } else { format!("{plain}.0") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_labels_are_floats() {
        for (family, name, value, expected) in [
            (Family::Histogram, "le", "1", "1.0"),
            (Family::Histogram, "le", "0", "0.0"),
            (Family::Histogram, "le", "5e-3", "0.005"),
            (Family::Histogram, "le", "0.00001", "1e-05"),
            (Family::Histogram, "le", "1000000", "1e+06"),
            (Family::Histogram, "le", "100000", "100000.0"),
            (Family::Histogram, "le", "1e21", "1e+21"),
            (Family::Histogram, "le", "2.50", "2.5"),
            (Family::Histogram, "le", "inf", "+Inf"),
            (Family::Histogram, "le", "+Inf", "+Inf"),
            (Family::Histogram, "le", "many", "many"),
            (Family::Histogram, "quantile", "1", "1"),
            (Family::Summary, "quantile", "1", "1.0"),
            (Family::Summary, "le", "1", "1"),
            (Family::Other, "le", "1", "1"),
        ] {
            let mut labels = Labels::new([(name, value)]);
            family.normalise(&mut labels);
            assert_eq!(labels.get(name), expected, "{family:?} {name}={value}");
        }
    }

    #[test]
    fn the_last_type_before_a_line_counts() {
        for (lines, expected) in [
            ("# TYPE a histogram\na_bucket{le=\"1\"} 1\n", Family::Histogram),
            ("# TYPE a histogram\n# TYPE b\tsummary\r\n", Family::Summary),
            ("# TYPE a histogram\n# HELP b The TYPE of it\n", Family::Histogram),
            ("#TYPE a summary", Family::Summary),
            ("# TYPE a histogram\n# TYPE b gauge\n", Family::Other),
            ("", Family::Other),
        ] {
            assert_eq!(Family::after(lines.as_bytes()), expected, "{lines}");
        }
    }
}
