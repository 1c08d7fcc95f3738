//! What is computed of the features: rows of numbers on their way through the graph.

use std::rc::Rc;

use ndarray::{Array1, Array2, Axis, concatenate};

use crate::onnx::budget::Budget;
use crate::onnx::function::Binary;
use crate::onnx::stage::{Kind, Stage, affine, compose, is_affine, is_dense};
use crate::step::Operation;

/// Rows of numbers that depend on the features.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    /// The features that come in, by position; all of them in their order where it is none.
    pub(crate) source: Option<Rc<[usize]>>,
    /// What is done to them.
    pub(crate) stages: Vec<Rc<Stage>>,
    /// The shape of what belongs to one row, as far as it is known.
    pub(crate) lengths: Vec<Option<usize>>,
}

impl Flow {
    /// How many numbers a row has.
    pub(crate) fn width(&self) -> Option<usize> {
        self.lengths.iter().try_fold(1_usize, |product, length| product.checked_mul((*length)?))
    }

    /// The same with one more stage.
    pub(crate) fn then(&self, place: &Rc<str>, kind: Kind) -> Self {
        let mut flow = self.clone();
        flow.stages.push(Rc::new(Stage { place: place.clone(), kind }));
        flow
    }

    /// The same with one more operation.
    pub(crate) fn operate(&self, place: &Rc<str>, operation: Operation) -> Self {
        self.then(place, Kind::Operation(operation))
    }

    /// The same numbers in another shape.
    pub(crate) fn shaped(&self, lengths: Vec<Option<usize>>) -> Self {
        Self { lengths, ..self.clone() }
    }

    /// What the last stage does.
    pub(crate) fn last(&self) -> Option<&Kind> {
        self.stages.last().map(|stage| &stage.kind)
    }

    /// Without the last stage.
    pub(crate) fn without_last(&self) -> Self {
        let mut flow = self.clone();
        flow.stages.pop();
        flow
    }

    /// Whether there is a dense layer.
    pub(crate) fn has_dense(&self) -> bool {
        self.stages.iter().any(|stage| is_dense(stage))
    }

    /// Whether a number depends on the others of its row, behind the last dense layer.
    pub(crate) fn is_of_whole_rows(&self) -> bool {
        let behind = self.stages.iter().rev().take_while(|stage| !is_dense(stage));
        behind.into_iter().any(|stage| {
            matches!(
                stage.kind,
                Kind::Operation(Operation::Softmax | Operation::NormalizeSum) | Kind::ShiftByMaximum
            )
        })
    }

