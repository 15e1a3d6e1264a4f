//! YAML as a tree of nodes that know their place, so that every error of a file can be told, with line and column.
//!
//! Built on the event parser below serde-saphyr: typed deserialisation stops at the first error and loses the
//! text of scalars (`severity: 007`), a tree does neither. Aliases share their node instead of being copied; what
//! they would expand to is weighed while reading, so that a small file cannot stand for a huge one.

use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, StructureStyle, options};

/// Nesting deeper than this is refused, aliases followed.
const MAX_DEPTH: u32 = 128;
/// A file may stand for this many times the nodes that are written in it (through aliases) …
const MAX_EXPANSION: u64 = 10;
/// … and for this many more.
const FREE_NODES: u64 = 50_000;

/// A 1-based line and column (in characters) of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Something wrong at a place of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What it is about, as `group "g", rule 2, "name"`; empty for the file.
    pub context: String,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem at a place.
    pub fn new(place: Place, message: impl Into<String>) -> Self {
        Problem { place, context: String::new(), message: message.into(), hint: None }
    }

    /// The same with a hint.
    #[must_use]
    pub fn hinted(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same, said of something.
    #[must_use]
    pub fn about(mut self, context: impl Into<String>) -> Self {
        self.context = context.into();
        self
    }
}

/// `line:column: context: message`, to be put after the file's name and a colon.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.line > 0 {
            write!(f, "{}: ", self.place)?;
        }
        if !self.context.is_empty() {
            write!(f, "{}: ", self.context)?;
        }
        f.write_str(&self.message)
    }
}

/// A node of the tree.
#[derive(Debug)]
pub struct Node {
    /// Where it starts; of an alias, where it is used.
    pub place: Place,
    /// What it is.
    pub kind: Rc<Kind>,
    /// Nodes this one stands for, itself and everything below, aliases followed.
    weight: u64,
    depth: u32,
}

/// What a node is.
#[derive(Debug)]
pub enum Kind {
    /// Text, with the way it was written.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// Keys and values in the order of the file, merge keys (`<<`) resolved.
    Map(Vec<(Node, Node)>),
}

/// A scalar and how it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// The text after escapes and folding.
    pub text: String,
    /// Written without quotes: may be a number, a truth value or null.
    pub plain: bool,
    /// Tagged as text (`!!str`).
    pub tagged_text: bool,
    /// Where the scalar's text itself starts and how its lines lie in the file.
    pub layout: Layout,
}

/// How the text of a scalar lies in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// On one line, starting at this place: column `n` of the text is `n` columns further.
    Line(Place),
    /// A literal block: line `n` of the text is line `first + n`, `indent` columns in.
    Block {
        /// The line of the text's first line.
        first: u32,
        /// Columns before the text.
        indent: u32,
    },
    /// Folded or escaped: only the start is known.
    Elsewhere,
}

