//! Reads the formats and zones that `obs.yaml` describes, or says everything that is wrong with them.

use std::collections::BTreeMap;

use regex::bytes::Regex;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::{Kind, Levels, Own, OwnSample, PathPattern, mark_of, time};
use crate::config::{self, Part, Place};
use crate::model::{Diagnostic, Level, Role, Unit};

/// What a configuration says about the reading of logs.
#[derive(Debug, Default)]
pub struct Described {
    /// Formats; they live as long as the program does.
    pub formats: Vec<&'static Own>,
    /// The zones of files whose times have no offset; the first that is about a file counts.
    pub zones: Vec<(PathPattern, chrono_tz::Tz)>,
    /// Fields that play a role in every format.
    pub map: Vec<(Role, Vec<String>)>,
}

/// The file as a whole; what is read elsewhere is left alone.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigFile {
    #[serde(default)]
    formats: Vec<Spanned<FormatEntry>>,
    #[serde(default)]
    zones: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    map: BTreeMap<String, Names>,
}

impl Part for ConfigFile {
    const NAMES: &'static [&'static str] = &["formats", "zones", "map"];
}

/// A format as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FormatEntry {
    pub(super) name: String,
    #[serde(default)]
    pub(super) fields: BTreeMap<String, Names>,
    #[serde(default)]
    pub(super) regex: Option<Names>,
    #[serde(default)]
    pub(super) ts_format: Option<Names>,
    #[serde(default)]
    pub(super) tz: Option<String>,
    #[serde(default)]
    pub(super) extract: Option<Names>,
    #[serde(default)]
    pub(super) files: Option<String>,
    #[serde(default)]
    pub(super) units: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) levels: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) samples: Vec<Spanned<SampleEntry>>,
}

/// A sample as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SampleEntry {
    pub(super) line: String,
    #[serde(default)]
    pub(super) expect: BTreeMap<String, serde_json::Value>,
}

/// One name, or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Names {
    /// One.
    One(String),
    /// Several, the most telling first.
    Many(Vec<String>),
}

impl Names {
    fn list(&self) -> Vec<String> {
        match self {
            Names::One(name) => vec![name.clone()],
            Names::Many(names) => names.clone(),
        }
    }
}

/// Reads what a configuration file describes, or everything that is wrong with it. `path` is for messages.
pub fn read(path: &str, text: &str) -> Result<Described, Vec<Diagnostic>> {
    let file: ConfigFile = config::read(path, text)?;
    let mut checking = Checking { path, text, problems: Vec::new() };
    let mut described = Described { map: checking.roles(&file.map, (1, 1)), ..Described::default() };
    for entry in &file.formats {
        let place = (entry.referenced.line(), entry.referenced.column());
        if described.formats.iter().any(|known| known.name == entry.value.name) {
            checking.wrong(place, format!("format {:?} is described twice", entry.value.name));
        }
        if let Some(own) = checking.format(&entry.value, place) {
            // Formats are known by reference everywhere; a configuration is read once.
            described.formats.push(Box::leak(Box::new(own)));
        }
    }
    for (pattern, zone) in &file.zones {
        let place = (zone.referenced.line(), zone.referenced.column());
        let pattern = checking.pattern(pattern, place);
        let zone = checking.zone(&zone.value, place);
        described.zones.extend(pattern.zip(zone));
    }
    if checking.problems.is_empty() { Ok(described) } else { Err(checking.problems) }
}

/// What is wrong with a regular expression, on one line, and at which of its characters.
pub(super) fn regex_trouble(source: &str, error: &regex::Error) -> String {
    if let Err(regex_syntax::Error::Parse(error)) = regex_syntax::parse(source) {
        let at = source.get(..error.span().start.offset).map_or(0, |before| before.chars().count()) + 1;
        return format!("the pattern is no regular expression at character {at}: {}", error.kind());
    }
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default().trim();
    let cause = last.strip_prefix("error: ").unwrap_or(last).to_lowercase();
    format!("the pattern is no regular expression: {cause}")
}

struct Checking<'p> {
    path: &'p str,
    text: &'p str,
    problems: Vec<Diagnostic>,
}

