//! Anything else: text, with the time and the level found where they are. The last format; it never fails.

use super::header::Header;
use super::request::{self, Request};
use super::{LogFormat, Plan, Sample, body, json};
use crate::model::{Level, Role, Slots, Value};

/// Plain text.
#[derive(Debug)]
pub struct Text;

impl LogFormat for Text {
    fn name(&self) -> &'static str {
        "text"
    }

    fn about(&self) -> &'static str {
        "text with a time, a level, a thread and a logger before its message, any of them missing (log4j, logback, Python …)"
    }

    fn starts(&self, rest: &[u8], plan: &Plan) -> bool {
        // A time where the file has it: what has none continues the entry before.
        let line = &rest[..rest.len().min(512)];
        let line = memchr::memchr(b'\n', line).map_or(line, |end| &line[..end]);
        !matches!(line.first(), None | Some(b'\t' | b'\r'))
            && plan.layout().has(line)
            // APT says of one entry when it began and when it ended.
            && !line.starts_with(b"End-Date: ")
    }

    fn extract<'a>(&self, entry: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) -> bool {
        let header = Header::of(entry, plan.layout());
        let needs = plan.needs();
        let message = message(&header, entry);
        let json = matches!(message, [b'{', b'"' | b' ', ..]) && message.trim_ascii_end().ends_with(b"}");
        if json {
            // A JSON log with a text prefix is a JSON log: what the prefix says counts where JSON says nothing.
            json::Json.extract(message, plan, slots);
        }
        visit(&header, entry, &mut |name, value| {
            if json {
                plan.offer_missing(slots, name.as_bytes(), value);
            } else {
                plan.offer_named(slots, name.as_bytes(), value);
            }
        });
        // Read once, here, rather than again from the text of the field.
        if let Some((stamp, _, _)) = header.stamp
            && needs.has(Role::Ts)
            && !(json && slots.ts.is_some())
        {
            slots.ts = plan.clock().resolve(stamp);
        }
        if !json {
            if needs.has(Role::Level) {
                match header.level {
                    Some((level, from, to)) => {
                        slots.level = Some(level);
                        slots.set(Role::Level.slot(), Value::plain(&entry[from..to]));
                    }
                    None if slots.level.is_none() => slots.level = body::level(message),
                    None => {}
                }
            }
            if plan.wants_body() {
                let from = header.end().min(entry.len());
                offer_body(&entry[from..], message, plan, slots);
            }
            if slots.level.is_none() && needs.has(Role::Level) && plan.speaks() {
                slots.level = fault(message);
            }
        }
        header.stamp.is_some() || header.level.is_some()
    }

    fn fields(&self, entry: &[u8], plan: &Plan, visit: &mut dyn FnMut(&str, Value<'_>)) -> Option<usize> {
        // Its parts have roles, not names; only those that no role speaks for are fields.
        let header = Header::of(entry, plan.layout());
        for (name, part) in header.parts() {
            if let Some((from, to)) = part {
                visit(name, Value::plain(&entry[from..to]));
            }
        }
        body::pairs(&entry[header.end().min(entry.len())..], &mut |key, value| {
            visit(&String::from_utf8_lossy(key), value);
        });
        request::visit(message(&header, entry), plan, visit);
        None
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                header: "",
                text: "2023-12-24 03:14:23 INFO  PaymentController - Processing payment for order 1",
                ts: Some("2023-12-24T03:14:23Z"),
                level: Some(Level::Info),
                roles: &[
                    (Role::Logger, "PaymentController"),
                    (Role::Message, "Processing payment for order 1"),
                ],
            },
            Sample {
                header: "",
                text: "2023-12-24 03:14:46 ERROR java.sql.SQLException: Connection is not available\n\tat x.Y(Z.java:1)\nCaused by: z",
                ts: Some("2023-12-24T03:14:46Z"),
                level: Some(Level::Error),
                roles: &[(
                    Role::Message,
                    "java.sql.SQLException: Connection is not available\n\tat x.Y(Z.java:1)\nCaused by: z",
                )],
            },
            Sample {
                header: "",
                text: "2024-02-05 09:00:00,500 [main] WARN  c.acme.Pool - near exhaustion 18/20",
                ts: Some("2024-02-05T09:00:00.500Z"),
                level: Some(Level::Warn),
                roles: &[
                    (Role::Thread, "main"),
                    (Role::Logger, "c.acme.Pool"),
                    (Role::Message, "near exhaustion 18/20"),
                ],
            },
            Sample {
                header: "",
                text: "2024-02-05 09:00:00,500 - acme.pool - CRITICAL - gone",
                ts: Some("2024-02-05T09:00:00.500Z"),
                level: Some(Level::Fatal),
                roles: &[(Role::Logger, "acme.pool"), (Role::Message, "gone")],
            },
            Sample {
                header: "",
                text: "[2024-02-05T09:00:00Z] [error] disk full",
                ts: Some("2024-02-05T09:00:00Z"),
                level: Some(Level::Error),
                roles: &[(Role::Message, "disk full")],
            },
            Sample {
                header: "",
                text: "INFO 2024/02/05 09:00:00 started in 3 ms",
                ts: Some("2024-02-05T09:00:00Z"),
                level: Some(Level::Info),
                roles: &[(Role::Message, "started in 3 ms"), (Role::Duration, "3 ms")],
            },
            Sample {
                header: "",
                text: "2024-02-05T09:00:00.123Z\terror\tinternal/queue.go:128\tExporting failed\t{\"kind\": \"exporter\", \"request_id\": \"a1\"}",
                ts: Some("2024-02-05T09:00:00.123Z"),
                level: Some(Level::Error),
                roles: &[(Role::RequestId, "a1")],
            },
            Sample {
                header: "",
                text: "[05-Feb-2024 10:00:00 Europe/Berlin] PHP Fatal error:  Uncaught Exception: x in /a.php:3\nStack trace:\n#0 {main}\n  thrown in /a.php on line 3",
                ts: Some("2024-02-05T09:00:00Z"),
                level: Some(Level::Fatal),
                roles: &[],
            },
            Sample {
                header: "",
                text: "[2024-02-05T09:00:00.123456+00:00] app.ERROR: no stock {\"order_id\":7} []",
                ts: Some("2024-02-05T09:00:00.123456Z"),
                level: Some(Level::Error),
                roles: &[(Role::Logger, "app"), (Role::Message, "no stock {\"order_id\":7} []")],
            },
            Sample {
                header: "",
                text: "E [05/Feb/2024:10:00:00 +0100] [Job 12] Stopping unresponsive job.",
                ts: Some("2024-02-05T09:00:00Z"),
                level: Some(Level::Error),
                roles: &[],
            },
            Sample {
                header: "",
                text: "2024-02-05T09:00:00.123Z| vmx| W115: no space",
                ts: Some("2024-02-05T09:00:00.123Z"),
                level: Some(Level::Warn),
                roles: &[],
            },
            Sample {
                header: "",
                text: "2024-02-05T09:00:00.130Z Er(02) vmx - no space",
                ts: Some("2024-02-05T09:00:00.130Z"),
                level: Some(Level::Error),
                roles: &[],
            },
            Sample {
                header: "",
                text: "2024-02-05-10.00.00.123456+060 I27204F655          LEVEL: Error\nPID     : 16399",
                ts: Some("2024-02-05T09:00:00.123456Z"),
                level: Some(Level::Error),
                roles: &[],
            },
            Sample {
                header: "",
                text: "#+1707123600\nls -l",
                ts: Some("2024-02-05T09:00:00Z"),
                level: None,
                roles: &[],
            },
            Sample {
                header: "",
                text: "2024-02-05T09:00:00.123Z worker {\"level\":\"warn\",\"msg\":\"slow\",\"took_ms\":12}",
                ts: Some("2024-02-05T09:00:00.123Z"),
                level: Some(Level::Warn),
                roles: &[(Role::Duration, "12")],
            },
        ]
    }
}

