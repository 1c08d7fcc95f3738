//! The random numbers behind a split.

use bitsweep_random::{Generator, SeedError, Stream};

/// One of the splits of a seed, by its number, and the streams that it draws from: what is drawn from one moves nothing
/// of the others.
#[derive(Clone, Debug)]
pub struct SplitStreams {
    /// The number of the fold or repeat, counted from 0.
    pub(crate) fold: usize,
    /// The stage `split`, which all splits of the seed share.
    pub(crate) shared: Stream,
    /// The same stage with the number behind it, but for the first.
    pub(crate) own: Stream,
    /// For the validation rows: the stage `validation`, with the number behind it, but for the first.
    pub(crate) validation: Stream,
}

impl SplitStreams {
    /// The streams of the fold or repeat with this number, counted from 0.
    ///
    /// # Errors
    /// [`SeedError`] when the generator cannot take the seed.
    pub fn new(generator: Generator, seed: u64, fold: usize) -> Result<Self, SeedError> {
        let own = |stage: &str| match fold {
            0 => Stream::new(generator, seed, stage),
            _ => Stream::new(generator, seed, &format!("{stage} {fold}")),
        };
        Ok(Self {
            fold,
            shared: Stream::new(generator, seed, "split")?,
            own: own("split")?,
            validation: own("validation")?,
        })
    }
}
