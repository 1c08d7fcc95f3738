//! Operators of each number, and the softmax.

use bitsweep_models::Activation;
use ndarray::Array1;

use crate::onnx::call::Call;
use crate::onnx::flow::Flow;
use crate::onnx::function::Function;
use crate::onnx::stage::Kind;
use crate::step::Operation;

/// The factor of `Selu`.
const SELU_GAMMA: f32 = 1.050_701;
/// The limit of `Selu`.
const SELU_ALPHA: f32 = 1.673_263_2;

impl Call<'_> {
    pub(crate) fn activation(&self, flow: &Flow, activation: Activation) -> Flow {
        flow.operate(self.place, Operation::Activation(activation))
    }

    pub(crate) fn multiply(&self, flow: &Flow, factor: f64) -> Flow {
        flow.operate(self.place, Operation::Multiply(Array1::from_elem(1, factor)))
    }

    pub(crate) fn function(&self, flow: &Flow, function: Option<Function>) -> Result<Flow, String> {
        Ok(flow.then(self.place, Kind::Function(function.ok_or("is part of a function that is too long")?)))
    }

    pub(crate) fn leaky(&self, flow: &Flow) -> Result<Flow, String> {
        let slopes = &self.constant(1, "slope")?.array;
        match slopes.first() {
            Some(&slope) if slopes.iter().all(|other| *other == slope) => {
                Ok(self.activation(flow, Activation::LeakyRelu { slope: slope as f32 }))
            }
            _ => Err("has a slope for each column: expected one for all".to_owned()),
        }
    }

    pub(crate) fn selu(&self, flow: &Flow) -> Result<Flow, String> {
        let alpha = self.node.float("alpha", SELU_ALPHA);
        let elu = self.activation(flow, Activation::Elu { alpha });
        Ok(self.multiply(&elu, self.node.float("gamma", SELU_GAMMA).into()))
    }

    /// The limits of a `Clip`.
    pub(crate) fn limits(&self) -> Result<(f64, f64), String> {
        let limit = |position: usize, name: &str, default: f32| -> Result<f64, String> {
            match self.optional(position, name)? {
                Some(constant) => constant.scalar().ok_or_else(|| format!("has several numbers as {name}")),
                None => Ok(self.node.float(name, default).into()),
            }
        };
        Ok((limit(1, "min", f32::NEG_INFINITY)?, limit(2, "max", f32::INFINITY)?))
    }

    pub(crate) fn clip(&self, flow: &Flow) -> Result<Flow, String> {
        let (min, max) = self.limits()?;
        self.limit(flow, min, max)
    }

    /// `max(min, min(max, x))`, also where that limits a limited number again.
    pub(crate) fn limit(&self, flow: &Flow, min: f64, max: f64) -> Result<Flow, String> {
        let (min, max) = (min as f32, max as f32);
        if max == f32::INFINITY && min == f32::NEG_INFINITY {
            return Ok(flow.clone());
        }
        if max >= f32::MAX && min == 0.0 {
            return Ok(self.activation(flow, Activation::Relu));
        }
        let (before, limits) = match flow.last() {
            Some(Kind::Operation(Operation::Activation(Activation::Relu))) => {
                (flow.without_last(), (0.0, f32::INFINITY))
            }
            Some(&Kind::Operation(Operation::Activation(Activation::HardTanh { min, max }))) => {
                (flow.without_last(), (min, max))
            }
            _ => (flow.clone(), (f32::NEG_INFINITY, f32::INFINITY)),
        };
        let limit = |number: f32| number.max(min).min(max);
        let (min, max) = (limit(limits.0), limit(limits.1));
        if min.is_nan() || max.is_nan() || min > max {
            return Err(format!("limits numbers to {min} to {max}"));
        }
        Ok(self.activation(&before, Activation::HardTanh { min, max }))
    }

    /// Each row divided by a norm of it: behind logistic functions, what makes probabilities of them.
    pub(crate) fn normalize_rows(&self, flow: &Flow, norm: &str) -> Result<Flow, String> {
        if !flow.has_dense() {
            return Err(format!(
                "divides each row of features by its {norm} norm, which is no part of a model here: expected a graph \
                 that begins behind it, of rows that are divided already"
            ));
        }
        match norm {
            "L1" => Ok(flow.operate(self.place, Operation::NormalizeSum)),
            norm => Err(format!("divides by the {norm} norm: expected L1, behind logistic functions")),
        }
    }

    pub(crate) fn softmax(&self, flow: &Flow) -> Result<Flow, String> {
        let axis = self.node.integer("axis", if self.node.version < 13 { 1 } else { -1 });
        self.axis_width(flow, axis)?;
        match flow.last() {
            // What is divided by its sum when the logarithm is taken back.
            Some(Kind::Function(function)) if function.is_log_logistic() => {
                let logistic = self.activation(&flow.without_last(), Activation::Sigmoid);
                Ok(logistic.operate(self.place, Operation::NormalizeSum))
            }
            _ => Ok(flow.operate(self.place, Operation::Softmax)),
        }
    }
}
