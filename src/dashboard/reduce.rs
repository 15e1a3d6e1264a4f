//! One number for many: the calculations of Grafana's legends, stats and transformations.

/// The result of a calculation by its id; `None` where there is none, or the calculation is not known.
pub fn reduce(id: &str, values: &[Option<f64>]) -> Option<f64> {
    let known: Vec<f64> = values.iter().flatten().copied().filter(|value| !value.is_nan()).collect();
    let sum = || known.iter().sum::<f64>();
    let count = known.len() as f64;
    let least = || known.iter().copied().reduce(f64::min);
    let greatest = || known.iter().copied().reduce(f64::max);
    let some = |value: f64| (!known.is_empty()).then_some(value);
    let mean = || some(sum() / count);
    let variance = || {
        let mean = mean()?;
        Some(known.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count)
    };
    match id {
        "last" => values.last().copied().flatten(),
        "lastNotNull" | "current" => known.last().copied(),
        "first" => values.first().copied().flatten(),
        "firstNotNull" => known.first().copied(),
        "min" => least(),
        "max" => greatest(),
        "mean" | "avg" => mean(),
        "sum" | "total" => some(sum()),
        "count" => Some(values.len() as f64),
        "range" => Some(greatest()? - least()?),
        "diff" => Some(known.last()? - known.first()?),
        "diffperc" => {
            let (first, last) = (known.first()?, known.last()?);
            (*first != 0.0).then(|| (last - first) / first)
        }
        // A counter that starts anew counts from there.
        "delta" => some(
            known.windows(2).map(|pair| if pair[1] >= pair[0] { pair[1] - pair[0] } else { pair[1] }).sum(),
        ),
        "step" => known.windows(2).map(|pair| (pair[1] - pair[0]).abs()).reduce(f64::min),
        "stdDev" => variance().map(f64::sqrt),
        "variance" => variance(),
        "median" => quantile(known, 0.5),
        "logmin" => known.iter().copied().filter(|value| *value > 0.0).reduce(f64::min),
        "changeCount" => some(known.windows(2).filter(|pair| pair[0] != pair[1]).count() as f64),
        "distinctCount" | "uniqueValues" => {
            let mut known = known;
            known.sort_by(f64::total_cmp);
            known.dedup();
            Some(known.len() as f64)
        }
        "allIsZero" => some(f64::from(u8::from(known.iter().all(|value| *value == 0.0)))),
        "allIsNull" => Some(f64::from(u8::from(known.is_empty()))),
        other => {
            let percent: f64 = other.strip_prefix('p')?.parse().ok()?;
            quantile(known, (percent / 100.0).clamp(0.0, 1.0))
        }
    }
}

/// By linear interpolation between closest ranks.
fn quantile(mut values: Vec<f64>, share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let place = share * (values.len().checked_sub(1)?) as f64;
    let (low, high) = (values[place.floor() as usize], values[place.ceil() as usize]);
    Some(low + (high - low) * place.fract())
}

/// What a calculation is called.
pub fn name(id: &str) -> String {
    match id {
        "last" => "Last",
        "lastNotNull" => "Last *",
        "first" => "First",
        "firstNotNull" => "First *",
        "min" => "Min",
        "max" => "Max",
        "mean" => "Mean",
        "sum" => "Total",
        "count" => "Count",
        "range" => "Range",
        "diff" => "Difference",
        "delta" => "Delta",
        "stdDev" => "StdDev",
        "variance" => "Variance",
        "median" => "Median",
        "diffperc" => "Difference percent",
        "step" => "Step",
        "logmin" => "Min (above zero)",
        "allIsZero" => "All zeros",
        "allIsNull" => "All nulls",
        "changeCount" => "Change count",
        "distinctCount" => "Distinct count",
        "uniqueValues" => "Unique values",
        other => match other.strip_prefix('p').filter(|share| share.parse::<u8>().is_ok()) {
            Some(share) => return format!("{share}th %"),
            None => other,
        },
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_calculation() {
        let values = [Some(2.0), None, Some(4.0), Some(1.0), Some(f64::NAN), Some(5.0), None];
        for (id, expected) in [
            ("last", None),
            ("lastNotNull", Some(5.0)),
            ("first", Some(2.0)),
            ("min", Some(1.0)),
            ("max", Some(5.0)),
            ("mean", Some(3.0)),
            ("sum", Some(12.0)),
            ("count", Some(7.0)),
            ("range", Some(4.0)),
            ("diff", Some(3.0)),
            ("diffperc", Some(1.5)),
            ("delta", Some(7.0)),
            ("stdDev", Some(2.5_f64.sqrt())),
            ("median", Some(3.0)),
            ("p100", Some(5.0)),
            ("changeCount", Some(3.0)),
            ("distinctCount", Some(4.0)),
            ("allIsZero", Some(0.0)),
            ("nothing", None),
        ] {
            assert_eq!(reduce(id, &values), expected, "{id}");
        }
        assert_eq!(reduce("mean", &[]), None);
        assert_eq!(reduce("median", &[None]), None);
    }
}
