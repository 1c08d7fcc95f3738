//! Scores that are functions of the confusion matrix, and what each sample contributes to them.

use crate::confusion::Confusion;

/// A score that is a function of the confusion matrix; more is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClassScore {
    /// The unweighted mean of the F1 of the classes that have samples.
    MacroF1,
    /// Fraction of samples predicted as what they are.
    /// Of the samples of one class, it is their recall.
    Accuracy,
}

impl ClassScore {
    /// The score.
    pub fn of(self, confusion: &Confusion) -> f64 {
        match self {
            Self::MacroF1 => confusion.macro_f1(),
            Self::Accuracy => confusion.accuracy(),
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
/// - accuracy: `ψ = 1(t = p) - A`.
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
    /// What one sample more counts.
    one_more: f64,
}

impl Influence {
    /// The influences on `score` at this confusion matrix.
    pub fn new(score: ClassScore, confusion: &Confusion) -> Self {
        let classes = confusion.classes();
        let samples = confusion.samples() as f64;
        let zeros = || vec![0.0; classes];
        let mut influence = Self { right: zeros(), missed: zeros(), false_alarm: zeros(), one_more: 1.0 };
        match score {
            ClassScore::MacroF1 => {
                let classes = confusion.present().count() as f64;
                let scale = samples / classes;
                let mut squares = 0.0;
                for class in confusion.present() {
                    let size = (confusion.support()[class] + confusion.predicted()[class]) as f64;
                    let f1 = confusion.f1(class);
                    squares += (scale * 2.0 / size) * (scale * 2.0 / size);
                    influence.right[class] = scale * 2.0 * (1.0 - f1) / size;
                    influence.missed[class] = scale * f1 / size;
                    influence.false_alarm[class] = scale * f1 / size;
                }
                influence.one_more = (squares / classes).sqrt();
            }
            ClassScore::Accuracy => {
                let accuracy = confusion.accuracy();
                influence.right.fill(1.0 - accuracy);
                influence.missed.fill(accuracy);
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

    /// What one sample more counts that is right and might be wrong: 1 of an accuracy. Of macro-F1 `2n/(K d_c)` if it is of
    /// class `c`; the root mean square of it over the classes, which macro-F1 takes alike. 1 where all classes are as large.
    pub fn one_more(&self) -> f64 {
        self.one_more
    }
}
