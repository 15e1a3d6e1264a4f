//! Operators between two operands: arithmetic, comparison, sets, and how series find each other.

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::HashTable;

use super::{
    ABSENT, Column, Evaluated, Evaluator, Held, Notes, Outcome, Steps, fail, merge, present, without_name,
};
use crate::model::Labels;
use crate::model::histogram::{Histogram, ResetHint};
use crate::model::series::Braced;
use crate::promql::EvalError;
use crate::promql::ast::{Binary, BinaryOp, Cardinality, Matching, Node, Span};
use crate::promql::native::{add, divide, same, scale, subtract, trim_lower, trim_upper};

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

/// What an operator gives.
enum Result {
    /// Nothing: it has no meaning for what it got.
    Nothing,
    /// Nothing: it is a comparison, which does not hold.
    Dropped,
    /// A number.
    Float(f64),
    /// A native histogram.
    Histogram(Arc<Histogram>),
}

impl Result {
    /// The value of an operator on two numbers.
    #[inline]
    fn of(value: f64) -> Result {
        if present(value) { Result::Float(value) } else { Result::Dropped }
    }
}

/// The value of an operator on anything; `kept` is what a comparison lets through.
fn combine_any(binary: &Binary, a: Held<'_>, b: Held<'_>, kept: Held<'_>, notes: &mut Notes) -> Result {
    let changed = |histogram: &Arc<Histogram>, f: &dyn Fn(&mut Histogram)| {
        let mut histogram = (**histogram).clone();
        f(&mut histogram);
        histogram.compact();
        Result::Histogram(Arc::new(histogram))
    };
    match (a, b) {
        (Held::Nothing, _) | (_, Held::Nothing) => return Result::Nothing,
        (Held::Float(a), Held::Float(b)) if !binary.op.is_trim() => {
            return match kept {
                Held::Float(kept) => Result::of(combine(binary, a, b, kept)),
                _ => Result::Nothing,
            };
        }
        (Held::Float(factor), Held::Histogram(histogram))
        | (Held::Histogram(histogram), Held::Float(factor))
            if binary.op == BinaryOp::Mul =>
        {
            return changed(histogram, &|histogram| scale(histogram, factor));
        }
        (Held::Histogram(histogram), Held::Float(value)) => match binary.op {
            BinaryOp::Div => return changed(histogram, &|histogram| divide(histogram, value)),
            BinaryOp::TrimUpper => return Result::Histogram(Arc::new(trim_upper(histogram, value))),
            BinaryOp::TrimLower => return Result::Histogram(Arc::new(trim_lower(histogram, value))),
            _ => {}
        },
        (Held::Histogram(a), Held::Histogram(b)) => match binary.op {
            BinaryOp::Add | BinaryOp::Sub => return sum(binary.op, a, b, notes).unwrap_or(Result::Nothing),
            BinaryOp::Eq | BinaryOp::Ne => {
                let holds = same(a, b) == (binary.op == BinaryOp::Eq);
                return match (holds, binary.as_bool) {
                    (holds, true) => Result::Float(f64::from(u8::from(holds))),
                    (true, false) => Result::Histogram(a.clone()),
                    (false, false) => Result::Dropped,
                };
            }
            _ => {}
        },
        _ => {}
    }
    let name = |held: Held<'_>| if matches!(held, Held::Histogram(_)) { "histogram" } else { "float" };
    let sign = binary.op.sign();
    notes.inform(|_| {
        format!(
            "incompatible sample types encountered for binary operator {sign:?}: {} {sign} {}",
            name(a),
            name(b)
        )
    });
    Result::Nothing
}

/// The sum or the difference of two histograms.
fn sum(op: BinaryOp, a: &Arc<Histogram>, b: &Arc<Histogram>, notes: &mut Notes) -> Option<Result> {
    let mut sum = (**a).clone();
    let (combined, what) = match op {
        BinaryOp::Add => (add(&mut sum, b), "addition"),
        _ => (subtract(&mut sum, b), "subtraction"),
    };
    let Ok(combined) = combined else {
        let sign = op.sign();
        notes.warn(|_| format!("incompatible bucket layout encountered for binary operator {sign}"));
        return None;
    };
    if combined.collision {
        notes.warn(|_| format!("conflicting counter resets during histogram {what}"));
    }
    if combined.reconciled {
        notes.inform(|_| format!("mismatched custom buckets were reconciled during {what}"));
    }
    // A difference may fall.
    if op == BinaryOp::Sub {
        sum.hint = ResetHint::Gauge;
    }
    sum.compact();
    Some(Result::Histogram(Arc::new(sum)))
}

/// A column that may hold histograms with a scalar beside it.
fn histograms_with_scalar(
    binary: &Binary,
    column: &Column,
    scalars: &[f64],
    swapped: bool,
    notes: &mut Notes,
) -> Column {
    let mut out = Column::floats(column.labels.clone(), column.drop_name, vec![ABSENT; scalars.len()]);
    for (i, &scalar) in scalars.iter().enumerate() {
        let (held, scalar) = (column.held(i), Held::Float(scalar));
        let (a, b) = if swapped { (scalar, held) } else { (held, scalar) };
        match combine_any(binary, a, b, held, notes) {
            Result::Float(value) => out.cells[i] = value,
            Result::Histogram(histogram) => out.set_histogram(i, histogram),
            Result::Nothing | Result::Dropped => {}
        }
    }
    out
}

