//! From the outputs of a graph to a network.

use std::path::Path;
use std::rc::Rc;

use bitsweep_models::Activation;
use ndarray::{Array1, Array2};

use crate::assemble::assemble;
use crate::error::ImportError;
use crate::network::Network;
use crate::onnx::flow::{Flow, is_all};
use crate::onnx::graph::Outputs;
use crate::onnx::proto::ModelProto;
use crate::onnx::recognition::recognize;
use crate::onnx::stage::{Kind, Stage};
use crate::onnx::tensor::TensorReader;
use crate::onnx::value::{Labels, Value};
use crate::step::{Operation, Step};

/// The network of the scores, with the names of the classes.
pub(crate) fn lower(
    path: &Path,
    model: &ModelProto,
    outputs: Outputs,
    tensors: &TensorReader,
) -> Result<Network, ImportError> {
    let columns = put_together(&outputs, tensors);
    let mut flows: Vec<(&str, &Flow)> = Vec::new();
    let mut labels: Vec<(&str, &Labels)> = Vec::new();
    for (name, value) in &outputs.values {
        match value {
            Value::Rows(flow) if columns.is_none() => flows.push((name, flow)),
            Value::Rows(_) => {}
            Value::Labels(label) if label.is_map => {
                flows.push((name, &label.flow));
                labels.push((name, label));
            }
            Value::Labels(label) => labels.push((name, label)),
            Value::Column(_) if columns.is_some() => {}
            Value::Constant(_) | Value::Strings(_) | Value::Nothing => {}
            Value::Column(_) => {
                let reason = "is one column of the scores of several classes: expected all of them";
                return Err(ImportError::at(path, format_args!("output `{name}`"), reason));
            }
            Value::Reduced(_) | Value::Lengths(_) => {
                let reason = "is no score of classes: expected scores, probabilities or classes";
                return Err(ImportError::at(path, format_args!("output `{name}`"), reason));
            }
        }
    }
    flows.extend(columns.as_ref().map(|(name, flow)| (*name, flow)));
    let all = flows.iter().copied().chain(labels.iter().map(|(name, labels)| (*name, &labels.flow)));
    let scores =
        if flows.is_empty() { labels.first().map(|(name, labels)| (*name, &labels.flow)) } else { None };
    let longest = flows.iter().copied().rev().max_by_key(|(_, flow)| flow.stages.len()).or(scores);
    let (main, flow) =
        longest.ok_or_else(|| ImportError::new(path, "has no output that is computed of the features"))?;
    for (name, other) in all {
        if !is_of_one_model(flow, other, tensors) {
            let reason =
                format!("is computed otherwise than `{main}`: expected the scores and classes of one model");
            return Err(ImportError::at(path, format_args!("output `{name}`"), reason));
        }
    }
    let mut network = of_flow(path, flow, outputs.features, tensors)?;
    let expected = network.model.classes();
    let mut named = labels.iter().filter_map(|(name, labels)| Some((name, labels.classes.as_ref()?)));
    if let Some((name, classes)) = named.next() {
        let place = format!("output `{name}`");
        if classes.len() != expected {
            let reason = format!("names {} classes, but there are {expected}", classes.len());
            return Err(ImportError::at(path, place, reason));
        }
        if let Some((other, _)) = named.find(|(_, others)| others != &classes) {
            return Err(ImportError::at(path, place, format!("names the classes otherwise than `{other}`")));
        }
        network.classes = Some(classes.to_vec());
    }
    network.inputs = outputs.names;
    network.notes.extend(outputs.notes);
    let producer = format!("{} {}", model.producer_name, model.producer_version);
    network.producer = Some(producer.trim().to_owned()).filter(|producer| !producer.is_empty());
    Ok(network)
}

