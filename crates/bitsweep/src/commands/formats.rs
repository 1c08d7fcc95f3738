//! `bitsweep formats`

use bitsweep_quant::{NumberFormat, number_formats};

use super::print;
use crate::failure::Failure;

pub(super) fn formats() -> Result<(), Failure> {
    print(&markdown(&number_formats()))
}

/// The formats as a Markdown table.
fn markdown(formats: &[NumberFormat]) -> String {
    let number = |value: f64| {
        let plain = value == 0.0 || (1e-3..1e6).contains(&value.abs());
        if plain { format!("{value}") } else { format!("{value:.3e}") }
    };
    let optional = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), number);
    let count = |value: Option<u32>| value.map_or_else(|| "–".to_owned(), |value| value.to_string());
    let mut text = String::from(
        "| format | bits | sign | exponent | mantissa | lowest | highest | smallest positive | smallest normal | \
         smallest step | largest relative error |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
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
