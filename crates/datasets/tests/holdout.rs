//! Splits against scikit-learn 1.6.1 (`tests/golden/make.py`) and against what a split is.

#![allow(clippy::unwrap_used)]

use bitsweep_datasets::{Holdout, Split, SplitError, TestSize, builtin, holdout};
use bitsweep_random::{Generator, Stream};
use proptest::prelude::*;
use serde_json::Value;

fn stream(generator: Generator, seed: u64) -> Stream {
    Stream::new(generator, seed, "split").unwrap()
}

fn divide(labels: &[usize], test: TestSize, stratified: bool) -> Result<Split, SplitError> {
    let classes = labels.iter().max().map_or(0, |label| label + 1);
    holdout(labels, classes, &Holdout { test, stratified }, &mut stream(Generator::Numpy, 0))
}

/// The 64-bit FNV-1a hash of row numbers, as in the script.
fn fnv1a(rows: &[usize]) -> String {
    let bytes = rows.iter().flat_map(|&row| u32::try_from(row).unwrap().to_le_bytes());
    let hash = bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    format!("{hash:016x}")
}

fn rows(list: &Value) -> Vec<usize> {
    serde_json::from_value(list.clone()).unwrap()
}

fn assert_as_scikit_learn(case: &Value) {
    let labels: Vec<usize> =
        case["labels"].as_str().unwrap().chars().map(|c| c.to_digit(36).unwrap() as usize).collect();
    let rule: Holdout =
        serde_json::from_value(serde_json::json!({ "test": case["test"], "stratified": case["stratified"] }))
            .unwrap();
    let seed = case["seed"].as_u64().unwrap();
    let split = holdout(&labels, 36, &rule, &mut stream(Generator::Numpy, seed));
    if case.get("refused").is_some() {
        assert!(split.is_err(), "scikit-learn refuses {case}");
        return;
    }
    let split = split.unwrap();
    if let Some(train) = case.get("train") {
        assert_eq!(split.train, rows(train), "{case}");
        assert_eq!(split.test, rows(&case["test_rows"]), "{case}");
    } else {
        assert_eq!(fnv1a(&split.train), case["train_hash"], "{case}");
        assert_eq!(fnv1a(&split.test), case["test_hash"], "{case}");
    }
}

#[test]
fn splits_are_scikit_learns_rows_in_scikit_learns_order() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("golden/splits.json")).unwrap();
    assert!(cases.len() > 300);
    cases.iter().for_each(assert_as_scikit_learn);
}

/// The first two golden cases are the notebooks' splits; here they start from the built-in data.
#[test]
fn the_notebooks_splits_come_from_the_builtin_datasets() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("golden/splits.json")).unwrap();
    for (name, seed, rule, case) in [
        ("wine", 42, Holdout { test: TestSize::Fraction(0.2), stratified: false }, &cases[0]),
        ("digits", 0, Holdout { test: TestSize::Fraction(0.25), stratified: true }, &cases[1]),
    ] {
        let data = builtin(name).unwrap();
        let split =
            holdout(&data.labels, data.classes(), &rule, &mut stream(Generator::Numpy, seed)).unwrap();
        assert_eq!(fnv1a(&split.train), case["train_hash"]);
        assert_eq!(fnv1a(&split.test), case["test_hash"]);
    }
}

#[test]
fn a_fraction_outside_the_open_unit_interval_is_refused() {
    for fraction in [0.0, 1.0, -0.2, 1.5, f64::INFINITY] {
        let error = divide(&[0, 1, 0, 1], TestSize::Fraction(fraction), false).unwrap_err();
        assert_eq!(error, SplitError::Fraction(fraction));
    }
    let error = divide(&[0, 1, 0, 1], TestSize::Fraction(f64::NAN), false).unwrap_err();
    assert_eq!(
        error.to_string(),
        "test fraction `NaN` is out of range: expected a number above 0 and below 1"
    );
}

#[test]
fn a_count_of_zero_is_refused() {
    let error = divide(&[0, 1, 0, 1], TestSize::Count(0), false).unwrap_err();
    assert_eq!(error, SplitError::NoTestRows);
}

#[test]
fn a_count_that_takes_all_rows_is_refused() {
    for count in [4, 5, usize::MAX] {
        let error = divide(&[0, 1, 0, 1], TestSize::Count(count), false).unwrap_err();
        assert_eq!(error, SplitError::Count { count, rows: 4 });
    }
    assert!(divide(&[0, 1, 0, 1], TestSize::Count(3), false).is_ok());
}

#[test]
fn a_fraction_that_takes_all_rows_is_refused() {
    let error = divide(&[0, 1, 0, 1], TestSize::Fraction(0.8), false).unwrap_err();
    assert_eq!(error, SplitError::NoTrainingRows { fraction: 0.8, rows: 4 });
    let error = divide(&[], TestSize::Fraction(0.5), false).unwrap_err();
    assert_eq!(error, SplitError::NoTrainingRows { fraction: 0.5, rows: 0 });
}

#[test]
fn a_class_with_one_row_cannot_be_stratified() {
    let error = divide(&[0, 0, 1, 0, 2, 2], TestSize::Count(3), true).unwrap_err();
    assert_eq!(error, SplitError::SmallClass { class: 1, row: 2 });
}

