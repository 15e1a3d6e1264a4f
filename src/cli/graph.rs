//! `obs correlate --graph`: who calls whom, as tables, as Mermaid or as DOT.

use clap::ValueEnum;
use serde::Serialize;

use super::args::Form;
use super::out;
use super::session::Session;
use crate::correlate::{Edge, Graph, Totals};
use crate::fold::Quantiles;
use crate::model::unit::{HumanCount, HumanMillis};
use crate::model::{Account, Error};
use crate::report::account::counted;
use crate::report::table::percent;
use crate::report::{AccountJson, Cell, Column, Report, Section, Style, Table, Untrusted};

/// How the graph is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Drawn {
    /// Tables
    Text,
    /// A flowchart for Markdown
    Mermaid,
    /// A graph for Graphviz
    Dot,
}

#[derive(Serialize)]
struct GraphJson {
    services: Vec<NodeJson>,
    edges: Vec<EdgeJson>,
    requests: u64,
    one_in: u64,
    orphans: u64,
    orphan: Option<String>,
    totals: Totals,
    input: AccountJson,
}

#[derive(Serialize)]
struct NodeJson {
    service: String,
    requests: u64,
    failed: u64,
    first: u64,
    own_ms: f64,
    own_share: f64,
    own_p50_ms: Option<f64>,
    own_p95_ms: Option<f64>,
}

#[derive(Serialize)]
struct EdgeJson {
    from: String,
    to: String,
    calls: u64,
    calls_per_minute: f64,
    failed: u64,
    failed_share: f64,
    retries: u64,
    p50_ms: Option<f64>,
    p95_ms: Option<f64>,
    p99_ms: Option<f64>,
}

/// Quantiles of durations in milliseconds, to the microsecond.
fn quantiles<const N: usize>(values: &Quantiles, shares: [f64; N]) -> [Option<f64>; N] {
    let found = values.clone().quantiles(&shares);
    std::array::from_fn(|i| found.get(i).copied().flatten().map(|ms| (ms * 1e3).round() / 1e3))
}

/// Writes the answer.
pub(super) fn write(
    session: &mut Session,
    (graph, totals): (&Graph, Totals),
    account: &Account,
    (drawn, form): (Drawn, Form),
) -> Result<(), Error> {
    if form == Form::Table && drawn != Drawn::Text {
        let text = if drawn == Drawn::Mermaid { mermaid(graph) } else { dot(graph) };
        return out::write_text(text.as_bytes());
    }
    // A terminal has room for so much.
    let mut report = report(graph, totals, form != Form::Table);
    if drawn == Drawn::Mermaid && matches!(form, Form::Markdown | Form::Html) {
        report.push(Section::Code(mermaid(graph).into()));
    }
    report.push(Section::Account(*account));
    session.write(form, &report, ("obs.correlate-graph/1", &json(graph, totals, account)))
}

fn json(graph: &Graph, totals: Totals, account: &Account) -> GraphJson {
    let name = |service: usize| graph.services[service].name.clone();
    let services = graph.services.iter().map(|node| {
        let [own_p50_ms, own_p95_ms] = quantiles(&node.own, [0.5, 0.95]);
        NodeJson {
            service: node.name.clone(),
            requests: node.requests,
            failed: node.failed,
            first: node.first,
            own_ms: (node.own_ms * 1e3).round() / 1e3,
            own_share: graph.share(node),
            own_p50_ms,
            own_p95_ms,
        }
    });
    let edges = graph.edges.iter().map(|edge| {
        let [p50_ms, p95_ms, p99_ms] = quantiles(&edge.took, [0.5, 0.95, 0.99]);
        EdgeJson {
            from: name(edge.from),
            to: name(edge.to),
            calls: edge.calls,
            calls_per_minute: graph.per_minute(edge),
            failed: edge.failed,
            failed_share: share(edge),
            retries: edge.retries,
            p50_ms,
            p95_ms,
            p99_ms,
        }
    });
    GraphJson {
        services: services.collect(),
        edges: edges.collect(),
        requests: graph.requests,
        one_in: graph.one_in,
        orphans: graph.orphans,
        orphan: graph.orphan.clone(),
        totals,
        input: AccountJson::from(account),
    }
}

