//! A table as it was read: columns of numbers or texts, nothing made of them yet.

use std::collections::HashMap;

use super::error::TableProblem;
use crate::dataset::RowsOfFile;
use crate::note::Note;

/// What a column is to be read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Not at all.
    Nothing,
    /// As numbers where it has some, else as text.
    Whatever,
    /// As text, whatever it looks like.
    Text,
    /// As text with the blanks around it: they do not count, but are told of.
    Labels,
}

/// What the source says of how the texts of a column become features.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Asked {
    #[default]
    Nothing,
    OneHot,
    Ordinal,
    /// In the order of the source's levels.
    InOrder,
}

/// A column as it was read.
#[derive(Debug)]
pub(super) struct RawColumn {
    pub(super) name: String,
    /// Whether the file gives it no name, though it names others.
    pub(super) is_unnamed: bool,
    pub(super) asked: Asked,
    pub(super) cells: Cells,
}

impl RawColumn {
    /// A column that is not there: without a value in any of so many rows.
    pub(super) fn missing(rows: usize) -> Self {
        let texts = Texts { codes: vec![Texts::MISSING; rows], ..Texts::default() };
        Self { name: String::new(), is_unnamed: true, asked: Asked::Nothing, cells: Cells::Texts(texts) }
    }
}

/// The cells of a column, one per row.
#[derive(Debug)]
pub enum Cells {
    /// Numbers, NaN where one is missing.
    Numbers(Vec<f64>),
    /// Texts.
    Texts(Texts),
}

/// The texts of a column, each kept once.
#[derive(Debug, Default)]
pub struct Texts {
    /// Different texts in the order in which they came.
    pub(super) distinct: Vec<String>,
    /// The position of each row's text among them, [`MISSING`](Self::MISSING) where there is none.
    pub(super) codes: Vec<u32>,
    known: HashMap<String, u32>,
}

impl Texts {
    pub(super) const MISSING: u32 = u32::MAX;

    pub(super) fn push(&mut self, text: Option<&str>) {
        let code = text.map_or(Self::MISSING, |text| match self.known.get(text) {
            Some(&code) => code,
            None => {
                let code = self.distinct.len() as u32;
                self.known.insert(text.to_owned(), code);
                self.distinct.push(text.to_owned());
                code
            }
        });
        self.codes.push(code);
    }

    /// The text of a row; `None` where it is missing.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<&str> {
        self.distinct.get(self.codes[row] as usize).map(String::as_str)
    }

    /// How many rows each text has.
    pub(super) fn rows_of_each(&self) -> Vec<usize> {
        let mut rows = vec![0; self.distinct.len()];
        for code in self.codes.iter().filter(|code| **code != Self::MISSING) {
            rows[*code as usize] += 1;
        }
        rows
    }
}

impl Cells {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Texts(texts) => texts.codes.len(),
        }
    }

    /// Whether there is nothing in a row.
    pub(super) fn is_missing(&self, row: usize) -> bool {
        match self {
            Self::Numbers(numbers) => numbers[row].is_nan(),
            Self::Texts(texts) => texts.codes[row] == Texts::MISSING,
        }
    }

    /// Leaves out the rows that are not kept.
    pub(super) fn retain(&mut self, kept: &[bool]) {
        let mut kept = kept.iter();
        let mut next = || kept.next().copied().unwrap_or(true);
        match self {
            Self::Numbers(numbers) => numbers.retain(|_| next()),
            Self::Texts(texts) => texts.codes.retain(|_| next()),
        }
    }

    /// Adds the rows of another file; whether they are of the same kind. A column without any value is of any kind.
    pub(super) fn append(&mut self, other: Self) -> bool {
        match (&mut *self, other) {
            (Self::Numbers(own), Self::Numbers(more)) => own.extend(more),
            (Self::Texts(own), Self::Texts(more)) => {
                (0..more.codes.len()).for_each(|row| own.push(more.get(row)));
            }
            (Self::Numbers(own), Self::Texts(more)) if own.iter().all(|number| number.is_nan()) => {
                let mut texts = Texts::default();
                own.iter().for_each(|_| texts.push(None));
                (0..more.codes.len()).for_each(|row| texts.push(more.get(row)));
                *self = Self::Texts(texts);
            }
            (Self::Texts(own), Self::Numbers(more)) if more.iter().all(|number| number.is_nan()) => {
                more.iter().for_each(|_| own.push(None));
            }
            (Self::Numbers(_), Self::Texts(_)) | (Self::Texts(_), Self::Numbers(_)) => return false,
        }
        true
    }
}

/// The columns of all files, one after the other, by what they are for.
pub(super) struct RawTable {
    pub(super) features: Vec<RawColumn>,
    pub(super) target: RawColumn,
    pub(super) split: Option<RawColumn>,
    pub(super) group: Option<RawColumn>,
    pub(super) file: RowsOfFile,
    pub(super) notes: Vec<Note>,
}

impl RawTable {
    /// Adds the rows of another file, whose columns may be in another order.
    pub(super) fn append(&mut self, mut other: Self) -> Result<(), TableProblem> {
        fn add(own: &mut RawColumn, more: Option<RawColumn>) -> Result<(), TableProblem> {
            let column = own.name.clone();
            let Some(more) = more else { return Err(TableProblem::LacksColumn { column }) };
            if own.cells.append(more.cells) { Ok(()) } else { Err(TableProblem::MixedFiles { column }) }
        }
        for own in &mut self.features {
            let same = other.features.iter().position(|more| more.name == own.name);
            add(own, same.map(|position| other.features.remove(position)))?;
        }
        add(&mut self.target, Some(other.target))?;
        for (own, more) in [(&mut self.split, other.split), (&mut self.group, other.group)] {
            if let Some(own) = own {
                add(own, more)?;
            }
        }
        self.file.files.extend(other.file.files);
        self.file.lines.extend(other.file.lines);
        for note in other.notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        Ok(())
    }
}
