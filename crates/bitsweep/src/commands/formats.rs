//! `bitsweep formats`

use bitsweep_quant::{NumberFormat, number_formats};

use super::print;
use crate::failure::Failure;

pub(super) fn formats() -> Result<(), Failure> {
    print(&page(&number_formats()))
}

const HEADING: &str = "\
# Number formats

What one code of each format can say, measured by enumerating the codes (of f32, the codes around each power of two).
Formats of at most 8 bits, and integers, are shown with a scale of 1: their range and step are in units of the scale. The
largest relative error is that of rounding a value between the smallest normal and the highest value of the format to
nearest. `bitsweep formats` prints this page.

| format | bits | sign | exponent | mantissa | lowest | highest | smallest positive | smallest normal | smallest step | largest relative error |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
";

/// The formats as a Markdown page.
fn page(formats: &[NumberFormat]) -> String {
    let number = |value: f64| {
        let plain = value == 0.0 || (1e-3..1e6).contains(&value.abs());
        if plain { format!("{}", (value * 1e6).round() / 1e6) } else { format!("{value:.3e}") }
    };
    let optional = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), number);
    let count = |value: Option<u32>| value.map_or_else(|| "–".to_owned(), |value| value.to_string());
    let mut text = String::from(HEADING);
    for format in formats {
        let cells = [
            format.name.clone(),
            format.bits.to_string(),
            format.sign_bits.to_string(),
            count(format.exponent_bits),
            count(format.mantissa_bits),
            number(format.lowest),
            number(format.highest),
            optional(format.smallest_positive),
            optional(format.smallest_normal),
            number(format.smallest_step),
            optional(format.largest_relative_error),
        ];
        text += &format!("| {} |\n", cells.join(" | "));
    }
    text
}
