//! Why training fails.

use thiserror::Error;

use crate::model::ModelError;
use crate::samples::SampleError;
use crate::specification_error::SpecificationError;

/// Why a model was not trained.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum TrainError {
    /// A setting means nothing.
    #[error(transparent)]
    Specification(#[from] SpecificationError),
    /// The training rows cannot be learnt from.
    #[error(transparent)]
    Samples(#[from] SampleError),
    /// The first weights do not make a model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The rows do not fit the model.
    #[error("the rows of the features have length {features}, but the model takes rows of length {inputs}")]
    Inputs {
        /// Columns of the features.
        features: usize,
        /// Inputs of the model's first layer.
        inputs: usize,
    },
    /// The model does not end as the loss needs it.
    #[error("training by cross-entropy needs a softmax head on a last layer without activation")]
    Head,
    /// The loss or a weight became NaN or infinite.
    #[error(
        "training diverged in epoch {epoch}: {what} is not finite; try a learning_rate below `{learning_rate:?}`, \
         standardized features, or `he` initialization"
    )]
    Diverged {
        /// Counted from 0, as in the learning curve.
        epoch: usize,
        /// `the loss`, the name of a weight, or a learned parameter.
        what: String,
        /// The learning rate that was too large.
        learning_rate: f64,
    },
    /// The hook had no weight to compute with.
    #[error("in epoch {epoch} {message}")]
    Hook {
        /// Counted from 0.
        epoch: usize,
        /// What the hook says.
        message: String,
    },
}
