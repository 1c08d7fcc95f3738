//! Scaling against scikit-learn 1.6.1's `StandardScaler` (`tests/golden/make.py`) and against its definition.

#![allow(clippy::unwrap_used)]

use bitsweep_datasets::{
    Holdout, Overflow, PartSize, Scaler, Scaling, ScalingError, SplitStreams, builtin, fit, holdout,
};
use bitsweep_random::Generator;
use ndarray::{Array1, Array2, ArrayView2, array};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/scaling.json")).unwrap()
}

fn doubles(list: &Value) -> Vec<f64> {
    let bits = |text: &Value| u64::from_str_radix(text.as_str().unwrap(), 16).unwrap();
    list.as_array().unwrap().iter().map(|text| f64::from_bits(bits(text))).collect()
}

fn training_rows(name: &str, seed: u64, rule: &Holdout) -> Array2<f64> {
    let data = builtin(name).unwrap();
    let mut streams = SplitStreams::new(Generator::Numpy, seed, 0).unwrap();
    let split = holdout(&data.labels, data.classes(), rule, &mut streams).unwrap();
    data.values.select(ndarray::Axis(0), &split.train)
}

/// Every double is the same, to the last bit.
fn assert_as_scikit_learn(train: ArrayView2<'_, f64>, expected: &Value) {
    let scaler = fit(&Scaling::Standard, train).unwrap();
    let scaled = scaler.apply(train).unwrap();
    let Scaler::Standard { mean, scale, constant } = scaler else { panic!("fitted as {scaler:?}") };
    assert_eq!(mean.to_vec(), doubles(&expected["mean"]));
    assert_eq!(scale.to_vec(), doubles(&expected["scale"]));
    for (row, name) in [(0, "first_row"), (scaled.nrows() - 1, "last_row")] {
        for (column, theirs) in doubles(&expected[name]).into_iter().enumerate() {
            // scikit-learn leaves the rounding error of a constant.
            let is_rounding = constant.contains(&column) && theirs.abs() <= 1e-7 * mean[column].abs();
            assert_eq!(scaled[(row, column)], if is_rounding { 0.0 } else { theirs });
        }
    }
}

#[test]
fn standard_scaling_of_wine_is_scikit_learns() {
    let rule = Holdout::plain(PartSize::Fraction(0.2));
    assert_as_scikit_learn(training_rows("wine", 42, &rule).view(), &golden()["wine"]);
}

#[test]
fn standard_scaling_of_digits_is_scikit_learns() {
    let rule = Holdout { stratified: true, ..Holdout::plain(PartSize::Fraction(0.25)) };
    assert_as_scikit_learn(training_rows("digits", 0, &rule).view(), &golden()["digits"]);
}

#[test]
fn standard_scaling_of_constant_huge_and_tiny_columns_is_scikit_learns() {
    let golden = golden();
    let rows: Vec<Vec<f64>> = golden["made_matrix"].as_array().unwrap().iter().map(doubles).collect();
    let matrix = Array2::from_shape_fn((rows.len(), rows[0].len()), |(i, j)| rows[i][j]);
    assert_as_scikit_learn(matrix.view(), &golden["made"]);
}

#[test]
fn a_constant_column_becomes_zero_and_stays_finite_elsewhere() {
    let train = array![[5.0, 1.0], [5.0, 2.0], [5.0, 3.0]];
    let scaler = fit(&Scaling::Standard, train.view()).unwrap();
    assert_eq!(scaler.apply(train.view()).unwrap().column(0).to_vec(), [0.0, 0.0, 0.0]);
    assert_eq!(scaler.apply(array![[7.0, 2.0]].view()).unwrap(), array![[2.0, 0.0]]);
}

#[test]
fn a_single_training_row_becomes_zero() {
    let train = array![[5.0, -1.0]];
    let scaler = fit(&Scaling::Standard, train.view()).unwrap();
    assert_eq!(scaler.apply(train.view()).unwrap(), array![[0.0, 0.0]]);
}

#[test]
fn division_divides_and_none_changes_nothing() {
    let features = array![[16.0, 8.0], [-4.0, 1.0]];
    let scaler = fit(&Scaling::Divide(16.0), features.view()).unwrap();
    assert_eq!(scaler.apply(features.view()).unwrap(), array![[1.0, 0.5], [-0.25, 0.0625]]);
    let scaler = fit(&Scaling::None, features.view()).unwrap();
    assert_eq!(scaler.apply(features.view()).unwrap(), features);
}

