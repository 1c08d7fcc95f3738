//! One point of the grid, typed: a unit, or a variant.

use std::ops::Range;

use bitsweep_models::{Mlp, SpecificationError};
use bitsweep_quant::{BiasCorrection, CalibrationMethod, Range as QuantizationRange, Transform};
use serde::Deserialize;
use toml::Spanned;
use toml::de::ValueDeserializer;

use super::activations::Activations;
use super::diagnostic::Diagnostic;
use super::document::{Document, Node};
use super::experiment::VariantEntry;
use super::grid::{self, Alternative};
use super::specification::{ModelSpec, TensorSpec, UnitSpec, VariantSpec};
use super::tensor_values::TensorValues;

pub(super) fn typed<'t, T: Deserialize<'t>>(document: &Document, node: Node<'t>) -> Result<T, Diagnostic> {
    T::deserialize(ValueDeserializer::from(node)).map_err(|error| document.typed_error(&error))
}

/// Reads a unit and refuses parts that do not belong together.
pub(super) fn unit(document: &Document, node: Node<'_>) -> Result<UnitSpec, Diagnostic> {
    let at = |path: &str| grid::lookup(&node, path).map_or(0..0, Spanned::span);
    let mut spec: UnitSpec = typed(document, node.clone())?;
    let refuse = |path: &str, message: &str| Err(document.error(at(path), message));
    // At the setting itself where it stands directly in its table, else at the table.
    let wrong = |table: &str, error: &SpecificationError| {
        let setting = format!("{table}.{}", error.key);
        let path = if grid::lookup(&node, &setting).is_some() { &setting } else { table };
        document.error(at(path), error.to_string())
    };
    if spec.tensor.is_some() {
        for key in ["data", "split", "model", "train"] {
            if grid::lookup(&node, key).is_some() {
                return refuse(
                    key,
                    &format!("`{key}` has no place beside `tensor`: a tensor is quantized without a model"),
                );
            }
        }
        return check_tensor(document, &node, spec);
    }
    if spec.model.is_none() {
        return Err(Diagnostic::new("there is neither a `model` nor a `tensor`, expected one of them")
            .help("add [model.mlp], [model.logistic], [model.softmax-regression] or [tensor]"));
    }
    for (key, missing) in [("data", spec.data.is_none()), ("split", spec.split.is_none())] {
        if missing {
            return Err(document.error(at("model"), format!("a model needs `{key}`, which is missing")));
        }
    }
    match (&spec.model, &spec.train) {
        (Some(ModelSpec::Mlp(mlp)), Some(training)) => {
            mlp.check().map_err(|error| wrong("model.mlp", &error))?;
            training.check().map_err(|error| wrong("train", &error))?;
        }
        (Some(ModelSpec::SoftmaxRegression(_)), Some(training)) => {
            training.check().map_err(|error| wrong("train", &error))?;
        }
        (Some(ModelSpec::Mlp(_)), None) => {
            return refuse(
                "model",
                "a multi-layer perceptron is trained by gradient descent: the table `train` is missing",
            );
        }
        (Some(ModelSpec::SoftmaxRegression(_)), None) => {
            return refuse(
                "model",
                "a softmax regression is trained by gradient descent: the table `train` is missing",
            );
        }
        (Some(ModelSpec::Logistic(logistic)), _) => {
            logistic.check().map_err(|error| wrong("model.logistic", &error))?;
            spec.train = None;
        }
        (None, _) => {}
    }
    Ok(spec)
}

fn check_tensor(document: &Document, node: &Node<'_>, spec: UnitSpec) -> Result<UnitSpec, Diagnostic> {
    if let Some(TensorSpec { values: TensorValues(rows), query: Some(query), .. }) = &spec.tensor {
        let columns = rows.first().map_or(0, Vec::len);
        if query.len() != columns {
            let span = grid::lookup(node, "tensor.query").map_or(0..0, Spanned::span);
            let message =
                format!("the query has {} values, but the rows of the tensor have {columns}", query.len());
            return Err(document.error(span, message));
        }
    }
    Ok(spec)
}

