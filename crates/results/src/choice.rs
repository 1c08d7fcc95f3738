//! The axes on which variants can differ, and the value that a variant has on each.

use std::cmp::Ordering;
use std::fmt;

use crate::value::Value;

/// An axis of choice, in the order of the results table's columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Choice {
    /// Bits of one code of a weight.
    Bits,
    /// Bits of one code of the layers' inputs.
    ActivationBits,
    /// A change of the weights before they are quantized.
    Transform,
    /// Whether biases are quantized.
    Biases,
    /// Whether the scaler of the features is stored or folded into the first layer.
    Scaler,
    /// The kind of element.
    Format,
    /// Whether zero is the middle of the range.
    Symmetry,
    /// How the zero point is kept.
    ZeroPoint,
    /// Whether codes have a sign.
    Codes,
    /// Whether the lowest code is used.
    CodeRange,
    /// Which values share parameters.
    Granularity,
    /// How scales are stored.
    ScaleFormat,
    /// How centroids are stored.
    CodebookFormat,
    /// How the range of a block is found.
    Range,
    /// How a position on the grid becomes a code.
    Rounding,
    /// Which weights are kept beside the codes.
    Outliers,
    /// What is different for single layers.
    Layers,
    /// How the bits of layers are chosen.
    Allocation,
    /// What chosen bits must keep to.
    Budget,
    /// How the inputs of layers are quantized.
    Activations,
    /// How codes are chosen.
    Method,
    /// How biases make up for quantized weights.
    BiasCorrection,
    /// The rows that calibration looks at.
    Calibration,
    /// Training with quantization in the loop.
    Training,
}

impl Choice {
    /// All axes, in the order of columns.
    pub const ALL: [Self; 24] = [
        Self::Bits,
        Self::ActivationBits,
        Self::Transform,
        Self::Biases,
        Self::Scaler,
        Self::Format,
        Self::Symmetry,
        Self::ZeroPoint,
        Self::Codes,
        Self::CodeRange,
        Self::Granularity,
        Self::ScaleFormat,
        Self::CodebookFormat,
        Self::Range,
        Self::Rounding,
        Self::Outliers,
        Self::Layers,
        Self::Allocation,
        Self::Budget,
        Self::Activations,
        Self::Method,
        Self::BiasCorrection,
        Self::Calibration,
        Self::Training,
    ];
}

/// The value on every axis that applies.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Choices(Box<[Option<Value>; Choice::ALL.len()]>);

impl Choices {
    /// The value on an axis; `None` where the axis does not apply.
    #[must_use]
    pub fn get(&self, choice: Choice) -> Option<&Value> {
        self.0[choice as usize].as_ref()
    }

    /// Sets the value on an axis.
    pub fn set(&mut self, choice: Choice, value: Value) {
        self.0[choice as usize] = Some(value);
    }

    /// The same with one value more, or another one on its axis.
    #[must_use]
    pub fn with(mut self, choice: Choice, value: Value) -> Self {
        self.set(choice, value);
        self
    }

    /// Axes and values in the order of columns.
    pub fn iter(&self) -> impl Iterator<Item = (Choice, &Value)> {
        let values = Choice::ALL.into_iter().zip(&*self.0);
        values.filter_map(|(choice, value)| Some((choice, value.as_ref()?)))
    }

    /// Bits of one code of a weight; 0 where there is none.
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.whole(Choice::Bits).unwrap_or(0)
    }

    /// Bits of one code of the layers' inputs; `None` where they stay float.
    #[must_use]
    pub fn activation_bits(&self) -> Option<u32> {
        self.whole(Choice::ActivationBits)
    }

    fn whole(&self, choice: Choice) -> Option<u32> {
        self.get(choice)?.as_number()?.try_into().ok()
    }
}

impl FromIterator<(Choice, Value)> for Choices {
    fn from_iter<I: IntoIterator<Item = (Choice, Value)>>(choices: I) -> Self {
        choices.into_iter().fold(Self::default(), |all, (choice, value)| all.with(choice, value))
    }
}

/// By the first axis on which they differ: an axis that only one of them has comes before later ones.
impl Ord for Choices {
    fn cmp(&self, other: &Self) -> Ordering {
        self.iter().cmp(other.iter())
    }
}

impl PartialOrd for Choices {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Choices {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.iter()).finish()
    }
}
