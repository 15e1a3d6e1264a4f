//! The scripts in completions/ are those that `obs completions` prints. `UPDATE=1` writes them anew.

use std::path::Path;

#[test]
fn completions_are_fresh() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    for (name, expected) in obs::cli::completion_files() {
        let path = folder.join(&name);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &expected).unwrap();
        }
        let found = std::fs::read(&path).unwrap_or_default();
        assert!(
            found == expected,
            "completions/{name} is stale; UPDATE=1 cargo test completions writes it anew"
        );
    }
}
