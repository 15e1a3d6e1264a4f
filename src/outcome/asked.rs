//! Where entries say what was asked for: the endpoint, whatever it is called.

use crate::format::log::mask;
use crate::model::{Needs, Slot, Slots};

/// Fields in which servers put what was asked for, the most exact first.
const PATHS: &[&str] = &[
    "path",
    "request.uri",
    "request.path",
    "uri",
    "request_uri",
    "cs-uri-stem",
    "http.target",
    "url.path",
    "http.path",
    "url",
    "request",
];

/// Fields in which services put what was asked for by a name, in plain letters.
const OPERATIONS: &[&str] =
    &["endpoint", "route", "httproute", "operation", "operationname", "op", "rpcmethod", "handler", "action"];

/// Names of fields that tell what was asked for, the most exact first.
pub fn names() -> impl Iterator<Item = &'static str> {
    PATHS.iter().chain(OPERATIONS).copied()
}

/// Those of these fields that hold paths, the most exact first.
pub fn paths<'f, 'n>(fields: &'f [&'n str]) -> impl Iterator<Item = &'static str> + use<'f, 'n> {
    PATHS.iter().copied().filter(|path| fields.contains(path))
}

/// Those of these fields that hold names of operations.
pub fn operations<'f, 'n>(fields: &'f [&'n str]) -> impl Iterator<Item = &'n str> + use<'f, 'n> {
    fields.iter().copied().filter(|field| OPERATIONS.contains(&letters(field).as_str()))
}

/// How much of a name or path is looked at.
const FIELD: usize = 400;

/// Where the entries of some logs say what was asked for.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    paths: Vec<Slot>,
    operations: Vec<Slot>,
}

impl Asked {
    /// Asks for what entries with these fields may say.
    pub fn new(fields: &[&str], needs: &mut Needs) -> Asked {
        Asked {
            paths: paths(fields).map(|name| needs.field(name)).collect(),
            operations: operations(fields).map(|name| needs.field(name)).collect(),
        }
    }

    /// Appends the path that was asked for, masked, to `key`; says whether the entry tells.
    pub fn push_path(&self, slots: &Slots<'_>, key: &mut Vec<u8>) -> bool {
        let Some(path) = self.paths.iter().find_map(|slot| slots.get(*slot).key()) else { return false };
        // A request line has the path in its middle.
        let path = path.split(|b| *b == b' ').find(|word| word.starts_with(b"/")).unwrap_or(&path);
        let end = path.iter().position(|b| matches!(b, b'?' | b'#')).unwrap_or(path.len());
        mask::mask(&path[..end.min(FIELD)], key);
        true
    }

    /// The same, or the name of what was asked for.
    pub fn push(&self, slots: &Slots<'_>, key: &mut Vec<u8>) -> bool {
        if self.push_path(slots, key) {
            return true;
        }
        let Some(name) = self.operations.iter().find_map(|slot| slots.get(*slot).key()) else { return false };
        mask::mask(&name[..name.len().min(FIELD)], key);
        !name.is_empty()
    }
}

/// A name without separators, in lower case.
fn letters(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
}
