//! Runs a small experiment within a test, or the program in a folder of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bitsweep::evaluate::{Done, Run, RunOutcome, Sink, collect};
use bitsweep::failure::Failure;
use bitsweep::plan::Plan;
use bitsweep::progress::{Progress, Verbosity};
use bitsweep::unit_store::{Again, UnitStore};
use bitsweep_experiment::config::Document;
use bitsweep_results::{Choice, Flag, Measures, Records, ResultRow, Scores};
use tempfile::TempDir;

/// A folder in which the program runs.
pub(crate) struct Sandbox(TempDir);

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and the folders that lead to it.
    pub(crate) fn put(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The names in the folder of results, but for the store.
    pub(crate) fn results(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path("results")) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| name != ".bitsweep");
        names.sort();
        names
    }

    /// The program with `arguments`, in the folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bitsweep"));
        command.args(arguments).current_dir(&self.0).env_remove("COLUMNS").env_remove("BITSWEEP_STORE");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs the program, which must succeed.
    #[track_caller]
    pub(crate) fn succeeds(&self, arguments: &[&str]) -> Output {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        output
    }
}

/// What the program printed on stdout.
pub(crate) fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A text whose lines end at words, on one line.
pub(crate) fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What the program said on stderr.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A small network on wine; `quantize` are the tables of its variants.
pub(crate) fn experiment(quantize: &str) -> String {
    format!(
        "title = \"test\"\n\
         [data]\nsource = \"wine\"\nscale = \"standard\"\n\
         [split.holdout]\ntest = 0.2\n\
         [model.mlp]\nhidden = 8\n\
         [train]\nepochs = 5\nbatch_size = 32\nlearning_rate = 0.1\n\
         {quantize}"
    )
}

pub(crate) fn planned(text: &str) -> Result<Plan, Failure> {
    Plan::new("mine", &Document::new("mine.toml", text, &[]))
}

pub(crate) fn run(text: &str) -> Result<Records, Failure> {
    run_plan(&planned(text)?)
}

/// The records of the float models and of their variants.
pub(crate) fn run_plan(plan: &Plan) -> Result<Records, Failure> {
    let mut records = run_whole(plan)?;
    records.results.retain(|row| !row.origin.is_majority());
    Ok(records)
}

/// The records, those of the majority class among them.
pub(crate) fn run_whole(plan: &Plan) -> Result<Records, Failure> {
    outcome(plan, &mut ()).map(|outcome| outcome.records)
}

/// Everything that a run of the plan leaves behind, with a store of its own.
pub(crate) fn outcome(plan: &Plan, sink: &mut dyn Sink) -> Result<RunOutcome, Failure> {
    let folder = TempDir::new().unwrap();
    let store = UnitStore::open(folder.path())?;
    evaluate_into(&store, plan)?;
    collect(plan, &store, sink)
}

/// Brings what a store lacks of a plan into it.
pub(crate) fn evaluate_into(store: &UnitStore, plan: &Plan) -> Result<Done, Failure> {
    let progress = &Progress::new(Verbosity::Quiet, plan.units.len());
    Run { plan, store, again: Again::Nothing, most_failures: None, progress }.pieces(&plan.work())
}

/// The experiment is rejected when it is planned, or a row of it fails, with a reason that has all `parts`.
#[track_caller]
pub(crate) fn refused(text: &str, parts: &[&str]) {
    let reasons: Vec<String> = match run(text) {
        Err(failure) => vec![failure.to_string()],
        Ok(records) => {
            let failures = records.results.into_iter().filter_map(|row| row.result.err());
            failures.map(|failure| failure.reason).collect()
        }
    };
    assert!(!reasons.is_empty(), "nothing was refused:\n{text}");
    let has_all_parts = |reason: &String| parts.iter().all(|part| reason.contains(part));
    assert!(reasons.iter().any(has_all_parts), "no reason has all of {parts:?}: {reasons:#?}");
}

