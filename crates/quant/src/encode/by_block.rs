//! From values to codes, with the parameters of their block.

use std::ops::Range;

use pulp::NullaryFnOnce;

use crate::number::{Real, vectorized};
use crate::tensor::{Blocks, CodeMatrix, CodeWriter, PerBlock, Piece, part_length, pass_by_block};

/// What makes codes of values that lie side by side.
pub(crate) trait EncodePiece<T, P> {
    /// Fills as many `codes` as there are values, each with the parameters of its block.
    fn encode(&self, values: &[T], parameters: impl Iterator<Item = P>, codes: &mut [i32]);
}

/// One code after the other.
#[derive(Clone, Copy)]
pub(crate) struct EachValue<F>(pub(crate) F);

impl<T: Copy, P, F: Fn(T, P) -> i32> EncodePiece<T, P> for EachValue<F> {
    #[inline(always)]
    fn encode(&self, values: &[T], parameters: impl Iterator<Item = P>, codes: &mut [i32]) {
        for ((code, &value), own) in codes.iter_mut().zip(values).zip(parameters) {
            *code = (self.0)(value, own);
        }
    }
}

/// Fills `codes` with those of all values.
pub(crate) fn encode_by_block<T: Real, P: PerBlock + Sync>(
    values: &[T],
    blocks: &Blocks,
    parameters: P,
    codes: &mut CodeMatrix,
    encoder: impl EncodePiece<T, P::One> + Copy + Sync,
) {
    codes.in_parts(part_length(blocks), &|positions, codes| {
        let encoding = EncodeByBlock { values, blocks, positions, parameters, writer: codes, encoder };
        vectorized::<T, _>(encoding);
    });
}

/// The codes of values at some positions.
struct EncodeByBlock<'a, T, P, E> {
    values: &'a [T],
    blocks: &'a Blocks,
    positions: Range<usize>,
    parameters: P,
    writer: CodeWriter<'a>,
    encoder: E,
}

impl<T: Real, P: PerBlock, E: EncodePiece<T, P::One>> NullaryFnOnce for EncodeByBlock<'_, T, P, E> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { values, blocks, positions, parameters, writer, encoder } = self;
        let mut encoder = Encoder { values, writer, encoder };
        pass_by_block(blocks, positions, parameters, &mut encoder);
        encoder.writer.flush();
    }
}

struct Encoder<'a, T, E> {
    values: &'a [T],
    writer: CodeWriter<'a>,
    encoder: E,
}

impl<T, P, E: EncodePiece<T, P>> Piece<P> for Encoder<'_, T, E> {
    #[inline(always)]
    fn pass(&mut self, positions: Range<usize>, parameters: impl Iterator<Item = P>) {
        let codes = self.writer.room(positions.len());
        self.encoder.encode(&self.values[positions], parameters, codes);
    }
}

/// Fills `codes` with those of all values, one after the other in row-major order, without vector instructions: for what depends on
/// that order, and what they do not speed up.
pub(crate) fn encode_one_by_one<T: Real, P: PerBlock>(
    values: &[T],
    blocks: &Blocks,
    parameters: P,
    codes: &mut CodeMatrix,
    code_of: impl FnMut(T, P::One) -> i32,
) {
    let mut encoder = OneByOne { values, writer: codes.writer(), code_of };
    pass_by_block(blocks, 0..values.len(), parameters, &mut encoder);
    encoder.writer.flush();
}

struct OneByOne<'a, T, F> {
    values: &'a [T],
    writer: CodeWriter<'a>,
    code_of: F,
}

impl<T: Copy, P, F: FnMut(T, P) -> i32> Piece<P> for OneByOne<'_, T, F> {
    fn pass(&mut self, positions: Range<usize>, parameters: impl Iterator<Item = P>) {
        let codes = self.writer.room(positions.len());
        for ((code, &value), own) in codes.iter_mut().zip(&self.values[positions]).zip(parameters) {
            *code = (self.code_of)(value, own);
        }
    }
}
