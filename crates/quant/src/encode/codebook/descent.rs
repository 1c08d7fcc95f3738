//! Lloyd's iterations, most distances left out by bounds.

use bitsweep_vector::arch;
use pulp::NullaryFnOnce;

use super::search::{Nearest, Search, squared_distance};
use super::vectors::Vectors;

/// Where a descent has come to.
pub(super) struct Descent {
    /// The centroids, one after the other.
    pub(super) centroids: Vec<f64>,
    /// `Σᵢ wᵢ·min_c ‖xᵢ - c‖²`.
    pub(super) cost: f64,
}

/// Moves each centroid to the mean of the vectors nearest to it, again and again until no assignment changes or for so
/// many iterations (Lloyd 1982).
///
/// Each vector keeps an upper bound of the distance to its centroid and a lower bound of that to all others; while the
/// bounds do not meet, its assignment cannot change and no distance is computed (Hamerly 2010). A cluster that runs empty
/// restarts at the vector farthest from its centroid. The first assignment is `nearest`, where that is known.
pub(super) fn descend(
    vectors: &Vectors,
    mut centroids: Vec<f64>,
    nearest: Option<&[Nearest]>,
    iterations: usize,
) -> Descent {
    let mut bounds = Bounds::new(vectors.len());
    for iteration in 0..iterations {
        let changed = match nearest {
            Some(nearest) if iteration == 0 => bounds.begin(nearest),
            Some(_) | None => bounds.assign(vectors, &centroids),
        };
        if !changed {
            break;
        }
        let before = centroids.clone();
        move_to_means(vectors, &bounds.codes, &mut centroids);
        bounds.widen(vectors.width, &before, &centroids);
    }
    let cost = bounds.cost(vectors, &centroids);
    Descent { centroids, cost }
}

/// The two nearest centroids for each vector.
pub(super) fn nearest(vectors: &Vectors, centroids: &[f64]) -> Vec<Nearest> {
    let search = Search::new(vectors.width, centroids);
    arch().dispatch(FindAll { vectors, search: &search })
}

struct FindAll<'a> {
    vectors: &'a Vectors,
    search: &'a Search,
}

impl NullaryFnOnce for FindAll<'_> {
    type Output = Vec<Nearest>;

    #[inline(always)]
    fn call(self) -> Vec<Nearest> {
        (0..self.vectors.len()).map(|index| self.search.nearest(self.vectors.get(index))).collect()
    }
}

/// The two nearest centroids for each vector, `nearest` before the centroid of number `code` moved.
pub(super) fn nearest_after(
    vectors: &Vectors,
    nearest: &[Nearest],
    code: usize,
    before: &[f64],
    after: &[f64],
) -> Vec<Nearest> {
    let search = Search::new(vectors.width, after);
    arch().dispatch(FindMoved { vectors, nearest, code, before, after, search: &search })
}

struct FindMoved<'a> {
    vectors: &'a Vectors,
    nearest: &'a [Nearest],
    code: usize,
    before: &'a [f64],
    after: &'a [f64],
    search: &'a Search,
}

impl NullaryFnOnce for FindMoved<'_> {
    type Output = Vec<Nearest>;

    #[inline(always)]
    fn call(self) -> Vec<Nearest> {
        let Self { vectors, nearest, code, before, after, search } = self;
        let from = code * vectors.width;
        let found = |(index, nearest): (usize, &Nearest)| {
            let vector = vectors.get(index);
            // Where it was one of the two, others than these may be now.
            if squared_distance(vector, &before[from..]) <= nearest.second {
                return search.nearest(vector);
            }
            nearest.or(code, squared_distance(vector, &after[from..]))
        };
        nearest.iter().enumerate().map(found).collect()
    }
}

/// The assignment of each vector, and what is known of its distances.
struct Bounds {
    codes: Vec<usize>,
    /// At least the distance to the vector's own centroid.
    upper: Vec<f64>,
    /// At most the distance to any other centroid.
    lower: Vec<f64>,
}

impl Bounds {
    fn new(vectors: usize) -> Self {
        Self { codes: vec![0; vectors], upper: vec![f64::INFINITY; vectors], lower: vec![0.0; vectors] }
    }

    /// Assigns each vector to its nearest centroid; whether any assignment changed, or was the first.
    fn assign(&mut self, vectors: &Vectors, centroids: &[f64]) -> bool {
        let search = Search::new(vectors.width, centroids);
        let first = self.upper.first().is_some_and(|upper| upper.is_infinite());
        first | arch().dispatch(Assign { bounds: self, vectors, centroids, search: &search })
    }

