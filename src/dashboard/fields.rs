//! How a field is shown: defaults, and what overrides say of it; values in their unit, by mappings and thresholds.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::frame::{Cell, Field, Kind};
use super::units;
use crate::model::Timestamp;
use crate::promql::pattern::Pattern;
use crate::report::Style;

/// How a field is shown: the defaults of a panel with the overrides that are about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Look(Map<String, Value>);

/// A value as it is shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// Its text.
    pub text: String,
    /// What its colour says.
    pub style: Style,
}

/// How a field is shown in a panel with this `fieldConfig`.
pub fn look(fields: &Value, field: &Field) -> Look {
    let mut look = fields.get("defaults").and_then(Value::as_object).cloned().unwrap_or_default();
    look.extend(field.config.clone());
    let overrides = fields.get("overrides").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let about = |given: &&Value| given.get("matcher").is_some_and(|matcher| is_about(matcher, field));
    for given in overrides.iter().take(MOST_OVERRIDES).filter(about) {
        for property in given.get("properties").and_then(Value::as_array).into_iter().flatten() {
            let (Some(id), Some(value)) = (property.get("id").and_then(Value::as_str), property.get("value"))
            else {
                continue;
            };
            match id.strip_prefix("custom.") {
                Some(own) => {
                    let custom = look.entry("custom").or_insert_with(|| Value::Object(Map::new()));
                    if let Some(custom) = custom.as_object_mut() {
                        custom.insert(own.to_owned(), value.clone());
                    }
                }
                None => {
                    look.insert(id.to_owned(), value.clone());
                }
            }
        }
    }
    Look(look)
}

/// Is an override about a field?
pub(super) fn is_about(matcher: &Value, field: &Field) -> bool {
    let options = matcher.get("options");
    let is_named = |name: &str| field.is_called(name);
    match matcher.get("id").and_then(Value::as_str) {
        Some("byName") => options.and_then(Value::as_str).is_some_and(is_named),
        Some("byRegexp") => options.and_then(Value::as_str).is_some_and(|text| matches(text, field.shown())),
        Some("byType") => match options.and_then(Value::as_str) {
            Some("number") => field.kind == Kind::Number,
            Some("string") => field.kind == Kind::Text,
            Some("time") => field.kind == Kind::Time,
            _ => false,
        },
        Some("byFrameRefID") => options.and_then(Value::as_str) == Some(field.reference.as_str()),
        Some("byNames") => {
            let names = options.and_then(|options| options.get("names")).and_then(Value::as_array);
            let listed = names.into_iter().flatten().filter_map(Value::as_str).any(is_named);
            let excluding =
                options.and_then(|options| options.get("mode")).and_then(Value::as_str) == Some("exclude");
            listed != excluding && field.kind == Kind::Number
        }
        _ => false,
    }
}

/// Does a pattern, between slashes or not, occur in a text? One that is none occurs nowhere.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    compiled(pattern).is_some_and(|pattern| pattern.matches(text))
}

/// More overrides than this are not looked at: each is about each field.
const MOST_OVERRIDES: usize = 1_000;

/// Patterns that are kept.
const KEPT: usize = 256;

/// A longer pattern is no name of a field, and costs more to prepare than all values of a dashboard: it occurs nowhere.
const LONGEST: usize = 16 << 10;

thread_local! {
    /// Patterns of overrides and mappings are asked again for each field and each value.
    static PATTERNS: RefCell<HashMap<String, Option<Arc<Pattern>>>> = RefCell::default();
}

/// A pattern as JavaScript writes it: `/…/i`, or the bare text of one.
pub(super) fn compiled(pattern: &str) -> Option<Arc<Pattern>> {
    PATTERNS.with_borrow_mut(|known| {
        if let Some(found) = known.get(pattern) {
            return found.clone();
        }
        if known.len() >= KEPT {
            known.clear();
        }
        let made = compile(pattern).map(Arc::new);
        known.insert(pattern.to_owned(), made.clone());
        made
    })
}

fn compile(pattern: &str) -> Option<Pattern> {
    if pattern.len() > LONGEST {
        return None;
    }
    let (source, flags) =
        pattern.strip_prefix('/').and_then(|rest| rest.rsplit_once('/')).unwrap_or((pattern, ""));
    let before = if flags.contains('i') { "(?i)" } else { "" };
    Pattern::anywhere(&format!("{before}{}", source.replace("\\/", "/"))).ok()
}