/// Rows of scores of which each column is an output of its own, by the first one's name; none where they are not.
fn put_together<'o>(outputs: &'o Outputs, tensors: &TensorReader) -> Option<(&'o str, Flow)> {
    let mut classes = None;
    let mut columns: Vec<(&str, &Flow, Option<usize>)> = Vec::new();
    for (name, value) in &outputs.values {
        match value {
            Value::Labels(labels) if !labels.is_map => classes = labels.classes.as_ref(),
            Value::Column(column) => columns.push((name, &column.flow, Some(column.position))),
            Value::Rows(flow) if flow.width() == Some(1) => columns.push((name, flow, None)),
            Value::Constant(_) | Value::Strings(_) | Value::Nothing => {}
            Value::Rows(_) | Value::Labels(_) | Value::Reduced(_) | Value::Lengths(_) => return None,
        }
    }
    let (name, first, _) = *columns.first()?;
    if columns.len() != classes?.len() {
        return None;
    }
    let is_next = |(next, (_, flow, position)): (usize, &(&str, &Flow, Option<usize>))| {
        *position == Some(next) && flow.is_same(first)
    };
    if columns.iter().enumerate().all(is_next) && first.width() == Some(columns.len()) {
        return Some((name, first.clone()));
    }
    let parts: Vec<Flow> = columns
        .iter()
        .map(|(_, flow, position)| position.is_none().then(|| flow.shaped(vec![Some(1)])))
        .collect::<Option<_>>()?;
    let place = format!("output `{name}`").into();
    Some((name, Flow::side_by_side(&parts, &place, tensors.budget()).ok()?))
}

/// Whether two flows are the scores and the probabilities of one model.
fn is_of_one_model(main: &Flow, other: &Flow, tensors: &TensorReader) -> bool {
    fn scores(flow: &Flow) -> Flow {
        let mut flow = flow.clone();
        let is_end = |stage: &Rc<Stage>| match &stage.kind {
            Kind::Operation(operation) => matches!(
                operation,
                Operation::Softmax
                    | Operation::NormalizeSum
                    | Operation::Complement
                    | Operation::Activation(Activation::Sigmoid)
            ),
            Kind::Function(_) | Kind::ShiftByMaximum => false,
        };
        while flow.stages.last().is_some_and(is_end) {
            if flow.last() == Some(&Kind::Operation(Operation::Complement)) {
                flow.lengths = vec![Some(1)];
            }
            flow.stages.pop();
        }
        flow
    }
    let (mut main, mut other) = (scores(main), scores(other));
    // The scores of two classes may be given as that of the second.
    let widths = (main.width(), other.width());
    let wide = match widths {
        (Some(2), Some(1)) => Some(&mut main),
        (Some(1), Some(2)) => Some(&mut other),
        _ => None,
    };
    if let Some(wide) = wide
        && let Ok(second) = wide.shaped(vec![Some(2)]).select(&[1], tensors.budget())
    {
        *wide = second;
    }
    let equal = |left: &Rc<Stage>, right: &Rc<Stage>| Rc::ptr_eq(left, right) || left.kind == right.kind;
    main.source == other.source
        && main.stages.len() == other.stages.len()
        && main.stages.iter().zip(&other.stages).all(|(left, right)| equal(left, right))
}

