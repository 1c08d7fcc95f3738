//! k-means of vectors: Lloyd's algorithm from k-means++ seeds.

use bitsweep_random::Stream;

/// Independent runs, of which the least cost wins (the first of equal ones).
const RESTARTS: usize = 4;
/// Iterations after which a run stops although assignments still change.
const ITERATIONS: usize = 100;

/// Distinct vectors of equal width, each with the number of times it occurs.
pub(super) struct Vectors {
    pub(super) width: usize,
    /// One vector after the other.
    pub(super) components: Vec<f64>,
    pub(super) weights: Vec<f64>,
}

impl Vectors {
    fn get(&self, index: usize) -> &[f64] {
        &self.components[index * self.width..][..self.width]
    }

    fn len(&self) -> usize {
        self.weights.len()
    }
}

/// The centroids of `clusters` clusters, one after the other; `clusters` is less than the number of distinct vectors.
///
/// Seeds are drawn by k-means++ (Arthur & Vassilvitskii 2007), then assignment and means alternate until no assignment
/// changes (Lloyd 1982). A cluster that runs empty restarts at the vector farthest from its centroid.
pub(super) fn cluster(vectors: &Vectors, clusters: usize, stream: &mut Stream) -> Vec<f64> {
    let mut best = (f64::INFINITY, Vec::new());
    for _ in 0..RESTARTS {
        let mut centroids = seed(vectors, clusters, stream);
        let cost = descend(vectors, &mut centroids);
        if cost < best.0 {
            best = (cost, centroids);
        }
    }
    best.1
}

/// Vectors drawn with probability proportional to weight and squared distance to the nearest seed so far.
fn seed(vectors: &Vectors, clusters: usize, stream: &mut Stream) -> Vec<f64> {
    let mut chances = vectors.weights.clone();
    let mut distances = vec![f64::INFINITY; vectors.len()];
    let mut centroids = Vec::with_capacity(clusters * vectors.width);
    for _ in 0..clusters {
        let chosen = vectors.get(draw(&chances, stream)).to_vec();
        for (index, distance) in distances.iter_mut().enumerate() {
            *distance = distance.min(squared_distance(vectors.get(index), &chosen));
            chances[index] = vectors.weights[index] * *distance;
        }
        centroids.extend(chosen);
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

/// Lloyd's iterations; the cost of the last assignment.
fn descend(vectors: &Vectors, centroids: &mut [f64]) -> f64 {
    let width = vectors.width;
    let mut assignment = vec![usize::MAX; vectors.len()];
    let mut distances = vec![0.0; vectors.len()];
    for _ in 0..ITERATIONS {
        let mut changed = false;
        for index in 0..vectors.len() {
            let (code, distance) = nearest(vectors.get(index), centroids);
            changed |= assignment[index] != code;
            assignment[index] = code;
            distances[index] = distance;
        }
        if !changed {
            break;
        }
        let mut counts = vec![0.0; centroids.len() / width];
        let mut sums = vec![0.0; centroids.len()];
        for (index, &code) in assignment.iter().enumerate() {
            let weight = vectors.weights[index];
            counts[code] += weight;
            for (sum, &component) in sums[code * width..].iter_mut().zip(vectors.get(index)) {
                *sum += weight * component;
            }
        }
        for (code, &count) in counts.iter().enumerate() {
            let centroid = &mut centroids[code * width..][..width];
            if count > 0.0 {
                for (component, sum) in centroid.iter_mut().zip(&sums[code * width..]) {
                    *component = sum / count;
                }
            } else {
                let farthest = farthest(&distances);
                centroid.copy_from_slice(vectors.get(farthest));
                distances[farthest] = 0.0;
            }
        }
    }
    let costs = distances.iter().zip(&vectors.weights);
    costs.map(|(distance, weight)| distance * weight).sum()
}

/// The index of the largest distance, the first of equal ones.
fn farthest(distances: &[f64]) -> usize {
    let mut farthest = 0;
    for (index, distance) in distances.iter().enumerate() {
        if *distance > distances[farthest] {
            farthest = index;
        }
    }
    farthest
}

fn nearest(vector: &[f64], centroids: &[f64]) -> (usize, f64) {
    let mut nearest = (0, f64::INFINITY);
    for (code, centroid) in centroids.chunks(vector.len()).enumerate() {
        let distance = squared_distance(vector, centroid);
        if distance < nearest.1 {
            nearest = (code, distance);
        }
    }
    nearest
}

fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    let mut sum = 0.0;
    for (a, b) in a.iter().zip(b) {
        sum += (a - b) * (a - b);
    }
    sum
}
