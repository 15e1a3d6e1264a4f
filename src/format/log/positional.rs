//! Formats whose fields stand at places rather than under names: they only say how a line is cut.

use super::{Plan, body, request, text};
use crate::model::{Level, Role, Slots, Value};

/// How an entry is cut: every field goes to the function, under the name that says its role (`timestamp`,
/// `level`, `message`, `status`, `duration_ms` …) or its own. Says whether the entry was understood.
pub(super) type Split = for<'a> fn(&'a [u8], &mut dyn FnMut(&str, Value<'a>)) -> bool;

/// Makes a [`LogFormat`](super::LogFormat) of a function for its frame and one that cuts its entries.
macro_rules! positional {
    ($format:ident, $name:literal, $about:literal, $starts:path, $split:path, $samples:expr
     $(, length = $length:path)? $(, time = $time:path)?) => {
        impl $crate::format::log::LogFormat for $format {
            fn name(&self) -> &'static str {
                $name
            }

            fn about(&self) -> &'static str {
                $about
            }

            fn starts(&self, rest: &[u8], _plan: &$crate::format::log::Plan) -> bool {
                $starts(rest)
            }

            $(
                fn length(&self, rest: &[u8]) -> Option<usize> {
                    $length(rest)
                }
            )?

            $(
                fn time<'a>(&self, entry: &'a [u8]) -> Option<&'a [u8]> {
                    $time(entry)
                }
            )?

            fn extract<'a>(
                &self,
                entry: &'a [u8],
                plan: &$crate::format::log::Plan,
                slots: &mut $crate::model::Slots<'a>,
            ) -> bool {
                $crate::format::log::positional::extract($split, entry, plan, slots)
            }

            fn fields(
                &self,
                entry: &[u8],
                plan: &$crate::format::log::Plan,
                visit: &mut dyn FnMut(&str, $crate::model::Value<'_>),
            ) -> Option<usize> {
                $crate::format::log::positional::fields($split, entry, plan, visit);
                None
            }

            fn gathers(&self) -> bool {
                // What servers log of requests is one line each.
                !matches!($name, "access" | "gin" | "squid" | "haproxy" | "alb" | "s3" | "uwsgi" | "envoy")
            }

            fn samples(&self) -> &'static [$crate::format::log::Sample] {
                $samples
            }
        }
    };
}
pub(super) use positional;

/// Offers the fields of an entry to the slots, and what its message says beside its words.
pub(super) fn extract<'a>(split: Split, entry: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) -> bool {
    let mut message: Option<&'a [u8]> = None;
    let mut fault = false;
    let understood = split(entry, &mut |name, value| {
        match (name, value) {
            ("message", Value::Text(text)) => message = Some(text.raw),
            ("status", value) => fault = body::is_server_fault(value),
            _ => {}
        }
        plan.offer_named(slots, name.as_bytes(), value);
    });
    if fault && slots.level.is_none() && plan.needs().has(Role::Level) {
        slots.level = Some(Level::Error);
    }
    if let Some(message) = message {
        offer_message(message, plan, slots);
    }
    understood
}

/// Offers what a message says about level, duration, status and ids where the frame does not.
pub(super) fn offer_message<'a>(message: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) {
    if plan.needs().has(Role::Level) && slots.level.is_none() {
        slots.level = body::level(message);
    }
    if plan.wants_body() {
        text::offer_body(message, message, plan, slots);
    }
    if slots.level.is_none() && plan.needs().has(Role::Level) && plan.speaks() {
        slots.level = text::fault(message);
    }
}

/// Hands the fields of an entry to `visit`: all but those that every entry has as a role, and the pairs of its
/// message.
pub(super) fn fields(split: Split, entry: &[u8], plan: &Plan, visit: &mut dyn FnMut(&str, Value<'_>)) {
    let mut message: Option<&[u8]> = None;
    split(entry, &mut |name, value| match (name, value) {
        ("message", Value::Text(text)) => message = Some(text.raw),
        ("timestamp" | "level", _) => {}
        _ => visit(name, value),
    });
    if let Some(message) = message {
        body::pairs(message, &mut |key, value| visit(&String::from_utf8_lossy(key), value));
        request::visit(message, plan, visit);
    }
}
