//! The platform as a witness: objects and events of Kubernetes as `kubectl` and its API print them, in one cluster.
//!
//! Pure reading: text becomes objects with their states, owners and events. What of it is a failure is judged elsewhere.

pub mod age;
pub mod alerts;
pub mod cluster;
mod containers;
mod describe;
mod manifest;
pub mod object;
pub mod results;
pub mod runtime;
mod stream;
mod table;
mod yaml;

use serde_json::Value;
use serde_json::value::RawValue;

pub use cluster::Cluster;
pub use object::{Kind, Object, Place, When};

use describe::Described;
use manifest::Source;
use table::Head;

/// How deep documents may hold documents.
const DEEPEST: usize = 6;

/// What a text was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Rows, descriptions and objects that were read.
    pub parts: usize,
    /// Something that was cut short or broken, in words.
    pub broken: Option<String>,
}

/// Is this the head of a file of platform objects? Lines of logs that only mention them are none.
pub fn is_platform(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let opens = text.trim_start().as_bytes().first().copied();
    if runtime::begins(&text) || results::begins(&text) {
        return true;
    }
    if matches!(opens, Some(b'{' | b'[')) {
        // Tools write a line of JSON or two before what they print.
        is_document(&text) || is_text(text.lines().filter(|line| !line.starts_with('{')))
    } else {
        is_text(text.lines()) || is_yaml(&text)
    }
}

/// How many lines may stand before the first table or description: what a tool says of itself.
const BEFORE: usize = 12;

fn is_text<'t>(lines: impl Iterator<Item = &'t str>) -> bool {
    let lines: Vec<&str> = lines.filter(|line| !line.trim().is_empty()).take(BEFORE).collect();
    let mut scratch = Cluster::default();
    lines.iter().enumerate().any(|(at, line)| {
        Head::of(line).is_some()
            || table::headless(line, "", &Place::default(), &mut scratch)
            || (describe::begins(line) && is_described(&lines[at + 1..]))
    })
}

/// Does the second line of a description follow?
fn is_described(lines: &[&str]) -> bool {
    const SECOND: &[&str] =
        &["Namespace:", "Labels:", "Roles:", "Selector:", "StorageClass:", "Annotations:"];
    lines.first().is_some_and(|line| SECOND.iter().any(|key| line.starts_with(key)))
}

/// A document in JSON that is an object of the API, or that holds outputs of commands in its strings.
fn is_document(text: &str) -> bool {
    let head: String = text.chars().take(4_000).collect();
    let flat: String = head.split_whitespace().collect();
    let api =
        flat.contains("\"apiVersion\":") && (flat.contains("\"kind\":") || flat.contains("\"items\":["));
    api || alerts::begins(&flat)
        || containers::begins(&flat)
        || runtime::is_report(&flat)
        || is_text(text.replace("\\n", "\n").replace("\": \"", "\n").lines().skip(1))
}

/// Objects as the API gives them have a status or an identity; what somebody only wants has neither.
fn is_yaml(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.starts_with('#')).take(400).peekable();
    let has = |text: &str, key: &str| text.trim_start_matches([' ', '-']).starts_with(key);
    let first = lines.peek().is_some_and(|line| {
        let line = line.trim_start_matches("---");
        line.is_empty()
            || ["apiVersion:", "kind:", "items:", "metadata:", "- apiVersion:"]
                .iter()
                .any(|key| has(line, key))
    });
    let lines: Vec<&str> = lines.collect();
    let any = |key: &str| lines.iter().any(|line| has(line, key));
    first && any("apiVersion:") && any("kind:") && (any("uid:") || any("resourceVersion:") || any("status:"))
}

