//! Statistics, fronts and picks from hand-made rows.
#![allow(clippy::unwrap_used)]

mod made;

use std::sync::Arc;

use bitsweep_results::summary::{Metric, Pick, PickOutcome, full_names};
use bitsweep_results::{
    Choice, Choices, Comparison, DeviceBasis, DeviceRow, ErrorMeasures, FailureKind, Flag, Goal, Labels,
    Measures, PickRule, Records, ResultRow, RowFailure, Scores, Size, SizeMeasures, Summary, Task, Value,
    Variant, distinct_names, summarize,
};
use made::{interval, measures, scored, task, unit};

/// A variant of a unit of `task` by its bits, macro-F1 and bytes; position 0 is the float baseline.
fn row_of(task: &Arc<Task>, own: &str, position: usize, bits: u32, macro_f1: f64, bytes: u64) -> ResultRow {
    let variant = match position {
        0 => Variant::float(bits),
        _ => made::variant(bits, &[(Choice::Symmetry, "asymmetric"), (Choice::Format, "int")]),
    };
    let measured = Measures {
        scores: Some(scored(interval(macro_f1, macro_f1 - 0.1, (macro_f1 + 0.05).min(1.0)))),
        error: ErrorMeasures {
            sse: 1.0 / f64::from(bits),
            mse: 0.1 / f64::from(bits),
            ..ErrorMeasures::default()
        },
        size: SizeMeasures {
            payload: bytes,
            stored: Size { codes: bytes, ..Size::default() },
            float: 6812,
            ..SizeMeasures::default()
        },
        ..Measures::default()
    };
    made::row(made::origin(&unit(own, task), position, variant), measured)
}

fn row(unit: &str, position: usize, bits: u32, macro_f1: f64, bytes: u64) -> ResultRow {
    row_of(&Arc::new(task("wine", "mlp(100)")), unit, position, bits, macro_f1, bytes)
}

fn scores(row: &mut ResultRow) -> &mut Scores {
    measures(row).scores.as_mut().unwrap()
}

