//! `obs stats --critical-path`: where the time of slow requests goes, and what slow or failed requests have in common.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use super::super::session::{Chosen, Session};
use super::super::verdict::Verdict;
use super::StatsArgs;
use crate::model::unit::{HumanCount, HumanMillis, parse_duration};
use crate::model::{Error, Needs};
use crate::report::account::counted;
use crate::report::table::percent;
use crate::report::{AccountJson, Cell, Column, Report, Section, Style, Table};
use crate::scan::Scanned;
use crate::traces::{self, Alike, Common, Compared, Part, Side, Slow, Traces, Trait};

#[derive(Serialize)]
struct CriticalJson {
    /// Which requests are slow, as it was asked.
    slower_than: String,
    slow: u64,
    calm: u64,
    slow_ms: f64,
    calm_ms: f64,
    failed: u64,
    others: u64,
    parts: Vec<PartJson>,
    slow_have: Vec<CommonJson>,
    failed_have: Vec<CommonJson>,
    requests: Vec<AlikeJson>,
    input: AccountJson,
}

#[derive(Serialize)]
struct PartJson {
    service: String,
    operation: String,
    peer: Option<String>,
    slow_ms: f64,
    calm_ms: f64,
    more_ms: f64,
    share: Option<f64>,
    slow_times: f64,
    calm_times: f64,
    longest: Option<SpanJson>,
}

/// A span that shows it.
#[derive(Serialize)]
struct SpanJson {
    trace: String,
    duration_ms: f64,
    file: String,
    line: u64,
}

#[derive(Serialize)]
struct CommonJson {
    what: &'static str,
    service: Option<String>,
    operation: Option<String>,
    field: Option<String>,
    value: Option<String>,
    share: f64,
    others: f64,
}

#[derive(Serialize)]
struct AlikeJson {
    service: String,
    operation: String,
    cut: bool,
    requests: u64,
    slow: u64,
    failed: u64,
    p50_ms: f64,
    slow_from_ms: Option<f64>,
}

/// Rows of a table.
const SHOWN: usize = 15;

/// What was typed: `p90`, or a length of time.
fn slow(typed: &str) -> Result<Slow, Error> {
    if let Some(percentile) = typed.strip_prefix('p').and_then(|rest| rest.parse::<f64>().ok())
        && (50.0..100.0).contains(&percentile)
    {
        return Ok(Slow::Slowest(1.0 - percentile / 100.0));
    }
    match parse_duration(typed) {
        Some(nanos) if (0.0..9e18).contains(&nanos) => Ok(Slow::Longer(nanos as i64)),
        _ => Err(Error::usage(format!("`{typed}` does not tell which requests are slow"))
            .hinted("write a percentile from p50 on, such as p95, or a length of time, such as 500ms")),
    }
}

/// Runs the command.
pub(super) fn run(typed: &str, args: &StatsArgs, cancel: &Arc<AtomicBool>) -> Result<Verdict, Error> {
    let slow = slow(typed)?;
    let mut needs = Needs::none();
    let chosen = Chosen::parse(&args.select, &mut needs)?;
    let mut session = Session::open(&args.paths, &args.input, &args.output, cancel)?;
    session.require_logs();
    session.hold_pipes();
    let range = session.time_range(&chosen)?;
    let options = session.config.scan.clone();
    let selected = || (needs.clone(), &chosen.filter, range);
    let (found, mut scanned) = traces::collect_all(&session.inputs, selected(), &options);
    let compared = traces::compare(&found, slow);
    let words = compared.words(&found, &session.inputs, selected(), &options);
    let account = session.account(&mut scanned);
    let view = View { session: &session, found: &found, scanned: &scanned };
    let json = view.json(typed, &compared, &words, AccountJson::from(&account));
    let mut report = Report::new();
    if found.traces.is_empty() {
        report.paragraph("There are no spans in what was read: only they tell what a request waits for.");
    } else {
        tell(&mut report, slow, &json, &compared);
    }
    report.push(Section::Account(account));
    session.write(args.output.output, &report, ("obs.stats-critical-path/1", &json))?;
    Ok(session.finish(Verdict::of(!found.traces.is_empty())))
}

