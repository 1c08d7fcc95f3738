//! A stream of random numbers for each stage, derived from the seed and the stage's name.

use ndarray::Array2;
use ndarray_rand::RandomExt;
use ndarray_rand::rand::{Rng, RngCore, SeedableRng};
use ndarray_rand::rand_distr::Distribution;
use rand_chacha::ChaCha8Rng;

use crate::polar::normal_pair;
use crate::sampling::{self, masked_rejection};
use crate::{Generator, LegacyRandom};

/// A seed that the chosen generator cannot take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeedError {
    /// `RandomState` takes 32 bits.
    #[error("seed `{0}` is too large for the `numpy` generator: expected a number from 0 to 4294967295")]
    TooLargeForNumpy(u64),
}

/// One stage's own stream of random numbers.
///
/// Two streams with the same generator, seed and stage yield the same numbers; streams that differ in one of them
/// are independent. What a method draws is the same on every machine.
///
/// ```
/// use bitsweep_random::{Generator, Stream};
///
/// let mut shuffle = Stream::new(Generator::Modern, 7, "shuffle")?;
/// let mut order = shuffle.permutation(10);
/// order.sort_unstable();
/// assert_eq!(order, (0..10).collect::<Vec<_>>());
/// # Ok::<(), bitsweep_random::SeedError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Stream {
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    // Boxed: 2.5 kB and 0.3 kB of state.
    Numpy(Box<LegacyRandom>),
    Modern(Box<ChaCha8Rng>),
}

/// The standard normal distribution for `ndarray-rand`, without its ziggurat, whose tail asks the C library for
/// logarithms.
struct PolarNormal;

impl Distribution<f64> for PolarNormal {
    fn sample<R: Rng + ?Sized>(&self, random: &mut R) -> f64 {
        normal_pair(|| unit_interval(random.next_u64())).0
    }
}

/// The upper 53 of 64 random bits as a value in `[0, 1)`, a multiple of 2⁻⁵³.
fn unit_interval(bits: u64) -> f64 {
    (bits >> 11) as f64 / 9_007_199_254_740_992.0
}

/// 256 bits that depend on all of the seed and the stage's name.
fn stage_key(seed: u64, stage: &str) -> [u8; 32] {
    blake3::Hasher::new_derive_key("bitsweep random stream, version 1: seed as u64 little-endian, stage name")
        .update(&seed.to_le_bytes())
        .update(stage.as_bytes())
        .finalize()
        .into()
}

impl Stream {
    /// The stream of one `stage` of an experiment with this `seed`.
    ///
    /// * [`Generator::Modern`]: ChaCha8 whose key is the BLAKE3 hash (in key derivation mode) of seed and stage.
    /// * [`Generator::Numpy`]: the stages `split` and `init` start from `RandomState(seed)` itself, as
    ///   scikit-learn's `random_state=seed` and `numpy.random.seed(seed)` do; any other stage takes the first 32 bits
    ///   of the same hash as its seed.
    ///
    /// # Errors
    /// [`SeedError::TooLargeForNumpy`] when the NumPy generator is given a seed above 2³² - 1.
    pub fn new(generator: Generator, seed: u64, stage: &str) -> Result<Self, SeedError> {
        let source = match generator {
            Generator::Numpy => {
                let seed = u32::try_from(seed).map_err(|_| SeedError::TooLargeForNumpy(seed))?;
                let seed = match stage {
                    "split" | "init" => seed,
                    other => {
                        let [a, b, c, d, ..] = stage_key(u64::from(seed), other);
                        u32::from_le_bytes([a, b, c, d])
                    }
                };
                Source::Numpy(Box::new(LegacyRandom::new(seed)))
            }
            Generator::Modern => Source::Modern(Box::new(ChaCha8Rng::from_seed(stage_key(seed, stage)))),
        };
        Ok(Self { source })
    }

    /// The generator this stream draws from.
    #[must_use]
    pub fn generator(&self) -> Generator {
        match self.source {
            Source::Numpy(_) => Generator::Numpy,
            Source::Modern(_) => Generator::Modern,
        }
    }

    /// 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        match &mut self.source {
            Source::Numpy(legacy) => legacy.next_u64(),
            Source::Modern(chacha) => chacha.next_u64(),
        }
    }

    /// A uniform value in `[0, 1)`, a multiple of 2⁻⁵³.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        match &mut self.source {
            Source::Numpy(legacy) => legacy.random_sample(),
            Source::Modern(chacha) => unit_interval(chacha.next_u64()),
        }
    }

    /// A standard normal value.
    pub fn normal(&mut self) -> f64 {
        match &mut self.source {
            Source::Numpy(legacy) => legacy.standard_normal(),
            Source::Modern(chacha) => PolarNormal.sample(chacha),
        }
    }

    /// A `rows × columns` matrix of standard normal values, drawn row by row: `randn(rows, columns)`, or
    /// ndarray-rand's `random_using`.
    pub fn normal_matrix(&mut self, rows: usize, columns: usize) -> Array2<f64> {
        match &mut self.source {
            Source::Numpy(legacy) => {
                Array2::from_shape_simple_fn((rows, columns), || legacy.standard_normal())
            }
            Source::Modern(chacha) => Array2::random_using((rows, columns), PolarNormal, chacha),
        }
    }

    /// An integer in `[0, n)`, each with the same probability.
    ///
    /// # Panics
    /// When `n` is 0: there is no such integer.
    pub fn below(&mut self, n: usize) -> usize {
        assert!(n > 0, "`below` needs at least one integer to choose from");
        // Counted in 64 bits so that a 32-bit machine draws the same; below `n`, hence a `usize`.
        self.bounded(n as u64 - 1) as usize
    }

    /// How often each integer in `[0, n)` comes up in `n` draws: a resample of `n` rows with replacement.
    pub fn resample(&mut self, n: usize) -> Vec<u32> {
        let mut counts = vec![0; n];
        for _ in 0..n {
            counts[self.below(n)] += 1;
        }
        counts
    }

    /// An integer in `[0, max]` by masked rejection.
    fn bounded(&mut self, max: u64) -> u64 {
        match &mut self.source {
            Source::Numpy(legacy) => legacy.bounded(max),
            Source::Modern(chacha) => masked_rejection(max, || chacha.next_u64()),
        }
    }

    /// Shuffles `values` in place (Fisher and Yates from the end); with the NumPy generator as `RandomState.shuffle`.
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        sampling::shuffle(values, |max| self.bounded(max));
    }

    /// The numbers `0..n` in random order; with the NumPy generator as `RandomState.permutation`.
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        sampling::permutation(n, |max| self.bounded(max))
    }

    /// At most `count` of the numbers `0..n`, none twice: the head of a permutation of all `n`, as
    /// `RandomState.choice(n, count, replace=False)` draws them.
    pub fn choice_without_replacement(&mut self, n: usize, count: usize) -> Vec<usize> {
        let mut order = self.permutation(n);
        order.truncate(count);
        order
    }
}