/// Reads the text of a file into a cluster.
pub fn read(file: u32, text: &str, into: &mut Cluster) -> Read {
    let start = text.trim_start();
    if start.starts_with('{')
        && let Some(read) = listed(file, text, into)
    {
        return read;
    }
    match start.as_bytes().first() {
        // Some runners of tests begin with `[INFO]`, or with a ruler in brackets.
        Some(b'{' | b'[') if !results::begins(text) => match serde_json::from_str::<Value>(text) {
            Ok(value) => {
                let parts = document(&value, &Reader { file, text, depth: 0 }, into);
                Read { parts, broken: None }
            }
            // Tools write a line of JSON or two before what they print.
            Err(_) if is_text(text.lines()) => lines(text, &Reading::of(file), into),
            Err(error) => match documents(file, text, into) {
                0 => cut_json(file, text, &error, into),
                parts => Read { parts, broken: None },
            },
        },
        Some(_) if runtime::begins(text) => {
            let dumps = runtime::read(file, text);
            for dump in &dumps {
                into.saw(dump.at);
            }
            let parts = dumps.len();
            into.dumps.extend(dumps);
            Read { parts, broken: None }
        }
        Some(_) if results::begins(text) => {
            let runs = results::read(file, text);
            let broken =
                runs.iter().any(|run| run.cut).then(|| String::from("it ends in the midst of a run"));
            for run in &runs {
                into.saw(run.at);
            }
            let parts = runs.len();
            into.runs.extend(runs);
            Read { parts, broken }
        }
        Some(_) if is_yaml(text) => yaml::read(file, text, into),
        _ => lines(text, &Reading::of(file), into),
    }
}

/// Reads a list of objects; of one that is cut short also what there is of the last object. `None` if it is no list.
fn listed(file: u32, text: &str, into: &mut Cluster) -> Option<Read> {
    let mut all = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    if all.next()?.is_ok() && !text[all.byte_offset()..].trim().is_empty() {
        return None;
    }
    let source = Source::new(file, text, 0);
    let list = stream::list(text, &source, into)?;
    let rest = text[list.end..].trim_start_matches(|c: char| c == ',' || c.is_whitespace());
    let last = list.broken.as_ref().and_then(|_| serde_json::from_str::<Value>(&closed(rest)?).ok());
    let parts = last.map_or(0, |last| manifest::put_item(&last, list.of.as_deref(), &source, into));
    let broken = list.broken.map(|error| first_line(&error.to_string()));
    Some(Read { parts: list.parts + parts, broken })
}

/// A document that is read, and how deep it lies in another one.
struct Reader<'r> {
    file: u32,
    text: &'r str,
    depth: usize,
}

/// Reads a document: objects of the API, and strings that hold what commands printed, each below its key.
fn document(value: &Value, reader: &Reader<'_>, into: &mut Cluster) -> usize {
    let Reader { file, text, .. } = *reader;
    if manifest::is_object(value) {
        let source = Source::new(file, text, 0);
        return manifest::put(value, &source, into);
    }
    let source = Source::new(file, text, 0);
    let place = |name: &str| source.place(&Object::new(Kind::Process, "", name), String::new());
    if let Some(dump) = runtime::report(value, &place("dumpEventTime")) {
        into.saw(dump.at);
        into.dumps.push(dump);
        return 1;
    }
    if let Some(items) = containers::list(value) {
        return containers::put(&items, &source, into);
    }
    if let Some(items) = alerts::of_rules(value).or_else(|| alerts::history(value)) {
        let place = |name: &str| source.place(&Object::new(Kind::Service, "", name), String::new());
        return alerts::put(&items, place, into);
    }
    if let Some(items) = alerts::list(value) {
        let source = Source::new(file, text, 0);
        let place = |name: &str| source.place(&Object::new(Kind::Service, "", name), String::new());
        return alerts::put(items, place, into);
    }
    let mut after = (0, 0);
    strings(value, "", reader, &mut after, into)
}

