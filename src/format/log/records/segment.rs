//! Segments of AWS X-Ray: documents with subsegments in them, each of which is a span; in answers of its API they are
//! texts within JSON.

use std::borrow::Cow;

use super::found::members;
use super::line::Fields;
use crate::format::log::json::{self, string};

/// How deep subsegments are looked for; what is deeper stays in its segment.
const DEEP: usize = 64;

/// What a segment says of what is part of it.
#[derive(Clone, Copy)]
struct Outer<'d> {
    trace: &'d [u8],
    service: &'d [u8],
    id: &'d [u8],
}

/// Parts of a segment that are looked at.
#[derive(Default)]
struct Own<'d> {
    name: &'d [u8],
    id: &'d [u8],
    trace: &'d [u8],
    namespace: &'d [u8],
    operation: &'d [u8],
    method: &'d [u8],
    url: &'d [u8],
    has_parent: bool,
    parts: Option<usize>,
}

/// Hands the segment at `at`, and all that are part of it, to `visit`: each as an object in a line, with the place where it
/// starts. Says whether there is one.
pub(super) fn each(bytes: &[u8], at: usize, visit: &mut dyn FnMut(Vec<u8>, usize)) -> bool {
    let own = Own::of(bytes, at);
    let is_one = !own.id.is_empty() && !own.name.is_empty() && !own.trace.is_empty();
    if is_one {
        one(bytes, at, None, 0, visit);
    }
    is_one
}

fn one(
    bytes: &[u8],
    at: usize,
    outer: Option<Outer<'_>>,
    depth: usize,
    visit: &mut dyn FnMut(Vec<u8>, usize),
) {
    let own = Own::of(bytes, at);
    let mut line = vec![b'{'];
    let mut fields = Fields::new(&mut line, super::Shape::default());
    members(bytes, at, |key, at| {
        if key != b"name" && !(key == b"subsegments" && depth < DEEP) {
            fields.plain(bytes, key, at);
        }
        true
    });
    let service = outer.map_or(own.name, |outer| outer.service);
    fields.text(b"service.name", service);
    fields.text(b"name", &own.does(outer.is_some()));
    let calls = matches!(own.namespace, b"remote" | b"aws");
    let kind = match outer {
        None => &b"server"[..],
        Some(_) if calls => b"client",
        Some(_) => b"internal",
    };
    fields.text(b"span.kind", kind);
    if calls {
        fields.text(b"peer.service", own.name);
    }
    if let Some(outer) = outer {
        if own.trace.is_empty() {
            fields.text(b"trace_id", outer.trace);
        }
        if !own.has_parent {
            fields.text(b"parent_id", outer.id);
        }
    }
    line.push(b'}');
    visit(line, at);
    let trace = outer.map_or(own.trace, |outer| outer.trace);
    let within = Outer { trace, service, id: own.id };
    if let Some(parts) = own.parts.filter(|_| depth < DEEP) {
        super::line::items(bytes, parts, |at| one(bytes, at, Some(within), depth + 1, visit));
    }
}

impl<'d> Own<'d> {
    fn of(bytes: &'d [u8], at: usize) -> Self {
        let mut own = Own::default();
        let text = |at: usize| string(bytes, at).map_or(&b""[..], |(text, ..)| text);
        members(bytes, at, |key, at| {
            match key {
                b"name" => own.name = text(at),
                b"id" => own.id = text(at),
                b"trace_id" => own.trace = text(at),
                b"parent_id" => own.has_parent = true,
                b"namespace" => own.namespace = text(at),
                b"subsegments" if bytes.get(at) == Some(&b'[') => own.parts = Some(at),
                b"aws" => members(bytes, at, |key, at| {
                    if key == b"operation" {
                        own.operation = text(at);
                    }
                    true
                }),
                b"http" => members(bytes, at, |key, at| {
                    if key == b"request" {
                        members(bytes, at, |key, at| {
                            match key {
                                b"method" => own.method = text(at),
                                b"url" => own.url = text(at),
                                _ => {}
                            }
                            true
                        });
                    }
                    true
                }),
                _ => {}
            }
            true
        });
        own
    }

    /// What it does: its request, the operation of a service of AWS', else its name.
    fn does(&self, is_part: bool) -> Cow<'d, [u8]> {
        if !self.operation.is_empty() {
            return Cow::Owned([self.name, b" ", self.operation].concat());
        }
        if self.method.is_empty() || (is_part && self.namespace != b"remote") {
            return Cow::Borrowed(self.name);
        }
        Cow::Owned([self.method, b" ", path_of(self.url)].concat().trim_ascii_end().to_vec())
    }
}

/// The path of a URL, without what is asked for.
fn path_of(url: &[u8]) -> &[u8] {
    let rest = memchr::memmem::find(url, b"://").map_or(url, |at| &url[at + 3..]);
    let path = memchr::memchr(b'/', rest).map_or(&b"/"[..], |at| &rest[at..]);
    let end = memchr::memchr2(b'?', b'#', path).unwrap_or(path.len());
    if url.is_empty() { b"" } else { &path[..end] }
}

/// Where the value at `at` ends, if it is whole.
pub(super) fn end_of(bytes: &[u8], at: usize) -> usize {
    json::skip(bytes, at).unwrap_or(bytes.len())
}
