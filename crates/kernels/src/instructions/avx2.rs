//! AVX2: 16 outputs are two registers.

use std::arch::x86_64::*;

use super::{Kernel, Set, expect_load, expect_store, prefetch};
use crate::aligned::{CodeLine, LANES};

/// Exists only where the processor has AVX2 and FMA.
#[derive(Debug, Clone, Copy)]
pub(super) struct Avx2(());

/// # Safety
/// The processor has AVX2 and FMA.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn run<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Avx2(()))
}

impl Set for Avx2 {
    const WIDE: bool = true;
    const ACCUMULATORS: usize = 4;

    type Codes = [__m256i; 2];
    type Sums = [__m256i; 2];
    type Floats = [__m256; 2];
    type Shorts = [[__m256i; 2]; 2];

    #[inline(always)]
    fn load(self, line: &CodeLine) -> [__m256i; 2] {
        let halves: *const __m256i = (&raw const line.0).cast();
        // SAFETY: a line has 64 bytes, aligned to 64; the processor has AVX, as for all below, since `self` exists.
        unsafe { [_mm256_load_si256(halves), _mm256_load_si256(halves.add(1))] }
    }

    #[inline(always)]
    fn store(self, codes: [__m256i; 2], line: &mut CodeLine) {
        let halves: *mut __m256i = (&raw mut line.0).cast();
        // SAFETY: a line has 64 bytes, aligned to 64; the processor has AVX.
        unsafe {
            _mm256_store_si256(halves, codes[0]);
            _mm256_store_si256(halves.add(1), codes[1]);
        }
    }

    #[inline(always)]
    fn prefetch<T>(self, block: &T, ahead: usize) {
        prefetch(block, ahead);
    }

    #[inline(always)]
    fn expect_load<T>(self, place: &T) {
        expect_load(place);
    }

    #[inline(always)]
    fn expect_store<T>(self, place: &T) {
        expect_store(place);
    }

    #[inline(always)]
    fn field<const SHIFT: u32>(self, bytes: [__m256i; 2], mask: u8) -> [__m256i; 2] {
        [self.half_field::<SHIFT>(bytes[0], mask), self.half_field::<SHIFT>(bytes[1], mask)]
    }

    #[inline(always)]
    fn join<const SHIFT: u32>(self, low: [__m256i; 2], high: [__m256i; 2]) -> [__m256i; 2] {
        [self.half_join::<SHIFT>(low[0], high[0]), self.half_join::<SHIFT>(low[1], high[1])]
    }

    #[inline(always)]
    fn zero(self) -> [__m256i; 2] {
        // SAFETY: the processor has AVX.
        unsafe { [_mm256_setzero_si256(); 2] }
    }

    #[inline(always)]
    fn dot(self, sums: [__m256i; 2], codes: [__m256i; 2], quad: i32) -> [__m256i; 2] {
        [self.half_dot(sums[0], codes[0], quad), self.half_dot(sums[1], codes[1], quad)]
    }

    #[inline(always)]
    fn dot_wide(self, sums: [__m256i; 2], codes: [__m256i; 2], quad: [i32; 2]) -> [__m256i; 2] {
        [self.half_dot_wide(sums[0], codes[0], quad), self.half_dot_wide(sums[1], codes[1], quad)]
    }

    #[inline(always)]
    fn add(self, left: [__m256i; 2], right: [__m256i; 2]) -> [__m256i; 2] {
        // SAFETY: the processor has AVX2.
        unsafe { [_mm256_add_epi32(left[0], right[0]), _mm256_add_epi32(left[1], right[1])] }
    }

    #[inline(always)]
    fn subtract(self, left: [__m256i; 2], right: [__m256i; 2]) -> [__m256i; 2] {
        // SAFETY: the processor has AVX2.
        unsafe { [_mm256_sub_epi32(left[0], right[0]), _mm256_sub_epi32(left[1], right[1])] }
    }

