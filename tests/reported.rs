//! Kinds of logs that public reports show to be read wrongly, with cases of our own: what each entry says.

use std::fs;

use obs::model::Role;

use crate::corpus::{Read, read, survey};
use crate::program::obs;

/// An entry as it has to be read: time, level, message; empty where it has none.
type Entry = (&'static str, &'static str, &'static str);

/// A kind: what it is called, a file, and its entries. What stands before the first event is none of them.
type Case = (&'static str, &'static str, &'static [Entry]);

fn shown(read: &Read) -> (String, String, String) {
    let message = read.roles.iter().find(|(role, _)| *role == Role::Message).map(|(_, text)| text.clone());
    let ts = read.ts.map(|ts| ts.to_string()).unwrap_or_default();
    let level = read.level.map_or("", obs::model::Level::name);
    (ts, level.to_owned(), message.unwrap_or_default())
}

const CASES: &[Case] = &[
    (
        "java.util.logging's file handler",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n<!DOCTYPE log SYSTEM \"logger.dtd\">\n<log>\n<record>\n  <date>2024-03-05T11:10:11</date>\n  <millis>1709633411123</millis>\n  <logger>acme.Till</logger>\n  <level>WARNING</level>\n  <message>late since 2024-03-05 10:10:00</message>\n</record>\n<record>\n  <date>2024-03-05T11:10:12</date>\n  <millis>1709633412123</millis>\n  <level>FINE</level>\n  <message>a &lt; b</message>\n</record>\n</log>\n",
        &[
            ("2024-03-05T10:10:11.123Z", "warn", "late since 2024-03-05 10:10:00"),
            ("2024-03-05T10:10:12.123Z", "debug", "a < b"),
        ],
    ),
    (
        "log4j 2's complete document",
        "<?xml version=\"1.0\"?>\n<Events xmlns=\"http://logging.apache.org/log4j/2.0/events\">\n  <Event xmlns=\"http://logging.apache.org/log4j/2.0/events\" timeMillis=\"1709633411123\" thread=\"main\" level=\"ERROR\" loggerName=\"acme.Till\">\n    <Message>no <![CDATA[<db>]]></Message>\n    <Thrown message=\"x\" name=\"a.B\"><ExtendedStackTrace>a.B: x\n\tat c.D.e(D.java:1)\n</ExtendedStackTrace></Thrown>\n  </Event>\n\n  <Event xmlns=\"http://logging.apache.org/log4j/2.0/events\" timeMillis=\"1709633412123\" thread=\"main\" level=\"INFO\" loggerName=\"acme.Till\">\n    <Message>up</Message>\n  </Event>\n</Events>\n",
        &[
            ("2024-03-05T10:10:11.123Z", "error", "no <db>\na.B: x\n\tat c.D.e(D.java:1)"),
            ("2024-03-05T10:10:12.123Z", "info", "up"),
        ],
    ),
    (
        "log4j 2's compact document",
        "<?xml version=\"1.0\"?>\n<Events xmlns=\"http://logging.apache.org/log4j/2.0/events\"><Event timeMillis=\"1709633411123\" level=\"ERROR\" loggerName=\"acme.Till\"><Message>no <![CDATA[<db>\n</Event>]]></Message></Event><Event timeMillis=\"1709633412123\" level=\"INFO\" loggerName=\"acme.Till\"><Message>up</Message></Event></Events>",
        &[
            ("2024-03-05T10:10:11.123Z", "error", "no <db>\n</Event>"),
            ("2024-03-05T10:10:12.123Z", "info", "up"),
        ],
    ),
    (
        "events as Windows' Event Viewer saves them, with what they say in words",
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\r\n<Events><Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='disk'/><EventID>7</EventID><Level>2</Level><TimeCreated SystemTime='2024-03-15T13:10:11.1230000Z'/></System><RenderingInfo Culture='en-US'><Message>The device has a bad block.</Message></RenderingInfo></Event><Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='disk'/><EventID>8</EventID><Level>4</Level><TimeCreated SystemTime='2024-03-15T13:10:12.1230000Z'/></System><RenderingInfo Culture='en-US'><Message>fine</Message></RenderingInfo></Event></Events>",
        &[
            ("2024-03-15T13:10:11.123Z", "error", "The device has a bad block."),
            ("2024-03-15T13:10:12.123Z", "info", "fine"),
        ],
    ),
    (
        "NLog's events, one a line",
        "<log4j:event logger=\"A.Till\" level=\"FATAL\" timestamp=\"1709633411123\" thread=\"5\"><log4j:message>said &quot;no&quot;</log4j:message></log4j:event>\n<log4j:event logger=\"A.Till\" level=\"TRACE\" timestamp=\"1709633412123\" thread=\"5\"><log4j:message /></log4j:event>\n",
        &[("2024-03-05T10:10:11.123Z", "fatal", "said \"no\""), ("2024-03-05T10:10:12.123Z", "trace", "")],
    ),
    (
        "wevtutil's text of Windows 11",
        "Event[0]\r\n  Log Name: System\r\n  Source: disk\r\n  Date: 2024-03-15T13:10:11.1230000Z\r\n  Event ID: 7\r\n  Task: N/A\r\n  Level: Error\r\n  Computer: WEB1\r\n  Description: \r\nThe device has a bad block.\r\n\r\n\r\nEvent[1]\r\n  Log Name: System\r\n  Source: disk\r\n  Date: 2024-03-15T13:10:12.1230000Z\r\n  Level: Information\r\n  Description: \r\nfine\r\n",
        &[
            ("2024-03-15T13:10:11.123Z", "error", "The device has a bad block."),
            ("2024-03-15T13:10:12.123Z", "info", "fine"),
        ],
    ),
    (
        "Get-WinEvent as a list",
        "\nTimeCreated  : 3/15/2024 1:10:11 PM\nProviderName : Kasse\nId           : 7\nMessage      : no\n               Exception: x\n\nTimeCreated  : 3/15/2024 1:10:12 PM\nProviderName : Kasse\nId           : 8\nMessage      : fine\n",
        &[
            ("2024-03-15T13:10:11Z", "", "no\n               Exception: x"),
            ("2024-03-15T13:10:12Z", "", "fine"),
        ],
    ),
    (
        "the Event Viewer's copy in German",
        "Protokollname: Application\nQuelle:        Kasse\nDatum:         05.03.2024 13:10:11\nEbene:         Kritisch\nBeschreibung:\nVerbindung verloren\n\nam 2024-03-05 13:10:10\n\nProtokollname: Application\nQuelle:        Kasse\nDatum:         05.03.2024 13:10:12\nEbene:         Warnung\nBeschreibung:\nlangsam\n",
        &[
            ("2024-03-05T13:10:11Z", "fatal", "Verbindung verloren\n\nam 2024-03-05 13:10:10"),
            ("2024-03-05T13:10:12Z", "warn", "langsam"),
        ],
    ),
    (
        "journald's export with lengths",
        "__CURSOR=s=1;i=1\n__REALTIME_TIMESTAMP=1709633411123456\nPRIORITY=3\nMESSAGE\n\x21\0\0\0\0\0\0\0no db\n\n2024-03-05 10:10:10 at x y\n_PID=7\n\n__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1709633412123456\nPRIORITY=6\nMESSAGE=fine\n_PID=7\n\n",
        &[
            ("2024-03-05T10:10:11.123456Z", "error", "no db\n\n2024-03-05 10:10:10 at x y"),
            ("2024-03-05T10:10:12.123456Z", "info", "fine"),
        ],
    ),
    (
        "journald's messages that are words of levels",
        "{\"PRIORITY\":\"3\",\"__REALTIME_TIMESTAMP\":\"1709633411123456\",\"MESSAGE\":[27,91,49,109,110,111]}\n{\"PRIORITY\":\"6\",\"__REALTIME_TIMESTAMP\":\"1709633412123456\",\"MESSAGE\":\"fine\"}\n",
        &[("2024-03-05T10:10:11.123456Z", "error", "no"), ("2024-03-05T10:10:12.123456Z", "info", "fine")],
    ),
    (
        "date and time in two fields, the day told by another line",
        "{\"Date\":\"05/03/2024\",\"Time\":\"10:10:11\",\"Level\":\"WARN\",\"Message\":\"a\"}\n{\"Time\":\"10:10:12.5\",\"Level\":\"INFO\",\"Message\":\"b\",\"Date\":\"15/03/2024\"}\n",
        &[("2024-03-05T10:10:11Z", "warn", "a"), ("2024-03-15T10:10:12.500Z", "info", "b")],
    ),
    (
        "a whole time comes before a date and a time",
        "{\"date\":\"2024-03-05\",\"time\":\"11:10:11\",\"timestamp\":1709633411123,\"msg\":\"a\"}\n",
        &[("2024-03-05T10:10:11.123Z", "", "a")],
    ),
    (
        "the name of a zone that two places share, beside an instant",
        "{\"time\":\"Mar 5, 2024 6:10:11 PM CST\",\"millis\":1709633411000,\"level\":\"error\",\"msg\":\"a\"}\n{\"time\":\"Mar 5, 2024 6:10:12 PM CST\",\"millis\":1709633412000,\"level\":\"error\",\"msg\":\"b\"}\n",
        &[("2024-03-05T10:10:11Z", "error", "a"), ("2024-03-05T10:10:12Z", "error", "b")],
    ),
    (
        "its winter time in a file with its summer time",
        "Sun Mar 10 01:59:58 CST 2024 ERROR a\nSun Mar 10 03:00:02 CDT 2024 INFO b\n",
        &[("2024-03-10T07:59:58Z", "error", "a"), ("2024-03-10T08:00:02Z", "info", "b")],
    ),
    (
        "levels in other languages",
        "2024-03-05 10:10:11 FEHLER [main] till - a\n2024-03-05 10:10:12 AVERTISSEMENT [main] till - b\n2024-03-05 10:10:13 错误 [main] till - c\n2024-03-05 10:10:14 ОШИБКА [main] till - d\n2024-03-05 10:10:15 INFO [main] till - fehler und grave\n",
        &[
            ("2024-03-05T10:10:11Z", "error", "a"),
            ("2024-03-05T10:10:12Z", "warn", "b"),
            ("2024-03-05T10:10:13Z", "error", "c"),
            ("2024-03-05T10:10:14Z", "error", "d"),
            ("2024-03-05T10:10:15Z", "info", "fehler und grave"),
        ],
    ),
    (
        "names that say nothing",
        "{\"q1\":\"2024-03-05T10:10:11Z\",\"q2\":\"ERR\",\"q3\":\"the pool of db is exhausted\",\"q4\":\"a1\"}\n{\"q1\":\"2024-03-05T10:10:12Z\",\"q2\":\"INF\",\"q3\":\"the cart is paid now\",\"q4\":\"a2\"}\n{\"q1\":\"2024-03-05T10:10:13Z\",\"q2\":\"INF\",\"q3\":\"the cart is paid again\",\"q4\":\"a3\"}\n",
        &[
            ("2024-03-05T10:10:11Z", "error", "the pool of db is exhausted"),
            ("2024-03-05T10:10:12Z", "info", "the cart is paid now"),
            ("2024-03-05T10:10:13Z", "info", "the cart is paid again"),
        ],
    ),
    (
        "Go's panic behind a container's name",
        "till-1  | 2024-03-05T10:10:11Z INFO up\ntill-1  | panic: index out of range\ntill-1  | \ntill-1  | goroutine 1 [running]:\ntill-1  | main.(*Till).pay(0xc000, {0x1, 0x2})\ntill-1  | \t/app/main.go:12 +0x1d\ntill-1  | created by main.main in goroutine 1\ntill-1  | 2024-03-05T10:10:12Z INFO up\n",
        &[
            ("2024-03-05T10:10:11Z", "info", "up"),
            (
                "",
                "fatal",
                "index out of range\n\ngoroutine 1 [running]:\nmain.(*Till).pay(0xc000, {0x1, 0x2})\n\t/app/main.go:12 +0x1d\ncreated by main.main in goroutine 1",
            ),
            ("2024-03-05T10:10:12Z", "info", "up"),
        ],
    ),
    (
        "the same where every line has a transport's time",
        "2024-03-05T10:10:11.000000001Z ERROR no\n2024-03-05T10:10:11.000000002Z goroutine 1 [running]:\n2024-03-05T10:10:11.000000003Z main.main()\n2024-03-05T10:10:11.000000004Z \t/app/main.go:12 +0x1d\n2024-03-05T10:10:12.000000001Z INFO up\n",
        &[
            (
                "2024-03-05T10:10:11.000000001Z",
                "error",
                "no\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:12 +0x1d",
            ),
            ("2024-03-05T10:10:12.000000001Z", "info", "up"),
        ],
    ),
    (
        "syslog with the sign for objects",
        "Mar  5 10:10:11 web1 till[7]: @cee: {\"time\":\"2024-03-05T10:10:11.123Z\",\"level\":\"error\",\"msg\":\"no\"}\nMar  5 10:10:12 web1 till[7]: @cee:{\"time\":\"2024-03-05T10:10:12.123Z\",\"level\":\"info\",\"msg\":\"up\"}\n",
        &[("2024-03-05T10:10:11.123Z", "error", "no"), ("2024-03-05T10:10:12.123Z", "info", "up")],
    ),
    (
        "a runner's times in commands to the terminal",
        "\x1b_bk;t=1709633411123\x07{\"time\":\"2024-03-05T10:10:11Z\",\"level\":\"error\",\"msg\":\"no\"}\n\x1b_bk;t=1709633412123\x07{\"time\":\"2024-03-05T10:10:12Z\",\"level\":\"info\",\"msg\":\"up\"}\n",
        &[("2024-03-05T10:10:11Z", "error", "no"), ("2024-03-05T10:10:12Z", "info", "up")],
    ),
    (
        "ASP.NET's log of HTTP, with a date among the headers",
        "info: Microsoft.AspNetCore.HttpLogging.HttpLoggingMiddleware[2]\n      Response:\n      StatusCode: 500\n      Date: Tue, 05 Mar 2024 10:10:11 GMT\nwarn: A.Till[0]\n      late\n",
        &[
            ("", "info", "Response:\n      StatusCode: 500\n      Date: Tue, 05 Mar 2024 10:10:11 GMT"),
            ("", "warn", "late"),
        ],
    ),
];

#[test]
fn entries_are_read_as_they_were_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("till.log");
    let mut wrong = Vec::new();
    for (name, text, expected) in CASES {
        fs::write(&path, text).expect("a file");
        let read = read(&survey(&path));
        let entries: Vec<(String, String, String)> = read.iter().map(shown).collect();
        // What opens a document, and blank lines, are no events.
        let events = &entries[entries.len().saturating_sub(expected.len())..];
        let same = events.iter().zip(*expected).all(|(entry, (ts, level, message))| {
            (&*entry.0, &*entry.1, &*entry.2) == (*ts, *level, *message)
        });
        if !same || entries.len() > expected.len() + 1 {
            wrong.push(format!("{name}: {entries:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// A shop's log without any time, that goes wrong from line 301 on.
fn without_a_clock() -> String {
    let line = |n: usize| match n {
        301.. if n.is_multiple_of(2) => {
            format!("ERROR order {n} failed: Connection refused to store-db:5432\n")
        }
        _ => format!("INFO order {n} placed for user {}\n", n % 37),
    };
    (1..=500).map(line).collect()
}

#[test]
fn where_no_clock_is_the_order_of_lines_is_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("till.log");
    let shown = path.to_string_lossy().into_owned();
    fs::write(&path, without_a_clock()).expect("a file");
    for command in ["detect", "investigate"] {
        let ran = obs(&[command, &shown]);
        assert!(ran.text().contains("line 302"), "{command}: {}", ran.text());
        assert!(ran.text().contains("connections fail"), "{command}: {}", ran.text());
        assert!(ran.stderr.contains("the order of its lines is taken"), "{command}: {}", ran.stderr);
        let json = obs(&[command, &shown, "--output", "json"]).json();
        assert!(json.to_string().contains("line 302"), "{command}: {json}");
    }
    // Others say that there is no time.
    let entries = obs(&["grep", "Connection refused", &shown, "--output", "jsonl"]).text();
    assert!(entries.contains("\"timestamp\":null"), "{entries}");
    let page = folder.path().join("page.html");
    let ran = obs(&["investigate", &shown, "--html", &page.to_string_lossy()]);
    assert_eq!(ran.stderr.matches("error:").count(), 0, "{}", ran.stderr);
}

#[test]
fn the_name_of_a_state_is_no_failure() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("till.log");
    let shown = path.to_string_lossy().into_owned();
    for said in [
        "pool exhausted: false",
        "poolExhausted=false",
        "out of memory=no",
        "disk full: none",
        "disk full alarm at 95%",
        "disk full threshold is 90%",
        "health of db ok, pool exhausted: false, out of memory: no",
    ] {
        let line = |n: usize| {
            let text = if n.is_multiple_of(10) { said.to_owned() } else { format!("job {n} is done") };
            format!("2024-03-05T10:{:02}:{:02}Z INFO {text}\n", n / 60, n % 60)
        };
        fs::write(&path, (0..300).map(line).collect::<String>()).expect("a file");
        let out = obs(&["detect", &shown]).text();
        assert!(out.contains("Nothing was found"), "{said}: {out}");
    }
}
