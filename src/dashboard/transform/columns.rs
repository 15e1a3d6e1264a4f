//! Transformations of columns: which there are, in what order, how they are named, and what is computed from them.

use serde_json::Value;

use super::{rows, word, words};
use crate::dashboard::fields::compiled;
use crate::dashboard::frame::{Cell, Field, Frame, Kind};
use crate::promql::pattern::Pattern;

/// `organize`: hides, orders and renames columns.
pub(super) fn organize(frames: Vec<Frame>, options: &Value) -> Vec<Frame> {
    let of = |key: &str, name: &str| options.get(key).and_then(|by_name| by_name.get(name)).cloned();
    let each = |mut frame: Frame| {
        frame.fields.retain(|field| of("excludeByName", field.shown()) != Some(Value::Bool(true)));
        if options.get("includeByName").and_then(Value::as_object).is_some_and(|names| !names.is_empty()) {
            frame.fields.retain(|field| of("includeByName", field.shown()) == Some(Value::Bool(true)));
        }
        frame.fields.sort_by_key(|field| {
            of("indexByName", field.shown()).and_then(|at| at.as_i64()).unwrap_or(i64::MAX)
        });
        for field in &mut frame.fields {
            if let Some(Value::String(name)) = of("renameByName", field.shown())
                && !name.is_empty()
            {
                field.title = Some(name);
            }
        }
        frame
    };
    frames.into_iter().map(each).collect()
}

/// `filterFieldsByName`: keeps columns by names or by a pattern.
pub(super) fn filter(frames: Vec<Frame>, options: &Value) -> Vec<Frame> {
    let said = |key: &str| options.get(key).filter(|rule| rule.is_object());
    let fits = |rule: &Value, name: &str| {
        let pattern = word(rule, "pattern").and_then(compiled);
        words(rule, "names").contains(&name) || pattern.is_some_and(|pattern| pattern.matches(name))
    };
    let each = |mut frame: Frame| {
        frame.fields.retain(|field| {
            said("include").is_none_or(|rule| fits(rule, field.shown()))
                && !said("exclude").is_some_and(|rule| fits(rule, field.shown()))
        });
        frame
    };
    frames.into_iter().map(each).filter(|frame| !frame.fields.is_empty()).collect()
}

/// How long a name and what stands for its parts may be together, multiplied: no name of a field comes near.
const MOST_NAMES: usize = 1 << 20;

/// `renameByRegex`: names by a pattern and what stands for it.
pub(super) fn rename(mut frames: Vec<Frame>, options: &Value) -> Vec<Frame> {
    let pattern = word(options, "regex").and_then(compiled);
    let Some(regex) = pattern.as_deref().and_then(Pattern::regex) else { return frames };
    // In the crate's notation `$1ome` is a group of that name; braces part them.
    let instead = options.get("renamePattern").and_then(Value::as_str).unwrap_or_default();
    let instead = braced(instead);
    for field in frames.iter_mut().flat_map(|frame| &mut frame.fields) {
        // What is written of itself again and again would fill all memory.
        if field.shown().len().saturating_mul(instead.len()) > MOST_NAMES {
            continue;
        }
        let name = regex.replace(field.shown(), instead.as_str()).into_owned();
        if name != field.shown() {
            field.title = Some(name);
        }
    }
    frames
}

/// `$1ome` as `${1}ome`.
fn braced(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(c);
        if c == '$' && chars.peek().is_some_and(char::is_ascii_digit) {
            out.push('{');
            while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                out.push(digit);
            }
            out.push('}');
        }
    }
    out
}

/// `labelsToFields`: labels become columns, and all series one table.
pub(super) fn labels_to_fields(frames: Vec<Frame>, options: &Value) -> Vec<Frame> {
    let kept = words(options, "keepLabels");
    let named_by = word(options, "valueLabel");
    let each = |frame: Frame| {
        let rows = frame.rows();
        let mut fields: Vec<Field> = Vec::new();
        for mut field in frame.fields {
            let labels = std::mem::take(&mut field.labels);
            for (name, value) in labels.iter() {
                let wanted = kept.is_empty() || kept.contains(&name);
                if wanted && named_by != Some(name) && !fields.iter().any(|known| known.name == name) {
                    let mut label = Field::new(name, Kind::Text, &frame.reference);
                    label.cells = vec![Cell::Text(value.to_owned()); rows];
                    fields.push(label);
                }
            }
            if !labels.is_empty() {
                let name = named_by.map(|label| labels.get(label)).filter(|name| !name.is_empty());
                field.title = None;
                if let Some(name) = name {
                    name.clone_into(&mut field.name);
                }
            }
            fields.push(field);
        }
        Frame { reference: frame.reference, fields }
    };
    let frames: Vec<Frame> = frames.into_iter().map(each).collect();
    if frames.len() > 1 { rows::merge(frames) } else { frames }
}

/// `concatenate`: all columns side by side.
pub(super) fn concatenate(frames: Vec<Frame>) -> Vec<Frame> {
    let reference = frames.first().map(|frame| frame.reference.clone()).unwrap_or_default();
    let fields: Vec<Field> = frames.into_iter().flat_map(|frame| frame.fields).collect();
    if fields.is_empty() { Vec::new() } else { vec![Frame { reference, fields }] }
}

