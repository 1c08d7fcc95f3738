//! Where a run puts its results, and which it replaces.

use std::fs;
use std::process::Command;

use crate::harness::{Sandbox, content, said};

const TENSOR: &str =
    "title = \"t\"\n[tensor]\nname = \"t\"\nvalues = [1.0, -0.5, 0.25]\n[quantize.weights]\nbits = 4\n";

/// Runs an experiment, which must succeed.
#[track_caller]
fn succeeds(sandbox: &Sandbox, arguments: &[&str]) {
    sandbox.succeeds(&[&["run", "--quiet"], arguments].concat());
}

/// Runs an experiment, which must end with `code` and say all of `says`.
#[track_caller]
fn fails(sandbox: &Sandbox, arguments: &[&str], code: i32, says: &[&str]) {
    let output = sandbox.run(&[&["run", "--quiet"], arguments].concat());
    let said = said(&output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(says.iter().all(|part| said.contains(part)), "{said}");
}

#[test]
fn an_edited_experiment_replaces_its_results() {
    let sandbox = Sandbox::new();
    sandbox.put("exp.toml", TENSOR);
    succeeds(&sandbox, &["exp.toml"]);
    sandbox.put("results/exp/notes.txt", "mine");
    sandbox.put("exp.toml", TENSOR.replace("bits = 4", "bits = 2"));
    succeeds(&sandbox, &["./exp.toml"]);
    assert!(sandbox.read("results/exp/experiment.toml").contains("bits = 2"));
    assert_eq!(sandbox.read("results/exp/notes.txt"), "mine");
    assert_eq!(sandbox.results(), ["exp"]);
}

#[test]
fn a_run_with_overrides_has_a_folder_of_its_own() {
    let sandbox = Sandbox::new();
    sandbox.put("exp.toml", TENSOR);
    succeeds(&sandbox, &["exp.toml"]);
    let first = content(&sandbox.path("results/exp"));
    succeeds(&sandbox, &["exp.toml", "--set", "quantize.weights.bits=[8, 2]"]);
    succeeds(&sandbox, &["exp.toml", "--set", "quantize.weights.bits=[8,2]"]);
    succeeds(&sandbox, &["exp.toml", "--set", "quantize.weights.bits=8", "--name", "eight bits"]);
    // What the file says already is no override.
    succeeds(&sandbox, &["exp.toml", "--set", "quantize.weights.bits=4"]);
    assert_eq!(sandbox.results(), ["eight bits", "exp", "exp--quantize.weights.bits=[8,2]"]);
    let mut again = content(&sandbox.path("results/exp"));
    again.insert("timings.json".to_owned(), first["timings.json"].clone());
    assert_eq!(again, first);
    fails(&sandbox, &["exp.toml", "--name", "a/b"], 2, &["--name", "one folder"]);
}

#[test]
fn two_experiments_of_one_name_do_not_replace_each_other() {
    let sandbox = Sandbox::new();
    sandbox.put("a/exp.toml", TENSOR);
    sandbox.put("b/exp.toml", TENSOR.replace("bits = 4", "bits = 2"));
    sandbox.put("row-wise.toml", TENSOR);
    succeeds(&sandbox, &["a/exp.toml"]);
    let first = content(&sandbox.path("results/exp"));
    fails(&sandbox, &["b/exp.toml"], 1, &["a/exp.toml", "b/exp.toml", "--name"]);
    assert_eq!(content(&sandbox.path("results/exp")), first);
    succeeds(&sandbox, &["b/exp.toml", "--name", "b"]);
    succeeds(&sandbox, &["b/exp.toml", "--name", "b"]);
    fails(&sandbox, &["a/exp.toml", "--name", "b"], 1, &["a/exp.toml", "b/exp.toml"]);
    // A file of the name of a named experiment, both ways.
    succeeds(&sandbox, &["row-wise"]);
    fails(&sandbox, &["row-wise.toml"], 1, &["the named experiment `row-wise`", "row-wise.toml"]);
    succeeds(&sandbox, &["row-wise.toml", "--out", "other"]);
    fails(
        &sandbox,
        &["row-wise", "--out", "other"],
        1,
        &["the named experiment `row-wise`", "row-wise.toml"],
    );
}

#[cfg(unix)]
#[test]
fn an_experiment_that_has_moved_is_the_same() {
    let sandbox = Sandbox::new();
    sandbox.put("project/exp.toml", TENSOR);
    let exp = |path: &str, out: &str| {
        let path = sandbox.path(path);
        succeeds(&sandbox, &[path.to_str().unwrap(), "--out", sandbox.path(out).to_str().unwrap()]);
    };
    exp("project/exp.toml", "project/results");
    exp("project/exp.toml", "elsewhere");
    // The project with its results, and beside results that stay.
    fs::rename(sandbox.path("project"), sandbox.path("moved")).unwrap();
    exp("moved/exp.toml", "moved/results");
    exp("moved/exp.toml", "elsewhere");
    // A copy with its results is not the original.
    let copied = Command::new("cp").args(["-r", "moved", "copy"]).current_dir(sandbox.path("")).status();
    assert!(copied.unwrap().success());
    exp("copy/exp.toml", "copy/results");
    exp("moved/exp.toml", "moved/results");
}

#[test]
fn results_of_a_file_are_the_same_bytes_wherever_they_are_made() {
    let sandbox = Sandbox::new();
    sandbox.put("a/exp.toml", TENSOR);
    sandbox.put("b/c/exp.toml", TENSOR);
    for (folder, out) in [("a", "one"), ("b/c", "../two/three")] {
        let mut command = sandbox.command(&["run", "-q", "exp.toml", "--out", out]);
        assert!(command.current_dir(sandbox.path(folder)).status().unwrap().success());
    }
    // The list of files in it has the hash of every other file.
    let read = |out: &str| fs::read_to_string(sandbox.path(out).join("exp/provenance.json")).unwrap();
    assert_eq!(read("a/one"), read("b/two/three"));
    assert!(!read("a/one").contains(sandbox.path("").to_str().unwrap()));
}

#[cfg(unix)]
#[test]
fn two_experiments_do_not_replace_each_other_through_a_link() {
    use std::os::unix::fs::symlink;
    let sandbox = Sandbox::new();
    sandbox.put("a/exp.toml", TENSOR);
    sandbox.put("b/exp.toml", TENSOR.replace("bits = 4", "bits = 2"));
    fs::create_dir_all(sandbox.path("out/deep/er")).unwrap();
    fs::create_dir_all(sandbox.path("real/deep")).unwrap();
    // A results folder, the folder that holds it, and both.
    symlink("deep/er", sandbox.path("out/exp")).unwrap();
    symlink("real/deep", sandbox.path("linked")).unwrap();
    symlink("out", sandbox.path("twice")).unwrap();
    for out in ["out", "linked", "twice"] {
        succeeds(&sandbox, &["a/exp.toml", "--out", out]);
        let first = content(&sandbox.path(out).join("exp"));
        let place = format!("`{out}/exp` has the results of");
        let says = [place.as_str(), "a/exp.toml", "b/exp.toml", "--name"];
        fails(&sandbox, &["b/exp.toml", "--out", out], 1, &says);
        assert_eq!(content(&sandbox.path(out).join("exp")), first);
        // The file that the results tell of is found from where they are.
        let timings: serde_json::Value = serde_json::from_str(&first["timings.json"]).unwrap();
        let real = sandbox.path(out).join("exp").canonicalize().unwrap();
        let file = real.join(timings["experiment_file"].as_str().unwrap());
        assert_eq!(file.canonicalize().unwrap(), sandbox.path("a/exp.toml").canonicalize().unwrap());
    }
    // The folder by its own path is the one behind the link.
    let names = ["a/exp.toml", "b/exp.toml"];
    fails(&sandbox, &["b/exp.toml", "--out", "out/deep", "--name", "er"], 1, &names);
}
