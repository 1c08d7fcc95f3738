//! How sums become whole numbers of another step.

use bitsweep_inference::integer::IntegerLayer;
use bitsweep_quant::Rescale;

use super::the_same::the_same;

/// One number for each output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::export) enum PerOutput {
    /// All have this one.
    Same(i32),
    /// Not all have the same.
    Each(Vec<i32>),
}

/// How sums become whole numbers of another step, each time rounded to nearest, halves up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::export) enum Rescaling {
    /// `sum / 2^shift`, within 32 bits.
    Shift { shifts: PerOutput },
    /// `sum·multiplier / 2^shift`, through 64 bits.
    Product { multipliers: PerOutput, shifts: PerOutput },
    /// `Σ sum·multiplier / 2^shift` over the groups, in 64 bits; the multipliers of the first output first.
    Groups { multipliers: Vec<i32>, shifts: PerOutput },
}

impl PerOutput {
    fn of(values: Vec<i32>) -> Self {
        match the_same(&values) {
            Some(value) => Self::Same(value),
            None => Self::Each(values),
        }
    }
}

impl Rescaling {
    /// Whether a sum, of several groups their total, has the sign of what becomes of it.
    pub(super) fn keeps_signs(&self) -> bool {
        match self {
            Self::Shift { .. } | Self::Groups { .. } => true,
            // Scales of weights may be negative.
            Self::Product { multipliers: PerOutput::Same(multiplier), .. } => *multiplier >= 0,
            Self::Product { multipliers: PerOutput::Each(all), .. } => all.iter().all(|own| *own >= 0),
        }
    }

    /// The rescaling of sums of a layer.
    pub(super) fn of(rescale: &Rescale, layer: &IntegerLayer) -> Self {
        let shifts = PerOutput::of(rescale.shifts().iter().map(|shift| *shift as i32).collect());
        let multipliers: Vec<i32> = rescale.multipliers().reversed_axes().iter().copied().collect();
        if rescale.multipliers().nrows() > 1 {
            return Self::Groups { multipliers, shifts };
        }
        let stays_within_32_bits = |shift: &u32| {
            let half = if *shift == 0 { 0 } else { 1_i64 << (shift - 1).min(62) };
            layer.largest_sum() + half <= i64::from(i32::MAX)
        };
        let are_ones = multipliers.iter().all(|multiplier| *multiplier == 1);
        match are_ones && rescale.shifts().iter().all(stays_within_32_bits) {
            true => Self::Shift { shifts },
            false => Self::Product { multipliers: PerOutput::of(multipliers), shifts },
        }
    }
}
