//! The functions of PromQL: one table, and one file for each family.

mod dates;
mod growth;
mod histograms;
pub(super) mod info;
mod labels;
mod rates;
mod sorting;
mod statistics;
mod values;

use super::ast::{Kind, Node};
use super::eval::{Evaluated, Evaluator, Outcome, Steps, Window};

pub(super) use statistics::{kahan, quantile};

/// A function that decides itself what to do with its arguments.
type Whole = for<'a, 'e> fn(&'e mut Evaluator<'a>, &'a Node, &'a [Node], Steps) -> Outcome<Evaluated>;

/// How a function is computed.
#[derive(Clone, Copy)]
pub(super) enum Run {
    /// One number from each number; drops the name.
    Each(fn(f64) -> f64),
    /// One number from the numbers of each window of a range vector; drops the name.
    Over(fn(&Window<'_>) -> Option<f64>),
    /// One number from all that is in each window, native histograms included; drops the name.
    Any(fn(&Window<'_>) -> Option<f64>),
    /// Anything else.
    Whole(Whole),
}

/// A function of PromQL.
pub struct Function {
    /// The name in expressions.
    pub name: &'static str,
    /// The kinds of its arguments.
    pub arguments: &'static [Kind],
    /// How many of the last arguments may be left out.
    pub optional: usize,
    /// May the last argument be repeated?
    pub repeats: bool,
    /// What it gives.
    pub gives: Kind,
    /// Is it allowed with the option `experimental` only?
    pub experimental: bool,
    /// What it does, in one sentence.
    pub doc: &'static str,
    /// How it is computed.
    pub(super) run: Run,
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Function {
    /// The least and the most arguments; `None` for any number.
    pub fn counts(&self) -> (usize, Option<usize>) {
        let least = self.arguments.len() - self.optional;
        (least, (!self.repeats).then_some(self.arguments.len()))
    }

    /// The kind of an argument.
    pub fn argument(&self, at: usize) -> Kind {
        self.arguments.get(at).or(self.arguments.last()).copied().unwrap_or(Kind::Scalar)
    }

    /// Name, arguments and result: `round(instant vector, [scalar]) gives instant vector`.
    pub fn signature(&self) -> String {
        let (least, most) = self.counts();
        let mut arguments: Vec<String> = (0..self.arguments.len())
            .map(|i| {
                if i < least {
                    self.argument(i).name().to_owned()
                } else {
                    format!("[{}]", self.argument(i).name())
                }
            })
            .collect();
        if most.is_none() {
            arguments.push("…".to_owned());
        }
        format!("{}({}) gives {}", self.name, arguments.join(", "), self.gives.name())
    }

    /// The last `count` arguments may be left out.
    const fn optional(mut self, count: usize) -> Self {
        self.optional = count;
        self
    }

    /// The last argument may be repeated.
    const fn repeats(mut self) -> Self {
        self.repeats = true;
        self
    }

    const fn gives(mut self, kind: Kind) -> Self {
        self.gives = kind;
        self
    }

    const fn experimental(mut self) -> Self {
        self.experimental = true;
        self
    }
}

/// The function of that name.
pub fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.binary_search_by(|function| function.name.cmp(name)).ok().map(|at| &FUNCTIONS[at])
}

const fn each(name: &'static str, f: fn(f64) -> f64, doc: &'static str) -> Function {
    entry(name, &[V], Run::Each(f), doc)
}

const fn over(name: &'static str, f: fn(&Window<'_>) -> Option<f64>, doc: &'static str) -> Function {
    entry(name, &[M], Run::Over(f), doc)
}

const fn any(name: &'static str, f: fn(&Window<'_>) -> Option<f64>, doc: &'static str) -> Function {
    entry(name, &[M], Run::Any(f), doc)
}

const fn whole(name: &'static str, arguments: &'static [Kind], f: Whole, doc: &'static str) -> Function {
    entry(name, arguments, Run::Whole(f), doc)
}

const fn entry(name: &'static str, arguments: &'static [Kind], run: Run, doc: &'static str) -> Function {
    Function {
        name,
        arguments,
        optional: 0,
        repeats: false,
        gives: Kind::Vector,
        experimental: false,
        doc,
        run,
    }
}

const S: Kind = Kind::Scalar;
const T: Kind = Kind::Text;
const V: Kind = Kind::Vector;
const M: Kind = Kind::Matrix;

/// All functions, sorted by name.
#[rustfmt::skip]
pub static FUNCTIONS: &[Function] = &[
    each("abs", f64::abs, "The absolute value."),
    whole("absent", &[V], labels::absent, "1 where the vector is empty, with the labels its selector names."),
    whole("absent_over_time", &[M], labels::absent_over_time, "1 where the range holds no sample."),
    each("acos", f64::acos, "The arccosine, in radians."),
    each("acosh", values::acosh, "The inverse hyperbolic cosine."),
    each("asin", f64::asin, "The arcsine, in radians."),
    each("asinh", values::asinh, "The inverse hyperbolic sine."),
    each("atan", f64::atan, "The arctangent, in radians."),
    each("atanh", f64::atanh, "The inverse hyperbolic tangent."),
    whole("avg_over_time", &[M], statistics::avg, "The mean of the range."),
    each("ceil", f64::ceil, "The next whole number above."),
    whole("changes", &[M], rates::changes, "How often the value changed."),
    whole("clamp", &[V, S, S], values::clamp, "The value, held between two limits."),
    whole("clamp_max", &[V, S], values::clamp_max, "The value, at most the limit."),
    whole("clamp_min", &[V, S], values::clamp_min, "The value, at least the limit."),
    each("cos", f64::cos, "The cosine of radians."),
    each("cosh", values::cosh, "The hyperbolic cosine."),
    any("count_over_time", statistics::count, "How many samples the range holds."),
    whole("day_of_month", &[V], dates::day_of_month, "The day of the month, 1 to 31.").optional(1),
    whole("day_of_week", &[V], dates::day_of_week, "The day of the week, 0 is Sunday.").optional(1),
    whole("day_of_year", &[V], dates::day_of_year, "The day of the year, 1 to 366.").optional(1),
    whole("days_in_month", &[V], dates::days_in_month, "The number of days of the month.").optional(1),
    each("deg", f64::to_degrees, "Radians in degrees."),
    whole("delta", &[M], rates::delta, "The change of a gauge over the range, extrapolated to its edges."),
    over("deriv", rates::deriv, "The change per second of a gauge, by linear regression."),
    whole("double_exponential_smoothing", &[M, S, S], rates::double_exponential_smoothing, "A gauge smoothed (Holt), by a smoothing and a trend factor.").experimental(),
    whole("end", &[], values::end, "The last time of the query.").gives(S).experimental(),
    each("exp", f64::exp, "e to the power of the value."),
    whole("first_over_time", &[M], statistics::first, "The first sample of the range.").experimental(),
    each("floor", f64::floor, "The next whole number below."),
    whole("histogram_avg", &[V], histograms::avg, "The mean of a native histogram."),
    whole("histogram_count", &[V], histograms::count, "The count of a native histogram."),
    whole("histogram_fraction", &[S, S, V], histograms::fraction, "The share of observations between two limits."),
    whole("histogram_quantile", &[S, V], histograms::quantile, "A quantile from the buckets of a histogram."),
    whole("histogram_quantiles", &[V, T, S], histograms::quantiles, "Several quantiles from the buckets of a histogram.").repeats().experimental(),
    whole("histogram_stddev", &[V], histograms::stddev, "The standard deviation of a native histogram."),
    whole("histogram_stdvar", &[V], histograms::stdvar, "The variance of a native histogram."),
    whole("histogram_sum", &[V], histograms::sum, "The sum of a native histogram."),
    whole("hour", &[V], dates::hour, "The hour of the day, 0 to 23.").optional(1),
    whole("idelta", &[M], rates::idelta, "The change from the last but one to the last sample."),
    whole("increase", &[M], rates::increase, "How much a counter grew, extrapolated to the edges of the range."),
    whole("info", &[V, V], info::info, "The series, with labels of their info series (target_info).").optional(1).experimental(),
    whole("irate", &[M], rates::irate, "The growth per second of a counter, from its last two samples."),
    whole("label_join", &[V, T, T, T], labels::label_join, "A label from others, joined by a separator.").optional(1).repeats(),
    whole("label_replace", &[V, T, T, T, T], labels::label_replace, "A label from another one, by a regular expression."),
    whole("last_over_time", &[M], statistics::last, "The last sample of the range."),
    each("ln", f64::ln, "The natural logarithm."),
    each("log10", values::log10, "The decimal logarithm."),
    each("log2", values::log2, "The binary logarithm."),
    over("mad_over_time", statistics::mad, "The median absolute deviation of the range.").experimental(),
    whole("max_of", &[S, S], values::max_of, "The larger of two scalars.").gives(S).experimental(),
    over("max_over_time", statistics::max, "The largest sample of the range."),
    whole("min_of", &[S, S], values::min_of, "The smaller of two scalars.").gives(S).experimental(),
    over("min_over_time", statistics::min, "The smallest sample of the range."),
    whole("minute", &[V], dates::minute, "The minute of the hour, 0 to 59.").optional(1),
    whole("month", &[V], dates::month, "The month, 1 to 12.").optional(1),
    whole("pi", &[], values::pi, "Pi.").gives(S),
    whole("predict_linear", &[M, S], rates::predict_linear, "The value some seconds from now, by linear regression."),
    any("present_over_time", statistics::present, "1 where the range holds a sample."),
    whole("quantile_over_time", &[S, M], statistics::quantile_over_time, "A quantile of the range."),
    each("rad", f64::to_radians, "Degrees in radians."),
    whole("range", &[], values::range, "The length of the query, in seconds.").gives(S).experimental(),
    whole("rate", &[M], rates::rate, "The growth per second of a counter, extrapolated to the edges of the range."),
    whole("resets", &[M], rates::resets, "How often a counter was reset."),
    whole("round", &[V, S], values::round, "The nearest whole number, or multiple of the second argument.").optional(1),
    whole("scalar", &[V], values::scalar, "The value of a vector of one series, else NaN.").gives(S),
    each("sgn", values::sgn, "The sign: -1, 0 or 1."),
    each("sin", f64::sin, "The sine of radians."),
    each("sinh", values::sinh, "The hyperbolic sine."),
    whole("sort", &[V], sorting::sort, "The series, smallest value first."),
    whole("sort_by_label", &[V, T], sorting::sort_by_label, "The series, sorted by labels.").optional(1).repeats().experimental(),
    whole("sort_by_label_desc", &[V, T], sorting::sort_by_label_desc, "The series, sorted by labels, last first.").optional(1).repeats().experimental(),
    whole("sort_desc", &[V], sorting::sort_desc, "The series, largest value first."),
    each("sqrt", f64::sqrt, "The square root."),
    whole("start", &[], values::start, "The first time of the query.").gives(S).experimental(),
    whole("start_timestamp", &[V], values::start_timestamp, "When the counter of each sample started, 0 if unknown.").experimental(),
    over("stddev_over_time", statistics::stddev, "The standard deviation of the range."),
    over("stdvar_over_time", statistics::stdvar, "The variance of the range."),
    whole("step", &[], values::step, "The step of the query, in seconds.").gives(S).experimental(),
    whole("sum_over_time", &[M], statistics::sum, "The sum of the range."),
    each("tan", f64::tan, "The tangent of radians."),
    each("tanh", f64::tanh, "The hyperbolic tangent."),
    whole("time", &[], values::time, "The time of evaluation, in seconds since the epoch.").gives(S),
    whole("timestamp", &[V], values::timestamp, "The time of each sample, in seconds since the epoch."),
    any("ts_of_first_over_time", statistics::ts_of_first, "The time of the first sample of the range.").experimental(),
    any("ts_of_last_over_time", statistics::ts_of_last, "The time of the last sample of the range.").experimental(),
    over("ts_of_max_over_time", statistics::ts_of_max, "The time of the largest sample of the range.").experimental(),
    over("ts_of_min_over_time", statistics::ts_of_min, "The time of the smallest sample of the range.").experimental(),
    whole("vector", &[S], values::vector, "The scalar as a vector without labels."),
    whole("year", &[V], dates::year, "The year.").optional(1),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_documented() {
        assert!(FUNCTIONS.windows(2).all(|pair| pair[0].name < pair[1].name));
        for function in FUNCTIONS {
            assert!(function.doc.ends_with('.') && function.doc.len() > 2, "{}", function.name);
            assert!(function.optional <= function.arguments.len(), "{}", function.name);
        }
    }
}
