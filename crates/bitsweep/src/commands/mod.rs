//! The verbs of the command line. Data goes to stdout, everything else to stderr.

mod combinations;
mod describe;
mod failures;
mod formats;
mod list;
mod plan;
mod run;
mod table;
mod validate;

use std::io::{self, IsTerminal, Write};

use bitsweep_results::text;

use crate::cli::{Cli, Command, Request};
use crate::failure::Failure;
use crate::plan::Plan;
use crate::progress::Verbosity;
use crate::registry;

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
        Command::Run { experiment, out, jobs, json } => {
            run::run(experiment, &run::Options { out, jobs: *jobs, json: *json, verbosity })
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
    eprintln!("{style}error:{style:#} {failure}");
}

/// Plans what a user asks for.
fn planned(request: &Request) -> Result<Plan, Failure> {
    let (name, document) = registry::find(&request.experiment, &request.set)?;
    Plan::new(&name, &document)
}

/// Writes lines to stdout, so that a line end within one of them is none on the terminal.
fn print_lines<L: AsRef<str>>(lines: impl IntoIterator<Item = L>) -> Result<(), Failure> {
    let lines = lines.into_iter().map(|line| format!("{}\n", text::one_line(line.as_ref())));
    print(&lines.collect::<String>())
}

/// Writes a text of several lines to stdout. A reader that has gone away (`| head`) is no failure.
fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text::lines(text).as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Output(format!("cannot write to standard output: {error}")))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes `value` to stdout as JSON.
fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::Other(error.to_string()))?;
    print(&format!("{}\n", text::json(&text)))
}
