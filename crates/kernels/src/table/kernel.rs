//! The products.

use std::ops::Range;

use bitsweep_vector::Instructions;

use super::decode::{Decode, Long, Numbers, Short, Three, Whole, decode, words};
use super::weights::{Levels, TableWeights};
use crate::aligned::{LANES, Lanes, Line};
use crate::error::{KernelError, check_length, elements};
use crate::instructions::{Kernel, Set, run};
use crate::parallel::in_parts;
use crate::visits::{Part, visits};

/// Rows whose activations are kept beside one another while weights pass.
const MOST_ROWS: usize = 192;

/// Inputs whose levels stay in the nearest cache while activations pass: of two tiles, 24 KiB.
const MOST_INPUTS: usize = 192;

/// The product of some tiles with all rows.
struct Product<'a> {
    weights: &'a TableWeights,
    rows: usize,
    activations: &'a [f32],
    bias: Option<&'a [f32]>,
    tiles: Range<usize>,
    /// Of the outputs of `tiles`, `[row][output]`.
    results: &'a mut [f32],
}

impl TableWeights {
    /// The outputs `y = Σ_g s_g·(Σ_{i∈g} x_i·t_i - z_g·Σ_{i∈g} x_i) + b`, `(rows, outputs)`, of `activations`, `(rows, inputs)`,
    /// in the [order of sums](super) that all instructions keep. Without zero points nothing is subtracted.
    ///
    /// # Errors
    /// Activations, biases or results of another shape.
    pub fn product(
        &self,
        rows: usize,
        activations: &[f32],
        bias: Option<&[f32]>,
        results: &mut [f32],
    ) -> Result<(), KernelError> {
        self.product_with(Instructions::best(), rows, activations, bias, results)
    }

    /// As [`product`](Self::product), with these instructions.
    ///
    /// # Errors
    /// As there, and instructions that the processor does not have.
    pub fn product_with(
        &self,
        instructions: Instructions,
        rows: usize,
        activations: &[f32],
        bias: Option<&[f32]>,
        results: &mut [f32],
    ) -> Result<(), KernelError> {
        self.check_product(rows, activations, bias, results)?;
        let tiles = 0..self.outputs.div_ceil(LANES);
        run(instructions, Product { weights: self, rows, activations, bias, tiles, results })
    }

    /// As [`product_with`](Self::product_with), with outputs, or rows where these are many, dealt to the threads of rayon's pool; the same bits.
    ///
    /// # Errors
    /// As there.
    pub fn product_parallel(
        &self,
        instructions: Instructions,
        rows: usize,
        activations: &[f32],
        bias: Option<&[f32]>,
        results: &mut [f32],
    ) -> Result<(), KernelError> {
        self.check_product(rows, activations, bias, results)?;
        in_parts([rows, self.inputs, self.outputs], results, |rows, tiles, results| {
            let activations = &activations[rows.start * self.inputs..rows.end * self.inputs];
            let rows = rows.len();
            run(instructions, Product { weights: self, rows, activations, bias, tiles, results })
        })
    }

    fn check_product(
        &self,
        rows: usize,
        activations: &[f32],
        bias: Option<&[f32]>,
        results: &[f32],
    ) -> Result<(), KernelError> {
        check_length("activations", elements(rows, self.inputs)?, activations.len())?;
        check_length("results", elements(rows, self.outputs)?, results.len())?;
        if let Some(bias) = bias {
            check_length("biases", self.outputs, bias.len())?;
        }
        Ok(())
    }
}

impl Kernel for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Set>(self, set: S) {
        if self.rows > 1 {
            return match S::ACCUMULATORS {
                24.. => self.panels::<S, 3, 2>(set),
                _ => self.panels::<S, 1, 1>(set),
            };
        }
        match &self.weights.levels {
            Levels::Two(table) => self.row::<S, _, 1, 16>(set, Short::<2>(table)),
            Levels::Three(table) => self.row::<S, _, 3, 32>(set, Three(table)),
            Levels::Four(table) => self.row::<S, _, 1, 8>(set, Short::<4>(table)),
            Levels::Eight(table) => self.row::<S, _, 1, 4>(set, Long(table)),
            Levels::Float(float) => self.row::<S, _, 1, 4>(set, *float),
            Levels::Whole(less) => self.row::<S, _, 1, 4>(set, Whole(*less)),
            Levels::Numbers => self.row::<S, _, 4, 4>(set, Numbers),
        }
    }
}

