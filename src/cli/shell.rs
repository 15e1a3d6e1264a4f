//! Words as a shell takes them, for commands that are shown to be typed.

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
