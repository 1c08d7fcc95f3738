//! What becomes of the rescaled sums of a layer.

use bitsweep_quant::{Grid, Rescale};

use super::table::Table;

/// What becomes of the rescaled sums `v` of a layer.
#[derive(Debug, Clone, PartialEq)]
pub enum Outputs {
    /// Codes of the next layer, `v + zero_point` within the limits of the activation and of the grid.
    Codes {
        /// The code of 0.
        zero_point: i32,
        /// The codes that the activation gives, where nothing else limits them.
        activation: Grid,
        /// The codes that there are.
        grid: Grid,
        /// LeakyReLU's multipliers of negative sums.
        negative: Option<Rescale>,
    },
    /// Codes of the next layer by a table of the activation.
    Table(Table),
    /// Logits, `v` times this step.
    Logits {
        /// What 1 stands for.
        step: f64,
    },
}

/// The number of a grid that is nearest to `code`.
pub(super) fn clamp(code: i64, grid: Grid) -> i32 {
    code.clamp(i64::from(grid.lowest), i64::from(grid.highest)) as i32
}
