//! `bitsweep completions`

use clap::CommandFactory;
use clap::builder::PossibleValuesParser;
use clap_complete::{Shell, generate};

use super::print;
use crate::cli::Cli;
use crate::failure::Failure;
use crate::registry::EXPERIMENTS;

/// The argument that names an experiment, or its file.
const EXPERIMENT: &str = "experiment";

pub(super) fn completions(shell: Shell) -> Result<(), Failure> {
    // What is offered, not what is allowed: where no name fits, bash goes on with files.
    let names = || PossibleValuesParser::new(EXPERIMENTS.iter().map(|(name, _)| *name));
    let mut command = Cli::command().mut_subcommands(|command| {
        let takes_name = command.get_arguments().any(|argument| argument.get_id() == EXPERIMENT);
        if takes_name { command.mut_arg(EXPERIMENT, |own| own.value_parser(names())) } else { command }
    });
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    generate(shell, &mut command, name, &mut script);
    print(&String::from_utf8_lossy(&script))
}
