//! The answer in every case that there is, held to numbers that are computed here from the predictions.
#![allow(clippy::unwrap_used)]

mod fixtures;

use std::collections::BTreeSet;
use std::sync::Arc;

use bitsweep_report::{Report, charts, html, markdown};
use bitsweep_results::numbers::{bytes, count, fixed, score, supported_decimals};
use bitsweep_results::record::ValidationPredictions;
use bitsweep_results::summary::Metric;
use bitsweep_results::{
    AgainstFloat, DatasetShape, ErrorMeasures, FailureKind, Flag, Goal, Interval, Labels, Measures, PickRule,
    Predictions, Records, ResultRow, RowFailure, Scores, Size, SizeMeasures, Summary, Unit, Variant,
    summarize,
};

/// Quantiles of the normal distribution at 0.95 and 0.8, and of Student's of 2 and of 9 degrees of freedom at 0.95.
const Z_95: f64 = 1.644_853_626_951_472_2;
const Z_80: f64 = 0.841_621_233_572_914_3;
const T_2: f64 = 2.919_985_580_353_725;
const T_9: f64 = 1.833_112_932_656_237_4;

/// Bytes of the float model.
const FLOAT: u64 = 6812;

/// Classes by row, and what each variant predicts; the first is the float model.
#[derive(Clone)]
struct Rows {
    classes: u16,
    truth: Vec<u16>,
    variants: Vec<(u32, Vec<u16>)>,
}

impl Rows {
    /// So many rows of classes that take turns, `wrong` of which a float model has wrong: the last ones.
    fn new(samples: usize, classes: u16, wrong: usize) -> Self {
        let truth: Vec<u16> = (0..samples).map(|row| row as u16 % classes).collect();
        let own = Self { classes, variants: vec![(32, truth.clone())], truth };
        let float = own.with_wrong(own.truth.clone(), samples - wrong..samples);
        Self { variants: vec![(32, float)], ..own }
    }

    fn with_wrong(&self, mut predicted: Vec<u16>, rows: impl IntoIterator<Item = usize>) -> Vec<u16> {
        rows.into_iter().for_each(|row| predicted[row] = (self.truth[row] + 1) % self.classes);
        predicted
    }

    /// With a variant of so many bits that has `lost` wrong and, of what float has wrong, the last `gained` right.
    fn with(mut self, bits: u32, lost: impl IntoIterator<Item = usize>, gained: usize) -> Self {
        let mut predicted = self.with_wrong(self.float().to_vec(), lost);
        let samples = self.truth.len();
        predicted[samples - gained..].copy_from_slice(&self.truth[samples - gained..]);
        self.variants.push((bits, predicted));
        self
    }

    fn float(&self) -> &[u16] {
        &self.variants[0].1
    }

    fn of(&self, bits: u32) -> &[u16] {
        &self.variants.iter().find(|(own, _)| *own == bits).unwrap().1
    }

    fn loss(&self, metric: &Metric, bits: u32) -> Loss {
        Loss::of(metric, &[(self, self.of(bits))])
    }

    fn macro_f1(&self, predicted: &[u16]) -> f64 {
        Classes::of(&self.truth, predicted).macro_f1()
    }
}

/// Sizes of classes and rows that are right, by class.
struct Classes {
    present: BTreeSet<u16>,
    size: Vec<f64>,
    right: Vec<f64>,
}

impl Classes {
    fn of(truth: &[u16], predicted: &[u16]) -> Self {
        let (mut size, mut right) = (vec![0.0; 20], vec![0.0; 20]);
        for (&truth, &own) in truth.iter().zip(predicted) {
            size[usize::from(truth)] += 1.0;
            size[usize::from(own)] += 1.0;
            right[usize::from(own)] += f64::from(u8::from(own == truth));
        }
        Self { present: truth.iter().copied().collect(), size, right }
    }

    fn f1(&self, class: u16) -> f64 {
        2.0 * self.right[usize::from(class)] / self.size[usize::from(class)]
    }

    fn macro_f1(&self) -> f64 {
        self.present.iter().map(|class| self.f1(*class)).sum::<f64>() / self.present.len() as f64
    }
}

/// A loss with its standard error, straight from the formulas.
#[derive(Clone, Copy, Debug)]
struct Loss {
    value: f64,
    error: f64,
    /// The squared error that more rows take away, times the rows.
    per_row: f64,
}

impl Loss {
    /// The mean loss over units of the same rows.
    fn of(metric: &Metric, units: &[(&Rows, &[u16])]) -> Self {
        let count = units.len() as f64;
        let single: Vec<(f64, Vec<f64>, f64)> =
            units.iter().map(|(rows, predicted)| Self::contributions(metric, rows, predicted)).collect();
        let samples = single[0].1.len();
        let value = single.iter().map(|own| own.0).sum::<f64>() / count;
        let weight = single.iter().map(|own| own.2).fold(0.0, f64::max);
        let n = samples as f64;
        let share = |contribution: f64| contribution / (count * n);
        let by_row: f64 =
            (0..samples).map(|row| single.iter().map(|own| share(own.1[row])).sum::<f64>().powi(2)).sum();
        let alone: f64 = single.iter().flat_map(|own| &own.1).map(|own| share(*own).powi(2)).sum();
        let by_unit =
            single.iter().map(|own| (own.0 - value).powi(2)).sum::<f64>() / (count * (count - 1.0)).max(1.0);
        let variance =
            if units.len() == 1 { by_row } else { (by_row + by_unit - alone).max(by_row).max(by_unit) };
        let unseen = 2.0 * weight * weight / (n * n);
        Self { value, error: (variance + unseen).sqrt(), per_row: (by_row + unseen) * n }
    }

