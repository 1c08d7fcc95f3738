//! Operators of constants: weights that a file computes of others.

use half::{bf16, f16};
use ndarray::{ArrayD, ArrayViewD, Axis, Dimension, IxDyn, Slice, concatenate};

use crate::element::Element;
use crate::onnx::budget::Budget;
use crate::onnx::function::{Binary, Unary};
use crate::onnx::node::Node;
use crate::onnx::tensor::{Constant, element};

/// What the node computes of constants; `None` where an input is left out.
pub(crate) fn evaluate(
    node: Node<'_>,
    inputs: &[Option<&Constant>],
    budget: &Budget,
) -> Result<Constant, String> {
    let input = |position: usize| {
        inputs.get(position).copied().flatten().ok_or_else(|| format!("has no input {position}"))
    };
    let optional = |position: usize| inputs.get(position).copied().flatten();
    let list = |position: usize, name: &str| match optional(position) {
        Some(constant) => Some(constant.integers()),
        None => node.has(name).then(|| node.integers(name).to_vec()),
    };
    if node.proto.op_type == "ConstantOfShape" {
        return filled(node, input(0)?, budget);
    }
    let first = input(0)?;
    budget.take(first.array.len())?;
    let array = first.array.view();
    let same = |array: ArrayD<f64>| Ok(Constant { element: first.element, array });
    match node.proto.op_type.as_str() {
        "Identity" | "Dropout" | "CastLike" => same(array.to_owned()),
        "Cast" => cast(array, element(node.integer("to", 1) as i32)?),
        "Transpose" => same(transpose(array, node)?),
        "Flatten" => {
            let axis = node.integer("axis", 1);
            let axis = if axis < 0 { axis + array.ndim() as i64 } else { axis };
            let shape = array.shape();
            let before =
                shape.get(..usize::try_from(axis).unwrap_or(usize::MAX)).ok_or("has a wrong axis")?;
            let rows = before.iter().product();
            let columns = shape[before.len()..].iter().product();
            same(reshape(array, &[rows, columns])?)
        }
        "Reshape" => {
            let wanted = list(1, "shape").ok_or("has no shape")?;
            let shape = resolve(&wanted, array.shape(), array.len(), node.integer("allowzero", 0) != 0)?;
            same(reshape(array, &shape)?)
        }
        "Squeeze" => {
            let axes = match list(1, "axes") {
                Some(axes) => {
                    axes.iter().map(|&axis| position(axis, array.ndim())).collect::<Result<_, _>>()?
                }
                None => (0..array.ndim()).filter(|&axis| array.len_of(Axis(axis)) == 1).collect::<Vec<_>>(),
            };
            let kept = array.shape().iter().enumerate().filter(|(axis, _)| !axes.contains(axis));
            let kept: Vec<usize> = kept.map(|(_, &length)| length).collect();
            same(reshape(array, &kept)?)
        }
        "Unsqueeze" => {
            let axes = list(1, "axes").ok_or("has no axes")?;
            let shape = unsqueezed(first.array.shape(), &axes, 1)?;
            same(reshape(array, &shape)?)
        }
        "Concat" => {
            let all = (0..inputs.len()).map(input).collect::<Result<Vec<_>, _>>()?;
            budget.take(all.iter().fold(0, |sum, one| sum.saturating_add(one.array.len())))?;
            let axis = position(node.integer("axis", 0), array.ndim())?;
            if all.iter().any(|one| one.array.ndim() != array.ndim()) {
                return Err("puts tensors of different dimensions together".to_owned());
            }
            let views: Vec<_> = all.iter().map(|one| one.array.view()).collect();
            same(concatenate(Axis(axis), &views).map_err(|error| error.to_string())?)
        }
        "Gather" => gather(first, input(1)?, node.integer("axis", 0), budget),
        "ScatterElements" => scatter(node, first, input(1)?, input(2)?, budget),
        "Slice" => same(slice(array, &list)?),
        "Expand" => {
            let wanted: Option<Vec<usize>> =
                input(1)?.integers().iter().map(|&length| usize::try_from(length).ok()).collect();
            let shape = together(array.shape(), &wanted.ok_or("has a wrong shape")?)?;
            same(broadcast(array, &shape, budget)?.to_owned())
        }
        "Add" | "Sub" | "Mul" | "Div" | "Pow" | "Max" | "Min" => {
            let binary = binary(&node.proto.op_type).ok_or("is not supported")?;
            let mut array = first.array.clone();
            for other in (1..inputs.len()).map(input) {
                let other = other?;
                let shape = together(array.shape(), other.array.shape())?;
                let right = broadcast(other.array.view(), &shape, budget)?;
                let mut left = broadcast(array.view(), &shape, budget)?.to_owned();
                left.zip_mut_with(&right, |left, &right| {
                    *left = rounded(binary.apply(*left, right), first.element);
                });
                array = left;
            }
            same(array)
        }
        "Neg" => same(array.mapv(|number| -number)),
        "Sqrt" | "Exp" | "Log" | "Abs" | "Reciprocal" | "Erf" => {
            let unary = unary(&node.proto.op_type).ok_or("is not supported")?;
            same(array.mapv(|number| unary.apply(number)))
        }
        "DequantizeLinear" | "QuantizeLinear" => quantize(node, first, input(1)?, optional(2), budget),
        "Shape" => {
            let lengths: Vec<f64> = array.shape().iter().map(|&length| length as f64).collect();
            Constant::new(Element::I64, &[lengths.len()], lengths)
        }
        _ => Err("is not supported of constants".to_owned()),
    }
}

