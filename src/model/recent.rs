//! What was read last, as a guess at what comes next: entries next to each other mostly share their second, and
//! write the same keys in the same order. A guess is checked against the bytes before it counts.

use super::Timestamp;

/// The text of a second as `2023-12-24T03:14:23` has it: date, one byte, time of day.
const SECOND: usize = 19;
/// Bytes behind the fraction that are remembered: a zone.
const ZONE: usize = 8;

/// Bytes of a text in another notation that are remembered.
const WHOLE: usize = 32;

/// The last second that was read, and what it means.
#[derive(Clone, Copy, Debug, Default)]
pub struct RecentSecond {
    text: [u8; SECOND],
    zone: [u8; ZONE],
    zone_length: u8,
    /// The instant at which the second starts; none before anything was read.
    start: Option<Timestamp>,
    /// The last text in another notation, and what it means.
    whole: [u8; WHOLE],
    whole_length: u8,
    meant: Option<Timestamp>,
}

impl RecentSecond {
    /// The instant that `text` means, if it is of the same second and zone as the last one learned.
    #[inline]
    pub fn read(&self, text: &[u8]) -> Option<Timestamp> {
        if let Some((ts, end)) = self.read_start(text) {
            return (end == text.len()).then_some(ts);
        }
        self.meant.filter(|_| text == &self.whole[..usize::from(self.whole_length)])
    }

    /// The instant with which `text` begins, if it is of the same second and zone as the last one learned, and
    /// where it ends.
    #[inline]
    pub fn read_start(&self, text: &[u8]) -> Option<(Timestamp, usize)> {
        let start = self.start?;
        let (second, rest) = text.split_first_chunk::<SECOND>()?;
        // In registers: this is asked for every entry.
        let same = second.as_chunks::<8>().0 == self.text.as_chunks::<8>().0
            && second.last_chunk::<8>() == self.text.last_chunk::<8>();
        if !same {
            return None;
        }
        let (nanos, end) = fraction(rest);
        let zone = &self.zone[..usize::from(self.zone_length)];
        rest[end..].starts_with(zone).then_some((Timestamp(start.0 + nanos), SECOND + end + zone.len()))
    }

    /// Remembers that `text` means `ts`, where that helps: texts that differ from it in the fraction alone mean
    /// the same second.
    pub fn learn(&mut self, text: &[u8], ts: Timestamp) {
        let Some((second, rest)) = text.split_first_chunk::<SECOND>().filter(|(second, _)| is_second(second))
        else {
            return self.learn_whole(text, ts);
        };
        let (nanos, end) = fraction(rest);
        let (zone, start) = (&rest[end..], ts.0 - nanos);
        let whole = start.rem_euclid(super::time::NANOS) == 0;
        if zone.len() > ZONE || zone.first().is_some_and(u8::is_ascii_digit) || !whole {
            return;
        }
        self.text = *second;
        self.zone[..zone.len()].copy_from_slice(zone);
        self.zone_length = zone.len() as u8;
        self.start = Some(Timestamp(start));
    }

    fn learn_whole(&mut self, text: &[u8], ts: Timestamp) {
        if let Some(place) = self.whole.get_mut(..text.len()) {
            place.copy_from_slice(text);
            self.whole_length = text.len() as u8;
            self.meant = Some(ts);
        }
    }
}

/// Has it the shape `dddd-dd-dd dd:dd:dd`, whatever the bytes between the numbers are?
fn is_second(text: &[u8; SECOND]) -> bool {
    text.iter().enumerate().all(|(at, byte)| match at {
        4 | 7 | 10 => !byte.is_ascii_digit(),
        13 | 16 => *byte == b':',
        _ => byte.is_ascii_digit(),
    })
}

/// A fraction of a second at the start of `text`, in nanoseconds, and where it ends; at most nine digits.
#[inline]
fn fraction(text: &[u8]) -> (i64, usize) {
    if !matches!(text.first(), Some(b'.' | b',')) {
        return (0, 0);
    }
    let mut nanos = 0;
    let mut end = 1;
    while end <= 9
        && let Some(digit @ b'0'..=b'9') = text.get(end)
    {
        nanos = nanos * 10 + i64::from(digit - b'0');
        end += 1;
    }
    const SCALE: [i64; 10] = [0, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];
    if end == 1 { (0, 0) } else { (nanos * SCALE[end - 1], end) }
}

