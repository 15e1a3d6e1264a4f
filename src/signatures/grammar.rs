//! The grammar of failure: does a line tell of one, of which nature, how decisive is it, and what is it about?
//!
//! For the long tail that no signature knows. Words that tell ([`super::cues`], [`super::tongues`]) are looked up in one
//! pass; what stands beside them may take them back: a negation, a zero, a setting, a handler, a recovery. A pure
//! function of the text, asked once for each kind of entry.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use super::cues::{CUES, Cue, Stand};
use super::denial::{is_recovered, is_taken_back};
use super::nature::{Decisive, Nature};
use super::object;
use super::tongues::TONGUES;

/// How much of a text is read.
const READ: usize = 2_048;

/// What a line tells of a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told<'t> {
    /// What part it plays.
    pub nature: Nature,
    /// How much one occurrence says.
    pub decisive: Decisive,
    /// What it is about, where the line names it.
    pub object: Option<&'t str>,
    /// The words that say so.
    pub words: Range<usize>,
}

/// What a text tells of a failure, if it does. The text may be masked (`#` for values): what depends on a value that is
/// not there is not told.
pub fn read(text: &str) -> Option<Told<'_>> {
    let end = (0..=READ.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let text = &text[..end];
    let hits = hits(text);
    let best = hits.iter().max_by_key(|hit| (hit.decisive, hit.is_reason()))?;
    let mut by_worth: Vec<&Hit> = hits.iter().collect();
    by_worth.sort_by_key(|hit| std::cmp::Reverse((hit.decisive, hit.is_reason())));
    let object = object::addressed(text)
        .or_else(|| by_worth.iter().find_map(|hit| object::beside(text, &hit.at, hit.cue.shape)));
    Some(Told { nature: best.cue.nature, decisive: best.decisive, object, words: best.at.clone() })
}

/// Words that were found and hold.
#[derive(Clone, Debug)]
struct Hit {
    cue: &'static Cue,
    decisive: Decisive,
    at: Range<usize>,
}

impl Hit {
    /// Does it say why, rather than that something did not work?
    fn is_reason(&self) -> bool {
        self.cue.nature != Nature::Symptom
    }
}

/// All cues as one automaton, and for each of its patterns how it has to stand.
struct Lexicon {
    automaton: AhoCorasick,
    stands: Vec<Vec<Stand>>,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut patterns: Vec<String> = Vec::new();
    let mut stands: Vec<Vec<Stand>> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut add = |pattern: String, stand: Stand| {
        let at = *known.entry(pattern.clone()).or_insert_with(|| {
            patterns.push(pattern);
            stands.push(Vec::new());
            stands.len() - 1
        });
        // What ends a name is more exact than what is a word by itself.
        let place = if stand.begins { stands[at].len() } else { 0 };
        stands[at].insert(place, stand);
    };
    for cue in CUES {
        for word in cue.words {
            let stand =
                Stand { cue, begins: !word.starts_with('*'), ends: !word.ends_with('*'), english: true };
            add(word.trim_matches('*').to_owned(), stand);
        }
    }
    for cue in TONGUES.iter().flat_map(|(_, cues)| *cues) {
        for word in cue.words {
            let begins = word.starts_with(|c: char| c < '\u{1100}');
            let stand = Stand { cue, begins, ends: false, english: false };
            for spelling in spellings(word) {
                add(spelling, stand);
            }
        }
    }
    let automaton = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostLongest)
        .build(&patterns)
        .expect("a few hundred short patterns");
    Lexicon { automaton, stands }
});

/// A word as it is written within, at the beginning of, and as a shouted sentence; ASCII letters need no spelling.
fn spellings(word: &str) -> Vec<String> {
    let mut letters = word.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let mut spellings = vec![word.to_owned(), first + letters.as_str(), word.to_uppercase()];
    spellings.sort_by_key(|word| word.to_ascii_lowercase());
    spellings.dedup_by_key(|word| word.to_ascii_lowercase());
    spellings
}

