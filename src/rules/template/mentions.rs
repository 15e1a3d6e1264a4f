//! Which labels of its alert, or of the server, a template prints, whatever happens.

use super::parse::{Command, Node, Operand, Pipe, Template};

/// The labels that a template prints. What it looks at in a condition first may be absent, and is not told.
pub fn labels(template: &Template) -> Vec<String> {
    mentioned(template, ("labels", "Labels"))
}

/// The external labels that a template prints, likewise.
pub fn external_labels(template: &Template) -> Vec<String> {
    mentioned(template, ("externalLabels", "ExternalLabels"))
}

fn mentioned(template: &Template, of: (&'static str, &'static str)) -> Vec<String> {
    let mut found = Mentions { of, printed: Vec::new(), asked: Vec::new() };
    found.nodes(&template.main, true);
    let Mentions { mut printed, asked, .. } = found;
    printed.retain(|name| !asked.contains(name));
    printed
}

struct Mentions {
    /// The variable that holds the labels, and the field of what the alert brings along.
    of: (&'static str, &'static str),
    printed: Vec<String>,
    /// Labels that a condition is about.
    asked: Vec<String>,
}

impl Mentions {
    /// `is_alert`: is the dot what the alert brings along?
    fn nodes(&mut self, nodes: &[Node], is_alert: bool) {
        for node in nodes {
            match node {
                Node::Action(pipe) => self.pipe(pipe, is_alert, false),
                Node::If(pipe, yes, no) => {
                    self.pipe(pipe, is_alert, true);
                    self.nodes(yes, is_alert);
                    self.nodes(no, is_alert);
                }
                Node::With(pipe, yes, no) | Node::Range(pipe, yes, no) => {
                    self.pipe(pipe, is_alert, true);
                    self.nodes(yes, false);
                    self.nodes(no, is_alert);
                }
                Node::Text(_) | Node::Call(..) | Node::Break | Node::Continue => {}
            }
        }
    }

    fn pipe(&mut self, pipe: &Pipe, is_alert: bool, is_condition: bool) {
        for command in &pipe.commands {
            self.command(command, is_alert, is_condition);
        }
    }

    fn command(&mut self, command: &Command, is_alert: bool, is_condition: bool) {
        // `or $labels.a $labels.b` prints what is there.
        let chooses = matches!(command.operands.first(), Some(Operand::Function(name)) if name == "or" || name == "and");
        let is_condition = is_condition || chooses;
        for operand in &command.operands {
            let name = match operand {
                Operand::Variable(variable, path) if variable.trim_start_matches('$') == self.of.0 => {
                    path.first()
                }
                Operand::Field(path) if is_alert && path.first().is_some_and(|first| first == self.of.1) => {
                    path.get(1)
                }
                Operand::Nested(pipe, _) => {
                    self.pipe(pipe, is_alert, is_condition);
                    None
                }
                _ => None,
            };
            if let Some(name) = name {
                let list = if is_condition { &mut self.asked } else { &mut self.printed };
                if !list.contains(name) {
                    list.push(name.clone());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_are_printed() {
        for (text, expected) in [
            ("{{ $labels.a }} of {{ .Labels.b | toUpper }}", "a,b"),
            ("{{ if $labels.a }}{{ $labels.a }}{{ end }}{{ $labels.b }}", "b"),
            ("{{ with $labels.a }}{{ . }}{{ .Labels.c }}{{ end }}", ""),
            ("{{ or $labels.a $labels.b }}", ""),
            ("{{ printf \"%s\" (toUpper $labels.a) }}", "a"),
            ("{{ range query \"up\" }}{{ .Labels.a }}{{ $labels.b }}{{ end }}", "b"),
            ("{{ $value }}", ""),
        ] {
            let template = super::super::parse("t", text).expect(text);
            assert_eq!(labels(&template).join(","), expected, "{text}");
        }
    }
}
