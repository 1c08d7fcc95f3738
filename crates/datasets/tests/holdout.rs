//! Splits against scikit-learn 1.6.1 (`tests/golden/make.py`) and against what a split is.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use bitsweep_datasets::{Holdout, Part, PartSize, Split, SplitError, SplitStreams, builtin, holdout};
use bitsweep_random::Generator;
use proptest::prelude::*;
use serde_json::Value;

fn streams(generator: Generator, seed: u64) -> SplitStreams {
    SplitStreams::new(generator, seed, 0).unwrap()
}

fn rule(test: PartSize, stratified: bool) -> Holdout {
    Holdout { stratified, ..Holdout::plain(test) }
}

fn divide(labels: &[usize], test: PartSize, stratified: bool) -> Result<Split, SplitError> {
    let classes = labels.iter().max().map_or(0, |label| label + 1);
    holdout(labels, classes, &rule(test, stratified), &mut streams(Generator::Numpy, 0))
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
    let split = holdout(&labels, 36, &rule, &mut streams(Generator::Numpy, seed));
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

#[test]
fn repeats_are_scikit_learns_divisions_one_after_the_other() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("golden/repeats.json")).unwrap();
    let mut compared = 0;
    for case in &cases {
        let labels: Vec<usize> =
            case["labels"].as_str().unwrap().chars().map(|c| c.to_digit(36).unwrap() as usize).collect();
        let test = PartSize::Fraction(case["test"].as_f64().unwrap());
        let rule = rule(test, case["stratified"].as_bool().unwrap());
        let seed = case["seed"].as_u64().unwrap();
        let division = |repeat| {
            let mut streams = SplitStreams::new(Generator::Numpy, seed, repeat).unwrap();
            holdout(&labels, 36, &rule, &mut streams)
        };
        let Some(hashes) = case.get("hashes") else {
            assert!(division(0).is_err(), "scikit-learn refuses {case}");
            continue;
        };
        for (repeat, own) in hashes.as_array().unwrap().iter().enumerate() {
            let split = division(repeat).unwrap();
            assert_eq!(fnv1a(&split.train), own[0], "{repeat} of {case}");
            assert_eq!(fnv1a(&split.test), own[1], "{repeat} of {case}");
            compared += 1;
        }
    }
    assert!(compared > 150);
}

/// The first two golden cases are the notebooks' splits; here they start from the built-in data.
#[test]
fn the_notebooks_splits_come_from_the_builtin_datasets() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("golden/splits.json")).unwrap();
    for (name, seed, rule, case) in [
        ("wine", 42, rule(PartSize::Fraction(0.2), false), &cases[0]),
        ("digits", 0, rule(PartSize::Fraction(0.25), true), &cases[1]),
    ] {
        let data = builtin(name).unwrap();
        let split =
            holdout(&data.labels, data.classes(), &rule, &mut streams(Generator::Numpy, seed)).unwrap();
        assert_eq!(fnv1a(&split.train), case["train_hash"]);
        assert_eq!(fnv1a(&split.test), case["test_hash"]);
    }
}

#[test]
fn a_fraction_outside_the_open_unit_interval_is_refused() {
    for fraction in [0.0, 1.0, -0.2, 1.5, f64::INFINITY] {
        let error = divide(&[0, 1, 0, 1], PartSize::Fraction(fraction), false).unwrap_err();
        assert_eq!(error, SplitError::Fraction { part: Part::Test, fraction });
    }
    let error = divide(&[0, 1, 0, 1], PartSize::Fraction(f64::NAN), false).unwrap_err();
    assert_eq!(
        error.to_string(),
        "test fraction `NaN` is out of range: expected a number above 0 and below 1"
    );
}

#[test]
fn a_count_of_zero_is_refused() {
    let error = divide(&[0, 1, 0, 1], PartSize::Count(0), false).unwrap_err();
    assert_eq!(error, SplitError::NoRows(Part::Test));
}

