//! Panels that several dashboards share: their models stand in an export's `__elements`, in answers of Grafana's API, and in
//! files of their own.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::json::{some, text};

/// The models of library panels that are known, by their ids, and by their names.
#[derive(Clone, Debug, Default)]
pub struct Library {
    models: BTreeMap<String, Value>,
    names: BTreeMap<String, String>,
}

/// Lists in answers, answers in lists: no deeper than this.
const DEEPEST: usize = 4;

impl Library {
    /// The model that a reference, `{"uid": …, "name": …}`, is about. Names are for references whose id is not known.
    pub(super) fn model(&self, reference: &Value) -> Option<&Value> {
        let by_id = some(reference, "uid").and_then(|uid| self.models.get(&uid));
        by_id.or_else(|| self.models.get(self.names.get(&some(reference, "name")?)?))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.models.len()
    }

    /// Takes the models of a value: an export's elements, an answer of the API, or a panel alone.
    pub(super) fn take(&mut self, value: &Value) {
        self.within(value, DEEPEST);
    }

    fn within(&mut self, value: &Value, depth: usize) {
        if self.element(value, None) || depth == 0 {
            return;
        }
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.within(item, depth - 1)),
            Value::Object(map) => {
                // An export keeps them by id, older ones as a list.
                if let Some(Value::Object(elements)) = map.get("__elements") {
                    for (uid, element) in elements {
                        self.element(element, Some(uid));
                    }
                }
                for key in ["__elements", "result", "elements", "dashboard", "items"] {
                    map.get(key).into_iter().for_each(|inner| self.within(inner, depth - 1));
                }
            }
            _ => {}
        }
    }

    /// Is the value the element of a library, `{"kind": 1, "model": {…}}`, or an object of the new API? Then it is kept.
    fn element(&mut self, value: &Value, id: Option<&str>) -> bool {
        let (uid, name, model) =
            if text(value, "kind") == Some("LibraryPanel") && value.get("metadata").is_some() {
                let spec = value.get("spec").cloned().unwrap_or_default();
                let uid = value.get("metadata").and_then(|meta| some(meta, "name"));
                (uid, some(&spec, "title"), spec)
            } else {
                let Some(model) = value.get("model").filter(|model| model.is_object()) else { return false };
                // Kinds of elements are numbers: 1 is a panel, 2 was a variable.
                if value.get("kind").is_some_and(|kind| *kind != json!(1)) || text(model, "type").is_none() {
                    return false;
                }
                (some(value, "uid"), some(value, "name"), model.clone())
            };
        let Some(uid) = id.map(str::to_owned).or(uid).or_else(|| name.clone()) else { return false };
        if let Some(name) = name {
            self.names.entry(name).or_insert_with(|| uid.clone());
        }
        self.models.entry(uid).or_insert(model);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_found_wherever_grafana_puts_them() {
        let model = |kind: &str| json!({"type": kind, "title": "t"});
        let mut library = Library::default();
        for value in [
            json!({"__elements": {"a": {"uid": "a", "name": "A", "kind": 1, "model": model("stat")}}}),
            json!({"__elements": [{"uid": "b", "name": "B", "kind": 1, "model": model("table")}]}),
            json!({"result": {"totalCount": 1, "elements": [{"uid": "c", "name": "C", "kind": 1, "model": model("gauge")}]}}),
            json!({"result": {"uid": "d", "name": "D", "kind": 1, "model": model("text")}}),
            json!({"kind": 1, "model": model("piechart"), "uid": "e"}),
            json!({"apiVersion": "x", "kind": "LibraryPanel", "metadata": {"name": "f"}, "spec": model("heatmap")}),
            json!({"kind": 2, "model": model("no"), "uid": "g"}),
            json!({"model": {"title": "no type"}, "uid": "h"}),
        ] {
            library.take(&value);
        }
        let kind = |reference: Value| library.model(&reference).and_then(|model| text(model, "type"));
        assert_eq!(kind(json!({"uid": "a"})), Some("stat"));
        assert_eq!(kind(json!({"uid": "b"})), Some("table"));
        assert_eq!(kind(json!({"uid": "other", "name": "C"})), Some("gauge"));
        assert_eq!(kind(json!({"uid": "d"})), Some("text"));
        assert_eq!(kind(json!({"uid": "e"})), Some("piechart"));
        assert_eq!(kind(json!({"uid": "f"})), Some("heatmap"));
        assert_eq!(
            [kind(json!({"uid": "g"})), kind(json!({"uid": "h"})), kind(json!({}))],
            [None, None, None]
        );
    }
}
