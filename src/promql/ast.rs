//! The syntax tree: every node knows the bytes of the source it was read from.

use std::ops::Range;
use std::sync::Arc;

use super::functions::Function;
use super::pattern::Pattern;

/// A stretch of the source, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

impl Span {
    /// From the first byte of `self` to the last one of `other`.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start, end: other.end }
    }

    /// The same as a range.
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// What an expression evaluates to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// One number.
    Scalar,
    /// A text.
    Text,
    /// Series with one sample each.
    Vector,
    /// Series with all samples of a range.
    Matrix,
}

impl Kind {
    /// The name in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Scalar => "scalar",
            Kind::Text => "string",
            Kind::Vector => "instant vector",
            Kind::Matrix => "range vector",
        }
    }
}

/// A part of an expression.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it was read.
    pub span: Span,
    /// What it is.
    pub form: Form,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum Form {
    /// A number; `true` if it was written as a duration.
    Number(f64, bool),
    /// A text.
    Text(Literal),
    /// Series by name and labels; with a range, all their samples of it.
    Selector(Box<Selector>),
    /// An expression evaluated at many times.
    Subquery(Box<Subquery>),
    /// Brackets.
    Paren(Box<Node>),
    /// A sign; `true` for minus.
    Unary(bool, Box<Node>),
    /// Two operands.
    Binary(Box<Binary>),
    /// Many series made one.
    Aggregate(Box<Aggregate>),
    /// A function.
    Call(&'static Function, Vec<Node>),
}

/// A text as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal {
    /// The text, its escapes resolved.
    pub text: Arc<str>,
    /// If they did not resolve to UTF-8, the text with the bytes that are none as escapes; in `text` they are replaced.
    pub escaped: Option<Arc<str>>,
}

/// How a range selector treats the edges of its range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Edges {
    /// Only samples inside count.
    #[default]
    Plain,
    /// The value at the left edge is that of the last sample before it.
    Anchored,
    /// The values at both edges are interpolated.
    Smoothed,
}

/// Series by name and labels.
#[derive(Clone, Debug)]
pub struct Selector {
    /// The metric's name where it stands before the braces, or quoted inside.
    pub name: Option<Arc<str>>,
    /// All conditions, that on the name included.
    pub matchers: Vec<Matcher>,
    /// The length of the range, if one is asked for.
    pub range: Option<Duration>,
    /// How the edges of the range are treated.
    pub edges: Edges,
    /// When it is looked at.
    pub shift: Shift,
}

/// A time other than the time of evaluation.
#[derive(Clone, Debug, Default)]
pub struct Shift {
    /// A fixed time instead of that of the evaluation.
    pub at: Option<At>,
    /// How much earlier.
    pub offset: Option<Duration>,
}

/// A fixed time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum At {
    /// Milliseconds since the epoch.
    Millis(i64),
    /// The first time of the query.
    Start,
    /// The last time of the query.
    End,
}

/// How a label is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchOp {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Matches,
    /// `!~`
    NotMatches,
}

impl MatchOp {
    /// As it is written.
    pub const fn sign(self) -> &'static str {
        match self {
            MatchOp::Equal => "=",
            MatchOp::NotEqual => "!=",
            MatchOp::Matches => "=~",
            MatchOp::NotMatches => "!~",
        }
    }
}

/// A condition on a label.
#[derive(Clone, Debug)]
pub struct Matcher {
    /// The label.
    pub name: Arc<str>,
    /// How it is compared.
    pub op: MatchOp,
    /// The text or pattern it is compared with.
    pub value: Arc<str>,
    /// The pattern, compiled.
    pub(super) pattern: Option<Pattern>,
}

impl Matcher {
    /// A condition; fails if the value has to be a pattern and is none.
    pub fn new(name: impl Into<Arc<str>>, op: MatchOp, value: impl Into<Arc<str>>) -> Result<Self, String> {
        let value = value.into();
        let pattern = match op {
            MatchOp::Matches | MatchOp::NotMatches => Some(Pattern::anchored(&value)?),
            MatchOp::Equal | MatchOp::NotEqual => None,
        };
        Ok(Matcher { name: name.into(), op, value, pattern })
    }

    /// Does the condition hold for this value? A missing label has the value "".
    pub fn matches(&self, value: &str) -> bool {
        match (self.op, &self.pattern) {
            (MatchOp::Equal, _) => *self.value == *value,
            (MatchOp::NotEqual, _) => *self.value != *value,
            (op, Some(pattern)) => pattern.matches(value) == (op == MatchOp::Matches),
            (_, None) => false,
        }
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.op, &self.value) == (&other.name, other.op, &other.value)
    }
}

/// A length of time: fixed, or computed from the query's step and range.
#[derive(Clone, Debug)]
pub enum Duration {
    /// Milliseconds.
    Millis(i64),
    /// To be computed when the query is known.
    Formula(Box<Formula>),
}

impl Duration {
    /// Milliseconds for a query at one time; `None` if they cannot be computed.
    pub fn at_one_time(&self) -> Option<i64> {
        match self {
            Duration::Millis(millis) => Some(*millis),
            Duration::Formula(formula) => formula.millis(0, 0).ok(),
        }
    }
}

