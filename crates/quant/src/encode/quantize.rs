//! From values to codes and parameters.

use std::borrow::Cow;

use bitsweep_random::Stream;
use ndarray::ArrayView2;

use crate::encode::uniform::weight_function;
use crate::number::{Each, ForEachDtype, NarrowFloat, Real, row_major};
use crate::scheme::{Format, Granularity, LevelTable, Outliers, Range, ScaleFormat, Scheme, SchemeAxis};
use crate::tensor::{
    Affine, BitField, Blocks, CodeMatrix, Codebooks, FarParameters, FixedGrid, ParameterKind, Parameters,
    QuantizeError, Quantized, SparseOutliers, Unheld, Unrepresentable,
};

use super::by_block::{EachValue, encode_by_block};
use super::finite::{expect_finite, finite_row_major};
use super::{gguf, levels, uniform};

/// Quantizes a matrix `(in, out)` as `scheme` says.
///
/// `stream` is drawn from only by stochastic rounding (one number a value, in row-major order) and by codebooks
/// of sub-vectors (seeds of k-means).
///
/// ```
/// use bitsweep_quant::{Bits, presets, quantize};
/// use bitsweep_random::{Generator, Stream};
/// use ndarray::array;
///
/// let weights = array![[0.1_f32, -0.5, 0.0, 1.0], [2.5, -1.2, 0.7, -0.3], [0.9, 1.5, -2.0, 0.2]];
/// let mut stream = Stream::new(Generator::Modern, 0, "quantize").unwrap();
/// let scheme = presets::symmetric_narrow(Bits::new(8).unwrap());
/// let quantized = quantize(weights.view(), &scheme, &mut stream).unwrap();
/// assert_eq!(quantized.codes().to_array().row(1).to_vec(), [127, -61, 36, -15]);
/// assert_eq!(quantized.reconstruct::<f32>()[[1, 0]], 2.5);
/// assert_eq!(quantized.size().total(), 12 + 4);
/// ```
///
/// # Errors
/// A scheme that contradicts itself, a range that needs calibration inputs, a value that is not finite, and levels or zero
/// points that overflow their type. Values and parameters beyond the numbers of their *format* take its largest: see
/// [`Quantized::unrepresentable`] and [`Quantized::far_parameters`].
pub fn quantize<T: Real>(
    values: ArrayView2<'_, T>,
    scheme: &Scheme,
    stream: &mut Stream,
) -> Result<Quantized, QuantizeError> {
    QUANTIZE.of()(values, scheme, stream)
}

struct Quantize;

