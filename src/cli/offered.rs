//! What shells offer for an option of a command that is being typed: names of fields in the files that stand there, rules
//! of the rule files, zones. Nothing is said where something goes wrong: a shell that completes is no place for it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::{InputArgs, OutputArgs, PathArgs};
use super::check_rules;
use super::session::Session;
use crate::model::Role;
use crate::scan;
use crate::stats;

/// Options of which the values are known only when files are looked at, or are too many for a script.
pub(super) const OPTIONS: &[&str] =
    &["by", "value", "fields", "hide", "where", "expect", "explain", "only", "tz", "time-zone"];

/// Files that are looked at: more take longer than somebody waits who types.
const FILES: usize = 30;

/// The values of `option`, without its dashes, where `words` are typed.
pub(super) fn values(option: &str, words: &[OsString]) -> BTreeSet<String> {
    match option {
        "tz" | "time-zone" => chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name().to_owned()).collect(),
        "expect" | "explain" | "only" => check_rules::names(&rule_files(words)),
        _ => fields(option, words),
    }
}

/// The files of rules that are named.
fn rule_files(words: &[OsString]) -> Vec<PathBuf> {
    let text: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    let behind = text.windows(2).filter(|two| matches!(two[0], "-r" | "--rules")).map(|two| two[1]);
    let within = text.iter().filter_map(|word| word.strip_prefix("--rules=").or(word.strip_prefix("-r")));
    behind.chain(within).filter(|name| Path::new(name).exists()).map(PathBuf::from).collect()
}

/// The names of fields in the files that are named, else here, with the roles that they play.
fn fields(option: &str, words: &[OsString]) -> BTreeSet<String> {
    let named = words.iter().skip(1).map(PathBuf::from).filter(|path| path.exists());
    let mut paths: Vec<PathBuf> = named.collect();
    if paths.is_empty() {
        paths.push(PathBuf::from("."));
    }
    let (paths, input, output) = (PathArgs { paths }, InputArgs::default_values(), OutputArgs::silent());
    let Ok(session) = Session::open(&paths, &input, &output, &Arc::default()) else { return BTreeSet::new() };
    let logs = &session.inputs.logs[..session.inputs.logs.len().min(FILES)];
    let roles = Role::ALL.iter().map(|role| role.name()).filter(|_| !matches!(option, "fields" | "hide"));
    let more = (option == "by").then_some(stats::ENDPOINT);
    scan::field_names(logs).into_iter().chain(roles).chain(more).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_files_are_found_as_they_are_typed() {
        let words: Vec<OsString> =
            ["check-rules", "-r", "Cargo.toml", "--rules=README.md", "-r", "no such file"]
                .map(Into::into)
                .into();
        assert_eq!(rule_files(&words), [PathBuf::from("Cargo.toml"), PathBuf::from("README.md")]);
        assert!(values("tz", &[]).contains("Asia/Seoul"));
    }
}
