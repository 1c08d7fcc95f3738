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
        "uint32_t" => "READ_U32",
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
pub(super) fn literal(number: i64) -> String {
    if number == i64::from(i32::MIN) { "(-2147483647 - 1)".to_owned() } else { number.to_string() }
}

/// Whole numbers as C reads them.
pub(super) fn literals(values: &[i32]) -> impl ExactSizeIterator<Item = String> {
    values.iter().map(|value| literal(i64::from(*value)))
}

/// A float, by the fewest digits that are read back as it.
pub(super) fn float(number: f32) -> String {
    format!("{number:e}f")
}

/// The narrowest type without a sign that counts to a number.
pub(super) const fn index_type(most: usize) -> &'static str {
    match most {
        0..=0xff => "uint8_t",
        0x100..=0xffff => "uint16_t",
        _ => "uint32_t",
    }
}

/// A constant array of whole numbers, in the narrowest type; that type and the array.
pub(super) fn integers(name: &str, values: &[i32]) -> (&'static str, String) {
    let kind = type_name(Integer::holding(values.iter().copied()));
    (kind, array(kind, name, literals(values)))
}

/// A constant array of whole numbers without a sign, in the narrowest type; that type and the array.
pub(super) fn unsigned_integers(name: &str, values: &[u32]) -> (&'static str, String) {
    let kind = index_type(values.iter().copied().max().unwrap_or_default() as usize);
    (kind, array(kind, name, values.iter().map(|value| format!("{value}u"))))
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

/// A string of C: what is no letter, digit or sign of ASCII by the bytes that it has in UTF-8.
pub(super) fn string(text: &str) -> String {
    let mut literal = "\"".to_owned();
    for byte in text.bytes() {
        match byte {
            // The latter begins trigraphs.
            b'"' | b'\\' | b'?' | 0..=b'\x1f' | b'\x7f'.. => {
                let _ = write!(literal, "\\{byte:03o}");
            }
            _ => literal.push(char::from(byte)),
        }
    }
    literal + "\""
}

/// Text within a comment of C: what is no ASCII or not seen is replaced, and a space stands within what would end the comment,
/// begin another or be a trigraph. A backslash at the end would join lines.
pub(super) fn comment(text: &str) -> String {
    let mut plain = String::new();
    for letter in text.chars() {
        let letter = match letter {
            '·' => '-',
            '\\' => '/',
            ' '..='~' => letter,
            _ => '_',
        };
        if let (Some('*'), '/') | (Some('/'), '*') | (Some('?'), '?') = (plain.chars().next_back(), letter) {
            plain.push(' ');
        }
        plain.push(letter);
    }
    plain
}
