//! How content those who waited were: the Apdex.

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

/// Who waited for how long, measured against a threshold.
///
/// Apdex Alliance, "Application Performance Index, Technical Specification" (2007): up to the threshold one is
/// satisfied, up to four times of it one tolerates, beyond that and where the request failed one is frustrated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Apdex {
    /// Answered within the threshold.
    pub satisfied: u64,
    /// Answered within four times the threshold.
    pub tolerating: u64,
    /// Answered later, or with a failure.
    pub frustrated: u64,
}

impl Apdex {
    /// Counts a request that took `value`, in the unit of `threshold`.
    pub fn add(&mut self, value: f64, failed: bool, threshold: f64) {
        match () {
            () if failed || value > 4.0 * threshold => self.frustrated += 1,
            () if value > threshold => self.tolerating += 1,
            () => self.satisfied += 1,
        }
    }

    /// Takes in what was counted elsewhere.
    pub fn merge(&mut self, other: Apdex) {
        self.satisfied += other.satisfied;
        self.tolerating += other.tolerating;
        self.frustrated += other.frustrated;
    }

    /// Between 0 (all are frustrated) and 1 (all are satisfied); none of nothing.
    pub fn score(&self) -> Option<f64> {
        let all = self.satisfied + self.tolerating + self.frustrated;
        (all > 0).then(|| (self.satisfied as f64 + self.tolerating as f64 / 2.0) / all as f64)
    }
}

impl Serialize for Apdex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Apdex", 4)?;
        fields.serialize_field("score", &self.score())?;
        fields.serialize_field("satisfied", &self.satisfied)?;
        fields.serialize_field("tolerating", &self.tolerating)?;
        fields.serialize_field("frustrated", &self.frustrated)?;
        fields.end()
    }
}

/// All of it, for other processes.
pub(super) mod whole {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Apdex;

    pub(in crate::stats) fn serialize<S: Serializer>(
        apdex: &Apdex,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        (apdex.satisfied, apdex.tolerating, apdex.frustrated).serialize(serializer)
    }

    pub(in crate::stats) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Apdex, D::Error> {
        let (satisfied, tolerating, frustrated) = Deserialize::deserialize(deserializer)?;
        Ok(Apdex { satisfied, tolerating, frustrated })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_ends_at_four_times_the_threshold() {
        let mut apdex = Apdex::default();
        for (value, failed) in
            [(500.0, false), (501.0, false), (2_000.0, false), (2_001.0, false), (1.0, true)]
        {
            apdex.add(value, failed, 500.0);
        }
        assert_eq!(apdex, Apdex { satisfied: 1, tolerating: 2, frustrated: 2 });
        assert_eq!(apdex.score(), Some(0.4));
        assert_eq!(Apdex::default().score(), None);
    }
}
