//! What one run writes down: plain rows, one struct a table, in the order of the plan.
//!
//! Records come first, pictures second: the summary, the charts and the report are functions of these rows alone.

use bitsweep_metrics::Interval;
use serde::Serialize;

/// Everything an experiment records.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Records {
    /// One row a model variant (or, without a model, a tensor variant).
    pub results: Vec<ResultRow>,
    /// One row a quantization block (tensor, row, column or group) of each variant.
    pub tensors: Vec<TensorRow>,
    /// One row a test sample and variant.
    pub predictions: Vec<PredictionRow>,
    /// One row a class and variant.
    pub classes: Vec<ClassRow>,
    /// One row a value of each quantized tensor.
    pub values: Vec<ValueRow>,
    /// One row a component of each centroid of each codebook.
    pub codebooks: Vec<CodebookRow>,
    /// One row a dot product computed by look-up.
    pub products: Vec<ProductRow>,
    /// One row a training epoch of each unit, and of each variant that is trained with quantization in the loop.
    pub curve: Vec<CurveRow>,
    /// What each tensor's error does by itself, on the training rows.
    pub sensitivity: Vec<SensitivityRow>,
    /// The distribution of float weights and of quantization levels of the first unit.
    pub histogram: Vec<HistogramRow>,
    /// One row a level of each format whose levels are known beforehand.
    pub levels: Vec<LevelRow>,
}

/// One variant of one unit, on all axes, with all its measures.
///
/// A field that does not apply (a score of a tensor experiment, the scale of an `f16` tensor) is `None` or empty.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ResultRow {
    /// The unit's key: first 12 hexadecimal digits of the hash of its resolved configuration.
    pub unit: String,
    /// The dataset's name, or the tensor's in a tensor experiment.
    pub dataset: String,
    /// Training rows, test rows, features and classes.
    pub shape: Option<DatasetShape>,
    /// `numpy` or `modern`.
    pub rng: String,
    /// The unit's seed.
    pub seed: u64,
    /// The model in a few words: `mlp(100)`, `logistic(one-vs-rest)`; empty in a tensor experiment.
    pub model: String,
    /// Further swept axes of the unit: dotted key and value, e.g. `("train.epochs", "50")`; the same keys in each row.
    pub unit_axes: Vec<(String, String)>,

    /// Position of the variant in its unit; 0 is the float baseline.
    pub variant: usize,
    /// A short name made of the axes that vary: `float`, `8 bit`, `4 bit · row`.
    pub label: String,
    /// The name of the scheme apart from its bits: the line it belongs to in a chart against bits.
    pub series: String,
    /// Bits of one code.
    pub bits: u32,
    /// Bits of one code of the layers' inputs; `None` where they stay float.
    pub activation_bits: Option<u32>,
    /// Whether a code stands for several weights, or a weight takes several codes: the bits of a code are then not those of
    /// a weight, and no measure for a comparison.
    pub has_shared_codes: bool,
    /// The variant's other choices, name and value, in the order of the table's columns: transform, format, granularity,
    /// method, training …. Empty where the choice does not apply.
    pub axes: Vec<(&'static str, String)>,

    /// The bits of each layer's weight where they may differ: `W1 8, W2 4`. No axis: the same variant may have chosen
    /// others in another unit.
    pub layer_bits: String,

    /// Scores on the test rows; `None` in a tensor experiment.
    pub scores: Option<Scores>,
    /// Reconstruction error over all quantized tensors, against the (transformed) float values; of a training with
    /// quantization in the loop against its latent values.
    pub error: ErrorMeasures,
    /// What the method achieved on calibration inputs; `None` without them.
    pub calibration: Option<CalibrationMeasures>,
    /// Of the inputs of all layers on the test rows, the share that lay outside the range of their codes; `None` where
    /// they stay float.
    pub clipped_activations: Option<f64>,
    /// The sizes, in bytes.
    pub size: SizeMeasures,
    /// What the reader must know of this row: `changed nothing`, `zero point outside the codes` …; empty otherwise.
    pub flag: String,
}

/// Rows and columns of the data behind a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatasetShape {
    /// Rows the model is trained on.
    pub train_rows: usize,
    /// Rows it is scored on.
    pub test_rows: usize,
    /// Test rows whose features stand among the training rows, too: what the model says of them shows memory, not skill.
    pub seen_rows: usize,
    /// Columns of the feature matrix.
    pub features: usize,
    /// Distinct classes.
    pub classes: usize,
}

/// How well a variant classifies the test rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// Fraction of test rows classified correctly.
    pub accuracy: Interval,
    /// Unweighted mean of the classes' F1.
    pub macro_f1: Interval,
    /// Mean negative logarithm of the probability given to the true class.
    pub log_loss: f64,
    /// Fraction of test rows on which variant and float model predict the same class.
    pub agreement: f64,
    /// Test rows the float model has right and the variant wrong.
    pub lost: usize,
    /// Test rows the float model has wrong and the variant right.
    pub gained: usize,
    /// Two-sided exact McNemar test of `lost` against `gained`.
    pub p_value: f64,
}

/// Reconstruction error of quantized values.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ErrorMeasures {
    /// Sum of squared errors (notebook 000's "MSE").
    pub sse: f64,
    /// Mean squared error (notebook 001's).
    pub mse: f64,
    /// Largest absolute error.
    pub max_error: f64,
    /// Signal-to-quantization-noise ratio in dB; infinite where nothing was lost.
    pub sqnr_db: f64,
}

/// A calibrated method against rounding to nearest under the same scheme, all layers together.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CalibrationMeasures {
    /// Calibration rows.
    pub rows: usize,
    /// Codes that differ.
    pub codes_changed: usize,
    /// Twice the mean squared output error of the layers with rounding to nearest.
    pub proxy_loss_nearest: f64,
    /// The same with the method.
    pub proxy_loss: f64,
}

