//! What a choice is worth, on rows whose differences are known.

#![allow(clippy::unwrap_used, missing_docs)]

use bitsweep_results::summary::{Effect, Expectation, Verdict};
use bitsweep_results::{DatasetShape, Interval, PickRule, ResultRow, Scores, summarize};

/// A variant of `unit` with a macro-F1 and its choices of method and granularity.
fn row(unit: &str, variant: usize, bits: u32, method: &str, granularity: &str, macro_f1: f64) -> ResultRow {
    let interval = Interval { value: macro_f1, low: macro_f1 - 0.1, high: macro_f1 + 0.1 };
    ResultRow {
        unit: unit.into(),
        dataset: "wine".into(),
        model: "mlp(8)".into(),
        shape: Some(DatasetShape { train_rows: 100, test_rows: 25, seen_rows: 0, features: 13, classes: 3 }),
        variant,
        label: format!("{bits} bit {method} {granularity}"),
        bits,
        axes: vec![("method", method.into()), ("granularity", granularity.into())],
        scores: Some(Scores {
            accuracy: interval,
            macro_f1: interval,
            log_loss: 0.1,
            agreement: 1.0,
            lost: 0,
            gained: 0,
            p_value: 1.0,
        }),
        ..ResultRow::default()
    }
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
    summarize(rows, &PickRule::default()).comparisons.remove(0).effects
}

#[test]
fn a_choice_is_compared_with_the_plain_one_at_equal_bits() {
    let found = effects(&units([0.1, 0.2, 0.3]));
    assert_eq!(found.len(), 1);
    let Effect { axis, from, to, expectation, by_bits } = &found[0];
    assert_eq!((*axis, from.as_str(), to.as_str()), ("method", "nearest", "gptq"));
    assert_eq!(*expectation, Expectation::Better);
    let bits: Vec<(u32, usize, usize)> =
        by_bits.iter().map(|effect| (effect.bits, effect.pairs, effect.units)).collect();
    assert_eq!(bits, [(4, 1, 3), (2, 1, 3)]);
    assert!((by_bits[1].difference - 0.2).abs() < 1e-12);
}

#[test]
fn the_interval_is_nadeau_and_bengios() {
    let found = effects(&units([0.1, 0.2, 0.3]));
    // s = 0.1, variance 0.01·(1/3 + 25/100), t(2) = 4.302652729911275.
    let half = 4.302_652_729_911_275 * (0.01_f64 * (1.0 / 3.0 + 0.25)).sqrt();
    let interval = found[0].by_bits[1].interval.unwrap();
    assert!((interval.low - (0.2 - half)).abs() < 1e-9, "{interval:?}");
    assert!((interval.high - (0.2 + half)).abs() < 1e-9, "{interval:?}");
    assert_eq!(found[0].by_bits[1].verdict(), Verdict::NotShown);
}

#[test]
fn a_difference_far_beyond_the_spread_is_shown_in_its_direction() {
    assert_eq!(effects(&units([0.30, 0.31, 0.29]))[0].by_bits[1].verdict(), Verdict::Better);
    assert_eq!(effects(&units([-0.30, -0.31, -0.29]))[0].by_bits[1].verdict(), Verdict::Worse);
}

#[test]
fn a_difference_that_never_varies_has_no_interval() {
    let found = effects(&units([0.25, 0.25, 0.25]));
    assert_eq!(found[0].by_bits[0].interval, None);
    assert_eq!(found[0].by_bits[1].interval, None);
    assert_eq!(found[0].by_bits[1].verdict(), Verdict::NotShown);
}

#[test]
fn one_unit_tells_a_difference_and_no_interval() {
    let rows: Vec<ResultRow> = units([0.3, 0.0, 0.0]).into_iter().filter(|row| row.unit == "a").collect();
    let effect = effects(&rows)[0].by_bits[1];
    assert!((effect.difference - 0.3).abs() < 1e-12);
    assert_eq!((effect.units, effect.interval), (1, None));
}

#[test]
fn pairs_that_differ_in_two_axes_say_nothing() {
    let mut rows = units([0.1, 0.2, 0.3]);
    rows.retain(|row| row.bits != 4);
    for row in rows.iter_mut().filter(|row| row.variant == 4) {
        row.set_axis("granularity", "column");
    }
    assert_eq!(effects(&rows), []);
}

#[test]
fn formats_are_compared_where_only_what_does_not_apply_differs() {
    let mut rows = Vec::new();
    for (unit, gain) in [("a", 0.1), ("b", 0.2)] {
        for (variant, format, symmetry, score) in
            [(0, "", "", 0.9), (1, "fp4", "", 0.5 + gain), (2, "int", "symmetric", 0.5)]
        {
            let mut row = row(unit, variant, 4, "nearest", "tensor", score);
            row.axes.extend([("format", format.to_owned()), ("symmetry", symmetry.to_owned())]);
            rows.push(row);
        }
    }
    let found = effects(&rows);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].from.as_str(), found[0].to.as_str()), ("int", "fp4"));
    assert!((found[0].by_bits[0].difference - 0.15).abs() < 1e-12);
}

#[test]
fn activations_are_compared_at_equal_bits_of_their_own() {
    let mut rows = Vec::new();
    for unit in ["a", "b"] {
        rows.push(row(unit, 0, 32, "", "", 0.99));
        for (bits, low, high) in [(8, 0.9, 0.95), (4, 0.6, 0.8)] {
            for (scheme, macro_f1) in [("dynamic per row", high), ("static min-max", low)] {
                let mut row = row(unit, rows.len(), 8, "nearest", "tensor", macro_f1);
                row.activation_bits = Some(bits);
                row.axes.push(("activations", scheme.into()));
                rows.push(row);
            }
        }
    }
    let found = effects(&rows);
    assert_eq!(found.len(), 1);
    let Effect { axis, from, to, by_bits, .. } = &found[0];
    assert_eq!((*axis, from.as_str(), to.as_str()), ("activations", "static min-max", "dynamic per row"));
    // Two pairs: 0.05 at 8 bits, 0.2 at 4 bits.
    assert_eq!((by_bits[0].bits, by_bits[0].pairs), (8, 2));
    assert!((by_bits[0].difference - 0.125).abs() < 1e-12);
}

#[test]
fn a_code_of_several_weights_is_not_compared_by_its_bits() {
    let mut rows = Vec::new();
    for unit in ["a", "b"] {
        for (variant, format) in [(0, ""), (1, "int"), (2, "vq 16 width 2")] {
            let mut row = row(unit, variant, 4, "nearest", "tensor", 0.5);
            row.set_axis("format", format);
            row.has_shared_codes = variant == 2;
            rows.push(row);
        }
    }
    assert_eq!(effects(&rows), []);
    rows.iter_mut().for_each(|row| row.has_shared_codes = false);
    assert_eq!(effects(&rows).len(), 1);
}

#[test]
fn a_zero_point_is_no_difference_beside_the_symmetry() {
    let mut rows = Vec::new();
    for (unit, gain) in [("a", 0.1), ("b", 0.2)] {
        for (variant, symmetry, zero_point, score) in
            [(0, "", "", 0.9), (1, "symmetric", "", 0.5), (2, "asymmetric", "integer", 0.5 + gain)]
        {
            let mut row = row(unit, variant, 4, "nearest", "tensor", score);
            row.set_axis("symmetry", symmetry);
            row.set_axis("zero_point", zero_point);
            rows.push(row);
        }
    }
    let found = effects(&rows);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].axis, found[0].to.as_str()), ("symmetry", "asymmetric"));
    assert!((found[0].by_bits[0].difference - 0.15).abs() < 1e-12);
}
