//! The look of the charts: colours, type, scales, frames and labels, on plotters' SVG backend.
//!
//! plotters draws; scales and frames are ours, for two reasons. Its logarithmic coordinate calls the C library, whose
//! last digit differs between machines, and its mesh gives no say over what a chart for print needs: a quiet grid, no
//! box, ticks where the data are, labels beside the lines.

pub(crate) mod bars;
pub(crate) mod canvas;
pub(crate) mod colour;
pub(crate) mod frame;
pub(crate) mod label;
pub(crate) mod legend;
pub(crate) mod scale;
pub(crate) mod text;
