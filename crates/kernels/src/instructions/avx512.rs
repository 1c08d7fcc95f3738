//! AVX-512 BW, and VNNI on top of it.

use std::arch::x86_64::*;

use super::{Kernel, Set, expect_load, expect_store, prefetch};
use crate::aligned::{CodeLine, LANES};

/// Exists only where the processor has AVX-512 F, BW, DQ and VL, AVX2 and FMA.
#[derive(Debug, Clone, Copy)]
pub(super) struct Avx512Bw(());

/// Exists only where the processor has those and AVX-512 VNNI.
#[derive(Debug, Clone, Copy)]
pub(super) struct Avx512Vnni(Avx512Bw);

/// # Safety
/// The processor has AVX-512 F, BW, DQ and VL, AVX2 and FMA.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
pub(super) unsafe fn run<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Avx512Bw(()))
}

/// # Safety
/// The processor has AVX-512 F, BW, DQ, VL and VNNI, AVX2 and FMA.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma")]
pub(super) unsafe fn run_vnni<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Avx512Vnni(Avx512Bw(())))
}

impl Set for Avx512Bw {
    const WIDE: bool = true;
    const ACCUMULATORS: usize = 24;

    type Codes = __m512i;
    type Sums = __m512i;
    type Floats = __m512;
    type Shorts = [__m512i; 2];

    #[inline(always)]
    fn load(self, line: &CodeLine) -> __m512i {
        // SAFETY: a line has 64 bytes, aligned to 64; the processor has AVX-512 F, as for all below, since `self` exists.
        unsafe { _mm512_load_si512((&raw const *line).cast()) }
    }

