//! What layers apply to their outputs.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};
use std::fmt;

use ndarray::ArrayViewMut2;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::each::Each;
use crate::float::{Float, ForEachFloat};

/// What a layer applies to each element `z` of its output before handing it on.
///
/// The softmax, which looks at whole rows, belongs to the end of a model: it is its [`head`](crate::Head).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Activation {
    /// `a(z) = z`.
    Identity,
    /// The rectified linear unit, `a(z) = max(z, 0)` (Nair and Hinton, *Rectified Linear Units Improve Restricted
    /// Boltzmann Machines*, 2010, section 2). NaN becomes 0.
    Relu,
    /// `a(z) = z` where `z > 0`, else `slope·z` (Maas et al., *Rectifier Nonlinearities Improve Neural Network Acoustic
    /// Models*, 2013, section 2, where the slope is 0.01).
    LeakyRelu {
        /// The factor of negative numbers; 0.01 in PyTorch and ONNX.
        slope: f32,
    },
    /// The exponential linear unit, `a(z) = z` where `z > 0`, else `alpha·(exp(z) - 1)` (Clevert et al., *Fast and
    /// Accurate Deep Network Learning by Exponential Linear Units*, 2016, equation 15).
    Elu {
        /// The distance of the lower limit from 0; 1 in PyTorch and ONNX.
        alpha: f32,
    },
    /// The hyperbolic tangent, `a(z) = (exp(z) - exp(-z)) / (exp(z) + exp(-z))`.
    Tanh,
    /// The logistic function, `a(z) = 1 / (1 + exp(-z))`.
    Sigmoid,
    /// The Gaussian error linear unit, `a(z) = z·Φ(z) = z/2·(1 + erf(z/√2))` (Hendrycks and Gimpel, *Gaussian Error
    /// Linear Units*, 2016, section 2): ONNX's `Gelu` and PyTorch's `GELU` as they are by default.
    Gelu,
    /// The Gaussian error linear unit's approximation `a(z) = z/2·(1 + tanh(√(2/π)·(z + 0.044715·z³)))` (the same
    /// section): ONNX's and PyTorch's with `approximate = "tanh"`.
    GeluTanh,
    /// A line between 0 and 1, `a(z) = max(0, min(1, alpha·z + beta))`: ONNX's `HardSigmoid`. PyTorch's `Hardsigmoid`
    /// has the slope 1/6.
    HardSigmoid {
        /// The slope of the line; 0.2 by default in ONNX.
        alpha: f32,
        /// Its value at 0; 0.5 by default in ONNX.
        beta: f32,
    },
    /// `a(z) = z·max(0, min(1, z/6 + 1/2))` (Howard et al., *Searching for MobileNetV3*, 2019, section 5.2): ONNX's
    /// `HardSwish` and PyTorch's `Hardswish`.
    HardSwish,
    /// `a(z) = max(min, min(max, z))`: PyTorch's `Hardtanh`, from -1 to 1 by default; ONNX's `Clip`.
    HardTanh {
        /// The lower limit.
        min: f32,
        /// The upper limit, not below the lower one.
        max: f32,
    },
}

impl Activation {
    /// ReLU cut off at 6, `a(z) = max(0, min(6, z))` (Krizhevsky, *Convolutional Deep Belief Networks on CIFAR-10*,
    /// 2010, section 2.3).
    pub const RELU6: Self = Self::HardTanh { min: 0.0, max: 6.0 };

    /// `a(z)`.
    ///
    /// What needs more than one operation is computed in `f64` and rounded once, so that an `f32` result is, but for
    /// about one in a hundred million, the nearest `f32` to the formula's value. The forward pass of a
    /// [`Model`](crate::Model) gives the same bits. NaN gives NaN, but for [`Relu`](Self::Relu).
    ///
    /// ```
    /// use bitsweep_models::Activation;
    ///
    /// assert_eq!(Activation::Relu.apply(-2.0_f32), 0.0);
    /// assert_eq!(Activation::LeakyRelu { slope: 0.25 }.apply(-2.0_f64), -0.5);
    /// assert_eq!(Activation::Sigmoid.apply(0.0_f32), 0.5);
    /// ```
    #[inline]
    #[must_use]
    pub fn apply<T: Float>(self, z: T) -> T {
        match self {
            Self::Identity => z,
            Self::Relu => relu(z),
            Self::LeakyRelu { slope } => leaky_relu(z, slope.into()),
            Self::HardTanh { min, max } => clamp(z, min.into(), max.into()),
            Self::Elu { .. }
            | Self::Tanh
            | Self::Sigmoid
            | Self::Gelu
            | Self::GeluTanh
            | Self::HardSigmoid { .. }
            | Self::HardSwish => T::from_f64(self.apply_double(z.into())),
        }
    }

