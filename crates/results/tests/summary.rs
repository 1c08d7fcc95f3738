//! Statistics, fronts and picks from hand-made rows.
#![allow(clippy::unwrap_used)]

use bitsweep_results::summary::{Pick, PickOutcome};
use bitsweep_results::{
    Comparison, DatasetShape, ErrorMeasures, Goal, Interval, PickRule, ResultRow, Scores, SizeMeasures,
    summarize,
};

/// A variant by its bits, macro-F1 and bytes; 32 bits make the float baseline.
fn row(unit: &str, variant: usize, bits: u32, macro_f1: f64, bytes: u64) -> ResultRow {
    let interval = Interval { value: macro_f1, low: macro_f1 - 0.1, high: (macro_f1 + 0.05).min(1.0) };
    ResultRow {
        unit: unit.into(),
        dataset: "wine".into(),
        shape: Some(DatasetShape { train_rows: 142, test_rows: 36, seen_rows: 0, features: 13, classes: 3 }),
        model: "mlp(100)".into(),
        variant,
        label: if variant == 0 { "float".into() } else { format!("{bits} bit") },
        series: if variant == 0 { String::new() } else { "asymmetric".into() },
        bits,
        scores: Some(Scores {
            accuracy: interval,
            macro_f1: interval,
            log_loss: 0.1,
            agreement: 1.0,
            lost: 0,
            gained: 0,
            p_value: 1.0,
        }),
        error: ErrorMeasures {
            sse: 1.0 / f64::from(bits),
            mse: 0.1 / f64::from(bits),
            ..ErrorMeasures::default()
        },
        size: SizeMeasures { payload: bytes, codes: bytes, float: 6812, ..SizeMeasures::default() },
        ..ResultRow::default()
    }
}

/// Notebook 000's five variants, by its own numbers.
fn notebook() -> Vec<ResultRow> {
    vec![
        row("u", 0, 32, 1.0, 6812),
        row("u", 1, 8, 1.0, 1703),
        row("u", 2, 6, 1.0, 1277),
        row("u", 3, 4, 1.0, 851),
        row("u", 4, 2, 0.927_741_935_483_871, 425),
    ]
}

fn only(rows: &[ResultRow]) -> Comparison {
    let mut comparisons = summarize(rows, &PickRule::default()).comparisons;
    assert_eq!(comparisons.len(), 1);
    comparisons.remove(0)
}

fn picked(outcome: &PickOutcome) -> &Pick {
    match outcome {
        PickOutcome::Picked(pick) => pick,
        PickOutcome::NoneQualifies { .. } | PickOutcome::NoBaseline => {
            panic!("expected a pick, found {outcome:?}")
        }
    }
}

fn labels(comparison: &Comparison, positions: &[usize]) -> Vec<String> {
    positions.iter().map(|position| comparison.variants[*position].first.label.clone()).collect()
}

#[test]
fn the_picks_are_notebook_000s() {
    let comparison = only(&notebook());
    let picks = comparison.picks.as_ref().unwrap();
    let (balance, least) = (picked(&picks.balance), picked(&picks.least_memory));
    assert_eq!(labels(&comparison, &[balance.variant, least.variant]), ["4 bit", "2 bit"]);
    assert_eq!(
        balance.rejected.map(|position| labels(&comparison, &[position])),
        Some(vec!["2 bit".to_owned()])
    );
    assert_eq!(least.rejected, None);
    assert!((least.loss - 0.072_258_064_516_129).abs() < 1e-12);
    assert_eq!(labels(&comparison, &comparison.front), ["2 bit", "4 bit"]);
}

#[test]
fn a_small_test_set_is_said_to_prove_nothing() {
    let comparison = only(&notebook());
    assert!(!picked(&comparison.picks.as_ref().unwrap().balance).supported);
    let words = comparison.explain(Goal::Balance, &PickRule::default()).unwrap();
    assert_eq!(words.choice, "4 bit");
    let reasons = words.reasons.join("\n");
    assert!(
        reasons
            .contains("36 test rows cannot tell 4 bit from float: 0 lost, 0 gained, exact McNemar p = 1.00."),
        "{reasons}"
    );
    assert!(reasons.contains("[0.900, 1.000]: the pick follows the point estimate"), "{reasons}");
    assert!(reasons.contains("The next smaller, 2 bit (425 bytes), loses 0.0723."), "{reasons}");
}

#[test]
fn a_narrow_interval_supports_the_pick() {
    let mut rows = notebook();
    for scores in rows.iter_mut().filter_map(|row| row.scores.as_mut()) {
        scores.macro_f1.low = scores.macro_f1.value - 0.004;
    }
    let comparison = only(&rows);
    assert!(picked(&comparison.picks.as_ref().unwrap().balance).supported);
    let words = comparison.explain(Goal::Balance, &PickRule::default()).unwrap();
    assert!(
        words.reasons.iter().any(|reason| reason.contains("even its lower end is within 0.01 of float")),
        "{words:?}"
    );
}

#[test]
fn a_significant_difference_is_told() {
    let mut rows = notebook();
    let scores = rows[4].scores.as_mut().unwrap();
    (scores.lost, scores.gained, scores.p_value) = (12, 1, 0.003_417_968_75);
    let words = only(&rows).explain(Goal::LeastMemory, &PickRule::default()).unwrap();
    assert!(
        words
            .reasons
            .iter()
            .any(|reason| reason
                .contains("do tell 2 bit from float: 12 lost, 1 gained, exact McNemar p = 0.003")),
        "{words:?}"
    );
}

