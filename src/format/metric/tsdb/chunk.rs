//! Chunks: the samples of a series over some hours, each told by what it differs in from the one before.

use super::bits::{Bits, Xor, signed};
use super::cursor::{Cursor, has_sum, signed as zigzag};
use super::histogram;
use crate::model::{HistogramSample, Sample};

/// How the samples of a chunk are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Numbers.
    Xor,
    /// Native histograms.
    Histogram,
    /// Native histograms whose counts are floats.
    FloatHistogram,
    /// Sums, counts and extremes of samples, as Thanos writes them.
    Downsampled,
    /// One of a later version, by its number.
    Unknown(u8),
}

impl Encoding {
    /// The encoding of that number.
    pub fn of(number: u8) -> Encoding {
        match number {
            1 => Encoding::Xor,
            2 => Encoding::Histogram,
            3 => Encoding::FloatHistogram,
            0xff => Encoding::Downsampled,
            other => Encoding::Unknown(other),
        }
    }
}

/// What chunks hold.
#[derive(Debug, Default, PartialEq)]
pub struct Contents {
    /// Their samples, rising in time within a chunk.
    pub samples: Vec<Sample>,
    /// Their native histograms, likewise.
    pub histograms: Vec<HistogramSample>,
    /// Did one of the chunks end before all of its samples?
    pub is_cut: bool,
}

/// The chunk at an offset of a segment: how it is written, and its bytes.
///
/// # Errors
/// There is no whole chunk there.
pub fn framed(segment: &[u8], offset: usize) -> Result<(Encoding, &[u8]), &'static str> {
    let read = || {
        let mut cursor = Cursor::new(segment.get(offset..)?);
        let length = usize::try_from(cursor.uvarint()?).ok()?;
        let body = cursor.take(length.checked_add(1)?)?;
        Some((body, cursor.u32()?))
    };
    let (body, sum) = read().ok_or("a chunk lies beyond the end of its segment")?;
    if !has_sum(body, sum) {
        return Err("the sum of a chunk is wrong");
    }
    Ok((Encoding::of(body[0]), &body[1..]))
}

/// Adds what a chunk holds; says no if it is downsampled, or of a later version.
pub fn decode(encoding: Encoding, bytes: &[u8], found: &mut Contents) -> bool {
    let is_whole = match encoding {
        Encoding::Xor => numbers(bytes, &mut found.samples).is_some(),
        Encoding::Histogram => {
            histogram::decode(bytes, histogram::Counts::Whole, &mut found.histograms).is_some()
        }
        Encoding::FloatHistogram => {
            histogram::decode(bytes, histogram::Counts::Float, &mut found.histograms).is_some()
        }
        Encoding::Downsampled | Encoding::Unknown(_) => return false,
    };
    found.is_cut |= !is_whole;
    true
}

/// Adds the samples of a chunk; `None` if it ends before all of them.
fn numbers(bytes: &[u8], samples: &mut Vec<Sample>) -> Option<()> {
    let count = Cursor::new(bytes).u16()?;
    let mut bits = Bits::new(&bytes[2..]);
    let mut state = State::default();
    samples.reserve(usize::from(count).min(bytes.len() * 4));
    for number in 0..count {
        samples.push(state.next(&mut bits, number)?);
    }
    Some(())
}

/// The sample before, and how its value differed from the one before that.
#[derive(Default)]
struct State {
    at: i64,
    step: i64,
    value: Xor,
}

/// The widths in which the change of a step is written, by the ones before it.
const WIDTHS: [u32; 5] = [0, 14, 17, 20, 64];

impl State {
    #[inline]
    fn next(&mut self, bits: &mut Bits<'_>, number: u16) -> Option<Sample> {
        match number {
            0 => {
                self.at = zigzag(bits.uvarint()?);
                self.value = Xor::of(bits.take(64)?);
            }
            1 => {
                self.step = bits.uvarint()? as i64;
                self.at = self.at.wrapping_add(self.step);
                self.value.next(bits)?;
            }
            _ => {
                let ones = bits.ones(4)?;
                let width = WIDTHS[ones as usize];
                let change = signed(bits.take(width)?, width);
                self.step = self.step.wrapping_add(change);
                self.at = self.at.wrapping_add(self.step);
                self.value.next(bits)?;
            }
        }
        Some(Sample { at: self.at, value: f64::from_bits(self.value.value) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes bits, to read them again.
    #[derive(Default)]
    struct Writer {
        bits: Vec<bool>,
    }

    impl Writer {
        fn put(&mut self, number: u64, count: u32) {
            self.bits.extend((0..count).rev().map(|bit| number >> bit & 1 == 1));
        }

        fn bytes(&self) -> Vec<u8> {
            let byte = |bits: &[bool]| {
                bits.iter().enumerate().fold(0, |byte, (i, bit)| byte | u8::from(*bit) << (7 - i))
            };
            self.bits.chunks(8).map(byte).collect()
        }
    }

    #[test]
    fn a_chunk_of_steps_of_every_width() {
        // 1000, then steps of 15000, 15000, 15008, 95008, 0; values 1, 1, 1.5, 1, NaN's marker, 1.
        let mut writer = Writer::default();
        writer.put(6, 16);
        writer.put(0xd0, 8);
        writer.put(0x0f, 8); // 1000 zigzagged is 2000: 0xd0 0x0f
        writer.put(1.0_f64.to_bits(), 64);
        writer.put(0x98, 8);
        writer.put(0x75, 8); // 15000
        writer.put(0, 1);
        writer.put(0, 1); // the same step
        let mut before = 1.0_f64.to_bits();
        let value = |writer: &mut Writer, next: u64, before: &mut u64| {
            let difference = next ^ *before;
            *before = next;
            if difference == 0 {
                return writer.put(0, 1);
            }
            let leading = difference.leading_zeros().min(31);
            let trailing = difference.trailing_zeros();
            let length = 64 - leading - trailing;
            writer.put(0b11, 2);
            writer.put(u64::from(leading), 5);
            writer.put(u64::from(length % 64), 6);
            writer.put(difference >> trailing, length);
        };
        value(&mut writer, 1.5_f64.to_bits(), &mut before);
        writer.put(0b10, 2);
        writer.put(8, 14);
        value(&mut writer, 1.0_f64.to_bits(), &mut before);
        writer.put(0b1110, 4);
        writer.put(80_000, 20);
        value(&mut writer, crate::model::series::STALE, &mut before);
        writer.put(0b1111, 4);
        writer.put((-95_008_i64) as u64, 64);
        value(&mut writer, 1.0_f64.to_bits(), &mut before);
        let bytes = writer.bytes();
        let all = |bytes: &[u8]| {
            let mut found = Contents::default();
            assert!(decode(Encoding::Xor, bytes, &mut found));
            found
        };
        let found = all(&bytes);
        let times: Vec<i64> = found.samples.iter().map(|sample| sample.at).collect();
        assert_eq!(times, [1_000, 16_000, 31_000, 46_008, 141_016, 141_016]);
        let values: Vec<f64> = found.samples.iter().map(|sample| sample.value).collect();
        assert_eq!((values[0], values[1], values[2], values[3], values[5]), (1.0, 1.0, 1.5, 1.0, 1.0));
        assert!(found.samples[4].is_stale() && !found.is_cut);
        for end in 0..bytes.len() {
            let cut = all(&bytes[..end]);
            assert!(cut.is_cut && cut.samples.len() < 6, "{end}");
        }
    }
}
