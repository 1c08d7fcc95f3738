//! How a file spells the quantization of inputs, and what is refused.

use bitsweep_quant::{ActivationParameters, ActivationQuantizer, ActivationSpec};
use ndarray::array;

fn read(toml: &str) -> Result<ActivationSpec, String> {
    toml::from_str::<ActivationSpec>(toml).map_err(|error| error.message().to_owned())
}

/// The short name of the scheme that a text spells.
fn name(toml: &str) -> String {
    read(toml).unwrap().resolve().unwrap().to_string()
}

#[track_caller]
fn refused(toml: &str, sentence: &str) {
    let error = read(toml).unwrap().resolve().unwrap_err();
    assert_eq!(error.to_string(), sentence);
}

#[test]
fn short_names_say_what_is_not_the_default() {
    for (toml, short) in [
        ("mode = 'static'", "static min-max"),
        ("mode = 'static'\nrange = 'mse'\nsymmetry = 'symmetric'", "static mse symmetric"),
        ("mode = 'static'\nrange = { percentile = 99.9 }", "static percentile 99.9"),
        ("mode = 'static'\nrange = { moving-average = {} }", "static moving-average 0.01 of 32 rows"),
        ("mode = 'static'\nrange = 'moving-average'", "static moving-average 0.01 of 32 rows"),
        (
            "mode = 'static'\nrange = { moving-average = { momentum = 1, batch = 1 } }",
            "static moving-average 1 of 1 row",
        ),
        ("mode = 'dynamic'", "dynamic per batch of 32"),
        ("mode = 'dynamic'\nbatch = 8\nrounding = 'half-away'", "dynamic per batch of 8 half-away"),
        ("mode = 'dynamic'\ngranularity = 'row'\nrange = 'mse'", "dynamic per row mse"),
    ] {
        assert_eq!(name(&format!("bits = 8\n{toml}")), short);
    }
}

#[test]
fn a_spec_survives_writing() {
    for toml in [
        "bits = 8\nmode = 'static'\nrange = { moving-average = { momentum = 0.5, batch = 4 } }",
        "bits = 2\nmode = 'dynamic'\ngranularity = 'row'\nrange = { percentile = 99.0 }",
        "bits = 16\nmode = 'dynamic'\nbatch = 5\nsymmetry = 'symmetric'",
    ] {
        let spec = read(toml).unwrap();
        assert_eq!(read(&toml::to_string(&spec).unwrap()).unwrap(), spec);
    }
}

#[test]
fn what_means_nothing_is_refused() {
    refused(
        "bits = 1\nmode = 'static'",
        "`bits = 1` is too few for activations, which need a code for 0 and codes beside it: expected 2 to 16",
    );
    refused(
        "bits = 8\nmode = 'static'\nrounding = 'stochastic'",
        "`rounding = stochastic` would answer the same request differently each time: expected `nearest-even` or `half-away` for activations",
    );
    refused(
        "bits = 8\nmode = 'static'\ngranularity = 'row'",
        "`granularity = row` needs the row at hand, and `mode = static` fits its range before: expected `granularity = tensor` or `mode = dynamic`",
    );
    refused(
        "bits = 8\nmode = 'static'\nbatch = 8",
        "`batch = 8` does not apply to `mode = static`, which has one range for all rows: leave `batch` out",
    );
    refused(
        "bits = 8\nmode = 'dynamic'\ngranularity = 'row'\nbatch = 8",
        "`batch = 8` contradicts `granularity = row`, which has a range for each row: leave one of them out",
    );
    refused(
        "bits = 8\nmode = 'dynamic'\nrange = { moving-average = {} }",
        "`range = moving-average 0.01 of 32 rows` runs over batches of calibration rows, and `mode = dynamic` looks at none: expected `mode = static` or another range",
    );
    for momentum in ["0", "-0.5", "1.5", "nan"] {
        let toml =
            format!("bits = 8\nmode = 'static'\nrange = {{ moving-average = {{ momentum = {momentum} }} }}");
        let error = read(&toml).unwrap().resolve().unwrap_err().to_string();
        assert!(error.ends_with("means nothing: expected a number above 0 and at most 1"), "{error}");
    }
}

