//! One test for each combination that is refused, each value that is out of range, and what is accepted.

use bitsweep_quant::{
    CodebookFormat, Granularity, Minifloat, Range, Rounding, ScaleFormat, Scheme, SchemeError, SchemeSpec,
    Symmetry, ZeroPoint, presets, quantize,
};

use crate::{bits, scheme, stream};

#[track_caller]
pub(crate) fn refused(toml: &str, sentence: &str) {
    let spec: SchemeSpec = toml::from_str(toml).unwrap();
    assert_eq!(spec.resolve().unwrap_err().to_string(), sentence);
}

/// The text does not even parse.
#[track_caller]
fn unreadable(toml: &str, sentence: &str) {
    let error = toml::from_str::<SchemeSpec>(toml).unwrap_err();
    assert!(error.message().contains(sentence), "{}", error.message());
}

#[test]
fn missing_bits_are_refused() {
    refused("", "format `int` needs `bits`: expected 1 to 16");
    refused("format = 'dorefa'", "format `dorefa` needs `bits`: expected 1 to 16");
    refused("format = 'wrpn'", "format `wrpn` needs `bits`: expected 1 to 16");
}

#[test]
fn bits_of_formats_that_have_their_own_are_refused() {
    for (format, name) in [
        ("'f16'", "f16"),
        ("'bf16'", "bf16"),
        ("{ vq = { centroids = 4 } }", "vq 4"),
        ("{ pq = { subvectors = 2, centroids = 4 } }", "pq 2x4"),
        ("{ residual = { stages = 2, centroids = 4 } }", "residual 2x4"),
    ] {
        refused(
            &format!("format = {format}\nbits = 8"),
            &format!("`bits = 8` does not apply to format `{name}`: leave `bits` out"),
        );
    }
}

#[test]
fn axes_that_a_format_does_not_have_are_refused_even_at_their_default() {
    for (axis, value, shown) in [
        ("symmetry", "'symmetric'", "symmetric"),
        ("zero_point", "'integer'", "integer"),
        ("codes", "'signed'", "signed"),
        ("code_range", "'full'", "full"),
        ("granularity", "'tensor'", "tensor"),
        ("granularity", "{ group = 32 }", "group 32"),
        ("scale_format", "'float'", "float"),
        ("codebook_format", "'float'", "float"),
        ("range", "{ percentile = 99.9 }", "percentile 99.9"),
    ] {
        for (format, name) in [
            ("'f16'", "f16"),
            ("'bf16'", "bf16"),
            ("{ vq = { centroids = 4 } }", "vq 4"),
            ("{ pq = { subvectors = 2, centroids = 4 } }", "pq 2x4"),
            ("{ residual = { stages = 2, centroids = 4, width = 3 } }", "residual 2x4 width 3"),
            ("'dorefa'\nbits = 4", "dorefa"),
            ("'wrpn'\nbits = 4", "wrpn"),
        ] {
            let has_codebooks = format.contains("centroids");
            if has_codebooks && ["granularity", "codebook_format"].contains(&axis) {
                continue;
            }
            refused(
                &format!("format = {format}\n{axis} = {value}"),
                &format!("`{axis} = {shown}` does not apply to format `{name}`: leave `{axis}` out"),
            );
        }
    }
    refused(
        "format = 'f16'\nrounding = 'stochastic'",
        "`rounding = stochastic` does not apply to format `f16`: leave `rounding` out",
    );
}

#[test]
fn a_scheme_with_an_axis_that_its_format_does_not_have_is_refused() {
    let neutral = scheme("format = 'f16'");
    for scheme in [
        Scheme { symmetry: Symmetry::Asymmetric(ZeroPoint::Float), ..neutral },
        Scheme { granularity: Granularity::InputChannel, ..neutral },
        Scheme { scale_format: ScaleFormat::F16, ..neutral },
        Scheme { codebook_format: CodebookFormat::Int8, ..neutral },
        Scheme { range: Range::Mse, ..neutral },
        Scheme { rounding: Rounding::Stochastic, ..neutral },
    ] {
        assert!(matches!(scheme.check(), Err(SchemeError::NotApplicable { .. })), "{scheme:?}");
    }
}

