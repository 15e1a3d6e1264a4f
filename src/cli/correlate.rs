//! `obs correlate`: what happened to each request across all files; one request as a waterfall.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;
use serde::Serialize;

use super::args::{Form, InputArgs, OutputArgs, PathArgs, SelectArgs, SuccessArgs};
use super::config;
use super::graph::{self, Drawn};
use super::session::{Chosen, Session};
use super::skew::Skew;
use super::trace::{SpanJson, Trace};
use super::verdict::Verdict;
use super::{nothing, out, redaction};
use crate::correlate::{self, Asked, Linked, Links, Request, Requests, Story, Totals};
use crate::filter::Filter;
use crate::format::log::ids::plain_id;
use crate::model::unit::parse_duration;
use crate::model::{Error, Level, Needs, Role};
use crate::outcome::Outcome;
use crate::report::table::percent;
use crate::report::waterfall::{Bar, Gap, Lane};
use crate::report::{AccountJson, Cell, Column, Report, Section, Style, Table, Waterfall};
use crate::scan::Scanned;
use crate::traces;

/// Join entries by request id: every request with its duration and outcome, or one as a waterfall
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  obs correlate logs/ --slowest 10
  obs correlate logs/ --failed --success 'status < 400'
  obs correlate logs/ --graph
  obs correlate logs/ --graph=mermaid
  obs correlate logs/ --id 58852803-8da4-42be-a394-15dc28ee46a2
  obs correlate logs/ --id 58852803-8da4-42be-a394-15dc28ee46a2 --fix-skew")]
pub(super) struct CorrelateArgs {
    #[command(flatten)]
    paths: PathArgs,
    /// The field that holds the id (default: found by its name, else by what its values do)
    #[arg(long, value_name = "FIELD", default_value = "request_id", hide_default_value = true)]
    by: String,
    #[command(flatten)]
    success: SuccessArgs,
    /// Show this request's entries from every file, in the order of time; the beginning of an id is enough where only
    /// one begins so
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// With --id: only entries with this very id, not those of ids that are linked with it (trace, order …)
    #[arg(long, requires = "id")]
    unlinked: bool,
    /// With --id: put the times of logs right whose clocks are off
    #[arg(long, requires = "id")]
    fix_skew: bool,
    /// Who calls whom, from the requests themselves: rates, failures, retries and latency of each edge; with --id, within
    /// that request
    #[arg(long, value_name = "FORM", num_args = 0..=1, default_missing_value = "text", require_equals = true,
          conflicts_with_all = ["failed", "incomplete", "slowest", "slower_than"])]
    graph: Option<Drawn>,
    /// Only requests that failed
    #[arg(long)]
    failed: bool,
    /// Only requests of which nothing says how they ended
    #[arg(long)]
    incomplete: bool,
    /// The N slowest requests, the slowest first
    #[arg(long, value_name = "N")]
    slowest: Option<usize>,
    /// Only requests that took longer than this
    #[arg(long, value_name = "DURATION")]
    slower_than: Option<String>,
    /// At most so many requests; 0 is all of them (default: 20 in tables, all in other forms)
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    select: SelectArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Serialize)]
struct CorrelateJson {
    requests: Vec<RequestJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<Vec<MomentJson>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spans: Option<Vec<SpanJson>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    linked: Vec<LinkedJson>,
    /// Ids of so many requests that nothing is linked by them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hubs: Vec<LinkedJson>,
    totals: Totals,
    /// What names requests in the logs in which no field's name says so, by what its values do.
    #[serde(skip_serializing_if = "Option::is_none")]
    ids_by_value: Option<String>,
    input: AccountJson,
}

#[derive(Serialize)]
struct LinkedJson {
    field: Option<String>,
    id: String,
    /// The id in whose entries it was found.
    by: Option<String>,
}

impl From<Linked> for LinkedJson {
    fn from(linked: Linked) -> Self {
        let field = Some(linked.field).filter(|field| !field.is_empty());
        LinkedJson { field, id: linked.id, by: linked.by }
    }
}

#[derive(Serialize)]
struct RequestJson {
    id: String,
    start: Option<String>,
    end: Option<String>,
    duration_ms: f64,
    entries: u32,
    files: Vec<String>,
    services: Vec<String>,
    outcome: Outcome,
    status: Option<serde_json::Value>,
    first_error: Option<FirstErrorJson>,
    longest_gap: Option<GapJson>,
}

