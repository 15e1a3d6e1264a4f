//! What comments in a rule file tell the checks to leave alone: `# obs ignore CHECK`, and those of pint.

use super::checks::About;
use crate::model::time::days_from_civil;
use crate::model::{Timestamp, time};
use crate::rules::file::RuleFile;

/// What a comment leaves out.
struct Silence<'c> {
    /// The lines it is about, both included.
    lines: (u32, u32),
    /// The check, as it is written; empty for all.
    check: &'c str,
    /// What the finding has to be about; empty for anything.
    subject: &'c str,
}

/// Is a finding of this check at this line, which says this, left out?
pub(super) fn is_ignored(
    file: &RuleFile,
    about: &About,
    line: u32,
    message: &str,
    now: Option<Timestamp>,
) -> bool {
    if file.comments.is_empty() {
        return false;
    }
    silences(file, now).iter().any(|silence| {
        let (from, to) = silence.lines;
        let named =
            silence.check.is_empty() || silence.check == about.name || about.pint.contains(&silence.check);
        let subject = silence.subject.split(['{', '}']).next().unwrap_or("").trim();
        named && (from..=to).contains(&line) && (subject.is_empty() || message.contains(subject))
    })
}

fn silences(file: &RuleFile, now: Option<Timestamp>) -> Vec<Silence<'_>> {
    let mut starts: Vec<u32> =
        file.groups.iter().flat_map(|group| &group.rules).map(|rule| rule.place.line).collect();
    starts.sort_unstable();
    // The rule in which or above which a line is.
    let owner = |line: u32| starts.iter().rev().find(|start| **start <= line).copied().unwrap_or(0);
    let mut found = Vec::new();
    let mut begun = None;
    for comment in &file.comments {
        let mut words = comment.text.split_whitespace();
        let (house, word) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let rest: Vec<&str> = words.collect();
        let rule = owner(comment.about);
        match (house, word) {
            ("obs", "ignore") | ("pint", "disable" | "rule/disable") => {
                // Without a name it is about all checks; only ours may be without one.
                if house == "obs" && rest.is_empty() {
                    found.push(Silence { lines: (rule, rule), check: "", subject: "" });
                }
                found.extend(rest.iter().map(|name| named(name, (rule, rule))));
            }
            ("obs", "ignore-file") | ("pint", "ignore/file" | "file/disable") => {
                if rest.is_empty() {
                    found.push(Silence { lines: (0, u32::MAX), check: "", subject: "" });
                }
                found.extend(rest.iter().map(|name| named(name, (0, u32::MAX))));
            }
            ("pint", "snooze" | "rule/snooze" | "file/snooze") => {
                let [until, names @ ..] = &rest[..] else { continue };
                let lines = if word == "file/snooze" { (0, u32::MAX) } else { (rule, rule) };
                if day(until).zip(now).is_none_or(|(until, now)| now < until) {
                    found.extend(names.iter().map(|name| named(name, lines)));
                }
            }
            ("pint", "ignore/line" | "ignore/next-line") => {
                let line = if word == "ignore/line" { comment.line } else { comment.line + 1 };
                found.push(Silence { lines: (owner(line), owner(line)), check: "", subject: "" });
            }
            ("pint", "ignore/begin") => begun = Some(comment.line),
            ("pint", "ignore/end") => {
                let from = begun.take().unwrap_or(0);
                found.push(Silence { lines: (from, comment.line), check: "", subject: "" });
            }
            _ => {}
        }
    }
    if let Some(from) = begun {
        found.push(Silence { lines: (from, u32::MAX), check: "", subject: "" });
    }
    found
}

/// `check`, or `check(subject)`.
fn named(written: &str, lines: (u32, u32)) -> Silence<'_> {
    let written = written.trim_end_matches(',');
    match written.split_once('(') {
        Some((check, subject)) => Silence { lines, check, subject: subject.trim_end_matches(')') },
        None => Silence { lines, check: written, subject: "" },
    }
}

/// A date, alone or before a time of day.
fn day(text: &str) -> Option<Timestamp> {
    let mut parts = text.get(..10)?.splitn(3, '-');
    let (year, month, day) =
        (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let clock = text.get(11..19).unwrap_or("00:00:00");
    let mut parts = clock.splitn(3, ':').map(str::parse::<i64>);
    let seconds = parts.try_fold(0, |sum, part| part.ok().map(|part| sum * 60 + part))?;
    ((1..=12).contains(&month) && (1..=31).contains(&day)).then_some(())?;
    (0..=9999).contains(&year).then(|| {
        Timestamp((days_from_civil(year, month, day) * 86_400 + seconds).saturating_mul(time::NANOS))
    })
}

#[cfg(test)]
mod tests {
    use super::super::Check;
    use super::super::tests::checked;
    use super::*;

    const RULES: &str = "groups:
- name: g
  rules:
  # pint disable promql/regexp
  - record: a
    expr: up{job=~\"a\"}
  - record: b
    # obs ignore regexp
    expr: up{job=~\"a\"}
  - record: c
    expr: up{job=~\"a\"} # pint disable promql/series
  # pint snooze 2024-01-02 promql/regexp
  - record: d
    expr: up{job=~\"a\"}
  - record: e # obs ignore
    expr: up{job=~\"a\"}
  # pint disable promql/regexp(other)
  - record: f
    expr: up{job=~\"a\"}
";

    #[test]
    fn comments_silence_the_checks_of_their_rule() {
        let at = |year| Some(Timestamp(days_from_civil(year, 1, 1) * 86_400 * time::NANOS));
        let names = |text: &str, now| -> Vec<String> {
            let found = super::super::lint(&[checked(text)], now);
            found.iter().filter(|lint| lint.check == Check::Regexp).map(|lint| lint.rule.clone()).collect()
        };
        assert_eq!(names(RULES, at(2024)), ["c", "f"]);
        assert_eq!(names(RULES, at(2025)), ["c", "d", "f"]);
        assert_eq!(names(&format!("# pint ignore/file\n{RULES}"), at(2025)), [""; 0]);
        assert_eq!(names(&format!("# obs ignore-file regexp\n{RULES}"), at(2025)), [""; 0]);
        assert_eq!(names(&format!("# pint file/disable promql/regexp\n{RULES}"), at(2025)), [""; 0]);
        let between = RULES.replace("  - record: c", "  # pint ignore/begin\n  - record: c");
        assert_eq!(names(&between, at(2025)), [""; 0]);
    }
}