/// Refuses a training with quantization in the loop that the unit's model does not have.
pub(super) fn check_training(unit: &UnitSpec, variant: &VariantSpec) -> Result<(), String> {
    let Some(training) = &variant.training else { return Ok(()) };
    match &unit.model {
        None => {
            Err("`quantize.training` has no place beside `tensor`: there is no model to train".to_owned())
        }
        Some(ModelSpec::Logistic(_)) => Err("logistic regression is fitted by a solver, without a loop for \
             `quantize.training`: expected `model.softmax-regression` or `model.mlp`"
            .to_owned()),
        Some(ModelSpec::SoftmaxRegression(_)) => {
            if training.method.activations().is_some() || training.method.widening() > 1 {
                Err(format!(
                    "`{training}` changes hidden units, and a softmax regression has none: leave `activations` and \
                     `widening` out"
                ))
            } else {
                Ok(())
            }
        }
        Some(ModelSpec::Mlp(mlp)) => {
            let widened = Mlp { hidden: mlp.hidden.widened(training.method.widening()), ..mlp.clone() };
            widened.check().map_err(|error| format!("after widening {error}"))
        }
    }
}

/// Refuses schemes of layers that the unit's model does not have.
pub(super) fn check_layers(unit: &UnitSpec, variant: &VariantSpec) -> Result<(), String> {
    let Some(model) = &unit.model else {
        let table = match (&variant.mixed, variant.layers.is_empty()) {
            (Some(_), _) => "mixed",
            (None, false) => "layers",
            (None, true) => return Ok(()),
        };
        return Err(format!("`quantize.{table}` has no place beside `tensor`, which has no layers"));
    };
    let layers = model.layers();
    match variant.layers.keys().find(|layer| layer.position() >= layers) {
        None => Ok(()),
        Some(layer) if layers == 1 => {
            Err(format!("{model} has no layer `{layer}`: expected `W1`, its only one"))
        }
        Some(layer) => Err(format!("{model} has no layer `{layer}`: expected `W1` to `W{layers}`")),
    }
}

/// Where the parts of a variant stand that its unit must agree with.
pub(super) struct Places {
    pub(super) training: Range<usize>,
    pub(super) layers: Range<usize>,
}

/// Reads a variant.
pub(super) fn variant(
    document: &Document,
    alternative: Alternative<'_>,
) -> Result<(VariantEntry, Places), Diagnostic> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Root {
        quantize: VariantSpec,
    }
    let at = |path: &str| grid::lookup(&alternative.node, path).map_or(0..0, Spanned::span);
    let (training, inputs) = (at("quantize.training"), at("quantize.activations"));
    let layers = [at("quantize.layers"), at("quantize.mixed")].into_iter().find(|place| !place.is_empty());
    let Root { quantize: spec } = typed(document, alternative.node.clone())?;
    let schemes = spec.schemes();
    let scheme = schemes
        .map_err(|error| document.error(at(&format!("quantize.{}", error.table)), error.message))?
        .base;
    let activations =
        Activations::resolve(&spec).map_err(|error| document.error(inputs.clone(), error.to_string()))?;
    if let Some(aware) = &spec.training {
        if activations.is_some() && aware.method.activations().is_some() {
            let message = format!(
                "`{aware}` trains with quantized activations of its own, which `activations` would quantize again: \
                 leave one of them out"
            );
            return Err(document.error(inputs, message));
        }
        aware
            .check(&scheme, spec.transform != Transform::None)
            .map_err(|error| document.error(training.clone(), error.to_string()))?;
        if spec.method != CalibrationMethod::Nearest
            || spec.bias_correction != BiasCorrection::None
            || (spec.calibration.is_some()
                && activations.is_none_or(|activations| activations.rows.is_none()))
            || scheme.range == QuantizationRange::OutputMse
            || spec.transform.looks_at_inputs()
        {
            let message = "calibration has no place beside `training`: a model trained with quantization in the loop \
                           has chosen its codes and biases itself";
            return Err(document.error(training, message));
        }
    }
    Ok((VariantEntry { spec }, Places { training, layers: layers.unwrap_or_default() }))
}
