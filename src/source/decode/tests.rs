//! Every compression against every way a file can be cut, damaged, padded or joined.

use std::io::{self, Cursor, Read, Write};

use super::*;
use crate::source::stream::{Damage, Remark};

const ALL: [Compression; 5] =
    [Compression::Gzip, Compression::Zstd, Compression::Bzip2, Compression::Xz, Compression::Lz4];

fn compress(compression: Compression, text: &[u8]) -> Vec<u8> {
    match compression {
        Compression::Gzip => {
            let mut writer = flate2::GzBuilder::new()
                .filename("app.log")
                .comment("a comment")
                .extra(vec![1, 2, 3])
                .mtime(1_703_387_661)
                .write(Vec::new(), flate2::Compression::default());
            writer.write_all(text).unwrap();
            writer.finish().unwrap()
        }
        Compression::Zstd => {
            let mut writer = ::zstd::Encoder::new(Vec::new(), 3).unwrap();
            writer.include_checksum(true).unwrap();
            writer.write_all(text).unwrap();
            writer.finish().unwrap()
        }
        Compression::Bzip2 => {
            let mut writer = ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::fast());
            writer.write_all(text).unwrap();
            writer.finish().unwrap()
        }
        Compression::Xz => {
            let options = lzma_rust2::XzOptions::with_preset(1);
            let mut writer = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
            writer.write_all(text).unwrap();
            writer.finish().unwrap()
        }
        Compression::Lz4 => {
            let mut info = lz4_flex::frame::FrameInfo::new();
            info.content_checksum = true;
            info.block_size = lz4_flex::frame::BlockSize::Max64KB;
            let mut writer = lz4_flex::frame::FrameEncoder::with_frame_info(info, Vec::new());
            writer.write_all(text).unwrap();
            writer.finish().unwrap()
        }
    }
}

/// Lines that do not repeat too much.
fn text(bytes: usize) -> Vec<u8> {
    let mut text = Vec::new();
    let mut state = 42_u64;
    while text.len() < bytes {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        writeln!(text, "2023-12-24 03:14:{:02} ERROR request {:016x} failed", state >> 58, state).unwrap();
    }
    text.truncate(bytes);
    text
}

/// Everything that can be read, the error that ended it, and the remark that was left.
fn decode(reader: Box<dyn Read + Send>) -> (Vec<u8>, Option<io::Error>, Option<String>) {
    let remarks = Remarks::default();
    let (out, error) = match unpack(Input::new(reader), &remarks) {
        Ok(unpacked) => {
            let (mut input, _) = transcode(unpacked.input, &remarks);
            read_all(&mut input)
        }
        Err(error) => (Vec::new(), Some(error)),
    };
    let remark = remarks.get().map(|remark| match remark {
        Remark::Odd(text) | Remark::Unread(text) => text,
    });
    (out, error, remark)
}

fn read_all(reader: &mut dyn Read) -> (Vec<u8>, Option<io::Error>) {
    let mut out = Vec::new();
    let mut buf = [0; 777];
    loop {
        match reader.read(&mut buf) {
            Ok(0) => return (out, None),
            Ok(n) => out.extend_from_slice(&buf[..n]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (out, Some(error)),
        }
    }
}

fn decode_bytes(bytes: &[u8]) -> (Vec<u8>, Option<io::Error>, Option<String>) {
    decode(Box::new(Cursor::new(bytes.to_owned())))
}

fn is_damage(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.downcast_ref::<Damage>().is_some())
}

#[test]
fn compressed_text_comes_back() {
    for compression in ALL {
        for size in [0, 1, 100, 70_000, 2_000_000] {
            let text = text(size);
            let (out, error, remark) = decode_bytes(&compress(compression, &text));
            assert!(out == text, "{compression:?} {size}: {} bytes", out.len());
            assert!(error.is_none() && remark.is_none(), "{compression:?} {size}: {error:?} {remark:?}");
        }
    }
}

