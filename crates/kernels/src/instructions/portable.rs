//! Plain loops, of which the compiler makes what it can. The longer ones are not inlined: kernels repeat them so often that compiling
//! would take longer than all else.

use super::Set;
use crate::aligned::{CodeLine, LANES};

/// No instructions but those that every processor has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Portable;

impl Set for Portable {
    const WIDE: bool = false;
    const ACCUMULATORS: usize = 1;

    type Codes = [u8; 64];
    type Sums = [i32; LANES];
    type Floats = [f32; LANES];
    type Shorts = [u16; 64];

    #[inline(always)]
    fn load(self, line: &CodeLine) -> [u8; 64] {
        line.0
    }

    #[inline(always)]
    fn store(self, codes: [u8; 64], line: &mut CodeLine) {
        line.0 = codes;
    }

    #[inline(always)]
    fn prefetch<T>(self, _block: &T, _ahead: usize) {}

    #[inline(always)]
    fn expect_load<T>(self, _place: &T) {}

    #[inline(always)]
    fn expect_store<T>(self, _place: &T) {}

    #[inline(never)]
    fn field<const SHIFT: u32>(self, bytes: [u8; 64], mask: u8) -> [u8; 64] {
        bytes.map(|byte| (byte >> SHIFT) & mask)
    }

    #[inline(never)]
    fn join<const SHIFT: u32>(self, low: [u8; 64], high: [u8; 64]) -> [u8; 64] {
        std::array::from_fn(|index| low[index] | high[index] << SHIFT)
    }

    #[inline(always)]
    fn zero(self) -> [i32; LANES] {
        [0; LANES]
    }

    #[inline(never)]
    fn dot(self, mut sums: [i32; LANES], codes: [u8; 64], quad: i32) -> [i32; LANES] {
        let steps = quad.to_ne_bytes().map(|byte| i32::from(byte.cast_signed()));
        for (sum, codes) in sums.iter_mut().zip(codes.as_chunks::<4>().0) {
            // Each product is below 2¹⁵.
            let products = i32::from(codes[0]) * steps[0]
                + i32::from(codes[1]) * steps[1]
                + i32::from(codes[2]) * steps[2]
                + i32::from(codes[3]) * steps[3];
            *sum = sum.wrapping_add(products);
        }
        sums
    }

    #[inline(never)]
    fn dot_wide(self, sums: [i32; LANES], codes: [u8; 64], quad: [i32; 2]) -> [i32; LANES] {
        let [even, odd] = quad.map(i32::to_ne_bytes);
        // Activations are of 8 bits, and these are their low bytes.
        let low = usize::from(cfg!(target_endian = "big"));
        let bytes = [even[low], odd[low], even[2 + low], odd[2 + low]];
        self.dot(sums, codes, i32::from_ne_bytes(bytes))
    }

    #[inline(never)]
    fn add(self, left: [i32; LANES], right: [i32; LANES]) -> [i32; LANES] {
        std::array::from_fn(|lane| left[lane].wrapping_add(right[lane]))
    }

    #[inline(always)]
    fn subtract(self, left: [i32; LANES], right: [i32; LANES]) -> [i32; LANES] {
        std::array::from_fn(|lane| left[lane].wrapping_sub(right[lane]))
    }

    #[inline(never)]
    fn multiply(self, left: [i32; LANES], right: [i32; LANES]) -> [i32; LANES] {
        std::array::from_fn(|lane| left[lane].wrapping_mul(right[lane]))
    }

    #[inline(always)]
    fn splat(self, value: i32) -> [i32; LANES] {
        [value; LANES]
    }

    #[inline(always)]
    fn load_sums(self, values: &[i32; LANES]) -> [i32; LANES] {
        *values
    }

    #[inline(always)]
    fn load_short(self, values: &[i16; LANES]) -> [i32; LANES] {
        values.map(i32::from)
    }