#[test]
fn a_count_that_takes_all_rows_is_refused() {
    for count in [4, 5, usize::MAX] {
        let error = divide(&[0, 1, 0, 1], PartSize::Count(count), false).unwrap_err();
        assert_eq!(error, SplitError::Count { part: Part::Test, count, rows: 4 });
    }
    assert!(divide(&[0, 1, 0, 1], PartSize::Count(3), false).is_ok());
}

#[test]
fn a_fraction_that_takes_all_rows_is_refused() {
    let error = divide(&[0, 1, 0, 1], PartSize::Fraction(0.8), false).unwrap_err();
    assert_eq!(error, SplitError::NoTrainingRows { part: Part::Test, fraction: 0.8, rows: 4 });
    let error = divide(&[], PartSize::Fraction(0.5), false).unwrap_err();
    assert_eq!(error, SplitError::NoTrainingRows { part: Part::Test, fraction: 0.5, rows: 0 });
}

#[test]
fn a_class_with_one_row_cannot_be_stratified() {
    let error = divide(&[0, 0, 1, 0, 2, 2], PartSize::Count(3), true).unwrap_err();
    assert_eq!(error, SplitError::SmallClass { part: Part::Test, class: 1, row: 2 });
}

#[test]
fn a_side_with_fewer_rows_than_classes_cannot_be_stratified() {
    let labels = [0, 0, 1, 1, 2, 2];
    let error = divide(&labels, PartSize::Count(2), true).unwrap_err();
    assert_eq!(
        error,
        SplitError::FewerRowsThanClasses { part: Part::Test, side: "test", rows: 2, classes: 3 }
    );
    let error = divide(&labels, PartSize::Count(4), true).unwrap_err();
    assert_eq!(
        error,
        SplitError::FewerRowsThanClasses { part: Part::Test, side: "training", rows: 2, classes: 3 }
    );
}

#[test]
fn a_label_that_is_no_class_is_refused() {
    let rule = rule(PartSize::Count(1), true);
    let error = holdout(&[0, 1, 2], 2, &rule, &mut streams(Generator::Modern, 0)).unwrap_err();
    assert_eq!(error, SplitError::Label { row: 2, label: 2, classes: 2 });
}

#[test]
fn a_class_missing_from_one_side_is_seen() {
    let labels = [0, 1, 2, 2];
    let split = Split { train: vec![3, 1], validation: Vec::new(), test: vec![0, 2] };
    assert_eq!(split.classes_without_training_rows(&labels, 3), [0]);
    assert_eq!(split.classes_without_training_rows(&labels, 5), [0, 3, 4]);
    assert_eq!(split.classes_without_test_rows(&labels, 4), [1, 3]);
}

#[test]
fn a_float_is_a_fraction_and_an_integer_a_count() {
    let read: Holdout = toml::from_str("test = 0.25").unwrap();
    assert_eq!(read, rule(PartSize::Fraction(0.25), false));
    let read: Holdout = toml::from_str("test = 36\nstratified = true").unwrap();
    assert_eq!(read, rule(PartSize::Count(36), true));
    for text in [
        "test = 0.25\nstratified = false\n",
        "test = 36\nstratified = true\n",
        "test = 0.25\nstratified = false\nvalidation = 12\n",
    ] {
        let rule: Holdout = toml::from_str(text).unwrap();
        assert_eq!(toml::to_string(&rule).unwrap(), text);
    }
    // How many there are is no part of what one of them is.
    let rule: Holdout = toml::from_str("test = 0.25\nrepeats = 3").unwrap();
    assert_eq!(rule.repeats, NonZeroUsize::new(3).unwrap());
    assert_eq!(toml::to_string(&rule).unwrap(), "test = 0.25\nstratified = false\n");
}

