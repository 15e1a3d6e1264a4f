//! Patterns of `obs grep`: what `-e -F -i -S -w -x` mean, found in whole chunks and in entries.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use memchr::memmem;
use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::parse::{MAX_PATTERN, MAX_PROGRAM};
use crate::model::Error;

/// How letters compare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Case {
    /// As they are.
    #[default]
    Sensitive,
    /// `-i`: large and small alike.
    Insensitive,
    /// `-S`: alike, unless there is a large letter in the pattern.
    Smart,
}

/// What was asked for beside the patterns themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PatternOptions {
    /// `-F`: the patterns are text, no regular expressions.
    pub fixed: bool,
    /// How letters compare.
    pub case: Case,
    /// `-w`: a match has no word character before and after it.
    pub word: bool,
    /// `-x`: a match is a whole line. Wins over `word`.
    pub line: bool,
}

/// One or several patterns as one, ready to search. `^` and `$` are the ends of lines, `\n` or `\r\n`.
/// Threads search faster with a clone each, since a clone has its own scratch memory.
#[derive(Clone, Debug)]
pub struct Pattern {
    searcher: Searcher,
    crosses_lines: bool,
}

#[derive(Clone, Debug)]
enum Searcher {
    /// No pattern: matches nothing.
    Nothing,
    Text(Box<memmem::Finder<'static>>),
    Texts(AhoCorasick),
    Regex(Box<Regex>),
}

/// What is wrong with a regular expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reason {
    pub(super) message: String,
    /// The bytes of the pattern that are meant.
    pub(super) span: Range<usize>,
}

impl Pattern {
    /// One pattern out of several alternatives; none at all matches nothing. An error points at the place.
    pub fn new<P: AsRef<str>>(patterns: &[P], options: PatternOptions) -> Result<Pattern, Error> {
        let patterns: Vec<&str> = patterns.iter().map(AsRef::as_ref).collect();
        let plain = options.fixed && !options.word && !options.line;
        let insensitive = match options.case {
            Case::Sensitive => false,
            Case::Insensitive => true,
            Case::Smart => letters_are_small(&patterns, options.fixed)?,
        };
        let searcher = match patterns.as_slice() {
            [] => Searcher::Nothing,
            [one] if plain && !insensitive => Searcher::Text(Box::new(memmem::Finder::new(one).into_owned())),
            several if plain && !insensitive => Searcher::Texts(texts(several)?),
            several => return regex(several, options, insensitive),
        };
        let crosses_lines = patterns.iter().any(|pattern| pattern.contains('\n'));
        Ok(Pattern { searcher, crosses_lines })
    }

    /// The first match that starts at or after `at`. What stands before `at` counts for `^`, `\b` and `-w`.
    pub fn find_at(&self, haystack: &[u8], at: usize) -> Option<Range<usize>> {
        let rest = haystack.get(at..)?;
        match &self.searcher {
            Searcher::Nothing => None,
            Searcher::Text(finder) => {
                let start = at + finder.find(rest)?;
                Some(start..start + finder.needle().len())
            }
            Searcher::Texts(searcher) => searcher.find(rest).map(|m| at + m.start()..at + m.end()),
            Searcher::Regex(regex) => regex.find_at(haystack, at).map(|m| m.range()),
        }
    }

    /// Is there a match in this entry?
    pub fn is_match(&self, entry: &[u8]) -> bool {
        match &self.searcher {
            Searcher::Nothing => false,
            Searcher::Text(finder) => finder.find(entry).is_some(),
            Searcher::Texts(searcher) => searcher.is_match(entry),
            Searcher::Regex(regex) => regex.is_match(entry),
        }
    }

    /// Can a match hold a line end, or depend on where the entry begins and ends (`\A`, `\z`)? If not, it lies
    /// within one line, and is found in a whole chunk just as in the entry alone. If so, only
    /// [`Pattern::is_match`] on each entry tells.
    pub fn crosses_lines(&self) -> bool {
        self.crosses_lines
    }

