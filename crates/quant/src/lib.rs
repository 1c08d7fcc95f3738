//! Quantization of plain matrices: every scheme is one point on a few independent axes.
//!
//! [`SchemeSpec`] is how a file spells a scheme; it resolves to a [`Scheme`], which says exactly what happens;
//! [`presets`] names the famous ones. [`quantize`] turns a matrix into a [`Quantized`] one: codes, and the parameters
//! that give them meaning. That one reconstructs, packs to bytes, and knows its true [`Size`]; [`Errors`] measure what
//! was lost.
//!
//! The stages of a uniform scheme are functions in a row: blocks → range → affine parameters → codes →
//! reconstruction. All arithmetic happens in the type of the values (`f32` or `f64`), in an order that the source
//! fixes, with transcendental functions from `libm`: results are the same bits on every machine.
//!
//! ```
//! use bitsweep_quant::{Errors, SchemeSpec, quantize};
//! use bitsweep_random::{Generator, Stream};
//! use ndarray::array;
//!
//! let weights = array![[73.01, -42.44, 114.48, 13.72]];
//! let spec: SchemeSpec = toml::from_str("bits = 8\nsymmetry = 'asymmetric'").unwrap();
//! let mut stream = Stream::new(Generator::Modern, 0, "quantize").unwrap();
//! let quantized = quantize(weights.view(), &spec.resolve().unwrap(), &mut stream).unwrap();
//! let errors = Errors::measure(weights.view(), quantized.reconstruct().view());
//! assert!(errors.sqnr_db() > 40.0);
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod activation;
mod allocation;
mod axes;
mod bit_field;
mod blocks;
mod calibration;
mod clipping;
mod code_matrix;
mod codebook;
mod distortion;
mod error;
pub mod estimator;
mod float16;
mod formats;
mod gguf;
mod high_bias;
mod input_scaling;
mod lanes;
mod levels;
mod number_line;
mod number_storage;
mod outliers;
mod packing;
mod parts;
mod quantize;
mod quantized;
mod reader;
mod real;
mod scales;
pub mod spelling;
mod transform;
mod uniform;

pub use activation::{
    ActivationError, ActivationGranularity, ActivationMode, ActivationModeSpec, ActivationParameters,
    ActivationQuantizer, ActivationRange, ActivationScheme, ActivationSpec, MovingAverage,
    QuantizedActivations, ScaledLevels,
};
pub use allocation::{
    Allocation, AllocationError, Budget, Candidate, MOST_PARTIAL_SUMS, Search, allocate, allocate_greedily,
};
pub use axes::presets;
pub use axes::{
    Bits, Centroids, CodeRange, CodebookFormat, CodebookLayout, Codes, ExponentBits, Format, FormatSpec,
    GgufType, Granularity, Grid, GroupSize, LevelFormat, MantissaBits, Minifloat, NonFinite, NotAPercentile,
    NotAnOutlierPercent, OutOfRange, OutlierPercent, Outliers, Partition, Percentile, Range, Rounding,
    ScaleFormat, Scheme, SchemeAxis, SchemeError, SchemeSpec, Stages, Subvectors, Symmetry, SymmetrySpec,
    TernaryScale, Width, ZeroPoint,
};
pub use blocks::{Block, Blocks};
pub use calibration::{
    AdaRound, BiasCorrection, Calibrated, CalibrationError, CalibrationMethod, CalibrationOutcome, Gptq,
    Hessian, Hqq, LearnedScale, Moments, calibrate, mean_shift,
};
pub use code_matrix::CodeMatrix;
pub use codebook::{Clustering, Codebook, Codebooks, LookupError, optimal_clustering};
pub use distortion::Errors;
pub use error::QuantizeError;
pub use formats::{NumberFormat, number_formats};
pub use gguf::GgufError;
pub use high_bias::{absorb, absorbable};
pub use input_scaling::{
    Smooth, activation_aware_factors, divide_outputs, multiply_inputs, smoothing_factors,
};
pub use number_line::number_line;
pub use outliers::SparseOutliers;
pub use packing::Packed;
pub use parts::Size;
pub use quantize::{quantize, quantize_with_scales};
pub use quantized::{BlockParameters, FixedGrid, Parameters, Quantized};
pub use reader::UnpackError;
pub use real::Real;
pub use scales::NestedScales;
pub use transform::{Equalization, LayerMismatch, Transform, absmax_equalization, cross_layer_equalization};
pub use uniform::Affine;
