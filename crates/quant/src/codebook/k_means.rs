//! k-means of vectors.

use bitsweep_random::Stream;
use pulp::{Arch, NullaryFnOnce};

use super::descent::descend;
use super::search::{LANES, Search, squared_distance};
use super::vectors::Vectors;

/// Independent runs, of which the least cost wins (the first of equal ones).
const RESTARTS: usize = 4;

/// The centroids of `clusters` clusters, one after the other; `clusters` is less than the number of distinct vectors.
///
/// Minimizes `Σᵢ wᵢ·min_c ‖xᵢ - c‖²` locally. Seeds are drawn by greedy k-means++ (Arthur & Vassilvitskii 2007, §6), then
/// assignment and means alternate until no assignment changes. The norm counts the components that a vector has.
pub(super) fn cluster(vectors: &Vectors, clusters: usize, stream: &mut Stream) -> Vec<f64> {
    let mut best = (f64::INFINITY, Vec::new());
    for _ in 0..RESTARTS {
        let mut centroids = seed(vectors, clusters, stream);
        let cost = descend(vectors, &mut centroids);
        if cost < best.0 || best.1.is_empty() {
            best = (cost, centroids);
        }
    }
    best.1
}

/// Vectors drawn with probability proportional to weight and squared distance to the nearest seed so far: of several such
/// draws each time the one that leaves the least cost.
fn seed(vectors: &Vectors, clusters: usize, stream: &mut Stream) -> Vec<f64> {
    let draws = (2 + libm::log(clusters as f64) as usize).min(LANES);
    let mut chances = vectors.weights().to_vec();
    let mut squared = vec![f64::INFINITY; vectors.len()];
    let mut centroids = Vec::with_capacity(clusters * vectors.width);
    while centroids.len() < clusters * vectors.width {
        let drawn: Vec<usize> = (0..draws).map(|_| draw(&chances, stream)).collect();
        let candidates: Vec<f64> = drawn.iter().flat_map(|&index| vectors.whole(index)).copied().collect();
        let search = Search::new(vectors.width, &candidates);
        let costs = Arch::new().dispatch(Costs { vectors, squared: &squared, search: &search });
        let least = (0..draws).fold(0, |least, draw| if costs[draw] < costs[least] { draw } else { least });
        let chosen = vectors.whole(drawn[least]);
        for (index, squared) in squared.iter_mut().enumerate() {
            *squared = squared.min(squared_distance(vectors.get(index), chosen));
            chances[index] = vectors.weights()[index] * *squared;
        }
        centroids.extend_from_slice(chosen);
    }
    centroids
}

/// An index drawn with probability proportional to its chance; never one without a chance while another has one.
fn draw(chances: &[f64], stream: &mut Stream) -> usize {
    let total: f64 = chances.iter().sum();
    let mut left = stream.uniform() * total;
    let mut last = 0;
    for (index, &chance) in chances.iter().enumerate() {
        if chance > 0.0 {
            last = index;
            if left < chance {
                break;
            }
            left -= chance;
        }
    }
    last
}

/// The cost that each candidate would leave.
struct Costs<'a> {
    vectors: &'a Vectors,
    squared: &'a [f64],
    search: &'a Search,
}

impl NullaryFnOnce for Costs<'_> {
    type Output = [f64; LANES];

    #[inline(always)]
    fn call(self) -> [f64; LANES] {
        let mut costs = [0.0; LANES];
        for (index, (&so_far, &weight)) in self.squared.iter().zip(self.vectors.weights()).enumerate() {
            let squared = self.search.first_distances(self.vectors.get(index));
            for (cost, squared) in costs.iter_mut().zip(squared) {
                *cost += weight * if squared < so_far { squared } else { so_far };
            }
        }
        costs
    }
}
