//! Names that something puts before every line: the pod and the container (kubectl, stern), the service (docker compose),
//! the process (pm2, foreman), the task (turbo, skaffold), a level before an object. They are kept as labels; what stands
//! behind them is read by its own format.

use std::borrow::Cow;

use super::layer::PREFIX;
use super::words::first_line;
use super::{LogFormat, Plan, Sample, layout};
use crate::format::time;
use crate::model::{Level, Role, Slots, Value};

/// Lines behind names.
#[derive(Debug)]
pub struct Prefix;

/// How long what stands before a line may be.
const LONGEST: usize = 256;

/// The most labels that stand before a line.
const LABELS: usize = 3;

/// A line, cut.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cut<'a> {
    /// What stands before the line, under names that roles go by.
    labels: [Option<(&'static str, &'a [u8])>; LABELS],
    /// Where the line begins.
    pub(super) at: usize,
}

impl<'a> Cut<'a> {
    fn new(at: usize, labels: &[(&'static str, &'a [u8])]) -> Self {
        let mut cut = Cut { at, ..Cut::default() };
        for (place, label) in cut.labels.iter_mut().zip(labels) {
            *place = Some(*label);
        }
        cut
    }

    /// The name of what wrote the line.
    fn source(&self) -> Option<&'a [u8]> {
        self.labels.iter().flatten().map(|(_, text)| *text).next()
    }
}

/// A way to put names before lines.
pub struct Shape {
    /// What does it.
    pub name: &'static str,
    /// Does the shape alone tell it? Otherwise what stands behind it has to read as a line.
    pub(super) sure: bool,
    cut: fn(&[u8]) -> Option<Cut<'_>>,
}

impl std::fmt::Debug for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Shape {
    /// Cuts a line.
    pub(super) fn cut<'a>(&self, line: &'a [u8]) -> Option<Cut<'a>> {
        (self.cut)(line)
    }
}

/// Every shape, the most telling first.
pub static SHAPES: &[Shape] = &[
    Shape { name: "bar", sure: true, cut: bar },
    Shape { name: "kubectl", sure: true, cut: kubectl },
    Shape { name: "foreman", sure: true, cut: foreman },
    Shape { name: "tail", sure: false, cut: tail },
    Shape { name: "github", sure: false, cut: github },
    Shape { name: "stern", sure: false, cut: stern },
    Shape { name: "bracket", sure: false, cut: bracket },
    Shape { name: "task", sure: false, cut: task },
    Shape { name: "words", sure: false, cut: words },
];

/// `web-1  | line` of docker compose, `web.1.x2@node    | line` of docker service, `0|web  | line` of pm2, `web │ line` of tilt.
fn bar(line: &[u8]) -> Option<Cut<'_>> {
    const NAME: usize = 100;
    let head = &line[..line.len().min(NAME)];
    let start = head.iter().take_while(|b| **b == b' ').count();
    let text = &head[start..];
    // pm2 puts the number of the process before its name.
    let number = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let from = if number > 0 && text.get(number) == Some(&b'|') { number + 1 } else { 0 };
    let (end, length) = sign(&text[from..])?;
    let name = text[from..from + end].trim_ascii_end();
    let named = name.first().is_some_and(u8::is_ascii_alphabetic)
        && name
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'@' | b'/' | b':'));
    // The bar stands between blanks: `a|b|c` is something else.
    let after = start + from + end + length;
    let blanks =
        text[..from + end].ends_with(b" ") && matches!(line.get(after), None | Some(b' ' | b'\n' | b'\r'));
    let at = after + usize::from(line.get(after) == Some(&b' '));
    (named && blanks).then(|| Cut::new(at, &[("service", name)]))
}

/// The first bar of a line: where it is, and how many bytes it has.
fn sign(text: &[u8]) -> Option<(usize, usize)> {
    let light = "│".as_bytes();
    let at = text.iter().position(|b| matches!(b, b'|' | b'\n') || *b == light[0])?;
    match text[at] {
        b'|' => Some((at, 1)),
        _ if text[at..].starts_with(light) => Some((at, light.len())),
        _ => None,
    }
}

/// `[pod/cart-7d9f8b6c5d-x2x4z/cart] line`.
fn kubectl(line: &[u8]) -> Option<Cut<'_>> {
    let inside = inside(line, b'[', b']')?;
    let mut parts = inside.split(|b| *b == b'/');
    let kind = parts.next().filter(|kind| kind.iter().all(u8::is_ascii_lowercase))?;
    let (pod, container) = (parts.next()?, parts.next());
    let is_kind = matches!(kind, b"pod" | b"pods" | b"job" | b"deployment" | b"statefulset" | b"daemonset");
    (is_kind && is_name(pod)).then(|| {
        Cut::new(
            behind(line, inside.len() + 2),
            &[("pod", pod), ("container_name", container.unwrap_or(pod))],
        )
    })
}

