//! Imports format files in lnav's JSON: what they say, as the `formats:` of an `obs.yaml`.

use serde_json::{Map, Value};

use crate::model::{Diagnostic, Level};

/// What was made of a format file.
#[derive(Debug)]
pub struct Imported {
    /// A configuration with the formats.
    pub yaml: String,
    /// How many formats are in it.
    pub formats: usize,
    /// What could not be taken over.
    pub left: Vec<Diagnostic>,
}

/// Reads a format file. `path` is for messages.
pub fn import(path: &str, text: &str) -> Result<Imported, Diagnostic> {
    let value: Value = serde_json::from_str(text)
        .map_err(|error| Diagnostic::error(path, format!("is no JSON: {error}")))?;
    let Value::Object(file) = value else {
        return Err(Diagnostic::error(path, "is no format file: it holds no object"));
    };
    let mut import = Import { path, yaml: "formats:\n".to_owned(), formats: 0, left: Vec::new() };
    for (name, format) in &file {
        if let (false, Value::Object(format)) = (name.starts_with('$'), format) {
            import.format(name, format);
        }
    }
    if import.formats == 0 && import.left.is_empty() {
        return Err(Diagnostic::error(path, "describes no format")
            .hinted("a format file holds {\"name\": {\"regex\": {…}}} or {\"name\": {\"json\": true, …}}"));
    }
    let Import { mut yaml, formats, left, .. } = import;
    if formats == 0 {
        "formats: []\n".clone_into(&mut yaml);
    }
    Ok(Imported { yaml, formats, left })
}

struct Import<'p> {
    path: &'p str,
    yaml: String,
    formats: usize,
    left: Vec<Diagnostic>,
}

type Format = Map<String, Value>;

impl Import<'_> {
    fn leave(&mut self, message: String) {
        self.left.push(Diagnostic::warning(self.path, message));
    }

    fn format(&mut self, name: &str, format: &Format) {
        let is_json =
            format.get("json") == Some(&Value::Bool(true)) || text(format, "file-type") == Some("json");
        let mut lines = Vec::new();
        if !is_json {
            let patterns = self.patterns(name, format);
            if patterns.is_empty() {
                self.leave(format!("{name} is not imported: it has no pattern that can be used"));
                return;
            }
            lines.push("    regex:".to_owned());
            lines.extend(patterns.iter().map(|pattern| format!("      - {}", quoted(pattern))));
        }
        let fields = roles(format);
        if !fields.is_empty() {
            let pairs: Vec<String> =
                fields.iter().map(|(role, field)| format!("{role}: {}", quoted(field))).collect();
            lines.push(format!("    fields: {{{}}}", pairs.join(", ")));
        }
        let times: Vec<String> = strings(format.get("timestamp-format")).filter_map(notation).collect();
        if !times.is_empty() && times.len() == strings(format.get("timestamp-format")).count() {
            let times: Vec<String> = times.iter().map(|time| quoted(time)).collect();
            lines.push(format!("    ts_format: [{}]", times.join(", ")));
        }
        if let Some(unit) = unit(format) {
            lines.push(format!("    units: {{duration: {unit}}}"));
        }
        self.levels(name, format, &mut lines);
        if let Some(pattern) = text(format, "file-pattern") {
            lines.push(format!("    files: {}", quoted(&format!("~{}", converted(pattern)))));
        }
        samples(format, &mut lines);
        self.formats += 1;
        if let Some(title) = text(format, "title") {
            self.yaml.push_str(&format!("  # {}\n", title.replace(['\n', '\r'], " ")));
        }
        self.yaml.push_str(&format!("  - name: {}\n", quoted(&own_name(name))));
        for line in lines {
            self.yaml.push_str(&line);
            self.yaml.push('\n');
        }
    }

    /// The patterns that this program's expressions can say, too.
    fn patterns(&mut self, name: &str, format: &Format) -> Vec<String> {
        let Some(Value::Object(all)) = format.get("regex") else { return Vec::new() };
        let mut usable = Vec::new();
        for (of, pattern) in all {
            let Some(pattern) = pattern.get("pattern").and_then(Value::as_str) else { continue };
            let pattern = converted(pattern);
            match regex::bytes::Regex::new(&pattern) {
                Ok(_) => usable.push(pattern),
                Err(error) => {
                    let cause = super::describe::regex_trouble(&pattern, &error);
                    self.leave(format!("{name}/regex/{of} is not imported: {cause}"));
                }
            }
        }
        usable
    }

    fn levels(&mut self, name: &str, format: &Format, lines: &mut Vec<String>) {
        let Some(Value::Object(levels)) = format.get("level") else { return };
        let mut pairs = Vec::new();
        for (level, meaning) in levels {
            let Some(level) = level_of(level) else {
                self.leave(format!("{name}/level/{level} is not imported: there is no such level"));
                continue;
            };
            let word = match meaning {
                Value::String(pattern) => format!("~{}", converted(pattern)),
                Value::Number(number) => number.to_string(),
                _ => continue,
            };
            pairs.push(format!("{}: {}", quoted(&word), level.name()));
        }
        if !pairs.is_empty() {
            lines.push(format!("    levels: {{{}}}", pairs.join(", ")));
        }
    }
}

