//! From the text of a file to its columns.

use std::io;

use csv::{Reader, ReaderBuilder, StringRecord};

use super::cell::{Cell, CellReader};
use super::column_ref::Columns;
use super::dialect::{Dialect, Header};
use super::error::TableProblem;
use super::raw::{Asked, Cells, RawColumn, Texts, Wanted};

/// A text file, its first line read.
pub(super) struct TextFile<'t> {
    text: &'t str,
    dialect: Dialect,
    /// What the columns are called.
    pub(super) columns: Columns,
    /// Which of them the file gives no name, though it names others.
    unnamed: Vec<bool>,
}

/// The rows of a text file.
pub(super) struct Rows {
    pub(super) columns: Vec<RawColumn>,
    /// The line on which each row begins, counted from 1.
    pub(super) lines: Vec<usize>,
}

impl<'t> TextFile<'t> {
    /// A text in which cells are [plainly separated](super::separator::Separator::plain).
    pub(super) fn new(text: &'t str, dialect: Dialect) -> Result<Self, TableProblem> {
        let mut records = Records::of(text, dialect);
        let mut record = StringRecord::new();
        let mut is_there = records.next(&mut record)?;
        let first: Vec<String> = match dialect.header {
            Header::None => vec![String::new(); record.len()],
            Header::Names => record.iter().map(|name| name.trim().to_owned()).collect(),
            Header::NamesOfAllButTheFirst => {
                let names = record.iter().map(|name| name.trim().to_owned());
                [String::new()].into_iter().chain(names).collect()
            }
            Header::NamesOfAllButTheLast => {
                let names = record.iter().map(|name| name.trim().to_owned());
                names.chain([String::new()]).collect()
            }
        };
        if !is_there {
            return Err(TableProblem::Empty);
        }
        if dialect.header != Header::None {
            is_there = records.next(&mut record)?;
        }
        if !is_there {
            return Err(TableProblem::OnlyHeader);
        }
        let is_named = dialect.header != Header::None;
        let unnamed: Vec<bool> = first.iter().map(|name| is_named && is_no_name(name)).collect();
        let names = first.into_iter().enumerate().map(|(index, name)| match name.is_empty() {
            true => format!("column {}", index + 1),
            false => name,
        });
        let columns = Columns { names: names.collect(), has_header: is_named };
        Ok(Self { text, dialect, columns, unnamed })
    }

    /// The rows. A column of which nothing says whether it has numbers is read as text where it has no number, and refused
    /// where it has some and no less than texts.
    pub(super) fn rows(&self, wanted: &[Wanted], cells: &CellReader) -> Result<Rows, TableProblem> {
        let mut columns: Vec<Growing> = wanted.iter().map(|wanted| Growing::of(*wanted)).collect();
        let mut lines = Vec::new();
        self.each_row(|record, line| {
            let line = line();
            for (cell, column) in record.iter().zip(&mut columns) {
                column.push(cell, cells, line);
            }
            lines.push(line);
        })?;
        // Those that turn out to be of text are read again.
        for (column, name) in columns.iter_mut().zip(&self.columns.names) {
            if let Growing::Numbers(_, found) = column
                && found.is_text(name)?
            {
                *column = Growing::Texts(Texts::default(), false);
            }
        }
        let is_text = |(column, wanted): (&Growing, &Wanted)| {
            matches!(column, Growing::Texts(..)) && *wanted == Wanted::Whatever
        };
        let again: Vec<bool> = columns.iter().zip(wanted).map(is_text).collect();
        if again.contains(&true) {
            self.each_row(|record, _| {
                let cells_again = record.iter().zip(&mut columns).zip(&again).filter(|(_, again)| **again);
                cells_again.for_each(|((cell, column), _)| column.push(cell, cells, 0));
            })?;
        }
        let columns = columns.into_iter().enumerate().map(|(column, own)| RawColumn {
            name: self.columns.names[column].clone(),
            is_unnamed: self.unnamed[column],
            asked: Asked::Nothing,
            cells: match own {
                Growing::Nothing => Cells::Numbers(Vec::new()),
                Growing::Numbers(numbers, _) => Cells::Numbers(numbers),
                Growing::Texts(texts, _) => Cells::Texts(texts),
            },
        });
        Ok(Rows { columns: columns.collect(), lines })
    }

    /// Hands on every row, and what tells the line on which it begins.
    fn each_row(
        &self,
        mut take: impl FnMut(&StringRecord, &mut dyn FnMut() -> usize),
    ) -> Result<(), TableProblem> {
        let mut records = Records::of(self.text, self.dialect);
        let mut record = StringRecord::new();
        if self.dialect.header != Header::None {
            records.next(&mut record)?;
        }
        while records.next(&mut record)? {
            if record.len() != self.columns.names.len() {
                let (line, expected) = (records.line_of(&record), self.columns.names.len());
                return Err(TableProblem::ColumnCount { line, expected, found: record.len() });
            }
            take(&record, &mut || records.line_of(&record));
        }
        Ok(())
    }
}

/// Whether a column has no name, or the one that pandas gives to such a column.
fn is_no_name(name: &str) -> bool {
    name.is_empty() || name.starts_with("Unnamed: ")
}

