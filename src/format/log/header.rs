//! What a line of text says before its message: time, level, thread, logger, id, each where it is found.

use super::ids::trace_of;
use super::layout::{Found, Layout, stamp};
use super::words::is_id;
use crate::format::time::Stamp;
use crate::model::Level;

/// A range of an entry's bytes.
pub(super) type Range = (usize, usize);

/// What a line says before its message, as ranges of bytes.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Header {
    pub(super) stamp: Option<Found>,
    pub(super) level: Option<(Level, usize, usize)>,
    pub(super) thread: Option<Range>,
    pub(super) service: Option<Range>,
    pub(super) logger: Option<Range>,
    pub(super) id: Option<Range>,
    pub(super) span: Option<Range>,
    pub(super) message: usize,
    /// Is the bracket still open that opened before the time?
    pub(super) open: bool,
}

/// How many words of a line may come before the message.
const HEADER_WORDS: usize = 10;

/// How many words of a message are looked at for a level that stands out.
const LEVEL_WORDS: usize = 5;

impl Header {
    /// Reads word after word as long as they are a time, a level, a thread or a logger.
    pub(super) fn of(entry: &[u8], layout: Layout) -> Header {
        let line = memchr::memchr(b'\n', &entry[..entry.len().min(4096)]).map_or(entry, |end| &entry[..end]);
        let stamp = layout.find(line);
        stamp.and_then(|stamp| Header::usual(line, stamp)).unwrap_or_else(|| Header::any(line, stamp))
    }

    /// Of any line.
    pub(super) fn any(line: &[u8], stamp: Option<Found>) -> Header {
        let mut header = Header { stamp, ..Header::default() };
        let mut at = after_kitchen_time(line);
        if let Some((_, from, to)) = header.stamp {
            header.before_time(line, from);
            header.open = from > 0 && line[from - 1] == b'[' && line.get(to) != Some(&b']');
            at = to + line[to..].iter().take_while(|b| matches!(b, b']' | b')' | b'"' | b'>' | b'}')).count();
            at = after_glued_number(line, at);
        }
        for _ in 0..HEADER_WORDS {
            at = separators(line, at, header.known());
            let Some(next) = header.word(line, at) else { break };
            at = next;
        }
        header.message = separators(line, at, header.known());
        if header.level.is_none() && header.stamp.is_some() {
            header.level = sign_of_agent(line, header.message);
        }
        if header.level.is_none() {
            header.level_in_message(line);
        }
        header
    }

    fn known(&self) -> bool {
        self.stamp.is_some() || self.level.is_some()
    }

    /// Looks at the words before the time: a level, or else the name of what logs.
    fn before_time(&mut self, line: &[u8], time: usize) {
        let mut at = 0;
        self.level = letter_before(line, time);
        if let Some(rest) = line[..time].strip_prefix(b"=")
            && let Some(end) = memchr::memmem::find(rest, b" REPORT====")
        {
            // Erlang: `=ERROR REPORT==== 5-Feb-2024::09:00:00 ===`.
            self.level = capital_level(&rest[..end]).map(|level| (level, 1, 1 + end));
        }
        while at < time {
            let length = line[at..time].iter().take_while(|b| is_word(**b)).count();
            if length == 0 {
                at += 1;
                continue;
            }
            let word = &line[at..at + length];
            if self.level.is_none()
                && let Some(level) = own_word(line, at, length)
                    .then(|| level_word(word))
                    .flatten()
                    .filter(|_| !is_everyday(word) || line.get(at + length) != Some(&b' '))
                    .or_else(|| alone(line, at, length))
            {
                self.level = Some((level, at, at + length));
            }
            at += length;
        }
    }

