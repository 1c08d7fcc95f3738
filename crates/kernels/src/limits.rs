//! What the machine does at most, which kernels are held against.

use std::hint::black_box;

use bitsweep_vector::Instructions;

use crate::aligned::{CodeLine, Lanes, Line};
use crate::error::KernelError;
use crate::instructions::{Kernel, NEAR, Set, run};

/// Memory that is only read.
#[derive(Debug, Clone)]
pub struct Memory(Vec<Lanes<i32>>);

impl Memory {
    /// So many bytes, up to a whole line of 64.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self(vec![Line([1; 16]); bytes.div_ceil(64)])
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(self.0.as_slice())
    }

    /// Reads all of it in order, with one addition for each line; returns their sum.
    ///
    /// # Errors
    /// Instructions that the processor does not have.
    pub fn read(&self, instructions: Instructions) -> Result<i32, KernelError> {
        run(instructions, Read(&self.0))
    }
}

struct Read<'a>(&'a [Lanes<i32>]);

impl Kernel for Read<'_> {
    type Output = i32;

    #[inline(always)]
    fn run<S: Set>(self, set: S) -> i32 {
        let mut sums = [set.zero(); 4];
        let (blocks, rest) = self.0.as_chunks::<4>();
        for block in blocks {
            set.prefetch(block, NEAR);
            unrolled!(LINE in [0 1 2 3] below 4, {
                sums[LINE] = set.add(sums[LINE], set.load_sums(&block[LINE].0));
            });
        }
        for line in rest {
            sums[0] = set.add(sums[0], set.load_sums(&line.0));
        }
        let mut lanes = [0; 16];
        let sum = set.add(set.add(sums[0], sums[1]), set.add(sums[2], sums[3]));
        set.store_sums(sum, &mut lanes);
        lanes.into_iter().fold(0, i32::wrapping_add)
    }
}

/// Multiplies bytes with bytes and adds the products in registers, in so many rounds; returns how many products these are.
///
/// # Errors
/// Instructions that the processor does not have.
pub fn multiply_bytes(instructions: Instructions, rounds: usize) -> Result<usize, KernelError> {
    run(instructions, Bytes(rounds))
}

/// Multiplies numbers of `f32` and adds the products in registers, in so many rounds; returns how many products these are.
///
/// # Errors
/// Instructions that the processor does not have.
pub fn multiply_floats(instructions: Instructions, rounds: usize) -> Result<usize, KernelError> {
    run(instructions, Floats(rounds))
}

struct Bytes(usize);

impl Kernel for Bytes {
    type Output = usize;

    #[inline(always)]
    fn run<S: Set>(self, set: S) -> usize {
        let codes = set.load(&black_box(CODES));
        let quad = black_box(0x0101_0101);
        let mut sums = [set.zero(); 12];
        for _ in 0..self.0 {
            unrolled!(SUM in [0 1 2 3 4 5 6 7 8 9 10 11] below 12, {
                sums[SUM] = set.dot(sums[SUM], codes, quad);
            });
        }
        let mut sum = set.zero();
        unrolled!(SUM in [0 1 2 3 4 5 6 7 8 9 10 11] below 12, {
            sum = set.add(sum, sums[SUM]);
        });
        let mut lanes = [0; 16];
        set.store_sums(sum, &mut lanes);
        black_box(lanes);
        self.0 * 12 * 64
    }
}

const CODES: CodeLine = Line([3; 64]);

struct Floats(usize);

impl Kernel for Floats {
    type Output = usize;

    #[inline(always)]
    fn run<S: Set>(self, set: S) -> usize {
        let (left, right) = (set.splat_floats(black_box(0.5)), set.splat_floats(black_box(0.25)));
        let mut sums = [set.splat_floats(0.0); 12];
        for _ in 0..self.0 {
            unrolled!(SUM in [0 1 2 3 4 5 6 7 8 9 10 11] below 12, {
                sums[SUM] = set.multiply_add(left, right, sums[SUM]);
            });
        }
        let mut sum = set.splat_floats(0.0);
        unrolled!(SUM in [0 1 2 3 4 5 6 7 8 9 10 11] below 12, {
            sum = set.add_floats(sum, sums[SUM]);
        });
        let mut lanes = [0.0; 16];
        set.store_floats(sum, &mut lanes);
        black_box(lanes);
        self.0 * 12 * 16
    }
}
