//! Quantized weights in the layouts of the kernels, where there is a kernel for them.

use bitsweep_kernels::{
    Codes, Granularity, IntegerWeights, KernelError, TableWeights, TableWidth, Width, ZeroPoints,
};
use bitsweep_quant::{Format, Parameters, Quantized, ScaledLevels, ZeroPoint};
use ndarray::{Array2, ArrayView1, Axis};

/// Weights for products with activations of 8 bits: those whose levels are whole numbers, with at most 256 neighbouring ones in
/// a block, and without outliers.
///
/// `None` of others, and where an accumulator of 32 bits might not hold a sum.
pub(crate) fn integer_weights(weights: &ScaledLevels) -> Option<IntegerWeights> {
    if !weights.outliers().is_empty() {
        return None;
    }
    let levels = WholeLevels::of(weights)?;
    // What kernels refuse is left to whoever asked: accumulators that are too long, scales that are not finite.
    IntegerWeights::new(
        (levels.outputs, weights.inputs()),
        levels.width,
        Codes::Unsigned(&levels.codes),
        Granularity::Group(levels.group),
        &levels.scales,
        levels.zero_points(),
    )
    .ok()
}

/// Weights for products with activations of `f32`: codes of whole levels, and those of at most 256 levels, in blocks of inputs;
/// without outliers.
///
/// # Errors
/// Why there is no kernel for them.
pub(crate) fn table_weights(weights: &Quantized) -> Result<TableWeights, NoKernel> {
    let refused = |reason| NoKernel { scheme: weights.scheme().to_string(), reason };
    let scaled = ScaledLevels::of(weights).map_err(|_| refused("its weights are of `f64`"))?;
    if let Some(reason) = beyond_tables(weights, &scaled) {
        return Err(refused(reason));
    }
    let shape = (scaled.outputs(), scaled.inputs());
    let granularity = Granularity::Group(scaled.rows_per_scale());
    let packed = if let Some(whole) = WholeLevels::of(&scaled) {
        let codes = Codes::Unsigned(&whole.codes);
        TableWeights::integer(shape, whole.width, codes, granularity, &whole.scales, whole.zero_points())
    } else if let Some(shifted) = ShiftedLevels::of(weights, &scaled) {
        let codes = Codes::Unsigned(&shifted.codes);
        let zero_points = ZeroPoints::Float(&shifted.zero_points);
        TableWeights::integer(shape, shifted.width, codes, granularity, &shifted.scales, zero_points)
    } else {
        let distinct = Distinct::of(scaled.levels()).ok_or_else(|| refused("it has more than 256 levels"))?;
        let scales: Vec<f32> = scaled.scales().t().iter().copied().collect();
        TableWeights::new(shape, distinct.width, &distinct.codes, &distinct.table, granularity, &scales)
    };
    packed.map_err(|error| NoKernel {
        scheme: weights.scheme().to_string(),
        reason: match error {
            KernelError::NotFinite { .. } => "a number is not finite",
            _ => "its codes do not fit",
        },
    })
}

/// What of weights is more than a code of a table, and scales and zero points of blocks.
fn beyond_tables(weights: &Quantized, scaled: &ScaledLevels) -> Option<&'static str> {
    let scheme = weights.scheme();
    let has_several = || weights.codebooks().len() > 1 || weights.codes().dim() != weights.shape();
    match scheme.format {
        _ if !scaled.outliers().is_empty() => Some("outliers lie beside the codes"),
        _ if scheme.zero_point() == Some(ZeroPoint::Minimum) => Some("its codes are above minimums"),
        Format::Float16 | Format::BFloat16 => Some("floats of 16 bits are no codes of a table"),
        Format::Codebook(_) if has_several() => Some("it has more than one codebook of single weights"),
        Format::Integer { .. }
        | Format::Codebook(_)
        | Format::DoReFa { .. }
        | Format::Wrpn { .. }
        | Format::Levels(_)
        | Format::Gguf(_) => None,
    }
}

/// That there is no kernel for weights.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no kernel multiplies `{scheme}`: {reason}")]
pub struct NoKernel {
    /// The weights' scheme.
    pub scheme: String,
    /// What keeps them from one.
    pub reason: &'static str,
}

/// The levels that there are, in ascending order, and the codes that count to them, `(outputs, inputs)`.
struct Distinct {
    width: TableWidth,
    table: Vec<f32>,
    codes: Vec<u8>,
}

impl Distinct {
    fn of(levels: &Array2<f64>) -> Option<Self> {
        let singles = levels.t().mapv(|level| level as f32);
        let mut table: Vec<f32> = singles.iter().copied().collect();
        table.sort_by(f32::total_cmp);
        table.dedup_by_key(|level| level.to_bits());
        let widths = [TableWidth::Two, TableWidth::Three, TableWidth::Four, TableWidth::Eight];
        let width = widths.into_iter().find(|width| table.len() <= width.levels())?;
        let code = |level: &f32| {
            // The table has all of them, and at most 256.
            table.partition_point(|other| other.total_cmp(level).is_lt()) as u8
        };
        let codes = singles.iter().map(code).collect();
        // What no code counts to.
        table.resize(width.levels(), 0.0);
        Some(Self { width, table, codes })
    }
}

