//! Models whose last layer has one output: the logit of the second of two classes.

use std::fs;
use std::path::Path;

use bitsweep_results::{Records, SizeMeasures};

use crate::harness::{
    Sandbox, fixture, measures, planned, printed, refused, refused_by_validate, run_plan, said, scores,
    unwrapped,
};

/// A folder with three features and two classes in 90 rows.
fn with_data() -> Sandbox {
    let sandbox = Sandbox::new();
    let row = |row: i32| {
        let features =
            [row * 5 % 11 - 5, row * 7 % 13 - 6, row * 11 % 17 - 8].map(|value| f64::from(value) / 8.0);
        let class =
            usize::from(features[0] - 0.5 * features[1] + 0.25 * features[2] > f64::from(row % 5 - 2) / 4.0);
        format!("{},{},{},k{class}\n", features[0], features[1], features[2])
    };
    sandbox.put("data.csv", format!("a,b,c,kind\n{}", (0..90).map(row).collect::<String>()));
    sandbox
}

const HIDDEN: &str =
    "{ weight = [[1.0, -0.5], [0.25, 1.5], [-1.0, 0.75]], bias = [0.0, -0.25], activation = \"relu\" }";
const LOGISTIC: &str = "{ weight = [[1.25], [-0.7]], bias = [-0.1] }";
/// The same as a softmax needs it.
const SOFTMAX: &str = "{ weight = [[0.0, 1.25], [0.0, -0.7]], bias = [0.0, -0.1] }";

/// A given model with this last layer and head.
fn experiment(sandbox: &Sandbox, last: &str, head: &str, quantize: &str) -> String {
    let path = sandbox.path("data.csv");
    format!(
        "title = \"one logit\"\nrecord = {{ sensitivity = true }}\n\
         [data]\nsource.csv = {{ path = {path:?}, target = \"kind\" }}\n\
         [split.holdout]\ntest = 30\n\
         [model.given]\nlayers = [{HIDDEN}, {last}]\nhead = \"{head}\"\n{quantize}"
    )
}

fn records(text: &str) -> Records {
    run_plan(&planned(text).unwrap()).unwrap()
}

#[test]
fn it_scores_as_two_columns_do_of_which_the_first_is_0_and_has_the_bytes_of_one() {
    let sandbox = with_data();
    let quantize = "[[quantize]]\nweights = { bits = [8, 3] }\n\
                    [[quantize]]\nweights = { bits = 4, granularity = \"output-channel\" }\n\
                    [[quantize]]\nweights = { bits = 8 }\nactivations = { bits = 4, mode = \"static\" }\n\
                    [[quantize]]\nweights = { bits = 8 }\nactivations = { bits = 8, mode = \"dynamic\" }\n\
                    [[quantize]]\ntransform = \"absmax-equalization\"\nweights = { bits = 5 }\n\
                    [[quantize]]\nweights = {}\nmixed = { bits = [3, 4], budget = { macro_f1_loss = 0.1 } }\n";
    let one = records(&experiment(&sandbox, LOGISTIC, "logistic", quantize));
    let two = records(&experiment(&sandbox, SOFTMAX, "softmax", quantize));
    assert_eq!(one.results.len(), 8);
    for (one, two) in one.results.iter().zip(&two.results) {
        assert_eq!(scores(one), scores(two), "{:?}", one.origin.variant);
        let (one, two) = (measures(one).size, measures(two).size);
        assert_eq!((one.float, two.float), (4 * (3 * 2 + 2 + 2 + 1), 4 * (3 * 2 + 2 + 2 * 2 + 2)));
        assert!(one.total() < two.total(), "{one:?} {two:?}");
    }
    for (one, two) in one.predictions.iter().zip(&two.predictions) {
        assert_eq!((&one.float, &one.rows), (&two.float, &two.rows));
        assert!(one.float.contains(&0) && one.float.contains(&1));
        for ((_, _, own), (_, _, other)) in one.variants.iter().zip(&two.variants) {
            assert_eq!(own, other);
        }
    }
    // What each tensor does to the logits is measured on the same logits.
    assert_eq!(one.sensitivity.len(), two.sensitivity.len());
    for (one, two) in one.sensitivity.iter().zip(&two.sensitivity) {
        assert_eq!((&one.tensor, one.output_error), (&two.tensor, two.output_error));
    }
    assert!(one.sensitivity.iter().any(|row| &*row.tensor == "x2" && row.output_error > 0.0));
}

#[test]
fn a_budget_counts_the_one_column() {
    let sandbox = with_data();
    let with = |bytes: usize| {
        let quantize =
            format!("[quantize.weights]\n[quantize.mixed]\nbits = [2, 8]\nbudget = {{ bytes = {bytes} }}\n");
        experiment(&sandbox, LOGISTIC, "logistic", &quantize)
    };
    // 6 codes of 2 bits, 2 codes of 2 bits, two scales and three biases.
    let fewest = 2 + 1 + 2 * 4 + 3 * 4;
    assert_eq!(measures(&records(&with(fewest)).results[1]).size.total(), fewest as u64);
    refused_by_validate(&with(fewest - 1), "is too small: expected at least");
}

