//! One file's way of being read: which formats its entries have, where they start, what is wanted of them.

use std::borrow::Cow;

use super::colour;
use super::header::Header;
use super::layer::SYSLOG;
use super::own::{Own, PathPattern};
use super::request::Request;
use super::span::SpanSlots;
use super::trace::{continues, continues_untimed, ends_trace, is_traceback, opens_crash};
use super::words::first_line;
use super::{LogFormat, Plan, Profile, dotnet, json, names, text};
use crate::format::metric::MetricFormat;
use crate::format::time::Clock;
use crate::model::{Level, Needs, Role, Slot, Slots, Timestamp, Value};

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
    /// Are the lines that begin as an object does JSON, and nothing else?
    objects: bool,
    /// Do lines of text without a time continue the entry before?
    gathers: bool,
    /// Does what belongs to an entry stand indented below it, whatever it is? .NET's console logger does that.
    indents: bool,
    plan: Plan,
    frame: Plan,
    service: Option<String>,
    /// The machine or pod that its place tells.
    host: Option<String>,
    /// The field with the name of a pod, which may tell the service.
    pod: Option<Slot>,
    /// Where its entries say what spans say, if they are spans.
    spans: Option<SpanSlots>,
}

/// Options that a person gave for reading logs.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// The format by name, where detection is not wanted.
    pub format: Option<&'static dyn LogFormat>,
    /// The same for files of metrics.
    pub metric: Option<&'static dyn MetricFormat>,
    /// The zone of times without an offset.
    pub zone: Option<chrono_tz::Tz>,
    /// Fields that play a role by the user's word.
    pub map: Vec<(Role, Vec<String>)>,
    /// Formats that a person described.
    pub own: Vec<&'static Own>,
    /// Zones of files whose times have no offset; the first that is about a file counts.
    pub zones: Vec<(PathPattern, chrono_tz::Tz)>,
    /// Labels of recorded series: name, value, and of which files.
    pub labels: Vec<(String, String, Option<PathPattern>)>,
}

impl ReadOptions {
    /// The described formats that are looked for in the file at this path.
    pub fn own_for(&self, path: &str) -> Vec<&'static dyn LogFormat> {
        let own = self.own.iter().copied().filter(|own| own.is_for(path));
        own.map(|own| -> &'static dyn LogFormat { own }).collect()
    }

    /// The zone that was said for the file at this path.
    pub fn zone_for(&self, path: &str) -> Option<chrono_tz::Tz> {
        self.zones.iter().find(|(files, _)| files.matches(path)).map(|(_, zone)| *zone)
    }
}

