//! Quantized weights in the layouts of the kernels, where there is a kernel for them.

use bitsweep_kernels::{Codes, Granularity, IntegerWeights, Width, ZeroPoints};
use bitsweep_quant::ScaledLevels;
use ndarray::{ArrayView1, Axis};

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
