//! What a panel computes from its other answers, as Grafana's server does.

use std::collections::{BTreeMap, HashMap};

use super::asker::Asker;
use super::{Asked, Status, count};
use crate::dashboard::board::Language;
use crate::dashboard::choice::Choice;
use crate::dashboard::expression::{self, Context, Expression, Refused};
use crate::dashboard::interpolate::Scope;
use crate::dashboard::timing::Timing;
use crate::promql::Value;

/// More expressions of a panel are not computed.
const MOST_COMPUTED: usize = 200;

impl Asker<'_> {
    /// Computes what the panel makes of its other answers, each after those that it needs.
    pub(super) fn compute(&self, asked: &mut [Asked], local: &BTreeMap<String, Choice>) {
        let mut open: Vec<(usize, Expression)> = Vec::new();
        for (at, one) in asked.iter_mut().enumerate() {
            let Language::Expression(target) = &one.query.language else { continue };
            if open.len() == MOST_COMPUTED {
                (one.status, one.message) =
                    (Status::Error, format!("a panel computes at most {MOST_COMPUTED} expressions"));
                continue;
            }
            let scope = Scope { choices: self.choices, local, timing: &one.timing };
            match expression::parse(target, &|text| scope.query(text).text) {
                Ok(expression) => open.push((at, expression)),
                Err(Refused::Unsupported(why)) => (one.status, one.message) = (Status::Unsupported, why),
                Err(Refused::Wrong(why)) => (one.status, one.message) = (Status::Error, why),
            }
        }
        let places: HashMap<String, usize> =
            asked.iter().enumerate().map(|(at, one)| (one.query.reference.clone(), at)).collect();
        while !open.is_empty() {
            let waits = |(_, expression): &(usize, Expression)| {
                let awaited = |name: &&str| {
                    places.get(*name).is_some_and(|place| open.iter().any(|(at, _)| at == place))
                };
                expression.needs().iter().any(awaited)
            };
            let (waiting, ready): (Vec<_>, Vec<_>) = open.clone().into_iter().partition(waits);
            let circle = ready.is_empty();
            for (at, expression) in if circle { &waiting } else { &ready } {
                let (status, message, value) = if circle {
                    (Status::Error, "needs its own answer, by way of others or at once".to_owned(), None)
                } else {
                    computed(expression, asked, &places, &asked[*at].timing)
                };
                let one = &mut asked[*at];
                one.instant = matches!(&value, Some(Value::Vector(_) | Value::Scalar(_)));
                (one.status, one.message, one.value) = (status, message, value);
            }
            open = if circle { Vec::new() } else { waiting };
        }
    }
}

/// The value of an expression whose parts are known; else why there is none.
fn computed(
    expression: &Expression,
    asked: &[Asked],
    places: &HashMap<String, usize>,
    timing: &Timing,
) -> (Status, String, Option<Value>) {
    let mut answers = BTreeMap::new();
    for name in expression.needs() {
        let Some(part) = places.get(name).and_then(|place| asked.get(*place)) else {
            return (Status::Error, format!("needs {name}, and the panel has no such query"), None);
        };
        match (&part.value, part.status) {
            (Some(value), Status::Ok) => {
                answers.insert(name, value);
            }
            (_, status) => {
                let why = if part.message.is_empty() { status.name() } else { &part.message };
                return (status, format!("needs {name}: {why}"), None);
            }
        }
    }
    let context = Context { answers: &answers, range: (timing.from, timing.to) };
    match expression.evaluate(&context) {
        Ok(value) if count(&value) == 0 => {
            let why = "no series of its parts go together by their labels, or no value is left";
            (Status::Empty, why.to_owned(), Some(value))
        }
        Ok(value) => (Status::Ok, String::new(), Some(value)),
        Err(why) => (Status::Error, why, None),
    }
}
