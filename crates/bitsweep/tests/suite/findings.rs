//! What an experiment says it shows is told as far as a run shows it, and only of the experiment as it stands.

use std::fs;
use std::process::Output;

use crate::harness::{Sandbox, said};

const FINDINGS: &str = "\
[[finding]]\nsays = \"It has two schemes.\"\n\
evidence = [{ column = \"label\", aggregate = \"distinct\", value = \"3\" }]\n\
[[finding]]\nsays = \"Bytes fall with the bits.\"\n\
evidence = [{ column = \"true_bytes\", where = { bits = 2 }, less = { bits = 4 }, value = \"< 0\" }]\n";

fn experiment(findings: &str) -> String {
    crate::harness::experiment(&format!("[quantize.weights]\nbits = [4, 2]\n{findings}"))
        .replace("\"test\"", "\"How many bits?\"\ndescription = \"It asks.\"")
}

/// The report and the page of the only folder of results.
fn reports(sandbox: &Sandbox) -> [String; 2] {
    let only = sandbox.path("results").join(&sandbox.results()[0]);
    ["report.md", "report.html"].map(|name| fs::read_to_string(only.join(name)).unwrap())
}

fn ran(text: &str, arguments: &[&str]) -> (Sandbox, Output) {
    let sandbox = Sandbox::new();
    sandbox.put("mine.toml", text);
    let output = sandbox.run(&[&["run", "mine.toml"], arguments].concat());
    (sandbox, output)
}

#[test]
fn findings_that_hold_are_told() {
    let (sandbox, output) = ran(&experiment(FINDINGS), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    for report in reports(&sandbox) {
        assert!(report.contains("What was found") && report.contains("It has two schemes."), "{report}");
        assert!(
            report.contains("Bytes fall with the bits.") && !report.contains("does not hold"),
            "{report}"
        );
    }
}

#[test]
fn a_finding_that_does_not_hold_is_not_told_as_one_and_ends_the_run_with_1() {
    let (sandbox, output) = ran(&experiment(&FINDINGS.replace("\"3\"", "\"73\"")), &[]);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("does not hold here: It has two schemes."), "{said}");
    assert!(said.contains("findings that do not hold: 1 of 2"), "{said}");
    let [report, page] = reports(&sandbox);
    let (found, not_found) = report.split_once("What does not hold here").unwrap();
    assert!(found.contains("Bytes fall") && !found.contains("two schemes"), "{report}");
    assert!(not_found.contains("number of values of label: expected 73, found 3"), "{report}");
    assert!(page.contains("expected 73, found 3"), "{page}");
}

#[test]
fn a_changed_experiment_says_what_it_changes_and_drops_what_the_original_has_shown() {
    let wrong_of_the_original = FINDINGS.replace("\"3\"", "\"73\"")
        + "[[reproduce]]\nwhat = \"a number\"\ncolumn = \"bits\"\nvalue = \"77\"\n";
    let arguments = ["--set", "train.epochs=2", "--set", "quantize.weights.bits=[4, 2, 1]", "--json"];
    let (sandbox, output) = ran(&experiment(&wrong_of_the_original), &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let title = "How many bits? With quantize.weights.bits = [4, 2, 1], train.epochs = 2";
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["title"], title);
    assert_eq!(json["changes"], serde_json::json!(["quantize.weights.bits = [4, 2, 1]", "train.epochs = 2"]));
    assert_eq!(json["findings"], serde_json::json!([]));
    let [report, page] = reports(&sandbox);
    assert!(report.starts_with(&format!("# {title}\n")), "{report}");
    assert!(page.contains(&format!("<h1>{title}</h1>")), "{page}");
    for report in [&report, &page] {
        assert!(report.contains("This run changes the experiment"), "{report}");
        assert!(!report.contains("two schemes") && !report.contains("Bytes fall"), "{report}");
        assert!(!report.contains("expected 77"), "{report}");
    }
    // What was written runs again by itself, under the same title.
    let source = sandbox.path("results").join(&sandbox.results()[0]);
    let again = Sandbox::new();
    fs::copy(source.join("experiment.toml"), again.path("again.toml")).unwrap();
    assert_eq!(again.run(&["run", "again.toml"]).status.code(), Some(0));
    assert!(reports(&again)[0].starts_with(&format!("# {title}\n")));
}

