//! PromQL: lexer, parser with spans, type check, evaluator, and one table of functions.
