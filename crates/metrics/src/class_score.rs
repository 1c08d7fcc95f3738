//! Scores that are functions of the confusion matrix, and what each sample contributes to them.

use crate::confusion::Confusion;

/// A score that is a function of the confusion matrix; more is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClassScore {
    /// The unweighted mean of the F1 of the classes that have samples.
    MacroF1,
    /// Fraction of samples predicted as what they are.
    Accuracy,
    /// Of the samples of this class, the fraction predicted as such.
    Recall(usize),
}

impl ClassScore {
    /// The score.
    ///
    /// # Panics
    /// When the class of a recall is not below the number of classes.
    pub fn of(self, confusion: &Confusion) -> f64 {
        match self {
            Self::MacroF1 => confusion.macro_f1(),
            Self::Accuracy => confusion.accuracy(),
            Self::Recall(class) => confusion.recall(class),
        }
    }
}

/// How much one sample of each kind moves a score: its influence function, times the number of samples.
///
/// A sample of class `t` that is predicted as `p` has the influence `ψ(t, p)`; the mean of `ψ` over the samples is 0, and
/// the score of a population lies off that of the sample by the mean of `ψ` over new samples, to first order. With the
/// `n` samples, `n_c` of class `c`, `m_c` predicted as `c`, `d_c = n_c + m_c` and `K` classes that have samples:
///
/// - macro-F1: `ψ = (n/K) Σ_c (2·1(t = p = c) - F_c (1(t = c) + 1(p = c))) / d_c` over the classes that have samples;
/// - accuracy: `ψ = 1(t = p) - A`;
/// - recall of `c`: `ψ = (n/n_c) (1(t = p = c) - R_c 1(t = c))`.
///
/// Source: Takahashi, Yamamoto, Kuchiba & Koyama (2022), Applied Intelligence 52, doi 10.1007/s10489-021-02635-5, whose
/// delta-method variance of macro-F1 is the mean of `ψ²` over `n`.
#[derive(Debug, Clone, PartialEq)]
pub struct Influence {
    /// `ψ(c, c)`.
    right: Vec<f64>,
    /// What a missed sample of class `c` loses.
    missed: Vec<f64>,
    /// What a sample loses that is wrongly predicted as `c`.
    false_alarm: Vec<f64>,
    /// The influence of one more sample that counts, in the units of `ψ`.
    unit: f64,
}

impl Influence {
    /// The influences on `score` at this confusion matrix.
    pub fn new(score: ClassScore, confusion: &Confusion) -> Self {
        let classes = confusion.classes();
        let samples = confusion.samples() as f64;
        let zeros = || vec![0.0; classes];
        let mut influence = Self { right: zeros(), missed: zeros(), false_alarm: zeros(), unit: 1.0 };
        match score {
            ClassScore::MacroF1 => {
                let scale = samples / confusion.present().count() as f64;
                for class in confusion.present() {
                    let size = (confusion.support()[class] + confusion.predicted()[class]) as f64;
                    let f1 = confusion.f1(class);
                    influence.right[class] = scale * 2.0 * (1.0 - f1) / size;
                    influence.missed[class] = scale * f1 / size;
                    influence.false_alarm[class] = scale * f1 / size;
                }
            }
            ClassScore::Accuracy => {
                let accuracy = confusion.accuracy();
                influence.right.fill(1.0 - accuracy);
                influence.missed.fill(accuracy);
            }
            ClassScore::Recall(class) => {
                let support = confusion.support()[class];
                if support > 0 {
                    let recall = confusion.recall(class);
                    influence.unit = samples / support as f64;
                    influence.right[class] = influence.unit * (1.0 - recall);
                    influence.missed[class] = influence.unit * recall;
                }
            }
        }
        influence
    }

    /// `ψ(truth, predicted)`.
    ///
    /// # Panics
    /// When either is not below the number of classes.
    pub fn at(&self, truth: usize, predicted: usize) -> f64 {
        if truth == predicted {
            self.right[truth]
        } else {
            -(self.missed[truth] + self.false_alarm[predicted])
        }
    }

    /// The influence of one more sample that counts: 1, but for a recall, which only the samples of its class decide, `n/n_c`.
    pub fn unit(&self) -> f64 {
        self.unit
    }
}
