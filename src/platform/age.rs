//! Times in the words of platforms: ages such as `2d3h`, counts such as `21s (x15 over 104s)`, and dates.

use super::object::When;
use crate::model::Timestamp;

/// The seconds of an age as `kubectl` prints it: `45s`, `5m30s`, `2d3h`, `3y120d`. Its units are those of
/// `k8s.io/apimachinery/pkg/util/duration`.
pub fn seconds(text: &str) -> Option<f64> {
    if text.is_empty() || text.len() > 20 {
        return None;
    }
    let (mut sum, mut number, mut digits) = (0.0, 0.0, 0);
    for c in text.chars() {
        if let Some(digit) = c.to_digit(10) {
            (number, digits) = (number * 10.0 + f64::from(digit), digits + 1);
            continue;
        }
        let unit = match c {
            's' => 1.0,
            'm' => 60.0,
            'h' => 3_600.0,
            'd' => 86_400.0,
            'y' => 365.0 * 86_400.0,
            _ => return None,
        };
        (digits > 0).then_some(())?;
        (sum, number, digits) = (sum + number * unit, 0.0, 0);
    }
    (digits == 0).then_some(sum)
}

/// How an event's age tells of it: when it was last and first seen, and how often.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// When last.
    pub last: f64,
    /// When first.
    pub first: f64,
    /// How often.
    pub count: u64,
}

/// `21s`, or `21s (x15 over 104s)`.
pub fn seen(text: &str) -> Option<Seen> {
    let Some((last, rest)) = text.split_once(" (x") else {
        let last = seconds(text.trim())?;
        return Some(Seen { last, first: last, count: 1 });
    };
    let last = seconds(last.trim())?;
    let (count, over) = rest.strip_suffix(')')?.split_once(" over ")?;
    Some(Seen { last, first: seconds(over.trim())?.max(last), count: count.trim().parse().ok()? })
}

/// A date in the notations of `kubectl describe` (RFC 1123 with a zone) and of manifests (RFC 3339).
pub fn date(text: &str) -> Option<Timestamp> {
    let text = text.trim().trim_matches('"');
    let parsed =
        chrono::DateTime::parse_from_rfc3339(text).or_else(|_| chrono::DateTime::parse_from_rfc2822(text));
    let parsed = parsed.ok()?;
    Timestamp::new(parsed.timestamp(), parsed.timestamp_subsec_nanos())
}

/// A date as a time.
pub fn at(text: &str) -> Option<When> {
    date(text).map(When::At)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_read() {
        for (text, wanted) in [
            ("0s", Some(0.0)),
            ("93s", Some(93.0)),
            ("5m30s", Some(330.0)),
            ("2d3h", Some(183_600.0)),
            ("1y", Some(31_536_000.0)),
            ("", None),
            ("<unknown>", None),
            ("5", None),
            ("m", None),
        ] {
            assert_eq!(seconds(text), wanted, "{text}");
        }
        assert_eq!(seen("21s (x15 over 104s)"), Some(Seen { last: 21.0, first: 104.0, count: 15 }));
        assert_eq!(seen("9m"), Some(Seen { last: 540.0, first: 540.0, count: 1 }));
        assert_eq!(seen("9m (x"), None);
        assert_eq!(seen("now"), None);
    }

    #[test]
    fn dates_are_read_with_their_zones() {
        let at = date("Fri, 28 Nov 2025 16:03:58 +0800").unwrap();
        assert_eq!(at.to_string(), "2025-11-28T08:03:58Z");
        assert_eq!(date("2025-11-28T08:03:58Z"), Some(at));
        assert_eq!(date("<unset>"), None);
    }
}
