//! `--expect`: which alerts have to fire, to be pending, or never to fire, and what happened instead.

use serde::Serialize;

use crate::cli::near;
use crate::cli::session::Session;
use crate::filter::When;
use crate::model::{Error, Labels, Timestamp};
use crate::promql::{self, Matcher};
use crate::report::{Outcome, Verdict};
use crate::rules::alert::Alert;
use crate::rules::file::{RuleFile, RuleKind};
use crate::rules::replay::Replay;

/// What an alert has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Firing,
    Pending,
    Never,
}

impl State {
    const ALL: [(&'static str, State); 3] =
        [("firing", State::Firing), ("pending", State::Pending), ("never", State::Never)];

    fn words(self) -> &'static str {
        match self {
            State::Firing => "fire",
            State::Pending => "be pending and not fire",
            State::Never => "never fire",
        }
    }
}

/// One expectation as it was typed: `NAME[{labels}][=STATE][@WINDOW]`.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    typed: String,
    name: String,
    matchers: Vec<Matcher>,
    state: State,
    /// From when until when; one time twice is that instant.
    window: Option<(Option<When>, Option<When>)>,
}

/// What was expected, held against what happened.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Expectation {
    pub expect: String,
    pub met: bool,
    /// What happened, where that is something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
}

/// What is written about the notation where something is wrong with it.
const NOTATION: &str = "write NAME, NAME{label=\"value\"}=firing, NAME=never or NAME=pending@03:00..03:10";

impl Expected {
    /// Reads one.
    pub(super) fn parse(typed: &str) -> Result<Expected, Error> {
        let wrong = |what: String| Error::usage(format!("--expect {typed}: {what}")).hinted(NOTATION);
        let typed = typed.trim();
        let end = typed.find(['{', '=', '@']).unwrap_or(typed.len());
        let (name, mut rest) = typed.split_at(end);
        if name.trim().is_empty() {
            return Err(wrong("no alert is named".to_owned()));
        }
        let mut matchers = Vec::new();
        if rest.starts_with('{') {
            let close = closing(rest).ok_or_else(|| wrong("the labels have no end".to_owned()))?;
            let (labels, after) = rest.split_at(close);
            if labels != "{}" {
                let expr = promql::parse(&format!("x{labels}"), &promql::Options::promtool())
                    .map_err(|error| wrong(format!("{labels}: {}", error.message)))?;
                let all = promql::selectors(&expr).flatten().filter(|matcher| &*matcher.name != "__name__");
                matchers = all.cloned().collect();
            }
            rest = after;
        }
        let (state, window) = match rest.split_once('@') {
            Some((state, window)) => (state, Some(window)),
            None => (rest, None),
        };
        let state = match state.strip_prefix('=') {
            None if state.is_empty() => State::Firing,
            None => return Err(wrong(format!("`{state}` has no meaning here"))),
            Some(word) => {
                let known = State::ALL.into_iter().find(|(known, _)| *known == word);
                known.ok_or_else(|| wrong(format!("an alert cannot be `{word}`")))?.1
            }
        };
        let when = |text: &str| {
            let text = text.trim();
            (!text.is_empty()).then(|| When::parse(text)).transpose()
        };
        let window = match window.map(|window| window.split_once("..").unwrap_or((window, window))) {
            Some((from, until)) => Some((when(from)?, when(until)?)),
            None => None,
        };
        Ok(Expected { typed: typed.to_owned(), name: name.trim().to_owned(), matchers, state, window })
    }

    /// Reads a file of them: one a line; what begins with `#` is a remark.
    pub(super) fn file(text: &str) -> Result<Vec<Expected>, Error> {
        let lines = text.lines().map(|line| line.trim().trim_start_matches("- ").trim());
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#') && *line != "---");
        lines.map(|line| Expected::parse(line.trim_matches(['\'', '"']))).collect()
    }

    /// There has to be a rule of that name.
    pub(super) fn check(&self, files: &[RuleFile]) -> Result<(), Error> {
        let rules = || files.iter().flat_map(|file| &file.groups).flat_map(|group| &group.rules);
        let alerts = || rules().filter(|rule| matches!(rule.kind, RuleKind::Alerting(_)));
        if alerts().any(|rule| rule.name == self.name) {
            return Ok(());
        }
        let names = alerts().map(|rule| rule.name.as_str());
        Err(Error::usage(format!(
            "--expect {}: no alert has this name{}",
            self.name,
            near::instead(&self.name, names)
        )))
    }

