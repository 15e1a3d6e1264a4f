//! Silences as the API of Alertmanager lists them (`amtool silence query -o json`).

use chrono::DateTime;

use super::matcher::{Matcher, all_match};
use crate::model::Labels;
use crate::rules::fields::{Fields, Reader};
use crate::rules::yaml::{self, Problem};

/// A silence.
#[derive(Clone, Debug, Default)]
pub struct Silence {
    /// Its id, as Alertmanager gave it.
    pub id: String,
    /// Sets of matchers; it silences what matches all of one set.
    pub matchers: Vec<Vec<Matcher>>,
    /// From when, in milliseconds since the epoch.
    pub from: i64,
    /// Until when.
    pub until: i64,
    /// Why.
    pub comment: String,
}

impl Silence {
    /// Does it silence an alert with these labels at this time?
    pub fn mutes(&self, labels: &Labels, at: i64) -> bool {
        (self.from..self.until).contains(&at) && self.matchers.iter().any(|set| all_match(set, labels))
    }
}

/// `silence ID`, or its comment if it has no id.
impl std::fmt::Display for Silence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "silence {}", if self.id.is_empty() { &self.comment } else { &self.id })
    }
}

/// Reads a list of silences.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(text: &str) -> Result<Vec<Silence>, Vec<Problem>> {
    let mut reader = Reader::default();
    let mut silences = Vec::new();
    // JSON is YAML, and the tree of YAML knows its places.
    match yaml::parse(text) {
        Ok(documents) => {
            reader.problems.extend(documents.problems);
            for root in &documents.roots {
                let Some(items) = root.list() else {
                    reader.problem(root.place, format!("expected a list of silences, found {}", root.what()));
                    continue;
                };
                for (index, node) in items.iter().enumerate() {
                    reader.context = format!("silence {}", index + 1);
                    if let Some(fields) = reader.open_fields(node, "silence") {
                        silences.extend(silence(&mut reader, &fields));
                    }
                }
                reader.context.clear();
            }
        }
        Err(problem) => reader.add(problem),
    }
    if reader.problems.is_empty() { Ok(silences) } else { Err(reader.problems) }
}

fn silence(reader: &mut Reader, fields: &Fields<'_>) -> Option<Silence> {
    let mut sets = Vec::new();
    let plain = matchers(reader, fields);
    if !plain.is_empty() {
        sets.push(plain);
    }
    for name in ["matcher_sets", "matcherSets"] {
        for node in reader.list(fields, name) {
            if let Some(set) = reader.open_fields(node, "matcher set") {
                let matchers = matchers(reader, &set);
                if !matchers.is_empty() {
                    sets.push(matchers);
                }
            }
        }
    }
    if sets.is_empty() {
        reader.problem(fields.place, "a silence needs at least one matcher");
    }
    let (from, until) = (time(reader, fields, "startsAt")?, time(reader, fields, "endsAt")?);
    Some(Silence {
        id: reader.text(fields, "id").unwrap_or("").to_owned(),
        comment: reader.text(fields, "comment").unwrap_or("").to_owned(),
        matchers: sets,
        from,
        until,
    })
}

fn matchers(reader: &mut Reader, fields: &Fields<'_>) -> Vec<Matcher> {
    let mut found = Vec::new();
    for node in reader.list(fields, "matchers") {
        let Some(fields) = reader.open_fields(node, "matcher") else { continue };
        let name = reader.text(&fields, "name").unwrap_or("");
        let value = reader.text(&fields, "value").unwrap_or("");
        let is_pattern = reader.truth(&fields, "isRegex").unwrap_or(false);
        let equal = reader.truth(&fields, "isEqual").unwrap_or(true);
        match Matcher::new(name, value, equal, is_pattern) {
            Ok(_) if name.is_empty() => reader.problem(node.place, "a matcher needs a name"),
            Ok(matcher) => found.push(matcher),
            Err(message) => reader.problem(fields.place_of("value"), message),
        }
    }
    found
}

fn time(reader: &mut Reader, fields: &Fields<'_>, name: &str) -> Option<i64> {
    let text = reader.text(fields, name).unwrap_or("");
    let parsed = DateTime::parse_from_rfc3339(text).ok();
    if parsed.is_none() {
        reader.problem(fields.place_of(name), format!("{name}: {text:?} is no time as 2023-12-24T03:00:00Z"));
    }
    parsed.map(|time| time.timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silences_of_the_api() {
        let text = r#"[{"id":"s1","status":{"state":"active"},"updatedAt":"2023-12-24T03:00:00.000Z","comment":"works",
 "createdBy":"me","startsAt":"2023-12-24T03:00:00.000Z","endsAt":"2023-12-24T04:00:00+00:00",
 "matchers":[{"isEqual":true,"isRegex":true,"name":"service","value":"pay.*"},{"name":"severity","value":"low","isEqual":false}]}]"#;
        let silences = parse(text).unwrap();
        let labels = Labels::new([("service", "payment"), ("severity", "high")]);
        let from = 1_703_386_800_000;
        for (at, mutes) in
            [(from - 1, false), (from, true), (from + 3_599_999, true), (from + 3_600_000, false)]
        {
            assert_eq!(silences[0].mutes(&labels, at), mutes, "{at}");
        }
        assert!(!silences[0].mutes(&Labels::new([("service", "payment"), ("severity", "low")]), from));
        for bad in ["{}", "[{}]", r#"[{"startsAt":"x","endsAt":"y","matchers":[{"name":"a","value":"["}]}]"#]
        {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