    /// The loss on one test set, what each row contributes, and what one row more would.
    fn contributions(metric: &Metric, rows: &Rows, predicted: &[u16]) -> (f64, Vec<f64>, f64) {
        let (truth, float) = (&rows.truth, rows.float());
        let right = |own: &[u16], row: usize| f64::from(u8::from(own[row] == truth[row]));
        let of_rows = |chosen: Vec<usize>| {
            let n = chosen.len() as f64;
            let lost: Vec<f64> =
                chosen.iter().map(|row| right(float, *row) - right(predicted, *row)).collect();
            let value = lost.iter().sum::<f64>() / n;
            (value, lost.iter().map(|own| own - value).collect(), 1.0)
        };
        match metric {
            Metric::Accuracy => of_rows((0..truth.len()).collect()),
            Metric::Recall(name) => {
                let class: u16 = name.strip_prefix("class ").unwrap().parse().unwrap();
                of_rows((0..truth.len()).filter(|row| truth[*row] == class).collect())
            }
            Metric::MacroF1 => {
                let influences = |own: &[u16]| -> Vec<f64> {
                    let classes = Classes::of(truth, own);
                    let scale = truth.len() as f64 / classes.present.len() as f64;
                    let of_row = |(&truth, &own): (&u16, &u16)| {
                        let terms = classes.present.iter().map(|&class| {
                            let is = |label: u16| f64::from(u8::from(label == class));
                            let (t, p) = (is(truth), is(own));
                            (2.0 * t * p - classes.f1(class) * (t + p)) / classes.size[usize::from(class)]
                        });
                        scale * terms.sum::<f64>()
                    };
                    truth.iter().zip(own).map(of_row).collect()
                };
                let (of_float, own) = (influences(float), influences(predicted));
                let classes = Classes::of(truth, float);
                let each = classes.present.iter().map(|class| {
                    2.0 * truth.len() as f64
                        / (classes.present.len() as f64 * classes.size[usize::from(*class)])
                });
                let weight = (each.map(|own| own * own).sum::<f64>() / classes.present.len() as f64).sqrt();
                let differences = of_float.iter().zip(&own).map(|(float, own)| float - own).collect();
                (classes.macro_f1() - Classes::of(truth, predicted).macro_f1(), differences, weight)
            }
            Metric::LogLoss => unreachable!("no function of the classes"),
        }
    }

    fn upper(&self, quantile: f64) -> f64 {
        self.value + quantile * self.error
    }

    /// A number with the digits that the error supports.
    fn shown(&self, number: f64) -> String {
        fixed(number, supported_decimals(self.error))
    }

    fn rows_needed(&self, margin: f64) -> usize {
        let rows = self.per_row * (Z_95 + Z_80).powi(2) / (margin - self.value).powi(2);
        rows.ceil() as usize
    }
}

fn shape(rows: &Rows, validation: usize) -> DatasetShape {
    DatasetShape {
        train_rows: 142,
        validation_rows: validation,
        test_rows: rows.truth.len(),
        seen_rows: 0,
        features: 13,
        classes: rows.classes.into(),
    }
}

/// Bytes of a variant: as many as its bits ask for.
fn size(bits: u32) -> u64 {
    FLOAT * u64::from(bits) / 32
}

/// Two-sided p-value of all exchanges of the rows on which both differ; `None` of too many.
fn permutation(rows: &Rows, predicted: &[u16]) -> Option<f64> {
    let float = rows.float();
    let differing: Vec<usize> = (0..float.len()).filter(|row| float[*row] != predicted[*row]).collect();
    let observed = rows.macro_f1(float) - rows.macro_f1(predicted);
    let is_as_far = |exchange: u32| {
        let (mut first, mut second) = (float.to_vec(), predicted.to_vec());
        let exchanged = differing.iter().enumerate().filter(|(place, _)| exchange >> place & 1 == 1);
        for (_, &row) in exchanged {
            (first[row], second[row]) = (second[row], first[row]);
        }
        (rows.macro_f1(&first) - rows.macro_f1(&second)).abs() >= observed.abs() - 1e-12
    };
    let all = 1_u32.checked_shl(u32::try_from(differing.len()).unwrap()).filter(|all| *all <= 4096)?;
    Some((0..all).filter(|exchange| is_as_far(*exchange)).count() as f64 / f64::from(all))
}

/// Adds what a unit would record.
fn add(records: &mut Records, unit: &Arc<Unit>, rows: &Rows) {
    let float = rows.float();
    let mut variants = Vec::new();
    for (position, (bits, predicted)) in rows.variants.iter().enumerate() {
        let is_float = position == 0;
        let variant = if is_float { Variant::float(32) } else { fixtures::scheme(*bits) };
        let origin = fixtures::origin(unit, position, variant);
        let n = predicted.len() as f64;
        let count = |of: &dyn Fn(usize) -> bool| (0..predicted.len()).filter(|row| of(*row)).count();
        let around = |value: f64| Interval { value, low: value * 0.9, high: value + 0.1 * (1.0 - value) };
        let is_right = |own: &[u16], row: usize| own[row] == rows.truth[row];
        let scores = Scores {
            accuracy: around(count(&|row| is_right(predicted, row)) as f64 / n),
            macro_f1: around(rows.macro_f1(predicted)),
            log_loss: 0.25 + 0.5 / f64::from(*bits),
            brier: 0.1,
            calibration_error: (predicted.len() > 2).then_some(0.02),
            agreement: count(&|row| predicted[row] == float[row]) as f64 / n,
            lost: count(&|row| is_right(float, row) && !is_right(predicted, row)),
            gained: count(&|row| !is_right(float, row) && is_right(predicted, row)),
            p_value: (!is_float).then_some(0.5),
            against_float: permutation(rows, predicted).filter(|_| !is_float).map(|macro_f1_p_value| {
                AgainstFloat {
                    macro_f1_p_value,
                    kl_mean: 0.01,
                    kl_standard_error: (predicted.len() > 1).then_some(0.001),
                    kl_median: 0.005,
                    kl_p99: 0.1,
                    probability_change_rms: 0.02,
                    margin_change_mean: -0.01,
                    brier_change: 0.25,
                    brier_change_standard_error: Some(0.125),
                    calibration_change: Some(-0.5),
                    calibration_change_standard_error: Some(0.0625),
                }
            }),
        };
        let stored = Size { codes: size(*bits), ..Size::default() };
        let size = SizeMeasures { payload: size(*bits), stored, float: FLOAT, ..SizeMeasures::default() };
        let mse = if is_float { 0.0 } else { 0.5 / f64::from(*bits) };
        let error = ErrorMeasures {
            sse: mse * 1703.0,
            mse,
            max_error: mse.sqrt(),
            sqnr_db: if is_float { f64::INFINITY } else { 6.0 * f64::from(*bits) },
        };
        let measured = Measures { scores: Some(scores), error, size, ..Measures::default() };
        records.results.push(fixtures::row(&origin, measured));
        variants.push((position, Arc::clone(&origin.variant), predicted.clone().into()));
    }
    records.predictions.push(Predictions {
        unit: Arc::clone(unit),
        classes: (0..rows.classes).map(|class| format!("class {class}")).collect(),
        rows: (0..rows.truth.len() as u32).collect(),
        truth: rows.truth.clone().into(),
        float: float.into(),
        variants,
        log_losses: Vec::new(),
        validation: None,
    });
}

