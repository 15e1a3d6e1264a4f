//! `info`: adds to series the labels of their info series.

use std::collections::BTreeMap;

use crate::model::Labels;
use crate::model::series::Braced;
use crate::promql::ast::{Duration, Edges, Form, MatchOp, Matcher, Node, Selector, Shift};
use crate::promql::eval::{ABSENT, Column, Evaluated, Evaluator, Outcome, Pick, Steps, fail, merge, present};

/// The labels by which a series and its info series find each other.
const IDENTIFYING: [&str; 2] = ["instance", "job"];
/// The info metric that is meant if none is named.
const DEFAULT_METRIC: &str = "target_info";

/// What the second argument asks for.
struct Wanted {
    /// Conditions on the info metric's name.
    names: Vec<Matcher>,
    /// Conditions on its labels; only these labels are added, or all if there are none.
    data: Vec<Matcher>,
}

impl Wanted {
    fn read(argument: Option<&Node>) -> Self {
        let mut wanted = Wanted { names: Vec::new(), data: Vec::new() };
        if let Some(Node { form: Form::Selector(selector), .. }) = argument {
            let matchers = selector.matchers.iter().cloned();
            (wanted.names, wanted.data) = matchers.partition(|matcher| &*matcher.name == Labels::NAME);
        }
        let positive = |matcher: &Matcher| matches!(matcher.op, MatchOp::Equal | MatchOp::Matches);
        let default = match wanted.names.iter().any(positive) {
            true => None,
            false if wanted.names.is_empty() => Some((MatchOp::Equal, DEFAULT_METRIC)),
            false => Some((MatchOp::Matches, ".+_info")),
        };
        if let Some((op, name)) = default {
            wanted.names.extend(Matcher::new(Labels::NAME, op, name));
        }
        wanted
    }

    /// All conditions on info series.
    fn matchers(&self) -> Vec<Matcher> {
        self.names.iter().chain(&self.data).cloned().collect()
    }

    /// Is this series itself one of the info series?
    fn is_info(&self, labels: &Labels) -> bool {
        self.names.iter().all(|matcher| matcher.matches(labels.metric()))
    }

    /// May a series stay without an info series?
    fn may_be_missing(&self) -> bool {
        self.data.iter().all(|matcher| matcher.matches(""))
    }

    fn adds(&self, label: &str) -> bool {
        self.data.is_empty() || self.data.iter().any(|matcher| *matcher.name == *label)
    }
}

/// The conditions on the info series that a call with this second argument looks for.
pub(in crate::promql) fn matchers(argument: Option<&Node>) -> Vec<Matcher> {
    Wanted::read(argument).matchers()
}

fn identity(labels: &Labels) -> [String; 2] {
    IDENTIFYING.map(|name| labels.get(name).to_owned())
}

pub(super) fn info<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    let wanted = Wanted::read(arguments.get(1));
    let base = evaluator.vector(&arguments[0], steps)?;
    let selector = Selector {
        name: None,
        matchers: wanted.matchers(),
        range: None,
        edges: Edges::Plain,
        shift: evaluator.looked_at(&arguments[0])?,
    };
    // The times of the samples: of two info series of the same name the newer one counts.
    let infos = evaluator.select_by(node.span, &selector, steps, Pick::Time(1.0))?;
    let mut by_identity: BTreeMap<[String; 2], Vec<usize>> = BTreeMap::new();
    for (i, info) in infos.iter().enumerate() {
        by_identity.entry(identity(&info.labels)).or_default().push(i);
    }
    let mut out = Vec::new();
    for column in base {
        if wanted.is_info(&column.labels) {
            out.push(column);
            continue;
        }
        let none = Vec::new();
        let candidates = by_identity.get(&identity(&column.labels)).unwrap_or(&none);
        enrich(&column, &infos, candidates, &wanted, node, &mut out)?;
        evaluator.check_cells(out.len(), steps, node.span)?;
    }
    merge(out, node.span).map(Evaluated::Vector)
}