impl Checking<'_> {
    fn wrong(&mut self, place: Place, message: impl Into<String>) {
        self.problems.push(config::wrong(self.path, place, message));
    }

    /// Where a regular expression goes wrong in the file, if it stands there as it is; else the place of what it is in.
    fn place_of(&self, source: &str, within: Place) -> Place {
        let Err(regex_syntax::Error::Parse(error)) = regex_syntax::parse(source) else { return within };
        let before = self.text.split_inclusive('\n').take((within.0 as usize).saturating_sub(1));
        let from = before.map(str::len).sum::<usize>().min(self.text.len());
        let written = source.trim_end();
        let Some(at) = self.text[from..].find(written).filter(|_| !written.contains('\n')) else {
            return within;
        };
        let at = from + at + error.span().start.offset.min(written.len());
        let Some(head) = self.text.get(..at) else { return within };
        let column = head.rsplit('\n').next().unwrap_or_default().chars().count();
        (head.matches('\n').count() as u64 + 1, column as u64 + 1)
    }

    fn format(&mut self, entry: &FormatEntry, place: Place) -> Option<Own> {
        let name = entry.name.as_str();
        if name.is_empty() || super::super::by_name(name).is_some() {
            self.wrong(place, format!("a format of one's own needs a name of its own, not {name:?}"));
        }
        let mut roles = self.roles(&entry.fields, place);
        let regexes = entry.regex.as_ref().map(Names::list).unwrap_or_default();
        let kind = if regexes.is_empty() {
            if entry.fields.is_empty() {
                self.wrong(
                    place,
                    format!("format {name:?} needs `regex` for text, or `fields` for JSON and pairs"),
                );
            }
            self.fields(entry, &roles, place)
        } else {
            self.text(&regexes, entry, &mut roles, place)
        };
        let times = entry.ts_format.as_ref().map(Names::list).unwrap_or_default();
        for format in &times {
            if !time::is_notation(format) {
                self.wrong(place, format!("ts_format {format:?} has letters that are not strftime's"));
            }
        }
        Some(Own {
            name: Box::leak(entry.name.clone().into_boxed_str()),
            kind: kind?,
            files: entry.files.as_ref().and_then(|files| self.pattern(files, place)),
            zone: entry.tz.as_ref().and_then(|zone| self.zone(zone, place)),
            times,
            unit: self.unit(&entry.units, place),
            levels: self.levels(&entry.levels, place),
            roles,
            samples: entry.samples.iter().map(sample).collect(),
        })
    }

    /// What tells an object of this format where no file's name does: the key of its time, and of its message or
    /// level.
    fn fields(&mut self, entry: &FormatEntry, roles: &[(Role, Vec<String>)], place: Place) -> Option<Kind> {
        if entry.extract.is_some() {
            self.wrong(place, "`extract` is for formats with a `regex`");
            return None;
        }
        let telling = |(_, names): &(Role, Vec<String>)| names.iter().map(|name| mark_of(name)).collect();
        let marks = if entry.files.is_some() {
            Vec::new()
        } else {
            let main = [Role::Ts, Role::Level, Role::Message];
            let mut marks: Vec<_> =
                roles.iter().filter(|(role, _)| main.contains(role)).map(telling).collect();
            if marks.is_empty() {
                marks = roles.iter().map(telling).collect();
            }
            marks
        };
        Some(Kind::Fields(marks))
    }

    fn text(
        &mut self,
        regexes: &[String],
        entry: &FormatEntry,
        roles: &mut Vec<(Role, Vec<String>)>,
        place: Place,
    ) -> Option<Kind> {
        let mut compile = |source: &String| match Regex::new(source) {
            Ok(regex) => Some(regex),
            Err(error) => {
                self.wrong(self.place_of(source, place), regex_trouble(source, &error));
                None
            }
        };
        let patterns: Vec<Regex> = regexes.iter().filter_map(&mut compile).collect();
        let more = entry.extract.as_ref().map(Names::list).unwrap_or_default();
        let extract: Vec<Regex> = more.iter().filter_map(&mut compile).collect();
        let groups: Vec<&str> =
            patterns.iter().chain(&extract).flat_map(|regex| regex.capture_names().flatten()).collect();
        if groups.is_empty() && !patterns.is_empty() {
            self.wrong(place, "the pattern names no part of the line, such as (?P<message>.*)");
        }
        // A part that is named after a role plays it.
        for role in Role::ALL {
            if groups.contains(&role.name()) && !roles.iter().any(|(known, _)| *known == role) {
                roles.push((role, vec![role.name().to_owned()]));
            }
        }
        (patterns.len() == regexes.len() && extract.len() == more.len())
            .then_some(Kind::Text { patterns, extract })
    }

    fn roles(&mut self, fields: &BTreeMap<String, Names>, place: Place) -> Vec<(Role, Vec<String>)> {
        let mut roles = Vec::new();
        for (name, names) in fields {
            match Role::from_name(name) {
                Some(role) => roles.push((role, names.list())),
                None => self.wrong(
                    place,
                    format!("there is no role {name:?}; roles: {}", Role::ALL.map(Role::name).join(" ")),
                ),
            }
        }
        roles
    }

    fn unit(&mut self, units: &BTreeMap<String, String>, place: Place) -> Option<Unit> {
        let mut found = None;
        for (name, unit) in units {
            let of = [Unit::Nanos, Unit::Micros, Unit::Millis, Unit::Seconds]
                .into_iter()
                .find(|known| known.symbol() == unit.replace('µ', "u"));
            match (Role::from_name(name), of) {
                (Some(Role::Duration), Some(unit)) => found = Some(unit),
                (Some(Role::Duration), None) => {
                    self.wrong(place, format!("there is no unit {unit:?}; units: ns us ms s"));
                }
                _ => self.wrong(place, format!("only `duration` has a unit, not {name:?}")),
            }
        }
        found
    }

    fn levels(&mut self, levels: &BTreeMap<String, String>, place: Place) -> Levels {
        let mut known = Levels::default();
        for (word, name) in levels {
            let Some(level) = Level::from_word(name.as_bytes()) else {
                self.wrong(
                    place,
                    format!("there is no level {name:?}; levels: {}", Level::ALL.map(Level::name).join(" ")),
                );
                continue;
            };
            let source = word.strip_prefix('~');
            match source.map(Regex::new) {
                None => {
                    known.words.insert(word.clone().into_bytes(), level);
                }
                Some(Ok(pattern)) => known.patterns.push((pattern, level)),
                Some(Err(error)) => self.wrong(place, regex_trouble(source.unwrap_or_default(), &error)),
            }
        }
        known
    }

    fn pattern(&mut self, pattern: &str, place: Place) -> Option<PathPattern> {
        PathPattern::new(pattern).map_err(|trouble| self.wrong(place, trouble)).ok()
    }

    fn zone(&mut self, zone: &str, place: Place) -> Option<chrono_tz::Tz> {
        let parsed = zone.parse().ok();
        if parsed.is_none() {
            self.wrong(
                place,
                format!(
                    "there is no time zone {zone:?}; zones have names such as UTC, Europe/Berlin or Asia/Seoul"
                ),
            );
        }
        parsed
    }
}

