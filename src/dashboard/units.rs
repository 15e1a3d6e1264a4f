//! Numbers with their units, as Grafana's ids of units name them: `bytes`, `percentunit`, `dtdurations`.

use crate::model::Timestamp;

/// How a number is written.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    /// As it is, with this behind it.
    Fixed(&'static str),
    /// Times this, with this behind it.
    Times(f64, &'static str),
    /// By powers of 1,000 or 1,024, from the given step on: `KiB`, `MiB`.
    Scaled(Steps, usize, &'static str),
    /// A length of time, in this many seconds.
    Time(f64),
    /// A length of time in words: `2 days, 3 hours`; of so many seconds.
    Words(f64),
    /// `01:02:03`; with days before it or not.
    Clock(f64, bool),
    /// A moment, of so many milliseconds.
    Moment(f64),
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

/// Every unit that has a form of its own.
const UNITS: &[(&str, Form)] = &[
    ("none", Form::Fixed("")),
    ("string", Form::Fixed("")),
    ("locale", Form::Fixed("")),
    ("short", Form::Scaled(Steps::Short, 0, "")),
    ("sishort", Form::Scaled(Steps::Si, 0, "")),
    ("percent", Form::Fixed("%")),
    ("percentunit", Form::Times(100.0, "%")),
    ("humidity", Form::Fixed(" %H")),
    ("dB", Form::Fixed(" dB")),
    ("dBm", Form::Fixed(" dBm")),
    ("hex0x", Form::Hex("0x")),
    ("hex", Form::Hex("")),
    ("sci", Form::Scientific),
    ("pixel", Form::Fixed(" px")),
    ("ppm", Form::Fixed(" ppm")),
    ("bytes", Form::Scaled(Steps::Binary, 0, "B")),
    ("kbytes", Form::Scaled(Steps::Binary, 1, "B")),
    ("mbytes", Form::Scaled(Steps::Binary, 2, "B")),
    ("gbytes", Form::Scaled(Steps::Binary, 3, "B")),
    ("tbytes", Form::Scaled(Steps::Binary, 4, "B")),
    ("pbytes", Form::Scaled(Steps::Binary, 5, "B")),
    ("bits", Form::Scaled(Steps::Binary, 0, "b")),
    ("decbytes", Form::Scaled(Steps::Si, 0, "B")),
    ("deckbytes", Form::Scaled(Steps::Si, 1, "B")),
    ("decmbytes", Form::Scaled(Steps::Si, 2, "B")),
    ("decgbytes", Form::Scaled(Steps::Si, 3, "B")),
    ("dectbytes", Form::Scaled(Steps::Si, 4, "B")),
    ("decbits", Form::Scaled(Steps::Si, 0, "b")),
    ("Bps", Form::Scaled(Steps::Si, 0, "B/s")),
    ("binBps", Form::Scaled(Steps::Binary, 0, "B/s")),
    ("KBs", Form::Scaled(Steps::Si, 1, "B/s")),
    ("KiBs", Form::Scaled(Steps::Binary, 1, "B/s")),
    ("MBs", Form::Scaled(Steps::Si, 2, "B/s")),
    ("MiBs", Form::Scaled(Steps::Binary, 2, "B/s")),
    ("GBs", Form::Scaled(Steps::Si, 3, "B/s")),
    ("GiBs", Form::Scaled(Steps::Binary, 3, "B/s")),
    ("TBs", Form::Scaled(Steps::Si, 4, "B/s")),
    ("TiBs", Form::Scaled(Steps::Binary, 4, "B/s")),
    ("bps", Form::Scaled(Steps::Si, 0, "b/s")),
    ("binbps", Form::Scaled(Steps::Binary, 0, "b/s")),
    ("Kbits", Form::Scaled(Steps::Si, 1, "b/s")),
    ("Kibits", Form::Scaled(Steps::Binary, 1, "b/s")),
    ("Mbits", Form::Scaled(Steps::Si, 2, "b/s")),
    ("Mibits", Form::Scaled(Steps::Binary, 2, "b/s")),
    ("Gbits", Form::Scaled(Steps::Si, 3, "b/s")),
    ("Gibits", Form::Scaled(Steps::Binary, 3, "b/s")),
    ("pps", Form::Scaled(Steps::Si, 0, "p/s")),
    ("cps", Form::Scaled(Steps::Count, 0, "c/s")),
    ("ops", Form::Scaled(Steps::Count, 0, "ops/s")),
    ("reqps", Form::Scaled(Steps::Count, 0, "req/s")),
    ("rps", Form::Scaled(Steps::Count, 0, "rd/s")),
    ("wps", Form::Scaled(Steps::Count, 0, "wr/s")),
    ("iops", Form::Scaled(Steps::Count, 0, "io/s")),
    ("eps", Form::Scaled(Steps::Count, 0, "evt/s")),
    ("mps", Form::Scaled(Steps::Count, 0, "msg/s")),
    ("recps", Form::Scaled(Steps::Count, 0, "rec/s")),
    ("rowsps", Form::Scaled(Steps::Count, 0, "rows/s")),
    ("cpm", Form::Scaled(Steps::Count, 0, "c/m")),
    ("opm", Form::Scaled(Steps::Count, 0, "ops/m")),
    ("reqpm", Form::Scaled(Steps::Count, 0, "req/m")),
    ("rpm", Form::Scaled(Steps::Count, 0, "rd/m")),
    ("wpm", Form::Scaled(Steps::Count, 0, "wr/m")),
    ("mpm", Form::Scaled(Steps::Count, 0, "msg/m")),
    ("ns", Form::Time(1e-9)),
    ("µs", Form::Time(1e-6)),
    ("us", Form::Time(1e-6)),
    ("ms", Form::Time(1e-3)),
    ("s", Form::Time(1.0)),
    ("m", Form::Time(60.0)),
    ("h", Form::Time(3_600.0)),
    ("d", Form::Time(86_400.0)),
    ("timeticks", Form::Time(0.01)),
    ("dtdurationms", Form::Words(1e-3)),
    ("dtdurations", Form::Words(1.0)),
    ("clockms", Form::Clock(1e-3, false)),
    ("clocks", Form::Clock(1.0, false)),
    ("dthms", Form::Clock(1.0, false)),
    ("dtdhms", Form::Clock(1.0, true)),
    ("dateTimeAsIso", Form::Moment(1.0)),
    ("dateTimeAsIsoNoDateIfToday", Form::Moment(1.0)),
    ("dateTimeAsUS", Form::Moment(1.0)),
    ("dateTimeAsUSNoDateIfToday", Form::Moment(1.0)),
    ("dateTimeAsLocal", Form::Moment(1.0)),
    ("dateTimeAsLocalNoDateIfToday", Form::Moment(1.0)),
    ("dateTimeAsSystem", Form::Moment(1.0)),
    ("dateTimeFromNow", Form::Moment(1.0)),
    ("hertz", Form::Scaled(Steps::Si, 0, "Hz")),
    ("rothz", Form::Scaled(Steps::Si, 0, "Hz")),
    ("rotrpm", Form::Fixed(" rpm")),
    ("celsius", Form::Fixed(" °C")),
    ("fahrenheit", Form::Fixed(" °F")),
    ("kelvin", Form::Fixed(" K")),
    ("degree", Form::Fixed("°")),
    ("watt", Form::Scaled(Steps::Si, 0, "W")),
    ("kwatt", Form::Scaled(Steps::Si, 1, "W")),
    ("mwatt", Form::Times(1e-3, " W")),
    ("watth", Form::Scaled(Steps::Si, 0, "Wh")),
    ("kwatth", Form::Scaled(Steps::Si, 1, "Wh")),
    ("joule", Form::Scaled(Steps::Si, 0, "J")),
    ("amp", Form::Scaled(Steps::Si, 0, "A")),
    ("kamp", Form::Scaled(Steps::Si, 1, "A")),
    ("volt", Form::Scaled(Steps::Si, 0, "V")),
    ("kvolt", Form::Scaled(Steps::Si, 1, "V")),
    ("ohm", Form::Scaled(Steps::Si, 0, "Ω")),
    ("farad", Form::Scaled(Steps::Si, 0, "F")),
    ("pressurehpa", Form::Fixed(" hPa")),
    ("pressurebar", Form::Scaled(Steps::Si, 0, "bar")),
    ("lengthm", Form::Scaled(Steps::Si, 0, "m")),
    ("massg", Form::Scaled(Steps::Si, 0, "g")),
    ("litre", Form::Scaled(Steps::Si, 0, "L")),
    ("velocityms", Form::Fixed(" m/s")),
    ("velocitykmh", Form::Fixed(" km/h")),
    ("lengthmm", Form::Fixed(" mm")),
    ("lengthkm", Form::Fixed(" km")),
    ("lengthft", Form::Fixed(" ft")),
    ("lengthmi", Form::Fixed(" mi")),
    ("areaM2", Form::Fixed(" m²")),
    ("accMS2", Form::Fixed(" m/s²")),
    ("accG", Form::Fixed(" g")),
    ("radian", Form::Fixed(" rad")),
    ("conppm", Form::Fixed(" ppm")),
    ("conppb", Form::Fixed(" ppb")),
    ("massmg", Form::Fixed(" mg")),
    ("masskg", Form::Scaled(Steps::Si, 1, "g")),
    ("masst", Form::Fixed(" t")),
    ("mlitre", Form::Fixed(" mL")),
    ("m3", Form::Fixed(" m³")),
    ("flowlpm", Form::Fixed(" L/min")),
    ("pressurembar", Form::Fixed(" mbar")),
    ("pressurepsi", Form::Fixed(" psi")),
    ("pressurepa", Form::Scaled(Steps::Si, 0, "Pa")),
    ("pressurekpa", Form::Scaled(Steps::Si, 1, "Pa")),
    ("forceN", Form::Scaled(Steps::Si, 0, "N")),
    ("lux", Form::Scaled(Steps::Si, 0, "lx")),
    ("lumens", Form::Scaled(Steps::Si, 0, "Lm")),
    ("velocitymph", Form::Fixed(" mph")),
    ("velocityknot", Form::Fixed(" kn")),
    ("voltamp", Form::Scaled(Steps::Si, 0, "VA")),
    ("kvoltamp", Form::Scaled(Steps::Si, 1, "VA")),
    ("voltampreact", Form::Scaled(Steps::Si, 0, "VAr")),
    ("mamp", Form::Fixed(" mA")),
    ("mvolt", Form::Fixed(" mV")),
    ("kohm", Form::Scaled(Steps::Si, 1, "Ω")),
    ("amph", Form::Scaled(Steps::Si, 0, "Ah")),
    ("gwatt", Form::Scaled(Steps::Si, 3, "W")),
    ("megwatt", Form::Scaled(Steps::Si, 2, "W")),
    ("PBs", Form::Scaled(Steps::Si, 5, "B/s")),
    ("PiBs", Form::Scaled(Steps::Binary, 5, "B/s")),
    ("Tbits", Form::Scaled(Steps::Si, 4, "b/s")),
    ("Tibits", Form::Scaled(Steps::Binary, 4, "b/s")),
    ("decpbytes", Form::Scaled(Steps::Si, 5, "B")),
    ("KHs", Form::Scaled(Steps::Si, 1, "H/s")),
    ("MHs", Form::Scaled(Steps::Si, 2, "H/s")),
    ("GHs", Form::Scaled(Steps::Si, 3, "H/s")),
    ("flops", Form::Scaled(Steps::Si, 0, "FLOPS")),
    ("Hs", Form::Scaled(Steps::Si, 0, "H/s")),
    ("bool", Form::Truth("True", "False")),
    ("bool_yes_no", Form::Truth("Yes", "No")),
    ("bool_on_off", Form::Truth("On", "Off")),
    ("currencyUSD", Form::Money("$", false)),
    ("currencyGBP", Form::Money("£", false)),
    ("currencyEUR", Form::Money("€", false)),
    ("currencyJPY", Form::Money("¥", false)),
    ("currencyCNY", Form::Money("¥", false)),
    ("currencyKRW", Form::Money("₩", false)),
    ("currencyINR", Form::Money("₹", false)),
    ("currencyBRL", Form::Money("R$", false)),
    ("currencyCHF", Form::Money("CHF", false)),
    ("currencyRUB", Form::Money("₽", false)),
    ("currencySEK", Form::Money("kr", true)),
    ("currencyPLN", Form::Money("zł", false)),
    ("currencyBTC", Form::Money("฿", false)),
    ("accFS2", Form::Fixed(" f/s²")),
    ("arcmin", Form::Fixed(" arcmin")),
    ("arcsec", Form::Fixed(" arcsec")),
    ("grad", Form::Fixed(" grad")),
    ("areaF2", Form::Fixed(" ft²")),
    ("areaMI2", Form::Fixed(" mi²")),
    ("acres", Form::Fixed(" ac")),
    ("hectares", Form::Fixed(" ha")),
    ("mach", Form::Fixed(" mach")),
    ("gflops", Form::Scaled(Steps::Si, 3, "FLOPS")),
    ("mflops", Form::Scaled(Steps::Si, 2, "FLOPS")),
    ("tflops", Form::Scaled(Steps::Si, 4, "FLOPS")),
    ("pflops", Form::Scaled(Steps::Si, 5, "FLOPS")),
    ("eflops", Form::Scaled(Steps::Si, 6, "FLOPS")),
    ("zflops", Form::Scaled(Steps::Si, 7, "FLOPS")),
    ("yflops", Form::Scaled(Steps::Si, 8, "FLOPS")),
    ("conngm3", Form::Fixed(" ng/m³")),
    ("conngNm3", Form::Fixed(" ng/Nm³")),
    ("conμgm3", Form::Fixed(" µg/m³")),
    ("conμgNm3", Form::Fixed(" µg/Nm³")),
    ("conmgm3", Form::Fixed(" mg/m³")),
    ("conmgNm3", Form::Fixed(" mg/Nm³")),
    ("congm3", Form::Fixed(" g/m³")),
    ("congNm3", Form::Fixed(" g/Nm³")),
    ("conmgdL", Form::Fixed(" mg/dL")),
    ("conmmolL", Form::Fixed(" mmol/L")),
    ("currencyUAH", Form::Money("₴", false)),
    ("currencyDKK", Form::Money("kr", true)),
    ("currencyISK", Form::Money("kr", true)),
    ("currencyNOK", Form::Money("kr", true)),
    ("currencyCZK", Form::Money("Kč", false)),
    ("currencymBTC", Form::Money("mBTC", false)),
    ("currencyμBTC", Form::Money("μBTC", false)),
    ("currencyZAR", Form::Money("R", false)),
    ("currencyIDR", Form::Money("Rp", false)),
    ("currencyPHP", Form::Money("PHP", false)),
    ("currencyVND", Form::Money("đ", true)),
    ("currencyTRY", Form::Money("₺", false)),
    ("currencyMYR", Form::Money("RM", false)),
    ("currencyXPF", Form::Money("XPF", false)),
    ("currencyBGN", Form::Money("BGN", false)),
    ("currencyPYG", Form::Money("₲", false)),
    ("currencyUYU", Form::Money("UYU", false)),
    ("currencyILS", Form::Money("₪", false)),
    ("currencyAUD", Form::Money("A$", false)),
    ("currencyCAD", Form::Money("C$", false)),
    ("currencyTHB", Form::Money("฿", false)),
    ("currencyHUF", Form::Money("Ft", true)),
    ("currencyRON", Form::Money("lei", true)),
    ("currencySGD", Form::Money("S$", false)),
    ("currencyHKD", Form::Money("HK$", false)),
    ("currencyTWD", Form::Money("NT$", false)),
    ("currencyNZD", Form::Money("NZ$", false)),
    ("currencyMXN", Form::Money("MX$", false)),
    ("currencyNGN", Form::Money("₦", false)),
    ("currencyKZT", Form::Money("₸", false)),
    ("currencyGEL", Form::Money("₾", false)),
    ("ebytes", Form::Scaled(Steps::Binary, 6, "B")),
    ("zbytes", Form::Scaled(Steps::Binary, 7, "B")),
    ("ybytes", Form::Scaled(Steps::Binary, 8, "B")),
    ("decebytes", Form::Scaled(Steps::Si, 6, "B")),
    ("deczbytes", Form::Scaled(Steps::Si, 7, "B")),
    ("decybytes", Form::Scaled(Steps::Si, 8, "B")),
    ("kbits", Form::Scaled(Steps::Binary, 1, "b")),
    ("mbits", Form::Scaled(Steps::Binary, 2, "b")),
    ("gbits", Form::Scaled(Steps::Binary, 3, "b")),
    ("tbits", Form::Scaled(Steps::Binary, 4, "b")),
    ("deckbits", Form::Scaled(Steps::Si, 1, "b")),
    ("decmbits", Form::Scaled(Steps::Si, 2, "b")),
    ("decgbits", Form::Scaled(Steps::Si, 3, "b")),
    ("dectbits", Form::Scaled(Steps::Si, 4, "b")),
    ("Pbits", Form::Scaled(Steps::Si, 5, "b/s")),
    ("Pibits", Form::Scaled(Steps::Binary, 5, "b/s")),
    ("THs", Form::Scaled(Steps::Si, 4, "H/s")),
    ("PHs", Form::Scaled(Steps::Si, 5, "H/s")),
    ("EHs", Form::Scaled(Steps::Si, 6, "H/s")),
    ("Wm2", Form::Fixed(" W/m²")),
    ("voltampreactive", Form::Scaled(Steps::Si, 0, "VAr")),
    ("kvoltampreact", Form::Scaled(Steps::Si, 1, "VAr")),
    ("watthperkg", Form::Fixed(" Wh/kg")),
    ("kwattm", Form::Fixed(" kWm")),
    ("ev", Form::Scaled(Steps::Si, 0, "eV")),
    ("mohm", Form::Fixed(" mΩ")),
    ("megohm", Form::Scaled(Steps::Si, 2, "Ω")),
    ("mfarad", Form::Fixed(" mF")),
    ("µfarad", Form::Fixed(" µF")),
    ("nfarad", Form::Fixed(" nF")),
    ("pfarad", Form::Fixed(" pF")),
    ("ffarad", Form::Fixed(" fF")),
    ("henry", Form::Scaled(Steps::Si, 0, "H")),
    ("mhenry", Form::Fixed(" mH")),
    ("µhenry", Form::Fixed(" µH")),
    ("kamph", Form::Scaled(Steps::Si, 1, "Ah")),
    ("mamph", Form::Fixed(" mAh")),
    ("flowgpm", Form::Fixed(" gpm")),
    ("flowcms", Form::Fixed(" cms")),
    ("flowcfs", Form::Fixed(" cfs")),
    ("flowcfm", Form::Fixed(" cfm")),
    ("litreh", Form::Fixed(" L/h")),
    ("flowmlpm", Form::Fixed(" mL/min")),
    ("dm3", Form::Fixed(" dm³")),
    ("gallons", Form::Fixed(" gal")),
    ("Nm3", Form::Fixed(" Nm³")),
    ("forceNm", Form::Scaled(Steps::Si, 0, "Nm")),
    ("forcekNm", Form::Scaled(Steps::Si, 1, "Nm")),
    ("forcekN", Form::Scaled(Steps::Si, 1, "N")),
    ("hashrate", Form::Scaled(Steps::Si, 0, "H/s")),
    ("masslb", Form::Fixed(" lb")),
    ("lengthin", Form::Fixed(" in")),
    ("pressureinhg", Form::Fixed(" inHg")),
    ("pressurekbar", Form::Scaled(Steps::Si, 1, "bar")),
    ("radbq", Form::Scaled(Steps::Si, 0, "Bq")),
    ("radci", Form::Scaled(Steps::Si, 0, "Ci")),
    ("radgy", Form::Scaled(Steps::Si, 0, "Gy")),
    ("radsv", Form::Scaled(Steps::Si, 0, "Sv")),
    ("radsvh", Form::Scaled(Steps::Si, 0, "Sv/h")),
    ("radrad", Form::Fixed(" rad")),
    ("radrem", Form::Fixed(" rem")),
    ("radmsv", Form::Fixed(" mSv")),
    ("radusv", Form::Fixed(" µSv")),
    ("radmsvh", Form::Fixed(" mSv/h")),
    ("radusvh", Form::Fixed(" µSv/h")),
    ("radexpckg", Form::Fixed(" C/kg")),
    ("radr", Form::Fixed(" R")),
    ("rotrads", Form::Fixed(" rad/s")),
    ("rotdegs", Form::Fixed(" °/s")),
    ("iopm", Form::Scaled(Steps::Count, 0, "io/m")),
    ("msgps", Form::Scaled(Steps::Count, 0, "msg/s")),
];

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
        None => custom(value, unit, decimals),
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
            scaled(value, Steps::Si, 0, decimals).0 + name
        }
        "count" => format!("{} {name}", scaled(value, Steps::Count, 0, decimals).0.replace(' ', "")),
        "currency" => format!("{name}{}", scaled(value, Steps::Count, 0, decimals).0.replace(' ', "")),
        "time" => written(value, Form::Moment(1.0), decimals),
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
        Form::Words(seconds) => words(value * seconds, decimals.unwrap_or(0)),
        Form::Clock(seconds, days) => clock(value * seconds, days),
        Form::Moment(millis) => {
            let at = Timestamp::from_millis((value * millis) as i64);
            at.map_or_else(|| number(value, decimals), Timestamp::date_clock)
        }
        Form::Truth(yes, no) => if value == 0.0 { no } else { yes }.to_owned(),
        Form::Money(sign, behind) => {
            let (amount, _) = scaled(value.abs(), Steps::Count, 0, decimals);
            let minus = if value < 0.0 { "-" } else { "" };
            if behind { format!("{minus}{amount} {sign}") } else { format!("{minus}{sign}{amount}") }
        }
        Form::Hex(before) => format!("{before}{:X}", value.abs() as u64),
        Form::Scientific => format!("{value:e}"),
    }
}

