//! What runners of tests print: which tests there were, which failed, and what was said of those.
//!
//! Notations of libtest (`cargo test`), cargo-nextest, pytest, Python's unittest, `go test`, the Test Anything Protocol
//! (testanything.org, 12 to 14), GoogleTest, Jest, Vitest, Mocha, Maven's Surefire, RSpec, PHPUnit and `dotnet test`, as
//! they print them.

use super::{Run, first};
use crate::platform::object::Place;

/// What a line tells.
enum Told<'l> {
    /// A test that passed.
    Passed,
    /// One that failed, and what is said of it.
    Failed(&'l str, &'l str),
    /// What follows is about this test.
    About(&'l str),
    /// This is said of the test at hand.
    Said(&'l str),
    /// So many tests of so many failed: the runner's own sum.
    Sum(u64, u64),
}

/// A runner of tests.
struct Runner {
    /// Does it begin with such a line?
    opens: fn(&str) -> bool,
    told: fn(&str) -> Option<Told<'_>>,
    /// Does it run programs that are runners themselves?
    wraps: bool,
}

const fn runner(opens: fn(&str) -> bool, told: fn(&str) -> Option<Told<'_>>) -> Runner {
    Runner { opens, told, wraps: false }
}

/// Every runner.
const RUNNERS: &[Runner] = &[
    Runner { opens: |line| line.contains("Nextest run ID "), told: nextest, wraps: true },
    runner(|line| counted(line, "running ", " test").is_some(), libtest),
    runner(|line| line.starts_with("==") && PYTEST.iter().any(|words| line.contains(words)), pytest),
    runner(|line| unittest(line).is_some(), unittest),
    runner(|line| line.starts_with("=== RUN ") || line.starts_with("--- FAIL: "), go),
    runner(|line| line.starts_with("TAP version 1") || is_plan(line), tap),
    runner(|line| counted(line, "[==========] Running ", " test").is_some(), google),
    runner(is_suite, jest),
    runner(|line| line.starts_with(" RUN  v"), vitest),
    runner(|line| passing(line, " passing (").is_some(), mocha),
    runner(|line| line.trim_start_matches("[INFO]").trim() == "T E S T S", surefire),
    runner(|line| line == "Failures:" || examples(line).is_some(), rspec),
    runner(|line| line.starts_with("PHPUnit "), phpunit),
    runner(|line| line.starts_with("Starting test execution, please wait"), dotnet),
];

/// Is this what a runner printed: does it begin, and does it tell of a test?
pub(super) fn begins(text: &str) -> bool {
    RUNNERS.iter().any(|runner| runner.is_in(text))
}

/// Reads a run of each runner.
pub(super) fn read(file: u32, text: &str) -> Vec<Run> {
    let found: Vec<&Runner> = RUNNERS.iter().filter(|runner| runner.is_in(text)).collect();
    let all = if found.first().is_some_and(|runner| runner.wraps) { 1 } else { found.len() };
    found[..all].iter().map(|runner| runner.read(file, text)).collect()
}

impl Runner {
    fn is_in(&self, text: &str) -> bool {
        let mut lines = text.lines().take(HEAD).map(bare).skip_while(|line| !(self.opens)(line));
        lines.any(|line| matches!((self.told)(line), Some(Told::Passed | Told::Failed(..) | Told::Sum(..))))
    }

    fn read(&self, file: u32, text: &str) -> Run {
        let mut run = Run { tests: true, ..Run::default() };
        let (mut sum, mut about) = ((0, 0), None::<String>);
        let mut summed: Option<Place> = None;
        // What was said of a test before it is known to have failed.
        let mut before = String::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = bare(line);
            let place = Place { file, line: number, text: line.trim().to_owned() };
            if run.place.text.is_empty() && (self.opens)(line) {
                run.place = place.clone();
            }
            match (self.told)(line) {
                Some(Told::Passed) => run.all += 1,
                Some(Told::Failed(name, said)) => {
                    let is_about = |about: &String| {
                        about.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                    };
                    let earlier = std::mem::take(&mut before);
                    let earlier = if about.as_ref().is_some_and(is_about) { earlier } else { String::new() };
                    let said = if said.is_empty() { &earlier } else { said };
                    about = Some(name.to_owned());
                    // What fails is listed again at the end.
                    match run.failures.iter_mut().find(|known| known.name == name) {
                        Some(known) if known.said.is_empty() => known.said = first(said),
                        Some(_) => {}
                        None => {
                            run.all += 1;
                            run.fail(place, name, &first(said));
                        }
                    }
                }
                Some(Told::About(name)) => {
                    // Parts of a test are told of one after the other.
                    let root = |name: &str| name.split('/').next().map(str::to_owned);
                    if about.as_deref().and_then(root) != root(name) {
                        before.clear();
                    }
                    about = Some(name.to_owned());
                }
                Some(Told::Said(said)) => {
                    let known = run.failures.iter_mut().find(|known| Some(&known.name) == about.as_ref());
                    match known {
                        Some(known) if known.said.is_empty() => known.said = first(said),
                        None if before.is_empty() => before = first(said),
                        _ => {}
                    }
                }
                Some(Told::Sum(failed, all)) => {
                    sum = (sum.0 + failed, sum.1 + all);
                    summed = summed.or((failed > 0).then_some(place));
                }
                None => {}
            }
        }
        if let Some(place) = summed.filter(|_| run.failures.is_empty()) {
            let said = place.text.clone();
            run.fail(place, "", &said);
        }
        // Not all of them list each test; without a sum, whether others passed is not known.
        if sum.1 >= run.all && sum.1 > 0 {
            (run.failed, run.all) = sum;
        } else if run.all == run.failed {
            run.all = 0;
        }
        run
    }
}