impl Product<'_> {
    /// At most one row: the weights are read once, one after another.
    #[inline(always)]
    fn row<S: Set, D: Decode<LINES>, const LINES: usize, const INPUTS: usize>(mut self, set: S, decode: D) {
        if self.rows == 0 {
            return;
        }
        let weights = self.weights;
        let panel = Panel::<1>::new(weights, self.activations, 0);
        for tile in self.tiles.clone() {
            let mut sum = set.splat_floats(0.0);
            for (group, totals) in panel.totals.iter().enumerate() {
                let blocks = weights.block_range(group);
                let lines = weights.lines(tile, blocks.clone());
                let activations = &panel.activations[blocks.start * INPUTS..blocks.end * INPUTS];
                let parts = row_parts::<S, D, LINES, INPUTS>(set, decode, lines, activations);
                sum = self.with_group(set, (tile, group), parts, totals[0], sum);
            }
            self.store(set, (0, tile), sum);
        }
    }

    /// Rows in panels of `ROWS`, which pass `TILES` tiles whose codes became levels once for all of them.
    #[inline(always)]
    fn panels<S: Set, const ROWS: usize, const TILES: usize>(mut self, set: S) {
        let weights = self.weights;
        let inputs = weights.levels.inputs();
        let visits =
            visits((0..weights.groups).map(|group| weights.block_range(group)), MOST_INPUTS / inputs);
        let longest = visits.iter().map(|parts| parts.iter().map(|part| part.blocks.len()).sum::<usize>());
        let mut levels = vec![Line([0.0; LANES]); longest.max().unwrap_or(0) * inputs * TILES];
        for first in (0..self.rows).step_by(MOST_ROWS) {
            let rows = first..self.rows.min(first + MOST_ROWS);
            let panels: Vec<Panel<ROWS>> =
                rows.step_by(ROWS).map(|row| Panel::new(weights, self.activations, row)).collect();
            let mut space = Space {
                parts: vec![[[[Line([0.0; LANES]); 4]; TILES]; ROWS]; panels.len()],
                sums: vec![[[Line([0.0; LANES]); TILES]; ROWS]; panels.len()],
            };
            for tile in self.tiles.clone().step_by(TILES) {
                let tiles = tile..self.tiles.end.min(tile + TILES);
                self.tiles_of(set, tiles, (first, &panels), &visits, &mut levels, &mut space);
            }
        }
    }

    /// Up to `TILES` tiles of all `panels`, whose first row is `first`.
    #[inline(always)]
    fn tiles_of<S: Set, const ROWS: usize, const TILES: usize>(
        &mut self,
        set: S,
        tiles: Range<usize>,
        (first, panels): (usize, &[Panel<ROWS>]),
        visits: &[Vec<Part>],
        levels: &mut [Lanes<f32>],
        space: &mut Space<ROWS, TILES>,
    ) {
        let weights = self.weights;
        let inputs = weights.levels.inputs();
        let (each, _) = levels.as_chunks_mut::<TILES>();
        for (visit, parts) in visits.iter().enumerate() {
            let mut from = 0;
            for part in parts {
                let until = from + part.blocks.len() * inputs;
                for (place, tile) in tiles.clone().enumerate() {
                    decode(set, weights, tile, part.blocks.clone(), place, &mut each[from..until]);
                }
                from = until;
            }
            for (index, panel) in panels.iter().enumerate() {
                let (partial, sums) = (&mut space.parts[index], &mut space.sums[index]);
                let rows = first + index * ROWS..self.rows.min(first + (index + 1) * ROWS);
                let mut from = 0;
                for (number, part) in parts.iter().enumerate() {
                    let is_end = visit + 1 == visits.len() && number + 1 == parts.len();
                    let until = from + part.blocks.len() * inputs;
                    let activations =
                        &panel.activations[part.blocks.start * inputs..part.blocks.end * inputs];
                    panel_parts(set, &each[from..until], activations, part.is_first, partial);
                    from = until;
                    if !part.is_last {
                        continue;
                    }
                    for (place, tile) in tiles.clone().enumerate() {
                        for (row, number) in rows.clone().zip(0..) {
                            let parts =
                                partial[number][place].each_ref().map(|part| set.load_floats(&part.0));
                            let before = match part.group {
                                0 => set.splat_floats(0.0),
                                _ => set.load_floats(&sums[number][place].0),
                            };
                            let total = panel.totals[part.group][number];
                            let after = self.with_group(set, (tile, part.group), parts, total, before);
                            match is_end {
                                true => self.store(set, (row, tile), after),
                                false => set.store_floats(after, &mut sums[number][place].0),
                            }
                        }
                    }
                }
            }
        }
        if visits.is_empty() {
            for (tile, row) in
                tiles.flat_map(|tile| (first..first + panels.len() * ROWS).map(move |row| (tile, row)))
            {
                if row < self.rows {
                    self.store(set, (row, tile), set.splat_floats(0.0));
                }
            }
        }
    }

    /// What `sum` is with a group of a tile, of which these are the four sums, and the total of activations.
    #[inline(always)]
    fn with_group<S: Set>(
        &self,
        set: S,
        (tile, group): (usize, usize),
        parts: [S::Floats; 4],
        total: f32,
        sum: S::Floats,
    ) -> S::Floats {
        let weights = self.weights;
        let [first, second, third, fourth] = parts;
        let mut found = set.add_floats(set.add_floats(first, second), set.add_floats(third, fourth));
        let place = tile * weights.groups + group;
        if let Some(zeros) = &weights.zeros {
            let less = set.multiply_floats(set.load_floats(&zeros[place].0), set.splat_floats(total));
            found = set.subtract_floats(found, less);
        }
        set.add_floats(sum, set.multiply_floats(found, set.load_floats(&weights.scales[place].0)))
    }

    /// Writes the results of a row and a tile, with their biases.
    #[inline(always)]
    fn store<S: Set>(&mut self, set: S, (row, tile): (usize, usize), sum: S::Floats) {
        let last = self.weights.outputs;
        let width = last.min(self.tiles.end * LANES) - self.tiles.start * LANES;
        let outputs = tile * LANES..last.min((tile + 1) * LANES);
        let from = row * width + (tile - self.tiles.start) * LANES;
        let mut values = [0.0; LANES];
        set.store_floats(sum, &mut values);
        let results = &mut self.results[from..from + outputs.len()];
        results.copy_from_slice(&values[..outputs.len()]);
        if let Some(bias) = self.bias {
            for (result, bias) in results.iter_mut().zip(&bias[outputs]) {
                *result += bias;
            }
        }
    }
}

