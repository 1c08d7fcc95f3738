//! From codes back to values.

use bitsweep_vector::arch;
use ndarray::{Array2, ArrayViewMut2};
use pulp::NullaryFnOnce;

use crate::number::{Each, ForEachDtype, Real};
use crate::scheme::{Grid, LevelTable, ZeroPoint};

use super::affine::Affine;
use super::blocks::{Blocks, Layout};
use super::code_matrix::{CodeMatrix, CodeReader, PIECE};
use super::error::QuantizeError;
use super::parameters::Parameters;
use super::quantized::Quantized;
use super::stored::with_parameters;

struct Decode;

impl ForEachDtype for Decode {
    type Of<T: Real> = fn(&Quantized, &Parameters<T>, &mut [T]);
}

static DECODE: Each<Decode> = Each { of_f32: Quantized::decode, of_f64: Quantized::decode };

impl Quantized {
    /// The values that the codes stand for, computed in the [type](Self::dtype) of the values that were quantized; asked for
    /// in the other type, each is then rounded to the nearest number of that (infinite beyond its largest).
    #[must_use]
    pub fn reconstruct<T: Real>(&self) -> Array2<T> {
        let values = match self.parameters() {
            Ok(parameters) => self.decoded(parameters),
            Err(_) => with_parameters!(self.stored_parameters(), parameters => {
                let values = self.decoded(parameters).into_iter();
                values.map(|value| T::from_f64(value.to_f64())).collect()
            }),
        };
        Array2::from_shape_vec(self.shape(), values).expect("as many values as the shape has places")
    }

    /// Writes the values that the codes stand for into `values`.
    ///
    /// # Errors
    /// When `values` has another shape or type.
    pub fn reconstruct_into<T: Real>(&self, mut values: ArrayViewMut2<'_, T>) -> Result<(), QuantizeError> {
        self.expect_shape(values.dim())?;
        let parameters = self.parameters()?;
        match values.as_slice_mut() {
            Some(slice) => DECODE.of()(self, parameters, slice),
            None => values.assign(&self.reconstruct()),
        }
        Ok(())
    }

    /// The row-major values that the codes stand for; `parameters` are those of the matrix.
    pub(crate) fn decoded<T: Real>(&self, parameters: &Parameters<T>) -> Vec<T> {
        let mut values = vec![T::ZERO; self.shape().0 * self.shape().1];
        DECODE.of()(self, parameters, &mut values);
        values
    }

    fn decode<T: Real>(&self, parameters: &Parameters<T>, values: &mut [T]) {
        self.decode_codes(parameters, values);
        if let Some(outliers) = self.outliers() {
            outliers.put_back(values);
        }
    }

    fn decode_codes<T: Real>(&self, parameters: &Parameters<T>, values: &mut [T]) {
        let codes = self.codes();
        match parameters {
            Parameters::Affine(parameters) => self.decode_blocks(codes, parameters, values),
            Parameters::Codebooks(codebooks) => codebooks.reconstruct(codes, values),
            Parameters::Fixed(grid) => {
                let mut reader = CodeReader::new(codes);
                for piece in values.chunks_mut(PIECE) {
                    let codes = reader.take(piece.len());
                    for (value, &code) in piece.iter_mut().zip(codes) {
                        *value = grid.level(code);
                    }
                }
            }
        }
    }

    fn decode_blocks<T: Real>(&self, codes: &CodeMatrix, parameters: &Affine<T>, values: &mut [T]) {
        let blocks = self.blocks();
        if let Some(format) = self.scheme().levels() {
            return reconstruct_levels(codes, &blocks, parameters, &LevelTable::new(format), values);
        }
        match (self.scheme().zero_point(), self.scheme().grid()) {
            (Some(ZeroPoint::Minimum), Some(grid)) => {
                reconstruct_from_minimums(codes, &blocks, parameters, grid, values);
            }
            (None | Some(_), _) => reconstruct_even(codes, &blocks, parameters, values),
        }
    }
}

/// `ŵ = s·(q - z)` for every code, in the arithmetic of `T`.
fn reconstruct_even<T: Real>(codes: &CodeMatrix, blocks: &Blocks, parameters: &Affine<T>, values: &mut [T]) {
    arch().dispatch(Reconstruct { codes, blocks, parameters, values });
}

/// `ŵ = s·(q - lowest) + m` for every code, in the arithmetic of `T`.
fn reconstruct_from_minimums<T: Real>(
    codes: &CodeMatrix,
    blocks: &Blocks,
    parameters: &Affine<T>,
    grid: Grid,
    values: &mut [T],
) {
    let minimums = parameters.scales.iter().zip(&parameters.zero_points);
    for (block, (&scale, &minimum)) in blocks.iter().zip(minimums) {
        for position in block.positions() {
            values[position] = scale * T::from_i32(codes.at(position) - grid.lowest) + minimum;
        }
    }
}

struct Reconstruct<'a, T> {
    codes: &'a CodeMatrix,
    blocks: &'a Blocks,
    parameters: &'a Affine<T>,
    values: &'a mut [T],
}

impl<T: Real> NullaryFnOnce for Reconstruct<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { codes, blocks, parameters: Affine { scales, zero_points, .. }, values } = self;
        if blocks.is_empty() {
            return;
        }
        let mut reader = CodeReader::new(codes);
        match blocks.layout() {
            Layout::Runs { length } => {
                let runs = values.chunks_mut(length).zip(scales.iter().zip(zero_points));
                for (run, (&scale, &zero_point)) in runs {
                    for piece in run.chunks_mut(PIECE) {
                        let codes = reader.take(piece.len());
                        for (value, &code) in piece.iter_mut().zip(codes) {
                            *value = scale * (T::from_i32(code) - zero_point);
                        }
                    }
                }
            }
            Layout::Bands { height } => {
                let columns = blocks.shape().1;
                for (row, values) in values.chunks_mut(columns).enumerate() {
                    let first = row / height * columns;
                    for (values, start) in values.chunks_mut(PIECE).zip((first..).step_by(PIECE)) {
                        let end = start + values.len();
                        let parameters = scales[start..end].iter().zip(&zero_points[start..end]);
                        let codes = reader.take(values.len());
                        for ((value, &code), (&scale, &zero_point)) in
                            values.iter_mut().zip(codes).zip(parameters)
                        {
                            *value = scale * (T::from_i32(code) - zero_point);
                        }
                    }
                }
            }
        }
    }
}

/// `ŵ = s·level(q)` for every code, in the arithmetic of `T`.
fn reconstruct_levels<T: Real>(
    codes: &CodeMatrix,
    blocks: &Blocks,
    parameters: &Affine<T>,
    table: &LevelTable,
    values: &mut [T],
) {
    for (block, &scale) in blocks.iter().zip(&parameters.scales) {
        for position in block.positions() {
            values[position] = scale * T::from_f64(table.level(codes.at(position)));
        }
    }
}
