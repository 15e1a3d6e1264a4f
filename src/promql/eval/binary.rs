//! Operators between two operands: arithmetic, comparison, sets, and how series find each other.

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::HashTable;

use super::{ABSENT, Column, Evaluated, Evaluator, Outcome, Steps, fail, merge, present, without_name};
use crate::model::Labels;
use crate::promql::EvalError;
use crate::promql::ast::{Binary, BinaryOp, Cardinality, Matching, Node, Span};

/// The value of an arithmetic operator.
fn arithmetic(op: BinaryOp, a: f64, b: f64) -> f64 {
    match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div => a / b,
        BinaryOp::Mod => a % b,
        BinaryOp::Pow => a.powf(b),
        BinaryOp::Atan2 => a.atan2(b),
        _ => f64::NAN,
    }
}

fn compare(op: BinaryOp, a: f64, b: f64) -> bool {
    match op {
        BinaryOp::Eq => a == b,
        BinaryOp::Ne => a != b,
        BinaryOp::Lt => a < b,
        BinaryOp::Le => a <= b,
        BinaryOp::Gt => a > b,
        BinaryOp::Ge => a >= b,
        _ => false,
    }
}

/// The value of an operator on two samples; `kept` is what a comparison lets through.
#[inline]
fn combine(binary: &Binary, a: f64, b: f64, kept: f64) -> f64 {
    if !binary.op.is_comparison() {
        return arithmetic(binary.op, a, b);
    }
    match (compare(binary.op, a, b), binary.as_bool) {
        (holds, true) => f64::from(u8::from(holds)),
        (true, false) => kept,
        (false, false) => ABSENT,
    }
}

impl<'a> Evaluator<'a> {
    pub(super) fn binary(&mut self, node: &'a Node, binary: &'a Binary, steps: Steps) -> Outcome<Evaluated> {
        let lhs = self.eval(&binary.lhs, steps)?;
        let rhs = self.eval(&binary.rhs, steps)?;
        if matches!(binary.op, BinaryOp::TrimLower | BinaryOp::TrimUpper) {
            return self.trimmed(node, binary, &lhs, &rhs, steps);
        }
        match (lhs, rhs) {
            (Evaluated::Scalar(mut a), Evaluated::Scalar(b)) => {
                for (a, b) in a.iter_mut().zip(b) {
                    *a = combine(binary, *a, b, *a);
                }
                Ok(Evaluated::Scalar(a))
            }
            (Evaluated::Vector(columns), Evaluated::Scalar(scalars)) => {
                self.with_scalar(node.span, binary, columns, |i, value| {
                    combine(binary, value, scalars[i], value)
                })
            }
            (Evaluated::Scalar(scalars), Evaluated::Vector(columns)) => {
                self.with_scalar(node.span, binary, columns, |i, value| {
                    combine(binary, scalars[i], value, value)
                })
            }
            (Evaluated::Vector(lhs), Evaluated::Vector(rhs)) => match binary.op {
                op if op.is_set() => {
                    let columns = combine_sets(op, lhs, rhs, &binary.matching, steps);
                    merge(columns, node.span).map(Evaluated::Vector)
                }
                _ => {
                    let columns = self.matched(node.span, binary, lhs, rhs, steps)?;
                    if self.options.delayed_name_removal || !binary.as_bool {
                        return Ok(Evaluated::Vector(columns));
                    }
                    merge(columns, node.span).map(Evaluated::Vector)
                }
            },
            _ => fail(node.span, "binary expression must contain only scalar and instant vector types"),
        }
    }

    /// `</` and `>/` cut native histograms; of floats nothing is left.
    fn trimmed(
        &mut self,
        node: &Node,
        binary: &Binary,
        lhs: &Evaluated,
        rhs: &Evaluated,
        steps: Steps,
    ) -> Outcome<Evaluated> {
        let sign = binary.op.sign();
        if matches!((lhs, rhs), (Evaluated::Scalar(_), Evaluated::Scalar(_))) {
            return fail(node.span, format!("operator {sign:?} not allowed for Scalar operations"));
        }
        let is_empty = |side: &Evaluated| matches!(side, Evaluated::Vector(columns) if columns.is_empty());
        if steps.count > 0 && !is_empty(lhs) && !is_empty(rhs) {
            let message = format!(
                "incompatible sample types encountered for binary operator {sign:?}: float {sign} float"
            );
            self.inform(node.span, message);
        }
        Ok(Evaluated::Vector(Vec::new()))
    }

