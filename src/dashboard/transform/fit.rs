//! `regression`: a curve through the points of two columns, by least squares.

use serde_json::Value;

use super::word;
use crate::dashboard::frame::{Cell, Field, Frame, Kind};

/// Points of a curve.
const POINTS: usize = 100;
/// More points are not computed.
const MOST: usize = 10_000;
/// A polynomial of a higher degree follows noise.
const HIGHEST: usize = 5;

/// The frames, and one with the curve.
pub(super) fn regression(mut frames: Vec<Frame>, options: &Value) -> Vec<Frame> {
    if let Some(curve) = curve(&frames, options) {
        frames.push(curve);
    }
    frames
}

fn curve(frames: &[Frame], options: &Value) -> Option<Frame> {
    let named = |key: &str, kind: Kind| {
        let fields = || frames.iter().flat_map(|frame| &frame.fields);
        match word(options, key) {
            Some(name) => fields().find(|field| field.is_called(name)),
            None => fields().find(|field| field.kind == kind),
        }
    };
    let x = named("xFieldName", Kind::Time).or_else(|| named("xFieldName", Kind::Number))?;
    let y = named("yFieldName", Kind::Number)?;
    let polynomial = word(options, "modelType") == Some("polynomial");
    let whole = |key: &str| options.get(key).and_then(Value::as_u64);
    let degree =
        if polynomial { whole("degree").map_or(2, |degree| (degree as usize).clamp(1, HIGHEST)) } else { 1 };
    let points: Vec<(f64, f64)> = x
        .numbers()
        .into_iter()
        .zip(y.numbers())
        .filter_map(|(x, y)| Some((x?, y?)))
        .filter(|(x, y)| x.is_finite() && y.is_finite())
        .collect();
    let (least, most) = points
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), (x, _)| (least.min(*x), most.max(*x)));
    let length = most - least;
    if points.len() <= degree || length <= 0.0 {
        return None;
    }
    // From 0 to 1 powers of milliseconds since 1970 stay numbers.
    let points: Vec<(f64, f64)> = points.iter().map(|(x, y)| ((x - least) / length, *y)).collect();
    let coefficients = fitted(&points, degree)?;
    let count = whole("predictionCount").map_or(POINTS, |count| count as usize).clamp(2, MOST);
    let at = |i: usize| i as f64 / (count - 1) as f64;
    let value = |x: f64| coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c);
    let of_x = |i: usize| {
        let number = least + at(i) * length;
        if x.kind == Kind::Time { Cell::Time(number as i64) } else { Cell::Number(number) }
    };
    let name = if polynomial { "Polynomial regression" } else { "Linear regression" };
    let xs = Field { cells: (0..count).map(of_x).collect(), ..x.clone() };
    let ys = Field {
        cells: (0..count).map(|i| Cell::Number(value(at(i)))).collect(),
        ..Field::new(name, Kind::Number, "")
    };
    Some(Frame { reference: String::new(), fields: vec![xs, ys] })
}

/// The coefficients of the polynomial that is nearest to the points, that of the lowest power first.
fn fitted(points: &[(f64, f64)], degree: usize) -> Option<Vec<f64>> {
    let size = degree + 1;
    // The normal equations, with the right side as the last column.
    let mut rows = vec![vec![0.0; size + 1]; size];
    for (x, y) in points {
        for (i, row) in rows.iter_mut().enumerate() {
            for (j, cell) in row.iter_mut().enumerate() {
                let power = x.powi(i as i32);
                *cell += if j == size { power * y } else { power * x.powi(j as i32) };
            }
        }
    }
    for column in 0..size {
        let pivot =
            (column..size).max_by(|a, b| rows[*a][column].abs().total_cmp(&rows[*b][column].abs()))?;
        rows.swap(column, pivot);
        let head = rows[column].clone();
        if head[column].abs() < 1e-12 {
            return None;
        }
        for (at, row) in rows.iter_mut().enumerate() {
            let factor = if at == column { 0.0 } else { row[column] / head[column] };
            row.iter_mut().zip(&head).for_each(|(cell, of_head)| *cell -= factor * of_head);
        }
    }
    Some(rows.iter().enumerate().map(|(at, row)| row[size] / row[at]).collect())
}