#[test]
fn frames_are_joined_and_zeros_between_them_skipped() {
    for compression in ALL {
        let frame = compress(compression, b"one line\n");
        for padding in [0, 4, 512] {
            let mut bytes = frame.clone();
            bytes.resize(frame.len() + padding, 0);
            bytes.extend(&frame);
            bytes.resize(bytes.len() + padding, 0);
            let (out, error, remark) = decode_bytes(&bytes);
            assert_eq!(out, b"one line\none line\n", "{compression:?} {padding}: {error:?}");
            assert!(error.is_none() && remark.is_none(), "{compression:?} {padding}: {error:?} {remark:?}");
        }
    }
}

#[test]
fn compression_is_undone_layer_by_layer() {
    let inner = compress(Compression::Gzip, b"deep\n");
    let (out, error, _) = decode_bytes(&compress(Compression::Zstd, &inner));
    assert_eq!(out, b"deep\n");
    assert!(error.is_none());
}

#[test]
fn garbage_behind_the_data_is_remarked() {
    for compression in ALL {
        let mut bytes = compress(compression, b"one line\n");
        let at = bytes.len();
        bytes.extend(b"no frame at all");
        let (out, error, remark) = decode_bytes(&bytes);
        assert_eq!(out, b"one line\n", "{compression:?}");
        assert!(error.is_none(), "{compression:?}: {error:?}");
        assert!(remark.unwrap().contains(&format!("byte {at} ")), "{compression:?}");
    }
}

#[test]
fn every_prefix_of_a_small_file_gives_a_prefix_and_says_that_it_is_cut() {
    for compression in ALL {
        let whole = compress(compression, b"first line\nsecond line\n");
        for cut in 0..whole.len() {
            let (out, error, _) = decode_bytes(&whole[..cut]);
            let Some(named) = Compression::of(&whole[..cut]) else {
                assert_eq!(out, &whole[..cut], "{compression:?} {cut}: no compression, so as it is");
                continue;
            };
            assert_eq!(named, compression);
            assert!(b"first line\nsecond line\n".starts_with(&out), "{compression:?} {cut}");
            let error = error.unwrap_or_else(|| panic!("{compression:?} {cut}: no error"));
            let expected = format!("ends early at compressed byte {cut};");
            assert!(error.to_string().contains(&expected), "{compression:?} {cut}: {error}");
        }
        // A second frame cut anywhere leaves the first one whole.
        for cut in 1..whole.len() {
            let mut joined = whole.clone();
            joined.extend(&whole[..cut]);
            let (out, error, remark) = decode_bytes(&joined);
            assert!(out.starts_with(b"first line\nsecond line\n"), "{compression:?} {cut}");
            assert!(error.is_some(), "{compression:?} {cut}: {remark:?}");
        }
    }
}

#[test]
fn a_cut_file_gives_all_that_can_be_decoded() {
    let text = text(3_000_000);
    // gzip and zstd flush what they have; the others by blocks.
    for (compression, least) in [
        (Compression::Gzip, 0.48),
        (Compression::Zstd, 0.43),
        (Compression::Bzip2, 0.43),
        (Compression::Xz, 0.48),
        (Compression::Lz4, 0.43),
    ] {
        let whole = compress(compression, &text);
        let (out, error, _) = decode_bytes(&whole[..whole.len() / 2]);
        assert!(text.starts_with(&out), "{compression:?}");
        assert!(out.len() as f64 > least * text.len() as f64, "{compression:?}: {}", out.len());
        assert!(is_damage(&error.unwrap()), "{compression:?}");
    }
}

#[test]
fn a_damaged_file_gives_what_comes_before_the_damage() {
    let text = text(3_000_000);
    for compression in ALL {
        let mut bytes = compress(compression, &text);
        let middle = bytes.len() / 2;
        for byte in &mut bytes[middle..middle + 16] {
            *byte ^= 0x5a;
        }
        let (out, error, _) = decode_bytes(&bytes);
        let same = out.iter().zip(&text).take_while(|(a, b)| a == b).count();
        assert!(same as f64 > 0.4 * text.len() as f64, "{compression:?}: {same} of {}", out.len());
        assert!(is_damage(&error.expect("an error")), "{compression:?}");
    }
}