/// `10:10:12 web.1  | line` of foreman, honcho and overmind: the time has no date, and the line mostly one of its own.
fn foreman(line: &[u8]) -> Option<Cut<'_>> {
    let (_, used) = time::time_alone(line)?;
    let rest = line.get(used..)?.strip_prefix(b" ")?;
    let mut cut = bar(rest)?;
    cut.at += used + 1;
    Some(cut)
}

/// `2024-03-05T10:10:12+00:00 web/abc line`, `2024-03-05T10:10:12Z {app="web"} line`, `… [APP/PROC/WEB/0] OUT line`: a time,
/// and the stream.
fn tail(line: &[u8]) -> Option<Cut<'_>> {
    let start = line.iter().take(8).take_while(|b| **b == b' ').count();
    let text = &line[start..];
    let (_, used) = time::read(text)?;
    if used < 19 || text.get(10) != Some(&b'T') || text.get(used) != Some(&b' ') {
        return None;
    }
    let rest = &text[used + 1..];
    let time = ("time", &text[..used]);
    let behind = |length| behind(line, start + used + 1 + length);
    if rest.starts_with(b"{") && !rest.starts_with(b"{\"") {
        let labels = inside(rest, b'{', b'}')?;
        memchr::memchr(b'=', labels)?;
        return Some(Cut::new(behind(labels.len() + 2), &[("stream", labels), time]));
    }
    if rest.starts_with(b"[") {
        let source = inside(rest, b'[', b']')?;
        let kind = rest.get(source.len() + 2..source.len() + 6)?;
        let is_kind = matches!(kind, b" OUT" | b" ERR");
        return is_kind.then(|| Cut::new(behind(source.len() + 6), &[("process_type", source), time]));
    }
    let name = &rest[..rest.iter().position(|b| *b == b' ')?];
    let is_stream = name.len() > 2
        && memchr::memchr2(b'/', b'-', name).is_some()
        && name.iter().all(|b| b.is_ascii_alphanumeric() || b"/-_.[]$:@".contains(b))
        && !name.ends_with(b":");
    is_stream.then(|| Cut::new(behind(name.len()), &[("stream", name), time]))
}

/// `job<tab>step<tab>2024-03-05T10:10:12.123Z line` of `gh run view --log`.
fn github(line: &[u8]) -> Option<Cut<'_>> {
    let head = &line[..line.len().min(LONGEST)];
    let job = memchr::memchr(b'\t', head)?;
    let step = job + 1 + memchr::memchr(b'\t', &head[job + 1..])?;
    super::stamp::cut(&line[step + 1..])?;
    Some(Cut::new(step + 1, &[("service", &line[..job]), ("step", &line[job + 1..step])]))
}

/// `cart-7d9f8b6c5d-x2x4z cart line`, with the namespace before them or not; after the container some write `›`.
fn stern(line: &[u8]) -> Option<Cut<'_>> {
    let word = |at: usize| {
        let rest = line.get(at..)?;
        let length = rest[..rest.len().min(LONGEST)].iter().position(|b| matches!(b, b' ' | b'\n'))?;
        (rest[length] == b' ' && is_name(&rest[..length])).then(|| (&rest[..length], at + length + 1))
    };
    let (first, at) = word(0)?;
    let (second, after) = word(at)?;
    let is_pod = |name: &[u8]| name.contains(&b'-') && name.iter().any(u8::is_ascii_digit);
    let arrow = |at: usize| {
        let rest = line.get(at..).unwrap_or_default();
        ["› ", "> ", "| "]
            .iter()
            .find(|sign| rest.starts_with(sign.as_bytes()))
            .map_or(at, |sign| at + sign.len())
    };
    if is_pod(first) {
        return Some(Cut::new(arrow(after), &[("pod", first), ("container_name", second)]));
    }
    let (third, end) = word(after)?;
    is_pod(second)
        .then(|| Cut::new(arrow(end), &[("pod", second), ("container_name", third), ("namespace", first)]))
}

