//! The page to hand over: the story first, then pictures on one axis of time, three requests, the evidence, the account,
//! and the command that gives each number again.

use std::path::PathBuf;

use super::examples::ExampleJson;
use super::most;
use super::{InvestigateArgs, Replayed, against, considered, coverage, fired, verdict, who};
use crate::causes::affected::{Affected, Example};
use crate::causes::story::Story;
use crate::cli::check_rules::told_apart;
use crate::cli::correlate::waterfall;
use crate::cli::detect::lines;
use crate::cli::session::Session;
use crate::cli::shell::{quoted, reading};
use crate::correlate;
use crate::detect::success::Success;
use crate::detect::{Finding, Nature, Scene, Severity};
use crate::investigate::recorded::Recorded;
use crate::investigate::verdict::Verdict as Judged;
use crate::model::time::shown_zone;
use crate::model::unit::{HumanCount, HumanMillis, Unit};
use crate::model::{Account, Level, Needs, Timestamp};
use crate::report::account::counted;
use crate::report::chart::Scale;
use crate::report::panel::Span;
use crate::report::table::percent;
use crate::report::{
    Cell, Column, Panel, Panels, Phrase, Report, Section, Shape, Step, Style, Table, Tile, TimeAxis, Track,
};
use crate::scan::{self, Input, Selection};
use crate::timeline::course::{self, Course, Grid};
use crate::timeline::observe::{Kind, What};
use crate::timeline::tops::{Places, Tops};

/// Services with errors, and alerts, that have a row in a picture.
const ROWS: usize = 8;

/// Evidence entries of a cause.
const SHOWN: usize = 6;

/// The quantiles of the latency picture.
const SHARES: [f64; 3] = [0.5, 0.95, 0.99];

/// Everything that is known when the page is made.
pub(super) struct Told<'t> {
    pub judged: Judged,
    pub(super) args: &'t InvestigateArgs,
    pub(super) session: &'t Session,
    pub(super) scene: &'t Scene<'t>,
    pub(super) findings: &'t [Finding],
    pub(super) story: &'t Story,
    pub(super) affected: &'t Affected,
    pub(super) cases: &'t [Example],
    /// The same with the commands that show them.
    pub(super) examples: &'t [ExampleJson],
    pub(super) replayed: &'t Replayed,
    pub(super) account: &'t Account,
    pub(super) recorded: &'t Recorded,
    /// Why nothing can be said, if there was nothing to judge.
    pub(super) unseen: Option<&'t str>,
}

/// The page. Reads the logs again, for what only pictures need.
pub(super) fn page(told: &Told<'_>, selection: &Selection) -> Report {
    let mut report = Report::new();
    report.push(Section::Title(verdict(told.story, told.judged, told.account, told.unseen)));
    report.push(Section::Tiles(told.tiles()));
    told.chain(&mut report);
    let grid = Grid::over(told.scene.axis);
    let options = &told.session.config.scan;
    let sought = told.sought();
    let mut selection = selection.clone();
    let places = told.places(&mut selection.needs);
    let new = || {
        let sought = sought.as_ref().map(|(group, words)| (*group, words.as_str()));
        (Course::new(told.scene.wants, grid, sought), Tops::new(told.scene.wants, &places))
    };
    let ((mut course, tops), _) = scan::fold(told.logs(), &selection, options, new);
    let panels = told.panels(grid, &mut course);
    if !panels.panels.is_empty() {
        report.heading("Over time");
        report.paragraph(Phrase::new().and(
            Style::Dim,
            format!(
                "All pictures have the same axis of time, in {}; a point or bar is {}.{}",
                shown_zone(),
                HumanMillis(grid.every as f64 / 1e6),
                told.signs(),
            ),
        ));
        report.push(Section::Panels(panels));
    }
    who(&mut report, told.affected);
    if let Some(success) = told.story.success.as_ref().filter(|success| success.asked.is_none()) {
        let files = told.files(success.group);
        let command = |by: &str| format!("obs stats {files}{by}{}", told.scope(None));
        most::tell(&mut report, (tops, &places), (told.scene.wants.file(success.group), command));
    }
    told.requests(&mut report);
    told.evidence(&mut report);
    fired(&mut report, told.replayed, told.story);
    told.again(&mut report);
    coverage(&mut report, told.session);
    report.push(Section::Account(*told.account));
    report
}

