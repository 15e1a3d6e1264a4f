//! What the fields of an entry say of an error: its kind, and what was said of it.
//!
//! A program that catches everything in one place writes one message for all of it; only the fields tell then what
//! happened. The kind of an error stands in fields such as `error_type`, `err.code` or `exception.class`, its words
//! in `error.message` or `reason`; every logger spells and nests them in its own way.

use super::phrase;
use crate::format::log::mask;
use crate::model::{Needs, Slot, Slots, Value};

/// What a field about an error holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// What kind it is: a class, a name, a code.
    Kind,
    /// What it says.
    Text,
    /// Where it was thrown.
    Trace,
}

/// Words for an error itself.
const ERRORS: &[&str] =
    &["error", "err", "exception", "exc", "ex", "failure", "fault", "throwable", "thrown", "cause", "reason"];

/// Words for its kind.
const KINDS: &[&str] =
    &["type", "class", "name", "code", "kind", "number", "no", "num", "category", "status"];

/// Words for what it says.
const TEXTS: &[&str] =
    &["message", "msg", "text", "description", "detail", "details", "reason", "cause", "info", "value"];

/// Words for where it was thrown.
const TRACES: &[&str] = &["stack", "stacktrace", "trace", "traceback", "backtrace"];

/// Names in one word, without separators.
const WHOLE: &[(&str, Part)] = &[
    ("errno", Part::Kind),
    ("errcode", Part::Kind),
    ("errtype", Part::Kind),
    ("errname", Part::Kind),
    ("errorcode", Part::Kind),
    ("errortype", Part::Kind),
    ("errorname", Part::Kind),
    ("errorclass", Part::Kind),
    ("sqlstate", Part::Kind),
    ("exceptionclass", Part::Kind),
    ("exceptiontype", Part::Kind),
    ("errmsg", Part::Text),
    ("errormsg", Part::Text),
    ("errormessage", Part::Text),
    ("exceptionmessage", Part::Text),
    ("x", Part::Trace),
    ("stack", Part::Trace),
    ("stacktrace", Part::Trace),
    ("traceback", Part::Trace),
    ("backtrace", Part::Trace),
];

/// What a field with this name (a path with dots) tells of an error; `None` if it is about something else.
pub fn part(name: &str) -> Option<Part> {
    let (parents, last) = name.rsplit_once('.').unwrap_or(("", name));
    let whole: String = last.chars().filter(char::is_ascii_alphanumeric).collect();
    // `x` alone is a coordinate; Serilog writes `@x`.
    if (whole != "x" || last == "@x")
        && let Some((_, part)) = WHOLE.iter().find(|(known, _)| whole.eq_ignore_ascii_case(known))
    {
        return Some(*part);
    }
    let mut words = words(last);
    let is_error = |word: &String| ERRORS.contains(&word.as_str());
    // `error.type` says the same as `error_type`.
    if !words.first().is_some_and(is_error) {
        let parent = words_of_last(parents);
        parent.last().filter(|word| is_error(word))?;
        words.insert(0, String::from("error"));
    }
    let mut part = Part::Text;
    for word in &words[1..] {
        part = match word.as_str() {
            word if KINDS.contains(&word) => Part::Kind,
            word if TRACES.contains(&word) => Part::Trace,
            word if TEXTS.contains(&word) || ERRORS.contains(&word) => part,
            _ => return None,
        };
    }
    Some(part)
}

fn words_of_last(path: &str) -> Vec<String> {
    words(path.rsplit('.').next().unwrap_or_default())
}

/// The words of a name in lower case: of `errorType`, `error_type`, `Error-Type` and `ERROR_TYPE` the same two.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut was_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() {
            was_lower = false;
            words.push(String::new());
            continue;
        }
        if words.is_empty() || (c.is_uppercase() && was_lower) {
            words.push(String::new());
        }
        was_lower = c.is_lowercase() || c.is_ascii_digit();
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The fields of some files that tell of errors, the kinds first.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<(Part, Slot)>);

/// How many bytes of a field's text are looked at.
const LOOKED_AT: usize = 400;

/// A kind may have digits in it that tell, but no more than this: longer ones are ids.
const LONGEST_KIND: usize = 40;
const MOST_DIGITS: usize = 6;

/// Fields in which widely used loggers put what was thrown, as they write them. Errors are rare, and where a file is looked at
/// beforehand there may be none: these are asked for in any case.
const USUAL: &[&str] = &[
    "error",                // zap, zerolog, logrus, slog
    "err",                  // pino, bunyan, log15
    "err.type",             // pino, bunyan
    "err.message",          //
    "err.stack",            //
    "exc_info",             // Python: python-json-logger, structlog
    "exception",            // Python: structlog; Monolog
    "stack_trace",          // logstash-logback-encoder
    "error.type",           // Elastic Common Schema
    "error.message",        //
    "error.stack_trace",    //
    "exception.type",       // OpenTelemetry
    "exception.message",    //
    "exception.stacktrace", //
    "error_type",
    "error_message",
    "error_code",
    "@x",    // Serilog
    "stack", // winston
];

