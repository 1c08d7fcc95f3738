//! Where the sub-vectors of a row begin and end.

use std::ops::Range;

use crate::scheme::Partition;

use super::error::QuantizeError;

/// How each row of `columns` values falls into sub-vectors, and which codebooks these have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Split {
    columns: usize,
    partition: Partition,
}

impl Split {
    /// The split of rows of `columns` values; an empty row has nothing to split.
    pub(crate) fn new(columns: usize, partition: Partition) -> Result<Self, QuantizeError> {
        match partition {
            Partition::Own(subvectors) if columns > 0 && subvectors.get() as usize > columns => {
                Err(QuantizeError::TooFewColumns { subvectors: subvectors.get() as usize, columns })
            }
            Partition::Own(_) | Partition::Shared(_) => Ok(Self { columns, partition }),
        }
    }

    /// Values of a row.
    pub(crate) const fn columns(&self) -> usize {
        self.columns
    }

    /// Sub-vectors of a row.
    pub(crate) const fn subvectors(&self) -> usize {
        match self.partition {
            Partition::Shared(width) => self.columns.div_ceil(width.get() as usize),
            Partition::Own(_) if self.columns == 0 => 0,
            Partition::Own(subvectors) => subvectors.get() as usize,
        }
    }

    /// The columns of one sub-vector.
    pub(crate) fn columns_of(&self, subvector: usize) -> Range<usize> {
        match self.partition {
            Partition::Shared(width) => {
                let width = width.get() as usize;
                subvector * width..((subvector + 1) * width).min(self.columns)
            }
            Partition::Own(subvectors) => {
                let (width, wider) =
                    (self.columns / subvectors.get() as usize, self.columns % subvectors.get() as usize);
                let start = |subvector: usize| subvector * width + subvector.min(wider);
                start(subvector)..start(subvector + 1)
            }
        }
    }

    /// The sub-vector that a column belongs to.
    pub(crate) const fn subvector_of(&self, column: usize) -> usize {
        match self.partition {
            Partition::Shared(width) => column / width.get() as usize,
            Partition::Own(subvectors) => {
                let (width, wider) =
                    (self.columns / subvectors.get() as usize, self.columns % subvectors.get() as usize);
                let in_wider = wider * (width + 1);
                if column < in_wider { column / (width + 1) } else { wider + (column - in_wider) / width }
            }
        }
    }

    /// Places with codebooks of their own: one for all sub-vectors, or each of them.
    pub(crate) const fn places(&self) -> usize {
        match self.partition {
            Partition::Shared(_) => (self.columns > 0) as usize,
            Partition::Own(_) => self.subvectors(),
        }
    }

    /// The sub-vectors at one place.
    pub(crate) fn subvectors_at(&self, place: usize) -> Range<usize> {
        match self.partition {
            Partition::Shared(_) => 0..self.subvectors(),
            Partition::Own(_) => place..place + 1,
        }
    }

    /// The place of a sub-vector.
    pub(crate) const fn place_of(&self, subvector: usize) -> usize {
        match self.partition {
            Partition::Shared(_) => 0,
            Partition::Own(_) => subvector,
        }
    }

    /// Components of the centroids at one place: all sub-vectors there are as wide, or shorter at the end of a row.
    pub(crate) fn width_at(&self, place: usize) -> usize {
        match self.partition {
            Partition::Shared(width) => self.columns.min(width.get() as usize),
            Partition::Own(_) => self.columns_of(place).len(),
        }
    }

    /// Whether all values share one table of values.
    pub(crate) const fn is_scalar(&self) -> bool {
        match self.partition {
            Partition::Shared(width) => width.get() == 1,
            Partition::Own(_) => false,
        }
    }
}