/// `validate` refuses the experiment, which is wrong, with an answer that has `part`.
#[track_caller]
pub(crate) fn refused_by_validate(text: &str, part: &str) {
    let sandbox = Sandbox::new();
    sandbox.put("mine.toml", text);
    let output = sandbox.run(&["validate", "mine.toml"]);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(unwrapped(&said(&output)).contains(part), "{part}: {}", said(&output));
}

/// A file that another tool has written.
pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../exchange/tests/files").join(name)
}

/// The measures of a row that has not failed.
#[track_caller]
pub(crate) fn measures(row: &ResultRow) -> &Measures {
    row.result.as_ref().unwrap_or_else(|failure| panic!("{failure}"))
}

/// The scores of a row of a model.
#[track_caller]
pub(crate) fn scores(row: &ResultRow) -> &Scores {
    measures(row).scores.as_ref().unwrap()
}

/// The flags of a row that has not failed.
#[track_caller]
pub(crate) fn flags(row: &ResultRow) -> &[Flag] {
    &measures(row).flags
}

/// The bits of each layer, `W1 4, W2 8`; empty where all have the same by design.
#[track_caller]
pub(crate) fn layer_bits(row: &ResultRow) -> String {
    let bits: Vec<String> =
        measures(row).layer_bits.iter().map(|(layer, bits)| format!("{layer} {bits}")).collect();
    bits.join(", ")
}

/// A row's value on an axis as a reader sees it; empty where the axis does not apply.
pub(crate) fn choice(row: &ResultRow, choice: Choice) -> String {
    row.origin.variant.choices.get(choice).map_or_else(String::new, ToString::to_string)
}

/// What the variant at a position of the first unit is called; 0 is its first variant.
pub(crate) fn label(plan: &Plan, position: usize) -> &str {
    plan.labels.get(&plan.units[0].variants[position].identity.row).text()
}

/// What the variants of the first unit are called.
pub(crate) fn labels(plan: &Plan) -> Vec<&str> {
    (0..plan.units[0].variants.len()).map(|position| label(plan, position)).collect()
}

/// What of a results folder is the same on every machine.
pub(crate) fn lasting(folder: &Path) -> BTreeMap<String, String> {
    let mut content = content(folder);
    content.remove("timings.json");
    content
}

/// All files below a folder but the marker, with their content; empty subfolders end in a slash.
pub(crate) fn content(folder: &Path) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut folders = vec![(folder.to_owned(), String::new())];
    while let Some((folder, within)) = folders.pop() {
        let mut entries = fs::read_dir(&folder).unwrap().peekable();
        if entries.peek().is_none() {
            all.insert(within.clone(), String::new());
        }
        for entry in entries {
            let entry = entry.unwrap();
            let name = format!("{within}{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                folders.push((entry.path(), format!("{name}/")));
            } else if name != "provenance.json" {
                let bytes = fs::read(entry.path()).unwrap();
                all.insert(name, String::from_utf8_lossy(&bytes).into_owned());
            }
        }
    }
    all
}

/// A file of tensors in `f32`, of these names and shapes.
pub(crate) fn safetensors(tensors: impl Iterator<Item = (impl Into<String>, [usize; 2])>) -> Vec<u8> {
    let (mut header, mut data) = (serde_json::Map::new(), Vec::new());
    for (name, [rows, columns]) in tensors {
        let begin = data.len();
        let values = (0..rows * columns).map(|value| value as f32 * 0.3 - 0.7);
        data.extend(values.flat_map(f32::to_le_bytes));
        let shape = if rows == 1 { vec![columns] } else { vec![rows, columns] };
        let tensor =
            serde_json::json!({ "dtype": "F32", "shape": shape, "data_offsets": [begin, data.len()] });
        header.insert(name.into(), tensor);
    }
    let header = serde_json::Value::from(header).to_string();
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &data].concat()
}
