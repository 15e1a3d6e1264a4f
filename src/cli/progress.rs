//! A line on stderr that says how far the reading is: a bar with the time that is left, where the end is known.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::model::unit::{HumanBytes, HumanMillis};
use crate::scan::Going;

/// How often the line is drawn anew; what ends sooner draws none.
const TICK: Duration = Duration::from_millis(200);

/// Letters of the bar.
const LETTERS: usize = 24;

/// The line; it is wiped when this is dropped.
#[derive(Debug)]
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Begins to draw what `going` tells, in letters that the terminal has.
    pub(super) fn start(going: &Arc<Going>, ascii: bool) -> Self {
        let going = Arc::clone(going);
        // The present pass, and when it began.
        let began = Arc::new(Mutex::new((0, Duration::ZERO)));
        let told = move |state: &ProgressState, line: &mut dyn std::fmt::Write| {
            let elapsed = state.elapsed();
            let mut began = began.lock().unwrap_or_else(PoisonError::into_inner);
            if began.0 != going.pass() {
                *began = (going.pass(), elapsed);
            }
            let since = elapsed.saturating_sub(began.1);
            // Drawing into a string cannot fail.
            let _ = match going.share() {
                Some(share) => line.write_str(&bar(share, &going, since, ascii)),
                None => write!(line, "read {} in {:.0} s", HumanBytes(going.read()), elapsed.as_secs_f64()),
            };
        };
        let style = ProgressStyle::with_template("{spinner} {told}");
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()).with_key("told", told));
        bar.enable_steady_tick(TICK);
        Progress(bar)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// `██████░░░░░░  50 %  1.2 GB read, 4 s left`, and which pass it is from the second on.
fn bar(share: f64, going: &Going, since: Duration, ascii: bool) -> String {
    let (full, empty) = if ascii { ("#", "-") } else { ("█", "░") };
    let filled = (share * LETTERS as f64) as usize;
    let pass = match going.pass() {
        0 | 1 => String::new(),
        n => format!(", pass {n}"),
    };
    format!(
        "{}{} {:3.0} %  {} read{pass}{}",
        full.repeat(filled),
        empty.repeat(LETTERS - filled),
        (share * 100.0).floor(),
        HumanBytes(going.read()),
        left(share, since)
    )
}

/// `, 4 s left`, once enough is done to tell.
fn left(share: f64, since: Duration) -> String {
    if share < 0.02 || since < 2 * TICK {
        return String::new();
    }
    let seconds = since.as_secs_f64() * (1.0 - share) / share;
    if seconds < 60.0 {
        return format!(", {:.0} s left", seconds.ceil());
    }
    format!(", {} left", HumanMillis(seconds.round() * 1e3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_tells_the_part_and_the_time_that_is_left() {
        let going = Going::default();
        let seconds = Duration::from_secs;
        assert_eq!(bar(0.0, &going, seconds(0), true), "------------------------   0 %  0 B read");
        assert_eq!(
            bar(0.25, &going, seconds(3), false),
            "██████░░░░░░░░░░░░░░░░░░  25 %  0 B read, 9 s left"
        );
        assert_eq!(left(0.1, seconds(20)), ", 3 min left");
        assert_eq!(left(1.0, seconds(20)), ", 0 s left");
        assert_eq!(left(0.01, seconds(20)), "");
    }
}
