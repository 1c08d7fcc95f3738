//! Populations with a known macro-F1, and how often an interval computed from a sample of them contains it.

use bitsweep_metrics::{Confusion, Interval};
use rand_mt::Mt64;

/// A population of samples: how often each pair of true and predicted class occurs.
pub(crate) struct Population {
    /// What it is like.
    pub(crate) name: &'static str,
    /// Samples drawn for a test set.
    pub(crate) samples: usize,
    /// Joint probabilities, row by row (row: truth, column: prediction).
    joint: Vec<f64>,
    classes: usize,
}

/// Which errors are made.
pub(crate) enum Errors {
    /// Every class is taken for every other equally often.
    Uniform,
    /// One class alone is taken for the others.
    OfClass(usize),
    /// Two classes are taken for each other.
    Between(usize, usize),
}

impl Errors {
    fn weight(&self, truth: usize, predicted: usize, classes: usize) -> f64 {
        let made = truth != predicted
            && match self {
                Self::Uniform => true,
                Self::OfClass(class) => truth == *class,
                Self::Between(a, b) => (truth, predicted) == (*a, *b) || (truth, predicted) == (*b, *a),
            };
        if made { 1.0 / (classes - 1) as f64 } else { 0.0 }
    }
}

impl Population {
    /// Classes in the given proportions, with as many of the given errors as make macro-F1 what is asked.
    pub(crate) fn new(
        name: &'static str,
        samples: usize,
        proportions: &[f64],
        errors: &Errors,
        macro_f1: f64,
    ) -> Self {
        let classes = proportions.len();
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let rate = 0.5 * (low + high);
            let joint = joint(proportions, errors, rate);
            if population_macro_f1(&joint, classes) > macro_f1 {
                low = rate;
            } else {
                high = rate;
            }
        }
        Self { name, samples, joint: joint(proportions, errors, low), classes }
    }

    /// Populations with a rare class that is mostly missed: its F1 hangs on the few rows of it that are found.
    pub(crate) fn mostly_missed() -> [Self; 4] {
        let rare = |classes: usize, share: f64| {
            let mut proportions = vec![(1.0 - share) / (classes - 1) as f64; classes - 1];
            proportions.push(share);
            proportions
        };
        [
            Self::new("2 classes, 97 : 3, 2,000 rows", 2_000, &rare(2, 0.03), &Errors::OfClass(1), 0.5),
            Self::new("3 classes, one of 3 %, 450 rows", 450, &rare(3, 0.03), &Errors::OfClass(2), 0.7),
            Self::new("10 classes, one of 3 %, 450 rows", 450, &rare(10, 0.03), &Errors::OfClass(9), 0.9),
            Self::new("10 classes, one of 3 %, 2,000 rows", 2_000, &rare(10, 0.03), &Errors::OfClass(9), 0.9),
        ]
    }

    /// Macro-F1 over all of the population.
    pub(crate) fn macro_f1(&self) -> f64 {
        population_macro_f1(&self.joint, self.classes)
    }

    /// Draws one test set.
    pub(crate) fn sample(&self, stream: &mut Mt64) -> Confusion {
        draw(&self.joint, self.samples, self.classes, stream)
    }
}

fn joint(proportions: &[f64], errors: &Errors, rate: f64) -> Vec<f64> {
    let total: f64 = proportions.iter().sum();
    let classes = proportions.len();
    let mut joint = Vec::with_capacity(classes * classes);
    for (truth, proportion) in proportions.iter().enumerate() {
        let wrong: f64 = (0..classes).map(|predicted| rate * errors.weight(truth, predicted, classes)).sum();
        for predicted in 0..classes {
            let given_truth = if truth == predicted {
                1.0 - wrong
            } else {
                rate * errors.weight(truth, predicted, classes)
            };
            joint.push(proportion / total * given_truth);
        }
    }
    joint
}

fn population_macro_f1(joint: &[f64], classes: usize) -> f64 {
    let cell = |truth: usize, predicted: usize| joint[truth * classes + predicted];
    let f1 = |class: usize| {
        let size: f64 = (0..classes).map(|other| cell(class, other) + cell(other, class)).sum();
        2.0 * cell(class, class) / size
    };
    (0..classes).map(f1).sum::<f64>() / classes as f64
}

/// Draws `samples` cells with the given probabilities and counts them.
pub(crate) fn draw(probabilities: &[f64], samples: usize, classes: usize, stream: &mut Mt64) -> Confusion {
    let mut running = 0.0;
    let upper: Vec<f64> = probabilities
        .iter()
        .map(|probability| {
            running += probability;
            running
        })
        .collect();
    let last = probabilities.iter().rposition(|&probability| probability > 0.0).unwrap_or(0);
    let mut counts = vec![0; probabilities.len()];
    for _ in 0..samples {
        let uniform = (stream.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        counts[upper.partition_point(|&bound| bound <= uniform).min(last)] += 1;
    }
    match Confusion::from_counts(&counts, classes) {
        Ok(confusion) => confusion,
        Err(error) => unreachable!("{classes}² cells were counted: {error}"),
    }
}

/// How an interval does on many test sets drawn from one population.
pub(crate) struct Coverage {
    /// Fraction of intervals that contain the population's macro-F1.
    pub(crate) contained: f64,
    /// Mean width.
    pub(crate) width: f64,
}

/// Draws `sets` test sets and asks the method for an interval of each.
pub(crate) fn coverage(
    population: &Population,
    sets: usize,
    stream: &mut Mt64,
    mut method: impl FnMut(&Confusion, &mut Mt64) -> Interval,
) -> Coverage {
    let truth = population.macro_f1();
    let (mut contained, mut width) = (0, 0.0);
    for _ in 0..sets {
        let confusion = population.sample(stream);
        let Interval { low, high, .. } = method(&confusion, stream);
        contained += usize::from(low <= truth && truth <= high);
        width += high - low;
    }
    Coverage { contained: contained as f64 / sets as f64, width: width / sets as f64 }
}
