//! Activations on an even grid from 0 to a clip.

use bitsweep_vector::arch;
use ndarray::{ArrayView2, ArrayViewMut2};
use pulp::NullaryFnOnce;

use crate::number::{change_row_major, row_major};
use crate::scheme::Bits;

/// Activations clipped to `[0, α]` and rounded to `n = 2^b-1` even steps: `y = α/n·round(n/α·clip(x, 0, α))`, ties to
/// even.
///
/// DoReFa-Net (Zhou et al. 2016, §2.5) and WRPN (Mishra et al. 2017, §3) have `α = 1`; PACT (Choi et al. 2018, eqs. 1 to
/// 3) learns `α > 0`. The gradient is PACT's, which is also that of a plain clip but for the point `x = α`:
/// `∂y/∂x = 1` where `0 ≤ x < α`, else 0; `∂y/∂α = 1` where `x ≥ α`, else 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClippedActivation {
    /// Bits of one activation.
    pub bits: Bits,
}

impl ClippedActivation {
    /// Replaces activations by the values of their codes; `clip` is `α`.
    pub fn quantize(self, clip: f64, activations: ArrayViewMut2<'_, f64>) {
        let steps = f64::from((1_u32 << self.bits.get()) - 1);
        change_row_major(activations, |values| arch().dispatch(Clip { clip, steps, values }));
    }

    /// Turns the gradient of the quantized activations into that of `activations`, the ones before.
    ///
    /// Elements beyond the smaller of the two matrices are left alone.
    pub fn gradient(self, clip: f64, activations: ArrayView2<'_, f64>, gradient: ArrayViewMut2<'_, f64>) {
        let activations = &*row_major(activations);
        change_row_major(gradient, |gradient| arch().dispatch(Through { clip, activations, gradient }));
    }

    /// `∂L/∂α` of the `gradient` of the quantized activations, summed in row-major order.
    #[must_use]
    pub fn clip_gradient(
        self,
        clip: f64,
        activations: ArrayView2<'_, f64>,
        gradient: ArrayView2<'_, f64>,
    ) -> f64 {
        let pairs = gradient.iter().zip(activations);
        pairs.filter(|&(_, &value)| value >= clip).fold(0.0, |sum, (gradient, _)| sum + gradient)
    }
}

struct Clip<'a> {
    clip: f64,
    steps: f64,
    values: &'a mut [f64],
}

impl NullaryFnOnce for Clip<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { clip, steps, values } = self;
        let step = clip / steps;
        for value in values {
            let position = (*value / clip).clamp(0.0, 1.0) * steps;
            *value = position.round_ties_even() * step;
        }
    }
}

struct Through<'a> {
    clip: f64,
    activations: &'a [f64],
    gradient: &'a mut [f64],
}

impl NullaryFnOnce for Through<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { clip, activations, gradient } = self;
        for (gradient, &value) in gradient.iter_mut().zip(activations) {
            *gradient = if (value >= 0.0) & (value < clip) { *gradient } else { 0.0 };
        }
    }
}
