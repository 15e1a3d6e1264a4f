//! Where a text file's lines have their time: learned from samples, so that a line is asked at one place only.

use crate::format::time::{self, Stamp};
use crate::model::Timestamp;

/// The places at which a file's text lines have their times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Layout {
    /// How many words stand before the time, the most frequent first.
    words: [Option<u8>; 3],
    /// How many words stand before a time of day, in files that write no date.
    bare: Option<u8>,
}

impl Default for Layout {
    /// For files that nobody has looked at.
    fn default() -> Self {
        Layout { words: [Some(0), Some(1), Some(2)], bare: None }
    }
}

/// How many words may stand before a time.
const MOST_WORDS: u8 = 12;

/// How much of a line is looked at for a time, and how much of one word.
const WITHIN: usize = 400;
const WITHIN_WORD: usize = 60;

/// A time and the bytes of the line that it takes.
pub(super) type Found = (Stamp, usize, usize);

impl Layout {
    /// A layout from how often times were found after so many words; `lines` are all lines that could start
    /// an entry. Times far from the start have to be usual to count: text speaks of times, too.
    pub(super) fn learn(counts: &[usize], lines: usize) -> Layout {
        let mut words: Vec<(usize, u8)> = Vec::new();
        for (word, count) in (0_u8..).zip(counts.iter().copied()) {
            let enough = match word {
                0 => count > 0,
                1 | 2 => count * 10 >= lines,
                _ => count * 3 >= lines,
            };
            if count > 0 && enough {
                words.push((count, word));
            }
        }
        words.sort_by_key(|(count, word)| (std::cmp::Reverse(*count), *word));
        let mut words = words.into_iter().map(|(_, word)| word);
        Layout { words: [words.next(), words.next(), words.next()], bare: None }
    }

    /// Times at the very start only.
    pub(super) fn at_start() -> Layout {
        Layout { words: [Some(0), None, None], bare: None }
    }

    /// Does this file's text have times?
    pub fn is_timed(self) -> bool {
        self.words[0].is_some() || self.bare.is_some()
    }

    /// A layout of times of day after so many words, without dates.
    pub(super) fn bare(words: u8) -> Layout {
        Layout { words: [None; 3], bare: Some(words) }
    }

    /// Does this file's text have times of day, but no dates?
    pub fn is_bare(self) -> bool {
        self.bare.is_some()
    }

    /// Has a line a time at one of the layout's places? The same as asking where it is, but quicker for most lines.
    #[inline]
    pub(super) fn has(self, line: &[u8]) -> bool {
        (self.words[0] == Some(0) && begins_as_usual(line)) || self.find(line).is_some()
    }

    /// The time of a line at one of the layout's places.
    #[inline]
    pub(super) fn find(self, line: &[u8]) -> Option<Found> {
        let dated = self.words.iter().flatten().find_map(|words| {
            let at = after_words(line, *words)?;
            in_word(line, at, *words)
        });
        dated.or_else(|| bare_after(line, self.bare?))
    }
}

/// `2023-12-24 03:14:23,123 WARN`: does a line begin with a time that needs no reading to be believed?
#[inline]
fn begins_as_usual(line: &[u8]) -> bool {
    let Some(([c, d, y, z, b'-', m, n, b'-', a, b, b' ' | b'T', h, i, b':', o, p, b':', s, t], rest)) =
        line.split_first_chunk::<19>()
    else {
        return false;
    };
    let digits = [y, z, n, b, i, p, t].into_iter().all(u8::is_ascii_digit);
    let fraction = match rest {
        [b'.' | b',', x, y, z, ..] if [x, y, z].into_iter().all(u8::is_ascii_digit) => 4,
        _ => 0,
    };
    digits
        && matches!((c, d), (b'2', b'0'))
        && matches!((m, n), (b'0', b'1'..) | (b'1', ..=b'2'))
        && matches!((a, b), (b'0', b'1'..) | (b'1', _) | (b'2', ..=b'8'))
        && matches!((h, i), (b'0' | b'1', _) | (b'2', ..=b'3'))
        && matches!((o, s), (b'0'..=b'5', b'0'..=b'5'))
        && rest.get(fraction..fraction + 5).is_some_and(|word| LEVELS.iter().any(|level| *level == word))
}