fn unit(seed: u64, rows: &Rows) -> Arc<Unit> {
    fixtures::unit("wine", "mlp(100)", "numpy", seed, Some(shape(rows, 0)))
}

/// One seed after the other.
fn recorded(seeds: &[Rows]) -> Records {
    let mut records = Records::default();
    for (seed, rows) in seeds.iter().enumerate() {
        add(&mut records, &unit(seed as u64, rows), rows);
    }
    records
}

fn summarized(records: &Records, rule: &PickRule) -> Summary {
    summarize(records, &Labels::of_rows(&records.results), rule)
}

/// The answer of the report, which must be sound as a whole.
#[track_caller]
fn answer(records: &Records, rule: &PickRule) -> String {
    let summary = summarized(records, rule);
    let report = Report { pick_rule: rule.clone(), ..Report::new(records, &summary) };
    let drawn = charts(&report).unwrap();
    let text = markdown(&report, &drawn);
    assert_sound(&text);
    let page = html(&report, &drawn);
    for word in page.split(|symbol: char| !symbol.is_alphanumeric()) {
        assert!(!["NaN", "nan", "inf"].contains(&word), "{word} is on the page");
    }
    assert!(!page.contains('±'));
    let (_, answer) = text.split_once("## Answer\n").unwrap();
    answer.split("\n## ").next().unwrap().to_owned()
}

/// What no report may say, whatever its numbers.
#[track_caller]
fn assert_sound(text: &str) {
    assert!(!text.contains('±'), "{text}");
    for line in text.lines() {
        let words: Vec<&str> = line
            .split(|symbol: char| symbol.is_whitespace() || "|()[]:;*".contains(symbol))
            .filter(|word| !word.is_empty())
            .map(|word| word.trim_end_matches([',', '.']))
            .collect();
        for word in &words {
            let is_none = ["NaN", "nan", "inf", "-inf"].contains(word);
            let is_negative_zero =
                word.strip_prefix('-').is_some_and(|size| size.parse::<f64>().is_ok_and(|size| size == 0.0));
            assert!(!is_none && !is_negative_zero, "{word} in: {line}");
        }
        for pair in words.windows(2) {
            let is_plural =
                ["rows", "seeds", "runs", "bytes", "bits", "variants", "candidates", "classes", "tasks"]
                    .contains(&pair[1].trim_end_matches(['?', '!']));
            assert!(!(pair[0] == "1" && is_plural), "1 {} in: {line}", pair[1]);
        }
    }
    // Float is not compared with itself.
    let mut p_value = None;
    for line in text.lines() {
        if !line.starts_with('|') {
            p_value = None;
            continue;
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let Some(column) = cells.iter().position(|cell| ["p", "Runs told apart"].contains(cell)) {
            p_value = Some(column);
        } else if let Some(column) = p_value.filter(|_| cells[1] == "float") {
            assert_eq!(cells[column], "", "{line}");
        }
    }
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}

#[track_caller]
fn says_not(text: &str, parts: &[&str]) {
    // The rule explains what words mean, whether or not they are used.
    let text = text.split("The rule: ").next().unwrap();
    for part in parts {
        assert!(!text.contains(part), "{part:?} is in:\n{text}");
    }
}

/// The paragraph of a goal and its list.
#[track_caller]
fn goal<'a>(answer: &'a str, name: &str) -> &'a str {
    let at = answer.find(&format!("**{name}: ")).unwrap_or_else(|| panic!("no {name} in:\n{answer}"));
    let rest = &answer[at..];
    let end =
        rest[2..].find("\n**").or_else(|| rest[2..].find("\nThe rule: ")).map_or(rest.len(), |end| end + 2);
    &rest[..end]
}

fn rule() -> PickRule {
    PickRule::default()
}

#[test]
fn where_nothing_qualifies_float_is_kept_and_the_closest_is_named_with_its_loss() {
    let rows = Rows::new(100, 2, 4).with(8, 0..20, 0).with(2, 0..45, 0);
    let answer = answer(&recorded(std::slice::from_ref(&rows)), &rule());
    let loss = rows.loss(&Metric::MacroF1, 8).value;
    let closest = format!("The closest smaller variant, 8 bit, loses {} of macro-F1.", score(loss));
    for (name, margin) in [("For balance", 0.01), ("For least memory", 0.1)] {
        let kept = format!(
            "**{name}: float.** Keep float: no variant is smaller and within {margin} of the float model's macro-F1."
        );
        assert!(loss > margin);
        says(goal(&answer, name), &[&kept, &closest]);
    }
    says_not(&answer, &["confirmed", "likely", "not shown", "bootstraps", " p "]);
}

#[test]
fn where_nothing_fits_the_budget_the_smallest_is_named() {
    let rows = Rows::new(400, 2, 4).with(8, [], 0).with(2, 0..45, 0);
    let records = recorded(&[rows]);
    for budget in [1, 424] {
        let rule = PickRule { budget_bytes: Some(budget), ..rule() };
        let answer = answer(&records, &rule);
        let none =
            format!("**Within the budget: none.** No pick: nothing is stored in {}.", bytes(budget as f64));
        says(goal(&answer, "Within the budget"), &[&none, "The smallest variant, 2 bit, takes 425 bytes."]);
        says_not(goal(&answer, "Within the budget"), &["confirmed", "likely", "loses"]);
    }
}

#[test]
fn the_best_within_the_budget_is_told_with_its_bound() {
    let rows = Rows::new(400, 2, 4).with(8, [], 0).with(4, 0..6, 0).with(2, 0..45, 0);
    let rule = PickRule { budget_bytes: Some(1000), ..rule() };
    let answer = answer(&recorded(std::slice::from_ref(&rows)), &rule);
    let loss = rows.loss(&Metric::MacroF1, 4);
    let best = format!(
        "It has the best macro-F1 of what is stored in 1,000 bytes; it loses at most {} (95 %, paired over 400 test rows).",
        loss.shown(loss.upper(Z_95))
    );
    says(goal(&answer, "Within the budget"), &["**Within the budget: 4 bit, not shown.**", &best]);
}