/// The operators of one number that are known.
pub(crate) fn unary(operator: &str) -> Option<Unary> {
    Some(match operator {
        "Sqrt" => Unary::Sqrt,
        "Exp" => Unary::Exp,
        "Log" => Unary::Log,
        "Abs" => Unary::Absolute,
        "Reciprocal" => Unary::Reciprocal,
        "Erf" => Unary::Erf,
        _ => return None,
    })
}

/// The operators of two numbers that are known.
pub(crate) fn binary(operator: &str) -> Option<Binary> {
    Some(match operator {
        "Add" => Binary::Add,
        "Sub" => Binary::Subtract,
        "Mul" => Binary::Multiply,
        "Div" => Binary::Divide,
        "Pow" => Binary::Power,
        "Max" => Binary::Maximum,
        "Min" => Binary::Minimum,
        _ => return None,
    })
}

/// An axis counted from 0, of one that may be counted from the end.
pub(crate) fn position(axis: i64, dimensions: usize) -> Result<usize, String> {
    let counted = if axis < 0 { axis.checked_add(dimensions as i64) } else { Some(axis) };
    let counted = counted.and_then(|axis| usize::try_from(axis).ok()).filter(|&axis| axis < dimensions);
    counted.ok_or_else(|| format!("has the axis {axis} of {dimensions} dimensions"))
}

/// A shape with further lengths of `one`.
pub(crate) fn unsqueezed<T: Copy>(shape: &[T], axes: &[i64], one: T) -> Result<Vec<T>, String> {
    let dimensions = shape.len() + axes.len();
    let axes = axes.iter().map(|&axis| position(axis, dimensions)).collect::<Result<Vec<_>, _>>()?;
    let mut lengths = shape.iter().copied();
    let mut result = Vec::with_capacity(dimensions);
    for axis in 0..dimensions {
        let length = if axes.contains(&axis) { Some(one) } else { lengths.next() };
        result.push(length.ok_or("has an axis twice")?);
    }
    Ok(result)
}

