//! NEON: 16 outputs are four registers.

use std::arch::aarch64::*;

use super::{Kernel, Set};
use crate::aligned::{CodeLine, LANES};

/// Exists only where the processor has NEON.
#[derive(Debug, Clone, Copy)]
pub(super) struct Neon(());

/// # Safety
/// The processor has NEON.
#[target_feature(enable = "neon")]
pub(super) unsafe fn run<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Neon(()))
}

impl Set for Neon {
    const WIDE: bool = true;
    const ACCUMULATORS: usize = 4;

    type Codes = [uint8x16_t; 4];
    type Sums = [int32x4_t; 4];
    type Floats = [float32x4_t; 4];
    type Shorts = [uint16x8_t; 8];

    #[inline(always)]
    fn load(self, line: &CodeLine) -> [uint8x16_t; 4] {
        let bytes = line.0.as_ptr();
        // SAFETY: a line has 64 bytes; the processor has NEON, as for all below, since `self` exists.
        unsafe {
            [vld1q_u8(bytes), vld1q_u8(bytes.add(16)), vld1q_u8(bytes.add(32)), vld1q_u8(bytes.add(48))]
        }
    }

    #[inline(always)]
    fn store(self, codes: [uint8x16_t; 4], line: &mut CodeLine) {
        let bytes = line.0.as_mut_ptr();
        // SAFETY: a line has 64 bytes; the processor has NEON.
        unsafe {
            vst1q_u8(bytes, codes[0]);
            vst1q_u8(bytes.add(16), codes[1]);
            vst1q_u8(bytes.add(32), codes[2]);
            vst1q_u8(bytes.add(48), codes[3]);
        }
    }

    #[inline(always)]
    fn prefetch<T>(self, _block: &T, _ahead: usize) {}

    #[inline(always)]
    fn expect_load<T>(self, _place: &T) {}

    #[inline(always)]
    fn expect_store<T>(self, _place: &T) {}

    #[inline(always)]
    fn field<const SHIFT: u32>(self, bytes: [uint8x16_t; 4], mask: u8) -> [uint8x16_t; 4] {
        [
            self.quarter_field::<SHIFT>(bytes[0], mask),
            self.quarter_field::<SHIFT>(bytes[1], mask),
            self.quarter_field::<SHIFT>(bytes[2], mask),
            self.quarter_field::<SHIFT>(bytes[3], mask),
        ]
    }

    #[inline(always)]
    fn join<const SHIFT: u32>(self, low: [uint8x16_t; 4], high: [uint8x16_t; 4]) -> [uint8x16_t; 4] {
        [
            self.quarter_join::<SHIFT>(low[0], high[0]),
            self.quarter_join::<SHIFT>(low[1], high[1]),
            self.quarter_join::<SHIFT>(low[2], high[2]),
            self.quarter_join::<SHIFT>(low[3], high[3]),
        ]
    }

    #[inline(always)]
    fn zero(self) -> [int32x4_t; 4] {
        // SAFETY: the processor has NEON.
        unsafe { [vdupq_n_s32(0); 4] }
    }

    #[inline(always)]
    fn dot(self, sums: [int32x4_t; 4], codes: [uint8x16_t; 4], quad: i32) -> [int32x4_t; 4] {
        [
            self.quarter_dot(sums[0], codes[0], quad),
            self.quarter_dot(sums[1], codes[1], quad),
            self.quarter_dot(sums[2], codes[2], quad),
            self.quarter_dot(sums[3], codes[3], quad),
        ]
    }

    #[inline(always)]
    fn dot_wide(self, sums: [int32x4_t; 4], codes: [uint8x16_t; 4], quad: [i32; 2]) -> [int32x4_t; 4] {
        [
            self.quarter_dot_wide(sums[0], codes[0], quad),
            self.quarter_dot_wide(sums[1], codes[1], quad),
            self.quarter_dot_wide(sums[2], codes[2], quad),
            self.quarter_dot_wide(sums[3], codes[3], quad),
        ]
    }

    #[inline(always)]
    fn add(self, left: [int32x4_t; 4], right: [int32x4_t; 4]) -> [int32x4_t; 4] {
        // SAFETY: the processor has NEON.
        unsafe {
            [
                vaddq_s32(left[0], right[0]),
                vaddq_s32(left[1], right[1]),
                vaddq_s32(left[2], right[2]),
                vaddq_s32(left[3], right[3]),
            ]
        }
    }

    #[inline(always)]
    fn subtract(self, left: [int32x4_t; 4], right: [int32x4_t; 4]) -> [int32x4_t; 4] {
        // SAFETY: the processor has NEON.
        unsafe {
            [
                vsubq_s32(left[0], right[0]),
                vsubq_s32(left[1], right[1]),
                vsubq_s32(left[2], right[2]),
                vsubq_s32(left[3], right[3]),
            ]
        }
    }