fn hits(text: &str) -> Vec<Hit> {
    let lexicon = &*LEXICON;
    let mut hits = Vec::new();
    let mut recovered: Option<bool> = None;
    for found in lexicon.automaton.find_iter(text) {
        let at = found.range();
        let stands = &lexicon.stands[found.pattern().as_usize()];
        let Some(stand) = stands.iter().find(|stand| stands_alone(text, &at, stand)) else { continue };
        if is_taken_back(text, &at, stand) {
            continue;
        }
        let mut decisive = stand.cue.decisive;
        if *recovered.get_or_insert_with(|| is_recovered(text)) {
            // A panic that was caught is still one.
            if decisive < Decisive::Once {
                continue;
            }
            decisive = Decisive::Context;
        }
        hits.push(Hit { cue: stand.cue, decisive, at });
    }
    hits
}

/// Is it a word of its own, not a part of a name or a path?
fn stands_alone(text: &str, at: &Range<usize>, stand: &Stand) -> bool {
    let (before, after) = (&text[..at.start], &text[at.end..]);
    let word = &text[at.clone()];
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let last = before.chars().next_back();
    let next = after.chars().next();
    if !stand.english {
        return !stand.begins || !last.is_some_and(is_part);
    }
    let humped_before = last.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        && word.starts_with(|c: char| c.is_ascii_uppercase())
        && is_pascal(before);
    let humped_after =
        next.is_some_and(|c| c.is_ascii_uppercase()) && word.ends_with(|c: char| c.is_ascii_lowercase());
    let begins = match last {
        None => stand.begins,
        Some(_) if !stand.begins => {
            let head = before.rsplit(|c: char| !is_part(c)).next().unwrap_or_default();
            head.len() >= 2 && !is_accessor(head) && !head.ends_with('_')
        }
        Some('/' | '@' | '$') => false,
        Some('-' | '.') => !before[..before.len() - 1].ends_with(is_part),
        Some(c) => !is_part(c) || humped_before,
    };
    let ends = match next {
        None => true,
        _ if !stand.ends => true,
        Some('-' | '.') => !after[1..].starts_with(|c: char| c.is_ascii_alphanumeric()),
        Some(c) => !is_part(c) || humped_after,
    };
    begins && ends
}

/// Is the name that goes on here written like `FailedMount`, not like `onError`?
fn is_pascal(before: &str) -> bool {
    let head = before.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    head.starts_with(|c: char| c.is_ascii_uppercase())
}

