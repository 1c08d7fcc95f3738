//! k-means in one dimension: exact, and of bins.

mod binned;

pub(super) use binned::binned_clustering;

/// The optimal clustering of real numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Clustering {
    /// The means of the clusters, ascending.
    pub centroids: Vec<f64>,
    /// Sum of squared distances of all values to their centroids.
    pub cost: f64,
}

/// The clustering of finite `values` into at most `clusters` clusters with the least sum of squared distances to the
/// means; exact, not a local optimum.
///
/// Clusters of an optimum are intervals of the sorted values, so dynamic programming finds it (Wang & Song 2011,
/// Ckmeans.1d.dp): `D[k][j] = min_i D[k-1][i] + cost(i, j)`. The cost of an interval comes from prefix sums in O(1),
/// taken of values shifted by their mean so that cancellation costs few digits. The best `i` never decreases with `j`,
/// which divides and conquers each layer in O(n log n) (Grønlund et al. 2017, §2): O(k·n log n) time and 4·k·n bytes,
/// where `n` counts *distinct* values. With at most `clusters` distinct values each is a centroid.
///
/// ```
/// let values = [0.1, -0.5, 0.0, 1.0, 2.5, -1.2, 0.7, -0.3, 0.9, 1.5, -2.0, 0.2];
/// let clustering = bitsweep_quant::optimal_clustering(&values, 4);
/// for (centroid, expected) in clustering.centroids.iter().zip([-1.6, -0.1, 1.025, 2.5]) {
///     assert!((centroid - expected).abs() < 1e-12);
/// }
/// ```
#[must_use]
pub fn optimal_clustering(values: &[f64], clusters: usize) -> Clustering {
    clustering(Points::new(values), clusters)
}

/// The clustering of points into at most `clusters` clusters, none of which divides a point, of least cost.
fn clustering(points: Points, clusters: usize) -> Clustering {
    let count = points.values.len();
    if count <= clusters {
        return Clustering { centroids: points.values, cost: 0.0 };
    }
    if clusters == 0 {
        return Clustering { centroids: Vec::new(), cost: f64::INFINITY };
    }
    let mut cost: Vec<f64> = (0..count).map(|last| points.cost(0, last)).collect();
    let mut starts: Vec<Vec<u32>> = Vec::with_capacity(clusters - 1);
    for cluster in 1..clusters {
        let mut layer =
            Layer { points: &points, previous: &cost, cost: vec![0.0; count], start: vec![0; count] };
        // Entries before `cluster`, with fewer points than clusters, stay 0 and are never read.
        layer.fill(cluster, count - 1, cluster, count - 1);
        let Layer { cost: next, start, .. } = layer;
        cost = next;
        starts.push(start);
    }
    let mut centroids = Vec::with_capacity(clusters);
    let mut last = count - 1;
    for start in starts.iter().rev() {
        let first = start[last] as usize;
        centroids.push(points.mean(first, last));
        last = first - 1;
    }
    centroids.push(points.mean(0, last));
    centroids.reverse();
    Clustering { centroids, cost: libm::scalbn(cost[count - 1], 2 * points.exponent) }
}

/// Distinct values, or neighbouring ones taken together, in ascending order with prefix sums over all values.
///
/// The sums are of `value·2^-exponent - shift`: the shift is the mean, the power of two keeps squares of huge and tiny
/// values in range and costs no digit.
struct Points {
    /// Each value, or the mean of those taken together.
    values: Vec<f64>,
    exponent: i32,
    shift: f64,
    /// Entry `i`: number, sum and sum of squares of the values before point `i`.
    prefix: Vec<Prefix>,
}

#[derive(Clone, Copy, Default)]
struct Prefix {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Prefix {
    #[inline(always)]
    fn add(&mut self, shifted: f64) {
        self.count += 1.0;
        self.sum += shifted;
        self.squares += shifted * shifted;
    }

    /// Sum of squared distances of the values, of which there are some, to their mean.
    #[inline(always)]
    fn cost(self) -> f64 {
        (self.squares - self.sum * self.sum / self.count).max(0.0)
    }
}

impl Points {
    fn new(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let largest = sorted.iter().fold(0.0, |largest, value| f64::max(largest, value.abs()));
        let exponent = if largest > 0.0 { libm::ilogb(largest) } else { 0 };
        let scaled = |value: f64| libm::scalbn(value, -exponent);
        let shift = sorted.iter().map(|&value| scaled(value)).sum::<f64>() / sorted.len().max(1) as f64;
        let mut distinct: Vec<f64> = Vec::with_capacity(sorted.len());
        let mut prefix = vec![Prefix::default()];
        let mut running = Prefix::default();
        for value in sorted {
            // -0 and 0 are one value here.
            if distinct.last() == Some(&value) {
                prefix.pop();
            } else {
                distinct.push(value);
            }
            running.add(scaled(value) - shift);
            prefix.push(running);
        }
        Self { values: distinct, exponent, shift, prefix }
    }

    /// Sum of squared distances of points `first..=last` to their mean.
    #[inline(always)]
    fn cost(&self, first: usize, last: usize) -> f64 {
        let (before, upto) = (self.prefix[first], self.prefix[last + 1]);
        let (count, sum) = (upto.count - before.count, upto.sum - before.sum);
        Prefix { count, sum, squares: upto.squares - before.squares }.cost()
    }

    fn mean(&self, first: usize, last: usize) -> f64 {
        if first == last {
            // Exact, where the mean of equal shifted values may be off by a digit.
            return self.values[first];
        }
        let (before, upto) = (self.prefix[first], self.prefix[last + 1]);
        let mean = self.shift + (upto.sum - before.sum) / (upto.count - before.count);
        libm::scalbn(mean, self.exponent)
    }
}

/// One layer of the dynamic program: the least costs with one cluster more than `previous`.
struct Layer<'a> {
    points: &'a Points,
    previous: &'a [f64],
    cost: Vec<f64>,
    /// The first point of the last cluster.
    start: Vec<u32>,
}

impl Layer<'_> {
    /// Fills entries `low..=high`, whose last clusters start within `first..=most`.
    fn fill(&mut self, low: usize, high: usize, first: usize, most: usize) {
        let middle = low + (high - low) / 2;
        let mut best = (f64::INFINITY, first);
        for start in first..=most.min(middle) {
            let cost = self.previous[start - 1] + self.points.cost(start, middle);
            if cost < best.0 {
                best = (cost, start);
            }
        }
        self.cost[middle] = best.0;
        // Codebooks of more than 2³² values would not fit in memory.
        self.start[middle] = best.1 as u32;
        if low < middle {
            self.fill(low, middle - 1, first, best.1);
        }
        if middle < high {
            self.fill(middle + 1, high, best.1, most);
        }
    }
}
