//! How wide the codes of integer weights are, and how they lie in lines of 64 bytes.

use crate::aligned::{CodeLine, LANES, Line};
use crate::instructions::{NEAR, Set};

/// The codes that integer weights have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Width {
    /// -128 to 127, or 0 to 255.
    Eight,
    /// -8 to 7, or 0 to 15.
    Four,
    /// -4 to 3, or 0 to 7.
    Three,
    /// -2 to 1, or 0 to 3.
    Two,
    /// -1, 0 and 1, in two bits; unsigned 0, 1 and 2.
    Ternary,
    /// -1 and 1, in one bit; unsigned 0 for -1 and 1 for 1.
    Binary,
}

impl Width {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Eight, Self::Four, Self::Three, Self::Two, Self::Ternary, Self::Binary];

    /// The bits that a packed code takes.
    #[must_use]
    pub const fn bits(self) -> usize {
        match self {
            Self::Eight => 8,
            Self::Four => 4,
            Self::Three => 3,
            Self::Two | Self::Ternary => 2,
            Self::Binary => 1,
        }
    }

    /// The greatest unsigned code; the least is 0.
    #[must_use]
    pub const fn greatest(self) -> u8 {
        match self {
            Self::Eight => 255,
            Self::Four => 15,
            Self::Three => 7,
            Self::Two => 3,
            Self::Ternary => 2,
            Self::Binary => 1,
        }
    }

    /// The unsigned code less the signed code of the same level, where both are whole numbers in a row.
    pub(crate) const fn offset(self) -> i32 {
        match self {
            Self::Eight => 128,
            Self::Four => 8,
            Self::Three => 4,
            Self::Two => 2,
            Self::Ternary | Self::Binary => 1,
        }
    }

    /// What an unsigned code is multiplied by before its zero point is subtracted.
    pub(crate) const fn factor(self) -> i32 {
        match self {
            Self::Binary => 2,
            Self::Eight | Self::Four | Self::Three | Self::Two | Self::Ternary => 1,
        }
    }

    pub(crate) const fn signed_range(self) -> &'static str {
        match self {
            Self::Eight => "-128 to 127",
            Self::Four => "-8 to 7",
            Self::Three => "-4 to 3",
            Self::Two => "-2 to 1",
            Self::Ternary => "-1, 0 or 1",
            Self::Binary => "-1 or 1",
        }
    }

    pub(crate) const fn unsigned_range(self) -> &'static str {
        match self {
            Self::Eight => "0 to 255",
            Self::Four => "0 to 15",
            Self::Three => "0 to 7",
            Self::Two => "0 to 3",
            Self::Ternary => "0, 1 or 2",
            Self::Binary => "0 or 1",
        }
    }

    /// The unsigned code of a signed one.
    pub(crate) fn unsigned(self, code: i8) -> Option<u8> {
        let code = match self {
            Self::Binary => match code {
                -1 => 0,
                1 => 1,
                _ => return None,
            },
            Self::Eight | Self::Four | Self::Three | Self::Two | Self::Ternary => {
                u8::try_from(i32::from(code) + self.offset()).ok()?
            }
        };
        (code <= self.greatest()).then_some(code)
    }

    /// The lines of a block, the least that holds whole fields.
    pub(crate) const fn lines(self) -> usize {
        match self {
            Self::Three => 3,
            Self::Eight | Self::Four | Self::Two | Self::Ternary | Self::Binary => 1,
        }
    }

    /// The inputs of a block.
    pub(crate) const fn inputs(self) -> usize {
        self.lines() * 512 / self.bits() / LANES
    }

    /// Puts a code into a block: `input` of the block, and `lane`, the output in its tile.
    ///
    /// Byte `4·lane + input mod 4` has the code in the bits from `bits·⌊input/4⌋`. Of 3 bits, the low two are in the first two
    /// lines (16 inputs each), and the high ones in the third.
    pub(crate) fn put(self, block: &mut [CodeLine], lane: usize, input: usize, code: u8) {
        let byte = 4 * lane + input % 4;
        let step = input / 4;
        match self {
            Self::Three => {
                block[step / 4].0[byte] |= (code & 3) << (2 * (step % 4));
                block[2].0[byte] |= (code >> 2) << step;
            }
            Self::Eight | Self::Four | Self::Two | Self::Ternary | Self::Binary => {
                block[0].0[byte] |= code << (self.bits() * step);
            }
        }
    }
}