impl Node {
    /// Is it null: `~`, `null`, or nothing?
    pub fn is_null(&self) -> bool {
        matches!(&*self.kind, Kind::Scalar(s) if s.plain && !s.tagged_text
            && matches!(s.text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The scalar; `None` for lists, maps and null.
    pub fn scalar(&self) -> Option<&Scalar> {
        match &*self.kind {
            Kind::Scalar(scalar) if !self.is_null() => Some(scalar),
            _ => None,
        }
    }

    /// The text of a scalar; null is `None`.
    pub fn text(&self) -> Option<&str> {
        self.scalar().map(|scalar| scalar.text.as_str())
    }

    /// The items of a list.
    pub fn list(&self) -> Option<&[Node]> {
        match &*self.kind {
            Kind::List(items) => Some(items),
            _ => None,
        }
    }

    /// The pairs of a map.
    pub fn map(&self) -> Option<&[(Node, Node)]> {
        match &*self.kind {
            Kind::Map(pairs) => Some(pairs),
            _ => None,
        }
    }

    /// The value of a key of a map.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.map()?.iter().find(|(known, _)| known.text() == Some(key)).map(|(_, value)| value)
    }

    /// What it is, for messages.
    pub fn what(&self) -> &'static str {
        match &*self.kind {
            _ if self.is_null() => "nothing",
            Kind::Scalar(_) => "a single value",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a mapping",
        }
    }

    /// The place in the file of the byte `offset` of the scalar's text, as well as it can be known.
    pub fn place_within(&self, offset: usize) -> Place {
        let Kind::Scalar(scalar) = &*self.kind else { return self.place };
        let before = scalar.text.get(..offset).unwrap_or(&scalar.text);
        let (lines, column) = match before.rfind('\n') {
            Some(at) => (before.matches('\n').count() as u32, before[at + 1..].chars().count() as u32),
            None => (0, before.chars().count() as u32),
        };
        match scalar.layout {
            Layout::Line(start) if lines == 0 => Place { line: start.line, column: start.column + column },
            Layout::Block { first, indent } => Place { line: first + lines, column: indent + column + 1 },
            _ => self.place,
        }
    }

    /// The place in the file of a place in the scalar's text, as well as it can be known.
    pub fn place_of(&self, within: Place) -> Place {
        match &*self.kind {
            Kind::Scalar(Scalar { layout: Layout::Block { first, indent }, .. }) if within.line > 0 => {
                Place { line: first + within.line - 1, column: indent + within.column }
            }
            _ => self.place,
        }
    }

    fn same_as(&self, other: &Node) -> bool {
        match (&*self.kind, &*other.kind) {
            (Kind::Scalar(a), Kind::Scalar(b)) => a.text == b.text,
            _ => false,
        }
    }

    fn shared(&self, place: Place) -> Node {
        Node { place, kind: Rc::clone(&self.kind), weight: self.weight, depth: self.depth }
    }
}

/// What was read of a file: its documents, and what is wrong with the YAML without ending it (a key given twice).
#[derive(Debug, Default)]
pub struct Documents {
    /// The documents that are not empty, in order.
    pub roots: Vec<Node>,
    /// Trouble that leaves a tree.
    pub problems: Vec<Problem>,
}

/// Reads all documents of a text.
///
/// # Errors
/// The first place that is no YAML, or where nesting or aliases go beyond the limits.
pub fn parse(text: &str) -> Result<Documents, Problem> {
    let mut indented: Option<String> = None;
    for _ in 0..=CONTINUED {
        match compose(indented.as_deref().unwrap_or(text)) {
            Err(problem) if problem.message.contains("in multiline quoted scalar") => {
                match indent(indented.as_deref().unwrap_or(text), problem.place.line) {
                    Some(text) => indented = Some(text),
                    None => return Err(problem),
                }
            }
            done => return done,
        }
    }
    compose(text)
}

/// So many lines that go on with a quoted text and stand too far left are put right.
const CONTINUED: usize = 500;

/// The text with a line moved to the right. The parser of Prometheus lets the lines of a quoted text begin where its
/// key does, or before; how far right they begin changes nothing in the text.
fn indent(text: &str, line: u32) -> Option<String> {
    let start = match line {
        0 => return None,
        1 => 0,
        line => text.match_indices('\n').nth(line as usize - 2)?.0 + 1,
    };
    let (before, after) = text.split_at(start);
    let rest = after.trim_start_matches([' ', '\t']);
    // A line that was moved already is not what is wrong.
    (after.len() - rest.len() < FAR_RIGHT).then(|| format!("{before}{}{rest}", " ".repeat(FAR_RIGHT)))
}

/// Deeper than any file is nested.
const FAR_RIGHT: usize = 130;

fn compose(text: &str) -> Result<Documents, Problem> {
    let options = options! {
        flow_nesting_limit: 120,
        block_nesting_limit: 120,
        emit_comments: false,
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut composer = Composer { source: text, ..Composer::default() };
    let mut tabs = Tabs::default();
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, span) = next.map_err(|error| {
            let marker = error.marker();
            Problem::new(
                Place { line: marker.line().max(1) as u32, column: marker.col() as u32 + 1 },
                format!("not YAML: {}", error.info()),
            )
        })?;
        let place = Place { line: span.start.line() as u32, column: span.start.col() as u32 + 1 };
        let bytes = span.byte_range().unwrap_or(0..0);
        tabs.note(&event, &bytes);
        composer.take(event, place, bytes)?;
    }
    match tabs.misplaced(text) {
        Some(problem) => Err(problem),
        None => Ok(composer.documents),
    }
}

