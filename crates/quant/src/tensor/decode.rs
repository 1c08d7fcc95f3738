//! The loop over codes that have the parameters of their block.

use bitsweep_vector::arch;
use pulp::NullaryFnOnce;

use crate::number::{Dtype, Real};

use super::blocks::{Blocks, Layout};
use super::code_matrix::{CodeMatrix, CodeReader, PIECE};
use super::per_block::PerBlock;

/// Writes `value_of` every code and the parameters of its block into `values`; with vector instructions for `f32` alone.
pub(super) fn decode<T: Real, P: PerBlock>(
    codes: &CodeMatrix,
    blocks: &Blocks,
    parameters: P,
    values: &mut [T],
    value_of: impl Fn(i32, P::One) -> T,
) {
    let decoding = Decoding { codes, blocks, parameters, values, value_of };
    match T::DTYPE {
        Dtype::F32 => arch().dispatch(decoding),
        Dtype::F64 => decoding.call(),
    }
}

struct Decoding<'a, T, P, F> {
    codes: &'a CodeMatrix,
    blocks: &'a Blocks,
    parameters: P,
    values: &'a mut [T],
    value_of: F,
}

impl<T: Real, P: PerBlock, F: Fn(i32, P::One) -> T> NullaryFnOnce for Decoding<'_, T, P, F> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { codes, blocks, parameters, values, value_of } = self;
        if blocks.is_empty() {
            return;
        }
        let mut reader = CodeReader::new(codes);
        match blocks.layout() {
            Layout::Runs { length } => {
                for (run, own) in values.chunks_mut(length).zip(parameters.iter()) {
                    for piece in run.chunks_mut(PIECE) {
                        let codes = reader.take(piece.len());
                        for (value, &code) in piece.iter_mut().zip(codes) {
                            *value = value_of(code, own);
                        }
                    }
                }
            }
            Layout::Bands { height } => {
                let columns = blocks.shape().1;
                for (row, values) in values.chunks_mut(columns).enumerate() {
                    let first = row / height * columns;
                    for (values, start) in values.chunks_mut(PIECE).zip((first..).step_by(PIECE)) {
                        let parameters = parameters.part(start..start + values.len());
                        let codes = reader.take(values.len());
                        for ((value, &code), own) in values.iter_mut().zip(codes).zip(parameters.iter()) {
                            *value = value_of(code, own);
                        }
                    }
                }
            }
        }
    }
}
