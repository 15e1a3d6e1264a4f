//! The rules of OpenMetrics that no single line shows: families, groups, histograms.

use std::collections::{BTreeMap, BTreeSet};

use super::exposition::{Parsed, fault, number, text};
use super::openmetrics::Tail;
use crate::model::Labels;

/// What a comment says about a family.
#[derive(Clone, Copy)]
pub(super) enum Metadata<'a> {
    Help,
    Type(&'a [u8]),
    Unit(&'a [u8]),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Unknown,
    Gauge,
    Counter,
    Summary,
    Histogram,
    GaugeHistogram,
    Info,
    StateSet,
}

impl Type {
    fn read(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"unknown" => Type::Unknown,
            b"gauge" => Type::Gauge,
            b"counter" => Type::Counter,
            b"summary" => Type::Summary,
            b"histogram" => Type::Histogram,
            b"gaugehistogram" => Type::GaugeHistogram,
            b"info" => Type::Info,
            b"stateset" => Type::StateSet,
            _ => return None,
        })
    }

    /// What may follow the family's name in a sample's name.
    fn suffixes(self) -> &'static [&'static str] {
        match self {
            Type::Counter => &["_total", "_created"],
            Type::Summary => &["", "_count", "_sum", "_created"],
            Type::Histogram => &["_count", "_sum", "_bucket", "_created"],
            Type::GaugeHistogram => &["_gcount", "_gsum", "_bucket"],
            Type::Info => &["_info"],
            Type::Unknown | Type::Gauge | Type::StateSet => &[""],
        }
    }

    fn is_histogram(self) -> bool {
        matches!(self, Type::Histogram | Type::GaugeHistogram)
    }
}

/// What the rules know about a series, as long as its family lasts.
#[derive(Default)]
pub(super) struct Seen {
    family: u64,
    suffix: &'static str,
    group: usize,
    id: usize,
    /// The upper limit, of a bucket.
    limit: f64,
}

/// The rules, and what they have to remember.
pub(super) struct Rules {
    /// The names that families have taken.
    taken: BTreeSet<String>,
    family: Option<Family>,
    /// How many families there were.
    count: u64,
}

struct Family {
    name: String,
    kind: Option<Type>,
    help: bool,
    unit: Option<String>,
    has_samples: bool,
    /// The groups so far: all labels but those that distinguish samples of one metric.
    groups: BTreeMap<Labels, usize>,
    group: Option<usize>,
    at: Option<i128>,
    /// The series that have a sample in this group at this time.
    at_this_time: Vec<usize>,
    series: usize,
    histogram: Option<Histogram>,
}

/// A histogram at one time.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is something that was or was not there")]
struct Histogram {
    limit: Option<f64>,
    value: f64,
    count: Option<f64>,
    has_sum: bool,
    has_gauge_sum: bool,
    negative_limits: bool,
    negative_sum: bool,
}

impl Rules {
    pub(super) fn new() -> Self {
        Rules { taken: BTreeSet::new(), family: None, count: 0 }
    }

    fn start(&mut self, name: String, kind: Option<Type>) -> Parsed<&mut Family> {
        self.finish()?;
        self.count += 1;
        Ok(self.family.insert(Family {
            name,
            kind,
            help: false,
            unit: None,
            has_samples: false,
            groups: BTreeMap::new(),
            group: None,
            at: None,
            at_this_time: Vec::new(),
            series: 0,
            histogram: None,
        }))
    }

    /// Ends the family: its names must be new, its unit must fit, its last histogram must be whole.
    pub(super) fn finish(&mut self) -> Parsed<()> {
        let Some(family) = self.family.take() else { return Ok(()) };
        let kind = family.kind.unwrap_or(Type::Unknown);
        let bare = if kind.suffixes().contains(&"") { None } else { Some("") };
        for suffix in kind.suffixes().iter().copied().chain(bare) {
            let name = format!("{}{suffix}", family.name);
            if !self.taken.insert(name.clone()) {
                return fault(0, format!("the name {name:?} is taken by another family"));
            }
        }
        if let Some(unit) = family.unit.as_deref().filter(|unit| !unit.is_empty()) {
            if !family.name.strip_suffix(unit).is_some_and(|name| name.ends_with('_')) {
                return fault(0, format!("the name {:?} does not end in the unit {unit:?}", family.name));
            }
            if matches!(kind, Type::Info | Type::StateSet) {
                return fault(0, format!("{:?} cannot have a unit", family.name));
            }
        }
        match family.histogram {
            Some(histogram) => histogram.check(&family.name),
            None => Ok(()),
        }
    }