#[test]
fn codebooks_are_not_divided_by_columns() {
    for granularity in ["'column'", "{ group = 3 }"] {
        for (format, name) in [
            ("{ vq = { centroids = 4 } }", "vq 4"),
            ("{ pq = { subvectors = 2, centroids = 4 } }", "pq 2x4"),
            ("{ residual = { stages = 2, centroids = 4 } }", "residual 2x4"),
        ] {
            let shown = if granularity.contains("group") { "group 3" } else { "output-channel" };
            refused(
                &format!("format = {format}\ngranularity = {granularity}"),
                &format!(
                    "`granularity = {shown}` would cut the rows that format `{name}` splits into sub-vectors: expected \
                     `tensor`, `input-channel` or `{{ rows = n }}`"
                ),
            );
        }
    }
}

#[test]
fn exact_centroids_of_subvectors_are_refused() {
    refused(
        "format = { vq = { centroids = 4, width = 2, clustering = 'exact' } }",
        "`clustering = exact` is of single values, and format `vq 4 width 2 exact` has sub-vectors: expected `width = 1`, \
         or `clustering = fast`",
    );
}

#[test]
fn codebook_formats_of_other_formats_are_refused() {
    for (format, name) in
        [("bits = 8", "int"), ("format = 'nf'\nbits = 4", "nf4"), ("format = 'q8_0'", "q8_0")]
    {
        refused(
            &format!("{format}\ncodebook_format = 'f16'"),
            &format!(
                "`codebook_format = f16` does not apply to format `{name}`: leave `codebook_format` out"
            ),
        );
    }
}

#[test]
fn a_zero_point_of_a_symmetric_scheme_is_refused() {
    let sentence = "`zero_point = float` contradicts symmetric quantization, whose zero point is 0: expected \
                    `symmetry = asymmetric` beside it";
    refused("bits = 8\nzero_point = 'float'", sentence);
    refused("bits = 8\nsymmetry = 'symmetric'\nzero_point = 'float'", sentence);
}

#[test]
fn unsigned_symmetric_codes_are_refused() {
    refused(
        "bits = 8\ncodes = 'unsigned'",
        "`codes = unsigned` cannot represent negative weights in symmetric quantization: expected `codes = signed` or \
         `symmetry = asymmetric`",
    );
}

#[test]
fn one_bit_narrow_asymmetric_is_refused() {
    refused(
        "bits = 1\nsymmetry = 'asymmetric'\ncode_range = 'narrow'",
        "`code_range = narrow` leaves a single code of 1 bit: expected `code_range = full` or at least 2 bits",
    );
}

#[test]
fn one_bit_symmetric_refuses_more_codes_than_two() {
    for code_range in ["full", "covering"] {
        refused(
            &format!("bits = 1\ncode_range = '{code_range}'"),
            &format!(
                "`code_range = {code_range}` does not apply to 1-bit symmetric weights, which are -s and +s: expected \
                 `code_range = narrow` or at least 2 bits"
            ),
        );
    }
}

#[test]
fn covering_codes_need_a_symmetric_scale_that_is_stored_with_its_sign() {
    refused(
        "bits = 4\ncode_range = 'covering'\nsymmetry = 'asymmetric'",
        "`code_range = covering` chooses scale and sign of a symmetric grid: expected `symmetry = symmetric`, or \
         `code_range = full`",
    );
    for scale_format in ["e8m0-floor", "e8m0-ceiling", "two-level", "double"] {
        refused(
            &format!("bits = 4\ncode_range = 'covering'\nscale_format = '{scale_format}'"),
            &format!(
                "`code_range = covering` has scales of both signs, and `scale_format = {scale_format}` stores none: \
                 expected `scale_format = float`, `f16` or `bf16`, or `code_range = full`"
            ),
        );
    }
}

#[test]
fn one_bit_symmetric_refuses_other_ranges() {
    for (range, shown) in [("'mse'", "mse"), ("{ percentile = 99 }", "percentile 99")] {
        refused(
            &format!("bits = 1\nrange = {range}"),
            &format!(
                "`range = {shown}` does not apply to 1-bit symmetric weights, whose scale is the mean magnitude: \
                 expected `range = min-max` or at least 2 bits"
            ),
        );
    }
}

#[test]
fn one_bit_signs_refuse_other_roundings() {
    for (format, name) in [("int", "int"), ("dorefa", "dorefa")] {
        refused(
            &format!("format = '{format}'\nbits = 1\nrounding = 'stochastic'"),
            &format!(
                "`rounding = stochastic` does not apply to 1-bit `{name}` weights, which keep the sign: expected \
                 `rounding = nearest-even` or at least 2 bits"
            ),
        );
    }
}

#[test]
fn one_bit_wrpn_is_refused() {
    refused(
        "format = 'wrpn'\nbits = 1",
        "`bits = 1` is undefined for format `wrpn`, whose grid has 2^(bits-1)-1 steps: expected 2 to 16",
    );
}