fn samples(format: &Format, lines: &mut Vec<String>) {
    let Some(Value::Array(samples)) = format.get("sample") else { return };
    let samples: Vec<String> = samples
        .iter()
        .filter_map(|sample| {
            let line = sample.get("line")?.as_str()?;
            let level = sample.get("level").and_then(Value::as_str).and_then(level_of);
            let expect = level.map(|level| format!(", expect: {{level: {}}}", level.name()));
            Some(format!("      - {{line: {}{}}}", quoted(line), expect.unwrap_or_default()))
        })
        .collect();
    if !samples.is_empty() {
        lines.push("    samples:".to_owned());
        lines.extend(samples);
    }
}

/// Names of formats that are built in get another one.
fn own_name(name: &str) -> String {
    if super::super::by_name(name).is_some() { format!("{name}-imported") } else { name.to_owned() }
}

fn level_of(name: &str) -> Option<Level> {
    if name == "stats" { Some(Level::Info) } else { Level::from_word(name.as_bytes()) }
}

fn text<'f>(format: &'f Format, name: &str) -> Option<&'f str> {
    format.get(name).and_then(Value::as_str)
}

/// The strings of a value that may be one or a list.
fn strings(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let list = match value {
        Some(Value::Array(list)) => list.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    list.iter().filter_map(Value::as_str)
}

/// Roles, and the fields that play them.
fn roles(format: &Format) -> Vec<(&'static str, &str)> {
    const FIELDS: [(&str, &str, &str); 5] = [
        ("timestamp-field", "ts", "timestamp"),
        ("level-field", "level", "level"),
        ("body-field", "message", "body"),
        ("module-field", "logger", "module"),
        ("duration-field", "duration", ""),
    ];
    // What links the lines of one operation is often a thread's or a process's number.
    const THREADS: [&str; 6] = ["pid", "tid", "thread", "thread_id", "threadid", "log_pid"];
    let json = format.get("json").is_some() || format.get("file-type").is_some();
    let mut roles: Vec<(&'static str, &str)> = Vec::new();
    for (key, role, usual) in FIELDS {
        let said = text(format, key);
        roles.extend(said.or((!json && !usual.is_empty()).then_some(usual)).map(|field| (role, field)));
    }
    let thread = text(format, "thread-id-field");
    roles.extend(thread.map(|field| ("thread", field)));
    if let Some(field) = text(format, "opid-field") {
        let of_thread = THREADS.contains(&field.to_ascii_lowercase().as_str());
        if !of_thread {
            roles.push(("request_id", field));
        } else if thread.is_none() {
            roles.push(("thread", field));
        }
    }
    roles
}

/// The unit of a duration that is divided by this to get seconds.
fn unit(format: &Format) -> Option<&'static str> {
    format.get("duration-field")?;
    match format.get("duration-divisor").and_then(Value::as_f64) {
        None | Some(1.0) => Some("s"),
        Some(1e3) => Some("ms"),
        Some(1e6) => Some("us"),
        Some(1e9) => Some("ns"),
        Some(_) => None,
    }
}

/// strftime's letters as they are read here; `None` for those that count since 1970, which are known anyway.
fn notation(format: &str) -> Option<String> {
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match chars.next()? {
            'L' => out.push_str("%3f"),
            'f' => out.push_str("%6f"),
            'N' => out.push_str("%9f"),
            'i' | '6' | '9' | 'Q' => return None,
            letter => {
                out.push('%');
                out.push(letter);
            }
        }
    }
    super::time::is_notation(&out).then_some(out)
}

