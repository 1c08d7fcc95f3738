//! What calibrated rounding refuses: schemes, settings and inputs that mean nothing; and how a file spells a method.

use bitsweep_quant::{
    AdaRound, CalibrationError, CalibrationMethod, Gptq, Hessian, Hqq, LearnedScale, Scheme, calibrate,
    mean_shift, presets,
};
use ndarray::{Array2, array};
use serde::Deserialize;

use crate::calibration::{METHODS, float_zero_point};
use crate::{bits, scheme, stream};

#[test]
fn an_undamped_singular_hessian_is_refused() {
    let hessian = Hessian::of_inputs(array![[1.0, 2.0, 3.0]].view()).unwrap();
    let weights = stream(0).normal_matrix(3, 2);
    let method = CalibrationMethod::Gptq(Gptq { act_order: false, damp: 0.0 });
    let scheme = presets::symmetric_narrow(bits(4));
    let error = calibrate(weights.view(), &scheme, &method, &hessian, &mut stream(0)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the Hessian of the calibration inputs is singular with `damp = 0`: expected a larger `damp`, such as 0.01"
    );
}

#[test]
fn calibration_inputs_that_mean_nothing_are_refused() {
    let sentence = |inputs: Array2<f64>| Hessian::of_inputs(inputs.view()).unwrap_err().to_string();
    assert_eq!(sentence(Array2::zeros((0, 3))), "there are no calibration inputs: expected at least `1` row");
    assert_eq!(
        sentence(array![[0.0], [f64::NAN]]),
        "the calibration input `NaN` in row 1, column 0 (counted from 0) means nothing: expected a finite number"
    );
    assert_eq!(
        sentence(array![[1e200]]),
        format!(
            "calibration inputs up to `{}` overflow when squared: expected magnitudes below 1e150",
            1e200
        )
    );
    let hessian = Hessian::of_inputs(array![[1.0, 2.0]].view()).unwrap();
    let weights = Array2::<f64>::zeros((3, 1));
    let scheme = presets::symmetric_narrow(bits(4));
    let error =
        calibrate(weights.view(), &scheme, &CalibrationMethod::Greedy, &hessian, &mut stream(0)).unwrap_err();
    assert_eq!(error.to_string(), "a Hessian of `2` inputs does not fit weights of 3: expected as many");
    let error = mean_shift(Array2::<f64>::zeros((2, 3)).view(), Array2::zeros((2, 4)).view()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "outputs of shape `(2, 4)` cannot be compared with outputs of shape `(2, 3)`"
    );
}

#[track_caller]
fn refused(method: CalibrationMethod, scheme: &Scheme, sentence: &str) {
    assert_eq!(method.check(scheme).unwrap_err().to_string(), sentence);
}

#[test]
fn formats_without_an_even_grid_and_scale_are_refused() {
    for (toml, name) in [
        ("format = 'f16'", "f16"),
        ("format = 'bf16'", "bf16"),
        ("format = { vq = { centroids = 4 } }", "vq 4"),
        ("format = { pq = { subvectors = 2, centroids = 4 } }", "pq 2x4"),
        ("format = 'dorefa'\nbits = 4", "dorefa"),
        ("format = 'wrpn'\nbits = 4", "wrpn"),
        ("format = 'nf4'", "nf4"),
        ("format = 'q8_0'", "q8_0"),
    ] {
        for method in METHODS.into_iter().filter(|method| *method != CalibrationMethod::Nearest) {
            refused(
                method,
                &scheme(toml),
                &format!(
                    "`method = {}` does not apply to format `{name}`: expected format `int`, or `method = nearest`",
                    method.name()
                ),
            );
        }
        assert!(CalibrationMethod::Nearest.check(&scheme(toml)).is_ok());
    }
}

#[test]
fn signs_other_roundings_and_whole_zero_points_are_refused() {
    refused(
        CalibrationMethod::Greedy,
        &scheme("bits = 1"),
        "`method = greedy` does not apply to 1-bit symmetric weights, which keep the sign: expected `method = nearest` or at least 2 bits",
    );
    for rounding in ["stochastic", "half-away"] {
        refused(
            CalibrationMethod::Gptq(Gptq::default()),
            &scheme(&format!("bits = 4\nrounding = '{rounding}'")),
            &format!(
                "`rounding = {rounding}` contradicts `method = gptq`, which chooses the codes itself: expected `rounding = nearest-even`"
            ),
        );
    }
    for toml in ["bits = 4", "bits = 4\nsymmetry = 'asymmetric'"] {
        refused(
            CalibrationMethod::Hqq(Hqq::default()),
            &scheme(toml),
            "`method = hqq` chooses a zero point between codes: expected `symmetry = asymmetric` with `zero_point = float`",
        );
    }
}

#[test]
fn parameters_that_are_stored_rounded_are_refused() {
    for (toml, stored) in [
        ("bits = 4\nscale_format = 'f16'", "scale_format = f16"),
        ("bits = 4\nsymmetry = 'asymmetric'\nzero_point = 'minimum'", "zero_point = minimum"),
    ] {
        refused(
            CalibrationMethod::Greedy,
            &scheme(toml),
            &format!(
                "`method = greedy` does not apply to `{stored}`, which stores parameters rounded: expected `scale_format = float` and a zero point"
            ),
        );
    }
}

