//! Variables in texts: `$name`, `${name:notation}`, `[[name:notation]]`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::choice::Choice;
use super::moment;
use super::timing::Timing;
use crate::model::Timestamp;

/// What names stand for.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'s> {
    /// The variables of the dashboard.
    pub choices: &'s BTreeMap<String, Choice>,
    /// Those that a repetition gives one value, which come first.
    pub local: &'s BTreeMap<String, Choice>,
    /// The times that built-in variables tell of.
    pub timing: &'s Timing,
}

/// A text in which variables were replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The text.
    pub text: String,
    /// Variables in it that have no value.
    pub empty: Vec<String>,
    /// Is it only the beginning, because the whole would be too long?
    pub cut: bool,
}

impl Written {
    /// A text in which nothing is replaced.
    pub fn plain(text: &str) -> Self {
        Written { text: text.to_owned(), ..Written::default() }
    }
}

/// References are no longer than this: a bracket that nothing closes is not looked for to the end.
const LONGEST: usize = 300;

/// Texts grow no longer than this, however often a variable with many values stands in them.
pub const MOST: usize = 96 << 10;

/// Titles are no longer than this, in bytes.
const HEADING: usize = 1_000;

/// The beginning of a text.
pub(super) fn clip(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..end]
}

/// A title no longer than people read.
pub fn clipped(text: &str) -> String {
    if text.len() <= HEADING { text.to_owned() } else { format!("{}…", clip(text, HEADING)) }
}

/// A reference to a variable within a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reference<'t> {
    /// How long it is, with its marks.
    length: usize,
    name: &'t str,
    field: Option<&'t str>,
    notation: Option<&'t str>,
}

impl Scope<'_> {
    /// A query with variables replaced.
    pub fn query(&self, text: &str) -> Written {
        self.replaced(text, None)
    }

    /// A title of one line, as [`Scope::title`], and no longer than people read.
    pub fn heading(&self, text: &str) -> String {
        clipped(&self.title(clip(text, 2 * HEADING)))
    }

    /// A text with variables replaced, for people.
    pub fn title(&self, text: &str) -> String {
        self.replaced(text, Some("text")).text
    }

    /// Every text in these values, as titles; all together no longer than a query may be.
    pub fn within<'v>(&self, values: impl Iterator<Item = &'v mut Value>) {
        let mut room = MOST;
        values.for_each(|value| self.put(value, &mut room));
    }

    fn put(&self, value: &mut Value, room: &mut usize) {
        match value {
            Value::String(text) if text.contains(['$', '[']) && text.len() <= *room => {
                let title = self.title(text);
                *room = room.saturating_sub(title.len());
                *text = title;
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.put(item, room)),
            Value::Object(map) => map.values_mut().for_each(|inner| self.put(inner, room)),
            _ => {}
        }
    }

    fn choice(&self, name: &str) -> Option<&Choice> {
        self.local.get(name).or_else(|| self.choices.get(name))
    }

    fn replaced(&self, text: &str, usual: Option<&str>) -> Written {
        let mut written = Written::default();
        let mut rest = text;
        while let Some(at) = rest.find(['$', '[']) {
            written.text.push_str(&rest[..at]);
            rest = &rest[at..];
            let found = reference(rest)
                .and_then(|found| Some((found, self.value(&found, usual, &mut written.empty)?)));
            match found {
                Some((found, value)) if written.text.len() + value.len() <= MOST => {
                    written.text.push_str(&value);
                    rest = &rest[found.length..];
                }
                Some((_, value)) => {
                    written.text.extend(value.chars().take(100));
                    written.text.push('…');
                    written.cut = true;
                    return written;
                }
                // What is no variable stands for itself.
                None => {
                    written.text.push_str(&rest[..1]);
                    rest = &rest[1..];
                }
            }
        }
        written.text.push_str(rest);
        written
    }

    fn value(&self, found: &Reference<'_>, usual: Option<&str>, empty: &mut Vec<String>) -> Option<String> {
        if let Some(choice) = self.choice(found.name) {
            if choice.is_empty() && !empty.iter().any(|name| name == found.name) {
                empty.push(found.name.to_owned());
            }
            let notation = if found.field == Some("text") { Some("text") } else { found.notation.or(usual) };
            return Some(choice.written(found.name, notation));
        }
        let value = self.timing.builtin(found.name)?;
        match found.notation {
            Some(notation) if notation == "date" || notation.starts_with("date:") => {
                let at = Timestamp::from_millis(value.parse().ok()?)?;
                Some(match notation.strip_prefix("date:") {
                    Some("seconds") => (at.millis() / 1_000).to_string(),
                    Some("iso") | None => at.to_string(),
                    Some(notation) => moment::written(at, notation),
                })
            }
            _ => Some(value),
        }
    }
}

