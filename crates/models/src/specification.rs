//! What an experiment says about a model and its training.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::class_weights::ClassWeights;
use crate::hidden_layers::HiddenLayers;
use crate::optimizer::Optimizer;
use crate::specification_error::{SpecificationError, require};

/// Where weights start.
///
/// All draw W1, b1, W2, b2, … in this order, row by row, in `f64`, and round to `f32`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Initialization {
    /// Weights and biases standard normal: notebook 000's choice, and a poor one for wider layers.
    Normal,
    /// Weights normal with variance `2 / inputs`, biases zero: keeps the variance through ReLU layers
    /// (He et al., *Delving Deep into Rectifiers*, 2015, section 2.2).
    #[default]
    He,
    /// Weights uniform in `±√(6 / (inputs + outputs))`, biases zero
    /// (Glorot and Bengio, *Understanding the difficulty of training deep feedforward neural networks*, 2010,
    /// equation 16).
    Xavier,
}

/// A perceptron: features → one or more layers of `hidden` ReLU units → one logit for each class. It is trained as the table
/// `train` says.
///
/// ```toml
/// hidden = [32, [32, 16]]
/// initialization = "xavier"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mlp {
    /// The number of units of each hidden layer, of which there are at most 16.
    #[schemars(schema_with = "hidden_layers")]
    pub hidden: HiddenLayers,
    /// Where the weights start.
    pub initialization: Initialization,
}

fn hidden_layers(_: &mut SchemaGenerator) -> Schema {
    let units = json_schema!({ "type": "integer", "minimum": 1, "maximum": Mlp::MAX_HIDDEN });
    let layers = json_schema!({
        "type": "array",
        "items": units,
        "minItems": 1,
        "maxItems": Mlp::MAX_HIDDEN_LAYERS,
    });
    json_schema!({ "anyOf": [units, layers] })
}

impl Default for Mlp {
    fn default() -> Self {
        Self { hidden: 100.into(), initialization: Initialization::default() }
    }
}

impl Mlp {
    /// The most units of a hidden layer that are accepted, so that a slip of the hand does not ask for all memory.
    pub const MAX_HIDDEN: usize = 65_536;

    /// The most hidden layers that are accepted: without normalization, more than a few do not train.
    pub const MAX_HIDDEN_LAYERS: usize = 16;

    /// Refuses what cannot be trained.
    ///
    /// # Errors
    /// When `hidden` has no layer or more than [`MAX_HIDDEN_LAYERS`](Self::MAX_HIDDEN_LAYERS), or a layer has no units
    /// or more than [`MAX_HIDDEN`](Self::MAX_HIDDEN).
    pub fn check(&self) -> Result<(), SpecificationError> {
        let layers = self.hidden.units();
        require(
            (1..=Self::MAX_HIDDEN_LAYERS).contains(&layers.len()),
            "hidden",
            format_args!("[{}]", self.hidden),
            "from 1 to 16 hidden layers",
        )?;
        layers.iter().try_for_each(|units| {
            require(
                (1..=Self::MAX_HIDDEN).contains(units),
                "hidden",
                units,
                "a number of units from 1 to 65536",
            )
        })
    }
}

/// Softmax regression, one layer `z = x · W + b`, trained by mini-batches as the table `train` says, as a perceptron is:
/// logistic regression by another road than a solver, so that it can be trained with quantization in the loop.
///
/// ```toml
/// initialization = "he"
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SoftmaxRegression {
    /// Where the weights start. The problem is convex: it matters little.
    pub initialization: Initialization,
}

/// In which precision training computes.
///
/// Weights are `f32` between updates either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// Everything in `f32`.
    #[default]
    Single,
    /// Inputs, activations, gradients and updates in `f64`, each update rounded back to `f32`: what NumPy makes of
    /// notebook 000's `f32` weights and `f64` inputs.
    Mixed,
}

/// How a model is trained by mini-batches.
///
/// ```toml
/// epochs = 50
/// batch_size = 32
/// learning_rate = 0.001
/// optimizer = "adam"
/// weight_decay = 0.01
/// shuffle = true
/// precision = "single"
/// class_weights = { rare = 5 }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Training {
    /// Passes over the training rows.
    #[schemars(range(min = 1, max = Self::MAX_EPOCHS))]
    pub epochs: usize,
    /// Rows of a mini-batch; the last one of an epoch has what is left.
    #[schemars(range(min = 1))]
    pub batch_size: usize,
    /// The step size η. The default suits plain gradient descent; Adam wants about 0.001.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub learning_rate: f64,
    /// How gradients become updates.
    pub optimizer: Optimizer,
    /// λ, pulling weights (not biases) towards zero, in the form that the optimizer gives it.
    #[schemars(range(min = 0))]
    pub weight_decay: f64,
    /// Whether each epoch visits the rows in a new order.
    pub shuffle: bool,
    /// In which precision training computes.
    pub precision: Precision,
    /// What the rows of each class count: the loss of a mini-batch of `B` rows is `Σ w_label·loss / B`; none by default.
    ///
    /// The mean is over rows, not over weights, so that a row moves the model by its weight whatever rows are beside it.
    /// [`Balanced`](ClassWeights::Balanced) weights have mean 1 over the training rows: the learning rate stays what it was.
    #[serde(skip_serializing_if = "ClassWeights::is_none")]
    pub class_weights: ClassWeights,
}

