//! Where entries say what was asked for.

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

/// A name without separators, in lower case.
fn letters(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
}
