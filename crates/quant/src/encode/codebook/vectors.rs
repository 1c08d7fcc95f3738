//! Sub-vectors as k-means sees them: each distinct one once.

use std::cmp::Ordering;

/// Distinct vectors, each with the number of times it occurs: whole ones in lexicographic order, then shorter ones.
pub(super) struct Vectors {
    /// Components of a whole vector.
    pub(super) width: usize,
    /// One vector after the other, shorter ones filled up with zeros.
    components: Vec<f64>,
    /// Components of each vector that count: `width`, or fewer at the end of a row.
    lengths: Vec<usize>,
    /// How often each occurs.
    weights: Vec<f64>,
}

impl Vectors {
    /// The distinct ones among vectors `width` apart, of `lengths` components each.
    pub(super) fn distinct(width: usize, components: &[f64], lengths: &[usize]) -> Self {
        let vector = |index: &usize| &components[index * width..][..lengths[*index]];
        let mut order: Vec<usize> = (0..lengths.len()).collect();
        order.sort_by(|a, b| lengths[*b].cmp(&lengths[*a]).then_with(|| lexicographic(vector(a), vector(b))));
        let mut distinct = Self { width, components: Vec::new(), lengths: Vec::new(), weights: Vec::new() };
        for run in order.chunk_by(|a, b| vector(a) == vector(b)) {
            distinct.components.extend_from_slice(&components[run[0] * width..][..width]);
            distinct.lengths.push(lengths[run[0]]);
            distinct.weights.push(run.len() as f64);
        }
        distinct
    }

    /// Number of distinct vectors.
    pub(super) fn len(&self) -> usize {
        self.weights.len()
    }

    /// The components of a vector that count.
    #[inline(always)]
    pub(super) fn get(&self, index: usize) -> &[f64] {
        &self.components[index * self.width..][..self.lengths[index]]
    }

    /// A vector as a centroid, filled up with zeros.
    pub(super) fn whole(&self, index: usize) -> &[f64] {
        &self.components[index * self.width..][..self.width]
    }

    /// Whether a vector has all components.
    #[inline(always)]
    pub(super) fn is_whole(&self, index: usize) -> bool {
        self.lengths[index] == self.width
    }

    /// How often each vector occurs.
    pub(super) fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// At least the distance of any two vectors.
    pub(super) fn diameter(&self) -> f64 {
        let largest =
            self.components.iter().fold(0.0, |largest: f64, component| largest.max(component.abs()));
        2.0 * largest * (self.width as f64).sqrt()
    }

    /// The fewest centroids that lose nothing: the whole vectors, and the shorter ones that begin none of them.
    pub(super) fn lossless(&self) -> Vec<f64> {
        let wholes = self.lengths.partition_point(|length| *length == self.width);
        let begins = |index: usize| {
            let short = self.get(index);
            let (mut low, mut high) = (0, wholes);
            while low < high {
                let middle = low + (high - low) / 2;
                match lexicographic(&self.get(middle)[..short.len()], short) {
                    Ordering::Less => low = middle + 1,
                    Ordering::Equal => return true,
                    Ordering::Greater => high = middle,
                }
            }
            false
        };
        let needed = (0..self.len()).filter(|&index| index < wholes || !begins(index));
        needed.flat_map(|index| self.whole(index)).copied().collect()
    }
}

/// The order of vectors of equal length by their first different components; 0 and -0 are equal.
pub(super) fn lexicographic(a: &[f64], b: &[f64]) -> Ordering {
    // -0 sorts beside 0: equal vectors must be neighbours.
    let unsigned_zero = |value: &f64| value + 0.0;
    let (a, b) = (a.iter().map(unsigned_zero), b.iter().map(unsigned_zero));
    a.zip(b).map(|(a, b)| a.total_cmp(&b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}
