//! What an experiment says it shows is told as far as a run shows it, and only of the experiment as it stands.

use std::fs;
use std::process::{Command, Output};

use tempfile::TempDir;

const FINDINGS: &str = "\
[[finding]]\nsays = \"It has two schemes.\"\n\
evidence = [{ column = \"label\", aggregate = \"distinct\", value = \"3\" }]\n\
[[finding]]\nsays = \"Bytes fall with the bits.\"\n\
evidence = [{ column = \"true_bytes\", where = { bits = 2 }, less = { bits = 4 }, value = \"< 0\" }]\n";

fn experiment(findings: &str) -> String {
    crate::harness::experiment(&format!("[quantize.weights]\nbits = [4, 2]\n{findings}"))
        .replace("\"test\"", "\"How many bits?\"\ndescription = \"It asks.\"")
}

fn bitsweep(folder: &TempDir, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bitsweep")).args(arguments).current_dir(folder).output().unwrap()
}

/// The report and the page of the only folder of results.
fn reports(folder: &TempDir) -> [String; 2] {
    let mut results = fs::read_dir(folder.path().join("results")).unwrap();
    let only = results.next().unwrap().unwrap().path();
    ["report.md", "report.html"].map(|name| fs::read_to_string(only.join(name)).unwrap())
}

fn ran(text: &str, arguments: &[&str]) -> (TempDir, Output) {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("mine.toml"), text).unwrap();
    let output = bitsweep(&folder, &[&["run", "mine.toml"], arguments].concat());
    (folder, output)
}

#[test]
fn findings_that_hold_are_told() {
    let (folder, output) = ran(&experiment(FINDINGS), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    for report in reports(&folder) {
        assert!(report.contains("What was found") && report.contains("It has two schemes."), "{report}");
        assert!(
            report.contains("Bytes fall with the bits.") && !report.contains("does not hold"),
            "{report}"
        );
    }
}

#[test]
fn a_finding_that_does_not_hold_is_not_told_as_one_and_ends_the_run_with_1() {
    let (folder, output) = ran(&experiment(&FINDINGS.replace("\"3\"", "\"73\"")), &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("does not hold here: It has two schemes."), "{said}");
    assert!(said.contains("findings that do not hold: 1 of 2"), "{said}");
    let [report, page] = reports(&folder);
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
    let (folder, output) = ran(&experiment(&wrong_of_the_original), &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let title = "How many bits? With quantize.weights.bits = [4, 2, 1], train.epochs = 2";
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["title"], title);
    assert_eq!(json["changes"], serde_json::json!(["quantize.weights.bits = [4, 2, 1]", "train.epochs = 2"]));
    assert_eq!(json["findings"], serde_json::json!([]));
    let [report, page] = reports(&folder);
    assert!(report.starts_with(&format!("# {title}\n")), "{report}");
    assert!(page.contains(&format!("<h1>{title}</h1>")), "{page}");
    for report in [&report, &page] {
        assert!(report.contains("This run changes the experiment"), "{report}");
        assert!(!report.contains("two schemes") && !report.contains("Bytes fall"), "{report}");
        assert!(!report.contains("expected 77"), "{report}");
    }
    // What was written runs again by itself, under the same title.
    let source = fs::read_dir(folder.path().join("results")).unwrap().next().unwrap().unwrap().path();
    let again = TempDir::new().unwrap();
    fs::copy(source.join("experiment.toml"), again.path().join("again.toml")).unwrap();
    assert_eq!(bitsweep(&again, &["run", "again.toml"]).status.code(), Some(0));
    assert!(reports(&again)[0].starts_with(&format!("# {title}\n")));
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
    assert!(said.contains("bits: printed 4, ours 4: the same, although `differs`"), "{said}");
}

#[test]
fn a_new_title_stands_for_itself() {
    let (folder, output) = ran(&experiment(FINDINGS), &["--set", "title='Mine'"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(reports(&folder)[0].starts_with("# Mine\n"));
}

#[test]
fn evidence_that_means_nothing_is_refused_where_it_stands() {
    for (wrong, said) in [
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
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(said) && error.contains("--> mine.toml:"), "{error}");
    }
    let (_, output) = ran(&experiment("[[finding]]\nsays = \"Trust me.\"\nevidence = []\n"), &[]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("the numbers that the finding rests on"), "{error}");
}
