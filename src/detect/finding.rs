//! What was found, in the shape in which it goes out.

use serde::{Serialize, Serializer};

use crate::signatures::{Nature, Severity};
use crate::timeline::evidence::time;
use crate::timeline::{Evidence, Subject};

use crate::model::{Labels, Timestamp};
use crate::series::bins::Run;

/// What the author of a signature says of what it finds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// What it is called.
    pub title: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mitigation: Option<String>,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// The detector's name.
    pub detector: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// How bad it is where it is not so all the time.
    #[serde(skip)]
    pub base: Severity,
    /// What part it plays.
    pub nature: Nature,
    /// What it is about.
    pub subject: Subject,
    /// When it began.
    #[serde(serialize_with = "time")]
    pub from: Option<Timestamp>,
    /// When it was last seen.
    #[serde(serialize_with = "time")]
    pub to: Option<Timestamp>,
    /// How often it was seen.
    pub count: u64,
    /// The stretches of time in which it was seen, apart by more than a minute.
    #[serde(serialize_with = "runs")]
    pub windows: Vec<Run>,
    /// One sentence.
    pub summary: String,
    /// Entries that show it.
    pub evidence: Vec<Evidence>,
    /// Entries of other logs of the service that say the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub corroboration: Vec<Evidence>,
    /// Was it so from the beginning to the end?
    pub constant: bool,
    /// What its author says of it, if a signature from a file found it.
    #[serde(flatten)]
    pub advice: Option<Advice>,
    /// The kinds of entries that it was found in.
    #[serde(skip)]
    pub kinds: Vec<usize>,
    /// How clear it is, where no kinds of entries tell.
    #[serde(skip)]
    pub gain: f64,
    /// How many times as much as usual, of recorded values.
    #[serde(skip)]
    pub times: f64,
    /// The recorded series that it was found in: the metric's name and the labels that they have in common.
    #[serde(skip)]
    pub series: Option<Labels>,
    /// Is it a quantity that entries tell and that is not what it was, rather than events?
    #[serde(skip)]
    pub level: bool,
    /// Is it only some of what the subject does that is missing?
    #[serde(skip)]
    pub part: bool,
    /// What happened, where the detector's own words do not say it.
    #[serde(skip)]
    pub what: Option<String>,
    /// Who feels the same beside it, where metrics of all of them tell.
    #[serde(skip)]
    pub around: Option<Around>,
}

/// What those do who are asked by a service, or ask it, while it has trouble.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Around {
    /// How long it is from one sample to the next, in nanoseconds: nothing is known to be earlier by less.
    pub every: i64,
    /// Is it what requests feel, and not only how much of something is used?
    pub felt: bool,
    /// How many milliseconds longer one waits for it; `None` where it is not about waiting.
    pub wait: Option<f64>,
    /// Those who call it and feel the same.
    pub callers: Vec<String>,
    /// Those whom it calls and who feel the same.
    pub callees: Vec<String>,
}

impl Finding {
    /// What was found and where; when, how often and with which evidence is not told yet.
    pub fn new(detector: &'static str, severity: Severity, nature: Nature, subject: Subject) -> Finding {
        Finding {
            detector,
            severity,
            base: severity,
            nature,
            subject,
            from: None,
            to: None,
            count: 0,
            windows: Vec::new(),
            summary: String::new(),
            evidence: Vec::new(),
            corroboration: Vec::new(),
            constant: false,
            advice: None,
            kinds: Vec::new(),
            gain: 0.0,
            times: 0.0,
            series: None,
            level: false,
            part: false,
            what: None,
            around: None,
        }
    }

    /// The key of the order in which findings are shown: the most severe first, then by time.
    pub fn order(&self) -> impl Ord + use<> {
        let from = (self.from.is_none(), self.from);
        (std::cmp::Reverse(self.severity), from, self.detector, self.subject.clone())
    }
}

fn runs<S: Serializer>(runs: &[Run], to: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Window {
        from: String,
        to: String,
        count: u64,
    }
    to.collect_seq(runs.iter().map(|run| Window {
        from: run.from.to_string(),
        to: run.to.to_string(),
        count: run.count,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Location;

    #[test]
    fn findings_have_the_documented_shape() {
        let ts = Some(Timestamp(1_703_387_160_000_000_000));
        let evidence = Evidence {
            file: "db.log".into(),
            line: 7,
            timestamp: ts,
            text: "x".into(),
            span: None,
            location: Location { file: 0, chunk: 0, line: 6 },
        };
        let finding = Finding {
            detector: "pool-exhaustion",
            severity: Severity::Critical,
            base: Severity::Critical,
            nature: Nature::Resource,
            subject: Subject { file: "db.log".into(), service: None },
            from: ts,
            to: None,
            count: 3,
            windows: vec![],
            summary: "s".into(),
            evidence: vec![evidence],
            corroboration: vec![],
            constant: false,
            advice: None,
            kinds: vec![],
            gain: 0.0,
            times: 0.0,
            series: None,
            level: false,
            part: false,
            what: None,
            around: None,
        };
        assert_eq!(
            serde_json::to_string(&finding).unwrap(),
            r#"{"detector":"pool-exhaustion","severity":"critical","nature":"resource","subject":{"file":"db.log"},"from":"2023-12-24T03:06:00Z","to":null,"count":3,"windows":[],"summary":"s","evidence":[{"file":"db.log","line":7,"timestamp":"2023-12-24T03:06:00Z","text":"x"}],"constant":false}"#
        );
        assert_eq!(Severity::from_name("high"), Some(Severity::High));
        assert!(Severity::Critical > Severity::High);
    }
}
