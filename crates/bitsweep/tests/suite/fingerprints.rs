//! The numbers of every stage, held by a hash beside the stage's version.
//!
//! A key hashes the versions of the stages that lie behind a row: numbers that change under an old version would be taken
//! for those of before. After a change that is meant, raise the version in `src/plan/stages.rs` and run this test with
//! `UPDATE_FINGERPRINTS=1`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use bitsweep::plan::{Plan, Stage, passed, unit_stages};
use bitsweep_results::{Measures, Records};

use crate::harness::{planned, run};

/// A tensor of ordinary weights with an outlier; `quantize` are the tables of its variants.
fn tensor(quantize: &str) -> String {
    format!(
        "title = 't'\n[tensor]\nname = 't'\nquery = [1, -2, 0.5, 3, 1, 0.25]\nvalues = [\n\
         [0.31, -0.72, 0.05, 1.9, -0.44, 0.61],\n[-1.2, 0.83, 0.27, -0.09, 0.55, -0.31],\n\
         [0.02, 0.47, -0.95, 0.66, -6.1, 0.18],\n[1.04, -0.38, 0.71, -0.22, 0.13, 0.9],\n\
         [0.36, 0.11, -0.58, 0.49, -0.07, -1.33],\n]\n{quantize}\n"
    )
}

/// A small network on wine.
fn network(quantize: &str) -> String {
    model(
        "[model.mlp]\nhidden = [[7, 5]]\n[train]\nepochs = 4\nbatch_size = 16\nlearning_rate = 0.1\n",
        quantize,
    )
}

fn model(model: &str, quantize: &str) -> String {
    format!(
        "title = 't'\nseed = 2\n[data]\nsource = 'wine'\nscale = 'standard'\n\
         [split.holdout]\ntest = 0.3\nstratified = true\n{model}{quantize}\n"
    )
}

/// Tables that add `line` to weights of 3 bits.
fn weights(line: &str) -> String {
    format!("[quantize.weights]\nbits = 3\n{line}\n")
}

fn of_tensor(line: &str) -> String {
    tensor(&format!("[quantize.weights]\n{line}\n"))
}

/// `line` of the variant with weights of 3 bits, asymmetric with a float zero point: what every method takes.
fn method(line: &str) -> String {
    network(&format!(
        "[quantize]\n{line}\n{}",
        weights("symmetry = 'asymmetric'\nzero_point = 'float'\ngranularity = 'output-channel'")
    ))
}

fn training(line: &str, format: &str) -> String {
    network(&format!(
        "[quantize.training]\nepochs = 2\nmethod = {line}\n[quantize.weights]\nbits = 3\n{format}\n"
    ))
}

