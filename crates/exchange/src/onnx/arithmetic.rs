//! Operators of two values.

use crate::onnx::call::Call;
use crate::onnx::flow::Flow;
use crate::onnx::function::{Binary, Function, Unary};
use crate::onnx::reductions::MOST_EPSILON;
use crate::onnx::stage::Kind;
use crate::onnx::tensor::Constant;
use crate::onnx::value::{Length, Lengths, Reduced, Reduction, Value};
use crate::step::Operation;

impl Call<'_> {
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
                    (Binary::Multiply, Some(_)) if reduced.reduction == Reduction::LacksSum => {
                        Ok(Value::Reduced(reduced.clone()))
                    }
                    (Binary::Maximum | Binary::Add, Some(least)) if (0.0..=MOST_EPSILON).contains(&least) => {
                        Ok(Value::Reduced(reduced.clone()))
                    }
                    _ => Err("changes what was computed of whole rows".to_owned()),
                };
            }
            (Value::Reduced(sum), Value::Reduced(lacks))
                if (binary, sum.reduction, lacks.reduction)
                    == (Binary::Add, Reduction::Sum, Reduction::LacksSum)
                    && sum.flow.is_same(&lacks.flow) =>
            {
                return Ok(Value::Reduced(sum.clone()));
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

    pub(crate) fn with_constant(
        &self,
        flow: &Flow,
        binary: Binary,
        right: &Constant,
    ) -> Result<Flow, String> {
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

    pub(crate) fn of_constant(&self, left: &Constant, binary: Binary, flow: &Flow) -> Result<Flow, String> {
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

    pub(crate) fn with_reduced(
        &self,
        flow: &Flow,
        binary: Binary,
        reduced: &Reduced,
    ) -> Result<Flow, String> {
        if !reduced.is_column || !flow.is_same(&reduced.flow) {
            return Err("combines a row with what was computed of another".to_owned());
        }
        let without_shift = |flow: Flow| match flow.last() {
            Some(Kind::ShiftByMaximum) => flow.without_last(),
            _ => flow,
        };
        match (binary, reduced.reduction, flow.last()) {
            (Binary::Add, Reduction::LacksSum, _) => Ok(flow.clone()),
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
}
