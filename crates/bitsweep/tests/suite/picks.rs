//! What an experiment asks of its picks, from its text to the report and the tables.

use std::collections::BTreeMap;

use crate::harness::{Sandbox, content, said};

/// Quantiles of the normal distribution.
const Z_95: f64 = 1.644_853_626_951_472_2;
const Z_90: f64 = 1.281_551_565_544_600_4;

/// 700 rows of three classes of different size, which overlap.
fn file() -> String {
    let mut table = "a,b,c,state\n".to_owned();
    let mut state = 1_u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / (1_u64 << 31) as f64 - 0.5
    };
    for row in 0..700 {
        let class = [0, 0, 0, 1, 1, 2, 1][row % 7];
        let [a, b, c] =
            [[0.0, 0.0, 1.0], [1.0, 0.4, 0.0], [0.2, 1.0, 0.3]][class].map(|at| at + 1.4 * noise());
        table += &format!("{a:.4},{b:.4},{c:.4},{}\n", ["low", "mid", "high"][class]);
    }
    table
}

/// A small network on it, half of the rows to test on; `pick` are lines of the table of that name.
fn experiment(pick: &str) -> String {
    format!(
        "title = 't'\n{pick}\n\
         [data.source.csv]\npath = 'd.csv'\ntarget = 'state'\n\
         [split.holdout]\ntest = 0.5\n\
         [model.mlp]\nhidden = 6\n[train]\nepochs = 12\nbatch_size = 16\nlearning_rate = 0.1\n\
         [quantize.weights]\nbits = [8, 4, 3, 2, 1]\n"
    )
}

fn sandbox(pick: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.put("d.csv", file());
    sandbox.put("mine.toml", experiment(pick));
    sandbox
}

/// A folder of results.
struct Results(Sandbox);

impl Results {
    fn of(pick: &str) -> Self {
        let sandbox = sandbox(pick);
        sandbox.succeeds(&["run", "mine.toml", "--quiet"]);
        Self(sandbox)
    }

    /// The rows of a table, each cell by its column.
    fn table(&self, name: &str) -> Vec<BTreeMap<String, String>> {
        let text = self.0.read(&format!("results/mine/{name}.csv"));
        let mut lines = text.lines();
        let header: Vec<String> = lines.next().unwrap().split(',').map(str::to_owned).collect();
        lines.map(|line| header.iter().cloned().zip(line.split(',').map(str::to_owned)).collect()).collect()
    }

    /// The report without its last part, which repeats the experiment.
    fn report(&self) -> String {
        self.0.read("results/mine/report.md")
    }

    /// By variant its predictions on the test rows: true class, float's and its own.
    fn predictions(&self) -> BTreeMap<String, Vec<[String; 3]>> {
        let mut all: BTreeMap<String, Vec<[String; 3]>> = BTreeMap::new();
        for row in self.table("predictions").iter().filter(|row| row["part"] == "test") {
            let cells = ["truth", "float", "quantized"].map(|column| row[column].clone());
            all.entry(row["label"].clone()).or_default().push(cells);
        }
        assert!(all.values().all(|rows| rows.len() == 350));
        all
    }

    fn verdicts(&self) -> Vec<BTreeMap<String, String>> {
        let verdicts = self.table("verdicts");
        let labels: Vec<&str> = verdicts.iter().map(|row| row["label"].as_str()).collect();
        assert_eq!(labels, ["8 bit", "4 bit", "3 bit", "2 bit", "1 bit"]);
        verdicts
    }
}

#[track_caller]
fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column}: {row:?}"))
}

/// Classes and what stands for them: `of` is the place of the predictions, 1 for float and 2 for the variant.
fn macro_f1(rows: &[[String; 3]], of: usize) -> f64 {
    let classes = ["low", "mid", "high"];
    let f1 = classes.map(|class| {
        let of_class = |place: usize| rows.iter().filter(|row| row[place] == class).count();
        let right = rows.iter().filter(|row| row[0] == class && row[of] == class).count();
        2.0 * right as f64 / (of_class(0) + of_class(of)) as f64
    });
    f1.iter().sum::<f64>() / 3.0
}

fn right(rows: &[[String; 3]], of: usize) -> f64 {
    rows.iter().filter(|row| row[0] == row[of]).count() as f64 / rows.len() as f64
}

/// The standard error of a difference of shares of the rows, with a row lost and one gained that were not seen.
fn standard_error(rows: &[[String; 3]]) -> f64 {
    let n = rows.len() as f64;
    let share = |of: usize| rows.iter().map(move |row| f64::from(u8::from(row[0] == row[of])));
    let losses: Vec<f64> = share(1).zip(share(2)).map(|(float, own)| float - own).collect();
    let mean = losses.iter().sum::<f64>() / n;
    (losses.iter().map(|loss| (loss - mean).powi(2)).sum::<f64>() + 2.0).sqrt() / n
}

