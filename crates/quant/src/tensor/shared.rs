//! Large matrices: threads share their values.

use std::ops::Range;

use rayon::prelude::*;

use super::blocks::{Blocks, Layout};

/// Values of a part, if it is one of several: enough to be worth waking a thread, and few enough for all to have some.
pub(crate) const PART: usize = 1 << 18;

/// How many values parts of a matrix have: whole rows where a row has the parameters of many blocks.
pub(crate) fn part_length(blocks: &Blocks) -> usize {
    match blocks.layout() {
        Layout::Runs { .. } => PART,
        Layout::Bands { .. } => PART.next_multiple_of(blocks.shape().1.max(1)),
    }
}

/// Calls `work` with every `length` of the values and their places; by the threads of rayon's pool where these are several parts.
///
/// What parts there are does not depend on how many threads there are.
pub(crate) fn in_parts<T: Send>(
    values: &mut [T],
    length: usize,
    work: &(dyn Fn(Range<usize>, &mut [T]) + Sync),
) {
    if values.len() <= length {
        return work(0..values.len(), values);
    }
    values.par_chunks_mut(length).enumerate().for_each(|(index, part)| {
        let start = index * length;
        work(start..start + part.len(), part);
    });
}

/// What is said of some values: of each part, `joined` in their order.
pub(crate) fn over_parts<T: Sync, R: Clone + Default + Send>(
    values: &[T],
    of: &(dyn Fn(&[T]) -> R + Sync),
    joined: fn(R, R) -> R,
) -> R {
    over_parts_of(PART, values, of, joined)
}

/// As [`over_parts`], with `length` values in each part.
pub(crate) fn over_parts_of<T: Sync, R: Clone + Default + Send>(
    length: usize,
    values: &[T],
    of: &(dyn Fn(&[T]) -> R + Sync),
    joined: fn(R, R) -> R,
) -> R {
    if values.len() <= length {
        return of(values);
    }
    let mut found = vec![R::default(); values.len().div_ceil(length)];
    in_parts(&mut found, 1, &|numbers, found| {
        for (number, found) in numbers.zip(found) {
            *found = of(&values[number * length..values.len().min((number + 1) * length)]);
        }
    });
    found.into_iter().reduce(joined).unwrap_or_default()
}
