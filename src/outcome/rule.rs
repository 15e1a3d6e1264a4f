//! The rule by which requests succeed or fail.

use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::config::{self, Part};
use crate::filter::Filter;
use crate::format::log::survey::StatusKind;
use crate::model::{Error, Needs};
use crate::scan::Input;

/// The rule by which requests and successes are counted.
#[derive(Clone, Debug)]
pub enum SuccessRule {
    /// An entry tells of a request when every name in the condition has a value; of a success when it holds.
    Condition(Box<Filter>, String),
    /// A status below 500 is a success, or a word that says so; without one, that no entry is of level error or
    /// worse. A client's error, 400 to 499, is a failure only where such an entry calls it one.
    Usual,
}

impl SuccessRule {
    /// The rule of a condition that was given.
    pub fn parse(source: &str, needs: &mut Needs) -> Result<Self, Error> {
        Filter::parse(source, needs).map(|filter| SuccessRule::Condition(Box::new(filter), source.to_owned()))
    }

    /// The rule in words, as it works out for these logs.
    pub fn describe(&self, logs: &[Input]) -> String {
        let statuses = logs.iter().filter_map(Input::profile).map(|profile| profile.status);
        match self {
            SuccessRule::Condition(_, source) => source.clone(),
            SuccessRule::Usual if statuses.into_iter().any(|status| status != StatusKind::None) => {
                "status < 500, or a word of success, else no entry of level error or worse; a status from 400 on \
                 also fails with such an entry"
                    .to_owned()
            }
            SuccessRule::Usual => "no entry of level error or worse in the request".to_owned(),
        }
    }

    /// The condition that was given, as it was written.
    pub fn condition(&self) -> Option<&str> {
        match self {
            SuccessRule::Condition(_, source) => Some(source),
            SuccessRule::Usual => None,
        }
    }
}

/// The part of a configuration that says what a success is.
#[derive(Debug, Default, Deserialize)]
struct ConfigFile {
    success: Option<Spanned<String>>,
}

impl Part for ConfigFile {
    const NAMES: &'static [&'static str] = &["success"];
}

/// The condition of success in a configuration file, or what is wrong with it, with its line and column.
pub fn declared(text: &str) -> Result<Option<String>, (u64, u64, String)> {
    // What is wrong with the file as a whole is told by those who read its other parts.
    let Ok(file) = config::read::<ConfigFile>("", text) else { return Ok(None) };
    let Some(source) = file.success else { return Ok(None) };
    match Filter::parse(&source.value, &mut Needs::none()) {
        Ok(_) => Ok(Some(source.value)),
        Err(error) => {
            let place = source.referenced;
            Err((place.line(), place.column(), format!("success: {}", error.message)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_may_say_what_a_success_is() {
        assert_eq!(declared("").unwrap(), None);
        assert_eq!(declared("zones: []\n").unwrap(), None);
        assert_eq!(declared("success: status < 400\n").unwrap().as_deref(), Some("status < 400"));
        let (line, column, message) = declared("zones: []\nsuccess: 'status <'\n").unwrap_err();
        assert_eq!((line, column), (2, 10));
        assert!(message.starts_with("success: "), "{message}");
    }
}