    #[inline(always)]
    fn multiply(self, left: [int32x4_t; 4], right: [int32x4_t; 4]) -> [int32x4_t; 4] {
        // SAFETY: the processor has NEON.
        unsafe {
            [
                vmulq_s32(left[0], right[0]),
                vmulq_s32(left[1], right[1]),
                vmulq_s32(left[2], right[2]),
                vmulq_s32(left[3], right[3]),
            ]
        }
    }

    #[inline(always)]
    fn splat(self, value: i32) -> [int32x4_t; 4] {
        // SAFETY: the processor has NEON.
        unsafe { [vdupq_n_s32(value); 4] }
    }

    #[inline(always)]
    fn load_sums(self, values: &[i32; LANES]) -> [int32x4_t; 4] {
        let first = values.as_ptr();
        // SAFETY: the array has 16 numbers; the processor has NEON.
        unsafe {
            [
                vld1q_s32(first.add(0)),
                vld1q_s32(first.add(4)),
                vld1q_s32(first.add(8)),
                vld1q_s32(first.add(12)),
            ]
        }
    }

    #[inline(always)]
    fn load_short(self, values: &[i16; LANES]) -> [int32x4_t; 4] {
        let first = values.as_ptr();
        // SAFETY: the array has 16 numbers; the processor has NEON.
        unsafe {
            [
                vmovl_s16(vld1_s16(first.add(0))),
                vmovl_s16(vld1_s16(first.add(4))),
                vmovl_s16(vld1_s16(first.add(8))),
                vmovl_s16(vld1_s16(first.add(12))),
            ]
        }
    }

    #[inline(always)]
    fn store_sums(self, sums: [int32x4_t; 4], values: &mut [i32; LANES]) {
        let first = values.as_mut_ptr();
        // SAFETY: the array has 16 numbers; the processor has NEON.
        unsafe {
            vst1q_s32(first.add(0), sums[0]);
            vst1q_s32(first.add(4), sums[1]);
            vst1q_s32(first.add(8), sums[2]);
            vst1q_s32(first.add(12), sums[3]);
        }
    }

    #[inline(always)]
    fn floats(self, sums: [int32x4_t; 4]) -> [float32x4_t; 4] {
        // SAFETY: the processor has NEON.
        unsafe {
            [vcvtq_f32_s32(sums[0]), vcvtq_f32_s32(sums[1]), vcvtq_f32_s32(sums[2]), vcvtq_f32_s32(sums[3])]
        }
    }

    #[inline(always)]
    fn as_floats(self, words: [int32x4_t; 4]) -> [float32x4_t; 4] {
        // SAFETY: the processor has NEON.
        words.map(|quarter| unsafe { vreinterpretq_f32_s32(quarter) })
    }

    #[inline(always)]
    fn splat_floats(self, value: f32) -> [float32x4_t; 4] {
        // SAFETY: the processor has NEON.
        unsafe { [vdupq_n_f32(value); 4] }
    }

    #[inline(always)]
    fn load_floats(self, values: &[f32; LANES]) -> [float32x4_t; 4] {
        let first = values.as_ptr();
        // SAFETY: the array has 16 numbers; the processor has NEON.
        unsafe {
            [
                vld1q_f32(first.add(0)),
                vld1q_f32(first.add(4)),
                vld1q_f32(first.add(8)),
                vld1q_f32(first.add(12)),
            ]
        }
    }

    #[inline(always)]
    fn store_floats(self, floats: [float32x4_t; 4], values: &mut [f32; LANES]) {
        let first = values.as_mut_ptr();
        // SAFETY: the array has 16 numbers; the processor has NEON.
        unsafe {
            vst1q_f32(first.add(0), floats[0]);
            vst1q_f32(first.add(4), floats[1]);
            vst1q_f32(first.add(8), floats[2]);
            vst1q_f32(first.add(12), floats[3]);
        }
    }

    #[inline(always)]
    fn add_floats(self, left: [float32x4_t; 4], right: [float32x4_t; 4]) -> [float32x4_t; 4] {
        // SAFETY: the processor has NEON.
        unsafe {
            [
                vaddq_f32(left[0], right[0]),
                vaddq_f32(left[1], right[1]),
                vaddq_f32(left[2], right[2]),
                vaddq_f32(left[3], right[3]),
            ]
        }
    }

    #[inline(always)]
    fn subtract_floats(self, left: [float32x4_t; 4], right: [float32x4_t; 4]) -> [float32x4_t; 4] {
        // SAFETY: the processor has NEON.
        unsafe {
            [
                vsubq_f32(left[0], right[0]),
                vsubq_f32(left[1], right[1]),
                vsubq_f32(left[2], right[2]),
                vsubq_f32(left[3], right[3]),
            ]
        }
    }

