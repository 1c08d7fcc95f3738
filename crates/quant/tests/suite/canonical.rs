//! The canonical form of what a variant is made of: equal values have equal JSON, different ones different JSON.

use std::collections::HashMap;

use bitsweep_quant::{
    ActivationScheme, ActivationSpec, AdaRound, BiasCorrection, CalibrationMethod, Gptq, Hqq, LearnedScale,
    Scheme, SchemeAxis, SchemeSpec, Smooth, Transform, presets,
};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::properties::integer_schemes;
use crate::{format_properties, scheme};

fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

#[track_caller]
fn survives<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    assert_eq!(serde_json::from_str::<T>(&text(value)).unwrap(), *value, "{}", text(value));
}

/// Schemes of every format, with what no grid of choices has.
fn all() -> Vec<Scheme> {
    let others = [
        "format = 'f16'",
        "format = 'bf16'",
        "format = 'dorefa'\nbits = 3",
        "format = 'wrpn'\nbits = 2\nrounding = 'stochastic'",
        "format = { vq = { centroids = 16 } }",
        "format = { vq = { centroids = 16, width = 2 } }\ncodebook_format = 'int8'",
        "format = { pq = { subvectors = 2, centroids = 16 } }\ngranularity = { rows = 4 }",
        "format = { residual = { stages = 2, centroids = 16 } }",
        "bits = 4\noutliers = { percent = 0.5 }",
        "bits = 4\nrange = { percentile = 99 }",
        "bits = 4\nrange = 'kl'",
        "bits = 4\nrange = 'output-mse'",
    ];
    let presets = presets::NAMED.into_iter().map(|(_, scheme)| scheme);
    format_properties::all().into_iter().chain(presets).chain(others.map(scheme)).collect()
}

#[test]
fn schemes_are_read_as_they_were_written_and_no_two_are_written_alike() {
    let mut seen: HashMap<String, Scheme> = HashMap::new();
    for scheme in all() {
        survives(&scheme);
        let known = *seen.entry(text(&scheme)).or_insert(scheme);
        assert_eq!(known, scheme);
    }
}

proptest! {
    #[test]
    fn two_schemes_are_equal_exactly_where_their_text_is(
        first in integer_schemes(), second in integer_schemes(), percentile in 50.1..100.0_f64,
    ) {
        prop_assert_eq!(first == second, text(&first) == text(&second));
        survives(&first);
        let range = bitsweep_quant::Range::Percentile(bitsweep_quant::Percentile::new(percentile).unwrap());
        let first = Scheme { range, ..first };
        survives(&first);
    }

    #[test]
    fn settings_are_read_as_they_were_written(a in 0.0..1.0_f64, b in 1e-6..10.0_f64, n in 1..2000_u32) {
        for method in [
            CalibrationMethod::Gptq(Gptq { act_order: n % 2 == 0, damp: a }),
            CalibrationMethod::AdaRound(AdaRound { iterations: n, learning_rate: b, regularization: a }),
            CalibrationMethod::Hqq(Hqq { norm: a, beta: b, kappa: 1.0 + a, iterations: n }),
            CalibrationMethod::LearnedScale(LearnedScale { iterations: n, learning_rate: a }),
        ] {
            survives(&method);
        }
        survives(&Transform::Smooth(Smooth { alpha: a }));
    }
}

