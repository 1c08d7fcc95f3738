//! From sums of unsigned codes times signed bytes to accumulators, and from these to outputs.

use std::ops::Range;

use super::weights::{IntegerWeights, Zeros};
use crate::aligned::LANES;
use crate::instructions::Set;

/// What a group of a tile has beside codes, in registers: no enums, which would be in memory.
pub(super) struct Group<S: Set> {
    pub(super) tile: usize,
    pub(super) index: usize,
    is_doubled: bool,
    /// Whether signed bytes of an activation are shifted, and if so the sums of unsigned codes.
    has_shifts: bool,
    sums: S::Sums,
    scales: S::Floats,
    has_zeros: bool,
    zeros: S::Sums,
    has_float_zeros: bool,
    float_zeros: S::Floats,
}

impl<S: Set> Group<S> {
    /// The group, with sums of codes where signed bytes of an activation are shifted.
    #[inline(always)]
    pub(super) fn new(set: S, weights: &IntegerWeights, tile: usize, index: usize, has_shifts: bool) -> Self {
        let place = tile * weights.groups + index;
        let mut group = Self {
            tile,
            index,
            is_doubled: weights.width.factor() == 2,
            has_shifts,
            sums: if has_shifts { set.load_sums(&weights.sums[place].0) } else { set.zero() },
            scales: set.load_floats(&weights.scales[place].0),
            has_zeros: false,
            zeros: set.zero(),
            has_float_zeros: false,
            float_zeros: set.splat_floats(0.0),
        };
        match &weights.zeros {
            Zeros::Constant(_) => {}
            Zeros::Integer(values) => {
                group.has_zeros = true;
                group.zeros = set.load_short(&values[place].0);
            }
            Zeros::Float { values, .. } => {
                group.has_float_zeros = true;
                group.float_zeros = set.load_floats(&values[place].0);
            }
        }
        group
    }

    /// The outputs of a group of [plain](IntegerWeights::is_plain) weights, added to the sums of their row.
    #[inline(always)]
    pub(super) fn add_plain(
        &self,
        set: S,
        accumulators: S::Sums,
        (less, scale): (i32, f32),
        sums: S::Floats,
    ) -> S::Floats {
        let accumulators =
            set.subtract(set.shift_left(accumulators, u32::from(self.is_doubled)), set.splat(less));
        let scales = set.multiply_floats(self.scales, set.splat_floats(scale));
        set.add_floats(sums, set.multiply_floats(set.floats(accumulators), scales))
    }

    /// The accumulators of sums of unsigned codes with signed bytes, which are `shift` less than the activation's steps from its
    /// zero point; `steps` is the sum of those, and `less` the product with the zero point that all weights share.
    #[inline(always)]
    pub(super) fn finish(&self, set: S, sums: S::Sums, shift: i32, (steps, less): (i32, i32)) -> S::Sums {
        let mut accumulators = sums;
        if self.has_shifts {
            accumulators = set.add(accumulators, set.multiply(self.sums, set.splat(shift)));
        }
        if self.is_doubled {
            accumulators = set.add(accumulators, accumulators);
        }
        let less = if self.has_zeros { set.multiply(self.zeros, set.splat(steps)) } else { set.splat(less) };
        set.subtract(accumulators, less)
    }
}

/// Where results of a range of outputs go, row by row.
pub(super) struct Results<'a> {
    kind: Kind<'a>,
    groups: usize,
    /// Of the weights.
    outputs: Range<usize>,
}

enum Kind<'a> {
    /// `[row][output][group]`.
    Accumulators(&'a mut [i32]),
    /// `[row][output]`, and the biases of these outputs.
    Sums(&'a mut [f32], Option<&'a [f32]>),
}

impl<'a> Results<'a> {
    /// The accumulators of the outputs of `tiles`.
    pub(super) fn accumulators(
        weights: &IntegerWeights,
        tiles: &Range<usize>,
        results: &'a mut [i32],
    ) -> Self {
        Self { kind: Kind::Accumulators(results), groups: weights.groups, outputs: weights.outputs_of(tiles) }
    }

    /// The outputs of `tiles`, and all biases.
    pub(super) fn sums(
        weights: &IntegerWeights,
        tiles: &Range<usize>,
        results: &'a mut [f32],
        bias: Option<&'a [f32]>,
    ) -> Self {
        let outputs = weights.outputs_of(tiles);
        let bias = bias.map(|bias| &bias[outputs.clone()]);
        Self { kind: Kind::Sums(results, bias), groups: weights.groups, outputs }
    }

    /// Whether outputs are wanted, not accumulators.
    #[inline(always)]
    pub(super) fn are_outputs(&self) -> bool {
        matches!(self.kind, Kind::Sums(..))
    }

    /// Writes the accumulators of a group, or has them added to the sums of their row; `steps` is as in [`Group::finish`].
    #[inline(always)]
    pub(super) fn add<S: Set>(
        &mut self,
        set: S,
        group: &Group<S>,
        row: usize,
        accumulators: S::Sums,
        (steps, scale): (i32, f32),
        sums: S::Floats,
    ) -> S::Floats {
        match &mut self.kind {
            Kind::Accumulators(results) => {
                let from = group.tile * LANES - self.outputs.start;
                let first = row * self.outputs.len() + from;
                let outputs = self.outputs.len() - from;
                let mut values = [0; LANES];
                set.store_sums(accumulators, &mut values);
                for (lane, value) in values.iter().take(outputs).enumerate() {
                    results[(first + lane) * self.groups + group.index] = *value;
                }
                sums
            }
            Kind::Sums(..) => {
                let mut levels = set.floats(accumulators);
                if group.has_float_zeros {
                    let less = set.multiply_floats(group.float_zeros, set.splat_floats(steps as f32));
                    levels = set.subtract_floats(levels, less);
                }
                let scales = set.multiply_floats(group.scales, set.splat_floats(scale));
                let levels = set.multiply_floats(levels, scales);
                set.add_floats(sums, levels)
            }
        }
    }

    /// Asks for the memory to which a row's sums of some tiles will be written.
    #[inline(always)]
    pub(super) fn expect_store<S: Set>(&self, set: S, row: usize, tiles: Range<usize>) {
        if let Kind::Sums(results, _) = &self.kind {
            let first = row * self.outputs.len() + tiles.start * LANES - self.outputs.start;
            for result in results[first..].iter().take(tiles.len() * LANES).step_by(LANES) {
                set.expect_store(result);
            }
        }
    }

    /// Adds the bias and writes the sums of a tile.
    #[inline(always)]
    pub(super) fn store<S: Set>(&mut self, set: S, row: usize, tile: usize, sums: S::Floats) {
        let width = self.outputs.len();
        if let Kind::Sums(results, bias) = &mut self.kind {
            let from = tile * LANES - self.outputs.start;
            let results = &mut results[row * width + from..(row + 1) * width];
            if let Some(results) = results.first_chunk_mut() {
                let sums = match bias.and_then(|bias| bias[from..].first_chunk()) {
                    Some(bias) => set.add_floats(sums, set.load_floats(bias)),
                    None => sums,
                };
                set.store_floats(sums, results);
                return;
            }
            let mut values = [0.0; LANES];
            set.store_floats(sums, &mut values);
            results.copy_from_slice(&values[..results.len()]);
            if let Some(bias) = bias {
                for (result, bias) in results.iter_mut().zip(&bias[from..]) {
                    *result += bias;
                }
            }
        }
    }
}
