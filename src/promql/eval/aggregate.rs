//! Aggregations: many series made one, at each time.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::ops::Range;
use std::sync::Arc;

use hashbrown::HashTable;
use rayon::prelude::*;

use super::names::is_reserved;
use super::{
    ABSENT, Column, Evaluator, Held, MANY_CELLS, Outcome, Steps, cell, fail, hash, meant, merge, present,
};
use crate::model::{Histogram, Labels};
use crate::promql::ast::{Aggregate, AggregateOp, Node, Span};
use crate::promql::display::Float;
use crate::promql::functions::{kahan, quantile};
use crate::promql::native::{Adding, Incompatible, mixed_buckets};

/// Series that are made one.
struct Group {
    labels: Labels,
    drop_name: bool,
    /// The places of its columns.
    members: Vec<usize>,
}

/// The groups of an aggregation, in the order of their first series.
fn groups(columns: &[Column], aggregate: &Aggregate) -> Vec<Group> {
    groups_without(columns, aggregate, "")
}

/// The same, as if no series had that label.
fn groups_without(columns: &[Column], aggregate: &Aggregate, hidden: &str) -> Vec<Group> {
    let hasher = foldhash::fast::RandomState::default();
    let mut known: HashTable<usize> = HashTable::new();
    let mut groups: Vec<Group> = Vec::new();
    for (member, column) in columns.iter().enumerate() {
        let mut labels = column.labels.clone();
        let named = |name: &str| aggregate.labels.iter().any(|label| **label == *name);
        if aggregate.without {
            labels.retain(|name| !named(name) && !is_reserved(name));
        } else if aggregate.labels.is_empty() {
            labels = Labels::default();
        } else {
            labels.retain(named);
        }
        labels.retain(|name| name != hidden);
        let hashed = hasher.hash_one(&labels);
        if let Some(&place) = known.find(hashed, |&place| groups[place].labels == labels) {
            // A name that some of them are to lose is no name for all of them.
            groups[place].drop_name |= column.drop_name;
            groups[place].members.push(member);
            continue;
        }
        known.insert_unique(hashed, groups.len(), |&place| hasher.hash_one(&groups[place].labels));
        groups.push(Group { labels, drop_name: column.drop_name, members: vec![member] });
    }
    groups
}

impl<'a> Evaluator<'a> {
    pub(super) fn aggregate(
        &mut self,
        span: Span,
        aggregate: &'a Aggregate,
        steps: Steps,
    ) -> Outcome<Vec<Column>> {
        let parameter = aggregate.parameter.as_ref();
        match (aggregate.op, parameter) {
            (AggregateOp::CountValues, Some(parameter)) => self.count_values(aggregate, parameter, steps),
            (AggregateOp::Topk | AggregateOp::Bottomk | AggregateOp::Limitk, Some(parameter)) => {
                self.choose(span, aggregate, parameter, steps)
            }
            (AggregateOp::LimitRatio, Some(parameter)) => self.limit_ratio(aggregate, parameter, steps),
            (AggregateOp::Quantile, Some(parameter)) => self.quantile(aggregate, parameter, steps),
            (op, _) => {
                let mut columns = self.vector(&aggregate.inner, steps)?;
                match op {
                    AggregateOp::Sum | AggregateOp::Avg if !columns.iter().all(Column::is_plain) => {
                        let groups = groups(&columns, aggregate);
                        return Ok(groups
                            .into_iter()
                            .map(|group| self.added(op, group, &columns, meant(&aggregate.inner), steps))
                            .collect());
                    }
                    AggregateOp::Min | AggregateOp::Max | AggregateOp::Stddev | AggregateOp::Stdvar => {
                        self.without_histograms(&mut columns, aggregate, meant(&aggregate.inner));
                    }
                    _ => {}
                }
                let groups = groups(&columns, aggregate);
                Ok(groups.into_iter().map(|group| reduce(op, group, &columns, steps)).collect())
            }
        }
    }

    /// Takes out the native histograms of operators that know nothing to do with them, and says so.
    fn without_histograms(&mut self, columns: &mut [Column], aggregate: &Aggregate, span: Span) {
        let found = columns.iter_mut().map(Column::take_histograms).fold(false, |any, found| any | found);
        if found {
            self.inform(span, format!("ignored histogram in {} aggregation", aggregate.op.name()));
        }
    }

