//! What `defaults:` says: values of options that are not typed, for all commands or for one.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;
use serde_saphyr::Spanned;

use super::{Part, Place, read, wrong};
use crate::model::Diagnostic;

/// An option and what it is where nobody types it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preset {
    /// The command it is for; none for all that have the option.
    pub command: Option<String>,
    /// The long name of the option, without dashes.
    pub option: String,
    /// Its values; none for an option that takes none.
    pub values: Vec<String>,
    /// Where it stands.
    pub place: Place,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigFile {
    #[serde(default)]
    defaults: BTreeMap<String, Spanned<Json>>,
}

impl Part for ConfigFile {
    const NAMES: &'static [&'static str] = &["defaults"];
}

/// Reads `defaults:`; what is for one command comes first. `path` is for messages.
///
/// # Errors
/// What is wrong with the file, and values that no option can have.
pub fn defaults(path: &str, text: &str) -> Result<Vec<Preset>, Vec<Diagnostic>> {
    let file: ConfigFile = read(path, text)?;
    let (mut own, mut common, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    for (name, entry) in &file.defaults {
        let place = (entry.referenced.line(), entry.referenced.column());
        let within = entry.value.as_object().into_iter().flatten();
        let pairs: Vec<(Option<&str>, &str, &Json)> = match &entry.value {
            Json::Object(_) => within.map(|(option, value)| (Some(&**name), &**option, value)).collect(),
            value => vec![(None, name, value)],
        };
        for (command, option, value) in pairs {
            match values(value) {
                Some(None) => {}
                Some(Some(values)) => {
                    let command = command.map(str::to_owned);
                    let list = if command.is_some() { &mut own } else { &mut common };
                    list.push(Preset { command, option: option.to_owned(), values, place });
                }
                None => {
                    problems.push(wrong(path, place, format!("{option}: write a word, a number, or a list")));
                }
            }
        }
    }
    own.append(&mut common);
    if problems.is_empty() { Ok(own) } else { Err(problems) }
}

/// The values of an option: no value for `true`, and no option at all for `false` and nothing.
#[expect(clippy::option_option, reason = "no value, no option, and no sense are three answers")]
fn values(value: &Json) -> Option<Option<Vec<String>>> {
    let scalar = |value: &Json| match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    };
    match value {
        Json::Bool(true) => Some(Some(Vec::new())),
        Json::Bool(false) | Json::Null => Some(None),
        Json::Array(list) => list.iter().map(scalar).collect::<Option<Vec<_>>>().map(Some),
        Json::Object(_) => None,
        value => scalar(value).map(|value| Some(vec![value])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_one_command_comes_first() {
        let text = "defaults:\n  tz: Asia/Seoul\n  hidden: true\n  strict: false\n  stats: {percentiles: [50, 99]}\n";
        let told = defaults("obs.yaml", text).unwrap();
        let told: Vec<_> = told
            .iter()
            .map(|p| (p.command.as_deref(), p.option.as_str(), p.values.join(" "), p.place.0))
            .collect();
        let wanted = [
            (Some("stats"), "percentiles", "50 99".to_owned(), 5),
            (None, "hidden", String::new(), 3),
            (None, "tz", "Asia/Seoul".to_owned(), 2),
        ];
        assert_eq!(told, wanted);
        assert_eq!(defaults("obs.yaml", "zones: {}\n").unwrap(), []);
        let wrong = defaults("obs.yaml", "defaults:\n  stats: {by: {a: 1}}\n").unwrap_err();
        assert!(format!("{:?}", wrong[0]).contains("obs.yaml:2:"), "{wrong:?}");
    }
}
