//! Laurel's JSON of the Linux audit log, whose time stands in its id: `{"ID":"1688048710.843:30826",…`.

use super::json::Json;
use super::{LogFormat, Plan, Sample};
use crate::format::time;
use crate::model::{Slots, Value};

/// Laurel.
#[derive(Debug)]
pub struct Laurel;

const OPENING: &[u8] = b"{\"ID\":\"";

/// The id: epoch seconds with milliseconds, and the serial number.
fn id(entry: &[u8]) -> Option<&[u8]> {
    let rest = entry.strip_prefix(OPENING)?;
    let end = memchr::memchr(b'"', &rest[..rest.len().min(40)])?;
    let (stamp, serial) = rest[..end].split_at_checked(14)?;
    let (_, used) = time::epoch(stamp)?;
    (used == 14 && stamp[10] == b'.' && serial.starts_with(b":")).then_some(stamp)
}

impl LogFormat for Laurel {
    fn name(&self) -> &'static str {
        "laurel"
    }

    fn about(&self) -> &'static str {
        "Laurel's JSON of the Linux audit log"
    }

    fn starts(&self, rest: &[u8], _plan: &Plan) -> bool {
        id(rest).is_some()
    }

    fn extract<'a>(&self, entry: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) -> bool {
        let Some(stamp) = id(entry) else { return false };
        plan.offer_named(slots, b"timestamp", Value::Number(stamp));
        Json.extract(entry, plan, slots)
    }

    fn fields(&self, entry: &[u8], plan: &Plan, visit: &mut dyn FnMut(&str, Value<'_>)) -> Option<usize> {
        Json.fields(entry, plan, visit)
    }

    fn names_in_text(&self) -> bool {
        true
    }

    fn gathers(&self) -> bool {
        false
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            header: "",
            text: r#"{"ID":"1688048710.843:30826","SYSCALL":{"arch":"0xc000003e","syscall":59,"success":"yes"}}"#,
            ts: Some("2023-06-29T14:25:10.843Z"),
            level: None,
            roles: &[],
        }]
    }
}
