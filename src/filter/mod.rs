//! The condition language and patterns: parsed once, run often.
//!
//! # What a condition means
//!
//! ```text
//! level >= warn and duration > 500ms and gateway in ["stripe", "paypal"] and message =~ "time(d )?out"
//! ```
//!
//! * A *name* is a role (`ts level message logger service host request_id trace_id span_id user duration
//!   status thread`), else a field, nested ones by dots. `.name` is the field whatever the roles are. Odd
//!   names go in backticks, which also turn keywords into names; a doubled backtick stands for one.
//! * A comparison with a name that has no value (absent, or JSON `null`) is false, `!=` and `!~` included:
//!   what is not there is not unequal either. `not (x == 1)` is true for it. `x == null` is `not has(x)`.
//! * With a number, the value is compared as a number, also if it is text that is one (`"200"`, `200`,
//!   `2e2`); a value that is no number is unequal, and neither less nor more. Integers are compared exactly.
//! * With text in quotes, the value is compared as text, byte by byte, escapes undone: the JSON number 200
//!   equals `"200"`; lists and objects are compared as they are written.
//! * With a duration, the value is read in the unit of its text (`7.08ms`), else in the unit of the field's
//!   name (`durationMs`, `took_us`, `latency_seconds`), else in milliseconds. The role `duration` is in
//!   milliseconds, and so is a number that it is compared with.
//! * With a size, the value is a number of bytes, or text with a size's unit.
//! * `level` compares by severity, with the words of every vocabulary (`warning`, `CRITICAL`), bare or in
//!   quotes; as text it is the canonical name. `ts` compares with times in quotes, UTC unless they say else.
//! * `contains` is a substring, of a list or an object as it is written, escapes undone. `=~` is a regular
//!   expression found anywhere in the value, in linear time; `!~` needs a value that does not match.
//! * `not` binds tightest, then `and`, then `or`. `true` and `false` alone are conditions.

mod eval;
mod expr;
mod lex;
mod parse;
pub mod pattern;
mod required;
pub mod when;

use std::fmt;

use aho_corasick::{AhoCorasick, MatchKind};
use memchr::memmem;

use crate::model::{Error, Level, Needs, Role, Slots};
use expr::{Expr, Name, Relation};

pub use pattern::{Case, Pattern, PatternOptions};
pub use when::When;

/// A condition on an entry's values, ready to run. The default holds for every entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    expr: Expr,
    /// The names whose values decide.
    deciding: Vec<Name>,
}

impl Filter {
    /// Reads a condition and asks `needs` for every name in it. An error points at the place.
    pub fn parse(source: &str, needs: &mut Needs) -> Result<Filter, Error> {
        parse::parse(source, needs).map(Filter::new)
    }

    /// The filter that every entry passes.
    pub fn everything() -> Filter {
        Filter::new(Expr::All(Vec::new()))
    }

    /// Entries of this level or a worse one.
    pub fn level_at_least(level: Level, needs: &mut Needs) -> Filter {
        let mut name = Name::new(false, Role::Level.name().to_owned());
        name.slot = needs.role(Role::Level);
        Filter::new(Expr::Compare(name, Relation::GreaterOrEqual, expr::Literal::level(level)))
    }

    /// Entries that pass all of these; of none, every entry.
    pub fn and(filters: Vec<Filter>) -> Filter {
        Filter::new(Expr::all(filters.into_iter().map(|filter| filter.expr).collect()))
    }

    /// Entries that do not pass this one.
    #[must_use]
    pub fn negated(self) -> Filter {
        Filter::new(self.expr.negated())
    }

    fn new(expr: Expr) -> Filter {
        let mut deciding = Vec::new();
        collect_deciding(&expr, true, &mut deciding);
        Filter { expr, deciding }
    }

    /// Does every entry pass?
    pub fn is_everything(&self) -> bool {
        matches!(&self.expr, Expr::All(parts) if parts.is_empty())
    }

    /// Does the entry with these values pass?
    pub fn matches(&self, slots: &Slots<'_>) -> bool {
        eval::holds(&self.expr, slots)
    }