fn failed(row: ResultRow) -> ResultRow {
    let failure = RowFailure { kind: FailureKind::Quantization, reason: "no codes".into() };
    ResultRow { result: Err(failure), ..row }
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

/// The rows with the predictions that their scores stand for, on 36 test rows.
fn summarized(rows: &[ResultRow], rule: &PickRule) -> Summary {
    summarize(&made::records(rows, 36), &Labels::of_rows(rows), rule)
}

fn only(rows: &[ResultRow]) -> Comparison {
    let mut comparisons = summarized(rows, &PickRule::default()).comparisons;
    assert_eq!(comparisons.len(), 1);
    comparisons.remove(0)
}

fn picked(outcome: &PickOutcome) -> &Pick {
    match outcome {
        PickOutcome::Picked(pick) => pick,
        PickOutcome::NoneQualifies { .. }
        | PickOutcome::NoneFits { .. }
        | PickOutcome::NoneInEveryUnit
        | PickOutcome::NoBaseline
        | PickOutcome::DeadBaseline
        | PickOutcome::NothingToLose => {
            panic!("expected a pick, found {outcome:?}")
        }
    }
}

fn outcome(comparison: &Comparison, goal: Goal) -> &PickOutcome {
    comparison.picks.as_ref().unwrap().of(goal).unwrap()
}

fn labels(comparison: &Comparison, positions: &[usize]) -> Vec<String> {
    positions.iter().map(|position| comparison.variants[*position].label.to_string()).collect()
}

#[test]
fn the_picks_are_notebook_000s() {
    let comparison = only(&notebook());
    let picks = comparison.picks.as_ref().unwrap();
    let [balance, least] = [Goal::Balance, Goal::LeastMemory].map(|goal| picked(picks.of(goal).unwrap()));
    assert_eq!(labels(&comparison, &[balance.variant, least.variant]), ["4 bit", "2 bit"]);
    assert_eq!(labels(&comparison, &balance.smaller), ["2 bit"]);
    assert_eq!(least.smaller, [0_usize; 0]);
    // Of 36 test rows one of each class is wrong.
    assert!((least.loss.unwrap().value - 2.0 / 36.0).abs() < 1e-12);
    assert_eq!(labels(&comparison, &comparison.front), ["2 bit", "4 bit"]);
}

#[test]
fn a_small_test_set_is_said_to_prove_nothing() {
    let (comparison, rule) = (only(&notebook()), PickRule::default());
    let pick = picked(outcome(&comparison, Goal::Balance));
    assert!(!pick.by_bound);
    assert_eq!(pick.verdict.name(), "undecided");
    let reservation = comparison.reservations(&rule).remove(0);
    assert!(
        reservation.starts_with("36 test rows are too few for any claim within 0.01 at 95 %: 299 without")
    );
    let words = comparison.explain(Goal::Balance, &rule).unwrap();
    assert_eq!(words.choice_and_verdict(), "4 bit, not shown");
    let reasons = words.reasons.join("\n");
    // 1.645·√2/36 = 0.0646, with a standard error of 0.039; 1 - 0.05^(1/36) = 0.0798.
    for part in [
        "it loses at most 0.06 (95 %, paired over 36 test rows)",
        "0 of 36 test rows change class: at most 8.0 % of all rows do (95 %).",
        "Smaller, and not picked: 2 bit (425 bytes) loses 0.06, at most 0.15.",
        "Chosen anew on 200 bootstraps of the rows, 4 bit comes out in",
    ] {
        assert!(reasons.contains(part), "{part}: {reasons}");
    }
}

/// 4 bit changes nothing on 4,000 rows, 2 bit loses 0.03.
fn many_rows() -> (Vec<ResultRow>, Records) {
    let rows = vec![
        row("u", 0, 32, 0.95, 6812),
        row("u", 1, 8, 0.95, 1703),
        row("u", 2, 4, 0.949, 851),
        row("u", 3, 2, 0.92, 425),
    ];
    let records = made::records(&rows, 4000);
    (rows, records)
}

#[test]
fn enough_rows_confirm_the_pick_and_refute_the_smaller() {
    let (rows, records) = many_rows();
    let rule = PickRule::default();
    let summary = summarize(&records, &Labels::of_rows(&rows), &rule);
    let [comparison] = summary.comparisons.as_slice() else { panic!() };
    assert_eq!(comparison.reservations(&rule), [""; 0]);
    let words = comparison.explain(Goal::Balance, &rule).unwrap();
    assert_eq!(words.choice_and_verdict(), "4 bit, confirmed within 0.01");
    let reasons = words.reasons.join("\n");
    for part in [
        "the smallest variant whose loss of macro-F1 is shown to be within 0.01: it loses at most 0.0020 (95 %, paired over 4,000 test rows)",
        "This holds with all 3 candidates tested together (Holm)",
        "2 bit (425 bytes) loses at least 0.025",
        "4 bit comes out in 100 %",
    ] {
        assert!(reasons.contains(part), "{part}: {reasons}");
    }
    let verdicts: Vec<(String, &str, Option<String>)> = comparison
        .verdict_rows(&rule)
        .into_iter()
        .map(|row| (row.label, row.balance.name(), row.dominated_by))
        .collect();
    assert_eq!(
        verdicts,
        [
            ("8 bit".to_owned(), "confirmed", None),
            ("4 bit".to_owned(), "confirmed", None),
            ("2 bit".to_owned(), "worse", None)
        ]
    );
}

#[test]
fn a_budget_takes_the_best_that_fits() {
    let (rows, records) = many_rows();
    let with = |bytes: u64| {
        let rule = PickRule { budget_bytes: Some(bytes), ..PickRule::default() };
        let summary = summarize(&records, &Labels::of_rows(&rows), &rule);
        summary.comparisons[0].explain(Goal::Budget, &rule).unwrap()
    };
    assert_eq!(with(851).choice, "4 bit");
    assert_eq!(with(850).choice_and_verdict(), "2 bit, worse by more than 0.01");
    assert!(with(424).headline.contains("nothing is stored in 424 bytes"), "{:?}", with(424));
    assert!(with(424).reasons[0].contains("2 bit, takes 425 bytes"), "{:?}", with(424));
    // 8 bit is as good as float, and smaller.
    assert_eq!(with(10_000).choice, "8 bit");
}

#[test]
fn a_device_takes_the_best_that_fits() {
    let (rows, mut records) = many_rows();
    let row = |row: &ResultRow, flash: u64, ram: u64, fits: bool| DeviceRow {
        origin: row.origin.clone(),
        target: "atmega328p".to_owned(),
        flash: Some(flash),
        encode_flash: Some(100),
        ram: Some(ram),
        cycles: Some(12_000),
        encode_cycles: Some(2_000),
        instructions: None,
        encode_instructions: None,
        basis: Some(DeviceBasis::Emulated),
        fits,
        refused: None,
        toolchain: None,
    };
    let with = |records: &Records| {
        let rule = PickRule { flash_bytes: Some(1_200), ram_bytes: Some(100), ..PickRule::default() };
        let summary = summarize(records, &Labels::of_rows(&rows), &rule);
        summary.comparisons[0].explain(Goal::Device, &rule).unwrap()
    };
    // By bits: float, 8, 4, 2. What takes least flash is not what has least bytes.
    let by_bits = |fits: [bool; 4]| -> Vec<DeviceRow> {
        let flash = [5_000, 900, 1_100, 1_150];
        rows.iter().zip(flash).zip(fits).map(|((own, flash), fits)| row(own, flash, 80, fits)).collect()
    };
    records.device = by_bits([false, false, true, true]);
    let found = with(&records);
    assert_eq!(found.choice, "4 bit");
    assert!(
        found
            .headline
            .starts_with("1,100 bytes of flash and 80 bytes of RAM, 12,000 cycles, 4.5 times smaller"),
        "{found:?}"
    );
    assert!(
        found.reasons[0].contains("of what takes at most 1,200 bytes of flash and 100 bytes of RAM"),
        "{found:?}"
    );
    records.device = by_bits([false, false, false, true]);
    assert_eq!(with(&records).choice, "2 bit");
    records.device = by_bits([false; 4]);
    let found = with(&records);
    assert!(found.headline.contains("nothing takes at most 1,200 bytes of flash"), "{found:?}");
    assert!(found.reasons[0].contains("8 bit, takes 900 bytes of flash"), "{found:?}");
    // Without limits there is no such goal.
    let rule = PickRule::default();
    let summary = summarize(&records, &Labels::of_rows(&rows), &rule);
    assert_eq!(summary.comparisons[0].explain(Goal::Device, &rule), None);
}

#[test]
fn another_metric_decides() {
    let (rows, records) = many_rows();
    for metric in [Metric::Accuracy, Metric::Recall("yes".to_owned())] {
        let rule = PickRule { metric, ..PickRule::default() };
        let summary = summarize(&records, &Labels::of_rows(&rows), &rule);
        let words = summary.comparisons[0].explain(Goal::Balance, &rule).unwrap();
        assert_eq!(words.choice, "4 bit", "{words:?}");
        assert!(words.reasons[0].contains(&rule.metric.to_string()), "{words:?}");
    }
    // Of the 2,000 rows of the class the error is twice that of an accuracy on all.
    let loss = |metric: Metric| {
        let rule = PickRule { metric, ..PickRule::default() };
        let summary = summarize(&records, &Labels::of_rows(&rows), &rule);
        summary.comparisons[0].variants[3].standing.unwrap().loss
    };
    let (all, one) = (loss(Metric::Accuracy), loss(Metric::Recall("yes".to_owned())));
    assert!((all.value - 0.03).abs() < 1e-12 && (one.value - 0.03).abs() < 1e-12);
    assert!((one.standard_error / all.standard_error - 2f64.sqrt()).abs() < 0.02, "{all:?} {one:?}");
}

#[test]
fn models_on_the_same_rows_are_held_against_the_best() {
    let task_of = |model: &str| Arc::new(task("wine", model));
    let rows = vec![
        row_of(&task_of("mlp(32)"), "u", 0, 32, 0.95, 6812),
        row_of(&task_of("mlp(32)"), "u", 1, 2, 0.945, 425),
        row_of(&task_of("mlp(4)"), "u", 0, 32, 0.949, 852),
        row_of(&task_of("mlp(4)"), "u", 1, 8, 0.948, 213),
    ];
    let records = made::records(&rows, 4000);
    let rule = PickRule::default();
    let summary = summarize(&records, &Labels::of_rows(&rows), &rule);
    let [across] = summary.across.as_slice() else { panic!("{:?}", summary.across) };
    assert_eq!((across.reference, across.comparisons.len()), (0, 2));
    let (goal, pick) = &across.picks[0];
    assert_eq!((*goal, pick.comparison, pick.variant, pick.others.len()), (Goal::Balance, 1, 1, 1));
    assert!((pick.loss.value - 0.002).abs() < 1e-12);
    let words = summary.explain_across(across, pick, &rule);
    assert_eq!(words.choice_and_verdict(), "wine · mlp(4), 8 bit, confirmed within 0.01");
    assert!(
        words.reasons[0]
            .starts_with("wine · mlp(32), 2 bit: 425 bytes, 2.00 times its size, and loses 0.003"),
        "{words:?}"
    );

    // Other rows: nothing to compare.
    let mut apart = records.clone();
    apart.predictions[1].rows[0] = 9_999;
    assert_eq!(summarize(&apart, &Labels::of_rows(&rows), &rule).across, []);
}

#[test]
fn when_no_variant_qualifies_float_stays_and_the_closest_is_named() {
    let rows = [row("u", 0, 32, 1.0, 6812), row("u", 1, 2, 0.7, 425), row("u", 2, 1, 0.4, 213)];
    let comparison = only(&rows);
    let outcome = outcome(&comparison, Goal::Balance);
    assert!(
        matches!(outcome, PickOutcome::NoneQualifies { closest: Some((1, loss)) } if (loss - 10.0 / 36.0).abs() < 1e-12)
    );
    let words = comparison.explain(Goal::Balance, &PickRule::default()).unwrap();
    assert_eq!(words.choice, "float");
    assert!(words.reasons[0].contains("2 bit, loses 0.2778"), "{words:?}");
}

#[test]
fn a_variant_larger_than_float_is_never_picked() {
    let comparison = only(&[row("u", 0, 32, 1.0, 100), row("u", 1, 8, 1.0, 120)]);
    assert_eq!(*outcome(&comparison, Goal::Balance), PickOutcome::NoneQualifies { closest: None });
}

#[test]
fn without_a_float_model_nothing_is_picked() {
    let comparison = only(&[row("u", 1, 8, 1.0, 120)]);
    assert_eq!(*outcome(&comparison, Goal::Balance), PickOutcome::NoBaseline);
    assert_eq!(comparison.explain(Goal::Balance, &PickRule::default()).unwrap().choice, "none");
}

#[test]
fn of_equally_small_variants_the_better_wins() {
    let mut better = row("u", 2, 4, 0.999, 851);
    better.origin.variant =
        Arc::new(made::variant(4, &[(Choice::Symmetry, "symmetric"), (Choice::Format, "int")]));
    let comparison = only(&[row("u", 0, 32, 1.0, 6812), row("u", 1, 4, 0.9, 851), better]);
    assert_eq!(labels(&comparison, &[picked(outcome(&comparison, Goal::Balance)).variant]), ["symmetric"]);
}

#[test]
fn a_flag_is_named_with_the_pick() {
    let mut rows = notebook();
    measures(&mut rows[3]).flags = vec![Flag::ZeroPointsOutsideCodes(1), Flag::Exact];
    let words = only(&rows).explain(Goal::Balance, &PickRule::default()).unwrap();
    for flag in ["1 zero point lies outside the codes", "every value is reconstructed exactly"] {
        assert!(words.reasons.contains(&format!("4 bit is flagged: {flag}.")), "{words:?}");
    }
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
    // The interval of the mean is wider than the mean of intervals over rows alone, and as wide as two runs leave it.
    let interval = scores.interval.unwrap();
    assert!(interval.low < 0.81 && interval.high == 1.0, "{interval:?}");
}

#[test]
fn other_tasks_are_other_comparisons_with_names_of_their_own() {
    let with = |key: &str, dataset: &str, settings: &[(&str, &str)]| {
        let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), Value::word(value))).collect();
        Arc::new(Task { key: made::key(key), settings, ..task(dataset, "mlp(100)") })
    };
    let tasks = [
        with("1", "wine", &[]),
        with("2", "digits", &[]),
        with("3", "wine", &[("train.epochs", "50")]),
        // Two files of one name, and a task that nothing shown tells apart.
        with("4", "data", &[("path", "/srv/sensors/measurements/first/data.csv")]),
        with("5", "data", &[("path", "/srv/sensors/measurements/second/data.csv")]),
        with("6", "digits", &[]),
    ];
    let rows: Vec<ResultRow> = tasks.iter().map(|task| row_of(task, "u", 0, 32, 1.0, 6812)).collect();
    let summary = summarized(&rows, &PickRule::default());
    let names: Vec<&str> = summary.comparisons.iter().map(Comparison::name).collect();
    assert_eq!(
        names,
        [
            "wine · mlp(100)",
            "digits · mlp(100)",
            "wine · mlp(100) · train.epochs 50",
            "data · mlp(100) · path first",
            "data · mlp(100) · path second",
            "digits · mlp(100) (2)"
        ]
    );
    assert!(summary.comparisons.iter().all(|comparison| comparison.units == 1));
}

