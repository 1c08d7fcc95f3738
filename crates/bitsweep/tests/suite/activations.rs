//! Quantized inputs of layers within a run: what is recorded of them, how variants are named, and what is refused.

use bitsweep_results::{Choice, ErrorPart, Flag, ResultRow};

use crate::harness::{choice, experiment, flags, layer_bits, measures, planned, refused, run, scores};

/// What each variant is called, and the series that it belongs to.
fn labels(text: &str) -> Vec<(String, String)> {
    let plan = planned(text).unwrap();
    let label = |variant| plan.labels.get(variant);
    let variants = plan.units[0].variants.iter().map(|planned| label(&planned.identity.row));
    variants.map(|label| (label.text().to_owned(), label.series().to_owned())).collect()
}

const WEIGHTS: &str = "[quantize.weights]\nbits = 8\n";

/// Variants with 8-bit weights, one for each table of activations.
fn activations(tables: &[&str]) -> String {
    experiment(&format!("{WEIGHTS}[quantize]\nactivations = [{}]\n", tables.join(", ")))
}

fn size(row: &ResultRow) -> (u64, u64) {
    let stored = measures(row).size.stored;
    (stored.scales, stored.zero_points)
}

#[test]
fn what_is_done_to_activations_is_recorded() {
    let text = activations(&[
        "{ bits = 8, mode = \"static\", range = \"mse\" }",
        "{ bits = 4, mode = \"dynamic\", granularity = \"row\" }",
        "{ bits = 8, mode = \"static\", symmetry = \"symmetric\" }",
    ]);
    let records = run(&text).unwrap();
    let [float, mse, dynamic, symmetric] = records.results.as_slice() else { panic!("four rows") };
    let recorded = |row| [Choice::ActivationBits, Choice::Activations].map(|axis| choice(row, axis));
    assert_eq!((recorded(float), measures(float).clipped_activations), (["", ""].map(str::to_owned), None));
    assert_eq!(recorded(mse), ["8", "static(range mse)"]);
    assert_eq!(recorded(dynamic), ["4", "dynamic(granularity row)"]);
    assert_eq!(recorded(symmetric), ["8", "static(symmetry symmetric)"]);
    // Two layers: a scale for the weights of each, and what static activations store.
    assert_eq!([size(mse), size(dynamic), size(symmetric)], [(8 + 8, 8), (8, 0), (8 + 8, 0)]);
    assert_eq!(measures(dynamic).clipped_activations, Some(0.0));
    assert!(measures(mse).clipped_activations.unwrap() > 0.0);
}

#[test]
fn heavy_clipping_is_flagged() {
    let text = activations(&[
        "{ bits = 8, mode = \"static\", range = { percentile = 90 } }",
        "{ bits = 8, mode = \"static\", range = { percentile = 100 } }",
    ]);
    let records = run(&text).unwrap();
    assert_eq!(flags(&records.results[1]), [Flag::InputsClipped]);
    assert!(measures(&records.results[1]).clipped_activations.unwrap() > 0.05);
    assert_eq!(flags(&records.results[2]), []);
}

#[test]
fn activations_of_16_bits_are_as_good_as_float() {
    let wide = "[[quantize]]\nweights = { bits = 8 }\n[[quantize]]\nweights = { bits = 8 }\n\
        activations = { bits = 16, mode = \"dynamic\" }\n";
    let records = run(&experiment(wide)).unwrap();
    let [_, float, coded] = records.results.as_slice() else { panic!("three rows") };
    let (float_loss, loss) = (scores(float).log_loss, scores(coded).log_loss);
    assert!((float_loss - loss).abs() < 1e-3 && float_loss != loss);
    let (float, coded) = (measures(float), measures(coded));
    assert_eq!((float.error, float.size), (coded.error, coded.size));
}

#[test]
fn static_ranges_are_found_on_the_calibration_rows() {
    let text = experiment(&format!(
        "{WEIGHTS}[quantize.calibration]\nrows = [5, 142]\n[quantize.activations]\nbits = 3\nmode = \"static\"\n"
    ));
    let names: Vec<String> = labels(&text).into_iter().map(|(label, _)| label).collect();
    assert_eq!(names, ["calibrated on 5 rows", "calibrated on 142 rows"]);
    let few = run(&text).unwrap();
    let clipped = |row: &ResultRow| measures(row).clipped_activations.unwrap();
    assert!(clipped(&few.results[1]) > clipped(&few.results[2]));
    // All rows, drawn or not, have the same smallest and largest value.
    let all =
        run(&experiment(&format!("{WEIGHTS}[quantize.activations]\nbits = 3\nmode = \"static\"\n"))).unwrap();
    assert_eq!(scores(&all.results[1]), scores(&few.results[2]));
    let text = text.replace("[5, 142]", "1000");
    refused(&text, &["`calibration.rows = 1000` but there are 142 training rows: expected at most as many"]);
}

