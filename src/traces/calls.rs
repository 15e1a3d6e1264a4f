//! Who calls whom, from spans: each remote call once, whether its caller wrote a span for it or not.

use super::collect::{Row, SpanName};
use super::tree::Tree;
use crate::model::{SpanKind, SpanStatus};

/// A remote call within a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The span of the caller: the one that calls, or in which was called.
    pub from: usize,
    /// The callee's span; none where it wrote none.
    pub to: Option<usize>,
    /// Did the caller write a span of the call itself?
    pub seen: bool,
}

impl Call {
    /// The nanoseconds between the caller's and the callee's span of it: on the way, or waiting to be taken up.
    pub fn on_the_way(&self, rows: &[Row]) -> Option<i64> {
        let to = self.to.filter(|_| self.seen)?;
        Some((rows[self.from].nanos - rows[to].nanos).max(0))
    }

    /// Did it end in an error, as the callee says, or the caller where nobody else says anything?
    pub fn failed(&self, rows: &[Row]) -> bool {
        rows[self.to.unwrap_or(self.from)].status == SpanStatus::Error
    }
}

/// The remote calls of a trace, in the order of the callers' spans. `name` is that of the span at a place.
pub fn calls<'n>(rows: &[Row], tree: &Tree, name: impl Fn(usize) -> &'n SpanName) -> Vec<Call> {
    let mut calls = Vec::new();
    for (at, _) in tree.walk() {
        let own = name(at);
        let is_client = own.kind.is_some_and(SpanKind::calls);
        let mut answered = false;
        for child in &tree.children[at] {
            let other = name(*child);
            let serves = other.kind.is_some_and(SpanKind::serves);
            if own.service != other.service || (is_client && serves) {
                answered = true;
                calls.push(Call { from: at, to: Some(*child), seen: is_client });
            }
        }
        if is_client && !answered && !own.peer.is_empty() {
            calls.push(Call { from: at, to: None, seen: true });
        }
    }
    debug_assert!(calls.iter().all(|call| call.from < rows.len()));
    calls
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Location;

    #[test]
    fn each_call_counts_once() {
        let location = Location { file: 0, chunk: 0, line: 0 };
        let row = |id, parent, nanos| Row {
            id,
            parent,
            start: id as i64,
            nanos,
            name: id as u32,
            status: SpanStatus::Unset,
            location,
        };
        let span = |service: &str, kind, peer: &str| SpanName {
            service: service.into(),
            operation: "x".into(),
            kind,
            peer: peer.into(),
        };
        // a: server; a: client of b; b: server; b calls c without a span of its own; c: client of a database.
        let rows = [row(1, 0, 100), row(2, 1, 80), row(3, 2, 60), row(4, 3, 40), row(5, 4, 30)];
        let names = [
            span("a", Some(SpanKind::Server), ""),
            span("a", Some(SpanKind::Client), "b"),
            span("b", Some(SpanKind::Server), ""),
            span("c", None, ""),
            span("c", Some(SpanKind::Client), "mysql"),
        ];
        let tree = Tree::of(&rows, |at| names[at].kind);
        let found = calls(&rows, &tree, |at| &names[at]);
        assert_eq!(
            found,
            [
                Call { from: 1, to: Some(2), seen: true },
                Call { from: 2, to: Some(3), seen: false },
                Call { from: 4, to: None, seen: true }
            ]
        );
        assert_eq!(
            found.iter().map(|call| call.on_the_way(&rows)).collect::<Vec<_>>(),
            [Some(20), None, None]
        );
    }
}
