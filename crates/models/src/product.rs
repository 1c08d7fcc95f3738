//! The two matrix products of dense layers.
//!
//! Both are written for the compiler's vectorizer: a tile of the output is accumulated in registers, vectors run over
//! the output's columns, and **each output element is one chain of fused multiply-adds, from zero, in the order of the
//! inner index**. The result is therefore the same on every machine, and the same as that of the obvious triple loop.
//! Called inside [`pulp::Arch::dispatch`] the loops compile to AVX2 and FMA instructions where the processor has them;
//! elsewhere `mul_add` is slower and gives the same bits. That only works when everything below the dispatch is
//! inlined into it: hence `#[inline(always)]` throughout.
//!
//! `ndarray`'s own `dot` is not used: it takes FMA on some processors and not on others, so its last bits differ.

use crate::panels::{Block, LANES, Panels};
use crate::real::Real;

/// A row-major matrix in a slice, `rows × columns`, whose rows lie `stride` elements apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'a, T> {
    pub(crate) values: &'a [T],
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) stride: usize,
}

impl<'a, T: Real> Rows<'a, T> {
    /// The elements of `panels` without the padding.
    #[inline(always)]
    pub(crate) fn of(panels: &'a Panels<T>) -> Self {
        Self {
            values: panels.padded(),
            rows: panels.rows(),
            columns: panels.columns(),
            stride: panels.stride(),
        }
    }

    #[inline(always)]
    fn row(&self, row: usize) -> &'a [T] {
        &self.values[row * self.stride..][..self.columns]
    }
}

/// Evaluates `$tile`, which computes `ROWS` rows and `BLOCKS` blocks of columns, for tiles that cover `$rows × $blocks`.
///
/// The largest tile has ten accumulators of 256 bits, which with their operands fit into 16 registers: 5 × 2 blocks or
/// 10 × 1 block of `f32` (`$wide`), 5 × 1 block of `f64`.
macro_rules! cover {
    ($wide:expr, $rows:expr, $blocks:expr, |$row:ident, $block:ident, $ROWS:ident, $BLOCKS:ident| $tile:expr) => {{
        let mut $block = 0;
        if $wide {
            while $block + 2 <= $blocks {
                let mut $row = 0;
                cover!(@rows 5, 2, $rows, $row, $ROWS, $BLOCKS, $tile);
                cover!(@rows 2, 2, $rows, $row, $ROWS, $BLOCKS, $tile);
                cover!(@rows 1, 2, $rows, $row, $ROWS, $BLOCKS, $tile);
                $block += 2;
            }
        }
        while $block < $blocks {
            let mut $row = 0;
            if $wide {
                cover!(@rows 10, 1, $rows, $row, $ROWS, $BLOCKS, $tile);
            }
            cover!(@rows 5, 1, $rows, $row, $ROWS, $BLOCKS, $tile);
            cover!(@rows 2, 1, $rows, $row, $ROWS, $BLOCKS, $tile);
            cover!(@rows 1, 1, $rows, $row, $ROWS, $BLOCKS, $tile);
            $block += 1;
        }
    }};
    (@rows $height:literal, $width:literal, $rows:expr, $row:ident, $ROWS:ident, $BLOCKS:ident, $tile:expr) => {
        while $row + $height <= $rows {
            const $ROWS: usize = $height;
            const $BLOCKS: usize = $width;
            $tile;
            $row += $height;
        }
    };
}

