//! Tokens to a tree: actions, pipelines, operands; with unknown functions and variables found here, not later.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::functions::{self, Dialect};
use crate::rules::yaml::Place;

use super::lex::{Located, Token, lex};

/// Parentheses and control structures nest at most this deep.
const MAX_DEPTH: usize = 100;

/// No template, and no file of templates, is longer than this many bytes.
const LONGEST: usize = 1 << 20;

/// A parsed template.
#[derive(Clone, Debug)]
pub struct Template {
    /// What it is of, for messages.
    pub(super) name: String,
    pub(super) source: Arc<str>,
    pub(super) main: Vec<Node>,
    pub(super) definitions: BTreeMap<String, Definition>,
}

/// What stands in a `define`, and the text that it is part of.
#[derive(Clone, Debug)]
pub(super) struct Definition {
    pub(super) body: Arc<Vec<Node>>,
    pub(super) source: Arc<str>,
}

/// Why a text is no template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// The template's name.
    pub name: String,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// The byte of the template's text where it is wrong.
    pub offset: usize,
    line: usize,
}

impl TemplateError {
    /// The line in which it is wrong.
    pub fn place(&self) -> Place {
        Place { line: self.line as u32, column: 1 }
    }

    /// The message with its line, without what was being done.
    pub(super) fn without_context(&self) -> String {
        format!("template: {}:{}: {}", self.name, self.line, self.message)
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "error parsing template {}: template: {}:{}: {}",
            self.name, self.name, self.line, self.message
        )
    }
}

/// A part of a template.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// Text that stands for itself.
    Text(String),
    /// A pipeline whose value is printed, unless it only sets variables.
    Action(Pipe),
    /// `if`.
    If(Pipe, Vec<Node>, Vec<Node>),
    /// `with`.
    With(Pipe, Vec<Node>, Vec<Node>),
    /// `range`.
    Range(Pipe, Vec<Node>, Vec<Node>),
    /// `template "name" pipeline`.
    Call(String, Option<Pipe>),
    /// `break`.
    Break,
    /// `continue`.
    Continue,
}

/// `$a, $b := command | command`.
#[derive(Clone, Debug)]
pub(super) struct Pipe {
    /// Variables that are set.
    pub variables: Vec<String>,
    /// `=` instead of `:=`.
    pub assigns: bool,
    /// The commands, each fed with the value of the one before.
    pub commands: Vec<Command>,
}

/// An operand with arguments.
#[derive(Clone, Debug)]
pub(super) struct Command {
    /// The first is the function or value, the others are arguments.
    pub operands: Vec<Operand>,
    /// Bytes of it in the source.
    pub span: (usize, usize),
}

/// An operand.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    /// `.`.
    Dot,
    /// `nil`.
    Nil,
    /// `true`, `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction or an exponent.
    Float(f64),
    /// A string.
    Text(String),
    /// A function's name.
    Function(String),
    /// `$x.a.b`.
    Variable(String, Vec<String>),
    /// `.a.b`.
    Field(Vec<String>),
    /// `(pipeline).a.b`.
    Nested(Box<Pipe>, Vec<String>),
}

/// Parses a template.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn parse(name: &str, source: &str) -> Result<Template, TemplateError> {
    parse_in(Dialect::Alerts, name, source)
}

/// Parses a template of a dialect.
pub(super) fn parse_in(dialect: Dialect, name: &str, source: &str) -> Result<Template, TemplateError> {
    let shared: Arc<str> = source.into();
    let variables: &[&str] = match dialect {
        Dialect::Alerts => &["$", "$labels", "$externalLabels", "$externalURL", "$value"],
        Dialect::Notifications => &["$"],
    };
    let build = || -> Result<Template, (String, usize)> {
        if source.len() > LONGEST {
            return Err((format!("the template is longer than {LONGEST} bytes"), 0));
        }
        let tokens = lex(source)?;
        let mut parser = Parser {
            tokens,
            at: 0,
            end: source.len(),
            variables: variables.iter().map(|name| (*name).to_owned()).collect(),
            dialect,
            source: Arc::clone(&shared),
            definitions: BTreeMap::new(),
            depth: 0,
            ranges: 0,
        };
        let (main, ended) = parser.list(Inside::Top)?;
        if let Ended::By(word, at) = ended {
            return Err((format!("unexpected {{{{{word}}}}}"), at));
        }
        Ok(Template {
            name: name.to_owned(),
            source: Arc::clone(&shared),
            main,
            definitions: parser.definitions,
        })
    };
    build().map_err(|(message, offset)| TemplateError {
        name: name.to_owned(),
        line: 1 + source.get(..offset).unwrap_or(source).matches('\n').count(),
        message,
        offset,
    })
}

