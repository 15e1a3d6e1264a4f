//! Clocks that run apart, said, and put right where that is asked for.

use super::session::Session;
use super::verdict;
use crate::correlate::skews;
use crate::model::unit::HumanCount;

/// How far the clock of each log is ahead.
#[derive(Debug, Default)]
pub(super) struct Skew {
    ahead: Vec<i64>,
}

impl Skew {
    /// Compares the clocks of the logs by their requests, and says which are off. They are put right if `fix`
    /// says so.
    pub(super) fn new(fix: bool, session: &mut Session) -> Self {
        session.hold_pipes();
        let logs = &session.inputs.logs;
        let mut ahead = vec![0; logs.len()];
        for skew in skews(logs, &session.config.scan) {
            ahead[skew.file] = skew.ahead;
            let seconds = skew.ahead as f64 / 1e9;
            let direction = if seconds > 0.0 { "ahead of" } else { "behind" };
            let what = if fix { "its times are put right" } else { "--fix-skew puts its times right" };
            let requests = HumanCount(skew.requests as u64);
            session.note(&format!(
                "the clock of {} is {:.3} s {direction} that of {}, by {requests} requests in both; {what}",
                logs[skew.file].shown,
                seconds.abs(),
                logs[skew.against].shown,
            ));
        }
        Skew { ahead: if fix { ahead } else { Vec::new() } }
    }

    /// Nanoseconds that the times of this log are ahead.
    pub(super) fn of(&self, file: usize) -> i64 {
        self.ahead.get(file).copied().unwrap_or(0)
    }
}

impl Session {
    /// Says something that is worth knowing.
    fn note(&self, text: &str) {
        if !self.is_quiet() {
            verdict::note(text);
        }
    }
}