    #[inline(always)]
    fn multiply(self, left: [__m256i; 2], right: [__m256i; 2]) -> [__m256i; 2] {
        // SAFETY: the processor has AVX2.
        unsafe { [_mm256_mullo_epi32(left[0], right[0]), _mm256_mullo_epi32(left[1], right[1])] }
    }

    #[inline(always)]
    fn splat(self, value: i32) -> [__m256i; 2] {
        // SAFETY: the processor has AVX2.
        unsafe { [_mm256_set1_epi32(value); 2] }
    }

    #[inline(always)]
    fn load_sums(self, values: &[i32; LANES]) -> [__m256i; 2] {
        let halves: *const __m256i = (&raw const *values).cast();
        // SAFETY: the array has 64 bytes; the processor has AVX2.
        unsafe { [_mm256_loadu_si256(halves), _mm256_loadu_si256(halves.add(1))] }
    }

    #[inline(always)]
    fn load_short(self, values: &[i16; LANES]) -> [__m256i; 2] {
        let halves: *const __m128i = (&raw const *values).cast();
        // SAFETY: the array has 32 bytes; the processor has AVX2.
        unsafe {
            [
                _mm256_cvtepi16_epi32(_mm_loadu_si128(halves)),
                _mm256_cvtepi16_epi32(_mm_loadu_si128(halves.add(1))),
            ]
        }
    }

    #[inline(always)]
    fn store_sums(self, sums: [__m256i; 2], values: &mut [i32; LANES]) {
        let halves: *mut __m256i = (&raw mut *values).cast();
        // SAFETY: the array has 64 bytes; the processor has AVX2.
        unsafe {
            _mm256_storeu_si256(halves, sums[0]);
            _mm256_storeu_si256(halves.add(1), sums[1]);
        }
    }

    #[inline(always)]
    fn floats(self, sums: [__m256i; 2]) -> [__m256; 2] {
        // SAFETY: the processor has AVX2.
        unsafe { [_mm256_cvtepi32_ps(sums[0]), _mm256_cvtepi32_ps(sums[1])] }
    }

    #[inline(always)]
    fn as_floats(self, words: [__m256i; 2]) -> [__m256; 2] {
        // SAFETY: the processor has AVX2.
        words.map(|half| unsafe { _mm256_castsi256_ps(half) })
    }

    #[inline(always)]
    fn splat_floats(self, value: f32) -> [__m256; 2] {
        // SAFETY: the processor has AVX2.
        unsafe { [_mm256_set1_ps(value); 2] }
    }

    #[inline(always)]
    fn load_floats(self, values: &[f32; LANES]) -> [__m256; 2] {
        let halves = values.as_ptr();
        // SAFETY: the array has 64 bytes; the processor has AVX2.
        unsafe { [_mm256_loadu_ps(halves), _mm256_loadu_ps(halves.add(8))] }
    }

    #[inline(always)]
    fn store_floats(self, floats: [__m256; 2], values: &mut [f32; LANES]) {
        let halves = values.as_mut_ptr();
        // SAFETY: the array has 64 bytes; the processor has AVX2.
        unsafe {
            _mm256_storeu_ps(halves, floats[0]);
            _mm256_storeu_ps(halves.add(8), floats[1]);
        }
    }

    #[inline(always)]
    fn add_floats(self, left: [__m256; 2], right: [__m256; 2]) -> [__m256; 2] {
        // SAFETY: the processor has AVX2.
        unsafe { [_mm256_add_ps(left[0], right[0]), _mm256_add_ps(left[1], right[1])] }
    }

    #[inline(always)]
    fn subtract_floats(self, left: [__m256; 2], right: [__m256; 2]) -> [__m256; 2] {
        // SAFETY: the processor has AVX2.
        unsafe { [_mm256_sub_ps(left[0], right[0]), _mm256_sub_ps(left[1], right[1])] }
    }

    #[inline(always)]
    fn multiply_floats(self, left: [__m256; 2], right: [__m256; 2]) -> [__m256; 2] {
        // SAFETY: the processor has AVX2.
        unsafe { [_mm256_mul_ps(left[0], right[0]), _mm256_mul_ps(left[1], right[1])] }
    }

