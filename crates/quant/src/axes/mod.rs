//! The axes of choice, one type each, and the two structs that hold them together: what a file says ([`SchemeSpec`])
//! and what will be done ([`Scheme`]).

mod bounded;
mod choice;
mod format;
mod scheme;
mod spec;

pub mod presets;

pub use bounded::{Bits, Centroids, GroupSize, NotAPercentile, OutOfRange, Percentile, Subvectors};
pub use choice::{Axis, CodeRange, Codes, Granularity, Range, Rounding, Symmetry, ZeroPoint};
pub use format::{Format, Grid};
pub use scheme::{Scheme, SchemeError};
pub use spec::{FormatSpec, SchemeSpec, SymmetrySpec};
