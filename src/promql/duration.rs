//! Durations: literals, and formulas over the query's step and range.

use super::ast::{BinaryOp, Duration, Formula, FormulaForm, Span};
use super::lexer::Token;
use super::parser::{Parsed, Parser, refuse, refuse_hinted};

impl Parser<'_> {
    /// A duration between `[` and `]`: a whole formula.
    pub(super) fn duration(&mut self) -> Parsed<Duration> {
        let formula = self.formula(0)?;
        self.settle(formula)
    }

    /// A duration after `offset`: an operand; operators after it belong to the expression around.
    pub(super) fn offset_duration(&mut self) -> Parsed<Duration> {
        let formula = self.formula_operand(true)?;
        self.settle(formula)
    }

    fn settle(&self, formula: Formula) -> Parsed<Duration> {
        if !self.options.duration_expressions && !formula.is_literal() {
            return refuse_hinted(
                formula.span,
                "experimental duration expression is not enabled",
                "write the duration out",
            );
        }
        if formula.depends_on_query() {
            return Ok(Duration::Formula(Box::new(formula)));
        }
        formula.millis(0, 0).map(Duration::Millis)
    }

    fn formula(&mut self, power: u8) -> Parsed<Formula> {
        self.deeper(|parser| {
            let mut lhs = parser.formula_operand(false)?;
            // Each operator makes the formula one level deeper, which recursion over it would notice.
            let mut levels = 0;
            while let Some(op) = parser.operator().filter(|op| is_arithmetic(*op) && op.power() >= power) {
                levels += 1;
                if levels > 64 {
                    return refuse(lhs.span, "the duration has more than 64 operators in a row");
                }
                parser.advance();
                let right = if op == BinaryOp::Pow { op.power() } else { op.power() + 1 };
                let rhs = parser.formula(right)?;
                let span = lhs.span.to(rhs.span);
                lhs = Formula { span, form: FormulaForm::Binary(op, Box::new(lhs), Box::new(rhs)) };
            }
            Ok(lhs)
        })
    }

    fn formula_operand(&mut self, after_offset: bool) -> Parsed<Formula> {
        let start = self.span();
        let word = self.keyword();
        let form = match self.peek().clone() {
            Token::Number(number) => {
                self.advance();
                FormulaForm::Number(number, false)
            }
            Token::Duration(ms) => {
                self.advance();
                FormulaForm::Number(ms as f64 / 1000.0, true)
            }
            Token::Sign(sign @ ("+" | "-")) => {
                self.advance();
                let inner = if after_offset {
                    self.deeper(|parser| parser.formula_operand(true))?
                } else {
                    self.formula(6)?
                };
                FormulaForm::Unary(sign == "-", Box::new(inner))
            }
            Token::Sign("(") => {
                self.advance();
                let inner = self.formula(0)?;
                self.expect(")")?;
                FormulaForm::Paren(Box::new(inner))
            }
            Token::Word(_) if word == "step" || word == "range" => {
                self.advance();
                self.expect("(")?;
                self.expect(")")?;
                if word == "step" { FormulaForm::Step } else { FormulaForm::Range }
            }
            Token::Word(_) if matches!(word.as_str(), "min_of" | "max_of" | "min" | "max") => {
                self.advance();
                self.expect("(")?;
                let first = Box::new(self.formula(0)?);
                self.expect(",")?;
                let second = Box::new(self.formula(0)?);
                self.expect(")")?;
                if word.starts_with("min") {
                    FormulaForm::Min(first, second)
                } else {
                    FormulaForm::Max(first, second)
                }
            }
            _ => return self.unexpected("a duration"),
        };
        Ok(Formula { span: start.to(self.last_span()), form })
    }
}

fn is_arithmetic(op: BinaryOp) -> bool {
    matches!(
        op,
        BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Mod | BinaryOp::Pow
    )
}

impl Formula {
    /// A number or a duration, perhaps with a sign.
    fn is_literal(&self) -> bool {
        match &self.form {
            FormulaForm::Number(..) => true,
            FormulaForm::Unary(_, inner) => matches!(inner.form, FormulaForm::Number(..)),
            _ => false,
        }
    }

    /// Does its value depend on the step or the range of the query?
    fn depends_on_query(&self) -> bool {
        match &self.form {
            FormulaForm::Number(..) => false,
            FormulaForm::Step | FormulaForm::Range => true,
            FormulaForm::Unary(_, inner) | FormulaForm::Paren(inner) => inner.depends_on_query(),
            FormulaForm::Binary(_, a, b) | FormulaForm::Min(a, b) | FormulaForm::Max(a, b) => {
                a.depends_on_query() || b.depends_on_query()
            }
        }
    }

    /// Its value for a query with this step and this range, all in milliseconds.
    pub(super) fn millis(&self, step_ms: i64, range_ms: i64) -> Parsed<i64> {
        let seconds = self.seconds(step_ms as f64 / 1000.0, range_ms as f64 / 1000.0)?;
        let ms = (seconds * 1000.0).round();
        // Prometheus keeps durations as nanoseconds in 64 bits.
        if ms.is_nan() || ms.abs() >= i64::MAX as f64 / 1e6 {
            return refuse(self.span, "duration out of range");
        }
        Ok(ms as i64)
    }

    fn seconds(&self, step: f64, range: f64) -> Parsed<f64> {
        Ok(match &self.form {
            FormulaForm::Number(number, _) => *number,
            FormulaForm::Step => step,
            FormulaForm::Range => range,
            FormulaForm::Unary(true, inner) => -inner.seconds(step, range)?,
            FormulaForm::Unary(false, inner) | FormulaForm::Paren(inner) => inner.seconds(step, range)?,
            FormulaForm::Min(a, b) => a.seconds(step, range)?.min(b.seconds(step, range)?),
            FormulaForm::Max(a, b) => a.seconds(step, range)?.max(b.seconds(step, range)?),
            FormulaForm::Binary(op, a, b) => {
                calculate(*op, a.seconds(step, range)?, b.seconds(step, range)?, b.span)?
            }
        })
    }
}

fn calculate(op: BinaryOp, a: f64, b: f64, divisor: Span) -> Parsed<f64> {
    Ok(match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div if b == 0.0 => return refuse(divisor, "division by zero"),
        BinaryOp::Div => a / b,
        BinaryOp::Mod if b == 0.0 => return refuse(divisor, "modulo by zero"),
        BinaryOp::Mod => a % b,
        _ => a.powf(b),
    })
}
