//! Gradients of few bits.

use bitsweep_random::Stream;
use bitsweep_vector::arch;
use ndarray::ArrayViewMut2;
use pulp::NullaryFnOnce;

use crate::number::change_row_major;
use crate::scheme::Bits;

/// DoReFa-Net's gradients of few bits (Zhou et al. 2016, §2.6, eq. 12), row by row, each row one sample.
///
/// With `n = 2^b-1`, the row's largest magnitude `M`, and `u` uniform in `[-½, ½)`, drawn anew for every element in
/// row-major order: `g ← 2·M·(round(clip(n·(g/(2·M) + ½) + u, 0, n))/n - ½)`. The noise makes the expectation of every
/// element the element. A row of zeros stays as it is and draws nothing.
pub fn quantize_gradient(bits: Bits, gradient: ArrayViewMut2<'_, f64>, stream: &mut Stream) {
    let (columns, steps) = (gradient.ncols(), f64::from((1_u32 << bits.get()) - 1));
    change_row_major(gradient, |gradient| {
        arch().dispatch(QuantizeRows { gradient, columns, steps, stream });
    });
}

struct QuantizeRows<'a> {
    gradient: &'a mut [f64],
    columns: usize,
    steps: f64,
    stream: &'a mut Stream,
}

impl NullaryFnOnce for QuantizeRows<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { gradient, columns, steps, stream } = self;
        for row in gradient.chunks_mut(columns.max(1)) {
            let largest = row.iter().fold(0.0, |largest, value| f64::max(largest, value.abs()));
            if largest == 0.0 {
                continue;
            }
            for value in row {
                let noise = stream.uniform() - 0.5;
                let position = steps * (*value / (2.0 * largest) + 0.5) + noise;
                let fraction = position.clamp(0.0, steps).round_ties_even() / steps;
                *value = 2.0 * largest * (fraction - 0.5);
            }
        }
    }
}
