//! What is finished is kept, found again whoever asks for it, and never believed where it is broken.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use bitsweep::evaluate::collect;
use bitsweep::plan::{Plan, Shard};
use bitsweep::unit_store::{Again, Manifest, UnitStore, WantedRows};
use bitsweep_hostile::{Numbers, mutate};
use bitsweep_results::{read_stored, write_stored};
use bitsweep_store::{Content, Kind, Shelf, Store};
use tempfile::TempDir;

use crate::harness::{
    Sandbox, content, evaluate_into, experiment, lasting, planned, printed, said, unwrapped,
};

fn bits(bits: &str) -> String {
    experiment(&format!("[quantize.weights]\nbits = {bits}\n"))
}

/// All files of a store of one kind.
fn files(store: &Path, kind: Kind) -> Vec<PathBuf> {
    let store = Store::existing(store).unwrap().unwrap();
    let shelves = store.shelves().unwrap();
    let files = shelves.into_iter().flat_map(|shelf| store.files_of(shelf, kind).unwrap());
    files.map(|file| file.path).collect()
}

/// Runs the experiment with further arguments; what was said.
#[track_caller]
fn run(sandbox: &Sandbox, arguments: &[&str], code: i32) -> String {
    let output = sandbox.run(&[&["run", "mine.toml"], arguments].concat());
    let said = unwrapped(&said(&output));
    assert_eq!(output.status.code(), Some(code), "{said}");
    said
}

#[test]
fn one_more_variant_costs_only_itself() {
    let sandbox = Sandbox::new();
    sandbox.put("mine.toml", bits("[4]"));
    run(&sandbox, &[], 0);
    let store = sandbox.path("results/.bitsweep");
    let (rows, models) = (files(&store, Kind::Rows), files(&store, Kind::Model));
    assert_eq!((rows.len(), models.len()), (1, 1));
    sandbox.put("mine.toml", bits("[4, 2]"));
    assert!(run(&sandbox, &[], 0).contains("3 of 4 rows were there"));
    assert_eq!(files(&store, Kind::Model), models);
    let more = files(&store, Kind::Rows);
    let new: Vec<_> = more.iter().filter(|path| !rows.contains(path)).collect();
    assert_eq!((more.len(), new.len()), (2, 1));
    assert_eq!(read_stored(&fs::read(new[0]).unwrap()).unwrap().len(), 1);

    // The same as of a run that knows of nothing.
    let fresh = Sandbox::new();
    fresh.put("mine.toml", bits("[4, 2]"));
    run(&fresh, &[], 0);
    let of = |sandbox: &Sandbox| lasting(&sandbox.path("results/mine"));
    assert_eq!(of(&sandbox), of(&fresh));
}

#[test]
fn another_experiment_finds_what_this_one_made_and_asks_for_more_where_it_records_more() {
    let sandbox = Sandbox::new();
    sandbox.put("mine.toml", bits("[4, 2]"));
    sandbox.put("other.toml", bits("[2, 4]").replace("\"test\"", "\"another title\""));
    run(&sandbox, &[], 0);
    let found = |name: &str| unwrapped(&said(&sandbox.succeeds(&["run", name])));
    assert!(found("other.toml").contains("4 of 4 rows were there"));
    let more = format!("{}[record]\nvalues = true\n", bits("[4, 2]"));
    sandbox.put("more.toml", more);
    assert!(!found("more.toml").contains("were there"));
    assert!(sandbox.path("results/more/values.csv").is_file());
    // What has more serves who asks for less.
    assert!(found("mine.toml").contains("4 of 4 rows were there"));
    assert!(!sandbox.path("results/mine/values.csv").exists());
}

#[test]
fn the_store_is_where_it_is_asked_for() {
    let sandbox = Sandbox::new();
    sandbox.put("mine.toml", bits("[4]"));
    run(&sandbox, &["--store", "here"], 0);
    assert!(sandbox.path("here/store").is_file() && !sandbox.path("results/.bitsweep").exists());
    let output = sandbox.command(&["run", "mine.toml"]).env("BITSWEEP_STORE", "here").output().unwrap();
    assert!(unwrapped(&said(&output)).contains("3 of 3 rows were there"));
    sandbox.put("else/file", "mine");
    assert!(run(&sandbox, &["--store", "else"], 1).contains("`else` is no store of bitsweep"));
    assert_eq!(sandbox.read("else/file"), "mine");
}

