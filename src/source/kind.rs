//! Tells files that are no logs (images, programs, databases) by their first bytes.

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something to read, whatever bytes are in it.
    Text,
    /// No log: what it is instead, as a noun (`PNG image`).
    Binary(&'static str),
}

/// Judges a file by the first bytes of its decoded content (4 KiB are plenty) and by its name, which only counts
/// where a format has no sign of its own. NUL bytes alone make no file binary: they are what a crash leaves.
pub fn kind(head: &[u8], name: &str) -> Kind {
    let by_sign = SIGNS.iter().find(|sign| sign.is_in(head)).map(|sign| sign.what);
    by_sign.or_else(|| special(head)).or_else(|| unsigned(head, name)).map_or(Kind::Text, Kind::Binary)
}

/// Bytes at an offset that only one kind of file has.
struct Sign {
    at: usize,
    bytes: &'static [u8],
    what: &'static str,
}

impl Sign {
    fn is_in(&self, head: &[u8]) -> bool {
        head.get(self.at..).is_some_and(|rest| rest.starts_with(self.bytes))
    }
}

const fn sign(at: usize, bytes: &'static [u8], what: &'static str) -> Sign {
    Sign { at, bytes, what }
}

/// The signs; all have a byte that text does not have, or are long enough not to open a log by chance.
/// Sources: the formats' own specifications, and file(1)'s collection for those that have none.
const SIGNS: &[Sign] = &[
    sign(0, b"\x89PNG\r\n\x1a\n", "PNG image"),
    sign(0, b"\xff\xd8\xff", "JPEG image"),
    sign(0, b"GIF87a", "GIF image"),
    sign(0, b"GIF89a", "GIF image"),
    sign(0, b"II*\0", "TIFF image"),
    sign(0, b"MM\0*", "TIFF image"),
    sign(0, b"8BPS\0", "Photoshop image"),
    sign(0, b"\0\0\x01\0\x01\0", "icon"),
    sign(8, b"WEBPVP8", "WebP image"),
    sign(8, b"WAVEfmt ", "WAV sound"),
    sign(8, b"AVI LIST", "AVI video"),
    sign(4, b"ftypheic", "HEIF image"),
    sign(4, b"ftypavif", "AVIF image"),
    sign(4, b"ftyp", "MP4 video"),
    sign(0, b"\x1a\x45\xdf\xa3", "Matroska video"),
    sign(0, b"OggS\0", "Ogg sound"),
    sign(0, b"fLaC\0", "FLAC sound"),
    sign(0, b"ID3\x02\0", "MP3 sound"),
    sign(0, b"ID3\x03\0", "MP3 sound"),
    sign(0, b"ID3\x04\0", "MP3 sound"),
    sign(0, b"wOFF\0", "font"),
    sign(0, b"wOF2\0", "font"),
    sign(0, b"OTTO\0", "font"),
    sign(0, b"\0\x01\0\0\0", "font"),
    sign(0, b"%PDF-", "PDF document"),
    sign(0, b"{\\rtf1", "RTF document"),
    sign(0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Office document"),
    sign(0, b"\x7fELF", "ELF program"),
    sign(0, b"\xfe\xed\xfa\xce", "Mach-O program"),
    sign(0, b"\xfe\xed\xfa\xcf", "Mach-O program"),
    sign(0, b"\xce\xfa\xed\xfe", "Mach-O program"),
    sign(0, b"\xcf\xfa\xed\xfe", "Mach-O program"),
    sign(0, b"\xca\xfe\xba\xbe\0\0\0", "Java class or Mach-O program"),
    sign(0, b"\0asm\x01\0\0\0", "WebAssembly module"),
    sign(0, b"BC\xc0\xde", "LLVM bitcode"),
    sign(0, b"!<arch>\n", "Unix archive of object files or a Debian package"),
    sign(0, b"\xed\xab\xee\xdb", "RPM package"),
    sign(0, b"SQLite format 3\0", "SQLite database"),
    sign(0, b"\x00\x06\x15\x61\x00", "Berkeley database"),
    sign(12, b"\x62\x31\x05\x00", "Berkeley database"),
    sign(12, b"\x53\x22\x09\x00\x00", "Berkeley database"),
    sign(0, b"\xba\xaa\xd7\x00", "Prometheus index"),
    sign(0, b"\x85\xbd\x40\xdd", "Prometheus chunks"),
    sign(0, b"PAR1", "Parquet file"),
    sign(0, b"ARROW1\0\0", "Arrow file"),
    sign(0, b"Obj\x01", "Avro file"),
    sign(0, b"SEQ\x06", "Hadoop sequence file"),
    sign(0, b"\x89HDF\r\n\x1a\n", "HDF5 file"),
    sign(0, b"\x93NUMPY", "NumPy array"),
    sign(0, b"REDIS00", "Redis snapshot"),
    sign(0, b"\xfebin", "MySQL binary log"),
    sign(0, b"PGDMP", "PostgreSQL dump"),
    sign(0, b"LPKSHHRH", "systemd journal (`journalctl -o json --file FILE` makes it readable)"),
    sign(0, b"ElfFile\0", "Windows event log (`wevtutil qe FILE /lf:true /f:text` makes it readable)"),
    sign(0, b"regf", "Windows registry"),
    // What macOS keeps of a file beside its text, in every archive that is made there (RFC 1740).
    sign(0, b"\0\x05\x16\x07", "AppleDouble file"),
    sign(0, b"\0\x05\x16\0", "AppleSingle file"),
    sign(0, b"ASL DB\0", "log of Apple's syslogd (`syslog -f FILE` makes it readable)"),
    sign(0, b"bplist00", "property list"),
    sign(0, b"\xd4\xc3\xb2\xa1", "packet capture (`tcpdump -nn -tttt -r FILE` makes it readable)"),
    sign(0, b"\xa1\xb2\xc3\xd4", "packet capture (`tcpdump -nn -tttt -r FILE` makes it readable)"),
    sign(0, b"\x4d\x3c\xb2\xa1", "packet capture (`tcpdump -nn -tttt -r FILE` makes it readable)"),
    sign(0, b"\x0a\x0d\x0d\x0a", "packet capture (`tcpdump -nn -tttt -r FILE` makes it readable)"),
    sign(0, b"FLR\0", "Java flight recording (`jfr print FILE` makes it readable)"),
    sign(
        0,
        b"JAVA PROFILE 1.0",
        "Java heap dump (`jcmd PID GC.class_histogram` writes text of a living process)",
    ),
    sign(0, b"\xac\xed\x00\x05", "serialised Java objects"),
    sign(0, b"PERFILE2", "perf recording (`perf script -i FILE` makes it readable)"),
    sign(0, b"PACK\0\0\0", "git pack"),
    sign(0, b"DIRC\0\0\0", "git index"),
    sign(0, b"\xfftOc", "git pack index"),
    sign(0, b"age-encryption.org/v1\n", "age-encrypted file"),
    sign(0, b"-----BEGIN PGP MESSAGE-----", "PGP-encrypted file"),
    sign(0, b"7z\xbc\xaf\x27\x1c", "7-Zip archive"),
    sign(0, b"Rar!\x1a\x07", "RAR archive"),
    sign(0, b"MSCF\0\0\0\0", "Windows cabinet"),
    sign(0, b"xar!\0", "xar archive"),
    sign(0, b"070701", "cpio archive"),
    sign(0, b"070707", "cpio archive"),
    sign(0, b"\xc7\x71", "cpio archive"),
    sign(0, b"hsqs", "SquashFS image"),
    sign(0, b"\x1f\x9d", "compress(1) file"),
    sign(0, b"LZIP\x01", "lzip file"),
    sign(0, b"\x89LZO\0", "lzop file"),
    sign(0, b"\xff\x06\0\0sNaPpY", "Snappy file"),
    sign(0, b"PK\x03\x04", "zip archive"),
    sign(0, b"PK\x05\x06", "zip archive"),
    sign(257, b"ustar", "tar archive"),
];

/// Kinds whose sign is more than bytes at one place.
fn special(head: &[u8]) -> Option<&'static str> {
    let u32_at = |at: usize| -> Option<usize> {
        let bytes: [u8; 4] = head.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    };
    if head.starts_with(b"MZ") && head.get(u32_at(0x3c)?..)?.starts_with(b"PE\0\0") {
        return Some("Windows program");
    }
    // sysstat's files have a number of their notation behind their sign (`SA_MAGIC` in sa.h).
    if head.starts_with(b"\x96\xd5") && head.get(3) == Some(&0x21) {
        return Some("sysstat recording (`sadf -d FILE -- -A` makes it readable)");
    }
    // The reserved words of a bitmap's header are zero, and its pixels start behind the headers.
    if head.starts_with(b"BM")
        && u32_at(6) == Some(0)
        && u32_at(10).is_some_and(|at| (26..4096).contains(&at))
    {
        return Some("BMP image");
    }
    // Python's cached bytecode: a version (62,000 or so of Python 2, from 3,000 on of Python 3), CR LF, and flags that are
    // 0 to 3.
    if matches!(head, [_, 0x0B..=0x10 | 0xF1..=0xF3, b'\r', b'\n', ..])
        && u32_at(4).is_some_and(|flags| flags < 4)
        && head.len() >= 16
    {
        return Some("Python bytecode");
    }
    None
}

