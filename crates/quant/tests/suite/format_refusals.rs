//! One test for each combination of formats of levels, scale formats and presets that is refused.

use bitsweep_quant::{GgufType, Granularity, ScaleFormat, Scheme, SchemeError, Symmetry, ZeroPoint, presets};
use bitsweep_quant::{Quantized, UnpackError};

use ndarray::Array2;

use crate::refusals::refused;
use crate::{quantized, scheme};

#[test]
fn axes_that_levels_do_not_have_are_refused() {
    for (axis, value) in [
        ("symmetry", "symmetric"),
        ("zero_point", "integer"),
        ("codes", "signed"),
        ("code_range", "full"),
        ("rounding", "stochastic"),
    ] {
        for (format, name) in [
            ("'fp8-e4m3'", "fp8-e4m3"),
            ("{ fp = { exponent = 3, mantissa = 1 } }", "fp5-e3m1"),
            ("'nf'\nbits = 4", "nf4"),
            ("{ ternary = 'absmean' }", "ternary absmean"),
            ("'power-of-two'\nbits = 4", "power-of-two"),
            ("'additive-power-of-two'\nbits = 4", "additive-power-of-two"),
        ] {
            refused(
                &format!("format = {format}\n{axis} = '{value}'"),
                &format!("`{axis} = {value}` does not apply to format `{name}`: leave `{axis}` out"),
            );
        }
    }
    refused(
        "format = { ternary = 'least-error' }\nrange = 'mse'",
        "`range = mse` does not apply to format `ternary least-error`: leave `range` out",
    );
    refused(
        "format = 'fp8-e4m3'\nbits = 8",
        "`bits = 8` does not apply to format `fp8-e4m3`: leave `bits` out",
    );
}

#[test]
fn levels_of_a_width_that_is_undefined_are_refused() {
    for (format, bits, expected) in [
        ("nf", 1, "2 to 8"),
        ("nf", 9, "2 to 8"),
        ("power-of-two", 1, "2 to 8"),
        ("power-of-two", 9, "2 to 8"),
        ("additive-power-of-two", 2, "3 to 7"),
        ("additive-power-of-two", 8, "3 to 7"),
    ] {
        let name = if format == "nf" { format!("nf{bits}") } else { format.to_owned() };
        refused(
            &format!("format = '{format}'\nbits = {bits}"),
            &format!("`{bits}` bits are undefined for format `{name}`: expected {expected}"),
        );
    }
    refused(
        "format = { fp = { exponent = 5, mantissa = 3 } }",
        "`9` bits are undefined for format `fp9-e5m3`: expected 3 to 8",
    );
    for format in ["nf", "power-of-two", "additive-power-of-two"] {
        refused(
            &format!("format = '{format}'"),
            &format!("format `{format}` needs `bits`: expected 1 to 16"),
        );
    }
}

#[test]
fn a_power_of_two_scale_of_an_asymmetric_range_is_refused() {
    refused(
        "bits = 8\nsymmetry = 'asymmetric'\nscale_format = 'e8m0-floor'",
        "`scale_format = e8m0-floor` needs a symmetric range: expected `symmetry = symmetric` or another scale format",
    );
}

#[test]
fn a_power_of_two_scale_of_a_mean_is_refused() {
    for (scheme, name) in
        [("bits = 1", "1 bit symmetric"), ("format = { ternary = 'absmean' }", "ternary absmean")]
    {
        refused(
            &format!("{scheme}\nscale_format = 'e8m0-ceiling'"),
            &format!(
                "`scale_format = e8m0-ceiling` does not apply to `{name}`, whose scale is a mean magnitude: expected \
                 another scale format"
            ),
        );
    }
}

#[test]
fn only_small_floats_go_without_a_scale() {
    for (format, name) in [
        ("'int'\nbits = 8", "int"),
        ("'nf'\nbits = 4", "nf4"),
        ("{ ternary = 'absmean' }", "ternary absmean"),
    ] {
        refused(
            &format!("format = {format}\nscale_format = 'none'"),
            &format!(
                "`scale_format = none` needs a format with levels of its own size, such as `fp8-e4m3`: format `{name}` \
                 expects a scale"
            ),
        );
    }
    for (axis, value) in [("granularity", "input-channel"), ("range", "mse")] {
        refused(
            &format!("format = 'fp8-e4m3'\nscale_format = 'none'\n{axis} = '{value}'"),
            &format!("`{axis} = {value}` does not apply to `scale_format = none`: leave `{axis}` out"),
        );
    }
}

#[test]
fn an_axis_that_contradicts_a_preset_is_refused() {
    for (toml, axis, value, preset, expected) in [
        ("format = 'mxfp4'\ngranularity = 'column'", "granularity", "output-channel", "mxfp4", "group 32"),
        ("format = 'mxint8'\nbits = 4", "bits", "4", "mxint8", "8"),
        ("format = 'nf4'\nscale_format = 'double'", "scale_format", "double", "nf4", "float"),
        ("format = 'nvfp4'\nrange = 'mse'", "range", "mse", "nvfp4", "min-max"),
        ("format = 'q4_0'\nsymmetry = 'asymmetric'", "symmetry", "asymmetric", "q4_0", "symmetric"),
        (
            "format = 'q4_1'\nsymmetry = 'asymmetric'\nzero_point = 'float'",
            "zero_point",
            "float",
            "q4_1",
            "minimum",
        ),
    ] {
        refused(
            toml,
            &format!(
                "`{axis} = {value}` contradicts format `{preset}`, which means `{axis} = {expected}`: leave `{axis}` \
                 out, or spell out the axes without the preset"
            ),
        );
    }
    refused(
        "format = 'q8_0'\nrange = 'mse'",
        "`range = mse` does not apply to format `q8_0`: leave `range` out",
    );
    assert_eq!(scheme("format = 'mxfp4'\ngranularity = { group = 32 }"), scheme("format = 'mxfp4'"));
}

#[test]
fn a_block_type_of_gguf_with_another_axis_is_refused() {
    let block = presets::gguf(GgufType::Q4_0);
    for scheme in [
        Scheme { symmetry: Symmetry::Asymmetric(ZeroPoint::Minimum), ..block },
        Scheme { granularity: Granularity::InputChannel, ..block },
        Scheme { scale_format: ScaleFormat::Bf16, ..block },
    ] {
        assert!(matches!(scheme.check(), Err(SchemeError::Preset { .. })), "{scheme:?}");
    }
}

#[test]
fn bytes_that_are_no_number_are_refused() {
    let values = Array2::from_elem((2, 1), 1.5_f32);
    let spoilt = |text: &str, position: usize, byte: u8| {
        let mut packed = quantized(&values, &scheme(text)).pack();
        packed.bytes[position] = byte;
        Quantized::unpack(&packed).unwrap_err()
    };
    // Codes in byte 0 (of 4 bits) or 0 and 1, then scales.
    assert_eq!(spoilt("format = 'mxfp8-e4m3'", 1, 0x7f), UnpackError::Code { code: 0x7f, position: 1 });
    assert!(matches!(spoilt("format = 'mxfp4'", 1, 0xff), UnpackError::NotFinite { .. }));
    assert_eq!(spoilt("format = 'nvfp4'", 1, 0xff), UnpackError::NestedScales { codes: vec![0xff] });
    assert!(matches!(
        spoilt("format = { ternary = 'absmean' }", 0, 0b1010),
        UnpackError::Code { code: -2, position: 0 }
    ));
}