    /// `sum` and `avg` of series among which there are native histograms: these are added like numbers, but not to
    /// numbers.
    fn added(
        &mut self,
        op: AggregateOp,
        group: Group,
        columns: &[Column],
        span: Span,
        steps: Steps,
    ) -> Column {
        let (mut floats, mut histograms) = (Vec::new(), Vec::new());
        let mut out = Column::absent(group.labels, group.drop_name, steps);
        for i in 0..steps.count {
            floats.clear();
            histograms.clear();
            for &member in &group.members {
                match columns[member].held(i) {
                    Held::Nothing => {}
                    Held::Float(value) => floats.push(value),
                    Held::Histogram(histogram) => {
                        histograms.push((histogram, columns[member].labels.metric()));
                    }
                }
            }
            match (floats.is_empty(), histograms.is_empty()) {
                (true, true) => {}
                (false, true) => {
                    let members: Vec<&[f64]> = floats.iter().map(std::slice::from_ref).collect();
                    out.cells[i] = reduced(op, &members, 0..1)[0];
                }
                (true, false) => {
                    if let Some(histogram) = self.added_histograms(op, &histograms, span) {
                        out.set_histogram(i, Arc::new(histogram));
                    }
                }
                (false, false) => {
                    self.warn(span, "encountered a mix of histograms and floats for aggregation");
                }
            }
        }
        out
    }

    fn added_histograms(
        &mut self,
        op: AggregateOp,
        histograms: &[(&Arc<Histogram>, &str)],
        span: Span,
    ) -> Option<Histogram> {
        let (first, rest) = histograms.split_first()?;
        let mut adding = Adding::new(op == AggregateOp::Avg, first.0);
        for (histogram, name) in rest {
            match adding.add(histogram) {
                Ok(combined) if combined.reconciled => {
                    self.inform(span, "mismatched custom buckets were reconciled during aggregation");
                }
                Ok(_) => {}
                Err(Incompatible) => {
                    self.warn(span, mixed_buckets(name));
                    return None;
                }
            }
        }
        if adding.contradicts() {
            self.warn(span, "conflicting counter resets during histogram aggregation");
        }
        let mut added = adding.value();
        added.compact();
        Some(added)
    }

    /// `topk`, `bottomk`, `limitk`: the series themselves, where they are among the k.
    fn choose(
        &mut self,
        span: Span,
        aggregate: &'a Aggregate,
        parameter: &'a Node,
        steps: Steps,
    ) -> Outcome<Vec<Column>> {
        let sizes = self.scalar(parameter, steps)?;
        if sizes.iter().any(|size| size.is_nan()) {
            return fail(parameter.span, "Parameter value is NaN");
        }
        let mut columns = self.filled(&aggregate.inner, steps)?;
        if aggregate.op != AggregateOp::Limitk && sizes.iter().any(|&size| size >= 1.0) {
            self.without_histograms(&mut columns, aggregate, span);
        }
        // Any number of nothing is nothing.
        if columns.is_empty() {
            return Ok(columns);
        }
        if sizes.iter().all(|&size| size < 1.0) {
            return Ok(Vec::new());
        }
        for &size in &sizes {
            // The bounds of a 64-bit integer.
            if size >= 9.223_372_036_854_776e18 {
                return fail(parameter.span, format!("Scalar value {} overflows int64", Float(size)));
            }
            if size < -9.223_372_036_854_776e18 {
                return fail(parameter.span, format!("Scalar value {} underflows int64", Float(size)));
            }
        }
        let groups = groups(&columns, aggregate);
        let mut order = Vec::new();
        let mut chosen = Vec::new();
        for group in &groups {
            for (i, &size) in sizes.iter().enumerate() {
                chosen.clear();
                chosen.extend(group.members.iter().filter_map(|&member| {
                    let cell = columns[member].cells[i];
                    present(cell).then_some((member, cell))
                }));
                let size = (size as i64).max(0) as usize;
                match aggregate.op {
                    AggregateOp::Topk => {
                        first_k(&mut chosen, size, |a, b| a < b);
                        chosen.sort_by(|a, b| nan_last(b.1, a.1, b.1.is_nan(), a.1.is_nan()));
                    }
                    AggregateOp::Bottomk => {
                        first_k(&mut chosen, size, |a, b| a > b);
                        chosen.sort_by(|a, b| nan_last(a.1, b.1, b.1.is_nan(), a.1.is_nan()));
                    }
                    _ => chosen.truncate(size),
                }
                for &member in &group.members {
                    columns[member].cells[i] = ABSENT;
                }
                for &(member, value) in &chosen {
                    columns[member].cells[i] = value;
                }
                if !self.is_range && steps.count == 1 {
                    order.extend(chosen.iter().map(|(member, _)| *member));
                }
            }
        }
        if self.is_range || steps.count != 1 {
            columns.retain(|column| column.cells.iter().any(|cell| present(*cell)));
            return Ok(columns);
        }
        // At a single time the order tells who is first.
        let mut columns: Vec<Option<Column>> = columns.into_iter().map(Some).collect();
        Ok(order.into_iter().filter_map(|member| columns[member].take()).collect())
    }

