//! What must not be handed over: ids, addresses, mails and tokens become `id-1`, `address-2`; the same everywhere.
//!
//! Numbers are given in the order of first appearance, so that nothing of a value can be guessed from its name.
//! What stands for a person without looking like an id (a name in a sentence) is not found.

use core::net::{Ipv4Addr, Ipv6Addr};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::chart::Chart;
use super::escape::Untrusted;
use super::paint::Phrase;
use super::table::Table;
use super::{Report, Section};

/// Names of fields whose values are ids, whatever they look like.
const ID_NAME: &str = r"(?:[A-Za-z0-9-]*[_.-])?(?:request|req|x-request|trace|span|correlation|session|user|customer|account|order|client|tenant|member|device|transaction|txn|payment|card|phone|ip)[_.-]?(?:id|no|number|address|addr)|req_?id|rid|uid|user|usr|username|user_?name|login|email|phone|client_?ip|remote_?addr";

/// Names of fields whose values are secrets.
const SECRET_NAME: &str = r"(?:[A-Za-z0-9]*[_.-])*(?:password|passwd|pwd|secret|token|api[_-]?key|apikey|access[_-]?key|authorization|credentials?|cookie|session[_-]?id)";

/// Everything that is looked for, in one pass; the first that fits at a place counts.
static PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let value = r#"[^\s"'`,;&<>{}()\[\]|\\]+"#;
    let pattern = format!(
        r#"(?x)
        (?P<jwt>\beyJ[A-Za-z0-9_-]{{8,}}\.[A-Za-z0-9_-]{{4,}}(?:\.[A-Za-z0-9_-]*)?)
        |(?P<mail>[\pL\pN._%+-]+(?:@|%40)[\pL\pN-]+(?:\.[\pL\pN-]+)+)
        |(?P<dashed>\bip(?:-[0-9]{{1,3}}){{4}}\b)
        |(?P<awskey>\b(?:AKIA|ASIA)[A-Z0-9]{{16}}\b)
        |(?P<dash>\x20-\x20)(?P<remote>[^\s"\[\]]+)(?P<date>\x20\[(?:[0-9]{{1,2}}/|<))
        |(?P<lead>://)(?P<login>[^/\s:@]+:[^/\s@]+)@
        |(?P<scheme>\b(?i:bearer|basic)\s+)(?P<credential>[A-Za-z0-9._~+/=-]{{6,}})
        |(?P<secretname>\b(?i:{SECRET_NAME})["']?\s?[=:]\s?["']?(?:(?i:bearer|basic)\s+)?)(?P<secret>{value})
        |(?P<idname>\b(?i:{ID_NAME})["']?\s?[=:]\s?["']?)(?P<named>{value})
        |(?P<before>/[A-Za-z][A-Za-z0-9_-]{{3,}}/|\b(?i:order|user|customer|account|invoice|transaction|payment|request|session|ticket|member|tenant)\x20\x23?)(?P<number>[0-9]{{3,}}[A-Za-z0-9-]*)
        |(?P<uuid>\b[0-9a-fA-F]{{8}}-[0-9a-fA-F]{{4}}-[0-9a-fA-F]{{4}}-[0-9a-fA-F]{{4}}-[0-9a-fA-F]{{12}}\b)
        |(?P<mac>\b(?:[0-9A-Fa-f]{{2}}[:-]){{5}}[0-9A-Fa-f]{{2}}\b)
        |(?P<v6>[0-9a-fA-F:]*[0-9a-fA-F]*:[0-9a-fA-F]*:[0-9a-fA-F:]+(?:\.[0-9]+){{0,3}})
        |(?P<v4>\b[0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{3}}\b)
        |(?P<prefixed>\b[A-Za-z]{{2,16}}[_-][A-Za-z0-9]{{3,}}(?:[_-][A-Za-z0-9]{{3,}})*\b)
        |(?P<long>\b[A-Za-z0-9]{{12,}}\b)"#
    );
    Regex::new(&pattern).ok()
});

/// Values and what stands for them.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    known: BTreeMap<String, String>,
    counts: BTreeMap<&'static str, usize>,
    /// Ids that are known to be ones, whatever they look like.
    learned: BTreeSet<String>,
    /// Those of them that are not one word.
    odd: Vec<String>,
    /// Parts of the names of the files that are read, as they are matched.
    places: BTreeSet<String>,
}

impl Redactor {
    /// A value by itself that is known to be an id.
    pub fn id(&mut self, value: &str) -> String {
        self.named("id", value)
    }

    /// Takes note of an id that may stand in any text, such as the one that was asked for.
    pub fn learn(&mut self, id: &str) {
        if is_nothing(id) || !self.learned.insert(id.to_owned()) {
            return;
        }
        if !id.chars().all(|c| is_part(c) || c == '-') {
            self.odd.push(id.to_owned());
        }
    }

    /// Takes note of a value of a field that holds ids, if it can be told from other words and from counts.
    pub fn learn_value(&mut self, value: &str) {
        let digits = value.bytes().filter(u8::is_ascii_digit).count();
        if digits >= 5 || (digits >= 1 && value.len() >= 6) {
            self.learn(value);
        }
    }

    /// The value of a field as it may leave: by the name of the field, or by what it looks like.
    pub fn field<'t>(&mut self, name: &str, value: &'t str) -> Cow<'t, str> {
        let text = self.text(value);
        if is_id_name(name) && text == value { self.id(value).into() } else { text }
    }

    /// Takes note of the name of a file that is read: what stands in it says where, not who.
    pub fn place(&mut self, name: &str) {
        for part in name.split(['/', '\\', '.']) {
            self.places.insert(part.to_owned());
            let words = part.match_indices(['-', '_']).map(|(at, _)| at);
            for at in words {
                self.places.insert(part[..at].to_owned());
            }
        }
    }

    fn named(&mut self, kind: &'static str, value: &str) -> String {
        if is_nothing(value) || self.is_given(value) {
            return value.to_owned();
        }
        if let Some(name) = self.known.get(value) {
            return name.clone();
        }
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        let name = format!("{kind}-{count}");
        self.known.insert(value.to_owned(), name.clone());
        name
    }

    /// Is this one of the names that were given? Text may be redacted twice.
    fn is_given(&self, value: &str) -> bool {
        let Some((kind, number)) = value.split_once('-') else { return false };
        let count = self.counts.get(kind).copied().unwrap_or_default();
        number.parse::<usize>().is_ok_and(|number| (1..=count).contains(&number))
    }

    /// A text without them.
    pub fn text<'t>(&mut self, text: &'t str) -> Cow<'t, str> {
        let Some(pattern) = &*PATTERN else { return Cow::Borrowed(text) };
        let found = pattern.replace_all(text, |found: &Captures<'_>| self.replaced(text, found));
        if self.learned.is_empty() {
            return found;
        }
        match self.without_learned(&found) {
            Some(text) => Cow::Owned(text),
            None => found,
        }
    }

    /// A text without the ids that were learnt; none if there is none in it.
    fn without_learned(&mut self, text: &str) -> Option<String> {
        let mut out = String::new();
        let mut copied = 0;
        let mut at = 0;
        while at < text.len() {
            let run = |more: &dyn Fn(char) -> bool| {
                text[at..].find(|c: char| !more(c)).map_or(text.len(), |length| at + length)
            };
            let (whole, part) = (run(&|c| is_part(c) || c == '-'), run(&is_part));
            match [whole, part].into_iter().find(|end| self.learned.contains(&text[at..*end])) {
                Some(end) => {
                    out.push_str(&text[copied..at]);
                    out.push_str(&self.id(&text[at..end]));
                    (at, copied) = (end, end);
                }
                None if part > at => at = part,
                None => at += text[at..].chars().next().map_or(1, char::len_utf8),
            }
        }
        out.push_str(&text[copied..]);
        for id in self.odd.clone() {
            if out.contains(&id) {
                let name = self.id(&id);
                out = with_word(&out, &id, &name);
            }
        }
        (out != text).then_some(out)
    }

    fn replaced(&mut self, text: &str, found: &Captures<'_>) -> String {
        let group = |name: &str| found.name(name).map(|part| part.as_str());
        let whole = &found[0];
        for (lead, name, kind) in [
            ("secretname", "secret", "token"),
            ("idname", "named", "id"),
            ("scheme", "credential", "token"),
            ("before", "number", "id"),
            ("dash", "remote", "id"),
        ] {
            if let (Some(lead), Some(value)) = (group(lead), group(name)) {
                // The full stop after it is none of it.
                let core = value.trim_end_matches(['.', ':']);
                if kind == "id" {
                    self.learn_value(core);
                }
                // What looks like something of its own keeps its kind.
                let inner = if kind == "id" { self.text(core).into_owned() } else { core.to_owned() };
                let name = if inner == core { self.named(kind, core) } else { inner };
                let after = group("date").unwrap_or_default();
                return format!("{lead}{name}{}{after}", &value[core.len()..]);
            }
        }
        if let Some(login) = group("login") {
            return format!("://{}@", self.named("token", login));
        }
        let start = found.get(0).map_or(0, |found| found.start());
        let before = text[..start].chars().next_back();
        let after = text[start + whole.len()..].chars().next();
        let within = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        if group("jwt").is_some() || group("awskey").is_some() {
            return self.named("token", whole);
        }
        if group("mail").is_some() {
            return self.named("mail", whole);
        }
        if group("uuid").is_some() {
            return self.named("id", whole);
        }
        if group("mac").is_some()
            || group("dashed").is_some()
            || group("v4").is_some_and(|v4| v4.parse::<Ipv4Addr>().is_ok())
        {
            return self.named("address", whole);
        }
        if group("v6").is_some() {
            let digit = whole.bytes().any(|b| b.is_ascii_digit());
            let is_v6 = digit && whole.len() > 3 && whole.parse::<Ipv6Addr>().is_ok();
            let fits = is_v6 && !within(before) && !within(after);
            return if fits { self.named("address", whole) } else { whole.to_owned() };
        }
        // A part of a file's name says where, not who; a part of what was asked for may say who.
        let of_path = matches!(before, Some('.' | '-'))
            || matches!(before, Some('/' | '\\')) && self.places.contains(whole)
            || matches!(after, Some('.')) && text[start + whole.len()..].starts_with(".log");
        let of_place = start == 0 && self.places.contains(whole);
        if group("prefixed").is_some_and(is_prefixed) && !of_path && !of_place {
            return self.named("id", whole);
        }
        if group("long").is_some_and(is_long) && !of_path && !of_place {
            return self.named("id", whole);
        }
        whole.to_owned()
    }

    /// A report without them.
    pub fn report(&mut self, report: &mut Report) {
        for section in &mut report.sections {
            self.section(section);
        }
    }

    fn section(&mut self, section: &mut Section) {
        match section {
            Section::Heading(phrase) | Section::Paragraph(phrase) | Section::Title(phrase) => {
                self.phrase(phrase);
            }
            Section::Table(table) => self.table(table),
            Section::KeyValues(pairs) => {
                for (key, value) in pairs {
                    self.word(key);
                    if is_id_name(key.json()) {
                        for (_, text) in &mut value.0 {
                            *text = self.id(text.json()).into();
                        }
                    }
                    self.phrase(value);
                }
            }
            Section::Lines(lines) => {
                for line in lines {
                    self.word(&mut line.place);
                    self.phrase(&mut line.text);
                }
            }
            Section::Code(code) => self.word(code),
            Section::Sparks(sparks) => {
                for spark in sparks {
                    self.word(&mut spark.label);
                    self.word(&mut spark.note);
                }
            }
            Section::Chart(chart) => self.chart(chart),
            Section::HeatMap(map) => map.rows.iter_mut().for_each(|(label, _)| self.word(label)),
            Section::Waterfall(waterfall) => {
                for lane in &mut waterfall.lanes {
                    self.word(&mut lane.name);
                    lane.bars.iter_mut().for_each(|bar| self.word(&mut bar.what));
                }
            }
            Section::Tiles(tiles) => {
                for tile in tiles {
                    self.word(&mut tile.label);
                    self.phrase(&mut tile.value);
                    self.word(&mut tile.note);
                }
            }
            Section::Steps(steps) => {
                for step in steps {
                    self.phrase(&mut step.what);
                    self.word(&mut step.place);
                }
            }
            Section::Panels(panels) => {
                panels.marks.iter_mut().for_each(|(_, what)| self.word(what));
                for panel in &mut panels.panels {
                    self.word(&mut panel.title);
                    self.word(&mut panel.says);
                    panel.command.iter_mut().for_each(|command| self.word(command));
                    for track in &mut panel.tracks {
                        self.word(&mut track.name);
                        track.spans.iter_mut().for_each(|span| self.word(&mut span.what));
                    }
                }
            }
            Section::Plot(plot) => {
                self.word(&mut plot.says);
                plot.marks.iter_mut().for_each(|(_, what)| self.word(what));
                for track in &mut plot.tracks {
                    self.word(&mut track.name);
                    track.notes.iter_mut().for_each(|note| self.word(note));
                }
            }
            Section::Meters(meters) => {
                for meter in meters {
                    self.word(&mut meter.label);
                    self.phrase(&mut meter.value);
                }
            }
            Section::Board(panes) => {
                for pane in panes {
                    self.phrase(&mut pane.title);
                    self.word(&mut pane.note);
                    self.report(&mut pane.inner);
                }
            }
            Section::Details(line, report) => {
                self.word(line);
                self.report(report);
            }
            Section::Account(_) => {}
        }
    }

    fn word(&mut self, word: &mut Untrusted) {
        if let Cow::Owned(text) = self.text(word.json()) {
            *word = text.into();
        }
    }

    fn phrase(&mut self, phrase: &mut Phrase) {
        phrase.0.iter_mut().for_each(|(_, text)| self.word(text));
    }

    fn chart(&mut self, chart: &mut Chart) {
        chart.curves.iter_mut().for_each(|curve| self.word(&mut curve.name));
        chart.marks.iter_mut().for_each(|(_, what)| self.word(what));
    }

    fn table(&mut self, table: &mut Table) {
        let ids: Vec<bool> = table.columns.iter().map(|column| is_id_name(column.title.json())).collect();
        for row in &mut table.rows {
            for (cell, is_id) in row.iter_mut().zip(&ids) {
                // Numbers and times are none of these; what came in as exact text is text.
                let (shown, exact) = cell.texts_mut();
                let is_text = exact.is_none();
                if let Some(exact) = exact.filter(|exact| exact.parse::<f64>().is_err()) {
                    *exact = self.text(exact).into_owned();
                }
                match shown {
                    Some(shown) if *is_id && is_text => *shown = self.id(shown.json()).into(),
                    Some(shown) => self.word(shown),
                    None => {}
                }
            }
        }
    }

    /// A JSON value without them.
    pub fn json(&mut self, value: &mut serde_json::Value) {
        use serde_json::Value as Json;
        match value {
            Json::String(text) => {
                if let Cow::Owned(redacted) = self.text(text) {
                    *text = redacted;
                }
            }
            Json::Array(items) => items.iter_mut().for_each(|item| self.json(item)),
            Json::Object(fields) => {
                for (name, value) in fields {
                    match value {
                        Json::String(text) if is_id_name(name) => {
                            let redacted = self.text(text).into_owned();
                            *text = if redacted == *text { self.id(&redacted) } else { redacted };
                        }
                        // No id has a fraction.
                        Json::Number(number)
                            if !number.is_f64() && (is_id_name(name) || is_long(&number.to_string())) =>
                        {
                            *value = self.id(&number.to_string()).into();
                        }
                        other => self.json(other),
                    }
                }
            }
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }
}

/// The text with `name` in the place of `word`, where that stands by itself.
fn with_word(text: &str, word: &str, name: &str) -> String {
    let part = |c: Option<char>| c.is_some_and(is_part);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (start, _) in text.match_indices(word) {
        let end = start + word.len();
        let alone = !part(text[..start].chars().next_back()) && !part(text[end..].chars().next());
        if alone {
            out.push_str(&text[at..start]);
            out.push_str(name);
            at = end;
        }
    }
    out.push_str(&text[at..]);
    out
}

/// May it stand within a word?
fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Does a field of this name hold ids?
fn is_id_name(name: &str) -> bool {
    static NAME: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(&format!("^(?i:id|{ID_NAME}|{SECRET_NAME})$")).ok());
    NAME.as_ref().is_some_and(|pattern| pattern.is_match(name))
}

/// Words that stand for no value.
fn is_nothing(value: &str) -> bool {
    matches!(
        value,
        "" | "-"
            | "–"
            | "null"
            | "none"
            | "None"
            | "nil"
            | "true"
            | "false"
            | "undefined"
            | "unknown"
            | "anonymous"
    )
}

/// `user_1895`, `req-8f3a91`: a word and something with digits in it. Not a zone, a character set or an algorithm.
fn is_prefixed(text: &str) -> bool {
    const NAMES: &[&str] =
        &["utf", "iso", "sha", "md", "gmt", "utc", "aes", "rsa", "x", "cp", "rfc", "tls", "http", "jdk"];
    let Some((word, rest)) = text.split_once(['_', '-']) else { return false };
    // What follows a month is a year.
    let is_date = rest.len() == 4 && word.len() == 3 && rest.starts_with(['1', '2']);
    let last = rest.rsplit(['_', '-']).next().unwrap_or(rest);
    let digits = last.bytes().filter(u8::is_ascii_digit).count();
    let letters = last.len() - digits;
    let is_id = digits >= 3 || (digits >= 1 && last.len() >= 6 && letters >= 1);
    is_id && !is_date && !NAMES.contains(&word.to_ascii_lowercase().as_str())
}

/// A long run of hexadecimal digits, or of letters and digits mixed; of digits alone unless it is a time.
fn is_long(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let hex = text.bytes().all(|b| b.is_ascii_hexdigit());
    match (digits, hex) {
        (0, _) => false,
        (digits, _) if digits == text.len() => {
            // Milli-, micro- and nanoseconds since 1970 are times.
            !(text.starts_with('1') && matches!(digits, 13 | 16 | 19)) && digits >= 13
        }
        (_, true) => digits >= 2,
        (digits, false) => text.len() >= 16 && digits >= 3,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_must_not_be_handed_over_gets_a_name() {
        for (text, expected) in [
            ("user 58852803-8da4-42be-a394-15dc28ee46a2 paid", "user id-1 paid"),
            (
                "from 10.1.33.191 - user_1895 [24/Dec/2023:12:06:20 +0900]",
                "from address-1 - id-1 [24/Dec/2023:12:06:20 +0900]",
            ),
            ("peer [2001:db8::1]:443, mac 00:1A:2b:3c:4d:5e", "peer [address-1]:443, mac address-2"),
            ("mail to Jane.Doe+x@example.co.uk.", "mail to mail-1."),
            ("Authorization: Bearer abc.def-123 sent", "Authorization: Bearer token-1 sent"),
            ("password=hunter2&next=1", "password=token-1&next=1"),
            ("\"api_key\": \"k1\", \"userId\":\"7\"", "\"api_key\": \"token-1\", \"userId\":\"id-1\""),
            ("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln gone", "token token-1 gone"),
            ("https://bob:pw@db.local/x", "https://token-1@db.local/x"),
            (
                "order_id=42 and order_id=43 and order_id=42",
                "order_id=id-1 and order_id=id-2 and order_id=id-1",
            ),
            ("trace 4bf92f3577b34da6a3ce929d0e0e4736", "trace id-1"),
            ("card 4111111111111111", "card id-1"),
            (
                "\"GET /orders/14182/pay?x=1\" for order 14182, Order #77001",
                "\"GET /orders/id-1/pay?x=1\" for order id-1, Order #id-2",
            ),
            ("user=null req_id=-", "user=null req_id=-"),
            ("\"GET /shops/9/orders/ORD-678750?x=1 HTTP/1.1\"", "\"GET /shops/9/orders/id-1?x=1 HTTP/1.1\""),
            ("GET /t/9f86d081884c7d65 by Ünal.Ö@bücher.example", "GET /t/id-1 by mail-1"),
            ("GET /u/jane%40example.org/x", "GET /u/mail-1/x"),
            (
                "10.0.0.1 - Dave_Q [07/Jun/2025:08:23:26 +0000] \"GET\"",
                "address-1 - id-1 [07/Jun/2025:08:23:26 +0000] \"GET\"",
            ),
            (
                "on ip-10-0-3-17.ec2.internal with AKIAABCDEFGHIJKLMNOP",
                "on address-1.ec2.internal with token-1",
            ),
            ("\"accountId\": \"C10293\", then C10293 again", "\"accountId\": \"id-1\", then id-1 again"),
        ] {
            let found = Redactor::default().text(text).into_owned();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn what_says_when_where_and_what_stays() {
        for text in [
            "2023-12-24 03:06:00 ERROR Connection pool exhausted! 20/20",
            "2023-12-24T03:06:00.000000000Z level=error status=504 took=20005ms",
            "1703387160123 and 1703387160123456789",
            "fixtures/outage/payment-service/db.log:376",
            "access.log-20240504.gz",
            "java.sql.SQLException: Connection is not available at com.zaxxer.hikari.pool.HikariPool.getConnection(HikariPool.java:197)",
            "std::io::Error, a::b, 03:06:00, 12:30",
            "2024/05/04 at /v1/orders, /api/v2/x, 10 requests, request 12 of 20, 504/809",
            "UTF-8, ISO-8859-1, SHA-256, nio-8080-exec-10",
            "payment-service of Dec-2023: p99.9 of 1,234 requests",
            "obs stats a.log --every 20s --success 'status < 500 and status != 401'",
        ] {
            assert_eq!(Redactor::default().text(text), text);
        }
    }

    #[test]
    fn one_value_has_one_name_everywhere() {
        let mut redactor = Redactor::default();
        let mut json = serde_json::json!({"id": "58852803", "user_id": 7, "n": 7, "m": "call from 10.0.0.1 for user_1895"});
        redactor.json(&mut json);
        assert_eq!(
            json.to_string(),
            r#"{"id":"id-1","user_id":"id-2","n":7,"m":"call from address-1 for id-3"}"#
        );
        redactor.learn("4711");
        assert_eq!(redactor.text("paid 4711, not 47110 (10.0.0.1)"), "paid id-4, not 47110 (address-1)");
        assert_eq!(redactor.text("a-4711 and 4711_x"), "a-id-4 and 4711_x");
        redactor.learn("a.b:c");
        assert_eq!(redactor.text("(a.b:c)"), "(id-5)");
        assert_eq!(
            (redactor.field("user", "bob"), redactor.field("msg", "bob")),
            ("id-6".into(), "bob".into())
        );
        redactor.place("logs/cust-88213/api-7f9c8d6b5-x2x9z.log");
        for text in ["logs/cust-88213/api-7f9c8d6b5-x2x9z.log:7", "…/cust-88213/api-7f9c8d6b5-x2x9z.log:7"]
        {
            assert_eq!(redactor.text(text), text);
        }
        redactor = Redactor::default();
        let mut report = Report::new();
        report.paragraph("10.0.0.1 and 10.0.0.2");
        let mut table = Table::new(vec![super::super::Column::text("id")]);
        table.row(vec!["58852803".into()]);
        report.push(Section::Table(table));
        redactor.report(&mut report);
        assert_eq!(report.sections[0], Section::Paragraph("address-1 and address-2".into()));
        let Section::Table(table) = &report.sections[1] else { panic!() };
        assert_eq!(*table.rows[0][0].shown(), "id-1".into());
    }

    proptest! {
        #[test]
        fn nothing_of_it_is_left(before in any::<String>(), after in "[ a-z.,;]{0,20}", uuid in "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", four in any::<[u8; 4]>()) {
            let address = Ipv4Addr::from(four).to_string();
            let mut redactor = Redactor::default();
            let text = redactor.text(&format!("{before} {uuid} {address} x@{uuid}.com {after}")).into_owned();
            prop_assert!(!text.contains(&uuid), "{text}");
            prop_assert!(!text.contains(&address) || before.contains(&address), "{text}");
        }
    }
}
