//! Go's `fmt`: how floats are printed, and `printf` with its signs of misuse (`%!d(string=x)`).

use std::fmt::Write as _;

use super::value::Value;

/// No width or precision beyond this is obeyed, so that a template cannot ask for gigabytes of spaces.
const MAX_WIDTH: usize = 10_000;

/// No text gets longer than this many bytes by being put together; what is longer is cut, and no template may print
/// as much.
pub(super) const LONGEST: usize = 2 << 20;

/// `%v` of a float: the shortest digits that mean the same, with an exponent below 1e-4 and from 1e6 on
/// (where that is no more digits than needed, Go writes `1e+06` all the same).
pub(super) fn float_v(value: f64) -> String {
    general(value, None, false)
}

/// The names of what is no number; `None` for numbers.
fn special(value: f64) -> Option<&'static str> {
    match value {
        v if v.is_nan() => Some("NaN"),
        f64::INFINITY => Some("+Inf"),
        f64::NEG_INFINITY => Some("-Inf"),
        _ => None,
    }
}

/// `%e` with at least two digits of exponent.
pub(super) fn exponent(value: f64, precision: Option<usize>) -> String {
    let text = match precision {
        Some(precision) => format!("{value:.precision$e}"),
        None => format!("{value:e}"),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    format!("{mantissa}e{sign}{digits:0>2}")
}

/// `%g`: digits as needed, or at most `precision`; with an exponent below 1e-4 and from `precision`
/// digits on, 6 if none is given.
pub(super) fn general(value: f64, precision: Option<usize>, keep_zeros: bool) -> String {
    if let Some(text) = special(value) {
        return text.to_owned();
    }
    let precision = precision.map(|p| p.max(1));
    let scientific = exponent(value, precision.map(|p| p - 1));
    let (mantissa, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count() as i32;
    let limit = precision.map_or(6, |p| p as i32);
    let trim = |text: &str| {
        if keep_zeros || !text.contains('.') {
            text.to_owned()
        } else {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    };
    if power < -4 || power >= limit {
        return format!("{}e{}{:02}", trim(mantissa), if power < 0 { '-' } else { '+' }, power.abs());
    }
    let decimals = (digits - 1 - power).max(0) as usize;
    trim(&format!("{value:.decimals$}"))
}

/// `fmt.Sprint`: a space between two operands neither of which is text.
pub(super) fn sprint(args: &[Value]) -> String {
    let mut out = String::new();
    for (i, arg) in args.iter().enumerate() {
        if out.len() > LONGEST {
            break;
        }
        let texts = matches!(arg, Value::Text(_)) || i > 0 && matches!(args[i - 1], Value::Text(_));
        if i > 0 && !texts {
            out.push(' ');
        }
        out.push_str(&arg.print_nested());
    }
    out
}

/// `fmt.Sprintln`.
pub(super) fn sprintln(args: &[Value]) -> String {
    joined(args.iter().map(Value::print_nested), " ") + "\n"
}

/// The parts with something between them.
pub(super) fn joined(parts: impl Iterator<Item = String>, between: &str) -> String {
    let mut out = String::new();
    for (i, part) in parts.enumerate() {
        if out.len() > LONGEST {
            break;
        }
        if i > 0 {
            out.push_str(between);
        }
        out.push_str(&part);
    }
    out
}

#[expect(clippy::struct_excessive_bools, reason = "they are the five flags of a verb")]
#[derive(Default)]
struct Spec {
    plus: bool,
    minus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// `fmt.Sprintf`.
pub(super) fn sprintf(format: &str, args: &[Value]) -> String {
    let mut out = String::new();
    let mut chars = format.chars().peekable();
    let (mut next, mut reordered) = (0, false);
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        if out.len() > LONGEST {
            return out;
        }
        let mut spec = Spec::default();
        while let Some(&flag) = chars.peek() {
            match flag {
                '+' => spec.plus = true,
                '-' => spec.minus = true,
                '#' => spec.sharp = true,
                ' ' => spec.space = true,
                '0' => spec.zero = true,
                _ => break,
            }
            chars.next();
        }
        let mut complaints = String::new();
        reordered |= index(&mut chars, &mut next);
        match width(&mut chars, args, &mut next) {
            Ok(Some(width)) => {
                spec.minus |= width < 0;
                spec.width = Some((width.unsigned_abs() as usize).min(MAX_WIDTH));
            }
            Ok(None) => {}
            Err(()) => complaints.push_str("%!(BADWIDTH)"),
        }
        if chars.peek() == Some(&'.') {
            chars.next();
            reordered |= index(&mut chars, &mut next);
            match width(&mut chars, args, &mut next) {
                Ok(Some(precision)) if precision >= 0 => {
                    spec.precision = Some((precision as usize).min(MAX_WIDTH));
                }
                Ok(Some(_)) | Err(()) => complaints.push_str("%!(BADPREC)"),
                Ok(None) => spec.precision = Some(0),
            }
        }
        reordered |= index(&mut chars, &mut next);
        out.push_str(&complaints);
        match (chars.next(), args.get(next)) {
            (None, _) => out.push_str("%!(NOVERB)"),
            (Some(verb), None) if reordered && verb != '%' => {
                let _ = write!(out, "%!{verb}(BADINDEX)");
            }
            (Some('%'), _) => out.push('%'),
            (Some(verb), None) => {
                out.push_str("%!");
                out.push(verb);
                out.push_str("(MISSING)");
            }
            (Some(verb), Some(arg)) => {
                next += 1;
                out.push_str(&one(verb, arg, &spec));
            }
        }
    }
    if !reordered && next < args.len() {
        let extra: Vec<_> = args[next..].iter().map(|arg| described(arg, &Spec::default())).collect();
        let _ = write!(out, "%!(EXTRA {})", extra.join(", "));
    }
    out
}

/// `[3]`: the argument to go on with.
fn index(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, next: &mut usize) -> bool {
    if chars.peek() != Some(&'[') {
        return false;
    }
    let digits: String = chars.clone().skip(1).take_while(char::is_ascii_digit).collect();
    if chars.clone().nth(1 + digits.len()) != Some(']') {
        return false;
    }
    chars.nth(1 + digits.len());
    // An index that does not exist leads to an argument that does not exist, which is reported.
    *next = digits.parse::<usize>().ok().and_then(|index| index.checked_sub(1)).unwrap_or(usize::MAX - 1);
    true
}

/// A number, or `*` for an argument.
fn width(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    args: &[Value],
    next: &mut usize,
) -> Result<Option<i64>, ()> {
    if chars.peek() == Some(&'*') {
        chars.next();
        let arg = args.get(*next);
        *next += 1;
        return match arg {
            Some(Value::Int(width)) => Ok(Some(*width)),
            _ => Err(()),
        };
    }
    let mut width = None;
    while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
        chars.next();
        width = Some((width.unwrap_or(0) * 10 + i64::from(digit)).min(MAX_WIDTH as i64));
    }
    Ok(width)
}

/// `type=value`, as misuse shows it; width and precision still hold.
fn described(value: &Value, spec: &Spec) -> String {
    match value {
        Value::Nil => "<nil>".to_owned(),
        other => format!("{}={}", other.type_name(), one('v', other, spec)),
    }
}

fn one(verb: char, arg: &Value, spec: &Spec) -> String {
    if verb == 'T' {
        return pad(arg.type_name().to_owned(), spec, false);
    }
    let formatted = match arg {
        Value::Float(number) => float(verb, *number, spec),
        Value::Int(number) => int(verb, *number, spec),
        Value::Text(text) => string(verb, text, spec),
        Value::Bool(truth) if matches!(verb, 'v' | 't') => Some(pad(truth.to_string(), spec, false)),
        Value::Duration(nanos) if !matches!(verb, 'v' | 's' | 'q') => int(verb, *nanos, spec),
        Value::Time(_) | Value::Duration(_) => string(verb, &arg.print_nested(), spec),
        Value::Nil if verb == 'v' => Some(pad("<nil>".to_owned(), spec, false)),
        Value::Nil | Value::Bool(_) => None,
        _ if matches!(verb, 'v' | 's') => Some(pad(arg.print_nested(), spec, false)),
        _ => None,
    };
    formatted.unwrap_or_else(|| format!("%!{verb}({})", described(arg, spec)))
}

fn float(verb: char, value: f64, spec: &Spec) -> Option<String> {
    let text = match (verb, special(value)) {
        ('v' | 'e' | 'E' | 'f' | 'F' | 'g' | 'G', Some(name)) => {
            let name = match (name, spec.plus, spec.space) {
                ("NaN", true, _) => "+NaN",
                ("NaN", false, true) => " NaN",
                ("+Inf", false, true) => " Inf",
                _ => name,
            };
            // Only numbers are padded with zeros.
            return Some(pad(name.to_owned(), &Spec { zero: false, ..*spec }, true));
        }
        ('v' | 'g' | 'G', None) => general(value, spec.precision, spec.sharp),
        ('e' | 'E', None) => exponent(value, Some(spec.precision.unwrap_or(6))),
        ('f' | 'F', None) => format!("{value:.*}", spec.precision.unwrap_or(6)),
        _ => return None,
    };
    let text = if matches!(verb, 'E' | 'G') { text.to_uppercase() } else { text };
    Some(pad(signed(text, spec), spec, true))
}

fn int(verb: char, value: i64, spec: &Spec) -> Option<String> {
    let (sign, digits) = if value < 0 { ("-", value.unsigned_abs()) } else { ("", value as u64) };
    let text = match verb {
        'v' | 'd' => digits.to_string(),
        'b' => format!("{digits:b}"),
        'o' => format!("{}{digits:o}", if spec.sharp { "0" } else { "" }),
        'O' => format!("0o{digits:o}"),
        'x' => format!("{}{digits:x}", if spec.sharp { "0x" } else { "" }),
        'X' => format!("{}{digits:X}", if spec.sharp { "0X" } else { "" }),
        'c' => return Some(pad(code_point(value).to_string(), spec, false)),
        'q' => return Some(pad(format!("'{}'", code_point(value)), spec, false)),
        'U' => return Some(pad(format!("U+{value:04X}"), spec, false)),
        // A constant that is whole is an int; the float verbs refuse it, as Go does.
        _ => return None,
    };
    let wide = spec.precision.map_or(text.clone(), |precision| format!("{text:0>precision$}"));
    let spec = Spec { zero: spec.zero && spec.precision.is_none(), ..*spec };
    Some(pad(signed(format!("{sign}{wide}"), &spec), &spec, true))
}

fn code_point(value: i64) -> char {
    u32::try_from(value).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn string(verb: char, text: &str, spec: &Spec) -> Option<String> {
    let cut: String = match spec.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text.to_owned(),
    };
    Some(match verb {
        'v' | 's' => pad(cut, spec, false),
        'q' if spec.sharp && !cut.contains('`') => pad(format!("`{cut}`"), spec, false),
        'q' => pad(quote(&cut), spec, false),
        'x' => pad(hex(&cut), spec, false),
        'X' => pad(hex(&cut).to_uppercase(), spec, false),
        _ => return None,
    })
}

fn hex(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Go's `strconv.Quote`.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            c if u32::from(c) < 0x20 || c == '\u{7f}' => {
                let _ = write!(out, "\\x{:02x}", u32::from(c));
            }
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn signed(text: String, spec: &Spec) -> String {
    match (text.starts_with('-'), spec.plus, spec.space) {
        (false, true, _) => format!("+{text}"),
        (false, false, true) => format!(" {text}"),
        _ => text,
    }
}

fn pad(text: String, spec: &Spec, number: bool) -> String {
    let Some(width) = spec.width else { return text };
    let missing = width.saturating_sub(text.chars().count());
    if missing == 0 {
        text
    } else if spec.minus {
        text + &" ".repeat(missing)
    } else if spec.zero && number {
        let split = usize::from(text.starts_with(['+', '-', ' ']));
        format!("{}{}{}", &text[..split], "0".repeat(missing), &text[split..])
    } else if spec.zero {
        "0".repeat(missing) + &text
    } else {
        " ".repeat(missing) + &text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_print_as_in_go() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (0.5, "0.5"),
            (100_000.0, "100000"),
            (1_000_000.0, "1e+06"),
            (1_234_567.0, "1.234567e+06"),
            (123_456_789.123, "1.23456789123e+08"),
            (1e21, "1e+21"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1e100, "1e+100"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(float_v(value), text, "{value}");
        }
    }

    #[test]
    fn printf_as_in_go() {
        let f = Value::Float;
        let i = Value::Int;
        let t = |text: &str| Value::text(text);
        for (format, args, text) in [
            ("%.2f", vec![f(1.005)], "1.00"),
            ("%.0f", vec![f(2.5)], "2"),
            ("%.1f%%", vec![f(99.95)], "100.0%"),
            ("%6.2f|%-6.1f|%06.1f", vec![f(2.71459), f(2.0), f(-1.5)], "  2.71|2.0   |-001.5"),
            ("%s", vec![f(1.0)], "%!s(float64=1)"),
            ("%d", vec![f(1.5)], "%!d(float64=1.5)"),
            ("%f", vec![i(1)], "%!f(int=1)"),
            ("%d", vec![t("x")], "%!d(string=x)"),
            ("%s %s", vec![t("a")], "a %!s(MISSING)"),
            ("%s", vec![t("a"), f(2.0)], "a%!(EXTRA float64=2)"),
            ("%q %x %5s|%-5s|", vec![t("a\"b"), t("hi"), t("r"), t("l")], "\"a\\\"b\" 6869     r|l    |"),
            ("%v %g %e", vec![f(1e6), f(0.25), f(1234.5)], "1e+06 0.25 1.234500e+03"),
            ("%.3g %.4g", vec![f(1234.5), f(0.000_012_3)], "1.23e+03 1.23e-05"),
            (
                "%d %5d %-5d| %05d %x %+d",
                vec![i(1), i(2), i(3), i(4), i(255), i(6)],
                "1     2 3    | 00004 ff +6",
            ),
            ("%[2]s %[1]s", vec![t("a"), t("b")], "b a"),
            ("%t %v", vec![Value::Bool(true), Value::Nil], "true <nil>"),
            ("%", vec![], "%!(NOVERB)"),
            ("%*d", vec![i(4), i(7)], "   7"),
            ("%T", vec![f(1.0)], "float64"),
            ("%9999999999d|", vec![i(1)], ""),
        ] {
            let got = sprintf(format, &args);
            if !text.is_empty() {
                assert_eq!(got, text, "{format}");
            }
        }
    }
}
