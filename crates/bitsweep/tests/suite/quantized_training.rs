//! Training with quantization in the loop: paired with the float training, recorded, and refused where it means nothing.

use bitsweep_results::{Choice, EpochLoss, FailureKind, Flag, Records, ResultRow, RowFailure};

use crate::harness::{choice, flags, measures, planned, refused, run};

/// An experiment on wine; `model` is its model from the name on, `quantize` the tables of variants.
fn experiment(model: &str, quantize: &str) -> String {
    format!(
        "title = \"test\"\nseed = 3\n\
         [data]\nsource = \"wine\"\nscale = \"standard\"\n\
         [split.holdout]\ntest = 0.2\nstratified = true\n\
         [model.{model}\n\
         [train]\nepochs = 6\nbatch_size = 16\nlearning_rate = 0.05\n\
         {quantize}\n"
    )
}

/// The losses of the training of one variant; 0 is the float model.
fn curve(records: &Records, variant: usize) -> &[EpochLoss] {
    let found = records.curves.iter().find(|curve| curve.origin.position == variant);
    found.map_or(&[], |curve| &curve.losses)
}

/// [`experiment`] with a perceptron.
fn mlp(quantize: &str) -> String {
    experiment("mlp]\nhidden = 8", quantize)
}

fn variant(weights: &str, training: &str) -> String {
    format!("[[quantize]]\n[quantize.weights]\n{weights}\n[quantize.training]\n{training}\n")
}

fn close(ours: &[EpochLoss], float: &[EpochLoss]) -> bool {
    ours.len() == float.len()
        && ours.iter().zip(float).all(|(ours, float)| (ours.loss / float.loss - 1.0).abs() < 5e-3)
}

#[test]
fn sixteen_bits_from_scratch_follow_the_float_training_batch_by_batch() {
    let aware = variant("bits = 16", "method = [\"straight-through\", \"lsq\"]\nstart = \"scratch\"");
    for model in [mlp(&aware), experiment("softmax-regression]", &aware)] {
        let records = run(&model).unwrap();
        let float = curve(&records, 0);
        assert_eq!(float.len(), 6);
        assert!(close(curve(&records, 1), float), "straight-through is another training than float");
        // LSQ's first step clips: only the order of magnitude is the same.
        assert_eq!(curve(&records, 2).len(), 6);
    }
}

#[test]
fn a_start_from_float_begins_where_quantizing_the_float_model_stands() {
    let text = mlp(&variant("bits = 12", "method = \"straight-through\"\nepochs = 2"));
    let records = run(&text).unwrap();
    let (float, aware) = (curve(&records, 0), curve(&records, 1));
    assert_eq!(aware.len(), 2);
    assert!(aware[0].loss < float[5].loss, "{} is not below {}", aware[0].loss, float[5].loss);
}

#[test]
fn every_method_trains_is_named_and_keeps_its_sizes_real() {
    let quantize = ["[[quantize]]\n[quantize.weights]\nbits = 3".to_owned()]
        .into_iter()
        .chain([
            variant("bits = 3\ngranularity = \"column\"", "method = \"lsq\""),
            variant(
                "format = \"dorefa\"\nbits = 3",
                "method = { dorefa = { activations = 4, gradients = 6 } }",
            ),
            variant(
                "format = \"wrpn\"\nbits = 3",
                "method = { wrpn = { activations = 4, widening = 2 } }\nstart = \"scratch\"",
            ),
            variant("bits = 3", "method = { pact = { activations = 4 } }\nepochs = 3\nlearning_rate = 0.01"),
        ])
        .collect::<Vec<_>>()
        .join("\n");
    let records = run(&mlp(&quantize)).unwrap();
    let trainings: Vec<String> = records.results.iter().map(|row| choice(row, Choice::Training)).collect();
    let expected = [
        "",
        "post-training",
        "lsq",
        "dorefa(activations 4, gradients 6)",
        "wrpn(activations 4, start scratch, widening 2)",
        "pact(activations 4, clip 10, decay 0.01, epochs 3, learning rate 0.01)",
    ];
    assert_eq!(trainings, expected);
    let sizes = |row: &ResultRow| {
        let size = measures(row).size;
        (size.stored.codes + size.stored.padding, size.stored.scales, size.biases)
    };
    let size = |weights: u64| (3 * weights).div_ceil(8);
    // 13 → 8 → 3, and 13 → 16 → 3 widened: the codes of each weight end on a byte of their own.
    let codes = size(13 * 8) + size(8 * 3);
    assert_eq!(sizes(&records.results[1]), (codes, 8, 44));
    assert_eq!(sizes(&records.results[2]), (codes, 4 * (8 + 3), 44));
    assert_eq!(sizes(&records.results[3]), (codes, 0, 44));
    assert_eq!(sizes(&records.results[4]), (size(13 * 16) + size(16 * 3), 0, 76));
    // Two scales, and the clip of the hidden layer.
    assert_eq!(sizes(&records.results[5]), (codes, 12, 44));
    assert!(records.results.iter().all(|row| measures(row).size.float == 4 * (13 * 8 + 8 + 8 * 3 + 3)));
    assert_eq!(curve(&records, 5).len(), 3);
    assert_eq!(curve(&records, 1).len(), 0);
}

