//! The products.

use std::ops::Range;

use bitsweep_vector::Instructions;

use super::weights::{Levels, TableWeights};
use crate::aligned::{LANES, Lanes};
use crate::error::{KernelError, check_length, elements};
use crate::instructions::{Kernel, Set, run};
use crate::parallel::in_parts;

/// How a block of `LINES` lines becomes levels of `INPUTS` inputs.
trait Decode<const LINES: usize>: Copy {
    /// The levels of an input, which is a constant wherever this is called.
    fn levels<S: Set>(&self, set: S, words: &[S::Sums; LINES], input: usize) -> S::Floats;
}

/// Two or four bits, in a table of 16.
#[derive(Clone, Copy)]
struct Short<'a, const BITS: usize>(&'a [f32; LANES]);

/// Three bits, in a table of 8 that is there twice.
#[derive(Clone, Copy)]
struct Three<'a>(&'a [f32; LANES]);

/// Eight bits, in a table of 256.
#[derive(Clone, Copy)]
struct Long<'a>(&'a [f32; 256]);

/// Eight bits, less a number.
#[derive(Clone, Copy)]
struct Whole(f32);

/// The bits of numbers.
#[derive(Clone, Copy)]
struct Numbers;

impl Decode<4> for Numbers {
    #[inline(always)]
    fn levels<S: Set>(&self, set: S, words: &[S::Sums; 4], input: usize) -> S::Floats {
        set.as_floats(words[input])
    }
}

impl<const BITS: usize> Decode<1> for Short<'_, BITS> {
    #[inline(always)]
    fn levels<S: Set>(&self, set: S, words: &[S::Sums; 1], input: usize) -> S::Floats {
        set.look_up(set.load_floats(self.0), shifted(set, words[0], BITS * input))
    }
}

impl Decode<3> for Three<'_> {
    #[inline(always)]
    fn levels<S: Set>(&self, set: S, words: &[S::Sums; 3], input: usize) -> S::Floats {
        let (word, bit) = (input * 3 / 32, input * 3 % 32);
        let mut codes = shifted(set, words[word], bit);
        if bit > 29 {
            let rest = set.shift_left(words[(word + 1).min(2)], if bit == 30 { 2 } else { 1 });
            codes = set.or(codes, rest);
        }
        set.look_up(set.load_floats(self.0), codes)
    }
}

impl Decode<1> for Long<'_> {
    #[inline(always)]
    fn levels<S: Set>(&self, set: S, words: &[S::Sums; 1], input: usize) -> S::Floats {
        set.gather(self.0, set.low_byte(shifted(set, words[0], 8 * input)))
    }
}

impl Decode<1> for Whole {
    #[inline(always)]
    fn levels<S: Set>(&self, set: S, words: &[S::Sums; 1], input: usize) -> S::Floats {
        let codes = set.low_byte(shifted(set, words[0], 8 * input));
        set.subtract_floats(set.floats(codes), set.splat_floats(self.0))
    }
}

/// The words moved right, by fewer than 32 bits.
#[inline(always)]
fn shifted<S: Set>(set: S, words: S::Sums, count: usize) -> S::Sums {
    set.shift_right(words, u32::from(count.to_le_bytes()[0]))
}

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
        in_parts((rows, self.outputs), results, |rows, tiles, results| {
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
        let weights = self.weights;
        match &weights.levels {
            Levels::Two(table) => self.rows::<S, _, 1, 16>(set, Short::<2>(table)),
            Levels::Three(table) => self.rows::<S, _, 3, 32>(set, Three(table)),
            Levels::Four(table) => self.rows::<S, _, 1, 8>(set, Short::<4>(table)),
            Levels::Eight(table) => self.rows::<S, _, 1, 4>(set, Long(table)),
            Levels::Whole(less) => self.rows::<S, _, 1, 4>(set, Whole(*less)),
            Levels::Numbers => self.rows::<S, _, 4, 4>(set, Numbers),
        }
    }
}

