//! The types of an expression: what may stand where.

use super::ast::{Aggregate, Binary, Form, Kind, Node, Selector, Span};
use super::functions::{self, Function};
use super::parser::{Parsed, refuse, refuse_hinted};
use super::{Options, ast::Edges};

/// Checks a node and all below it.
pub(super) fn check(node: &Node, options: &Options) -> Parsed<()> {
    // The second argument of `info` is not evaluated; it may match everything.
    let evaluated = match &node.form {
        Form::Call(function, _) if function.name == "info" => 1,
        _ => usize::MAX,
    };
    for child in node.children().into_iter().take(evaluated) {
        check(child, options)?;
    }
    match &node.form {
        Form::Number(..) | Form::Text(_) | Form::Paren(_) => Ok(()),
        Form::Selector(selector) => check_selector(node.span, selector),
        Form::Subquery(subquery) => match subquery.inner.kind() {
            Kind::Vector => Ok(()),
            other => refuse(
                node.span,
                format!("subquery is only allowed on instant vector, got {} instead", other.name()),
            ),
        },
        Form::Unary(_, inner) => match inner.kind() {
            Kind::Scalar | Kind::Vector => Ok(()),
            other => refuse(
                node.span,
                format!(
                    "unary expression only allowed on expressions of type \"scalar\" or \"instant vector\", \
                     got {:?}",
                    other.name()
                ),
            ),
        },
        Form::Binary(binary) => check_binary(node.span, binary),
        Form::Aggregate(aggregate) => check_aggregate(node.span, aggregate, options),
        Form::Call(function, arguments) => check_call(node.span, function, arguments, options),
    }
}

fn check_selector(span: Span, selector: &Selector) -> Parsed<()> {
    if selector.matchers.iter().all(|matcher| matcher.matches("")) {
        return refuse_hinted(
            span,
            "vector selector must contain at least one non-empty matcher",
            "name a metric, or a label with a value",
        );
    }
    if selector.edges == Edges::Anchored && selector.range.is_none() {
        return refuse(span, "the anchored modifier needs a range");
    }
    Ok(())
}

fn check_binary(span: Span, binary: &Binary) -> Parsed<()> {
    let kinds = (binary.lhs.kind(), binary.rhs.kind());
    for (kind, side) in [(kinds.0, &binary.lhs), (kinds.1, &binary.rhs)] {
        if !matches!(kind, Kind::Scalar | Kind::Vector) {
            return refuse(side.span, "binary expression must contain only scalar and instant vector types");
        }
    }
    if kinds == (Kind::Scalar, Kind::Scalar) {
        if binary.op.is_comparison() && !binary.as_bool {
            return refuse_hinted(
                span,
                "comparisons between scalars must use BOOL modifier",
                format!("write {} bool", binary.op.sign()),
            );
        }
        if binary.op.is_set() {
            return refuse(
                span,
                format!("set operator {:?} not allowed in binary scalar expression", binary.op.sign()),
            );
        }
    }
    let vectors = kinds == (Kind::Vector, Kind::Vector);
    if binary.op.is_set() && !vectors {
        return refuse(
            span,
            format!("set operator {:?} not allowed in binary scalar expression", binary.op.sign()),
        );
    }
    let matching = &binary.matching;
    let filled = matching.fill_lhs.is_some() || matching.fill_rhs.is_some();
    // Without labels, matching says nothing, and a scalar may stand beside it.
    if !vectors && (filled || !matching.labels.is_empty()) {
        return refuse(span, "vector matching only allowed between instant vectors");
    }
    Ok(())
}

fn check_aggregate(span: Span, aggregate: &Aggregate, options: &Options) -> Parsed<()> {
    let op = aggregate.op;
    if op.is_experimental() && !options.experimental {
        return refuse_hinted(
            span,
            format!("{}() is experimental and not enabled", op.name()),
            "Prometheus needs --enable-feature=promql-experimental-functions for it",
        );
    }
    if let (Some(wanted), Some(parameter)) = (op.parameter(), &aggregate.parameter) {
        expect_kind(parameter, wanted, &format!("aggregation parameter of {:?}", op.name()))?;
    }
    expect_kind(&aggregate.inner, Kind::Vector, "aggregation expression")
}

