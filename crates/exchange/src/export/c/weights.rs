//! Weights as codes side by side, and what makes levels of them.

use std::collections::BTreeSet;

use bitsweep_quant::IntegerLevels;
use ndarray::Array2;

/// How the levels of a layer are stored, output by output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WeightCodes {
    /// As they are, in an array of the narrowest type.
    Levels(Vec<i32>),
    /// As codes of 4 bits, two in a byte, the first in the lower half, each output from a byte on: levels less `offset`.
    Nibbles {
        /// The level of code 0.
        offset: i32,
        /// The codes.
        bytes: Vec<u8>,
    },
    /// As codes side by side without gaps.
    Packed {
        /// Bits of a code, at most 16.
        bits: u32,
        /// What a code stands for.
        meaning: Meaning,
        /// The codes, the first in the lowest bits.
        bytes: Vec<u8>,
    },
}

/// What a code `c` stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// `c + offset`.
    Offset(i32),
    /// `c + offset`, with one offset for each group of inputs of each output: those of the first output first.
    Offsets(Vec<i32>),
    /// The level at this position.
    Table(Vec<i32>),
}

impl WeightCodes {
    /// The levels of a layer in codes of `bits` bits where these tell them apart, and as they are otherwise. `by_output_bytes` has
    /// the codes of an output begin with a byte where that makes them faster to read.
    pub(super) fn of(levels: &IntegerLevels, bits: u32, by_output_bytes: bool) -> Self {
        let by_output = levels.levels().reversed_axes();
        let count = 1_i64 << bits;
        let spans = |least: i32, most: i32| i64::from(most) - i64::from(least) < count;
        let pack =
            |codes: Vec<u32>, meaning: Meaning| Self::Packed { bits, meaning, bytes: packed(&codes, bits) };
        let distinct: BTreeSet<i32> = by_output.iter().copied().collect();
        let (first, last) = (distinct.first().copied().unwrap_or(0), distinct.last().copied().unwrap_or(0));
        let are_bytes = first >= i32::from(i8::MIN) && last <= i32::from(i8::MAX);
        // Bytes with a sign need no offset.
        if bits > 16 || (bits == 8 && are_bytes) {
            return Self::Levels(by_output.iter().copied().collect());
        }
        if by_output_bytes && bits == 4 && spans(first, last) && are_bytes {
            let code = |level: &i32| (level - first) as u32;
            let rows = by_output.outer_iter();
            let bytes =
                rows.flat_map(|row| packed(&row.iter().map(code).collect::<Vec<_>>(), bits)).collect();
            return Self::Nibbles { offset: first, bytes };
        }
        if spans(first, last) {
            return pack(
                by_output.iter().map(|level| (level - first) as u32).collect(),
                Meaning::Offset(first),
            );
        }
        if distinct.len() as i64 <= count {
            let table: Vec<i32> = distinct.into_iter().collect();
            let codes =
                by_output.iter().map(|level| table.partition_point(|own| own < level) as u32).collect();
            return pack(codes, Meaning::Table(table));
        }
        let groups = Groups::of(levels);
        if groups.least.iter().zip(&groups.most).all(|(least, most)| spans(*least, *most)) {
            let code = |((output, input), level): ((usize, usize), &i32)| {
                (level - groups.least[[output, input / groups.rows]]) as u32
            };
            let codes = by_output.indexed_iter().map(code).collect();
            return pack(codes, Meaning::Offsets(groups.least.iter().copied().collect()));
        }
        Self::Levels(by_output.iter().copied().collect())
    }
}

/// The ends of the levels of each group of inputs, `(out, groups)`.
struct Groups {
    rows: usize,
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
        Self { rows, least: end(i32::MAX, i32::min), most: end(i32::MIN, i32::max) }
    }
}

/// Codes of so many bits side by side, the first in the lowest bits of the first byte.
pub(super) fn packed(codes: &[u32], bits: u32) -> Vec<u8> {
    let mut bytes = vec![0_u8; (codes.len() * bits as usize).div_ceil(8)];
    for (position, &code) in codes.iter().enumerate() {
        for bit in 0..bits as usize {
            let place = position * bits as usize + bit;
            bytes[place / 8] |= (((code >> bit) & 1) as u8) << (place % 8);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_fill_bytes_from_the_lowest_bit() {
        assert_eq!(packed(&[1, 2, 3], 4), [0x21, 0x03]);
        assert_eq!(packed(&[0b101, 0b011, 0b110], 3), [0b1001_1101, 0b1]);
        assert_eq!(packed(&[0x1234, 1], 16), [0x34, 0x12, 1, 0]);
    }
}
