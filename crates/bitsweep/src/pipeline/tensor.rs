//! A tensor experiment: given values through every scheme, without a model.

use bitsweep_quant::Real;
use bitsweep_results::{ErrorMeasures, ProductRow, Records, SizeMeasures};
use ndarray::{Array2, ArrayView1};

use super::failed;
use super::quantize::{Identity, error_measures, flags, quantize_tensor, result_row, size_measures};
use crate::config::{ElementType, TensorSpec};
use crate::failure::Failure;
use crate::plan::Unit;

pub(super) fn run(unit: &Unit, tensor: &TensorSpec) -> Result<Records, Failure> {
    match tensor.dtype {
        ElementType::F32 => run_as::<f32>(unit, tensor, "f32"),
        ElementType::F64 => run_as::<f64>(unit, tensor, "f64"),
    }
}

fn run_as<T: Real>(unit: &Unit, tensor: &TensorSpec, dtype: &str) -> Result<Records, Failure> {
    let rows = &tensor.values.0;
    let shape = (rows.len(), rows.first().map_or(0, Vec::len));
    let flat: Vec<T> = rows.iter().flatten().map(|&value| T::from_f64(value)).collect();
    let values = Array2::from_shape_vec(shape, flat).map_err(|error| failed(unit, error))?;
    let query: Option<Vec<T>> =
        tensor.query.as_ref().map(|query| query.iter().map(|&value| T::from_f64(value)).collect());
    let width = size_of::<T>() as u64;
    let float = values.len() as u64 * width;

    let mut records = Records::default();
    let mut baseline = result_row(unit, 0, None);
    baseline.set_axis("format", dtype);
    baseline.bits = 8 * size_of::<T>() as u32;
    baseline.error = ErrorMeasures { sqnr_db: f64::INFINITY, ..ErrorMeasures::default() };
    baseline.size = SizeMeasures { payload: float, codes: float, float, ..SizeMeasures::default() };
    records.results.push(baseline);
    for (index, variant) in unit.variants.iter().enumerate() {
        let position = index + 1;
        let identity = Identity { unit: unit.short_key(), variant: position, label: &variant.label };
        let quantized = quantize_tensor(unit, &tensor.name, values.view(), &variant.scheme)?;
        let only = std::slice::from_ref(&quantized);
        let mut row = result_row(unit, position, Some(variant));
        // There is neither a network to transform or to train, nor a bias to keep, nor an input.
        for axis in ["transform", "biases", "method", "bias_correction", "training", "allocation"] {
            row.set_axis(axis, "");
        }
        row.error = error_measures(only);
        row.size = size_measures(only, 0, float);
        row.flag = flags(only).join("; ");
        records.results.push(row);
        records.tensors.extend(quantized.tensor_rows(identity)?);
        records.values.extend(quantized.value_rows(identity));
        records.codebooks.extend(quantized.codebook_rows(identity));
        // Look-up needs a codebook; other formats multiply.
        if let Some(query) = &query
            && !quantized.quantized.codebooks().is_empty()
        {
            let lookups = quantized.quantized.lookup_products(ArrayView1::from(query));
            let lookups = lookups.map_err(|error| failed(unit, error))?;
            for (row, (weights, lookup)) in values.rows().into_iter().zip(lookups).enumerate() {
                let exact =
                    weights.iter().zip(query).fold(T::ZERO, |sum, (&weight, &value)| sum + weight * value);
                records.products.push(ProductRow {
                    unit: unit.short_key().to_owned(),
                    variant: position,
                    label: variant.label.clone(),
                    tensor: tensor.name.clone(),
                    row,
                    exact: exact.to_f64(),
                    lookup: lookup.to_f64(),
                });
            }
        }
    }
    Ok(records)
}