#[test]
fn a_divisor_must_be_positive_and_finite() {
    let features = array![[1.0]];
    for divisor in [0.0, -16.0, f64::INFINITY] {
        let error = fit(&Scaling::Divide(divisor), features.view()).unwrap_err();
        assert_eq!(error, ScalingError::Divisor(divisor));
    }
    assert!(fit(&Scaling::Divide(f64::NAN), features.view()).is_err());
}

#[test]
fn no_rows_have_no_mean() {
    let error = fit(&Scaling::Standard, Array2::zeros((0, 3)).view()).unwrap_err();
    assert_eq!(error, ScalingError::NoRows);
}

#[test]
fn values_whose_variance_overflows_are_an_error() {
    let train = array![[1.0, 1e200], [2.0, -1e200]];
    let error = fit(&Scaling::Standard, train.view()).unwrap_err();
    assert_eq!(error, ScalingError::Moments { column: 1 });
    let train = array![[f64::MAX, 1.0], [f64::MAX, 2.0]];
    let error = fit(&Scaling::Standard, train.view()).unwrap_err();
    assert_eq!(error, ScalingError::Moments { column: 0 });
}

#[test]
fn a_value_that_overflows_when_scaled_is_an_error() {
    let scaler = fit(&Scaling::Standard, array![[1e-10], [2e-10]].view()).unwrap();
    let error = scaler.apply(array![[1.0], [1e300]].view()).unwrap_err();
    assert_eq!(error, overflow_at(1, 0, Scaling::Standard, 1e300, f64::INFINITY));
}

fn overflow_at(row: usize, column: usize, scaling: Scaling, value: f64, scaled: f64) -> ScalingError {
    ScalingError::Overflow { row, column, overflow: Overflow { scaling, value, scaled } }
}

#[test]
fn a_scaled_value_beyond_single_precision_is_an_error_with_its_fix() {
    // The largest f32 is 3.40282347e38; what is halfway to the next power of two or more is rounded to infinity.
    for (scaling, value, scaled, said) in [
        (Scaling::None, 1e39, 1e39, "`1e39` is beyond f32, in which models compute: scale the features"),
        (
            Scaling::Divide(0.25),
            1e38,
            4e38,
            "`1e38` divided by `2.5e-1` is `4e38`, beyond f32, in which models compute: divide by a larger number",
        ),
        (
            Scaling::Divide(1e-300),
            1e9,
            f64::INFINITY,
            "`1e9` divided by `1e-300` is beyond f64: divide by a larger",
        ),
    ] {
        let features = array![[0.0, 0.0], [0.0, value]];
        let error = fit(&scaling, features.view()).unwrap().apply(features.view()).unwrap_err();
        assert_eq!(error, overflow_at(1, 1, scaling, value, scaled));
        assert!(error.to_string().contains(said), "{error}");
    }
    // Mean 0 and deviation 1: each value is its own scaled value.
    let scaler = fit(&Scaling::Standard, array![[-1.0], [1.0]].view()).unwrap();
    let error = scaler.apply(array![[1e39]].view()).unwrap_err();
    assert_eq!(error, overflow_at(0, 0, Scaling::Standard, 1e39, 1e39));
    assert!(error.to_string().contains("`1e39` standardized is `1e39`, beyond f32"), "{error}");
    assert!(scaler.apply(array![[3.4e38]].view()).is_ok());
}

#[test]
fn rows_of_another_width_are_an_error() {
    let scaler = fit(&Scaling::Standard, array![[1.0, 2.0], [3.0, 5.0]].view()).unwrap();
    let error = scaler.apply(array![[1.0]].view()).unwrap_err();
    assert_eq!(error, ScalingError::Columns { expected: 2, found: 1 });
}

#[derive(Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct File {
    scaling: Scaling,
}

#[test]
fn scalings_are_read_from_toml() {
    for (text, scaling) in [
        ("scaling = \"none\"", Scaling::None),
        ("scaling = \"standard\"", Scaling::Standard),
        ("scaling = { divide = 16 }", Scaling::Divide(16.0)),
        ("scaling = { divide = 0.5 }", Scaling::Divide(0.5)),
    ] {
        let file: File = toml::from_str(text).unwrap();
        assert_eq!(file, File { scaling });
        let written = toml::to_string(&file).unwrap();
        assert_eq!(toml::from_str::<File>(&written).unwrap(), file);
    }
}

