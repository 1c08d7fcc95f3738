//! The `bitsweep` program.

use std::process::ExitCode;

use bitsweep::cli::Cli;
use bitsweep::commands::{answer, execute, report_failure};
use bitsweep_kernels::LargePages;

/// Tensors are large, and what passes over them is faster in large pages.
#[global_allocator]
static MEMORY: LargePages = LargePages;

fn main() -> ExitCode {
    let ended = match Cli::read(std::env::args_os()) {
        Ok(cli) => execute(&cli).map(|()| ExitCode::SUCCESS),
        Err(clap) => answer(&clap),
    };
    ended.unwrap_or_else(|failure| {
        report_failure(&failure);
        ExitCode::from(failure.code())
    })
}