#[test]
fn names_say_what_differs_and_no_more() {
    let rng = |rng: &str| Task { rng: rng.into(), key: made::key(rng), ..task("wine", "mlp(8)") };
    let (numpy, modern) = (rng("numpy"), rng("modern"));
    assert_eq!(distinct_names(&[&numpy, &modern]), ["numpy", "modern"]);
    assert_eq!(full_names(&[&numpy, &modern]), ["wine · mlp(8) · numpy", "wine · mlp(8) · modern"]);
    assert_eq!(distinct_names(&[&numpy]), ["wine"]);
    assert_eq!(full_names(&[&numpy]), ["wine · mlp(8)"]);
    let long = |number: u32| Task {
        settings: vec![("weights".into(), Value::word(&format!("{number}").repeat(40)))],
        ..rng("numpy")
    };
    assert_eq!(distinct_names(&[&long(1), &long(2)]), ["weights #1", "weights #2"]);
}

#[test]
fn rows_of_equal_keys_are_of_one_task_whatever_they_are_called() {
    let other = Arc::new(Task { dataset: "renamed".into(), ..task("wine", "mlp(100)") });
    let mut second = row_of(&other, "b", 0, 32, 0.9, 6812);
    second.origin.unit = Arc::new(bitsweep_results::Unit {
        key: made::key("second"),
        task: other,
        ..(*second.origin.unit).clone()
    });
    let comparison = only(&[row("a", 0, 32, 1.0, 6812), second]);
    assert_eq!((comparison.units, comparison.variants[0].runs), (2, 2));
}