    /// Takes the word at `at` if it belongs to a header; where it ends.
    fn word(&mut self, line: &[u8], at: usize) -> Option<usize> {
        let rest = line.get(at..).filter(|rest| !rest.is_empty())?;
        if let Some(close) = closing(rest[0]).filter(|_| rest.len() > 1) {
            let end = memchr::memchr2(close, b'\n', &rest[1..rest.len().min(256)])?;
            let (from, to) = (at + 1, at + 1 + end);
            self.bracketed(line, from, to, rest[0])?;
            return Some(to + 1);
        }
        if self.stamp.is_none()
            && self.level.is_some()
            && let Some((stamp, used)) = stamp(rest)
        {
            self.stamp = Some((stamp, at, at + used));
            return Some(at + used);
        }
        if self.level.is_none()
            && let Some((level, length)) = topics(rest).or_else(|| of_syslog(rest))
        {
            self.level = Some((level, at, at + length));
            return Some(at + length);
        }
        let length = rest
            .iter()
            .take_while(|b| !matches!(b, b' ' | b'\t' | b':' | b'|' | b'[' | b']' | b'\r' | b',' | b';'))
            .count();
        let word = &rest[..length];
        if self.level.is_none()
            && let Some(level) = level_word(word)
                .filter(|_| !is_everyday(word) || !matches!(rest.get(length), Some(b' ')))
                .or_else(|| self.single_letter(rest, length))
                .or_else(|| stunnel(word, rest))
        {
            // DataDog names the agent first: `| TRACE | ERROR |`.
            if rest[length..].starts_with(b" | ")
                && let next = &rest[length + 3..]
                && let end = next.iter().take_while(|b| b.is_ascii_uppercase()).count()
                && next[end..].starts_with(b" | ")
                && let Some(level) = level_word(&next[..end])
            {
                self.level = Some((level, at + length + 3, at + length + 3 + end));
                return Some(at + length + 3 + end);
            }
            self.level = Some((level, at, at + length));
            return Some(at + length);
        }
        if let Some(slash) = word.iter().position(|b| *b == b'/')
            && self.level.is_none()
            && self.stamp.is_some()
            && rest.get(length) == Some(&b':')
            && let Some(level) = level_word(&word[..slash])
        {
            // Icinga: `information/ConfigObject: message`.
            self.level = Some((level, at, at + slash));
            self.logger = Some((at + slash + 1, at + length));
            return Some(at + length);
        }
        if self.is_labelled_number(rest, word) {
            return Some(
                at + length + 1 + rest[length + 1..].iter().take_while(|b| b.is_ascii_digit()).count(),
            );
        }
        if self.number(rest, word) {
            return Some(at + length);
        }
        self.logger(line, at)
    }

    /// `D` or `E` between blanks, right behind the time.
    fn single_letter(&self, rest: &[u8], length: usize) -> Option<Level> {
        // Telegraf: `E! message`.
        let marked = rest.get(1..3) == Some(b"! ") && length == 2;
        if marked && self.stamp.is_some() {
            return Level::from_letter(rest[0]);
        }
        let after = matches!(rest.get(1), Some(b' ' | b'\t' | b'|' | b',' | b']'));
        (length == 1 && after && self.stamp.is_some() && rest[0].is_ascii_uppercase())
            .then(|| Level::from_letter(rest[0]))
            .flatten()
    }

    /// The number of a process or thread: one that a level, a dash or a bracket comes after.
    fn number(&self, rest: &[u8], word: &[u8]) -> bool {
        let digits = word.strip_prefix(b"0x").unwrap_or(word);
        // Addresses of threads have no mark everywhere.
        let address = (8..=16).contains(&word.len()) && word.iter().any(u8::is_ascii_alphabetic);
        let hexadecimal = digits.len() < word.len() || address;
        let is_digit = if hexadecimal { u8::is_ascii_hexdigit } else { u8::is_ascii_digit };
        if !self.known()
            || digits.is_empty()
            || digits.len() > 16
            || (!hexadecimal && digits.len() > 10)
            || !digits.iter().all(is_digit)
        {
            return false;
        }
        let next = rest[word.len()..].trim_ascii_start();
        // libvirt: `4711: error : message`.
        let next = next.strip_prefix(b": ").unwrap_or(next);
        let length = next.iter().take_while(|b| b.is_ascii_alphanumeric()).count();
        let level = self.level.is_none()
            && (level_word(&next[..length]).is_some()
                || (length == 1 && Level::from_letter(next[0]).is_some() && next.get(1) == Some(&b' ')));
        let number = self.level.is_none()
            && length > 0
            && next[..length].iter().all(u8::is_ascii_digit)
            && next.get(length) == Some(&b' ');
        level || number || next.starts_with(b"--- [") || (self.level.is_none() && next.starts_with(b"["))
    }

