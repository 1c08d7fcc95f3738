//! What is said of the arrays.

use bitsweep_models::{Head, Precision};
use bitsweep_quant::{ActivationQuantizer, ActivationScheme, Scheme};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::packed::classifier::{ClippedOutputs, PackedLayer, PackedModel};
use crate::packed::columns::{Column, ColumnKind};
use crate::packed::function::Function;

/// The version of the names and formulas.
const VERSION: u32 = 1;

/// What `bitsweep.json` says.
#[derive(Serialize)]
pub(super) struct Description<'a> {
    version: u32,
    /// The version of bitsweep.
    bitsweep: &'a str,
    columns: Vec<ColumnDescription<'a>>,
    scaler: &'static str,
    /// The features that were constant; see [`FeatureScaling::Standard`](crate::packed::FeatureScaling::Standard).
    constant_features: &'a [usize],
    precision: Precision,
    layers: Vec<LayerDescription>,
    head: Head,
    classes: &'a [String],
    provenance: &'a Map<String, Value>,
}

/// How features are made of a column of a table.
#[derive(Serialize)]
pub(in crate::packed) struct ColumnDescription<'a> {
    name: &'a str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    texts: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fill: Option<f32>,
    features: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct LayerDescription {
    inputs: usize,
    outputs: usize,
    weight: ValuesDescription,
    bias: ValuesDescription,
    activation: Function,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_codes: Option<InputDescription>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_codes: Option<ClipDescription>,
}

/// How values follow from the arrays of a weight or a bias.
#[derive(Serialize)]
pub(super) struct ValuesDescription {
    /// The name of the formula.
    pub(super) decode: &'static str,
    /// The type in which it is computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dtype: Option<&'static str>,
    /// Rows and columns that share a scale, or codebooks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) block: Option<[usize; 2]>,
    /// The lowest code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lowest: Option<i32>,
    /// The number that codes are divided by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) steps: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scheme: Option<Scheme>,
}

/// `q = clip(round(x / scale) + zero_point, lowest, highest)`.
#[derive(Serialize)]
struct InputDescription {
    #[serde(skip_serializing_if = "Option::is_none")]
    lowest: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    highest: Option<i32>,
    scheme: ActivationScheme,
}

/// `round(min(max(y / clip, 0), 1)·n)·(clip / n)` with `n = 2^bits - 1`.
#[derive(Serialize)]
struct ClipDescription {
    bits: u32,
    clip: f64,
}

impl<'a> Description<'a> {
    pub(super) fn of(model: &'a PackedModel, layers: Vec<LayerDescription>) -> Self {
        let classifier = model.classifier();
        Self {
            version: VERSION,
            bitsweep: model.written_by(),
            columns: classifier.columns.iter().map(ColumnDescription::of).collect(),
            scaler: classifier.scaling.name(),
            constant_features: classifier.scaling.constant(),
            precision: classifier.precision,
            layers,
            head: classifier.head,
            classes: &classifier.classes,
            provenance: &classifier.provenance,
        }
    }
}

impl<'a> ColumnDescription<'a> {
    pub(in crate::packed) fn of(column: &'a Column) -> Self {
        let (kind, texts) = match &column.kind {
            ColumnKind::Number => ("number", None),
            ColumnKind::Ranks(texts) => ("ranks", Some(texts.as_slice())),
            ColumnKind::Levels { texts, other: _ } => ("levels", Some(texts.as_slice())),
        };
        Self { name: &column.name, kind, texts, fill: column.fill, features: column.features() }
    }
}

impl LayerDescription {
    pub(super) fn of(layer: &PackedLayer, weight: ValuesDescription, bias: ValuesDescription) -> Self {
        let (inputs, outputs) = layer.weight.shape();
        Self {
            inputs,
            outputs,
            weight,
            bias,
            activation: Function(layer.activation),
            input_codes: layer.inputs.as_ref().map(InputDescription::of),
            output_codes: layer.outputs.map(ClipDescription::of),
        }
    }
}

impl ValuesDescription {
    /// Numbers that are no codes.
    pub(super) const FLOAT: Self =
        Self { decode: "float", dtype: None, block: None, lowest: None, steps: None, scheme: None };
}

impl InputDescription {
    fn of(inputs: &ActivationQuantizer) -> Self {
        let grid = inputs.scheme().codes().grid();
        Self {
            lowest: grid.map(|grid| grid.lowest),
            highest: grid.map(|grid| grid.highest),
            scheme: *inputs.scheme(),
        }
    }
}

impl ClipDescription {
    fn of(outputs: ClippedOutputs) -> Self {
        Self { bits: outputs.bits.get(), clip: outputs.clip() }
    }
}
