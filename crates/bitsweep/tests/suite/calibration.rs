//! Calibrated rounding within a run: what it records, and what it refuses.

use bitsweep_results::{CalibrationMeasures, Choice, Flag, Records, ResultRow};

use crate::harness::{choice, experiment, flags, labels, measures, planned, refused, run, scores};

const EVERYTHING: &str = "[quantize]\n\
    method = [\"nearest\", \"gptq\", { gptq = { act_order = true } }, \"adaround\", \"hqq\", \"greedy\"]\n\
    bias_correction = [\"none\", \"empirical\"]\n\
    biases = \"quantize\"\n\
    calibration = { rows = 30 }\n\
    [quantize.weights]\nbits = 2\nsymmetry = \"asymmetric\"\nzero_point = \"float\"\ngranularity = \"column\"\n";

fn find<'a>(records: &'a Records, method: &str, correction: &str) -> &'a ResultRow {
    let found = records.results.iter().find(|row| {
        choice(row, Choice::Method) == method && choice(row, Choice::BiasCorrection) == correction
    });
    found.unwrap_or_else(|| panic!("no row of {method} and {correction}"))
}

#[test]
fn every_method_records_what_it_did() {
    let records = run(&experiment(EVERYTHING)).unwrap();
    assert_eq!(records.results.len(), 13);
    for row in &records.results[1..] {
        let CalibrationMeasures { rows, codes_changed, proxy_loss_nearest, proxy_loss } =
            measures(row).calibration.unwrap();
        assert_eq!(rows, 30);
        assert!(measures(row).size.biases == 0 && measures(row).size.stored.codes > 0);
        let method = choice(row, Choice::Method);
        assert_eq!(method == "nearest", codes_changed == 0, "{method}");
        let raised = flags(row).contains(&Flag::MethodRaisedOutputError);
        assert_eq!(raised, proxy_loss > proxy_loss_nearest, "{method}");
        match method.as_str() {
            "nearest" => assert_eq!(proxy_loss, proxy_loss_nearest),
            "gptq" | "gptq(act order)" | "greedy" => assert!(proxy_loss < proxy_loss_nearest),
            _ => {}
        }
    }
    assert_eq!(measures(&records.results[0]).calibration, None);
    assert_eq!(choice(&records.results[0], Choice::Method), "");
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
    let rows = plain.results.iter().zip(&measured.results).skip(1);
    for (plain, measured) in rows.map(|(plain, measured)| (measures(plain), measures(measured))) {
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
    assert_eq!(measures(without).error, measures(with).error);
    assert_ne!(scores(without), scores(with));
}

#[test]
fn any_format_can_have_its_biases_corrected() {
    let formats = "[quantize]\nbias_correction = \"empirical\"\n[quantize.weights]\n\
        format = [\"f16\", { vq = { centroids = 4 } }, { pq = { subvectors = 2, centroids = 4 } }]\n";
    let records = run(&experiment(formats)).unwrap();
    assert!(records.results[1..].iter().all(|row| measures(row).calibration.is_some()));
}

#[test]
fn labels_name_the_calibration_where_it_varies() {
    let plan = planned(&experiment(
        "[quantize]\nmethod = [\"nearest\", \"gptq\"]\ncalibration = { rows = [16, 64] }\n\
         [quantize.weights]\nbits = 4\n",
    ));
    assert_eq!(
        labels(&plan.unwrap()),
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
    refused(&text, &["unknown choice `gtpq`", "mine.toml:14:10", "did you mean `gptq`?"]);
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
    let parts = ["calibration (`method`", "cannot be combined with a tensor", "it has no inputs"];
    refused(text, &parts);
    refused(text, &["or quantize a model", "mine.toml:6:10"]);
}

#[test]
fn ranges_by_output_error_lower_it_and_say_so() {
    let quantize = "[quantize]\nbiases = [\"keep\", \"quantize\"]\ncalibration = {}\n\
        [quantize.weights]\nbits = [4, 2]\ngranularity = \"column\"\nrange = [\"min-max\", \"output-mse\"]\n";
    let records = run(&experiment(quantize)).unwrap();
    let row = |bits: u32, biases: &str, range: &str| {
        let found = records.results.iter().find(|row| {
            row.origin.variant.choices.bits() == bits
                && choice(row, Choice::Biases) == biases
                && choice(row, Choice::Range) == range
        });
        measures(found.unwrap()).calibration.unwrap()
    };
    for bits in [4, 2] {
        let (min_max, output) = (row(bits, "keep", "min-max"), row(bits, "keep", "output-mse"));
        assert!(output.codes_changed > 0 && output.proxy_loss < output.proxy_loss_nearest, "{bits} bits");
        assert_eq!((min_max.codes_changed, min_max.proxy_loss), (0, min_max.proxy_loss_nearest));
        assert!(row(bits, "quantize", "output-mse").proxy_loss > 0.0);
    }
}

#[test]
fn a_range_by_output_error_that_changed_nothing_is_flagged() {
    // Weights that are levels of their min-max ranges already.
    let layer = format!("{{ weight = {:?}, bias = [0.0, 0.0, 0.0] }}", [[1.0, -1.0, 0.0]; 13]);
    let text = format!(
        "title = 't'\n[data]\nsource = 'wine'\n[split.holdout]\ntest = 0.2\n[model.given]\nlayers = [{layer}]\n\
         [quantize.weights]\nbits = 2\ngranularity = 'column'\nrange = 'output-mse'\n"
    );
    let records = run(&text).unwrap();
    assert!(flags(&records.results[1]).contains(&Flag::OutputRangeChangedNothing));
}

#[test]
fn analytic_bias_correction_moves_biases_alone_and_near_the_empirical_ones() {
    let quantize = "[quantize]\nbias_correction = [\"none\", \"empirical\", \"analytic\"]\ncalibration = {}\n\
        [quantize.weights]\nbits = 2\n";
    let records = run(&experiment(quantize)).unwrap();
    let [none, empirical, analytic] =
        ["none", "empirical", "analytic"].map(|correction| find(&records, "nearest", correction));
    let (plain, corrected) = (measures(none), measures(analytic));
    assert_eq!((plain.error, plain.size), (corrected.error, corrected.size));
    assert_ne!(scores(none), scores(analytic));
    assert_ne!(scores(empirical), scores(analytic));
    assert_eq!(flags(analytic), flags(none));
}

#[test]
fn a_bias_correction_of_inputs_of_mean_zero_is_flagged() {
    // One layer, its features standardized: no change of the weights moves the mean output.
    let one_layer = |correction: &str| {
        let quantize =
            format!("[quantize]\nbias_correction = \"{correction}\"\n[quantize.weights]\nbits = 4\n");
        experiment(&quantize).replace("[model.mlp]\nhidden = 8\n", "[model.softmax-regression]\n")
    };
    for correction in ["empirical", "analytic"] {
        let records = run(&one_layer(correction)).unwrap();
        assert!(flags(&records.results[1]).contains(&Flag::BiasCorrectionChangedNothing), "{correction}");
    }
}

#[test]
fn a_tensor_has_no_range_by_output_error() {
    let text = "title = \"t\"\n[tensor]\nname = \"t\"\nvalues = [1, 2]\n\
        [quantize.weights]\nbits = 4\nrange = \"output-mse\"\n";
    refused(text, &["`range = \"output-mse\"`", "cannot be combined with a tensor", "it has no inputs"]);
}

#[test]
fn training_refuses_ranges_by_output_error() {
    let text = experiment(
        "[quantize]\ntraining = { method = \"straight-through\" }\n\
         [quantize.weights]\nbits = 4\nrange = \"output-mse\"\n",
    );
    refused(&text, &["calibration (", "cannot be combined with `training`"]);
}

/// The variant's transform, and the unit's scaling in place of the standard one.
fn transformed(transform: &str, weights: &str) -> String {
    experiment(&format!("[quantize]\ntransform = {transform}\n[quantize.weights]\n{weights}\n"))
}

#[test]
fn scaled_inputs_leave_the_float_function_as_it_was() {
    // At 16 bits the quantized model is the float one but for the last digits.
    for transform in ["{ smooth = { alpha = 0.5 } }", "\"awq\""] {
        let records = run(&transformed(transform, "bits = 16\ngranularity = \"column\"")).unwrap();
        let [float, row] = &records.results[..] else { panic!("{} rows", records.results.len()) };
        let loss = |row: &ResultRow| scores(row).log_loss;
        assert!((loss(float) - loss(row)).abs() < 1e-4, "{transform}: {} {}", loss(float), loss(row));
        assert_eq!(scores(row).agreement, 1.0);
    }
}

#[test]
fn transforms_that_look_at_inputs_act_and_are_recorded() {
    let transforms = "[\"none\", { smooth = { alpha = 0.5 } }, \"awq\"]";
    let records = run(&transformed(transforms, "bits = 3\ngranularity = \"column\"")).unwrap();
    let [_, none, smooth, awq] = &records.results[..] else { panic!("{} rows", records.results.len()) };
    assert_eq!((choice(none, Choice::Transform).as_str(), measures(none).calibration), ("none", None));
    // A strength of 0.5 is the usual one, which has no need to be said.
    for (row, name) in [(smooth, "smooth"), (awq, "awq")] {
        assert_eq!(choice(row, Choice::Transform), name);
        assert_eq!(measures(row).calibration.unwrap().rows, 142);
        assert_ne!(measures(row).error, measures(none).error);
        assert_eq!(flags(row), []);
    }
}

#[test]
fn learned_scales_lower_the_output_error() {
    let quantize = "[quantize]\nmethod = { learned-scale = { iterations = 50 } }\n\
        [quantize.weights]\nbits = 2\ngranularity = \"column\"\n";
    let records = run(&experiment(quantize)).unwrap();
    let row = &records.results[1];
    assert_eq!(choice(row, Choice::Method), "learned-scale(iterations 50)");
    let CalibrationMeasures { proxy_loss_nearest, proxy_loss, .. } = measures(row).calibration.unwrap();
    assert!(proxy_loss < proxy_loss_nearest);
    assert_eq!(flags(row), []);
}

#[test]
fn feature_factors_are_free_beside_a_standard_scaler_and_counted_elsewhere() {
    let bytes = |scale: &str| {
        let text = transformed("[\"none\", \"awq\"]", "bits = 3").replace("scale = \"standard\"", scale);
        let records = run(&text).unwrap();
        [1, 2].map(|variant| measures(&records.results[variant]).size.total())
    };
    let [none, awq] = bytes("scale = \"standard\"");
    assert_eq!(none, awq);
    // A divisor for each of 13 features, in place of one of all.
    let [none, awq] = bytes("scale = { divide = 100 }");
    assert_eq!(none - 4 + 13 * 4, awq);
}

#[test]
fn high_bias_absorption_says_what_it_did() {
    let records = run(&transformed("\"high-bias-absorption\"", "bits = 8")).unwrap();
    let row = &records.results[1];
    let flag = flags(row).iter().find_map(|flag| match flag {
        Flag::TransformChangedNothing | Flag::LogitsMoved { .. } => {
            Some(flag.words(&row.origin.variant.choices, 1))
        }
        _ => None,
    });
    let flag = flag.unwrap();
    let says = flag == "high-bias-absorption changed nothing"
        || flag.starts_with("high-bias absorption moved float logits of calibration rows by up to");
    assert!(says, "{flag}");
}

#[test]
fn transforms_that_look_at_inputs_are_refused_where_there_are_none() {
    for transform in ["\"awq\"", "{ smooth = { alpha = 0.5 } }", "\"high-bias-absorption\""] {
        let text = format!(
            "title = \"t\"\n[tensor]\nname = \"t\"\nvalues = [1, 2]\n\
             [quantize]\ntransform = {transform}\n[quantize.weights]\nbits = 4\n"
        );
        refused(&text, &["`transform` cannot be combined with a tensor", "no inputs"]);
        let text = transformed(transform, "bits = 4")
            .replace("[quantize]\n", "[quantize]\ntraining = { method = \"straight-through\" }\n");
        refused(&text, &["transforms of inputs) cannot be combined with `training`"]);
    }
    refused(
        &transformed("{ smooth = { alpha = 2.0 } }", "bits = 4"),
        &["`2` is not a migration strength: expected 0 to 1"],
    );
}

#[test]
fn outliers_have_their_own_bytes_and_leave_keys_of_others_alone() {
    let weights = "[quantize.weights]\nbits = 2\noutliers = [\"none\", { percent = 2.0 }]\n";
    let records = run(&experiment(weights)).unwrap();
    let [none, split] = [&records.results[1], &records.results[2]];
    let (none, split) = (measures(none), measures(split));
    assert!(none.size.stored.outliers == 0 && split.size.stored.outliers > 0);
    assert_eq!(none.size.total() + split.size.stored.outliers, split.size.total());
    assert!(split.error.sse < none.error.sse);
    let key = |weights: &str| {
        let plan = planned(&experiment(weights)).unwrap();
        plan.units[0].row_key(&plan.units[0].variants[0].identity)
    };
    let plain = key("[quantize.weights]\nbits = 2\n");
    assert_eq!(plain, key("[quantize.weights]\nbits = 2\noutliers = \"none\"\n"));
    assert_ne!(plain, key("[quantize.weights]\nbits = 2\noutliers = { percent = 2.0 }\n"));
}

#[test]
fn a_label_says_the_share_of_outliers() {
    let weights = "[quantize.weights]\nbits = 2\noutliers = [\"none\", { percent = 2.0 }]\n";
    assert_eq!(labels(&planned(&experiment(weights)).unwrap()), ["no outliers", "2 % outliers"]);
}

#[test]
fn training_and_calibrated_methods_refuse_outliers_at_their_place() {
    let weights = "[quantize.weights]\nbits = 4\noutliers = { percent = 1.0 }\n";
    refused(
        &experiment(&format!("[quantize]\nmethod = \"gptq\"\n{weights}")),
        &["`outliers = 1 %` does not combine with `method = gptq`", "mine.toml:14:10"],
    );
    for method in ["straight-through", "lsq"] {
        refused(
            &experiment(&format!("[quantize]\ntraining = {{ method = \"{method}\" }}\n{weights}")),
            &["training does not know `outliers = 1 %`"],
        );
    }
}
