//! How Rust is written: types, lists, comments.

use bitsweep_inference::integer::{FeatureCodes, Positions};

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

/// The type of features in Rust.
pub(super) const fn feature_type(features: &FeatureCodes) -> &'static str {
    match features.positions() {
        Positions::Float { .. } => "f32",
        Positions::Integer(_) => "i32",
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
fn list(items: &[String], indent: usize) -> String {
    let line = items.join(", ");
    if line.len() <= MOST_LINE {
        return format!("[{line}]");
    }
    let is_filled = items.iter().all(|item| item.len() <= MOST_ITEM && !item.starts_with('['));
    let mut text = String::from("[");
    let mut width = 0;
    for (position, item) in items.iter().enumerate() {
        // The last item of a list that is no item itself may end where the line does.
        let room = usize::from(indent > 0 || position + 1 < items.len());
        if width > 0 && is_filled && width + item.len() + 2 + room <= MOST_WIDTH {
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

/// The declaration of an array of these items.
pub(super) fn array(declared: &str, items: &[String]) -> String {
    let items = list(items, 0);
    match !items.contains('\n') && declared.len() + items.len() + 4 > MOST_WIDTH {
        true => format!("{declared} =\n    {items};\n"),
        false => format!("{declared} = {items};\n"),
    }
}

/// The declaration of an array of arrays.
pub(super) fn table(declared: &str, rows: &[Vec<String>]) -> String {
    array(declared, &rows.iter().map(|row| list(row, 4)).collect::<Vec<_>>())
}

/// Whole numbers as items.
pub(super) fn integers(values: &[i32]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
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
