//! Ranges of values, and what they are covered with.

use crate::number::Real;
use crate::scheme::{Grid, LevelTable};

/// A range of values, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Interval<T> {
    pub(crate) low: T,
    pub(crate) high: T,
}

impl<T: Real> Interval<T> {
    /// Whether the range is a single point.
    #[inline(always)]
    pub(crate) fn is_collapsed(self) -> bool {
        self.low == self.high
    }

    /// The range of the values with their signs changed.
    #[inline(always)]
    pub(crate) fn mirrored(self) -> Self {
        Self { low: -self.high, high: -self.low }
    }

    /// The part that lies in another range.
    pub(crate) fn within(self, other: Self) -> Self {
        Self { low: self.low.greater(other.low), high: self.high.lesser(other.high) }
    }

    /// The largest magnitude in the range.
    #[inline(always)]
    pub(crate) fn magnitude(self) -> T {
        self.low.abs().greater(self.high.abs())
    }
}

/// What a range is to be covered with.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Elements<'a> {
    /// An even grid.
    Grid(Grid),
    /// A table of levels.
    Levels(&'a LevelTable),
}
