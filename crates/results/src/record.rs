//! What one run writes down, in the order of the plan.
//!
//! Records come first, pictures second: the summary, the charts and the report are functions of these rows alone. Rows of
//! the large tables (one a block, a value, a centroid's component) are written to their files as they come; what is kept of
//! them here is an [`Excerpt`].

use std::fmt;
use std::sync::Arc;

use crate::device::DeviceRow;
use crate::key::Key;
use crate::measures::Measures;
use crate::origin::{Origin, Unit, Variant};

/// Everything an experiment records.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Records {
    /// One row per variant of each unit, the float baseline's first and the majority class's last; a unit that failed as a
    /// whole has one row, that of its float baseline.
    pub results: Vec<ResultRow>,
    /// The predictions of each unit with a model.
    pub predictions: Vec<Predictions>,
    /// The first test rows of each variant whose class is not the float model's.
    pub flips: Vec<FlipRow>,
    /// The test rows that flips name, where rows are pictures.
    pub pictures: Vec<PictureRow>,
    /// The losses of each training.
    pub curves: Vec<Curve>,
    /// What each tensor's error does by itself, on the training rows.
    pub sensitivity: Vec<SensitivityRow>,
    /// What each variant takes on the device that the experiment names.
    pub device: Vec<DeviceRow>,
    /// The distribution of float weights and of quantization levels of the first unit.
    pub histogram: Vec<HistogramRow>,
    /// One row per level of each format whose levels are known beforehand.
    pub levels: Vec<LevelRow>,
    /// One row per quantization block (tensor, channel or group) of each variant.
    pub tensors: Excerpt<TensorRow>,
    /// One row per value of each quantized tensor.
    pub values: Excerpt<ValueRow>,
    /// One row per component of each centroid of each codebook.
    pub codebooks: Excerpt<CodebookRow>,
    /// One row per dot product computed by look-up.
    pub products: Excerpt<ProductRow>,
}

/// The first rows of a table whose file has them all.
#[derive(Debug, Clone, PartialEq)]
pub struct Excerpt<R> {
    /// The first [`Excerpt::MOST`] rows.
    pub rows: Vec<R>,
    /// How many rows there are in all.
    pub total: usize,
}

impl<R> Excerpt<R> {
    /// Rows that are kept.
    pub const MOST: usize = 4_096;

    /// Whether no row was left out.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.rows.len() == self.total
    }

    /// Counts `rows` and keeps as many as there is room for.
    pub fn extend(&mut self, rows: impl IntoIterator<Item = R>) {
        for row in rows {
            self.total += 1;
            if self.rows.len() < Self::MOST {
                self.rows.push(row);
            }
        }
    }
}

impl<R> Default for Excerpt<R> {
    fn default() -> Self {
        Self { rows: Vec::new(), total: 0 }
    }
}

/// Rows of the large tables, of one variant or of several in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LargeRows {
    /// One per block.
    pub tensors: Vec<TensorRow>,
    /// One per value.
    pub values: Vec<ValueRow>,
    /// One per component of a centroid.
    pub codebooks: Vec<CodebookRow>,
    /// One per dot product.
    pub products: Vec<ProductRow>,
}

impl LargeRows {
    /// How many rows there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.tensors.len() + self.values.len() + self.codebooks.len() + self.products.len()
    }
}

impl Records {
    /// Counts rows of the large tables, and keeps the first.
    pub fn add_large(&mut self, rows: LargeRows) {
        let LargeRows { tensors, values, codebooks, products } = rows;
        self.tensors.extend(tensors);
        self.values.extend(values);
        self.codebooks.extend(codebooks);
        self.products.extend(products);
    }
}

/// One variant of one unit with its measures, or why there are none.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultRow {
    /// A hash of the unit, of everything that the variant does, and of the versions of the stages that it passes.
    pub key: Key,
    /// The unit and the variant.
    pub origin: Origin,
    /// The measures.
    pub result: Result<Measures, RowFailure>,
}

impl ResultRow {
    /// The measures; `None` of a row that failed.
    #[must_use]
    pub fn measures(&self) -> Option<&Measures> {
        self.result.as_ref().ok()
    }
}

/// Why a row has no measures.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct RowFailure {
    /// Where it failed.
    pub kind: FailureKind,
    /// What went wrong and, where there is one, the fix.
    pub reason: String,
}

/// The step at which a unit or a variant failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureKind {
    /// The rows could not be split, or the features not be scaled.
    Data,
    /// The float model could not be trained.
    Training,
    /// The transform could not be applied.
    Transform,
    /// Bits could not be chosen within the budget.
    Allocation,
    /// Weights or inputs could not be quantized.
    Quantization,
    /// Training with quantization in the loop failed.
    QuantizedTraining,
    /// The model could not be scored.
    Scoring,
}