#[test]
fn float_within_the_budget_has_no_p_value_and_no_loss() {
    let rows = Rows::new(400, 2, 4).with(8, 0..3, 0).with(2, 0..45, 0);
    let rule = PickRule { budget_bytes: Some(10_000), ..rule() };
    let answer = answer(&recorded(std::slice::from_ref(&rows)), &rule);
    let float = goal(&answer, "Within the budget");
    let headline = format!(
        "**Within the budget: float.** 6,812 bytes, macro-F1 {}.",
        score(rows.macro_f1(rows.float()))
    );
    says(float, &[&headline, "Nothing else that fits is as good as the float model."]);
    says_not(float, &[" p ", "Holm", "confirmed", "paired", "times smaller", "it loses"]);
}

#[test]
fn without_a_float_model_there_is_no_pick_and_no_loss() {
    let mut records = recorded(&[Rows::new(100, 2, 4).with(8, [], 0).with(2, 0..9, 0)]);
    records.results.remove(0);
    let answer = answer(&records, &rule());
    for name in ["For balance", "For least memory"] {
        let none = format!("**{name}: none.** No pick: there is no float model to compare with.");
        says(goal(&answer, name), &[&none]);
    }
    says_not(&answer, &["loses", "gains", "confirmed", "likely", "within 0.01"]);
}

fn failed(row: &ResultRow) -> ResultRow {
    let failure = RowFailure { kind: FailureKind::Quantization, reason: "no range".into() };
    ResultRow { result: Err(failure), ..row.clone() }
}

/// Three runs of which one lacks the one variant.
fn partial() -> Records {
    let rows = Rows::new(100, 2, 4).with(4, [], 0);
    let mut records = recorded(&[rows.clone(), rows.clone(), rows]);
    records.results[3] = failed(&records.results[3]);
    records
}

#[test]
fn a_variant_that_lacks_a_seed_is_not_picked() {
    let text = answer(&partial(), &rule());
    says(
        goal(&text, "For balance"),
        &[
            "**For balance: none.** No pick: no quantized variant has results for all 3 seeds.",
            "1 variant has results for some of the 3 seeds alone, and cannot be picked.",
        ],
    );
    // Of folds they are runs.
    let mut records = partial();
    for (place, row) in records.results.iter_mut().enumerate() {
        row.origin.unit = Arc::new(Unit { fold: Some(place / 2), ..(*row.origin.unit).clone() });
    }
    for (fold, own) in records.predictions.iter_mut().enumerate() {
        own.unit = Arc::new(Unit { fold: Some(fold), ..(*own.unit).clone() });
    }
    let text = answer(&records, &rule());
    says(&text, &["No pick: no quantized variant has results for all 3 runs."]);
    says_not(&text, &["seed"]);
}

#[test]
fn on_few_rows_the_pick_is_not_shown_and_the_rows_that_would_decide_are_told() {
    let rows = Rows::new(36, 3, 0).with(8, [], 0).with(4, [], 0).with(2, 0..3, 0);
    let answer = answer(&recorded(std::slice::from_ref(&rows)), &rule());
    let [same, coarse] = [4, 2].map(|bits| rows.loss(&Metric::MacroF1, bits));
    // 0.99^n ≤ 0.05.
    let least = (0.05_f64.ln() / 0.99_f64.ln()).ceil() as usize;
    let needed = same.rows_needed(0.01).max(least);
    let changed = 100.0 * (1.0 - 0.05_f64.powf(1.0 / 36.0));
    says(
        &answer,
        &[&format!(
            "36 test rows are too few for any claim within 0.01 at 95 %: {least} without a single change would be the least."
        )],
    );
    says(
        goal(&answer, "For balance"),
        &[
            "**For balance: 4 bit, not shown.** 851 bytes, 8.0 times smaller than float, macro-F1 1.0000 (as float).",
            &format!(
                "within 0.01 of the float model's; it loses at most {} (95 %, paired over 36 test rows). About {} test rows would decide.",
                same.shown(same.upper(Z_95)),
                count(needed as f64)
            ),
            &format!("0 of 36 test rows change class: at most {changed:.1} % of all rows do (95 %)."),
            &format!(
                "Smaller, and not picked: 2 bit (425 bytes) loses {}, at most {}.",
                coarse.shown(coarse.value),
                coarse.shown(coarse.upper(Z_95))
            ),
        ],
    );
    says_not(&answer, &["confirmed", "likely", "is shown to be within"]);
}

#[test]
fn what_is_shown_alone_and_not_among_all_is_likely() {
    let rows = Rows::new(300, 2, 6).with(8, [], 0).with(6, [], 0).with(4, [], 0).with(2, 0..60, 0);
    let answer = answer(&recorded(std::slice::from_ref(&rows)), &rule());
    let loss = rows.loss(&Metric::MacroF1, 4);
    // One of four: Holm asks for 0.05/4, z = 2.24.
    let deviations = (0.01 - loss.value) / loss.error;
    assert!((Z_95..2.241).contains(&deviations), "{deviations}");
    let balance = goal(&answer, "For balance");
    says(
        balance,
        &[
            "**For balance: 4 bit, likely within 0.01.**",
            &format!(
                "It is the smallest variant whose loss of macro-F1 is shown to be within 0.01: it loses at most {} (95 %, paired over 300 test rows). With all 4 candidates tested together (Holm) it is not shown.",
                loss.shown(loss.upper(Z_95))
            ),
        ],
    );
    says_not(balance, &["This holds", "would decide", "too few"]);
}

#[test]
fn what_is_shown_among_all_is_confirmed() {
    let rows = Rows::new(1000, 2, 20).with(8, [], 0).with(4, 0..2, 3).with(2, 0..200, 0);
    let answer = answer(&recorded(std::slice::from_ref(&rows)), &rule());
    let [loss, coarse] = [4, 2].map(|bits| rows.loss(&Metric::MacroF1, bits));
    assert!(loss.value < 0.0);
    let balance = goal(&answer, "For balance");
    let p = permutation(&rows, rows.of(4)).unwrap();
    let gain = loss.shown(-loss.value);
    says(
        balance,
        &[
            &format!(
                "**For balance: 4 bit, confirmed within 0.01.** 851 bytes, 8.0 times smaller than float, macro-F1 {} ({gain} above float).",
                score(rows.macro_f1(rows.of(4)))
            ),
            &format!(
                "it loses at most {} (95 %, paired over 1,000 test rows). This holds with all 3 candidates tested together (Holm).",
                loss.shown(loss.upper(Z_95))
            ),
            &format!(
                "5 of 1,000 test rows change class: 2 lost, 3 gained; permutation test of macro-F1, p = {}.",
                fixed(p, 2)
            ),
            &format!(
                "Smaller, and not picked: 2 bit (425 bytes) loses at least {}.",
                coarse.shown(coarse.value - Z_95 * coarse.error)
            ),
        ],
    );
    says_not(&answer, &["too few", "likely", "not shown", "point estimates"]);
}

