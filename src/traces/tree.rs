//! A trace as a tree: parents and children, the time that was each span's own, the path that the trace waited on.

use std::collections::HashMap;

use super::collect::Row;
use crate::model::SpanKind;

/// The spans of a trace, by their places in its rows.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// The span that each is part of.
    pub parent: Vec<Option<usize>>,
    /// Those that are part of each, in the order of their starts.
    pub children: Vec<Vec<usize>>,
    /// Spans that are part of none, in the order of their starts.
    pub roots: Vec<usize>,
    /// Spans among the roots whose parent is not in the data.
    pub orphans: usize,
    /// Spans that are there twice, and are left out.
    pub doubles: usize,
    /// From when to when each was at work, in nanoseconds since 1970, the clock of a callee set right where it says that
    /// it answered before it was asked or after its caller had the answer.
    pub extents: Vec<(i64, i64)>,
}

impl Tree {
    /// The tree of these spans, which are in the order of their starts. `kind` is that of the span at a place.
    pub fn of(rows: &[Row], kind: impl Fn(usize) -> Option<SpanKind>) -> Tree {
        let mut tree = Tree {
            parent: vec![None; rows.len()],
            children: vec![Vec::new(); rows.len()],
            extents: rows.iter().map(|row| (row.start, row.end())).collect(),
            ..Tree::default()
        };
        let mut by_id: HashMap<u64, Vec<usize>> = HashMap::with_capacity(rows.len());
        let mut double = vec![false; rows.len()];
        for (at, row) in rows.iter().enumerate() {
            let same = by_id.entry(row.id).or_default();
            let is_double = |other: &usize| {
                (rows[*other].start, rows[*other].nanos, rows[*other].name)
                    == (row.start, row.nanos, row.name)
            };
            double[at] = same.iter().any(is_double);
            if !double[at] {
                same.push(at);
            }
        }
        tree.doubles = double.iter().filter(|double| **double).count();
        let calls = |at: usize| kind(at).is_some_and(SpanKind::calls);
        for (at, row) in rows.iter().enumerate().filter(|(at, _)| !double[*at]) {
            // Zipkin's two sides of one call may share an id: the server's is part of the client's.
            let shared =
                by_id[&row.id].iter().copied().find(|other| *other != at && calls(*other) && !calls(at));
            let of_parent = || {
                let same = by_id.get(&row.parent).filter(|_| row.parent != 0)?;
                same.iter().copied().find(|other| !calls(*other)).or(same.first().copied())
            };
            tree.parent[at] = shared.or_else(of_parent).filter(|parent| *parent != at);
            let is_named = row.parent != 0 && row.parent != row.id;
            tree.orphans += usize::from(tree.parent[at].is_none() && is_named);
        }
        tree.cut_circles();
        for at in (0..rows.len()).filter(|at| !double[*at]) {
            match tree.parent[at] {
                Some(parent) => tree.children[parent].push(at),
                None => tree.roots.push(at),
            }
        }
        tree.set_clocks_right(&kind);
        tree
    }

    /// Makes a root of one span of every circle of parents.
    fn cut_circles(&mut self) {
        // 0: not seen; otherwise the walk in which it was.
        let mut walk = vec![0_usize; self.parent.len()];
        for start in 0..self.parent.len() {
            let mut at = start;
            while walk[at] == 0 {
                walk[at] = start + 1;
                match self.parent[at] {
                    Some(parent) if walk[parent] == start + 1 => self.parent[at] = None,
                    Some(parent) => at = parent,
                    None => break,
                }
            }
        }
    }

    /// Spans in an order in which each comes behind its parent, with how deep it stands: what is part of a span behind it.
    pub fn walk(&self) -> Vec<(usize, usize)> {
        self.walk_from(&self.roots)
    }

    /// A span and what is part of it, each behind its parent.
    pub fn below(&self, at: usize) -> impl Iterator<Item = usize> {
        self.walk_from(&[at]).into_iter().map(|(at, _)| at)
    }