#[derive(Serialize)]
struct FirstErrorJson {
    file: String,
    line: u64,
    message: String,
}

#[derive(Serialize)]
struct PlaceJson {
    file: String,
    line: u64,
}

#[derive(Serialize)]
struct GapJson {
    ms: f64,
    after: PlaceJson,
    before: PlaceJson,
}

#[derive(Serialize)]
struct MomentJson {
    file: String,
    line: u64,
    timestamp: Option<String>,
    offset_ms: Option<f64>,
    service: Option<String>,
    level: Option<&'static str>,
    message: String,
}

/// How many linked ids are named in a sentence.
const NAMED: usize = 8;

/// How many requests a table shows when nothing else is said.
const SHOWN: usize = 20;

/// Runs the command.
pub(super) fn run(args: &CorrelateArgs, cancel: &Arc<AtomicBool>) -> Result<Verdict, Error> {
    let mut args = args.clone();
    if let Some(id) = args.id.as_mut().filter(|_| args.by == Role::RequestId.name())
        && let Some(plain) = plain_id(id.as_bytes())
    {
        *id = String::from_utf8_lossy(&plain).into_owned();
    }
    let mut needs = Needs::none();
    let chosen = Chosen::parse(&args.select, &mut needs)?;
    let rule = config::success(&args.success, &args.input, &mut needs)?;
    let asked = asked(&args)?;
    let mut session = Session::open(&args.paths, &args.input, &args.output, cancel)?;
    session.require_logs();
    session.hold_pipes();
    let range = session.time_range(&chosen)?;
    let options = session.config.scan.clone();
    let (all, mut scanned) = correlate::requests(
        &session.inputs,
        (&args.by, &rule, asked),
        needs.clone(),
        (&chosen.filter, range),
        &options,
    );
    let account = session.account(&mut scanned);
    let totals = all.totals();
    if totals.entries_with_id + totals.entries_without_id == 0 {
        nothing::explain(&mut session, &chosen.asked, &account);
    } else if totals.entries_with_id == 0 && Role::from_name(&args.by).is_none() {
        nothing::absent(&mut session, "--by", &args.by);
    }
    if let Some(id) = args.id.as_mut() {
        *id = whole_id(id, &all)?;
    }
    let args = &args;
    if let Some(drawn) = args.graph {
        let totals = args.id.as_deref().map_or_else(|| all.totals(), |id| totals_of(&all, id));
        let filter = args.id.as_deref().map(|id| of_id(args, id, &mut needs)).transpose()?;
        let filter = Filter::and([Some(chosen.filter.clone()), filter].into_iter().flatten().collect());
        let (inputs, selected) = (&session.inputs, (needs, &filter, range));
        let of_spans = correlate::graph_of_spans(inputs, selected.clone(), totals.requests, &options);
        let graph = of_spans.unwrap_or_else(|| {
            correlate::graph(inputs, &args.by, &rule, selected, totals.requests, &options)
        });
        graph::write(&mut session, (&graph, totals), &account, (drawn, args.output.output))?;
        return Ok(session.finish(Verdict::of(totals.requests > 0)));
    }
    let mut ids = asked.map_or_else(
        || {
            let id = args.id.clone().unwrap_or_default().into_bytes();
            let (request, outcome) = all.one(&id);
            vec![(id, request, outcome)]
        },
        |asked| all.chosen(&asked),
    );
    args.id.iter().for_each(|id| redaction::learn(id));
    let keys: Vec<Vec<u8>> = ids.iter().map(|(id, ..)| id.clone()).collect();
    let skew = args.id.as_ref().map(|_| Skew::new(args.fix_skew, &mut session)).unwrap_or_default();
    let trace = args.id.as_deref().and_then(|id| {
        let (spans, scanned) = traces::told(&session.inputs, id.as_bytes(), &options);
        Trace::of(spans, scanned)
    });
    // A trace is all of its request; what else has an id in common with it is another.
    let links = match args.id.as_deref().filter(|_| !args.unlinked && trace.is_none()) {
        Some(id) => correlate::links(&session.inputs, &args.by, id, all.totals().requests, &options),
        None => Links::default(),
    };
    let is_linked = links.ids.len() > 1;
    let (mut stories, again) = if is_linked {
        let (story, again) = correlate::linked_story(&session.inputs, &args.by, &links, &options);
        (vec![story], again)
    } else {
        correlate::stories(&session.inputs, &args.by, &keys, &options)
    };
    if args.fix_skew {
        for story in &mut stories {
            story.put_back(|file| skew.of(file as usize));
        }
    }
    for ((_, request, outcome), story) in ids.iter_mut().zip(&stories) {
        if is_linked || args.fix_skew || request.entries == 0 {
            // Where the id stands in text only, and where others stand for it, the entries tell.
            let coarse = |file: u32| session.inputs.logs[file as usize].coarse && is_linked;
            let times = story.moments.iter().map(|m| (m.ts, m.span_end(), coarse(m.location.file)));
            *request = Request::of(times);
        }
        if is_linked {
            *outcome = all.outcome_of(links.ids.iter().map(|linked| linked.id.as_bytes()));
        }
    }
    for (id, ..) in &ids {
        redaction::learn(&String::from_utf8_lossy(id));
    }
    for linked in &links.ids {
        redaction::learn(&linked.id);
    }
    let told: Vec<_> = stories.iter().flat_map(|story| &story.moments).map(|m| m.location).collect();
    redaction::learn_of(&told, (&session.inputs.logs, &again), &options);
    let view = View { session: &session, scanned: &again };
    let requests: Vec<RequestJson> = ids
        .iter()
        .zip(&stories)
        .map(|((id, request, outcome), story)| view.request(id, request, *outcome, story))
        .collect();
    let found = requests.iter().any(|request| request.entries > 0);
    let requests = if found { requests } else { Vec::new() };
    let mut report = Report::new();
    let by_name = args.by == Role::RequestId.name();
    let json = CorrelateJson {
        spans: trace.as_ref().map(|trace| trace.json(|file| view.file(file))),
        entries: args.id.as_ref().and_then(|_| stories.first()).map(|story| view.moments(story)),
        totals: all.totals(),
        ids_by_value: Some(session.inputs.request_ids())
            .filter(|ids| by_name && !ids.is_empty())
            .map(|ids| ids.to_string()),
        input: AccountJson::from(&account),
        requests,
        linked: links.ids.into_iter().filter(|linked| linked.by.is_some()).map(LinkedJson::from).collect(),
        hubs: links.hubs.into_iter().map(LinkedJson::from).collect(),
    };
    match (&args.id, stories.first()) {
        (Some(_), Some(story)) if found => {
            view.waterfall(&mut report, &json.requests[0], &linked(&json), story, trace.as_ref());
        }
        _ => table(&mut report, &json, args),
    }
    report.push(Section::Account(account));
    if args.output.output == Form::Jsonl {
        let mut text = Vec::new();
        for request in &json.requests {
            text.extend(crate::report::json::compact(request).unwrap_or_default());
            text.push(b'\n');
        }
        out::write_lines(&text)?;
    } else {
        session.write(args.output.output, &report, ("obs.correlate/1", &json))?;
    }
    Ok(session.finish(Verdict::of(found)))
}