    /// Begins with this assignment, which is the first.
    fn begin(&mut self, nearest: &[Nearest]) -> bool {
        for (index, nearest) in nearest.iter().enumerate() {
            self.codes[index] = nearest.code;
            self.upper[index] = nearest.squared.sqrt();
            self.lower[index] = nearest.second.sqrt();
        }
        !nearest.is_empty()
    }

    /// `Σᵢ wᵢ·min_c ‖xᵢ - c‖²`.
    fn cost(&self, vectors: &Vectors, centroids: &[f64]) -> f64 {
        let search = Search::new(vectors.width, centroids);
        arch().dispatch(Cost { bounds: self, vectors, centroids, search: &search })
    }

    /// Keeps the bounds true after centroids moved: no distance changes by more than its centroid moved.
    fn widen(&mut self, width: usize, before: &[f64], after: &[f64]) {
        let moves = before.chunks(width).zip(after.chunks(width));
        let moves: Vec<f64> = moves.map(|(before, after)| squared_distance(before, after).sqrt()).collect();
        let (mut farthest, mut second) = ((0, 0.0), 0.0);
        for (code, &distance) in moves.iter().enumerate() {
            if distance > farthest.1 {
                (farthest, second) = ((code, distance), farthest.1);
            } else if distance > second {
                second = distance;
            }
        }
        for ((&code, upper), lower) in self.codes.iter().zip(&mut self.upper).zip(&mut self.lower) {
            *upper += moves[code];
            *lower -= if code == farthest.0 { second } else { farthest.1 };
        }
    }
}

/// What rounding may have taken from bounds, as a part of the largest distance: far more than it does.
const ROUNDING: f64 = 1e-10;

struct Cost<'a> {
    bounds: &'a Bounds,
    vectors: &'a Vectors,
    centroids: &'a [f64],
    search: &'a Search,
}

impl NullaryFnOnce for Cost<'_> {
    type Output = f64;

    #[inline(always)]
    fn call(self) -> f64 {
        let Self { bounds, vectors, centroids, search } = self;
        let width = vectors.width;
        let margin = ROUNDING * vectors.diameter();
        let mut cost = 0.0;
        for (index, weight) in vectors.weights().iter().enumerate() {
            let vector = vectors.get(index);
            let own = squared_distance(vector, &centroids[bounds.codes[index] * width..]);
            let is_nearest = own.sqrt() + margin < bounds.lower[index];
            cost += weight * if is_nearest { own } else { search.nearest(vector).squared };
        }
        cost
    }
}

struct Assign<'a> {
    bounds: &'a mut Bounds,
    vectors: &'a Vectors,
    centroids: &'a [f64],
    search: &'a Search,
}

impl NullaryFnOnce for Assign<'_> {
    type Output = bool;

    #[inline(always)]
    fn call(self) -> bool {
        let Self { bounds, vectors, centroids, search } = self;
        let width = vectors.width;
        // Half the way to the nearest other centroid, once it is asked for: a vector nearer than that has no nearer one.
        let mut half = vec![None; centroids.len() / width];
        let mut changed = false;
        for (index, code) in bounds.codes.iter_mut().enumerate() {
            let upper = &mut bounds.upper[index];
            if *upper <= bounds.lower[index] {
                continue;
            }
            // Distances between centroids say nothing of those by fewer components.
            let half = if vectors.is_whole(index) {
                // Not `get_or_insert_with`, whose closure would be compiled without vector instructions.
                match half[*code] {
                    Some(half) => half,
                    None => {
                        let found = search.nearest(&centroids[*code * width..][..width]).second.sqrt() / 2.0;
                        half[*code] = Some(found);
                        found
                    }
                }
            } else {
                0.0
            };
            let bound = bounds.lower[index].max(half);
            if *upper <= bound {
                continue;
            }
            let vector = vectors.get(index);
            if upper.is_finite() {
                *upper = squared_distance(vector, &centroids[*code * width..]).sqrt();
                if *upper <= bound {
                    continue;
                }
            }
            let nearest = search.nearest(vector);
            changed |= nearest.code != *code;
            *code = nearest.code;
            *upper = nearest.squared.sqrt();
            bounds.lower[index] = nearest.second.sqrt();
        }
        changed
    }
}

