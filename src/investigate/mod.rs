//! The whole way from files to an answer, in one place: look, find, order, ask the requests, look again, conclude.

pub mod drawn;
pub mod narrow;
pub mod platform;
pub mod recorded;
pub mod reread;
pub mod traced;
pub mod verdict;

use crate::causes::affected::{Affected, Cases, Concluded, Example};
use crate::causes::cause;
use crate::causes::contrast;
use crate::causes::doubt;
use crate::causes::health::Health;
use crate::causes::story::{Cause, Story};
use crate::detect::own::{self, Own, Watch};
use crate::detect::signature::{self, Sightings};
use crate::detect::{self, Finding, Observed, Scene, Wants};
use crate::entities::calls::Calls;
use crate::filter::Filter;
use crate::model::{Error, Needs, Slot, TimeRange, Timestamp};
use crate::scan::{self, Inputs, ScanOptions, Scanned, Selection};
use crate::signatures::cre::Signatures;
use crate::timeline::scene::{Basis, Given};
use platform::Platform;
use recorded::Recorded;
use traced::Traced;

/// What there is to read, and how.
#[derive(Clone, Copy, Debug)]
pub struct Corpus<'c> {
    /// The files.
    pub inputs: &'c Inputs,
    /// How they are read.
    pub options: &'c ScanOptions,
    /// The time now, against which times as typed are understood.
    pub now: Timestamp,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// Entries that count.
    pub filter: &'q Filter,
    /// The time that is looked at.
    pub range: TimeRange,
    /// The time whose requests are compared with each other.
    pub compared: TimeRange,
    /// The time that is usual, where one is given.
    pub given: Option<Given>,
    /// Detectors of one's own.
    pub own: &'q [Own],
    /// Rules from files that are looked for as well, with the fields that they ask for.
    pub signatures: Option<(&'q Signatures, &'q [Slot])>,
    /// The only detectors that are asked, if any are named.
    pub only: &'q [String],
}

/// What one pass over the files shows.
#[derive(Debug)]
pub struct Looked<'w> {
    /// What was observed.
    pub scene: Scene<'w>,
    /// What the detectors find in it, the worst first.
    pub findings: Vec<Finding>,
    /// Where in the files it was.
    pub scanned: Scanned,
    /// What metrics were recorded.
    pub recorded: Recorded,
    /// What the platform's objects say.
    pub platform: Platform,
    /// Who calls whom, as spans, tables and the labels of series say.
    pub calls: Calls,
}

/// The answer.
#[derive(Debug)]
pub struct Investigation<'w> {
    /// What was seen.
    pub looked: Looked<'w>,
    /// What broke, in order.
    pub story: Story,
    /// For whom.
    pub affected: Affected,
    /// Requests to look at.
    pub examples: Vec<Example>,
}

/// Looks at the files once, and asks every detector.
pub fn look<'w>(
    corpus: &Corpus<'_>,
    question: &Question<'_>,
    (wants, selection): (&'w Wants, &Selection),
) -> Result<Looked<'w>, Error> {
    let none = Signatures::default();
    let (signatures, alike) = question.signatures.unwrap_or((&none, &[]));
    let new = || (Observed::new(wants), (Watch::new(question.own), Sightings::new(signatures, alike)));
    let ((mut observed, (watch, sightings)), scanned) =
        scan::fold(&corpus.inputs.logs, selection, corpus.options, new);
    let mut recorded = Recorded::load(corpus.inputs, (corpus.now, question.range), corpus.options);
    let mut platform = Platform::load(corpus.inputs, corpus.options);
    let given = question.given;
    let dumps = observed.take_dumps().into_sorted().into_iter().filter_map(|(at, text)| {
        let log = corpus.inputs.logs.get(at.file as usize)?;
        Some((log.shown.clone(), scanned.line_of(at), text))
    });
    platform.add_dumps(dumps);
    let scene = Scene::beside(wants, observed, &detect::vocabulary(wants), given, recorded.span());
    platform.beside(Some(scene.last).filter(|_| !scene.chunks.is_empty()));
    let states = platform.findings();
    let selected = (selection.needs.clone(), question.filter, question.range);
    let traced = Traced::load(corpus.inputs, selected, corpus.options);
    let calls = recorded.join_calls(traced.calls());
    let scene = scene.spanning(recorded.span().or_else(|| platform.span(&states)));
    usual_is_known(&scene, &recorded)?;
    let mut findings = detect::findings(&scene, question.only);
    let wanted = |finding: &Finding| {
        question.only.is_empty() || question.only.iter().any(|only| only == finding.detector)
    };
    let mut declared = own::findings(watch, &scene);
    declared.extend(signature::findings(sightings, &scene));
    let others = recorded.findings(given).into_iter().chain(states).chain(declared);
    let others = others.chain(traced.findings(&scene, &calls));
    findings.extend(others.filter(wanted));
    findings.sort_by_cached_key(Finding::order);
    Ok(Looked { scene, findings, scanned, recorded, platform, calls })
}