/// The sums over one request.
fn totals_of(all: &Requests, id: &str) -> Totals {
    let (request, outcome) = all.one(id.as_bytes());
    let is = |of: Outcome| u64::from(request.entries > 0 && outcome == of);
    Totals {
        requests: u64::from(request.entries > 0),
        success: is(Outcome::Success),
        failed: is(Outcome::Failed),
        unknown: is(Outcome::Unknown),
        entries_with_id: u64::from(request.entries),
        ..Totals::default()
    }
}

/// The entries of one request.
fn of_id(args: &CorrelateArgs, id: &str, needs: &mut Needs) -> Result<Filter, Error> {
    let quoted = serde_json::Value::from(id);
    let source = if args.by == Role::RequestId.name() {
        format!("request_id == {quoted} or trace_id == {quoted}")
    } else {
        format!("{} == {quoted}", args.by)
    };
    Filter::parse(&source, needs)
}

/// Ids that are told where several begin with what was typed.
const CANDIDATES: usize = 5;

/// The id that begins with what was typed, if no id is that itself: as tables show it, with `…` at its end.
fn whole_id(typed: &str, all: &Requests) -> Result<String, Error> {
    let start = typed.trim_end_matches('…').trim_end_matches("...").trim_end_matches('~');
    if start == typed && all.one(typed.as_bytes()).0.entries > 0 || start.is_empty() {
        return Ok(typed.to_owned());
    }
    let found = all.beginning_with(start.as_bytes(), CANDIDATES + 1);
    let text = |id: &[u8]| String::from_utf8_lossy(id).into_owned();
    match &found[..] {
        [] => Ok(typed.to_owned()),
        [one] => Ok(text(one)),
        several => {
            let listed: Vec<String> = several.iter().take(CANDIDATES).map(|id| text(id)).collect();
            let more = if several.len() > CANDIDATES { ", …" } else { "" };
            Err(Error::usage(format!("several ids begin with {start}"))
                .hinted(format!("say which: {}{more}", listed.join(", "))))
        }
    }
}

