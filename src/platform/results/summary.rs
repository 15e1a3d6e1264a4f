//! The summaries that wrk, hey, ab and k6 print when they are done.

use super::{Failure, Run};
use crate::platform::object::Place;

/// How many lines may stand before the line that tells whose summary it is.
const BEFORE: usize = 40;

/// Whose summary it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tool {
    Wrk,
    Hey,
    Ab,
    K6,
}

fn tool(line: &str) -> Option<Tool> {
    let text = line.trim();
    if text.starts_with("Running ") && text.contains(" test @ http") {
        Some(Tool::Wrk)
    } else if line.starts_with("This is ApacheBench,") {
        Some(Tool::Ab)
    } else if text.starts_with("http_req_duration") && text.contains("avg=") {
        Some(Tool::K6)
    } else {
        None
    }
}

/// The tool whose summary a text is. That of hey has headings only.
fn tool_of(text: &str) -> Option<Tool> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty()).take(BEFORE);
    let first = lines.next()?;
    let heads = |name: &str| text.lines().take(BEFORE).any(|line| line.trim_end() == name);
    if first.trim_end() == "Summary:"
        && (heads("Response time histogram:") || heads("Status code distribution:"))
    {
        return Some(Tool::Hey);
    }
    tool(first).or_else(|| {
        // k6 draws its name and tells what it does first.
        let k6 = text.lines().take(BEFORE).any(|line| line.trim_start().starts_with("execution: local"));
        lines.find_map(tool).filter(|tool| *tool != Tool::K6 || k6 || is_metric(first))
    })
}

/// `checks.........................: 100.00% ✓ 10 ✗ 0`.
fn is_metric(line: &str) -> bool {
    line.trim_start_matches([' ', '✓', '✗'])
        .split_once(':')
        .is_some_and(|(name, _)| name.ends_with("...") && !name.contains(' '))
}

/// Is this a summary?
pub(super) fn begins(text: &str) -> bool {
    tool_of(text).is_some()
}

/// Reads a summary.
pub(super) fn read(file: u32, text: &str) -> Option<Run> {
    let tool = tool_of(text)?;
    let mut run = Run { place: Place { file, line: 1, text: String::new() }, ..Run::default() };
    let mut part = "";
    for (number, line) in (1..).zip(text.lines()) {
        let place = Place { file, line: number, text: line.trim().to_owned() };
        if run.place.text.is_empty() {
            run.place = place.clone();
        }
        match tool {
            Tool::Wrk => wrk(line.trim(), place, &mut run),
            Tool::Hey => {
                if !line.starts_with(' ') && line.trim_end().ends_with(':') {
                    part = line.trim_end();
                }
                hey(part, line.trim(), place, &mut run);
            }
            Tool::Ab => ab(line, place, &mut run),
            Tool::K6 => k6(line, place, &mut run),
        }
    }
    Some(run)
}

fn number(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.trim_end_matches([',', ')', ';']).parse().ok()
}

fn failed(run: &mut Run, place: Place, said: &str, count: u64) {
    if count > 0 {
        run.failed += count;
        run.failures.push(Failure { place, name: run.name.clone(), said: said.to_owned(), count });
    }
}

/// `Socket errors: connect 0, read 5, write 0, timeout 12`, `Non-2xx or 3xx responses: 9`.
fn wrk(line: &str, place: Place, run: &mut Run) {
    if let Some((_, target)) = line.split_once(" test @ ") {
        target.clone_into(&mut run.name);
    } else if let Some((count, _)) = line.split_once(" requests in ") {
        run.all += number(count).unwrap_or(0);
    } else if let Some(rest) = line.strip_prefix("Socket errors: ") {
        for error in rest.split(", ") {
            let count = error.rsplit(' ').next().and_then(number).unwrap_or(0);
            // Requests that got no answer are none of those that were counted.
            run.all += count;
            failed(
                run,
                place.clone(),
                &format!("socket errors: {}", error.rsplit_once(' ').map_or(error, |(what, _)| what)),
                count,
            );
        }
    } else if let Some(count) = line.strip_prefix("Non-2xx or 3xx responses:") {
        failed(run, place, "answers that are neither 2xx nor 3xx", number(count).unwrap_or(0));
    }
}