#[test]
fn wrong_scalings_are_refused_where_they_are_read() {
    for (text, message) in [
        (
            "scaling = { divide = 0 }",
            "divisor `0` is out of range: expected a positive finite number that f32 can hold",
        ),
        ("scaling = { divide = nan }", "divisor `NaN` is out of range"),
        ("scaling = \"minmax\"", "unknown variant `minmax`, expected one of `none`, `standard`, `divide`"),
    ] {
        let error = toml::from_str::<File>(text).unwrap_err();
        assert!(error.message().contains(message), "{text}: {error}");
    }
}

proptest! {
    #[test]
    fn scaled_training_columns_have_mean_zero_and_deviation_one(
        values in prop::collection::vec(-1e3..1e3f64, 20..200), columns in 1usize..5,
    ) {
        let rows = values.len() / columns;
        let train = Array2::from_shape_fn((rows, columns), |(i, j)| values[i * columns + j]);
        let scaled = fit(&Scaling::Standard, train.view()).unwrap().apply(train.view()).unwrap();
        for column in scaled.columns() {
            let mean = column.sum() / rows as f64;
            let variance = column.fold(0.0, |sum, v| sum + (v - mean) * (v - mean)) / rows as f64;
            prop_assert!(mean.abs() < 1e-12);
            prop_assert!((variance - 1.0).abs() < 1e-12);
        }
    }
}

#[test]
fn a_constant_of_any_size_becomes_zero_and_another_value_stays_what_it_is_beyond_it() {
    for constant in [0.1, 14.62, 1.0 / 3.0, 1e15 + 0.3, 1e20 + 7e5, -1.1e24] {
        let train = Array2::from_elem((90, 1), constant);
        let scaler = fit(&Scaling::Standard, train.view()).unwrap();
        assert!(scaler.apply(train.view()).unwrap().iter().all(|value| *value == 0.0), "{constant}");
        let other = scaler.apply(array![[constant * 1.5]].view()).unwrap()[(0, 0)];
        assert!((other / (constant * 0.5) - 1.0).abs() < 1e-9, "{constant}: {other}");
    }
}

#[test]
fn factors_go_into_the_divisors() {
    let features = array![[1.0, 10.0], [3.0, 50.0], [2.0, 60.0]];
    let factors = Array1::from(vec![2.0, 0.1]);
    for (scaling, bytes) in
        [(Scaling::None, 2 * 4), (Scaling::Divide(10.0), 2 * 4), (Scaling::Standard, 2 * 2 * 4)]
    {
        let scaler = fit(&scaling, features.view()).unwrap();
        assert_eq!(scaler.stored_bytes(), scaling.stored_bytes(2));
        let divided = scaler.divided_by(&factors);
        assert_eq!(divided.stored_bytes(), bytes);
        let expected = scaler.apply(features.view()).unwrap() / &factors;
        let found = divided.apply(features.view()).unwrap();
        assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() <= 1e-15 * b.abs()), "{scaling:?}");
    }
}

#[test]
fn numbers_are_rounded_to_single_precision_or_refused() {
    let single = |scaler: Scaler| scaler.single();
    assert_eq!(single(Scaler::None), Ok(Scaler::None));
    assert_eq!(single(Scaler::Divide(0.1)), Ok(Scaler::Divide(f64::from(0.1_f32))));
    let each = |numbers: [f64; 2]| Array1::from(numbers.to_vec());
    let standard = |mean, scale| Scaler::Standard { mean: each(mean), scale: each(scale), constant: vec![1] };
    let third = f64::from(1.0_f32 / 3.0);
    assert_eq!(single(standard([0.0, 1.0 / 3.0], [0.5, 1.0])), Ok(standard([0.0, third], [0.5, 1.0])));
    let refused = |column, number| Err(ScalingError::Single { column, number });
    assert_eq!(single(Scaler::Divide(1e-50)), Err(ScalingError::Divisor(1e-50)));
    assert_eq!(single(Scaler::DivideEach(each([1.0, 1e39]))), refused(1, 1e39));
    assert_eq!(single(standard([0.0, -1e39], [1.0, 1.0])), refused(1, -1e39));
    assert_eq!(single(standard([0.0, 0.0], [1e-46, 1.0])), refused(0, 1e-46));
}
