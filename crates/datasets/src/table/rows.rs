//! Rows for a model that is there already: its columns, and what the rows say of the class.

use std::path::Path;

use super::column_ref::ColumnRef;
use super::error::{TableError, TableProblem};
use super::missing::Missing;
use super::raw::{Cells, RawColumn};
use super::source::TableSource;
use crate::dataset::{OtherClass, RowsOfFile, count_names, position_among};

/// The rows of a table, column by column, nothing made of them and none left out.
#[derive(Debug)]
pub struct Rows {
    columns: Vec<RawColumn>,
    /// Without a value where no column has the class.
    target: RawColumn,
    file: RowsOfFile,
}

impl Rows {
    /// Reads columns of a file by their names, some as texts whatever they look like, and the column with the class where there
    /// is one. What is not said of the file is detected.
    ///
    /// # Errors
    /// As [`TableSource::read`].
    pub fn read<'n>(
        path: &Path,
        columns: impl Iterator<Item = (&'n str, bool)> + Clone,
        target: Option<&ColumnRef>,
        most_bytes: u64,
    ) -> Result<Self, TableError> {
        let named = |(name, _): (&str, bool)| ColumnRef::Name(name.to_owned());
        let source = TableSource {
            columns: columns.clone().map(named).collect(),
            one_hot: columns.filter(|(_, is_text)| *is_text).map(named).collect(),
            missing: Missing::Median,
            // Where there is no target, none is looked for.
            ..TableSource::new(path, target.cloned().unwrap_or(ColumnRef::Number(0)))
        };
        let read = source.read_file(path, path, most_bytes, target);
        // There is no experiment whose keys could say more of the file.
        let plainly = |problem| match problem {
            TableProblem::NotANumber { line, column, text, .. } => {
                TableProblem::NoNumber { line, column, text }
            }
            TableProblem::NameWithoutHeader { .. } => TableProblem::NoHeader,
            other => other,
        };
        let refused = |problem| TableError { path: path.to_owned(), problem: plainly(problem) };
        let read = read.map_err(refused)?;
        let counts = count_names(read.features.iter().map(|column| column.name.as_str()));
        if let Some((name, &count)) = counts.iter().find(|(_, count)| **count > 1) {
            return Err(refused(TableProblem::AmbiguousName { name: (*name).to_owned(), count }));
        }
        Ok(Self { columns: read.features, target: read.target, file: read.file })
    }

    /// Where a row stands, for people: ``line 17 of `flowers.csv` ``.
    ///
    /// # Panics
    /// When `row` is not below [`count`](Self::count).
    #[must_use]
    pub fn place_of(&self, row: usize) -> String {
        self.file.place_of(row)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.target.cells.len()
    }

    /// The cells of a column.
    #[must_use]
    pub fn cells(&self, column: &str) -> Option<&Cells> {
        self.columns.iter().find(|own| own.name == column).map(|own| &own.cells)
    }

    /// The first row that has this class.
    #[must_use]
    pub fn row_of_class(&self, class: &str) -> Option<usize> {
        let Cells::Texts(texts) = &self.target.cells else { return None };
        (0..self.count()).find(|row| texts.get(*row).is_some_and(|own| own.trim() == class))
    }

    /// The class of each row, as a position among `classes`; `None` where the row does not say it. `1` and `1.0` are one class.
    ///
    /// # Errors
    /// A class that is not among them.
    pub fn labels(&self, classes: &[String]) -> Result<Vec<Option<usize>>, OtherClass> {
        let Cells::Texts(texts) = &self.target.cells else { return Ok(vec![None; self.count()]) };
        let label =
            |row: usize| texts.get(row).map(|class| position_among(class.trim(), classes)).transpose();
        (0..self.count()).map(label).collect()
    }
}
