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
#[cfg(test)]
mod laws;
mod lex;
mod parse;
pub mod pattern;
mod required;
pub mod when;

use std::fmt;

use aho_corasick::{AhoCorasick, MatchKind, packed};
use memchr::memmem;

use crate::model::{Error, Level, Needs, Role, Slots};
use expr::{Expr, Name, Relation};

pub use pattern::{Case, Pattern, PatternOptions};
pub use required::TEXT_PARTS;
pub use when::When;

/// A condition on an entry's values, ready to run. The default holds for every entry. Threads run faster
/// with a clone each, since a clone's regular expressions have their own scratch memory.
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
    /// One search for each; for so few that is faster than one for all.
    Few(Vec<memmem::Finder<'static>>),
    /// All at once, a few bytes of each in registers.
    Packed(packed::Searcher),
    Several(AhoCorasick),
    /// There is no such searcher (too large); every place is a candidate.
    Everywhere,
}

/// Up to how many strings are searched for one by one.
const FEW: usize = 4;

/// A vectorised search for these strings, where the processor has one: not for many, nor for short ones, of
/// which too many places would have to be looked at.
fn packed_searcher(strings: &[Box<[u8]>]) -> Option<packed::Searcher> {
    const MOST: usize = 64;
    const LEAST_LENGTH: usize = 4;
    if strings.len() > MOST || strings.iter().any(|string| string.len() < LEAST_LENGTH) {
        return None;
    }
    let mut builder = packed::Config::new().match_kind(packed::MatchKind::LeftmostFirst).builder();
    builder.extend(strings).build()
}

/// A search that goes forward through one text, and looks at no byte twice for any string.
#[derive(Debug)]
pub struct Occurrences<'l, 't> {
    literals: &'l Literals,
    text: &'t [u8],
    /// For each string (or for all, where they are searched for at once) the next place known.
    next: Vec<usize>,
}

impl Occurrences<'_, '_> {
    /// Does a string begin at or after `at` and before `end`? `at` never goes back.
    #[inline]
    pub fn any_within(&mut self, at: usize, end: usize) -> bool {
        // Where one is found the others need not be looked for.
        self.next.iter_mut().enumerate().any(|(index, next)| {
            if *next < at {
                *next = self.literals.find_one(index, self.text, at);
            }
            *next < end
        })
    }

    /// The next place at or after `at` where a string begins; the text's length if there is none. `at` never
    /// goes back.
    #[inline]
    pub fn next_at(&mut self, at: usize) -> usize {
        let mut nearest = self.text.len();
        for (index, next) in self.next.iter_mut().enumerate() {
            if *next < at {
                *next = self.literals.find_one(index, self.text, at);
            }
            nearest = nearest.min(*next);
        }
        nearest
    }
}

impl Literals {
    /// A search through `text` from `at` on.
    pub fn occurrences<'l, 't>(&'l self, text: &'t [u8], at: usize) -> Occurrences<'l, 't> {
        let searches = if let Searcher::Few(finders) = &self.searcher { finders.len() } else { 1 };
        let next = (0..searches).map(|index| self.find_one(index, text, at)).collect();
        Occurrences { literals: self, text, next }
    }

    /// Where the string of this index begins next, or any string where they are searched for at once.
    fn find_one(&self, index: usize, text: &[u8], at: usize) -> usize {
        let rest = text.get(at..).unwrap_or_default();
        let found = match &self.searcher {
            Searcher::Few(finders) => finders[index].find(rest),
            Searcher::Packed(searcher) => searcher.find(rest).map(|found| found.start()),
            Searcher::Several(searcher) => searcher.find(rest).map(|found| found.start()),
            Searcher::Everywhere => Some(0),
        };
        found.map_or(text.len(), |found| at + found)
    }

    /// A searcher for these strings; of none, every place is a candidate.
    pub fn any_of(strings: Vec<Box<[u8]>>) -> Literals {
        Literals::new(strings)
    }

