//! Signatures of one's own, as `obs.yaml` declares them: in the form of those that are known, and held to the same
//! promise, that the example of each row is found by it.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::known::{About, FAMILIES, Family, Row};
use super::nature::{Nature, Severity};
use crate::config::{self, Part};
use crate::model::{Diagnostic, Level};

/// The file as a whole; what is read elsewhere is left alone.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigFile {
    #[serde(default)]
    signatures: Vec<Spanned<Entry>>,
}

impl Part for ConfigFile {
    const NAMES: &'static [&'static str] = &["signatures"];
}

/// A signature as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    what: String,
    #[serde(default)]
    nature: Option<String>,
    #[serde(default)]
    severity: Option<String>,
    /// Must it become more frequent than it was?
    #[serde(default)]
    rises: bool,
    rows: Vec<RowEntry>,
}

/// A row as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RowEntry {
    says: Vec<String>,
    #[serde(default)]
    but: Vec<String>,
    /// Is one entry enough?
    #[serde(default)]
    once: bool,
    example: String,
}

/// Reads the signatures that a configuration declares, or everything that is wrong with them. `path` is for messages.
/// They live as long as the program, as those that are known do.
pub fn parse(path: &str, text: &str) -> Result<Vec<&'static Family>, Vec<Diagnostic>> {
    let file: ConfigFile = config::read(path, text)?;
    let (mut found, mut problems): (Vec<&'static Family>, Vec<Diagnostic>) = (Vec::new(), Vec::new());
    for entry in &file.signatures {
        let name = &entry.value.name;
        let known = |family: &&'static Family| family.name == name;
        let family = match family(&entry.value) {
            Ok(_) if found.iter().any(known) || FAMILIES.iter().any(known) => {
                Err("there is another one of this name".to_owned())
            }
            family => family,
        };
        match family {
            Ok(family) => found.push(Box::leak(Box::new(family))),
            Err(message) => {
                let place = (entry.referenced.line(), entry.referenced.column());
                problems.push(config::wrong(path, place, format!("signature {name:?}: {message}")));
            }
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

fn family(entry: &Entry) -> Result<Family, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if entry.name.is_empty() || !entry.name.chars().all(plain) {
        return Err("a name is made of lower-case letters, digits and -".to_owned());
    }
    let nature = match entry.nature.as_deref() {
        None | Some("fault") => Nature::Fault,
        Some("resource") => Nature::Resource,
        Some("symptom") => Nature::Symptom,
        Some("context") => Nature::Context,
        Some(other) => {
            return Err(format!("nature: {other:?} is none of fault, resource, symptom, context"));
        }
    };
    let severity = match entry.severity.as_deref() {
        None => Severity::High,
        Some(name) => Severity::from_name(name)
            .ok_or_else(|| format!("severity: {name:?} is none of low, medium, high, critical"))?,
    };
    let rows = entry.rows.iter().map(row).collect::<Result<Vec<Row>, String>>()?;
    if rows.is_empty() {
        return Err("it has no rows".to_owned());
    }
    Ok(Family {
        name: leaked(&entry.name),
        about: leaked(&format!("{} (declared in obs.yaml)", entry.what)),
        what: leaked(&entry.what),
        severity,
        nature,
        object: About::Process,
        least: Level::Trace,
        rises: entry.rises,
        rows: Vec::leak(rows),
        unless: &[],
        most: None,
        gauge: None,
    })
}

fn row(entry: &RowEntry) -> Result<Row, String> {
    let words = |words: &[String]| -> &'static [&'static str] {
        let words = words.iter().map(|word| leaked(&word.to_lowercase())).collect::<Vec<_>>();
        Vec::leak(words)
    };
    if entry.says.is_empty() || entry.says.iter().chain(&entry.but).any(|word| word.trim().is_empty()) {
        return Err("says: at least one word, and none that is empty".to_owned());
    }
    let row = Row::declared(words(&entry.says), words(&entry.but), entry.once, leaked(&entry.example));
    let example = entry.example.to_lowercase();
    if let Some(word) = row.all.iter().find(|word| !example.contains(**word)) {
        return Err(format!("example: {:?} does not say {word:?}", entry.example));
    }
    if let Some(word) = row.none.iter().find(|word| example.contains(**word)) {
        return Err(format!("example: {:?} says {word:?}, with which the row does not count", entry.example));
    }
    Ok(row)
}

fn leaked(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEAL: &str = "signatures:\n  - name: seal\n    what: the ledger cannot be sealed\n    rows:\n      \
                        - says: [seal, Journal full]\n        example: 'cannot seal: journal full'\n";

    #[test]
    fn what_is_declared_has_the_form_of_what_is_known() {
        let found = parse("obs.yaml", SEAL).unwrap();
        assert_eq!(
            (found[0].name, found[0].severity, found[0].nature),
            ("seal", Severity::High, Nature::Fault)
        );
        assert_eq!(found[0].rows[0].all, ["seal", "journal full"]);
        assert!(parse("obs.yaml", "").unwrap().is_empty());
        assert!(parse("obs.yaml", "success: 'status < 500'").unwrap().is_empty());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (from, to, said) in [
            ("cannot seal: journal full", "all is well", "example"),
            ("name: seal", "name: deadlock", "another one"),
            ("name: seal", "name: The Seal", "lower-case"),
            ("    rows", "    nature: odd\n    rows", "nature"),
            ("    rows", "    severity: odd\n    rows", "severity"),
            ("    rows", "    colour: red\n    rows", "colour"),
            ("[seal, Journal full]", "[]", "says"),
        ] {
            let problems = parse("obs.yaml", &SEAL.replace(from, to)).unwrap_err();
            let problem = format!("{:?}", problems[0]);
            assert!(problem.contains(said) && problem.contains("obs.yaml:"), "{problem}");
        }
    }
}