    #[inline(always)]
    fn store_sums(self, sums: [i32; LANES], values: &mut [i32; LANES]) {
        *values = sums;
    }

    #[inline(never)]
    fn floats(self, sums: [i32; LANES]) -> [f32; LANES] {
        sums.map(|sum| sum as f32)
    }

    #[inline(always)]
    fn as_floats(self, words: [i32; LANES]) -> [f32; LANES] {
        words.map(|word| f32::from_bits(word.cast_unsigned()))
    }

    #[inline(always)]
    fn splat_floats(self, value: f32) -> [f32; LANES] {
        [value; LANES]
    }

    #[inline(always)]
    fn load_floats(self, values: &[f32; LANES]) -> [f32; LANES] {
        *values
    }

    #[inline(always)]
    fn store_floats(self, floats: [f32; LANES], values: &mut [f32; LANES]) {
        *values = floats;
    }

    #[inline(always)]
    fn add_floats(self, left: [f32; LANES], right: [f32; LANES]) -> [f32; LANES] {
        std::array::from_fn(|lane| left[lane] + right[lane])
    }

    #[inline(always)]
    fn subtract_floats(self, left: [f32; LANES], right: [f32; LANES]) -> [f32; LANES] {
        std::array::from_fn(|lane| left[lane] - right[lane])
    }

    #[inline(always)]
    fn multiply_floats(self, left: [f32; LANES], right: [f32; LANES]) -> [f32; LANES] {
        std::array::from_fn(|lane| left[lane] * right[lane])
    }

    #[inline(never)]
    fn multiply_add(self, left: [f32; LANES], right: [f32; LANES], sum: [f32; LANES]) -> [f32; LANES] {
        std::array::from_fn(|lane| left[lane].mul_add(right[lane], sum[lane]))
    }

    #[inline(never)]
    fn shift_right(self, words: [i32; LANES], count: u32) -> [i32; LANES] {
        words.map(|word| (word.cast_unsigned() >> count).cast_signed())
    }

    #[inline(never)]
    fn shift_left(self, words: [i32; LANES], count: u32) -> [i32; LANES] {
        words.map(|word| word << count)
    }

    #[inline(always)]
    fn shift_right_signed(self, words: [i32; LANES], count: u32) -> [i32; LANES] {
        words.map(|word| word >> count)
    }

    #[inline(always)]
    fn and(self, left: [i32; LANES], right: [i32; LANES]) -> [i32; LANES] {
        std::array::from_fn(|lane| left[lane] & right[lane])
    }

    #[inline(always)]
    fn or(self, left: [i32; LANES], right: [i32; LANES]) -> [i32; LANES] {
        std::array::from_fn(|lane| left[lane] | right[lane])
    }

    #[inline(always)]
    fn low_byte(self, words: [i32; LANES]) -> [i32; LANES] {
        words.map(|word| word & 0xff)
    }

    #[inline(never)]
    fn look_up(self, table: [f32; LANES], words: [i32; LANES]) -> [f32; LANES] {
        words.map(|word| table[usize::from(word.to_le_bytes()[0] & 15)])
    }

    #[inline(never)]
    fn gather(self, table: &[f32; 256], words: [i32; LANES]) -> [f32; LANES] {
        words.map(|word| table[usize::from(word.to_le_bytes()[0])])
    }

    #[inline(never)]
    fn look_up_bytes(self, table: &[u8; 16], codes: [u8; 64]) -> [u8; 64] {
        codes.map(|code| table[usize::from(code & 15)])
    }

    #[inline(always)]
    fn zero_shorts(self) -> [u16; 64] {
        [0; 64]
    }

    #[inline(never)]
    fn add_bytes(self, shorts: [u16; 64], bytes: [u8; 64]) -> [u16; 64] {
        std::array::from_fn(|index| shorts[index].wrapping_add(u16::from(bytes[index])))
    }

    #[inline(always)]
    fn shorts(self, shorts: [u16; 64]) -> [u16; 64] {
        shorts
    }
}
