//! Folds against scikit-learn 1.6.1 (`tests/golden/make.py`) and against what folds are.

#![allow(clippy::unwrap_used)]

use bitsweep_datasets::{KFold, PartSize, Split, SplitError, SplitStreams, k_fold};
use bitsweep_random::Generator;
use proptest::prelude::*;
use serde_json::Value;

fn rule(folds: usize, stratified: bool) -> KFold {
    KFold { folds, stratified, validation: None }
}

/// The division of every fold.
fn divisions(
    labels: &[usize],
    rule: &KFold,
    generator: Generator,
    seed: u64,
) -> Result<Vec<Split>, SplitError> {
    let division = |fold| {
        let mut streams = SplitStreams::new(generator, seed, fold).unwrap();
        k_fold(labels, 36, rule, &mut streams)
    };
    (0..rule.folds.max(1)).map(division).collect()
}

/// The 64-bit FNV-1a hash of numbers, as in the script.
fn fnv1a(numbers: &[usize]) -> String {
    let bytes = numbers.iter().flat_map(|&number| u32::try_from(number).unwrap().to_le_bytes());
    let hash = bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    format!("{hash:016x}")
}

#[test]
fn folds_are_scikit_learns() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("golden/folds.json")).unwrap();
    let mut compared = 0;
    for case in &cases {
        let labels: Vec<usize> =
            case["labels"].as_str().unwrap().chars().map(|c| c.to_digit(36).unwrap() as usize).collect();
        let rule = rule(case["folds"].as_u64().unwrap() as usize, case["stratified"].as_bool().unwrap());
        let divisions = divisions(&labels, &rule, Generator::Numpy, case["seed"].as_u64().unwrap());
        if case.get("refused").is_some() {
            assert!(divisions.is_err(), "scikit-learn refuses, or warns of, {case}");
            continue;
        }
        let mut fold_of = vec![0; labels.len()];
        for (fold, split) in divisions.unwrap().iter().enumerate() {
            assert!(split.test.is_sorted() && split.train.is_sorted(), "{case}");
            split.test.iter().for_each(|&row| fold_of[row] = fold);
        }
        match case.get("fold_of") {
            Some(expected) => {
                let expected: Vec<usize> = serde_json::from_value(expected.clone()).unwrap();
                assert_eq!(fold_of, expected, "{case}");
            }
            None => assert_eq!(fnv1a(&fold_of), case["fold_hash"], "{case}"),
        }
        compared += 1;
    }
    assert!(compared > 80);
}

#[test]
fn impossible_folds_are_refused() {
    let refused = |labels: &[usize], rule: &KFold| {
        divisions(labels, rule, Generator::Modern, 0).map(|_| ()).unwrap_err()
    };
    let labels = [0, 1, 0, 1];
    assert_eq!(refused(&labels, &rule(1, false)), SplitError::Folds(1));
    let error = refused(&labels, &rule(5, false));
    assert_eq!(error, SplitError::MoreFoldsThanRows { folds: 5, rows: 4 });
    assert_eq!(
        error.to_string(),
        "`folds = 5` leaves folds without a row: expected at most as many as there are rows, 4"
    );
    let error = refused(&[0, 0, 0, 1, 1], &rule(3, true));
    assert_eq!(error, SplitError::ClassBelowFolds { class: 1, rows: 2, folds: 3 });
    assert_eq!(error.to_string(), "class 1 has 2 rows: stratified folds need at least 3 rows of each class");
    let validation = Some(PartSize::Count(2));
    let error = refused(&labels, &KFold { validation, ..rule(2, false) });
    assert_eq!((error.key(), error.to_string().contains("leaves no training rows")), ("validation", true));
}

#[test]
fn folds_are_refused_where_they_are_read() {
    for (text, message) in [
        ("folds = 1", "`folds = 1` leaves no training rows: expected at least 2"),
        ("folds = 0", "`folds = 0` leaves no training rows: expected at least 2"),
        ("folds = 0.5", "expected usize"),
        ("stratified = true", "missing field `folds`"),
        (
            "folds = 5\ntest = 0.2",
            "unknown field `test`, expected one of `folds`, `stratified`, `validation`",
        ),
    ] {
        let error = toml::from_str::<KFold>(text).unwrap_err();
        assert!(error.message().contains(message), "{text}: {error}");
    }
    let text = "folds = 5\nstratified = true\nvalidation = 0.25\n";
    let read: KFold = toml::from_str(text).unwrap();
    assert_eq!(read, KFold { validation: Some(PartSize::Fraction(0.25)), ..rule(5, true) });
    assert_eq!(toml::to_string(&read).unwrap(), text);
}

#[test]
fn a_fraction_for_validation_is_one_of_the_rows_of_the_other_folds() {
    let rule = KFold { validation: Some(PartSize::Fraction(0.25)), ..rule(5, false) };
    let labels = [0; 20];
    for split in divisions(&labels, &rule, Generator::Modern, 3).unwrap() {
        assert_eq!((split.train.len(), split.validation.len(), split.test.len()), (12, 4, 4));
    }
    assert_eq!(rule.held_out_rows(20), Ok(8));
}

fn any_generator() -> impl Strategy<Value = Generator> {
    prop_oneof![Just(Generator::Numpy), Just(Generator::Modern)]
}

proptest! {
    #[test]
    fn every_row_is_a_test_row_of_exactly_one_fold(
        generator in any_generator(),
        seed in any::<u32>(),
        labels in prop::collection::vec(0usize..4, 2..80),
        folds in 2usize..9,
        stratified in any::<bool>(),
        validation in prop::option::of(1usize..9),
    ) {
        let rule = KFold { validation: validation.map(PartSize::Count), ..rule(folds, stratified) };
        if let Ok(divisions) = divisions(&labels, &rule, generator, u64::from(seed)) {
            let mut tested: Vec<usize> = divisions.iter().flat_map(|split| split.test.clone()).collect();
            tested.sort_unstable();
            prop_assert!(tested.into_iter().eq(0..labels.len()));
            for split in divisions {
                prop_assert!(split.test.len().abs_diff(labels.len() / folds) <= 1);
                prop_assert_eq!(split.validation.len(), validation.unwrap_or(0));
                let mut all = [split.train, split.validation, split.test].concat();
                all.sort_unstable();
                prop_assert!(all.into_iter().eq(0..labels.len()));
            }
        }
    }

    #[test]
    fn stratified_folds_have_every_class_in_proportion_up_to_one_row(
        generator in any_generator(),
        seed in any::<u32>(),
        counts in prop::collection::vec(5usize..40, 2..8),
        folds in 2usize..6,
    ) {
        let labels: Vec<usize> =
            counts.iter().enumerate().flat_map(|(class, &count)| vec![class; count]).collect();
        let divisions = divisions(&labels, &rule(folds, true), generator, u64::from(seed)).unwrap();
        for split in divisions {
            for (class, &count) in counts.iter().enumerate() {
                let own = split.test.iter().filter(|&&row| labels[row] == class).count();
                prop_assert!(own == count / folds || own == count.div_ceil(folds));
            }
        }
    }
}