/// The inputs of a block from which on narrower codes save more than the zero point of the block takes.
const WORTH_A_ZERO_POINT: usize = 8;

/// Whole levels as codes from 0, `(outputs, inputs)`, with a scale and a zero point for each block, `(outputs, groups)`.
struct WholeLevels {
    outputs: usize,
    width: Width,
    codes: Vec<u8>,
    /// Inputs of a block.
    group: usize,
    scales: Vec<f32>,
    /// `None` of binary weights.
    zero_points: Option<Vec<i32>>,
}

impl WholeLevels {
    fn of(weights: &ScaledLevels) -> Option<Self> {
        let (levels, group) = (weights.levels(), weights.rows_per_scale());
        let is_whole = |level: &f64| level.fract() == 0.0 && level.abs() <= f64::from(i16::MAX);
        if !levels.iter().all(is_whole) {
            return None;
        }
        let levels = levels.t().mapv(|level| level as i32);
        let (outputs, _) = levels.dim();
        let scales = weights.scales().t().iter().copied().collect();
        if !levels.is_empty() && levels.iter().all(|level| level.abs() == 1) {
            let codes = levels.iter().map(|&level| u8::from(level > 0)).collect();
            return Some(Self { outputs, width: Width::Binary, codes, group, scales, zero_points: None });
        }
        let bounds: Vec<(i32, i32)> = levels
            .outer_iter()
            .flat_map(|levels| levels.axis_chunks_iter(Axis(0), group).map(bounds).collect::<Vec<_>>())
            .collect();
        let span = |(lowest, highest): (i32, i32)| highest - lowest;
        let all = bounds.iter().copied().reduce(|left, right| (left.0.min(right.0), left.1.max(right.1)));
        let (all, widest) = (all.unwrap_or((0, 0)), bounds.iter().copied().map(span).max().unwrap_or(0));
        // One zero point for all blocks, but where those of their own make codes narrower by more than they take.
        let (wide, narrow) = (width(span(all)), width(widest)?);
        let is_common = wide == Some(narrow) || (wide.is_some() && group < WORTH_A_ZERO_POINT);
        let width = wide.filter(|_| is_common).unwrap_or(narrow);
        let lowest: Vec<i32> = bounds.iter().map(|own| if is_common { all.0 } else { own.0 }).collect();
        let groups = lowest.len() / outputs.max(1);
        let code = |((output, input), &level): ((usize, usize), &i32)| {
            // Between 0 and the greatest code.
            (level - lowest[output * groups + input / group]) as u8
        };
        let codes = levels.indexed_iter().map(code).collect();
        let zero_points = Some(lowest.iter().map(|lowest| -lowest).collect());
        Some(Self { outputs, width, codes, group, scales, zero_points })
    }

    fn zero_points(&self) -> ZeroPoints<'_> {
        self.zero_points.as_deref().map_or(ZeroPoints::Symmetric, ZeroPoints::Integer)
    }
}

/// Codes from 0 of an even grid, `(outputs, inputs)`, with a scale and a zero point that need be no whole number for each block,
/// `(outputs, groups)`.
struct ShiftedLevels {
    width: Width,
    codes: Vec<u8>,
    scales: Vec<f32>,
    zero_points: Vec<f32>,
}

impl ShiftedLevels {
    /// `None` of other weights, and where a zero point lies beyond the codes: what a product subtracts for it is then larger than
    /// what is left.
    fn of(weights: &Quantized, scaled: &ScaledLevels) -> Option<Self> {
        let scheme = weights.scheme();
        let grid = scheme.grid().filter(|_| scheme.zero_point() == Some(ZeroPoint::Float))?;
        let Ok(Parameters::Affine(affine)) = weights.parameters::<f32>() else { return None };
        let ends = grid.lowest as f32..=grid.highest as f32;
        if !affine.zero_points.iter().all(|zero_point| ends.contains(zero_point)) {
            return None;
        }
        let (scales, blocks, group) = (scaled.scales().t(), weights.blocks(), scaled.rows_per_scale());
        let zero_points = scales.indexed_iter().map(|((output, band), _)| {
            affine.zero_points[blocks.index_of(band * group, output)] - grid.lowest as f32
        });
        Some(Self {
            width: width(grid.highest - grid.lowest)?,
            // Between 0 and the greatest code.
            codes: weights.codes().to_array().t().iter().map(|code| (code - grid.lowest) as u8).collect(),
            scales: scales.iter().copied().collect(),
            zero_points: zero_points.collect(),
        })
    }
}

/// The lowest and the highest level of a block.
fn bounds(levels: ArrayView1<'_, i32>) -> (i32, i32) {
    let ends = levels.iter().map(|&level| (level, level));
    ends.reduce(|left, right| (left.0.min(right.0), left.1.max(right.1))).unwrap_or((0, 0))
}

/// The narrowest codes for levels so far apart.
fn width(span: i32) -> Option<Width> {
    let widths = [Width::Two, Width::Three, Width::Four, Width::Eight];
    widths.into_iter().find(|width| span <= i32::from(width.greatest()))
}