/// Where tabs may lead a line that holds nothing else. YAML allows them on any such line, the parser of Prometheus
/// only inside of quotes, brackets and the text of blocks.
#[derive(Default)]
struct Tabs {
    /// Quoted scalars and collections in brackets.
    free: Vec<std::ops::Range<usize>>,
    /// Scalars that are blocks.
    blocks: Vec<std::ops::Range<usize>>,
    /// Whether each of the open collections is in brackets, and its start.
    open: Vec<(bool, usize)>,
}

impl Tabs {
    fn note(&mut self, event: &Event<'_>, bytes: &std::ops::Range<usize>) {
        // What is in brackets lies inside of what is noted when they close, so no two ranges overlap.
        let in_brackets = self.open.last().is_some_and(|(brackets, _)| *brackets);
        match event {
            Event::Scalar(_, ScalarStyle::Plain, ..) => {}
            Event::Scalar(..) if in_brackets => {}
            Event::Scalar(_, ScalarStyle::Literal | ScalarStyle::Folded, ..) => {
                self.blocks.push(bytes.clone());
            }
            Event::Scalar(..) => self.free.push(bytes.clone()),
            Event::SequenceStart(style, ..) | Event::MappingStart(style, ..) => {
                self.open.push((*style == StructureStyle::Flow, bytes.start));
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some((true, start)) = self.open.pop()
                    && self.open.last().is_none_or(|(brackets, _)| !brackets)
                {
                    self.free.push(start..bytes.end);
                }
            }
            _ => {}
        }
    }

    /// The first line that Prometheus does not load because of a tab.
    fn misplaced(&self, text: &str) -> Option<Problem> {
        let inside = |ranges: &[std::ops::Range<usize>], at| {
            let next = ranges.partition_point(|range| range.end <= at);
            ranges.get(next).is_some_and(|range| range.contains(&at))
        };
        let mut start = 0;
        for (number, line) in text.split('\n').enumerate() {
            let at = start;
            start += line.len() + 1;
            let spaces = line.len() - line.trim_start_matches(' ').len();
            let rest = &line[spaces..];
            let blank = rest.trim_start().is_empty() || rest.trim_start().starts_with('#');
            if !rest.starts_with('\t') || !blank {
                continue;
            }
            let block = spaces > 0 && inside(&self.blocks, at);
            if !block && !inside(&self.free, at) {
                let place = Place { line: number as u32 + 1, column: spaces as u32 + 1 };
                return Some(Problem::new(place, "a tab leads the line").hinted(
                    "Prometheus does not load such a file: take the tab away, or write blanks instead",
                ));
            }
        }
        None
    }
}

enum Open {
    List { place: Place, anchor: usize, items: Vec<Node> },
    Map { place: Place, anchor: usize, pairs: Vec<(Node, Node)>, key: Option<Node> },
}

#[derive(Default)]
struct Composer<'t> {
    source: &'t str,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    written: u64,
    documents: Documents,
}

