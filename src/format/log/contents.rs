//! Fields that play time, level and message by what is in them, in files where no name tells which do.

use std::collections::BTreeMap;

use super::{json, names};
use crate::format::time::{self, Clock};
use crate::model::{Level, Role, Timestamp, Value};

/// What is in the fields of a file's samples.
#[derive(Debug, Default)]
pub(super) struct Contents {
    entries: usize,
    /// Has a message carried an object?
    carries: bool,
    fields: BTreeMap<String, Field>,
}

/// What is in one field.
#[derive(Clone, Copy, Debug, Default)]
struct Field {
    /// How much its name says that it is a time; none if it does not.
    rank: Option<usize>,
    seen: usize,
    times: usize,
    /// How often its time was not before the one of the entry before.
    rising: usize,
    last: Option<Timestamp>,
    levels: usize,
    /// How many of these are levels that nothing but a log writes.
    plain_levels: usize,
    /// How many values are sentences: three words and more, one after the other.
    sentences: usize,
    /// How long these are together.
    length: usize,
}

/// How many fields are looked at: documents whose names are data have more of them than is told by looking.
const MOST_FIELDS: usize = 500;

/// How many entries tell what is in their fields.
const ENOUGH: usize = 200;

/// Levels that are no outcomes and no words of every day.
const PLAIN_LEVELS: [&str; 15] = [
    "trc",
    "dbg",
    "inf",
    "wrn",
    "ftl",
    "trace",
    "debug",
    "info",
    "information",
    "informational",
    "notice",
    "warn",
    "warning",
    "fatal",
    "critical",
];

/// Times that are not of the entry: parts of names in normal form.
const OTHER_TIMES: [&str; 15] = [
    "expir",
    "birth",
    "until",
    "end",
    "deadline",
    "due",
    "valid",
    "notbefore",
    "notafter",
    "modified",
    "last",
    "next",
    "previous",
    "update",
    "scheduled",
];

/// Parts of names in normal form that say that a field is a time.
const TIMES: [&str; 14] = [
    "timestamp",
    "time",
    "date",
    "stamp",
    "published",
    "created",
    "generated",
    "received",
    "occurred",
    "logged",
    "recorded",
    "emitted",
    "when",
    "epoch",
];

impl Contents {
    /// Have enough entries been seen?
    pub(super) fn is_known(&self) -> bool {
        self.entries >= ENOUGH
    }

    /// Has a message carried an object of JSON?
    pub(super) fn carries(&self) -> bool {
        self.carries
    }

    /// Another entry comes.
    pub(super) fn entry(&mut self) {
        self.entries += 1;
    }

    /// Looks at a field of the entry.
    pub(super) fn value(&mut self, path: &str, value: Value<'_>) {
        if !self.fields.contains_key(path) {
            if self.fields.len() >= MOST_FIELDS {
                return;
            }
            let rank = if is_other_time(path) || is_of_entity(path) { None } else { rank_of_name(path) };
            self.fields.insert(path.to_owned(), Field { rank, ..Field::default() });
        }
        let Some(field) = self.fields.get_mut(path) else { return };
        if matches!(value, Value::Nested(_)) {
            return;
        }
        let before = field.seen;
        field.seen += 1;
        // Time and level is what has one in every entry: others are not asked again.
        if field.times == before
            && let Some(ts) = instant(value, field.rank.is_some())
        {
            field.times += 1;
            field.rising += usize::from(field.last.is_none_or(|last| last <= ts));
            field.last = Some(ts);
        } else if let Value::Text(text) = value
            && json::is_object(text.raw)
            && names::roles_of(path).iter().any(|(role, ..)| *role == Role::Message)
        {
            self.carries = true;
        } else if field.levels == before
            && let Value::Text(text) = value
            && let word = text.bytes()
            && Level::from_word(&word).is_some()
        {
            field.levels += 1;
            let plain = PLAIN_LEVELS.iter().any(|level| word.eq_ignore_ascii_case(level.as_bytes()));
            field.plain_levels += usize::from(plain);
        } else if let Value::Text(text) = value
            && is_sentence(text.raw)
        {
            field.sentences += 1;
            field.length += text.raw.len().min(LONG);
        }
    }

    /// The fields that play roles which no name plays.
    pub(super) fn roles(&self, timed: bool, levelled: bool, told: bool) -> Vec<(Role, Vec<String>)> {
        let mut roles = Vec::new();
        if let Some(path) = (!timed).then(|| self.time()).flatten() {
            roles.push((Role::Ts, vec![path]));
        }
        if let Some(path) = (!levelled).then(|| self.level()).flatten() {
            roles.push((Role::Level, vec![path]));
        }
        if let Some(path) = (!told).then(|| self.message()).flatten() {
            roles.push((Role::Message, vec![path]));
        }
        roles
    }

    /// The field that has a time in nearly every entry, one that does not run backwards and whose name does not
    /// speak against it.
    fn time(&self) -> Option<String> {
        let usual = |field: &Field| {
            field.times == field.seen
                && field.times * 20 >= self.entries * 19
                && field.rising * 10 >= field.times * 9
        };
        let fitting = self.fields.iter().filter(|(_, field)| usual(field));
        let own = fitting.filter(|(path, _)| !is_other_time(path) && !is_of_entity(path));
        let named = own.filter_map(|(path, field)| {
            // Of few entries the order tells nothing.
            let rank = field.rank.or((field.times >= 3).then_some(TIMES.len()))?;
            Some((rank, path.matches('.').count(), path))
        });
        named.min().map(|(.., path)| path.clone())
    }