#[test]
fn verdicts_are_those_of_the_predictions() {
    let results = Results::of("");
    let predictions = results.predictions();
    let mut lost = 0;
    for verdict in results.verdicts() {
        let rows = &predictions[&verdict["label"]];
        let loss = macro_f1(rows, 1) - macro_f1(rows, 2);
        assert!((number(&verdict, "loss") - loss).abs() < 1e-12, "{verdict:?} {loss}");
        let (error, upper) = (number(&verdict, "standard_error"), number(&verdict, "upper_bound"));
        assert!((upper - loss - Z_95 * error).abs() < 1e-12, "{verdict:?}");
        assert!((number(&verdict, "lower_bound") - loss + Z_95 * error).abs() < 1e-12, "{verdict:?}");
        let balance = match verdict["balance"].as_str() {
            "confirmed" => upper <= 0.01 && number(&verdict, "adjusted_p_value") <= 0.05,
            "likely" => upper <= 0.01 && number(&verdict, "adjusted_p_value") > 0.05,
            "worse" => number(&verdict, "lower_bound") >= 0.01,
            "undecided" => upper > 0.01 && number(&verdict, "lower_bound") < 0.01,
            other => panic!("{other}"),
        };
        assert!(balance, "{verdict:?}");
        lost += usize::from(loss > 0.0);
    }
    assert!(lost > 1);
}

#[test]
fn each_metric_decides_by_its_own_loss() {
    for (metric, words) in [
        ("'macro-f1'", "loss of macro-F1"),
        ("'accuracy'", "loss of accuracy"),
        ("{ recall = 'high' }", "loss of recall of high"),
        ("'log-loss'", "rise of log loss"),
    ] {
        let results = Results::of(&format!("[pick]\nmetric = {metric}"));
        let report = results.report();
        let rule = format!("The rule: balance is the smallest variant whose {words} against float is shown");
        assert!(report.contains(&rule), "{rule}: {report}");
        let predictions = results.predictions();
        let scores = results.table("results");
        let log_loss =
            |label: &str| number(scores.iter().find(|row| row["label"] == label).unwrap(), "log_loss");
        for verdict in results.verdicts() {
            let label = verdict["label"].as_str();
            let mut rows = predictions[label].clone();
            if words.contains("recall") {
                rows.retain(|row| row[0] == "high");
            }
            let (loss, error) = match words {
                "loss of macro-F1" => (macro_f1(&rows, 1) - macro_f1(&rows, 2), None),
                // Single losses are kept in single precision.
                "rise of log loss" => (log_loss(label) - log_loss("float"), None),
                _ => (right(&rows, 1) - right(&rows, 2), Some(standard_error(&rows))),
            };
            let close = if words == "rise of log loss" { 1e-6 } else { 1e-12 };
            assert!((number(&verdict, "loss") - loss).abs() < close, "{metric} {verdict:?} {loss}");
            if let Some(error) = error {
                assert!(
                    (number(&verdict, "standard_error") - error).abs() < 1e-12,
                    "{metric} {verdict:?} {error}"
                );
            }
        }
    }
}

#[test]
fn margins_confidence_and_budget_are_those_of_the_experiment() {
    let pick = "[pick]\nmargin = 0.06\nmemory_margin = 0.3\nconfidence = 0.9\nbudget_bytes = 80";
    let results = Results::of(pick);
    let report = results.report();
    for part in [
        "is shown, at 90 %, to be within 0.06, least memory the smallest within 0.3, and the best on these rows within 80 bytes",
        "**Within the budget: ",
        "(90 %, paired over 350 test rows)",
    ] {
        assert!(report.contains(part), "{part}: {report}");
    }
    let mut decided = 0;
    for verdict in results.verdicts() {
        let (loss, error) = (number(&verdict, "loss"), number(&verdict, "standard_error"));
        let (upper, lower) = (number(&verdict, "upper_bound"), number(&verdict, "lower_bound"));
        assert!((upper - loss - Z_90 * error).abs() < 1e-12 && (lower - loss + Z_90 * error).abs() < 1e-12);
        for (column, margin) in [("balance", 0.06), ("least_memory", 0.3)] {
            let is_within = ["confirmed", "likely"].contains(&verdict[column].as_str());
            assert_eq!(is_within, upper <= margin, "{column} {verdict:?}");
            assert_eq!(verdict[column] == "worse", lower >= margin, "{column} {verdict:?}");
            decided += usize::from(is_within);
        }
    }
    assert!(decided > 2);
    // Of the variants that fit, the one of least loss.
    let fits = results.verdicts().into_iter().filter(|row| number(row, "bytes") <= 80.0);
    let best = fits.min_by(|a, b| number(a, "loss").total_cmp(&number(b, "loss")));
    let told = best.unwrap()["label"].clone();
    assert!(report.contains(&format!("**Within the budget: {told}")), "{told}: {report}");
}

