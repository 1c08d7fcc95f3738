//! Quantization of plain matrices: a struct of axes ([`Scheme`]) says how, [`SchemeSpec`] is how a file spells it.

mod axes;

pub use axes::presets;
pub use axes::{
    Axis, Bits, Centroids, CodeRange, Codes, Format, FormatSpec, Granularity, Grid, GroupSize,
    Percentile, Range, Rounding, Scheme, SchemeError, SchemeSpec, Subvectors, Symmetry,
    SymmetrySpec, ZeroPoint,
};
