//! How Rust is written: types, lists, comments.

use crate::export::plan::Integer;

/// The widest list that stands in one line, and the widest item of which several stand in one, as rustfmt has it.
const MOST_LINE: usize = 60;
const MOST_ITEM: usize = 10;
/// The widest line.
const MOST_WIDTH: usize = 100;

/// A type of whole numbers in Rust.
pub(super) const fn type_name(integer: Integer) -> &'static str {
    match integer {
        Integer::U8 => "u8",
        Integer::I8 => "i8",
        Integer::U16 => "u16",
        Integer::I16 => "i16",
        Integer::I32 => "i32",
    }
}

/// An expression of a type as `i32`.
pub(super) fn widened(integer: Integer, expression: &str) -> String {
    match integer {
        Integer::I32 => expression.to_owned(),
        Integer::U8 | Integer::I8 | Integer::U16 | Integer::I16 => format!("i32::from({expression})"),
    }
}

/// A list of items behind so many columns of indentation.
pub(super) fn list(items: &[String], indent: usize) -> String {
    let line = format!("[{}]", items.join(", "));
    if line.len() <= MOST_LINE {
        return line;
    }
    let is_filled = items.iter().all(|item| item.len() <= MOST_ITEM);
    let mut text = String::from("[");
    let mut width = 0;
    for item in items {
        if width > 0 && is_filled && width + item.len() + 2 <= MOST_WIDTH {
            text.push(' ');
            width += item.len() + 2;
        } else {
            text.push_str(&format!("\n{:1$}", "", indent + 4));
            width = indent + 4 + item.len() + 1;
        }
        text.push_str(item);
        text.push(',');
    }
    text.push_str(&format!("\n{:indent$}]", ""));
    text
}

/// A constant array.
pub(super) fn array(name: &str, kind: &str, values: &[String]) -> String {
    format!("static {name}: [{kind}; {}] = {};\n", values.len(), list(values, 0))
}

/// A constant array of arrays.
pub(super) fn table(name: &str, kind: &str, lengths: (&str, &str), rows: &[Vec<String>]) -> String {
    let (length, width) = lengths;
    let rows: Vec<String> = rows.iter().map(|row| list(row, 4)).collect();
    format!("static {name}: [[{kind}; {width}]; {length}] = {};\n", list(&rows, 0))
}

/// Text within one line of a comment: what is no ASCII or not seen is replaced.
pub(super) fn comment(text: &str) -> String {
    let letter = |letter| match letter {
        '·' => '-',
        ' '..='~' => letter,
        _ => '_',
    };
    text.chars().map(letter).collect()
}