#[test]
fn a_gain_is_not_called_a_loss() {
    // The variant of least bits is better on these rows, and too few of them change alike to show it.
    let rows = Rows::new(400, 2, 90).with(8, [], 0).with(4, 0..40, 44).with(2, 0..7, 80);
    let least = PickRule { budget_bytes: Some(500), ..rule() };
    let text = answer(&recorded(std::slice::from_ref(&rows)), &least);
    let [wide, better] = [4, 2].map(|bits| rows.loss(&Metric::MacroF1, bits));
    assert!(wide.value < 0.0 && wide.upper(Z_95) > 0.01 && better.upper(Z_95) < 0.0, "{wide:?} {better:?}");
    says(
        goal(&text, "Within the budget"),
        &[&format!(
            "it gains at least {} (95 %, paired over 400 test rows)",
            better.shown(-better.upper(Z_95))
        )],
    );
    // Without the better one the wide one is smaller than what is picked, and gains on these rows.
    let rows = Rows { variants: rows.variants[..3].to_vec(), ..rows };
    let balance = answer(&recorded(std::slice::from_ref(&rows)), &rule());
    says(
        goal(&balance, "For balance"),
        &[&format!(
            "Smaller, and not picked: 4 bit (851 bytes) gains {}, and loses at most {}.",
            wide.shown(-wide.value),
            wide.shown(wide.upper(Z_95))
        )],
    );
    says_not(&balance, &["loses -", "at most -", "gains -"]);
}

fn dead(class: &str) -> Vec<Flag> {
    vec![
        Flag::PredictsOneClass { class: class.into() },
        Flag::NoBetterThanMajority { macro_f1: 0.3333 },
        Flag::FeaturesOfDifferentScale {
            widest: "pressure".into(),
            widest_range: 40_000.0,
            narrowest: "humidity".into(),
            narrowest_range: 0.05,
        },
    ]
}

#[test]
fn a_model_that_did_not_learn_opens_the_answer_with_the_cause_and_without_a_pick() {
    for flags in [dead("class 0"), dead("class 0")[..1].to_vec(), dead("class 0")[1..2].to_vec()] {
        let mut rows = Rows::new(400, 2, 0).with(8, [], 0).with(4, [], 0);
        rows.variants.iter_mut().for_each(|(_, predicted)| predicted.fill(0));
        let mut records = recorded(&[rows]);
        fixtures::measures(&mut records.results[0]).flags = flags.clone();
        let rule = PickRule { budget_bytes: Some(1000), ..rule() };
        let answer = answer(&records, &rule);
        let first = answer.trim_start().lines().next().unwrap();
        assert!(first.starts_with("The float model is not shown to have learned: "), "{first}");
        for flag in &flags {
            let cause = match flag {
                Flag::PredictsOneClass { .. } => "predicts `class 0` for every test row",
                Flag::NoBetterThanMajority { .. } => {
                    "not shown to be above that of always predicting the most frequent class, 0.3333"
                }
                _ => "`pressure` ranges over 40,000, `humidity` over 0.0500, 800,000 times less",
            };
            says(first, &[cause]);
        }
        for name in ["For balance", "For least memory", "Within the budget"] {
            says(
                goal(&answer, name),
                &[&format!("**{name}: none.** No pick: the float model is not shown to have learned.")],
            );
        }
        says_not(
            &answer,
            &["confirmed", "likely", "loses", "gains", "bootstraps", "too few", "smallest variant whose"],
        );
    }
}

#[test]
fn models_that_did_not_learn_in_3_of_10_seeds_are_told_and_picks_are_made() {
    let rows = Rows::new(1500, 2, 8).with(8, [], 0).with(4, 0..1, 0);
    let mut seeds = vec![rows; 10];
    for rows in &mut seeds[..3] {
        rows.variants.iter_mut().for_each(|(_, predicted)| predicted.fill(0));
    }
    let mut records = recorded(&seeds);
    for row in records.results.iter_mut().filter(|row| row.origin.is_float() && row.origin.unit.seed < 3) {
        fixtures::measures(row).flags = dead("class 0");
    }
    let answer = answer(&records, &rule());
    let first = answer.trim_start().lines().next().unwrap();
    assert!(first.starts_with("The float model did not learn in every run: "), "{first}");
    let units: Vec<(&Rows, &[u16])> = seeds.iter().map(|rows| (rows, rows.of(4))).collect();
    let loss = Loss::of(&Metric::MacroF1, &units);
    assert!(loss.upper(T_9) < 0.01, "{loss:?}");
    says(
        goal(&answer, "For balance"),
        &[
            "**For balance: 4 bit, confirmed within 0.01.**",
            &format!(
                "it loses at most {} (95 %, paired over 1,500 test rows and 10 seeds)",
                loss.shown(loss.upper(T_9))
            ),
            "7 test rows lost and 0 gained in all.",
        ],
    );
}

#[test]
fn one_test_row_supports_nothing_and_is_not_rows() {
    let rows = Rows::new(1, 2, 0).with(8, [], 0).with(4, [], 0);
    let text = answer(&recorded(std::slice::from_ref(&rows)), &rule());
    says(
        &text,
        &[
            "1 test row is too few for any claim within 0.01 at 95 %: 299 without a single change would be the least.",
            "**For balance: 4 bit, not shown.**",
            "it loses at most 1.0 (95 %, paired over 1 test row)",
            "0 of 1 test row changes class: at most 95 % of all rows do (95 %).",
        ],
    );
    // And where it is lost.
    let rows = Rows::new(1, 2, 0).with(4, [0], 0);
    let text = answer(&recorded(&[rows]), &rule());
    says(&text, &["**For balance: float.**", "4 bit, loses 1.0000 of macro-F1."]);
}

#[test]
fn variants_that_are_larger_for_the_scaler_alone_are_told() {
    let rows = Rows::new(400, 2, 4).with(8, [], 0).with(4, [], 0);
    let mut records = recorded(std::slice::from_ref(&rows));
    let quantized = |row: &&mut bitsweep_results::ResultRow| !row.origin.variant.is_baseline();
    for row in records.results.iter_mut().filter(quantized) {
        fixtures::measures(row).size.scaler = 9_000;
    }
    let text = answer(&records, &rule());
    says(
        goal(&text, "For balance"),
        &[
            "No quantized variant with a score is smaller than the float model.",
            "4 bit takes 9,851 bytes, 9,000 of them for the scaler of the features, which the float model takes into its first layer.",
        ],
    );
}

