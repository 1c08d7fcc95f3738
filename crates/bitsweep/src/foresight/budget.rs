//! Whether a budget of bytes can be kept to: sizes depend on shapes, not on what is trained.

use std::sync::Arc;

use bitsweep_datasets::{Dataset, Encoder};
use bitsweep_models::{Activation, Head, Linear, Model};
use ndarray::{Array1, Array2};

use crate::evaluate::{check_budget, feature_bytes};
use crate::plan::{PlannedVariant, Unit};
use bitsweep_experiment::variant::{Budget, Variant};

/// Can this variant be kept within its budget for models of this shape?
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Question {
    /// The canonical form of the variant.
    variant: Arc<str>,
    /// Inputs of the first layer, then the outputs of each.
    widths: Vec<usize>,
    /// Bytes of what makes the features.
    scaler: u64,
}

impl Question {
    /// `None` of a variant without a budget of bytes.
    pub(super) fn of(
        unit: &Unit,
        dataset: &Dataset,
        encoder: &Encoder,
        planned: &PlannedVariant,
    ) -> Option<Question> {
        match planned.variant.mixed.as_ref()?.budget {
            Budget::Bytes(_) | Budget::BitsPerWeight(_) | Budget::Uniform(_) => {}
            Budget::MacroF1Loss(_) | Budget::OutputError(_) => return None,
        }
        let widths = unit.widths(encoder.names().len(), dataset.classes());
        let scaler = feature_bytes(unit, &planned.variant, encoder);
        Some(Question { variant: Arc::clone(&planned.identity.canonical), widths, scaler })
    }

    /// Why not, if it cannot.
    pub(super) fn answer(&self, unit: &Unit, variant: &Variant) -> Option<String> {
        let layers = self.widths.windows(2).map(|widths| Linear {
            weight: Array2::zeros((widths[0], widths[1])),
            bias: Array1::zeros(widths[1]),
            activation: Activation::Identity,
        });
        let head = unit.given().map_or(Head::Softmax, |given| given.model.head());
        let model = Model::new(layers, head).ok()?;
        check_budget(unit, &model, self.scaler, variant, variant.mixed.as_ref()?).err()
    }
}
