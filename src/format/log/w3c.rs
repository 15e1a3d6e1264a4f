//! W3C extended logs, whose columns a `#Fields:` line names: IIS, CloudFront, Exchange.

use super::columns::Columns;
use super::words::first_line;
use super::{LogFormat, Plan, Sample, body};
use crate::format::time;
use crate::model::{Level, Role, Slots, Value};

/// W3C extended log files.
#[derive(Debug)]
pub struct W3c;

const NAME: &str = "w3c";

/// Finds the columns that the head of a file names.
pub(super) fn header(head: &[u8]) -> Option<Columns> {
    let mut lines = head.split(|b| *b == b'\n').take(200).skip_while(|line| !line.starts_with(b"#Fields:"));
    let fields = lines.next()?.strip_prefix(b"#Fields:")?.trim_ascii();
    let data =
        lines.find(|line| !line.starts_with(b"#") && !line.trim_ascii().is_empty()).unwrap_or_default();
    let between = if fields.contains(&b',') { b',' } else { b' ' };
    let names: Vec<String> = fields
        .split(|b| *b == between || *b == b'\t')
        .filter(|name| !name.is_empty())
        .map(|name| String::from_utf8_lossy(name.trim_ascii()).into_owned())
        .collect();
    let at = |wanted: &[&str]| names.iter().position(|name| wanted.contains(&name.as_str()));
    let time = match (at(&["date"]), at(&["time"])) {
        (Some(date), Some(time)) if time == date + 1 => (date, time),
        (None, Some(time)) => (time, time),
        _ => {
            let both = at(&["dateTime", "date-time", "datetime", "timestamp"])?;
            (both, both)
        }
    };
    let separator = if between == b',' {
        b','
    } else if data.contains(&b'\t') {
        b'\t'
    } else {
        b' '
    };
    Some(Columns { format: NAME, names, separator, unset: b"-".to_vec(), time })
}

impl LogFormat for W3c {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "W3C extended log whose columns the file's head names (IIS, CloudFront, Exchange)"
    }

    fn starts(&self, rest: &[u8], plan: &Plan) -> bool {
        let Some(columns) = plan.columns().filter(|columns| columns.format == NAME) else { return false };
        match rest.first() {
            Some(b'0'..=b'9') => {
                let line = first_line(&rest[..rest.len().min(2048)]);
                columns.date_and_time(line).is_some_and(|text| time::read(text).is_some())
            }
            Some(b'#') => rest.starts_with(b"#Software: ") || rest.starts_with(b"#Version: "),
            _ => false,
        }
    }

    fn extract<'a>(&self, entry: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) -> bool {
        let Some(columns) = plan.columns() else { return false };
        let line = first_line(entry);
        if line.starts_with(b"#") {
            plan.offer_named(slots, b"message", Value::plain(line));
            return true;
        }
        let Some(stamp) = columns.date_and_time(line) else { return false };
        plan.offer_named(slots, b"timestamp", Value::plain(stamp));
        plan.offer_named(slots, b"message", Value::plain(line));
        if plan.wanted() > 2 || plan.wants_body() || plan.needs().has(Role::Level) {
            for (name, text) in columns.cut(line) {
                let value = columns.typed(text);
                if name == "sc-status" && body::is_server_fault(value) && plan.needs().has(Role::Level) {
                    slots.level = Some(Level::Error);
                }
                if let Some(role) = role_name(name, text) {
                    plan.offer_named(slots, role.as_bytes(), value);
                }
                if !matches!(name, "date" | "time") {
                    plan.offer_named(slots, name.as_bytes(), value);
                }
            }
        }
        time::read(stamp).is_some()
    }

    fn fields(&self, entry: &[u8], plan: &Plan, visit: &mut dyn FnMut(&str, Value<'_>)) -> Option<usize> {
        let line = first_line(entry);
        if line.starts_with(b"#") {
            return None;
        }
        for (name, text) in plan.columns()?.cut(line) {
            visit(name, plan.columns()?.typed(text));
        }
        None
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                header: "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Fields: date time s-ip cs-method cs-uri-stem cs-username c-ip sc-status time-taken\n",
                text: "2023-12-24 03:14:23 10.0.0.5 GET /pay bob 1.2.3.4 503 20172",
                ts: Some("2023-12-24T03:14:23Z"),
                level: Some(Level::Error),
                roles: &[(Role::Status, "503"), (Role::Duration, "20172"), (Role::User, "bob")],
            },
            Sample {
                header: "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method sc-status x-edge-request-id time-taken\n2023-12-24\t",
                text: "2023-12-24\t03:14:23\tFRA2\t392\t192.0.2.100\tGET\t200\tSOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==\t0.113",
                ts: Some("2023-12-24T03:14:23Z"),
                level: None,
                roles: &[
                    (Role::Status, "200"),
                    (Role::Duration, "0.113"),
                    (Role::RequestId, "SOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ=="),
                ],
            },
        ]
    }
}

/// The role that a column plays.
fn role_name(name: &str, text: &[u8]) -> Option<&'static str> {
    Some(match name {
        "sc-status" => "status",
        // IIS counts whole milliseconds, CloudFront and the standard seconds with a fraction.
        "time-taken" if text.contains(&b'.') => "duration_s",
        "time-taken" => "duration_ms",
        "x-edge-request-id" | "sessionId" | "session-id" => "request_id",
        "cs-username" | "user" => "user",
        "s-computername" | "cs-host" | "x-host-header" => "hostname",
        _ => return None,
    })
}