/// A computed length of time.
#[derive(Clone, Debug)]
pub struct Formula {
    /// Where it was read.
    pub span: Span,
    /// What it is.
    pub form: FormulaForm,
}

/// What a formula is. Numbers are seconds.
#[derive(Clone, Debug)]
pub enum FormulaForm {
    /// A number; `true` if it was written as a duration.
    Number(f64, bool),
    /// The step of the query.
    Step,
    /// The length of the query.
    Range,
    /// A sign; `true` for minus.
    Unary(bool, Box<Formula>),
    /// `+ - * / % ^`
    Binary(BinaryOp, Box<Formula>, Box<Formula>),
    /// The smaller of two.
    Min(Box<Formula>, Box<Formula>),
    /// The larger of two.
    Max(Box<Formula>, Box<Formula>),
    /// Brackets.
    Paren(Box<Formula>),
}

/// An expression evaluated at many times.
#[derive(Clone, Debug)]
pub struct Subquery {
    /// What is evaluated.
    pub inner: Node,
    /// The length of the range.
    pub range: Duration,
    /// The distance of the times; absent: the default.
    pub step: Option<Duration>,
    /// When it is looked at.
    pub shift: Shift,
}

/// An operator between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Mod,
    /// `^`
    Pow,
    /// `atan2`
    Atan2,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `and`
    And,
    /// `or`
    Or,
    /// `unless`
    Unless,
    /// `</`, cuts native histograms from above.
    TrimUpper,
    /// `>/`, cuts native histograms from below.
    TrimLower,
}

impl BinaryOp {
    /// As it is written.
    pub const fn sign(self) -> &'static str {
        match self {
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::Mod => "%",
            BinaryOp::Pow => "^",
            BinaryOp::Atan2 => "atan2",
            BinaryOp::Eq => "==",
            BinaryOp::Ne => "!=",
            BinaryOp::Lt => "<",
            BinaryOp::Le => "<=",
            BinaryOp::Gt => ">",
            BinaryOp::Ge => ">=",
            BinaryOp::And => "and",
            BinaryOp::Or => "or",
            BinaryOp::Unless => "unless",
            BinaryOp::TrimUpper => "</",
            BinaryOp::TrimLower => ">/",
        }
    }

    /// Does it compare?
    pub const fn is_comparison(self) -> bool {
        matches!(
            self,
            BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge
        )
    }

    /// Does it cut native histograms?
    pub const fn is_trim(self) -> bool {
        matches!(self, BinaryOp::TrimLower | BinaryOp::TrimUpper)
    }

    /// Is what it gives still the metric that it was?
    pub const fn keeps_name(self) -> bool {
        self.is_comparison() || self.is_trim()
    }

    /// Does it combine sets?
    pub const fn is_set(self) -> bool {
        matches!(self, BinaryOp::And | BinaryOp::Or | BinaryOp::Unless)
    }

    /// How strongly it binds; more is stronger.
    pub const fn power(self) -> u8 {
        match self {
            BinaryOp::Or => 1,
            BinaryOp::And | BinaryOp::Unless => 2,
            BinaryOp::Eq
            | BinaryOp::Ne
            | BinaryOp::Lt
            | BinaryOp::Le
            | BinaryOp::Gt
            | BinaryOp::Ge
            | BinaryOp::TrimUpper
            | BinaryOp::TrimLower => 3,
            BinaryOp::Add | BinaryOp::Sub => 4,
            BinaryOp::Mul | BinaryOp::Div | BinaryOp::Mod | BinaryOp::Atan2 => 5,
            BinaryOp::Pow => 7,
        }
    }
}

/// Two operands.
#[derive(Clone, Debug)]
pub struct Binary {
    /// The operator.
    pub op: BinaryOp,
    /// Its left side.
    pub lhs: Node,
    /// Its right side.
    pub rhs: Node,
    /// Is the result of a comparison 0 or 1, instead of a selection?
    pub as_bool: bool,
    /// How series of both sides find each other.
    pub matching: Matching,
}

/// How many series of one side belong to one of the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cardinality {
    /// One to one.
    #[default]
    OneToOne,
    /// `group_left`
    ManyToOne,
    /// `group_right`
    OneToMany,
    /// Set operators.
    ManyToMany,
}

/// How series of both sides find each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matching {
    /// How many belong to one.
    pub cardinality: Cardinality,
    /// Was `on` or `ignoring` written?
    pub written: bool,
    /// Do only `labels` count (`on`), or all others (`ignoring`)?
    pub on: bool,
    /// The labels that count, or do not.
    pub labels: Vec<Arc<str>>,
    /// Labels taken over from the "one" side.
    pub include: Vec<Arc<str>>,
    /// What stands for a missing sample of the left side.
    pub fill_lhs: Option<f64>,
    /// What stands for a missing sample of the right side.
    pub fill_rhs: Option<f64>,
}

