//! What can be known before anything runs.

use bitsweep_datasets::holdout;
use bitsweep_random::Stream;

use super::{Plan, PlannedVariant, Unit};
use crate::subject::{SplitSpec, Subject, TrainedModel};
use crate::variant::{CalibrationRows, Variant};
use bitsweep_results::numbers::counted;

impl Plan {
    /// What will fail: units whose rows cannot be split as asked, variants with more calibration rows than training rows.
    pub fn foreseen_failures(&self) -> Vec<Foreseen<'_>> {
        self.units.iter().flat_map(Unit::foreseen_failures).collect()
    }
}

/// A failure that is certain before anything runs.
#[derive(Debug)]
pub struct Foreseen<'p> {
    /// The unit that fails, or whose variant fails.
    pub unit: &'p Unit,
    /// The variant that fails; `None` where the whole unit does.
    pub variant: Option<&'p PlannedVariant>,
    /// Why, in the words of the row that will have failed.
    pub reason: String,
}

impl Unit {
    fn foreseen_failures(&self) -> Vec<Foreseen<'_>> {
        match self.training_rows() {
            None => Vec::new(),
            Some(Err(reason)) => vec![Foreseen { unit: self, variant: None, reason }],
            Some(Ok(training_rows)) => {
                let failing = self.variants.iter().filter_map(|planned| {
                    let asked = asked_rows(&planned.variant).filter(|asked| *asked > training_rows)?;
                    let reason = too_many_calibration_rows(asked, training_rows);
                    Some(Foreseen { unit: self, variant: Some(planned), reason })
                });
                failing.collect()
            }
        }
    }

    /// The number of training rows, or why there are none; `None` of a subject without rows.
    fn training_rows(&self) -> Option<Result<usize, String>> {
        let (_, SplitSpec::Holdout(rule)) = self.spec.subject.rows()?;
        let dataset = self.dataset.as_deref()?;
        let stream = Stream::new(self.spec.rng, self.spec.seed, "split");
        let split = stream.map_err(|error| error.to_string()).and_then(|mut stream| {
            holdout(&dataset.labels, dataset.classes(), rule, &mut stream).map_err(|error| error.to_string())
        });
        let split = match split {
            Ok(split) => split,
            Err(reason) => return Some(Err(reason)),
        };
        if let Some(class) = split.classes_without_training_rows(&dataset.labels, dataset.classes()).first()
            && self.needs_all_classes()
        {
            return Some(Err(format!("class `{}` has no training row", dataset.class_names[*class])));
        }
        Some(Ok(split.train.len()))
    }

    /// Whether the model cannot be fitted without a training row of each class.
    fn needs_all_classes(&self) -> bool {
        match &self.spec.subject {
            Subject::Trained(trained) => matches!(trained.model, TrainedModel::Logistic(_)),
            Subject::Given(_) | Subject::Tensor(_) => false,
        }
    }
}

/// The most calibration rows that a variant draws; `None` where it draws none.
fn asked_rows(variant: &Variant) -> Option<usize> {
    let inputs = variant.activations.as_ref().and_then(|activations| activations.rows);
    let drawn = [variant.calibration.rows, inputs].into_iter().filter_map(|rows| match rows? {
        CalibrationRows::All => None,
        CalibrationRows::Drawn(rows) => Some(rows.get()),
    });
    drawn.max()
}

/// Why `rows` calibration rows cannot be drawn.
pub(crate) fn too_many_calibration_rows(rows: usize, train_rows: usize) -> String {
    let there_are = if train_rows == 1 { "there is" } else { "there are" };
    let available = counted(train_rows, "training row", "training rows");
    format!("`calibration.rows = {rows}` but {there_are} {available}: expected at most as many")
}
