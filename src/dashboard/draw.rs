//! Panels as sections of a report: each type by the form that shows the same, a table behind each picture.

mod heat;
mod lines;
mod text;

use serde_json::Value;

use super::answer::{AskedPanel, Status};
use super::fields::{self, Look};
use super::frame::{self, Cell, Field, Frame, Kind};
use super::{legend, reduce, transform};
use crate::model::Timestamp;
use crate::model::time::NANOS;
use crate::report::heat::HeatMap;
use crate::report::panel::{Panel as Picture, Panels, Shape, Span, TimeAxis, Track};
use crate::report::table::{Cell as TableCell, Column, Table};
use crate::report::{Meter, Phrase, Report, Section, Style, Tile, Untrusted};

/// Moments that are marked in every chart.
pub type Marks = [(Timestamp, Untrusted)];

/// Rows of a table on a page.
const ROWS: usize = 200;
/// Values that are shown side by side; more are a table.
const TILES: usize = 6;

/// What is seen in a panel; nothing where it has no data.
pub fn panel(asked: &AskedPanel, marks: &Marks) -> Report {
    let mut report = Report::new();
    if asked.panel.kind == "text" {
        text::put(&mut report, &asked.panel.options);
    }
    if asked.status != Status::Ok || asked.asked.is_empty() {
        return report;
    }
    let (frames, unknown) = transform::apply(frame::frames(&asked.asked), &asked.panel.transformations);
    let drawing = Drawing { asked, marks, frames };
    match asked.panel.kind.as_str() {
        "stat" | "gauge" => drawing.values(&mut report),
        "bargauge" | "piechart" => drawing.bars(&mut report),
        "barchart" if drawing.frames.iter().all(|frame| drawing.is_of_rows(frame)) => {
            drawing.bar_chart(&mut report);
        }
        "table" => drawing.tables(&mut report),
        "heatmap" => drawing.heat(&mut report),
        "histogram" => drawing.histogram(&mut report),
        "state-timeline" | "status-history" => drawing.states(&mut report),
        _ if drawing.frames.iter().any(|frame| frame.times().is_some_and(|times| times.cells.len() > 1)) => {
            drawing.lines(&mut report);
        }
        "timeseries" | "trend" => drawing.values(&mut report),
        _ => drawing.tables(&mut report),
    }
    if !unknown.is_empty() {
        report.paragraph(
            Phrase::new().and(Style::Warn, format!("left out: the transformation {}", unknown.join(", "))),
        );
    }
    report
}

/// A panel while it is drawn.
struct Drawing<'a> {
    asked: &'a AskedPanel,
    marks: &'a Marks,
    frames: Vec<Frame>,
}

/// A number with its name.
struct Figure {
    name: String,
    value: Option<f64>,
    look: Look,
    history: Vec<Option<f64>>,
}

/// The name of a field, as it is given or as people read it.
fn name(field: &Field, look: &Look) -> String {
    match look.name() {
        Some(name) => legend::named(name, field.shown(), &field.labels),
        None => field.shown().to_owned(),
    }
}

