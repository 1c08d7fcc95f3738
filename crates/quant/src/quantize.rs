//! From values to codes and parameters.

use std::borrow::Cow;

use bitsweep_random::Stream;
use ndarray::ArrayView2;
use pulp::{Arch, NullaryFnOnce};

use crate::axes::{Outliers, Range, Rounding, ScaleFormat, Scheme};
use crate::blocks::Blocks;
use crate::codebook::Codebooks;
use crate::distortion::row_major;
use crate::error::QuantizeError;
use crate::float16::{encode_bfloat16, encode_binary16};
use crate::gguf;
use crate::lanes::fold_lanes;
use crate::levels::{self, LevelTable};
use crate::outliers::SparseOutliers;
use crate::quantized::{FixedGrid, ParameterKind, Parameters, Quantized};
use crate::real::Real;
use crate::uniform::{self, Affine, weight_function};

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
/// assert_eq!(quantized.codes().row(1).to_vec(), [127, -61, 36, -15]);
/// assert_eq!(quantized.reconstruct()[[1, 0]], 2.5);
/// assert_eq!(quantized.size().total(), 12 + 4);
/// ```
///
/// # Errors
/// A scheme that contradicts itself, a range that needs calibration inputs, a value that is not finite, and values that
/// the format or its parameters cannot hold.
pub fn quantize<T: Real>(
    values: ArrayView2<'_, T>,
    scheme: &Scheme,
    stream: &mut Stream,
) -> Result<Quantized<T>, QuantizeError> {
    scheme.check()?;
    if scheme.range == Range::OutputMse {
        return Err(QuantizeError::NoInputs);
    }
    let shape = values.dim();
    let values = finite_row_major(values)?;
    let outliers = match scheme.outliers {
        Outliers::None => None,
        Outliers::Percent(percent) => Some(SparseOutliers::largest(&values, shape.1, percent)?),
    };
    let values = match &outliers {
        None => values,
        Some(outliers) => Cow::Owned(outliers.taken_off(&values, &Blocks::new(shape, scheme.granularity))),
    };
    let (codes, parameters) = match ParameterKind::of(scheme) {
        ParameterKind::Affine => {
            let blocks = Blocks::new(shape, scheme.granularity);
            let (codes, parameters) = uniform::quantize(&values, &blocks, scheme, stream)?;
            (codes, Parameters::Affine(parameters))
        }
        ParameterKind::Levels(format) => {
            let blocks = Blocks::new(shape, scheme.granularity);
            let (codes, parameters) = levels::quantize(&values, &blocks, scheme, format)?;
            (codes, Parameters::Affine(parameters))
        }
        ParameterKind::Gguf(block) => {
            let blocks = Blocks::new(shape, scheme.granularity);
            let (codes, parameters) = gguf::quantize(&values, &blocks, block)?;
            (codes, Parameters::Affine(parameters))
        }
        ParameterKind::Codebooks(layout) => {
            let blocks = Blocks::new(shape, scheme.granularity);
            let codebooks = Codebooks::fit(&values, &blocks, layout, scheme.codebook_format, stream)?;
            (codebooks.encode(&values)?, Parameters::Codebooks(codebooks))
        }
        ParameterKind::Fixed(grid) => {
            let codes = encode_fixed(&values, shape.1, grid, scheme.rounding, stream)?;
            (codes, Parameters::Fixed(grid))
        }
    };
    Ok(Quantized::new(shape, *scheme, codes, parameters).with_outliers(outliers))
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
) -> Result<Quantized<T>, QuantizeError> {
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
    let codes = encode(&values, &blocks, scheme, &parameters, stream)?;
    Ok(Quantized::new(shape, *scheme, codes, parameters))
}

/// Codes of finite row-major `values` with given parameters.
pub(crate) fn encode<T: Real>(
    values: &[T],
    blocks: &Blocks,
    scheme: &Scheme,
    parameters: &Parameters<T>,
    stream: &mut Stream,
) -> Result<Vec<i32>, QuantizeError> {
    let columns = blocks.shape().1;
    match parameters {
        Parameters::Affine(parameters) => Ok(match (ParameterKind::of(scheme), scheme.grid()) {
            (ParameterKind::Levels(format), _) => {
                levels::encode(values, blocks, parameters, &LevelTable::new(format))
            }
            (ParameterKind::Gguf(block), _) => gguf::encode(values, blocks, parameters, block),
            (ParameterKind::Affine | ParameterKind::Codebooks(_) | ParameterKind::Fixed(_), Some(grid)) => {
                uniform::encode(values, blocks, parameters, scheme, grid, stream)
            }
            (ParameterKind::Affine | ParameterKind::Codebooks(_) | ParameterKind::Fixed(_), None) => {
                uniform::encode_signs(values)
            }
        }),
        Parameters::Codebooks(codebooks) => codebooks.encode(values),
        Parameters::Fixed(grid) => encode_fixed(values, columns, *grid, scheme.rounding, stream),
    }
}

fn encode_fixed<T: Real>(
    values: &[T],
    columns: usize,
    grid: FixedGrid,
    rounding: Rounding,
    stream: &mut Stream,
) -> Result<Vec<i32>, QuantizeError> {
    match grid {
        FixedGrid::DoReFa(bits) => Ok(weight_function::encode_dorefa(values, bits, rounding, stream)),
        FixedGrid::Wrpn(bits) => Ok(weight_function::encode_wrpn(values, bits, rounding, stream)),
        FixedGrid::Float16 => encode_floats(values, columns, grid, encode_binary16),
        FixedGrid::BFloat16 => encode_floats(values, columns, grid, encode_bfloat16),
    }
}

fn encode_floats<T: Real>(
    values: &[T],
    columns: usize,
    grid: FixedGrid,
    encode: fn(f64) -> u16,
) -> Result<Vec<i32>, QuantizeError> {
    let code = |(position, value): (usize, &T)| {
        let code = i32::from(encode(value.to_f64()));
        if grid.level::<f64>(code).is_finite() {
            Ok(code)
        } else {
            Err(QuantizeError::TooLargeForFormat {
                row: position / columns,
                column: position % columns,
                value: value.to_f64(),
                format: grid.to_string(),
            })
        }
    };
    values.iter().enumerate().map(code).collect()
}

/// The values in row-major order, copied only when they lie otherwise.
pub(crate) fn finite_row_major<T: Real>(values: ArrayView2<'_, T>) -> Result<Cow<'_, [T]>, QuantizeError> {
    let columns = values.ncols();
    let values = row_major(values);
    if Arch::new().dispatch(AllFinite(&values)) {
        return Ok(values);
    }
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(values),
        Some(position) => Err(QuantizeError::NotFinite {
            row: position / columns,
            column: position % columns,
            value: values[position].to_f64(),
        }),
    }
}

/// Whether `0·w` is 0 for all values: it is NaN for infinities and NaN, and vectorizes where a search would not.
struct AllFinite<'a, T>(&'a [T]);

impl<T: Real> NullaryFnOnce for AllFinite<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn call(self) -> bool {
        let zeros = fold_lanes(self.0, T::ZERO, |zero, value| zero + value * T::ZERO);
        zeros.iter().all(|zero| *zero == T::ZERO)
    }
}
