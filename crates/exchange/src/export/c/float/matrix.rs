//! Matrices of weights and biases: how their numbers are read, row by row, and become floats.
//!
//! Every scheme is a number of each code, less a zero point, times a scale, above a minimum, each of them left out where the scheme
//! has none; or a sum of centroids. Each operation is one of [`Quantized::reconstruct`], in its order, rounded as there.

use bitsweep_models::WeightId;
use bitsweep_quant::{FixedGrid, Parameters, Quantized};

use crate::export::c::error::CError;
use crate::export::c::text::{array, float, indented, index_type};
use crate::packed::Values;

use super::affine::affine;
use super::codebooks::codebooks;
use super::matrix_source::MatrixSource;
use super::numbers::half_float;

/// The weight or the bias of this position.
///
/// # Errors
/// Codes of `f64`.
pub(super) fn matrix(id: WeightId, values: &Values) -> Result<MatrixSource, CError> {
    let mut source = MatrixSource { name: id.to_string().to_lowercase(), ..MatrixSource::default() };
    match values {
        Values::Float(numbers) => {
            source.floats(numbers.nrows(), &numbers.iter().copied().collect::<Vec<_>>());
        }
        Values::Coded(quantized) => {
            let parameters = quantized.parameters::<f32>();
            let parameters = parameters.map_err(|_| CError::Double { id, dtype: quantized.dtype() })?;
            coded(&mut source, quantized, parameters);
            outliers(&mut source, quantized);
        }
    }
    Ok(source)
}

fn coded(source: &mut MatrixSource, quantized: &Quantized, parameters: &Parameters<f32>) {
    match parameters {
        Parameters::Fixed(FixedGrid::Float16 | FixedGrid::BFloat16) => {
            let numbers: Vec<f32> = quantized.reconstruct().into_iter().collect();
            source.floats(quantized.shape().0, &numbers);
        }
        Parameters::Fixed(FixedGrid::DoReFa(bits)) => {
            let highest = float(((1_u32 << bits.get()) - 1) as f32);
            let reader = source.reader(quantized, 0);
            source.value += &format!(
                "value = {};\nvalue /= {highest};\nvalue += value;\nvalue -= 1.0f;\n",
                reader.whole(0)
            );
        }
        Parameters::Fixed(FixedGrid::Wrpn(bits)) => {
            let highest = (1 << (bits.get() - 1)) - 1;
            let reader = source.reader(quantized, -highest);
            let highest = float(highest as f32);
            source.value += &format!("value = {};\nvalue /= {highest};\n", reader.whole(0));
        }
        Parameters::Affine(own) => affine(source, quantized, own),
        Parameters::Codebooks(books) => codebooks(source, quantized, books),
    }
}

/// Puts back what stands beside the codes, in order.
fn outliers(source: &mut MatrixSource, quantized: &Quantized) {
    let Some(outliers) = quantized.outliers().filter(|outliers| !outliers.is_empty()) else { return };
    let (rows, columns) = quantized.shape();
    let mut bytes = Vec::new();
    let mut from = 0;
    for (position, value) in outliers.entries() {
        append_gap(position - from, &mut bytes);
        bytes.extend(half::f16::from_f64(value).to_le_bytes());
        from = position + 1;
    }
    // None comes any more.
    append_gap(rows * columns, &mut bytes);
    let name = format!("{}_outliers", source.name);
    source.constants.push(array("uint8_t", &name, bytes.iter().map(ToString::to_string)));
    let kind = index_type(rows * columns);
    let next = format!("gap = ({kind})next_gap(&outlier);\n");
    source.head += &format!("const uint8_t *outlier = {name};\n{kind} {next}");
    let number = half_float("(uint16_t)(READ_U8(outlier) | ((uint16_t)READ_U8(outlier + 1) << 8))");
    let put = format!("value = {number};\noutlier += 2;\n{next}");
    source.value += &format!("if (gap == 0) {{\n{}}} else {{\n    gap--;\n}}\n", indented(&put, 1));
}

/// Appends a number, 7 bits a byte, the lowest first.
fn append_gap(mut gap: usize, bytes: &mut Vec<u8>) {
    while gap > 0x7f {
        bytes.push(0x80 | (gap & 0x7f) as u8);
        gap >>= 7;
    }
    bytes.push(gap as u8);
}