    fn with_scalar(
        &mut self,
        span: Span,
        binary: &Binary,
        mut columns: Vec<Column>,
        f: impl Fn(usize, f64) -> f64,
    ) -> Outcome<Evaluated> {
        for column in &mut columns {
            for (i, cell) in column.cells.iter_mut().enumerate().filter(|(_, cell)| present(**cell)) {
                *cell = f(i, *cell);
            }
        }
        if binary.op.is_comparison() && !binary.as_bool {
            columns.retain(|column| column.cells.iter().any(|cell| present(*cell)));
            return Ok(Evaluated::Vector(columns));
        }
        self.unnamed(columns, span).map(Evaluated::Vector)
    }

    /// Arithmetic and comparison between series that match.
    fn matched(
        &mut self,
        span: Span,
        binary: &Binary,
        lhs: Vec<Column>,
        rhs: Vec<Column>,
        steps: Steps,
    ) -> Outcome<Vec<Column>> {
        let matching = &binary.matching;
        let swapped = matching.cardinality == Cardinality::OneToMany;
        let (many, one) = if swapped { (rhs, lhs) } else { (lhs, rhs) };
        // With `group_right` Prometheus fills the sides the other way round than their names say.
        let (fill_many, fill_one) = (matching.fill_lhs, matching.fill_rhs);
        let mut join = Join {
            span,
            binary,
            swapped,
            fill_many,
            fill_one,
            steps,
            drop_bool_names: !self.options.delayed_name_removal,
            many: &many,
            one: &one,
            out: Vec::new(),
            known: HashTable::new(),
            hasher: foldhash::fast::RandomState::default(),
        };
        for group in join_groups(&many, &one, matching) {
            join.group(&group)?;
        }
        let mut columns = join.out;
        self.check_cells(columns.len(), steps, span)?;
        columns.retain(|column| column.cells.iter().any(|cell| present(*cell)));
        Ok(columns)
    }
}

/// The labels by which series find each other.
fn signature(labels: &Labels, matching: &Matching) -> Labels {
    let mut labels = labels.clone();
    let named = |name: &str| matching.labels.iter().any(|label| **label == *name);
    if matching.on {
        labels.retain(named);
    } else {
        labels.retain(|name| name != Labels::NAME && !named(name));
    }
    labels
}

/// Series of both sides that match each other.
struct JoinGroup {
    labels: Labels,
    many: Vec<usize>,
    one: Vec<usize>,
}

fn join_groups(many: &[Column], one: &[Column], matching: &Matching) -> Vec<JoinGroup> {
    let hasher = foldhash::fast::RandomState::default();
    let mut known: HashTable<usize> = HashTable::with_capacity(one.len());
    let mut groups: Vec<JoinGroup> = Vec::with_capacity(one.len());
    for (is_one, columns) in [(false, many), (true, one)] {
        for (member, column) in columns.iter().enumerate() {
            let labels = signature(&column.labels, matching);
            let hashed = hasher.hash_one(&labels);
            let place = known.find(hashed, |&place| groups[place].labels == labels).copied();
            let place = place.unwrap_or_else(|| {
                known.insert_unique(hashed, groups.len(), |&place| hasher.hash_one(&groups[place].labels));
                groups.push(JoinGroup { labels, many: Vec::new(), one: Vec::new() });
                groups.len() - 1
            });
            let group = &mut groups[place];
            if is_one { &mut group.one } else { &mut group.many }.push(member);
        }
    }
    groups
}

