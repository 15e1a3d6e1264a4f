//! Templates of notifications: Alertmanager's dialect, with a library of named templates.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::eval::{self, World};
use super::functions::Dialect;
use super::parse::{self, Definition, TemplateError};
use super::time::Moment;
use super::value::Value;
use crate::model::{Labels, Timestamp};

/// Templates by name: the default ones, and those of files.
#[derive(Clone, Debug)]
pub struct Library(BTreeMap<String, Definition>);

/// What a template of a notification may speak of.
#[derive(Clone, Debug)]
pub struct Message<'m> {
    /// `.Receiver`.
    pub receiver: &'m str,
    /// `.Alerts`, of which those that fire make `.Status`.
    pub alerts: &'m [MessageAlert<'m>],
    /// `.GroupLabels`.
    pub group: &'m Labels,
    /// `.CommonLabels`.
    pub common: &'m Labels,
    /// `.CommonAnnotations`.
    pub common_annotations: &'m [(String, String)],
    /// `.ExternalURL`, Alertmanager's address.
    pub external_url: &'m str,
    /// `.NotificationReason`: why it would have been sent.
    pub reason: &'m str,
    /// When it would have been sent.
    pub at: Timestamp,
}

/// An alert in a notification.
#[derive(Clone, Debug)]
pub struct MessageAlert<'m> {
    /// Its labels.
    pub labels: &'m Labels,
    /// Its annotations.
    pub annotations: &'m [(String, String)],
    /// Since when it fires.
    pub starts: Timestamp,
    /// Until when it fired; `None` if it still does.
    pub ends: Option<Timestamp>,
    /// Where Prometheus shows its expression.
    pub generator_url: &'m str,
}

impl MessageAlert<'_> {
    /// The hash by which Alertmanager knows an alert: FNV-1a of its labels, in hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut add = |bytes: &[u8]| {
            for &byte in bytes {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
            hash = (hash ^ 0xff).wrapping_mul(0x0100_0000_01b3);
        };
        for (name, value) in self.labels.iter() {
            add(name.as_bytes());
            add(value.as_bytes());
        }
        format!("{hash:016x}")
    }

    fn data(&self) -> Value {
        Value::Data(Rc::new(BTreeMap::from([
            ("Status", Value::text(if self.ends.is_some() { "resolved" } else { "firing" })),
            ("Labels", of_labels(self.labels)),
            ("Annotations", of_pairs(self.annotations)),
            ("StartsAt", Value::Time(Moment::utc(self.starts.0))),
            ("EndsAt", Value::Time(self.ends.map_or(Moment::ZERO, |ends| Moment::utc(ends.0)))),
            ("GeneratorURL", Value::text(self.generator_url)),
            ("Fingerprint", Value::text(self.fingerprint())),
        ])))
    }
}

impl Message<'_> {
    fn data(&self) -> Value {
        let alerts = self.alerts.iter().map(MessageAlert::data).collect();
        let fires = self.alerts.iter().any(|alert| alert.ends.is_none());
        Value::Data(Rc::new(BTreeMap::from([
            ("Receiver", Value::text(self.receiver)),
            ("Status", Value::text(if fires { "firing" } else { "resolved" })),
            ("Alerts", Value::Alerts(Rc::new(alerts))),
            ("GroupLabels", of_labels(self.group)),
            ("CommonLabels", of_labels(self.common)),
            ("CommonAnnotations", of_pairs(self.common_annotations)),
            ("ExternalURL", Value::text(self.external_url)),
            ("NotificationReason", Value::text(self.reason)),
        ])))
    }
}

fn of_labels(labels: &Labels) -> Value {
    Value::Pairs(Rc::new(labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()))
}

fn of_pairs(pairs: &[(String, String)]) -> Value {
    Value::Pairs(Rc::new(pairs.iter().cloned().collect()))
}

/// Is a text rendered for a page or as it is?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escaping {
    /// As it is.
    Plain,
    /// What is printed is escaped for HTML, unless it went through `safeHtml`.
    Html,
}

impl Library {
    /// The default templates.
    pub fn new() -> Self {
        let defaults = [include_str!("defaults.tmpl"), include_str!("defaults_html.tmpl")];
        let mut library = Library(BTreeMap::new());
        for text in defaults {
            // A test shows that they can be parsed.
            let _ = library.add("default.tmpl", text);
        }
        library
    }