    #[inline(always)]
    fn multiply_add(self, left: [__m256; 2], right: [__m256; 2], sum: [__m256; 2]) -> [__m256; 2] {
        // SAFETY: the processor has FMA.
        unsafe { [_mm256_fmadd_ps(left[0], right[0], sum[0]), _mm256_fmadd_ps(left[1], right[1], sum[1])] }
    }

    #[inline(always)]
    fn shift_right(self, words: [__m256i; 2], count: u32) -> [__m256i; 2] {
        // SAFETY: the processor has AVX2.
        unsafe {
            let count = _mm_cvtsi32_si128(count.cast_signed());
            [_mm256_srl_epi32(words[0], count), _mm256_srl_epi32(words[1], count)]
        }
    }

    #[inline(always)]
    fn shift_left(self, words: [__m256i; 2], count: u32) -> [__m256i; 2] {
        // SAFETY: the processor has AVX2.
        unsafe {
            let count = _mm_cvtsi32_si128(count.cast_signed());
            [_mm256_sll_epi32(words[0], count), _mm256_sll_epi32(words[1], count)]
        }
    }

    #[inline(always)]
    fn shift_right_signed(self, words: [__m256i; 2], count: u32) -> [__m256i; 2] {
        // SAFETY: the processor has AVX2.
        unsafe {
            let count = _mm_cvtsi32_si128(count.cast_signed());
            [_mm256_sra_epi32(words[0], count), _mm256_sra_epi32(words[1], count)]
        }
    }

    #[inline(always)]
    fn and(self, left: [__m256i; 2], right: [__m256i; 2]) -> [__m256i; 2] {
        // SAFETY: the processor has AVX2.
        unsafe { [_mm256_and_si256(left[0], right[0]), _mm256_and_si256(left[1], right[1])] }
    }

    #[inline(always)]
    fn or(self, left: [__m256i; 2], right: [__m256i; 2]) -> [__m256i; 2] {
        // SAFETY: the processor has AVX2.
        unsafe { [_mm256_or_si256(left[0], right[0]), _mm256_or_si256(left[1], right[1])] }
    }

    #[inline(always)]
    fn low_byte(self, words: [__m256i; 2]) -> [__m256i; 2] {
        // SAFETY: the processor has AVX2.
        unsafe {
            let mask = _mm256_set1_epi32(0xff);
            [_mm256_and_si256(words[0], mask), _mm256_and_si256(words[1], mask)]
        }
    }

    #[inline(always)]
    fn look_up(self, table: [__m256; 2], words: [__m256i; 2]) -> [__m256; 2] {
        [self.half_look_up(table, words[0]), self.half_look_up(table, words[1])]
    }

    #[inline(always)]
    fn gather(self, table: &[f32; 256], words: [__m256i; 2]) -> [__m256; 2] {
        let words = self.low_byte(words);
        // SAFETY: the low bytes count to one of the 256 numbers; the processor has AVX2.
        unsafe {
            [
                _mm256_i32gather_ps::<4>(table.as_ptr(), words[0]),
                _mm256_i32gather_ps::<4>(table.as_ptr(), words[1]),
            ]
        }
    }

    #[inline(always)]
    fn look_up_bytes(self, table: &[u8; 16], codes: [__m256i; 2]) -> [__m256i; 2] {
        // SAFETY: the table has 16 bytes; the processor has AVX2.
        unsafe {
            let table = _mm256_broadcastsi128_si256(_mm_loadu_si128((&raw const *table).cast()));
            [_mm256_shuffle_epi8(table, codes[0]), _mm256_shuffle_epi8(table, codes[1])]
        }
    }

    #[inline(always)]
    fn zero_shorts(self) -> [[__m256i; 2]; 2] {
        // SAFETY: the processor has AVX2.
        unsafe { [[_mm256_setzero_si256(); 2]; 2] }
    }

    #[inline(always)]
    fn add_bytes(self, shorts: [[__m256i; 2]; 2], bytes: [__m256i; 2]) -> [[__m256i; 2]; 2] {
        [self.half_add_bytes(shorts[0], bytes[0]), self.half_add_bytes(shorts[1], bytes[1])]
    }