/// Product quantization in parts of 3 fails on a layer of 2 inputs, so that no variant has a codebook.
#[test]
fn results_without_a_table_that_is_compared_are_written() {
    let data = "a,b,kind\n".to_owned() + &"0.1,0.2,x\n0.9,0.7,y\n0.3,0.1,x\n0.8,1.0,y\n".repeat(4);
    let codebooks = "table = \"codebooks\", column = \"value\", aggregate = \"count\"";
    let text = format!(
        "title = \"t\"\n[data.source.csv]\npath = \"two.csv\"\ntarget = \"kind\"\n\
         [split.holdout]\ntest = 0.25\n[model.mlp]\nhidden = 2\n\
         [train]\nepochs = 2\nbatch_size = 4\nlearning_rate = 0.1\n\
         [[quantize]]\nweights.bits = 8\n\
         [[quantize]]\nweights = {{ format = {{ pq = {{ subvectors = 3, centroids = 2 }} }} }}\n\
         [[reproduce]]\nwhat = \"entries\"\n{}\nvalue = \"4\"\n\
         [[finding]]\nsays = \"It has entries.\"\nevidence = [{{ {codebooks}, value = \"> 0\" }}]\n",
        codebooks.replace(", ", "\n")
    );
    let sandbox = Sandbox::new();
    sandbox.put("two.csv", data);
    sandbox.put("mine.toml", text);
    let output = sandbox.run(&["run", "mine.toml"]);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("entries: expected 4, found no rows"), "{said}");
    assert!(said.contains("does not hold here: It has entries."), "{said}");
    assert!(said.contains("reproduced numbers that do not come out: 1 of 1"), "{said}");
    for report in reports(&sandbox) {
        assert!(
            report.contains("expected &gt; 0, found no rows")
                || report.contains("expected > 0, found no rows"),
            "{report}"
        );
    }
}

#[test]
fn a_finding_may_rest_on_what_a_choice_is_worth() {
    // Two splits, a pair of schemes at 4 bits and one at 2: two differences, each between its ends.
    let findings = "granularity = [\"tensor\", \"output-channel\"]\n\
        [[finding]]\nsays = \"The columns were compared.\"\nevidence = [\n\
        { table = \"effects\", column = \"verdict\", aggregate = \"count\", where = { axis = \"granularity\" }, value = \"2\" },\n\
        { table = \"effects\", column = \"units\", where = { axis = \"granularity\" }, value = \"2 2\" },\n]\n";
    let (_, output) = ran(&format!("seed = [0, 1]\n{}", experiment(findings)), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_number_known_to_differ_fails_a_run_only_where_it_does_not() {
    let reproducing = |value: &str| {
        let number = "[[reproduce]]\nwhat = \"bits\"\ncolumn = \"bits\"\nwhere = { variant = 1 }\ndiffers = \"it miscounts\"\n";
        ran(&experiment(&format!("{number}value = \"{value}\"\n")), &[])
    };
    let (folder, output) = reproducing("77");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("0 of 1 numbers come out as printed; 1 known to differ"), "{said}");
    for report in reports(&folder) {
        assert!(
            report.contains("1 differs for a known reason") && report.contains("it miscounts"),
            "{report}"
        );
    }
    let (_, output) = reproducing("4");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("bits: expected 4, found 4: the same, although `differs`"), "{said}");
}

#[test]
fn a_new_title_stands_for_itself() {
    let (sandbox, output) = ran(&experiment(FINDINGS), &["--set", "title='Mine'"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(reports(&sandbox)[0].starts_with("# Mine\n"));
}

#[test]
fn evidence_that_means_nothing_is_refused_where_it_stands() {
    for (wrong, part) in [
        ("value = \"about 3\"", "is no finite number"),
        ("value = \"\"", "there is no number"),
        ("value = \"< nan\"", "is no finite number"),
        ("value = \"3\", aggregate = \"median\"", "unknown choice `median`"),
        ("value = \"3\", differs = \"by chance\"", "evidence has to hold"),
        ("value = \"3\", decimals = 99", "`99` decimals are too many"),
        ("value = \"3\", per = { column = \"bits\", unit = 0 }", "is no unit"),
    ] {
        let findings = FINDINGS.replace("aggregate = \"distinct\", value = \"3\"", wrong);
        let (_, output) = ran(&experiment(&findings), &[]);
        let error = said(&output);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(part) && error.contains("--> mine.toml:"), "{error}");
    }
    let (_, output) = ran(&experiment("[[finding]]\nsays = \"Trust me.\"\nevidence = []\n"), &[]);
    let error = said(&output);
    assert!(error.contains("the numbers that the finding rests on"), "{error}");
}

#[test]
fn the_majority_class_is_meant_where_it_is_named() {
    let finding = "[[finding]]\nsays = \"It learns.\"\nevidence = [\n\
        { column = \"macro_f1\", aggregate = \"count\", value = \"3\" },\n\
        { column = \"macro_f1\", where = { label = \"majority class\" }, value = \"< 0.2\" },\n\
        { column = \"macro_f1\", where = { label = \"float\" }, less = { label = \"majority class\" }, value = \"> 0.3\" },\n]\n";
    let (sandbox, output) = ran(&experiment(finding), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(reports(&sandbox).iter().all(|report| report.contains("It learns.")));
}
