//! Models in C, compiled and run by the C compiler of this machine: their numbers are those of the network.

use std::fs;
use std::process::Command;

use bitsweep_exchange::export::to_c;
use bitsweep_exchange::packed::PackedModel;

use crate::whole::{rows, with_multipliers, with_shifts};

pub(crate) const WARNINGS: &str =
    "-std=c99 -O1 -pedantic -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Werror";

/// Compiles a model and its test, and runs it.
pub(crate) fn run(model: &PackedModel, what: &str) {
    let features = rows(model);
    let folder = tempfile::tempdir().unwrap();
    let files = to_c(model, features.view(), what).unwrap_or_else(|error| panic!("{what}: {error}")).files;
    for (name, text) in &files {
        assert!(text.is_ascii(), "{what}: {name}");
        fs::write(folder.path().join(name), text).unwrap();
    }
    let compiled = Command::new("cc")
        .args(WARNINGS.split(' '))
        .args(["-DMODEL_FLOAT_FEATURES", "-o", "test", "test.c", "model.c", "-lm"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&compiled.stderr);
    assert!(compiled.status.success(), "{what}: {said}\n{}", files[1].1);
    let output = Command::new(folder.path().join("test")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("60 rows, 0 wrong"), "{what}: {said}\n{}", files[1].1);
}

#[test]
fn c_has_the_numbers_of_the_network() {
    for (model, what) in with_multipliers() {
        run(&model, &what);
    }
}

#[test]
fn classes_have_their_names_where_these_are_asked_for() {
    let (model, what) = with_multipliers().swap_remove(0);
    let names = &model.classifier().classes;
    assert_eq!(names[0], "a\u{202e}b ??/");
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in to_c(&model, rows(&model).view(), &what).unwrap().files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let printing = "#include <stdio.h>\n#include \"model.h\"\nint main(void)\n{\n    unsigned i;\n    \
                    for (i = 0; i < MODEL_CLASSES; i++) {\n        puts(model_class_names[i]);\n    }\n    return 0;\n}\n";
    fs::write(folder.path().join("names.c"), printing).unwrap();
    let compiled = Command::new("cc")
        .args(WARNINGS.split(' '))
        .args(["-DMODEL_CLASS_NAMES", "-o", "names", "names.c", "model.c"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let printed = Command::new(folder.path().join("names")).output().unwrap().stdout;
    assert_eq!(String::from_utf8(printed).unwrap().lines().collect::<Vec<_>>(), *names);
}

#[test]
fn c_shifts_where_steps_are_powers_of_two() {
    for (model, what) in with_shifts() {
        run(&model, &what);
    }
}
