//! What a file is: decided from samples of its head, middle and tail before it is scanned.

use std::collections::BTreeMap;

use super::{LOG_FORMATS, LogFormat, Plan, json, names, text};
use crate::format::time::Clock;
use crate::model::{Needs, Role, Slots, Text, Value};

/// What the samples of a file say about it.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The formats of its entries but text, the most frequent first.
    pub formats: Vec<&'static dyn LogFormat>,
    /// Do text entries start with a time?
    pub timed: bool,
    /// The fields' names (paths with dots), the most frequent first.
    pub keys: Vec<String>,
    /// What the values of the status role look like, if any were seen.
    pub status: StatusKind,
    /// How the samples were understood.
    pub survey: Survey,
}

/// What the values of a file's status fields look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StatusKind {
    /// There are none.
    #[default]
    None,
    /// Words: `success`, `failed`.
    Word,
    /// Numbers, as HTTP's.
    Code,
}

/// How the sampled lines were understood.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Lines looked at, blank ones aside.
    pub lines: usize,
    /// For each format tried, how many of them it understood as the start of an entry.
    pub understood: Vec<(&'static str, usize)>,
    /// Entries of text that start with a time.
    pub timed: usize,
    /// Lines that start no entry.
    pub continuing: usize,
}

/// How many lines of the samples are looked at closely.
const MAX_LINES: usize = 2_000;

/// How deep names of nested fields are collected.
const MAX_NESTING: usize = 3;

/// Looks at samples of a file: pieces that start at a line's start.
pub fn survey(samples: &[&[u8]]) -> Profile {
    let mut survey = Survey::default();
    let mut counts = vec![0_usize; LOG_FORMATS.len()];
    let mut keys: BTreeMap<String, usize> = BTreeMap::new();
    let mut statuses = [0_usize; 2];
    let mut first_is_timed = None;
    for line in samples.iter().flat_map(|sample| sample.split(|b| *b == b'\n')).take(MAX_LINES) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        survey.lines += 1;
        let taker = LOG_FORMATS.iter().position(|format| understands(*format, line));
        first_is_timed.get_or_insert(taker.is_some());
        let Some(taker) = taker else {
            survey.continuing += 1;
            continue;
        };
        counts[taker] += 1;
        let format = LOG_FORMATS[taker];
        survey.timed += usize::from(format.name() == text::Text.name());
        format.fields(line, &mut |name, value| note(name, value, 0, &mut keys, &mut statuses));
    }
    let mut formats: Vec<(usize, &'static dyn LogFormat)> =
        counts.iter().copied().zip(LOG_FORMATS.iter().copied()).filter(|(count, _)| *count > 0).collect();
    formats.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    survey.understood = formats.iter().map(|(count, format)| (format.name(), *count)).collect();
    // A stray line that looks like another format is no reason to look for that format in every line.
    let least = survey.lines / 100;
    let kept = |(count, format): &(usize, &'static dyn LogFormat)| {
        *count > least && format.name() != text::Text.name()
    };
    let mut keys: Vec<(usize, String)> = keys.into_iter().map(|(key, count)| (count, key)).collect();
    keys.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let starts = survey.lines - survey.continuing;
    Profile {
        formats: formats.iter().filter(|it| kept(it)).map(|(_, format)| *format).collect(),
        timed: starts > 0 && (first_is_timed == Some(true) || starts * 20 >= survey.lines),
        keys: keys.into_iter().map(|(_, key)| key).collect(),
        status: match statuses {
            [0, 0] => StatusKind::None,
            [codes, words] if codes >= words => StatusKind::Code,
            _ => StatusKind::Word,
        },
        survey,
    }
}

/// Does `format` understand this line as an entry's first?
fn understands(format: &dyn LogFormat, line: &[u8]) -> bool {
    if !format.starts(line) {
        return false;
    }
    let needs = Needs::none();
    format.extract(line, &Plan::new(&needs, Clock::default(), &[]), &mut Slots::new(&needs))
}

/// Counts a field's name, and those of the fields nested in it.
fn note(
    name: &str,
    value: Value<'_>,
    depth: usize,
    keys: &mut BTreeMap<String, usize>,
    statuses: &mut [usize; 2],
) {
    if keys.len() < 10_000 || keys.contains_key(name) {
        *keys.entry(name.to_owned()).or_default() += 1;
    }
    if names::roles_of(name).iter().any(|(role, ..)| *role == Role::Status) {
        match value.number() {
            Some(code) if (100.0..600.0).contains(&code) => statuses[0] += 1,
            None if outcome(value).is_some() => statuses[1] += 1,
            _ => {}
        }
    }
    if let Value::Nested(raw) = value
        && depth < MAX_NESTING
    {
        // An error here means damage inside a nested value; what was read of it counts.
        let _ = json::each_field(raw, |key: Text<'_>, value| {
            note(&format!("{name}.{}", key.text()), value, depth + 1, keys, statuses);
        });
    }
}

/// Whether a word says that something went well.
pub fn outcome(value: Value<'_>) -> Option<bool> {
    match value {
        Value::Bool(success) => Some(success),
        Value::Text(text) => {
            let word = text.bytes().to_ascii_lowercase();
            match &word[..] {
                b"success" | b"succeeded" | b"successful" | b"ok" | b"completed" | b"complete" | b"done"
                | b"passed" | b"accepted" | b"approved" | b"paid" => Some(true),
                b"failure" | b"failed" | b"fail" | b"error" | b"rejected" | b"denied" | b"declined"
                | b"timeout" | b"aborted" | b"cancelled" | b"canceled" => Some(false),
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_recognised_among_each_other() {
        let json = br#"starting
{"time":1703388568311,"level":30,"msg":"x","err":{"code":"E"},"statusCode":200}
{"time":1703388568312,"level":30,"msg":"y"}
2023-12-24 03:14:23 INFO plain
"#;
        let profile = survey(&[json]);
        assert_eq!(profile.formats.iter().map(|format| format.name()).collect::<Vec<_>>(), ["json"]);
        assert!(profile.timed && profile.keys.contains(&"err.code".to_owned()));
        assert_eq!(profile.status, StatusKind::Code);
        assert_eq!((profile.survey.lines, profile.survey.continuing), (4, 1));
    }

    #[test]
    fn text_without_times_is_entry_by_entry() {
        let profile = survey(&[b"one\n  two\nthree\n"]);
        assert!(profile.formats.is_empty() && !profile.timed);
        assert!(survey(&[b"2023-12-24 03:14:23 x\n\tat y\n\tat z\n"]).timed);
        assert!(!survey(&[]).timed);
    }
}