fn strings(
    value: &Value,
    key: &str,
    reader: &Reader<'_>,
    after: &mut (usize, u64),
    into: &mut Cluster,
) -> usize {
    let Reader { file, text, depth } = *reader;
    if depth > DEEPEST {
        return 0;
    }
    let deeper = Reader { file, text, depth: depth + 1 };
    match value {
        Value::Object(_) if manifest::is_object(value) => {
            manifest::put(value, &Source::new(file, text, 0), into)
        }
        Value::Object(map) => {
            let mut parts = 0;
            for (key, value) in map {
                find_key(key, text, after);
                parts += strings(value, key, &deeper, after, into);
            }
            parts
        }
        Value::Array(items) => items.iter().map(|item| strings(item, key, &deeper, after, into)).sum(),
        Value::String(printed) => {
            let reading = Reading { file, first: 1, at: Some(after.1 + 1), ..Reading::for_command(key) };
            match serde_json::from_str::<Value>(printed) {
                Ok(value) if manifest::is_object(&value) => {
                    let source = Source { flat: true, ..Source::new(file, printed, after.1 + 1) };
                    manifest::put(&value, &source, into)
                }
                _ => lines(printed, &reading, into).parts,
            }
        }
        _ => 0,
    }
}

/// Moves to the line of a key: keys come in the order in which they stand.
fn find_key(key: &str, text: &str, after: &mut (usize, u64)) {
    let Ok(key) = serde_json::to_string(key) else { return };
    let (from, line) = *after;
    if let Some(at) = memchr::memmem::find(&text.as_bytes()[from..], key.as_bytes()) {
        let lines = memchr::memchr_iter(b'\n', &text.as_bytes()[from..from + at]).count() as u64;
        *after = (from + at, line + lines);
    }
}

/// A text of lines, and what is known of it beforehand.
#[derive(Clone, Debug, Default)]
struct Reading {
    file: u32,
    /// The number of the first line.
    first: u64,
    /// The line of the file where all of them stand in one.
    at: Option<u64>,
    /// The namespace that the command was asked for.
    namespace: String,
    /// The kind of object that the command was asked for.
    kind: Option<Kind>,
}

impl Reading {
    fn of(file: u32) -> Reading {
        Reading { file, first: 1, ..Reading::default() }
    }

    /// What `kubectl describe pods cart -n shop` says of its output.
    fn for_command(command: &str) -> Reading {
        // What comes after a pipe has options of its own.
        let command = command.split('|').next().unwrap_or_default();
        let words: Vec<&str> = command.split_whitespace().collect();
        let mut reading = Reading::default();
        for (at, word) in words.iter().enumerate() {
            let next = words.get(at + 1).copied().unwrap_or_default();
            match *word {
                "-n" | "--namespace" => next.clone_into(&mut reading.namespace),
                "get" | "describe" => reading.kind = Kind::of(next.split('/').next().unwrap_or_default()),
                _ => {
                    if let Some(namespace) = word.strip_prefix("--namespace=") {
                        namespace.clone_into(&mut reading.namespace);
                    }
                }
            }
        }
        reading
    }

    fn place(&self, number: usize, line: &str) -> Place {
        let line_number = self.at.unwrap_or(self.first + number as u64);
        Place {
            file: self.file,
            line: line_number,
            text: line.split_whitespace().collect::<Vec<_>>().join(" "),
        }
    }
}

/// Reads tables and descriptions, wherever they stand in a text.
fn lines(text: &str, reading: &Reading, into: &mut Cluster) -> Read {
    let all: Vec<&str> = text.lines().collect();
    let (mut at, mut parts) = (0, 0);
    let mut head: Option<Head> = None;
    let (mut broken, mut nameless) = (None, None);
    while at < all.len() {
        let line = all[at];
        if let Some(found) = Head::of(line) {
            (head, at) = (Some(found), at + 1);
        } else if line.trim().is_empty() {
            (head, at) = (None, at + 1);
        } else if describe::begins(line) {
            let (described, read) =
                Described::read(&all[at..], (reading.file, reading.first + at as u64), reading.at);
            parts += usize::from(described.put(reading.kind, &reading.namespace, into));
            (head, at) = (None, at + read.max(1));
            // Something else behind it may be meant to be there.
            broken = described.missing(reading.kind).filter(|_| at >= all.len());
            nameless = nameless.or(described.without_kind(reading.kind));
        } else {
            let place = reading.place(at, line);
            let read = match &head {
                Some(head) => head.read(line, &reading.namespace, &place, into),
                None => table::headless(line, &reading.namespace, &place, into),
            };
            parts += usize::from(read);
            at += 1;
            let is_cut = at == all.len() && !text.ends_with('\n');
            if is_cut && head.as_ref().is_some_and(|head| head.is_cut(line)) {
                broken = Some("its last row ends before the last column".to_owned());
            }
        }
    }
    Read { parts, broken: broken.or(nameless.filter(|_| parts == 0)) }
}