fn millis(source: &str) -> Result<f64, Error> {
    parse_duration(source).map(|nanos| nanos / 1e6).ok_or_else(|| {
        Error::usage(format!("`{source}` is no length of time")).hinted("write 500ms, 2s, 1m30s")
    })
}

/// Which requests are shown, where it is not one that only all others tell.
fn asked(args: &CorrelateArgs) -> Result<Option<Asked>, Error> {
    let slower_than = args.slower_than.as_deref().map(millis).transpose()?;
    if args.id.is_some() {
        return Ok(None);
    }
    if args.graph.is_some() {
        return Ok(Some(Asked::SUMS));
    }
    let all_of = |limit: usize| if limit == 0 { usize::MAX } else { limit };
    let default = if args.output.output == Form::Table { SHOWN } else { usize::MAX };
    let limit = args.limit.map_or(default, all_of);
    let limit = args.slowest.map_or(limit, |slowest| slowest.min(args.limit.map_or(usize::MAX, all_of)));
    Ok(Some(Asked {
        failed: args.failed,
        incomplete: args.incomplete,
        slower_than: slower_than.unwrap_or(f64::NEG_INFINITY),
        slowest_first: args.slowest.is_some() || args.slower_than.is_some(),
        limit,
    }))
}

/// What it takes to name files and lines.
struct View<'v> {
    session: &'v Session,
    scanned: &'v Scanned,
}

impl View<'_> {
    fn file(&self, file: u32) -> String {
        self.session.inputs.logs[file as usize].shown.clone()
    }

    fn request(&self, id: &[u8], request: &Request, outcome: Outcome, story: &Story) -> RequestJson {
        let place = |at: usize| {
            let location = story.moments[at].location;
            PlaceJson { file: self.file(location.file), line: self.scanned.line_of(location) }
        };
        RequestJson {
            id: String::from_utf8_lossy(id).into_owned(),
            start: request.start().map(|ts| ts.to_string()),
            end: request.end().map(|ts| ts.to_string()),
            duration_ms: request.duration_ms(),
            entries: request.entries,
            files: story.files().into_iter().map(|file| self.file(file)).collect(),
            services: story.services().into_iter().map(str::to_owned).collect(),
            outcome,
            status: story
                .status()
                .map(|status| status.parse::<u64>().map_or_else(|_| status.into(), Into::into)),
            first_error: story.first_error().map(|moment| FirstErrorJson {
                file: self.file(moment.location.file),
                line: self.scanned.line_of(moment.location),
                message: moment.message.clone(),
            }),
            longest_gap: story.longest_gap().map(|gap| GapJson {
                ms: gap.ms,
                after: place(gap.after),
                before: place(gap.after + 1),
            }),
        }
    }

    fn moments(&self, story: &Story) -> Vec<MomentJson> {
        let start = story.moments.iter().find_map(|moment| moment.at);
        let moments = story.moments.iter().map(|moment| MomentJson {
            file: self.file(moment.location.file),
            line: self.scanned.line_of(moment.location),
            timestamp: moment.ts.map(crate::model::Timestamp::rfc3339_nanos),
            offset_ms: start.zip(moment.at).map(|(start, ts)| (ts - start) as f64 / 1e6),
            service: moment.service.clone(),
            level: moment.level.map(Level::name),
            message: moment.message.clone(),
        });
        moments.collect()
    }
}

