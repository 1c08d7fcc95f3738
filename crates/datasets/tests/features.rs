//! Features of texts and gaps, and groups that stay together, against scikit-learn 1.6.1 (`tests/golden/features.py`).

#![allow(clippy::unwrap_used)]

use bitsweep_datasets::{
    Dataset, Holdout, KFold, PartSize, SplitError, SplitStreams, TableSource, divide_groups, encode, holdout,
    k_fold,
};
use bitsweep_random::Generator;
use serde::Deserialize;

#[derive(Deserialize)]
struct Features {
    table: String,
    train: Vec<usize>,
    most_levels: usize,
    numbers: std::collections::BTreeMap<String, Vec<Vec<f64>>>,
    texts: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Groups {
    groups: Vec<usize>,
    seed: u64,
    repeats: Vec<Vec<usize>>,
    folds: Vec<Vec<usize>>,
}

fn read(table: &str, keys: &str) -> Dataset {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t.csv"), table).unwrap();
    let source = format!("path = 't.csv'\ntarget = 'y'\n{keys}");
    toml::from_str::<TableSource>(&source).unwrap().read(folder.path(), 1 << 20).unwrap()
}

#[test]
fn filled_gaps_and_one_hot_texts_are_scikit_learns() {
    let cases: Vec<Features> = serde_json::from_str(include_str!("golden/features.json")).unwrap();
    let mut shared = 0;
    for case in &cases {
        for (missing, numbers) in &case.numbers {
            let data =
                read(&case.table, &format!("missing = '{missing}'\nmost_levels = {}", case.most_levels));
            let encoder = encode(&data, &case.train).unwrap();
            let all: Vec<usize> = (0..data.rows()).collect();
            let features = encoder.apply(&data, &all);
            for (row, features) in features.rows().into_iter().enumerate() {
                let features = features.to_vec();
                let (own, texts) = features.split_at(2);
                // What is filled in is rounded to f32.
                let is_same = |(a, b): (&f64, &f64)| (a - b).abs() <= f64::from(f32::EPSILON) / 2.0 * b.abs();
                assert!(own.iter().zip(&numbers[row]).all(is_same), "{row} {own:?}");
                assert_eq!(texts, case.texts[row], "row {row}, at most {} levels", case.most_levels);
            }
            shared += usize::from(encoder.names().last().unwrap() == "tree = other");
        }
    }
    assert!(shared > 5 && cases.len() > 10, "{shared}");
}

#[test]
fn an_indicator_says_where_values_were_missing() {
    let cases: Vec<Features> = serde_json::from_str(include_str!("golden/features.json")).unwrap();
    for case in &cases {
        let data = read(&case.table, "missing = 'indicator'");
        let encoder = encode(&data, &case.train).unwrap();
        assert_eq!(encoder.names()[..4], ["a", "a is missing", "b", "b is missing"]);
        assert_eq!(encoder.names().last().unwrap(), "tree is missing");
        let all: Vec<usize> = (0..data.rows()).collect();
        let features = encoder.apply(&data, &all);
        for row in all {
            let (own, median) = (features[[row, 0]], case.numbers["median"][row][0]);
            assert!(own == median || data.values[[row, 0]].is_nan() && own == f64::from(median as f32));
            assert_eq!(features[[row, 1]] == 1.0, data.values[[row, 0]].is_nan());
        }
        // Two numbers are filled in, four bytes each; and the text, whose words are stored.
        let words = encoder.names().iter().filter_map(|name| name.strip_prefix("tree = "));
        let words: u64 = words.map(|word| word.len() as u64 + 1).sum();
        assert_eq!(encoder.stored_bytes(), 12 + words);
    }
}

#[test]
fn groups_are_divided_as_scikit_learn_divides_them() {
    let cases: Vec<Groups> = serde_json::from_str(include_str!("golden/groups.json")).unwrap();
    for case in &cases {
        let streams = |number| SplitStreams::new(Generator::Numpy, case.seed, number).unwrap();
        let rule = Holdout::plain(PartSize::Fraction(0.3));
        for (number, test) in case.repeats.iter().enumerate() {
            let split = divide_groups(&case.groups, false, |labels, classes| {
                holdout(labels, classes, &rule, &mut streams(number))
            });
            let split = split.unwrap();
            assert_eq!(split.test, *test, "seed {}, repeat {number}", case.seed);
            let group = |rows: &[usize]| rows.iter().map(|&row| case.groups[row]).collect::<Vec<_>>();
            let tested = group(&split.test);
            assert!(group(&split.train).iter().all(|group| !tested.contains(group)));
            assert_eq!(split.train.len() + split.test.len(), case.groups.len());
        }
        let rule = KFold { folds: 4, stratified: false, validation: None };
        for (number, test) in case.folds.iter().enumerate() {
            let split = divide_groups(&case.groups, false, |labels, classes| {
                k_fold(labels, classes, &rule, &mut streams(number))
            });
            assert_eq!(split.unwrap().test, *test, "seed {}, fold {number}", case.seed);
        }
    }
}

#[test]
fn groups_are_not_stratified_and_must_be_enough() {
    let rule = Holdout::plain(PartSize::Count(3));
    let mut streams = SplitStreams::new(Generator::Modern, 0, 0).unwrap();
    let mut divide = |is_stratified| {
        divide_groups(&[0, 0, 1, 2, 2], is_stratified, |labels, classes| {
            holdout(labels, classes, &rule, &mut streams)
        })
    };
    assert_eq!(divide(true), Err(SplitError::StratifiedGroups));
    let error = divide(false).unwrap_err();
    assert_eq!(error.key(), "test");
    assert!(
        error.to_string().starts_with("the groups stay together, and are divided as rows are: "),
        "{error}"
    );
}