    /// The matches in an entry from left to right, without empty ones: what is highlighted, and what `-o`
    /// prints. One search is linear in the length of the line it is in, so all of them together are quadratic at
    /// worst in that of the longest line, and only if the pattern looks far behind its match; where a match can
    /// cross lines, in that of the entry.
    pub fn spans<'p, 'e>(&'p self, entry: &'e [u8]) -> Spans<'p, 'e> {
        Spans { pattern: self, entry, at: 0, line: None }
    }
}

/// The matches of a pattern in an entry.
#[derive(Clone, Debug)]
pub struct Spans<'p, 'e> {
    pattern: &'p Pattern,
    entry: &'e [u8],
    at: usize,
    /// Where the line ends that is searched, and whether another one follows. It is looked for once a line: a long one may
    /// have a match in every byte.
    line: Option<(usize, bool)>,
}

impl Iterator for Spans<'_, '_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        loop {
            let rest = self.entry.get(self.at..)?;
            let known = self.line.filter(|(end, _)| self.at <= *end);
            let (end, more) = known.unwrap_or_else(|| {
                let newline = memchr::memchr(b'\n', rest).filter(|_| !self.pattern.crosses_lines);
                newline.map_or((self.entry.len(), false), |newline| (self.at + newline, true))
            });
            self.line = Some((end, more));
            let Some(found) = self.pattern.find_at(&self.entry[..end], self.at) else {
                // No match goes beyond its line.
                if !more {
                    return None;
                }
                self.at = end + 1;
                continue;
            };
            self.at = found.end + usize::from(found.is_empty());
            if !found.is_empty() {
                return Some(found);
            }
        }
    }
}

fn texts(patterns: &[&str]) -> Result<AhoCorasick, Error> {
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostFirst)
        .build(patterns)
        .map_err(|_| Error::usage("there are too many patterns").hinted("search for fewer of them at a time"))
}

/// Are there letters in the patterns as text, and only small ones? Then `-S` does not care about their size.
fn letters_are_small(patterns: &[&str], fixed: bool) -> Result<bool, Error> {
    let mut letters = Letters::default();
    for pattern in patterns {
        if fixed {
            pattern.chars().for_each(|c| letters.saw(c));
        } else {
            let ast = regex_syntax::ast::parse::Parser::new()
                .parse(pattern)
                .map_err(|error| bad_regex(pattern, &Reason::of(&regex_syntax::Error::Parse(error))))?;
            // The visitor has no way to fail.
            let Ok(()) = regex_syntax::ast::visit(&ast, &mut letters);
        }
    }
    Ok(letters.any && !letters.large)
}

/// What `-S` wants to know about a pattern's literal characters; classes such as `\S` are none.
#[derive(Default)]
struct Letters {
    any: bool,
    large: bool,
}

impl Letters {
    fn saw(&mut self, c: char) {
        self.any = true;
        self.large |= c.is_uppercase();
    }
}

impl regex_syntax::ast::Visitor for &mut Letters {
    type Output = ();
    type Err = std::convert::Infallible;

    fn finish(self) -> Result<(), Self::Err> {
        Ok(())
    }

