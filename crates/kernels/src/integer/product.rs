//! Products of integer activations with integer weights.

use std::ops::Range;

use bitsweep_vector::Instructions;

use super::activations::Activations;
use super::panel::Panel;
use super::weights::{IntegerWeights, Zeros};
use super::width::{Bits, Bytes, Layout, Nibbles, Pairs, PairsAndBits, Width};
use crate::aligned::{CodeLine, LANES};
use crate::error::{KernelError, check_length, elements};
use crate::instructions::{Kernel, Set, run};

/// The block once for each number of the list that is below the bound, as a constant: registers have no indices, so loops over
/// arrays of them must not remain loops.
macro_rules! unrolled {
    ($index:ident in [$($number:literal)*] below $bound:expr, $block:block) => {
        $(
            if $number < $bound {
                const $index: usize = $number;
                $block
            }
        )*
    };
}

/// Rows whose activations are kept beside one another while weights pass.
const MOST_ROWS: usize = 256;

/// Where results of a range of outputs go, row by row.
#[derive(Debug)]
enum Results<'a> {
    /// `[row][output][group]`.
    Accumulators(&'a mut [i32]),
    /// `[row][output]`.
    Sums { sums: &'a mut [f32], bias: Option<&'a [f32]> },
}

/// The product of some tiles with all rows.
struct Product<'a> {
    weights: &'a IntegerWeights,
    activations: &'a Activations<'a>,
    tiles: Range<usize>,
    results: Results<'a>,
}

impl IntegerWeights {
    /// The accumulators `Σ_{i∈g} (x_i - z_x)·(q_i - z)` of every group `g`, `(rows, outputs, groups)`, exactly. Of float zero
    /// points they are `Σ_{i∈g} (x_i - z_x)·q_i`.
    ///
    /// # Errors
    /// Activations or results of another shape.
    pub fn accumulators(
        &self,
        activations: &Activations<'_>,
        results: &mut [i32],
    ) -> Result<(), KernelError> {
        self.accumulators_with(Instructions::best(), activations, results)
    }

    /// As [`accumulators`](Self::accumulators), with these instructions.
    ///
    /// # Errors
    /// As there, and instructions that the processor does not have.
    pub fn accumulators_with(
        &self,
        instructions: Instructions,
        activations: &Activations<'_>,
        results: &mut [i32],
    ) -> Result<(), KernelError> {
        self.check(activations)?;
        let expected = elements(elements(activations.rows, self.outputs)?, self.groups)?;
        check_length("accumulators", expected, results.len())?;
        let tiles = 0..self.outputs.div_ceil(LANES);
        let results = Results::Accumulators(results);
        run(instructions, Product { weights: self, activations, tiles, results })
    }

    /// The outputs `y = Σ_g s_x·s_g·acc_g + b`, `(rows, outputs)`, with the [accumulators](Self::accumulators) of the groups.
    ///
    /// Each operation is rounded to `f32`: the accumulator becomes `f32`, is multiplied once by `s_x·s_g`, groups are added in
    /// order of their inputs, and the bias is added last. With float zero points the accumulator is
    /// `acc_g - z·Σ_{i∈g} (x_i - z_x)`, of which the product and the difference are rounded too.
    ///
    /// # Errors
    /// Activations, biases or results of another shape.
    pub fn product(
        &self,
        activations: &Activations<'_>,
        bias: Option<&[f32]>,
        results: &mut [f32],
    ) -> Result<(), KernelError> {
        self.product_with(Instructions::best(), activations, bias, results)
    }

    /// As [`product`](Self::product), with these instructions.
    ///
    /// # Errors
    /// As there, and instructions that the processor does not have.
    pub fn product_with(
        &self,
        instructions: Instructions,
        activations: &Activations<'_>,
        bias: Option<&[f32]>,
        results: &mut [f32],
    ) -> Result<(), KernelError> {
        self.check(activations)?;
        check_length("results", elements(activations.rows, self.outputs)?, results.len())?;
        if let Some(bias) = bias {
            check_length("biases", self.outputs, bias.len())?;
        }
        let tiles = 0..self.outputs.div_ceil(LANES);
        let results = Results::Sums { sums: results, bias };
        run(instructions, Product { weights: self, activations, tiles, results })
    }

    fn check(&self, activations: &Activations<'_>) -> Result<(), KernelError> {
        check_length("inputs", self.inputs, activations.inputs)
    }