fn filled(node: Node<'_>, shape: &Constant, budget: &Budget) -> Result<Constant, String> {
    let shape: Option<Vec<usize>> =
        shape.integers().iter().map(|&length| usize::try_from(length).ok()).collect();
    let shape = shape.ok_or("has a wrong shape")?;
    budget.take_shape(&shape)?;
    let (element, number) = match node.tensor("value") {
        None => (Element::F32, 0.0),
        Some(tensor) => {
            let number = match (tensor.raw_data.as_slice(), element(tensor.data_type)?) {
                ([], Element::F32) => tensor.float_data.first().map(|&number| number.into()),
                ([], Element::F64) => tensor.double_data.first().copied(),
                ([], Element::I64) => tensor.int64_data.first().map(|&number| number as f64),
                ([], _) => tensor.int32_data.first().map(|&number| number.into()),
                (raw, element) => element.decode(raw).first().copied(),
            };
            (element(tensor.data_type)?, number.ok_or("has no value")?)
        }
    };
    let count = shape.iter().product();
    Constant::new(element, &shape, vec![number; count])
}

fn cast(array: ArrayViewD<'_, f64>, element: Element) -> Result<Constant, String> {
    let array = match element {
        Element::Bool => array.mapv(|number| f64::from(u8::from(number != 0.0))),
        _ => array.mapv(|number| rounded(number, element)),
    };
    Ok(Constant { element, array })
}

/// A result as the type of its operator holds it.
///
/// One of `f64` that is rounded again is what the operator gives: of sums, products and quotients of `f32`, and of narrower
/// floats, `f64` has more than twice the digits.
fn rounded(number: f64, element: Element) -> f64 {
    match element {
        Element::F64 => number,
        Element::F32 => f64::from(number as f32),
        Element::F16 => f16::from_f64(number).into(),
        Element::BF16 => bf16::from_f64(number).into(),
        Element::I64
        | Element::I32
        | Element::I16
        | Element::I8
        | Element::U64
        | Element::U32
        | Element::U16
        | Element::U8
        | Element::Bool => number.trunc(),
    }
}

/// The numbers with those at some positions of one axis replaced.
fn scatter(
    node: Node<'_>,
    data: &Constant,
    indices: &Constant,
    updates: &Constant,
    budget: &Budget,
) -> Result<Constant, String> {
    let axis = position(node.integer("axis", 0), data.array.ndim())?;
    let is_replaced = node.text("reduction", "none")? == "none";
    let shape = indices.array.shape();
    let fits = shape == updates.array.shape() && shape.len() == data.array.ndim() && is_replaced;
    let lengths = shape.iter().zip(data.array.shape()).enumerate();
    if !fits || lengths.into_iter().any(|(other, (length, most))| other != axis && length > most) {
        return Err("puts numbers in places that do not fit".to_owned());
    }
    budget.take(data.array.len())?;
    let mut array = data.array.clone();
    for ((place, &index), &update) in indices.array.indexed_iter().zip(&updates.array) {
        let mut place = place.slice().to_vec();
        place[axis] = position(index as i64, data.array.len_of(Axis(axis)))?;
        array[IxDyn(&place)] = update;
    }
    Ok(Constant { element: data.element, array })
}

fn transpose(array: ArrayViewD<'_, f64>, node: Node<'_>) -> Result<ArrayD<f64>, String> {
    let dimensions = array.ndim();
    let axes: Vec<usize> = match node.integers("perm") {
        [] => (0..dimensions).rev().collect(),
        axes => axes.iter().map(|&axis| position(axis, dimensions)).collect::<Result<_, _>>()?,
    };
    if axes.len() != dimensions || (0..dimensions).any(|axis| !axes.contains(&axis)) {
        return Err("has a wrong order of dimensions".to_owned());
    }
    Ok(array.permuted_axes(IxDyn(&axes)).as_standard_layout().into_owned())
}

fn reshape(array: ArrayViewD<'_, f64>, shape: &[usize]) -> Result<ArrayD<f64>, String> {
    let values: Vec<f64> = array.iter().copied().collect();
    ArrayD::from_shape_vec(IxDyn(shape), values).map_err(|error| error.to_string())
}

