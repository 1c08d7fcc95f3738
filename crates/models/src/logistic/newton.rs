//! Newton's method with conjugate gradients (Nocedal and Wright, *Numerical Optimization*, 2006, algorithm 7.1).

use super::error::LogisticError;
use super::objective::Objective;
use crate::panels::Panels;

/// A step must reduce the objective by at least this share of what the slope promises.
const SUFFICIENT_DECREASE: f64 = 1e-4;
/// Changes of the objective below this share of it are rounding errors.
const ROUNDING: f64 = 1e-13;
/// How often a step is halved before it counts as failed.
const MAX_HALVINGS: usize = 40;
/// The most steps of conjugate gradients of all Newton steps together. Where `c` is large and the classes can be separated
/// the minimum is so far away, and its surroundings so flat, that a Newton step takes thousands.
const MAX_CONJUGATE_STEPS: usize = 20_000;

/// The parameters, found from `start`, where no component of the gradient is larger than `tolerance` in magnitude.
///
/// Once there, steps go on as long as each makes the gradient ten times smaller: one or two more cost little and lead
/// down to the rounding error, so that the result, rounded to `f32`, does not show where the search began.
pub(super) fn minimize(
    objective: &mut Objective,
    start: Panels<f64>,
    max_steps: usize,
    tolerance: f64,
) -> Result<Panels<f64>, LogisticError> {
    let mut parameters = start;
    let mut gradient = Panels::zeros(parameters.rows(), parameters.columns());
    let mut value = objective.evaluate(&parameters, &mut gradient);
    let mut largest = largest_magnitude(&gradient);
    let mut steps = 0;
    let mut conjugate_steps = 0;
    loop {
        let may_go_on = steps < max_steps && conjugate_steps < MAX_CONJUGATE_STEPS && largest.is_finite();
        let next = if may_go_on {
            let direction = newton_direction(objective, &gradient, &mut conjugate_steps);
            step(objective, &parameters, &direction, value, &mut gradient)
        } else {
            None
        };
        let next_largest = largest_magnitude(&gradient);
        let converged = largest <= tolerance;
        match next {
            Some((next_parameters, next_value)) if !converged || next_largest < 0.1 * largest => {
                (parameters, value, largest) = (next_parameters, next_value, next_largest);
                steps += 1;
            }
            Some(_) | None if converged => return Ok(parameters),
            Some(_) | None => {
                return Err(LogisticError::NotConverged {
                    iterations: steps,
                    conjugate_steps,
                    gradient: largest,
                    tolerance,
                });
            }
        }
    }
}

/// The largest magnitude of an element; NaN when there is one.
fn largest_magnitude(gradient: &Panels<f64>) -> f64 {
    let larger = |largest: f64, &element: &f64| {
        if largest.is_nan() || element.abs() <= largest { largest } else { element.abs() }
    };
    gradient.padded().iter().fold(0.0, larger)
}

/// `-H⁻¹ · gradient`, by conjugate gradients until the residual is `min(0.1, √‖g‖)·‖g‖`, which makes Newton's method
/// converge superlinearly. Norms and directions are those of parameters scaled by the diagonal of `H`, so that features
/// of different scale do no harm. Counts the steps of conjugate gradients.
fn newton_direction(
    objective: &mut Objective,
    gradient: &Panels<f64>,
    conjugate_steps: &mut usize,
) -> Panels<f64> {
    let mut scales = Panels::zeros(gradient.rows(), gradient.columns());
    objective.hessian_diagonal(&mut scales);
    for scale in scales.padded_mut() {
        // A diagonal element of zero belongs to padding, or to an intercept that no row depends on any more.
        *scale = if *scale > 0.0 { 1.0 / *scale } else { 0.0 };
    }
    let mut solution = Panels::zeros(gradient.rows(), gradient.columns());
    let mut product = solution.clone();
    let mut residual = solution.clone();
    add_scaled(&mut residual, -1.0, gradient);
    let mut scaled = scaled_by(&residual, &scales);
    let mut direction = scaled.clone();
    let mut squares = dot(&residual, &scaled);
    let target = squares * squares.sqrt().min(0.01);
    // In exact arithmetic as many iterations as there are parameters suffice.
    for _ in 0..2 * gradient.rows() * gradient.columns() {
        if squares <= target || *conjugate_steps == MAX_CONJUGATE_STEPS {
            break;
        }
        *conjugate_steps += 1;
        objective.hessian_product(&direction, &mut product);
        let curvature = dot(&direction, &product);
        if curvature <= 0.0 {
            // The Hessian is positive semidefinite: what is left is rounding error.
            break;
        }
        let length = squares / curvature;
        add_scaled(&mut solution, length, &direction);
        add_scaled(&mut residual, -length, &product);
        scaled = scaled_by(&residual, &scales);
        let before = squares;
        squares = dot(&residual, &scaled);
        scale_and_add(&mut direction, squares / before, &scaled);
    }
    solution
}

/// The first of the steps 1, ½, ¼, … along `direction` that decreases the objective enough; with the new value, and the
/// new gradient in `gradient`. Nothing when there is none.
fn step(
    objective: &mut Objective,
    parameters: &Panels<f64>,
    direction: &Panels<f64>,
    value: f64,
    gradient: &mut Panels<f64>,
) -> Option<(Panels<f64>, f64)> {
    let slope = dot(gradient, direction);
    let mut length = 1.0;
    for _ in 0..MAX_HALVINGS {
        let mut candidate = parameters.clone();
        add_scaled(&mut candidate, length, direction);
        let new_value = objective.evaluate(&candidate, gradient);
        if new_value <= value + SUFFICIENT_DECREASE * length * slope + ROUNDING * value.abs() {
            return Some((candidate, new_value));
        }
        length *= 0.5;
    }
    None
}

/// `Σ a ⊙ b`, element after element.
fn dot(a: &Panels<f64>, b: &Panels<f64>) -> f64 {
    a.padded().iter().zip(b.padded()).fold(0.0, |sum, (&a, &b)| sum + a * b)
}

/// `a += factor · b`.
fn add_scaled(a: &mut Panels<f64>, factor: f64, b: &Panels<f64>) {
    for (a, &b) in a.padded_mut().iter_mut().zip(b.padded()) {
        *a += factor * b;
    }
}

/// `a = factor · a + b`.
fn scale_and_add(a: &mut Panels<f64>, factor: f64, b: &Panels<f64>) {
    for (a, &b) in a.padded_mut().iter_mut().zip(b.padded()) {
        *a = factor * *a + b;
    }
}

/// `a ⊙ scales`.
fn scaled_by(a: &Panels<f64>, scales: &Panels<f64>) -> Panels<f64> {
    let mut scaled = a.clone();
    for (a, &scale) in scaled.padded_mut().iter_mut().zip(scales.padded()) {
        *a *= scale;
    }
    scaled
}