/// Among so many first lines a run begins, and tells of a test.
const HEAD: usize = 2_000;

/// A line without the time that a service for builds writes before it.
fn bare(line: &str) -> &str {
    let rest = line.split_once("Z ").filter(|(time, _)| {
        let digits = time.bytes().filter(u8::is_ascii_digit).count();
        time.len() < 31 && digits >= 14 && time.as_bytes().get(10) == Some(&b'T')
    });
    rest.map_or(line, |(_, rest)| rest)
}

/// The number between these words.
fn counted(line: &str, before: &str, after: &str) -> Option<u64> {
    let (number, _) = line.strip_prefix(before)?.split_once(after)?;
    number.parse().ok()
}

/// The number behind a word.
fn value_of(line: &str, word: &str) -> Option<u64> {
    let rest = line.split_once(word)?.1.trim_start();
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// The number before a word of a list such as `1 failed, 2 passed`.
fn number_of(line: &str, word: &str) -> u64 {
    let parts = line.split([',', ';', '.', '|']).map(|part| part.trim().trim_matches('='));
    let of = |part: &str| {
        let mut words = part.split_whitespace().rev().skip_while(|other| *other != word);
        words.next().and(words.next()).and_then(|number| number.parse::<u64>().ok())
    };
    parts.filter_map(of).sum()
}

/// `test net::retries ... FAILED`, `test result: FAILED. 2 passed; 1 failed; 0 ignored`.
fn libtest(line: &str) -> Option<Told<'_>> {
    if let Some(sum) = line.strip_prefix("test result: ") {
        let failed = number_of(sum, "failed");
        return Some(Told::Sum(failed, failed + number_of(sum, "passed")));
    }
    if let Some((name, end)) = line.strip_prefix("test ").and_then(|rest| rest.rsplit_once(" ... ")) {
        let name = name.split(" - ").next().unwrap_or(name);
        return match end.split([' ', ',']).next() {
            Some("ok") => Some(Told::Passed),
            Some("FAILED") => Some(Told::Failed(name, "")),
            _ => None,
        };
    }
    if let Some(name) = line.strip_prefix("---- ").and_then(|rest| rest.split_once(" stdout ----")) {
        return Some(Told::About(name.0));
    }
    let panicked = line.starts_with("thread '") && line.contains("panicked at");
    let said = !panicked && (line.starts_with("assertion ") || line.starts_with("called `"));
    said.then_some(Told::Said(line))
}

