//! What stands while files grow: said when it begins and when it ends, each once.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde_json::{Value as Json, json};

use super::args::{Form, InputArgs, OutputArgs, When};
use super::config::{self, Config};
use super::out;
use super::verdict::{self, Verdict};
use crate::model::{Account, Diagnostic, Error, Timestamp};
use crate::report::account::sentence;
use crate::report::{Page, Phrase, Style, json as render};
use crate::scan::{SurveyOptions, Watch};

/// Something that stands for a while.
#[derive(Clone, Debug)]
pub(super) struct Episode {
    /// What it is; the episodes of one thing are told apart by their order.
    pub what: String,
    pub begins: Option<Timestamp>,
    /// When it ended, if it has.
    pub ended: Option<Timestamp>,
    pub style: Style,
    /// How bad it is, and what it is about, in one line.
    pub label: String,
    pub line: String,
    pub json: Json,
}

/// What is so at one time.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub episodes: Vec<Episode>,
    pub account: Account,
    pub troubles: Vec<Diagnostic>,
}

/// What has been said.
#[derive(Debug, Default)]
struct Standing {
    /// Each episode that was told to begin: was its end told, too?
    told: BTreeMap<(String, usize), Option<Episode>>,
}

/// News of an episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum News {
    Begins,
    Ends,
    /// With what came since it is no longer found.
    Withdrawn,
}

impl News {
    fn word(self) -> &'static str {
        match self {
            News::Begins => "begins",
            News::Ends => "ends",
            News::Withdrawn => "withdrawn",
        }
    }
}

impl Standing {
    /// What is new about these, in the order of time.
    fn news(&mut self, episodes: Vec<Episode>) -> Vec<(News, Episode)> {
        let mut news = Vec::new();
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let mut found = Vec::new();
        for episode in episodes {
            let count = counts.entry(episode.what.clone()).or_default();
            let key = (episode.what.clone(), *count);
            *count += 1;
            found.push(key.clone());
            let told = self.told.get(&key).map(Option::is_none);
            if told.is_none() {
                news.push((News::Begins, episode.clone()));
            }
            let has_ended = episode.ended.is_some();
            if has_ended && told != Some(true) {
                news.push((News::Ends, episode.clone()));
            }
            // What ended and goes on after all is not said to begin again.
            self.told.insert(key, if has_ended || told == Some(true) { None } else { Some(episode) });
        }
        found.sort();
        let gone: Vec<_> =
            self.told.keys().filter(|key| found.binary_search(key).is_err()).cloned().collect();
        for key in gone {
            if let Some(Some(episode)) = self.told.remove(&key) {
                news.push((News::Withdrawn, episode));
            }
        }
        news.sort_by_key(|(news, episode)| match news {
            News::Ends => episode.ended.or(episode.begins),
            News::Begins | News::Withdrawn => episode.begins,
        });
        news
    }
}

/// Judges whenever the files have changed, and says what begins and what ends, until Ctrl-C. `judge` is given the output
/// options that suit it.
pub(super) fn follow(
    (paths, input, output): (&[PathBuf], &InputArgs, &OutputArgs),
    cancel: &Arc<AtomicBool>,
    mut judge: impl FnMut(&OutputArgs) -> Result<Judged, Error>,
) -> Result<Verdict, Error> {
    if !matches!(output.output, Form::Table | Form::Jsonl) {
        return Err(Error::usage(format!(
            "--output {} is not a form of what is followed",
            output.output.name()
        ))
        .hinted("it can be table or jsonl with --follow"));
    }
    let paths = config::paths(paths);
    if paths.iter().any(|path| path.as_os_str() == "-") {
        return Err(Error::usage("standard input cannot be followed: it ends, and is judged then")
            .hinted("name the files or directories that grow"));
    }
    let output = OutputArgs { paging: When::Never, progress: When::Never, ..output.clone() };
    let config = Config::resolve(input, &output, cancel)?;
    let picks = config::picks(input)?;
    let survey = SurveyOptions { follow_links: input.follow_links, picks, ..SurveyOptions::default() };
    let mut watch = Watch::default();
    let mut standing = Standing::default();
    let mut judged = Judged::default();
    let mut said: Vec<Diagnostic> = Vec::new();
    let mut began = false;
    while watch.changed(&paths, &survey, &config.scan) {
        judged = judge(&output)?;
        let new: Vec<_> = judged.troubles.iter().filter(|trouble| !said.contains(trouble)).cloned().collect();
        verdict::warn(&new, output.quiet);
        said.extend(new);
        for (news, episode) in standing.news(std::mem::take(&mut judged.episodes)) {
            began |= news == News::Begins;
            match write(news, &episode, output.output, config.page) {
                // The reader has what it wanted.
                Err(error) if error.kind == crate::model::ErrorKind::Closed => return Ok(Verdict::Yes),
                written => written?,
            }
        }
    }
    if !output.quiet {
        verdict::note(&sentence(&judged.account));
    }
    Ok(Verdict::of(!began).after(&said, input.strict, true))
}

fn write(news: News, episode: &Episode, form: Form, page: Page) -> Result<(), Error> {
    let at = if news == News::Ends { episode.ended } else { episode.begins };
    if form == Form::Jsonl {
        let mut object = json!({"event": news.word(), "at": at.map(Timestamp::rfc3339_nanos)});
        if let (Some(object), Json::Object(more)) = (object.as_object_mut(), &episode.json) {
            object.extend(more.clone());
        }
        let mut line = render::compact(&object).unwrap_or_default();
        line.push(b'\n');
        return out::write_lines(&line);
    }
    let at = at.map_or_else(|| "--:--:--".to_owned(), Timestamp::clock);
    let phrase = Phrase::new()
        .and(Style::Dim, at)
        .and(Style::Plain, format!(" {} ", news.word()))
        .and(episode.style, episode.label.as_str())
        .and(Style::Plain, format!(" {}", episode.line));
    out::write_text(format!("{}\n", phrase.line(page)).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn episode(what: &str, ended: Option<i64>) -> Episode {
        let (label, line) = (String::new(), String::new());
        let ended = ended.map(Timestamp);
        Episode {
            what: what.into(),
            begins: Some(Timestamp(1)),
            ended,
            style: Style::Plain,
            label,
            line,
            json: Json::Null,
        }
    }

    #[test]
    fn each_beginning_and_each_end_is_said_once() {
        let mut standing = Standing::default();
        let mut news = |episodes: Vec<Episode>| -> Vec<(News, String)> {
            standing.news(episodes).into_iter().map(|(news, episode)| (news, episode.what)).collect()
        };
        assert_eq!(news(vec![episode("a", None)]), [(News::Begins, "a".to_owned())]);
        assert_eq!(news(vec![episode("a", None)]), []);
        assert_eq!(news(vec![episode("a", Some(5))]), [(News::Ends, "a".to_owned())]);
        assert_eq!(news(vec![episode("a", Some(5)), episode("a", None)]), [(News::Begins, "a".to_owned())]);
        assert_eq!(news(vec![episode("a", Some(5))]), [(News::Withdrawn, "a".to_owned())]);
        let both = news(vec![episode("a", Some(5)), episode("b", Some(9))]);
        assert_eq!(both, [(News::Begins, "b".to_owned()), (News::Ends, "b".to_owned())]);
    }
}