#[test]
fn a_wrong_checksum_is_told_and_the_next_member_read() {
    let mut bytes = compress(Compression::Gzip, b"one\n");
    let at = bytes.len();
    bytes[at - 8] ^= 1;
    bytes.extend(compress(Compression::Gzip, b"two\n"));
    let (out, error, _) = decode_bytes(&bytes);
    assert_eq!(out, b"one\ntwo\n");
    assert!(error.unwrap().to_string().contains(&format!("before compressed byte {at} does not match")));
}

#[test]
fn skippable_frames_are_skipped() {
    let skippable = b"\x53\x2a\x4d\x18\x05\0\0\0hello";
    for compression in [Compression::Zstd, Compression::Lz4] {
        let mut bytes = compress(compression, b"one\n");
        bytes.extend(skippable);
        bytes.extend(compress(compression, b"two\n"));
        let (out, error, remark) = decode_bytes(&bytes);
        assert_eq!(out, b"one\ntwo\n", "{compression:?} {error:?} {remark:?}");
    }
    let mut first = skippable.to_vec();
    first.extend(compress(Compression::Zstd, b"one\n"));
    assert_eq!(decode_bytes(&first).0, b"one\n");
}

#[test]
fn memory_that_a_header_asks_for_is_refused() {
    // A frame header with a window of 2 GiB: descriptor without single segment, exponent 21.
    let bytes = b"\x28\xb5\x2f\xfd\x00\xa8\x01\0\0";
    let (out, error, _) = decode_bytes(bytes);
    assert!(out.is_empty());
    assert!(error.unwrap().to_string().contains("too much memory"));
}

#[test]
fn a_bomb_streams() {
    // 64 MiB here; the gibibyte is in tests/hostile.rs, with the release build.
    const SIZE: u64 = 64 << 20;
    for compression in ALL {
        let mut zeros = Vec::new();
        let chunk = vec![0; 1 << 20];
        let frame = compress(compression, &chunk);
        for _ in 0..SIZE >> 20 {
            zeros.extend(&frame);
        }
        let remarks = Remarks::default();
        let mut input = unpack(Input::new(Box::new(Cursor::new(zeros))), &remarks).unwrap().input;
        assert_eq!(io::copy(&mut input, &mut io::sink()).unwrap(), SIZE, "{compression:?}");
    }
}

/// Gives one byte, then two, …, is interrupted now and then, and fails at the `fail`-th call.
struct Faulty {
    bytes: Cursor<Vec<u8>>,
    calls: u64,
    fail: u64,
}

impl Read for Faulty {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.calls += 1;
        if self.calls == self.fail {
            return Err(io::Error::from_raw_os_error(libc::EIO));
        }
        if self.calls.is_multiple_of(3) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let most = buf.len().min(self.calls as usize % 5 + 1);
        self.bytes.read(&mut buf[..most])
    }
}

#[test]
fn a_read_that_fails_at_any_call_gives_what_came_before() {
    let text = text(900);
    let mut files: Vec<_> = ALL.iter().map(|&compression| compress(compression, &text)).collect();
    files.push(text.clone());
    files.push(utf16(&String::from_utf8_lossy(&text), false, true));
    for (which, bytes) in files.into_iter().enumerate() {
        let mut fail = 1;
        let mut most = 0;
        loop {
            let reader = Faulty { bytes: Cursor::new(bytes.clone()), calls: 0, fail };
            let (out, error, _) = decode(Box::new(reader));
            // Before the head of the file could be read, nobody knows that it is compressed.
            if out.len() >= HEAD || !bytes.starts_with(&out) {
                assert!(text.starts_with(&out), "file {which}, call {fail}");
                assert!(out.len() >= most, "file {which}, call {fail}: a later failure gave less");
                most = out.len();
            }
            match error {
                Some(error) => assert_eq!(error.raw_os_error(), Some(libc::EIO), "file {which}"),
                None => break assert_eq!(out, text, "file {which}"),
            }
            fail += 1;
        }
        assert!(fail > 50, "file {which} was read in {fail} calls");
    }
}