#[test]
fn what_failed_takes_no_part_and_is_listed() {
    let rows = [
        failed(row("a", 0, 32, 1.0, 6812)),
        row("b", 0, 32, 0.96, 6812),
        failed(row("b", 1, 4, 0.92, 851)),
        row("b", 2, 2, 0.8, 425),
        row("c", 0, 32, 0.9, 6812),
        failed(row("c", 1, 4, 0.92, 851)),
        failed(row("c", 2, 2, 0.8, 425)),
    ];
    let summary = summarized(&rows, &PickRule::default());
    assert_eq!((summary.units, summary.units_with_results, summary.failures.len()), (3, 2, 4));
    assert_eq!(summary.failures[1].failure.reason, "no codes");
    let [comparison] = summary.comparisons.as_slice() else { panic!() };
    assert_eq!((comparison.units, comparison.failed_units), (2, 1));
    let runs: Vec<(&str, usize, usize)> = comparison
        .variants
        .iter()
        .map(|variant| (variant.label.text(), variant.runs, variant.failed_runs))
        .collect();
    assert_eq!(runs, [("float", 2, 1), ("2 bit", 1, 1)]);
    let failed: Vec<(&str, usize)> =
        comparison.failed.iter().map(|variant| (variant.label.text(), variant.runs)).collect();
    assert_eq!(failed, [("4 bit", 2)]);
    // The first run that succeeded is unit b's.
    assert_eq!(comparison.variants[0].origin, rows[1].origin);
}

