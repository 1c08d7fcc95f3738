//! The number formats, measured: what `f16` or `int4` can express, found by looking at its codes.

use half::{bf16, f16};

use crate::scheme::{Bits, CodeRange, Codes, Grid, LevelFormat, LevelTable, Minifloat, TernaryScale};

/// What a number format can express, with scale 1.
#[derive(Debug, Clone, PartialEq)]
pub struct NumberFormat {
    /// `f32`, `int8`, `uint4` …
    pub name: String,
    /// Bits of one number.
    pub bits: u32,
    /// Bits for the sign; in two's complement the sign is one of the bits of the value.
    pub sign_bits: u32,
    /// Bits of the exponent; integers and other tables of levels have none.
    pub exponent_bits: Option<u32>,
    /// Bits of the mantissa, without the leading 1 that is not stored; integers and other tables of levels have none.
    pub mantissa_bits: Option<u32>,
    /// The lowest finite number.
    pub lowest: f64,
    /// The highest finite number.
    pub highest: f64,
    /// The smallest positive number.
    pub smallest_positive: Option<f64>,
    /// The smallest positive number with full precision: normal floats, or the integer 1; other tables of levels have none.
    pub smallest_normal: Option<f64>,
    /// The smallest distance between neighbours.
    pub smallest_step: f64,
    /// The largest relative error of rounding to nearest, `(b-a)/(b+a)` midway between neighbours `a < b`, from the
    /// smallest normal number on; `None` when there is at most one such number.
    pub largest_relative_error: Option<f64>,
}

/// The formats of levels that the table shows, with their names there.
fn level_formats() -> impl Iterator<Item = (String, LevelFormat)> {
    let floats = [Minifloat::E4M3, Minifloat::E5M2, Minifloat::E3M2, Minifloat::E2M3, Minifloat::E2M1];
    let floats = floats.into_iter().map(LevelFormat::Minifloat);
    let four = Bits::literal(4);
    let others = [
        LevelFormat::NormalFloat { bits: four },
        LevelFormat::StudentFloat { bits: four },
        LevelFormat::AdditivePowerOfTwo { bits: four },
        LevelFormat::PowerOfTwo { bits: four },
        LevelFormat::Ternary(TernaryScale::LeastError),
    ];
    floats.chain(others).map(|format| {
        let name = match format {
            LevelFormat::Ternary(_) => "ternary".to_owned(),
            format if format.names_its_bits() => format.to_string(),
            format => format!("{format} {} bit", format.bits()),
        };
        (name, format)
    })
}

/// All formats, floats first, from wide to narrow; then tables of levels, then integers.
///
/// Formats of up to 16 bits are measured on every pair of neighbouring codes. `f32` is measured on the first and the
/// last pair of every binade: within a binade the step is constant, so the pairs between them cannot be extreme.
///
/// ```
/// let formats = bitsweep_quant::number_formats();
/// let half = formats.iter().find(|format| format.name == "f16").unwrap();
/// assert_eq!(half.highest, 65504.0);
/// assert_eq!(half.smallest_positive, Some(2.0_f64.powi(-24)));
/// ```
#[must_use]
pub fn number_formats() -> Vec<NumberFormat> {
    let mut formats = vec![
        float("f32", 8, 23, f64::from(f32::MIN_POSITIVE), single_neighbours()),
        float(
            "f16",
            5,
            10,
            f16::MIN_POSITIVE.to_f64_const(),
            neighbours_16(|bits| f16::from_bits(bits).to_f64_const()),
        ),
        float(
            "bf16",
            8,
            7,
            bf16::MIN_POSITIVE.to_f64_const(),
            neighbours_16(|bits| bf16::from_bits(bits).to_f64_const()),
        ),
    ];
    formats.extend(level_formats().map(|(name, format)| levels(name, format)));
    for codes in [Codes::Signed, Codes::Unsigned] {
        let widths = [16, 8, 6, 4, 3, 2, 1].into_iter().filter_map(|bits| Bits::new(bits).ok());
        formats.extend(widths.map(|bits| integer(bits, codes)));
    }
    formats
}