/// What stood before the time of the last entry, for readers that need nothing behind it.
#[derive(Clone, Copy, Debug, Default)]
pub struct RecentFrame {
    owner: usize,
    text: Words,
}

impl RecentFrame {
    /// Where the text of the time begins in `entry`, if the same stands before it as in the last one that the
    /// reader with this number learned.
    #[inline]
    pub fn time_in(&self, owner: usize, entry: &[u8]) -> Option<usize> {
        (self.owner == owner && self.text.begins(entry)).then_some(usize::from(self.text.length))
    }

    /// Remembers that in entries which begin with `text` the reader with this number finds the time behind it.
    pub fn learn(&mut self, owner: usize, text: &[u8]) {
        if text.len() <= LINK {
            *self = RecentFrame { owner, text: Words::new(text) };
        }
    }
}

/// Which text between two values followed which, in entries that write their keys: `, "level": "` mostly comes
/// after `{"time": "`. With it a reader knows the next key, and where its value begins, by one comparison.
#[derive(Clone, Debug, Default)]
pub struct RecentKeys {
    /// The links of two readers: one takes all that is wanted of an entry, the other only its time.
    readers: [Links; 2],
    /// Whose turn it is.
    turn: usize,
}

#[derive(Clone, Debug, Default)]
struct Links {
    owner: usize,
    links: Vec<Link>,
}

/// A text between two values.
#[derive(Clone, Debug)]
struct Link {
    text: Words,
    /// The reader's number for the key that is named in it.
    key: u16,
    /// What may follow, the last seen first; `u16::MAX` is none.
    next: [u16; FOLLOWERS],
}

/// Bytes of a link at most; longer ones are not remembered.
const LINK: usize = 40;
/// Followers of one link that are told apart.
const FOLLOWERS: usize = 4;
/// Links at most.
const LINKS: usize = 256;

impl RecentKeys {
    /// Where every entry starts.
    pub const START: u16 = 0;
    /// Behind what is not remembered nothing is guessed.
    const UNKNOWN: u16 = u16::MAX;

    /// Makes it the turn of the reader with this number. The links of any but the last two are forgotten.
    #[inline]
    pub fn belong_to(&mut self, owner: usize) {
        let is_owner = |links: &Links| links.owner == owner && !links.links.is_empty();
        if is_owner(&self.readers[self.turn]) {
            return;
        }
        self.turn = 1 - self.turn;
        let links = &mut self.readers[self.turn];
        if !is_owner(links) {
            *links = Links { owner, links: vec![Link::new(&[], u16::MAX)] };
        }
    }

    /// The link with which `rest` begins, if it followed `link` before: itself, its key and its length.
    #[inline]
    pub fn follow(&self, link: u16, rest: &[u8]) -> Option<(u16, u16, usize)> {
        let links = &self.readers[self.turn].links;
        for next in links.get(usize::from(link))?.next {
            let found = links.get(usize::from(next))?;
            if found.text.begins(rest) {
                return Some((next, found.key, usize::from(found.text.length)));
            }
        }
        None
    }

    /// Remembers that `text`, which names the key of this number, followed `link`. Returns where the reader is now.
    pub fn learn(&mut self, link: u16, text: &[u8], key: u16) -> u16 {
        if text.len() > LINK {
            return Self::UNKNOWN;
        }
        let links = &mut self.readers[self.turn].links;
        let same = |known: &Link| known.text.bytes() == text && known.key == key;
        let known = links.iter().skip(1).position(same).map(|at| at + 1);
        let Some(found) = known.or_else(|| {
            (links.len() < LINKS).then(|| {
                links.push(Link::new(text, key));
                links.len() - 1
            })
        }) else {
            return Self::UNKNOWN;
        };
        if let Some(before) = links.get_mut(usize::from(link)) {
            before.next.rotate_right(1);
            before.next[0] = found as u16;
        }
        found as u16
    }
}

impl Link {
    fn new(text: &[u8], key: u16) -> Link {
        Link { text: Words::new(text), key, next: [RecentKeys::UNKNOWN; FOLLOWERS] }
    }
}

/// A short text that many others are compared with.
#[derive(Clone, Copy, Debug)]
struct Words {
    text: [u8; LINK],
    length: u8,
}

impl Default for Words {
    fn default() -> Self {
        Words { text: [0; LINK], length: 0 }
    }
}

impl Words {
    /// Of at most [`LINK`] bytes.
    fn new(text: &[u8]) -> Words {
        let mut padded = [0; LINK];
        padded[..text.len()].copy_from_slice(text);
        Words { text: padded, length: text.len() as u8 }
    }

