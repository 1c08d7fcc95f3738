//! How C is written: types, constants, lines.

use std::fmt::Write as _;

use crate::export::plan::Integer;

/// A type of whole numbers in C.
pub(super) const fn type_name(integer: Integer) -> &'static str {
    match integer {
        Integer::U8 => "uint8_t",
        Integer::I8 => "int8_t",
        Integer::U16 => "uint16_t",
        Integer::I16 => "int16_t",
        Integer::I32 => "int32_t",
    }
}

/// The narrowest C integer that holds the numbers between two.
pub(super) const fn integer_type(least: i64, most: i64) -> &'static str {
    type_name(Integer::of(least, most))
}

/// What is read from where constants are, by the type of what is read.
pub(super) fn read(kind: &str, place: &str) -> String {
    let macro_name = match kind {
        "uint8_t" => "READ_U8",
        "int8_t" => "READ_I8",
        "uint16_t" => "READ_U16",
        "int16_t" => "READ_I16",
        "float" => "READ_F32",
        _ => "READ_I32",
    };
    format!("{macro_name}({place})")
}

/// A constant array.
pub(super) fn array(kind: &str, name: &str, values: impl ExactSizeIterator<Item = String>) -> String {
    let count = values.len();
    let mut text = format!("static const {kind} {name}[{count}] CONSTANT = {{");
    let mut width = 0;
    for (position, value) in values.enumerate() {
        if position > 0 {
            text.push(',');
        }
        if position == 0 || width + value.len() + 2 > 110 {
            text.push_str("\n    ");
            width = 4;
        } else {
            text.push(' ');
        }
        width += value.len() + 2;
        text.push_str(&value);
    }
    text.push_str("\n};\n");
    text
}

/// A whole number as C reads it: the lowest of 32 bits has no literal.
fn literal(number: i64) -> String {
    if number == i64::from(i32::MIN) { "(-2147483647 - 1)".to_owned() } else { number.to_string() }
}

/// Whole numbers as C reads them.
pub(super) fn literals(values: &[i32]) -> impl ExactSizeIterator<Item = String> {
    values.iter().map(|value| literal(i64::from(*value)))
}

pub(super) fn integers(name: &str, values: &[i32]) -> (&'static str, String) {
    let kind = type_name(Integer::holding(values.iter().copied()));
    (kind, array(kind, name, literals(values)))
}

/// Statements that keep `v` between two numbers.
pub(super) fn limits(least: i64, most: i64) -> String {
    format!("if (v < {least}) {{\n    v = {least};\n}}\nif (v > {most}) {{\n    v = {most};\n}}\n")
}

/// Lines with so many levels of indentation before each.
pub(super) fn indented(lines: &str, levels: usize) -> String {
    lines.lines().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{:indent$}{line}", "", indent = 4 * levels);
        text
    })
}
