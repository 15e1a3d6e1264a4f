//! Objects in YAML: documents one after the other, and lists object by object, each as far as it is whole.

use serde_json::Value;

use super::cluster::Cluster;
use super::manifest::{self, Source};
use super::{Read, first_line};

/// Reads the documents of a file.
pub(super) fn read(file: u32, text: &str, into: &mut Cluster) -> Read {
    let mut read = Read::default();
    let mut line = 0;
    for part in text.split("\n---") {
        let source = Source::new(file, part, line);
        line += memchr::memchr_iter(b'\n', part.as_bytes()).count() as u64 + 1;
        if part.trim().trim_start_matches('-').trim().is_empty() {
            continue;
        }
        if let Some(list) = List::of(part) {
            list.read(&source, into, &mut read);
            continue;
        }
        match serde_saphyr::from_str::<Value>(part) {
            Ok(value) => read.parts += manifest::put(&value, &source, into),
            Err(error) => read.broken = Some(first_line(&error.to_string())),
        }
    }
    read
}

/// A list of objects as `kubectl` and the API's clients write it: its keys at the left, an item at each dash of the same depth.
struct List<'t> {
    /// What its items are, without `List`; nothing if it does not say so.
    kind: Option<&'t str>,
    items: Vec<&'t str>,
}

impl<'t> List<'t> {
    fn of(text: &'t str) -> Option<List<'t>> {
        let mut list = List { kind: None, items: Vec::new() };
        let (mut within, mut dash, mut start) = (false, None, None);
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let (from, depth) = (at, line.len() - line.trim_start_matches(' ').len());
            at += line.len();
            let is_dash = line[depth..].starts_with("- ");
            let is_key = depth == 0 && !is_dash && !line.trim().is_empty() && !line.starts_with('#');
            let is_item = within && is_dash && depth == *dash.get_or_insert(depth);
            if is_key || is_item {
                list.items.extend(start.take().map(|start: usize| &text[start..from]));
            }
            if is_item {
                start = Some(from);
            } else if is_key {
                within = line.trim_end() == "items:";
                list.kind = line.strip_prefix("kind:").map(str::trim).or(list.kind);
            }
        }
        list.items.extend(start.map(|start| &text[start..]));
        (!list.items.is_empty()).then_some(list)
    }

    fn read(&self, source: &Source<'_>, into: &mut Cluster, read: &mut Read) {
        let of = self.kind.and_then(|kind| kind.strip_suffix("List")).filter(|kind| !kind.is_empty());
        for (at, item) in self.items.iter().enumerate() {
            let value = serde_saphyr::from_str::<Value>(item);
            if let Err(error) = &value {
                let error = first_line(&error.to_string());
                read.broken = Some(format!("object {} of {}: {error}", at + 1, self.items.len()));
            }
            // Of an item that is cut its whole lines may say something.
            let whole = || serde_saphyr::from_str::<Value>(&item[..item.trim_end().rfind('\n')?]).ok();
            let value = value.ok().or_else(whole);
            let object = value.as_ref().and_then(|value| value.get(0));
            read.parts += object.map_or(0, |object| manifest::put_item(object, of, source, into));
        }
        // Keys come in the order of the alphabet, or the kind first.
        if self.kind.is_none() && read.broken.is_none() {
            read.broken = Some(String::from("its list has no end"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ITEM: &str = "- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: a\n    uid: x\n  spec:\n    containers:\n    - name: c\n";

    fn told(text: &str) -> (usize, Option<String>) {
        let read = read(0, text, &mut Cluster::default());
        (read.parts, read.broken)
    }

    #[test]
    fn lists_are_read_object_by_object() {
        let head = "apiVersion: v1\nitems:\n";
        let tail = "kind: PodList\nmetadata:\n  resourceVersion: \"1\"\n";
        assert_eq!(told(&format!("---\n{head}{ITEM}{ITEM}{tail}")), (2, None));
        let indented = format!("  {}\n", ITEM.trim_end().replace('\n', "\n  "));
        assert_eq!(told(&format!("{head}{indented}{indented}{tail}")), (2, None));
        let bare = ITEM.replace("- apiVersion: v1\n  kind: Pod\n  metadata", "- metadata");
        assert_eq!(told(&format!("{head}{bare}{tail}")), (1, None));
        assert_eq!(told(&format!("kind: PodList\n{head}{bare}")), (1, None));
        // More of them than a single document may have values.
        let many = ITEM.replace("name: a", "name: b").repeat(20_000);
        assert_eq!(told(&format!("{head}{many}{tail}")).0, 20_000);
    }

    #[test]
    fn what_is_cut_is_read_as_far_as_it_goes() {
        let text = format!("apiVersion: v1\nitems:\n{ITEM}{ITEM}");
        assert_eq!(told(&text), (2, Some("its list has no end".to_owned())));
        let (parts, broken) =
            told(&format!("{text}- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: \"b"));
        assert_eq!(parts, 2);
        assert!(broken.is_some_and(|broken| broken.starts_with("object 3 of 3: ")));
        let (parts, broken) =
            told(&format!("{text}- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: b\n    x: \"c"));
        assert_eq!((parts, broken.is_some()), (3, true));
    }
}
