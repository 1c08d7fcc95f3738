//! The nearest centroids of vectors: the kernel of fitting and of encoding.

use bitsweep_vector::arch;
use pulp::NullaryFnOnce;

/// Centroids that are compared side by side.
pub(super) const LANES: usize = 8;

/// Centroids, laid out for comparing many at a time.
pub(super) struct Search {
    width: usize,
    /// For each [`LANES`] centroids their first components, then their second …; infinite where there is no centroid.
    lanes: Vec<[f64; LANES]>,
}

/// The nearest of several centroids.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Nearest {
    /// Its number, the first of equally near ones; 0 without centroids.
    pub(super) code: usize,
    /// Squared Euclidean distance to it.
    pub(super) squared: f64,
    /// Squared distance to the nearest of the others; infinite without others.
    pub(super) second: f64,
}

impl Nearest {
    /// The same with one more centroid, or with one that moved and was none of the two, at this squared distance.
    #[inline(always)]
    pub(super) fn or(self, code: usize, squared: f64) -> Self {
        if squared < self.squared || squared == self.squared && code < self.code {
            Self { code, squared, second: self.squared }
        } else {
            Self { second: self.second.min(squared), ..self }
        }
    }
}

impl Search {
    /// Prepares `centroids`, one after the other, of `width ≥ 1` components each.
    pub(super) fn new(width: usize, centroids: &[f64]) -> Self {
        let mut lanes = Vec::with_capacity(centroids.len().div_ceil(LANES));
        for batch in centroids.chunks(width * LANES) {
            for component in 0..width {
                let mut lane = [f64::INFINITY; LANES];
                for (entry, centroid) in lane.iter_mut().zip(batch.chunks(width)) {
                    *entry = centroid[component];
                }
                lanes.push(lane);
            }
        }
        Self { width, lanes }
    }

    /// The nearest centroid of `vector` by its components, which may be fewer than a centroid's.
    ///
    /// Must be called within a dispatch to vector instructions to be fast.
    #[inline(always)]
    pub(super) fn nearest(&self, vector: &[f64]) -> Nearest {
        // Lane by lane without branches, then across lanes.
        let (mut least, mut second) = ([f64::INFINITY; LANES], [f64::INFINITY; LANES]);
        let mut batches = [0.0; LANES];
        let mut number = 0.0;
        for lanes in self.lanes.chunks_exact(self.width) {
            let squared = squared_distances(vector, lanes);
            for lane in 0..LANES {
                let nearer = squared[lane] < least[lane];
                let farther = if nearer { least[lane] } else { squared[lane] };
                second[lane] = if farther < second[lane] { farther } else { second[lane] };
                least[lane] = if nearer { squared[lane] } else { least[lane] };
                batches[lane] = if nearer { number } else { batches[lane] };
            }
            number += 1.0;
        }
        let mut nearest = Nearest { code: 0, squared: f64::INFINITY, second: f64::INFINITY };
        for lane in 0..LANES {
            nearest = nearest.or(batches[lane] as usize * LANES + lane, least[lane]);
            nearest.second = nearest.second.min(second[lane]);
        }
        nearest
    }

    /// Squared distances to the first [`LANES`] centroids; infinite where there are fewer.
    #[inline(always)]
    pub(super) fn first_distances(&self, vector: &[f64]) -> [f64; LANES] {
        squared_distances(vector, &self.lanes[..self.width])
    }

    /// The codes of the nearest centroids of vectors `width` apart, of `lengths` components each.
    pub(super) fn codes(&self, vectors: &[f64], lengths: &[usize]) -> Vec<usize> {
        arch().dispatch(Codes { search: self, vectors, lengths })
    }
}

/// Components are summed in order, whatever the instructions.
#[inline(always)]
fn squared_distances(vector: &[f64], lanes: &[[f64; LANES]]) -> [f64; LANES] {
    let mut squared = [0.0; LANES];
    for (&component, lane) in vector.iter().zip(lanes) {
        for (squared, &centroid) in squared.iter_mut().zip(lane) {
            let difference = component - centroid;
            *squared += difference * difference;
        }
    }
    squared
}

/// `‖a - b‖²` over the components that both have, summed in order.
#[inline(always)]
pub(super) fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |sum, (a, b)| sum + (a - b) * (a - b))
}

struct Codes<'a> {
    search: &'a Search,
    vectors: &'a [f64],
    lengths: &'a [usize],
}

impl NullaryFnOnce for Codes<'_> {
    type Output = Vec<usize>;

    #[inline(always)]
    fn call(self) -> Vec<usize> {
        let Self { search, vectors, lengths } = self;
        let vectors = vectors.chunks(search.width).zip(lengths);
        vectors.map(|(vector, &length)| search.nearest(&vector[..length]).code).collect()
    }
}