/// What broke, since when, for whom and why. `needs` are those of `selection`; `asked` are those of the question alone.
pub fn investigate<'w>(
    corpus: &Corpus<'_>,
    question: &Question<'_>,
    (wants, mut needs, asked): (&'w Wants, Needs, Needs),
) -> Result<Investigation<'w>, Error> {
    let logs = &corpus.inputs.logs;
    let selection = Selection::new(needs.clone(), question.filter, question.range);
    let looked = look(corpus, question, (wants, &selection))?;
    let (scene, findings, scanned) = (&looked.scene, &looked.findings, &looked.scanned);
    let counted = looked.recorded.requests();
    let calls = &looked.calls;
    let mut story = cause::story(scene, findings, counted.as_ref(), None, calls);
    let mut concluded =
        Concluded { affected: Affected { of: "requests", ..Affected::default() }, ..Concluded::default() };
    let some_fail = story.success.as_ref().is_some_and(|success| success.failed.count() >= contrast::FEWEST);
    let is_bad = matches!(story.health, Health::Failing | Health::Some);
    if !story.causes.is_empty() || is_bad || some_fail {
        let cases = Cases::new(logs, scene, &story, &mut needs);
        let selection = Selection::new(needs, question.filter, question.compared);
        concluded = cases.join(scene, (logs, scanned), &selection, corpus.options).conclude(story.impact);
    }
    let Concluded { mut affected, mut examples, reach, contrast } = concluded;
    if !reach.is_empty() {
        // Who calls whom is known now, and what those say that failed.
        story = cause::story(scene, findings, counted.as_ref(), Some((&reach, &contrast)), calls);
    }
    if looked.recorded.span().is_some() || !corpus.inputs.platform.is_empty() {
        // Something else than these entries tells how things are.
        story.causes.retain(Cause::is_known);
    }
    let is_known = story.causes.iter().any(Cause::is_known);
    if !is_known && story.health != Health::Failing {
        // What is usual happens to nobody in particular.
        story.timeline.clear();
        (affected, examples) = (Affected { of: "requests", ..Affected::default() }, Vec::new());
    }
    read_evidence(corpus, scanned, &mut story);
    doubt::of_requests(&mut story.causes, &reach, scene);
    if let Some(common) = affected.over_represented.first() {
        let asked = (question.filter, question.range, asked);
        narrow::narrow(&mut story, common, scene, (logs, scanned), asked, corpus.options);
        if let Some(cause) = story.causes.first_mut() {
            let unknown = cause.evidence.iter_mut().filter(|evidence| evidence.line == 0);
            reread::fill_all(unknown.collect(), logs, scanned, corpus.options);
        }
    }
    Ok(Investigation { looked, story, affected, examples })
}

/// Reads what is shown as evidence where it stands.
fn read_evidence(corpus: &Corpus<'_>, scanned: &Scanned, story: &mut Story) {
    let of_causes = story.causes.iter_mut().flat_map(|cause| {
        let of_path = cause.path.iter_mut().filter_map(|hop| hop.evidence.as_mut());
        cause.evidence.iter_mut().chain(of_path)
    });
    let of_events = story.timeline.iter_mut().filter_map(|event| event.evidence.as_mut());
    let mut shown: Vec<_> = of_causes.chain(of_events).collect();
    let recorded = shown.iter_mut().map(|evidence| &mut **evidence).collect();
    reread::fill_recorded(recorded, &corpus.inputs.metrics, corpus.options);
    reread::fill_all(shown, &corpus.inputs.logs, scanned, corpus.options);
}

/// Fails if nothing lies in the time that was given to compare with.
fn usual_is_known(scene: &Scene<'_>, recorded: &Recorded) -> Result<(), Error> {
    let Some(given) = scene.given.filter(|given| given.basis == Basis::Typed) else { return Ok(()) };
    let (from, to) = given.usual;
    let recorded = recorded.span().is_some_and(|(first, last)| first <= to && from <= last);
    if recorded || scene.chunks.iter().any(|(_, (first, last))| *first <= to && from <= *last) {
        return Ok(());
    }
    Err(Error::usage("--baseline: nothing was written in that time")
        .hinted("obs fields tells from when to when"))
}

#[cfg(test)]
mod tests {
    use super::reread;
    use crate::causes::cause;
    use crate::detect::{Finding, Observed, Scene, Wants, findings, vocabulary};
    use crate::entities::calls::Calls;
    use crate::model::Needs;

