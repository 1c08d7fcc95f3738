//! Codes of 1 to 16 bits, side by side in bytes.

use bitsweep_vector::arch;
use pulp::NullaryFnOnce;

use crate::scheme::{Codes, Format, Scheme};

use super::code_matrix::{CodeMatrix, CodeReader, CodeType, PIECE};
use super::reader::{Reader, UnpackError};
use super::shared::{PART, in_parts};

/// How one code is written as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BitField {
    bits: u32,
    sign: Sign,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// Codes from 0.
    None,
    /// Two's complement.
    TwosComplement,
    /// Only -1 and +1, written as 0 and 1.
    Only,
}

impl BitField {
    pub(crate) fn of(scheme: &Scheme) -> Self {
        let sign = match scheme.format {
            Format::Integer { .. } | Format::DoReFa { .. } if scheme.is_binary() => Sign::Only,
            Format::Integer { codes: Codes::Signed, .. } | Format::Wrpn { .. } => Sign::TwosComplement,
            Format::Levels(format) if format.has_negative_codes() => Sign::TwosComplement,
            Format::Gguf(block) => match block.codes() {
                Codes::Signed => Sign::TwosComplement,
                Codes::Unsigned => Sign::None,
            },
            Format::Integer { codes: Codes::Unsigned, .. }
            | Format::Levels(_)
            | Format::DoReFa { .. }
            | Format::Float16
            | Format::BFloat16
            | Format::Codebook(_) => Sign::None,
        };
        Self { bits: scheme.bits(), sign }
    }

    /// The type that holds a code in memory.
    pub(crate) const fn code_type(self) -> CodeType {
        match (self.sign, self.bits) {
            (Sign::None, ..=8) => CodeType::U8,
            (Sign::None, _) => CodeType::U16,
            (Sign::TwosComplement | Sign::Only, ..=8) => CodeType::I8,
            (Sign::TwosComplement | Sign::Only, _) => CodeType::I16,
        }
    }

    /// The type of codes that fill whole bytes, in memory and in a file alike; `None` of others.
    pub(crate) const fn whole_numbers(self) -> Option<CodeType> {
        match self.bits {
            8 | 16 => Some(self.code_type()),
            _ => None,
        }
    }

    /// Whole bytes full of codes, and 1 where the last codes leave bits of theirs unused, else 0.
    pub(crate) fn whole_bytes_and_padding(self, count: usize) -> (u64, u64) {
        let bits = count as u64 * u64::from(self.bits);
        (bits / 8, u64::from(!bits.is_multiple_of(8)))
    }

    /// Bytes of `count` codes.
    pub(crate) fn bytes(self, count: usize) -> usize {
        let bits = count as u128 * u128::from(self.bits);
        usize::try_from(bits.div_ceil(8)).unwrap_or(usize::MAX)
    }

    /// Appends the codes, the first in the lowest bits of the first byte; zero bits at the end.
    pub(crate) fn append(self, codes: &CodeMatrix, bytes: &mut Vec<u8>) {
        if self.whole_numbers().is_some() {
            return codes.append_to(bytes);
        }
        let start = bytes.len();
        bytes.resize(start + self.bytes(codes.len()), 0);
        // A part is whole bytes of codes of any width.
        let width = self.bits as usize;
        in_parts(&mut bytes[start..], PART / EIGHT * width, &|places, bytes| {
            let first = places.start / width * EIGHT;
            arch().dispatch(Packing { field: self, codes, first, bytes });
        });
    }

    /// The matrix of codes that comes next.
    pub(crate) fn read(
        self,
        reader: &mut Reader<'_>,
        shape: (usize, usize),
    ) -> Result<CodeMatrix, UnpackError> {
        let bytes = reader.take(self.bytes(shape.0.saturating_mul(shape.1)))?;
        let mut codes = CodeMatrix::zeros(shape, self.code_type());
        let mut left = codes.len();
        let mut writer = codes.writer();
        let mut unused = 0;
        for bytes in bytes.chunks(PIECE / EIGHT * self.bits as usize) {
            let piece = writer.room(left.min(PIECE));
            left -= piece.len();
            unused = for_width!(self.bits, read_eights(self, bytes, piece));
        }
        writer.flush();
        if unused == 0 { Ok(codes) } else { Err(UnpackError::Padding { bits: unused }) }
    }

