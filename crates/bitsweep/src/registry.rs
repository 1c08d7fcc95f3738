//! The named experiments: the files under `experiments/`, compiled in.

use std::path::{Path, PathBuf};

use bitsweep_datasets::nearest;

use crate::template::{Wish, Written, is_of_source};
use bitsweep_experiment::config::{Diagnostic, Document};

/// Name and text of every experiment, sorted by name.
pub const EXPERIMENTS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/experiments.rs"));

/// An experiment that a user asks for.
#[derive(Debug)]
pub struct Found {
    /// What it is called.
    pub name: String,
    /// Where it is from.
    pub source: Source,
    /// What it says, with all overrides.
    pub document: Document,
    /// What was assumed of a table to make it.
    pub assumed: Vec<String>,
}

/// Where an experiment is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// It is compiled in.
    Registry,
    /// It is a TOML file of the user.
    File(PathBuf),
}

/// The experiment on a table: as if it were written to a file in the working directory.
///
/// # Errors
/// When an override is wrong.
pub fn of_table(wish: &Wish<'_>, overrides: &[String]) -> Result<Found, Diagnostic> {
    let path = wish.experiment_file();
    let Written { text, assumed } = wish.experiment(overrides)?;
    // What is set of the source stands in the text.
    let others: Vec<String> = overrides.iter().filter(|text| !is_of_source(text)).cloned().collect();
    let document = Document::new(&format!("{} of `bitsweep init`", path.display()), &text, &others);
    Ok(Found { name: wish.name(), assumed, source: Source::File(path), document })
}

/// The experiment a user asks for, by name or as a path to a TOML file.
///
/// # Errors
/// When there is no such name, or the file cannot be read.
pub fn find(request: &str, overrides: &[String]) -> Result<Found, Diagnostic> {
    if let Some((name, text)) = EXPERIMENTS.iter().find(|(name, _)| *name == request) {
        let document = Document::new(&format!("experiments/{name}.toml"), text, overrides);
        return Ok(Found {
            name: (*name).to_owned(),
            source: Source::Registry,
            document,
            assumed: Vec::new(),
        });
    }
    let path = Path::new(request);
    if is_table(request) {
        return Err(Diagnostic::new(format!("`{request}` is a table, expected an experiment"))
            .help(format!("`--csv {request} --target COLUMN` makes one of it")));
    }
    if is_model(request) {
        return Err(Diagnostic::new(format!("`{request}` is a model, expected an experiment")).help(
            format!("`{request} --csv FILE --target COLUMN` makes one of it and of rows to score it on"),
        ));
    }
    let is_file =
        path.extension().is_some_and(|extension| extension == "toml") || request.contains(['/', '\\']);
    if is_file || path.exists() {
        let document = Document::read(path, overrides)?;
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let name = stem.ok_or_else(|| Diagnostic::new(format!("`{request}` has no file name in UTF-8")))?;
        return Ok(Found {
            name: name.to_owned(),
            source: Source::File(path.to_owned()),
            document,
            assumed: Vec::new(),
        });
    }
    let names = EXPERIMENTS.iter().map(|(name, _)| *name);
    let unknown = Diagnostic::new(format!("there is no experiment `{request}`"));
    Err(match nearest(request, names) {
        Some(name) => unknown.help(format!("did you mean `{name}`? `bitsweep list` shows all")),
        None => unknown.help("`bitsweep list` shows all; a file is named by its path, ending in .toml"),
    })
}

/// Whether a file is a model by its name.
pub fn is_model(file: &str) -> bool {
    [".onnx", ".safetensors", ".npz"].iter().any(|ending| file.to_lowercase().ends_with(ending))
}

/// Whether a file is a table by its name.
fn is_table(file: &str) -> bool {
    let plain = file.strip_suffix(".gz").unwrap_or(file);
    [".csv", ".tsv", ".parquet"].iter().any(|ending| plain.to_lowercase().ends_with(ending))
}
