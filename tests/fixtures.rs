//! The fixtures are what their READMEs say: whole, balanced, and every hostile file described.
#![expect(clippy::disallowed_methods, reason = "this test reads the project's own fixtures")]

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// The text of a log, and of its rotated and gzipped older half before it, if there is one.
fn log(path: &Path) -> String {
    let mut text = String::new();
    let mut rotated = path.as_os_str().to_owned();
    rotated.push(".1.gz");
    if let Ok(bytes) = fs::read(rotated) {
        flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text).expect("whole gzip");
    }
    text + &fs::read_to_string(path).unwrap_or_default()
}

const LOGS: [(&str, &str); 6] = [
    ("access", "gateway/access.log"),
    ("order", "order-service/order.json.log"),
    ("auth", "auth-service/auth.log"),
    ("payment", "payment-service/payment.json.log"),
    ("app", "payment-service/app.log"),
    ("db", "payment-service/db.log"),
];

#[test]
fn the_outage_has_the_lines_that_its_truth_counts() {
    let outage = fixture("outage");
    let truth = fs::read_to_string(outage.join("truth.json")).expect("the truth");
    let truth: serde_json::Value = serde_json::from_str(&truth).expect("JSON");
    for (key, path) in LOGS {
        let lines = log(&outage.join(path)).lines().count() as u64;
        assert_eq!(Some(lines), truth["lines"][key].as_u64(), "{path}");
    }
}

#[test]
fn the_calm_hour_is_the_start_of_the_outage_and_has_no_exhausted_pool() {
    let (calm, outage) = (fixture("calm"), fixture("outage"));
    for (_, path) in LOGS {
        let (start, whole) = (log(&calm.join(path)), log(&outage.join(path)));
        assert!(!start.is_empty() && whole.starts_with(&start) && start.len() < whole.len(), "{path}");
        assert!(!start.contains("exhausted"), "{path}");
    }
    for story in [&calm, &outage] {
        let metrics = fs::read_to_string(story.join("metrics/payment-service.om")).expect("metrics");
        assert!(metrics.ends_with("\n# EOF\n"), "{}", story.display());
    }
}

#[test]
fn every_hostile_file_is_described_and_every_description_has_its_file() {
    let folder = fixture("hostile");
    let readme = fs::read_to_string(folder.join("README.md")).expect("the table");
    let described: BTreeSet<String> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split_once('`'))
        .map(|(name, _)| name.to_owned())
        .collect();
    let found: BTreeSet<String> = fs::read_dir(&folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name != "README.md")
        .collect();
    assert_eq!(described, found);
    let numbers: BTreeSet<&str> = found.iter().map(|name| &name[..4]).collect();
    assert_eq!(numbers.len(), found.len(), "each hazard has a number of its own");
}

#[test]
fn formats_of_ones_own_are_described_without_a_mistake_but_one() {
    use obs::format::log::own::{describe, lnav};
    let text = |name: &str| fs::read_to_string(fixture("own").join(name)).expect("the fixture");
    let described = describe::read("obs.yaml", &text("obs.yaml")).expect("a configuration");
    assert_eq!((described.formats.len(), described.zones.len()), (2, 1));
    let imported = lnav::import("shop_log.json", &text("shop_log.json")).expect("a format file");
    assert!(imported.left.is_empty() && imported.formats == 1);
}
