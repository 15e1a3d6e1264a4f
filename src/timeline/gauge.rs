//! How full a pool is, from numbers that stand side by side: `18/20`, `active=18 … total=20`, `busy: 18, size: 24`.

/// A pool's numbers at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gauge {
    /// Members in use.
    pub active: f64,
    /// Members there can be.
    pub total: f64,
    /// Who waits for one, where that is said.
    pub waiting: Option<f64>,
    /// Is `total` only what is open at the moment? (HikariCP names idle members beside the total.)
    pub growing: bool,
}

/// How full a pool is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// There is room.
    Room,
    /// At least nine in ten are in use.
    Near,
    /// All are in use.
    Full,
}

/// Names of what is in use, without separators.
const ACTIVE: &[&str] = &[
    "active",
    "busy",
    "inuse",
    "used",
    "checkedout",
    "borrowed",
    "acquired",
    "leased",
    "activeconnections",
    "connectionsactive",
    "activeconns",
    "busyconnections",
    "usedconnections",
    "connectionsinuse",
    "numactive",
    "inuseconnections",
    "activecount",
    "poolactive",
];

/// Names of what there can be.
const TOTAL: &[&str] = &[
    "total",
    "size",
    "max",
    "maxsize",
    "limit",
    "capacity",
    "poolsize",
    "totalconnections",
    "maxconnections",
    "maxconns",
    "maxtotal",
    "maxactive",
    "maximum",
    "maxpoolsize",
    "maximumpoolsize",
    "maxopen",
    "maxopenconnections",
    "connectionsmax",
    "connectionstotal",
    "poolmax",
    "pooltotal",
];

/// Names of those who wait.
const WAITING: &[&str] = &[
    "waiting",
    "pending",
    "queue",
    "queuesize",
    "queued",
    "awaiting",
    "waiters",
    "threadsawaitingconnection",
];

/// What a name says about a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What is in use.
    Active,
    /// What there can be.
    Total,
    /// Who waits.
    Waiting,
    /// What is open and not in use.
    Idle,
}

/// The part of a pool that a name stands for; letter case and separators do not matter.
pub fn part(name: &str) -> Option<Part> {
    let plain: String =
        name.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect();
    let is = |names: &[&str]| names.contains(&plain.as_str());
    match () {
        () if is(ACTIVE) => Some(Part::Active),
        () if is(TOTAL) => Some(Part::Total),
        () if is(WAITING) => Some(Part::Waiting),
        () if matches!(plain.as_str(), "idle" | "idleconnections" | "numidle") => Some(Part::Idle),
        () => None,
    }
}

/// Does a text (masked, in lower case) speak of the use of a pool, so that its numbers mean something?
pub fn speaks_of_pool(key: &[u8]) -> bool {
    let has = |word: &str| memchr::memmem::find(key, word.as_bytes()).is_some();
    let pool = has("pool");
    let connections = has("connection") || has("conns");
    let used = ["active", "in use", "in-use", "in_use", "inuse", "busy", "used", "checked out", "borrowed"]
        .iter()
        .any(|w| has(w));
    let counted = has("#");
    let attempts = ["attempt", "retry", "retries", "try "].iter().any(|word| has(word));
    counted && !attempts && (pool || (connections && used)) && (used || has("#/#") || has("size"))
}

impl Gauge {
    /// How full the pool is. Numbers that make no sense as a pool's say that there is room.
    pub fn fill(&self) -> Fill {
        let Gauge { active, total, .. } = *self;
        if !(active.is_finite() && (2.0..1e7).contains(&total)) || active > 2.0 * total {
            return Fill::Room;
        }
        // All that is open is in use, but more can be opened: only who waits shows that it is not enough.
        if self.growing && !self.waiting.is_some_and(|waiting| waiting > 0.0) {
            return Fill::Room;
        }
        match () {
            () if active >= total => Fill::Full,
            () if active >= 0.9 * total => Fill::Near,
            () => Fill::Room,
        }
    }

    /// The numbers in a text that speaks of a pool.
    pub fn of_text(text: &[u8]) -> Option<Gauge> {
        of_names(text).or_else(|| of_fraction(text))
    }
}

