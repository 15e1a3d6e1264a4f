//! Log formats: one file each, one line in [`LOG_FORMATS`].

pub mod access;
pub mod json;
pub mod logfmt;
pub mod names;
pub mod plan;
pub mod reader;
pub mod survey;
pub mod text;

use std::fmt::Debug;

pub use plan::Plan;
pub use reader::Reader;
pub use survey::{Profile, Survey};

use crate::model::{Level, Role, Slots, Value};

/// A log format: says where its entries start, and takes from them what is wanted.
///
/// Both are total: any bytes are survived.
pub trait LogFormat: Debug + Send + Sync {
    /// The name for `--format` and in output.
    fn name(&self) -> &'static str;

    /// One sentence for `obs formats list`.
    fn about(&self) -> &'static str;

    /// Does an entry of this format start here? `rest` begins at the start of a line and may go on for
    /// many. Looks at the frame only, a few bytes for most formats: it is asked for every line.
    fn starts(&self, rest: &[u8]) -> bool;

    /// Puts what `plan` wants of `entry` into `slots`, and says whether the entry was understood as this
    /// format's. `entry` holds the continuation lines too, without the last line's end.
    fn extract<'a>(&self, entry: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) -> bool;

    /// Hands every field of `entry` to `visit` under its own name, in the order of the text; nested values
    /// as one. Returns where in the entry reading stopped, if that was before its end.
    fn fields<'a>(&self, entry: &'a [u8], visit: &mut dyn FnMut(&str, Value<'a>)) -> Option<usize>;

    /// Are a field's names written in the entry, so that an entry without the name has no such field?
    fn names_in_text(&self) -> bool;

    /// Entries of this format and what they mean, as tests and as documentation.
    fn samples(&self) -> &'static [Sample];
}

/// A sample entry and what it must be understood as.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
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
pub static LOG_FORMATS: &[&dyn LogFormat] = &[&json::Json, &access::Access, &logfmt::Logfmt, &text::Text];

/// The format of that name.
pub fn by_name(name: &str) -> Option<&'static dyn LogFormat> {
    LOG_FORMATS.iter().copied().find(|format| format.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::time::Clock;
    use crate::model::Needs;

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
                let taker = LOG_FORMATS.iter().find(|format| format.starts(text)).unwrap_or(&LOG_FORMATS[0]);
                assert_eq!(taker.name(), format.name(), "{}", sample.text);
                let plan = Plan::new(&needs, clock, &[]);
                let mut slots = Slots::new(&needs);
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
        let plan = Plan::new(&needs, Clock::default(), &[]);
        for format in LOG_FORMATS {
            for sample in format.samples() {
                let text = sample.text.as_bytes();
                for at in 0..text.len() {
                    for damaged in [None, Some(0), Some(0xFF), Some(b'"'), Some(b'\\'), Some(b'{')] {
                        let mut bytes = text.to_vec();
                        match damaged {
                            None => bytes.truncate(at),
                            Some(byte) => bytes[at] = byte,
                        }
                        let mut slots = Slots::new(&needs);
                        for format in LOG_FORMATS {
                            slots.clear();
                            format.starts(&bytes);
                            format.extract(&bytes, &plan, &mut slots);
                            format.fields(&bytes, &mut |_, value| {
                                value.text();
                            });
                        }
                    }
                }
            }
        }
    }
}
