//! Windows' events as text, in English and in German: as the Event Viewer copies them, as `wevtutil /f:text` and
//! `Get-WinEvent | Format-List` print them.

use super::positional::{self, Split};
use super::words::first_line;
use super::{LogFormat, Plan, Sample};
use crate::format::time;
use crate::model::{Level, Role, Slots, Value};

/// An event of Windows' event log as text.
#[derive(Debug)]
pub struct WindowsEventText;

/// What the labels mean: the name of the field, and what tools call it.
const LABELS: &[(&str, &[&str])] = &[
    ("timestamp", &["Date", "Datum", "TimeCreated", "TimeGenerated"]),
    ("level", &["Level", "Ebene", "LevelDisplayName", "EntryType"]),
    ("logger", &["Source", "Quelle", "ProviderName"]),
    ("host", &["Computer", "MachineName"]),
    ("user", &["User", "Benutzer", "User Name", "Benutzername", "UserName"]),
    ("channel", &["Log Name", "Protokollname", "LogName"]),
    ("event_id", &["Event ID", "Ereignis-ID", "Id", "EventID", "InstanceId"]),
    ("task", &["Task Category", "Aufgabenkategorie", "Task", "Aufgabe", "TaskDisplayName"]),
    ("keywords", &["Keywords", "Keyword", "Schlüsselwörter", "Schlüsselwort", "KeywordsDisplayNames"]),
    ("message", &["Description", "Beschreibung", "Message"]),
];

/// Labels that mean nothing here, but end what stands before them in a list.
const OTHERS: [&str; 21] = [
    "Opcode",
    "Vorgangscode",
    "Version",
    "Qualifiers",
    "RecordId",
    "ProviderId",
    "ProcessId",
    "ThreadId",
    "UserId",
    "ActivityId",
    "RelatedActivityId",
    "ContainerLog",
    "MatchedQueryIds",
    "Bookmark",
    "OpcodeDisplayName",
    "Properties",
    "Index",
    "Category",
    "CategoryNumber",
    "ReplacementStrings",
    "TimeWritten",
];

/// What Windows calls levels (winmeta.xml's display names; `EventLogEntryType`).
const LEVELS: &[(&str, &str)] = &[
    ("Critical", "critical"),
    ("Kritisch", "critical"),
    ("Error", "error"),
    ("Fehler", "error"),
    ("Warning", "warning"),
    ("Warnung", "warning"),
    ("Information", "info"),
    ("Informationen", "info"),
    ("Verbose", "debug"),
    ("Ausführlich", "debug"),
    ("FailureAudit", "warning"),
    ("SuccessAudit", "info"),
];

/// A line that begins with a label: the field, empty if it means nothing here, and what stands behind the colon.
fn label(line: &[u8]) -> Option<(&'static str, &[u8])> {
    let colon = memchr::memchr(b':', &line[..line.len().min(40)])?;
    let name = std::str::from_utf8(&line[..colon]).ok()?.trim();
    let field = LABELS.iter().find(|(_, names)| names.contains(&name)).map(|(field, _)| *field);
    let field = field.or_else(|| OTHERS.contains(&name).then_some(""))?;
    Some((field, &line[colon + 1..]))
}

/// How an event is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Labels, the description last and to the end.
    Page,
    /// Labels before a column of colons, in any order; values go on in lines that are indented.
    List,
}

/// How an event may begin.
const OPENINGS: [&[u8]; 7] =
    [b"Log Name:", b"Protokollname:", b"Event[", b"Ereignis[", b"TimeCreated ", b"Message  ", b"Index  "];