fn check_call(span: Span, function: &Function, arguments: &[Node], options: &Options) -> Parsed<()> {
    if function.experimental && !options.experimental {
        return refuse_hinted(
            span,
            format!("function {:?} is not enabled", function.name),
            "Prometheus needs --enable-feature=promql-experimental-functions for it",
        );
    }
    let (least, most) = function.counts();
    let got = arguments.len();
    let count = match most {
        Some(most) if most == least && got != least => Some(format!("{least}")),
        _ if got < least => Some(format!("at least {least}")),
        Some(most) if got > most => Some(format!("at most {most}")),
        _ => None,
    };
    if let Some(count) = count {
        return refuse_hinted(
            span,
            format!("expected {count} argument(s) in call to {:?}, got {got}", function.name),
            function.signature(),
        );
    }
    for (i, argument) in arguments.iter().enumerate() {
        expect_kind(argument, function.argument(i), &format!("call to function {:?}", function.name))?;
    }
    for argument in arguments {
        check_edges(function, argument)?;
    }
    if function.name == "info" {
        return check_info(arguments);
    }
    Ok(())
}

/// Only some functions know what to do with anchored or smoothed edges.
fn check_edges(function: &Function, argument: &Node) -> Parsed<()> {
    let Form::Selector(selector) = &argument.unwrapped().form else { return Ok(()) };
    let (word, allowed) = match selector.edges {
        _ if selector.range.is_none() => return Ok(()),
        Edges::Plain => return Ok(()),
        Edges::Anchored => ("anchored", &["changes", "delta", "increase", "rate", "resets"][..]),
        Edges::Smoothed => ("smoothed", &["delta", "increase", "rate"][..]),
    };
    if allowed.contains(&function.name) {
        return Ok(());
    }
    let allowed = allowed.join(", ");
    refuse(
        argument.span,
        format!("{word} modifier can only be used with: {allowed} - not with {}", function.name),
    )
}

/// The second argument of `info` is not evaluated but read: it has to be label conditions alone.
fn check_info(arguments: &[Node]) -> Parsed<()> {
    let Some(labels) = arguments.get(1) else { return Ok(()) };
    match &labels.form {
        Form::Selector(selector) if selector.name.is_none() && selector.shift.at.is_none() => Ok(()),
        _ => refuse(labels.span, "expected label selectors only"),
    }
}

/// What makes a range of a vector.
fn range_hint(node: &Node) -> &'static str {
    match &node.form {
        Form::Selector(_) => "add a range, as in [5m]",
        Form::Aggregate(_) => "the other way round: first the function over a range, as in sum(rate(…[5m]))",
        _ => "a range of an expression is a subquery, as in (…)[5m:]",
    }
}

fn expect_kind(node: &Node, wanted: Kind, place: &str) -> Parsed<()> {
    let got = node.kind();
    if got == wanted {
        return Ok(());
    }
    let message = format!("expected type {} in {place}, got {}", wanted.name(), got.name());
    match (wanted, got) {
        (Kind::Matrix, Kind::Vector) => refuse_hinted(node.span, message, range_hint(node)),
        (Kind::Vector, Kind::Matrix) => {
            refuse_hinted(node.span, message, "leave out the range, or wrap it as in rate(…[5m])")
        }
        _ => refuse(node.span, message),
    }
}

/// The error for a function that is not there, with the nearest one that is.
pub(super) fn unknown_function<T>(name: &str, span: Span) -> Parsed<T> {
    let message = format!("unknown function with name {name:?}");
    if name == "holt_winters" {
        return refuse_hinted(span, message, "Prometheus 3 calls it double_exponential_smoothing");
    }
    let names = functions::FUNCTIONS.iter().map(|function| function.name);
    let aggregates = super::ast::AggregateOp::ALL.into_iter().map(super::ast::AggregateOp::name);
    let written = name.to_ascii_lowercase();
    // A name of hundreds of letters is nobody's typing error.
    let known = names.chain(aggregates).filter(|_| name.len() <= 64);
    let nearest = known.map(|known| (strsim::levenshtein(known, &written), known)).min();
    match nearest {
        Some((distance, known)) if distance <= 1 + known.len() / 4 => {
            refuse_hinted(span, message, format!("did you mean {known}?"))
        }
        _ => refuse(span, message),
    }
}
