//! Layers with schemes of their own, given or chosen: what is chosen, what is recorded, what is refused.

use bitsweep_results::{Choice, ErrorPart, Flag, Records, ResultRow, SensitivityRow};

use crate::harness::{choice, flags, labels, layer_bits, measures, planned, refused, run, scores};

/// A network of three layers on wine, its sensitivity recorded; `quantize` are the tables of its variants.
fn experiment(quantize: &str) -> String {
    let deep = crate::harness::experiment(quantize).replace("hidden = 8", "hidden = [[8, 6]]");
    deep.replace("[data]", "record = { sensitivity = true }\n[data]")
}

fn mixed(bits: &str, budget: &str, more: &str) -> String {
    experiment(&format!(
        "[quantize]\nbiases = \"quantize\"\n\
         [quantize.weights]\nsymmetry = \"asymmetric\"\n\
         [quantize.mixed]\nbits = {bits}\nbudget = {{ {budget} }}\n{more}"
    ))
}

/// The variant's row of the only unit, and its row of sensitivity as a whole.
fn only(text: &str) -> (ResultRow, SensitivityRow) {
    let records = run(text).unwrap();
    assert_eq!(records.results.len(), 2);
    (records.results[1].clone(), sensitivity(&records, 1, "all", ErrorPart::Whole).clone())
}

/// What one part of a variant's error does by itself.
#[track_caller]
fn sensitivity<'r>(
    records: &'r Records,
    variant: usize,
    tensor: &str,
    part: ErrorPart,
) -> &'r SensitivityRow {
    let mut rows = records.sensitivity.iter();
    let found = rows.find(|row| row.origin.position == variant && &*row.tensor == tensor && row.part == part);
    found.unwrap_or_else(|| panic!("no sensitivity of {tensor}, {part}"))
}

/// The true bytes of a row.
fn bytes(row: &ResultRow) -> u64 {
    measures(row).size.total()
}

/// The variant with the bits of its three layers given.
fn given(bits: [u32; 3]) -> (ResultRow, SensitivityRow) {
    let layers: String = bits
        .iter()
        .enumerate()
        .map(|(layer, bits)| format!("[quantize.layers.W{}]\nbits = {bits}\n", layer + 1))
        .collect();
    only(&experiment(&format!(
        "[quantize]\nbiases = \"quantize\"\n[quantize.weights]\nbits = 4\nsymmetry = \"asymmetric\"\n{layers}"
    )))
}

const CANDIDATES: [u32; 3] = [2, 4, 8];

/// Bits, bytes, macro-F1 and output error on the training rows of all assignments.
fn every_assignment() -> Vec<([u32; 3], u64, f64, f64)> {
    let mut all = Vec::new();
    for first in CANDIDATES {
        for second in CANDIDATES {
            for third in CANDIDATES {
                let bits = [first, second, third];
                let (row, whole) = given(bits);
                all.push((bits, bytes(&row), whole.macro_f1, whole.output_error));
            }
        }
    }
    all
}

fn in_words(bits: [u32; 3]) -> String {
    format!("W1 {}, W2 {}, W3 {}", bits[0], bits[1], bits[2])
}

#[test]
fn schemes_of_single_layers_change_those_layers_alone() {
    let quantize = "[quantize]\n[quantize.weights]\nbits = 4\n\
                    [quantize.layers]\nW2 = { bits = 8, granularity = \"column\" }\n";
    let records = run(&experiment(quantize)).unwrap();
    let uniform = run(&experiment("[quantize.weights]\nbits = 4\n")).unwrap();
    let row = &records.results[1];
    assert_eq!(layer_bits(row), "W1 4, W2 8, W3 4");
    assert_eq!(layer_bits(&uniform.results[1]), "");
    // 8 × 6 codes of 4 bits more, and six scales instead of one.
    assert_eq!(bytes(row) - bytes(&uniform.results[1]), 24 + 5 * 4);
    let blocks = |records: &Records, tensor: &str| {
        records.tensors.rows.iter().filter(|row| &*row.tensor == tensor).cloned().collect::<Vec<_>>()
    };
    assert_eq!(blocks(&records, "W1"), {
        let mut unchanged = blocks(&uniform, "W1");
        unchanged.iter_mut().for_each(|block| block.origin.clone_from(&row.origin));
        unchanged
    });
    assert_eq!(blocks(&records, "W2").len(), 6);
    assert_eq!(choice(row, Choice::Layers), "W2(bits 8, granularity output-channel)");
}

