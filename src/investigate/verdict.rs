//! The verdict: requests fail, there is trouble, all is calm, or too little was understood to say so.

use serde::Serialize;

use crate::causes::health::{Health, WELL};
use crate::causes::story::{Cause, Story};
use crate::detect::platform::is_state;
use crate::detect::{Finding, Nature, Scene, Severity};
use crate::model::Level;
use crate::timeline::observe::What;

/// What is said first, and what a pipeline goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Enough was understood, and no failure is in it.
    Calm,
    /// Known failures or errors, without proof that users felt them.
    Trouble,
    /// Users' requests fail, or something that must run died.
    Failing,
    /// Too little was understood to say.
    Unknown,
}

impl Verdict {
    /// The name in options and output.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Calm => "calm",
            Verdict::Trouble => "trouble",
            Verdict::Failing => "failing",
            Verdict::Unknown => "unknown",
        }
    }

    /// Judges. `unseen`: was there nothing to judge?
    pub fn of(scene: &Scene<'_>, story: &Story, findings: &[Finding], unseen: bool) -> Verdict {
        if unseen {
            Verdict::Unknown
        } else if requests_fail(story) || something_died(findings) {
            Verdict::Failing
        } else if story.causes.iter().any(Cause::is_known)
            || has_errors(scene, story)
            || has_failures(findings, story)
        {
            Verdict::Trouble
        } else {
            Verdict::Calm
        }
    }
}

/// Fewer requests than the users expect succeed.
fn requests_fail(story: &Story) -> bool {
    let Some(success) = &story.success else { return false };
    let rates = [story.rates.before, story.rates.during, story.rates.after];
    let low = |rate: Option<f64>| rate.is_some_and(|rate| rate < WELL);
    story.health == Health::Failing
        || (success.is_telling() && rates.into_iter().any(low) && !story.causes.is_empty())
}

/// A program ended that nobody wanted to end, and it was not always so.
fn something_died(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| {
        let dies = matches!(finding.detector, "crash" | "out-of-memory")
            || (is_state(&finding.evidence) && finding.severity == Severity::Critical);
        dies && finding.nature != Nature::Context && finding.severity >= Severity::High && !finding.constant
    })
}

/// Entries at error or worse are trouble, unless requests are known to go well all the while.
fn has_errors(scene: &Scene<'_>, story: &Story) -> bool {
    let well = story
        .success
        .as_ref()
        .is_some_and(|success| success.is_telling() && success.rate.is_some_and(|rate| rate >= WELL));
    let least = if well { Level::Fatal } else { Level::Error };
    scene.kinds.iter().any(|(kind, _)| kind.what == What::Template && kind.level >= Some(least))
}

/// So are failures that are known by their words, however old; noise beside requests that go well is none. Where nobody
/// tells how requests went, what is found in words is not called calm.
fn has_failures(findings: &[Finding], story: &Story) -> bool {
    findings.iter().any(|finding| {
        let (severity, least) = match story.health {
            Health::Usual => (finding.severity, Severity::High),
            Health::Some | Health::Failing => (finding.base, Severity::High),
            Health::Unknown => (finding.severity, Severity::Medium),
        };
        finding.nature != Nature::Context && severity >= least
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entities::calls::Calls;
    use crate::fold::Fold;
    use crate::model::{Entry, Location, Needs, Role, Slots, Timestamp, Value};
    use crate::timeline::observe::{Observed, Wants};

    /// The verdict on entries: level, status and message, a second apart.
    fn verdict(entries: &[(Level, Option<&str>, &str)]) -> Verdict {
        let mut needs = Needs::none();
        let wants = Wants::new(&[], &mut needs);
        let mut observed = Observed::new(&wants);
        for (at, (level, status, message)) in entries.iter().enumerate() {
            let mut slots = Slots::new(&needs);
            slots.ts = Timestamp::new(1_700_000_000 + at as i64, 0);
            slots.level = Some(*level);
            slots.set(Role::Message.slot(), Value::plain(message.as_bytes()));
            slots.set(Role::Service.slot(), Value::plain(b"shop"));
            if let Some(status) = status {
                slots.set(Role::Status.slot(), Value::plain(status.as_bytes()));
            }
            let location = Location { file: 0, chunk: 0, line: at as u32 };
            observed.add(&Entry {
                location,
                offset: 0,
                raw: message.as_bytes(),
                understood: true,
                slots: &slots,
            });
        }
        let scene = Scene::new(&wants, observed, &crate::detect::vocabulary(&wants));
        let findings = crate::detect::findings(&scene, &[]);
        let story = crate::causes::cause::story(&scene, &findings, None, None, &Calls::default());
        Verdict::of(&scene, &story, &findings, false)
    }

    #[test]
    fn a_false_calm_is_never_told() {
        let requests = |failed: usize| -> Vec<(Level, Option<&str>, &str)> {
            let one = |at: usize| if at % 100 < failed { "502" } else { "200" };
            (0..300).map(|at| (Level::Info, Some(one(at)), "handled")).collect()
        };
        assert_eq!(verdict(&requests(0)), Verdict::Calm);
        assert_eq!(verdict(&requests(1)), Verdict::Calm);
        for failed in [10, 30, 80, 100] {
            assert_eq!(verdict(&requests(failed)), Verdict::Failing, "{failed}");
        }
        assert_eq!(
            verdict(&[(Level::Info, None, "started"), (Level::Error, None, "it did not work")]),
            Verdict::Trouble
        );
        assert_eq!(verdict(&[(Level::Info, None, "started"), (Level::Info, None, "ready")]), Verdict::Calm);
    }
}
