//! A model whose weights went through a scheme.

use bitsweep_models::{Model, WeightId};
use bitsweep_quant::{
    Errors, FarParameters, QuantizeError, Quantized, Real, Scheme, Unrepresentable, quantize,
};
use bitsweep_results::{CalibrationMeasures, ErrorMeasures, FailureKind, Flag, SizeMeasures};
use ndarray::ArrayView2;

use super::fake_quantization::HiddenActivations;
use super::prepare::stream;
use super::stop::{At, Step};
use crate::plan::Unit;

/// Bytes of one float parameter.
pub(super) const FLOAT_BYTES: u64 = size_of::<f32>() as u64;

/// A matrix by its codes. The values that were quantized are those of the model that it came from.
pub(super) struct QuantizedWeight<N = WeightId> {
    pub(super) name: N,
    pub(super) quantized: Quantized,
}

/// A model whose weights went through a scheme.
pub(super) struct QuantizedModel {
    /// The model with the values that the codes stand for.
    pub(super) model: Model,
    /// In the order of the model; biases that stay float are missing.
    pub(super) weights: Vec<QuantizedWeight>,
    /// The float weights behind the codes, where they are others than the float model's: those that were trained.
    pub(super) latent: Option<Model>,
    /// The quantized activations that it was trained with.
    pub(super) activations: Option<HiddenActivations>,
    pub(super) calibration: Option<CalibrationMeasures>,
    pub(super) flags: Vec<Flag>,
}

impl QuantizedModel {
    /// The float model itself.
    pub(super) const fn float(model: Model) -> Self {
        Self {
            model,
            weights: Vec::new(),
            latent: None,
            activations: None,
            calibration: None,
            flags: Vec::new(),
        }
    }

    /// The codes of a weight; `None` where it stays float.
    pub(super) fn weight(&self, id: WeightId) -> Option<&QuantizedWeight> {
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

/// Quantizes a matrix called `name`; each has a random stream of its own.
pub(super) fn quantized<T: Real>(
    unit: &Unit,
    name: &impl std::fmt::Display,
    values: ArrayView2<'_, T>,
    scheme: &Scheme,
) -> Step<Quantized> {
    let mut stream = stream(unit, &format!("quantize {name}"))?;
    named(name, quantize(values, scheme, &mut stream))
}

/// Names the matrix that could not be quantized.
pub(super) fn named(
    name: &impl std::fmt::Display,
    quantized: Result<Quantized, QuantizeError>,
) -> Step<Quantized> {
    quantized.map_err(|error| format!("{name}: {error}")).at(FailureKind::Quantization)
}

/// The measures that follow from the errors of all matrices.
pub(super) fn error_measures(errors: &Errors) -> ErrorMeasures {
    ErrorMeasures {
        sse: errors.sse(),
        mse: errors.mse(),
        max_error: errors.max_error,
        sqnr_db: errors.sqnr_db(),
    }
}

/// Sizes of all matrices together; `biases` are the bytes of biases that stay f32, `float` those of the float model.
pub(super) fn size_measures<N>(weights: &[QuantizedWeight<N>], biases: u64, float: u64) -> SizeMeasures {
    let mut measures = SizeMeasures { biases, float, ..SizeMeasures::default() };
    let mut code_bits = 0;
    for QuantizedWeight { quantized, .. } in weights {
        code_bits += quantized.codes().len() as u64 * u64::from(quantized.scheme().bits());
        measures.stored = measures.stored.merge(quantized.size());
    }
    measures.payload = code_bits / 8 + biases;
    measures
}

/// What a reader must know of the codes, which have these errors.
pub(super) fn flags<N>(weights: &[QuantizedWeight<N>], errors: &Errors) -> Vec<Flag> {
    let matrices = || weights.iter().map(|weight| &weight.quantized);
    let outside: usize = matrices().map(Quantized::zero_points_outside_codes).sum();
    let far = matrices().map(Quantized::far_parameters);
    let FarParameters { count, wanted, stored } = far.fold(FarParameters::default(), FarParameters::merge);
    let unrepresentable = matrices().map(Quantized::unrepresentable);
    let Unrepresentable { above, largest, below } =
        unrepresentable.fold(Unrepresentable::default(), Unrepresentable::merge);
    [
        (outside > 0, Flag::ZeroPointsOutsideCodes(outside as u64)),
        (count > 0, Flag::ParametersFarFromWanted { count, wanted, stored }),
        (above > 0, Flag::ValuesSaturated { count: above, largest }),
        (below > 0, Flag::ValuesUnderflowed(below)),
        (errors.is_exact(), Flag::Exact),
    ]
    .into_iter()
    .filter_map(|(applies, flag)| applies.then_some(flag))
    .collect()
}