#[test]
fn a_side_with_fewer_rows_than_classes_cannot_be_stratified() {
    let labels = [0, 0, 1, 1, 2, 2];
    let error = divide(&labels, TestSize::Count(2), true).unwrap_err();
    assert_eq!(error, SplitError::FewerRowsThanClasses { side: "test", rows: 2, classes: 3 });
    let error = divide(&labels, TestSize::Count(4), true).unwrap_err();
    assert_eq!(error, SplitError::FewerRowsThanClasses { side: "training", rows: 2, classes: 3 });
}

#[test]
fn a_label_that_is_no_class_is_refused() {
    let rule = Holdout { test: TestSize::Count(1), stratified: true };
    let error = holdout(&[0, 1, 2], 2, &rule, &mut stream(Generator::Modern, 0)).unwrap_err();
    assert_eq!(error, SplitError::Label { row: 2, label: 2, classes: 2 });
}

#[test]
fn a_class_missing_from_one_side_is_seen() {
    let labels = [0, 1, 2, 2];
    let split = Split { train: vec![3, 1], test: vec![0, 2] };
    assert_eq!(split.classes_without_training_rows(&labels, 3), [0]);
    assert_eq!(split.classes_without_training_rows(&labels, 5), [0, 3, 4]);
    assert_eq!(split.classes_without_test_rows(&labels, 4), [1, 3]);
}

#[test]
fn a_float_is_a_fraction_and_an_integer_a_count() {
    let rule: Holdout = toml::from_str("test = 0.25").unwrap();
    assert_eq!(rule, Holdout { test: TestSize::Fraction(0.25), stratified: false });
    let rule: Holdout = toml::from_str("test = 36\nstratified = true").unwrap();
    assert_eq!(rule, Holdout { test: TestSize::Count(36), stratified: true });
    for text in ["test = 0.25\nstratified = false\n", "test = 36\nstratified = true\n"] {
        let rule: Holdout = toml::from_str(text).unwrap();
        assert_eq!(toml::to_string(&rule).unwrap(), text);
    }
}

#[test]
fn a_holdout_that_can_never_work_is_refused_where_it_is_read() {
    for (text, message) in [
        ("test = 1.0", "test fraction `1` is out of range: expected a number above 0 and below 1"),
        ("test = nan", "test fraction `NaN` is out of range: expected a number above 0 and below 1"),
        ("test = 0", "test count `0` leaves nothing to test on: expected at least 1"),
        ("test = -3", "invalid value: integer `-3`, expected a fraction between 0 and 1 or a number of rows"),
        ("test = \"a fifth\"", "expected a fraction between 0 and 1 or a number of rows"),
        ("test = 0.2\nstratify = true", "unknown field `stratify`, expected `test` or `stratified`"),
    ] {
        let error = toml::from_str::<Holdout>(text).unwrap_err();
        assert!(error.message().contains(message), "{text}: {error}");
    }
}

fn any_generator() -> impl Strategy<Value = Generator> {
    prop_oneof![Just(Generator::Numpy), Just(Generator::Modern)]
}

fn any_test_size() -> impl Strategy<Value = TestSize> {
    prop_oneof![(0.01..0.99).prop_map(TestSize::Fraction), (1usize..60).prop_map(TestSize::Count)]
}

proptest! {
    #[test]
    fn each_row_is_on_exactly_one_side(
        generator in any_generator(),
        seed in any::<u32>(),
        labels in prop::collection::vec(0usize..4, 2..80),
        test in any_test_size(),
        stratified in any::<bool>(),
    ) {
        let rule = Holdout { test, stratified };
        if let Ok(split) = holdout(&labels, 4, &rule, &mut stream(generator, u64::from(seed))) {
            let expected = match test {
                TestSize::Fraction(fraction) => (fraction * labels.len() as f64).ceil() as usize,
                TestSize::Count(count) => count,
            };
            prop_assert_eq!(split.test.len(), expected);
            let mut all = split.train;
            all.extend(split.test);
            all.sort_unstable();
            prop_assert!(all.into_iter().eq(0..labels.len()));
        }
    }

    #[test]
    fn stratified_shares_are_within_one_row_of_exact(
        generator in any_generator(),
        seed in any::<u32>(),
        counts in prop::collection::vec(2usize..40, 2..8),
        fraction in 0.1..0.9,
    ) {
        let labels: Vec<usize> =
            counts.iter().enumerate().flat_map(|(class, &count)| vec![class; count]).collect();
        let rule = Holdout { test: TestSize::Fraction(fraction), stratified: true };
        let split = holdout(&labels, counts.len(), &rule, &mut stream(generator, u64::from(seed)));
        if let Ok(split) = split {
            for (class, &count) in counts.iter().enumerate() {
                let exact = count as f64 * split.test.len() as f64 / labels.len() as f64;
                let held_out = split.test.iter().filter(|&&row| labels[row] == class).count();
                prop_assert!((held_out as f64 - exact).abs() < 1.0 + 1e-9);
            }
        }
    }
}
