//! Syslog by RFC 3164 and 5424, with and without priority, also as rsyslog and journald print it; the line in it
//! is read by its own format.

use std::borrow::Cow;

use super::header::{Header, level_word};
use super::layer::SYSLOG;
use super::layout::Layout;
use super::words::{first_line, is_id};
use super::{LogFormat, Plan, Sample, body, positional, request, text};
use crate::format::time::{self, Stamp};
use crate::model::{Level, Role, Slots, Text, Value};

/// `<34>Oct 11 22:14:15 host program[pid]: message` and its relatives.
#[derive(Debug)]
pub struct Syslog;

/// What stands before the message.
#[derive(Default)]
struct Head<'a> {
    severity: Option<u8>,
    stamp: Option<Stamp>,
    time: &'a [u8],
    host: &'a [u8],
    program: &'a [u8],
    pid: &'a [u8],
    kind: &'a [u8],
    /// Structured data, RFC 5424's `[id name="value" …]`.
    data: &'a [u8],
    /// Where the message starts.
    message: usize,
}

/// The sign before a message that is an object (CEE, "Lumberjack"), and the blanks behind it.
fn cookie(message: &[u8]) -> usize {
    const COOKIE: &[u8] = b"@cee:";
    let Some(rest) = message.strip_prefix(COOKIE) else { return 0 };
    COOKIE.len() + rest.iter().take_while(|b| **b == b' ').count()
}

impl<'a> Head<'a> {
    fn of(line: &'a [u8]) -> Option<Self> {
        let mut head = Head::before(line)?;
        head.message += line.get(head.message..).map_or(0, cookie);
        Some(head)
    }

    fn before(line: &'a [u8]) -> Option<Self> {
        let mut head = Head::default();
        let mut at = 0;
        if line.first() == Some(&b'<') {
            let close = memchr::memchr(b'>', &line[..line.len().min(5)])?;
            let number: u32 = std::str::from_utf8(&line[1..close]).ok()?.parse().ok()?;
            head.severity = (number < 192).then_some((number % 8) as u8);
            head.severity?;
            at = close + 1;
            if line.get(at..at + 2) == Some(b"1 ") {
                return head.structured(line, at + 2);
            }
        }
        let first = *line.get(at)?;
        let timed = (first.is_ascii_uppercase() || first.is_ascii_digit() || is_other_month(&line[at..]))
            .then(|| time::read(&line[at..]))
            .flatten();
        let Some((stamp, used)) = timed else {
            // Firewalls and programs under systemd write the priority and at once the message.
            head.message = at;
            return (at > 0 && first.is_ascii_alphabetic()).then_some(head);
        };
        // Facility and severity in words may stand between: Cisco, Solaris.
        head.stamp = Some(stamp);
        head.time = &line[at..at + used];
        at += used;
        at += usize::from(line.get(at) == Some(&b':'));
        let yearless = matches!(stamp, Stamp::Civil { year: None, .. });
        let iso = head.time.get(10) == Some(&b'T');
        // With a month's name and a year, only a program with its number makes it syslog's.
        let named = head.time.iter().any(u8::is_ascii_alphabetic);
        if !yearless && !iso && !named && head.severity.is_none() {
            return None;
        }
        at = blank(line, at)?;
        let strict = !yearless && head.severity.is_none();
        head.host_and_program(line, at, strict)
            .filter(|head| yearless || iso || head.severity.is_some() || !head.pid.is_empty())
    }