/// How an object of the usual kind begins.
const OBJECT: &[u8] = b"{\"";

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
        let zone = profile.zone.or(options.zone).unwrap_or(chrono_tz::UTC);
        // Where nothing tells the day nothing is guessed.
        let undated = profile.layout.is_bare() && profile.bare.is_none();
        let ahead = profile.wrapping.ahead.unwrap_or(0);
        let clock = Clock { zone, latest, order: profile.order, ahead, undated };
        let mut frame = Needs::none();
        frame.role(Role::Ts);
        let mut needs = needs.clone();
        needs.role(Role::Ts);
        if profile.carries || profile.speaks {
            needs.role(Role::Message);
        }
        // What a pod is of is told by its name, where nothing else tells the service.
        let is_pod = |key: &&String| {
            let name = names::normal(key);
            name == "pod" || name.ends_with("podname")
        };
        let pod = profile.keys.iter().find(is_pod).filter(|_| needs.has(Role::Service));
        let pod = pod.map(|key| needs.field(key));
        if needs.has(Role::Level) && profile.level_is_told_by_status() {
            needs.role(Role::Status);
        }
        let spans = profile.spans.as_ref().map(|fields| SpanSlots::new(fields, &mut needs));
        let of_spans = profile.spans.as_ref().map_or_else(Vec::new, |fields| fields.roles(&profile.keys));
        let formats = options.format.map_or_else(|| profile.formats.clone(), |format| vec![format]);
        let plan = |needs: &Needs| {
            let plan = Plan::new(needs, clock, &profile.keys)
                .behaving(&profile.behaving)
                .mapped(&of_spans)
                .mapped(&options.map)
                .of(profile);
            plan.with_own(&formats, &profile.keys, &options.map)
        };
        let (frame, plan) = (plan(&frame), plan(&needs));
        let wrapped = formats.iter().any(|format| format.layer() > 0);
        // The first format counts, and others may begin with a brace as well.
        let is_json = formats.first().is_some_and(|format| format.name() == json::Json.name());
        Reader {
            gathers: !formats.is_empty() && formats.iter().all(|format| format.gathers()),
            indents: formats.iter().any(|format| format.name() == dotnet::Dotnet.name()),
            wrapped,
            formats,
            timed: profile.layout.is_timed(),
            inner_timed: profile.inner_timed,
            coloured: profile.coloured,
            objects: is_json && !wrapped && !profile.coloured,
            plan,
            frame,
            service,
            host: profile.host.clone(),
            pod,
            spans,
        }
    }

    /// How many lines before one [`Reader::starts`] looks at, at most.
    pub const LOOKS_BACK: usize = PARTS;

    /// Does an entry start at the line that starts at `at`? Looks back only where a format has to: at the line
    /// before.
    #[inline]
    pub fn starts(&self, bytes: &[u8], at: usize) -> bool {
        let rest = &bytes[at..];
        if self.objects && rest.starts_with(OBJECT) {
            return true;
        }
        if self.wrapped || self.coloured || rest.first() == Some(&0) {
            return self.starts_in_context(bytes, at);
        }
        self.formats.iter().any(|format| format.starts(rest, &self.plan))
            || (self.outer_text_starts(rest) && (self.timed || !ends_trace(bytes, at, Cow::Borrowed)))
            || self.crash_starts(bytes, at)
    }

    /// Does a program die at the line at `at`, right below an entry that says nothing bad? Then that entry is not what it
    /// died of, and the time of its death is not known.
    fn crash_starts(&self, bytes: &[u8], at: usize) -> bool {
        let line = first_line(&bytes[at..]);
        if !self.timed || !opens_crash(line) {
            return false;
        }
        let Some(end) = at.checked_sub(1) else { return false };
        let start = memchr::memrchr(b'\n', &bytes[..end]).map_or(0, |newline| newline + 1);
        self.is_calm_before(&self.seen(&bytes[start..end]), line)
    }

    /// Does the line before one that opens a crash say nothing bad?
    fn is_calm_before(&self, before: &[u8], line: &[u8]) -> bool {
        if !text::Text.starts(before, &self.plan) {
            return false;
        }
        if is_traceback(line) {
            // Loggers write traces below what they say; servers do not, below a request.
            return self.plan.speaks() && Request::of(before).status.is_some();
        }
        Header::of(before, self.plan.layout()).level.is_none_or(|(level, ..)| level < Level::Error)
    }

    /// What a line carries, or the line.
    fn innermost<'l>(&self, line: &'l [u8]) -> Cow<'l, [u8]> {
        self.carried(line).unwrap_or(Cow::Borrowed(line))
    }

    fn outer_text_starts(&self, rest: &[u8]) -> bool {
        if self.indents && rest.starts_with(b"    ") {
            return false;
        }
        (self.timed || !self.gathers) && self.text_starts(rest, self.timed)
    }

    fn text_starts(&self, rest: &[u8], timed: bool) -> bool {
        if timed { text::Text.starts(rest, &self.plan) } else { !continues_untimed(first_line(rest)) }
    }

    fn starts_in_context(&self, bytes: &[u8], at: usize) -> bool {
        let seen = self.seen(first_line(&bytes[at..]));
        let Some(format) = self.formats.iter().copied().find(|format| format.starts(&seen, &self.plan))
        else {
            return self.outer_text_starts(&seen) || self.crash_starts(bytes, at);
        };
        if format.layer() == 0 {
            return true;
        }
        if let Some(inner) = format.inner(&seen, &self.plan)
            && !self.starts_within(&inner, format.layer())
        {
            // A trace that lines of others interrupt goes on with an entry of its own.
            let before = at.checked_sub(1).map(|end| {
                let start = memchr::memrchr(b'\n', &bytes[..end]).map_or(0, |newline| newline + 1);
                &bytes[start..end]
            });
            if let Some(before) = before
                && self.inner_timed
                && opens_crash(&self.innermost(&seen))
                && self.is_calm_before(&self.innermost(before), &self.innermost(&seen))
            {
                return true;
            }
            return before.is_some_and(|before| format.is_of_another(&seen, &self.seen(before)));
        }
        !self.is_part(bytes, at, format) && !self.ends_trace_within(bytes, at, &seen)
    }

    /// Does the line that an entry of a format at `layer` carries start an entry?
    fn starts_within(&self, line: &[u8], layer: u8) -> bool {
        // Every message of syslog is one, unless it goes on with a trace.
        if layer == SYSLOG {
            return !continues(line) || line.is_empty();
        }
        let format = self.plan.format_within(layer, line);
        if format.name() == text::Text.name() {
            return self.text_starts(line, self.inner_timed);
        }
        match format.inner(line, &self.plan) {
            Some(inner) => self.starts_within(&inner, format.layer()),
            None => true,
        }
    }

    /// Does a trace end with what the line at `at` carries, of the same program as the line before?
    fn ends_trace_within(&self, bytes: &[u8], at: usize, seen: &[u8]) -> bool {
        let peel = |line| self.carried(line).unwrap_or(Cow::Borrowed(line));
        let text = self.carried(seen);
        let line = first_line(text.as_deref().unwrap_or(seen));
        // Few lines begin with a name that ends so.
        if !line.first().is_some_and(u8::is_ascii_alphabetic) || self.text_has_time(line) {
            return false;
        }
        ends_trace(bytes, at, peel)
    }

    fn text_has_time(&self, line: &[u8]) -> bool {
        self.inner_timed && text::Text.starts(line, &self.plan)
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

    /// What an entry carries, put together and without colours, where that does not stand in it as one piece.
    pub fn carried<'a>(&self, entry: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        if self.is_as_written() {
            return None;
        }
        let mut text = self.seen(entry);
        let mut layer = u8::MAX;
        loop {
            let format = if layer == u8::MAX {
                self.format_of_seen(&text)
            } else {
                self.plan.format_within(layer, &text)
            };
            match format.inner(&text, &self.plan) {
                Some(inner) if format.layer() < layer => {
                    layer = format.layer();
                    text = Cow::Owned(inner.into_owned());
                }
                _ => break,
            }
        }
        (layer != u8::MAX || matches!(text, Cow::Owned(_))).then_some(text)
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

    /// Are values slices of the entry, rather than put together from lines that carry parts, or without colours?
    pub fn is_as_written(&self) -> bool {
        !self.wrapped && !self.coloured
    }

    /// The service that the file's path names.
    pub fn service(&self) -> Option<&str> {
        self.service.as_deref()
    }

    /// Puts what is wanted of `entry` into `slots`; says whether a format understood it.
    pub fn extract<'a>(&'a self, entry: &'a [u8], slots: &mut Slots<'a>) -> bool {
        let understood = self.extract_by(&self.plan, entry, slots);
        if let Some(spans) = &self.spans {
            spans.settle(slots, |value| self.plan.clock().value(value));
        }
        if let Some(pod) = self.pod
            && (!slots.role(Role::Service).is_some() || slots.is_loose(Role::Service))
            && let Value::Text(text) = slots.get(pod)
            && let Some(service) = of_pod(text.raw)
        {
            slots.set(Role::Service.slot(), Value::plain(service));
        }
        if let Some(service) = &self.service
            && self.plan.needs().has(Role::Service)
            && !slots.role(Role::Service).is_some()
        {
            slots.set(Role::Service.slot(), Value::plain(service.as_bytes()));
        }
        if let Some(host) = &self.host
            && self.plan.needs().has(Role::Host)
            && !slots.role(Role::Host).is_some()
        {
            slots.set(Role::Host.slot(), Value::plain(host.as_bytes()));
        }
        if self.plan.has_request_words()
            && !slots.role(Role::RequestId).is_some()
            && let Some(id) = self.plan.request_word(entry)
        {
            self.plan.offer_missing(slots, b"request_id", Value::plain(id));
        }
        understood
    }

    /// The time of `entry` and whether a format understood it: all that the account needs. `slots` are any
    /// slots that can be used up.
    pub fn frame<'a>(&'a self, entry: &'a [u8], slots: &mut Slots<'a>) -> bool {
        if !(self.objects && slots.one_line) {
            return self.extract_by(&self.frame, entry, slots);
        }
        if let Some(ts) = self.time_as_before(entry, slots) {
            slots.clear();
            slots.ts = Some(ts);
            return json::is_whole(entry);
        }
        let understood = self.extract_by(&self.frame, entry, slots);
        // Nothing behind a time that is settled was looked at.
        if let Value::Text(time) = slots.role(Role::Ts)
            && slots.is_settled(Role::Ts.slot())
            && entry.starts_with(OBJECT)
        {
            let before = time.raw.as_ptr().addr() - entry.as_ptr().addr();
            slots.recent_frame.learn(self.number(), &entry[..before]);
        }
        understood
    }

    /// The time of an entry that begins as the last one did, up to the second.
    #[inline]
    fn time_as_before(&self, entry: &[u8], slots: &Slots<'_>) -> Option<Timestamp> {
        let rest = &entry[slots.recent_frame.time_in(self.number(), entry)?..];
        let (ts, end) = slots.recent.read_start(rest)?;
        (rest.get(end) == Some(&b'"')).then_some(ts)
    }

    /// Tells this reader from others that fill the same slots.
    fn number(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    #[inline]
    fn extract_by<'a>(&self, plan: &Plan, entry: &'a [u8], slots: &mut Slots<'a>) -> bool {
        slots.clear();
        // What an entry carries may be of several lines where it is not itself.
        slots.one_line &= !self.wrapped;
        let entry = match self.seen(entry) {
            Cow::Borrowed(entry) => entry,
            Cow::Owned(made) => slots.keep(made).unwrap_or(entry),
        };
        self.format_of_seen(entry).extract(entry, plan, slots)
    }

    /// Hands every field of `entry` to `visit` under its own name. Returns where in the entry reading stopped, if
    /// that was before its end.
    pub fn fields(&self, entry: &[u8], visit: &mut dyn FnMut(&str, Value<'_>)) -> Option<usize> {
        let entry = self.seen(entry);
        self.format_of_seen(&entry).fields(&entry, &self.plan, visit)
    }
}

