//! Words as a shell takes them, for commands that are shown to be typed.

use std::path::PathBuf;

use super::args::InputArgs;

/// As a shell takes it for one word.
pub(super) fn quoted(word: &str) -> String {
    if !word.starts_with('-') && is_plain(word) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The same for a word that may be an option.
pub(super) fn typed(word: &str) -> String {
    if word == "-" || is_plain(word) { word.to_owned() } else { quoted(word) }
}

/// Does it mean nothing to a shell?
fn is_plain(word: &str) -> bool {
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | '@' | '+' | ',');
    !word.is_empty() && word.chars().all(plain)
}

/// The options that say how files are read, for commands that read the same.
pub(super) fn reading(input: &InputArgs) -> String {
    let mut options = String::new();
    let mut push = |name: &str, value: &str| options.push_str(&format!(" {name} {}", quoted(value)));
    if let Some(format) = &input.format {
        push("--format", format);
    }
    if input.tz != "UTC" {
        push("--tz", &input.tz);
    }
    input.map.iter().for_each(|map| push("--map", map));
    if let Some(config) = &input.config {
        push("--config", &config.to_string_lossy());
    }
    if input.follow_links {
        options.push_str(" --follow-links");
    }
    options
}

/// The command that shows a request.
pub(super) fn correlate_command((paths, input): (&[PathBuf], &InputArgs), id: &str) -> String {
    let paths: Vec<String> = paths.iter().map(|path| quoted(&path.to_string_lossy())).collect();
    let paths = if paths.is_empty() { ".".to_owned() } else { paths.join(" ") };
    format!("obs correlate {paths} --id {}{}", quoted(id), reading(input))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stays_one_word() {
        assert_eq!(quoted("58852803-8da4"), "58852803-8da4");
        assert_eq!(quoted("a'; rm -rf /"), r"'a'\''; rm -rf /'");
        assert_eq!(quoted("-x"), "'-x'");
        assert_eq!(quoted(""), "''");
        assert_eq!(typed("--by"), "--by");
        assert_eq!(typed("status >= 500"), "'status >= 500'");
    }
}
