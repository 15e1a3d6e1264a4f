//! Zones behind a time: offsets, `Z`, and the abbreviations that stand for one zone only.

use super::Zone;

/// The offset in minutes that an abbreviation stands for. Names that stand for several zones are in [`UNCLEAR`];
/// those that are words of logs as well (`GET`, `CAT`) are left out.
fn offset(name: &[u8]) -> Option<i32> {
    Some(match name {
        b"UTC" | b"GMT" | b"UT" | b"WET" => 0,
        b"WEST" | b"CET" | b"MEZ" => 60,
        b"CEST" | b"MESZ" | b"EET" | b"SAST" => 120,
        b"EEST" | b"MSK" | b"IDT" => 180,
        b"IRST" => 210,
        b"SAMT" => 240,
        b"YEKT" | b"UZT" => 300,
        b"OMST" => 360,
        b"NOVT" | b"KRAT" => 420,
        b"IRKT" | b"WITA" => 480,
        b"YAKT" => 540,
        b"VLAT" | b"CHST" => 600,
        b"MAGT" => 660,
        b"NDT" => -150,
        b"JST" | b"KST" => 540,
        b"HKT" | b"SGT" | b"AWST" => 480,
        b"WIB" => 420,
        b"PKT" => 300,
        b"AEST" => 600,
        b"AEDT" => 660,
        b"ACST" => 570,
        b"ACDT" => 630,
        b"NZST" => 720,
        b"NZDT" => 780,
        b"EST" | b"CDT" => -300,
        b"EDT" => -240,
        b"MDT" => -360,
        b"MST" | b"PDT" => -420,
        b"PST" | b"AKDT" => -480,
        b"AKST" => -540,
        b"HST" => -600,
        b"BRT" => -180,
        _ => return None,
    })
}

/// Abbreviations of several zones: China or Chicago, India or Ireland or Israel, Britain or Bangladesh …
const UNCLEAR: &[&[u8]] = &[b"CST", b"IST", b"BST", b"AST", b"ADT", b"SST", b"WST", b"GST", b"PHT"];

/// The place whose summer time is named in `text` and whose winter time has a name that it shares with others.
pub fn zone_of_summer(text: &[u8]) -> Option<chrono_tz::Tz> {
    const PLACES: [(&[u8], chrono_tz::Tz); 2] =
        [(b"CDT", chrono_tz::America::Chicago), (b"IDT", chrono_tz::Asia::Jerusalem)];
    PLACES.iter().find(|(name, _)| memchr::memmem::find(text, name).is_some()).map(|(_, zone)| *zone)
}

/// The zone at `at`, with or without a space before it, and where it ends.
pub(super) fn zone(bytes: &[u8], at: usize) -> (Zone, usize) {
    let spaced = usize::from(bytes.get(at) == Some(&b' '));
    let start = at + spaced;
    match bytes.get(start) {
        Some(b'Z' | b'z') if !bytes.get(start + 1).is_some_and(u8::is_ascii_alphanumeric) => {
            (Zone::Offset(0), after_place(bytes, start + 1))
        }
        Some(sign @ (b'+' | b'-')) => match numeric_offset(bytes, start + 1, spaced == 1) {
            Some((seconds, end)) => {
                (Zone::Offset(if *sign == b'-' { -seconds } else { seconds }), after_place(bytes, end))
            }
            None => (Zone::Local, at),
        },
        Some(b'A'..=b'Z') => name(bytes, start).or_else(|| place(bytes, start)).unwrap_or((Zone::Local, at)),
        Some(b'[' | b'(') => bracketed(bytes, start).unwrap_or((Zone::Local, at)),
        // \u2212, the minus sign of ISO 8601.
        Some(0xE2) if bytes[start..].starts_with("\u{2212}".as_bytes()) => {
            match numeric_offset(bytes, start + 3, false) {
                Some((seconds, end)) => (Zone::Offset(-seconds), end),
                None => (Zone::Local, at),
            }
        }
        _ => (Zone::Local, at),
    }
}