    /// Whether both are the same numbers of the same nodes.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.source == other.source
            && self.stages.len() == other.stages.len()
            && self.shared_stages(other) == self.stages.len()
    }

    /// How many stages both have in common.
    pub(crate) fn shared_stages(&self, other: &Self) -> usize {
        let pairs = self.stages.iter().zip(&other.stages);
        pairs.take_while(|(left, right)| Rc::ptr_eq(left, right)).count()
    }

    /// `binary` of two flows that are functions of the same numbers: a part of an activation that is written out.
    pub(crate) fn with(&self, binary: Binary, other: &Self, place: &Rc<str>) -> Result<Self, String> {
        if self.source != other.source || self.lengths != other.lengths {
            return Err("combines numbers of different origin: expected a constant on one side".to_owned());
        }
        let shared = self.shared_stages(other);
        let mut flow = self.clone();
        let (left, right) = (compose(&self.stages[shared..]), compose(&other.stages[shared..]));
        let (Some(left), Some(right)) = (left, right) else {
            return Err(
                "combines two results: expected a constant on one side, or two functions of the same numbers"
                    .to_owned(),
            );
        };
        let function = left.with(binary, &right).ok_or("is part of a function that is too long")?;
        flow.stages.truncate(shared);
        flow.stages.push(Rc::new(Stage { place: place.clone(), kind: Kind::Function(function) }));
        Ok(flow)
    }

    /// Some of the columns, in any order.
    pub(crate) fn select(&self, columns: &[usize], budget: &Budget) -> Result<Self, String> {
        let width = self.width().ok_or("takes columns of rows of unknown length")?;
        if self.lengths.len() != 1 {
            return Err("takes columns of what has not two dimensions".to_owned());
        }
        if let Some(column) = columns.iter().find(|&&column| column >= width) {
            return Err(format!("takes column {column} of {width}"));
        }
        if is_all(columns, width) {
            return Ok(self.clone());
        }
        let lengths = vec![Some(columns.len())];
        let mut before = self.stages.clone();
        let mut behind: Vec<Rc<Stage>> = Vec::new();
        let mut source = self.source.clone();
        loop {
            let Some(stage) = before.pop() else {
                let features = |features: &Rc<[usize]>| {
                    columns.iter().map(|&column| features.get(column).copied()).collect::<Option<_>>()
                };
                source = match &source {
                    Some(before) => Some(features(before).ok_or("takes columns that there are not")?),
                    None => Some(columns.into()),
                };
                break;
            };
            let chosen = |numbers: &Array1<f64>| -> Result<Array1<f64>, String> {
                if numbers.len() == 1 {
                    return Ok(numbers.clone());
                }
                budget.take(columns.len())?;
                let chosen: Option<Vec<f64>> =
                    columns.iter().map(|&column| numbers.get(column).copied()).collect();
                chosen.map(Array1::from).ok_or_else(|| "takes columns that there are not".to_owned())
            };
            let mut keep = |kind| behind.push(Rc::new(Stage { place: stage.place.clone(), kind }));
            match &stage.kind {
                Kind::Operation(Operation::Dense(weight)) => {
                    budget.take_shape(&[weight.nrows(), columns.len()])?;
                    if columns.iter().any(|&column| column >= weight.ncols()) {
                        return Err("takes columns that there are not".to_owned());
                    }
                    keep(Kind::Operation(Operation::Dense(weight.select(Axis(1), columns))));
                    break;
                }
                Kind::Operation(Operation::Add(numbers)) => {
                    keep(Kind::Operation(Operation::Add(chosen(numbers)?)));
                }
                Kind::Operation(Operation::Multiply(numbers)) => {
                    keep(Kind::Operation(Operation::Multiply(chosen(numbers)?)));
                }
                Kind::Operation(Operation::Divide(numbers)) => {
                    keep(Kind::Operation(Operation::Divide(chosen(numbers)?)));
                }
                Kind::Operation(Operation::Complement) => {
                    match columns {
                        [1] => {}
                        [0] => {
                            keep(Kind::Operation(Operation::Add(Array1::ones(1))));
                            keep(Kind::Operation(Operation::Multiply(-Array1::<f64>::ones(1))));
                        }
                        _ => return Err("takes both of two probabilities in another order".to_owned()),
                    }
                    // The only column there is before it.
                    break;
                }
                Kind::Operation(Operation::Activation(_)) | Kind::Function(_) => behind.push(stage),
                Kind::Operation(Operation::Softmax | Operation::NormalizeSum) | Kind::ShiftByMaximum => {
                    return Err("takes some of the columns of what is computed of whole rows".to_owned());
                }
            }
        }
        before.extend(behind.into_iter().rev());
        Ok(Self { source, stages: before, lengths })
    }

    /// Columns side by side.
    pub(crate) fn side_by_side(flows: &[Self], place: &Rc<str>, budget: &Budget) -> Result<Self, String> {
        let [first, others @ ..] = flows else { return Err("puts nothing together".to_owned()) };
        if others.is_empty() {
            return Ok(first.clone());
        }
        let widths = flows.iter().map(Self::width).collect::<Option<Vec<_>>>();
        let widths = widths.ok_or("puts rows of unknown length together")?;
        if flows.iter().any(|flow| flow.lengths.len() != 1) {
            return Err("puts together what has not two dimensions".to_owned());
        }
        let width = widths.iter().try_fold(0_usize, |sum, &width| sum.checked_add(width));
        let width = width.ok_or("puts too many columns together")?;
        let have_one_source = others.iter().all(|other| other.source == first.source);
        let shared = match have_one_source {
            true => others.iter().map(|other| first.shared_stages(other)).min().unwrap_or(0),
            false => 0,
        };
        if let ([left, right], [1, 1]) = (flows, widths.as_slice())
            && have_one_source
            && right.stages.len() == shared
            && affine(&left.stages[shared..], 1).is_some_and(|(factors, terms)| {
                (factors[0], terms[0]) == (-1.0, 1.0)
                    && left.stages[shared..].iter().all(|stage| is_affine(stage))
            })
        {
            return Ok(right.operate(place, Operation::Complement).shaped(vec![Some(2)]));
        }
        let is_layer = |flow: &Self| flow.stages.get(shared).is_some_and(|stage| is_dense(stage));
        let shared = match flows.iter().all(is_layer) {
            true => shared,
            // What is done to the outputs of one layer becomes a part of it: each output is there for each of the flows.
            false => first.last_layer(shared).unwrap_or(shared),
        };
        let mut tails: Vec<&[Rc<Stage>]> = flows.iter().map(|flow| &flow.stages[shared..]).collect();
        let mut merged = Self {
            source: first.source.clone(),
            stages: first.stages[..shared].to_vec(),
            lengths: vec![Some(width)],
        };
        let weights = tails.iter().map(|tail| match &tail.first()?.kind {
            Kind::Operation(Operation::Dense(weight)) => Some(weight.view()),
            _ => None,
        });
        if let Some(weights) = weights.collect::<Option<Vec<_>>>().filter(|_| have_one_source) {
            let rows = weights.first().map_or(0, |weight| weight.nrows());
            budget.take_shape(&[rows, width])?;
            let weight: Array2<f64> = concatenate(Axis(1), &weights).map_err(|error| error.to_string())?;
            merged = merged.operate(&tails[0][0].place, Operation::Dense(weight));
            tails.iter_mut().for_each(|tail| *tail = &tail[1..]);
        } else if shared == 0 {
            budget.take(width)?;
            let mut features: Vec<usize> = Vec::with_capacity(width);
            for (flow, &width) in flows.iter().zip(&widths) {
                match &flow.source {
                    Some(source) => features.extend(source.iter()),
                    None => features.extend(0..width),
                }
            }
            merged.source = Some(features.into());
        } else {
            return Err("puts columns together that do not come from one layer".to_owned());
        }
        merged.merge(tails, &widths, budget)
    }

    /// Where the last dense layer of the first `end` stages is, with nothing but functions of single numbers behind it.
    fn last_layer(&self, end: usize) -> Option<usize> {
        let stages = &self.stages[..end];
        let layer = stages.iter().rposition(|stage| is_dense(stage))?;
        let is_of_single_numbers = |stage: &Rc<Stage>| {
            is_affine(stage)
                || matches!(stage.kind, Kind::Operation(Operation::Activation(_)) | Kind::Function(_))
        };
        stages[layer + 1..].iter().all(is_of_single_numbers).then_some(layer)
    }

    /// Adds the stages of all `tails`, each for as many columns as `widths` say.
    fn merge(
        mut self,
        mut tails: Vec<&[Rc<Stage>]>,
        widths: &[usize],
        budget: &Budget,
    ) -> Result<Self, String> {
        let width = widths.iter().sum();
        while tails.iter().any(|tail| !tail.is_empty()) {
            let runs: Vec<usize> =
                tails.iter().map(|tail| tail.iter().take_while(|stage| is_affine(stage)).count()).collect();
            if runs.iter().any(|&run| run > 0) {
                budget.take_shape(&[2, width])?;
                let place = tails.iter().find_map(|tail| tail.first()).map(|stage| stage.place.clone());
                let place = place.unwrap_or_else(|| "".into());
                let (mut factors, mut terms) = (Vec::with_capacity(width), Vec::with_capacity(width));
                for ((tail, &run), &width) in tails.iter_mut().zip(&runs).zip(widths) {
                    let (factor, term) =
                        affine(&tail[..run], width).ok_or("puts columns together of unknown number")?;
                    factors.extend(factor);
                    terms.extend(term);
                    *tail = &tail[run..];
                }
                if factors.iter().any(|factor| *factor != 1.0) {
                    self = self.operate(&place, Operation::Multiply(factors.into()));
                }
                if terms.iter().any(|term| *term != 0.0) {
                    self = self.operate(&place, Operation::Add(terms.into()));
                }
                continue;
            }
            let next: Option<Vec<&Rc<Stage>>> = tails.iter().map(|tail| tail.first()).collect();
            match next.as_deref() {
                Some([first, others @ ..])
                    if matches!(
                        first.kind,
                        Kind::Operation(Operation::Activation(_)) | Kind::Function(_)
                    ) && others.iter().all(|other| other.kind == first.kind) =>
                {
                    self.stages.push(Rc::clone(first));
                }
                _ => return Err("puts columns together that are computed in different ways".to_owned()),
            }
            tails.iter_mut().for_each(|tail| *tail = &tail[1..]);
        }
        Ok(self)
    }
}

/// Whether these are all columns in their order.
pub(crate) fn is_all(columns: &[usize], width: usize) -> bool {
    columns.len() == width && columns.iter().enumerate().all(|(position, &column)| position == column)
}
