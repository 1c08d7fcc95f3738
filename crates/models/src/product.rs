//! The two matrix products of dense layers.
//!
//! Both are written for the compiler's vectorizer: a tile of the output is accumulated in registers, vectors run over
//! the output's columns, and **each output element is one chain of fused multiply-adds, from zero, in the order of the
//! inner index**. The result is therefore the same on every machine, and the same as that of the obvious triple loop.
//!
//! Called inside [`pulp::Arch::dispatch`] the loops compile to AVX2 and FMA instructions where the processor has them;
//! elsewhere `mul_add` is slower and gives the same bits. That only works when everything below the dispatch is
//! inlined into it: hence `#[inline(always)]` throughout, and types that implement [`pulp::WithSimd`] instead of
//! closures, whose shims are not inlined.
//!
//! `ndarray`'s own `dot` is not used: it takes FMA on some processors and not on others, so its last bits differ.

use crate::panels::{Block, LANES, Panels};
use crate::real::Real;

/// `out = finish(a · b)`, where `a` is `(m, k)`, `b` is `(k, n)` and `out` is `(m, n)`.
///
/// `finish` maps one block; it is told the block's row and panel.
#[inline(always)]
pub(crate) fn product<T: Real, B: Real + Into<T>>(
    a: &Panels<T>,
    b: &Panels<B>,
    out: &mut Panels<T>,
    finish: impl Fn(Block<T>, usize, usize) -> Block<T>,
) {
    assert_eq!((a.rows(), a.columns(), b.columns()), (out.rows(), b.rows(), out.columns()));
    let mut panel = 0;
    if T::WIDE {
        while panel + 2 <= out.panel_count() {
            product_columns(a, [b.panel(panel), b.panel(panel + 1)], panel, out, &finish);
            panel += 2;
        }
    }
    while panel < out.panel_count() {
        product_columns(a, [b.panel(panel)], panel, out, &finish);
        panel += 1;
    }
}

/// [`product`] for the panels `b` of its right side, from number `first` on.
///
/// The largest tile has ten accumulators of 256 bits, which with their operands fit into 16 registers: 5 rows of two
/// panels of `f32`, or of one of `f64`.
#[inline(always)]
fn product_columns<T: Real, B: Real + Into<T>, const PANELS: usize>(
    a: &Panels<T>,
    b: [&[Block<B>]; PANELS],
    first: usize,
    out: &mut Panels<T>,
    finish: &impl Fn(Block<T>, usize, usize) -> Block<T>,
) {
    let mut row = 0;
    while row + 5 <= a.rows() {
        product_tile::<T, B, 5, PANELS>(a, b, row, first, out, finish);
        row += 5;
    }
    while row + 2 <= a.rows() {
        product_tile::<T, B, 2, PANELS>(a, b, row, first, out, finish);
        row += 2;
    }
    if row < a.rows() {
        product_tile::<T, B, 1, PANELS>(a, b, row, first, out, finish);
    }
}

#[inline(always)]
fn product_tile<T: Real, B: Real + Into<T>, const ROWS: usize, const PANELS: usize>(
    a: &Panels<T>,
    b: [&[Block<B>]; PANELS],
    row: usize,
    first: usize,
    out: &mut Panels<T>,
    finish: &impl Fn(Block<T>, usize, usize) -> Block<T>,
) {
    let mut sums = [[[T::ZERO; LANES]; PANELS]; ROWS];
    for a_panel in 0..a.panel_count() {
        let width = a.width(a_panel);
        let a_rows = &a.panel(a_panel)[row..][..ROWS];
        let b_rows = b.map(
            #[inline(always)]
            |b| &b[a_panel * LANES..][..width],
        );
        for lane in 0..width {
            let b_blocks = b_rows.map(
                #[inline(always)]
                |b| b[lane],
            );
            for (sums, a_row) in sums.iter_mut().zip(a_rows) {
                for (sum, b) in sums.iter_mut().zip(&b_blocks) {
                    accumulate(sum, a_row[lane], b);
                }
            }
        }
    }
    for panel in 0..PANELS {
        for (r, out) in out.panel_mut(first + panel)[row..][..ROWS].iter_mut().enumerate() {
            *out = finish(sums[r][panel], row + r, first + panel);
        }
    }
}

/// `out = aᵀ · b`, where `a` is `(m, k)`, `b` is `(m, n)` and `out` is `(k, n)`.
#[inline(always)]
pub(crate) fn transposed_product<T: Real>(a: &Panels<T>, b: &Panels<T>, out: &mut Panels<T>) {
    assert_eq!((a.columns(), a.rows(), b.columns()), (out.rows(), b.rows(), out.columns()));
    for a_panel in 0..a.panel_count() {
        let mut panel = 0;
        if T::WIDE {
            while panel + 2 <= out.panel_count() {
                transposed_rows(a, a_panel, [b.panel(panel), b.panel(panel + 1)], panel, out);
                panel += 2;
            }
        }
        while panel < out.panel_count() {
            transposed_rows(a, a_panel, [b.panel(panel)], panel, out);
            panel += 1;
        }
    }
}

/// [`transposed_product`] for one panel of its left side and the panels `b`, from number `first` on, of its right side.
#[inline(always)]
fn transposed_rows<T: Real, const PANELS: usize>(
    a: &Panels<T>,
    a_panel: usize,
    b: [&[Block<T>]; PANELS],
    first: usize,
    out: &mut Panels<T>,
) {
    transposed_tile::<T, 0, PANELS>(a, a_panel, b, first, out);
    if a.width(a_panel) > LANES / 2 {
        transposed_tile::<T, { LANES / 2 }, PANELS>(a, a_panel, b, first, out);
    }
}

/// Half a panel of the left side, from lane `FROM` on: four rows of the output.
#[inline(always)]
fn transposed_tile<T: Real, const FROM: usize, const PANELS: usize>(
    a: &Panels<T>,
    a_panel: usize,
    b: [&[Block<T>]; PANELS],
    first: usize,
    out: &mut Panels<T>,
) {
    const ROWS: usize = LANES / 2;
    let mut sums = [[[T::ZERO; LANES]; PANELS]; ROWS];
    let a_rows = a.panel(a_panel);
    let b = b.map(
        #[inline(always)]
        |b| &b[..a_rows.len()],
    );
    for (k, a_row) in a_rows.iter().enumerate() {
        let b_blocks = b.map(
            #[inline(always)]
            |b| b[k],
        );
        for (r, sums) in sums.iter_mut().enumerate() {
            for (sum, b) in sums.iter_mut().zip(&b_blocks) {
                accumulate(sum, a_row[FROM + r], b);
            }
        }
    }
    let row = a_panel * LANES + FROM;
    let rows = ROWS.min(a.columns() - row);
    for panel in 0..PANELS {
        for (out, sums) in out.panel_mut(first + panel)[row..][..rows].iter_mut().zip(&sums) {
            *out = sums[panel];
        }
    }
}

/// `sums += a · b`.
#[inline(always)]
fn accumulate<T: Real, B: Real + Into<T>>(sums: &mut Block<T>, a: T, b: &Block<B>) {
    for (sum, &b) in sums.iter_mut().zip(b) {
        *sum = a.mul_add(Into::<T>::into(b), *sum);
    }
}
