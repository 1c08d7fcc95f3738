//! A user's own CSV file: where it is, how it is written, and what its columns are.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{self, Path, PathBuf};

use serde::de::{self, Deserializer, Unexpected};
use serde::{Deserialize, Serialize, Serializer};

use crate::csv_error::{CsvError, CsvProblem};
use crate::csv_table::{Layout, read_table};
use crate::target::Target;
use crate::{Dataset, RowsOfFile};

/// A user's own data: a CSV file with one row per sample, numbers as features and one column with the class.
///
/// ```toml
/// path = "flowers.csv"
/// target = "species"        # or a number, 1 for the first column
/// header = true             # the default
/// delimiter = ","           # the default
/// class_names = ["…", "…"]  # optional: shown instead of what the file says
/// unused = ["id"]           # optional: columns that are neither features nor target
/// ```
///
/// Classes may be text or numbers. They are numbered in sorted order: by value when all are numbers, and then spellings
/// of one number (`1`, `1.0`, `+1`) are one class, called by the shortest of them; otherwise by their characters (Unicode
/// code points). White space around a cell does not count; blank lines are skipped. Without a header the columns are
/// called `column 1`, `column 2` and so on. What looks like a slip (`yes` and `Yes`, a class `NA`) is a
/// [note](Dataset::notes).
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CsvSource {
    /// The file.
    pub path: PathBuf,
    /// The column with the class.
    pub target: Target,
    /// Whether the first line names the columns.
    #[serde(default = "has_header")]
    pub header: bool,
    /// The ASCII character between two cells.
    #[serde(
        default = "comma",
        deserialize_with = "delimiter_from_text",
        serialize_with = "delimiter_to_text"
    )]
    pub delimiter: u8,
    /// Names to show instead of the file's, in the sorted order of its classes.
    #[serde(default, deserialize_with = "distinct_names", skip_serializing_if = "Option::is_none")]
    pub class_names: Option<Vec<String>>,
    /// Columns that are neither features nor target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unused: Vec<Target>,
}

fn has_header() -> bool {
    true
}

fn comma() -> u8 {
    b','
}

impl CsvSource {
    /// A comma-separated file with a header.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, target: Target) -> Self {
        Self {
            path: path.into(),
            target,
            header: has_header(),
            delimiter: comma(),
            class_names: None,
            unused: Vec::new(),
        }
    }

    /// What the dataset is called: the file's name without its extension.
    #[must_use]
    pub fn name(&self) -> String {
        self.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// Reads the file; a relative path starts at `folder`.
    ///
    /// # Errors
    /// A [`CsvError`] that names the file, the line and the column, and what was expected there.
    pub fn read(&self, folder: &Path) -> Result<Dataset, CsvError> {
        self.load(&folder.join(&self.path)).map_err(|problem| CsvError { path: self.path.clone(), problem })
    }

    fn load(&self, place: &Path) -> Result<Dataset, CsvProblem> {
        let bytes = fs::read(place).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                CsvProblem::NotFound { place: path::absolute(place).unwrap_or_else(|_| place.to_owned()) }
            }
            io::ErrorKind::IsADirectory => CsvProblem::IsDirectory,
            // Opening a directory is itself refused on some systems.
            _ if place.is_dir() => CsvProblem::IsDirectory,
            _ => CsvProblem::Unreadable(error),
        })?;
        let layout = Layout {
            target: &self.target,
            unused: &self.unused,
            header: self.header,
            delimiter: self.delimiter,
        };
        let table = read_table(&bytes, &layout)?;
        let class_names = match &self.class_names {
            None => table.class_names,
            Some(names) if names.len() == table.class_names.len() => names.clone(),
            Some(names) => {
                return Err(CsvProblem::ClassNameCount { given: names.len(), classes: table.class_names });
            }
        };
        Ok(Dataset {
            name: self.name(),
            features: table.features,
            labels: table.labels,
            feature_names: table.feature_names,
            class_names,
            file: Some(RowsOfFile { path: self.path.clone(), lines: table.lines }),
            notes: table.notes,
            hash: blake3::hash(&bytes),
        })
    }
}

/// One ASCII character that cannot be part of a number, a quotation or a line break.
fn delimiter_from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let character = char::deserialize(deserializer)?;
    match u8::try_from(character) {
        Ok(byte @ (b'\t' | b' ' | b',' | b';' | b':' | b'|')) => Ok(byte),
        _ => Err(de::Error::invalid_value(
            Unexpected::Char(character),
            &"a tab, a space or one of `,` `;` `:` `|`",
        )),
    }
}

/// Names that tell the classes apart: none is blank, none stands twice.
fn distinct_names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    let mut known = HashSet::new();
    for name in &names {
        if name.trim().is_empty() {
            return Err(de::Error::invalid_value(Unexpected::Str(name), &"a name for each class"));
        }
        if !known.insert(name) {
            return Err(de::Error::custom(format!(
                "two classes are named `{name}`: expected a name of its own for each"
            )));
        }
    }
    if names.is_empty() {
        return Err(de::Error::invalid_length(0, &"a name for each class"));
    }
    Ok(Some(names))
}

// serde hands the field over by reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn delimiter_to_text<S: Serializer>(delimiter: &u8, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_char(char::from(*delimiter))
}