    /// `T:4711     info`: a short label and a number, before a level.
    fn is_labelled_number(&self, rest: &[u8], word: &[u8]) -> bool {
        if self.stamp.is_none() || self.level.is_some() || !(1..=4).contains(&word.len()) {
            return false;
        }
        let Some(behind) = rest[word.len()..].strip_prefix(b":") else { return false };
        let digits = behind.iter().take_while(|b| b.is_ascii_digit()).count();
        let next = behind[digits..].trim_ascii_start();
        let length = next.iter().take_while(|b| b.is_ascii_alphanumeric()).count();
        digits > 0 && word.iter().all(u8::is_ascii_alphabetic) && level_word(&next[..length]).is_some()
    }

    /// A bracket may hold the time, the level, an id, a logger or else the thread. `None` if it is part of the
    /// message.
    fn bracketed(&mut self, line: &[u8], from: usize, to: usize, open: u8) -> Option<()> {
        let inside = &line[from..to];
        let trimmed = inside.trim_ascii();
        if open == b'{' && trimmed.starts_with(b"\"") {
            // An object of JSON is what is said.
            return None;
        }
        if let Some((known, ..)) = self.stamp
            && let Some((finer, used)) = stamp(trimmed)
            && used == trimmed.len()
            && is_finer(known, finer)
        {
            self.stamp = Some((finer, from, to));
            return Some(());
        }
        if self.stamp.is_none()
            && let Some((stamp, used)) = stamp(trimmed)
            && used == trimmed.len()
        {
            self.stamp = Some((stamp, from, to));
        } else if self.level.is_none()
            && let Some(level) = level_word(trimmed).or_else(|| level_of_bracket(trimmed))
        {
            self.level = Some((level, from, to));
        } else if self.level.is_none()
            && open == b'['
            && let Some((level, at, end)) = level_behind_thread(inside)
        {
            // VMware: `[7F3C1700 info 'Default' opID=ab]`.
            self.thread = Some((from, from + at - 1));
            self.level = Some((level, from + at, from + end));
        } else if !self.known() {
            return None;
        } else if trimmed.is_empty() {
        } else if let Some(id) = self.id_in(trimmed) {
            let start = from + (id.as_ptr() as usize - inside.as_ptr() as usize);
            self.id = Some((start, start + id.len()));
            if trimmed.len() > id.len() && trace_of(trimmed).is_some() {
                self.span = Some((start + id.len() + 1, start + trimmed.len()));
            }
        } else if self.logger.is_none() && is_dotted(trimmed) {
            self.logger = Some((from, to));
        } else if self.thread.is_none() && !trimmed.contains(&b'=') {
            self.thread = Some((from, to));
            if let Some(slash) = inside.iter().rposition(|b| *b == b'/')
                && self.level.is_none()
                && let Some(level) = capital_level(&inside[slash + 1..])
            {
                // Minecraft: `[Server thread/INFO]: message`.
                self.level = Some((level, from + slash + 1, to));
                self.thread = Some((from, from + slash));
            }
        } else if let Some((app, _)) = self.thread
            && self.service.is_none()
            && line[..app - 1].trim_ascii_end().ends_with(b"---")
        {
            // Spring Boot writes the application's name before the thread's.
            self.service = self.thread;
            self.thread = Some((from, to));
        } else if open == b'[' && self.logger.is_none() && trimmed.iter().all(|b| is_name(*b)) {
            self.logger = Some((from, to));
        } else if open != b'[' || !is_pairs(trimmed) {
            return None;
        }
        Some(())
    }

