//! What takes back the words of a failure: a negation, a zero, a setting, the name of a handler, a recovery.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::cues::{Shape, Stand};
use super::tongues::{DENIALS, NEGATIONS, OVER};

/// Words directly before that take back what follows.
const NOT: &[&str] = &[
    "no",
    "not",
    "without",
    "never",
    "zero",
    "0",
    "0x0",
    "none",
    "neither",
    "nor",
    "any",
    "longer",
    "isn't",
    "wasn't",
    "hasn't",
    "didn't",
    "don't",
    "doesn't",
    "won't",
    "avoid",
    "prevent",
    "prevents",
    "non",
    "0/0",
    "skip",
    "clear",
    "cleared",
    "recover",
    "recovering",
];

/// Words directly before that make it a thing that is spoken of.
const SPOKEN_OF: &[&str] = &[
    "on",
    "upon",
    "ignore",
    "ignored",
    "ignoring",
    "expected",
    "handle",
    "handles",
    "handled",
    "handling",
    "catch",
    "max",
    "maximum",
    "allowed",
    "allow",
    "allows",
    "per",
    "avoids",
    "avoiding",
    "preventing",
    "default",
    "until",
    "retry-on",
    "detect",
    "detecting",
    "track",
    "tracks",
    "report",
    "reporting",
];

/// Words directly before a timeout that make it one that belongs to the work: somebody was idle.
const IDLE: &[&str] = &["idle", "keepalive", "keep-alive", "session", "default"];

/// Words before, in the same clause, that make it something that may be.
const SUPPOSED: &[&str] = &["if", "whether", "unless", "should", "would", "might", "may", "in case"];

/// Words directly behind that make it a name of something harmless.
const THINGS: &[&str] = &[
    "handler",
    "handlers",
    "handling",
    "reporting",
    "reporter",
    "page",
    "pages",
    "log",
    "logs",
    "logging",
    "logger",
    "level",
    "ratio",
    "budget",
    "count",
    "counter",
    "counts",
    "counters",
    "threshold",
    "thresholds",
    "policy",
    "policies",
    "detector",
    "detection",
    "tolerance",
    "tolerant",
    "mode",
    "listener",
    "filter",
    "resolver",
    "mapper",
    "interceptor",
    "factory",
    "tracking",
    "tracker",
    "codes",
    "recovery",
    "recoverer",
    "hook",
    "hooks",
    "callback",
    "controller",
    "boundary",
    "advice",
    "strategy",
    "stream",
    "output",
    "file",
    "messages",
    "domain",
    "domains",
    "injection",
    "value",
    "seconds",
    "millis",
    "config",
    "configuration",
    "properties",
    "metrics",
    "channel",
    "queue",
    "topic",
    "url",
    "free",
    "correction",
    "bar",
    "rate",
];

/// Words a little behind that say that it is a setting.
const SETTINGS: &[&str] = &["configured", "enabled", "disabled", "registered", "installed", "defaults"];

/// What an attribute holds that says that there is none.
const NOTHING: &[&str] = &[
    "0",
    "0%",
    "0.0",
    "0.00",
    "false",
    "no",
    "none",
    "null",
    "nil",
    "ok",
    "off",
    "undefined",
    "n/a",
    "na",
    "-",
    "[]",
    "{}",
    "()",
    "<nil>",
    "(nil)",
    "(null)",
    "<null>",
    "success",
    "0ms",
    "0s",
    "<none>",
];

/// Is a word or phrase of a signature the name of a state that is not so, of a counter, or of something that would say
/// it: `pool exhausted: false`, `deadlock detected=#`, `disk full alarm at 95%`?
pub fn is_undone(words: &str, after: &str) -> bool {
    let phrase = words.contains(' ');
    // Of a word that is looked for only the beginning may be known: `exhaust`.
    let rest = after.trim_start_matches(|c: char| c.is_ascii_lowercase());
    let ending = &after[..after.len() - rest.len()];
    let state = phrase || if ending.is_empty() { words.ends_with("ed") } else { ending.ends_with("ed") };
    let is_no = |value: &str| {
        let number = value.trim_start_matches(['0', '.', '%']).is_empty();
        !number && NOTHING.contains(&value.to_ascii_lowercase().as_str())
    };
    // Of a state that is assigned a value nobody knows whether it is so.
    let unknown = |value: &str| state && value.starts_with(['#', '*']) && rest.starts_with('=');
    attribute(rest).is_some_and(|value| is_no(value) || unknown(value)) || (phrase && is_setting(rest))
}

/// Is it what an alarm is for, or a limit: `… alarm at 95%`, `… threshold is 90%`?
fn is_setting(after: &str) -> bool {
    let mut words = after.trim_start().split([' ', ',', ';', ':', '=']);
    matches!(words.next(), Some("alarm" | "alert" | "threshold" | "watermark" | "warning" | "check"))
        && matches!(
            words.next(),
            Some("at" | "is" | "set" | "above" | "below" | "of" | "enabled" | "disabled")
        )
}

