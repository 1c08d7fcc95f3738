//! Outputs in parts, one for each thread.

use std::ops::Range;

use rayon::prelude::*;

use crate::aligned::LANES;
use crate::error::KernelError;

/// A thread that has so many rows to itself reads the weights for itself as well: each is used so often that this does not
/// matter, and rows lie one after another among the results.
const ROWS: usize = 32;

/// Fewer multiplications are done sooner than another thread is awake.
const FEWEST: usize = 1 << 18;

/// Calls `product` with ranges of rows and of tiles, and the results of these, `[row][output]`, and puts them together; `rows`,
/// `inputs` and `outputs` are those of the whole product.
///
/// Each output is computed alone, whichever its range: the bits do not depend on the number of threads.
pub(crate) fn in_parts(
    [rows, inputs, outputs]: [usize; 3],
    results: &mut [f32],
    product: impl Fn(Range<usize>, Range<usize>, &mut [f32]) -> Result<(), KernelError> + Sync,
) -> Result<(), KernelError> {
    let threads = rayon::current_num_threads();
    let tiles = outputs.div_ceil(LANES);
    if threads == 1 || results.is_empty() || results.len().saturating_mul(inputs) < FEWEST {
        return product(0..rows, 0..tiles, results);
    }
    if rows >= threads * ROWS {
        let each = rows.div_ceil(threads);
        return results.par_chunks_mut(each * outputs).enumerate().try_for_each(|(index, results)| {
            product(index * each..rows.min((index + 1) * each), 0..tiles, results)
        });
    }
    let each = tiles.div_ceil(threads);
    if rows == 1 {
        let parts = results.par_chunks_mut(each * LANES).enumerate();
        return parts.try_for_each(|(index, results)| {
            product(0..1, index * each..tiles.min((index + 1) * each), results)
        });
    }
    let parts: Result<Vec<_>, KernelError> = (0..tiles.div_ceil(each))
        .into_par_iter()
        .map(|index| {
            let tiles = index * each..tiles.min((index + 1) * each);
            let outputs = tiles.start * LANES..outputs.min(tiles.end * LANES);
            let mut part = vec![0.0; rows * outputs.len()];
            product(0..rows, tiles, &mut part)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_result_is_written_once_however_many_threads_there_are() {
        for threads in [1, 2, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            for rows in [0, 1, 2, threads * ROWS - 1, threads * ROWS, threads * ROWS + 5] {
                for outputs in [0, 1, LANES, 3 * LANES + 1] {
                    let mut results = vec![0.0; rows * outputs];
                    let written = pool.install(|| {
                        in_parts([rows, FEWEST, outputs], &mut results, |rows, tiles, results| {
                            let places = tiles.start * LANES..outputs.min(tiles.end * LANES);
                            assert_eq!(results.len(), rows.len() * places.len());
                            let each = rows.flat_map(|row| places.clone().map(move |place| (row, place)));
                            for (result, (row, place)) in results.iter_mut().zip(each) {
                                *result += (row * outputs + place) as f32 + 1.0;
                            }
                            Ok(())
                        })
                    });
                    assert!(written.is_ok());
                    let expected: Vec<f32> = (1..=rows * outputs).map(|place| place as f32).collect();
                    assert_eq!(results, expected, "{threads} threads, {rows} × {outputs}");
                }
            }
        }
    }
}
