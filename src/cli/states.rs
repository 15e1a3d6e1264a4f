//! The states of a plan's units: where they lie, in which order they are read, and whether they make a whole.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::config;
use crate::model::{Error, ErrorKind};
use crate::partial::{self, Bucket, Coverage, Head, Partial, Sum};
use crate::scan::apart::Next;

/// The files that were named: themselves, all states of a directory, or those that a list names (`@FILE`).
pub(super) fn named(words: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for word in words {
        let list = word.to_str().and_then(|word| word.strip_prefix('@'));
        if let Some(list) = list.filter(|_| !word.exists()) {
            let mut text = String::new();
            let failed = |error: io::Error| Error::input(format!("{list}: cannot be read: {error}"));
            open(Path::new(list))?.read_to_string(&mut text).map_err(failed)?;
            let lines = text.lines().filter(|line| !line.is_empty());
            files.extend(lines.map(|line| config::absolute(Path::new(line))).collect::<Result<Vec<_>, _>>()?);
        } else if word.is_dir() {
            files.extend(within(&config::absolute(word)?)?);
        } else {
            files.push(config::absolute(word)?);
        }
    }
    Ok(files)
}

/// The states of a directory, by name.
#[expect(clippy::disallowed_methods, reason = "a directory of states that was named, and no input")]
fn within(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |error: io::Error| Error::input(format!("{}: cannot be read: {error}", directory.display()));
    let entries = fs::read_dir(directory).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    let paths = entries.into_iter().map(|entry| entry.path());
    let mut states: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|end| end == "obsp")).collect();
    states.sort_unstable();
    if states.is_empty() {
        return Err(Error::input(format!("{}: there is no *.obsp in it", directory.display())));
    }
    Ok(states)
}

/// What a state has to be of.
#[derive(Clone, Debug)]
pub(super) struct Whole {
    pub question: Sum,
    /// The names of the logs.
    pub logs: Vec<String>,
}

impl Whole {
    /// Is it of this plan and pass, and by this program?
    fn check(&self, partial: &Partial, pass: u32, name: &str) -> Result<(), Error> {
        if partial.obs != env!("CARGO_PKG_VERSION") {
            return Err(other_version(name, &partial.obs));
        }
        if partial.question != self.question {
            return Err(Error::new(ErrorKind::Coverage, format!("{name}: is of another plan"))
                .hinted("states go together that are of one command and one survey"));
        }
        if partial.pass != pass {
            let message = format!("{name}: is of pass {}, and wanted is pass {}", partial.pass + 1, pass + 1);
            return Err(Error::new(ErrorKind::Coverage, message)
                .hinted("the states of the passes before are given in their order"));
        }
        Ok(())
    }

    /// Is all there?
    pub(super) fn is(&self, coverage: &Coverage) -> bool {
        coverage.gap(self.logs.len()).is_none()
    }

    fn complete(&self, coverage: &Coverage, name: &str) -> Result<(), Error> {
        let Some(gap) = coverage.gap(self.logs.len()) else { return Ok(()) };
        let log = self.log(gap);
        Err(Error::new(ErrorKind::Coverage, format!("{name}: some of {log} is missing"))
            .hinted("a unit of the plan is not in it"))
    }

    /// Some of it is in two places.
    pub(super) fn twice(&self, overlap: partial::Overlap, name: &str) -> Error {
        let log = self.log(overlap.file);
        Error::new(ErrorKind::Coverage, format!("{name}: some of {log} is in another state, too"))
            .hinted("each unit counts once")
    }

    fn log(&self, file: u32) -> &str {
        self.logs.get(file as usize).map_or("a log", String::as_str)
    }

    /// The states of passes that are over, each of all that there is: by pass, and within it by bucket.
    pub(super) fn known(&self, files: &[PathBuf]) -> Result<Vec<Vec<Vec<u8>>>, Error> {
        let mut passes: Vec<Vec<Vec<u8>>> = Vec::new();
        let mut buckets: Vec<Bucket> = Vec::new();
        for path in files {
            let name = path.display().to_string();
            let mut file = open(path)?;
            let (bucket, partial) = next_state(&mut file, &name)?.ok_or_else(|| empty(&name))?;
            if buckets.first().is_none_or(|first| buckets.len() == first.of as usize) {
                buckets.clear();
                passes.push(Vec::new());
            }
            self.check(&partial, passes.len() as u32 - 1, &name)?;
            if Head::read(partial::STATE, &mut file, &name)?.is_some() {
                return Err(Error::new(ErrorKind::Coverage, format!("{name}: holds several states"))
                    .hinted("obs merge makes one of them"));
            }
            self.complete(&partial.coverage, &name)?;
            unlike(&buckets, bucket, &name)?;
            buckets.push(bucket);
            if let Some(states) = passes.last_mut() {
                states.push(partial.state);
            }
        }
        all_there(&buckets)?;
        Ok(passes)
    }
}

