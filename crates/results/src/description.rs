//! What is said of each axis of choice, wherever it is spoken of: the one table of names, keys, plain values and words.

use std::fmt;

use crate::choice::Choice;
use crate::numbers::with_noun;
use crate::value::Value;

/// What is commonly expected of a choice against the plain one on its axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expectation {
    /// It takes work or bytes, and is made for a better model.
    Better,
    /// It saves bytes, or is simpler, and may cost some of the score.
    Worse,
    /// Neither.
    Open,
}

/// What is said of one axis, wherever it is spoken of.
#[derive(Debug, Clone, Copy)]
pub struct Description {
    /// Its name in tables.
    pub column: &'static str,
    /// Its key in an experiment's file.
    pub key: &'static str,
    /// The values that others are compared with, as a reader sees them, the plainest first; where none of them occurs, the
    /// first that does.
    pub plain: &'static [&'static str],
    /// What is expected of the other values.
    pub expectation: Expectation,
    /// Axes whose values follow from this one's: variants that differ in them, too, still differ in this choice alone.
    pub followers: &'static [Choice],
    /// Rank among the axes that a label may name, the most telling first.
    pub rank: u8,
    /// A value as it reads within a label.
    pub words: fn(&Value) -> String,
}

impl Description {
    /// The axis in words: `bias correction`.
    #[must_use]
    pub fn name(&self) -> String {
        self.column.replace('_', " ")
    }
}

use Expectation::{Better, Open, Worse};

impl Choice {
    /// What is said of this axis.
    #[must_use]
    pub const fn description(self) -> &'static Description {
        match self {
            Self::Bits => &BITS,
            Self::ActivationBits => &ACTIVATION_BITS,
            Self::Transform => &TRANSFORM,
            Self::Biases => &BIASES,
            Self::Scaler => &SCALER,
            Self::Format => &FORMAT,
            Self::Symmetry => &SYMMETRY,
            Self::ZeroPoint => &ZERO_POINT,
            Self::Codes => &CODES,
            Self::CodeRange => &CODE_RANGE,
            Self::Granularity => &GRANULARITY,
            Self::ScaleFormat => &SCALE_FORMAT,
            Self::CodebookFormat => &CODEBOOK_FORMAT,
            Self::Range => &RANGE,
            Self::Rounding => &ROUNDING,
            Self::Outliers => &OUTLIERS,
            Self::Layers => &LAYERS,
            Self::Allocation => &ALLOCATION,
            Self::Budget => &BUDGET,
            Self::Activations => &ACTIVATIONS,
            Self::Method => &METHOD,
            Self::BiasCorrection => &BIAS_CORRECTION,
            Self::Calibration => &CALIBRATION,
            Self::Training => &TRAINING,
        }
    }

    /// Its name in tables.
    #[must_use]
    pub const fn column(self) -> &'static str {
        self.description().column
    }

    /// The axis of a table's column; `None` where no axis is called so.
    #[must_use]
    pub fn from_column(column: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.column() == column)
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.column())
    }
}

/// The common case: an axis of which nothing is expected, whose values read as they are.
const fn axis(column: &'static str, key: &'static str, rank: u8) -> Description {
    Description { column, key, plain: &[], expectation: Open, followers: &[], rank, words: plainly }
}

const BITS: Description =
    Description { words: |bits| format!("{bits} bit"), ..axis("bits", "quantize.weights.bits", 0) };

const ALLOCATION: Description =
    Description { plain: &["uniform"], expectation: Better, ..axis("allocation", "quantize.mixed", 1) };

const BUDGET: Description = Description { words: bound, ..axis("budget", "quantize.mixed.budget", 2) };

const LAYERS: Description = axis("layers", "quantize.layers", 3);

const ACTIVATION_BITS: Description = Description {
    words: |bits| format!("A{bits}"),
    ..axis("activation_bits", "quantize.activations.bits", 4)
};

const ACTIVATIONS: Description =
    Description { plain: &["static"], expectation: Better, ..axis("activations", "quantize.activations", 5) };

const TRAINING: Description = Description {
    plain: &["post-training"],
    expectation: Better,
    ..axis("training", "quantize.training", 6)
};

const FORMAT: Description = Description { plain: &["int"], ..axis("format", "quantize.weights.format", 7) };

/// An asymmetric grid has a zero point and codes of its own.
const SYMMETRY: Description = Description {
    plain: &["symmetric"],
    expectation: Better,
    followers: &[Choice::ZeroPoint, Choice::Codes, Choice::CodeRange],
    ..axis("symmetry", "quantize.weights.symmetry", 8)
};

const GRANULARITY: Description = Description {
    plain: &["tensor", "input-channel", "output-channel", "row", "column"],
    expectation: Better,
    words: per,
    ..axis("granularity", "quantize.weights.granularity", 9)
};

const SCALE_FORMAT: Description = Description {
    plain: &["float"],
    expectation: Worse,
    words: |format| format!("{format} scale"),
    ..axis("scale_format", "quantize.weights.scale_format", 10)
};

