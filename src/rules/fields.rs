//! Reads typed values out of a YAML tree, and collects everything that is wrong with them instead of stopping.

use super::dialect::{self, House};
use super::duration;
use super::yaml::{Node, Place, Problem};

/// Collects problems while a file is read.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What is odd, without being wrong.
    pub warnings: Vec<Problem>,
    /// What is being read, as `group "g", rule 2, "name"`.
    pub context: String,
    /// Unknown fields are no problem.
    pub ignore_unknown: bool,
    /// Whose fields are known beside Prometheus' own.
    pub house: Option<House>,
}

impl Reader {
    /// Notes a problem.
    pub(super) fn problem(&mut self, place: Place, message: impl Into<String>) {
        self.add(Problem::new(place, message));
    }

    /// Notes a problem with all that belongs to it.
    pub(super) fn add(&mut self, problem: Problem) {
        let context = if problem.context.is_empty() { self.context.clone() } else { problem.context.clone() };
        self.problems.push(problem.about(context));
    }

    /// Notes something odd.
    pub(super) fn warning(&mut self, place: Place, message: impl Into<String>) {
        self.warnings.push(Problem::new(place, message).about(self.context.clone()));
    }

    /// The node as a mapping with only these fields; `what` is its name in messages. Null is an empty mapping.
    pub(super) fn fields<'n>(&mut self, node: &'n Node, what: &str, known: &[&str]) -> Option<Fields<'n>> {
        let fields = self.open_fields(node, what)?;
        for (key, _) in fields.pairs {
            let name = key.text().unwrap_or("null");
            let house = dialect::house_of(what, name);
            if known.contains(&name) || house.zip(self.house).is_some_and(|(of, own)| dialect::knows(own, of))
            {
                continue;
            }
            if self.ignore_unknown {
                if let Some(house) = house {
                    self.warning(key.place, format!("field {name} of {} is ignored", house.title()));
                }
                continue;
            }
            if let Some(house) = house {
                let message = format!("field {name} not found in {what}: it is one of {}", house.title());
                let option = format!("--dialect {} or --ignore-unknown-fields lets it pass", house.name());
                self.add(Problem::new(key.place, message).hinted(option));
                continue;
            }
            let problem = Problem::new(key.place, format!("field {name} not found in {what}"));
            self.add(match closest(name, known) {
                Some(meant) => problem.hinted(format!("did you mean {meant:?}?")),
                None => problem.hinted(format!("known fields: {}", known.join(", "))),
            });
        }
        Some(fields)
    }

    /// The node as a mapping with any fields.
    pub(super) fn open_fields<'n>(&mut self, node: &'n Node, what: &str) -> Option<Fields<'n>> {
        if node.is_null() {
            return Some(Fields { pairs: &[], place: node.place });
        }
        if let Some(pairs) = node.map() {
            return Some(Fields { pairs, place: node.place });
        }
        self.problem(node.place, format!("expected a mapping for {what}, found {}", node.what()));
        None
    }

    /// A field's text; a number or a truth value counts as it is written.
    pub(super) fn text<'n>(&mut self, fields: &Fields<'n>, name: &str) -> Option<&'n str> {
        let node = fields.get(name)?;
        let text = node.text();
        if text.is_none() {
            self.problem(node.place, format!("expected text for {name}, found {}", node.what()));
        }
        text
    }

    /// A field that is a duration, in milliseconds.
    pub(super) fn duration(&mut self, fields: &Fields<'_>, name: &str) -> Option<i64> {
        let text = self.text(fields, name)?;
        match duration::parse(text) {
            Ok(millis) => Some(millis),
            Err(message) => {
                let place = fields.place_of(name);
                let mut problem = Problem::new(place, format!("{name}: {message}"));
                if text.parse::<f64>().is_ok() {
                    problem = problem.hinted(format!("give a unit: {text}s, {text}m"));
                }
                self.add(problem);
                None
            }
        }
    }

    /// A field that is `true` or `false`.
    pub(super) fn truth(&mut self, fields: &Fields<'_>, name: &str) -> Option<bool> {
        let text = self.text(fields, name)?;
        match text {
            "true" | "True" | "TRUE" | "yes" | "Yes" | "on" | "On" => Some(true),
            "false" | "False" | "FALSE" | "no" | "No" | "off" | "Off" => Some(false),
            _ => {
                self.problem(
                    fields.place_of(name),
                    format!("expected true or false for {name}, found {text:?}"),
                );
                None
            }
        }
    }

    /// A field that is a whole number.
    pub(super) fn whole(&mut self, fields: &Fields<'_>, name: &str) -> Option<i64> {
        let text = self.text(fields, name)?;
        // What is quoted is text.
        let quoted = fields.get(name).and_then(Node::scalar).is_some_and(|scalar| !scalar.plain);
        let number = text.parse().ok().filter(|_| !quoted);
        if number.is_none() {
            self.problem(
                fields.place_of(name),
                format!("expected a whole number for {name}, found {text:?}"),
            );
        }
        number
    }

    /// A field that is a list; null and absent are empty.
    pub(super) fn list<'n>(&mut self, fields: &Fields<'n>, name: &str) -> &'n [Node] {
        let Some(node) = fields.get(name) else { return &[] };
        node.list().unwrap_or_else(|| {
            self.problem(node.place, format!("expected a list for {name}, found {}", node.what()));
            &[]
        })
    }

    /// A field that is a list of texts.
    pub(super) fn texts(&mut self, fields: &Fields<'_>, name: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for node in self.list(fields, name) {
            match node.text() {
                Some(text) => texts.push(text.to_owned()),
                None => self.problem(node.place, format!("expected text in {name}, found {}", node.what())),
            }
        }
        texts
    }

    /// A field that maps names to texts, with the node of each text.
    pub(super) fn pairs<'n>(&mut self, fields: &Fields<'n>, name: &str) -> Vec<(&'n Node, &'n Node)> {
        let Some(node) = fields.get(name) else { return Vec::new() };
        let Some(pairs) = node.map() else {
            self.problem(node.place, format!("expected a mapping for {name}, found {}", node.what()));
            return Vec::new();
        };
        let mut found = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            if key.text().is_none() || value.list().is_some() || value.map().is_some() {
                let message = format!("expected text for {:?} of {name}, found {}", key.text(), value.what());
                self.problem(value.place, message);
            } else {
                found.push((key, value));
            }
        }
        found
    }
}

/// The fields of a mapping.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'n> {
    pub pairs: &'n [(Node, Node)],
    /// Where the mapping starts.
    pub place: Place,
}

impl<'n> Fields<'n> {
    /// A field's value; null is none.
    pub(super) fn get(&self, name: &str) -> Option<&'n Node> {
        self.node(name).filter(|node| !node.is_null())
    }

    /// A field's value, null or not.
    fn node(&self, name: &str) -> Option<&'n Node> {
        self.pairs.iter().find(|(key, _)| key.text() == Some(name)).map(|(_, value)| value)
    }

    /// Is the field written, even with nothing in it?
    pub(super) fn has(&self, name: &str) -> bool {
        self.node(name).is_some()
    }

    /// Where the field's value is; the mapping's place if there is none.
    pub(super) fn place_of(&self, name: &str) -> Place {
        self.node(name).map_or(self.place, |node| node.place)
    }
}

/// The known name that a wrong one was probably meant to be: at most a third of its letters away.
pub(super) fn closest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    // A name of thousands of letters is nobody's typing error.
    known
        .iter()
        .filter(|_| name.len() <= 100)
        .map(|candidate| (strsim::levenshtein(name, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(name.len()).div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
