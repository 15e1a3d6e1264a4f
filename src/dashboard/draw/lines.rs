//! Charts over time: stacked or not, on two axes with labels in the values' units.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::{Drawing, name};
use crate::dashboard::fields::Look;
use crate::dashboard::frame::{Cell, Field, Kind};
use crate::dashboard::reduce;
use crate::model::Timestamp;
use crate::report::plot::{Plot, PlotAxis, PlotForm, PlotTrack};
use crate::report::{Phrase, Report, Section, Style, Untrusted};

/// Series of a chart; more make no picture.
const TRACKS: usize = 100;

/// Notes of a series when its legend asks for none.
const NOTES: [&str; 4] = ["min", "mean", "max", "lastNotNull"];

/// A series that is to be drawn.
struct Line<'f> {
    field: &'f Field,
    look: Look,
    name: String,
    points: Vec<(i64, f64)>,
    /// Is it on the axis on the right?
    right: bool,
}

impl Drawing<'_> {
    /// A chart over time.
    pub(super) fn lines(&self, report: &mut Report) {
        let mut lines = Vec::new();
        for frame in &self.frames {
            let Some(times) = frame.times() else { continue };
            for field in frame.fields.iter().filter(|field| field.kind == Kind::Number) {
                let look = self.look(field);
                if !look.hidden() {
                    let name = name(field, &look);
                    lines.push(Line { field, name, points: points(times, field, &look), look, right: false });
                }
            }
        }
        let count = lines.len();
        lines.truncate(TRACKS);
        // Without a side of its own a second unit is on the right.
        let first = lines.iter().find(|line| !is_right(&line.look)).map(|line| line.look.unit().to_owned());
        for line in &mut lines {
            let free = !matches!(line.look.word("axisPlacement"), "left" | "hidden");
            line.right = is_right(&line.look)
                || free && first.as_deref().is_some_and(|first| first != line.look.unit());
        }
        let timing = &self.asked.timing;
        let (Some(from), Some(to)) = (Timestamp::from_millis(timing.from), Timestamp::from_millis(timing.to))
        else {
            return;
        };
        let notes = self.notes();
        let mut plot = Plot {
            columns: self.asked.panel.grid.width,
            rows: self.asked.panel.grid.height,
            from,
            to,
            notes: notes.iter().map(|id| Untrusted::from(reduce::name(id))).collect(),
            marks: self.marks.to_vec(),
            tracks: tracks(&lines, &notes, self.step(), self.asked.panel.kind == "barchart"),
            ..Plot::default()
        };
        for right in [false, true] {
            if let Some(line) = lines.iter().find(|line| line.right == right) {
                let shares = stacking(&line.look) == Some("percent");
                let look = if shares { line.look.of_shares() } else { line.look.clone() };
                plot.axes[usize::from(right)] = axis(&plot.tracks, &look, right);
            }
        }
        if let Some(line) = lines.iter().find(|line| !line.right) {
            plot.limits = limits(&line.look);
        }
        plot.says = says(&lines).into();
        plot.thin();
        report.push(Section::Plot(plot));
        if count > TRACKS {
            let text = format!("{TRACKS} of {count} series are drawn; --output json gives all of them");
            report.paragraph(Phrase::new().and(Style::Dim, text));
        }
    }

    /// What is told of each series: what the legend asks for, else its extremes, mean and last value.
    fn notes(&self) -> Vec<String> {
        let calcs = self.asked.panel.options.pointer("/legend/calcs").and_then(Value::as_array);
        let asked: Vec<String> =
            calcs.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        if asked.is_empty() { NOTES.map(str::to_owned).to_vec() } else { asked }
    }

    fn step(&self) -> i64 {
        self.asked.asked.iter().map(|asked| asked.timing.step).max().unwrap_or(1)
    }
}

fn is_right(look: &Look) -> bool {
    look.word("axisPlacement") == "right"
}

/// How series stand on each other: `normal`, `percent`, or not.
fn stacking(look: &Look) -> Option<&str> {
    look.custom("stacking")?.get("mode")?.as_str()
}

/// Those with which a series stands together.
fn group(look: &Look) -> String {
    let group = look.custom("stacking").and_then(|stacking| stacking.get("group"));
    group.map(Value::to_string).unwrap_or_default()
}