    /// Where a fixture is.
    fn fixture(path: &str) -> std::path::PathBuf {
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path)
    }

    /// What is in a folder, in the order of the names.
    #[expect(clippy::disallowed_methods, reason = "which fixtures there are")]
    fn within(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    }

    /// The story of fixtures, read with so many threads and chunks of so many bytes, as JSON.
    fn story(path: &str, threads: usize, chunk: usize) -> (Vec<Finding>, String) {
        let path = fixture(path);
        let options = crate::scan::ScanOptions {
            threads,
            chunk,
            map: true,
            read: crate::format::log::reader::ReadOptions::default(),
            cancel: std::sync::Arc::default(),
            progress: std::sync::Arc::default(),
            apart: None,
        };
        let inputs = crate::scan::survey(&[path], &crate::scan::SurveyOptions::default(), &options);
        let mut needs = Needs::none();
        let wants = Wants::new(&inputs.logs, &mut needs);
        let selection = crate::scan::Selection::everything(needs);
        let (observed, scanned) =
            crate::scan::fold(&inputs.logs, &selection, &options, || Observed::new(&wants));
        let scene = Scene::new(&wants, observed, &vocabulary(&wants));
        let mut findings = findings(&scene, &[]);
        let mut story = cause::story(&scene, &findings, None, None, &Calls::default());
        reread::fill(&mut findings, &inputs.logs, &scanned, &options);
        let shown = story.causes.iter_mut().flat_map(|cause| cause.evidence.iter_mut());
        reread::fill_all(shown.collect(), &inputs.logs, &scanned, &options);
        let json = serde_json::json!({"findings": findings, "causes": story.causes, "onset": story.onset.map(|at| at.to_string())});
        (findings, json.to_string())
    }

    #[test]
    fn the_story_does_not_depend_on_threads_and_chunks() {
        let (_, one) = story("outage", 1, 1 << 20);
        for (threads, chunk) in [(7, 1 << 20), (3, 4_096), (2, 999)] {
            assert!(story("outage", threads, chunk).1 == one, "{threads} threads, chunks of {chunk}");
        }
    }

    #[test]
    fn the_outage_is_found_and_the_calm_is_quiet() {
        let (findings, json) = story("outage", 2, 1 << 20);
        assert_eq!(findings[0].detector, "pool-exhaustion");
        assert!(findings[0].subject.file.ends_with("payment-service/db.log"));
        assert!(findings[0].evidence.iter().all(|evidence| evidence.line > 0 && !evidence.text.is_empty()));
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["causes"][0]["detector"], "pool-exhaustion");
        assert!(json["onset"].is_string());
        let (findings, json) = story("calm", 2, 1 << 20);
        assert_eq!(findings, []);
        assert!(json.contains("\"causes\":[]"), "{json}");
    }

    /// What the words of some libraries say beside: who waits for a pool in vain tells of a timeout, and errors that
    /// are more frequent than usual are so in any words.
    const BESIDE: &[(&str, &[&str])] = &[("pool-exhaustion", &["timeout"])];

    /// Every family has a folder with logs in which it, and nothing else, is found. In the calm logs of all folders
    /// nothing is found at all.
    #[test]
    fn every_family_fires_in_its_folder_and_is_quiet_in_the_calm_ones() {
        let root = fixture("detect");
        let mut wrong = Vec::new();
        for detector in crate::detect::detectors() {
            let name = detector.name();
            let logs = within(&root.join(name)).into_iter().filter(|path| !path.ends_with("calm"));
            let mut logs = logs.peekable();
            assert!(logs.peek().is_some(), "{name} has no fixture");
            for log in logs {
                let path = format!("detect/{name}/{}", log.file_name().unwrap().to_string_lossy());
                let (findings, _) = story(&path, 1, 1 << 20);
                let mut found: Vec<&str> = findings.iter().map(|finding| finding.detector).collect();
                let beside = BESIDE.iter().find(|(of, _)| *of == name).map_or(&[][..], |(_, beside)| beside);
                found.retain(|found| *found == name || (*found != "error-burst" && !beside.contains(found)));
                if found != [name] {
                    wrong.push(format!("{path}: {found:?}"));
                }
            }
            let calm = format!("detect/{name}/calm");
            let (findings, story) = story(&calm, 1, 1 << 20);
            // What nobody tells the outcome of may be told, and nobody is sure of it.
            let story: serde_json::Value = serde_json::from_str(&story).unwrap();
            let sure = story["causes"].as_array().unwrap();
            let sure = sure.iter().any(|cause| cause["confidence"].as_f64() >= Some(0.5));
            if !findings.is_empty() || sure {
                let said: Vec<&str> = findings.iter().map(|finding| finding.summary.as_str()).collect();
                wrong.push(format!("{calm}: {said:?}"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
