//! The results folder: whole or not there, for one experiment, and with the user's own files in it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use bitsweep::failure::Failure;
use bitsweep::record::{Folder, check_folder_name, folder_name};
use bitsweep::registry::Source;
use bitsweep_experiment::config::Document;
use serde_json::json;
use tempfile::TempDir;

use crate::harness::content;

/// Files of a folder with their content: results that a run writes, or what is expected of one.
type Files<'a> = &'a [(&'a str, &'a str)];

const OLD: Files<'_> =
    &[("results.csv", "old"), ("report.md", "old report"), ("charts/gone.svg", "old chart")];
const NEW: Files<'_> =
    &[("results.csv", "new"), ("report.md", "new report"), ("charts/new.svg", "new chart")];

fn marker(files: Files<'_>) -> String {
    let hashes: BTreeMap<&str, String> =
        files.iter().map(|(name, text)| (*name, blake3::hash(text.as_bytes()).to_string())).collect();
    let experiment = json!({ "named": "x" });
    json!({ "program": "bitsweep", "configuration": "", "experiment": experiment, "files": hashes, "units": [] })
        .to_string()
}

/// Begins results of the named experiment `x`, and writes all files.
fn begun(root: &Path, files: Files<'_>) -> Result<Folder, Failure> {
    let folder = Folder::create(root, "x", "x", &Source::Registry)?;
    let marker = marker(files);
    for (name, text) in files.iter().chain([&("provenance.json", marker.as_str())]) {
        folder.write(name, |file| file.write_all(text.as_bytes()))?;
    }
    Ok(folder)
}

/// A run that writes `files`.
#[track_caller]
fn run(root: &Path, files: Files<'_>) {
    begun(root, files).unwrap().commit().unwrap();
}

/// Puts files at a place by hand.
fn put(place: &Path, files: Files<'_>) {
    for (name, text) in files {
        let path = place.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// Puts results at a place by hand.
fn put_results(place: &Path, files: Files<'_>) {
    put(place, files);
    put(place, &[("provenance.json", &marker(files))]);
}

#[track_caller]
fn assert_holds(root: &Path, results: Files<'_>, of_the_user: Files<'_>) {
    let expected = results.iter().chain(of_the_user);
    let expected: BTreeMap<String, String> =
        expected.map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    assert_eq!(content(&root.join("x")), expected);
    let left: Vec<_> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["x"], "more is left than the results");
}

fn root() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("results");
    fs::create_dir(&root).unwrap();
    (folder, root)
}

const NOTES: Files<'_> =
    &[("notes.txt", "mine"), ("charts/mine.svg", "mine"), ("sub/deep/x", "mine"), ("empty/", "")];

/// Puts [`NOTES`] into the results.
fn take_notes(place: &Path) {
    put(place, &NOTES[..3]);
    fs::create_dir(place.join("empty")).unwrap();
}

#[test]
fn a_run_replaces_what_runs_wrote_and_nothing_else() {
    let (_guard, root) = root();
    run(&root, OLD);
    assert_holds(&root, OLD, &[]);
    take_notes(&root.join("x"));
    for files in [NEW, OLD, NEW, NEW] {
        run(&root, files);
        assert_holds(&root, files, NOTES);
    }
}

#[test]
fn a_file_that_the_user_has_changed_is_kept_under_another_name() {
    let (_guard, root) = root();
    run(&root, OLD);
    put(&root.join("x"), &[("report.md", "corrected")]);
    let committed = begun(&root, NEW).unwrap().commit().unwrap();
    assert!(committed.notes.iter().any(|note| note.contains("report.kept.md")), "{:?}", committed.notes);
    assert_holds(&root, NEW, &[("report.kept.md", "corrected")]);
    run(&root, NEW);
    assert_holds(&root, NEW, &[("report.kept.md", "corrected")]);
    put(&root.join("x"), &[("report.md", "corrected again"), ("results.csv", "too")]);
    run(&root, OLD);
    let kept = [
        ("report.kept.md", "corrected"),
        ("report.kept-2.md", "corrected again"),
        ("results.kept.csv", "too"),
    ];
    assert_holds(&root, OLD, &kept);
}