#[test]
fn learned_steps_are_what_the_codes_are_read_with() {
    let lsq = variant("bits = 2", "method = \"lsq\"");
    let lsq = lsq.replace("[[quantize]]", "[[quantize]]\nbiases = \"quantize\"");
    let records = run(&mlp(&format!("[record]\nvalues = true\n{lsq}"))).unwrap();
    let rows: Vec<_> = records.tensors.rows.iter().filter(|row| row.origin.position == 1).collect();
    let names: Vec<&str> = rows.iter().map(|row| &*row.tensor).collect();
    assert_eq!(names, ["W1", "b1", "W2", "b2"]);
    for row in rows {
        let step = row.scale.unwrap();
        let values: Vec<_> = records.values.rows.iter().filter(|value| value.tensor == row.tensor).collect();
        assert_eq!(values.len(), row.count);
        for value in &values {
            assert_eq!(value.reconstruction, value.code as f64 * step);
        }
        // At 2 bits the range of the values would have its largest as the step.
        assert!(
            values.iter().all(|value| value.value.abs() != step),
            "{} has the step of its range",
            row.tensor
        );
    }
    assert_eq!(measures(&records.results[1]).size.biases, 0);
}

#[test]
fn training_that_moves_nothing_is_flagged() {
    let flags = |text: &str| flags(&run(text).unwrap().results[1]).to_vec();
    let rate = "learning_rate = 1e-30\n";
    let text = mlp(&variant("bits = 4", &format!("method = \"straight-through\"\n{rate}")));
    assert_eq!(flags(&text), [Flag::TrainingChangedNothing]);
    let text = mlp(&variant("bits = 4", "method = \"straight-through\"\nlearning_rate = 1e-6"));
    assert_eq!(flags(&text), [Flag::TrainingChangedNoCode]);
    let text = mlp(&variant("bits = 4", "method = \"straight-through\""));
    assert_eq!(flags(&text), []);
}

#[test]
fn a_training_that_diverges_is_a_row_with_its_reason_beside_the_others() {
    let post = "[[quantize]]\n[quantize.weights]\nbits = 4\n".to_owned();
    let quantize = post + &variant("bits = 4", "method = \"lsq\"\nlearning_rate = 1e30");
    let records = run(&mlp(&quantize)).unwrap();
    let [float, post, lsq] = records.results.as_slice() else { panic!("three rows") };
    assert!(float.result.is_ok() && post.result.is_ok());
    assert!(choice(lsq, Choice::Training).starts_with("lsq(learning rate"));
    let RowFailure { kind, reason } = lsq.result.as_ref().unwrap_err();
    assert_eq!(*kind, FailureKind::QuantizedTraining);
    assert!(reason.starts_with("training diverged in epoch 0"), "{reason}");
}

