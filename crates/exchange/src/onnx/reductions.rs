//! Operators that make one number of each row.

use crate::element::Element;
use crate::onnx::call::Call;
use crate::onnx::flow::Flow;
use crate::onnx::stage::Kind;
use crate::onnx::tensor::element;
use crate::onnx::value::{Length, Reduced, Reduction, Value};

/// What may keep a divisor from 0.
pub(crate) const MOST_EPSILON: f64 = 1e-6;

impl Call<'_> {
    pub(crate) fn reduce(&self, flow: &Flow, reduction: Reduction) -> Result<Value, String> {
        let axes = self.list(1, "axes")?.ok_or("works on all axes: expected that of the columns")?;
        let [axis] = axes.as_slice() else {
            return Err("works on several axes: expected that of the columns".to_owned());
        };
        self.axis_width(flow, *axis)?;
        let is_column = self.node.integer("keepdims", 1) != 0;
        Ok(Value::Reduced(Reduced { flow: flow.clone(), reduction, is_column }))
    }

    /// What the node computes of what was computed of whole rows.
    pub(crate) fn reduced(&self, reduced: &Reduced) -> Result<Value, String> {
        let mut reduced = reduced.clone();
        match self.node.proto.op_type.as_str() {
            "Identity" | "CastLike" | "Expand" => {}
            "Cast" => match (element(self.node.integer("to", 1) as i32)?, reduced.reduction) {
                (Element::Bool, Reduction::Sum) => reduced.reduction = Reduction::HasSum,
                (element, _) if element.is_float() => {}
                (element, _) => {
                    return Err(format!(
                        "makes {element} of what was computed of whole rows: expected floats"
                    ));
                }
            },
            "Not" if reduced.reduction == Reduction::HasSum => reduced.reduction = Reduction::LacksSum,
            "Unsqueeze" => reduced.is_column = true,
            "Reshape" => {
                let wanted = self.wanted()?;
                reduced.is_column = matches!(wanted.as_slice(), [_, Length::Known(1)]);
                if !reduced.is_column {
                    return Err("reshapes what was computed of whole rows: expected a column".to_owned());
                }
            }
            "Clip" => {
                let (least, most) = self.limits()?;
                if !(least <= MOST_EPSILON && most >= 1e30) {
                    return Err("limits what was computed of whole rows".to_owned());
                }
            }
            "Log" => {
                let of_exp =
                    |flow: &Flow| matches!(flow.last(), Some(Kind::Function(function)) if function.is_exp());
                if reduced.reduction != Reduction::Sum || !of_exp(&reduced.flow) {
                    return Err("takes the logarithm of what is no sum of exponentials".to_owned());
                }
                reduced.flow = reduced.flow.without_last();
                reduced.reduction = Reduction::LogSumExp;
            }
            _ => return Err("is not supported of what was computed of whole rows".to_owned()),
        }
        Ok(Value::Reduced(reduced))
    }
}