/// Neighbouring numbers `a < b`.
type Pair = (f64, f64);

fn float(
    name: &str,
    exponent: u32,
    mantissa: u32,
    normal: f64,
    positive: impl Iterator<Item = Pair>,
) -> NumberFormat {
    // The negative numbers mirror the positive ones.
    let measured = Measured::of(positive, normal);
    NumberFormat {
        name: name.to_owned(),
        bits: 1 + exponent + mantissa,
        sign_bits: 1,
        exponent_bits: Some(exponent),
        mantissa_bits: Some(mantissa),
        lowest: -measured.highest,
        highest: measured.highest,
        smallest_positive: measured.smallest_positive,
        smallest_normal: Some(normal),
        smallest_step: measured.smallest_step,
        largest_relative_error: measured.largest_relative_error,
    }
}

fn levels(name: String, format: LevelFormat) -> NumberFormat {
    let levels: Vec<f64> = LevelTable::new(format).ascending().collect();
    let float = if let LevelFormat::Minifloat(float) = format { Some(float) } else { None };
    let normal = float.map(Minifloat::smallest_normal);
    // Without normal numbers no error is relative to one.
    let pairs = levels.windows(2).map(|pair| (pair[0], pair[1]));
    let measured = Measured::of(pairs, normal.unwrap_or(f64::INFINITY));
    NumberFormat {
        name,
        bits: format.bits(),
        sign_bits: u32::from(format.has_sign_bit()),
        exponent_bits: float.map(Minifloat::exponent_bits),
        mantissa_bits: float.map(Minifloat::mantissa_bits),
        lowest: measured.lowest,
        highest: measured.highest,
        smallest_positive: measured.smallest_positive,
        smallest_normal: normal,
        smallest_step: measured.smallest_step,
        largest_relative_error: measured.largest_relative_error,
    }
}

fn integer(bits: Bits, codes: Codes) -> NumberFormat {
    let grid = Grid::new(bits, codes, CodeRange::Full);
    let pairs = (grid.lowest..grid.highest).map(|code| (f64::from(code), f64::from(code + 1)));
    let measured = Measured::of(pairs, 1.0);
    let (prefix, sign_bits) = match codes {
        Codes::Signed => ("int", 1),
        Codes::Unsigned => ("uint", 0),
    };
    NumberFormat {
        name: format!("{prefix}{bits}"),
        bits: bits.get(),
        sign_bits,
        exponent_bits: None,
        mantissa_bits: None,
        lowest: measured.lowest,
        highest: measured.highest,
        smallest_positive: measured.smallest_positive,
        smallest_normal: measured.smallest_positive,
        smallest_step: measured.smallest_step,
        largest_relative_error: measured.largest_relative_error,
    }
}

/// The neighbours from 0 up to the largest number of a 16-bit float.
fn neighbours_16(decode: impl Fn(u16) -> f64) -> impl Iterator<Item = Pair> {
    let pairs = (0..u16::MAX).map(move |bits| (decode(bits), decode(bits + 1)));
    pairs.take_while(|(_, above)| above.is_finite())
}

/// The first and the last neighbours of every binade of `f32`, the subnormal numbers being the first.
fn single_neighbours() -> impl Iterator<Item = Pair> {
    let pair = |bits: u32| (f64::from(f32::from_bits(bits)), f64::from(f32::from_bits(bits + 1)));
    let binades = (0..255_u32).map(|exponent| (exponent << 23, (exponent + 1) << 23));
    binades.flat_map(move |(first, next)| [pair(first), pair(next - 2)])
}

struct Measured {
    lowest: f64,
    highest: f64,
    smallest_positive: Option<f64>,
    smallest_step: f64,
    largest_relative_error: Option<f64>,
}