impl Told<'_> {
    fn logs(&self) -> &[Input] {
        &self.session.inputs.logs
    }

    /// The paths as typed.
    fn paths(&self) -> String {
        words(&self.args.paths.paths)
    }

    /// The options that chose what was looked at, for commands that look at the same.
    fn scope(&self, window: Option<(Timestamp, Timestamp)>) -> String {
        let mut options = String::new();
        let mut push = |name: &str, value: &str| {
            options.push_str(&format!(" {name} {}", quoted(value)));
        };
        let select = &self.args.select;
        if let Some(level) = &select.level {
            push("--level", level);
        }
        select.filter.iter().for_each(|filter| push("--where", filter));
        match window {
            Some((from, until)) => {
                push("--since", &from.to_string());
                push("--until", &until.to_string());
            }
            None => {
                select.since.iter().for_each(|since| push("--since", since));
                select.until.iter().for_each(|until| push("--until", until));
            }
        }
        options + &reading(&self.args.input)
    }

    /// The same for commands that compare: with what was compared, too.
    fn compared(&self) -> String {
        let usual = self.args.usual.baseline.as_deref();
        let usual = usual.map_or(String::new(), |usual| format!(" --baseline {}", quoted(usual)));
        self.scope(None) + &usual
    }

    /// The files of a group, as words of a command.
    fn files(&self, group: u32) -> String {
        let of_group = (0..self.logs().len()).filter(|file| self.scene.wants.group(*file as u32) == group);
        let files: Vec<PathBuf> = of_group.map(|file| PathBuf::from(&self.logs()[file].shown)).collect();
        words(&files)
    }

    /// The command that counts requests: in the bins of the pictures, or at once within a window.
    fn count_requests(
        &self,
        success: &Success,
        grid: Option<Grid>,
        window: Option<(Timestamp, Timestamp)>,
    ) -> String {
        let every = grid.map_or(String::new(), Told::every);
        let Some(asked) = &success.asked else { return self.stats(success, &every, window) };
        let metrics = self.metrics();
        let seconds = |nanos: i64| nanos / crate::model::time::NANOS;
        match (grid, window) {
            (Some(grid), _) => {
                let query = quoted(&asked.counts(seconds(grid.every)));
                format!("obs query {query} {metrics}{}", every.replace(" --every", " --step"))
            }
            (None, Some((from, until))) => {
                let at = Timestamp(until.0.saturating_sub(1_000_000));
                let query = quoted(&asked.rate(seconds(until - from)));
                format!("obs query {query} {metrics} --at {at}")
            }
            (None, None) => format!("obs query {} {metrics}", quoted(&asked.counts(300))),
        }
    }

    /// The files of metrics, as words of a command.
    fn metrics(&self) -> String {
        let inputs = &self.session.inputs.metrics;
        words(&inputs.iter().map(|input| PathBuf::from(&input.shown)).collect::<Vec<_>>())
    }

    /// `obs stats` over the log in which requests are counted, or over all if their ids put them together.
    fn stats(&self, success: &Success, more: &str, window: Option<(Timestamp, Timestamp)>) -> String {
        let files = if success.joined { self.paths() } else { self.files(success.group) };
        let typed = self.args.success.success.as_deref();
        let rule = typed.map_or(String::new(), |typed| format!(" --success {}", quoted(typed)));
        format!("obs stats {files}{rule}{more}{}", self.scope(window))
    }

    /// The edges of the bins in which the trouble lies: what the rates before, during and after mean.
    fn stretch(&self) -> Option<(Timestamp, Timestamp)> {
        let axis = self.scene.axis;
        let (from, to) = self.story.impact?;
        let until = axis.bin(to).map_or(axis.bins, |bin| bin + 1);
        Some((axis.at(axis.bin(from).unwrap_or(0)), axis.at(until)))
    }

    /// Requests and failures in the stretch of trouble; of everything, if there is none.
    fn counted(&self) -> Option<(u64, u64)> {
        let success = self.story.success.as_ref()?;
        let axis = self.scene.axis;
        let (from, until) = self.stretch().unwrap_or((axis.start, axis.end()));
        let within = |counts: &[u64]| -> u64 {
            let inside = |bin: &usize| from <= axis.at(*bin) && axis.at(*bin) < until;
            (0..axis.bins).filter(inside).filter_map(|bin| counts.get(bin)).sum()
        };
        Some((within(&success.requests), within(&success.failures)))
    }

    fn tiles(&self) -> Vec<Tile> {
        let mut tiles = Vec::new();
        let mut tile = |label: &str, style: Style, value: String, note: String| {
            tiles.push(Tile {
                label: label.into(),
                value: Phrase::new().and(style, value),
                note: note.into(),
            });
        };
        let rates = self.story.rates;
        if let Some(onset) = self.story.onset {
            let date = onset.date_clock();
            let day = date.split_once(' ').filter(|_| onset.line().is_none());
            let note = day.map_or(String::new(), |(day, _)| format!("{day} {}", shown_zone()));
            tile("onset", Style::Warn, onset.clock(), note);
        }
        if let (Some(before), Some(during)) = (rates.before, rates.during) {
            let after =
                rates.after.map_or("until the end".to_owned(), |after| format!("then {}", percent(after)));
            let style = if during < before { Style::Bad } else { Style::Plain };
            tile("success of requests", style, format!("{} → {}", percent(before), percent(during)), after);
        } else if let Some(rate) = rates.before {
            tile("success of requests", Style::Good, percent(rate), String::new());
        }
        if let Some((requests, failures)) = self.counted() {
            let style = if self.story.impact.is_some() { Style::Bad } else { Style::Plain };
            tile(
                "requests that failed",
                style,
                HumanCount(failures).to_string(),
                format!("of {}", HumanCount(requests)),
            );
        }
        if let Some((from, to)) = self.story.impact {
            let lasted = HumanMillis((to - from) as f64 / 1e6).to_string();
            tile("requests failed for", Style::Plain, lasted, format!("{}–{}", from.clock(), to.clock()));
        }
        if let Some(cause) = self.story.causes.first() {
            let note = cause.detector.to_owned();
            tile("confidence", Style::Plain, format!("{:.0} %", cause.confidence * 100.0), note);
        }
        tiles
    }

    /// What changed, step by step, and what else was considered.
    fn chain(&self, report: &mut Report) {
        let Some(first) = self.story.causes.first() else { return };
        report.heading("What happened");
        report.paragraph(
            Phrase::new()
                .and(Style::Plain, "Likely cause: ")
                .and(Style::Strong, first.summary.as_str())
                .and(Style::Plain, "."),
        );
        let requests = |what: &str| what.starts_with("requests fail");
        let steps = self.story.timeline.iter().map(|event| {
            let place =
                event.evidence.as_ref().map(|evidence| format!("{}:{}", evidence.file, evidence.line));
            let style = if requests(&event.what) { Style::Bad } else { Style::Warn };
            Step {
                at: event.at,
                what: event.what.as_str().into(),
                place: place.unwrap_or_default().into(),
                style,
            }
        });
        report.push(Section::Steps(steps.collect()));
        report.paragraph(
            Phrase::new()
                .and(Style::Warn, "●")
                .and(Style::Dim, " something changed  ")
                .and(Style::Bad, "●")
                .and(Style::Dim, " requests fail"),
        );
        report.paragraph(against(first));
        for cause in self.story.causes.iter().skip(1).take(2) {
            report.paragraph(Phrase::new().and(Style::Dim, considered(cause)));
        }
    }

    fn panels(&self, grid: Grid, course: &mut Course<'_>) -> Panels {
        let axis = TimeAxis { from: grid.from, width: grid.every, bins: grid.bins };
        let mut panels = Vec::new();
        self.requests_over_time(grid, &mut panels);
        panels.extend(self.latency(grid, course));
        panels.extend(self.errors(grid));
        panels.extend(self.resource(grid, course));
        panels.extend(self.recorded(grid));
        panels.extend(self.alerts());
        let marks = self.story.onset.map(|onset| (onset, "onset".into())).into_iter().collect();
        Panels { axis, marks, stretch: self.story.impact, panels }
    }

    fn every(grid: Grid) -> String {
        match grid.every / crate::model::time::NANOS {
            seconds if seconds % 3_600 == 0 => format!(" --every {}h", seconds / 3_600),
            seconds if seconds % 60 == 0 => format!(" --every {}m", seconds / 60),
            seconds => format!(" --every {seconds}s"),
        }
    }

    /// What the line and the shade in the pictures are.
    fn signs(&self) -> String {
        let onset = self.story.onset.map_or("", |_| " The dashed line is the onset.");
        let shade = self.story.impact.map_or("", |_| " Shaded is the time in which requests failed.");
        format!("{onset}{shade}")
    }

    /// Where the log in which requests are counted says who asked for what.
    fn places(&self, needs: &mut Needs) -> Places {
        let group = self.story.success.as_ref().map_or(u32::MAX, |success| success.group);
        let logs = self.logs().iter().enumerate();
        let of_group = logs.filter(|(file, _)| self.scene.wants.group(*file as u32) == group);
        let profiles = of_group.filter_map(|(_, log)| log.profile());
        let fields: Vec<&str> = profiles.flat_map(|profile| &profile.keys).map(String::as_str).collect();
        Places::new(group, &fields, needs)
    }

    /// How requests went, as a rate and as numbers.
    fn requests_over_time(&self, grid: Grid, panels: &mut Vec<Panel>) {
        let Some(success) = &self.story.success else { return };
        let axis = self.scene.axis;
        let (requests, failures) = (grid.sums(axis, &success.requests), grid.sums(axis, &success.failures));
        let both = || requests.iter().zip(&failures);
        let rate = both().map(|(n, f)| (*n > 0).then(|| (n - f) as f64 / *n as f64)).collect();
        let rates = self.story.rates;
        let says = match (rates.before, rates.during, rates.after) {
            (Some(before), Some(during), after) => {
                let after =
                    after.map_or(String::new(), |after| format!(" and came back to {}", percent(after)));
                format!("It was {}, {} while the trouble lasted{after}.", percent(before), percent(during))
            }
            (Some(rate), ..) => format!("It was {} all the time.", percent(rate)),
            _ => "How it went.".to_owned(),
        };
        let command = Some(self.count_requests(success, Some(grid), None).into());
        let track = |name: &str, style, values| Track { name: name.into(), style, values, spans: Vec::new() };
        panels.push(Panel {
            title: "Success of requests".into(),
            says: format!("{says} A request succeeds when {}.", success.rule).into(),
            scale: Scale::Percent,
            shape: Shape::Lines,
            tracks: vec![track("success", Style::Series(0), rate)],
            command: command.clone(),
        });
        let (all, failed): (u64, u64) = (requests.iter().sum(), failures.iter().sum());
        panels.push(Panel {
            title: "Requests".into(),
            says: format!(
                "{} in {}, of which {} failed.",
                HumanCount(all),
                success.source(self.scene),
                HumanCount(failed)
            )
            .into(),
            scale: Scale::Number,
            shape: Shape::Bars,
            tracks: vec![
                track("failed", Style::Bad, failures.iter().map(|f| Some(*f as f64)).collect()),
                track("succeeded", Style::Plain, both().map(|(n, f)| Some((n - f) as f64)).collect()),
            ],
            command,
        });
    }

    fn latency(&self, grid: Grid, course: &mut Course<'_>) -> Option<Panel> {
        let first = self.story.success.as_ref().map(|success| success.group);
        let (group, curves) = course.latency(first, &SHARES)?;
        let greatest = curves.iter().flatten().flatten().copied().fold(0.0, f64::max);
        let mut tracks = Vec::new();
        for ((share, values), style) in SHARES.iter().zip(curves).zip([4, 0, 1]) {
            let name = format!("p{}", share * 100.0).into();
            tracks.push(Track { name, style: Style::Series(style), values, spans: Vec::new() });
        }
        let command = format!(
            "obs stats {} --percentiles 50,95,99{}{}",
            self.files(group),
            Told::every(grid),
            self.scope(None)
        );
        Some(Panel {
            title: "Latency".into(),
            says: format!(
                "Half of the durations in {} lie below the lowest curve, 95 % below the middle one, 99 % below the \
                 highest, which reaches {}. The scale is logarithmic.",
                self.scene.wants.file(group),
                HumanMillis(greatest)
            )
            .into(),
            scale: Scale::Millis,
            shape: Shape::Bands,
            tracks,
            command: Some(command.into()),
        })
    }

    fn errors(&self, grid: Grid) -> Option<Panel> {
        let mut services = course::errors(self.scene, grid);
        let more = services.len().saturating_sub(ROWS);
        services.truncate(ROWS);
        let (most, counts) = services.first()?;
        let says = format!(
            "Entries of level error or worse: most in {most}, {}.{}",
            HumanCount(counts.iter().sum()),
            if more > 0 { format!(" {more} more have fewer.") } else { String::new() }
        );
        let tracks = services.iter().map(|(name, counts)| Track {
            name: name.rsplit('/').next().unwrap_or(name).into(),
            style: Style::Bad,
            values: counts.iter().map(|count| Some(*count as f64)).collect(),
            spans: Vec::new(),
        });
        let level = if self.args.select.level.is_some() { "" } else { " --level error" };
        let command = format!(
            "obs stats {} --by service{level}{}{}",
            self.paths(),
            Told::every(grid),
            self.scope(None)
        );
        Some(Panel {
            title: "Errors by service".into(),
            says: says.into(),
            scale: Scale::Number,
            shape: Shape::Rows,
            tracks: tracks.collect(),
            command: Some(command.into()),
        })
    }

    /// The finding that the first cause stands for.
    fn lead(&self) -> Option<&Finding> {
        let cause = self.story.causes.first()?;
        let same = |finding: &&Finding| finding.detector == cause.detector && !finding.constant;
        let of = || self.findings.iter().filter(same);
        of().find(|finding| finding.subject == cause.subject).or_else(|| of().next())
    }

    /// The log that a finding is about.
    fn group_of(&self, finding: &Finding) -> Option<u32> {
        let file = (0..self.logs().len()).find(|file| self.logs()[*file].shown == finding.subject.file)?;
        Some(self.scene.wants.group(file as u32))
    }

    /// The log of the first cause, and words of the entries that tell of it.
    fn sought(&self) -> Option<(u32, String)> {
        let finding = self.lead()?;
        let words = phrase_of(&finding.evidence.first()?.text)?;
        Some((self.group_of(finding)?, words))
    }

    /// The command that shows the numbers of a pool: as values of a field, else as they stand in the text.
    fn of_pool(&self, group: u32, grid: Grid) -> String {
        let (files, every, scope) = (self.files(group), Told::every(grid), self.scope(None));
        let fields = self.scene.wants.pool_names(group, self.logs());
        if let Some(field) = fields.first() {
            return format!("obs stats {files} --value {} {every}{scope}", quoted(field)).replace("  ", " ");
        }
        let of_text = |kind: &&Kind| kind.what == What::Template && kind.group == group;
        let has_ratio = |kind: &Kind| kind.text.contains("pool") && kind.text.contains("#/#");
        let kinds = self.scene.kinds.iter().map(|(kind, _)| kind);
        if kinds.filter(of_text).any(has_ratio) {
            // Every state of the pool, and how often it was in it.
            return format!("obs grep -oiI 'pool[^0-9]*[0-9]+/[0-9]+' {files}{scope} | sort | uniq -c");
        }
        format!("obs grep -i pool {files}{scope}")
    }

    /// The resource that ran out: how much of it was in use; else how often its end was told.
    fn resource(&self, grid: Grid, course: &Course<'_>) -> Option<Panel> {
        let finding = self.lead()?;
        let group = self.group_of(finding);
        let file = finding.subject.file.rsplit('/').next().unwrap_or_default();
        let name = finding.subject.service.as_deref().unwrap_or(file);
        let track = |name: &str, style, values| Track { name: name.into(), style, values, spans: Vec::new() };
        if finding.nature == Nature::Resource
            && let Some(group) = group
            && let Some(pool) = course.pool(group)
        {
            let active: Vec<Option<f64>> = pool.iter().map(|bin| bin.map(|(active, _)| active)).collect();
            let total: Vec<Option<f64>> = pool.iter().map(|bin| bin.map(|(_, total)| total)).collect();
            let limit = total.iter().flatten().copied().fold(0.0, f64::max);
            return Some(Panel {
                title: format!("The pool of {name}").into(),
                says: format!("The most members in use in each bin, and the most there can be: {limit}.")
                    .into(),
                scale: Scale::Number,
                shape: Shape::Lines,
                tracks: vec![track("in use", Style::Bad, active), track("limit", Style::Dim, total)],
                command: Some(self.of_pool(group, grid).into()),
            });
        }
        let sought = self.sought().filter(|_| course.told().iter().any(|count| *count > 0));
        let counts = match sought {
            Some(_) => course.told().to_vec(),
            None => course::seen(self.scene, grid, &finding.kinds),
        };
        if counts.iter().all(|count| *count == 0) {
            return None;
        }
        let said = sought.as_ref().map_or(String::new(), |(_, words)| format!(" (“{words}”)"));
        let command = sought.map(|(group, words)| {
            format!("obs grep -F {} {} -c{}", quoted(&words), self.files(group), self.scope(None)).into()
        });
        Some(Panel {
            title: format!("{} in {name}", finding.detector).into(),
            says: format!("Entries that tell of it{said}: {}.", HumanCount(counts.iter().sum())).into(),
            scale: Scale::Number,
            shape: Shape::Bars,
            tracks: vec![track(
                finding.detector,
                Style::Warn,
                counts.iter().map(|n| Some(*n as f64)).collect(),
            )],
            command,
        })
    }

    /// Recorded metrics that left what was usual: first those of the causes, then what ran out or broke.
    fn recorded(&self, grid: Grid) -> Vec<Panel> {
        const MOST: usize = 4;
        let rank = |finding: &Finding| {
            let of = |cause: &crate::causes::story::Cause| {
                cause.detector == finding.detector && finding.subject.service.as_deref() == Some(cause.name())
            };
            self.story.causes.iter().position(of).unwrap_or(usize::MAX)
        };
        let mut found: Vec<&Finding> = self
            .findings
            .iter()
            .filter(|finding| finding.series.is_some() && finding.severity > Severity::Low)
            .collect();
        found.sort_by_key(|finding| (rank(finding), finding.nature, std::cmp::Reverse(finding.severity)));
        let mut told: Vec<_> = Vec::new();
        found.retain(|finding| {
            let new = !told.contains(&&finding.series);
            told.push(&finding.series);
            new
        });
        found.into_iter().filter_map(|finding| self.metric(finding, grid)).take(MOST).collect()
    }

    fn metric(&self, finding: &Finding, grid: Grid) -> Option<Panel> {
        let (curve, series) = (self.recorded.curve(finding, grid)?, finding.series.as_ref()?);
        let name = series.metric();
        let range = Told::every(grid).replace(" --every ", "");
        let share = curve.unit.starts_with("the share");
        let rate = curve.unit.ends_with("a second");
        let bytes = name.ends_with("_bytes");
        let time = Unit::of_name(name).filter(|_| !share && !rate).map(|(unit, _)| unit);
        let shown = |value: f64| time.map_or(value, |unit| unit.to_millis(value));
        let values = curve.values.into_iter().map(|value| value.map(shown));
        let each = if rate { ", a second" } else { "" };
        let query = curve.query.replace("RANGE", &range);
        Some(Panel {
            title: format!("Recorded: {name}{each}").into(),
            says: format!("{}. A point is {}.", capital(&finding.summary), curve.unit).into(),
            scale: match () {
                () if share => Scale::Percent,
                () if bytes => Scale::Bytes,
                () if time.is_some() => Scale::Millis,
                () => Scale::Number,
            },
            shape: Shape::Lines,
            tracks: vec![Track {
                name: finding.subject.service.clone().unwrap_or_else(|| name.to_owned()).into(),
                style: Style::Series(2),
                values: values.collect(),
                spans: Vec::new(),
            }],
            command: Some(format!("obs query {} {} --step {range}", quoted(&query), self.metrics()).into()),
        })
    }

    fn alerts(&self) -> Option<Panel> {
        let mut tracks: Vec<Track> = Vec::new();
        for (alert, name) in self.replayed.alerts.iter().zip(told_apart(&self.replayed.alerts)) {
            let Some(firing) = alert.firing_at else { continue };
            let span = |from, to, style, what: &str| Span { from, to, style, what: what.into() };
            let mut spans = Vec::new();
            if alert.pending_at < firing {
                spans.push(span(alert.pending_at, Some(firing), Style::Warn, "pending"));
            }
            spans.push(span(firing, alert.resolved_at, Style::Bad, "firing"));
            let name = name.into();
            if let Some(track) = tracks.iter_mut().find(|track| track.name == name) {
                track.spans.append(&mut spans);
            } else if tracks.len() < ROWS {
                tracks.push(Track { name, spans, ..Track::default() });
            }
        }
        let first =
            self.replayed.alerts.iter().filter(|alert| alert.fired()).min_by_key(|alert| alert.firing_at)?;
        let rules = self.rules();
        let says = format!(
            "{} of these rules would have fired, {} first, at {}.",
            counted(tracks.len() as u64, "alert", "alerts"),
            first.rule,
            first.firing_at.map_or_else(String::new, Timestamp::clock)
        );
        Some(Panel {
            title: "Alerts".into(),
            says: says.into(),
            scale: Scale::Number,
            shape: Shape::Spans,
            tracks,
            command: Some(format!("obs check-rules{rules} {}{}", self.paths(), self.scope(None)).into()),
        })
    }

    /// Three requests, each as a waterfall with its entries behind.
    fn requests(&self, report: &mut Report) {
        if self.examples.is_empty() {
            return;
        }
        report.heading("Requests to look at");
        let (named, nameless): (Vec<_>, Vec<_>) =
            self.cases.iter().zip(self.examples).partition(|(case, _)| case.entry.is_none());
        for (case, example) in nameless {
            report.paragraph(introduced(case, example));
            report.push(Section::Code(example.command.as_str().into()));
        }
        let ids: Vec<Vec<u8>> = named.iter().map(|(case, _)| case.id.clone().into_bytes()).collect();
        let inputs = &self.session.inputs;
        let (stories, scanned) = correlate::stories(inputs, "request_id", &ids, &self.session.config.scan);
        let file = |file: u32| inputs.logs.get(file as usize).map_or("", |log| log.shown.as_str());
        for ((case, example), story) in named.into_iter().zip(&stories) {
            let place = |at: &correlate::Moment| {
                format!("{}:{}", file(at.location.file), scanned.line_of(at.location))
            };
            report.paragraph(introduced(case, example));
            let times = || story.moments.iter().filter_map(|moment| moment.at);
            let took = times().min().zip(times().max()).map_or(0.0, |(from, to)| (to - from) as f64 / 1e6);
            let ended = story
                .status()
                .map_or("Nothing says how it ended".to_owned(), |status| format!("It ended with {status}"));
            let mut text = format!("{ended} after {}.", HumanMillis(took));
            if let Some(error) = story.first_error() {
                let said = error.message.lines().next().unwrap_or_default();
                text.push_str(&format!(" First error: “{said}” at {}.", place(error)));
            }
            report.paragraph(text);
            report.push(Section::Waterfall(waterfall(story, |of| file(of).to_owned())));
            let mut table = Table::new(vec![
                Column::number("after"),
                Column::text("where").importance(9),
                Column::text("level").importance(8),
                Column::text("message").wrapped(),
            ]);
            let start = times().min();
            for moment in &story.moments {
                let after = start.zip(moment.at).map(|(start, at)| (at - start) as f64 / 1e6);
                let bad = moment.level >= Some(Level::Error);
                table.row(vec![
                    after.map_or_else(Cell::none, Cell::millis),
                    Cell::text(place(moment)),
                    Cell::text(moment.level.map_or("", Level::name)).styled(if bad {
                        Style::Bad
                    } else {
                        Style::Plain
                    }),
                    Cell::text(moment.message.lines().next().unwrap_or_default()),
                ]);
            }
            let line = format!(
                "{} and the command that shows them",
                counted(story.moments.len() as u64, "entry", "entries")
            );
            let sections = vec![Section::Code(example.command.as_str().into()), Section::Table(table)];
            report.push(Section::Details(line.into(), Report { sections }));
        }
    }

    /// The entries that show the causes.
    fn evidence(&self, report: &mut Report) {
        for (at, cause) in self.story.causes.iter().take(3).enumerate() {
            if at == 0 {
                report.heading("Evidence");
            }
            let evidence = lines(&cause.evidence[..cause.evidence.len().min(SHOWN)]);
            if at == 0 {
                report.push(evidence);
            } else {
                let line = format!("For “{}”", cause.summary);
                report.push(Section::Details(line.into(), Report { sections: vec![evidence] }));
            }
        }
    }

    /// The commands that give the numbers of the tiles and of the causes again.
    fn again(&self, report: &mut Report) {
        let mut numbers: Vec<(&str, String, String)> = Vec::new();
        if let Some(success) = &self.story.success {
            let axis = self.scene.axis;
            let whole = (axis.start, axis.end());
            let rates = self.story.rates;
            let windows = match self.stretch() {
                Some((from, until)) => vec![
                    ("Success before", rates.before, (whole.0, from)),
                    ("Success during", rates.during, (from, until)),
                    ("Success after", rates.after, (until, whole.1)),
                ],
                None => vec![("Success", rates.before, whole)],
            };
            for (name, rate, window) in windows {
                if let Some(rate) = rate {
                    numbers.push((name, percent(rate), self.count_requests(success, None, Some(window))));
                }
            }
        }
        if let Some(finding) = self.lead() {
            let command =
                format!("obs detect {} --only {}{}", self.paths(), finding.detector, self.compared());
            numbers.push((finding.detector, HumanCount(finding.count).to_string(), command));
        }
        report.heading("Every number again");
        for (name, number, command) in numbers {
            report.paragraph(
                Phrase::new().and(Style::Plain, name).and(Style::Plain, ": ").and(Style::Strong, number),
            );
            report.push(Section::Code(command.into()));
        }
        let rules = self.rules();
        report.paragraph("All of it:");
        report.push(Section::Code(
            format!("obs investigate {}{rules}{}", self.paths(), self.compared()).into(),
        ));
    }

    /// The options that name the rules.
    fn rules(&self) -> String {
        let rules = self.args.rules.iter().map(|rule| quoted(&rule.to_string_lossy()));
        rules.flat_map(|rule| [" -r ".to_owned(), rule]).collect()
    }
}

