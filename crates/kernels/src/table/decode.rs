//! From packed codes to levels.

use std::ops::Range;

use super::float::Float;
use super::weights::{Levels, TableWeights};
use crate::aligned::{LANES, Lanes};
use crate::instructions::{FAR, Set};

/// How a block of `LINES` lines becomes levels of `INPUTS` inputs.
pub(super) trait Decode<const LINES: usize>: Copy {
    /// The levels of an input, which is a constant wherever this is called.
    fn levels<S: Set>(&self, set: S, words: &[S::Sums; LINES], input: usize) -> S::Floats;
}

/// Two or four bits, in a table of 16.
#[derive(Clone, Copy)]
pub(super) struct Short<'a, const BITS: usize>(pub(super) &'a [f32; LANES]);

/// Three bits, in a table of 8 that is there twice.
#[derive(Clone, Copy)]
pub(super) struct Three<'a>(pub(super) &'a [f32; LANES]);

/// Eight bits, in a table of 256.
#[derive(Clone, Copy)]
pub(super) struct Long<'a>(pub(super) &'a [f32; 256]);

/// Eight bits, less a number.
#[derive(Clone, Copy)]
pub(super) struct Whole(pub(super) f32);

/// The bits of numbers.
#[derive(Clone, Copy)]
pub(super) struct Numbers;

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

impl Decode<1> for Float {
    #[inline(always)]
    fn levels<S: Set>(&self, set: S, words: &[S::Sums; 1], input: usize) -> S::Floats {
        let last = u32::from((24 - 8 * input).to_le_bytes()[0]);
        // The sign stays where it is, in front of as many more of it as the exponent is moved by.
        let bits = set.shift_right_signed(set.shift_left(words[0], last), self.mantissa + 1);
        let bits = set.and(bits, set.splat(Self::bits(self.mantissa, 0xff).cast_signed()));
        set.multiply_floats(set.as_floats(bits), set.splat_floats(self.factor))
    }
}

/// The words of a block.
#[inline(always)]
pub(super) fn words<S: Set, const LINES: usize>(set: S, block: &[Lanes<i32>; LINES]) -> [S::Sums; LINES] {
    set.prefetch(block, FAR);
    let mut words = [set.load_sums(&block[0].0); LINES];
    unrolled!(LINE in [1 2 3] below LINES, {
        words[LINE] = set.load_sums(&block[LINE].0);
    });
    words
}

/// Writes the levels of some blocks of a tile to `place` of each of `levels`, one for each input.
#[inline(always)]
pub(super) fn decode<S: Set, const TILES: usize>(
    set: S,
    weights: &TableWeights,
    tile: usize,
    blocks: Range<usize>,
    place: usize,
    levels: &mut [[Lanes<f32>; TILES]],
) {
    let lines = weights.lines(tile, blocks);
    match &weights.levels {
        Levels::Two(table) => decode_as::<S, _, 1, 16, TILES>(set, Short::<2>(table), lines, place, levels),
        Levels::Three(table) => decode_as::<S, _, 3, 32, TILES>(set, Three(table), lines, place, levels),
        Levels::Four(table) => decode_as::<S, _, 1, 8, TILES>(set, Short::<4>(table), lines, place, levels),
        Levels::Eight(table) => decode_as::<S, _, 1, 4, TILES>(set, Long(table), lines, place, levels),
        Levels::Float(float) => decode_as::<S, _, 1, 4, TILES>(set, *float, lines, place, levels),
        Levels::Whole(less) => decode_as::<S, _, 1, 4, TILES>(set, Whole(*less), lines, place, levels),
        Levels::Numbers => decode_as::<S, _, 4, 4, TILES>(set, Numbers, lines, place, levels),
    }
}

#[inline(always)]
fn decode_as<S: Set, D: Decode<LINES>, const LINES: usize, const INPUTS: usize, const TILES: usize>(
    set: S,
    decode: D,
    lines: &[Lanes<i32>],
    place: usize,
    levels: &mut [[Lanes<f32>; TILES]],
) {
    for (block, levels) in lines.as_chunks::<LINES>().0.iter().zip(levels.as_chunks_mut::<INPUTS>().0) {
        let words = words::<S, LINES>(set, block);
        unrolled!(
            INPUT in [0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31]
            below INPUTS,
            {
                set.store_floats(decode.levels(set, &words, INPUT), &mut levels[INPUT][place].0);
            }
        );
    }
}
