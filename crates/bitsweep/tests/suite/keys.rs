//! Keys are hashes of what is done, and of nothing else.

use std::fs;
use std::path::Path;

use bitsweep_results::Key;
use tempfile::TempDir;

use crate::harness::{experiment, planned, run};

/// The keys of the first unit and of its first variant's row.
#[track_caller]
fn keys(text: &str) -> (Key, Key) {
    let plan = planned(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let unit = &plan.units[0];
    (unit.key, unit.row_key(&unit.variants[0].identity))
}

#[track_caller]
fn assert_distinct(keys: &[(String, Key)]) {
    for (position, (what, key)) in keys.iter().enumerate() {
        let twin = keys[..position].iter().find(|(_, other)| other == key);
        assert!(twin.is_none(), "the same key:\n{what}\nand\n{}", twin.unwrap().0);
    }
}

const PLAIN: &str = "[quantize.weights]\nbits = 4\n";

#[test]
fn a_sibling_a_name_and_what_is_said_of_the_experiment_leave_keys_as_they_are() {
    let plain = keys(&experiment(PLAIN));
    let sibling = experiment("[quantize.weights]\nbits = [4, 8]\n");
    let tables =
        experiment("[[quantize]]\nweights = { bits = 4 }\n[[quantize]]\nweights = { format = \"f16\" }\n");
    let named = experiment(&format!("[quantize]\nname = \"mine\"\n{PLAIN}"));
    let titled = experiment(PLAIN).replace("\"test\"", "\"another\"\ndescription = \"more\"");
    let recorded = format!("record = {{ predictions = false, sensitivity = true }}\n{}", experiment(PLAIN));
    let picked = format!("seed = [0, 1]\n{}", experiment(PLAIN));
    let spelled_out = experiment(
        "[quantize]\ntransform = \"none\"\nbiases = \"keep\"\nmethod = \"nearest\"\nbias_correction = \"none\"\n\
         [quantize.weights]\nbits = 4\nformat = \"int\"\nsymmetry = \"symmetric\"\ngranularity = \"tensor\"\n\
         range = \"min-max\"\nrounding = \"nearest-even\"\noutliers = \"none\"\n",
    );
    let unweighed =
        experiment(PLAIN).replace("learning_rate = 0.1", "learning_rate = 0.1\nclass_weights = \"none\"");
    for text in [sibling, tables, named, titled, recorded, picked, spelled_out, unweighed] {
        assert_eq!(keys(&text), plain, "{text}");
    }
}

#[test]
fn what_is_said_of_the_experiment_leaves_keys_of_tensors_as_they_are() {
    let text = "title = \"t\"\n[tensor]\nname = \"t\"\nvalues = [1, 2]\n[quantize.weights]\nbits = 4\n";
    assert_eq!(keys(text), keys(&text.replace("title = \"t\"", "title = \"u\"")));
    let others = [
        text.to_owned(),
        text.replace("[1, 2]", "[1, 3]"),
        text.replace("[1, 2]", "[[1], [2]]"),
        text.replace("[quantize", "dtype = \"f64\"\n[quantize"),
        format!("seed = 1\n{text}"),
    ];
    let unit_keys = others.map(|text| (text.clone(), keys(&text).0));
    assert_distinct(&unit_keys);
}

#[test]
fn every_axis_of_a_variant_is_part_of_its_key_and_of_no_other() {
    let around = [
        "transform = \"absmax-equalization\"",
        "transform = \"cross-layer-equalization\"",
        "transform = \"smooth\"",
        "transform = { smooth = { alpha = 0.7 } }",
        "transform = \"awq\"",
        "transform = \"high-bias-absorption\"",
        "biases = \"quantize\"",
        "calibration = {}",
        "calibration = { rows = 20 }",
        "calibration = { rows = 21 }",
        "method = \"gptq\"",
        "method = { gptq = { act_order = true } }",
        "method = { gptq = { damp = 0.1 } }",
        "method = \"adaround\"",
        "method = \"greedy\"",
        "method = \"learned-scale\"",
        "bias_correction = \"empirical\"",
        "bias_correction = \"analytic\"",
        "activations = { bits = 8, mode = \"static\" }",
        "activations = { bits = 7, mode = \"static\" }",
        "activations = { bits = 8, mode = \"static\", range = \"mse\" }",
        "activations = { bits = 8, mode = \"static\", symmetry = \"symmetric\" }",
        "activations = { bits = 8, mode = \"dynamic\" }",
        "activations = { bits = 8, mode = \"dynamic\", granularity = \"row\" }",
        "layers = { W1 = { bits = 8 } }",
        "layers = { W2 = { bits = 8 } }",
        "layers = { W1 = { granularity = \"column\" } }",
        "training = { method = \"straight-through\" }",
        "training = { method = \"straight-through\", start = \"scratch\" }",
        "training = { method = \"lsq\" }",
        "training = { method = \"lsq\", epochs = 3 }",
        "training = { method = \"lsq\", learning_rate = 0.2 }",
        "training = { method = { pact = { activations = 4 } } }",
    ];
    let around = around.map(|line| format!("[quantize]\n{line}\n{PLAIN}"));
    let weights = [
        "bits = 8",
        "bits = 4\nsymmetry = \"asymmetric\"",
        "bits = 4\nsymmetry = \"asymmetric\"\nzero_point = \"float\"",
        "bits = 4\nsymmetry = \"asymmetric\"\nzero_point = \"minimum\"",
        "bits = 4\nsymmetry = \"asymmetric\"\ncodes = \"signed\"",
        "bits = 4\ncode_range = \"full\"",
        "bits = 4\ngranularity = \"row\"",
        "bits = 4\ngranularity = \"column\"",
        "bits = 4\ngranularity = { rows = 2 }",
        "bits = 4\ngranularity = { group = 4 }",
        "bits = 4\ngranularity = { group = 5 }",
        "bits = 4\nscale_format = \"f16\"",
        "bits = 4\nrange = \"mse\"",
        "bits = 4\nrange = { percentile = 99 }",
        "bits = 4\nrange = { percentile = 99.9 }",
        "bits = 4\nrange = \"output-mse\"",
        "bits = 4\nrounding = \"half-away\"",
        "bits = 4\nrounding = \"stochastic\"",
        "bits = 4\noutliers = { percent = 1 }",
        "bits = 4\noutliers = { percent = 2 }",
        "format = \"f16\"",
        "format = \"nf4\"",
        "format = \"nf\"\nbits = 4",
        "format = { vq = { centroids = 16 } }",
        "format = { vq = { centroids = 16 } }\ncodebook_format = \"f16\"",
        "format = { vq = { centroids = 8 } }",
        "format = { vq = { centroids = 8, clustering = \"exact\" } }",
    ];
    let weights = weights.map(|lines| format!("[quantize.weights]\n{lines}\n"));
    let mixed = [
        "bits = [2, 4]\nbudget = { bytes = 900 }",
        "bits = [2, 4]\nbudget = { bytes = 901 }",
        "bits = [3, 4]\nbudget = { bytes = 900 }",
        "bits = [2, 4]\nbudget = { bytes = 900 }\nobjective = \"macro-f1\"",
        "bits = [2, 4]\nbudget = { uniform_bits = 4 }",
    ];
    let mixed = mixed.map(|lines| format!("[quantize.weights]\n[quantize.mixed]\n{lines}\n"));
    let unit = keys(&experiment(PLAIN)).0;
    let mut rows = vec![(PLAIN.to_owned(), keys(&experiment(PLAIN)).1)];
    for quantize in around.into_iter().chain(weights).chain(mixed) {
        let (unit_key, row) = keys(&experiment(&quantize));
        assert_eq!(unit_key, unit, "the key of a unit knows of its variants:\n{quantize}");
        rows.push((quantize, row));
    }
    assert_distinct(&rows);
}

#[test]
fn everything_that_decides_the_float_model_is_part_of_the_keys() {
    let plain = experiment(PLAIN);
    let change = |from: &str, to: &str| {
        assert!(plain.contains(from), "{from}");
        plain.replace(from, to)
    };
    let texts = [
        plain.clone(),
        format!("seed = 1\n{plain}"),
        format!("rng = \"numpy\"\n{plain}"),
        change("\"wine\"", "\"digits\""),
        change("\"standard\"", "\"none\""),
        change("\"standard\"", "{ divide = 16 }"),
        change("test = 0.2", "test = 0.25"),
        change("test = 0.2", "test = 0.2\nstratified = true"),
        change("hidden = 8", "hidden = 9"),
        change("hidden = 8", "hidden = [[8, 8]]"),
        change("hidden = 8", "hidden = 8\ninitialization = \"normal\""),
        change("epochs = 5", "epochs = 6"),
        change("batch_size = 32", "batch_size = 16"),
        change("learning_rate = 0.1", "learning_rate = 0.2"),
        change("learning_rate = 0.1", "learning_rate = 0.1\noptimizer = \"adam\""),
        change("learning_rate = 0.1", "learning_rate = 0.1\nshuffle = false"),
        change("learning_rate = 0.1", "learning_rate = 0.1\nprecision = \"mixed\""),
        change("learning_rate = 0.1", "learning_rate = 0.1\nclass_weights = \"balanced\""),
        change("learning_rate = 0.1", "learning_rate = 0.1\nclass_weights = { class_1 = 2 }"),
        change("learning_rate = 0.1", "learning_rate = 0.1\nclass_weights = { class_1 = 3 }"),
        change("learning_rate = 0.1", "learning_rate = 0.1\nclass_weights = { class_2 = 3 }"),
        change("[model.mlp]\nhidden = 8", "[model.softmax-regression]"),
    ];
    let (units, rows): (Vec<_>, Vec<_>) = texts
        .into_iter()
        .map(|text| {
            let (unit, row) = keys(&text);
            ((text.clone(), unit), (text, row))
        })
        .unzip();
    assert_distinct(&units);
    assert_distinct(&rows);
}

/// The small experiment on a CSV file.
fn of_csv(path: &Path) -> String {
    experiment(PLAIN)
        .replace("source = \"wine\"", &format!("source.csv = {{ path = {path:?}, target = \"kind\" }}"))
}

#[test]
fn the_bytes_of_a_dataset_are_part_of_the_keys_and_its_path_is_not() {
    let folder = TempDir::new().unwrap();
    let rows: String = (0..30).map(|row| format!("{row},{},{}\n", row * row % 7, row % 2)).collect();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        keys(&of_csv(&path))
    };
    let text = format!("a,b,kind\n{rows}");
    let first = file("data.csv", &text);
    assert_eq!(file("elsewhere/other.csv", &text), first);
    let changed = file("data.csv", &text.replace("\n1,1,", "\n1,2,"));
    assert_ne!(changed.0, first.0);
    assert_ne!(changed.1, first.1);
}

