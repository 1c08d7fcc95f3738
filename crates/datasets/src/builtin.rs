//! The datasets that are compiled into the program: wine, digits and wine quality.

use std::io::Read;

use flate2::read::GzDecoder;
use ndarray::ArrayView2;

use crate::Dataset;
use crate::csv_error::CsvProblem;
use crate::csv_table::{Layout, Table, read_table};
use crate::target::Target;
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
        problem: CsvProblem,
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
/// assert_eq!(digits.features.dim(), (1797, 64));
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
fn wine(bytes: &[u8]) -> Result<Dataset, CsvProblem> {
    let end = bytes.iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |end| end + 1);
    let (first, rows) = bytes.split_at(end);
    let table = last_column_is_the_class(rows, WINE_FEATURES.len())?;
    let first = String::from_utf8_lossy(first);
    let class_names: Vec<String> = first.trim().split(',').skip(2).map(str::to_owned).collect();
    if class_names.len() != table.class_names.len() {
        return Err(CsvProblem::ClassNameCount { given: class_names.len(), classes: table.class_names });
    }
    Ok(Dataset {
        name: "wine".to_owned(),
        features: table.features,
        labels: table.labels,
        feature_names: WINE_FEATURES.map(str::to_owned).to_vec(),
        class_names,
        file: None,
        notes: Vec::new(),
        hash: blake3::hash(bytes),
    })
}

/// A compressed CSV file without a header: 8 × 8 pixels row by row, then the digit.
fn digits(bytes: &[u8]) -> Result<Dataset, CsvProblem> {
    let mut text = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut text).map_err(CsvProblem::Unreadable)?;
    let table = last_column_is_the_class(&text, 64)?;
    Ok(Dataset {
        name: "digits".to_owned(),
        features: table.features,
        labels: table.labels,
        feature_names: (0..64).map(|pixel| format!("pixel_{}_{}", pixel / 8, pixel % 8)).collect(),
        class_names: table.class_names,
        file: None,
        notes: Vec::new(),
        hash: blake3::hash(bytes),
    })
}

fn last_column_is_the_class(bytes: &[u8], features: usize) -> Result<Table, CsvProblem> {
    let layout =
        Layout { target: &Target::Number(features + 1), unused: &[], header: false, delimiter: b',' };
    read_table(bytes, &layout)
}

fn wine_quality() -> Dataset {
    let data = linfa_datasets::winequality();
    let labels: Vec<usize> = data.targets.iter().map(|&score| quality_class(score)).collect();
    Dataset {
        name: "wine-quality".to_owned(),
        hash: hash_of_numbers(data.records.view(), &labels),
        feature_names: data.feature_names().iter().map(ToString::to_string).collect(),
        features: data.records,
        labels,
        class_names: ["low", "medium", "high"].map(str::to_owned).to_vec(),
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
    use crate::csv_error::CsvProblem;

    #[test]
    fn damaged_files_are_errors() {
        assert!(matches!(wine(b"178,13,class_0"), Err(CsvProblem::Empty)));
        assert!(matches!(wine(&WINE[..WINE.len() - 3]), Err(CsvProblem::ColumnCount { .. })));
        let renamed = [b"178,13,class_0,class_1\n", &WINE[30..]].concat();
        assert!(matches!(wine(&renamed), Err(CsvProblem::ClassNameCount { given: 2, .. })));
        assert!(matches!(digits(&DIGITS[..DIGITS.len() / 2]), Err(CsvProblem::Unreadable(_))));
    }

    #[test]
    fn every_number_counts_in_the_hash() {
        let numbers = ndarray::array![[1.0, 2.0], [3.0, 4.0]];
        let hash = hash_of_numbers(numbers.view(), &[0, 1]);
        assert_ne!(hash, hash_of_numbers(numbers.view(), &[1, 0]));
        assert_ne!(hash, hash_of_numbers(numbers.t(), &[0, 1]));
    }
}