/// What is known so far of a few tiles, for each panel.
struct Space<const ROWS: usize, const TILES: usize> {
    /// The four sums of the group that is summed.
    parts: Vec<[[[Lanes<f32>; 4]; TILES]; ROWS]>,
    /// Of the groups before.
    sums: Vec<[[Lanes<f32>; TILES]; ROWS]>,
}

/// `ROWS` rows of activations beside one another, each group padded with zeros to whole blocks.
struct Panel<const ROWS: usize> {
    activations: Vec<[f32; ROWS]>,
    /// The sums of each group's activations, where zero points ask for them.
    totals: Vec<[f32; ROWS]>,
}

impl<const ROWS: usize> Panel<ROWS> {
    /// The rows from `first`; those that there are not are zeros.
    #[inline(always)]
    fn new(weights: &TableWeights, all: &[f32], first: usize) -> Self {
        let inputs = weights.levels.inputs();
        let mut activations = vec![[0.0; ROWS]; weights.blocks() * inputs];
        let mut totals = vec![[0.0; ROWS]; weights.groups];
        let rows = all.chunks_exact(weights.inputs.max(1)).skip(first).take(ROWS);
        for (row, values) in rows.enumerate() {
            for (group, totals) in totals.iter_mut().enumerate() {
                let values = &values[weights.group_inputs(group)];
                let places = &mut activations[weights.block_range(group).start * inputs..];
                for (place, &value) in places.iter_mut().zip(values) {
                    place[row] = value;
                }
                if weights.zeros.is_some() {
                    totals[row] = total(values);
                }
            }
        }
        Self { activations, totals }
    }
}

