//! Rows of the large tables: one per block, value and component of a centroid.

use std::sync::Arc;

use bitsweep_quant::{Errors, Real};
use bitsweep_results::{CodebookRow, FailureKind, LargeRows, Origin, Recorded, TensorRow, ValueRow};
use ndarray::ArrayView2;

use super::quantized_model::QuantizedWeight;
use super::stop::{At, Step};

/// Adds the rows of `weight`, which quantizing `original` gave, as far as they are wanted.
pub(super) fn add_large<T: Real, N: ToString>(
    rows: &mut LargeRows,
    origin: &Origin,
    weight: &QuantizedWeight<N>,
    original: ArrayView2<'_, T>,
    wanted: Recorded,
) -> Step<()> {
    let name: Arc<str> = weight.name.to_string().into();
    if wanted.tensors {
        add_blocks(&mut rows.tensors, origin, &name, weight, original)?;
    }
    if wanted.values {
        add_values(&mut rows.values, origin, &name, weight, original);
    }
    add_codebooks(&mut rows.codebooks, origin, &name, weight);
    Ok(())
}

fn add_blocks<T: Real, N>(
    rows: &mut Vec<TensorRow>,
    origin: &Origin,
    name: &Arc<str>,
    weight: &QuantizedWeight<N>,
    original: ArrayView2<'_, T>,
) -> Step<()> {
    let errors = weight.quantized.block_errors(original).at(FailureKind::Quantization)?;
    let row = |block, errors: Errors, scale, zero_point| TensorRow {
        origin: origin.clone(),
        tensor: Arc::clone(name),
        block,
        count: errors.count,
        scale,
        zero_point,
        sse: errors.sse(),
        mse: errors.mse(),
        max_error: errors.max_error,
        sqnr_db: errors.sqnr_db(),
    };
    let blocks = weight.quantized.block_parameters().zip(errors);
    rows.extend(blocks.map(|(block, errors)| row(block.block, errors, block.scale, block.zero_point)));
    Ok(())
}

fn add_values<T: Real, N>(
    rows: &mut Vec<ValueRow>,
    origin: &Origin,
    name: &Arc<str>,
    weight: &QuantizedWeight<N>,
    original: ArrayView2<'_, T>,
) {
    let reconstruction = weight.quantized.reconstruct::<T>();
    let values = original.indexed_iter().zip(&reconstruction);
    rows.extend(values.map(|(((row, column), value), reconstruction)| ValueRow {
        origin: origin.clone(),
        tensor: Arc::clone(name),
        row,
        column,
        value: value.to_f64(),
        code: weight.quantized.code_of(row, column),
        reconstruction: reconstruction.to_f64(),
        error: reconstruction.to_f64() - value.to_f64(),
    }));
}

fn add_codebooks<N>(
    rows: &mut Vec<CodebookRow>,
    origin: &Origin,
    name: &Arc<str>,
    weight: &QuantizedWeight<N>,
) {
    for (number, codebook) in weight.quantized.codebooks().iter().enumerate() {
        for centroid in 0..codebook.len() {
            for (component, &value) in codebook.centroid(centroid).iter().enumerate() {
                rows.push(CodebookRow {
                    origin: origin.clone(),
                    tensor: Arc::clone(name),
                    codebook: number,
                    centroid,
                    component,
                    value,
                });
            }
        }
    }
}