#[test]
fn numbers_out_of_range_fail_at_their_value() {
    unreadable(
        "format = { fp = { exponent = 7, mantissa = 1 } }",
        "`7` is not a number of exponent bits: expected 1 to 6",
    );
    unreadable(
        "format = { fp = { exponent = 2, mantissa = 0 } }",
        "`0` is not a number of mantissa bits: expected 1 to 6",
    );
    unreadable("bits = 17", "`17` is not a number of bits: expected 1 to 16");
    unreadable("bits = 0", "`0` is not a number of bits: expected 1 to 16");
    unreadable("bits = -4", "`-4` is not a number of bits: expected 1 to 16");
    unreadable("bits = 4294967304", "`4294967304` is not a number of bits: expected 1 to 16");
    unreadable("granularity = { group = 0 }", "`0` is not a group size: expected 1 to 4294967295");
    unreadable("format = { vq = { centroids = 1 } }", "`1` is not a number of centroids: expected 2 to 256");
    unreadable(
        "format = { vq = { centroids = 257 } }",
        "`257` is not a number of centroids: expected 2 to 256",
    );
    unreadable(
        "format = { pq = { subvectors = 0, centroids = 4 } }",
        "`0` is not a number of sub-vectors: expected 1 to 65536",
    );
    unreadable(
        "format = { vq = { centroids = 4, width = 0 } }",
        "`0` is not a width of sub-vectors: expected 1 to 65536",
    );
    unreadable(
        "format = { residual = { stages = 8, centroids = 4 } }",
        "`8` is not a number of stages: expected 1 to 7",
    );
    unreadable("granularity = { rows = 0 }", "`0` is not a group size: expected 1 to 4294967295");
    for percentile in ["150", "50", "-1", "nan", "inf", "100.1"] {
        let shown = percentile.replace("nan", "NaN");
        unreadable(
            &format!("range = {{ percentile = {percentile} }}"),
            &format!("`{shown}` is not a percentile for a range: expected more than 50 and at most 100"),
        );
    }
}

#[test]
fn wrong_types_and_strays_fail_with_what_was_expected() {
    unreadable("bits = 'eight'", "a number of bits, 1 to 16");
    unreadable("bits = 4.5", "a number of bits, 1 to 16");
    unreadable("range = { percentile = 'high' }", "a percentile, more than 50 and at most 100");
    unreadable("bit = 8", "unknown field `bit`, expected one of `format`, `bits`");
    unreadable("symmetry = 'both'", "unknown variant `both`, expected `symmetric` or `asymmetric`");
    unreadable("format = { vq = { centroids = 4, extra = 1 } }", "unexpected keys in table: extra");
    unreadable("granularity = { groups = 4 }", "unknown variant `groups`");
}

#[test]
fn errors_point_at_the_value() {
    let error = toml::from_str::<SchemeSpec>("symmetry = 'symmetric'\nbits = 17").unwrap_err();
    assert_eq!(error.span(), Some(30..32));
}

#[test]
fn defaults_are_those_of_the_conventions() {
    assert_eq!(scheme("bits = 8"), presets::symmetric_narrow(bits(8)));
    assert_eq!(scheme("bits = 8\nsymmetry = 'asymmetric'"), presets::asymmetric_unsigned(bits(8)));
    assert_eq!(
        scheme("bits = 8\nsymmetry = 'asymmetric'\nzero_point = 'float'"),
        presets::asymmetric_float_zero_point(bits(8))
    );
    assert_eq!(
        scheme("bits = 8\nsymmetry = 'asymmetric'\ncodes = 'signed'"),
        presets::asymmetric_signed(bits(8))
    );
    assert_eq!(scheme("bits = 8\ncode_range = 'full'"), presets::symmetric_full(bits(8)));
}

#[test]
fn every_preset_checks_at_every_width_it_is_defined_for() {
    for preset in [presets::nf4(), presets::nvfp4(), presets::mx_int8(), presets::mx_float(Minifloat::E3M2)] {
        preset.check().unwrap();
    }
    for width in 1..=16 {
        for preset in [
            presets::asymmetric_float_zero_point,
            presets::asymmetric_unsigned,
            presets::asymmetric_signed,
            presets::symmetric_narrow,
        ] {
            preset(bits(width)).check().unwrap();
        }
        assert_eq!(presets::symmetric_full(bits(width)).check().is_ok(), width > 1);
    }
}