/// The names that a text refers to.
pub fn names(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['$', '[']) {
        rest = &rest[at..];
        let length = reference(rest).map_or(1, |found| {
            names.push(found.name);
            found.length
        });
        rest = &rest[length..];
    }
    names
}

/// The reference that a text begins with.
fn reference(text: &str) -> Option<Reference<'_>> {
    let word = |text: &str| text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    let (opening, closing) = if text.starts_with("${") {
        ("${", "}")
    } else if text.starts_with("[[") {
        ("[[", "]]")
    } else {
        let name = text.strip_prefix('$')?;
        let end = word(name);
        return (end > 0).then(|| Reference {
            length: end + 1,
            name: &name[..end],
            field: None,
            notation: None,
        });
    };
    let inner = &text[opening.len()..];
    if !inner.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
        return None;
    }
    let near = &inner.as_bytes()[..inner.len().min(LONGEST)];
    let end = memchr::memchr(closing.as_bytes()[0], near).filter(|end| inner[*end..].starts_with(closing))?;
    let (path, notation) = match inner[..end].split_once(':') {
        Some((path, notation)) => (path, Some(notation)),
        None => (&inner[..end], None),
    };
    let (name, field) = match path.split_once('.') {
        Some((name, field)) => (name, Some(field)),
        None => (path, None),
    };
    let whole = !name.is_empty() && word(name) == name.len();
    whole.then_some(Reference { length: opening.len() + end + closing.len(), name, field, notation })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_too_long_is_cut() {
        let many = Choice { texts: Vec::new(), values: vec!["x".repeat(50); 500], ..Choice::default() };
        let choices = BTreeMap::from([("a".to_owned(), many)]);
        let local = BTreeMap::new();
        let scope = Scope { choices: &choices, local: &local, timing: &Timing::default() };
        assert!(!scope.query("$a $a").cut);
        let long = scope.query(&"$a".repeat(1_000_000));
        assert!(long.cut && long.text.len() < MOST + 500);
        // Brackets that nothing closes are no search to the end.
        assert!(scope.heading(&"x".repeat(1_000_000)).len() < 2_000);
        let open = "[[${".repeat(500_000);
        assert_eq!(scope.query(&open).text.len(), open.len());
    }

    #[test]
    fn references_in_every_notation() {
        let choices = BTreeMap::from([
            ("job".to_owned(), Choice::one("node")),
            ("none".to_owned(), Choice { several: true, ..Choice::default() }),
        ]);
        let timing = Timing {
            from: 1_703_385_000_000,
            to: 1_703_388_600_000,
            step: 15_000,
            interval: 15_000,
            sampled: 15_000,
        };
        let local = BTreeMap::from([("disk".to_owned(), Choice { several: true, ..Choice::one("/a.b") })]);
        let scope = Scope { choices: &choices, local: &local, timing: &timing };
        for (text, written) in [
            ("up{job=\"$job\"}", "up{job=\"node\"}"),
            ("${job}_total [[job]] [[job:csv]] ${job:regex} ${job.text}", "node_total node node node node"),
            ("$disk ${disk:raw}", "/a\\\\.b /a.b"),
            ("rate(x[$__rate_interval])", "rate(x[1m])"),
            ("x[${__range_s}s] $__from", "x[3600s] 1703385000000"),
            ("${__to:date:iso} ${__to:date:seconds}", "2023-12-24T03:30:00Z 1703388600"),
            ("${__from:date:YYYY-MM} ${__from:date}", "2023-12 2023-12-24T02:30:00Z"),
            (
                "label_replace(x, \"a\", \"$1\", \"b\", \"(.*)$\")",
                "label_replace(x, \"a\", \"$1\", \"b\", \"(.*)$\")",
            ),
            ("x{a=~\"[a-z]+$\"} $unknown ${un:csv} $ ${", "x{a=~\"[a-z]+$\"} $unknown ${un:csv} $ ${"),
        ] {
            assert_eq!(scope.query(text).text, written, "{text}");
        }
        assert_eq!(scope.query("a{b=~\"$none\", c=\"${none}\"}").empty, ["none"]);
        assert_eq!(scope.title("Disk $disk of $job"), "Disk /a.b of node");
        assert_eq!(names("$a [[b:csv]] ${c.text:x} $$ [d]"), ["a", "b", "c"]);
    }
}