/// On the seeds that it has the 2-bit model is as good as the float model, and better than that over all.
#[test]
fn a_variant_without_results_for_every_seed_is_no_candidate() {
    let rows = [
        row("a", 0, 32, 0.6, 6812),
        row("a", 1, 4, 0.6, 851),
        failed(row("a", 2, 2, 0.0, 425)),
        row("b", 0, 32, 0.9, 6812),
        row("b", 1, 4, 0.9, 851),
        row("b", 2, 2, 0.9, 425),
    ];
    let comparison = only(&rows);
    let partial = &comparison.variants[2];
    assert_eq!(comparison.label_with_runs(partial), "2 bit (1 of 2 seeds)");
    assert_eq!(labels(&comparison, &comparison.front), ["4 bit"]);
    assert_eq!(picked(outcome(&comparison, Goal::LeastMemory)).variant, 1);
    let reasons = comparison.explain(Goal::Balance, &PickRule::default()).unwrap().reasons;
    assert!(reasons.iter().any(|reason| reason.contains("1 variant has results for some")), "{reasons:?}");

    let alone: Vec<ResultRow> =
        rows.into_iter().filter(|row| row.origin.is_float() || row.origin.position == 2).collect();
    let comparison = only(&alone);
    assert_eq!(*outcome(&comparison, Goal::Balance), PickOutcome::NoneInEveryUnit);
    let headline = comparison.explain(Goal::Balance, &PickRule::default()).unwrap().headline;
    assert!(headline.starts_with("No pick"), "{headline}");
}