/// `        FAIL [   0.010s] shop pool::waits`; below it stands what the program printed.
fn nextest(line: &str) -> Option<Told<'_>> {
    let text = line.trim_start();
    let name =
        |word: &'static str| text.strip_prefix(word)?.strip_prefix(" [")?.split_once("] ").map(|two| two.1);
    if name("PASS").is_some() {
        return Some(Told::Passed);
    }
    let failed = ["FAIL", "TIMEOUT", "ABORT", "SIGABRT", "SIGSEGV"].into_iter().find_map(name);
    failed.map(|name| Told::Failed(name.trim_end(), "")).or_else(|| match libtest(line) {
        Some(Told::Said(said)) => Some(Told::Said(said)),
        _ => None,
    })
}

/// `test_b (test_a.TestA.test_b) ... FAIL`, `FAIL: test_b (test_a.TestA.test_b)`, `Ran 2 tests in 0.001s`,
/// `FAILED (failures=1)`.
fn unittest(line: &str) -> Option<Told<'_>> {
    if let Some((name, end)) =
        line.rsplit_once(" ... ").filter(|(name, _)| name.starts_with("test") && name.ends_with(')'))
    {
        return match end {
            "ok" | "expected failure" => Some(Told::Passed),
            "FAIL" | "ERROR" => Some(Told::Failed(name, "")),
            _ => None,
        };
    }
    let listed = ["FAIL: ", "ERROR: "].iter().find_map(|word| line.strip_prefix(word));
    if let Some(name) = listed.filter(|name| name.starts_with("test") && name.ends_with(')')) {
        return Some(Told::Failed(name, ""));
    }
    if let Some(all) = counted(line, "Ran ", " test").filter(|_| line.contains(" in ")) {
        return Some(Told::Sum(0, all));
    }
    if let Some(rest) = line.strip_prefix("FAILED (").and_then(|rest| rest.strip_suffix(')')) {
        let number = |part: &str| part.trim().split_once('=')?.1.parse::<u64>().ok();
        let failed = rest.split(',').filter(|part| !part.contains("skipped") && !part.contains("expected"));
        return Some(Told::Sum(failed.filter_map(number).sum(), 0));
    }
    let (kind, _) = line.split_once(": ")?;
    (kind.ends_with("Error") && !kind.contains(' ')).then_some(Told::Said(line))
}

/// With `-q` it begins with dots only.
const PYTEST: &[&str] = &[" test session starts ", " short test summary info "];

/// `tests/test_a.py::test_b FAILED [ 33%]`, `FAILED tests/test_a.py::test_b - assert 1 == 2`,
/// `== 1 failed, 2 passed in 0.12s ==`.
fn pytest(line: &str) -> Option<Told<'_>> {
    for word in ["FAILED ", "ERROR "] {
        if let Some(rest) = line.strip_prefix(word).filter(|rest| rest.contains("::")) {
            let (name, said) = rest.split_once(" - ").unwrap_or((rest, ""));
            return Some(Told::Failed(name.trim(), said));
        }
    }
    let is_sum = line.starts_with("==") || line.starts_with(|c: char| c.is_ascii_digit());
    if is_sum && line.contains(" in ") {
        let failed = number_of(line, "failed") + number_of(line, "error") + number_of(line, "errors");
        let all = failed + number_of(line, "passed");
        return (all > 0).then_some(Told::Sum(failed, all));
    }
    let (name, rest) = line.split_once(' ').filter(|(name, _)| name.contains("::"))?;
    match rest.split_whitespace().next()? {
        "PASSED" | "XFAIL" => Some(Told::Passed),
        "FAILED" | "ERROR" => Some(Told::Failed(name, "")),
        _ => None,
    }
}

/// `--- FAIL: TestX (0.01s)`, before or below it `    x_test.go:12: got 1`.
fn go(line: &str) -> Option<Told<'_>> {
    let name = |rest: &'static str| line.strip_prefix(rest).and_then(|rest| rest.split(' ').next());
    if name("--- PASS: ").is_some() {
        return Some(Told::Passed);
    }
    if let Some(name) = name("--- FAIL: ") {
        return Some(Told::Failed(name, ""));
    }
    if let Some(name) = name("=== RUN   ").or_else(|| name("--- SKIP: ")) {
        return Some(Told::About(name));
    }
    let said = line.trim_start();
    let place = said.split_once(": ").filter(|(place, _)| place.contains(".go:") && !place.contains(' '));
    place.filter(|_| line.starts_with("    ")).map(|(_, said)| Told::Said(said))
}

