//! Means over units of what each tensor does by itself.

#![allow(clippy::unwrap_used)]

mod made;

use std::sync::Arc;

use bitsweep_results::summary::Attribution;
use bitsweep_results::{
    ErrorPart, Labels, Measures, Origin, PickRule, Records, ResultRow, SensitivityRow, Variant, summarize,
};

/// A unit's variant; the third unit is of another task.
fn origin(unit: &str, position: usize) -> Origin {
    let model = if unit == "u3" { "logistic" } else { "mlp(8)" };
    let variant = if position == 0 { Variant::float(32) } else { made::variant(4, &[]) };
    made::origin(&made::unit(unit, &Arc::new(made::task("wine", model))), position, variant)
}

fn result(unit: &str, position: usize) -> ResultRow {
    made::row(origin(unit, position), Measures::default())
}

fn row(unit: &str, tensor: &str, part: ErrorPart, output_error: f64) -> SensitivityRow {
    SensitivityRow {
        origin: origin(unit, 1),
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
        ..row(unit, tensor, ErrorPart::Whole, output_error)
    }
}

/// Two units of one task, and one of another.
fn records() -> Records {
    let mut records = Records::default();
    for unit in ["u1", "u2", "u3"] {
        records.results.extend([0, 1].map(|position| result(unit, position)));
    }
    records.sensitivity = vec![
        row("u1", "all", ErrorPart::Whole, 3.0),
        weight("u1", "W1", 4, 1.0, Some(0.5)),
        row("u1", "W1", ErrorPart::Rounding, 0.75),
        row("u1", "W1", ErrorPart::Clipping, 0.25),
        row("u1", "b1", ErrorPart::Whole, 0.5),
        row("u1", "b1", ErrorPart::Bias, 0.5),
        weight("u1", "W2", 2, 1.0, None),
        row("u2", "all", ErrorPart::Whole, 5.0),
        weight("u2", "W1", 3, 2.0, Some(0.25)),
        row("u2", "W1", ErrorPart::Rounding, 1.75),
        row("u2", "W1", ErrorPart::Clipping, 0.75),
        weight("u2", "W2", 2, 2.0, Some(1.0)),
        row("u3", "all", ErrorPart::Whole, 100.0),
        weight("u3", "W1", 4, 100.0, Some(100.0)),
    ];
    // What stays f32 has a size, too.
    records.sensitivity[4].bytes = Some(12);
    records
}

#[test]
fn an_attribution_has_means_over_the_units_of_its_task() {
    let records = records();
    let summary = summarize(&records, &Labels::of_rows(&records.results), &PickRule::default());
    let attribution = Attribution::of(&records, &summary.comparisons[0], 1).unwrap();
    assert_eq!((attribution.output_error, attribution.sum()), (4.0, 1.5 + 0.5 + 1.5));
    let names: Vec<&str> = attribution.tensors.iter().map(|tensor| &*tensor.tensor).collect();
    assert_eq!(names, ["W1", "b1", "W2"]);
    let [first, bias, second] = attribution.tensors.as_slice() else { panic!() };
    assert_eq!((first.bits, first.bytes, first.output_error), (Some(3.5), 35.0, 1.5));
    assert_eq!(first.parts, [(ErrorPart::Rounding, 1.25), (ErrorPart::Clipping, 0.5)]);
    assert_eq!((first.gain_per_byte, second.gain_per_byte), (Some(0.375), Some(1.0)));
    assert_eq!(
        (bias.bits, bias.bytes, bias.parts.as_slice()),
        (None, 12.0, [(ErrorPart::Bias, 0.5)].as_slice())
    );
}

#[test]
fn the_next_byte_goes_where_it_saves_most() {
    let mut records = records();
    let summary = summarize(&records, &Labels::of_rows(&records.results), &PickRule::default());
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
    let summary = summarize(&records, &Labels::of_rows(&records.results), &PickRule::default());
    assert_eq!(Attribution::of(&records, &summary.comparisons[0], 0), None);
    assert_eq!(Attribution::of(&records, &summary.comparisons[0], 7), None);
    let none = Records { results: records.results.clone(), ..Records::default() };
    assert_eq!(Attribution::of(&none, &summary.comparisons[0], 1), None);
}
