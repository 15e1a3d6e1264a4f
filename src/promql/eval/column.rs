//! A series at all times of an evaluation: one cell for each time.
//!
//! A cell is a number. Two kinds of NaN that no other number is stand for nothing, and for a native histogram that the
//! column keeps beside its cells, so a series of plain numbers costs nothing for them.

use std::sync::Arc;

use super::Steps;
use crate::model::{Histogram, HistogramSample, Labels, Sample, Series};
use crate::promql::native::scale;

/// The bits of a cell at a time when the series has no sample. The store lets in no NaN but two others.
const ABSENT_BITS: u64 = 0x7ff8_0000_0000_0ab5;
/// A cell at a time when the series has no sample.
pub(in crate::promql) const ABSENT: f64 = f64::from_bits(ABSENT_BITS);

/// The upper half of a cell that holds a histogram; the lower half is the histogram's place in its column.
const HISTOGRAM_BITS: u64 = 0x7ff8_0ab6;

/// Is there a sample in this cell?
#[inline]
pub(in crate::promql) fn present(cell: f64) -> bool {
    cell.to_bits() != ABSENT_BITS
}

/// The value of a cell that has one.
#[inline]
pub(in crate::promql) fn cell(value: Option<f64>) -> f64 {
    value.unwrap_or(ABSENT)
}

/// A series at all times of an evaluation.
#[derive(Clone, Debug)]
pub(in crate::promql) struct Column {
    /// What identifies it.
    pub(in crate::promql) labels: Labels,
    /// Is its name to be removed at the end?
    pub(in crate::promql) drop_name: bool,
    /// One cell for each time.
    pub(in crate::promql) cells: Vec<f64>,
    /// The histograms that cells stand for.
    histograms: Vec<Arc<Histogram>>,
}

/// What a cell holds.
#[derive(Clone, Copy, Debug)]
pub(in crate::promql) enum Held<'c> {
    Nothing,
    Float(f64),
    Histogram(&'c Arc<Histogram>),
}

impl Column {
    /// A series of numbers that keeps its name.
    pub(in crate::promql) fn of(labels: Labels, cells: Vec<f64>) -> Self {
        Column { labels, drop_name: false, cells, histograms: Vec::new() }
    }

    /// A series of numbers.
    pub(in crate::promql) fn floats(labels: Labels, drop_name: bool, cells: Vec<f64>) -> Self {
        Column { labels, drop_name, cells, histograms: Vec::new() }
    }

    /// A series without a sample.
    pub(in crate::promql) fn absent(labels: Labels, drop_name: bool, steps: Steps) -> Self {
        Column::floats(labels, drop_name, vec![ABSENT; steps.count])
    }

    /// Is there no sample in it?
    pub(in crate::promql) fn is_empty(&self) -> bool {
        !self.cells.iter().any(|cell| present(*cell))
    }

    /// Does it hold nothing but numbers?
    #[inline]
    pub(in crate::promql) fn is_plain(&self) -> bool {
        self.histograms.is_empty()
    }