impl<'a> Evaluator<'a> {
    pub(super) fn binary(&mut self, node: &'a Node, binary: &'a Binary, steps: Steps) -> Outcome<Evaluated> {
        let lhs = self.eval(&binary.lhs, steps)?;
        let rhs = self.eval(&binary.rhs, steps)?;
        match (lhs, rhs) {
            (Evaluated::Scalar(_), Evaluated::Scalar(_)) if binary.op.is_trim() => {
                fail(node.span, format!("operator {:?} not allowed for Scalar operations", binary.op.sign()))
            }
            (Evaluated::Scalar(mut a), Evaluated::Scalar(b)) => {
                for (a, b) in a.iter_mut().zip(b) {
                    *a = combine(binary, *a, b, *a);
                }
                Ok(Evaluated::Scalar(a))
            }
            (Evaluated::Vector(columns), Evaluated::Scalar(scalars)) => {
                self.with_scalar(node.span, binary, columns, &scalars, false)
            }
            (Evaluated::Scalar(scalars), Evaluated::Vector(columns)) => {
                self.with_scalar(node.span, binary, columns, &scalars, true)
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

    /// An operator between series and a scalar, which is the left operand if they are `swapped`.
    fn with_scalar(
        &mut self,
        span: Span,
        binary: &Binary,
        mut columns: Vec<Column>,
        scalars: &[f64],
        swapped: bool,
    ) -> Outcome<Evaluated> {
        let mut notes = Notes::default();
        for column in &mut columns {
            if binary.op.is_trim() || !column.is_plain() {
                *column = histograms_with_scalar(binary, column, scalars, swapped, &mut notes);
                continue;
            }
            let cells = column.cells.iter_mut().zip(scalars).filter(|(cell, _)| present(**cell));
            if swapped {
                cells.for_each(|(cell, &scalar)| *cell = combine(binary, scalar, *cell, *cell));
            } else {
                cells.for_each(|(cell, &scalar)| *cell = combine(binary, *cell, scalar, *cell));
            }
        }
        self.tell(notes, span);
        if binary.op.keeps_name() && !binary.as_bool {
            columns.retain(|column| !column.is_empty());
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
            is_plain: !binary.op.is_trim() && many.iter().chain(&one).all(Column::is_plain),
            notes: Notes::default(),
        };
        for group in join_groups(&many, &one, matching) {
            join.group(&group)?;
        }
        let (mut columns, notes) = (join.out, join.notes);
        self.tell(notes, span);
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
    /// Is there no native histogram, and no operator that wants one?
    is_plain: bool,
    notes: Notes,
}

impl<'j> Join<'j> {
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
                    Braced(&group.labels),
                    Braced(&self.one[second].labels),
                    Braced(&self.one[first].labels)
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
        let (many_column, one_column) = (many.map(|many| &self.many[many]), one.map(|one| &self.one[one]));
        let one_cells = one_column.map(|column| &column.cells);
        let many_cells = many_column.map(|column| &column.cells);
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
            let result = if self.is_plain {
                let (a, b) = if self.swapped { (o, m) } else { (m, o) };
                Result::of(combine(self.binary, a, b, a))
            } else {
                let held = |column: Option<&'j Column>, fill| match column {
                    Some(column) => column.held(i),
                    None => Held::Float(fill),
                };
                let (m, o) = (held(many_column, m), held(one_column, o));
                let (a, b) = if self.swapped { (o, m) } else { (m, o) };
                combine_any(self.binary, a, b, a, &mut self.notes)
            };
            if matches!(result, Result::Nothing) {
                continue;
            }
            // What a comparison drops has found its partner all the same.
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
            if matches!(result, Result::Dropped) {
                continue;
            }
            let place = match out {
                Some(place) => place,
                None => *out.insert(self.column(many, one, group)),
            };
            let column = &mut self.out[place];
            if present(column.cells[i]) {
                return fail(
                    self.span,
                    match self.binary.matching.cardinality {
                        Cardinality::OneToOne => "vector cannot contain metrics with the same labelset",
                        _ => "multiple matches for labels: grouping labels must ensure unique matches",
                    },
                );
            }
            match result {
                Result::Float(value) => column.cells[i] = value,
                Result::Histogram(histogram) => column.set_histogram(i, histogram),
                Result::Nothing | Result::Dropped => {}
            }
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
        self.out.push(Column::absent(labels, drop_name, self.steps));
        self.out.len() - 1
    }

    fn labels(&self, many: &Labels, one: &Labels) -> Labels {
        let matching = &self.binary.matching;
        let dropped = !self.binary.op.keeps_name() || self.binary.as_bool && self.drop_bool_names;
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