fn utf16(text: &str, big_endian: bool, marked: bool) -> Vec<u8> {
    let mark = marked.then_some(0xfeff);
    let units = mark.into_iter().chain(text.encode_utf16());
    units.flat_map(|unit| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

#[test]
fn encodings_become_utf8() {
    let text = "2024-01-01 Größe 😀 ok\r\n".repeat(5000);
    for big_endian in [false, true] {
        for marked in [false, true] {
            let (out, error, remark) = decode_bytes(&utf16(&text, big_endian, marked));
            assert!(out == text.as_bytes(), "{big_endian} {marked}");
            assert!(error.is_none() && remark.is_none());
        }
    }
    assert_eq!(decode_bytes(b"\xef\xbb\xbfhello").0, b"hello");
    assert_eq!(decode_bytes(&compress(Compression::Gzip, &utf16(&text, false, true))).0, text.as_bytes());
    // A character in two halves, of which one is missing, and half a unit.
    let (out, error, remark) = decode_bytes(b"\xff\xfea\0\x3d\xd8b\0\x3d\xd8");
    assert_eq!(String::from_utf8_lossy(&out), "a\u{fffd}b\u{fffd}");
    assert!(error.is_none() && remark.is_none());
    let (out, _, remark) = decode_bytes(b"\xff\xfea\0b");
    assert_eq!(String::from_utf8_lossy(&out), "a\u{fffd}");
    assert!(remark.unwrap().contains("middle of a UTF-16 character"));
}

#[test]
fn other_bytes_stay_what_they_are() {
    for bytes in [
        &b"caf\xe9 latin-1 has no mark\n"[..],
        b"",
        b"\xff",
        b"\0",
        b"error\n\0\0\0\0\0\0\0\0\0\0\0\0\0\0error\n",
        b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0error\n",
        b"BZh is no bzip2",
        b"\x1f\x8bx",
        b"PK is no zip",
        b"\x01\0\x02\0\x03\0\x04\0\x05\0\x06\0\x07\0\x08\0\x09\0\x0a\0",
    ] {
        let (out, error, remark) = decode_bytes(bytes);
        assert_eq!(out, bytes, "{}", bytes.escape_ascii());
        assert!(error.is_none() && remark.is_none());
    }
}

#[test]
fn gzip_remembers_when_the_file_was_written() {
    let remarks = Remarks::default();
    let bytes = compress(Compression::Gzip, b"x");
    let unpacked = unpack(Input::new(Box::new(Cursor::new(bytes))), &remarks).unwrap();
    assert_eq!(unpacked.modified, Timestamp::new(1_703_387_661, 0));
}

proptest::proptest! {
    #[test]
    fn no_damage_makes_a_decoder_panic_or_run_for_ever(
        which in 0..ALL.len(),
        flips in proptest::collection::vec((proptest::prelude::any::<proptest::sample::Index>(), 1..=255_u8), 1..8),
        cut in proptest::prelude::any::<proptest::sample::Index>(),
    ) {
        let mut bytes = compress(ALL[which], &text(3000));
        for (at, flip) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
        }
        bytes.truncate(bytes.len().saturating_sub(cut.index(bytes.len() * 2).saturating_sub(bytes.len())));
        let (out, error, _) = decode_bytes(&bytes);
        // Nobody can promise how much comes out, only that it ends.
        proptest::prop_assert!(out.len() < 1 << 30);
        proptest::prop_assert!(error.is_none_or(|error| is_damage(&error)));
    }

    #[test]
    fn any_bytes_behind_a_sign_are_survived(
        which in 0..6_usize,
        rest in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
    ) {
        let signs: [&[u8]; 6] = [
            b"\x1f\x8b\x08",
            b"\x28\xb5\x2f\xfd",
            b"BZh91AY&SY",
            b"\xfd7zXZ\0",
            b"\x04\x22\x4d\x18",
            b"\x02\x21\x4c\x18",
        ];
        let (out, _, _) = decode_bytes(&[signs[which], &rest].concat());
        proptest::prop_assert!(out.len() < 1 << 30);
    }
}
