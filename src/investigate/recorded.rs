//! Recorded metrics beside the logs, as `detect` and `investigate` look at them.

use super::drawn::{self, Curve};
use crate::detect::Finding;
use crate::detect::recorded::{self, Counted};
use crate::entities::calls::Calls;
use crate::format::edges;

use crate::metrics::{self, FilesRead};
use crate::model::{Account, Diagnostic, TimeRange, Timestamp};
use crate::promql::Store;
use crate::scan::{Inputs, ScanOptions};
use crate::timeline::course::Grid;
use crate::timeline::scene::Given;

/// The recorded metrics of the inputs.
#[derive(Debug)]
pub struct Recorded {
    store: Store,
    files: FilesRead,
    diagnostics: Vec<Diagnostic>,
    /// The file that stands for them; of several the folder that they are in, with a slash at its end.
    shown: String,
    /// Who calls whom, as tables and labels tell.
    calls: Calls,
}

impl Recorded {
    /// Reads the files of metrics, as far as they lie in the range of time.
    pub fn load(inputs: &Inputs, (now, range): (Timestamp, TimeRange), options: &ScanOptions) -> Recorded {
        let metrics::Loaded { store, read: files, diagnostics, .. } =
            metrics::load_files(inputs, now, &[], None, options);
        let mut shown = inputs.metrics.iter().map(|input| input.shown.as_str());
        let database = inputs.databases.first().map(|database| database.shown.as_str());
        let shown = shown.next().map(|first| shown.fold(first, folder_of)).or(database);
        let shown = shown.unwrap_or_default().to_owned();
        let mut recorded = Recorded {
            store: metrics::clip(store, range),
            files,
            diagnostics,
            shown,
            calls: Calls::default(),
        };
        recorded.learn_calls(inputs, options);
        recorded
    }

    /// Who calls whom: by tables of that, and by the labels of series.
    fn learn_calls(&mut self, inputs: &Inputs, options: &ScanOptions) {
        recorded::add_calls(&self.store, &mut self.calls);
        for input in &inputs.edges {
            let (read, diagnostics) =
                input.with_bytes(options, |bytes| (bytes.len() as u64, edges::read(bytes)));
            self.diagnostics.extend(diagnostics);
            let (bytes, edges) = read.unwrap_or_default();
            self.files.files += 1;
            self.files.bytes += bytes;
            for (caller, called) in &edges {
                self.calls.add(caller, called);
            }
        }
    }

    /// Adds who calls whom as others tell, and gives all that is known of it.
    pub fn join_calls(&mut self, others: Calls) -> Calls {
        self.calls.merge(others);
        self.calls.clone()
    }

    /// Is there a sample?
    pub fn has_data(&self) -> bool {
        self.files.samples > 0
    }

    /// Their first and last time.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        times(self.store.span())
    }

    /// What changed in them, compared with the time that is given as usual, if one is.
    pub fn findings(&self, given: Option<Given>) -> Vec<Finding> {
        recorded::findings(&self.store, &self.shown, given, &self.calls)
    }

    /// What a finding in a recorded metric is about, as a curve.
    pub fn curve(&self, finding: &Finding, grid: Grid) -> Option<Curve> {
        drawn::curve(&self.store, finding.series.as_ref()?, grid)
    }

    /// How requests went, by a recorded counter.
    pub fn requests(&self) -> Option<Counted> {
        recorded::requests(&self.store)
    }

    /// Adds what was read to the account, and what went wrong to the rest of that.
    pub fn tell(&self, account: &mut Account, diagnostics: &mut Vec<Diagnostic>) {
        account.files += self.files.files;
        account.bytes += self.files.bytes;
        for at in self.span().into_iter().flat_map(|(from, to)| [from, to]) {
            account.saw(at);
        }
        diagnostics.extend(self.diagnostics.iter().cloned());
    }
}

/// The folder that both of two paths are in.
fn folder_of<'p>(one: &'p str, other: &str) -> &'p str {
    let same = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
    if same == one.len() && same == other.len() {
        return one;
    }
    let shared = one.as_bytes()[..same].iter().rposition(|b| *b == b'/');
    shared.map_or("", |end| &one[..=end])
}

/// A span of milliseconds as times.
pub fn times(span: Option<(i64, i64)>) -> Option<(Timestamp, Timestamp)> {
    let (from, to) = span?;
    Some((Timestamp::from_millis(from)?, Timestamp::from_millis(to)?))
}
