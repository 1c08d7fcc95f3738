//! What one result shows against another, against NumPy, SciPy and statsmodels (`golden/changes.py`), and by hand.
#![allow(clippy::unwrap_used)]

mod made;

use std::sync::Arc;

use bitsweep_results::summary::{
    Change, Changes, EffectVerdict, RegressionVerdict, Unpaired, judged_differences, judged_regressions,
    matched,
};
use bitsweep_results::{
    Measures, Metric, Origin, PickRule, Predictions, Records, ResultRow, Task, Unit, Variant,
};
use made::{interval, key, row, scored, task};
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/changes.json")).unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn floats(value: &Value) -> Vec<f64> {
    list(value).iter().map(|own| own.as_f64().unwrap()).collect()
}

fn numbers(value: &Value) -> Vec<u16> {
    list(value).iter().map(|own| own.as_u64().unwrap() as u16).collect()
}

/// A unit of one result: its test rows, their classes, and what each variant predicts.
struct Told {
    rows: Vec<u32>,
    truth: Vec<u16>,
    predicted: Vec<Vec<u16>>,
}

/// Records of a task, `name` telling results apart: float at position 0, then variants of 8, 7, … bits.
fn records(name: &str, classes: &[&str], units: &[Told]) -> Records {
    let task = Arc::new(Task { key: key(name), ..task("wine", "mlp(8)") });
    let mut records = Records::default();
    for (seed, told) in (0..).zip(units) {
        let key = key(&format!("{name} {seed}"));
        let unit = Arc::new(Unit { key, task: Arc::clone(&task), seed, fold: None, shape: None });
        let variant = |position: usize| match position {
            0 => Variant::float(32),
            position => made::variant(9 - position as u32, &[]),
        };
        let variants: Vec<Arc<Variant>> =
            (0..told.predicted.len()).map(|position| Arc::new(variant(position))).collect();
        for (position, variant) in variants.iter().enumerate() {
            let origin = Origin { unit: Arc::clone(&unit), variant: Arc::clone(variant), position };
            let measures = Measures { scores: Some(scored(interval(0.5, 0.4, 0.6))), ..Measures::default() };
            records.results.push(row(origin, measures));
        }
        let predicted = variants.into_iter().zip(&told.predicted).enumerate();
        records.predictions.push(Predictions {
            unit,
            classes: classes.iter().map(|name| (*name).to_owned()).collect(),
            rows: told.rows.clone().into(),
            truth: told.truth.clone().into(),
            float: told.predicted[0].clone().into(),
            variants: predicted.map(|(at, (variant, own))| (at, variant, own.clone().into())).collect(),
            log_losses: Vec::new(),
            validation: None,
        });
    }
    records
}

fn changes(before: &Records, after: &Records) -> Vec<Change> {
    let matched = matched(&before.results, &after.results);
    assert_eq!(matched.tasks.len(), 1);
    let changes = Changes::new(&Metric::MacroF1, &before.predictions, &after.predictions);
    matched.tasks[0].variants.iter().map(|own| changes.of(&own.before, &own.after).unwrap()).collect()
}

#[track_caller]
fn assert_close(ours: f64, theirs: &Value, tolerance: f64) {
    let theirs = theirs.as_f64().unwrap();
    assert!((ours - theirs).abs() <= tolerance, "{ours} is not {theirs}");
}