#[test]
fn specs_survive_being_written_and_read() {
    for text in [
        "",
        "bits = 4\nsymmetry = 'asymmetric'\nzero_point = 'float'\ncodes = 'unsigned'\ncode_range = 'narrow'",
        "bits = 4\ngranularity = { group = 32 }\nrange = { percentile = 99.9 }\nrounding = 'stochastic'",
        "bits = 4\ngranularity = 'row'\nrange = 'mse'\nrounding = 'half-away'",
        "format = 'int'\nbits = 16\ngranularity = 'column'\nrange = { percentile = 99 }",
        "format = 'f16'",
        "format = 'bf16'",
        "format = { vq = { centroids = 16 } }",
        "format = { pq = { subvectors = 2, centroids = 256 } }",
        "format = { vq = { centroids = 16, width = 4 } }\ngranularity = { rows = 16 }",
        "format = { residual = { stages = 2, centroids = 16, width = 4 } }\ncodebook_format = 'f16'",
        "format = { residual = { stages = 7, centroids = 2 } }\ncodebook_format = 'int8'",
        "format = 'dorefa'\nbits = 3",
        "format = 'wrpn'\nbits = 2\nrounding = 'nearest-even'",
        "format = { fp = { exponent = 3, mantissa = 2 } }\nscale_format = 'e8m0-ceiling'",
        "format = { ternary = 'least-error' }",
        "format = 'mxfp6-e3m2'",
        "format = 'additive-power-of-two'\nbits = 4",
        "format = 'q4_1'",
    ] {
        let spec: SchemeSpec = toml::from_str(text).unwrap();
        assert_eq!(toml::from_str::<SchemeSpec>(&toml::to_string(&spec).unwrap()).unwrap(), spec);
        let json = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<SchemeSpec>(&json).unwrap(), spec);
    }
}

#[test]
fn tables_show_an_axis_only_where_it_applies() {
    let values = |toml: &str| scheme(toml).axes().map(|(_, value)| value).join("|");
    assert_eq!(values("bits = 8"), "int|8|symmetric||signed|narrow|tensor|float||min-max|nearest-even|none");
    assert_eq!(
        values(
            "bits = 4\nsymmetry = 'asymmetric'\ngranularity = { group = 32 }\nrange = { percentile = 99.9 }"
        ),
        "int|4|asymmetric|integer|unsigned|full|group 32|float||percentile 99.9|nearest-even|none"
    );
    assert_eq!(values("bits = 1"), "int|1|symmetric||signed||tensor|float||||");
    assert_eq!(values("format = 'f16'"), "f16|16||||||||||");
    assert_eq!(values("format = { vq = { centroids = 5 } }"), "vq 5|3|||||tensor||float|||");
    assert_eq!(
        values("format = { vq = { centroids = 5 } }\ngranularity = { rows = 2 }\ncodebook_format = 'int8'"),
        "vq 5|3|||||rows 2||int8|||"
    );
    assert_eq!(values("format = 'dorefa'\nbits = 4"), "dorefa|4|||||||||nearest-even|");
    assert_eq!(values("format = 'nvfp4'"), "fp4-e2m1|4|||||group 16|two-level||min-max||");
    assert_eq!(values("format = 'q4_1'"), "q4_1|4|asymmetric|minimum|unsigned||group 32|f16||||");
    assert_eq!(values("format = 'fp8-e5m2'\nscale_format = 'none'"), "fp8-e5m2|8||||||none||||");
    assert_eq!(values("format = 'dorefa'\nbits = 1"), "dorefa|1||||||||||");
}