    fn limit_ratio(
        &mut self,
        aggregate: &'a Aggregate,
        parameter: &'a Node,
        steps: Steps,
    ) -> Outcome<Vec<Column>> {
        let mut ratios = self.scalar(parameter, steps)?;
        for ratio in &mut ratios {
            if ratio.is_nan() {
                return fail(parameter.span, "Ratio value is NaN");
            }
            let capped = ratio.clamp(-1.0, 1.0);
            if capped != *ratio {
                let message = format!(
                    "ratio value should be between -1 and 1, got {}, capping to {}",
                    Float(*ratio),
                    Float(capped)
                );
                self.warn(parameter.span, message);
            }
            *ratio = capped;
        }
        let mut columns = self.vector(&aggregate.inner, steps)?;
        for column in &mut columns {
            let place = hash::of_labels(&column.labels) as f64 / u64::MAX as f64;
            for (cell, &ratio) in column.cells.iter_mut().zip(&ratios) {
                if !(ratio >= 0.0 && place < ratio || ratio < 0.0 && place >= 1.0 + ratio) {
                    *cell = ABSENT;
                }
            }
        }
        columns.retain(|column| column.cells.iter().any(|cell| present(*cell)));
        Ok(columns)
    }

    fn quantile(
        &mut self,
        aggregate: &'a Aggregate,
        parameter: &'a Node,
        steps: Steps,
    ) -> Outcome<Vec<Column>> {
        let levels = self.scalar(parameter, steps)?;
        // The worst of each kind says enough.
        let greatest = levels.iter().copied().filter(|level| !level.is_nan()).reduce(f64::max);
        let least = levels.iter().copied().filter(|level| !level.is_nan()).reduce(f64::min);
        let nan = levels.iter().copied().find(|level| level.is_nan());
        let worst: Vec<f64> = nan.into_iter().chain(greatest).chain(least).collect();
        self.check_quantiles(&worst, meant(parameter));
        let mut columns = self.vector(&aggregate.inner, steps)?;
        self.without_histograms(&mut columns, aggregate, meant(&aggregate.inner));
        let groups = groups(&columns, aggregate);
        let mut values = Vec::new();
        Ok(groups
            .into_iter()
            .map(|group| {
                let cells = (0..steps.count).map(|i| {
                    values.clear();
                    let cells = group.members.iter().map(|&member| columns[member].cells[i]);
                    values.extend(cells.filter(|cell| present(*cell)));
                    cell((!values.is_empty()).then(|| quantile(levels[i], &mut values)))
                });
                Column::floats(group.labels, group.drop_name, cells.collect())
            })
            .collect())
    }

