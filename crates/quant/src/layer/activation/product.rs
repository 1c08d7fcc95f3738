//! Products of codes, as integer kernels compute them.

use ndarray::{Array2, ArrayView1, Axis};

use crate::number::Real;
use crate::scheme::{LevelTable, ZeroPoint};
use crate::tensor::{Parameters, Quantized, SparseOutliers};

use super::error::ActivationError;
use super::quantizer::{ActivationParameters, QuantizedActivations};

/// Quantized weights `(in, out)` as levels `u` in units of scales `s`: `ŵ = s·u`.
///
/// | weights | `u` | `s` |
/// |---|---|---|
/// | even grids | `q - z` | the scale of the block |
/// | tables of levels | the level | the scale of the block |
/// | codebooks, 16-bit floats, grids of DoReFa and WRPN, codes above a minimum | `ŵ` | 1 |
/// | outliers beside the codes | 0 | none: they are a sparse matrix of their own |
#[derive(Debug, Clone, PartialEq)]
pub struct ScaledLevels {
    levels: Array2<f64>,
    /// One scale for each `rows_per_scale` inputs (the last perhaps fewer) and each output.
    scales: Array2<f32>,
    rows_per_scale: usize,
    /// Input, output and weight.
    outliers: Vec<(usize, usize, f32)>,
}

impl ScaledLevels {
    /// The most inputs of a layer: codes less their zero point are below 2¹⁶, so sums of so many products are whole
    /// numbers up to 2⁵³, which f64 holds exactly.
    pub const MOST_INPUTS: usize = 1 << 21;

    /// The levels and scales of `weights`, which are of `f32`.
    ///
    /// # Errors
    /// Weights of `f64`.
    pub fn of(weights: &Quantized) -> Result<Self, ActivationError> {
        let (rows, columns) = weights.shape();
        let scheme = weights.scheme();
        let is_minimum = scheme.zero_point() == Some(ZeroPoint::Minimum);
        let affine = match weights.parameters::<f32>()? {
            Parameters::Affine(affine) if !is_minimum => affine,
            Parameters::Affine(_) | Parameters::Codebooks(_) | Parameters::Fixed(_) => {
                return Ok(Self {
                    levels: weights.reconstruct(),
                    scales: Array2::ones((usize::from(rows > 0), columns)),
                    rows_per_scale: rows.max(1),
                    outliers: Vec::new(),
                });
            }
        };
        let blocks = weights.blocks();
        let table = scheme.levels().map(LevelTable::new);
        let codes = weights.codes();
        let mut levels = Array2::from_shape_fn((rows, columns), |(row, column)| match &table {
            Some(table) => table.level(codes.at(row * columns + column)),
            None => {
                let zero_point = affine.zero_points[blocks.index_of(row, column)];
                f64::from(codes.at(row * columns + column)) - f64::from(zero_point)
            }
        });
        let rows_per_scale = blocks.tile().0.max(1);
        let bands = if columns == 0 { 0 } else { rows.div_ceil(rows_per_scale) };
        let scales = Array2::from_shape_fn((bands, columns), |(band, column)| {
            affine.scales[blocks.index_of(band * rows_per_scale, column)]
        });
        let entries = weights.outliers().into_iter().flat_map(SparseOutliers::entries);
        let outliers: Vec<(usize, usize, f32)> = entries
            .map(|(position, weight)| (position / columns, position % columns, f32::from_f64(weight)))
            .collect();
        for &(row, column, _) in &outliers {
            levels[[row, column]] = 0.0;
        }
        Ok(Self { levels, scales, rows_per_scale, outliers })
    }

    /// The number of inputs, the rows of the weights.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.levels.nrows()
    }

    /// The number of outputs, the columns of the weights.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.levels.ncols()
    }

    /// The levels `u`, `(in, out)`.
    #[must_use]
    pub const fn levels(&self) -> &Array2<f64> {
        &self.levels
    }

    /// The scales `s` of each [`rows_per_scale`](Self::rows_per_scale) inputs, `(groups, out)`.
    #[must_use]
    pub const fn scales(&self) -> &Array2<f32> {
        &self.scales
    }

    /// How many consecutive inputs share a scale, the last perhaps fewer; at least one.
    #[must_use]
    pub const fn rows_per_scale(&self) -> usize {
        self.rows_per_scale
    }

    /// Input, output and weight of each outlier.
    #[must_use]
    pub fn outliers(&self) -> &[(usize, usize, f32)] {
        &self.outliers
    }

    /// The outputs `(rows, out)` of the layer before its activation function: `y = Σ_g s_x·s_g·Σ_{i∈g} (q_i - z_x)·u_i + b`.
    ///
    /// Within a group `g` of inputs that share a scale the products are summed in `f64`, input by input. Of integer weights
    /// these sums are whole numbers and exact (see [`MOST_INPUTS`](Self::MOST_INPUTS)): the accumulator of an integer
    /// kernel. One of 32 bits holds it when `in·max|q_x - z_x|·max|q_w - z_w| < 2³¹`; of symmetric 8-bit codes,
    /// `in·127·127 < 2³¹`, that is up to 133,144 inputs. The rest is `f32`, each operation rounded: the accumulator becomes
    /// `f32`, is multiplied once by `s_x·s_g`, groups are added in order of their inputs, then the products of
    /// outliers with `s_x·(q - z_x)`, input by input, and the bias is added last.
    ///
    /// # Errors
    /// Inputs, biases or weights of other layers, and more inputs than [`MOST_INPUTS`](Self::MOST_INPUTS).
    pub fn product(
        &self,
        inputs: &QuantizedActivations,
        bias: ArrayView1<'_, f32>,
    ) -> Result<Array2<f32>, ActivationError> {
        let (expected, outputs) = self.levels.dim();
        let (rows, found) = inputs.codes().dim();
        if found != expected {
            return Err(ActivationError::Inputs { expected, found });
        }
        if bias.len() != outputs {
            return Err(ActivationError::Biases { expected: outputs, found: bias.len() });
        }
        if expected > Self::MOST_INPUTS {
            return Err(ActivationError::TooManyInputs { inputs: expected, most: Self::MOST_INPUTS });
        }
        let mut product = Array2::zeros((rows, outputs));
        let mut accumulators = vec![0.0; outputs];
        for (row, (codes, mut sums)) in inputs.codes().outer_iter().zip(product.outer_iter_mut()).enumerate()
        {
            let ActivationParameters { scale, zero_point } = inputs.parameters(row);
            let groups = codes.axis_chunks_iter(Axis(0), self.rows_per_scale);
            let weights = self.levels.axis_chunks_iter(Axis(0), self.rows_per_scale);
            for ((codes, weights), scales) in groups.zip(weights).zip(self.scales.outer_iter()) {
                accumulators.fill(0.0);
                for (&code, levels) in codes.iter().zip(weights.outer_iter()) {
                    let steps = f64::from(code - zero_point);
                    for (accumulator, level) in accumulators.iter_mut().zip(levels) {
                        *accumulator += steps * level;
                    }
                }
                for ((sum, &accumulator), weight_scale) in sums.iter_mut().zip(&accumulators).zip(scales) {
                    *sum += accumulator as f32 * (scale * weight_scale);
                }
            }
            for &(input, output, weight) in &self.outliers {
                sums[output] += scale * (codes[input] - zero_point) as f32 * weight;
            }
            sums += &bias;
        }
        Ok(product)
    }
}
