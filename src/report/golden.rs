//! One report with every kind of section, as each renderer writes it; and what holds for hostile ones.

use proptest::prelude::*;

use super::escape::is_hidden;
use super::*;
use crate::model::Timestamp;

const START: i64 = 1_703_385_000_000_000_000;
const MINUTE: i64 = 60_000_000_000;

fn table() -> Table {
    let mut table = Table::new(vec![
        Column::text("service").importance(9),
        Column::text("message").importance(1),
        Column::number("entries"),
        Column::number("success"),
        Column::number("p99"),
        Column::number("since"),
    ]);
    table.row(vec![
        "order-service".into(),
        "=cmd| <b>Connection pool exhausted!</b> Waiting for available connection...".into(),
        Cell::count(145_046),
        Cell::percent(0.1234).styled(Style::Bad),
        Cell::millis(20_005.5).approximate(),
        Cell::clock(Timestamp(START)),
    ]);
    table.row(vec![
        "payment\u{1b}[2J".into(),
        "ok".into(),
        Cell::count(7),
        Cell::percent(0.999).styled(Style::Good),
        Cell::none(),
        Cell::clock(Timestamp(START + 36 * MINUTE)),
    ]);
    table
}

fn report() -> Report {
    let mut report = Report::new();
    report.heading("What broke");
    report.paragraph(
        Phrase::from("Order success fell from 95 % to ")
            .and(Style::Bad, "12 %")
            .and(Style::Plain, " at 03:06:00, when the connection pool of payment-service was exhausted."),
    );
    report.push(Section::Table(table()));
    report.push(Section::KeyValues(vec![
        ("onset".into(), "2023-12-24 03:06:00 UTC".into()),
        ("likely cause".into(), Phrase::new().and(Style::Strong, "pool exhausted")),
    ]));
    report.push(Section::Lines(vec![
        Evidence {
            place: "payment-service/db.log:12079".into(),
            text: Phrase::marked(
                b"2023-12-24 03:14:26 ERROR Connection pool exhausted! Waiting for available connection...",
                [37..41],
            ),
            context: false,
        },
        Evidence { place: "payment-service/db.log:12080".into(), text: "next\n\tat x".into(), context: true },
    ]));
    report.push(Section::Code("obs correlate --id 'a b' .".into()));
    report.push(Section::Sparks(vec![
        Spark {
            label: "order-service".into(),
            values: (0..30).map(|i| Some(if i < 18 { 0.95 } else { 0.12 })).collect(),
            max: Some(1.0),
            note: "95 % → 12 %".into(),
            style: Style::Bad,
        },
        Spark { label: "calm".into(), values: vec![Some(1.0); 30], note: "1".into(), ..Spark::default() },
    ]));
    report.push(Section::Account(Account {
        files: 3,
        bytes: 29_100_000,
        lines: 145_046,
        entries: 138_201,
        continuation: 6_845,
        from: Some(Timestamp(START)),
        to: Some(Timestamp(START + 60 * MINUTE)),
        ..Account::default()
    }));
    report
}

fn render(name: &str, page: Page) -> String {
    (renderer(name).unwrap().render)(&report(), page)
}

#[test]
fn look() {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    for page in [
        Page::PLAIN,
        Page { width: 100, color: true, ascii: false },
        Page { width: 60, color: false, ascii: true },
    ] {
        write!(out, "{}\n=========\n", render("table", page)).unwrap();
    }
    for name in ["markdown", "csv", "html"] {
        write!(out, "{}\n=========\n", render(name, Page::PLAIN)).unwrap();
    }
}