    fn new(strings: Vec<Box<[u8]>>) -> Literals {
        let searcher = match strings.as_slice() {
            [] => Searcher::Everywhere,
            few if few.len() <= FEW => {
                Searcher::Few(few.iter().map(|string| memmem::Finder::new(string).into_owned()).collect())
            }
            several => match packed_searcher(several) {
                Some(searcher) => Searcher::Packed(searcher),
                None => AhoCorasick::builder()
                    .match_kind(MatchKind::LeftmostFirst)
                    .build(several)
                    .map_or(Searcher::Everywhere, Searcher::Several),
            },
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
            Searcher::Few(finders) => finders
                .iter()
                .filter_map(|finder| finder.find(rest).map(|found| (found, finder.needle().len())))
                .min_by_key(|(found, _)| *found)
                .map(|(found, length)| at + found..at + found + length),
            Searcher::Packed(searcher) => {
                searcher.find(rest).map(|found| at + found.start()..at + found.end())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Text, Timestamp, Value};

    /// The entry that the tables below are about.
    fn entry<'a>(needs: &Needs) -> Slots<'a> {
        let mut slots = Slots::new(needs);
        slots.ts = Some(Timestamp(1_703_387_160_000_000_000));
        slots.level = Some(Level::Warn);
        slots.duration = Some(750.0);
        let mut probe = needs.clone();
        for (name, value) in [
            ("message", Value::plain(b"upstream timed out")),
            (".message", Value::plain(b"raw")),
            ("status", Value::Number(b"503")),
            ("duration", Value::plain(b"0.75s")),
            ("gateway", Value::plain(b"stripe")),
            ("quoted", Value::Text(Text { raw: br#"say \"hi\""#, escaped: true })),
            ("code", Value::plain(b"200")),
            ("word", Value::plain(b"abc")),
            ("took_us", Value::Number(b"1500")),
            ("wait", Value::plain(b"7.08ms")),
            ("size", Value::Number(b"10240")),
            ("human", Value::plain(b"10KiB")),
            ("cached", Value::Bool(true)),
            ("flag", Value::plain(b"false")),
            ("nothing", Value::Null),
            ("pool.active", Value::Number(b"20")),
            ("big", Value::Number(b"9007199254740993")),
            ("tags", Value::Nested(br#"["blue","dark \"red\""]"#)),
            ("odd name", Value::Number(b"1")),
            ("in", Value::Number(b"2")),
        ] {
            let slot = probe.name(name);
            slots.set(slot, value);
        }
        slots
    }

    fn holds(condition: &str) -> bool {
        let mut needs = Needs::none();
        let filter = Filter::parse(condition, &mut needs).unwrap_or_else(|e| panic!("{condition}: {e}"));
        let mut again = Needs::none();
        let printed = filter.to_string();
        assert_eq!(Filter::parse(&printed, &mut again).as_ref(), Ok(&filter), "{condition} -> {printed}");
        filter.matches(&entry(&needs))
    }

    #[test]
    fn conditions_that_hold() {
        for condition in [
            "level >= warn and duration > 500ms and gateway in [\"stripe\", 'paypal'] and message =~ \"time(d )?out\" and not has(error_code)",
            "true",
            "not false",
            "level == WARNING",
            "level != 'error'",
            "level in [warn, fatal]",
            "level < error",
            "level =~ '^warn$'",
            "ts >= '2023-12-24T03:06:00Z' and ts < '2023-12-24T04:07+01:00'",
            "ts < 1703387161",
            "ts > '2023-12-23'",
            "duration == 750",
            "duration == 0.75s",
            "duration =~ 's$'",
            "500ms < duration",
            "status == 503",
            "status == '503'",
            "status in [500, 503]",
            "status >= 500 and status < 600",
            "code == 200",
            "code == 2e2",
            "code == '200'",
            "code != '200.0'",
            "word != 1",
            "word < 'abd'",
            "took_us == 1.5ms",
            "took_us == 1500",
            "wait > 7ms and wait < 7.1ms",
            "size == 10KiB",
            "human == 10KiB",
            "human > 10kB",
            "cached == true",
            "flag == false",
            "flag != true",
            "word != true",
            "quoted == 'say \"hi\"'",
            "quoted contains '\"hi'",
            "tags contains 'blue'",
            "tags contains 'dark \"red'",
            "nothing == null",
            "absent == null",
            "word != null",
            "not (absent == 1)",
            "not absent == 1",
            "pool.active == 20",
            "big == 9007199254740993",
            "big != 9007199254740992",
            "`odd name` == 1",
            "`in` == 2",
            ".message == 'raw'",
            "message contains 'timed'",
            "message !~ 'time out'",
            "false or true and true",
            "not not not (false or false)",
        ] {
            assert!(holds(condition), "{condition}");
        }
    }

    #[test]
    fn conditions_that_do_not_hold() {
        for condition in [
            "level > warn",
            "level == error",
            "ts < '2023-12-24T03:06:00Z'",
            "absent == 1",
            "absent != 1",
            "absent < 1",
            "absent !~ 'x'",
            "absent contains ''",
            "nothing == 'null'",
            "nothing != 1",
            "word > 1",
            "word < 1",
            "word == 1",
            "code == '200.0'",
            "quoted == 'say'",
            "cached == false",
            "word == true",
            "big == 9007199254740992",
            "big > 9007199254740993",
            "tags == 'blue'",
            "has(absent)",
            "has(nothing)",
            "false",
            "status in ['50', '3']",
        ] {
            assert!(!holds(condition), "{condition}");
        }
    }

    #[test]
    fn errors_point_at_the_place_and_say_what_to_write() {
        for (condition, at, hint) in [
            ("", "", "write one like"),
            ("status = 500", "=", "`==`"),
            ("a == 1 && b == 2", "&&", "`and`"),
            ("a == 1 || b == 2", "||", "`or`"),
            ("! has(a)", "!", "`not`"),
            ("a === 1", "===", "`==`"),
            ("a <> 1", "<>", "`!=`"),
            ("a ~ 'x'", "~", "`=~`"),
            ("gateway == stripe", "stripe", "\"stripe\""),
            ("cached", "cached", "has(cached)"),
            ("cached and x == 1", "cached", "has(cached)"),
            ("(cached)", "cached", "has(cached)"),
            ("lower(a) == 1", "lower", "has(name)"),
            ("level >= wran", "wran", "levels are"),
            ("level >= 40", "40", ".level"),
            ("duration > 'long'", "'long'", "500ms"),
            ("duration > 5 parsecs", "parsecs", ""),
            ("duration > 5parsecs", "5parsecs", "500ms"),
            ("ts > 'soon'", "'soon'", "2023"),
            ("a =~ '(x'", "'(x'", "contains"),
            ("a == 'x", "'x", "close it"),
            ("a == “x”", "“", "straight"),
            ("(a == 1", "(", "add `)`"),
            ("a == 1)", ")", ""),
            ("a == 1 AND b == 1", "AND", "lower case: `and`"),
            ("a not in ['x']", "not", "not (name in"),
            ("a in 'x'", "'x'", "square brackets"),
            ("a in []", "]", "empty list"),
            ("a in {'x'}", "{", "square brackets"),
            ("a < null", "null", "has(a)"),
            ("a < true", "true", "== or !="),
            ("'x'", "'x'", "compare it"),
            ("and", "and", "backticks"),
            ("a ==", "", ""),
            ("`a == 1", "`a == 1", "second backtick"),
            ("`` == 1", "``", "between the backticks"),
            ("a == 1 # x", "#", "backticks"),
        ] {
            let error = Filter::parse(condition, &mut Needs::none()).expect_err(condition);
            let (source, span) = error.source_span.clone().expect(condition);
            assert_eq!((&source[span], source.as_str()), (at, condition), "{condition}: {error}");
            let found = error.hint.clone().unwrap_or_default();
            assert!(found.contains(hint), "{condition}: {error}; {found}");
        }
    }

    #[test]
    fn deep_and_long_conditions_do_no_harm() {
        let mut needs = Needs::none();
        assert!(Filter::parse(&"(".repeat(100_000), &mut needs).is_err());
        assert!(Filter::parse(&"[".repeat(100_000), &mut needs).is_err());
        assert!(Filter::parse(&"-".repeat(100_000), &mut needs).is_err());
        let nots = format!("{}has(a)", "not ".repeat(100_001));
        assert_eq!(Filter::parse(&nots, &mut needs).unwrap().to_string(), "not has(a)");
        let ands = vec!["has(a)"; 90_000].join(" and ");
        assert!(Filter::parse(&ands, &mut needs).unwrap().matches(&Slots::new(&needs)).eq(&false));
        let deep = format!("{}has(a){}", "not (".repeat(256), ")".repeat(256));
        assert!(Filter::parse(&deep, &mut needs).is_ok());
        assert!(Filter::parse(&format!("a =~ '{}'", "x".repeat(20_000)), &mut needs).is_err());
        assert!(Filter::parse(r"a =~ '\w{500}{500}'", &mut needs).is_err());
    }

    #[test]
    fn what_decides_must_have_a_value() {
        for (condition, decidable) in [
            ("status < 500", true),
            ("absent == 1", false),
            ("status < 500 or absent == 1", false),
            ("status < 500 and not has(absent)", true),
            ("not (has(absent) or status == 1)", true),
            ("status < 500 and has(absent)", false),
            ("not (absent == 1)", false),
            ("level < error and duration < 1s and ts > 1703387160", true),
        ] {
            let mut needs = Needs::none();
            let filter = Filter::parse(condition, &mut needs).unwrap();
            assert_eq!(filter.decidable(&entry(&needs)), decidable, "{condition}");
        }
    }

    #[test]
    fn literals_are_what_every_match_must_have() {
        for (condition, with_keys, without) in [
            ("gateway == 'stripe'", Some("stripe"), Some("stripe")),
            ("gateway == 'xx'", Some("gateway"), Some("xx")),
            ("gateway in ['stripe', 'paypal']", Some("paypal|stripe"), Some("paypal|stripe")),
            ("level == error and processing_time_ms > 300", Some("processing_time_ms"), None),
            ("message =~ 'time(d )?out' and gateway == 'ab'", Some("gateway"), Some("time")),
            ("message =~ '(?i)timeout'", None, None),
            (
                "message =~ 'Payment (completed|gateway error)'",
                Some("completed|gateway error"),
                Some("completed|gateway error"),
            ),
            ("message =~ 'x*(foo|barbar)+'", Some("barbar|foo"), Some("barbar|foo")),
            ("message =~ '(foo)*'", None, None),
            ("message contains 'a/bcd\"'", Some("bcd"), Some("bcd")),
            ("message contains '한'", None, None),
            ("not (gateway == 'stripe')", None, None),
            ("gateway != 'stripe'", Some("gateway"), None),
            ("has(pool.active)", Some("active"), None),
            ("has(list.0)", None, None),
            ("status == 500", None, None),
            (".status == 500", Some("status"), None),
            ("status == '500'", Some("500"), Some("500")),
            ("service == 'payments'", None, None),
            ("a == 'stripe' or has(b)", Some("b|stripe"), None),
            ("a == 'stripe' or level == error", None, None),
            ("cached == true", Some("true"), Some("true")),
        ] {
            let filter = Filter::parse(condition, &mut Needs::none()).unwrap();
            for (keys, expected) in [(true, with_keys), (false, without)] {
                let found = filter.literals(keys).map(|literals| {
                    literals.strings().map(String::from_utf8_lossy).collect::<Vec<_>>().join("|")
                });
                assert_eq!(found.as_deref(), expected, "{condition}, keys {keys}");
            }
        }
        let literals =
            Filter::parse("a in ['stripe', 'paypal']", &mut Needs::none()).unwrap().literals(false);
        assert_eq!(literals.unwrap().find_at(b"paypal, stripe, paypal", 1), Some(8..14));
    }

    #[test]
    fn the_least_level_is_known() {
        for (condition, level) in [
            ("level >= warn", Some(Level::Warn)),
            ("level > warn and a == 1", Some(Level::Error)),
            ("level in [fatal, error]", Some(Level::Error)),
            ("level == info or level == error", Some(Level::Info)),
            ("level == info or a == 1", None),
            ("level < error", None),
            ("not level == error", None),
            (".level == 'x'", None),
        ] {
            let filter = Filter::parse(condition, &mut Needs::none()).unwrap();
            assert_eq!(filter.least_level(), level, "{condition}");
        }
        let filter = Filter::level_at_least(Level::Error, &mut Needs::none());
        assert_eq!(filter.to_string(), "level >= error");
        assert!(Filter::and(Vec::new()).is_everything());
    }
}
