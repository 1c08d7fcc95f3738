//! Weights as whole numbers of a step.

use ndarray::{Array2, ArrayView2};

use crate::layer::activation::{Requantize, ScaledLevels};
use crate::scheme::{
    CodeRange, CodebookFormat, Codes, Format, Granularity, Grid, Outliers, Scheme, ZeroPoint,
};
use crate::tensor::{CodeMatrix, Codebooks, FixedGrid, Parameters, Quantized};

use super::error::IntegerError;

/// The most binary places of a level: those of FP8 E4M3 are 9.
const MOST_PLACES: i32 = 16;
/// The largest magnitude of a level, so that products with codes of 8 bits have room.
const MOST_LEVEL: f64 = (1 << 23) as f64;

/// Quantized weights `(in, out)` as whole numbers `u` of steps `s`: `ŵ = s·u`, exactly.
///
/// | weights | `u` | `s` |
/// |---|---|---|
/// | even grids with whole zero points | `q - z` | the scale of the block |
/// | tables of levels that are whole numbers of some `2^-k`: small floats, ternary, powers of two | `level·2^k` | `2^-k` times the scale |
/// | codebooks of bytes | the byte | the step of the codebook |
/// | grids of WRPN, DoReFa | `q`; `2q - n` | `1/n`, up to the rounding of `f32` |
#[derive(Debug, Clone, PartialEq)]
pub struct IntegerLevels {
    levels: Array2<i32>,
    /// One step for each `rows_per_step` inputs (the last perhaps fewer) and each output.
    steps: Array2<f64>,
    rows_per_step: usize,
}

impl IntegerLevels {
    /// Refuses schemes whose weights are no whole numbers of a step: with float zero points or minimums, with outliers, 16-bit
    /// floats, codebooks of floats or in several stages, and levels such as NormalFloat's. With [`Requantize::PowerOfTwo`], those
    /// of several steps that are no powers of two, too.
    ///
    /// # Errors
    /// What would do.
    pub fn check(scheme: &Scheme, requantize: Requantize) -> Result<(), IntegerError> {
        let refused = |fix| Err(IntegerError::Levels { scheme: scheme.to_string(), fix });
        if scheme.outliers != Outliers::None {
            return refused("leave `outliers` out");
        }
        match (scheme.format, scheme.zero_point()) {
            (Format::Float16 | Format::BFloat16, _) => return refused("expected another format"),
            (Format::Codebook(layout), _)
                if layout.stages.get() > 1 || scheme.codebook_format != CodebookFormat::Int8 =>
            {
                return refused("expected `codebook_format = \"int8\"` and one stage");
            }
            (Format::Levels(format), _)
                if factor(format.levels().into_iter().map(|(_, level)| level)).is_none() =>
            {
                return refused("expected an even grid, ternary levels, powers of two or small floats");
            }
            (_, Some(ZeroPoint::Float | ZeroPoint::Minimum)) => {
                return refused("expected `zero_point = \"integer\"` or `symmetry = \"symmetric\"`");
            }
            (
                Format::Integer { .. }
                | Format::Codebook(_)
                | Format::DoReFa { .. }
                | Format::Wrpn { .. }
                | Format::Levels(_)
                | Format::Gguf(_),
                Some(ZeroPoint::Integer) | None,
            ) => {}
        }
        let has_steps = match scheme.format {
            Format::Integer { .. } | Format::Levels(_) | Format::Gguf(_) => {
                !scheme.scale_format.is_power_of_two()
            }
            Format::Codebook(_) => true,
            Format::Float16 | Format::BFloat16 | Format::DoReFa { .. } | Format::Wrpn { .. } => false,
        };
        if requantize == Requantize::PowerOfTwo && has_steps && scheme.granularity != Granularity::Tensor {
            return Err(IntegerError::Steps { scheme: scheme.to_string() });
        }
        Ok(())
    }

