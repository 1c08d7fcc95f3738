//! What the units of a task are called: seeds, or runs where seeds have several splits.

use super::comparison::Comparison;
use super::summarize::Summary;
use crate::numbers::counted;
use crate::origin::Unit;

impl Comparison {
    /// So many of its units, for people: `10 seeds` where they differ by their seed alone, and `50 runs`, each with a seed
    /// and a fold, where seeds have several splits.
    #[must_use]
    pub fn runs(&self, number: usize) -> String {
        let (one, several) = nouns(self.variants.iter().map(|variant| &*variant.origin.unit));
        counted(number, one, several)
    }
}

impl Summary {
    /// What one unit of a task is called, and what several are: `seed` and `seeds`, or `run` and `runs` where seeds have
    /// several splits.
    #[must_use]
    pub fn run_nouns(&self) -> (&'static str, &'static str) {
        let variants = self.comparisons.iter().flat_map(|comparison| &comparison.variants);
        let measured = variants.map(|variant| &*variant.origin.unit);
        nouns(measured.chain(self.failures.iter().map(|row| &*row.origin.unit)))
    }
}

fn nouns<'a>(mut units: impl Iterator<Item = &'a Unit>) -> (&'static str, &'static str) {
    if units.any(|unit| unit.fold.is_some()) { ("run", "runs") } else { ("seed", "seeds") }
}
