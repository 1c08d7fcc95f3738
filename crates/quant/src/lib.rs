//! Quantization of plain matrices: every scheme is one point on a few independent axes.
//!
//! [`SchemeSpec`] is how a file spells a scheme; it resolves to a [`Scheme`], which says exactly what happens;
//! [`presets`] names the famous ones. [`quantize`] turns a matrix into a [`Quantized`] one: codes, and the parameters
//! that give them meaning. That one reconstructs, packs to bytes, and knows its true [`Size`]; [`Errors`] measure what
//! was lost.
//!
//! | folder | what is there |
//! |---|---|
//! | `number` | `f32` and `f64`, 16-bit floats |
//! | `scheme` | the axes, the schemes they make, what combines, how all of it is spelled |
//! | `tensor` | codes, parameters, their bytes, and the way back to values |
//! | `encode` | from values to codes and parameters |
//! | `layer` | what happens around weights: calibration, inputs, transforms, gradients, bits for each layer |
//! | `measure` | errors, and what number formats can express |
//!
//! The stages of a uniform scheme are functions in a row: blocks → range → affine parameters → codes → reconstruction.
//! All arithmetic happens in the type of the values (`f32` or `f64`), which a quantized matrix remembers as its
//! [`Dtype`], in an order that the source fixes, with transcendental functions from `libm`: results are the same bits
//! on every machine.
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
//! let errors = Errors::measure(weights.view(), quantized.reconstruct::<f64>().view());
//! assert!(errors.sqnr_db() > 40.0);
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod encode;
mod layer;
mod measure;
mod number;
mod scheme;
pub mod spelling;
mod tensor;

pub use encode::{Clustering, optimal_clustering, quantize, quantize_with_scales};
pub use layer::{
    ActivationError, ActivationGranularity, ActivationMode, ActivationModeSpec, ActivationParameters,
    ActivationQuantizer, ActivationRange, ActivationScheme, ActivationSpec, AdaRound, Allocation,
    AllocationError, BiasCorrection, Budget, Calibrated, CalibrationError, CalibrationMethod,
    CalibrationOutcome, Candidate, Equalization, FeatureNumbers, Gptq, Hessian, HessianSum, Hqq,
    IntegerError, IntegerLevels, LayerMismatch, LearnedScale, MOST_PARTIAL_SUMS, MeanSum, Moments,
    MovingAverage, QuantizedActivations, Requantize, Rescale, ScaledLevels, Search, ShiftSum, Smooth,
    Transform, VarianceSum, absmax_equalization, absorb, absorbable, activation_aware_factors, allocate,
    allocate_greedily, calibrate, combinations, cross_layer_equalization, divide_outputs, estimator,
    mean_shift, multiply_inputs, smoothing_factors,
};
pub use measure::{Errors, NumberFormat, SquareSum, number_formats, number_line};
pub use number::{Dtype, OtherDtype, Real};
pub use scheme::presets;
pub use scheme::{
    Bits, CentroidSearch, Centroids, CodeRange, CodebookFormat, CodebookLayout, Codes, Combination,
    ExponentBits, Format, FormatSpec, GgufBlock, GgufType, Granularity, Grid, GroupSize, LevelFormat,
    MantissaBits, Minifloat, NonFinite, NotAPercentile, NotAnOutlierPercent, OutOfRange, OutlierPercent,
    Outliers, Partition, Percentile, Range, Rounding, ScaleFormat, Scheme, SchemeAxis, SchemeError,
    SchemeSpec, Stages, Subvectors, Symmetry, SymmetrySpec, TernaryScale, Verdict, Width, ZeroPoint,
};
pub use tensor::{
    Affine, Block, BlockParameters, Blocks, CodeMatrix, Codebook, Codebooks, FarParameters, FixedGrid,
    GgufError, LookupError, NestedScales, Packed, Parameters, PartElement, PartName, QuantizeError,
    Quantized, Size, SparseOutliers, StoredPart, UnpackError, Unrepresentable,
};