impl ForEachDtype for Quantize {
    type Of<T: Real> = fn(ArrayView2<'_, T>, &Scheme, &mut Stream) -> Result<Quantized, QuantizeError>;
}

static QUANTIZE: Each<Quantize> = Each { of_f32: quantize_as, of_f64: quantize_as };

fn quantize_as<T: Real>(
    values: ArrayView2<'_, T>,
    scheme: &Scheme,
    stream: &mut Stream,
) -> Result<Quantized, QuantizeError> {
    scheme.check()?;
    if scheme.range == Range::OutputMse {
        return Err(QuantizeError::NoInputs);
    }
    let shape = values.dim();
    let originals = row_major(values);
    // Where a range is looked for first, that is refused there.
    let has_range = scheme.applies(SchemeAxis::Range) || matches!(scheme.format, Format::Gguf(_));
    if scheme.outliers != Outliers::None || !has_range {
        expect_finite(&originals, shape.1)?;
    }
    let outliers = match scheme.outliers {
        Outliers::None => None,
        Outliers::Percent(percent) => Some(SparseOutliers::largest(&originals, percent)),
    };
    let blocks = Blocks::new(shape, scheme.granularity);
    let values = match &outliers {
        None => Cow::Borrowed(&*originals),
        Some(outliers) => Cow::Owned(outliers.taken_off(&originals, &blocks)),
    };
    // As they may be packed where they are, there is room for scales and zero points.
    let (of, room) = (BitField::of(scheme).code_type(), 2 * T::BYTES * blocks.len());
    let zeros = |columns: usize| CodeMatrix::zeros_with_room((shape.0, columns), of, room);
    let mut codes = zeros(shape.1);
    let mut far = FarParameters::default();
    let parameters = match ParameterKind::of(scheme) {
        ParameterKind::Affine => {
            Parameters::Affine(uniform::quantize(&values, &blocks, scheme, stream, &mut codes, &mut far)?)
        }
        ParameterKind::Levels(format) => {
            Parameters::Affine(levels::quantize(&values, &blocks, scheme, format, &mut codes, &mut far)?)
        }
        ParameterKind::Gguf(block) => {
            Parameters::Affine(gguf::quantize(&values, &blocks, block, &mut codes, &mut far)?)
        }
        ParameterKind::Codebooks(layout) => {
            let codebooks =
                Codebooks::fit(&values, &blocks, layout, scheme.codebook_format, stream, &mut far)?;
            codes = zeros(codebooks.codes_per_row());
            codebooks.encode(&values, &mut codes)?;
            Parameters::Codebooks(codebooks)
        }
        ParameterKind::Fixed(grid) => {
            encode_fixed(&values, grid, scheme, stream, &mut codes);
            Parameters::Fixed(grid)
        }
    };
    if let Some(outliers) = &outliers {
        outliers.note_far(&originals, &mut far);
    }
    let unheld = Unheld { far, unrepresentable: Unrepresentable::among(&originals, scheme) };
    Ok(Quantized::new(shape, *scheme, codes, parameters).with_outliers(outliers).with_unheld(unheld))
}

/// Quantizes a matrix with given `scales`, one for each block, of a symmetric integer scheme: `q = clip(round(w/s))`.
///
/// For scales that come from elsewhere than the values' range, such as training. Granularity, codes and rounding are the
/// scheme's.
///
/// # Errors
/// A scheme that contradicts itself or has more or fewer parameters than a scale per block, another number of scales
/// than blocks, a scale that is not positive or whose levels overflow, and values that are not finite.
pub fn quantize_with_scales<T: Real>(
    values: ArrayView2<'_, T>,
    scheme: &Scheme,
    scales: &[T],
    stream: &mut Stream,
) -> Result<Quantized, QuantizeError> {
    QUANTIZE_WITH_SCALES.of()(values, scheme, scales, stream)
}

struct QuantizeWithScales;

impl ForEachDtype for QuantizeWithScales {
    type Of<T: Real> = fn(ArrayView2<'_, T>, &Scheme, &[T], &mut Stream) -> Result<Quantized, QuantizeError>;
}

static QUANTIZE_WITH_SCALES: Each<QuantizeWithScales> =
    Each { of_f32: quantize_with_scales_as, of_f64: quantize_with_scales_as };

fn quantize_with_scales_as<T: Real>(
    values: ArrayView2<'_, T>,
    scheme: &Scheme,
    scales: &[T],
    stream: &mut Stream,
) -> Result<Quantized, QuantizeError> {
    scheme.check()?;
    let shape = values.dim();
    let blocks = Blocks::new(shape, scheme.granularity);
    if ParameterKind::of(scheme) != ParameterKind::Affine
        || scheme.zero_point().is_some()
        || scheme.scale_format != ScaleFormat::Float
        || scheme.outliers != Outliers::None
    {
        return Err(QuantizeError::NoGivenScales { scheme: scheme.to_string() });
    }
    if scales.len() != blocks.len() {
        return Err(QuantizeError::ScaleCount { expected: blocks.len(), found: scales.len() });
    }
    let largest = scheme.grid().map_or(T::ONE, |grid| T::from_i32(grid.highest.max(-grid.lowest)));
    let is_scale = |scale: T| scale > T::ZERO && (scale * largest).is_finite();
    if let Some(block) = scales.iter().position(|&scale| !is_scale(scale)) {
        return Err(QuantizeError::NotAScale { block, value: scales[block].to_f64() });
    }
    let values = finite_row_major(values)?;
    let parameters = Parameters::Affine(Affine {
        scales: scales.to_vec(),
        zero_points: vec![T::ZERO; scales.len()],
        nested: None,
    });
    let mut codes = CodeMatrix::zeros(shape, BitField::of(scheme).code_type());
    encode(&values, &blocks, scheme, &parameters, stream, &mut codes)?;
    Ok(Quantized::new(shape, *scheme, codes, parameters))
}

impl Quantized {
    /// Codes of other values of the same shape, e.g. of the reconstruction, with these parameters.
    ///
    /// # Errors
    /// Values of another shape or type, or not finite.
    pub fn encode<T: Real>(
        &self,
        values: ArrayView2<'_, T>,
        stream: &mut Stream,
    ) -> Result<CodeMatrix, QuantizeError> {
        self.expect_shape(values.dim())?;
        let parameters = self.parameters()?;
        let values = finite_row_major(values)?;
        let mut codes = CodeMatrix::zeros(self.codes().dim(), BitField::of(self.scheme()).code_type());
        encode(&values, &self.blocks(), self.scheme(), parameters, stream, &mut codes)?;
        if let (Some(outliers), Some(grid)) = (self.outliers(), self.scheme().grid()) {
            outliers.blank(&mut codes, grid.lowest);
        }
        Ok(codes)
    }
}

/// Fills `codes` with those of finite row-major `values` with given parameters.
fn encode<T: Real>(
    values: &[T],
    blocks: &Blocks,
    scheme: &Scheme,
    parameters: &Parameters<T>,
    stream: &mut Stream,
    codes: &mut CodeMatrix,
) -> Result<(), QuantizeError> {
    match parameters {
        Parameters::Affine(parameters) => {
            match (ParameterKind::of(scheme), scheme.grid()) {
                (ParameterKind::Levels(format), _) => {
                    levels::encode(values, blocks, parameters, format, &LevelTable::new(format), codes);
                }
                (ParameterKind::Gguf(block), _) => gguf::encode(values, blocks, parameters, block, codes),
                (
                    ParameterKind::Affine | ParameterKind::Codebooks(_) | ParameterKind::Fixed(_),
                    Some(grid),
                ) => uniform::encode(values, blocks, parameters, scheme, grid, stream, codes),
                (ParameterKind::Affine | ParameterKind::Codebooks(_) | ParameterKind::Fixed(_), None) => {
                    uniform::encode_signs(values, codes);
                }
            }
            Ok(())
        }
        Parameters::Codebooks(codebooks) => codebooks.encode(values, codes),
        Parameters::Fixed(grid) => {
            encode_fixed(values, *grid, scheme, stream, codes);
            Ok(())
        }
    }
}

fn encode_fixed<T: Real>(
    values: &[T],
    grid: FixedGrid,
    scheme: &Scheme,
    stream: &mut Stream,
    codes: &mut CodeMatrix,
) {
    match grid {
        FixedGrid::DoReFa(bits) => weight_function::encode_dorefa(values, bits, scheme, stream, codes),
        FixedGrid::Wrpn(bits) => weight_function::encode_wrpn(values, bits, scheme, stream, codes),
        FixedGrid::Float16 => encode_floats(values, NarrowFloat::binary16(), codes),
        FixedGrid::BFloat16 => encode_floats(values, NarrowFloat::bfloat16(), codes),
    }
}

/// Fills `codes` with the bit patterns of a float of 16 bits.
fn encode_floats<T: Real>(values: &[T], float: NarrowFloat<T>, codes: &mut CodeMatrix) {
    let all = Blocks::new(codes.dim(), Granularity::Tensor);
    let encoder = EachValue(|value, ()| float.code(value));
    encode_by_block(values, &all, &[()][..], codes, encoder);
}