/// What a pod is of, by its name: `cart-579f59597d-wc2lz` is one of the replicas of `cart`.
pub fn of_pod(name: &[u8]) -> Option<&[u8]> {
    let (rest, random) = name.split_at_checked(name.len().checked_sub(6)?)?;
    let dash = memchr::memrchr(b'-', rest)?;
    let (service, set) = (&rest[..dash], &rest[dash + 1..]);
    let part = |part: &[u8]| part.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let is_set = (5..=10).contains(&set.len()) && part(set) && set.iter().any(u8::is_ascii_digit);
    (is_set && random[0] == b'-' && part(&random[1..]) && !service.is_empty()).then_some(service)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::log::survey::survey;
    use crate::model::{Desk, Level};

    /// The entries of a file: time, level and message of each.
    fn entries(text: &str) -> Vec<String> {
        let bytes = text.as_bytes();
        let profile = survey(&[bytes]);
        let mut needs = Needs::none();
        needs.role(Role::Level);
        needs.role(Role::Message);
        let modified = Timestamp::new(1_704_412_800, 0);
        let latest = profile.latest(modified, None, true).or(modified);
        let reader = Reader::new(&profile, &needs, &ReadOptions::default(), latest, None);
        let mut starts: Vec<usize> = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', bytes).map(|end| end + 1).filter(|at| *at < bytes.len()));
        starts.retain(|at| *at == 0 || reader.starts(bytes, *at));
        starts.push(bytes.len());
        let desk = Desk::default();
        let mut out = Vec::new();
        for pair in starts.windows(2) {
            let mut slots = Slots::new(reader.needs());
            slots.use_desk(&desk);
            let entry = &bytes[pair[0]..pair[1]];
            assert!(reader.extract(entry.trim_ascii_end(), &mut slots), "{}", String::from_utf8_lossy(entry));
            let ts = slots.ts.map(|ts| ts.to_string()).unwrap_or_default();
            let level = slots.level.map_or("-", Level::name);
            out.push(format!("{ts} {level} {}", slots.role(Role::Message).text().unwrap_or_default()));
        }
        out
    }

    #[test]
    fn entries_of_many_systems() {
        for (text, expected) in [
            (
                "081109 203615 148 INFO dfs.DataNode$PacketResponder: block blk_1 done\n081109 204005 35 WARN dfs.FSNamesystem: x\n",
                &["2008-11-09T20:36:15Z info block blk_1 done", "2008-11-09T20:40:05Z warn x"][..],
            ),
            (
                "2016-09-28 04:30:30, Info                  CBS    Loaded\n2016-09-28 04:30:31, Error  CSI    no\n",
                &["2016-09-28T04:30:30Z info CBS    Loaded", "2016-09-28T04:30:31Z error CSI    no"],
            ),
            (
                "2023-12-24T03:14:23Z  INFO my_app::server: up\n[2023-12-24T03:14:25Z WARN  my_crate::mod] slow\n",
                &["2023-12-24T03:14:23Z info up", "2023-12-24T03:14:25Z warn slow"],
            ),
            (
                "[2023-12-24 03:14:23,456] ERROR Disk error (kafka.Log)\njava.io.IOException: No space\n\tat x.y(Z.java:1)\n[2023-12-24 03:14:24,456] INFO up (kafka.Log)\n",
                &[
                    "2023-12-24T03:14:23.456Z error Disk error (kafka.Log)\njava.io.IOException: No space\n\tat x.y(Z.java:1)",
                    "2023-12-24T03:14:24.456Z info up (kafka.Log)",
                ],
            ),
            (
                "Dec 31 23:59:58 web kernel: last\nJan  1 00:00:03 web sshd[7]: first\nJan  1 00:00:04 web app[7]: \tat x.Y(Z.java:1)\n",
                &["2023-12-31T23:59:58Z - last", "2024-01-01T00:00:03Z - first\n\tat x.Y(Z.java:1)"],
            ),
            (
                "Dec 24, 2023 3:14:23 AM a.b.C run\nSEVERE: no\njava.lang.X: y\nDec 24, 2023 3:14:24 AM a.b.C run\nINFO: up\n",
                &["2023-12-24T03:14:23Z error no\njava.lang.X: y", "2023-12-24T03:14:24Z info up"],
            ),
        ] {
            assert_eq!(entries(text), expected, "{text}");
        }
    }

    #[test]
    fn a_pods_name_tells_the_service_where_nothing_else_does() {
        let service = |line: &str| {
            let bytes = line.as_bytes();
            let mut needs = Needs::none();
            needs.role(Role::Service);
            let of_path = Some("path".to_owned());
            let reader = Reader::new(&survey(&[bytes]), &needs, &ReadOptions::default(), None, of_path);
            let mut slots = Slots::new(reader.needs());
            assert!(reader.extract(bytes, &mut slots));
            slots.role(Role::Service).text().unwrap_or_default().into_owned()
        };
        for (pod, expected) in [
            ("cart-579f59597d-wc2lz", "cart"),
            ("front-end-7d4b8c6f9-x2x9z", "front-end"),
            ("store-a", "path"),
            ("redis-0", "path"),
            ("izuf6", "path"),
        ] {
            let line = format!(r#"{{"time":"2024-01-01T00:00:00Z","msg":"x","pod_name":"{pod}"}}"#);
            assert_eq!(service(&line), expected);
        }
        let named =
            r#"{"time":"2024-01-01T00:00:00Z","msg":"x","pod":"cart-579f59597d-wc2lz","service":"till"}"#;
        assert_eq!(service(named), "till");
    }

    #[test]
    fn carried_lines_are_joined() {
        for (text, expected) in [
            (
                "2023-12-24T03:14:23.1Z stdout F 2023-12-24 03:14:23 ERROR boom\n2023-12-24T03:14:23.1Z stdout F a.IllegalStateException: x\n2023-12-24T03:14:23.1Z stdout F \tat a.b(C.java:1)\n2023-12-24T03:14:25.1Z stdout F 2023-12-24 03:14:25 INFO fine\n",
                &[
                    "2023-12-24T03:14:23Z error boom\na.IllegalStateException: x\n\tat a.b(C.java:1)",
                    "2023-12-24T03:14:25Z info fine",
                ][..],
            ),
            (
                "2023-12-24T03:14:23.1Z stdout P one, \n2023-12-24T03:14:23.1Z stdout F two\n2023-12-24T03:14:24.1Z stdout F three\n",
                &["2023-12-24T03:14:23.100Z - one, two", "2023-12-24T03:14:24.100Z - three"],
            ),
            (
                "{\"log\":\"ERROR no\\n\",\"stream\":\"stderr\",\"time\":\"2024-05-14T08:52:03Z\"}\n{\"log\":\"\\u0009at x.Y(Z.java:1)\\n\",\"stream\":\"stderr\",\"time\":\"2024-05-14T08:52:03Z\"}\n",
                &["2024-05-14T08:52:03Z error no\n\tat x.Y(Z.java:1)"],
            ),
            (
                "\u{1b}[2Kweb-1  | \u{1b}[31m2023-12-24 03:14:23 ERROR no\u{1b}[0m\nweb-1  | 2023-12-24 03:14:24 INFO up\n",
                &["2023-12-24T03:14:23Z error no", "2023-12-24T03:14:24Z info up"],
            ),
        ] {
            assert_eq!(entries(text), expected, "{text}");
        }
    }
}
