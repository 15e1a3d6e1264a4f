//! A trace in `obs correlate --id`: its spans as a tree, with the entries of logs in their places.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use super::session::Session;
use crate::correlate::{Moment, Story};
use crate::model::unit::{HumanCount, HumanMillis};
use crate::model::{Level, Location, SpanKind, SpanStatus, Timestamp};
use crate::report::{Cell, Column, Report, Section, Style, Table};
use crate::scan::Scanned;
use crate::traces::{Row, SpanName, Told, Tree};

/// Spans that belong together, and what is told of them.
pub(super) struct Trace {
    spans: Vec<Told>,
    tree: Tree,
    critical: Vec<i64>,
    scanned: Scanned,
}

#[derive(Serialize)]
pub(super) struct SpanJson {
    trace_id: String,
    span_id: String,
    parent_id: Option<String>,
    service: String,
    operation: String,
    kind: Option<&'static str>,
    start: String,
    duration_ms: f64,
    own_ms: f64,
    critical_ms: f64,
    status: &'static str,
    peer: Option<String>,
    /// Is its parent named, and not in the data?
    orphan: bool,
    file: String,
    line: u64,
}

/// How many spans that do the same are shown one by one below their parent.
const ALIKE: usize = 8;

/// What stands in a row of the tree.
#[derive(Clone, Copy)]
enum Item {
    Span(usize),
    Entry(usize),
    /// So many spans like the one at this place.
    More(usize, usize),
}

impl Trace {
    /// The trace of these spans; `None` if there are none.
    pub(super) fn of(spans: Vec<Told>, scanned: Option<Scanned>) -> Option<Trace> {
        let scanned = scanned.filter(|_| !spans.is_empty())?;
        let rows: Vec<Row> = spans.iter().map(|told| told.row).collect();
        let tree = Tree::of(&rows, |at| spans[at].name.kind);
        let critical = tree.critical();
        Some(Trace { spans, tree, critical, scanned })
    }

    /// Where the spans stand.
    pub(super) fn locations(&self) -> impl Iterator<Item = Location> {
        self.spans.iter().map(|told| told.row.location)
    }

    /// The spans, each behind its parent.
    pub(super) fn json(&self, file: impl Fn(u32) -> String) -> Vec<SpanJson> {
        let spans = self.tree.walk().into_iter().map(|(at, _)| {
            let told = &self.spans[at];
            let row = &told.row;
            SpanJson {
                trace_id: told.trace.clone(),
                span_id: told.id.clone(),
                parent_id: told.parent.clone(),
                service: told.name.service.clone(),
                operation: told.name.operation.clone(),
                kind: told.name.kind.map(SpanKind::name),
                start: Timestamp(row.start).rfc3339_nanos(),
                duration_ms: row.nanos as f64 / 1e6,
                own_ms: self.tree.own(at) as f64 / 1e6,
                critical_ms: self.critical[at] as f64 / 1e6,
                status: row.status.name(),
                peer: Some(told.name.peer.clone()).filter(|peer| !peer.is_empty()),
                orphan: self.tree.parent[at].is_none() && told.parent.is_some(),
                file: file(row.location.file),
                line: self.scanned.line_of(row.location),
            }
        });
        spans.collect()
    }

    /// Adds the tree, with the story's entries that are no spans in their places.
    pub(super) fn tell(&self, report: &mut Report, story: &Story, session: &Session) {
        let start = self.tree.extents.iter().map(|(from, _)| *from);
        let start = start.chain(story.moments.iter().filter_map(|m| m.at).map(|at| at.0)).min().unwrap_or(0);
        let mut table = Table::new(vec![
            Column::number("after").unit("ms"),
            Column::number("took").unit("ms"),
            Column::number("own").unit("ms"),
            Column::text("service").importance(7),
            Column::text("what").importance(9).wrapped(),
        ]);
        for (item, depth) in self.items(story) {
            let indent = indent(depth);
            match item {
                Item::Span(at) => table.row(self.span_row(at, start, &indent)),
                Item::Entry(at) => table.row(entry_row(&story.moments[at], start, &indent)),
                Item::More(at, count) => {
                    let what = format!(
                        "{indent}… {} more {}",
                        HumanCount(count as u64),
                        self.spans[at].name.operation
                    );
                    let blank = || Cell::text("");
                    table.row(vec![blank(), blank(), blank(), blank(), Cell::text(what).styled(Style::Dim)]);
                }
            }
        }
        report.push(Section::Table(table));
        report.paragraph(
            "* is the critical path: what the trace waited for. Own time is a span's without its children's.",
        );
        self.waited(report);
        self.first_error(report, session);
        self.missing(report);
    }