#[test]
fn a_holdout_that_can_never_work_is_refused_where_it_is_read() {
    for (text, message) in [
        ("test = 1.0", "test fraction `1` is out of range: expected a number above 0 and below 1"),
        ("test = nan", "test fraction `NaN` is out of range: expected a number above 0 and below 1"),
        ("test = 0", "test count `0` leaves nothing to test on: expected at least 1"),
        ("test = -3", "invalid value: integer `-3`, expected a fraction between 0 and 1 or a number of rows"),
        ("test = \"a fifth\"", "expected a fraction between 0 and 1 or a number of rows"),
        (
            "test = 0.2\nvalidation = 1.0",
            "validation fraction `1` is out of range: expected a number above 0 and below 1",
        ),
        (
            "test = 0.2\nvalidation = 0",
            "validation count `0` leaves nothing to choose on: expected at least 1",
        ),
        ("test = 0.2\nrepeats = 0", "invalid value: integer `0`, expected a nonzero usize"),
        (
            "test = 0.2\nstratify = true",
            "unknown field `stratify`, expected one of `test`, `stratified`, `validation`, `repeats`",
        ),
    ] {
        let error = toml::from_str::<Holdout>(text).unwrap_err();
        assert!(error.message().contains(message), "{text}: {error}");
    }
}

#[test]
fn repeats_differ_and_none_depends_on_how_many_there_are() {
    let labels: Vec<usize> = (0..60).map(|row| row % 3).collect();
    for generator in [Generator::Numpy, Generator::Modern] {
        for stratified in [false, true] {
            let divisions = |repeats: usize| -> Vec<Split> {
                let repeats = NonZeroUsize::new(repeats).unwrap();
                let rule = Holdout { repeats, ..rule(PartSize::Count(15), stratified) };
                let division = |repeat| {
                    let mut streams = SplitStreams::new(generator, 7, repeat).unwrap();
                    holdout(&labels, 3, &rule, &mut streams).unwrap()
                };
                (0..repeats.get()).map(division).collect()
            };
            let (few, many) = (divisions(3), divisions(6));
            assert_eq!(few, many[..3]);
            let sets: BTreeSet<Vec<usize>> = many
                .into_iter()
                .map(|mut split| {
                    split.test.sort_unstable();
                    split.test
                })
                .collect();
            assert_eq!(sets.len(), 6);
        }
    }
}

#[test]
fn validation_rows_that_leave_nothing_to_train_on_are_refused() {
    let with = |validation: PartSize, stratified: bool| {
        let rule = Holdout { validation: Some(validation), ..rule(PartSize::Count(4), stratified) };
        let labels = [0, 1, 0, 1, 0, 1, 0, 1, 0, 1];
        holdout(&labels, 2, &rule, &mut streams(Generator::Modern, 0)).map(|_| ())
    };
    for (validation, stratified, message) in [
        (
            PartSize::Count(6),
            false,
            "validation count `6` leaves no training rows: expected less than the number of rows that are no test rows, 6",
        ),
        (
            PartSize::Fraction(0.6),
            false,
            "validation fraction `0.6` leaves no training rows of 6 that are no test rows: a smaller fraction is needed",
        ),
        (
            PartSize::Count(1),
            true,
            "there are 2 classes, but the number of validation rows is 1: a stratified split needs a row of each class: a larger part is needed, or `stratified = false`",
        ),
        (
            PartSize::Count(5),
            true,
            "there are 2 classes, but the number of training rows is 1: a stratified split needs a row of each class: a larger part is needed, or `stratified = false`",
        ),
    ] {
        let error = with(validation, stratified).unwrap_err();
        assert_eq!((error.to_string().as_str(), error.key()), (message, "validation"));
    }
    assert!(with(PartSize::Count(5), false).is_ok());
    assert!(with(PartSize::Fraction(0.5), false).is_ok());
}

