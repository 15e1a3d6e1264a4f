//! Bundles that tools make of clusters and machines: every part gets its service and its log, what is set is no evidence, and
//! what is wrong is found in them.

use serde_json::Value;

use crate::program::obs;

fn investigated(path: &str) -> Value {
    obs(&["investigate", &format!("fixtures/bundles/{path}"), "--output", "json"]).json()
}

/// Detector, subject, and the files of the evidence of the first cause.
fn first(told: &Value) -> (String, String, Vec<String>) {
    let cause = &told["causes"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let files = cause["evidence"].as_array().into_iter().flatten().map(|evidence| text(&evidence["file"]));
    (text(&cause["detector"]), text(&cause["subject"]["service"]), files.collect())
}

#[test]
fn the_cause_is_found_in_bundles() {
    for (path, detector, service, file) in [
        ("must-gather", "out-of-memory", "crane", "crane-5c6fdf7ccb-tc4gk.yaml"),
        ("dump", "out-of-memory", "crane", "pods.json"),
        ("sosreport", "out-of-memory", "kernel", "journalctl"),
        ("supportconfig", "disk", "pilot", "messages.txt!var/log/messages"),
    ] {
        let told = investigated(path);
        let (found, subject, files) = first(&told);
        assert_eq!((found.as_str(), subject.as_str()), (detector, service), "{path}: {told:#}");
        assert!(files.iter().any(|shown| shown.contains(file)), "{path}: {files:?}");
    }
}

#[test]
fn what_is_set_is_no_evidence_and_said() {
    for (path, parts) in [
        (
            "sosreport",
            &[
                "etc/berthd/berthd.conf",
                "sos_commands/networking/netstat_-s",
                "installed-rpms",
                "sos_logs/sos.log",
            ][..],
        ),
        ("supportconfig", &["etc.txt!etc/pilot.conf", "rpm.txt!scc_commands/rpm_-qa", "supportconfig.txt"]),
        ("must-gather", &["must-gather.logs", "event-filter.html"]),
    ] {
        let told = investigated(path);
        let skipped = obs(&["investigate", &format!("fixtures/bundles/{path}")]).text();
        let skipped =
            skipped.split("not read:").skip(1).collect::<String>().split_whitespace().collect::<String>();
        for part in parts {
            assert!(skipped.contains(part), "{path}: {part}: {skipped}");
        }
        let causes = told["causes"].to_string() + &told["timeline"].to_string();
        for word in ["berthd.conf", "netstat", "macsec", "pilot.conf", "gpg-error"] {
            assert!(!causes.contains(word), "{path}: {word}");
        }
        // Who searches finds it.
        let found = obs(&["grep", "-c", "error", &format!("fixtures/bundles/{path}")]);
        assert!(!found.stdout.is_empty());
    }
}

#[test]
fn containers_are_of_whom_their_pod_is() {
    for (path, services) in [("must-gather", ["crane", "tide"]), ("dump", ["crane", "tide"])] {
        let told =
            obs(&["stats", "--by", "service", &format!("fixtures/bundles/{path}"), "--output", "json"]);
        for service in services {
            assert!(told.text().contains(&format!("\"{service}\"")), "{path}: {told:?}");
        }
        assert!(!told.text().contains("\"engine\""), "{path}: {told:?}");
    }
}

#[test]
fn a_bundle_in_an_archive_tells_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bundle.tar.gz");
    for bundle in ["supportconfig", "dump"] {
        let packed = std::process::Command::new("tar")
            .args(["-czf", path.to_str().unwrap(), "-C", "fixtures/bundles", bundle])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(packed.is_ok_and(|status| status.success()));
        let told = obs(&["investigate", path.to_str().unwrap(), "--output", "json"]).json();
        let (detector, service, _) = first(&told);
        let (as_folder, of, _) = first(&investigated(bundle));
        assert_eq!((detector, service), (as_folder, of), "{bundle}: {told:#}");
    }
}

#[test]
fn entries_that_name_no_machine_are_of_that_of_the_bundle() {
    for (path, service, host) in [
        ("sosreport", "berth-web", "quay1"),
        ("supportconfig", "pilot", "quay2"),
        ("must-gather", "tide", "tide-6b8786b6db-x2k4z"),
    ] {
        let path = format!("fixtures/bundles/{path}");
        let told = obs(&["stats", "--by", "service,host", &path, "--output", "json"]).json();
        let groups = told["groups"].as_array().unwrap();
        let of = groups
            .iter()
            .filter(|group| group["by"]["service"].as_str().unwrap_or_default().contains(service));
        let hosts: Vec<&str> = of.map(|group| group["by"]["host"].as_str().unwrap_or("none")).collect();
        assert_eq!(hosts, [host], "{path}: {told:#}");
    }
}

/// Copies a bundle without what is wrong in it: the pod in trouble, and the lines that tell of failures in its logs.
fn healed(from: &std::path::Path, to: &std::path::Path) {
    const WRONG: &[&str] = &[
        "oom",
        "Out of memory",
        "Mem-Info",
        "No space left",
        "code=killed",
        "'signal'",
        "refused",
        "100% /srv",
    ];
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            if !path.to_string_lossy().contains("/crane-") {
                healed(&path, &to);
            }
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let is_set = path.to_string_lossy().contains("etc");
        let keep = |line: &&str| is_set || !WRONG.iter().any(|wrong| line.contains(wrong));
        let text: Vec<&str> = text.split_inclusive('\n').filter(keep).collect();
        std::fs::write(to, text.concat()).unwrap();
    }
}

#[test]
fn healthy_bundles_are_calm() {
    for bundle in ["sosreport", "supportconfig"] {
        let folder = tempfile::tempdir().unwrap();
        let from = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/bundles").join(bundle);
        healed(&from, folder.path());
        let told = obs(&["investigate", folder.path().to_str().unwrap(), "--output", "json"]).json();
        assert_eq!(told["verdict"], "calm", "{bundle}: {told:#}");
        assert_eq!(told["causes"].as_array().map(Vec::len), Some(0), "{bundle}: {told:#}");
    }
}