#[test]
fn names_are_short_and_say_what_differs() {
    for (toml, name) in [
        ("bits = 8", "8 bit symmetric"),
        ("bits = 4\nsymmetry = 'asymmetric'", "4 bit asymmetric"),
        (
            "bits = 4\nsymmetry = 'asymmetric'\nzero_point = 'float'\ngranularity = 'row'",
            "4 bit asymmetric · float zero point · input-channel",
        ),
        ("bits = 4\nsymmetry = 'asymmetric'\ncodes = 'signed'", "4 bit asymmetric · signed"),
        ("bits = 4\noutliers = { percent = 0.5 }", "4 bit symmetric · 0.5 % outliers"),
        ("bits = 3\ncode_range = 'full'\nrange = 'mse'", "3 bit symmetric · full · mse"),
        ("format = { pq = { subvectors = 2, centroids = 16 } }", "pq 2x16"),
        ("format = { vq = { centroids = 256, width = 2 } }", "vq 256 width 2"),
        ("format = { residual = { stages = 1, centroids = 16, width = 2 } }", "vq 16 width 2"),
        (
            "format = { residual = { stages = 3, centroids = 16, width = 2 } }\ncodebook_format = 'f16'",
            "residual 3x16 width 2 · f16 codebook",
        ),
        (
            "format = { vq = { centroids = 16 } }\ngranularity = { rows = 8 }\ncodebook_format = 'int8'",
            "vq 16 · rows 8 · int8 codebook",
        ),
        ("format = 'dorefa'\nbits = 2\nrounding = 'stochastic'", "2 bit dorefa · stochastic"),
        ("format = 'mxfp4'", "fp4-e2m1 · group 32 · e8m0-floor scale"),
        ("format = 'power-of-two'\nbits = 4", "4 bit power-of-two"),
        ("format = 'q5_0'", "q5_0"),
        (
            "bits = 4\nsymmetry = 'asymmetric'\nzero_point = 'minimum'\nscale_format = 'f16'",
            "4 bit asymmetric · minimum · f16 scale",
        ),
    ] {
        assert_eq!(scheme(toml).to_string(), name);
    }
}

#[test]
fn a_kl_range_of_uneven_levels_is_refused() {
    refused(
        "format = 'nf'\nbits = 4\nrange = 'kl'",
        "`range = kl` merges a histogram into even levels, which format `nf4` does not have: expected format `int`, or \
         `range = mse`",
    );
}

#[test]
fn a_kl_range_of_more_than_eight_bits_is_refused() {
    refused(
        "bits = 9\nrange = 'kl'",
        "`range = kl` compares histograms of 2048 bins, too few for `9` bits: expected at most 8, or `range = mse`",
    );
}

#[test]
fn a_range_by_output_error_needs_inputs() {
    let scheme = scheme("bits = 4\nrange = 'output-mse'");
    let error = quantize(ndarray::array![[1.0_f32]].view(), &scheme, &mut stream(0)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`range = output-mse` looks at the inputs of a layer, and there are none: expected `range = mse`, or \
         calibration inputs"
    );
}

#[test]
fn a_range_by_output_error_of_what_is_not_a_plain_even_grid_is_refused() {
    for (text, shown) in [
        ("format = 'nf'\nbits = 4", "format = nf4"),
        ("bits = 4\nrounding = 'stochastic'", "rounding = stochastic"),
        ("bits = 4\nrounding = 'half-away'", "rounding = half-away"),
        ("bits = 4\nscale_format = 'f16'", "scale_format = f16"),
        ("bits = 4\nsymmetry = 'asymmetric'\nzero_point = 'minimum'", "zero_point = minimum"),
    ] {
        refused(
            &format!("{text}\nrange = 'output-mse'"),
            &format!(
                "`range = output-mse` compares even grids with plain parameters and `nearest-even` rounding: `{shown}` \
                 does not combine with it"
            ),
        );
    }
}

#[test]
fn outliers_beside_signs_are_refused() {
    refused(
        "bits = 1\noutliers = { percent = 1 }",
        "`outliers = 1 %` does not apply to 1-bit symmetric weights, whose scale is a mean magnitude: expected at least 2 \
         bits",
    );
}

#[test]
fn outliers_of_other_formats_are_refused() {
    for format in ["'f16'", "'nf'\nbits = 4", "{ vq = { centroids = 4 } }", "'dorefa'\nbits = 4", "'q4_0'"] {
        let spec: SchemeSpec =
            toml::from_str(&format!("format = {format}\noutliers = {{ percent = 1 }}")).unwrap();
        let sentence = spec.resolve().unwrap_err().to_string();
        assert!(sentence.starts_with("`outliers = 1 %` does not apply to format `"), "{sentence}");
    }
}

#[test]
fn a_part_of_outliers_lies_above_0_and_up_to_50() {
    for percent in ["0.0", "-1.0", "50.5", "nan"] {
        let shown = percent.trim_end_matches(".0").replace("nan", "NaN");
        unreadable(
            &format!("bits = 4\noutliers = {{ percent = {percent} }}"),
            &format!("`{shown}` is not a percentage of outliers: expected more than 0 and at most 50"),
        );
    }
}

#[test]
fn a_range_by_output_error_beside_outliers_is_refused() {
    refused(
        "bits = 4\noutliers = { percent = 1 }\nrange = 'output-mse'",
        "`range = output-mse` compares even grids with plain parameters and `nearest-even` rounding: `outliers = 1 %` does \
         not combine with it",
    );
}