fn is_plan(line: &str) -> bool {
    line.strip_prefix("1..").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
}

/// `not ok 2 - retries`, but for what is still to be done or left out; below it `  message: 'expected 402'`.
fn tap(line: &str) -> Option<Told<'_>> {
    if let Some(said) = line.trim_start().strip_prefix("message: ").filter(|_| line.starts_with("  ")) {
        return Some(Told::Said(said.trim_matches(['\'', '"'])));
    }
    let (failed, rest) = match line.strip_prefix("not ok ") {
        Some(rest) => (true, rest),
        None => (false, line.strip_prefix("ok ")?),
    };
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let rest = rest[end..].trim_start_matches([' ', '-']);
    let (name, directive) = rest.split_once(" # ").unwrap_or((rest, ""));
    let is = |word: &str| directive.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(word));
    let counts = !is("todo") && !is("skip") && !rest.starts_with("# ");
    Some(if failed && counts { Told::Failed(name, "") } else { Told::Passed })
}

/// `[       OK ] A.b (0 ms)`, `[  FAILED  ] A.b (0 ms)`; the list at the end has no times.
fn google(line: &str) -> Option<Told<'_>> {
    if line.starts_with("[       OK ] ") {
        return Some(Told::Passed);
    }
    let (name, _) =
        line.strip_prefix("[  FAILED  ] ")?.rsplit_once(" (").filter(|(_, end)| end.ends_with("ms)"))?;
    Some(Told::Failed(name.split(',').next().unwrap_or(name), ""))
}

fn is_suite(line: &str) -> bool {
    let path = line.strip_prefix("PASS ").or_else(|| line.strip_prefix("FAIL "));
    let script = |path: &str| [".js", ".ts", ".jsx", ".tsx", ".mjs"].iter().any(|end| path.ends_with(end));
    path.is_some_and(|path| path.split(' ').next().is_some_and(script))
}

/// `  ● suite › retries`, `Tests:       1 failed, 2 passed, 3 total`.
fn jest(line: &str) -> Option<Told<'_>> {
    if let Some(sum) = line.strip_prefix("Tests:") {
        return Some(Told::Sum(
            number_of(sum, "failed"),
            number_of(sum, "failed") + number_of(sum, "passed"),
        ));
    }
    if let Some(name) = line.strip_prefix("  ● ").filter(|name| name.contains(" › ")) {
        return Some(Told::Failed(name.trim_end(), ""));
    }
    let said = line.trim_start();
    let is_said =
        said.starts_with("expect(") || said.split(' ').next().is_some_and(|word| word.ends_with("Error:"));
    (is_said && line.starts_with("    ")).then_some(Told::Said(said))
}

/// ` FAIL  src/pay.test.ts > pay > answers 402`, `      Tests  1 failed | 3 passed (4)`.
fn vitest(line: &str) -> Option<Told<'_>> {
    if let Some(name) = line.strip_prefix(" FAIL  ") {
        return Some(Told::Failed(name.trim_end(), ""));
    }
    if let Some(sum) = line.trim_start().strip_prefix("Tests  ") {
        let sum = sum.split('(').next().unwrap_or(sum);
        let failed = number_of(sum, "failed");
        return Some(Told::Sum(failed, failed + number_of(sum, "passed")));
    }
    let (kind, _) = line.split_once(": ")?;
    (kind.ends_with("Error") && !kind.contains(' ')).then_some(Told::Said(line))
}

/// `  2 passing (12ms)`, `  1 failing`.
fn passing(line: &str, word: &str) -> Option<u64> {
    line.trim_start().split_once(word)?.0.parse().ok()
}

/// Within its suites `    1) answers 402`, and the sums.
fn mocha(line: &str) -> Option<Told<'_>> {
    if let Some(all) = passing(line, " passing (") {
        return Some(Told::Sum(0, all));
    }
    if let Some(failed) = line.ends_with(" failing").then(|| passing(line, " failing")).flatten() {
        return Some(Told::Sum(failed, failed));
    }
    let (number, name) = line.strip_prefix("    ")?.trim_start().split_once(") ")?;
    number.bytes().all(|b| b.is_ascii_digit()).then_some(Told::Failed(name, ""))
}