#[test]
fn calibrated_methods_and_trained_models_take_codes_too() {
    let activations = "activations = { bits = 6, mode = \"static\", range = \"mse\" }\n";
    let weights = "weights = { bits = 4 }\n";
    let records = run(&experiment(&format!(
        "[[quantize]]\nmethod = \"gptq\"\nbias_correction = \"empirical\"\nbiases = \"quantize\"\n{weights}{activations}\
         [[quantize]]\ntraining = {{ method = \"lsq\" }}\n{weights}calibration = {{ rows = 20 }}\n{activations}\
         [[quantize]]\nbiases = \"quantize\"\n{weights}{activations}"
    )));
    for row in &records.unwrap().results[1..] {
        assert!(scores(row).macro_f1.value > 0.5, "{:?}", row.origin.variant);
        assert_eq!(choice(row, Choice::ActivationBits), "6");
    }
}

#[test]
fn every_weight_format_multiplies_codes() {
    let formats = "[quantize.weights]\nformat = [\"f16\", { vq = { centroids = 16 } }, { pq = { subvectors = 2, \
        centroids = 8 } }, \"nf4\", \"mxfp8-e4m3\", \"nvfp4\", \"q4_1\"]\n\
        [quantize.activations]\nbits = 8\nmode = \"dynamic\"\n";
    for row in &run(&experiment(formats)).unwrap().results[1..] {
        assert!(scores(row).agreement > 0.9, "{:?}", row.origin.variant);
    }
}

#[test]
fn the_same_experiment_gives_the_same_records() {
    let text = activations(&[
        "{ bits = 4, mode = \"static\", range = { moving-average = { momentum = 0.1, batch = 16 } } }",
        "{ bits = 4, mode = \"dynamic\", batch = 7 }",
    ]);
    assert_eq!(run(&text).unwrap(), run(&text).unwrap());
}

#[test]
fn labels_name_the_bits_of_weights_and_activations_where_the_latter_vary() {
    let text = experiment(
        "[[quantize]]\nweights = { bits = [8, 4] }\n\
         [[quantize]]\nweights = { bits = [8, 4] }\n\
         activations = { bits = [8, 4], mode = [\"static\", \"dynamic\"] }\n",
    );
    let labels = labels(&text);
    let pair = |label: &str, series: &str| (label.to_owned(), series.to_owned());
    assert_eq!(
        labels[..3],
        [
            pair("8 bit", "float activations"),
            pair("4 bit", "float activations"),
            pair("W8A8 · static", "A8 · static"),
        ]
    );
    assert!(labels.contains(&pair("W4A4 · dynamic(batch 32)", "A4 · dynamic(batch 32)")));
}

#[test]
fn what_varies_in_activations_apart_from_bits_is_named_as_everything_else() {
    let text = experiment(
        "[quantize.weights]\nbits = [8, 4]\n[quantize.activations]\nbits = 8\nmode = [\"static\", \"dynamic\"]\n",
    );
    let labels = labels(&text);
    assert_eq!(labels[0], ("8 bit · static".to_owned(), "static".to_owned()));
    assert_eq!(labels[1], ("8 bit · dynamic(batch 32)".to_owned(), "dynamic(batch 32)".to_owned()));
}

#[test]
fn keys_tell_activations_apart_and_leave_float_ones_out() {
    let key = |text: &str| {
        let plan = planned(text).unwrap();
        plan.units[0].row_key(&plan.units[0].variants[0].identity)
    };
    let float = key(&experiment(WEIGHTS));
    let of = |table: &str| key(&activations(&[table]));
    let keys = [
        float,
        of("{ bits = 8, mode = \"static\" }"),
        of("{ bits = 7, mode = \"static\" }"),
        of("{ bits = 8, mode = \"dynamic\" }"),
        of("{ bits = 8, mode = \"dynamic\", batch = 33 }"),
        of("{ bits = 8, mode = \"dynamic\", rounding = \"half-away\" }"),
    ];
    for (position, key) in keys.iter().enumerate() {
        assert!(!keys[..position].contains(key), "{position}");
    }
    assert_eq!(of("{ bits = 8, mode = \"dynamic\" }"), of("{ bits = 8, mode = \"dynamic\", batch = 32 }"));
}

#[test]
fn what_contradicts_itself_is_refused_at_its_place() {
    let text = experiment(&format!("{WEIGHTS}[quantize.activations]\nbits = 1\nmode = \"static\"\n"));
    refused(&text, &["`bits = 1` is too few for activations", "mine.toml:15:"]);
    let text = experiment(&format!("{WEIGHTS}[quantize.activations]\nbits = 8\nmode = \"statick\"\n"));
    refused(&text, &["unknown choice `statick`", "did you mean `static`?"]);
    let text = experiment(&format!(
        "{WEIGHTS}[quantize.activations]\nbits = 8\nmode = \"static\"\nrange = \"moving-averge\"\n"
    ));
    refused(&text, &["did you mean `moving-average`?"]);
}

#[test]
fn trainings_with_activations_of_their_own_refuse_others() {
    for (format, method) in [
        ("int", "pact = { activations = 4 }"),
        ("dorefa", "dorefa = { activations = 4 }"),
        ("wrpn", "wrpn = { activations = 4 }"),
    ] {
        let text = experiment(&format!(
            "[quantize]\nactivations = {{ bits = 8, mode = \"dynamic\" }}\ntraining = {{ method = {{ {method} }} }}\n\
             [quantize.weights]\nformat = \"{format}\"\nbits = 4\n"
        ));
        let sentence = "`activations` cannot be combined with `training` with `activations` of its own: they would be \
                        quantized twice; remove one of them";
        refused(&text, &[sentence, "mine.toml:14:15"]);
    }
}

