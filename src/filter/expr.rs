//! The tree of a condition, and how it is written in its canonical form.

use std::fmt;

use memchr::memmem::Finder;
use regex::bytes::Regex;

use crate::model::{Level, Role, Slot, Timestamp, Unit};

/// A condition. `All` and `Any` are flat lists, so that a long chain is no deep tree.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    /// Every one of them; none at all is true.
    All(Vec<Expr>),
    /// At least one of them; none at all is false.
    Any(Vec<Expr>),
    /// Not that. Never holds another `Not`.
    Not(Box<Expr>),
    /// The name has a value.
    Has(Name),
    /// The name's value stands in this relation to the literal.
    Compare(Name, Relation, Literal),
    /// The name's value equals one of these.
    In(Name, Vec<Literal>),
    /// The name's value has this text in it.
    Contains(Name, Needle),
    /// The name's value matches, or has a value and does not match.
    Matches(Name, Pattern, bool),
}

impl Expr {
    /// The opposite.
    pub(super) fn negated(self) -> Expr {
        match self {
            Expr::Not(inner) => *inner,
            other => Expr::Not(Box::new(other)),
        }
    }

    /// All of these; lists within the list are opened.
    pub(super) fn all(parts: Vec<Expr>) -> Expr {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Expr::All(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() == 1 { flat.remove(0) } else { Expr::All(flat) }
    }

    /// Any of these; lists within the list are opened.
    pub(super) fn any(parts: Vec<Expr>) -> Expr {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Expr::Any(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() == 1 { flat.remove(0) } else { Expr::Any(flat) }
    }
}

/// The name of a role or a field.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Name {
    /// Written with a leading dot: the field, whatever the roles are.
    pub(super) raw: bool,
    /// The path, nested names joined by dots.
    pub(super) path: String,
    /// The role, if it is one.
    pub(super) role: Option<Role>,
    /// Where the value will be; known once the parser has asked for it.
    pub(super) slot: Slot,
    /// The unit that the name ends in; milliseconds if in none.
    pub(super) unit: Unit,
}

impl Name {
    pub(super) fn new(raw: bool, path: String) -> Name {
        let role = if raw { None } else { Role::from_name(&path) };
        let last = path.rsplit('.').next().unwrap_or(&path);
        let unit = Unit::of_name(last).map_or(Unit::Millis, |(unit, _)| unit);
        Name { raw, role, slot: Role::Ts.slot(), unit, path }
    }
}

/// A relation between a value and a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Relation {
    pub(super) const ALL: [Relation; 6] = [
        Relation::Equal,
        Relation::NotEqual,
        Relation::Less,
        Relation::LessOrEqual,
        Relation::Greater,
        Relation::GreaterOrEqual,
    ];

    pub(super) const fn sign(self) -> &'static str {
        match self {
            Relation::Equal => "==",
            Relation::NotEqual => "!=",
            Relation::Less => "<",
            Relation::LessOrEqual => "<=",
            Relation::Greater => ">",
            Relation::GreaterOrEqual => ">=",
        }
    }

    /// The relation that holds between `b` and `a` when this one holds between `a` and `b`.
    pub(super) const fn flipped(self) -> Relation {
        match self {
            Relation::Less => Relation::Greater,
            Relation::LessOrEqual => Relation::GreaterOrEqual,
            Relation::Greater => Relation::Less,
            Relation::GreaterOrEqual => Relation::LessOrEqual,
            same => same,
        }
    }
}

/// A literal, with the way it was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Literal {
    /// As it is written in the canonical form, strings without quotes and escapes.
    pub(super) text: String,
    pub(super) meaning: Meaning,
}

/// What a literal means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Meaning {
    /// The literal's text itself.
    Text,
    Bool(bool),
    /// A number; `exact` if a float cannot hold it.
    Number {
        value: f64,
        exact: Option<i64>,
    },
    /// In milliseconds.
    Duration(f64),
    /// In bytes.
    Size(f64),
    /// Compared by severity.
    Level(Level),
    /// A time written as text; the role `ts` is compared with the instant.
    Time(Timestamp),
}

/// The largest integer up to which a float holds every one.
const FLOAT_INTEGERS: f64 = 9_007_199_254_740_992.0;

impl Literal {
    pub(super) fn text(text: impl Into<String>) -> Literal {
        Literal { text: text.into(), meaning: Meaning::Text }
    }

