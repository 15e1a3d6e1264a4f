//! Verdicts as JUnit XML, which every CI server reads.

use std::fmt::Write as _;

use super::escape::Untrusted;
use super::verdict::{Outcome, Verdict};

/// One suite per group, in the order in which the groups first appear.
pub fn render(verdicts: &[Verdict]) -> String {
    let mut groups: Vec<&str> = Vec::new();
    for verdict in verdicts {
        if !groups.contains(&verdict.group.as_str()) {
            groups.push(&verdict.group);
        }
    }
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    open(&mut out, "testsuites name=\"obs\"", &verdicts.iter().collect::<Vec<_>>());
    for group in groups {
        let members: Vec<&Verdict> = verdicts.iter().filter(|verdict| verdict.group == group).collect();
        open(&mut out, &format!("testsuite name=\"{}\"", xml(group)), &members);
        for verdict in members {
            case(&mut out, verdict);
        }
        out.push_str("</testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn open(out: &mut String, start: &str, verdicts: &[&Verdict]) {
    let count = |outcome| verdicts.iter().filter(|verdict| verdict.outcome == outcome).count();
    // Writing to a string does not fail; here and below.
    let _ = writeln!(
        out,
        "<{start} tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">",
        verdicts.len(),
        count(Outcome::Failed),
        count(Outcome::Skipped),
    );
}

fn case(out: &mut String, verdict: &Verdict) {
    let _ = write!(out, "<testcase name=\"{}\" classname=\"{}\"", xml(&verdict.name), xml(&verdict.group));
    if let Some(file) = &verdict.file {
        let _ = write!(out, " file=\"{}\"", xml(file));
    }
    if let Some(line) = verdict.line {
        let _ = write!(out, " line=\"{line}\"");
    }
    let message = xml(&verdict.message);
    let first = xml(verdict.message.lines().next().unwrap_or_default());
    let _ = match verdict.outcome {
        Outcome::Ok => writeln!(out, "/>"),
        Outcome::Failed => writeln!(out, "><failure message=\"{first}\">{message}</failure></testcase>"),
        Outcome::Skipped => writeln!(out, "><skipped message=\"{first}\"/></testcase>"),
    };
}

fn xml(text: &str) -> String {
    Untrusted::from(text).xml()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_count_and_escape() {
        let verdict = |name: &str, outcome, message: &str| Verdict {
            name: name.to_owned(),
            group: "payment".to_owned(),
            outcome,
            message: message.to_owned(),
            file: Some("rules.yml".to_owned()),
            line: Some(7),
            ..Verdict::default()
        };
        let verdicts = [
            verdict("fine", Outcome::Ok, ""),
            verdict("a<b", Outcome::Failed, "fired \"twice\" & more\nsecond\u{1b}[2J]]>"),
            Verdict { file: None, line: None, ..verdict("later", Outcome::Skipped, "no data") },
        ];
        assert_eq!(
            render(&verdicts),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuites name=\"obs\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\">\n\
             <testsuite name=\"payment\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\">\n\
             <testcase name=\"fine\" classname=\"payment\" file=\"rules.yml\" line=\"7\"/>\n\
             <testcase name=\"a&lt;b\" classname=\"payment\" file=\"rules.yml\" line=\"7\">\
             <failure message=\"fired &quot;twice&quot; &amp; more\">fired &quot;twice&quot; &amp; more\n\
             second\\x1b[2J]]&gt;</failure></testcase>\n\
             <testcase name=\"later\" classname=\"payment\"><skipped message=\"no data\"/></testcase>\n\
             </testsuite>\n</testsuites>\n"
        );
    }
}