/// Moves each centroid to the mean of its vectors, component by component: shorter vectors count where they have one.
fn move_to_means(vectors: &Vectors, codes: &[usize], centroids: &mut [f64]) {
    let width = vectors.width;
    let mut counts = vec![0.0; centroids.len()];
    let mut sums = vec![0.0; centroids.len()];
    for ((index, &code), &weight) in codes.iter().enumerate().zip(vectors.weights()) {
        let counts = &mut counts[code * width..];
        for ((sum, count), &component) in sums[code * width..].iter_mut().zip(counts).zip(vectors.get(index))
        {
            *sum += weight * component;
            *count += weight;
        }
    }
    for ((component, sum), &count) in centroids.iter_mut().zip(&sums).zip(&counts) {
        if count > 0.0 {
            *component = sum / count;
        }
    }
    let empty = (0..centroids.len() / width).filter(|code| counts[code * width] == 0.0);
    let empty: Vec<usize> = empty.collect();
    if empty.is_empty() {
        return;
    }
    let mut distances = distances(vectors, codes, centroids);
    for code in empty {
        let farthest = farthest(&distances);
        let vector = vectors.get(farthest);
        centroids[code * width..][..vector.len()].copy_from_slice(vector);
        distances[farthest] = 0.0;
    }
}

/// The squared distance of each vector to the centroid it is assigned to.
fn distances(vectors: &Vectors, codes: &[usize], centroids: &[f64]) -> Vec<f64> {
    let distance = |(index, code)| squared_distance(vectors.get(index), &centroids[code * vectors.width..]);
    codes.iter().copied().enumerate().map(distance).collect()
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

#[cfg(test)]
mod tests {
    use bitsweep_random::{Generator, Stream};

    use super::*;

    /// Lloyd's iterations without bounds; components that no vector of a cluster has stay where they are.
    fn plain_descent(vectors: &Vectors, centroids: &mut [f64], iterations: usize) -> f64 {
        let width = vectors.width;
        let nearest = |vector: &[f64], centroids: &[f64]| {
            let distances = centroids.chunks(width).map(|centroid| squared_distance(vector, centroid));
            distances.enumerate().fold((0, f64::INFINITY), |best, (code, squared)| {
                if squared < best.1 { (code, squared) } else { best }
            })
        };
        for _ in 0..iterations {
            let (mut sums, mut counts) = (vec![0.0; centroids.len()], vec![0.0; centroids.len()]);
            for (index, weight) in vectors.weights().iter().enumerate() {
                let code = nearest(vectors.get(index), centroids).0;
                for (component, value) in vectors.get(index).iter().enumerate() {
                    sums[code * width + component] += weight * value;
                    counts[code * width + component] += weight;
                }
            }
            for (component, centroid) in centroids.iter_mut().enumerate() {
                if counts[component] > 0.0 {
                    *centroid = sums[component] / counts[component];
                }
            }
        }
        let costs = vectors.weights().iter().enumerate();
        costs.map(|(index, weight)| weight * nearest(vectors.get(index), centroids).1).sum()
    }

    #[test]
    fn bounds_leave_out_only_what_changes_nothing() {
        for seed in 0..20 {
            let mut stream = Stream::new(Generator::Modern, seed, "descent").unwrap();
            let components: Vec<f64> = (0..300 * 3).map(|_| stream.uniform()).collect();
            // Every fifth vector has only two components.
            let lengths: Vec<usize> = (0..300).map(|index| if index % 5 == 0 { 2 } else { 3 }).collect();
            let vectors = Vectors::distinct(3, &components, &lengths);
            let start: Vec<f64> = (0..8).flat_map(|index| vectors.whole(index * 20)).copied().collect();
            for iterations in [1, 2, 5, 40] {
                let mut expected = start.clone();
                let cost = plain_descent(&vectors, &mut expected, iterations);
                let descent = descend(&vectors, start.clone(), None, iterations);
                assert!((descent.cost / cost - 1.0).abs() < 1e-12, "seed {seed}, {iterations} iterations");
                for (component, expected) in descent.centroids.iter().zip(&expected) {
                    assert!((component - expected).abs() < 1e-12);
                }
            }
        }
    }

    #[test]
    fn an_empty_cluster_restarts_at_the_farthest_vector() {
        let vectors = Vectors::distinct(2, &[0.0, 0.0, 1.0, 0.0, 9.0, 9.0], &[2, 2, 2]);
        let descent = descend(&vectors, vec![0.0, 1.0, -500.0, -500.0], None, 10);
        assert_eq!(descent.centroids, [0.5, 0.0, 9.0, 9.0]);
        assert_eq!(descent.cost, 0.5);
    }
}