/// Is what was found taken back by what stands beside it?
pub(super) fn is_taken_back(text: &str, at: &Range<usize>, stand: &Stand) -> bool {
    let clause = clause_before(&text[..at.start]);
    let after = &text[at.end..];
    let word = &text[at.clone()];
    if stand.cue.shape == Shape::Code {
        return !is_bad_code(after);
    }
    if is_denied(clause, &text[..at.start], after, stand) || is_over(after) {
        return true;
    }
    if is_counted_unknown(clause, word) || is_level(&text[..at.start], after) {
        return true;
    }
    if let Some(value) = attribute(after) {
        let is_number = value.starts_with(|c: char| c.is_ascii_digit()) || value == "#";
        if value.is_empty() || NOTHING.contains(&value.to_ascii_lowercase().as_str()) {
            return true;
        }
        let alone = value == "#" && (after.starts_with('=') || is_last(after, value));
        if alone || (is_number && stand.cue.shape == Shape::Setting) {
            return true;
        }
    }
    stand.cue.shape != Shape::Act && is_thing(after)
}

/// The words of the same clause before a place.
fn clause_before(before: &str) -> &str {
    let cut = before
        .rfind([',', ';', '|', '(', ')', '\n', '"', '[', ']', '{', '}'])
        .map_or(0, |at| at + 1)
        .max(before.rfind(": ").map_or(0, |at| at + 2))
        .max(before.rfind(" - ").map_or(0, |at| at + 3))
        .max(before.rfind(". ").map_or(0, |at| at + 2));
    before[cut.min(before.len())..].trim()
}