    /// `host program[pid]: message`. `strict` asks for the colon: a time alone is no sign of syslog.
    fn host_and_program(mut self, line: &'a [u8], at: usize, strict: bool) -> Option<Self> {
        let at = self.facility_and_severity(line, at);
        let word = word(line, at);
        let after = at + word.len();
        if strict && let Some(structured) = self.structured_without_priority(line, at) {
            return Some(structured);
        }
        // `TIME INFO target: message` is a program's own log.
        if level_word(word).is_some_and(|_| strict || word.iter().all(u8::is_ascii_uppercase)) {
            return None;
        }
        if word.is_empty() || !is_host(word) {
            // Some leave the host out: `Oct 11 22:14:15 program[pid]: message`.
            return self.tag(line, at).filter(|_| !strict || word.ends_with(b"]:"));
        }
        self.host = word;
        let Some(next) = blank(line, after) else {
            self.message = line.len();
            return (!strict).then_some(self);
        };
        let told = self.facility_and_severity(line, next);
        // With them the line is syslog's, whatever comes next.
        let strict = strict && told == next;
        let next = told;
        self.message = next;
        let (host, severity) = (self.host, self.severity);
        match self.tag(line, next) {
            // The tag's colon is a word's end: `my_app::pay` has no tag.
            Some(tagged)
                if !strict || line.get(tagged.message - 1) == Some(&b' ') || tagged.message == line.len() =>
            {
                Some(tagged)
            }
            _ if strict => None,
            _ => {
                let mut head = Head::of_again(line)?;
                head.host = host;
                head.severity = severity;
                head.message = next;
                Some(head)
            }
        }
    }

    /// Takes `daemon.info ` at `at`, as busybox and syslog-ng write it; where it ends.
    fn facility_and_severity(&mut self, line: &[u8], at: usize) -> usize {
        let word = word(line, at);
        let Some(severity) = facility_and_severity(word) else { return at };
        let Some(next) = blank(line, at + word.len()) else { return at };
        self.severity = Some(severity);
        next
    }

    /// The head up to the time, once more.
    fn of_again(line: &'a [u8]) -> Option<Self> {
        let at = match line.first() {
            Some(b'<') => memchr::memchr(b'>', &line[..line.len().min(5)])? + 1,
            _ => 0,
        };
        let (stamp, used) = time::read(&line[at..])?;
        let severity = (at > 0)
            .then(|| line[1..at - 1].iter().fold(0_u32, |n, b| n * 10 + u32::from(b.wrapping_sub(b'0'))) % 8);
        Some(Head {
            severity: severity.map(|severity| severity as u8),
            stamp: Some(stamp),
            time: &line[at..at + used],
            ..Head::default()
        })
    }

    /// `program[pid]: ` or `program: `, whose name may hold blanks in brackets (`sshd(pam_unix)[1]:`).
    fn tag(mut self, line: &'a [u8], at: usize) -> Option<Self> {
        let rest = &line[at..line.len().min(at + 160)];
        let length = rest
            .iter()
            .position(|b| {
                !b.is_ascii_graphic() || matches!(b, b'[' | b':' | b'"' | b'{' | b'=' | b',' | b'<')
            })
            .unwrap_or(rest.len());
        let mut end = length;
        // Cisco's `%LINK-3-UPDOWN:` belongs to the message, which it tells the level of.
        if length == 0 || rest[0] == b'%' {
            return None;
        }
        // postfix/smtpd, com.apple.xpc, GoogleUpdate; `syslogd 1.4.1:` with its version.
        if rest.get(end) == Some(&b'[') {
            let close = memchr::memchr(b']', &rest[end..])?;
            self.pid = &rest[end + 1..end + close];
            end += close + 1;
        } else if rest.get(end) == Some(&b' ') {
            let version = rest[end + 1..].iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count();
            if version > 0 && rest.get(end + 1 + version) == Some(&b':') {
                end += 1 + version;
            }
        }
        // macOS puts words between: `com.apple.xpc[1] (sub.service): `.
        if rest.get(end..end + 2) == Some(b" (") {
            let close = memchr::memchr(b')', &rest[end..])?;
            end += close + 1;
        }
        if rest.get(end) != Some(&b':') || matches!(&rest[..end], b"CEF" | b"LEEF") {
            return None;
        }
        self.program = &rest[..length];
        end += 1;
        end += usize::from(matches!(rest.get(end), Some(b' ')));
        self.message = at + end;
        Some(self)
    }

    /// RFC 5424 without its priority, as forwarders write it to files: `TIME host program pid msgid [data] …`.
    fn structured_without_priority(&self, line: &'a [u8], at: usize) -> Option<Self> {
        let mut words = line[at..line.len().min(at + 400)].splitn(5, |b| *b == b' ');
        let (host, program, pid, kind, rest) =
            (words.next()?, words.next()?, words.next()?, words.next()?, words.next()?);
        let number = |word: &[u8]| word == b"-" || (!word.is_empty() && word.iter().all(u8::is_ascii_digit));
        let data = rest.first() == Some(&b'-')
            || (rest.first() == Some(&b'[') && memchr::memmem::find(rest, b"=\"").is_some());
        if !is_host(host) || program.ends_with(b":") || !number(pid) || !data || kind.is_empty() {
            return None;
        }
        Head { stamp: self.stamp, time: self.time, ..Head::default() }.structured_rest(line, at)
    }