impl Look {
    fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.as_str()
    }

    /// The id of the unit.
    pub fn unit(&self) -> &str {
        self.text("unit").unwrap_or_default()
    }

    /// The least and the greatest value of the axis, where they are given.
    pub fn bounds(&self) -> (Option<f64>, Option<f64>) {
        (self.bound("min"), self.bound("max"))
    }

    fn bound(&self, key: &str) -> Option<f64> {
        let given = self.0.get(key)?;
        given.as_f64().or_else(|| given.as_str()?.trim().parse().ok())
    }

    /// The values that the axis reaches at least.
    pub fn soft_bounds(&self) -> (Option<f64>, Option<f64>) {
        let bound = |key: &str| self.custom(key).and_then(Value::as_f64);
        (bound("axisSoftMin"), bound("axisSoftMax"))
    }

    /// The name that it is given.
    pub fn name(&self) -> Option<&str> {
        self.text("displayName").or_else(|| self.text("displayNameFromDS")).filter(|name| !name.is_empty())
    }

    /// An option of the panel's own type.
    pub fn custom(&self, key: &str) -> Option<&Value> {
        self.0.get("custom")?.get(key)
    }

    /// Such an option as a word.
    pub fn word(&self, key: &str) -> &str {
        self.custom(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// Is it hidden from pictures and tables?
    pub fn hidden(&self) -> bool {
        let from = self.custom("hideFrom").and_then(|from| from.get("viz"));
        from == Some(&Value::Bool(true)) || self.custom("hidden") == Some(&Value::Bool(true))
    }

    fn decimals(&self) -> Option<usize> {
        self.0.get("decimals")?.as_u64().map(|decimals| decimals.min(20) as usize)
    }

    /// A number in its unit, whatever mappings say.
    pub fn number(&self, value: f64) -> String {
        let text = units::text(value, self.unit(), self.decimals());
        // Single numbers once had words around them.
        match (self.text("prefix"), self.text("postfix")) {
            (None, None) => text,
            (before, after) => format!("{}{text}{}", before.unwrap_or_default(), after.unwrap_or_default()),
        }
    }

    /// The same with a share of all as the value.
    #[must_use]
    pub fn of_shares(&self) -> Self {
        let mut look = self.clone();
        look.0.insert("unit".to_owned(), "percentunit".into());
        look.0.remove("decimals");
        look
    }

    /// A value as it is shown.
    pub fn show(&self, cell: &Cell) -> Shown {
        if let Some(mapped) = self.mapped(cell) {
            return mapped;
        }
        match cell {
            Cell::None => Shown { text: self.text("noValue").unwrap_or("–").to_owned(), style: Style::Dim },
            Cell::Number(number) => Shown { text: self.number(*number), style: self.style(*number) },
            Cell::Time(millis) => {
                let at = Timestamp::from_millis(*millis);
                Shown {
                    text: at.map_or_else(|| millis.to_string(), Timestamp::date_clock),
                    style: Style::Plain,
                }
            }
            Cell::Text(text) => {
                // Labels may hold numbers, which units are about, too.
                let number =
                    text.parse::<f64>().ok().filter(|_| !self.unit().is_empty() && self.unit() != "string");
                Shown {
                    text: number.map_or_else(|| text.clone(), |number| self.number(number)),
                    style: Style::Plain,
                }
            }
        }
    }

    /// What a mapping says of a value.
    fn mapped(&self, cell: &Cell) -> Option<Shown> {
        let mappings = self.0.get("mappings")?.as_array()?;
        let text = match cell {
            Cell::None => "null".to_owned(),
            other => other.key(),
        };
        let number = cell.number();
        for mapping in mappings {
            if let Some(said) = numbered(mapping, &text, number) {
                let style = number.map_or(Style::Plain, |number| self.style(number));
                return Some(Shown { text: said.to_owned(), style });
            }
            let options = mapping.get("options").unwrap_or(&Value::Null);
            let result = match mapping.get("type").and_then(Value::as_str) {
                Some("value") => options.get(&text),
                Some("range") => {
                    let bound = |key: &str| options.get(key).and_then(Value::as_f64);
                    let within = number.is_some_and(|number| {
                        bound("from").is_none_or(|from| number >= from)
                            && bound("to").is_none_or(|to| number <= to)
                    });
                    options.get("result").filter(|_| within)
                }
                Some("special") => {
                    let is = match options.get("match").and_then(Value::as_str) {
                        Some("null") => *cell == Cell::None,
                        Some("nan") => number.is_some_and(f64::is_nan),
                        Some("null+nan") => number.is_none_or(f64::is_nan),
                        Some("true") => text == "true",
                        Some("false") => text == "false",
                        Some("empty") => text.is_empty(),
                        _ => false,
                    };
                    options.get("result").filter(|_| is)
                }
                Some("regex") => {
                    let pattern = options.get("pattern").and_then(Value::as_str).unwrap_or_default();
                    options.get("result").filter(|_| matches(pattern, &text))
                }
                _ => None,
            };
            if let Some(result) = result {
                let said = result.get("text").and_then(Value::as_str).filter(|said| !said.is_empty());
                let plain = || number.map_or_else(|| text.clone(), |number| self.number(number));
                let color = result.get("color").and_then(Value::as_str);
                let style =
                    color.map_or_else(|| number.map_or(Style::Plain, |number| self.style(number)), style);
                return Some(Shown { text: said.map_or_else(plain, str::to_owned), style });
            }
        }
        None
    }

    /// The steps of the thresholds: from which value on, and what the colour says.
    pub fn steps(&self) -> Vec<(f64, Style)> {
        let thresholds = self.0.get("thresholds");
        let steps = thresholds.and_then(|thresholds| thresholds.get("steps")).and_then(Value::as_array);
        let percentage = thresholds.and_then(|thresholds| thresholds.get("mode")).and_then(Value::as_str)
            == Some("percentage");
        let (low, high) = self.bounds();
        let (low, high) = (low.unwrap_or(0.0), high.unwrap_or(100.0));
        let step = |step: &Value| {
            let at = step.get("value").and_then(Value::as_f64).unwrap_or(f64::NEG_INFINITY);
            let at = if percentage && at.is_finite() { low + (high - low) * at / 100.0 } else { at };
            Some((at, style(step.get("color")?.as_str()?)))
        };
        steps.into_iter().flatten().filter_map(step).collect()
    }

    /// What the colour of a value says, by the thresholds.
    pub fn style(&self, value: f64) -> Style {
        let steps = self.steps();
        if steps.len() < 2 {
            return Style::Plain;
        }
        steps.iter().rfind(|(at, _)| value >= *at).map_or(Style::Plain, |(_, style)| *style)
    }
}

/// What a mapping of the seventh version says, whose types are numbers: 1 is about a value, 2 about a range.
fn numbered<'m>(mapping: &'m Value, text: &str, number: Option<f64>) -> Option<&'m str> {
    let bound = |key: &str| -> Option<f64> {
        let given = mapping.get(key)?;
        given.as_f64().or_else(|| given.as_str()?.trim().parse().ok())
    };
    let holds = match mapping.get("type")?.as_i64()? {
        1 => {
            let value = mapping.get("value")?;
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            value == text || number.is_some() && value.trim().parse::<f64>().ok() == number
        }
        2 => number.is_some_and(|number| {
            bound("from").is_none_or(|from| number >= from) && bound("to").is_none_or(|to| number <= to)
        }),
        _ => false,
    };
    mapping.get("text").and_then(Value::as_str).filter(|_| holds)
}

