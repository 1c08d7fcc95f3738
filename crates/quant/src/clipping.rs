//! Values beyond the outermost levels.

use ndarray::{Array2, ArrayView2};

use crate::axes::LevelFormat;
use crate::error::QuantizeError;
use crate::levels::LevelTable;
use crate::outliers::SparseOutliers;
use crate::quantized::{FixedGrid, Parameters, Quantized};
use crate::real::Real;

/// Codes of the lowest and the highest finite 16-bit floats: binary16's ±65504, bfloat16's ±3.39e38.
const BINARY16_ENDS: (i32, i32) = (0xfbff, 0x7bff);
const BFLOAT16_ENDS: (i32, i32) = (0xff7f, 0x7f7f);

impl<T: Real> Quantized<T> {
    /// The values `original` moved into the span of the levels of their block: `c = min(max(w, l₁), l₂)`, where `l₁` and
    /// `l₂` are the values of the outermost codes.
    ///
    /// It splits an error in two, `ŵ - w = (c - w) + (ŵ - c)`: clipping, and rounding. Of codebooks, which
    /// have no range, and of outliers beside the codes nothing is moved: all error is rounding.
    ///
    /// ```
    /// use bitsweep_quant::{SchemeSpec, quantize};
    /// use bitsweep_random::{Generator, Stream};
    /// use ndarray::array;
    ///
    /// let weights = array![[-1.0, 0.25, 0.5, 8.0]];
    /// let spec: SchemeSpec = toml::from_str("bits = 2\nrange = { percentile = 75 }").unwrap();
    /// let mut stream = Stream::new(Generator::Modern, 0, "quantize").unwrap();
    /// let quantized = quantize(weights.view(), &spec.resolve().unwrap(), &mut stream).unwrap();
    /// assert_eq!(quantized.clipped(weights.view()).unwrap(), array![[-1.0, 0.25, 0.5, 2.75]]);
    /// ```
    ///
    /// # Errors
    /// When `original` has another shape than the matrix that was quantized.
    pub fn clipped(&self, original: ArrayView2<'_, T>) -> Result<Array2<T>, QuantizeError> {
        if original.dim() != self.shape() {
            return Err(QuantizeError::Shape { expected: self.shape(), found: original.dim() });
        }
        let mut clipped = original.to_owned();
        if let Some((lowest, highest)) = self.outermost_codes() {
            let ends = self.all_of(lowest).into_iter().zip(self.all_of(highest));
            for (value, (first, last)) in clipped.iter_mut().zip(ends) {
                // GGUF's q4_0 and q5_0 have negative scales.
                let (low, high) = if first <= last { (first, last) } else { (last, first) };
                if *value < low {
                    *value = low;
                } else if *value > high {
                    *value = high;
                }
            }
        }
        for &position in self.outliers().map(SparseOutliers::positions).unwrap_or_default() {
            let place = (position / original.ncols(), position % original.ncols());
            clipped[place] = original[place];
        }
        Ok(clipped)
    }

    /// The codes of the lowest and the highest level; `None` of codebooks.
    fn outermost_codes(&self) -> Option<(i32, i32)> {
        let scheme = self.scheme();
        match self.parameters() {
            Parameters::Affine(_) => Some(match (scheme.levels(), scheme.grid()) {
                (Some(format), _) => outermost_levels(format),
                (None, Some(grid)) => (grid.lowest, grid.highest),
                // Signs.
                (None, None) => (-1, 1),
            }),
            Parameters::Codebooks(_) => None,
            Parameters::Fixed(FixedGrid::Float16) => Some(BINARY16_ENDS),
            Parameters::Fixed(FixedGrid::BFloat16) => Some(BFLOAT16_ENDS),
            Parameters::Fixed(FixedGrid::DoReFa(_) | FixedGrid::Wrpn(_)) => {
                scheme.grid().map(|grid| (grid.lowest, grid.highest))
            }
        }
    }

    /// What every place would hold if its code were `code`.
    fn all_of(&self, code: i32) -> Array2<T> {
        let codes = vec![code; self.codes().len()];
        Quantized::new(self.shape(), *self.scheme(), codes, self.parameters().clone()).reconstruct()
    }
}

fn outermost_levels(format: LevelFormat) -> (i32, i32) {
    LevelTable::new(format).outermost_codes()
}
