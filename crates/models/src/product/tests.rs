//! The kernels against the obvious triple loop, bit for bit.

use bitsweep_vector::arch;
use pulp::{Simd, WithSimd};

use super::{product, transposed_product};
use crate::float::Float;
use crate::panels::Panels;

/// Numbers whose products and sums round, positive and negative.
fn matrix<T: Float>(rows: usize, columns: usize, seed: usize) -> Panels<T> {
    Panels::from_fn(rows, columns, |row, column| {
        let number = (row * 31 + column * 17 + seed * 101 + 7) * 7919 % 2003;
        T::from_f64((number as f64 - 1001.0) / 97.0)
    })
}

/// Element by element, from zero, in the order of the inner index.
fn reference<T: Float>(
    rows: usize,
    columns: usize,
    inner: usize,
    a: impl Fn(usize, usize) -> T,
    b: impl Fn(usize, usize) -> T,
) -> Panels<T> {
    Panels::from_fn(rows, columns, |row, column| {
        (0..inner).fold(T::ZERO, |sum, k| a(row, k).mul_add(b(k, column), sum))
    })
}

struct Both<'a, T> {
    a: &'a Panels<T>,
    b: &'a Panels<f32>,
    left: &'a Panels<T>,
    product: &'a mut Panels<T>,
    transposed: &'a mut Panels<T>,
}

impl<T: Float> WithSimd for Both<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        product(
            self.a,
            self.b,
            self.product,
            #[inline(always)]
            |_| {
                #[inline(always)]
                |sum, _| sum
            },
        );
        transposed_product(self.left, self.a, self.transposed);
    }
}

fn kernels_agree_with_the_triple_loop<T: Float>() {
    // Around the tiles' edges: 1, 2 and 5 rows, 4 and 8 lanes, 1 and 2 panels.
    for rows in [1, 2, 3, 5, 8, 10, 11, 17] {
        for inner in [1, 4, 5, 8, 13, 16, 29] {
            for columns in [1, 3, 8, 9, 16, 25, 100] {
                let a = matrix::<T>(rows, inner, 1);
                let b = matrix::<f32>(inner, columns, 2);
                let left = matrix::<T>(rows, columns, 3);
                let mut product = Panels::zeros(rows, columns);
                let mut transposed = Panels::zeros(columns, inner);
                let both =
                    Both { a: &a, b: &b, left: &left, product: &mut product, transposed: &mut transposed };
                arch().dispatch(both);
                let expected =
                    reference(rows, columns, inner, |i, k| a.get(i, k), |k, j| T::from(b.get(k, j)));
                assert_eq!(product, expected, "{rows} × {inner} × {columns}");
                let expected = reference(columns, inner, rows, |i, k| left.get(k, i), |k, j| a.get(k, j));
                assert_eq!(transposed, expected, "transposed, {rows} × {inner} × {columns}");
            }
        }
    }
}

#[test]
fn single_precision_kernels_agree_with_the_triple_loop_to_the_bit() {
    kernels_agree_with_the_triple_loop::<f32>();
}

#[test]
fn double_precision_kernels_agree_with_the_triple_loop_to_the_bit() {
    kernels_agree_with_the_triple_loop::<f64>();
}

#[test]
fn finishing_sees_each_row_and_panel_once() {
    let (rows, columns) = (11, 27);
    let a = matrix::<f32>(rows, 3, 1);
    let b = Panels::<f32>::zeros(3, columns);
    let mut out = Panels::zeros(rows, columns);
    product(&a, &b, &mut out, |panel| {
        move |sum, row| {
            let mut counted = sum;
            counted.fill(sum[0] + (100 * row + panel) as f32 + 1.0);
            counted
        }
    });
    for row in 0..rows {
        for column in 0..columns {
            assert_eq!(out.get(row, column), (100 * row + column / 8) as f32 + 1.0);
        }
    }
}

#[test]
fn a_batch_without_rows_has_a_product_without_rows() {
    let mut out = Panels::<f32>::zeros(0, 3);
    product(&Panels::zeros(0, 2), &Panels::<f32>::zeros(2, 3), &mut out, |_| |sum, _| sum);
    assert_eq!(out.rows(), 0);
}
