//! Lists of objects in JSON, one object after the other: of a large cluster's answer only one is in memory at a time, and
//! what is whole of a list that is cut short is read.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::cluster::Cluster;
use super::manifest::{self, Source};

/// How far a list was read.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// Objects.
    pub parts: usize,
    /// Where it ends, or where the last whole object does.
    pub end: usize,
    /// The kind of its items, as far as it says so.
    pub of: Option<String>,
    /// Why it could not be read to its end.
    pub broken: Option<serde_json::Error>,
}

/// Reads a list that a text is. `None` if it is something else, or if the list tells the kind of its items only after them;
/// then nothing was read.
pub(super) fn list(text: &str, source: &Source<'_>, into: &mut Cluster) -> Option<Listed> {
    let mut listed = Listed::default();
    let mut json = serde_json::Deserializer::from_str(text);
    let read =
        json.deserialize_map(List { text, source, into, listed: &mut listed }).and_then(|()| json.end());
    match read {
        Ok(()) => Some(listed),
        Err(_) if listed.end == 0 => None,
        Err(error) => Some(Listed { broken: Some(error), ..listed }),
    }
}

struct List<'l, 's> {
    text: &'l str,
    source: &'l Source<'s>,
    into: &'l mut Cluster,
    listed: &'l mut Listed,
}

impl<'de> Visitor<'de> for List<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut has_items = false;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "kind" => {
                    let kind: String = map.next_value()?;
                    let of = kind.strip_suffix("List").ok_or_else(|| A::Error::custom("is no list"))?;
                    self.listed.of = Some(of.to_owned()).filter(|of| !of.is_empty());
                }
                "items" => {
                    has_items = true;
                    map.next_value_seed(Items(&mut self))?;
                }
                "apiVersion" | "metadata" => drop(map.next_value::<IgnoredAny>()?),
                _ => return Err(A::Error::custom("is no list")),
            }
        }
        if has_items { Ok(()) } else { Err(A::Error::custom("is no list")) }
    }
}

struct Items<'i, 'l, 's>(&'i mut List<'l, 's>);

impl<'de> DeserializeSeed<'de> for Items<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, items: D) -> Result<(), D::Error> {
        items.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let List { text, source, into, listed } = self.0;
        while let Some(raw) = items.next_element::<&'de RawValue>()? {
            let raw = raw.get();
            let value: Value = serde_json::from_str(raw).map_err(A::Error::custom)?;
            if listed.of.is_none() && value.get("kind").is_none() {
                return Err(A::Error::custom("an object tells no kind"));
            }
            listed.parts += manifest::put_item(&value, listed.of.as_deref(), source, into);
            // A part of the text, which the text's own place tells.
            listed.end = (raw.as_ptr() as usize + raw.len()).saturating_sub(text.as_ptr() as usize);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(usize, bool, usize)> {
        let mut cluster = Cluster::default();
        let listed = list(text, &Source::new(0, text, 0), &mut cluster)?;
        Some((listed.parts, listed.broken.is_some(), listed.end))
    }

    #[test]
    fn lists_are_read_object_by_object() {
        let one = r#"{"kind": "Pod", "metadata": {"name": "a"}}"#;
        let bare = r#"{"metadata": {"name": "b"}}"#;
        let whole =
            format!(r#"{{"apiVersion": "v1", "items": [{one}, {one}], "kind": "List", "metadata": {{}}}}"#);
        assert_eq!(read(&whole).map(|(parts, broken, _)| (parts, broken)), Some((2, false)));
        let typed = format!(r#"{{"kind": "PodList", "items": [{bare}]}}"#);
        assert_eq!(read(&typed).map(|(parts, broken, _)| (parts, broken)), Some((1, false)));
        let cut = &whole[..whole.len() - 60];
        let (parts, broken, end) = read(cut).unwrap();
        assert_eq!((parts, broken), (1, true));
        assert!(cut[..end].ends_with(one));
        // The kind comes too late; no list; no objects.
        assert_eq!(read(&format!(r#"{{"items": [{bare}], "kind": "PodList"}}"#)), None);
        assert_eq!(read(one), None);
        assert_eq!(read("{"), None);
        assert_eq!(read("[]"), None);
    }
}
