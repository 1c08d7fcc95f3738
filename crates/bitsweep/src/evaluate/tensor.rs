//! A tensor experiment: given values through every scheme, without a model.

use std::sync::Arc;

use bitsweep_quant::{Dtype, Errors, Quantized, Real, Size};
use bitsweep_results::{ErrorMeasures, Evaluated, FailureKind, Measures, Origin, ProductRow, SizeMeasures};
use ndarray::{ArrayView1, ArrayView2};

use super::evaluation::{Evaluation, row};
use super::quantized_model::{QuantizedWeight, error_measures, flags, quantized, size_measures};
use super::stop::{At, Step};
use super::tensor_rows::add_large;
use crate::failure::Failure;
use crate::plan::{Identity, Values};
use bitsweep_experiment::subject::TensorSpec;
use bitsweep_experiment::variant::Variant;

/// Quantizes the tensor by the variants of the unit that are missing.
pub(super) fn evaluate(evaluation: &Evaluation<'_>, tensor: &TensorSpec) -> Result<(), Failure> {
    match tensor.dtype {
        Dtype::F32 => evaluate_as::<f32>(evaluation, tensor),
        Dtype::F64 => evaluate_as::<f64>(evaluation, tensor),
    }
}

fn evaluate_as<T: Real>(evaluation: &Evaluation<'_>, tensor: &TensorSpec) -> Result<(), Failure> {
    let Evaluation { unit, missing, emit, .. } = *evaluation;
    let values = match unit.values::<T>(tensor).at(FailureKind::Data) {
        Ok(values) => values,
        Err(failure) => return evaluation.fail(None, failure),
    };
    emit.trained(None);
    let Values { matrix: values, float_bytes } = values;
    let begun = |position: usize, identity: &Identity| {
        let origin = evaluation.origin(None, position, identity);
        let row = row(unit.row_key(identity), origin, Ok(Measures::default()));
        Evaluated::new(row, evaluation.recorded())
    };
    if missing.float {
        let stored = Size { codes: float_bytes, ..Size::default() };
        let mut float = begun(0, &unit.float);
        float.row.result = Ok(Measures {
            error: ErrorMeasures { sqnr_db: f64::INFINITY, ..ErrorMeasures::default() },
            size: SizeMeasures { payload: float_bytes, stored, biases: 0, scaler: 0, float: float_bytes },
            ..Measures::default()
        });
        emit.add(float, None)?;
    }
    for &position in &missing.variants {
        let planned = &unit.variants[position];
        let mut own = begun(position + 1, &planned.identity);
        own.row.result = one(evaluation, tensor, (values.view(), float_bytes), &planned.variant, &mut own);
        emit.add(own, None)?;
    }
    Ok(())
}

fn one<T: Real>(
    evaluation: &Evaluation<'_>,
    tensor: &TensorSpec,
    (values, float_bytes): (ArrayView2<'_, T>, u64),
    variant: &Variant,
    evaluated: &mut Evaluated,
) -> Step<Measures> {
    let (origin, large) = (&evaluated.row.origin, &mut evaluated.large);
    let quantized = quantized(evaluation.unit, &tensor.name, values, &variant.scheme)?;
    if let Some(query) = tensor.query() {
        large.products = products(tensor, values, query, &quantized, origin)?;
    }
    let errors = Errors::measure(values, quantized.reconstruct().view());
    let weight = QuantizedWeight { name: tensor.name.as_str(), quantized };
    add_large(large, origin, &weight, values, evaluated.recorded)?;
    let only = std::slice::from_ref(&weight);
    Ok(Measures {
        error: error_measures(&errors),
        size: size_measures(only, 0, float_bytes),
        flags: flags(only, &errors),
        ..Measures::default()
    })
}

/// The dot products of the query with all rows, by look-up; none where the format has no codebook.
fn products<T: Real>(
    tensor: &TensorSpec,
    values: ArrayView2<'_, T>,
    query: &[f64],
    quantized: &Quantized,
    origin: &Origin,
) -> Step<Vec<ProductRow>> {
    if quantized.codebooks().is_empty() {
        return Ok(Vec::new());
    }
    let query: Vec<T> = query.iter().map(|&value| T::from_f64(value)).collect();
    let lookups = quantized.lookup_products(ArrayView1::from(&query)).at(FailureKind::Quantization)?;
    let name: Arc<str> = tensor.name.as_str().into();
    let rows = values.rows().into_iter().zip(lookups).enumerate();
    let rows = rows.map(|(row, (weights, lookup))| {
        let exact = weights.iter().zip(&query).fold(T::ZERO, |sum, (&weight, &value)| sum + weight * value);
        ProductRow {
            origin: origin.clone(),
            tensor: Arc::clone(&name),
            row,
            exact: exact.to_f64(),
            lookup: lookup.to_f64(),
        }
    });
    Ok(rows.collect())
}
