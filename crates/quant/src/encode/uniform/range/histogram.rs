//! Sums over the values of narrow bins, between which the squared error of a whole tensor lies.

use bitsweep_vector::arch;
use pulp::NullaryFnOnce;

use crate::number::{LANES, Real};
use crate::tensor::{PART, over_parts_of};

/// Bins of the range: few enough for all of them to stay in a cache of a core.
const BINS: usize = 1 << 14;
/// Histograms that threads fill beside one another: so few that they take little memory.
const MOST_PARTS: usize = 16;
/// More than the sums may have lost to rounding, of the error.
const ROUNDING: f64 = 1e-9;

/// Values in even parts of their range.
pub(super) struct Histogram<T> {
    bins: Vec<Bin<T>>,
}

/// The values of a bin; sums are of what lies above the least of them.
#[derive(Clone, Copy)]
struct Bin<T> {
    least: T,
    largest: T,
    count: f64,
    sum: f64,
    squares: f64,
}

impl<T: Real> Bin<T> {
    /// Takes in the values of the same bin of another histogram.
    fn add(&mut self, other: &Self) {
        self.least = self.least.lesser(other.least);
        self.largest = self.largest.greater(other.largest);
        self.count += other.count;
        self.sum += other.sum;
        self.squares += other.squares;
    }

    /// `Σ(w - x)²`.
    #[inline(always)]
    fn squared_distances(&self, x: f64) -> f64 {
        let above = x - self.least.to_f64();
        self.squares - 2.0 * above * self.sum + self.count * above * above
    }
}

/// Adds all values to bins; sums are of what lies above their edge.
struct Filling<'a, T> {
    values: &'a [T],
    low: f64,
    width: f64,
    bins: &'a mut [Bin<T>],
}

impl<T: Real> NullaryFnOnce for Filling<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { values, low, width, bins } = self;
        let inverse = 1.0 / width;
        for values in values.chunks(LANES) {
            let [mut places, mut above] = [[0.0; LANES]; 2];
            for ((place, above), value) in places.iter_mut().zip(&mut above).zip(values) {
                let value = value.to_f64();
                *place = ((value - low) * inverse).floor().lesser((BINS - 1) as f64);
                *above = value - (low + *place * width);
            }
            for ((value, place), above) in values.iter().zip(places).zip(above) {
                let bin = &mut bins[place as usize];
                bin.least = value.lesser(bin.least);
                bin.largest = value.greater(bin.largest);
                bin.count += 1.0;
                bin.sum += above;
                bin.squares += above * above;
            }
        }
    }
}

impl<T: Real> Histogram<T> {
    /// Of finite values, more than one of which differ.
    pub(super) fn of(values: &[T], low: T, high: T) -> Self {
        let (low, high) = (low.to_f64(), high.to_f64());
        // Halves, whose difference is a number.
        let width = 2.0 * (0.5 * high - 0.5 * low) / BINS as f64;
        let none =
            Bin { least: T::from_f64(high), largest: T::from_f64(low), count: 0.0, sum: 0.0, squares: 0.0 };
        let length = values.len().div_ceil(MOST_PARTS).max(PART);
        let filled = |values: &[T]| {
            let mut bins = vec![none; BINS];
            arch().dispatch(Filling { values, low, width, bins: &mut bins });
            bins
        };
        let bins = over_parts_of(length, values, &filled, |mut all, part| {
            all.iter_mut().zip(&part).for_each(|(bin, other)| bin.add(other));
            all
        });
        let edges = (0..BINS).map(|place| low + place as f64 * width);
        let bins = bins.into_iter().zip(edges).filter(|(bin, _)| bin.count > 0.0).map(|(bin, edge)| {
            let Bin { count, sum, squares, least, largest } = bin;
            // From the edge to the least value.
            let moved = least.to_f64() - edge;
            let squares = (squares - 2.0 * moved * sum + count * moved * moved).max(0.0);
            Bin { least, largest, count, sum: (sum - count * moved).max(0.0), squares }
        });
        Self { bins: bins.collect() }
    }

    /// Between what `Σ((w - ŵ)/unit)²` lies on a grid with this `step`, whose nearest number `nearest` gives but for `blur`
    /// around the middle between two; where larger values have no smaller `ŵ`.
    ///
    /// In a bin whose ends have the same `ŵ` all values have, and the sum is exact. Where the ends have neighbours `a` and
    /// `b`, each value adds at most what `a` alone, or `b` alone, would make it add, and at least that less `2·|b - a|` times
    /// what it may lie beyond the middle.
    pub(super) fn bounds(&self, nearest: impl Fn(T) -> T, step: f64, blur: f64, unit: f64) -> [f64; 2] {
        let [lowest, highest] = arch().dispatch(Bounds { bins: &self.bins, nearest, step, blur });
        [lowest * (1.0 - ROUNDING), highest * (1.0 + ROUNDING)].map(|bound| bound / unit / unit)
    }
}

/// The bounds before they are widened by what rounding may have lost.
struct Bounds<'a, T, F> {
    bins: &'a [Bin<T>],
    nearest: F,
    step: f64,
    blur: f64,
}

impl<T: Real, F: Fn(T) -> T> NullaryFnOnce for Bounds<'_, T, F> {
    type Output = [f64; 2];

    #[inline(always)]
    fn call(self) -> [f64; 2] {
        let Self { bins, nearest, step, blur } = self;
        let [mut lowest, mut highest] = [0.0, 0.0];
        for bin in bins {
            let [a, b] = [bin.least, bin.largest].map(|end| nearest(end).to_f64());
            let of_a = bin.squared_distances(a).max(0.0);
            if a == b {
                lowest += of_a;
                highest += of_a;
                continue;
            }
            let (of_b, gap, middle) = (bin.squared_distances(b).max(0.0), (b - a).abs(), 0.5 * a + 0.5 * b);
            highest += of_a.min(of_b) + bin.count * 2.0 * gap * blur;
            if gap < 1.5 * step.abs() {
                let beyond = [bin.largest.to_f64() - middle, middle - bin.least.to_f64()];
                let less = beyond.map(|beyond| bin.count * 2.0 * gap * beyond.max(0.0));
                lowest += (of_a - less[0]).max(of_b - less[1]).max(0.0);
            }
        }
        [lowest, highest]
    }
}
