//! Bytes bit by bit, and the numbers that chunks are written with.

/// Bytes, bit by bit.
pub(super) struct Bits<'b> {
    bytes: &'b [u8],
    /// Bits that were read.
    at: usize,
}

impl<'b> Bits<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Bits { bytes, at: 0 }
    }

    /// How many bits are left.
    pub(super) fn left(&self) -> usize {
        self.bytes.len() * 8 - self.at
    }

    /// The next bits, the first one highest; so many of them as [`AHEAD`] says are there.
    #[inline]
    fn ahead(&self) -> Option<u64> {
        let word = self.bytes.get(self.at / 8..self.at / 8 + 8)?;
        Some(u64::from_be_bytes(word.try_into().ok()?) << (self.at % 8))
    }

    #[inline]
    pub(super) fn take(&mut self, count: u32) -> Option<u64> {
        match self.ahead() {
            Some(word) if count <= AHEAD && count > 0 => {
                self.at += count as usize;
                Some(word >> (64 - count))
            }
            _ => self.take_bytewise(count),
        }
    }

    /// The same where it may go on to the last byte.
    fn take_bytewise(&mut self, count: u32) -> Option<u64> {
        if self.at + count as usize > self.bytes.len() * 8 {
            return None;
        }
        let mut number = 0_u64;
        let mut left = count;
        while left > 0 {
            let within = (self.at % 8) as u32;
            let byte = u64::from(self.bytes[self.at / 8]);
            let here = (8 - within).min(left);
            let part = (byte >> (8 - within - here)) & ((1 << here) - 1);
            number = number << here | part;
            self.at += here as usize;
            left -= here;
        }
        Some(number)
    }

    /// How many ones stand before the next zero, at most so many.
    #[inline]
    pub(super) fn ones(&mut self, most: u32) -> Option<u32> {
        if let Some(word) = self.ahead().filter(|_| most < AHEAD) {
            let ones = word.leading_ones().min(most);
            self.at += (ones + u32::from(ones < most)) as usize;
            return Some(ones);
        }
        for count in 0..most {
            if self.take(1)? == 0 {
                return Some(count);
            }
        }
        Some(most)
    }

    pub(super) fn uvarint(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(8)?;
            number |= (byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// A number written with as few bits as do: up to eight ones tell how many follow.
    pub(super) fn varbit(&mut self) -> Option<u64> {
        let width = VARBIT[self.ones(8)? as usize];
        self.take(width)
    }

    /// The same with a sign. Of the numbers of a width one more is positive than in two's complement.
    pub(super) fn signed_varbit(&mut self) -> Option<i64> {
        let width = VARBIT[self.ones(8)? as usize];
        Some(signed(self.take(width)?, width))
    }
}

/// So many bits are read at once: those of eight bytes but for what is read of the first.
const AHEAD: u32 = 57;

/// How many bits follow so many ones.
const VARBIT: [u32; 9] = [0, 3, 6, 9, 12, 18, 25, 56, 64];

/// The number that these bits stand for.
pub(super) fn signed(bits: u64, width: u32) -> i64 {
    match width {
        0 | 64 => bits as i64,
        _ if bits > 1 << (width - 1) => bits as i64 - (1 << width),
        _ => bits as i64,
    }
}

/// A value told by the bits in which it differs from the one before.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Xor {
    /// The bits of the value.
    pub value: u64,
    leading: u32,
    trailing: u32,
}

impl Xor {
    /// The first value.
    pub(super) fn of(value: u64) -> Self {
        Xor { value, ..Xor::default() }
    }

    /// Reads the next one.
    #[inline]
    pub(super) fn next(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        let ones = bits.ones(2)?;
        if ones == 0 {
            return Some(());
        }
        if ones == 2 {
            let widths = bits.take(5 + 6)? as u32;
            self.leading = widths >> 6;
            // 64 does not fit into six bits, and none would be no difference.
            let length = match widths & 0x3f {
                0 => 64,
                length => length,
            };
            self.trailing = 64_u32.checked_sub(self.leading + length)?;
        }
        let length = 64 - self.leading - self.trailing;
        self.value ^= bits.take(length)? << self.trailing;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_the_same_at_once_and_one_by_one() {
        let bytes: Vec<u8> = (0..40_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let one_by_one = |from: usize, count: u32| {
            (from..from + count as usize)
                .fold(0_u64, |number, i| number << 1 | u64::from(bytes[i / 8] >> (7 - i % 8) & 1))
        };
        for from in 0..bytes.len() * 8 {
            for count in [0, 1, 2, 5, 8, 14, 33, 56, 57, 58, 63, 64] {
                let mut bits = Bits { bytes: &bytes, at: from };
                let is_there = from + count as usize <= bytes.len() * 8;
                assert_eq!(bits.take(count), is_there.then(|| one_by_one(from, count)), "{from} {count}");
            }
            let mut bits = Bits { bytes: &bytes, at: from };
            let left = bytes.len() * 8 - from;
            let ones = (0..8.min(left)).take_while(|i| one_by_one(from + i, 1) == 1).count();
            let expected = (ones < left).then_some(ones as u32);
            if left > 8 {
                assert_eq!(bits.ones(8), expected, "{from}");
                assert_eq!(bits.at, from + ones + usize::from(ones < 8), "{from}");
            }
        }
    }
}
