//! What a choice is worth, on rows whose differences are known.

#![allow(clippy::unwrap_used, missing_docs)]

mod made;

use std::sync::Arc;

use bitsweep_results::summary::{Effect, EffectVerdict, Expectation};
use bitsweep_results::{
    Choice, DatasetShape, FailureKind, Interval, Labels, Measures, PickRule, ResultRow, RowFailure, Task,
    Unit, Value, Variant, summarize,
};
use made::{key, scored, task, variant};

/// A variant of `unit` with a macro-F1 and words on some axes; position 0 is float.
fn with(unit: &str, position: usize, bits: u32, words: &[(Choice, &str)], macro_f1: f64) -> ResultRow {
    let shape = DatasetShape {
        train_rows: 100,
        validation_rows: 0,
        test_rows: 25,
        seen_rows: 0,
        features: 13,
        classes: 3,
    };
    let task: Arc<Task> = Arc::new(task("wine", "mlp(8)"));
    let unit = Arc::new(Unit { key: key(unit), task, seed: 0, fold: None, shape: Some(shape) });
    let variant = if position == 0 { Variant::float(32) } else { variant(bits, words) };
    let interval = Interval { value: macro_f1, low: macro_f1 - 0.1, high: macro_f1 + 0.1 };
    let measures = Measures { scores: Some(scored(interval)), ..Measures::default() };
    made::row(made::origin(&unit, position, variant), measures)
}

/// A variant of `unit` with a macro-F1 and its choices of method and granularity.
fn row(unit: &str, position: usize, bits: u32, method: &str, granularity: &str, macro_f1: f64) -> ResultRow {
    let words = [(Choice::Method, method), (Choice::Granularity, granularity)];
    with(unit, position, bits, &words, macro_f1)
}

/// The same with other values on some axes.
fn choosing(mut row: ResultRow, words: &[(Choice, &str)]) -> ResultRow {
    if !row.origin.is_float() {
        let mut variant = (*row.origin.variant).clone();
        for (axis, word) in words {
            variant.choices = variant.choices.with(*axis, Value::word(word));
        }
        row.origin.variant = Arc::new(variant);
    }
    row
}

/// Three units, each with a float baseline, nearest and gptq at 4 and 2 bits.
fn units(gains: [f64; 3]) -> Vec<ResultRow> {
    let mut rows = Vec::new();
    for (unit, gain) in ["a", "b", "c"].into_iter().zip(gains) {
        rows.push(row(unit, 0, 32, "", "", 0.99));
        rows.push(row(unit, 1, 4, "gptq", "tensor", 0.9));
        rows.push(row(unit, 2, 4, "nearest", "tensor", 0.9));
        rows.push(row(unit, 3, 2, "nearest", "tensor", 0.5));
        rows.push(row(unit, 4, 2, "gptq", "tensor", 0.5 + gain));
    }
    rows
}

fn effects(rows: &[ResultRow]) -> Vec<Effect> {
    let records = made::records(rows, 400);
    summarize(&records, &Labels::of_rows(rows), &PickRule::default()).comparisons.remove(0).effects
}

#[test]
fn a_choice_is_compared_with_the_plain_one_at_equal_bits() {
    let found = effects(&units([0.1, 0.2, 0.3]));
    assert_eq!(found.len(), 1);
    let Effect { axis, from, to, expectation, by_bits } = &found[0];
    assert_eq!((*axis, from, to), (Choice::Method, &Value::word("nearest"), &Value::word("gptq")));
    assert_eq!(*expectation, Expectation::Better);
    let bits: Vec<(u32, usize, usize)> =
        by_bits.iter().map(|effect| (effect.bits, effect.pairs, effect.difference.units)).collect();
    assert_eq!(bits, [(4, 1, 3), (2, 1, 3)]);
    assert!((by_bits[1].difference.value - 0.2).abs() < 1e-12);
}