fn is_denied(clause: &str, before: &str, after: &str, stand: &Stand) -> bool {
    let is = |list: &[&str], word: &str| list.iter().any(|known| known.eq_ignore_ascii_case(word));
    let mut words = clause.rsplit(' ').filter(|word| !word.is_empty()).take(5);
    let (last, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let third = words.next().unwrap_or_default();
    let negated =
        is(NOT, last) || is(NEGATIONS, last) || stand.english && (is(NOT, second) || third == "not");
    let spoken_of = is(SPOKEN_OF, last) && stand.cue.shape != Shape::Act
        || is(IDLE, last) && stand.cue.shape == Shape::Setting;
    let supposed = [last, second, third].into_iter().chain(words).any(|word| is(SUPPOSED, word));
    if negated || spoken_of || supposed {
        return true;
    }
    let beside = before.trim_end();
    let glued = |negation: &&str| !negation.is_ascii() && beside.ends_with(*negation);
    // `0个错误`, `0件のエラー`, `0 errors`.
    let counted = beside.trim_end_matches(['个', '個', '件', '次', '回', 'の', '건', '개', '의', ' ']);
    let zero = counted.ends_with('0')
        && !counted[..counted.len() - 1].ends_with(|c: char| c.is_ascii_digit() || c == '.');
    if !stand.english && (NEGATIONS.iter().any(|n| n.chars().all(|c| c >= '\u{1100}') && glued(n)) || zero) {
        return true;
    }
    // `오류가 없습니다`: the denial begins within a few letters.
    let soon = |denial: &str| after.char_indices().take(4).any(|(at, _)| after[at..].starts_with(denial));
    !stand.english && (DENIALS.iter().any(|denial| soon(denial)) || after.starts_with("frei"))
}

/// Is it said further on, in another language, that it is over?
fn is_over(after: &str) -> bool {
    const UNDONE: &[&str] = &["不", "未", "没有", "nicht ", "не ", "no ", "não ", "pas "];
    OVER.iter().any(|over| {
        after.find(over).is_some_and(|at| {
            let (before, behind) = (&after[..at], &after[at + over.len()..]);
            !UNDONE.iter().any(|undone| before.ends_with(undone))
                && !behind.starts_with("하지")
                && !behind.starts_with("しませ")
        })
    })
}

/// A number of failures that a mask hides: `# errors` may be none.
fn is_counted_unknown(clause: &str, word: &str) -> bool {
    const COUNTED: &[&str] = &[
        "errors",
        "error",
        "failures",
        "failed",
        "timeouts",
        "dropped",
        "rejected",
        "exceptions",
        "missing",
        "invalid",
        "lost",
    ];
    clause.ends_with('#') && COUNTED.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// Is it the level of the entry, or of the log: `level=error`, `"severity":"ERROR"`, `log level error`?
fn is_level(before: &str, after: &str) -> bool {
    const LEVELS: &[&str] = &["level", "lvl", "severity", "loglevel", "log_level", "levelname", "status"];
    let name = before.trim_end_matches(['=', ':', '"', '\'', ' ', '[']);
    let close = before.len() > name.len();
    let ended = !after.starts_with(' ') || before.ends_with('=') || before.ends_with('"');
    close && ended && LEVELS.iter().any(|level| ends_with_ignore_case(name, level) && *level != "status")
}

fn ends_with_ignore_case(text: &str, end: &str) -> bool {
    text.len() >= end.len()
        && text.is_char_boundary(text.len() - end.len())
        && text[text.len() - end.len()..].eq_ignore_ascii_case(end)
}

/// The value of an attribute that starts with `=` or `:` here: `=false`, `": null`, ` = 0`, `: no`, ` is false`.
fn attribute(after: &str) -> Option<&str> {
    let after = after.strip_prefix("(s)").unwrap_or(after);
    let after = after.trim_start_matches(['"', '\'']);
    let spaced = after.trim_start();
    let value = spaced
        .strip_prefix([':', '='])
        .or_else(|| spaced.strip_prefix("is ").filter(|_| spaced.len() < after.len()))?;
    let value = value.trim_start_matches(' ');
    if let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let inside = &value[1..];
        return Some(inside[..inside.find(quote).unwrap_or(inside.len())].trim());
    }
    let end = value.find([' ', ',', ';', '\n', '|', '"', '&']).unwrap_or(value.len());
    let mut value = value[..end].trim_end_matches('.');
    if !matches!(value, "[]" | "{}" | "()" | "<nil>" | "(nil)" | "(null)") {
        value = value.trim_end_matches([')', ']', '}']);
        // A colon with nothing behind it opens a sentence in another line.
        if value.is_empty() && !spaced.starts_with('=') {
            return None;
        }
    }
    Some(value)
}

/// Does nothing else follow in the clause?
fn is_last(after: &str, value: &str) -> bool {
    let behind = after.find(value).map_or("", |at| &after[at + value.len()..]);
    behind.trim_start().is_empty() || behind.trim_start().starts_with([',', ';', ')', ']', '}', '|'])
}

/// Is it the name of something harmless: `error handler`, `failure detection enabled`, `disk full alarm at 95%`?
fn is_thing(after: &str) -> bool {
    let is = |list: &[&str], word: &str| list.iter().any(|known| known.eq_ignore_ascii_case(word));
    let clause = &after[..after.find([',', ';', ':', '|', '(', '\n', '"', '=']).unwrap_or(after.len())];
    let joined = after.starts_with(|c: char| c.is_ascii_uppercase());
    let humps;
    let words: Vec<&str> = if joined {
        let end = after[1..].find(|c: char| !c.is_ascii_lowercase()).map_or(after.len(), |at| at + 1);
        humps = &after[..end];
        vec![humps]
    } else {
        clause.split(' ').filter(|word| !word.is_empty()).take(4).collect()
    };
    let first = words.first().copied().unwrap_or_default();
    let set = |pair: &[&str]| matches!(pair, ["set" | "is", "to" | "set"] | ["alarm" | "alert", "at"]);
    is(THINGS, first) || words.iter().any(|word| is(SETTINGS, word)) || words.windows(2).any(set)
}

/// Is the code that follows one of a failure? Stopped by somebody's wish (130, 143) is none.
fn is_bad_code(after: &str) -> bool {
    let value = after.trim_start_matches(['"', ' ', ':', '=', '(', '#']);
    let value = value.strip_prefix("status ").or_else(|| value.strip_prefix("code ")).unwrap_or(value);
    let value = value.trim_start_matches(['"', ' ', ':', '=', '(']);
    let value = value.strip_prefix('-').unwrap_or(value);
    let digits = &value[..value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len())];
    digits.len() <= 10 && digits.parse::<u64>().is_ok_and(|code| !matches!(code, 0 | 130 | 143))
}

/// Does the line say that it is over?
pub(super) fn is_recovered(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "recovered",
        "resolved",
        "succeeded",
        "successfully",
        "succeeds",
        "cleared",
        "restored",
        "is back",
        "reconnected",
        "back to normal",
        "healthy again",
        "re-established",
        "reestablished",
        "up again",
        "normal again",
    ];
    const UNDONE: &[&str] = &[
        "not", "cannot", "never", "unable", "failed", "be", "to", "been", "isn't", "wasn't", "couldn't", "#",
        "yet", "than",
    ];
    static AUTOMATON: LazyLock<AhoCorasick> = LazyLock::new(|| {
        AhoCorasick::builder().ascii_case_insensitive(true).build(WORDS).expect("a few short patterns")
    });
    AUTOMATON.find_iter(text).any(|found| {
        let before = &text[..found.start()];
        let mut words = clause_before(before).rsplit(' ').filter(|word| !word.is_empty());
        let (last, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let counted = last.starts_with(|c: char| c.is_ascii_digit());
        let glued = before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-');
        !counted
            && !glued
            && !UNDONE.iter().any(|undone| {
                undone.eq_ignore_ascii_case(last) || undone.eq_ignore_ascii_case(second) && *undone != "to"
            })
    })
}