#[test]
fn flags_of_one_kind_are_counted_together() {
    let mut rows = [row("a", 0, 32, 1.0, 6812), row("a", 1, 4, 1.0, 851), row("b", 1, 4, 1.0, 851)];
    measures(&mut rows[1]).flags = vec![Flag::ZeroPointsOutsideCodes(2)];
    measures(&mut rows[2]).flags = vec![Flag::ZeroPointsOutsideCodes(5)];
    let comparison = only(&rows);
    assert_eq!(comparison.variants[1].flags, [(Flag::ZeroPointsOutsideCodes(5), 2)]);
}

#[test]
fn a_flag_takes_the_larger_number_of_its_kind() {
    let far = |count| Flag::ParametersFarFromWanted { count, wanted: 1.0, stored: 2.0 };
    for (smaller, larger) in [
        (Flag::ZeroPointsOutsideCodes(1), Flag::ZeroPointsOutsideCodes(2)),
        (far(1), far(2)),
        (Flag::ValuesSaturated { count: 1, largest: 8.0 }, Flag::ValuesSaturated { count: 2, largest: 9.0 }),
        (Flag::ParametersAtLowerBound(9), Flag::ParametersAtLowerBound(10)),
        (Flag::LogitsMoved { most: 0.5, largest: 9.0 }, Flag::LogitsMoved { most: 1.0, largest: 8.0 }),
        (Flag::OutputErrorAboveBudget(1e-300), Flag::OutputErrorAboveBudget(1e300)),
    ] {
        for mut raised in [smaller.clone(), larger.clone()] {
            raised.raise_to(&smaller);
            raised.raise_to(&larger);
            assert_eq!(raised, larger);
            raised.raise_to(&smaller);
            assert_eq!(raised, larger);
        }
    }
}

