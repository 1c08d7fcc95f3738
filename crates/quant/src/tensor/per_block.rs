//! Parameters that blocks have.

use std::iter::repeat;
use std::ops::Range;

/// Parameters of blocks, in their order.
pub(crate) trait PerBlock: Copy {
    /// Those of one block.
    type One: Copy;

    /// Those of some blocks.
    fn part(self, blocks: Range<usize>) -> Self;

    /// Those of each block.
    fn iter(self) -> impl Iterator<Item = Self::One>;
}

/// The number of each block, for what is summed up for it.
#[derive(Clone, Copy, Default)]
pub(crate) struct BlockNumbers {
    first: usize,
}

impl PerBlock for BlockNumbers {
    type One = usize;

    #[inline(always)]
    fn part(self, blocks: Range<usize>) -> Self {
        Self { first: self.first + blocks.start }
    }

    #[inline(always)]
    fn iter(self) -> impl Iterator<Item = usize> {
        self.first..
    }
}

/// The same parameter for all blocks.
#[derive(Clone, Copy)]
pub(crate) struct Everywhere<T>(pub(crate) T);

impl<T: Copy> PerBlock for Everywhere<T> {
    type One = T;

    #[inline(always)]
    fn part(self, _: Range<usize>) -> Self {
        self
    }

    #[inline(always)]
    fn iter(self) -> impl Iterator<Item = T> {
        repeat(self.0)
    }
}

impl<T: Copy> PerBlock for &[T] {
    type One = T;

    #[inline(always)]
    fn part(self, blocks: Range<usize>) -> Self {
        &self[blocks]
    }

    #[inline(always)]
    fn iter(self) -> impl Iterator<Item = T> {
        <[T]>::iter(self).copied()
    }
}

impl<A: PerBlock, B: PerBlock> PerBlock for (A, B) {
    type One = (A::One, B::One);

    #[inline(always)]
    fn part(self, blocks: Range<usize>) -> Self {
        (self.0.part(blocks.clone()), self.1.part(blocks))
    }

    #[inline(always)]
    fn iter(self) -> impl Iterator<Item = Self::One> {
        self.0.iter().zip(self.1.iter())
    }
}