/// A shape as `Reshape` is given it: 0 keeps a length, -1 is what is left.
fn resolve(wanted: &[i64], shape: &[usize], count: usize, keeps_zero: bool) -> Result<Vec<usize>, String> {
    let wrong = || format!("has the shape {wanted:?} for {count} numbers");
    let known = |(axis, &length): (usize, &i64)| match length {
        -1 => Ok(None),
        0 if !keeps_zero => shape.get(axis).copied().map(Some).ok_or_else(wrong),
        _ => usize::try_from(length).map(Some).map_err(|_| wrong()),
    };
    let lengths = wanted.iter().enumerate().map(known).collect::<Result<Vec<_>, _>>()?;
    let product = lengths.iter().flatten().try_fold(1_usize, |product, &length| product.checked_mul(length));
    let rest = product.filter(|&product| product != 0).map_or(0, |product| count / product);
    Ok(lengths.into_iter().map(|length| length.unwrap_or(rest)).collect())
}

fn gather(first: &Constant, indices: &Constant, axis: i64, budget: &Budget) -> Result<Constant, String> {
    let axis = position(axis, first.array.ndim())?;
    let length = first.array.len_of(Axis(axis));
    let chosen = indices.integers();
    let chosen = chosen.iter().map(|&index| position(index, length)).collect::<Result<Vec<_>, _>>()?;
    let rest: usize = first.array.len() / length.max(1);
    budget.take_shape(&[rest, chosen.len()])?;
    let array = first.array.select(Axis(axis), &chosen);
    let mut shape = first.array.shape().to_vec();
    shape.splice(axis..=axis, indices.array.shape().iter().copied());
    Ok(Constant { element: first.element, array: reshape(array.view(), &shape)? })
}

fn slice(
    mut array: ArrayViewD<'_, f64>,
    list: &impl Fn(usize, &str) -> Option<Vec<i64>>,
) -> Result<ArrayD<f64>, String> {
    for (axis, range) in ranges(list, array.ndim())? {
        let chosen = range.within(array.len_of(Axis(axis)))?;
        array.slice_axis_inplace(Axis(axis), Slice::from(chosen));
    }
    Ok(array.as_standard_layout().into_owned())
}

/// A part of a dimension.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    start: i64,
    end: i64,
}

impl Range {
    /// The positions of a dimension of this length.
    pub(crate) fn within(self, length: usize) -> Result<std::ops::Range<usize>, String> {
        let clamped = |end: i64| {
            let end = if end < 0 { end.saturating_add(length as i64) } else { end };
            usize::try_from(end.max(0)).unwrap_or(usize::MAX).min(length)
        };
        let (start, end) = (clamped(self.start), clamped(self.end));
        Ok(start..end.max(start))
    }
}

/// The dimensions and parts that a `Slice` takes.
pub(crate) fn ranges(
    list: &impl Fn(usize, &str) -> Option<Vec<i64>>,
    dimensions: usize,
) -> Result<Vec<(usize, Range)>, String> {
    let (starts, ends) = (list(1, "starts").unwrap_or_default(), list(2, "ends").unwrap_or_default());
    let axes = list(3, "axes").unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = list(4, "steps").unwrap_or_else(|| vec![1; starts.len()]);
    if ends.len() != starts.len() || axes.len() != starts.len() || steps.iter().any(|&step| step != 1) {
        return Err("takes every so many numbers, or a part that is no part: expected steps of 1".to_owned());
    }
    let parts = starts.iter().zip(&ends).zip(&axes);
    parts.map(|((&start, &end), &axis)| Ok((position(axis, dimensions)?, Range { start, end }))).collect()
}