/// `[cart-7d9f8b6c5d-x2x4z cart] line` of kubetail, `[cart] line` of skaffold and concurrently.
fn bracket(line: &[u8]) -> Option<Cut<'_>> {
    let inside = inside(line, b'[', b']')?;
    let mut parts = inside.split(|b| matches!(b, b' ' | b'/' | b':')).filter(|part| !part.is_empty());
    let is_source = |name: &&[u8]| {
        (is_name(name) && Level::from_word(name).is_none()) || name.iter().all(u8::is_ascii_digit)
    };
    let first = parts.next().filter(is_source)?;
    let second = parts.next();
    if second.is_some_and(|name| !is_name(name)) || parts.next().is_some() {
        return None;
    }
    let at = behind(line, inside.len() + 2);
    Some(match second {
        Some(container) => Cut::new(at, &[("pod", first), ("container_name", container)]),
        None => Cut::new(at, &[("service", first)]),
    })
}

/// `@acme/web:dev: line` of turbo, `web: line` of lerna and nx.
fn task(line: &[u8]) -> Option<Cut<'_>> {
    let head = &line[..line.len().min(100)];
    let end = memchr::memmem::find(head, b": ")?;
    let name = &head[..end];
    let is_task = name.first().is_some_and(|b| b.is_ascii_lowercase() || *b == b'@')
        && name.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"@/-_.:#".contains(b));
    let service = name.split(|b| matches!(b, b':' | b'#')).next()?;
    let is_task = is_task && Level::from_word(service).is_none();
    is_task.then(|| Cut::new(end + 2, &[("service", service)]))
}

/// Words before an object: `ERROR {…}`, `INFO:cart:{…}`. What they say is the object's to say.
fn words(line: &[u8]) -> Option<Cut<'_>> {
    let head = &line[..line.len().min(LONGEST)];
    let open = memchr::memmem::find(head, b"{\"").or_else(|| memchr::memmem::find(head, b"{ \""))?;
    let before = &head[..open];
    let parted = matches!(before.last(), Some(b' ' | b'\t' | b':' | b'|' | b'>' | b']' | b')'));
    // With a time it is text that knows when it was written.
    (parted && line.trim_ascii_end().ends_with(b"}") && layout::locate(before).is_none())
        .then(|| Cut::new(open, &[]))
}

/// What stands between the brackets that a line begins with.
fn inside(line: &[u8], open: u8, close: u8) -> Option<&[u8]> {
    let rest = line[..line.len().min(LONGEST)].strip_prefix(&[open])?;
    let end = memchr::memchr2(close, b'\n', rest).filter(|end| rest[*end] == close)?;
    (end > 0).then(|| &rest[..end])
}

/// Behind the blank at `at`, if there is one.
fn behind(line: &[u8], at: usize) -> usize {
    (at + usize::from(line.get(at) == Some(&b' '))).min(line.len())
}

/// A name as Kubernetes and Docker allow it.
fn is_name(name: &[u8]) -> bool {
    name.first().is_some_and(u8::is_ascii_lowercase)
        && name
            .iter()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.' | b'_'))
}

/// The shape of a file's lines; bars between a name and a line are told without knowing the file.
fn shape(plan: &Plan) -> &'static Shape {
    plan.wrapping().prefix.unwrap_or(&SHAPES[0])
}

/// The lines behind the names.
fn lines<'a>(entry: &'a [u8], plan: &Plan) -> Option<Cow<'a, [u8]>> {
    let shape = shape(plan);
    let line = first_line(entry);
    let first = shape.cut(line)?;
    if line.len() + 2 >= entry.len() {
        return Some(Cow::Borrowed(&line[first.at..]));
    }
    let rest = |line| shape.cut(line).map_or(line, |cut| &line[cut.at..]);
    let lines: Vec<&[u8]> = entry.split(|b| *b == b'\n').map(rest).collect();
    Some(Cow::Owned(lines.join(&b'\n')))
}