#[test]
fn a_budget_that_nothing_fits_is_told_with_what_the_smallest_takes() {
    let results = Results::of("[pick]\nbudget_bytes = 3");
    let smallest =
        results.verdicts().into_iter().min_by(|a, b| number(a, "bytes").total_cmp(&number(b, "bytes")));
    let smallest = smallest.unwrap();
    let report = results.report();
    let takes = format!(
        "The smallest variant, {}, takes {:.0} bytes.",
        smallest["label"],
        number(&smallest, "bytes")
    );
    assert!(
        report.contains("**Within the budget: none.** No pick: nothing is stored in 3 bytes."),
        "{report}"
    );
    assert!(report.contains(&takes), "{takes}: {report}");
}

#[test]
fn what_no_pick_can_be_by_is_refused_at_its_key() {
    for (pick, parts) in [
        ("margin = 2", &["mine.toml:3:", "`2` is no margin of loss", "from 0 to 1"][..]),
        ("margin = -0.1", &["mine.toml:3:", "`-0.1` is no margin of loss", "from 0 to 1"]),
        ("memory_margin = 1.5", &["mine.toml:3:", "`1.5` is no margin of loss"]),
        ("margin = 0.1\nconfidence = 1", &["mine.toml:4:", "`1` is no confidence", "from 0.5 to below 1"]),
        ("confidence = 0.3", &["mine.toml:3:", "`0.3` is no confidence"]),
        ("confidence = nan", &["mine.toml:3:", "is no confidence"]),
        ("metric = { recall = 'hihg' }", &["mine.toml:3:", "no class `hihg`", "`high`"]),
        ("metric = 'f1'", &["mine.toml:3:", "`f1`", "macro-f1", "accuracy", "log-loss"]),
        ("budget_bytes = -5", &["mine.toml:3:", "-5"]),
        (
            "balance_loss = 0.1",
            &[
                "mine.toml:3:",
                "`balance_loss`",
                "metric",
                "margin",
                "memory_margin",
                "confidence",
                "budget_bytes",
            ],
        ),
    ] {
        let sandbox = sandbox(&format!("[pick]\n{pick}"));
        for command in ["plan", "run"] {
            let output = sandbox.run(&[command, "mine.toml"]);
            assert_eq!(output.status.code(), Some(2), "{command} {pick}: {}", said(&output));
            for part in parts {
                assert!(said(&output).contains(part), "{command} {pick}, {part}: {}", said(&output));
            }
        }
        assert!(!sandbox.path("results").exists());
    }
}

#[test]
fn predictions_that_are_not_written_decide_all_the_same() {
    for pick in ["[pick]\nbudget_bytes = 80\n", "[pick]\nmetric = 'log-loss'\n"] {
        let written = Results::of(pick);
        let unwritten = Results::of(&format!("{pick}[record]\npredictions = false\n"));
        assert!(!unwritten.0.path("results/mine/predictions.csv").exists());
        let verdicts = |results: &Results| results.0.read("results/mine/verdicts.csv");
        assert_eq!(verdicts(&written), verdicts(&unwritten));
        let answer = |results: &Results| {
            let report = results.report();
            report.split("## Answer").nth(1).unwrap().split("\n## ").next().unwrap().to_owned()
        };
        assert_eq!(answer(&written), answer(&unwritten));
        assert!(answer(&written).contains("For balance"));
    }
}

#[test]
fn picks_do_not_depend_on_the_number_of_workers() {
    let sandbox = sandbox("seed = [0, 1]\n[pick]\nbudget_bytes = 80\nmetric = { recall = 'mid' }");
    let of = |jobs: &str| {
        sandbox.succeeds(&["run", "mine.toml", "--quiet", "--jobs", jobs, "--out", jobs]);
        let mut content = content(&sandbox.path(jobs).join("mine"));
        content.retain(|name, _| name != "timings.json");
        assert!(
            content.contains_key("verdicts.csv") && content.contains_key("report.md"),
            "{:?}",
            content.keys()
        );
        content
    };
    let (one, two) = (of("1"), of("2"));
    assert_eq!(one.keys().collect::<Vec<_>>(), two.keys().collect::<Vec<_>>());
    for (name, content) in &one {
        assert!(*content == two[name], "{name} differs");
    }
}
