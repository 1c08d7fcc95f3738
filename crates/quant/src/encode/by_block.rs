//! The loop over values that have the parameters of their block.

use std::iter::repeat;

use bitsweep_vector::arch;
use pulp::NullaryFnOnce;

use crate::number::{Dtype, Real};
use crate::tensor::{Blocks, CodeMatrix, CodeWriter, Layout, PIECE, PerBlock};

/// What makes codes of values that lie side by side.
pub(crate) trait EncodePiece<T, P> {
    /// Fills as many `codes` as there are values, each with the parameters of its block.
    fn encode(&mut self, values: &[T], parameters: impl Iterator<Item = P>, codes: &mut [i32]);
}

/// One code after the other.
pub(crate) struct EachValue<F>(pub(crate) F);

impl<T: Copy, P, F: FnMut(T, P) -> i32> EncodePiece<T, P> for EachValue<F> {
    #[inline(always)]
    fn encode(&mut self, values: &[T], parameters: impl Iterator<Item = P>, codes: &mut [i32]) {
        for ((code, &value), own) in codes.iter_mut().zip(values).zip(parameters) {
            *code = self.0(value, own);
        }
    }
}

/// Fills `codes` with those of all values, in row-major order.
///
/// With vector instructions for `f32` alone: every loop is compiled for each type and each set of instructions, which takes
/// longer than anything else here, and tensors of doubles are rare.
pub(crate) fn encode_by_block<T: Real, P: PerBlock>(
    values: &[T],
    blocks: &Blocks,
    parameters: P,
    codes: &mut CodeMatrix,
    encoder: impl EncodePiece<T, P::One>,
) {
    let encoding = EncodeByBlock { values, blocks, parameters, codes, encoder };
    match T::DTYPE {
        Dtype::F32 => arch().dispatch(encoding),
        Dtype::F64 => encoding.call(),
    }
}

/// [`encode_by_block`] of one code after the other without vector instructions, for what they do not speed up.
pub(crate) fn encode_one_by_one<T: Real, P: PerBlock>(
    values: &[T],
    blocks: &Blocks,
    parameters: P,
    codes: &mut CodeMatrix,
    code_of: impl FnMut(T, P::One) -> i32,
) {
    EncodeByBlock { values, blocks, parameters, codes, encoder: EachValue(code_of) }.call();
}

struct EncodeByBlock<'a, T, P, E> {
    values: &'a [T],
    blocks: &'a Blocks,
    parameters: P,
    codes: &'a mut CodeMatrix,
    encoder: E,
}

impl<T: Real, P: PerBlock, E: EncodePiece<T, P::One>> NullaryFnOnce for EncodeByBlock<'_, T, P, E> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { values, blocks, parameters, codes, mut encoder } = self;
        if blocks.is_empty() {
            return;
        }
        let mut writer = CodeWriter::new(codes);
        match blocks.layout() {
            Layout::Runs { length } => {
                for (run, own) in values.chunks(length).zip(parameters.iter()) {
                    for piece in run.chunks(PIECE) {
                        encoder.encode(piece, repeat(own), writer.room(piece.len()));
                    }
                }
            }
            Layout::Bands { height } => {
                let columns = blocks.shape().1;
                for (row, values) in values.chunks(columns).enumerate() {
                    let first = row / height * columns;
                    for (values, start) in values.chunks(PIECE).zip((first..).step_by(PIECE)) {
                        let parameters = parameters.part(start..start + values.len());
                        encoder.encode(values, parameters.iter(), writer.room(values.len()));
                    }
                }
            }
        }
        writer.flush();
    }
}