    /// The levels and steps of `weights`, which are of `f32`.
    ///
    /// # Errors
    /// Weights of `f64`, and those that [`check`](Self::check) refuses.
    pub fn of(weights: &Quantized) -> Result<Self, IntegerError> {
        Self::check(weights.scheme(), Requantize::FixedPoint)?;
        let levels = match weights.parameters::<f32>()? {
            Parameters::Affine(_) => Self::of_scaled(weights),
            Parameters::Codebooks(codebooks) => {
                Self::of_codebooks(codebooks, weights.codes(), weights.shape())
            }
            Parameters::Fixed(grid) => Self::of_grid(*grid, weights.codes(), weights.shape()),
        };
        let fix = "expected another format";
        levels.ok_or_else(|| IntegerError::Levels { scheme: weights.scheme().to_string(), fix })
    }

    /// Those of scales and levels, where all levels are whole numbers of the same power of two.
    fn of_scaled(weights: &Quantized) -> Option<Self> {
        let scaled = ScaledLevels::of(weights).ok()?;
        let factor = factor(scaled.levels().iter().copied())?;
        Some(Self {
            levels: scaled.levels().mapv(|level| (level * factor) as i32),
            steps: scaled.scales().mapv(|scale| f64::from(scale) / factor),
            rows_per_step: scaled.rows_per_scale(),
        })
    }

    fn of_grid(grid: FixedGrid, codes: &CodeMatrix, (rows, columns): (usize, usize)) -> Option<Self> {
        let (steps, level): (i32, fn(i32, i32) -> i32) = match grid {
            FixedGrid::Wrpn(bits) => {
                (Grid::new(bits, Codes::Signed, CodeRange::Narrow).highest, |code, _| code)
            }
            FixedGrid::DoReFa(bits) => {
                (Grid::new(bits, Codes::Unsigned, CodeRange::Full).highest, |code, steps| 2 * code - steps)
            }
            FixedGrid::Float16 | FixedGrid::BFloat16 => return None,
        };
        Some(Self {
            levels: Array2::from_shape_fn((rows, columns), |(row, column)| {
                level(codes.at(row * columns + column), steps)
            }),
            steps: Array2::from_elem((usize::from(rows > 0), columns), 1.0 / f64::from(steps)),
            rows_per_step: rows.max(1),
        })
    }

    fn of_codebooks(codebooks: &Codebooks<f32>, codes: &CodeMatrix, shape: (usize, usize)) -> Option<Self> {
        let (rows, columns) = shape;
        if codebooks.stages() != 1 {
            return None;
        }
        let split = codebooks.split();
        let rows_per_step = codebooks.block_rows();
        let bands = rows.div_ceil(rows_per_step);
        let book = |row: usize, column: usize| {
            let place = split.place_of(split.subvector_of(column));
            codebooks.stages_at(row / rows_per_step, place).first()
        };
        let mut steps = Array2::zeros((bands, columns));
        for ((band, column), step) in steps.indexed_iter_mut() {
            *step = f64::from(book(band * rows_per_step, column)?.step()?);
        }
        let mut levels = Array2::zeros(shape);
        for ((row, column), level) in levels.indexed_iter_mut() {
            let subvector = split.subvector_of(column);
            let code = codes.at(row * codebooks.codes_per_row() + subvector) as usize;
            let component = book(row, column)?.centroid(code)[column - split.columns_of(subvector).start];
            *level = (f64::from(component) / steps[[row / rows_per_step, column]]).round_ties_even() as i32;
        }
        Some(Self { levels, steps, rows_per_step })
    }

    /// The levels `u`, `(in, out)`.
    #[must_use]
    pub fn levels(&self) -> ArrayView2<'_, i32> {
        self.levels.view()
    }

    /// The steps `s`, `(groups, out)`.
    #[must_use]
    pub fn steps(&self) -> ArrayView2<'_, f64> {
        self.steps.view()
    }

    /// How many inputs share a step; the last group may have fewer.
    #[must_use]
    pub const fn rows_per_step(&self) -> usize {
        self.rows_per_step
    }

    /// The numbers of inputs and of outputs.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        self.levels.dim()
    }
}

/// The smallest power of two of which all levels are whole numbers when multiplied by it.
fn factor(levels: impl Iterator<Item = f64> + Clone) -> Option<f64> {
    let is_whole = |factor: f64| {
        levels
            .clone()
            .map(|level| level * factor)
            .all(|level| level.round() == level && level.abs() <= MOST_LEVEL)
    };
    (0..=MOST_PLACES).map(|places| f64::from(1 << places)).find(|factor| is_whole(*factor))
}
