//! Codes of 1 to 16 bits, side by side in bytes.

use crate::scheme::{Codes, Format, Scheme};

use super::code_matrix::{CodeMatrix, CodeType};
use super::reader::{Reader, UnpackError};

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
    pub(crate) fn append(self, codes: impl Iterator<Item = i32>, bytes: &mut Vec<u8>) {
        let (mut pending, mut held) = (0_u32, 0);
        for code in codes {
            let field = match self.sign {
                Sign::None | Sign::TwosComplement => code as u32 & self.mask(),
                Sign::Only => u32::from(code > 0),
            };
            pending |= field << held;
            held += self.bits;
            while held >= 8 {
                bytes.push(pending as u8);
                pending >>= 8;
                held -= 8;
            }
        }
        if held > 0 {
            bytes.push(pending as u8);
        }
    }

    /// The matrix of codes that comes next.
    pub(crate) fn read(
        self,
        reader: &mut Reader<'_>,
        shape: (usize, usize),
    ) -> Result<CodeMatrix, UnpackError> {
        let bytes = reader.take(self.bytes(shape.0.saturating_mul(shape.1)))?;
        let mut codes = CodeMatrix::zeros(shape, self.code_type());
        let (mut pending, mut held, mut next) = (0_u32, 0, 0);
        for &byte in bytes {
            pending |= u32::from(byte) << held;
            held += 8;
            while held >= self.bits && next < codes.len() {
                codes.set(next, self.code(pending & self.mask()));
                next += 1;
                pending >>= self.bits;
                held -= self.bits;
            }
        }
        if pending == 0 { Ok(codes) } else { Err(UnpackError::Padding { bits: pending }) }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(field: BitField, codes: &[i32]) -> Vec<u8> {
        let mut bytes = Vec::new();
        field.append(codes.iter().copied(), &mut bytes);
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
