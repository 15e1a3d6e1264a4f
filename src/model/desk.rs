//! Where bytes are kept that reading had to make (text freed of its escapes, lines put together), so that views
//! into them live as long as views into the file.

use std::cell::OnceCell;

/// Keeps byte strings; nothing is given back before all of them are.
#[derive(Debug, Default)]
pub struct Desk {
    first: Place,
}

/// A place for one more byte string, and all that come after it.
pub(super) type Place = OnceCell<Box<Sheet>>;

/// A byte string that is kept, and the place for the next.
#[derive(Debug)]
pub(super) struct Sheet {
    bytes: Box<[u8]>,
    next: Place,
}

impl Desk {
    /// The first place.
    pub(super) fn place(&self) -> &Place {
        &self.first
    }
}

/// Puts `bytes` at the first free place from `place` on; gives them back with the place after them.
pub(super) fn keep(mut place: &Place, bytes: Vec<u8>) -> (&[u8], &Place) {
    while let Some(taken) = place.get() {
        place = &taken.next;
    }
    let sheet = place.get_or_init(|| Box::new(Sheet { bytes: bytes.into(), next: Place::new() }));
    (&sheet.bytes, &sheet.next)
}

impl Drop for Desk {
    /// One after the other: dropped from within each other they would need a stack as deep as they are many.
    fn drop(&mut self) {
        let mut next = self.first.take();
        while let Some(mut sheet) = next {
            next = sheet.next.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_strings_are_kept_side_by_side() {
        let desk = Desk::default();
        let mut place = desk.place();
        let mut kept = Vec::new();
        for n in 0..200_000_u32 {
            let (bytes, next) = keep(place, n.to_le_bytes().to_vec());
            kept.push(bytes);
            place = next;
        }
        let (late, _) = keep(desk.first.get().map_or(place, |sheet| &sheet.next), b"late".to_vec());
        assert_eq!(
            (kept[7], kept[199_999], late),
            (&7_u32.to_le_bytes()[..], &199_999_u32.to_le_bytes()[..], &b"late"[..])
        );
    }
}
