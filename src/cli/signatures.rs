//! Signatures that an option names: files of rules, and folders of such files.

use std::path::{Path, PathBuf};

use crate::model::{Diagnostic, Error};
use crate::signatures::cre::Signatures;
use crate::source::{self, WalkOptions, Walked};

use super::check_rules::text_of;

/// Reads all rules of these files and folders, and says which of them cannot be used.
pub(super) fn read(paths: &[PathBuf]) -> Result<(Signatures, Vec<Diagnostic>), Error> {
    let mut signatures = Signatures::default();
    let mut said = Vec::new();
    for path in paths {
        let Walked { found, diagnostics: troubles, .. } =
            source::walk(std::slice::from_ref(path), &WalkOptions::default());
        if let Some(trouble) = troubles.into_iter().next() {
            return Err(Error::usage(format!("--signatures: {trouble}")));
        }
        let files: Vec<_> = found
            .into_iter()
            .filter(|file| file.named || is_rules(&file.path))
            .map(|file| file.path)
            .collect();
        if files.is_empty() {
            return Err(Error::usage(format!("--signatures: there is no .yaml file in {}", path.display())));
        }
        for file in files {
            let (shown, text) = text_of(&file)?;
            said.extend(signatures.add(&shown, &text));
        }
    }
    signatures.complete().map_err(|why| Error::usage(format!("--signatures: {why}")))?;
    Ok((signatures, said))
}

fn is_rules(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}