#[test]
fn settings_that_mean_nothing_are_refused() {
    let gptq = |damp| CalibrationMethod::Gptq(Gptq { damp, ..Gptq::default() });
    let sentence = "`damp = -1.0` of method `gptq`: expected a number from 0 to 1";
    refused(gptq(-1.0), &float_zero_point(4), sentence);
    assert!(gptq(f64::NAN).check(&float_zero_point(4)).is_err());
    let usual = AdaRound::default();
    for settings in [
        AdaRound { iterations: 0, ..usual },
        AdaRound { iterations: CalibrationMethod::MAX_ITERATIONS + 1, ..usual },
        AdaRound { learning_rate: 0.0, ..usual },
        AdaRound { regularization: -0.1, ..usual },
    ] {
        let error = CalibrationMethod::AdaRound(settings).check(&float_zero_point(4)).unwrap_err();
        assert!(matches!(error, CalibrationError::Setting { method: "adaround", .. }), "{error}");
    }
    let usual = Hqq::default();
    for settings in [
        Hqq { norm: 1.0, ..usual },
        Hqq { beta: 0.0, ..usual },
        Hqq { kappa: 0.9, ..usual },
        Hqq { iterations: 0, ..usual },
        Hqq { iterations: CalibrationMethod::MAX_ITERATIONS + 1, ..usual },
    ] {
        let error = CalibrationMethod::Hqq(settings).check(&float_zero_point(4)).unwrap_err();
        assert!(matches!(error, CalibrationError::Setting { method: "hqq", .. }), "{error}");
    }
}

#[test]
fn methods_are_spelled_by_name_or_as_a_table() {
    #[derive(Deserialize)]
    struct Root {
        method: CalibrationMethod,
    }
    let read = |text: &str| toml::from_str::<Root>(&format!("method = {text}")).map(|root| root.method);
    assert_eq!(read("'gptq'").unwrap(), CalibrationMethod::Gptq(Gptq::default()));
    assert_eq!(read("'nearest'").unwrap(), CalibrationMethod::Nearest);
    let ordered = read("{ gptq = { act_order = true, damp = 0.1 } }").unwrap();
    assert_eq!(ordered, CalibrationMethod::Gptq(Gptq { act_order: true, damp: 0.1 }));
    let short = CalibrationMethod::AdaRound(AdaRound { iterations: 10, ..AdaRound::default() });
    assert_eq!(read("{ adaround = { iterations = 10 } }").unwrap(), short);
    assert_eq!(read("{ hqq = {} }").unwrap(), CalibrationMethod::Hqq(Hqq::default()));
    for (text, sentence) in [
        ("'gtpq'", "unknown variant `gtpq`, expected one of `nearest`, `gptq`, `adaround`, `hqq`, `greedy`"),
        ("{ greedy = {} }", "`greedy` has no settings: expected the name alone"),
        ("{ gptq = { dump = 1 } }", "unknown field `dump`, expected `act_order` or `damp`"),
        ("{ gptq = {}, hqq = {} }", "invalid length 2"),
        ("3", "a method's name, or a table such as { gptq = { act_order = true } }"),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.message().contains(sentence), "{}", error.message());
    }
}

#[test]
fn gptq_in_groups_refuses_ranges_by_output_error() {
    refused(
        CalibrationMethod::Gptq(Gptq::default()),
        &scheme("bits = 4\nrange = 'output-mse'\ngranularity = { group = 2 }"),
        "`range = output-mse` does not combine with `method = gptq` in groups, whose parameters come from updated \
         weights: expected another range or granularity",
    );
}

#[test]
fn methods_other_than_nearest_refuse_outliers() {
    let scheme =
        scheme("bits = 4\nsymmetry = 'asymmetric'\nzero_point = 'float'\noutliers = { percent = 1 }");
    for method in METHODS {
        let sentence = format!(
            "`outliers = 1 %` does not combine with `method = {}`, which chooses a code for every weight: expected \
             `method = nearest`",
            method.name()
        );
        match method {
            CalibrationMethod::Nearest => method.check(&scheme).unwrap(),
            CalibrationMethod::Gptq(_)
            | CalibrationMethod::AdaRound(_)
            | CalibrationMethod::Hqq(_)
            | CalibrationMethod::Greedy
            | CalibrationMethod::LearnedScale(_) => {
                refused(method, &scheme, &sentence);
            }
        }
    }
}

#[test]
fn learned_scales_of_asymmetric_grids_are_refused() {
    refused(
        CalibrationMethod::LearnedScale(LearnedScale::default()),
        &scheme("bits = 4\nsymmetry = 'asymmetric'"),
        "`method = learned-scale` learns scales alone: expected `symmetry = symmetric`",
    );
}

#[test]
fn learned_scales_of_both_signs_are_refused() {
    refused(
        CalibrationMethod::LearnedScale(LearnedScale::default()),
        &scheme("bits = 4\ncode_range = 'covering'"),
        "`method = learned-scale` keeps scales above 0, and `code_range = covering` has scales of both signs: expected \
         `code_range = full` or `narrow`",
    );
}

#[test]
fn learned_scales_refuse_settings_that_mean_nothing() {
    for (iterations, learning_rate, sentence) in [
        (0, 0.01, "`iterations = 0` of method `learned-scale`: expected a number of steps from 1 to 1000000"),
        (
            1_000_000_000,
            0.01,
            "`iterations = 1000000000` of method `learned-scale`: expected a number of steps from 1 to 1000000",
        ),
        (1, 0.0, "`learning_rate = 0.0` of method `learned-scale`: expected a number above 0 and at most 1"),
        (1, 2.0, "`learning_rate = 2.0` of method `learned-scale`: expected a number above 0 and at most 1"),
    ] {
        let method = CalibrationMethod::LearnedScale(LearnedScale { iterations, learning_rate });
        refused(method, &scheme("bits = 4"), sentence);
    }
}
