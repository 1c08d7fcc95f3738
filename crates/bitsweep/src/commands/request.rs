//! What a user asks for, as a shell reads it.

use clap::ValueEnum;

use super::wish;
use crate::cli::Request;
use crate::registry::Source;
use crate::template::{Wish, is_of_source};

/// The command that gives the same results again, from the root of the repository.
pub(super) fn command(
    source: &Source,
    experiment: &str,
    request: &Request,
    name: Option<&str>,
    is_changed: bool,
) -> String {
    let run = arguments(source, experiment, request, is_changed);
    let name = name.map_or_else(String::new, |name| format!(" --name {}", quoted(name)));
    format!("cargo run --release -- {run}{name}")
}

/// The arguments that ask for the same again, from the same folder.
pub(super) fn arguments(source: &Source, experiment: &str, request: &Request, is_changed: bool) -> String {
    let changes = if is_changed { request.set.as_slice() } else { &[] };
    match (wish(request), source) {
        (Some(wish), _) => run_of(&wish, &request.set),
        (None, Source::Registry) => format!("run {}{}", quoted(experiment), set(changes)),
        (None, Source::File(path)) => format!("run {}{}", quoted(&path.display()), set(changes)),
    }
}

/// `run` of a table, or of a model on it, as a user asks for it.
fn run_of(wish: &Wish<'_>, changes: &[String]) -> String {
    let given = wish.given.map_or_else(String::new, |given| format!(" {}", quoted(&given.display())));
    format!("run{given} --csv {}{}{}", quoted(&wish.file.display()), choices(wish), set(changes))
}

/// `init` of the same, which takes keys of the source alone.
pub(super) fn init_of(wish: &Wish<'_>, changes: &[String]) -> String {
    let given = wish.given.map_or_else(String::new, |given| format!(" --given {}", quoted(&given.display())));
    let of_source = changes.iter().filter(|change| is_of_source(change));
    format!("init {}{given}{}{}", quoted(&wish.file.display()), choices(wish), set(of_source))
}

/// What is asked of a table.
fn choices(wish: &Wish<'_>) -> String {
    let model = wish.model.and_then(|model| model.to_possible_value());
    let model = model.map_or_else(String::new, |model| format!(" --model {}", model.get_name()));
    let bits: Vec<String> = wish.bits.iter().map(u32::to_string).collect();
    let bits = if bits.is_empty() { String::new() } else { format!(" --bits {}", bits.join(",")) };
    format!(" --target {}{model}{bits}", quoted(wish.target))
}

/// Changes as the command line has them.
fn set<'a>(changes: impl IntoIterator<Item = &'a String>) -> String {
    changes.into_iter().map(|change| format!(" --set {}", quoted(change))).collect()
}

/// An argument as shells take it.
pub(super) fn quoted(text: &(impl ToString + ?Sized)) -> String {
    let text = text.to_string();
    let is_plain =
        text.chars().all(|character| character.is_ascii_alphanumeric() || "-_./=,".contains(character));
    if is_plain {
        text
    } else if text.chars().any(|character| character.is_control()) {
        // As bash, zsh and ksh take what cannot be seen.
        let byte = |byte: &u8| match byte {
            b' '..=b'~' if !b"'\\".contains(byte) => char::from(*byte).to_string(),
            byte => format!("\\x{byte:02x}"),
        };
        format!("$'{}'", text.as_bytes().iter().map(byte).collect::<String>())
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