#[test]
fn a_flag_takes_the_worst_of_each_of_its_numbers() {
    let mut saturated = Flag::ValuesSaturated { count: 1, largest: 9.0 };
    saturated.raise_to(&Flag::ValuesSaturated { count: 2, largest: 8.0 });
    assert_eq!(saturated, Flag::ValuesSaturated { count: 2, largest: 9.0 });
    let mut far = Flag::ParametersFarFromWanted { count: 3, wanted: 1.0, stored: 2.0 };
    far.raise_to(&Flag::ParametersFarFromWanted { count: 1, wanted: 1e-9, stored: 0.0 });
    assert_eq!(far, Flag::ParametersFarFromWanted { count: 3, wanted: 1e-9, stored: 0.0 });
}

#[test]
fn the_number_of_several_runs_is_the_largest() {
    let words = Flag::ZeroPointsOutsideCodes(5).words(&Choices::default(), 3);
    assert_eq!(words, "up to 5 zero points lie outside the codes");
}

#[test]
fn numbers_of_flags_have_their_nouns() {
    let far = |count| Flag::ParametersFarFromWanted { count, wanted: 1e-9, stored: 0.0 };
    let saturated = |count| Flag::ValuesSaturated { count, largest: 2e5 };
    for (flag, words) in [
        (Flag::ZeroPointsOutsideCodes(1), "1 zero point lies outside the codes"),
        (Flag::ZeroPointsOutsideCodes(1347), "1,347 zero points lie outside the codes"),
        (far(1), "1 stored parameter is far from the wanted one: 1.00e-9 became 0.00e0"),
        (far(2), "2 stored parameters are far from the wanted ones: 1.00e-9 became 0.00e0 at worst"),
        (saturated(1), "1 value beyond the largest number of the format became it: 2.00e5"),
        (saturated(2), "2 values beyond the largest number of the format became it: 2.00e5 at worst"),
        (Flag::ParametersAtLowerBound(1), "1 learned parameter stands at its lower bound"),
        (Flag::ParametersAtLowerBound(2), "2 learned parameters stand at their lower bound"),
    ] {
        assert_eq!(flag.words(&Choices::default(), 1), words);
    }
}

#[test]
fn a_task_of_failures_alone_is_no_comparison() {
    let rows = [failed(row("a", 0, 32, 1.0, 6812))];
    let summary = summarized(&rows, &PickRule::default());
    assert_eq!((summary.comparisons.len(), summary.units, summary.units_with_results), (0, 1, 0));
    assert_eq!(summary.failures.len(), 1);
}

#[test]
fn a_tensor_experiment_has_least_errors_and_no_picks() {
    let rows: Vec<ResultRow> = notebook()
        .into_iter()
        .map(|mut row| {
            measures(&mut row).scores = None;
            row
        })
        .collect();
    let comparison = only(&rows);
    assert_eq!((&comparison.picks, comparison.front.len()), (&None, 0));
    assert_eq!(labels(&comparison, &comparison.least_error), ["8 bit", "6 bit", "4 bit", "2 bit"]);
    assert_eq!(comparison.explain(Goal::Balance, &PickRule::default()), None);
}

