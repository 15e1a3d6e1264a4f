//! Recorded metrics beside the logs, as `detect` and `investigate` look at them.

use super::drawn::{self, Curve};
use crate::detect::Finding;
use crate::detect::recorded::{self, Counted};

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
    /// The file that stands for them.
    shown: String,
}

impl Recorded {
    /// Reads the files of metrics, as far as they lie in the range of time.
    pub fn load(inputs: &Inputs, (now, range): (Timestamp, TimeRange), options: &ScanOptions) -> Recorded {
        let (store, files, diagnostics) = metrics::load_files(inputs, now, &[], options);
        let file = inputs.metrics.first().map(|input| &input.shown);
        let shown = file.or(inputs.databases.first().map(|database| &database.shown)).cloned();
        let shown = shown.unwrap_or_default();
        Recorded { store: metrics::clip(store, range), files, diagnostics, shown }
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
        recorded::findings(&self.store, &self.shown, given)
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

/// A span of milliseconds as times.
pub fn times(span: Option<(i64, i64)>) -> Option<(Timestamp, Timestamp)> {
    let (from, to) = span?;
    Some((Timestamp::from_millis(from)?, Timestamp::from_millis(to)?))
}
