//! The nearest level of many values.

use crate::encode::by_block::{EachValue, encode_by_block};
use crate::encode::thresholds::Thresholds;
use crate::number::{NarrowFloat, Real};
use crate::scheme::{LevelFormat, LevelTable};
use crate::tensor::{Affine, Blocks, CodeMatrix};

/// Fills `codes` with that of the level nearest to `w/s` of every value, as [`LevelTable::nearest`] says; `table` is
/// that of `format`.
pub(crate) fn encode<T: Real>(
    values: &[T],
    blocks: &Blocks,
    parameters: &Affine<T>,
    format: LevelFormat,
    table: &LevelTable,
    codes: &mut CodeMatrix,
) {
    let scales = &*parameters.scales;
    if let LevelFormat::Minifloat(float) = format {
        let float = NarrowFloat::new(float.exponent_bits(), float.mantissa_bits(), table.largest());
        let encoder = EachValue(|value: T, scale| float.code(value / scale));
        return encode_by_block(values, blocks, scales, codes, encoder);
    }
    thresholds(table).encode(values, blocks, scales, codes, |value, scale| value / scale);
}

fn thresholds<T: Real>(table: &LevelTable) -> Thresholds<T> {
    let levels: Vec<f64> = table.ascending().collect();
    let codes: Vec<i32> = levels.iter().map(|&level| table.nearest(level)).collect();
    let is_above = |rank: usize, number: T| table.nearest(number.to_f64()) != codes[rank];
    let zeros = [0.0, -0.0].map(|zero| table.nearest(zero));
    Thresholds::new(&levels, codes.clone(), is_above, (zeros[0] != zeros[1]).then_some(zeros))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets;
    use crate::scheme::{Bits, ExponentBits, Granularity, MantissaBits, Minifloat, TernaryScale};
    use crate::tensor::{BitField, CodeType};

    /// Levels, what lies between them, and the neighbours of both.
    fn numbers<T: Real>(table: &LevelTable) -> Vec<T> {
        let ends = [0.0, -0.0, 1e-40, -1e-40, 1e30, -1e30];
        let levels: Vec<f64> = table.ascending().collect();
        let cuts = levels.windows(2).map(|pair| 0.5 * (pair[0] + pair[1]));
        let all = levels.iter().copied().chain(cuts).chain(ends);
        all.flat_map(|number| {
            let nearest = T::from_f64(number);
            [nearest, nearest.next_up(), -(-nearest).next_up(), T::from_f64(0.9 * number)]
        })
        .collect()
    }

    fn wide_codes() -> CodeType {
        BitField::of(&presets::symmetric_narrow(Bits::new(16).unwrap())).code_type()
    }

    fn holds<T: Real>(format: LevelFormat) {
        let table = LevelTable::new(format);
        let values: Vec<T> = numbers(&table);
        let blocks = Blocks::new((1, values.len()), Granularity::Tensor);
        let mut codes = CodeMatrix::zeros((1, values.len()), wide_codes());
        encode(&values, &blocks, &Affine::of_scales(vec![T::ONE]), format, &table, &mut codes);
        for (code, value) in codes.iter().zip(&values) {
            assert_eq!(code, table.nearest(value.to_f64()), "{format} {:?} {value}", T::DTYPE);
        }
    }

    #[test]
    fn every_format_has_the_levels_of_the_table() {
        let mut formats = vec![LevelFormat::Ternary(TernaryScale::Absmean)];
        let floats = [Minifloat::E4M3, Minifloat::E5M2, Minifloat::E3M2, Minifloat::E2M3, Minifloat::E2M1];
        formats.extend(floats.map(LevelFormat::Minifloat));
        for bits in 2..=8 {
            let bits = Bits::new(bits).unwrap();
            formats.extend([
                LevelFormat::NormalFloat { bits },
                LevelFormat::StudentFloat { bits },
                LevelFormat::PowerOfTwo { bits },
            ]);
            if (3..=7).contains(&bits.get()) {
                formats.push(LevelFormat::AdditivePowerOfTwo { bits });
            }
        }
        for format in formats {
            holds::<f32>(format);
            holds::<f64>(format);
        }
    }

    #[test]
    fn small_floats_of_any_shape_have_the_levels_of_the_table() {
        for exponent in 1..=7 {
            for mantissa in 0..=6 {
                let (Ok(exponent), Ok(mantissa)) = (ExponentBits::new(exponent), MantissaBits::new(mantissa))
                else {
                    continue;
                };
                if (3..=8).contains(&(1 + exponent.get() + mantissa.get())) {
                    holds::<f32>(LevelFormat::Minifloat(Minifloat::finite(exponent, mantissa)));
                    holds::<f64>(LevelFormat::Minifloat(Minifloat::finite(exponent, mantissa)));
                }
            }
        }
    }
}
