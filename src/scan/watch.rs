//! Waits for files to change, for what can only be judged anew over all of them.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::ScanOptions;
use super::inputs::SurveyOptions;
use crate::model::Timestamp;
use crate::source::{self, Found, WalkOptions};

/// How often files are looked at, and at least how long nothing is judged.
const LOOK: Duration = Duration::from_millis(50);

/// Between two judgements passes this many times what the last one took: a fifth of the time is spent on judging while
/// files grow.
const REST: u32 = 4;

/// Looking takes a hundredth of the time at most.
const SHARE: u32 = 100;

/// A file by its path, how long it was and when it was changed.
type State = (String, Option<u64>, Option<Timestamp>);

/// Files and what they were when they were judged last.
#[derive(Debug, Default)]
pub struct Watch {
    seen: Option<Vec<State>>,
    left: Option<Instant>,
}

impl Watch {
    /// Waits until the files of these paths are others than when it was asked last; `false` when the scan is cancelled.
    pub fn changed(&mut self, paths: &[PathBuf], survey: &SurveyOptions, scan: &ScanOptions) -> bool {
        let options = WalkOptions { follow_links: survey.follow_links, picks: survey.picks.clone() };
        let took = self.left.map_or(Duration::ZERO, |left| left.elapsed());
        let from = now() + took * REST;
        loop {
            if scan.cancel.load(Ordering::Relaxed) {
                return false;
            }
            let started = now();
            if started >= from {
                let is = |found: Found| (found.shown, found.size, found.modified);
                let found: Vec<_> = source::walk(paths, &options).found.into_iter().map(is).collect();
                if self.seen.as_ref() != Some(&found) {
                    self.seen = Some(found);
                    self.left = Some(now());
                    return true;
                }
            }
            std::thread::sleep(LOOK.max(started.elapsed() * SHARE));
        }
    }
}

/// The time. Decides when files are looked at, never what is found.
#[expect(clippy::disallowed_methods, reason = "only the time between looks counts")]
fn now() -> Instant {
    Instant::now()
}
