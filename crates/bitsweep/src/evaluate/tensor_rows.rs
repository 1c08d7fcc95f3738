//! Rows of the large tables: one per block, value and component of a centroid.

use std::sync::Arc;

use bitsweep_quant::{Errors, Real};
use bitsweep_results::{CodebookRow, FailureKind, Origin, ProductRow, Records, TensorRow, ValueRow};
use ndarray::ArrayView2;

use super::quantized_model::QuantizedWeight;
use super::stop::{At, Step};
use bitsweep_experiment::config::Record;

/// Rows of the large tables, of one variant or of several in order.
#[derive(Debug, Clone, Default)]
pub struct LargeRows {
    /// One per block.
    pub tensors: Vec<TensorRow>,
    /// One per value.
    pub values: Vec<ValueRow>,
    /// One per component of a centroid.
    pub codebooks: Vec<CodebookRow>,
    /// One per dot product.
    pub products: Vec<ProductRow>,
}

impl LargeRows {
    /// Adds the rows of `weight`, which quantizing `original` gave, as far as they are wanted.
    pub(super) fn add<T: Real, N: ToString>(
        &mut self,
        origin: &Origin,
        weight: &QuantizedWeight<N>,
        original: ArrayView2<'_, T>,
        wanted: Record,
    ) -> Step<()> {
        let name: Arc<str> = weight.name.to_string().into();
        if wanted.tensors {
            self.add_blocks(origin, &name, weight, original)?;
        }
        if wanted.values {
            self.add_values(origin, &name, weight, original);
        }
        self.add_codebooks(origin, &name, weight);
        Ok(())
    }

    /// Moves the rows into the records.
    pub(super) fn record(self, records: &mut Records) {
        records.tensors.extend(self.tensors);
        records.values.extend(self.values);
        records.codebooks.extend(self.codebooks);
        records.products.extend(self.products);
    }

    fn add_blocks<T: Real, N>(
        &mut self,
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
        self.tensors
            .extend(blocks.map(|(block, errors)| row(block.block, errors, block.scale, block.zero_point)));
        Ok(())
    }

    fn add_values<T: Real, N>(
        &mut self,
        origin: &Origin,
        name: &Arc<str>,
        weight: &QuantizedWeight<N>,
        original: ArrayView2<'_, T>,
    ) {
        let reconstruction = weight.quantized.reconstruct::<T>();
        let values = original.indexed_iter().zip(&reconstruction);
        self.values.extend(values.map(|(((row, column), value), reconstruction)| ValueRow {
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

    fn add_codebooks<N>(&mut self, origin: &Origin, name: &Arc<str>, weight: &QuantizedWeight<N>) {
        for (number, codebook) in weight.quantized.codebooks().iter().enumerate() {
            for centroid in 0..codebook.len() {
                for (component, &value) in codebook.centroid(centroid).iter().enumerate() {
                    self.codebooks.push(CodebookRow {
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
}