/// How the word behind a time begins in most logs; no zone is called so.
const LEVELS: [&[u8; 5]; 5] = [b" INFO", b" WARN", b" DEBU", b" ERRO", b" TRAC"];

/// The time of a line wherever it is, and how many words stand before it.
pub(super) fn locate(line: &[u8]) -> Option<(Found, u8)> {
    (0..=MOST_WORDS).find_map(|words| {
        let at = after_words(line, words)?;
        in_word(line, at, words).map(|found| (found, words))
    })
}

/// How many words may stand before a time without a date: a level, a thread, the number of a process.
const MOST_BEFORE_BARE: u8 = 2;

/// The time of day of a line that has no date, and how many words stand before it.
pub(super) fn locate_bare(line: &[u8]) -> Option<(Found, u8)> {
    (0..=MOST_BEFORE_BARE).find_map(|words| Some((bare_after(line, words)?, words)))
}

fn bare_after(line: &[u8], words: u8) -> Option<Found> {
    let at = after_words(line, words)?;
    // What stands before is a process or a name: a date in a notation that nobody knows would be lost.
    let before = line[..at].trim_ascii();
    let number = before.iter().all(u8::is_ascii_digit) && before.len() <= 7;
    if !number && before.iter().any(u8::is_ascii_digit) {
        return None;
    }
    let at = at + usize::from(matches!(line.get(at), Some(b'[' | b'(' | b'<')));
    let (time, used) = time::time_alone(&line[at..])?;
    Some((Stamp::Bare(time), at, at + used))
}

/// Where the word after so many words starts.
#[inline]
fn after_words(line: &[u8], words: u8) -> Option<usize> {
    let line = &line[..line.len().min(WITHIN)];
    let blank = |b: &u8| matches!(b, b' ' | b'\t');
    let mut at = line.iter().position(|b| !blank(b))?;
    for _ in 0..words {
        at += line[at..].iter().position(blank)?;
        at += line[at..].iter().position(|b| !blank(b))?;
    }
    Some(at)
}

/// The time that starts in the word at `at`: at its start, or after a sign in it.
#[inline]
fn in_word(line: &[u8], at: usize, words: u8) -> Option<Found> {
    if let Some((stamp, used)) = stamp(&line[at..]) {
        return ends(line, at + used).then_some((stamp, at, at + used));
    }
    if words == 0
        && let Some(found) = of_history(line, at)
    {
        return Some(found);
    }
    let word = &line[at..line.len().min(at + WITHIN_WORD)];
    for (offset, b) in word.iter().enumerate() {
        match b {
            b' ' | b'\t' | b'\n' => return None,
            b'[' | b'(' | b'<' | b'>' | b'{' | b'"' | b'\'' | b'=' | b'|' | b';' | b',' | b'*' => {}
            // After a colon only in the first word, `::2011-12-05 07:04:56,101::`, not `at 10:2023-…`,
            // or behind a level: `MESSAGE:2024-03-05 …`.
            // Comware puts a sign before the whole line.
            b'%' if words == 0 && offset == 0 => {}
            b':' if words == 0 || line[..at + offset].last().is_some_and(u8::is_ascii_uppercase) => {}
            _ => continue,
        }
        let from = at + offset + 1;
        if let Some((stamp, used)) = stamp(line.get(from..)?)
            && ends(line, from + used)
            // An instant in a name is more often an id, unless it has a fraction.
            && (!matches!(stamp, Stamp::Instant(_)) || line[from..from + used].contains(&b'.') || line[from] == b'@')
        {
            return Some((stamp, from, from + used));
        }
    }
    None
}

/// `#1375138067`, `#+1375138067`: the line that a shell writes before a command; there is nothing else on it.
fn of_history(line: &[u8], at: usize) -> Option<Found> {
    let rest = line.get(at..)?.strip_prefix(b"#")?;
    let number = rest.strip_prefix(b"+").unwrap_or(rest);
    let (stamp, used) = time::epoch(number)?;
    let from = line.len() - number.len();
    (used == 10 && number[used..].trim_ascii().is_empty()).then_some((stamp, from, from + used))
}

