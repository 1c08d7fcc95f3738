//! Compiles every `experiments/*.toml` into the binary, so that a new file is a new named experiment, and every
//! `experiments/*.onnx`, which such experiments may quantize.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../../experiments");
    println!("cargo::rerun-if-changed={}", folder.display());
    list(&folder, "toml", "include_str", "experiments.rs");
    list(&folder, "onnx", "include_bytes", "models.rs");
}

/// Writes a list of the names of all files with the extension, and of their contents.
fn list(folder: &Path, extension: &str, include: &str, target: &str) {
    let entries = fs::read_dir(folder).expect("the experiments folder is part of the repository");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    files.retain(|path| path.extension().is_some_and(|own| own == extension));
    files.sort();
    let mut list = String::from("&[\n");
    for path in files {
        let name = path.file_stem().and_then(|stem| stem.to_str()).expect("a name in UTF-8");
        let path = path.canonicalize().expect("the file exists");
        println!("cargo::rerun-if-changed={}", path.display());
        writeln!(list, "    ({name:?}, {include}!({path:?})),").expect("a string takes all text");
    }
    list.push_str("]\n");
    let target = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join(target);
    fs::write(target, list).expect("cargo's output folder is writable");
}