/// Binary files that have no sign, but a name by which everybody knows them.
fn unsigned(head: &[u8], name: &str) -> Option<&'static str> {
    let name = name.rsplit(['/', '!']).next().unwrap_or(name);
    let stem = name.split(['.', '-']).next().unwrap_or(name);
    let has_nul = memchr::memchr(0, head).is_some();
    match stem {
        "wtmp" | "btmp" | "utmp" | "wtmpx" | "utmpx" | "utx" | "lastlog" | "faillog" | "tallylog"
            if has_nul =>
        {
            Some("login records")
        }
        "pacct" | "acct" if has_nul => Some("process accounting"),
        _ => is_data(head).then_some("binary data"),
    }
}

/// How many bytes decide whether a file is data, and how few other than zero are too few: a damaged end of a log is one.
const DECIDING: usize = 4 << 10;
const FEW: usize = 512;

/// Is any line one of a text, however damaged the others are? Data has no lines.
fn has_text(head: &[u8]) -> bool {
    const WORDS: usize = 12;
    let is_text = |line: &[u8]| {
        line.len() >= WORDS
            && std::str::from_utf8(line).is_ok_and(|line| !line.chars().any(|c| c.is_control() && c != '\t'))
    };
    head.split(|byte| *byte == b'\n').any(|line| is_text(line.trim_ascii_end()))
}

