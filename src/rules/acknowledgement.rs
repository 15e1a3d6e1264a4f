//! Acknowledgements: who took note of which alert, and when.

use chrono::DateTime;

use super::alertmanager::matcher::{self, Matcher, all_match};
use super::fields::{Fields, Reader};
use super::yaml::{self, Problem};
use crate::model::{Labels, Timestamp};

/// Somebody takes note of the alerts that fire at a time.
#[derive(Clone, Debug)]
pub struct Acknowledgement {
    /// What the labels of the alerts have to match.
    pub matchers: Vec<Matcher>,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
}

impl Acknowledgement {
    /// Is it about an alert with these labels?
    pub fn concerns(&self, labels: &Labels) -> bool {
        all_match(&self.matchers, labels)
    }
}

const KNOWN: [&str; 6] = ["alert", "labels", "matchers", "at", "by", "comment"];

/// Reads a list of acknowledgements, YAML or JSON: `[{alert: Errors, labels: {service: a}, at: 2023-12-24T03:08:00Z,
/// by: kim}]`; instead of labels there may be `matchers: ['service=~"a|b"']`.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(text: &str) -> Result<Vec<Acknowledgement>, Vec<Problem>> {
    let mut reader = Reader::default();
    let mut found = Vec::new();
    match yaml::parse(text) {
        Ok(documents) => {
            reader.problems.extend(documents.problems);
            for root in &documents.roots {
                let Some(items) = root.list() else {
                    let message = format!("expected a list of acknowledgements, found {}", root.what());
                    reader.problem(root.place, message);
                    continue;
                };
                for (index, node) in items.iter().enumerate() {
                    reader.context = format!("acknowledgement {}", index + 1);
                    if let Some(fields) = reader.fields(node, "acknowledgement", &KNOWN) {
                        found.extend(read(&mut reader, &fields));
                    }
                }
                reader.context.clear();
            }
        }
        Err(problem) => reader.add(problem),
    }
    if reader.problems.is_empty() { Ok(found) } else { Err(reader.problems) }
}

fn read(reader: &mut Reader, fields: &Fields<'_>) -> Option<Acknowledgement> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    pairs.extend(reader.text(fields, "alert").map(|name| ("alertname".to_owned(), name.to_owned())));
    for (name, value) in reader.pairs(fields, "labels") {
        pairs.push((name.text().unwrap_or("").to_owned(), value.text().unwrap_or("").to_owned()));
    }
    let mut matchers: Vec<Matcher> =
        pairs.iter().filter_map(|(name, value)| Matcher::new(name, value, true, false).ok()).collect();
    for text in reader.texts(fields, "matchers") {
        match matcher::parse(&text) {
            Ok(parsed) => matchers.extend(parsed),
            Err(message) => {
                reader.problem(fields.place_of("matchers"), format!("bad matcher {text:?}: {message}"));
            }
        }
    }
    if matchers.is_empty() {
        reader.problem(fields.place, "an acknowledgement names an alert, labels or matchers");
    }
    let at = reader.text(fields, "at").unwrap_or("");
    let Some(at) =
        DateTime::parse_from_rfc3339(at).ok().and_then(|at| Timestamp::from_millis(at.timestamp_millis()))
    else {
        reader.problem(fields.place_of("at"), format!("at: {at:?} is no time as 2023-12-24T03:08:00Z"));
        return None;
    };
    Some(Acknowledgement { matchers, at, by: reader.text(fields, "by").unwrap_or("").to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acknowledgements_are_read() {
        let text = r#"[{"alert": "Errors", "labels": {"service": "a"}, "at": "2023-12-24T04:08:00+01:00", "by": "kim"}]"#;
        let read = parse(text).unwrap();
        assert_eq!((read[0].at.to_string().as_str(), read[0].by.as_str()), ("2023-12-24T03:08:00Z", "kim"));
        for (service, concerned) in [("a", true), ("b", false)] {
            assert_eq!(
                read[0].concerns(&Labels::new([("alertname", "Errors"), ("service", service)])),
                concerned
            );
        }
        assert!(parse("- {matchers: ['service=~\"a|b\"'], at: 2023-12-24T03:08:00Z}").is_ok());
        for wrong in [
            "{}",
            "- {at: 2023-12-24T03:08:00Z}",
            "- {alert: A, at: soon}",
            "- {alert: A, at: 2023-12-24T03:08:00Z, who: me}",
            "- {matchers: ['{'], at: 2023-12-24T03:08:00Z}",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
