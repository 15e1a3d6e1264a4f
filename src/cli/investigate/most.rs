//! What most requests have, on the page: endpoints, users, hosts, agents and statuses, each with a bar.

use crate::cli::redaction;
use crate::model::unit::HumanCount;
use crate::report::table::percent;
use crate::report::{Meter, Pane, Phrase, Report, Section, Style};
use crate::timeline::tops::{self, Places, Tops};

/// Values that are shown of each.
const TOP: usize = 8;

/// What most requests have, and how many of these failed.
pub(super) fn tell(
    report: &mut Report,
    (tops, places): (Tops<'_>, &Places),
    (file, command): (&str, impl Fn(&str) -> String),
) {
    let mut panes = Vec::new();
    for ((title, by), (rows, all)) in tops::KINDS.iter().zip(places.names()).zip(tops.most(TOP)) {
        if rows.is_empty() {
            continue;
        }
        let greatest = rows.iter().map(|(_, count)| count.all).max().unwrap_or(1).max(1);
        let meters = rows.iter().map(|(value, count)| meter(by, value, *count, greatest)).collect();
        let mut inner = Report::new();
        inner.push(Section::Meters(meters));
        inner.sections.extend(by.map(|by| Section::Code(command(&format!(" --by {by} --top {TOP}")).into())));
        let note =
            if all > rows.len() { format!(" ({TOP} of {})", HumanCount(all as u64)) } else { String::new() };
        let title = Phrase::new().and(Style::Strong, *title);
        let title = if note.is_empty() { title } else { title.and(Style::Dim, note) };
        panes.push(Pane { columns: 12, title, note: "".into(), inner });
    }
    if panes.is_empty() {
        return;
    }
    report.heading("Most requests");
    report.paragraph(
        Phrase::new().and(Style::Dim, format!("Requests in {file}; a bar is red where most of them failed.")),
    );
    report.push(Section::Board(panes));
}

/// A value, how many requests have it, and how many of these failed.
fn meter(by: Option<&str>, value: &str, count: tops::Count, greatest: u64) -> Meter {
    let shown = match by {
        Some(by) => redaction::field(by, value).into_owned(),
        None => redaction::text(value).into_owned(),
    };
    let failed = count.failed as f64 / count.all.max(1) as f64;
    let style = if failed > 0.5 { Style::Bad } else { Style::Series(0) };
    let value = Phrase::new().and(Style::Plain, HumanCount(count.all).to_string());
    let value = match count.failed {
        0 => value,
        _ => value.and(Style::Dim, format!(", {} failed", percent(failed))),
    };
    Meter { label: shown.into(), share: count.all as f64 / greatest as f64, value, style }
}