    /// RFC 5424 after the version.
    fn structured(mut self, line: &'a [u8], at: usize) -> Option<Self> {
        let time = word(line, at);
        if time != b"-" {
            let (stamp, used) = time::read(time)?;
            if used != time.len() {
                return None;
            }
            self.stamp = Some(stamp);
            self.time = time;
        }
        self.structured_rest(line, blank(line, at + time.len())?)
    }

    fn structured_rest(mut self, line: &'a [u8], mut at: usize) -> Option<Self> {
        for part in [&mut self.host, &mut self.program, &mut self.pid, &mut self.kind] {
            *part = word(line, at);
            if part.is_empty() {
                return None;
            }
            at += part.len();
            at = blank(line, at).unwrap_or(line.len());
        }
        let data = structured_data(&line[at..]);
        self.data = &line[at..at + data];
        at += data;
        at += usize::from(line.get(at) == Some(&b' '));
        // A byte-order mark says that the message is UTF-8.
        at += if line[at..].starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        self.message = at;
        Some(self)
    }

    /// Hands what the head says to `put`, the message aside.
    fn visit(&self, put: &mut dyn FnMut(&str, Value<'a>)) {
        let present = |word: &[u8]| !word.is_empty() && word != b"-";
        if present(self.time) {
            put("timestamp", Value::plain(self.time));
        }
        for (name, word) in
            [("hostname", self.host), ("program", self.program), ("pid", self.pid), ("msgid", self.kind)]
        {
            if present(word) {
                put(name, Value::plain(word));
            }
        }
        parameters(self.data, &mut |name, value| {
            put(name, Value::Text(value));
            if name == "id" && is_id(value.raw) {
                put("request_id", Value::Text(value));
            }
        });
    }
}

/// Does a line begin as a message of syslog does?
pub(super) fn has_head(line: &[u8]) -> bool {
    Head::of(line).is_some()
}

impl LogFormat for Syslog {
    fn name(&self) -> &'static str {
        "syslog"
    }