#[test]
fn no_rows_give_no_comparisons() {
    assert!(summarize(&Records::default(), &Labels::default(), &PickRule::default()).comparisons.is_empty());
}

#[test]
fn numbers_that_are_none_are_never_picked() {
    let mut rows = notebook();
    scores(&mut rows[3]).macro_f1.value = f64::NAN;
    measures(&mut rows[2]).error.mse = f64::NAN;
    measures(&mut rows[1]).error.sqnr_db = f64::INFINITY;
    let comparison = only(&rows);
    assert_eq!(labels(&comparison, &[picked(outcome(&comparison, Goal::Balance)).variant]), ["6 bit"]);
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

/// The row of the majority class behind `rows`, better and smaller than any variant.
fn majority(rows: &[ResultRow]) -> ResultRow {
    let measured = Measures {
        scores: Some(scored(interval(1.0, 0.9, 1.0))),
        error: ErrorMeasures::UNDEFINED,
        ..Measures::default()
    };
    made::row(made::origin(&rows[0].origin.unit, rows.len(), Variant::majority()), measured)
}

#[test]
fn the_majority_class_is_a_baseline_and_no_candidate_for_anything() {
    let models = notebook();
    let with_majority: Vec<ResultRow> = models.iter().cloned().chain([majority(&models)]).collect();
    let (without, with) = (only(&models), only(&with_majority));
    assert_eq!((without.majority, without.majority()), (None, None));
    assert_eq!(with.majority, Some(5));
    let summary = with.majority().unwrap();
    assert_eq!(summary.label.text(), "majority class");
    assert!(summary.mse.mean.is_nan() && summary.true_bytes == 0.0);
    assert_eq!(summary.scores.as_ref().unwrap().loss, None);
    assert_eq!(with.picks, without.picks);
    assert_eq!((&with.front, &with.least_error), (&without.front, &without.least_error));
    assert_eq!(with.effects, without.effects);
    assert_eq!((with.telling(10), with.models()), (without.telling(10), 5));
    assert_eq!(with.variants[..5], without.variants[..]);
    assert_eq!([0, 5, 1].map(|position| with.is_baseline(position)), [true, true, false]);
    // In tables it stands behind the float model, whichever are shown.
    assert_eq!(with.with_majority(&with.telling(10)), [0, 5, 1, 2, 3, 4]);
    assert_eq!(with.with_majority(&[2, 3]), [5, 2, 3]);
    assert_eq!(without.with_majority(&[0, 2]), [0, 2]);
}

#[test]
fn a_class_that_is_always_predicted_is_flagged_for_each_class_and_numbers_at_their_worst() {
    let one = |class: &str| Flag::PredictsOneClass { class: class.into() };
    let scale = |narrowest_range: f64| Flag::FeaturesOfDifferentScale {
        widest: "area".into(),
        widest_range: 4000.0,
        narrowest: "fractal".into(),
        narrowest_range,
    };
    let rows: Vec<ResultRow> = [("a", "no", 0.04), ("b", "yes", 0.02), ("c", "no", 0.05)]
        .map(|(unit, class, narrowest)| {
            let mut row = row(unit, 0, 32, 0.38, 6812);
            measures(&mut row).flags = vec![one(class), scale(narrowest)];
            row
        })
        .into();
    let flags = &only(&rows).variants[0].flags;
    assert_eq!(flags, &[(one("no"), 2), (scale(0.02), 3), (one("yes"), 1)]);
    let words: Vec<String> =
        flags.iter().map(|(flag, runs)| flag.words(&Choices::default(), *runs)).collect();
    assert_eq!(words[0], "it predicts `no` for every test row");
    assert_eq!(
        words[1],
        "features differ in scale: `area` ranges over 4000, `fractal` over 0.0200, up to 200,000 times less; \
         `data.scale = \"standard\"` makes them alike"
    );
}
