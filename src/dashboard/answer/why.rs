//! How a panel went, and why it has nothing to show.

use super::asker::Asker;
use super::{Asked, Status};
use crate::dashboard::board::{Absent, Panel};
use crate::dashboard::kinds;
use crate::dashboard::timing::Timing;
use crate::promql::{self, Expr};

impl Asker<'_> {
    /// Why a variable has no value.
    pub(super) fn trouble(&self, name: &str) -> String {
        let known = self.choices.get(name).and_then(|choice| choice.trouble.clone());
        known.unwrap_or_else(|| format!("${name} has no value"))
    }

    /// Why an expression gives nothing.
    pub(super) fn why(&self, expr: &Expr, empty: &[String], timing: &Timing) -> String {
        let mut said: Vec<String> = empty.iter().map(|name| self.trouble(name)).collect();
        if said.is_empty() {
            said.extend((self.reasons)(expr));
        }
        if said.is_empty() {
            said.push(self.why_nothing_is_left(expr, timing));
        }
        said.join("; ")
    }

    /// Every selector finds series: then there are none at these times, or too few samples, or nothing fits.
    fn why_nothing_is_left(&self, expr: &Expr, timing: &Timing) -> String {
        let mut single = None;
        for matchers in promql::selectors(expr) {
            let series = self.data.store.matching(matchers);
            let name = crate::metrics::name_of(matchers).unwrap_or("the series");
            let (from, to) = (timing.from.saturating_sub(self.data.options.lookback_ms), timing.to);
            let is_there =
                series.iter().any(|s| s.span().is_some_and(|(first, last)| first <= to && last >= from));
            if !is_there {
                return format!("{name} has no sample in this time");
            }
            if series.iter().all(|series| series.samples.len() + series.histograms.len() < 2) {
                single = single.or(Some(name));
            }
        }
        match single {
            Some(name) => format!("{name} was sampled once; a rate needs two samples"),
            None => "the series are there, and the expression gives none of them".to_owned(),
        }
    }
}

/// How a panel went: as the best of its queries that are shown.
pub(super) fn judged(panel: &Panel, asked: &[Asked]) -> (Status, String) {
    match &panel.absent {
        Some(Absent::Library(name)) => {
            let reason = format!("is the library panel \"{name}\", whose model is in none of these files");
            return (Status::Unsupported, reason);
        }
        Some(Absent::Class(name)) => {
            let reason = format!("asks nothing itself; its class {name} is described in none of these files");
            return (Status::Empty, reason);
        }
        None => {}
    }
    let shown: Vec<&Asked> = asked.iter().filter(|asked| !asked.query.hidden).collect();
    if shown.iter().any(|asked| asked.status == Status::Ok) {
        // Others may still have failed: that is said of them.
        return (Status::Ok, String::new());
    }
    if shown.is_empty() {
        return if kinds::shows_without_data(&panel.kind) {
            (Status::Ok, String::new())
        } else {
            (Status::Empty, "asks nothing".to_owned())
        };
    }
    let status = shown.iter().map(|asked| asked.status).max().unwrap_or_default();
    let mut said: Vec<&str> = Vec::new();
    for asked in shown.iter().filter(|asked| asked.status == status) {
        if !said.contains(&asked.message.as_str()) {
            said.push(&asked.message);
        }
    }
    (status, said.join("; "))
}
