//! Log formats: one file each, one line in [`LOG_FORMATS`].

pub mod access;
mod added;
pub mod apache_error;
pub mod auditd;
pub mod aws;
pub mod behaviour;
mod body;
pub mod cef;
pub mod chromium;
pub mod cluster;
pub mod cmtrace;
mod colour;
mod columns;
mod contents;
pub mod cri;
pub mod csv;
mod dates;
pub mod dmesg;
pub mod docker;
pub mod dotnet;
pub mod durations;
pub mod envelope;
pub mod envoy;
pub mod gin;
pub mod haproxy;
mod header;
pub mod ids;
pub mod journal;
pub mod journal_verbose;
pub mod json;
pub mod jul;
pub mod k6;
pub mod klog;
pub mod lambda;
pub mod laurel;
mod layer;
mod layout;
pub mod logcat;
pub mod logfmt;
pub mod mask;
pub mod modsecurity;
pub mod mysql;
mod named;
pub mod names;
pub mod nginx_error;
pub mod normal;
mod noted;
pub mod ossec;
pub mod own;
mod places;
pub mod plan;
mod positional;
pub mod postgres;
pub mod prefix;
pub mod reader;
pub mod records;
pub mod redis;
mod request;
pub mod ruby;
pub mod sap;
mod severity;
mod span;
pub mod squid;
pub mod stamp;
pub mod survey;
pub mod syslog;
pub mod text;
mod trace;
mod usual;
pub mod uwsgi;
pub mod w3c;
pub mod wanted;
pub mod weblogic;
pub mod websphere;
pub mod winevent;
pub mod winevent_text;
mod words;
pub mod wrapping;
pub mod xml;
pub mod zeek;

use std::borrow::Cow;
use std::fmt::Debug;

pub use named::word;
pub use plan::Plan;
pub use reader::Reader;
pub use survey::{Profile, Survey};

use crate::model::{Level, Role, Slots, Value};

/// A log format: says where its entries start, and takes from them what is wanted.
///
/// All of it is total: any bytes are survived.
pub trait LogFormat: Debug + Send + Sync {
    /// The name for `--format` and in output.
    fn name(&self) -> &'static str;

    /// One sentence for `obs formats list`.
    fn about(&self) -> &'static str;

    /// Does an entry of this format start here? `rest` begins at the start of a line and may go on for
    /// many. Looks at the frame only, a few bytes for most formats: it is asked for every line. `plan` knows
    /// what the file's header said.
    fn starts(&self, rest: &[u8], plan: &Plan) -> bool;

    /// For formats that carry lines of other formats: how far outside they stand. What they carry stands further
    /// inside, which bounds how deep lines nest. 0 carries nothing.
    fn layer(&self) -> u8 {
        0
    }

    /// How long the entry is that starts here, for formats whose entries only several lines tell.
    fn length(&self, _rest: &[u8]) -> Option<usize> {
        None
    }

    /// The text of an entry's time, for formats that write it somewhere below the first line: dates in numbers are told
    /// by each other.
    fn time<'a>(&self, _entry: &'a [u8]) -> Option<&'a [u8]> {
        None
    }

    /// Are its entries rows under the names that the file's head gives to columns?
    fn is_table(&self) -> bool {
        false
    }

    /// The entry that this entry carries, its lines put together; borrowed where it stands there as it is.
    fn inner<'a>(&self, _entry: &'a [u8], _plan: &Plan) -> Option<Cow<'a, [u8]>> {
        None
    }

    /// For formats that carry lines: is what `line` carries only a part, which `next` goes on with?
    fn goes_on(&self, _line: &[u8], _next: &[u8]) -> bool {
        false
    }

    /// For formats that carry lines: do these two come from different programs, so that neither goes on with the
    /// other?
    fn is_of_another(&self, _line: &[u8], _before: &[u8]) -> bool {
        false
    }

    /// Puts what `plan` wants of `entry` into `slots`, and says whether the entry was understood as this
    /// format's. `entry` holds the continuation lines too, without the last line's end.
    fn extract<'a>(&self, entry: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) -> bool;

    /// Hands every field of `entry` to `visit` under its own name, in the order of the text; nested values
    /// as one. Returns where in the entry reading stopped, if that was before its end.
    fn fields(&self, entry: &[u8], plan: &Plan, visit: &mut dyn FnMut(&str, Value<'_>)) -> Option<usize>;

    /// Are a field's names written in the entry, so that an entry without the name has no such field?
    fn names_in_text(&self) -> bool {
        false
    }

    /// Do lines that start no entry of any format belong to the entry of this format before them, even if they
    /// have no sign of going on? Formats of whole lines say no: what stands between is something else.
    fn gathers(&self) -> bool {
        true
    }

    /// The zone of its times that have no offset, where a person said so.
    fn zone(&self) -> Option<chrono_tz::Tz> {
        None
    }

    /// The fields that play roles in this format, where a person said so.
    fn roles(&self) -> &[(Role, Vec<String>)] {
        &[]
    }

    /// Entries of this format and what they mean, as tests and as documentation.
    fn samples(&self) -> &'static [Sample];
}

/// A sample entry and what it must be understood as.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// What stands at the head of the file, for formats that name their fields there.
    pub header: &'static str,
    /// The entry.
    pub text: &'static str,
    /// Its time, as `Timestamp` displays it; read with UTC as the zone.
    pub ts: Option<&'static str>,
    /// Its level.
    pub level: Option<Level>,
    /// Some of its roles, as text.
    pub roles: &'static [(Role, &'static str)],
}