/// Documents one after the other, and the logs of containers between them, as `kubectl cluster-info dump` prints them;
/// says how many objects they hold.
fn documents(file: u32, text: &str, into: &mut Cluster) -> usize {
    const LOGS: &str = "==== START logs for container ";
    const END: &str = "==== END logs for container ";
    let (mut at, mut parts, mut logs) = (0, 0, 0);
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        let rest = &text[at..];
        if rest.starts_with(LOGS) {
            logs += 1;
            let Some(end) = rest.find(END) else { break };
            at += end + rest[end..].find('\n').map_or(rest.len() - end, |line| line + 1);
            continue;
        }
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let Some(Ok(value)) = stream.next() else { break };
        let from = at;
        at += stream.byte_offset();
        let lines = memchr::memchr_iter(b'\n', &text.as_bytes()[..from]).count() as u64;
        if manifest::is_object(&value) {
            parts += manifest::put(&value, &Source::new(file, &text[from..at], lines), into);
        }
    }
    if logs > 0 {
        let what = format!(
            "holds the logs of {logs} containers, which are not read: with --output-directory they are files of their own"
        );
        into.notes.push((file, what));
    }
    parts
}

/// A JSON document that is cut short: what is whole of it.
fn cut_json(file: u32, text: &str, error: &serde_json::Error, into: &mut Cluster) -> Read {
    let broken = Some(first_line(&error.to_string()));
    let parts = closed(text)
        .and_then(|text| serde_json::from_str::<Value>(&text).ok())
        .map_or(0, |value| document(&value, &Reader { file, text, depth: 0 }, into));
    Read { parts, broken }
}