/// The part of an edge's calls that failed.
fn share(edge: &Edge) -> f64 {
    edge.failed as f64 / edge.calls.max(1) as f64
}

fn report(graph: &Graph, totals: Totals, is_wide: bool) -> Report {
    let mut report = Report::new();
    report.heading("Who calls whom");
    let millis = |value: Option<f64>| value.map_or_else(Cell::none, Cell::millis);
    let red = |cell: Cell, bad: bool| if bad { cell.styled(Style::Bad) } else { cell };
    if graph.edges.is_empty() {
        report.paragraph("Nobody: no request is spoken of by two services.");
    } else {
        let mut columns = vec![
            Column::text("caller").importance(8),
            Column::text("called").importance(9),
            Column::number("calls"),
            Column::number("a minute"),
            Column::number("failed"),
            Column::number("retries"),
            Column::number("p50").unit("ms"),
            Column::number("p95").unit("ms"),
        ];
        columns.extend(is_wide.then(|| Column::number("p99").unit("ms")));
        let mut table = Table::new(columns).named("calls");
        for edge in &graph.edges {
            let [half, most, slowest] = quantiles(&edge.took, [0.5, 0.95, 0.99]);
            let mut row = vec![
                Cell::text(graph.services[edge.from].name.as_str()),
                Cell::text(graph.services[edge.to].name.as_str()),
                Cell::count(edge.calls),
                Cell::number(graph.per_minute(edge), 1),
                red(Cell::percent(share(edge)), edge.failed > 0),
                Cell::count(edge.retries),
                millis(half),
                millis(most),
            ];
            row.extend(is_wide.then(|| millis(slowest)));
            table.row(row);
        }
        report.push(Section::Table(table));
    }
    report.heading("Where the time goes");
    let mut table = Table::new(vec![
        Column::text("service").importance(9),
        Column::number("requests"),
        Column::number("first"),
        Column::number("failed"),
        Column::number("own time").unit("ms"),
        Column::number("of all"),
        Column::number("p50").unit("ms"),
        Column::number("p95").unit("ms"),
    ])
    .named("services");
    let mut nodes: Vec<_> = graph.services.iter().filter(|node| node.requests > 0).collect();
    nodes.sort_by(|a, b| b.own_ms.total_cmp(&a.own_ms).then_with(|| a.name.cmp(&b.name)));
    for (at, node) in nodes.iter().enumerate() {
        let [half, most] = quantiles(&node.own, [0.5, 0.95]);
        table.row(vec![
            Cell::text(node.name.as_str()),
            Cell::count(node.requests),
            Cell::count(node.first),
            red(Cell::count(node.failed), node.failed > 0),
            Cell::millis(node.own_ms),
            red(Cell::percent(graph.share(node)), at == 0 && graph.share(node) > 0.5),
            millis(half),
            millis(most),
        ]);
    }
    report.push(Section::Table(table));
    report.paragraph(
        "Own time is when a service was at work and none that it called; the one with most of it is where requests wait.",
    );
    let sample = if graph.one_in > 1 {
        format!(" (one in {} of all)", HumanCount(graph.one_in))
    } else {
        String::new()
    };
    let orphans = match (graph.orphans, &graph.orphan) {
        (0, _) | (_, None) => String::new(),
        (count, Some(id)) => format!(
            " {} in a service that others call, without a word of who did, such as {id}.",
            if count == 1 { "One begins".to_owned() } else { format!("{} begin", HumanCount(count)) }
        ),
    };
    let unknown = if totals.unknown > 0 {
        format!(" Of {} nothing says how they ended.", HumanCount(totals.unknown))
    } else {
        String::new()
    };
    report
        .paragraph(format!("{}{sample}.{orphans}{unknown}", counted(graph.requests, "request", "requests")));
    report
}