/// Fails if a bucket cannot stand beside these.
fn unlike(buckets: &[Bucket], bucket: Bucket, name: &str) -> Result<(), Error> {
    let shown = Shown(bucket);
    if buckets.first().is_some_and(|first| first.of != bucket.of) {
        let message = format!("{name}: is of {shown}, and others are of {} buckets", buckets[0].of);
        return Err(
            Error::new(ErrorKind::Coverage, message).hinted("states go together that are of one plan")
        );
    }
    if buckets.contains(&bucket) {
        return Err(Error::new(ErrorKind::Coverage, format!("{name}: {shown} is there already"))
            .hinted("name files, or give one bucket after the other"));
    }
    Ok(())
}

fn all_there(buckets: &[Bucket]) -> Result<(), Error> {
    match buckets.first() {
        Some(first) if buckets.len() < first.of as usize => {
            let message =
                format!("{} of {} buckets are missing", first.of as usize - buckets.len(), first.of);
            Err(Error::new(ErrorKind::Coverage, message).hinted("give one of them, or all"))
        }
        _ => Ok(()),
    }
}

/// A bucket as it is said.
struct Shown(Bucket);

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "bucket {} of {}", self.0.number, self.0.of)
    }
}

/// The next state of a stream, and which keys it is of; `None` at its end.
fn next_state(from: &mut impl Read, name: &str) -> Result<Option<(Bucket, Partial)>, Error> {
    let Some(head) = Head::read(partial::STATE, from, name)? else { return Ok(None) };
    let bucket = head.bucket;
    Ok(Some((bucket, Partial::read(head, from, name)?)))
}

/// A record of a state, and where it was read.
struct Record {
    bucket: Bucket,
    partial: Partial,
    name: String,
}

/// Where a record stands.
struct Place {
    bucket: Bucket,
    file: usize,
    offset: u64,
}

/// Records, one after the other.
enum Source {
    /// As they come through standard input.
    Input(io::Stdin),
    /// Those of files, bucket after bucket.
    Files(Vec<PathBuf>, std::vec::IntoIter<Place>),
}

impl Source {
    fn of(files: Vec<PathBuf>) -> Result<Source, Error> {
        if files.is_empty() {
            return Ok(Source::Input(io::stdin()));
        }
        let mut places = Vec::new();
        for (at, path) in files.iter().enumerate() {
            let (name, mut file, mut offset) = (path.display().to_string(), open(path)?, 0);
            while let Some(head) = Head::read(partial::STATE, &mut file, &name)? {
                places.push(Place { bucket: head.bucket, file: at, offset });
                let unread = |error: io::Error| Error::input(format!("{name}: cannot be read: {error}"));
                let length = i64::try_from(head.length()).unwrap_or(i64::MAX);
                file.seek_relative(length).map_err(unread)?;
                offset = file.stream_position().map_err(unread)?;
            }
        }
        places.sort_by_key(|place| place.bucket);
        Ok(Source::Files(files, places.into_iter()))
    }

    fn next(&mut self) -> Result<Option<Record>, Error> {
        let record = |name: String, read: Option<(Bucket, Partial)>| {
            read.map(|(bucket, partial)| Record { bucket, partial, name })
        };
        match self {
            Source::Input(stdin) => {
                let name = "standard input".to_owned();
                Ok(record(name.clone(), next_state(stdin, &name)?))
            }
            Source::Files(files, places) => {
                let Some(place) = places.next() else { return Ok(None) };
                let Some(path) = files.get(place.file) else { return Ok(None) };
                let (name, mut file) = (path.display().to_string(), open(path)?);
                let unread = |error: io::Error| Error::input(format!("{name}: cannot be read: {error}"));
                file.seek(SeekFrom::Start(place.offset)).map_err(unread)?;
                Ok(record(name.clone(), next_state(&mut file, &name)?))
            }
        }
    }
}