#[test]
fn a_choice_by_macro_f1_is_the_best_of_all_assignments_on_the_training_rows() {
    let all = every_assignment();
    for budget in [204, 244, 284] {
        let objective = "objective = \"macro-f1\"";
        let (row, _) = only(&mixed("[2, 4, 8]", &format!("bytes = {budget}"), objective));
        let best = all
            .iter()
            .filter(|(_, bytes, ..)| *bytes <= budget)
            .max_by(|a, b| a.2.total_cmp(&b.2).then(b.3.total_cmp(&a.3)).then(b.1.cmp(&a.1)))
            .unwrap();
        assert_eq!(layer_bits(&row), in_words(best.0), "{budget} bytes");
        assert_eq!(bytes(&row), best.1);
    }
    let float = run(&experiment("[quantize.weights]\nbits = 4\n")).unwrap().sensitivity[0].macro_f1;
    let (row, whole) = only(&mixed("[2, 4, 8]", "macro_f1_loss = 0.05", ""));
    let fewest =
        all.iter().filter(|(.., macro_f1, _)| *macro_f1 >= float - 0.05).map(|(_, bytes, ..)| *bytes).min();
    assert_eq!(Some(bytes(&row)), fewest);
    assert!(whole.macro_f1 >= float - 0.05);
}

#[test]
fn a_choice_by_output_error_has_the_least_sum_of_the_layers_own_errors() {
    // For each layer the bytes and the output error of each candidate, biases kept.
    let own: Vec<[(u64, f64); 3]> = ["W1", "W2", "W3"]
        .map(|name| {
            CANDIDATES.map(|bits| {
                let records = run(&experiment(&format!("[quantize.weights]\nbits = {bits}\n"))).unwrap();
                let row = sensitivity(&records, 1, name, ErrorPart::Whole);
                (row.bytes.unwrap(), row.output_error)
            })
        })
        .into();
    // Biases, and two numbers for each of 13 features.
    let kept = (8 + 6 + 3) * 4 + 13 * 2 * 4;
    for budget in [244, 274, 304] {
        let mut best = (f64::INFINITY, [0; 3]);
        for (first, a) in own[0].iter().zip(CANDIDATES) {
            for (second, b) in own[1].iter().zip(CANDIDATES) {
                for (third, c) in own[2].iter().zip(CANDIDATES) {
                    let loss = first.1 + second.1 + third.1;
                    if first.0 + second.0 + third.0 + kept <= budget && loss < best.0 {
                        best = (loss, [a, b, c]);
                    }
                }
            }
        }
        let quantize = format!(
            "[quantize.weights]\n[quantize.mixed]\nbits = [2, 4, 8]\nbudget = {{ bytes = {budget} }}\n"
        );
        let (row, _) = only(&experiment(&quantize));
        assert_eq!(layer_bits(&row), in_words(best.1), "{budget} bytes");
    }
}

#[test]
fn a_budget_of_uniform_bits_is_never_exceeded_and_never_worse_than_uniform() {
    for objective in ["output-error", "macro-f1"] {
        let quantize =
            |tables: &str| experiment(&format!("{tables}[[quantize]]\nweights = {{ bits = 4 }}\n"));
        let text = quantize(&format!(
            "[[quantize]]\nweights = {{}}\n\
             mixed = {{ bits = [2, 3, 4, 5, 6], budget = {{ uniform_bits = 4 }}, objective = \"{objective}\" }}\n"
        ));
        let records = run(&text).unwrap();
        let [_, chosen, uniform] = records.results.as_slice() else { panic!() };
        assert!(bytes(chosen) <= bytes(uniform));
        assert_eq!([chosen, uniform].map(|row| row.origin.variant.choices.bits()), [4, 4]);
        assert_eq!(choice(chosen, Choice::Allocation), format!("{objective} 2, 3, 4, 5, 6"));
        assert_eq!(choice(uniform, Choice::Allocation), "uniform");
        let whole = |variant: usize| sensitivity(&records, variant, "all", ErrorPart::Whole);
        if objective == "macro-f1" {
            assert!(whole(1).macro_f1 >= whole(2).macro_f1);
        }
    }
}

