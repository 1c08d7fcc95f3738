//! The nearest level of many values.

use bitsweep_vector::arch;
use pulp::NullaryFnOnce;

use crate::encode::by_block::{EachValue, EncodePiece, encode_by_block};
use crate::number::{NarrowFloat, Real};
use crate::scheme::{LevelFormat, LevelTable};
use crate::tensor::{Affine, Blocks, CodeMatrix};

/// Up to so many levels comparing with every threshold is faster than searching.
const COMPARED: usize = 64;

/// Fills `codes` with that of the level nearest to `w/s` of every value, as [`LevelTable::nearest`] says.
pub(crate) fn encode<T: Real>(
    values: &[T],
    blocks: &Blocks,
    parameters: &Affine<T>,
    format: LevelFormat,
    codes: &mut CodeMatrix,
) {
    let scales = &*parameters.scales;
    let table = LevelTable::new(format);
    let arch = arch();
    if let LevelFormat::Minifloat(float) = format {
        let float = NarrowFloat::new(float.exponent_bits(), float.mantissa_bits(), table.largest());
        let encoder = EachValue(|value: T, scale| float.code(value / scale));
        return arch.dispatch(Encode { values, blocks, scales, codes, encoder });
    }
    let thresholds = Thresholds::of(&table);
    if thresholds.steps.len() < COMPARED {
        arch.dispatch(Encode { values, blocks, scales, codes, encoder: Compare(&thresholds) });
    } else {
        let encoder = EachValue(|value: T, scale| thresholds.search(value / scale));
        arch.dispatch(Encode { values, blocks, scales, codes, encoder });
    }
}

struct Encode<'a, T, E> {
    values: &'a [T],
    blocks: &'a Blocks,
    scales: &'a [T],
    codes: &'a mut CodeMatrix,
    encoder: E,
}

impl<T: Real, E: EncodePiece<T, T>> NullaryFnOnce for Encode<'_, T, E> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { values, blocks, scales, codes, encoder } = self;
        encode_by_block(values, blocks, scales, codes, encoder);
    }
}

/// Compares with every threshold, so many values at a time.
struct Compare<'a, T>(&'a Thresholds<T>);

const AT_A_TIME: usize = 64;

impl<T: Real> EncodePiece<T, T> for Compare<'_, T> {
    #[inline(always)]
    fn encode(&mut self, values: &[T], mut scales: impl Iterator<Item = T>, codes: &mut [i32]) {
        let thresholds = self.0;
        for (values, codes) in values.chunks(AT_A_TIME).zip(codes.chunks_mut(AT_A_TIME)) {
            let mut quotients = [T::ZERO; AT_A_TIME];
            for ((quotient, &value), scale) in quotients.iter_mut().zip(values).zip(&mut scales) {
                *quotient = value / scale;
            }
            let mut all = [thresholds.lowest; AT_A_TIME];
            for &(threshold, step) in &thresholds.steps {
                for (code, &quotient) in all.iter_mut().zip(&quotients) {
                    *code += if quotient >= threshold { step } else { 0 };
                }
            }
            for (code, &quotient) in all.iter_mut().zip(&quotients) {
                *code = thresholds.signed(*code, quotient);
            }
            codes.copy_from_slice(&all[..codes.len()]);
        }
    }
}

/// Where numbers of a type begin to have the next level.
struct Thresholds<T> {
    /// The code of the lowest level.
    lowest: i32,
    /// The least number that has the next level, and what its code is more by.
    steps: Vec<(T, i32)>,
    /// The code of each level.
    codes: Vec<i32>,
    /// What the code of -0 is more by than that of 0, and the latter.
    negative_zero: (i32, i32),
}

impl<T: Real> Thresholds<T> {
    fn of(table: &LevelTable) -> Self {
        let codes: Vec<i32> = table.ascending().map(|level| table.nearest(level)).collect();
        let steps = table.cuts().zip(codes.windows(2)).map(|(cut, pair)| {
            let nearest = T::from_f64(cut);
            let is_above =
                nearest.to_f64() > cut || (nearest.to_f64() == cut && table.nearest(cut) != pair[0]);
            (if is_above { nearest } else { nearest.next_up() }, pair[1] - pair[0])
        });
        let zero = table.nearest(0.0);
        let steps = steps.collect();
        Self { lowest: codes[0], steps, codes, negative_zero: (table.nearest(-0.0) - zero, zero) }
    }

    fn search(&self, value: T) -> i32 {
        let rank = self.steps.partition_point(|(threshold, _)| value >= *threshold);
        self.signed(self.codes[rank], value)
    }

    #[inline(always)]
    fn signed(&self, code: i32, value: T) -> i32 {
        let (more, zero) = self.negative_zero;
        if code == zero && value.is_sign_negative() { code + more } else { code }
    }
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
        let all = table.ascending().chain(table.cuts()).chain(ends);
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
        encode(&values, &blocks, &Affine::of_scales(vec![T::ONE]), format, &mut codes);
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