    #[inline(always)]
    fn store(self, codes: __m512i, line: &mut CodeLine) {
        // SAFETY: a line has 64 bytes, aligned to 64; the processor has AVX-512 F.
        unsafe { _mm512_store_si512((&raw mut *line).cast(), codes) }
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
    fn field<const SHIFT: u32>(self, bytes: __m512i, mask: u8) -> __m512i {
        // SAFETY: the processor has AVX-512 BW. Bits that come from the neighbouring byte are masked.
        unsafe {
            let mask = _mm512_set1_epi8(mask.cast_signed());
            if SHIFT == 0 {
                return _mm512_and_si512(bytes, mask);
            }
            _mm512_and_si512(_mm512_srli_epi16::<SHIFT>(bytes), mask)
        }
    }

    #[inline(always)]
    fn join<const SHIFT: u32>(self, low: __m512i, high: __m512i) -> __m512i {
        // SAFETY: the processor has AVX-512 BW.
        unsafe { _mm512_or_si512(low, _mm512_slli_epi16::<SHIFT>(high)) }
    }

    #[inline(always)]
    fn zero(self) -> __m512i {
        // SAFETY: the processor has AVX-512 F.
        unsafe { _mm512_setzero_si512() }
    }

    #[inline(always)]
    fn dot(self, sums: __m512i, codes: __m512i, quad: i32) -> __m512i {
        // SAFETY: the processor has AVX-512 BW.
        unsafe {
            // Codes are below 16: sums of two products are below 2¹².
            let pairs = _mm512_maddubs_epi16(codes, _mm512_set1_epi32(quad));
            _mm512_add_epi32(sums, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)))
        }
    }

    #[inline(always)]
    fn dot_wide(self, sums: __m512i, codes: __m512i, quad: [i32; 2]) -> __m512i {
        // SAFETY: the processor has AVX-512 BW.
        unsafe {
            let even = _mm512_and_si512(codes, _mm512_set1_epi16(0xff));
            let odd = _mm512_srli_epi16::<8>(codes);
            let even = _mm512_madd_epi16(even, _mm512_set1_epi32(quad[0]));
            let odd = _mm512_madd_epi16(odd, _mm512_set1_epi32(quad[1]));
            _mm512_add_epi32(sums, _mm512_add_epi32(even, odd))
        }
    }

    #[inline(always)]
    fn add(self, left: __m512i, right: __m512i) -> __m512i {
        // SAFETY: the processor has AVX-512 F.
        unsafe { _mm512_add_epi32(left, right) }
    }

    #[inline(always)]
    fn subtract(self, left: __m512i, right: __m512i) -> __m512i {
        // SAFETY: the processor has AVX-512 F.
        unsafe { _mm512_sub_epi32(left, right) }
    }

    #[inline(always)]
    fn multiply(self, left: __m512i, right: __m512i) -> __m512i {
        // SAFETY: the processor has AVX-512 F.
        unsafe { _mm512_mullo_epi32(left, right) }
    }

    #[inline(always)]
    fn splat(self, value: i32) -> __m512i {
        // SAFETY: the processor has AVX-512 F.
        unsafe { _mm512_set1_epi32(value) }
    }

    #[inline(always)]
    fn load_sums(self, values: &[i32; LANES]) -> __m512i {
        // SAFETY: the array has 64 bytes; the processor has AVX-512 F.
        unsafe { _mm512_loadu_si512((&raw const *values).cast()) }
    }

    #[inline(always)]
    fn load_short(self, values: &[i16; LANES]) -> __m512i {
        // SAFETY: the array has 32 bytes; the processor has AVX-512 F.
        unsafe { _mm512_cvtepi16_epi32(_mm256_loadu_si256((&raw const *values).cast())) }
    }

    #[inline(always)]
    fn store_sums(self, sums: __m512i, values: &mut [i32; LANES]) {
        // SAFETY: the array has 64 bytes; the processor has AVX-512 F.
        unsafe { _mm512_storeu_si512((&raw mut *values).cast(), sums) }
    }

    #[inline(always)]
    fn floats(self, sums: __m512i) -> __m512 {
        // SAFETY: the processor has AVX-512 F.
        unsafe { _mm512_cvtepi32_ps(sums) }
    }

    #[inline(always)]
    fn as_floats(self, words: __m512i) -> __m512 {
        // SAFETY: the processor has AVX-512 F.
        unsafe { _mm512_castsi512_ps(words) }
    }

    #[inline(always)]
    fn splat_floats(self, value: f32) -> __m512 {
        // SAFETY: the processor has AVX-512 F.
        unsafe { _mm512_set1_ps(value) }
    }

    #[inline(always)]
    fn load_floats(self, values: &[f32; LANES]) -> __m512 {
        // SAFETY: the array has 64 bytes; the processor has AVX-512 F.
        unsafe { _mm512_loadu_ps(values.as_ptr()) }
    }

    #[inline(always)]
    fn store_floats(self, floats: __m512, values: &mut [f32; LANES]) {
        // SAFETY: the array has 64 bytes; the processor has AVX-512 F.
        unsafe { _mm512_storeu_ps(values.as_mut_ptr(), floats) }
    }

    #[inline(always)]
    fn add_floats(self, left: __m512, right: __m512) -> __m512 {
        // SAFETY: the processor has AVX-512 F.
        unsafe { _mm512_add_ps(left, right) }
    }

    #[inline(always)]
    fn subtract_floats(self, left: __m512, right: __m512) -> __m512 {
        // SAFETY: the processor has AVX-512 F.
        unsafe { _mm512_sub_ps(left, right) }
    }

    #[inline(always)]
    fn multiply_floats(self, left: __m512, right: __m512) -> __m512 {
        // SAFETY: the processor has AVX-512 F.
        unsafe { _mm512_mul_ps(left, right) }
    }

    #[inline(always)]
    fn multiply_add(self, left: __m512, right: __m512, sum: __m512) -> __m512 {
        // SAFETY: the processor has AVX-512 F.
        unsafe { _mm512_fmadd_ps(left, right, sum) }
    }

    #[inline(always)]
    fn shift_right(self, words: __m512i, count: u32) -> __m512i {
        // SAFETY: the processor has AVX-512 F.
        unsafe { _mm512_srl_epi32(words, _mm_cvtsi32_si128(count.cast_signed())) }
    }

    #[inline(always)]
    fn shift_left(self, words: __m512i, count: u32) -> __m512i {
        // SAFETY: the processor has AVX-512 F.
        unsafe { _mm512_sll_epi32(words, _mm_cvtsi32_si128(count.cast_signed())) }
    }

    #[inline(always)]
    fn shift_right_signed(self, words: __m512i, count: u32) -> __m512i {
        // SAFETY: the processor has AVX-512 F.
        unsafe { _mm512_sra_epi32(words, _mm_cvtsi32_si128(count.cast_signed())) }
    }

    #[inline(always)]
    fn and(self, left: __m512i, right: __m512i) -> __m512i {
        // SAFETY: the processor has AVX-512 F.
        unsafe { _mm512_and_si512(left, right) }
    }

    #[inline(always)]
    fn or(self, left: __m512i, right: __m512i) -> __m512i {
        // SAFETY: the processor has AVX-512 F.
        unsafe { _mm512_or_si512(left, right) }
    }

    #[inline(always)]
    fn low_byte(self, words: __m512i) -> __m512i {
        // SAFETY: the processor has AVX-512 F.
        unsafe { _mm512_and_si512(words, _mm512_set1_epi32(0xff)) }
    }

    #[inline(always)]
    fn look_up(self, table: __m512, words: __m512i) -> __m512 {
        // SAFETY: the processor has AVX-512 F.
        unsafe { _mm512_permutexvar_ps(words, table) }
    }

    #[inline(always)]
    fn gather(self, table: &[f32; 256], words: __m512i) -> __m512 {
        // SAFETY: the low bytes count to one of the 256 numbers; the processor has AVX-512 F.
        unsafe { _mm512_i32gather_ps::<4>(self.low_byte(words), table.as_ptr().cast()) }
    }

    #[inline(always)]
    fn look_up_bytes(self, table: &[u8; 16], codes: __m512i) -> __m512i {
        // SAFETY: the table has 16 bytes; the processor has AVX-512 BW.
        unsafe {
            let table = _mm512_broadcast_i32x4(_mm_loadu_si128((&raw const *table).cast()));
            _mm512_shuffle_epi8(table, codes)
        }
    }

    #[inline(always)]
    fn zero_shorts(self) -> [__m512i; 2] {
        // SAFETY: the processor has AVX-512 F.
        unsafe { [_mm512_setzero_si512(); 2] }
    }

    #[inline(always)]
    fn add_bytes(self, shorts: [__m512i; 2], bytes: __m512i) -> [__m512i; 2] {
        // SAFETY: the processor has AVX-512 BW.
        unsafe {
            let odd = _mm512_srli_epi16::<8>(bytes);
            [_mm512_add_epi16(shorts[0], bytes), _mm512_add_epi16(shorts[1], odd)]
        }
    }

    #[inline(always)]
    fn shorts(self, shorts: [__m512i; 2]) -> [u16; 64] {
        let mut parts = [[[0_u16; 8]; 4]; 2];
        // SAFETY: the arrays have 64 bytes; the processor has AVX-512 BW.
        unsafe {
            let [both, odd] = shorts;
            let even = _mm512_sub_epi16(both, _mm512_slli_epi16::<8>(odd));
            // Of each 16 bytes, the first eight and the last eight.
            let first = _mm512_unpacklo_epi16(even, odd);
            let last = _mm512_unpackhi_epi16(even, odd);
            _mm512_storeu_si512((&raw mut parts[0]).cast(), first);
            _mm512_storeu_si512((&raw mut parts[1]).cast(), last);
        }
        let mut sums = [0; 64];
        for (index, sums) in sums.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            *sums = parts[index % 2][index / 2];
        }
        sums
    }
}