/// `convertFieldType`: texts as numbers, numbers as moments or texts.
pub(super) fn convert(mut frames: Vec<Frame>, options: &Value) -> Vec<Frame> {
    for rule in options.get("conversions").and_then(Value::as_array).into_iter().flatten() {
        let (Some(target), Some(to)) = (word(rule, "targetField"), word(rule, "destinationType")) else {
            continue;
        };
        for field in
            frames.iter_mut().flat_map(|frame| &mut frame.fields).filter(|field| field.shown() == target)
        {
            field.kind = match to {
                "number" => Kind::Number,
                "time" => Kind::Time,
                _ => Kind::Text,
            };
            for cell in &mut field.cells {
                let key = cell.key();
                *cell = match (field.kind, key.parse::<f64>()) {
                    _ if *cell == Cell::None => Cell::None,
                    (Kind::Number, Ok(number)) => Cell::Number(number),
                    (Kind::Time, Ok(number)) => Cell::Time(number as i64),
                    (Kind::Number | Kind::Time, Err(_)) => Cell::None,
                    (Kind::Text, _) => Cell::Text(key),
                };
            }
        }
    }
    frames
}

/// `formatString`: texts of a column in another writing; the frames as they were if it is not known.
pub(super) fn format(mut frames: Vec<Frame>, options: &Value) -> Result<Vec<Frame>, Vec<Frame>> {
    let number = |key: &str| options.get(key).and_then(Value::as_u64).map(|number| number as usize);
    let (from, to) = (number("substringStart").unwrap_or(0), number("substringEnd").unwrap_or(100));
    let Some(target) = word(options, "stringField") else { return Ok(frames) };
    let Some(write) = written(word(options, "outputFormat").unwrap_or("Upper Case")) else {
        return Err(frames);
    };
    let columns = frames.iter_mut().flat_map(|frame| &mut frame.fields);
    for cell in columns.filter(|field| field.is_called(target)).flat_map(|field| &mut field.cells) {
        if let Cell::Text(text) = cell {
            *text = write(text, (from, to));
        }
    }
    Ok(frames)
}

/// What writes a text, of which a part from one place to another may be wanted.
type Writing = fn(&str, (usize, usize)) -> String;

/// The writing of this name.
fn written(name: &str) -> Option<Writing> {
    Some(match name {
        "Upper Case" => |text, _| text.to_uppercase(),
        "Lower Case" => |text, _| text.to_lowercase(),
        "Sentence Case" | "First Letter" => |text, _| capital(text),
        "Title Case" => |text, _| text.split(' ').map(capital).collect::<Vec<_>>().join(" "),
        "Pascal Case" => |text, _| parts(text).iter().map(|part| capital(part)).collect(),
        "Camel Case" => |text, _| {
            let parts = parts(text);
            let rest = parts.iter().skip(1).map(|part| capital(part));
            parts.first().cloned().into_iter().chain(rest).collect()
        },
        "Snake Case" => |text, _| parts(text).join("_"),
        "Kebab Case" => |text, _| parts(text).join("-"),
        "Trim" => |text, _| text.trim().to_owned(),
        "Substring" => |text, (from, to)| text.chars().skip(from).take(to.saturating_sub(from)).collect(),
        _ => return None,
    })
}

/// The text with a great first letter.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The words of a text in small letters: between marks, where a great letter follows a small one, and before and behind
/// numbers; of several great letters the last begins a word.
fn parts(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut parts: Vec<String> = Vec::new();
    let mut within = false;
    for (at, c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            within = false;
            continue;
        }
        let before = at.checked_sub(1).map(|before| chars[before]).filter(|_| within);
        let next_is_small = chars.get(at + 1).is_some_and(|next| next.is_lowercase());
        let begins = before.is_none_or(|before| {
            before.is_numeric() != c.is_numeric()
                || c.is_uppercase() && (before.is_lowercase() || before.is_uppercase() && next_is_small)
        });
        if begins {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut() {
            part.extend(c.to_lowercase());
        }
        within = true;
    }
    parts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_writing() {
        for (form, expected) in [
            ("Upper Case", " THE HTTPSERVER_OF web2APP"),
            ("Lower Case", " the httpserver_of web2app"),
            ("Sentence Case", " the HTTPServer_of web2App"),
            ("Title Case", " The HTTPServer_of Web2App"),
            ("Pascal Case", "TheHttpServerOfWeb2App"),
            ("Camel Case", "theHttpServerOfWeb2App"),
            ("Snake Case", "the_http_server_of_web_2_app"),
            ("Kebab Case", "the-http-server-of-web-2-app"),
            ("Trim", "the HTTPServer_of web2App"),
            ("Substring", "the"),
        ] {
            let mut field = Field::new("a", Kind::Text, "A");
            field.cells.push(Cell::Text(" the HTTPServer_of web2App".to_owned()));
            let frames = vec![Frame { reference: "A".to_owned(), fields: vec![field] }];
            let options =
                json!({"stringField": "a", "outputFormat": form, "substringStart": 1, "substringEnd": 4});
            let done = format(frames, &options).expect(form);
            let expected = if form == "Upper Case" { expected.to_uppercase() } else { expected.to_owned() };
            assert_eq!(done[0].fields[0].cells[0], Cell::Text(expected), "{form}");
        }
        assert!(format(Vec::new(), &json!({"stringField": "a", "outputFormat": "Mirrored"})).is_err());
    }
}
