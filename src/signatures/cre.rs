//! Rule files in the format of CRE, the common reliability enumerations: what they look for in logs, under their own
//! id, with their own words for what to do.
//!
//! A rule is a `set` (all of its conditions within a window, in any order) or a `sequence` (one after the other), with
//! what must not be there (`negate`). Conditions are words, `value`, `regex`, further sets and sequences, or names of
//! `terms` further down in the file. What a rule needs that no log holds is said, and the rule is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use regex::bytes::{RegexSet, RegexSetBuilder};
use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

use super::nature::Severity;
use crate::model::Diagnostic;
use crate::model::unit::parse_duration;

/// How deep sets and sequences may lie in each other.
const DEEPEST: usize = 8;

/// How much memory all patterns together may take once they are compiled.
const LARGEST: usize = 256 << 20;

/// Rules from files, and all that their conditions look for as one pattern.
#[derive(Debug, Default)]
pub struct Signatures {
    /// The rules, in the order of the files.
    pub rules: Vec<Rule>,
    /// What conditions look for, by their numbers.
    patterns: Vec<String>,
    /// All of them, once they are complete.
    set: Option<RegexSet>,
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Its id; lives as long as the program, as the names of detectors do.
    pub id: &'static str,
    /// What it is called.
    pub title: String,
    /// How bad it is.
    pub severity: Severity,
    /// What to do, in its author's words.
    pub mitigation: Option<String>,
    /// What it looks for: any of these.
    pub bodies: Vec<Body>,
    /// Fields whose values have to be alike in all entries of one match.
    pub alike: Vec<String>,
}

/// A set or a sequence.
#[derive(Debug)]
pub struct Body {
    /// Is the order of the conditions that of the entries?
    pub ordered: bool,
    /// Within how many nanoseconds.
    pub window: Option<i64>,
    /// What has to be there.
    pub terms: Vec<Term>,
    /// What must not be.
    pub negate: Vec<Negate>,
}

/// A condition.
#[derive(Debug)]
pub struct Term {
    /// What meets it.
    pub what: Wanted,
    /// How many of it.
    pub count: usize,
}

/// What meets a condition.
#[derive(Debug)]
pub enum Wanted {
    /// A line in which the pattern of this number occurs.
    Line(usize),
    /// Lines that make up a set or a sequence.
    Nested(Box<Body>),
}

/// Something that must not be there, and when.
#[derive(Debug)]
pub struct Negate {
    /// What.
    pub what: Wanted,
    /// For how long; else as long as the match, or (if `absolute`) as the window.
    pub window: Option<i64>,
    /// By how much later than the anchor it begins.
    pub slide: i64,
    /// The condition by whose time it begins.
    pub anchor: usize,
    /// Is it as long as the window of the rule?
    pub absolute: bool,
}

#[derive(Debug, Deserialize)]
struct File {
    #[serde(default)]
    rules: Vec<Spanned<RuleEntry>>,
    #[serde(default)]
    terms: BTreeMap<String, TermEntry>,
    #[serde(default, rename = "section")]
    _section: IgnoredAny,
}

#[derive(Debug, Deserialize)]
struct RuleEntry {
    #[serde(default)]
    cre: About,
    rule: RuleBody,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct About {
    id: String,
    title: String,
    severity: Option<u8>,
    mitigation: Option<String>,
}

#[derive(Debug, Deserialize)]
struct RuleBody {
    #[serde(default)]
    set: Option<BodyEntry>,
    #[serde(default)]
    sequence: Option<BodyEntry>,
}

#[derive(Debug, Deserialize)]
struct BodyEntry {
    #[serde(default)]
    window: Option<String>,
    #[serde(default)]
    event: Option<Event>,
    #[serde(default)]
    correlations: Vec<String>,
    #[serde(default, rename = "match")]
    matching: Vec<TermEntry>,
    #[serde(default)]
    order: Vec<TermEntry>,
    #[serde(default)]
    negate: Vec<TermEntry>,
}

#[derive(Debug, Deserialize)]
struct Event {
    #[serde(default)]
    source: String,
}

#[derive(Debug)]
enum TermEntry {
    Words(String),
    Full(Box<FullTerm>),
}

impl<'de> Deserialize<'de> for TermEntry {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<TermEntry, D::Error> {
        from.deserialize_any(TermVisitor)
    }
}

/// Words may look like a number or like `yes`.
struct TermVisitor;

impl<'de> Visitor<'de> for TermVisitor {
    type Value = TermEntry;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("words, or a condition with `value` or `regex`")
    }

