//! Values beyond the largest number of a format that has no scale.

use crate::number::Real;
use crate::scheme::{LevelTable, ScaleFormat, Scheme};

use super::parameters::{FixedGrid, ParameterKind};

/// Values that became the largest number of their format: they lie more than half a step beyond it.
///
/// Only `f16`, `bf16` and small floats without a scale have such values; a scale brings every value into its format.
///
/// ```
/// use bitsweep_quant::{Saturated, SchemeSpec, quantize};
/// use bitsweep_random::{Generator, Stream};
/// use ndarray::array;
///
/// let weights = array![[1000.0, 1.0], [460.0, -448.0]];
/// let spec: SchemeSpec = toml::from_str("format = 'fp8-e4m3'\nscale_format = 'none'").unwrap();
/// let mut stream = Stream::new(Generator::Modern, 0, "quantize").unwrap();
/// let quantized = quantize(weights.view(), &spec.resolve().unwrap(), &mut stream).unwrap();
/// assert_eq!(quantized.reconstruct::<f64>(), array![[448.0, 1.0], [448.0, -448.0]]);
/// assert_eq!(quantized.saturated(), Saturated { count: 1, largest: 1000.0 });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Saturated {
    /// How many there are.
    pub count: u64,
    /// The largest magnitude among them; 0 without any.
    pub largest: f64,
}

impl Saturated {
    /// Those among values that are quantized by `scheme`.
    pub(crate) fn among<T: Real>(values: &[T], scheme: &Scheme) -> Self {
        let Some(limit) = limit(scheme) else { return Self::default() };
        let magnitudes = values.iter().map(|value| value.abs().to_f64()).filter(|value| *value > limit);
        magnitudes.fold(Self::default(), |sum, largest| sum.merge(Self { count: 1, largest }))
    }

    /// Those of two sets of values together.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self { count: self.count + other.count, largest: self.largest.max(other.largest) }
    }
}

/// Half a step beyond the largest number; `None` where values are scaled, or clipped by definition.
fn limit(scheme: &Scheme) -> Option<f64> {
    let (below, largest) = match ParameterKind::of(scheme) {
        ParameterKind::Fixed(grid @ (FixedGrid::Float16 | FixedGrid::BFloat16)) => {
            let (_, highest) = grid.end_codes();
            (grid.level(highest - 1), grid.level(highest))
        }
        ParameterKind::Levels(format) if scheme.scale_format == ScaleFormat::None => {
            let levels: Vec<f64> = LevelTable::new(format).ascending().collect();
            let [.., below, largest] = levels[..] else { return None };
            (below, largest)
        }
        ParameterKind::Affine
        | ParameterKind::Levels(_)
        | ParameterKind::Gguf(_)
        | ParameterKind::Codebooks(_)
        | ParameterKind::Fixed(FixedGrid::DoReFa(_) | FixedGrid::Wrpn(_)) => return None,
    };
    Some(largest + 0.5 * (largest - below))
}
