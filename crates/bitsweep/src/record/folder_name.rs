//! What the results folder of a run is called.

use crate::failure::Failure;
use bitsweep_experiment::config::Change;

/// The most bytes of a folder's name, so that the hidden one beside it has a name, too.
const MOST_BYTES: usize = 200;
/// The most bytes of the changes in a name; longer ones are cut off and told apart by a hash.
const MOST_OF_CHANGES: usize = 80;

/// The name of the results folder of an experiment: its own, with what overrides change: `wine-mlp--train.epochs=20`.
///
/// The same changes have the same name, other ones another.
///
/// # Errors
/// When the experiment's name is none for a folder.
pub fn folder_name(experiment: &str, changes: &[Change]) -> Result<String, Failure> {
    let name = match changes {
        [] => experiment.to_owned(),
        changes => format!("{experiment}--{}", short(&written(changes))),
    };
    match check_folder_name(&name) {
        Ok(()) => Ok(name),
        Err(reason) => Err(Failure::Output(format!("`{name}` cannot name a folder: {reason}; give --name"))),
    }
}

/// Changes as the command line has them, `key=value`.
fn written(changes: &[Change]) -> String {
    let written = changes.iter().map(|Change { key, value }| format!("{key}={value}"));
    written.collect::<Vec<_>>().join(",")
}

/// Refuses names that are none for a results folder.
///
/// # Errors
/// What is wrong with it.
pub fn check_folder_name(name: &str) -> Result<(), String> {
    if name.is_empty() || name.starts_with('.') {
        return Err("expected a name that does not begin with a dot".to_owned());
    }
    if let Some(bad) = name.chars().find(|character| "/\\".contains(*character) || character.is_control()) {
        return Err(format!("{bad:?} is in it: expected one folder, without control characters"));
    }
    if name.len() > MOST_BYTES {
        return Err(format!("it has {} bytes: expected at most {MOST_BYTES}", name.len()));
    }
    Ok(())
}

/// Changes as a part of a folder's name: as they are where every filesystem and shell takes them, else cut and with a hash
/// of all of them.
fn short(changes: &str) -> String {
    let plain = changes.replace(", ", ",");
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_.=,[]+".contains(character);
    if plain.chars().all(is_plain) && plain.len() <= MOST_OF_CHANGES {
        return plain;
    }
    let hash = blake3::hash(changes.as_bytes()).to_hex();
    let readable = plain.chars().filter(|character| is_plain(*character)).take(MOST_OF_CHANGES - 20);
    format!("{}~{}", readable.collect::<String>(), &hash[..16])
}
