//! The name of a layer in a file.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A layer by the name of its weight: `W1` is the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = "^W[1-9][0-9]*$"))]
pub struct LayerName(usize);

impl LayerName {
    /// The layer with this position, counted from 0.
    pub fn at(position: usize) -> LayerName {
        LayerName(position)
    }

    /// Its position, counted from 0.
    pub fn position(self) -> usize {
        self.0
    }
}

impl TryFrom<String> for LayerName {
    type Error = String;

    fn try_from(name: String) -> Result<LayerName, String> {
        let number = name.strip_prefix('W').and_then(|digits| digits.parse::<usize>().ok());
        let position = number.and_then(|number| number.checked_sub(1));
        position
            .map(LayerName)
            .filter(|layer| layer.to_string() == name)
            .ok_or_else(|| format!("`{name}` is no layer: expected `W1`, `W2`, … after the layer's weight"))
    }
}

impl From<LayerName> for String {
    fn from(layer: LayerName) -> String {
        layer.to_string()
    }
}

impl fmt::Display for LayerName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "W{}", self.0 + 1)
    }
}
