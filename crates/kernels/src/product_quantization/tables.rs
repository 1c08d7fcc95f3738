//! What a query makes of centroids.

use super::centroid_bits::CentroidBits;
use crate::error::{KernelError, check_finite, check_length, elements};

/// The dot products of a query's parts with the centroids, `(subspaces, centroids)`.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryTables {
    pub(super) bits: CentroidBits,
    /// Padded with zeros to whole words of codes.
    pub(super) values: Vec<f32>,
    pub(super) subspaces: usize,
}

impl QueryTables {
    /// The tables of a `query` of `subspaces` parts of one length, with `centroids`, `(subspaces, centroids, length)`.
    ///
    /// A dot product is summed element by element, products and sums rounded to `f32`.
    ///
    /// # Errors
    /// A query that is not of so many parts, another number of centroids, and numbers that are not finite.
    ///
    /// ```
    /// use bitsweep_kernels::{CentroidBits, QueryTables};
    ///
    /// let mut centroids = [0.0; 2 * 16 * 1];
    /// (centroids[3], centroids[16 + 5]) = (1.0, 10.0);
    /// let tables = QueryTables::new(CentroidBits::Four, 2, &[2.0, -1.0], &centroids)?;
    /// assert_eq!((tables.get(0, 3), tables.get(1, 5)), (2.0, -10.0));
    /// # Ok::<(), bitsweep_kernels::KernelError>(())
    /// ```
    pub fn new(
        bits: CentroidBits,
        subspaces: usize,
        query: &[f32],
        centroids: &[f32],
    ) -> Result<Self, KernelError> {
        let length = query.len().checked_div(subspaces).unwrap_or(0);
        check_length("elements of the query", subspaces * length, query.len())?;
        check_finite("element of the query", query)?;
        check_length("elements of centroids", elements(query.len(), bits.centroids())?, centroids.len())?;
        check_finite("element of centroids", centroids)?;
        let mut values = Vec::with_capacity(elements(subspaces, bits.centroids())?);
        for subspace in 0..subspaces {
            let query = &query[subspace * length..][..length];
            for centroid in 0..bits.centroids() {
                let centroid = &centroids[(subspace * bits.centroids() + centroid) * length..][..length];
                values.push(query.iter().zip(centroid).fold(0.0, |sum, (left, right)| sum + left * right));
            }
        }
        Self::of_values(bits, subspaces, &values)
    }

    /// Tables that are there already, `(subspaces, centroids)`.
    ///
    /// # Errors
    /// Another number of values, and such as are not finite.
    pub fn of_values(bits: CentroidBits, subspaces: usize, values: &[f32]) -> Result<Self, KernelError> {
        check_length("values of tables", elements(subspaces, bits.centroids())?, values.len())?;
        check_finite("value of tables", values)?;
        let mut values = values.to_vec();
        values.resize(subspaces.next_multiple_of(bits.codes_of_word()) * bits.centroids(), 0.0);
        Ok(Self { bits, values, subspaces })
    }

    /// The dot product of the query's part in `subspace` with a centroid there.
    ///
    /// # Panics
    /// When there is no such subspace or centroid.
    #[must_use]
    pub fn get(&self, subspace: usize, centroid: usize) -> f32 {
        assert!(subspace < self.subspaces && centroid < self.bits.centroids());
        self.values[subspace * self.bits.centroids() + centroid]
    }
}

/// Tables of 16 centroids a subspace as bytes: an entry is about `scale·byte`, and the lowest of each subspace, whose sum is `bias`.
#[derive(Debug, Clone, PartialEq)]
pub struct ByteTables {
    /// Padded to an even number of subspaces.
    pub(super) bytes: Vec<[u8; 16]>,
    pub(super) subspaces: usize,
    scale: f32,
    bias: f32,
}

impl ByteTables {
    /// The most subspaces whose sums 16 bits hold.
    pub const MOST_SUBSPACES: usize = 257;

    /// The bytes of `tables` in steps of one size, the least by which all ranges are at most 255.
    ///
    /// # Errors
    /// Tables of another number of centroids than 16, and of more than [`MOST_SUBSPACES`](Self::MOST_SUBSPACES).
    pub fn new(tables: &QueryTables) -> Result<Self, KernelError> {
        check_length("centroids of a subspace", 16, tables.bits.centroids())?;
        if tables.subspaces > Self::MOST_SUBSPACES {
            return Err(KernelError::Overflow { inputs: tables.subspaces, product: 255, bits: 16 });
        }
        let parts = &tables.values.as_chunks::<16>().0[..tables.subspaces];
        let lowest: Vec<f32> =
            parts.iter().map(|part| part.iter().copied().fold(f32::INFINITY, f32::min)).collect();
        let range = parts
            .iter()
            .zip(&lowest)
            .map(|(part, lowest)| part.iter().fold(0.0_f32, |range, value| range.max(value - lowest)));
        let range = range.fold(0.0, f32::max);
        let scale = if range > 0.0 && range / 255.0 > 0.0 { range / 255.0 } else { 1.0 };
        if !scale.is_finite() {
            return Err(KernelError::NotFinite { what: "range of tables", position: 0 });
        }
        let bytes = parts.iter().zip(&lowest).map(|(part, lowest)| {
            // Whole and within the range.
            part.map(|value| ((value - lowest) / scale).round_ties_even().clamp(0.0, 255.0) as u8)
        });
        let mut bytes: Vec<[u8; 16]> = bytes.collect();
        bytes.resize(tables.subspaces.next_multiple_of(2), [0; 16]);
        Ok(Self { bytes, subspaces: tables.subspaces, scale, bias: lowest.iter().sum() })
    }

    /// The byte of a centroid.
    ///
    /// # Panics
    /// When there is no such subspace or centroid.
    #[must_use]
    pub fn get(&self, subspace: usize, centroid: usize) -> u8 {
        self.bytes[subspace][centroid]
    }

    /// What a sum of bytes stands for: `bias + scale·sum`.
    #[must_use]
    pub fn dot_product(&self, sum: u16) -> f32 {
        self.bias + self.scale * f32::from(sum)
    }
}