#[test]
fn neutral_values_and_usual_settings_are_left_out() {
    assert_eq!(
        text(&scheme("bits = 4")),
        r#"{"format":{"int":{"bits":4,"codes":"signed","code_range":"narrow"}}}"#
    );
    assert_eq!(text(&presets::gguf(bitsweep_quant::GgufType::Q4_1)), {
        r#"{"format":{"gguf":"q4_1"},"symmetry":{"asymmetric":"minimum"},"granularity":{"group":32},"scale_format":"f16"}"#
    });
    for (method, expected) in [
        (CalibrationMethod::Nearest, r#""nearest""#),
        (CalibrationMethod::Gptq(Gptq::default()), r#""gptq""#),
        (CalibrationMethod::AdaRound(AdaRound::default()), r#""adaround""#),
        (CalibrationMethod::Hqq(Hqq { iterations: 5, ..Hqq::default() }), r#"{"hqq":{"iterations":5}}"#),
        (CalibrationMethod::Greedy, r#""greedy""#),
        (CalibrationMethod::LearnedScale(LearnedScale::default()), r#""learned-scale""#),
        (CalibrationMethod::Gptq(Gptq { damp: -0.0, ..Gptq::default() }), r#"{"gptq":{"damp":0.0}}"#),
    ] {
        assert_eq!(text(&method), expected);
        survives(&method);
    }
    for (transform, expected) in [
        (Transform::None, r#""none""#),
        (Transform::CrossLayerEqualization, r#""cross-layer-equalization""#),
        (Transform::Smooth(Smooth::default()), r#""smooth""#),
        (Transform::Smooth(Smooth { alpha: 0.25 }), r#"{"smooth":{"alpha":0.25}}"#),
    ] {
        assert_eq!(text(&transform), expected);
        survives(&transform);
    }
    survives(&BiasCorrection::Analytic);
}

#[test]
fn schemes_of_inputs_are_read_as_they_were_written() {
    let mut seen = HashMap::new();
    for spec in [
        "mode = 'static'",
        "mode = 'static'\nsymmetry = 'symmetric'\nrange = 'mse'",
        "mode = 'static'\nrange = { percentile = 99.99 }",
        "mode = 'static'\nrange = 'moving-average'",
        "mode = 'static'\nrange = { moving-average = { batch = 8 } }",
        "mode = 'dynamic'",
        "mode = 'dynamic'\nbatch = 8\nrounding = 'half-away'",
        "mode = 'dynamic'\ngranularity = 'row'",
    ] {
        let spec: ActivationSpec = toml::from_str(&format!("bits = 8\n{spec}")).unwrap();
        let scheme = spec.resolve().unwrap();
        survives(&scheme);
        assert_eq!(seen.insert(text(&scheme), scheme), None);
    }
}

#[test]
fn codes_that_inputs_do_not_have_are_refused_when_read() {
    let read = |codes: &str| {
        let text = format!(r#"{{"codes":{codes},"mode":"static"}}"#);
        serde_json::from_str::<ActivationScheme>(&text).unwrap_err().to_string()
    };
    let eight = r#""format":{"int":{"bits":8,"codes":"signed","code_range":"narrow"}}"#;
    for codes in [
        r#"{"format":"f16"}"#.to_owned(),
        format!(r#"{{{eight},"granularity":{{"group":4}}}}"#),
        format!(r#"{{{eight},"range":"output-mse"}}"#),
        format!(r#"{{{eight},"scale_format":"f16"}}"#),
    ] {
        assert!(read(&codes).contains("are no codes of inputs"), "{}", read(&codes));
    }
    let stochastic = format!(r#"{{{eight},"rounding":"stochastic"}}"#);
    assert!(read(&stochastic).starts_with("`rounding = stochastic`"));
}

#[test]
fn strays_are_refused() {
    for stray in [
        r#"{"format":"f16","spare":1}"#,
        r#"{"format":{"int":{"bits":4,"codes":"signed","code_range":"narrow","spare":1}}}"#,
        r#"{"format":{"levels":{"minifloat":{"exponent":2,"mantissa":1,"spare":1}}}}"#,
        r#"{"format":{"levels":{"normal-float":{"bits":4,"spare":1}}}}"#,
        r#"{"format":{"codebook":{"partition":{"shared":1},"centroids":4,"spare":1}}}"#,
        r#"{}"#,
    ] {
        assert!(serde_json::from_str::<Scheme>(stray).is_err(), "{stray}");
    }
}

#[test]
fn every_named_preset_is_what_its_name_spells() {
    for (name, preset) in presets::NAMED {
        assert_eq!(scheme(&format!("format = '{name}'")), preset);
        assert_eq!(preset.preset_name(), Some(name));
    }
    assert_eq!(scheme("bits = 4").preset_name(), None);
}

#[test]
fn axis_values_are_what_a_file_would_say() {
    let values = |toml: &str| -> Value {
        let entries = scheme(toml).axis_values().map(|(axis, value)| (axis.name().to_owned(), value));
        Value::Object(entries.collect())
    };
    assert_eq!(
        values(
            "bits = 4\nsymmetry = 'asymmetric'\ngranularity = { group = 16 }\nrange = { percentile = 99 }"
        ),
        json!({
            "format": "int", "bits": 4, "symmetry": "asymmetric", "zero_point": "integer", "codes": "unsigned",
            "code_range": "full", "granularity": { "group": 16 }, "scale_format": "float",
            "range": { "percentile": 99.0 }, "rounding": "nearest-even", "outliers": "none",
        })
    );
    assert_eq!(
        values("format = { vq = { centroids = 16, width = 2 } }"),
        json!({
            "format": { "vq": { "centroids": 16, "width": 2 } }, "bits": 4, "granularity": "tensor",
            "codebook_format": "float",
        })
    );
    assert_eq!(values("format = 'f16'"), json!({ "format": "f16", "bits": 16 }));
    assert_eq!(
        values("format = { fp = { exponent = 3, mantissa = 1 } }")["format"],
        json!({ "fp": { "exponent": 3, "mantissa": 1 } })
    );
}

#[test]
fn axis_values_spell_the_scheme_they_came_from() {
    for scheme in all() {
        // Bits belong in a file only where the format leaves them open, and a block type says all.
        let open = scheme.format.with_bits(scheme.bits().try_into().unwrap()).is_some();
        let entries = scheme.axis_values().filter(|(axis, _)| *axis != SchemeAxis::Bits || open);
        let entries = entries.map(|(axis, value)| (axis.name().to_owned(), value)).collect();
        let spec: SchemeSpec = serde_json::from_value(Value::Object(entries)).unwrap();
        assert_eq!(spec.resolve().unwrap(), scheme);
        for axis in SchemeAxis::ALL {
            assert_eq!(scheme.axis_value(axis).is_none(), scheme.value(axis).is_empty());
        }
    }
}

#[test]
fn channels_have_two_spellings_and_one_identity() {
    for (spelling, name) in [("row", "input-channel"), ("column", "output-channel")] {
        let spelled = |granularity: &str| scheme(&format!("bits = 4\ngranularity = '{granularity}'"));
        assert_eq!(spelled(spelling), spelled(name));
        assert_eq!(spelled(spelling).axis_value(SchemeAxis::Granularity), Some(json!(name)));
        assert_eq!(spelled(spelling).value(SchemeAxis::Granularity), name);
    }
    let error = toml::from_str::<SchemeSpec>("bits = 4\ngranularity = 'channel'").unwrap_err().to_string();
    assert!(error.contains("`input-channel`") && error.contains("`output-channel`"), "{error}");
}
