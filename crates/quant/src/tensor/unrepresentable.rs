//! Values out of the range of a format that has no scale.

use bitsweep_vector::arch;
use pulp::NullaryFnOnce;

use crate::number::{LANES, Real, fold_lanes, largest_magnitude};
use crate::scheme::{LevelTable, ScaleFormat, Scheme};

use super::code_matrix::PIECE;
use super::parameters::{FixedGrid, ParameterKind};
use super::shared::over_parts;

/// Values that a format without scales has no number near: more than half a step beyond its largest number, which they
/// became, or so small that they became 0.
///
/// Only `f16`, `bf16`, `wrpn` and small floats without a scale have such values; a scale brings every value into its
/// format. That `wrpn`, a grid, rounds to 0 is no loss of its range.
///
/// ```
/// use bitsweep_quant::{Unrepresentable, SchemeSpec, quantize};
/// use bitsweep_random::{Generator, Stream};
/// use ndarray::array;
///
/// let weights = array![[1000.0, 1.0], [460.0, 1e-9]];
/// let spec: SchemeSpec = toml::from_str("format = 'fp8-e4m3'\nscale_format = 'none'").unwrap();
/// let mut stream = Stream::new(Generator::Modern, 0, "quantize").unwrap();
/// let quantized = quantize(weights.view(), &spec.resolve().unwrap(), &mut stream).unwrap();
/// assert_eq!(quantized.reconstruct::<f64>(), array![[448.0, 1.0], [448.0, 0.0]]);
/// assert_eq!(quantized.unrepresentable(), Unrepresentable { above: 1, largest: 1000.0, below: 1 });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Unrepresentable {
    /// How many lie beyond the largest number.
    pub above: u64,
    /// The largest magnitude among them; 0 without any.
    pub largest: f64,
    /// How many are not 0 and became 0.
    pub below: u64,
}

impl Unrepresentable {
    /// Those among values that are quantized by `scheme`.
    pub(crate) fn among<T: Real>(values: &[T], scheme: &Scheme) -> Self {
        let Some(limits) = Limits::of(scheme) else { return Self::default() };
        let [above, below] = [limits.above, limits.below].map(largest_up_to);
        over_parts(values, &|values| arch().dispatch(Among { values, above, below }), Self::merge)
    }

    /// Those of two sets of values together.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self {
            above: self.above + other.above,
            largest: self.largest.max(other.largest),
            below: self.below + other.below,
        }
    }
}

/// Those of which the magnitude is above one number, or above 0 and not above another.
struct Among<'a, T> {
    values: &'a [T],
    above: T,
    below: T,
}

impl<T: Real> NullaryFnOnce for Among<'_, T> {
    type Output = Unrepresentable;

    #[inline(always)]
    fn call(self) -> Unrepresentable {
        let Self { values, above, below } = self;
        let (mut all, mut largest) = (Unrepresentable::default(), T::ZERO);
        for piece in values.chunks(PIECE) {
            let lost =
                fold_lanes(piece, [0_u32; LANES], |count, value| count + u32::from(value.abs() > above));
            let lost: u32 = lost.iter().sum();
            if lost > 0 {
                all.above += u64::from(lost);
                largest = largest.greater(largest_magnitude(piece));
            }
            let vanished = fold_lanes(piece, [0_u32; LANES], |count, value| {
                count + u32::from((value.abs() > T::ZERO) & (value.abs() <= below))
            });
            all.below += u64::from(vanished.iter().sum::<u32>());
        }
        Unrepresentable { largest: largest.to_f64(), ..all }
    }
}

/// The largest number of a type that is not above another.
fn largest_up_to<T: Real>(limit: f64) -> T {
    let nearest = T::from_f64(limit);
    if nearest.to_f64() > limit { -(-nearest).next_up() } else { nearest }
}

/// The magnitudes that a format has numbers near.
struct Limits {
    /// Half a step beyond the largest number.
    above: f64,
    /// Half the smallest number, which is rounded to 0 as the even one of two.
    below: f64,
}

impl Limits {
    /// `None` where values are scaled, or lie within the grid by definition.
    fn of(scheme: &Scheme) -> Option<Self> {
        let (smallest, below, largest) = match ParameterKind::of(scheme) {
            ParameterKind::Fixed(grid @ (FixedGrid::Float16 | FixedGrid::BFloat16)) => {
                let (_, highest) = grid.end_codes();
                (grid.level(1), grid.level(highest - 1), grid.level(highest))
            }
            ParameterKind::Fixed(grid @ FixedGrid::Wrpn(_)) => {
                let (_, highest) = grid.end_codes();
                (0.0, grid.level(highest - 1), grid.level(highest))
            }
            ParameterKind::Levels(format) if scheme.scale_format == ScaleFormat::None => {
                let levels: Vec<f64> = LevelTable::new(format).ascending().collect();
                let [.., below, largest] = levels[..] else { return None };
                let smallest = levels.into_iter().find(|level| *level > 0.0)?;
                (smallest, below, largest)
            }
            ParameterKind::Affine
            | ParameterKind::Levels(_)
            | ParameterKind::Gguf(_)
            | ParameterKind::Codebooks(_)
            | ParameterKind::Fixed(FixedGrid::DoReFa(_)) => return None,
        };
        Some(Self { above: largest + 0.5 * (largest - below), below: 0.5 * smallest })
    }
}
