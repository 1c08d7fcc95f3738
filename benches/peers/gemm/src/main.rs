//! Milliseconds of a product of f32 by the crate `gemm` on one thread: the median of five passes through so many matrices of
//! weights, divided by their number.
//!
//!     gemm-peer ROWS INPUTS OUTPUTS MATRICES

use std::env;
use std::hint::black_box;
use std::time::Instant;

use gemm::{Parallelism, gemm};

/// `results = left · right`, all row-major: `(rows, inputs)`, `(inputs, outputs)`.
fn product([rows, inputs, outputs]: [usize; 3], left: &[f32], right: &[f32], results: &mut [f32]) {
    assert!(
        left.len() == rows * inputs && right.len() == inputs * outputs && results.len() == rows * outputs
    );
    let stride = |columns: usize| isize::try_from(columns).expect("a matrix in memory");
    // SAFETY: the slices have as many numbers as the shapes and strides say, and results overlap with neither.
    unsafe {
        gemm(
            rows,
            outputs,
            inputs,
            results.as_mut_ptr(),
            1,
            stride(outputs),
            false,
            left.as_ptr(),
            1,
            stride(inputs),
            right.as_ptr(),
            1,
            stride(outputs),
            0.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

fn main() {
    let numbers: Vec<usize> = env::args().skip(1).map(|word| word.parse().expect("a number")).collect();
    let [rows, inputs, outputs, matrices] = numbers[..] else { panic!("ROWS INPUTS OUTPUTS MATRICES") };
    let values = |count: usize| (0..count).map(|place| (place % 17) as f32 - 8.0).collect::<Vec<f32>>();
    let (left, mut results) = (values(rows * inputs), vec![0.0; rows * outputs]);
    let weights: Vec<Vec<f32>> = (0..matrices).map(|_| values(inputs * outputs)).collect();
    let mut pass = || {
        let started = Instant::now();
        for right in &weights {
            product([rows, inputs, outputs], &left, right, black_box(&mut results));
        }
        started.elapsed().as_secs_f64() * 1e3 / matrices as f64
    };
    pass();
    let mut times: Vec<f64> = (0..5).map(|_| pass()).collect();
    times.sort_by(f64::total_cmp);
    println!("{}", times[times.len() / 2]);
}
