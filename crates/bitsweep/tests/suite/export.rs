//! Quantized models as files: what is exported is what was measured.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::harness::{Sandbox, printed, said, unwrapped};

/// Two files of wine, and an experiment of every kind of variant on them.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let wine = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/wine_data.csv");
    let wine = fs::read_to_string(wine).unwrap();
    // A text and a gap, so that columns have something to say.
    let row = |(number, line): (usize, &str)| {
        let colour = ["red", "white", "rosé"][number * 7 % 3];
        let line = if number % 10 == 3 { line.replacen(',', ",,", 1) } else { line.replacen(',', ",1,", 1) };
        format!("{colour},{line}\n")
    };
    let rows: Vec<String> = wine.lines().skip(1).enumerate().map(row).collect();
    let names: Vec<String> = (0..14).map(|number| format!("x{number}")).collect();
    let header = format!("colour,{},kind\n", names.join(","));
    let part =
        |first: usize| header.clone() + &rows.iter().skip(first).step_by(2).cloned().collect::<String>();
    sandbox.put("train.csv", part(0));
    sandbox.put("test.csv", part(1));
    sandbox.put("mine.toml", EXPERIMENT);
    sandbox
}

const EXPERIMENT: &str = "\
[data.source.csv]
train = 'train.csv'
test = 'test.csv'
target = 'kind'
missing = 'indicator'
[model.mlp]
hidden = 6
[train]
epochs = 30
[[quantize]]
weights = { bits = [8, 3], granularity = ['tensor', 'output-channel', { group = 5 }] }
[[quantize]]
name = 'asymmetric with biases'
biases = 'quantize'
weights = { bits = 4, symmetry = 'asymmetric' }
[[quantize]]
name = 'folded'
scaler = 'fold'
weights = { bits = 6, granularity = 'input-channel' }
[[quantize]]
name = 'static'
weights = { bits = 8 }
activations = { bits = 8, mode = 'static' }
[[quantize]]
name = 'dynamic'
weights = { bits = 8, granularity = 'output-channel' }
activations = { bits = 8, mode = 'dynamic' }
[[quantize]]
name = 'smooth'
transform = 'smooth'
weights = { bits = 4 }
[[quantize]]
name = 'normal float'
weights = { format = 'nf4' }
[[quantize]]
name = 'codebook'
weights = { format = { vq = { centroids = 8, width = 1 } } }
[[quantize]]
weights = { format = ['f16', 'fp8-e4m3', 'mxfp4', 'nvfp4', 'q4_0', 'q5_1'] }
[[quantize]]
name = 'trained'
weights = { bits = 4 }
training = { method = 'straight-through' }
[[quantize]]
name = 'integers'
weights = { bits = 8, symmetry = 'symmetric', granularity = 'output-channel' }
activations = { bits = 8, mode = 'static', requantize = 'fixed-point' }
[[quantize]]
name = 'shifts'
scaler = 'fold'
weights = { bits = 6, symmetry = 'symmetric' }
activations = { bits = 8, mode = 'static', requantize = 'power-of-two' }
[[quantize]]
name = 'pact'
weights = { bits = 4 }
training = { method = { pact = { activations = 4 } } }
";