/// What words are made of.
struct View<'v> {
    session: &'v Session,
    found: &'v Traces,
    scanned: &'v Scanned,
}

fn millis(nanos: f64) -> f64 {
    (nanos / 1e3).round() / 1e3
}

fn rounded(share: f64) -> f64 {
    (share * 1e4).round() / 1e4
}

impl View<'_> {
    fn json(
        &self,
        typed: &str,
        compared: &Compared<'_>,
        words: &traces::Words,
        input: AccountJson,
    ) -> CriticalJson {
        let ([slow, calm], [failed, others]) = (compared.counts(), compared.failures());
        let [slow_took, calm_took] = compared.took();
        let more = slow_took - calm_took;
        let common = |side| compared.common(side, words).iter().map(common).collect();
        CriticalJson {
            slower_than: typed.to_owned(),
            slow,
            calm,
            slow_ms: millis(slow_took),
            calm_ms: millis(calm_took),
            failed,
            others,
            parts: compared.parts().iter().map(|part| self.part(part, more)).collect(),
            slow_have: common(Side::Slow),
            failed_have: common(Side::Failed),
            requests: compared.alike().iter().map(alike).collect(),
            input,
        }
    }

    fn part(&self, part: &Part<'_>, more: f64) -> PartJson {
        let longest = part.longest.map(|(trace, row)| {
            let (id, rows) = &self.found.traces[trace];
            let location = rows[row].location;
            SpanJson {
                trace: String::from_utf8_lossy(id).into_owned(),
                duration_ms: millis(rows[row].nanos as f64),
                file: self.session.inputs.logs[location.file as usize].shown.clone(),
                line: self.scanned.line_of(location),
            }
        });
        PartJson {
            service: part.of.service.to_owned(),
            operation: part.of.name.to_owned(),
            peer: (!part.of.peer.is_empty()).then(|| part.of.peer.to_owned()),
            slow_ms: millis(part.waits[0]),
            calm_ms: millis(part.waits[1]),
            more_ms: millis(part.more()),
            share: (more > 0.0).then(|| rounded(part.more() / more)),
            slow_times: rounded(part.times[0]),
            calm_times: rounded(part.times[1]),
            longest,
        }
    }
}

fn common(common: &Common<'_>) -> CommonJson {
    let (what, operation) = match common.what {
        Trait::Fails(operation) => ("fails", Some(operation)),
        Trait::Does(operation) => ("does", Some(operation)),
        Trait::Lacks(operation) => ("lacks", Some(operation)),
        Trait::Says(..) => ("says", None),
    };
    let (field, value) = match common.what {
        Trait::Says(field, value) => (Some(field.to_owned()), Some(value.to_owned())),
        _ => (None, None),
    };
    CommonJson {
        what,
        service: operation.map(|operation| operation.service.to_owned()),
        operation: operation.map(|operation| operation.name.to_owned()),
        field,
        value,
        share: rounded(common.share),
        others: rounded(common.others),
    }
}

fn alike(alike: &Alike<'_>) -> AlikeJson {
    AlikeJson {
        service: alike.root.service.to_owned(),
        operation: alike.root.name.to_owned(),
        cut: alike.is_cut,
        requests: alike.requests,
        slow: alike.slow,
        failed: alike.failed,
        p50_ms: millis(alike.half as f64),
        slow_from_ms: alike.least.map(|nanos| millis(nanos as f64)),
    }
}

/// The answer for people.
fn tell(report: &mut Report, slow: Slow, json: &CriticalJson, compared: &Compared<'_>) {
    report.heading("Where the time of slow requests goes");
    if json.slow == 0 {
        report.paragraph("No request takes longer than others that begin alike.");
    } else {
        report.paragraph(sentence(slow, json));
        report.push(Section::Table(parts(json)));
        report.paragraph(
            "Slow and calm are what a request waits for it on its critical path: the mean. Of all tells which part of the \
             difference it is.",
        );
        if let Some(longest) = json.parts.first().and_then(|part| part.longest.as_ref()) {
            report.paragraph(format!("The longest: obs correlate --id {}", longest.trace));
        }
    }
    let sides = [
        ("What slow requests have in common", "slow", "calm", &json.slow_have),
        ("What failed requests have in common", "failed", "others", &json.failed_have),
    ];
    for (title, mine, others, have) in sides.into_iter().filter(|(.., have)| !have.is_empty()) {
        report.heading(title);
        report.push(Section::Table(in_common((mine, others), have)));
    }
    report.heading("Requests by what they begin with");
    report.push(Section::Table(requests(json)));
    let cut: u64 = compared.alike().iter().filter(|alike| alike.is_cut).map(|alike| alike.requests).sum();
    if cut > 0 {
        report.paragraph(format!(
            "Of {} the beginning is not in these files; they are held against others of which it is not, either.",
            counted(cut, "request", "requests")
        ));
    }
}