/// A number by steps, and the name of the step; a blank stands between where there is a unit.
fn scaled(value: f64, of: Steps, from: usize, decimals: Option<usize>) -> (String, &'static str) {
    let (base, names, zero) = steps(of);
    let mut value = value;
    let mut place = zero + from;
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

/// A length of time, in the unit that suits it.
fn time(seconds: f64, decimals: Option<usize>) -> String {
    const UNITS: [(f64, f64, &str); 9] = [
        (1e-6, 1e-9, "ns"),
        (1e-3, 1e-6, "µs"),
        (1.0, 1e-3, "ms"),
        (60.0, 1.0, "s"),
        (3_600.0, 60.0, "mins"),
        (86_400.0, 3_600.0, "hours"),
        (604_800.0, 86_400.0, "days"),
        (31_536_000.0, 604_800.0, "weeks"),
        (f64::INFINITY, 31_556_900.0, "years"),
    ];
    if seconds == 0.0 {
        return "0 s".to_owned();
    }
    let found = UNITS.iter().find(|(until, ..)| seconds.abs() < *until).unwrap_or(&UNITS[8]);
    let value = seconds / found.1;
    let name = if value == 1.0 { found.2.trim_end_matches('s') } else { found.2 };
    // The seconds' own name ends so.
    let name = if matches!(found.2, "s" | "ms" | "µs" | "ns") { found.2 } else { name };
    format!("{} {name}", number(value, decimals))
}

/// `2 days, 3 hours`: the largest unit, and so many below it.
fn words(seconds: f64, more: usize) -> String {
    const UNITS: [(f64, &str); 7] = [
        (31_536_000.0, "year"),
        (2_628_000.0, "month"),
        (604_800.0, "week"),
        (86_400.0, "day"),
        (3_600.0, "hour"),
        (60.0, "minute"),
        (1.0, "second"),
    ];
    let before = if seconds < 0.0 { "-" } else { "" };
    let mut left = seconds.abs();
    if left < 1.0 {
        return format!("{before}{} milliseconds", number(left * 1e3, Some(0)));
    }
    let mut parts: Vec<String> = Vec::new();
    for (length, name) in UNITS {
        let count = (left / length).floor();
        if parts.is_empty() && count == 0.0 {
            continue;
        }
        if parts.len() > more {
            break;
        }
        left -= count * length;
        if count > 0.0 {
            parts.push(format!("{count} {name}{}", if count == 1.0 { "" } else { "s" }));
        } else {
            parts.push(String::new());
        }
    }
    parts.retain(|part| !part.is_empty());
    before.to_owned() + &parts.join(", ")
}

/// `01:02:03`, or `1 d 01:02:03`.
fn clock(seconds: f64, days: bool) -> String {
    let whole = seconds.abs().floor();
    let of_day = if days { whole % 86_400.0 } else { whole };
    let (hours, minutes, seconds_left) =
        ((of_day / 3_600.0).floor(), (of_day / 60.0).floor() % 60.0, of_day % 60.0);
    let day = (whole / 86_400.0).floor();
    let before = if seconds < 0.0 { "-" } else { "" };
    let day = if days && day > 0.0 { format!("{day} d ") } else { String::new() };
    format!("{before}{day}{hours:02}:{minutes:02}:{seconds_left:02}")
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