#[test]
fn a_class_with_one_row_besides_the_test_rows_has_none_to_validate_on() {
    let rule = Holdout { validation: Some(PartSize::Count(3)), ..rule(PartSize::Count(4), true) };
    let error = holdout(&[0, 0, 0, 0, 0, 0, 1, 1], 2, &rule, &mut streams(Generator::Modern, 0)).unwrap_err();
    assert!(matches!(error, SplitError::SmallClass { part: Part::Validation, class: 1, row: 6 | 7 }));
    assert!(error.to_string().contains("has only one row that is no test row"), "{error}");
}

#[test]
fn rows_held_out_are_counted_without_drawing_them() {
    let mut rule = rule(PartSize::Fraction(0.25), false);
    assert_eq!(rule.held_out_rows(10), Ok(3));
    rule.validation = Some(PartSize::Fraction(0.2));
    assert_eq!(rule.held_out_rows(10), Ok(5));
    rule.validation = Some(PartSize::Count(7));
    assert_eq!(rule.held_out_rows(10).unwrap_err().key(), "validation");
}

fn any_generator() -> impl Strategy<Value = Generator> {
    prop_oneof![Just(Generator::Numpy), Just(Generator::Modern)]
}

fn any_part_size() -> impl Strategy<Value = PartSize> {
    prop_oneof![(0.01..0.99).prop_map(PartSize::Fraction), (1usize..60).prop_map(PartSize::Count)]
}

proptest! {
    #[test]
    fn each_row_is_on_exactly_one_side(
        generator in any_generator(),
        seed in any::<u32>(),
        labels in prop::collection::vec(0usize..4, 2..80),
        test in any_part_size(),
        stratified in any::<bool>(),
    ) {
        let rule = rule(test, stratified);
        if let Ok(split) = holdout(&labels, 4, &rule, &mut streams(generator, u64::from(seed))) {
            let expected = match test {
                PartSize::Fraction(fraction) => (fraction * labels.len() as f64).ceil() as usize,
                PartSize::Count(count) => count,
            };
            prop_assert_eq!(split.test.len(), expected);
            let mut all = split.train;
            all.extend(split.test);
            all.sort_unstable();
            prop_assert!(all.into_iter().eq(0..labels.len()));
        }
    }

    #[test]
    fn validation_rows_leave_the_test_rows_as_they_are(
        generator in any_generator(),
        seed in any::<u32>(),
        labels in prop::collection::vec(0usize..4, 2..80),
        test in any_part_size(),
        validation in any_part_size(),
        stratified in any::<bool>(),
        repeat in 0usize..3,
    ) {
        let without = rule(test, stratified);
        let with = Holdout { validation: Some(validation), ..without };
        let divide = |rule| {
            let mut streams = SplitStreams::new(generator, u64::from(seed), repeat).unwrap();
            holdout(&labels, 4, rule, &mut streams)
        };
        if let (Ok(without), Ok(with)) = (divide(&without), divide(&with)) {
            prop_assert_eq!(&with.test, &without.test);
            let expected = match validation {
                PartSize::Fraction(fraction) => (fraction * labels.len() as f64).ceil() as usize,
                PartSize::Count(count) => count,
            };
            prop_assert_eq!(with.validation.len(), expected);
            prop_assert!(!with.train.is_empty());
            let mut both: Vec<usize> = with.train.iter().chain(&with.validation).copied().collect();
            both.sort_unstable();
            let mut train = without.train;
            train.sort_unstable();
            prop_assert_eq!(both, train);
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
        let rule = rule(PartSize::Fraction(fraction), true);
        let split = holdout(&labels, counts.len(), &rule, &mut streams(generator, u64::from(seed)));
        if let Ok(split) = split {
            for (class, &count) in counts.iter().enumerate() {
                let exact = count as f64 * split.test.len() as f64 / labels.len() as f64;
                let held_out = split.test.iter().filter(|&&row| labels[row] == class).count();
                prop_assert!((held_out as f64 - exact).abs() < 1.0 + 1e-9);
            }
        }
    }
}
