//! Weights as codes side by side, and what makes levels of them.

use std::collections::BTreeSet;

use bitsweep_quant::IntegerLevels;
use ndarray::Array2;

/// How the levels of a layer are stored, output by output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::export) enum WeightCodes {
    /// As they are, in an array of the narrowest type.
    Levels(Vec<i32>),
    /// As codes side by side.
    Packed {
        /// Bits of a code, at most 16.
        bits: u32,
        /// What a code stands for.
        meaning: Meaning,
        /// The codes, the first in the lowest bits.
        bytes: Vec<u8>,
        /// Whether those of each group of inputs of each output begin with a byte. Otherwise there are no gaps.
        is_aligned: bool,
    },
}

/// What a code `c` stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::export) enum Meaning {
    /// `c + offset`.
    Offset(i32),
    /// `c + offset`, with one offset for each group of inputs of each output: those of the first output first.
    Offsets(Vec<i32>),
    /// The level at this position.
    Table(Vec<i32>),
}

impl WeightCodes {
    /// The levels of a layer in codes of `bits` bits where these tell them apart, and as they are otherwise. `by_bytes` has the codes
    /// of a group begin with a byte where they fill bytes and an addition makes levels of them, or there are two: so they are faster to read.
    pub(in crate::export) fn of(levels: &IntegerLevels, bits: u32, by_bytes: bool) -> Self {
        let by_output = levels.levels().reversed_axes();
        let count = 1_i64 << bits;
        let spans = |least: i32, most: i32| i64::from(most) - i64::from(least) < count;
        let distinct: BTreeSet<i32> = by_output.iter().copied().collect();
        let (first, last) = (distinct.first().copied().unwrap_or(0), distinct.last().copied().unwrap_or(0));
        let are_bytes = first >= i32::from(i8::MIN) && last <= i32::from(i8::MAX);
        // Bytes with a sign need no offset.
        if bits > 16 || (bits == 8 && are_bytes) {
            return Self::Levels(by_output.iter().copied().collect());
        }
        let rows = levels.rows_per_step();
        let pack = |code: &dyn Fn(usize, usize, i32) -> u32, meaning: Meaning| {
            let is_aligned =
                by_bytes && are_bytes && (bits == 1 || matches!(bits, 2 | 4) && meaning.is_addition());
            let mut bytes = Bytes::new(bits);
            for (output, levels) in by_output.outer_iter().enumerate() {
                for (input, level) in levels.iter().enumerate() {
                    if is_aligned && input.is_multiple_of(rows) {
                        bytes.align();
                    }
                    bytes.push(code(output, input / rows, *level));
                }
            }
            Self::Packed { bits, meaning, bytes: bytes.bytes, is_aligned }
        };
        if spans(first, last) {
            return pack(&|_, _, level| (level - first) as u32, Meaning::Offset(first));
        }
        if distinct.len() as i64 <= count {
            let table: Vec<i32> = distinct.into_iter().collect();
            let place = |level: i32| table.partition_point(|own| *own < level) as u32;
            return pack(&|_, _, level| place(level), Meaning::Table(table.clone()));
        }
        let groups = Groups::of(levels);
        if groups.least.iter().zip(&groups.most).all(|(least, most)| spans(*least, *most)) {
            let code =
                |output: usize, group: usize, level: i32| (level - groups.least[[output, group]]) as u32;
            return pack(&code, Meaning::Offsets(groups.least.iter().copied().collect()));
        }
        Self::Levels(by_output.iter().copied().collect())
    }
}

impl Meaning {
    /// Whether a level is a code and an offset.
    const fn is_addition(&self) -> bool {
        match self {
            Self::Offset(_) | Self::Offsets(_) => true,
            Self::Table(_) => false,
        }
    }
}

/// The ends of the levels of each group of inputs, `(out, groups)`.
struct Groups {
    least: Array2<i32>,
    most: Array2<i32>,
}

impl Groups {
    fn of(levels: &IntegerLevels) -> Self {
        let rows = levels.rows_per_step();
        let (groups, outputs) = levels.steps().dim();
        let end = |from: i32, nearer: fn(i32, i32) -> i32| {
            let mut ends = Array2::from_elem((outputs, groups), from);
            for ((input, output), level) in levels.levels().indexed_iter() {
                let end = &mut ends[[output, input / rows]];
                *end = nearer(*end, *level);
            }
            ends
        };
        Self { least: end(i32::MAX, i32::min), most: end(i32::MIN, i32::max) }
    }
}

/// Codes of so many bits side by side, the first in the lowest bits of the first byte.
struct Bytes {
    bits: u32,
    bytes: Vec<u8>,
    /// Bits of the last byte that are taken, 1 to 8; 8 where there is none.
    taken: u32,
}

impl Bytes {
    const fn new(bits: u32) -> Self {
        Self { bits, bytes: Vec::new(), taken: 8 }
    }

    /// Has the next code begin with a byte.
    const fn align(&mut self) {
        self.taken = 8;
    }

    fn push(&mut self, code: u32) {
        for bit in 0..self.bits {
            if self.taken == 8 {
                self.bytes.push(0);
                self.taken = 0;
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= (((code >> bit) & 1) as u8) << self.taken;
            }
            self.taken += 1;
        }
    }
}

/// Codes of so many bits side by side without gaps, the first in the lowest bits of the first byte.
pub(in crate::export) fn packed(codes: impl IntoIterator<Item = u32>, bits: u32) -> Vec<u8> {
    let mut bytes = Bytes::new(bits);
    codes.into_iter().for_each(|code| bytes.push(code));
    bytes.bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_fill_bytes_from_the_lowest_bit() {
        assert_eq!(packed([1, 2, 3], 4), [0x21, 0x03]);
        assert_eq!(packed([0b101, 0b011, 0b110], 3), [0b1001_1101, 0b1]);
        assert_eq!(packed([0x1234, 1], 16), [0x34, 0x12, 1, 0]);
    }
}
