//! Numbers are the same bits whatever vector instructions the processor has. `.ci/processors` holds the program to it on
//! emulated ones.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use bitsweep_vector::VARIABLE;

use crate::harness::Sandbox;

/// Calibrated methods, codebooks, block formats, quantized training: all that has loops of its own.
const EVERY_LOOP: &str = include_str!("cases/processors.toml");

/// Every file of a folder but the one that tells times.
fn bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(inner).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("timings.json") {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                all.insert(name, fs::read(path).unwrap());
            }
        }
    }
    all
}

#[test]
fn results_are_the_same_bytes_without_vector_instructions() {
    let sandbox = Sandbox::new();
    sandbox.put("every-loop.toml", EVERY_LOOP);
    for experiment in
        [&["every-loop.toml"][..], &["wine-mlp", "--set", "train.epochs=20"], &["digits-logistic"]]
    {
        let results = |folder: &str, vectors: Option<&str>| {
            let arguments = [&["run"], experiment, &["--quiet", "--out", folder, "--name", "one"]].concat();
            let mut command = sandbox.command(&arguments);
            command.env_remove(VARIABLE).envs(vectors.map(|vectors| (VARIABLE, vectors)));
            let output = command.output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            bytes(&sandbox.path(folder).join("one"))
        };
        let (with, without) = (results("with", None), results("without", Some("none")));
        assert!(with.contains_key("results.csv") && with.contains_key("report.md"));
        assert!(with.keys().eq(without.keys()));
        for (name, own) in &with {
            assert!(*own == without[name], "{experiment:?}: {name} differs");
        }
        fs::remove_dir_all(sandbox.path("with")).unwrap();
        fs::remove_dir_all(sandbox.path("without")).unwrap();
    }
}
