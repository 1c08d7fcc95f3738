//! The axes of choice, one type each, and the two structs that hold them together: what a file says ([`SchemeSpec`])
//! and what will be done ([`Scheme`]).

mod bounded;
mod canonical;
mod choice;
mod codebook_format;
mod codebook_layout;
mod combinations;
mod format;
mod format_spec;
mod gguf_block;
mod gguf_type;
mod level_format;
mod level_table;
mod minifloat;
mod normal_float;
mod point;
mod power_of_two;
mod rules;
mod scale_format;
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
pub use codebook_layout::{CentroidSearch, CodebookLayout, Partition};
pub(crate) use combinations::{CHOICES, SUBJECTS, of_schemes};
pub use combinations::{Combination, Verdict};
pub use format::{Format, Grid};
pub use format_spec::FormatSpec;
pub use gguf_block::GgufBlock;
pub use gguf_type::GgufType;
pub(crate) use level_format::ScaleRule;
pub use level_format::{LevelFormat, TernaryScale};
pub(crate) use level_table::LevelTable;
pub use minifloat::{Minifloat, NonFinite};
pub use point::Scheme;
pub use scale_format::ScaleFormat;
pub use scheme_error::SchemeError;
pub use spec::{SchemeSpec, SymmetrySpec};