    /// The first word of a bracket, if it looks like an id.
    fn id_in<'t>(&self, trimmed: &'t [u8]) -> Option<&'t [u8]> {
        // OpenStack puts the id that a request came with before its own, or None.
        let trimmed = trimmed.strip_prefix(b"None ").unwrap_or(trimmed);
        if let Some(trace) = trace_of(trimmed).filter(|_| self.id.is_none()) {
            // Spring Boot 3: `[TRACE-SPAN]`.
            return Some(trace);
        }
        let length = trimmed.iter().position(|b| matches!(b, b' ' | b'|' | b',')).unwrap_or(trimmed.len());
        (self.id.is_none() && is_id(&trimmed[..length])).then_some(&trimmed[..length])
    }

    /// `c.acme.Pool - ` or `Pool: `: a name right before a separator, once the time or level is known.
    fn logger(&mut self, line: &[u8], at: usize) -> Option<usize> {
        if self.logger.is_some() || !self.known() {
            return None;
        }
        let rest = &line[at..];
        let length = name_length(rest);
        let (name, after) = rest.split_at(length);
        if let Some(slash) = name.iter().position(|b| *b == b'/')
            && self.open
            && self.level.is_none()
            && after.starts_with(b"]")
            && let Some(level) = capital_level(&name[..slash])
        {
            // Celery: `[TIME: WARNING/ForkPoolWorker-1] message`.
            self.open = false;
            self.level = Some((level, at, at + slash));
            self.thread = Some((at + slash + 1, at + length));
            return Some(at + length + 1);
        }
        if self.open && after.starts_with(b"]") && length > 0 {
            // env_logger: `[TIME WARN  my_crate::pay] message`.
            self.open = false;
            self.logger = Some((at, at + length));
            return Some(at + length + 1);
        }
        let next = after.trim_ascii_start();
        let dash = next.starts_with(b"- ");
        let colon = (next.starts_with(b": ")
            || (after.starts_with(b":") && self.level.is_some() && is_dotted(name)))
            && !name.ends_with(b"Exception")
            && !name.ends_with(b"Error");
        // nova.api.wsgi [req-…] and o.t.s.AccessLogFilter [thread].
        let bracket =
            next.starts_with(b"[") && after.starts_with(b" ") && is_dotted(name) && self.level.is_some();
        let level = self.level.is_none() && level_behind(next);
        if !name.first().is_some_and(u8::is_ascii_alphabetic) || !(dash || colon || bracket || level) {
            return None;
        }
        let end = at + length;
        if let Some(part) = name.iter().rposition(|b| *b == b'.').map(|dot| dot + 1)
            && self.level.is_none()
            && after.starts_with(b":")
            && let Some(level) = capital_level(&name[part..])
        {
            // Monolog writes the channel and the level as one name: `app.ERROR: `.
            self.level = Some((level, at + part, end));
            self.logger = Some((at, at + part - 1));
            return Some(end);
        }
        self.logger = Some((at, end));
        Some(end)
    }

    /// A level that stands out among the first words of the message, `… [WARNING] …`, `….ERR […`.
    fn level_in_message(&mut self, line: &[u8]) {
        let mut at = self.message.min(line.len());
        let mut words = 0;
        while at < line.len() && words < 2 * LEVEL_WORDS {
            let length = line[at..].iter().take_while(|b| is_word(**b)).count();
            if length == 0 {
                words += usize::from(line[at] == b' ' && line.get(at + 1) != Some(&b' '));
                at += 1;
                continue;
            }
            // Further away only brackets make a level of a word.
            let bracketed = line[..at].ends_with(b" [") && line[at + length..].starts_with(b"] ");
            let level = alone(line, at, length)
                .or_else(|| numbered(line, at, length))
                .or_else(|| announced(line, at, length))
                .filter(|_| words < LEVEL_WORDS || bracketed);
            if let Some(level) = level {
                self.level = Some((level, at, at + length));
                return;
            }
            at += length;
        }
    }
}

/// `traceId=01J2…, spanId=…`: pairs that belong to a header.
fn is_pairs(inside: &[u8]) -> bool {
    inside.contains(&b'=')
        && inside.iter().all(|b| is_name(*b) || matches!(b, b'=' | b',' | b' ' | b';' | b':'))
}

/// Is this the same second once more, with its fraction?
fn is_finer(known: Stamp, finer: Stamp) -> bool {
    match (known, finer) {
        (
            Stamp::Civil { year, month, day, time },
            Stamp::Civil { year: other_year, month: other_month, day: other_day, time: other },
        ) => {
            (year, month, day, time.second) == (other_year, other_month, other_day, other.second)
                && time.nanos == 0
                && other.nanos > 0
                && time.zone == other.zone
        }
        _ => false,
    }
}

/// A level all in capitals.
fn capital_level(word: &[u8]) -> Option<Level> {
    word.iter().all(u8::is_ascii_uppercase).then(|| level_word(word)).flatten()
}

