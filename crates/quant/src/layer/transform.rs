//! Changes of neighbouring layers that leave their function as it is and make it easier to quantize.

use ndarray::{Array1, Array2, Axis};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::number::Real;
use crate::spelling::{NameOrTable, name_or_table};

use super::input_scaling::{
    Smooth, divide_outputs, largest_magnitudes, multiply_inputs, positive_or_one, that_count,
};

/// A change of the weights that leaves the float function as it is: a rescaling of hidden unit `j` between two layers,
/// `W1[:,j] /= s_j`, `b1_j /= s_j`, `W2[j,:] *= s_j`.
///
/// Those that scale a layer's inputs scale features, too, which are divided before they enter the first layer. The function of the network stays the same, up to rounding, for activations with `f(s·x) = s·f(x)` for `s > 0`, of
/// which ReLU and the identity are two.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "kebab-case")]
#[schemars(extend("x-name-alone" = true))]
pub enum Transform {
    /// Leave the layers as they are.
    #[default]
    None,
    /// Notebook 000's [equalization](absmax_equalization): `s_j = max|W1[:,j]| / max|W1|`.
    AbsmaxEqualization,
    /// The [equalization](cross_layer_equalization) of Nagel et al. 2019, §4.1: `s_j = √(max|W1[:,j]| / max|W2[j,:]|)`.
    CrossLayerEqualization,
    /// SmoothQuant's [scaling of inputs](crate::smoothing_factors), by their largest magnitudes over the calibration rows.
    Smooth(Smooth),
    /// AWQ's [scaling of inputs](crate::activation_aware_factors), by their mean magnitudes over the calibration rows.
    Awq,
    /// What hidden units [always give](crate::absorbable) moves into the next biases. No rescaling, and exact only for
    /// inputs that the calibration rows speak for.
    HighBiasAbsorption,
}

/// What a transform did.
#[derive(Debug, Clone, PartialEq)]
pub struct Equalization<T> {
    /// The factor `s_j` of each hidden unit.
    pub factors: Array1<T>,
}

impl<T: Real> Equalization<T> {
    /// Whether any factor differs from 1.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.factors.iter().any(|&factor| factor != T::ONE)
    }
}

/// Layers that do not fit each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a layer of {outputs} outputs, its bias of {biases} and a next layer of {inputs} inputs do not fit: expected the same number"
)]
pub struct LayerMismatch {
    /// Columns of the first weights.
    pub outputs: usize,
    /// Length of the first bias.
    pub biases: usize,
    /// Rows of the second weights.
    pub inputs: usize,
}

impl Transform {
    /// The name in TOML, without settings.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::AbsmaxEqualization => "absmax-equalization",
            Self::CrossLayerEqualization => "cross-layer-equalization",
            Self::Smooth(_) => "smooth",
            Self::Awq => "awq",
            Self::HighBiasAbsorption => "high-bias-absorption",
        }
    }

    /// Whether it looks at calibration inputs, not at weights alone.
    #[must_use]
    pub const fn looks_at_inputs(&self) -> bool {
        match self {
            Self::None | Self::AbsmaxEqualization | Self::CrossLayerEqualization => false,
            Self::Smooth(_) | Self::Awq | Self::HighBiasAbsorption => true,
        }
    }
}

impl std::fmt::Display for Transform {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Smooth(Smooth { alpha }) => formatter.pad(&format!("{} {alpha}", self.name())),
            Self::None
            | Self::AbsmaxEqualization
            | Self::CrossLayerEqualization
            | Self::Awq
            | Self::HighBiasAbsorption => formatter.pad(self.name()),
        }
    }
}

impl Serialize for Transform {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Smooth(settings) => name_or_table(serializer, "Transform", 3, self.name(), settings),
            Self::None
            | Self::AbsmaxEqualization
            | Self::CrossLayerEqualization
            | Self::Awq
            | Self::HighBiasAbsorption => serializer.serialize_str(self.name()),
        }
    }
}

impl<'de> Deserialize<'de> for Transform {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "a transform's name, or a table such as { smooth = { alpha = 0.7 } }";
        Self::deserialize(NameOrTable::new(deserializer, expected))
    }
}

/// Notebook 000's equalization: `s_j = max|W1[:,j]| / max_i max|W1[:,i]|`, so that all columns of the first layer have
/// the same largest magnitude; `s_j = 1` where a column is zero but for rounding, at most 2⁻²⁴ of the largest.
///
/// `first` is `(in, hidden)`, `first_bias` `(hidden)` and `second` `(hidden, out)`; all change in place, in the
/// arithmetic of `T`.
///
/// # Errors
/// When the layers do not fit each other.
pub fn absmax_equalization<T: Real>(
    first: &mut Array2<T>,
    first_bias: &mut Array1<T>,
    second: &mut Array2<T>,
) -> Result<Equalization<T>, LayerMismatch> {
    fit(first, first_bias, second)?;
    let columns = largest_magnitudes(first.view(), Axis(1));
    let largest = columns.iter().fold(0.0, |largest: f64, column| largest.max(*column));
    let factor = |(column, counts): (&f64, bool)| {
        // In the arithmetic of `T`, which holds both exactly.
        if counts { positive_or_one(T::from_f64(*column) / T::from_f64(largest)) } else { T::ONE }
    };
    let factors = columns.iter().zip(that_count(&columns)).map(factor).collect();
    rescale(&factors, first, first_bias, second);
    Ok(Equalization { factors })
}

/// Cross-layer equalization (Nagel et al. 2019, Data-Free Quantization, §4.1): `s_j = sqrt(max|W1[:,j]| /
/// max|W2[j,:]|)`, so that column `j` of the first and row `j` of the second layer have the same largest magnitude;
/// `s_j = 1` where one of them is zero but for rounding: where their product is at most 2⁻²⁴ of the largest.
///
/// Shapes and errors are those of [`absmax_equalization`]; the factors are computed in `f64`.
///
/// # Errors
/// When the layers do not fit each other.
pub fn cross_layer_equalization<T: Real>(
    first: &mut Array2<T>,
    first_bias: &mut Array1<T>,
    second: &mut Array2<T>,
) -> Result<Equalization<T>, LayerMismatch> {
    fit(first, first_bias, second)?;
    let (columns, rows) =
        (largest_magnitudes(first.view(), Axis(1)), largest_magnitudes(second.view(), Axis(0)));
    let pairs = || columns.iter().zip(&rows);
    let parts: Vec<f64> = pairs().map(|(column, row)| column * row).collect();
    let factor = |((column, row), counts): ((&f64, &f64), bool)| {
        if counts { positive_or_one(T::from_f64((column / row).sqrt())) } else { T::ONE }
    };
    let factors = pairs().zip(that_count(&parts)).map(factor).collect();
    rescale(&factors, first, first_bias, second);
    Ok(Equalization { factors })
}

fn fit<T>(first: &Array2<T>, first_bias: &Array1<T>, second: &Array2<T>) -> Result<(), LayerMismatch> {
    let (outputs, biases, inputs) = (first.ncols(), first_bias.len(), second.nrows());
    if outputs == biases && biases == inputs {
        Ok(())
    } else {
        Err(LayerMismatch { outputs, biases, inputs })
    }
}

fn rescale<T: Real>(
    factors: &Array1<T>,
    first: &mut Array2<T>,
    first_bias: &mut Array1<T>,
    second: &mut Array2<T>,
) {
    divide_outputs(factors, first, first_bias);
    multiply_inputs(factors, second);
}
