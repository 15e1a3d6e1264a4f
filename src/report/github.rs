//! Verdicts as workflow commands, which GitHub shows beside the lines of a pull request.

use super::escape::Untrusted;
use super::verdict::{Outcome, Verdict};

/// One line for each check that failed (an error) or was not judged (a warning).
pub fn render(verdicts: &[Verdict]) -> String {
    let mut out = String::new();
    for verdict in verdicts {
        let command = match verdict.outcome {
            Outcome::Ok => continue,
            Outcome::Failed => "error",
            Outcome::Skipped => "warning",
        };
        let mut properties = Vec::new();
        if let Some(file) = &verdict.file {
            properties.push(format!("file={}", property(file)));
            if let Some(line) = verdict.line {
                properties.push(format!("line={line}"));
            }
        }
        properties.push(format!("title={}", property(&verdict.name)));
        let message = if verdict.message.is_empty() { &verdict.name } else { &verdict.message };
        for piece in ["::", command, " ", &properties.join(","), "::", &data(message), "\n"] {
            out.push_str(piece);
        }
    }
    out
}

/// The message: what would end the command is encoded.
fn data(text: &str) -> String {
    Untrusted::from(text).block().replace('%', "%25").replace('\n', "%0A")
}

/// A property: what would end it, too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_within_a_message_is_a_command() {
        let verdict = Verdict {
            name: "a:b,c".to_owned(),
            group: String::new(),
            outcome: Outcome::Failed,
            message: "100 %\n::add-mask::x\r".to_owned(),
            file: Some("rules/p.yml".to_owned()),
            line: Some(3),
            ..Verdict::default()
        };
        let skipped =
            Verdict { outcome: Outcome::Skipped, message: String::new(), file: None, ..verdict.clone() };
        let fine = Verdict { outcome: Outcome::Ok, ..verdict.clone() };
        assert_eq!(
            render(&[verdict, fine, skipped]),
            "::error file=rules/p.yml,line=3,title=a%3Ab%2Cc::100 %25%0A::add-mask::x\\x0d\n\
             ::warning title=a%3Ab%2Cc::a:b,c\n"
        );
    }
}
