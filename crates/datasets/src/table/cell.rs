//! What stands in a cell: a number, nothing, or text.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Texts that stand for a missing value, whatever their case; so does an empty cell.
const MISSING: [&str; 9] = ["na", "n/a", "#n/a", "#na", "<na>", "nan", "-nan", "null", "?"];

/// Texts that stand for a missing value among numbers; among texts they may be a word like any other.
const MISSING_AMONG_NUMBERS: [&str; 6] = ["none", "nil", "missing", "unknown", "-", "."];

/// The sign between a number's whole part and its fraction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Decimal {
    /// `"."`, the default where no comma is found in its place.
    #[default]
    #[serde(rename = ".")]
    Point,
    /// `","`
    #[serde(rename = ",")]
    Comma,
}

/// A cell, blanks around it aside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell {
    Number(f64),
    /// Empty, or a text that stands for a missing value.
    Missing,
    /// A text that stands for a missing value where the others are numbers.
    MissingAmongNumbers,
    Text,
}

/// How cells are read.
pub(super) struct CellReader {
    decimal: Decimal,
    /// What else stands for a missing value, as it is written.
    missing: Vec<String>,
    /// Those of them that are numbers, however they are spelled.
    missing_numbers: Vec<f64>,
}

impl CellReader {
    pub(super) fn new(decimal: Decimal, missing: &[String]) -> Self {
        let missing = missing.iter().map(|text| text.trim().to_owned()).collect();
        let mut reader = Self { decimal, missing, missing_numbers: Vec::new() };
        reader.missing_numbers = reader.missing.iter().filter_map(|text| reader.number(text)).collect();
        reader
    }

    /// What a cell without blanks around it says.
    pub(super) fn read(&self, text: &str) -> Cell {
        if self.is_missing(text) {
            return Cell::Missing;
        }
        match self.number(text) {
            Some(number) if self.is_missing_number(number) => Cell::Missing,
            // Beyond a double, or `inf`: no number to compute with.
            Some(number) if !number.is_finite() => Cell::Text,
            Some(number) => Cell::Number(number),
            None if is_one_of(&MISSING, text) => Cell::Missing,
            None if is_one_of(&MISSING_AMONG_NUMBERS, text) => Cell::MissingAmongNumbers,
            None => Cell::Text,
        }
    }

    /// Whether a number stands for a missing value.
    pub(super) fn is_missing_number(&self, number: f64) -> bool {
        number.is_nan() || self.missing_numbers.contains(&number)
    }

    /// Whether the cell is empty or says what the file's owner writes for a missing value.
    pub(super) fn is_missing(&self, text: &str) -> bool {
        text.is_empty() || self.missing.iter().any(|missing| missing == text)
    }

    /// The text, a number in it with a decimal point.
    pub(super) fn with_point<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.decimal {
            Decimal::Comma if self.number(text.trim()).is_some() => text.replacen(',', ".", 1).into(),
            Decimal::Comma | Decimal::Point => text.into(),
        }
    }

    /// The number that the whole text says, be it finite or not.
    fn number(&self, text: &str) -> Option<f64> {
        match self.decimal {
            Decimal::Point => text.parse().ok(),
            // A decimal point is none then: `1.234,5` says something else.
            Decimal::Comma if text.contains('.') => None,
            Decimal::Comma => text.replacen(',', ".", 1).parse().ok(),
        }
    }
}

/// Whether a text usually stands for a missing value.
pub(super) fn usually_means_missing(text: &str) -> bool {
    is_one_of(&MISSING, text) || is_one_of(&MISSING_AMONG_NUMBERS, text)
}

fn is_one_of(words: &[&str], text: &str) -> bool {
    words.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// Whether the text is a date, a time, or both, as spreadsheets and databases write them: `2024-05-31`, `31.5.24`,
/// `5/31/2024 08:30`, `2024-05-31T08:30:00Z`, `08:30`.
pub(super) fn is_date(text: &str) -> bool {
    let is_time = |text: &str| {
        let parts: Vec<&str> = text.split(':').collect();
        let digits = |part: &&str| part.starts_with(|first: char| first.is_ascii_digit());
        parts.len() >= 2 && parts.len() <= 4 && parts.iter().all(digits)
    };
    let is_day = |text: &str| {
        ['-', '/', '.'].into_iter().any(|sign| {
            let parts: Vec<&str> = text.split(sign).collect();
            let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            parts.len() == 3
                && parts.iter().all(is_number)
                && matches!(
                    [parts[0].len(), parts[1].len(), parts[2].len()],
                    [4, 1..=2, 1..=2] | [1..=2, 1..=2, 2 | 4]
                )
        })
    };
    match text.split_once([' ', 'T']) {
        Some((day, time)) => is_day(day) && is_time(time.trim()),
        None => is_day(text) || is_time(text),
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, CellReader, Decimal, is_date};

    #[test]
    fn a_cell_is_a_number_or_missing_or_text() {
        let reader = CellReader::new(Decimal::Point, &["-999".to_owned(), "  so what ".to_owned()]);
        for (text, cell) in [
            ("1.5", Cell::Number(1.5)),
            ("+1e3", Cell::Number(1000.0)),
            ("-.5", Cell::Number(-0.5)),
            ("", Cell::Missing),
            ("NA", Cell::Missing),
            ("n/a", Cell::Missing),
            ("?", Cell::Missing),
            ("NaN", Cell::Missing),
            ("NULL", Cell::Missing),
            ("-999", Cell::Missing),
            ("-999.0", Cell::Missing),
            ("so what", Cell::Missing),
            ("None", Cell::MissingAmongNumbers),
            ("-", Cell::MissingAmongNumbers),
            ("inf", Cell::Text),
            ("1e999", Cell::Text),
            ("1,5", Cell::Text),
            ("red", Cell::Text),
        ] {
            assert_eq!(reader.read(text), cell, "{text}");
        }
    }

    #[test]
    fn a_decimal_comma_is_no_separator_of_thousands() {
        let reader = CellReader::new(Decimal::Comma, &[]);
        assert_eq!(reader.read("0,126"), Cell::Number(0.126));
        assert_eq!(reader.read("7"), Cell::Number(7.0));
        assert_eq!(reader.read("1.234,5"), Cell::Text);
        assert_eq!(reader.read("1,234,5"), Cell::Text);
    }

    #[test]
    fn dates_and_times_are_told_from_other_texts() {
        for date in [
            "2024-05-31",
            "31.5.24",
            "5/31/2024 08:30",
            "2024-05-31T08:30:00Z",
            "08:30",
            "2024/5/1 8:30:00.5",
        ] {
            assert!(is_date(date), "{date}");
        }
        for text in ["1.2", "1-2", "192.168.0.1", "a-b-c", "1.5.1.2", "12:x", "May 5", "", "1234-5678-90"] {
            assert!(!is_date(text), "{text}");
        }
    }
}
