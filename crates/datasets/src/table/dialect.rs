//! How a text file is written: what separates cells, how numbers are spelled, whether the first line names the columns.

use csv::{ReaderBuilder, StringRecord};

use super::cell::{Cell, CellReader, Decimal};
use super::encoding::Encoding;
use super::separator::Separator;
use super::source::TableSource;
use crate::dataset::TextLayout;
use crate::note::Note;

/// So many records are looked at.
const SAMPLE_ROWS: usize = 1000;

/// No more bytes than these are looked at.
const SAMPLE_BYTES: usize = 1 << 20;

/// How a text file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) separator: Separator,
    pub(super) decimal: Decimal,
    pub(super) comment: Option<u8>,
    pub(super) header: Header,
}

/// What the first line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// A row.
    None,
    /// The names of the columns.
    Names,
    /// The names of all columns but the first, as R writes a table whose rows have names.
    NamesOfAllButTheFirst,
    /// The names of all columns but the last, which is empty: rows end with a separator, and the names do not.
    NamesOfAllButTheLast,
}

impl Dialect {
    /// What the source says of itself, and for the rest what its first rows look like; what that took is noted.
    pub(super) fn of(text: &str, source: &TableSource, notes: &mut Vec<Note>) -> Self {
        let mut end = text.len().min(SAMPLE_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        // The last line of the sample may be cut.
        let sample = match text[..end].rfind('\n') {
            Some(newline) if end < text.len() => &text[..newline],
            Some(_) | None => &text[..end],
        };
        let comment = source.comment.map(|character| character as u8).or_else(|| {
            let assumed = starts_with_comments(sample).then_some(b'#');
            notes.extend(assumed.map(|_| Note::Comments));
            assumed
        });
        let separator = source.separator.unwrap_or_else(|| {
            let found = separator(sample, comment);
            notes.extend((found != Separator::Comma).then_some(Note::Separator(found)));
            found
        });
        let records = records(sample, separator, comment);
        let decimal = source.decimal.unwrap_or_else(|| {
            let found = if separator != Separator::Comma && has_decimal_commas(&records) {
                Decimal::Comma
            } else {
                Decimal::Point
            };
            notes.extend((found == Decimal::Comma).then_some(Note::DecimalComma));
            found
        });
        let header = match source.header {
            Some(false) => Header::None,
            Some(true) => named(&records),
            None => {
                let target = source.target_name();
                let header = header(&records, &CellReader::new(decimal, &source.missing_values), target);
                notes.extend(match (header, records.first()) {
                    (Header::None, Some(first)) => Some(Note::NoHeader { first: first.clone() }),
                    (Header::NamesOfAllButTheFirst, _) => Some(Note::RowNames),
                    (Header::Names, Some(first)) if is_counting(first) => {
                        Some(Note::NumbersAsNames { first: first.clone() })
                    }
                    (Header::Names | Header::NamesOfAllButTheLast | Header::None, _) => None,
                });
                header
            }
        };
        Self { separator, decimal, comment, header }
    }

    /// The same for those who ask how the file was read.
    pub(super) fn layout(self, encoding: Encoding) -> TextLayout {
        let Self { separator, decimal, comment, header } = self;
        let (comment, header) = (comment.map(char::from), header != Header::None);
        TextLayout { separator, decimal, encoding, comment, header }
    }
}

/// The first records of a text, blanks around their cells taken off.
fn records(sample: &str, separator: Separator, comment: Option<u8>) -> Vec<Vec<String>> {
    let plain = separator.plain(sample);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(comment)
        .delimiter(separator.byte())
        .from_reader(plain.as_bytes());
    let cells = |record: StringRecord| record.iter().map(|cell| cell.trim().to_owned()).collect();
    // What cannot be read is told where the file is read.
    reader.records().map_while(Result::ok).take(SAMPLE_ROWS).map(cells).collect()
}

/// Whether the text begins with lines of `#` that have other cells than the line below them.
fn starts_with_comments(sample: &str) -> bool {
    let mut lines = sample.split(['\n', '\r']).filter(|line| !line.trim().is_empty());
    let Some(first) = lines.next().filter(|line| line.starts_with('#')) else { return false };
    let cells = |line: &str, separator: Separator| {
        separator.plain(line).bytes().filter(|byte| *byte == separator.byte()).count()
    };
    let below = lines.find(|line| !line.starts_with('#'));
    below.is_some_and(|below| {
        Separator::ALL.into_iter().all(|separator| {
            let own = cells(below, separator);
            own == 0 || separator == Separator::Colon || own != cells(first, separator)
        })
    })
}

/// The separator that gives all rows the same number of cells, none of which looks separated by another; a comma if none
/// does.
fn separator(sample: &str, comment: Option<u8>) -> Separator {
    let mut best = (0.0, Separator::Comma);
    for separator in Separator::ALL {
        let records = records(sample, separator, comment);
        let width = usual_width(&records);
        if width < 2 {
            continue;
        }
        // The first line may name all columns but the first.
        let fits = |(row, record): (usize, &Vec<String>)| {
            record.len() == width || (row == 0 && record.len() + 1 == width)
        };
        let fitting = records.iter().enumerate().filter(|row| fits(*row)).count();
        let is_whole = |cell: &&String| !cell.contains([',', ';', '\t', '|']);
        let cells = records.iter().flatten().count();
        let whole = records.iter().flatten().filter(is_whole).count();
        // The names are separated as the rows are.
        let first = f64::from(u8::from(fits((0, &records[0]))));
        let score = first + fitting as f64 / records.len() as f64 + 0.5 * whole as f64 / cells as f64;
        // Of equal ones the usual one.
        if score > best.0 {
            best = (score, separator);
        }
    }
    best.1
}

/// The number of cells that most rows below the first have; of a single row its own.
fn usual_width(records: &[Vec<String>]) -> usize {
    let widths = || records.iter().skip(usize::from(records.len() > 1)).map(Vec::len);
    let rows = |width: usize| widths().filter(|other| *other == width).count();
    let mut distinct: Vec<usize> = widths().collect();
    distinct.sort_unstable();
    distinct.dedup();
    distinct.into_iter().max_by_key(|width| rows(*width)).unwrap_or(0)
}

/// Whether commas stand where decimal points would, and do not merely separate thousands.
fn has_decimal_commas(records: &[Vec<String>]) -> bool {
    let by_comma = CellReader::new(Decimal::Comma, &[]);
    let is_number = |cell: &&String| matches!(by_comma.read(cell), Cell::Number(_));
    let numbers = records.iter().flatten().filter(|cell| cell.contains(',')).filter(is_number);
    let is_of_thousands = |cell: &String| {
        let (head, tail) = cell.split_once(',').unwrap_or((cell, ""));
        let digits = head.trim_start_matches(['+', '-']);
        (1..=3).contains(&digits.len()) && !digits.starts_with('0') && tail.len() == 3
    };
    let has_point = |cell: &String| cell.contains('.') && cell.parse::<f64>().is_ok();
    let mut numbers = numbers.peekable();
    numbers.peek().is_some() && !numbers.all(is_of_thousands) && !records.iter().flatten().any(has_point)
}

/// What the first line is, where the file's owner does not say.
///
/// Names are texts above numbers, or differ from what stands below them. A first line with a number in a column of numbers is
/// a row, unless its numbers count the columns.
fn header(records: &[Vec<String>], cells: &CellReader, target: Option<&str>) -> Header {
    let Some((first, rows)) = records.split_first() else { return Header::Names };
    let width = usual_width(records);
    let names = named(records);
    // A target that is a number may be that of a column.
    let is_name = |target: &str| target.parse::<f64>().is_err() && first.iter().any(|cell| cell == target);
    if names != Header::Names || target.is_some_and(is_name) || rows.is_empty() || is_counting(first) {
        return names;
    }
    let is_number = |cell: &str| matches!(cells.read(cell), Cell::Number(_));
    let column = |position: usize| rows.iter().filter_map(move |row| row.get(position));
    let is_of_numbers = |position: usize| {
        let known = column(position).filter(|cell| cells.read(cell) != Cell::Missing);
        let (mut all, mut numbers) = (0, 0);
        for cell in known {
            all += 1;
            numbers += usize::from(is_number(cell));
        }
        numbers * 2 > all
    };
    let columns: Vec<usize> = (0..first.len().min(width)).collect();
    if columns.iter().any(|&position| is_number(&first[position]) && is_of_numbers(position)) {
        return Header::None;
    }
    let stands_below = |&position: &usize| column(position).any(|cell| *cell == first[position]);
    if !columns.is_empty() && columns.iter().all(stands_below) { Header::None } else { names }
}

/// The first line as names.
fn named(records: &[Vec<String>]) -> Header {
    match records.split_first() {
        Some((first, rows)) if !rows.is_empty() && rows.iter().all(|row| row.len() == first.len() + 1) => {
            match rows.iter().all(|row| row.last().is_none_or(String::is_empty)) {
                true => Header::NamesOfAllButTheLast,
                false => Header::NamesOfAllButTheFirst,
            }
        }
        Some(_) | None => Header::Names,
    }
}

/// Whether a line counts its columns, `0, 1, 2` or `1, 2, 3`, as programs name columns that have no names; a column that is
/// named may stand at either end.
fn is_counting(first: &[String]) -> bool {
    let numbers: Vec<u64> = first.iter().filter_map(|cell| cell.parse().ok()).collect();
    numbers.len() >= 3
        && numbers.len() + 1 >= first.len()
        && numbers[0] <= 1
        && numbers.windows(2).all(|pair| pair[1] == pair[0] + 1)
}