#[test]
fn names_that_new_results_need_are_taken_from_the_user_not_the_files() {
    let (_guard, root) = root();
    run(&root, OLD);
    // A file where the new results have a folder, and a folder where they have a file.
    put(&root.join("x"), &[("tables", "mine"), ("values.csv/mine", "mine"), ("noending", "mine")]);
    let files: Files<'_> = &[("tables/a.csv", "a"), ("values.csv", "v"), ("noending", "n")];
    run(&root, files);
    let kept = [("tables.kept", "mine"), ("values.kept.csv/mine", "mine"), ("noending.kept", "mine")];
    assert_holds(&root, files, &kept);
}

#[test]
fn results_of_before_there_was_a_list_of_files_are_replaced_by_name() {
    let (_guard, root) = root();
    let place = root.join("x");
    put(&place, OLD);
    put(&place, &[("provenance.json", r#"{"program": "bitsweep", "configuration": "", "units": []}"#)]);
    put(&place, &[("notes.txt", "mine")]);
    run(&root, NEW);
    assert_holds(&root, NEW, &[("notes.txt", "mine"), ("charts/gone.svg", "old chart")]);
}

#[cfg(unix)]
#[test]
fn links_and_permissions_of_the_user_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let (_guard, root) = root();
    run(&root, OLD);
    let place = root.join("x");
    put(&place, &[("private/key", "secret")]);
    let mode = |name: &str| fs::metadata(place.join(name)).unwrap().permissions().mode() & 0o777;
    fs::set_permissions(place.join("private"), fs::Permissions::from_mode(0o700)).unwrap();
    fs::set_permissions(place.join("private/key"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(&place, fs::Permissions::from_mode(0o750)).unwrap();
    symlink("nowhere", place.join("link")).unwrap();
    run(&root, NEW);
    assert_eq!((mode("private"), mode("private/key"), mode("")), (0o700, 0o600, 0o750));
    assert_eq!(fs::read_link(place.join("link")).unwrap(), Path::new("nowhere"));
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_read_only_is_replaced_and_cleared() {
    use std::os::unix::fs::PermissionsExt;
    let (_guard, root) = root();
    run(&root, OLD);
    let place = root.join("x");
    put(&place, &[("sub/mine", "mine")]);
    for folder in ["charts", "sub", ""] {
        fs::set_permissions(place.join(folder), fs::Permissions::from_mode(0o555)).unwrap();
    }
    for files in [NEW, OLD] {
        run(&root, files);
        assert_holds(&root, files, &[("sub/mine", "mine")]);
    }
    // For the guard, which removes it.
    for folder in ["sub", ""] {
        fs::set_permissions(place.join(folder), fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_a_results_folder_stays_a_link() {
    let (_guard, root) = root();
    let elsewhere = root.join("elsewhere");
    fs::create_dir_all(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, root.join("x")).unwrap();
    run(&root, OLD);
    run(&root, NEW);
    assert!(root.join("x").is_symlink());
    for (name, text) in NEW {
        assert_eq!(fs::read_to_string(elsewhere.join(name)).unwrap(), *text);
    }
    assert!(!elsewhere.join("charts/gone.svg").exists());
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_results_is_not_followed() {
    let (guard, root) = root();
    let elsewhere = guard.path().join("elsewhere");
    for folder in [&root, &elsewhere] {
        fs::create_dir_all(folder).unwrap();
    }
    std::os::unix::fs::symlink("../elsewhere", root.join("x")).unwrap();
    let error = begun(&root, OLD).unwrap_err().to_string();
    assert!(error.contains("it is a link to") && error.contains("another --out"), "{error}");
    assert!(root.join("x").is_symlink());
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
}

/// Whatever a run that was killed has left, the next one succeeds, and nothing of the user is lost.
#[test]
fn the_next_run_clears_what_a_killed_one_left() {
    type State = (&'static str, fn(place: &Path, room: &Path));
    let states: &[State] = &[
        ("before the lock", |_, room| fs::remove_dir_all(room.parent().unwrap().join("1")).unwrap()),
        ("results begun", |_, room| put(&room.join("new"), NEW)),
        ("results written", |_, room| put_results(&room.join("new"), NEW)),
        ("being removed", |_, room| put(&room.join("gone"), NEW)),
        ("whole", |_, room| put_results(&room.join("swap"), NEW)),
        ("some files linked", |place, room| {
            put_results(&room.join("swap"), NEW);
            fs::hard_link(place.join("notes.txt"), room.join("swap/notes.txt")).unwrap();
        }),
        ("exchanged", |place, room| {
            let swap = room.join("swap");
            fs::rename(place, &swap).unwrap();
            put_results(place, NEW);
            for name in ["notes.txt", "charts/mine.svg"] {
                fs::hard_link(swap.join(name), place.join(name)).unwrap();
            }
        }),
        ("exchanged, and half of the earlier results removed", |place, room| {
            let swap = room.join("swap");
            fs::rename(place, &swap).unwrap();
            put_results(place, NEW);
            fs::remove_file(swap.join("results.csv")).unwrap();
            fs::rename(swap.join("notes.txt"), place.join("notes.txt")).unwrap();
        }),
        ("exchanged, and all but the marker removed", |_, room| put_results(&room.join("swap"), &[])),
        ("exchanged, and all removed", |_, room| fs::create_dir_all(room.join("swap")).unwrap()),
        ("between two renames", |place, room| {
            put_results(&room.join("swap"), NEW);
            fs::hard_link(place.join("notes.txt"), room.join("swap/notes.txt")).unwrap();
            fs::rename(place, room.join("earlier")).unwrap();
        }),
        ("after two renames", |place, room| {
            fs::rename(place, room.join("earlier")).unwrap();
            put_results(place, NEW);
        }),
        ("twice", |place, room| {
            put(&room.join("new"), NEW);
            put(&room.with_file_name("2").join("new"), NEW);
            fs::rename(place, room.with_file_name("3")).unwrap();
            fs::create_dir_all(room.with_file_name("4")).unwrap();
            fs::rename(room.with_file_name("3"), room.with_file_name("4").join("swap")).unwrap();
            put_results(place, NEW);
        }),
    ];
    for (name, make) in states {
        for lock in [None, Some(""), Some("bitsweep, process 4194304\n")] {
            let (_guard, root) = root();
            let place = root.join("x");
            put_results(&place, OLD);
            take_notes(&place);
            let room = root.join(".x.bitsweep/1");
            fs::create_dir_all(&room).unwrap();
            make(&place, &room);
            match lock {
                Some(text) => fs::write(room.with_file_name("lock"), text).unwrap(),
                None if room.exists() => continue,
                None => {}
            }
            let folder = begun(&root, NEW).unwrap_or_else(|failure| panic!("{name}: {failure}"));
            let now = content(&place);
            assert!(["old", "new"].contains(&now["results.csv"].as_str()), "{name}: {now:?}");
            assert!(NOTES.iter().all(|(own, _)| now.contains_key(*own)), "{name}: {now:?}");
            folder.commit().unwrap();
            assert_holds(&root, NEW, NOTES);
        }
    }
}

#[test]
fn whole_results_of_a_killed_run_take_a_place_that_is_empty() {
    let (_guard, root) = root();
    let room = root.join(".x.bitsweep/1");
    put_results(&room.join("swap"), NEW);
    fs::write(room.with_file_name("lock"), "").unwrap();
    drop(Folder::create(&root, "x", "x", &Source::Registry).unwrap());
    assert_holds(&root, NEW, &[]);
}

#[test]
fn what_cannot_be_cleared_is_in_nobodys_way() {
    let (_guard, root) = root();
    let room = root.join(".x.bitsweep/1");
    // A folder that no run makes stays.
    put(&room, &[("strange/file", "mine")]);
    fs::write(room.with_file_name("lock"), "").unwrap();
    for files in [OLD, NEW, NEW] {
        let committed = begun(&root, files).unwrap().commit().unwrap();
        assert!(committed.notes.iter().any(|note| note.contains("cannot remove")), "{:?}", committed.notes);
        assert_eq!(fs::read_to_string(root.join("x/results.csv")).unwrap(), files[0].1);
        assert_eq!(fs::read_to_string(room.join("strange/file")).unwrap(), "mine");
    }
}

#[test]
fn a_folder_dropped_before_its_end_leaves_nothing() {
    let (_guard, root) = root();
    drop(begun(&root, NEW).unwrap());
    assert_eq!(fs::read_dir(&root).unwrap().count(), 0);
    run(&root, OLD);
    drop(begun(&root, NEW).unwrap());
    assert_holds(&root, OLD, &[]);
}

#[test]
fn one_run_makes_a_folder_at_a_time() {
    let (_guard, root) = root();
    let first = begun(&root, NEW).unwrap();
    let Err(refusal) = begun(&root, NEW) else { panic!("two runs make one folder") };
    let said = refusal.to_string();
    assert!(said.contains(&format!("process {}", std::process::id())) && said.contains("--name"), "{said}");
    first.commit().unwrap();
    run(&root, NEW);
    assert_holds(&root, NEW, &[]);
}

#[track_caller]
fn refused(root: &Path, says: &str) {
    let Err(refusal) = begun(root, NEW) else { panic!("it is not refused") };
    assert!(refusal.to_string().contains(says), "{refusal}");
}

#[test]
fn a_folder_that_holds_no_results_is_never_replaced() {
    for (name, text) in [
        ("thesis.tex", "years of work"),
        ("provenance.json", "{\"program\": \"another tool\"}"),
        ("provenance.json", "{}"),
        ("provenance.json", ""),
        ("provenance.json", r#"{"program": "bitsweep"}"#),
        ("provenance.json", r#"{"program": "other", "configuration": "", "units": []}"#),
    ] {
        let (_guard, root) = root();
        put(&root.join("x"), &[(name, text), ("notes.txt", "mine")]);
        refused(&root, "not replaced");
        assert_eq!(fs::read_to_string(root.join("x").join(name)).unwrap(), text);
        assert_eq!(fs::read_dir(&root).unwrap().count(), 1);
    }
    let (_guard, root) = root();
    fs::write(root.join("x"), "a file").unwrap();
    refused(&root, "not replaced");
}

#[test]
fn a_folder_that_appears_meanwhile_stays_and_the_results_go_beside_it() {
    let (_guard, root) = root();
    for beside in ["x-2", "x-3"] {
        let _ = fs::remove_dir_all(root.join("x"));
        let folder = begun(&root, NEW).unwrap();
        put(&root.join("x"), &[("notes.txt", "mine")]);
        let Err(failure) = folder.commit() else { panic!("it is replaced") };
        assert!(failure.to_string().contains(&format!("{beside}`")), "{failure}");
        assert_eq!(
            content(&root.join("x")).into_iter().collect::<Vec<_>>(),
            [("notes.txt".to_owned(), "mine".to_owned())]
        );
        assert_eq!(fs::read_to_string(root.join(beside).join("results.csv")).unwrap(), "new");
    }
    assert!(!root.join(".x.bitsweep").exists());
}

#[test]
fn hidden_folders_of_the_user_are_left_alone() {
    let (_guard, root) = root();
    run(&root, OLD);
    put(&root.join(".x.earlier"), &[("mine", "mine")]);
    put(&root.join(".x.tmp-abc"), &[("mine", "mine")]);
    run(&root, NEW);
    assert_eq!(fs::read_dir(&root).unwrap().count(), 3);
    for foreign in ["lock", "1/new/thesis.tex"] {
        put(&root.join(".x.bitsweep"), &[(foreign, "mine")]);
        refused(&root, "not of bitsweep");
        assert_eq!(fs::read_to_string(root.join(".x.bitsweep").join(foreign)).unwrap(), "mine");
        fs::remove_dir_all(root.join(".x.bitsweep")).unwrap();
    }
}

#[test]
fn a_place_that_cannot_be_reached_is_refused_before_anything_runs() {
    let (_guard, root) = root();
    fs::write(root.join("file"), "").unwrap();
    let Err(refusal) = Folder::create(&root.join("file"), "x", "x", &Source::Registry) else {
        panic!("a file is no folder")
    };
    assert!(refusal.to_string().contains("cannot write results"), "{refusal}");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", root.join("x")).unwrap();
        refused(&root, "not replaced");
    }
}

/// The name of the folder for an experiment `e` with these overrides.
fn named(overrides: &[&str]) -> String {
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    let text = "seed = 1\n[train]\nepochs = 30\n[[quantize]]\nbits = [8, 4]\n";
    folder_name("e", &Document::new("e.toml", text, &overrides).changes().unwrap()).unwrap()
}

#[test]
fn a_folder_is_named_for_what_overrides_change() {
    for (overrides, name) in [
        (&[][..], "e"),
        (&["train.epochs=20"], "e--train.epochs=20"),
        (&["train . epochs=0x14"], "e--train.epochs=20"),
        (&["train.epochs=20", "seed=2"], "e--seed=2,train.epochs=20"),
        (&["seed=2", "train.epochs=20"], "e--seed=2,train.epochs=20"),
        (&["seed=[0, 1]"], "e--seed=[0,1]"),
        (&["quantize.bits=2"], "e--quantize.bits=2"),
        (&["model.mlp.initialization=he"], "e--model.mlp.initialization=he"),
        (&["model.mlp.initialization='he'"], "e--model.mlp.initialization=he"),
        // What changes nothing is no change.
        (&["train.epochs=30"], "e"),
        (&["train.epochs=30", "seed=2"], "e--seed=2"),
        (&["train.epochs=20", "train.epochs=30"], "e"),
        // The last one counts, and a table takes with it what was set within.
        (&["train.epochs=20", "train.epochs=10"], "e--train.epochs=10"),
        (&["train.epochs=20", "train={ epochs = 30 }"], "e"),
    ] {
        assert_eq!(named(overrides), name, "{overrides:?}");
    }
}

#[test]
fn changes_that_no_name_can_show_are_told_apart_by_a_hash() {
    let long = format!("title={}", "a".repeat(300));
    let mut names: Vec<String> = [
        "title='a/b'",
        "title='a b'",
        "title='ab'",
        "title='true'",
        "title=true",
        "title='1'",
        "title=1",
        "title=[1]",
        "title=['1']",
        "title={ a = 1 }",
        "title='..'",
        "title='é'",
        "title=\"a\\nb\"",
        "seed='2,title=ab'",
        long.as_str(),
        &format!("{long}a"),
    ]
    .map(|change| named(&[change]))
    .into();
    for name in &names {
        assert_eq!(check_folder_name(name), Ok(()));
        assert!(name.len() < 100 && name.is_ascii() && !name.contains([' ', '\'', '"', '/']), "{name}");
    }
    assert!(named(&["title=ab"]) == named(&["title='ab'"]));
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count, "{names:#?}");
}

#[test]
fn a_name_is_that_of_one_folder() {
    for name in ["", ".", "..", ".hidden", "a/b", "a\\b", "a\nb", "\u{1b}[31m", &"a".repeat(201)] {
        assert!(check_folder_name(name).is_err(), "{name:?}");
    }
    for name in ["a", "wine mlp", "a..b", "été", &"a".repeat(200)] {
        assert_eq!(check_folder_name(name), Ok(()));
    }
}
