//! Centroids rounded to the format they are stored in, and the nearest of them.

use crate::number::{Real, decode_binary16, encode_binary16};
use crate::scheme::CodebookFormat;
use crate::tensor::{Codebook, FarParameters};

use super::search::Search;
use super::vectors::lexicographic;
use crate::encode::thresholds::Thresholds;

/// The largest code of a component in one byte.
const LARGEST_CODE: i32 = 127;

impl<T: Real> Codebook<T> {
    /// The codebook that stores `centroids`, one after the other, of `width` components each; centroids that rounding
    /// makes equal are one. Notes the components that are stored far from what they are beside `magnitude`, the largest of
    /// the values.
    pub(super) fn store(
        width: usize,
        centroids: &[f64],
        format: CodebookFormat,
        magnitude: f64,
        far: &mut FarParameters,
    ) -> Self {
        let (rounded, scale) = match format {
            CodebookFormat::Float => (centroids.iter().map(|&c| T::from_f64(c)).collect(), None),
            CodebookFormat::F16 => {
                let value = |&c: &f64| T::from_f64(decode_binary16(encode_binary16(c)));
                (centroids.iter().map(value).collect(), None)
            }
            CodebookFormat::Int8 => {
                let scale: T = scale_of(centroids);
                let code = |&component: &f64| {
                    let code = (component / scale.to_f64()).round_ties_even() as i32;
                    T::from_i32(code.clamp(-LARGEST_CODE, LARGEST_CODE)) * scale
                };
                (centroids.iter().map(code).collect::<Vec<T>>(), Some(scale))
            }
        };
        let reals: Vec<f64> = rounded.iter().map(|component| component.to_f64()).collect();
        for (&wanted, &stored) in centroids.iter().zip(&reals) {
            far.note_beside(wanted, stored, magnitude, format.rounding());
        }
        let mut order: Vec<&[f64]> = reals.chunks(width).collect();
        order.sort_by(|a, b| lexicographic(a, b));
        order.dedup();
        let components = order.into_iter().flatten().map(|&c| T::from_f64(c)).collect();
        Self::new(width, components, scale)
    }

    /// The number of the centroid nearest to `vector` by the components that it has (squared Euclidean distance in
    /// `f64`, the first of equally near ones); 0 in an empty codebook.
    #[must_use]
    pub fn nearest(&self, vector: &[T]) -> usize {
        let vector: Vec<f64> = vector.iter().map(|component| component.to_f64()).collect();
        self.codes(&vector, &[vector.len().min(self.width())])[0] as usize
    }

    /// Where the nearest centroid, of one component each, changes.
    pub(super) fn thresholds(&self) -> Thresholds<T> {
        let centroids: Vec<f64> = self.components().iter().map(|component| component.to_f64()).collect();
        let is_above = |rank: usize, number: T| nearest_value(&centroids, number.to_f64()) > rank;
        // There are at most 65,536.
        Thresholds::new(&centroids, (0..centroids.len() as i32).collect(), is_above, None)
    }

    /// The codes of the nearest centroids of vectors `width` apart, of `lengths` components each.
    pub(super) fn codes(&self, vectors: &[f64], lengths: &[usize]) -> Vec<i32> {
        let centroids: Vec<f64> = self.components().iter().map(|component| component.to_f64()).collect();
        if self.width() == 1 {
            return vectors.iter().map(|value| nearest_value(&centroids, *value) as i32).collect();
        }
        let exponent = unsafe_exponent(vectors.iter().chain(&centroids));
        let search = Search::new(self.width(), &scaled(&centroids, -exponent));
        let codes = search.codes(&scaled(vectors, -exponent), lengths);
        codes.into_iter().map(|code| code as i32).collect()
    }
}

fn largest_magnitude(centroids: &[f64]) -> f64 {
    centroids.iter().fold(0.0, |largest: f64, component| largest.max(component.abs()))
}

/// `max|c|/127`; the magnitude itself where all components have the same, which is then exact.
fn scale_of<T: Real>(centroids: &[f64]) -> T {
    let largest = largest_magnitude(centroids);
    if largest == 0.0 {
        return T::ONE;
    }
    if centroids.iter().all(|component| component.abs() == largest) {
        return T::from_f64(largest).greater(T::SMALLEST);
    }
    let scale = T::from_f64(largest / f64::from(LARGEST_CODE)).greater(T::SMALLEST);
    // Rounded up, the scale may carry the largest code beyond the largest number.
    let overflows = !(scale * T::from_i32(LARGEST_CODE)).is_finite();
    if overflows { scale * T::from_f64(1.0 - 1e-6) } else { scale }
}

/// The number of the nearest of ascending values, the lower of two equally near ones.
fn nearest_value(values: &[f64], value: f64) -> usize {
    let above = values.partition_point(|other| *other < value);
    let distance = |code: usize| (values[code] - value).abs();
    if above == 0 {
        0
    } else if above == values.len() || distance(above - 1) <= distance(above) {
        above - 1
    } else {
        above
    }
}

/// The exponent of two that brings the largest magnitude near 1, where squares and sums of squares might leave `f64`
/// otherwise; else 0.
pub(super) fn unsafe_exponent<'a>(values: impl IntoIterator<Item = &'a f64>) -> i32 {
    const SAFE: i32 = 400;
    let largest = values.into_iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    let exponent = if largest > 0.0 { libm::ilogb(largest) } else { 0 };
    if exponent.abs() > SAFE { exponent } else { 0 }
}

/// The values times a power of two.
pub(super) fn scaled(values: &[f64], exponent: i32) -> Vec<f64> {
    match exponent {
        0 => values.to_vec(),
        exponent => values.iter().map(|&value| libm::scalbn(value, exponent)).collect(),
    }
}