type Parsed<T> = Result<T, (String, usize)>;

#[derive(Clone, Copy, PartialEq)]
enum Inside {
    Top,
    Block,
    /// After `else`: only `end` may follow.
    Else,
}

enum Ended {
    /// The template is over.
    End,
    /// `{{end}}` or `{{else …`; the parser stands after the word.
    By(String, usize),
}

struct Parser {
    tokens: Vec<Located>,
    at: usize,
    end: usize,
    variables: Vec<String>,
    dialect: Dialect,
    source: Arc<str>,
    definitions: BTreeMap<String, Definition>,
    depth: usize,
    ranges: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn offset(&self) -> usize {
        self.tokens.get(self.at).map_or(self.end, |(_, at)| *at)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).map(|(token, _)| token.clone());
        self.at += 1;
        token
    }

    fn skip_space(&mut self) {
        while self.peek() == Some(&Token::Space) {
            self.at += 1;
        }
    }

    fn fail<T>(&self, message: impl Into<String>) -> Parsed<T> {
        Err((message.into(), self.offset()))
    }

    fn deeper(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail(format!("nested deeper than {MAX_DEPTH} levels"));
        }
        Ok(())
    }

    fn list(&mut self, inside: Inside) -> Parsed<(Vec<Node>, Ended)> {
        let mut nodes = Vec::new();
        loop {
            match self.next() {
                None => {
                    if inside != Inside::Top {
                        return self.fail("unexpected EOF");
                    }
                    return Ok((nodes, Ended::End));
                }
                Some(Token::Text(text)) => nodes.push(Node::Text(text)),
                Some(_) => {
                    self.skip_space();
                    let at = self.offset();
                    match self.peek().cloned() {
                        Some(Token::Word(word)) if word == "end" || word == "else" => {
                            self.at += 1;
                            return Ok((nodes, Ended::By(word, at)));
                        }
                        Some(Token::Word(word)) => self.statement(&word, &mut nodes)?,
                        _ => {
                            let pipe = self.pipeline(&Token::Close)?;
                            nodes.push(Node::Action(pipe));
                        }
                    }
                }
            }
        }
    }

    fn statement(&mut self, word: &str, nodes: &mut Vec<Node>) -> Parsed<()> {
        let at = self.offset();
        if !matches!(word, "if" | "with" | "range" | "define" | "block" | "template" | "break" | "continue") {
            let pipe = self.pipeline(&Token::Close)?;
            nodes.push(Node::Action(pipe));
            return Ok(());
        }
        if word == "define" && self.depth > 0 {
            return self.fail(
                "unexpected <define> in command: a template can be defined outside of all others only",
            );
        }
        self.at += 1;
        match word {
            "if" | "with" | "range" => nodes.push(self.control(word)?),
            "break" | "continue" => {
                if self.ranges == 0 {
                    return Err((format!("{{{{{word}}}}} outside {{{{range}}}}"), at));
                }
                self.close()?;
                nodes.push(if word == "break" { Node::Break } else { Node::Continue });
            }
            "template" => {
                let name = self.name()?;
                let pipe = if self.peek() == Some(&Token::Close) {
                    self.at += 1;
                    None
                } else {
                    Some(self.pipeline(&Token::Close)?)
                };
                nodes.push(Node::Call(name, pipe));
            }
            _ => {
                let name = self.name()?;
                let pipe = if word == "block" {
                    Some(self.pipeline(&Token::Close)?)
                } else {
                    self.close()?;
                    None
                };
                self.deeper()?;
                let outer = std::mem::replace(&mut self.variables, vec!["$".to_owned()]);
                let ranges = std::mem::take(&mut self.ranges);
                let (body, ended) = self.list(Inside::Block)?;
                self.expect_end(&ended)?;
                self.variables = outer;
                self.ranges = ranges;
                self.depth -= 1;
                let definition = Definition { body: Arc::new(body), source: Arc::clone(&self.source) };
                self.definitions.insert(name.clone(), definition);
                if let Some(pipe) = pipe {
                    nodes.push(Node::Call(name, Some(pipe)));
                }
            }
        }
        Ok(())
    }

    fn expect_end(&mut self, ended: &Ended) -> Parsed<()> {
        match ended {
            Ended::By(word, _) if word == "end" => self.close(),
            Ended::By(word, at) => Err((format!("unexpected {{{{{word}}}}}"), *at)),
            Ended::End => self.fail("unexpected EOF"),
        }
    }

    fn control(&mut self, word: &str) -> Parsed<Node> {
        self.deeper()?;
        let known = self.variables.len();
        let pipe = self.pipeline(&Token::Close)?;
        self.ranges += usize::from(word == "range");
        let (body, ended) = self.list(Inside::Block)?;
        self.ranges -= usize::from(word == "range");
        let otherwise = match &ended {
            Ended::By(word, _) if word == "else" => {
                self.skip_space();
                match self.peek().cloned() {
                    // `else if` and `else with` share the end of the whole.
                    Some(Token::Word(again)) if again == "if" || again == "with" => {
                        self.at += 1;
                        vec![self.control(&again)?]
                    }
                    _ => {
                        self.close()?;
                        let (body, ended) = self.list(Inside::Else)?;
                        self.expect_end(&ended)?;
                        body
                    }
                }
            }
            _ => {
                self.expect_end(&ended)?;
                Vec::new()
            }
        };
        self.variables.truncate(known);
        self.depth -= 1;
        Ok(match word {
            "if" => Node::If(pipe, body, otherwise),
            "with" => Node::With(pipe, body, otherwise),
            _ => Node::Range(pipe, body, otherwise),
        })
    }

    fn close(&mut self) -> Parsed<()> {
        self.skip_space();
        if self.peek() == Some(&Token::Close) {
            self.at += 1;
            return Ok(());
        }
        self.fail("expected }}")
    }

    fn name(&mut self) -> Parsed<String> {
        self.skip_space();
        if let Some(Token::Quoted(name)) = self.next() {
            self.skip_space();
            Ok(name)
        } else {
            self.at -= 1;
            self.fail("expected the name of a template in quotes")
        }
    }

    /// A pipeline up to and including `until`.
    fn pipeline(&mut self, until: &Token) -> Parsed<Pipe> {
        let (variables, assigns) = self.declaration()?;
        let mut commands = Vec::new();
        loop {
            commands.push(self.command()?);
            self.skip_space();
            match self.peek() {
                Some(Token::Pipe) => self.at += 1,
                Some(token) if token == until => {
                    self.at += 1;
                    break;
                }
                Some(token) => {
                    let message = format!("unexpected {token:?} in pipeline");
                    return self.fail(message);
                }
                None => return self.fail("unexpected EOF"),
            }
        }
        for command in &commands[1..] {
            if matches!(
                command.operands[0],
                Operand::Bool(_)
                    | Operand::Dot
                    | Operand::Nil
                    | Operand::Int(_)
                    | Operand::Float(_)
                    | Operand::Text(_)
            ) {
                return Err(("non executable command in pipeline".to_owned(), command.span.0));
            }
        }
        // A variable is known only after what sets it.
        if !assigns {
            self.variables.extend(variables.iter().cloned());
        }
        Ok(Pipe { variables, assigns, commands })
    }

    /// `$x :=`, `$x, $y :=`, `$x =` at the start of a pipeline.
    fn declaration(&mut self) -> Parsed<(Vec<String>, bool)> {
        self.skip_space();
        let start = self.at;
        let mut variables = Vec::new();
        while let Some(Token::Variable(name)) = self.peek().cloned() {
            self.at += 1;
            self.skip_space();
            variables.push(name);
            match self.peek() {
                Some(Token::Comma) if variables.len() < 2 => {
                    self.at += 1;
                    self.skip_space();
                }
                Some(Token::Declare) => {
                    self.at += 1;
                    return Ok((variables, false));
                }
                Some(Token::Assign) => {
                    if let Some(unknown) = variables.iter().find(|name| !self.variables.contains(name)) {
                        return self.fail(format!("undefined variable {unknown:?}"));
                    }
                    self.at += 1;
                    return Ok((variables, true));
                }
                _ => break,
            }
        }
        self.at = start;
        Ok((Vec::new(), false))
    }

    fn command(&mut self) -> Parsed<Command> {
        self.skip_space();
        let start = self.offset();
        let mut operands = Vec::new();
        let mut end = start;
        while let Some(operand) = self.operand()? {
            operands.push(operand);
            end = self.offset();
            if self.peek() != Some(&Token::Space) {
                break;
            }
            self.skip_space();
        }
        if operands.is_empty() {
            return self.fail("missing value for command");
        }
        Ok(Command { operands, span: (start, end) })
    }

    fn operand(&mut self) -> Parsed<Option<Operand>> {
        let at = self.offset();
        let operand = match self.peek().cloned() {
            Some(Token::Word(word)) => match word.as_str() {
                "true" | "false" => Operand::Bool(word == "true"),
                "nil" => Operand::Nil,
                _ if functions::find(self.dialect, &word).is_some() => Operand::Function(word),
                _ => return self.fail(format!("function {word:?} not defined")),
            },
            Some(Token::Dot) => Operand::Dot,
            Some(Token::Field(name)) => Operand::Field(vec![name]),
            Some(Token::Variable(name)) => {
                if !self.variables.contains(&name) {
                    return self.fail(format!("undefined variable {name:?}"));
                }
                Operand::Variable(name, Vec::new())
            }
            Some(Token::Quoted(text)) => Operand::Text(text),
            Some(Token::Char(code)) => Operand::Int(code),
            Some(Token::Number(text)) => {
                number(&text).ok_or_else(|| (format!("bad number syntax: {text:?}"), at))?
            }
            Some(Token::LeftParen) => {
                self.at += 1;
                self.deeper()?;
                let pipe = self.pipeline(&Token::RightParen)?;
                self.depth -= 1;
                self.at -= 1;
                Operand::Nested(Box::new(pipe), Vec::new())
            }
            _ => return Ok(None),
        };
        self.at += 1;
        self.fields(operand).map(Some)
    }

    /// `.a.b` directly after an operand.
    fn fields(&mut self, mut operand: Operand) -> Parsed<Operand> {
        while let Some(Token::Field(name)) = self.peek().cloned() {
            match &mut operand {
                Operand::Variable(_, fields) | Operand::Field(fields) | Operand::Nested(_, fields) => {
                    fields.push(name);
                }
                Operand::Function(_) | Operand::Dot => {
                    return self.fail(format!("unexpected <.{name}> after operand"));
                }
                _ => return self.fail(format!("unexpected . after term in .{name}")),
            }
            self.at += 1;
        }
        Ok(operand)
    }
}

/// A number as Go writes constants.
fn number(text: &str) -> Option<Operand> {
    let clean = text.replace('_', "");
    let (negative, digits) = match clean.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, clean.strip_prefix('+').unwrap_or(&clean)),
    };
    let lower = digits.to_ascii_lowercase();
    let radix = |prefix: &str, radix: u32| {
        lower.strip_prefix(prefix).and_then(|rest| i64::from_str_radix(rest, radix).ok())
    };
    let whole = radix("0x", 16)
        .or_else(|| radix("0b", 2))
        .or_else(|| radix("0o", 8))
        .or_else(|| if lower.len() > 1 { radix("0", 8) } else { None })
        .or_else(|| lower.parse().ok());
    if let Some(whole) = whole {
        return Some(Operand::Int(if negative { whole.checked_neg()? } else { whole }));
    }
    if !lower.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'+' | b'-')) {
        return None;
    }
    let float: f64 = lower.parse().ok()?;
    Some(Operand::Float(if negative { -float } else { float }))
}