/// The points of a field, turned upside down where that is asked for.
fn points(times: &Field, field: &Field, look: &Look) -> Vec<(i64, f64)> {
    let sign = if look.word("transform") == "negative-Y" { -1.0 } else { 1.0 };
    let point = |(at, cell): (&Cell, &Cell)| match (at, cell.number()) {
        (Cell::Time(at), Some(value)) => Some((*at, value * sign)),
        _ => None,
    };
    times.cells.iter().zip(&field.cells).filter_map(point).collect()
}

/// What is stacked so far, by group: at each time, above zero and below it.
type Stacks = BTreeMap<String, [HashMap<i64, f64>; 2]>;

/// The tracks of a chart; those of one stack stand on each other.
fn tracks(lines: &[Line<'_>], notes: &[String], step: i64, bars: bool) -> Vec<PlotTrack> {
    let mut stacks = Stacks::default();
    // Shares are of those in the same group.
    let mut sums: BTreeMap<String, HashMap<i64, f64>> = BTreeMap::new();
    for line in lines.iter().filter(|line| stacking(&line.look) == Some("percent")) {
        let sums = sums.entry(group(&line.look)).or_default();
        for (at, value) in line.points.iter().filter(|(_, value)| value.is_finite()) {
            *sums.entry(*at).or_default() += value;
        }
    }
    let mut out = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        let look = &line.look;
        let mode = stacking(look);
        let stacked = matches!(mode, Some("normal" | "percent"));
        let group = group(look);
        let sums = sums.get(&group);
        let [above, below] = stacks.entry(group).or_default();
        let joined = match look.custom("spanNulls") {
            Some(Value::Bool(true)) => i64::MAX,
            Some(Value::Number(most)) => most.as_i64().unwrap_or(step),
            _ => step.saturating_mul(2) - 1,
        };
        let mut points: Vec<(Timestamp, f64, f64)> = Vec::with_capacity(line.points.len());
        let mut before: Option<i64> = None;
        for (at, value) in &line.points {
            let Some(time) = Timestamp::from_millis(*at) else { continue };
            // Where steps are missing the line is broken.
            if before.is_some_and(|before| at - before > joined) {
                points.push((time, f64::NAN, f64::NAN));
            }
            before = Some(*at);
            let value = match mode {
                Some("percent") => {
                    value
                        / sums.and_then(|sums| sums.get(at)).copied().filter(|sum| *sum != 0.0).unwrap_or(1.0)
                }
                _ => *value,
            };
            let (low, high) = if stacked && value.is_finite() {
                let stack = if value < 0.0 { &mut *below } else { &mut *above };
                let base = stack.entry(*at).or_default();
                let low = *base;
                *base += value;
                (low, *base)
            } else {
                (0.0, value)
            };
            points.push((time, low, high));
        }
        let form = match look.word("drawStyle") {
            _ if bars => PlotForm::Bars,
            "bars" => PlotForm::Bars,
            "points" => PlotForm::Points,
            _ => PlotForm::Line,
        };
        let filled = stacked
            || look.custom("fillOpacity").and_then(Value::as_f64).is_some_and(|fill| fill >= 10.0)
                && lines.len() < 4;
        let values = line.field.numbers();
        let note = |id: &String| {
            let value = reduce::reduce(id, &values);
            Untrusted::from(look.show(&value.map_or(Cell::None, Cell::Number)).text)
        };
        out.push(PlotTrack {
            name: line.name.as_str().into(),
            style: Style::Series((index % 6) as u8),
            right: line.right,
            form,
            filled,
            stacked,
            points,
            notes: notes.iter().map(note).collect(),
        });
    }
    out
}