    fn span_row(&self, at: usize, start: i64, indent: &str) -> Vec<Cell> {
        let told = &self.spans[at];
        let style = if told.row.status == SpanStatus::Error { Style::Bad } else { Style::Plain };
        let mark = if self.critical[at] > 0 { "* " } else { "" };
        let ended = if told.row.status == SpanStatus::Error { " (error)" } else { "" };
        let peer = match (told.name.kind, told.name.peer.as_str()) {
            (Some(kind), peer) if kind.calls() && !peer.is_empty() => format!(" → {peer}"),
            _ => String::new(),
        };
        vec![
            Cell::millis(self.tree.extents[at].0.saturating_sub(start) as f64 / 1e6),
            Cell::millis(told.row.nanos as f64 / 1e6),
            Cell::millis(self.tree.own(at) as f64 / 1e6),
            Cell::text(told.name.service.as_str()).styled(style),
            Cell::text(format!("{indent}{mark}{}{peer}{ended}", told.name.operation)).styled(style),
        ]
    }

    /// What is shown, with how deep it stands.
    fn items(&self, story: &Story) -> Vec<(Item, usize)> {
        let is_span: BTreeSet<Location> = self.locations().collect();
        let mut hosts: Vec<Vec<usize>> = vec![Vec::new(); self.spans.len()];
        let mut outside: Vec<usize> = Vec::new();
        let others = |at: &usize| !is_span.contains(&story.moments[*at].location);
        let entries: Vec<usize> = (0..story.moments.len()).filter(others).collect();
        for (at, host) in entries.iter().zip(self.hosts(story, &entries)) {
            match host {
                Some(host) => hosts[host].push(*at),
                None => outside.push(*at),
            }
        }
        let mut items = Vec::new();
        let mut next: Vec<(Item, usize)> = self.below(&self.tree.roots, &outside, story, 0);
        next.reverse();
        while let Some((item, depth)) = next.pop() {
            items.push((item, depth));
            if let Item::Span(at) = item {
                let mut below = self.below(&self.tree.children[at], &hosts[at], story, depth + 1);
                below.reverse();
                next.extend(below);
            }
        }
        items
    }

    /// Spans and entries that stand below the same span, in the order of time; of many spans that do the same, the first.
    fn below(&self, spans: &[usize], entries: &[usize], story: &Story, depth: usize) -> Vec<(Item, usize)> {
        let mut items: Vec<(i64, Item)> = Vec::new();
        // Of each that do the same: the first, how many, and how many are not shown.
        let mut alike: Vec<(usize, usize, usize)> = Vec::new();
        let mut known: HashMap<&SpanName, usize> = HashMap::new();
        for at in spans {
            let of = *known.entry(&self.spans[*at].name).or_insert_with(|| {
                alike.push((*at, 0, 0));
                alike.len() - 1
            });
            let (_, count, hidden) = &mut alike[of];
            *count += 1;
            // What failed, and what the trace waited for, is shown.
            let telling = self.spans[*at].row.status == SpanStatus::Error || self.critical[*at] > 0;
            if *count <= ALIKE || telling {
                items.push((self.tree.extents[*at].0, Item::Span(*at)));
            } else {
                *hidden += 1;
            }
        }
        let more = alike.into_iter().filter(|(.., hidden)| *hidden > 0);
        items.extend(more.map(|(at, _, hidden)| (i64::MAX, Item::More(at, hidden))));
        let time = |at: &usize| story.moments[*at].at.map_or(i64::MAX, |at| at.0);
        items.extend(entries.iter().map(|at| (time(at), Item::Entry(*at))));
        items.sort_by_key(|(at, _)| *at);
        items.into_iter().map(|(_, item)| (item, depth)).collect()
    }

