//! The values of small tensors, variant by variant.

use std::sync::Arc;

use bitsweep_results::{Excerpt, ValueRow};

/// The values of each variant of each tensor that has at most `most` of them; float baselines are left out.
pub(crate) fn of_small_tensors(values: &Excerpt<ValueRow>, most: usize) -> Vec<&[ValueRow]> {
    let same = |a: &ValueRow, b: &ValueRow| {
        a.origin.position == b.origin.position
            && (Arc::ptr_eq(&a.origin.unit, &b.origin.unit) || a.origin.unit.keys() == b.origin.unit.keys())
            && a.tensor == b.tensor
    };
    let mut tensors: Vec<&[ValueRow]> = values.rows.chunk_by(same).collect();
    if !values.is_complete() {
        // The rest of the last one may be in the file alone.
        tensors.pop();
    }
    tensors.retain(|rows| rows.len() <= most && rows.first().is_some_and(|first| !first.origin.is_float()));
    tensors
}
