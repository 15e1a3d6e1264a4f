//! Which files a description is about: a pattern for paths.

use regex::Regex;

/// A pattern for paths: `*` and `?` as in a shell, or a regular expression after `~`.
#[derive(Clone, Debug)]
pub struct PathPattern(Regex);

impl PathPattern {
    /// Reads a pattern: `*.log` is about names, `*/acme/*.log` about paths, and `~…` about what the expression
    /// finds in the path. The error says what is wrong with it.
    pub fn new(pattern: &str) -> Result<Self, String> {
        let source = match pattern.strip_prefix('~') {
            Some(expression) => expression.to_owned(),
            None => translated(pattern),
        };
        Regex::new(&source).map(PathPattern).map_err(|error| super::describe::regex_trouble(&source, &error))
    }

    /// Is it about this path?
    pub fn matches(&self, path: &str) -> bool {
        if path.starts_with('/') { self.0.is_match(path) } else { self.0.is_match(&format!("./{path}")) }
    }
}

/// A shell's pattern as a regular expression.
fn translated(pattern: &str) -> String {
    let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
    let any = if pattern.contains('/') { ".*" } else { "[^/]*" };
    let mut source = if pattern.starts_with('/') { "(?s)^".to_owned() } else { "(?s)^(.*/)?".to_owned() };
    for c in pattern.chars() {
        match c {
            '*' => source.push_str(any),
            '?' => source.push_str("[^/]"),
            other => source.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    source.push('$');
    source
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_about_names_or_paths() {
        for (pattern, path, expected) in [
            ("*.log", "a/b/x.log", true),
            ("*.log", "x.log.1", false),
            ("*/acme*.log*", "acme.log", true),
            ("*/acme*.log*", "/var/log/acme-1.log.2.gz", true),
            ("acme/*.log", "d/acme/x/y.log", true),
            ("acme/*.log", "d/acme2/y.log", false),
            ("/var/*.log", "/var/log/a.log", true),
            ("/var/*.log", "x/var/log/a.log", false),
            ("app?.log", "app1.log", true),
            ("~acme.*\\.txt$", "d/acme-7.txt", true),
        ] {
            assert_eq!(PathPattern::new(pattern).unwrap().matches(path), expected, "{pattern} {path}");
        }
        assert!(PathPattern::new("~(").is_err());
    }
}
