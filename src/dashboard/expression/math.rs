//! The language of mathematical expressions of Grafana's server: `abs($A) > 5 && $B < 3`.

/// A part of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// A number; `None` is null.
    Number(Option<f64>),
    /// The answer to another query.
    Answer(String),
    /// `-` or `!` before a part.
    Unary(char, Box<Node>),
    /// Two parts with an operator between them.
    Binary(&'static str, Box<Node>, Box<Node>),
    /// A function of a part.
    Call(&'static str, Box<Node>),
}

/// More parts are refused, for they may all lie within each other.
const MOST_PARTS: usize = 200;

/// Functions of one argument.
const FUNCTIONS: [&str; 9] =
    ["abs", "log", "round", "ceil", "floor", "is_nan", "is_inf", "is_null", "is_number"];

/// Operators, those that bind least first; all of a line bind alike, from left to right.
const OPERATORS: [&[&str]; 6] =
    [&["||"], &["&&"], &["==", "!=", ">=", "<=", ">", "<"], &["+", "-"], &["*", "/", "%"], &["**"]];

impl Node {
    /// The queries whose answers are in it.
    pub fn needs(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.gather(&mut found);
        found.dedup();
        found
    }

    fn gather<'n>(&'n self, found: &mut Vec<&'n str>) {
        match self {
            Node::Number(_) => {}
            Node::Answer(name) => found.push(name),
            Node::Unary(_, inner) | Node::Call(_, inner) => inner.gather(found),
            Node::Binary(_, left, right) => {
                left.gather(found);
                right.gather(found);
            }
        }
    }
}

/// Reads an expression.
///
/// # Errors
/// It is none; the sentence begins with the place.
pub(super) fn parse(text: &str) -> Result<Node, String> {
    let mut parser = Parser { text, at: 0, parts: 0 };
    let node = parser.binary(0)?;
    match parser.rest() {
        "" => Ok(node),
        rest if starts_part(rest) => {
            parser.wrong(&format!("there is something behind the end of the expression: {}", short(rest)))
        }
        rest => parser.wrong(&format!("unexpected \"{}\"", rest.chars().next().unwrap_or_default())),
    }
}

fn starts_part(text: &str) -> bool {
    text.starts_with(|c: char| c == '$' || c == '(' || c == '.' || c.is_ascii_alphanumeric())
}

fn short(text: &str) -> String {
    text.chars().take(20).collect()
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    parts: usize,
}

impl<'t> Parser<'t> {
    /// What is left, without blanks before it.
    fn rest(&mut self) -> &'t str {
        let rest = &self.text[self.at..];
        let trimmed = rest.trim_start();
        self.at += rest.len() - trimmed.len();
        trimmed
    }

    fn wrong<T>(&self, what: &str) -> Result<T, String> {
        let before = &self.text[..self.at];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Err(format!("{line}:{column}: {what}"))
    }

    /// The operator that comes next, if it is one of these.
    fn operator(&mut self, of: &[&'static str]) -> Option<&'static str> {
        let rest = self.rest();
        let found = of.iter().find(|operator| rest.starts_with(**operator))?;
        // `**` is no `*`.
        if *found == "*" && rest.starts_with("**") {
            return None;
        }
        self.at += found.len();
        Some(found)
    }

    fn binary(&mut self, level: usize) -> Result<Node, String> {
        let Some(operators) = OPERATORS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        while let Some(operator) = self.operator(operators) {
            let right = self.binary(level + 1)?;
            self.another()?;
            left = Node::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    /// One part more.
    fn another(&mut self) -> Result<(), String> {
        self.parts += 1;
        if self.parts <= MOST_PARTS {
            return Ok(());
        }
        self.wrong(&format!("the expression has more than {MOST_PARTS} parts"))
    }

    fn unary(&mut self) -> Result<Node, String> {
        let rest = self.rest();
        match rest.chars().next() {
            Some(sign @ ('-' | '!')) => {
                self.at += 1;
                self.another()?;
                Ok(Node::Unary(sign, Box::new(self.unary()?)))
            }
            Some('(') => {
                self.at += 1;
                self.another()?;
                let inner = self.binary(0)?;
                self.closed("expected )")?;
                Ok(inner)
            }
            Some('$') => self.answer(&rest[1..]),
            Some(c) if c.is_ascii_digit() || c == '.' => self.number(rest),
            Some(c) if c.is_ascii_alphabetic() => self.call(rest),
            Some(c) => self.wrong(&format!("unexpected \"{c}\"")),
            None => self.wrong("the expression ends too early"),
        }
    }

    fn closed(&mut self, otherwise: &str) -> Result<(), String> {
        if self.rest().starts_with(')') {
            self.at += 1;
            return Ok(());
        }
        self.wrong(otherwise)
    }

    /// `$A`, `${errors of all}`.
    fn answer(&mut self, rest: &str) -> Result<Node, String> {
        let (name, length) = if let Some(inner) = rest.strip_prefix('{') {
            let Some(end) = inner.find('}') else {
                return self.wrong("expected } after the name of a query");
            };
            (&inner[..end], end + 2)
        } else {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            (&rest[..end], end)
        };
        if name.is_empty() {
            return self.wrong("expected the name of a query after $");
        }
        self.at += length + 1;
        Ok(Node::Answer(name.to_owned()))
    }

    fn number(&mut self, rest: &str) -> Result<Node, String> {
        let mut end = 0;
        let bytes = rest.as_bytes();
        while let Some(byte) = bytes.get(end) {
            let exponent = matches!(byte, b'+' | b'-') && end > 0 && matches!(bytes[end - 1], b'e' | b'E');
            if !(byte.is_ascii_alphanumeric() || *byte == b'.' || exponent) {
                break;
            }
            end += 1;
        }
        let number = &rest[..end];
        let value = match number.strip_prefix("0x") {
            Some(hex) => i64::from_str_radix(hex, 16).ok().map(|number| number as f64),
            None => number.parse().ok(),
        };
        let Some(value) = value else { return self.wrong(&format!("{} is no number", short(number))) };
        self.at += end;
        Ok(Node::Number(Some(value)))
    }

    fn call(&mut self, rest: &str) -> Result<Node, String> {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let name = &rest[..end];
        let constant = match name {
            "nan" => Some(Some(f64::NAN)),
            "inf" => Some(Some(f64::INFINITY)),
            "infn" => Some(Some(f64::NEG_INFINITY)),
            "null" => Some(None),
            _ => None,
        };
        let function = FUNCTIONS.iter().find(|known| **known == name);
        if constant.is_none() && function.is_none() {
            return self.wrong(&format!("there is no function {}", short(name)));
        }
        self.at += end;
        if !self.rest().starts_with('(') {
            return self.wrong(&format!("expected ( after {name}"));
        }
        self.at += 1;
        self.another()?;
        match function {
            Some(function) => {
                let inner = self.binary(0)?;
                self.closed(&format!("expected ) after the argument of {name}"))?;
                Ok(Node::Call(function, Box::new(inner)))
            }
            None => {
                self.closed(&format!("expected ) after {name}("))?;
                Ok(Node::Number(constant.flatten()))
            }
        }
    }
}