impl View<'_> {
    /// The story of one request: a sentence, the bars, and every entry.
    fn waterfall(
        &self,
        report: &mut Report,
        request: &RequestJson,
        linked: &[String],
        story: &Story,
        trace: Option<&Trace>,
    ) {
        report.heading(format!("request {}", request.id));
        report.paragraph(sentence(request));
        for sentence in linked {
            report.paragraph(sentence.as_str());
        }
        if let Some(missing) = missing_end(request, story) {
            report.paragraph(missing);
        }
        report.push(Section::Waterfall(waterfall(story, |file| self.file(file))));
        if let Some(trace) = trace {
            trace.tell(report, story, self.session);
            return;
        }
        // Where the picture begins: an entry may tell of work that began before anything was written.
        let start = story.extents().into_iter().flatten().map(|(from, _)| from).min();
        let gap = story.longest_gap().map(|gap| gap.after);
        let columns = vec![
            Column::number("after").unit("ms"),
            Column::text("where").importance(9),
            Column::text("level").importance(8),
            Column::text("message").importance(1).wrapped(),
        ];
        let paths: Vec<String> = story.files().into_iter().map(|file| self.file(file)).collect();
        let name = |file: u32| shortest(&self.file(file), &paths).to_owned();
        let mut rows = Vec::with_capacity(story.moments.len() + 1);
        for (at, moment) in story.moments.iter().enumerate() {
            let offset = start.zip(moment.at).map(|(start, ts)| (ts - start) as f64 / 1e6);
            let style = match moment.level {
                Some(level) if level >= Level::Error => Style::Bad,
                _ => Style::Plain,
            };
            let first = moment.message.lines().next().unwrap_or_default();
            rows.push(vec![
                offset.map_or_else(Cell::none, Cell::millis),
                Cell::text(format!(
                    "{}:{}",
                    name(moment.location.file),
                    self.scanned.line_of(moment.location)
                )),
                Cell::text(moment.level.map_or("", Level::name)).styled(style),
                Cell::text(first).styled(style),
            ]);
            if let Some(wait) = request.longest_gap.as_ref().filter(|_| gap == Some(at)) {
                let wait = format!("({} without an entry)", crate::model::unit::HumanMillis(wait.ms));
                let blank = || Cell::text("");
                rows.push(vec![blank(), blank(), blank(), Cell::text(wait).styled(Style::Dim)]);
            }
        }
        report.push(Section::Table(Table { name: "entries", columns, rows }));
        if let Some(gap) = &request.longest_gap {
            report.paragraph(format!(
                "Longest gap: {} between {}:{} and {}:{}.",
                crate::model::unit::HumanMillis(gap.ms),
                short(&gap.after.file),
                gap.after.line,
                short(&gap.before.file),
                gap.before.line
            ));
        }
    }
}

/// The file's name, with its folder's where another of `paths` has the same.
fn shortest<'p>(path: &'p str, paths: &[String]) -> &'p str {
    let base = |path: &str| path.rsplit('/').next().map_or(0, str::len);
    let own = &path[path.len() - base(path)..];
    let same = paths.iter().filter(|other| other[other.len() - base(other)..] == *own).count();
    if same > 1 { short(path) } else { own }
}

/// The last two parts of a path, which tell files of one directory apart.
fn short(path: &str) -> &str {
    path.rmatch_indices('/').nth(1).map_or(path, |(at, _)| &path[at + 1..])
}

/// What the request goes by beside its id, and what was left alone.
fn linked(json: &CorrelateJson) -> Vec<String> {
    let list = |ids: &[LinkedJson]| {
        let shown = ids.iter().take(NAMED).map(|linked| match &linked.field {
            Some(field) => format!("{field} {}", linked.id),
            None => linked.id.clone(),
        });
        let more = ids.len().saturating_sub(NAMED);
        let more = (more > 0).then(|| format!("{more} more"));
        shown.chain(more).collect::<Vec<_>>().join(", ")
    };
    let mut sentences = Vec::new();
    if !json.linked.is_empty() {
        sentences.push(format!("Linked with it by entries that carry both: {}.", list(&json.linked)));
    }
    if !json.hubs.is_empty() {
        sentences
            .push(format!("Not followed, since too many requests have to do with it: {}.", list(&json.hubs)));
    }
    sentences
}

fn sentence(request: &RequestJson) -> String {
    let outcome = match request.outcome {
        Outcome::Success => "It succeeded",
        Outcome::Failed => "It failed",
        Outcome::Unknown => "Nothing says how it ended",
    };
    let status = match &request.status {
        Some(serde_json::Value::String(word)) => format!(" ({word})"),
        Some(code) => format!(" ({code})"),
        None => String::new(),
    };
    let first_error = request.first_error.as_ref().map_or(String::new(), |error| {
        let said = error.message.lines().next().unwrap_or_default();
        format!(" First error: {}:{}, “{said}”.", short(&error.file), error.line)
    });
    format!(
        "{outcome}{status} after {}: {} from {}.{first_error}",
        crate::model::unit::HumanMillis(request.duration_ms),
        crate::report::account::counted(u64::from(request.entries), "entry", "entries"),
        crate::report::account::counted(request.files.len() as u64, "file", "files"),
    )
}

