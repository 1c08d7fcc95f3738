//! Which weight of which layer.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// One of the weights, biases among them, that a model's layers are made of; layers are counted from 0.
///
/// Written `W1`, `b1`, `W2`, `b2`, …, with the number of the layer counted from 1, and ordered as written here.
///
/// ```
/// use bitsweep_models::WeightId;
///
/// let second_bias: WeightId = "b2".parse()?;
/// assert_eq!(second_bias, WeightId::Bias(1));
/// assert_eq!(WeightId::Weight(0).to_string(), "W1");
/// assert!(WeightId::Bias(0) < WeightId::Weight(1));
/// # Ok::<(), bitsweep_models::WeightIdError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum WeightId {
    /// The matrix of a layer.
    Weight(usize),
    /// The bias of a layer.
    Bias(usize),
}

/// A text that names no weight.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "`{0}` names no weight: expected `W` or `b` and the number of a layer, from 1 to 999999999, such as `W1` or `b2`"
)]
pub struct WeightIdError(pub String);

impl WeightId {
    /// The layer, counted from 0.
    #[must_use]
    pub const fn layer(self) -> usize {
        match self {
            Self::Weight(layer) | Self::Bias(layer) => layer,
        }
    }

    /// Whether it is a bias.
    #[must_use]
    pub const fn is_bias(self) -> bool {
        match self {
            Self::Weight(_) => false,
            Self::Bias(_) => true,
        }
    }

    /// The position among the weights of layers that all have a matrix and a bias: W1, b1, W2, b2, ….
    #[must_use]
    pub const fn position(self) -> usize {
        match self {
            Self::Weight(layer) => 2 * layer,
            Self::Bias(layer) => 2 * layer + 1,
        }
    }
}

impl Ord for WeightId {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.layer(), self.is_bias()).cmp(&(other.layer(), other.is_bias()))
    }
}

impl PartialOrd for WeightId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for WeightId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = if self.is_bias() { 'b' } else { 'W' };
        formatter.pad(&format!("{letter}{}", self.layer() + 1))
    }
}

impl FromStr for WeightId {
    type Err = WeightIdError;

    fn from_str(text: &str) -> Result<Self, WeightIdError> {
        let refused = || WeightIdError(text.to_owned());
        let (of_layer, number): (fn(usize) -> Self, &str) = match text.split_at_checked(1) {
            Some(("W", number)) => (Self::Weight, number),
            Some(("b", number)) => (Self::Bias, number),
            Some(_) | None => return Err(refused()),
        };
        // One spelling for each weight: no sign, no leading zero.
        let is_plain = matches!(number.as_bytes(), [b'1'..=b'9', rest @ ..]
            if rest.len() < 9 && rest.iter().all(u8::is_ascii_digit));
        let number: usize = number.parse().ok().filter(|_| is_plain).ok_or_else(refused)?;
        Ok(of_layer(number - 1))
    }
}

impl TryFrom<String> for WeightId {
    type Error = WeightIdError;

    fn try_from(text: String) -> Result<Self, WeightIdError> {
        text.parse()
    }
}

impl From<WeightId> for String {
    fn from(id: WeightId) -> Self {
        id.to_string()
    }
}
