//! The objects of a platform beside the logs: read whole, judged, and told in the account.

use crate::detect::{self, Finding};
use crate::model::{Account, Diagnostic, Timestamp};
use crate::platform::{self, Cluster, Place, When, runtime};
use crate::scan::{Inputs, ScanOptions};

/// The objects of the inputs.
#[derive(Debug, Default)]
pub struct Platform {
    cluster: Cluster,
    files: Vec<String>,
    /// How many of the files hold nothing else.
    own: u64,
    /// How many objects, events and the like were read, those that say nothing among them.
    parts: usize,
    bytes: u64,
    diagnostics: Vec<Diagnostic>,
    /// When the objects were read, as far as anything tells.
    taken: Option<Timestamp>,
    /// Are ages counted from when the files were written?
    guessed: bool,
}

impl Platform {
    /// Reads the files of objects.
    pub fn load(inputs: &Inputs, options: &ScanOptions) -> Platform {
        let mut platform = Platform::default();
        let mut modified = None;
        for (number, input) in inputs.platform.iter().enumerate() {
            platform.files.push(input.shown.clone());
            platform.own += 1;
            modified = modified.max(input.modified);
            let (read, diagnostics) = input.with_bytes(options, |bytes| {
                platform.bytes += bytes.len() as u64;
                platform::read(number as u32, &String::from_utf8_lossy(bytes), &mut platform.cluster)
            });
            platform.diagnostics.extend(diagnostics);
            platform.parts += read.as_ref().map_or(0, |read| read.parts);
            platform.diagnostics.extend(read.and_then(|read| told(&input.shown, &read)));
        }
        for (file, what) in std::mem::take(&mut platform.cluster.notes) {
            let shown = platform.files.get(file as usize).cloned().unwrap_or_default();
            platform.diagnostics.push(Diagnostic::warning(shown, what));
        }
        platform.cluster.settle();
        platform.taken = platform.cluster.newest.or(modified);
        platform
    }

    /// Adds what runtimes wrote of their threads into logs: the log, the line, and the entry.
    pub fn add_dumps(&mut self, entries: impl Iterator<Item = (String, u64, String)>) {
        for (log, line, text) in entries {
            let known = self.files.iter().position(|file| *file == log);
            let file = known.unwrap_or_else(|| {
                self.files.push(log);
                self.files.len() - 1
            });
            let place = Place { file: file as u32, line, text: String::new() };
            self.cluster.dumps.extend(runtime::in_entry(&text, &place));
        }
    }

    /// Ages are counted from the newest time that stands in the objects, else from the last entry of the logs beside
    /// them, else from when the files were last written; which of the last two it is is told.
    pub fn beside(&mut self, last: Option<Timestamp>) {
        let is_age = |when: Option<When>| matches!(when, Some(When::Ago(_)));
        let events = self.cluster.events.iter().map(|event| event.last);
        let pods = self.cluster.pods.values().flat_map(|pod| [pod.since, pod.restarted]);
        let relative = events.chain(pods).any(is_age);
        if self.cluster.newest.is_some() || !self.has_data() {
            return;
        }
        self.taken = last.or(self.taken);
        self.guessed = relative && last.is_none();
        if relative && last.is_some() {
            let what =
                "its ages have no time to count from: they are counted from the last entry of the logs";
            self.diagnostics.push(Diagnostic::note(self.first(), what));
        }
    }

    fn first(&self) -> String {
        self.files.first().cloned().unwrap_or_default()
    }

    /// Was an object or an event read?
    pub fn has_data(&self) -> bool {
        self.parts > 0 || !self.cluster.is_empty()
    }

    /// What was read.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The first and last time that findings have.
    pub fn span(&self, findings: &[Finding]) -> Option<(Timestamp, Timestamp)> {
        let taken = self.taken.filter(|_| self.has_data())?;
        let first = findings.iter().filter_map(|finding| finding.from).min().unwrap_or(taken);
        Some((first.min(taken), taken))
    }

    /// What is wrong in them. Where that is very much, the rest is counted.
    pub fn findings(&mut self) -> Vec<Finding> {
        if !self.has_data() {
            return Vec::new();
        }
        let (findings, left) = detect::platform::findings(&self.cluster, &self.files, self.taken);
        // Only a time that is told is one that may be wrong.
        if self.guessed && !findings.is_empty() {
            let at = self.taken.map_or(String::new(), |taken| format!(", {taken}"));
            let what =
                format!("its ages have no time to count from: they are counted from when it was written{at}");
            self.diagnostics.push(Diagnostic::warning(self.first(), what));
        }
        if left > 0 {
            let what =
                format!("{left} more objects of the platform are in trouble, and are not told one by one");
            self.diagnostics.push(Diagnostic::note("", what));
        }
        findings
    }

    /// Adds what was read to the account, and what went wrong to the rest of that.
    pub fn tell(&self, account: &mut Account, diagnostics: &mut Vec<Diagnostic>) {
        account.files += self.own;
        account.bytes += self.bytes;
        diagnostics.extend(self.diagnostics.iter().cloned());
    }
}

/// What is said of a file of which not all was read.
fn told(file: &str, read: &platform::Read) -> Option<Diagnostic> {
    match &read.broken {
        Some(broken) => {
            let what = format!("is cut short or broken ({broken}): {} objects of it were read", read.parts);
            Some(Diagnostic::warning(file, what))
        }
        None if read.parts == 0 => {
            Some(Diagnostic::note(file, "looks like objects of a platform, and none was found in it"))
        }
        None => None,
    }
}
