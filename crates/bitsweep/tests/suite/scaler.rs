//! The scaler of the features: what it takes, and what becomes of it when it is folded into the first layer.

use bitsweep_results::{Choice, Records, ResultRow};

use crate::harness::{choice, experiment, measures, planned, refused, run, scores};

/// 60 rows of 30 features of very different ranges, the first of them constant, and two classes.
fn table() -> String {
    let names: Vec<String> = (0..30).map(|feature| format!("x{feature}")).collect();
    let mut table = format!("{},y\n", names.join(","));
    for row in 0..60_i32 {
        let class = row % 2;
        let feature = |feature: i32| match feature {
            0 => "7".to_owned(),
            _ => {
                let noise = f64::from((row * 13 + feature * 29) % 17) / 17.0;
                format!("{}", (noise + 0.4 * f64::from(class)) * 10_f64.powi(feature % 6))
            }
        };
        let features: Vec<String> = (0..30).map(feature).collect();
        table += &format!("{},{}\n", features.join(","), ["no", "yes"][class as usize]);
    }
    table
}

/// A logistic regression of 30 features and two classes.
fn logistic(scale: &str, quantize: &str) -> Records {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    std::fs::write(&path, table()).unwrap();
    run(&format!(
        "title = 't'\n[data]\n{scale}source = {{ csv = {{ path = {path:?}, target = 'y' }} }}\n\
         [split.holdout]\ntest = 0.25\nstratified = true\n[model.logistic]\n{quantize}"
    ))
    .unwrap()
}

/// The bytes of the scaler, and of everything else.
fn bytes(row: &ResultRow) -> (u64, u64) {
    let size = measures(row).size;
    (size.scaler, size.total() - size.scaler)
}

#[test]
fn a_scaler_takes_two_floats_for_each_feature_or_one_for_all() {
    let eight = "[quantize.weights]\nbits = 8\n";
    for (scale, scaler) in
        [("scale = 'standard'\n", 30 * 2 * 4), ("scale = { divide = 100 }\n", 4), ("scale = 'none'\n", 0)]
    {
        let records = logistic(scale, eight);
        // 60 codes, a scale and two biases.
        assert_eq!(bytes(&records.results[1]), (scaler, 60 + 4 + 8), "{scale}");
        // 60 weights and two biases.
        assert_eq!(bytes(&records.results[0]), (0, 62 * 4), "{scale}");
    }
}

#[test]
fn a_folded_scaler_takes_nothing() {
    for scale in ["scale = 'standard'\n", "scale = { divide = 100 }\n"] {
        let records =
            logistic(scale, "[quantize]\nscaler = ['count', 'fold']\n[quantize.weights]\nbits = 8\n");
        let [_, counted, folded] = records.results.as_slice() else { panic!() };
        assert_eq!(bytes(folded), (0, bytes(counted).1));
        assert_eq!(measures(folded).size.payload, measures(counted).size.payload);
        assert_eq!([counted, folded].map(|row| choice(row, Choice::Scaler)), ["count", "fold"]);
    }
}

#[test]
fn inputs_with_scales_of_their_own_are_quantized_the_same_folded_or_not() {
    // Each input's scale takes the deviation of its feature in: the codes are the same.
    let network = "[quantize]\nscaler = ['count', 'fold']\n\
        [quantize.weights]\nbits = 8\ngranularity = 'input-channel'\n";
    for records in [logistic("scale = 'standard'\n", network), run(&experiment(network)).unwrap()] {
        let [float, counted, folded] = records.results.as_slice() else { panic!() };
        assert_eq!(scores(counted).macro_f1, scores(folded).macro_f1);
        assert!((scores(counted).log_loss - scores(folded).log_loss).abs() < 0.02);
        // Errors are told in the units of the float model.
        let errors = [counted, folded].map(|row| measures(row).error);
        let same = |a: f64, b: f64| assert!(a == b || (a - b).abs() <= 1e-4 * a, "{a} {b}");
        same(errors[0].sse, errors[1].sse);
        same(errors[0].max_error, errors[1].max_error);
        same(errors[0].sqnr_db, errors[1].sqnr_db);
        assert!(scores(float).macro_f1.value > 0.6);
    }
}

#[test]
fn with_one_scale_for_all_features_folding_costs_the_smaller_weights() {
    let records = logistic(
        "scale = 'standard'\n",
        "[quantize]\nscaler = ['count', 'fold']\n[quantize.weights]\nbits = 8\n",
    );
    let [_, counted, folded] = records.results.as_slice() else { panic!() };
    assert!(measures(folded).error.sse > 100.0 * measures(counted).error.sse);
}

