//! Parameters that blocks have.

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