impl Evaluator<'_> {
    /// When the first selector of a node looks at its series, whatever subqueries are around it: info series are
    /// looked at then, too.
    fn looked_at(&self, node: &Node) -> Outcome<Shift> {
        let mut path = Vec::new();
        path_to_selector(node, &mut path);
        let mut looked_at = Shift::default();
        let mut offset = 0_i64;
        // The innermost `@` counts, and the offsets beside and inside of it.
        for shift in path {
            if shift.at.is_some() {
                looked_at.at = shift.at;
                offset = 0;
            }
            if let Some(further) = &shift.offset {
                offset = offset.saturating_add(self.millis(further)?);
            }
        }
        looked_at.offset = (offset != 0).then_some(Duration::Millis(offset));
        Ok(looked_at)
    }
}

/// The times that are set on the way to the first selector of a node, from the outside in; false if it has none.
fn path_to_selector<'n>(node: &'n Node, path: &mut Vec<&'n Shift>) -> bool {
    match &node.form {
        Form::Selector(selector) => {
            path.push(&selector.shift);
            true
        }
        Form::Subquery(subquery) => {
            path.push(&subquery.shift);
            let found = path_to_selector(&subquery.inner, path);
            if !found {
                path.pop();
            }
            found
        }
        _ => node.children().into_iter().any(|child| path_to_selector(child, path)),
    }
}

/// A series, split by the info series that belong to it at each time.
fn enrich(
    column: &Column,
    infos: &[Column],
    candidates: &[usize],
    wanted: &Wanted,
    node: &Node,
    out: &mut Vec<Column>,
) -> Outcome<()> {
    let mut known: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
    for i in (0..column.cells.len()).filter(|&i| present(column.cells[i])) {
        let chosen = newest(infos, candidates, i, node)?;
        if chosen.is_empty() && !wanted.may_be_missing() {
            continue;
        }
        let place = if let Some(&place) = known.get(&chosen) {
            place
        } else {
            let labels = enriched(&column.labels, infos, &chosen, wanted, node)?;
            out.push(Column::floats(labels, column.drop_name, vec![ABSENT; column.cells.len()]));
            known.insert(chosen, out.len() - 1);
            out.len() - 1
        };
        out[place].set(i, column.held(i));
    }
    Ok(())
}

/// For each info metric the series with the newest sample at a time.
fn newest(infos: &[Column], candidates: &[usize], i: usize, node: &Node) -> Outcome<Vec<usize>> {
    let mut chosen: Vec<usize> = Vec::new();
    for &candidate in candidates.iter().filter(|&&candidate| present(infos[candidate].cells[i])) {
        let info = &infos[candidate];
        let rival = chosen.iter_mut().find(|known| infos[**known].labels.metric() == info.labels.metric());
        let Some(rival) = rival else {
            chosen.push(candidate);
            continue;
        };
        let (old, new) = (infos[*rival].cells[i], info.cells[i]);
        if old == new {
            return fail(
                node.span,
                format!(
                    "found duplicate series for info metric: existing {} @ {old}, new {} @ {new}",
                    Braced(&infos[*rival].labels),
                    Braced(&info.labels)
                ),
            );
        }
        if new > old {
            *rival = candidate;
        }
    }
    Ok(chosen)
}

fn enriched(
    base: &Labels,
    infos: &[Column],
    chosen: &[usize],
    wanted: &Wanted,
    node: &Node,
) -> Outcome<Labels> {
    let mut labels = base.clone();
    for &info in chosen {
        for (name, value) in infos[info].labels.iter() {
            if name == Labels::NAME || !base.get(name).is_empty() || !wanted.adds(name) {
                continue;
            }
            let known = labels.get(name);
            if !known.is_empty() && known != value {
                return fail(node.span, format!("conflicting label: {name}"));
            }
            labels.set(name, value);
        }
    }
    Ok(labels)
}
