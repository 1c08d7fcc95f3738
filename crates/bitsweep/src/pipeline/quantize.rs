//! One tensor through one scheme, and the rows that tell of it.

use bitsweep_quant::{Errors, QuantizeError, Quantized, Real, Scheme, quantize, quantize_with_scales};
use bitsweep_random::Stream;
use bitsweep_results::{CodebookRow, ErrorMeasures, ResultRow, SizeMeasures, TensorRow, ValueRow};
use ndarray::{Array2, ArrayView2};

use super::failed;
use super::prepare::stream;
use crate::failure::Failure;
use crate::plan::{Unit, Variant};

/// One tensor before and after.
pub(super) struct QuantizedTensor<T> {
    pub(super) name: String,
    pub(super) original: Array2<T>,
    pub(super) reconstruction: Array2<T>,
    pub(super) quantized: Quantized<T>,
    pub(super) errors: Errors,
}

/// Quantizes `values`; each tensor has a random stream of its own.
pub(super) fn quantize_tensor<T: Real>(
    unit: &Unit,
    name: &str,
    values: ArrayView2<'_, T>,
    scheme: &Scheme,
) -> Result<QuantizedTensor<T>, Failure> {
    let quantized = quantize(values, scheme, &mut quantization_stream(unit, name)?);
    measured(unit, name, values, quantized)
}

/// [`quantize_tensor`] with scales that were learned.
pub(super) fn quantize_tensor_with_scales<T: Real>(
    unit: &Unit,
    name: &str,
    values: ArrayView2<'_, T>,
    scheme: &Scheme,
    scales: &[T],
) -> Result<QuantizedTensor<T>, Failure> {
    let quantized = quantize_with_scales(values, scheme, scales, &mut quantization_stream(unit, name)?);
    measured(unit, name, values, quantized)
}

fn quantization_stream(unit: &Unit, name: &str) -> Result<Stream, Failure> {
    stream(unit, &format!("quantize {name}"))
}

fn measured<T: Real>(
    unit: &Unit,
    name: &str,
    values: ArrayView2<'_, T>,
    quantized: Result<Quantized<T>, QuantizeError>,
) -> Result<QuantizedTensor<T>, Failure> {
    let quantized = quantized.map_err(|error| failed(unit, format!("{name}: {error}")))?;
    Ok(QuantizedTensor::of(name, values, quantized))
}

/// Which row of the result table a row of another table belongs to.
#[derive(Clone, Copy)]
pub(super) struct Identity<'a> {
    pub(super) unit: &'a str,
    pub(super) variant: usize,
    pub(super) label: &'a str,
}

impl<T: Real> QuantizedTensor<T> {
    /// What quantizing `original` gave.
    pub(super) fn of(name: &str, original: ArrayView2<'_, T>, quantized: Quantized<T>) -> Self {
        let reconstruction = quantized.reconstruct();
        let errors = Errors::measure(original, reconstruction.view());
        Self { name: name.to_owned(), original: original.to_owned(), reconstruction, quantized, errors }
    }

    /// Bits of all codes.
    pub(super) fn code_bits(&self) -> u64 {
        self.quantized.codes().len() as u64 * u64::from(self.quantized.scheme().bits())
    }

    /// One row a block: its parameters and its errors.
    pub(super) fn tensor_rows(&self, identity: Identity<'_>) -> Result<Vec<TensorRow>, Failure> {
        let row = |block, errors: Errors, scale, zero_point| TensorRow {
            unit: identity.unit.to_owned(),
            variant: identity.variant,
            label: identity.label.to_owned(),
            tensor: self.name.clone(),
            block,
            count: errors.count,
            scale,
            zero_point,
            sse: errors.sse,
            mse: errors.mse(),
            max_error: errors.max_error,
            sqnr_db: errors.sqnr_db(),
        };
        let errors = self.quantized.block_errors(self.original.view());
        let errors = errors.map_err(|error| Failure::Other(error.to_string()))?;
        let blocks = self.quantized.block_parameters().zip(errors);
        let rows = blocks.map(|(block, errors)| {
            row(block.block, errors, block.scale.map(Real::to_f64), block.zero_point.map(Real::to_f64))
        });
        Ok(rows.collect())
    }

    /// One row a value.
    pub(super) fn value_rows(&self, identity: Identity<'_>) -> Vec<ValueRow> {
        let values = self.original.indexed_iter().zip(&self.reconstruction);
        let rows = values.map(|(((row, column), value), reconstruction)| ValueRow {
            unit: identity.unit.to_owned(),
            variant: identity.variant,
            label: identity.label.to_owned(),
            tensor: self.name.clone(),
            row,
            column,
            value: value.to_f64(),
            code: self.quantized.code_of(row, column),
            reconstruction: reconstruction.to_f64(),
            error: reconstruction.to_f64() - value.to_f64(),
        });
        rows.collect()
    }