#[test]
fn a_class_without_test_rows_takes_no_part_in_the_loss() {
    let mut rows = Rows::new(400, 2, 4).with(8, [], 0).with(4, [], 0);
    rows.classes = 3;
    // Two rows become the class that no row has.
    rows.variants[2].1[..2].fill(2);
    let mut records = recorded(std::slice::from_ref(&rows));
    for row in &mut records.results {
        fixtures::measures(row).flags =
            vec![Flag::UntestedClasses { count: 1, first: vec!["class 2".into()] }];
    }
    let answer = answer(&records, &rule());
    let loss = rows.loss(&Metric::MacroF1, 4);
    let of_two = (rows.macro_f1(rows.float()) - rows.macro_f1(rows.of(4))) * 2.0;
    assert!((2.0 * loss.value - of_two).abs() < 1e-12);
    says(
        &answer,
        &[
            "**macro-F1 leaves out class \\`class 2\\`, without a test row**: float; 8 bit; 4 bit.",
            &format!(
                "macro-F1 {} ({} below float)",
                score(rows.macro_f1(rows.of(4))),
                loss.shown(loss.value)
            ),
            &format!("it loses at most {} (95 %, paired over 400 test rows)", loss.shown(loss.upper(Z_95))),
        ],
    );
}

#[test]
fn one_lost_row_of_several_seeds_is_one_row() {
    let same = Rows::new(200, 2, 4).with(8, [], 0).with(4, [], 0);
    let other = Rows::new(200, 2, 4).with(8, [], 0).with(4, [3], 0);
    let seeds = [same.clone(), same, other];
    let answer = answer(&recorded(&seeds), &rule());
    let units: Vec<(&Rows, &[u16])> = seeds.iter().map(|rows| (rows, rows.of(4))).collect();
    let loss = Loss::of(&Metric::MacroF1, &units);
    let macro_f1 = |rows: &Rows| rows.macro_f1(rows.of(4));
    let mean = seeds.iter().map(macro_f1).sum::<f64>() / 3.0;
    says(
        goal(&answer, "For balance"),
        &[
            &format!(
                "it loses at most {} (95 %, paired over 200 test rows and 3 seeds)",
                loss.shown(loss.upper(T_2))
            ),
            &format!("Over 3 seeds: macro-F1 {} (spread ", score(mean)),
            "1 test row lost and 0 gained in all.",
        ],
    );
}

#[test]
fn a_gain_over_several_seeds_is_a_gain() {
    let seeds = [1, 2, 3].map(|gained| Rows::new(400, 2, 9).with(4, [], gained));
    let answer = answer(&recorded(&seeds), &rule());
    let gains: Vec<f64> =
        seeds.iter().map(|rows| rows.macro_f1(rows.of(4)) - rows.macro_f1(rows.float())).collect();
    let mean = gains.iter().sum::<f64>() / 3.0;
    says(
        goal(&answer, "For balance"),
        &[&format!("gain {} (spread ", score(mean)), "0 test rows lost and 6 gained in all."],
    );
    says_not(&answer, &["loss -"]);
}

/// The same rows with others to choose on.
fn with_validation(test: &Rows, validation: &Rows) -> Records {
    let mut records = Records::default();
    let unit = fixtures::unit("wine", "mlp(100)", "numpy", 0, Some(shape(test, validation.truth.len())));
    add(&mut records, &unit, test);
    let own = &mut records.predictions[0];
    let first = test.truth.len() as u32;
    own.validation = Some(ValidationPredictions {
        rows: (first..first + validation.truth.len() as u32).collect(),
        truth: validation.truth.clone().into(),
        float: validation.float().into(),
        variants: own
            .variants
            .iter()
            .zip(&validation.variants)
            .map(|((position, variant, _), (_, predicted))| {
                (*position, Arc::clone(variant), predicted.clone().into())
            })
            .collect(),
        log_losses: Vec::new(),
    });
    records
}

#[test]
fn what_is_chosen_on_validation_rows_is_told_on_test_rows() {
    let validation = Rows::new(500, 2, 10).with(8, [], 0).with(4, [], 0).with(2, 0..20, 0);
    let test = Rows::new(600, 2, 10).with(8, [], 0).with(4, 0..2, 0).with(2, [], 0);
    let text = answer(&with_validation(&test, &validation), &rule());
    let loss = test.loss(&Metric::MacroF1, 4);
    let coarse = validation.loss(&Metric::MacroF1, 2);
    assert!(coarse.value - Z_95 * coarse.error > 0.01 && loss.upper(Z_95) < 0.01, "{coarse:?} {loss:?}");
    let balance = goal(&text, "For balance");
    says(
        balance,
        &[
            "**For balance: 4 bit, confirmed within 0.01.**",
            "Chosen on 500 validation rows: it is the smallest variant whose loss of macro-F1 there is shown to be within 0.01.",
            &format!(
                "On the test rows, which had no part in that, it loses at most {} (95 %, paired over 600 test rows).",
                loss.shown(loss.upper(Z_95))
            ),
            &format!(
                "Smaller, and not picked on the validation rows: 2 bit (425 bytes) loses at least {}.",
                coarse.shown(coarse.value - Z_95 * coarse.error)
            ),
        ],
    );
    says_not(balance, &["bootstraps", "Holm"]);
    says(&text, &["the smallest whose loss on the validation rows is"]);
    says_not(&text, &["too few"]);

    // Few rows to choose on are few, however many there are to score on; and what is worse on those is said to be.
    let validation = Rows::new(50, 2, 1).with(8, [], 0).with(4, [], 0).with(2, [], 0);
    let test = Rows::new(600, 2, 10).with(8, [], 0).with(4, [], 0).with(2, 0..60, 0);
    let text = answer(&with_validation(&test, &validation), &rule());
    says(
        &text,
        &[
            "50 validation rows are too few for any claim within 0.01 at 95 %",
            "**For balance: 2 bit, worse by more than 0.01.**",
            "That it loses more than 0.01 is shown.",
        ],
    );
}