    /// The steps of four inputs of some groups, padded to whole blocks.
    #[inline(always)]
    pub(super) fn steps(&self, groups: Range<usize>) -> usize {
        self.block_range(groups).len() * self.width.inputs() / 4
    }

    /// The blocks of some groups in a tile.
    #[inline(always)]
    fn block_range(&self, groups: Range<usize>) -> Range<usize> {
        let blocks = self.lines / self.width.lines();
        let group = self.group.div_ceil(self.width.inputs());
        blocks.min(groups.start * group)..blocks.min(groups.end * group)
    }
}

impl Kernel for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Set>(self, set: S) {
        match self.weights.width {
            Width::Eight if S::WIDE => self.rows::<S, Bytes, 1, 1, 2>(set),
            Width::Eight => self.rows::<S, Bytes, 1, 1, 1>(set),
            Width::Four => self.rows::<S, Nibbles, 1, 2, 1>(set),
            Width::Three => self.rows::<S, PairsAndBits, 3, 8, 1>(set),
            Width::Two | Width::Ternary => self.rows::<S, Pairs, 1, 4, 1>(set),
            Width::Binary => self.rows::<S, Bits, 1, 8, 1>(set),
        }
    }
}

impl Product<'_> {
    /// All rows, as many at a time as registers hold.
    #[inline(always)]
    fn rows<S: Set, L: Layout<LINES, STEPS>, const LINES: usize, const STEPS: usize, const Q: usize>(
        mut self,
        set: S,
    ) {
        let rows = self.activations.rows;
        let mut row = 0;
        while row < rows {
            row += match rows - row {
                1..4 => self.vector::<S, L, LINES, STEPS, Q>(set, row),
                4..8 => self.panels::<S, L, LINES, STEPS, Q, 4>(set, row, 1),
                left if S::ACCUMULATORS < 24 => {
                    self.panels::<S, L, LINES, STEPS, Q, 4>(set, row, (left / 4).min(MOST_ROWS / 4))
                }
                left => self.panels::<S, L, LINES, STEPS, Q, 8>(set, row, (left / 8).min(MOST_ROWS / 8)),
            };
        }
    }

    /// One row: the weights are read once, one after another.
    #[inline(always)]
    fn vector<S: Set, L: Layout<LINES, STEPS>, const LINES: usize, const STEPS: usize, const Q: usize>(
        &mut self,
        set: S,
        row: usize,
    ) -> usize {
        let panel = Panel::new::<1, Q>(self.weights, self.activations, row);
        for tile in self.tiles.clone() {
            let mut sums = [0.0; LANES];
            for group in 0..self.weights.groups {
                let (lines, quads) = self.group::<LINES>(&panel, tile, group, STEPS * Q);
                let accumulators = vector_sums::<S, L, LINES, STEPS, Q>(set, lines, quads);
                let accumulators = set.sums(accumulators);
                self.finish(&panel, (row, 0, 1), tile, group, accumulators, &mut sums);
            }
            self.store(row, tile, &sums);
        }
        1
    }

    /// `count` panels of `ROWS` rows: codes are unpacked once for each panel, and stay near while the panels pass.
    #[inline(always)]
    fn panels<
        S: Set,
        L: Layout<LINES, STEPS>,
        const LINES: usize,
        const STEPS: usize,
        const Q: usize,
        const ROWS: usize,
    >(
        &mut self,
        set: S,
        first: usize,
        count: usize,
    ) -> usize {
        let mut panels = Vec::with_capacity(count);
        for index in 0..count {
            let first = first + index * ROWS;
            panels.push((first, Panel::new::<ROWS, Q>(self.weights, self.activations, first)));
        }
        let mut tile = self.tiles.start;
        while tile < self.tiles.end {
            let is_wide = S::ACCUMULATORS >= 3 * ROWS && tile + 3 <= self.tiles.end;
            for (first, panel) in &panels {
                if is_wide {
                    self.tiles_of::<S, L, LINES, STEPS, Q, ROWS, 3>(set, panel, *first, tile);
                } else {
                    self.tiles_of::<S, L, LINES, STEPS, Q, ROWS, 1>(set, panel, *first, tile);
                }
            }
            tile += if is_wide { 3 } else { 1 };
        }
        count * ROWS
    }

    /// `TILES` tiles of `ROWS` rows.
    #[inline(always)]
    fn tiles_of<
        S: Set,
        L: Layout<LINES, STEPS>,
        const LINES: usize,
        const STEPS: usize,
        const Q: usize,
        const ROWS: usize,
        const TILES: usize,
    >(
        &mut self,
        set: S,
        panel: &Panel,
        first: usize,
        tile: usize,
    ) {
        let mut sums = [[[0.0; LANES]; TILES]; ROWS];
        for group in 0..self.weights.groups {
            let parts: [_; TILES] = std::array::from_fn(|index| {
                self.group::<LINES>(panel, tile + index, group, ROWS * STEPS * Q)
            });
            let lines = parts.map(|(lines, _)| lines);
            let quads = parts[0].1;
            let accumulators = panel_sums::<S, L, LINES, STEPS, Q, ROWS, TILES>(set, lines, quads);
            for row in 0..ROWS {
                for index in 0..TILES {
                    let accumulators = accumulators[row][index];
                    let place = (first + row, row, ROWS);
                    self.finish(panel, place, tile + index, group, accumulators, &mut sums[row][index]);
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            for (index, sums) in sums.iter().enumerate() {
                self.store(first + row, tile + index, sums);
            }
        }
    }

    /// The blocks of a group in a tile, and the activations they meet, `quads` numbers a block.
    #[inline(always)]
    fn group<'p, const LINES: usize>(
        &self,
        panel: &'p Panel,
        tile: usize,
        group: usize,
        quads: usize,
    ) -> (&[[CodeLine; LINES]], &'p [i32]) {
        let weights = self.weights;
        let blocks = weights.block_range(group..group + 1);
        let lines = &weights.codes[tile * weights.lines..][blocks.start * LINES..blocks.end * LINES];
        (lines.as_chunks().0, &panel.quads[blocks.start * quads..blocks.end * quads])
    }

    /// Makes accumulators of sums of unsigned codes with signed bytes, and writes them or adds them to the sums.
    #[inline(always)]
    fn finish(
        &mut self,
        panel: &Panel,
        (row, panel_row, rows): (usize, usize, usize),
        tile: usize,
        group: usize,
        mut accumulators: [i32; LANES],
        sums: &mut [f32; LANES],
    ) {
        let weights = self.weights;
        let place = tile * weights.groups + group;
        let shift = panel.shifts[panel_row];
        if shift != 0 {
            for (accumulator, sum) in accumulators.iter_mut().zip(&weights.sums[place].0) {
                *accumulator = accumulator.wrapping_add(sum.wrapping_mul(shift));
            }
        }
        let steps = panel.sums[group * rows + panel_row];
        let factor = weights.width.factor();
        match &weights.zeros {
            Zeros::Constant(zero) | Zeros::Float { offset: zero, .. } => {
                let less = zero.wrapping_mul(steps);
                for accumulator in &mut accumulators {
                    *accumulator = accumulator.wrapping_mul(factor).wrapping_sub(less);
                }
            }
            Zeros::Integer(zeros) => {
                for (accumulator, &zero) in accumulators.iter_mut().zip(&zeros[place].0) {
                    *accumulator = accumulator.wrapping_sub(i32::from(zero).wrapping_mul(steps));
                }
            }
        }
        let valid = LANES.min(weights.outputs - tile * LANES);
        match &mut self.results {
            Results::Accumulators(results) => {
                let width = weights.outputs.min(self.tiles.end * LANES) - self.tiles.start * LANES;
                let first = row * width + (tile - self.tiles.start) * LANES;
                for (lane, accumulator) in accumulators.iter().take(valid).enumerate() {
                    results[(first + lane) * weights.groups + group] = *accumulator;
                }
            }
            Results::Sums { .. } => {
                let mut levels = [0.0; LANES];
                match &weights.zeros {
                    Zeros::Constant(_) | Zeros::Integer(_) => {
                        for (level, accumulator) in levels.iter_mut().zip(accumulators) {
                            *level = accumulator as f32;
                        }
                    }
                    Zeros::Float { values, .. } => {
                        let steps = steps as f32;
                        for ((level, accumulator), zero) in
                            levels.iter_mut().zip(accumulators).zip(&values[place].0)
                        {
                            *level = accumulator as f32 - zero * steps;
                        }
                    }
                }
                let scale = panel.scales[panel_row];
                for ((sum, level), weight_scale) in sums.iter_mut().zip(levels).zip(&weights.scales[place].0)
                {
                    *sum += level * (scale * weight_scale);
                }
            }
        }
    }

    /// Adds the bias and writes the sums of a tile.
    #[inline(always)]
    fn store(&mut self, row: usize, tile: usize, sums: &[f32; LANES]) {
        let outputs = self.weights.outputs;
        let start = self.tiles.start * LANES;
        let width = outputs.min(self.tiles.end * LANES) - start;
        let valid = LANES.min(outputs - tile * LANES);
        if let Results::Sums { sums: results, bias } = &mut self.results {
            let results = &mut results[row * width + tile * LANES - start..][..valid];
            results.copy_from_slice(&sums[..valid]);
            if let Some(bias) = bias {
                for (result, bias) in results.iter_mut().zip(&bias[tile * LANES..]) {
                    *result += bias;
                }
            }
        }
    }
}

