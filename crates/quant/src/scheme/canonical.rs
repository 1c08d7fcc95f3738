//! The values of the axes as a file writes them, typed.

use serde::Serialize;
use serde_json::Value;

use super::choice::{SchemeAxis, Symmetry};
use super::format_spec::FormatSpec;
use super::point::Scheme;
use super::spec::SymmetrySpec;

impl Scheme {
    /// Every axis that applies to the scheme, in the order of table columns, with its value as a TOML file spells it:
    /// `"int"`, `4`, `{"group":16}`, `{"percentile":99.0}`.
    ///
    /// Axes are those whose [`value`](Self::value) is not empty. A format whose name leaves its number of bits open has
    /// them on the axis `bits` beside it; product quantization in several stages, which TOML has no name for, has its
    /// [layout](crate::CodebookLayout).
    ///
    /// ```
    /// use bitsweep_quant::{SchemeAxis, presets};
    /// use serde_json::json;
    ///
    /// let values: Vec<_> = presets::nf4().axis_values().collect();
    /// assert_eq!(values[..2], [(SchemeAxis::Format, json!("nf")), (SchemeAxis::Bits, json!(4))]);
    /// assert_eq!(values[2], (SchemeAxis::Granularity, json!({ "group": 64 })));
    /// ```
    pub fn axis_values(&self) -> impl Iterator<Item = (SchemeAxis, Value)> + use<> {
        let scheme = *self;
        SchemeAxis::ALL.into_iter().filter_map(move |axis| Some((axis, scheme.axis_value(axis)?)))
    }

    /// The value of one axis as a TOML file spells it; `None` where the axis does not apply.
    #[must_use]
    pub fn axis_value(&self, axis: SchemeAxis) -> Option<Value> {
        if !self.applies(axis) {
            return None;
        }
        match axis {
            SchemeAxis::Format => {
                Some(FormatSpec::of(self.format).map_or_else(|| spelled(&self.format), |spec| spelled(&spec)))
            }
            SchemeAxis::Bits => Some(spelled(&self.bits())),
            SchemeAxis::Symmetry => Some(spelled(&match self.symmetry {
                Symmetry::Symmetric => SymmetrySpec::Symmetric,
                Symmetry::Asymmetric(_) => SymmetrySpec::Asymmetric,
            })),
            SchemeAxis::ZeroPoint => self.zero_point().as_ref().map(spelled),
            SchemeAxis::Codes => self.integer_codes().map(|(codes, _)| spelled(&codes)),
            SchemeAxis::CodeRange => self.integer_codes().map(|(_, code_range)| spelled(&code_range)),
            SchemeAxis::Granularity => Some(spelled(&self.granularity)),
            SchemeAxis::ScaleFormat => Some(spelled(&self.scale_format)),
            SchemeAxis::CodebookFormat => Some(spelled(&self.codebook_format)),
            SchemeAxis::Range => Some(spelled(&self.range)),
            SchemeAxis::Rounding => Some(spelled(&self.rounding)),
            SchemeAxis::Outliers => Some(spelled(&self.outliers)),
        }
    }
}

fn spelled(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("values of axes are names, numbers, and tables of them")
}
