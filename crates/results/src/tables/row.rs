//! What a plain table declares of itself.

use super::field::Cell;
use crate::origin::Origin;

/// How a row of a table says what it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// By unit, variant and label.
    Unit,
    /// By variant and label; the unit is the plan's first.
    FirstUnit,
    /// It is of no variant.
    None,
}

impl Identity {
    /// The columns in front of a table's own.
    #[must_use]
    pub const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Unit => &["unit", "variant", "label"],
            Self::FirstUnit => &["variant", "label"],
            Self::None => &[],
        }
    }
}

/// A row of a plain table.
pub trait TableRow: Sized {
    /// The stem of the table's file: `tensors`.
    const NAME: &'static str;
    /// How a row says what it is of.
    const IDENTITY: Identity;
    /// The columns behind those of the identity.
    const COLUMNS: &'static [&'static str];

    /// What the row is of.
    fn origin(&self) -> Option<&Origin>;

    /// The cells of [`COLUMNS`](Self::COLUMNS).
    fn cells(&self) -> Vec<Cell<'_>>;

    /// The row of a line's cells; `None` where the identity needs an origin and there is none.
    ///
    /// # Errors
    /// Which cell is not what its column holds.
    fn read(origin: Option<Origin>, cells: &[&str]) -> Result<Option<Self>, BadCell>;
}

/// A cell that is not what its column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadCell {
    /// Position of the column among the table's own.
    pub column: usize,
    /// What was expected.
    pub expected: &'static str,
}
