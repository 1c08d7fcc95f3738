//! From codes to values.

use std::ops::Range;

use pulp::NullaryFnOnce;

use crate::number::{Real, vectorized};

use super::blocks::Blocks;
use super::by_block::{Piece, pass_by_block};
use super::code_matrix::{CodeMatrix, CodeReader};
use super::per_block::PerBlock;
use super::shared::{in_parts, part_length};

/// What makes values of codes that lie side by side.
pub(super) trait DecodePiece<T, P> {
    /// Fills as many `values` as there are codes, each with the parameters of its block.
    fn decode(&self, codes: &[i32], parameters: impl Iterator<Item = P>, values: &mut [T]);
}

/// One value after the other.
#[derive(Clone, Copy)]
pub(super) struct EachCode<F>(pub(super) F);

impl<T, P, F: Fn(i32, P) -> T> DecodePiece<T, P> for EachCode<F> {
    #[inline(always)]
    fn decode(&self, codes: &[i32], parameters: impl Iterator<Item = P>, values: &mut [T]) {
        for ((value, &code), own) in values.iter_mut().zip(codes).zip(parameters) {
            *value = (self.0)(code, own);
        }
    }
}

/// The level of each code of at most four bits, by the low four bits of these.
#[derive(Clone, Copy)]
pub(super) struct FewLevels<T>(pub(super) [T; 16]);

impl<T: Real> DecodePiece<T, ()> for FewLevels<T> {
    #[inline(always)]
    fn decode(&self, codes: &[i32], _: impl Iterator<Item = ()>, values: &mut [T]) {
        T::look_up(&self.0, codes, values);
    }
}

/// Times the scale of its block.
impl<T: Real> DecodePiece<T, T> for FewLevels<T> {
    #[inline(always)]
    fn decode(&self, codes: &[i32], scales: impl Iterator<Item = T>, values: &mut [T]) {
        T::look_up(&self.0, codes, values);
        for (value, scale) in values.iter_mut().zip(scales) {
            *value = scale * *value;
        }
    }
}

/// Writes the value of every code with the parameters of its block into `values`.
pub(super) fn decode<T: Real, P: PerBlock + Sync>(
    codes: &CodeMatrix,
    blocks: &Blocks,
    parameters: P,
    values: &mut [T],
    decoder: impl DecodePiece<T, P::One> + Copy + Sync,
) {
    in_parts(values, part_length(blocks), &|positions, values| {
        let decoding = Decoding { codes, blocks, positions, parameters, values, decoder };
        vectorized::<T, _>(decoding);
    });
}

/// The values at some positions.
struct Decoding<'a, T, P, D> {
    codes: &'a CodeMatrix,
    blocks: &'a Blocks,
    positions: Range<usize>,
    parameters: P,
    values: &'a mut [T],
    decoder: D,
}

impl<T: Real, P: PerBlock, D: DecodePiece<T, P::One>> NullaryFnOnce for Decoding<'_, T, P, D> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { codes, blocks, positions, parameters, values, decoder } = self;
        let (reader, first) = (CodeReader::new(codes, positions.start), positions.start);
        pass_by_block(blocks, positions, parameters, &mut Decoder { reader, first, values, decoder });
    }
}

struct Decoder<'a, T, D> {
    reader: CodeReader<'a>,
    /// The position of the first value.
    first: usize,
    values: &'a mut [T],
    decoder: D,
}

impl<T, P, D: DecodePiece<T, P>> Piece<P> for Decoder<'_, T, D> {
    #[inline(always)]
    fn pass(&mut self, positions: Range<usize>, parameters: impl Iterator<Item = P>) {
        let codes = self.reader.take(positions.len());
        let values = &mut self.values[positions.start - self.first..positions.end - self.first];
        self.decoder.decode(codes, parameters, values);
    }
}