    /// What a cell holds.
    #[inline]
    pub(in crate::promql) fn held(&self, i: usize) -> Held<'_> {
        let cell = self.cells[i];
        if !present(cell) {
            return Held::Nothing;
        }
        if self.is_plain() {
            return Held::Float(cell);
        }
        match self.place(cell) {
            Some(place) => Held::Histogram(&self.histograms[place]),
            None => Held::Float(cell),
        }
    }

    fn place(&self, cell: f64) -> Option<usize> {
        let bits = cell.to_bits();
        let place = (bits & u64::from(u32::MAX)) as usize;
        (bits >> 32 == HISTOGRAM_BITS && place < self.histograms.len()).then_some(place)
    }

    /// Puts a histogram into a cell.
    pub(in crate::promql) fn set_histogram(&mut self, i: usize, histogram: Arc<Histogram>) {
        // Neighbours are often the same one, found by the lookback.
        if !self.histograms.last().is_some_and(|last| Arc::ptr_eq(last, &histogram)) {
            self.histograms.push(histogram);
        }
        let place = self.histograms.len() as u64 - 1;
        self.cells[i] = f64::from_bits(HISTOGRAM_BITS << 32 | place);
    }

    /// Puts what another column holds into a cell.
    pub(in crate::promql) fn set(&mut self, i: usize, held: Held<'_>) {
        match held {
            Held::Nothing => self.cells[i] = ABSENT,
            Held::Float(value) => self.cells[i] = value,
            Held::Histogram(histogram) => self.set_histogram(i, histogram.clone()),
        }
    }

    /// Takes out all histograms; true if there was one.
    pub(in crate::promql) fn take_histograms(&mut self) -> bool {
        let mut found = false;
        if self.is_plain() {
            return found;
        }
        for i in 0..self.cells.len() {
            if let Held::Histogram(_) = self.held(i) {
                self.cells[i] = ABSENT;
                found = true;
            }
        }
        self.histograms.clear();
        found
    }

    /// Takes out all histograms.
    pub(in crate::promql) fn keep_floats(&mut self) {
        self.take_histograms();
    }

    /// Changes the sign of all values.
    pub(in crate::promql) fn negate(&mut self) {
        if self.is_plain() {
            for cell in self.cells.iter_mut().filter(|cell| present(**cell)) {
                *cell = -*cell;
            }
            return;
        }
        for i in 0..self.cells.len() {
            if let Held::Float(value) = self.held(i) {
                self.cells[i] = -value;
            }
        }
        for histogram in &mut self.histograms {
            scale(Arc::make_mut(histogram), -1.0);
        }
    }

    /// The same with the times of its cells.
    pub(in crate::promql) fn into_series(self, steps: Steps) -> Series {
        let (samples, histograms) = self.samples(steps);
        Series { labels: self.labels, samples, histograms }
    }

    /// The numbers and the histograms, with their times.
    pub(in crate::promql) fn samples(&self, steps: Steps) -> (Vec<Sample>, Vec<HistogramSample>) {
        if self.is_plain() {
            let cells = self.cells.iter().enumerate().filter(|(_, cell)| present(**cell));
            return (cells.map(|(i, &value)| Sample { at: steps.at(i), value }).collect(), Vec::new());
        }
        let (mut samples, mut histograms) = (Vec::new(), Vec::new());
        for i in 0..self.cells.len() {
            let at = steps.at(i);
            match self.held(i) {
                Held::Nothing => {}
                Held::Float(value) => samples.push(Sample { at, value }),
                Held::Histogram(histogram) => {
                    histograms.push(HistogramSample { at, start: 0, histogram: histogram.clone() });
                }
            }
        }
        (samples, histograms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histograms_live_beside_numbers() {
        let steps = Steps { start: 0, step: 10, count: 4 };
        let mut column = Column::absent(Labels::default(), false, steps);
        assert!(column.is_empty() && column.is_plain());
        let one = Arc::new(Histogram { count: 1.0, ..Histogram::default() });
        column.set_histogram(1, one.clone());
        column.set_histogram(2, one);
        column.cells[3] = f64::NAN;
        column.negate();
        let (samples, histograms) = column.samples(steps);
        assert!(samples.len() == 1 && samples[0].at == 30 && samples[0].value.is_nan());
        let counts: Vec<_> = histograms.iter().map(|sample| (sample.at, sample.histogram.count)).collect();
        assert_eq!(counts, [(10, -1.0), (20, -1.0)]);
        let mut other = Column::absent(Labels::default(), false, steps);
        other.set(0, column.held(2));
        assert!(matches!(other.held(0), Held::Histogram(histogram) if histogram.count == -1.0));
        assert!(column.take_histograms() && !column.take_histograms());
        assert_eq!(column.samples(steps).0.len(), 1);
    }
}
