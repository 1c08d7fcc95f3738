//! The `bitsweep` program.

use std::process::ExitCode;

use bitsweep::cli::Cli;
use bitsweep::commands;
use clap::Parser;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match commands::execute(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            commands::report_failure(&failure);
            ExitCode::from(failure.code())
        }
    }
}