/// Every log format, the most specific first; `text` understands what the others leave.
pub static LOG_FORMATS: &[&dyn LogFormat] = &[
    &envelope::Envelope { within: false },
    &docker::Docker,
    &cri::Cri,
    &stamp::Stamped,
    &laurel::Laurel,
    &k6::K6,
    &envelope::Envelope { within: true },
    &json::Json,
    &w3c::W3c,
    &zeek::Zeek,
    &k6::K6Csv,
    &csv::Csv,
    &haproxy::Haproxy,
    &access::Access,
    &klog::Klog,
    &postgres::PostgresCsv,
    &postgres::Postgres,
    &mysql::MysqlError,
    &mysql::MysqlGeneral,
    &mysql::MysqlSlow,
    &redis::Redis,
    &nginx_error::NginxError,
    &apache_error::ApacheError,
    &aws::Alb,
    &aws::S3,
    &squid::Squid,
    &uwsgi::Uwsgi,
    &gin::Gin,
    &logcat::Logcat,
    &lambda::Lambda,
    &envoy::Envoy,
    &cluster::Cluster,
    &auditd::Auditd,
    &cef::Cef,
    &cmtrace::CmTrace,
    &chromium::Chromium,
    &weblogic::WebLogic,
    &websphere::WebSphere,
    &ossec::Ossec,
    &modsecurity::ModSecurity,
    &sap::SapTrace,
    &sap::SapAudit,
    &dmesg::Dmesg,
    &jul::JavaUtilLogging,
    &dotnet::Dotnet,
    &ruby::Ruby,
    &xml::XmlEvent,
    &winevent::WindowsEvent,
    &winevent_text::WindowsEventText,
    &journal::Journal,
    &journal_verbose::JournalVerbose,
    &logfmt::Logfmt,
    &prefix::Prefix,
    &syslog::Syslog,
    &text::Text,
];

