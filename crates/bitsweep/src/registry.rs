//! The named experiments: the files under `experiments/`, compiled in.

use std::path::Path;

use bitsweep_datasets::nearest;

use crate::config::{Diagnostic, Document};

/// Name and text of every experiment, sorted by name.
pub const EXPERIMENTS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/experiments.rs"));

/// The experiment a user asks for, by name or as a path to a TOML file, with its name.
///
/// # Errors
/// When there is no such name, or the file cannot be read.
pub fn find(request: &str, overrides: &[String]) -> Result<(String, Document), Diagnostic> {
    if let Some((name, text)) = EXPERIMENTS.iter().find(|(name, _)| *name == request) {
        return Ok(((*name).to_owned(), Document::new(&format!("experiments/{name}.toml"), text, overrides)));
    }
    let path = Path::new(request);
    let is_file =
        path.extension().is_some_and(|extension| extension == "toml") || request.contains(['/', '\\']);
    if is_file || path.exists() {
        let document = Document::read(path, overrides)?;
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let name = stem.ok_or_else(|| Diagnostic::new(format!("`{request}` has no file name in UTF-8")))?;
        return Ok((name.to_owned(), document));
    }
    let names = EXPERIMENTS.iter().map(|(name, _)| *name);
    let unknown = Diagnostic::new(format!("there is no experiment `{request}`"));
    Err(match nearest(request, names) {
        Some(name) => unknown.help(format!("did you mean `{name}`? `bitsweep list` shows all")),
        None => unknown.help("`bitsweep list` shows all; a file is named by its path, ending in .toml"),
    })
}
