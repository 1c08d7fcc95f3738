//! Why logistic regression fails.

use thiserror::Error;

use crate::model::ModelError;
use crate::samples::SampleError;
use crate::specification_error::SpecificationError;

/// Why logistic regression gave no model.
#[derive(Debug, Error)]
pub enum LogisticError {
    /// A setting means nothing.
    #[error(transparent)]
    Specification(#[from] SpecificationError),
    /// The training rows cannot be learnt from.
    #[error(transparent)]
    Samples(#[from] SampleError),
    /// A class has no training row, so that nothing is known of it.
    #[error("class {class} has no training row: expected at least one of each of the {classes} classes")]
    AbsentClass {
        /// The class.
        class: usize,
        /// The number of classes.
        classes: usize,
    },
    /// linfa's solver gave up.
    #[error("the L-BFGS solver failed; features of similar scale help")]
    Solver(#[from] linfa_logistic::error::Error),
    /// The gradient is still too large after the allowed iterations, or cannot become smaller in floating point.
    #[error(
        "logistic regression did not converge: after {iterations} Newton steps, with {conjugate_steps} of conjugate \
         gradients, the gradient is `{gradient:e}`, expected at most {tolerance:e}; features of similar scale, a smaller \
         `c`, more `max_iterations` or a larger `tolerance` help"
    )]
    NotConverged {
        /// Newton steps taken.
        iterations: usize,
        /// Steps of conjugate gradients that these took together.
        conjugate_steps: usize,
        /// The largest component of the gradient, in magnitude.
        gradient: f64,
        /// What was asked for.
        tolerance: f64,
    },
    /// The coefficients do not fit into `f32`.
    #[error(transparent)]
    Model(#[from] ModelError),
}
