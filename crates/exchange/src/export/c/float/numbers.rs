//! Constant floats, in as few bytes as have each of them exactly.

use half::{bf16, f16};

use crate::export::c::text::{array, float, integers, read};

/// Constant floats in C.
pub(super) struct Numbers {
    name: String,
    form: Form,
    /// The array, none of one number for all.
    pub(super) constants: String,
}

/// What is stored of each number.
enum Form {
    /// Nothing: all are the same.
    Same(f32),
    /// A whole number of this type.
    Whole(&'static str),
    /// The exponent.
    Power,
    /// The upper half, a bfloat16.
    UpperHalf,
    /// A binary16.
    Half,
    /// The float.
    Float,
    /// A code of FP8 E4M3, which this is multiplied by.
    Scaled(f32),
}

impl Numbers {
    /// The constants of a name.
    pub(super) fn new(name: &str, numbers: &[f32]) -> Self {
        let made = |form: Form, constants: String| Self { name: name.to_owned(), form, constants };
        let first = numbers.first().copied().unwrap_or_default();
        if numbers.iter().all(|number| number.to_bits() == first.to_bits()) {
            return made(Form::Same(first), String::new());
        }
        let bits = || numbers.iter().map(|number| number.to_bits());
        // Those of 0 are subnormal numbers.
        let is_power = |bits: u32| bits & 0x807f_ffff == 0 && bits != 0;
        let whole = whole(numbers);
        if let Some((kind @ ("uint8_t" | "int8_t"), constants)) =
            whole.as_ref().map(|whole| integers(name, whole))
        {
            return made(Form::Whole(kind), constants);
        }
        if bits().all(is_power) {
            return made(Form::Power, array("uint8_t", name, bits().map(|bits| (bits >> 23).to_string())));
        }
        if let Some((kind @ ("uint16_t" | "int16_t"), constants)) = whole.map(|whole| integers(name, &whole))
        {
            return made(Form::Whole(kind), constants);
        }
        let patterns = |pattern: fn(f32) -> u16| {
            array("uint16_t", name, numbers.iter().map(|number| pattern(*number).to_string()))
        };
        let are =
            |rounded: fn(f32) -> f32| bits().eq(numbers.iter().map(|number| rounded(*number).to_bits()));
        if are(|number| bf16::from_f32(number).to_f32()) {
            return made(Form::UpperHalf, patterns(|number| bf16::from_f32(number).to_bits()));
        }
        if are(|number| f16::from_f32(number).to_f32()) {
            return made(Form::Half, patterns(|number| f16::from_f32(number).to_bits()));
        }
        made(Form::Float, array("float", name, numbers.iter().map(|number| float(*number))))
    }

    /// Codes of FP8 E4M3, multiplied by `scale`.
    pub(super) fn scaled(name: &str, codes: &[u8], scale: f32) -> Self {
        let constants = array("uint8_t", name, codes.iter().map(ToString::to_string));
        Self { name: name.to_owned(), form: Form::Scaled(scale), constants }
    }

    /// The number that all are.
    pub(super) fn same(&self) -> Option<f32> {
        match self.form {
            Form::Same(number) => Some(number),
            Form::Whole(_) | Form::Power | Form::UpperHalf | Form::Half | Form::Float | Form::Scaled(_) => {
                None
            }
        }
    }

    /// The number at a position, an expression.
    pub(super) fn at(&self, position: &str) -> String {
        let stored = |kind: &str| read(kind, &format!("{} + {position}", self.name));
        match self.form {
            Form::Same(number) => float(number),
            Form::Whole(kind) => format!("(float){}", stored(kind)),
            Form::Power => format!("float_of_bits((uint32_t){} << 23)", stored("uint8_t")),
            Form::UpperHalf => format!("float_of_bits((uint32_t){} << 16)", stored("uint16_t")),
            Form::Half => half_float(&stored("uint16_t")),
            Form::Float => stored("float"),
            Form::Scaled(scale) => {
                format!("small_float({}, 4, 3, 7) * {}", stored("uint8_t"), float(scale))
            }
        }
    }
}

/// The float of a pattern of binary16, an expression.
pub(super) fn half_float(pattern: &str) -> String {
    format!("small_float({pattern}, 5, 10, 15)")
}

/// The numbers as whole ones of at most 16 bits.
fn whole(numbers: &[f32]) -> Option<Vec<i32>> {
    let whole = |number: &f32| {
        let whole = *number as i32;
        ((whole as f32).to_bits() == number.to_bits() && whole.abs() <= 0xffff).then_some(whole)
    };
    numbers.iter().map(whole).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(numbers: &[f32]) -> String {
        Numbers::new("n", numbers).at("o")
    }

    #[test]
    fn numbers_take_as_few_bytes_as_have_them_exactly() {
        assert_eq!(at(&[0.1, 0.1]), "1e-1f");
        assert_eq!(at(&[1.0, -128.0]), "(float)READ_I8(n + o)");
        assert_eq!(at(&[1.0, 0.25]), "float_of_bits((uint32_t)READ_U8(n + o) << 23)");
        assert_eq!(at(&[1.0, 1000.0]), "(float)READ_U16(n + o)");
        assert_eq!(at(&[1.5, -0.0]), "float_of_bits((uint32_t)READ_U16(n + o) << 16)");
        assert_eq!(at(&[1.5, 2049.0 / 2048.0, 0.0]), "READ_F32(n + o)");
        assert_eq!(at(&[1.5, 1025.0 / 1024.0]), "small_float(READ_U16(n + o), 5, 10, 15)");
        assert_eq!(at(&[f32::from_bits(1), 1.0]), "READ_F32(n + o)");
        assert_eq!(at(&[0.1, 70_000.0]), "READ_F32(n + o)");
    }
}
