//! Results in XML: those of tests as JUnit and all that came after it write them, and those of JMeter.

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::{Run, first};
use crate::model::Timestamp;
use crate::platform::age;
use crate::platform::object::Place;

/// Is this a report of tests, or of JMeter?
pub(super) fn begins(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let mut rest = text;
    // A declaration and comments may stand first.
    while rest.starts_with("<?") || rest.starts_with("<!--") {
        let end = if rest.starts_with("<?") { "?>" } else { "-->" };
        let Some(at) = rest.find(end) else { return false };
        rest = rest[at + end.len()..].trim_start();
    }
    ["<testsuites", "<testsuite", "<testResults", "<assemblies", "<test-run"].iter().any(|tag| {
        rest.strip_prefix(tag).is_some_and(|after| after.starts_with(['>', ' ', '\n', '\r', '\t', '/']))
    })
}

/// A test, or a request, that is being read.
#[derive(Default)]
struct Case {
    name: String,
    place: Place,
    failed: bool,
    skipped: bool,
    said: String,
    /// The text within what says that it failed.
    text: String,
    /// Is the text that comes now of that?
    telling: bool,
}

/// The runs of a document: one for each suite that has tests of its own.
pub(super) fn read(file: u32, text: &str) -> Vec<Run> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    let mut lines = Lines { bytes: text.as_bytes(), at: 0, line: 1 };
    let mut state =
        State { file, runs: vec![Run { tests: true, ..Run::default() }], case: None, suites: Vec::new() };
    loop {
        let from = reader.buffer_position() as usize;
        let line = lines.of(from);
        match reader.read_event() {
            Ok(Event::Start(tag)) => state.open(&tag, line, false),
            Ok(Event::Empty(tag)) => state.open(&tag, line, true),
            Ok(Event::End(tag)) => state.close(tag.name().as_ref()),
            Ok(Event::Text(said)) => state.say(&said),
            Ok(Event::CData(said)) => state.say(&said),
            Ok(Event::GeneralRef(name)) => {
                let escaped = format!("&{};", &*name);
                state.say(&quick_xml::escape::unescape(&escaped).unwrap_or_default());
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(_) => {
                state.cut();
                break;
            }
        }
    }
    state.runs()
}

struct State {
    file: u32,
    runs: Vec<Run>,
    case: Option<Case>,
    /// The suites that are open, by the number of their run.
    suites: Vec<usize>,
}

impl State {
    fn open(&mut self, tag: &BytesStart<'_>, line: u64, alone: bool) {
        let name = tag.name();
        match name.as_ref() {
            "testsuite" | "test-suite" | "collection" => {
                let run = Run {
                    tests: true,
                    name: attribute(tag, &["name"]).unwrap_or_default(),
                    place: self.place(line, attribute(tag, &["name"]).unwrap_or_default()),
                    at: attribute(tag, &["timestamp", "start-time"]).and_then(|text| instant(&text)),
                    ..Run::default()
                };
                self.runs.push(run);
                if !alone {
                    self.suites.push(self.runs.len() - 1);
                }
            }
            "testResults" => {
                self.runs[0] = Run { place: self.place(line, "JMeter".to_owned()), ..Run::default() }
            }
            "testcase" | "test-case" | "test" => {
                let class = attribute(tag, &["classname"]).filter(|class| !class.is_empty());
                let own = attribute(tag, &["name", "fullname"]).unwrap_or_default();
                let name = class.map_or_else(|| own.clone(), |class| format!("{class}.{own}"));
                let result = attribute(tag, &["result", "status"]).unwrap_or_default();
                let case = Case {
                    failed: result.eq_ignore_ascii_case("fail") || result.eq_ignore_ascii_case("failed"),
                    place: self.place(line, name.clone()),
                    name,
                    ..Case::default()
                };
                self.case = Some(case);
                if alone {
                    self.settle();
                }
            }
            "httpSample" | "sample" => {
                let case = Case {
                    name: attribute(tag, &["lb"]).unwrap_or_default(),
                    failed: attribute(tag, &["s"]).is_some_and(|success| success == "false"),
                    said: [attribute(tag, &["rc"]), attribute(tag, &["rm"])]
                        .into_iter()
                        .flatten()
                        .collect::<Vec<_>>()
                        .join(" "),
                    place: self.place(line, attribute(tag, &["lb"]).unwrap_or_default()),
                    ..Case::default()
                };
                let at =
                    attribute(tag, &["ts"]).and_then(|ts| ts.parse().ok()).and_then(Timestamp::from_millis);
                self.runs[0].at = self.runs[0].at.or(at);
                // A sample may hold others, which are parts of it.
                if self.case.is_none() {
                    self.case = Some(case);
                    if alone {
                        self.settle();
                    }
                }
            }
            // Below an assertion of JMeter's these are words of what was asserted.
            "failure" | "error" if !self.runs[0].tests => {}
            "failure" | "error" => {
                let said = attribute(tag, &["message", "type"]).map(|text| first(&text)).unwrap_or_default();
                if let Some(case) = &mut self.case {
                    case.failed = true;
                    if case.said.is_empty() {
                        case.said = said;
                    }
                    case.telling = !alone;
                }
            }
            "skipped" | "ignored" => {
                if let Some(case) = &mut self.case {
                    case.skipped = true;
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "testcase" | "test-case" | "test" | "httpSample" | "sample" => self.settle(),
            "testsuite" | "test-suite" | "collection" => drop(self.suites.pop()),
            "failure" | "error" => {
                if let Some(case) = &mut self.case {
                    case.telling = false;
                    if case.said.is_empty() {
                        case.said = first(&case.text);
                    }
                }
            }
            _ => {}
        }
    }

    fn say(&mut self, text: &str) {
        /// What was said first is enough.
        const ENOUGH: usize = 2_000;
        let case = self.case.as_mut().filter(|case| case.telling && case.text.len() < ENOUGH);
        if let Some(case) = case {
            case.text.push_str(text);
        }
    }

    /// Counts the test that ends here.
    fn settle(&mut self) {
        let Some(case) = self.case.take() else { return };
        let run = self.suites.last().copied().unwrap_or(0);
        let run = &mut self.runs[run];
        run.all += 1;
        if case.failed && !case.skipped {
            let place = Place { text: format!("{}: {}", case.name, case.said), ..case.place };
            run.fail(place, &case.name, &case.said);
        }
    }

    /// The document ends in the midst of something: what was open counts as far as it goes.
    fn cut(&mut self) {
        let open = self.suites.last().copied().unwrap_or(0);
        self.settle();
        self.runs[open].cut = true;
    }

    fn place(&self, line: u64, text: String) -> Place {
        Place { file: self.file, line, text }
    }

    fn runs(mut self) -> Vec<Run> {
        if self.case.is_some() || !self.suites.is_empty() {
            self.cut();
        }
        self.runs.retain(|run| run.all > 0 || run.cut);
        self.runs
    }
}

/// The value of the first attribute of these names.
fn attribute(tag: &BytesStart<'_>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| {
        let attribute = tag.try_get_attribute(name).ok().flatten()?;
        let value = attribute.value.into_owned();
        Some(quick_xml::escape::unescape(&value).map_or_else(|_| value.clone(), std::borrow::Cow::into_owned))
    })
}