    pub(super) fn metadata(&mut self, name: &[u8], metadata: Metadata<'_>) -> Parsed<()> {
        let name = text(name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")).unwrap_or(name));
        let known = self.family.as_ref().filter(|family| family.name == name);
        if known.is_some_and(|family| family.has_samples) {
            return fault(0, format!("metadata of {name:?} stands after its samples"));
        }
        if known.is_none() {
            if !crate::model::series::is_plain_metric(&name) {
                return fault(7, format!("{name:?} is no metric name"));
            }
            self.start(name, None)?;
        }
        let Some(family) = &mut self.family else { return Ok(()) };
        let repeated = match metadata {
            Metadata::Help => std::mem::replace(&mut family.help, true),
            Metadata::Type(word) => {
                let Some(kind) = Type::read(word) else {
                    return fault(7, format!("{:?} is no type of metric", text(word)));
                };
                family.kind.replace(kind).is_some()
            }
            Metadata::Unit(unit) => family.unit.replace(text(unit)).is_some(),
        };
        if repeated { fault(0, format!("{:?} has this metadata twice", family.name)) } else { Ok(()) }
    }

    /// Takes in a sample.
    pub(super) fn sample(&mut self, labels: &Labels, seen: &mut Seen, tail: &Tail) -> Parsed<()> {
        let mut new_group = false;
        if seen.family != self.count || self.family.is_none() {
            new_group = self.classify(labels, seen)?;
        }
        let Some(family) = &mut self.family else { return Ok(()) };
        family.has_samples = true;
        let repeated = family.order(seen, tail, new_group)?;
        let kind = family.kind.unwrap_or(Type::Unknown);
        check_value(kind, seen, tail)?;
        if kind.is_histogram() && !repeated {
            family.histogram.get_or_insert_default().add(seen, tail.value)?;
        }
        Ok(())
    }

    /// Finds the family, the group and the role of a series; says whether the group is new.
    fn classify(&mut self, labels: &Labels, seen: &mut Seen) -> Parsed<bool> {
        let name = labels.metric();
        let suffix = self.family.as_ref().and_then(|family| {
            let rest = name.strip_prefix(family.name.as_str())?;
            let suffixes = family.kind.unwrap_or(Type::Unknown).suffixes();
            suffixes.iter().copied().find(|suffix| *suffix == rest)
        });
        if suffix.is_none() {
            self.start(name.to_owned(), Some(Type::Unknown))?;
        }
        let (count, Some(family)) = (self.count, &mut self.family) else { return Ok(false) };
        seen.family = count;
        seen.suffix = suffix.unwrap_or("");
        seen.id = family.series;
        family.series += 1;
        let kind = family.kind.unwrap_or(Type::Unknown);
        let own = match (kind, seen.suffix) {
            (Type::StateSet, _) => Some(family.name.as_str()),
            (Type::Summary, "") => Some("quantile"),
            (_, "_bucket") if kind.is_histogram() => Some("le"),
            _ => None,
        };
        seen.limit = f64::NAN;
        if let Some(own) = own {
            let value = labels.get(own);
            if labels.shared(own).is_none() && kind != Type::Unknown {
                return fault(0, format!("the label {own:?} is missing"));
            }
            if kind != Type::StateSet {
                let limit = number(value.as_bytes()).filter(|limit| !limit.is_nan());
                let canonical = value == "+Inf" || limit != Some(f64::INFINITY);
                let Some(limit) =
                    limit.filter(|limit| canonical && (kind != Type::Summary || (0.0..=1.0).contains(limit)))
                else {
                    return fault(0, format!("{value:?} is no value of the label {own:?}"));
                };
                seen.limit = limit;
            }
        }
        let mut group = if kind == Type::Info { Labels::default() } else { labels.clone() };
        group.retain(|label| label != Labels::NAME && Some(label) != own);
        let next = family.groups.len();
        seen.group = *family.groups.entry(group).or_insert(next);
        Ok(seen.group == next)
    }
}

impl Family {
    /// Samples of a group stand together, and its times never go back; says whether the series had this time.
    fn order(&mut self, seen: &Seen, tail: &Tail, new_group: bool) -> Parsed<bool> {
        if self.group == Some(seen.group) {
            match (self.at, tail.at) {
                (None, None) => {}
                (Some(before), Some(at)) => {
                    if before > at && self.kind != Some(Type::Info) {
                        return fault(0, "the times go backwards within a group");
                    }
                }
                _ => return fault(0, "some samples of a group have a time, others have none"),
            }
        } else if self.group.is_some() && !new_group {
            return fault(0, "the samples of a group do not stand together");
        }
        if self.group != Some(seen.group) || self.at != tail.at {
            self.at_this_time.clear();
            if let Some(histogram) = self.histogram.take() {
                histogram.check(&self.name)?;
            }
        }
        self.group = Some(seen.group);
        self.at = tail.at;
        // Times that differ by less than a nanosecond are the same; then only the first sample counts.
        let repeated = self.at_this_time.contains(&seen.id);
        if !repeated {
            self.at_this_time.push(seen.id);
        }
        Ok(repeated)
    }
}

fn check_value(kind: Type, seen: &Seen, tail: &Tail) -> Parsed<()> {
    let value = tail.value;
    let counts = matches!(seen.suffix, "_total" | "_sum" | "_count" | "_bucket" | "_gcount");
    if (counts || seen.suffix == "_gsum") && value.is_nan() {
        return fault(0, "a counter cannot be NaN");
    }
    if counts && value < 0.0 {
        return fault(0, "a counter cannot be negative");
    }
    if matches!(seen.suffix, "_bucket" | "_count" | "_gcount") && value.fract() != 0.0 {
        return fault(0, "a count has to be a whole number");
    }
    if kind == Type::StateSet && value != 0.0 && value != 1.0 {
        return fault(0, "a state is 0 or 1");
    }
    if kind == Type::Info && value != 1.0 {
        return fault(0, "the value of an info is 1");
    }
    if kind == Type::Summary && seen.suffix.is_empty() && value < 0.0 {
        return fault(0, "a quantile cannot be negative");
    }
    let may_have_exemplar =
        kind.is_histogram() && seen.suffix == "_bucket" || kind == Type::Counter && seen.suffix == "_total";
    if tail.exemplar && !may_have_exemplar {
        return fault(0, "only counters and buckets can have exemplars");
    }
    Ok(())
}

impl Histogram {
    fn add(&mut self, seen: &Seen, value: f64) -> Parsed<()> {
        match seen.suffix {
            "_bucket" => {
                self.negative_limits |= seen.limit < 0.0;
                if self.limit.is_some_and(|limit| seen.limit <= limit) {
                    return fault(0, "the buckets are out of order");
                }
                if value < self.value {
                    return fault(0, "a bucket holds less than the one before");
                }
                self.limit = Some(seen.limit);
                self.value = value;
            }
            "_count" | "_gcount" => self.count = Some(value),
            "_sum" => self.has_sum = true,
            "_gsum" => {
                self.has_gauge_sum = true;
                self.negative_sum |= value < 0.0;
            }
            _ => {}
        }
        Ok(())
    }

    fn check(&self, name: &str) -> Parsed<()> {
        let has_sum = self.has_sum || self.has_gauge_sum;
        let wrong = if self.limit != Some(f64::INFINITY) {
            "has no bucket for +Inf"
        } else if self.count.is_some_and(|count| count != self.value) {
            "counts something else than its last bucket"
        } else if has_sum != self.count.is_some() {
            "has a sum without a count, or a count without a sum"
        } else if self.negative_limits && self.has_sum {
            "has a sum although it has negative buckets"
        } else if !self.negative_limits && self.negative_sum {
            "has a negative sum without negative buckets"
        } else {
            return Ok(());
        };
        fault(0, format!("the histogram {name:?} {wrong}"))
    }
}