#[test]
fn a_report_is_written_again_without_running() {
    let sandbox = Sandbox::new();
    sandbox.put("mine.toml", bits("[4, 2]"));
    let output = sandbox.run(&["report", "mine.toml"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    run(&sandbox, &[], 0);
    let before = content(&sandbox.path("results/mine"));
    fs::remove_dir_all(sandbox.path("results/mine")).unwrap();
    let output = sandbox.succeeds(&["report", "mine.toml"]);
    assert!(printed(&output).contains("4 bit"));
    assert_eq!(content(&sandbox.path("results/mine")), before);
    sandbox.put("mine.toml", bits("[4, 3]"));
    let output = sandbox.run(&["report", "mine.toml"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(unwrapped(&said(&output)).contains("is finished: `bitsweep run` goes on"), "{}", said(&output));
    assert_eq!(content(&sandbox.path("results/mine")), before);
}

#[test]
fn what_is_damaged_is_named_and_made_again() {
    let sandbox = Sandbox::new();
    sandbox.put("mine.toml", bits("[4, 2]"));
    run(&sandbox, &[], 0);
    let expected = lasting(&sandbox.path("results/mine"));
    let store = sandbox.path("results/.bitsweep");
    for kind in [Kind::Rows, Kind::Model] {
        let file = files(&store, kind).remove(0);
        let whole = fs::read(&file).unwrap();
        fs::write(&file, &whole[..whole.len() / 2]).unwrap();
        if kind == Kind::Model {
            // It is read where something is to be made of it.
            files(&store, Kind::Rows).iter().for_each(|path| fs::remove_file(path).unwrap());
        }
        let said = run(&sandbox, &[], 0);
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(said.contains(name) && said.contains("is not as it was written"), "{said}");
        assert_eq!(fs::read(&file).unwrap(), whole);
        assert_eq!(lasting(&sandbox.path("results/mine")), expected);
    }
}

/// Puts a file into the store whose rows are those of the first with a changed number.
fn put_other_numbers(store: &Path) -> PathBuf {
    let store = Store::existing(store).unwrap().unwrap();
    for shelf in store.shelves().unwrap() {
        let Some(file) = store.files_of(shelf, Kind::Rows).unwrap().pop() else { continue };
        let Content::Whole(bytes) = store.read(&file).unwrap() else { continue };
        let mut rows: Vec<_> =
            read_stored(&bytes).unwrap().into_iter().map(|row| row.evaluated_nameless().unwrap()).collect();
        rows.iter_mut().for_each(|row| row.row.result.as_mut().unwrap().size.payload += 1);
        let bytes = write_stored(&rows.iter().collect::<Vec<_>>()).unwrap();
        return store.put(shelf, Kind::Rows, &bytes).unwrap().path;
    }
    panic!("there are no rows");
}

#[test]
fn different_numbers_of_one_key_are_an_error_that_keeps_both_until_all_is_made_again() {
    let sandbox = Sandbox::new();
    sandbox.put("mine.toml", bits("[4, 2]"));
    run(&sandbox, &[], 0);
    let store = sandbox.path("results/.bitsweep");
    let before = files(&store, Kind::Rows);
    let other = put_other_numbers(&store);
    let said = run(&sandbox, &[], 1);
    assert!(said.contains("differ in what must be the same. Both are kept."), "{said}");
    assert!(
        [&before[0], &other].iter().all(|path| said.contains(path.file_name().unwrap().to_str().unwrap()))
    );
    assert_eq!(files(&store, Kind::Rows).len(), 2);
    assert_eq!(sandbox.run(&["merge", "results", "--store", "all"]).status.code(), Some(1));
    let said = run(&sandbox, &["--force"], 0);
    assert!(said.contains("4 of its rows are not what they were before"), "{said}");
    assert_eq!(files(&store, Kind::Rows), before);
    run(&sandbox, &[], 0);
}

#[test]
fn all_is_made_again_where_that_is_asked_for_and_what_others_asked_for_stays() {
    let sandbox = Sandbox::new();
    sandbox.put("mine.toml", bits("[4, 2]"));
    run(&sandbox, &[], 0);
    sandbox.put("mine.toml", bits("[4]"));
    let said = run(&sandbox, &["--force"], 0);
    assert!(!said.contains("were there") && !said.contains("not what they were"), "{said}");
    sandbox.put("mine.toml", bits("[4, 2]"));
    assert!(run(&sandbox, &[], 0).contains("4 of 4 rows were there"));

    // So does what was recorded of the same rows for somebody else.
    let more = format!("{}[record]\nvalues = true\n", bits("[4]"));
    sandbox.put("mine.toml", &more);
    run(&sandbox, &[], 0);
    sandbox.put("mine.toml", bits("[4]"));
    run(&sandbox, &["--force"], 0);
    sandbox.put("mine.toml", &more);
    assert!(run(&sandbox, &[], 0).contains("3 of 3 rows were there"));
}

#[test]
fn failures_are_kept_and_tried_again_where_that_is_asked_for() {
    let sandbox = Sandbox::new();
    // Product quantization in parts of 3 fails on a layer of 2 inputs.
    let text =
        experiment("[quantize.weights]\nformat = [\"f16\", { pq = { subvectors = 3, centroids = 2 } }]\n");
    sandbox.put("mine.toml", text.replace("hidden = 8", "hidden = 2"));
    run(&sandbox, &[], 3);
    assert!(run(&sandbox, &[], 3).contains("4 of 4 rows were there"));
    assert!(run(&sandbox, &["--retry-failed"], 3).contains("3 of 4 rows were there"));
    assert_eq!(files(&sandbox.path("results/.bitsweep"), Kind::Rows).len(), 2);
    let said = run(&sandbox, &["--fail-fast"], 3);
    assert!(said.contains("1 row failed, more than 0"), "{said}");
    run(&sandbox, &["--max-failures", "1"], 3);
    assert!(!run(&sandbox, &["--max-failures", "1"], 3).contains("more than"));
}

#[test]
fn the_shards_of_a_plan_are_all_of_it_once_whatever_their_number() {
    let plan = planned(&format!("seed = [0, 1, 2]\n{}", bits("[8, 7, 6, 5, 4, 3, 2]"))).unwrap();
    for of in [1, 2, 3, 7, 40] {
        let mut rows: Vec<(usize, usize)> = Vec::new();
        for number in 1..=of {
            for piece in plan.work_of(Shard { number, of }) {
                rows.extend(piece.variants.clone().map(|variant| (piece.unit, variant + 1)));
                rows.extend(piece.baselines.then_some((piece.unit, 0)));
            }
        }
        rows.sort_unstable();
        let expected: Vec<_> = (0..3).flat_map(|unit| (0..=7).map(move |row| (unit, row))).collect();
        assert_eq!(rows, expected, "{of}");
    }
}

#[test]
fn what_is_no_shard_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.put("mine.toml", bits("[4]"));
    for shard in ["0/2", "3/2", "1", "1/0", "a/b", "1/18446744073709551615", "-1/2"] {
        let output = sandbox.run(&["run", "mine.toml", &format!("--shard={shard}")]);
        assert_eq!(output.status.code(), Some(2), "{shard}");
        assert!(said(&output).contains("such as 3/8"), "{}", said(&output));
    }
    // There may be more of them than there is to do.
    assert_eq!(sandbox.run(&["run", "mine.toml", "--shard=65535/65535"]).status.code(), Some(0));
}

#[test]
fn shards_do_not_depend_on_the_order_of_seeds_and_variants() {
    let keys = |seeds: &str, own: &str| {
        let plan = planned(&format!("seed = {seeds}\n{}", bits(own))).unwrap();
        let mut keys: Vec<String> = plan
            .work_of(Shard { number: 2, of: 3 })
            .into_iter()
            .map(|piece| plan.units[piece.unit].key.to_string())
            .collect();
        keys.sort();
        keys
    };
    assert_eq!(keys("[0, 1, 2, 3, 4, 5]", "[4, 2]"), keys("[5, 3, 1, 0, 2, 4]", "[2, 4]"));
}

#[test]
fn stores_of_shards_become_one_and_what_is_missing_is_told() {
    let sandbox = Sandbox::new();
    sandbox.put("mine.toml", format!("seed = [0, 1, 2]\n{}", bits("[4, 2]")));
    run(&sandbox, &[], 0);
    for (shard, store) in [("1/2", "one"), ("2/2", "other")] {
        run(&sandbox, &["--shard", shard, "--store", store], 0);
    }
    let merge = |from: &str, code: i32| {
        let output = sandbox.run(&["merge", from, "--store", "all"]);
        assert_eq!(output.status.code(), Some(code), "{}", said(&output));
        printed(&output)
    };
    let status = || printed(&sandbox.succeeds(&["status", "mine.toml", "--store", "all", "--json"]));
    assert!(merge("one", 4).contains("rows missing, in "));
    assert!(!status().contains("\"missing\": 0,"));
    assert!(merge("other", 0).contains("12 rows, nothing is missing"));
    assert!(merge("one", 0).contains("0 files copied"));
    let status: serde_json::Value = serde_json::from_str(&status()).unwrap();
    assert_eq!(
        status["units"],
        serde_json::json!({ "total": 3, "done": 3, "running": 0, "failed": 0, "missing": 0 })
    );
    sandbox.succeeds(&["report", "mine.toml", "--store", "all", "--out", "merged"]);
    let [own, merged] = ["results/mine", "merged/mine"].map(|name| lasting(&sandbox.path(name)));
    assert_eq!(own, merged);
    assert_eq!(sandbox.run(&["merge", "nothing", "--store", "all"]).status.code(), Some(2));
}

#[test]
fn what_no_experiment_refers_to_is_shown_and_then_removed() {
    let sandbox = Sandbox::new();
    sandbox.put("mine.toml", bits("[4, 2]"));
    run(&sandbox, &[], 0);
    sandbox.put("mine.toml", bits("[4]").replace("epochs = 5", "epochs = 6"));
    run(&sandbox, &[], 0);
    let store = sandbox.path("results/.bitsweep");
    let all = files(&store, Kind::Rows);
    let shown = printed(&sandbox.succeeds(&["clean", "results"]));
    assert!(shown.contains("nothing is removed yet"), "{shown}");
    assert_eq!(files(&store, Kind::Rows), all);
    sandbox.succeeds(&["clean", "results", "--yes"]);
    assert_eq!((files(&store, Kind::Rows).len(), files(&store, Kind::Model).len()), (1, 1));
    assert!(run(&sandbox, &[], 0).contains("3 of 3 rows were there"));
    // Both runs, and the one that found everything, are still on record, in their order, also within one second.
    let history = printed(&sandbox.succeeds(&["history", "mine"]));
    assert_eq!(history.lines().filter(|line| !line.starts_with(' ')).count(), 3, "{history}");
    assert!(history.contains("train.epochs: 5 became 6"), "{history}");
    assert!(history.contains("balance: "), "{history}");
    assert_eq!(sandbox.run(&["history", "mini"]).status.code(), Some(2));
    sandbox.put("broken/broken.toml", "title = 1");
    let output = sandbox.run(&["clean", "results", "broken", "--yes"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(unwrapped(&said(&output)).contains("nothing is removed"), "{}", said(&output));
}

#[test]
fn a_script_freezes_what_was_submitted() {
    let sandbox = Sandbox::new();
    sandbox.put("mine.toml", bits("[4, 2]"));
    let script = printed(&sandbox.succeeds(&[
        "submit",
        "mine.toml",
        "--engine",
        "slurm",
        "--array",
        "2",
        "--time",
        "1:00",
        "--sbatch=--account=me",
        "--dry-run",
    ]));
    for line in [
        "#!/bin/bash",
        "#SBATCH --array=1-2",
        "#SBATCH --time=1:00",
        "#SBATCH --account=me",
        "#SBATCH --requeue",
    ] {
        assert!(script.lines().any(|own| own == line), "{line}: {script}");
    }
    let task = script.lines().find_map(|line| line.strip_prefix("exec ")).unwrap();
    let task = |number: &str| {
        let mut shell = Command::new("bash");
        shell.args(["-c", task]).current_dir(sandbox.path("")).env("SLURM_ARRAY_TASK_ID", number);
        shell.output().unwrap()
    };
    assert!(task("1").status.success(), "{}", said(&task("1")));
    sandbox.put("mine.toml", bits("[4, 3]"));
    let refused = task("2");
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        unwrapped(&said(&refused)).contains("changed since it was submitted: the experiment;"),
        "{}",
        said(&refused)
    );
    let broken = [
        "submit",
        "mine.toml",
        "--engine",
        "slurm",
        "--array",
        "2",
        "--sbatch=--x\n#SBATCH --y",
        "--dry-run",
    ];
    assert_eq!(sandbox.run(&broken).status.code(), Some(2));
}

/// Rows of a plan as they are stored and read again.
fn round_trip(plan: &Plan) {
    let folder = TempDir::new().unwrap();
    let store = UnitStore::open(folder.path()).unwrap();
    let done = evaluate_into(&store, plan).unwrap();
    let first = collect(plan, &store, &mut ()).unwrap().records;
    assert_eq!((done.earlier, done.rows), (0, first.results.len()));
    let again = evaluate_into(&store, plan).unwrap();
    assert_eq!(again.earlier, again.rows);
    // Written anew, the bytes are those that are there.
    for shelf in store.files().shelves().unwrap() {
        if let Shelf::Unit(_) = shelf {
            for file in store.files().files_of(shelf, Kind::Rows).unwrap() {
                let rows = read_stored(&fs::read(&file.path).unwrap()).unwrap().into_iter();
                let rows: Vec<_> = rows.map(|row| row.evaluated_nameless().unwrap()).collect();
                let bytes = write_stored(&rows.iter().collect::<Vec<_>>()).unwrap();
                assert_eq!(bytes, fs::read(&file.path).unwrap());
            }
        }
    }
}

#[test]
fn every_kind_of_row_is_read_as_it_was_written() {
    let recorded = "[record]\nvalues = true\ntensors = true\npredictions = true\nsensitivity = true\n";
    for quantize in [
        "[quantize.weights]\nbits = [4, 2]\n",
        "[quantize.weights]\nformat = [\"nf4\", { vq = { centroids = 4, width = 1 } }]\n",
        "[quantize]\nmethod = \"gptq\"\nactivations = { bits = 4, mode = \"static\" }\n[quantize.weights]\nbits = [3]\n",
    ] {
        let text = format!("{}[pick]\nmetric = \"log-loss\"\n", experiment(&format!("{quantize}{recorded}")));
        round_trip(&planned(&text).unwrap());
    }
    let tensor = "title = 't'\n[tensor]\nname = 't'\nquery = [1, 2]\nvalues = [[0.1, 2], [-3, 4]]\n\
                  [quantize.weights]\nformat = [{ vq = { centroids = 2, width = 1 } }, 'nf4']\n";
    round_trip(&planned(tensor).unwrap());
}

/// `BITSWEEP_FUZZ_INPUTS=100000` tries so many, `BITSWEEP_FUZZ_FIRST` others.
#[test]
fn files_that_are_nearly_right_are_never_believed() {
    let variable = |name: &str, usual: u64| std::env::var(name).map_or(usual, |text| text.parse().unwrap());
    let folder = TempDir::new().unwrap();
    let store = UnitStore::open(folder.path()).unwrap();
    let plan = planned(&bits("[4, 2]")).unwrap();
    evaluate_into(&store, &plan).unwrap();
    store.keep_manifest(&plan).unwrap();
    let kinds = [Kind::Rows, Kind::Model, Kind::Timing, Kind::Plan];
    let all: Vec<PathBuf> = kinds.into_iter().flat_map(|kind| files(folder.path(), kind)).collect();
    assert_eq!(all.len(), kinds.len());
    let wanted = WantedRows::of(&plan, &plan.work()[0]);
    let first = variable("BITSWEEP_FUZZ_FIRST", 0);
    for number in first..first + variable("BITSWEEP_FUZZ_INPUTS", 400) {
        let numbers = &mut Numbers::of(number);
        let path = numbers.of_these(&all).clone();
        let whole = fs::read(&path).unwrap();
        let mut bytes = whole.clone();
        mutate(&mut bytes, &whole, numbers);
        if bytes == whole {
            continue;
        }
        fs::write(&path, bytes).unwrap();
        let is_of_rows = path.extension().is_some_and(|own| own == "parquet");
        let lacking = if is_of_rows { wanted.rows.len() } else { 0 };
        assert_eq!(store.standing(&wanted, Again::Nothing).unwrap().missing.len(), lacking, "input {number}");
        assert_eq!(collect(&plan, &store, &mut ()).is_ok(), !is_of_rows, "input {number}");
        let manifests = store.of_plans::<Manifest>(Kind::Plan).unwrap();
        assert_eq!(manifests.len(), usize::from(!path.to_string_lossy().contains("plan-")), "input {number}");
        fs::write(&path, whole).unwrap();
    }
}