/// An experiment that passes the stage, and as few others as may be.
fn sample(stage: Stage) -> String {
    let biases = "[quantize]\nbiases = 'quantize'\n";
    match stage {
        Stage::ReadTable => model("[model.logistic]\n", &weights("")).replace(
            "source = 'wine'",
            "source.csv = { path = 'tests/suite/cases/number-classes.csv', target = 'y' }",
        ),
        Stage::Encode => model("[model.logistic]\n", &weights("")).replace(
            "source = 'wine'",
            "source.csv = { path = 'tests/suite/cases/gaps-and-texts.csv', target = 'y', missing = 'indicator' }",
        ),
        Stage::Split | Stage::Scale | Stage::Train | Stage::Score => {
            network(&format!("{biases}{}", weights("")))
        }
        Stage::KFold => {
            network(&weights("")).replace("[split.holdout]\ntest = 0.3", "[split.k-fold]\nfolds = 3")
        }
        Stage::Validation => network(&weights("")).replace("test = 0.3", "test = 0.3\nvalidation = 0.2"),
        Stage::FitLogistic => model("[model.logistic]\nmulticlass = 'multinomial'\n", &weights("")),
        Stage::ClassWeights => model(
            "[[model]]\nsoftmax-regression = {}\n\
             [[model]]\nlogistic = { class_weights = ['balanced', { class_2 = 3.5 }] }\n\
             [train]\nepochs = 4\nbatch_size = 16\nlearning_rate = 0.1\nclass_weights = 'balanced'\n",
            &weights(""),
        ),
        Stage::FoldScaler => network(&format!("[quantize]\nscaler = 'fold'\n{}", weights(""))),
        Stage::AbsmaxEqualization => {
            network(&format!("[quantize]\ntransform = 'absmax-equalization'\n{}", weights("")))
        }
        Stage::CrossLayerEqualization => {
            network(&format!("[quantize]\ntransform = 'cross-layer-equalization'\n{}", weights("")))
        }
        Stage::Smooth => {
            network(&format!("[quantize]\ntransform = {{ smooth = {{ alpha = 0.4 }} }}\n{}", weights("")))
        }
        Stage::Awq => network(&format!("[quantize]\ntransform = 'awq'\n{}", weights(""))),
        Stage::HighBiasAbsorption => {
            network(&format!("[quantize]\ntransform = 'high-bias-absorption'\n{}", weights("")))
        }
        Stage::Integer => tensor(
            "[[quantize]]\nweights = { bits = [1, 2, 5, 8, 12], granularity = ['tensor', 'input-channel', { group = 2 }] }\n\
             [[quantize]]\nweights = { bits = [2, 4, 8], symmetry = 'asymmetric', zero_point = ['integer', 'float', 'minimum'] }\n\
             [[quantize]]\nweights = { bits = [3, 6], code_range = 'full', rounding = ['nearest-even', 'half-away'] }\n\
             [[quantize]]\nweights = { bits = [3, 6], code_range = 'covering', granularity = ['tensor', 'input-channel'] }",
        ),
        Stage::Float16 => of_tensor("format = ['f16', 'bf16']"),
        Stage::Codebook => of_tensor(
            "format = [{ vq = { centroids = 4 } }, { vq = { centroids = 3, width = 2 } }, { pq = { subvectors = 2, centroids = 3 } }, { residual = { stages = 2, centroids = 3, width = 2 } }]\ncodebook_format = ['float', 'f16', 'int8']",
        ),
        Stage::Dorefa => of_tensor("format = 'dorefa'\nbits = [1, 3]"),
        Stage::Wrpn => of_tensor("format = 'wrpn'\nbits = [2, 4]"),
        Stage::Levels => tensor(
            "[[quantize]]\nweights = { format = ['fp8-e4m3', 'fp8-e5m2', 'fp6-e3m2', 'fp4-e2m1', { fp = { exponent = 2, mantissa = 2 } }, { ternary = 'least-error' }, { ternary = 'absmean' }] }\n\
             [[quantize]]\nweights = { format = ['nf', 'sf', 'power-of-two', 'additive-power-of-two'], bits = [3, 4] }",
        ),
        Stage::Gguf => of_tensor("format = ['q4_0', 'q4_1', 'q5_0', 'q5_1', 'q8_0']"),
        Stage::ScaleFormat => tensor(
            "[[quantize]]\nweights = { bits = 4, granularity = 'input-channel', scale_format = ['f16', 'bf16', 'e8m0-floor', 'e8m0-ceiling', 'two-level', 'double'] }\n\
             [[quantize]]\nweights = { format = 'fp8-e4m3', scale_format = 'none' }",
        ),
        Stage::StochasticRounding => of_tensor("bits = [2, 4]\nrounding = 'stochastic'"),
        Stage::Outliers => of_tensor("bits = 3\noutliers = { percent = 10 }"),
        Stage::PercentileRange => {
            of_tensor("bits = 4\nrange = { percentile = 90 }\nsymmetry = ['symmetric', 'asymmetric']")
        }
        Stage::MseRange => tensor(
            "[[quantize]]\nweights = { bits = [2, 4], range = 'mse', symmetry = ['symmetric', 'asymmetric'] }\n\
             [[quantize]]\nweights = { bits = [2, 4], range = 'mse', code_range = ['full', 'covering'], granularity = 'input-channel' }",
        ),
        Stage::KlRange => of_tensor("bits = [2, 4]\nrange = 'kl'\nsymmetry = ['symmetric', 'asymmetric']"),
        Stage::OutputMseRange => network(&weights("range = 'output-mse'")),
        Stage::Calibration => method("calibration = { rows = 40 }"),
        Stage::Gptq => method("method = ['gptq', { gptq = { act_order = true } }]"),
        Stage::AdaRound => method("method = 'adaround'"),
        Stage::Hqq => method("method = 'hqq'"),
        Stage::Greedy => method("method = 'greedy'"),
        Stage::LearnedScale => network(&format!("[quantize]\nmethod = 'learned-scale'\n{}", weights(""))),
        Stage::EmpiricalBiasCorrection => method("bias_correction = 'empirical'"),
        Stage::AnalyticBiasCorrection => method("bias_correction = 'analytic'"),
        Stage::StaticActivations => network(&format!(
            "[quantize.activations]\nbits = 4\nmode = 'static'\nrange = ['min-max', {{ moving-average = {{ momentum = 0.1, batch = 16 }} }}]\n{}",
            weights("")
        )),
        Stage::DynamicActivations => network(&format!(
            "[quantize.activations]\nbits = 4\nmode = 'dynamic'\ngranularity = ['tensor', 'row']\n{}",
            weights("")
        )),
        Stage::Requantize => network(&format!(
            "[quantize.activations]\nbits = 8\nmode = 'static'\nrequantize = ['fixed-point', 'power-of-two']\n{}",
            weights("symmetry = 'symmetric'")
        )),
        // Wines have fractions, pictures of digits have none.
        Stage::IntegerFeatures => network(&format!(
            "[quantize.activations]\nbits = 8\nmode = 'static'\nrequantize = 'fixed-point'\nfeatures = 'integer'\n{}",
            weights("symmetry = 'symmetric'")
        ))
        .replace("source = 'wine'\nscale = 'standard'", "source = 'digits'\nscale = { divide = 16 }"),
        Stage::Mixed => network(
            "[quantize.weights]\nsymmetry = 'symmetric'\n[quantize.mixed]\nbits = [2, 3, 5]\nbudget = [{ uniform_bits = 3 }, { macro_f1_loss = 0.05 }]\n",
        ),
        Stage::StraightThrough => training("'straight-through'", ""),
        Stage::Lsq => training("'lsq'", ""),
        Stage::DorefaTraining => {
            training("{ dorefa = { activations = 4, gradients = 6 } }", "format = 'dorefa'")
        }
        Stage::WrpnTraining => training("{ wrpn = { activations = 4 } }", "format = 'wrpn'"),
        Stage::Pact => training("{ pact = { activations = 4 } }", ""),
    }
}