/// Paths as words of a command.
fn words(paths: &[PathBuf]) -> String {
    let words: Vec<String> = paths.iter().map(|path| quoted(&path.to_string_lossy())).collect();
    if words.is_empty() { ".".to_owned() } else { words.join(" ") }
}

/// Why a request is looked at, and which it is.
fn introduced(case: &Example, example: &ExampleJson) -> Phrase {
    Phrase::new()
        .and(Style::Strong, capital(&case.why))
        .and(Style::Plain, " ")
        .and(Style::Dim, example.id.as_str())
}

/// With a capital letter in front.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

/// The longest run of words without digits in an entry: what entries like it have in common.
fn phrase_of(text: &str) -> Option<String> {
    let line = text.lines().next().unwrap_or_default();
    let plain = |c: char| c.is_alphabetic() || matches!(c, ' ' | '-' | '.' | '!' | ',');
    let runs = line.split(|c: char| !plain(c)).map(|run| run.trim_matches(|c: char| !c.is_alphabetic()));
    runs.max_by_key(|run| run.len()).filter(|run| run.len() >= 6).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_an_entry() {
        for (text, words) in [
            (
                "2023-12-24 03:14:26 ERROR Connection pool exhausted! Waiting...",
                Some("ERROR Connection pool exhausted! Waiting"),
            ),
            ("12 34 56", None),
            ("", None),
        ] {
            assert_eq!(phrase_of(text).as_deref(), words);
        }
        assert_eq!(capital("the first"), "The first");
    }
}