    fn about(&self) -> &'static str {
        "syslog (RFC 3164 and 5424, with and without priority), the message read by its own format"
    }

    fn starts(&self, rest: &[u8], _plan: &Plan) -> bool {
        let line = &rest[..rest.len().min(512)];
        let line = memchr::memchr(b'\n', line).map_or(line, |end| &line[..end]);
        Head::of(line).is_some()
    }

    fn layer(&self) -> u8 {
        SYSLOG
    }

    fn inner<'a>(&self, entry: &'a [u8], _plan: &Plan) -> Option<Cow<'a, [u8]>> {
        let head = Head::of(first_line(entry))?;
        Some(joined(entry, head.message))
    }

    fn extract<'a>(&self, entry: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) -> bool {
        let Some(head) = Head::of(first_line(entry)) else { return false };
        let message = match joined(entry, head.message) {
            Cow::Borrowed(message) => message,
            Cow::Owned(made) => slots.keep(made).unwrap_or(&entry[head.message..]),
        };
        let format = plan.format_within(SYSLOG, message);
        if format.name() == text::Text.name() {
            extract_text(message, plan, slots);
        } else {
            format.extract(message, plan, slots);
        }
        head.visit(&mut |name, value| plan.offer_missing(slots, name.as_bytes(), value));
        if plan.needs().has(Role::Level) && slots.level.is_none() {
            slots.level = head
                .severity
                .and_then(|severity| Level::from_syslog(severity.into()))
                .or_else(|| body::level(message));
        }
        true
    }

    fn fields(&self, entry: &[u8], plan: &Plan, visit: &mut dyn FnMut(&str, Value<'_>)) -> Option<usize> {
        let head = Head::of(first_line(entry))?;
        head.visit(&mut |name, value| {
            if name != "timestamp" {
                visit(name, value);
            }
        });
        let message = &entry[head.message..];
        let format = plan.format_within(SYSLOG, message);
        if format.name() == text::Text.name() {
            body::pairs(message, &mut |key, value| visit(&String::from_utf8_lossy(key), value));
            request::visit(message, plan, visit);
            return None;
        }
        format.fields(message, plan, visit)
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                header: "",
                text: "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
                ts: Some("2023-10-11T22:14:15Z"),
                level: Some(Level::Fatal),
                roles: &[
                    (Role::Host, "mymachine"),
                    (Role::Service, "su"),
                    (Role::Message, "'su root' failed for lonvick on /dev/pts/8"),
                ],
            },
            Sample {
                header: "",
                text: "Feb 12 14:10:21 sd-126005 sshd[16378]: error: PAM: Authentication failure for root",
                ts: Some("2023-02-12T14:10:21Z"),
                level: Some(Level::Error),
                roles: &[(Role::Host, "sd-126005"), (Role::Service, "sshd")],
            },
            Sample {
                header: "",
                text: "Feb 12 14:10:21 OpenWrt authpriv.warn dropbear[2212]: Bad password attempt for 'root'",
                ts: Some("2023-02-12T14:10:21Z"),
                level: Some(Level::Warn),
                roles: &[(Role::Host, "OpenWrt"), (Role::Service, "dropbear")],
            },
            Sample {
                header: "",
                text: "2023-07-18T10:22:17+02:00 subuina jellyfin[742]: [10:22:17] [INF] Authentication denied",
                ts: Some("2023-07-18T08:22:17Z"),
                level: Some(Level::Info),
                roles: &[(Role::Service, "jellyfin")],
            },
            Sample {
                header: "",
                text: r#"<131>1 2024-05-14T08:52:05.450229Z ip-10-3-7-16 cdr-settler 1 JOBS [origin@32473 id="01JHXFJZ4G0N2BZ9XYEHZ4F00N" unit="jobs"] cdr settled (cdrNo: 400000, elapsed: 201.2ms)"#,
                ts: Some("2024-05-14T08:52:05.450229Z"),
                level: Some(Level::Error),
                roles: &[
                    (Role::Host, "ip-10-3-7-16"),
                    (Role::Service, "cdr-settler"),
                    (Role::RequestId, "01JHXFJZ4G0N2BZ9XYEHZ4F00N"),
                    (Role::Duration, "201.2ms"),
                    (Role::Message, "cdr settled (cdrNo: 400000, elapsed: 201.2ms)"),
                ],
            },
            Sample {
                header: "",
                text: r#"2025-01-22T13:09:20.606136+01:00 web dash[9400]: {"type":"response","@timestamp":"2025-01-22T12:09:20Z","statusCode":401,"message":"POST 401"}"#,
                ts: Some("2025-01-22T12:09:20Z"),
                level: None,
                roles: &[
                    (Role::Status, "401"),
                    (Role::Host, "web"),
                    (Role::Service, "dash"),
                    (Role::Message, "POST 401"),
                ],
            },
            Sample {
                header: "",
                text: "2022-08-27T14:22:01.613Z space01 NSX 3106 - [abc@6876 comp=\"edge\" level=\"WARNING\"] keep-alive",
                ts: Some("2022-08-27T14:22:01.613Z"),
                level: Some(Level::Warn),
                roles: &[(Role::Service, "NSX"), (Role::Message, "keep-alive")],
            },
        ]
    }
}

/// The message that starts at `at`; where the lines of a trace came as messages of their own, without their heads.
fn joined(entry: &[u8], at: usize) -> Cow<'_, [u8]> {
    let mut lines = entry[at..].split(|b| *b == b'\n');
    let first = lines.next().unwrap_or_default();
    if !lines.clone().any(|line| Head::of(line).is_some()) {
        return Cow::Borrowed(&entry[at..]);
    }
    let mut whole = first.to_vec();
    for line in lines {
        whole.push(b'\n');
        whole.extend_from_slice(Head::of(line).map_or(line, |head| &line[head.message..]));
    }
    Cow::Owned(whole)
}

