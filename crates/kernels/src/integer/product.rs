//! Products of integer activations with integer weights.

use std::ops::Range;

use bitsweep_vector::Instructions;

use super::activations::Activations;
use super::finish::{Group, Results};
use super::panel::Panel;
use super::sums::{panel_sums, vector_sums};
use super::weights::IntegerWeights;
use super::width::{Bits, Bytes, EMPTY, Layout, Nibbles, Pairs, PairsAndBits, Width, unpack};
use crate::aligned::{CodeLine, LANES, Lanes, Line};
use crate::error::{KernelError, check_length, elements};
use crate::instructions::{Kernel, Set, run};
use crate::parallel::in_parts;
use crate::visits::{Part, visits};

/// Rows whose activations are kept beside one another while weights pass.
const MOST_ROWS: usize = 256;

/// Inputs whose weights stay in the nearest cache while activations pass: of three tiles, 24 KiB of 8 bits.
const MOST_INPUTS: usize = 512;

/// What is known so far of a few tiles, `[row][tile]`.
#[derive(Debug)]
struct Space {
    /// Unpacked codes of a visit, `[tile][step]`; of 8 bits they are where they are.
    codes: Vec<CodeLine>,
    /// Of the group that is summed.
    accumulators: Vec<Lanes<i32>>,
    /// Of the groups before.
    sums: Vec<Lanes<f32>>,
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
        let results = Results::accumulators(self, &tiles, results);
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
        self.check_product(activations, bias, results)?;
        let tiles = 0..self.outputs.div_ceil(LANES);
        let results = Results::sums(self, &tiles, results, bias);
        run(instructions, Product { weights: self, activations, tiles, results })
    }

    /// As [`product_with`](Self::product_with), with outputs, or rows where these are many, dealt to the threads of rayon's pool
    /// where that is worth it; the same bits.
    ///
    /// # Errors
    /// As there.
    pub fn product_parallel(
        &self,
        instructions: Instructions,
        activations: &Activations<'_>,
        bias: Option<&[f32]>,
        results: &mut [f32],
    ) -> Result<(), KernelError> {
        self.check_product(activations, bias, results)?;
        in_parts([activations.rows, self.inputs, self.outputs], results, |rows, tiles, results| {
            let results = Results::sums(self, &tiles, results, bias);
            let activations = &activations.range(rows);
            run(instructions, Product { weights: self, activations, tiles, results })
        })
    }

    fn check_product(
        &self,
        activations: &Activations<'_>,
        bias: Option<&[f32]>,
        results: &[f32],
    ) -> Result<(), KernelError> {
        self.check(activations)?;
        check_length("results", elements(activations.rows, self.outputs)?, results.len())?;
        if let Some(bias) = bias {
            check_length("biases", self.outputs, bias.len())?;
        }
        Ok(())
    }

    fn check(&self, activations: &Activations<'_>) -> Result<(), KernelError> {
        check_length("inputs", self.inputs, activations.inputs)
    }

    /// The steps of four inputs of some groups, padded to whole blocks.
    #[inline(always)]
    pub(super) fn steps(&self, groups: Range<usize>) -> usize {
        self.block_range(groups).len() * self.width.inputs() / 4
    }

    /// The lines of some blocks of a tile.
    #[inline(always)]
    fn lines(&self, tile: usize, blocks: Range<usize>) -> &[CodeLine] {
        let lines = self.width.lines();
        &self.codes[tile * self.lines..][blocks.start * lines..blocks.end * lines]
    }

    /// The lines of the visit that comes after `visit`: of the first of `tiles`, or of those behind them.
    #[inline(always)]
    fn ahead<const TILES: usize>(
        &self,
        visits: &[Vec<Part>],
        visit: usize,
        tiles: Range<usize>,
    ) -> [&[CodeLine]; TILES] {
        let (parts, first) = match visits.get(visit + 1) {
            Some(parts) => (parts, tiles.start),
            None => (&visits[0], tiles.start + TILES),
        };
        let mut lines: [&[CodeLine]; TILES] = [&[]; TILES];
        if let (Some(from), Some(until)) = (parts.first(), parts.last()) {
            for (lines, tile) in lines.iter_mut().zip(first..tiles.end) {
                *lines = self.lines(tile, from.blocks.start..until.blocks.end);
            }
        }
        lines
    }

    /// The blocks of some groups in a tile.
    #[inline(always)]
    fn block_range(&self, groups: Range<usize>) -> Range<usize> {
        let (blocks, group) = (self.lines / self.width.lines(), self.group_blocks());
        blocks.min(groups.start * group)..blocks.min(groups.end * group)
    }

    /// The blocks of each group but the last.
    #[inline(always)]
    fn group_blocks(&self) -> usize {
        self.group.div_ceil(self.width.inputs())
    }
}