#[test]
fn keys_do_not_change_from_run_to_run_and_are_those_of_the_plan() {
    let text = experiment("[quantize.weights]\nbits = [8, 4]\n");
    let plan = planned(&text).unwrap();
    let unit = &plan.units[0];
    let planned_keys: Vec<Key> = [&unit.float]
        .into_iter()
        .chain(unit.variants.iter().map(|planned| &planned.identity))
        .map(|identity| unit.row_key(identity))
        .collect();
    for _ in 0..2 {
        let records = run(&text).unwrap();
        let keys: Vec<Key> = records.results.iter().map(|row| row.key).collect();
        assert_eq!(keys, planned_keys);
        assert!(records.results.iter().all(|row| row.origin.unit.key == unit.key));
    }
}

#[test]
fn channels_have_two_names_and_one_meaning() {
    for (short, channel) in [("row", "input-channel"), ("column", "output-channel")] {
        let text = |name: &str| {
            experiment(&format!(
                "[quantize.weights]\nbits = [4, 2]\ngranularity = \"{name}\"\n[quantize.layers]\n\
                 W2 = {{ bits = 8, granularity = \"{name}\" }}\n"
            ))
        };
        assert_eq!(keys(&text(short)), keys(&text(channel)));
        assert_eq!(run(&text(short)).unwrap(), run(&text(channel)).unwrap());
    }
    let both = "[quantize.weights]\nbits = 4\ngranularity = [\"column\", \"output-channel\"]\n";
    let refusal = planned(&experiment(both)).unwrap_err().to_string();
    assert!(refusal.contains("are the same"), "{refusal}");
}