fn sentence(slow: Slow, json: &CriticalJson) -> String {
    let than = match slow {
        Slow::Slowest(share) => format!("the slowest {} of those that begin alike", percent(share)),
        Slow::Longer(nanos) => format!("longer than {}", HumanMillis(nanos as f64 / 1e6)),
    };
    format!(
        "{} slow ({than}) and {} calm: they take {} and {} in the mean.",
        match json.slow {
            1 => "1 request is".to_owned(),
            count => format!("{} requests are", HumanCount(count)),
        },
        HumanCount(json.calm),
        HumanMillis(json.slow_ms),
        HumanMillis(json.calm_ms)
    )
}

fn parts(json: &CriticalJson) -> Table {
    let mut table = Table::new(vec![
        Column::text("service").importance(9),
        Column::text("operation").importance(8),
        Column::number("slow").unit("ms"),
        Column::number("calm").unit("ms"),
        Column::number("more").unit("ms"),
        Column::number("of all"),
        Column::number("times"),
    ])
    .named("critical-path");
    // What no request waits for is in the JSON.
    let felt = json.parts.iter().filter(|part| part.slow_ms > 0.0 || part.calm_ms > 0.0);
    for (at, part) in felt.take(SHOWN).enumerate() {
        let peer = part.peer.as_ref().map_or(String::new(), |peer| format!(" → {peer}"));
        let style = if at == 0 && part.share > Some(0.5) { Style::Bad } else { Style::Plain };
        table.row(vec![
            Cell::text(part.service.as_str()).styled(style),
            Cell::text(format!("{}{peer}", part.operation)).styled(style),
            Cell::millis(part.slow_ms),
            Cell::millis(part.calm_ms),
            Cell::millis(part.more_ms),
            part.share.map_or_else(Cell::none, Cell::percent),
            Cell::number(part.slow_times, 1),
        ]);
    }
    table
}

fn in_common((mine, others): (&str, &str), have: &[CommonJson]) -> Table {
    let mut table = Table::new(vec![
        Column::text("what").importance(9).wrapped(),
        Column::number(mine),
        Column::number(others),
    ])
    .named("in-common");
    for common in have {
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        let (service, operation) = (text(&common.service), text(&common.operation));
        let what = match common.what {
            "fails" => format!("errors begin in {service}: {operation}"),
            "does" => format!("{service}: {operation}"),
            "lacks" => format!("no {service}: {operation}"),
            _ => format!("{} = {}", text(&common.field), text(&common.value)),
        };
        table.row(vec![Cell::text(what), Cell::percent(common.share), Cell::percent(common.others)]);
    }
    table
}

fn requests(json: &CriticalJson) -> Table {
    let mut table = Table::new(vec![
        Column::text("service").importance(9),
        Column::text("operation").importance(8),
        Column::number("requests"),
        Column::number("failed"),
        Column::number("slow"),
        Column::number("p50").unit("ms"),
        Column::number("slow from").unit("ms"),
    ])
    .named("requests");
    for alike in json.requests.iter().take(SHOWN) {
        let cut = if alike.cut { "… " } else { "" };
        table.row(vec![
            Cell::text(alike.service.as_str()),
            Cell::text(format!("{cut}{}", alike.operation)),
            Cell::count(alike.requests),
            Cell::count(alike.failed),
            Cell::count(alike.slow),
            Cell::millis(alike.p50_ms),
            alike.slow_from_ms.map_or_else(Cell::none, Cell::millis),
        ]);
    }
    table
}
