//! Outputs in parts, one for each thread.

use std::ops::Range;

use rayon::prelude::*;

use crate::aligned::LANES;
use crate::error::KernelError;

/// Calls `product` with ranges of tiles and the results of their outputs, `[row][output]`, and puts these together.
///
/// Each output is computed alone, whichever its range: the bits do not depend on the number of threads.
pub(crate) fn in_parts(
    (rows, outputs): (usize, usize),
    results: &mut [f32],
    product: impl Fn(Range<usize>, &mut [f32]) -> Result<(), KernelError> + Sync,
) -> Result<(), KernelError> {
    let tiles = outputs.div_ceil(LANES);
    let each = tiles.div_ceil(rayon::current_num_threads()).max(1);
    if rows == 1 {
        let parts = results.par_chunks_mut(each * LANES).enumerate();
        return parts
            .try_for_each(|(index, results)| product(index * each..tiles.min((index + 1) * each), results));
    }
    let parts: Result<Vec<_>, KernelError> = (0..tiles.div_ceil(each))
        .into_par_iter()
        .map(|index| {
            let tiles = index * each..tiles.min((index + 1) * each);
            let outputs = tiles.start * LANES..outputs.min(tiles.end * LANES);
            let mut part = vec![0.0; rows * outputs.len()];
            product(tiles, &mut part)?;
            Ok((outputs, part))
        })
        .collect();
    for (range, part) in parts? {
        for (results, part) in results.chunks_exact_mut(outputs).zip(part.chunks_exact(range.len())) {
            results[range.clone()].copy_from_slice(part);
        }
    }
    Ok(())
}
