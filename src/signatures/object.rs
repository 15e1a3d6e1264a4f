//! What a line about a failure is about: the host that was called, the table that is missing, the broker that is down.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use super::cues::Shape;

/// Words before an address. Those further up are more exact than those further down.
const LEADS: &[&str] = &[
    "lookup ",
    "dial tcp ",
    "dial udp ",
    "dialing ",
    "connect to ",
    "connecting to ",
    "connection to ",
    "connection with ",
    "connect ",
    "resolve ",
    "resolving ",
    "instances available for ",
    "endpoints for ",
    "endpoint for ",
    "found in upstream ",
    "upstream: ",
    "://",
    "reach ",
    "reaching ",
    "host: ",
    "contact ",
    "contacting ",
];

/// Words before a name in quotes, or one that is no word of a language.
const KINDS: &[&str] = &[
    "relation ",
    "table ",
    "column ",
    "database ",
    "user ",
    "role ",
    "topic ",
    "queue ",
    "bucket ",
    "file ",
    "service ",
    "pod ",
    "pods ",
    "node ",
    "server ",
    "container ",
    "volume ",
    "secret ",
    "secrets ",
    "configmap ",
    "configmaps ",
    "certificate ",
    "domain ",
    "index ",
    "host ",
    "broker ",
    "shard ",
    "partition ",
    "deployment ",
    "endpoint ",
    "plugin ",
    "module ",
    "exchange ",
    "vhost ",
    "stream ",
    "namespace ",
    "claim ",
    "image ",
    "key ",
    "schema ",
    "tenant ",
    "device ",
];

/// Words that are no names: they are passed over on the way to one.
const PASSED: &[&str] = &[
    "the",
    "a",
    "an",
    "to",
    "for",
    "from",
    "of",
    "in",
    "on",
    "any",
    "all",
    "its",
    "this",
    "that",
    "new",
    "at",
    "by",
    "with",
    "into",
    "onto",
    "any",
    "some",
    "more",
    "your",
    "their",
    "one",
    "each",
    "be",
    "is",
    "was",
    "are",
    "were",
    "has",
    "have",
    "been",
    "had",
    "being",
    "not",
    "could",
    "cannot",
    "can",
    "did",
    "does",
    "do",
    "and",
    "or",
    "it",
    "which",
    "because",
    "will",
    "tcp",
    "udp",
    "value",
    "named",
    "called",
    "required",
    "available",
    "valid",
    "still",
    "currently",
    "request",
    "it's",
    "through",
    "via",
    "option",
    "parameter",
    "argument",
    "field",
];

/// Words for what a name is of: the name, if one follows, is better.
const GENERIC: &[&str] = &[
    "server", "host", "database", "db", "upstream", "remote", "peer", "broker", "node", "service", "cluster",
    "endpoint", "backend", "redis", "kafka", "postgres", "mysql", "file", "table", "topic", "instance",
    "api", "leader", "proxy", "target",
];

/// The address or name that stands behind words for one.
pub(super) fn addressed(text: &str) -> Option<&str> {
    static AUTOMATON: LazyLock<AhoCorasick> = LazyLock::new(|| {
        AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::LeftmostLongest)
            .build(LEADS.iter().chain(KINDS))
            .expect("a few short patterns")
    });
    let mut best: Option<(usize, &str)> = None;
    for found in AUTOMATON.find_iter(text) {
        let pattern = found.pattern().as_usize();
        let begins = !text[..found.start()].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        if !begins && !text[..found.end()].ends_with("://") || best.is_some_and(|(rank, _)| rank <= pattern) {
            continue;
        }
        let rest = &text[found.end()..];
        let name = if pattern < LEADS.len() { name_of_lead(rest) } else { name_of_kind(rest) };
        if let Some(name) = name {
            best = Some((pattern.min(LEADS.len()), name));
        }
    }
    best.map(|(_, name)| name)
}

/// The name behind `connect to`: articles and words like `server` are passed over where a name follows.
fn name_of_lead(rest: &str) -> Option<&str> {
    let mut generic = None;
    for token in rest.split_inclusive([' ', '\n']).take(4) {
        let (name, ends) = name(token);
        if name.is_empty() {
            return generic;
        }
        if !is_one_of(PASSED, name) {
            let known = is_one_of(GENERIC, name);
            if !known {
                return if generic.is_none() || is_special(name) || token.starts_with(['"', '\'']) {
                    Some(name)
                } else {
                    generic
                };
            }
            generic = generic.or(Some(name));
        }
        if ends {
            return generic;
        }
    }
    generic
}