/// `1) PayTest::testRefused`, `Tests: 3, Assertions: 3, Failures: 1.`, `OK (3 tests, 3 assertions)`.
fn phpunit(line: &str) -> Option<Told<'_>> {
    if let Some(all) = counted(line, "OK (", " test") {
        return Some(Told::Sum(0, all));
    }
    if line.starts_with("Tests: ") {
        let failed = ["Failures:", "Errors:"].iter().filter_map(|word| value_of(line, word)).sum();
        return Some(Told::Sum(failed, value_of(line, "Tests:")?));
    }
    if line.starts_with("Failed asserting ") {
        return Some(Told::Said(line));
    }
    let (number, name) = line.split_once(") ")?;
    let numbered = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    (numbered && name.contains("::")).then_some(Told::Failed(name, ""))
}

/// `  Failed Shop.PayTests.Refused [4 ms]`, `Failed!  - Failed:     1, Passed:     1, Skipped:     0, Total:     2`.
fn dotnet(line: &str) -> Option<Told<'_>> {
    if line.starts_with("Failed!  - ") || line.starts_with("Passed!  - ") {
        let failed = value_of(line, "Failed:")?;
        return Some(Told::Sum(failed, failed + value_of(line, "Passed:")?));
    }
    let name = |word: &'static str| line.strip_prefix(word)?.rsplit_once(" [").map(|two| two.0);
    if name("  Passed ").is_some() {
        return Some(Told::Passed);
    }
    if let Some(name) = name("  Failed ") {
        return Some(Told::Failed(name, ""));
    }
    let said = line.strip_prefix("   ").filter(|said| !said.starts_with(' '));
    said.map(Told::Said)
}

/// `[ERROR]   RatesTest.second:31 expected: <1> but was: <2>`, `Tests run: 3, Failures: 1, Errors: 0, Skipped: 0`.
fn surefire(line: &str) -> Option<Told<'_>> {
    let rest =
        ["[ERROR]", "[INFO]", "[WARNING]"].iter().find_map(|level| line.strip_prefix(level)).unwrap_or(line);
    if let Some(sum) = rest.trim_start().strip_prefix("Tests run: ") {
        // Each class has its own sum, with its time.
        let all = value_of(rest, "Tests run:")?;
        let failed = value_of(sum, "Failures:")? + value_of(sum, "Errors:")?;
        return (!sum.contains("Time elapsed")).then_some(Told::Sum(failed, all));
    }
    let (name, said) = rest.strip_prefix("   ")?.trim_start().split_once(' ')?;
    let (method, place) = name.rsplit_once(':')?;
    let is_place = !place.is_empty() && place.bytes().all(|b| b.is_ascii_digit());
    (is_place && method.contains('.')).then_some(Told::Failed(method, said))
}

/// `3 examples, 1 failure`.
fn examples(line: &str) -> Option<(u64, u64)> {
    let (all, rest) = line.split_once(" example")?;
    let (_, rest) = rest.split_once(", ")?;
    let (failed, _) = rest.split_once(" failure")?;
    Some((failed.parse().ok()?, all.parse().ok()?))
}