/// A column while it is read.
enum Growing {
    Nothing,
    /// Numbers, and what else was found among them.
    Numbers(Vec<f64>, Found),
    /// Texts, with the blanks around them or without.
    Texts(Texts, bool),
}

impl Growing {
    fn of(wanted: Wanted) -> Self {
        match wanted {
            Wanted::Nothing => Self::Nothing,
            Wanted::Whatever => Self::Numbers(Vec::new(), Found::default()),
            Wanted::Text => Self::Texts(Texts::default(), false),
            Wanted::Labels => Self::Texts(Texts::default(), true),
        }
    }

    fn push(&mut self, cell: &str, cells: &CellReader, line: usize) {
        let trimmed = cell.trim();
        match self {
            Self::Nothing => {}
            Self::Numbers(numbers, found) => {
                let cell = cells.read(trimmed);
                found.count(cell, line, trimmed);
                numbers.push(if let Cell::Number(number) = cell { number } else { f64::NAN });
            }
            Self::Texts(texts, with_blanks) => {
                let text = if *with_blanks {
                    Some(cell).filter(|_| !cells.is_missing(trimmed))
                } else {
                    Some(trimmed).filter(|trimmed| cells.read(trimmed) != Cell::Missing)
                };
                texts.push(text.map(|text| cells.with_point(text)).as_deref());
            }
        }
    }
}

/// What the cells of a column are.
#[derive(Default)]
struct Found {
    numbers: usize,
    texts: usize,
    /// Texts that are missing values if the column has numbers.
    doubtful: usize,
    /// The first text that is none of these, and its line.
    first_text: Option<(usize, String)>,
}

impl Found {
    fn count(&mut self, cell: Cell, line: usize, text: &str) {
        match cell {
            Cell::Number(_) => self.numbers += 1,
            Cell::Missing => {}
            Cell::MissingAmongNumbers => self.doubtful += 1,
            Cell::Text => {
                self.texts += 1;
                self.first_text.get_or_insert_with(|| (line, text.to_owned()));
            }
        }
    }

    /// Whether the column is one of texts; an error where it is one of numbers, and has texts.
    fn is_text(&self, column: &str) -> Result<bool, TableProblem> {
        let Some((line, text)) = self.first_text.clone() else {
            return Ok(self.numbers == 0 && self.doubtful > 0);
        };
        if self.numbers < self.texts {
            return Ok(true);
        }
        let column = column.to_owned();
        Err(match text.parse::<f64>() {
            Ok(_) => TableProblem::NotFinite { place: format!("line {line}"), column, text },
            Err(_) => TableProblem::NotANumber { line, column, text, texts: self.texts },
        })
    }
}

/// The records of a text, each with its line.
struct Records<'t> {
    reader: Reader<&'t [u8]>,
    bytes: &'t [u8],
    comment: Option<u8>,
    /// The bytes whose lines were counted.
    offset: usize,
    /// The line that holds the byte at `offset`.
    line: usize,
}

impl<'t> Records<'t> {
    fn of(text: &'t str, dialect: Dialect) -> Self {
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .comment(dialect.comment)
            .delimiter(dialect.separator.byte())
            .from_reader(text.as_bytes());
        Self { reader, bytes: text.as_bytes(), comment: dialect.comment, offset: 0, line: 1 }
    }

    fn next(&mut self, record: &mut StringRecord) -> Result<bool, TableProblem> {
        let read = self.reader.read_record(record);
        let is_there = read.map_err(|error| TableProblem::Unreadable(io::Error::from(error)))?;
        // Only the last record can be one whose quotation does not end.
        let is_last = self.reader.position().byte() as usize >= self.bytes.len();
        if is_there && is_last && self.is_unclosed(record) {
            return Err(TableProblem::UnclosedQuotation { line: self.line_of(record) });
        }
        Ok(is_there)
    }

    /// Whether a record at the end of the text ends within quotation marks.
    fn is_unclosed(&self, record: &StringRecord) -> bool {
        let start = record.position().map_or(0, |position| position.byte() as usize);
        let marks = self.bytes[start..].iter().filter(|byte| **byte == b'"').count();
        marks % 2 == 1 && record.iter().any(|cell| cell.contains(['\n', '\r']))
    }

    /// The line on which a record begins that is not before the one of the last call.
    ///
    /// The csv crate's own line is that of the first blank line or comment before the record, if there is one.
    fn line_of(&mut self, record: &StringRecord) -> usize {
        let mut start = record.position().map_or(0, |position| position.byte() as usize);
        loop {
            match self.bytes.get(start) {
                Some(b'\n' | b'\r') => start += 1,
                Some(byte) if Some(*byte) == self.comment => {
                    let rest = &self.bytes[start..];
                    start += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
                }
                Some(_) | None => break,
            }
        }
        self.line += line_ends(self.bytes, self.offset, start);
        self.offset = start;
        self.line
    }
}

/// How many lines end at the bytes from `start` to `end`: `\n`, `\r\n` and a lone `\r` end a line.
fn line_ends(bytes: &[u8], start: usize, end: usize) -> usize {
    let ends = |(index, byte): (usize, &u8)| match byte {
        b'\n' => true,
        b'\r' => bytes.get(start + index + 1) != Some(&b'\n'),
        _ => false,
    };
    bytes[start..end].iter().enumerate().filter(|byte| ends(*byte)).count()
}