/// What is said on an edge.
fn label(graph: &Graph, edge: &Edge) -> String {
    let [half, most, slowest] = quantiles(&edge.took, [0.5, 0.95, 0.99]);
    let millis = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |ms| HumanMillis(ms).to_string());
    let retries = if edge.retries > 0 {
        format!(", {}", counted(edge.retries, "retry", "retries"))
    } else {
        String::new()
    };
    format!(
        "{} ({:.1} a minute), {} failed{retries}, p50 {}, p95 {}, p99 {}",
        HumanCount(edge.calls),
        graph.per_minute(edge),
        percent(share(edge)),
        millis(half),
        millis(most),
        millis(slowest)
    )
}

/// Does a service take part?
fn takes_part(graph: &Graph, service: usize) -> bool {
    graph.services[service].requests > 0
}

fn mermaid(graph: &Graph) -> String {
    // Within quotes everything but quotes, hashes and markup is text; entities are written with `#`.
    let text = |text: &str| -> String {
        let mut out = String::new();
        for c in Untrusted::from(text).line().chars() {
            match c {
                '"' | '#' | '<' | '>' | '&' | '`' | '\\' | ';' => {
                    out.push_str(&format!("#{};", u32::from(c)));
                }
                c => out.push(c),
            }
        }
        out
    };
    let mut out = "flowchart LR\n".to_owned();
    for (at, node) in graph.services.iter().enumerate().filter(|(at, _)| takes_part(graph, *at)) {
        out.push_str(&format!("  s{at}[\"{}\"]\n", text(&node.name)));
    }
    for (at, edge) in graph.edges.iter().enumerate() {
        out.push_str(&format!("  s{} -->|\"{}\"| s{}\n", edge.from, label(graph, edge), edge.to));
        if share(edge) > 0.05 {
            out.push_str(&format!("  linkStyle {at} stroke:#b3261e,stroke-width:2px\n"));
        }
    }
    out
}

fn dot(graph: &Graph) -> String {
    let text = |text: &str| Untrusted::from(text).line().replace('\\', "\\\\").replace('"', "\\\"");
    let mut out = "digraph requests {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n".to_owned();
    for (at, node) in graph.services.iter().enumerate().filter(|(at, _)| takes_part(graph, *at)) {
        out.push_str(&format!("  s{at} [label=\"{}\"];\n", text(&node.name)));
    }
    for edge in &graph.edges {
        let color = if share(edge) > 0.05 { ", color=\"#b3261e\"" } else { "" };
        out.push_str(&format!(
            "  s{} -> s{} [label=\"{}\"{color}];\n",
            edge.from,
            edge.to,
            text(&label(graph, edge))
        ));
    }
    out.push_str("}\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::Node;

    #[test]
    fn names_are_text_in_every_picture() {
        let node = |name: &str| Node { name: name.to_owned(), requests: 1, ..Node::default() };
        let edge = Edge { from: 0, to: 1, calls: 2, failed: 1, retries: 3, ..Edge::default() };
        let graph = Graph {
            services: vec![node("a\"]; x --> y[\"<b>#1"), node("b\\\" -> c;\nd")],
            edges: vec![edge],
            ..Graph::default()
        };
        assert_eq!(
            mermaid(&graph),
            "flowchart LR\n  s0[\"a#34;]#59; x --#62; y[#34;#60;b#62;#35;1\"]\n  s1[\"b#92;#34; -#62; c#59;#92;nd\"]\n  \
             s0 -->|\"2 (0.0 a minute), 50.0 % failed, 3 retries, p50 –, p95 –, p99 –\"| s1\n  \
             linkStyle 0 stroke:#b3261e,stroke-width:2px\n"
        );
        assert!(dot(&graph).contains("s1 [label=\"b\\\\\\\" -> c;\\\\nd\"];\n"), "{}", dot(&graph));
    }
}
