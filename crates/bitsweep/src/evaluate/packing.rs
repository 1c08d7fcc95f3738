//! A variant as a model to be taken away: everything that it needs to run.

use bitsweep_datasets::FeatureColumn;
use bitsweep_exchange::packed::{Classifier, Column, ColumnKind, PackedLayer, PackedModel, Values};
use bitsweep_models::{Layer, Linear, WeightId};
use bitsweep_results::FailureKind;
use ndarray::{Array2, Axis};

use super::coded::CodedModel;
use super::prepare::Prepared;
use super::quantized_model::QuantizedModel;
use super::score::Inference;
use super::stop::{At, Step, failed};
use crate::plan::Unit;

/// Where a model comes from, as the file says it.
pub(crate) type Provenance = serde_json::Map<String, serde_json::Value>;

const KIND: FailureKind = FailureKind::Quantization;

/// A variant that was made, and what it was made of.
pub(super) struct Made<'a, 'u> {
    pub(super) unit: &'a Unit,
    /// The rows with the features that the model takes.
    pub(super) prepared: &'a Prepared<'u>,
    pub(super) model: &'a QuantizedModel,
    pub(super) coded: Option<&'a CodedModel<'a>>,
}

impl Made<'_, '_> {
    pub(super) fn packed(&self, provenance: Provenance) -> Step<PackedModel> {
        let Self { unit, prepared, model, coded: _ } = self;
        let layers = model.model.layers().iter().enumerate();
        PackedModel::new(Classifier {
            columns: prepared.encoder.columns(prepared.dataset).map(column).collect(),
            scaling: prepared.feature_scaling(),
            layers: layers.map(|(position, layer)| self.layer(position, layer)).collect(),
            head: model.model.head(),
            precision: unit.precision(),
            classes: prepared.dataset.class_names.clone(),
            provenance,
        })
        .at(KIND)
    }

    fn layer(&self, position: usize, layer: &Layer) -> PackedLayer {
        let Layer::Linear(Linear { weight, bias, activation }) = layer;
        let values = |id: WeightId, floats: Array2<f32>| match self.model.weight(id) {
            Some(coded) => Values::Coded(coded.quantized.clone()),
            None => Values::Float(floats),
        };
        let is_hidden = position + 1 < self.model.model.layers().len();
        let clipped = self.model.activations.as_ref().filter(|_| is_hidden);
        PackedLayer {
            weight: values(WeightId::Weight(position), weight.clone()),
            bias: values(WeightId::Bias(position), bias.clone().insert_axis(Axis(0))),
            activation: *activation,
            inputs: self.coded.map(|coded| coded.quantizer(position)),
            outputs: clipped.map(|activations| activations.outputs_of(position)),
        }
    }
}

/// Refuses a model whose classes on the test rows are not those that were measured, or that has other bytes than the table says.
pub(super) fn check(
    packed: &PackedModel,
    prepared: &Prepared<'_>,
    measured: &Inference,
    bytes: u64,
) -> Step<()> {
    let own = packed.sizes().total();
    if own != bytes {
        return Err(failed(KIND, format!("the packed model has {own} bytes where the table counts {bytes}")));
    }
    check_classes(packed, prepared, measured)
}

/// Refuses a model whose classes on the test rows are not those that were measured.
pub(super) fn check_classes(packed: &PackedModel, prepared: &Prepared<'_>, measured: &Inference) -> Step<()> {
    let features = prepared.encoder.apply(prepared.dataset, &prepared.split.test);
    let predictor = packed.predictor().at(KIND)?;
    match predictor.predict(features.view()).at(KIND)? == measured.predictions {
        true => Ok(()),
        false => Err(failed(KIND, "the packed model does not predict the classes that were measured")),
    }
}

fn column(column: FeatureColumn<'_>) -> Column {
    let FeatureColumn { name, texts, is_one_hot, shares, fill, indicates } = column;
    let texts = texts.map(|texts| texts.into_iter().map(str::to_owned).collect());
    let kind = match texts {
        None => ColumnKind::Number,
        Some(texts) if is_one_hot => ColumnKind::Levels { texts, other: shares },
        Some(texts) => ColumnKind::Ranks(texts),
    };
    Column { name: name.to_owned(), kind, fill: fill.map(|fill| fill as f32), indicates_missing: indicates }
}