#[test]
fn every_exported_variant_scores_what_was_measured() {
    let sandbox = sandbox();
    let json = printed(&sandbox.succeeds(&["run", "mine.toml", "--json", "--quiet"]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let mut measured: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let predictions = fs::read(sandbox.path("results/mine/predictions.csv")).unwrap();
    for record in csv::Reader::from_reader(predictions.as_slice()).records() {
        let record = record.unwrap();
        measured.entry(record[2].to_owned()).or_default().push(record[7].to_owned());
    }
    let labelled = fs::read_to_string(sandbox.path("test.csv")).unwrap();
    let unlabelled = labelled.lines().map(|line| line.rsplit_once(',').unwrap().0.to_owned() + "\n");
    sandbox.put("unlabelled.csv", unlabelled.collect::<String>());
    let mut exported = 0;
    for row in json["results"].as_array().unwrap() {
        let label = row["label"].as_str().unwrap();
        if ["float", "majority class"].contains(&label) {
            continue;
        }
        let output = sandbox.succeeds(&["export", "mine.toml", "--variant", label, "--quiet"]);
        let written = printed(&output);
        let file = written.split_once(':').unwrap().0.to_owned();
        let predicted = printed(&sandbox.succeeds(&["predict", &file, "--csv", "unlabelled.csv"]));
        assert_eq!(classes(&predicted), measured[label], "{label}");
        let verified = sandbox.succeeds(&["verify", &file, "--csv", "test.csv", "--target", "kind"]);
        let macro_f1 = format!("macro-F1 {:.4} ", row["macro_f1"].as_f64().unwrap());
        assert!(
            unwrapped(&printed(&verified)).contains(&macro_f1),
            "{label}: {macro_f1}, {}",
            printed(&verified)
        );
        exported += 1;
    }
    assert!(exported >= 19, "{exported}");
}

/// The classes that `predict` prints; the probabilities beside them sum to 1, the largest is that of the class.
fn classes(predicted: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(predicted.as_bytes());
    let names: Vec<String> = reader.headers().unwrap().iter().skip(2).map(str::to_owned).collect();
    let class = |(number, record): (usize, Result<csv::StringRecord, csv::Error>)| {
        let record = record.unwrap();
        assert_eq!(record[0], number.to_string());
        let probabilities: Vec<f64> = record.iter().skip(2).map(|text| text.parse().unwrap()).collect();
        assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let likeliest =
            (0..names.len()).max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b])).unwrap();
        assert_eq!(names[likeliest], format!("probability {}", &record[1]));
        record[1].to_owned()
    };
    reader.records().enumerate().map(class).collect()
}

#[test]
fn rows_with_gaps_and_without_classes_are_predicted_one_by_one() {
    let sandbox = sandbox();
    let written = printed(&sandbox.succeeds(&["export", "mine.toml", "--variant", "static", "--quiet"]));
    let file = written.split_once(':').unwrap().0;
    let labelled = fs::read_to_string(sandbox.path("test.csv")).unwrap();
    let (header, rows) = labelled.split_once('\n').unwrap();
    let whole = classes(&printed(&sandbox.succeeds(&["predict", file, "--csv", "test.csv"])));
    for (row, class) in rows.lines().zip(&whole).take(12) {
        // A column may have no value in any row, and another order.
        let (colour, rest) = row.split_once(',').unwrap();
        let (names, others) = header.split_once(',').unwrap();
        sandbox.put("one.csv", format!("{others},{names}\n{rest},{colour}\n"));
        assert_eq!(
            classes(&printed(&sandbox.succeeds(&["predict", file, "--csv", "one.csv"]))),
            std::slice::from_ref(class)
        );
    }
    let refused = |csv: &str| {
        sandbox.put("bad.csv", csv);
        let output = sandbox.run(&["predict", file, "--csv", "bad.csv"]);
        assert_eq!(output.status.code(), Some(2));
        unwrapped(&said(&output))
    };
    assert!(refused("colour,x1\nred,1\n").contains("x0"));
    let row = rows.lines().next().unwrap();
    let text = refused(&format!(
        "{header}\n{}\n",
        row.replacen(",1,", ",1,much,", 1).replacen(&row[row.rfind(',').unwrap()..], "", 1)
    ));
    assert!(text.contains("line 2 of `bad.csv`, column `x2`: `much` is a text: expected numbers"), "{text}");
    let second = rows.lines().nth(1).unwrap();
    let text = refused(&format!("{header}\n{row}\n{}\n", second.replacen(',', ",much", 1)));
    assert!(
        text.contains("line 3, column `x0`: expected a number, found `much") && !text.contains("drop"),
        "{text}"
    );
    assert!(refused(&format!("{row}\n{second}\n")).contains("has no header"));
    // A row without a class is not scored.
    let without = labelled.lines().nth(1).unwrap().rsplit_once(',').unwrap().0.to_owned() + ",\n";
    sandbox.put("more.csv", labelled.clone() + &without);
    let verified =
        unwrapped(&printed(&sandbox.succeeds(&["verify", file, "--csv", "more.csv", "--target", "kind"])));
    assert!(verified.contains("on 89 rows (1 more without a class): macro-F1"), "{verified}");
    // Of one class alone, too.
    let of_one: String =
        rows.lines().filter(|row| row.ends_with(",0")).map(|row| format!("{row}\n")).collect();
    sandbox.put("one-class.csv", format!("{header}\n{of_one}"));
    sandbox.succeeds(&["verify", file, "--csv", "one-class.csv", "--target", "kind"]);
}

