//! Levels as fields write them: words, letters, and numbers of several scales.

use super::colour;
use crate::model::{Level, Value};

/// What numbers mean as levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// 10 trace … 60 fatal (bunyan, pino); 0 … 7 as syslog's (GELF).
    Bunyan,
    /// 10 debug … 50 critical (Python's `levelno`).
    Python,
    /// 1 … 24 (OpenTelemetry).
    Otel,
    /// 0 emergency … 7 debug.
    Syslog,
    /// 10 trace … 60 fatal, and nothing below.
    Tens,
    /// 0 debug … 4 fatal (Nextcloud; `SeverityLevel` of Application Insights).
    Rising,
}

/// The level that a field's value means.
pub(super) fn level(value: Value<'_>, scale: Scale) -> Option<Level> {
    match value {
        Value::Number(raw) => level_number(raw, scale),
        Value::Text(text) => {
            let bytes = text.bytes();
            // Winston colours the value itself.
            let plain = colour::strip(&bytes);
            let word = plain.trim_ascii();
            match word {
                [letter] if letter.is_ascii_alphabetic() => Level::from_letter(letter.to_ascii_uppercase()),
                // MongoDB: debug, and how fine.
                [b'D', b'1'..=b'5'] => Some(Level::Debug),
                _ => Level::from_word(word).or_else(|| level_number(word, scale)),
            }
        }
        _ => None,
    }
}

fn level_number(raw: &[u8], scale: Scale) -> Option<Level> {
    if raw.is_empty() || raw.len() > 2 || !raw.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = raw.iter().fold(0, |n, digit| n * 10 + u32::from(digit - b'0'));
    match scale {
        Scale::Bunyan if number < 8 => Level::from_syslog(number),
        Scale::Rising => {
            [Level::Debug, Level::Info, Level::Warn, Level::Error, Level::Fatal].get(number as usize).copied()
        }
        Scale::Tens if number < 10 => None,
        Scale::Bunyan | Scale::Tens => Level::from_bunyan(number),
        Scale::Python => Level::from_bunyan(number + 10),
        Scale::Otel => Level::from_otel(number),
        Scale::Syslog => Level::from_syslog(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Text;

    #[test]
    fn numbers_mean_levels_by_the_fields_name() {
        assert_eq!(level(Value::Number(b"30"), Scale::Bunyan), Some(Level::Info));
        assert_eq!(level(Value::Number(b"3"), Scale::Bunyan), Some(Level::Error));
        assert_eq!(level(Value::Number(b"40"), Scale::Python), Some(Level::Error));
        assert_eq!(level(Value::Number(b"17"), Scale::Otel), Some(Level::Error));
        assert_eq!(level(Value::plain(b"I"), Scale::Bunyan), Some(Level::Info));
        assert_eq!(level(Value::plain(b" warning "), Scale::Bunyan), Some(Level::Warn));
        let coloured = Text { raw: br"\u001b[31merror\u001b[39m", escaped: true };
        assert_eq!(level(Value::Text(coloured), Scale::Bunyan), Some(Level::Error));
    }
}
