//! One file's way of being read: which formats its entries have, where they start, what is wanted of them.

use std::borrow::Cow;

use super::colour;
use super::trace::{continues, continues_untimed};
use super::words::first_line;
use super::{LogFormat, Plan, Profile, text};
use crate::format::time::Clock;
use crate::model::{Needs, Role, Slots, Timestamp, Value};

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact about the file that is asked for every line"
)]
/// How the entries of one file are read. Made once per file, before its first chunk.
#[derive(Debug)]
pub struct Reader {
    formats: Vec<&'static dyn LogFormat>,
    /// Do text entries start with a time? If not, every line that is not indented starts one.
    timed: bool,
    /// The same for text that entries of other formats carry.
    inner_timed: bool,
    /// Do entries of this file carry lines of other formats, or colours? Then a line alone does not say whether
    /// it starts an entry.
    wrapped: bool,
    coloured: bool,
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

/// How many lines back the beginning of a line that was written in parts is looked for.
const PARTS: usize = 64;

impl Reader {
    /// A reader for a file of this profile. `latest` is about when its last entry was written. `service` is the
    /// name that its path suggests, used for entries that name none.
    pub fn new(
        profile: &Profile,
        needs: &Needs,
        options: &ReadOptions,
        latest: Option<Timestamp>,
        service: Option<String>,
    ) -> Self {
        let clock = Clock { zone: options.zone.unwrap_or(chrono_tz::UTC), latest, order: profile.order };
        let mut frame = Needs::none();
        frame.role(Role::Ts);
        let mut needs = needs.clone();
        needs.role(Role::Ts);
        let plan = |needs: &Needs| Plan::new(needs, clock, &profile.keys).mapped(&options.map).of(profile);
        let formats = options.format.map_or_else(|| profile.formats.clone(), |format| vec![format]);
        Reader {
            wrapped: formats.iter().any(|format| format.layer() > 0),
            formats,
            timed: profile.layout.is_timed(),
            inner_timed: profile.inner_timed,
            coloured: profile.coloured,
            plan: plan(&needs),
            frame: plan(&frame),
            service,
        }
    }

    /// Does an entry start at the line that starts at `at`? Looks back only where a format has to: at the line
    /// before.
    #[inline]
    pub fn starts(&self, bytes: &[u8], at: usize) -> bool {
        let rest = &bytes[at..];
        if self.wrapped || self.coloured || rest.first() == Some(&0) {
            return self.starts_in_context(bytes, at);
        }
        self.formats.iter().any(|format| format.starts(rest, &self.plan))
            || self.text_starts(rest, self.timed)
    }

    fn text_starts(&self, rest: &[u8], timed: bool) -> bool {
        if timed { text::Text.starts(rest, &self.plan) } else { !continues_untimed(first_line(rest)) }
    }

    fn starts_in_context(&self, bytes: &[u8], at: usize) -> bool {
        let seen = self.seen(first_line(&bytes[at..]));
        let Some(format) = self.formats.iter().copied().find(|format| format.starts(&seen, &self.plan))
        else {
            return self.text_starts(&seen, self.timed);
        };
        if format.layer() == 0 {
            return true;
        }
        if let Some(inner) = format.inner(&seen)
            && !self.starts_within(&inner, format.layer())
        {
            return false;
        }
        !self.is_part(bytes, at, format)
    }

    /// Does the line that an entry of a format at `layer` carries start an entry?
    fn starts_within(&self, line: &[u8], layer: u8) -> bool {
        // Every message of syslog is one, unless it goes on with a trace.
        if layer <= 1 {
            return !continues(line) || line.is_empty();
        }
        let format = self.plan.format_within(layer, line);
        if format.name() == text::Text.name() {
            return self.text_starts(line, self.inner_timed);
        }
        match format.inner(line) {
            Some(inner) => self.starts_within(&inner, format.layer()),
            None => true,
        }
    }

    /// Is the line at `at` the rest of one that was written in parts?
    fn is_part(&self, bytes: &[u8], at: usize, format: &dyn LogFormat) -> bool {
        let line = first_line(&bytes[at..]);
        let mut end = at;
        for _ in 0..PARTS {
            let Some(before) = end.checked_sub(1) else { return false };
            let start = memchr::memrchr(b'\n', &bytes[..before]).map_or(0, |newline| newline + 1);
            if format.goes_on(&bytes[start..before], line) {
                return true;
            }
            // Lines of another stream may stand between.
            if format.goes_on(line, &bytes[start..before])
                || !format.starts(&bytes[start..before], &self.plan)
            {
                return false;
            }
            if same_stream(&bytes[start..before], line) {
                return false;
            }
            end = start;
        }
        false
    }

    /// The format of an entry.
    pub fn format_of(&self, entry: &[u8]) -> &'static dyn LogFormat {
        let entry = self.seen(entry);
        self.format_of_seen(&entry)
    }

    fn format_of_seen(&self, entry: &[u8]) -> &'static dyn LogFormat {
        self.formats.iter().copied().find(|format| format.starts(entry, &self.plan)).unwrap_or(&text::Text)
    }

    /// The entry as it is read: without a byte-order mark, zero bytes before it, and colours.
    fn seen<'a>(&self, entry: &'a [u8]) -> Cow<'a, [u8]> {
        let plain = without_mark(entry);
        if self.coloured { colour::strip(plain) } else { Cow::Borrowed(plain) }
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
        let understood = self.extract_by(&self.plan, entry, slots);
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
        self.extract_by(&self.frame, entry, slots)
    }

    #[inline]
    fn extract_by<'a>(&self, plan: &Plan, entry: &'a [u8], slots: &mut Slots<'a>) -> bool {
        slots.clear();
        let entry = match self.seen(entry) {
            Cow::Borrowed(entry) => entry,
            Cow::Owned(made) => slots.keep(made).unwrap_or(entry),
        };
        self.format_of_seen(entry).extract(entry, plan, slots)
    }

    /// Hands every field of `entry` to `visit` under its own name.
    pub fn fields(&self, entry: &[u8], visit: &mut dyn FnMut(&str, Value<'_>)) {
        let entry = self.seen(entry);
        self.format_of_seen(&entry).fields(&entry, &self.plan, visit);
    }
}

/// Without a byte-order mark and zero bytes at the start (a file that was cut while it was being written).
#[inline]
pub(super) fn without_mark(entry: &[u8]) -> &[u8] {
    match entry.first() {
        Some(0xEF) => entry.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(entry),
        Some(0) => &entry[entry.iter().position(|b| *b != 0).unwrap_or(entry.len())..],
        _ => entry,
    }
}

/// Do two lines of a container's log belong to one stream?
fn same_stream(one: &[u8], other: &[u8]) -> bool {
    let stream = |line: &[u8]| memchr::memmem::find(&line[..line.len().min(80)], b" stderr ").is_some();
    stream(one) == stream(other)
}
