//! Seeded random streams that are the same on every machine.
//!
//! [`Stream`] is what the other crates draw from: one independent stream for each stage of an experiment, derived
//! from the seed and the stage's name, so that adding a stage moves no other. [`Generator`] says which algorithm
//! stands behind it:
//!
//! * [`Generator::Modern`], the default: ChaCha8 keyed by a BLAKE3 hash of seed and stage;
//! * [`Generator::Numpy`]: NumPy's legacy `RandomState`, reproduced by [`LegacyRandom`], so that scikit-learn's
//!   splits and `numpy.random.randn`'s weights come out of the same seed.
//!
//! ```
//! use bitsweep_random::{Generator, Stream};
//!
//! // numpy.random.seed(42); numpy.random.randn(2)
//! let mut init = Stream::new(Generator::Numpy, 42, "init")?;
//! assert_eq!(init.normal(), 0.4967141530112327);
//! assert_eq!(init.normal(), -0.13826430117118466);
//! # Ok::<(), bitsweep_random::SeedError>(())
//! ```
//!
//! No function of the C library takes part: the logarithm behind the normal distribution is the crate's own,
//! correctly rounded, and the square root is IEEE 754's.

mod generator;
mod legacy;
mod logarithm;
mod polar;
mod sampling;
mod stream;

pub use generator::Generator;
pub use legacy::LegacyRandom;
pub use stream::{SeedError, Stream};