fn of_flow(
    path: &Path,
    flow: &Flow,
    features: Option<usize>,
    tensors: &TensorReader,
) -> Result<Network, ImportError> {
    let stages = recognize(&flow.stages).map_err(|(place, reason)| ImportError::at(path, place, reason))?;
    let dense = stages.iter().find_map(|stage| match &stage.kind {
        Kind::Operation(Operation::Dense(weight)) => Some(weight.nrows()),
        _ => None,
    });
    let mut width =
        dense.ok_or_else(|| ImportError::new(path, "has no dense layer: there is nothing to quantize"))?;
    let columns = flow.source.as_deref().filter(|columns| !is_all(columns, features.unwrap_or(0)));
    if columns.is_none() && features.is_some_and(|features| features != width) {
        let reason = format!("takes {} features, but its first layer {width}", features.unwrap_or(0));
        return Err(ImportError::new(path, reason));
    }
    let spread = match columns {
        Some(columns) => {
            Some(Spread::new(columns, features, width).map_err(|reason| ImportError::new(path, reason))?)
        }
        None => None,
    };
    let mut is_before = true;
    let mut steps = Vec::with_capacity(stages.len());
    for stage in &stages {
        let refused = |reason: String| ImportError::at(path, &stage.place, reason);
        let Kind::Operation(operation) = &stage.kind else {
            return Err(refused("is no part of a layer".to_owned()));
        };
        let wide = |numbers: &Array1<f64>| -> Result<Array1<f64>, ImportError> {
            match numbers.len() {
                1 => {
                    tensors.budget().take(width).map_err(refused)?;
                    Ok(Array1::from_elem(width, numbers[0]))
                }
                _ => Ok(numbers.clone()),
            }
        };
        let by_feature = spread.as_ref().filter(|_| is_before);
        let per_column = |numbers: &Array1<f64>, neutral: f64| -> Result<Array1<f64>, ImportError> {
            let numbers = wide(numbers)?;
            by_feature.map_or(Ok(numbers.clone()), |spread| {
                spread.numbers(&numbers, neutral, tensors).map_err(refused)
            })
        };
        let operation = match operation {
            Operation::Add(terms) => Operation::Add(per_column(terms, 0.0)?),
            Operation::Multiply(factors) => Operation::Multiply(per_column(factors, 1.0)?),
            Operation::Divide(divisors) => Operation::Divide(per_column(divisors, 1.0)?),
            Operation::Dense(weight) => {
                width = weight.ncols();
                match by_feature {
                    Some(spread) => Operation::Dense(spread.weight(weight, tensors).map_err(refused)?),
                    None => Operation::Dense(weight.clone()),
                }
            }
            Operation::Complement => {
                width = 2;
                Operation::Complement
            }
            other => other.clone(),
        };
        is_before &= !matches!(operation, Operation::Dense(_));
        steps.push(Step { place: stage.place.to_string(), operation });
    }
    let inputs = spread.as_ref().map_or(dense.unwrap_or(0), |spread| spread.features);
    assemble(path, inputs, steps)
}

/// Columns that are some of the features, or all in another order.
struct Spread<'c> {
    columns: &'c [usize],
    features: usize,
}

impl<'c> Spread<'c> {
    fn new(columns: &'c [usize], features: Option<usize>, width: usize) -> Result<Self, String> {
        let features = features.ok_or("takes columns of an unknown number of features")?;
        let mut is_taken = std::collections::HashSet::new();
        if columns.iter().any(|&column| column >= features || !is_taken.insert(column)) {
            return Err("takes a feature twice before its first layer".to_owned());
        }
        match columns.len() == width {
            true => Ok(Self { columns, features }),
            false => Err(format!("takes {} features, but its first layer {width}", columns.len())),
        }
    }

    /// The numbers by feature.
    fn numbers(
        &self,
        numbers: &Array1<f64>,
        neutral: f64,
        tensors: &TensorReader,
    ) -> Result<Array1<f64>, String> {
        if numbers.len() != self.columns.len() {
            return Err(format!(
                "has numbers for {} columns, but {} come in",
                numbers.len(),
                self.columns.len()
            ));
        }
        tensors.budget().take(self.features)?;
        let mut spread = Array1::from_elem(self.features, neutral);
        for (&column, &number) in self.columns.iter().zip(numbers) {
            spread[column] = number;
        }
        Ok(spread)
    }

    /// The weight by feature; what is not taken counts nothing.
    fn weight(&self, weight: &Array2<f64>, tensors: &TensorReader) -> Result<Array2<f64>, String> {
        if weight.nrows() != self.columns.len() {
            return Err(format!(
                "has a weight for {} inputs, but {} come in",
                weight.nrows(),
                self.columns.len()
            ));
        }
        tensors.budget().take_shape(&[self.features, weight.ncols()])?;
        let mut spread = Array2::zeros((self.features, weight.ncols()));
        for (&column, row) in self.columns.iter().zip(weight.outer_iter()) {
            spread.row_mut(column).assign(&row);
        }
        Ok(spread)
    }
}