#[test]
fn rows_and_units_are_two_ways_of_clustering() {
    let found = effects(&units([0.1, 0.2, 0.3]));
    let at = found[0].by_bits[1];
    // Three units test the same 400 rows. At 0.5 the first 200 are wrong; a gain of g rights the last 400·g of them, so that
    // with as many errors in each class every F1 is the accuracy, and row i contributes 1(righted) - g: 120 rows are righted
    // by one unit or more, by 3, 2, 1 units 40 each.
    let (units, rows) = (3.0, 400.0);
    let gains = [0.1, 0.2, 0.3];
    let righted =
        |row: usize| -> [f64; 3] { std::array::from_fn(|unit| f64::from(u8::from(row < 40 * (unit + 1)))) };
    let (mut by_row, mut squares) = (0.0, 0.0);
    for row in 0..400 {
        let own: Vec<f64> =
            righted(row).iter().zip(gains).map(|(own, gain)| (own - gain) / (units * rows)).collect();
        by_row += own.iter().sum::<f64>().powi(2);
        squares += own.iter().map(|own| own * own).sum::<f64>();
    }
    let by_unit = 0.01 / 3.0;
    let standard_error = (by_row + by_unit - squares).max(by_row).max(by_unit).sqrt();
    assert!((at.difference.value - 0.2).abs() < 1e-12);
    // F1 is no mean of rows: its influence is that of the accuracy to first order.
    assert!((at.difference.standard_error - standard_error).abs() < 1e-3 * standard_error, "{at:?}");
    // t(2) = 4.302652729911275.
    let half = 4.302_652_729_911_275 * at.difference.standard_error;
    let interval = at.interval();
    assert!((interval.low - (0.2 - half)).abs() < 1e-9, "{interval:?}");
    assert!((interval.high - (0.2 + half)).abs() < 1e-9, "{interval:?}");
    assert_eq!(at.verdict, EffectVerdict::NotShown);
}

#[test]
fn a_difference_far_beyond_the_spread_is_shown_in_its_direction() {
    assert_eq!(effects(&units([0.30, 0.31, 0.29]))[0].by_bits[1].verdict, EffectVerdict::Better);
    assert_eq!(effects(&units([-0.30, -0.31, -0.29]))[0].by_bits[1].verdict, EffectVerdict::Worse);
}

#[test]
fn the_same_predictions_are_no_test() {
    let found = effects(&units([0.1, 0.2, 0.3]));
    let at = found[0].by_bits[0];
    assert!(at.is_identical && at.p_values.is_none());
    assert_eq!(
        (at.difference.value, at.equivalence_margin(), at.verdict),
        (0.0, 0.0, EffectVerdict::Equivalent)
    );
}

#[test]
fn the_more_differences_the_harder_one_is_to_show_and_the_same_one_counts_once() {
    let p_of = |rows: &[ResultRow]| {
        let found = effects(rows);
        found[0].by_bits.iter().find(|at| at.bits == 2).unwrap().p_values.unwrap()
    };
    let alone = p_of(&units([0.30, 0.31, 0.29]));
    assert_eq!(alone.holm, alone.alone);
    // Another method with the predictions of the first, then one with predictions of its own.
    let with = |gain: f64| {
        let mut rows = units([0.30, 0.31, 0.29]);
        for unit in ["a", "b", "c"] {
            rows.push(row(unit, 5, 2, "adaround", "tensor", 0.5 + gain));
        }
        rows
    };
    let mut twin = units([0.30, 0.31, 0.29]);
    for (unit, gain) in ["a", "b", "c"].into_iter().zip([0.30, 0.31, 0.29]) {
        twin.push(row(unit, 5, 2, "adaround", "tensor", 0.5 + gain));
    }
    assert_eq!(p_of(&twin).holm, alone.alone);
    assert!((p_of(&with(0.01)).holm - 2.0 * alone.alone).abs() < 1e-12);
}

#[test]
fn one_unit_tells_of_its_own_models() {
    let rows: Vec<ResultRow> = units([0.3, 0.0, 0.0]).into_iter().take(5).collect();
    let effect = effects(&rows)[0].by_bits[1];
    assert!((effect.difference.value - 0.3).abs() < 1e-12);
    assert_eq!((effect.difference.units, effect.verdict), (1, EffectVerdict::Better));
}

#[test]
fn pairs_that_differ_in_two_axes_say_nothing() {
    let mut rows = units([0.1, 0.2, 0.3]);
    rows.retain(|row| row.origin.variant.choices.bits() != 4);
    let rows = rows.into_iter().map(|row| match row.origin.position {
        4 => choosing(row, &[(Choice::Granularity, "output-channel")]),
        _ => row,
    });
    assert_eq!(effects(&rows.collect::<Vec<_>>()), []);
}

#[test]
fn calibration_rows_are_no_difference_beside_the_method() {
    let mut rows = units([0.1, 0.2, 0.3]);
    rows = rows
        .into_iter()
        .map(|row| match row.origin.position {
            1 | 4 => choosing(row, &[(Choice::Calibration, "all")]),
            _ => row,
        })
        .collect();
    let found = effects(&rows);
    assert_eq!(found.iter().map(|effect| effect.axis).collect::<Vec<_>>(), [Choice::Method]);
}