    fn count_values(
        &mut self,
        aggregate: &'a Aggregate,
        parameter: &'a Node,
        steps: Steps,
    ) -> Outcome<Vec<Column>> {
        let label = self.label_name(parameter, steps, |name| format!("invalid label name \"{name}\""))?;
        let columns = self.vector(&aggregate.inner, steps)?;
        let mut counted: Vec<Column> = Vec::new();
        // The label is set before the series are grouped: an older one of that name says nothing, and if it is
        // named among those to leave out, all values are the same.
        let left_out = aggregate.without
            && (is_reserved(&label) || aggregate.labels.iter().any(|name| **name == *label));
        for group in groups_without(&columns, aggregate, &label) {
            // Sorted, so that equal values stand together; every NaN is the same.
            let mut values: Vec<(u64, u32)> = Vec::new();
            let mut histograms: BTreeMap<String, Vec<f64>> = BTreeMap::new();
            for &member in &group.members {
                let column = &columns[member];
                for i in 0..steps.count {
                    match column.held(i) {
                        Held::Nothing => {}
                        Held::Histogram(histogram) if !left_out => {
                            let counts = histograms.entry(histogram.to_string());
                            let cell = &mut counts.or_insert_with(|| vec![ABSENT; steps.count])[i];
                            *cell = if present(*cell) { *cell + 1.0 } else { 1.0 };
                        }
                        Held::Float(value) if !left_out && !value.is_nan() => {
                            values.push((value.to_bits(), i as u32));
                        }
                        _ => values.push((f64::NAN.to_bits(), i as u32)),
                    }
                }
            }
            for (text, cells) in histograms {
                let mut labels = group.labels.clone();
                labels.set(label.clone(), text);
                counted.push(Column::of(labels, cells));
            }
            values.sort_unstable();
            for same in values.chunk_by(|a, b| a.0 == b.0) {
                self.check_cells(counted.len() + 1, steps, parameter.span)?;
                let mut cells = vec![ABSENT; steps.count];
                for &(_, i) in same {
                    let cell = &mut cells[i as usize];
                    *cell = if present(*cell) { *cell + 1.0 } else { 1.0 };
                }
                let mut labels = group.labels.clone();
                if !left_out {
                    labels.set(label.clone(), Float(f64::from_bits(same[0].0)).plain());
                }
                // What the values were taken from does not matter: the name in the labels is asked for.
                counted.push(Column::of(labels, cells));
            }
        }
        merge(counted, parameter.span)
    }
}

/// Leaves the `k` values after which all others come, of equal ones the same as Prometheus: those that stand in its
/// heap at the end, in the order of the heap.
fn first_k(values: &mut Vec<(usize, f64)>, k: usize, before: fn(f64, f64) -> bool) {
    // A NaN is the first to go.
    let less = |a: f64, b: f64| a.is_nan() || before(a, b);
    let k = k.min(values.len());
    if k == 0 {
        return values.clear();
    }
    for end in 1..k {
        // Up from the end.
        let mut at = end;
        while at > 0 && less(values[at].1, values[(at - 1) / 2].1) {
            values.swap(at, (at - 1) / 2);
            at = (at - 1) / 2;
        }
    }
    for next in k..values.len() {
        let (root, new) = (values[0].1, values[next].1);
        if !(before(root, new) || root.is_nan() && !new.is_nan()) {
            continue;
        }
        values[0] = values[next];
        // Down from the root.
        let mut at = 0;
        loop {
            let mut child = 2 * at + 1;
            if child >= k {
                break;
            }
            if child + 1 < k && less(values[child + 1].1, values[child].1) {
                child += 1;
            }
            if !less(values[child].1, values[at].1) {
                break;
            }
            values.swap(at, child);
            at = child;
        }
    }
    values.truncate(k);
}

/// By value, every NaN after every number.
fn nan_last(a: f64, b: f64, second_nan: bool, first_nan: bool) -> Ordering {
    match (first_nan, second_nan) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
    }
}

/// The aggregations that take in one value after the other.
fn reduce(op: AggregateOp, group: Group, columns: &[Column], steps: Steps) -> Column {
    let members: Vec<&[f64]> = group.members.iter().map(|&member| columns[member].cells.as_slice()).collect();
    let cells = if members.len().saturating_mul(steps.count) < MANY_CELLS {
        reduced(op, &members, 0..steps.count)
    } else {
        // Each time is on its own; some of them fit into a cache.
        const TIMES: usize = 512;
        let parts = (0..steps.count.div_ceil(TIMES)).into_par_iter();
        let parts = parts.map(|part| part * TIMES..steps.count.min((part + 1) * TIMES));
        parts.map(|times| reduced(op, &members, times)).collect::<Vec<_>>().concat()
    };
    Column::floats(group.labels, group.drop_name, cells)
}

