//! What comes into the program: `deny.toml` held against what cargo says, for machines that have no cargo-deny.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value as Json;

/// The strings of a list in `deny.toml` that begins with this line.
fn listed<'t>(text: &'t str, head: &str, key: &str) -> BTreeSet<&'t str> {
    let lines = text.lines().skip_while(|line| *line != head).skip(1).take_while(|line| *line != "]");
    let quoted = |line: &'t str| line.split_once(key)?.1.split('"').next();
    lines.filter_map(quoted).collect()
}

/// Is an expression of SPDX fulfilled by these licences? `/` is how `OR` was written once.
fn is_allowed(expression: &str, allowed: &BTreeSet<&str>) -> bool {
    let expression = expression.replace(['(', ')'], "").replace(" / ", "/").replace('/', " OR ");
    // No expression of ours has an AND within an OR.
    expression.split(" AND ").all(|part| part.split(" OR ").any(|licence| allowed.contains(licence.trim())))
}

#[test]
fn crates_are_those_that_deny_toml_lets_in() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(here.join("deny.toml")).expect("deny.toml");
    let allowed = listed(&text, "allow = [", "\"");
    let denied = listed(&text, "deny = [", "crate = \"");
    assert!(allowed.len() > 5 && denied.len() > 20, "deny.toml is read: {allowed:?} {denied:?}");
    let cargo = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(here)
        .output()
        .expect("cargo");
    let found: Json = serde_json::from_slice(&cargo.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&cargo.stderr)));
    let packages = found["packages"].as_array().expect("packages");
    assert!(packages.len() > 100, "{}", packages.len());
    let text = |package: &Json, key: &str| package[key].as_str().unwrap_or_default().to_owned();
    for package in packages.iter().filter(|package| text(package, "name") != env!("CARGO_PKG_NAME")) {
        let (name, licence) = (text(package, "name"), text(package, "license"));
        assert!(is_allowed(&licence, &allowed), "{name} is under {licence}");
        assert!(!denied.contains(name.as_str()), "{name} may not come in");
        assert_eq!(
            text(package, "source"),
            "registry+https://github.com/rust-lang/crates.io-index",
            "{name}"
        );
    }
}

#[test]
fn expressions_of_licences_are_understood() {
    let allowed = BTreeSet::from(["MIT", "Apache-2.0"]);
    for (expression, wanted) in [
        ("MIT OR GPL-3.0", true),
        ("Apache-2.0/MIT", true),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", false),
        ("GPL-3.0", false),
        ("", false),
    ] {
        assert_eq!(is_allowed(expression, &allowed), wanted, "{expression}");
    }
}
