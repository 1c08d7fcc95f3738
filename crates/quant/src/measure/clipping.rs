//! Values beyond the outermost levels.

use ndarray::{Array2, ArrayView2};

use crate::number::{Each, ForEachDtype, Real};
use crate::scheme::{LevelTable, ZeroPoint};
use crate::tensor::{Parameters, QuantizeError, Quantized, SparseOutliers};

struct Clip;

impl ForEachDtype for Clip {
    type Of<T: Real> = fn(&Quantized, &Parameters<T>, ArrayView2<'_, T>) -> Array2<T>;
}

static CLIP: Each<Clip> = Each { of_f32: Quantized::clip, of_f64: Quantized::clip };

impl Quantized {
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
    /// When `original` has another shape or type than the matrix that was quantized.
    pub fn clipped<T: Real>(&self, original: ArrayView2<'_, T>) -> Result<Array2<T>, QuantizeError> {
        self.expect_shape(original.dim())?;
        Ok(CLIP.of()(self, self.parameters()?, original))
    }

    fn clip<T: Real>(&self, parameters: &Parameters<T>, original: ArrayView2<'_, T>) -> Array2<T> {
        let mut clipped = original.to_owned();
        if let Some(ends) = self.ends(parameters) {
            let blocks = self.blocks();
            for ((row, column), value) in clipped.indexed_iter_mut() {
                let (low, high) = ends[blocks.index_of(row, column)];
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
        clipped
    }

    /// The lowest and the highest level of each block; `None` of codebooks.
    fn ends<T: Real>(&self, parameters: &Parameters<T>) -> Option<Vec<(T, T)>> {
        let scheme = self.scheme();
        let blocks = self.blocks().len();
        match parameters {
            Parameters::Codebooks(_) => None,
            Parameters::Fixed(grid) => {
                let (lowest, highest) = grid.end_codes();
                Some(vec![(grid.level(lowest), grid.level(highest)); blocks])
            }
            Parameters::Affine(affine) => {
                let levels: Box<dyn Fn(T, T) -> (T, T)> = match (scheme.levels(), scheme.grid()) {
                    (Some(format), _) => {
                        let (lowest, highest) = LevelTable::new(format).ends();
                        let (lowest, highest) = (T::from_f64(lowest), T::from_f64(highest));
                        Box::new(move |scale, _| (scale * lowest, scale * highest))
                    }
                    (None, Some(grid)) if scheme.zero_point() == Some(ZeroPoint::Minimum) => {
                        let steps = T::from_i32(grid.steps());
                        Box::new(move |scale, minimum| (scale * T::ZERO + minimum, scale * steps + minimum))
                    }
                    (None, Some(grid)) => {
                        let (lowest, highest) = (T::from_i32(grid.lowest), T::from_i32(grid.highest));
                        Box::new(move |scale, zero| (scale * (lowest - zero), scale * (highest - zero)))
                    }
                    // Signs.
                    (None, None) => Box::new(|scale, _| (-scale, scale)),
                };
                let parameters = affine.scales.iter().zip(&affine.zero_points);
                // GGUF's q4_0 and q5_0 have negative scales.
                let ascending =
                    |(first, last): (T, T)| if last < first { (last, first) } else { (first, last) };
                Some(parameters.map(|(&scale, &zero_point)| ascending(levels(scale, zero_point))).collect())
            }
        }
    }
}
