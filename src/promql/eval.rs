//! Evaluation.
use super::{Answer, EvalError, Expr, Options, Store};

/// The value of an expression at one time.
pub fn instant(_expr: &Expr, _store: &Store, _at_ms: i64, _options: &Options) -> Result<Answer, EvalError> {
    Err(EvalError { message: "not built yet".into(), span: None, hint: None })
}

/// The values of an expression from `start_ms` to `end_ms`, both included, every `step_ms`.
pub fn range(
    _expr: &Expr,
    _store: &Store,
    _start_ms: i64,
    _end_ms: i64,
    _step_ms: i64,
    _options: &Options,
) -> Result<Answer, EvalError> {
    Err(EvalError { message: "not built yet".into(), span: None, hint: None })
}