/// Reads the message as text: all of it is the message, even if it names a level.
fn extract_text<'a>(message: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) {
    let header = Header::of(message, Layout::at_start());
    // A time with a year in the message is more than the syslog's own without one.
    if let Some((stamp, from, to)) = header.stamp
        && matches!(stamp, Stamp::Civil { year: Some(_), .. })
    {
        plan.offer_named(slots, b"timestamp", Value::plain(&message[from..to]));
    }
    if let Some((_, from, to)) = header.level {
        plan.offer_named(slots, b"level", Value::plain(&message[from..to]));
    }
    if let Some((from, to)) = header.id {
        plan.offer_named(slots, b"request_id", Value::plain(&message[from..to]));
    }
    plan.offer_named(slots, b"message", Value::plain(message.trim_ascii_end()));
    if plan.wants_body() {
        positional::offer_message(message, plan, slots);
    }
}

/// Could a month's name in another language stand here, with a time behind it?
fn is_other_month(line: &[u8]) -> bool {
    let near = &line[..line.len().min(28)];
    (near[0].is_ascii_lowercase() || near[0] >= 0x80)
        && near.iter().any(u8::is_ascii_digit)
        && memchr::memchr(b':', near).is_some_and(|at| at > 2 && near[at - 1].is_ascii_digit())
}

/// The severity in `daemon.info`, `kern.err`: a facility and a severity as syslog.conf names them.
pub(super) fn facility_and_severity(word: &[u8]) -> Option<u8> {
    const FACILITIES: [&[u8]; 22] = [
        b"kern",
        b"user",
        b"mail",
        b"daemon",
        b"auth",
        b"security",
        b"syslog",
        b"lpr",
        b"news",
        b"uucp",
        b"cron",
        b"authpriv",
        b"ftp",
        b"ntp",
        b"local0",
        b"local1",
        b"local2",
        b"local3",
        b"local4",
        b"local5",
        b"local6",
        b"local7",
    ];
    if word.len() > 20 {
        return None;
    }
    let dot = memchr::memchr(b'.', word)?;
    let severity = match &word[dot + 1..] {
        b"emerg" | b"panic" => 0,
        b"alert" => 1,
        b"crit" => 2,
        b"err" | b"error" => 3,
        b"warn" | b"warning" => 4,
        b"notice" => 5,
        b"info" => 6,
        b"debug" => 7,
        _ => return None,
    };
    FACILITIES.contains(&&word[..dot]).then_some(severity)
}

/// The word at `at`, up to a blank.
fn word(line: &[u8], at: usize) -> &[u8] {
    let rest = line.get(at..).unwrap_or_default();
    &rest[..memchr::memchr(b' ', rest).unwrap_or(rest.len())]
}

/// Passes over the blanks at `at`; there has to be one.
fn blank(line: &[u8], at: usize) -> Option<usize> {
    let blanks = line.get(at..)?.iter().take_while(|b| **b == b' ').count();
    (blanks > 0).then_some(at + blanks)
}

/// Could this be a host: a name or an address?
fn is_host(word: &[u8]) -> bool {
    word.len() <= 255
        && word
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'/' | b'@'))
        && !word.ends_with(b":")
        && word.iter().any(u8::is_ascii_alphanumeric)
}

/// The length of RFC 5424's structured data: `-`, or elements in brackets.
fn structured_data(text: &[u8]) -> usize {
    if text.first() == Some(&b'-') {
        return 1;
    }
    let mut at = 0;
    while text.get(at) == Some(&b'[') {
        let mut quoted = false;
        loop {
            match text.get(at) {
                None => return text.len(),
                Some(b'\\') if quoted => at += 1,
                Some(b'"') => quoted = !quoted,
                Some(b']') if !quoted => break,
                Some(_) => {}
            }
            at += 1;
        }
        at += 1;
    }
    at.min(text.len())
}

/// The parameters of structured data.
fn parameters<'a>(data: &'a [u8], visit: &mut dyn FnMut(&str, Text<'a>)) {
    let mut at = 0;
    while let Some(found) = data.get(at..).and_then(|rest| memchr::memmem::find(rest, b"=\"")) {
        let sign = at + found;
        let name = data[..sign].iter().rposition(|b| matches!(b, b' ' | b'[' | b']')).map_or(0, |n| n + 1);
        let (raw, escaped, end) = super::words::quoted(data, sign + 1);
        if let Ok(name) = std::str::from_utf8(&data[name..sign]) {
            visit(name, Text { raw, escaped });
        }
        at = end;
    }
}
