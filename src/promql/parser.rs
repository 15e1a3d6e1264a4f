//! Tokens into a syntax tree: a Pratt parser with a limit on depth.

use std::sync::Arc;

use super::ast::{
    Aggregate, AggregateOp, At, Binary, BinaryOp, Cardinality, Duration, Edges, Expr, Form, Literal, MatchOp,
    Matcher, Matching, Node, Selector, Shift, Span, Subquery,
};
use super::lexer::{Token, tokens};
use super::{Options, ParseError, check, functions};
use crate::model::Labels;

/// How deep an expression may be nested; a chain of operators counts one level for each.
const DEPTH_LIMIT: usize = 256;
/// Longer sources are refused unread.
const LENGTH_LIMIT: usize = 1 << 20;
/// A sign binds more strongly than `*` and less strongly than `^`.
const UNARY_POWER: u8 = 6;

/// Words that cannot be the name of a metric.
const RESERVED: [&str; 6] = ["on", "ignoring", "group_left", "group_right", "bool", "atan2"];

/// Reads an expression and checks its types.
pub fn parse(source: &str, options: &Options) -> Result<Expr, ParseError> {
    if source.len() > LENGTH_LIMIT {
        return Err(ParseError {
            message: format!("the expression is longer than {LENGTH_LIMIT} bytes"),
            span: 0..source.len(),
            hint: None,
        });
    }
    let mut parser = Parser { tokens: tokens(source)?, at: 0, depth: 0, options };
    if parser.peek() == &Token::End {
        return Err(ParseError {
            message: "no expression found in input".to_owned(),
            span: 0..source.len(),
            hint: None,
        });
    }
    let (root, _) = parser.expression(0)?;
    if parser.peek() != &Token::End {
        return parser.unexpected("an operator or the end");
    }
    check::check(&root, options)?;
    let kind = root.kind();
    Ok(Expr { source: source.into(), root, kind })
}

pub(super) struct Parser<'a> {
    tokens: Vec<(Token, Span)>,
    at: usize,
    depth: usize,
    pub(super) options: &'a Options,
}

pub(super) type Parsed<T> = Result<T, ParseError>;

/// A node and how many levels it has: what an operator chain adds is not seen by recursion.
type Levelled = (Node, usize);

pub(super) fn refuse<T>(span: Span, message: impl Into<String>) -> Parsed<T> {
    Err(ParseError { message: message.into(), span: span.range(), hint: None })
}

pub(super) fn refuse_hinted<T>(span: Span, message: impl Into<String>, hint: impl Into<String>) -> Parsed<T> {
    Err(ParseError { message: message.into(), span: span.range(), hint: Some(hint.into()) })
}