#[test]
fn when_no_variant_qualifies_float_stays_and_the_closest_is_named() {
    let rows = [row("u", 0, 32, 1.0, 6812), row("u", 1, 2, 0.7, 425), row("u", 2, 1, 0.4, 213)];
    let comparison = only(&rows);
    let outcome = &comparison.picks.as_ref().unwrap().balance;
    assert!(
        matches!(outcome, PickOutcome::NoneQualifies { closest: Some((1, loss)) } if (loss - 0.3).abs() < 1e-12)
    );
    let words = comparison.explain(Goal::Balance, &PickRule::default()).unwrap();
    assert_eq!(words.choice, "float");
    assert!(words.reasons[0].contains("2 bit, loses 0.3000"), "{words:?}");
}

#[test]
fn a_variant_larger_than_float_is_never_picked() {
    let comparison = only(&[row("u", 0, 32, 1.0, 100), row("u", 1, 8, 1.0, 120)]);
    assert_eq!(comparison.picks.as_ref().unwrap().balance, PickOutcome::NoneQualifies { closest: None });
}

#[test]
fn without_a_float_model_nothing_is_picked() {
    let comparison = only(&[row("u", 1, 8, 1.0, 120)]);
    assert_eq!(comparison.picks.as_ref().unwrap().balance, PickOutcome::NoBaseline);
    assert_eq!(comparison.explain(Goal::Balance, &PickRule::default()).unwrap().choice, "none");
}

#[test]
fn of_equally_small_variants_the_better_wins() {
    let mut better = row("u", 2, 4, 0.999, 851);
    better.label = "4 bit · row".into();
    let comparison = only(&[row("u", 0, 32, 1.0, 6812), row("u", 1, 4, 0.995, 851), better]);
    assert_eq!(
        labels(&comparison, &[picked(&comparison.picks.as_ref().unwrap().balance).variant]),
        ["4 bit · row"]
    );
}

#[test]
fn a_flag_is_named_with_the_pick() {
    let mut rows = notebook();
    rows[3].flag = "zero point outside the codes".into();
    let words = only(&rows).explain(Goal::Balance, &PickRule::default()).unwrap();
    assert!(
        words.reasons.contains(&"4 bit is flagged: zero point outside the codes.".to_owned()),
        "{words:?}"
    );
}

#[test]
fn seeds_are_gathered_with_sample_deviation_and_paired_losses() {
    // Losses within a seed: 0.02 and 0.04; macro-F1 0.90 and 0.92.
    let rows = [
        row("a", 0, 32, 0.92, 6812),
        row("a", 1, 4, 0.90, 851),
        row("b", 0, 32, 0.96, 6812),
        row("b", 1, 4, 0.92, 851),
    ];
    let comparison = only(&rows);
    assert_eq!((comparison.units, comparison.variants.len()), (2, 2));
    let scores = comparison.variants[1].scores.as_ref().unwrap();
    assert!((scores.macro_f1.mean - 0.91).abs() < 1e-12);
    assert!((scores.macro_f1.deviation.unwrap() - 0.01 * 2f64.sqrt()).abs() < 1e-12);
    let loss = scores.loss.unwrap();
    assert!((loss.mean - 0.03).abs() < 1e-12 && (loss.deviation.unwrap() - 0.01 * 2f64.sqrt()).abs() < 1e-12);
    // The sampling interval of one run is averaged, not shrunk.
    assert!((scores.interval.low - 0.81).abs() < 1e-12);
}

#[test]
fn other_datasets_models_and_unit_axes_are_other_comparisons() {
    let mut rows = notebook();
    rows.push(ResultRow { dataset: "digits".into(), ..row("v", 0, 32, 1.0, 6812) });
    rows.push(ResultRow {
        unit_axes: vec![("train.epochs".into(), "50".into())],
        ..row("w", 0, 32, 1.0, 6812)
    });
    let names: Vec<String> =
        summarize(&rows, &PickRule::default()).comparisons.iter().map(Comparison::name).collect();
    assert_eq!(names, ["wine · mlp(100)", "digits · mlp(100)", "wine · mlp(100) · train.epochs 50"]);
}

#[test]
fn a_tensor_experiment_has_least_errors_and_no_picks() {
    let rows: Vec<ResultRow> =
        notebook().into_iter().map(|row| ResultRow { scores: None, model: String::new(), ..row }).collect();
    let comparison = only(&rows);
    assert_eq!((&comparison.picks, comparison.front.len()), (&None, 0));
    assert_eq!(labels(&comparison, &comparison.least_error), ["8 bit", "6 bit", "4 bit", "2 bit"]);
    assert_eq!(comparison.explain(Goal::Balance, &PickRule::default()), None);
}

#[test]
fn no_rows_give_no_comparisons() {
    assert!(summarize(&[], &PickRule::default()).comparisons.is_empty());
}

#[test]
fn numbers_that_are_none_are_never_picked() {
    let mut rows = notebook();
    rows[3].scores.as_mut().unwrap().macro_f1.value = f64::NAN;
    rows[2].error.mse = f64::NAN;
    rows[1].error.sqnr_db = f64::INFINITY;
    let comparison = only(&rows);
    assert_eq!(
        labels(&comparison, &[picked(&comparison.picks.as_ref().unwrap().balance).variant]),
        ["6 bit"]
    );
    assert_eq!(labels(&comparison, &comparison.front), ["2 bit", "6 bit"]);
    assert_eq!(labels(&comparison, &comparison.least_error), ["8 bit", "4 bit", "2 bit"]);
    assert!(comparison.variants[1].sqnr_db.mean.is_infinite());
}

#[test]
fn the_most_telling_variants_hold_float_and_picks_first() {
    let comparison = only(&notebook());
    assert_eq!(labels(&comparison, &comparison.telling(3)), ["float", "4 bit", "2 bit"]);
    assert_eq!(comparison.telling(99).len(), 5);
}