/// Where a request was last heard of, if nothing says how it ended.
fn missing_end(request: &RequestJson, story: &Story) -> Option<String> {
    let last = story.moments.last().filter(|_| request.outcome == Outcome::Unknown)?;
    let start = story.moments.iter().find_map(|moment| moment.at)?;
    let offset = crate::model::unit::HumanMillis((last.at? - start) as f64 / 1e6);
    let place = last.service.as_deref().map_or(String::new(), |service| format!(" from {service}"));
    Some(format!("Its end is missing: last heard{place} at +{offset}."))
}

/// The picture of a request: a lane for each service, or file that names none.
pub(super) fn waterfall(story: &Story, file: impl Fn(u32) -> String) -> Waterfall {
    let extents = story.extents();
    let lanes = correlate::lanes(story).into_iter().map(|lane| {
        let bars = lane.moments.iter().filter_map(|index| {
            let moment = &story.moments[*index];
            let (from, to) = extents[*index]?;
            let style = match moment.level {
                Some(level) if level >= Level::Error => Style::Bad,
                Some(Level::Warn) => Style::Warn,
                _ => Style::Plain,
            };
            let what = moment.message.lines().next().unwrap_or_default();
            Some(Bar { from, to, style, what: what.into() })
        });
        let name = lane.service.clone().unwrap_or_else(|| short(&file(lane.file)).to_owned());
        Lane { name: name.into(), bars: bars.collect(), own_ms: Some(lane.own_ms) }
    });
    let gaps = story.longest_gap().and_then(|gap| {
        let (from, to) = (story.moments.get(gap.after)?.at?, story.moments.get(gap.after + 1)?.at?);
        Some(Gap { from, to })
    });
    Waterfall { lanes: lanes.collect(), gaps: gaps.into_iter().collect() }
}

/// The list of requests, and what they come to.
fn table(report: &mut Report, json: &CorrelateJson, args: &CorrelateArgs) {
    if let Some(id) = args.id.as_ref().filter(|_| json.requests.is_empty()) {
        report.paragraph(format!("No entry has the id {id}."));
        return;
    }
    let columns = vec![
        Column::text("id").importance(u8::MAX),
        Column::text("start").importance(8),
        Column::number("took").unit("ms"),
        Column::number("entries"),
        Column::text("outcome").importance(9),
        Column::text("status").importance(9),
        Column::text("first error").importance(1),
    ];
    let rows = json.requests.iter().map(|request| {
        let style = if request.outcome == Outcome::Failed { Style::Bad } else { Style::Plain };
        let outcome = match request.outcome {
            Outcome::Failed => "failed",
            Outcome::Unknown => "unknown",
            Outcome::Success => "success",
        };
        let clock = request.start.as_deref().and_then(|start| start.get(11..19)).unwrap_or("–");
        let error =
            request.first_error.as_ref().map_or("", |error| error.message.lines().next().unwrap_or_default());
        vec![
            Cell::text(request.id.as_str()),
            Cell::exact(clock, request.start.clone().unwrap_or_default()),
            Cell::millis(request.duration_ms),
            Cell::count(u64::from(request.entries)),
            Cell::text(outcome).styled(style),
            Cell::text(
                request
                    .status
                    .as_ref()
                    .map_or(String::new(), |status| status.to_string().trim_matches('"').to_owned()),
            ),
            Cell::text(error),
        ]
    });
    report.push(Section::Table(Table { name: "requests", columns, rows: rows.collect() }));
    let totals = &json.totals;
    let count = crate::model::unit::HumanCount;
    let rate = |n: u64| percent(n as f64 / totals.requests.max(1) as f64);
    let shown = if (json.requests.len() as u64) < totals.requests {
        format!("{} shown. ", json.requests.len())
    } else {
        String::new()
    };
    report.paragraph(format!(
        "{} requests: {} succeeded ({}), {} failed ({}), {} unknown. {shown}{} entries carry an id, {} do not.",
        count(totals.requests),
        count(totals.success),
        rate(totals.success),
        count(totals.failed),
        rate(totals.failed),
        count(totals.unknown),
        count(totals.entries_with_id),
        count(totals.entries_without_id),
    ));
    if let Some(ids) = &json.ids_by_value {
        report.paragraph(format!("Ids told by their values, not by a name: {ids}."));
    }
}