fn kind(rest: &[u8]) -> Option<Kind> {
    if !OPENINGS.iter().any(|opening| rest.starts_with(opening)) {
        return None;
    }
    let line = first_line(&rest[..rest.len().min(400)]);
    let next = first_line(rest.get(memchr::memchr(b'\n', rest)? + 1..)?);
    if let Some(number) = line.strip_prefix(b"Event[").or_else(|| line.strip_prefix(b"Ereignis[")) {
        let named = label(next).is_some_and(|(field, _)| field == "channel");
        return (number.first()?.is_ascii_digit() && named).then_some(Kind::Page);
    }
    let (field, _) = label(line)?;
    let following = label(next).map(|(field, _)| field);
    let padded = memchr::memchr(b':', line).is_some_and(|colon| line[..colon].ends_with(b" "));
    match (field, following, padded) {
        ("channel", Some("logger"), false) => Some(Kind::Page),
        ("timestamp", Some(next), true) if !next.is_empty() => Some(Kind::List),
        ("", Some("level"), true) => Some(Kind::List),
        // `Format-List *` begins with the message, whose lines are indented as far as the first is, and the id.
        ("message", _, true) => {
            let behind = list_value_end(rest, memchr::memchr(b'\n', rest)? + 1);
            let (field, _) = label(first_line(&rest[behind..]))?;
            (field == "event_id").then_some(Kind::List)
        }
        _ => None,
    }
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let Some(kind) = kind(entry) else { return false };
    let mut timed = false;
    let mut levelled = false;
    let mut at = 0;
    while at < entry.len() {
        let end = memchr::memchr(b'\n', &entry[at..]).map_or(entry.len(), |length| at + length);
        let found = label(&entry[at..end]);
        at = end + 1;
        let Some((field, value)) = found else { continue };
        let value = value.trim_ascii();
        match field {
            "message" if kind == Kind::Page => {
                let rest = entry.get(end..).unwrap_or_default();
                let said = if value.is_empty() { rest } else { &entry[end - value.len()..] };
                put("message", Value::plain(said.trim_ascii()));
                return timed;
            }
            "message" => {
                let from = end - entry[..end].iter().rev().take_while(|b| b.is_ascii_whitespace()).count();
                let start = from - value.len();
                let to = list_value_end(entry, at);
                put("message", Value::plain(entry[start..to.max(from)].trim_ascii_end()));
            }
            "timestamp" => {
                timed |= time::read(value).is_some();
                put("timestamp", Value::plain(value));
            }
            "level" if !levelled => {
                let known = |(name, _): &&(&str, &str)| name.as_bytes() == value;
                if let Some((_, level)) = LEVELS.iter().find(known) {
                    levelled = true;
                    put("level", Value::plain(level.as_bytes()));
                }
            }
            "" | "level" => {}
            _ if value.is_empty() || matches!(value, b"N/A" | b"Nicht zutreffend" | b"None" | b"Keine") => {}
            _ => put(field, Value::plain(value)),
        }
    }
    timed
}

/// Where a list's value ends that goes on at `at`: before the next label.
fn list_value_end(entry: &[u8], mut at: usize) -> usize {
    while at < entry.len() {
        let end = memchr::memchr(b'\n', &entry[at..]).map_or(entry.len(), |length| at + length);
        let line = &entry[at..end];
        if !line.trim_ascii().is_empty() && !line[0].is_ascii_whitespace() {
            break;
        }
        at = end + 1;
    }
    at.min(entry.len())
}

const SPLIT: Split = split;

impl LogFormat for WindowsEventText {
    fn name(&self) -> &'static str {
        "windows-event-text"
    }

    fn about(&self) -> &'static str {
        "events of Windows as text, in English and German (Event Viewer, wevtutil, Get-WinEvent)"
    }

    fn starts(&self, rest: &[u8], _plan: &Plan) -> bool {
        kind(rest).is_some()
    }

    fn length(&self, rest: &[u8]) -> Option<usize> {
        kind(rest)?;
        // Descriptions have empty lines in them: an event ends where the next one begins.
        let starts = memchr::memchr_iter(b'\n', rest).map(|end| end + 1);
        let next = starts.into_iter().find(|at| kind(&rest[*at..]).is_some());
        Some(next.map_or(rest.len(), |at| at - 1))
    }

    fn time<'a>(&self, entry: &'a [u8]) -> Option<&'a [u8]> {
        let mut found = None;
        split(entry, &mut |name, value| {
            if let ("timestamp", Value::Text(text)) = (name, value) {
                found = Some(text.raw);
            }
        });
        found
    }

    fn extract<'a>(&self, entry: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) -> bool {
        positional::extract(SPLIT, entry, plan, slots)
    }

    fn fields(&self, entry: &[u8], plan: &Plan, visit: &mut dyn FnMut(&str, Value<'_>)) -> Option<usize> {
        positional::fields(SPLIT, entry, plan, visit);
        None
    }

    fn samples(&self) -> &'static [Sample] {
        SAMPLES
    }
}