impl Composer<'_> {
    fn take(&mut self, event: Event<'_>, place: Place, bytes: std::ops::Range<usize>) -> Result<(), Problem> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tagged_text = tag.is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
                let layout = self.layout(&text, style, place, bytes);
                let scalar = Scalar {
                    text: text.into_owned(),
                    plain: style == ScalarStyle::Plain,
                    tagged_text,
                    layout,
                };
                let node = Node { place, kind: Rc::new(Kind::Scalar(scalar)), weight: 1, depth: 1 };
                self.written += 1;
                self.add(node, anchor);
                Ok(())
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open.push(Open::List { place, anchor, items: Vec::new() });
                Ok(())
            }
            Event::MappingStart(_, anchor, _) => {
                self.open.push(Open::Map { place, anchor, pairs: Vec::new(), key: None });
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(id) => match self.anchors.get(&id) {
                Some(node) => {
                    let node = node.shared(place);
                    self.add(node, 0);
                    Ok(())
                }
                None => Err(Problem::new(place, "this alias refers to a value that contains it")),
            },
            Event::DocumentEnd => {
                self.anchors.clear();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn close(&mut self) -> Result<(), Problem> {
        let (place, anchor, kind) = match self.open.pop() {
            Some(Open::List { place, anchor, items }) => (place, anchor, Kind::List(items)),
            Some(Open::Map { place, anchor, pairs, .. }) => {
                let pairs = self.merge(pairs);
                (place, anchor, Kind::Map(pairs))
            }
            None => return Ok(()),
        };
        let (weight, depth) = match &kind {
            Kind::List(items) => weigh(items.iter()),
            Kind::Map(pairs) => weigh(pairs.iter().flat_map(|(key, value)| [key, value])),
            Kind::Scalar(_) => (1, 1),
        };
        self.written += 1;
        if depth > MAX_DEPTH {
            return Err(Problem::new(place, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        if weight > self.written * MAX_EXPANSION + FREE_NODES {
            return Err(Problem::new(
                place,
                format!("aliases make {weight} values of the {} that are written", self.written),
            )
            .hinted("write out what is meant; a file like this is made to exhaust memory"));
        }
        self.add(Node { place, kind: Rc::new(kind), weight, depth }, anchor);
        Ok(())
    }

    fn add(&mut self, node: Node, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, node.shared(node.place));
        }
        match self.open.last_mut() {
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { pairs, key, .. }) => match key.take() {
                None => *key = Some(node),
                Some(known) => pairs.push((known, node)),
            },
            None if node.is_null() => {}
            None => self.documents.roots.push(node),
        }
    }

    /// Resolves merge keys: what the map says itself comes first, then the merged maps in their order. Keys
    /// given twice are reported and the first one stays.
    fn merge(&mut self, pairs: Vec<(Node, Node)>) -> Vec<(Node, Node)> {
        let (merges, own): (Vec<_>, Vec<_>) = pairs.into_iter().partition(
            |(key, _)| matches!(&*key.kind, Kind::Scalar(scalar) if scalar.plain && scalar.text == "<<"),
        );
        let mut seen: HashMap<String, Place> = HashMap::new();
        let mut all: Vec<(Node, Node)> = Vec::with_capacity(own.len());
        for (key, value) in own {
            let Kind::Scalar(scalar) = &*key.kind else {
                all.push((key, value));
                continue;
            };
            if let Some(first) = seen.get(&scalar.text) {
                let message = format!("key {:?} is already given at {first}", scalar.text);
                self.documents.problems.push(Problem::new(key.place, message));
            } else {
                seen.insert(scalar.text.clone(), key.place);
                all.push((key, value));
            }
        }
        for (key, value) in merges {
            let sources: Vec<&Node> = match &*value.kind {
                Kind::Map(_) => vec![&value],
                Kind::List(items) => items.iter().collect(),
                Kind::Scalar(_) => {
                    self.documents.problems.push(Problem::new(key.place, "<< wants a mapping to merge"));
                    continue;
                }
            };
            for (key, value) in sources.into_iter().filter_map(Node::map).flatten() {
                if !all.iter().any(|(known, _)| known.same_as(key)) {
                    all.push((key.shared(key.place), value.shared(value.place)));
                }
            }
        }
        all
    }

    fn layout(&self, text: &str, style: ScalarStyle, place: Place, bytes: std::ops::Range<usize>) -> Layout {
        let start = bytes.start;
        let written = self.source.get(bytes).unwrap_or("");
        match style {
            ScalarStyle::Plain if written.trim_end() == text => Layout::Line(place),
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted
                if written.get(1..written.len().saturating_sub(1)) == Some(text) =>
            {
                Layout::Line(Place { line: place.line, column: place.column + 1 })
            }
            ScalarStyle::Literal => self.block(text, place, start),
            _ => Layout::Elsewhere,
        }
    }

    /// The lines of a literal block. The parser lets it start at its header or at its first line of text.
    fn block(&self, text: &str, place: Place, start: usize) -> Layout {
        let header = self.source.get(start..).unwrap_or("").starts_with('|');
        let line_start = self.source.get(..start).unwrap_or("").rfind('\n').map_or(0, |at| at + 1);
        let written = self.source[line_start..].split('\n').skip(usize::from(header));
        let leading = |line: &str| line.len() - line.trim_start_matches(' ').len();
        match text.split('\n').zip(written).find(|(line, _)| !line.trim().is_empty()) {
            Some((line, written)) => Layout::Block {
                first: place.line + u32::from(header),
                indent: leading(written).saturating_sub(leading(line)) as u32,
            },
            None => Layout::Elsewhere,
        }
    }
}

fn weigh<'n>(children: impl Iterator<Item = &'n Node>) -> (u64, u32) {
    children.fold((1, 1), |(weight, depth), child| {
        (weight.saturating_add(child.weight), depth.max(child.depth + 1))
    })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn one(text: &str) -> Node {
        let mut documents = parse(text).unwrap();
        assert_eq!(documents.problems, vec![]);
        documents.roots.remove(0)
    }

    #[test]
    fn nodes_know_their_place_and_keep_their_text() {
        let root = one("a: 007\nb:\n  - 'x y'\n  - ~\n  - true\n");
        assert_eq!(root.get("a").unwrap().text(), Some("007"));
        assert_eq!(root.get("a").unwrap().place, Place { line: 1, column: 4 });
        let list = root.get("b").unwrap().list().unwrap();
        assert_eq!(list[0].place, Place { line: 3, column: 5 });
        assert_eq!(list[0].place_within(2), Place { line: 3, column: 8 });
        assert!(list[1].is_null());
        assert_eq!(list[2].text(), Some("true"));
    }

    #[test]
    fn places_within_block_scalars() {
        let root = one("a:\n  expr: |\n    sum(\n      up\n    ) +\n");
        let expr = root.get("a").unwrap().get("expr").unwrap();
        let at = expr.text().unwrap().find("up").unwrap();
        assert_eq!(expr.place_within(at), Place { line: 4, column: 7 });
    }

    #[test]
    fn aliases_and_merge_keys() {
        let root = one("x: &x {p: 1, q: 2}\ny:\n  <<: *x\n  q: 3\nz: *x\n");
        let y = root.get("y").unwrap();
        assert_eq!(y.get("p").unwrap().text(), Some("1"));
        assert_eq!(y.get("q").unwrap().text(), Some("3"));
        assert_eq!(root.get("z").unwrap().get("q").unwrap().text(), Some("2"));
    }

    #[test]
    fn repeated_keys_are_reported_and_documents_counted() {
        let documents = parse("a: 1\na: 2\n---\n---\nb: 1\n").unwrap();
        assert_eq!(documents.roots.len(), 2);
        assert_eq!(documents.problems[0].place, Place { line: 2, column: 1 });
    }

    #[test]
    fn lines_of_nothing_but_a_tab_are_told() {
        for (text, line) in [
            ("a: 1\n\t\nb: 2\n", Some(2)),
            ("a: 1\n \t# note\nb: 2\n", Some(2)),
            ("a:\n  b: x\n\t\n  c: y\n", Some(3)),
            ("a: 'x\n  \t\n  y'\n", None),
            ("a: [1,\n\t\n  2]\nb: {c: 1,\n\t\n d: 2}\n", None),
            ("a: |\n  x\n  \t\n  y\n", None),
            ("a: 1\t\nb:\t2\n", None),
        ] {
            let found = parse(text).err().map(|problem| problem.place.line);
            assert_eq!(found, line, "{text:?}");
        }
    }

    #[test]
    fn bombs_are_refused() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for i in 1..20 {
            writeln!(bomb, "a{i}: &a{i} [{}]", vec![format!("*a{}", i - 1); 9].join(", ")).unwrap();
        }
        assert!(parse(&bomb).unwrap_err().message.contains("aliases make"));

        let mut chain = String::from("a0: &a0 [x]\n");
        for i in 1..5000 {
            writeln!(chain, "a{i}: &a{i} [*a{}]", i - 1).unwrap();
        }
        assert!(parse(&chain).unwrap_err().message.contains("nested deeper"));

        for deep in ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000)] {
            assert!(parse(&deep).is_err());
        }
        assert!(parse("a: &a [*a]").is_err());
    }
}
