//! OpenMetrics, read strictly, against the conformance cases of the OpenMetrics project.

#![expect(clippy::disallowed_methods, reason = "tests read their cases and where more of them are")]
#![expect(clippy::print_stdout, reason = "the counts are worth seeing in the test log")]

use std::path::{Path, PathBuf};

use obs::format::metric::{Known, ReadOptions, by_name};

fn folders() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/rules/openmetrics");
    std::iter::once(here).chain(std::env::var_os("OBS_OPENMETRICS_DIR").map(PathBuf::from)).collect()
}

#[test]
fn cases_agree() {
    let format = by_name("openmetrics").expect("the format");
    for folder in folders() {
        let (mut total, mut wrong) = (0, Vec::new());
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.filter_map(Result::ok) {
            let path = entry.path();
            let (Ok(case), Ok(metrics)) =
                (std::fs::read_to_string(path.join("test.json")), std::fs::read(path.join("metrics")))
            else {
                continue;
            };
            let case: serde_json::Value = serde_json::from_str(&case).expect("a case");
            let expected = case["shouldParse"].as_bool().expect("an expectation");
            let options = ReadOptions { strict: true, ..ReadOptions::of_file(0, chrono_tz::UTC) };
            let read = format.read(&metrics, options, &mut Known::new(), &mut |_, _| {});
            total += 1;
            if read.is_ok() != expected {
                wrong.push(format!("{}: {read:?}", path.display()));
            }
        }
        println!("{}: {}/{total} agree", folder.display(), total - wrong.len());
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