    fn visit_pre(&mut self, ast: &regex_syntax::ast::Ast) -> Result<(), Self::Err> {
        if let regex_syntax::ast::Ast::Literal(literal) = ast {
            self.saw(literal.c);
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &regex_syntax::ast::ClassSetItem) -> Result<(), Self::Err> {
        match item {
            regex_syntax::ast::ClassSetItem::Literal(literal) => self.saw(literal.c),
            regex_syntax::ast::ClassSetItem::Range(range) => {
                self.saw(range.start.c);
                self.saw(range.end.c);
            }
            _ => {}
        }
        Ok(())
    }
}

/// Compiles patterns, each of them checked alone first, so that an error is about what was typed.
fn regex(patterns: &[&str], options: PatternOptions, insensitive: bool) -> Result<Pattern, Error> {
    let mut parser = regex_syntax::ParserBuilder::new();
    parser.utf8(false).multi_line(true).crlf(true).case_insensitive(insensitive);
    let mut pieces = Vec::with_capacity(patterns.len());
    let mut crosses_lines = false;
    for pattern in patterns {
        let source = if options.fixed { regex_syntax::escape(pattern) } else { (*pattern).to_owned() };
        if !options.fixed && source.len() > MAX_PATTERN {
            return Err(Error::usage(format!("the pattern is longer than {MAX_PATTERN} bytes"))
                .hinted("give several patterns with -e, or text with -F"));
        }
        let hir = parser.build().parse(&source).map_err(|error| bad_regex(pattern, &Reason::of(&error)))?;
        if is_too_large(&hir) {
            return Err(too_large());
        }
        crosses_lines |= can_hold_line_end(&hir);
        // A comment of (?x) would swallow the parenthesis that is put behind the pattern.
        pieces.push(if source.contains('#') && !options.fixed { hir.to_string() } else { source });
    }
    let joined = match pieces.as_slice() {
        [one] if !options.word && !options.line => one.clone(),
        several => several.iter().map(|piece| format!("(?:{piece})")).collect::<Vec<_>>().join("|"),
    };
    let whole = match (options.line, options.word) {
        (true, _) => format!("^(?:{joined})$"),
        (false, true) => format!(r"\b{{start-half}}(?:{joined})\b{{end-half}}"),
        (false, false) => joined,
    };
    let regex = RegexBuilder::new(&whole)
        .multi_line(true)
        .crlf(true)
        .case_insensitive(insensitive)
        .size_limit(MAX_PROGRAM)
        .build()
        .map_err(|_| too_large())?;
    Ok(Pattern { searcher: Searcher::Regex(Box::new(regex)), crosses_lines })
}

fn too_large() -> Error {
    Error::usage("the pattern needs too much memory")
        .hinted("use smaller counts in {…}, (?-u) for ASCII classes, or -F for text")
}

fn bad_regex(pattern: &str, reason: &Reason) -> Error {
    Error::usage(format!("this is no regular expression: {}", reason.message))
        .at(pattern, reason.span.clone())
        .hinted(if ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|look| pattern.contains(look)) {
            "look-around is no part of obs's patterns, which take linear time; --where can ask for more than one thing"
        } else {
            "to search for the text as it is, use -F"
        })
}

/// The structure of a regular expression in a condition, or what is wrong with it.
pub(super) fn syntax(source: &str) -> Result<Hir, Reason> {
    let mut parser = regex_syntax::ParserBuilder::new();
    parser.utf8(false).build().parse(source).map_err(|error| Reason::of(&error))
}

impl Reason {
    fn of(error: &regex_syntax::Error) -> Reason {
        let (message, span) = match error {
            regex_syntax::Error::Parse(error) => (error.kind().to_string(), *error.span()),
            regex_syntax::Error::Translate(error) => (error.kind().to_string(), *error.span()),
            other => return Reason { message: other.to_string(), span: 0..0 },
        };
        Reason { message, span: span.start.offset..span.end.offset }
    }
}

/// Would this be refused for its size in the end? Told in advance where it is certain, because compiling up
/// to the limit takes a tenth of a second.
pub(super) fn is_too_large(hir: &Hir) -> bool {
    /// Bytes of program that a range of characters takes at least, and a single byte.
    const RANGE: usize = 50;
    const BYTE: usize = 8;
    fn size(hir: &Hir) -> usize {
        match hir.kind() {
            HirKind::Literal(literal) => literal.0.len() * BYTE,
            HirKind::Class(Class::Unicode(class)) => class.ranges().len() * RANGE,
            HirKind::Empty | HirKind::Look(_) | HirKind::Class(Class::Bytes(_)) => BYTE,
            HirKind::Repetition(repetition) => {
                let times = repetition.max.unwrap_or(repetition.min).max(1) as usize;
                times.saturating_mul(size(&repetition.sub))
            }
            HirKind::Capture(capture) => size(&capture.sub),
            HirKind::Concat(parts) | HirKind::Alternation(parts) => {
                parts.iter().map(size).fold(0, usize::saturating_add)
            }
        }
    }
    size(hir) > MAX_PROGRAM
}

