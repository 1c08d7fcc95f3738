//! Operators that are layers, or parts of them.

use ndarray::{Array1, Array2, ArrayD, Axis, Ix2};

use crate::onnx::call::Call;
use crate::onnx::flow::Flow;
use crate::onnx::tensor::Constant;
use crate::step::Operation;

impl Call<'_> {
    /// Rows of `weight` for the features, with what stands beside it: `x · weight + bias`.
    pub(crate) fn dense(
        &self,
        flow: &Flow,
        weight: Array2<f64>,
        bias: Option<Array1<f64>>,
    ) -> Result<Flow, String> {
        let (rows, columns) = weight.dim();
        if rows == 0 || columns == 0 {
            return Err(format!("has a weight of shape [{rows}, {columns}], without numbers"));
        }
        let (last, others) = flow.lengths.split_last().ok_or("multiplies rows of no columns by a weight")?;
        if last.is_some_and(|length| length != rows) {
            let width = last.unwrap_or(0);
            return Err(format!("has a weight for {rows} inputs, but {width} come in"));
        }
        if others.iter().any(|&length| length != Some(1)) {
            return Err(
                "multiplies each of several rows that belong together: expected one that is flattened"
                    .to_owned(),
            );
        }
        let mut lengths = others.to_vec();
        lengths.push(Some(columns));
        let mut result = flow.operate(self.place, Operation::Dense(weight)).shaped(lengths);
        if let Some(bias) = bias {
            if bias.len() != 1 && bias.len() != columns {
                return Err(format!("has {} terms for {columns} outputs", bias.len()));
            }
            result = result.operate(self.place, Operation::Add(bias));
        }
        Ok(result)
    }

    pub(crate) fn gemm(&self, flow: &Flow) -> Result<Flow, String> {
        if self.node.integer("transA", 0) != 0 {
            return Err("transposes its rows: expected `transA` 0".to_owned());
        }
        let weight = matrix(&self.constant(1, "weight")?.array)?;
        let weight = if self.node.integer("transB", 0) != 0 { weight.reversed_axes() } else { weight };
        self.budget.take(weight.len())?;
        let weight = weight * f64::from(self.node.float("alpha", 1.0));
        let width = weight.ncols();
        let beta = f64::from(self.node.float("beta", 1.0));
        let bias = match self.optional(2, "bias")? {
            Some(bias) => Some(self.per_column(&bias.array, &[Some(width)])? * beta),
            None => None,
        };
        if flow.lengths.len() != 1 {
            return Err("multiplies what has not two dimensions by a weight".to_owned());
        }
        self.dense(flow, weight, bias)
    }

    pub(crate) fn product(&self, flow: &Flow) -> Result<Flow, String> {
        let weight = matrix(&self.constant(1, "weight on the right")?.array)?;
        self.budget.take(weight.len())?;
        self.dense(flow, weight, None)
    }

    /// `(x - μ) / √(σ² + ε) · γ + β`.
    pub(crate) fn normalize(&self, flow: &Flow) -> Result<Flow, String> {
        if self.node.integer("training_mode", 0) != 0 {
            return Err("normalizes by its batch, as in training: expected a model for inference".to_owned());
        }
        let (channels, others) = flow.lengths.split_first().ok_or("normalizes rows of no columns")?;
        let scale = self.constant(1, "scale")?;
        let channels = channels.unwrap_or(scale.array.len());
        let others = others.iter().try_fold(1_usize, |product, length| product.checked_mul((*length)?));
        let others = others.ok_or("normalizes rows of unknown length")?;
        let parameter = |position: usize, what: &str| -> Result<Array1<f64>, String> {
            let array = &self.constant(position, what)?.array;
            if array.len() != channels {
                return Err(format!(
                    "has {} numbers of {what}, but {channels} channels come in",
                    array.len()
                ));
            }
            self.budget.take_shape(&[channels, others])?;
            Ok(array.iter().flat_map(|&number| std::iter::repeat_n(number, others)).collect())
        };
        let epsilon = f64::from(self.node.float("epsilon", 1e-5));
        let deviation = parameter(4, "variance")?.mapv(|variance| (variance + epsilon).sqrt());
        let mut result = flow.clone();
        if flow.lengths.first() == Some(&None) {
            result.lengths[0] = Some(channels);
        }
        for operation in [
            Operation::Add(-parameter(3, "mean")?),
            Operation::Divide(deviation),
            Operation::Multiply(parameter(1, "scale")?),
            Operation::Add(parameter(2, "bias")?),
        ] {
            result = result.operate(self.place, operation);
        }
        Ok(result)
    }

    /// `(x - offset) · scale`.
    pub(crate) fn scaler(&self, flow: &Flow) -> Result<Flow, String> {
        let width = flow.width();
        let numbers = |name: &str| -> Result<Array1<f64>, String> {
            let numbers = self.node.floats(name);
            self.budget.take(numbers.len())?;
            match width.is_none_or(|width| numbers.len() == width) || numbers.len() == 1 {
                true => Ok(numbers.iter().map(|&number| f64::from(number)).collect()),
                false => Err(format!("has {} numbers of {name} for {width:?} columns", numbers.len())),
            }
        };
        let mut result = flow.clone();
        if self.node.has("offset") {
            result = result.operate(self.place, Operation::Add(-numbers("offset")?));
        }
        if self.node.has("scale") {
            result = result.operate(self.place, Operation::Multiply(numbers("scale")?));
        }
        Ok(result)
    }

    pub(crate) fn dropout(&self, flow: &Flow) -> Result<Flow, String> {
        match self.optional(2, "training mode")?.and_then(Constant::scalar) {
            Some(mode) if mode != 0.0 => {
                Err("drops numbers as in training: expected a model for inference".to_owned())
            }
            _ => Ok(flow.clone()),
        }
    }

    /// The numbers of a constant by column, or its only one.
    pub(crate) fn per_column(
        &self,
        array: &ArrayD<f64>,
        lengths: &[Option<usize>],
    ) -> Result<Array1<f64>, String> {
        if array.len() == 1 && array.ndim() <= lengths.len() + 1 {
            return Ok(array.iter().copied().collect());
        }
        let refused =
            || format!("has a constant of shape {:?}, which is no number for each column", array.shape());
        let mut shape = array.shape();
        while shape.len() > lengths.len() {
            let (1, rest) = shape.split_first().map(|(first, rest)| (*first, rest)).ok_or_else(refused)?
            else {
                return Err(refused());
            };
            shape = rest;
        }
        if let ([None], [length]) = (lengths, shape) {
            self.budget.take(*length)?;
            return Ok(array.iter().copied().collect());
        }
        let lengths = lengths.iter().copied().collect::<Option<Vec<usize>>>().ok_or_else(refused)?;
        self.budget.take_shape(&lengths)?;
        let squeezed = array.view().into_shape_with_order(shape).map_err(|_| refused())?;
        let wide = squeezed.broadcast(lengths).ok_or_else(refused)?;
        Ok(wide.iter().copied().collect())
    }
}

/// A weight of two dimensions, others of length 1 before them.
fn matrix(array: &ArrayD<f64>) -> Result<Array2<f64>, String> {
    let mut view = array.view();
    while view.ndim() > 2 && view.len_of(Axis(0)) == 1 {
        view = view.index_axis_move(Axis(0), 0);
    }
    let matrix = view.into_dimensionality::<Ix2>();
    matrix
        .map(|matrix| matrix.to_owned())
        .map_err(|_| format!("has a weight of shape {:?}: expected two dimensions", array.shape()))
}
