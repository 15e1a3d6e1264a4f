//! An entry in a few words, for people: of an object those that tell what happened.

use super::redaction;
use crate::format::log::json::each_field;
use crate::format::log::names;
use crate::model::{Role, Value};
use crate::signatures::quantity::is_quantity;
use crate::timeline::{fault, gauge};

/// Letters that are shown at most.
const LONGEST: usize = 180;

/// Words of an object that are shown at most.
const MOST: usize = 8;

/// Fields that say where in a program something was written, and no more.
const QUIET: &[&str] = &["@timestamp", "function", "module", "file", "log", "caller", "source"];

/// What an entry says, on a line or two: of an object its message and error, of a trace its head.
pub(super) fn brief(text: &str) -> String {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.starts_with("at ") && !line.is_empty());
    let mut brief = lines.next().unwrap_or_default().to_owned();
    if let Some(open) = brief.find('{') {
        let mut words = Vec::new();
        said(&brief[open..], "", &mut words);
        words.sort_by_key(|(weight, _)| *weight);
        if !words.is_empty() {
            let words: Vec<String> = words.into_iter().take(MOST).map(|(_, word)| word).collect();
            brief = words.join(" · ");
        }
    }
    for line in lines.take(1) {
        brief.push('\n');
        brief.push_str(line);
    }
    match brief.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &brief[..at]),
        None => brief,
    }
}

/// How much a word of an object tells: those of the lowest come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Level,
    Message,
    Error(fault::Part),
    Number,
    Other,
}

/// The words of an object with their weights; the object may be cut.
fn said(object: &str, path: &str, words: &mut Vec<(Weight, String)>) {
    // Reading stops where the object was cut; what was read until then is shown.
    let _ = each_field(object.as_bytes(), |key, value| {
        let key = format!("{path}{}", key.text());
        match value {
            Value::Nested(inner) if path.is_empty() => {
                if let Ok(inner) = std::str::from_utf8(inner) {
                    said(inner, &format!("{key}."), words);
                }
            }
            Value::Text(text) if !text.raw.is_empty() => {
                let Some(weight) = weight(&key) else { return };
                // Of a trace its head, of what else has lines the first.
                let text = text.text();
                let text = text.lines().next().unwrap_or_default();
                let word = redaction::field(&key, text).into_owned();
                if !words.iter().any(|(_, known)| *known == word) {
                    words.push((weight, word));
                }
            }
            Value::Number(number) => {
                let is_error = fault::part(&key) == Some(fault::Part::Kind);
                let weight = match () {
                    () if is_error => Weight::Error(fault::Part::Kind),
                    () if measures(&key) => Weight::Number,
                    () => return,
                };
                words.push((weight, format!("{key} {}", String::from_utf8_lossy(number))));
            }
            _ => {}
        }
    });
}

/// Is a number in this field the state of something?
fn measures(key: &str) -> bool {
    let last = key.rsplit('.').next().unwrap_or(key);
    gauge::part(last).is_some() || is_quantity(key)
}

/// What a field's words tell; `None` if they name only where, when or which request.
fn weight(key: &str) -> Option<Weight> {
    if let Some(part) = fault::part(key) {
        return Some(Weight::Error(part));
    }
    let roles = names::roles_of(key);
    let is = |roles_wanted: &[Role]| roles.iter().any(|(role, ..)| roles_wanted.contains(role));
    match () {
        () if is(&[Role::Level]) => Some(Weight::Level),
        () if is(&[Role::Message]) => Some(Weight::Message),
        () if roles.is_empty() || is(&[Role::Status, Role::Service, Role::User]) => {
            (!QUIET.contains(&key)).then_some(Weight::Other)
        }
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_that_tell_come_first() {
        for (text, wanted) in [
            (
                r#"{"time":"2026-11-28T17:19:03Z","level":"ERROR","request_id":"be687bc7","user_id":"u1","message":"Unexpected payment error","order_id":"o1","error_type":"AttributeError","error_message":"no attribute x"}"#,
                "ERROR · Unexpected payment error · AttributeError · no attribute x · u1 · o1",
            ),
            (
                r#"{"level":50,"reqId":"a","msg":"order failed","err":{"type":"Timeout","message":"Timeout","stack":"Timeout\n at x"}}"#,
                "order failed · Timeout",
            ),
            (
                r#"{"level":"debug","request_id":"a","msg":"Database connection status","active_connections":20,"total_connections":20}"#,
                "debug · Database connection status · active_connections 20 · total_connections 20",
            ),
            (r#"app {"msg":"cut","error_code":1205,"err"#, "cut · error_code 1205"),
            ("java.lang.X: y\n\tat z", "java.lang.X: y"),
        ] {
            assert_eq!(brief(text), wanted);
        }
    }
}