/// A document up to its last whole value, with what was open closed.
fn closed(text: &str) -> Option<String> {
    let (mut open, mut quoted, mut escaped) = (Vec::new(), false, false);
    let mut whole: Option<(usize, Vec<u8>)> = None;
    for (at, b) in text.bytes().enumerate() {
        if quoted {
            match b {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
            continue;
        }
        match b {
            b'"' => quoted = true,
            b'{' => open.push(b'}'),
            b'[' => open.push(b']'),
            b'}' | b']' => {
                open.pop()?;
                whole = Some((at + 1, open.clone()));
            }
            // What stands before a comma is whole.
            b',' => whole = Some((at, open.clone())),
            _ => {}
        }
    }
    let (end, open) = whole?;
    let mut text = text[..end].to_owned();
    text.extend(open.iter().rev().map(|b| char::from(*b)));
    Some(text)
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str =
        "NAME     READY   STATUS    RESTARTS   AGE\ncart-1   0/1     Pending   0          36s\n";

    #[test]
    fn platform_texts_are_known_from_logs_and_manifests() {
        for text in [
            TABLE,
            "{\"tool\": 1}\nstdout:\nName:       cart-1\nNamespace:  shop\nStatus: Running\n",
            "{\"tool\": 1, \"command\": \"describe\"}\n{\"status\": 0}\nstdout:\nName:       cart-1\nNamespace:  shop\nStatus: Running\n",
            "3m  Warning  BackOff  pod/cart-1  Back-off restarting\n",
            "{\"kubectl get pods\": \"NAME     READY   STATUS    RESTARTS   AGE\\ncart-1   0/1  Pending  0  3s\\n\"}",
            "{\"apiVersion\": \"v1\", \"items\": []}",
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\nstatus:\n  phase: Running\n",
        ] {
            assert!(is_platform(text.as_bytes()), "{text}");
        }
        for text in [
            "2024-01-01T00:00:00Z INFO Name: x\nNamespace: y\n",
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n",
            "{\"ts\": \"2024-01-01T00:00:00Z\", \"msg\": \"NAME of x\"}\n",
            "Name: Anna\nAge: 7\n",
            "",
        ] {
            assert!(!is_platform(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn outputs_of_commands_in_strings_are_read_below_their_keys() {
        let text = serde_json::to_string_pretty(&serde_json::json!({
            "kubectl get pods -n shop": TABLE,
            "nested": {"kubectl describe pods cart-1 -n shop": "Name: cart-1\nNamespace: shop\nStatus: Pending\n"},
            "kubectl get pods -o json": "{\"kind\": \"Pod\", \"metadata\": {\"name\": \"b\", \"namespace\": \"shop\"}}",
        }))
        .unwrap();
        let mut cluster = Cluster::default();
        assert_eq!(read(3, &text, &mut cluster), Read { parts: 3, broken: None });
        let pods: Vec<&str> = cluster.pods.keys().map(|pod| pod.name.as_str()).collect();
        assert_eq!(pods, ["b", "cart-1"]);
        let place = &cluster.pods[&Object::new(Kind::Pod, "shop", "cart-1")].place;
        assert_eq!((place.file, place.line), (3, 4));
    }

    #[test]
    fn documents_that_are_cut_are_read_as_far_as_they_go() {
        let json = r#"{"apiVersion": "v1", "kind": "List", "items": [
{"kind": "Pod", "metadata": {"name": "a"}}, {"kind": "Pod", "metadata": {"name": "b"}},
{"kind": "Pod", "metadata": {"name": "c", "labels": {"app": "#;
        let mut cluster = Cluster::default();
        let told = read(0, json, &mut cluster);
        assert_eq!((told.parts, told.broken.is_some(), cluster.pods.len()), (3, true, 3));
        let yaml = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: a\n    uid: x\n\
                    - apiVersion: v1\n  kind: Pod\n  metadata:\n    name: \"b";
        let mut cluster = Cluster::default();
        let told = read(0, yaml, &mut cluster);
        assert_eq!((told.parts, told.broken.is_some()), (1, true));
        // Cut at the end of a line.
        let yaml =
            "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: a\n    uid: x\n";
        let told = read(0, yaml, &mut Cluster::default());
        assert_eq!((told.parts, told.broken.is_some()), (1, true));
        let told = read(0, &format!("{yaml}kind: List\n"), &mut Cluster::default());
        assert_eq!((told.parts, told.broken), (1, None));
        let text = "Name:       cart-1\nNamespace:  shop\nContainers:\n  cart:\n    Ready:  False\n";
        let told = read(0, text, &mut Cluster::default());
        assert_eq!(told.broken.as_deref(), Some("the description of pod cart-1 ends before its events"));
        let told = read(0, &format!("{text}Events:     <none>\n"), &mut Cluster::default());
        assert_eq!((told.parts, told.broken), (1, None));
        let told = read(0, "Name:       cart-1\nNamespace:  shop\nLab", &mut Cluster::default());
        assert_eq!(told.broken.as_deref(), Some("the description of cart-1 tells no kind that is known"));
        let table = &TABLE[..TABLE.len() - 6];
        let told = read(0, table, &mut Cluster::default());
        assert_eq!((told.parts, told.broken.is_some()), (1, true));
        assert_eq!(read(0, TABLE.trim_end(), &mut Cluster::default()).broken, None);
    }

    #[test]
    fn nothing_makes_reading_fail() {
        for text in [
            "{",
            "[",
            "\u{0}",
            "Name:   \n",
            "NAME   READY   STATUS   RESTARTS\n\u{e9}\u{e9}\u{e9}   x",
            "{\"a\": [[[[[[[[1]]]]]]]]}",
        ] {
            read(0, text, &mut Cluster::default());
        }
    }
}