    /// Holds it against what happened.
    pub(super) fn judge(&self, replay: &Replay, session: &Session) -> Result<Expectation, Error> {
        let data = crate::investigate::recorded::times(replay.span);
        let at = |when: &Option<When>| when.as_ref().map(|when| session.instant(when, data)).transpose();
        let window = match &self.window {
            Some((from, until)) => (at(from)?, at(until)?),
            None => (None, None),
        };
        let met = self.of(&replay.alerts, window);
        Ok(Expectation {
            expect: self.typed.clone(),
            instead: (!met).then(|| self.instead(&replay.alerts)),
            met,
        })
    }

    fn is_about(&self, labels: &Labels, rule: &str) -> bool {
        rule == self.name && self.matchers.iter().all(|matcher| matcher.matches(labels.get(&matcher.name)))
    }

    fn of(&self, alerts: &[Alert], window: (Option<Timestamp>, Option<Timestamp>)) -> bool {
        let mine = || alerts.iter().filter(|alert| self.is_about(&alert.labels, &alert.rule));
        let within = |from: Timestamp, to: Option<Timestamp>| {
            window.1.is_none_or(|until| from <= until)
                && to.zip(window.0).is_none_or(|(to, since)| to > since)
        };
        let fired = mine().any(|alert| alert.firing_at.is_some_and(|from| within(from, alert.resolved_at)));
        let pending = mine().any(|alert| within(alert.pending_at, alert.firing_at.or(alert.resolved_at)));
        match self.state {
            State::Firing => fired,
            State::Pending => pending && !fired,
            State::Never => !fired,
        }
    }

    /// What happened, in words.
    fn instead(&self, alerts: &[Alert]) -> String {
        /// Episodes that are told.
        const TOLD: usize = 3;
        let mine: Vec<&Alert> =
            alerts.iter().filter(|alert| self.is_about(&alert.labels, &alert.rule)).collect();
        let episode = |alert: &&&Alert| {
            let end = |at: Option<Timestamp>| at.map_or("the end of the data".to_owned(), Timestamp::clock);
            let mut labels = alert.labels.clone();
            labels.retain(|name| !matches!(name, "alertname" | "severity"));
            let labels = if labels.is_empty() { String::new() } else { format!(" {labels}") };
            match alert.firing_at {
                Some(from) => format!("it fired from {} to {}{labels}", from.clock(), end(alert.resolved_at)),
                None => {
                    format!(
                        "it was only pending from {} to {}{labels}",
                        alert.pending_at.clock(),
                        end(alert.resolved_at)
                    )
                }
            }
        };
        let told: Vec<String> = mine.iter().take(TOLD).map(|alert| episode(&alert)).collect();
        let more = mine.len().saturating_sub(TOLD);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        let happened = match (mine.is_empty(), alerts.iter().any(|alert| alert.rule == self.name)) {
            (true, true) => "it was never pending with these labels".to_owned(),
            (true, false) => "it was never pending".to_owned(),
            _ => format!("{}{more}", told.join("; ")),
        };
        format!("it was to {}: {happened}", self.state.words())
    }
}

/// Where the labels that a text begins with end.
fn closing(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '}') => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The expectations as verdicts.
pub(super) fn verdicts(all: &[Expectation]) -> impl Iterator<Item = Verdict> {
    all.iter().map(|met| Verdict {
        name: met.expect.clone(),
        group: "expectations".to_owned(),
        outcome: if met.met { Outcome::Ok } else { Outcome::Failed },
        message: met.instead.clone().unwrap_or_default(),
        ..Verdict::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expectations_are_read_and_what_is_none_is_told() {
        let parsed = Expected::parse("Errors{gateway=\"a}b\",code!=\"1\"}=never@03:00..03:10").unwrap();
        assert_eq!((parsed.name.as_str(), parsed.state, parsed.matchers.len()), ("Errors", State::Never, 2));
        assert!(parsed.window.is_some_and(|(from, until)| from.is_some() && until.is_some()));
        let labels = |gateway: &str| Labels::new(vec![("gateway".to_owned(), gateway.to_owned())]);
        let parsed = Expected::parse("Errors{gateway=~\"t.*\"}").unwrap();
        assert!(parsed.is_about(&labels("toss"), "Errors"));
        assert!(!parsed.is_about(&labels("paypal"), "Errors") && !parsed.is_about(&labels("toss"), "Slow"));
        for (typed, said) in [
            ("", "no alert is named"),
            ("{a=\"b\"}", "no alert is named"),
            ("A{b=\"c\"", "have no end"),
            ("A=sleeping", "cannot be `sleeping`"),
            ("A@soon", "no time"),
        ] {
            let error = Expected::parse(typed).unwrap_err();
            assert!(error.message.contains(said), "{typed}: {error}");
        }
        let file = "# these\n- Errors\n\n- 'Slow=never'\n";
        assert_eq!(Expected::file(file).unwrap().len(), 2);
    }
}