/// VMware's levels, which have a number: `| vmx| I125: message`, `In(05) vmx - message`.
fn numbered(line: &[u8], at: usize, length: usize) -> Option<Level> {
    const SHORT: [(&[u8], Level); 10] = [
        (b"Em", Level::Fatal),
        (b"Al", Level::Fatal),
        (b"Cr", Level::Fatal),
        (b"Er", Level::Error),
        (b"Wa", Level::Warn),
        (b"No", Level::Info),
        (b"In", Level::Info),
        (b"Db", Level::Debug),
        (b"Tr", Level::Trace),
        (b"Vb", Level::Trace),
    ];
    let (word, after) = (&line[at..at + length], &line[at + length..]);
    match word {
        [letter, digits @ ..] if digits.len() == 3 => {
            let numbered = digits.iter().all(u8::is_ascii_digit) && after.starts_with(b":");
            (numbered && line[..at].ends_with(b"| ")).then(|| Level::from_letter(*letter)).flatten()
        }
        [_, _] => {
            let numbered = after.starts_with(b"(")
                && after.get(1..3).is_some_and(|digits| digits.iter().all(u8::is_ascii_digit))
                && after.get(3) == Some(&b')');
            let found = SHORT.iter().find(|(short, _)| numbered && *short == word);
            found.map(|(_, level)| *level)
        }
        _ => None,
    }
}

/// A level that the signs around it announce: `web.go:102:run() [E] message`, `unbound[123:0] info: message`.
fn announced(line: &[u8], at: usize, length: usize) -> Option<Level> {
    let (before, word, after) = (&line[..at], &line[at..at + length], &line[at + length..]);
    match word {
        [letter] if before.ends_with(b" [") && after.starts_with(b"] ") => {
            letter.is_ascii_uppercase().then(|| Level::from_letter(*letter)).flatten()
        }
        // Firefox: `[Parent 12: Main Thread]: E/nsHttp message`.
        [letter] if before.ends_with(b"]: ") && after.starts_with(b"/") => {
            letter.is_ascii_uppercase().then(|| Level::from_letter(*letter)).flatten()
        }
        // Xorg: `(EE) message`.
        [one, other] if one == other && before.ends_with(b"(") && after.starts_with(b") ") => match one {
            b'E' => Some(Level::Error),
            b'W' => Some(Level::Warn),
            b'I' => Some(Level::Info),
            _ => None,
        },
        // Dovecot, Puppet, Kerberos, iOS, Pacemaker, Prosody.
        _ if after.starts_with(b": ")
            && [&b"] "[..], b": ", b"\t"].iter().any(|sign| before.ends_with(sign)) =>
        {
            level_word(word).filter(|_| !is_everyday(word))
        }
        _ if after.starts_with(b"): ") && before.ends_with(b"(") => level_word(word),
        _ if after.starts_with(b">: ") && before.ends_with(b"<") => level_word(word),
        _ if after.starts_with(b"\t") && before.ends_with(b"\t") => level_word(word),
        _ => None,
    }
}

/// A level in capitals that nothing but signs stand beside: not `LOG_INFO`, not `INFO-1`.
fn alone(line: &[u8], at: usize, length: usize) -> Option<Level> {
    const LEVELS: [&[u8]; 14] = [
        b"TRACE",
        b"DEBUG",
        b"INFO",
        b"NOTICE",
        b"WARN",
        b"WARNING",
        b"ERROR",
        b"ERR",
        b"SEVERE",
        b"FATAL",
        b"CRITICAL",
        b"CRIT",
        b"ALERT",
        b"PANIC",
    ];
    let word = &line[at..at + length];
    // `SERVICE ALERT: …`: a word among others in capitals.
    let shouted = word == b"ALERT" && at > 1 && line[at - 1] == b' ' && line[at - 2].is_ascii_uppercase();
    let before = at == 0 || !(shouted || matches!(line[at - 1], b'_' | b'-' | b'/' | b'=' | b'"' | b'\''));
    let after = !matches!(line.get(at + length), Some(b'_' | b'-' | b'/' | b'='));
    if before && after && LEVELS.contains(&word) {
        return Level::from_word(word);
    }
    // In brackets, any letter case: [error].
    let bracketed = at > 0 && line[at - 1] == b'[' && line.get(at + length) == Some(&b']');
    if bracketed { level_word(word) } else { None }
}

/// `10:10AM INF message` of zerolog: a time that says neither day nor second.
fn after_kitchen_time(line: &[u8]) -> usize {
    let hour = line.iter().take(3).take_while(|b| b.is_ascii_digit()).count();
    match line.get(hour..hour + 6) {
        Some([b':', b'0'..=b'5', b'0'..=b'9', b'A' | b'P', b'M', b' ']) if (1..=2).contains(&hour) => {
            hour + 6
        }
        _ => 0,
    }
}