/// The sum of a group's activations, in the order of sums of products.
fn total(activations: &[f32]) -> f32 {
    let mut parts = [0.0; 4];
    for (index, activation) in activations.iter().enumerate() {
        parts[index % 4] += activation;
    }
    (parts[0] + parts[1]) + (parts[2] + parts[3])
}

/// The four sums of products of a group with one row.
#[inline(always)]
fn row_parts<S: Set, D: Decode<LINES>, const LINES: usize, const INPUTS: usize>(
    set: S,
    decode: D,
    lines: &[Lanes<i32>],
    activations: &[[f32; 1]],
) -> [S::Floats; 4] {
    let mut parts = [set.splat_floats(0.0); 4];
    let (blocks, activations) = (lines.as_chunks::<LINES>().0, activations.as_chunks::<INPUTS>().0);
    for (block, activations) in blocks.iter().zip(activations) {
        let words = words::<S, LINES>(set, block);
        unrolled!(
            INPUT in [0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31]
            below INPUTS,
            {
                const PART: usize = INPUT % 4;
                let activation = set.splat_floats(activations[INPUT][0]);
                parts[PART] = set.multiply_add(activation, decode.levels(set, &words, INPUT), parts[PART]);
            }
        );
    }
    parts
}

/// Adds the products of levels, `[input][tile]`, with a panel to the four sums of each row and tile, or begins these.
#[inline(always)]
fn panel_parts<S: Set, const ROWS: usize, const TILES: usize>(
    set: S,
    levels: &[[Lanes<f32>; TILES]],
    activations: &[[f32; ROWS]],
    is_first: bool,
    parts: &mut [[[Lanes<f32>; 4]; TILES]; ROWS],
) {
    let mut sums = [[[set.splat_floats(0.0); 4]; TILES]; ROWS];
    if !is_first {
        unrolled!(ROW in [0 1 2] below ROWS, {
            unrolled!(TILE in [0 1] below TILES, {
                unrolled!(PART in [0 1 2 3] below 4, {
                    sums[ROW][TILE][PART] = set.load_floats(&parts[ROW][TILE][PART].0);
                });
            });
        });
    }
    for (levels, activations) in levels.as_chunks::<4>().0.iter().zip(activations.as_chunks::<4>().0) {
        unrolled!(PART in [0 1 2 3] below 4, {
            let mut own = [set.load_floats(&levels[PART][0].0); TILES];
            unrolled!(TILE in [1] below TILES, {
                own[TILE] = set.load_floats(&levels[PART][TILE].0);
            });
            unrolled!(ROW in [0 1 2] below ROWS, {
                let activation = set.splat_floats(activations[PART][ROW]);
                unrolled!(TILE in [0 1] below TILES, {
                    sums[ROW][TILE][PART] = set.multiply_add(activation, own[TILE], sums[ROW][TILE][PART]);
                });
            });
        });
    }
    unrolled!(ROW in [0 1 2] below ROWS, {
        unrolled!(TILE in [0 1] below TILES, {
            unrolled!(PART in [0 1 2 3] below 4, {
                set.store_floats(sums[ROW][TILE][PART], &mut parts[ROW][TILE][PART].0);
            });
        });
    });
}