/// Can a match of this hold a `\n`, or depend on the ends of the whole text?
fn can_hold_line_end(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Look(look) => matches!(look, Look::Start | Look::End),
        HirKind::Empty => false,
        HirKind::Literal(literal) => literal.0.contains(&b'\n'),
        HirKind::Class(Class::Unicode(class)) => {
            class.iter().any(|range| range.start() <= '\n' && '\n' <= range.end())
        }
        HirKind::Class(Class::Bytes(class)) => {
            class.iter().any(|range| range.start() <= b'\n' && b'\n' <= range.end())
        }
        HirKind::Repetition(repetition) => repetition.max != Some(0) && can_hold_line_end(&repetition.sub),
        HirKind::Capture(capture) => can_hold_line_end(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(can_hold_line_end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: PatternOptions =
        PatternOptions { fixed: false, case: Case::Sensitive, word: false, line: false };

    fn pattern(patterns: &[&str], options: PatternOptions) -> Pattern {
        Pattern::new(patterns, options).unwrap_or_else(|error| panic!("{patterns:?}: {error}"))
    }

    #[test]
    fn options_mean_what_they_mean_to_grep() {
        let fixed = PatternOptions { fixed: true, ..PLAIN };
        let word = PatternOptions { word: true, ..PLAIN };
        let line = PatternOptions { line: true, ..PLAIN };
        let any_case = PatternOptions { case: Case::Insensitive, ..PLAIN };
        let smart = PatternOptions { case: Case::Smart, ..PLAIN };
        for (patterns, options, text, expected) in [
            (&["a.c"][..], PLAIN, "abc", true),
            (&["a.c"], fixed, "abc", false),
            (&["a.c", "b"], fixed, "abc", true),
            (&["a.c", "x"], fixed, "a.c", true),
            (&["A.C"], PatternOptions { case: Case::Insensitive, ..fixed }, "xa.cx", true),
            (&["A.C"], PatternOptions { case: Case::Insensitive, ..fixed }, "xabcx", false),
            (&["ERROR"], any_case, "error", true),
            (&["error"], smart, "ERROR", true),
            (&["Error"], smart, "ERROR", false),
            (&[r"\Serror"], smart, "XERROR", true),
            (&["[A-Z]rror"], smart, "ERROR", false),
            (&["error", "Warn"], smart, "ERROR", false),
            (&["error"], PatternOptions { fixed: true, ..smart }, "ERROR", true),
            (&["123"], smart, "123", true),
            (&["foo"], word, "foobar", false),
            (&["foo"], word, "foobar foo", true),
            (&["-foo"], word, "a -foo", true),
            (&["foo"], word, "_foo", false),
            (&["foo|bar"], word, "foox bar", true),
            (&["foo"], line, "xfoo\nfoo\n", true),
            (&["foo"], line, "xfoo\nfoox", false),
            (&["foo"], line, "foo\r\nx", true),
            (&["foo", "bar"], line, "bar", true),
            (&["o|x"], line, "foo", false),
            (&["^at "], PLAIN, "java.lang.X\nat y", true),
            (&["x$"], PLAIN, "x\r\ny", true),
            (&["(?x) a b # comment"], word, "ab", true),
            (&["(?x) a b # comment", "q"], PLAIN, "q", true),
            (&[""], PLAIN, "", true),
            (&[""], fixed, "x", true),
            (&[], PLAIN, "", false),
        ] {
            let found = pattern(patterns, options).is_match(text.as_bytes());
            assert_eq!(found, expected, "{patterns:?} {options:?} in {text:?}");
        }
    }

    #[test]
    fn spans_are_the_matches_from_left_to_right() {
        for (text, options, entry, expected) in [
            ("o+", PLAIN, "foo boo", &[(1, 3), (5, 7)][..]),
            ("o*", PLAIN, "foo", &[(1, 3)]),
            ("oo", PatternOptions { fixed: true, ..PLAIN }, "foo boo", &[(1, 3), (5, 7)]),
            ("^.", PLAIN, "ab\ncd", &[(0, 1), (3, 4)]),
            ("", PLAIN, "ab", &[]),
            ("foo", PatternOptions { word: true, ..PLAIN }, "foofoo foo", &[(7, 10)]),
        ] {
            let found: Vec<_> =
                pattern(&[text], options).spans(entry.as_bytes()).map(|m| (m.start, m.end)).collect();
            assert_eq!(found, expected, "{text:?} in {entry:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn spans_line_by_line_are_those_of_the_whole(
            entry in "[ab \r\n]{0,40}",
            at in 0..7_usize,
        ) {
            let text = ["a+", "^a", "a$", "b*", r"\bab", ".*b|a", "^$"][at];
            let pattern = pattern(&[text], PLAIN);
            let spans: Vec<_> = pattern.spans(entry.as_bytes()).collect();
            let (mut whole, mut from) = (Vec::new(), 0);
            while let Some(found) = pattern.find_at(entry.as_bytes(), from) {
                from = found.end + usize::from(found.is_empty());
                whole.extend((!found.is_empty()).then_some(found));
            }
            proptest::prop_assert_eq!(spans, whole, "{}", text);
        }
    }

    #[test]
    fn patterns_that_can_cross_lines_are_known() {
        for (text, crosses) in [
            ("foo", false),
            ("foo.*bar", false),
            (r"\d+$", false),
            (r"[^\n]", false),
            (r"foo\s+bar", true),
            ("[^x]", true),
            (r"a\nb", true),
            ("(?s)a.b", true),
            (r"\W", true),
            (r"(?-u:\xFF)", false),
            ("^a$", false),
            (r"\Aa", true),
            (r"a\z", true),
            ("(?-m)^a", true),
        ] {
            assert_eq!(pattern(&[text], PLAIN).crosses_lines(), crosses, "{text}");
        }
        let fixed = PatternOptions { fixed: true, ..PLAIN };
        assert!(pattern(&["a\nb"], fixed).crosses_lines() && !pattern(&[r"a\nb"], fixed).crosses_lines());
    }

    #[test]
    fn bad_patterns_are_refused_at_their_place() {
        for (text, at) in
            [("a(b", "("), ("a)b", ")"), ("[z-a]", "z-a"), (r"a\p{Foo}b", r"\p{Foo}"), ("*", "")]
        {
            for options in [PLAIN, PatternOptions { case: Case::Smart, ..PLAIN }] {
                let error = Pattern::new(&["fine", text], options).expect_err(text);
                let (source, span) = error.source_span.expect(text);
                assert_eq!((source.as_str(), &source[span]), (text, at), "{text}");
                assert!(error.hint.is_some_and(|hint| hint.contains("-F")));
            }
        }
        for text in [r"\w{500}{500}", &"x".repeat(MAX_PATTERN + 1), &"(".repeat(100_000)] {
            assert!(Pattern::new(&[text], PLAIN).is_err());
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_searched_too() {
        assert_eq!(pattern(&["b+"], PLAIN).find_at(b"\xff\xfebb\xff", 0), Some(2..4));
        assert_eq!(pattern(&[r"(?-u:\xFF)"], PLAIN).find_at(b"a\xff", 0), Some(1..2));
        assert_eq!(pattern(&["x"], PLAIN).find_at(b"x", 7), None);
    }
}