/// `[Europe/Berlin]`, `(CEST)`: a zone in a bracket of its own, which nothing else is in.
fn bracketed(bytes: &[u8], start: usize) -> Option<(Zone, usize)> {
    let close = if bytes[start] == b'[' { b']' } else { b')' };
    let inside = bytes.get(start + 1).filter(|b| b.is_ascii_uppercase()).map(|_| start + 1)?;
    let (zone, end) = name(bytes, inside).or_else(|| place(bytes, inside))?;
    (bytes.get(end) == Some(&close)).then_some((zone, end + 1))
}

/// Behind the place that Java names once more after the offset: `+01:00[Europe/Berlin]`, `Z[UTC]`.
fn after_place(bytes: &[u8], at: usize) -> usize {
    if bytes.get(at) != Some(&b'[') {
        return at;
    }
    bracketed(bytes, at).map_or(at, |(_, end)| end)
}

/// `UTC`, `CET`, `UTC+2`, `GMT+09:00`.
fn name(bytes: &[u8], start: usize) -> Option<(Zone, usize)> {
    let length = bytes[start..].iter().take(6).take_while(|b| b.is_ascii_uppercase()).count();
    let (name, end) = (&bytes[start..start + length], start + length);
    if length == 3 && bytes.get(end).is_some_and(u8::is_ascii_digit) {
        return rule(bytes, start);
    }
    if bytes.get(end).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_') {
        return None;
    }
    if matches!(name, b"UTC" | b"GMT")
        && let Some(sign @ (b'+' | b'-')) = bytes.get(end)
    {
        let (seconds, end) = numeric_offset(bytes, end + 1, false).or_else(|| {
            bytes.get(end + 1).filter(|b| b.is_ascii_digit()).map(|b| (i32::from(b - b'0') * 3600, end + 2))
        })?;
        return Some((Zone::Offset(if *sign == b'-' { -seconds } else { seconds }), end));
    }
    if matches!(name, b"UTC" | b"GMT")
        && let Some([b' ', sign @ (b'+' | b'-')]) = bytes.get(end..end + 2)
        && let Some((seconds, end)) = numeric_offset(bytes, end + 2, true)
    {
        return Some((Zone::Offset(if *sign == b'-' { -seconds } else { seconds }), end));
    }
    if UNCLEAR.contains(&name) {
        return Some((Zone::Unclear, end));
    }
    Some((Zone::Offset(offset(name)? * 60), end))
}

/// `EST5EDT`, `PST8PDT`: rules of POSIX by which places are known, too.
fn rule(bytes: &[u8], start: usize) -> Option<(Zone, usize)> {
    let end = start + 7;
    let name = bytes.get(start..end).filter(|name| name[4..].iter().all(u8::is_ascii_uppercase))?;
    let ends = !bytes.get(end).is_some_and(u8::is_ascii_alphanumeric);
    let zone = std::str::from_utf8(name).ok()?.parse().ok()?;
    ends.then_some((Zone::Named(zone), end))
}

/// `Europe/Berlin`, `America/Argentina/Buenos_Aires`: PHP writes the zone's name.
fn place(bytes: &[u8], start: usize) -> Option<(Zone, usize)> {
    const LONGEST: usize = 40;
    let area = bytes[start..].iter().take(12).take_while(|b| b.is_ascii_alphabetic()).count();
    if bytes.get(start + area) != Some(&b'/') {
        return None;
    }
    let inside = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-' | b'+');
    let end = start + bytes[start..].iter().take(LONGEST).take_while(inside).count();
    let name = std::str::from_utf8(&bytes[start..end]).ok()?;
    Some((Zone::Named(name.parse().ok()?), end))
}

