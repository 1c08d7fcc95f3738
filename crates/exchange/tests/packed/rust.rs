//! Models in Rust, compiled and run by the compiler of this machine: their numbers are those of the network.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use bitsweep_exchange::export::{RustError, to_rust};
use bitsweep_exchange::packed::{Column, PackedModel};
use bitsweep_models::Activation;
use ndarray::{Array2, Axis};

use crate::models::{classifier, layer, scheme};
use crate::whole::{model, rows, with_multipliers, with_shifts};

/// What stands at the beginning of a crate, and not of a module.
const OF_CRATES: &str = "#![no_std]\n#![forbid(unsafe_code)]\n";

fn program(variable: &str, usual: &str) -> Command {
    Command::new(env::var_os(variable).unwrap_or_else(|| OsString::from(usual)))
}

#[track_caller]
fn succeeds(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{said}");
    said
}

fn rustc(folder: &Path) -> Command {
    let mut command = program("RUSTC", "rustc");
    command.args(["--edition=2021", "--deny=warnings", "--deny=unused"]).current_dir(folder);
    command
}

fn text<'a>(files: &'a [(&'static str, String)], name: &str) -> &'a str {
    &files.iter().find(|(own, _)| *own == name).unwrap().1
}

/// Compiles models as modules of one crate, and their tests as modules of another, and runs these.
#[track_caller]
fn run(models: &[(PackedModel, Array2<f64>, String)]) {
    let folder = tempfile::tempdir().unwrap();
    let (mut library, mut tests) = (OF_CRATES.to_owned(), String::new());
    for (number, (model, features, what)) in models.iter().enumerate() {
        let files = to_rust(model, features.view(), what).unwrap_or_else(|error| panic!("{what}: {error}"));
        let source = text(&files, "src/lib.rs");
        assert!(source.contains(OF_CRATES), "{what}");
        fs::write(folder.path().join(format!("m{number}.rs")), source.replace(OF_CRATES, "")).unwrap();
        let rows = text(&files, "tests/rows.rs").replace("use model::", &format!("use models::m{number}::"));
        fs::write(folder.path().join(format!("rows{number}.rs")), rows).unwrap();
        library.push_str(&format!("pub mod m{number};\n"));
        tests.push_str(&format!("mod rows{number};\n"));
    }
    fs::write(folder.path().join("models.rs"), library).unwrap();
    fs::write(folder.path().join("tests.rs"), tests).unwrap();
    succeeds(rustc(folder.path()).args(["--crate-type=lib", "models.rs"]));
    // What is optimized has no panic left in it.
    succeeds(rustc(folder.path()).args(["--crate-type=lib", "-Copt-level=s", "--emit=obj", "models.rs"]));
    let object = fs::read(folder.path().join("models.o")).unwrap();
    assert!(!object.windows(5).any(|bytes| bytes == b"panic"));
    succeeds(rustc(folder.path()).args(["--test", "--extern=models=libmodels.rlib", "tests.rs"]));
    let said = succeeds(&mut Command::new(folder.path().join("tests")));
    assert!(said.contains(&format!("{} passed", 3 * models.len())), "{said}");
}

fn with_rows((model, what): (PackedModel, String)) -> (PackedModel, Array2<f64>, String) {
    let features = rows(&model);
    (model, features, what)
}

#[test]
fn rust_has_the_numbers_of_the_network() {
    let models: Vec<_> = with_multipliers().into_iter().chain(with_shifts()).map(with_rows).collect();
    run(&models);
}

const NAMES: [&str; 5] =
    ["\"; } fn x() {", "\\u{0}\\", "\u{202e}\u{2066}\u{200b}", "\n//! */ /*\r\0", "grün {} \u{301}🦀"];

/// A model whose names, as its title, would end or change what they stand in.
fn named() -> PackedModel {
    let own = model(
        &[5, 4, 5],
        "bits = 2",
        "bits = 8\nmode = 'static'\nrequantize = 'fixed-point'",
        Activation::Relu,
        3,
    );
    let mut classifier = own.classifier().clone();
    classifier.columns = NAMES.map(Column::numbers).to_vec();
    classifier.classes = NAMES.map(str::to_owned).to_vec();
    PackedModel::new(classifier).unwrap()
}

/// A model whose features have codes of 16 bits without a sign, and whose hidden codes have a sign.
fn of_two_grids() -> PackedModel {
    let of = |inputs: &str| {
        model(&[4, 3, 2], "bits = 3\nsymmetry = 'symmetric'", inputs, Activation::Relu, 4)
            .classifier()
            .clone()
    };
    let mut classifier = of("bits = 16\nmode = 'static'\nrequantize = 'fixed-point'");
    let signed = of("bits = 8\nmode = 'static'\nsymmetry = 'symmetric'\nrequantize = 'fixed-point'");
    classifier.layers[1] = signed.layers[1].clone();
    PackedModel::new(classifier).unwrap()
}

#[test]
fn rust_has_the_numbers_of_unusual_networks() {
    let of_bits =
        |bits: u32, more: &str| format!("bits = {bits}\nmode = 'static'\nrequantize = 'fixed-point'\n{more}");
    let narrow = "bits = 4\nsymmetry = 'symmetric'";
    let mut models = Vec::new();
    for (shape, weights, inputs, activation) in [
        (&[1, 1][..], narrow, of_bits(8, ""), Activation::Identity),
        (
            &[1, 1, 1],
            "bits = 1\nsymmetry = 'symmetric'",
            of_bits(2, "symmetry = 'symmetric'"),
            Activation::Relu,
        ),
        (
            &[1, 3, 2],
            "bits = 3\nsymmetry = 'symmetric'\ngranularity = { group = 4 }",
            of_bits(2, ""),
            Activation::Tanh,
        ),
        (&[3, 2, 2], narrow, of_bits(16, ""), Activation::LeakyRelu { slope: 0.25 }),
        (&[3, 2, 1], narrow, of_bits(16, "symmetry = 'symmetric'"), Activation::Relu),
        (
            &[3, 2, 2],
            narrow,
            of_bits(9, "rounding = 'half-away'"),
            Activation::HardTanh { min: 0.25, max: 0.25 },
        ),
        (&[300, 2, 3], "bits = 8\nsymmetry = 'symmetric'", of_bits(8, ""), Activation::Relu),
        (
            &[300, 300, 2],
            "bits = 5\nsymmetry = 'symmetric'\ngranularity = { group = 7 }",
            of_bits(4, ""),
            Activation::Gelu,
        ),
        (&[5, 2], "bits = 16\nsymmetry = 'symmetric'", of_bits(8, ""), Activation::Relu),
    ] {
        let what = format!("{shape:?}, {weights}, {inputs}, {activation}");
        models.push(with_rows((model(shape, weights, &inputs, activation, shape.len() as u64), what)));
    }
    models.push(with_rows((named(), NAMES.concat())));
    models.push(with_rows((of_two_grids(), "codes of 32 bits".to_owned())));
    let (one, features, what) = models[3].clone();
    models.push((one.clone(), features.select(Axis(0), &[7]), what));
    models.push((one, Array2::zeros((0, 3)), "no rows".to_owned()));
    run(&models);
}

#[test]
fn a_folder_is_a_crate_that_cargo_tests() {
    let (model, what) = (named(), NAMES.concat());
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in to_rust(&model, rows(&model).view(), &what).unwrap() {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let cargo = || {
        let mut command = program("CARGO", "cargo");
        command.current_dir(folder.path()).env("CARGO_TARGET_DIR", folder.path().join("target"));
        command
    };
    // Three of rows, one of the documentation.
    let said = succeeds(cargo().args(["test", "--offline"]).env("RUSTFLAGS", "--deny=warnings"));
    assert!(said.contains("3 passed") && said.contains("1 passed"), "{said}");
    let said = succeeds(cargo().args(["run", "--offline", "--quiet", "--example", "predict"]));
    assert!(NAMES.iter().any(|name| said.contains(name)), "{said}");
}

#[test]
fn models_with_floats_are_no_rust() {
    let float = PackedModel::new(classifier(vec![layer((3, 2), 1, &scheme("bits = 8"), false)])).unwrap();
    let features = Array2::zeros((1, 3));
    assert_eq!(to_rust(&float, features.view(), "floats"), Err(RustError::Floats));
}