    fn walk_from(&self, roots: &[usize]) -> Vec<(usize, usize)> {
        let mut order = Vec::with_capacity(self.parent.len());
        let mut next: Vec<(usize, usize)> = roots.iter().rev().map(|root| (*root, 0)).collect();
        while let Some((at, depth)) = next.pop() {
            order.push((at, depth));
            next.extend(self.children[at].iter().rev().map(|child| (*child, depth + 1)));
        }
        order
    }

    /// A server cannot have begun before its client called, nor have ended after that had the answer: where it says so and
    /// would fit, its clock is off, and it is put into the middle, with all that is part of it.
    ///
    /// As Jaeger and Zipkin do: <https://github.com/openzipkin/zipkin/blob/master/zipkin-lens/src/models/adjustments>.
    fn set_clocks_right(&mut self, kind: &impl Fn(usize) -> Option<SpanKind>) {
        let mut shift = vec![0_i64; self.parent.len()];
        for (at, _) in self.walk() {
            let Some(parent) = self.parent[at] else { continue };
            shift[at] = shift[parent];
            let (from, to) = self.extents[at];
            let (from, to) = (from.saturating_add(shift[at]), to.saturating_add(shift[at]));
            let (first, last) = self.extents[parent];
            let is_call = kind(parent) == Some(SpanKind::Client) && kind(at) == Some(SpanKind::Server);
            let fits = to.saturating_sub(from) <= last.saturating_sub(first);
            if is_call && fits && (from < first || to > last) {
                let begin = first.saturating_add((last.saturating_sub(first) - to.saturating_sub(from)) / 2);
                shift[at] = shift[at].saturating_add(begin.saturating_sub(from));
            }
            let (from, to) = self.extents[at];
            self.extents[at] = (from.saturating_add(shift[at]), to.saturating_add(shift[at]));
        }
    }

    /// The nanoseconds that were the span's own: at work, and nothing that is part of it.
    pub fn own(&self, at: usize) -> i64 {
        self.without(at, self.children[at].iter().copied())
    }

    /// The nanoseconds of the span in which none of these was at work.
    pub fn without(&self, at: usize, others: impl Iterator<Item = usize>) -> i64 {
        let (from, to) = self.extents[at];
        let mut parts: Vec<(i64, i64)> = others
            .map(|other| self.extents[other])
            .map(|(start, end)| (start.max(from), end.min(to)))
            .filter(|(start, end)| start < end)
            .collect();
        parts.sort_unstable();
        let (mut own, mut until) = (to.saturating_sub(from), from);
        for (start, end) in parts {
            own -= (end - start.max(until)).max(0);
            until = until.max(end);
        }
        own
    }

    /// For every span, the nanoseconds in which its root waited for it and for nothing that is part of it: the critical
    /// path. They sum to what the roots took.
    ///
    /// From the end of a root backwards: the child that ended last is what was waited for, then the one that had ended when
    /// it began. Zhang et al., "CRISP: Critical Path Analysis of Large-Scale Microservice Architectures" (USENIX ATC 2022).
    pub fn critical(&self) -> Vec<i64> {
        struct Frame {
            at: usize,
            from: i64,
            until: i64,
            left: Vec<usize>,
        }
        let frame = |at: usize, from: i64, until: i64| {
            let mut left = self.children[at].clone();
            left.sort_by_key(|child| (self.extents[*child].1, *child));
            Frame { at, from, until, left }
        };
        let mut critical = vec![0; self.parent.len()];
        for root in &self.roots {
            let (from, to) = self.extents[*root];
            let mut frames = vec![frame(*root, from, to)];
            while let Some(top) = frames.last_mut() {
                let Some(child) = top.left.pop() else {
                    critical[top.at] += top.until.saturating_sub(top.from);
                    frames.pop();
                    continue;
                };
                let (start, end) = self.extents[child];
                let (start, end) = (start.max(top.from), end.min(top.until));
                if start < end {
                    critical[top.at] += top.until - end;
                    top.until = start;
                    frames.push(frame(child, start, end));
                }
            }
        }
        critical
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Location, SpanStatus};