#[test]
fn calibration_rows_that_nothing_looks_at_are_refused_beside_training() {
    let text = experiment(
        "[quantize]\nactivations = { bits = 8, mode = \"dynamic\" }\ncalibration = { rows = 20 }\n\
         training = { method = \"lsq\" }\n[quantize.weights]\nbits = 4\n",
    );
    refused(&text, &["calibration (", "cannot be combined with `training`", "mine.toml:15:15"]);
}

#[test]
fn a_tensor_has_no_layers() {
    let text = "title = \"t\"\n[tensor]\nname = \"t\"\nvalues = [1, 2]\n\
        [quantize]\nactivations = { bits = 8, mode = \"dynamic\" }\n[quantize.weights]\nbits = 4\n";
    refused(
        text,
        &["`activations` cannot be combined with a tensor", "it has no inputs", "or quantize a model"],
    );
}

/// The experiment with its sensitivity recorded.
fn with_sensitivity(text: &str) -> String {
    text.replace("[data]", "record = { sensitivity = true }\n[data]")
}

#[test]
fn what_the_inputs_of_each_layer_do_by_themselves_is_recorded() {
    let text = activations(&["{ bits = 3, mode = \"static\" }", "{ bits = 12, mode = \"static\" }"]);
    let records = run(&with_sensitivity(&text)).unwrap();
    let errors = |variant: usize, tensor: &str, part: ErrorPart| -> Vec<f64> {
        let rows = records.sensitivity.iter();
        let rows =
            rows.filter(|row| row.origin.position == variant && &*row.tensor == tensor && row.part == part);
        rows.map(|row| row.output_error).collect()
    };
    for (variant, bits) in [(1, 3), (2, 12)] {
        for tensor in ["x1", "x2"] {
            assert_eq!(
                errors(variant, tensor, ErrorPart::Whole),
                errors(variant, tensor, ErrorPart::Activations)
            );
            let mut rows = records.sensitivity.iter();
            let row = rows.find(|row| row.origin.position == variant && &*row.tensor == tensor);
            // A scale and a zero point.
            assert_eq!(row.map(|row| (row.bits, row.bytes)), Some((Some(bits), Some(8))));
        }
    }
    // Nine bits more are a step of a 585th, and an error of its square.
    for tensor in ["x1", "x2"] {
        let ratio = errors(1, tensor, ErrorPart::Whole)[0] / errors(2, tensor, ErrorPart::Whole)[0];
        assert!((1e4..1e7).contains(&ratio), "{tensor}: {ratio}");
    }
}

#[test]
fn beside_fine_weights_the_whole_error_is_that_of_the_inputs() {
    let text = activations(&["{ bits = 3, mode = \"dynamic\", granularity = \"row\" }"])
        .replace("bits = 8\n", "bits = 16\n");
    let text = text.replace("[model.mlp]\nhidden = 8", "[model.softmax-regression]");
    let records = run(&with_sensitivity(&text)).unwrap();
    let error = |tensor: &str| {
        let mut rows = records.sensitivity.iter();
        rows.find(|row| row.origin.position == 1 && &*row.tensor == tensor).unwrap().output_error
    };
    assert!(error("x1") > 0.0);
    assert!((error("all") / error("x1") - 1.0).abs() < 1e-2, "{} {}", error("all"), error("x1"));
}

#[test]
fn features_divided_by_a_transform_are_what_is_quantized() {
    let text = experiment(
        "[quantize]\ntransform = [\"none\", { smooth = { alpha = 0.9 } }]\n\
         activations = { bits = 16, mode = \"static\" }\n[quantize.weights]\nbits = 16\n",
    );
    let records = run(&text).unwrap();
    for row in &records.results[1..] {
        assert!(!flags(row).contains(&Flag::TransformChangedNothing), "{:?}", row.origin.variant);
        // Sixteen bits of either are as good as float; rows that were not divided would not be.
        assert_eq!(scores(row).agreement, 1.0, "{:?}", row.origin.variant);
    }
    assert_eq!(records.results.len(), 3);
}

#[test]
fn bits_are_chosen_for_layers_whatever_their_inputs_are() {
    let text = experiment(
        "[quantize]\nmixed = { bits = [2, 4, 8], budget = { uniform_bits = 4 } }\nweights = {}\n\
         [[quantize.activations]]\nbits = 4\nmode = \"static\"\n[[quantize.activations]]\nbits = 8\nmode = \"static\"\n",
    );
    let records = run(&text).unwrap();
    assert_eq!(records.results.len(), 3);
    assert_eq!(layer_bits(&records.results[1]), layer_bits(&records.results[2]));
    assert!(!layer_bits(&records.results[1]).is_empty());
    assert_eq!(crate::harness::label(&planned(&text).unwrap(), 0), "≤ 4 bit · A4");
}