impl FailureKind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::Data,
        Self::Training,
        Self::Transform,
        Self::Allocation,
        Self::Quantization,
        Self::QuantizedTraining,
        Self::Scoring,
    ];

    /// The kind as tables spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Training => "training",
            Self::Transform => "transform",
            Self::Allocation => "allocation",
            Self::Quantization => "quantization",
            Self::QuantizedTraining => "quantized-training",
            Self::Scoring => "scoring",
        }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// A variant's position, the variant, and the class that it predicts for each row.
pub type PredictedBy = (usize, Arc<Variant>, Box<[u16]>);

/// The predictions of all variants of one unit on its test rows, and on its validation rows. Classes are positions in
/// `classes`.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    /// The unit.
    pub unit: Arc<Unit>,
    /// Names of the classes.
    pub classes: Arc<[String]>,
    /// Row number in the dataset of each test row.
    pub rows: Box<[u32]>,
    /// The true class of each test row.
    pub truth: Box<[u16]>,
    /// The class that the float model predicts for each test row.
    pub float: Box<[u16]>,
    /// For each variant, the float baseline first, its position and the class that it predicts for each test row.
    pub variants: Vec<PredictedBy>,
    /// For each variant its position and the log loss of each test row; none where no pick is by log loss.
    pub log_losses: Vec<(usize, Box<[f32]>)>,
    /// The same of the validation rows; `None` where there are none.
    pub validation: Option<ValidationPredictions>,
}

/// The predictions of all variants of one unit on the rows that are there to choose on.
#[derive(Debug, Clone, PartialEq)]
pub struct ValidationPredictions {
    /// Row number in the dataset of each validation row.
    pub rows: Box<[u32]>,
    /// The true class of each validation row.
    pub truth: Box<[u16]>,
    /// The class that the float model predicts for each validation row.
    pub float: Box<[u16]>,
    /// For each variant, the float baseline first, its position and the class that it predicts for each validation row.
    pub variants: Vec<PredictedBy>,
    /// For each variant its position and the log loss of each validation row; none where no pick is by log loss.
    pub log_losses: Vec<(usize, Box<[f32]>)>,
}

/// What rows that are not trained on are there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowPart {
    /// To score on.
    Test,
    /// To choose on.
    Validation,
}

impl RowPart {
    /// All parts.
    pub const ALL: [Self; 2] = [Self::Test, Self::Validation];

    /// The part as tables spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Validation => "validation",
        }
    }
}

/// A test row for which a variant predicts another class than the float model.
#[derive(Debug, Clone, PartialEq)]
pub struct FlipRow {
    /// The unit and the variant.
    pub origin: Origin,
    /// Row number in the dataset.
    pub row: u32,
    /// Name of the true class.
    pub truth: Arc<str>,
    /// Name of the class that the float model predicts.
    pub float: Arc<str>,
    /// Name of the class that the variant predicts.
    pub quantized: Arc<str>,
    /// The probability that the float model gives to its class minus the largest that it gives to another.
    pub float_margin: f64,
    /// The probability that the variant gives to its class minus the largest that it gives to another.
    pub quantized_margin: f64,
}

impl FlipRow {
    /// Rows of one variant that are kept, in the order of the test rows.
    pub const MOST: usize = 10;
}

/// A test row whose features are the cells of a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct PictureRow {
    /// The unit that it is a test row of.
    pub unit: Arc<Unit>,
    /// Row number in the dataset.
    pub row: u32,
    /// Cells in a line.
    pub width: usize,
    /// The value of a cell full of ink; 0 is one without.
    pub most: f64,
    /// The cells, line by line.
    pub values: Box<[f64]>,
}

/// The losses of one training: that of a unit's float model, or of a variant with quantization in the loop.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// What was trained.
    pub origin: Origin,
    /// One element per epoch.
    pub losses: Vec<EpochLoss>,
}

/// The loss of one epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EpochLoss {
    /// Sum over the batches of the mean cross-entropy within each batch (notebook 000's).
    pub loss_sum: f64,
    /// Mean cross-entropy per sample.
    pub loss: f64,
}

/// Parameters and errors of one block of one tensor, in the units of the values that were quantized: after the variant's
/// transform.
#[derive(Debug, Clone, PartialEq)]
pub struct TensorRow {
    /// The unit and the variant.
    pub origin: Origin,
    /// `W1`, `b1`, … or the tensor's name.
    pub tensor: Arc<str>,
    /// Block number within the tensor.
    pub block: usize,
    /// Values in the block.
    pub count: usize,
    /// Step between neighbouring levels.
    pub scale: Option<f64>,
    /// Code that stands for zero.
    pub zero_point: Option<f64>,
    /// Sum of squared errors.
    pub sse: f64,
    /// Mean squared error.
    pub mse: f64,
    /// Largest absolute error.
    pub max_error: f64,
    /// Signal-to-quantization-noise ratio in dB.
    pub sqnr_db: f64,
}

