//! What kernels need of a processor, in one set of functions for each set of instructions.
//!
//! A kernel is written once, as a [`Kernel`] that is generic over [`Set`], and [`run`] compiles it for every set. A value of a
//! set exists only where the processor has its instructions, so its functions are safe to call.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;

use bitsweep_vector::Instructions;

use crate::aligned::{CodeLine, LANES};
use crate::error::KernelError;

/// How many bytes ahead of what is read memory is asked for, by loops that keep up with memory: across the ends of pages, at which
/// processors stop doing it themselves. On Zen 4, 512 to 2048 are about as good, and 4096 takes up to half as long again.
pub(crate) const NEAR: usize = 1536;

/// That, by loops that take longer than memory does: on Zen 4 `NEAR` takes them a third longer.
pub(crate) const FAR: usize = 4096;

/// The instructions of a kernel on integer codes: lines of 64 codes, four inputs of each of 16 outputs, `[output][input]`.
pub(crate) trait Set: Copy {
    /// Whether codes of 8 bits are multiplied as 16 bits by [`dot_wide`](Self::dot_wide), since the sum of two products of
    /// 8 bits each does not fit where [`dot`](Self::dot) would have it.
    const WIDE: bool;
    /// How many accumulators registers hold beside what else a kernel needs.
    const ACCUMULATORS: usize;

    /// 64 unsigned codes.
    type Codes: Copy;
    /// One 32-bit sum for each of 16 outputs.
    type Sums: Copy;
    /// One number of `f32` for each of 16 outputs.
    type Floats: Copy;
    /// Sums of 16 bits of 64 bytes.
    type Shorts: Copy;

    /// The bytes of a line.
    fn load(self, line: &CodeLine) -> Self::Codes;
    /// Writes the bytes into a line.
    fn store(self, codes: Self::Codes, line: &mut CodeLine);
    /// Asks for what lies `ahead` bytes behind the beginning of `block`, which is read now.
    fn prefetch<T>(self, block: &T, ahead: usize);
    /// Asks for the line of `place`, to read it soon.
    fn expect_load<T>(self, place: &T);
    /// Asks for the line of `place`, to write into it later.
    fn expect_store<T>(self, place: &T);
    /// `(byte >> SHIFT) & mask` of every byte, where `mask << SHIFT` fits into a byte.
    fn field<const SHIFT: u32>(self, bytes: Self::Codes, mask: u8) -> Self::Codes;
    /// `low | high << SHIFT` of every byte, where no bit is lost.
    fn join<const SHIFT: u32>(self, low: Self::Codes, high: Self::Codes) -> Self::Codes;
    /// Sums of nothing.
    fn zero(self) -> Self::Sums;
    /// Adds the products of each output's four codes with the four signed bytes of `quad`; wraps. Codes are below 16 where
    /// the set is [wide](Self::WIDE).
    fn dot(self, sums: Self::Sums, codes: Self::Codes, quad: i32) -> Self::Sums;
    /// As [`dot`](Self::dot), with any codes, and four signed activations of 16 bits: the first and third, the second and
    /// fourth.
    fn dot_wide(self, sums: Self::Sums, codes: Self::Codes, quad: [i32; 2]) -> Self::Sums;
    /// `left + right`; wraps.
    fn add(self, left: Self::Sums, right: Self::Sums) -> Self::Sums;
    /// `left - right`; wraps.
    fn subtract(self, left: Self::Sums, right: Self::Sums) -> Self::Sums;
    /// `left·right`; wraps.
    fn multiply(self, left: Self::Sums, right: Self::Sums) -> Self::Sums;
    /// The same number in every lane.
    fn splat(self, value: i32) -> Self::Sums;
    /// The numbers of an array.
    fn load_sums(self, values: &[i32; LANES]) -> Self::Sums;
    /// The numbers of an array.
    fn load_short(self, values: &[i16; LANES]) -> Self::Sums;
    /// Writes the numbers into an array.
    fn store_sums(self, sums: Self::Sums, values: &mut [i32; LANES]);

    /// The nearest numbers of `f32`, ties to even.
    fn floats(self, sums: Self::Sums) -> Self::Floats;
    /// The numbers whose bits these are.
    fn as_floats(self, words: Self::Sums) -> Self::Floats;
    /// The same number in every lane.
    fn splat_floats(self, value: f32) -> Self::Floats;
    /// The numbers of an array.
    fn load_floats(self, values: &[f32; LANES]) -> Self::Floats;
    /// Writes the numbers into an array.
    fn store_floats(self, floats: Self::Floats, values: &mut [f32; LANES]);
    /// `left + right`, rounded.
    fn add_floats(self, left: Self::Floats, right: Self::Floats) -> Self::Floats;
    /// `left - right`, rounded.
    fn subtract_floats(self, left: Self::Floats, right: Self::Floats) -> Self::Floats;
    /// `left·right`, rounded.
    fn multiply_floats(self, left: Self::Floats, right: Self::Floats) -> Self::Floats;
    /// `left·right + sum`, rounded once.
    fn multiply_add(self, left: Self::Floats, right: Self::Floats, sum: Self::Floats) -> Self::Floats;