impl Drawing<'_> {
    fn look(&self, field: &Field) -> Look {
        fields::look(&self.asked.panel.fields, field)
    }

    /// One number for each field, or each row: as the panel's options reduce them.
    fn figures(&self) -> Vec<Figure> {
        let options = self.asked.panel.options.get("reduceOptions").unwrap_or(&Value::Null);
        let calculation = options
            .get("calcs")
            .and_then(|calcs| calcs.get(0))
            .and_then(Value::as_str)
            .unwrap_or("lastNotNull");
        let each_row = options.get("values") == Some(&Value::Bool(true));
        let only = options
            .get("fields")
            .and_then(Value::as_str)
            .filter(|only| only.len() > 1)
            .and_then(fields::compiled);
        let mut figures = Vec::new();
        for frame in &self.frames {
            let names = frame.fields.iter().find(|field| field.kind == Kind::Text);
            for field in frame.fields.iter().filter(|field| field.kind == Kind::Number) {
                let look = self.look(field);
                if look.hidden() || only.as_ref().is_some_and(|only| !only.matches(field.shown())) {
                    continue;
                }
                let numbers = field.numbers();
                let name = name(field, &look);
                if each_row {
                    for (row, value) in numbers.iter().enumerate().take(ROWS) {
                        let own = names.and_then(|names| names.cells.get(row)).map(Cell::key);
                        let name = own.unwrap_or_else(|| name.clone());
                        figures.push(Figure { name, value: *value, look: look.clone(), history: Vec::new() });
                    }
                } else {
                    let value = reduce::reduce(calculation, &numbers);
                    figures.push(Figure { name, value, look, history: numbers });
                }
            }
        }
        figures
    }

    /// Stats and gauges: the numbers, large; many as a table.
    fn values(&self, report: &mut Report) {
        let figures = self.figures();
        if figures.len() > TILES {
            return self.bars(report);
        }
        let alone = figures.len() == 1;
        let options = &self.asked.panel.options;
        let curves = options.get("graphMode").and_then(Value::as_str) != Some("none");
        let colorless = options.get("colorMode").and_then(Value::as_str) == Some("none");
        let tile = |figure: &Figure| {
            let shown = figure.look.show(&figure.value.map_or(Cell::None, Cell::Number));
            let style = if colorless { Style::Plain } else { shown.style };
            let label = if alone { String::new() } else { figure.name.clone() };
            let history = if curves { trend(&figure.history) } else { String::new() };
            Tile { label: label.into(), value: Phrase::new().and(style, shown.text), note: history.into() }
        };
        report.push(Section::Tiles(figures.iter().map(tile).collect()));
    }

    /// Bar gauges and pies: numbers beside each other.
    fn bars(&self, report: &mut Report) {
        let figures = self.figures();
        let pie = self.asked.panel.kind == "piechart";
        let known = || figures.iter().filter_map(|figure| figure.value).filter(|value| value.is_finite());
        let (sum, most) = (known().map(f64::abs).sum::<f64>(), known().fold(0.0, f64::max));
        let bar = |figure: &Figure| {
            let shown = figure.look.show(&figure.value.map_or(Cell::None, Cell::Number));
            let value = figure.value.unwrap_or(0.0);
            let (low, high) = figure.look.bounds();
            let (low, high) = if pie { (0.0, sum) } else { (low.unwrap_or(0.0), high.unwrap_or(most)) };
            let share = if high > low { ((value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.0 };
            let text = if pie { format!("{} ({:.0}%)", shown.text, share * 100.0) } else { shown.text };
            let style = if shown.style == Style::Plain { Style::Series(0) } else { shown.style };
            Meter { label: figure.name.as_str().into(), share, value: text.into(), style }
        };
        report.push(Section::Meters(figures.iter().take(ROWS).map(bar).collect()));
        more(report, figures.len(), "values");
    }

    /// Is there a bar for each row of a table, and not for each moment?
    fn is_of_rows(&self, frame: &Frame) -> bool {
        self.names_of_bars(frame).is_some() || frame.times().is_none()
    }

    /// The column that names the bars of a table: the one that is chosen, else the first of texts.
    fn names_of_bars<'f>(&self, frame: &'f Frame) -> Option<&'f Field> {
        let chosen = self.asked.panel.options.get("xField").and_then(Value::as_str);
        let chosen = chosen.and_then(|name| frame.find(name)).filter(|field| field.kind != Kind::Time);
        chosen.or_else(|| frame.fields.iter().find(|field| field.kind == Kind::Text))
    }

    /// Bars by the names of rows, for each column of numbers.
    fn bar_chart(&self, report: &mut Report) {
        for frame in &self.frames {
            let names = self.names_of_bars(frame);
            let is_value =
                |field: &&Field| field.kind == Kind::Number && names.is_none_or(|names| names != *field);
            let values: Vec<&Field> = frame.fields.iter().filter(is_value).collect();
            for field in &values {
                let look = self.look(field);
                if look.hidden() {
                    continue;
                }
                let numbers = field.numbers();
                let most =
                    numbers.iter().flatten().copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
                if values.len() > 1 {
                    report.paragraph(name(field, &look));
                }
                let bars = numbers.iter().enumerate().take(ROWS).map(|(row, value)| {
                    let label = names
                        .and_then(|names| names.cells.get(row))
                        .map_or_else(|| name(field, &look), Cell::key);
                    let shown = look.show(&value.map_or(Cell::None, Cell::Number));
                    let share = if most > 0.0 { (value.unwrap_or(0.0) / most).clamp(0.0, 1.0) } else { 0.0 };
                    let style = if shown.style == Style::Plain { Style::Series(0) } else { shown.style };
                    Meter { label: label.into(), share, value: shown.text.into(), style }
                });
                report.push(Section::Meters(bars.collect()));
                more(report, numbers.len(), "bars");
            }
        }
    }

    /// Tables as they are; of series that were not made one the last values.
    fn tables(&self, report: &mut Report) {
        let series = self.frames.len() > 1
            && self.frames.iter().all(|frame| frame.times().is_some() && frame.fields.len() == 2);
        if series {
            return self.bars(report);
        }
        for frame in &self.frames {
            let looks: Vec<(&Field, Look)> =
                frame.fields.iter().map(|field| (field, self.look(field))).collect();
            let shown: Vec<&(&Field, Look)> = looks.iter().filter(|(_, look)| !look.hidden()).collect();
            let columns = shown.iter().map(|(field, look)| {
                let name = name(field, look);
                if field.kind == Kind::Number { Column::number(name) } else { Column::text(name) }
            });
            let mut table = Table::new(columns.collect());
            for row in 0..frame.rows().min(ROWS) {
                let cell = |(field, look): &&(&Field, Look)| {
                    let cell = field.cells.get(row).cloned().unwrap_or_default();
                    let shown = look.show(&cell);
                    let exact = if field.kind == Kind::Text { String::new() } else { cell.key() };
                    if exact.is_empty() {
                        TableCell::text(shown.text)
                    } else {
                        TableCell::exact(shown.text, exact).styled(shown.style)
                    }
                };
                table.row(shown.iter().map(cell).collect());
            }
            report.push(Section::Table(table));
            more(report, frame.rows(), "rows");
        }
    }

    /// Classic buckets over time: how many in each; other series by their names.
    fn heat(&self, report: &mut Report) {
        let mut buckets: Vec<(f64, &Field, &Field)> = Vec::new();
        let calculated = self.asked.panel.options.get("calculate") == Some(&Value::Bool(true));
        for frame in &self.frames {
            let Some(times) = frame.times() else { continue };
            for field in frame.fields.iter().filter(|field| field.kind == Kind::Number) {
                let bound = field.labels.get("le");
                let bound = if bound.is_empty() { field.shown() } else { bound };
                match bound.trim_start_matches('+').parse::<f64>() {
                    Ok(bound) if !calculated => buckets.push((bound, times, field)),
                    _ => return heat::counted(self, report),
                }
            }
        }
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        let timing = &self.asked.asked.first().map(|asked| asked.timing).unwrap_or_default();
        let count = ((timing.end() - timing.start()) / timing.step).max(0) as usize + 1;
        let column = |at: i64| ((at - timing.start()) / timing.step).max(0) as usize;
        let cumulative = buckets.iter().all(|(_, _, field)| !field.labels.get("le").is_empty());
        let mut below = vec![0.0; count];
        let mut rows = Vec::new();
        for (bound, times, field) in &buckets {
            let mut counts = vec![0.0; count];
            for (at, cell) in times.cells.iter().zip(&field.cells) {
                if let (Cell::Time(at), Some(value)) = (at, cell.number())
                    && let Some(place) = counts.get_mut(column(*at))
                {
                    *place = value;
                }
            }
            let own: Vec<f64> = counts
                .iter()
                .zip(&below)
                .map(|(value, below)| if cumulative { (value - below).max(0.0) } else { *value })
                .collect();
            if cumulative {
                below = counts;
            }
            let look = self.look(field);
            let label = if bound.is_finite() { look.number(*bound) } else { "∞".to_owned() };
            rows.push((label, own));
        }
        // Rates are below one: the map counts in parts of the least.
        let least = rows
            .iter()
            .flat_map(|(_, counts)| counts)
            .copied()
            .filter(|count| *count > 0.0)
            .fold(f64::INFINITY, f64::min);
        let scale = if least.is_finite() && least < 1.0 { 1.0 / least } else { 1.0 };
        let counted = |count: &f64| (count * scale).round().min(1e15) as u64;
        let rows =
            rows.into_iter().map(|(label, counts)| (label.into(), counts.iter().map(counted).collect()));
        let from = Timestamp::from_millis(timing.start()).unwrap_or_default();
        report.push(Section::HeatMap(HeatMap { rows: rows.collect(), from, every: timing.step * 1_000_000 }));
    }

    /// How often values lie where.
    fn histogram(&self, report: &mut Report) {
        const BINS: usize = 20;
        if self.frames.iter().any(|frame| frame.fields.iter().any(|field| field.shown() == "xMin")) {
            return self.bins(report);
        }
        let numbers =
            || self.frames.iter().flat_map(|frame| &frame.fields).filter(|field| field.kind == Kind::Number);
        let values: Vec<f64> =
            numbers().flat_map(Field::numbers).flatten().filter(|value| value.is_finite()).collect();
        let (Some(least), Some(most)) =
            (values.iter().copied().reduce(f64::min), values.iter().copied().reduce(f64::max))
        else {
            return;
        };
        let look = numbers().next().map(|field| self.look(field)).unwrap_or_default();
        let width = ((most - least) / BINS as f64).max(f64::MIN_POSITIVE);
        let mut counts = [0_usize; BINS];
        for value in &values {
            counts[(((value - least) / width) as usize).min(BINS - 1)] += 1;
        }
        let top = counts.iter().copied().max().unwrap_or(1).max(1) as f64;
        let bars = counts.iter().enumerate().map(|(bin, count)| Meter {
            label: look.number(least + width * bin as f64).into(),
            share: *count as f64 / top,
            value: count.to_string().into(),
            style: Style::Series(0),
        });
        report.push(Section::Meters(bars.collect()));
    }

    /// Bins that a transformation counted.
    fn bins(&self, report: &mut Report) {
        for frame in &self.frames {
            let Some(edges) = frame.fields.iter().find(|field| field.shown() == "xMin") else { continue };
            let of_edges = |field: &&Field| !matches!(field.shown(), "xMin" | "xMax");
            for field in frame.fields.iter().filter(of_edges) {
                let look = self.look(field);
                let counts = field.numbers();
                let top = counts.iter().flatten().copied().fold(1.0, f64::max);
                let bars = edges.numbers().into_iter().zip(counts).map(|(edge, count)| {
                    let count = count.unwrap_or(0.0);
                    Meter {
                        label: look.number(edge.unwrap_or(0.0)).into(),
                        share: count / top,
                        value: count.to_string().into(),
                        style: Style::Series(0),
                    }
                });
                report.push(Section::Meters(bars.collect()));
            }
        }
    }

    /// Stretches of time in which a value was the same.
    fn states(&self, report: &mut Report) {
        const TRACKS: usize = 30;
        let timing = &self.asked.timing;
        let (Some(from), Some(to)) = (Timestamp::from_millis(timing.from), Timestamp::from_millis(timing.to))
        else {
            return;
        };
        let step = self.asked.asked.first().map_or(timing.step, |asked| asked.timing.step);
        let mut tracks = Vec::new();
        for frame in &self.frames {
            let Some(times) = frame.times() else { continue };
            for field in frame.fields.iter().filter(|field| field.kind != Kind::Time) {
                let look = self.look(field);
                let name: Untrusted = name(field, &look).into();
                let mut spans: Vec<Span> = Vec::new();
                for (at, cell) in times.cells.iter().zip(&field.cells) {
                    let Cell::Time(millis) = at else { continue };
                    let (Some(at), Some(end)) =
                        (Timestamp::from_millis(*millis), Timestamp::from_millis(millis + step))
                    else {
                        continue;
                    };
                    let shown = look.show(cell);
                    let what: Untrusted = shown.text.into();
                    match spans.last_mut() {
                        Some(last) if last.what == what && last.to.is_some_and(|known| known >= at) => {
                            last.to = Some(end);
                        }
                        _ => spans.push(Span { from: at.max(from), to: Some(end), style: shown.style, what }),
                    }
                }
                tracks.push(Track { name, spans, ..Track::default() });
            }
        }
        let count = tracks.len();
        tracks.truncate(TRACKS);
        let axis = TimeAxis { from, width: ((to.0 - from.0) / 60).max(NANOS / 1_000), bins: 60 };
        let says = format!("{} over time", if count == 1 { "one state" } else { "states" });
        let picture = Picture {
            title: Untrusted::default(),
            says: says.into(),
            shape: Shape::Spans,
            tracks,
            ..Picture::default()
        };
        report.push(Section::Panels(Panels {
            axis,
            marks: self.marks.to_vec(),
            stretch: None,
            panels: vec![picture],
        }));
        more(report, count, "states");
    }
}

/// Says that not all of so many are shown.
fn more(report: &mut Report, count: usize, what: &str) {
    if count > ROWS {
        report.paragraph(Phrase::new().and(Style::Dim, format!("… and {} more {what}", count - ROWS)));
    }
}

/// A small curve beside a number.
fn trend(values: &[Option<f64>]) -> String {
    if values.iter().flatten().count() < 8 {
        return String::new();
    }
    crate::report::spark::sparkline(&crate::report::spark::squeezed(values, 24), None, false)
}
