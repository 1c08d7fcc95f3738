//! The `bitsweep` program.

use std::process::ExitCode;

use bitsweep::cli::Cli;
use bitsweep::commands;
use bitsweep_results::text::one_line;
use clap::Parser;

fn visible_arguments() -> impl Iterator<Item = String> {
    std::env::args_os().map(|argument| one_line(&argument.to_string_lossy()).into_owned())
}

fn main() -> ExitCode {
    // What the command line gets wrong is quoted as it can be seen.
    let cli = Cli::try_parse().unwrap_or_else(|_wrong| Cli::parse_from(visible_arguments()));
    match commands::execute(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            commands::report_failure(&failure);
            ExitCode::from(failure.code())
        }
    }
}