#[test]
fn accuracy_is_lost_and_not_macro_f1() {
    let rows = Rows::new(1000, 3, 30).with(8, [], 0).with(4, 0..4, 1).with(2, 0..200, 0);
    let metric = Metric::Accuracy;
    let loss = rows.loss(&metric, 4);
    assert!((loss.value - 0.003).abs() < 1e-12);
    let rule = PickRule { metric, ..rule() };
    let answer = answer(&recorded(std::slice::from_ref(&rows)), &rule);
    let shown = if loss.upper(Z_95) <= 0.01 { "confirmed within 0.01" } else { "not shown" };
    says(
        goal(&answer, "For balance"),
        &[
            &format!(
                "**For balance: 4 bit, {shown}.** 851 bytes, 8.0 times smaller than float, accuracy 0.9670 ("
            ),
            &format!("({} below float).", loss.shown(loss.value)),
            &format!(
                "whose loss of accuracy is shown to be within 0.01: it loses at most {} (95 %, paired over 1,000 test rows)",
                loss.shown(loss.upper(Z_95))
            ),
        ],
    );
    says(&answer, &["whose loss of accuracy against float is shown"]);
}

#[test]
fn a_recall_is_told_on_the_rows_of_its_class() {
    let metric = Metric::Recall("class 1".to_owned());
    let rule = PickRule { metric: metric.clone(), ..rule() };
    // Of 1,000 rows 500 are of the class; row 1 is one of them.
    let rows = Rows::new(1000, 2, 0).with(8, [], 0).with(4, [1], 0).with(2, 0..300, 0);
    let text = answer(&recorded(std::slice::from_ref(&rows)), &rule);
    let loss = rows.loss(&metric, 4);
    assert!((loss.value - 1.0 / 500.0).abs() < 1e-12 && loss.upper(Z_95) < 0.01);
    says(
        goal(&text, "For balance"),
        &[
            &format!("recall of class 1 {} ({} below float).", score(499.0 / 500.0), loss.shown(loss.value)),
            &format!(
                "whose loss of recall of class 1 is shown to be within 0.01: it loses at most {} (95 %, paired over 500 test rows of class 1).",
                loss.shown(loss.upper(Z_95))
            ),
        ],
    );
    // Enough rows, but few of the class.
    let rows = Rows::new(500, 2, 0).with(8, [], 0).with(4, [], 0);
    let text = answer(&recorded(&[rows]), &rule);
    says(&text, &["250 test rows of class 1 are too few for any claim within 0.01 at 95 %"]);
    says(
        &text,
        &[
            "That is within 0.01, but of fewer than 299 test rows of class 1 nothing is claimed, whatever the margin.",
        ],
    );
    says_not(&text, &["would decide"]);
    // None of the class.
    let rows = Rows::new(500, 2, 0).with(8, [], 0).with(4, [], 0);
    let metric = Metric::Recall("class 2".to_owned());
    let rule = PickRule { metric, ..rule };
    let mut records = recorded(&[rows]);
    records.predictions[0].classes = ["class 0", "class 1", "class 2"].map(str::to_owned).into();
    let text = answer(&records, &rule);
    says(
        goal(&text, "For balance"),
        &["Keep float: the loss of recall of class 2 cannot be told from these rows."],
    );
    says_not(&text, &["No quantized variant with a score is smaller", "confirmed", "likely"]);
}

#[test]
fn a_log_loss_rises() {
    let rows = Rows::new(100, 2, 2).with(8, [], 0).with(4, [], 0).with(2, 0..3, 0);
    let mut records = recorded(std::slice::from_ref(&rows));
    // Of the first variant as float's, of the second a little more, of the third much more.
    let of = |position: usize, row: usize| -> f32 {
        let more = [0.0, 0.0, 0.002, 0.5][position];
        (0.1 + row as f32 * 0.01) + more * (1.0 + if row.is_multiple_of(2) { 0.5 } else { -0.5 })
    };
    records.predictions[0].log_losses =
        (0..4).map(|position| (position, (0..100).map(|row| of(position, row)).collect())).collect();
    let rule = PickRule { metric: Metric::LogLoss, ..rule() };
    let text = answer(&records, &rule);
    let differences = |position: usize| -> Vec<f64> {
        (0..100).map(|row| f64::from(of(position, row)) - f64::from(of(0, row))).collect()
    };
    let rise = |position: usize| {
        let all = differences(position);
        let value = all.iter().sum::<f64>() / 100.0;
        let squares: f64 = all.iter().map(|own| (own - value).powi(2)).sum();
        Loss { value, error: squares.sqrt() / 100.0, per_row: squares / 100.0 }
    };
    let (small, large) = (rise(2), rise(3));
    assert!(small.upper(Z_95) < 0.01 && large.value - Z_95 * large.error > 0.1);
    let balance = goal(&text, "For balance");
    says(
        balance,
        &[
            "**For balance: 4 bit, confirmed within 0.01.**",
            &format!("({} above float).", small.shown(small.value)),
            &format!(
                "It is the smallest variant whose rise of log loss is shown to be within 0.01: it adds at most {} (95 %, paired over 100 test rows).",
                small.shown(small.upper(Z_95))
            ),
            &format!(
                "Smaller, and not picked: 2 bit (425 bytes) adds at least {}.",
                large.shown(large.value - Z_95 * large.error)
            ),
        ],
    );
    says_not(&text, &["loses", "gains", "too few", "it saves at least"]);

    // The same log loss to the last digit.
    for (_, losses) in &mut records.predictions[0].log_losses {
        *losses = (0..100).map(|row| of(0, row)).collect();
    }
    let text = answer(&records, &rule);
    says(goal(&text, "For balance"), &["it adds nothing (95 %, paired over 100 test rows)"]);
    says_not(&text, &["at least 0.0000", "at most 0.0000"]);
}

#[test]
fn a_bound_is_on_the_side_of_the_margin_on_which_it_is_told_to_be() {
    // So many rows of so many change that the bound lies above the margin by less than a shown digit.
    let mut told = 0;
    for samples in (300..2000).step_by(7) {
        let rows = Rows::new(samples, 2, 10).with(4, [0, 1], 0);
        let loss = rows.loss(&Metric::MacroF1, 4);
        let bound = loss.upper(Z_95);
        let is_within = bound <= 0.01;
        let is_hidden = (loss.shown(bound).parse::<f64>().unwrap() <= 0.01) != is_within;
        if loss.value > 0.01 || !is_hidden {
            continue;
        }
        told += 1;
        let records = recorded(&[rows]);
        let summary = summarized(&records, &rule());
        let words = summary.comparisons[0].explain(Goal::Balance, &rule()).unwrap();
        let why = &words.reasons[0];
        let (_, rest) = why.split_once("it loses at most ").unwrap();
        let shown: f64 = rest.split(' ').next().unwrap().parse().unwrap();
        assert_eq!(shown <= 0.01, is_within, "{bound}: {words:?}");
        assert_eq!(words.verdict != "not shown", is_within, "{words:?}");
    }
    assert!(told > 0);
}

