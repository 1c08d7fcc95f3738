//! From codes to values.

use std::ops::Range;

use bitsweep_vector::arch;
use pulp::NullaryFnOnce;

use crate::number::{Dtype, Real};

use super::blocks::Blocks;
use super::by_block::{Piece, pass_by_block};
use super::code_matrix::{CodeMatrix, CodeReader};
use super::per_block::PerBlock;
use super::shared::{in_parts, part_length};

/// Writes `value_of` every code and the parameters of its block into `values`; with vector instructions for `f32` alone.
pub(super) fn decode<T: Real, P: PerBlock + Sync>(
    codes: &CodeMatrix,
    blocks: &Blocks,
    parameters: P,
    values: &mut [T],
    value_of: impl Fn(i32, P::One) -> T + Copy + Sync,
) {
    in_parts(values, part_length(blocks), &|positions, values| {
        let decoding = Decoding { codes, blocks, positions, parameters, values, value_of };
        match T::DTYPE {
            Dtype::F32 => arch().dispatch(decoding),
            Dtype::F64 => decoding.call(),
        }
    });
}

/// The values at some positions.
struct Decoding<'a, T, P, F> {
    codes: &'a CodeMatrix,
    blocks: &'a Blocks,
    positions: Range<usize>,
    parameters: P,
    values: &'a mut [T],
    value_of: F,
}

impl<T: Real, P: PerBlock, F: Fn(i32, P::One) -> T> NullaryFnOnce for Decoding<'_, T, P, F> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { codes, blocks, positions, parameters, values, value_of } = self;
        let (reader, first) = (CodeReader::new(codes, positions.start), positions.start);
        pass_by_block(blocks, positions, parameters, &mut Decoder { reader, first, values, value_of });
    }
}

struct Decoder<'a, T, F> {
    reader: CodeReader<'a>,
    /// The position of the first value.
    first: usize,
    values: &'a mut [T],
    value_of: F,
}

impl<T, P, F: Fn(i32, P) -> T> Piece<P> for Decoder<'_, T, F> {
    #[inline(always)]
    fn pass(&mut self, positions: Range<usize>, parameters: impl Iterator<Item = P>) {
        let codes = self.reader.take(positions.len());
        let values = &mut self.values[positions.start - self.first..positions.end - self.first];
        for ((value, &code), own) in values.iter_mut().zip(codes).zip(parameters) {
            *value = (self.value_of)(code, own);
        }
    }
}
