//! What holds for every condition, pattern and time, over generated ones.

use proptest::prelude::*;

use super::when::Reference;
use super::*;
use crate::model::{TimeRange, Timestamp, Value};

/// Names of an entry: roles and fields, nested and odd ones.
const NAMES: [&str; 7] = ["message", "user", "gateway", "pool.active", "took_ms", "`odd name`", ".status"];

/// An entry as it is written: pairs of a name and a JSON value.
#[derive(Clone, Debug)]
struct Written {
    level: Option<Level>,
    ts: i64,
    /// JSON text of the value, for each of [`NAMES`].
    values: Vec<Option<String>>,
}

impl Written {
    /// The entry's own text.
    fn json(&self) -> String {
        let mut text = format!("{{\"ts\":{}", self.ts);
        for (name, value) in NAMES.iter().zip(&self.values) {
            if let Some(value) = value {
                let key = name.trim_matches(['`', '.']);
                let member = match key.split_once('.') {
                    Some((outer, inner)) => format!(",\"{outer}\":{{\"{inner}\":{value}}}"),
                    None => format!(",\"{key}\":{value}"),
                };
                text.push_str(&member);
            }
        }
        text + "}"
    }

    fn slots(&self, needs: &Needs) -> Slots<'_> {
        let mut slots = Slots::new(needs);
        slots.level = self.level;
        slots.ts = Some(Timestamp(self.ts));
        let mut asked = needs.clone();
        for (name, value) in NAMES.iter().zip(&self.values) {
            let Some(text) = value else { continue };
            let slot = asked.name(name.trim_matches('`'));
            slots.set(slot, value_of(text.as_bytes()));
        }
        slots
    }
}

fn value_of(json: &[u8]) -> Value<'_> {
    match json {
        b"null" => Value::Null,
        b"true" => Value::Bool(true),
        b"false" => Value::Bool(false),
        [b'"', raw @ .., b'"'] => Value::Text(crate::model::Text { raw, escaped: raw.contains(&b'\\') }),
        [b'[' | b'{', ..] => Value::Nested(json),
        number => Value::Number(number),
    }
}

fn json_value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        (-3..300_i32).prop_map(|n| n.to_string()),
        "[0-9]{1,3}".prop_map(|n| format!("\"{n}\"")),
        "[a-c.\" /\\\\é]{0,6}".prop_map(|text| serde_json::to_string(&text).unwrap_or_default()),
        "(stripe|paypal|time(d )?out)".prop_map(|text| format!("\"{text}\"")),
        Just("[\"stripe\",7]".to_owned()),
    ]
}

fn written() -> impl Strategy<Value = Written> {
    let level = prop::option::of(prop::sample::select(Level::ALL.to_vec()));
    (level, 0..100_i64, prop::collection::vec(prop::option::of(json_value()), NAMES.len()))
        .prop_map(|(level, ts, values)| Written { level, ts, values })
}

fn literal() -> impl Strategy<Value = String> {
    prop_oneof![
        (-3..300_i32).prop_map(|n| n.to_string()),
        (0..300_u32).prop_map(|n| format!("{n}ms")),
        (0..3_u32).prop_map(|n| format!("{n}KiB")),
        any::<bool>().prop_map(|b| b.to_string()),
        "[a-c.\" /é]{0,4}".prop_map(|text| serde_json::to_string(&text).unwrap_or_default()),
        "(stripe|paypal|timeout|time)".prop_map(|text| format!("'{text}'")),
    ]
}

fn leaf() -> impl Strategy<Value = String> {
    let name = || prop::sample::select(NAMES.to_vec());
    let relation = prop::sample::select(vec!["==", "!=", "==", "contains"]);
    let ordered = prop::sample::select(vec!["<", "<=", ">", ">="]);
    let regex =
        prop::sample::select(vec!["time(d )?out", "(stripe|pay)", "^a", "b+c", "(?i)STRIPE", "", r"\d+"]);
    prop_oneof![
        (name(), relation, literal()).prop_filter_map("contains takes text", |(name, relation, literal)| {
            let text = literal.starts_with(['"', '\'']);
            (text || relation != "contains").then(|| format!("{name} {relation} {literal}"))
        }),
        (name(), ordered, -3..300_i32).prop_map(|(name, relation, n)| format!("{name} {relation} {n}")),
        (name(), prop::collection::vec(literal(), 1..4))
            .prop_map(|(name, literals)| format!("{name} in [{}]", literals.join(", "))),
        (name(), regex, any::<bool>())
            .prop_map(|(name, regex, is)| format!("{name} {} \"{regex}\"", if is { "=~" } else { "!~" })),
        name().prop_map(|name| format!("has({name})")),
        prop::sample::select(Level::ALL.to_vec()).prop_map(|level| format!("level >= {level}")),
        Just("true".to_owned()),
        Just("false".to_owned()),
        name().prop_map(|name| format!("{name} == null")),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    leaf().prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} and {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} or {b})")),
            inner.prop_map(|a| format!("not {a}")),
        ]
    })
}

fn parsed(condition: &str, needs: &mut Needs) -> Filter {
    Filter::parse(condition, needs).unwrap_or_else(|error| panic!("{condition}: {error}"))
}