    fn bytes(&self) -> &[u8] {
        &self.text[..usize::from(self.length)]
    }

    /// Does `rest` begin with it? Compared in registers.
    #[inline]
    fn begins(&self, rest: &[u8]) -> bool {
        const WORD: usize = 8;
        let length = usize::from(self.length);
        let (Some(rest), Some(text)) = (rest.get(..length), self.text.get(..length)) else { return false };
        let (Some(last), Some(end)) = (rest.last_chunk::<WORD>(), text.last_chunk::<WORD>()) else {
            return rest.iter().zip(text).all(|(a, b)| a == b);
        };
        let mut words = rest.as_chunks::<WORD>().0.iter().zip(text.as_chunks::<WORD>().0);
        words.all(|(a, b)| a == b) && last == end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_fraction_may_differ() {
        let mut recent = RecentSecond::default();
        assert_eq!(recent.read(b"2023-12-24T03:14:23Z"), None);
        recent.learn(b"2023-12-24T03:14:23.5Z", Timestamp(7_500_000_000));
        for (text, nanos) in [
            ("2023-12-24T03:14:23.25Z", Some(7_250_000_000)),
            ("2023-12-24T03:14:23Z", Some(7_000_000_000)),
            ("2023-12-24T03:14:23,123456789Z", Some(7_123_456_789)),
            // Another second, zone or form is not known.
            ("2023-12-24T03:14:24.25Z", None),
            ("2023-12-24T03:14:23.25", None),
            ("2023-12-24T03:14:23.25+09:00", None),
            ("2023-12-24T03:14:23.1234567891Z", None),
            ("2023-12-24T03:14:23.Z", None),
            ("2023-12-24T03:14:2", None),
        ] {
            assert_eq!(recent.read(text.as_bytes()), nanos.map(Timestamp), "{text}");
        }
    }

    #[test]
    fn links_are_followed_where_they_stand_again() {
        let mut recent = RecentKeys::default();
        recent.belong_to(7);
        assert_eq!(recent.follow(RecentKeys::START, b"{\"a\": 1}"), None);
        let a = recent.learn(RecentKeys::START, b"{\"a\": ", 3);
        let long = recent.learn(a, b", \"a_longer_name\": ", 4);
        let short = recent.learn(a, b", \"b\":", 5);
        assert_eq!(recent.follow(RecentKeys::START, b"{\"a\": 2}"), Some((a, 3, 6)));
        assert_eq!(recent.follow(a, b", \"a_longer_name\": \"x\""), Some((long, 4, 19)));
        assert_eq!(recent.follow(a, b", \"b\":1"), Some((short, 5, 6)));
        assert_eq!(recent.follow(a, b", \"a_longer_namE\": \"x\""), None);
        assert_eq!(recent.follow(a, b""), None);
        assert_eq!(recent.follow(long, b", \"b\":1"), None);
        // What is too long is not remembered, and nothing follows it.
        let unknown = recent.learn(a, &[b' '; 100], 6);
        assert_eq!(recent.follow(unknown, &[b' '; 100]), None);
        // Two readers take turns; a third takes the place of the one that was not there last.
        recent.belong_to(8);
        assert_eq!(recent.follow(RecentKeys::START, b"{\"a\": 2}"), None);
        recent.belong_to(7);
        assert_eq!(recent.follow(RecentKeys::START, b"{\"a\": 2}"), Some((a, 3, 6)));
        recent.belong_to(9);
        recent.belong_to(8);
        recent.belong_to(7);
        assert_eq!(recent.follow(RecentKeys::START, b"{\"a\": 2}"), None);
    }

    #[test]
    fn what_is_no_second_is_known_as_a_whole_only() {
        for (text, known) in [
            ("Sun Dec 24 03:14:23 2023", true),
            ("24/Dec/2023:03:14:23 +0900", true),
            ("2023-12-24 3:14:23 PM", true),
            ("1703387663000000000", true),
            ("2023-12-24T03:14:230", false),
            ("Sunday, 24 December 2023, 03:14:23", false),
        ] {
            let mut recent = RecentSecond::default();
            recent.learn(text.as_bytes(), Timestamp(0));
            assert_eq!(recent.read(text.as_bytes()).is_some(), known, "{text}");
            for other in [&format!("{text}.5"), &format!("{text} "), &text[1..], ""] {
                assert_eq!(recent.read(other.as_bytes()), None, "{other}");
            }
        }
    }
}
