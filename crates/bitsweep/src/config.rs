//! From text to experiment: sources and overrides, the grid, typed specifications, errors with their place.

mod activations;
mod calibration;
mod diagnostic;
mod document;
mod exclusion;
mod experiment;
mod grid;
mod header;
mod layers;
mod mixed;
mod point;
mod specification;
mod tensor_values;
mod training;

pub use activations::Activations;
pub use calibration::{Calibration, CalibrationRows, CalibrationSpec};
pub use diagnostic::{Diagnostic, nearest_name};
pub use document::Document;
pub use experiment::{AxisSummary, Experiment, UnitEntry, VariantEntry};
pub use header::{Aggregate, Divisor, Expectation, Header, Record, TableName};
pub use layers::{LayerName, SchemeRefusal, Schemes, layers_text};
pub use mixed::{Budget, BudgetSpec, Mixed, MixedSpec, Objective};
pub use specification::{
    Biases, DataSource, DataSpec, ElementType, ModelSpec, SplitSpec, TensorSpec, UnitSpec, VariantSpec,
};
pub use tensor_values::TensorValues;
pub use training::{AwareError, AwareTraining, Dorefa, GradientEstimator, Pact, Start, Wrpn};
