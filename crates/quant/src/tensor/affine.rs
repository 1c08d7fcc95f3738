//! Scale and zero point of each block.

use crate::number::Real;

use super::nested_scales::NestedScales;

/// Scales `s` and zero points `z`, one of each per block: `ŵ = s·(q - z)`; in formats of levels `ŵ = s·level(q)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Affine<T> {
    /// The step between neighbouring levels, or what levels are multiplied by; as stored.
    pub scales: Vec<T>,
    /// The code of zero, a whole number unless the scheme keeps it as a float; all 0 in symmetric schemes. Where the
    /// scheme keeps a [minimum](crate::ZeroPoint::Minimum) instead, the minimum, as stored.
    pub zero_points: Vec<T>,
    /// The bytes behind the scales, where those are not stored one by one.
    pub nested: Option<NestedScales>,
}

impl<T: Real> Affine<T> {
    /// Scales without zero points.
    pub(crate) fn of_scales(scales: Vec<T>) -> Self {
        Self { zero_points: vec![T::ZERO; scales.len()], scales, nested: None }
    }
}
