//! The datasets that come with the program.

#![allow(clippy::unwrap_used)]

use bitsweep_datasets::{BuiltinError, Dataset, TableProblem, builtin, builtin_names};
use sha2::{Digest, Sha256};

/// The mean of a column.
fn mean(data: &Dataset, name: &str) -> f64 {
    let column = data.columns.iter().position(|column| column.name == name).unwrap();
    data.values.column(column).sum() / data.rows() as f64
}

/// How many rows each class has.
fn class_counts(data: &Dataset) -> Vec<usize> {
    let rows_of = |class: usize| data.labels.iter().filter(|&&label| label == class).count();
    (0..data.classes()).map(rows_of).collect()
}

#[test]
fn every_builtin_dataset_is_consistent() {
    for name in builtin_names() {
        let data = builtin(name).unwrap();
        assert_eq!(data.name, *name);
        assert_eq!(data.labels.len(), data.rows());
        assert_eq!(data.columns.len(), data.values.ncols());
        assert!(data.values.iter().all(|value| value.is_finite()));
        assert!(class_counts(&data).iter().all(|&count| count >= 2));
    }
}

/// Shape, counts and means as in scikit-learn's description of the data.
#[test]
fn wine_is_the_published_data() {
    let wine = builtin("wine").unwrap();
    assert_eq!(wine.values.dim(), (178, 13));
    assert_eq!(wine.class_names, ["class_0", "class_1", "class_2"]);
    assert_eq!(class_counts(&wine), [59, 71, 48]);
    assert_eq!(wine.values[(0, 0)], 14.23);
    for (feature, expected) in
        [("alcohol", 13.0), ("malic_acid", 2.34), ("magnesium", 99.7), ("proline", 746.0)]
    {
        assert!((mean(&wine, feature) / expected - 1.0).abs() < 2e-3, "{feature}");
    }
}

#[test]
fn digits_is_the_published_data() {
    let digits = builtin("digits").unwrap();
    assert_eq!(digits.values.dim(), (1797, 64));
    assert_eq!(digits.class_names, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    assert_eq!(class_counts(&digits), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    assert_eq!(digits.columns[10].name, "pixel_1_2");
    assert!(digits.values.iter().all(|&value| (0.0..=16.0).contains(&value) && value.fract() == 0.0));
    let first: Vec<f64> = digits.values.row(0).iter().copied().take(8).collect();
    assert_eq!(first, [0.0, 0.0, 5.0, 13.0, 9.0, 1.0, 0.0, 0.0]);
    assert_eq!(digits.labels[..5], [0, 1, 2, 3, 4]);
}

/// Scores 3 to 8 have 10, 53, 681, 638, 199 and 18 rows (Cortez et al. 2009).
#[test]
fn wine_quality_scores_are_binned_as_documented() {
    let quality = builtin("wine-quality").unwrap();
    assert_eq!(quality.values.dim(), (1599, 11));
    assert_eq!(quality.class_names, ["low", "medium", "high"]);
    assert_eq!(class_counts(&quality), [10 + 53 + 681, 638, 199 + 18]);
}

/// The hashes come from another implementation (the `blake3` package for Python).
#[test]
fn a_builtin_dataset_is_known_by_the_blake3_hash_of_its_file() {
    for (name, expected) in [
        ("wine", "664dda0129f0f6660cdf304c91acbd41efe20d659e8f60ef44654aaef3a1edb2"),
        ("digits", "6e6d08206f25ea2b4115da8d88938afa92b1e035f762278c06b5df6fb254188a"),
    ] {
        assert_eq!(builtin(name).unwrap().hash.to_hex().as_str(), expected);
    }
}

#[test]
fn the_readme_lists_the_sha256_of_each_file() {
    let readme = include_str!("../../../data/README.md");
    for (file, bytes) in [
        ("wine_data.csv", include_bytes!("../../../data/wine_data.csv").as_slice()),
        ("digits.csv.gz", include_bytes!("../../../data/digits.csv.gz").as_slice()),
    ] {
        let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let row = readme.lines().find(|line| line.starts_with(&format!("| `{file}`"))).unwrap();
        assert!(row.ends_with(&format!("| `{digest}` |")), "{row}");
    }
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest() {
    assert_eq!(
        builtin("digit").unwrap_err().to_string(),
        "no built-in dataset is named `digit`, did you mean `digits`; there are `wine`, `digits`, `wine-quality`"
    );
    assert_eq!(
        builtin("iris").unwrap_err().to_string(),
        "no built-in dataset is named `iris`; there are `wine`, `digits`, `wine-quality`"
    );
}

#[test]
fn a_damaged_dataset_is_named() {
    let error = BuiltinError::Damaged { name: "wine", problem: TableProblem::OnlyHeader };
    assert_eq!(
        error.to_string(),
        "the built-in dataset `wine` is damaged: has a header but no rows below it"
    );
}