/// `out = finish(a · b)`, where `a` is `(m, k)`, `b` is `(k, n)` and `out` is `(m, n)`.
///
/// `finish` maps one block; it is told the number of the block in all of `out`, and in its row.
#[inline(always)]
pub(crate) fn product<T: Real, B: Real + Into<T>>(
    a: Rows<'_, T>,
    b: &Panels<B>,
    out: &mut Panels<T>,
    finish: impl Fn(Block<T>, usize, usize) -> Block<T>,
) {
    debug_assert_eq!((a.rows, a.columns, b.columns()), (out.rows(), b.rows(), out.columns()));
    let blocks = out.blocks_per_row();
    let out = out.blocks_mut();
    cover!(T::WIDE, a.rows, blocks, |row, block, ROWS, BLOCKS| {
        let sums = product_tile::<T, B, ROWS, BLOCKS>(a, b.blocks(), row, block, blocks);
        for (r, sums) in sums.into_iter().enumerate() {
            let first = (row + r) * blocks + block;
            for (c, (out, sum)) in out[first..][..BLOCKS].iter_mut().zip(sums).enumerate() {
                *out = finish(sum, first + c, block + c);
            }
        }
    });
}

/// `ROWS` rows and `BLOCKS` blocks of columns of [`product`].
#[inline(always)]
fn product_tile<T: Real, B: Real + Into<T>, const ROWS: usize, const BLOCKS: usize>(
    a: Rows<'_, T>,
    b: &[Block<B>],
    row: usize,
    block: usize,
    blocks_per_row: usize,
) -> [[Block<T>; BLOCKS]; ROWS] {
    let mut a_rows: [&[T]; ROWS] = [&[]; ROWS];
    for (r, a_row) in a_rows.iter_mut().enumerate() {
        *a_row = a.row(row + r);
    }
    let mut sums = [[[T::ZERO; LANES]; BLOCKS]; ROWS];
    let mut start = block;
    for k in 0..a.columns {
        let b_tile = &b[start..][..BLOCKS];
        start += blocks_per_row;
        for (sums, a_row) in sums.iter_mut().zip(&a_rows) {
            accumulate(sums, a_row[k], b_tile);
        }
    }
    sums
}

/// `out = aᵀ · b`, where `a` is `(m, k)`, `b` is `(m, n)` and `out` is `(k, n)`.
#[inline(always)]
pub(crate) fn transposed_product<T: Real>(a: Rows<'_, T>, b: &Panels<T>, out: &mut Panels<T>) {
    debug_assert_eq!((a.columns, a.rows, b.columns()), (out.rows(), b.rows(), out.columns()));
    let blocks = out.blocks_per_row();
    let out = out.blocks_mut();
    cover!(T::WIDE, a.columns, blocks, |row, block, ROWS, BLOCKS| {
        let sums = transposed_tile::<T, ROWS, BLOCKS>(a, b.blocks(), row, block, blocks);
        for (r, sums) in sums.iter().enumerate() {
            out[(row + r) * blocks + block..][..BLOCKS].copy_from_slice(sums);
        }
    });
}

/// `ROWS` rows and `BLOCKS` blocks of columns of [`transposed_product`].
#[inline(always)]
fn transposed_tile<T: Real, const ROWS: usize, const BLOCKS: usize>(
    a: Rows<'_, T>,
    b: &[Block<T>],
    row: usize,
    block: usize,
    blocks_per_row: usize,
) -> [[Block<T>; BLOCKS]; ROWS] {
    let mut sums = [[[T::ZERO; LANES]; BLOCKS]; ROWS];
    let (mut a_start, mut b_start) = (row, block);
    for _ in 0..a.rows {
        let a_tile = &a.values[a_start..][..ROWS];
        let b_tile = &b[b_start..][..BLOCKS];
        a_start += a.stride;
        b_start += blocks_per_row;
        for (sums, &a) in sums.iter_mut().zip(a_tile) {
            accumulate(sums, a, b_tile);
        }
    }
    sums
}

/// `sums += a · b`, where the sums are one row of a tile.
#[inline(always)]
fn accumulate<T: Real, B: Real + Into<T>, const BLOCKS: usize>(
    sums: &mut [Block<T>; BLOCKS],
    a: T,
    b: &[Block<B>],
) {
    for (sums, b) in sums.iter_mut().zip(b) {
        for (sum, &b) in sums.iter_mut().zip(b) {
            *sum = a.mul_add(Into::<T>::into(b), *sum);
        }
    }
}
