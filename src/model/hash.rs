//! A hash that is the same on every machine and in every run, for answers that choose by it.

/// FNV-1a of 64 bits, its halves mixed. Not for tables: whoever writes a log can make values collide.
///
/// Fowler, Noll and Vo; parameters as in RFC 9923.
pub fn stable_hash(bytes: impl IntoIterator<Item = u8>) -> u64 {
    let mixed = bytes.into_iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    mixed ^ (mixed >> 32)
}
