//! From the bytes of a CSV file to features and classes.

use std::io;
use std::ops::Range;

use csv::{ReaderBuilder, StringRecord};
use ndarray::Array2;

use crate::class_labels::{Classes, classes};
use crate::csv_error::CsvProblem;
use crate::dataset::Note;
use crate::target::Target;
use crate::wording::nearest;

/// Predictions are stored in two bytes.
const MOST_CLASSES: usize = 1 << 16;

/// What the bytes alone do not say.
pub(crate) struct Layout<'a> {
    pub(crate) target: &'a Target,
    /// Columns that are neither target nor features.
    pub(crate) unused: &'a [Target],
    pub(crate) header: bool,
    pub(crate) delimiter: u8,
}

/// The content of a CSV file.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) features: Array2<f64>,
    pub(crate) labels: Vec<usize>,
    pub(crate) feature_names: Vec<String>,
    /// The classes as written in the file, sorted.
    pub(crate) class_names: Vec<String>,
    /// The line on which each row begins.
    pub(crate) lines: Vec<usize>,
    pub(crate) notes: Vec<Note>,
}

/// Reads features and classes; rows are checked in the order of the file.
pub(crate) fn read_table(bytes: &[u8], layout: &Layout<'_>) -> Result<Table, CsvProblem> {
    // Text of 16 bits per character begins with its mark, or has zeros for the upper halves of what is ASCII.
    if bytes.starts_with(&[0xff, 0xfe])
        || bytes.starts_with(&[0xfe, 0xff])
        || bytes.iter().take(64).any(|byte| *byte == 0)
    {
        return Err(CsvProblem::Utf16);
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to();
        CsvProblem::InvalidUtf8 { line: 1 + line_ends(bytes, 0..offset), byte: bytes[offset] }
    })?;
    // A byte order mark is no content.
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Err(CsvProblem::Empty);
    }
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).delimiter(layout.delimiter).from_reader(bytes);
    let mut record = StringRecord::new();
    let mut next = |record: &mut StringRecord| {
        reader.read_record(record).map_err(|error| CsvProblem::Unreadable(io::Error::from(error)))
    };

    let mut more = next(&mut record)?;
    let columns = column_names(&record, layout.header);
    if layout.header {
        more = next(&mut record)?;
        if !more {
            return Err(CsvProblem::OnlyHeader);
        }
    }
    let target = column_of(layout.target, layout.header, &columns)?;
    let is_feature = feature_columns(layout, &columns, target)?;

    let mut features = Vec::new();
    let mut cells = Vec::new();
    let mut lines = Lines::of(bytes);
    let mut line_of_row = Vec::new();
    while more {
        let line = lines.of_record(&record);
        if record.len() != columns.len() {
            return Err(CsvProblem::ColumnCount { line, expected: columns.len(), found: record.len() });
        }
        for (index, cell) in record.iter().enumerate() {
            let text = cell.trim();
            if is_feature[index] {
                features.push(finite(text).map_err(|wrong| wrong.at(line, &columns[index], text))?);
            } else if index == target && text.is_empty() {
                return Err(CsvProblem::MissingLabel { line, column: columns[index].clone() });
            } else if index == target {
                cells.push(cell.to_owned());
            }
        }
        line_of_row.push(line);
        more = next(&mut record)?;
    }

    let Classes { names: class_names, labels, notes, are_continuous } = classes(&columns[target], &cells);
    let column = || columns[target].clone();
    if let [class] = class_names.as_slice() {
        return Err(CsvProblem::OneClass { class: class.clone(), column: column() });
    }
    if are_continuous {
        let (classes, rows) = (class_names.len(), labels.len());
        return Err(CsvProblem::ContinuousTarget { column: column(), classes, rows });
    }
    if class_names.len() > MOST_CLASSES {
        let classes = class_names.len();
        return Err(CsvProblem::TooManyClasses { column: column(), classes, most: MOST_CLASSES });
    }
    let mut kept = is_feature.iter();
    let mut feature_names = columns;
    feature_names.retain(|_| kept.next() == Some(&true));
    let width = feature_names.len();
    let features =
        Array2::from_shape_fn((labels.len(), width), |(row, column)| features[row * width + column]);
    Ok(Table { features, labels, feature_names, class_names, lines: line_of_row, notes })
}