#[test]
fn a_training_is_part_of_the_key_and_its_absence_is_not() {
    let key = |quantize: &str| {
        let plan = planned(&mlp(quantize)).unwrap();
        plan.units[0].row_key(&plan.units[0].variants[0].identity)
    };
    let keys = [
        key("[quantize.weights]\nbits = 4"),
        key("[quantize.weights]\nbits = 4\n[quantize.training]\nmethod = \"lsq\""),
        key("[quantize.weights]\nbits = 4\n[quantize.training]\nmethod = \"lsq\"\nepochs = 6"),
    ];
    assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2]);
}

#[test]
fn a_method_and_a_scheme_that_do_not_go_together_are_refused() {
    for (weights, training, says) in [
        ("format = \"f16\"", "method = \"straight-through\"", "`straight-through` trains format `int`"),
        (
            "format = \"dorefa\"\nbits = 2",
            "method = \"straight-through\"",
            "`straight-through` trains format `int`",
        ),
        (
            "bits = 2",
            "method = \"dorefa\"",
            "`dorefa` trains format `dorefa`, but `quantize.weights` says `int`",
        ),
        ("bits = 2", "method = \"wrpn\"", "`wrpn` trains format `wrpn`"),
        ("bits = 1", "method = \"lsq\"", "expected at least 2 bits"),
        ("bits = 2\nsymmetry = \"asymmetric\"", "method = \"lsq\"", "expected `symmetry = symmetric`"),
        ("bits = 2\nrange = \"mse\"", "method = \"lsq\"", "leave `range` out"),
        (
            "format = \"f16\"",
            "method = { pact = { activations = 4 } }",
            "no straight-through estimator for format `f16`",
        ),
        ("bits = 2", "method = \"pact\"", "`pact` needs settings: missing field `activations`"),
        ("bits = 2", "method = { pact = { activations = 4, clip = 0.0 } }", "clip is `0.0`"),
        ("bits = 2", "method = { pact = { activations = 4, decay = -1.0 } }", "decay is `-1.0`"),
        ("bits = 2", "method = { lsq = {} }", "`lsq` has no settings"),
        ("bits = 2", "method = \"lsqq\"", "did you mean `lsq`?"),
        ("bits = 2", "method = \"lsq\"\nepochs = 0", "epochs is `0`"),
        ("bits = 2", "method = \"lsq\"\nlearning_rate = 0.0", "learning_rate is `0.0`"),
        ("format = \"wrpn\"\nbits = 2", "method = { wrpn = { widening = 0 } }", "widening is `0`"),
        ("format = \"wrpn\"\nbits = 2", "method = { wrpn = { widening = 2 } }", "expected `start = scratch`"),
    ] {
        refused(&mlp(&variant(weights, training)), &[says, "mine.toml:"]);
    }
    let scratch = variant("bits = 4", "method = \"lsq\"\nstart = \"scratch\"");
    let transformed = scratch.replace("[[quantize]]", "[[quantize]]\ntransform = \"absmax-equalization\"");
    refused(&mlp(&transformed), &["`start = scratch` does not use"]);
}

#[test]
fn a_model_without_what_the_training_needs_is_refused() {
    let lsq = variant("bits = 4", "method = \"lsq\"");
    let logistic = experiment("logistic]", &lsq);
    let logistic = logistic.replace("[train]\nepochs = 6\nbatch_size = 16\nlearning_rate = 0.05\n", "");
    let parts = ["cannot be combined with a logistic", "expected `model.softmax-regression` or `model.mlp`"];
    refused(&logistic, &parts);
    let pact = variant("bits = 4", "method = { pact = { activations = 4 } }");
    let parts = ["cannot be combined with a softmax regression", "it has no hidden units"];
    refused(&experiment("softmax-regression]", &pact), &parts);
    let wide =
        variant("format = \"wrpn\"\nbits = 4", "method = { wrpn = { widening = 64 } }\nstart = \"scratch\"");
    let text = mlp(&wide).replace("hidden = 8", "hidden = 2000");
    refused(&text, &["after widening hidden is `128000`"]);
    let tensor = format!("title = \"t\"\n[tensor]\nname = \"t\"\nvalues = [1, 2]\n{lsq}");
    refused(&tensor, &["`training` cannot be combined with a tensor", "there is no model to train"]);
}