proptest! {
    #[test]
    fn and_or_and_not_are_those_of_sets(a in condition(), b in condition(), entry in written()) {
        let mut needs = Needs::none();
        let (one, other) = (parsed(&a, &mut needs), parsed(&b, &mut needs));
        let both = parsed(&format!("({a}) and ({b})"), &mut needs);
        let either = parsed(&format!("({a}) or ({b})"), &mut needs);
        let neither = parsed(&format!("not (({a}) or ({b}))"), &mut needs);
        let slots = entry.slots(&needs);
        let (in_one, in_other) = (one.matches(&slots), other.matches(&slots));
        prop_assert_eq!(both.matches(&slots), in_one && in_other);
        prop_assert_eq!(either.matches(&slots), in_one || in_other);
        prop_assert_eq!(neither.matches(&slots), !in_one && !in_other);
        prop_assert_eq!(Filter::and(vec![one.clone(), other]).matches(&slots), in_one && in_other);
        prop_assert_eq!(one.clone().negated().matches(&slots), !in_one);
        prop_assert_eq!(parsed(&format!("not not ({a})"), &mut needs), one);
    }

    #[test]
    fn parsing_what_was_printed_gives_the_same(a in condition()) {
        let filter = parsed(&a, &mut Needs::none());
        let printed = filter.to_string();
        let again = parsed(&printed, &mut Needs::none());
        prop_assert_eq!(&again, &filter);
        prop_assert_eq!(again.to_string(), printed);
    }

    #[test]
    fn what_matches_has_a_required_literal(a in condition(), entry in written()) {
        let mut needs = Needs::none();
        let filter = parsed(&a, &mut needs);
        if filter.matches(&entry.slots(&needs)) {
            let json = entry.json();
            for keys_in_text in [true, false] {
                if let Some(literals) = filter.literals(keys_in_text) {
                    prop_assert!(literals.occur_in(json.as_bytes()), "{a}: {:?} not in {json}", literals);
                }
            }
            if let Some(least) = filter.least_level() {
                prop_assert!(entry.level.is_some_and(|level| level >= least));
            }
        }
    }

    #[test]
    fn no_text_upsets_the_parsers(text in "\\PC{0,40}") {
        let _ = Filter::parse(&text, &mut Needs::none());
        let _ = When::parse(&text);
        for fixed in [true, false] {
            for case in [Case::Sensitive, Case::Insensitive, Case::Smart] {
                let options = PatternOptions { fixed, case, word: true, line: false };
                let _ = Pattern::new(&[&text], options);
            }
        }
    }

    #[test]
    fn no_tokens_upset_the_parser(tokens in prop::collection::vec(token(), 0..16)) {
        let text = tokens.join(" ");
        if let Ok(filter) = Filter::parse(&text, &mut Needs::none()) {
            prop_assert_eq!(parsed(&filter.to_string(), &mut Needs::none()), filter);
        }
    }

    #[test]
    fn strings_survive_quoting(text in "\\PC{0,12}|[\\x00-\\x7f]{0,12}") {
        let filter = parsed("a == 'x'", &mut Needs::none());
        let Expr::Compare(name, relation, _) = filter.expr else { unreachable!() };
        let filter = Filter::new(Expr::Compare(name, relation, expr::Literal::text(text)));
        prop_assert_eq!(parsed(&filter.to_string(), &mut Needs::none()), filter);
    }

    #[test]
    fn names_survive_quoting(path in "\\PC{1,12}", raw in any::<bool>()) {
        let mut needs = Needs::none();
        let mut name = Name::new(raw, path);
        name.slot = match name.role {
            Some(role) => needs.role(role),
            None => needs.field(&name.path),
        };
        let filter = Filter::new(Expr::Has(name));
        prop_assert_eq!(parsed(&filter.to_string(), &mut Needs::none()), filter);
    }

    #[test]
    fn ranges_of_time_add_up(mut cuts in prop::collection::vec(0..2_000_000_000_i64, 3), t in 0..2_000_000_000_i64) {
        cuts.sort_unstable();
        let zone = |_: Timestamp| 0;
        let reference = Reference { now: Timestamp(0), zone: &zone, data: None };
        let when = |seconds: i64| When::parse(&Timestamp(seconds * 1_000_000_000).to_string());
        let (a, b, c) = (when(cuts[0])?, when(cuts[1])?, when(cuts[2])?);
        let range = |from: &When, until: &When| when::range(Some(from), Some(until), reference).unwrap_or(
            TimeRange { from: Some(Timestamp(0)), until: Some(Timestamp(0)) });
        let t = Timestamp(t * 1_000_000_000);
        let parts = u8::from(range(&a, &b).contains(t)) + u8::from(range(&b, &c).contains(t));
        prop_assert_eq!(parts, u8::from(range(&a, &c).contains(t)));
    }

    #[test]
    fn a_printed_time_is_read_back(nanos in any::<i64>()) {
        let zone = |_: Timestamp| 0;
        let reference = Reference { now: Timestamp(0), zone: &zone, data: None };
        let at = Timestamp(nanos);
        prop_assume!(at.line().is_none());
        // The first and last days are cut by the range of nanoseconds.
        prop_assume!(nanos.unsigned_abs() < i64::MAX as u64 - 86_400_000_000_000);
        prop_assert_eq!(When::parse(&at.to_string())?.resolve(reference)?, at);
    }
}

fn token() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "and",
        "or",
        "not",
        "in",
        "contains",
        "has",
        "(",
        ")",
        "[",
        "]",
        ",",
        "==",
        "!=",
        "<",
        ">=",
        "=~",
        "!~",
        "a",
        "level",
        ".b",
        "`c d`",
        "'x'",
        "\"y\"",
        "5",
        "5ms",
        "1KiB",
        "true",
        "false",
        "null",
        "error",
        "ts",
        "'2023-12-24'",
        "duration",
    ])
}