impl Parser<'_> {
    pub(super) fn peek(&self) -> &Token {
        &self.tokens[self.at].0
    }

    fn peek_at(&self, ahead: usize) -> &Token {
        self.tokens.get(self.at + ahead).map_or(&Token::End, |(token, _)| token)
    }

    pub(super) fn span(&self) -> Span {
        self.tokens[self.at].1
    }

    /// The span of the token before.
    pub(super) fn last_span(&self) -> Span {
        self.tokens[self.at.saturating_sub(1)].1
    }

    pub(super) fn advance(&mut self) -> Token {
        let token = self.peek().clone();
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        token
    }

    /// Takes a sign if it comes next.
    pub(super) fn sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Token::Sign(next) if *next == sign);
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn expect(&mut self, sign: &str) -> Parsed<()> {
        if self.sign(sign) { Ok(()) } else { self.unexpected(&format!("{sign:?}")) }
    }

    fn is_sign(&self, ahead: usize, sign: &str) -> bool {
        matches!(self.peek_at(ahead), Token::Sign(next) if *next == sign)
    }

    /// The next token as a keyword, in lower case; empty if it is no word.
    pub(super) fn keyword(&self) -> String {
        match self.peek() {
            Token::Word(word) => word.to_ascii_lowercase(),
            _ => String::new(),
        }
    }

    pub(super) fn unexpected<T>(&self, expected: &str) -> Parsed<T> {
        let span = self.span();
        refuse(span, format!("unexpected {}, expected {expected}", self.peek().describe()))
    }

    /// Runs a step one level deeper.
    pub(super) fn deeper<T>(&mut self, step: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= DEPTH_LIMIT {
            return self.too_deep();
        }
        self.depth += 1;
        let result = step(self);
        self.depth -= 1;
        result
    }

    fn too_deep<T>(&self) -> Parsed<T> {
        refuse(self.span(), format!("the expression is nested deeper than {DEPTH_LIMIT} levels"))
    }

    fn expression(&mut self, power: u8) -> Parsed<Levelled> {
        self.deeper(|parser| parser.operators(power))
    }

    fn operators(&mut self, power: u8) -> Parsed<Levelled> {
        let (mut lhs, mut levels) = self.operand()?;
        while let Some(op) = self.operator() {
            if op.power() < power {
                break;
            }
            self.advance();
            let (as_bool, matching) = self.modifiers(op)?;
            // `^` groups to the right, all others to the left.
            let right = if op == BinaryOp::Pow { op.power() } else { op.power() + 1 };
            let (rhs, below) = self.expression(right)?;
            levels = levels.max(below) + 1;
            if self.depth + levels > DEPTH_LIMIT {
                return self.too_deep();
            }
            let span = lhs.span.to(rhs.span);
            lhs = Node { span, form: Form::Binary(Box::new(Binary { op, lhs, rhs, as_bool, matching })) };
        }
        Ok((lhs, levels))
    }

    pub(super) fn operator(&self) -> Option<BinaryOp> {
        Some(match self.peek() {
            Token::Sign(sign) => match *sign {
                "+" => BinaryOp::Add,
                "-" => BinaryOp::Sub,
                "*" => BinaryOp::Mul,
                "/" => BinaryOp::Div,
                "%" => BinaryOp::Mod,
                "^" => BinaryOp::Pow,
                "==" => BinaryOp::Eq,
                "!=" => BinaryOp::Ne,
                "<" => BinaryOp::Lt,
                "<=" => BinaryOp::Le,
                ">" => BinaryOp::Gt,
                ">=" => BinaryOp::Ge,
                "</" => BinaryOp::TrimUpper,
                ">/" => BinaryOp::TrimLower,
                _ => return None,
            },
            Token::Word(_) => match self.keyword().as_str() {
                "and" => BinaryOp::And,
                "or" => BinaryOp::Or,
                "unless" => BinaryOp::Unless,
                "atan2" => BinaryOp::Atan2,
                _ => return None,
            },
            _ => return None,
        })
    }

    /// `bool`, `on`, `ignoring`, `group_left`, `group_right`, `fill` after an operator.
    fn modifiers(&mut self, op: BinaryOp) -> Parsed<(bool, Matching)> {
        let mut matching = Matching::default();
        if op.is_set() {
            matching.cardinality = Cardinality::ManyToMany;
        }
        let as_bool = self.keyword() == "bool";
        if as_bool {
            if !op.is_comparison() {
                return refuse(self.span(), "bool modifier can only be used on comparison operators");
            }
            self.advance();
        }
        let word = self.keyword();
        if matches!(word.as_str(), "on" | "ignoring") {
            self.advance();
            matching.written = true;
            matching.on = word == "on";
            matching.labels = self.names()?;
            self.grouping(op, &mut matching)?;
        }
        while self.is_sign(1, "(") {
            let word = self.keyword();
            if !matches!(word.as_str(), "fill" | "fill_left" | "fill_right") {
                break;
            }
            self.fill(&word, op, &mut matching)?;
        }
        Ok((as_bool, matching))
    }

    fn grouping(&mut self, op: BinaryOp, matching: &mut Matching) -> Parsed<()> {
        let cardinality = match self.keyword().as_str() {
            "group_left" => Cardinality::ManyToOne,
            "group_right" => Cardinality::OneToMany,
            _ => return Ok(()),
        };
        let span = self.span();
        if op.is_set() {
            return refuse(span, format!("no grouping allowed for {:?} operation", op.sign()));
        }
        self.advance();
        matching.cardinality = cardinality;
        if self.is_sign(0, "(") {
            matching.include = self.names()?;
        }
        if let Some(label) =
            matching.include.iter().find(|label| matching.on && matching.labels.contains(label))
        {
            return refuse(span, format!("label {label:?} must not occur in ON and GROUP clause at once"));
        }
        Ok(())
    }

    fn fill(&mut self, word: &str, op: BinaryOp, matching: &mut Matching) -> Parsed<()> {
        let span = self.span();
        if !self.options.fill {
            return refuse_hinted(
                span,
                format!("{word}() is an experimental modifier and not enabled"),
                "Prometheus needs --enable-feature=promql-binop-fill-modifiers for it",
            );
        }
        if op.is_set() {
            return refuse(span, "filling in missing series not allowed for set operators");
        }
        self.advance();
        self.expect("(")?;
        let mut minus = false;
        if !self.sign("+") {
            minus = self.sign("-");
        }
        let Some(number) = self.plain_number() else { return self.unexpected("a number") };
        self.expect(")")?;
        let number = if minus { -number } else { number };
        if word != "fill_right" {
            matching.fill_lhs = Some(number);
        }
        if word != "fill_left" {
            matching.fill_rhs = Some(number);
        }
        Ok(())
    }

    /// A number, a duration in seconds, `Inf` or `NaN`, if one comes next.
    fn plain_number(&mut self) -> Option<f64> {
        let number = match self.peek() {
            Token::Number(number) => *number,
            Token::Duration(ms) => *ms as f64 / 1000.0,
            Token::Word(word) if word.eq_ignore_ascii_case("inf") => f64::INFINITY,
            Token::Word(word) if word.eq_ignore_ascii_case("nan") => f64::NAN,
            _ => return None,
        };
        self.advance();
        Some(number)
    }

    /// Label names in brackets.
    fn names(&mut self) -> Parsed<Vec<Arc<str>>> {
        self.expect("(")?;
        let mut names = Vec::new();
        while !self.sign(")") {
            match self.peek() {
                Token::Word(word) if !word.contains(':') && !is_number(word) => {
                    names.push(word.as_str().into());
                }
                Token::Text(text) if !text.is_empty() => names.push(text.as_str().into()),
                _ => return self.unexpected("a label name"),
            }
            self.advance();
            if !self.sign(",") && !self.is_sign(0, ")") {
                return self.unexpected("\",\" or \")\"");
            }
        }
        Ok(names)
    }

    /// An operand with everything that follows it: ranges, offsets, times.
    fn operand(&mut self) -> Parsed<Levelled> {
        let start = self.span();
        if let Token::Sign(sign @ ("+" | "-")) = *self.peek() {
            self.advance();
            let (inner, levels) = self.expression(UNARY_POWER)?;
            let span = start.to(inner.span);
            return Ok((signed(sign == "-", inner, span), levels + 1));
        }
        let (mut node, mut levels) = self.primary()?;
        loop {
            if self.is_sign(0, "[") {
                node = self.bracket(node)?;
                levels += 1;
            } else if self.is_sign(0, "@") {
                self.at_modifier(&mut node)?;
            } else {
                match self.keyword().as_str() {
                    "offset" => self.offset(&mut node)?,
                    "anchored" => self.edges(&mut node, Edges::Anchored)?,
                    "smoothed" => self.edges(&mut node, Edges::Smoothed)?,
                    _ => return Ok((node, levels)),
                }
            }
            if self.depth + levels > DEPTH_LIMIT {
                return self.too_deep();
            }
        }
    }

    fn primary(&mut self) -> Parsed<Levelled> {
        let start = self.span();
        match self.peek().clone() {
            Token::Number(number) => {
                self.advance();
                Ok((Node { span: start, form: Form::Number(number, false) }, 1))
            }
            Token::Duration(ms) => {
                self.advance();
                Ok((Node { span: start, form: Form::Number(ms as f64 / 1000.0, true) }, 1))
            }
            Token::Text(text) => {
                self.advance();
                Ok((Node { span: start, form: Form::Text(Literal { text: text.into(), escaped: None }) }, 1))
            }
            Token::Damaged(text, escaped) => {
                self.advance();
                let literal = Literal { text: text.into(), escaped: Some(escaped.into()) };
                Ok((Node { span: start, form: Form::Text(literal) }, 1))
            }
            Token::Sign("(") => {
                self.advance();
                let (inner, levels) = self.expression(0)?;
                self.expect(")")?;
                let span = start.to(self.last_span());
                Ok((Node { span, form: Form::Paren(Box::new(inner)) }, levels + 1))
            }
            Token::Sign("{") => Ok((self.selector(None)?, 1)),
            Token::Word(word) => self.word(&word),
            _ => self.unexpected("an expression"),
        }
    }

    fn word(&mut self, word: &str) -> Parsed<Levelled> {
        let span = self.span();
        let lower = word.to_ascii_lowercase();
        if let Some(number) = match lower.as_str() {
            "inf" => Some(f64::INFINITY),
            "nan" => Some(f64::NAN),
            _ => None,
        } {
            self.advance();
            return Ok((Node { span, form: Form::Number(number, false) }, 1));
        }
        let follows = match self.peek_at(1) {
            Token::Sign("(") => "(",
            Token::Word(next) if next.eq_ignore_ascii_case("by") => "by",
            Token::Word(next) if next.eq_ignore_ascii_case("without") => "by",
            _ => "",
        };
        if let Some(op) = AggregateOp::ALL.into_iter().find(|op| op.name() == lower)
            && !follows.is_empty()
        {
            return self.aggregate(op);
        }
        if follows == "(" && !RESERVED.contains(&lower.as_str()) {
            return self.call(word);
        }
        if RESERVED.contains(&lower.as_str()) {
            return self.unexpected("an expression");
        }
        self.advance();
        Ok((self.selector(Some((word, span)))?, 1))
    }

    fn call(&mut self, name: &str) -> Parsed<Levelled> {
        let start = self.span();
        // `step()` and the like are keywords, which may be written in capitals.
        let lower = name.to_ascii_lowercase();
        let keyword = matches!(lower.as_str(), "start" | "end" | "step" | "range" | "min_of" | "max_of");
        let Some(function) = functions::find(if keyword { &lower } else { name }) else {
            return check::unknown_function(name, start);
        };
        self.advance();
        let (arguments, levels) = self.arguments()?;
        let span = start.to(self.last_span());
        Ok((Node { span, form: Form::Call(function, arguments) }, levels + 1))
    }

    /// Arguments in brackets. They count as a level of their own, for a call takes more of the stack.
    fn arguments(&mut self) -> Parsed<(Vec<Node>, usize)> {
        self.deeper(Self::argument_list)
    }

    fn argument_list(&mut self) -> Parsed<(Vec<Node>, usize)> {
        self.expect("(")?;
        let (mut arguments, mut deepest) = (Vec::new(), 0);
        if self.sign(")") {
            return Ok((arguments, 0));
        }
        loop {
            let (argument, levels) = self.expression(0)?;
            arguments.push(argument);
            deepest = deepest.max(levels);
            if self.sign(")") {
                return Ok((arguments, deepest));
            }
            if !self.sign(",") {
                return self.unexpected("\",\" or \")\"");
            }
            if self.is_sign(0, ")") {
                return refuse(self.last_span(), "trailing commas not allowed in function call args");
            }
        }
    }

    fn aggregate(&mut self, op: AggregateOp) -> Parsed<Levelled> {
        let start = self.span();
        self.advance();
        let mut grouping = self.by_or_without()?;
        let (mut arguments, levels) = self.arguments()?;
        if grouping.is_none() {
            grouping = self.by_or_without()?;
        }
        let span = start.to(self.last_span());
        let wanted = 1 + usize::from(op.parameter().is_some());
        if arguments.is_empty() {
            return refuse(span, "no arguments for aggregate expression provided");
        }
        if arguments.len() != wanted {
            return refuse(
                span,
                format!(
                    "wrong number of arguments for aggregate expression provided, expected {wanted}, got {}",
                    arguments.len()
                ),
            );
        }
        let Some(inner) = arguments.pop() else { return self.unexpected("an argument") };
        let written = grouping.is_some();
        let (without, labels) = grouping.unwrap_or_default();
        let aggregate = Aggregate { op, parameter: arguments.pop(), inner, without, written, labels };
        Ok((Node { span, form: Form::Aggregate(Box::new(aggregate)) }, levels + 1))
    }

    fn by_or_without(&mut self) -> Parsed<Option<(bool, Vec<Arc<str>>)>> {
        let without = match self.keyword().as_str() {
            "by" => false,
            "without" => true,
            _ => return Ok(None),
        };
        self.advance();
        Ok(Some((without, self.names()?)))
    }

    /// A selector, after its name if it has one.
    fn selector(&mut self, name: Option<(&str, Span)>) -> Parsed<Node> {
        let start = name.map_or(self.span(), |(_, span)| span);
        let mut selector = Selector {
            name: name.map(|(name, _)| name.into()),
            matchers: Vec::new(),
            range: None,
            edges: Edges::Plain,
            shift: Shift::default(),
        };
        if let Some((name, span)) = name {
            selector.matchers.push(matcher(Labels::NAME, MatchOp::Equal, name, span)?);
        }
        if self.sign("{") {
            while !self.sign("}") {
                self.condition(&mut selector, name.map(|(name, _)| name))?;
                if !self.sign(",") && !self.is_sign(0, "}") {
                    return self.unexpected("\",\" or \"}\" after a label matcher");
                }
            }
        }
        let span = start.to(self.last_span());
        Ok(Node { span, form: Form::Selector(Box::new(selector)) })
    }

    /// `label="value"`, or a metric's name in quotes.
    fn condition(&mut self, selector: &mut Selector, outside: Option<&str>) -> Parsed<()> {
        let span = self.span();
        // Beside a name before the braces nothing may be said of it; inside, as much as one likes.
        let twice = |other: &str| match outside {
            Some(name) => refuse(span, format!("metric name must not be set twice: {name:?} or {other:?}")),
            None => Ok(()),
        };
        let (name, quoted) = match self.advance() {
            Token::Word(word) if !word.contains(':') => (word, false),
            Token::Text(text) => (text, true),
            _ => {
                self.at -= usize::from(self.span() != span);
                return self.unexpected("a label name or \"}\"");
            }
        };
        let op = match self.peek() {
            Token::Sign("=") => MatchOp::Equal,
            Token::Sign("!=") => MatchOp::NotEqual,
            Token::Sign("=~") => MatchOp::Matches,
            Token::Sign("!~") => MatchOp::NotMatches,
            Token::Sign("," | "}") if quoted => {
                twice(&name)?;
                let named = matcher(Labels::NAME, MatchOp::Equal, &name, span)?;
                if selector.name.is_some() {
                    selector.matchers.push(named);
                } else {
                    selector.matchers.insert(0, named);
                    selector.name = Some(name.into());
                }
                return Ok(());
            }
            _ => return self.unexpected("a label matching operator"),
        };
        self.advance();
        let (Token::Text(value) | Token::Damaged(value, _)) = self.peek().clone() else {
            return self.unexpected("a string");
        };
        if name == Labels::NAME {
            twice(&value)?;
        }
        self.advance();
        let span = span.to(self.last_span());
        selector.matchers.push(matcher(&name, op, &value, span)?);
        Ok(())
    }

    /// `[5m]`, or `[5m:1m]`.
    fn bracket(&mut self, node: Node) -> Parsed<Node> {
        let open = self.span();
        self.advance();
        let range = self.positive_duration("range")?;
        if self.sign(":") {
            let step =
                if self.is_sign(0, "]") { None } else { Some(self.positive_duration("subquery step")?) };
            self.expect("]")?;
            let span = node.span.to(self.last_span());
            let subquery = Subquery { inner: node, range, step, shift: Shift::default() };
            return Ok(Node { span, form: Form::Subquery(Box::new(subquery)) });
        }
        self.expect("]")?;
        let mut node = node;
        let Form::Selector(selector) = &mut node.form else {
            return refuse_hinted(
                open.to(self.last_span()),
                "ranges only allowed for vector selectors",
                "a range over the values of an expression is a subquery: [5m:] or [5m:1m]",
            );
        };
        if selector.range.is_some() {
            return refuse(open, "ranges only allowed for vector selectors");
        }
        if selector.shift.offset.is_some() {
            return refuse(open, "no offset modifiers allowed before range");
        }
        if selector.shift.at.is_some() {
            return refuse(open, "no @ modifiers allowed before range");
        }
        selector.range = Some(range);
        node.span.end = self.last_span().end;
        Ok(node)
    }

    fn positive_duration(&mut self, what: &str) -> Parsed<Duration> {
        let span = self.span();
        let duration = self.duration()?;
        match duration {
            Duration::Millis(ms) if ms <= 0 => {
                refuse(span, format!("the duration of a {what} must be greater than 0"))
            }
            duration => Ok(duration),
        }
    }

    fn shift<'n>(&self, node: &'n mut Node, what: &str) -> Parsed<&'n mut Shift> {
        match &mut node.form {
            Form::Selector(selector) => Ok(&mut selector.shift),
            Form::Subquery(subquery) => Ok(&mut subquery.shift),
            _ => refuse(
                self.span(),
                format!(
                    "{what} modifier must be preceded by an instant vector selector or range vector selector \
                     or a subquery"
                ),
            ),
        }
    }

    fn offset(&mut self, node: &mut Node) -> Parsed<()> {
        if self.shift(node, "offset")?.offset.is_some() {
            return refuse(self.span(), "offset may not be set multiple times");
        }
        self.advance();
        let offset = self.offset_duration()?;
        self.shift(node, "offset")?.offset = Some(offset);
        node.span.end = self.last_span().end;
        Ok(())
    }

    fn at_modifier(&mut self, node: &mut Node) -> Parsed<()> {
        if self.shift(node, "@")?.at.is_some() {
            return refuse(self.span(), "@ <timestamp> may not be set multiple times");
        }
        self.advance();
        let span = self.span();
        let word = self.keyword();
        let at = if matches!(word.as_str(), "start" | "end") {
            self.advance();
            self.expect("(")?;
            self.expect(")")?;
            if word == "start" { At::Start } else { At::End }
        } else {
            let mut minus = false;
            if !self.sign("+") {
                minus = self.sign("-");
            }
            let Some(number) = self.plain_number() else {
                return self.unexpected("a timestamp, start() or end()");
            };
            let number = if minus { -number } else { number };
            let ms = (number * 1000.0).round();
            if !ms.is_finite() || ms.abs() >= i64::MAX as f64 {
                return refuse(span, format!("timestamp out of bounds for @ modifier: {number}"));
            }
            At::Millis(ms as i64)
        };
        self.shift(node, "@")?.at = Some(at);
        node.span.end = self.last_span().end;
        Ok(())
    }

    fn edges(&mut self, node: &mut Node, edges: Edges) -> Parsed<()> {
        let span = self.span();
        let word = self.keyword();
        if !self.options.anchored_smoothed {
            return refuse_hinted(
                span,
                format!("the {word} modifier is experimental and not enabled"),
                "Prometheus needs --enable-feature=promql-extended-range-selectors for it",
            );
        }
        let Form::Selector(selector) = &mut node.form else {
            return refuse(span, format!("the {word} modifier needs a selector before it"));
        };
        if selector.edges != Edges::Plain {
            return refuse(span, "anchored and smoothed modifiers cannot be used together");
        }
        selector.edges = edges;
        self.advance();
        node.span.end = self.last_span().end;
        Ok(())
    }
}

/// `Inf` and `NaN` are numbers wherever a label name is not all that can stand there.
fn is_number(word: &str) -> bool {
    word.eq_ignore_ascii_case("inf") || word.eq_ignore_ascii_case("nan")
}

/// A sign before a number literal is part of the number.
fn signed(minus: bool, inner: Node, span: Span) -> Node {
    match inner.form {
        Form::Number(number, as_duration) if !as_duration => {
            Node { span, form: Form::Number(if minus { -number } else { number }, false) }
        }
        _ => Node { span, form: Form::Unary(minus, Box::new(inner)) },
    }
}

fn matcher(name: &str, op: MatchOp, value: &str, span: Span) -> Parsed<Matcher> {
    Matcher::new(name, op, value).or_else(|cause| refuse(span, format!("error parsing regexp: {cause}")))
}