/// `rspec ./spec/rates_spec.rb:3 # Rates are read`, and the sum.
fn rspec(line: &str) -> Option<Told<'_>> {
    if let Some((failed, all)) = examples(line) {
        return Some(Told::Sum(failed, all));
    }
    let (_, name) = line.strip_prefix("rspec ./")?.split_once(" # ")?;
    Some(Told::Failed(name, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many failed, of how many, and of each its name and what was said.
    type Counted = (u64, u64, Vec<(String, String)>);

    fn told(text: &str) -> Option<Counted> {
        assert_eq!(begins(text), !read(0, text).is_empty());
        let run = read(0, text).into_iter().next()?;
        let failures = run.failures.into_iter().map(|failure| (failure.name, failure.said)).collect();
        Some((run.failed, run.all, failures))
    }

    #[test]
    fn what_runners_print_is_counted_and_named() {
        let libtest = "   Compiling x v0.1.0\nrunning 4 tests\ntest pool::the_pool_is_exhausted ... ok\n\
                       test net::timeouts ... FAILED\ntest a - should panic ... ok\ntest b ... ignored\n\nfailures:\n\n\
                       ---- net::timeouts stdout ----\nthread 'net::timeouts' (7) panicked at src/net.rs:1:5:\n\
                       assertion `left == right` failed\n  left: 1\n\nfailures:\n    net::timeouts\n\n\
                       test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out\n";
        let pytest = "===== test session starts =====\ncollected 3 items\n\n\
                      tests/test_pool.py::test_exhausted PASSED       [ 33%]\n\
                      tests/test_pool.py::test_timeout FAILED         [ 66%]\n\
                      tests/test_x.py::test_ok PASSED                 [100%]\n\n\
                      FAILED tests/test_pool.py::test_timeout - assert 1 == 2\n\
                      ===== 1 failed, 2 passed in 0.12s =====\n";
        let brief = "===== test session starts =====\n..F                     [100%]\n\
                     FAILED tests/test_pool.py::test_timeout - assert 1 == 2\n===== 1 failed, 2 passed in 0.12s =====\n";
        let go = "=== RUN   TestPool\n--- PASS: TestPool (0.00s)\n=== RUN   TestTimeout\n=== RUN   TestTimeout/a\n    \
                  t_test.go:12: got 1, want 2\n=== RUN   TestTimeout/b\n\
                  --- FAIL: TestTimeout (0.01s)\nFAIL\nFAIL\texample.com/x\t0.01s\n";
        let tap = "TAP version 13\n1..3\nok 1 - pool exhausted\nnot ok 2 - timeouts\n  ---\n  message: 'got 1'\n  ...\nnot ok 3 - later # TODO one day\n";
        let short = ".F.E    [100%]\n=== short test summary info ===\n\
                     FAILED tests/test_a.py::test_refused - assert 1 == 2\n1 failed, 1 passed, 1 error in 0.04s\n";
        let google = "[==========] Running 2 tests from 1 test suite.\n[ RUN      ] Pool.Exhausted\n\
                      [       OK ] Pool.Exhausted (0 ms)\n[ RUN      ] Net.Timeouts\n[  FAILED  ] Net.Timeouts (3 ms)\n\
                      [  FAILED  ] 1 test, listed below:\n[  FAILED  ] Net.Timeouts\n";
        let jest = "FAIL src/pool.test.js\n  ● pool › timeouts\n\n    expect(received).toBe(expected)\n\n\
                    Tests:       1 failed, 2 passed, 3 total\n";
        let surefire = "[INFO]  T E S T S\n[ERROR] Tests run: 3, Failures: 1, Errors: 0, Skipped: 0, Time elapsed: 0.1 s\n\
                        [ERROR] Failures: \n[ERROR]   PoolTest.timeouts:31 expected: <1> but was: <2>\n\
                        [ERROR] Tests run: 3, Failures: 1, Errors: 0, Skipped: 0\n";
        let rspec = "Failures:\n\n3 examples, 1 failure\n\nrspec ./spec/pool_spec.rb:3 # Pool timeouts\n";
        let nextest = " Nextest run ID 1b7a with nextest profile: default\n    Starting 3 tests across 2 binaries\n        \
                       PASS [   0.006s] shop pool::exhausted\n        FAIL [   0.010s] shop pool::waits\n\nrunning 1 test\n\
                       test pool::waits ... FAILED\nthread 'pool::waits' panicked at src/pool.rs:41:9:\n\
                       assertion `left == right` failed: a permit\ntest result: FAILED. 0 passed; 1 failed\n        \
                       PASS [   0.012s] shop db::deadlock\n        FAIL [   0.010s] shop pool::waits\n";
        let unittest = "test_exhausted (t.TestPool.test_exhausted) ... ok\ntest_refused (t.TestPool.test_refused) ... FAIL\n\
                        ======\nFAIL: test_refused (t.TestPool.test_refused)\n------\nTraceback (most recent call last):\n\
                        AssertionError: 500 != 402\n\n------\nRan 2 tests in 0.001s\n\nFAILED (failures=1)\n";
        let vitest = "\n RUN  v1.6.0 /home/a/shop\n\n ✓ src/pool.test.ts (2)\n\n FAIL  src/pay.test.ts > pay > answers 402\n\
                      AssertionError: expected 500 to be 402\n\n Test Files  1 failed | 1 passed (2)\n      \
                      Tests  1 failed | 3 passed (4)\n";
        let mocha = "\n  pool\n    ✔ tells pool exhausted\n    1) answers 402\n\n  2 passing (12ms)\n  1 failing\n\n  1) pool\n       \
                     answers 402:\n";
        let phpunit = "PHPUnit 10.5.20 by Sebastian Bergmann and contributors.\n\nThere was 1 failure:\n\n\
                       1) PayTest::testRefused\nFailed asserting that 500 matches expected 402.\n\nFAILURES!\n\
                       Tests: 3, Assertions: 3, Failures: 1.\n";
        let dotnet = "Starting test execution, please wait...\n  Passed Shop.PoolTests.Exhausted [2 ms]\n  \
                      Failed Shop.PayTests.Refused [4 ms]\n  Error Message:\n   Assert.Equal() Failure: Values differ\n\
                      Failed!  - Failed:     1, Passed:     1, Skipped:     0, Total:     2, Duration: 12 ms\n";
        for (text, failed, all, name, said) in [
            (nextest, 1, 3, "shop pool::waits", "assertion `left == right` failed: a permit"),
            (unittest, 1, 2, "test_refused (t.TestPool.test_refused)", "AssertionError: 500 != 402"),
            (vitest, 1, 4, "src/pay.test.ts > pay > answers 402", "AssertionError: expected 500 to be 402"),
            (mocha, 1, 3, "answers 402", ""),
            (phpunit, 1, 3, "PayTest::testRefused", "Failed asserting that 500 matches expected 402."),
            (dotnet, 1, 2, "Shop.PayTests.Refused", "Assert.Equal() Failure: Values differ"),
            (libtest, 1, 3, "net::timeouts", "assertion `left == right` failed"),
            (pytest, 1, 3, "tests/test_pool.py::test_timeout", "assert 1 == 2"),
            (brief, 1, 3, "tests/test_pool.py::test_timeout", "assert 1 == 2"),
            (go, 1, 2, "TestTimeout", "got 1, want 2"),
            (short, 2, 3, "tests/test_a.py::test_refused", "assert 1 == 2"),
            (tap, 1, 3, "timeouts", "got 1"),
            (google, 1, 2, "Net.Timeouts", ""),
            (jest, 1, 3, "pool › timeouts", "expect(received).toBe(expected)"),
            (surefire, 1, 3, "PoolTest.timeouts", "expected: <1> but was: <2>"),
            (rspec, 1, 3, "Pool timeouts", ""),
        ] {
            let wanted = (failed, all, vec![(name.to_owned(), said.to_owned())]);
            assert_eq!(told(text), Some(wanted), "{text}");
        }
    }

    #[test]
    fn what_passed_has_no_failures_and_what_is_no_run_is_none() {
        let passed =
            "running 1 test\ntest pool_exhausted ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored\n";
        assert_eq!(told(passed), Some((0, 1, Vec::new())));
        let phpunit = "PHPUnit 10.5.20 by Sebastian Bergmann and contributors.\n\n...   3 / 3 (100%)\n\nOK (3 tests, 3 assertions)\n";
        assert_eq!(told(phpunit), Some((0, 3, Vec::new())));
        let timed =
            "2026-11-01T10:00:00.1234567Z running 1 test\n2026-11-01T10:00:00.1234567Z test a ... FAILED\n";
        assert_eq!(
            told(timed),
            Some((1, 0, vec![("a".into(), String::new())])),
            "whether others passed is not told"
        );
        let quiet = "running 4 tests\n.F..\ntest result: FAILED. 3 passed; 1 failed; 0 ignored\n";
        assert_eq!(told(quiet).map(|(failed, all, _)| (failed, all)), Some((1, 4)));
        for text in [
            "",
            "2026-11-01T10:00:00Z INFO running 3 tests of the link\n2026-11-01T10:00:01Z INFO ok 1\n",
            "test of the pool ... ok\n",
            "running 3 tests\nnothing came of it\n",
        ] {
            assert_eq!(told(text), None, "{text}");
        }
    }
}