/// The name behind `relation`: in quotes, or with something in it that words do not have.
fn name_of_kind(rest: &str) -> Option<&str> {
    let (name, _) = name(rest.split([' ', '\n']).next()?);
    let quoted = rest.starts_with(['"', '\'', '`', '\\']);
    (!name.is_empty() && (quoted || is_special(name))).then_some(name)
}

/// A token without quotes, brackets and marks around it, and whether a clause ends with it. Of an address in a URL what
/// is behind the host is left out.
fn name(token: &str) -> (&str, bool) {
    let token = token.trim();
    let token = token.rsplit_once("://").map_or(token, |(_, rest)| rest);
    let inner = token.trim_start_matches(['"', '\'', '`', '(', '[', '<', '{', '\\', '*']);
    let opened = token.len() > inner.len();
    let end =
        inner.find(['"', '\'', '`', '\\', ',', ';', ')', '>', '}', '|', '=', '?']).unwrap_or(inner.len());
    let name = inner[..end].trim_end_matches([':', '.', ']', '!']);
    let name = if name.starts_with('/') { name } else { name.split('/').next().unwrap_or(name) };
    let name = name.rsplit_once('@').map_or(name, |(_, host)| host);
    let blank = name.bytes().all(|b| b == b'#' || b.is_ascii_punctuation());
    let ends = (inner.len() > name.len() && !opened) || end < inner.len();
    (if blank { "" } else { name }, ends)
}

/// Has it something that words of a language do not have?
fn is_special(name: &str) -> bool {
    name.bytes().any(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.' | b'_' | b':' | b'/' | b'#'))
        || name.bytes().skip(1).any(|b| b.is_ascii_uppercase())
            && name.bytes().any(|b| b.is_ascii_lowercase())
}

fn is_one_of(list: &[&str], word: &str) -> bool {
    list.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// The name that stands beside the words of a failure.
pub(super) fn beside<'t>(text: &'t str, at: &Range<usize>, shape: Shape) -> Option<&'t str> {
    match shape {
        Shape::Alone | Shape::Setting | Shape::Code => None,
        Shape::After => named_after(&text[at.end..], 0),
        Shape::Act => named_after(&text[at.end..], 1),
        Shape::Before => named_before(&text[..at.start]),
    }
}

/// The first name behind a place, after some verbs.
fn named_after(after: &str, verbs: usize) -> Option<&str> {
    let after = after.strip_prefix(':').unwrap_or(after);
    let mut generic = None;
    let mut verbs = verbs;
    // `no such table: invoices` names what it lacks; `failed to open table: no space` says why.
    let names = verbs == 0;
    let mut named = false;
    for token in after.split([' ', '\n']).filter(|token| !token.is_empty()).take(verbs + 6) {
        let (name, ends) = name(token);
        if name.is_empty() {
            return generic;
        }
        let quoted = token.starts_with(['"', '\'', '`', '\\']);
        if verbs > 0 && !quoted {
            verbs -= 1;
        } else if is_one_of(PASSED, name) && !quoted {
            // On to the next.
        } else if is_one_of(GENERIC, name) && !quoted {
            generic = generic.or(Some(name));
        } else {
            let better = generic.is_none() || named || quoted || is_special(name);
            return if better { Some(name) } else { generic };
        }
        named = names && token.ends_with(':');
        if ends && !named {
            return generic;
        }
    }
    generic
}

/// The last name before a place, in the same clause.
fn named_before(before: &str) -> Option<&str> {
    let trimmed = before.trim_end();
    // `10.0.0.7:5432: connection refused` has its name before the colon.
    let clause = trimmed.strip_suffix(':').unwrap_or(trimmed);
    let quoted = clause.ends_with(['"', '\'', '`']);
    let marks: &[char] =
        if quoted { &[',', ';', '|', '\n'] } else { &[',', ';', '|', '\n', '"', '(', '[', '{', '='] };
    let cut = clause.rfind(marks).map_or(0, |at| at + 1).max(clause.rfind(": ").map_or(0, |at| at + 2));
    let mut words = clause[cut..].rsplit(' ').filter(|word| !word.is_empty()).take(6);
    words.find_map(|token| {
        let (name, _) = name(token);
        (!name.is_empty() && !is_one_of(PASSED, name) && name.len() > 1).then_some(name)
    })
}