#[test]
fn a_pick_is_exported_and_the_same_bytes_each_time() {
    let sandbox = sandbox();
    let export = |out: &str| {
        let output = sandbox.succeeds(&["export", "mine.toml", "--pick", "memory", "--out", out, "--quiet"]);
        let file = printed(&output).split_once(':').unwrap().0.to_owned();
        fs::read(sandbox.path(&file)).unwrap()
    };
    assert_eq!(export("one"), export("two"));
}

#[test]
fn what_cannot_be_exported_or_verified_is_said() {
    let sandbox = sandbox();
    let refused = |arguments: &[&str]| {
        let output = sandbox.run(arguments);
        assert!(!output.status.success(), "{arguments:?}");
        unwrapped(&said(&output))
    };
    assert!(refused(&["export", "mine.toml", "--variant", "static1"]).contains("did you mean `static`?"));
    assert!(refused(&["export", "mine.toml"]).contains("--pick"));
    assert!(
        refused(&["export", "mine.toml", "--variant", "static", "--unit", "zz"]).contains("no unit `zz`")
    );
    let written = printed(&sandbox.succeeds(&["export", "mine.toml", "--variant", "static", "--quiet"]));
    let file = written.split_once(':').unwrap().0;
    let whole = fs::read(sandbox.path(file)).unwrap();
    let inspected = printed(&sandbox.succeeds(&["inspect", file]));
    assert!(
        inspected.contains("bitsweep verify") && inspected.contains("variant: W8A8 · static"),
        "{inspected}"
    );
    let mut damaged = whole.clone();
    *damaged.last_mut().unwrap() ^= 1;
    sandbox.put("damaged.safetensors", &damaged);
    sandbox.put("half.safetensors", &whole[..whole.len() / 2]);
    sandbox.put("other.csv", "a,kind\n1,0\n2,1\n");
    let verify = |file: &str, csv: &str| refused(&["verify", file, "--csv", csv, "--target", "kind"]);
    assert!(verify("damaged.safetensors", "test.csv").contains("damaged.safetensors"));
    assert!(verify("half.safetensors", "test.csv").contains("half.safetensors"));
    assert!(verify("none.safetensors", "test.csv").contains("No such file"));
    assert!(verify(".", "test.csv").contains("is no file"));
    assert!(verify("test.csv", "test.csv").contains("test.csv"));
    assert!(verify(file, "other.csv").contains("colour"));
    // Tables that do not say what they must.
    let table = sandbox.read("test.csv");
    let (header, rows) = table.split_once('\n').unwrap();
    let with = |name: &str, header: &str, rows: &str| sandbox.put(name, format!("{header}\n{rows}"));
    let longer: String = rows.lines().map(|row| format!("1,{row}\n")).collect();
    with("twice.csv", &format!("x0,{header}"), &longer);
    assert!(verify(file, "twice.csv").contains("2 columns are named `x0`"));
    let without: String = rows.lines().map(|row| format!("{},\n", row.rsplit_once(',').unwrap().0)).collect();
    with("unknown.csv", header, &without);
    with("other-class.csv", header, &rows.replacen(",0\n", ",nine\n", 1));
    let output = verify(file, "other-class.csv");
    assert!(
        output.contains("of `other-class.csv`, column `kind`: the model has no class `nine`"),
        "{output}"
    );
    assert!(verify(file, "unknown.csv").contains("`unknown.csv`, column `kind`: no row has a class"));
    let third = rows.lines().nth(1).unwrap();
    let far = third.rsplitn(4, ',').last().unwrap().to_owned() + ",1e300,1,0";
    with("far.csv", header, &rows.replacen(third, &far, 1));
    let output = refused(&["predict", file, "--csv", "far.csv"]);
    assert!(output.contains("line 3 of `far.csv`: the model has no finite output"), "{output}");
    with("other-text.csv", header, &rows.replacen("red,", "mauve,", 1));
    let output = sandbox.succeeds(&["predict", file, "--csv", "other-text.csv"]);
    let note = unwrapped(&said(&output));
    assert!(
        note.contains("column `colour`: 1 row has a text that the model does not know, as `mauve`"),
        "{note}"
    );
    // What a format cannot say, and what is no model, is said as a wrong command line is.
    for (arguments, said_of_it) in [
        (vec!["export", "mine.toml", "--variant", "static", "--format", "gguf"], "inputs that are codes"),
        (vec!["export", "mine.toml", "--variant", "static", "--format", "onyx"], "invalid value 'onyx'"),
        (vec!["export", "vector-ranges", "--variant", "4 bit"], "is no model"),
        (vec!["export", "mine.toml", "--pick", "budget"], "has no `pick.budget_bytes`"),
        (vec!["export", "mine.toml", "--pick", "balance", "--format", "npz,npz"], "`npz` is named twice"),
        (vec!["export", "no/mine", "--pick", "balance"], "no such file"),
        (vec!["export", "other", "--pick", "balance"], "and no results of it in `results/other`"),
        (vec!["plan", "mine.toml", "--set", "export.pick=budget"], "has no `pick.budget_bytes`"),
        (vec!["export", "mine.toml", "--pick", "device"], "has no `device.target`"),
        (vec!["plan", "mine.toml", "--set", "export.pick=device"], "has no `device.target`"),
        (vec!["plan", "mine.toml", "--set", "pick.ram_bytes=100"], "there is no `device.target`"),
        (vec!["fit", "mine.toml"], "no device is named"),
        (vec!["fit", "mine.toml", "--device", "z80"], "invalid value 'z80'"),
        (vec!["plan", "mine.toml", "--set", "export.pick=[]"], "expected at least one entry"),
        (vec!["plan", "mine.toml", "--set", "export.format=npz"], "says which models"),
    ] {
        let output = sandbox.run(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(unwrapped(&said(&output)).contains(said_of_it), "{arguments:?}: {}", said(&output));
    }
}

#[test]
fn other_formats_hold_what_they_can() {
    let sandbox = sandbox();
    let formats = "safetensors,onnx,onnx-matmulnbits,onnx-double,onnx-qdq,onnx-opset25,gguf,npz,json";
    let variant = "asymmetric with biases";
    let output = sandbox.run(&["export", "mine.toml", "--variant", variant, "--format", formats]);
    // What one format cannot hold keeps none of the others back.
    assert_eq!(output.status.code(), Some(2));
    let refused = unwrapped(&said(&output));
    assert!(
        refused.contains("no layer has a form of `MatMulNBits`") && refused.contains("as gguf"),
        "{refused}"
    );
    let written = printed(&output);
    assert_eq!(written.lines().filter(|line| line.starts_with("exports/")).count(), 7, "{written}");
    assert!(written.contains("exports/mine-4-bit-asymmetric-with-biases-onnx-double.onnx"), "{written}");
    let onnx = written.lines().find(|line| line.contains("biases.onnx")).unwrap().split_once(':').unwrap().0;
    let inspected = printed(&sandbox.succeeds(&["inspect", onnx]));
    assert!(inspected.contains("ONNX") && inspected.contains("W1.codes"), "{inspected}");
}

#[test]
fn results_are_exported_from_without_running_again() {
    let sandbox = sandbox();
    sandbox.succeeds(&["run", "mine.toml", "--quiet"]);
    // The file of the experiment is no longer there: the results have it, with paths as seen from their folder.
    fs::rename(sandbox.path("mine.toml"), sandbox.path("moved.toml")).unwrap();
    let export = |arguments: &[&str]| {
        let output = sandbox.succeeds(&[&["export", "mine", "--quiet"], arguments].concat());
        printed(&output).split_once(':').unwrap().0.to_owned()
    };
    let (picked, labelled) = (export(&["--pick", "memory"]), export(&["--variant", "static"]));
    assert_eq!(labelled, "exports/mine-W8A8-static.safetensors");
    let picks: serde_json::Value = serde_json::from_str(&sandbox.read("results/mine/picks.json")).unwrap();
    let pick = picks.as_array().unwrap().iter().find(|pick| pick["goal"] == "least memory").unwrap();
    let inspected = unwrapped(&printed(&sandbox.succeeds(&["inspect", &picked])));
    assert!(
        inspected.contains(&format!("variant: {}", pick["variant"]["label"].as_str().unwrap())),
        "{inspected}"
    );
    assert!(inspected.contains(&format!("row_key: {}", pick["variant"]["keys"][0].as_str().unwrap())));
    // A damaged one is told to be, and listed by its tensors.
    let mut bytes = fs::read(sandbox.path(&picked)).unwrap();
    // The codes of the second layer stand before 16 bytes of texts.
    let code = bytes.len() - 20;
    bytes[code] ^= 1;
    sandbox.put("damaged.safetensors", bytes);
    let inspected = unwrapped(&printed(&sandbox.succeeds(&["inspect", "damaged.safetensors"])));
    assert!(inspected.contains("W1.codes") && inspected.contains("it is damaged"), "{inspected}");
    // A pick that the results name is taken from there; where the experiment is another by now, it is not.
    let other = picks.to_string().replace(pick["variant"]["keys"][0].as_str().unwrap(), "0");
    sandbox.put("results/mine/picks.json", &other);
    let output = sandbox.run(&["export", "mine", "--pick", "memory"]);
    assert!(
        unwrapped(&said(&output))
            .contains("no quantized variant to export: `results/mine/report.md` says why")
    );
    // Data that have changed make the results those of another plan.
    let test = sandbox.read("test.csv");
    sandbox.put("test.csv", test.replacen("red,", "white,", 1));
    let output = sandbox.succeeds(&["export", "mine", "--variant", "static"]);
    let note = unwrapped(&said(&output));
    assert!(
        note.contains("`results/mine` has results of another model, other data or another experiment"),
        "{note}"
    );
    sandbox.put("test.csv", test);
    // One across tasks is not that of a task; a file that cannot be read is told, and the pick made again.
    let mut across = picks.clone();
    across.as_array_mut().unwrap().iter_mut().for_each(|pick| pick["comparison"] = "this, that".into());
    sandbox.put("results/mine/picks.json", across.to_string());
    assert_eq!(sandbox.run(&["export", "mine", "--pick", "memory"]).status.code(), Some(1));
    sandbox.put("results/mine/picks.json", "[{");
    let output = sandbox.succeeds(&["export", "mine", "--pick", "memory"]);
    assert!(unwrapped(&said(&output)).contains("cannot read `results/mine/picks.json`"));
    fs::rename(sandbox.path("moved.toml"), sandbox.path("mine.toml")).unwrap();
    sandbox.succeeds(&["export", "mine.toml", "--pick", "memory", "--set", "train.epochs=31"]);
    sandbox.succeeds(&["run", "results/mine/experiment.toml", "--name", "again", "--quiet"]);
    assert_eq!(sandbox.read("results/mine/results.csv"), sandbox.read("results/again/results.csv"));
}

#[test]
fn models_that_the_experiment_asks_for_are_among_the_results() {
    let sandbox = sandbox();
    let with = |export: &str| sandbox.put("mine.toml", EXPERIMENT.to_owned() + export);
    with("[export]\npick = ['balance', 'memory']\nvariant = 'static'\n");
    let output = sandbox.succeeds(&["run", "mine.toml"]);
    assert!(unwrapped(&said(&output)).contains("model: results/mine/models/mine-W8A8-static.safetensors"));
    let provenance: serde_json::Value =
        serde_json::from_str(&sandbox.read("results/mine/provenance.json")).unwrap();
    let models = provenance["files"].as_object().unwrap().keys().filter(|file| file.starts_with("models/"));
    assert!((2..=3).contains(&models.count()));
    let file = "results/mine/models/mine-W8A8-static.safetensors";
    sandbox.succeeds(&["verify", file, "--csv", "test.csv", "--target", "kind"]);
    with("[export]\nvariant = ['static', 'statik']\n");
    let output = sandbox.run(&["run", "mine.toml"]);
    assert_eq!(output.status.code(), Some(2));
    let said = said(&output);
    assert!(
        said.contains("there is no variant `statik`") && said.contains("did you mean `static`?"),
        "{said}"
    );
    assert!(said.contains("mine.toml:58:"), "{said}");
    with("[export]\nformat = 'onyx'\n");
    let output = sandbox.run(&["plan", "mine.toml"]);
    assert!(unwrapped(&crate::harness::said(&output)).contains("did you mean `onnx`?"));
}

#[test]
fn c_among_the_results_computes_what_was_measured() {
    let sandbox = sandbox();
    let export = "[export]\nvariant = ['integers', 'shifts']\nformat = ['c', 'onnx']\n";
    sandbox.put("mine.toml", EXPERIMENT.to_owned() + export);
    let output = sandbox.run(&["run", "mine.toml"]);
    let told = unwrapped(&said(&output));
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains("`requantize = \"fixed-point\"` computes in whole numbers"), "{told}");
    assert!(told.contains("model: results/mine/models/mine-W8A8-integers-c"), "{told}");
    let exported = ["export", "mine", "--variant", "integers", "--format", "c", "--out", "device", "--quiet"];
    assert!(printed(&sandbox.succeeds(&exported)).contains("model.h, model.c, test_vectors.h"));
    for folder in
        ["results/mine/models/mine-W8A8-integers-c", "results/mine/models/mine-W6A8-shifts-c", "device"]
    {
        let compiled = std::process::Command::new("cc")
            .args(["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-DMODEL_FLOAT_FEATURES"])
            .args(["-o", "test", "test.c", "model.c"])
            .current_dir(sandbox.path(folder))
            .output()
            .unwrap();
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        let run = std::process::Command::new(sandbox.path(folder).join("test")).output().unwrap();
        let rows = String::from_utf8(run.stdout).unwrap();
        assert!(run.status.success() && rows.ends_with(" rows, 0 wrong\n"), "{folder}: {rows}");
    }
    // Classes in C are those of the table.
    let vectors = sandbox.read("device/test_vectors.h");
    let (_, classes) = vectors.split_once("test_classes[TEST_ROWS] TEST_CONSTANT = {").unwrap();
    let classes: Vec<&str> = classes.split_once('}').unwrap().0.split(',').map(str::trim).collect();
    let predictions = sandbox.read("results/mine/predictions.csv");
    let measured: Vec<String> = csv::Reader::from_reader(predictions.as_bytes())
        .records()
        .map(Result::unwrap)
        .filter(|record| record[2].ends_with(" integers"))
        .map(|record| record[7].to_owned())
        .collect();
    assert!(measured.len() > 20);
    assert_eq!(classes, measured);
    let float = sandbox.run(&["export", "mine", "--variant", "static", "--format", "c"]);
    assert!(unwrapped(&said(&float)).contains("as c: its layers take codes and hand on floats"));
}
