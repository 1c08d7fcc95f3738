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

/// `out = a · b`, where `a` is `(m, k)`, `b` is `(k, n)` and `out` is `(m, n)`.
#[inline(always)]
pub(crate) fn product<T: Real, B: Real + Into<T>>(a: Rows<'_, T>, b: &Panels<B>, out: &mut Panels<T>) {
    debug_assert_eq!((a.rows, a.columns, b.columns()), (out.rows(), b.rows(), out.columns()));
    let blocks = out.blocks_per_row();
    let mut block = 0;
    if T::WIDE {
        while block + 2 <= blocks {
            let mut row = 0;
            while row + 4 <= a.rows {
                product_tile::<T, B, 4, 2>(a, b.blocks(), row, block, blocks, out.blocks_mut());
                row += 4;
            }
            while row < a.rows {
                product_tile::<T, B, 1, 2>(a, b.blocks(), row, block, blocks, out.blocks_mut());
                row += 1;
            }
            block += 2;
        }
    }
    while block < blocks {
        let mut row = 0;
        if T::WIDE {
            while row + 8 <= a.rows {
                product_tile::<T, B, 8, 1>(a, b.blocks(), row, block, blocks, out.blocks_mut());
                row += 8;
            }
        }
        while row + 4 <= a.rows {
            product_tile::<T, B, 4, 1>(a, b.blocks(), row, block, blocks, out.blocks_mut());
            row += 4;
        }
        while row < a.rows {
            product_tile::<T, B, 1, 1>(a, b.blocks(), row, block, blocks, out.blocks_mut());
            row += 1;
        }
        block += 1;
    }
}

/// `ROWS` rows and `BLOCKS` blocks of columns of [`product`].
#[inline(always)]
fn product_tile<T: Real, B: Real + Into<T>, const ROWS: usize, const BLOCKS: usize>(
    a: Rows<'_, T>,
    b: &[Block<B>],
    row: usize,
    block: usize,
    blocks_per_row: usize,
    out: &mut [Block<T>],
) {
    let a_rows: [&[T]; ROWS] = std::array::from_fn(|r| a.row(row + r));
    let mut sums = [[[T::ZERO; LANES]; BLOCKS]; ROWS];
    for (k, b_row) in b.chunks_exact(blocks_per_row).take(a.columns).enumerate() {
        let b_tile = load::<T, B, BLOCKS>(&b_row[block..]);
        for r in 0..ROWS {
            accumulate(&mut sums[r], a_rows[r][k], &b_tile);
        }
    }
    store(&sums, row, block, blocks_per_row, out);
}

/// `out = aᵀ · b`, where `a` is `(m, k)`, `b` is `(m, n)` and `out` is `(k, n)`.
#[inline(always)]
pub(crate) fn transposed_product<T: Real>(a: Rows<'_, T>, b: &Panels<T>, out: &mut Panels<T>) {
    debug_assert_eq!((a.columns, a.rows, b.columns()), (out.rows(), b.rows(), out.columns()));
    let blocks = out.blocks_per_row();
    let mut block = 0;
    if T::WIDE {
        while block + 2 <= blocks {
            let mut row = 0;
            while row + 4 <= a.columns {
                transposed_tile::<T, 4, 2>(a, b.blocks(), row, block, blocks, out.blocks_mut());
                row += 4;
            }
            while row < a.columns {
                transposed_tile::<T, 1, 2>(a, b.blocks(), row, block, blocks, out.blocks_mut());
                row += 1;
            }
            block += 2;
        }
    }
    while block < blocks {
        let mut row = 0;
        if T::WIDE {
            while row + 8 <= a.columns {
                transposed_tile::<T, 8, 1>(a, b.blocks(), row, block, blocks, out.blocks_mut());
                row += 8;
            }
        }
        while row + 4 <= a.columns {
            transposed_tile::<T, 4, 1>(a, b.blocks(), row, block, blocks, out.blocks_mut());
            row += 4;
        }
        while row < a.columns {
            transposed_tile::<T, 1, 1>(a, b.blocks(), row, block, blocks, out.blocks_mut());
            row += 1;
        }
        block += 1;
    }
}

/// `ROWS` rows and `BLOCKS` blocks of columns of [`transposed_product`].
#[inline(always)]
fn transposed_tile<T: Real, const ROWS: usize, const BLOCKS: usize>(
    a: Rows<'_, T>,
    b: &[Block<T>],
    row: usize,
    block: usize,
    blocks_per_row: usize,
    out: &mut [Block<T>],
) {
    let mut sums = [[[T::ZERO; LANES]; BLOCKS]; ROWS];
    for (k, b_row) in b.chunks_exact(blocks_per_row).take(a.rows).enumerate() {
        let a_row = &a.row(k)[row..][..ROWS];
        let b_tile = load::<T, T, BLOCKS>(&b_row[block..]);
        for r in 0..ROWS {
            accumulate(&mut sums[r], a_row[r], &b_tile);
        }
    }
    store(&sums, row, block, blocks_per_row, out);
}

#[inline(always)]
fn load<T: Real, B: Real + Into<T>, const BLOCKS: usize>(blocks: &[Block<B>]) -> [Block<T>; BLOCKS] {
    let blocks = &blocks[..BLOCKS];
    std::array::from_fn(|c| blocks[c].map(Into::<T>::into))
}

#[inline(always)]
fn accumulate<T: Real, const BLOCKS: usize>(sums: &mut [Block<T>; BLOCKS], a: T, b: &[Block<T>; BLOCKS]) {
    for (sum, b) in sums.iter_mut().zip(b) {
        for lane in 0..LANES {
            sum[lane] = a.mul_add(b[lane], sum[lane]);
        }
    }
}

#[inline(always)]
fn store<T: Real, const ROWS: usize, const BLOCKS: usize>(
    sums: &[[Block<T>; BLOCKS]; ROWS],
    row: usize,
    block: usize,
    blocks_per_row: usize,
    out: &mut [Block<T>],
) {
    for (r, sums) in sums.iter().enumerate() {
        out[(row + r) * blocks_per_row + block..][..BLOCKS].copy_from_slice(sums);
    }
}
