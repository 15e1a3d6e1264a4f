//! What a profile refers to in the program itself goes by its name when the profile travels to another process.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::prefix;

/// A word of the program; a name of its own, so that serde does not take it for borrowed.
pub(super) type Word = &'static str;

/// Words of the program. One that is not known here is of a format that a person described; it is kept for good, as
/// that is.
pub fn word(name: String) -> &'static str {
    let known = super::LOG_FORMATS.iter().map(|format| format.name()).find(|known| *known == name);
    known.unwrap_or_else(|| name.leak())
}

pub(super) mod words {
    use super::{Deserialize, Deserializer, Serialize, Serializer, word};

    pub(in crate::format::log) fn serialize<S: Serializer>(
        words: &[(&'static str, usize)],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        words.serialize(serializer)
    }

    pub(in crate::format::log) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<(&'static str, usize)>, D::Error> {
        let words = Vec::<(String, usize)>::deserialize(deserializer)?;
        Ok(words.into_iter().map(|(name, count)| (word(name), count)).collect())
    }
}

pub(super) mod one_word {
    use super::{Deserialize, Deserializer, word};

    pub(in crate::format::log) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<&'static str, D::Error> {
        String::deserialize(deserializer).map(word)
    }
}

impl Serialize for prefix::Shape {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.name.serialize(serializer)
    }
}

pub(super) mod shape {
    use super::{Deserialize, Deserializer, Error, prefix};

    pub(in crate::format::log) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<&'static prefix::Shape>, D::Error> {
        let Some(name) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
        let known = prefix::SHAPES.iter().find(|shape| shape.name == name);
        known.map(Some).ok_or_else(|| D::Error::custom("there is no such prefix"))
    }
}

pub(super) mod zone {
    use super::{Deserialize, Deserializer, Error, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "serde's signature")]
    pub(in crate::format::log) fn serialize<S: Serializer>(
        zone: &Option<chrono_tz::Tz>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        zone.map(chrono_tz::Tz::name).serialize(serializer)
    }

    pub(in crate::format::log) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<chrono_tz::Tz>, D::Error> {
        let name = Option::<String>::deserialize(deserializer)?;
        name.map(|name| name.parse().map_err(|_| D::Error::custom("there is no such zone"))).transpose()
    }
}