impl Product<'_> {
    #[inline(always)]
    fn rows<S: Set, D: Decode<LINES>, const LINES: usize, const INPUTS: usize>(mut self, set: S, decode: D) {
        let mut row = 0;
        while row < self.rows {
            row += if S::ACCUMULATORS >= 16 && row + 4 <= self.rows {
                self.panel::<S, D, LINES, INPUTS, 4>(set, decode, row)
            } else {
                self.panel::<S, D, LINES, INPUTS, 1>(set, decode, row)
            };
        }
    }

    /// `ROWS` rows: codes become levels once for all of them.
    #[inline(always)]
    fn panel<S: Set, D: Decode<LINES>, const LINES: usize, const INPUTS: usize, const ROWS: usize>(
        &mut self,
        set: S,
        decode: D,
        first: usize,
    ) -> usize {
        let weights = self.weights;
        let blocks = weights.lines / LINES;
        let mut panel = vec![[0.0; ROWS]; blocks * INPUTS];
        let mut totals = vec![[0.0; ROWS]; weights.groups];
        for row in 0..ROWS {
            let activations = &self.activations[(first + row) * weights.inputs..][..weights.inputs];
            for (group, totals) in totals.iter_mut().enumerate() {
                let activations = &activations[weights.group_inputs(group)];
                let panel = &mut panel[weights.block_range(group).start * INPUTS..];
                for (place, &activation) in panel.iter_mut().zip(activations) {
                    place[row] = activation;
                }
                if weights.zeros.is_some() {
                    totals[row] = total(activations);
                }
            }
        }
        let width = weights.outputs.min(self.tiles.end * LANES) - self.tiles.start * LANES;
        for tile in self.tiles.clone() {
            let mut sums = [set.splat_floats(0.0); ROWS];
            for (group, totals) in totals.iter().enumerate() {
                let blocks = weights.block_range(group);
                let lines = &weights.words[tile * weights.lines..][blocks.start * LINES..blocks.end * LINES];
                let panel = &panel[blocks.start * INPUTS..blocks.end * INPUTS];
                let found = group_sums::<S, D, LINES, INPUTS, ROWS>(set, decode, lines, panel);
                let place = tile * weights.groups + group;
                let scales = set.load_floats(&weights.scales[place].0);
                unrolled!(ROW in [0 1 2 3] below ROWS, {
                    let mut found = found[ROW];
                    if let Some(zeros) = &weights.zeros {
                        let zeros = set.load_floats(&zeros[place].0);
                        let less = set.multiply_floats(zeros, set.splat_floats(totals[ROW]));
                        found = set.subtract_floats(found, less);
                    }
                    sums[ROW] = set.add_floats(sums[ROW], set.multiply_floats(found, scales));
                });
            }
            let outputs = tile * LANES..weights.outputs.min((tile + 1) * LANES);
            let from = (tile - self.tiles.start) * LANES;
            unrolled!(ROW in [0 1 2 3] below ROWS, {
                let mut values = [0.0; LANES];
                set.store_floats(sums[ROW], &mut values);
                let results = &mut self.results[(first + ROW) * width + from..][..outputs.len()];
                results.copy_from_slice(&values[..outputs.len()]);
                if let Some(bias) = self.bias {
                    for (result, bias) in results.iter_mut().zip(&bias[outputs.clone()]) {
                        *result += bias;
                    }
                }
            });
        }
        ROWS
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

/// The sums of products of a group.
#[inline(always)]
fn group_sums<S: Set, D: Decode<LINES>, const LINES: usize, const INPUTS: usize, const ROWS: usize>(
    set: S,
    decode: D,
    lines: &[Lanes<i32>],
    panel: &[[f32; ROWS]],
) -> [S::Floats; ROWS] {
    let mut parts = [[set.splat_floats(0.0); 4]; ROWS];
    let (blocks, panel) = (lines.as_chunks::<LINES>().0, panel.as_chunks::<INPUTS>().0);
    for (block, panel) in blocks.iter().zip(panel) {
        set.prefetch(block);
        let mut words = [set.load_sums(&block[0].0); LINES];
        unrolled!(LINE in [1 2 3] below LINES, {
            words[LINE] = set.load_sums(&block[LINE].0);
        });
        unrolled!(
            INPUT in [0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31]
            below INPUTS,
            {
                let levels = decode.levels(set, &words, INPUT);
                unrolled!(ROW in [0 1 2 3] below ROWS, {
                    const PART: usize = INPUT % 4;
                    let activations = set.splat_floats(panel[INPUT][ROW]);
                    parts[ROW][PART] = set.multiply_add(activations, levels, parts[ROW][PART]);
                });
            }
        );
    }
    let mut sums = [set.splat_floats(0.0); ROWS];
    unrolled!(ROW in [0 1 2 3] below ROWS, {
        let low = set.add_floats(parts[ROW][0], parts[ROW][1]);
        let high = set.add_floats(parts[ROW][2], parts[ROW][3]);
        sums[ROW] = set.add_floats(low, high);
    });
    sums
}
