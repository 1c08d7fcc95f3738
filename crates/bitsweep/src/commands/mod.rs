//! The verbs of the command line. Data goes to stdout, everything else to stderr.

mod combinations;
mod describe;
mod formats;
mod list;
mod plan;
mod run;
mod table;
mod validate;

use std::io::{self, IsTerminal};

use crate::cli::{Cli, Command, Request};
use crate::failure::Failure;
use crate::plan::Plan;
use crate::progress::Verbosity;
use crate::registry::{self, Found};
use crate::streams::{print, say};

/// Does what the command line asks.
///
/// # Errors
/// Whatever keeps it from being done.
pub fn execute(cli: &Cli) -> Result<(), Failure> {
    let verbosity = match (cli.quiet, cli.verbose) {
        (true, _) => Verbosity::Quiet,
        (false, 0) => Verbosity::Normal,
        (false, 1) => Verbosity::Verbose,
        (false, _) => Verbosity::Detailed,
    };
    match &cli.command {
        Command::List { json } => list::list(*json),
        Command::Describe { experiment, json } => describe::describe(experiment, *json),
        Command::Plan { experiment, json } => plan::plan(experiment, *json),
        Command::Run { experiment, out, name, jobs, json } => {
            let name = name.as_deref();
            run::run(experiment, &run::Options { out, name, jobs: *jobs, json: *json, verbosity })
        }
        Command::Validate { files } => validate::validate(files),
        Command::Formats => formats::formats(),
        Command::Combinations => combinations::combinations(),
    }
}

/// Shows a failure on stderr, in colour where that is wanted.
pub fn report_failure(failure: &Failure) {
    let colour =
        io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let style = if colour { anstyle::AnsiColor::Red.on_default().bold() } else { anstyle::Style::new() };
    say(&format!("{style}error:{style:#} {failure}"));
}

/// Plans what a user asks for.
fn planned(request: &Request) -> Result<Plan, Failure> {
    let Found { name, document, .. } = registry::find(&request.experiment, &request.set)?;
    Plan::new(&name, &document)
}

/// Writes `value` to stdout as JSON.
fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let mut text = serde_json::to_string_pretty(value).map_err(|error| Failure::Other(error.to_string()))?;
    text.push('\n');
    print(&text)
}
