//! Numbers with their units, as Grafana's ids of units name them: `bytes`, `percentunit`, `dtdurations`.

mod durations;
mod known;

use self::durations::{clock, letters, time, words};
use self::known::UNITS;
use super::interpolate::clip;
use super::moment;
use crate::model::Timestamp;

/// How a number is written.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    /// As it is, with this behind it.
    Fixed(&'static str),
    /// Times this, with this behind it.
    Times(f64, &'static str),
    /// By powers of 1,000 or 1,024, of a number that is so many steps up already: `KiB`, `MiB`.
    Scaled(Steps, i8, &'static str),
    /// With commas between thousands.
    Grouped,
    /// A length of time, in this many seconds.
    Time(f64),
    /// A length of time in words: `2 days, 3 hours`; in this many milliseconds, with the unit of nothing.
    Words(f64, &'static str),
    /// `01:02:03`; with days before it or not.
    Clock(bool),
    /// `01h:02m:03s`, in this many milliseconds.
    Letters(f64),
    /// A moment, in milliseconds.
    Moment,
    /// Two words for yes and no.
    Truth(&'static str, &'static str),
    /// An amount of money.
    Money(&'static str, bool),
    /// In base sixteen.
    Hex(&'static str),
    /// With a power of ten.
    Scientific,
}

/// Names of steps.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Steps {
    /// Thousands, as people say them: K, Mil, Bil.
    Short,
    /// Thousands of things counted: K, M, B.
    Count,
    /// Thousands of a unit: n, µ, m, k, M, G.
    Si,
    /// 1,024: Ki, Mi, Gi.
    Binary,
}

/// What stands for the steps, and which of them is the number as it is.
fn steps(steps: Steps) -> (f64, &'static [&'static str], usize) {
    match steps {
        Steps::Short => (1e3, &["", " K", " Mil", " Bil", " Tri", " Quadr", " Quint", " Sext", " Sept"], 0),
        Steps::Count => (1e3, &["", "K", "M", "B", "T"], 0),
        Steps::Si => (1e3, &["f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P", "E", "Z", "Y"], 5),
        Steps::Binary => (1024.0, &["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"], 0),
    }
}

/// How long a unit that an author made up may be, in bytes.
const LONGEST: usize = 100;

/// A number in a unit. Without a number of decimals it has as many as three digits need.
pub fn text(value: f64, unit: &str, decimals: Option<usize>) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞" } else { "-∞" }.to_owned();
    }
    let known = UNITS.iter().find(|(id, _)| *id == unit).map(|(_, form)| *form);
    match known {
        Some(form) => written(value, form, decimals),
        None if unit.is_empty() => written(value, Form::Scaled(Steps::Short, 0, ""), decimals),
        // It stands beside every value.
        None => custom(value, clip(unit, LONGEST), decimals),
    }
}

/// Units that a dashboard's author made up: `suffix:ships`, `si:Wh`, or any word.
fn custom(value: f64, unit: &str, decimals: Option<usize>) -> String {
    let (kind, name) = unit.split_once(':').unwrap_or(("suffix", unit));
    match kind {
        "prefix" => format!("{name}{}", number(value, decimals)),
        "suffix" => format!("{} {}", number(value, decimals), name.trim()),
        "si" => {
            // A step may stand before the unit: `si:mF`.
            let first = name.chars().next().map(|c| if c == 'μ' { 'µ' } else { c });
            let step = "fpnµm".chars().zip(-5..).chain("kMGTPEZY".chars().zip(1..));
            let step = step.filter(|(letter, _)| first == Some(*letter)).map(|(_, step)| step).next();
            let unit = name.char_indices().nth(1).map_or("", |(at, _)| &name[at..]);
            scaled(value, Steps::Si, step.unwrap_or(0), decimals).0 + step.map_or(name, |_| unit)
        }
        "count" => format!("{} {name}", scaled(value, Steps::Count, 0, decimals).0.replace(' ', "")),
        "currency" => format!("{name}{}", scaled(value, Steps::Count, 0, decimals).0.replace(' ', "")),
        "time" => match Timestamp::from_millis(value as i64) {
            Some(at) if !name.is_empty() => moment::written(at, name),
            _ => written(value, Form::Moment, decimals),
        },
        "bool" => {
            let (yes, no) = name.split_once('/').unwrap_or((name, ""));
            if value == 0.0 { no.to_owned() } else { yes.to_owned() }
        }
        _ => format!("{} {unit}", number(value, decimals)),
    }
}

fn written(value: f64, form: Form, decimals: Option<usize>) -> String {
    match form {
        Form::Fixed(behind) => number(value, decimals) + behind,
        Form::Times(factor, behind) => number(value * factor, decimals) + behind,
        Form::Scaled(of, from, unit) => {
            let (text, step) = scaled(value, of, from, decimals);
            match of {
                Steps::Short => text,
                Steps::Count => format!("{text} {unit}"),
                // `12 B`, `12.3 KiB`.
                _ if step.is_empty() && unit.is_empty() => text.trim_end().to_owned(),
                _ => text + unit,
            }
        }
        Form::Time(seconds) => time(value * seconds, decimals),
        Form::Grouped => grouped(value, decimals),
        Form::Words(millis, unit) => words(value * millis, decimals.unwrap_or(0), unit),
        Form::Clock(days) => clock(value, days),
        Form::Letters(millis) => letters(value * millis, decimals),
        Form::Moment => {
            let at = Timestamp::from_millis(value as i64);
            at.map_or_else(|| number(value, decimals), Timestamp::date_clock)
        }
        Form::Truth(yes, no) => if value == 0.0 { no } else { yes }.to_owned(),
        Form::Money(sign, behind) => {
            let (amount, _) = scaled(value.abs(), Steps::Count, 0, decimals);
            let minus = if value < 0.0 { "-" } else { "" };
            if behind { format!("{minus}{amount}{sign}") } else { format!("{minus}{sign}{amount}") }
        }
        Form::Hex(before) => format!("{before}{:X}", value.abs() as u64),
        Form::Scientific => {
            let text =
                decimals.map_or_else(|| format!("{value:e}"), |decimals| format!("{value:.decimals$e}"));
            // Its sign is always there.
            if text.contains("e-") { text } else { text.replace('e', "e+") }
        }
    }
}

/// A number by steps, and the name of the step; a blank stands between where there is a unit.
fn scaled(value: f64, of: Steps, from: i8, decimals: Option<usize>) -> (String, &'static str) {
    let (base, names, zero) = steps(of);
    let mut value = value;
    let mut place = zero.saturating_add_signed(isize::from(from));
    while value.abs() >= base && place + 1 < names.len() {
        value /= base;
        place += 1;
    }
    while matches!(of, Steps::Si | Steps::Binary) && value != 0.0 && value.abs() < 1.0 && place > 0 {
        value *= base;
        place -= 1;
    }
    let name = names[place.min(names.len() - 1)];
    let text = number(value, decimals);
    let blank = if of == Steps::Short || name.starts_with(' ') || of == Steps::Count { "" } else { " " };
    (format!("{text}{blank}{name}"), name)
}

/// A number with commas between thousands, and no more than three decimals unless more are asked for.
fn grouped(value: f64, decimals: Option<usize>) -> String {
    let text = format!("{:.*}", decimals.unwrap_or(3).min(20), value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = fraction.trim_end_matches('0');
    let mut out =
        if value < 0.0 && (whole != "0" || !fraction.is_empty()) { "-".to_owned() } else { String::new() };
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if fraction.is_empty() { out } else { format!("{out}.{fraction}") }
}

/// A number with decimals; without saying how many, with three digits that matter, as Grafana counts them.
fn number(value: f64, decimals: Option<usize>) -> String {
    let decimals = decimals.unwrap_or_else(|| {
        if value == 0.0 || value.fract() == 0.0 {
            return 0;
        }
        let place = value.abs().log10().floor() as i32;
        let least = 1 - place;
        let leading = value.abs() * 10_f64.powi(least);
        (if leading > 2.25 { least + 1 } else { least }).clamp(0, 12) as usize
    });
    let text = format!("{value:.*}", decimals.min(20));
    if text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.') {
        text.replace('-', "")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_no_novel() {
        for kind in ["", "suffix:", "prefix:", "time:", "si:", "bool:"] {
            assert!(text(1.0, &format!("{kind}{}", "YYYY ".repeat(10_000)), None).len() < 300, "{kind}");
        }
    }

    #[test]
    fn every_unit_in_its_own_words() {
        for (value, unit, decimals, expected) in [
            (0.0, "short", None, "0"),
            (1_234.0, "short", None, "1.23 K"),
            (2_500_000.0, "short", None, "2.50 Mil"),
            (0.240_526, "", None, "0.241"),
            (45.678, "none", None, "45.7"),
            (45.678, "none", Some(0), "46"),
            (12.3, "percent", Some(1), "12.3%"),
            (0.123_45, "percentunit", None, "12.3%"),
            (1_536.0, "bytes", None, "1.50 KiB"),
            (17_179_869_184.0, "bytes", None, "16 GiB"),
            (12.0, "bytes", None, "12 B"),
            (2_048.0, "kbytes", None, "2 MiB"),
            (1_500.0, "decbytes", None, "1.50 kB"),
            (1_500_000.0, "Bps", None, "1.50 MB/s"),
            (2_000.0, "bps", None, "2 kb/s"),
            (1_234.0, "pps", None, "1.23 kp/s"),
            (1_234.0, "reqps", None, "1.23K req/s"),
            (0.5, "ops", None, "0.500 ops/s"),
            (120.0, "iops", None, "120 io/s"),
            (0.001_5, "s", None, "1.50 ms"),
            (90.0, "s", None, "1.50 mins"),
            (60.0, "s", None, "1 min"),
            (86_400.0, "s", None, "1 day"),
            (1_500.0, "ms", None, "1.50 s"),
            (3e-7, "s", Some(0), "300 ns"),
            (90_061.0, "dtdurations", None, "1 day"),
            (90_061.0, "dtdurations", Some(2), "1 day, 1 hour, 1 minute"),
            (86_460.0, "dtdurations", Some(2), "1 day, 0 hours, 1 minute"),
            (2_592_000.0, "dtdurations", None, "1 month"),
            (-7_200.0, "dtdurations", None, "2 hours ago"),
            (0.0, "dtdurations", None, "0 seconds"),
            (0.25, "dtdurations", None, "250 milliseconds"),
            (3_661_250.0, "clockms", None, "01h:01m:01s:250ms"),
            (3_661.0, "clocks", Some(2), "01h:01m:01s"),
            (61.0, "clocks", None, "01m:01s:000ms"),
            (2_000.0, "clockms", Some(0), "02s"),
            (12.0, "clockms", None, "012ms"),
            (1_500.0, "mwatt", None, "1.50 W"),
            (0.5, "mwatt", None, "500 µW"),
            (2_500.0, "lengthmm", None, "2.50 m"),
            (1_234_567.891_2, "locale", None, "1,234,567.891"),
            (-1_000.0, "locale", None, "-1,000"),
            (1_234.0, "sci", None, "1.234e+3"),
            (0.001_2, "sci", Some(1), "1.2e-3"),
            (1_703_385_000_000.0, "time:YYYY", None, "2023"),
            (1_703_385_000_000.0, "time:", None, "2023-12-24 02:30:00"),
            (1_500.0, "si:mmF", None, "1.50 mF"),
            (1_500.0, "si:mF", None, "1.50 F"),
            (1_500.0, "si:Wh", None, "1.50 kWh"),
            (1_500.0, "currencySEK", None, "1.50Kkr"),
            (5_000.0, "dtdurationms", None, "5 seconds"),
            (3_661.0, "dthms", None, "01:01:01"),
            (90_061.0, "dtdhms", None, "1 d 01:01:01"),
            (1_703_385_000_000.0, "dateTimeAsIso", None, "2023-12-24 02:30:00"),
            (2_400_000_000.0, "hertz", None, "2.40 GHz"),
            (0.002, "volt", None, "2 mV"),
            (21.5, "celsius", None, "21.5 °C"),
            (1.0, "bool_yes_no", None, "Yes"),
            (0.0, "bool", None, "False"),
            (-12.5, "currencyUSD", None, "-$12.5"),
            (12.0, "suffix:ships", None, "12 ships"),
            (12.0, "ships", None, "12 ships"),
            (255.0, "hex0x", None, "0xFF"),
            (2_500.0, "teraflops:x", None, "2500 teraflops:x"),
            (2_500.0, "gflops", None, "2.50 TFLOPS"),
            (1_500.0, "currencyUAH", None, "₴1.50K"),
            (3.0, "conμgm3", None, "3 µg/m³"),
            (3_000.0, "radbq", None, "3 kBq"),
            (f64::NAN, "bytes", None, "NaN"),
            (f64::INFINITY, "bytes", None, "∞"),
            (-0.000_1, "none", Some(1), "0.0"),
        ] {
            assert_eq!(text(value, unit, decimals), expected, "{value} {unit}");
        }
    }
}
