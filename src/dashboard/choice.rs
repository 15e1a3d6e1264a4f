//! What was chosen of a variable's values, and the notations in which it is put into a text.

/// What was chosen of a variable's values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// What stands in queries.
    pub values: Vec<String>,
    /// What people read, one for each value.
    pub texts: Vec<String>,
    /// Were all chosen?
    pub all: bool,
    /// What stands for all of them in queries, as it is written.
    pub all_value: Option<String>,
    /// May it have several values? Then queries take it for a pattern.
    pub several: bool,
    /// Why it has no value.
    pub trouble: Option<String>,
}

impl Choice {
    /// One value.
    pub fn one(value: impl Into<String>) -> Self {
        let value = value.into();
        Choice { texts: vec![value.clone()], values: vec![value], ..Choice::default() }
    }

    /// Has it no value that could stand in a query?
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.all_value.is_none()
    }

    /// What people read.
    pub fn shown(&self) -> String {
        if self.all { "All".to_owned() } else { self.texts.join(" + ") }
    }

    /// The same with one of its values.
    #[must_use]
    pub fn only(&self, index: usize) -> Self {
        let at = |list: &[String]| list.get(index).cloned().into_iter().collect();
        Choice {
            values: at(&self.values),
            texts: at(&self.texts),
            several: self.several,
            ..Choice::default()
        }
    }

    /// The value in a notation; without one as queries in PromQL want it.
    pub fn written(&self, name: &str, notation: Option<&str>) -> String {
        let (notation, argument) = match notation {
            Some(notation) => match notation.split_once(':') {
                Some((notation, argument)) => (Some(notation), Some(argument)),
                None => (Some(notation), None),
            },
            None => (None, None),
        };
        if let Some(all) = self.all_value.as_ref().filter(|_| self.all)
            && !matches!(notation, Some("text" | "queryparam"))
        {
            return all.clone();
        }
        let each = |write: &dyn Fn(&str) -> String, between: &str| {
            self.values.iter().map(|value| write(value)).collect::<Vec<_>>().join(between)
        };
        let plain = |value: &str| value.to_owned();
        let one = self.values.len() == 1;
        match notation {
            None if !self.several => each(&|value| value.replace('\\', "\\\\").replace('\'', "\\\\'"), ","),
            None => {
                let text = each(&|value| escaped(value, "\\\\").replace('\'', "\\\\'"), "|");
                if one || text.is_empty() { text } else { format!("({text})") }
            }
            Some("regex") => {
                let text = each(&|value| escaped(value, "\\").replace('/', "\\/"), "|");
                if one || text.is_empty() { text } else { format!("({text})") }
            }
            Some("pipe") => each(&plain, "|"),
            Some("glob") if !one => format!("{{{}}}", each(&plain, ",")),
            Some("json") if one => serde_json::Value::from(self.values[0].as_str()).to_string(),
            Some("json") => serde_json::Value::from(self.values.clone()).to_string(),
            Some("text") => self.shown(),
            Some("singlequote") => each(&|value| format!("'{}'", value.replace('\'', "\\'")), ","),
            Some("doublequote") => each(&|value| format!("\"{}\"", value.replace('"', "\\\"")), ","),
            Some("sqlstring") => each(&|value| format!("'{}'", value.replace('\'', "''")), ","),
            Some("lucene") => {
                let text = each(
                    &|value| format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
                    " OR ",
                );
                if one { text } else { format!("({text})") }
            }
            Some("distributed") => self.values.join(&format!(",{name}=")),
            Some("queryparam") if self.all => format!("var-{name}=$__all"),
            Some("queryparam") => each(&|value| format!("var-{name}={}", percent(value)), "&"),
            Some("percentencode" | "uriencode") if one => percent(&self.values[0]),
            Some("percentencode" | "uriencode") => percent(&format!("{{{}}}", self.values.join(","))),
            Some("html") => {
                each(&|value| value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"), ", ")
            }
            Some("join") => each(&plain, argument.unwrap_or(",")),
            // csv, raw, and what is not known.
            Some(_) => each(&plain, ","),
        }
    }
}

/// The value as a pattern for itself, each mark of patterns after `mark`.
fn escaped(value: &str, mark: &str) -> String {
    let mut out = String::with_capacity(value.len() + 8);
    for c in value.chars() {
        match c {
            // A backslash in a text of PromQL is two; in a pattern there, four.
            '\\' if mark.len() > 1 => out.push_str("\\\\\\\\"),
            '\\' => out.push_str("\\\\"),
            '$' | '^' | '*' | '{' | '}' | '[' | ']' | '+' | '?' | '.' | '(' | ')' | '|' => {
                out.push_str(mark);
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// As it stands in a link.
fn percent(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn several(values: &[&str]) -> Choice {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        Choice { texts: values.clone(), values, several: true, ..Choice::default() }
    }

    #[test]
    fn every_notation() {
        let two = several(&["a.b:9100", "c'd"]);
        for (notation, text) in [
            (None, r"(a\\.b:9100|c\\'d)"),
            (Some("regex"), r"(a\.b:9100|c'd)"),
            (Some("pipe"), "a.b:9100|c'd"),
            (Some("csv"), "a.b:9100,c'd"),
            (Some("raw"), "a.b:9100,c'd"),
            (Some("glob"), "{a.b:9100,c'd}"),
            (Some("json"), r#"["a.b:9100","c'd"]"#),
            (Some("singlequote"), r"'a.b:9100','c\'d'"),
            (Some("doublequote"), "\"a.b:9100\",\"c'd\""),
            (Some("sqlstring"), "'a.b:9100','c''d'"),
            (Some("lucene"), "(\"a.b:9100\" OR \"c'd\")"),
            (Some("distributed"), "a.b:9100,v=c'd"),
            (Some("queryparam"), "var-v=a.b%3A9100&var-v=c%27d"),
            (Some("percentencode"), "%7Ba.b%3A9100%2Cc%27d%7D"),
            (Some("text"), "a.b:9100 + c'd"),
            (Some("join:; "), "a.b:9100; c'd"),
        ] {
            assert_eq!(two.written("v", notation), text, "{notation:?}");
        }
        let one = several(&["a.b"]);
        assert_eq!(
            [None, Some("glob"), Some("json")].map(|n| one.written("v", n)),
            [r"a\\.b", "a.b", "\"a.b\""]
        );
        assert_eq!(Choice::one("a.b").written("v", None), "a.b");
        let all = Choice { all: true, all_value: Some(".+".to_owned()), ..two };
        assert_eq!([None, Some("regex"), Some("text")].map(|n| all.written("v", n)), [".+", ".+", "All"]);
        assert_eq!(all.written("v", Some("queryparam")), "var-v=$__all");
        assert_eq!(several(&[]).written("v", None), "");
    }
}
