//! From codes back to values.

use ndarray::{Array2, ArrayViewMut2};

use crate::number::{Each, FloatPatterns, ForEachDtype, Real};
use crate::scheme::{Granularity, LevelFormat, LevelTable, ZeroPoint};

use super::affine::Affine;
use super::blocks::Blocks;
use super::code_matrix::CodeMatrix;
use super::decode::{EachCode, FewLevels, decode};
use super::error::QuantizeError;
use super::parameters::{EvenLevels, FixedGrid, Parameters};
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
                let all = Blocks::new(codes.dim(), Granularity::Tensor);
                // Which grid it is, is not asked of each code.
                match *grid {
                    FixedGrid::Float16 => {
                        let decoder = EachCode(|code, ()| FixedGrid::Float16.level(code));
                        decode(codes, &all, &[()][..], values, decoder);
                    }
                    FixedGrid::BFloat16 => {
                        let decoder = EachCode(|code, ()| FixedGrid::BFloat16.level(code));
                        decode(codes, &all, &[()][..], values, decoder);
                    }
                    FixedGrid::DoReFa(bits) => decode_even(codes, &all, EvenLevels::dorefa(bits), values),
                    FixedGrid::Wrpn(bits) => decode_even(codes, &all, EvenLevels::wrpn(bits), values),
                }
            }
        }
    }

    /// `ŵ = s·level(q)`; `s·(q - lowest) + m` above a minimum `m`; else `s·(q - z)`. In the arithmetic of `T`.
    fn decode_blocks<T: Real>(&self, codes: &CodeMatrix, parameters: &Affine<T>, values: &mut [T]) {
        let blocks = self.blocks();
        let Affine { scales, zero_points, .. } = parameters;
        if let Some(format) = self.scheme().levels() {
            return decode_levels(codes, &blocks, scales, format, values);
        }
        let both = (&**scales, &**zero_points);
        match (self.scheme().zero_point(), self.scheme().grid()) {
            (Some(ZeroPoint::Minimum), Some(grid)) => {
                let decoder =
                    EachCode(|code, (scale, minimum)| scale * T::from_i32(code - grid.lowest) + minimum);
                decode(codes, &blocks, both, values, decoder);
            }
            (None | Some(_), _) => {
                let decoder = EachCode(|code, (scale, zero_point)| scale * (T::from_i32(code) - zero_point));
                decode(codes, &blocks, both, values, decoder);
            }
        }
    }
}

fn decode_even<T: Real>(codes: &CodeMatrix, all: &Blocks, levels: EvenLevels<T>, values: &mut [T]) {
    decode(codes, all, &[()][..], values, EachCode(|code, ()| levels.level(code)));
}

/// `ŵ = s·level(q)`: by the bits of floats, by a table in registers of other codes of at most four bits, else by one in memory.
fn decode_levels<T: Real>(
    codes: &CodeMatrix,
    blocks: &Blocks,
    scales: &[T],
    format: LevelFormat,
    values: &mut [T],
) {
    if let LevelFormat::Minifloat(float) = format {
        let patterns = FloatPatterns::new(float.exponent_bits(), float.mantissa_bits());
        let decoder = EachCode(|code, scale| scale * T::from_f64(f64::from(patterns.number(code))));
        return decode(codes, blocks, scales, values, decoder);
    }
    let table = LevelTable::new(format);
    if format.bits() <= 4 {
        decode(codes, blocks, scales, values, FewLevels(table.by_low_bits()));
    } else {
        let levels = table.by_code();
        decode(codes, blocks, scales, values, EachCode(|code, scale: T| scale * levels.of(code)));
    }
}
