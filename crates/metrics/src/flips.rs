//! A class score on weighted samples, of many classifiers that mostly predict what one predicts.

use std::ops::Range;

use crate::class_score::ClassScore;
use crate::error::{MetricError, check_label, check_lengths};

/// What a reference predicts for each sample, and where others predict another class.
///
/// A score of one of the others takes time that grows with its flips, not with the samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flips {
    classes: usize,
    truth: Vec<usize>,
    reference: Vec<u16>,
    /// For each of the others the samples that it predicts otherwise, and as what.
    others: Vec<Vec<(usize, u16)>>,
}

impl Flips {
    /// A reference without others.
    ///
    /// # Errors
    /// When the sequences differ in length, or a label is not below `classes`.
    pub fn new(truth: Vec<usize>, reference: Vec<u16>, classes: usize) -> Result<Self, MetricError> {
        for (sample, &class) in truth.iter().enumerate() {
            check_label("true", sample, class, classes)?;
        }
        let flips = Self { classes, truth, reference, others: Vec::new() };
        flips.check(&flips.reference)?;
        Ok(flips)
    }

    /// Adds one of the others: the class that it predicts for each sample.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn push(&mut self, predicted: &[u16]) -> Result<(), MetricError> {
        self.check(predicted)?;
        let pairs = predicted.iter().zip(&self.reference).enumerate();
        let flips = pairs.filter(|(_, (own, before))| own != before);
        self.others.push(flips.map(|(sample, (&own, _))| (sample, own)).collect());
        Ok(())
    }

    fn check(&self, predicted: &[u16]) -> Result<(), MetricError> {
        check_lengths(("truth", self.truth.len()), ("prediction", predicted.len()))?;
        let mut labels = predicted.iter().enumerate();
        labels.try_for_each(|(sample, &class)| check_label("predicted", sample, class.into(), self.classes))
    }

    /// What each of `others` loses against the reference, `score(reference) - score(other)`, with this weight on each sample.
    ///
    /// Macro-F1 is over the classes that have weight. NaN where no sample has weight.
    ///
    /// # Panics
    /// When there is not one weight per sample, or `others` are not all there.
    pub fn losses(&self, score: ClassScore, weights: &[f64], others: Range<usize>) -> Vec<f64> {
        assert_eq!(weights.len(), self.truth.len(), "one weight per sample");
        let zeros = || vec![0.0; self.classes];
        let mut reference = Tallies { support: zeros(), predicted: zeros(), right: zeros() };
        for ((&truth, &own), &weight) in self.truth.iter().zip(&self.reference).zip(weights) {
            let own = usize::from(own);
            reference.support[truth] += weight;
            reference.predicted[own] += weight;
            reference.right[truth] += if own == truth { weight } else { 0.0 };
        }
        let of_reference = reference.score(score);
        let mut tallies = reference.clone();
        let losses = self.others[others].iter().map(|flips| {
            tallies.predicted.clone_from(&reference.predicted);
            tallies.right.clone_from(&reference.right);
            for &(sample, class) in flips {
                let (before, after) = (usize::from(self.reference[sample]), usize::from(class));
                let (truth, weight) = (self.truth[sample], weights[sample]);
                tallies.predicted[before] -= weight;
                tallies.predicted[after] += weight;
                let gained = f64::from(u8::from(after == truth)) - f64::from(u8::from(before == truth));
                tallies.right[truth] += weight * gained;
            }
            of_reference - tallies.score(score)
        });
        losses.collect()
    }
}

/// Weights of each class, summed.
#[derive(Clone)]
struct Tallies {
    support: Vec<f64>,
    predicted: Vec<f64>,
    right: Vec<f64>,
}

impl Tallies {
    fn score(&self, score: ClassScore) -> f64 {
        match score {
            ClassScore::MacroF1 => {
                let present = || (0..self.support.len()).filter(|class| self.support[*class] > 0.0);
                let f1 =
                    |class: usize| 2.0 * self.right[class] / (self.support[class] + self.predicted[class]);
                present().map(f1).sum::<f64>() / present().count() as f64
            }
            ClassScore::Accuracy => self.right.iter().sum::<f64>() / self.support.iter().sum::<f64>(),
        }
    }
}