impl Fields {
    /// Asks for those of these names that tell of errors, and for the usual ones.
    pub fn of<'n>(names: impl IntoIterator<Item = &'n str>, needs: &mut Needs) -> Fields {
        let names = names.into_iter().chain(USUAL.iter().copied());
        let mut named: Vec<(Part, &str)> = names.filter_map(|name| Some((part(name)?, name))).collect();
        named.sort_unstable();
        named.dedup();
        Fields(named.into_iter().map(|(part, name)| (part, needs.field(name))).collect())
    }

    /// Appends what the fields of an entry say to `key`, masked and in lower case, each part after a `|`.
    pub fn mask(&self, slots: &Slots<'_>, key: &mut Vec<u8>) {
        self.each(slots, Part::Trace, |part, text| {
            key.extend_from_slice(b" | ");
            match part {
                Part::Kind if is_kind(text) => key.extend(text.iter().map(u8::to_ascii_lowercase)),
                _ => mask::mask(text, key),
            }
        });
    }

    /// Appends their kinds and words to `key` as phrases, each after a colon.
    pub fn phrase(&self, slots: &Slots<'_>, key: &mut Vec<u8>) {
        self.each(slots, Part::Text, |part, text| {
            let start = key.len();
            key.extend_from_slice(b" : ");
            match part {
                Part::Kind if is_kind(text) => key.extend_from_slice(text),
                _ => phrase::phrase(text, key),
            }
            if key.len() == start + 3 {
                key.truncate(start);
            }
        });
    }

    /// Hands out what is said, up to the parts of one sort.
    fn each(&self, slots: &Slots<'_>, last: Part, mut say: impl FnMut(Part, &[u8])) {
        for (part, slot) in self.0.iter().filter(|(part, _)| *part <= last) {
            match slots.get(*slot) {
                Value::Text(text) => {
                    let text = text.bytes();
                    let text = text.trim_ascii();
                    if !says_nothing(text) {
                        say(*part, &text[..text.len().min(LOOKED_AT)]);
                    }
                }
                Value::Number(code) if *part == Part::Kind && code != b"0" && is_kind(code) => {
                    say(*part, code);
                }
                _ => {}
            }
        }
    }
}

/// Is a value of a field about errors none at all?
fn says_nothing(text: &[u8]) -> bool {
    const NOTHING: &[&[u8]] =
        &[b"", b"-", b"0", b"none", b"null", b"nil", b"<nil>", b"false", b"ok", b"success", b"n/a"];
    NOTHING.iter().any(|nothing| text.eq_ignore_ascii_case(nothing))
}

/// Is this a name or a code, such as `ORA-00060` or `1205`, and no id?
fn is_kind(text: &[u8]) -> bool {
    text.len() <= LONGEST_KIND
        && text.iter().all(|b| b.is_ascii_alphanumeric() || b"_-.:$/".contains(b))
        && text.iter().filter(|b| b.is_ascii_digit()).count() <= MOST_DIGITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_spelling() {
        for (names, wanted) in [
            (
                "error_type errorType ErrorType error.type error-code ERROR_CODE err.code errno errCode exception.type \
                 exception.class exceptionClass exceptionType error.kind error_name fields.error.code sqlState \
                 attributes.exception.type err.no error.cause.type errorcode",
                Some(Part::Kind),
            ),
            (
                "error err exception error_message errorMessage error.message err.msg errmsg reason cause exc_info \
                 failure_reason error.reason failureReason error_description exception.message thrown.message",
                Some(Part::Text),
            ),
            ("stack_trace stack error.stack @x exception.stacktrace err.stack traceback", Some(Part::Trace)),
            (
                "errors error_count error_rate error_id x type code message status_code mirror terror request.type \
                 error.id errand",
                None,
            ),
        ] {
            for name in names.split_whitespace() {
                assert_eq!(part(name), wanted, "{name}");
            }
        }
    }

    #[test]
    fn kinds_come_first_and_nothing_is_said_of_no_error() {
        let mut needs = Needs::none();
        let names = ["err.message", "err.code", "error", "errno", "reason"];
        let fields = Fields::of(names, &mut needs);
        let mut slots = Slots::new(&needs);
        let mut put = |name: &str, value: Value<'static>| {
            let slot = needs.field(name);
            slots.set(slot, value);
        };
        put("err.message", Value::plain(b"no answer from 10.0.0.7 after 30 s"));
        put("err.code", Value::plain(b"ORA-00060"));
        put("error", Value::plain(b"none"));
        put("errno", Value::Number(b"111"));
        put("reason", Value::plain(b""));
        let mut key = Vec::new();
        fields.mask(&slots, &mut key);
        let key = String::from_utf8(key).unwrap();
        assert!(key.starts_with(" | ora-00060 | 111 | no answer from #"), "{key}");
        assert!(is_kind(b"java.sql.SQLException") && !is_kind(b"9f86d081884c7d659a2f") && !is_kind(b"a b"));
    }
}
