//! The operations of rows.

use std::rc::Rc;

use ndarray::Array1;

use crate::onnx::function::{Binary, Function, Unary};
use crate::step::Operation;

/// One operation, and the node that it comes from.
#[derive(Debug, PartialEq)]
pub(crate) struct Stage {
    pub(crate) place: Rc<str>,
    pub(crate) kind: Kind,
}

/// What a stage does.
///
/// Terms and factors of one number belong to all columns.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// What layers are made of.
    Operation(Operation),
    /// What is a part of an activation that the file writes out.
    Function(Function),
    /// The row less its maximum, the first part of a softmax that the file writes out.
    ShiftByMaximum,
}

/// Whether a stage scales or shifts columns.
pub(crate) fn is_affine(stage: &Stage) -> bool {
    matches!(stage.kind, Kind::Operation(Operation::Add(_) | Operation::Multiply(_) | Operation::Divide(_)))
}

/// Whether a stage is a product with a weight.
pub(crate) fn is_dense(stage: &Stage) -> bool {
    matches!(stage.kind, Kind::Operation(Operation::Dense(_)))
}

/// Stages that scale and shift as a factor and a term of each of `width` columns; others are skipped.
pub(crate) fn affine(stages: &[Rc<Stage>], width: usize) -> Option<(Vec<f64>, Vec<f64>)> {
    let (mut factors, mut terms) = (vec![1.0; width], vec![0.0; width]);
    for stage in stages {
        let Kind::Operation(operation) = &stage.kind else { continue };
        let (Operation::Add(numbers) | Operation::Multiply(numbers) | Operation::Divide(numbers)) = operation
        else {
            continue;
        };
        for (column, (factor, term)) in factors.iter_mut().zip(&mut terms).enumerate() {
            let number = *if numbers.len() == 1 { numbers.first()? } else { numbers.get(column)? };
            match operation {
                Operation::Add(_) => *term += number,
                Operation::Multiply(_) => (*factor, *term) = (*factor * number, *term * number),
                _ => (*factor, *term) = (*factor / number, *term / number),
            }
        }
    }
    Some((factors, terms))
}

/// The function that stages are of each number, where they treat all columns alike.
pub(crate) fn compose(stages: &[Rc<Stage>]) -> Option<Function> {
    let mut function = Function::identity();
    for stage in stages {
        let with = |binary, numbers: &Array1<f64>| {
            let number = numbers.first().filter(|_| numbers.len() == 1)?;
            function.with(binary, &Function::constant(*number))
        };
        function = match &stage.kind {
            Kind::Function(other) => function.followed_by(other)?,
            Kind::Operation(Operation::Activation(activation)) => {
                function.then(Unary::Activation(*activation))?
            }
            Kind::Operation(Operation::Add(terms)) => with(Binary::Add, terms)?,
            Kind::Operation(Operation::Multiply(factors)) => with(Binary::Multiply, factors)?,
            Kind::Operation(Operation::Divide(divisors)) => with(Binary::Divide, divisors)?,
            Kind::Operation(
                Operation::Dense(_) | Operation::Softmax | Operation::NormalizeSum | Operation::Complement,
            )
            | Kind::ShiftByMaximum => return None,
        };
    }
    Some(function)
}