    /// For each of these entries the span in whose time it was written: the shortest of its service, else of all.
    ///
    /// One walk through the time, with the spans at work in the order of their lengths.
    fn hosts(&self, story: &Story, entries: &[usize]) -> Vec<Option<usize>> {
        let mut begins: Vec<usize> = (0..self.spans.len()).collect();
        let mut ends = begins.clone();
        begins.sort_by_key(|span| self.tree.extents[*span].0);
        ends.sort_by_key(|span| self.tree.extents[*span].1);
        let service = |span: usize| self.spans[span].name.service.as_str();
        let length = |span: usize| (self.spans[span].row.nanos, span);
        let mut order: Vec<(usize, i64)> = (0..entries.len())
            .filter_map(|place| Some((place, story.moments[entries[place]].at?.0)))
            .collect();
        order.sort_by_key(|(_, at)| *at);
        let (mut begun, mut ended) = (begins.into_iter().peekable(), ends.into_iter().peekable());
        let mut all: BTreeSet<(i64, usize)> = BTreeSet::new();
        let mut of: HashMap<&str, BTreeSet<(i64, usize)>> = HashMap::new();
        let mut hosts = vec![None; entries.len()];
        for (place, at) in order {
            while let Some(span) = begun.next_if(|span| self.tree.extents[*span].0 <= at) {
                all.insert(length(span));
                of.entry(service(span)).or_default().insert(length(span));
            }
            while let Some(span) = ended.next_if(|span| self.tree.extents[*span].1 < at) {
                all.remove(&length(span));
                of.entry(service(span)).or_default().remove(&length(span));
            }
            let own = story.moments[entries[place]].service.as_deref().and_then(|name| of.get(name)?.first());
            hosts[place] = own.or(all.first()).map(|(_, span)| *span);
        }
        hosts
    }

    /// Which service the trace waited for longest.
    fn waited(&self, report: &mut Report) {
        let mut by_service: BTreeMap<&str, i64> = BTreeMap::new();
        for (at, nanos) in self.critical.iter().enumerate() {
            *by_service.entry(&self.spans[at].name.service).or_default() += nanos;
        }
        let all: i64 = by_service.values().sum();
        if let Some((service, nanos)) = by_service.into_iter().max_by_key(|(_, nanos)| *nanos)
            && all > 0
        {
            report.paragraph(format!(
                "It waited longest for {service}: {} of {} ({}).",
                HumanMillis(nanos as f64 / 1e6),
                HumanMillis(all as f64 / 1e6),
                crate::report::table::percent(nanos as f64 / all as f64),
            ));
        }
    }

    /// Where its errors began: the innermost span that ended in one and has no child that did.
    fn first_error(&self, report: &mut Report, session: &Session) {
        let failed = |at: &usize| self.spans[*at].row.status == SpanStatus::Error;
        let innermost = |at: &usize| failed(at) && !self.tree.children[*at].iter().any(failed);
        let first = (0..self.spans.len()).filter(innermost).min_by_key(|at| self.tree.extents[*at].1);
        if let Some(at) = first {
            let told = &self.spans[at];
            let file = &session.inputs.logs[told.row.location.file as usize].shown;
            report.paragraph(format!(
                "Its errors began in {} ({}), {file}:{}.",
                told.name.service,
                told.name.operation,
                self.scanned.line_of(told.row.location)
            ));
        }
    }

    /// What is not there.
    fn missing(&self, report: &mut Report) {
        let spans = |count: usize| crate::report::account::counted(count as u64, "span", "spans");
        if self.tree.orphans > 0 {
            report.paragraph(format!("The parent of {} is not in these files.", spans(self.tree.orphans)));
        }
        if self.tree.doubles > 0 {
            report.paragraph(format!(
                "{} there twice and shown once.",
                match self.tree.doubles {
                    1 => "1 span is".to_owned(),
                    count => format!("{} spans are", HumanCount(count as u64)),
                }
            ));
        }
    }
}

/// What stands before what is so deep in the tree; beyond some depth a number, so that there is room for what is told.
fn indent(depth: usize) -> String {
    const DEEP: usize = 12;
    let dots = "· ".repeat(depth.min(DEEP));
    if depth > DEEP { format!("{dots}{depth}: ") } else { dots }
}

fn entry_row(moment: &Moment, start: i64, indent: &str) -> Vec<Cell> {
    let style = match moment.level {
        Some(level) if level >= Level::Error => Style::Bad,
        _ => Style::Plain,
    };
    let said = moment.message.lines().next().unwrap_or_default();
    let level = moment.level.map_or(String::new(), |level| format!("{} ", level.name()));
    vec![
        moment.at.map_or_else(Cell::none, |at| Cell::millis(at.0.saturating_sub(start) as f64 / 1e6)),
        Cell::text(""),
        Cell::text(""),
        Cell::text(moment.service.as_deref().unwrap_or_default()).styled(style),
        Cell::text(format!("{indent}{level}{said}")).styled(style),
    ]
}