/// Beginnings of names of functions and variables about errors.
fn is_accessor(head: &str) -> bool {
    const HEADS: &[&str] = &[
        "on", "is", "has", "no", "get", "set", "log", "handle", "throw", "ignore", "catch", "with", "last",
        "mi", "std",
    ];
    HEADS.iter().any(|word| head.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::super::cues::Shape;
    use super::*;

    /// Every row by its example, and every way to write it alone.
    fn rows_fire(cues: &'static [Cue], english: bool) {
        for cue in cues {
            // Languages share words.
            let is_own = |hit: &Hit| {
                let shared = || hit.cue.words.iter().any(|word| cue.words.contains(word));
                std::ptr::eq(hit.cue, cue) || !english && shared()
            };
            let fires = |text: &str| hits(text).iter().any(is_own);
            assert!(fires(cue.example), "{:?} is not read in: {}", cue.words, cue.example);
            for word in cue.words {
                let end = word.strip_prefix('*').map(|end| format!("Ledger{end}"));
                let word = end.unwrap_or_else(|| word.trim_matches('*').to_owned());
                let text = match cue.shape {
                    Shape::Code => format!("hook: {word} 3"),
                    _ if english => format!("ledger {word} here"),
                    _ => word.clone(),
                };
                assert!(
                    fires(&text),
                    "{:?} is hidden by another row in: {text}: {:?}",
                    cue.words,
                    hits(&text)
                );
            }
        }
    }

    #[test]
    fn every_row_fires_and_none_is_shadowed() {
        rows_fire(CUES, true);
        for (_, cues) in TONGUES {
            rows_fire(cues, false);
        }
    }

    #[test]
    fn failures_are_read_with_their_nature_and_object() {
        use Decisive::{Once, Repeated};
        use Nature::{Fault, Resource, Symptom};
        for (text, nature, decisive, object) in [
            ("dial tcp: lookup currency on 10.96.0.10:53: no such host", Fault, Repeated, "currency"),
            ("dial tcp 10.0.0.7:5432: connect: connection refused", Fault, Repeated, "10.0.0.7:5432"),
            ("dial tcp 10.0.0.7:5432: i/o timeout", Symptom, Repeated, "10.0.0.7:5432"),
            ("Failed to connect to db-1.internal:5432", Symptom, Repeated, "db-1.internal:5432"),
            ("failed to connect to the database", Symptom, Repeated, "database"),
            ("could not connect to server \"ledger\": Connection refused", Fault, Repeated, "ledger"),
            ("broker-2 is unreachable", Fault, Repeated, "broker-2"),
            ("service billing not found", Fault, Repeated, "billing"),
            ("replica-1 is down", Fault, Repeated, "replica-1"),
            (
                "ERROR: relation \"night_rates\" does not exist at character 34",
                Fault,
                Repeated,
                "night_rates",
            ),
            ("No instances available for stock-service", Fault, Once, "stock-service"),
            ("pods \"x-1\" is forbidden: service account not found", Fault, Repeated, "x-1"),
            (
                "Get \"https://api.shop.example/v1/rates\": context deadline exceeded",
                Symptom,
                Repeated,
                "api.shop.example",
            ),
            ("failed to mount volume data-3", Symptom, Repeated, "data-3"),
            ("write /data/wal/0001: no space left on device", Resource, Once, ""),
            ("missing option url", Fault, Repeated, "url"),
            ("no such table: invoices", Fault, Repeated, "invoices"),
            (
                "host not found in upstream \"rates:8080\" in /etc/nginx/nginx.conf:3",
                Fault,
                Repeated,
                "rates:8080",
            ),
            ("panic: assignment to entry in nil map", Fault, Once, ""),
            ("build step exited with code 2", Fault, Repeated, ""),
            ("{\"error\":\"pool exhausted\",\"ok\":false}", Resource, Once, "pool"),
            ("InvalidRateBatch: FATAL", Fault, Once, ""),
            ("ConnectionTimeoutException", Symptom, Repeated, ""),
        ] {
            let told = read(text).unwrap_or_else(|| panic!("nothing is read in: {text}"));
            assert_eq!((told.nature, told.decisive), (nature, decisive), "{text}: {told:?}");
            if !object.is_empty() {
                assert_eq!(told.object, Some(object), "{text}");
            }
        }
    }

    #[test]
    fn what_is_taken_back_is_no_failure() {
        let wrong = |text: &&str| read(text).is_some();
        let texts = [
            "0 errors",
            "no errors found",
            "No error",
            "error=null",
            "errors: 0",
            "failed=0",
            "failed: 0, passed: 12",
            "pool exhausted: false",
            "out of memory=no",
            "retry succeeded",
            "retry succeeded after timeout",
            "connection to db-1 recovered after timeout",
            "disk full alarm at 95%",
            "error=",
            "\"error\":null,\"ok\":true",
            "\"error\":\"\"",
            "{\"failed\":false}",
            "err=<nil>",
            "exception: none",
            "without errors",
            "never failed",
            "not expired",
            "has not failed",
            "connection timeout: 30",
            "timeout=30s",
            "request timeout 30s configured",
            "error handler registered",
            "ErrorHandler loaded",
            "on failure enabled",
            "retry on failure: true",
            "GET /errors/timeout.html",
            "writing error.log",
            "loading error-pages",
            "if the connection is refused",
            "ignoring missing files",
            "process exited with code 0",
            "exit status 0",
            "exit code: 143",
            "level=error",
            "\"level\":\"error\"",
            "0 packets dropped, 0 rejected",
            "failover enabled",
            "default timeout set to 20",
            "# errors",
            "errors=#",
            "failure detector started",
            "no longer blocked",
            "mirror is in use",
            "terminal attached",
            "crashlytics loaded",
            "오류 없음",
            "오류 0건",
            "에러 없이 완료",
            "연결 실패에서 복구되었습니다",
            "エラーなし",
            "エラーはありません",
            "エラー0件",
            "没有错误",
            "0个错误",
            "无异常",
            "连接失败后已恢复",
            "keine Fehler",
            "ohne Fehler beendet",
            "Fehlerfrei beendet",
            "aucune erreur",
            "sans erreur",
            "sin errores",
            "sem erros",
            "без ошибок",
            "нет ошибок",
            "ошибок: 0",
        ];
        let wrong: Vec<&str> = texts.into_iter().filter(wrong).collect();
        assert_eq!(wrong, Vec::<&str>::new());
    }

    #[test]
    fn sentences_of_normal_work_are_none() {
        for text in [
            "order received",
            "order 4711 paid in 12 ms",
            "Server started on port 8080",
            "Listening on :8080",
            "connected to db-1:5432",
            "checkpoint complete: wrote 42 buffers",
            "user alice logged in",
            "cache hit ratio 0.93",
            "GET /api/orders 200 12",
            "Started SorterApplication in 12.3 seconds",
            "Scaled up replica set web-1 to 3",
            "compaction finished",
            "Accepted publickey for deploy from 10.0.0.4",
            "status installed libc6:amd64 2.36-9",
            "trigproc man-db:amd64 2.11.2-2 <none>",
            "link group editor updated to be /usr/bin/vim",
            "session opened for user root by (uid=0)",
            "pam_unix(cron:session): session closed for user root",
            "Setting up tzdata (2024a-0+deb12u1) ...",
            "Processing triggers for libc-bin (2.36-9) ...",
            "Received disconnect from 10.0.0.4 port 22:11",
            "systemd[1]: Reached target Multi-User System.",
            "instruction cache parity check passed",
            "worker pool resized to 20",
            "retrying with backoff 2 s",
            "leader elected: node-3",
            "flushed memtable in 20 ms",
            "rotated key 7",
            "deployment web rolled out",
            "주문을 받았습니다",
            "서버가 시작되었습니다",
            "注文を受け付けました",
            "サーバーを起動しました",
            "订单已支付",
            "服务已启动",
            "Bestellung eingegangen",
            "Server gestartet",
            "Commande reçue",
            "Serveur démarré",
            "Pedido recibido",
            "Servidor iniciado",
            "Pedido recebido",
            "Заказ принят",
            "Сервер запущен",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn other_languages_name_what_they_speak_of() {
        for (text, nature) in [
            ("db-1 연결 실패", Nature::Symptom),
            ("디스크 공간이 부족합니다: /data", Nature::Resource),
            ("証明書の有効期限が切れています", Nature::Fault),
            ("支付服务不可用", Nature::Fault),
            ("ZUGRIFF VERWEIGERT", Nature::Fault),
            ("ОШИБКА: не удалось подключиться к db-1", Nature::Symptom),
            ("Échec de la connexion", Nature::Symptom),
        ] {
            assert_eq!(read(text).map(|told| told.nature), Some(nature), "{text}");
        }
        assert_eq!(read("ОШИБКА: сервер db-1 недоступен").unwrap().object, Some("db-1"));
        assert_eq!(read("복구 실패").map(|told| told.nature), Some(Nature::Symptom));
    }

    #[test]
    fn any_text_is_survived() {
        for text in [
            "",
            "\u{0}",
            "error",
            "=error",
            "error=",
            "é error ü",
            "没有",
            "(error",
            "no",
            "\"",
            "://",
            "lookup ",
            "lookup é",
        ] {
            let _ = read(text);
        }
        let long = "é".repeat(READ) + " failed to x";
        assert_eq!(read(&long), None);
    }
}