impl Kernel for Product<'_> {
    type Output = ();

    /// All rows, as many at a time as registers hold.
    #[inline(always)]
    fn run<S: Set>(mut self, set: S) {
        let rows = self.activations.rows;
        if self.weights.groups == 0 {
            for row in 0..rows {
                for tile in self.tiles.clone() {
                    self.results.store(set, row, tile, set.splat_floats(0.0));
                }
            }
            return;
        }
        let is_wide = S::WIDE && self.weights.width == Width::Eight;
        let mut row = 0;
        while row < rows {
            row += match rows - row {
                left if left == 1 || S::ACCUMULATORS < 4 => self.row(set, row),
                left if S::ACCUMULATORS < 24 && is_wide => self.panels::<S, 2, 4>(set, row, left),
                left if S::ACCUMULATORS < 24 => self.panels::<S, 1, 4>(set, row, left),
                left if is_wide => self.panels::<S, 2, 8>(set, row, left),
                left => self.panels::<S, 1, 8>(set, row, left),
            };
        }
    }
}

impl Product<'_> {
    /// One row.
    #[inline(always)]
    fn row<S: Set>(&mut self, set: S, row: usize) -> usize {
        match self.weights.width {
            Width::Eight if S::WIDE => self.vector::<S, Bytes, 1, 1, 2>(set, row),
            Width::Eight => self.vector::<S, Bytes, 1, 1, 1>(set, row),
            Width::Four => self.vector::<S, Nibbles, 1, 2, 1>(set, row),
            Width::Three => self.vector::<S, PairsAndBits, 3, 8, 1>(set, row),
            Width::Two | Width::Ternary => self.vector::<S, Pairs, 1, 4, 1>(set, row),
            Width::Binary => self.vector::<S, Bits, 1, 8, 1>(set, row),
        }
    }

    /// Whether outputs are [plain](IntegerWeights::is_plain) sums.
    #[inline(always)]
    fn is_plain(&self, panel: &Panel) -> bool {
        self.results.are_outputs() && self.weights.is_plain() && !panel.has_shifts
    }

    /// One row: the weights are read once, one after another.
    #[inline(always)]
    fn vector<S: Set, L: Layout<LINES, STEPS>, const LINES: usize, const STEPS: usize, const Q: usize>(
        &mut self,
        set: S,
        row: usize,
    ) -> usize {
        let weights = self.weights;
        let panel = Panel::new::<1, Q>(weights, self.activations, row);
        let is_plain = self.is_plain(&panel);
        let most = weights.group_blocks();
        for tile in self.tiles.clone() {
            let blocks = weights.lines(tile, weights.block_range(0..weights.groups)).as_chunks().0;
            let mut sums = set.splat_floats(0.0);
            for (index, (blocks, quads)) in
                blocks.chunks(most).zip(panel.quads.chunks(most * STEPS * Q)).enumerate()
            {
                let found = vector_sums::<S, L, LINES, STEPS, Q>(set, blocks, quads);
                let (steps, less) = (panel.sums[index], panel.less[index]);
                let group = Group::new(set, weights, tile, index, panel.has_shifts);
                if is_plain {
                    sums = group.add_plain(set, found, (less, panel.scales[0]), sums);
                    continue;
                }
                let found = group.finish(set, found, panel.shifts[0], (steps, less));
                sums = self.results.add(set, &group, row, found, (steps, panel.scales[0]), sums);
            }
            self.results.store(set, row, tile, sums);
        }
        1
    }

    /// The next rows, of which `left` are left, in panels of `ROWS`, each quad as `Q` numbers: codes are unpacked once for all of
    /// them, and stay near while the panels pass. Returns how many rows these are.
    #[inline(always)]
    fn panels<S: Set, const Q: usize, const ROWS: usize>(
        &mut self,
        set: S,
        first: usize,
        left: usize,
    ) -> usize {
        let weights = self.weights;
        let count = left.div_ceil(ROWS).min(MOST_ROWS / ROWS);
        let mut panels = Vec::with_capacity(count);
        for index in 0..count {
            panels.push(Panel::new::<ROWS, Q>(weights, self.activations, first + index * ROWS));
        }
        let groups = (0..weights.groups).map(|group| weights.block_range(group..group + 1));
        let visits = visits(groups, MOST_INPUTS / weights.width.inputs());
        let steps = MOST_INPUTS.max(weights.width.inputs()) / 4;
        let mut space = Space {
            codes: if weights.width == Width::Eight { Vec::new() } else { vec![EMPTY; steps * 3] },
            accumulators: vec![Line([0; LANES]); count * ROWS * 3],
            sums: vec![Line([0.0; LANES]); count * ROWS * 3],
        };
        let mut tile = self.tiles.start;
        while tile < self.tiles.end {
            let place = (first, tile);
            if S::ACCUMULATORS >= 3 * ROWS && tile + 3 <= self.tiles.end {
                self.tiles_of::<S, Q, ROWS, 3>(set, &panels, &visits, &mut space, place);
                tile += 3;
            } else {
                self.tiles_of::<S, Q, ROWS, 1>(set, &panels, &visits, &mut space, place);
                tile += 1;
            }
        }
        left.min(count * ROWS)
    }

    /// `TILES` tiles from `tile` of all `panels`, whose first row is `first`.
    #[inline(always)]
    fn tiles_of<S: Set, const Q: usize, const ROWS: usize, const TILES: usize>(
        &mut self,
        set: S,
        panels: &[Panel],
        visits: &[Vec<Part>],
        space: &mut Space,
        (first, tile): (usize, usize),
    ) {
        let weights = self.weights;
        // Lines of 64 codes in a block.
        let each = weights.width.inputs() / 4;
        let accumulators = space.accumulators.as_chunks_mut::<TILES>().0.as_chunks_mut::<ROWS>().0;
        let sums = space.sums.as_chunks_mut::<TILES>().0.as_chunks_mut::<ROWS>().0;
        let most = space.codes.len() / TILES;
        for (visit, parts) in visits.iter().enumerate() {
            let is_last = visit + 1 == visits.len();
            if weights.width != Width::Eight {
                for index in 0..TILES {
                    let mut codes = &mut space.codes[index * most..(index + 1) * most];
                    for part in parts {
                        let (own, rest) = codes.split_at_mut(part.blocks.len() * each);
                        unpack(set, weights.width, weights.lines(tile + index, part.blocks.clone()), own);
                        codes = rest;
                    }
                }
            }
            let ahead = weights.ahead::<TILES>(visits, visit, tile..self.tiles.end);
            for (index, panel) in panels.iter().enumerate() {
                // The first panel asks for them.
                let ahead = if index == 0 { ahead } else { [&[][..]; TILES] };
                let first = first + index * ROWS;
                let rows = ROWS.min(self.activations.rows - first);
                let (accumulators, sums) = (&mut accumulators[index], &mut sums[index]);
                if is_last {
                    for row in 0..rows {
                        self.results.expect_store(set, first + row, tile..tile + TILES);
                    }
                }
                let is_plain = self.is_plain(panel);
                if is_plain && visit == 0 {
                    sums.fill([Line([0.0; LANES]); TILES]);
                }
                let mut from = 0;
                for (number, part) in parts.iter().enumerate() {
                    let is_end = is_last && number + 1 == parts.len();
                    let until = from + part.blocks.len() * each;
                    let mut lines = [&space.codes[..0]; TILES];
                    for (index, lines) in lines.iter_mut().enumerate() {
                        *lines = match weights.width {
                            Width::Eight => weights.lines(tile + index, part.blocks.clone()),
                            _ => &space.codes[index * most + from..index * most + until],
                        };
                    }
                    let quads = each * ROWS * Q;
                    let quads = &panel.quads[part.blocks.start * quads..part.blocks.end * quads];
                    let next = ahead.map(|lines| lines.get(from..).unwrap_or_default());
                    let found =
                        panel_sums::<S, Q, ROWS, TILES>(set, lines, next, quads, part.is_first, accumulators);
                    from = until;
                    if is_plain && part.is_last {
                        add_plain(set, weights, (tile, part.group), panel, found, sums);
                        if is_end {
                            for row in 0..rows {
                                for (index, sums) in sums[row].iter().enumerate() {
                                    let sums = set.load_floats(&sums.0);
                                    self.results.store(set, first + row, tile + index, sums);
                                }
                            }
                        }
                        continue;
                    }
                    unrolled!(ROW in [0 1 2 3 4 5 6 7] below ROWS, {
                        unrolled!(TILE in [0 1 2] below TILES, {
                            set.store_sums(found[ROW][TILE], &mut accumulators[ROW][TILE].0);
                        });
                    });
                    if !part.is_last {
                        continue;
                    }
                    let steps = &panel.sums[part.group * ROWS..][..ROWS];
                    let less = &panel.less[part.group * ROWS..][..ROWS];
                    for index in 0..TILES {
                        let group = Group::new(set, weights, tile + index, part.group, panel.has_shifts);
                        for row in 0..rows {
                            let found = set.load_sums(&accumulators[row][index].0);
                            let found = group.finish(set, found, panel.shifts[row], (steps[row], less[row]));
                            let before = match part.group {
                                0 => set.splat_floats(0.0),
                                _ => set.load_floats(&sums[row][index].0),
                            };
                            let factors = (steps[row], panel.scales[row]);
                            let after = self.results.add(set, &group, first + row, found, factors, before);
                            if is_end {
                                self.results.store(set, first + row, tile + index, after);
                            } else {
                                set.store_floats(after, &mut sums[row][index].0);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Adds the outputs of a group of [plain](IntegerWeights::is_plain) weights, whose sums are in registers, to `sums`; `tile` is the
/// first of them.
#[inline(always)]
fn add_plain<S: Set, const ROWS: usize, const TILES: usize>(
    set: S,
    weights: &IntegerWeights,
    (tile, group): (usize, usize),
    panel: &Panel,
    found: [[S::Sums; TILES]; ROWS],
    sums: &mut [[Lanes<f32>; TILES]; ROWS],
) {
    let (less, scales) = (&panel.less[group * ROWS..][..ROWS], &panel.scales[..ROWS]);
    unrolled!(TILE in [0 1 2] below TILES, {
        let group = Group::new(set, weights, tile + TILE, group, false);
        unrolled!(ROW in [0 1 2 3 4 5 6 7] below ROWS, {
            let sums = &mut sums[ROW][TILE].0;
            let before = set.load_floats(sums);
            let after = group.add_plain(set, found[ROW][TILE], (less[ROW], scales[ROW]), before);
            set.store_floats(after, sums);
        });
    });
}