/// States on their way into one, or into one a bucket: one after the other, and no two of them in memory.
pub(super) struct Merging {
    source: Source,
    /// The bucket that is wanted, if not all are.
    only: Option<u32>,
    pass: u32,
    whole: Whole,
    waiting: Option<Record>,
    open: Option<(Bucket, Coverage)>,
    done: Vec<(Bucket, Coverage)>,
}

impl Merging {
    /// Of these files, or of standard input where there are none.
    pub(super) fn of(
        files: Vec<PathBuf>,
        only: Option<u32>,
        pass: u32,
        whole: Whole,
    ) -> Result<Merging, Error> {
        let source = Source::of(files)?;
        Ok(Merging { source, only, pass, whole, waiting: None, open: None, done: Vec::new() })
    }

    /// What comes next.
    pub(super) fn next(&mut self) -> Result<Option<Next>, Error> {
        loop {
            let record = match self.waiting.take() {
                Some(record) => Some(record),
                None => self.wanted()?,
            };
            match (record, &mut self.open) {
                (None, None) => return Ok(None),
                (Some(record), None) => {
                    let buckets: Vec<Bucket> = self.done.iter().map(|(bucket, _)| *bucket).collect();
                    unlike(&buckets, record.bucket, &record.name)?;
                    self.open = Some((record.bucket, Coverage::default()));
                    self.waiting = Some(record);
                }
                (Some(record), Some((bucket, coverage))) if record.bucket == *bucket => {
                    self.whole.check(&record.partial, self.pass, &record.name)?;
                    let joined = coverage.join(&record.partial.coverage);
                    joined.map_err(|overlap| self.whole.twice(overlap, &record.name))?;
                    return Ok(Some(Next::State(record.partial.state)));
                }
                (record, Some(_)) => {
                    self.waiting = record;
                    let closed = self.open.take();
                    let whole = closed.as_ref().is_some_and(|(_, coverage)| self.whole.is(coverage));
                    self.done.extend(closed);
                    return Ok(Some(Next::End(whole)));
                }
            }
        }
    }

    fn wanted(&mut self) -> Result<Option<Record>, Error> {
        loop {
            let Some(record) = self.source.next()? else { return Ok(None) };
            match self.only {
                Some(only) if only >= record.bucket.of => {
                    let message =
                        format!("{}: there is no bucket {only} of {}", record.name, record.bucket.of);
                    return Err(Error::usage(message).hinted("leave out --bucket where states have none"));
                }
                Some(only) if only != record.bucket.number => {}
                _ => return Ok(Some(record)),
            }
        }
    }

    /// What was merged into each of these states.
    pub(super) fn merged(&self, states: usize) -> Result<Vec<(Bucket, Coverage)>, Error> {
        let Some((first, coverage)) = self.done.first() else {
            return Err(Error::input("there are no states to merge"));
        };
        // Whole buckets became one.
        if states == 1 && self.whole.is(coverage) {
            if self.done.len() == 1 {
                return Ok(self.done.clone());
            }
            let buckets: Vec<Bucket> = self.done.iter().map(|(bucket, _)| *bucket).collect();
            all_there(&buckets)?;
            return Ok(vec![(Bucket::ALL, coverage.clone())]);
        }
        if states != self.done.len() {
            // Some of them are whole, and others are not.
            for (bucket, coverage) in &self.done {
                self.whole.complete(coverage, &Shown(*bucket).to_string())?;
            }
            return Err(Error::usage(format!("a pass without buckets is not in {} of them", first.of)));
        }
        Ok(self.done.clone())
    }
}

/// A file of states, or a plan.
#[expect(clippy::disallowed_methods, reason = "a plan or a state that was named, and no input")]
pub(super) fn open(path: &Path) -> Result<BufReader<File>, Error> {
    let failed = |error: io::Error| Error::input(format!("{} cannot be opened: {error}", path.display()));
    File::open(path).map(BufReader::new).map_err(failed)
}

/// A file in which nothing is.
pub(super) fn empty(name: &str) -> Error {
    Error::new(ErrorKind::Damaged, format!("{name}: is empty"))
}

/// Something was written by an obs that is not this one.
pub(super) fn other_version(name: &str, obs: &str) -> Error {
    let message = format!("{name}: was written by obs {obs}, and this is {}", env!("CARGO_PKG_VERSION"));
    Error::new(ErrorKind::Damaged, message).hinted("all processes run the same obs")
}