/// What a colour says: red is bad, yellow and orange warn, green is good. Of Grafana's names, and of `#rrggbb`.
pub fn style(color: &str) -> Style {
    let color = color.to_lowercase();
    let named = |words: &[&str]| words.iter().any(|word| color.contains(word));
    if let Some([red, green, blue]) = rgb(&color) {
        let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
        if most - least < 0.15 {
            return Style::Plain;
        }
        let hue = if most == red {
            60.0 * ((green - blue) / (most - least)).rem_euclid(6.0)
        } else if most == green {
            60.0 * ((blue - red) / (most - least) + 2.0)
        } else {
            60.0 * ((red - green) / (most - least) + 4.0)
        };
        return match hue {
            hue if !(18.0..340.0).contains(&hue) => Style::Bad,
            hue if hue < 68.0 => Style::Warn,
            hue if hue < 170.0 => Style::Good,
            _ => Style::Plain,
        };
    }
    if named(&["red"]) {
        Style::Bad
    } else if named(&["orange", "yellow"]) {
        Style::Warn
    } else if named(&["green"]) {
        Style::Good
    } else {
        Style::Plain
    }
}

/// The parts of `#rrggbb` and of `rgba(r, g, b, a)`, from 0 to 1.
fn rgb(color: &str) -> Option<[f64; 3]> {
    if let Some(hex) = color.strip_prefix('#').filter(|hex| hex.len() >= 6 && hex.is_ascii()) {
        let part =
            |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).ok().map(|part| f64::from(part) / 255.0);
        return Some([part(0)?, part(2)?, part(4)?]);
    }
    let inner = color.strip_prefix("rgba(").or_else(|| color.strip_prefix("rgb("))?.trim_end_matches(')');
    let mut parts = inner.split(',').map(|part| part.trim().parse::<f64>().ok().map(|part| part / 255.0));
    Some([parts.next()??, parts.next()??, parts.next()??])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field(name: &str) -> Field {
        Field {
            title: Some(name.to_owned()),
            reference: "A".to_owned(),
            ..Field::new("Value", Kind::Number, "A")
        }
    }

    #[test]
    fn overrides_are_about_some_fields() {
        let fields = |matcher: Value| {
            json!({"defaults": {"unit": "bytes"}, "overrides": [{"matcher": matcher, "properties": [
            {"id": "unit", "value": "s"}, {"id": "custom.hideFrom", "value": {"viz": true}}]}]})
        };
        for (matcher, about) in [
            (json!({"id": "byName", "options": "a"}), true),
            (json!({"id": "byName", "options": "b"}), false),
            (json!({"id": "byRegexp", "options": "/^A$/i"}), true),
            (json!({"id": "byRegexp", "options": "/(/"}), false),
            (json!({"id": "byRegexp", "options": "a|".repeat(30_000)}), false),
            (json!({"id": "byType", "options": "number"}), true),
            (json!({"id": "byFrameRefID", "options": "B"}), false),
            (json!({"id": "byNames", "options": {"mode": "exclude", "names": ["b"]}}), true),
        ] {
            let look = look(&fields(matcher.clone()), &field("a"));
            assert_eq!((look.unit(), look.hidden()), (if about { "s" } else { "bytes" }, about), "{matcher}");
        }
    }

    #[test]
    fn mappings_thresholds_and_units_make_a_text() {
        let fields = json!({"defaults": {"unit": "percent", "decimals": 1, "noValue": "none",
            "thresholds": {"mode": "absolute", "steps": [{"color": "green", "value": null}, {"color": "#EAB839", "value": 50}, {"color": "semi-dark-red", "value": 90}]},
            "mappings": [{"type": "value", "options": {"0": {"text": "off"}}},
                {"type": "range", "options": {"from": 99, "to": null, "result": {"text": "full", "color": "red"}}},
                {"type": "special", "options": {"match": "nan", "result": {"text": "odd"}}},
                {"id": 1, "type": 1, "value": "7", "text": "seven"}, {"id": 2, "type": 2, "from": "8", "to": "9", "text": "some"}]}});
        let look = look(&fields, &field("a"));
        let shown = |cell: Cell| {
            let shown = look.show(&cell);
            (shown.text, shown.style)
        };
        for (number, text, style) in [
            (12.34, "12.3%", Style::Good),
            (60.0, "60.0%", Style::Warn),
            (95.0, "95.0%", Style::Bad),
            (0.0, "off", Style::Good),
            (99.5, "full", Style::Bad),
            (7.0, "seven", Style::Good),
            (8.5, "some", Style::Good),
        ] {
            assert_eq!(shown(Cell::Number(number)), (text.to_owned(), style));
        }
        assert_eq!(shown(Cell::Number(f64::NAN)).0, "odd");
        assert_eq!(shown(Cell::None).0, "none");
        assert_eq!(
            [style("rgba(245, 54, 54, 0.9)"), style("blue"), style("#7EB26D")],
            [Style::Bad, Style::Plain, Style::Good]
        );
    }
}
