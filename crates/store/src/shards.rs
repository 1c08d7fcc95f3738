//! Dealing work out to machines that share nothing but a plan.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// For each piece of work, given by key and cost, the shard that does it, counted from 0: the dearest piece first, each to
/// the shard that has the least so far (the rule of longest processing time, at most 4/3 of the best balance; R. L. Graham,
/// 1969).
///
/// It depends on keys and costs alone, not on the order of the pieces, so that all machines come to the same shares. Takes
/// `n log n` steps.
///
/// ```
/// use bitsweep_store::split;
///
/// assert_eq!(split(&[(11, 5), (12, 3), (13, 2)], 2), [0, 1, 1]);
/// ```
#[must_use]
pub fn split(pieces: &[(u128, u64)], shards: usize) -> Vec<usize> {
    let mut dearest_first: Vec<usize> = (0..pieces.len()).collect();
    dearest_first.sort_by_key(|&piece| (Reverse(pieces[piece].1), pieces[piece].0));
    let mut loads: BinaryHeap<Reverse<(u128, usize)>> =
        (0..shards).map(|shard| Reverse((0, shard))).collect();
    let mut shard_of = vec![0; pieces.len()];
    for piece in dearest_first {
        let Some(Reverse((load, shard))) = loads.pop() else { break };
        shard_of[piece] = shard;
        // Pieces that cost nothing are dealt out evenly, too.
        loads.push(Reverse((load + u128::from(pieces[piece].1.max(1)), shard)));
    }
    shard_of
}
