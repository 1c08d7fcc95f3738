//! The datasets that are compiled into the program: wine, digits and wine quality.

use ndarray::ArrayView2;

use crate::dataset::{Column, Dataset, Division};
use crate::table::{ColumnRef, Missing, Separator, TableProblem, TableSource};
use crate::wording::{list, nearest, suggestion};

const WINE: &[u8] = include_bytes!("../../../data/wine_data.csv");
const DIGITS: &[u8] = include_bytes!("../../../data/digits.csv.gz");

const WINE_FEATURES: [&str; 13] = [
    "alcohol",
    "malic_acid",
    "ash",
    "alcalinity_of_ash",
    "magnesium",
    "total_phenols",
    "flavanoids",
    "nonflavanoid_phenols",
    "proanthocyanins",
    "color_intensity",
    "hue",
    "od280/od315_of_diluted_wines",
    "proline",
];

/// Why a built-in dataset cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum BuiltinError {
    /// There is no built-in dataset of this name.
    #[error("no built-in dataset is named `{name}`{}; there are {}", suggestion(*nearest), list(&NAMES))]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The dataset that it may have meant.
        nearest: Option<&'static str>,
    },
    /// The program was built with a damaged file under `data/`.
    #[error("the built-in dataset `{name}` is damaged: {problem}")]
    Damaged {
        /// The dataset.
        name: &'static str,
        /// What is wrong with its file.
        problem: TableProblem,
    },
}

const NAMES: [&str; 3] = ["wine", "digits", "wine-quality"];

/// The names that [`builtin`] knows.
#[must_use]
pub fn builtin_names() -> &'static [&'static str] {
    &NAMES
}

/// Loads a dataset that is compiled into the program.
///
/// * `wine`: wine recognition, 178 × 13, 3 cultivars (Aeberhard and Forina 1991).
/// * `digits`: handwritten digits, 1,797 × 64 counts of pixels from 0 to 16, 10 classes (Alpaydin and Kaynak 1998).
/// * `wine-quality`: red *vinho verde*, 1,599 × 11 (Cortez et al. 2009, as linfa-datasets ships it). Tasters gave
///   scores from 0 to 10, of which 3 to 8 occur. The classes are `low` (up to 5; 744 rows), `medium` (6; 638 rows)
///   and `high` (from 7; 217 rows): scores 3, 4 and 8 have only 10, 53 and 18 rows, too few to train and test on,
///   and the cuts keep the two in common use, above 5 (the better half) and above 6 (the good wines).
///
/// # Errors
/// [`BuiltinError::Unknown`] for any other name.
///
/// ```
/// let digits = bitsweep_datasets::builtin("digits")?;
/// assert_eq!(digits.values.dim(), (1797, 64));
/// # Ok::<(), bitsweep_datasets::BuiltinError>(())
/// ```
pub fn builtin(name: &str) -> Result<Dataset, BuiltinError> {
    match name {
        "wine" => wine(WINE).map_err(|problem| BuiltinError::Damaged { name: "wine", problem }),
        "digits" => digits(DIGITS).map_err(|problem| BuiltinError::Damaged { name: "digits", problem }),
        "wine-quality" => Ok(wine_quality()),
        _ => Err(BuiltinError::Unknown { name: name.to_owned(), nearest: nearest(name, NAMES) }),
    }
}

/// scikit-learn's format: a first line with the numbers of rows and features and the names of the classes, then
/// rows that end with the class.
fn wine(bytes: &[u8]) -> Result<Dataset, TableProblem> {
    let end = bytes.iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |end| end + 1);
    let (first, rows) = bytes.split_at(end);
    let first = String::from_utf8_lossy(first);
    let class_names = first.trim().split(',').skip(2).map(str::to_owned).collect();
    let source = TableSource { class_names: Some(class_names), ..rows_that_end_with_the_class(14) };
    let columns = WINE_FEATURES.map(Column::numbers).to_vec();
    let table = source.read_bytes(rows.to_vec())?;
    let notes = Vec::new();
    Ok(Dataset { name: "wine".to_owned(), columns, file: None, notes, hash: blake3::hash(bytes), ..table })
}

/// A compressed CSV file without a header: 8 × 8 pixels row by row, then the digit.
fn digits(bytes: &[u8]) -> Result<Dataset, TableProblem> {
    let table = rows_that_end_with_the_class(65).read_bytes(bytes.to_vec())?;
    let pixel = |pixel| Column::numbers(format!("pixel_{}_{}", pixel / 8, pixel % 8));
    let columns = (0..64).map(pixel).collect();
    // That a pixel is white in all pictures is no slip.
    let notes = Vec::new();
    Ok(Dataset { name: "digits".to_owned(), columns, file: None, notes, hash: blake3::hash(bytes), ..table })
}

/// Comma-separated numbers without a header, the class in the last of so many columns.
fn rows_that_end_with_the_class(columns: usize) -> TableSource {
    TableSource {
        header: Some(false),
        separator: Some(Separator::Comma),
        ..TableSource::new("", ColumnRef::Number(columns))
    }
}

fn wine_quality() -> Dataset {
    let data = linfa_datasets::winequality();
    let labels: Vec<usize> = data.targets.iter().map(|&score| quality_class(score)).collect();
    Dataset {
        name: "wine-quality".to_owned(),
        hash: hash_of_numbers(data.records.view(), &labels),
        columns: data.feature_names().iter().map(|name| Column::numbers(name.to_string())).collect(),
        values: data.records,
        missing: Missing::Refuse,
        labels,
        class_names: ["low", "medium", "high"].map(str::to_owned).to_vec(),
        division: Division::Free,
        file: None,
        notes: Vec::new(),
    }
}

/// The class of a taster's score.
fn quality_class(score: usize) -> usize {
    match score {
        ..=5 => 0,
        6 => 1,
        7.. => 2,
    }
}

/// The BLAKE3 hash of all features row by row and then all labels, each as eight bytes, the lowest first.
fn hash_of_numbers(features: ArrayView2<'_, f64>, labels: &[usize]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    for value in features {
        hasher.update(&value.to_le_bytes());
    }
    for &label in labels {
        hasher.update(&(label as u64).to_le_bytes());
    }
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{DIGITS, WINE, digits, hash_of_numbers, wine};
    use crate::table::TableProblem;

    #[test]
    fn damaged_files_are_errors() {
        assert!(matches!(wine(b"178,13,class_0"), Err(TableProblem::Empty)));
        assert!(matches!(wine(&WINE[..WINE.len() - 3]), Err(TableProblem::ColumnCount { .. })));
        let renamed = [b"178,13,class_0,class_1\n", &WINE[30..]].concat();
        assert!(matches!(wine(&renamed), Err(TableProblem::ClassNameCount { given: 2, .. })));
        assert!(matches!(digits(&DIGITS[..DIGITS.len() / 2]), Err(TableProblem::DamagedGzip(_))));
    }

    #[test]
    fn every_number_counts_in_the_hash() {
        let numbers = ndarray::array![[1.0, 2.0], [3.0, 4.0]];
        let hash = hash_of_numbers(numbers.view(), &[0, 1]);
        assert_ne!(hash, hash_of_numbers(numbers.view(), &[1, 0]));
        assert_ne!(hash, hash_of_numbers(numbers.t(), &[0, 1]));
    }
}