/// An axis that holds all of its tracks, with round labels.
fn axis(tracks: &[PlotTrack], look: &Look, right: bool) -> PlotAxis {
    let values = || {
        let own = tracks.iter().filter(|track| track.right == right);
        own.flat_map(|track| &track.points)
            .flat_map(|(_, low, high)| [*low, *high])
            .filter(|value| value.is_finite())
    };
    let values_drawn = || {
        let own = tracks.iter().filter(|track| track.right == right);
        own.flat_map(|track| {
            track.points.iter().map(|(_, low, high)| if track.stacked { low.min(*high) } else { *high })
        })
        .filter(|value| value.is_finite())
    };
    let greatest = values().fold(f64::NEG_INFINITY, f64::max);
    let least = values_drawn().fold(f64::INFINITY, f64::min);
    let (given_low, given_high) = look.bounds();
    let log = look.custom("scaleDistribution").and_then(|scale| scale.get("type")).and_then(Value::as_str)
        == Some("log");
    if log {
        let positive = values().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
        return log_axis(
            given_low.filter(|low| *low > 0.0).unwrap_or(positive),
            given_high.unwrap_or(greatest),
            look,
        );
    }
    let (least, greatest) =
        if least.is_finite() && greatest.is_finite() { (least, greatest) } else { (0.0, 1.0) };
    let (soft_low, soft_high) = look.soft_bounds();
    let least = soft_low.map_or(least, |soft| soft.min(least));
    let greatest = soft_high.map_or(greatest, |soft| soft.max(greatest));
    // Zero belongs to the picture unless everything happens far from it.
    let near_zero = least >= 0.0 && least <= greatest / 2.0;
    let low = given_low.unwrap_or(if near_zero { 0.0 } else { least });
    let high = given_high.unwrap_or(greatest);
    let high = if high > low { high } else { low + if low == 0.0 { 1.0 } else { low.abs() / 4.0 } };
    let binary = look.unit().to_lowercase().contains("bytes")
        || look.unit() == "bits"
        || look.unit().starts_with("bin");
    // Where nothing happened parts of one mean nothing.
    let parts = if greatest == 0.0 && least == 0.0 && high == 1.0 { 1.0 } else { 4.0 };
    let step = round((high - low) / parts, binary && !look.unit().starts_with("dec"));
    let low = if given_low.is_some() { low } else { (low / step + 1e-6).floor() * step };
    // What is above a round value by nothing but rounding is not above it.
    let high = if given_high.is_some() { high } else { (high / step - 1e-6).ceil() * step };
    let first = (low / step).ceil() as i64;
    let ticks = (first..).map(|n| n as f64 * step).take_while(|value| *value <= high + step * 1e-6).take(12);
    PlotAxis { low, high, log: false, ticks: ticks.map(|value| (value, look.number(value).into())).collect() }
}

/// An axis of powers of ten.
fn log_axis(low: f64, high: f64, look: &Look) -> PlotAxis {
    let (low, high) = if low.is_finite() && high > 0.0 { (low, high.max(low)) } else { (1.0, 10.0) };
    let (from, to) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let to = to.max(from + 1).min(from + 12);
    let ticks = (from..=to).map(|power| 10_f64.powi(power)).map(|value| (value, look.number(value).into()));
    PlotAxis { low: 10_f64.powi(from), high: 10_f64.powi(to), log: true, ticks: ticks.collect() }
}

/// A round step that is not below `raw`: 1, 2 or 5 times a power of ten; of bytes, a power of two.
fn round(raw: f64, binary: bool) -> f64 {
    if !(raw.is_finite() && raw > 0.0) {
        return 1.0;
    }
    if binary && raw >= 1.0 {
        return 2_f64.powf(raw.log2().ceil());
    }
    let power = 10_f64.powf(raw.log10().floor());
    [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|nice| nice * power >= raw * 0.999_999).unwrap_or(10.0)
        * power
}

/// Thresholds that the panel draws as lines.
fn limits(look: &Look) -> Vec<(f64, Style)> {
    let mode = look.custom("thresholdsStyle").and_then(|style| style.get("mode")).and_then(Value::as_str);
    if mode.is_none_or(|mode| mode == "off") {
        return Vec::new();
    }
    look.steps().into_iter().filter(|(at, _)| at.is_finite()).collect()
}

/// What is to be seen, in a sentence.
fn says(lines: &[Line<'_>]) -> String {
    let greatest = lines
        .iter()
        .filter_map(|line| Some((reduce::reduce("max", &line.field.numbers())?, line)))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match greatest {
        Some((value, line)) => {
            let count =
                if lines.len() == 1 { "one series".to_owned() } else { format!("{} series", lines.len()) };
            format!("{count}; the highest value is {} of {}", line.look.number(value), line.name)
        }
        None => String::new(),
    }
}
