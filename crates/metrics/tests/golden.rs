//! Agreement with scikit-learn, SciPy and statsmodels on random labels: `golden/make.py` wrote down what they say.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use bitsweep_metrics::{
    CalibrationError, ClassScore, Confusion, Contributions, Estimate, Influence, accuracy_interval,
    benjamini_hochberg, brier_score, brier_scores, divergence, equivalence_margin, holm, log_loss,
    macro_f1_interval, macro_f1_permutation, mcnemar_exact, mean_and_deviation, paired_difference_interval,
    signed_rank_posterior,
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
fn mean_and_deviation_are_those_of_numpy() {
    for case in golden("repeated") {
        let scores = mean_and_deviation(&floats(&case["values"])).unwrap();
        assert_close(scores.mean, float(&case["mean"]), 1e-14);
        assert_close(scores.deviation.unwrap(), float(&case["deviation"]), 1e-12);
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

fn score(case: &Value) -> ClassScore {
    match text(&case["score"]) {
        "macro-f1" => ClassScore::MacroF1,
        "accuracy" => ClassScore::Accuracy,
        other => panic!("{other}"),
    }
}

#[test]
fn influence_of_a_sample_is_the_derivative_of_scikit_learns_score_by_its_weight() {
    for case in golden("influences") {
        let (truth, predicted) = (integers(&case["truth"]), integers(&case["predicted"]));
        let influence = Influence::new(score(&case), &confusion(&case));
        for ((&truth, &predicted), theirs) in truth.iter().zip(&predicted).zip(floats(&case["influences"])) {
            let ours = influence.at(truth, predicted);
            assert!((ours - theirs).abs() < 1e-8, "{ours} is not {theirs}");
        }
        assert_close(influence.one_more(), float(&case["one_more"]), 1e-14);
    }
}

/// What is said of an estimate, with the errors that its contributions by differences have.
fn assert_estimate(ours: Estimate, case: &Value, relative: f64) {
    let units = case["units"].as_array().unwrap();
    let rows: BTreeSet<usize> = units.iter().flat_map(|unit| integers(&unit["rows"])).collect();
    assert_eq!((ours.units, ours.samples), (units.len(), rows.len()));
    assert!((ours.value - float(&case["value"])).abs() < 1e-15, "{ours:?}");
    assert_close(ours.standard_error, float(&case["standard_error"]), relative);
    let near = |ours: f64, theirs: f64| {
        // Of some degrees of freedom the far quantiles themselves are known to 1e-7.
        assert!((ours - theirs).abs() <= 1e-15 + 1e-6 * theirs.abs(), "{ours} is not {theirs}");
    };
    for bounds in case["bounds"].as_array().unwrap() {
        let [confidence, upper, lower] = floats(bounds).try_into().unwrap();
        near(ours.upper_bound(confidence), upper);
        near(ours.lower_bound(confidence), lower);
    }
    for interval in case["intervals"].as_array().unwrap() {
        let [confidence, low, high] = floats(interval).try_into().unwrap();
        let ours = ours.interval(confidence);
        near(ours.low, low);
        near(ours.high, high);
    }
    for p_values in case["p_values"].as_array().unwrap() {
        let [margin, below, above] = floats(p_values).try_into().unwrap();
        near(ours.p_below(margin), below);
        near(ours.p_above(margin), above);
    }
    for needed in case["needed"].as_array().unwrap() {
        let [margin, confidence] = [0, 1].map(|place| float(&needed[place]));
        let (ours, theirs) = (ours.samples_needed(margin, confidence), needed[2].as_u64());
        assert_eq!(ours.is_some(), theirs.is_some());
        let off = ours.zip(theirs).map_or(0, |(ours, theirs)| (ours as u64).abs_diff(theirs));
        assert!(off <= 1 + theirs.unwrap_or_default() / 1_000_000, "{ours:?} is not {theirs:?}");
    }
}

#[test]
fn loss_over_units_has_the_error_of_a_double_loop_over_rows_and_units() {
    for case in golden("estimates") {
        let classes = integer(&case["classes"]);
        let units: Vec<Contributions<'_>> = case["units"]
            .as_array()
            .unwrap()
            .iter()
            .map(|unit| {
                let sequence = |name: &str| integers(&unit[name]);
                let rows: Vec<u32> = sequence("rows").into_iter().map(|row| row as u32).collect();
                let (truth, first, second) = (sequence("truth"), sequence("first"), sequence("second"));
                let of = |own: &[usize]| {
                    Contributions::of_score(score(&case), rows.clone().into(), &truth, own, classes).unwrap()
                };
                let loss = of(&first).less(&of(&second));
                let same =
                    Contributions::of_loss(score(&case), &rows, &truth, [&first, &second], classes).unwrap();
                assert_eq!(loss, same);
                loss
            })
            .collect();
        assert_estimate(Estimate::of(&units).unwrap(), &case, 1e-8);
    }
}

#[test]
fn mean_over_units_has_the_error_of_a_double_loop_over_rows_and_units() {
    for case in golden("means") {
        let units: Vec<(Vec<u32>, Vec<f64>)> = case["units"]
            .as_array()
            .unwrap()
            .iter()
            .map(|unit| {
                let rows = integers(&unit["rows"]).into_iter().map(|row| row as u32).collect();
                (rows, floats(&unit["values"]))
            })
            .collect();
        let units: Vec<Contributions<'_>> =
            units.iter().map(|(rows, values)| Contributions::of_mean(rows, values).unwrap()).collect();
        assert_estimate(Estimate::of(&units).unwrap(), &case, 1e-12);
    }
}

/// A number of 0 with a standard error of 1, of so many units.
fn standard(units: usize) -> Estimate {
    if units == 1 {
        let of = Contributions::of_mean(&[0, 1, 2, 3], &[2.0, -2.0, 2.0, -2.0]).unwrap();
        return Estimate::of(&[of]).unwrap();
    }
    // Half of them below 0 and half above, one at 0 where they are odd.
    let apart = ((units * (units - 1)) as f64 / (units / 2 * 2) as f64).sqrt();
    let value = |unit: usize| match unit {
        _ if unit == units / 2 * 2 => 0.0,
        _ if unit.is_multiple_of(2) => apart,
        _ => -apart,
    };
    let values: Vec<f64> = (0..units).map(value).collect();
    let of: Vec<Contributions<'_>> = values
        .iter()
        .map(|value| Contributions::of_mean(&[0], std::slice::from_ref(value)).unwrap())
        .collect();
    Estimate::of(&of).unwrap()
}

#[test]
fn normal_distribution_is_scipys_far_into_its_tails() {
    let all: Value = serde_json::from_str(include_str!("golden/golden.json")).unwrap();
    let estimate = standard(1);
    assert_eq!((estimate.value, estimate.standard_error), (0.0, 1.0));
    for case in all["normal"]["cumulative"].as_array().unwrap() {
        let [z, theirs] = floats(case).try_into().unwrap();
        assert_close(estimate.p_above(z), theirs, 1e-11);
        assert_eq!(estimate.p_below(-z), estimate.p_above(z));
    }
    for case in all["normal"]["quantiles"].as_array().unwrap() {
        let [p, theirs] = floats(case).try_into().unwrap();
        let ours = estimate.upper_bound(p);
        assert!((ours - theirs).abs() <= 1e-15 + 1e-12 * theirs.abs(), "{ours} is not {theirs}");
        assert_eq!(estimate.lower_bound(p), -ours);
    }
}

#[test]
fn students_distribution_is_scipys() {
    for case in golden("student") {
        let degrees = integer(&case["degrees"]);
        let estimate = standard(degrees + 1);
        assert!(estimate.value.abs() < 1e-15, "{estimate:?}");
        assert_close(estimate.standard_error, 1.0, 1e-15);
        for cumulative in case["cumulative"].as_array().unwrap() {
            let [t, theirs] = floats(cumulative).try_into().unwrap();
            // The tails are what is left of 1: they have the digits of it.
            let ours = estimate.p_above(t);
            assert!((ours - theirs).abs() < 1e-15, "{ours} is not {theirs} at {t} of {degrees}");
        }
        for quantile in case["quantiles"].as_array().unwrap() {
            let [p, theirs] = floats(quantile).try_into().unwrap();
            // `P` is known to 1e-16: a quantile with a tail of 1e-9 to about 1e-7.
            let tail = p.min(1.0 - p);
            let ours = estimate.upper_bound(p);
            let close = 1e-13 + 1e-15 / tail;
            assert!(
                (ours - theirs).abs() <= close * theirs.abs().max(1e-3),
                "{ours} is not {theirs} at {p} of {degrees}"
            );
        }
    }
}