    /// Replaces each value by [`apply`](Self::apply) of it.
    pub fn apply_to<T: Float>(self, values: ArrayViewMut2<'_, T>) {
        APPLY.of()(self, values);
    }

    fn apply_to_as<T: Float>(self, mut values: ArrayViewMut2<'_, T>) {
        values.mapv_inplace(|value| self.apply(value));
    }

    /// `a(z)` in `f64`.
    fn apply_double(self, z: f64) -> f64 {
        match self {
            Self::Identity => z,
            Self::Relu => relu(z),
            Self::LeakyRelu { slope } => leaky_relu(z, slope.into()),
            Self::Elu { .. } if z > 0.0 => z,
            Self::Elu { alpha } => f64::from(alpha) * libm::expm1(z),
            Self::Tanh => libm::tanh(z),
            Self::Sigmoid => logistic(z),
            Self::Gelu => z * normal_distribution(z),
            // (1 + tanh(u)) / 2 = σ(2u), which keeps its digits where tanh(u) is near -1.
            Self::GeluTanh => z * logistic(2.0 * gelu_argument(z)),
            Self::HardSigmoid { alpha, beta } => clamp(f64::from(alpha) * z + f64::from(beta), 0.0, 1.0),
            Self::HardSwish => z * (clamp(z + 3.0, 0.0, 6.0) / 6.0),
            Self::HardTanh { min, max } => clamp(z, min.into(), max.into()),
        }
    }

    /// `a'(z)`; at a kink what PyTorch takes, for ReLU 0.
    pub(crate) fn derivative<T: Float>(self, z: T) -> T {
        let x: f64 = z.into();
        let between = |low: f64, high: f64| if low < x && x < high { 1.0 } else { 0.0 };
        T::from_f64(match self {
            Self::Identity => 1.0,
            Self::Relu | Self::LeakyRelu { .. } | Self::Elu { .. } if x > 0.0 => 1.0,
            Self::Relu => 0.0,
            Self::LeakyRelu { slope } => slope.into(),
            Self::Elu { alpha } => f64::from(alpha) * libm::exp(x),
            Self::Tanh => {
                let y = libm::tanh(x);
                (1.0 - y) * (1.0 + y)
            }
            Self::Sigmoid => logistic(x) * logistic(-x),
            Self::Gelu => {
                let density = 0.5 * FRAC_1_SQRT_2 * FRAC_2_SQRT_PI * libm::exp(-0.5 * x * x);
                normal_distribution(x) + x * density
            }
            Self::GeluTanh => {
                let u = 2.0 * gelu_argument(x);
                let slope = 2.0 * GELU_FACTOR * (1.0 + 3.0 * GELU_CUBIC * x * x);
                logistic(u) + x * (logistic(u) * logistic(-u)) * slope
            }
            Self::HardSigmoid { alpha, beta } => {
                let y = f64::from(alpha) * x + f64::from(beta);
                if 0.0 < y && y < 1.0 { alpha.into() } else { 0.0 }
            }
            Self::HardSwish if x <= -3.0 => 0.0,
            Self::HardSwish if x >= 3.0 => 1.0,
            Self::HardSwish => x / 3.0 + 0.5,
            Self::HardTanh { min, max } => between(min.into(), max.into()),
        })
    }

