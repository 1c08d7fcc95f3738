//! A classifier as a file describes it.

use std::collections::HashMap;

use bitsweep_models::Model;
use ndarray::Array1;

/// A classifier as a file describes it: `logits = model((x - mean) / scale)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// The layers, and how logits become probabilities.
    pub model: Model,
    /// What is done to features first, where the file does something.
    pub scaling: Option<Standardization>,
    /// What the classes are called, in the order of the logits, where the file says it.
    pub classes: Option<Vec<String>>,
    /// What the features are called, in their order, where the file says it.
    pub inputs: Option<Vec<String>>,
    /// What each layer is called in the file.
    pub names: Vec<String>,
    /// What wrote the file, where it says it: `skl2onnx 1.17`.
    pub producer: Option<String>,
    /// What was assumed or left aside, as sentences.
    pub notes: Vec<String>,
}

/// Two names of one class.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{first}` and `{second}` name one class: expected another name for each")]
pub struct EqualClasses {
    /// The first of the two.
    pub first: String,
    /// The second.
    pub second: String,
}

/// Refuses names of classes of which two are equal, or the same number in another spelling.
///
/// # Errors
/// The two.
pub fn check_classes(names: &[String]) -> Result<(), EqualClasses> {
    let mut seen: HashMap<String, &str> = HashMap::with_capacity(names.len());
    for name in names {
        let number = name.parse::<f64>().ok().filter(|number| number.is_finite());
        let identity = number.map_or_else(|| name.clone(), |number| (number + 0.0).to_string());
        if let Some(first) = seen.insert(identity, name) {
            return Err(EqualClasses { first: first.to_owned(), second: name.clone() });
        }
    }
    Ok(())
}

/// `(x - mean) / scale`, feature by feature.
#[derive(Clone, Debug, PartialEq)]
pub struct Standardization {
    /// One per feature.
    pub mean: Array1<f64>,
    /// One per feature, finite and not 0.
    pub scale: Array1<f64>,
}