/// One value, its code and its reconstruction, in the units that were quantized: after the variant's transform.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueRow {
    /// The unit and the variant.
    pub origin: Origin,
    /// The tensor's name.
    pub tensor: Arc<str>,
    /// Row of the value.
    pub row: usize,
    /// Column of the value.
    pub column: usize,
    /// The value that was quantized.
    pub value: f64,
    /// Its code (with codebooks that of its sub-vector, the stages' codes as digits to the base of the number of
    /// centroids; for floats the bit pattern).
    pub code: i64,
    /// The value the code stands for.
    pub reconstruction: f64,
    /// Reconstruction less value.
    pub error: f64,
}

/// One component of one centroid.
#[derive(Debug, Clone, PartialEq)]
pub struct CodebookRow {
    /// The unit and the variant.
    pub origin: Origin,
    /// The tensor's name.
    pub tensor: Arc<str>,
    /// Codebook number: block of rows by block, within a block place in the row by place (one for all but product
    /// quantization), within a place stage by stage.
    pub codebook: usize,
    /// Centroid number.
    pub centroid: usize,
    /// Component within the centroid.
    pub component: usize,
    /// Its value.
    pub value: f64,
}

/// One dot product of a query with a row of a tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductRow {
    /// The unit and the variant.
    pub origin: Origin,
    /// The tensor's name.
    pub tensor: Arc<str>,
    /// Row of the tensor.
    pub row: usize,
    /// Dot product with the float row.
    pub exact: f64,
    /// Dot product by look-up on the codes.
    pub lookup: f64,
}

/// What of a tensor's error a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorPart {
    /// All of it.
    Whole,
    /// The error of a weight inside the span of the levels.
    Rounding,
    /// The error of a weight outside the span of the levels.
    Clipping,
    /// The error of a bias.
    Bias,
    /// The error of a layer's inputs.
    Activations,
}

impl ErrorPart {
    /// All parts.
    pub const ALL: [Self; 5] = [Self::Whole, Self::Rounding, Self::Clipping, Self::Bias, Self::Activations];

    /// The part as tables spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Rounding => "rounding",
            Self::Clipping => "clipping",
            Self::Bias => "bias",
            Self::Activations => "activations",
        }
    }
}

impl fmt::Display for ErrorPart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// What a row of a histogram shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HistogramKind {
    /// A bar of the float values.
    Float,
    /// A level of the quantized tensor.
    Level,
}

impl HistogramKind {
    /// All kinds.
    pub const ALL: [Self; 2] = [Self::Float, Self::Level];

    /// The kind as tables spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Float => "float",
            Self::Level => "level",
        }
    }
}

impl fmt::Display for HistogramKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// What one part of a variant's error does on the training rows while everything else is float.
///
/// Rows of `tensor = all` have the variant as it is. The others need not add up to it: what is left is their
/// interaction.
#[derive(Debug, Clone, PartialEq)]
pub struct SensitivityRow {
    /// The unit and the variant.
    pub origin: Origin,
    /// `W1`, `b1`, `W2` …, or `all`.
    pub tensor: Arc<str>,
    /// All of the tensor's error, or what made it.
    pub part: ErrorPart,
    /// Bits of one code; `None` of `all` and of what stays f32.
    pub bits: Option<u32>,
    /// True bytes of the tensor.
    pub bytes: Option<u64>,
    /// Mean squared change of the logits.
    pub output_error: f64,
    /// Macro-F1.
    pub macro_f1: f64,
    /// True bytes of the weight with one bit more, by the same scheme; `None` where the format has no such choice, or the
    /// codes were not chosen by rounding to nearest.
    pub next_bytes: Option<u64>,
    /// The output error with it.
    pub next_output_error: Option<f64>,
    /// The output error that it saves for each byte that it costs.
    pub gain_per_byte: Option<f64>,
}

/// A bar of the float weights' histogram, or a level of a quantized tensor with its number of values.
#[derive(Debug, Clone, PartialEq)]
pub struct HistogramRow {
    /// The unit, the plan's first, and the variant; its bars show the float values *after* the variant's transform.
    pub origin: Origin,
    /// The tensor's name.
    pub tensor: Arc<str>,
    /// A bar, or a level (then `low == high`).
    pub kind: HistogramKind,
    /// Left end.
    pub low: f64,
    /// Right end.
    pub high: f64,
    /// Values within.
    pub count: usize,
}

/// One level of a format.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelRow {
    /// The format's name.
    pub format: String,
    /// Bits of one code.
    pub bits: u32,
    /// The level in units of the largest magnitude.
    pub level: f64,
}
