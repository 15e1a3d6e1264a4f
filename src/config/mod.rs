//! `obs.yaml`: its parts by their names, each read by the room that it is about, and what is wrong with it.

pub mod defaults;

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, StringDeserializer};
use serde::de::{DeserializeOwned, DeserializeSeed, IgnoredAny, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::model::Diagnostic;

/// Every part that the file may have.
const PARTS: &[&str] =
    &["formats", "zones", "map", "metrics", "detectors", "signatures", "success", "defaults"];

/// Some parts of the file, as the fields of a type that refuses others.
pub trait Part: DeserializeOwned + Default {
    /// The names of its parts; those of other rooms are left alone.
    const NAMES: &'static [&'static str];
}

/// Line and column of a value.
pub type Place = (u64, u64);

/// Reads the parts of a configuration file that a room is about. `path` is for messages.
///
/// # Errors
/// What the YAML reader says, with its place; parts that nobody knows.
pub fn read<T: Part>(path: &str, text: &str) -> Result<T, Vec<Diagnostic>> {
    if text.trim().is_empty() {
        return Ok(T::default());
    }
    let options = serde_saphyr::options! { with_snippet: false };
    match serde_saphyr::from_str_with_options::<Parts<T>>(text, options) {
        Ok(parts) => Ok(parts.0),
        Err(error) => {
            let place = error.location().map_or((1, 1), |at| (at.line(), at.column()));
            Err(vec![wrong(path, place, said(&error))])
        }
    }
}

/// The parts that nobody knows: they are told, and stop nothing.
pub fn unknown(path: &str, text: &str) -> Vec<Diagnostic> {
    let parts: BTreeMap<String, serde_json::Value> = serde_saphyr::from_str(text).unwrap_or_default();
    let place = |name: &str| {
        let begins = |line: &str| line.trim_start_matches(['"', '\'']).starts_with(name);
        (text.lines().position(begins).map_or(1, |at| at as u64 + 1), 1)
    };
    let doubted = |name: &String| {
        let (line, column) = place(name);
        let near = |known: &&&str| strsim::osa_distance(known, name) <= 2;
        let meant = PARTS.iter().find(near).map(|meant| format!("did you mean {meant}?"));
        let hint = meant.unwrap_or_else(|| format!("parts are {}", PARTS.join(", ")));
        Diagnostic::warning(format!("{path}:{line}:{column}"), format!("there is no part `{name}`"))
            .hinted(hint)
    };
    parts.keys().filter(|name| !PARTS.contains(&name.as_str())).map(doubted).collect()
}

/// Something that is wrong at a place of a configuration file.
pub fn wrong(path: &str, (line, column): Place, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(format!("{path}:{line}:{column}"), message.into())
}

/// What the YAML reader has to say, without the place, which stands before it.
fn said(error: &serde_saphyr::Error) -> String {
    let text = error.to_string();
    let text = text.lines().next().unwrap_or_default();
    let text = text.split_once(" at line ").map_or(text, |(before, _)| before);
    text.strip_prefix("error: ").unwrap_or(text).to_owned()
}

/// The file, of which only some parts are read.
struct Parts<T>(T);

impl<'de, T: Part> Deserialize<'de> for Parts<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(OfFile(PhantomData)).map(Parts)
    }
}

struct OfFile<T>(PhantomData<T>);

impl<'de, T: Part> Visitor<'de> for OfFile<T> {
    type Value = T;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "parts such as {}", PARTS.join(", "))
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(Own { map, names: T::NAMES }))
    }
}

/// The parts of one room.
struct Own<A> {
    map: A,
    names: &'static [&'static str],
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Own<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(name) = self.map.next_key::<String>()? {
            if self.names.contains(&&*name) {
                let name: StringDeserializer<A::Error> = name.into_deserializer();
                return seed.deserialize(name).map(Some);
            }
            self.map.next_value::<IgnoredAny>()?;
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Zones {
        #[serde(default)]
        zones: Vec<String>,
    }

    impl Part for Zones {
        const NAMES: &'static [&'static str] = &["zones"];
    }

    #[test]
    fn parts_of_others_are_left_alone_and_unknown_ones_are_told() {
        let zones = |text: &str| read::<Zones>("obs.yaml", text);
        assert_eq!(zones("formats: [{x: 1}]\nzones: [a]\nsuccess: 'x'\n").unwrap().zones, ["a"]);
        assert_eq!(zones("").unwrap(), Zones::default());
        assert_eq!(zones("# nothing\n").unwrap(), Zones::default());
        assert_eq!(zones("zones: [a]\nzoned: 3\n").unwrap().zones, ["a"], "what nobody knows stops nobody");
        let told = format!("{:?}", unknown("obs.yaml", "zones: [a]\nzoned: 3\n"));
        assert!(told.contains("obs.yaml:2:1") && told.contains("did you mean zones?"), "{told}");
        for (text, said) in
            [("zones: 3\n", "obs.yaml:1:"), ("zones: [a\n", "obs.yaml:"), ("3\n", "parts such as")]
        {
            let problems = zones(text).unwrap_err();
            let problem = format!("{:?}", problems[0]);
            assert!(problem.contains(said), "{problem}");
        }
    }
}
