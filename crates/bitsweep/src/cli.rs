//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::record::check_folder_name;

/// How few bits can a model live with, and can you believe it?
///
/// Trains a small model, quantizes it in every way an experiment asks for, measures each result, and leaves a table,
/// charts and a report with a pick and the reasons for it.
#[derive(Debug, Parser)]
#[command(name = "bitsweep", version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// Print results only; no progress, no notes.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Say more on stderr; twice for every unit.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the named experiments.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show an experiment: what it asks, its axes, its file.
    Describe {
        /// The experiment, and changes to it.
        #[command(flatten)]
        experiment: Request,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show what would run: units and variants.
    Plan {
        /// The experiment, and changes to it.
        #[command(flatten)]
        experiment: Request,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Run an experiment: train, sweep, and write table, charts and report.
    ///
    /// The exit code is 0 when everything has results; 3 when some units or variants failed (the results of the others are
    /// written, and the report says what failed and why); 2 when the command line or the experiment is wrong; 130 after
    /// Ctrl-C and 143 after SIGTERM; 1 otherwise.
    Run {
        /// The experiment, and changes to it.
        #[command(flatten)]
        experiment: Request,
        /// Folder in which the results folder is written; what you have put into that stays.
        #[arg(long, value_name = "DIR", default_value = "results")]
        out: PathBuf,
        /// Name of the results folder [default: the experiment's name, and what --set changes].
        #[arg(long, value_name = "NAME", value_parser = results_name)]
        name: Option<String>,
        /// Units worked on at the same time; results do not depend on it [default: one per core].
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
        jobs: Option<u16>,
        /// Print the results as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Check experiment files without running them.
    Validate {
        /// The files.
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
    },
    /// Print the table of number formats, measured by enumerating their codes.
    Formats,
    /// Print what combines with what.
    Combinations,
}

/// An experiment, and changes to it.
#[derive(Debug, Args)]
pub struct Request {
    /// A name that `bitsweep list` shows, or the path of a TOML file.
    #[arg(value_name = "NAME|FILE")]
    pub experiment: String,
    /// Change a value of the experiment: `--set train.epochs=50`, `--set 'quantize.weights.bits=[8, 4]'`.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

fn results_name(name: &str) -> Result<String, String> {
    check_folder_name(name).map(|()| name.to_owned())
}
