//! Logs of supercomputers in the form of Sandia's and LLNL's archives (BlueGene/L, Thunderbird, Spirit, Liberty):
//! `- 1117838570 2005.06.03 R02-M1 2005-06-03-15.42.50.675872 R02-M1 RAS KERNEL INFO message`.

use super::Sample;
use super::positional::positional;
use super::words::{Words, first_line};
use crate::format::time;
use crate::model::{Level, Role, Value};

/// An alert's label, the epoch second, the date, the node, and the line as the node wrote it.
#[derive(Debug)]
pub struct Cluster;

positional!(
    Cluster,
    "cluster",
    "logs of supercomputers with an alert label and epoch seconds before each line",
    starts,
    split,
    &[
        Sample {
            header: "",
            text: "- 1117838570 2005.06.03 R02-M1-N0-C:J12-U11 2005-06-03-15.42.50.675872 R02-M1-N0-C:J12-U11 RAS KERNEL INFO instruction cache parity error corrected",
            ts: Some("2005-06-03T22:42:50Z"),
            level: Some(Level::Info),
            roles: &[
                (Role::Host, "R02-M1-N0-C:J12-U11"),
                (Role::Logger, "KERNEL"),
                (Role::Message, "instruction cache parity error corrected"),
            ],
        },
        Sample {
            header: "",
            text: "- 1131566461 2005.11.09 dn228 Nov 9 12:01:01 dn228/dn228 crond(pam_unix)[2915]: session closed for user root",
            ts: Some("2005-11-09T20:01:01Z"),
            level: None,
            roles: &[
                (Role::Host, "dn228"),
                (Role::Service, "crond(pam_unix)"),
                (Role::Message, "session closed for user root"),
            ],
        },
    ]
);

/// Where the epoch second starts, behind the label.
fn epoch_at(rest: &[u8]) -> Option<usize> {
    let label = memchr::memchr(b' ', &rest[..rest.len().min(24)])?;
    let known = rest[..label]
        .iter()
        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'));
    let tail = rest.get(label + 1..label + 23)?;
    let fits = known
        && label > 0
        && tail[..10].iter().all(u8::is_ascii_digit)
        && tail[10] == b' '
        && tail[15] == b'.'
        && tail[18] == b'.'
        && tail[21] == b' ';
    fits.then_some(label + 1)
}

fn starts(rest: &[u8]) -> bool {
    epoch_at(rest).is_some()
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let line = first_line(entry);
    let Some(at) = epoch_at(line) else { return false };
    // The epoch second is an instant; the local time beside it has no zone.
    put("timestamp", Value::Number(&line[at..at + 10]));
    if line[0] != b'-' {
        put("label", Value::plain(&line[..at - 1]));
    }
    let mut words = Words::at(line, at + 22);
    put("node", words.word().map_or(Value::Absent, Value::plain));
    words.blanks();
    let Some((_, used)) = time::read(words.remaining()) else { return true };
    let local = used > 22;
    words.skip(used);
    let Some(_) = words.word() else { return true };
    if local {
        // BlueGene/L: type, component and level.
        put("type", words.word().map_or(Value::Absent, Value::plain));
        put("component", words.word().map_or(Value::Absent, Value::plain));
        put("level", words.word().map_or(Value::Absent, Value::plain));
    } else {
        let rest = words.rest();
        let end = memchr::memmem::find(&rest[..rest.len().min(100)], b": ");
        if let Some(end) = end {
            let tag = &rest[..end];
            let open = memchr::memchr(b'[', tag).unwrap_or(end);
            put("program", Value::plain(&tag[..open]));
            if let Some(pid) = tag.get(open + 1..).and_then(|pid| pid.strip_suffix(b"]")) {
                put("pid", Value::plain(pid));
            }
            words.blanks();
            words.skip(end + 1);
        }
    }
    words.blanks();
    put("message", Value::plain(entry[words.place()..].trim_ascii_end()));
    true
}
