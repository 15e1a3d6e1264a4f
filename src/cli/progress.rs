//! A line on stderr that says how much has been read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::model::unit::HumanBytes;

/// How often the line is drawn anew; what ends sooner draws none.
const TICK: Duration = Duration::from_millis(200);

/// The line; it is wiped when this is dropped.
#[derive(Debug)]
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Begins to draw what `read` counts.
    pub(super) fn start(read: &Arc<AtomicU64>) -> Self {
        let read = Arc::clone(read);
        let amount = move |_: &ProgressState, line: &mut dyn std::fmt::Write| {
            // Drawing into a string cannot fail.
            let _ = write!(line, "{}", HumanBytes(read.load(Ordering::Relaxed)));
        };
        let style = ProgressStyle::with_template("{spinner} read {amount} in {elapsed}");
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()).with_key("amount", amount));
        bar.enable_steady_tick(TICK);
        Progress(bar)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