    /// The field that says most in sentences, in most entries.
    fn message(&self) -> Option<String> {
        let usual =
            |field: &Field| field.sentences * 2 >= self.entries && field.sentences * 10 >= field.seen * 9;
        let fitting = self.fields.iter().filter(|(_, field)| usual(field) && field.sentences > 0);
        let longest = fitting.max_by_key(|(path, field)| (field.length, std::cmp::Reverse(path.len())));
        longest.map(|(path, _)| path.clone())
    }

    /// The field that has a level and nothing else wherever it occurs.
    fn level(&self) -> Option<String> {
        let usual = |field: &Field| {
            field.levels == field.seen && field.plain_levels > 0 && field.levels * 2 >= self.entries
        };
        let fitting = self.fields.iter().filter(|(_, field)| usual(field));
        let deep = fitting.map(|(path, _)| (path.matches('.').count(), path));
        deep.min().map(|(_, path)| path.clone())
    }
}

/// How much of a sentence counts.
const LONG: usize = 200;

/// Is it something said: three words of letters in a row, and no name of a browser or of a request's line?
fn is_sentence(text: &[u8]) -> bool {
    let text = &text[..text.len().min(LONG)];
    if text.starts_with(b"Mozilla/") || text.starts_with(b"{") || text.starts_with(b"[") {
        return false;
    }
    let mut run = 0;
    text.split(|b| *b == b' ').any(|word| {
        let letters = word.iter().filter(|b| b.is_ascii_alphabetic() || **b >= 0x80).count();
        run = if letters * 3 >= word.len() * 2 && letters > 0 { run + 1 } else { 0 };
        run >= 3
    })
}

/// How much a field's name says that it is the entry's time; none where it says that it is another.
fn rank_of_name(path: &str) -> Option<usize> {
    let name = names::normal(path.rsplit('.').next().unwrap_or(path));
    let whole = names::normal(path);
    TIMES.iter().position(|part| name.contains(part)).or_else(|| {
        // `loggedAt` and `record.time.repr`.
        (name.ends_with("at") || name.ends_with("ts") || whole.contains("time")).then_some(TIMES.len())
    })
}

/// Is the field one of something that the entry is about: of a user, an order? When that was is not when the entry was
/// written. What loggers nest their own fields in is called otherwise.
fn is_of_entity(path: &str) -> bool {
    let Some((first, _)) = path.split_once('.') else { return false };
    let first = names::normal(first);
    !(names::is_container(&first) || FRAMES.contains(&first.as_str()))
}

/// Objects in which loggers put what they know of an entry, in normal form.
const FRAMES: [&str; 18] = [
    "content",
    "payload",
    "body",
    "doc",
    "record",
    "event",
    "log",
    "logger",
    "message",
    "msg",
    "entry",
    "header",
    "head",
    "@metadata",
    "info",
    "jsonpayload",
    "time",
    "timestamp",
];

/// Does its name say that a field is a time, but not the entry's?
fn is_other_time(path: &str) -> bool {
    let name = names::normal(path.rsplit('.').next().unwrap_or(path));
    OTHER_TIMES.iter().any(|part| name.contains(part))
}

/// The instant that a value is: a date with a time and nothing behind it, or an epoch number; one of seconds only
/// where the field's name says that it is a time.
pub(super) fn instant(value: Value<'_>, named: bool) -> Option<Timestamp> {
    let text = value.text()?;
    let bytes = text.as_bytes();
    let (stamp, used) = match value {
        Value::Text(_) => time::read(bytes).or_else(|| time::epoch(bytes))?,
        Value::Number(_) => time::epoch(bytes)?,
        _ => return None,
    };
    let whole = used == bytes.len() && (named || used > 10);
    Clock::default().resolve(stamp).filter(|_| whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Text;

    fn told(entries: &[&[(&str, &str)]]) -> String {
        let mut contents = Contents::default();
        for entry in entries {
            contents.entry();
            for (path, text) in *entry {
                contents.value(path, Value::Text(Text::plain(text.as_bytes())));
            }
        }
        let roles = contents.roles(false, false, false);
        let told: Vec<String> =
            roles.iter().map(|(role, paths)| format!("{}={}", role.name(), paths[0])).collect();
        told.join(" ")
    }

    #[test]
    fn fields_play_roles_by_what_is_in_them() {
        let (one, two, three) = ("2024-03-05T10:10:11Z", "2024-03-05T10:10:12Z", "2024-03-05T10:10:13Z");
        for (entries, expected) in [
            (&[&[("published", one), ("sev", "INFO")][..]][..], "ts=published level=sev"),
            (&[&[("expiresAt", one), ("result", "success")]], ""),
            (&[&[("x", one)]], ""),
            (&[&[("x", one)], &[("x", two)], &[("x", three)]], "ts=x"),
            (&[&[("x", three)], &[("x", two)], &[("x", one)]], ""),
            (&[&[("createdAt", one)], &[("y", "z")]], ""),
            (
                &[&[("a", "pool of db is exhausted"), ("b", "Mozilla/5.0 is like the others"), ("c", "no")]],
                "message=a",
            ),
            (&[&[("user.created_at", one)], &[("user.created_at", two)], &[("user.created_at", three)]], ""),
            (&[&[("until", three), ("record.time.repr", one)]], "ts=record.time.repr"),
            (&[&[("kind", "error")], &[("kind", "warning")]], "level=kind"),
            (&[&[("kind", "error")], &[("kind", "order")]], ""),
        ] {
            assert_eq!(told(entries), expected, "{entries:?}");
        }
    }
}