/// The sums of unsigned codes times signed bytes of one row, in four parts so that additions need not wait for one another.
#[inline(always)]
fn vector_sums<S: Set, L: Layout<LINES, STEPS>, const LINES: usize, const STEPS: usize, const Q: usize>(
    set: S,
    lines: &[[CodeLine; LINES]],
    quads: &[i32],
) -> S::Sums {
    let mut parts = [set.zero(); 4];
    let quads = quads.as_chunks::<Q>().0.as_chunks::<STEPS>().0;
    let (fours, rest) = lines.as_chunks::<4>();
    let (four_quads, rest_quads) = quads.as_chunks::<4>();
    for (blocks, quads) in fours.iter().zip(four_quads) {
        unrolled!(BLOCK in [0 1 2 3] below 4, {
            set.prefetch(&blocks[BLOCK]);
            let codes = L::unpack(set, &blocks[BLOCK]);
            unrolled!(STEP in [0 1 2 3 4 5 6 7] below STEPS, {
                const PART: usize = (BLOCK + STEP) % 4;
                parts[PART] = dot::<S, L, LINES, STEPS, Q>(set, parts[PART], codes[STEP], &quads[BLOCK][STEP]);
            });
        });
    }
    for (block, quads) in rest.iter().zip(rest_quads) {
        let codes = L::unpack(set, block);
        unrolled!(STEP in [0 1 2 3 4 5 6 7] below STEPS, {
            const PART: usize = STEP % 4;
            parts[PART] = dot::<S, L, LINES, STEPS, Q>(set, parts[PART], codes[STEP], &quads[STEP]);
        });
    }
    set.add(set.add(parts[0], parts[1]), set.add(parts[2], parts[3]))
}