/// `0900`, `09:00` or `09`, which after a space has to begin with a zero and to stand alone: seconds, and where it
/// ends.
fn numeric_offset(bytes: &[u8], at: usize, spaced: bool) -> Option<(i32, usize)> {
    if let Some(minutes) = minutes_alone(bytes, at).filter(|_| !spaced) {
        return Some((minutes * 60, at + 3));
    }
    let hours = super::hour::two(bytes, at)?;
    let (minutes, end) = match bytes.get(at + 2) {
        Some(b':') => (super::hour::two(bytes, at + 3)?, at + 5),
        Some(b'0'..=b'9') => (super::hour::two(bytes, at + 2)?, at + 4),
        // Zones that have no abbreviation go by their hours: `03:14:23 -03 2023`, `03:14:23.123 +03 [12] LOG:`.
        next if spaced => {
            let alone = matches!(next, None | Some(b' ' | b']' | b')' | b'\t' | b'\r'));
            let year = number_of_year(bytes, at + 3);
            return (alone && hours <= 14 && (bytes[at] == b'0' || year))
                .then_some(((hours * 3600) as i32, at + 2));
        }
        _ => (0, at + 2),
    };
    let ends = !bytes.get(end).is_some_and(u8::is_ascii_digit);
    (ends && hours <= 15 && minutes < 60).then_some(((hours * 3600 + minutes * 60) as i32, end))
}

/// Do four digits of a year stand alone at `at`?
fn number_of_year(bytes: &[u8], at: usize) -> bool {
    let year = bytes.get(at..at + 4).is_some_and(|year| {
        matches!(year[..2], [b'1', b'9'] | [b'2', b'0' | b'1']) && year.iter().all(u8::is_ascii_digit)
    });
    year && !bytes.get(at + 4).is_some_and(u8::is_ascii_alphanumeric)
}

/// `060`: Db2 counts minutes, in three digits.
fn minutes_alone(bytes: &[u8], at: usize) -> Option<i32> {
    let digits = bytes.get(at..at + 3).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
    let ends = !matches!(bytes.get(at + 3), Some(b'0'..=b'9' | b':'));
    let minutes = digits.iter().fold(0, |n, digit| n * 10 + i32::from(digit - b'0'));
    (ends && minutes <= 840 && minutes % 15 == 0).then_some(minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_and_names() {
        for (text, expected) in [
            ("Z", (Zone::Offset(0), 1)),
            (" UTC]", (Zone::Offset(0), 4)),
            ("+0530", (Zone::Offset(19_800), 5)),
            (" -05:00 x", (Zone::Offset(-18_000), 7)),
            ("+09", (Zone::Offset(32_400), 3)),
            (" KST 2023", (Zone::Offset(32_400), 4)),
            (" UTC+2 x", (Zone::Offset(7_200), 6)),
            (" CST", (Zone::Unclear, 4)),
            ("+060 I27", (Zone::Offset(3_600), 4)),
            ("-300", (Zone::Offset(-18_000), 4)),
            ("+123", (Zone::Local, 0)),
            (" Asia/Seoul]", (Zone::Named(chrono_tz::Asia::Seoul), 11)),
            (" GET/x", (Zone::Local, 0)),
            (" -09 x", (Zone::Offset(-32_400), 4)),
            (" +03", (Zone::Offset(10_800), 4)),
            (" -11 2023", (Zone::Offset(-39_600), 4)),
            (" +12 x", (Zone::Local, 0)),
            (" -05x", (Zone::Local, 0)),
            (" [Europe/Berlin] x", (Zone::Named(chrono_tz::Europe::Berlin), 16)),
            ("+01:00[Europe/Berlin]", (Zone::Offset(3_600), 21)),
            (" (CEST)", (Zone::Offset(7_200), 7)),
            (" [IST]", (Zone::Unclear, 6)),
            (" [main] x", (Zone::Local, 0)),
            (" [UTC x]", (Zone::Local, 0)),
            (" EST5EDT", (Zone::Named(chrono_tz::EST5EDT), 8)),
            (" UTC +05:30", (Zone::Offset(19_800), 11)),
            (" GET /", (Zone::Local, 0)),
            (" UTCX", (Zone::Local, 0)),
            ("FOO", (Zone::Local, 0)),
        ] {
            assert_eq!(zone(text.as_bytes(), 0), expected, "{text}");
        }
    }
}
