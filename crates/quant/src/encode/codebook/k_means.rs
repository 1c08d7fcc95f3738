//! k-means of vectors.

use std::ops::RangeInclusive;

use bitsweep_random::Stream;
use bitsweep_vector::arch;
use pulp::NullaryFnOnce;

use super::descent::{self, descend, nearest_after};
use super::search::{LANES, Nearest, Search, squared_distance};
use super::vectors::Vectors;

/// Starts, of which the best goes on.
const STARTS: usize = 3;
/// Iterations after which starts, and swaps, are compared.
const FIRST_ITERATIONS: usize = 10;
/// Iterations after which a descent stops although assignments still change.
const ITERATIONS: usize = 200;
/// Swaps that are tried: as many as cost about so many differences of components in an iteration, within [`SWAPS`].
const DIFFERENCES: usize = 200_000_000;
const SWAPS: RangeInclusive<usize> = 2..=100;

/// The centroids of `clusters` clusters, one after the other; `clusters` is less than the number of distinct vectors.
///
/// Minimizes `Σᵢ wᵢ·min_c ‖xᵢ - c‖²` locally; the norm counts the components that a vector has. Several starts are drawn by
/// greedy k-means++ (Arthur & Vassilvitskii 2007, §6). The one of least cost after a few of Lloyd's iterations goes on
/// until no assignment changes, and then leaves local optima by swaps: a centroid that is missed little moves to a vector
/// drawn like a seed, and stays there if a few iterations show less cost (Fränti & Kivijärvi 2000; Lattanzi & Sohler
/// 2019).
pub(super) fn cluster(vectors: &Vectors, clusters: usize, stream: &mut Stream) -> Vec<f64> {
    let start =
        |stream: &mut Stream| descend(vectors, seed(vectors, clusters, stream), None, FIRST_ITERATIONS);
    let mut best = start(stream);
    for _ in 1..STARTS {
        let other = start(stream);
        if other.cost < best.cost {
            best = other;
        }
    }
    best = descend(vectors, best.centroids, None, ITERATIONS);
    let mut nearest = descent::nearest(vectors, &best.centroids);
    let iteration = vectors.len().saturating_mul(clusters).saturating_mul(vectors.width);
    for _ in 0..(DIFFERENCES / iteration).clamp(*SWAPS.start(), *SWAPS.end()) {
        let (missed, swapped) = swap(vectors, &best.centroids, &nearest, stream);
        let first = nearest_after(vectors, &nearest, missed, &best.centroids, &swapped);
        let other = descend(vectors, swapped, Some(&first), FIRST_ITERATIONS);
        if other.cost < best.cost {
            nearest = descent::nearest(vectors, &other.centroids);
            best = other;
        }
    }
    descend(vectors, best.centroids, Some(&nearest), ITERATIONS).centroids
}

/// Vectors drawn with probability proportional to weight and squared distance to the nearest seed so far.
fn seed(vectors: &Vectors, clusters: usize, stream: &mut Stream) -> Vec<f64> {
    let mut squared = vec![f64::INFINITY; vectors.len()];
    let mut chances = vectors.weights().to_vec();
    let mut centroids = Vec::with_capacity(clusters * vectors.width);
    while centroids.len() < clusters * vectors.width {
        let chosen = vectors.whole(choose(vectors, &squared, &chances, clusters, stream));
        for (index, squared) in squared.iter_mut().enumerate() {
            *squared = squared.min(squared_distance(vectors.get(index), chosen));
            chances[index] = vectors.weights()[index] * *squared;
        }
        centroids.extend_from_slice(chosen);
    }
    centroids
}

/// The centroids after one has moved, and its number: of a quarter of them, drawn at random, the one whose vectors lose
/// least at their second nearest.
fn swap(vectors: &Vectors, centroids: &[f64], nearest: &[Nearest], stream: &mut Stream) -> (usize, Vec<f64>) {
    let mut centroids = centroids.to_vec();
    let clusters = centroids.len() / vectors.width;
    let mut losses = vec![0.0; clusters];
    let mut chances = Vec::with_capacity(vectors.len());
    for (nearest, &weight) in nearest.iter().zip(vectors.weights()) {
        losses[nearest.code] += weight * (nearest.second - nearest.squared);
        chances.push(weight * nearest.squared);
    }
    let squared: Vec<f64> = nearest.iter().map(|nearest| nearest.squared).collect();
    let equal = vec![1.0; clusters];
    let drawn = draw(&equal, clusters.div_ceil(4), stream);
    let missed =
        drawn.iter().fold(drawn[0], |least, &code| if losses[code] < losses[least] { code } else { least });
    let chosen = vectors.whole(choose(vectors, &squared, &chances, clusters, stream));
    centroids[missed * vectors.width..][..vectors.width].copy_from_slice(chosen);
    (missed, centroids)
}

/// Of a few vectors, drawn with probability proportional to their `chances`, the one that leaves the least cost as one
/// more centroid.
fn choose(
    vectors: &Vectors,
    squared: &[f64],
    chances: &[f64],
    clusters: usize,
    stream: &mut Stream,
) -> usize {
    let count = (2 + libm::log(clusters as f64) as usize).min(LANES);
    let drawn = draw(chances, count, stream);
    let candidates: Vec<f64> = drawn.iter().flat_map(|&index| vectors.whole(index)).copied().collect();
    let search = Search::new(vectors.width, &candidates);
    let costs = arch().dispatch(Costs { vectors, squared, search: &search });
    let least = (0..count).fold(0, |least, draw| if costs[draw] < costs[least] { draw } else { least });
    drawn[least]
}

/// `count` indices, each drawn with probability proportional to its chance; never one without a chance while another has
/// one.
fn draw(chances: &[f64], count: usize, stream: &mut Stream) -> Vec<usize> {
    let mut total = 0.0;
    let running = |&chance: &f64| {
        total += chance;
        total
    };
    let cumulative: Vec<f64> = chances.iter().map(running).collect();
    // The first index whose sum lies above the drawn one has a chance; rounding may leave none above.
    let last = cumulative.partition_point(|&sum| sum < total);
    let one = |_| {
        let drawn = stream.uniform() * total;
        cumulative.partition_point(|&sum| sum <= drawn).min(last)
    };
    (0..count).map(one).collect()
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
