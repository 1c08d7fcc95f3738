//! The loop over values that have the parameters of their block.

use std::iter::repeat;
use std::ops::Range;

use super::blocks::{Blocks, Layout};
use super::code_matrix::PIECE;
use super::per_block::PerBlock;

/// What is done with values that lie side by side.
pub(crate) trait Piece<P> {
    /// Does it with those at some positions, at most [`PIECE`], each with the parameters of its block.
    fn pass(&mut self, positions: Range<usize>, parameters: impl Iterator<Item = P>);
}

/// Passes the values at some positions in row-major order; where a row has the parameters of many blocks, these are whole rows.
///
/// Must be called within a dispatch to vector instructions to be fast.
#[inline(always)]
pub(crate) fn pass_by_block<P: PerBlock>(
    blocks: &Blocks,
    positions: Range<usize>,
    parameters: P,
    piece: &mut impl Piece<P::One>,
) {
    if positions.is_empty() {
        return;
    }
    match blocks.layout() {
        Layout::Runs { length } => {
            let runs = positions.start / length..positions.end.div_ceil(length);
            for (run, own) in runs.clone().zip(parameters.part(runs).iter()) {
                let first = positions.start.max(run * length);
                let last = positions.end.min((run + 1) * length);
                for start in (first..last).step_by(PIECE) {
                    piece.pass(start..last.min(start + PIECE), repeat(own));
                }
            }
        }
        Layout::Bands { height } => {
            let columns = blocks.shape().1;
            for row in positions.start / columns..positions.end / columns {
                let (first, block) = (row * columns, row / height * columns);
                for start in (0..columns).step_by(PIECE) {
                    let end = columns.min(start + PIECE);
                    piece
                        .pass(first + start..first + end, parameters.part(block + start..block + end).iter());
                }
            }
        }
    }
}
