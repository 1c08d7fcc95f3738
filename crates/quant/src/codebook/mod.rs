//! Codebooks: codes that are positions in a table of centroids.

mod lloyd;
mod lookup;
mod one_dimensional;
mod product;

pub use lookup::LookupError;
pub use one_dimensional::{Clustering, optimal_clustering};

pub(crate) use lookup::{product, product_tables, scalar_product};
pub(crate) use product::{encode_products, fit_products, reconstruct_products, widths};

use crate::axes::Centroids;
use crate::real::Real;

/// Centroids of equal width, in ascending lexicographic order.
#[derive(Debug, Clone, PartialEq)]
pub struct Codebook<T> {
    width: usize,
    components: Vec<T>,
}

impl<T: Real> Codebook<T> {
    /// A codebook of centroids of `width` components each, one after the other.
    pub(crate) fn new(width: usize, components: Vec<T>) -> Self {
        Self { width, components }
    }

    /// Components of a centroid.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Number of centroids.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.components.len() / self.width
    }

    /// Whether there is no centroid, as in the codebook of an empty tensor.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.components.is_empty()
    }

    /// The components of the centroid with number `code < len()`.
    #[must_use]
    pub fn centroid(&self, code: usize) -> &[T] {
        &self.components[code * self.width..][..self.width]
    }

    /// All components, centroid after centroid.
    #[must_use]
    pub fn components(&self) -> &[T] {
        &self.components
    }

    /// The number of the nearest centroid (squared Euclidean distance in `f64`, the first of equally near ones); 0 in
    /// an empty codebook.
    #[must_use]
    pub fn nearest(&self, vector: &[T]) -> usize {
        let mut nearest = (0, f64::INFINITY);
        for (code, centroid) in self.components.chunks(self.width).enumerate() {
            let mut distance = 0.0;
            for (a, b) in vector.iter().zip(centroid) {
                let difference = a.to_f64() - b.to_f64();
                distance += difference * difference;
            }
            if distance < nearest.1 {
                nearest = (code, distance);
            }
        }
        nearest.0
    }
}

/// The codebook of values that minimizes the sum of squared errors, exactly.
pub(crate) fn fit_scalars<T: Real>(values: &[T], centroids: Centroids) -> Codebook<T> {
    let reals: Vec<f64> = values.iter().map(|value| value.to_f64()).collect();
    let clustering = optimal_clustering(&reals, centroids.get() as usize);
    let mut components: Vec<T> = clustering.centroids.into_iter().map(T::from_f64).collect();
    // Centroids that rounding to `T` makes equal are one.
    components.dedup();
    Codebook::new(1, components)
}

/// The code of the nearest centroid for each value, the lower of two equally near ones.
pub(crate) fn encode_scalars<T: Real>(values: &[T], codebook: &Codebook<T>) -> Vec<i32> {
    let centroids = codebook.components();
    let code = |value: &T| {
        let above = centroids.partition_point(|centroid| centroid < value);
        let distance = |code: usize| (centroids[code].to_f64() - value.to_f64()).abs();
        let code = if above == 0 {
            0
        } else if above == centroids.len() || distance(above - 1) <= distance(above) {
            above - 1
        } else {
            above
        };
        code as i32
    };
    values.iter().map(code).collect()
}
