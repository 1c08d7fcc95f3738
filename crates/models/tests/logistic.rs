//! Logistic regression against scikit-learn 1.6.1, converged (see `golden/make_digits.py`), and its errors.

#![allow(clippy::unwrap_used)]

use std::io::Read;

use bitsweep_models::{Linear, Logistic, LogisticError, Model, Multiclass, fit_logistic, predict};
use flate2::read::GzDecoder;
use ndarray::{Array2, Axis, array};
use serde_json::Value;

/// Digits divided by 16 with their labels.
fn digits() -> (Array2<f64>, Vec<usize>) {
    let mut text = String::new();
    let packed = include_bytes!("../../../data/digits.csv.gz");
    GzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
    let mut features = Vec::new();
    let mut labels = Vec::new();
    for line in text.lines() {
        let numbers: Vec<f64> = line.split(',').map(|number| number.parse().unwrap()).collect();
        features.extend(numbers[..64].iter().map(|pixel| pixel / 16.0));
        labels.push(numbers[64] as usize);
    }
    (Array2::from_shape_vec((labels.len(), 64), features).unwrap(), labels)
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

/// The only layer.
fn linear(model: &Model) -> &Linear {
    model.linear_layers().next().unwrap().1
}

fn rows(value: &Value) -> Vec<usize> {
    value.as_array().unwrap().iter().map(|row| row.as_u64().unwrap() as usize).collect()
}

/// Fits the training rows of the golden split and holds the result against the model of that name.
fn agrees_with_scikit_learn(multiclass: Multiclass, name: &str) -> f64 {
    let golden: Value = serde_json::from_str(include_str!("golden/digits.json")).unwrap();
    let (features, labels) = digits();
    let (train, test) = (rows(&golden["train"]), rows(&golden["test"]));
    let train_labels: Vec<usize> = train.iter().map(|&row| labels[row]).collect();
    let logistic = Logistic { multiclass, ..Logistic::default() };
    let model = fit_logistic(features.select(Axis(0), &train).view(), &train_labels, 10, &logistic).unwrap();

    let expected = &golden[name];
    let layer = linear(&model);
    for class in 0..10 {
        let coefficients = numbers(&expected["coefficients"][class]);
        for (feature, &coefficient) in coefficients.iter().enumerate() {
            // Both solvers end within 1e-9 of the minimum; what is left is the rounding to f32.
            let difference = f64::from(layer.weight[[feature, class]]) - coefficient;
            assert!(difference.abs() <= 1e-9 + 6e-8 * coefficient.abs(), "{class}, {feature}: {difference}");
        }
        let intercept = numbers(&expected["intercepts"])[class];
        let difference = f64::from(layer.bias[class]) - intercept;
        assert!(difference.abs() <= 1e-9 + 6e-8 * intercept.abs(), "intercept {class}: {difference}");
    }

    let test_features = features.select(Axis(0), &test);
    let logits = model.logits(test_features.view());
    let probabilities = model.probabilities(logits.view());
    let expected_probabilities = numbers(&expected["probabilities_of_first_test_row"]);
    for (probability, expected) in probabilities.row(0).iter().zip(expected_probabilities) {
        assert!((probability - expected).abs() < 1e-6, "{probability} is not {expected}");
    }
    let predictions = predict(logits.view());
    let correct =
        test.iter().zip(predictions).filter(|&(&row, prediction)| labels[row] == prediction).count();
    assert_eq!(correct as u64, expected["correct"].as_u64().unwrap());
    correct as f64 / test.len() as f64
}

#[test]
fn one_vs_rest_on_digits_is_scikit_learns() {
    let accuracy = agrees_with_scikit_learn(Multiclass::OneVsRest, "one_vs_rest");
    assert_eq!(accuracy, 0.96);
}

#[test]
fn multinomial_on_digits_is_scikit_learns() {
    let accuracy = agrees_with_scikit_learn(Multiclass::Multinomial, "multinomial");
    assert_eq!(format!("{accuracy:.6}"), "0.968889");
}

/// Six points on a line, the outer ones of class 0.
fn small() -> (Array2<f64>, Vec<usize>) {
    (array![[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]], vec![0, 0, 1, 2, 1, 0])
}

fn fit(logistic: &Logistic) -> Result<Model, LogisticError> {
    let (features, labels) = small();
    fit_logistic(features.view(), &labels, 3, logistic)
}

#[test]
fn coefficients_do_not_depend_on_where_the_first_solver_stops() {
    let (features, labels) = digits();
    for multiclass in [Multiclass::OneVsRest, Multiclass::Multinomial] {
        // So few iterations stop L-BFGS far from the minimum.
        let early = Logistic { multiclass, max_iterations: 12, ..Logistic::default() };
        let late = Logistic { multiclass, ..Logistic::default() };
        let [early, late] =
            [early, late].map(|logistic| fit_logistic(features.view(), &labels, 10, &logistic).unwrap());
        assert_eq!(early, late);
    }
}

#[test]
fn features_of_very_different_scale_are_solved_too() {
    // Magnesium is about 100 and proline 1000, others are below 1.
    let scales = [13.0, 2.0, 2.4, 20.0, 100.0, 2.3, 2.0, 0.4, 1.6, 5.0, 1.0, 2.6, 750.0];
    let spreads = [0.8, 1.1, 0.3, 3.3, 14.0, 0.6, 1.0, 0.1, 0.6, 2.3, 0.2, 0.7, 315.0];
    let mut features = Vec::new();
    let mut labels = Vec::new();
    for line in include_str!("golden/wine_train.csv").lines() {
        let numbers: Vec<f64> = line.split(',').map(|number| number.parse().unwrap()).collect();
        features.extend((0..13).map(|column| scales[column] + spreads[column] * numbers[column]));
        labels.push(numbers[13] as usize);
    }
    let features = Array2::from_shape_vec((labels.len(), 13), features).unwrap();
    for multiclass in [Multiclass::OneVsRest, Multiclass::Multinomial] {
        let logistic = Logistic { multiclass, ..Logistic::default() };
        let model = fit_logistic(features.view(), &labels, 3, &logistic).unwrap();
        // The coefficients are rounded to f32, which is felt where features are large.
        assert!(gradient(&features, &labels, &model, multiclass) < 0.05);
    }
}

/// The largest component of the objective's gradient at the `f32` coefficients, for C = 1.
fn gradient(features: &Array2<f64>, labels: &[usize], model: &Model, multiclass: Multiclass) -> f64 {
    let logits = model.logits(features.view());
    let mut residuals = match multiclass {
        Multiclass::Multinomial => model.probabilities(logits.view()),
        Multiclass::OneVsRest => logits.mapv(|logit| 1.0 / (1.0 + (-logit).exp())),
    };
    for (row, &label) in labels.iter().enumerate() {
        residuals[[row, label]] -= 1.0;
    }
    let weight = linear(model).weight.mapv(f64::from);
    let of_weights = features.t().dot(&residuals) + weight;
    let of_intercepts = residuals.sum_axis(Axis(0));
    of_weights.iter().chain(&of_intercepts).fold(0.0, |largest, g| largest.max(g.abs()))
}

#[test]
fn a_class_without_rows_is_an_error() {
    let (features, _) = small();
    let error = fit_logistic(features.view(), &[0, 0, 1, 1, 0, 1], 3, &Logistic::default()).unwrap_err();
    assert!(matches!(error, LogisticError::AbsentClass { class: 2, classes: 3 }), "{error}");
}

#[test]
fn features_of_any_scale_and_any_penalty_end_in_a_model_or_an_error() {
    let (small, labels) = small();
    for scale in [1e-30, 1.0, 1e6, 1e15, 1e30] {
        // Far from zero, as times and identifiers are.
        let features = (&small + 1000.0) * scale;
        for c in [1e-300, 1.0, 1e10, 1e300] {
            for multiclass in [Multiclass::OneVsRest, Multiclass::Multinomial] {
                let logistic = Logistic { multiclass, c, ..Logistic::default() };
                match fit_logistic(features.view(), &labels, 3, &logistic) {
                    Ok(_) => {}
                    Err(LogisticError::NotConverged { gradient, tolerance, .. }) => {
                        assert!(gradient.is_nan() || gradient > tolerance, "{gradient}");
                    }
                    Err(error) => panic!("scale {scale}, c {c}: {error}"),
                }
            }
        }
    }
}

#[test]
fn classes_that_can_be_separated_end_the_search_at_its_limit() {
    let (features, labels) = digits();
    let rows: Vec<usize> = (0..features.nrows()).step_by(6).collect();
    let features = features.select(Axis(0), &rows);
    let labels: Vec<usize> = rows.iter().map(|&row| labels[row]).collect();
    // No gradient becomes so small.
    let multiclass = Multiclass::OneVsRest;
    let limits = Logistic { c: 1e300, tolerance: 1e-300, max_iterations: 1_000_000, ..Logistic::default() };
    let logistic = Logistic { multiclass, ..limits };
    let error = fit_logistic(features.view(), &labels, 10, &logistic).unwrap_err();
    let LogisticError::NotConverged { conjugate_steps, gradient, .. } = error else { panic!("{error}") };
    assert!(conjugate_steps <= 20_000 && gradient > 0.0, "{conjugate_steps}, {gradient}");
}

#[test]
fn too_few_iterations_are_an_error() {
    let (features, labels) = digits();
    let logistic = Logistic { max_iterations: 1, ..Logistic::default() };
    let error = fit_logistic(features.view(), &labels, 10, &logistic).unwrap_err();
    assert!(matches!(error, LogisticError::NotConverged { iterations: 1, .. }), "{error}");
}

#[test]
fn a_tolerance_below_the_rounding_error_is_an_error() {
    let error = fit(&Logistic { tolerance: 1e-40, ..Logistic::default() }).unwrap_err();
    assert!(matches!(error, LogisticError::NotConverged { .. }), "{error}");
}

#[test]
fn a_penalty_of_no_meaning_is_an_error() {
    for c in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = fit(&Logistic { c, ..Logistic::default() }).unwrap_err();
        assert!(matches!(error, LogisticError::Specification(_)), "{error}");
    }
}

#[test]
fn features_that_are_not_finite_are_an_error() {
    let (mut features, labels) = small();
    features[[3, 0]] = f64::NAN;
    let error = fit_logistic(features.view(), &labels, 3, &Logistic::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "row 3, column 0 of the features is `NaN`: expected a finite number within the range of f32"
    );
}
