//! The few largest weights, kept as they are beside the codes of all others.

use crate::number::{BINARY16_ROUNDING, Real, decode_binary16, encode_binary16};
use crate::scheme::OutlierPercent;

use super::blocks::Blocks;
use super::code_matrix::CodeMatrix;
use super::far::FarParameters;
use super::reader::{Reader, UnpackError};

/// Bits of a position's gap in one byte; the highest bit says that another byte follows.
const GAP_BITS: u32 = 7;
/// The bit that says so.
const CONTINUED: u8 = 1 << GAP_BITS;

/// Weights of largest magnitude, as 16-bit floats at their positions in the row-major matrix (the sparse part of
/// SqueezeLLM's dense-and-sparse decomposition, Kim et al. 2024, §4.2; the outliers of SpQR, Dettmers et al. 2024, which
/// chooses them by their effect instead).
///
/// Packed as one entry after another in order of position: the number of weights since the entry before (or the start),
/// 7 bits a byte, the low ones first, the highest bit set where another byte follows (LEB128); then the float's two bytes.
/// At 1 % an entry takes 3 or 4 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SparseOutliers {
    /// Ascending.
    positions: Vec<usize>,
    /// Bit patterns of binary16.
    values: Vec<u16>,
}

impl SparseOutliers {
    /// How many of `count` weights are outliers: `⌈n·p/100⌉`.
    fn count(percent: OutlierPercent, count: usize) -> usize {
        ((count as f64 * percent.get() / 100.0).ceil() as usize).min(count)
    }

    /// The largest of finite row-major `values`; of equal ones those that come first.
    pub(crate) fn largest<T: Real>(values: &[T], percent: OutlierPercent) -> Self {
        let mut positions: Vec<usize> = (0..values.len()).collect();
        // Stable: equal magnitudes stay in order.
        positions.sort_by(|&a, &b| values[b].abs().total_cmp(&values[a].abs()));
        positions.truncate(Self::count(percent, values.len()));
        positions.sort_unstable();
        let values = positions.iter().map(|&position| encode_binary16(values[position].to_f64())).collect();
        Self { positions, values }
    }

    /// Notes those that are stored far from what they are among row-major `values`.
    pub(crate) fn note_far<T: Real>(&self, values: &[T], far: &mut FarParameters) {
        for (position, stored) in self.entries() {
            far.note(values[position].to_f64(), stored, Some(BINARY16_ROUNDING));
        }
    }

    /// The values with every outlier brought into the range of the other values of its block, so that the range of the
    /// block is theirs; 0 in a block of nothing but outliers.
    pub(crate) fn taken_off<T: Real>(&self, values: &[T], blocks: &Blocks) -> Vec<T> {
        let mut is_outlier = vec![false; values.len()];
        self.positions.iter().for_each(|&position| is_outlier[position] = true);
        let mut rest = values.to_vec();
        for block in blocks.iter() {
            let others = || block.positions().filter(|&position| !is_outlier[position]);
            let ends = others().map(|position| (values[position], values[position]));
            let ends = ends.reduce(|(low, high), (value, _)| (value.lesser(low), value.greater(high)));
            let (low, high) = ends.unwrap_or((T::ZERO, T::ZERO));
            for position in block.positions().filter(|&position| is_outlier[position]) {
                rest[position] = values[position].greater(low).lesser(high);
            }
        }
        rest
    }

    /// Position in the row-major matrix and value of each outlier, in order of position.
    pub fn entries(&self) -> impl Iterator<Item = (usize, f64)> {
        self.positions.iter().zip(&self.values).map(|(&position, &value)| (position, decode_binary16(value)))
    }

    /// Puts the outliers into a reconstruction.
    pub(crate) fn put_back<T: Real>(&self, values: &mut [T]) {
        for (position, value) in self.entries() {
            values[position] = T::from_f64(value);
        }
    }

    /// Gives the places of outliers, whose codes mean nothing, one and the same code.
    pub(crate) fn blank(&self, codes: &mut CodeMatrix, code: i32) {
        self.positions.iter().for_each(|&position| codes.set(position, code));
    }

    /// Number of outliers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Whether there are none, as in an empty matrix.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// Positions in the row-major matrix, ascending.
    #[must_use]
    pub fn positions(&self) -> &[usize] {
        &self.positions
    }

    fn gaps(&self) -> impl Iterator<Item = usize> {
        let before = std::iter::once(0).chain(self.positions.iter().map(|position| position + 1));
        self.positions.iter().zip(before).map(|(position, before)| position - before)
    }

    /// Bytes that [`append_to`](Self::append_to) writes.
    pub(crate) fn bytes(&self) -> usize {
        let of_gap = |gap: usize| (usize::BITS - gap.leading_zeros()).div_ceil(GAP_BITS).max(1) as usize;
        self.gaps().map(of_gap).sum::<usize>() + self.values.len() * size_of::<u16>()
    }

    /// Appends all entries.
    pub(crate) fn append_to(&self, bytes: &mut Vec<u8>) {
        for (mut gap, value) in self.gaps().zip(&self.values) {
            while gap >= usize::from(CONTINUED) {
                bytes.push(CONTINUED | (gap % usize::from(CONTINUED)) as u8);
                gap >>= GAP_BITS;
            }
            bytes.push(gap as u8);
            bytes.extend(value.to_le_bytes());
        }
    }

    /// The outliers of a matrix of `count` values.
    pub(crate) fn read(
        reader: &mut Reader<'_>,
        percent: OutlierPercent,
        count: usize,
    ) -> Result<Self, UnpackError> {
        let wanted = Self::count(percent, count);
        let mut outliers = Self { positions: Vec::new(), values: Vec::new() };
        let mut next = 0_usize;
        while outliers.len() < wanted {
            let mut gap = 0_usize;
            let mut shift = 0;
            loop {
                let [byte] = reader.array()?;
                let part = usize::from(byte & !CONTINUED);
                // Beyond the matrix at the latest here; a shift may not run out of bits before that is seen.
                if shift >= usize::BITS || part > usize::MAX >> shift {
                    return Err(UnpackError::OutlierPosition { count });
                }
                gap |= part << shift;
                shift += GAP_BITS;
                if byte & CONTINUED == 0 {
                    break;
                }
            }
            let position = next.checked_add(gap).filter(|position| *position < count);
            let position = position.ok_or(UnpackError::OutlierPosition { count })?;
            let value = u16::from_le_bytes(reader.array()?);
            if !decode_binary16(value).is_finite() {
                return Err(UnpackError::NotFinite { value: decode_binary16(value) });
            }
            outliers.positions.push(position);
            outliers.values.push(value);
            next = position + 1;
        }
        Ok(outliers)
    }
}
