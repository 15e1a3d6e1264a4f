//! Arithmetic of Grafana's transformations and of its server's expressions: operators of two numbers, functions of one.

/// The result of an operator; `None` if there is no such operator.
pub fn binary(operator: &str, a: f64, b: f64) -> Option<f64> {
    Some(match operator {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        "%" => a % b,
        "**" => a.powf(b),
        "==" => truth(a == b),
        "!=" => truth(a != b),
        ">" => truth(a > b),
        ">=" => truth(a >= b),
        "<" => truth(a < b),
        "<=" => truth(a <= b),
        _ => return None,
    })
}

/// The result of a function; `None` if there is no such function.
pub fn unary(function: &str, value: f64) -> Option<f64> {
    Some(match function {
        "abs" => value.abs(),
        "exp" => value.exp(),
        "ln" | "log" => value.ln(),
        "floor" => value.floor(),
        "ceil" => value.ceil(),
        "round" => value.round(),
        "is_nan" => truth(value.is_nan()),
        "is_inf" => truth(value.is_infinite()),
        _ => return None,
    })
}

/// What is so as a number.
pub fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}