/// The sums of unsigned codes times signed bytes of `ROWS` rows and `TILES` tiles.
#[inline(always)]
fn panel_sums<
    S: Set,
    L: Layout<LINES, STEPS>,
    const LINES: usize,
    const STEPS: usize,
    const Q: usize,
    const ROWS: usize,
    const TILES: usize,
>(
    set: S,
    lines: [&[[CodeLine; LINES]]; TILES],
    quads: &[i32],
) -> [[[i32; LANES]; TILES]; ROWS] {
    let mut sums = [[set.zero(); TILES]; ROWS];
    let quads = quads.as_chunks::<Q>().0.as_chunks::<ROWS>().0.as_chunks::<STEPS>().0;
    for (block, quads) in quads.iter().enumerate() {
        let mut codes = [L::unpack(set, &lines[0][block]); TILES];
        unrolled!(TILE in [1 2] below TILES, {
            codes[TILE] = L::unpack(set, &lines[TILE][block]);
        });
        unrolled!(STEP in [0 1 2 3 4 5 6 7] below STEPS, {
            unrolled!(ROW in [0 1 2 3 4 5 6 7] below ROWS, {
                unrolled!(TILE in [0 1 2] below TILES, {
                    let quad = &quads[STEP][ROW];
                    sums[ROW][TILE] =
                        dot::<S, L, LINES, STEPS, Q>(set, sums[ROW][TILE], codes[TILE][STEP], quad);
                });
            });
        });
    }
    let mut arrays = [[[0; LANES]; TILES]; ROWS];
    unrolled!(ROW in [0 1 2 3 4 5 6 7] below ROWS, {
        unrolled!(TILE in [0 1 2] below TILES, {
            arrays[ROW][TILE] = set.sums(sums[ROW][TILE]);
        });
    });
    arrays
}

#[inline(always)]
fn dot<S: Set, L: Layout<LINES, STEPS>, const LINES: usize, const STEPS: usize, const Q: usize>(
    set: S,
    sums: S::Sums,
    codes: S::Codes,
    quad: &[i32; Q],
) -> S::Sums {
    if S::WIDE && L::IS_WIDE {
        set.dot_wide(sums, codes, [quad[0], quad[Q - 1]])
    } else {
        set.dot(sums, codes, quad[0])
    }
}
