//! What can be known before anything runs.

use std::num::NonZeroUsize;

use bitsweep_datasets::holdout;
use bitsweep_random::Stream;

use super::{Plan, Unit};
use crate::subject::{SplitSpec, Subject, TrainedModel};
use crate::variant::CalibrationRows;

impl Plan {
    /// The units that will fail as a whole or in part, each with the reason: rows that cannot be split as asked, more
    /// calibration rows than training rows.
    pub fn foreseen_failures(&self) -> Vec<(&Unit, String)> {
        self.units.iter().filter_map(|unit| Some((unit, unit.foreseen_failure()?))).collect()
    }
}

impl Unit {
    fn foreseen_failure(&self) -> Option<String> {
        let (_, SplitSpec::Holdout(rule)) = self.spec.subject.rows()?;
        let dataset = self.dataset.as_deref()?;
        let stream = Stream::new(self.spec.rng, self.spec.seed, "split");
        let split = stream.map_err(|error| error.to_string()).and_then(|mut stream| {
            holdout(&dataset.labels, dataset.classes(), rule, &mut stream).map_err(|error| error.to_string())
        });
        let split = match split {
            Ok(split) => split,
            Err(reason) => return Some(reason),
        };
        if let Some(class) = split.classes_without_training_rows(&dataset.labels, dataset.classes()).first()
            && self.needs_all_classes()
        {
            return Some(format!("class `{}` has no training row", dataset.class_names[*class]));
        }
        let train_rows = split.train.len();
        let asked = self.variants.iter().filter_map(|variant| {
            let variant = &variant.variant;
            let drawn = |rows: CalibrationRows| match rows {
                CalibrationRows::All => None,
                CalibrationRows::Drawn(rows) => Some(rows),
            };
            let inputs = variant.activations.as_ref().and_then(|activations| activations.rows);
            variant.calibration.rows.and_then(drawn).max(inputs.and_then(drawn))
        });
        let most = asked.max().map_or(0, NonZeroUsize::get);
        (most > train_rows).then(|| too_many_calibration_rows(most, train_rows))
    }

    /// Whether the model cannot be fitted without a training row of each class.
    fn needs_all_classes(&self) -> bool {
        match &self.spec.subject {
            Subject::Trained(trained) => matches!(trained.model, TrainedModel::Logistic(_)),
            Subject::Given(_) | Subject::Tensor(_) => false,
        }
    }
}

/// Why `rows` calibration rows cannot be drawn.
pub(crate) fn too_many_calibration_rows(rows: usize, train_rows: usize) -> String {
    format!("`calibration.rows = {rows}` but there are {train_rows} training rows: expected at most as many")
}
