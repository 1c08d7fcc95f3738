//! A variant trained with quantization in the loop.

use bitsweep_models::{EpochLoss, Model, Training, train_hooked};
use bitsweep_quant::quantize_with_scales;
use bitsweep_results::{FailureKind, Flag};

use super::fake_quantization::{FakeQuantization, HiddenActivations};
use super::float_model::{initial, numbered, training};
use super::prepare::{Prepared, stream};
use super::quantized_model::{FLOAT_BYTES, QuantizedModel, QuantizedWeight, named, quantized};
use super::stop::{At, Step, failed};
use crate::plan::Unit;
use bitsweep_experiment::variant::{AwareTraining, Start, Variant};

/// A model trained with quantization in the loop, as its codes read.
pub(super) struct TrainedVariant {
    pub(super) model: QuantizedModel,
    pub(super) curve: Vec<EpochLoss>,
}

/// Trains a variant; `float` is the float model under the variant's transform.
///
/// The rows come in the order of the float training, from a stream of the same name, and their classes have its weights.
pub(super) fn train(
    unit: &Unit,
    prepared: &Prepared<'_>,
    float: &Model,
    variant: &Variant,
    aware: &AwareTraining,
) -> Step<TrainedVariant> {
    let kind = FailureKind::QuantizedTraining;
    let (model, training) =
        training(unit).ok_or_else(|| failed(kind, "the unit's model has no training loop"))?;
    let first = match aware.start {
        Start::Float => float.clone(),
        Start::Scratch => initial(unit, model, prepared, aware.method.widening())?,
    };
    let mut hook = FakeQuantization::new(
        &first,
        &variant.scheme,
        variant.biases,
        &aware.method,
        stream(unit, "fake-quantize")?,
        stream(unit, "quantize-gradients")?,
    )
    .at(kind)?;
    let class_weights = numbered(&training.class_weights, prepared)?;
    let training = Training { class_weights, ..aware.applied_to(training) };
    let trained = train_hooked(
        first.clone(),
        prepared.train_features.view(),
        &prepared.train_labels,
        &training,
        &mut stream(unit, "shuffle")?,
        &mut hook,
    );
    let trained = trained.at(kind)?;
    let has_moved = trained.model != first;
    drop(first);
    let mut model = by_codes(unit, variant, trained.model, &hook)?;
    model.flags.extend(unchanged(&model, &hook, has_moved));
    if hook.held() > 0 {
        model.flags.push(Flag::ParametersAtLowerBound(hook.held() as u64));
    }
    Ok(TrainedVariant { model, curve: trained.curve })
}

/// What is stored of the latent model: codes by the scheme's own parameters or by learned ones.
fn by_codes(
    unit: &Unit,
    variant: &Variant,
    latent: Model,
    hook: &FakeQuantization<'_>,
) -> Step<QuantizedModel> {
    let mut model = latent.clone();
    let mut weights = Vec::new();
    for ((id, values), (_, mut target)) in latent.weights().zip(model.weights_mut()) {
        if !hook.quantizes(id) {
            continue;
        }
        let quantized = match hook.learned_steps(id) {
            None => quantized(unit, &id, values, &variant.scheme)?,
            Some(steps) => {
                let mut stream = stream(unit, &format!("quantize {id}"))?;
                named(&id, quantize_with_scales(values, &variant.scheme, steps, &mut stream))?
            }
        };
        quantized.reconstruct_into(target.view_mut()).at(FailureKind::Quantization)?;
        weights.push(QuantizedWeight { name: id, quantized });
    }
    let activations = hook.hidden_activations();
    Ok(QuantizedModel {
        model,
        weights,
        latent: Some(latent),
        activations,
        calibration: None,
        flags: Vec::new(),
    })
}

/// What to say of a training that ends with the codes that it began with.
fn unchanged(model: &QuantizedModel, hook: &FakeQuantization<'_>, has_moved: bool) -> Option<Flag> {
    let same = |weight: &QuantizedWeight| {
        hook.first(weight.name).is_some_and(|first| first.codes() == weight.quantized.codes())
    };
    let is_same = model.weights.iter().all(same);
    match (is_same, has_moved || model.activations.is_some()) {
        (true, false) => Some(Flag::TrainingChangedNothing),
        (true, true) => Some(Flag::TrainingChangedNoCode),
        (false, _) => None,
    }
}

/// Bytes of the clips that the activations of a model are quantized with.
pub(super) fn clip_bytes(activations: Option<&HiddenActivations>) -> u64 {
    match activations {
        Some(activations) if activations.are_learned => activations.layers() as u64 * FLOAT_BYTES,
        Some(_) | None => 0,
    }
}
