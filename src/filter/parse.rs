//! Reads a condition: recursive descent over its tokens, with a limit on the depth of parentheses.

use std::ops::Range;

use super::expr::{Expr, Literal, Meaning, Name, Needle, Pattern, Relation};
use super::lex::{Kind, Token, tokens};
use super::{required, when};
use crate::model::{Error, Level, Needs, Role, Timestamp};

/// Parentheses within parentheses.
const MAX_DEPTH: usize = 256;
/// Bytes of a condition.
const MAX_LENGTH: usize = 1 << 20;
/// Bytes of one regular expression.
pub(super) const MAX_PATTERN: usize = 16 << 10;
/// Bytes of one compiled regular expression.
pub(super) const MAX_PROGRAM: usize = 10 << 20;

/// Reads `source`; asks `needs` for every name in it.
pub(super) fn parse(source: &str, needs: &mut Needs) -> Result<Expr, Error> {
    if source.len() > MAX_LENGTH {
        return Err(Error::usage(format!("the condition is longer than {MAX_LENGTH} bytes")));
    }
    let mut parser = Parser { source, tokens: tokens(source)?, at: 0, depth: 0, needs };
    if parser.peek().kind == Kind::End {
        let error = Error::usage("the condition is empty").at(source, 0..source.len());
        return Err(error.hinted("write one like: level >= warn and duration > 500ms"));
    }
    let expr = parser.any()?;
    match parser.peek().kind {
        Kind::End => Ok(expr),
        _ => Err(parser.unexpected("`and`, `or` or the end of the condition")),
    }
}

struct Parser<'s, 'n> {
    source: &'s str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    needs: &'n mut Needs,
}

