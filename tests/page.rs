//! The page of `obs investigate --html`, looked at without a browser: what it may load, that it is whole, that the
//! pictures can be read without eyes, that no byte of a log acts, and that its commands give its numbers again.

use std::collections::BTreeSet;

use super::program::{obs, shell, temporary};

/// The page of these paths.
fn page(options: &[&str]) -> String {
    let folder = temporary();
    let file = folder.path().join("page.html");
    let mut args = vec!["investigate", "-q", "--html", file.to_str().unwrap()];
    args.extend(options);
    let ran = obs(&args);
    assert_eq!(ran.code, 0, "{ran:?}");
    std::fs::read_to_string(file).unwrap()
}

/// A start or an end tag with its attributes.
#[derive(Debug)]
struct Tag<'p> {
    name: &'p str,
    end: bool,
    empty: bool,
    attributes: Vec<(&'p str, &'p str)>,
}

/// The tags of a page, as strictly as obs writes them: every value in double quotes, no stray `<`, `>` or `&`.
fn tags(page: &str) -> Vec<Tag<'_>> {
    let mut tags = Vec::new();
    let body = page.strip_prefix("<!DOCTYPE html>\n").expect("a doctype");
    // The style sheet is no text.
    let (before, rest) = body.split_once("<style>").unwrap();
    let (_, after) = rest.split_once("</style>").unwrap();
    for part in [before, after] {
        let mut rest = part;
        while let Some((text, tag)) = rest.split_once('<') {
            check_text(text);
            let (tag, after) = split_tag(tag);
            rest = after;
            tags.push(parsed(tag));
        }
        check_text(rest);
    }
    tags
}

fn check_text(text: &str) {
    assert!(!text.contains('>'), "{text:?}");
    for entity in text.split('&').skip(1) {
        let known = ["amp;", "lt;", "gt;", "quot;", "#39;"];
        assert!(known.iter().any(|name| entity.starts_with(name)), "&{entity}");
    }
}

/// A tag up to its `>`, which may stand in a quoted value, and what follows.
fn split_tag(text: &str) -> (&str, &str) {
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '>' if !quoted => return (&text[..at], &text[at + 1..]),
            _ => {}
        }
    }
    panic!("a tag without an end: {text:.80}");
}

fn parsed(tag: &str) -> Tag<'_> {
    let (end, tag) = tag.strip_prefix('/').map_or((false, tag), |tag| (true, tag));
    let (empty, tag) = tag.strip_suffix('/').map_or((false, tag), |tag| (true, tag));
    let (name, mut rest) = tag.split_once([' ', '\n']).unwrap_or((tag, ""));
    let mut attributes = Vec::new();
    while let Some((key, value)) = rest.split_once("=\"") {
        let (value, after) = value.split_once('"').expect("a value ends");
        assert!(!value.contains('<'), "{value}");
        attributes.push((key.trim(), value));
        rest = after;
    }
    assert_eq!(rest.trim(), "", "{tag}");
    Tag { name, end, empty, attributes }
}

