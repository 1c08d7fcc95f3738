//! From the bytes of a CSV file to features and classes.

use std::cmp::Ordering;
use std::io;

use csv::{ReaderBuilder, StringRecord};
use ndarray::Array2;

use crate::csv_error::CsvProblem;
use crate::target::Target;
use crate::wording::nearest;

/// What the bytes alone do not say.
pub(crate) struct Layout<'a> {
    pub(crate) target: &'a Target,
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
}

/// Reads features and classes; rows are checked in the order of the file.
pub(crate) fn read_table(bytes: &[u8], layout: &Layout<'_>) -> Result<Table, CsvProblem> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to();
        CsvProblem::InvalidUtf8 { line: line_at(bytes, offset), byte: bytes[offset] }
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
    let target = target_column(layout, &columns)?;
    if columns.len() < 2 {
        return Err(CsvProblem::NoFeatures);
    }

    let mut features = Vec::new();
    let mut texts = Vec::new();
    while more {
        let line = || line_of(bytes, &record);
        if record.len() != columns.len() {
            return Err(CsvProblem::ColumnCount {
                line: line(),
                expected: columns.len(),
                found: record.len(),
            });
        }
        for (index, cell) in record.iter().map(str::trim).enumerate() {
            if index != target {
                features.push(finite(cell).map_err(|wrong| wrong.at(line(), &columns[index], cell))?);
            } else if cell.is_empty() {
                return Err(CsvProblem::MissingLabel { line: line(), column: columns[index].clone() });
            } else {
                texts.push(cell.to_owned());
            }
        }
        more = next(&mut record)?;
    }

    let (class_names, labels) = classes(&texts);
    if let [class] = class_names.as_slice() {
        return Err(CsvProblem::OneClass { class: class.clone(), column: columns[target].clone() });
    }
    let width = columns.len() - 1;
    let features =
        Array2::from_shape_fn((labels.len(), width), |(row, column)| features[row * width + column]);
    let mut feature_names = columns;
    feature_names.remove(target);
    Ok(Table { features, labels, feature_names, class_names })
}

fn column_names(first: &StringRecord, header: bool) -> Vec<String> {
    if header {
        first.iter().map(|name| name.trim().to_owned()).collect()
    } else {
        (1..=first.len()).map(|number| format!("column {number}")).collect()
    }
}

/// The index of the target column.
fn target_column(layout: &Layout<'_>, columns: &[String]) -> Result<usize, CsvProblem> {
    match layout.target {
        Target::Number(number) if (1..=columns.len()).contains(number) => Ok(number - 1),
        Target::Number(number) => {
            Err(CsvProblem::TargetOutOfRange { number: *number, columns: columns.len() })
        }
        Target::Name(name) if !layout.header => Err(CsvProblem::TargetWithoutHeader { name: name.clone() }),
        Target::Name(name) => {
            let mut matches = columns.iter().enumerate().filter(|(_, column)| *column == name);
            match (matches.next(), matches.count()) {
                (Some((index, _)), 0) => Ok(index),
                (Some(_), others) => {
                    Err(CsvProblem::AmbiguousTarget { name: name.clone(), count: others + 1 })
                }
                (None, _) => Err(CsvProblem::UnknownTarget {
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

/// The distinct texts in sorted order, and the place of each text among them.
fn classes(texts: &[String]) -> (Vec<String>, Vec<usize>) {
    let integers: Option<Vec<i64>> = texts.iter().map(|text| text.parse().ok()).collect();
    let mut order: Vec<usize> = (0..texts.len()).collect();
    // Texts break ties between spellings of one integer, such as `1` and `01`, which stay two classes.
    let compare = |&a: &usize, &b: &usize| -> Ordering {
        let by_value = integers.as_ref().map_or(Ordering::Equal, |values| values[a].cmp(&values[b]));
        by_value.then_with(|| texts[a].cmp(&texts[b]))
    };
    order.sort_by(compare);
    let mut names: Vec<String> = Vec::new();
    let mut labels = vec![0; texts.len()];
    for row in order {
        if names.last() != Some(&texts[row]) {
            names.push(texts[row].clone());
        }
        labels[row] = names.len() - 1;
    }
    (names, labels)
}

/// The line on which a record begins.
///
/// The csv crate's own line is that of the first blank line before the record, if there is one.
fn line_of(bytes: &[u8], record: &StringRecord) -> usize {
    let start = record.position().map_or(0, |position| position.byte() as usize);
    let blank = bytes[start..].iter().take_while(|&&byte| byte == b'\n' || byte == b'\r').count();
    line_at(bytes, start + blank)
}

/// The number, counted from 1, of the line that holds the byte at `offset`: `\n`, `\r\n` and a lone `\r` end a line.
fn line_at(bytes: &[u8], offset: usize) -> usize {
    let ends = |index: &usize| match bytes[*index] {
        b'\n' => true,
        b'\r' => bytes.get(index + 1) != Some(&b'\n'),
        _ => false,
    };
    1 + (0..offset).filter(ends).count()
}