    fn field(self, code: i32) -> u32 {
        match self.sign {
            Sign::None | Sign::TwosComplement => code as u32 & self.mask(),
            Sign::Only => u32::from(code > 0),
        }
    }

    fn code(self, field: u32) -> i32 {
        match self.sign {
            Sign::None => field as i32,
            Sign::TwosComplement => {
                let unused = u32::BITS - self.bits;
                (field << unused) as i32 >> unused
            }
            Sign::Only => 2 * field as i32 - 1,
        }
    }

    fn mask(self) -> u32 {
        (1 << self.bits) - 1
    }
}

/// Codes that fill whole bytes together, of any width.
const EIGHT: usize = 8;

/// The bytes of the codes from the `first` one on, a multiple of [`EIGHT`].
struct Packing<'a> {
    field: BitField,
    codes: &'a CodeMatrix,
    first: usize,
    bytes: &'a mut [u8],
}

impl NullaryFnOnce for Packing<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { field, codes, first, bytes } = self;
        let pieces = bytes.chunks_mut(PIECE / EIGHT * field.bits as usize);
        if let Some(codes) = codes.single_bytes() {
            for (bytes, codes) in pieces.zip(codes[first..].chunks(PIECE)) {
                for_width!(field.bits, pack_bytes(field, codes, bytes), 1 2 3 4 5 6 7 8);
            }
            return;
        }
        let mut reader = CodeReader::new(codes, first);
        let mut left = codes.len() - first;
        for bytes in pieces {
            let codes = reader.take(left.min(PIECE));
            left -= codes.len();
            for_width!(field.bits, pack_pairs(field, codes, bytes), 9 10 11 12 13 14 15 16);
        }
    }
}

/// Calls a function that has the number of bits as a constant.
macro_rules! for_width {
    ($bits:expr, $function:ident($($argument:expr),*)) => {
        for_width!($bits, $function($($argument),*), 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)
    };
    ($bits:expr, $function:ident $arguments:tt, $($width:literal)*) => {
        match $bits {
            $($width => $function::<$width> $arguments,)*
            // No scheme has wider codes.
            bits => unreachable!("codes of {bits} bits"),
        }
    };
}
use for_width;

/// Packs codes of up to 8 bits, at most [`PIECE`] and eight at a time, into as many bytes as they take; zero bits after the last ones.
#[inline(always)]
fn pack_bytes<const BITS: usize>(field: BitField, codes: &[u8], bytes: &mut [u8]) {
    let mut fields = [0; PIECE];
    let places = fields.iter_mut().zip(codes);
    match field.sign {
        Sign::None | Sign::TwosComplement => {
            let mask = u8::MAX >> (8 - BITS);
            places.for_each(|(own, &code)| *own = code & mask);
        }
        Sign::Only => places.for_each(|(own, &code)| *own = u8::from(code.cast_signed() > 0)),
    }
    let word = |eight: &[u8; EIGHT]| side_by_side::<BITS>(u64::from_le_bytes(*eight), 8).to_le_bytes();
    store_eights::<BITS, 8>(fields.as_chunks().0.iter().map(word), bytes);
}

/// The same of codes of more bits.
#[inline(always)]
fn pack_pairs<const BITS: usize>(field: BitField, codes: &[i32], bytes: &mut [u8]) {
    let word = |eight: &[i32]| {
        let fields = eight.iter().map(|&code| u128::from(field.field(code)));
        fields.rev().fold(0, |word, field| word << BITS | field).to_le_bytes()
    };
    store_eights::<BITS, 16>(codes.chunks(EIGHT).map(word), bytes);
}

/// Writes the first `BITS` bytes of each word, and what there is room for of one more.
#[inline(always)]
fn store_eights<const BITS: usize, const BYTES: usize>(
    mut words: impl Iterator<Item = [u8; BYTES]>,
    bytes: &mut [u8],
) {
    let (whole, rest) = bytes.as_chunks_mut::<BITS>();
    for (bytes, word) in whole.iter_mut().zip(&mut words) {
        bytes.copy_from_slice(&word[..BITS]);
    }
    if let Some(word) = words.next() {
        rest.copy_from_slice(&word[..rest.len()]);
    }
}

