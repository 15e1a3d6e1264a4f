//! Archives of every kind, whole, cut and hostile.

use std::io::Write;

use super::*;
use crate::model::Timestamp;
use crate::source::{Content, OpenOptions, Opened, WalkOptions, open, walk};

/// A tar header with the right checksum.
fn header(name: &[u8], flag: u8, size: u64) -> Vec<u8> {
    let mut block = vec![0; BLOCK];
    block[..name.len()].copy_from_slice(name);
    block[100..108].copy_from_slice(b"0000644\0");
    block[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    block[136..148].copy_from_slice(format!("{:011o}\0", 1_703_387_661).as_bytes());
    block[156] = flag;
    block[257..265].copy_from_slice(b"ustar\x0000");
    block[148..156].copy_from_slice(b"        ");
    let sum: u32 = block.iter().map(|&b| u32::from(b)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

fn padded(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    bytes
}

/// A tar of these files; a name that is too long for a header gets one of GNU's.
fn tar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = Vec::new();
    for (name, text) in files {
        if name.len() > 100 {
            tar.extend(header(b"././@LongLink", b'L', name.len() as u64 + 1));
            tar.extend(padded(format!("{name}\0").into_bytes()));
        }
        tar.extend(header(&name.as_bytes()[..name.len().min(100)], b'0', text.len() as u64));
        tar.extend(padded(text.to_vec()));
    }
    tar.extend([0; 1024]);
    tar
}

/// A zip of these files: method, name, text. With `streamed` the sizes follow the data.
fn zip_of(files: &[(u16, &str, &[u8])], streamed: bool) -> Vec<u8> {
    let (mut zip, mut directory) = (Vec::new(), Vec::new());
    for (method, name, text) in files {
        let data = match method {
            8 => {
                let mut writer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
                writer.write_all(text).unwrap();
                writer.finish().unwrap()
            }
            93 => ::zstd::encode_all(*text, 1).unwrap(),
            _ => text.to_vec(),
        };
        let mut checksum = flate2::Crc::new();
        checksum.update(text);
        let mut sizes = Vec::new();
        for number in [checksum.sum(), data.len() as u32, text.len() as u32] {
            sizes.extend(number.to_le_bytes());
        }
        let flags: u16 = if streamed { 8 } else { 0 };
        let at = zip.len() as u32;
        // 2023-12-24 03:14:20 as DOS has it.
        let common = |out: &mut Vec<u8>, sizes: &[u8]| {
            out.extend(flags.to_le_bytes());
            out.extend(method.to_le_bytes());
            out.extend((3_u16 * 2048 + 14 * 32 + 20 / 2).to_le_bytes());
            out.extend(((2023_u16 - 1980) * 512 + 12 * 32 + 24).to_le_bytes());
            out.extend(sizes);
            out.extend((name.len() as u16).to_le_bytes());
            out.extend(0_u16.to_le_bytes());
        };
        zip.extend(b"PK\x03\x04\x14\0");
        common(&mut zip, if streamed { &[0; 12] } else { &sizes });
        zip.extend(name.as_bytes());
        zip.extend(&data);
        if streamed {
            zip.extend(b"PK\x07\x08");
            zip.extend(&sizes);
        }
        directory.extend(b"PK\x01\x02\x14\x03\x14\0");
        common(&mut directory, &sizes);
        directory.extend([0; 6]);
        directory.extend(0o100_644_u32.wrapping_shl(16).to_le_bytes());
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let at = zip.len() as u32;
    zip.extend(&directory);
    zip.extend(b"PK\x05\x06\0\0\0\0");
    for _ in 0..2 {
        zip.extend((files.len() as u16).to_le_bytes());
    }
    zip.extend((directory.len() as u32).to_le_bytes());
    zip.extend(at.to_le_bytes());
    zip.extend(0_u16.to_le_bytes());
    zip
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// Lines that do not compress to nothing.
fn text(bytes: usize, seed: u64) -> Vec<u8> {
    let mut text = Vec::new();
    let mut state = seed;
    while text.len() < bytes {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        writeln!(text, "ERROR request {state:016x} failed").unwrap();
    }
    text.truncate(bytes);
    text
}

/// A file with these bytes, walked by its name: what is shown, relative to it, and the diagnostics.
struct Walked {
    found: Vec<Found>,
    names: Vec<String>,
    told: Vec<String>,
    _dir: tempfile::TempDir,
}

#[expect(clippy::disallowed_methods, reason = "the tests make files")]
fn walk_bytes(name: &str, bytes: &[u8]) -> Walked {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let walk::Walked { found, diagnostics, .. } = walk(&[path], &WalkOptions::default());
    let prefix = format!("{}/", dir.path().display());
    let names = found.iter().map(|found| found.shown.replace(&prefix, "")).collect();
    let told = diagnostics.iter().map(|diagnostic| diagnostic.to_string().replace(&prefix, "")).collect();
    Walked { found, names, told, _dir: dir }
}

/// All bytes of a member, and what there was to say.
fn read(found: &Found, map: bool) -> (Vec<u8>, Option<String>) {
    let never = Arc::new(AtomicBool::new(false));
    let opened = open(found, &OpenOptions { map }, &never).unwrap();
    match opened.content {
        Content::Mapped(map) => (map.to_vec(), None),
        Content::Stream(mut stream) => {
            let mut bytes = Vec::new();
            let _error = stream.read_to_end(&mut bytes);
            (bytes, stream.trouble().map(|diagnostic| diagnostic.message))
        }
    }
}

fn read_all(walked: &Walked) -> Vec<(String, Vec<u8>)> {
    let read = walked.found.iter().map(|found| {
        let (bytes, trouble) = read(found, true);
        assert_eq!(trouble, None, "{}", found.shown);
        assert_eq!(bytes, read(found, false).0, "{}", found.shown);
        bytes
    });
    walked.names.iter().cloned().zip(read).collect()
}

#[test]
fn members_of_every_kind_of_archive_are_read() {
    let large = text(200_000, 1);
    let compressed = gzip(b"rotated\n");
    let long = format!("{}/x.log", "deep/".repeat(30));
    let files: [(&str, &[u8]); 6] = [
        ("./var/log/app.log", b"one\n"),
        ("var/log/app.log.1.gz", &compressed),
        ("large.log", &large),
        ("empty.log", b""),
        (&long, b"far down\n"),
        ("\u{feff}bom.log", b"\xef\xbb\xbfwith a mark\n"),
    ];
    let zipped = |method: u16, streamed| {
        let files: Vec<_> = files.iter().map(|&(name, text)| (method, name, text)).collect();
        zip_of(&files, streamed)
    };
    for (name, bytes) in [
        ("a.tar", tar_of(&files)),
        ("a.tgz", gzip(&tar_of(&files))),
        ("a.tar.zst", ::zstd::encode_all(&tar_of(&files)[..], 1).unwrap()),
        ("called otherwise", gzip(&tar_of(&files))),
        ("stored.zip", zipped(0, false)),
        ("deflated.zip", zipped(8, false)),
        ("zstd.zip", zipped(93, false)),
        ("streamed.zip", zipped(8, true)),
    ] {
        let walked = walk_bytes(name, &bytes);
        assert_eq!(walked.told, [""; 0], "{name}");
        let mut read = read_all(&walked);
        let order: Vec<&str> = read.iter().map(|(name, _)| name.split_once('!').unwrap().1).collect();
        let expected =
            [&long, "empty.log", "large.log", "var/log/app.log.1.gz", "var/log/app.log", "\u{feff}bom.log"];
        assert_eq!(order, expected, "{name}");
        let texts: Vec<Vec<u8>> = read.drain(..).map(|(_, text)| text).collect();
        let expected = [&b"far down\n"[..], b"", &large, b"rotated\n", b"one\n", b"with a mark\n"];
        assert!(texts == expected, "{name}");
        assert!(walked.found.iter().all(|found| !found.named && found.size.is_some()));
        let modified = walked.found[0].modified.unwrap();
        assert!(modified.to_string().starts_with("2023-12-24T03:14:2"), "{name}: {modified}");
    }
}

#[test]
fn names_are_only_text() {
    let files: [(&str, &[u8]); 4] =
        [("/etc/passwd", b"absolute\n"), ("../../x", b"up\n"), ("same", b"first\n"), ("same", b"second\n")];
    let zip: Vec<_> = files.iter().map(|&(name, text)| (0, name, text)).collect();
    for (name, bytes) in [("a.tar", tar_of(&files)), ("a.zip", zip_of(&zip, false))] {
        let walked = walk_bytes(name, &bytes);
        assert_eq!(walked.told, [""; 0]);
        let mut read = read_all(&walked);
        read.sort();
        let inside = walked.found[0].path.parent().unwrap();
        assert!(walked.found.iter().all(|found| found.logical_path().starts_with(inside)));
        let expected = [
            (format!("{name}!../../x"), b"up\n".to_vec()),
            (format!("{name}!/etc/passwd"), b"absolute\n".to_vec()),
            (format!("{name}!same"), b"first\n".to_vec()),
            (format!("{name}!same#2"), b"second\n".to_vec()),
        ];
        assert_eq!(read, expected);
    }
}

#[test]
fn links_directories_and_devices_are_no_members() {
    let mut tar = Vec::new();
    for (name, flag) in
        [("hard", b'1'), ("soft", b'2'), ("tty", b'3'), ("disk", b'4'), ("dir/", b'5'), ("fifo", b'6')]
    {
        // A link may carry its target's size, but has no bytes.
        tar.extend(header(name.as_bytes(), flag, 700));
    }
    tar.extend(header(b"old/", 0, 0));
    tar.extend(tar_of(&[("a.log", b"x\n")]));
    let walked = walk_bytes("a.tar", &tar);
    assert_eq!((walked.names, walked.told), (vec!["a.tar!a.log".to_owned()], vec![]));
}

#[test]
fn pax_headers_describe_the_next_member() {
    let pax = |flag, records: &[&str]| {
        // The length counts itself; two digits do here.
        let text = records.iter().map(|record| format!("{} {record}\n", record.len() + 4));
        let text = text.collect::<Vec<_>>().concat();
        [header(b"PaxHeaders/x", flag, text.len() as u64), padded(text.into_bytes())].concat()
    };
    let mut tar = pax(b'g', &["comment=whatever"]);
    tar.extend(pax(b'x', &["path=long/näme.log", "mtime=1703387662"]));
    tar.extend(tar_of(&[("short.log", b"x\n"), ("next.log", b"y\n")]));
    let walked = walk_bytes("a.tar", &tar);
    assert_eq!(walked.names, ["a.tar!long/näme.log", "a.tar!next.log"]);
    assert_eq!(walked.found[0].modified, Timestamp::new(1_703_387_662, 0));
    assert_eq!(walked.told, [""; 0]);
}

#[test]
fn a_cut_archive_gives_what_comes_before_the_cut_and_one_diagnostic() {
    let first = text(3000, 1);
    let second = text(3000, 2);
    let files: [(&str, &[u8]); 2] = [("1.log", &first), ("2.log", &second)];
    let zip: Vec<_> = files.iter().map(|&(name, text)| (8, name, text)).collect();
    for (name, whole) in [
        ("a.tar", tar_of(&files)),
        ("a.tgz", gzip(&tar_of(&files))),
        ("a.zip", zip_of(&zip, false)),
        ("streamed.zip", zip_of(&zip, true)),
    ] {
        let needed = match name {
            "a.tar" => 2 * (512 + 3072) - 72,
            _ => whole.len(),
        };
        for cut in (600..whole.len()).step_by(97) {
            let walked = walk_bytes(name, &whole[..cut]);
            if name == "a.tar" && (cut >= needed || cut % 3584 == 0) {
                assert_eq!(walked.told, [""; 0], "{name} {cut}");
            } else {
                assert_eq!(walked.told.len(), 1, "{name} {cut}: {:?}", walked.told);
                assert!(walked.told[0].starts_with(&format!("{name}: ")), "{:?}", walked.told);
            }
            for (found, text) in walked.found.iter().zip([&first, &second]) {
                let (bytes, trouble) = read(found, true);
                assert!(text.starts_with(&bytes), "{name} {cut}");
                assert_eq!(trouble, None, "{name} {cut}");
            }
            if cut * 10 > whole.len() * 6 {
                let bytes = read(&walked.found[0], true).0;
                assert!(bytes == first, "{name} {cut}: {} bytes", bytes.len());
            }
        }
    }
}

#[test]
fn damage_is_told_and_never_a_panic() {
    let files: [(&str, &[u8]); 3] = [("1.log", b"one\n"), ("2.log", b"two\n"), ("3.log", b"three\n")];
    let zip: Vec<_> = files.iter().map(|&(name, text)| (8, name, text)).collect();
    for (name, whole) in [("a.tar", tar_of(&files)), ("a.zip", zip_of(&zip, false))] {
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] = [0, 0xff, whole[at] ^ 1][at % 3];
            let walked = walk_bytes(name, &bytes);
            let never = Arc::new(AtomicBool::new(false));
            for found in &walked.found {
                if let Ok(Opened { content: Content::Stream(mut stream), .. }) =
                    open(found, &OpenOptions { map: true }, &never)
                {
                    drop(io::copy(&mut stream, &mut io::sink()));
                }
            }
        }
    }
    let mut tar = tar_of(&files);
    tar[1024 + 10] ^= 1;
    let walked = walk_bytes("a.tar", &tar);
    assert_eq!(walked.names, ["a.tar!1.log"]);
    assert_eq!(walked.told, ["a.tar: tar archive is damaged at byte 1024; the members before that are read"]);
}

#[test]
fn sizes_that_headers_claim_cost_nothing() {
    let mut tar = header(b"huge.log", b'0', 0o77_777_777_777);
    tar.extend(b"ends here\n");
    let walked = walk_bytes("a.tar", &tar);
    assert_eq!(read(&walked.found[0], true).0, b"ends here\n");
    assert_eq!(walked.told.len(), 1);
    let mut long = header(b"././@LongLink", b'L', 0o77_777_777_777);
    long.extend(b"name");
    assert_eq!(walk_bytes("a.tar", &long).told.len(), 1);
}

#[test]
fn a_large_compressed_archive_is_read_in_one_pass() {
    // More than may be held: ten members of two megabytes, and one that is an archive itself.
    let texts: Vec<Vec<u8>> = (0..10).map(|i| text(2 << 20, i)).collect();
    let names: Vec<String> = (0..10).map(|i| format!("{}.log", 9 - i)).collect();
    let mut files: Vec<(&str, &[u8])> =
        names.iter().zip(&texts).map(|(name, text)| (name.as_str(), text.as_slice())).collect();
    let nested = gzip(&tar_of(&[("in.log", b"nested\n")]));
    files.push(("more.tgz", &nested));
    let walked = walk_bytes("a.tgz", &gzip(&tar_of(&files)));
    assert_eq!(walked.told, [""; 0]);
    let mut expected: Vec<String> = names.iter().map(|name| format!("a.tgz!{name}")).collect();
    expected.push("a.tgz!more.tgz!in.log".to_owned());
    assert_eq!(walked.names, expected, "as they are stored");
    for (found, text) in walked.found.iter().zip(&texts) {
        assert!(read(found, true).0 == *text, "{}", found.shown);
    }
    let archive = &walked.found[0].member.as_ref().unwrap().archive;
    // The other one looked into the archive at the end.
    assert_eq!(archive.cursors.lock().unwrap().len(), 2, "one decoder served all");
    // Backwards, and two at once, it is still right.
    for (found, text) in walked.found.iter().zip(&texts).rev().take(3) {
        assert!(read(found, true).0 == *text);
    }
    let never = Arc::new(AtomicBool::new(false));
    let mut both: Vec<_> =
        [2, 1].map(|i| walked.found[i].member.as_ref().unwrap().stream(&never).unwrap()).into();
    let mut start = [[0; 10]; 2];
    both[0].read_exact(&mut start[0]).unwrap();
    both[1].read_exact(&mut start[1]).unwrap();
    assert_eq!((&start[0][..], &start[1][..]), (&texts[2][..10], &texts[1][..10]));
    assert_eq!(read(&walked.found[10], true).0, b"nested\n");
}

#[test]
fn archives_in_archives_are_read_to_some_depth() {
    let mut bytes = tar_of(&[("x.log", b"innermost\n")]);
    for _ in 0..3 {
        bytes = zip_of(&[(8, "in.tgz", &gzip(&bytes))], false);
        bytes = tar_of(&[("in.zip", &bytes)]);
    }
    let walked = walk_bytes("a.tar", &bytes);
    assert_eq!(walked.names, [""; 0]);
    assert!(walked.told[0].ends_with("is an archive 4 archives deep, and was not read"), "{:?}", walked.told);
    let inner = gzip(&tar_of(&[("x.log", b"innermost\n")]));
    let walked = walk_bytes("a.zip", &zip_of(&[(0, "a/b.tar.gz", &inner), (8, "c.tgz", &inner)], false));
    assert_eq!(walked.names, ["a.zip!a/b.tar.gz!x.log", "a.zip!c.tgz!x.log"]);
    assert!(walked.found[0].logical_path().ends_with("a/b.tar.gz/x.log"));
    assert_eq!(read(&walked.found[1], true).0, b"innermost\n");
}

#[test]
fn documents_and_programs_are_no_bundles() {
    for first in ["[Content_Types].xml", "META-INF/MANIFEST.MF", "mimetype"] {
        let walked = walk_bytes("a.docx", &zip_of(&[(0, first, b"x"), (0, "b.xml", b"y")], false));
        assert_eq!(walked.names, ["a.docx"]);
    }
    assert_eq!(walk_bytes("empty.zip", &zip_of(&[], false)).names, [""; 0]);
    assert_eq!(walk_bytes("no.zip", b"PK is what it starts with\n").names, ["no.zip"]);
    assert_eq!(walk_bytes("a.gz", &gzip(b"just a log\n")).names, ["a.gz"]);
}

/// What comes out of a tar that can only be read once.
fn join(bytes: &[u8]) -> (String, Option<String>) {
    let mut joined = Joined::new(Input::new(Box::new(Cursor::new(bytes.to_owned()))), &Remarks::default());
    let mut out = Vec::new();
    let error = joined.read_to_end(&mut out).err();
    (String::from_utf8_lossy(&out).into_owned(), error.map(|error| error.to_string()))
}

#[test]
fn a_tar_that_can_be_read_only_once_is_read_as_one_text() {
    let rotated = gzip(b"rotated\n");
    let files: [(&str, &[u8]); 5] = [
        ("a.log", b"no line end"),
        ("b.log.1.gz", &rotated),
        ("empty.log", b""),
        ("c.png", b"\x89PNG\r\n\x1a\nxxxx"),
        ("d.log", b"last\n"),
    ];
    let whole = tar_of(&files);
    assert_eq!(join(&whole), ("no line end\nrotated\nlast\n".to_owned(), None));
    // A member that is damaged does not take the others with it.
    let mut damaged = whole.clone();
    damaged[1024 + 512 + 20] ^= 0xff;
    let (text, error) = join(&damaged);
    assert!(text.starts_with("no line end\n") && text.ends_with("last\n"), "{text}");
    assert!(error.unwrap().contains("gzip data"));
    let (text, error) = join(&whole[..1024 + 100]);
    assert_eq!(text, "no line end\n");
    assert_eq!(error.unwrap(), "tar archive ends early at byte 1024; the members before that were read");
}

#[test]
fn a_tar_that_is_called_like_a_log_is_read_as_one_text() {
    let walked = walk_bytes("a.log", &[]);
    let mut found = walked.found[0].clone();
    found.named = false;
    #[expect(clippy::disallowed_methods, reason = "the tests make files")]
    std::fs::write(&found.path, gzip(&tar_of(&[("x.log", b"one\n"), ("y.log", b"two\n")]))).unwrap();
    let (bytes, trouble) = read(&found, true);
    assert_eq!(bytes, b"one\ntwo\n");
    assert!(trouble.unwrap().starts_with("is a tar archive that can be read only once"));
}