impl Set for Avx512Vnni {
    const WIDE: bool = false;
    const ACCUMULATORS: usize = 24;

    type Codes = __m512i;
    type Sums = __m512i;
    type Floats = __m512;
    type Shorts = [__m512i; 2];

    #[inline(always)]
    fn load(self, line: &CodeLine) -> __m512i {
        self.0.load(line)
    }

    #[inline(always)]
    fn store(self, codes: __m512i, line: &mut CodeLine) {
        self.0.store(codes, line);
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
    fn field<const SHIFT: u32>(self, bytes: __m512i, mask: u8) -> __m512i {
        self.0.field::<SHIFT>(bytes, mask)
    }

    #[inline(always)]
    fn join<const SHIFT: u32>(self, low: __m512i, high: __m512i) -> __m512i {
        self.0.join::<SHIFT>(low, high)
    }

    #[inline(always)]
    fn zero(self) -> __m512i {
        self.0.zero()
    }

    #[inline(always)]
    fn dot(self, sums: __m512i, codes: __m512i, quad: i32) -> __m512i {
        // SAFETY: the processor has AVX-512 VNNI, since `self` exists.
        unsafe { _mm512_dpbusd_epi32(sums, codes, _mm512_set1_epi32(quad)) }
    }

    #[inline(always)]
    fn dot_wide(self, sums: __m512i, codes: __m512i, quad: [i32; 2]) -> __m512i {
        self.0.dot_wide(sums, codes, quad)
    }

    #[inline(always)]
    fn add(self, left: __m512i, right: __m512i) -> __m512i {
        self.0.add(left, right)
    }

    #[inline(always)]
    fn subtract(self, left: __m512i, right: __m512i) -> __m512i {
        self.0.subtract(left, right)
    }

    #[inline(always)]
    fn multiply(self, left: __m512i, right: __m512i) -> __m512i {
        self.0.multiply(left, right)
    }

    #[inline(always)]
    fn splat(self, value: i32) -> __m512i {
        self.0.splat(value)
    }

    #[inline(always)]
    fn load_sums(self, values: &[i32; LANES]) -> __m512i {
        self.0.load_sums(values)
    }

    #[inline(always)]
    fn load_short(self, values: &[i16; LANES]) -> __m512i {
        self.0.load_short(values)
    }

    #[inline(always)]
    fn store_sums(self, sums: __m512i, values: &mut [i32; LANES]) {
        self.0.store_sums(sums, values);
    }

    #[inline(always)]
    fn floats(self, sums: __m512i) -> __m512 {
        self.0.floats(sums)
    }

    #[inline(always)]
    fn as_floats(self, words: __m512i) -> __m512 {
        self.0.as_floats(words)
    }

    #[inline(always)]
    fn splat_floats(self, value: f32) -> __m512 {
        self.0.splat_floats(value)
    }

    #[inline(always)]
    fn load_floats(self, values: &[f32; LANES]) -> __m512 {
        self.0.load_floats(values)
    }

    #[inline(always)]
    fn store_floats(self, floats: __m512, values: &mut [f32; LANES]) {
        self.0.store_floats(floats, values);
    }

    #[inline(always)]
    fn add_floats(self, left: __m512, right: __m512) -> __m512 {
        self.0.add_floats(left, right)
    }

    #[inline(always)]
    fn subtract_floats(self, left: __m512, right: __m512) -> __m512 {
        self.0.subtract_floats(left, right)
    }

    #[inline(always)]
    fn multiply_floats(self, left: __m512, right: __m512) -> __m512 {
        self.0.multiply_floats(left, right)
    }

    #[inline(always)]
    fn multiply_add(self, left: __m512, right: __m512, sum: __m512) -> __m512 {
        self.0.multiply_add(left, right, sum)
    }

    #[inline(always)]
    fn shift_right(self, words: __m512i, count: u32) -> __m512i {
        self.0.shift_right(words, count)
    }

    #[inline(always)]
    fn shift_left(self, words: __m512i, count: u32) -> __m512i {
        self.0.shift_left(words, count)
    }

    #[inline(always)]
    fn shift_right_signed(self, words: __m512i, count: u32) -> __m512i {
        self.0.shift_right_signed(words, count)
    }

    #[inline(always)]
    fn and(self, left: __m512i, right: __m512i) -> __m512i {
        self.0.and(left, right)
    }

    #[inline(always)]
    fn or(self, left: __m512i, right: __m512i) -> __m512i {
        self.0.or(left, right)
    }

    #[inline(always)]
    fn low_byte(self, words: __m512i) -> __m512i {
        self.0.low_byte(words)
    }

    #[inline(always)]
    fn look_up(self, table: __m512, words: __m512i) -> __m512 {
        self.0.look_up(table, words)
    }

    #[inline(always)]
    fn gather(self, table: &[f32; 256], words: __m512i) -> __m512 {
        self.0.gather(table, words)
    }

    #[inline(always)]
    fn look_up_bytes(self, table: &[u8; 16], codes: __m512i) -> __m512i {
        self.0.look_up_bytes(table, codes)
    }

    #[inline(always)]
    fn zero_shorts(self) -> [__m512i; 2] {
        self.0.zero_shorts()
    }

    #[inline(always)]
    fn add_bytes(self, shorts: [__m512i; 2], bytes: __m512i) -> [__m512i; 2] {
        self.0.add_bytes(shorts, bytes)
    }

    #[inline(always)]
    fn shorts(self, shorts: [__m512i; 2]) -> [u16; 64] {
        self.0.shorts(shorts)
    }
}
