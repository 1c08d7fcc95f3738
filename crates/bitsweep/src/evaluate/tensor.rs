//! A tensor experiment: given values through every scheme, without a model.

use std::sync::Arc;
use std::time::Instant;

use bitsweep_quant::{Dtype, Errors, Quantized, Real, Size};
use bitsweep_results::{ErrorMeasures, FailureKind, Measures, Origin, ProductRow, SizeMeasures};
use ndarray::{ArrayView1, ArrayView2};

use super::quantized_model::{QuantizedWeight, error_measures, flags, quantized, size_measures};
use super::stop::{At, Step};
use super::tensor_rows::LargeRows;
use super::unit::{Evaluation, UnitOutcome};
use crate::plan::Values;
use bitsweep_experiment::config::Record;
use bitsweep_experiment::subject::{TensorSource, TensorSpec};
use bitsweep_experiment::variant::Variant;

/// Quantizes the tensor by every variant of the unit.
pub(super) fn evaluate(evaluation: &Evaluation<'_>, tensor: &TensorSpec) -> UnitOutcome {
    match tensor.dtype {
        Dtype::F32 => evaluate_as::<f32>(evaluation, tensor),
        Dtype::F64 => evaluate_as::<f64>(evaluation, tensor),
    }
}

fn evaluate_as<T: Real>(evaluation: &Evaluation<'_>, tensor: &TensorSpec) -> UnitOutcome {
    let started = Instant::now();
    let mut outcome = UnitOutcome::new(evaluation, None);
    let unit = evaluation.unit;
    let values = match evaluation.plan.values_of::<T>(unit, tensor).at(FailureKind::Data) {
        Ok(values) => values,
        Err(failure) => {
            outcome.add(unit.row_key(&unit.float), outcome.origin(0, &unit.float), Err(failure));
            return outcome;
        }
    };
    let Values { matrix: values, float_bytes } = values;
    let stored = Size { codes: float_bytes, ..Size::default() };
    let baseline = Measures {
        error: ErrorMeasures { sqnr_db: f64::INFINITY, ..ErrorMeasures::default() },
        size: SizeMeasures { payload: float_bytes, stored, biases: 0, scaler: 0, float: float_bytes },
        ..Measures::default()
    };
    outcome.add(unit.row_key(&unit.float), outcome.origin(0, &unit.float), Ok(baseline));
    for (position, planned) in (1..).zip(&unit.variants) {
        let origin = outcome.origin(position, &planned.identity);
        let mut large = LargeRows::default();
        let measured =
            one(evaluation, tensor, (values.view(), float_bytes), &planned.variant, &origin, &mut large);
        outcome.add(unit.row_key(&planned.identity), origin, measured);
        (evaluation.emit)(large);
    }
    outcome.timing.variants_seconds = started.elapsed().as_secs_f64();
    outcome
}

fn one<T: Real>(
    evaluation: &Evaluation<'_>,
    tensor: &TensorSpec,
    (values, float_bytes): (ArrayView2<'_, T>, u64),
    variant: &Variant,
    origin: &Origin,
    large: &mut LargeRows,
) -> Step<Measures> {
    let quantized = quantized(evaluation.unit, &tensor.name, values, &variant.scheme)?;
    if let Some(query) = tensor.query() {
        large.products = products(tensor, values, query, &quantized, origin)?;
    }
    let errors = Errors::measure(values, quantized.reconstruct().view());
    let weight = QuantizedWeight { name: tensor.name.as_str(), quantized };
    let recorded = evaluation.plan.header.record;
    let wanted = match tensor.source {
        // The values of a tensor that is written out are what the experiment is about.
        TensorSource::Here { .. } => Record { values: true, ..recorded },
        // Of a file there may be more blocks than anybody reads.
        TensorSource::File { .. } => Record { values: false, tensors: false, ..recorded },
    };
    large.add(origin, &weight, values, wanted)?;
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
