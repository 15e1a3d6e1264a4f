//! States in few bytes: how tables of many rows travel.

/// A state that is written in few bytes, little end first. Equal states are equal bytes.
pub trait Packed: Copy {
    /// Appends it.
    fn put(&self, to: &mut Vec<u8>);

    /// Reads it; `None` if the next bytes are none.
    fn get(from: &mut Fields<'_>) -> Option<Self>;
}

/// Rows that are needed in another order than they lie in are asked for so many rows before: memory answers meanwhile.
pub(super) const AHEAD: usize = 16;

/// Bytes of states, to be read one number after the other.
#[derive(Debug)]
pub struct Fields<'b>(&'b [u8]);

impl<'b> Fields<'b> {
    /// Of these.
    pub fn new(bytes: &'b [u8]) -> Self {
        Fields(bytes)
    }

    /// The next bytes.
    #[inline]
    pub fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*first)
    }

    /// So many of the next bytes.
    pub fn slice(&mut self, length: usize) -> Option<&'b [u8]> {
        let (first, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(first)
    }

    /// A number that [`put_small`] appended.
    #[inline]
    pub fn small(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.bytes()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// What was not read yet.
    pub fn rest(&self) -> &'b [u8] {
        self.0
    }

    /// How many there are still.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Is there nothing more?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Appends a number that is small as a rule: seven bits a byte (LEB128).
#[inline]
pub fn put_small(mut number: u64, to: &mut Vec<u8>) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

impl Packed for () {
    fn put(&self, _: &mut Vec<u8>) {}

    fn get(_: &mut Fields<'_>) -> Option<()> {
        Some(())
    }
}

/// Numbers in all of their bytes.
macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Packed for $number {
            #[inline]
            fn put(&self, to: &mut Vec<u8>) {
                to.extend_from_slice(&self.to_le_bytes());
            }

            #[inline]
            fn get(from: &mut Fields<'_>) -> Option<Self> {
                from.bytes().map(Self::from_le_bytes)
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64, i64, f64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_come_back_and_what_is_cut_is_none() {
        for number in [0, 1, 127, 128, 300, 1 << 32, u64::MAX] {
            let mut bytes = Vec::new();
            put_small(number, &mut bytes);
            assert_eq!(Fields::new(&bytes).small(), Some(number));
            assert_eq!(Fields::new(&bytes[..bytes.len() - 1]).small(), None, "{number}");
        }
        assert_eq!(Fields::new(&[0x80; 20]).small(), None);
    }
}