#[test]
fn a_head_and_its_outputs_that_do_not_go_together_are_refused() {
    let sandbox = with_data();
    let with = |last: &str, head: &str| experiment(&sandbox, last, head, "[quantize.weights]\nbits = 8\n");
    for head in ["softmax", "one-vs-rest"] {
        let part = format!("the head `{head}` stands behind 1 output");
        refused(&with(LOGISTIC, head), &[&part, "or the head `logistic`", "mine.toml:"]);
    }
    refused(&with(SOFTMAX, "logistic"), &["the head `logistic` stands behind 2 outputs", "mine.toml:"]);
    let three = with(LOGISTIC, "logistic").replace(
        "layers = [{ weight = [[1.0, -0.5], [0.25, 1.5], [-1.0, 0.75]]",
        "layers = [{ weight = [[1.0, -0.5], [0.25, 1.5]]",
    );
    refused(&three, &["2 inputs and 2 classes", "3 features and 2 classes"]);
}

/// scikit-learn's logistic regression, which tells the second class of wine from the others.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.put("two.npz", fs::read(fixture("two-classes.npz")).unwrap());
    let wine = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/wine_data.csv");
    let wine = fs::read_to_string(wine).unwrap();
    let row = |line: &str| {
        let (features, class) = line.rsplit_once(',').unwrap();
        format!("{features},{}\n", u8::from(class.trim() == "1"))
    };
    let names: Vec<String> = (0..13).map(|number| format!("x{number}")).collect();
    let rows: String = wine.lines().skip(1).map(row).collect();
    sandbox.put("wine.csv", format!("{},kind\n{rows}", names.join(",")));
    sandbox.put(
        "two.toml",
        "[data.source.csv]\npath = 'wine.csv'\ntarget = 'kind'\n[model.file]\npath = 'two.npz'\n\
         [[quantize]]\nweights = { bits = [8, 4] }\n\
         [[quantize]]\nname = 'dynamic'\nweights = { bits = 8 }\nactivations = { bits = 8, mode = 'dynamic' }\n",
    );
    sandbox
}

#[test]
fn a_file_of_two_classes_has_the_bytes_of_one_column() {
    let sandbox = sandbox();
    let text = sandbox.read("two.toml").replace("'wine.csv'", &format!("{:?}", sandbox.path("wine.csv")));
    let text = text.replace("'two.npz'", &format!("{:?}", sandbox.path("two.npz")));
    let records = records(&text);
    let sizes: Vec<SizeMeasures> = records.results.iter().map(|row| measures(row).size).collect();
    assert_eq!(sizes[0].float, 4 * (13 + 1));
    for (size, codes) in sizes[1..].iter().zip([13, 7, 13]) {
        assert_eq!((size.stored.codes + size.stored.padding, size.stored.scales, size.biases), (codes, 4, 4));
    }
    assert!(records.results.iter().all(|row| scores(row).macro_f1.value > 0.95));
    let inspected = printed(&sandbox.succeeds(&["inspect", "two.npz"]));
    let inspected = unwrapped(&inspected);
    assert!(inspected.contains("a logistic function, that of the second of two classes"), "{inspected}");
    assert!(inspected.contains("13 weights are quantized and 1 bias stays float"), "{inspected}");
}

#[test]
fn it_is_exported_with_one_column_and_scores_what_was_measured() {
    let sandbox = sandbox();
    let json = printed(&sandbox.succeeds(&["run", "two.toml", "--json", "--quiet"]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    for label in ["8 bit", "4 bit", "dynamic"] {
        let rows = json["results"].as_array().unwrap();
        let row = rows.iter().find(|row| row["label"].as_str().unwrap().contains(label)).unwrap();
        let label = row["label"].as_str().unwrap();
        let output = sandbox.succeeds(&["export", "two.toml", "--variant", label, "--quiet"]);
        let file = printed(&output).split_once(':').unwrap().0.to_owned();
        let verified = sandbox.succeeds(&["verify", &file, "--csv", "wine.csv", "--target", "kind"]);
        let macro_f1 = format!("macro-F1 {:.4} ", row["macro_f1"].as_f64().unwrap());
        let verified = unwrapped(&printed(&verified));
        assert!(verified.contains(&macro_f1), "{label}: {macro_f1}, {verified}");
        let inspected = sandbox.succeeds(&["inspect", &file, "--json"]);
        let inspected: serde_json::Value = serde_json::from_str(&printed(&inspected)).unwrap();
        let tensors = inspected["tensors"].as_array().unwrap();
        let bias = tensors.iter().find(|tensor| tensor["name"] == "b1").unwrap();
        assert_eq!(bias["bytes"], 4, "{label}");
        let bytes = fs::read(sandbox.path(&file)).unwrap();
        let head = b"\\\"head\\\":\\\"logistic\\\"";
        assert!(bytes.windows(head.len()).any(|window| window == head), "{label}");
    }
    let refused = sandbox.run(&["run", "two.toml", "--set", "model.file.head=softmax", "--quiet"]);
    assert!(
        unwrapped(&said(&refused)).contains("the head `softmax` stands behind 1 output"),
        "{}",
        said(&refused)
    );
}
