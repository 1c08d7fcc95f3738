//! Where the output error of a variant comes from, over all of its units.

use std::sync::Arc;

use super::comparison::Comparison;
use crate::record::{ErrorPart, Records, SensitivityRow};

/// Parts of a tensor's output error below which there is nothing but rounding of the arithmetic.
const NEGLIGIBLE: f64 = 1e-9;

/// Where the output error of one variant comes from: means over its units, on the training rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribution {
    /// The output error of the variant as it is: the mean squared change of the logits.
    pub output_error: f64,
    /// Its macro-F1.
    pub macro_f1: f64,
    /// The tensors in the order of the model.
    pub tensors: Vec<TensorAttribution>,
}

/// What one tensor does by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct TensorAttribution {
    /// `W1`, `b1` ….
    pub tensor: Arc<str>,
    /// Bits of one code; `None` of what stays f32.
    pub bits: Option<f64>,
    /// True bytes.
    pub bytes: f64,
    /// The output error of the tensor alone.
    pub output_error: f64,
    /// Macro-F1 with this tensor alone changed.
    pub macro_f1: f64,
    /// The output errors of its parts, each by itself. What is below 10⁻⁹ of the tensor's own error is rounding of the
    /// arithmetic, and shown as 0.
    pub parts: Vec<(ErrorPart, f64)>,
    /// The output error that one bit more saves for each byte that it costs; `None` where no unit knows.
    pub gain_per_byte: Option<f64>,
}

impl Attribution {
    /// The attribution of the variant at `position` of `comparison`; `None` where no sensitivity was recorded of it.
    pub fn of(records: &Records, comparison: &Comparison, position: usize) -> Option<Attribution> {
        let variant = &comparison.variants.get(position)?.origin.variant;
        let is_own = |row: &&SensitivityRow| {
            let own = &row.origin.variant;
            comparison.has(&row.origin) && (Arc::ptr_eq(own, variant) || own.choices == variant.choices)
        };
        let own: Vec<&SensitivityRow> = records.sensitivity.iter().filter(is_own).collect();
        let (model, rest): (Vec<&SensitivityRow>, Vec<&SensitivityRow>) =
            own.into_iter().partition(|row| &*row.tensor == "all");
        let mut names: Vec<&str> = Vec::new();
        for row in &rest {
            if !names.contains(&&*row.tensor) {
                names.push(&row.tensor);
            }
        }
        let of_tensor = |name: &&str| {
            tensor(&rest.iter().copied().filter(|row| *row.tensor == **name).collect::<Vec<_>>())
        };
        Some(Attribution {
            output_error: mean(model.iter().map(|row| row.output_error))?,
            macro_f1: mean(model.iter().map(|row| row.macro_f1))?,
            tensors: names.iter().filter_map(of_tensor).collect(),
        })
    }

    /// The sum of the tensors' own output errors, which is the whole only where they do not interact.
    pub fn sum(&self) -> f64 {
        self.tensors.iter().map(|tensor| tensor.output_error).sum()
    }

    /// The tensor on which the next byte saves most output error; `None` where no byte saves any.
    pub fn next_byte(&self) -> Option<&TensorAttribution> {
        let gain = |tensor: &TensorAttribution| tensor.gain_per_byte.unwrap_or(0.0);
        self.tensors
            .iter()
            .filter(|tensor| gain(tensor) > 0.0)
            .reduce(|best, other| if gain(other) > gain(best) { other } else { best })
    }
}

fn tensor(rows: &[&SensitivityRow]) -> Option<TensorAttribution> {
    let (whole, parts): (Vec<&SensitivityRow>, Vec<&SensitivityRow>) =
        rows.iter().copied().partition(|row| row.part == ErrorPart::Whole);
    let mut names: Vec<ErrorPart> = Vec::new();
    for row in &parts {
        if !names.contains(&row.part) {
            names.push(row.part);
        }
    }
    let output_error = mean(whole.iter().map(|row| row.output_error))?;
    let part = |name: &ErrorPart| {
        let errors = parts.iter().filter(|row| row.part == *name).map(|row| row.output_error);
        let error = mean(errors)?;
        Some((*name, if error < NEGLIGIBLE * output_error { 0.0 } else { error }))
    };
    Some(TensorAttribution {
        tensor: whole.first()?.tensor.clone(),
        bits: mean(whole.iter().filter_map(|row| row.bits).map(f64::from)),
        bytes: mean(whole.iter().filter_map(|row| row.bytes).map(|bytes| bytes as f64))?,
        output_error,
        macro_f1: mean(whole.iter().map(|row| row.macro_f1))?,
        parts: names.iter().filter_map(part).collect(),
        gain_per_byte: mean(whole.iter().filter_map(|row| row.gain_per_byte)),
    })
}

/// `None` of no numbers.
fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