/// `25376]INFO`: a number and a bracket that opened nowhere, right behind the time.
fn after_glued_number(line: &[u8], at: usize) -> usize {
    let rest = line[at..].trim_ascii_start();
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let glued = digits > 0 && rest.get(digits) == Some(&b']');
    if glued { line.len() - rest.len() + digits + 1 } else { at }
}

/// The length of a name, with Rust's and C++'s `::` in it.
pub(super) fn name_length(rest: &[u8]) -> usize {
    let mut length = 0;
    loop {
        length += rest[length..].iter().take_while(|b| is_name(**b)).count();
        let joined = length > 0
            && rest[length..].starts_with(b"::")
            && rest.get(length + 2).is_some_and(|b| is_name(*b));
        if !joined {
            return length;
        }
        length += 2;
    }
}

/// Does a word stand between blanks, brackets and colons, rather than in a name?
fn own_word(line: &[u8], at: usize, length: usize) -> bool {
    let before = at == 0 || matches!(line[at - 1], b' ' | b'\t' | b'[' | b'(' | b'<' | b'|' | b':');
    // A column of its own: `"Warning","2024-03-05",…`.
    if at > 0 && line[at - 1] == b'"' && line[at + length..].starts_with(b"\",") {
        return true;
    }
    before
        && matches!(
            line.get(at + length),
            None | Some(b' ' | b'\t' | b'[' | b']' | b')' | b'>' | b'|' | b':' | b',')
        )
}

/// The letter of a level right before the time: CUPS' `E [05/Mar/2024:…`, Tornado's `[E 240305 …`, qBittorrent's
/// `(W) 2024-…`, Mumble's `<W>2024-…`.
fn letter_before(line: &[u8], time: usize) -> Option<(Level, usize, usize)> {
    let at = match &line[..time] {
        [_, b' ', b'['] => 0,
        // HP's switches: `W 03/05/24 10:10:11 …`.
        [b'I' | b'W' | b'E' | b'D', b' '] => 0,
        [b'[', _, b' '] | [b'(', _, b')', b' '] | [b'<', _, b'>'] => 1,
        _ => return None,
    };
    Level::from_letter(line[at]).map(|level| (level, at, at + 1))
}

/// A level in a bracket that is no word alone: a letter; Twisted's `[acme.Pay#info]`, `[Error#SQL]`, `<Warn:AAA>`.
fn level_of_bracket(inside: &[u8]) -> Option<Level> {
    if let [letter] = inside {
        return Level::from_letter(letter.to_ascii_uppercase());
    }
    if let Some(hash) = memchr::memchr(b'#', inside) {
        return level_word(&inside[hash + 1..]).or_else(|| level_word(&inside[..hash]));
    }
    // ExtremeXOS: `<Warn:AAA.authFail>`.
    let colon = memchr::memchr(b':', inside).filter(|_| inside.iter().all(u8::is_ascii_graphic))?;
    level_word(&inside[..colon]).filter(|_| !is_everyday(&inside[..colon]))
}

/// `- ! [298] message`: the signs of SQL Server's agent.
fn sign_of_agent(line: &[u8], at: usize) -> Option<(Level, usize, usize)> {
    let level = match line.get(at..at + 3)? {
        b"! [" => Level::Error,
        b"+ [" => Level::Warn,
        b"? [" => Level::Info,
        _ => return None,
    };
    line[..at].ends_with(b" - ").then_some((level, at, at + 1))
}

/// The level that stands between a thread's number and a name in quotes.
fn level_behind_thread(inside: &[u8]) -> Option<(Level, usize, usize)> {
    let digits = inside.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    let rest = inside[digits..].strip_prefix(b" ").filter(|_| digits > 0)?;
    let length = rest.iter().take_while(|b| b.is_ascii_lowercase()).count();
    let level = level_word(&rest[..length]).filter(|_| rest[length..].starts_with(b" '"))?;
    Some((level, digits + 1, digits + 1 + length))
}

/// `LOG3[12]: message`: syslog's severity.
fn stunnel(word: &[u8], rest: &[u8]) -> Option<Level> {
    match word {
        [b'L', b'O', b'G', digit @ b'0'..=b'7'] if rest[4..].starts_with(b"[") => {
            Level::from_syslog(u32::from(digit - b'0'))
        }
        _ => None,
    }
}