#[test]
fn what_cannot_be_read_is_refused() {
    for (toml, sentence) in [
        ("mode = 'static'", "missing field `bits`"),
        ("bits = 8", "missing field `mode`"),
        ("bits = 17\nmode = 'static'", "`17` is not a number of bits: expected 1 to 16"),
        ("bits = 8\nmode = 'statik'", "unknown variant `statik`, expected `static` or `dynamic`"),
        ("bits = 8\nmode = 'static'\nzero_point = 'float'", "unknown field `zero_point`"),
        ("bits = 8\nmode = 'static'\nrange = 'moving-averge'", "`kl`, `moving-average`"),
        ("bits = 8\nmode = 'static'\nrange = { percentile = 10 }", "`10` is not a percentile"),
        (
            "bits = 8\nmode = 'static'\nrange = { moving-average = { momntum = 1 } }",
            "unknown field `momntum`",
        ),
        (
            "bits = 8\nmode = 'static'\nrange = 3",
            "invalid type: integer `3`, expected a range's name, or a table",
        ),
        ("bits = 8\nmode = 'dynamic'\nbatch = 0", "nonzero"),
        (
            "bits = 8\nmode = 'dynamic'\ngranularity = 'column'",
            "unknown variant `column`, expected `tensor` or `row`",
        ),
        (
            "bits = 8\nmode = 'static'\nrange = 'percentile'",
            "`percentile` needs a value beside its name: expected a percentile",
        ),
    ] {
        let error = read(toml).unwrap_err();
        assert!(error.contains(sentence), "{error}");
    }
}

#[test]
fn stored_parameters_must_be_those_that_the_scheme_can_have() {
    let restored = |toml: &str, fitted: Option<(f32, i32)>| {
        let fitted = fitted.map(|(scale, zero_point)| ActivationParameters { scale, zero_point });
        ActivationQuantizer::restore(read(toml).unwrap().resolve().unwrap(), fitted)
    };
    let (fixed, dynamic) = ("bits = 8\nmode = 'static'", "bits = 8\nmode = 'dynamic'");
    let symmetric = "bits = 8\nmode = 'static'\nsymmetry = 'symmetric'";
    for (toml, fitted) in [(fixed, Some((0.5, 255))), (symmetric, Some((0.5, 0))), (dynamic, None)] {
        let restored = restored(toml, fitted).unwrap();
        assert_eq!(restored.fitted().map(|fitted| (fitted.scale, fitted.zero_point)), fitted);
        assert_eq!(restored.scheme(), &read(toml).unwrap().resolve().unwrap());
    }
    for (toml, fitted, sentence) in [
        (fixed, None, "`mode = static` has a scale, and none is given"),
        (dynamic, Some((0.5, 0)), "`mode = dynamic` finds its scales anew, and one is given"),
    ] {
        assert_eq!(restored(toml, fitted).unwrap_err().to_string(), sentence);
    }
    for (toml, scale, zero_point) in [
        (fixed, 0.0, 0),
        (fixed, -1.0, 0),
        (fixed, f32::NAN, 0),
        (fixed, f32::INFINITY, 0),
        (fixed, 1.0, 256),
        (fixed, 1.0, -1),
        (symmetric, 1.0, 1),
    ] {
        assert_eq!(
            restored(toml, Some((scale, zero_point))).unwrap_err().to_string(),
            format!(
                "scale `{scale}` and zero point `{zero_point}` are no parameters of these codes: expected a positive scale, and a code"
            )
        );
    }
}

#[test]
fn batches_of_more_rows_than_there_are_have_them_all() {
    let toml = format!("bits = 8\nmode = 'dynamic'\nbatch = {}", i64::MAX);
    let scheme = read(&toml).unwrap().resolve().unwrap();
    let inputs = array![[1.0_f32, -2.0, 0.5], [0.25, 3.0, 0.0]];
    let codes =
        |scheme| ActivationQuantizer::fit(scheme, inputs.view()).unwrap().quantize(inputs.view()).unwrap();
    let of_two = read("bits = 8\nmode = 'dynamic'\nbatch = 2").unwrap().resolve().unwrap();
    assert_eq!(codes(scheme), codes(of_two));
}