    #[inline(always)]
    fn shorts(self, shorts: [[__m256i; 2]; 2]) -> [u16; 64] {
        let mut parts = [[[[0_u16; 8]; 2]; 2]; 2];
        for (parts, [both, odd]) in parts.iter_mut().zip(shorts) {
            // SAFETY: the arrays have 32 bytes; the processor has AVX2.
            unsafe {
                let even = _mm256_sub_epi16(both, _mm256_slli_epi16::<8>(odd));
                // Of each 16 bytes, the first eight and the last eight.
                let first = _mm256_unpacklo_epi16(even, odd);
                let last = _mm256_unpackhi_epi16(even, odd);
                _mm256_storeu_si256((&raw mut parts[0]).cast(), first);
                _mm256_storeu_si256((&raw mut parts[1]).cast(), last);
            }
        }
        let mut sums = [0; 64];
        for (index, sums) in sums.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            *sums = parts[index / 4][index % 2][index % 4 / 2];
        }
        sums
    }
}

impl Avx2 {
    #[inline(always)]
    fn half_field<const SHIFT: u32>(self, bytes: __m256i, mask: u8) -> __m256i {
        // SAFETY: the processor has AVX2. Bits that come from the neighbouring byte are masked.
        unsafe {
            let shift = _mm_cvtsi32_si128(SHIFT.cast_signed());
            _mm256_and_si256(_mm256_srl_epi16(bytes, shift), _mm256_set1_epi8(mask.cast_signed()))
        }
    }

    #[inline(always)]
    fn half_join<const SHIFT: u32>(self, low: __m256i, high: __m256i) -> __m256i {
        // SAFETY: the processor has AVX2.
        unsafe { _mm256_or_si256(low, _mm256_sll_epi16(high, _mm_cvtsi32_si128(SHIFT.cast_signed()))) }
    }

    #[inline(always)]
    fn half_dot(self, sums: __m256i, codes: __m256i, quad: i32) -> __m256i {
        // SAFETY: the processor has AVX2.
        unsafe {
            // Codes are below 16: sums of two products are below 2¹².
            let pairs = _mm256_maddubs_epi16(codes, _mm256_set1_epi32(quad));
            _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
        }
    }

    #[inline(always)]
    fn half_dot_wide(self, sums: __m256i, codes: __m256i, quad: [i32; 2]) -> __m256i {
        // SAFETY: the processor has AVX2.
        unsafe {
            let even = _mm256_and_si256(codes, _mm256_set1_epi16(0xff));
            let odd = _mm256_srli_epi16::<8>(codes);
            let even = _mm256_madd_epi16(even, _mm256_set1_epi32(quad[0]));
            let odd = _mm256_madd_epi16(odd, _mm256_set1_epi32(quad[1]));
            _mm256_add_epi32(sums, _mm256_add_epi32(even, odd))
        }
    }

    #[inline(always)]
    fn half_look_up(self, table: [__m256; 2], words: __m256i) -> __m256 {
        // SAFETY: the processor has AVX2.
        unsafe {
            // The low three bits choose within a half of the table, the fourth one, moved to the sign, which half.
            let low = _mm256_permutevar8x32_ps(table[0], words);
            let high = _mm256_permutevar8x32_ps(table[1], words);
            _mm256_blendv_ps(low, high, _mm256_castsi256_ps(_mm256_slli_epi32::<28>(words)))
        }
    }

    /// Sums of an even byte and 256 times the odd one behind it, which wrap, then of odd ones.
    #[inline(always)]
    fn half_add_bytes(self, shorts: [__m256i; 2], bytes: __m256i) -> [__m256i; 2] {
        // SAFETY: the processor has AVX2.
        unsafe {
            let odd = _mm256_srli_epi16::<8>(bytes);
            [_mm256_add_epi16(shorts[0], bytes), _mm256_add_epi16(shorts[1], odd)]
        }
    }
}
