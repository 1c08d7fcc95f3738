//! Codes with scales: even grids, signs, and tables of levels.

use bitsweep_quant::{Affine, LevelFormat, Quantized, ZeroPoint};

use super::matrix_source::MatrixSource;
use super::numbers::Numbers;

/// Adds codes, and a number of each, less a zero point, times a scale, above a minimum.
pub(super) fn affine(source: &mut MatrixSource, quantized: &Quantized, affine: &Affine<f32>) {
    let (scheme, blocks) = (quantized.scheme(), quantized.blocks());
    let is_minimum = scheme.zero_point() == Some(ZeroPoint::Minimum);
    let name = source.name.clone();
    let zero_points = Numbers::new(&format!("{name}_zero_points"), &affine.zero_points);
    let mut zero_point = None;
    let number = match (scheme.levels(), scheme.grid()) {
        (Some(LevelFormat::Ternary(_)), _) => source.reader(quantized, -1).whole(0),
        (Some(format), _) => {
            source.reader(quantized, 0);
            level(source, format)
        }
        (None, Some(grid)) if is_minimum => {
            let reader = source.reader(quantized, grid.lowest);
            reader.whole(-grid.lowest)
        }
        (None, Some(grid)) => {
            let reader = source.reader(quantized, grid.lowest);
            let folded = zero_points.same().and_then(|zero_point| reader.less(zero_point));
            folded.unwrap_or_else(|| {
                zero_point = Some(source.by_block("zero_point", &blocks, zero_points));
                reader.whole(0)
            })
        }
        // Signs, stored as 0 and 1.
        (None, None) => {
            source.reader(quantized, -1);
            "(code != 0) ? 1.0f : -1.0f".to_owned()
        }
    };
    let mut scales = Numbers::new(&format!("{name}_scales"), &affine.scales);
    // What is above an offset would take more than 32 bits to compute.
    if let (Some(nested), None) = (&affine.nested, scales.same())
        && nested.offset.is_none()
    {
        let scale = nested.scales.first().copied().unwrap_or_default();
        scales = Numbers::scaled(&format!("{name}_scales"), &nested.codes, scale);
    }
    source.value += &format!("value = {number};\n");
    if let Some(zero_point) = zero_point {
        source.value += &format!("value -= {zero_point};\n");
    }
    if scales.same() != Some(1.0) {
        let scale = source.by_block("scale", &blocks, scales);
        source.value += &format!("value *= {scale};\n");
    }
    if is_minimum {
        let minimums = Numbers::new(&format!("{name}_minimums"), &affine.zero_points);
        let minimum = source.by_block("minimum", &blocks, minimums);
        source.value += &format!("value += {minimum};\n");
    }
}

/// The number of a code of a table of levels, an expression.
fn level(source: &mut MatrixSource, format: LevelFormat) -> String {
    let bits = format.bits();
    // Bits of the exponent and of the mantissa, and the bias.
    let small_float = match format {
        LevelFormat::Minifloat(float) => {
            let exponent = float.exponent_bits();
            Some((exponent, float.mantissa_bits(), (1 << (exponent - 1)) - 1))
        }
        // The largest power is 1.
        LevelFormat::PowerOfTwo { bits } => Some((bits.get() - 1, 0, (1 << (bits.get() - 1)) - 1)),
        LevelFormat::NormalFloat { .. }
        | LevelFormat::StudentFloat { .. }
        | LevelFormat::Ternary(_)
        | LevelFormat::AdditivePowerOfTwo { .. } => None,
    };
    // A short table takes less than a function.
    if let Some((exponent, mantissa, bias)) = small_float.filter(|_| bits > 6) {
        return format!("small_float(code, {exponent}, {mantissa}, {bias})");
    }
    let mut levels = vec![0.0; 1 << bits];
    for (code, level) in format.levels() {
        if let Some(place) = usize::try_from(code).ok().and_then(|code| levels.get_mut(code)) {
            *place = level as f32;
        }
    }
    let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
    let name: String = format!("levels_{format}_{bits}").chars().map(letter).collect();
    source.add(Numbers::new(&name, &levels)).at("code")
}
