//! What a survey found, on its way to another process, which reads the files as this one would.

use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use super::database;
use super::inputs::{Input, InputKind, Inputs};
use super::pipe::Pipe;
use crate::fold::{Damaged, Loaded, Saved};
use crate::format::log::reader::ReadOptions;
use crate::format::log::{self, LogFormat, Profile};
use crate::format::metric;
use crate::model::{Diagnostic, Timestamp};
use crate::source::{Age, Found, Kept, Stamp};

/// A file that can be read.
#[derive(Serialize, Deserialize)]
struct KeptInput {
    found: Kept,
    kind: KeptKind,
    compression: String,
    modified: Option<Timestamp>,
    latest: Option<Timestamp>,
    size: Option<u64>,
    service: Option<String>,
    log: String,
    age: Age,
    coarse: bool,
}

/// What it is; formats by their names.
#[derive(Serialize, Deserialize)]
enum KeptKind {
    Log(Box<Profile>, Vec<String>),
    Metrics(String),
    Platform,
    Edges,
}

type Parts = (Vec<KeptInput>, Vec<KeptInput>, Vec<KeptInput>, Vec<KeptInput>, Vec<Kept>);

impl Inputs {
    /// Appends all that there is, but what is in pipes, which cannot be read elsewhere.
    pub fn save(&self, to: &mut Saved) {
        let keep = |inputs: &[Input]| inputs.iter().map(Input::keep).collect::<Vec<_>>();
        let files =
            self.databases.iter().flat_map(database::Database::found).map(Kept::of).collect::<Vec<_>>();
        let parts: Parts =
            (keep(&self.logs), keep(&self.metrics), keep(&self.platform), keep(&self.edges), files);
        to.put(&parts);
        to.put(&(&self.skipped, &self.diagnostics));
    }

    /// What was saved. `opened` says which logs are read here; `read` knows the formats that a person described.
    pub fn load(
        from: &mut Loaded<'_>,
        opened: &dyn Fn(usize) -> bool,
        read: &ReadOptions,
    ) -> Result<Inputs, Damaged> {
        let (logs, metrics, platform, edges, files) = from.take::<Parts>()?;
        let (skipped, diagnostics): (Vec<(String, String)>, Vec<Diagnostic>) = from.take()?;
        let all = |inputs: Vec<KeptInput>| {
            inputs.into_iter().map(|input| input.find(true, read)).collect::<Result<Vec<_>, _>>()
        };
        let logs = logs.into_iter().enumerate().map(|(at, log)| log.find(opened(at), read));
        let found: Option<Vec<Found>> = files.into_iter().map(|file| file.find(true)).collect();
        Ok(Inputs {
            logs: logs.collect::<Result<_, _>>()?,
            metrics: all(metrics)?,
            databases: database::take(found.ok_or(Damaged)?).0,
            platform: all(platform)?,
            edges: all(edges)?,
            skipped,
            diagnostics,
        })
    }

    /// Is there a pipe among them? It can be read by this process only.
    pub fn has_pipes(&self) -> bool {
        self.all().any(Input::is_pipe)
    }

    /// What the files are now, each once: of each log, and of everything else.
    pub fn stamps(&self) -> (Vec<Option<Stamp>>, Vec<Stamp>) {
        let of = |found: &Found| Stamp::of(&found.path);
        let logs = self.logs.iter().map(|input| of(&input.found)).collect();
        let others = self.all().skip(self.logs.len()).map(|input| &input.found);
        let databases = self.databases.iter().flat_map(database::Database::found);
        let mut others: Vec<Stamp> = others.chain(databases).filter_map(of).collect();
        others.sort_unstable();
        others.dedup();
        (logs, others)
    }

    fn all(&self) -> impl Iterator<Item = &Input> {
        self.logs.iter().chain(&self.metrics).chain(&self.platform).chain(&self.edges)
    }
}

impl Input {
    fn keep(&self) -> KeptInput {
        let kind = match &self.kind {
            InputKind::Log(profile) => {
                let names = profile.formats.iter().map(|format| format.name().to_owned()).collect();
                KeptKind::Log(profile.clone(), names)
            }
            InputKind::Metrics(format) => KeptKind::Metrics(format.name().to_owned()),
            InputKind::Platform => KeptKind::Platform,
            InputKind::Edges => KeptKind::Edges,
        };
        KeptInput {
            found: Kept::of(&self.found),
            kind,
            compression: self.compression.to_owned(),
            modified: self.modified,
            latest: self.latest,
            size: self.size,
            service: self.service.clone(),
            log: self.log.clone(),
            age: self.age.clone(),
            coarse: self.coarse,
        }
    }
}

impl KeptInput {
    fn find(self, opened: bool, read: &ReadOptions) -> Result<Input, Damaged> {
        let KeptInput { found, kind, compression, modified, latest, size, service, log, age, coarse } = self;
        let found = found.find(opened).ok_or(Damaged)?;
        let kind = match kind {
            KeptKind::Log(mut profile, names) => {
                profile.formats = names.iter().map(|name| format(name, read)).collect::<Result<_, _>>()?;
                InputKind::Log(profile)
            }
            KeptKind::Metrics(name) => InputKind::Metrics(metric::by_name(&name).ok_or(Damaged)?),
            KeptKind::Platform => InputKind::Platform,
            KeptKind::Edges => InputKind::Edges,
        };
        Ok(Input {
            shown: found.shown.clone(),
            kind,
            compression: log::word(compression),
            modified,
            latest,
            size,
            service,
            log,
            age,
            coarse,
            ordered: false,
            found,
            trouble: None,
            pipe: Mutex::new(Pipe::None),
        })
    }
}

/// The format of this name: one that a person described comes before those that are known.
fn format(name: &str, read: &ReadOptions) -> Result<&'static dyn LogFormat, Damaged> {
    let own = read.own.iter().copied().map(|own| -> &'static dyn LogFormat { own });
    own.into_iter().find(|own| own.name() == name).or_else(|| log::by_name(name)).ok_or(Damaged)
}
