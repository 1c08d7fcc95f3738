//! A node of rows that depend on the features, and what it is given.

use std::rc::Rc;

use bitsweep_models::Activation;

use crate::onnx::budget::Budget;
use crate::onnx::constants::{self};
use crate::onnx::flow::Flow;
use crate::onnx::function::Function;
use crate::onnx::node::Node;
use crate::onnx::stage::Kind;
use crate::onnx::tensor::{Constant, element};
use crate::onnx::value::{Reduction, Value};
use crate::step::Operation;

/// A node of rows, and what it is given.
pub(crate) struct Call<'c> {
    pub(crate) node: Node<'c>,
    pub(crate) place: &'c Rc<str>,
    pub(crate) inputs: &'c [Value],
    pub(crate) budget: &'c Budget,
}

impl Call<'_> {
    /// What the node computes of its first input; `None` of an operator that is not known.
    pub(crate) fn evaluate(&self, flow: &Flow) -> Result<Option<Value>, String> {
        let activation = |activation| Ok(self.activation(flow, activation));
        let operator = self.node.proto.op_type.as_str();
        let rows = match operator {
            "Identity" | "CastLike" => Ok(flow.clone()),
            "Cast" => match element(self.node.integer("to", 1) as i32)? {
                element if element.is_float() => Ok(flow.clone()),
                element => Err(format!("makes {element} of numbers: expected floats")),
            },
            "Dropout" => self.dropout(flow),
            "Gemm" => self.gemm(flow),
            "MatMul" => self.product(flow),
            "BatchNormalization" => self.normalize(flow),
            "Relu" => activation(Activation::Relu),
            "LeakyRelu" => activation(Activation::LeakyRelu { slope: self.node.float("alpha", 0.01) }),
            "PRelu" => self.leaky(flow),
            "Elu" => activation(Activation::Elu { alpha: self.node.float("alpha", 1.0) }),
            "Selu" => self.selu(flow),
            "Tanh" => activation(Activation::Tanh),
            "Sigmoid" => activation(Activation::Sigmoid),
            "Gelu" => match self.node.text("approximate", "none")?.as_str() {
                "tanh" => activation(Activation::GeluTanh),
                "none" => activation(Activation::Gelu),
                other => Err(format!("has the approximation `{other}`: expected `none` or `tanh`")),
            },
            "HardSigmoid" => activation(Activation::HardSigmoid {
                alpha: self.node.float("alpha", 0.2),
                beta: self.node.float("beta", 0.5),
            }),
            "HardSwish" => activation(Activation::HardSwish),
            "Clip" => self.clip(flow),
            "Softmax" | "LogSoftmax" => self.softmax(flow),
            "Log" if matches!(flow.last(), Some(Kind::Operation(Operation::Softmax))) => Ok(flow.clone()),
            "Neg" => Ok(self.multiply(flow, -1.0)),
            "Erf" | "Exp" | "Log" | "Sqrt" | "Reciprocal" | "Abs" => {
                let unary = constants::unary(operator).ok_or("is not supported")?;
                self.function(flow, Function::identity().then(unary))
            }
            "Flatten" => self.flatten(flow),
            "Reshape" => self.reshape(flow),
            "Squeeze" => self.squeeze(flow),
            "Unsqueeze" => self.unsqueeze(flow),
            "Transpose" => self.transpose(flow),
            "Scaler" => self.scaler(flow),
            "Normalizer" => self.normalize_rows(flow, &self.node.text("norm", "MAX")?),
            "LpNormalization" => {
                self.axis_width(flow, self.node.integer("axis", -1))?;
                self.normalize_rows(flow, &format!("L{}", self.node.integer("p", 2)))
            }
            "Slice" => return self.slice(flow).map(Some),
            "Gather" => return self.gather(flow).map(Some),
            "Shape" => return self.shape(flow).map(Some),
            "ReduceMax" => return self.reduce(flow, Reduction::Maximum).map(Some),
            "ReduceSum" => return self.reduce(flow, Reduction::Sum).map(Some),
            "ReduceL1" => return self.reduce(flow, Reduction::SumOfMagnitudes).map(Some),
            "ReduceLogSumExp" => return self.reduce(flow, Reduction::LogSumExp).map(Some),
            _ => return Ok(None),
        };
        rows.map(|flow| Some(Value::Rows(flow)))
    }

    /// An input.
    pub(crate) fn input(&self, position: usize) -> Result<&Value, String> {
        match self.inputs.get(position) {
            Some(Value::Nothing) | None => Err(format!("has no input {position}")),
            Some(value) => Ok(value),
        }
    }

    pub(crate) fn constant(&self, position: usize, what: &str) -> Result<&Constant, String> {
        match self.inputs.get(position) {
            Some(Value::Constant(constant)) => Ok(constant),
            _ => Err(format!("has no constant {what}: expected one")),
        }
    }

    /// An input of constants, where it is given.
    pub(crate) fn optional(&self, position: usize, what: &str) -> Result<Option<&Constant>, String> {
        match self.inputs.get(position) {
            None | Some(Value::Nothing) => Ok(None),
            Some(_) => self.constant(position, what).map(Some),
        }
    }

    /// Integers that are an attribute or, in later versions, an input.
    pub(crate) fn list(&self, position: usize, name: &str) -> Result<Option<Vec<i64>>, String> {
        match self.optional(position, name)? {
            Some(constant) => Ok(Some(constant.integers())),
            None => Ok(self.node.has(name).then(|| self.node.integers(name).to_vec())),
        }
    }
}