/// May a time end here?
fn ends(line: &[u8], at: usize) -> bool {
    // A letter may follow, where a name of a zone is glued to the time that nobody knows.
    !line.get(at).is_some_and(u8::is_ascii_digit)
}

/// A time in any notation; a bare number is one only if no word goes on after it.
pub(super) fn stamp(rest: &[u8]) -> Option<(Stamp, usize)> {
    time::read(rest).or_else(|| {
        let (stamp, used) = time::epoch(rest)?;
        let alone =
            matches!(rest.get(used), None | Some(b' ' | b'\t' | b']' | b')' | b':' | b',' | b'|' | b'\n'));
        // 2001 to 2033: ids are as long, too.
        let plausible =
            matches!(stamp, Stamp::Instant(Timestamp(nanos)) if nanos < 2_000_000_000_000_000_000);
        (alone && plausible).then_some((stamp, used))
    })
}

/// How much later than the last line another may be.
pub(super) const BARE_SLACK: i64 = 3_600_000_000_000;

/// The last time of day in a file that writes no dates, if all of it is of less than a day, as far as that shows.
pub fn bare_span(bytes: &[u8], layout: Layout) -> Option<i64> {
    let nanos = |line: &[u8]| match layout.find(line)? {
        (Stamp::Bare(time), ..) => Some(i64::from(time.second) * 1_000_000_000 + i64::from(time.nanos)),
        _ => None,
    };
    let mut times = bytes.split(|b| *b == b'\n').filter_map(nanos);
    // What starts at nought counts from the program's start, or else from midnight: nothing tells which.
    let first = times.next().filter(|first| *first >= 1_000_000_000)?;
    let (mut last, mut turned) = (first, false);
    for at in times {
        // Threads write a little out of order.
        if at + BARE_SLACK < last {
            if turned {
                return None;
            }
            turned = true;
        }
        if turned && at + BARE_SLACK >= first {
            return None;
        }
        last = if at + BARE_SLACK < last { at } else { last.max(at) };
    }
    Some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_words_and_signs() {
        for (line, words, text) in [
            ("2023-12-24 03:14:23 x", 0, "2023-12-24 03:14:23"),
            ("  [2023-12-24T03:14:23Z] x", 0, "2023-12-24T03:14:23Z"),
            ("INFO 2023/12/24 03:14:23 x", 1, "2023/12/24 03:14:23"),
            ("web-1  | 2023-12-24T03:14:23Z x", 2, "2023-12-24T03:14:23Z"),
            ("type=SYSCALL msg=audit(1684331127.039:3210): x", 1, "1684331127.039"),
            ("MainThread::INFO::2011-12-05 07:04:56,101::vdsm", 0, "2011-12-05 07:04:56,101"),
            ("a.log.1.2017-05-16_13:53:08 2017-05-16 00:00:00.008 25746 INFO", 1, "2017-05-16 00:00:00.008"),
        ] {
            let ((_, from, to), at) = locate(line.as_bytes()).expect(line);
            assert_eq!((at, &line[from..to]), (words, text), "{line}");
        }
        assert!(locate(b"Connection pool: 20/20 active 1234567890x").is_none());
    }

    proptest::proptest! {
        #[test]
        fn what_begins_as_usual_begins_with_a_time(
            line in "2[01][0-9]{2}-[01][0-9]-[0-3][0-9][ T_][0-2][0-9]:[0-6][0-9]:[0-6][0-9]([.,][0-9]{3})?( INFO| WARN5| DEBUG|  ERROR|Z)[ 0-9]"
        ) {
            let layout = Layout::at_start();
            proptest::prop_assert_eq!(layout.has(line.as_bytes()), layout.find(line.as_bytes()).is_some());
        }
    }

    #[test]
    fn a_place_far_from_the_start_has_to_be_usual() {
        assert_eq!(Layout::learn(&[5, 0, 0, 0, 1], 10), Layout::at_start());
        assert_eq!(Layout::learn(&[0, 0, 0, 0, 9], 10), Layout { words: [Some(4), None, None], bare: None });
        assert!(!Layout::learn(&[0, 0, 0, 1], 10).is_timed());
    }
}
