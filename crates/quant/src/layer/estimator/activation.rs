//! Activations on an even grid from 0 to a clip.

use ndarray::{ArrayView2, ArrayViewMut2};

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
    pub fn quantize(self, clip: f64, mut activations: ArrayViewMut2<'_, f64>) {
        let steps = f64::from((1_u32 << self.bits.get()) - 1);
        let step = clip / steps;
        activations.mapv_inplace(|value| {
            let position = (value / clip).clamp(0.0, 1.0) * steps;
            position.round_ties_even() * step
        });
    }

    /// Turns the gradient of the quantized activations into that of `activations`, the ones before; returns `∂L/∂α`,
    /// summed in row-major order.
    ///
    /// Elements beyond the smaller of the two matrices are left alone.
    pub fn gradient(
        self,
        clip: f64,
        activations: ArrayView2<'_, f64>,
        mut gradient: ArrayViewMut2<'_, f64>,
    ) -> f64 {
        let mut of_clip = 0.0;
        for (gradient, &value) in gradient.iter_mut().zip(activations) {
            if value >= clip {
                of_clip += *gradient;
            }
            if !(0.0..clip).contains(&value) {
                *gradient = 0.0;
            }
        }
        of_clip
    }
}
