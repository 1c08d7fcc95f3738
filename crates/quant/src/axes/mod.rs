//! The axes of choice, one type each, and the two structs that hold them together: what a file says ([`SchemeSpec`])
//! and what will be done ([`Scheme`]).

mod bounded;
mod canonical;
mod choice;
mod codebook_format;
mod codebook_layout;
mod format;
mod gguf_type;
mod level_format;
mod minifloat;
mod normal_float;
mod power_of_two;
mod scale_format;
mod scheme;
mod scheme_check;
mod scheme_error;
mod spec;
mod student_float;

pub mod presets;

pub use bounded::{
    Bits, Centroids, ExponentBits, GroupSize, MantissaBits, NotAPercentile, NotAnOutlierPercent, OutOfRange,
    OutlierPercent, Percentile, Stages, Subvectors, Width,
};
pub use choice::{CodeRange, Codes, Granularity, Outliers, Range, Rounding, SchemeAxis, Symmetry, ZeroPoint};
pub use codebook_format::CodebookFormat;
pub use codebook_layout::{CodebookLayout, Partition};
pub use format::{Format, Grid};
pub use gguf_type::GgufType;
pub(crate) use level_format::ScaleRule;
pub use level_format::{LevelFormat, TernaryScale};
pub use minifloat::{Minifloat, NonFinite};
pub use scale_format::ScaleFormat;
pub use scheme::Scheme;
pub use scheme_error::SchemeError;
pub use spec::{FormatSpec, SchemeSpec, SymmetrySpec};
