//! Agreement with scikit-learn and SciPy on random labels: `golden/make.py` wrote down what they say.
#![allow(clippy::unwrap_used)]

use bitsweep_metrics::{
    Confusion, accuracy_interval, log_loss, macro_f1_interval, macro_f1_permutation, mcnemar_exact,
    mean_and_deviation,
};
use ndarray::Array2;
use serde_json::Value;

fn golden(name: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("golden/golden.json")).unwrap();
    let cases = all[name].as_array().unwrap().clone();
    assert!(!cases.is_empty());
    cases
}

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(float).collect()
}

fn float(value: &Value) -> f64 {
    text(value).parse().unwrap()
}

fn integers(value: &Value) -> Vec<usize> {
    value.as_array().unwrap().iter().map(integer).collect()
}

fn integer(value: &Value) -> usize {
    value.as_u64().unwrap() as usize
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn confusion(case: &Value) -> Confusion {
    Confusion::new(&integers(&case["truth"]), &integers(&case["predicted"]), integer(&case["classes"]))
        .unwrap()
}

#[track_caller]
fn assert_close(ours: f64, theirs: f64, relative: f64) {
    assert!((ours - theirs).abs() <= relative * theirs.abs(), "{ours} is not {theirs}");
}

#[test]
fn every_count_is_that_of_scikit_learn() {
    for case in golden("reports").iter().filter(|case| !case["counts"].is_null()) {
        let confusion = confusion(case);
        for (truth, row) in case["counts"].as_array().unwrap().iter().enumerate() {
            assert_eq!(confusion.row(truth), integers(row));
        }
    }
}

#[test]
fn macro_f1_equals_scikit_learns_to_the_last_bit() {
    for case in golden("reports") {
        assert_eq!(confusion(&case).macro_f1(), float(&case["macro_f1"]));
    }
}

#[test]
fn scores_of_classes_equal_scikit_learns_to_the_last_bit() {
    for case in golden("reports") {
        let confusion = confusion(&case);
        let columns = case["scores"].as_array().unwrap();
        let theirs = |column: usize, class: usize| float(&columns[column][class]);
        for class in 0..confusion.classes() {
            assert_eq!(confusion.precision(class), theirs(0, class));
            assert_eq!(confusion.recall(class), theirs(1, class));
            assert_eq!(confusion.f1(class), theirs(2, class));
        }
        assert_eq!(confusion.support(), integers(&case["support"]));
        assert_eq!(confusion.present().collect::<Vec<_>>(), integers(&case["present"]));
        assert_eq!(confusion.accuracy(), float(&case["accuracy"]));
    }
}

#[test]
fn log_loss_is_that_of_scikit_learn() {
    for case in golden("reports").iter().filter(|case| !case["log_loss"].is_null()) {
        let rows: Vec<Vec<f64>> = case["probabilities"].as_array().unwrap().iter().map(floats).collect();
        let shape = (rows.len(), integer(&case["classes"]));
        let probabilities = Array2::from_shape_vec(shape, rows.concat()).unwrap();
        let ours = log_loss(probabilities.view(), &integers(&case["truth"])).unwrap();
        assert_close(ours, float(&case["log_loss"]), 1e-13);
    }
}

#[test]
fn mcnemar_p_value_is_that_of_scipys_binomial_test() {
    for case in golden("mcnemar") {
        let (lost, gained) = (integer(&case[0]), integer(&case[1]));
        assert_close(mcnemar_exact(lost, gained), float(&case[2]), 1e-11);
        assert_eq!(mcnemar_exact(lost, gained), mcnemar_exact(gained, lost));
    }
}

#[test]
fn accuracy_interval_is_wilsons_away_from_the_ends_and_wider_next_to_them() {
    for case in golden("wilson") {
        let (right, samples) = (integer(&case[0]), integer(&case[1]));
        let ours = accuracy_interval(right, samples).unwrap();
        let (low, high) = (float(&case[2]), float(&case[3]));
        assert!((ours.low - low).abs() < 1e-12 || (1..=3).contains(&right) && ours.low < low);
        assert!((ours.high - high).abs() < 1e-12 || (1..=3).contains(&(samples - right)) && ours.high > high);
    }
}

#[test]
fn macro_f1_interval_has_takahashis_width_where_samples_are_many() {
    for case in golden("macro_f1_variances") {
        let standard_error = float(&case["takahashi_standard_error"]);
        if standard_error == 0.0 {
            continue;
        }
        let more = 1_000_000;
        let rows = case["counts"].as_array().unwrap();
        let counts: Vec<usize> = rows.iter().flat_map(integers).map(|count| count * more).collect();
        let interval = macro_f1_interval(&Confusion::from_counts(&counts, rows.len()).unwrap());
        let half = (interval.high - interval.low) / 2.0;
        assert_close(half * (more as f64).sqrt(), 1.959963984540054 * standard_error, 1e-3);
    }
}

#[test]
fn macro_f1_interval_is_wilsons_in_the_effective_number_of_samples() {
    for case in golden("macro_f1_variances") {
        let rows = case["counts"].as_array().unwrap();
        let counts: Vec<usize> = rows.iter().flat_map(integers).collect();
        let interval = macro_f1_interval(&Confusion::from_counts(&counts, rows.len()).unwrap());
        let samples = float(&case["effective_samples"]);
        // Whatever lies between them, the end away from the few errors solves |F - p| = z √(p(1-p)/m).
        let end = if interval.value > 0.5 { interval.low } else { interval.high };
        let distance = 1.959963984540054 * (end * (1.0 - end) / samples).sqrt();
        assert_close((interval.value - end).abs(), distance, 1e-9);
    }
}

#[test]
fn permutation_test_is_that_of_every_exchange_scored_by_scikit_learn() {
    for case in golden("permutations") {
        let sequence = |name: &str| integers(&case[name]);
        let unused = || unreachable!("an exact test draws nothing");
        let classes = integer(&case["classes"]);
        let (truth, first, second) = (sequence("truth"), sequence("first"), sequence("second"));
        let test = macro_f1_permutation(&truth, &first, &second, classes, unused).unwrap();
        assert_eq!(test.differing, integer(&case["differing"]));
        assert!(test.exact);
        assert_eq!(test.p_value, float(&case["p_value"]));
        assert!((test.difference - float(&case["difference"])).abs() < 1e-15);
    }
}

#[test]
fn mean_deviation_and_intervals_are_those_of_scipy() {
    for case in golden("repeated") {
        let scores = mean_and_deviation(&floats(&case["values"])).unwrap();
        assert_close(scores.mean, float(&case["mean"]), 1e-14);
        assert_close(scores.deviation.unwrap(), float(&case["deviation"]), 1e-12);
        let (train, test) = (integer(&case["train_rows"]), integer(&case["test_rows"]));
        let variance = scores.corrected_variance(train, test).unwrap().unwrap();
        assert_close(variance, float(&case["corrected_variance"]), 1e-12);
        let corrected = scores.corrected_interval(train, test).unwrap().unwrap();
        for (ours, name) in [(scores.interval().unwrap(), "interval"), (corrected, "corrected_interval")] {
            let theirs = floats(&case[name]);
            assert_close(ours.low, theirs[0], 1e-11);
            assert_close(ours.high, theirs[1], 1e-11);
        }
    }
}