fn message<'a>(header: &Header, entry: &'a [u8]) -> &'a [u8] {
    entry[header.message.min(entry.len())..].trim_ascii_end()
}

/// Hands the parts of a header to `visit` under the names of their roles.
fn visit<'a>(header: &Header, entry: &'a [u8], visit: &mut dyn FnMut(&str, Value<'a>)) {
    if let Some((_, from, to)) = header.stamp {
        visit("timestamp", Value::plain(&entry[from..to]));
    }
    if let Some((_, from, to)) = header.level {
        visit("level", Value::plain(&entry[from..to]));
    }
    for (name, part) in header.parts() {
        if let Some((from, to)) = part {
            visit(name, Value::plain(&entry[from..to]));
        }
    }
    visit("message", Value::plain(message(header, entry)));
}

/// How bad it is that a request ended as the message says.
pub(super) fn fault(message: &[u8]) -> Option<Level> {
    let status = Request::of(message).status?;
    body::is_server_fault(Value::Number(status)).then_some(Level::Error)
}

/// Offers what a message says beside its words; pairs may stand before the message, too.
pub(super) fn offer_body<'a>(text: &'a [u8], message: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) {
    body::pairs(text, &mut |key, value| plan.offer_loose(slots, key, value));
    if plan.speaks() {
        Request::of(message).offer(plan, slots);
    }
    let needs = plan.needs();
    let duration_missing = needs.has(Role::Duration) && slots.duration.is_none();
    let status_missing = needs.has(Role::Status) && !slots.role(Role::Status).is_some();
    if duration_missing || status_missing {
        let (duration, status) = body::duration_and_status(message);
        if let Some(duration) = duration.filter(|_| duration_missing) {
            plan.offer_missing(slots, b"duration", Value::plain(duration));
        }
        if let Some(status) = status.filter(|_| status_missing) {
            plan.offer_missing(slots, b"status", Value::Number(status));
        }
    }
    if needs.has(Role::RequestId)
        && !slots.role(Role::RequestId).is_some()
        && let Some(id) = body::id(message)
    {
        plan.offer_missing(slots, b"request_id", Value::plain(id));
        slots.found_among_words(Role::RequestId.slot());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::log::layout::Layout;
    use crate::format::log::trace::continues_untimed;
    use crate::format::time::Clock;
    use crate::model::Needs;

    fn parts(line: &str) -> String {
        let mut out = String::new();
        let header = Header::of(line.as_bytes(), Layout::default());
        visit(&header, line.as_bytes(), &mut |name, value| {
            out = format!("{out}{name}={}|", value.text().unwrap_or_default());
        });
        out
    }

    #[test]
    fn the_message_begins_where_the_header_ends() {
        for (line, expected) in [
            (
                "2023-12-24 03:14:25 DEBUG Connection pool: 20/20 active connections",
                "timestamp=2023-12-24 03:14:25|level=DEBUG|message=Connection pool: 20/20 active connections|",
            ),
            ("hello there", "message=hello there|"),
            ("error: no such file", "level=error|message=no such file|"),
            (
                "2024-02-05 09:00:00.123  INFO 1 --- [nio-8080-exec-1] c.acme.Pay : paid",
                "timestamp=2024-02-05 09:00:00.123|level=INFO|thread=nio-8080-exec-1|logger=c.acme.Pay|message=paid|",
            ),
            (
                "2024-05-14T08:52:04.491Z DEBUG 1 --- [store] [io-8080-exec-15] [01J2VEW8X8643XNXKT62PRM36S] i.a.Repo  : query executed (took: 7.7 ms)",
                "timestamp=2024-05-14T08:52:04.491Z|level=DEBUG|thread=io-8080-exec-15|logger=i.a.Repo|service=store|request_id=01J2VEW8X8643XNXKT62PRM36S|message=query executed (took: 7.7 ms)|",
            ),
            (
                "2024-05-14 08:52:04,317 DEBUG [exec-1] [traceId=] i.a.id.HealthProbe - GET /healthz 200",
                "timestamp=2024-05-14 08:52:04,317|level=DEBUG|thread=exec-1|logger=i.a.id.HealthProbe|message=GET /healthz 200|",
            ),
            (
                "2024-02-05 09:00:00 INFO payload: {\"a\": 1}",
                "timestamp=2024-02-05 09:00:00|level=INFO|logger=payload|message={\"a\": 1}|",
            ),
            (
                "[2024-02-05 09:00:00,123: WARNING/ForkPoolWorker-1] task x",
                "timestamp=2024-02-05 09:00:00,123|level=WARNING|thread=ForkPoolWorker-1|message=task x|",
            ),
            (
                "2024-02-05 09:00:00 [Server thread/INFO]: Starting",
                "timestamp=2024-02-05 09:00:00|level=INFO|thread=Server thread|message=Starting|",
            ),
            (
                "=ERROR REPORT==== 5-Feb-2024::09:00:01 ===",
                "timestamp=5-Feb-2024::09:00:01|level=ERROR|message====|",
            ),
            (
                "2022/06/27 11:51:43 cmd/web.go:102:runWeb() [E] x",
                "timestamp=2022/06/27 11:51:43|level=E|message=cmd/web.go:102:runWeb() [E] x|",
            ),
            ("2024-02-05T09:00:00Z", "timestamp=2024-02-05T09:00:00Z|message=|"),
            (
                "2015-07-29 17:41:44,747 - INFO  [main:Cxn@774] - Notification time out: 3200",
                "timestamp=2015-07-29 17:41:44,747|level=INFO|thread=main:Cxn@774|message=Notification time out: 3200|",
            ),
            (
                "a.log.1 2017-05-16 00:00:00.008 25746 INFO nova.wsgi.server [req-38101a0b 11 - -] 10.1 \"GET\"",
                "timestamp=2017-05-16 00:00:00.008|level=INFO|logger=nova.wsgi.server|request_id=req-38101a0b|message=10.1 \"GET\"|",
            ),
            (
                "2022-02-14 18:01:07.092 Warn Server: AUTH-ERROR: x",
                "timestamp=2022-02-14 18:01:07.092|level=Warn|logger=Server|message=AUTH-ERROR: x|",
            ),
        ] {
            assert_eq!(parts(line), expected, "{line}");
        }
    }

    #[test]
    fn what_has_no_time_continues() {
        let plan = Plan::new(&Needs::none(), Clock::default(), &[]);
        for line in ["\tat x.Y(Z.java:1)", "Caused by: z", "java.sql.SQLException: x", "", "\n", "12345 rows"]
        {
            assert!(!Text.starts(line.as_bytes(), &plan), "{line}");
        }
        assert!(
            !continues_untimed(b"Server started")
                && continues_untimed(b"  indented")
                && continues_untimed(b"Caused by: x")
        );
    }
}