    /// One row a component of each centroid.
    pub(super) fn codebook_rows(&self, identity: Identity<'_>) -> Vec<CodebookRow> {
        let mut rows = Vec::new();
        for (number, codebook) in self.quantized.codebooks().iter().enumerate() {
            for centroid in 0..codebook.len() {
                for (component, value) in codebook.centroid(centroid).iter().enumerate() {
                    rows.push(CodebookRow {
                        unit: identity.unit.to_owned(),
                        variant: identity.variant,
                        label: identity.label.to_owned(),
                        tensor: self.name.clone(),
                        codebook: number,
                        centroid,
                        component,
                        value: value.to_f64(),
                    });
                }
            }
        }
        rows
    }
}

/// Errors of all tensors together.
pub(super) fn error_measures<'a, T: Real + 'a>(
    tensors: impl IntoIterator<Item = &'a QuantizedTensor<T>>,
) -> ErrorMeasures {
    let errors = tensors.into_iter().fold(Errors::default(), |sum, tensor| sum.merge(tensor.errors));
    ErrorMeasures {
        sse: errors.sse,
        mse: errors.mse(),
        max_error: errors.max_error,
        sqnr_db: errors.sqnr_db(),
    }
}

/// Sizes of all tensors together; `kept` are the bytes of biases that stay f32, `float` those of the float model.
pub(super) fn size_measures<'a, T: Real + 'a>(
    tensors: impl IntoIterator<Item = &'a QuantizedTensor<T>>,
    kept: u64,
    float: u64,
) -> SizeMeasures {
    let mut measures = SizeMeasures { biases: kept, float, ..SizeMeasures::default() };
    let mut code_bits = 0;
    for tensor in tensors {
        let size = tensor.quantized.size();
        code_bits += tensor.code_bits();
        measures.codes += size.codes;
        measures.scales += size.scales;
        measures.zero_points += size.zero_points;
        measures.codebooks += size.codebooks;
        measures.outliers += size.outliers;
        measures.padding += size.padding;
    }
    measures.payload = code_bits / 8 + kept;
    measures
}

/// The bits of each layer's weight: `W1 8, W2 4`.
pub(super) fn layer_bits<T: Real>(tensors: &[QuantizedTensor<T>]) -> String {
    let weights = tensors.iter().filter(|tensor| tensor.name.starts_with('W'));
    let bits = weights.map(|tensor| format!("{} {}", tensor.name, tensor.quantized.scheme().bits()));
    bits.collect::<Vec<_>>().join(", ")
}

/// What a reader must know of a variant, one clause each.
pub(super) fn flags<'a, T: Real + 'a>(
    tensors: impl IntoIterator<Item = &'a QuantizedTensor<T>>,
) -> Vec<String> {
    let (mut outside, mut exact) = (0, true);
    for tensor in tensors {
        outside += tensor.quantized.zero_points_outside_codes();
        exact &= tensor.errors.sse == 0.0;
    }
    let mut flags = Vec::new();
    match outside {
        0 => {}
        1 => flags.push("1 zero point lies outside the codes".to_owned()),
        several => flags.push(format!("{several} zero points lie outside the codes")),
    }
    if exact {
        flags.push("every value is reconstructed exactly".to_owned());
    }
    flags
}

/// The part of a result row that the unit and the variant's axes decide; `None` is the float baseline.
pub(super) fn result_row(unit: &Unit, position: usize, variant: Option<&Variant>) -> ResultRow {
    let mut row = ResultRow {
        unit: unit.short_key().to_owned(),
        dataset: unit.subject().to_owned(),
        rng: unit.spec.rng.to_string(),
        seed: unit.spec.seed,
        model: unit.spec.model.as_ref().map_or_else(String::new, ToString::to_string),
        unit_axes: unit.axes.clone(),
        variant: position,
        label: "float".to_owned(),
        series: "float".to_owned(),
        ..ResultRow::default()
    };
    match variant {
        Some(variant) => {
            row.label.clone_from(&variant.label);
            row.series.clone_from(&variant.series);
            row.bits = variant.scheme.bits();
            row.has_shared_codes = !variant.scheme.has_a_code_for_each_value();
            row.activation_bits = variant.activations.map(|activations| activations.scheme.bits());
            row.axes = columns(variant).collect();
        }
        // The baseline has the columns of its variants, and nothing in them.
        None => {
            let names = unit.variants.first().into_iter().flat_map(columns);
            row.axes = names.map(|(name, _)| (name, String::new())).collect();
        }
    }
    row
}

/// The axes that are text columns: the numbers of bits and of calibration rows have columns of their own types.
fn columns(variant: &Variant) -> impl Iterator<Item = (&'static str, String)> {
    variant.axes().into_iter().filter(|(name, _)| !["bits", "activation_bits", "calibration"].contains(name))
}