/// Sizes in bytes. `payload` is the notebooks' count; the others are lengths of what is serialized.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SizeMeasures {
    /// The notebooks' count: bits of all codes, and biases kept as f32; no scales, zero points, codebooks, padding.
    pub payload: u64,
    /// Packed codes, whole bytes without the padding bits' share.
    pub codes: u64,
    /// Scales.
    pub scales: u64,
    /// Zero points.
    pub zero_points: u64,
    /// Codebooks.
    pub codebooks: u64,
    /// Biases kept in f32.
    pub biases: u64,
    /// Weights kept beside the codes, with their positions.
    pub outliers: u64,
    /// Bytes added so that each tensor's codes end on a byte.
    pub padding: u64,
    /// Bytes of the same tensors in f32 (f64 for f64 tensors).
    pub float: u64,
}

/// Parameters and errors of one block of one tensor.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TensorRow {
    /// The unit's key.
    pub unit: String,
    /// Position of the variant in its unit.
    pub variant: usize,
    /// The variant's label.
    pub label: String,
    /// `W1`, `b1`, … or the tensor's name.
    pub tensor: String,
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

/// One prediction of one variant beside the truth and the float model's.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PredictionRow {
    /// The unit's key.
    pub unit: String,
    /// Position of the variant in its unit.
    pub variant: usize,
    /// The variant's label.
    pub label: String,
    /// Row number in the dataset.
    pub row: usize,
    /// Name of the true class.
    pub truth: String,
    /// Name of the class the float model predicts.
    pub float: String,
    /// Name of the class the quantized model predicts.
    pub quantized: String,
}

/// How well one variant recognizes one class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassRow {
    /// The unit's key.
    pub unit: String,
    /// Position of the variant in its unit.
    pub variant: usize,
    /// The variant's label.
    pub label: String,
    /// Name of the class.
    pub class: String,
    /// Of the rows predicted to be of the class, the fraction that are.
    pub precision: f64,
    /// Of the rows of the class, the fraction predicted to be.
    pub recall: f64,
    /// Harmonic mean of precision and recall.
    pub f1: f64,
    /// Test rows of the class.
    pub support: usize,
}

/// One value, its code and its reconstruction.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ValueRow {
    /// The unit's key.
    pub unit: String,
    /// Position of the variant in its unit.
    pub variant: usize,
    /// The variant's label.
    pub label: String,
    /// The tensor's name.
    pub tensor: String,
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
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CodebookRow {
    /// The unit's key.
    pub unit: String,
    /// Position of the variant in its unit.
    pub variant: usize,
    /// The variant's label.
    pub label: String,
    /// The tensor's name.
    pub tensor: String,
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
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProductRow {
    /// The unit's key.
    pub unit: String,
    /// Position of the variant in its unit.
    pub variant: usize,
    /// The variant's label.
    pub label: String,
    /// The tensor's name.
    pub tensor: String,
    /// Row of the tensor.
    pub row: usize,
    /// Dot product with the float row.
    pub exact: f64,
    /// Dot product by look-up on the codes.
    pub lookup: f64,
}

/// One epoch of training.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CurveRow {
    /// The unit's key.
    pub unit: String,
    /// Position of the variant in its unit; 0 is the float model.
    pub variant: usize,
    /// The variant's label.
    pub label: String,
    /// Epoch, from 0.
    pub epoch: usize,
    /// Sum over the batches of the mean cross-entropy within each batch (notebook 000's).
    pub loss_sum: f64,
    /// Mean cross-entropy per sample.
    pub loss: f64,
}

/// What one part of a variant's error does on the training rows while everything else is float.
///
/// Rows of `tensor = all` have the variant as it is. The others need not add up to it: what is left is their
/// interaction.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SensitivityRow {
    /// The unit's key.
    pub unit: String,
    /// Position of the variant in its unit; 0 is the float model.
    pub variant: usize,
    /// The variant's label.
    pub label: String,
    /// `W1`, `b1`, `W2` …, or `all`.
    pub tensor: String,
    /// `whole`, or what made the error: `rounding` and `clipping` of a weight, `bias`.
    pub part: &'static str,
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
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistogramRow {
    /// Position of the variant in the first unit; its bars show the float values *after* the variant's transform.
    pub variant: usize,
    /// The variant's label.
    pub label: String,
    /// The tensor's name.
    pub tensor: String,
    /// `float` for a bar, `level` for a level (then `low == high`).
    pub kind: &'static str,
    /// Left end.
    pub low: f64,
    /// Right end.
    pub high: f64,
    /// Values within.
    pub count: usize,
}

/// One level of a format.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LevelRow {
    /// The format's name.
    pub format: String,
    /// Bits of one code.
    pub bits: u32,
    /// The level in units of the largest magnitude.
    pub level: f64,
}

impl ResultRow {
    /// The choice on the axis `name`; empty where it does not apply.
    pub fn axis(&self, name: &str) -> &str {
        self.axes.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// Sets the choice on the axis `name`, a new one last.
    pub fn set_axis(&mut self, name: &'static str, value: impl Into<String>) {
        match self.axes.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value.into(),
            None => self.axes.push((name, value.into())),
        }
    }
}

impl SizeMeasures {
    /// Everything that has to be stored.
    pub fn total(&self) -> u64 {
        self.codes
            + self.scales
            + self.zero_points
            + self.codebooks
            + self.biases
            + self.outliers
            + self.padding
    }

    /// Float bytes over all bytes stored.
    pub fn compression(&self) -> f64 {
        self.float as f64 / self.total() as f64
    }
}