#[test]
fn a_choice_of_the_same_bits_for_all_layers_is_flagged() {
    // The fewest bytes that there are.
    let (row, _) = only(&mixed("[2, 8]", "macro_f1_loss = 1", ""));
    assert_eq!(layer_bits(&row), "W1 2, W2 2, W3 2");
    assert!(flags(&row).contains(&Flag::SameBitsEverywhere(2)), "{:?}", flags(&row));
}

#[test]
fn what_is_chosen_does_not_depend_on_the_test_labels() {
    let csv = |swapped: bool| {
        let rows = (0..120).map(|row| {
            let features: Vec<String> = (0..5)
                .map(|column| {
                    (((row * 7 + column * 13) % 29) as f64 + f64::from(row % 3 * column)).to_string()
                })
                .collect();
            (features.join(","), row % 3)
        });
        // The same rows are test rows whatever their labels are, as long as nothing is stratified.
        let test = test_rows();
        let lines = rows.enumerate().map(|(row, (features, class))| {
            let class = if swapped && test.contains(&(row as u32)) { (class + 1) % 3 } else { class };
            format!("{features},k{class}\n")
        });
        format!("a,b,c,d,e,kind\n{}", lines.collect::<String>())
    };
    let folder = tempfile::tempdir().unwrap();
    let chosen = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let records = run(&of_csv(path.to_str().unwrap())).unwrap();
        let rows: Vec<_> =
            records.results[1..].iter().map(|row| (layer_bits(row), flags(row).to_vec())).collect();
        let readings: Vec<_> = records
            .sensitivity
            .iter()
            .map(|row| (row.output_error, row.macro_f1, row.gain_per_byte))
            .collect();
        let scores: Vec<_> = records.results.iter().map(|row| scores(row).macro_f1).collect();
        (rows, readings, scores)
    };
    let (rows, readings, scores) = chosen("own.csv", &csv(false));
    let (other_rows, other_readings, other_scores) = chosen("swapped.csv", &csv(true));
    assert_ne!(scores, other_scores);
    assert_eq!((rows, readings), (other_rows, other_readings));
}

fn of_csv(path: &str) -> String {
    format!(
        "title = \"test\"\nrecord = {{ sensitivity = true }}\n\
         [data]\nscale = \"standard\"\nsource = {{ csv = {{ path = {path:?}, target = \"kind\", class_names = [\"k0\", \"k1\", \"k2\"] }} }}\n\
         [split.holdout]\ntest = 0.25\n\
         [model.mlp]\nhidden = [[6, 4]]\n\
         [train]\nepochs = 8\nbatch_size = 16\nlearning_rate = 0.1\n\
         [quantize.weights]\n\
         [quantize.mixed]\nbits = [2, 3, 4]\nbudget = [{{ bits_per_weight = 13 }}, {{ macro_f1_loss = 0.1 }}]\n"
    )
}