    #[inline(always)]
    fn multiply_floats(self, left: [float32x4_t; 4], right: [float32x4_t; 4]) -> [float32x4_t; 4] {
        // SAFETY: the processor has NEON.
        unsafe {
            [
                vmulq_f32(left[0], right[0]),
                vmulq_f32(left[1], right[1]),
                vmulq_f32(left[2], right[2]),
                vmulq_f32(left[3], right[3]),
            ]
        }
    }

    #[inline(always)]
    fn multiply_add(
        self,
        left: [float32x4_t; 4],
        right: [float32x4_t; 4],
        sum: [float32x4_t; 4],
    ) -> [float32x4_t; 4] {
        // SAFETY: the processor has NEON.
        unsafe {
            [
                vfmaq_f32(sum[0], left[0], right[0]),
                vfmaq_f32(sum[1], left[1], right[1]),
                vfmaq_f32(sum[2], left[2], right[2]),
                vfmaq_f32(sum[3], left[3], right[3]),
            ]
        }
    }

    #[inline(always)]
    fn shift_right(self, words: [int32x4_t; 4], count: u32) -> [int32x4_t; 4] {
        // SAFETY: the processor has NEON.
        unsafe {
            let shift = vdupq_n_s32(count.cast_signed().wrapping_neg());
            let word = |word| vreinterpretq_s32_u32(vshlq_u32(vreinterpretq_u32_s32(word), shift));
            [word(words[0]), word(words[1]), word(words[2]), word(words[3])]
        }
    }

    #[inline(always)]
    fn shift_left(self, words: [int32x4_t; 4], count: u32) -> [int32x4_t; 4] {
        // SAFETY: the processor has NEON.
        unsafe {
            let shift = vdupq_n_s32(count.cast_signed());
            [
                vshlq_s32(words[0], shift),
                vshlq_s32(words[1], shift),
                vshlq_s32(words[2], shift),
                vshlq_s32(words[3], shift),
            ]
        }
    }

    #[inline(always)]
    fn shift_right_signed(self, words: [int32x4_t; 4], count: u32) -> [int32x4_t; 4] {
        // SAFETY: the processor has NEON.
        unsafe {
            let shift = vdupq_n_s32(count.cast_signed().wrapping_neg());
            [
                vshlq_s32(words[0], shift),
                vshlq_s32(words[1], shift),
                vshlq_s32(words[2], shift),
                vshlq_s32(words[3], shift),
            ]
        }
    }

    #[inline(always)]
    fn and(self, left: [int32x4_t; 4], right: [int32x4_t; 4]) -> [int32x4_t; 4] {
        // SAFETY: the processor has NEON.
        unsafe {
            [
                vandq_s32(left[0], right[0]),
                vandq_s32(left[1], right[1]),
                vandq_s32(left[2], right[2]),
                vandq_s32(left[3], right[3]),
            ]
        }
    }

    #[inline(always)]
    fn or(self, left: [int32x4_t; 4], right: [int32x4_t; 4]) -> [int32x4_t; 4] {
        // SAFETY: the processor has NEON.
        unsafe {
            [
                vorrq_s32(left[0], right[0]),
                vorrq_s32(left[1], right[1]),
                vorrq_s32(left[2], right[2]),
                vorrq_s32(left[3], right[3]),
            ]
        }
    }

    #[inline(always)]
    fn low_byte(self, words: [int32x4_t; 4]) -> [int32x4_t; 4] {
        // SAFETY: the processor has NEON.
        unsafe {
            [
                vandq_s32(words[0], vdupq_n_s32(0xff)),
                vandq_s32(words[1], vdupq_n_s32(0xff)),
                vandq_s32(words[2], vdupq_n_s32(0xff)),
                vandq_s32(words[3], vdupq_n_s32(0xff)),
            ]
        }
    }

    #[inline(always)]
    fn look_up(self, table: [float32x4_t; 4], words: [int32x4_t; 4]) -> [float32x4_t; 4] {
        let mut numbers = [0.0; LANES];
        self.store_floats(table, &mut numbers);
        let words = self.sums(words);
        self.load_floats(&words.map(|word| numbers[usize::from(word.to_le_bytes()[0] & 15)]))
    }

    #[inline(always)]
    fn gather(self, table: &[f32; 256], words: [int32x4_t; 4]) -> [float32x4_t; 4] {
        let words = self.sums(words);
        self.load_floats(&words.map(|word| table[usize::from(word.to_le_bytes()[0])]))
    }

