//! Logistic regression.

mod error;
mod newton;
mod objective;

use linfa::DatasetBase;
use linfa::prelude::{Fit, ParamGuard};
use linfa_logistic::{LogisticRegression, MultiLogisticRegression};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut1, Axis};

use crate::activation::Activation;
use crate::head::Head;
use crate::linear::Linear;
use crate::model::Model;
use crate::samples::{check_samples, weights_of_classes};
use crate::specification::{Logistic, Multiclass};
use newton::minimize;
use objective::Objective;

pub use error::LogisticError;

/// Below this norm of the gradient, or below the tolerance if that is larger, L-BFGS hands over to Newton's method.
const HANDOVER: f64 = 1e-2;

/// Fits logistic regression to `features`, `(rows, columns)`, and `labels` from 0 to `classes - 1`.
///
/// The result is one dense layer without activation. It minimizes scikit-learn's objective divided by `C`,
///
/// `Σ_rows w_label·loss(x·W + b, label) + ‖W‖² / (2C)`,
///
/// where `w` are the [class weights](Logistic::class_weights), the intercepts `b` are not penalized, and the loss is that of the softmax
/// ([`Multiclass::Multinomial`]) or the sum of the classes' two-class losses ([`Multiclass::OneVsRest`]); `1/C` is
/// linfa's `alpha`.
///
/// Two solvers take turns, in `f64`. linfa's L-BFGS finds the neighbourhood of the minimum, without weights, of which it
/// knows nothing: with them the way from there is longer. Its line search cannot
/// reduce the gradient much below the square root of the rounding error, and its last digits depend on the processor
/// and the C library. Newton's method with conjugate gradients, in this crate's own arithmetic, goes on until no
/// component of the gradient is larger than [`Logistic::tolerance`], and from there down to the rounding error. The
/// minimum is unique, and so, but for a coefficient in thousands of fits, is its rounding to `f32`. Both have limits, and a
/// gradient that is still too large at the end is an error, which tells it.
///
/// # Errors
/// When a setting means nothing, the rows cannot be learnt from, a class has no row, or a solver does not converge.
pub fn fit_logistic(
    features: ArrayView2<'_, f64>,
    labels: &[usize],
    classes: usize,
    logistic: &Logistic,
) -> Result<Model, LogisticError> {
    logistic.check()?;
    check_samples(features, labels, classes)?;
    if let Some(class) = (0..classes).find(|class| !labels.contains(class)) {
        return Err(LogisticError::AbsentClass { class, classes });
    }
    let class_weights = weights_of_classes(&logistic.class_weights, labels, classes)?;
    let tame = Tame::new(features);
    let start = match logistic.multiclass {
        Multiclass::OneVsRest => one_vs_rest_by_linfa(tame.features.view(), labels, classes, logistic)?,
        Multiclass::Multinomial => multinomial_by_linfa(tame.features.view(), labels, logistic)?,
    };
    let mut objective = Objective::new(features, labels, &class_weights, logistic);
    let start = objective.centred(&tame.for_given(start));
    let parameters = minimize(&mut objective, start, logistic.max_iterations, logistic.tolerance)?;
    let (weights, intercepts) = objective.for_given_features(&parameters);
    let layer = Linear {
        weight: weights.mapv(|weight| weight as f32),
        bias: intercepts.mapv(|intercept| intercept as f32),
        activation: Activation::Identity,
    };
    let head = match logistic.multiclass {
        Multiclass::OneVsRest => Head::OneVsRest,
        Multiclass::Multinomial => Head::Softmax,
    };
    Ok(Model::new(vec![layer], head)?)
}

/// The features as linfa takes them, and how they came about.
struct Tame {
    features: Array2<f64>,
    /// What was taken off each column, and what the rest was multiplied with.
    columns: Vec<(f64, f64)>,
}

impl Tame {
    /// Columns with values beyond 4096 are centred and divided by a power of two: with values of a million the steps of
    /// linfa's line search overflow, and it goes on for ever. The penalty of what is divided is another, but this is only
    /// where the search begins.
    fn new(features: ArrayView2<'_, f64>) -> Tame {
        let largest = |column: ArrayView1<'_, f64>| column.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        let mut features = features.to_owned();
        let tame = |mut column: ArrayViewMut1<'_, f64>| {
            if largest(column.view()) <= 4096.0 {
                return (0.0, 1.0);
            }
            let mean = column.sum() / column.len() as f64;
            column -= mean;
            let spread = largest(column.view());
            let factor = if spread > 1.0 { libm::scalbn(1.0, -libm::ilogb(spread)) } else { 1.0 };
            column *= factor;
            (mean, factor)
        };
        let columns = features.columns_mut().into_iter().map(tame).collect();
        Tame { features, columns }
    }

    /// The weights over intercepts of the features that were given, from those of these.
    fn for_given(&self, mut parameters: Array2<f64>) -> Array2<f64> {
        let (mut weights, mut intercepts) = parameters.view_mut().split_at(Axis(0), self.columns.len());
        for (mut weights, (mean, factor)) in weights.rows_mut().into_iter().zip(&self.columns) {
            weights *= *factor;
            intercepts.row_mut(0).scaled_add(-mean, &weights);
        }
        parameters
    }
}

/// Weights over intercepts, `(columns + 1, classes)`, of one two-class model for each class.
fn one_vs_rest_by_linfa(
    features: ArrayView2<'_, f64>,
    labels: &[usize],
    classes: usize,
    logistic: &Logistic,
) -> Result<Array2<f64>, LogisticError> {
    let solver = LogisticRegression::default()
        .alpha(1.0 / logistic.c)
        .gradient_tolerance(logistic.tolerance.max(HANDOVER))
        .max_iterations(logistic.max_iterations as u64)
        .check()?;
    let mut parameters = Array2::zeros((features.ncols() + 1, classes));
    for class in 0..classes {
        let is_class: Array1<bool> = labels.iter().map(|&label| label == class).collect();
        let fitted = solver.fit(&DatasetBase::new(features, is_class))?;
        // linfa chooses by itself which of the two labels is the positive one.
        let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
        let coefficients = fitted.params() * sign;
        write_column(&mut parameters, class, coefficients.view(), fitted.intercept() * sign);
    }
    Ok(parameters)
}

/// Weights over intercepts, `(columns + 1, classes)`, of the softmax model.
fn multinomial_by_linfa(
    features: ArrayView2<'_, f64>,
    labels: &[usize],
    logistic: &Logistic,
) -> Result<Array2<f64>, LogisticError> {
    let solver = MultiLogisticRegression::default()
        .alpha(1.0 / logistic.c)
        .gradient_tolerance(logistic.tolerance.max(HANDOVER))
        .max_iterations(logistic.max_iterations as u64)
        .check()?;
    let labels: ArrayView1<'_, usize> = labels.into();
    let fitted = solver.fit(&DatasetBase::new(features, labels))?;
    let mut parameters = Array2::zeros((features.ncols() + 1, fitted.intercept().len()));
    for (class, &intercept) in fitted.intercept().iter().enumerate() {
        write_column(&mut parameters, class, fitted.params().column(class), intercept);
    }
    Ok(parameters)
}

fn write_column(parameters: &mut Array2<f64>, class: usize, weights: ArrayView1<'_, f64>, intercept: f64) {
    let column = parameters.column_mut(class);
    let (mut above, mut last) = column.split_at(Axis(0), weights.len());
    above.assign(&weights);
    last.fill(intercept);
}