/// The test rows of [`of_csv`]: the split draws row numbers alone.
fn test_rows() -> Vec<u32> {
    let text = of_csv("x").replace(
        "[quantize.mixed]\nbits = [2, 3, 4]\nbudget = [{ bits_per_weight = 13 }, { macro_f1_loss = 0.1 }]\n",
        "bits = 4\n",
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    let lines: String = (0..120).map(|row| format!("{row},1,{},2,3,k{}\n", row % 7, row % 3)).collect();
    std::fs::write(&path, format!("a,b,c,d,e,kind\n{lines}")).unwrap();
    let records = run(&text.replace("\"x\"", &format!("{:?}", path.to_str().unwrap()))).unwrap();
    records.predictions[0].rows.to_vec()
}

#[test]
fn the_same_experiment_gives_the_same_records() {
    let text = mixed("[2, 3, 4]", "uniform_bits = 3", "objective = \"macro-f1\"");
    assert_eq!(run(&text).unwrap(), run(&text).unwrap());
}

#[test]
fn keys_of_rows_know_layers_and_choices() {
    let key = |quantize: &str| {
        let plan = planned(&experiment(quantize)).unwrap();
        plan.units[0].row_key(&plan.units[0].variants[0].identity)
    };
    let plain = "[quantize.weights]\nbits = 4\n";
    let keys = [
        key(plain),
        key(&format!("{plain}[quantize.layers]\nW1 = {{ bits = 8 }}\n")),
        key(&format!("{plain}[quantize.layers]\nW2 = {{ bits = 8 }}\n")),
        key("[quantize.weights]\n[quantize.mixed]\nbits = [2, 4]\nbudget = { bytes = 900 }\n"),
        key("[quantize.weights]\n[quantize.mixed]\nbits = [2, 4]\nbudget = { bytes = 901 }\n"),
        key("[quantize.weights]\n[quantize.mixed]\nbits = [3, 4]\nbudget = { bytes = 900 }\n"),
        key("[quantize.weights]\n[quantize.mixed]\nbits = [2, 4]\nbudget = { uniform_bits = 4 }\n"),
    ];
    for (position, key) in keys.iter().enumerate() {
        assert!(!keys[..position].contains(key), "{position}");
    }
}

#[test]
fn the_parts_of_an_error_are_those_of_its_tensor() {
    let quantize = "[quantize]\nbiases = \"quantize\"\n\
                    [quantize.weights]\nbits = 3\nrange = { percentile = 90 }\n";
    let records = run(&experiment(quantize)).unwrap();
    let of = |tensor: &str, part: ErrorPart| sensitivity(&records, 1, tensor, part);
    for weight in ["W1", "W2", "W3"] {
        let whole = of(weight, ErrorPart::Whole);
        let (rounding, clipping) = (of(weight, ErrorPart::Rounding), of(weight, ErrorPart::Clipping));
        assert!(clipping.output_error > 0.0 && rounding.output_error > 0.0);
        // By the triangle inequality of root mean squares, for the last layer, which is linear.
        if weight == "W3" {
            let bound = rounding.output_error.sqrt() + clipping.output_error.sqrt();
            assert!(whole.output_error.sqrt() <= bound * (1.0 + 1e-5));
        }
        let (bytes, next_bytes) = (whole.bytes.unwrap(), whole.next_bytes.unwrap());
        let saved = whole.output_error - whole.next_output_error.unwrap();
        assert_eq!(whole.gain_per_byte, Some(saved / (next_bytes - bytes) as f64));
        assert_eq!(whole.bits, Some(3));
    }
    for bias in ["b1", "b2", "b3"] {
        let whole = of(bias, ErrorPart::Whole);
        assert_eq!(whole.output_error, of(bias, ErrorPart::Bias).output_error);
        assert_eq!(whole.next_bytes, None);
    }
    let float = &records.sensitivity[0];
    assert_eq!((float.origin.position, float.output_error), (0, 0.0));
}

#[test]
fn kept_biases_and_trained_variants_have_no_sensitivity() {
    let quantize = "[[quantize]]\nweights = { bits = 4 }\n\
                    [[quantize]]\nweights = { bits = 4 }\ntraining = { method = \"straight-through\" }\n";
    let records = run(&experiment(quantize)).unwrap();
    let is_expected = |row: &SensitivityRow| row.origin.position < 2 && !row.tensor.starts_with('b');
    assert!(records.sensitivity.iter().all(is_expected));
    let without = experiment(quantize).replace("sensitivity = true", "sensitivity = false");
    assert!(run(&without).unwrap().sensitivity.is_empty());
}

#[test]
fn budgets_that_nothing_keeps_to_name_the_least_that_something_does() {
    refused(
        &mixed("[2, 4]", "bytes = 10", ""),
        &["a budget of `10 bytes`, 10 bytes, is too small: expected at least"],
    );
    refused(
        &mixed("[2, 4]", "bits_per_weight = 0.5", ""),
        &["`0.5 bits a weight`", "is too small: expected at least"],
    );
    refused(&mixed("[3, 4]", "uniform_bits = 2", ""), &["`2 bit`", "is too small: expected at least"]);
    refused(
        &mixed("[2, 4]", "output_error = 1e-9", ""),
        &["a loss of at most `0.000000001` cannot be kept to: expected at least"],
    );
    let poor = mixed("[1, 2]", "macro_f1_loss = 0", "");
    refused(&poor, &["a macro-F1 loss of at most `0` on the training rows was not found: expected at least"]);
}

#[test]
fn bits_beside_mixed_are_refused() {
    let text = "[quantize.weights]\nbits = 4\n[quantize.mixed]\nbits = [2, 4]\nbudget = { bytes = 900 }\n";
    refused(&experiment(text), &["`bits = 4` has no place beside `mixed`", "leave it out"]);
}

#[test]
fn candidates_that_leave_no_choice_are_refused() {
    for (bits, shown) in [("[]", "[]"), ("[4]", "[4]"), ("[4, 2, 4]", "[4, 2, 4]")] {
        refused(
            &mixed(bits, "bytes = 900", ""),
            &[&format!("`bits = {shown}` leaves nothing to choose from")],
        );
    }
    refused(&mixed("[0, 4]", "bytes = 900", ""), &["0", "1 to 16"]);
}

#[test]
fn formats_without_a_choice_of_bits_are_refused() {
    for format in ["\"f16\"", "{ vq = { centroids = 4 } }", "\"fp8-e4m3\"", "\"q4_0\""] {
        let text = format!(
            "[quantize.weights]\nformat = {format}\n[quantize.mixed]\nbits = [2, 4]\nbudget = {{ bytes = 900 }}\n"
        );
        refused(&experiment(&text), &["a layer cannot have 2 bits"]);
    }
    let text = "[quantize.weights]\nformat = \"mxint8\"\n[quantize.mixed]\nbits = [4, 8]\nbudget = { bytes = 900 }\n";
    refused(&experiment(text), &["a layer cannot have 4 bits"]);
}

#[test]
fn budgets_that_mean_nothing_are_refused() {
    refused(&mixed("[2, 4]", "macro_f1_loss = -0.1", ""), &["expected a number from 0 to 1"]);
    refused(&mixed("[2, 4]", "output_error = nan", ""), &["expected a finite number, 0 or above"]);
    refused(&mixed("[2, 4]", "bits_per_weight = 0", ""), &["expected a finite number above 0"]);
    refused(&mixed("[2, 4]", "kilobytes = 1", ""), &["unknown choice `kilobytes`"]);
}

#[test]
fn an_objective_that_contradicts_the_budget_is_refused() {
    let text = mixed("[2, 4]", "macro_f1_loss = 0.1", "objective = \"output-error\"");
    refused(&text, &["`objective = output-error` contradicts a budget of `macro-F1 loss 0.1`"]);
    let text = mixed("[2, 4]", "output_error = 0.1", "objective = \"macro-f1\"");
    refused(&text, &["`objective = macro-f1` contradicts a budget of `output error 0.1`"]);
}

#[test]
fn calibration_beside_mixed_is_refused() {
    for more in ["method = \"greedy\"", "bias_correction = \"empirical\"", "calibration = { rows = 9 }"] {
        let text = format!(
            "[quantize]\n{more}\n[quantize.weights]\n[quantize.mixed]\nbits = [2, 4]\nbudget = {{ bytes = 900 }}\n"
        );
        refused(&experiment(&text), &["calibration (", "cannot be combined with `mixed`"]);
    }
}

#[test]
fn training_beside_schemes_of_layers_is_refused() {
    let training = "training = { method = \"straight-through\" }";
    let mixed = "[quantize.weights]\n[quantize.mixed]\nbits = [2, 4]\nbudget = { bytes = 900 }\n";
    refused(
        &experiment(&format!("[quantize]\n{training}\n{mixed}")),
        &["`mixed` cannot be combined with `training`"],
    );
    let layers = "[quantize.weights]\nbits = 4\n[quantize.layers]\nW1 = { bits = 8 }\n";
    refused(
        &experiment(&format!("[quantize]\n{training}\n{layers}")),
        &["`layers` cannot be combined with `training`"],
    );
}

#[test]
fn schemes_of_layers_beside_mixed_are_refused() {
    let text = "[quantize.weights]\n[quantize.layers]\nW1 = { bits = 8 }\n\
                [quantize.mixed]\nbits = [2, 4]\nbudget = { bytes = 900 }\n";
    refused(&experiment(text), &["`layers` cannot be combined with `mixed`"]);
}

#[test]
fn layers_that_the_model_does_not_have_are_refused() {
    let layers =
        |name: &str| format!("[quantize.weights]\nbits = 4\n[quantize.layers]\n{name} = {{ bits = 8 }}\n");
    refused(&experiment(&layers("W4")), &["mlp(8, 6) has no layer `W4`: expected `W1` to `W3`"]);
    refused(&experiment(&layers("b1")), &["`b1` is no layer: expected `W1`, `W2`"]);
    refused(&experiment(&layers("W01")), &["`W01` is no layer"]);
    refused(&experiment(&layers("W0")), &["`W0` is no layer"]);
    let logistic = experiment(&layers("W2")).replace("[model.mlp]\nhidden = [[8, 6]]", "[model.logistic]");
    let logistic = logistic.replace("[train]\nepochs = 5\nbatch_size = 32\nlearning_rate = 0.1\n", "");
    refused(&logistic, &["has no layer `W2`: expected `W1`, its only one"]);
}

#[test]
fn contradictions_of_a_layer_name_it() {
    let text = "[quantize.weights]\nbits = 4\n[quantize.layers]\nW2 = { format = \"f16\" }\n";
    refused(&experiment(text), &["W2: `bits = 4` does not apply to format `f16`"]);
    let text =
        "[quantize]\nmethod = \"gptq\"\n[quantize.weights]\nbits = 4\n[quantize.layers]\nW2 = { bits = 1 }\n";
    refused(&experiment(text), &["W2: "]);
}

#[test]
fn a_tensor_has_no_layers() {
    let tensor =
        |quantize: &str| format!("title = \"test\"\n[tensor]\nname = \"v\"\nvalues = [1, 2, 3]\n{quantize}");
    let layers = "[quantize.weights]\nbits = 4\n[quantize.layers]\nW1 = { bits = 8 }\n";
    refused(&tensor(layers), &["`layers` cannot be combined with a tensor"]);
    let mixed = "[quantize.weights]\n[quantize.mixed]\nbits = [2, 4]\nbudget = { bytes = 900 }\n";
    refused(&tensor(mixed), &["`mixed` cannot be combined with a tensor"]);
}

#[test]
fn a_label_says_the_budget_in_the_place_of_bits() {
    let text = "[[quantize]]\nname = \"mixed\"\n[quantize.weights]\n[quantize.mixed]\nbits = [2, 4]\n\
                budget = [{ bytes = 900 }, { bits_per_weight = 9.5 }, { uniform_bits = 4 }, \
                { macro_f1_loss = 0.01 }, { output_error = 2 }]\n\
                [[quantize]]\nname = \"uniform\"\n[quantize.weights]\nbits = [4, 2]\n";
    let plan = planned(&experiment(text)).unwrap();
    let expected = [
        "≤ 900 bytes · mixed",
        "≤ 9.5 bits a weight · mixed",
        "≤ 4 bit · mixed",
        "macro-F1 loss ≤ 0.01 · mixed",
        "output error ≤ 2 · mixed",
        "4 bit · uniform",
        "2 bit · uniform",
    ];
    assert_eq!(labels(&plan), expected);
}

#[test]
fn a_range_by_output_error_has_parts_and_no_gain() {
    let text = "[quantize.weights]\nbits = 4\ngranularity = \"column\"\nrange = \"output-mse\"\n";
    let records = run(&experiment(text)).unwrap();
    let weight = |part: ErrorPart| sensitivity(&records, 1, "W1", part);
    assert!(weight(ErrorPart::Rounding).output_error > 0.0);
    let whole = weight(ErrorPart::Whole);
    assert_eq!((whole.next_bytes, whole.gain_per_byte), (None, None));
}