    /// The bits moved right by `count` below 32, with zeros from the left.
    fn shift_right(self, words: Self::Sums, count: u32) -> Self::Sums;
    /// The bits moved left by `count` below 32, with zeros from the right.
    fn shift_left(self, words: Self::Sums, count: u32) -> Self::Sums;
    /// The bits moved right by `count` below 32, with copies of the highest from the left.
    fn shift_right_signed(self, words: Self::Sums, count: u32) -> Self::Sums;
    /// The bits that both have.
    fn and(self, left: Self::Sums, right: Self::Sums) -> Self::Sums;
    /// The bits that either has.
    fn or(self, left: Self::Sums, right: Self::Sums) -> Self::Sums;
    /// The low byte of each.
    fn low_byte(self, words: Self::Sums) -> Self::Sums;
    /// The number of 16 in `table` that the low four bits of each word count to.
    fn look_up(self, table: Self::Floats, words: Self::Sums) -> Self::Floats;
    /// The number of 256 that each word counts to, all below 256.
    fn gather(self, table: &[f32; 256], words: Self::Sums) -> Self::Floats;

    /// The byte of 16 in `table` that each code, all below 16, counts to.
    fn look_up_bytes(self, table: &[u8; 16], codes: Self::Codes) -> Self::Codes;
    /// Sums of no bytes.
    fn zero_shorts(self) -> Self::Shorts;
    /// Adds a byte to each; wraps.
    fn add_bytes(self, shorts: Self::Shorts, bytes: Self::Codes) -> Self::Shorts;
    /// The sums, in the order of the bytes.
    fn shorts(self, shorts: Self::Shorts) -> [u16; 64];
}

/// A loop that is compiled for every set of instructions.
pub(crate) trait Kernel {
    /// What it leaves.
    type Output;

    /// The loop. Implementations, and all that they call for each element, are `#[inline(always)]`, so that they become part
    /// of a function with the instructions of `S`.
    fn run<S: Set>(self, set: S) -> Self::Output;
}

/// Runs a kernel with `instructions`.
///
/// # Errors
/// Instructions that the processor does not have.
pub(crate) fn run<K: Kernel>(instructions: Instructions, kernel: K) -> Result<K::Output, KernelError> {
    if !instructions.is_available() {
        return Err(KernelError::Unavailable(instructions));
    }
    match instructions {
        Instructions::Portable => Ok(kernel.run(portable::Portable)),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has the instructions.
        Instructions::Avx2 => Ok(unsafe { avx2::run(kernel) }),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has the instructions.
        Instructions::Avx512Bw => Ok(unsafe { avx512::run(kernel) }),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has the instructions.
        Instructions::Avx512Vnni => Ok(unsafe { avx512::run_vnni(kernel) }),
        #[cfg(target_arch = "aarch64")]
        // SAFETY: the processor has the instructions.
        Instructions::Neon => Ok(unsafe { neon::run(kernel) }),
        #[cfg(not(target_arch = "x86_64"))]
        Instructions::Avx2 | Instructions::Avx512Bw | Instructions::Avx512Vnni => {
            Err(KernelError::Unavailable(instructions))
        }
        #[cfg(not(target_arch = "aarch64"))]
        Instructions::Neon => Err(KernelError::Unavailable(instructions)),
    }
}

/// Asks for as many lines as `block` has, from `ahead` bytes behind its beginning on.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn prefetch<T>(block: &T, ahead: usize) {
    use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};

    let start: *const i8 = (&raw const *block).cast();
    for line in 0..size_of::<T>().div_ceil(64) {
        // SAFETY: any address may be asked for, and every processor of this architecture has the instruction.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(start.wrapping_add(ahead + line * 64)) };
    }
}

/// Asks for the line of `place`, to read it soon.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn expect_load<T>(place: &T) {
    use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};

    // SAFETY: any address may be asked for, and every processor of this architecture has the instruction.
    unsafe { _mm_prefetch::<_MM_HINT_T1>((&raw const *place).cast()) };
}

/// Asks for the line of `place`, to write into it later.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn expect_store<T>(place: &T) {
    use std::arch::x86_64::{_MM_HINT_ET0, _mm_prefetch};

    // SAFETY: any address may be asked for, and processors without the instruction take it for none.
    unsafe { _mm_prefetch::<_MM_HINT_ET0>((&raw const *place).cast()) };
}