/// `2024-03-05T10:10:10`, with a zone or without: then it is UTC's.
fn instant(text: &str) -> Option<Timestamp> {
    age::date(text)
        .or_else(|| age::date(&format!("{text}Z")))
        .or_else(|| age::date(&text.replacen(' ', "T", 1)))
}

/// Lines of places that come in order.
struct Lines<'t> {
    bytes: &'t [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the next thing that stands from a place on, behind blanks.
    fn of(&mut self, at: usize) -> u64 {
        let blank =
            self.bytes.get(at..).unwrap_or_default().iter().take_while(|b| b.is_ascii_whitespace()).count();
        let at = (at + blank).min(self.bytes.len());
        if at > self.at {
            self.line += memchr::memchr_iter(b'\n', &self.bytes[self.at..at]).count() as u64;
            self.at = at;
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUITE: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?><testsuites><testsuite name=\"berths\" tests=\"3\" timestamp=\"2026-11-28T10:00:00\"><testcase classname=\"acme.Berth\" name=\"takes\" time=\"0.1\"/>\n<testcase classname=\"acme.Berth\" name=\"frees\" time=\"0.2\"><failure message=\"expected &lt;3&gt; but was 2\">trace</failure></testcase><testcase name=\"later\"><skipped/></testcase></testsuite></testsuites>";

    #[test]
    fn failures_of_tests_are_read() {
        assert!(begins(SUITE) && !begins("<html></html>") && !begins("<testsuitex/>"));
        let runs = read(3, SUITE);
        assert_eq!(runs.len(), 1, "{runs:#?}");
        assert_eq!((runs[0].all, runs[0].failed, runs[0].name.as_str()), (3, 1, "berths"));
        let failure = &runs[0].failures[0];
        assert_eq!(
            (failure.name.as_str(), failure.said.as_str(), failure.place.line),
            ("acme.Berth.frees", "expected <3> but was 2", 2)
        );
        assert_eq!(runs[0].at.unwrap().to_string(), "2026-11-28T10:00:00Z");
    }

    #[test]
    fn what_is_cut_keeps_what_was_read() {
        for end in 0..SUITE.len() {
            if begins(&SUITE[..end]) {
                read(0, &SUITE[..end]);
            }
        }
        let runs = read(0, &SUITE[..SUITE.len() - 20]);
        assert_eq!((runs[0].failed, runs[0].cut), (1, true));
    }

    #[test]
    fn samples_of_jmeter_are_read() {
        let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testResults version=\"1.2\">\n<httpSample t=\"12\" ts=\"1795946400000\" s=\"true\" lb=\"pay\" rc=\"200\" rm=\"OK\"/>\n<httpSample t=\"1200\" ts=\"1795946401000\" s=\"false\" lb=\"pay\" rc=\"503\" rm=\"Service Unavailable\">\n<assertionResult><failure>true</failure></assertionResult>\n</httpSample>\n</testResults>\n";
        let runs = read(0, text);
        assert_eq!((runs.len(), runs[0].all, runs[0].failed, runs[0].tests), (1, 2, 1, false));
        assert_eq!(runs[0].failures[0].said, "503 Service Unavailable");
    }
}
