//! Operators that take columns, and that put them side by side.

use crate::onnx::call::Call;
use crate::onnx::constants::{self, position};
use crate::onnx::flow::Flow;
use crate::onnx::value::{Column, Length, Lengths, Value};

impl Call<'_> {
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
            self.select(flow, &columns)
        };
        lengths.into_iter().map(part).collect()
    }

    /// Some columns, by the indices of the second input.
    pub(crate) fn columns(&self, flow: &Flow) -> Result<Value, String> {
        let Value::Constant(indices) = self.input(1)? else {
            return Err("takes columns that depend on the features".to_owned());
        };
        let width = flow.width().ok_or("takes columns of rows of unknown length")?;
        let columns = indices.integers();
        let columns = columns.iter().map(|&column| position(column, width)).collect::<Result<Vec<_>, _>>()?;
        self.select(flow, &columns)
    }

    /// Some of the columns; of what is computed of whole rows, one.
    fn select(&self, flow: &Flow, columns: &[usize]) -> Result<Value, String> {
        match (columns, flow.width()) {
            (&[position], Some(width @ 2..)) if position < width && flow.is_of_whole_rows() => {
                Ok(Value::Column(Column { flow: flow.clone(), position }))
            }
            _ => flow.select(columns, self.budget).map(Value::Rows),
        }
    }

    pub(crate) fn slice(&self, flow: &Flow) -> Result<Value, String> {
        for position in 1..=4 {
            self.optional(position, "part")?;
        }
        let constant = |position: usize, name: &str| self.list(position, name).ok().flatten();
        let mut result = Value::Rows(flow.clone());
        for (axis, range) in constants::ranges(&constant, flow.lengths.len() + 1)? {
            let Value::Rows(rows) = &result else {
                return Err("takes columns of one column".to_owned());
            };
            let width = self.axis_width(rows, axis as i64)?;
            let range = range.within(width)?;
            self.budget.take(range.len())?;
            result = self.select(rows, &range.collect::<Vec<_>>())?;
        }
        Ok(result)
    }

    pub(crate) fn gather(&self, flow: &Flow) -> Result<Value, String> {
        self.axis_width(flow, self.node.integer("axis", 0))?;
        match (self.columns(flow)?, self.constant(1, "columns")?.array.ndim()) {
            (Value::Rows(rows), 0) => Ok(Value::Rows(rows.shaped(Vec::new()))),
            (columns, 0 | 1) => Ok(columns),
            _ => Err("takes columns in another shape".to_owned()),
        }
    }
}
