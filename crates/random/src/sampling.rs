//! What both generators do with a source of random bits, in the order of draws of NumPy's legacy generator.

/// A number in `[0, max]` from words of random bits by masked rejection: a word is cut to the bits of `max` and
/// rejected while it is above it. `max = 0` takes no word.
pub(crate) fn masked_rejection(max: u64, mut word: impl FnMut() -> u64) -> u64 {
    if max == 0 {
        return 0;
    }
    let mask = u64::MAX >> max.leading_zeros();
    loop {
        let value = word() & mask;
        if value <= max {
            return value;
        }
    }
}

/// Fisher and Yates's shuffle from the last value to the second, given numbers in `[0, max]`.
pub(crate) fn shuffle<T>(values: &mut [T], mut bounded: impl FnMut(u64) -> u64) {
    for last in (1..values.len()).rev() {
        // Not above `last`, hence a `usize`.
        let other = bounded(last as u64) as usize;
        values.swap(last, other);
    }
}

/// The numbers `0..n`, shuffled.
pub(crate) fn permutation(n: usize, bounded: impl FnMut(u64) -> u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    shuffle(&mut order, bounded);
    order
}