#[test]
fn formats_are_compared_where_only_what_does_not_apply_differs() {
    let mut rows = Vec::new();
    for (unit, gain) in [("a", 0.1), ("b", 0.2)] {
        let int = [(Choice::Format, "int"), (Choice::Symmetry, "symmetric")];
        rows.push(with(unit, 0, 32, &[], 0.9));
        rows.push(with(unit, 1, 4, &[(Choice::Format, "fp4")], 0.5 + gain));
        rows.push(with(unit, 2, 4, &int, 0.5));
    }
    let found = effects(&rows);
    assert_eq!(found.len(), 1);
    assert!(found[0].from.is("int") && found[0].to.is("fp4"));
    assert!((found[0].by_bits[0].difference.value - 0.15).abs() < 1e-12);
}

#[test]
fn activations_are_compared_at_equal_bits_of_their_own() {
    let mut rows = Vec::new();
    for unit in ["a", "b"] {
        rows.push(with(unit, 0, 32, &[], 0.99));
        for (bits, low, high) in [(8, 0.9, 0.95), (4, 0.6, 0.8)] {
            for (scheme, macro_f1) in [("dynamic per row", high), ("static", low)] {
                let mut row = with(unit, rows.len() + 1, 8, &[(Choice::Activations, scheme)], macro_f1);
                let mut variant = (*row.origin.variant).clone();
                variant.choices = variant.choices.with(Choice::ActivationBits, Value::number(bits));
                row.origin.variant = Arc::new(variant);
                rows.push(row);
            }
        }
    }
    let found = effects(&rows);
    assert_eq!(found.len(), 1);
    let Effect { axis, from, to, by_bits, .. } = &found[0];
    assert_eq!(*axis, Choice::Activations);
    assert!(from.is("static") && to.is("dynamic per row"));
    // Two pairs: 0.05 at 8 bits, 0.2 at 4 bits.
    assert_eq!((by_bits[0].bits, by_bits[0].pairs), (8, 2));
    assert!((by_bits[0].difference.value - 0.125).abs() < 1e-12);
}

#[test]
fn a_code_of_several_weights_is_not_compared_by_its_bits() {
    let rows = |is_shared: bool| {
        let mut rows = Vec::new();
        for unit in ["a", "b"] {
            rows.push(with(unit, 0, 32, &[], 0.5));
            rows.push(with(unit, 1, 4, &[(Choice::Format, "int")], 0.5));
            let mut row = with(unit, 2, 4, &[(Choice::Format, "vq 16 width 2")], 0.5);
            let variant = Variant { has_shared_codes: is_shared, ..(*row.origin.variant).clone() };
            row.origin.variant = Arc::new(variant);
            rows.push(row);
        }
        rows
    };
    assert_eq!(effects(&rows(true)), []);
    assert_eq!(effects(&rows(false)).len(), 1);
}

#[test]
fn a_zero_point_is_no_difference_beside_the_symmetry() {
    let mut rows = Vec::new();
    for (unit, gain) in [("a", 0.1), ("b", 0.2)] {
        let asymmetric = [(Choice::Symmetry, "asymmetric"), (Choice::ZeroPoint, "integer")];
        rows.push(with(unit, 0, 32, &[], 0.9));
        rows.push(with(unit, 1, 4, &[(Choice::Symmetry, "symmetric")], 0.5));
        rows.push(with(unit, 2, 4, &asymmetric, 0.5 + gain));
    }
    let found = effects(&rows);
    assert_eq!(found.len(), 1);
    assert!(found[0].axis == Choice::Symmetry && found[0].to.is("asymmetric"));
    assert!((found[0].by_bits[0].difference.value - 0.15).abs() < 1e-12);
}

#[test]
fn a_variant_that_failed_in_one_unit_is_compared_in_the_others() {
    let mut rows = units([0.1, 0.2, 0.3]);
    let failure = RowFailure { kind: FailureKind::Quantization, reason: "no".into() };
    rows[4].result = Err(failure);
    let found = effects(&rows);
    assert_eq!((found[0].by_bits[1].difference.units, found[0].by_bits[0].difference.units), (2, 3));
    assert!((found[0].by_bits[1].difference.value - 0.25).abs() < 1e-12);
}
