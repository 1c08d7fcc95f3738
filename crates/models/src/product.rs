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

use crate::float::Float;
use crate::panels::{Block, LANES, Panels};

/// `out = finish(a · b)`, where `a` is `(m, k)`, `b` is `(k, n)` and `out` is `(m, n)`.
///
/// `finish` gives for each panel of `out` what maps its blocks, each together with its row.
#[inline(always)]
pub(crate) fn product<T: Float, B: Float + Into<T>, F: Fn(Block<T>, usize) -> Block<T>>(
    a: &Panels<T>,
    b: &Panels<B>,
    out: &mut Panels<T>,
    finish: impl Fn(usize) -> F,
) {
    assert_eq!((a.rows(), a.columns(), b.columns()), (out.rows(), b.rows(), out.columns()));
    let (inner, rows, panels) = (a.columns(), a.rows(), out.panel_count());
    let (mut b, mut out) = (b.blocks(), out.blocks_mut());
    let mut panel = 0;
    if T::WIDE {
        while panel + 2 <= panels {
            let (b_left, b_right) = b[..2 * inner].split_at(inner);
            let (out_both, out_rest) = out.split_at_mut(2 * rows);
            let (out_left, out_right) = out_both.split_at_mut(rows);
            product_columns(
                a,
                [b_left, b_right],
                &mut [out_left, out_right],
                &[finish(panel), finish(panel + 1)],
            );
            (b, out) = (&b[2 * inner..], out_rest);
            panel += 2;
        }
    }
    while panel < panels {
        let (out_panel, out_rest) = out.split_at_mut(rows);
        product_columns(a, [&b[..inner]], &mut [out_panel], &[finish(panel)]);
        (b, out) = (&b[inner..], out_rest);
        panel += 1;
    }
}

/// [`product`] for the panels `b` of its right side and `out` of its result.
///
/// The largest tile has ten accumulators of 256 bits, which with their operands fit into 16 registers: 5 rows of two
/// panels of `f32`, or of one of `f64`.
#[inline(always)]
fn product_columns<T: Float, B: Float + Into<T>, F: Fn(Block<T>, usize) -> Block<T>, const PANELS: usize>(
    a: &Panels<T>,
    b: [&[Block<B>]; PANELS],
    out: &mut [&mut [Block<T>]; PANELS],
    finish: &[F; PANELS],
) {
    let mut row = 0;
    while row + 5 <= a.rows() {
        product_tile::<T, B, F, 5, PANELS>(a, b, out, row, finish);
        row += 5;
    }
    while row + 2 <= a.rows() {
        product_tile::<T, B, F, 2, PANELS>(a, b, out, row, finish);
        row += 2;
    }
    if row < a.rows() {
        product_tile::<T, B, F, 1, PANELS>(a, b, out, row, finish);
    }
}

#[inline(always)]
fn product_tile<
    T: Float,
    B: Float + Into<T>,
    F: Fn(Block<T>, usize) -> Block<T>,
    const ROWS: usize,
    const PANELS: usize,
