//! One report with every kind of section, as each renderer writes it; and what holds for hostile ones.

use proptest::prelude::*;

use super::chart::Curve;
use super::escape::is_hidden;
use super::waterfall::{Bar, Gap, Lane};
use super::*;

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
                std::iter::once(37..41),
            ),
            context: false,
            whole: false,
        },
        Evidence {
            place: "payment-service/db.log:12080".into(),
            text: "next\n\tat x".into(),
            context: true,
            whole: false,
        },
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

fn render(report: &Report, name: &str, page: Page) -> String {
    (renderer(name).unwrap().render)(report, page)
}

#[test]
fn a_report_in_a_terminal() {
    assert_eq!(
        render(&report(), "table", Page::PLAIN),
        "\
What broke
  Order success fell from 95 % to 12 % at 03:06:00, when the connection pool of
  payment-service was exhausted.

  service         message                    entries  success      p99     since
  ──────────────────────────────────────────────────────────────────────────────
  order-service   =cmd| <b>Connection pool…  145,046   12.3 %  ≈20.0 s  02:30:00
  payment\\x1b[2J  ok                               7  99.90 %        –  03:06:00

  onset         2023-12-24 03:06:00 UTC
  likely cause  pool exhausted

  payment-service/db.log:12079 │ 2023-12-24 03:14:26 ERROR Connection pool
                               │ exhausted! Waiting for available connection...
  payment-service/db.log:12080 │ next
                               │     at x

  $ obs correlate --id 'a b' .

  order-service  ██████████████████▂▂▂▂▂▂▂▂▂▂▂▂  95 % → 12 %
  calm           ██████████████████████████████  1

read 3 files, 145,046 lines, 29.1 MB: 138,201 entries + 6,845 continuation lines
+ 0 unparsed; 2023-12-24 02:30:00–03:30:00 UTC
"
    );
}

#[test]
fn a_report_in_a_narrow_terminal_with_colours() {
    let mut report = report();
    report.sections.drain(3..);
    assert_eq!(
        render(&report, "table", Page { width: 60, color: true, ascii: true, ..Page::PLAIN }),
        "\
\u{1b}[1mWhat broke\u{1b}[0m
  Order success fell from 95 % to \u{1b}[31m12 %\u{1b}[0m at 03:06:00, when the
  connection pool of payment-service was exhausted.

  \u{1b}[1mservice\u{1b}[0m      \u{1b}[1mmessage\u{1b}[0m   \u{1b}[1mentries\u{1b}[0m  \u{1b}[1msuccess\u{1b}[0m      \
\u{1b}[1mp99\u{1b}[0m     \u{1b}[1msince\u{1b}[0m
  \u{1b}[2m----------------------------------------------------------\u{1b}[0m
  order-serv~  =cmd| <~  145,046   \u{1b}[31m12.3 %\u{1b}[0m  ≈20.0 s  02:30:00
  payment\\x1~  ok              7  \u{1b}[32m99.90 %\u{1b}[0m        \u{1b}[2m–\u{1b}[0m  03:06:00
"
    );
}

#[test]
fn long_evidence_is_cut_and_says_so() {
    let mut report = Report::new();
    let trace = format!("boom{}", "\n\tat x".repeat(30));
    let place = || "a/very/long/directory/that/takes/room/payment-service/db.log:7".into();
    report.push(Section::Lines(vec![Evidence {
        place: place(),
        text: trace.into(),
        context: false,
        whole: false,
    }]));
    let text = render(&report, "table", Page { width: 60, color: false, ascii: true, ..Page::PLAIN });
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 12);
    assert_eq!(lines[0], "  ~/payment-service/db.log:7 | boom");
    assert_eq!(lines[11], format!("  {}| ~ 20 lines more", " ".repeat(27)));
}

#[test]
fn a_report_in_markdown() {
    assert_eq!(
        render(&report(), "markdown", Page::PLAIN),
        r"## What broke

Order success fell from 95 % to **12 %** at 03:06:00, when the connection pool of payment-service was exhausted.

| service | message | entries | success | p99 | since |
| --- | --- | ---: | ---: | ---: | ---: |
| order-service | =cmd\| &lt;b&gt;Connection pool exhausted!&lt;/b&gt; Waiting for available connection... | 145,046 | **12.3 %** | ≈20.0 s | 02:30:00 |
| payment\\x1b\[2J | ok | 7 | 99.90 % | – | 03:06:00 |

- **onset**: 2023-12-24 03:06:00 UTC
- **likely cause**: **pool exhausted**

```text
payment-service/db.log:12079: 2023-12-24 03:14:26 ERROR Connection pool exhausted! Waiting for available connection...
payment-service/db.log:12080: next
	at x
```

```sh
obs correlate --id 'a b' .
```

```text
order-service  ██████████████████▂▂▂▂▂▂▂▂▂▂▂▂  95 % → 12 %
calm           ██████████████████████████████  1
```

*read 3 files, 145,046 lines, 29.1 MB: 138,201 entries + 6,845 continuation lines + 0 unparsed; 2023-12-24 02:30:00–03:30:00 UTC*
"
    );
}

#[test]
fn a_report_in_csv() {
    assert_eq!(
        render(&report(), "csv", Page::PLAIN),
        r"service,message,entries,success,p99,since
order-service,'=cmd| <b>Connection pool exhausted!</b> Waiting for available connection...,145046,0.1234,20005.5,2023-12-24T02:30:00Z
payment\x1b[2J,ok,7,0.999,,2023-12-24T03:06:00Z
"
    );
}

#[test]
fn a_report_in_html() {
    let page = render(&report(), "html", Page::PLAIN);
    let (head, body) = page.split_once("<body>\n").unwrap();
    assert!(head.contains("default-src 'none'; style-src 'sha256-"));
    assert_eq!(
        body.lines().take(7).collect::<Vec<_>>().join("\n"),
        r#"<main>
<h2>What broke</h2>
<p>Order success fell from 95 % to <span class="bad">12 %</span> at 03:06:00, when the connection pool of payment-service was exhausted.</p>
<div class="scroll"><table>
<tr><th scope="col">service</th><th scope="col">message</th><th scope="col" class="r">entries</th><th scope="col" class="r">success</th><th scope="col" class="r">p99</th><th scope="col" class="r">since</th></tr>
<tr><td>order-service</td><td>=cmd| &lt;b&gt;Connection pool exhausted!&lt;/b&gt; Waiting for available connection...</td><td class="r">145,046</td><td class="r"><span class="bad">12.3 %</span></td><td class="r">≈20.0 s</td><td class="r">02:30:00</td></tr>
<tr><td>payment\x1b[2J</td><td>ok</td><td class="r">7</td><td class="r"><span class="good">99.90 %</span></td><td class="r"><span class="dim">–</span></td><td class="r">03:06:00</td></tr>"#
    );
    assert!(body.ends_with("2023-12-24 02:30:00–03:30:00 UTC</footer>\n</main>\n</body>\n</html>\n"));
}

#[test]
fn the_least_important_text_gives_way_first_and_numbers_never() {
    let table = table();
    let mut measured = table.measured();
    measured.natural = vec![14, 50, 7, 7, 7, 8];
    for (room, expected) in [
        (100, [14, 50, 7, 7, 7, 8]),
        (60, [14, 17, 7, 7, 7, 8]),
        (50, [13, 8, 7, 7, 7, 8]),
        (10, [8, 8, 7, 7, 7, 8]),
    ] {
        assert_eq!(table.fitted(&measured, &[0, 1, 2, 3, 4, 5], room), expected, "{room}");
    }
}

#[test]
fn numbers_and_times_are_whole_on_every_page() {
    let mut table = table();
    table.columns.push(Column::text("until").importance(0));
    for row in &mut table.rows {
        row.push(Cell::time(Timestamp(START)));
    }
    let report = Report { sections: vec![Section::Table(table)] };
    for width in 1..120 {
        let text = render(&report, "table", Page { width, color: false, ascii: false, ..Page::PLAIN });
        for whole in ["145,046", "12.3 %", "≈20.0 s", "02:30:00", "2023-12-24 02:30:00"] {
            assert!(text.contains(whole), "{width}: {text}");
        }
    }
    // Two blanks between columns, but one where that makes it fit.
    let narrowest =
        |width| render(&report, "table", Page { width, color: false, ascii: false, ..Page::PLAIN });
    assert!(narrowest(120).contains("12.3 %  ≈20.0 s  02:30:00  2023"));
    assert!(narrowest(74).contains("12.3 % ≈20.0 s 02:30:00 2023"));
}

/// A report with the same text in every place where one can stand.
fn hostile(text: &str) -> Report {
    let words = || Untrusted::from(text);
    let phrase = || Phrase::from(text).and(Style::Bad, text);
    let mut table = Table::new(vec![Column::text(text), Column::number(text)]);
    table.row(vec![Cell::text(text).styled(Style::Good), Cell::exact(text, text)]);
    table.row(vec![Cell::from(text), Cell::number(-1.5, 1), Cell::from(text)]);
    let at = Timestamp(START);
    let later = Timestamp(START + MINUTE);
    let sections = vec![
        Section::Heading(phrase()),
        Section::Paragraph(phrase()),
        Section::Table(table),
        Section::KeyValues(vec![(words(), phrase())]),
        Section::Lines(vec![Evidence { place: words(), text: phrase(), context: true, whole: false }]),
        Section::Code(words()),
        Section::Sparks(vec![Spark {
            label: words(),
            note: words(),
            values: vec![Some(1.0)],
            ..Spark::default()
        }]),
        Section::Chart(Chart {
            curves: vec![Curve { name: words(), points: vec![(at, 1.0), (later, 2.0)] }],
            marks: vec![(at, words())],
            ..Chart::default()
        }),
        Section::Waterfall(Waterfall {
            lanes: vec![Lane {
                name: words(),
                bars: vec![Bar { from: at, to: later, style: Style::Bad, what: words() }],
                own_ms: Some(1.0),
            }],
            gaps: vec![Gap { from: at, to: later }],
        }),
        Section::Title(phrase()),
        Section::Tiles(vec![Tile { label: words(), value: phrase(), note: words() }]),
        Section::Steps(vec![Step { at: Some(at), what: phrase(), place: words(), style: Style::Bad }]),
        Section::Panels(Panels {
            axis: TimeAxis { from: at, width: MINUTE, bins: 2 },
            marks: vec![(at, words())],
            stretch: Some((at, later)),
            panels: [Shape::Lines, Shape::Bands, Shape::Bars, Shape::Rows, Shape::Spans]
                .map(|shape| hostile_panel(text, shape))
                .into(),
        }),
        Section::Plot(plot(text, at)),
        Section::Meters(vec![Meter { label: words(), share: 0.5, value: phrase(), style: Style::Bad }]),
        Section::Board(vec![Pane {
            columns: 8,
            title: phrase(),
            note: words(),
            inner: Report { sections: vec![Section::Paragraph(phrase()), Section::Plot(plot(text, at))] },
        }]),
        // The tables of its own are left out: those of CSV are counted.
        Section::Details(
            words(),
            Report { sections: vec![Section::Paragraph(phrase()), Section::Code(words())] },
        ),
    ];
    Report { sections }
}

fn plot(text: &str, at: Timestamp) -> Plot {
    let axis = plot::PlotAxis { low: 0.0, high: 2.0, log: false, ticks: vec![(1.0, text.into())] };
    let track = plot::PlotTrack {
        name: text.into(),
        points: vec![(at, 0.0, 1.0), (Timestamp(at.0 + MINUTE), 0.0, 2.0)],
        notes: vec![text.into()],
        ..plot::PlotTrack::default()
    };
    Plot {
        says: text.into(),
        from: at,
        to: Timestamp(at.0 + MINUTE),
        axes: [axis.clone(), axis],
        tracks: vec![plot::PlotTrack { right: true, ..track.clone() }, track],
        marks: vec![(at, text.into())],
        notes: vec![text.into()],
        ..Plot::default()
    }
}

fn hostile_panel(text: &str, shape: Shape) -> Panel {
    let spans = vec![panel::Span { from: Timestamp(START), to: None, style: Style::Bad, what: text.into() }];
    let track = Track { name: text.into(), style: Style::Bad, values: vec![Some(1.0), Some(2.0)], spans };
    Panel {
        title: text.into(),
        says: text.into(),
        scale: chart::Scale::Number,
        shape,
        tracks: vec![track.clone(), track],
        command: Some(text.into()),
    }
}

/// The tags of a page, without their attributes, each once.
fn tags(page: &str) -> std::collections::BTreeSet<&str> {
    page.split('<').skip(1).map(|tag| tag.split([' ', '>']).next().unwrap_or_default()).collect()
}

/// Strings that do harm where they are not expected.
const NAUGHTY: [&str; 16] = [
    "",
    "\u{1b}[2J\u{1b}]52;c;aGk=\u{7}",
    "\u{9b}31m\u{202e}\u{200b}\u{e0041}",
    "=1+1",
    "-2+3",
    "\t=1",
    "a|b`c``d```\n```\n# x",
    "<script>alert(1)</script>",
    "\"><img src=x onerror='x'>",
    "</pre></table></style>",
    "a\r\nb\nc\td",
    "日本語 Ω≈ç√ ٱلله",
    "a,b\"c\"",
    "[x](javascript:x) ![y](z)",
    "&lt;b&gt;",
    "]]>",
];

fn check_hostile(text: &str, width: usize, color: bool) {
    let report = hostile(text);
    let page = Page { width, color, ascii: false, ..Page::PLAIN };
    for renderer in RENDERERS {
        let mut written = (renderer.render)(&report, page);
        if color && renderer.name == "table" {
            for sgr in ["0", "1", "2", "31", "32", "33", "36", "1;31"] {
                written = written.replace(&format!("\u{1b}[{sgr}m"), "");
            }
        }
        let hidden =
            |c: char| is_hidden(c) && !matches!(c, '\n' | '\t') && !(renderer.name == "csv" && c == '\r');
        assert!(!written.contains(hidden), "{} of {text:?}: {written:?}", renderer.name);
    }
    let of_nothing = render(&hostile("x"), "html", page);
    assert_eq!(tags(&render(&report, "html", page)), tags(&of_nothing), "{text:?}");
    check_csv(&render(&report, "csv", page));
}

/// Three records of two cells, none of them a formula.
fn check_csv(text: &str) {
    let (mut records, mut cells, mut quoted) = (0, vec![String::new()], false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let cell = cells.last_mut().unwrap();
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => cell.push(chars.next().unwrap()),
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            '\n' if !quoted => {
                assert_eq!(cells.len(), 2, "{text:?}");
                for cell in cells.drain(..) {
                    assert!(
                        !cell.starts_with(['=', '+', '-', '@', '\t']) || cell.parse::<f64>().is_ok(),
                        "{cell:?}"
                    );
                }
                cells.push(String::new());
                records += 1;
            }
            c => cell.push(c),
        }
    }
    assert_eq!(records, 3, "{text:?}");
}

#[test]
fn naughty_strings_stay_text_wherever_they_stand() {
    for text in NAUGHTY {
        check_hostile(text, 80, true);
        check_hostile(text, 5, false);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_string_stays_text_wherever_it_stands(text in any::<String>(), width in 1..120_usize, color in any::<bool>()) {
        check_hostile(&text, width, color);
    }

    #[test]
    fn text_fits_the_page(text in "[a-z 日=\\x1b]{0,60}", width in 60..120_usize) {
        let mut report = hostile(&text);
        // A command is never broken, and the number column of the table holds the text here.
        report.sections.retain(|section| {
            !matches!(section, Section::Code(_) | Section::Table(_) | Section::Details(..) | Section::Panels(_) | Section::Meters(_))
        });
        for line in render(&report, "table", Page { width, color: false, ascii: false, ..Page::PLAIN }).lines() {
            prop_assert!(paint::width(line) <= width, "{line:?}");
        }
    }
}
