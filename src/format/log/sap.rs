//! SAP: traces of the Java server (`#2.0#2024 03 05 10:10:11:123#+0000#Error#…`) and the security audit log
//! (`2AU120240305101011…`). Traces of work processes are text.

use super::Sample;
use super::positional::positional;
use super::words::first_line;
use crate::model::{Level, Role, Value};

/// The list format of the AS Java's traces.
#[derive(Debug)]
pub struct SapTrace;

positional!(
    SapTrace,
    "sap-trace",
    "traces of SAP's Java server (defaultTrace)",
    starts_trace,
    split_trace,
    &[
        Sample {
            header: "",
            text: "#2.0#2024 03 05 11:10:11:123#+0100#Error#com.sap.engine.Pay#BC-JAS#kernel#C000#12##no#",
            ts: Some("2024-03-05T10:10:11.123Z"),
            level: Some(Level::Error),
            roles: &[(Role::Logger, "com.sap.engine.Pay")],
        },
        Sample {
            header: "",
            text: "#1.5 #000C29B0C8DE00#1709633411123#/System/Server#sap.com/x#com.sap.Pay#Guest#0##web1##Thread[1]##0#0#Info#1#x#Plain###started#",
            ts: Some("2024-03-05T10:10:11.123Z"),
            level: Some(Level::Info),
            roles: &[],
        },
    ]
);

fn starts_trace(rest: &[u8]) -> bool {
    matches!(rest.get(..5), Some([b'#', b'1'..=b'9', b'.', b'0'..=b'9', b'#' | b' ']))
}

fn split_trace<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let line = first_line(entry);
    let parts: Vec<&[u8]> = line.split(|b| *b == b'#').take(40).collect();
    let dated = parts.get(2).filter(|part| part.len() == 23 && part[4] == b' ' && part[10] == b' ');
    let severity =
        |part: &&[u8]| part.len() > 3 && part[0].is_ascii_uppercase() && Level::from_word(part).is_some();
    let level = parts.iter().skip(3).position(severity);
    if let Some(level) = level {
        put("level", Value::plain(parts[level + 3]));
    }
    put("message", Value::plain(entry.trim_ascii_end()));
    if dated.is_some() {
        // The date, the time and, behind a sign of the list, the offset.
        let from = parts[0].len() + parts[1].len() + 2;
        let offset = parts.get(3).filter(|part| matches!(part.first(), Some(b'+' | b'-')));
        let end = from + 23 + offset.map_or(0, |offset| offset.len() + 1);
        put("timestamp", Value::plain(&line[from..end.min(line.len())]));
        if let Some(name) = parts.get(5) {
            put("logger", Value::plain(name));
        }
        return true;
    }
    let millis = parts.iter().find(|part| part.len() == 13 && part.iter().all(u8::is_ascii_digit));
    if let Some(millis) = millis {
        put("timestamp", Value::Number(millis));
    }
    millis.is_some()
}

/// The security audit log of the ABAP server.
#[derive(Debug)]
pub struct SapAudit;

positional!(
    SapAudit,
    "sap-audit",
    "SAP's security audit log",
    starts_audit,
    split_audit,
    &[Sample {
        header: "",
        text: "2AU120240305101011002471100000D1web1                           SAPMSSY1 0201R&0 x",
        ts: Some("2024-03-05T10:10:11Z"),
        level: None,
        roles: &[],
    }]
);

fn starts_audit(rest: &[u8]) -> bool {
    let Some(head) = rest.get(..20) else { return false };
    matches!(head[..4], [b'2' | b'3', b'A'..=b'E', b'A'..=b'Z', b'0'..=b'9' | b'A'..=b'Z'])
        && head[4..18].iter().all(u8::is_ascii_digit)
        && matches!(head[4..6], [b'1', b'9'] | [b'2', b'0'])
}

fn split_audit<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    if !starts_audit(entry) {
        return false;
    }
    put("timestamp", Value::plain(&entry[4..18]));
    put("event_id", Value::plain(&entry[1..4]));
    put("message", Value::plain(entry[18..].trim_ascii()));
    true
}
