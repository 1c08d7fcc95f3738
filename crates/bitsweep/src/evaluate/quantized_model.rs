//! A model whose weights went through a scheme, and how it is made from the float model.

use bitsweep_models::{Model, WeightId};
use bitsweep_quant::{Errors, QuantizeError, Quantized, Real, Scheme, quantize};
use bitsweep_results::{CalibrationMeasures, ErrorMeasures, FailureKind, Flag, SizeMeasures};
use ndarray::ArrayView2;

use super::calibrate::{Calibrated, quantize_layers};
use super::fake_quantization::HiddenActivations;
use super::mixed::{Choice, choose};
use super::prepare::{Prepared, stream};
use super::stop::{At, Step};
use crate::plan::Unit;
use crate::variant::{Biases, Variant};

/// Bytes of one float parameter.
pub(super) const FLOAT_BYTES: u64 = size_of::<f32>() as u64;

/// A matrix by its codes, and what was lost. The values that were quantized are those of the model that it came from.
pub(super) struct QuantizedWeight<T, N = WeightId> {
    pub(super) name: N,
    pub(super) quantized: Quantized<T>,
    pub(super) errors: Errors,
}

/// A model whose weights went through a scheme.
pub(super) struct QuantizedModel {
    /// The model with the values that the codes stand for.
    pub(super) model: Model,
    /// In the order of the model; biases that stay float are missing.
    pub(super) weights: Vec<QuantizedWeight<f32>>,
    /// The float weights behind the codes, where they are others than the float model's: those that were trained.
    pub(super) latent: Option<Model>,
    /// The quantized activations that it was trained with.
    pub(super) activations: Option<HiddenActivations>,
    pub(super) calibration: Option<CalibrationMeasures>,
    pub(super) flags: Vec<Flag>,
}

impl QuantizedModel {
    /// The codes of a weight; `None` where it stays float.
    pub(super) fn weight(&self, id: WeightId) -> Option<&QuantizedWeight<f32>> {
        self.weights.iter().find(|weight| weight.name == id)
    }

    /// The float values behind the codes; `float` is the model that the variant was made from.
    pub(super) fn original<'m>(&'m self, float: &'m Model) -> &'m Model {
        self.latent.as_ref().unwrap_or(float)
    }

    /// Bytes of the biases that stay float.
    fn kept_bytes(&self) -> u64 {
        let kept = self.model.weights().filter(|(id, _)| self.weight(*id).is_none());
        kept.map(|(_, values)| values.len() as u64 * FLOAT_BYTES).sum()
    }

    /// The sizes of all parts, and those of the float model `float`.
    pub(super) fn size(&self, float: &Model) -> SizeMeasures {
        size_measures(&self.weights, self.kept_bytes(), float.parameters() as u64 * FLOAT_BYTES)
    }

    /// The bits of each layer's weight.
    pub(super) fn layer_bits(&self) -> Vec<(String, u32)> {
        let weights = self.weights.iter().filter(|weight| !weight.name.is_bias());
        weights.map(|weight| (weight.name.to_string(), weight.quantized.scheme().bits())).collect()
    }
}

impl<T: Real, N> QuantizedWeight<T, N> {
    /// What quantizing `original` gave, and the values that the codes stand for.
    pub(super) fn of(
        name: N,
        original: ArrayView2<'_, T>,
        quantized: Quantized<T>,
    ) -> (Self, ndarray::Array2<T>) {
        let reconstruction = quantized.reconstruct();
        let errors = Errors::measure(original, reconstruction.view());
        (Self { name, quantized, errors }, reconstruction)
    }
}

/// Quantizes a matrix called `name`; each has a random stream of its own.
pub(super) fn quantized<T: Real>(
    unit: &Unit,
    name: &impl std::fmt::Display,
    values: ArrayView2<'_, T>,
    scheme: &Scheme,
) -> Step<Quantized<T>> {
    let mut stream = stream(unit, &format!("quantize {name}"))?;
    named(name, quantize(values, scheme, &mut stream))
}

