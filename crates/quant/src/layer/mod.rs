//! What happens around the weights of a layer: codes that know their inputs, inputs as codes, changes of neighbouring
//! layers, gradients, and bits for each layer.

mod activation;
mod allocation;
mod calibration;
mod combinations;
pub mod estimator;
mod high_bias;
mod input_scaling;
mod integer;
mod transform;

pub use activation::{
    ActivationError, ActivationGranularity, ActivationMode, ActivationModeSpec, ActivationParameters,
    ActivationQuantizer, ActivationRange, ActivationScheme, ActivationSpec, FeatureNumbers, MovingAverage,
    QuantizedActivations, Requantize, ScaledLevels,
};
pub use allocation::{
    Allocation, AllocationError, Budget, Candidate, MOST_PARTIAL_SUMS, Search, allocate, allocate_greedily,
};
pub use calibration::{
    AdaRound, BiasCorrection, Calibrated, CalibrationError, CalibrationMethod, CalibrationOutcome, Gptq,
    Hessian, HessianSum, Hqq, LearnedScale, MeanSum, Moments, ShiftSum, VarianceSum, calibrate, mean_shift,
};
pub use combinations::combinations;
pub use high_bias::{absorb, absorbable};
pub use input_scaling::{
    Smooth, activation_aware_factors, divide_outputs, multiply_inputs, smoothing_factors,
};
pub use integer::{IntegerError, IntegerLevels, Rescale};
pub use transform::{Equalization, LayerMismatch, Transform, absmax_equalization, cross_layer_equalization};
