//! Codes of 1 to 16 bits, side by side in bytes.

use crate::axes::{Codes, Format, Scheme};
use crate::packing::UnpackError;

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

    /// Bytes of `count` codes.
    pub(crate) fn bytes(self, count: usize) -> usize {
        let bits = count as u128 * u128::from(self.bits);
        usize::try_from(bits.div_ceil(8)).unwrap_or(usize::MAX)
    }

    /// The codes, the first in the lowest bits of the first byte; zero bits at the end.
    pub(crate) fn pack(self, codes: impl ExactSizeIterator<Item = i32>) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.bytes(codes.len()));
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
        bytes
    }

    /// `count` codes from exactly their bytes.
    pub(crate) fn unpack(self, bytes: &[u8], count: usize) -> Result<Vec<i32>, UnpackError> {
        let mut codes = Vec::with_capacity(count);
        let (mut pending, mut held) = (0_u32, 0);
        for &byte in bytes {
            pending |= u32::from(byte) << held;
            held += 8;
            while held >= self.bits && codes.len() < count {
                codes.push(self.code(pending & self.mask()));
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

    #[test]
    fn codes_fill_bytes_from_the_lowest_bit() {
        let field = BitField { bits: 3, sign: Sign::TwosComplement };
        // 001, 111, 100 read from the right: 100_111_001, the ninth bit in a second byte.
        let bytes = field.pack([1, -1, -4].into_iter());
        assert_eq!(bytes, [0b0011_1001, 0b0000_0001]);
        assert_eq!(field.unpack(&bytes, 3), Ok(vec![1, -1, -4]));
    }

    #[test]
    fn signs_take_one_bit() {
        let field = BitField { bits: 1, sign: Sign::Only };
        assert_eq!(field.pack([1, -1, -1, 1].into_iter()), [0b1001]);
        assert_eq!(field.unpack(&[0b1001], 4), Ok(vec![1, -1, -1, 1]));
    }

    #[test]
    fn set_bits_after_the_last_code_are_refused() {
        let field = BitField { bits: 2, sign: Sign::None };
        assert_eq!(field.unpack(&[0b0100_0010], 3), Err(UnpackError::Padding { bits: 1 }));
    }

    #[test]
    fn absurd_counts_do_not_overflow() {
        let field = BitField { bits: 16, sign: Sign::None };
        assert_eq!(field.bytes(usize::MAX), usize::MAX);
    }
}