    /// Adds the templates that a file defines; they replace those of the same name.
    ///
    /// # Errors
    /// What is wrong in the file.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), TemplateError> {
        let parsed = parse::parse_in(Dialect::Notifications, file, text)?;
        self.0.extend(parsed.definitions);
        Ok(())
    }

    /// The text that a template makes of a message.
    ///
    /// # Errors
    /// Why it makes none, in the words of Go.
    pub fn render(&self, text: &str, message: &Message<'_>, escaping: Escaping) -> Result<String, String> {
        if !text.contains("{{") {
            return Ok(text.to_owned());
        }
        let template =
            parse::parse_in(Dialect::Notifications, "", text).map_err(|error| error.without_context())?;
        let world = World {
            dialect: Dialect::Notifications,
            library: &self.0,
            at: message.at.millis(),
            external_url: message.external_url,
            query: None,
            html: escaping == Escaping::Html,
            steps: &Cell::new(u64::MAX),
        };
        eval::execute_with(&template, &message.data(), world)
    }

    /// Is there a template of this name?
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

impl Default for Library {
    fn default() -> Self {
        Library::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(library: &Library, text: &str) -> String {
        let labels = |service: &str| {
            Labels::new([("alertname", "Pool"), ("service", service), ("severity", "critical"), ("a", "z")])
        };
        let (first, second) = (labels("payment"), labels("order"));
        let annotations = [("summary".to_owned(), "5 < 6 & more".to_owned())];
        let at = |seconds| Timestamp::new(seconds, 0).expect("a time");
        let alert = |labels, ends| MessageAlert {
            labels,
            annotations: &annotations,
            starts: at(1_703_387_190),
            ends,
            generator_url: "http://p/graph?g0.expr=up&g0.tab=1",
        };
        let alerts = [alert(&first, None), alert(&second, Some(at(1_703_387_310)))];
        let group = Labels::new([("severity", "critical"), ("alertname", "Pool")]);
        let message = Message {
            receiver: "team/x",
            alerts: &alerts,
            group: &group,
            common: &Labels::new([("alertname", "Pool"), ("severity", "critical"), ("a", "z")]),
            common_annotations: &annotations,
            external_url: "http://am:9093",
            reason: "first notification",
            at: at(1_703_387_370),
        };
        library.render(text, &message, Escaping::Plain).unwrap_or_else(|error| format!("error: {error}"))
    }

    #[test]
    fn notifications_have_methods_and_functions_of_their_own() {
        let library = Library::new();
        for (text, expected) in [
            ("{{ .Status | toUpper }} {{ len .Alerts }} {{ .Alerts.Firing | len }}", "FIRING 2 1"),
            ("{{ .GroupLabels.SortedPairs.Values | join \" \" }}", "Pool critical"),
            (
                "{{ range .GroupLabels.SortedPairs }}{{ .Name }}={{ .Value }};{{ end }}",
                "alertname=Pool;severity=critical;",
            ),
            ("{{ .GroupLabels.SortedPairs }}", "alertname=Pool, severity=critical"),
            ("{{ (.CommonLabels.Remove .GroupLabels.Names).Values | join \",\" }}", "z"),
            ("{{ (.CommonLabels.Remove (stringSlice \"a\" \"severity\")).Names }}", "[alertname]"),
            ("{{ .CommonLabels.nothing }}|{{ .CommonLabels.a }}|{{ index .CommonLabels \"a\" }}", "|z|z"),
            (
                "{{ range .Alerts.Resolved }}{{ .Labels.service }} {{ .EndsAt.Sub .StartsAt }}{{ end }}",
                "order 2m0s",
            ),
            (
                "{{ range .Alerts.Firing }}{{ .EndsAt.IsZero }} {{ since .StartsAt | humanizeDuration }}{{ end }}",
                "true 3m 0s",
            ),
            (
                "{{ with index .Alerts 0 }}{{ .StartsAt | tz \"Europe/Paris\" | date \"Mon 15:04:05 MST\" }}{{ end }}",
                "Sun 04:06:30 CET",
            ),
            ("{{ (index .Alerts 0).Fingerprint | len }}", "16"),
            ("{{ now | date \"15:04:05\" }} {{ .NotificationReason }}", "03:09:30 first notification"),
            ("{{ \"heLLo wORLD\" | title }} {{ trimSpace \" x \" }}", "Hello World x"),
            ("{{ reReplaceAll \"(.*)-(.*)\" \"$2-$1\" \"a-b\" }} {{ match \"^a\" \"ab\" }}", "b-a true"),
            ("{{ stringSlice \"a\" \"b\" | join \"+\" }} {{ urlUnescape \"a%20b+c\" }}", "a+b a b c"),
            ("{{ toJson .GroupLabels }}", "{\"alertname\":\"Pool\",\"severity\":\"critical\"}"),
            ("{{ (dict \"k\" (list 1 2)).k | toJson }}", "[1,2]"),
            ("{{ template \"slack.default.title\" . }}", "[FIRING:1] Pool critical (z)"),
            ("{{ template \"__alertmanagerURL\" . }}", "http://am:9093/#/alerts?receiver=team%2Fx"),
            ("{{ .ExternalURL }} {{ .Receiver }}", "http://am:9093 team/x"),
            ("{{ query \"up\" }}", "error: template: :1: function \"query\" not defined"),
            ("{{ $labels.x }}", "error: template: :1: undefined variable \"$labels\""),
            (
                "{{ .Nothing }}",
                "error: template: :1:3: executing \"\" at <.Nothing>: can't evaluate field Nothing in type *template.Data",
            ),
            ("{{ template \"none\" . }}", "error: template: : template \"none\" not defined"),
        ] {
            assert_eq!(rendered(&library, text), expected, "{text}");
        }
    }

    #[test]
    fn files_add_templates_and_replace_the_default_ones() {
        let mut library = Library::new();
        library
            .add("a.tmpl", "{{ define \"row\" }}{{ $x := .Labels.service }}[{{ $x }}]{{ end }}\n{{ define \"__subject\" }}mine{{ end }}")
            .expect("a template");
        assert_eq!(
            rendered(&library, "{{ range .Alerts }}{{ template \"row\" . }}{{ end }}"),
            "[payment][order]"
        );
        assert_eq!(rendered(&library, "{{ template \"email.default.subject\" . }}"), "mine");
        assert!(library.has("row") && !library.has("column"));
        let error = library.add("b.tmpl", "{{ define \"x\" }}{{ nope }}{{ end }}").expect_err("no function");
        assert!(error.to_string().contains("function \"nope\" not defined"), "{error}");
        for text in [
            "{{ $x := list 1 }}{{ range 60 }}{{ $x = list $x $x }}{{ end }}{{ $x }}",
            "{{ $x := list 1 }}{{ range 90000 }}{{ $x = append $x 1 }}{{ end }}{{ $x | toJson }}",
            "{{ $x := stringSlice \"a\" }}{{ range 30 }}{{ $x = stringSlice (join \"b\" $x) (join \"c\" $x) }}{{ end }}",
        ] {
            assert!(rendered(&library, text).starts_with("error: "), "{text}");
        }
        // What calls itself comes to an end.
        library.add("c.tmpl", "{{ define \"loop\" }}{{ template \"loop\" . }}{{ end }}").expect("a template");
        let text = rendered(&library, "{{ template \"loop\" . }}");
        assert!(text.contains("exceeded maximum template depth"), "{text}");
    }

    #[test]
    fn the_lists_of_alerts_are_apart_as_in_alertmanager() {
        let library = Library::new();
        let text = |name: &str| rendered(&library, &format!("{{{{ template \"{name}\" . }}}}"));
        let list = |title: &str, service: &str| {
            format!(
                "{title}:\nLabels:\n - alertname = Pool\n - a = z\n - service = {service}\n - severity = critical\n\
                 Annotations:\n - summary = 5 < 6 & more\nSource: http://p/graph?g0.expr=up&g0.tab=1\n"
            )
        };
        let (firing, resolved) = (list("Alerts Firing", "payment"), list("Alerts Resolved", "order"));
        let dense = format!("5 < 6 & more\n{firing}\n{resolved}");
        assert_eq!(text("opsgenie.default.description"), dense);
        assert_eq!(text("victorops.default.state_message"), dense);
        let wide = format!("\n\n{firing}\n\n\n{resolved}\n\n");
        assert_eq!(text("telegram.default.message"), wide);
        assert_eq!(text("pushover.default.message"), format!("5 < 6 & more{}", wide));
        assert!(
            text("msteams.default.text").contains("g0.tab=1\n\n\n\n\n# Alerts Resolved:\n\nLabels:\n  - ")
        );
    }

    #[test]
    fn the_default_templates_can_be_parsed_and_rendered() {
        let library = Library::new();
        for text in [include_str!("defaults.tmpl"), include_str!("defaults_html.tmpl")] {
            let parsed = parse::parse_in(Dialect::Notifications, "default.tmpl", text).expect("a template");
            for name in parsed.definitions.keys().filter(|name| name.contains(".default.")) {
                // Lists of alerts are made of alerts, everything else of the whole.
                let of = if name.ends_with("instances") { ".Alerts" } else { "." };
                let text = rendered(&library, &format!("{{{{ template \"{name}\" {of} }}}}"));
                assert!(!text.starts_with("error: "), "{name}: {text}");
            }
        }
    }

    #[test]
    fn the_fingerprint_is_that_of_alertmanager() {
        // That of no labels is the offset of FNV-1a.
        let labels = Labels::default();
        let at = Timestamp::new(0, 0).expect("a time");
        let alert =
            MessageAlert { labels: &labels, annotations: &[], starts: at, ends: None, generator_url: "" };
        assert_eq!(alert.fingerprint(), "cbf29ce484222325");
    }
}
