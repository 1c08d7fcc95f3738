//! Means over units of what each tensor does by itself.

#![allow(clippy::unwrap_used)]

use bitsweep_results::summary::Attribution;
use bitsweep_results::{PickRule, Records, ResultRow, SensitivityRow, summarize};

fn result(unit: &str, model: &str, variant: usize) -> ResultRow {
    ResultRow {
        unit: unit.into(),
        dataset: "wine".into(),
        model: model.into(),
        variant,
        label: if variant == 0 { "float".into() } else { "4 bit".into() },
        bits: if variant == 0 { 32 } else { 4 },
        ..ResultRow::default()
    }
}

fn row(unit: &str, tensor: &str, part: &'static str, output_error: f64) -> SensitivityRow {
    SensitivityRow {
        unit: unit.into(),
        variant: 1,
        label: "4 bit".into(),
        tensor: tensor.into(),
        part,
        bits: None,
        bytes: None,
        output_error,
        macro_f1: 0.9,
        next_bytes: None,
        next_output_error: None,
        gain_per_byte: None,
    }
}

fn weight(unit: &str, tensor: &str, bits: u32, output_error: f64, gain: Option<f64>) -> SensitivityRow {
    SensitivityRow {
        bits: Some(bits),
        bytes: Some(10 * u64::from(bits)),
        gain_per_byte: gain,
        ..row(unit, tensor, "whole", output_error)
    }
}

/// Two units of one task, and one of another.
fn records() -> Records {
    let mut records = Records::default();
    for (unit, model) in [("u1", "mlp(8)"), ("u2", "mlp(8)"), ("u3", "logistic")] {
        records.results.extend([0, 1].map(|variant| result(unit, model, variant)));
    }
    records.sensitivity = vec![
        row("u1", "all", "whole", 3.0),
        weight("u1", "W1", 4, 1.0, Some(0.5)),
        row("u1", "W1", "rounding", 0.75),
        row("u1", "W1", "clipping", 0.25),
        row("u1", "b1", "whole", 0.5),
        row("u1", "b1", "bias", 0.5),
        weight("u1", "W2", 2, 1.0, None),
        row("u2", "all", "whole", 5.0),
        weight("u2", "W1", 3, 2.0, Some(0.25)),
        row("u2", "W1", "rounding", 1.75),
        row("u2", "W1", "clipping", 0.75),
        weight("u2", "W2", 2, 2.0, Some(1.0)),
        row("u3", "all", "whole", 100.0),
        weight("u3", "W1", 4, 100.0, Some(100.0)),
    ];
    // What stays f32 has a size, too.
    records.sensitivity[4].bytes = Some(12);
    records
}

#[test]
fn an_attribution_has_means_over_the_units_of_its_task() {
    let records = records();
    let summary = summarize(&records.results, &PickRule::default());
    let attribution = Attribution::of(&records, &summary.comparisons[0], 1).unwrap();
    assert_eq!((attribution.output_error, attribution.sum()), (4.0, 1.5 + 0.5 + 1.5));
    let names: Vec<&str> = attribution.tensors.iter().map(|tensor| tensor.tensor.as_str()).collect();
    assert_eq!(names, ["W1", "b1", "W2"]);
    let [first, bias, second] = attribution.tensors.as_slice() else { panic!() };
    assert_eq!((first.bits, first.bytes, first.output_error), (Some(3.5), 35.0, 1.5));
    assert_eq!(first.parts, [("rounding", 1.25), ("clipping", 0.5)]);
    assert_eq!((first.gain_per_byte, second.gain_per_byte), (Some(0.375), Some(1.0)));
    assert_eq!((bias.bits, bias.bytes, bias.parts.as_slice()), (None, 12.0, [("bias", 0.5)].as_slice()));
}

#[test]
fn the_next_byte_goes_where_it_saves_most() {
    let mut records = records();
    let summary = summarize(&records.results, &PickRule::default());
    let best = |records: &Records| {
        let attribution = Attribution::of(records, &summary.comparisons[0], 1).unwrap();
        attribution.next_byte().map(|tensor| tensor.tensor.clone())
    };
    assert_eq!(best(&records), Some("W2".into()));
    // A bit more can make the error larger: then it is no advice.
    for row in &mut records.sensitivity {
        row.gain_per_byte = row.gain_per_byte.map(|gain| -gain);
    }
    assert_eq!(best(&records), None);
}

#[test]
fn without_sensitivity_there_is_no_attribution() {
    let records = records();
    let summary = summarize(&records.results, &PickRule::default());
    assert_eq!(Attribution::of(&records, &summary.comparisons[0], 0), None);
    assert_eq!(Attribution::of(&records, &summary.comparisons[0], 7), None);
    let none = Records { results: records.results.clone(), ..Records::default() };
    assert_eq!(Attribution::of(&none, &summary.comparisons[0], 1), None);
}
