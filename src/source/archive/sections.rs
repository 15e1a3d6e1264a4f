//! Texts that hold other files one after the other, each below a line that names it: those of SUSE's `supportconfig`, and
//! the logs of containers in what `kubectl cluster-info dump` prints.

use std::ops::Range;

/// A file in a text: what it is called, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) name: String,
    pub(super) place: Range<u64>,
}

/// How a section of `supportconfig` begins: a line `#==[ Command ]====#`, and one that names the command or the file.
const RULE: &[u8] = b"#==[ ";

/// How the log of a container begins and ends.
const LOG: &[u8] = b"==== START logs for container ";
const END: &[u8] = b"==== END logs for container ";

/// Does a text begin like one of `supportconfig`? All of its files begin with the same lines.
pub(super) fn is_supportconfig(head: &[u8]) -> bool {
    head.starts_with(RULE)
        || (head.starts_with(b"=====") && memchr::memmem::find(head, b" - Supportconfig").is_some())
}

/// Is this what `kubectl` prints of the logs of one pod?
pub(super) fn is_logs(head: &[u8]) -> bool {
    head.starts_with(LOG)
}

/// Does a text begin like a dump of a cluster? Its nodes come first.
pub(super) fn is_dump(head: &[u8]) -> bool {
    head.starts_with(b"{") && memchr::memmem::find(head, b"\"kind\": \"NodeList\"").is_some()
}

/// The files in a text of `supportconfig`, in its order. What is before the first is a title.
pub(super) fn of_supportconfig(text: &[u8]) -> Vec<Section> {
    let starts: Vec<usize> = starts(text, RULE).collect();
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let section = |(start, end): (usize, usize)| {
        let (kind, named) = line(text, start)?;
        let (name, body) = line(text, named)?;
        let name = String::from_utf8_lossy(name.strip_prefix(b"# ")?).into_owned();
        let kind = kind.strip_prefix(RULE)?;
        let body = body.min(end);
        let is_command = kind.starts_with(b"Command");
        Some(Section { name: file_name(&name, is_command)?, place: body as u64..end as u64 })
    };
    starts.iter().copied().zip(ends).filter_map(section).collect()
}

/// The name of a section as a path: `/var/log/messages - Last 500 Lines` is the file, `/bin/df -h` a command's output.
fn file_name(title: &str, is_command: bool) -> Option<String> {
    let path = title.split(" - ").next().unwrap_or(title).trim().trim_start_matches('/');
    if path.is_empty() {
        return None;
    }
    if !is_command && !path.contains(' ') {
        return Some(path.to_owned());
    }
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-.,+=_".contains(c) { c } else { '_' };
    // As sos names them: without the folder of the program.
    let (program, rest) = title.split_once(' ').unwrap_or((title, ""));
    let program = program.rsplit('/').next().unwrap_or(program);
    let name: String = format!("{program} {rest}").trim().chars().map(plain).take(LONGEST).collect();
    Some(format!("scc_commands/{name}"))
}

/// Names of files are no longer.
const LONGEST: usize = 120;

/// The logs of containers, and what is between them: `NAMESPACE/POD/CONTAINER.log`, or `CONTAINER.log` where the file is of
/// one pod.
pub(super) fn of_logs(text: &[u8], alone: bool) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut at = 0;
    let mut objects = 0;
    let mut between = |range: Range<usize>, sections: &mut Vec<Section>| {
        if !text[range.clone()].trim_ascii().is_empty() {
            objects += 1;
            let name = format!("objects-{objects}.json");
            sections.push(Section { name, place: range.start as u64..range.end as u64 });
        }
    };
    while let Some(start) = starts(&text[at..], LOG).next().map(|start| at + start) {
        between(at..start, &mut sections);
        let Some((title, body)) = line(text, start) else { break };
        // A log that is cut has no end.
        let end = starts(&text[body..], END).next().map_or(text.len(), |end| body + end);
        let name = log_name(title, alone).unwrap_or_else(|| String::from("log"));
        sections.push(Section { name, place: body as u64..end as u64 });
        at = line(text, end).map_or(text.len(), |(_, after)| after);
    }
    between(at..text.len(), &mut sections);
    sections
}

/// `==== START logs for container main of pod harbour/crane-1 ====`.
fn log_name(title: &[u8], alone: bool) -> Option<String> {
    let title = std::str::from_utf8(title.strip_prefix(LOG)?).ok()?;
    let (container, pod) = title.split_once(" of pod ")?;
    let pod = pod.trim_end_matches(['=', ' ']);
    Some(if alone { format!("{container}.log") } else { format!("{pod}/{container}.log") })
}

/// Where lines begin with this.
fn starts<'t>(text: &'t [u8], with: &'t [u8]) -> impl Iterator<Item = usize> + use<'t> {
    memchr::memmem::find_iter(text, with).filter(|at| *at == 0 || text[at - 1] == b'\n')
}

/// The line that starts here, without its end, and where the next one starts.
fn line(text: &[u8], start: usize) -> Option<(&[u8], usize)> {
    let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
    let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    Some((rest[..end].trim_ascii_end(), (start + end + 1).min(text.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, sections: &[Section]) -> Vec<(String, String)> {
        let body =
            |section: &Section| text[section.place.start as usize..section.place.end as usize].to_owned();
        sections.iter().map(|section| (section.name.clone(), body(section))).collect()
    }

    #[test]
    fn sections_of_supportconfig_are_files_and_commands() {
        let text = "=====\n   Support Utilities - Supportconfig\n=====\n\n#==[ Command ]====#\n# /bin/df -h\na\n\n#==[ Log File ]===#\n# /var/log/messages - Last 500 Lines\nb\n#==[ Configuration File ]===#\n# /etc/hosts\n#==[ Note ]";
        assert!(is_supportconfig(text.as_bytes()));
        let found = told(text, &of_supportconfig(text.as_bytes()));
        let expected = [("scc_commands/df_-h", "a\n\n"), ("var/log/messages", "b\n"), ("etc/hosts", "")];
        assert_eq!(found, expected.map(|(name, body)| (name.to_owned(), body.to_owned())));
    }

    #[test]
    fn logs_of_containers_are_files() {
        let text = "{}\n==== START logs for container main of pod a/b-1 ====\nx\n==== END logs for container main of pod a/b-1 ====\n{}\n==== START logs for container side of pod a/b-1 ====\ncut";
        let found = told(text, &of_logs(text.as_bytes(), false));
        let expected = [
            ("objects-1.json", "{}\n"),
            ("a/b-1/main.log", "x\n"),
            ("objects-2.json", "{}\n"),
            ("a/b-1/side.log", "cut"),
        ];
        assert_eq!(found, expected.map(|(name, body)| (name.to_owned(), body.to_owned())));
        assert_eq!(of_logs(b"", true), []);
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_outside_of_the_text(text in "(#==\\[ |==== START logs for container |==== END logs for container | of pod |# /a|[a /\n]){0,30}") {
            for section in of_supportconfig(text.as_bytes()).into_iter().chain(of_logs(text.as_bytes(), false)) {
                proptest::prop_assert!(section.place.start <= section.place.end);
                proptest::prop_assert!(section.place.end <= text.len() as u64);
            }
        }
    }
}