    #[inline(always)]
    fn look_up_bytes(self, table: &[u8; 16], codes: [uint8x16_t; 4]) -> [uint8x16_t; 4] {
        // SAFETY: the table has 16 bytes; the processor has NEON.
        unsafe {
            let table = vld1q_u8(table.as_ptr());
            [
                vqtbl1q_u8(table, codes[0]),
                vqtbl1q_u8(table, codes[1]),
                vqtbl1q_u8(table, codes[2]),
                vqtbl1q_u8(table, codes[3]),
            ]
        }
    }

    #[inline(always)]
    fn zero_shorts(self) -> [uint16x8_t; 8] {
        // SAFETY: the processor has NEON.
        unsafe { [vdupq_n_u16(0); 8] }
    }

    #[inline(always)]
    fn add_bytes(self, shorts: [uint16x8_t; 8], bytes: [uint8x16_t; 4]) -> [uint16x8_t; 8] {
        // SAFETY: the processor has NEON.
        unsafe {
            [
                vaddw_u8(shorts[0], vget_low_u8(bytes[0])),
                vaddw_high_u8(shorts[1], bytes[0]),
                vaddw_u8(shorts[2], vget_low_u8(bytes[1])),
                vaddw_high_u8(shorts[3], bytes[1]),
                vaddw_u8(shorts[4], vget_low_u8(bytes[2])),
                vaddw_high_u8(shorts[5], bytes[2]),
                vaddw_u8(shorts[6], vget_low_u8(bytes[3])),
                vaddw_high_u8(shorts[7], bytes[3]),
            ]
        }
    }

    #[inline(always)]
    fn shorts(self, shorts: [uint16x8_t; 8]) -> [u16; 64] {
        let mut array = [0; 64];
        for (part, shorts) in array.as_chunks_mut::<8>().0.iter_mut().zip(shorts) {
            // SAFETY: the array has eight numbers; the processor has NEON.
            unsafe { vst1q_u16(part.as_mut_ptr(), shorts) };
        }
        array
    }
}

impl Neon {
    #[inline(always)]
    fn quarter_field<const SHIFT: u32>(self, bytes: uint8x16_t, mask: u8) -> uint8x16_t {
        // SAFETY: the processor has NEON.
        unsafe {
            let shift = vdupq_n_s8(0_i8.wrapping_sub_unsigned(SHIFT.to_le_bytes()[0]));
            vandq_u8(vshlq_u8(bytes, shift), vdupq_n_u8(mask))
        }
    }

    #[inline(always)]
    fn quarter_join<const SHIFT: u32>(self, low: uint8x16_t, high: uint8x16_t) -> uint8x16_t {
        // SAFETY: the processor has NEON.
        unsafe { vorrq_u8(low, vshlq_u8(high, vdupq_n_s8(SHIFT.to_le_bytes()[0].cast_signed()))) }
    }

    #[inline(always)]
    fn quarter_dot(self, sums: int32x4_t, codes: uint8x16_t, quad: i32) -> int32x4_t {
        // SAFETY: the processor has NEON.
        unsafe {
            let steps = vreinterpretq_s8_s32(vdupq_n_s32(quad));
            // Codes are below 16, so that they are signed bytes, and sums of two products are below 2¹².
            let codes = vreinterpretq_s8_u8(codes);
            let low = vmull_s8(vget_low_s8(codes), vget_low_s8(steps));
            let high = vmull_high_s8(codes, steps);
            vpadalq_s16(sums, vpaddq_s16(low, high))
        }
    }

    #[inline(always)]
    fn quarter_dot_wide(self, sums: int32x4_t, codes: uint8x16_t, quad: [i32; 2]) -> int32x4_t {
        // SAFETY: the processor has NEON.
        unsafe {
            let codes = vreinterpretq_u16_u8(codes);
            let even = vreinterpretq_s16_u16(vandq_u16(codes, vdupq_n_u16(0xff)));
            let odd = vreinterpretq_s16_u16(vshrq_n_u16::<8>(codes));
            let even_steps = vreinterpretq_s16_s32(vdupq_n_s32(quad[0]));
            let odd_steps = vreinterpretq_s16_s32(vdupq_n_s32(quad[1]));
            let low = vmull_s16(vget_low_s16(even), vget_low_s16(even_steps));
            let low = vmlal_s16(low, vget_low_s16(odd), vget_low_s16(odd_steps));
            let high = vmull_high_s16(even, even_steps);
            let high = vmlal_high_s16(high, odd, odd_steps);
            vaddq_s32(sums, vpaddq_s32(low, high))
        }
    }

    #[inline(always)]
    fn sums(self, sums: [int32x4_t; 4]) -> [i32; LANES] {
        let mut array = [0; LANES];
        self.store_sums(sums, &mut array);
        array
    }
}
