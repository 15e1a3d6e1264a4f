//! Numbers out of bytes, big-endian and of variable length; `None` where the bytes end.

/// A place in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'b> {
    pub(super) rest: &'b [u8],
}

impl<'b> Cursor<'b> {
    pub(super) fn new(rest: &'b [u8]) -> Self {
        Cursor { rest }
    }

    pub(super) fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|taken| taken[0])
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_be_bytes)
    }

    /// Seven bits a byte, the lowest first.
    pub(super) fn uvarint(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// The same with the sign in the lowest bit.
    pub(super) fn varint(&mut self) -> Option<i64> {
        self.uvarint().map(signed)
    }

    /// A length and so many bytes.
    pub(super) fn text(&mut self) -> Option<&'b [u8]> {
        let length = usize::try_from(self.uvarint()?).ok()?;
        self.take(length)
    }
}

/// A number whose lowest bit is its sign.
pub(super) fn signed(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// Are these bytes followed by their sum?
pub(super) fn has_sum(bytes: &[u8], sum: u32) -> bool {
    crc32c::crc32c(bytes) == sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_variable_length() {
        for (bytes, unsigned, signed) in [
            (&b"\x00"[..], Some(0), Some(0)),
            (b"\x01", Some(1), Some(-1)),
            (b"\x02", Some(2), Some(1)),
            (b"\xac\x02", Some(300), Some(150)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", Some(u64::MAX), Some(i64::MIN)),
            (b"\x80", None, None),
            (b"", None, None),
        ] {
            assert_eq!(Cursor::new(bytes).uvarint(), unsigned, "{bytes:?}");
            assert_eq!(Cursor::new(bytes).varint(), signed, "{bytes:?}");
        }
    }
}