#[test]
fn paired_losses_and_their_tests_are_those_of_numpy_and_scipy() {
    let golden = golden();
    let rule = PickRule { margin: golden["margin"].as_f64().unwrap(), ..PickRule::default() };
    for case in list(&golden["experiments"]) {
        let variants = list(&case["variants"]);
        let side = |side: usize| -> Vec<Told> {
            let units = list(&case["rows"]).iter().zip(list(&case["truth"])).enumerate();
            let told = units.map(|(unit, (rows, truth))| Told {
                rows: numbers(rows).into_iter().map(u32::from).collect(),
                truth: numbers(truth),
                predicted: variants.iter().map(|own| numbers(&own[unit][side])).collect(),
            });
            told.collect()
        };
        // Other names and numbers of classes change nothing: `c` is a class that only the second knows.
        let before = records("before", &["x", "y", "z"], &side(0));
        let after = records("after", &["x", "y", "z", "c"], &side(1));
        let changes = changes(&before, &after);
        let expected = list(&case["expected"]);
        assert_eq!(changes.len(), expected.len());
        let (differences, regressions) =
            (judged_differences(&changes, &rule), judged_regressions(&changes, &rule));
        for (((change, wanted), difference), regression) in
            changes.iter().zip(expected).zip(differences).zip(regressions)
        {
            let own = change.loss.as_ref().unwrap();
            // Derivatives by finite differences have some seven digits.
            assert_close(own.loss.value, &wanted["loss"], 1e-12);
            assert_close(own.loss.standard_error, &wanted["standard_error"], 1e-7);
            assert_close(own.loss.interval(0.95).low, &wanted["low"], 1e-6);
            assert_close(own.loss.interval(0.95).high, &wanted["high"], 1e-6);
            assert_close(difference.p_value.unwrap(), &wanted["p_two_sided"], 1e-5);
            assert_close(difference.adjusted_p.unwrap(), &wanted["holm_two_sided"], 1e-5);
            assert_close(regression.p_value.unwrap(), &wanted["p_above"], 1e-5);
            assert_close(regression.adjusted_p.unwrap(), &wanted["holm_above"], 1e-5);
            if let Some(p_value) = wanted["permutation"].as_f64() {
                assert!((own.permutation.unwrap().p_value - p_value).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn intervals_without_pairs_are_compared_as_scipy_does() {
    let golden = golden();
    for case in list(&golden["unpaired"]) {
        let [first, second] = [0, 1].map(|side| floats(&case["intervals"][side]));
        let of = |own: &[f64]| interval(own[0], own[1], own[2]);
        let p =
            bitsweep_metrics::unpaired_p_above(of(&first), of(&second), golden["margin"].as_f64().unwrap());
        assert_close(p.unwrap(), &case["p"], 1e-12);
    }
    let (point, none) = (interval(0.5, 0.5, 0.5), interval(f64::NAN, f64::NAN, f64::NAN));
    assert_eq!(bitsweep_metrics::unpaired_p_above(point, point, 0.01), Some(1.0));
    assert_eq!(bitsweep_metrics::unpaired_p_above(point, interval(0.4, 0.4, 0.4), 0.01), Some(0.0));
    assert_eq!(bitsweep_metrics::unpaired_p_above(point, none, 0.01), None);
}

/// So many rows of two classes, the first `wrong` of which each variant has wrong.
fn told(rows: u32, wrong: &[u32]) -> Told {
    let truth = |row: u32| (row % 2) as u16;
    let predicted = |wrong: u32| {
        (0..rows).map(|row| if row < wrong { 1 - truth(row) } else { truth(row) }).collect::<Vec<u16>>()
    };
    Told {
        rows: (0..rows).collect(),
        truth: (0..rows).map(truth).collect(),
        predicted: wrong.iter().map(|wrong| predicted(*wrong)).collect(),
    }
}

const NAMES: [&str; 2] = ["no", "yes"];

#[test]
fn what_is_the_same_is_not_tested_and_equal_tests_are_one() {
    let before = records("before", &NAMES, &[told(400, &[4, 4, 4])]);
    let after = records("after", &NAMES, &[told(400, &[4, 40, 40])]);
    let changes = changes(&before, &after);
    let rule = PickRule::default();
    let judged = judged_regressions(&changes, &rule);
    let verdicts: Vec<RegressionVerdict> = judged.iter().map(|own| own.verdict).collect();
    assert_eq!(
        verdicts,
        [RegressionVerdict::Same, RegressionVerdict::Regressed, RegressionVerdict::Regressed]
    );
    assert_eq!(judged[0].p_value, None);
    // Both say the same of every row: one test.
    assert_eq!(judged[1].adjusted_p, judged[1].p_value);
    let differences = judged_differences(&changes, &rule);
    assert_eq!(differences[1].verdict, EffectVerdict::Worse);
    // 400 rows without a change show that there is no difference above 0.01.
    assert_eq!(differences[0].verdict, EffectVerdict::Equivalent);
    let few = [records("before", &NAMES, &[told(100, &[4])]), records("after", &NAMES, &[told(100, &[4])])];
    assert_eq!(
        judged_differences(&self::changes(&few[0], &few[1]), &rule)[0].verdict,
        EffectVerdict::NotShown
    );
}

#[test]
fn improvements_are_none_of_a_regression() {
    let before = records("before", &NAMES, &[told(400, &[60])]);
    let after = records("after", &NAMES, &[told(400, &[4])]);
    let judged = judged_regressions(&changes(&before, &after), &PickRule::default());
    assert_eq!(judged[0].verdict, RegressionVerdict::Improved);
}

#[test]
fn rows_and_classes_that_differ_are_not_paired() {
    let before = records("before", &NAMES, &[told(40, &[4]), told(40, &[5])]);
    let reason = |after: &Records| changes(&before, after)[0].loss.clone().unwrap_err();

    let mut other_rows = told(40, &[5]);
    other_rows.rows[7] = 99;
    let after = records("after", &NAMES, &[told(40, &[4]), other_rows]);
    assert_eq!(reason(&after), Unpaired::OtherRows("seed 1".to_owned()));

    let after = records("after", &["no", "maybe"], &[told(40, &[4]), told(40, &[5])]);
    assert_eq!(reason(&after), Unpaired::OtherClasses("seed 0".to_owned()));

    let mut after = records("after", &NAMES, &[told(40, &[4]), told(40, &[5])]);
    after.predictions.remove(1);
    assert_eq!(reason(&after), Unpaired::NoPredictions { before: false, after: true });
    after.predictions.clear();
    let change = changes(&before, &after).remove(0);
    // Of several units the mean has an interval where predictions are known, and none where they are not.
    assert!(change.before.interval.is_some() && change.after.interval.is_none());
    // Then it has to be shown in each: 0.5 and 0.5 in both.
    assert!(change.unpaired_p_above(&Metric::MacroF1, 0.01).is_some_and(|p| p > 0.5));
    let judged = judged_regressions(&[change], &PickRule::default());
    assert_eq!(judged[0].verdict, RegressionVerdict::Undecided { rows: None });
}

#[test]
fn intervals_far_apart_show_a_regression_and_what_has_none_shows_nothing() {
    let score = |low: f64, value: f64, high: f64| {
        let mut records = records("any", &NAMES, &[told(40, &[4])]);
        records.predictions.clear();
        for row in &mut records.results {
            made::measures(row).scores = Some(scored(interval(value, low, high)));
        }
        records
    };
    let of = |before: &Records, after: &Records| {
        judged_regressions(&changes(before, after), &PickRule::default())[0].verdict
    };
    let (high, low) = (score(0.93, 0.95, 0.97), score(0.6, 0.7, 0.8));
    assert_eq!(of(&high, &low), RegressionVerdict::Regressed);
    assert_eq!(of(&low, &high), RegressionVerdict::Undecided { rows: None });
    let none = score(f64::NAN, f64::NAN, f64::NAN);
    assert_eq!(of(&high, &none), RegressionVerdict::Unknown);
    assert_eq!(of(&none, &high), RegressionVerdict::Unknown);
}

#[test]
fn a_task_is_found_by_its_key_or_by_what_it_is_called() {
    let named = |name: &str, dataset: &str, rng: &str, setting: Option<u64>| -> ResultRow {
        let value = |number| ("train.epochs".to_owned(), bitsweep_results::Value::number(number));
        let task = Task {
            key: key(name),
            rng: rng.into(),
            settings: setting.map(value).into_iter().collect(),
            ..task(dataset, "mlp(8)")
        };
        let unit = made::unit("unit", &Arc::new(task));
        row(made::origin(&unit, 0, Variant::float(32)), Measures::default())
    };
    let names = |before: &[ResultRow], after: &[ResultRow]| -> Vec<(String, String)> {
        let found = matched(before, after);
        assert_eq!(found.tasks.len() + found.only_before.len(), before.len());
        assert_eq!(found.tasks.len() + found.only_after.len(), after.len());
        found.tasks.into_iter().map(|task| (task.name, task.name_after)).collect()
    };
    // By words, over a change of the data or of the generator.
    let found = names(&[named("a", "wine", "numpy", None)], &[named("b", "wine", "modern", None)]);
    assert_eq!(found, [("wine · mlp(8)".to_owned(), "wine · mlp(8)".to_owned())]);
    assert!(names(&[named("a", "wine", "numpy", None)], &[named("a2", "digits", "numpy", None)]).is_empty());
    // Two that are called the same are told apart by the generator, and one of them stays alone.
    let two = [named("a", "wine", "numpy", None), named("b", "wine", "modern", None)];
    let found = names(&two, &[named("c", "wine", "modern", None)]);
    assert_eq!(found.len(), 1);
    assert!(found[0].0.contains("modern"), "{found:?}");
    // By key, though an experiment of several settings tells its setting.
    let several = [named("a", "wine", "numpy", Some(5)), named("b", "wine", "numpy", Some(9))];
    let found = names(&several, &[named("b", "wine", "numpy", None)]);
    assert_eq!(found, [("wine · mlp(8) · train.epochs 9".to_owned(), "wine · mlp(8)".to_owned())]);
    assert!(names(&[], &several).is_empty());
}