/// One cell from those of all members, at each of these times.
fn reduced(op: AggregateOp, members: &[&[f64]], times: Range<usize>) -> Vec<f64> {
    let count = times.len();
    let members = || members.iter().map(|cells| &cells[times.clone()]);
    match op {
        AggregateOp::Sum => {
            let (mut sums, mut rests) = (vec![ABSENT; count], vec![0.0; count]);
            for cells in members() {
                for ((sum, rest), &value) in sums.iter_mut().zip(&mut rests).zip(cells) {
                    match (present(value), present(*sum)) {
                        (true, true) => (*sum, *rest) = kahan(value, *sum, *rest),
                        (true, false) => *sum = value,
                        (false, _) => {}
                    }
                }
            }
            for (sum, rest) in sums.iter_mut().zip(rests).filter(|(sum, _)| present(**sum)) {
                *sum += rest;
            }
            sums
        }
        AggregateOp::Avg => {
            let mut means = vec![Mean::default(); count];
            for cells in members() {
                for (mean, &value) in means.iter_mut().zip(cells).filter(|(_, value)| present(**value)) {
                    mean.add(value);
                }
            }
            means.into_iter().map(|mean| cell(mean.value())).collect()
        }
        AggregateOp::Stddev | AggregateOp::Stdvar => {
            let mut spreads = vec![Spread::default(); count];
            for cells in members() {
                for (spread, &value) in spreads.iter_mut().zip(cells).filter(|(_, value)| present(**value)) {
                    spread.add(value);
                }
            }
            let root = op == AggregateOp::Stddev;
            spreads
                .into_iter()
                .map(|spread| cell(spread.variance().map(|v| if root { v.sqrt() } else { v })))
                .collect()
        }
        _ => {
            let start =
                |value: f64| if matches!(op, AggregateOp::Min | AggregateOp::Max) { value } else { 1.0 };
            let mut cells = vec![ABSENT; count];
            for column in members() {
                for (cell, &value) in cells.iter_mut().zip(column).filter(|(_, value)| present(**value)) {
                    *cell = match op {
                        _ if !present(*cell) => start(value),
                        AggregateOp::Min if value < *cell || cell.is_nan() => value,
                        AggregateOp::Max if value > *cell || cell.is_nan() => value,
                        AggregateOp::Count => *cell + 1.0,
                        _ => *cell,
                    };
                }
            }
            cells
        }
    }
}

/// A mean that stays finite where the sum does not, as Prometheus computes it.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::promql) struct Mean {
    count: f64,
    /// The sum, or the mean once the sum overflowed.
    value: f64,
    rest: f64,
    incremental: bool,
}

impl Mean {
    pub(in crate::promql) fn add(&mut self, value: f64) {
        self.count += 1.0;
        if self.count == 1.0 {
            self.value = value;
            return;
        }
        if !self.incremental {
            let (sum, rest) = kahan(value, self.value, self.rest);
            if !sum.is_infinite() {
                (self.value, self.rest) = (sum, rest);
                return;
            }
            self.incremental = true;
            self.value /= self.count - 1.0;
            self.rest /= self.count - 1.0;
        }
        let share = (self.count - 1.0) / self.count;
        (self.value, self.rest) = kahan(value / self.count, share * self.value, share * self.rest);
    }

    pub(in crate::promql) fn value(self) -> Option<f64> {
        match (self.count == 0.0, self.incremental) {
            (true, _) => None,
            (_, true) => Some(self.value + self.rest),
            (_, false) => Some(self.value / self.count + self.rest / self.count),
        }
    }
}

/// The variance of a population (Welford).
#[derive(Clone, Copy, Debug, Default)]
struct Spread {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Spread {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        if self.count == 1.0 {
            self.mean = value;
            self.squares = if value.is_finite() { 0.0 } else { f64::NAN };
            return;
        }
        let delta = value - self.mean;
        self.mean += delta / self.count;
        self.squares += delta * (value - self.mean);
    }

    fn variance(self) -> Option<f64> {
        (self.count > 0.0).then_some(self.squares / self.count)
    }
}
