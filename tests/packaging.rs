//! What installs and runs obs elsewhere says the same as the project: versions, names, files, options.

use std::path::Path;

use serde_json::Value as Json;

use crate::program::{have, obs, shell, temporary};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A file of YAML; that it is none fails.
fn yaml(name: &str) -> Json {
    serde_saphyr::from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The packages are made of a checkout; what is published as a crate has no such files.
fn is_checkout() -> bool {
    root().join("packaging").is_dir()
}

#[test]
fn versions_are_that_of_the_program() {
    if !is_checkout() {
        return;
    }
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(obs(&["--version"]).text(), format!("obs {version}\n"));
    assert!(text("packaging/obs.rb").contains(&format!("/tags/v{version}.tar.gz")));
    assert_eq!(yaml("action.yml")["inputs"]["version"]["default"], format!("v{version}"));
    assert!(text("CHANGELOG.md").contains(&format!("## [{version}]")), "the changelog has this version");
}

#[test]
fn workflows_actions_hooks_and_forms_are_whole() {
    if !is_checkout() {
        return;
    }
    for name in ["ci", "release"] {
        let workflow = yaml(&format!(".github/workflows/{name}.yml"));
        let jobs = workflow["jobs"].as_object().expect("jobs");
        for (job, body) in jobs {
            let steps = body["steps"].as_array().unwrap_or_else(|| panic!("{name}/{job} has steps"));
            for step in steps {
                assert!(step["run"].is_string() || step["uses"].is_string(), "{name}/{job}: {step}");
            }
        }
    }
    for step in yaml("action.yml")["runs"]["steps"].as_array().expect("steps") {
        assert_eq!(step["shell"], "bash");
        let script = step["run"].as_str().expect("a script");
        // What comes from outside is no part of a script's text.
        assert!(!script.contains("${{"), "{script}");
    }
    for form in ["line", "cause", "bug"] {
        let form = yaml(&format!(".github/ISSUE_TEMPLATE/{form}.yml"));
        assert!(
            form["name"].is_string() && form["description"].is_string() && form["body"].is_array(),
            "{form}"
        );
    }
    let hooks = yaml(".pre-commit-hooks.yaml");
    let ids: Vec<_> = hooks.as_array().expect("hooks").iter().map(|hook| &hook["id"]).collect();
    assert_eq!(ids, ["obs-check-rules", "obs-formats-test"]);
}

#[test]
fn the_hook_for_rules_checks_every_file() {
    if !is_checkout() {
        return;
    }
    let folder = temporary();
    let file = |name: &str, expr: &str| {
        let path = folder.path().join(name);
        let more = "for: 5m, labels: {severity: page}, annotations: {summary: down}";
        let rules = format!("groups: [{{name: g, rules: [{{alert: A, expr: '{expr}', {more}}}]}}]");
        std::fs::write(&path, rules).expect("a file");
        path.display().to_string()
    };
    let (good, bad) = (file("good.yml", "up == 0"), file("bad.yml", "sum("));
    let hooks = yaml(".pre-commit-hooks.yaml");
    let entry = hooks[0]["entry"].as_str().expect("a command");
    let run = |files: &str| shell(&format!("PATH=\"$(dirname \"$OBS\"):$PATH\"; {entry} {files}"));
    assert_eq!(run(&format!("'{good}' '{good}'")).code, 0);
    assert_ne!(run(&format!("'{bad}' '{good}'")).code, 0);
    assert_ne!(run(&format!("'{good}' '{bad}'")).code, 0);
}

#[test]
fn scripts_are_scripts() {
    if !is_checkout() {
        return;
    }
    for name in ["assets", "build", "check-deb"] {
        let ran = shell(&format!("sh -n '{}/packaging/{name}'", root().display()));
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{name}");
    }
    let copyright = text("packaging/copyright");
    for line in text("LICENSE-MIT").lines().filter(|line| !line.is_empty()) {
        assert!(copyright.contains(line), "{line}");
    }
}

#[test]
fn packages_hold_files_that_are_there() {
    if !is_checkout() || !have("gzip") {
        return;
    }
    let ran = shell(&format!("'{}/packaging/assets' \"$OBS\"", root().display()));
    assert_eq!(ran.code, 0, "{ran:?}");
    let pages = root().join("target/assets/man");
    for command in ["", "-grep", "-investigate", "-formats-explain", "-schema", "-man"] {
        assert!(pages.join(format!("obs{command}.1.gz")).is_file(), "obs{command}");
    }
    let cargo = text("Cargo.toml");
    let metadata = cargo.split("[package.metadata").skip(1).map(|part| part.split("\n[dependencies]").next());
    let mut named = 0;
    for line in metadata.flatten().flat_map(str::lines) {
        let Some(source) = line.trim().strip_prefix(['[', '{']).and_then(|line| line.split('"').nth(1))
        else {
            continue;
        };
        if source.starts_with("target/dist/") {
            continue;
        }
        named += 1;
        let (folder, name) = source.rsplit_once('/').unwrap_or((".", source));
        let (start, end) = name.split_once('*').unwrap_or((name, ""));
        let files =
            std::fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{source}: {error}"));
        let names = files.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned());
        let matching = names.filter(|file| {
            if name.contains('*') { file.starts_with(start) && file.ends_with(end) } else { file == name }
        });
        assert!(matching.count() > 0, "{source} is in a package and not there");
    }
    assert!(named >= 12, "{named}");
}
