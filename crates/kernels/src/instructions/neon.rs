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

    #[inline(always)]
    fn load(self, line: &CodeLine) -> [uint8x16_t; 4] {
        let bytes = line.0.as_ptr();
        // SAFETY: a line has 64 bytes; the processor has NEON, as for all below, since `self` exists.
        unsafe {
            [vld1q_u8(bytes), vld1q_u8(bytes.add(16)), vld1q_u8(bytes.add(32)), vld1q_u8(bytes.add(48))]
        }
    }

    #[inline(always)]
    fn prefetch<T>(self, _block: &T) {}

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
}
