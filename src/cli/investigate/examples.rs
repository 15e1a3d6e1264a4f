//! Requests to look at, each with the command that shows it.

use std::path::PathBuf;

use serde::Serialize;

use crate::causes::affected::Example;
use crate::cli::args::InputArgs;
use crate::cli::shell::{correlate_command, quoted, reading};
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
/// names it.
pub(super) fn command(
    example: &Example,
    place: Option<String>,
    read: (&[PathBuf], &InputArgs),
) -> ExampleJson {
    let at = example.at.map_or(String::new(), |at| format!(", {}", at.clock()));
    let command = match (&place, example.at) {
        (Some(place), Some(at)) => {
            let path = place.rsplit_once(':').map_or(place.as_str(), |(path, _)| path);
            let until = Timestamp(at.0.saturating_add(NANOS));
            format!("obs grep '' {} --since {at} --until {until}{}", quoted(path), reading(read.1))
        }
        _ => correlate_command(read, &example.id),
    };
    ExampleJson {
        id: place.unwrap_or_else(|| example.id.clone()),
        why: format!("{}{at}", example.why),
        command,
    }
}