/// The stages that some variant of the plan passes, with their versions.
fn versions(plan: &Plan) -> BTreeMap<&'static str, u32> {
    let stages = plan.units.iter().flat_map(|unit| {
        let subject = &unit.spec.subject;
        let variants = unit.variants.iter().flat_map(move |planned| passed(subject, Some(&planned.variant)));
        unit_stages(subject).into_iter().chain(variants)
    });
    stages.map(|stage| (stage.name(), stage.version())).collect()
}

/// A hash over the numbers of all rows, by their bits.
fn hash(records: &Records) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut add = |numbers: &[f64]| {
        for number in numbers {
            hasher.update(&number.to_bits().to_le_bytes());
        }
    };
    for row in &records.results {
        let measures = row.result.as_ref().unwrap_or_else(|failure| panic!("{failure}"));
        let Measures { scores, error, calibration, clipped_activations, size, layer_bits, flags } = measures;
        add(&[
            error.sse,
            error.mse,
            error.max_error,
            error.sqnr_db,
            size.total() as f64,
            size.payload as f64,
        ]);
        add(&[clipped_activations.unwrap_or(-1.0), flags.len() as f64]);
        add(&layer_bits.iter().map(|(_, bits)| f64::from(*bits)).collect::<Vec<_>>());
        if let Some(scores) = scores {
            let (accuracy, macro_f1) = (scores.accuracy, scores.macro_f1);
            add(&[accuracy.value, accuracy.low, accuracy.high, macro_f1.value, macro_f1.low, macro_f1.high]);
            add(&[scores.log_loss, scores.agreement, scores.p_value.unwrap_or(-1.0), scores.brier]);
            add(&[scores.calibration_error.unwrap_or(-1.0)]);
            if let Some(against) = &scores.against_float {
                add(&[against.macro_f1_p_value, against.kl_mean, against.kl_standard_error.unwrap_or(-1.0)]);
                add(&[against.kl_median, against.kl_p99]);
                add(&[against.probability_change_rms, against.margin_change_mean, against.brier_change]);
            }
        }
        if let Some(calibration) = calibration {
            add(&[calibration.codes_changed as f64, calibration.proxy_loss_nearest, calibration.proxy_loss]);
        }
    }
    for row in &records.tensors.rows {
        add(&[row.scale.unwrap_or(-1.0), row.zero_point.unwrap_or(-1.0), row.sse, row.max_error]);
    }
    records.values.rows.iter().for_each(|row| add(&[row.code as f64, row.reconstruction]));
    records.codebooks.rows.iter().for_each(|row| add(&[row.value]));
    records.products.rows.iter().for_each(|row| add(&[row.exact, row.lookup]));
    records.curves.iter().flat_map(|curve| &curve.losses).for_each(|loss| add(&[loss.loss_sum, loss.loss]));
    hasher.finalize().to_hex()[..16].to_owned()
}

fn file() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/fingerprints.txt")
}

#[test]
fn no_stage_changes_its_numbers_under_an_old_version() {
    let mut lines = String::new();
    for &stage in Stage::ALL {
        let text = sample(stage);
        let plan = planned(&text).unwrap_or_else(|error| panic!("{}: {error}", stage.name()));
        let versions = versions(&plan);
        assert!(versions.contains_key(stage.name()), "the sample of `{}` does not pass it", stage.name());
        let versions: Vec<String> =
            versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
        writeln!(lines, "{} {}: {}", stage.name(), hash(&run(&text).unwrap()), versions.join(", ")).unwrap();
    }
    if std::env::var_os("UPDATE_FINGERPRINTS").is_some() {
        fs::write(file(), &lines).unwrap();
    }
    let committed = fs::read_to_string(file()).unwrap_or_default();
    for (line, known) in lines.lines().zip(committed.lines()) {
        let (numbers, versions) = line.split_once(": ").unwrap();
        let (known_numbers, known_versions) = known.split_once(": ").unwrap();
        assert!(
            numbers == known_numbers || versions != known_versions,
            "the numbers of {numbers} are not those of {known_numbers}: raise the version of the stage that changed"
        );
    }
    assert_eq!(lines, committed, "versions changed: run this test with UPDATE_FINGERPRINTS=1");
}
