//! What is left alone: answers of obs itself, pages, documents and source texts.

use std::path::Path;

/// What obs itself wrote of other files: telling it once more would count things twice. The entries that `grep` gives are
/// entries, and the samples that `query` gives are samples.
pub(super) fn is_own_answer(head: &[u8]) -> bool {
    let is = |(start, also): &(&str, &[&str])| {
        head.starts_with(start.as_bytes())
            && (also.is_empty()
                || also.iter().any(|name| memchr::memmem::find(head, name.as_bytes()).is_some()))
    };
    OWN_ANSWERS.iter().any(is)
}

/// How answers of obs begin, with `--output html` and `--output json`, and names of which one follows that no other program
/// has there; `own_answers_are_left_alone` makes all of them.
const OWN_ANSWERS: &[(&str, &[&str])] = &[
    (
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"generator\" content=\"obs\">",
        &[],
    ),
    ("{\n  \"schema\": \"obs.", &[]),
    ("{\n  \"groups\": [\n    {\n      \"by\": {", &["\"success_rate\": "]),
    ("{\n  \"templates\": [\n    {\n      \"template\": ", &["\"share\": "]),
    ("{\n  \"findings\": [\n    {\n      \"detector\": ", &["\"nature\": "]),
    ("{\n  \"verdict\": \"", &["\"span\": {"]),
    ("{\n  \"requests\": [", &["\"longest_gap\": ", "\"entries_with_id\": "]),
    ("{\n  \"files\": [\n    {\n      \"file\": ", &["\"unparsed\": "]),
];

/// A page for a browser, which nobody named.
pub(super) fn is_page(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let begins = |with: &[u8]| head.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    begins(b"<!doctype html") || begins(b"<html")
}

/// A JSON value over several lines, rather than one a line.
pub(super) fn is_json_document(head: &[u8]) -> bool {
    let mut lines = head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let opens = matches!(lines.next(), Some(b"{" | b"[" | b"[{"));
    // Several objects one after the other are a log whose entries are printed over lines.
    if head.starts_with(b"{") && memchr::memmem::find(head, b"\n}\n{").is_some() {
        return false;
    }
    opens && lines.next().is_some_and(|line| matches!(line.first(), Some(b'"' | b'{' | b'[' | b'}' | b']')))
}

/// Does the name say that this is no log? Asked only of files that do not look like one and that nobody named.
pub(super) fn is_source_text(path: &Path) -> bool {
    const ENDINGS: &[&str] = &[
        "yml",
        "yaml",
        "toml",
        "md",
        "html",
        "css",
        "js",
        "ts",
        "py",
        "rs",
        "go",
        "java",
        "c",
        "h",
        "sh",
        "conf",
        "cfg",
        "ini",
        "xml",
        "sql",
        "proto",
        "lock",
        "rules",
        "promql",
        "json",
        "env",
        "service",
        "properties",
        "rst",
    ];
    path.extension().and_then(|ending| ending.to_str()).is_some_and(|ending| ENDINGS.contains(&ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_no_logs() {
        assert!(is_json_document(b"{\n \"seed\": 1\n}\n"));
        assert!(is_json_document(b"[\n  {\"a\": 1},\n"));
        assert!(!is_json_document(b"{\"a\":1}\n{\"a\":2}\n"));
        assert!(!is_json_document(b"{\n"));
        assert!(!is_json_document(b"{\n \"a\": 1\n}\n{\n \"a\": 2\n}\n"));
    }
}