/// Is this no text in any encoding? Among bytes that are not zero one in fifty is a control code that no text has, of at
/// least four kinds, and one in eight is such a code or no UTF-8. Encodings of text have no control codes, and what text
/// parts fields with is one of them, always the same.
fn is_data(head: &[u8]) -> bool {
    let head = &head[..head.len().min(DECIDING)];
    let is_wide = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    if is_wide || has_text(head) {
        return false;
    }
    let mut seen = 0_u32;
    let mut controls = 0;
    for b in head.iter().copied().filter(|b| matches!(b, 1..=6 | 0x0E..=0x1A | 0x1C..=0x1F)) {
        seen |= 1 << b;
        controls += 1;
    }
    let all = head.iter().filter(|b| **b != 0).count();
    if all < FEW || seen.count_ones() < 4 || controls * 50 < all {
        return false;
    }
    let strange: usize = head.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
    (controls + strange) * 8 >= all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_no_logs_are_recognised() {
        let mut bitmap = b"BM\x36\x10\0\0\0\0\0\0\x36\0\0\0".to_vec();
        bitmap.resize(64, 0);
        let mut program = b"MZ".to_vec();
        program.resize(0x3c, 0);
        program.extend(b"\x40\0\0\0PE\0\0");
        let mut tar = vec![b'x'; 257];
        tar.extend(b"ustar\x0000");
        for (head, what) in [
            (&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], "PNG image"),
            (b"RIFF\x24\0\0\0WEBPVP8 ", "WebP image"),
            (b"\0\0\0\x18ftypmp42", "MP4 video"),
            (b"SQLite format 3\0\x10\0", "SQLite database"),
            (b"\x7fELF\x02\x01\x01", "ELF program"),
            (b"\xa7\x0d\r\n\0\0\0\0abcdefgh", "Python bytecode"),
            (&bitmap, "BMP image"),
            (&program, "Windows program"),
            (&tar, "tar archive"),
            (b"\x96\xd5\x75\x21\x0c\x06", "sysstat recording (`sadf -d FILE -- -A` makes it readable)"),
        ] {
            assert_eq!(kind(head, "x.log"), Kind::Binary(what), "{}", head.escape_ascii());
        }
        assert_eq!(kind(b"\x07\0\0\0ts/0", "/var/log/wtmp-20231224"), Kind::Binary("login records"));
        assert_eq!(kind(b"\0\x05\x16\x07\0\x02\0\0Mac OS X", "._app.log"), Kind::Binary("AppleDouble file"));
        // Numbers without an order, as what is encrypted or packed looks, and records of fixed length.
        let mut state = 1_u32;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .take(2_000)
        .collect();
        assert_eq!(kind(&noise, "spool"), Kind::Binary("binary data"));
        // A log in which one line is whole is a log, and so are a few damaged lines.
        assert_eq!(kind(&noise[..300], "app.log"), Kind::Text);
        let damaged = [b"2023-12-24 03:00:00 DEBUG started\n", &noise[..]].concat();
        assert!(!matches!(kind(&damaged, "app.log"), Kind::Binary(_)));
        let records: Vec<u8> = (1_u32..40)
            .flat_map(|n| {
                let mut record = vec![7, 0, 0, 0];
                record.extend((n * 977).to_le_bytes());
                record.extend(b"pts/1\0\0\0\0\0\0\0root\0\0\0\0");
                record.extend((1_709_633_411 + n * 61).to_le_bytes());
                record.extend((n * 31_337).to_le_bytes());
                record
            })
            .collect();
        assert_eq!(kind(&records, "sessions"), Kind::Binary("binary data"));
    }

    #[test]
    fn whatever_else_is_in_a_log_it_is_a_log() {
        for head in [
            &b""[..],
            b"\0",
            b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            b"error\n\0\0\0error\n",
            b"\xef\xbb\xbf2024-01-01 ok",
            b"BMW 2024 started\n",
            b"MZ is not a program without its header",
            b"ID3 tag reader started",
            b"Rareties",
            b"070 starts here",
            b"caf\xe9 latin-1",
            b"PK is a key\n",
            b"\x1b[31mred\x1b[0m",
            b"\xff\xfeu\0t\0f\0",
            // FIX parts its fields with a control code.
            &b"20240305-10:10:11.123 : 8=FIX.4.4\x019=65\x0135=A\x0149=X\x0156=Y\x01\n".repeat(20),
            // Shift-JIS and GBK are no UTF-8.
            &b"2024-03-05 10:10:11 \x83G\x83\x89\x81[\x82\xaa\x94\xad\x90\xb6\n".repeat(20),
        ] {
            assert_eq!(kind(head, "app.log"), Kind::Text, "{}", head.escape_ascii());
        }
        assert_eq!(kind(b"wtmp begins Mon Jan  1", "wtmp.log"), Kind::Text);
    }

    #[test]
    fn no_log_of_the_corpus_is_taken_for_something_else() {
        use crate::source::{Content, OpenOptions, WalkOptions, Walked, open, walk};
        let corpus = std::path::Path::new("../shared/corpus/logs");
        if !corpus.exists() {
            return;
        }
        let Walked { found, diagnostics, .. } = walk(&[corpus.to_owned()], &WalkOptions::default());
        assert_eq!(diagnostics, []);
        assert!(found.len() > 100);
        for found in found {
            let opened = open(&found, &OpenOptions { map: true }, &std::sync::Arc::default()).unwrap();
            let Content::Mapped(map) = opened.content else { continue };
            assert_eq!(kind(&map[..map.len().min(1024)], &found.shown), Kind::Text, "{}", found.shown);
        }
    }
}