    fn row(id: u64, parent: u64, start: i64, nanos: i64) -> Row {
        let location = Location { file: 0, chunk: 0, line: id as u32 };
        Row { id, parent, start, nanos, name: id as u32, status: SpanStatus::Unset, location }
    }

    fn tree(rows: &mut [Row]) -> Tree {
        rows.sort_by_key(|row| (row.start, row.location));
        Tree::of(rows, |_| None)
    }

    #[test]
    fn own_time_is_what_no_child_covers() {
        let mut rows =
            [row(1, 0, 0, 100), row(2, 1, 10, 30), row(3, 1, 20, 40), row(4, 2, 15, 5), row(5, 1, 90, 50)];
        let tree = tree(&mut rows);
        // 1 is covered from 10 to 60 and from 90 on.
        assert_eq!((0..5).map(|at| tree.own(at)).collect::<Vec<_>>(), [40, 25, 5, 40, 50]);
        // Backwards from 100: 5 (90–100), 1 (60–90), 3 (20–60), 2 (10–20) in which 4 was (15–20), 1 (0–10).
        assert_eq!(tree.critical(), [40, 5, 5, 40, 10]);
        assert_eq!(
            tree.walk().iter().map(|(at, depth)| (rows[*at].id, *depth)).collect::<Vec<_>>(),
            [(1, 0), (2, 1), (4, 2), (3, 1), (5, 1)]
        );
    }

    #[test]
    fn orphans_doubles_and_circles_lose_nothing() {
        let mut rows = [
            row(1, 9, 0, 10),
            row(2, 1, 1, 5),
            row(2, 1, 1, 5),
            row(3, 4, 2, 1),
            row(4, 3, 3, 1),
            row(5, 5, 4, 1),
        ];
        rows[2].name = 2;
        let tree = tree(&mut rows);
        assert_eq!((tree.orphans, tree.doubles), (1, 1));
        assert_eq!(tree.walk().len(), 5);
        assert_eq!(tree.critical().iter().sum::<i64>(), 10 + 1 + 1);
    }

    #[test]
    fn a_server_is_put_into_its_clients_time() {
        let rows = [row(2, 1, 0, 60), row(3, 2, 10, 20), row(1, 0, 1000, 100)];
        let kinds = [Some(SpanKind::Server), None, Some(SpanKind::Client)];
        let tree = Tree::of(&rows, |at| kinds[at]);
        assert_eq!(tree.extents, [(1020, 1080), (1030, 1050), (1000, 1100)]);
        assert_eq!((tree.own(2), tree.own(0)), (40, 40));
    }

    #[test]
    fn depth_is_no_danger() {
        let mut rows: Vec<Row> = (1..100_000).map(|id| row(id, id - 1, id as i64, 200_000)).collect();
        let tree = tree(&mut rows);
        assert_eq!(tree.critical().iter().sum::<i64>(), 200_000);
        assert_eq!(tree.walk().last().map(|(_, depth)| *depth), Some(99_998));
    }

    proptest::proptest! {
        #[test]
        fn the_critical_path_sums_to_the_roots(spans in proptest::collection::vec((0..40_u64, 0..1000_i64, 0..500_i64), 1..40)) {
            let mut rows: Vec<Row> = spans.iter().enumerate().map(|(at, (parent, start, nanos))| row(at as u64 + 1, *parent, *start, *nanos)).collect();
            let tree = tree(&mut rows);
            let of_roots: i64 = tree.roots.iter().map(|root| rows[*root].nanos).sum();
            proptest::prop_assert_eq!(tree.critical().iter().sum::<i64>(), of_roots);
            proptest::prop_assert_eq!(tree.walk().len(), rows.len());
            for (at, row) in rows.iter().enumerate() {
                proptest::prop_assert!((0..=row.nanos).contains(&tree.own(at)));
            }
        }
    }
}