    pub(super) fn number(word: &str) -> Literal {
        let value: f64 = word.parse().unwrap_or_default();
        let exact = if value.abs() >= FLOAT_INTEGERS { word.parse().ok() } else { None };
        Literal { text: word.to_owned(), meaning: Meaning::Number { value, exact } }
    }

    pub(super) fn duration(word: &str, ms: f64) -> Literal {
        Literal { text: word.to_owned(), meaning: Meaning::Duration(ms) }
    }

    pub(super) fn size(word: &str, bytes: f64) -> Literal {
        Literal { text: word.to_owned(), meaning: Meaning::Size(bytes) }
    }

    pub(super) fn bool(value: bool) -> Literal {
        Literal { text: value.to_string(), meaning: Meaning::Bool(value) }
    }

    pub(super) fn level(level: Level) -> Literal {
        Literal { text: level.name().to_owned(), meaning: Meaning::Level(level) }
    }

    pub(super) fn time(text: String, at: Timestamp) -> Literal {
        Literal { text, meaning: Meaning::Time(at) }
    }
}

/// Text to be found within a value.
#[derive(Clone, Debug)]
pub(super) struct Needle {
    pub(super) text: String,
    pub(super) finder: Box<Finder<'static>>,
}

impl Needle {
    pub(super) fn new(text: String) -> Needle {
        Needle { finder: Box::new(Finder::new(text.as_bytes()).into_owned()), text }
    }
}

impl PartialEq for Needle {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// A regular expression and its source.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) source: String,
    pub(super) regex: Regex,
    /// Byte strings of which one must be in every match.
    pub(super) literals: Option<Vec<Box<[u8]>>>,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

/// Words that a name cannot be unless it is quoted.
const KEYWORDS: [&str; 9] = ["and", "or", "not", "in", "contains", "has", "true", "false", "null"];

/// As it is typed: in backticks if it would not be read as one name.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.raw {
            f.write_str(".")?;
        }
        let plain = self.path.split('.').enumerate().all(|(i, part)| {
            let starts = if i == 0 { super::lex::starts_name } else { super::lex::continues_name };
            part.starts_with(starts) && part.chars().all(super::lex::continues_name)
        });
        if plain && (self.raw || !KEYWORDS.contains(&self.path.as_str())) {
            f.write_str(&self.path)
        } else {
            write!(f, "`{}`", self.path.replace('`', "``"))
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.meaning {
            Meaning::Text | Meaning::Time(_) => write_quoted(f, &self.text),
            _ => f.write_str(&self.text),
        }
    }
}

fn write_quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            '\r' => f.write_str("\\r")?,
            c if c.is_control() => write!(f, "\\u{{{:x}}}", u32::from(c))?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expr::All(parts) if parts.is_empty() => f.write_str("true"),
            Expr::Any(parts) if parts.is_empty() => f.write_str("false"),
            Expr::All(parts) => write_list(f, parts, " and "),
            // `and` binds tighter than `or`: no parentheses, so that the printed form is never deeper.
            Expr::Any(parts) => write_list(f, parts, " or "),
            Expr::Not(inner) => {
                f.write_str("not ")?;
                match &**inner {
                    Expr::All(parts) | Expr::Any(parts) if !parts.is_empty() => write!(f, "({inner})"),
                    _ => inner.fmt(f),
                }
            }
            Expr::Has(name) => write!(f, "has({name})"),
            Expr::Compare(name, relation, literal) => write!(f, "{name} {} {literal}", relation.sign()),
            Expr::In(name, literals) => {
                write!(f, "{name} in [")?;
                for (i, literal) in literals.iter().enumerate() {
                    write!(f, "{}{literal}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
            Expr::Contains(name, text) => {
                write!(f, "{name} contains ")?;
                write_quoted(f, &text.text)
            }
            Expr::Matches(name, pattern, matches) => {
                write!(f, "{name} {} ", if *matches { "=~" } else { "!~" })?;
                write_quoted(f, &pattern.source)
            }
        }
    }
}

/// Writes parts with a word between them; an `or` within an `and` is put in parentheses.
fn write_list(f: &mut fmt::Formatter<'_>, parts: &[Expr], between: &str) -> fmt::Result {
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            f.write_str(between)?;
        }
        match part {
            Expr::Any(inner) if !inner.is_empty() => write!(f, "({part})")?,
            _ => write!(f, "{part}")?,
        }
    }
    Ok(())
}
