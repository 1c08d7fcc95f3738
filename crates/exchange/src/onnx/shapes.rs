//! Operators of shapes: what belongs to a row stays in it.

use crate::onnx::call::Call;
use crate::onnx::constants::{self, position, unsqueezed};
use crate::onnx::flow::Flow;
use crate::onnx::value::{Length, Lengths, Value};

impl Call<'_> {
    pub(crate) fn flatten(&self, flow: &Flow) -> Result<Flow, String> {
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
    pub(crate) fn wanted(&self) -> Result<Vec<Length>, String> {
        match self.inputs.get(1) {
            Some(Value::Lengths(lengths)) => Ok(lengths.lengths.clone()),
            _ => {
                let wanted = self.list(1, "shape")?.ok_or("has no shape")?;
                Ok(wanted.into_iter().map(Length::Known).collect())
            }
        }
    }

    /// The same numbers of each row in another shape.
    pub(crate) fn reshape(&self, flow: &Flow) -> Result<Flow, String> {
        let wanted = self.wanted()?;
        let width = flow.width();
        let refused = || {
            let wanted = wanted.iter().map(|length| match length {
                Length::Rows => "rows".to_owned(),
                Length::Known(length) => length.to_string(),
            });
            let wanted = wanted.collect::<Vec<_>>().join(", ");
            let numbers = width.map_or_else(String::new, |width| format!(" of {width} numbers"));
            format!("makes the shape ({wanted}) of rows{numbers}: expected a row of each row")
        };
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

    pub(crate) fn squeeze(&self, flow: &Flow) -> Result<Flow, String> {
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

    pub(crate) fn unsqueeze(&self, flow: &Flow) -> Result<Flow, String> {
        let axes = self.list(1, "axes")?.ok_or("has no axes")?;
        let dimensions = flow.lengths.len() + 1 + axes.len();
        if axes.iter().any(|&axis| position(axis, dimensions) == Ok(0)) {
            return Err("puts a dimension before the rows".to_owned());
        }
        let mut shape = vec![None];
        shape.extend(&flow.lengths);
        Ok(flow.shaped(unsqueezed(&shape, &axes, Some(1))?.split_off(1)))
    }

    /// The identity: dimensions of length 1 change places with others.
    pub(crate) fn transpose(&self, flow: &Flow) -> Result<Flow, String> {
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

    pub(crate) fn shape(&self, flow: &Flow) -> Result<Value, String> {
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

    /// The length of the rows, where an axis is that of their only dimension.
    pub(crate) fn axis_width(&self, flow: &Flow, axis: i64) -> Result<usize, String> {
        let axis = position(axis, flow.lengths.len() + 1)?;
        let others = flow.lengths.iter().enumerate().filter(|(position, _)| position + 1 != axis);
        if axis == 0 || others.into_iter().any(|(_, &length)| length != Some(1)) {
            return Err("works on an axis that is not that of the columns".to_owned());
        }
        flow.lengths[axis - 1].ok_or_else(|| "takes rows of unknown length".to_owned())
    }
}
