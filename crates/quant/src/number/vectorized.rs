//! Loops with vector instructions.

use bitsweep_vector::arch;
use pulp::NullaryFnOnce;

use super::dtype::Dtype;
use super::real::Real;

/// Runs a loop over numbers of type `T`, with vector instructions for `f32` alone: every loop is compiled for each type and each set
/// of instructions, which takes longer than anything else here, and tensors of doubles are rare.
#[inline(always)]
pub(crate) fn vectorized<T: Real, L: NullaryFnOnce>(work: L) -> L::Output {
    match T::DTYPE {
        Dtype::F32 => arch().dispatch(work),
        Dtype::F64 => work.call(),
    }
}
