//! The same numbers by obvious loops, from codes as they were given, `(vectors, subspaces)`.

use super::tables::{ByteTables, QueryTables};

/// What [`ProductCodes::dot_products`](super::ProductCodes::dot_products) leaves.
#[must_use]
pub fn dot_products((vectors, subspaces): (usize, usize), codes: &[u8], tables: &QueryTables) -> Vec<f32> {
    let mut results = Vec::new();
    for vector in 0..vectors {
        let mut parts = [0.0_f32; 4];
        for subspace in 0..subspaces {
            parts[subspace % 4] += tables.get(subspace, usize::from(codes[vector * subspaces + subspace]));
        }
        results.push((parts[0] + parts[1]) + (parts[2] + parts[3]));
    }
    results
}

/// What [`ScanCodes::sums`](super::ScanCodes::sums) leaves.
#[must_use]
pub fn sums((vectors, subspaces): (usize, usize), codes: &[u8], tables: &ByteTables) -> Vec<u32> {
    let mut results = Vec::new();
    for vector in 0..vectors {
        let mut sum = 0;
        for subspace in 0..subspaces {
            sum += u32::from(tables.get(subspace, usize::from(codes[vector * subspaces + subspace])));
        }
        results.push(sum);
    }
    results
}