#[test]
fn a_margin_of_nothing_cannot_be_shown_by_any_number_of_rows() {
    let rows = Rows::new(400, 2, 4).with(8, [], 0);
    let rule = PickRule { margin: 0.0, ..rule() };
    let text = answer(&recorded(&[rows]), &rule);
    says(&text, &["**For balance: 8 bit, not shown.**"]);
    says_not(&text, &["too few", "would decide"]);
}

#[test]
fn the_majority_class_has_no_errors_and_changes_no_answer() {
    let rows = Rows::new(400, 2, 8).with(8, [], 0).with(4, 0..1, 0);
    let mut records = recorded(std::slice::from_ref(&rows));
    let without = answer(&records, &rule());
    let of_float = records.results[0].clone();
    let origin = fixtures::origin(&of_float.origin.unit, rows.variants.len(), Variant::majority());
    let scores = of_float.measures().unwrap().scores.clone();
    let measured = Measures { scores, error: ErrorMeasures::UNDEFINED, ..Measures::default() };
    records.results.push(fixtures::row(&origin, measured));
    assert_eq!(answer(&records, &rule()), without);
}

#[test]
fn the_table_of_tasks_says_what_is_said_of_each_task() {
    let good = Rows::new(1000, 2, 20).with(8, [], 0).with(4, [], 0);
    let worse = Rows::new(100, 2, 4).with(8, 0..20, 0);
    let mut records = Records::default();
    for (dataset, rows) in [("wine", &good), ("digits", &worse), ("iris", &good), ("cancer", &good)] {
        add(&mut records, &fixtures::unit(dataset, "mlp(100)", "numpy", 0, Some(shape(rows, 0))), rows);
    }
    let of = |dataset: &'static str| move |row: &ResultRow| row.origin.unit.task.dataset == dataset;
    let dead_float = records.results.iter_mut().find(|row| of("iris")(row)).unwrap();
    fixtures::measures(dead_float).flags = dead("class 0");
    records.results.retain(|row| !(of("cancer")(row) && row.origin.is_float()));
    let text = answer(&records, &rule());
    let cells = |dataset: &str| -> Vec<String> {
        let row = text.lines().find(|line| line.starts_with(&format!("| {dataset} "))).unwrap();
        row.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    // Balance with its bytes and macro-F1, and least memory with its own.
    let macro_f1 = score(good.macro_f1(good.of(4)));
    let own = cells("wine");
    assert_eq!(own[2..8], ["4 bit, confirmed", "851", &macro_f1, "4 bit, confirmed", "851", &macro_f1]);
    for (dataset, none) in [
        ("digits", "float: none qualifies"),
        ("iris", "none: the float model is not shown to have learned"),
        ("cancer", "no float model"),
    ] {
        assert_eq!(cells(dataset)[2..8], [none, "", "", none, "", ""]);
    }
    says(&text, &["### iris · mlp(100)\n\nThe float model is not shown to have learned: "]);
}

/// Two models on the same rows; the second is smaller by itself.
fn two_models(first: &Rows, second: &Rows) -> Records {
    let mut records = Records::default();
    for (model, rows) in [("mlp(100)", first), ("mlp(4)", second)] {
        add(&mut records, &fixtures::unit("wine", model, "numpy", 0, Some(shape(rows, 0))), rows);
    }
    for row in records.results.iter_mut().filter(|row| &*row.origin.unit.task.model == "mlp(4)") {
        fixtures::measures(row).size.stored.codes /= 10;
    }
    records
}

#[test]
fn models_on_the_same_rows_are_held_against_the_best_float_model() {
    let first = Rows::new(4000, 2, 40).with(8, [], 0).with(2, 0..400, 0);
    let second = Rows::new(4000, 2, 44).with(8, [], 0).with(4, 0..4, 0).with(2, 0..600, 0);
    let text = answer(&two_models(&first, &second), &rule());
    let (_, across) = text.split_once("### Across the models on wine\n").unwrap();
    // Against the better float model.
    let of = |predicted: &[u16]| Loss::of(&Metric::MacroF1, &[(&first, predicted)]);
    let loss = of(second.of(4));
    assert!(loss.upper(Z_95) < 0.01, "{loss:?}");
    says(
        goal(across, "For balance"),
        &[
            "**For balance: wine · mlp(4), 4 bit, confirmed within 0.01.** 85 bytes,",
            &format!(
                "against the best float model, wine · mlp(100), its macro-F1 is {} below it, a loss of at most {} (95 %).",
                loss.shown(loss.value),
                loss.shown(loss.upper(Z_95))
            ),
            // 1,703 of 85 bytes.
            "wine · mlp(100), 8 bit: 1,703 bytes, 20.04 times its size, and gains ",
        ],
    );

    // As good as the best, to the last row: it is as the best, and nothing is said to be lost.
    let text = answer(&two_models(&first, &Rows::new(4000, 2, 40).with(8, [], 0)), &rule());
    let (_, across) = text.split_once("### Across the models on wine\n").unwrap();
    let loss = of(first.float());
    says(
        goal(across, "For balance"),
        &[&format!(
            "against the best float model, wine · mlp(100), its macro-F1 is the same, a loss of at most {} (95 %).",
            loss.shown(loss.upper(Z_95))
        )],
    );
    says_not(across, &["is as,", "loses 0.0000"]);
}

#[test]
fn a_pick_across_models_that_is_shown_to_be_better_gains() {
    let first = Rows::new(1000, 2, 200).with(8, [], 0);
    let second = Rows::new(1000, 2, 201).with(8, [], 150);
    let text = answer(&two_models(&first, &second), &rule());
    let (_, across) = text.split_once("### Across the models on wine\n").unwrap();
    let loss = Loss::of(&Metric::MacroF1, &[(&first, second.of(8))]);
    assert!(loss.upper(Z_95) < 0.0);
    says(
        goal(across, "For balance"),
        &[&format!(
            "its macro-F1 is {} above it, a gain of at least {} (95 %).",
            loss.shown(-loss.value),
            loss.shown(-loss.upper(Z_95))
        )],
    );
}
