//! Which task, unit and variant a row is of.

use std::sync::Arc;

use crate::choice::{Choice, Choices};
use crate::key::Key;
use crate::value::Value;

/// What units must share for their variants to be compared: everything but the seed and the fold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// A hash of the dataset's content and how it is read, split, model, training and generator. Tasks are equal where
    /// their keys are; the other fields tell them apart for a reader.
    pub key: Key,
    /// The dataset's name, or the tensor's in a tensor experiment.
    pub dataset: String,
    /// The model in a few words: `mlp(100)`, `logistic(one-vs-rest)`; empty in a tensor experiment.
    pub model: String,
    /// `numpy` or `modern`.
    pub rng: String,
    /// Settings in which tasks of the experiment differ, dotted key and value; none where a task lacks the setting. Those
    /// that the other fields show are left out.
    pub settings: Vec<(String, Value)>,
}

/// One trained model, or one tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// A hash of the subject, the seed, the fold and the rows behind them, wherever they were read from.
    pub key: Key,
    /// What its variants are compared on.
    pub task: Arc<Task>,
    /// The seed.
    pub seed: u64,
    /// Which of the seed's splits, counted from 0: the fold that is its test set, or the number of the repeat; `None` where
    /// a seed has one split.
    pub fold: Option<usize>,
    /// Rows and columns of its data; `None` in a tensor experiment and where the rows could not be split.
    pub shape: Option<DatasetShape>,
}

impl Unit {
    /// The keys of the task and of the unit, which together tell units apart: tasks on equal rows from two files have
    /// units of equal keys.
    #[must_use]
    pub fn keys(&self) -> (Key, Key) {
        (self.task.key, self.key)
    }

    /// What tells the unit from the others of its task, for people: `seed 3`, or `seed 3, fold 2`.
    #[must_use]
    pub fn run(&self) -> String {
        run_of(self.seed, self.fold)
    }
}

/// A seed and one of its splits, for people: `seed 3`, or `seed 3, fold 2`.
///
/// ```
/// use bitsweep_results::run_of;
///
/// assert_eq!(run_of(3, None), "seed 3");
/// assert_eq!(run_of(3, Some(2)), "seed 3, fold 2");
/// ```
#[must_use]
pub fn run_of(seed: u64, fold: Option<usize>) -> String {
    match fold {
        None => format!("seed {seed}"),
        Some(fold) => format!("seed {seed}, fold {fold}"),
    }
}

/// Rows and columns of the data behind a unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DatasetShape {
    /// Rows the model is trained on.
    pub train_rows: usize,
    /// Rows to choose on, which neither training nor scores see.
    pub validation_rows: usize,
    /// Rows it is scored on.
    pub test_rows: usize,
    /// Test rows whose features stand among the training rows, too: what the model says of them shows memory, not skill.
    pub seen_rows: usize,
    /// Columns of the feature matrix.
    pub features: usize,
    /// Distinct classes.
    pub classes: usize,
}

/// What is done to a unit's model or tensor. Units share their variants.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Variant {
    /// The value on every axis that applies. Variants are the same where their choices are.
    pub choices: Choices,
    /// The name that the user gave it, or that its scheme is known by: `nvfp4`.
    pub name: Option<String>,
    /// Whether a code stands for several weights, or a weight takes several codes: the bits of a code are then not those of
    /// a weight, and no measure for a comparison.
    pub has_shared_codes: bool,
}

/// The unit and the variant that a row is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The unit.
    pub unit: Arc<Unit>,
    /// The variant.
    pub variant: Arc<Variant>,
    /// Position of the variant in its unit; 0 is the float baseline.
    pub position: usize,
}

impl Variant {
    /// The float baseline: weights of so many bits, formats `f32` and `f64`.
    ///
    /// ```
    /// use bitsweep_results::{Choice, Variant};
    ///
    /// let float = Variant::float(32);
    /// assert!(float.is_float() && float.choices.bits() == 32);
    /// assert!(float.choices.get(Choice::Format).is_some_and(|format| format.is("f32")));
    /// ```
    #[must_use]
    pub fn float(bits: u32) -> Self {
        let format = Value::word(&format!("f{bits}"));
        let choices =
            Choices::default().with(Choice::Bits, Value::number(bits.into())).with(Choice::Format, format);
        Self { choices, name: None, has_shared_codes: false }
    }

    /// Whether it is a float baseline: its values are kept as they are, `f32` or `f64`.
    #[must_use]
    pub fn is_float(&self) -> bool {
        self.choices.get(Choice::Format).is_some_and(|format| format.is("f32") || format.is("f64"))
    }
}

impl Variant {
    /// Whether it is there to be compared with, and not to be picked.
    #[must_use]
    pub fn is_baseline(&self) -> bool {
        self.is_float()
    }
}

impl Origin {
    /// Whether the row is the float baseline's.
    #[must_use]
    pub fn is_float(&self) -> bool {
        self.position == 0
    }
}
