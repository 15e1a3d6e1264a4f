//! The whole way from files to an answer, in one place.

pub mod drawn;
pub mod narrow;
pub mod reread;

#[cfg(test)]
mod tests {
    use super::reread;
    use crate::causes::cause;
    use crate::detect::{DETECTORS, Finding, Observed, Scene, Wants, findings, vocabulary};
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
        };
        let inputs = crate::scan::survey(&[path], crate::scan::SurveyOptions::default(), &options);
        let mut needs = Needs::none();
        let wants = Wants::new(&inputs.logs, &mut needs);
        let selection = crate::scan::Selection::everything(needs);
        let (observed, scanned) =
            crate::scan::fold(&inputs.logs, &selection, &options, || Observed::new(&wants));
        let scene = Scene::new(&wants, observed, &vocabulary());
        let mut findings = findings(&scene, &[]);
        let mut story = cause::story(&scene, &findings, None, None);
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
        for detector in DETECTORS {
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
            if !findings.is_empty() || !story.contains("\"causes\":[]") {
                let said: Vec<&str> = findings.iter().map(|finding| finding.summary.as_str()).collect();
                wrong.push(format!("{calm}: {said:?}"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