/// An operator between matching series, on its way.
struct Join<'j> {
    span: Span,
    binary: &'j Binary,
    /// Is the left operand the "one" side?
    swapped: bool,
    fill_many: Option<f64>,
    fill_one: Option<f64>,
    steps: Steps,
    /// Do comparisons that give 0 or 1 drop the name at once?
    drop_bool_names: bool,
    many: &'j [Column],
    one: &'j [Column],
    out: Vec<Column>,
    known: HashTable<usize>,
    hasher: foldhash::fast::RandomState,
}

impl Join<'_> {
    fn group(&mut self, group: &JoinGroup) -> Outcome<()> {
        self.check_duplicates(group)?;
        let one_to_one = self.binary.matching.cardinality == Cardinality::OneToOne;
        let check_matched = one_to_one && group.many.len() > 1;
        let mut matched = vec![false; if check_matched { self.steps.count } else { 0 }];
        for &many in &group.many {
            let cells = &self.many[many].cells;
            for &one in &group.one {
                self.pair(Some(many), Some(one), group, &mut matched, &|i| present(cells[i]))?;
            }
            if self.fill_one.is_some() {
                let nothing = |i: usize| {
                    present(cells[i]) && group.one.iter().all(|&one| !present(self.one[one].cells[i]))
                };
                // What is filled depends on the inputs alone, which `pair` does not change.
                let places: Vec<bool> = (0..self.steps.count).map(nothing).collect();
                self.pair(Some(many), None, group, &mut matched, &|i| places[i])?;
            }
        }
        if self.fill_many.is_some() {
            for &one in &group.one {
                let cells = &self.one[one].cells;
                let nothing = |i: usize| {
                    present(cells[i]) && group.many.iter().all(|&many| !present(self.many[many].cells[i]))
                };
                let places: Vec<bool> = (0..self.steps.count).map(nothing).collect();
                self.pair(None, Some(one), group, &mut matched, &|i| places[i])?;
            }
        }
        Ok(())
    }

    /// The "one" side may have one sample of each group at a time.
    fn check_duplicates(&self, group: &JoinGroup) -> Outcome<()> {
        if group.one.len() < 2 {
            return Ok(());
        }
        for i in 0..self.steps.count {
            let mut there = group.one.iter().filter(|&&one| present(self.one[one].cells[i]));
            let (Some(&first), Some(&second)) = (there.next(), there.next()) else { continue };
            // With nothing on the other side nothing is matched.
            if self.fill_many.is_none() && self.many.iter().all(|column| !present(column.cells[i])) {
                continue;
            }
            let side = if self.swapped { "left" } else { "right" };
            return Err(EvalError {
                message: format!(
                    "found duplicate series for the match group {} on the {side} hand-side of the operation: \
                     [{}, {}];many-to-many matching not allowed: matching labels must be unique on one side",
                    group.labels, self.one[second].labels, self.one[first].labels
                ),
                span: Some(self.span.range()),
                hint: Some("aggregate one side, or match on more labels".to_owned()),
            });
        }
        Ok(())
    }

    /// One series of each side, at the times that `applies` to; `None` where a side is filled.
    fn pair(
        &mut self,
        many: Option<usize>,
        one: Option<usize>,
        group: &JoinGroup,
        matched: &mut [bool],
        applies: &dyn Fn(usize) -> bool,
    ) -> Outcome<()> {
        let one_cells = one.map(|one| &self.one[one].cells);
        let many_cells = many.map(|many| &self.many[many].cells);
        let mut out = None;
        for i in 0..self.steps.count {
            let side = |cells: Option<&Vec<f64>>, fill: Option<f64>| match cells {
                Some(cells) => cells[i],
                None => fill.unwrap_or(ABSENT),
            };
            let (m, o) = (side(many_cells, self.fill_many), side(one_cells, self.fill_one));
            if !present(m) || !present(o) || !applies(i) {
                continue;
            }
            let (a, b) = if self.swapped { (o, m) } else { (m, o) };
            let value = combine(self.binary, a, b, a);
            if !present(value) {
                continue;
            }
            if let Some(matched) = matched.get_mut(i) {
                if *matched {
                    return fail(
                        self.span,
                        "multiple matches for labels: many-to-one matching must be explicit \
                         (group_left/group_right)",
                    );
                }
                *matched = true;
            }
            let place = match out {
                Some(place) => place,
                None => *out.insert(self.column(many, one, group)),
            };
            let cell = &mut self.out[place].cells[i];
            if present(*cell) {
                return fail(
                    self.span,
                    match self.binary.matching.cardinality {
                        Cardinality::OneToOne => "vector cannot contain metrics with the same labelset",
                        _ => "multiple matches for labels: grouping labels must ensure unique matches",
                    },
                );
            }
            *cell = value;
        }
        Ok(())
    }

    /// The place of the column that a pair of series writes into.
    fn column(&mut self, many: Option<usize>, one: Option<usize>, group: &JoinGroup) -> usize {
        let many = many.map(|many| &self.many[many]);
        let one = one.map(|one| &self.one[one]);
        let labels = self.labels(
            many.map_or(&group.labels, |column| &column.labels),
            one.map_or(&group.labels, |column| &column.labels),
        );
        let drop_name = self.binary.as_bool || many.is_some_and(|column| column.drop_name);
        let hashed = self.hasher.hash_one(&labels);
        if let Some(&place) = self.known.find(hashed, |&place| self.out[place].labels == labels) {
            return place;
        }
        let (out, hasher) = (&self.out, &self.hasher);
        self.known.insert_unique(hashed, out.len(), |&place| hasher.hash_one(&out[place].labels));
        self.out.push(Column { labels, drop_name, cells: vec![ABSENT; self.steps.count] });
        self.out.len() - 1
    }

    fn labels(&self, many: &Labels, one: &Labels) -> Labels {
        let matching = &self.binary.matching;
        let dropped = !self.binary.op.is_comparison() || self.binary.as_bool && self.drop_bool_names;
        let mut labels = if dropped { without_name(many) } else { many.clone() };
        if matching.cardinality == Cardinality::OneToOne {
            let named = |name: &str| matching.labels.iter().any(|label| **label == *name);
            labels.retain(|name| named(name) == matching.on);
        }
        for label in &matching.include {
            match one.shared(label) {
                Some(value) => labels.set(label.clone(), value.clone()),
                None => labels.set(label.clone(), Arc::<str>::from("")),
            }
        }
        labels
    }
}