const SAMPLES: &[Sample] = &[
    Sample {
        header: "",
        text: "Log Name:      Application\nSource:        .NET Runtime\nDate:          15/03/2024 13:10:11\nEvent ID:      1026\nTask Category: None\nLevel:         Error\nKeywords:      Classic\nUser:          N/A\nComputer:      WEB1.example\nDescription:\nApplication: Till.exe\n\nException Info: System.X\n   at Acme.Till.Pay()\n",
        ts: Some("2024-03-15T13:10:11Z"),
        level: Some(Level::Error),
        roles: &[
            (Role::Host, "WEB1.example"),
            (Role::Logger, ".NET Runtime"),
            (Role::Message, "Application: Till.exe\n\nException Info: System.X\n   at Acme.Till.Pay()"),
        ],
    },
    Sample {
        header: "",
        text: "Protokollname: System\nQuelle:        disk\nDatum:         15.03.2024 13:10:11\nEreignis-ID:   7\nAufgabenkategorie:Keine\nEbene:         Fehler\nSchlüsselwörter:Klassisch\nBenutzer:      Nicht zutreffend\nComputer:      WEB1\nBeschreibung:\nDas Gerät hat einen fehlerhaften Block.",
        ts: Some("2024-03-15T13:10:11Z"),
        level: Some(Level::Error),
        roles: &[(Role::Host, "WEB1"), (Role::Message, "Das Gerät hat einen fehlerhaften Block.")],
    },
    Sample {
        header: "",
        text: "Event[0]:\n  Log Name: Application\n  Source: MsiInstaller\n  Date: 2024-03-15T13:10:11.123\n  Event ID: 1033\n  Task: N/A\n  Level: Warning\n  Opcode: Info\n  Keyword: Classic\n  User: S-1-5-18\n  User Name: NT AUTHORITY\\SYSTEM\n  Computer: WEB1\n  Description: \ndisk is slow",
        ts: Some("2024-03-15T13:10:11.123Z"),
        level: Some(Level::Warn),
        roles: &[(Role::Host, "WEB1"), (Role::Message, "disk is slow")],
    },
    Sample {
        header: "",
        text: "TimeCreated  : 15.03.2024 13:10:11\nProviderName : Service Control Manager\nId           : 7036\nMessage      : The service entered\n               the stopped state.",
        ts: Some("2024-03-15T13:10:11Z"),
        level: None,
        roles: &[
            (Role::Logger, "Service Control Manager"),
            (Role::Message, "The service entered\n               the stopped state."),
        ],
    },
    Sample {
        header: "",
        text: "TimeCreated      : 15.03.2024 13:10:11\nLevelDisplayName : Warnung\nMessage          : langsam",
        ts: Some("2024-03-15T13:10:11Z"),
        level: Some(Level::Warn),
        roles: &[(Role::Message, "langsam")],
    },
    Sample {
        header: "",
        text: "Index              : 12345\nEntryType          : Error\nInstanceId         : 1000\nMessage            : Faulting application\nCategory           : (100)\nSource             : Application Error\nTimeGenerated      : 3/15/2024 1:10:11 PM\nUserName           : ",
        ts: Some("2024-03-15T13:10:11Z"),
        level: Some(Level::Error),
        roles: &[(Role::Message, "Faulting application"), (Role::Logger, "Application Error")],
    },
    Sample {
        header: "",
        text: "Message              : no\nId                   : 1026\nLevel                : 2\nProviderName         : .NET Runtime\nMachineName          : WEB1\nTimeCreated          : 3/15/2024 1:10:11 PM\nLevelDisplayName     : Error\nProperties           : {x}",
        ts: Some("2024-03-15T13:10:11Z"),
        level: Some(Level::Error),
        roles: &[(Role::Message, "no"), (Role::Host, "WEB1")],
    },
];