/// Fields of `BITS` bits that lie in places of `width` bits each, side by side.
#[inline(always)]
const fn side_by_side<const BITS: usize>(mut word: u64, mut width: usize) -> u64 {
    let mut bits = BITS;
    while width < 64 {
        // The lower one of every two, and the upper one beside it.
        let lower = u64::MAX / (u64::MAX >> (64 - 2 * width)) * (u64::MAX >> (64 - bits));
        word = word & lower | word >> (width - bits) & lower << bits;
        (width, bits) = (2 * width, 2 * bits);
    }
    word
}

/// Reads as many codes as there is room for from exactly the bytes that they take; the bits after the last one.
fn read_eights<const BITS: usize>(field: BitField, bytes: &[u8], codes: &mut [i32]) -> u32 {
    let word = |bytes: &[u8]| {
        let mut word = [0; 16];
        word[..bytes.len()].copy_from_slice(bytes);
        u128::from_le_bytes(word)
    };
    let mut words = bytes.chunks(BITS).map(word);
    let mut unused = 0;
    for (eight, mut word) in codes.chunks_mut(EIGHT).zip(&mut words) {
        for code in eight {
            *code = field.code(word as u32 & field.mask());
            word >>= BITS;
        }
        unused = word as u32;
    }
    unused
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(field: BitField, codes: &[i32]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let matrix = CodeMatrix::of((1, codes.len()), field.code_type(), codes.iter().copied());
        field.append(&matrix, &mut bytes);
        assert_eq!(bytes.len(), field.bytes(codes.len()));
        bytes
    }

    fn unpack(field: BitField, bytes: &[u8], count: usize) -> Result<Vec<i32>, UnpackError> {
        field.read(&mut Reader::new(bytes), (1, count)).map(|codes| codes.iter().collect())
    }

    #[test]
    fn codes_fill_bytes_from_the_lowest_bit() {
        let field = BitField { bits: 3, sign: Sign::TwosComplement };
        // 001, 111, 100 read from the right: 100_111_001, the ninth bit in a second byte.
        let bytes = pack(field, &[1, -1, -4]);
        assert_eq!(bytes, [0b0011_1001, 0b0000_0001]);
        assert_eq!(unpack(field, &bytes, 3), Ok(vec![1, -1, -4]));
    }

    #[test]
    fn signs_take_one_bit() {
        let field = BitField { bits: 1, sign: Sign::Only };
        assert_eq!(pack(field, &[1, -1, -1, 1]), [0b1001]);
        assert_eq!(unpack(field, &[0b1001], 4), Ok(vec![1, -1, -1, 1]));
    }

    #[test]
    fn codes_of_any_width_and_number_are_what_bits_say() {
        for (bits, sign) in (1..=16).flat_map(|bits| [(bits, Sign::None), (bits, Sign::TwosComplement)]) {
            let field = BitField { bits, sign };
            for count in [0, 1, 7, 8, 9, PIECE - 1, PIECE, 2 * PIECE + 13] {
                let codes: Vec<i32> = (0..count as u32)
                    .map(|number| field.code(number.wrapping_mul(2_654_435_761) >> 7 & field.mask()))
                    .collect();
                let bytes = pack(field, &codes);
                // Bit by bit.
                let bit = |place: usize| u32::from(bytes[place / 8]) >> (place % 8) & 1;
                for (position, &code) in codes.iter().enumerate() {
                    let own = (0..bits).map(|place| bit(position * bits as usize + place as usize) << place);
                    assert_eq!(field.code(own.sum()), code);
                }
                assert_eq!(unpack(field, &bytes, count), Ok(codes));
            }
        }
    }

    #[test]
    fn set_bits_after_the_last_code_are_refused() {
        let field = BitField { bits: 2, sign: Sign::None };
        assert_eq!(unpack(field, &[0b0100_0010], 3), Err(UnpackError::Padding { bits: 1 }));
    }

    #[test]
    fn absurd_counts_do_not_overflow() {
        let field = BitField { bits: 16, sign: Sign::None };
        assert_eq!(field.bytes(usize::MAX), usize::MAX);
    }
}