/// What the columns are called; one without a name by its number.
fn column_names(first: &StringRecord, header: bool) -> Vec<String> {
    let name = |(index, name): (usize, &str)| match name.trim() {
        name if header && !name.is_empty() => name.to_owned(),
        _ => format!("column {}", index + 1),
    };
    first.iter().enumerate().map(name).collect()
}

/// Whether each column is a feature.
fn feature_columns(layout: &Layout<'_>, columns: &[String], target: usize) -> Result<Vec<bool>, CsvProblem> {
    let mut is_feature = vec![true; columns.len()];
    is_feature[target] = false;
    for unused in layout.unused {
        let index = column_of(unused, layout.header, columns)?;
        if index == target {
            return Err(CsvProblem::UnusedTarget { column: columns[index].clone() });
        }
        is_feature[index] = false;
    }
    if is_feature.contains(&true) { Ok(is_feature) } else { Err(CsvProblem::NoFeatures) }
}

/// The index of a column.
fn column_of(column: &Target, header: bool, columns: &[String]) -> Result<usize, CsvProblem> {
    match column {
        Target::Number(number) if (1..=columns.len()).contains(number) => Ok(number - 1),
        Target::Number(number) => {
            Err(CsvProblem::ColumnOutOfRange { number: *number, columns: columns.len() })
        }
        Target::Name(name) if !header => Err(CsvProblem::NameWithoutHeader { name: name.clone() }),
        Target::Name(name) => {
            let mut matches = columns.iter().enumerate().filter(|(_, column)| *column == name);
            match (matches.next(), matches.count()) {
                (Some((index, _)), 0) => Ok(index),
                (Some(_), others) => {
                    Err(CsvProblem::AmbiguousColumn { name: name.clone(), count: others + 1 })
                }
                (None, _) => Err(CsvProblem::UnknownColumn {
                    name: name.clone(),
                    nearest: nearest(name, columns.iter().map(String::as_str)).map(str::to_owned),
                    columns: columns.to_vec(),
                }),
            }
        }
    }
}

/// What keeps a cell from being a feature.
enum Wrong {
    Text,
    NotFinite,
}

impl Wrong {
    fn at(self, line: usize, column: &str, cell: &str) -> CsvProblem {
        let (column, text) = (column.to_owned(), cell.to_owned());
        match self {
            Self::Text => CsvProblem::NotANumber { line, column, text },
            Self::NotFinite => CsvProblem::NotFinite { line, column, text },
        }
    }
}

fn finite(cell: &str) -> Result<f64, Wrong> {
    let value: f64 = cell.parse().map_err(|_| Wrong::Text)?;
    if value.is_finite() { Ok(value) } else { Err(Wrong::NotFinite) }
}

/// Counts lines from one record to the next.
struct Lines<'a> {
    bytes: &'a [u8],
    /// The bytes that were counted.
    offset: usize,
    /// The line that holds the byte at `offset`.
    line: usize,
}

impl<'a> Lines<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0, line: 1 }
    }

    /// The line on which a record begins that is not before the one of the last call.
    ///
    /// The csv crate's own line is that of the first blank line before the record, if there is one.
    fn of_record(&mut self, record: &StringRecord) -> usize {
        let start = record.position().map_or(0, |position| position.byte() as usize);
        let blank = self.bytes[start..].iter().take_while(|&&byte| byte == b'\n' || byte == b'\r').count();
        self.line += line_ends(self.bytes, self.offset..start + blank);
        self.offset = start + blank;
        self.line
    }
}

/// How many lines end at the bytes of a range: `\n`, `\r\n` and a lone `\r` end a line.
fn line_ends(bytes: &[u8], range: Range<usize>) -> usize {
    let ends = |index: &usize| match bytes[*index] {
        b'\n' => true,
        b'\r' => bytes.get(index + 1) != Some(&b'\n'),
        _ => false,
    };
    range.filter(ends).count()
}
