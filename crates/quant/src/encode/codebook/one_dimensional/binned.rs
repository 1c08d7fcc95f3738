//! k-means in one dimension of many values: of bins, whose values stay together.

use std::ops::Range;

use crate::number::{LANES, Real, fold_lanes, largest_magnitude};

use super::{Clustering, Points, Prefix, clustering};

/// Bins of the range, and of a bin that is divided.
const BINS: usize = 1 << 16;
const BINS_OF_A_BIN: usize = 1 << 8;
/// Bins that there may be: with their sums they take 32 bytes each, and as points another 32.
const MOST_BINS: usize = 1 << 20;
/// What the values within bins may differ from the means of their bins by, of the cost: squares, summed.
const WITHIN: f64 = 1e-6;
/// Times that bins are divided, at most.
const ROUNDS: usize = 8;

/// A clustering of finite `values` into at most `clusters` clusters whose cost is hardly above the least: of the clusterings
/// that divide none of some 65,000 bins the one of least cost, as [`optimal_clustering`](super::optimal_clustering) finds it.
///
/// Bins are even parts of the range. While the values differ from the means of their bins by more than a millionth of the
/// cost, those bins that differ most are divided by 256, so that outliers and narrow peaks take no precision. `O(n)` for
/// each time, and 64 bytes a bin, of which there are at most 2²⁰.
pub(in super::super) fn binned_clustering<T: Real>(values: &[T], clusters: usize) -> Clustering {
    if let Some(centroids) = distinct(values, clusters) {
        return Clustering { centroids, cost: 0.0 };
    }
    let mut bins = Bins::new(values);
    let mut round = 0;
    loop {
        bins.fill(values);
        let (points, within) = bins.points();
        let found = clustering(points, clusters);
        let tolerated = WITHIN * libm::scalbn(found.cost, -2 * bins.exponent);
        if within <= tolerated || round == ROUNDS || !bins.divide(tolerated) {
            return found;
        }
        round += 1;
    }
}

/// The different values, ascending, where there are at most `most`.
fn distinct<T: Real>(values: &[T], most: usize) -> Option<Vec<f64>> {
    let mut distinct: Vec<f64> = Vec::new();
    for value in values.iter().map(|value| value.to_f64()) {
        let place = distinct.partition_point(|other| *other < value);
        if distinct.get(place) != Some(&value) {
            if distinct.len() == most {
                return None;
            }
            distinct.insert(place, value);
        }
    }
    Some(distinct)
}

/// Bins of values `w·2^-exponent - shift`.
struct Bins {
    exponent: i32,
    /// Two powers of two whose product is `2^-exponent`, which may be beyond the largest number.
    factors: [f64; 2],
    shift: f64,
    bins: Vec<Bin>,
    /// The range, then bins that are divided.
    divisions: Vec<Division>,
}

#[derive(Clone, Copy, Default)]
struct Bin {
    own: Prefix,
    /// The number of its division, where it is divided.
    division: Option<u32>,
}

/// A range divided evenly into neighbouring bins.
#[derive(Clone, Copy)]
struct Division {
    low: f64,
    /// Bins in 1.
    density: f64,
    first: usize,
    count: usize,
}

impl Division {
    fn new(low: f64, high: f64, first: usize, count: usize) -> Self {
        let density = count as f64 / (high - low);
        Self { low, density: if density.is_finite() { density } else { 0.0 }, first, count }
    }

    #[inline(always)]
    fn bin_of(self, value: f64) -> usize {
        // What rounding has brought below 0 is bin 0.
        self.first + (((value - self.low) * self.density) as usize).min(self.count - 1)
    }

    /// Where a bin begins and ends.
    fn ends_of(self, bin: usize) -> (f64, f64) {
        let place = |bin: usize| self.low + (bin - self.first) as f64 / self.density;
        (place(bin), place(bin + 1))
    }

    fn bins(self) -> Range<usize> {
        self.first..self.first + self.count
    }
}

impl Bins {
    fn new<T: Real>(values: &[T]) -> Self {
        let largest = largest_magnitude(values).to_f64();
        let exponent = if largest > 0.0 { libm::ilogb(largest) } else { 0 };
        let factors = [exponent / 2, exponent - exponent / 2].map(|part| libm::scalbn(1.0, -part));
        let mut bins = Self { exponent, factors, shift: 0.0, bins: Vec::new(), divisions: Vec::new() };
        let start = (0.0, f64::INFINITY, f64::NEG_INFINITY);
        let lanes = fold_lanes(values, [start; LANES], |(sum, low, high), value| {
            let value = bins.shifted(value);
            (sum + value, if value < low { value } else { low }, if value > high { value } else { high })
        });
        let (sum, low, high) = lanes
            .into_iter()
            .fold(start, |(sum, low, high), own| (sum + own.0, f64::min(low, own.1), f64::max(high, own.2)));
        bins.shift = sum / values.len().max(1) as f64;
        bins.add_division(low - bins.shift, high - bins.shift, BINS);
        bins
    }

    #[inline(always)]
    fn shifted<T: Real>(&self, value: T) -> f64 {
        value.to_f64() * self.factors[0] * self.factors[1] - self.shift
    }

    fn add_division(&mut self, low: f64, high: f64, count: usize) {
        self.divisions.push(Division::new(low, high, self.bins.len(), count));
        self.bins.resize(self.bins.len() + count, Bin::default());
    }