impl Measured {
    fn of(pairs: impl Iterator<Item = Pair>, normal: f64) -> Self {
        let mut measured = Self {
            lowest: f64::INFINITY,
            highest: f64::NEG_INFINITY,
            smallest_positive: None,
            smallest_step: f64::INFINITY,
            largest_relative_error: None,
        };
        for (a, b) in pairs {
            measured.lowest = measured.lowest.min(a);
            measured.highest = measured.highest.max(b);
            measured.smallest_step = measured.smallest_step.min(b - a);
            if a <= 0.0 && b > 0.0 {
                measured.smallest_positive = Some(b);
            }
            if a >= normal || b <= -normal {
                let error = (b - a) / (b + a).abs();
                let largest = measured.largest_relative_error.unwrap_or(error);
                measured.largest_relative_error = Some(largest.max(error));
            }
        }
        measured
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(name: &str) -> NumberFormat {
        number_formats().into_iter().find(|format| format.name == name).unwrap()
    }

    #[test]
    fn floats_are_as_ieee_754_defines_them() {
        let two = |exponent: i32| 2.0_f64.powi(exponent);
        for (name, bits, mantissa, normal, highest) in [
            ("f32", 32, 23, two(-126), f64::from(f32::MAX)),
            ("f16", 16, 10, two(-14), 65_504.0),
            ("bf16", 16, 7, two(-126), (2.0 - two(-7)) * two(127)),
        ] {
            let format = format(name);
            assert_eq!(format.bits, bits);
            assert_eq!((format.lowest, format.highest), (-highest, highest));
            assert_eq!(format.smallest_normal, Some(normal));
            assert_eq!(format.smallest_positive, Some(normal * two(-mantissa)));
            assert_eq!(format.smallest_step, normal * two(-mantissa));
            // Worst just above a power of two: half a step, u/(1+u) with u = 2^-(mantissa+1).
            let unit = two(-mantissa - 1);
            assert_eq!(format.largest_relative_error, Some(unit / (1.0 + unit)));
        }
    }

    #[test]
    fn small_floats_are_as_ocp_defines_them() {
        let two = |exponent: i32| 2.0_f64.powi(exponent);
        for (name, smallest, normal, highest) in [
            ("fp8-e4m3", two(-9), two(-6), 448.0),
            ("fp8-e5m2", two(-16), two(-14), 57_344.0),
            ("fp6-e3m2", 0.0625, 0.25, 28.0),
            ("fp6-e2m3", 0.125, 1.0, 7.5),
            ("fp4-e2m1", 0.5, 1.0, 6.0),
        ] {
            let format = format(name);
            assert_eq!((format.lowest, format.highest), (-highest, highest));
            assert_eq!((format.smallest_positive, format.smallest_normal), (Some(smallest), Some(normal)));
            assert_eq!(format.smallest_step, smallest);
        }
        assert_eq!(format("nf4").smallest_normal, None);
        assert_eq!(format("power-of-two 4 bit").smallest_positive, Some(two(-6)));
    }

    #[test]
    fn integers_have_a_constant_step() {
        for (name, lowest, highest, error) in [
            ("int8", -128.0, 127.0, Some(1.0 / 3.0)),
            ("uint8", 0.0, 255.0, Some(1.0 / 3.0)),
            ("int16", -32_768.0, 32_767.0, Some(1.0 / 3.0)),
            ("int2", -2.0, 1.0, Some(1.0 / 3.0)),
            ("int1", -1.0, 0.0, None),
            ("uint1", 0.0, 1.0, None),
        ] {
            let format = format(name);
            assert_eq!((format.lowest, format.highest), (lowest, highest));
            assert_eq!(format.smallest_step, 1.0);
            assert_eq!(format.largest_relative_error, error);
        }
        assert_eq!(format("int1").smallest_positive, None);
    }
}