/// What holds for every page.
fn check(page: &str) -> Vec<Tag<'_>> {
    let tags = tags(page);
    let policy =
        tags.iter().flat_map(|tag| &tag.attributes).find(|(_, value)| value.starts_with("default-src"));
    let (_, policy) = policy.expect("a policy");
    for part in ["default-src 'none'", "style-src 'sha256-", "base-uri 'none'", "form-action 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("script-src"));
    let allowed: BTreeSet<&str> = [
        "html",
        "head",
        "meta",
        "title",
        "body",
        "main",
        "h1",
        "h2",
        "h3",
        "p",
        "div",
        "span",
        "strong",
        "ol",
        "li",
        "time",
        "pre",
        "code",
        "figure",
        "figcaption",
        "details",
        "summary",
        "table",
        "tr",
        "th",
        "td",
        "footer",
        "section",
        "svg",
        "desc",
        "rect",
        "line",
        "text",
        "polyline",
        "polygon",
        "circle",
        "path",
        "i",
        "dl",
        "dt",
        "dd",
    ]
    .into();
    let mut open = Vec::new();
    let (mut ids, mut named) = (BTreeSet::new(), Vec::new());
    for tag in &tags {
        assert!(allowed.contains(tag.name), "{tag:?}");
        match (tag.end, tag.empty || tag.name == "meta") {
            (true, _) => assert_eq!(open.pop(), Some(tag.name)),
            (false, true) => {}
            (false, false) => open.push(tag.name),
        }
        for (key, value) in &tag.attributes {
            assert!(!key.starts_with("on") && !["style", "src", "href", "action"].contains(key), "{tag:?}");
            match *key {
                "id" => assert!(ids.insert(*value), "{value} twice"),
                "aria-labelledby" => named.extend(value.split(' ')),
                _ => {}
            }
        }
    }
    assert_eq!(open, Vec::<&str>::new());
    assert!(named.iter().all(|name| ids.contains(name)), "{named:?} of {ids:?}");
    let count = |name: &str| tags.iter().filter(|tag| tag.name == name && !tag.end).count();
    assert_eq!((count("h1"), count("main"), count("script")), (1, 1, 0));
    // Every picture has a name and a description; bars in tables stand beside their numbers.
    let hidden = |tag: &&Tag<'_>| tag.attributes.contains(&("aria-hidden", "true"));
    let bars = tags.iter().filter(|tag| tag.name == "svg").filter(hidden).count();
    let pictures = count("svg") - bars;
    assert_eq!((count("desc"), named.len()), (pictures, 2 * pictures));
    // No number went wrong on its way into a picture.
    for tag in &tags {
        for (key, value) in &tag.attributes {
            if ["x", "y", "x1", "x2", "y1", "y2", "width", "height", "cx", "cy", "points"].contains(key) {
                let numbers = value.split([' ', ',']).filter(|number| !number.is_empty());
                let wrong = |number: &str| {
                    // `width=device-width` is the viewport's.
                    number.parse::<f64>().map_or(true, |number| !(-50.0..5_000.0).contains(&number))
                };
                assert!(!numbers.into_iter().any(wrong), "{tag:?}");
            }
        }
    }
    tags
}