/// Names the matrix that could not be quantized.
pub(super) fn named<T>(
    name: &impl std::fmt::Display,
    quantized: Result<Quantized<T>, QuantizeError>,
) -> Step<Quantized<T>> {
    quantized.map_err(|error| format!("{name}: {error}")).at(FailureKind::Quantization)
}

/// Quantizes `float`, the trained model under the variant's transform, with bits chosen first where they are.
pub(super) fn post_training(
    unit: &Unit,
    prepared: &Prepared<'_>,
    float: &Model,
    variant: &Variant,
) -> Step<QuantizedModel> {
    let Some(mixed) = &variant.mixed else { return by_given_schemes(unit, prepared, float, variant) };
    let Choice { layers, flags } = choose(unit, prepared, float, variant, mixed)?;
    let chosen = Variant { layers, mixed: None, ..variant.clone() };
    let mut model = by_given_schemes(unit, prepared, float, &chosen)?;
    model.flags.extend(flags);
    Ok(model)
}

fn by_given_schemes(
    unit: &Unit,
    prepared: &Prepared<'_>,
    float: &Model,
    variant: &Variant,
) -> Step<QuantizedModel> {
    if let Some(rows) = variant.calibration.rows {
        let Calibrated { model, weights, measures, flags } =
            quantize_layers(unit, prepared, float, variant, rows)?;
        return Ok(QuantizedModel {
            model,
            weights,
            latent: None,
            activations: None,
            calibration: Some(measures),
            flags,
        });
    }
    let mut model = float.clone();
    let mut weights = Vec::new();
    for ((id, values), (_, mut target)) in float.weights().zip(model.weights_mut()) {
        if id.is_bias() && variant.biases == Biases::Keep {
            continue;
        }
        let quantized = quantized(unit, &id, values, variant.scheme_of(id.layer()))?;
        quantized.reconstruct_into(target.view_mut()).at(FailureKind::Quantization)?;
        let errors = Errors::measure(values, target.view());
        weights.push(QuantizedWeight { name: id, quantized, errors });
    }
    Ok(QuantizedModel {
        model,
        weights,
        latent: None,
        activations: None,
        calibration: None,
        flags: Vec::new(),
    })
}

/// Errors of all matrices together.
pub(super) fn error_measures<T, N>(weights: &[QuantizedWeight<T, N>]) -> ErrorMeasures {
    let errors = weights.iter().fold(Errors::default(), |sum, weight| sum.merge(weight.errors));
    ErrorMeasures {
        sse: errors.sse,
        mse: errors.mse(),
        max_error: errors.max_error,
        sqnr_db: errors.sqnr_db(),
    }
}

/// Sizes of all matrices together; `biases` are the bytes of biases that stay f32, `float` those of the float model.
pub(super) fn size_measures<T: Real, N>(
    weights: &[QuantizedWeight<T, N>],
    biases: u64,
    float: u64,
) -> SizeMeasures {
    let mut measures = SizeMeasures { biases, float, ..SizeMeasures::default() };
    let mut code_bits = 0;
    for QuantizedWeight { quantized, .. } in weights {
        code_bits += quantized.codes().len() as u64 * u64::from(quantized.scheme().bits());
        measures.stored = measures.stored.merge(quantized.size());
    }
    measures.payload = code_bits / 8 + biases;
    measures
}

/// What a reader must know of the codes.
pub(super) fn flags<T: Real, N>(weights: &[QuantizedWeight<T, N>]) -> Vec<Flag> {
    let outside: usize = weights.iter().map(|weight| weight.quantized.zero_points_outside_codes()).sum();
    let is_exact = weights.iter().all(|weight| weight.errors.sse == 0.0);
    let outside = (outside > 0).then_some(Flag::ZeroPointsOutsideCodes(outside as u64));
    outside.into_iter().chain(is_exact.then_some(Flag::Exact)).collect()
}
