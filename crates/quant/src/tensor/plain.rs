//! The parameters of a quantized matrix as plain numbers, for files of other tools.

use crate::number::Real;
use crate::scheme::Format;

use super::affine::Affine;
use super::nested_scales::nested_table;
use super::parameters::Parameters;
use super::quantized::Quantized;
use super::stored::with_parameters;

impl Quantized {
    /// Scales and zero points (or minimums) of all blocks with their numbers in `f64`, which is exact; `None` where the format
    /// has no scales.
    #[must_use]
    pub fn affine(&self) -> Option<Affine<f64>> {
        with_parameters!(self.stored_parameters(), parameters => match parameters {
            Parameters::Affine(affine) => Some(Affine {
                scales: affine.scales.iter().map(|scale| scale.to_f64()).collect(),
                zero_points: affine.zero_points.iter().map(|zero_point| zero_point.to_f64()).collect(),
                nested: affine.nested.clone(),
            }),
            Parameters::Codebooks(_) | Parameters::Fixed(_) => None,
        })
    }

    /// What each code of [nested scales](crate::NestedScales) stands for, from code 0 on, NaN of codes that are no number;
    /// `None` where scales are not nested.
    #[must_use]
    pub fn scale_levels(&self) -> Option<Vec<f64>> {
        let table = nested_table(self.scheme().scale_format)?;
        Some((0..=u8::MAX).map(i32::from).map(|code| table.get(code).unwrap_or(f64::NAN)).collect())
    }

    /// The sub-vector of its row that each column belongs to, counted from 0; `None` where the format has no codebooks.
    #[must_use]
    pub fn subvectors(&self) -> Option<Vec<usize>> {
        let Format::Codebook(layout) = self.scheme().format else { return None };
        let stages = layout.stages.get() as usize;
        with_parameters!(self.stored_parameters(), parameters => match parameters {
            Parameters::Codebooks(codebooks) => {
                let subvector = |column| codebooks.codes_of_column(column).start / stages;
                Some((0..self.shape().1).map(subvector).collect())
            }
            Parameters::Affine(_) | Parameters::Fixed(_) => None,
        })
    }
}