    /// Puts every value into its bin.
    fn fill<T: Real>(&mut self, values: &[T]) {
        self.bins.iter_mut().for_each(|bin| bin.own = Prefix::default());
        for &value in values {
            let value = self.shifted(value);
            let mut bin = self.divisions[0].bin_of(value);
            while let Some(division) = self.bins[bin].division {
                bin = self.divisions[division as usize].bin_of(value);
            }
            self.bins[bin].own.add(value);
        }
    }

    /// The bins that hold values as points, and by what the values differ from the means of their bins: squares, summed.
    fn points(&self) -> (Points, f64) {
        let mut points = Points {
            values: Vec::new(),
            exponent: self.exponent,
            shift: self.shift,
            prefix: vec![Prefix::default()],
        };
        let (mut running, mut within) = (Prefix::default(), 0.0);
        // Those of the last range are to be looked at first.
        let mut ahead = vec![self.divisions[0].bins()];
        while let Some(range) = ahead.last_mut() {
            let Some(bin) = range.next() else {
                ahead.pop();
                continue;
            };
            let Bin { own, division } = self.bins[bin];
            if let Some(division) = division {
                ahead.push(self.divisions[division as usize].bins());
            } else if own.count > 0.0 {
                running.count += own.count;
                running.sum += own.sum;
                running.squares += own.squares;
                within += own.cost();
                points.values.push(libm::scalbn(self.shift + own.sum / own.count, self.exponent));
                points.prefix.push(running);
            }
        }
        (points, within)
    }

    /// Divides the bins whose values differ most, until what is left should be `tolerated`; whether there are any that may be
    /// divided.
    fn divide(&mut self, tolerated: f64) -> bool {
        let of_all =
            self.divisions.iter().flat_map(|division| division.bins().map(move |bin| (*division, bin)));
        let mut heavy: Vec<(f64, Division, usize)> = of_all
            .filter(|(_, bin)| self.bins[*bin].division.is_none())
            .map(|(division, bin)| (self.bins[bin].own.cost(), division, bin))
            .filter(|(cost, ..)| *cost > 0.0)
            .collect();
        let tolerated = tolerated / heavy.len().max(1) as f64;
        heavy.retain(|(cost, ..)| *cost > tolerated);
        heavy.sort_by(|a, b| b.0.total_cmp(&a.0));
        heavy.truncate((MOST_BINS - self.bins.len().min(MOST_BINS)) / BINS_OF_A_BIN);
        for &(_, division, bin) in &heavy {
            let (low, high) = division.ends_of(bin);
            // There are fewer divisions than bins.
            self.bins[bin].division = Some(self.divisions.len() as u32);
            self.add_division(low, high, BINS_OF_A_BIN);
        }
        !heavy.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::optimal_clustering;
    use super::*;
    use bitsweep_random::{Generator, Stream};

    fn normal(count: usize) -> Vec<f64> {
        let mut stream = Stream::new(Generator::Modern, 7, "binned").unwrap();
        stream.normal_matrix(1, count).into_raw_vec_and_offset().0
    }

    /// The cost of values whose nearest centroids these are.
    fn cost(values: &[f64], centroids: &[f64]) -> f64 {
        let nearest = |value: &f64| {
            centroids
                .iter()
                .map(|centroid| (value - centroid) * (value - centroid))
                .fold(f64::INFINITY, f64::min)
        };
        values.iter().map(nearest).sum()
    }

    #[test]
    fn the_cost_is_within_a_thousandth_of_the_least() {
        let normal = normal(20_000);
        type Shape = fn(usize, f64) -> f64;
        let shapes: [(&str, Shape); 7] = [
            ("normal", |_, value| value),
            ("far from 0", |_, value| 1000.0 + value),
            ("heavy tails", |_, value| value * value * value * value * value),
            ("two narrow peaks", |place, value| if place % 2 == 0 { 1000.0 } else { -1000.0 } + 1e-3 * value),
            ("outliers", |place, value| if place % 5000 == 0 { 1e6 * value } else { value }),
            ("outliers of two sizes", |place, value| match place % 4000 {
                0 => 1e12 * value,
                1 => 1e5 * value,
                _ => value,
            }),
            ("tiny", |_, value| 1e-300 * value),
        ];
        for (name, shape) in shapes {
            let values: Vec<f64> =
                normal.iter().enumerate().map(|(place, &value)| shape(place, value)).collect();
            for clusters in [1, 2, 16, 100] {
                let found = binned_clustering(&values, clusters);
                assert!(found.centroids.is_sorted() && found.centroids.len() <= clusters);
                // Where squares of all sizes are numbers, and each difference is taken before it is squared.
                let scale =
                    libm::ilogb(values.iter().fold(0.0, |largest, value| f64::max(largest, value.abs())));
                let unit = |values: &[f64]| -> Vec<f64> {
                    values.iter().map(|value| libm::scalbn(*value, -scale)).collect()
                };
                let [least, own] = [optimal_clustering(&values, clusters), found]
                    .map(|clustering| cost(&unit(&values), &unit(&clustering.centroids)));
                assert!(own <= 1.001 * least, "{name}, {clusters}: {own} against {least}");
            }
        }
    }

    #[test]
    fn few_different_values_are_the_centroids() {
        let values: Vec<f32> = (0..1000).map(|number| [0.1, -3.0, 7.5e30][number % 3]).collect();
        assert_eq!(
            binned_clustering(&values, 3).centroids,
            [-3.0, f64::from(0.1_f32), f64::from(7.5e30_f32)]
        );
        assert!(binned_clustering::<f32>(&[], 3).centroids.is_empty());
        assert_eq!(binned_clustering(&values, 2).centroids.len(), 2);
    }
}
