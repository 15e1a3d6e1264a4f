//! Requests to look at, each with the command that shows it.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::causes::affected::Example;
use crate::cli::args::InputArgs;
use crate::cli::shell::{correlate_command, reading, typed};
use crate::model::Timestamp;
use crate::model::time::NANOS;

/// A request to look at.
#[derive(Clone, Serialize)]
pub(super) struct ExampleJson {
    pub(super) id: String,
    pub(super) why: String,
    pub(super) command: String,
}

/// A request to look at, with the command that shows it. `place` is where the entry stands that is all of it, where nothing
/// names it, and the file that is opened for it: of a member of an archive, the archive.
pub(super) fn command(
    example: &Example,
    place: Option<(String, &Path)>,
    read: (&[PathBuf], &InputArgs),
) -> ExampleJson {
    let at = example.at.map_or(String::new(), |at| format!(", {}", at.clock()));
    let command = match (&place, example.at) {
        (Some((_, path)), Some(at)) => {
            let path = path.to_string_lossy();
            let until = Timestamp(at.0.saturating_add(NANOS));
            format!("obs grep '' {} --since {at} --until {until}{}", typed(&path), reading(read.1))
        }
        _ => correlate_command(read, &example.id),
    };
    ExampleJson {
        id: place.map_or_else(|| example.id.clone(), |(place, _)| place),
        why: format!("{}{at}", example.why),
        command,
    }
}
