//! Operators of rows that depend on the features.

use std::rc::Rc;

use bitsweep_models::Activation;
use ndarray::{Array1, Array2, ArrayD, Axis, Ix2};

use crate::onnx::budget::Budget;
use crate::onnx::constants::{self, position, unsqueezed};
use crate::onnx::flow::{Flow, Kind};
use crate::onnx::function::{Binary, Function, Unary};
use crate::onnx::node::Node;
use crate::onnx::tensor::{Constant, element};
use crate::onnx::value::{Length, Lengths, Reduced, Reduction, Value};
use crate::step::Operation;

/// A node of rows, and what it is given.
pub(crate) struct Call<'c> {
    pub(crate) node: Node<'c>,
    pub(crate) place: &'c Rc<str>,
    pub(crate) inputs: &'c [Value],
    pub(crate) budget: &'c Budget,
}

/// The factor of `Selu`.
const SELU_GAMMA: f32 = 1.050_701;
/// The limit of `Selu`.
const SELU_ALPHA: f32 = 1.673_263_2;
/// What may keep a divisor from 0.
const MOST_EPSILON: f64 = 1e-6;

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
            "Unsqueeze" => {
                let axes = self.list(1, "axes")?.ok_or("has no axes")?;
                let shape: Vec<Axial> = axial(flow);
                self.axial(flow, unsqueezed(&shape, &axes)?)
            }
            "Transpose" => self.transpose(flow),
            "Slice" => self.slice(flow),
            "Gather" => self.gather(flow),
            "Scaler" => self.scaler(flow),
            "Normalizer" => match self.node.text("norm", "MAX")?.as_str() {
                "L1" => Ok(flow.operate(self.place, Operation::NormalizeSum)),
                norm => Err(format!("divides by the {norm} norm: expected L1 behind probabilities")),
            },
            "LpNormalization" => match self.node.integer("p", 2) {
                1 => {
                    self.axis_width(flow, self.node.integer("axis", -1))?;
                    Ok(flow.operate(self.place, Operation::NormalizeSum))
                }
                norm => Err(format!("divides by the L{norm} norm: expected L1 behind probabilities")),
            },
            "Shape" => return self.shape(flow).map(Some),
            "ReduceMax" => return self.reduce(flow, Reduction::Maximum).map(Some),
            "ReduceSum" => return self.reduce(flow, Reduction::Sum).map(Some),
            "ReduceL1" => return self.reduce(flow, Reduction::SumOfMagnitudes).map(Some),
            "ReduceLogSumExp" => return self.reduce(flow, Reduction::LogSumExp).map(Some),
            _ => return Ok(None),
        };
        rows.map(|flow| Some(Value::Rows(flow)))
    }

    /// `binary` of the first two inputs, of which at least one are rows.
    pub(crate) fn binary(&self, binary: Binary) -> Result<Value, String> {
        if self.inputs.len() > 2 {
            return Err("has more than two inputs: expected two".to_owned());
        }
        match (self.input(0)?, self.input(1)?) {
            (Value::Rows(left), Value::Rows(right)) => left.with(binary, right, self.place),
            (Value::Rows(flow), Value::Constant(right)) => self.with_constant(flow, binary, right),
            (Value::Constant(left), Value::Rows(flow)) => self.of_constant(left, binary, flow),
            (Value::Rows(flow), Value::Reduced(reduced)) => self.with_reduced(flow, binary, reduced),
            (Value::Reduced(reduced), Value::Constant(right)) => {
                return match (binary, right.scalar()) {
                    (Binary::Maximum | Binary::Add, Some(least)) if (0.0..=MOST_EPSILON).contains(&least) => {
                        Ok(Value::Reduced(reduced.clone()))
                    }
                    _ => Err("changes what was computed of whole rows".to_owned()),
                };
            }
            (Value::Lengths(lengths), Value::Constant(right)) => {
                return match (lengths.lengths.as_slice(), right.scalar(), binary) {
                    (&[Length::Known(length)], Some(number), _) => Ok(Value::Lengths(Lengths {
                        lengths: vec![Length::Known(binary.apply(length as f64, number) as i64)],
                        is_scalar: lengths.is_scalar,
                    })),
                    _ => Err("computes with the number of rows".to_owned()),
                };
            }
            _ => Err("combines what cannot be combined: expected numbers and constants".to_owned()),
        }
        .map(Value::Rows)
    }

    /// What the node computes of what was computed of whole rows.
    pub(crate) fn reduced(&self, reduced: &Reduced) -> Result<Value, String> {
        let mut reduced = reduced.clone();
        match self.node.proto.op_type.as_str() {
            "Identity" | "Cast" | "CastLike" | "Expand" => {}
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

    /// What the node computes of a shape.
    pub(crate) fn lengths(&self, lengths: &Lengths) -> Result<Value, String> {
        let Lengths { lengths: list, is_scalar } = lengths.clone();
        let (lengths, is_scalar) = match self.node.proto.op_type.as_str() {
            "Identity" | "Cast" => (list, is_scalar),
            "Unsqueeze" if is_scalar => (list, false),
            "Squeeze" if list.len() == 1 => (list, true),
            "Reshape" if list.len() == 1 => (list, false),
            "Gather" => {
                let Value::Constant(indices) = self.input(1)? else {
                    return Err("takes a length of unknown position".to_owned());
                };
                let chosen = |&index: &i64| Ok(list[position(index, list.len())?]);
                let chosen = indices.integers().iter().map(chosen).collect::<Result<_, String>>()?;
                (chosen, indices.array.ndim() == 0)
            }
            "Slice" => {
                let constant = |position: usize, name: &str| self.list(position, name).ok().flatten();
                let mut list = list;
                for (_, range) in constants::ranges(&constant, 1)? {
                    let range = range.within(list.len())?;
                    list = list[range].to_vec();
                }
                (list, false)
            }
            _ => return Err("is not supported of a shape".to_owned()),
        };
        Ok(Value::Lengths(Lengths { lengths, is_scalar }))
    }

    /// The first input, and those that follow, side by side.
    pub(crate) fn concat(&self) -> Result<Value, String> {
        let of_lengths = |value: &Value| match value {
            Value::Lengths(lengths) => Some(lengths.lengths.clone()),
            Value::Constant(constant) => {
                Some(constant.integers().iter().map(|&length| Length::Known(length)).collect())
            }
            _ => None,
        };
        if self.inputs.iter().any(|value| matches!(value, Value::Lengths(_))) {
            let parts = self.inputs.iter().map(of_lengths).collect::<Option<Vec<_>>>();
            let parts = parts.ok_or("puts together what is no shape")?;
            return Ok(Value::Lengths(Lengths { lengths: parts.concat(), is_scalar: false }));
        }
        let flows = self.inputs.iter().map(|value| match value {
            Value::Rows(flow) => Some(flow.clone()),
            _ => None,
        });
        let flows = flows.collect::<Option<Vec<_>>>().ok_or(
            "puts together what is not computed of the features: expected columns of one layer or of the features",
        )?;
        if self.node.proto.op_type == "Concat" {
            let dimensions = flows.first().map_or(0, |flow| flow.lengths.len() + 1);
            if position(self.node.integer("axis", 1), dimensions)? + 1 != dimensions || dimensions < 2 {
                return Err("puts rows below each other: expected columns side by side".to_owned());
            }
        }
        Flow::side_by_side(&flows, self.place, self.budget).map(Value::Rows)
    }

    /// The columns of each part.
    pub(crate) fn split(&self, flow: &Flow) -> Result<Vec<Value>, String> {
        let width = self.axis_width(flow, self.node.integer("axis", 0))?;
        let parts = self.node.proto.output.len();
        let lengths = match self.list(1, "split")? {
            Some(lengths) => {
                let lengths = lengths.iter().map(|&length| usize::try_from(length).ok());
                lengths.collect::<Option<Vec<_>>>().ok_or("has a wrong split")?
            }
            None => {
                let length = width.div_ceil(parts.max(1));
                (0..parts).map(|part| length.min(width.saturating_sub(part * length))).collect()
            }
        };
        let total = lengths.iter().try_fold(0_usize, |sum, &length| sum.checked_add(length));
        if lengths.len() != parts || total != Some(width) {
            return Err(format!("splits {width} columns into parts of {lengths:?}"));
        }
        let mut start = 0;
        let part = |length: usize| {
            self.budget.take(length)?;
            let columns: Vec<usize> = (start..start + length).collect();
            start += length;
            flow.select(&columns, self.budget).map(Value::Rows)
        };
        lengths.into_iter().map(part).collect()
    }

    /// Some columns, by the indices of the second input.
    pub(crate) fn columns(&self, flow: &Flow) -> Result<Flow, String> {
        let Value::Constant(indices) = self.input(1)? else {
            return Err("takes columns that depend on the features".to_owned());
        };
        let width = flow.width().ok_or("takes columns of rows of unknown length")?;
        let columns = indices.integers();
        let columns = columns.iter().map(|&column| position(column, width)).collect::<Result<Vec<_>, _>>()?;
        flow.select(&columns, self.budget)
    }

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

    /// An input.
    pub(crate) fn input(&self, position: usize) -> Result<&Value, String> {
        match self.inputs.get(position) {
            Some(Value::Nothing) | None => Err(format!("has no input {position}")),
            Some(value) => Ok(value),
        }
    }

    fn constant(&self, position: usize, what: &str) -> Result<&Constant, String> {
        match self.inputs.get(position) {
            Some(Value::Constant(constant)) => Ok(constant),
            _ => Err(format!("has no constant {what}: expected one")),
        }
    }

    /// An input of constants, where it is given.
    fn optional(&self, position: usize, what: &str) -> Result<Option<&Constant>, String> {
        match self.inputs.get(position) {
            None | Some(Value::Nothing) => Ok(None),
            Some(_) => self.constant(position, what).map(Some),
        }
    }

    /// Integers that are an attribute or, in later versions, an input.
    fn list(&self, position: usize, name: &str) -> Result<Option<Vec<i64>>, String> {
        match self.optional(position, name)? {
            Some(constant) => Ok(Some(constant.integers())),
            None => Ok(self.node.has(name).then(|| self.node.integers(name).to_vec())),
        }
    }

    fn activation(&self, flow: &Flow, activation: Activation) -> Flow {
        flow.operate(self.place, Operation::Activation(activation))
    }

    fn multiply(&self, flow: &Flow, factor: f64) -> Flow {
        flow.operate(self.place, Operation::Multiply(Array1::from_elem(1, factor)))
    }

    fn function(&self, flow: &Flow, function: Option<Function>) -> Result<Flow, String> {
        Ok(flow.then(self.place, Kind::Function(function.ok_or("is part of a function that is too long")?)))
    }

    fn dropout(&self, flow: &Flow) -> Result<Flow, String> {
        match self.optional(2, "training mode")?.and_then(Constant::scalar) {
            Some(mode) if mode != 0.0 => {
                Err("drops numbers as in training: expected a model for inference".to_owned())
            }
            _ => Ok(flow.clone()),
        }
    }

    fn gemm(&self, flow: &Flow) -> Result<Flow, String> {
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

    fn product(&self, flow: &Flow) -> Result<Flow, String> {
        let weight = matrix(&self.constant(1, "weight on the right")?.array)?;
        self.budget.take(weight.len())?;
        self.dense(flow, weight, None)
    }

    /// `(x - μ) / √(σ² + ε) · γ + β`.
    fn normalize(&self, flow: &Flow) -> Result<Flow, String> {
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

    fn leaky(&self, flow: &Flow) -> Result<Flow, String> {
        let slopes = &self.constant(1, "slope")?.array;
        match slopes.first() {
            Some(&slope) if slopes.iter().all(|other| *other == slope) => {
                Ok(self.activation(flow, Activation::LeakyRelu { slope: slope as f32 }))
            }
            _ => Err("has a slope for each column: expected one for all".to_owned()),
        }
    }

    fn selu(&self, flow: &Flow) -> Result<Flow, String> {
        let alpha = self.node.float("alpha", SELU_ALPHA);
        let elu = self.activation(flow, Activation::Elu { alpha });
        Ok(self.multiply(&elu, self.node.float("gamma", SELU_GAMMA).into()))
    }

    /// The limits of a `Clip`.
    fn limits(&self) -> Result<(f64, f64), String> {
        let limit = |position: usize, name: &str, default: f32| -> Result<f64, String> {
            match self.optional(position, name)? {
                Some(constant) => constant.scalar().ok_or_else(|| format!("has several numbers as {name}")),
                None => Ok(self.node.float(name, default).into()),
            }
        };
        Ok((limit(1, "min", f32::NEG_INFINITY)?, limit(2, "max", f32::INFINITY)?))
    }

    fn clip(&self, flow: &Flow) -> Result<Flow, String> {
        let (min, max) = self.limits()?;
        self.limit(flow, min, max)
    }

    /// `max(min, min(max, x))`, also where that limits a limited number again.
    fn limit(&self, flow: &Flow, min: f64, max: f64) -> Result<Flow, String> {
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

    fn softmax(&self, flow: &Flow) -> Result<Flow, String> {
        let axis = self.node.integer("axis", if self.node.version < 13 { 1 } else { -1 });
        self.axis_width(flow, axis)?;
        Ok(flow.operate(self.place, Operation::Softmax))
    }

    /// The length of the rows, where an axis is that of their only dimension.
    fn axis_width(&self, flow: &Flow, axis: i64) -> Result<usize, String> {
        let axis = position(axis, flow.lengths.len() + 1)?;
        let others = flow.lengths.iter().enumerate().filter(|(position, _)| position + 1 != axis);
        if axis == 0 || others.into_iter().any(|(_, &length)| length != Some(1)) {
            return Err("works on an axis that is not that of the columns".to_owned());
        }
        flow.lengths[axis - 1].ok_or_else(|| "takes rows of unknown length".to_owned())
    }

    fn flatten(&self, flow: &Flow) -> Result<Flow, String> {
        let dimensions = flow.lengths.len() + 1;
        let axis = self.node.integer("axis", 1);
        let axis = if axis < 0 { axis.saturating_add(dimensions as i64) } else { axis };
        let axis = usize::try_from(axis).ok().filter(|&axis| (1..=dimensions).contains(&axis));
        let before = &flow.lengths[..axis.ok_or("flattens rows together: expected an axis from 1 on")? - 1];
        if before.iter().any(|&length| length != Some(1)) {
            return Err("makes several rows of one".to_owned());
        }
        Ok(flow.shaped(vec![flow.width()]))
    }

    /// The shape that a `Reshape` is given.
    fn wanted(&self) -> Result<Vec<Length>, String> {
        match self.inputs.get(1) {
            Some(Value::Lengths(lengths)) => Ok(lengths.lengths.clone()),
            _ => {
                let wanted = self.list(1, "shape")?.ok_or("has no shape")?;
                Ok(wanted.into_iter().map(Length::Known).collect())
            }
        }
    }

    /// The same numbers of each row in another shape.
    fn reshape(&self, flow: &Flow) -> Result<Flow, String> {
        let wanted = self.wanted()?;
        let width = flow.width();
        let refused = || format!("makes {wanted:?} of rows of {width:?} numbers: expected a row of each row");
        let keeps_zero = self.node.integer("allowzero", 0) != 0;
        let (rows, others) = wanted.split_first().ok_or_else(refused)?;
        let mut lengths = Vec::with_capacity(others.len());
        for (axis, length) in others.iter().enumerate() {
            lengths.push(match *length {
                Length::Rows => return Err(refused()),
                Length::Known(-1) => None,
                Length::Known(0) if !keeps_zero => {
                    Some(flow.lengths.get(axis).copied().flatten().ok_or_else(refused)?)
                }
                Length::Known(length) => Some(usize::try_from(length).map_err(|_| refused())?),
            });
        }
        let product =
            lengths.iter().flatten().try_fold(1_usize, |product, &length| product.checked_mul(length));
        let product = product.filter(|&product| product > 0).ok_or_else(refused)?;
        let unknown = lengths.iter().filter(|length| length.is_none()).count();
        match (rows, unknown, width) {
            // As many rows as the rest leaves: the width is that of the shape.
            (Length::Known(-1), 0, None) if flow.lengths.len() == 1 => {}
            (Length::Known(-1), 0, Some(width)) if product == width => {}
            (Length::Known(1..), 0, Some(width)) if product == width => {}
            (Length::Known(0) | Length::Rows, 0, Some(width)) if product == width => {}
            (Length::Known(0 | 1..) | Length::Rows, 1, Some(width)) if width % product == 0 => {
                lengths
                    .iter_mut()
                    .filter(|length| length.is_none())
                    .for_each(|length| *length = Some(width / product));
            }
            (Length::Known(0) | Length::Rows, 1, None) if lengths == [None] => {}
            _ => return Err(refused()),
        }
        Ok(flow.shaped(lengths))
    }

    fn squeeze(&self, flow: &Flow) -> Result<Flow, String> {
        let dimensions = flow.lengths.len() + 1;
        let axes = match self.list(1, "axes")? {
            Some(axes) => {
                axes.iter().map(|&axis| position(axis, dimensions)).collect::<Result<Vec<_>, _>>()?
            }
            None => (1..dimensions).filter(|&axis| flow.lengths[axis - 1] == Some(1)).collect(),
        };
        if axes.iter().any(|&axis| axis == 0 || flow.lengths[axis - 1] != Some(1)) {
            return Err("removes a dimension that is not of length 1".to_owned());
        }
        let kept = flow.lengths.iter().enumerate().filter(|(position, _)| !axes.contains(&(position + 1)));
        Ok(flow.shaped(kept.map(|(_, &length)| length).collect()))
    }

    fn axial(&self, flow: &Flow, shape: Vec<Axial>) -> Result<Flow, String> {
        match shape.split_first() {
            Some((Axial::Rows, others)) => {
                Ok(flow.shaped(others.iter().map(|length| length.length()).collect()))
            }
            _ => Err("puts a dimension before the rows".to_owned()),
        }
    }

    /// The identity: dimensions of length 1 change places with others.
    fn transpose(&self, flow: &Flow) -> Result<Flow, String> {
        let axes = self.node.integers("perm");
        let axes =
            axes.iter().map(|&axis| position(axis, flow.lengths.len() + 1)).collect::<Result<Vec<_>, _>>()?;
        let refused = || {
            "changes the order of numbers: expected only dimensions of length 1 in other places".to_owned()
        };
        let Some((0, others)) = axes.split_first() else { return Err(refused()) };
        let lengths: Vec<Option<usize>> =
            others.iter().filter_map(|axis| flow.lengths.get(axis.checked_sub(1)?).copied()).collect();
        let moved = others.iter().filter(|&&axis| axis > 0 && flow.lengths[axis - 1] != Some(1));
        let moved: Vec<usize> = moved.copied().collect();
        match lengths.len() == flow.lengths.len() && moved.is_sorted_by(|left, right| left < right) {
            true => Ok(flow.shaped(lengths)),
            false => Err(refused()),
        }
    }

    fn slice(&self, flow: &Flow) -> Result<Flow, String> {
        for position in 1..=4 {
            self.optional(position, "part")?;
        }
        let constant = |position: usize, name: &str| self.list(position, name).ok().flatten();
        let mut result = flow.clone();
        for (axis, range) in constants::ranges(&constant, flow.lengths.len() + 1)? {
            let width = self.axis_width(&result, axis as i64)?;
            let range = range.within(width)?;
            self.budget.take(range.len())?;
            result = result.select(&range.collect::<Vec<_>>(), self.budget)?;
        }
        Ok(result)
    }

    fn gather(&self, flow: &Flow) -> Result<Flow, String> {
        self.axis_width(flow, self.node.integer("axis", 0))?;
        let result = self.columns(flow)?;
        match self.constant(1, "columns")?.array.ndim() {
            0 => Ok(result.shaped(Vec::new())),
            1 => Ok(result),
            _ => Err("takes columns in another shape".to_owned()),
        }
    }

    /// `(x - offset) · scale`.
    fn scaler(&self, flow: &Flow) -> Result<Flow, String> {
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

    fn shape(&self, flow: &Flow) -> Result<Value, String> {
        let known = |length: &Option<usize>| length.map(|length| Length::Known(length as i64));
        let others = flow.lengths.iter().map(known).collect::<Option<Vec<_>>>();
        let mut lengths = vec![Length::Rows];
        match others {
            Some(others) => lengths.extend(others),
            // Its number of rows may be all that is looked at.
            None => lengths.extend(flow.lengths.iter().map(|_| Length::Known(-1))),
        }
        let dimensions = lengths.len() as i64;
        let end = |end: i64| {
            if end < 0 { end.saturating_add(dimensions) } else { end }.clamp(0, dimensions) as usize
        };
        let (start, end) = (end(self.node.integer("start", 0)), end(self.node.integer("end", dimensions)));
        let lengths = lengths.get(start..end).unwrap_or_default().to_vec();
        Ok(Value::Lengths(Lengths { lengths, is_scalar: false }))
    }

    fn reduce(&self, flow: &Flow, reduction: Reduction) -> Result<Value, String> {
        let axes = self.list(1, "axes")?.ok_or("works on all axes: expected that of the columns")?;
        let [axis] = axes.as_slice() else {
            return Err("works on several axes: expected that of the columns".to_owned());
        };
        self.axis_width(flow, *axis)?;
        let is_column = self.node.integer("keepdims", 1) != 0;
        Ok(Value::Reduced(Reduced { flow: flow.clone(), reduction, is_column }))
    }

    fn with_reduced(&self, flow: &Flow, binary: Binary, reduced: &Reduced) -> Result<Flow, String> {
        if !reduced.is_column || !flow.is_same(&reduced.flow) {
            return Err("combines a row with what was computed of another".to_owned());
        }
        let without_shift = |flow: Flow| match flow.last() {
            Some(Kind::ShiftByMaximum) => flow.without_last(),
            _ => flow,
        };
        match (binary, reduced.reduction, flow.last()) {
            (Binary::Subtract, Reduction::Maximum, _) => Ok(flow.then(self.place, Kind::ShiftByMaximum)),
            (Binary::Subtract, Reduction::LogSumExp, _) => {
                Ok(without_shift(flow.clone()).operate(self.place, Operation::Softmax))
            }
            (Binary::Divide, Reduction::Sum | Reduction::SumOfMagnitudes, Some(Kind::Function(function)))
                if function.is_exp() =>
            {
                Ok(without_shift(flow.without_last()).operate(self.place, Operation::Softmax))
            }
            (Binary::Divide, Reduction::Sum | Reduction::SumOfMagnitudes, _) => {
                Ok(flow.operate(self.place, Operation::NormalizeSum))
            }
            _ => Err("combines a row with what was computed of it, which is no softmax".to_owned()),
        }
    }

    fn with_constant(&self, flow: &Flow, binary: Binary, right: &Constant) -> Result<Flow, String> {
        let numbers = || self.per_column(&right.array, &flow.lengths);
        let operation = match (binary, right.scalar()) {
            (Binary::Add, _) => Operation::Add(numbers()?),
            (Binary::Subtract, _) => Operation::Add(-numbers()?),
            (Binary::Multiply, _) => Operation::Multiply(numbers()?),
            (Binary::Divide, _) => Operation::Divide(numbers()?),
            (Binary::Maximum, Some(least)) => return self.limit(flow, least, f64::INFINITY),
            (Binary::Minimum, Some(most)) => return self.limit(flow, f64::NEG_INFINITY, most),
            (Binary::Power, Some(exponent)) => {
                let power = Function::identity().with(Binary::Power, &Function::constant(exponent));
                return self.function(flow, power);
            }
            _ => return Err("has a number for each column: expected one for all".to_owned()),
        };
        let mut result = flow.operate(self.place, operation);
        if flow.lengths == [None] && right.array.len() > 1 {
            result.lengths = vec![Some(right.array.len())];
        }
        Ok(result)
    }

    fn of_constant(&self, left: &Constant, binary: Binary, flow: &Flow) -> Result<Flow, String> {
        match binary {
            Binary::Add | Binary::Multiply | Binary::Maximum | Binary::Minimum => {
                self.with_constant(flow, binary, left)
            }
            Binary::Subtract => self.with_constant(&self.multiply(flow, -1.0), Binary::Add, left),
            Binary::Divide => {
                let inverse = self.function(flow, Function::identity().then(Unary::Reciprocal))?;
                self.with_constant(&inverse, Binary::Multiply, left)
            }
            Binary::Power => Err("raises a constant to a power: expected a constant exponent".to_owned()),
        }
    }

    /// The numbers of a constant by column, or its only one.
    fn per_column(&self, array: &ArrayD<f64>, lengths: &[Option<usize>]) -> Result<Array1<f64>, String> {
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

/// A dimension, that of the rows or one of a row.
#[derive(Clone, Copy)]
enum Axial {
    Rows,
    Length(Option<usize>),
}

impl Axial {
    fn length(self) -> Option<usize> {
        match self {
            Self::Rows => None,
            Self::Length(length) => length,
        }
    }
}

impl From<u8> for Axial {
    fn from(length: u8) -> Self {
        Self::Length(Some(length.into()))
    }
}

fn axial(flow: &Flow) -> Vec<Axial> {
    let lengths = flow.lengths.iter().map(|&length| Axial::Length(length));
    std::iter::once(Axial::Rows).chain(lengths).collect()
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