impl Parser<'_, '_> {
    fn peek(&self) -> &Token {
        // The last token is `End`, and `next` never passes it.
        &self.tokens[self.at]
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        if token.kind != Kind::End {
            self.at += 1;
        }
        token
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = self.peek().kind.is_keyword(keyword);
        self.at += usize::from(found);
        found
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek().kind, Kind::Sign(known) if known == sign);
        self.at += usize::from(found);
        found
    }

    fn error(&self, message: impl Into<String>, span: Range<usize>) -> Error {
        Error::usage(message).at(self.source, span)
    }

    /// The next token cannot stand here.
    fn unexpected(&self, expected: &str) -> Error {
        let token = self.peek();
        if token.kind == Kind::End {
            return self
                .error(format!("the condition ends where {expected} should follow"), token.span.clone());
        }
        let found = &self.source[token.span.clone()];
        let error = self.error(format!("expected {expected}, found `{found}`"), token.span.clone());
        let lower = found.to_lowercase();
        match lower.as_str() {
            "and" | "or" | "not" | "in" | "contains" if lower != found => {
                error.hinted(format!("operators are written in lower case: `{lower}`"))
            }
            "not" => error.hinted("`not` stands before the whole comparison: not (name in [\"a\", \"b\"])"),
            "matches" | "like" => error.hinted("write `=~` to match a regular expression"),
            "is" | "eq" | "equals" => error.hinted("write `==` to compare"),
            "has" => {
                error.hinted("write `contains` for text in a value, `has(name)` for a name with a value")
            }
            _ => error,
        }
    }

    fn any(&mut self) -> Result<Expr, Error> {
        let mut parts = vec![self.all()?];
        while self.take_keyword("or") {
            parts.push(self.all()?);
        }
        Ok(Expr::any(parts))
    }

    fn all(&mut self) -> Result<Expr, Error> {
        let mut parts = vec![self.not()?];
        while self.take_keyword("and") {
            parts.push(self.not()?);
        }
        Ok(Expr::all(parts))
    }

    /// Any number of `not`s: counted, not nested.
    fn not(&mut self) -> Result<Expr, Error> {
        let mut negate = false;
        while self.take_keyword("not") {
            negate = !negate;
        }
        let expr = self.primary()?;
        Ok(if negate { expr.negated() } else { expr })
    }

    fn primary(&mut self) -> Result<Expr, Error> {
        let open = self.peek().span.clone();
        if self.take_sign("(") {
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return Err(self.error(format!("parentheses are nested deeper than {MAX_DEPTH}"), open));
            }
            let expr = self.any()?;
            self.depth -= 1;
            if !self.take_sign(")") {
                let error = self.unexpected("`and`, `or` or `)`");
                return Err(if self.peek().kind == Kind::End {
                    self.error("this parenthesis is not closed", open).hinted("add `)`")
                } else {
                    error
                });
            }
            return Ok(expr);
        }
        let next_is_open = matches!(self.tokens.get(self.at + 1), Some(Token { kind: Kind::Sign("("), .. }));
        if self.peek().kind.is_keyword("has") && next_is_open {
            return self.has();
        }
        match &self.peek().kind {
            Kind::Literal(_) => self.literal_first(),
            kind if kind.is_keyword("true") || kind.is_keyword("false") || kind.is_keyword("null") => {
                self.literal_first()
            }
            kind if ["and", "or", "in", "contains"].iter().any(|word| kind.is_keyword(word)) => {
                Err(self.unexpected("a condition").hinted("a field of that name is written in backticks"))
            }
            Kind::Word(..) => self.comparison(),
            _ => Err(self.unexpected("a condition")),
        }
    }

    fn has(&mut self) -> Result<Expr, Error> {
        self.at += 2;
        let name = self.name()?;
        if !self.take_sign(")") {
            return Err(self.unexpected("`)`"));
        }
        Ok(Expr::Has(name))
    }

    fn name(&mut self) -> Result<Name, Error> {
        match self.peek().kind.clone() {
            Kind::Word(name, _) => {
                self.at += 1;
                Ok(self.wanted(name))
            }
            _ => Err(self.unexpected("the name of a role or a field")),
        }
    }

    /// Asks for the name's value.
    fn wanted(&mut self, mut name: Name) -> Name {
        name.slot = match name.role {
            Some(role) => self.needs.role(role),
            None => self.needs.field(&name.path),
        };
        name
    }

    /// `500ms < duration`, or a truth value on its own.
    fn literal_first(&mut self) -> Result<Expr, Error> {
        let first = self.next();
        let relation = Relation::ALL
            .into_iter()
            .find(|relation| matches!(self.peek().kind, Kind::Sign(sign) if sign == relation.sign()));
        let Some(relation) = relation else {
            return match &first.kind {
                kind if kind.is_keyword("true") => Ok(Expr::All(Vec::new())),
                kind if kind.is_keyword("false") => Ok(Expr::Any(Vec::new())),
                _ => {
                    let error = self.error("a value alone is no condition", first.span);
                    Err(error.hinted("compare it: message contains \"timeout\""))
                }
            };
        };
        self.at += 1;
        let name = self.name()?;
        self.compare(name, relation.flipped(), &first)
    }

    fn comparison(&mut self) -> Result<Expr, Error> {
        let start = self.peek().span.clone();
        let name = self.name()?;
        if self.take_keyword("in") {
            return self.list(name);
        }
        if self.take_keyword("contains") {
            return self.contains(name);
        }
        let Kind::Sign(sign) = self.peek().kind else {
            let written = &self.source[start.clone()];
            return Err(match self.peek().kind {
                Kind::End | Kind::Sign(")") => self
                    .error(format!("`{written}` alone is no condition"), start)
                    .hinted(format!("write has({name}), or compare it: {name} == true")),
                Kind::Word(ref next, false) if matches!(next.path.as_str(), "and" | "or") => self
                    .error(format!("`{written}` alone is no condition"), start)
                    .hinted(format!("write has({name}), or compare it: {name} == true")),
                _ => self.unexpected("an operator (== != < <= > >= =~ !~ in contains)"),
            });
        };
        if sign == "(" {
            return Err(self
                .error(format!("there is no function `{}`", &self.source[start.clone()]), start)
                .hinted("the only function is has(name)"));
        }
        if sign == "=~" || sign == "!~" {
            self.at += 1;
            return self.matches(name, sign == "=~");
        }
        let Some(relation) = Relation::ALL.into_iter().find(|relation| relation.sign() == sign) else {
            let alone = self.error(format!("`{name}` alone is no condition"), start);
            return Err(match sign {
                ")" | "]" | "," => alone.hinted(format!("write has({name}), or compare it: {name} == true")),
                _ => self.unexpected("an operator (== != < <= > >= =~ !~ in contains)"),
            });
        };
        self.at += 1;
        if self.peek().kind == Kind::End {
            return Err(self.unexpected("a value"));
        }
        let value = self.next();
        self.compare(name, relation, &value)
    }

    fn compare(&mut self, name: Name, relation: Relation, value: &Token) -> Result<Expr, Error> {
        if value.kind.is_keyword("null") {
            return match relation {
                Relation::Equal => Ok(Expr::Has(name).negated()),
                Relation::NotEqual => Ok(Expr::Has(name)),
                _ => {
                    let error = self.error("null is neither less nor more than anything", value.span.clone());
                    Err(error.hinted(format!("write `{name} == null` or `has({name})`")))
                }
            };
        }
        let literal = self.literal(&name, value)?;
        let ordered = !matches!(relation, Relation::Equal | Relation::NotEqual);
        if ordered && matches!(literal.meaning, Meaning::Bool(_)) {
            let error = self.error("a truth value is neither less nor more than another", value.span.clone());
            return Err(error.hinted("compare it with == or !="));
        }
        Ok(Expr::Compare(name, relation, literal))
    }

    /// What a token means as a value of `name`.
    fn literal(&self, name: &Name, token: &Token) -> Result<Literal, Error> {
        let literal = match &token.kind {
            Kind::Literal(literal) => literal.clone(),
            kind if kind.is_keyword("true") => Literal::bool(true),
            kind if kind.is_keyword("false") => Literal::bool(false),
            Kind::Word(word, false) if name.role == Some(Role::Level) && !word.raw => {
                Literal::text(word.path.clone())
            }
            Kind::Word(..) => {
                let written = &self.source[token.span.clone()];
                return Err(self
                    .error(format!("`{written}` is a name, and a value is expected here"), token.span.clone())
                    .hinted(format!("text goes in quotes: \"{written}\"")));
            }
            _ => {
                let written = &self.source[token.span.clone()];
                return Err(self.error(format!("expected a value, found `{written}`"), token.span.clone()));
            }
        };
        match name.role {
            Some(Role::Level) => self.level(&literal, token),
            Some(Role::Ts) => self.time(literal, token),
            Some(Role::Duration) => self.duration(literal, token),
            // The case of a UUID says nothing: what is compared is in small letters.
            Some(Role::RequestId | Role::TraceId) if is_uuid(&literal.text) => {
                Ok(Literal { text: literal.text.to_ascii_lowercase(), ..literal })
            }
            _ => Ok(literal),
        }
    }

    fn level(&self, literal: &Literal, token: &Token) -> Result<Literal, Error> {
        let word =
            if literal.meaning == Meaning::Text { Level::from_word(literal.text.as_bytes()) } else { None };
        word.map(Literal::level).ok_or_else(|| {
            let written = &self.source[token.span.clone()];
            self.error(format!("{written} is no level"), token.span.clone()).hinted(
                "levels are trace, debug, info, warn, error and fatal; `.level` is the field as it was written",
            )
        })
    }

    fn time(&self, literal: Literal, token: &Token) -> Result<Literal, Error> {
        let at: Option<Timestamp> = match literal.meaning {
            Meaning::Text | Meaning::Number { .. } => when::absolute(&literal.text),
            _ => None,
        };
        at.map(|at| Literal::time(literal.text, at)).ok_or_else(|| {
            let written = &self.source[token.span.clone()];
            self.error(format!("{written} is no time"), token.span.clone())
                .hinted("write it as \"2023-12-24T03:06:00Z\"; without an offset it is UTC")
        })
    }

    fn duration(&self, literal: Literal, token: &Token) -> Result<Literal, Error> {
        match literal.meaning {
            Meaning::Number { value, .. } => Ok(Literal { meaning: Meaning::Duration(value), ..literal }),
            Meaning::Duration(_) => Ok(literal),
            _ => {
                let written = &self.source[token.span.clone()];
                Err(self
                    .error(format!("{written} is no duration"), token.span.clone())
                    .hinted("write 500ms, 2s or 1h30m; a number alone is milliseconds"))
            }
        }
    }

    fn list(&mut self, name: Name) -> Result<Expr, Error> {
        if !self.take_sign("[") {
            let hint = format!("a list is written in square brackets: {name} in [\"a\", \"b\"]");
            return Err(self.unexpected("`[`").hinted(hint));
        }
        let mut literals = Vec::new();
        loop {
            let token = self.next();
            if token.kind == Kind::Sign("]") && literals.is_empty() {
                return Err(self
                    .error("the list is empty", token.span)
                    .hinted("nothing is in an empty list"));
            }
            if token.kind.is_keyword("null") {
                let hint = format!("write: (… or not has({name}))");
                return Err(self.error("null cannot be in a list", token.span).hinted(hint));
            }
            if token.kind == Kind::End {
                return Err(self.unexpected("a value"));
            }
            literals.push(self.literal(&name, &token)?);
            if self.take_sign("]") {
                return Ok(Expr::In(name, literals));
            }
            if !self.take_sign(",") {
                return Err(self.unexpected("`,` or `]`"));
            }
        }
    }

    fn contains(&mut self, name: Name) -> Result<Expr, Error> {
        match self.peek().kind.clone() {
            Kind::Literal(literal) => {
                self.at += 1;
                Ok(Expr::Contains(name, Needle::new(literal.text)))
            }
            _ => Err(self.unexpected("text in quotes")),
        }
    }

    fn matches(&mut self, name: Name, matches: bool) -> Result<Expr, Error> {
        let token = self.peek().clone();
        let Kind::Literal(Literal { text, meaning: Meaning::Text }) = token.kind else {
            return Err(self.unexpected("a regular expression in quotes"));
        };
        self.at += 1;
        let pattern =
            pattern(text).map_err(|(message, hint)| self.error(message, token.span).hinted(hint))?;
        Ok(Expr::Matches(name, pattern, matches))
    }
}

/// `d93bcb42-42af-494a-bdd1-f07d2e68ed97`.
pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// Compiles a regular expression; what is wrong with it and a hint if it cannot be.
fn pattern(source: String) -> Result<Pattern, (String, String)> {
    if source.len() > MAX_PATTERN {
        return Err((
            format!("this regular expression is longer than {MAX_PATTERN} bytes"),
            "use `in [\"a\", \"b\"]` for a list of values".to_owned(),
        ));
    }
    let hir = super::pattern::syntax(&source).map_err(|reason| {
        (
            format!("this is no regular expression: {}", reason.message),
            "use `contains` to look for text as it is".to_owned(),
        )
    })?;
    let too_large = || {
        (
            "this regular expression needs too much memory".to_owned(),
            "use smaller counts in {…}, or (?-u) for ASCII classes".to_owned(),
        )
    };
    if super::pattern::is_too_large(&hir) {
        return Err(too_large());
    }
    let regex =
        regex::bytes::RegexBuilder::new(&source).size_limit(MAX_PROGRAM).build().map_err(|_| too_large())?;
    Ok(Pattern { regex, literals: required::of_regex(&hir), source })
}
