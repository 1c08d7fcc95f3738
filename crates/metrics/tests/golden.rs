//! Agreement with scikit-learn, SciPy and statsmodels on random labels: `golden/make.py` wrote down what they say.
#![allow(clippy::unwrap_used)]

use bitsweep_metrics::{
    CalibrationError, Confusion, accuracy_interval, benjamini_hochberg, brier_score, brier_scores,
    divergence, equivalence_margin, holm, log_loss, macro_f1_interval, macro_f1_permutation, mcnemar_exact,
    mean_and_deviation, paired_difference_interval, signed_rank_posterior,
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

fn table(value: &Value, columns: usize) -> Array2<f64> {
    let rows: Vec<Vec<f64>> = value.as_array().unwrap().iter().map(floats).collect();
    Array2::from_shape_vec((rows.len(), columns), rows.concat()).unwrap()
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
        let probabilities = table(&case["probabilities"], integer(&case["classes"]));
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
        if interval.value > 0.5 {
            let distance = 1.959963984540054 * (interval.low * (1.0 - interval.low) / samples).sqrt();
            assert_close(interval.value - interval.low, distance, 1e-9);
        }
    }
}

#[test]
fn macro_f1_interval_reaches_the_end_recovered_from_its_classes() {
    let mut decided = 0;
    for case in golden("macro_f1_variances") {
        let rows = case["counts"].as_array().unwrap();
        let counts: Vec<usize> = rows.iter().flat_map(integers).collect();
        let interval = macro_f1_interval(&Confusion::from_counts(&counts, rows.len()).unwrap());
        let (value, samples) = (interval.value, float(&case["effective_samples"]));
        let recovered = float(&case["recovered_high"]);
        assert!(interval.high >= recovered - 1e-8, "{} is below {recovered}", interval.high);
        // Where it lies beyond the score interval, widened at most by Poisson's, it is the end.
        let beyond = |end: f64| end - value > 1.959963984540054 * (end * (1.0 - end) / samples).sqrt();
        if recovered < 1.0 && beyond(recovered) && (1.0 - value) * samples > 3.0 {
            assert_close(interval.high, recovered, 1e-7);
            decided += 1;
        }
    }
    assert!(decided >= 3, "{decided} of them decide");
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
fn random_exchanges_find_the_p_value_of_numpys() {
    for case in golden("random_permutations") {
        let sequence = |name: &str| integers(&case[name]);
        let (truth, first, second) = (sequence("truth"), sequence("first"), sequence("second"));
        let (mut stream, mut drawn) = (rand_mt::Mt64::new(9), 0);
        let random = || {
            drawn += 1;
            stream.next_u64()
        };
        let classes = integer(&case["classes"]);
        let test = macro_f1_permutation(&truth, &first, &second, classes, random).unwrap();
        assert_eq!((test.differing, test.exact), (integer(&case["differing"]), false));
        assert_eq!(drawn, 10_000 * test.differing.div_ceil(64));
        assert!((test.difference - float(&case["difference"])).abs() < 1e-14);
        // Four standard errors of 10,000 draws and as many of 400,000.
        let p = float(&case["p_value"]);
        let error = (p * (1.0 - p) * (1.0 / 10_000.0 + 1.0 / 400_000.0)).sqrt();
        assert!((test.p_value - p).abs() <= 4.0 * error + 1e-4, "{} is not {p}", test.p_value);
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

#[test]
fn adjusted_p_values_are_those_of_statsmodels() {
    for case in golden("adjusted") {
        let p_values = floats(&case["p_values"]);
        for (ours, name) in [
            (holm(&p_values).unwrap(), "holm"),
            (benjamini_hochberg(&p_values).unwrap(), "benjamini_hochberg"),
        ] {
            for (ours, theirs) in ours.into_iter().zip(floats(&case[name])) {
                assert_close(ours, theirs, 1e-14);
            }
        }
    }
}

#[test]
fn paired_difference_interval_is_where_the_score_of_the_constrained_maximum_is_the_quantile() {
    for case in golden("tango") {
        let [lost, gained, samples] = integers(&case["counts"]).try_into().unwrap();
        let confidence = float(&case["confidence"]);
        let ours = paired_difference_interval(lost, gained, samples, confidence).unwrap();
        let [low, high] = floats(&case["interval"]).try_into().unwrap();
        assert_close(ours.low, low, 1e-9);
        assert_close(ours.high, high, 1e-9);
    }
}

#[test]
fn brier_score_is_that_of_numpy_and_of_scikit_learn_for_two_classes() {
    for case in golden("probabilities") {
        let (classes, truth) = (integer(&case["classes"]), integers(&case["truth"]));
        let (first, second) = (table(&case["first"], classes), table(&case["second"], classes));
        let theirs = floats(&case["brier"]);
        assert_close(brier_score(first.view(), &truth).unwrap(), theirs[0], 1e-13);
        assert_close(brier_score(second.view(), &truth).unwrap(), theirs[1], 1e-13);
        if !case["brier_of_two_classes"].is_null() {
            assert_close(theirs[0], float(&case["brier_of_two_classes"]), 1e-13);
        }
        let rows = [first, second].map(|own| brier_scores(own.view(), &truth).unwrap());
        let differences: Vec<f64> =
            rows[0].iter().zip(&rows[1]).map(|(first, second)| second - first).collect();
        let loss = mean_and_deviation(&differences).unwrap();
        let theirs = floats(&case["brier_difference"]);
        assert!((loss.mean - theirs[0]).abs() < 1e-14);
        assert_close(loss.standard_error().unwrap(), theirs[1], 1e-12);
    }
}

#[test]
fn calibration_error_and_its_jackknife_are_those_of_bins_by_edges() {
    for case in golden("probabilities") {
        let (classes, truth) = (integer(&case["classes"]), integers(&case["truth"]));
        let of = |name: &str| CalibrationError::new(table(&case[name], classes).view(), &truth).unwrap();
        let (first, second) = (of("first"), of("second"));
        let theirs = floats(&case["calibration_errors"]);
        assert!((first.squared() - theirs[0]).abs() < 1e-14, "{} is not {}", first.squared(), theirs[0]);
        assert!((second.squared() - theirs[1]).abs() < 1e-14, "{} is not {}", second.squared(), theirs[1]);
        let difference = first.difference(&second).unwrap();
        assert!((difference.difference - (theirs[0] - theirs[1])).abs() < 1e-14);
        assert_close(difference.standard_error, float(&case["difference_standard_error"]), 1e-9);
    }
}

#[test]
fn divergence_is_that_of_scipy() {
    for case in golden("probabilities") {
        let (classes, truth) = (integer(&case["classes"]), integers(&case["truth"]));
        let (first, second) = (table(&case["first"], classes), table(&case["second"], classes));
        let ours = divergence(first.view(), second.view(), &truth).unwrap();
        let kl = floats(&case["kl"]);
        assert_close(ours.kl_mean, kl[0], 1e-11);
        assert_close(ours.kl_standard_error.unwrap(), kl[1], 1e-11);
        assert_close(ours.kl_median, kl[2], 1e-11);
        assert_close(ours.kl_p99, kl[3], 1e-11);
        assert_close(ours.probability_change_rms, float(&case["probability_change_rms"]), 1e-13);
        let same = floats(&case["same_top"]);
        assert_close(ours.same_top, same[0], 1e-15);
        assert_close(ours.same_top_standard_error.unwrap(), same[1], 1e-13);
        let margin = floats(&case["margin_change"]);
        assert!((ours.margin_change_mean - margin[0]).abs() < 1e-14);
        assert!((ours.margin_change_p5 - margin[1]).abs() < 1e-14);
    }
}

#[test]
fn signed_rank_posterior_is_that_of_all_pairs_of_numpys_draws() {
    for case in golden("signed_rank") {
        let differences = floats(&case["differences"]);
        let mut stream = rand_mt::Mt64::new(5);
        let ours = signed_rank_posterior(&differences, float(&case["rope"]), || stream.next_u64()).unwrap();
        for (ours, theirs) in [ours.left, ours.rope, ours.right].into_iter().zip(floats(&case["posterior"])) {
            // Four standard errors of 50,000 draws and as many of 400,000.
            let error = (theirs * (1.0 - theirs) * (1.0 / 50_000.0 + 1.0 / 400_000.0)).sqrt();
            assert!((ours - theirs).abs() <= 4.0 * error + 1e-4, "{ours} is not {theirs}");
        }
    }
}

#[test]
fn equivalence_margin_is_where_the_larger_one_sided_p_value_is_the_level() {
    for case in golden("equivalence") {
        let [estimate, standard_error] = floats(&case["given"]).try_into().unwrap();
        let degrees = case["degrees"].as_u64().map(|degrees| degrees as usize);
        let ours = equivalence_margin(estimate, standard_error, degrees, float(&case["level"])).unwrap();
        assert_close(ours, float(&case["margin"]), 1e-10);
    }
}