#[test]
fn at_many_bits_a_folded_variant_is_the_float_model() {
    let wide = "[quantize]\nscaler = 'fold'\n[quantize.weights]\nbits = 16\ngranularity = 'input-channel'\n";
    for text in [experiment(wide), experiment(wide).replace("'standard'", "{ divide = 100 }")] {
        let records = run(&text).unwrap();
        let [float, folded] = records.results.as_slice() else { panic!() };
        assert_eq!(scores(folded).agreement, 1.0);
        assert!((scores(float).log_loss - scores(folded).log_loss).abs() < 1e-3);
    }
}

#[test]
fn whatever_works_on_rows_works_on_unscaled_ones() {
    let fine = "granularity = 'input-channel'";
    let text = experiment(&format!(
        "[[quantize]]\nscaler = 'fold'\ntransform = ['none', 'absmax-equalization', 'cross-layer-equalization', 'high-bias-absorption']\n\
         weights = {{ bits = 12, {fine} }}\n\
         [[quantize]]\nscaler = 'fold'\nbias_correction = 'empirical'\nweights = {{ bits = 6, {fine} }}\n\
         [[quantize]]\nscaler = 'fold'\nmethod = 'gptq'\nweights = {{ bits = 12, {fine} }}\n\
         [[quantize]]\nscaler = 'fold'\nmixed = {{ bits = [8, 12], budget = {{ uniform_bits = 12 }} }}\nweights = {{ {fine} }}\n"
    ));
    let records = run(&text.replace("title", "record = { sensitivity = true }\ntitle")).unwrap();
    for row in &records.results[1..] {
        assert!(scores(row).agreement > 0.95, "{:?}: {}", row.origin.variant.choices, scores(row).agreement);
        assert_eq!(bytes(row).0, 0);
    }
}

#[test]
fn codes_of_inputs_are_made_of_scaled_features() {
    for mode in ["static", "dynamic"] {
        for (scale, scaler) in [("scale = 'standard'\n", 30 * 2 * 4), ("scale = { divide = 100 }\n", 4)] {
            let activations = format!("activations = {{ bits = 8, mode = '{mode}' }}");
            let coded = logistic(scale, &format!("[quantize]\nweights = {{ bits = 8 }}\n{activations}\n"));
            assert_eq!(bytes(&coded.results[1]).0, scaler, "{mode} {scale}");
        }
    }
}

#[test]
fn a_budget_of_bytes_has_room_for_the_scaler() {
    let chosen = |scaler: &str, budget: u64| {
        let records = run(&experiment(&format!(
            "[quantize]\nscaler = '{scaler}'\nmixed = {{ bits = [2, 4, 8], budget = {{ bytes = {budget} }} }}\nweights = {{}}\n"
        )));
        records.unwrap().results.remove(1)
    };
    let row = chosen("count", 290);
    let total = measures(&row).size.total();
    assert!(total <= 290 && total > 200, "{total}");
    assert!(measures(&chosen("fold", 186)).size.total() <= 186);
}

#[test]
fn a_scaler_cannot_be_folded_where_there_is_none_or_nothing_takes_it() {
    let fold = |line: &str| format!("[quantize]\nscaler = \"fold\"\n{line}\n[quantize.weights]\nbits = 4\n");
    let unscaled = experiment(&fold("")).replace("\"standard\"", "\"none\"");
    refused(
        &unscaled,
        &["`scaler = \"fold\"` cannot be combined with `data.scale = \"none\"`", "there is no scaler"],
    );
    for transform in ["\"awq\"", "\"smooth\""] {
        let text = experiment(&fold(&format!("transform = {transform}")));
        refused(&text, &["cannot be combined with a transform that divides the features", "mine.toml:14:10"]);
    }
    let trained = experiment(&fold("training = { method = \"straight-through\" }"));
    refused(&trained, &["cannot be combined with `training`", "the training loop takes scaled features"]);
    let tensor = format!("title = 't'\n[tensor]\nname = 't'\nvalues = [1, 2]\n{}", fold(""));
    refused(&tensor, &["cannot be combined with a tensor", "it has no features"]);
    refused(&experiment(&fold("")).replace("\"fold\"", "\"folded\""), &["unknown choice `folded`", "`fold`"]);
}

#[test]
fn a_counted_scaler_leaves_keys_as_they_were() {
    let key = |quantize: &str| {
        let plan = planned(&experiment(quantize)).unwrap();
        plan.units[0].row_key(&plan.units[0].variants[0].identity)
    };
    let plain = key("[quantize.weights]\nbits = 4\n");
    assert_eq!(key("[quantize]\nscaler = \"count\"\n[quantize.weights]\nbits = 4\n"), plain);
    assert_ne!(key("[quantize]\nscaler = \"fold\"\n[quantize.weights]\nbits = 4\n"), plain);
}