const CODEBOOK_FORMAT: Description = Description {
    plain: &["float"],
    expectation: Worse,
    words: |format| format!("{format} codebook"),
    ..axis("codebook_format", "quantize.weights.codebook_format", 11)
};

const RANGE: Description =
    Description { plain: &["min-max"], expectation: Better, ..axis("range", "quantize.weights.range", 12) };

const ROUNDING: Description = Description {
    plain: &["nearest-even"],
    expectation: Worse,
    ..axis("rounding", "quantize.weights.rounding", 13)
};

const OUTLIERS: Description = Description {
    plain: &["none"],
    expectation: Better,
    words: kept_outliers,
    ..axis("outliers", "quantize.weights.outliers", 14)
};

const METHOD: Description =
    Description { plain: &["nearest"], expectation: Better, ..axis("method", "quantize.method", 15) };

const BIAS_CORRECTION: Description = Description {
    plain: &["none"],
    expectation: Better,
    words: |correction| {
        if correction.is("none") {
            "no bias correction".to_owned()
        } else {
            format!("{correction} bias correction")
        }
    },
    ..axis("bias_correction", "quantize.bias_correction", 16)
};

const TRANSFORM: Description = Description {
    plain: &["none"],
    expectation: Better,
    words: |transform| if transform.is("none") { "not equalized".to_owned() } else { transform.to_string() },
    ..axis("transform", "quantize.transform", 17)
};

const BIASES: Description = Description {
    plain: &["keep"],
    expectation: Worse,
    words: |biases| format!("biases {}", if biases.is("keep") { "kept" } else { "quantized" }),
    ..axis("biases", "quantize.biases", 18)
};

const SCALER: Description = Description {
    plain: &["count"],
    expectation: Worse,
    words: |scaler| format!("scaler {}", if scaler.is("fold") { "folded" } else { "counted" }),
    ..axis("scaler", "quantize.scaler", 19)
};

/// Other choices ask for calibration rows: it is named where nothing else tells variants apart.
const CALIBRATION: Description =
    Description { words: calibrated, ..axis("calibration", "quantize.calibration", 20) };

const ZERO_POINT: Description = Description {
    words: |zero_point| format!("{zero_point} zero point"),
    ..axis("zero_point", "quantize.weights.zero_point", 21)
};

const CODES: Description =
    Description { words: |codes| format!("{codes} codes"), ..axis("codes", "quantize.weights.codes", 22) };

const CODE_RANGE: Description = Description {
    words: |range| format!("{range} range"),
    ..axis("code_range", "quantize.weights.code_range", 23)
};

fn plainly(value: &Value) -> String {
    value.to_string()
}

/// A value with its noun, as it was configured: without separators.
fn several(value: &impl fmt::Display, one: &str, many: &str) -> String {
    with_noun(&value.to_string(), one, many)
}

/// `per output channel`, `per group 16`, `per 4 rows`.
fn per(granularity: &Value) -> String {
    match granularity.entry("rows") {
        Some(rows) => format!("per {}", several(&rows, "row", "rows")),
        None => format!("per {}", granularity.to_string().replace('-', " ")),
    }
}

/// `no outliers`, `1 % outliers`.
fn kept_outliers(outliers: &Value) -> String {
    match outliers.entry("percent") {
        Some(percent) => format!("{percent} % outliers"),
        None if outliers.is("none") => "no outliers".to_owned(),
        None => format!("{outliers} outliers"),
    }
}

/// `calibrated on all training rows`, `calibrated on 64 rows`.
fn calibrated(rows: &Value) -> String {
    let count = rows.as_number().or_else(|| rows.entry("rows")?.as_number());
    match count {
        Some(count) => format!("calibrated on {}", several(&count, "row", "rows")),
        None if rows.is("all") => "calibrated on all training rows".to_owned(),
        None => format!("calibrated on {rows}"),
    }
}

/// A budget as a bound: `≤ 900 bytes`, `macro-F1 loss ≤ 0.01`.
fn bound(budget: &Value) -> String {
    let of = |key: &str| budget.entry(key);
    if let Some(bytes) = of("bytes") {
        return format!("≤ {}", several(&bytes, "byte", "bytes"));
    }
    if let Some(bits) = of("bits_per_weight") {
        return format!("≤ {} a weight", several(&bits, "bit", "bits"));
    }
    if let Some(bits) = of("uniform_bits") {
        return format!("≤ {bits} bit");
    }
    if let Some(loss) = of("macro_f1_loss") {
        return format!("macro-F1 loss ≤ {loss}");
    }
    if let Some(error) = of("output_error") {
        return format!("output error ≤ {error}");
    }
    let text = budget.to_string();
    match text.rsplit_once(' ') {
        Some((measure, most)) if !text.starts_with(|first: char| first.is_ascii_digit()) => {
            format!("{measure} ≤ {most}")
        }
        Some(_) | None => format!("≤ {text}"),
    }
}