#[test]
fn the_page_of_an_outage_is_whole() {
    let rules = "fixtures/rules.yml";
    let mut options = vec!["fixtures/outage"];
    if std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(rules).exists() {
        options.extend(["-r", rules]);
    }
    let page = page(&options);
    let tags = check(&page);
    let figures = tags.iter().filter(|tag| tag.name == "figure" && !tag.end).count();
    let tables = page.matches("<details>").count();
    assert!(figures >= 8, "five pictures and three requests: {figures}");
    // A table stands behind every picture.
    assert!(tables >= figures, "{tables} of {figures}");
    for words in [
        "Something broke",
        "What happened",
        "Success of requests",
        "Latency",
        "Errors by service",
        "The pool of payment-service",
        "onset 03:04:56",
        "Requests to look at",
        "Evidence",
        "Every number again",
        "read 8 files",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(page.len() < 400_000, "{}", page.len());
}

#[test]
fn the_page_of_calm_data_says_so() {
    let page = page(&["fixtures/calm"]);
    check(&page);
    assert!(page.contains("Nothing is wrong") && !page.contains("Likely cause"));
}

#[test]
fn the_page_does_not_depend_on_threads_and_chunks() {
    let one = page(&["fixtures/outage", "-j1"]);
    assert!(one == page(&["fixtures/outage", "-j5", "--chunk", "3000"]));
}

#[test]
fn no_byte_of_a_log_acts_on_the_page() {
    let folder = temporary();
    let evil = r#"<script>alert(1)</script>\"><img src=x onerror=alert(2)>'</title></style></svg>&#x3c;b&#x3e; \u202e"#;
    let mut log = String::new();
    for n in 0..400 {
        let (level, status, message) = if n > 200 && n < 320 {
            ("error", 500, format!("connection pool exhausted {evil}"))
        } else {
            ("info", 200, "done".to_owned())
        };
        log.push_str(&format!(
            "{{\"time\":\"2024-05-04T10:{:02}:{:02}Z\",\"level\":\"{level}\",\"msg\":\"{message}\",\"status\":{status},\
             \"duration_ms\":{},\"service\":\"<b>shop\",\"request_id\":\"<i>{n}\\\"x\",\"path\":\"/<u>\"}}\n",
            n / 10,
            n % 10 * 6,
            n % 7 + 1
        ));
    }
    let name = folder.path().join("<img src=x onerror=alert(3)>.log");
    std::fs::write(&name, log).unwrap();
    let page = page(&[folder.path().to_str().unwrap()]);
    check(&page);
    assert!(page.contains("&lt;script&gt;alert(1)") && page.contains("Something broke"), "{page}");
    let clean = self::page(&["fixtures/outage"]);
    let names =
        |page: &str| -> BTreeSet<String> { tags(page).iter().map(|tag| tag.name.to_owned()).collect() };
    assert!(names(&page).is_subset(&names(&clean)), "{:?}", names(&page));
}

/// The commands of a page, as they are typed.
fn commands(page: &str) -> Vec<String> {
    let part = |text: &str| {
        let text = text.split_once("</code>").map(|(code, _)| code).unwrap_or_default();
        text.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&amp;", "&")
    };
    page.split("<pre class=\"command\"><code>").skip(1).map(part).collect()
}

#[test]
fn the_commands_of_a_page_give_its_numbers_again() {
    let page = page(&["fixtures/outage"]);
    let commands = commands(&page);
    assert!(commands.len() >= 10, "{commands:#?}");
    for command in &commands {
        let ran = shell(&command.replacen("obs ", "\"$OBS\" ", 1));
        assert_eq!(ran.code, 0, "{command}: {ran:?}");
    }
    for (name, before) in [
        ("Success before", "</strong></p>"),
        ("Success during", "</strong></p>"),
        ("Success after", "</strong></p>"),
    ] {
        let (_, rest) = page.split_once(&format!("{name}: <strong>")).unwrap();
        let (number, rest) = rest.split_once(before).unwrap();
        let command = &self::commands(rest)[0];
        let ran = shell(&command.replacen("obs ", "\"$OBS\" ", 1));
        assert!(ran.text().contains(number), "{name}: {number}, but {command} says\n{}", ran.text());
    }
}

#[test]
fn the_page_goes_where_it_is_told() {
    let folder = temporary();
    let ran = obs(&["investigate", "fixtures/calm", "--html", folder.path().to_str().unwrap()]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("is a directory"), "{ran:?}");
    let markdown = folder.path().join("page.md");
    let ran = obs(&["investigate", "fixtures/outage", "-q", "--markdown", markdown.to_str().unwrap()]);
    assert_eq!(ran.code, 0);
    let text = std::fs::read_to_string(markdown).unwrap();
    assert!(text.starts_with("# **Something broke**") && text.contains("## Every number again"), "{text}");
    // Beside it the short story is told as ever.
    assert!(ran.text().starts_with("  Something broke"));
}

#[test]
fn a_redacted_page_names_nobody() {
    let folder = temporary();
    let file = folder.path().join("page.html");
    let ran = obs(&[
        "investigate",
        "-q",
        "--redact",
        "--output",
        "json",
        "fixtures/outage",
        "--html",
        file.to_str().unwrap(),
    ]);
    let page = std::fs::read_to_string(file).unwrap();
    check(&page);
    let hex = |word: &str| word.len() == 36 && word.matches('-').count() == 4;
    let words = |text: &str| {
        text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    for text in [&page, &ran.text()] {
        for word in words(text) {
            assert!(!hex(&word) && !word.starts_with("user_1") && !word.starts_with("order_1"), "{word}");
        }
        assert!(!text.contains("10.1."), "an address");
    }
    // The same request has the same name in both.
    let json = ran.json();
    let first = json["examples"][0]["id"].as_str().unwrap();
    assert!(first.starts_with("id-") && page.contains(&format!("--id {first}<")), "{first}");
}

#[test]
fn numbers_without_probes_and_of_words_are_those_of_their_commands() {
    let folder = temporary();
    let mut log = String::new();
    for n in 0..2_400 {
        let broken = (1_200..1_500).contains(&n) && n % 2 == 0;
        let (path, status) = match n % 4 {
            0 => ("/api/v1/health?full=1", 200),
            1 => ("/orders/17/pay", 200),
            _ if broken => ("/orders/18/pay", 500),
            _ => ("/orders", 200),
        };
        let message = if status == 500 { "write /data/x: no space left on device" } else { "handled" };
        log.push_str(&format!(
            "{{\"ts\":\"2024-05-04T10:{:02}:{:02}.{}Z\",\"level\":\"{}\",\"msg\":\"{message}\",\"status\":{status},\
             \"duration\":0.0{},\"request\":{{\"method\":\"GET\",\"uri\":\"{path}\"}}}}\n",
            n / 40,
            n % 40 + n % 20,
            n % 10,
            if status == 500 { "error" } else { "info" },
            n % 7 + 1
        ));
    }
    std::fs::write(folder.path().join("edge's own.log"), log).unwrap();
    let page = page(&[folder.path().to_str().unwrap(), "--tz", "Asia/Seoul"]);
    let command = |title: &str| {
        let (_, rest) = page.split_once(title).unwrap_or_else(|| panic!("{title} of {page}"));
        let said = rest.split("<pre").next().unwrap_or_default().to_owned();
        let command = commands(rest).swap_remove(0);
        assert!(command.contains("--tz Asia/Seoul"), "{command}");
        (said, command.replacen("obs ", "\"$OBS\" ", 1))
    };
    let (said, requests) = command("<h3>Requests</h3>");
    let json = shell(&format!("{requests} --output json")).json();
    let sum = |key: &str| -> u64 {
        json["groups"].as_array().unwrap().iter().filter_map(|group| group[key].as_u64()).sum()
    };
    assert_eq!((sum("requests"), sum("success")), (1_800, 1_725), "{requests}");
    assert!(said.contains("1,800 in ") && said.contains("of which 75 failed"), "{said}");
    let (said, words) = command("<h3>disk in ");
    let count = shell(&words).text();
    assert!(said.contains(&format!(": {}.", count.trim())) && count.trim() == "75", "{said} {words} {count}");
}

#[test]
fn what_metrics_alone_count_is_asked_of_them() {
    let folder = temporary();
    let metrics = folder.path().join("shop.om");
    std::fs::copy("fixtures/outage/metrics/payment-service.om", &metrics).unwrap();
    let page = page(&[folder.path().to_str().unwrap()]);
    check(&page);
    for name in ["Success before", "Success during", "Success after"] {
        let (_, rest) = page.split_once(&format!("{name}: <strong>")).unwrap_or_else(|| panic!("{page}"));
        let percent: f64 = rest.split_once(" %").unwrap().0.parse().unwrap();
        let command = &commands(rest)[0];
        let answer = shell(&format!("{} --output json", command.replacen("obs ", "\"$OBS\" ", 1))).json();
        let value = answer["data"]["result"][0]["value"][1].as_str().unwrap_or_else(|| panic!("{answer}"));
        let rate = 100.0 * value.parse::<f64>().unwrap();
        assert!((rate - percent).abs() < 0.06, "{name}: {percent} %, but {command} says {rate}");
    }
    assert!(!page.contains("obs stats . "), "{page}");
}
