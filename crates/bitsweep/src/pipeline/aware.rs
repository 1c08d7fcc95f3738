//! A variant trained with quantization in the loop.

use bitsweep_models::{
    EpochLoss, Mlp, Model, TrainError, Training, initial_mlp, initial_softmax_regression, train_hooked,
};

use super::fake_quantization::{FakeQuantization, HiddenActivations};
use super::post_training::{FLOAT_BYTES, QuantizedModel};
use super::prepare::{Prepared, stream};
use super::quantize::{quantize_tensor, quantize_tensor_with_scales};
use super::{KeepGoing, failed};
use crate::config::{AwareTraining, ModelSpec, Start};
use crate::failure::Failure;
use crate::plan::{Unit, Variant};

/// A model trained with quantization in the loop, as its codes read.
pub(super) struct AwareModel {
    pub(super) model: QuantizedModel,
    pub(super) curve: Vec<EpochLoss>,
    /// What a reader must know, one clause each.
    pub(super) flags: Vec<String>,
}

/// The untrained model of a unit, with `widening` times as many hidden units; `None` where it is fitted by a solver.
pub(super) fn initial(
    unit: &Unit,
    prepared: &Prepared<'_>,
    widening: usize,
) -> Result<Option<Model>, Failure> {
    let (features, classes) = (prepared.train_features.ncols(), prepared.classes());
    let mut init = stream(unit, "init")?;
    let stack = match &unit.spec.model {
        Some(ModelSpec::Mlp(mlp)) => {
            let widened = Mlp { hidden: mlp.hidden.widened(widening), ..mlp.clone() };
            initial_mlp(features, classes, &widened, &mut init)
        }
        Some(ModelSpec::SoftmaxRegression(regression)) => {
            initial_softmax_regression(features, classes, regression, &mut init)
        }
        Some(ModelSpec::Logistic(_)) | None => return Ok(None),
    };
    stack.map(Some).map_err(|error| failed(unit, error))
}

/// Trains a variant; `float` is the float model under the variant's transform.
///
/// The rows come in the order of the float training, from a stream of the same name. A training that diverges is a
/// failure of the unit that names the variant: a sweep without it can be had by leaving the variant out, and a row
/// without scores would be easy to overlook.
pub(super) fn train(
    unit: &Unit,
    prepared: &Prepared<'_>,
    float: &Model,
    variant: &Variant,
    aware: &AwareTraining,
    keep_going: KeepGoing<'_>,
) -> Result<AwareModel, Failure> {
    let missing =
        || Failure::Other(format!("{} has no training loop for {}", unit.describe(), variant.label));
    let training: &Training = unit.spec.train.as_ref().ok_or_else(missing)?;
    let initial = match aware.start {
        Start::Float => float.clone(),
        Start::Scratch => initial(unit, prepared, aware.method.widening())?.ok_or_else(missing)?,
    };
    let named = |message: String| failed(unit, format!("{}: {message}", variant.label));
    let mut hook = FakeQuantization::new(
        &initial,
        &variant.scheme,
        variant.biases,
        &aware.method,
        stream(unit, "fake-quantize")?,
        stream(unit, "quantize-gradients")?,
    )
    .map_err(named)?;
    let trained = train_hooked(
        initial,
        prepared.train_features.view(),
        &prepared.train_labels,
        &aware.applied_to(training),
        &mut stream(unit, "shuffle")?,
        keep_going,
        &mut hook,
    );
    let trained = match trained {
        Ok(trained) => trained,
        Err(TrainError::Interrupted { .. }) => return Err(Failure::Interrupted),
        Err(error) => return Err(named(error.to_string())),
    };
    let model = quantize(unit, variant, &trained.model, &hook)?;
    let flags = match hook.held() {
        0 => Vec::new(),
        1 => vec!["1 learned parameter stands at its lower bound".to_owned()],
        several => vec![format!("{several} learned parameters stand at their lower bound")],
    };
    Ok(AwareModel { model, curve: trained.curve, flags })
}

/// What is stored of the latent model: codes by the scheme's own parameters or by learned ones.
fn quantize(
    unit: &Unit,
    variant: &Variant,
    latent: &Model,
    hook: &FakeQuantization<'_>,
) -> Result<QuantizedModel, Failure> {
    let mut stack = latent.clone();
    let mut tensors = Vec::new();
    let mut kept_bytes = 0;
    for ((place, values), (_, mut target)) in latent.weights().zip(stack.weights_mut()) {
        let name = place.to_string();
        if !hook.quantizes(place) {
            kept_bytes += values.len() as u64 * FLOAT_BYTES;
            continue;
        }
        let tensor = match hook.learned_steps(place) {
            Some(steps) => quantize_tensor_with_scales(unit, &name, values, &variant.scheme, steps)?,
            None => quantize_tensor(unit, &name, values, &variant.scheme)?,
        };
        target.assign(&tensor.reconstruction);
        tensors.push(tensor);
    }
    let activations = hook.hidden_activations();
    Ok(QuantizedModel { stack, tensors, kept_bytes, activations, calibration: None, flags: Vec::new() })
}

/// Bytes of the clips that the activations of a model are quantized with.
pub(super) fn clip_bytes(activations: Option<&HiddenActivations>) -> u64 {
    match activations {
        Some(activations) if activations.are_learned => activations.layers() as u64 * FLOAT_BYTES,
        Some(_) | None => 0,
    }
}
