//! Labels, samples and series, in Prometheus' words.

use std::fmt;

/// A set of labels, sorted by name, without empty values. The metric's name is the label `__name__`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Labels(Vec<(Box<str>, Box<str>)>);

impl Labels {
    /// The label that holds a metric's name.
    pub const NAME: &'static str = "__name__";

    /// Sorts by name and drops empty values; of two labels of the same name the last one stays.
    pub fn new<N: Into<Box<str>>, V: Into<Box<str>>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut labels = Labels::default();
        for (name, value) in pairs {
            labels.set(name, value);
        }
        labels
    }

    /// The value of a label; empty if there is none.
    pub fn get(&self, name: &str) -> &str {
        self.0.binary_search_by(|(known, _)| (**known).cmp(name)).map_or("", |at| &self.0[at].1)
    }

    /// Sets a label; an empty value removes it.
    pub fn set<N: Into<Box<str>>, V: Into<Box<str>>>(&mut self, name: N, value: V) {
        let (name, value) = (name.into(), value.into());
        match (self.0.binary_search_by(|(known, _)| known.cmp(&name)), value.is_empty()) {
            (Ok(at), false) => self.0[at].1 = value,
            (Ok(at), true) => {
                self.0.remove(at);
            }
            (Err(at), false) => self.0.insert(at, (name, value)),
            (Err(_), true) => {}
        }
    }

    /// Keeps the labels for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        self.0.retain(|(name, _)| keep(name));
    }

    /// The metric's name; empty if there is none.
    pub fn metric(&self) -> &str {
        self.get(Labels::NAME)
    }

    /// Name and value of every label, in order of names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
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

/// `metric{a="b", c="d"}`, with Prometheus' escapes.
impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.metric();
        f.write_str(name)?;
        let mut rest = self.iter().filter(|(label, _)| *label != Labels::NAME).peekable();
        if rest.peek().is_none() && !name.is_empty() {
            return Ok(());
        }
        f.write_str("{")?;
        for (i, (label, value)) in rest.enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{label}={value:?}")?;
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
}