/// `system,error,critical`: the topics of MikroTik's routers, of which the worst level counts.
fn topics(rest: &[u8]) -> Option<(Level, usize)> {
    let length = rest.iter().take(64).take_while(|b| b.is_ascii_lowercase() || **b == b',').count();
    let word = rest[..length].strip_suffix(b",").map_or(&rest[..length], |_| &[]);
    if memchr::memchr(b',', word).is_none() || rest.get(length) != Some(&b' ') {
        return None;
    }
    let level = word.split(|b| *b == b',').skip(1).filter_map(level_word).max()?;
    Some((level, length))
}

/// `daemon.info ` of syslog, where no host stands before it.
fn of_syslog(rest: &[u8]) -> Option<(Level, usize)> {
    let length = memchr::memchr(b' ', &rest[..rest.len().min(24)])?;
    let severity = super::syslog::facility_and_severity(&rest[..length])?;
    Some((Level::from_syslog(severity.into())?, length))
}

/// Is this a word of every day, too, which stands for a level only where signs say so?
fn is_everyday(word: &[u8]) -> bool {
    const WORDS: [&[u8]; 16] = [
        b"log",
        b"note",
        b"fine",
        b"all",
        b"config",
        b"panic",
        b"alert",
        b"audit",
        b"success",
        b"normal",
        b"detail",
        b"statement",
        b"hint",
        b"failure",
        b"information",
        b"trc",
    ];
    let small = word.iter().any(u8::is_ascii_lowercase);
    small && WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// Does a level come next, behind a separator?
fn level_behind(next: &[u8]) -> bool {
    let rest = next.strip_prefix(b"- ").or_else(|| next.strip_prefix(b": ")).unwrap_or_default();
    let length = rest.iter().take_while(|b| b.is_ascii_uppercase()).count();
    level_word(&rest[..length]).is_some()
}

/// A level as the headers of logs write it: a word all in capitals, all in small letters or with a capital
/// first, or one of these in an abbreviation.
pub(super) fn level_word(word: &[u8]) -> Option<Level> {
    let word = word.strip_suffix(b":").unwrap_or(word);
    if word.len() < 3 {
        return None;
    }
    if !word.iter().all(u8::is_ascii_alphanumeric) {
        return (!word.is_ascii()).then(|| Level::from_foreign_word(word))?;
    }
    let mixed = word[1..].iter().any(u8::is_ascii_uppercase) && word.iter().any(u8::is_ascii_lowercase);
    if mixed {
        return None;
    }
    // In small letters they begin sentences.
    let capitals = word.iter().all(u8::is_ascii_uppercase);
    Level::from_word(word).filter(|_| capitals || Level::from_foreign_word(word).is_none())
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric()
}

fn is_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'$' | b'/' | b'-' | b'#')
}

/// `o.t.s.AccessLogFilter`, `acme.pool`: names with dots between them.
fn is_dotted(name: &[u8]) -> bool {
    name.first().is_some_and(u8::is_ascii_alphabetic)
        && memchr::memchr(b'.', name).is_some()
        && name
            .split(|b| *b == b'.')
            .all(|part| part.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_'))
        && name.iter().all(|b| is_name(*b))
}

/// The bracket that closes `open`.
fn closing(open: u8) -> Option<u8> {
    match open {
        b'[' => Some(b']'),
        b'(' => Some(b')'),
        b'<' => Some(b'>'),
        b'{' => Some(b'}'),
        _ => None,
    }
}

/// Skips blanks, and after the first header word also the signs that part header words.
fn separators(line: &[u8], mut at: usize, started: bool) -> usize {
    loop {
        match line.get(at) {
            Some(b' ' | b'\t') => at += 1,
            Some(b':' | b'|' | b',' | b';') if started => at += 1,
            Some(b'-') if started && matches!(line.get(at + 1), Some(b' ' | b'-')) => at += 1,
            _ => return at,
        }
    }
}

impl Header {
    /// The parts that roles but time, level and message are played by.
    pub(super) fn parts(&self) -> [(&'static str, Option<Range>); 6] {
        [
            ("thread", self.thread),
            ("logger", self.logger),
            ("service", self.service),
            ("request_id", self.id),
            ("trace_id", self.span.and(self.id)),
            ("span_id", self.span),
        ]
    }

    /// Where the header's last part ends that stands before the message in any case: the time. Pairs are looked
    /// for from here on, `[traceId=…]` included.
    pub(super) fn end(&self) -> usize {
        self.stamp.map_or(0, |(_, _, to)| to)
    }
}
