//! From sums of unsigned codes times signed bytes to accumulators, and from these to outputs.

use std::ops::Range;

use super::weights::{IntegerWeights, Zeros};
use crate::aligned::LANES;

/// What a group of a tile has beside codes.
pub(super) struct Group<'a> {
    pub(super) tile: usize,
    pub(super) index: usize,
    factor: i32,
    /// Sums of unsigned codes.
    sums: &'a [i32; LANES],
    scales: &'a [f32; LANES],
    zero: Zero<'a>,
}

#[derive(Clone, Copy)]
enum Zero<'a> {
    Constant(i32),
    Integer(&'a [i16; LANES]),
    Float { offset: i32, values: &'a [f32; LANES] },
}

impl<'a> Group<'a> {
    #[inline(always)]
    pub(super) fn new(weights: &'a IntegerWeights, tile: usize, index: usize) -> Self {
        let place = tile * weights.groups + index;
        let zero = match &weights.zeros {
            Zeros::Constant(zero) => Zero::Constant(*zero),
            Zeros::Integer(values) => Zero::Integer(&values[place].0),
            Zeros::Float { offset, values } => Zero::Float { offset: *offset, values: &values[place].0 },
        };
        let factor = weights.width.factor();
        Self { tile, index, factor, sums: &weights.sums[place].0, scales: &weights.scales[place].0, zero }
    }

    /// Makes accumulators of sums of unsigned codes with signed bytes, which are `shift` less than the activation's steps from
    /// its zero point; `steps` is the sum of those.
    #[inline(always)]
    pub(super) fn finish(&self, accumulators: &mut [i32; LANES], shift: i32, steps: i32) {
        if shift != 0 {
            for (accumulator, sum) in accumulators.iter_mut().zip(self.sums) {
                *accumulator = accumulator.wrapping_add(sum.wrapping_mul(shift));
            }
        }
        if self.factor != 1 {
            for accumulator in accumulators.iter_mut() {
                *accumulator = accumulator.wrapping_mul(self.factor);
            }
        }
        match self.zero {
            Zero::Constant(zero) | Zero::Float { offset: zero, .. } => {
                let less = zero.wrapping_mul(steps);
                for accumulator in accumulators {
                    *accumulator = accumulator.wrapping_sub(less);
                }
            }
            Zero::Integer(zeros) => {
                for (accumulator, &zero) in accumulators.iter_mut().zip(zeros) {
                    *accumulator = accumulator.wrapping_sub(i32::from(zero).wrapping_mul(steps));
                }
            }
        }
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

    /// Writes the accumulators of a group, or adds them to the sums of their row; `steps` is as in [`Group::finish`].
    #[inline(always)]
    pub(super) fn add(
        &mut self,
        group: &Group<'_>,
        row: usize,
        accumulators: &[i32; LANES],
        steps: i32,
        scale: f32,
        sums: &mut [f32; LANES],
    ) {
        match &mut self.kind {
            Kind::Accumulators(results) => {
                let from = group.tile * LANES - self.outputs.start;
                let first = row * self.outputs.len() + from;
                let outputs = self.outputs.len() - from;
                for (lane, accumulator) in accumulators.iter().take(outputs).enumerate() {
                    results[(first + lane) * self.groups + group.index] = *accumulator;
                }
            }
            Kind::Sums(..) => {
                let mut levels = [0.0; LANES];
                for (level, &accumulator) in levels.iter_mut().zip(accumulators) {
                    *level = accumulator as f32;
                }
                if let Zero::Float { values, .. } = group.zero {
                    let steps = steps as f32;
                    for (level, zero) in levels.iter_mut().zip(values) {
                        *level -= zero * steps;
                    }
                }
                for ((sum, level), weight_scale) in sums.iter_mut().zip(levels).zip(group.scales) {
                    *sum += level * (scale * weight_scale);
                }
            }
        }
    }

    /// Adds the bias and writes the sums of a tile.
    #[inline(always)]
    pub(super) fn store(&mut self, row: usize, tile: usize, sums: &[f32; LANES]) {
        let width = self.outputs.len();
        if let Kind::Sums(results, bias) = &mut self.kind {
            let from = tile * LANES - self.outputs.start;
            let mut sums = *sums;
            if let Some(bias) = bias {
                for (sum, bias) in sums.iter_mut().zip(&bias[from..]) {
                    *sum += bias;
                }
            }
            let results = &mut results[row * width + from..(row + 1) * width];
            match results.first_chunk_mut() {
                Some(results) => *results = sums,
                None => results.copy_from_slice(&sums[..results.len()]),
            }
        }
    }
}