impl LogFormat for Prefix {
    fn name(&self) -> &'static str {
        "prefix"
    }

    fn about(&self) -> &'static str {
        "names before every line (docker compose, kubectl, stern, pm2, foreman …), the line read by its own format"
    }

    fn starts(&self, rest: &[u8], plan: &Plan) -> bool {
        shape(plan).cut(first_line(&rest[..rest.len().min(64 << 10)])).is_some()
    }

    fn layer(&self) -> u8 {
        PREFIX
    }

    fn inner<'a>(&self, entry: &'a [u8], plan: &Plan) -> Option<Cow<'a, [u8]>> {
        lines(entry, plan)
    }

    fn is_of_another(&self, line: &[u8], before: &[u8]) -> bool {
        // The shape is not known here: two lines that any shape tells apart are of two.
        SHAPES.iter().any(|shape| match (shape.cut(line), shape.cut(before)) {
            (Some(line), Some(before)) if shape.name != "words" => line.source() != before.source(),
            _ => false,
        })
    }

    fn extract<'a>(&self, entry: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) -> bool {
        let line = first_line(entry);
        let Some(cut) = shape(plan).cut(line) else { return false };
        let inner = match lines(entry, plan) {
            Some(Cow::Owned(made)) => slots.keep(made).unwrap_or(&line[cut.at..]),
            _ => &line[cut.at..],
        };
        let understood = plan.format_within(PREFIX, inner).extract(inner, plan, slots);
        for (name, label) in cut.labels.iter().flatten() {
            plan.offer_missing(slots, name.as_bytes(), Value::plain(label));
        }
        understood
    }

    fn fields(&self, entry: &[u8], plan: &Plan, visit: &mut dyn FnMut(&str, Value<'_>)) -> Option<usize> {
        if let Some(cut) = shape(plan).cut(first_line(entry)) {
            for (name, label) in cut.labels.iter().flatten().filter(|(name, _)| *name != "time") {
                visit(name, Value::plain(label));
            }
        }
        let inner = lines(entry, plan)?;
        plan.format_within(PREFIX, &inner).fields(&inner, plan, visit)
    }

    fn samples(&self) -> &'static [Sample] {
        SAMPLES
    }
}

/// The roles of a line that tells time, level and message after one prefix or another.
const AT: &str = "2024-02-05T09:00:00Z";

const SAMPLES: &[Sample] = &[
    Sample {
        header: "",
        text: "web-1  | 2024-02-05T09:00:00Z WARN pool is nearly full",
        ts: Some(AT),
        level: Some(Level::Warn),
        roles: &[(Role::Service, "web-1"), (Role::Message, "pool is nearly full")],
    },
    Sample {
        header: "",
        text: "miniflux  | time=2024-01-12T22:54:56.307Z level=WARN msg=\"Incorrect\" request_id=a1",
        ts: Some("2024-01-12T22:54:56.307Z"),
        level: Some(Level::Warn),
        roles: &[(Role::Service, "miniflux"), (Role::RequestId, "a1")],
    },
    Sample {
        header: "",
        text: "0|api  | 2024-02-05T09:00:00Z ERROR no",
        ts: Some(AT),
        level: Some(Level::Error),
        roles: &[(Role::Service, "api"), (Role::Message, "no")],
    },
    Sample {
        header: "[pod/cart-7d9f8b6c5d-x2x4z/cart] 2024-02-05T08:00:00Z INFO up",
        text: "[pod/cart-7d9f8b6c5d-x2x4z/cart] 2024-02-05T09:00:00Z ERROR no",
        ts: Some(AT),
        level: Some(Level::Error),
        roles: &[(Role::Service, "cart"), (Role::Host, "cart-7d9f8b6c5d-x2x4z"), (Role::Message, "no")],
    },
    Sample {
        header: "cart-7d9f8b6c5d-x2x4z cart {\"time\":\"2024-02-05T08:00:00Z\",\"level\":\"info\",\"msg\":\"up\"}",
        text: "cart-7d9f8b6c5d-x2x4z cart {\"time\":\"2024-02-05T09:00:00Z\",\"level\":\"error\",\"msg\":\"no\",\"request_id\":\"a1\"}",
        ts: Some(AT),
        level: Some(Level::Error),
        roles: &[(Role::Service, "cart"), (Role::RequestId, "a1"), (Role::Message, "no")],
    },
    Sample {
        header: "10:00:00 web.1  | {\"time\":\"2024-02-05T08:00:00Z\",\"level\":\"info\",\"msg\":\"up\"}",
        text: "10:00:01 web.1  | {\"time\":\"2024-02-05T09:00:00Z\",\"level\":\"error\",\"msg\":\"no\"}",
        ts: Some(AT),
        level: Some(Level::Error),
        roles: &[(Role::Service, "web.1"), (Role::Message, "no")],
    },
    Sample {
        header: "INFO:cart:{\"time\":\"2024-02-05T08:00:00Z\",\"level\":\"info\",\"msg\":\"up\"}",
        text: "ERROR:cart:{\"time\":\"2024-02-05T09:00:00Z\",\"level\":\"error\",\"msg\":\"no\"}",
        ts: Some(AT),
        level: Some(Level::Error),
        roles: &[(Role::Message, "no")],
    },
    Sample {
        header: "@acme/web:dev: 2024-02-05 08:00:00 INFO up",
        text: "@acme/web:dev: 2024-02-05 09:00:00 ERROR no",
        ts: Some(AT),
        level: Some(Level::Error),
        roles: &[(Role::Service, "@acme/web"), (Role::Message, "no")],
    },
];
