//! Calibrated rounding within a run: what it records, and what it refuses.

#![allow(clippy::unwrap_used, missing_docs)]

use bitsweep::config::Document;
use bitsweep::failure::Failure;
use bitsweep::pipeline;
use bitsweep::plan::Plan;
use bitsweep::progress::{Progress, Verbosity};
use bitsweep_results::{CalibrationMeasures, Records, ResultRow};

/// A small network on wine; `quantize` are the tables of its variants.
fn experiment(quantize: &str) -> String {
    format!(
        "title = \"test\"\n\
         [data]\nsource = \"wine\"\nscale = \"standard\"\n\
         [split.holdout]\ntest = 0.2\n\
         [model.mlp]\nhidden = 8\n\
         [train]\nepochs = 5\nbatch_size = 32\nlearning_rate = 0.1\n\
         {quantize}"
    )
}

fn planned(text: &str) -> Result<Plan, Failure> {
    Plan::new("mine", &Document::new("mine.toml", text, &[]))
}

fn run(text: &str) -> Result<Records, Failure> {
    let plan = planned(text)?;
    let progress = Progress::new(Verbosity::Quiet, plan.units.len());
    pipeline::run(&plan, &progress, &|| true).map(|outcome| outcome.records)
}

#[track_caller]
fn refused(text: &str, parts: &[&str]) {
    let error = run(text).unwrap_err().to_string();
    for part in parts {
        assert!(error.contains(part), "{error}");
    }
}

const EVERYTHING: &str = "[quantize]\n\
    method = [\"nearest\", \"gptq\", { gptq = { act_order = true } }, \"adaround\", \"hqq\", \"greedy\"]\n\
    bias_correction = [\"none\", \"empirical\"]\n\
    biases = \"quantize\"\n\
    calibration = { rows = 30 }\n\
    [quantize.weights]\nbits = 2\nsymmetry = \"asymmetric\"\nzero_point = \"float\"\ngranularity = \"column\"\n";

fn find<'a>(records: &'a Records, method: &str, correction: &str) -> &'a ResultRow {
    let found = records
        .results
        .iter()
        .find(|row| row.axis("method") == method && row.axis("bias_correction") == correction);
    found.unwrap_or_else(|| panic!("no row of {method} and {correction}"))
}

#[test]
fn every_method_records_what_it_did() {
    let records = run(&experiment(EVERYTHING)).unwrap();
    assert_eq!(records.results.len(), 13);
    for row in &records.results[1..] {
        let CalibrationMeasures { rows, codes_changed, proxy_loss_nearest, proxy_loss } =
            row.calibration.unwrap();
        assert_eq!(rows, 30);
        assert!(row.size.biases == 0 && row.size.codes > 0);
        assert_eq!(row.axis("method") == "nearest", codes_changed == 0, "{}", row.label);
        assert_eq!(row.flag.contains("raised the output error"), proxy_loss > proxy_loss_nearest);
        match row.axis("method") {
            "nearest" => assert_eq!(proxy_loss, proxy_loss_nearest),
            "gptq" | "gptq(act order)" | "greedy" => assert!(proxy_loss < proxy_loss_nearest),
            _ => {}
        }
    }
    assert_eq!(records.results[0].calibration, None);
    assert_eq!(records.results[0].axis("method"), "");
}

#[test]
fn the_same_experiment_gives_the_same_records() {
    assert_eq!(run(&experiment(EVERYTHING)).unwrap(), run(&experiment(EVERYTHING)).unwrap());
}

#[test]
fn measuring_the_output_error_of_nearest_changes_nothing_else() {
    let weights = "[quantize.weights]\nbits = [4, 3]\nrounding = \"stochastic\"\n";
    let plain = run(&experiment(weights)).unwrap();
    let measured = run(&experiment(&format!("[quantize.calibration]\n{weights}"))).unwrap();
    for (plain, measured) in plain.results.iter().zip(&measured.results).skip(1) {
        assert_eq!(plain.calibration, None);
        assert_eq!(measured.calibration.unwrap().codes_changed, 0);
        assert_eq!(
            (&plain.scores, plain.error, plain.size),
            (&measured.scores, measured.error, measured.size)
        );
    }
}

#[test]
fn bias_correction_moves_biases_alone() {
    let records = run(&experiment(&EVERYTHING.replace("biases = \"quantize\"\n", ""))).unwrap();
    let (without, with) = (find(&records, "nearest", "none"), find(&records, "nearest", "empirical"));
    // The first layer's codes are the same; those of later layers, too, as nearest does not look at inputs.
    assert_eq!(without.error, with.error);
    assert_ne!(without.scores, with.scores);
}

#[test]
fn any_format_can_have_its_biases_corrected() {
    let formats = "[quantize]\nbias_correction = \"empirical\"\n[quantize.weights]\n\
        format = [\"f16\", { vq = { centroids = 4 } }, { pq = { subvectors = 2, centroids = 4 } }]\n";
    let records = run(&experiment(formats)).unwrap();
    assert!(records.results[1..].iter().all(|row| row.calibration.is_some()));
}

#[test]
fn labels_name_the_calibration_where_it_varies() {
    let plan = planned(&experiment(
        "[quantize]\nmethod = [\"nearest\", \"gptq\"]\ncalibration = { rows = [16, 64] }\n\
         [quantize.weights]\nbits = 4\n",
    ));
    let plan = plan.unwrap();
    let labels: Vec<&str> = plan.units[0].variants.iter().map(|variant| variant.label.as_str()).collect();
    assert_eq!(
        labels,
        [
            "nearest · calibrated on 16 rows",
            "nearest · calibrated on 64 rows",
            "gptq · calibrated on 16 rows",
            "gptq · calibrated on 64 rows"
        ]
    );
}

#[test]
fn a_method_that_does_not_combine_is_refused_at_its_place() {
    let text = experiment("[quantize]\nmethod = \"gptq\"\n[quantize.weights]\nformat = \"f16\"\n");
    refused(&text, &["`method = gptq` does not apply to format `f16`", "mine.toml:14:10"]);
    let text = experiment("[quantize]\nmethod = \"gtpq\"\n[quantize.weights]\nbits = 4\n");
    refused(&text, &["unknown variant `gtpq`", "mine.toml:14:10", "did you mean `gptq`?"]);
    let text = experiment("[quantize]\nmethod = { gptq = { damp = -1 } }\n[quantize.weights]\nbits = 4\n");
    refused(&text, &["mine.toml:14:", "damp"]);
}

#[test]
fn more_calibration_rows_than_training_rows_are_refused() {
    let text = experiment("[quantize.calibration]\nrows = 1000\n[quantize.weights]\nbits = 4\n");
    refused(&text, &["`calibration.rows = 1000` but there are 142 training rows: expected at most as many"]);
    let text = experiment("[quantize.calibration]\nrows = 0\n[quantize.weights]\nbits = 4\n");
    refused(&text, &["mine.toml:14:8"]);
}

#[test]
fn a_tensor_has_no_inputs_to_calibrate_on() {
    let text = "title = \"t\"\n[tensor]\nname = \"t\"\nvalues = [1, 2]\n\
        [quantize]\nmethod = \"greedy\"\n[quantize.weights]\nbits = 4\n";
    refused(text, &["`method = greedy`", "a tensor has none", "or quantize a model"]);
}
