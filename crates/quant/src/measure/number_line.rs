//! Where the levels of a format lie.

use crate::scheme::{Format, LevelTable, Scheme, Symmetry};

/// The levels of the scheme's format, ascending, in units of the largest magnitude.
///
/// `None` where the values decide (codebooks, zero points, GGUF's blocks), and for the 16-bit floats, whose levels are no
/// picture.
///
/// ```
/// use bitsweep_quant::{Bits, number_line, presets};
///
/// let ternary = presets::symmetric_narrow(Bits::new(2).unwrap());
/// assert_eq!(number_line(&ternary), Some(vec![-1.0, 0.0, 1.0]));
/// ```
#[must_use]
pub fn number_line(scheme: &Scheme) -> Option<Vec<f64>> {
    let levels: Vec<f64> = match scheme.format {
        Format::Integer { .. } | Format::DoReFa { .. } if scheme.is_binary() => vec![-1.0, 1.0],
        Format::Integer { .. } => match scheme.symmetry {
            Symmetry::Symmetric => {
                scheme.grid().map(|grid| (grid.lowest..=grid.highest).map(f64::from))?.collect()
            }
            Symmetry::Asymmetric(_) => return None,
        },
        Format::DoReFa { bits } => {
            let steps = (1_i32 << bits.get()) - 1;
            (0..=steps).map(|code| f64::from(2 * code - steps)).collect()
        }
        Format::Wrpn { bits } => {
            let highest = (1_i32 << (bits.get() - 1)) - 1;
            (-highest..=highest).map(f64::from).collect()
        }
        Format::Levels(format) => LevelTable::new(format).ascending().collect(),
        Format::Float16 | Format::BFloat16 | Format::Codebook(_) | Format::Gguf(_) => return None,
    };
    let largest = levels.iter().fold(0.0, |largest, level: &f64| f64::max(largest, level.abs()));
    Some(levels.into_iter().map(|level| level / largest).collect())
}

#[cfg(test)]
mod tests {
    use super::number_line;
    use crate::scheme::SchemeSpec;

    fn levels(spec: &str) -> Option<Vec<f64>> {
        let spec: SchemeSpec = toml::from_str(spec).unwrap();
        number_line(&spec.resolve().unwrap())
    }

    #[test]
    fn levels_are_those_of_the_definition() {
        let fp4 = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0].map(|level| level / 6.0);
        let line = levels("format = 'fp4-e2m1'").unwrap();
        assert_eq!(line[7..], fp4);
        assert_eq!(levels("bits = 1").unwrap(), [-1.0, 1.0]);
        assert_eq!(levels("format = 'wrpn'\nbits = 2").unwrap(), [-1.0, 0.0, 1.0]);
        assert_eq!(levels("format = 'dorefa'\nbits = 2").unwrap(), [-1.0, -1.0 / 3.0, 1.0 / 3.0, 1.0]);
        assert_eq!(levels("format = 'dorefa'\nbits = 1").unwrap(), [-1.0, 1.0]);
        // GPTQ's convention has one more level below zero than above.
        assert_eq!(levels("bits = 2\ncode_range = 'full'").unwrap(), [-1.0, -0.5, 0.0, 0.5]);
    }

    #[test]
    fn what_the_values_decide_has_no_line() {
        for spec in [
            "bits = 4\nsymmetry = 'asymmetric'",
            "format = 'f16'",
            "format = { vq = { centroids = 4 } }",
            "format = 'q4_0'",
        ] {
            assert_eq!(levels(spec), None, "{spec}");
        }
    }
}