/// How many series are made one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AggregateOp {
    /// The sum.
    Sum,
    /// The mean.
    Avg,
    /// How many there are.
    Count,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// 1.
    Group,
    /// The standard deviation of the population.
    Stddev,
    /// The variance of the population.
    Stdvar,
    /// The k largest.
    Topk,
    /// The k smallest.
    Bottomk,
    /// How many have each value.
    CountValues,
    /// A quantile.
    Quantile,
    /// k of them.
    Limitk,
    /// A share of them.
    LimitRatio,
}

impl AggregateOp {
    /// All of them.
    pub const ALL: [AggregateOp; 14] = [
        AggregateOp::Sum,
        AggregateOp::Avg,
        AggregateOp::Count,
        AggregateOp::Min,
        AggregateOp::Max,
        AggregateOp::Group,
        AggregateOp::Stddev,
        AggregateOp::Stdvar,
        AggregateOp::Topk,
        AggregateOp::Bottomk,
        AggregateOp::CountValues,
        AggregateOp::Quantile,
        AggregateOp::Limitk,
        AggregateOp::LimitRatio,
    ];

    /// The name in expressions.
    pub const fn name(self) -> &'static str {
        match self {
            AggregateOp::Sum => "sum",
            AggregateOp::Avg => "avg",
            AggregateOp::Count => "count",
            AggregateOp::Min => "min",
            AggregateOp::Max => "max",
            AggregateOp::Group => "group",
            AggregateOp::Stddev => "stddev",
            AggregateOp::Stdvar => "stdvar",
            AggregateOp::Topk => "topk",
            AggregateOp::Bottomk => "bottomk",
            AggregateOp::CountValues => "count_values",
            AggregateOp::Quantile => "quantile",
            AggregateOp::Limitk => "limitk",
            AggregateOp::LimitRatio => "limit_ratio",
        }
    }

    /// The kind of its parameter, if it has one.
    pub const fn parameter(self) -> Option<Kind> {
        match self {
            AggregateOp::Topk
            | AggregateOp::Bottomk
            | AggregateOp::Quantile
            | AggregateOp::Limitk
            | AggregateOp::LimitRatio => Some(Kind::Scalar),
            AggregateOp::CountValues => Some(Kind::Text),
            _ => None,
        }
    }

    /// Is it experimental?
    pub const fn is_experimental(self) -> bool {
        matches!(self, AggregateOp::Limitk | AggregateOp::LimitRatio)
    }
}

/// Many series made one.
#[derive(Clone, Debug)]
pub struct Aggregate {
    /// How.
    pub op: AggregateOp,
    /// The parameter, of operators that have one.
    pub parameter: Option<Node>,
    /// What is aggregated.
    pub inner: Node,
    /// Do all labels but `labels` make a group (`without`), or `labels` (`by`)?
    pub without: bool,
    /// Was `by` or `without` written?
    pub written: bool,
    /// The labels.
    pub labels: Vec<Arc<str>>,
}

impl Node {
    /// The node inside all brackets.
    pub fn unwrapped(&self) -> &Node {
        let mut node = self;
        while let Form::Paren(inner) = &node.form {
            node = inner;
        }
        node
    }

    /// What it evaluates to.
    pub fn kind(&self) -> Kind {
        match &self.form {
            Form::Number(..) => Kind::Scalar,
            Form::Text(_) => Kind::Text,
            Form::Selector(selector) => {
                if selector.range.is_some() {
                    Kind::Matrix
                } else {
                    Kind::Vector
                }
            }
            Form::Subquery(_) => Kind::Matrix,
            Form::Paren(inner) | Form::Unary(_, inner) => inner.kind(),
            Form::Binary(binary) => {
                if binary.lhs.kind() == Kind::Scalar && binary.rhs.kind() == Kind::Scalar {
                    Kind::Scalar
                } else {
                    Kind::Vector
                }
            }
            Form::Aggregate(_) => Kind::Vector,
            Form::Call(function, _) => function.gives,
        }
    }

    /// The nodes directly below.
    pub fn children(&self) -> Vec<&Node> {
        match &self.form {
            Form::Number(..) | Form::Text(_) | Form::Selector(_) => Vec::new(),
            Form::Subquery(subquery) => vec![&subquery.inner],
            Form::Paren(inner) | Form::Unary(_, inner) => vec![inner],
            Form::Binary(binary) => vec![&binary.lhs, &binary.rhs],
            Form::Aggregate(aggregate) => {
                aggregate.parameter.iter().chain(std::iter::once(&aggregate.inner)).collect()
            }
            Form::Call(_, arguments) => arguments.iter().collect(),
        }
    }

    /// Calls `visit` with this node and all below, in the order they are written.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Node)) {
        visit(self);
        for child in self.children() {
            child.walk(visit);
        }
    }
}

/// An expression: parsed, its types checked, and its source kept.
#[derive(Clone, Debug)]
pub struct Expr {
    pub(super) source: Arc<str>,
    pub(super) root: Node,
    pub(super) kind: Kind,
}

impl Expr {
    /// The text it was read from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The outermost node.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// What it evaluates to.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}