/// An expression of PCRE in the notation of this program, as far as both can say it.
fn converted(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars().peekable();
    let mut in_class = false;
    let mut class_start = 0;
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('h') => out.push_str(if in_class { " \\t" } else { "[ \\t]" }),
                Some('e') => out.push_str("\\x1b"),
                Some('Z') => out.push_str("\\z"),
                Some('R') => out.push_str("(?:\\r?\\n)"),
                // Escapes that mean nothing there: `\_`, `\"`, `\<`.
                Some(
                    sign @ ('"' | '\'' | '<' | '>' | '_' | '@' | '=' | ',' | ':' | ';' | '%' | '!' | '`'),
                ) => {
                    out.push(sign);
                }
                Some(other) => out.extend(['\\', other]),
                None => out.push('\\'),
            },
            '[' if in_class && chars.peek() != Some(&':') => out.push_str("\\["),
            '[' if !in_class => {
                in_class = true;
                out.push(c);
                if chars.peek() == Some(&'^') {
                    out.extend(chars.next());
                }
                class_start = out.len();
            }
            '[' => {
                // A named class, `[:alpha:]`, ends in a bracket of its own.
                out.push(c);
                for inner in chars.by_ref() {
                    out.push(inner);
                    if inner == ']' {
                        break;
                    }
                }
            }
            ']' if in_class && out.len() > class_start => {
                in_class = false;
                out.push(c);
            }
            '&' | '~' if in_class => out.extend(['\\', c]),
            '-' if in_class && chars.peek() == Some(&'-') => out.push_str("\\-"),
            '(' if !in_class && chars.peek() == Some(&'?') => {
                let rest: String = chars.clone().take(2).collect();
                out.push(c);
                if rest == "?>" {
                    // Without going back nothing that matches is lost here, only time.
                    chars.next();
                    chars.next();
                    out.push_str("?:");
                }
            }
            other => out.push(other),
        }
    }
    out
}

/// A scalar of YAML.
fn quoted(text: &str) -> String {
    if text.chars().any(char::is_control) {
        serde_json::to_string(text).unwrap_or_default()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::log::own::describe;

    #[test]
    fn a_format_file_becomes_a_configuration() {
        let file = r#"{
          "$schema": "https://lnav.org/schemas/format-v1.schema.json",
          "shop_log": {
            "title": "The shop's log",
            "regex": {
              "std": {"pattern": "^(?<timestamp>\\d{4}-\\d{2}-\\d{2} \\d{2}:\\d{2}:\\d{2}(?:,\\d{3})?) \\[(?<lvl>[^[\\]]+)\\] (?<body>.*)$"},
              "ahead": {"pattern": "^(?=x)(?<timestamp>.*)$"}
            },
            "level-field": "lvl",
            "level": {"error": "^(?:E|BAD)$", "info": "I", "odd": "x"},
            "timestamp-format": ["%Y-%m-%d %H:%M:%S,%L", "%Y-%m-%d %H:%M:%S"],
            "sample": [{"line": "2024-02-05 09:00:00,500 [BAD] it's broken", "level": "error"}]
          },
          "js_log": {"json": true, "timestamp-field": "t", "body-field": "m", "opid-field": "op", "level-field": "l", "level": {"error": 50}, "duration-field": "d", "duration-divisor": 1000.0}
        }"#;
        let imported = import("f.json", file).unwrap();
        assert_eq!(imported.formats, 2);
        let left: Vec<String> = imported.left.iter().map(ToString::to_string).collect();
        assert_eq!(left.len(), 2, "{left:?}");
        let described = describe::read("obs.yaml", &imported.yaml).expect(&imported.yaml);
        assert_eq!(described.formats.len(), 2);
        assert_eq!(described.formats[0].samples[0].line, "2024-02-05 09:00:00,500 [BAD] it's broken");
        assert!(import("f.json", "{").is_err() && import("f.json", "{}").is_err());
    }

    #[test]
    fn expressions_are_converted() {
        for (pcre, expected) in [
            (r"[^[]+", r"[^\[]+"),
            (r"[]a[:alpha:]]", r"[]a[:alpha:]]"),
            (r"a\h\<b\/", r"a[ \t]<b\/"),
            (r"(?>a|b)(?<n>c)", r"(?:a|b)(?<n>c)"),
        ] {
            assert_eq!(converted(pcre), expected);
            assert!(regex::bytes::Regex::new(&converted(pcre)).is_ok(), "{pcre}");
        }
    }
}