>(
    a: &Panels<T>,
    b: [&[Block<B>]; PANELS],
    out: &mut [&mut [Block<T>]; PANELS],
    row: usize,
    finish: &[F; PANELS],
) {
    let mut sums = [[[T::ZERO; LANES]; PANELS]; ROWS];
    // Walked by hand, as `chunks_exact` divides, which takes as long as a good part of a small product.
    let mut a_panels = &a.blocks()[row..];
    let mut from = 0;
    loop {
        let a_rows = &a_panels[..ROWS];
        let to = a.columns().min(from + LANES);
        let b_rows = b.map(
            #[inline(always)]
            |b| &b[from..to],
        );
        for lane in 0..to - from {
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
        if to == a.columns() {
            break;
        }
        a_panels = &a_panels[a.rows()..];
        from = to;
    }
    for (panel, out) in out.iter_mut().enumerate() {
        for (r, out) in out[row..][..ROWS].iter_mut().enumerate() {
            *out = finish[panel](sums[r][panel], row + r);
        }
    }
}

/// `out = aᵀ · b`, where `a` is `(m, k)`, `b` is `(m, n)` and `out` is `(k, n)`.
#[inline(always)]
pub(crate) fn transposed_product<T: Float>(a: &Panels<T>, b: &Panels<T>, out: &mut Panels<T>) {
    assert_eq!((a.columns(), a.rows(), b.columns()), (out.rows(), b.rows(), out.columns()));
    let (inner, rows, panels) = (a.rows(), a.columns(), out.panel_count());
    let (mut b, mut out) = (b.blocks(), out.blocks_mut());
    let mut panel = 0;
    if T::WIDE {
        while panel + 2 <= panels {
            let (b_left, b_right) = b[..2 * inner].split_at(inner);
            let (out_both, out_rest) = out.split_at_mut(2 * rows);
            let (out_left, out_right) = out_both.split_at_mut(rows);
            transposed_columns(a, [b_left, b_right], &mut [out_left, out_right]);
            (b, out) = (&b[2 * inner..], out_rest);
            panel += 2;
        }
    }
    while panel < panels {
        let (out_panel, out_rest) = out.split_at_mut(rows);
        transposed_columns(a, [&b[..inner]], &mut [out_panel]);
        (b, out) = (&b[inner..], out_rest);
        panel += 1;
    }
}

/// [`transposed_product`] for the panels `b` of its right side and `out` of its result.
#[inline(always)]
fn transposed_columns<T: Float, const PANELS: usize>(
    a: &Panels<T>,
    b: [&[Block<T>]; PANELS],
    out: &mut [&mut [Block<T>]; PANELS],
) {
    let mut a_panels = a.blocks();
    let mut row = 0;
    while row < a.columns() {
        let (a_rows, others) = a_panels.split_at(a.rows());
        let rows = LANES.min(a.columns() - row);
        transposed_tile::<T, 0, PANELS>(a_rows, b, out, row, rows.min(HALF));
        if rows > HALF {
            transposed_tile::<T, HALF, PANELS>(a_rows, b, out, row + HALF, rows - HALF);
        }
        a_panels = others;
        row += rows;
    }
}

/// Half of the lanes of a panel, the height of a tile of [`transposed_product`].
const HALF: usize = LANES / 2;

/// The rows of the output that belong to half of the lanes, from `FROM` on, of one panel of the left side; of these,
/// `rows` are written from `row` on.
#[inline(always)]
fn transposed_tile<T: Float, const FROM: usize, const PANELS: usize>(
    a: &[Block<T>],
    b: [&[Block<T>]; PANELS],
    out: &mut [&mut [Block<T>]; PANELS],
    row: usize,
    rows: usize,
) {
    let mut sums = [[[T::ZERO; LANES]; PANELS]; HALF];
    let b = b.map(
        #[inline(always)]
        |b| &b[..a.len()],
    );
    for (k, a) in a.iter().enumerate() {
        let b_blocks = b.map(
            #[inline(always)]
            |b| b[k],
        );
        for (r, sums) in sums.iter_mut().enumerate() {
            for (sum, b) in sums.iter_mut().zip(&b_blocks) {
                accumulate(sum, a[FROM + r], b);
            }
        }
    }
    for (panel, out) in out.iter_mut().enumerate() {
        let out = &mut out[row..][..rows];
        // Not a zip with `out`: that would need the sums in memory.
        for (r, sums) in sums.iter().enumerate() {
            if r < rows {
                out[r] = sums[panel];
            }
        }
    }
}

/// `sums += a · b`.
#[inline(always)]
fn accumulate<T: Float, B: Float + Into<T>>(sums: &mut Block<T>, a: T, b: &Block<B>) {
    for (sum, &b) in sums.iter_mut().zip(b) {
        *sum = a.mul_add(Into::<T>::into(b), *sum);
    }
}

#[cfg(test)]
mod tests;