/// How a block of `LINES` lines becomes `STEPS` times 64 codes, each of four inputs.
pub(crate) trait Layout<const LINES: usize, const STEPS: usize>: Copy {
    fn unpack<S: Set>(set: S, block: &[CodeLine; LINES]) -> [S::Codes; STEPS];
}

/// One code a byte.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bytes;

/// Two codes a byte.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nibbles;

/// Two lines of four codes a byte, and one of the eight high bits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PairsAndBits;

/// Four codes a byte.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pairs;

/// Eight codes a byte.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bits;

impl Layout<1, 1> for Bytes {
    #[inline(always)]
    fn unpack<S: Set>(set: S, block: &[CodeLine; 1]) -> [S::Codes; 1] {
        [set.load(&block[0])]
    }
}

impl Layout<1, 2> for Nibbles {
    #[inline(always)]
    fn unpack<S: Set>(set: S, block: &[CodeLine; 1]) -> [S::Codes; 2] {
        let bytes = set.load(&block[0]);
        [set.field::<0>(bytes, 15), set.field::<4>(bytes, 15)]
    }
}

impl Layout<3, 8> for PairsAndBits {
    #[inline(always)]
    fn unpack<S: Set>(set: S, block: &[CodeLine; 3]) -> [S::Codes; 8] {
        let [first, second] = [pairs(set, &block[0]), pairs(set, &block[1])];
        let high = bits(set, &block[2]);
        [
            set.join::<2>(first[0], high[0]),
            set.join::<2>(first[1], high[1]),
            set.join::<2>(first[2], high[2]),
            set.join::<2>(first[3], high[3]),
            set.join::<2>(second[0], high[4]),
            set.join::<2>(second[1], high[5]),
            set.join::<2>(second[2], high[6]),
            set.join::<2>(second[3], high[7]),
        ]
    }
}

impl Layout<1, 4> for Pairs {
    #[inline(always)]
    fn unpack<S: Set>(set: S, block: &[CodeLine; 1]) -> [S::Codes; 4] {
        pairs(set, &block[0])
    }
}

impl Layout<1, 8> for Bits {
    #[inline(always)]
    fn unpack<S: Set>(set: S, block: &[CodeLine; 1]) -> [S::Codes; 8] {
        bits(set, &block[0])
    }
}

/// Writes the codes of blocks, one a byte: each block as the steps of its [`Layout`].
#[inline(always)]
pub(crate) fn unpack<S: Set>(set: S, width: Width, lines: &[CodeLine], codes: &mut [CodeLine]) {
    match width {
        Width::Eight => codes.copy_from_slice(lines),
        Width::Four => unpack_as::<S, Nibbles, 1, 2>(set, lines, codes),
        Width::Three => unpack_as::<S, PairsAndBits, 3, 8>(set, lines, codes),
        Width::Two | Width::Ternary => unpack_as::<S, Pairs, 1, 4>(set, lines, codes),
        Width::Binary => unpack_as::<S, Bits, 1, 8>(set, lines, codes),
    }
}

#[inline(always)]
fn unpack_as<S: Set, L: Layout<LINES, STEPS>, const LINES: usize, const STEPS: usize>(
    set: S,
    lines: &[CodeLine],
    codes: &mut [CodeLine],
) {
    for (block, places) in lines.as_chunks::<LINES>().0.iter().zip(codes.as_chunks_mut::<STEPS>().0) {
        set.prefetch(block, NEAR);
        let codes = L::unpack(set, block);
        unrolled!(STEP in [0 1 2 3 4 5 6 7] below STEPS, {
            set.store(codes[STEP], &mut places[STEP]);
        });
    }
}

#[inline(always)]
fn pairs<S: Set>(set: S, line: &CodeLine) -> [S::Codes; 4] {
    let bytes = set.load(line);
    [set.field::<0>(bytes, 3), set.field::<2>(bytes, 3), set.field::<4>(bytes, 3), set.field::<6>(bytes, 3)]
}

#[inline(always)]
fn bits<S: Set>(set: S, line: &CodeLine) -> [S::Codes; 8] {
    let bytes = set.load(line);
    [
        set.field::<0>(bytes, 1),
        set.field::<1>(bytes, 1),
        set.field::<2>(bytes, 1),
        set.field::<3>(bytes, 1),
        set.field::<4>(bytes, 1),
        set.field::<5>(bytes, 1),
        set.field::<6>(bytes, 1),
        set.field::<7>(bytes, 1),
    ]
}

/// Lines of a block that is still empty.
pub(crate) const EMPTY: CodeLine = Line([0; 64]);
