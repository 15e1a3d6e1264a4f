//! Gatling's `simulation.log` as text (up to version 3.11): a record a line, its parts between tabs.

use super::Run;
use crate::model::Timestamp;
use crate::platform::object::Place;

/// Does a file of records begin like this?
pub(super) fn begins(text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default();
    line.starts_with("RUN\t") || (line.starts_with("ASSERTION\t") && text.contains("\nRUN\t"))
}

/// Reads a run.
pub(super) fn read(file: u32, text: &str) -> Option<Run> {
    let mut run = Run { place: Place { file, line: 1, text: String::new() }, ..Run::default() };
    for (number, line) in (1..).zip(text.lines()) {
        let cells: Vec<&str> = line.split('\t').collect();
        let place = || Place { file, line: number, text: line.replace('\t', " ") };
        match cells[..] {
            ["RUN", name, _, start, ..] => {
                name.clone_into(&mut run.name);
                run.at = start.trim().parse().ok().and_then(Timestamp::from_millis);
                run.place = place();
            }
            // Older versions have the number of the user in front.
            ["REQUEST", .., name, start, end, status, said] if is_time(start) && is_time(end) => {
                run.all += 1;
                if status == "KO" {
                    run.fail(place(), name, said.trim());
                }
            }
            ["REQUEST", .., name, start, end, status] if is_time(start) && is_time(end) => {
                run.all += 1;
                if status.trim() == "KO" {
                    run.fail(place(), name, "");
                }
            }
            _ => {}
        }
    }
    (run.all > 0 || !run.name.is_empty()).then_some(run)
}

fn is_time(cell: &str) -> bool {
    cell.len() == 13 && cell.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_that_failed_are_counted_by_what_was_said() {
        let text = "RUN\tacme.Harbour\tharbour\t1795946400000\t \t3.9.5\nUSER\tboats\tSTART\t1795946400100\nREQUEST\t\tberth\t1795946400200\t1795946400250\tOK\t \nREQUEST\t\tberth\t1795946400300\t1795946400350\tKO\tstatus.find.is(200), but actually found 503\nREQUEST\t\tberth\t1795946400300\t1795946400350\tKO\tstatus.find.is(200), but actually found 503\n";
        assert!(begins(text));
        let run = read(0, text).unwrap();
        assert_eq!((run.all, run.failed, run.failures[0].count, run.failures[0].place.line), (3, 2, 2, 4));
    }
}
