//! Dates in numbers, `03/05/2024`: which of their numbers are day, month and year is told by all dates of a file together.

use crate::format::time::{Numbers, Order};
use crate::model::time::days_from_civil;

/// The dates of a file in one order of their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Reading {
    /// How many days lie between each date and the next, all together.
    pub steps: i64,
    /// The order.
    pub order: Order,
    /// The latest of the dates as days since 1970, unless their years are not written.
    pub latest: Option<i64>,
    /// Does every date say by itself or by its notation what it means?
    pub clear: bool,
}

/// The orders in which all of these dates are dates, those in which they follow each other most closely first.
pub(super) fn readings(dates: &[Numbers]) -> Vec<Reading> {
    let day = |date: &Numbers, order| {
        date.read_as(order)
            .map(|(year, month, day)| (year, days_from_civil(year.unwrap_or(2000), month, day)))
    };
    let clear = dates.iter().all(|date| date.is_clear());
    let mut fitting: Vec<Reading> = Vec::new();
    for order in Order::ALL {
        // Two numbers are read alike as year and as month first.
        if order == Order::YearFirst
            && dates.iter().all(|date| date.read_as(order) == date.read_as(Order::MonthFirst))
        {
            continue;
        }
        let Some(days) = dates.iter().map(|date| day(date, order)).collect::<Option<Vec<_>>>() else {
            continue;
        };
        let steps = days.windows(2).map(|pair| (pair[1].1 - pair[0].1).abs()).sum();
        let latest = days.iter().filter_map(|(year, day)| year.map(|_| *day)).max();
        fitting.push(Reading { steps, order, latest, clear });
    }
    fitting.sort_by_key(|reading| reading.steps);
    fitting
}

/// The order of the numbers in dates: the only one in which all are dates, else the one in which they follow
/// each other most closely.
pub(super) fn order_of(readings: &[Reading]) -> Option<Order> {
    match readings {
        [only] => Some(only.order),
        [least, next, ..] if least.steps < next.steps => Some(least.order),
        _ => None,
    }
}