    /// Has every name a value on which the outcome depends? Names that only occur as `not has(name)` are
    /// not asked for one. This is how `--success` decides whether an entry is a request at all.
    pub fn decidable(&self, slots: &Slots<'_>) -> bool {
        self.deciding.iter().all(|name| eval::has(name, slots))
    }

    /// Byte strings of which at least one is in the raw text of every entry that passes; `None` if nothing
    /// can be required. `keys_in_text` says that the format writes the names of fields beside their values,
    /// as JSON and logfmt do and access logs do not.
    ///
    /// Holds for formats whose values are slices of the entry; not for those that join a value from pieces.
    pub fn literals(&self, keys_in_text: bool) -> Option<Literals> {
        required::of_expr(&self.expr, keys_in_text).map(Literals::new)
    }

    /// The lowest level that a passing entry can have, if the condition says so.
    pub fn least_level(&self) -> Option<Level> {
        least_level(&self.expr)
    }
}

impl Default for Filter {
    fn default() -> Self {
        Filter::everything()
    }
}

/// The canonical form: parsing it gives the same filter.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr.fmt(f)
    }
}

fn collect_deciding(expr: &Expr, positive: bool, names: &mut Vec<Name>) {
    let name = match expr {
        Expr::All(parts) | Expr::Any(parts) => {
            return parts.iter().for_each(|part| collect_deciding(part, positive, names));
        }
        Expr::Not(inner) => return collect_deciding(inner, !positive, names),
        Expr::Has(_) if !positive => return,
        Expr::Has(name)
        | Expr::Compare(name, ..)
        | Expr::In(name, _)
        | Expr::Contains(name, _)
        | Expr::Matches(name, ..) => name,
    };
    if !names.contains(name) {
        names.push(name.clone());
    }
}

fn least_level(expr: &Expr) -> Option<Level> {
    let of_literal = |literal: &expr::Literal| match literal.meaning {
        expr::Meaning::Level(level) => Some(level),
        _ => None,
    };
    match expr {
        Expr::All(parts) => parts.iter().filter_map(least_level).max(),
        Expr::Any(parts) => parts.iter().map(least_level).min().flatten(),
        Expr::Compare(_, Relation::Equal | Relation::GreaterOrEqual, literal) => of_literal(literal),
        Expr::Compare(_, Relation::Greater, literal) => {
            let level = of_literal(literal)?;
            Some(Level::ALL.into_iter().find(|&worse| worse > level).unwrap_or(level))
        }
        Expr::In(_, literals) => literals.iter().map(of_literal).min().flatten(),
        _ => None,
    }
}

/// Byte strings, at least one of which is in every entry that can pass, with a searcher for them.
#[derive(Clone, Debug)]
pub struct Literals {
    strings: Vec<Box<[u8]>>,
    searcher: Searcher,
}

#[derive(Clone, Debug)]
enum Searcher {
    One(memmem::Finder<'static>),
    Several(AhoCorasick),
    /// There is no such searcher (too large); every place is a candidate.
    Everywhere,
}

impl Literals {
    fn new(strings: Vec<Box<[u8]>>) -> Literals {
        let searcher = match strings.as_slice() {
            [one] => Searcher::One(memmem::Finder::new(one).into_owned()),
            several => AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostFirst)
                .build(several)
                .map_or(Searcher::Everywhere, Searcher::Several),
        };
        Literals { strings, searcher }
    }

    /// The strings.
    pub fn strings(&self) -> impl Iterator<Item = &[u8]> {
        self.strings.iter().map(AsRef::as_ref)
    }

    /// The first one at or after `at`.
    pub fn find_at(&self, haystack: &[u8], at: usize) -> Option<std::ops::Range<usize>> {
        let rest = haystack.get(at..)?;
        match &self.searcher {
            Searcher::One(finder) => {
                finder.find(rest).map(|found| at + found..at + found + self.strings[0].len())
            }
            Searcher::Several(searcher) => {
                searcher.find(rest).map(|found| at + found.start()..at + found.end())
            }
            Searcher::Everywhere => Some(at..at),
        }
    }

    /// Is one of them in there?
    pub fn occur_in(&self, haystack: &[u8]) -> bool {
        self.find_at(haystack, 0).is_some()
    }
}
