//! One file's way of being read: which formats its entries have, where they start, what is wanted of them.

use super::{LogFormat, Plan, Profile, text};
use crate::format::time::Clock;
use crate::model::{Needs, Role, Slots, Timestamp, Value};

/// How the entries of one file are read. Made once per file, before its first chunk.
#[derive(Debug)]
pub struct Reader {
    formats: Vec<&'static dyn LogFormat>,
    /// Do text entries start with a time? If not, every line that is not indented starts one.
    timed: bool,
    plan: Plan,
    frame: Plan,
    service: Option<String>,
}

/// Options that a person gave for reading logs.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// The format by name, where detection is not wanted.
    pub format: Option<&'static dyn LogFormat>,
    /// The zone of times without an offset.
    pub zone: Option<chrono_tz::Tz>,
    /// Fields that play a role by the user's word.
    pub map: Vec<(Role, Vec<String>)>,
}

impl Reader {
    /// A reader for a file of this profile. `service` is the name that its path suggests, used for entries
    /// that name none.
    pub fn new(
        profile: &Profile,
        needs: &Needs,
        options: &ReadOptions,
        modified: Option<Timestamp>,
        service: Option<String>,
    ) -> Self {
        let clock = Clock { zone: options.zone.unwrap_or(chrono_tz::UTC), latest: modified, order: None };
        let mut frame = Needs::none();
        frame.role(Role::Ts);
        let mut needs = needs.clone();
        needs.role(Role::Ts);
        Reader {
            formats: options.format.map_or_else(|| profile.formats.clone(), |format| vec![format]),
            timed: profile.timed,
            plan: Plan::new(&needs, clock, &profile.keys).mapped(&options.map),
            frame: Plan::new(&frame, clock, &profile.keys).mapped(&options.map),
            service,
        }
    }

    /// Does an entry start here? `rest` begins at the start of a line and may go on for many.
    #[inline]
    pub fn starts(&self, rest: &[u8]) -> bool {
        self.formats.iter().any(|format| format.starts(rest)) || self.text_starts(rest)
    }

    fn text_starts(&self, rest: &[u8]) -> bool {
        if self.timed { text::Text.starts(rest) } else { text::starts_untimed(rest) }
    }

    /// The format of an entry.
    pub fn format_of(&self, entry: &[u8]) -> &'static dyn LogFormat {
        self.formats.iter().copied().find(|format| format.starts(entry)).unwrap_or(&text::Text)
    }

    /// What is wanted of the entries.
    pub fn needs(&self) -> &Needs {
        self.plan.needs()
    }

    /// Are the names of fields written in every entry of this file?
    pub fn names_in_text(&self) -> bool {
        !self.formats.is_empty() && self.formats.iter().all(|format| format.names_in_text())
    }

    /// The service that the file's path names.
    pub fn service(&self) -> Option<&str> {
        self.service.as_deref()
    }

    /// Puts what is wanted of `entry` into `slots`; says whether a format understood it.
    pub fn extract<'a>(&'a self, entry: &'a [u8], slots: &mut Slots<'a>) -> bool {
        slots.clear();
        let understood = self.format_of(entry).extract(entry, &self.plan, slots);
        if let Some(service) = &self.service
            && self.plan.needs().has(Role::Service)
            && !slots.role(Role::Service).is_some()
        {
            slots.set(Role::Service.slot(), Value::plain(service.as_bytes()));
        }
        understood
    }

    /// The time of `entry` and whether a format understood it: all that the account needs. `slots` are any
    /// slots that can be used up.
    pub fn frame<'a>(&self, entry: &'a [u8], slots: &mut Slots<'a>) -> bool {
        slots.clear();
        self.format_of(entry).extract(entry, &self.frame, slots)
    }

    /// Hands every field of `entry` to `visit` under its own name.
    pub fn fields<'a>(&self, entry: &'a [u8], visit: &mut dyn FnMut(&str, Value<'a>)) {
        self.format_of(entry).fields(entry, visit);
    }
}