/// `active=18, total=20`, `busy: 5, size: 24`, `active 18 max 20`.
fn of_names(text: &[u8]) -> Option<Gauge> {
    let (mut active, mut total, mut waiting, mut idle) = (None, None, None, false);
    let mut at = 0;
    while at < text.len() {
        if !text[at].is_ascii_alphabetic() {
            at += 1;
            continue;
        }
        let length = text[at..].iter().position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')));
        let end = length.map_or(text.len(), |length| at + length);
        // Few words have a number behind them; that is asked first because it costs less.
        if let Some(number) = number_after(text, end)
            && let Ok(name) = std::str::from_utf8(&text[at..end])
            && let Some(part) = part(name)
        {
            match part {
                Part::Active => active = active.or(Some(number)),
                Part::Total => total = total.or(Some((number, name.eq_ignore_ascii_case("total")))),
                Part::Waiting => waiting = waiting.or(Some(number)),
                Part::Idle => idle = true,
            }
        }
        at = end;
    }
    let (total, plain) = total?;
    Some(Gauge { active: active?, total, waiting, growing: idle && plain })
}

/// The number that follows a name, after `=`, `:` or a blank.
fn number_after(text: &[u8], at: usize) -> Option<f64> {
    let rest = &text[at..];
    let skipped = rest.iter().position(|b| !matches!(b, b'=' | b':' | b' ' | b'"'))?;
    if skipped == 0 || skipped > 3 {
        return None;
    }
    number(&rest[skipped..]).map(|(number, _)| number)
}

/// `18/20`, `18 of 20`.
fn of_fraction(text: &[u8]) -> Option<Gauge> {
    let mut at = 0;
    while at < text.len() {
        if !text[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let Some((active, length)) = number(&text[at..]) else {
            at += 1;
            continue;
        };
        let bounded =
            at == 0 || !(text[at - 1].is_ascii_alphanumeric() || matches!(text[at - 1], b'/' | b'.' | b'-'));
        at += length;
        let rest = &text[at..];
        let after = [&b"/"[..], b" / ", b" of "].iter().find_map(|mark| rest.strip_prefix(*mark));
        if let Some(after) = after
            && bounded
            && let Some((total, length)) = number(after)
            && !after.get(length).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-'))
        {
            return Some(Gauge { active, total, waiting: None, growing: false });
        }
    }
    None
}

/// The whole number at the start, and how long it is.
fn number(text: &[u8]) -> Option<(f64, usize)> {
    let length = text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    if length == 0 || length > 9 {
        return None;
    }
    let number = std::str::from_utf8(&text[..length]).ok()?.parse().ok()?;
    Some((number, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(text: &str) -> Option<Fill> {
        let mut key = Vec::new();
        crate::format::log::mask::mask(text.as_bytes(), &mut key);
        speaks_of_pool(&key).then(|| Gauge::of_text(text.as_bytes()).map_or(Fill::Room, |gauge| gauge.fill()))
    }

    #[test]
    fn pools_are_read_from_numbers_side_by_side() {
        for (text, expected) in [
            ("Connection pool: 20/20 active connections", Some(Fill::Full)),
            ("Connection pool: 18/20 active connections", Some(Fill::Near)),
            ("Connection pool: 17/20 active connections", Some(Fill::Room)),
            ("HikariPool-1 - Pool stats (total=20, active=20, idle=0, waiting=5)", Some(Fill::Full)),
            ("HikariPool-1 - Pool stats (total=5, active=5, idle=0, waiting=0)", Some(Fill::Room)),
            ("connection pool status (busy: 24, size: 24, waiting: 3)", Some(Fill::Full)),
            ("connection pool status [busy=5, size=24, waiting=0]", Some(Fill::Room)),
            ("pool: 19 of 20 connections in use", Some(Fill::Near)),
            (
                "Timeout: Pool empty. none available[size:100; busy:100; idle:0; lastwait:30000]",
                Some(Fill::Full),
            ),
            ("connection attempt 3/3 failed", None),
            ("step 20/20 done", None),
            ("connection from 10.0.0.0/8 active", Some(Fill::Room)),
            ("pool exhausted on 2024/02/20", Some(Fill::Room)),
        ] {
            assert_eq!(fill(text).unwrap_or(Fill::Room), expected.unwrap_or(Fill::Room), "{text}");
        }
    }

    #[test]
    fn names_are_known_in_any_spelling() {
        assert_eq!(part("active_connections"), Some(Part::Active));
        assert_eq!(part("inUse"), Some(Part::Active));
        assert_eq!(part("maxPoolSize"), Some(Part::Total));
        assert_eq!(part("queue_size"), Some(Part::Waiting));
        assert_eq!(part("activated"), None);
    }
}
