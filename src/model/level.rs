//! How bad an entry says it is.

use std::fmt;

/// Severity of an entry, in rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum Level {
    /// Finest detail.
    Trace,
    /// For developers.
    Debug,
    /// Normal operation.
    Info,
    /// Something is off (syslog: notice counts as info, warning as warn).
    Warn,
    /// Something failed.
    Error,
    /// The program or the system is going down (critical, alert, emergency, panic).
    Fatal,
}

/// Levels in other languages: what java.util.logging (its bundles `sun.util.logging.resources`), PostgreSQL's message
/// catalogues and Windows call them.
const FOREIGN: &[(Level, &[&str])] = &[
    (
        Level::Fatal,
        &[
            "kritisch",
            "critique",
            "crítico",
            "critico",
            "фатальная",
            "критическая",
            "致命",
            "致命错误",
            "致命的",
            "심각",
        ],
    ),
    (
        Level::Error,
        &[
            "fehler",
            "schwerwiegend",
            "erreur",
            "grave",
            "errore",
            "erro",
            "fout",
            "ошибка",
            "ОШИБКА",
            "错误",
            "錯誤",
            "严重",
            "エラー",
            "重大",
            "오류",
            "에러",
        ],
    ),
    (
        Level::Warn,
        &[
            "warnung",
            "avertissement",
            "advertencia",
            "avvertenza",
            "avviso",
            "aviso",
            "waarschuwing",
            "предупреждение",
            "ПРЕДУПРЕЖДЕНИЕ",
            "警告",
            "경고",
        ],
    ),
    (
        Level::Info,
        &[
            "informationen",
            "información",
            "informazioni",
            "informação",
            "hinweis",
            "информация",
            "信息",
            "情報",
            "정보",
        ],
    ),
    (Level::Debug, &["调试", "デバッグ", "디버그"]),
];

impl Level {
    /// All levels, in rising order.
    pub const ALL: [Level; 6] =
        [Level::Trace, Level::Debug, Level::Info, Level::Warn, Level::Error, Level::Fatal];

    /// The lower-case name, as in JSON output and in conditions.
    pub const fn name(self) -> &'static str {
        match self {
            Level::Trace => "trace",
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
            Level::Fatal => "fatal",
        }
    }

    /// The level that a word names, in any letter case: the vocabularies of syslog, log4j, Python,
    /// java.util.logging, Go, .NET, PostgreSQL and OpenTelemetry's short names (`INFO2`).
    pub fn from_word(word: &[u8]) -> Option<Level> {
        // The usual ones, in the usual cases, before all others.
        match word {
            b"INFO" | b"info" => return Some(Level::Info),
            b"DEBUG" | b"debug" => return Some(Level::Debug),
            b"WARN" | b"warn" | b"WARNING" | b"warning" => return Some(Level::Warn),
            b"ERROR" | b"error" => return Some(Level::Error),
            // logrus cuts the names after four letters.
            b"TRAC" => return Some(Level::Trace),
            b"ERRO" => return Some(Level::Error),
            b"FATA" | b"PANI" => return Some(Level::Fatal),
            _ => {}
        }
        if !word.is_ascii() {
            return Level::from_foreign_word(word);
        }
        let mut lower = [0_u8; 13];
        let lower = lower.get_mut(..word.len())?;
        lower.copy_from_slice(word);
        lower.make_ascii_lowercase();
        // OpenTelemetry's TRACE2, ERROR4 …
        let stem: &[u8] = match lower {
            // Go's slog writes the distance from a level: INFO+2, DEBUG-4.
            [stem @ .., b'+' | b'-', b'1'..=b'9']
                if matches!(&*stem, b"debug" | b"info" | b"warn" | b"error") =>
            {
                stem
            }
            [stem @ .., b'2'..=b'4'] if stem.len() >= 4 => stem,
            all => all,
        };
        Some(match stem {
            b"trace" | b"trc" | b"finest" | b"finer" | b"verbose" | b"vrb" | b"silly" | b"all" => {
                Level::Trace
            }
            b"debug" | b"dbg" | b"debu" | b"fine" | b"config" | b"debug1" | b"debug5" => Level::Debug,
            b"info" | b"inf" | b"information" | b"informational" | b"notice" | b"note" | b"log"
            | b"statement" | b"detail" | b"hint" | b"audit" | b"success" | b"normal" => Level::Info,
            b"warn" | b"warning" | b"wrn" => Level::Warn,
            b"error" | b"err" | b"eror" | b"severe" | b"failure" => Level::Error,
            b"fatal" | b"ftl" | b"critical" | b"crit" | b"crt" | b"alert" | b"emerg" | b"emergency"
            | b"panic" | b"dpanic" => Level::Fatal,
            other => return Level::from_foreign_word(other),
        })
    }

    /// The level of a word in another language than English, in small letters or in capitals.
    pub fn from_foreign_word(word: &[u8]) -> Option<Level> {
        let found = FOREIGN
            .iter()
            .find(|(_, words)| words.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(word)));
        found.map(|(level, _)| *level)
    }

    /// The level of a single letter, as klog, Android and .NET write it.
    pub const fn from_letter(letter: u8) -> Option<Level> {
        Some(match letter {
            b'T' | b'V' => Level::Trace,
            b'D' => Level::Debug,
            b'I' | b'N' => Level::Info,
            b'W' => Level::Warn,
            b'E' => Level::Error,
            b'F' | b'C' | b'A' => Level::Fatal,
            _ => return None,
        })
    }

    /// The level of a number as bunyan and pino write it: 10 trace … 60 fatal. Custom levels between two
    /// of these count as the lower one.
    pub const fn from_bunyan(number: u32) -> Option<Level> {
        Some(match number {
            1..=19 => Level::Trace,
            20..=29 => Level::Debug,
            30..=39 => Level::Info,
            40..=49 => Level::Warn,
            50..=59 => Level::Error,
            60..=99 => Level::Fatal,
            _ => return None,
        })
    }

    /// The level of a syslog severity, 0 emergency … 7 debug (RFC 5424, table 2).
    pub const fn from_syslog(severity: u32) -> Option<Level> {
        Some(match severity {
            0..=2 => Level::Fatal,
            3 => Level::Error,
            4 => Level::Warn,
            5 | 6 => Level::Info,
            7 => Level::Debug,
            _ => return None,
        })
    }

    /// The level of an OpenTelemetry SeverityNumber, 1 trace … 24 fatal4 (Logs Data Model).
    pub const fn from_otel(number: u32) -> Option<Level> {
        Some(match number {
            1..=4 => Level::Trace,
            5..=8 => Level::Debug,
            9..=12 => Level::Info,
            13..=16 => Level::Warn,
            17..=20 => Level::Error,
            21..=24 => Level::Fatal,
            _ => return None,
        })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_many_vocabularies() {
        for (word, level) in [
            ("INFO", Level::Info),
            ("Warning", Level::Warn),
            ("SEVERE", Level::Error),
            ("CRITICAL", Level::Fatal),
            ("ERROR3", Level::Error),
            ("dbg", Level::Debug),
            ("emerg", Level::Fatal),
        ] {
            assert_eq!(Level::from_word(word.as_bytes()), Some(level), "{word}");
        }
        for word in ["", "errors", "information about", "2", "i"] {
            assert_eq!(Level::from_word(word.as_bytes()), None, "{word}");
        }
    }
}