/// The shape that two shapes are broadcast to.
fn together(left: &[usize], right: &[usize]) -> Result<Vec<usize>, String> {
    let dimensions = left.len().max(right.len());
    let length = |shape: &[usize], axis: usize| {
        (axis + shape.len()).checked_sub(dimensions).map_or(1, |axis| shape[axis])
    };
    (0..dimensions)
        .map(|axis| match (length(left, axis), length(right, axis)) {
            (left, right) if left == right => Ok(left),
            (1, length) | (length, 1) => Ok(length),
            _ => Err(format!("has shapes that do not fit, {left:?} and {right:?}")),
        })
        .collect()
}

fn broadcast(array: ArrayViewD<'_, f64>, shape: &[usize], budget: &Budget) -> Result<ArrayD<f64>, String> {
    budget.take_shape(shape)?;
    let view = array.broadcast(IxDyn(shape)).ok_or("has shapes that do not fit")?;
    Ok(view.to_owned())
}

/// The numbers of blocks of `size` along an axis, by element; the last block may be shorter.
fn in_blocks(
    numbers: ArrayViewD<'_, f64>,
    shape: &[usize],
    axis: usize,
    size: i64,
    budget: &Budget,
) -> Result<ArrayD<f64>, String> {
    let size = usize::try_from(size).map_err(|_| "has blocks of no size".to_owned())?;
    let mut expected = shape.to_vec();
    expected[axis] = shape[axis].div_ceil(size);
    if numbers.shape() != expected {
        return Err(format!(
            "has {:?} numbers for blocks of {size} along axis {axis} of {shape:?}: expected {expected:?}",
            numbers.shape()
        ));
    }
    budget.take_shape(shape)?;
    let blocks: Vec<usize> = (0..shape[axis]).map(|index| index / size).collect();
    Ok(numbers.select(Axis(axis), &blocks))
}

/// `(x - zero_point) · scale`, or the rounded integers of which that is.
fn quantize(
    node: Node<'_>,
    x: &Constant,
    scale: &Constant,
    zero_point: Option<&Constant>,
    budget: &Budget,
) -> Result<Constant, String> {
    let shape = x.array.shape();
    let block_size = node.integer("block_size", 0);
    let along = |constant: &Constant| -> Result<ArrayD<f64>, String> {
        let count = constant.array.len();
        if block_size != 0 {
            let axis = position(node.integer("axis", 1), shape.len())?;
            return in_blocks(constant.array.view(), shape, axis, block_size, budget);
        }
        if count == 1 {
            return broadcast(reshape(constant.array.view(), &[])?.view(), shape, budget);
        }
        let axis = position(node.integer("axis", 1), shape.len())?;
        let mut lengths = vec![1; shape.len()];
        lengths[axis] = count;
        broadcast(reshape(constant.array.view(), &lengths)?.view(), shape, budget)
    };
    let scales = along(scale)?;
    let zeros = zero_point.map(along).transpose()?.unwrap_or_else(|| ArrayD::zeros(IxDyn(shape)));
    let mut array = x.array.clone();
    let scale_element = scale.element;
    if node.proto.op_type == "DequantizeLinear" {
        array -= &zeros;
        array.zip_mut_with(&scales, |x, &scale| *x = rounded(*x * scale, scale_element));
        return Ok(Constant { element: scale_element, array });
    }
    let element = zero_point.map_or(Element::U8, |zero_point| zero_point.element);
    let (least, most) = match element {
        Element::U8 => (0.0, 255.0),
        Element::I8 => (-128.0, 127.0),
        Element::U16 => (0.0, 65_535.0),
        Element::I16 => (-32_768.0, 32_767.0),
        other => return Err(format!("quantizes to {other}: expected integers of 8 or 16 bits")),
    };
    array.zip_mut_with(&scales, |x, &scale| {
        *x = f64::from((*x as f32 / scale as f32).round_ties_even());
    });
    array += &zeros;
    array.mapv_inplace(|x| x.clamp(least, most));
    Ok(Constant { element, array })
}