    /// Whether `a(c·z) = c·a(z)` for every `c > 0`: whether the scale of a layer's outputs can be moved into the layer
    /// behind.
    #[must_use]
    pub const fn is_positively_homogeneous(self) -> bool {
        match self {
            Self::Identity | Self::Relu | Self::LeakyRelu { .. } => true,
            Self::Elu { .. }
            | Self::Tanh
            | Self::Sigmoid
            | Self::Gelu
            | Self::GeluTanh
            | Self::HardSigmoid { .. }
            | Self::HardSwish
            | Self::HardTanh { .. } => false,
        }
    }

    /// What the parameters ought to be, as the end of a sentence, where they are something else.
    #[must_use]
    pub fn wrong_parameters(self) -> Option<&'static str> {
        match self {
            Self::Identity
            | Self::Relu
            | Self::Tanh
            | Self::Sigmoid
            | Self::Gelu
            | Self::GeluTanh
            | Self::HardSwish => None,
            Self::LeakyRelu { slope: parameter } | Self::Elu { alpha: parameter } => {
                (!parameter.is_finite()).then_some("a finite number")
            }
            Self::HardSigmoid { alpha, beta } => {
                (!alpha.is_finite() || !beta.is_finite()).then_some("finite numbers")
            }
            Self::HardTanh { min, max } => {
                (min.is_nan() || max.is_nan() || min > max).then_some("a lower limit not above the upper one")
            }
        }
    }
}

struct Apply;

impl ForEachFloat for Apply {
    type Of<T: Float> = fn(Activation, ArrayViewMut2<'_, T>);
}

static APPLY: Each<Apply> = Each { of_f32: Activation::apply_to_as, of_f64: Activation::apply_to_as };

/// The name as an experiment writes it, then the parameters: `leaky-relu (slope 0.01)`.
impl fmt::Display for Activation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identity => formatter.pad("identity"),
            Self::Relu => formatter.pad("relu"),
            Self::LeakyRelu { slope } => write!(formatter, "leaky-relu (slope {slope})"),
            Self::Elu { alpha } => write!(formatter, "elu (alpha {alpha})"),
            Self::Tanh => formatter.pad("tanh"),
            Self::Sigmoid => formatter.pad("sigmoid"),
            Self::Gelu => formatter.pad("gelu"),
            Self::GeluTanh => formatter.pad("gelu-tanh"),
            Self::HardSigmoid { alpha, beta } => {
                write!(formatter, "hard-sigmoid (alpha {alpha}, beta {beta})")
            }
            Self::HardSwish => formatter.pad("hard-swish"),
            Self::HardTanh { min, max } => write!(formatter, "hard-tanh ({min} to {max})"),
        }
    }
}

/// The factor of `z³` in [`Activation::GeluTanh`].
const GELU_CUBIC: f64 = 0.044_715;
/// `√(2/π)`.
const GELU_FACTOR: f64 = FRAC_1_SQRT_2 * FRAC_2_SQRT_PI;

/// `√(2/π)·(z + 0.044715·z³)`.
fn gelu_argument(z: f64) -> f64 {
    GELU_FACTOR * (z + GELU_CUBIC * (z * z * z))
}

/// `max(z, 0)`; NaN becomes 0, so that whoever needs to know about NaN looks at the weights.
#[inline(always)]
pub(crate) fn relu<T: Float>(z: T) -> T {
    if z > T::ZERO { z } else { T::ZERO }
}

/// `z` where it is positive, else `slope·z`.
#[inline(always)]
pub(crate) fn leaky_relu<T: Float>(z: T, slope: T) -> T {
    if z > T::ZERO { z } else { slope * z }
}

/// `max(min, min(max, z))`; NaN stays NaN.
#[inline(always)]
pub(crate) fn clamp<T: Float>(z: T, min: T, max: T) -> T {
    let raised = if z < min { min } else { z };
    if raised > max { max } else { raised }
}

/// `σ(z) = 1 / (1 + exp(-z))`, from the exponential that does not overflow.
fn logistic(z: f64) -> f64 {
    if z >= 0.0 {
        1.0 / (1.0 + libm::exp(-z))
    } else {
        let exponential = libm::exp(z);
        exponential / (1.0 + exponential)
    }
}

/// `Φ(z) = (1 + erf(z/√2)) / 2`, the distribution function of the normal distribution, with all its digits in both tails.
fn normal_distribution(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}