impl Default for Training {
    fn default() -> Self {
        Self {
            epochs: 200,
            batch_size: 10,
            learning_rate: 0.1,
            optimizer: Optimizer::default(),
            weight_decay: 0.0,
            shuffle: true,
            precision: Precision::default(),
            class_weights: ClassWeights::default(),
        }
    }
}

impl Training {
    /// The most epochs that are accepted, so that a slip of the hand does not ask for years.
    pub const MAX_EPOCHS: usize = 1_000_000;

    /// Refuses what cannot be trained with.
    ///
    /// # Errors
    /// When there are no epochs (an untrained model is more likely a slip than a wish) or too many, batches are empty, a rate is
    /// NaN, infinite or negative, the learning rate is 0, or the optimizer's settings mean nothing.
    pub fn check(&self) -> Result<(), SpecificationError> {
        require(
            (1..=Self::MAX_EPOCHS).contains(&self.epochs),
            "epochs",
            self.epochs,
            "a number from 1 to 1000000",
        )?;
        require(self.batch_size > 0, "batch_size", self.batch_size, "at least 1 row")?;
        require(
            self.learning_rate.is_finite() && self.learning_rate > 0.0,
            "learning_rate",
            self.learning_rate,
            "a finite number above 0",
        )?;
        require(
            self.weight_decay.is_finite() && self.weight_decay >= 0.0,
            "weight_decay",
            self.weight_decay,
            "a finite number, 0 or above",
        )?;
        self.optimizer.check()
    }
}

/// How logistic regression treats more than two classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Multiclass {
    /// One two-class model for each class against all others.
    OneVsRest,
    /// One model with a softmax over all classes.
    #[default]
    Multinomial,
}

/// Logistic regression with an L2 penalty, [solved to convergence](crate::fit_logistic). It has no use for the table `train`.
///
/// ```toml
/// multiclass = "one-vs-rest"
/// c = 0.5
/// max_iterations = 2000
/// tolerance = 1e-6
/// class_weights = "balanced"
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Logistic {
    /// How more than two classes are treated.
    pub multiclass: Multiclass,
    /// scikit-learn's `C`, the inverse strength of the penalty. Of two classes a softmax has two columns of weights, where
    /// scikit-learn has one: its `C` is twice this one.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub c: f64,
    /// The most iterations the solver may take for one problem.
    #[schemars(range(min = 1, max = Self::MAX_ITERATIONS))]
    pub max_iterations: usize,
    /// Converged is where no component of the objective's gradient (a sum over the rows, not a mean) is larger in
    /// magnitude.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tolerance: f64,
    /// What the rows of each class count in the objective; none by default. The models of
    /// [`OneVsRest`](Multiclass::OneVsRest) have the same weights, each row that of its own class:
    /// [`Balanced`](ClassWeights::Balanced) is over all classes, not over one and the rest.
    #[serde(skip_serializing_if = "ClassWeights::is_none")]
    pub class_weights: ClassWeights,
}

impl Default for Logistic {
    fn default() -> Self {
        Self {
            multiclass: Multiclass::default(),
            c: 1.0,
            max_iterations: 1000,
            tolerance: 1e-8,
            class_weights: ClassWeights::default(),
        }
    }
}

impl Logistic {
    /// The most iterations that are accepted.
    pub const MAX_ITERATIONS: usize = 1_000_000;

    /// Refuses what cannot be solved.
    ///
    /// # Errors
    /// When `c` or `tolerance` is not a finite number above 0, or there are no iterations or too many.
    pub fn check(&self) -> Result<(), SpecificationError> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        require(positive(self.c), "c", self.c, "a finite number above 0")?;
        require(positive(self.tolerance), "tolerance", self.tolerance, "a finite number above 0")?;
        require(
            (1..=Self::MAX_ITERATIONS).contains(&self.max_iterations),
            "max_iterations",
            self.max_iterations,
            "a number from 1 to 1000000",
        )
    }
}
