//! Labels, samples and series, in Prometheus' words.

use std::fmt;
use std::sync::Arc;

use super::histogram::HistogramSample;

/// A set of labels, sorted by name, without empty values. The metric's name is the label `__name__`.
///
/// A clone shares the names and values; a change copies the list only when it is shared.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Labels(Arc<Vec<(Arc<str>, Arc<str>)>>);

impl Labels {
    /// The label that holds a metric's name.
    pub const NAME: &'static str = "__name__";

    /// Sorts by name and drops empty values; of two labels of the same name the last one stays.
    pub fn new<N: Into<Arc<str>>, V: Into<Arc<str>>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut labels = Labels::default();
        for (name, value) in pairs {
            labels.set(name, value);
        }
        labels
    }

    /// The value of a label; empty if there is none.
    pub fn get(&self, name: &str) -> &str {
        self.find(name).map_or("", |at| &self.0[at].1)
    }

    /// The value of a label, to be shared; `None` if there is none.
    pub fn shared(&self, name: &str) -> Option<&Arc<str>> {
        self.find(name).map(|at| &self.0[at].1)
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.0.binary_search_by(|(known, _)| (**known).cmp(name)).ok()
    }

    /// Sets a label; an empty value removes it.
    pub fn set<N: Into<Arc<str>>, V: Into<Arc<str>>>(&mut self, name: N, value: V) {
        let (name, value) = (name.into(), value.into());
        let found = self.0.binary_search_by(|(known, _)| (**known).cmp(&name));
        match (found, value.is_empty()) {
            (Ok(at), false) => Arc::make_mut(&mut self.0)[at].1 = value,
            (Ok(at), true) => {
                Arc::make_mut(&mut self.0).remove(at);
            }
            (Err(at), false) => Arc::make_mut(&mut self.0).insert(at, (name, value)),
            (Err(_), true) => {}
        }
    }

    /// Keeps the labels for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        if self.0.iter().all(|(name, _)| keep(name)) {
            return;
        }
        Arc::make_mut(&mut self.0).retain(|(name, _)| keep(name));
    }

    /// Lets texts be replaced by equal ones that others have, too.
    pub fn share(&mut self, mut replace: impl FnMut(&mut Arc<str>, &mut Arc<str>)) {
        for (name, value) in Arc::make_mut(&mut self.0) {
            replace(name, value);
        }
    }

    /// Are these the very same labels in memory? Others may be equal all the same.
    pub fn is_same(&self, other: &Labels) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The metric's name; empty if there is none.
    pub fn metric(&self) -> &str {
        self.get(Labels::NAME)
    }

    /// Name and value of every label, in order of names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Name and value of every label, in order of names, to be shared.
    pub fn iter_shared(&self) -> impl Iterator<Item = &(Arc<str>, Arc<str>)> {
        self.0.iter()
    }

    /// How many labels there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Are there no labels?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Can this stand for a metric without quotes: letters, digits, `_` and `:`, not starting with a digit?
pub fn is_plain_metric(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b':')
}

/// Can this stand for a label without quotes: as a metric, without `:`?
pub fn is_plain_label(name: &str) -> bool {
    is_plain_metric(name) && !name.contains(':')
}

/// Text in double quotes with the escapes of Go, which PromQL reads back as the same text.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for c in self.0.chars() {
            match c {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '\t' => f.write_str("\\t")?,
                '\r' => f.write_str("\\r")?,
                c if c.is_ascii_control() => write!(f, "\\x{:02x}", u32::from(c))?,
                c if c.is_control() => write!(f, "\\u{:04x}", u32::from(c))?,
                c => write!(f, "{c}")?,
            }
        }
        f.write_str("\"")
    }
}

/// `metric{a="b", c="d"}`, with Prometheus' escapes; names that are not plain stand in quotes.
impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.metric();
        let plain = is_plain_metric(name);
        if plain {
            f.write_str(name)?;
        }
        let mut rest = self.iter().filter(|(label, _)| *label != Labels::NAME).peekable();
        if rest.peek().is_none() && plain {
            return Ok(());
        }
        f.write_str("{")?;
        let mut comma = "";
        if !plain && !name.is_empty() {
            write!(f, "{}", Quoted(name))?;
            comma = ", ";
        }
        for (label, value) in rest {
            f.write_str(comma)?;
            comma = ", ";
            if is_plain_label(label) {
                write!(f, "{label}={}", Quoted(value))?;
            } else {
                write!(f, "{}={}", Quoted(label), Quoted(value))?;
            }
        }
        f.write_str("}")
    }
}

/// All labels in braces, the metric's name like any other: `{__name__="up", job="a"}`.
#[derive(Clone, Copy, Debug)]
pub struct Braced<'a>(pub &'a Labels);

impl fmt::Display for Braced<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, (label, value)) in self.0.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            if is_plain_label(label) {
                write!(f, "{comma}{label}={}", Quoted(value))?;
            } else {
                write!(f, "{comma}{}={}", Quoted(label), Quoted(value))?;
            }
        }
        f.write_str("}")
    }
}

/// A value at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Milliseconds since the Unix epoch.
    pub at: i64,
    /// The value; [`STALE`] marks the end of a series.
    pub value: f64,
}

/// The bits of the NaN by which Prometheus marks that a series has ended.
pub const STALE: u64 = 0x7ff0_0000_0000_0002;

impl Sample {
    /// Is this the marker of a series' end?
    pub fn is_stale(&self) -> bool {
        self.value.to_bits() == STALE
    }
}

/// One series: its labels, and its samples in order of time, at most one for each time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// What identifies it.
    pub labels: Labels,
    /// Its samples, rising in time.
    pub samples: Vec<Sample>,
    /// Its native histograms, rising in time; at no time is there a sample, too.
    pub histograms: Vec<HistogramSample>,
}

impl Series {
    /// A series of plain samples.
    pub fn of(labels: Labels, samples: Vec<Sample>) -> Self {
        Series { labels, samples, histograms: Vec::new() }
    }

    /// Is there neither a sample nor a histogram?
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty() && self.histograms.is_empty()
    }

    /// The times of the first and the last sample or histogram.
    pub fn span(&self) -> Option<(i64, i64)> {
        let (floats, histograms) = (&self.samples, &self.histograms);
        let firsts = [floats.first().map(|s| s.at), histograms.first().map(|s| s.at)];
        let lasts = [floats.last().map(|s| s.at), histograms.last().map(|s| s.at)];
        Some((firsts.into_iter().flatten().min()?, lasts.into_iter().flatten().max()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_sorted_and_an_empty_value_is_no_label() {
        let mut labels = Labels::new([("z", "1"), ("__name__", "up"), ("a", ""), ("z", "2")]);
        assert_eq!(labels.to_string(), r#"up{z="2"}"#);
        labels.set("z", "");
        assert_eq!(labels.to_string(), "up");
        assert_eq!(labels.get("z"), "");
        assert_eq!(Labels::default().to_string(), "{}");
    }

    #[test]
    fn odd_names_and_values_are_quoted() {
        let labels = Labels::new([("__name__", "my.metric"), ("a b", "say \"hi\"\n\u{1}")]);
        let braced = Braced(&labels).to_string();
        assert_eq!(braced, "{__name__=\"my.metric\", \"a b\"=\"say \\\"hi\\\"\\n\\x01\"}");
        assert_eq!(labels.to_string(), "{\"my.metric\", \"a b\"=\"say \\\"hi\\\"\\n\\x01\"}");
    }
}