/// The format of that name.
pub fn by_name(name: &str) -> Option<&'static dyn LogFormat> {
    LOG_FORMATS.iter().copied().find(|format| format.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::time::Clock;
    use crate::model::{Desk, Needs};

    impl Sample {
        fn plan(&self, needs: &Needs, clock: Clock) -> Plan {
            let head = self.header.as_bytes();
            let columns = w3c::header(head).or_else(|| zeek::header(head)).or_else(|| csv::header(head));
            let names = match &columns {
                Some(columns) => columns.names.clone(),
                None => survey::survey(&[head]).keys,
            };
            let plan = Plan::new(needs, clock, &names).with_columns(columns);
            let learned = wrapping::Wrapping::learn(&[head], LOG_FORMATS, &plan);
            plan.with_wrapping(learned)
        }
    }

    fn all_roles() -> Needs {
        let mut needs = Needs::none();
        for role in Role::ALL {
            needs.role(role);
        }
        needs
    }

    #[test]
    fn samples_are_understood_and_nobody_steals_them() {
        let clock = Clock { latest: crate::model::Timestamp::new(1_704_000_000, 0), ..Clock::default() };
        let needs = all_roles();
        for format in LOG_FORMATS {
            for sample in format.samples() {
                let text = sample.text.as_bytes();
                let plan = sample.plan(&needs, clock);
                let taker =
                    LOG_FORMATS.iter().find(|format| format.starts(text, &plan)).unwrap_or(&LOG_FORMATS[0]);
                assert_eq!(taker.name(), format.name(), "{}", sample.text);
                let desk = Desk::default();
                let mut slots = Slots::new(&needs);
                slots.use_desk(&desk);
                assert!(format.extract(text, &plan, &mut slots), "{}", sample.text);
                assert_eq!(slots.ts.map(|ts| ts.to_string()).as_deref(), sample.ts, "{}", sample.text);
                assert_eq!(slots.level, sample.level, "{}", sample.text);
                for (role, expected) in sample.roles {
                    assert_eq!(
                        slots.role(*role).text().as_deref(),
                        Some(*expected),
                        "{role:?} of {}",
                        sample.text
                    );
                }
            }
        }
    }

    /// What every format must survive: each sample cut at every byte, and with every byte replaced.
    #[test]
    fn damage_is_survived() {
        let needs = all_roles();
        for format in LOG_FORMATS {
            assert!(!format.samples().is_empty(), "{} has no sample that could be damaged", format.name());
            for sample in format.samples() {
                let text = sample.text.as_bytes();
                let plan = sample.plan(&needs, Clock::default());
                for at in 0..text.len() {
                    for damaged in [None, Some(0), Some(0xFF), Some(b'"'), Some(b'\\'), Some(b'{')] {
                        let mut bytes = text.to_vec();
                        match damaged {
                            None => bytes.truncate(at),
                            Some(byte) => bytes[at] = byte,
                        }
                        let desk = Desk::default();
                        let mut slots = Slots::new(&needs);
                        slots.use_desk(&desk);
                        // What is cut may look like anything; what is replaced is read by its own format and by text.
                        let own: [&dyn LogFormat; 2] = [*format, &text::Text];
                        let readers = if damaged.is_none() { LOG_FORMATS } else { &own };
                        for format in readers {
                            slots.clear();
                            format.starts(&bytes, &plan);
                            format.extract(&bytes, &plan, &mut slots);
                            format.inner(&bytes, &plan);
                            format.goes_on(&bytes, &bytes);
                            format.fields(&bytes, &plan, &mut |_, value| {
                                value.text();
                            });
                        }
                    }
                }
            }
        }
    }

    /// What stands behind a damaged entry is read as if nothing had happened.
    #[test]
    fn the_entry_after_damage_is_intact() {
        let needs = all_roles();
        let mut lost = Vec::new();
        for format in LOG_FORMATS {
            for sample in format.samples() {
                let head =
                    if sample.header.is_empty() { String::new() } else { format!("{}\n", sample.header) };
                let text = sample.text;
                let whole = format!("{head}{text}\n{text}\n{text}\n");
                let profile = survey::survey(&[whole.as_bytes()]);
                let latest = crate::model::Timestamp::new(1_704_000_000, 0);
                let reader = Reader::new(&profile, &needs, &reader::ReadOptions::default(), latest, None);
                let desk = Desk::default();
                let read = |bytes: &[u8]| {
                    let mut slots = Slots::new(&needs);
                    slots.use_desk(&desk);
                    let understood = reader.extract(bytes, &mut slots);
                    let message = slots.role(Role::Message).text().map(Cow::into_owned);
                    (understood, slots.ts, slots.level, message)
                };
                let intact = read(text.as_bytes());
                for at in 0..text.len() {
                    for damage in [None, Some(0), Some(0xFF), Some(b'"')] {
                        let mut bytes = whole.clone().into_bytes();
                        match damage {
                            Some(byte) => bytes[head.len() + at] = byte,
                            None => {
                                bytes.drain(head.len() + at..head.len() + text.len());
                            }
                        }
                        let next = bytes.len() - 2 * (text.len() + 1);
                        let before = bytes[..next - 1].rsplit(|b| *b == b'\n').next().unwrap_or_default();
                        if format.goes_on(before, &bytes[next..]) {
                            // Of a line that is written in parts the next is the rest, whatever it was.
                            continue;
                        }
                        let starts = reader.starts(&bytes, next);
                        if !starts || read(&bytes[next..next + text.len()]) != intact {
                            lost.push(format!("{} {at} {damage:?} {starts} {text}", format.name()));
                            break;
                        }
                    }
                }
            }
        }
        assert!(lost.is_empty(), "{} lost: {:#?}", lost.len(), &lost[..lost.len().min(40)]);
    }
}
