//! Activation functions in JSON, which has no infinite numbers.

use bitsweep_models::Activation;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// An activation; its numbers are written with all the digits of `f64`, which are read without rounding twice, and infinite
/// ones as `"inf"` and `"-inf"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Function(pub(super) Activation);

/// The name of the one function that may have infinite numbers.
const HARD_TANH: &str = "hard-tanh";

impl Serialize for Function {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut value = serde_json::to_value(self.0).map_err(S::Error::custom)?;
        if let Activation::HardTanh { min, max } = self.0
            && let Some(limits) = value.get_mut(HARD_TANH).and_then(Value::as_object_mut)
        {
            for (name, limit) in [("min", min), ("max", max)] {
                if limit.is_infinite() {
                    limits.insert(name.to_owned(), Value::from(limit.to_string()));
                }
            }
        }
        value.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Function {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        match value.get(HARD_TANH).and_then(Value::as_object) {
            None => serde_json::from_value(value).map(Self).map_err(D::Error::custom),
            Some(limits) => hard_tanh(limits).map(Self).ok_or_else(|| {
                D::Error::custom(format!("`{value}` is no activation: expected two limits, `min` and `max`"))
            }),
        }
    }
}

fn hard_tanh(limits: &Map<String, Value>) -> Option<Activation> {
    let limit = |name: &str| match limits.get(name)? {
        Value::String(text) if text == "inf" => Some(f32::INFINITY),
        Value::String(text) if text == "-inf" => Some(f32::NEG_INFINITY),
        number => f32::deserialize(number).ok(),
    };
    match limits.len() {
        2 => Some(Activation::HardTanh { min: limit("min")?, max: limit("max")? }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_activation_survives_json() {
        for activation in [
            Activation::Identity,
            Activation::Relu,
            Activation::LeakyRelu { slope: 0.01 },
            Activation::Elu { alpha: 1.1 },
            Activation::Tanh,
            Activation::Sigmoid,
            Activation::Gelu,
            Activation::GeluTanh,
            Activation::HardSigmoid { alpha: 0.2, beta: 0.5 },
            Activation::HardSwish,
            Activation::RELU6,
            Activation::HardTanh { min: f32::NEG_INFINITY, max: 0.1 },
            Activation::HardTanh { min: 0.0, max: f32::INFINITY },
        ] {
            let text = serde_json::to_string(&Function(activation)).unwrap();
            assert_eq!(serde_json::from_str::<Function>(&text).unwrap(), Function(activation), "{text}");
        }
    }

    #[test]
    fn limits_that_are_no_numbers_are_refused() {
        for text in [
            r#"{"hard-tanh":{"min":"nan","max":1.0}}"#,
            r#"{"hard-tanh":{"min":0.0}}"#,
            r#"{"hard-tanh":{"min":0.0,"max":1.0,"more":2.0}}"#,
            r#"{"hard-tanh":{"min":null,"max":1.0}}"#,
            r#"{"relu":1}"#,
            "1",
        ] {
            assert!(serde_json::from_str::<Function>(text).is_err(), "{text}");
        }
    }
}
