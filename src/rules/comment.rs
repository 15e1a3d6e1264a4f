//! The comments of a rule file that are meant for the checks.

/// A comment that is meant for the checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its line, from 1.
    pub line: u32,
    /// The line of what it stands above or in: its own, or the next one that is no comment.
    pub about: u32,
    /// What it says, without the mark.
    pub text: String,
}

/// The comments of a file that are meant for the checks.
pub(super) fn comments(text: &str) -> Vec<Comment> {
    let mut found: Vec<Comment> = Vec::new();
    let mut above: Vec<usize> = Vec::new();
    for (line, written) in (1_u32..).zip(text.lines()) {
        let trimmed = written.trim_start();
        let is_whole = trimmed.starts_with('#');
        if !is_whole && !trimmed.is_empty() {
            for place in above.drain(..) {
                found[place].about = line;
            }
        }
        let Some(at) = mark(written) else { continue };
        let text = written[at..].trim_start_matches('#').trim().to_owned();
        if ["pint ", "obs "].iter().any(|house| text.starts_with(house)) {
            if is_whole {
                above.push(found.len());
            }
            found.push(Comment { line, about: line, text });
        }
    }
    found
}

/// Where a comment begins in a line: a `#` at its start or after a space. Inside a text it says nothing to anybody,
/// for no text begins with the words that are looked for.
fn mark(line: &str) -> Option<usize> {
    ["# pint ", "# obs ", "#pint ", "#obs "].iter().filter_map(|mark| line.find(mark)).min()
}
