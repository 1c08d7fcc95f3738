//! Two models of the same samples, of known calibration.

use bitsweep_metrics::{CalibrationError, MetricError, PairedDifference};
use ndarray::Array2;
use rand_mt::Mt64;

const CLASSES: usize = 3;

/// Classes are drawn from the softmax of normal logits; a model knows these, sharpened and with noise in the second.
pub(crate) struct TwoModels {
    /// What the logits are multiplied with: 1 is calibrated, more is overconfident.
    pub(crate) sharpened: [f64; 2],
    /// Standard deviation of what is added to the second model's logits.
    pub(crate) noise: f64,
}

impl TwoModels {
    /// The difference of their calibration errors on one test set.
    pub(crate) fn differences(
        &self,
        samples: usize,
        stream: &mut Mt64,
    ) -> Result<PairedDifference, MetricError> {
        let mut tables = [(); 2].map(|()| Array2::zeros((samples, CLASSES)));
        let mut truth = Vec::with_capacity(samples);
        for sample in 0..samples {
            let logits = [(); CLASSES].map(|()| 1.5 * normal(stream));
            let mut uniform = uniform(stream);
            let class = softmax(logits).iter().position(|probability| {
                uniform -= probability;
                uniform < 0.0
            });
            truth.push(class.unwrap_or(CLASSES - 1));
            for ((table, sharpened), noise) in tables.iter_mut().zip(self.sharpened).zip([0.0, self.noise]) {
                let own = softmax(logits.map(|logit| sharpened * (logit + noise * normal(stream))));
                for (cell, probability) in table.row_mut(sample).iter_mut().zip(own) {
                    *cell = probability;
                }
            }
        }
        let [first, second] = &tables;
        let first = CalibrationError::new(first.view(), &truth)?;
        first.difference(&CalibrationError::new(second.view(), &truth)?)
    }
}

fn softmax(logits: [f64; CLASSES]) -> [f64; CLASSES] {
    let weights = logits.map(libm::exp);
    let sum: f64 = weights.iter().sum();
    weights.map(|weight| weight / sum)
}

/// A number in (0, 1).
fn uniform(stream: &mut Mt64) -> f64 {
    ((stream.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
}

/// A standard normal number, by Box & Muller.
fn normal(stream: &mut Mt64) -> f64 {
    let radius = (-2.0 * libm::log(uniform(stream))).sqrt();
    radius * libm::cos(2.0 * std::f64::consts::PI * uniform(stream))
}