/// `and`, `or`, `unless`.
fn combine_sets(
    op: BinaryOp,
    mut lhs: Vec<Column>,
    mut rhs: Vec<Column>,
    matching: &Matching,
    steps: Steps,
) -> Vec<Column> {
    // At which times is there a sample of each signature on the side that decides?
    let deciding = if op == BinaryOp::Or { &lhs } else { &rhs };
    let hasher = foldhash::fast::RandomState::default();
    let mut known: HashTable<usize> = HashTable::with_capacity(deciding.len());
    let mut there: Vec<(Labels, Vec<bool>)> = Vec::new();
    for column in deciding {
        let labels = signature(&column.labels, matching);
        let hashed = hasher.hash_one(&labels);
        let place = known.find(hashed, |&place| there[place].0 == labels).copied();
        let place = place.unwrap_or_else(|| {
            known.insert_unique(hashed, there.len(), |&place| hasher.hash_one(&there[place].0));
            there.push((labels, vec![false; steps.count]));
            there.len() - 1
        });
        for (there, cell) in there[place].1.iter_mut().zip(&column.cells) {
            *there |= present(*cell);
        }
    }
    let decided = if op == BinaryOp::Or { &mut rhs } else { &mut lhs };
    for column in decided.iter_mut() {
        let labels = signature(&column.labels, matching);
        let place = known.find(hasher.hash_one(&labels), |&place| there[place].0 == labels);
        for (i, cell) in column.cells.iter_mut().enumerate() {
            if place.is_some_and(|&place| there[place].1[i]) != (op == BinaryOp::And) {
                *cell = ABSENT;
            }
        }
    }
    decided.retain(|column| column.cells.iter().any(|cell| present(*cell)));
    if op == BinaryOp::Or {
        lhs.append(&mut rhs);
    }
    lhs
}