fn sample(entry: &Spanned<SampleEntry>) -> OwnSample {
    let expect = entry.value.expect.iter().map(|(name, value)| {
        let text = match value {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        (name.clone(), text)
    });
    OwnSample {
        line: entry.value.line.clone(),
        expect: expect.collect(),
        place: (entry.referenced.line(), entry.referenced.column()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, expected) in [
            ("formats:\n  - name: json\n    regex: '(?P<message>.*)'\n", "a name of its own"),
            ("formats:\n  - name: a\n", "needs `regex`"),
            ("formats:\n  - name: a\n    regex: '('\n", "no regular expression"),
            ("formats:\n  - name: a\n    regex: 'x'\n", "names no part"),
            ("formats:\n  - {name: a, fields: {when: t}}\n", "no role \"when\""),
            ("formats:\n  - {name: a, fields: {ts: t}, tz: Mars/Base}\n", "no time zone"),
            ("formats:\n  - {name: a, fields: {ts: t}, ts_format: '%Q'}\n", "not strftime's"),
            ("formats:\n  - {name: a, fields: {ts: t}, levels: {A: b}}\n", "no level \"b\""),
            ("formats:\n  - {name: a, fields: {ts: t}, units: {duration: h}}\n", "no unit"),
            ("formats:\n  - {name: a, fields: {ts: t}, nope: 1}\n", "unknown field"),
            ("zones: {'*.log': Nowhere}\n", "no time zone"),
        ] {
            let problems = read("obs.yaml", text).expect_err(text);
            assert!(problems[0].path.starts_with("obs.yaml:"), "{text}");
            assert!(problems[0].message.contains(expected), "{text}: {}", problems[0].message);
        }
        let described =
            read("obs.yaml", "zones: {'*/db.log': Asia/Seoul}\nmetrics: []\nmap: {user: [customer]}\n")
                .unwrap();
        assert!(described.zones[0].0.matches("pay/db.log"));
        assert_eq!(described.map, [(Role::User, vec!["customer".to_owned()])]);
    }
}