/// `[503] 20 responses` below `Status code distribution:`, `[3] Get "http://…": EOF` below `Error distribution:`.
fn hey(part: &str, line: &str, place: Place, run: &mut Run) {
    let Some((inner, rest)) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) else { return };
    match part {
        "Status code distribution:" => {
            let count = number(rest).unwrap_or(0);
            run.all += count;
            if inner.starts_with(['4', '5']) {
                failed(run, place, &format!("status {inner}"), count);
            }
        }
        "Error distribution:" => {
            let count = number(inner).unwrap_or(0);
            run.all += count;
            failed(run, place, rest.trim(), count);
        }
        _ => {}
    }
}

/// `Failed requests:        3`, `Non-2xx responses:      9`.
fn ab(line: &str, place: Place, run: &mut Run) {
    let Some((name, value)) = line.split_once(':') else { return };
    match name.trim() {
        "Server Hostname" => value.trim().clone_into(&mut run.name),
        "Complete requests" => run.all = number(value).unwrap_or(0),
        "Non-2xx responses" => failed(run, place, "answers that are no 2xx", number(value).unwrap_or(0)),
        _ => {}
    }
}

/// `http_req_failed................: 12.50% ✓ 25 ✗ 175`, and limits that were not kept.
fn k6(line: &str, place: Place, run: &mut Run) {
    let text = line.trim();
    let missed = text.starts_with('✗');
    let Some((name, value)) = text.trim_start_matches(['✓', '✗', ' ']).split_once(':') else { return };
    let name = name.trim_end_matches('.');
    if name == "http_req_failed" {
        let numbers: Vec<u64> = value.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        // Newer versions write `out of`.
        let (count, all) = match numbers[..] {
            [yes, no] if value.contains('✓') || value.contains('✗') => (yes, yes + no),
            [count, all] => (count, all),
            _ => return,
        };
        run.all = all;
        failed(run, place.clone(), "requests failed (http_req_failed)", count);
    }
    if missed && is_metric(line) {
        run.missed.push((format!("{name}:{value}"), place));
    } else if missed && value.is_empty() {
        run.missed.push((name.to_owned(), place));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_say_how_many_failed() {
        for (text, expected) in [
            (
                "Running 10s test @ http://quay1:8080/berths\n  2 threads and 10 connections\n  Latency   635.91us\n  220 requests in 10.00s, 1.2MB read\n  Socket errors: connect 0, read 5, write 0, timeout 12\n  Non-2xx or 3xx responses: 20\nRequests/sec:  22.0\n",
                (237, 37),
            ),
            ("Running 10s test @ http://quay1:8080/berths\n  220 requests in 10.00s, 1.2MB read\n", (220, 0)),
            (
                "\nSummary:\n  Total:\t1.8 secs\n\nResponse time histogram:\n  0.001 [1]\t|\n\nStatus code distribution:\n  [200]\t180 responses\n  [503]\t20 responses\n\nError distribution:\n  [3]\tGet \"http://quay1/\": EOF\n",
                (203, 23),
            ),
            (
                "This is ApacheBench, Version 2.3 <$Revision$>\nServer Hostname:        quay1\nComplete requests:      100\nFailed requests:        0\nNon-2xx responses:      9\n",
                (100, 9),
            ),
            (
                "  execution: local\n     script: a.js\n\n     http_req_duration..............: avg=12ms min=1ms\n   ✗ http_req_failed................: 12.50% ✓ 25 ✗ 175\n",
                (200, 25),
            ),
        ] {
            let run = read(0, text).unwrap();
            assert_eq!((run.all, run.failed), expected, "{text}");
        }
        assert!(!begins("Summary:\nall is well\n") && !begins("2024-01-01 http_req_duration avg=3\n"));
    }
}