    fn visit_str<E>(self, words: &str) -> Result<TermEntry, E> {
        Ok(TermEntry::Words(words.to_owned()))
    }

    fn visit_bool<E>(self, words: bool) -> Result<TermEntry, E> {
        Ok(TermEntry::Words(words.to_string()))
    }

    fn visit_i64<E>(self, words: i64) -> Result<TermEntry, E> {
        Ok(TermEntry::Words(words.to_string()))
    }

    fn visit_u64<E>(self, words: u64) -> Result<TermEntry, E> {
        Ok(TermEntry::Words(words.to_string()))
    }

    fn visit_f64<E>(self, words: f64) -> Result<TermEntry, E> {
        Ok(TermEntry::Words(words.to_string()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TermEntry, A::Error> {
        let full = FullTerm::deserialize(MapAccessDeserializer::new(map))?;
        Ok(TermEntry::Full(Box::new(full)))
    }
}

#[derive(Debug, Deserialize)]
struct FullTerm {
    #[serde(default)]
    value: Option<String>,
    #[serde(default)]
    regex: Option<String>,
    #[serde(default)]
    jq: Option<String>,
    #[serde(default)]
    field: Option<String>,
    #[serde(default)]
    count: Option<usize>,
    #[serde(default)]
    set: Option<BodyEntry>,
    #[serde(default)]
    sequence: Option<BodyEntry>,
    #[serde(default)]
    window: Option<String>,
    #[serde(default)]
    slide: Option<String>,
    #[serde(default)]
    anchor: Option<usize>,
    #[serde(default)]
    absolute: bool,
}

/// Is this one of the conditions that go by the whole line?
fn is_of_line(field: &str) -> bool {
    matches!(field, "" | "message" | "raw" | "log" | "line" | "body")
}

impl Signatures {
    /// Takes in the rules of a file; what is wrong with it, and which rules cannot be judged by logs, is said.
    pub fn add(&mut self, path: &str, text: &str) -> Vec<Diagnostic> {
        let options = serde_saphyr::options! { with_snippet: false };
        let file: File = match serde_saphyr::from_str_with_options(text, options) {
            Ok(file) => file,
            Err(error) => {
                let line = error.location().map_or(1, |at| at.line());
                let said = error.to_string();
                let said = said.lines().next().unwrap_or_default();
                return vec![Diagnostic::error(path, format!("is no file of rules: {said}")).at_line(line)];
            }
        };
        let mut problems = Vec::new();
        if file.rules.is_empty() {
            problems.push(Diagnostic::warning(path, "has no rules").hinted("rules stand under `rules:`"));
        }
        for entry in &file.rules {
            let line = entry.referenced.line();
            let named = |message: String| format!("{}: {message}", entry.value.cre.id);
            let known = self.patterns.len();
            match self.rule(&entry.value, &file.terms) {
                Ok(rule) if self.rules.iter().any(|known| known.id == rule.id) => problems.push(
                    Diagnostic::warning(path, named("another rule has this id; the first counts".to_owned()))
                        .at_line(line),
                ),
                Ok(rule) => self.rules.push(rule),
                Err(Refused::Needs(what)) => {
                    self.patterns.truncate(known);
                    let message = named(format!("looks at {what}, and obs reads logs here; it is left out"));
                    problems.push(Diagnostic::note(path, message).at_line(line));
                }
                Err(Refused::Wrong(what)) => {
                    self.patterns.truncate(known);
                    problems.push(Diagnostic::error(path, named(what)).at_line(line));
                }
            }
        }
        problems
    }

    /// Makes one pattern of all, once all files are in.
    pub fn complete(&mut self) -> Result<(), String> {
        let set = RegexSetBuilder::new(&self.patterns).size_limit(LARGEST).dfa_size_limit(LARGEST).build();
        self.set = Some(set.map_err(|_| "the patterns of all signatures together are too large".to_owned())?);
        Ok(())
    }

    /// The numbers of the patterns that occur in a line.
    pub fn seen(&self, line: &[u8]) -> impl Iterator<Item = usize> + use<> {
        self.set.as_ref().map(|set| set.matches(line)).into_iter().flatten()
    }

    /// Are there any rules?
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// How many patterns there are.
    pub fn patterns(&self) -> usize {
        self.patterns.len()
    }

    /// The fields that have to be alike, of all rules.
    pub fn fields(&self) -> BTreeSet<&str> {
        self.rules.iter().flat_map(|rule| rule.alike.iter().map(String::as_str)).collect()
    }

    fn rule(&mut self, entry: &RuleEntry, terms: &BTreeMap<String, TermEntry>) -> Result<Rule, Refused> {
        let about = &entry.cre;
        if about.id.is_empty() || about.id.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(Refused::Wrong("a rule needs an id without blanks, `cre: id:`".to_owned()));
        }
        let mut bodies = Vec::new();
        let mut alike = Vec::new();
        for (ordered, body) in [(false, &entry.rule.set), (true, &entry.rule.sequence)] {
            if let Some(body) = body {
                alike.extend(body.correlations.iter().cloned());
                bodies.push(self.body(ordered, body, terms, 0)?);
            }
        }
        if bodies.is_empty() {
            return Err(Refused::Wrong("a rule needs a `set` or a `sequence`".to_owned()));
        }
        let severity = match about.severity {
            Some(0) => Severity::Critical,
            Some(1) => Severity::High,
            Some(2) | None => Severity::Medium,
            Some(_) => Severity::Low,
        };
        let mitigation = about.mitigation.as_deref().map(str::trim).filter(|text| !text.is_empty());
        Ok(Rule {
            id: Box::leak(about.id.clone().into_boxed_str()),
            title: if about.title.trim().is_empty() {
                about.id.clone()
            } else {
                about.title.trim().to_owned()
            },
            severity,
            mitigation: mitigation.map(str::to_owned),
            bodies,
            alike,
        })
    }

    fn body(
        &mut self,
        ordered: bool,
        entry: &BodyEntry,
        terms: &BTreeMap<String, TermEntry>,
        depth: usize,
    ) -> Result<Body, Refused> {
        if depth > DEEPEST {
            return Err(Refused::Wrong("sets and sequences lie too deep in each other".to_owned()));
        }
        if let Some(what) = entry.event.as_ref().and_then(|event| foreign(&event.source)) {
            return Err(Refused::Needs(what));
        }
        let wanted = if entry.order.is_empty() { &entry.matching } else { &entry.order };
        if wanted.is_empty() {
            return Err(Refused::Wrong(
                "there is no condition: `match` of a set, `order` of a sequence".to_owned(),
            ));
        }
        let mut body = Body {
            ordered,
            window: duration(entry.window.as_deref(), "window")?,
            terms: Vec::new(),
            negate: Vec::new(),
        };
        for term in wanted {
            let full = resolve(term, terms);
            let count = full.and_then(|full| full.count).unwrap_or(1).max(1);
            let what = self.wanted(term, terms, depth)?;
            body.terms.push(Term { what, count });
        }
        for term in &entry.negate {
            let full = resolve(term, terms);
            let what = self.wanted(term, terms, depth)?;
            let anchor = full.and_then(|full| full.anchor).unwrap_or(0);
            if anchor >= body.terms.len() {
                return Err(Refused::Wrong(format!("anchor {anchor}: there is no such condition")));
            }
            body.negate.push(Negate {
                what,
                window: duration(full.and_then(|full| full.window.as_deref()), "window")?,
                slide: duration(full.and_then(|full| full.slide.as_deref()), "slide")?.unwrap_or(0),
                anchor,
                absolute: full.is_some_and(|full| full.absolute),
            });
        }
        Ok(body)
    }

    /// What meets a condition.
    fn wanted(
        &mut self,
        term: &TermEntry,
        terms: &BTreeMap<String, TermEntry>,
        depth: usize,
    ) -> Result<Wanted, Refused> {
        let full = match resolved(term, terms) {
            TermEntry::Words(words) => return self.pattern(regex::escape(words)),
            TermEntry::Full(full) => full,
        };
        if full.jq.is_some() {
            return Err(Refused::Wrong("`jq` conditions are not understood".to_owned()));
        }
        if let Some(field) = full.field.as_deref().filter(|field| !is_of_line(field)) {
            return Err(Refused::Wrong(format!(
                "`field: {field}` is not understood; conditions go by the line"
            )));
        }
        match (&full.value, &full.regex, &full.set, &full.sequence) {
            (Some(value), None, None, None) => self.pattern(regex::escape(value)),
            (None, Some(regex), None, None) => self.pattern(regex.clone()),
            (None, None, Some(set), None) => {
                Ok(Wanted::Nested(Box::new(self.body(false, set, terms, depth + 1)?)))
            }
            (None, None, None, Some(sequence)) => {
                Ok(Wanted::Nested(Box::new(self.body(true, sequence, terms, depth + 1)?)))
            }
            _ => {
                Err(Refused::Wrong("a condition is one of `value`, `regex`, `set` and `sequence`".to_owned()))
            }
        }
    }

    fn pattern(&mut self, pattern: String) -> Result<Wanted, Refused> {
        let built = regex::bytes::RegexBuilder::new(&pattern).size_limit(16 << 20).build();
        if let Err(error) = built {
            let said = error.to_string();
            let said = said.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            return Err(Refused::Wrong(format!("regex {pattern:?}: {said}")));
        }
        self.patterns.push(pattern);
        Ok(Wanted::Line(self.patterns.len() - 1))
    }
}

/// Why a rule is left out.
#[derive(Debug)]
enum Refused {
    /// It is about something that is no log.
    Needs(String),
    /// It is not written as it should be.
    Wrong(String),
}

/// A condition that is written in full, here or under its name.
fn resolve<'t>(term: &'t TermEntry, terms: &'t BTreeMap<String, TermEntry>) -> Option<&'t FullTerm> {
    match resolved(term, terms) {
        TermEntry::Full(full) => Some(full),
        TermEntry::Words(_) => None,
    }
}

/// A condition, names followed. A name that is none is words to look for.
fn resolved<'t>(term: &'t TermEntry, terms: &'t BTreeMap<String, TermEntry>) -> &'t TermEntry {
    let mut term = term;
    for _ in 0..DEEPEST {
        match term {
            TermEntry::Words(name) if terms.contains_key(name) => term = &terms[name],
            _ => break,
        }
    }
    term
}

/// What a source is, if it is no log.
fn foreign(source: &str) -> Option<String> {
    let kind = source.strip_prefix("cre.").unwrap_or(source);
    let (kind, rest) = kind.split_once('.').unwrap_or((kind, ""));
    Some(match kind {
        "" | "log" | "logs" => return None,
        "kubernetes" | "k8s" => "Kubernetes events".to_owned(),
        "prometheus" | "metrics" | "metric" => "Prometheus metrics".to_owned(),
        "config" | "configuration" if rest.is_empty() => "configuration files".to_owned(),
        "config" | "configuration" => format!("configuration files of {rest}"),
        "trace" | "traces" => "traces".to_owned(),
        _ => format!("the source `{source}`"),
    })
}

fn duration(text: Option<&str>, what: &str) -> Result<Option<i64>, Refused> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    match parse_duration(text) {
        Some(nanos) if nanos.abs() < 1e18 => Ok(Some(nanos as i64)),
        _ if text == "0" => Ok(Some(0)),
        _ => Err(Refused::Wrong(format!("{what}: {text:?} is no duration such as 90s"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(text: &str) -> (Signatures, Vec<String>) {
        let mut signatures = Signatures::default();
        let said = signatures.add("own.yaml", text).iter().map(ToString::to_string).collect();
        signatures.complete().expect("small patterns");
        (signatures, said)
    }

    #[test]
    fn every_shape_of_the_format_is_understood() {
        let (signatures, said) = added(
            r#"
rules:
  - metadata: {kind: rule, id: a1, gen: 1}
    cre:
      id: OWN-1
      severity: 0
      title: Ledger sealed twice
      tags: [own]
      mitigation: |
        Stop one of the writers.
    rule:
      sequence:
        window: 30s
        event: {source: cre.log.ledger, origin: true}
        correlations: [hostname]
        order:
          - sealing ledger
          - regex: 'ledger \d+ sealed'
            count: 2
          - later
        negate:
          - value: writer stopped
            anchor: 1
            slide: -5s
            window: 10s
  - cre: {id: OWN-2}
    rule:
      set:
        event: {source: cre.log.ledger}
        match:
          - set: {window: 1s, match: [{value: "a.b"}, {regex: "c+"}]}
terms:
  later: {field: message, regex: "(?i)ledger broken"}
"#,
        );
        assert_eq!(said, Vec::<String>::new());
        let [one, two] = &signatures.rules[..] else { panic!("{signatures:#?}") };
        assert_eq!(
            (one.id, one.severity, one.title.as_str()),
            ("OWN-1", Severity::Critical, "Ledger sealed twice")
        );
        assert_eq!(one.mitigation.as_deref(), Some("Stop one of the writers."));
        assert_eq!(one.alike, ["hostname"]);
        let body = &one.bodies[0];
        assert!(body.ordered && body.window == Some(30_000_000_000));
        assert_eq!(body.terms.iter().map(|term| term.count).collect::<Vec<_>>(), [1, 2, 1]);
        let negate = &body.negate[0];
        assert_eq!((negate.anchor, negate.slide, negate.window), (1, -5_000_000_000, Some(10_000_000_000)));
        assert_eq!((two.title.as_str(), two.severity), ("OWN-2", Severity::Medium));
        assert!(matches!(two.bodies[0].terms[0].what, Wanted::Nested(_)));
        assert_eq!(signatures.seen(b"LEDGER BROKEN").collect::<Vec<_>>(), [2]);
        assert_eq!(signatures.seen(b"aXb").count(), 0);
        assert_eq!(signatures.seen(b"a.b").count(), 1);
    }

    #[test]
    fn what_cannot_be_judged_is_said() {
        for (rule, expected) in [
            ("{set: {event: {source: cre.kubernetes}, match: [x]}}", "looks at Kubernetes events"),
            ("{set: {event: {source: cre.prometheus}, match: [x]}}", "looks at Prometheus metrics"),
            ("{set: {event: {source: cre.config.nginx}, match: [x]}}", "configuration files of nginx"),
            ("{set: {match: [{regex: '('}]}}", "regex \"(\": unclosed group"),
            ("{set: {match: [{jq: '.a'}]}}", "`jq` conditions are not understood"),
            ("{set: {match: []}}", "there is no condition"),
            ("{set: {window: soon, match: [x]}}", "\"soon\" is no duration"),
            ("{set: {match: [x], negate: [{value: y, anchor: 4}]}}", "anchor 4: there is no such condition"),
            ("{}", "a rule needs a `set` or a `sequence`"),
            ("{set: {match: [{count: 3}]}}", "a condition is one of"),
        ] {
            let (signatures, said) = added(&format!("rules: [{{cre: {{id: OWN-1}}, rule: {rule}}}]"));
            assert!(
                signatures.is_empty() && said.len() == 1 && said[0].contains(expected),
                "{rule}: {said:?}"
            );
        }
        for text in ["rules: 3", "- a", "rules: [{cre: {id: ''}, rule: {set: {match: [x]}}}]", "a: b"] {
            assert_eq!(added(text).1.len(), 1, "{text}");
        }
        let twice = "{cre: {id: A}, rule: {set: {match: [x]}}}";
        assert!(added(&format!("rules: [{twice}, {twice}]")).1[0].contains("another rule has this id"));
        let circle = "rules: [{cre: {id: A}, rule: {set: {match: [t]}}}]\nterms: {t: t}";
        assert!(!added(circle).0.is_empty(), "a name that leads back to itself is words");
    }
}
